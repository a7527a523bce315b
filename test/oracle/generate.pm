# Carts, rulesets and requests from a seed.  A rule is made as the structure
# that the oracle reads; rule_text() writes the same rule in the rule language,
# with the freedoms of the language (case, full-width signs, order of clauses),
# so that the parser is under test as well.  Amounts lie near thresholds, scopes
# overlap and priorities are equal more often than in a shop.
package Generate;

use strict;
use warnings;
use utf8;
use List::Util qw(sum0 shuffle uniq max);
use POSIX ();

use constant { MONEY => 10000, QTY => 1000, PERCENT => 10000 };

# what the first rule of a case is about; the other rules are of any kind
our @kinds = qw(percent tiers each price_each spend every every_units total set get get_of add gift
	graduated_buy graduated_spend limit max floor margin stack exclusive group stop code later
	shipping points window when except contested mixed);

my @SKUS = ('A' .. 'E');
my @ODD_SKUS = ('鞋-1', 'on', "it's", 'b b', '100');
my @TAGS = qw(shoes boots sale);
my @BUYERS = qw(first_order gold staff);
my @CODES = qw(SAVE10 save10 VIP);
my @DAYS = qw(sun mon tue wed thu fri sat);
my @PRICES = (0, 100, 99900, 100000, 199000, 333300, 500000, 799000, 800000, 999900, 1000000, 1200000, 3330, 12345);

sub one_of { return $_[ int rand @_ ] }

sub chance { return rand(100) < $_[0] }

sub some_of
{
	my ($n, @list) = @_;

	@list = shuffle(@list);
	return @list[ 0 .. ($n < @list ? $n : @list) - 1 ];
}

# ---------------------------------------------------------------------------
# Carts and requests
# ---------------------------------------------------------------------------

sub cart
{
	my ($skus) = @_;
	my @numbers = some_of(1 + int rand(chance(20) ? 6 : 4), 1 .. 12);
	my @common = some_of(1 + int rand 3, @PRICES);

	return [ map {
		my $price = chance(70) ? one_of(@common) : one_of(@PRICES, int(rand 2000) * 1000);
		my %line = (
			line => $_,
			sku => one_of(@$skus),
			qty => chance(80) ? (1 + int rand(chance(85) ? 4 : 12)) * QTY : one_of(350, 500, 1500, 2750, 3001, 0),
			price => $price,
			tags => [ some_of(int rand 3, @TAGS) ],
		);
		$line{cost} = int($price * one_of(0.3, 0.6, 0.9)) if chance(60);
		$line{floor} = int($price * one_of(0.4, 0.8, 1)) if chance(15);
		\%line;
	} @numbers ];
}

sub request
{
	my ($unit) = @_;

	return {
		at => 1767225600 + int(rand 14) * 86400 + one_of(0, 1, 28800, 36000, 79200, 79199, 7200, 7199, 43261),
		buyer => [ some_of(int rand 3, @BUYERS) ],
		codes => [ some_of(int rand 3, @CODES) ],
		fee => $unit * int(one_of(0, 6, 10, 12.5) * MONEY / $unit),
		without => [],
	};
}

# ---------------------------------------------------------------------------
# Rules
# ---------------------------------------------------------------------------

sub scope
{
	my ($g, $kind) = @_;
	$kind ||= one_of(qw(sku sku sku tag all order order each_sku each_tag each));
	my %scope = (kind => $kind);

	if ($kind =~ /^each/)
	{
		$scope{each} = 1;
		$scope{kind} = $kind eq 'each' ? 'all' : substr($kind, 5);
	}
	$scope{names} = [ some_of(1 + int rand 3, @{ $g->{skus} }) ] if $scope{kind} eq 'sku';
	$scope{names} = [ some_of(1 + int rand 2, @TAGS) ] if $scope{kind} eq 'tag';
	excepts($g, \%scope) if chance(8);
	return \%scope;
}

sub excepts
{
	my ($g, $scope) = @_;
	my $which = int rand 3;

	$scope->{except_skus} = [ some_of(1, @{ $g->{skus} }) ] if $which == 0;
	$scope->{except_tags} = [ some_of(1, @TAGS) ] if $which == 1;
	$scope->{except_discounted} = 1 if $which == 2;
}

