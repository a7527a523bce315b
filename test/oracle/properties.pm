#
# Tests that are SQL: each is a query with a row for each case, which says
# whether the property holds for it and what it is.  The server (PGHOST ... from
# the environment) is asked for all of them in one session of psql.
#
package properties;

use strict;
use warnings;
use utf8;
use Exporter 'import';
use File::Temp qw(tempdir);
use Test::More;

our @EXPORT = qw(setup property figure ask);

my $shown = 3;					# cases of each test that fails
my $mark = "\x01";				# before an answer, and between its columns
my @steps;

binmode $_, ':utf8' for *STDOUT, *STDERR, map { Test::More->builder->$_ } qw(output failure_output todo_output);

# statements that the tests behind them need
sub setup { my ($sql) = @_; push @steps, { sql => "$sql\n" } }

# a query of (holds boolean, what it is); it must have cases
sub property
{
	my ($name, $query) = @_;

	push @steps, { name => $name, sql => <<"SQL" };
SELECT '$mark' || ${\ scalar @steps} || '$mark' || count(*) || '$mark' || count(*) FILTER (WHERE holds IS NOT TRUE) || '$mark' ||
	coalesce(array_to_string((array_agg(replace(what, E'\\n', ' ')) FILTER (WHERE holds IS NOT TRUE))[1:$shown], '$mark', 'NULL'), '')
FROM ($query) property (holds, what);
SQL
}

# a query of one value, which is the expected one, or no further from it than by the tolerance
sub figure
{
	my ($name, $expected, $query, $tolerance) = @_;
	my $test = $tolerance ? "abs(value - $expected) <= $tolerance" : "value::text = '$expected'";

	property($name, "SELECT $test, coalesce(value::text, 'NULL') || ' instead of $expected' FROM ($query) figure (value)");
}

# runs all steps, then one test for each property
sub ask
{
	my $dir = tempdir(CLEANUP => 1);
	my $line = 1;
	my (@answers, @errors);

	open my $script, '>:utf8', "$dir/sql" or die "$dir/sql: $!";
	for my $step (@steps)
	{
		$step->{first_line} = $line;
		$line += ($step->{sql} =~ tr/\n//);
		print $script $step->{sql};
	}
	close $script or die "$dir/sql: $!";

	open my $in, '-|:utf8', "PGCLIENTENCODING=UTF8 psql -XAtq -f '$dir/sql' 2>'$dir/errors'" or die "psql: $!";
	while (<$in>)
	{
		chomp;
		my (undef, $step, @answer) = split /$mark/ if /^$mark/;
		$answers[$step] = \@answer if defined $step;
	}
	close $in;

	open my $errors, '<:utf8', "$dir/errors" or die "$dir/errors: $!";
	my $last;
	while (<$errors>)
	{
		if (s/^psql:.*?:(\d+): //)
		{
			my $at = $1;
			($last) = grep { $steps[$_]{first_line} <= $at } reverse 0 .. $#steps;
		}
		$errors[ $last // 0 ] .= $_;
	}

	die @errors ? $errors[0] : "psql does not answer\n" if !@answers;
	for my $n (0 .. $#steps)
	{
		my $name = $steps[$n]{name};
		my ($cases, $bad, @examples) = @{ $answers[$n] || [] };

		if (!defined $name)
		{
			diag("setup: $errors[$n]") if $errors[$n];
			next;
		}
		ok(defined $bad && $bad == 0 && $cases > 0, $name . (($cases // 0) > 1 ? " ($cases cases)" : '')) or
			diag($errors[$n] // ($cases ? "$bad of them differ:\n" . join("\n", @examples) : 'no cases'));
	}
	done_testing();
}

1;
