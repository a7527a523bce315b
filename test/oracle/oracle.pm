# What a cart costs, the slow and obvious way: doc/pricing.md in Perl, section
# by section, independent of the C code.  Money is in 1/10000, quantities in
# 1/1000, percentages in 1/10000 %, as there; what is not whole is a Fraction.
# The search is by full enumeration.  price() returns every answer that the
# page allows, the lowest total first: more than one only where equal totals of
# the same rules in a stage differ in how they are shared out.
package Oracle;

use strict;
use warnings;
use POSIX ();
use List::Util qw(min max sum0 first any all uniq);
use fraction;
BEGIN { Fraction->import(qw(fraction round_to floor_to ceil_to)) }

use constant { MONEY => 10000, QTY => 1000, WHOLE => 1000000, STACK => "\0stack" };

our $max_ways = 20000;		# price() dies with "too many ways" beyond
our $ways;

my %STAGES = (product => 0, order => 1, code => 2, shipping => 3, points => 4);

# ---------------------------------------------------------------------------
# 1. Stages
# ---------------------------------------------------------------------------

sub stage_of
{
	my ($rule) = @_;
	my $action = $rule->{tiers}[0]{act};

	return 'shipping' if $action =~ /^ship_/;
	return 'points' if $action =~ /^(earn|multiply)$/;
	return 'code' if $rule->{codes};
	return $rule->{scope}{kind} eq 'order' ? 'order' : 'product';
}

# ---------------------------------------------------------------------------
# The state of a cart while it is priced
# ---------------------------------------------------------------------------

# $c is what does not change: lines in the order of their numbers, unit ...
sub start
{
	my ($c) = @_;
	my @zero = (0) x @{ $c->{lines} };

	return begin({
		left => [ map { $_->{amount} } @{ $c->{lines} } ],
		free => [@zero],			# whole units given free
		used => [@zero],			# whole units used up
		closed => [@zero],			# behind a stop
		taken => {},				# SKU => rule of the product stage
		fee => $c->{fee},
		points => 0,
		adjustments => [],			# [rule, line index or -1, amount]
		money => {},				# rules that gave money
		pointed => {},				# rules that gave points
	});
}

# the same state at the beginning of a stage: `when` looks at it as it is then
sub begin
{
	my ($s) = @_;

	return { %$s, began => { left => $s->{left}, free => $s->{free} } };
}

sub copy
{
	my ($s) = @_;

	return {
		(map { $_ => [ @{ $s->{$_} } ] } qw(left free used closed adjustments)),
		(map { $_ => { %{ $s->{$_} } } } qw(taken money pointed)),
		(map { $_ => $s->{$_} } qw(fee points began)),
	};
}

sub key_of
{
	my ($s) = @_;

	return join '|', (map { join ',', @{ $s->{$_} } } qw(left free used closed)), $s->{fee}, $s->{points},
		join(',', sort keys %{ $s->{money} }), join(',', sort keys %{ $s->{pointed} }),
		join(',', map { "$_=$s->{taken}{$_}" } sort keys %{ $s->{taken} }),
		join(',', sort map { join ':', @$_ } @{ $s->{adjustments} });
}

sub total_of { my ($s) = @_; return sum0(@{ $s->{left} }) + $s->{fee} }

# ---------------------------------------------------------------------------
# 2. What a rule sees
# ---------------------------------------------------------------------------

sub in_scope
{
	my ($c, $s, $scope, $i) = @_;
	my $line = $c->{lines}[$i];
	my $tagged = sub { my ($tags) = @_; any { my $t = $_; any { $_ eq $t } @{ $line->{tags} || [] } } @$tags };

	return 0 if $scope->{kind} eq 'sku' && !any { $_ eq $line->{sku} } @{ $scope->{names} };
	return 0 if $scope->{kind} eq 'tag' && !$tagged->($scope->{names});
	return 0 if any { $_ eq $line->{sku} } @{ $scope->{except_skus} || [] };
	return 0 if $tagged->($scope->{except_tags} || []);
	return 0 if $scope->{except_discounted} && $s->{left}[$i] < $line->{amount};
	return 1;
}

# not taken by another rule of the stage, not behind a stop; $allow: the SKUs
# that the sharing out gave to the rule, undef outside the product stage
sub open_to
{
	my ($c, $s, $rule, $allow, $i) = @_;

	return 0 if $s->{closed}[$i] && $rule->{stage} ne 'shipping';
	return !$allow || $allow->{ $c->{lines}[$i]{sku} };
}

sub effective { my ($c, $s, $i) = @_; return $c->{lines}[$i]{qty} - $s->{free}[$i] * QTY }

sub whole_units { my ($c, $i) = @_; return int($c->{lines}[$i]{qty} / QTY) }

sub units_of { my ($c, $s, $i) = @_; return whole_units($c, $i) - $s->{used}[$i] }

sub average_price
{
	my ($c, $s, $i) = @_;
	my $quantity = effective($c, $s, $i);

	return $quantity > 0 ? fraction($s->{left}[$i] * QTY, $quantity) : fraction(0);
}

sub basis_of
{
	my ($c, $s, $rule, $i) = @_;
	my $line = $c->{lines}[$i];
	my $of = $rule->{of} || ($rule->{stage} eq 'product' ? 'list' : 'running');

	return $s->{left}[$i] if $of eq 'running';
	return $line->{amount} if !$s->{free}[$i];
	return round_to(fraction($line->{price} * effective($c, $s, $i), QTY), $c->{unit}, $c->{rounding});
}

# [line, average price] for every unit of some lines
sub list_units
{
	my ($c, $s, @lines) = @_;

	return map { my $i = $_; my $price = average_price($c, $s, $i); map { [ $i, $price ] } 1 .. units_of($c, $s, $i) } @lines;
}

