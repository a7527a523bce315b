# A streaming replica reads what the primary has: rulesets, reviews, rollups.  It
# refuses to write, and once promoted it goes on selling to the last unit.
use strict;
use warnings FATAL => 'all';
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $primary = PostgreSQL::Test::Cluster->new('primary');
$primary->init(allows_streaming => 1);
$primary->start;
$primary->safe_psql('postgres', q{
	CREATE EXTENSION promo CASCADE;
	CREATE TABLE events (at timestamptz, channel text, event text, customer bigint, amount numeric);
	CREATE INDEX ON events (at);
	SELECT promo.create_rollup('hourly', 'events', '1 hour', 'at', '{"event": "event", "customer": "customer", "amount": "amount"}', '{channel}');
	INSERT INTO events SELECT now() - n * interval '20 minutes', CASE n % 2 WHEN 0 THEN 'web' ELSE 'app' END, 'order', n % 90, n % 100 FROM generate_series(1, 9000) n;
	INSERT INTO promo.channel VALUES ('web'), ('app');
	INSERT INTO promo.campaign (name, budget, running) VALUES ('spring', 1000, tstzrange(now() - interval '2 days', now() + interval '1 day'));
	INSERT INTO promo.campaign_goal (campaign, metric, target) VALUES ('spring', 'gmv', 5000);
	INSERT INTO promo.promotion (campaign, name, rule, during, status, budget, uses) VALUES
		('spring', 'shoes', 'save 10% on sku A', tstzrange(now() - interval '1 day', NULL), 'active', 100, 3),
		(NULL, 'socks', 'save 1 on sku B', tstzrange(now() - interval '1 day', NULL), 'active', NULL, NULL);
	INSERT INTO promo.flash_stock (sku, units) VALUES ('A', 3)});
$primary->safe_psql('postgres', q{CALL promo.refresh('hourly')});
$primary->backup('backup');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($primary, 'backup', has_streaming => 1);
$standby->start;

my $cart = q{'[{"line": 1, "sku": "A", "qty": 1, "price": "100"}, {"line": 2, "sku": "B", "qty": 1, "price": "10"}]'::promo.cart};
my %reads = (
	'the ruleset' => 'SELECT promo.current_ruleset()',
	'prices' => "SELECT promo.price($cart, promo.current_ruleset(), '2100-01-01')",
	'the review' => q{SELECT * FROM promo.review('spring')},
	'goals' => q{SELECT * FROM promo.goals('spring')},
	'figures' => 'SELECT * FROM hourly ORDER BY hourly::text',
	'states' => 'SELECT bucket, channel, state FROM hourly_current ORDER BY 1, 2',
	'what is left' => 'SELECT * FROM promo.quota_status ORDER BY kind, name');

# everything that is read, on both
sub same
{
	my ($when) = @_;
	$primary->wait_for_catchup($standby);
	for my $what (sort keys %reads)
	{
		my $there = $primary->safe_psql('postgres', $reads{$what});
		isnt($there, '', "$what, $when: something is there");
		is($standby->safe_psql('postgres', $reads{$what}), $there, "$what, $when: the same on the standby");
	}
}

sub redeem
{
	my ($node, $order, $customer) = @_;
	my ($status, $out, $err) = $node->psql('postgres', "\\set VERBOSITY sqlstate\nSELECT count(*) FROM promo.redeem('$order', '$customer', promo.price($cart, promo.configure('[
		{\"name\": \"shoes\", \"rule\": \"save 10% on sku A\"}]'::promo.ruleset, unit => 0.01)))");
	return $err =~ /ERROR:\s+(\w+)/ ? $1 : $out;
}

same('at first');
$primary->safe_psql('postgres', q{
	INSERT INTO events VALUES (now() - interval '3 hours', 'web', 'order', 7, 1000), (now() - interval '1 year', 'app', 'order', 7, 1);
	UPDATE promo.promotion SET rule = 'save 2 on sku B' WHERE name = 'socks'});
is(redeem($primary, '1', 'ann'), '1', 'an order');
is($primary->safe_psql('postgres', q{SELECT promo.claim('1', 'ann', 'A', 2)}), 't', 'a claim');
same('with marks');
$primary->safe_psql('postgres', q{CALL promo.run_jobs()});
$primary->safe_psql('postgres', q{UPDATE promo.promotion SET status = 'ended' WHERE name = 'socks' AND status = 'active'});
same('after the jobs');

# a backend that keeps a ruleset follows
my $session = { in => '', out => '', err => '' };
$session->{run} = IPC::Run::start([ 'psql', '-XAtq', '-d', $standby->connstr('postgres') ], '<', \$session->{in}, '>', \$session->{out}, '2>', \$session->{err}, IPC::Run::timeout(60));
$session->{in} .= "SELECT promo.current_ruleset()::text LIKE '%shoes%';\n";
$session->{run}->pump until $session->{out} =~ /t\n/;
$primary->safe_psql('postgres', q{INSERT INTO promo.promotion (name, rule, during, status) VALUES ('hats', 'save 1 on sku H', tstzrange(now(), NULL), 'active')});
$primary->wait_for_catchup($standby);
$session->{in} .= "SELECT 'hats: ' || (promo.current_ruleset()::text LIKE '%hats%');\n\\q\n";
$session->{run}->finish;
like($session->{out}, qr/hats: true/, 'a session of the standby sees a new promotion');

# nothing is written there
for my $write (q{SELECT promo.claim('2', 'bob', 'A', 1)}, q{SELECT promo.release('1')}, q{SELECT promo.refresh_batch('hourly', 1)}, 'SELECT promo.evaluate_alerts()',
	'CALL promo.run_jobs()', q{UPDATE promo.promotion SET priority = 1})
{
	my ($status, $out, $err) = $standby->psql('postgres', "\\set VERBOSITY sqlstate\n$write");
	like($err, qr/ERROR:\s+25006/, "refused: $write");
}
is(redeem($standby, '2', 'bob'), '25006', 'no order either');

# marks are pending when the standby takes over
$primary->safe_psql('postgres', q{INSERT INTO events VALUES (now() - interval '5 hours', 'web', 'order', 8, 500)});
$primary->wait_for_catchup($standby);
$primary->stop('immediate');
$standby->promote;
is(redeem($standby, '1', 'ann'), '1', 'the order is known');
is(redeem($standby, '2', 'bob'), '1', 'the second of three');
is(redeem($standby, '3', 'eve'), '1', 'the third');
is(redeem($standby, '4', 'dan'), 'PM002', 'no fourth');
is($standby->safe_psql('postgres', q{SELECT promo.claim('2', 'bob', 'A', 2), promo.claim('2', 'bob', 'A', 1), promo.claim('3', 'eve', 'A', 1)}), 'f|t|f', 'one unit was left');
is($standby->safe_psql('postgres', q{SELECT promo.release('1'), promo.unclaim('1')}), '1|2', 'and all is given back');
$standby->safe_psql('postgres', 'CALL promo.run_jobs()');
is($standby->safe_psql('postgres', q{SELECT count(*) FROM hourly_mark}), '0', 'jobs run');
is( $standby->safe_psql('postgres', q{SELECT count(*) FROM hourly_current c FULL JOIN
		(SELECT date_trunc('hour', at, 'UTC') AS bucket, channel, promo.kpi_agg(event, customer, amount) AS state FROM events GROUP BY 1, 2) e
		USING (bucket, channel) WHERE c.state OPERATOR(promo.=) e.state IS NOT TRUE}),
	'0', 'the rollup is exact');
$standby->stop;
done_testing();
