#
# Follows the same customers by promo and by plain SQL: histories, scores, lifetime
# value and a nightly append.  BENCH_CUSTOMERS says how many; each has some ten
# orders.
#
customers=${BENCH_CUSTOMERS:-1000000}
psql="$psql -v customers=$customers"

workload()
{
	$psql -f test/bench/lifecycle/workload.sql
}

report()
{
	$psql -f test/bench/lifecycle/measure.sql
}
