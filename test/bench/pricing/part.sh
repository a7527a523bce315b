#
# Prices the same carts by promo, by plain SQL and by PL/pgSQL, and measures one
# cart at a time as a client sees it.  BENCH_CARTS says how many; it takes some
# ten minutes.
#
carts=${BENCH_CARTS:-200000}
psql="$psql -v carts=$carts"

workload()
{
	$psql -f test/bench/pricing/workload.sql
	$psql -f test/bench/pricing/plpgsql.sql
}

# latency NAME FILE: p50 and p99 in microseconds of one client's prepared statements
latency()
{
	printf '%-50s %8s %8s\n' "$1" $(sort -n "$SCRATCH/log/$2" |
		awk '{ a[NR] = $1 } END { print a[int((NR + 1) / 2)], a[int(NR * 0.99)] }')
}

script()						# script NAME SQL: for pgbench, of one cart :c
{
	printf '\\set c random(1, %s)\n%s;\n' "$carts" "$2" >"$SCRATCH/pgbench/$1"
}

one_at_a_time()
{
	local round script cart set

	mkdir "$SCRATCH/pgbench" "$SCRATCH/log"
	# a ruleset is a constant of the statement: the planner evaluates the function once
	$psql -At <<-'EOF'
		SELECT format('CREATE FUNCTION bench.%I() RETURNS promo.ruleset LANGUAGE sql IMMUTABLE RETURN %L::promo.ruleset',
			'rules_' || lower(set), rules) FROM bench.ruleset WHERE set IN ('S', 'L')
		\gexec
	EOF
	cart="(SELECT promo.cart_agg(line, sku, qty, price, tags) FROM order_line WHERE cart = :c)"
	script 1_select "SELECT 1"
	script 2_lines "SELECT line, sku, qty, price, tags FROM order_line WHERE cart = :c"
	script 3_total_s "SELECT promo.total(promo.price($cart, rules_s()))"
	script 4_total_l "SELECT promo.total(promo.price($cart, rules_l()))"
	script 5_lines_l "SELECT * FROM promo.lines(promo.price($cart, rules_l()))"
	script 6_column_l "SELECT promo.total(promo.price($cart, rules)) FROM ruleset WHERE set = 'L'"
	script 7_sql_l "$(sed -e 's/\$1/'"'L'"'/' -e 's/<= \$3/= :c/' test/bench/pricing/sql_lines.sql)"
	script 8_plpgsql_l "SELECT price_cart(:c, 'L')"

	for round in $(seq 3); do
		for script in "$SCRATCH"/pgbench/*; do
			script=$(basename "$script")
			(cd "$SCRATCH" && PGOPTIONS='-c search_path=bench' \
				pgbench -n -M prepared -c 1 -T 2 -l --log-prefix=one -f "pgbench/$script" >/dev/null
				cut -d' ' -f3 one.* >>"log/$script" && rm one.*)
		done
	done
	printf '\n%-50s %8s %8s\n' 'One cart from a client, prepared, microseconds' p50 p99
	latency 'SELECT 1' 1_select
	latency 'fetching its lines' 2_lines
	latency 'promo: cart_agg, price, total (S)' 3_total_s
	latency 'promo: cart_agg, price, total (L)' 4_total_l
	latency 'promo: cart_agg, price, lines (L)' 5_lines_l
	latency 'promo: ruleset in a table column (L)' 6_column_l
	latency 'plain SQL, lines (L)' 7_sql_l
	latency 'PL/pgSQL, lines (L)' 8_plpgsql_l
}

report()
{
	$psql -At <<-EOF
		SELECT format('%s carts, %s lines', count(DISTINCT cart), count(*)) FROM bench.order_line;
	EOF
	$psql -f test/bench/pricing/measure.sql
	one_at_a_time
}
