# Rollups stay exact when backends, or the whole server, are killed under load,
# also in the middle of a refresh.
use strict;
use warnings FATAL => 'all';
use IPC::Run ();
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(sleep);

srand(42);
my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
$node->append_conf('postgresql.conf', 'restart_after_crash = on');
$node->start;
$node->safe_psql('postgres', q{
	CREATE EXTENSION promo CASCADE;
	CREATE TABLE event (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, at timestamptz NOT NULL, event text, customer bigint, channel text, amount numeric);
	CREATE INDEX ON event (at);
	-- takes its time, so that a refresh is often in the middle
	CREATE FUNCTION slow(event text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN IF random() < 0.02 THEN PERFORM pg_sleep(0.001); END IF; RETURN event; END $$;
	INSERT INTO event (at, event, customer, channel, amount)
	SELECT timestamptz '2026-03-01 00:00+00' + n * interval '7 min', (ARRAY['view', 'order'])[1 + n % 2], n % 90, (ARRAY['app', 'web'])[1 + n % 3 % 2], n FROM generate_series(1, 3000) n;
	SELECT promo.create_rollup('sales', 'event', '1 hour', 'at', '{"event": "slow(event)", "customer": "customer", "amount": "amount"}', '{channel}');
	CREATE TABLE ordered (customer bigint, at timestamp, amount numeric);
	CREATE INDEX ON ordered (customer);
	INSERT INTO ordered SELECT n % 200, timestamp '2026-01-01' + n * interval '1 hour', n FROM generate_series(1, 2000) n;
	SELECT promo.create_rollup('buyers', 'ordered', NULL, 'at', '{"amount": "amount"}', '{customer}');
});
my %scratch = (
	sales => q{SELECT date_trunc('hour', at, 'UTC') AS bucket, channel, promo.kpi_agg(event, customer, amount, NULL, NULL) AS state FROM event GROUP BY 1, 2},
	buyers => q{SELECT customer, promo.history_agg(at::date, amount) AS state FROM ordered GROUP BY 1});

sub differences
{
	my ($rollup, $held) = @_;
	return $node->safe_psql('postgres', "SELECT count(*) FROM ((TABLE $held EXCEPT ALL $scratch{$rollup}) UNION ALL ($scratch{$rollup} EXCEPT ALL TABLE $held)) d");
}

append_to_file($node->basedir . '/write.sql', q{
	\set at random(0, 21000)
	\set customer random(0, 200)
	INSERT INTO event (at, event, customer, channel, amount) VALUES (timestamptz '2026-03-01 00:00+00' + :at * interval '1 min', 'order', :customer, 'app', 5), (timestamptz '2026-03-10 00:00+00', 'view', 1, 'web', NULL);
	UPDATE event SET at = at + interval '1 day', amount = amount + 1 WHERE id = :at / 7;
	DELETE FROM event WHERE id = :at / 7 + 1;
	BEGIN;
	INSERT INTO ordered VALUES (:customer, '2026-04-01', 1);
	SAVEPOINT s;
	UPDATE ordered SET customer = customer + 1 WHERE customer = :customer AND amount = 1;
	ROLLBACK TO s;
	UPDATE ordered SET amount = 2 WHERE customer = :customer AND amount = 1;
	COMMIT;
});
append_to_file($node->basedir . '/refresh.sql', q{
	SELECT promo.refresh_batch('sales', 5);
	SELECT promo.refresh_batch('buyers', 5);
});

my @bench = ('pgbench', '-n', '-h', $node->host, '-p', $node->port, '-T', 60);
my ($marked, $interrupted) = (0, 0);
for my $round (1 .. 5)
{
	my $log = '';
	my @load = map { IPC::Run::start([ @bench, @$_, 'postgres' ], '>&', \$log) }
		([ '-c', 3, '-f', $node->basedir . '/write.sql' ], [ '-c', 2, '-f', $node->basedir . '/refresh.sql' ]);
	sleep 1 + rand;
	# a refresh that has begun, or the postmaster
	my $pid = $node->safe_psql('postgres', q{SELECT pid FROM pg_stat_activity WHERE query LIKE '%refresh_batch%' AND state = 'active' AND pid <> pg_backend_pid() ORDER BY query_start LIMIT 1});
	$interrupted++ if $pid ne '' && $round < 5;
	if ($pid ne '' && $round < 5)
	{
		PostgreSQL::Test::Utils::system_or_bail('kill', '-9', $pid);
		$_->finish for @load;
		$node->poll_query_until('postgres', 'SELECT 1', '1') or die 'no recovery';
	}
	else
	{
		$node->stop('immediate');
		$_->finish for @load;
		$node->start;
	}
	is(differences('sales', 'sales_current'), '0', "round $round: buckets are exact");
	is(differences('buyers', 'buyers_current'), '0', "round $round: histories are exact");
	$marked += $node->safe_psql('postgres', 'SELECT (SELECT count(*) FROM sales_mark) + (SELECT count(*) FROM buyers_mark)');
}
cmp_ok($interrupted, '>', 0, 'a refresh was killed');
cmp_ok($marked, '>', 0, 'and left work');
$node->safe_psql('postgres', "CALL promo.refresh('$_')") for 'sales', 'buyers';
is($node->safe_psql('postgres', 'SELECT count(*) FROM (SELECT FROM sales_mark UNION ALL SELECT FROM buyers_mark) m'), '0', 'which is done');
is(differences($_, "${_}_state"), '0', "states of $_ are exact") for 'sales', 'buyers';
$node->stop;
done_testing();
