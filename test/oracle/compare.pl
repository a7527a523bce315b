#!/usr/bin/perl
#
# Usage: compare.pl [CASES [SEED [KIND]]]
#
# Prices generated carts in a running server (PGHOST ... from the environment,
# the extension installed) and by the oracle, and compares them to the cent:
# one TAP test for each kind of rule, and one for each property that holds for
# every cart.  Of what differs, the first cases are shown, reduced to the
# smallest cart and rules that still differ.  ORACLE_CASES and ORACLE_SEED do
# as the arguments.
#
use strict;
use warnings;
use utf8;
use FindBin;
use lib $FindBin::Bin;
use Encode qw(encode);
use File::Temp qw(tempdir);
use JSON::PP;
use List::Util qw(shuffle sum0);
use POSIX ();
use Storable qw(dclone);
use Test::More;
use generate;
use oracle;

my $ncases = shift // $ENV{ORACLE_CASES} // 4000;
my $seed = shift // $ENV{ORACLE_SEED} // 1;
my @kinds = @ARGV ? @ARGV : @Generate::kinds;
my $shown = 2;					# of each test that fails
my $dir = tempdir(CLEANUP => 1);
my $json = JSON::PP->new->canonical;

binmode $_, ':utf8' for *STDOUT, *STDERR, map { Test::More->builder->$_ } qw(output failure_output todo_output);

# ---------------------------------------------------------------------------
# A case as SQL
# ---------------------------------------------------------------------------

