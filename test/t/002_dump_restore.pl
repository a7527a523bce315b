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

# A shop of a plain owner, who installed the extension himself: everything that
# operations keep comes back through his dump, and goes on where it was.
$node->safe_psql('postgres', 'CREATE ROLE shop LOGIN; CREATE ROLE till; CREATE ROLE planner; CREATE DATABASE shop OWNER shop');
my @shop = ('-h', $node->host, '-p', $node->port, '-U', 'shop');

# as the owner; dies with what psql said
sub shop
{
	my ($database, $sql) = @_;
	return $node->safe_psql($database, $sql, extra_params => [ '-U', 'shop' ]);
}

# the outcome of a statement that may fail: what it returns, or its SQLSTATE
sub outcome
{
	my ($database, $sql) = @_;
	my ($status, $out, $err) = $node->psql($database, "\\set VERBOSITY sqlstate\n$sql", extra_params => [ '-U', 'shop' ]);
	return $err =~ /ERROR:\s+(\w+)/ ? $1 : $out;
}

shop('shop', q{
	CREATE EXTENSION promo CASCADE;
	INSERT INTO promo.channel VALUES ('web', 'the site'), ('app', NULL);
	INSERT INTO promo.campaign (name, theme, budget, preheat, running, after, rollup, slice) VALUES
		('spring', 'green', 1000, tstzrange(now() - interval '9 days', now() - interval '7 days'),
			tstzrange(now() - interval '7 days', now() + interval '7 days'), tstzrange(now() + interval '7 days', now() + interval '9 days'), 'hourly', '{}'),
		('draft', NULL, NULL, NULL, tstzrange(now() + interval '30 days', now() + interval '31 days'), NULL, NULL, '{"channel": "web"}');
	INSERT INTO promo.campaign_goal (id, campaign, metric, target, channel, parent) VALUES (7, 'spring', 'gmv', 10000, NULL, NULL), (8, 'spring', 'gmv', 6000, 'web', 7);
	INSERT INTO promo.campaign_goal (campaign, metric, target) SELECT 'draft', 'orders', 5 WHERE setval('promo.campaign_goal_id_seq', 8) > 0;
	INSERT INTO promo.campaign_department VALUES ('spring', 'shoes', 2), ('spring', 'socks', 1);
	INSERT INTO promo.product VALUES ('A', 100, 60, 70, 110, '{shoes}'), ('B', 10, 4, NULL, NULL, '{}');
	INSERT INTO promo.pricing_policy (unit, zone) VALUES (0.05, 'Europe/Berlin');
	INSERT INTO promo.promotion (campaign, name, rule, during, status, channels, budget, uses, uses_per_customer, priority) VALUES
		('spring', 'shoes', 'save 10% on sku A', tstzrange(now() - interval '2 days', now() + interval '2 days'), 'active', NULL, 100, 5, 2, 3),
		('spring', 'changed', 'save 1 on sku B', tstzrange(now() - interval '2 days', now() + interval '2 days'), 'active', NULL, NULL, 10, NULL, 0),
		('spring', 'over', 'save 2 on sku C', tstzrange(now() - interval '3 days', now() + interval '2 days'), 'active', NULL, NULL, NULL, NULL, 0),
		('spring', 'run out', 'save 3 on sku C', tstzrange(now() - interval '5 days', now() - interval '4 days'), 'active', NULL, NULL, NULL, NULL, 0),
		('draft', 'coming', 'save 20% on sku A', tstzrange(now() + interval '30 days', now() + interval '31 days'), 'active', NULL, NULL, NULL, NULL, 0),
		(NULL, 'web only', 'spend 50 save 5', tstzrange(now() - interval '1 day', NULL), 'active', '{web}', NULL, NULL, NULL, 0),
		(NULL, 'coded', 'save 5 code SAVE5, SECRET', tstzrange(now() - interval '1 day', NULL), 'active', NULL, NULL, NULL, NULL, 0),
		(NULL, 'idea', 'save 50% on sku A', tstzrange(now(), NULL), 'draft', NULL, NULL, NULL, NULL, 0);
	UPDATE promo.promotion SET rule = 'save 2 on sku B' WHERE name = 'changed';
	UPDATE promo.promotion SET status = 'ended' WHERE name = 'over';
	INSERT INTO promo.coupon (code, opens, uses, uses_per_customer) VALUES ('SAVE5', 'SAVE5', 4, 2);
	SELECT promo.issue_coupons('SECRET', 3, batch => 'letter');
	INSERT INTO promo.flash_stock (sku, units, per_customer, promotion) VALUES ('A', 20, 5, 'shoes'), ('D', 3, NULL, NULL);

	CREATE TABLE events (at timestamptz NOT NULL, channel text, event text, customer bigint, amount numeric);
	CREATE INDEX ON events (at);
	CREATE INDEX ON events (customer);
	SELECT promo.create_rollup('hourly', 'events', '1 hour', 'at', '{"event": "event", "customer": "customer", "amount": "amount"}', '{channel}');
	SELECT promo.create_rollup('people', 'events', NULL, 'at', '{"amount": "amount"}', '{customer}', 'Asia/Shanghai');
	INSERT INTO events SELECT now() - n * interval '37 minutes', CASE n % 3 WHEN 0 THEN 'web' ELSE 'app' END, CASE n % 4 WHEN 0 THEN 'order' ELSE 'view' END, n % 50, n % 90
	FROM generate_series(1, 3000) n;
	INSERT INTO promo.alert_rule (name, rollup, metric, method, threshold) VALUES ('quiet', 'hourly', 'pv', 'below', 2);
	INSERT INTO promo.alert_rule (name, rollup, metric, slice) VALUES ('odd', 'hourly', 'gmv', '{"channel": "web"}')});
