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
});
my $state = q{
	SELECT name, md5(concat(cart::text, rule::text, rules::text, quote::text)),
		md5(concat(promo.cart_send(cart), promo.rule_send(rule), promo.ruleset_send(rules), promo.quote_send(quote))), total, discount
	FROM kept JOIN discounts USING (name) ORDER BY name};
my $before = $node->safe_psql('postgres', $state);
is(() = $before =~ /^/mg, 4, 'four rows to keep');

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
}

# binary copies into another database
command_ok([ 'sh', '-c', join(' ', 'psql', @connect, '-Xc', q{"COPY (SELECT name, cart, rule, rules, quote FROM kept) TO STDOUT (FORMAT binary)"}, 'postgres',
	'|', 'psql', @connect, '-Xc', q{"TRUNCATE kept"}, '-c', q{"COPY kept (name, cart, rule, rules, quote) FROM STDIN (FORMAT binary)"}, 'plain') ],
	'binary copy');
is($node->safe_psql('plain', $state), $before, 'equal, binary');
$node->stop;
done_testing();
