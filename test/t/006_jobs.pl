# The jobs as schedulers run them: by pg_cron as a plain role, twice at once,
# among failing ones, cancelled, and killed with the server.
use strict;
use warnings FATAL => 'all';
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(usleep);

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
$node->start;
my $has_cron = $node->safe_psql('postgres', q{SELECT count(*) FROM pg_available_extensions WHERE name = 'pg_cron'});
if ($has_cron)
{
	$node->append_conf('postgresql.conf', "shared_preload_libraries = 'pg_cron'\ncron.host = '" . $node->host . "'");
	$node->restart;
}
my $share = $node->safe_psql('postgres', q{SELECT setting FROM pg_config() WHERE name = 'SHAREDIR'}) . '/extension';

sub as
{
	my ($role, $sql) = @_;
	return $node->safe_psql('postgres', $sql, extra_params => [ '-U', $role ]);
}

# waits until a query returns t
sub wait_for
{
	my ($sql, $what) = @_;
	ok($node->poll_query_until('postgres', $sql), $what);
}

$node->safe_psql('postgres', q{
	CREATE ROLE shop LOGIN;
	CREATE ROLE scheduler LOGIN;
	GRANT CREATE ON DATABASE postgres TO shop;
	GRANT CREATE ON SCHEMA public TO shop});
as('shop', q{
	CREATE EXTENSION promo CASCADE;
	CREATE TABLE events (at timestamptz, event text, customer bigint, amount numeric);
	CREATE INDEX ON events (at);
	CREATE INDEX ON events (customer);
	INSERT INTO events SELECT now() - n * interval '1 minute', 'order', n % 20, 1 FROM generate_series(1, 30000) n;
	SELECT promo.create_rollup('hourly', 'events', '1 hour', 'at', '{"event": "event", "customer": "customer", "amount": "amount"}');
	SELECT promo.create_rollup('people', 'events', NULL, 'at', '{"amount": "amount"}', '{customer}');
	INSERT INTO promo.alert_rule (name, rollup, metric, method, threshold) VALUES ('busy', 'hourly', 'orders', 'above', 59);
	INSERT INTO promo.promotion (name, rule, during, status, uses) VALUES
		('over', 'save 1', tstzrange(now() - interval '2 days', now() - interval '1 day'), 'active', NULL),
		('on', 'save 2', tstzrange(now() - interval '2 days', NULL), 'active', 7)});
command_ok([ 'psql', '-XAtq', '-h', $node->host, '-p', $node->port, '-U', 'shop', '-d', 'postgres', '-v', 'role=scheduler', '-f', "$share/promo_grant_jobs.sql" ],
	'rights of the scheduler');
my $exact = q{SELECT count(*) FROM hourly_current c FULL JOIN (SELECT date_trunc('hour', at, 'UTC') AS bucket, promo.kpi_agg(event, customer, amount) AS state
	FROM events GROUP BY 1) e USING (bucket) WHERE c.state OPERATOR(promo.=) e.state IS NOT TRUE};

# ----------------------------------------------------------------
# a tick of the clock
# ----------------------------------------------------------------
SKIP:
{
	skip 'no pg_cron here', 3 unless $has_cron;
	$node->safe_psql('postgres', q{CREATE EXTENSION pg_cron; GRANT USAGE ON SCHEMA cron TO scheduler});
	as('scheduler', q{SELECT cron.schedule('promo', '* * * * *', 'CALL promo.run_jobs()')});
	wait_for(q{SELECT count(*) > 0 FROM cron.job_run_details WHERE end_time IS NOT NULL}, 'the minute comes');
	is($node->safe_psql('postgres', 'SELECT DISTINCT username, status FROM cron.job_run_details WHERE end_time IS NOT NULL'), 'scheduler|succeeded', 'pg_cron has called the jobs');
	is($node->safe_psql('postgres', q{SELECT status = 'done' FROM promo.job_run WHERE job = 'promotions'}), 't', 'and they ran');
	as('scheduler', q{SELECT cron.unschedule('promo')});
	wait_for(q{SELECT count(*) = 0 FROM cron.job_run_details WHERE end_time IS NULL}, 'no more of it');
}
as('scheduler', 'CALL promo.run_jobs()');
is($node->safe_psql('postgres', q{SELECT string_agg(DISTINCT job || ' ' || status, ', ' ORDER BY job || ' ' || status) FROM promo.job_run}),
	'alerts busy done, customers people done, promotions done, prune done, quotas done, refresh hourly done, refresh people done', 'everything is done and logged');