shop('shop', 'CALL promo.run_jobs()');
shop('shop', q{
	-- marks are left, of buckets that are stored and of new ones
	INSERT INTO events SELECT now() - n * interval '400 minutes', 'web', 'order', n, 5 FROM generate_series(1, 30) n;
	DELETE FROM events WHERE customer = 13;

	INSERT INTO promo.prize VALUES ('spring', 1, 'car', 1, 5000), ('spring', 2, 'bell', 2, 5);
	SELECT promo.open_draw('spring', now() + interval '1 second', 'the lottery of Sunday');
	INSERT INTO promo.prize_entry (campaign, customer) SELECT 'spring', 'c' || n FROM generate_series(1, 20) n;
	INSERT INTO promo.prize VALUES ('draft', 1, 'mug', 3, NULL);
	SELECT promo.open_draw('draft', now() + interval '1 year', 'block 1000000')});

my $basket = q{'[{"line": 1, "sku": "A", "qty": 1, "price": "100"}, {"line": 2, "sku": "B", "qty": 1, "price": "10"}]'::promo.cart};
sub redeem
{
	my ($database, $order, $customer, @codes) = @_;
	my $codes = @codes ? "ARRAY['" . join("','", @codes) . "']" : "'{}'::text[]";
	return outcome($database, qq{SELECT string_agg(rule || ' ' || amount, ', ') FROM promo.redeem('$order', '$customer',
		promo.price($basket, promo.current_ruleset(), codes => promo.coupon_codes($codes, '$customer')), $codes)});
}

is(redeem('shop', 'o1', 'ann', 'SAVE5'), 'changed 2.00, coded 5.00, shoes 10.00', 'an order is redeemed');
like(redeem('shop', 'o2', 'ann'), qr/shoes/, 'another');
like(redeem('shop', 'o3', 'bob', shop('shop', q{SELECT min(code) FROM promo.coupon WHERE opens = 'SECRET'})), qr/coded 5.00/, 'with a single-use coupon');
like(redeem('shop', 'o4', 'eve'), qr/shoes/, 'one that is given back');
shop('shop', q{SELECT promo.release('o4'); SELECT promo.claim('o1', 'ann', 'A', 5), promo.claim('o2', 'bob', 'A', 4), promo.claim('o9', 'eve', 'D', 2); SELECT promo.unclaim('o2')});
shop('shop', q{SELECT pg_sleep(1.1)});
shop('shop', q{SELECT promo.freeze_draw('spring')});
shop('shop', q{SELECT promo.draw('spring', '1 2 3 4 5 6'); UPDATE promo.prize_award SET status = 'notified' WHERE place = 1});
my $share = $node->safe_psql('postgres', q{SELECT setting FROM pg_config() WHERE name = 'SHAREDIR'}) . '/extension';
$node->command_ok([ 'psql', @shop, '-XAtq', '-v', "role=$_->[0]", '-f', "$share/promo_grant_$_->[1].sql", 'shop' ], "rights for $_->[0]")
	for ['till', 'sell'], ['planner', 'plan'];

