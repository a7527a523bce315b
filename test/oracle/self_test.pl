#!/usr/bin/perl
# The oracle against figures worked out by hand: the activities of the manual
# and the rules of doc/pricing.md that are easy to get wrong.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use Test::More;
use oracle;

# a decimal of at most four digits as 1/10000
sub m4
{
	my ($whole, $digits) = $_[0] =~ /^(\d+)(?:\.(\d+))?$/ or die "not money: $_[0]";

	return $whole * 10000 + substr(($digits // '') . '0000', 0, 4);
}

# [sku, qty, price, more ...] for every line
sub cart
{
	my $line = 0;

	return [ map { my ($sku, $qty, $price, @more) = @$_; { line => ++$line, sku => $sku, qty => $qty * 1000, price => m4($price), @more } } @_ ];
}

sub on { return { kind => 'sku', names => [@_] } }
sub on_each { return { kind => 'sku', names => [@_], each => 1 } }
sub on_order { return { kind => 'order' } }
sub tier { my ($cond, $n, $act, $value, @more) = @_; return { cond => $cond, n => $n, act => $act, value => $value, @more } }
sub rule { my ($scope, @tiers) = @_; return { scope => $scope, tiers => \@tiers } }
sub with { my ($rule, %clauses) = @_; return { %$rule, %clauses } }

# prices under rules named a, b ...; an array reference is [rule, priority]
sub price
{
	my ($cart, $rules, %request) = @_;
	my $name = 'a';
	my %set = (unit => 100, rounding => 'half_up', search => 'stage', offset => 0, %{ delete $request{set} || {} });
	$set{rules} = [ map { my ($rule, $priority) = ref eq 'ARRAY' ? @$_ : ($_, 0); { name => $name++, rule => $rule, priority => $priority } } @$rules ];
	my @answers = Oracle::price($cart, \%set, { at => 1767225600, buyer => [], codes => [], without => [], fee => 0, %request });

	return $answers[0];
}

sub total_is
{
	my ($cart, $rules, $total, $name, %request) = @_;

	is(price($cart, $rules, %request)->{total}, m4($total), $name);
}

sub nets_are
{
	my ($cart, $rules, $nets, $name, %request) = @_;
	my $answer = price($cart, $rules, %request);

	is_deeply([ map { $answer->{nets}{$_} } sort { $a <=> $b } keys %{ $answer->{nets} } ], [ map { m4($_) } @$nets ], $name);
}

sub percent { return $_[0] * 10000 }

# the activities of the manual
my $one_a = cart([ 'A', 1, 100 ]);
total_is($one_a, [ rule(on('A'), tier('always', 0, 'save_percent', percent(20))) ], 80, '100 at 20% off is 80');

my $by_pieces = rule(on('A'), tier('buy', 2, 'save_percent', percent(5)), tier('buy', 5, 'save_percent', percent(20)));
total_is(cart([ 'A', 1, 100 ]), [$by_pieces], 100, 'one piece: no discount');
total_is(cart([ 'A', 2, 100 ]), [$by_pieces], 190, 'two pieces: 5% off all');
total_is(cart([ 'A', 5, 100 ]), [$by_pieces], 400, 'five pieces: 20% off all');

total_is($one_a, [ rule(on('A'), tier('always', 0, 'save_each', m4(20))) ], 80, '100 sold at 20 less');
total_is($one_a, [ rule(on('A'), tier('always', 0, 'price_each', m4(80))) ], 80, '100 sold at 80');

my $spend_200 = rule(on('A'), tier('spend', m4(200), 'save_amount', m4(30)));
total_is(cart([ 'A', 2, 80 ]), [$spend_200], 160, '80 apiece, spend 200: two are not enough');
total_is(cart([ 'A', 3, 80 ]), [$spend_200], 210, '80 apiece, spend 200: three are');

my $ladder = rule(on('A'), tier('spend', m4(200), 'save_amount', m4(10)), tier('spend', m4(300), 'save_amount', m4(30)), tier('spend', m4(500), 'save_amount', m4(60)));
total_is(cart([ 'A', $_->[0], 100 ]), [$ladder], $_->[1], "ladder: $_->[0] of 100 cost $_->[1]")
	for [ 1, 100 ], [ 2, 190 ], [ 3, 270 ], [ 4, 370 ], [ 5, 440 ];

my $every = rule(on('A'), tier('every', m4(200), 'save_amount', m4(30)));
total_is(cart([ 'A', 5, 100 ]), [$every], 440, 'every 200: twice on 500');
total_is(cart([ 'A', 9, 100 ]), [ with($every, max => m4(90)) ], 810, 'every 200: at most 90');

my $add_on = rule(on('A'), tier('spend', m4(500), 'add', m4(20), count => 1, skus => ['B']));
nets_are(cart([ 'A', 5, 100 ], [ 'B', 2, 50 ]), [$add_on], [ 500, 70 ], 'spend 500, add B at 20: one of two');
nets_are(cart([ 'A', 4, 100 ], [ 'B', 2, 50 ]), [$add_on], [ 400, 100 ], 'spend 500, add B at 20: not reached');
nets_are(cart([ 'A', 3, 100 ], [ 'B', 1, 50 ]), [ rule(on('A'), tier('spend', m4(300), 'gift', 0, count => 1, skus => ['B'])) ], [ 300, 0 ], 'spend 300, gift B');
nets_are(cart([ 'A', 2, 100 ], [ 'B', 2, 50 ]), [ rule(on_order(), tier('spend', m4(250), 'gift', 0, count => 2, skus => ['B'])) ], [ 200, 50 ],
	'a gift does not count for its own condition');

total_is(cart([ 'A', 1, 400 ], [ 'B', 2, 100 ]),
	[ rule(on('B'), tier('always', 0, 'save_percent', percent(20))), rule(on_order(), tier('spend', m4(500), 'save_amount', m4(30), over => 1)) ],
	530, 'the order rule works on what product rules left');
total_is(cart([ 'A', 1, 400 ], [ 'B', 2, 100 ]),
	[ rule(on('B'), tier('always', 0, 'save_percent', percent(50))), rule(on_order(), tier('spend', m4(500), 'save_amount', m4(30), over => 1)) ],
	500, 'exactly 500 is not over 500');

my $first = with(rule(on_order(), tier('spend', m4(100), 'save_amount', m4(50), over => 1)), for => [ ['first_order'] ]);
total_is(cart([ 'A', 1, 100.01 ]), [$first], 50.01, 'a first order over 100 saves 50', buyer => ['first_order']);
total_is(cart([ 'A', 1, 100 ]), [$first], 100, 'a first order of 100 does not', buyer => ['first_order']);
total_is(cart([ 'A', 1, 200 ]), [$first], 200, 'nor does another order');

my $bundle = cart([ 'A', 2, 100 ], [ 'B', 1, 80 ], [ 'C', 3, 50 ]);
total_is($bundle, [ rule(on(qw(A B C)), tier('buy_set', 0, 'total', m4(199))) ], 399, 'one complete set at 199');
total_is(cart([ 'A', 2, 100 ], [ 'B', 2, 80 ]), [ rule(on(qw(A B)), tier('buy_set', 0, 'total', m4(150))) ], 300, 'two sets');
total_is($bundle, [ rule(on(qw(A B D)), tier('buy_set', 0, 'total', m4(100))) ], 430, 'no complete set');
total_is(cart([ 'A', 4, 100 ], [ 'B', 5, 20 ]), [ rule(on(qw(A B)), tier('buy', 3, 'total', m4(100))) ], 260,
	'buy 3 total 100: dearest first, a group that is cheaper keeps its price');
total_is(cart([ 'A', 1, 600 ], [ 'B', 1, 500 ]), [ rule(on(qw(A B)), tier('spend', m4(1000), 'save_amount', m4(100))) ], 1000, 'spend 1000 on several products');

# units
my $get = sub { rule(on('A'), tier('buy', $_[0], 'get_free', 0, count => $_[1])) };
total_is(cart([ 'A', $_->[2], 10 ]), [ $get->(@$_[ 0, 1 ]) ], $_->[3], "buy $_->[0] get $_->[1] of $_->[2]")
	for [ 2, 1, 2, 20 ], [ 2, 1, 3, 20 ], [ 2, 1, 5, 40 ], [ 2, 1, 6, 40 ], [ 2, 2, 7, 40 ], [ 2, 2, 3, 20 ];
nets_are(cart([ 'A', 2, 30 ], [ 'B', 1, 10 ]), [ rule(on(qw(A B)), tier('buy', 2, 'get_free', 0, count => 1)) ], [ 60, 0 ], 'the cheapest is free');
nets_are(cart([ 'A', 2, 30 ], [ 'B', 1, 10 ]), [ with(rule(on(qw(A B)), tier('always', 0, 'save_percent', percent(50))), limit => 2) ],
	[ 45, 5 ], 'limit takes the cheapest');
nets_are(cart([ 'A', 2, 30 ], [ 'B', 2, 10 ]), [ rule(on(qw(A B)), tier('every_units', 3, 'save_each', m4(5))) ], [ 50, 15 ], 'every 3 units: the full group, the dearest');
total_is(cart([ 'A', 0.35, 20 ]), [ rule(on('A'), tier('always', 0, 'save_each', m4(2))) ], '6.30', 'each counts fractions');
total_is(cart([ 'A', 4, 100 ]), [ with(rule(on('A'), tier('always', 0, 'save_percent', percent(10)), tier('buy', 3, 'save_percent', percent(50))), graduated => 1) ],
	280, 'graduated by units');
total_is(cart([ 'A', 4, 100 ]), [ with(rule(on('A'), tier('spend', m4(100), 'save_percent', percent(10)), tier('spend', m4(300), 'save_percent', percent(50))), graduated => 1) ],
	330, 'graduated by money');

# rounding and apportionment
my $thirds = cart(map { [ $_, 1, 10 ] } qw(A B C));
nets_are($thirds, [ rule(on_order(), tier('always', 0, 'save_amount', m4(10))) ], [ 6.66, 6.67, 6.67 ], 'largest remainder, ties to the earlier line');
nets_are($thirds, [ with(rule(on_order(), tier('always', 0, 'save_amount', m4(10))), floor => m4(9)) ], [ 9, 9, 9 ], 'nothing goes below the floor');
nets_are(cart([ 'A', 1, 10, floor => m4(9) ], [ 'B', 1, 10 ]), [ rule(on_order(), tier('always', 0, 'save_amount', m4(10))) ], [ 9, 1 ], 'what a floor blocks goes to the others');
total_is(cart([ 'A', 1, '10.50' ]), [ rule(on('A'), tier('always', 0, 'save_percent', percent(15))) ], 8.92, 'the discount is rounded, not the price');
total_is(cart([ 'A', 1, '10.50' ]), [ rule(on('A'), tier('always', 0, 'save_percent', percent(15))) ], 8.93, 'rounded down', set => { rounding => 'down' });
total_is(cart([ 'A', 1, '10.50' ]), [ rule(on('A'), tier('always', 0, 'save_percent', percent(15))) ], 8.92, 'half to even: 1.575 is 1.58', set => { rounding => 'half_even' });
total_is(cart([ 'A', 1, '10.30' ]), [ rule(on('A'), tier('always', 0, 'save_percent', percent(15))) ], 8.76, 'half to even: 1.545 is 1.54', set => { rounding => 'half_even' });
nets_are(cart([ 'A', 1, 100, cost => m4(72) ], [ 'B', 1, 100 ]), [ with(rule(on_order(), tier('always', 0, 'save_percent', percent(50))), margin => percent(10)) ],
	[ 80, 100 ], 'margin leaves cost / 0.9; without a cost nothing is given');

# which rules apply
my $ten = rule(on('A'), tier('always', 0, 'save_percent', percent(10)));
my $half = rule(on('A'), tier('always', 0, 'save_percent', percent(50)));
total_is($one_a, [ $ten, $half ], 50, 'among equals the lowest total');
total_is($one_a, [ [ $ten, 1 ], $half ], 90, 'the higher priority first');
total_is($one_a, [ [ $ten, 1 ], $half ], 50, 'unless the whole cart decides', set => { search => 'cart' });
total_is($one_a, [ with($ten, stack => 1), with($half, stack => 1) ], 45, 'stacked rules share');
total_is($one_a, [ with($ten, exclusive => 1), $half ], 90, 'an exclusive rule is alone');
total_is($one_a, [ with($ten, group => 'g'), with(rule(on_order(), tier('always', 0, 'save_amount', m4(15))), group => 'g') ], 85, 'of a group the best');
total_is($one_a, [ with($ten, stop => 1), rule(on_order(), tier('always', 0, 'save_amount', m4(15))) ], 90, 'nothing behind a stop');
total_is(cart([ 'A', 1, 100 ], [ 'B', 1, 100 ]), [ rule(on(qw(A B)), tier('spend', m4(200), 'save_amount', m4(30))), rule(on('A'), tier('always', 0, 'save_percent', percent(20))) ],
	170, 'a line of another rule does not count');
is(price($one_a, [ rule(on_order(), tier('spend', m4(100), 'ship_free', 0)) ], fee => m4(6))->{shipping}, 0, 'free shipping');
is(price($one_a, [ rule(on_order(), tier('every', m4(30), 'earn', m4(10))) ])->{points}, m4(30), 'points for every full 30');

done_testing();
