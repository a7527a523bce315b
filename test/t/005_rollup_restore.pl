# Rollups live through dump and restore, also as the plain owner of the database,
# and go on: what was marked is marked, and what is written then is seen.
use strict;
use warnings FATAL => 'all';
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
$node->start;
$node->safe_psql('postgres', q{
	CREATE ROLE shop LOGIN CREATEDB;
	CREATE DATABASE shop OWNER shop;
});
$node->safe_psql('shop', q{
	CREATE EXTENSION promo CASCADE;
	CREATE SCHEMA app;
	CREATE TABLE app.event (gone int, at timestamptz, event text, customer bigint, channel text, amount numeric) PARTITION BY LIST (channel);
	ALTER TABLE app.event DROP gone;
	CREATE TABLE app.event_app PARTITION OF app.event FOR VALUES IN ('app');
	CREATE TABLE app.event_rest (amount numeric, at timestamptz, event text, customer bigint, channel text);
	ALTER TABLE app.event ATTACH PARTITION app.event_rest DEFAULT;
	CREATE INDEX ON app.event (at);
	CREATE FUNCTION app.word(event text) RETURNS text LANGUAGE sql IMMUTABLE RETURN lower(event);
	INSERT INTO app.event (at, event, customer, channel, amount)
	SELECT timestamptz '2026-03-01 00:00+00' + n * interval '7 min', (ARRAY['VIEW', 'Order'])[1 + n % 2], n % 90, (ARRAY['app', 'web'])[1 + n % 3 % 2], n FROM generate_series(1, 2000) n;
	SELECT promo.create_rollup('sales', 'app.event', '15 min', 'at', '{"event": "app.word(event)", "customer": "customer", "amount": "amount"}', '{channel}', 'Europe/Berlin');
	SELECT promo.create_rollup('Buyers "x"', 'app.event', NULL, 'at', '{"amount": "amount"}', '{customer}', 'Asia/Shanghai');
	CALL promo.refresh('sales');
	CALL promo.refresh('Buyers "x"');
	SELECT promo.score_customers('Buyers "x"', '2026-03-05');
	INSERT INTO promo.campaign (name, running) VALUES ('c', '[2026-03-03 00:00+00, 2026-03-05 00:00+00)');
	INSERT INTO app.event_rest (at, event, customer, channel, amount) VALUES ('2026-03-02 00:00+00', 'order', 5, 'mail', 5);
}, extra_params => [ '-U', 'shop' ]);

my $state = q{
	SET timezone = 'UTC';
	SELECT 'state', s::text FROM app.sales_state s UNION ALL SELECT 'mark', m::text FROM app.sales_mark m UNION ALL SELECT 'row', r::text FROM app.sales r
	UNION ALL SELECT 'customer', c::text FROM app."Buyers ""x""" c UNION ALL SELECT 'mark', m::text FROM app."Buyers ""x""_mark" m
	UNION ALL SELECT 'rollup', to_jsonb(r)::text FROM promo.kpi_rollup r
	ORDER BY 1, 2};
my $before = $node->safe_psql('shop', $state);
like($before, qr/mark\|\("2026-03-02 00:00:00\+00"\)/, 'there is something marked');
like($before, qr/row\|\(campaign,/, 'and a campaign is shown');

my $dir = $node->backup_dir;
mkdir $dir;
my @connect = ('-h', $node->host, '-p', $node->port, '-U', 'shop');
for my $format ('plain', 'custom')
{
	command_ok([ 'pg_dump', @connect, "--format=$format", '-f', "$dir/$format", 'shop' ], "dump, $format");
	$node->safe_psql('postgres', "CREATE DATABASE $format OWNER shop TEMPLATE template0");
	command_ok(
		$format eq 'plain'
		? [ 'psql', @connect, '-XAtq', '-v', 'ON_ERROR_STOP=1', '-f', "$dir/$format", '-d', $format ]
		: [ 'pg_restore', @connect, '--exit-on-error', '-d', $format, "$dir/$format" ],
		"restore as a plain owner, $format");
	is($node->safe_psql($format, $state), $before, "all is as it was, $format");
	is( $node->safe_psql($format, q{SELECT string_agg(tgenabled::text, '' ORDER BY tgrelid, tgname) FROM pg_trigger WHERE tgname LIKE 'promo\_%' AND tgrelid::regclass::text LIKE 'app.%'}),
		'AAAAAAAA', "triggers fire always, $format");
	$node->safe_psql($format, q{
		INSERT INTO app.event (at, event, customer, channel, amount) VALUES ('2026-03-01 12:00+00', 'ORDER', 91, 'app', 1);
		INSERT INTO app.event_rest (at, event, customer, channel, amount) VALUES ('2026-03-01 13:00+00', 'ORDER', 92, 'web', 1);
	}, extra_params => [ '-U', 'shop' ]);
	is( $node->safe_psql($format, q{
		SELECT (SELECT count(*) FROM app.sales_mark), (SELECT count(*) FROM app."Buyers ""x""_mark"), promo.refresh_batch('sales', 10), promo.refresh_batch('Buyers "x"', 10),
			(SELECT orders FROM app.sales WHERE grain = 'total' AND by = '{}') = (SELECT count(*) FROM app.event WHERE lower(event) = 'order')}, extra_params => [ '-U', 'shop' ]),
		'3|3|3|3|t', "and it goes on, $format");
	$node->safe_psql($format, q{SELECT promo.drop_rollup(name) FROM promo.kpi_rollup; DROP SCHEMA app CASCADE; DROP EXTENSION promo}, extra_params => [ '-U', 'shop' ]);
}
$node->stop;
done_testing();