# what is stored, what is derived of it, and what is read
my @kept = split /\n/, shop('shop', q{SELECT unnest(extconfig)::regclass::text FROM pg_extension WHERE extname = 'promo'
	UNION ALL SELECT unnest(ARRAY['events', 'hourly_state', 'hourly_mark', 'people_state', 'people_mark', 'people_customer']) ORDER BY 1});
my $contents = join ' UNION ALL ', map { /_seq$/ ? "SELECT '$_', last_value, is_called::text FROM $_"
		: "SELECT '$_', count(*), md5(string_agg(t::text, '|' ORDER BY t::text)) FROM $_ t" } @kept;
my %views = (
	'products in promotions' => 'SELECT * FROM promo.promotion_item ORDER BY 1, 2',
	'what is left of limits' => 'SELECT kind, name, total, used, remaining, per_customer FROM promo.quota_status ORDER BY 1, 2',
	'the ruleset' => 'SELECT promo.current_ruleset()',
	'the ruleset of a channel' => q{SELECT promo.current_ruleset('web')},
	'the review' => q{SELECT * FROM promo.review('spring')},
	'the goals' => q{SELECT * FROM promo.goals('spring')},
	'the rollup' => 'SELECT * FROM hourly ORDER BY hourly::text',
	'the histories' => 'SELECT * FROM people ORDER BY customer',
	'the draw' => q{SELECT promo.verify_draw('spring')},
	'rights' => q{SELECT o, a::text FROM (
			SELECT relname::text, relacl FROM pg_class WHERE relnamespace = 'promo'::regnamespace
			UNION ALL SELECT attrelid::regclass || '.' || attname, attacl FROM pg_attribute WHERE attacl IS NOT NULL AND attrelid >= 16384
			UNION ALL SELECT oid::regprocedure::text, proacl FROM pg_proc WHERE pronamespace = 'promo'::regnamespace) r (o, acl), unnest(acl) a
		ORDER BY 1, 2});
my $exact = q{SELECT count(*) FROM hourly_current c FULL JOIN
	(SELECT date_trunc('hour', at, 'UTC') AS bucket, channel, promo.kpi_agg(event, customer, amount) AS state FROM events GROUP BY 1, 2) e
	USING (bucket, channel) WHERE c.state OPERATOR(promo.=) e.state IS NOT TRUE};
is(shop('shop', $exact), '0', 'the rollup is exact');
cmp_ok(shop('shop', 'SELECT count(*) FROM hourly_mark'), '>', 0, 'while some of it is marked');
cmp_ok(shop('shop', 'SELECT count(*) FROM promo.job_run'), '>', 3, 'and jobs have run');
my $stored = shop('shop', $contents);
my %seen = map { $_ => shop('shop', $views{$_}) } keys %views;
unlike($stored, qr/promo\.[a-z_]*\|0\|/, 'every table of the extension has rows')
	or diag($stored);
my $quote = shop('shop', "SELECT promo.price($basket, promo.current_ruleset(), codes => '{SAVE5}')");

sub dumped
{
	my ($database, $name) = @_;
	command_ok([ 'pg_dump', @shop, '-f', "$dir/$name", $database ], "dump of $database by its owner");
	my $text = slurp_file("$dir/$name");
	$text =~ s/^\\(un)?restrict .*\n//mg;
	return $text;
}
my $dump = dumped('shop', 'shop.sql');
command_ok([ 'pg_dump', @shop, '-Fc', '-f', "$dir/shop.custom", 'shop' ], 'and in the custom format');