sub lines_in
{
	my ($g, $scope) = @_;

	return grep {
		my $line = $_;
		$scope->{kind} eq 'sku' ? grep { $_ eq $line->{sku} } @{ $scope->{names} } :
		$scope->{kind} eq 'tag' ? grep { my $n = $_; grep { $n eq $_ } @{ $line->{tags} } } @{ $scope->{names} } : 1
	} @{ $g->{cart} };
}

# an amount that the lines of a scope reach, or just do not
sub near
{
	my ($g, $scope) = @_;
	my $sum = POSIX::floor(sum0 map { $_->{price} * $_->{qty} / QTY } lines_in($g, $scope));

	$sum -= $sum % 100;
	return max(100, one_of($sum, $sum, $sum + 100, $sum - 100, $sum / 2 - ($sum / 2) % 100, 500000, 1000000, 2000000));
}

sub units_near
{
	my ($g, $scope) = @_;
	my $n = sum0 map { int($_->{qty} / QTY) } lines_in($g, $scope);

	return max(1, one_of($n, $n + 1, $n - 1, 2, 2, 3, int($n / 2)));
}

sub amount { return one_of(100, 500, 10000, 33300, 50000, 99900, 100000, 200000, 300000, 590000, 990000, 55555) }

sub percent { return one_of(5, 10, 12.5, 20, 33, 33.3333, 50, 100) * PERCENT }

sub simple_action
{
	my $act = one_of(qw(save_percent save_percent save_amount save_amount save_each price_each));

	return (act => $act, value => $act eq 'save_percent' ? percent() : amount());
}

sub get_action
{
	my $act = one_of(qw(get_free get_free get_percent get_amount get_price));

	return (act => $act, value => $act eq 'get_free' ? 0 : $act eq 'get_percent' ? percent() : amount(), count => one_of(1, 1, 2, 3));
}

sub goods_action
{
	my ($g) = @_;
	my $roll = rand 100;

	return simple_action() if $roll < 60;
	return (act => 'total', value => amount()) if $roll < 70;
	return (get_action(), chance(30) ? (skus => [ some_of(1, @{ $g->{skus} }) ]) : ()) if $roll < 85;
	return gift_action($g, one_of(qw(add gift)));
}

sub gift_action
{
	my ($g, $act) = @_;

	return (act => $act, value => $act eq 'add' ? amount() : 0, count => one_of(1, 1, 1, 2), skus => [ some_of(1 + int rand 2, @{ $g->{skus} }) ]);
}

sub condition
{
	my ($g, $scope, $cond) = @_;
	$cond ||= one_of(qw(always spend spend every buy buy every_units));

	return (cond => $cond) if $cond eq 'always' || $cond eq 'buy_set';
	return (cond => $cond, n => units_near($g, $scope)) if $cond =~ /^(buy|every_units)$/;
	return (cond => $cond, n => near($g, $scope), $cond eq 'spend' && chance(25) ? (over => 1) : ());
}

# further tiers of the same sort above the first
sub add_tiers
{
	my ($g, $rule, $n, $action) = @_;
	my $last = $rule->{tiers}[-1];
	my $cond = $last->{cond} eq 'always' ? one_of(qw(spend buy)) : $last->{cond};

	for (1 .. $n)
	{
		my $step = $cond =~ /^(spend|every)$/ ? one_of(100, 500000, 1000000) : 1 + int rand 2;
		$last = { cond => $cond, n => ($last->{n} || ($cond eq 'buy' ? 1 : 0)) + $step, $action->() };
		push @{ $rule->{tiers} }, $last;
	}
}

