# Runs the examples of the documentation, each file in a database of its own.
#
# Usage: perl test/docs/examples.pl [--write] FILE.md...
#
# A fenced block of ```sql is run by psql as it stands, in a session of its own;
# a block without a language right behind it must be what that printed (results
# first, then errors without their context; spaces at the ends of lines aside).  A block of ```text with
# a path must be that file.  In tables, what is written as code in a column "Rule"
# must be a rule, and columns "In English" and "In Chinese" what promo.describe
# says of it.  With --write, all this is filled in, for somebody to read over.
use strict;
use warnings FATAL => 'all';
use utf8;
use open qw(:std :encoding(UTF-8));
use File::Temp qw(tempdir);
use Test::More;

my $write = @ARGV && $ARGV[0] eq '--write' && shift;
my $dir = tempdir(CLEANUP => 1);
@ENV{qw(PGTZ PGCLIENTENCODING PGOPTIONS LC_ALL)} = ('UTC', 'UTF8', '', 'C');

sub slurp
{
	my ($path) = @_;
	open my $file, '<:encoding(UTF-8)', $path or die "$path: $!";
	local $/;
	return scalar <$file> // '';
}

sub spew
{
	my ($path, $text) = @_;
	open my $file, '>:encoding(UTF-8)', $path or die "$path: $!";
	print $file $text;
	close $file or die "$path: $!";
}

# without spaces at the ends of lines and blank lines at both ends
sub trimmed
{
	my ($text) = @_;
	$text =~ s/[ \t]+$//mg;
	$text =~ s/\A\n+|\n+\z//g;
	return $text;
}

# what psql prints for the SQL
sub printed
{
	my ($database, $sql, @options) = @_;
	spew("$dir/sql", $sql);
	my $pid = fork // die "fork: $!";
	if ($pid == 0)
	{
		open STDIN, '<', "$dir/sql" or die;
		open STDOUT, '>', "$dir/out" or die;
		open STDERR, '>', "$dir/err" or die;
		exec 'psql', '-Xq', '-v', 'SHOW_CONTEXT=never', @options, '-d', $database or die;
	}
	waitpid $pid, 0;
	return trimmed(slurp("$dir/out") . slurp("$dir/err"));
}

sub literal
{
	my ($text) = @_;
	$text =~ s/'/''/g;
	return "'$text'";
}

# the block of SQL that was read up to line $$at, and what is shown behind it
sub check_block
{
	my ($path, $database, $sql, $lines, $at, $result) = @_;
	my $line = $$at;
	my $behind = $line;
	my $shown;

	$behind++ while $behind < @$lines && $lines->[$behind] =~ /^\s*$/;
	if ($behind < @$lines && $lines->[$behind] eq '```')
	{
		my @shown;
		push @shown, $lines->[$behind] while $lines->[++$behind] ne '```';
		$shown = join "\n", @shown;
		$$at = $behind + 1;
	}
	my $printed = printed($database, $sql);
	push @$result, '', '```', split(/\n/, $printed, -1), '```' if $printed ne '';
	is($shown // '', $printed, "$path line $line") unless $write;
}

# one row of a table whose columns @$head names
sub check_row
{
	my ($path, $database, $row, $head, $line) = @_;
	my @cell = split / *(?<!\\)\| */, $row =~ s/^\| *| *\|\s*$//gr, -1;
	my %cell = map { $head->[$_] => $cell[$_] // '' } 0 .. $#$head;
	my @rules = $cell{Rule} =~ /`([^`]+)`/g;
	my %language = ('In English' => 'en', 'In Chinese' => 'zh');

	s/\\\|/|/g for @rules;
	foreach my $rule (@rules)
	{
		my $read = printed($database, 'SELECT ' . literal($rule) . '::promo.rule IS NOT NULL', '-At');
		is($read, 't', "$path line $line: $rule") unless $write;
	}
	foreach my $column (grep { exists $language{$_} } @$head)
	{
		my $said = join '<br>', map {
			printed($database, 'SELECT promo.describe(' . literal($_) . ", '$language{$column}')", '-At')
		} @rules;
		is($cell{$column}, $said, "$path line $line: $column") unless $write;
		$cell{$column} = $said;
	}
	return '| ' . join(' | ', map { $cell{$_} } @$head) . ' |';
}

sub check_file
{
	my ($path, $database) = @_;
	my @lines = split /\n/, slurp($path);
	my @result;
	my @head;
	my $at = 0;

	while ($at < @lines)
	{
		my $line = $lines[$at++];

		@head = () if $line !~ /^\|/;
		if ($line =~ /^```/)
		{
			my @block;
			push @result, $line;
			push @block, $lines[$at++] while $lines[$at] ne '```';
			if ($line =~ /^```text (\S+)$/)
			{
				my $file = trimmed(slurp($1));
				is(join("\n", @block), $file, "$path line $at: $1") unless $write;
				@block = split /\n/, $file, -1;
			}
			push @result, @block, $lines[$at++];
			check_block($path, $database, join("\n", @block) . "\n", \@lines, \$at, \@result) if $line eq '```sql';
			next;
		}
		if ($line =~ /^\|/ && !@head)
		{
			@head = split / *\| */, $line =~ s/^\| *| *\|\s*$//gr;
			push @result, $line, $lines[$at++];
			next;
		}
		$line = check_row($path, $database, $line, \@head, $at) if grep { $_ eq 'Rule' } @head;
		push @result, $line;
	}
	spew($path, join("\n", @result) . "\n") if $write;
}

my $number = 0;
foreach my $path (@ARGV)
{
	my $database = 'docs_' . ++$number;
	printed('postgres', "DROP DATABASE IF EXISTS $database");
	printed('postgres', "CREATE DATABASE $database");
	printed($database, 'CREATE EXTENSION promo CASCADE');
	check_file($path, $database);
}
exit if $write;
done_testing();
