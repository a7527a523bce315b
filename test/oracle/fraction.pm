# Exact fractions for the oracle: native integers while they fit, Math::BigInt
# beyond.  A fraction is [numerator, denominator] in lowest terms with a
# positive denominator.  Written for obviousness; Math::BigRat would do, but is
# fifty times slower.
package Fraction;

use strict;
use warnings;
use Exporter 'import';
use Math::BigInt;
use overload
	'+'   => sub { my ($x, $y) = pair(@_); fraction(sum(product($x->[0], $y->[1]), product($y->[0], $x->[1])), product($x->[1], $y->[1])) },
	'-'   => sub { my ($x, $y) = ordered(@_); fraction(sum(product($x->[0], $y->[1]), -product($y->[0], $x->[1])), product($x->[1], $y->[1])) },
	'*'   => sub { my ($x, $y) = pair(@_); fraction(product($x->[0], $y->[0]), product($x->[1], $y->[1])) },
	'/'   => sub { my ($x, $y) = ordered(@_); fraction(product($x->[0], $y->[1]), product($x->[1], $y->[0])) },
	'<=>' => sub { my ($x, $y) = ordered(@_); product($x->[0], $y->[1]) <=> product($y->[0], $x->[1]) },
	'neg' => sub { bless [ -$_[0][0], $_[0][1] ] },
	'bool' => sub { $_[0][0] != 0 },
	'""'  => sub { $_[0][1] == 1 ? "$_[0][0]" : "$_[0][0]/$_[0][1]" };

our @EXPORT_OK = qw(fraction round_to floor_to ceil_to);

use constant NATIVE => 9e18;

# numerator, denominator (1 if left out)
sub fraction
{
	my ($n, $d) = (@_, 1);

	die 'division by zero' if $d == 0;
	($n, $d) = (-$n, -$d) if $d < 0;
	my $g = gcd($n < 0 ? -$n : $n, $d);
	return bless [ $g == 1 ? ($n, $d) : (quotient($n, $g), quotient($d, $g)) ], __PACKAGE__;
}

sub pair
{
	return map { ref eq __PACKAGE__ ? $_ : bless [ $_, 1 ] } @_[0, 1];
}

sub ordered
{
	my ($x, $y) = pair(@_);

	return $_[2] ? ($y, $x) : ($x, $y);
}

sub product
{
	my $p = $_[0] * $_[1];

	return $p if ref $p || abs($p) <= NATIVE;
	return Math::BigInt->new($_[0])->bmul($_[1]);
}

sub sum
{
	my $s = $_[0] + $_[1];

	return $s if ref $s || abs($s) <= NATIVE;
	return Math::BigInt->new($_[0])->badd($_[1]);
}

sub gcd
{
	my ($x, $y) = @_;

	return Math::BigInt::bgcd($x, $y) if ref $x || ref $y;
	($x, $y) = ($y, $x % $y) while $y;
	return $x;
}

# an exact division, back to a native integer where it fits
sub quotient
{
	my ($n, $g) = @_;

	if (ref $n || ref $g)
	{
		my $q = Math::BigInt->new($n)->bdiv($g);	# scalar context: the quotient
		return length($q->bstr) < 18 ? $q->numify + 0 : $q;
	}
	return int_div($n, $g);
}

sub int_div
{
	use integer;
	return $_[0] / $_[1];
}

# the greatest multiple of the unit that is not above a fraction
sub floor_to
{
	my ($x, $unit) = @_;
	my ($n, $d) = @{ fraction_of($x) / $unit };

	return $unit * floor_div($n, $d);
}

sub floor_div
{
	my ($n, $d) = @_;

	if (ref $n || ref $d)
	{
		return Math::BigInt->new($n)->bdiv($d)->numify;		# rounds down, as wanted
	}
	my $q = int_div($n, $d);
	return $q * $d > $n ? $q - 1 : $q;
}

sub ceil_to
{
	my ($x, $unit) = @_;

	return -floor_to(-fraction_of($x), $unit);
}

sub fraction_of
{
	return ref $_[0] ? $_[0] : fraction($_[0]);
}

# a fraction that is not negative to a multiple of the unit
sub round_to
{
	my ($x, $unit, $mode) = @_;
	$x = fraction_of($x);
	my $down = floor_to($x, $unit);
	my $twice = ($x - $down) * 2;

	return $down if $mode eq 'down' || $twice < $unit;
	return $down + $unit if $twice > $unit || $mode eq 'half_up';
	return ($down / $unit) % 2 ? $down + $unit : $down;
}

1;