my %makers = (
	percent => sub { my ($g) = @_; rule(scope($g, one_of(qw(sku tag all each_sku))), { cond => 'always', act => 'save_percent', value => percent() }) },
	tiers => sub {
		my ($g) = @_;
		my $scope = scope($g);
		my $rule = rule($scope, { condition($g, $scope, one_of(qw(spend buy always))), simple_action() });
		add_tiers($g, $rule, 1 + int rand 2, \&simple_action);
		$rule;
	},
	each => sub { my ($g) = @_; my $scope = scope($g); rule($scope, { condition($g, $scope), act => 'save_each', value => amount() }) },
	price_each => sub { my ($g) = @_; my $scope = scope($g); rule($scope, { condition($g, $scope), act => 'price_each', value => amount() }) },
	spend => sub { my ($g) = @_; my $scope = scope($g); rule($scope, { condition($g, $scope, 'spend'), simple_action() }) },
	every => sub { my ($g) = @_; my $scope = scope($g); rule($scope, { condition($g, $scope, 'every'), chance(80) ? simple_action() : (act => 'total', value => amount()) }) },
	every_units => sub { my ($g) = @_; my $scope = scope($g); rule($scope, { condition($g, $scope, 'every_units'), goods_action($g) }) },
	total => sub { my ($g) = @_; my $scope = scope($g); rule($scope, { condition($g, $scope), act => 'total', value => amount() }) },
	set => sub { my ($g) = @_; rule(scope($g, 'sku'), { cond => 'buy_set', chance(50) ? (act => 'total', value => amount()) : goods_action($g) }) },
	get => sub { my ($g) = @_; my $scope = scope($g); rule($scope, { condition($g, $scope), get_action() }) },
	get_of => sub { my ($g) = @_; my $scope = scope($g); rule($scope, { condition($g, $scope), get_action(), skus => [ some_of(1 + int rand 2, @{ $g->{skus} }) ] }) },
	add => sub { my ($g) = @_; my $scope = scope($g); rule($scope, { condition($g, $scope), gift_action($g, 'add') }) },
	gift => sub { my ($g) = @_; my $scope = scope($g); rule($scope, { condition($g, $scope), gift_action($g, 'gift') }) },
	graduated_buy => sub {
		my ($g) = @_;
		my $scope = scope($g);
		my $act = one_of(qw(save_percent save_percent save_amount save_each price_each));
		my $action = sub { (act => $act, value => $act eq 'save_percent' ? percent() : amount()) };
		my $rule = rule($scope, { condition($g, $scope, one_of(qw(always buy))), $action->() });
		$rule->{tiers}[0]{n} = 1 + int rand 3 if $rule->{tiers}[0]{cond} eq 'buy';
		my $next = { cond => 'buy', n => ($rule->{tiers}[0]{n} || 1) + 1 + int rand 2, $action->() };
		push @{ $rule->{tiers} }, $next;
		$rule->{graduated} = 1;
		$rule;
	},
	graduated_spend => sub {
		my ($g) = @_;
		my $scope = scope($g);
		my $act = one_of(qw(save_percent save_amount));
		my $action = sub { (act => $act, value => $act eq 'save_percent' ? percent() : amount()) };
		my $rule = rule($scope, { condition($g, $scope, 'spend'), $action->() });
		$rule->{tiers}[0]{n} -= $rule->{tiers}[0]{n} / 2 % 100 + int($rule->{tiers}[0]{n} / 200) * 100 if chance(60);
		$rule->{tiers}[0]{n} = max(0, $rule->{tiers}[0]{n});
		add_tiers($g, $rule, 1 + int rand 2, $action);
		$rule->{graduated} = 1;
		$rule;
	},
	limit => sub {
		my ($g) = @_;
		my $scope = scope($g);
		my $act = one_of(qw(save_percent save_each price_each));
		my $rule = rule($scope, { condition($g, $scope, one_of(qw(always spend buy every_units))), act => $act, value => $act eq 'save_percent' ? percent() : amount() });
		$rule->{limit} = 1 + int rand 3;
		$rule->{per_line} = 1 if chance(40);
		$rule;
	},
	max => sub { my ($g) = @_; my $rule = any_rule($g); $rule->{max} = amount(); $rule },
	floor => sub { my ($g) = @_; my $rule = any_rule($g); $rule->{floor} = one_of(@PRICES); $rule },
	margin => sub { my ($g) = @_; my $rule = any_rule($g); $rule->{margin} = one_of(0, 10, 25, 33.3333) * PERCENT; $rule },
	stack => sub { my ($g) = @_; my $rule = any_rule($g); $g->{stack} = 1; $rule->{stack} = 1; $rule },
	exclusive => sub { my ($g) = @_; my $rule = any_rule($g); $rule->{exclusive} = 1; $rule },
	group => sub { my ($g) = @_; my $rule = any_rule($g); $g->{group} = 1; $rule->{group} = 'g1'; $rule },
	stop => sub { my ($g) = @_; my $rule = any_rule($g); $rule->{stop} = 1; $rule },
	code => sub { my ($g) = @_; my $rule = any_rule($g); $rule->{codes} = [ some_of(1 + int rand 2, @CODES) ]; $rule },
	later => sub {
		my ($g) = @_;
		my $scope = scope($g, 'order');
		my $rule = rule($scope, { condition($g, $scope), goods_action($g) });
		$rule->{of} = one_of(qw(list running)) if chance(30);
		$rule;
	},
	shipping => sub {
		my ($g) = @_;
		my $scope = scope($g, one_of(qw(order order sku tag all)));
		delete $scope->{except_discounted};
		my $act = one_of(qw(ship_amount ship_percent ship_free));
		my $cond = $act eq 'ship_amount' ? one_of(qw(always spend every buy)) : one_of(qw(always spend buy));
		my $rule = rule($scope, { condition($g, $scope, $cond), act => $act, value => $act eq 'ship_percent' ? percent() : amount() });
		$rule->{max} = amount() if chance(20);
		$rule;
	},
	points => sub {
		my ($g) = @_;
		my $scope = scope($g, one_of(qw(order order sku tag all)));
		delete $scope->{except_discounted};
		my $rule = rule($scope, { condition($g, $scope), chance(75) ? (act => 'earn', value => MONEY * one_of(1, 10, 25)) : (act => 'multiply', value => MONEY * one_of(2, 1.5)) });
		$rule->{tiers}[0]{cond} = 'spend' if $rule->{tiers}[0]{act} eq 'multiply' && $rule->{tiers}[0]{cond} eq 'every';
		$rule->{tiers}[0]{cond} = 'buy' if $rule->{tiers}[0]{act} eq 'multiply' && $rule->{tiers}[0]{cond} eq 'every_units';
		$rule->{stack} = 1 if chance(50);
		$rule;
	},
	window => sub {
		my ($g) = @_;
		my $rule = any_rule($g);
		$rule->{days} = [ some_of(1 + int rand 4, 0 .. 6) ] if chance(70);
		$rule->{hours} = [ one_of([ 480, 600 ], [ 1320, 120 ], [ 0, 480 ], [ 600, 1440 ], [ 960, 120 ]) ] if chance(70);
		$rule;
	},
	when => sub {
		my ($g) = @_;
		my $rule = any_rule($g);
		for (1 .. 1 + int rand 2)
		{
			my $scope = scope($g, one_of(qw(sku tag order)));
			my $cond = $scope->{kind} eq 'order' ? one_of(qw(spend buy)) : one_of(qw(always spend buy));
			$scope = { kind => $scope->{kind}, names => $scope->{names} } if $cond eq 'always';
			push @{ $rule->{whens} }, { condition($g, $scope, $cond), scope => $scope };
		}
		$rule;
	},
	except => sub { my ($g) = @_; my $rule = any_rule($g); excepts($g, $rule->{scope}); $rule },
	contested => sub {
		my ($g) = @_;
		my $scope = { kind => 'sku', names => [ some_of(2 + int rand 2, @{ $g->{skus} }) ] };
		$g->{contested} = 1;
		rule($scope, { condition($g, $scope, one_of(qw(always spend every buy))), goods_action($g) });
	},
);

