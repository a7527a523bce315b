# current_ruleset() in a session that outlives what it has kept: another extension
# of that name, a standby that follows and then leads, a server that was restarted.
use strict;
use warnings FATAL => 'all';
use IPC::Run ();
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $rules = q{SELECT coalesce(string_agg(r ->> 'name', ', '), 'none') FROM jsonb_array_elements(promo.current_ruleset()::jsonb) r;};

sub promotion
{
	my ($name) = @_;
	return "INSERT INTO promo.promotion (name, rule, during, status) VALUES ('$name', 'save 1', '[2020-01-01,)', 'active');";
}

# the statement that waits until a promotion of that name can be seen, or for half a minute
sub arrival
{
	my ($name) = @_;
	return qq{DO 'BEGIN FOR i IN 1..300 LOOP
		EXIT WHEN EXISTS (SELECT FROM promo.promotion WHERE name = ''$name'');
		PERFORM pg_sleep(0.1);
	END LOOP; END';};
}

my $node = PostgreSQL::Test::Cluster->new('primary');
$node->init(allows_streaming => 1);
$node->start;

# one session, several extensions
is($node->safe_psql('postgres', join "\n",
		'CREATE EXTENSION promo CASCADE;', promotion('first'), $rules,
		'DROP EXTENSION promo; CREATE EXTENSION promo;', $rules, promotion('second'), $rules,
		'BEGIN; DROP EXTENSION promo; CREATE EXTENSION promo;', $rules, 'ROLLBACK;', $rules),
	"first\nnone\nsecond\nnone\nsecond", 'an extension that was dropped and created in the same session');
my ($status, $out, $err) = $node->psql('postgres', "$rules DROP EXTENSION promo; $rules");
like($err, qr/schema "promo" does not exist/, 'and one that was only dropped');
$node->safe_psql('postgres', join "\n", 'CREATE EXTENSION promo;', promotion('before'));

# one session on a standby
$node->backup('copy');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($node, 'copy', has_streaming => 1);
$standby->start;
my ($script, $seen) = (join("\n", $rules, $rules, arrival('while'), $rules), '');
my $session = IPC::Run::start(['psql', '-XAtq', '-d', $standby->connstr('postgres')], '<', \$script, '>', \$seen, '2>&1',
	IPC::Run::timeout(120));
$session->pump until $seen =~ /before\nbefore\n/;
$node->safe_psql('postgres', promotion('while'));
$session->finish;
is($seen, "before\nbefore\nbefore, while\n", 'a session on a standby follows the primary');

# and on one that is promoted
($script, $seen) = (join("\n", $rules, arrival('led'), $rules), '');
$session = IPC::Run::start(['psql', '-XAtq', '-d', $standby->connstr('postgres')], '<', \$script, '>', \$seen, '2>&1',
	IPC::Run::timeout(120));
$session->pump until $seen =~ /before, while\n/;
$node->stop('immediate');
$standby->promote;
$standby->safe_psql('postgres', promotion('led'));
$session->finish;
is($seen, "before, while\nbefore, led, while\n", 'and leads when it is promoted');

is($standby->safe_psql('postgres', $rules), 'before, led, while', 'before a crash');
$standby->stop('immediate');
$standby->start;
is($standby->safe_psql('postgres', $rules), 'before, led, while', 'after it');
$standby->stop;
done_testing();