sub dearest { return sort { $b->[1] <=> $a->[1] || $a->[0] <=> $b->[0] } @_ }
sub cheapest { return sort { $a->[1] <=> $b->[1] || $a->[0] <=> $b->[0] } @_ }

# `dearest` and `cheapest` turn the choice round
sub group_order { my ($rule, @units) = @_; return ($rule->{choice} || '') eq 'cheapest' ? cheapest(@units) : dearest(@units) }

sub reward_order { my ($rule, @units) = @_; return ($rule->{choice} || '') eq 'dearest' ? dearest(@units) : cheapest(@units) }

sub qualifying_order { my ($rule, @units) = @_; return ($rule->{choice} || '') eq 'dearest' ? cheapest(@units) : dearest(@units) }

sub count_lines
{
	my %n;

	$n{ $_->[0] }++ for @_;
	return \%n;
}

sub whens_hold
{
	my ($c, $s, $rule) = @_;
	my $began = $s->{began};

	for my $when (@{ $rule->{whens} || [] })
	{
		my @lines = grep { in_scope($c, $began, $when->{scope}, $_) } 0 .. $#{ $c->{lines} };

		if ($when->{cond} eq 'always')
		{
			return 0 if !@lines;
		}
		elsif ($when->{cond} eq 'spend')
		{
			my $basis = sum0 map { basis_of($c, $began, $rule, $_) } @lines;
			return 0 if $when->{over} ? $basis <= $when->{n} : $basis < $when->{n};
		}
		else
		{
			return 0 if $when->{n} > sum0 map { whole_units($c, $_) - $began->{free}[$_] } @lines;
		}
	}
	return 1;
}

# ---------------------------------------------------------------------------
# 3. Tiers
# ---------------------------------------------------------------------------

# how often a tier is reached by a basis and units by SKU: 0 is not at all
sub times_reached
{
	my ($rule, $tier, $basis, $units) = @_;
	my ($cond, $n) = @$tier{qw(cond n)};
	my $all = sum0 values %$units;
	my $k =
		$cond eq 'always' ? 1 :
		$cond eq 'spend' ? ($tier->{over} ? $basis > $n : $basis >= $n) ? 1 : 0 :
		$cond eq 'every' ? floor_to($basis / fraction($n), 1) :
		$cond eq 'buy' ? ($tier->{act} eq 'total' ? int($all / $n) : $all >= $n ? 1 : 0) :
		$cond eq 'every_units' ? int($all / $n) :
		min map { $units->{$_} || 0 } @{ $rule->{scope}{names} };

	return defined $rule->{times} ? min($k, $rule->{times}) : $k;
}

sub units_by_sku
{
	my ($c, $s, @lines) = @_;
	my %units;

	$units{ $c->{lines}[$_]{sku} } += units_of($c, $s, $_) for @lines;
	return \%units;
}

# ---------------------------------------------------------------------------
# 4. Discounts on lines: helpers
# ---------------------------------------------------------------------------

sub room_of
{
	my ($c, $s, $rule, $i) = @_;
	my $line = $c->{lines}[$i];
	my @floors = (0);

	push @floors, fraction($line->{floor} * $line->{qty}, QTY) if defined $line->{floor};
	push @floors, fraction($rule->{floor} * $line->{qty}, QTY) if defined $rule->{floor};
	if (defined $rule->{margin})
	{
		return 0 if !defined $line->{cost};
		push @floors, fraction($line->{cost} * $line->{qty}, QTY) * WHOLE / (WHOLE - $rule->{margin});
	}
	return max(0, $s->{left}[$i] - max(map { ceil_to($_, $c->{unit}) } @floors));
}

# largest remainder of an amount over weights, nothing beyond the rooms; all are
# hashes by line
sub apportion
{
	my ($amount, $unit, $weights, $rooms) = @_;
	my %share = map { $_ => 0 } keys %$weights;
	my %open = map { $_ => 1 } grep { $weights->{$_} > 0 } keys %$weights;

	while ($amount > 0 && %open)
	{
		my @lines = sort { $a <=> $b } keys %open;
		my $sum = fraction(0);
		$sum = $sum + $weights->{$_} for @lines;
		my %exact = map { $_ => $weights->{$_} * fraction($amount) / $sum } @lines;
		my %part = map { $_ => floor_to($exact{$_}, $unit) } @lines;
		my $rest = ($amount - sum0 values %part) / $unit;
		my @order = sort { ($exact{$b} - $part{$b}) <=> ($exact{$a} - $part{$a}) || $a <=> $b } @lines;
		$part{$_} += $unit for @order[ 0 .. $rest - 1 ];

		my @full = $rooms ? grep { $part{$_} > $rooms->{$_} } @lines : ();
		if (!@full)
		{
			$share{$_} = $part{$_} for @lines;
			last;
		}
		for my $i (@full)
		{
			$share{$i} = $rooms->{$i};
			$amount -= $rooms->{$i};
			delete $open{$i};
		}
	}
	return \%share;
}

# what is given of a sum of raw discounts (by line) that lie where they arise
sub give_in_place
{
	my ($c, $s, $rule, $raw) = @_;
	my $sum = fraction(0);
	$sum = $sum + $_ for values %$raw;
	my $wanted = round_to($sum, $c->{unit}, $c->{rounding});
	my $amount = capped($c, $rule, $wanted);
	my $share = apportion($amount, $c->{unit}, $raw);
	my %cut;

	for my $i (keys %$share)
	{
		my $room = room_of($c, $s, $rule, $i);

		$cut{$i} = $amount < $wanted || $share->{$i} > $room;
		$share->{$i} = min($share->{$i}, $room);
	}
	return ($share, \%cut);
}

# what is given of a sum that flows to the lines that have room
sub give_by_left
{
	my ($c, $s, $rule, $sum, @lines) = @_;
	my $amount = capped($c, $rule, round_to($sum, $c->{unit}, $c->{rounding}));

	return apportion($amount, $c->{unit}, { map { $_ => fraction($s->{left}[$_]) } @lines },
		{ map { $_ => room_of($c, $s, $rule, $_) } @lines });
}

