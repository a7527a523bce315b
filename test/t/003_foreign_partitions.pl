# Partitions on other servers: each server builds states of its own rows, and
# what comes back rolls up to the same bytes as one plain table.  That needs no
# more than postgres_fdw with `extensions 'promo'`, which says that the servers
# know the same functions, and enable_partitionwise_aggregate, off by default,
# without which all rows would be fetched.
use strict;
use warnings FATAL => 'all';
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $hub = PostgreSQL::Test::Cluster->new('hub');
$hub->init;
$hub->start;
if (!$hub->safe_psql('postgres', q{SELECT count(*) FROM pg_available_extensions WHERE name = 'postgres_fdw'}))
{
	$hub->stop;
	plan skip_all => 'this PostgreSQL has no postgres_fdw';
}
$hub->safe_psql('postgres', 'CREATE EXTENSION promo CASCADE; CREATE EXTENSION postgres_fdw');

my $events = 'campaign int, event text, customer bigint, name text, amount numeric, discount numeric, cost numeric';
my $visits = 'customer int, day date, amount numeric';
my @nodes;
for my $name (qw(east west))
{
	my $node = PostgreSQL::Test::Cluster->new($name);

	push @nodes, $node;
	$node->init;
	$node->start;
	$node->safe_psql('postgres', "CREATE EXTENSION promo CASCADE; CREATE TABLE events ($events); CREATE TABLE visits ($visits)");
	$hub->safe_psql('postgres', sprintf(q{
		CREATE SERVER %1$s FOREIGN DATA WRAPPER postgres_fdw
			OPTIONS (host '%2$s', port '%3$s', dbname 'postgres', extensions 'promo', fetch_size '10000', batch_size '1000');
		CREATE USER MAPPING FOR CURRENT_USER SERVER %1$s}, $name, $node->host, $node->port));
}

# rows are routed to their servers as they come in
$hub->safe_psql('postgres', qq{
	CREATE TABLE events ($events) PARTITION BY LIST (campaign);
	CREATE FOREIGN TABLE events_east PARTITION OF events FOR VALUES IN (1, 2) SERVER east OPTIONS (table_name 'events');
	CREATE FOREIGN TABLE events_west PARTITION OF events FOR VALUES IN (3, 4) SERVER west OPTIONS (table_name 'events');
	CREATE TABLE visits ($visits) PARTITION BY HASH (customer);
	CREATE FOREIGN TABLE visits_east PARTITION OF visits FOR VALUES WITH (MODULUS 2, REMAINDER 0) SERVER east OPTIONS (table_name 'visits');
	CREATE FOREIGN TABLE visits_west PARTITION OF visits FOR VALUES WITH (MODULUS 2, REMAINDER 1) SERVER west OPTIONS (table_name 'visits');

	CREATE TABLE plain_events AS
	SELECT 1 + h % 4 AS campaign, (ARRAY['view', 'view', 'cart', 'order', 'order', 'refund', '直播'])[1 + h / 4 % 7] AS event,
		nullif(h / 28 % 500, 7)::bigint AS customer, 'customer ' || h / 28 % 500 AS name, h % 10007 / 100.0 AS amount, h % 7 AS discount, h % 5003 / 10000.0 AS cost
	FROM (SELECT hashint4(i) & 2147483647 AS h FROM generate_series(1, 20000) i) e;
	CREATE TABLE plain_visits AS
	SELECT h % 600 AS customer, date '2026-01-01' + h / 600 % 60 AS day, h % 10007 / 100.0 AS amount
	FROM (SELECT hashint4(i) & 2147483647 AS h FROM generate_series(1, 8000) i) e;
	INSERT INTO events SELECT * FROM plain_events;
	INSERT INTO visits SELECT * FROM plain_visits;
	ANALYZE});
for my $node (@nodes)
{
	cmp_ok($node->safe_psql('postgres', 'SELECT count(*) FROM events'), '>', 5000, $node->name . ' has its events');
	cmp_ok($node->safe_psql('postgres', 'SELECT count(*) FROM visits'), '>', 2000, $node->name . ' has its visits');
}

my $settings = 'SET search_path = public, promo; SET enable_partitionwise_aggregate = on;';

# compared on the table and on the plain one: the states, and what is rolled up of them
sub same
{
	my ($aggregate, $key, $table, $send, $name) = @_;
	my $states = "SELECT $key, $aggregate AS state FROM $table GROUP BY 1";
	my $plain = "SELECT $key, $aggregate AS state FROM plain_$table GROUP BY 1";
	my $remote = $aggregate =~ s/^(\w+)\(.*/promo.$1(/r;
	my $explained = $hub->safe_psql('postgres', "$settings EXPLAIN (VERBOSE, COSTS OFF) SELECT rollup(state) FROM ($states) s");

	is(scalar(() = $explained =~ /Relations: Aggregate on \(public\.${table}_(?:east|west)/g), 2, "$name: both servers aggregate") or diag($explained);
	is(scalar(() = $explained =~ /Remote SQL: SELECT .*\Q$remote\E.* GROUP BY/g), 2, "$name: and are sent $remote") or diag($explained);
	is($hub->safe_psql('postgres', "$settings SELECT count(*) > 0 AND bool_and(a.state = b.state AND $send(a.state) = $send(b.state)) FROM ($states) a FULL JOIN ($plain) b USING ($key)"),
		't', "$name: every state is the one of a plain table");
	is($hub->safe_psql('postgres', "$settings SELECT $send(rollup(state)) = (SELECT $send($aggregate) FROM plain_$table) AND $send(rollup(state)) = (SELECT $send($aggregate) FROM $table) FROM ($states) s"),
		't', "$name: and so is what they roll up to");
}

same('kpi_agg(event, customer, amount, discount, cost)', 'campaign', 'events', 'kpi_send', 'kpi of bigint');
same('kpi_agg(event, name)', 'campaign', 'events', 'kpi_send', 'kpi of text');
same('history_agg(day, amount)', 'customer', 'visits', 'history_send', 'history');
same('days_agg(day)', 'customer', 'visits', 'days_send', 'days');

# retention needs each customer's days whole: they are, where the customer is the partition key
is( $hub->safe_psql('postgres', "$settings SELECT (SELECT retention_agg(d) FROM (SELECT days_agg(day) AS d FROM visits GROUP BY customer) s)
		= (SELECT retention_agg(d) FROM (SELECT days_agg(day) AS d FROM plain_visits GROUP BY customer) s)"),
	't', 'retention of what the servers know of their customers');

$_->stop for $hub, @nodes;
done_testing();
