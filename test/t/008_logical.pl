# Logical replication: its workers fire row triggers only.  Rollups on a subscriber
# follow what is applied to their source; a session that prices there follows the
# catalog; products and quotas are derived of promotions as at the source.
use strict;
use warnings FATAL => 'all';
use IPC::Run ();
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $shop = PostgreSQL::Test::Cluster->new('shop');
$shop->init(allows_streaming => 'logical');
$shop->start;
my $reader = PostgreSQL::Test::Cluster->new('reader');
$reader->init(allows_streaming => 'logical');
$reader->start;

# Subscribes, and waits for the tables that are copied.
sub subscribe
{
	my ($name, $tables) = @_;
	$shop->safe_psql('postgres', "CREATE PUBLICATION $name FOR TABLE $tables");
	$reader->safe_psql('postgres', sprintf("CREATE SUBSCRIPTION %1\$s CONNECTION '%2\$s dbname=postgres' PUBLICATION %1\$s",
			$name, $shop->connstr));
	$reader->wait_for_subscription_sync($shop, $name);
}

# ----------------------------------------------------------------
# rollups
# ----------------------------------------------------------------

my $orders = 'id int PRIMARY KEY, at timestamptz NOT NULL, customer int, channel text, amount numeric';
$_->safe_psql('postgres', qq{
	CREATE EXTENSION promo CASCADE;
	CREATE TABLE plain ($orders);
	CREATE INDEX ON plain (at);
	CREATE INDEX ON plain (customer)}) for $shop, $reader;
$shop->safe_psql('postgres', "CREATE TABLE parted ($orders)");
$reader->safe_psql('postgres', qq{
	CREATE TABLE parted ($orders) PARTITION BY HASH (id);
	CREATE TABLE parted_0 PARTITION OF parted FOR VALUES WITH (MODULUS 2, REMAINDER 0);
	CREATE TABLE parted_1 (amount numeric, channel text, customer int, at timestamptz NOT NULL, id int PRIMARY KEY);
	ALTER TABLE parted ATTACH PARTITION parted_1 FOR VALUES WITH (MODULUS 2, REMAINDER 1);
	CREATE INDEX ON parted (at);
	SELECT promo.create_rollup('hourly_' || t, t, '1 hour', 'at', '{"event": "''order''", "customer": "customer", "amount": "amount"}', '{channel}')
	FROM unnest('{plain, parted}'::regclass[]) t;
	SELECT promo.create_rollup('histories', 'plain', NULL, 'at', '{"amount": "amount"}', '{customer}');
	CALL promo.refresh('hourly_plain'); CALL promo.refresh('hourly_parted'); CALL promo.refresh('histories')});

# What the rollups show, and what the rows at the source are.
sub shown
{
	return $reader->safe_psql('postgres', q{
		SELECT 'plain', bucket AT TIME ZONE 'UTC', channel, state FROM hourly_plain_current ORDER BY 2, 3;
		SELECT 'parted', bucket AT TIME ZONE 'UTC', channel, state FROM hourly_parted_current ORDER BY 2, 3;
		SELECT customer, state FROM histories_current ORDER BY 1;
		SELECT r, sum(orders), sum(gmv) FROM (SELECT 'plain' AS r, * FROM hourly_plain UNION ALL SELECT 'parted', * FROM hourly_parted) k
		WHERE grain = 'hour' AND by = '{}' GROUP BY 1 ORDER BY 1;
		SELECT sum(orders), sum(spent) FROM histories});
}

sub scratch
{
	return $shop->safe_psql('postgres', q{
		SELECT 'plain', date_trunc('hour', at AT TIME ZONE 'UTC'), channel, promo.kpi_agg('order', customer, amount) FROM plain GROUP BY 2, 3 ORDER BY 2, 3;
		SELECT 'parted', date_trunc('hour', at AT TIME ZONE 'UTC'), channel, promo.kpi_agg('order', customer, amount) FROM parted GROUP BY 2, 3 ORDER BY 2, 3;
		SELECT customer, promo.history_agg((at AT TIME ZONE 'UTC')::date, amount) FROM plain GROUP BY 1 ORDER BY 1;
		SELECT r, count(*), sum(amount)::numeric(12, 2) FROM (SELECT 'plain' AS r, * FROM plain UNION ALL SELECT 'parted', * FROM parted) o GROUP BY 1 ORDER BY 1;
		SELECT count(*), sum(amount)::numeric(12, 2) FROM plain});
}

