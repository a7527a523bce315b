# Everything that is stored comes back from pg_dump, in every format, equal and usable.
use strict;
use warnings FATAL => 'all';
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
$node->start;
my @connect = ('-h', $node->host, '-p', $node->port);
$node->safe_psql('postgres', q{
	CREATE EXTENSION promo CASCADE;
	CREATE TABLE kept (
		name text PRIMARY KEY,
		cart promo.cart,
		rule promo.rule,
		rules promo.ruleset,
		quote promo.quote,
		total numeric GENERATED ALWAYS AS (promo.total(quote)) STORED
	);
	INSERT INTO kept (name, cart, rule, rules) VALUES
		('plain', '[{"line":1,"sku":"A","qty":3,"price":"80"}]', 'spend 200 save 30 on sku A', 'spend 200 save 30 on sku A'),
		('full', '[{"line":7,"sku":"茶 \"x\"","qty":0.350,"price":"12.3456","tags":["b","a"],"cost":"4","floor":"1"}]',
			'buy 2 get 1 free on tag shoes except sku ''on'' code X when spend 10 days sat hours 22:00-02:00 max 9.99',
			'{"unit":"0.05","rounding":"half_even","zone":"Asia/Shanghai","search":"cart","rules":[
				{"name":"p","rule":"save 10%","priority":-3,"during":"[2026-01-01,2026-02-01)"}]}'),
		('empty', NULL, NULL, '[]');
	INSERT INTO kept (name, cart, rules)
	SELECT 'large', (SELECT promo.cart_agg(n, 'S' || n, 2, n) FROM generate_series(1, 1000) n),
		(SELECT promo.ruleset_agg('r' || n, ('save ' || n % 90 || '% on sku S' || n)::promo.rule, n) FROM generate_series(1, 1000) n);
	UPDATE kept SET quote = promo.price(cart, rules, '2026-01-15 12:00+00', '{gold}', '{X}', 5);
	CREATE INDEX ON kept USING hash (rules);
	CREATE VIEW discounts AS SELECT name, promo.discount(quote) FROM kept;
	CREATE TABLE followed (
		name text PRIMARY KEY,
		history promo.history,
		scores promo.rfm,
		model promo.rfm_model,
		value promo.clv_model,
		events promo.kpi,
		spent numeric GENERATED ALWAYS AS (promo.spent(history)) STORED,
		buyers bigint GENERATED ALWAYS AS (promo.buyers(events)) STORED
	);
	INSERT INTO followed (name, history, scores, model, value, events) VALUES
		('own', '{2026-01-05 30.00, 2026-01-07 55.5075/2, 2026-02-01 -5.00}', '5-4-3',
			'{"recency": {"at_most": [90, 30]}, "frequency": {"at_least": [2, 5]}, "monetary": {"above": [100, 500.25]}}',
			'{"model":"mbg/nbd","unit":"day","r":0.243,"alpha":4.414,"a":0.793,"b":2.426,"spend":{"p":6.25,"q":3.74,"v":15.44}}',
			'{"customers":"text","events":{"order":{"count":4,"amount":"10.005","bits":1,"uniques":["00000000000000ff"],"repeat":["00000000000000ff"]},"茶":{"count":1}}}'),
		('nobody', '{}', NULL, NULL, NULL, '{"customers":"none","events":{}}');
	INSERT INTO followed (name, history, events)
	SELECT 'customer ' || id, promo.history_agg('2025-06-01'::date + n * id % 200, n * 10.5 + id),
		promo.kpi_agg(CASE n % 3 WHEN 0 THEN 'order' ELSE 'view' END, (id * n)::bigint, n)
	FROM generate_series(1, 60) id, generate_series(1, 1 + id % 30) n GROUP BY id;
	INSERT INTO followed (name, model, value, events)
	SELECT 'all', promo.rfm_fit(history, '2026-01-01', 4, 'nested'), promo.clv_fit(history, '2026-01-01'), promo.rollup(events)
	FROM followed WHERE name LIKE 'customer%';
	UPDATE followed SET scores = promo.score(history, (SELECT model FROM followed WHERE name = 'all'), '2026-01-01') WHERE name LIKE 'customer%';
	CREATE INDEX ON followed (history);
});
my $state = q{
	SELECT name, md5(concat(cart::text, rule::text, rules::text, quote::text)),
		md5(concat(promo.cart_send(cart), promo.rule_send(rule), promo.ruleset_send(rules), promo.quote_send(quote))), total, discount
	FROM kept JOIN discounts USING (name)
	UNION ALL
	SELECT name, md5(concat(history::text, scores::text, model::text, value::text, events::text)),
		md5(concat(promo.history_send(history), promo.rfm_send(scores), promo.rfm_model_send(model), promo.clv_model_send(value), promo.kpi_send(events))),
		spent, buyers
	FROM followed ORDER BY name};
my $before = $node->safe_psql('postgres', $state);
is(() = $before =~ /^/mg, 67, 'rows to keep');

my $dir = $node->backup_dir;
mkdir $dir;
for my $format ('plain', 'custom')
{
	command_ok(['pg_dump', @connect, "--format=$format", '-f', "$dir/$format", 'postgres'], "dump, $format");
	$node->safe_psql('postgres', "CREATE DATABASE $format TEMPLATE template0");
	command_ok(
		$format eq 'plain'
		? ['psql', @connect, '-XAtq', '-v', 'ON_ERROR_STOP=1', '-f', "$dir/$format", '-d', $format]
		: ['pg_restore', @connect, '--exit-on-error', '-d', $format, "$dir/$format"],
		"restore, $format");
	is($node->safe_psql($format, $state), $before, "equal, $format");
	is( $node->safe_psql($format, q{
		SET search_path = public, promo;
		SELECT count(*) FROM kept
		WHERE promo.price(cart, rules, '2026-01-15 12:00+00', '{gold}', '{X}', 5) IS DISTINCT FROM quote}),
		'0', "the same rules give the same prices, $format");
	is( $node->safe_psql($format, q{
		SET search_path = public, promo;
		SELECT count(*) FROM followed f, followed a
		WHERE a.name = 'all' AND f.name LIKE 'customer%' AND promo.score(f.history, a.model, '2026-01-01') IS DISTINCT FROM f.scores}),
		'0', "the same model gives the same scores, $format");
}

# binary copies into another database
command_ok([ 'sh', '-c', join(' ', 'psql', @connect, '-Xc', q{"COPY (SELECT name, cart, rule, rules, quote FROM kept) TO STDOUT (FORMAT binary)"}, 'postgres',
	'|', 'psql', @connect, '-Xc', q{"TRUNCATE kept"}, '-c', q{"COPY kept (name, cart, rule, rules, quote) FROM STDIN (FORMAT binary)"}, 'plain') ],
	'binary copy');
command_ok([ 'sh', '-c', join(' ', 'psql', @connect, '-Xc', q{"COPY (SELECT name, history, scores, model, value, events FROM followed) TO STDOUT (FORMAT binary)"}, 'postgres',
	'|', 'psql', @connect, '-Xc', q{"TRUNCATE followed"}, '-c', q{"COPY followed (name, history, scores, model, value, events) FROM STDIN (FORMAT binary)"}, 'plain') ],
	'binary copy of what is known of customers');
is($node->safe_psql('plain', $state), $before, 'equal, binary');
$node->stop;
done_testing();
