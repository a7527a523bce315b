# Draws in every state come back from pg_dump, as the plain owner of a database, and go on.
use strict;
use warnings FATAL => 'all';
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
$node->start;
$node->safe_psql('postgres', q{CREATE ROLE shopkeeper LOGIN; CREATE DATABASE shop OWNER shopkeeper});
my @connect = ('-h', $node->host, '-p', $node->port, '-U', 'shopkeeper');

sub as_owner
{
	my ($database, $sql, %params) = @_;
	return $node->safe_psql($database, $sql, extra_params => [ '-U', 'shopkeeper' ], %params);
}

as_owner('shop', q{
	SET client_min_messages = warning;
	CREATE EXTENSION promo CASCADE;
	INSERT INTO promo.campaign (name, running)
	SELECT name, '[2020-01-01, 2099-01-01)' FROM unnest('{planned,open,closed,frozen,drawn}'::text[]) name;
	INSERT INTO promo.prize (campaign, place, name, quantity, value)
	SELECT c.name, place, 'prize ' || place, place, 100.50 / place FROM promo.campaign c, generate_series(1, 3) place;
});
as_owner('shop', q{
	SELECT promo.open_draw(name, now() + CASE name WHEN 'open' THEN '1 day' ELSE '1 s' END::interval, 'the lottery of Saturday')
	FROM promo.campaign WHERE name <> 'planned';
	INSERT INTO promo.prize_entry (campaign, customer)
	SELECT campaign, 'c' || i FROM promo.prize_draw, generate_series(1, 30) i ORDER BY i, campaign;
});
as_owner('shop', q{SELECT pg_sleep(1.1)});
as_owner('shop', q{SELECT promo.freeze_draw(name) FROM unnest('{frozen,drawn}'::text[]) name});
as_owner('shop', q{
	SELECT promo.draw('drawn', '7 11 13');
	UPDATE promo.prize_award SET status = 'notified' WHERE place > 1;
	UPDATE promo.prize_award SET status = 'delivered' WHERE place > 3;
});

my $state = q{
	SELECT d::text, s.seed FROM promo.prize_draw d LEFT JOIN promo.prize_secret s USING (campaign) ORDER BY 1;
	SELECT * FROM promo.prize ORDER BY 1, 2;
	SELECT * FROM promo.prize_entry ORDER BY 1, 2;
	SELECT * FROM promo.prize_award ORDER BY 1, 2;
};
my $before = as_owner('shop', $state);
like($before, qr/^drawn\|6\|\d+\|3\|delivered$/m, 'something to keep');

my $dir = $node->backup_dir;
mkdir $dir;
foreach (
	[ 'copied', 'plain' ], [ 'inserted', 'plain', '--inserts' ],
	[ 'custom', 'custom' ], [ 'directory', 'directory' ])
{
	my ($name, $format, @options) = @$_;

	command_ok([ 'pg_dump', @connect, "--format=$format", @options, '-f', "$dir/$name", 'shop' ], "dump, $name");
	$node->safe_psql('postgres', "CREATE DATABASE $name OWNER shopkeeper TEMPLATE template0");
	command_ok(
		$format eq 'plain'
		? [ 'psql', @connect, '-XAtq', '-v', 'ON_ERROR_STOP=1', '-f', "$dir/$name", '-d', $name ]
		: [ 'pg_restore', @connect, '--exit-on-error', '-d', $name, "$dir/$name" ],
		"restore, $name");
	is(as_owner($name, $state), $before, "equal, $name");
	is(as_owner($name, q{SELECT promo.verify_draw('drawn')}), 't', "verified, $name");

	# and all of them go on
	my ($status, $out, $err) = $node->psql($name, q{INSERT INTO promo.prize_entry (campaign, customer) VALUES ('frozen', 'late')});
	like($err, qr/takes no more entries/, "nobody comes in behind the list, $name");
	as_owner($name, q{INSERT INTO promo.prize_entry (campaign, customer) VALUES ('open', 'new')});
	is(as_owner($name, q{SELECT entry > (SELECT max(entry) FROM promo.prize_entry WHERE customer <> 'new') FROM promo.prize_entry WHERE customer = 'new'}),
		't', "a new entry has a new number, $name");
	is(as_owner($name, q{SELECT count(*) FROM promo.draw('frozen', 'b')}), '6', "drawn, $name");
	is(as_owner($name, q{SELECT (promo.freeze_draw('closed')).entries}), '30', "frozen, $name");
	is(as_owner($name, q{SELECT count(*), bool_and(promo.verify_draw('frozen')) FROM promo.draw('closed', 'b')}), '6|t', "drawn and verified, $name");
}
$node->stop;
done_testing();