# Marked as it is applied, and nothing marked that is left over of the step before.
sub follows
{
	my ($what) = @_;
	my $marks = q{SELECT (SELECT count(*) FROM hourly_plain_mark), (SELECT count(*) FROM hourly_parted_mark), (SELECT count(*) FROM histories_mark)};
	is(shown(), scratch(), $what);
	$reader->safe_psql('postgres', q{CALL promo.refresh('hourly_plain'); CALL promo.refresh('hourly_parted'); CALL promo.refresh('histories')});
	is($reader->safe_psql('postgres', $marks), '0|0|0', "$what: all is refreshed");
	is(shown(), scratch(), "$what: and still the same");
}

sub at_source
{
	my ($what, @statements) = @_;
	for my $table ('plain', 'parted')
	{
		$shop->safe_psql('postgres', join('; ', map { s/\bt\b/$table/gr } @statements));
	}
	$shop->wait_for_catchup('orders');
	follows($what);
}

sub rows
{
	my ($first, $last) = @_;
	return qq{INSERT INTO t SELECT i, timestamptz '2026-03-01 00:00+00' + i * interval '7 minutes', i % 13, (ARRAY['web', 'app'])[1 + i % 2], 10 + i % 7
		FROM generate_series($first, $last) i};
}

for my $table ('plain', 'parted')
{
	$shop->safe_psql('postgres', rows(1, 100) =~ s/INTO t/INTO $table/r);
}
subscribe('orders', 'plain, parted');
follows('tables that are copied');
like(scratch(), qr/^plain\|100\|/m, 'which have rows');
at_source('rows that are inserted', rows(101, 200));
at_source('rows that move to other buckets, channels and customers',
	q{UPDATE t SET at = at + interval '1 day' WHERE id % 10 = 0}, q{UPDATE t SET channel = 'store', customer = 99 WHERE id % 10 = 1});
at_source('rows that move to other partitions', 'UPDATE t SET id = id + 1001 WHERE id % 10 = 2');
at_source('rows that are deleted', 'DELETE FROM t WHERE id < 30');
at_source('savepoints', 'BEGIN', 'DELETE FROM t WHERE id = 50', 'SAVEPOINT s', 'DELETE FROM t WHERE id < 60', 'ROLLBACK TO s', 'DELETE FROM t WHERE id = 90', 'COMMIT');
at_source('TRUNCATE', 'TRUNCATE t', rows(300, 310));

# ----------------------------------------------------------------
# prices
# ----------------------------------------------------------------

# one session that keeps what current_ruleset() has read
my ($in, $out) = ('', '');
my $session = IPC::Run::start(['psql', '-XAtq', '-d', $reader->connstr('postgres')], '<', \$in, '>', \$out, '2>&1', IPC::Run::timeout(300));