my @GOODS = qw(percent tiers each price_each spend every every_units total set get get_of add gift graduated_buy graduated_spend limit later);

sub rule
{
	my ($scope, @tiers) = @_;

	return { scope => $scope, tiers => \@tiers };
}

sub any_rule
{
	my ($g) = @_;

	return $makers{ one_of(@GOODS) }->($g);
}

sub made_of
{
	my ($g, $kind) = @_;
	$kind = $g->{contested} ? 'contested' : one_of(@GOODS, @GOODS, grep { $_ ne 'mixed' } @kinds) if $kind eq 'mixed';
	my $rule = $makers{$kind}->($g);
	my $goods = $rule->{tiers}[0]{act} !~ /^(ship_|earn|multiply)/;
	my $points = $rule->{tiers}[0]{act} =~ /^(earn|multiply)/;
	my $repeats = grep { $_->{cond} =~ /^(every|every_units|buy_set)$/ || $_->{act} =~ /^(get_|total)/ } @{ $rule->{tiers} };
	my $by_unit = grep { $_->{act} =~ /^(get_|total)/ || $_->{cond} =~ /^(every_units|buy_set)$/ } @{ $rule->{tiers} };

	# whom a reward is due to that several of `on each` may have is nowhere said
	delete $rule->{scope}{each} if grep { $_->{skus} } @{ $rule->{tiers} };
	$rule->{stack} = 1 if chance($g->{stack} ? 50 : 10) && !$rule->{exclusive};
	$rule->{group} = one_of('g1', 'g1', 'g 2') if chance($g->{group} ? 50 : 3) && !$points;
	$rule->{stop} = 1 if chance(6);
	$rule->{times} = 1 + int rand 3 if $repeats && chance(15);
	$rule->{for} = [ [ some_of(1, @BUYERS) ], chance(20) ? [ some_of(2, @BUYERS) ] : () ] if chance(5);
	$rule->{codes} = [ some_of(1 + int rand 2, @CODES) ] if chance(6);
	$rule->{of} ||= one_of(qw(list running)) if chance(6);
	return $rule if !$goods;
	$rule->{max} = amount() if chance(6);
	$rule->{floor} = one_of(@PRICES) if chance(4);
	$rule->{margin} = 10 * PERCENT if chance(3);
	$rule->{choice} = one_of(qw(dearest cheapest)) if ($by_unit || $rule->{limit} || $rule->{graduated}) && chance(12);
	return $rule;
}

