#
# Counts the same events by promo and by plain SQL: hourly states, what is rolled up
# from them, funnels and retention.  BENCH_EVENTS says how many; a tenth as many
# customers do them.
#
events=${BENCH_EVENTS:-10000000}
rounds=${BENCH_ROUNDS:-3}			# it takes some ten minutes
psql="$psql -v events=$events -v rounds=$rounds"

workload()
{
	$psql -f test/bench/campaign/workload.sql
}

report()
{
	$psql -f test/bench/campaign/measure.sql
}
