# Sixteen clients order, claim and give back at every isolation level, on few hot
# promotions, coupons and products, some giving up half-way, some cut off by
# pg_terminate_backend, while limits and promotions change and the server
# crashes.  Afterwards the books must balance.  PROMO_FIRE_SECONDS: for how long.
use strict;
use warnings FATAL => 'all';
use IO::Handle;
use IPC::Open2;
use List::Util qw(max);
use POSIX ();
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(sleep time);

my $seconds = $ENV{PROMO_FIRE_SECONDS} || 12;
my $clients = 16;
my $acknowledged = PostgreSQL::Test::Utils::tempdir();	# a file of each client
my $stop = "$acknowledged/stop";						# is there when it is time to stop

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
$node->append_conf('postgresql.conf', "max_connections = 60\ndeadlock_timeout = 100ms\nlog_min_messages = fatal\nlog_statement = none");
$node->start;
$node->safe_psql('postgres', q{
	CREATE EXTENSION promo CASCADE;
	CREATE TABLE orders (
		id		text PRIMARY KEY,
		customer text NOT NULL,
		quote	promo.quote,
		coupons text[],
		skus	text[],
		returned boolean NOT NULL DEFAULT false
	);
	INSERT INTO promo.campaign (name, running, budget) VALUES ('spring', '[2020-01-01, 2099-01-01)', 400);
	INSERT INTO promo.promotion (name, campaign, rule, during, status, budget, uses, uses_per_customer) VALUES
		('product', 'spring', 'save 10% on sku A, B', '[2020-01-01,)', 'active', 300, NULL, NULL),
		('cart', 'spring', 'spend 20 save 3', '[2020-01-01,)', 'active', NULL, 100, 4),
		('coded', NULL, 'save 2 code HIDDEN', '[2020-01-01,)', 'active', NULL, NULL, NULL),
		('shared', NULL, 'save 1 code SHARED', '[2020-01-01,)', 'active', NULL, NULL, NULL),
		('swinging', NULL, 'save 20% shipping', '[2020-01-01,)', 'active', NULL, 200, NULL);
	INSERT INTO promo.coupon (code, opens, uses) SELECT 'ONCE-' || i, 'HIDDEN', 1 FROM generate_series(1, 60) i;
	INSERT INTO promo.coupon (code, opens, uses, uses_per_customer) VALUES ('SHARED', 'SHARED', 60, 3);
	INSERT INTO promo.flash_stock (sku, units, per_customer) VALUES ('A', 200, NULL), ('B', 100, 3), ('C', 50, NULL);
});

# ----------------------------------------------------------------
# a client
# ----------------------------------------------------------------

# a session, started again when it is lost
{
	my ($pid, $in, $out);

	sub disconnect
	{
		return unless $pid;
		close $in;
		close $out;
		waitpid $pid, 0;
		$pid = undef;
	}

	# its rows; dies of the SQLSTATE, or 'lost' when nobody knows what became of it
	sub run
	{
		my ($statement) = @_;
		my (@rows, $state);

		$pid //= open2($out, $in, 'sh', '-c', 'exec psql -XAtq -v VERBOSITY=sqlstate -d "$1" 2>&1', 'sh', $node->connstr('postgres'));
		print $in "$statement;\n\\echo ~done\n";
		$in->flush;
		while (my $row = <$out>)
		{
			chomp $row;
			last if $row =~ /^(FATAL|PANIC):/;
			die "$state\n" if $row eq '~done' && $state;
			return @rows if $row eq '~done';
			$state //= $1 if $row =~ /^ERROR:  (\w{5})$/;
			push @rows, $row;
		}
		disconnect();
		sleep 0.05;
		die "lost\n";
	}
}

sub any { return $_[ rand @_ ]; }

# Runs WORK in transactions until one is committed (''), or is refused or given
# up: what it died of.  What may have been committed, for all that a client
# knows, is tried again: to see that is for redeem() and claim().
sub transact
{
	my ($work) = @_;

	while (1)
	{
		my $level = any('READ COMMITTED', 'REPEATABLE READ', 'SERIALIZABLE');

		eval {
			run("BEGIN ISOLATION LEVEL $level");
			$work->();
			die "gave up\n" if rand() < 0.1;
			run('COMMIT');
		};
		return '' unless $@;
		chomp(my $failure = $@);
		eval { run('ROLLBACK') } unless $failure eq 'lost';
		return $failure unless $failure =~ /^(lost|40001|40P01)$/;
		return $failure if -e $stop;
	}
}