# ---------------------------------------------------------------------------
# Cases
# ---------------------------------------------------------------------------

sub case
{
	my ($seed, $kind) = @_;
	srand($seed);
	my $unit = chance(80) ? 100 : one_of(500, MONEY);
	my $skus = chance(90) ? \@SKUS : \@ODD_SKUS;
	$skus = [ @$skus[ 0 .. 2 ] ] if chance(50);
	my $g = { skus => $skus, cart => cart($skus) };
	my $search = chance(75) ? 'stage' : 'cart';
	my $n = 1 + int rand(chance(15) && $search eq 'stage' ? 6 : 4);
	my @names = shuffle('a', 'b', 'B', 'aa', 'p1', 'p10', '规');
	my $zone = chance(70) ? 'UTC' : 'Asia/Shanghai';
	my $request = request($unit);
	my @rules = map {
		my %entry = (name => $names[$_], rule => made_of($g, $_ == 0 ? $kind : 'mixed'));
		$entry{priority} = one_of(10, 10, 5, -1) if chance($g->{contested} ? 10 : 40);
		$entry{during} = [ $request->{at} + one_of(0, 1, -86400), $request->{at} + one_of(2, 3600, 86400) ] if chance(5);
		$entry{during} = [ $request->{at} - 3600, $request->{at} ] if chance(2);
		\%entry;
	} 0 .. $n - 1;
	$request->{codes} = [@CODES] if chance(50);
	$request->{without} = [ $names[0] ] if chance(3);
	return {
		seed => $seed,
		kind => $kind,
		cart => $g->{cart},
		request => $request,
		set => {
			unit => $unit,
			rounding => chance(70) ? 'half_up' : one_of(qw(half_even down)),
			zone => $zone,
			offset => $zone eq 'UTC' ? 0 : 8 * 3600,
			search => $search,
			rules => \@rules,
		},
	};
}

# ---------------------------------------------------------------------------
# As text
# ---------------------------------------------------------------------------

# a scaled integer as a plain decimal
sub decimal
{
	my ($value, $scale) = @_;
	my $digits = length($scale) - 1;
	my $text = sprintf '%s%d.%0*d', $value < 0 ? '-' : '', abs($value) / $scale, $digits, abs($value) % $scale;

	$text =~ s/\.?0+$//;
	return $text;
}

sub money { return decimal($_[0], MONEY) }

my %keywords = map { $_ => 1 } qw(on in);

sub word
{
	my ($name) = @_;

	return $name if $name =~ /^[\w.:-]+$/ && !$keywords{ lc $name } && !chance(10);
	$name =~ s/'/''/g;
	return "'$name'";
}

sub words { return join ', ', map { word($_) } @_ }