is($node->safe_psql('postgres', q{SELECT (SELECT count(*) FROM hourly_mark) + (SELECT count(*) FROM people_mark)}), '0', 'nothing is marked');
is($node->safe_psql('postgres', $exact), '0', 'the rollup is exact');
is($node->safe_psql('postgres', q{SELECT string_agg(status, ',' ORDER BY name) FROM promo.promotion}), 'active,ended', 'the promotion that was over is ended');
is($node->safe_psql('postgres', q{SELECT opened FROM promo.quota WHERE kind = 'promotion uses'}), 't', 'limits are laid out');
is($node->safe_psql('postgres', q{SELECT severity || ' ' || value FROM promo.alert WHERE cleared_at IS NULL}), 'critical 60', 'an alert is raised');
is($node->safe_psql('postgres', q{SELECT count(*) FROM people_customer WHERE as_of = (now() AT TIME ZONE 'UTC')::date - 1}), '20', 'customers are scored');

my $rows = q{SELECT count(*) FROM promo.job_run WHERE job <> 'alerts busy'};
my $log = $node->safe_psql('postgres', $rows);
my $version = $node->safe_psql('postgres', 'SELECT version FROM promo.catalog_version');
as('scheduler', 'CALL promo.run_jobs()');
is($node->safe_psql('postgres', $rows), $log, 'nothing to do, nothing logged');
is($node->safe_psql('postgres', 'SELECT version FROM promo.catalog_version'), $version, 'and nothing changed');
my ($status, $out, $err) = $node->psql('postgres', 'BEGIN; CALL promo.run_jobs(); COMMIT', extra_params => [ '-U', 'scheduler' ]);
like($err, qr/invalid transaction termination/, 'not within a transaction');
for my $level ('repeatable read', 'serializable')
{
	as('shop', q{INSERT INTO events VALUES (now(), 'order', 1, 1)});
	as('scheduler', "SET default_transaction_isolation = '$level'; CALL promo.run_jobs()");
	is($node->safe_psql('postgres', 'SELECT count(*) FROM hourly_mark'), '0', "runs where transactions are $level");
}

# ----------------------------------------------------------------
# failures
# ----------------------------------------------------------------
as('shop', q{
	CREATE TABLE gone (at timestamptz PRIMARY KEY);
	SELECT promo.create_rollup('lost', 'gone', '1 day', 'at', '{"event": "''order''"}');
	DROP TABLE gone CASCADE;
	CREATE TABLE bad (at timestamptz PRIMARY KEY, n text);
	SELECT promo.create_rollup('worse', 'bad', '1 day', 'at', '{"event": "''order''", "amount": "n::numeric"}');
	INSERT INTO bad VALUES (now(), 'x');
	INSERT INTO events SELECT now() - n * interval '1 minute', 'order', n % 20, 1 FROM generate_series(1, 300) n});
as('scheduler', 'CALL promo.run_jobs()');
is($node->safe_psql('postgres', q{SELECT count(*) FROM hourly_mark}), '0', 'others go on');
is($node->safe_psql('postgres', q{SELECT job || ': ' || detail FROM promo.job_run WHERE status = 'failed' AND job = 'refresh worse'}),
	'refresh worse: invalid input syntax for type numeric: "x" (22P02)', 'what failed says why');