for my $copy ('one', 'two')
{
	$node->safe_psql('postgres', "CREATE DATABASE $copy OWNER shop TEMPLATE template0");
	if ($copy eq 'one')
	{
		command_ok([ 'psql', @shop, '-XAtq', '-v', 'ON_ERROR_STOP=1', '-f', "$dir/shop.sql", '-d', $copy ], 'restored by the owner');
	}
	else
	{
		# pg_dump does not record which tables of an extension come first: the data is one job
		command_ok([ 'pg_restore', @shop, '--exit-on-error', '-j', $_->[1], "--section=$_->[0]", '-d', $copy, "$dir/shop.custom" ], "restored by the owner, $_->[0]")
			for ['pre-data', 1], ['data', 1], ['post-data', 2];
	}
	is(shop($copy, $contents), $stored, "all rows are there, $copy");
	is(shop($copy, $views{$_}), $seen{$_}, "$_, $copy") for sort keys %views;
	is(dumped($copy, "$copy.sql"), $dump, "its dump is the same, $copy");

	# limits: of 5 uses of "shoes" 3 are taken, of 4 of SAVE5 one, two by a customer at most
	my $redeem = sub { outcome($copy, qq{SELECT count(*) FROM promo.redeem('$_[0]', '$_[1]', '$quote', '{SAVE5}')}) };
	is($redeem->('n1', 'ann'), 'PM003', "ann has had her share, $copy");
	is($redeem->('n2', 'joe'), '3', "the fourth use, $copy");
	is($redeem->('n2', 'joe'), '3', "is the fourth for ever, $copy");
	is($redeem->('n3', 'eve'), '3', "the fifth use, $copy");
	is($redeem->('n4', 'dan'), 'PM002', "and no sixth, $copy");
	is(outcome($copy, q{SELECT promo.release('o1')}), '3', "what was redeemed before is given back, $copy");
	is($redeem->('n4', 'dan'), '3', "and taken, $copy");
	is($redeem->('n5', 'zoe'), 'PM002', "once, $copy");
	is(outcome($copy, q{SELECT promo.coupon_codes(ARRAY(SELECT code FROM promo.coupon WHERE opens = 'SECRET' ORDER BY redeemed), 'x')}), '{SECRET}', "two letters are good, $copy");
	is(outcome($copy, q{SELECT promo.coupon_codes(ARRAY(SELECT code FROM promo.coupon WHERE redeemed), 'x')}), '{}', "the third is not, $copy");

	# stock: of 20 units of A 5 are claimed, of 3 of D 2
	my $claim = sub { outcome($copy, sprintf q{SELECT promo.claim('%s', '%s', '%s', %d)}, @_) };
	is($claim->('n1', 'ann', 'A', 1), 'f', "ann has her units, $copy");
	is($claim->("n$_", "c$_", 'A', 5), 't', "others theirs, $copy") for 2 .. 4;
	is($claim->('n6', 'dan', 'A', 1), 'f', "no unit is left, $copy");
	is($claim->('n6', 'dan', 'D', 2), 'f', "one of the other, not two, $copy");
	is($claim->('n6', 'dan', 'D', 1), 't', "but one, $copy");
	is($claim->('n7', 'eve', 'D', 1), 'f', "and no more, $copy");
	is(outcome($copy, q{SELECT promo.unclaim('o1')}), '5', "what was claimed before is given back, $copy");
	is($claim->('n7', 'eve', 'A', 5), 't', "and claimed, $copy");

	# promotions and draws
	is(outcome($copy, q{UPDATE promo.promotion SET rule = 'save 3 on sku B' WHERE name = 'changed' AND status = 'active';
		SELECT count(DISTINCT id), count(DISTINCT origin), max(id) = (SELECT max(id) FROM promo.promotion) FROM promo.promotion WHERE name = 'changed'}),
		'3|1|t', "a change goes on where changes were, $copy");
	is(outcome($copy, q{INSERT INTO promo.promotion (name, rule, during, status) VALUES ('second', 'save 1 on sku A', tstzrange(now(), NULL), 'active')}),
		'23P01', "one activity at a time, $copy");
	is(outcome($copy, q{INSERT INTO promo.prize_entry (campaign, customer) VALUES ('draft', 'me') RETURNING entry > (SELECT max(entry) FROM promo.prize_entry)}),
		't', "entries go on, $copy");
	is(outcome($copy, q{UPDATE promo.prize_award SET status = 'won' WHERE place = 1}), '55000', "awards do not go back, $copy");

	# the rollup
	is(shop($copy, $exact), '0', "the rollup is exact, $copy");
	shop($copy, q{INSERT INTO events VALUES (now() - interval '1000 hours', 'app', 'order', 1, 1); UPDATE events SET at = at - interval '3 hours' WHERE customer = 3; DELETE FROM events WHERE customer = 4});
	is(shop($copy, $exact), '0', "and stays so, $copy");
	shop($copy, q{DELETE FROM promo.job_run});
	shop($copy, 'CALL promo.run_jobs()');
	is(shop($copy, q{SELECT string_agg(DISTINCT job || ' ' || status, ', ') FROM promo.job_run WHERE job NOT LIKE 'alerts%'}),
		'customers people done, prune done, refresh hourly done, refresh people done', "jobs run, $copy");
	is(shop($copy, 'SELECT count(*) FROM hourly_mark') . shop($copy, $exact), '00', "refreshed, $copy");
	is($node->safe_psql($copy, q{SET ROLE till; SELECT promo.claim('t', 't', 'A', 1)}), 'f', "the till still sells, $copy");
}
$node->stop;
done_testing();