# what is given where each line is rounded alone
sub give_by_line
{
	my ($c, $s, $rule, $raw) = @_;
	my %share = map {
		$_ => min(round_to($raw->{$_}, $c->{unit}, $c->{rounding}), room_of($c, $s, $rule, $_))
	} keys %$raw;
	my $sum = sum0 values %share;
	my $amount = capped($c, $rule, $sum);

	return \%share if $amount == $sum;
	return apportion($amount, $c->{unit}, { map { $_ => fraction($share{$_}) } keys %share });
}

sub capped
{
	my ($c, $rule, $amount) = @_;

	return defined $rule->{max} ? min($amount, floor_to($rule->{max}, $c->{unit})) : $amount;
}

# raw discount of part b (money) and x (quantity) of a line
sub raw_of
{
	my ($tier, $part, $quantity) = @_;
	my $zero = fraction(0);

	return $part * $tier->{value} / WHOLE if $tier->{act} eq 'save_percent';
	my $by_quantity = fraction($tier->{value} * $quantity, QTY);
	if ($tier->{act} eq 'save_each')
	{
		return $by_quantity > $part ? $part : $by_quantity;
	}
	return $part > $by_quantity ? $part - $by_quantity : $zero;		# price_each
}

# ---------------------------------------------------------------------------
# 4 to 6. What a rule does on some eligible lines
# ---------------------------------------------------------------------------

# The effect of a rule: by line what it gives, the units that become free or
# used up, whether it takes the line; and the rest in all
sub nothing { return { shares => {}, free => {}, used => {}, takes => {}, fee => 0, points => 0, offers => 0, reached => 0 } }

sub effect
{
	my ($c, $s, $rule, $allow) = @_;
	my $whole = nothing();

	return $whole if !whens_hold($c, $s, $rule);
	my @lines = grep { in_scope($c, $s, $rule->{scope}, $_) && open_to($c, $s, $rule, $allow, $_) } 0 .. $#{ $c->{lines} };
	return $whole if !@lines;
	return effect_on($c, $s, $rule, $allow, @lines) if !$rule->{scope}{each};

	my $running = copy($s);
	for my $sku (uniq map { $c->{lines}[$_]{sku} } @lines)
	{
		my $part = effect_on($c, $running, $rule, $allow, grep { $c->{lines}[$_]{sku} eq $sku } @lines);

		for my $figure (qw(shares free used))
		{
			$whole->{$figure}{$_} += $part->{$figure}{$_} for keys %{ $part->{$figure} };
		}
		$whole->{takes}{$_} = 1 for keys %{ $part->{takes} };
		$whole->{$_} += $part->{$_} for qw(fee points offers reached);
		commit($c, $running, $rule, $part);
	}
	return $whole;
}

sub money_in { my ($effect) = @_; return $effect->{fee} + sum0 values %{ $effect->{shares} } }

sub gives { my ($effect) = @_; return money_in($effect) > 0 || $effect->{points} > 0 }

sub effect_on
{
	my ($c, $s, $rule, $allow, @lines) = @_;
	my $nothing = nothing();
	my $basis = sum0 map { basis_of($c, $s, $rule, $_) } @lines;
	my $units = units_by_sku($c, $s, @lines);
	my ($tier) = grep { times_reached($rule, $_, $basis, $units) > 0 } reverse @{ $rule->{tiers} };

	return $nothing if !$tier;
	$nothing->{reached} = 1;
	my $k = times_reached($rule, $tier, $basis, $units);
	my $action = $tier->{act};

	if ($action =~ /^ship_/)
	{
		my $raw =
			$action eq 'ship_free' ? fraction($s->{fee}) :
			$action eq 'ship_percent' ? fraction($s->{fee} * $tier->{value}, WHOLE) :
			fraction($tier->{value} * $k);
		return { %$nothing, fee => min($s->{fee}, capped($c, $rule, round_to($raw, $c->{unit}, $c->{rounding}))) };
	}
	if ($action =~ /^(earn|multiply)$/)
	{
		my $points = $action eq 'earn' ? $tier->{value} * $k : floor_to(fraction($s->{points} * ($tier->{value} - MONEY), MONEY), 1);

		$points = min($points, $rule->{max}) if defined $rule->{max};
		return { %$nothing, points => max(0, $points) };
	}

	my $effect =
		$rule->{graduated} ? graduated($c, $s, $rule, $basis, $units, @lines) :
		$action =~ /^get_/ ? reward($c, $s, $rule, $tier, $k, $allow, @lines) :
		$action =~ /^(add|gift)$/ ? add_or_gift($c, $s, $rule, $tier, $basis, $units, $allow, @lines) :
		$action eq 'total' && $tier->{cond} =~ /^(buy|every_units|buy_set)$/ ? total_of_groups($c, $s, $rule, $tier, $k, @lines) :
		discount($c, $s, $rule, $tier, $k, @lines);

	# 6. What a rule takes
	return $nothing if !money_in({ fee => 0, %$effect }) && !$effect->{offers};
	my $takes = $effect->{takes} ||= {};
	$takes->{$_} = 1 for grep { $effect->{shares}{$_} > 0 } keys %{ $effect->{shares} };
	if ($tier->{cond} =~ /^(spend|every)$/)
	{
		$takes->{$_} = 1 for @lines;
	}
	elsif ($tier->{cond} =~ /^(buy|every_units)$/ && $action !~ /^(get_|add|gift|total)/)
	{
		$takes->{$_} = 1 for grep { units_of($c, $s, $_) > 0 } @lines;
	}
	return { %$nothing, %$effect };
}