is($node->safe_psql('postgres', q{SELECT count(*) FROM promo.job_run WHERE status = 'failed' AND job = 'refresh lost'}), '1', 'as does what lost its table');
as('shop', q{SELECT promo.drop_rollup('lost'), promo.drop_rollup('worse'); DROP TABLE bad});

# ----------------------------------------------------------------
# two at once, and one that is stopped
# ----------------------------------------------------------------
# a batch takes some seconds
as('shop', q{
	CREATE FUNCTION slow(n numeric) RETURNS numeric LANGUAGE plpgsql IMMUTABLE AS 'BEGIN PERFORM pg_sleep(0.01); RETURN n; END';
	SELECT promo.drop_rollup('people');
	CREATE TABLE few (at timestamptz PRIMARY KEY, n int);
	INSERT INTO few SELECT now() - n * interval '1 hour', n FROM generate_series(1, 1000) n;
	SELECT promo.create_rollup('slow', 'few', '1 hour', 'at', '{"event": "''order''", "amount": "public.slow(n)"}')});
sub in_background
{
	my $session = { out => '', err => '' };
	$session->{run} = IPC::Run::start([ 'psql', '-XAtq', '-h', $node->host, '-p', $node->port, '-U', 'scheduler', '-d', 'postgres', map { ('-c', $_) } @_ ],
		'>', \$session->{out}, '2>', \$session->{err});
	return $session;
}
my $done = q{SELECT count(*) FROM promo.job_run WHERE job = 'refresh slow' AND status = 'done'};

my $first = in_background('CALL promo.run_jobs()');
wait_for(q{SELECT count(*) > 0 FROM promo.job_run WHERE job = 'refresh slow'}, 'the first has done a batch');
as('scheduler', 'CALL promo.run_jobs()');
cmp_ok($node->safe_psql('postgres', q{SELECT count(*) FROM promo.job_run WHERE status = 'skipped'}), '==', 1, 'one of two makes way');

$node->safe_psql('postgres', q{SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE query LIKE 'CALL%'});
$first->{run}->finish;
like($first->{err}, qr/canceling statement due to user request/, 'the first is cancelled');
my $batches = $node->safe_psql('postgres', $done);
cmp_ok($batches, '>=', 1, 'what it committed stays');

# one that ran out of time in a session that goes on, as in a pool
my $pooled = in_background('SET statement_timeout = 300', 'CALL promo.run_jobs()', 'SET statement_timeout = 0', 'SELECT pg_sleep(60) AS pooled');
wait_for(q{SELECT count(*) = 1 FROM pg_stat_activity WHERE query LIKE '%AS pooled'}, 'jobs run out of time');
my $second = in_background('CALL promo.run_jobs()');
wait_for("SELECT ($done) > $batches", 'another session goes on');
is($node->safe_psql('postgres', q{SELECT count(*) FROM promo.job_run WHERE status = 'skipped'}), '1', 'it is not locked out');

# killed with the server in the middle
usleep(100_000);
$node->stop('immediate');
$_->{run}->finish for $pooled, $second;
$node->start;
is($node->safe_psql('postgres', $exact), '0', 'after a crash the rollup is exact');
cmp_ok($node->safe_psql('postgres', 'SELECT count(*) FROM slow_mark'), '>', 0, 'while some of the other is marked');
is($node->safe_psql('postgres', q{SELECT count(*) FROM slow_state}), 100 * $node->safe_psql('postgres', $done), 'what is logged as done is stored, and no more');
as('shop', q{CREATE OR REPLACE FUNCTION slow(n numeric) RETURNS numeric LANGUAGE sql IMMUTABLE AS 'SELECT n'});
as('scheduler', 'CALL promo.run_jobs()');
is($node->safe_psql('postgres', q{SELECT count(*) FROM slow_mark}), '0', 'and the jobs finish it');
is($node->safe_psql('postgres', q{SELECT sum(promo.orders(state)) FROM slow_state}), $node->safe_psql('postgres', 'SELECT count(*) FROM few'), 'exactly');
$node->stop;
done_testing();