sub quoted { my ($text) = @_; $text =~ s/'/''/g; return "'$text'" }

sub text_array { return 'ARRAY[' . join(', ', map { quoted($_) } @_) . ']::text[]' }

sub instant { return POSIX::strftime('%Y-%m-%d %H:%M:%S+00', gmtime $_[0]) }

sub quantity { return Generate::decimal($_[0], Generate::QTY) }

sub cart_json
{
	my ($cart) = @_;

	return $json->encode([ map {
		my $line = $_;
		{
			line => $line->{line}, sku => $line->{sku}, qty => quantity($line->{qty}), price => Generate::money($line->{price}),
			@{ $line->{tags} } ? (tags => $line->{tags}) : (),
			map { defined $line->{$_} ? ($_ => Generate::money($line->{$_})) : () } qw(cost floor)
		}
	} @$cart ]);
}

sub ruleset_json
{
	my ($set) = @_;

	return $json->encode({
		unit => Generate::money($set->{unit}), rounding => $set->{rounding}, zone => $set->{zone}, search => $set->{search},
		rules => [ map {
			{
				name => $_->{name}, rule => $_->{text},
				defined $_->{priority} ? (priority => $_->{priority}) : (),
				$_->{during} ? (during => '[' . join(',', map { instant($_) } @{ $_->{during} }) . ')') : ()
			}
		} @{ $set->{rules} } ],
	});
}

# the rules' texts are made once, so that a case says the same each time
sub generated
{
	my ($seed, $kind) = @_;
	my $case = Generate::case($seed, $kind);

	$_->{text} = Generate::rule_text($_->{rule}) for @{ $case->{set}{rules} };
	return $case;
}

sub insert_sql
{
	my ($n, $case) = @_;
	my $r = $case->{request};

	return "INSERT INTO oracle_case VALUES ($n, " . join(', ', quoted(cart_json($case->{cart})), quoted(ruleset_json($case->{set})),
		quoted(instant($r->{at})), (map { text_array(@{ $r->{$_} }) } qw(buyer codes)), Generate::money($r->{fee}), text_array(@{ $r->{without} })) . ");\n";
}

my $prelude = <<'SQL';
SET search_path = promo, public;
SET client_min_messages = warning;
CREATE TEMP TABLE oracle_case (n int PRIMARY KEY, cart promo.cart, rules promo.ruleset, at timestamptz,
	buyer text[], codes text[], fee numeric, without text[], quote promo.quote);
CREATE FUNCTION pg_temp.price_case(c oracle_case, more text[] DEFAULT '{}') RETURNS promo.quote LANGUAGE sql AS
	$$ SELECT promo.price(c.cart, c.rules, c.at, c.buyer, c.codes, c.fee, c.without || more) $$;
SQL

my $figures = <<'SQL';
SELECT n || ' figures ' || json_build_object(
	'total', total(quote)::text, 'shipping', shipping(quote)::text, 'points', points(quote)::text,
	'optimal', quote::json->'optimal',
	'nets', (SELECT json_object_agg(line, net::text) FROM promo.lines(quote)),
	'adjustments', (SELECT json_agg(json_build_array(rule, line, amount::text)) FROM promo.adjustments(quote)))
FROM oracle_case WHERE n = %d;
SQL

# Every property is true for every case (c.n, c.cart ... c.quote).
my $everything = "(SELECT jsonb_agg(jsonb_build_object('line', line, 'qty', qty)) FROM promo.lines(c.quote))";
my @properties = (
	'lines add up to the discount and the total' =>
		"(SELECT sum(discount) = promo.discount(c.quote) AND sum(amount) = subtotal(c.quote) AND bool_and(amount - discount = net)
			AND sum(net) + shipping(c.quote) = total(c.quote) AND array_agg(net ORDER BY line) = nets(c.quote) FROM promo.lines(c.quote))",
	'adjustments add up to the discounts of lines and shipping' =>
		"NOT EXISTS (SELECT FROM promo.lines(c.quote) l FULL JOIN (SELECT line, sum(amount) AS amount FROM promo.adjustments(c.quote) WHERE line IS NOT NULL GROUP BY 1) a
			USING (line) WHERE l.discount IS DISTINCT FROM coalesce(a.amount, 0))
			AND (SELECT coalesce(sum(amount), 0) FROM promo.adjustments(c.quote) WHERE line IS NULL) = c.fee - shipping(c.quote)",
	'adjustments are positive' => "NOT EXISTS (SELECT FROM promo.adjustments(c.quote) WHERE amount <= 0)",
	'units add up to lines' =>
		"NOT EXISTS (SELECT FROM promo.lines(c.quote) l FULL JOIN (SELECT line, sum(units) AS units, sum(amount) AS amount, sum(discount) AS discount, sum(net) AS net
			FROM promo.units(c.quote) GROUP BY 1) u USING (line)
			WHERE (l.qty, l.amount, l.discount, l.net) IS DISTINCT FROM (coalesce(u.units, 0), coalesce(u.amount, 0), coalesce(u.discount, 0), coalesce(u.net, 0)))",
	'nothing is negative' =>
		"0 <= ALL (nets(c.quote)) AND shipping(c.quote) >= 0 AND points(c.quote) >= 0 AND NOT EXISTS (SELECT FROM promo.units(c.quote) WHERE net < 0 OR discount < 0 OR units <= 0)",
	'cart search: no rule that is not exclusive makes a cart dearer' =>
		"(SELECT coalesce(bool_and(total(pg_temp.price_case(c, ARRAY[name])) >= total(c.quote)), true) FROM unnest(%NOT_EXCLUSIVE%) name)",
	'everything returned refunds everything paid' =>
		"(SELECT sum(amount) FROM promo.refund(c.quote, $everything, NULL, true)) = total(c.quote)",
	'everything returned refunds everything paid, under rules' =>
		"(SELECT sum(amount) FROM promo.refund(c.quote, $everything, c.rules, true)) = total(c.quote)",
	'a returned unit refunds no more than its line' =>
		"NOT EXISTS (SELECT FROM promo.lines(c.quote) l, promo.refund(c.quote, jsonb_build_array(jsonb_build_object('line', l.line, 'qty', least(1, l.qty)))) r
			WHERE l.qty > 0 AND (r.amount < 0 OR r.amount > l.net))",
	'explained amounts add up to the discounts' =>
		"(SELECT coalesce(sum(amount), 0) FROM promo.explain(c.cart, c.rules, c.at, c.buyer, c.codes, c.fee, c.without)) = promo.discount(c.quote) + c.fee - shipping(c.quote)",
	'explain says applied where there is an adjustment' =>
		"(SELECT array_agg(DISTINCT rule ORDER BY rule) FROM promo.adjustments(c.quote)) IS NOT DISTINCT FROM
			(SELECT array_agg(rule ORDER BY rule) FROM promo.explain(c.cart, c.rules, c.at, c.buyer, c.codes, c.fee, c.without) WHERE status = 'applied' AND amount > 0)",
	'text of cart, ruleset and quote reads back equal' =>
		"c.cart::text::promo.cart = c.cart AND c.rules::text::promo.ruleset = c.rules AND c.quote::text::promo.quote = c.quote",
	'json and jsonb of cart, ruleset and quote read back equal' =>
		"c.cart::json::promo.cart = c.cart AND c.rules::json::promo.ruleset = c.rules AND c.quote::json::promo.quote = c.quote
			AND c.cart::jsonb::promo.cart = c.cart AND c.rules::jsonb::promo.ruleset = c.rules AND c.quote::jsonb::promo.quote = c.quote",
	'a rule prints what reads back equal' => "(SELECT bool_and(r::text::promo.rule = r AND r::text::promo.rule::text = r::text) FROM unnest(%RULES%) r)",
	'a rule as jsonb reads back equal' => "(SELECT bool_and(r::jsonb::promo.rule = r) FROM unnest(%RULES%) r)",
	'the order of lines does not matter' => "%SHUFFLED_CART%::promo.cart = c.cart",
	'the order of rules does not matter' => "%SHUFFLED_RULES%::promo.ruleset = c.rules",
);