# k units of every SKU of a set, the first of an order
sub set_units
{
	my ($c, $s, $rule, $k, $order, @lines) = @_;
	my @chosen;

	for my $sku (uniq @{ $rule->{scope}{names} })
	{
		my @units = $order->($rule, list_units($c, $s, grep { $c->{lines}[$_]{sku} eq $sku } @lines));

		push @chosen, [ @units[ 0 .. $k - 1 ] ];
	}
	return @chosen;
}

# save N%, save N, save N each, price N each, total N of everything
sub discount
{
	my ($c, $s, $rule, $tier, $k, @lines) = @_;
	my ($cond, $action, $value) = @$tier{qw(cond act value)};
	my $each = $action =~ /^(save_each|price_each)$/ || $action eq 'save_percent' && $cond ne 'every';
	my %effect;

	if ($cond eq 'buy_set')
	{
		$effect{takes} = count_lines(map { @$_ } set_units($c, $s, $rule, $k, \&group_order, @lines));
	}
	if ($each)
	{
		my ($raw, $chosen) = ({}, undef);

		if ($cond eq 'every_units')
		{
			my @units = group_order($rule, list_units($c, $s, @lines));
			$chosen = [ @units[ 0 .. $k * $tier->{n} - 1 ] ];
		}
		elsif ($cond eq 'buy_set')
		{
			$chosen = [ map { @$_ } set_units($c, $s, $rule, $k, \&group_order, @lines) ];
		}
		if (defined $rule->{limit})
		{
			my @pool = reward_order($rule, $chosen ? @$chosen : list_units($c, $s, @lines));
			my %taken;

			$chosen = $rule->{per_line}
				? [ grep { $taken{ $_->[0] }++ < $rule->{limit} } @pool ]
				: [ @pool[ 0 .. min($rule->{limit}, scalar @pool) - 1 ] ];
		}
		if ($chosen)
		{
			my $n = count_lines(@$chosen);
			$raw = { map { $_ => raw_of($tier, average_price($c, $s, $_) * $n->{$_}, $n->{$_} * QTY) } keys %$n };
		}
		else
		{
			$raw = { map { $_ => raw_of($tier, fraction($s->{left}[$_]), effective($c, $s, $_)) } @lines };
		}
		return { %effect, shares => give_by_line($c, $s, $rule, $raw) } if $rule->{stage} eq 'product';
		if ($action ne 'save_percent' || $chosen)
		{
			my ($shares) = give_in_place($c, $s, $rule, $raw);
			return { %effect, shares => $shares };
		}
		my $sum = fraction(0);
		$sum = $sum + $_ for values %$raw;
		return { %effect, shares => give_by_left($c, $s, $rule, $sum, @lines) };
	}

	my $left = sum0 map { $s->{left}[$_] } @lines;
	my $sum =
		$action eq 'save_percent' ? fraction($value, WHOLE) * ($k * $tier->{n}) :
		$action eq 'save_amount' ? fraction($value * $k) :
		$cond eq 'every' ? fraction(max(0, ($tier->{n} - $value) * $k)) :
		fraction(max(0, $left - $value));
	$effect{used} = { map { $_ => units_of($c, $s, $_) } @lines } if $action eq 'total' && $cond ne 'every';
	return { %effect, shares => give_by_left($c, $s, $rule, $sum, @lines) };
}

sub total_of_groups
{
	my ($c, $s, $rule, $tier, $k, @lines) = @_;
	my (@groups, %raw, %used);

	if ($tier->{cond} eq 'buy_set')
	{
		my @by_sku = set_units($c, $s, $rule, $k, \&group_order, @lines);

		@groups = map { my $g = $_; [ map { $_->[$g] } @by_sku ] } 0 .. $k - 1;
	}
	else
	{
		my @units = group_order($rule, list_units($c, $s, @lines));

		push @groups, [ splice @units, 0, $tier->{n} ] for 1 .. $k;
	}
	for my $group (@groups)
	{
		my $sum = fraction(0);
		$sum = $sum + $_->[1] for @$group;
		last if $sum <= $tier->{value};
		for my $unit (@$group)
		{
			my ($i, $price) = @$unit;

			$raw{$i} = ($raw{$i} || fraction(0)) + $price * ($sum - $tier->{value}) / $sum;
			$used{$i}++;
		}
	}
	my ($shares) = give_in_place($c, $s, $rule, \%raw);
	return { shares => $shares, used => \%used, takes => { map { $_ => 1 } keys %used } };
}