sub kept
{
	my ($channel) = @_;
	$out = '';
	$in .= sprintf(q{SELECT string_agg(concat(r ->> 'name', ': ', r ->> 'rule'), '; ') FROM jsonb_array_elements(promo.current_ruleset(%s)::jsonb) r;
		\echo done
	}, $channel // 'NULL');
	$session->pump until $out =~ s/^done\n//m;
	chomp $out;
	return $out;
}

# What is derived, on either side.
sub derived
{
	return $_[0]->safe_psql('postgres', q{
		SELECT promotion, sku, during FROM promo.promotion_item ORDER BY 1, 2;
		SELECT kind, name, total, per_customer FROM promo.quota ORDER BY 1, 2});
}

sub planned
{
	my ($what, $rules, @statements) = @_;
	$shop->safe_psql('postgres', $_) for @statements;
	$shop->wait_for_catchup('plans');
	is(kept(), $rules, $what);
	is(derived($reader), derived($shop), "$what: what is derived");
}

my $insert = 'INSERT INTO promo.promotion (name, rule, during, status, campaign, budget, uses)';
$shop->safe_psql('postgres', qq{
	INSERT INTO promo.campaign (name, running, budget) VALUES ('spring', '[2020-01-01,2120-01-01)', 500);
	$insert VALUES ('boots', 'save 10% on sku A, B', '[2020-01-01,)', 'active', 'spring', 900, 7)});
is(kept(), '', 'nothing is subscribed to');
subscribe('plans', 'promo.channel, promo.campaign, promo.promotion, promo.coupon, promo.flash_stock, promo.pricing_policy');
is(kept(), 'boots: save 10% on sku A, B max 500', 'tables that are copied');
is(derived($reader), derived($shop), 'with what is derived');
like(derived($reader), qr/^\d+\|A\|.*\ncampaign budget\|spring\|500.*\npromotion budget\|\d+\|900.*\npromotion uses\|\d+\|7\|$/ms, 'of every kind');

planned('a promotion is inserted', 'boots: save 10% on sku A, B max 500; hats: save 5 on sku H',
	"$insert VALUES ('hats', 'save 5 on sku H', '[2020-01-01,)', 'active', NULL, NULL, NULL)");
planned('one that has begun is changed', 'boots: save 20% on sku A, C max 500; hats: save 5 on sku H',
	q{UPDATE promo.promotion SET rule = 'save 20% on sku A, C' WHERE name = 'boots'});
planned('two change their products in one statement', 'boots: save 20% on sku H max 500; hats: save 5 on sku A',
	q{UPDATE promo.promotion SET rule = CASE name WHEN 'boots' THEN 'save 20% on sku H' ELSE 'save 5 on sku A' END::promo.rule WHERE status = 'active'});
planned('a budget is lowered', 'boots: save 20% on sku H max 50; hats: save 5 on sku A', q{UPDATE promo.campaign SET budget = 50});
planned('a campaign is renamed', 'boots: save 20% on sku H max 50; hats: save 5 on sku A', q{UPDATE promo.campaign SET name = 'summer'});
planned('a flash stock has nothing', 'boots: save 20% on sku H max 50',
	q{INSERT INTO promo.flash_stock (sku, units, per_customer, promotion) VALUES ('A', 0, 2, 'hats')});
planned('it has more', 'boots: save 20% on sku H max 50; hats: save 5 on sku A', q{UPDATE promo.flash_stock SET units = 10});
planned('it is deleted', 'boots: save 20% on sku H max 50; hats: save 5 on sku A', q{DELETE FROM promo.flash_stock});
planned('coupons', 'boots: save 20% on sku H max 50; hats: save 5 on sku A',
	q{INSERT INTO promo.coupon (code, opens, uses, uses_per_customer) VALUES ('all', 'all', 100, 1), ('some', 'some', 5, NULL)}, q{UPDATE promo.coupon SET uses = 7 WHERE code = 'some'});
like(kept(q{'app'}), qr/channel "app" does not exist/, 'no such channel');
planned('a channel comes', 'boots: save 20% on sku H max 50; hats: save 5 on sku A', q{INSERT INTO promo.channel VALUES ('app')});
is(kept(q{'app'}), 'boots: save 20% on sku H max 50; hats: save 5 on sku A', 'which is known now');
planned('a promotion ends', 'hats: save 5 on sku A', q{UPDATE promo.promotion SET status = 'ended' WHERE name = 'boots' AND status = 'active'});
planned('two that have not begun swap their products', 'hats: save 5 on sku A; left: save 1 on sku R; right: save 1 on sku L',
	"$insert VALUES ('left', 'save 1 on sku L', '[2110-01-01,)', 'active', NULL, NULL, NULL), ('right', 'save 1 on sku R', '[2110-01-01,)', 'active', NULL, NULL, NULL)",
	q{UPDATE promo.promotion SET rule = CASE name WHEN 'left' THEN 'save 1 on sku R' ELSE 'save 1 on sku L' END::promo.rule WHERE name IN ('left', 'right')});
planned('and are deleted', 'hats: save 5 on sku A', q{DELETE FROM promo.promotion WHERE name IN ('left', 'right')});
planned('drafts come and go', 'hats: save 5 on sku A',
	"$insert VALUES ('draft', 'save 5 on sku A', '[2020-01-01,)', 'draft', NULL, NULL, 3), ('later', 'save 5 on sku L', '[2110-01-01,)', 'draft', NULL, NULL, NULL)",
	q{UPDATE promo.promotion SET status = 'active' WHERE name = 'later'}, q{DELETE FROM promo.promotion WHERE name IN ('draft', 'later')});

# of the pricing policy nothing but a price can be seen
my $price = q{SELECT promo.total(promo.price('[{"line":1, "sku":"Z", "qty":1, "price":"9.99"}]', promo.current_ruleset()))};
sub priced
{
	$shop->wait_for_catchup('plans');
	$out = '';
	$in .= "$price;\n\\echo done\n";
	$session->pump until $out =~ s/^done\n//m;
	chomp $out;
	return $out;
}
is(priced(), '9.99', 'a price');
$shop->safe_psql('postgres', q{INSERT INTO promo.pricing_policy (unit) VALUES (0.05)});
is(priced(), '10.00', 'of the policy that came');
$shop->safe_psql('postgres', 'TRUNCATE promo.pricing_policy');
is(priced(), '9.99', 'and was truncated');
$in .= "\\q\n";
$session->finish;

# what was used at the source stays used
$shop->safe_psql('postgres', q{
	INSERT INTO promo.coupon (code, opens, uses) VALUES ('once', 'once', 5);
	INSERT INTO promo.redemption (order_id, customer, promotion, coupon, amount) SELECT 'o', 'c', min(id), 'once', 1 FROM promo.promotion;
	UPDATE promo.coupon SET uses = 1 WHERE code = 'once'});
$shop->wait_for_catchup('plans');
is($reader->safe_psql('postgres', q{SELECT uses, redeemed FROM promo.coupon WHERE code = 'once'}), '1|t', 'a coupon that became a single-use one, and is used');

# Who takes over knows from the books what is left.
$shop->safe_psql('postgres', q{
	INSERT INTO promo.promotion (name, rule, during, status, budget, uses) VALUES ('caps', 'save 2 on sku C', '[2020-01-01,)', 'active', 50, 9);
	INSERT INTO promo.flash_stock (sku, units) VALUES ('C', 20);
	SELECT promo.redeem('o' || i, 'c', promo.price('[{"line":1, "sku":"C", "qty":1, "price":"9"}]', promo.current_ruleset())), promo.claim('o' || i, 'c', 'C', i)
	FROM generate_series(1, 3) i;
	SELECT promo.release('o2'), promo.unclaim('o2')});
subscribe('books', 'promo.redemption, promo.claim');
$shop->safe_psql('postgres', q{SELECT promo.release('o3'), promo.unclaim('o3')});
$shop->wait_for_catchup('books');
my $left = 'SELECT kind, name, total, used, remaining FROM promo.quota_status ORDER BY 1, 2';
$_->safe_psql('postgres', 'SELECT promo.open_quotas()') for $shop, $reader;
is($reader->safe_psql('postgres', $left), $shop->safe_psql('postgres', $left), 'what is left of every quota');
like($shop->safe_psql('postgres', $left), qr/^promotion uses\|caps\|9\|1\|8\nstock\|C\|20\|1\|19$/m, 'of which some was used');

# Many rows of one transaction are one change of the catalog.
$shop->safe_psql('postgres', q{INSERT INTO promo.promotion (name, rule, during, status) SELECT 'p' || i, format('save 1 on sku Q%s', i)::promo.rule, '[2020-01-01,)', 'active' FROM generate_series(1, 3000) i});
$shop->wait_for_catchup('plans');
is(derived($reader), derived($shop), 'products of many promotions');
cmp_ok($reader->safe_psql('postgres', q{SELECT pg_relation_size('promo.catalog_version')}), '<', 65536, 'the catalog has one new version of all of them');

# ----------------------------------------------------------------
# statements of a session that plays a replica
# ----------------------------------------------------------------

$reader->safe_psql('postgres', 'DROP SUBSCRIPTION plans; DROP SUBSCRIPTION books');
is($reader->safe_psql('postgres', q{
	SET session_replication_role = replica;
	TRUNCATE promo.promotion CASCADE;
	INSERT INTO promo.promotion (id, origin, name, rule, during, status, uses)
	VALUES (1, 1, 'x', 'save 1 on sku X, Y', '[2020-01-01,)', 'active', 5), (2, 2, 'y', 'save 1 on sku Z', '[2020-01-01,)', 'active', 6), (3, 3, 'z', 'save 1 on sku W', '[2020-01-01,)', 'active', 7);
	UPDATE promo.promotion SET rule = CASE id WHEN 1 THEN 'save 1 on sku Z' ELSE 'save 1 on sku X' END::promo.rule, uses = 8 WHERE id < 3;
	DELETE FROM promo.promotion WHERE id = 3;
	SELECT promotion, sku FROM promo.promotion_item ORDER BY 1;
	SELECT name, total FROM promo.quota WHERE kind = 'promotion uses' ORDER BY 1;
	SELECT r ->> 'name' FROM jsonb_array_elements(promo.current_ruleset()::jsonb) r}),
	"1|Z\n2|X\n1|8\n2|8\nx\ny", 'both kinds of triggers fire');
my ($status, $ignored, $err) = $reader->psql('postgres', q{
	SET session_replication_role = replica;
	INSERT INTO promo.promotion (id, origin, name, rule, during, status) VALUES (4, 4, 'w', 'save 1 on sku X', '[2020-01-01,)', 'active')});
like($err, qr/product "X" of promotion "w" is in promotion "y" at the same time/, 'and no product is in two activities');

$_->stop for $reader, $shop;
done_testing();