sub property_sql
{
	my ($n, $case) = @_;
	my $rules = 'ARRAY[' . join(', ', map { quoted($_->{text}) } @{ $case->{set}{rules} }) . ']::promo.rule[]';
	my @plain = $case->{set}{search} eq 'cart' ? map { $_->{name} } grep { !$_->{rule}{exclusive} } @{ $case->{set}{rules} } : ();
	my %values = (
		RULES => $rules,
		NOT_EXCLUSIVE => text_array(@plain),
		SHUFFLED_CART => quoted(cart_json([ shuffle @{ $case->{cart} } ])),
		SHUFFLED_RULES => quoted(ruleset_json({ %{ $case->{set} }, rules => [ shuffle @{ $case->{set}{rules} } ] })),
	);
	my $sql = '';

	for (my $p = 0; $p < @properties; $p += 2)
	{
		my $test = $properties[ $p + 1 ];

		$test =~ s/%(\w+)%/$values{$1}/g;
		$sql .= "SELECT '$n property " . $p / 2 . " ' || coalesce($test, false) FROM oracle_case c WHERE n = $n;\n";
	}
	return $sql;
}

my $binary = <<"SQL";
\\copy oracle_case TO '$dir/cases' (FORMAT binary)
CREATE TEMP TABLE oracle_copy (LIKE oracle_case);
\\copy oracle_copy FROM '$dir/cases' (FORMAT binary)
SELECT '0 binary ' || count(*) FROM oracle_case a FULL JOIN oracle_copy b USING (n)
	WHERE (a.cart = b.cart AND a.rules = b.rules AND (a.quote = b.quote OR a.quote IS NULL)) IS NOT TRUE;
SQL