sub graduated
{
	my ($c, $s, $rule, $basis, $units, @lines) = @_;
	my @tiers = @{ $rule->{tiers} };

	if ($tiers[-1]{cond} eq 'spend')
	{
		my $sum = fraction(0);

		for my $t (0 .. $#tiers)
		{
			next if !times_reached($rule, $tiers[$t], $basis, $units);
			my $from = $tiers[$t]{n} || 0;
			my $to = $t < $#tiers ? min($basis, $tiers[ $t + 1 ]{n}) : $basis;
			my $slice = max(0, $to - $from);

			$sum = $sum + ($tiers[$t]{act} eq 'save_percent' ? fraction($slice, WHOLE) * $tiers[$t]{value} : min($slice, $tiers[$t]{value}));
		}
		return { shares => give_by_left($c, $s, $rule, $sum, @lines) };
	}

	my @units = group_order($rule, list_units($c, $s, @lines));
	my (%raw, $by_line);
	for my $t (0 .. $#tiers)
	{
		my $from = ($tiers[$t]{n} || 1) - 1;
		my $to = $t < $#tiers ? min(scalar @units, $tiers[ $t + 1 ]{n} - 1) : @units;
		next if $from >= $to;
		my @slice = @units[ $from .. $to - 1 ];

		if ($tiers[$t]{act} eq 'save_amount')
		{
			my $sum = fraction(0);
			$sum = $sum + $_->[1] for @slice;
			next if $sum == 0;
			my $saved = $sum < $tiers[$t]{value} ? $sum : fraction($tiers[$t]{value});
			$raw{ $_->[0] } = ($raw{ $_->[0] } || fraction(0)) + $_->[1] * $saved / $sum for @slice;
		}
		else
		{
			my $n = count_lines(@slice);

			$by_line = 1;
			$raw{$_} = ($raw{$_} || fraction(0)) + raw_of($tiers[$t], average_price($c, $s, $_) * $n->{$_}, $n->{$_} * QTY) for keys %$n;
		}
	}
	return { shares => give_by_line($c, $s, $rule, \%raw) } if $by_line && $rule->{stage} eq 'product';
	my ($shares) = give_in_place($c, $s, $rule, \%raw);
	return { shares => $shares };
}

# ---------------------------------------------------------------------------
# 5. Rewards
# ---------------------------------------------------------------------------

sub saving_of
{
	my ($tier, $price) = @_;
	my ($action, $value) = @$tier{qw(act value)};

	return $price if $action =~ /^(get_free|gift)$/;
	return $price * $value / WHOLE if $action eq 'get_percent';
	return $price < $value ? $price : fraction($value) if $action eq 'get_amount';
	return $price > $value ? $price - $value : fraction(0);		# get_price, add
}

# lines of the SKUs that a reward names
sub named_lines
{
	my ($c, $s, $rule, $allow, $skus) = @_;

	return grep {
		my $i = $_;
		(any { $_ eq $c->{lines}[$i]{sku} } @$skus) && open_to($c, $s, $rule, $allow, $i)
	} 0 .. $#{ $c->{lines} };
}

sub reward
{
	my ($c, $s, $rule, $tier, $k, $allow, @lines) = @_;
	my @sources = @{ $tier->{skus} || [] } ? named_lines($c, $s, $rule, $allow, $tier->{skus}) : @lines;
	my @pool = reward_order($rule, list_units($c, $s, @sources));
	my %in_scope = map { $_ => 1 } @lines;
	my $all = sum0 map { units_of($c, $s, $_) } @lines;
	my ($count, $r) = ($tier->{count}, 0);

	if ($tier->{cond} =~ /^(buy|every_units)$/)
	{
		my $within = 0;

		for my $try (1 .. min(scalar @pool, defined $rule->{limit} ? $rule->{limit} : scalar @pool))
		{
			my $times = int(($try + $count - 1) / $count);

			$within++ if $in_scope{ $pool[ $try - 1 ][0] };
			last if $all - $within < $times * $tier->{n} || (defined $rule->{times} && $times > $rule->{times});
			($r, $k) = ($try, $times);
		}
	}
	else
	{
		$r = min($k * $count, scalar @pool, defined $rule->{limit} ? $rule->{limit} : ());
	}
	return { shares => {}, offers => 1 } if !$r;
	return rewarded($c, $s, $rule, $tier, $k, [ @pool[ 0 .. $r - 1 ] ], 'get_free', @lines);
}

sub add_or_gift
{
	my ($c, $s, $rule, $tier, $basis, $units, $allow, @lines) = @_;
	my @pool = grep { saving_of($tier, $_->[1]) > 0 }
		list_units($c, $s, named_lines($c, $s, $rule, $allow, $tier->{skus}));
	@pool = sort { saving_of($tier, $b->[1]) <=> saving_of($tier, $a->[1]) || $a->[0] <=> $b->[0] } @pool;
	my %in_scope = map { $_ => 1 } @lines;
	my %units_left = %$units;
	my $basis_left = fraction($basis);
	my @rewards;

	for my $unit (@pool)
	{
		my ($i, $sku) = ($unit->[0], $c->{lines}[ $unit->[0] ]{sku});
		my ($basis_without, %units_without) = ($basis_left, %units_left);

		if ($in_scope{$i})
		{
			$basis_without = $basis_left - fraction(basis_of($c, $s, $rule, $i) * QTY, effective($c, $s, $i));
			$units_without{$sku}--;
		}
		next if @rewards + 1 > times_reached($rule, $tier, $basis_without, \%units_without) * $tier->{count};
		push @rewards, $unit;
		($basis_left, %units_left) = ($basis_without, %units_without);
	}
	return { shares => {}, offers => 1 } if !@rewards;
	my $k = int((@rewards + $tier->{count} - 1) / $tier->{count});
	return rewarded($c, $s, $rule, $tier, $k, \@rewards, 'gift', @lines);
}

# the discount of reward units, and what they and their qualifiers use up
sub rewarded
{
	my ($c, $s, $rule, $tier, $k, $rewards, $free_action, @lines) = @_;
	my $n = count_lines(@$rewards);
	my %raw = map { $_ => saving_of($tier, average_price($c, $s, $_)) * $n->{$_} } keys %$n;
	my ($shares, $cut) = give_in_place($c, $s, $rule, \%raw);
	my (%used, %takes, @qualifiers);
	my $rewards_last = sub {
		my %skip = %$n;
		my (@first, @last);

		push @{ $skip{ $_->[0] } && $skip{ $_->[0] }-- ? \@last : \@first }, $_ for qualifying_order(@_);
		return (@first, @last);
	};

	$used{$_} += $n->{$_} for keys %$n;
	if ($tier->{cond} =~ /^(buy|every_units)$/)
	{
		@qualifiers = ($rewards_last->($rule, list_units($c, $s, @lines)))[ 0 .. $k * $tier->{n} - 1 ];
	}
	elsif ($tier->{cond} eq 'buy_set')
	{
		@qualifiers = map { @$_ } set_units($c, $s, $rule, $k, $rewards_last, @lines);
	}
	my $q = count_lines(@qualifiers);
	for my $i (keys %$q)
	{
		$used{$i} = min(($used{$i} || 0) + $q->{$i}, units_of($c, $s, $i));
		$takes{$i} = 1;
	}
	my %free = $tier->{act} eq $free_action ? map { $_ => $n->{$_} } grep { !$cut->{$_} } keys %$n : ();
	return { shares => $shares, used => \%used, free => \%free, takes => \%takes };
}

# ---------------------------------------------------------------------------
# 7. Which rules apply
# ---------------------------------------------------------------------------

sub weekday_and_minute
{
	my ($at, $offset) = @_;
	my $local = $at + $offset;
	my $day = POSIX::floor($local / 86400);

	return (($day + 4) % 7, int(($local - $day * 86400) / 60));		# 1970-01-01 was a Thursday
}

sub in_window
{
	my ($rule, $at, $offset) = @_;
	my ($weekday, $minute) = weekday_and_minute($at, $offset);
	my $day_fits = sub { my ($d) = @_; !$rule->{days} || any { $_ == $d } @{ $rule->{days} } };

	return $day_fits->($weekday) if !$rule->{hours};
	for my $hours (@{ $rule->{hours} })
	{
		my ($from, $to) = @$hours;

		return 1 if $from < $to && $minute >= $from && $minute < $to && $day_fits->($weekday);
		return 1 if $from > $to && $minute >= $from && $day_fits->($weekday);
		return 1 if $from > $to && $minute < $to && $day_fits->(($weekday + 6) % 7);
	}
	return 0;
}

sub is_in
{
	my ($set, $entry, $request) = @_;
	my $rule = $entry->{rule};
	my $has = sub { my ($list, $names) = @_; any { my $n = $_; any { $_ eq $n } @$names } @$list };

	return 0 if any { $_ eq $entry->{name} } @{ $request->{without} };
	return 0 if $entry->{during} && ($request->{at} < $entry->{during}[0] || $request->{at} >= $entry->{during}[1]);
	return 0 if !in_window($rule, $request->{at}, $set->{offset} || 0);
	return 0 if any { !$has->($_, $request->{buyer}) } @{ $rule->{for} || [] };
	return 0 if $rule->{codes} && !$has->($rule->{codes}, $request->{codes});
	return 1;
}

# changes the state by an effect
sub commit
{
	my ($c, $s, $rule, $effect, $taker) = @_;

	for my $i (sort { $a <=> $b } keys %{ $effect->{shares} })
	{
		my $amount = $effect->{shares}{$i};

		next if !$amount;
		$s->{left}[$i] -= $amount;
		push @{ $s->{adjustments} }, [ $rule->{name}, $i, $amount ];
		$s->{closed}[$i] = 1 if $rule->{stop};
	}
	if ($effect->{fee})
	{
		$s->{fee} -= $effect->{fee};
		push @{ $s->{adjustments} }, [ $rule->{name}, -1, $effect->{fee} ];
	}
	$s->{points} += $effect->{points};
	$s->{pointed}{ $rule->{name} } = 1 if $effect->{points};
	return if !money_in($effect);
	$s->{money}{ $rule->{name} } = 1;
	$s->{free}[$_] += $effect->{free}{$_} for keys %{ $effect->{free} };
	$s->{used}[$_] += $effect->{used}{$_} for keys %{ $effect->{used} };
	return if !$taker;
	$s->{taken}{ $c->{lines}[$_]{sku} } = $taker for keys %{ $effect->{takes} };
}

# rules of one stage in levels of equal priority, highest first, each by name
sub levels
{
	my ($rules, $stage) = @_;
	my %by;

	push @{ $by{ $_->{priority} } }, $_ for sort { $a->{name} cmp $b->{name} } grep { $_->{stage} eq $stage } @$rules;
	return map { $by{$_} } sort { $b <=> $a } keys %by;
}

sub wants
{
	my ($c, $s, $rule, $i) = @_;
	my $line = $c->{lines}[$i];

	return 0 if $s->{closed}[$i];
	my $taker = $s->{taken}{ $line->{sku} };
	return 0 if defined $taker && !($taker eq STACK && $rule->{stack});
	return 1 if in_scope($c, $s, $rule->{scope}, $i);
	return any { any { $_ eq $line->{sku} } @{ $_->{skus} || [] } } @{ $rule->{tiers} };
}

# rules that say `stack` are rivals of the others as one
sub rival { my ($rule) = @_; return $rule->{stack} ? STACK : $rule->{name} }

# one way of sharing out: what the rivals of one priority make of it
sub share_out
{
	my ($c, $s, $level, $given) = @_;
	my $t = copy($s);

	die "too many ways\n" if ++$ways > $max_ways;
	for my $rule (@$level)
	{
		my $rival = rival($rule);
		my %allow = %{ $given->{$rival} || {} };

		if ($rule->{stack})
		{
			$allow{$_} = 1 for grep { $t->{taken}{$_} eq STACK } keys %{ $t->{taken} };
		}
		my $effect = effect($c, $t, $rule, \%allow);
		commit($c, $t, $rule, $effect, $rival) if money_in($effect) > 0;
	}
	return $t;
}

# Whether a rule wants products that it is reached on: not if it gives no money
# on any part of them, unless such rules are rivals, too.
sub has_use_for
{
	my ($c, $s, $rule, $skus) = @_;
	my @parts = ({});

	return 0 if !effect($c, $s, $rule, $skus)->{reached};
	return 1 if $c->{useless_too};
	for my $sku (keys %$skus)
	{
		@parts = map { ({ %$_, $sku => 1 }, $_) } @parts;
	}
	return 1 if any { money_in(effect($c, $s, $rule, $_)) > 0 } @parts;
	$c->{useless} = 1;
	return 0;
}

# every end state of the product stage
sub product_ways
{
	my ($c, $s, @levels) = @_;
	my $level = shift @levels;

	return ($s) if !$level;
	my @reached;
	my %wanting;						# SKU => rivals
	for my $rule (@$level)
	{
		my %skus = map { $c->{lines}[$_]{sku} => 1 } grep { wants($c, $s, $rule, $_) } 0 .. $#{ $c->{lines} };

		if ($rule->{scope}{each})
		{
			delete @skus{ grep { !has_use_for($c, $s, $rule, { $_ => 1 }) } keys %skus };
		}
		next if !has_use_for($c, $s, $rule, \%skus);
		push @reached, $rule;
		$wanting{$_}{ rival($rule) } = 1 for keys %skus;
	}
	$level = \@reached;
	my @skus = grep { !defined $s->{taken}{$_} } sort keys %wanting;
	my @given = ({});
	for my $sku (@skus)
	{
		@given = map { my $g = $_; map { { %$g, $sku => $_ } } sort keys %{ $wanting{$sku} } } @given;
		die "too many ways\n" if @given > $max_ways;
	}
	my $by_rival = sub {
		my ($g) = @_;
		my %by;

		$by{ $g->{$_} }{$_} = 1 for keys %$g;
		return \%by;
	};

	my (@all, @allowed);
	for my $g (@given)
	{
		my $given = $by_rival->($g);
		my $t = share_out($c, $s, $level, $given);

		push @all, $t;
		push @allowed, $t if !wastes($c, $s, $t, $level, $given, \%wanting);
	}
	$c->{wasted} = 1 if @allowed < @all;
	$c->{all_wasted} = 1 if !@allowed;
	@allowed = @all if !@allowed || $c->{any_way};
	my %seen;
	return map { product_ways($c, $_, @levels) } grep { !$seen{ key_of($_) }++ } @allowed;
}

# "A product that a reached rule wants does not go unused": whether a rival
# would take a product that is left over, were it given that or all of them
sub wastes
{
	my ($c, $s, $t, $level, $given, $wanting) = @_;
	my @unused = grep { !defined $t->{taken}{$_} } sort keys %$wanting;

	for my $rival (uniq map { rival($_) } @$level)
	{
		my @wanted = grep { $wanting->{$_}{$rival} } @unused;

		for my $more ([@wanted], map { [$_] } @wanted)
		{
			my $u = share_out($c, $s, [ grep { rival($_) eq $rival } @$level ],
				{ $rival => { %{ $given->{$rival} || {} }, map { $_ => 1 } @$more } });

			return 1 if any { defined $u->{taken}{$_} } @$more;
		}
	}
	return 0;
}

# every end state of a later stage
sub later_ways
{
	my ($c, $s, $slot, @levels) = @_;
	my $level = shift @levels;

	return ($s) if !$level || $slot eq 'one';
	die "too many ways\n" if ++$ways > $max_ways;
	my @options;
	my $gave = 0;
	my $t = copy($s);
	for my $rule (grep { $_->{stack} } @$level)
	{
		my $effect = effect($c, $t, $rule);

		next if !gives($effect);
		commit($c, $t, $rule, $effect);
		$gave = 1;
	}
	push @options, [ $t, 'stack' ] if $gave;
	if ($slot eq '')
	{
		for my $rule (grep { !$_->{stack} } @$level)
		{
			my $effect = effect($c, $s, $rule);

			next if !gives($effect);
			my $u = copy($s);
			commit($c, $u, $rule, $effect);
			push @options, [ $u, 'one' ];
		}
	}
	@options = ([ $s, $slot ]) if !@options;
	return map { later_ways($c, $_->[0], $_->[1], @levels) } @options;
}

# The SKUs that rules compete for, directly or through others, in groups: the
# group of each line.  A rule on each SKU competes for every SKU by itself.
sub groups_of_products
{
	my ($c, $rules) = @_;
	my $lines = $c->{lines};
	my @group = 0 .. $#$lines;
	my $join = sub {
		my ($first, @others) = uniq map { $group[$_] } @_;

		for my $other (@others) { $_ == $other and $_ = $first for @group }
	};

	for my $i (0 .. $#$lines)
	{
		$join->(grep { $lines->[$_]{sku} eq $lines->[$i]{sku} } 0 .. $#$lines);
	}
	my $s = start($c);
	for my $rule (grep { $_->{stage} eq 'product' && !$_->{scope}{each} && whens_hold($c, $s, $_) } @$rules)
	{
		my @wanted = grep { wants($c, $s, $rule, $_) } 0 .. $#$lines;

		$join->(@wanted) if @wanted;
	}
	return \@group;
}

# the states with the lowest total; ties: fewer rules, then their names, in the
# product stage (where $group is given) in each group of products by itself
sub compare_names
{
	my ($x, $y) = @_;

	for my $i (0 .. min($#$x, $#$y))
	{
		my $order = $x->[$i] cmp $y->[$i];
		return $order if $order;
	}
	return @$x <=> @$y;
}

sub giving
{
	my ($s, $group) = @_;

	return sort keys %{ $s->{money} } if !$group;
	return sort { $a cmp $b } uniq map { "$_->[0]\0$group->[ $_->[1] ]" } @{ $s->{adjustments} };
}

sub compare_states
{
	my ($x, $y, $group) = @_;
	my @x = giving($x, $group);
	my @y = giving($y, $group);

	return total_of($x) <=> total_of($y)
		|| @x <=> @y
		|| compare_names(\@x, \@y)
		|| keys %{ $x->{pointed} } <=> keys %{ $y->{pointed} }
		|| compare_names([ sort keys %{ $x->{pointed} } ], [ sort keys %{ $y->{pointed} } ]);
}

sub best
{
	my ($group, @states) = @_;
	my @best;
	my %seen;

	for my $s (@states)
	{
		my $order = @best ? compare_states($s, $best[0], $group) : -1;

		@best = () if $order < 0;
		push @best, $s if $order <= 0;
	}
	return grep { !$seen{ key_of($_) }++ } @best;
}

# The best end states of the whole cart under some rules.  `stage` search keeps
# the best of each stage: where several are, later stages go on from any of
# them, so that totals may differ.  `cart` search keeps all.
sub all_ways
{
	my ($c, $rules, $search) = @_;
	my @states = product_ways($c, start($c), levels($rules, 'product'));

	@states = best_of($c, groups_of_products($c, $rules), @states) if $search eq 'stage';
	for my $stage (qw(order code shipping points))
	{
		my %seen;

		@states = best_of($c, undef, @states) if $search eq 'cart' && $stage eq 'points';
		@states = grep { !$seen{ key_of($_) }++ } map {
			my @ways = later_ways($c, begin($_), '', levels($rules, $stage));
			$search eq 'stage' || $stage eq 'points' ? best_of($c, undef, @ways) : @ways
		} @states;
	}
	return @states;
}

# where any way will do, all of them
sub best_of { my ($c, $group, @states) = @_; return $c->{any_way} ? @states : best($group, @states) }

# Whether a rule is a choice of its group: a product rule that has no line in
# its scope, or whose `when` the cart does not meet, is none.
sub concerns
{
	my ($c, $rule) = @_;
	my $s = start($c);

	return 1 if $rule->{stage} ne 'product';
	return whens_hold($c, $s, $rule) && any { in_scope($c, $s, $rule->{scope}, $_) } 0 .. $#{ $c->{lines} };
}

# every choice of one rule of each group
sub group_choices
{
	my ($c, $rules) = @_;
	my %groups;

	push @{ $groups{ $_->{group} } }, $_ for grep { defined $_->{group} && concerns($c, $_) } @$rules;
	my @choices = ([ grep { !defined $_->{group} } @$rules ]);
	for my $group (sort keys %groups)
	{
		@choices = map { my $choice = $_; map { [ @$choice, $_ ] } @{ $groups{$group} } } @choices;
	}
	return @choices;
}

# every way of leaving out rules that give money
sub left_out
{
	my ($rules) = @_;
	my @sets = ([]);

	for my $rule (@$rules)
	{
		@sets = map { $rule->{stage} eq 'points' ? [ @$_, $rule ] : ([ @$_, $rule ], $_) } @sets;
	}
	return @sets;
}

sub price_under
{
	my ($c, $rules, $search) = @_;
	my @sets = group_choices($c, $rules);

	@sets = map { left_out($_) } @sets if $search eq 'cart';
	my (%seen, @states, $bar);
	for my $set (@sets)
	{
		next if $seen{ join "\0", sort map { $_->{name} } @$set }++;
		my @ways = sort { compare_states($a, $b) } all_ways($c, $set, $search);
		push @states, @ways;
		$bar = $ways[-1] if !$bar || compare_states($ways[-1], $bar) < 0;
	}
	# any state that no set of rules is sure to better
	@states = sort { compare_states($a, $b) } @states;
	return $c->{any_way} ? @states : grep { compare_states($_, $bar) <= 0 } @states;
}

# lines with their amounts, in the order of their numbers, and the rest that
# does not change while a cart is priced
sub context
{
	my ($cart, $set, $request) = @_;
	my $c = { unit => $set->{unit}, rounding => $set->{rounding}, fee => $request->{fee}, any_way => $set->{any_way}, useless_too => $set->{useless_too} };

	$c->{lines} = [ map {
		{ %$_, amount => round_to(fraction($_->{price} * $_->{qty}, QTY), $c->{unit}, $c->{rounding}) }
	} sort { $a->{line} <=> $b->{line} } @$cart ];
	return $c;
}

# cart: [{line, sku, qty, price, tags, cost, floor}], set: {unit, rounding,
# search, offset (of the zone, in seconds), rules => [{name, rule, priority,
# during}]}, request: {at, buyer, codes, fee, without}
sub price
{
	my ($cart, $set, $request) = @_;
	my $c = context($cart, $set, $request);
	my @rules = map {
		{ %{ $_->{rule} }, name => $_->{name}, priority => $_->{priority} || 0, stage => stage_of($_->{rule}) }
	} grep { is_in($set, $_, $request) } @{ $set->{rules} };
	my @exclusive = sort { $b->{priority} <=> $a->{priority} || $a->{name} cmp $b->{name} } grep { $_->{exclusive} } @rules;
	my $full = total_of(start($c));
	my @states;

	$ways = 0;
	my @alone = map { [ $_, all_ways($c, [$_], $set->{search}) ] } @exclusive;
	if (my @saving = grep { total_of($_->[1]) < $full } @alone)
	{
		my ($priority) = map { $_->[0]{priority} } @saving;
		my ($chosen) = sort { total_of($a->[1]) <=> total_of($b->[1]) || $a->[0]{name} cmp $b->[0]{name} }
			grep { $_->[0]{priority} == $priority } @saving;

		@states = @$chosen[ 1 .. $#$chosen ];
	}
	else
	{
		@states = price_under($c, [ grep { !$_->{exclusive} } @rules ], $set->{search});
		if (total_of($states[0]) == $full
			&& (my $chosen = first { $_->[1]{points} > 0 || offers_something($c, $_->[0]) } @alone))
		{
			@states = @$chosen[ 1 .. $#$chosen ];
		}
	}
	return map { answer($c, $_) } @states;
}

sub offers_something
{
	my ($c, $rule) = @_;
	my %allow = map { $_->{sku} => 1 } @{ $c->{lines} };

	return effect($c, start($c), $rule, $rule->{stage} eq 'product' ? \%allow : undef)->{offers};
}

sub answer
{
	my ($c, $s) = @_;
	my %adjustments;

	for my $a (@{ $s->{adjustments} })
	{
		$adjustments{ $a->[0] }{ $a->[1] < 0 ? 'shipping' : $c->{lines}[ $a->[1] ]{line} } += $a->[2];
	}
	return {
		nets => { map { $c->{lines}[$_]{line} => $s->{left}[$_] } 0 .. $#{ $c->{lines} } },
		adjustments => \%adjustments,
		shipping => $s->{fee},
		points => $s->{points},
		total => total_of($s),
		ways => $ways,
		wasted => $c->{wasted},
		all_wasted => $c->{all_wasted},
		useless => $c->{useless},
	};
}

1;