sub client
{
	my ($number, $round) = @_;
	my (%count, @mine);

	local $SIG{PIPE} = 'IGNORE';
	srand($number + 100 * $round);
	open my $file, '>>', "$acknowledged/$number" or die $!;
	$file->autoflush;
	for (my $i = 1; !-e $stop; $i++)
	{
		my ($id, $customer) = ("$round-$number-$i", 'customer ' . int rand 40);
		my @skus = sort grep { rand() < 0.4 } qw(A B C);
		my @coupons = (rand() < 0.4 ? 'ONCE-' . int 1 + rand 60 : (), rand() < 0.4 ? 'SHARED' : ());
		my $coupons = join ',', @coupons;
		my $outcome;

		if (@mine > 3 && rand() < 0.4)
		{
			($id) = splice @mine, rand @mine, 1;
			$outcome = transact(sub {
				run("SELECT promo.unclaim('$id')");
				run("SELECT promo.release('$id')");
				run("UPDATE orders SET returned = true WHERE id = '$id'");
			});
			print $file "returned $id\n" if $outcome eq '';
			push @mine, $id if $outcome eq 'gave up';
			$count{"return $outcome"}++;
			next;
		}
		# as one does who was refused: without something that the rules offer
		my $without = join ',', grep { rand() < 0.3 } qw(product cart swinging);
		my ($quote) = eval {
			run(qq{SELECT promo.price((SELECT promo.cart_agg(n, chr(64 + n), n, 10) FROM generate_series(1, 2) n), promo.current_ruleset(),
				codes => promo.coupon_codes('{$coupons}', '$customer', now()), shipping => 5, without => '{$without}')});
		};
		next unless $quote;
		$outcome = transact(sub {
			run("INSERT INTO orders VALUES ('$id', '$customer', '$quote', '{$coupons}', '{" . join(',', @skus) . "}') ON CONFLICT DO NOTHING");
			for my $sku (@skus)
			{
				my ($got) = run("SELECT promo.claim('$id', '$customer', '$sku', 1)");
				die "sold out\n" if $got ne 't';
			}
			run("SELECT promo.redeem('$id', '$customer', '$quote', '{$coupons}')");
		});
		if ($outcome eq '')
		{
			print $file "ordered $id\n";
			push @mine, $id;
		}
		$count{"order $outcome"}++;
	}
	print $file "count $_: $count{$_}\n" for sort keys %count;
	disconnect();
}

# everybody takes what is left, for another customer each time, until it is refused; some give up on the way
sub rush
{
	my ($number) = @_;

	local $SIG{PIPE} = 'IGNORE';
	srand($number);
	open my $file, '>>', "$acknowledged/$number" or die $!;
	$file->autoflush;
	for my $sku (qw(A B C))
	{
		my $outcome = '';

		for (my $i = 1; $outcome ne 'sold out' && $i < 2000; $i++)
		{
			my $id = "rush-$number-$sku-$i";

			$outcome = transact(sub {
				run("INSERT INTO orders (id, customer, skus) VALUES ('$id', '$id', '{$sku}')");
				die "sold out\n" if (run("SELECT promo.claim('$id', '$id', '$sku', 1)"))[0] ne 't';
			});
			print $file "ordered $id\n" if $outcome eq '';
		}
	}
	disconnect();
}

# all of the clients at once, each in its own process; returns their pids
sub start_clients
{
	my ($what, @arguments) = @_;

	return map {
		my $number = $_;
		my $pid = fork() // die "fork: $!";
		if (!$pid)
		{
			my $ok = eval { $what->($number, @arguments); 1 };
			print STDERR "client $number: $@" unless $ok;
			POSIX::_exit($ok ? 0 : 1);
		}
		$pid;
	} 1 .. $clients;
}

sub join_clients { return join ' ', map { waitpid($_, 0); $? } @_; }

# ----------------------------------------------------------------
# the books
# ----------------------------------------------------------------

# what is wrong, as rows; nothing if all is well
sub wrong { return $node->safe_psql('postgres', $_[0]); }