# runs SQL for each case; returns, by case, { figures, properties, error }
sub ask
{
	my ($with_properties, @cases) = @_;
	my (@answers, @first_line);
	my $sql = $prelude;
	my $place = sub { ($sql =~ tr/\n//) + 1 };

	for my $n (0 .. $#cases)
	{
		push @first_line, $place->();
		$sql .= insert_sql($n, $cases[$n]);
		$sql .= "UPDATE oracle_case c SET quote = pg_temp.price_case(c) WHERE n = $n;\n";
		$sql .= sprintf $figures, $n;
		$sql .= property_sql($n, $cases[$n]) if $with_properties;
	}
	push @first_line, $place->();
	$sql .= $binary if $with_properties;

	open my $out, '>:utf8', "$dir/sql" or die "$dir/sql: $!";
	print $out $sql;
	close $out or die "$dir/sql: $!";
	open my $in, '-|:utf8', "PGCLIENTENCODING=UTF8 psql -XAtq -f '$dir/sql' 2>'$dir/errors'" or die "psql: $!";
	while (<$in>)
	{
		my ($n, $what, $value) = /^(\d+) (\w+) (.*)/ or next;

		$answers[$n]{figures} = $json->decode($value) if $what eq 'figures';
		$answers[$n]{properties}{$1} = $2 if $what eq 'property' && $value =~ /^(\d+) (.*)/;
		$answers[@cases]{binary} = $value if $what eq 'binary';
	}
	close $in;
	open my $errors, '<:utf8', "$dir/errors" or die "$dir/errors: $!";
	while (<$errors>)
	{
		if (my ($line) = /^psql:.*?:(\d+): (?:ERROR|error|FATAL)/)
		{
			my ($n) = grep { $first_line[ $_ + 1 ] > $line } 0 .. $#cases;
			$answers[ $n // @cases ]{error} //= '';
		}
		next if !/: (ERROR|error|FATAL):|^(DETAIL|HINT):/;
		s/^psql:.*?:\d+: //;
		my ($last) = grep { defined $answers[$_]{error} && length $answers[$_]{error} < 400 } reverse 0 .. @cases;
		$answers[$last]{error} .= $_ if defined $last;
	}
	return @answers;
}

# ---------------------------------------------------------------------------
# Comparing
# ---------------------------------------------------------------------------

sub scaled
{
	my ($text) = @_;
	my ($sign, $whole, $digits) = $text =~ /^(-?)(\d+)(?:\.(\d+))?$/ or die "not a number: $text";

	return ($sign ? -1 : 1) * ($whole * 10000 + substr(($digits // '') . '0000', 0, 4));
}

# the server's answer as the oracle writes its own
sub answer_of
{
	my ($figures) = @_;
	my %adjustments;

	$adjustments{ $_->[0] }{ $_->[1] // 'shipping' } += scaled($_->[2]) for @{ $figures->{adjustments} || [] };
	return {
		(map { $_ => scaled($figures->{$_}) } qw(total shipping points)),
		nets => { map { $_ => scaled($figures->{nets}{$_}) } keys %{ $figures->{nets} } },
		adjustments => \%adjustments,
	};
}

sub comparable
{
	my ($answer) = @_;

	return $json->encode({ map { $_ => $answer->{$_} } qw(nets adjustments shipping points total) });
}

# undef if the answers agree, else a word on it
sub difference
{
	my ($case, $answer) = @_;

	return "error: $answer->{error}" if defined $answer->{error} && !$answer->{figures};
	return 'no answer' if !$answer->{figures};
	my @expected = eval { Oracle::price($case->{cart}, $case->{set}, $case->{request}) };
	return undef if $@ eq "too many ways\n";
	die $@ if $@;
	my $got = answer_of($answer->{figures});
	if (!$answer->{figures}{optimal})
	{
		return 'not optimal, and cheaper than the optimum' if $got->{total} < $expected[0]{total};
		return undef;
	}
	my $text = comparable($got);
	return undef if grep { comparable($_) eq $text } @expected;

	# whether a rule that is reached but can give no money on any part is a rival
	# may be seen either way
	if ($expected[0]{useless})
	{
		my @more = Oracle::price($case->{cart}, { %{ $case->{set} }, useless_too => 1 }, $case->{request});
		return undef if grep { comparable($_) eq $text } @more;
	}

	# so may whether a product that was given to a rule which then has no use for
	# it went unused: a lower total is right as well; and any way is, where every
	# one leaves something over
	if ($expected[0]{all_wasted} || $expected[0]{wasted} && $got->{total} < $expected[0]{total})
	{
		my @any = Oracle::price($case->{cart}, { %{ $case->{set} }, any_way => 1 }, $case->{request});
		return undef if grep { comparable($_) eq $text } @any;
	}
	return 'other figures';
}

# the same case with one thing less
sub smaller
{
	my ($case) = @_;
	my @smaller;
	my $try = sub {
		my ($change) = @_;
		my $copy = dclone($case);

		$change->($copy);
		$_->{text} = plain_text($_->{rule}) for @{ $copy->{set}{rules} };
		push @smaller, $copy;
	};

	for my $i (0 .. $#{ $case->{set}{rules} })
	{
		$try->(sub { splice @{ $_[0]{set}{rules} }, $i, 1 }) if @{ $case->{set}{rules} } > 1;
	}
	for my $i (0 .. $#{ $case->{cart} })
	{
		$try->(sub { splice @{ $_[0]{cart} }, $i, 1 }) if @{ $case->{cart} } > 1;
		$try->(sub { delete $_[0]{cart}[$i]{$_} }) for grep { defined $case->{cart}[$i]{$_} } qw(cost floor);
		$try->(sub { $_[0]{cart}[$i]{tags} = [] }) if @{ $case->{cart}[$i]{tags} };
		$try->(sub { $_[0]{cart}[$i]{qty} -= 1000 }) if $case->{cart}[$i]{qty} > 1000;
	}
	for my $i (0 .. $#{ $case->{set}{rules} })
	{
		my $entry = $case->{set}{rules}[$i];
		my $rule = $entry->{rule};

		$try->(sub { delete $_[0]{set}{rules}[$i]{$_} }) for grep { defined $entry->{$_} } qw(priority during);
		for my $clause (grep { defined $rule->{$_} } qw(for codes whens days hours max limit per_line times floor margin stack exclusive group stop choice of))
		{
			$try->(sub { delete $_[0]{set}{rules}[$i]{rule}{$clause} });
		}
		if (@{ $rule->{tiers} } > 1 && !$rule->{graduated})
		{
			for my $t (0 .. $#{ $rule->{tiers} })
			{
				$try->(sub { splice @{ $_[0]{set}{rules}[$i]{rule}{tiers} }, $t, 1 });
			}
		}
		for my $list (grep { $rule->{scope}{$_} && ref $rule->{scope}{$_} && @{ $rule->{scope}{$_} } > 1 } qw(names))
		{
			for my $t (0 .. $#{ $rule->{scope}{$list} })
			{
				$try->(sub { splice @{ $_[0]{set}{rules}[$i]{rule}{scope}{$list} }, $t, 1 });
			}
		}
		$try->(sub { delete $_[0]{set}{rules}[$i]{rule}{scope}{$_} }) for grep { $rule->{scope}{$_} } qw(except_skus except_tags except_discounted each);
	}
	$try->(sub { $_[0]{set}{unit} = 100 }) if $case->{set}{unit} != 100;
	$try->(sub { $_[0]{set}{rounding} = 'half_up' }) if $case->{set}{rounding} ne 'half_up';
	$try->(sub { $_[0]{set}{search} = 'stage' }) if $case->{set}{search} ne 'stage';
	$try->(sub { $_[0]{request}{fee} = 0 }) if $case->{request}{fee};
	return @smaller;
}

# without the freedoms of the language
sub plain_text
{
	my ($rule) = @_;

	no warnings 'redefine';
	local *Generate::chance = sub { 0 };
	return Generate::rule_text($rule);
}

sub reduced
{
	my ($case, $answer) = @_;
	my $kind = substr difference($case, $answer), 0, 24;

	for (1 .. 40)
	{
		my @smaller = smaller($case);
		my @answers = ask(0, @smaller);
		my ($i) = grep { my $d = difference($smaller[$_], $answers[$_]); defined $d && substr($d, 0, 24) eq $kind } 0 .. $#smaller;

		last if !defined $i;
		($case, $answer) = ($smaller[$i], $answers[$i]);
	}
	return ($case, $answer);
}

sub readable
{
	my ($answer) = @_;
	my $money = sub { Generate::money($_[0]) };
	my $adjustments = $answer->{adjustments};

	return join '  ', 'total ' . $money->($answer->{total}),
		'nets ' . join(' ', map { "$_:" . $money->($answer->{nets}{$_}) } sort { $a <=> $b } keys %{ $answer->{nets} }),
		(map { my $r = $_; "$r: " . join(' ', map { "-$_:" . $money->($adjustments->{$r}{$_}) } sort keys %{ $adjustments->{$r} }) } sort keys %$adjustments),
		'shipping ' . $money->($answer->{shipping}), 'points ' . $money->($answer->{points});
}

sub show
{
	my ($case, $answer) = @_;
	my $r = $case->{request};

	diag("seed $case->{seed} ($case->{kind}): ", difference($case, $answer) // 'agrees');
	diag('  cart   ', cart_json($case->{cart}));
	diag('  rules  ', ruleset_json($case->{set}));
	diag("  at ", instant($r->{at}), " buyer @{ $r->{buyer} } codes @{ $r->{codes} } fee ", Generate::money($r->{fee}), " without @{ $r->{without} }");
	diag('  server ', readable(answer_of($answer->{figures}))) if $answer->{figures};
	my @expected = Oracle::price($case->{cart}, $case->{set}, $case->{request});
	diag('  oracle ', readable($_)) for @expected[ 0 .. ($#expected < 2 ? $#expected : 2) ];
}

# ---------------------------------------------------------------------------

my @cases = map { my $n = $_; generated($seed * 1000000 + $n, $kinds[ $n % @kinds ]) } 0 .. $ncases - 1;
my @answers = ask(1, @cases);
my (%differing, %of_kind, @unproved, %falsified);

for my $n (0 .. $#cases)
{
	my $case = $cases[$n];

	$of_kind{ $case->{kind} }++;
	push @{ $differing{ $case->{kind} } }, $n if defined difference($case, $answers[$n]);
	push @unproved, $n if $answers[$n]{figures} && !$answers[$n]{figures}{optimal};
	for my $p (0 .. @properties / 2 - 1)
	{
		my $holds = $answers[$n]{properties}{$p} // '';

		push @{ $falsified{$p} }, $n if $holds ne 'true' && $answers[$n]{figures};
	}
}

for my $kind (@kinds)
{
	my @bad = @{ $differing{$kind} || [] };

	ok(!@bad, "$kind: $of_kind{$kind} carts cost what the oracle says") or diag(scalar(@bad), ' differ');
	show(reduced($cases[$_], $answers[$_])) for @bad[ 0 .. (@bad < $shown ? @bad : $shown) - 1 ];
}
ok(@unproved * 50 <= @cases, 'the best combination is found within the search limit') or diag(scalar(@unproved), ' are not');
for my $p (0 .. @properties / 2 - 1)
{
	my @bad = @{ $falsified{$p} || [] };

	ok(!@bad, $properties[ 2 * $p ]) or diag(scalar(@bad), ' do not hold');
	for my $n (@bad[ 0 .. (@bad < $shown ? @bad : $shown) - 1 ])
	{
		show($cases[$n], $answers[$n]);
		diag("  $answers[$n]{error}") if defined $answers[$n]{error};
	}
}
is($answers[@cases]{binary}, 0, 'binary copies of cart, ruleset and quote are equal');
done_testing();