sub action_text
{
	my ($tier) = @_;
	my ($act, $value, $count) = @$tier{qw(act value count)};
	my $of = @{ $tier->{skus} || [] } ? 'of sku ' . words(@{ $tier->{skus} }) . ' ' : '';
	my $times = ($count || 1) > 1 ? " x$count" : '';
	my $percent = defined $value ? decimal($value, PERCENT) . '%' : '';

	return "save $percent" if $act eq 'save_percent';
	return 'save ' . money($value) if $act eq 'save_amount';
	return 'save ' . money($value) . ' each' if $act eq 'save_each';
	return 'price ' . money($value) . ' each' if $act eq 'price_each';
	return 'total ' . money($value) if $act eq 'total';
	return "get $count ${of}free" if $act eq 'get_free';
	return "get $count ${of}save $percent" if $act eq 'get_percent';
	return "get $count ${of}save " . money($value) if $act eq 'get_amount';
	return "get $count ${of}price " . money($value) if $act eq 'get_price';
	return 'add sku ' . words(@{ $tier->{skus} }) . ' at ' . money($value) . $times if $act eq 'add';
	return 'gift sku ' . words(@{ $tier->{skus} }) . $times if $act eq 'gift';
	return 'save ' . money($value) . ' shipping' if $act eq 'ship_amount';
	return "save $percent shipping" if $act eq 'ship_percent';
	return 'free shipping' if $act eq 'ship_free';
	return 'earn ' . money($value) . ' points' if $act eq 'earn';
	return 'points x' . money($value);
}

sub condition_text
{
	my ($tier) = @_;
	my ($cond, $n) = @$tier{qw(cond n)};

	return '' if $cond eq 'always';
	return 'buy set ' if $cond eq 'buy_set';
	return "buy $n " if $cond eq 'buy';
	return "every $n units " if $cond eq 'every_units';
	return ($cond eq 'every' ? 'every ' : $tier->{over} ? 'spend over ' : 'spend ') . money($n) . ' ';
}

sub scope_text
{
	my ($scope) = @_;
	my $each = $scope->{each} ? 'each ' : '';
	my $text =
		$scope->{names} ? "on $each$scope->{kind} " . words(@{ $scope->{names} }) :
		$each ? 'on each' : "on $scope->{kind}";

	$text .= ' except sku ' . words(@{ $scope->{except_skus} }) if $scope->{except_skus};
	$text .= ' except tag ' . words(@{ $scope->{except_tags} }) if $scope->{except_tags};
	$text .= ' except discounted' if $scope->{except_discounted};
	return $text;
}

sub when_text
{
	my ($when) = @_;

	return "when $when->{scope}{kind} " . words(@{ $when->{scope}{names} }) if $when->{cond} eq 'always';
	return 'when ' . condition_text($when) . scope_text($when->{scope});
}

sub hours_text { my ($h) = @_; return join '-', map { sprintf '%02d:%02d', $_ / 60, $_ % 60 } @$h }

sub rule_text
{
	my ($rule) = @_;
	my $text = join ', ', map { condition_text($_) . action_text($_) } @{ $rule->{tiers} };
	my @clauses;

	push @clauses, 'for ' . words(@$_) for @{ $rule->{for} || [] };
	push @clauses, 'code ' . words(@{ $rule->{codes} }) if $rule->{codes};
	push @clauses, when_text($_) for @{ $rule->{whens} || [] };
	push @clauses, 'days ' . join ', ', map { $DAYS[$_] } @{ $rule->{days} } if $rule->{days};
	push @clauses, 'hours ' . join ', ', map { hours_text($_) } @{ $rule->{hours} } if $rule->{hours};
	push @clauses, 'max ' . money($rule->{max}) if defined $rule->{max};
	push @clauses, "limit $rule->{limit}" . ($rule->{per_line} ? ' per line' : '') if $rule->{limit};
	push @clauses, "times $rule->{times}" if $rule->{times};
	push @clauses, 'floor ' . money($rule->{floor}) if defined $rule->{floor};
	push @clauses, 'margin ' . decimal($rule->{margin}, PERCENT) . '%' if defined $rule->{margin};
	push @clauses, $_ for grep { $rule->{$_} } qw(stack exclusive stop graduated);
	push @clauses, 'group ' . word($rule->{group}) if defined $rule->{group};
	push @clauses, $rule->{choice} if $rule->{choice};
	push @clauses, "of $rule->{of}" if $rule->{of};
	$text .= ' ' . scope_text($rule->{scope})
		if $rule->{scope}{kind} ne 'order' || keys %{ $rule->{scope} } > 1 || chance(30);
	$text = join ' ', $text, shuffle(@clauses);
	$text =~ s/, /，/g if chance(8) && $text !~ /'/;
	$text =~ s/%/％/g if chance(8);
	$text =~ s/\b(save|spend|every|buy|each|free|get)\b/\U$1/g if chance(8) && $text !~ /'/;
	return $text;
}

1;