sub balance
{
	my ($when) = @_;

	is(wrong(q{
		WITH live AS (
			SELECT 'campaign budget' AS kind, p.campaign AS name, r.customer, sum(r.amount) AS used
			FROM promo.redemption r JOIN promo.promotion p ON r.promotion = p.id
			WHERE r.released_at IS NULL AND p.campaign IS NOT NULL GROUP BY 2, 3
			UNION ALL
			SELECT k.kind, p.origin::text, r.customer, sum(CASE k.kind WHEN 'promotion uses' THEN 1 ELSE r.amount END)
			FROM promo.redemption r JOIN promo.promotion p ON r.promotion = p.id, (VALUES ('promotion budget'), ('promotion uses')) k (kind)
			WHERE r.released_at IS NULL GROUP BY 1, 2, 3
			UNION ALL
			SELECT 'coupon', coupon, customer, count(DISTINCT order_id)
			FROM promo.redemption WHERE released_at IS NULL AND coupon IS NOT NULL GROUP BY 2, 3
			UNION ALL
			SELECT 'stock', stock::text, customer, sum(units) FROM promo.claim WHERE released_at IS NULL GROUP BY 2, 3
		)
		SELECT q.*, s.remaining, l.used FROM promo.quota q
		CROSS JOIN LATERAL (SELECT sum(remaining) AS remaining FROM promo.quota_slot s WHERE (s.kind, s.name) = (q.kind, q.name)) s
		CROSS JOIN LATERAL (SELECT coalesce(sum(used), 0) AS used FROM live l WHERE (l.kind, l.name) = (q.kind, q.name)) l
		WHERE q.total IS NOT NULL AND (NOT q.opened OR q.total <> s.remaining + l.used)
		UNION ALL
		SELECT q.*, u.used, l.used FROM promo.quota q
		CROSS JOIN LATERAL (
			(SELECT customer FROM live l WHERE (l.kind, l.name) = (q.kind, q.name))
			UNION (SELECT customer FROM promo.quota_use u WHERE (u.kind, u.name) = (q.kind, q.name))) c
		LEFT JOIN promo.quota_use u ON (u.kind, u.name, u.customer) = (q.kind, q.name, c.customer)
		LEFT JOIN live l ON (l.kind, l.name, l.customer) = (q.kind, q.name, c.customer)
		WHERE q.per_customer IS NOT NULL AND (coalesce(u.used, 0) <> coalesce(l.used, 0) OR coalesce(l.used, 0) > q.per_customer)}),
		'', "$when: every quota is what is left and what is in use, also of each customer");
	is(wrong(q{
		SELECT s.*, q.total FROM promo.quota_slot s JOIN promo.quota q USING (kind, name)
		WHERE s.remaining < 0 AND NOT EXISTS (
			SELECT FROM promo.promotion p WHERE p.name = 'swinging' AND p.origin::text = s.name AND s.kind LIKE 'promotion %')}),
		'', "$when: nothing is over a limit that was not lowered");
	is(wrong(q{
		SELECT code FROM promo.coupon c WHERE uses = 1
			AND (SELECT count(*) FROM promo.redemption r WHERE r.coupon = c.code AND r.released_at IS NULL) <> redeemed::int}),
		'', "$when: a single-use coupon is used once, or is free");
	is(wrong(q{
		SELECT o.id, o.returned, r.*, a.amount FROM orders o
		CROSS JOIN LATERAL (SELECT count(DISTINCT rule) AS n, coalesce(sum(amount), 0) AS amount FROM promo.adjustments(o.quote)) a
		CROSS JOIN LATERAL (
			SELECT count(*) AS n, count(DISTINCT promotion) AS promotions, coalesce(sum(amount), 0) AS amount, bool_and(customer = o.customer)
			FROM promo.redemption WHERE order_id = o.id AND released_at IS NULL) r
		WHERE CASE WHEN o.returned OR o.quote IS NULL THEN r.n <> 0
			ELSE r.n <> r.promotions OR r.n <> a.n OR r.amount <> a.amount END
		UNION ALL
		SELECT o.id, o.returned, count(c.id), NULL, sum(c.units), bool_and(c.customer = o.customer), cardinality(o.skus)
		FROM orders o LEFT JOIN promo.claim c ON c.order_id = o.id AND c.released_at IS NULL
		GROUP BY o.id
		HAVING count(c.id) <> CASE WHEN o.returned THEN 0 ELSE cardinality(o.skus) END OR sum(c.units) <> count(c.id)}),
		'', "$when: every order has what it was priced with and claimed, once");
	is(wrong(q{
		SELECT order_id FROM (SELECT order_id FROM promo.redemption UNION SELECT order_id FROM promo.claim) x
		WHERE order_id NOT IN (SELECT id FROM orders)}),
		'', "$when: nothing is taken for an order that there is not");

	my (%seen, %count, @lost);
	my %stored = map { split /\|/ } split /\n/, $node->safe_psql('postgres', 'SELECT id, returned FROM orders');
	for my $line (map { split /\n/, slurp_file("$acknowledged/$_") } 1 .. $clients)
	{
		$count{$1} += $2 if $line =~ /^count (.*): (\d+)$/;
		push @lost, $line if $line =~ /^(ordered|returned) (.*)/ && (!exists $stored{$2} || $1 eq 'returned' && $stored{$2} ne 't');
		$seen{$1}++ if $line =~ /^(\w+) /;
	}
	is("@lost", '', "$when: all that was acknowledged is there");
	note("$_: $count{$_}") for sort keys %count;
	note($node->safe_psql('postgres', 'SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()') . ' deadlocks since the last crash');
	return \%seen;
}

# ----------------------------------------------------------------
# the fire
# ----------------------------------------------------------------

# what goes on meanwhile; an error is one of a conflict with the clients, or of a crash
my @disturbances = (
	q{SELECT pg_terminate_backend(pid) FROM pg_stat_activity
		WHERE backend_type = 'client backend' AND pid <> pg_backend_pid() AND state <> 'idle' ORDER BY random() LIMIT 1},
	q{SELECT pg_terminate_backend(pid) FROM pg_stat_activity
		WHERE backend_type = 'client backend' AND pid <> pg_backend_pid() AND wait_event_type = 'Lock' ORDER BY random() LIMIT 1},
	q{UPDATE promo.flash_stock SET units = units + 5 WHERE sku = 'C'},
	q{UPDATE promo.promotion SET uses = 10 + (100 * random())::int WHERE name = 'swinging' AND status = 'active'},
	q{UPDATE promo.promotion SET priority = priority + 1 WHERE name = 'cart' AND status = 'active'},
	q{UPDATE promo.promotion SET budget = budget + 10 WHERE name = 'product' AND status = 'active'},
	q{UPDATE promo.coupon SET uses = uses + 2 WHERE code = 'SHARED'});

sub disturb
{
	my ($seconds) = @_;

	for (my $until = time + $seconds; time < $until; sleep 0.2)
	{
		$node->psql('postgres', any(@disturbances));
	}
}

my $rounds = max(2, int $seconds / 30);
for my $round (1 .. $rounds)
{
	my @pids = start_clients(\&client, $round);

	disturb($seconds / $rounds / 2);
	if ($round % 2) { $node->kill9; }
	else { $node->stop('immediate'); }
	# processes that outlive the postmaster hold its memory for a moment
	until ($node->start(fail_ok => 1))
	{
		$node->stop('fast', fail_ok => 1);
		sleep 0.1;
	}
	disturb($seconds / $rounds / 2);
	append_to_file($stop, '');
	is(join_clients(@pids), join(' ', (0) x $clients), "round $round: clients are done");
	unlink $stop;
	my $seen = balance("round $round");
	cmp_ok($seen->{ordered}, '>', 2 * $seconds * $round / $rounds, "round $round: many orders were acknowledged");
}

$node->safe_psql('postgres', 'UPDATE promo.flash_stock SET units = units + 50');
is(join_clients(start_clients(\&rush)), join(' ', (0) x $clients), 'rush: clients are done');
balance('rush');
is($node->safe_psql('postgres', q{
	SELECT sku, units - (SELECT sum(c.units) FROM promo.claim c WHERE c.stock = s.id AND c.released_at IS NULL) FROM promo.flash_stock s ORDER BY sku}),
	"A|0\nB|0\nC|0", 'rush: all is sold to the last unit');
$node->stop;
done_testing();
