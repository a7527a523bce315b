#
# Sells from one hot stock and one hot promotion by 16 clients at once, prices with
# the rules of a thousand promotions, keeps rollups while events come in, and
# imports promotions; each beside what people write instead.  BENCH_EVENTS says how
# many events there are, BENCH_SECONDS how long each form is driven at a time.
#
events=${BENCH_EVENTS:-3000000}
seconds=${BENCH_SECONDS:-1}
rounds=${BENCH_ROUNDS:-3}			# it takes some six minutes
clients=16
stock=$((5000 * seconds))			# of what is sold out
psql="$psql -v events=$events -v rounds=$rounds -v clients=$clients -v stock=$stock"
here=test/bench/operations

workload()
{
	mkdir "$SCRATCH/pgbench"
	$psql <<-'EOF'
		-- value: per second, or microseconds; done: transactions that were acknowledged
		CREATE TABLE bench.measured (id int, setting text, value numeric, done bigint);
	EOF
}

# script NAME SQL: for pgbench; :n counts a client's transactions, :customer and :cart are drawn
script()
{
	cat >"$SCRATCH/pgbench/$1" <<-EOF
		\set n :n + 1
		\set customer random(1, :customers)
		\set cart random(1, 1000)
		SELECT $2;
	EOF
}

# drive ID SETTING SCRIPT OPTION...: runs a script and notes transactions per second
drive()
{
	local id=$1 setting=$2 script=$3 said
	shift 3
	runs=$((runs + 1))
	said=$(PGOPTIONS="-c search_path=bench,pg_catalog -c synchronous_commit=$([[ $setting =~ ^durable|clients$ ]] && echo on || echo off)" \
		pgbench -n -M prepared -D n=0 -D run=$runs -D customers=10000000 "$@" -f "$SCRATCH/pgbench/$script" 2>&1) || {
		echo "$said" >&2
		return 1
	}
	$psql -c "INSERT INTO bench.measured VALUES ($id, '$setting',
		$(sed -n 's/^tps = \([0-9.]*\).*/\1/p' <<<"$said"),
		$(sed -n 's/^number of transactions actually processed: \([0-9]*\).*/\1/p' <<<"$said"))"
}
runs=0

order=":run::text || '-' || :client_id::text || '-' || :n::text, :customer::text"

selling()
{
	local round setting id forms

	$psql -f $here/selling.sql
	script 11 "promo.claim($order, 'hot', 1)"
	script 12 "promo.claim($order, 'few each', 1)"
	script 13 "claim_update($order, 1)"
	script 14 "claim_advisory($order, 2)"
	script 15 "claim_insert($order, 0)"
	script 21 "count(*) FROM promo.redeem($order, (SELECT quote FROM quote WHERE promotion = 1))"
	script 22 "redeem_update($order, 1)"
	script 23 "redeem_count($order, 2)"
	script 24 "redeem_insert($order, 0)"
	# often and briefly: the disk is not as quick at every moment
	for round in $(seq $((2 * rounds))); do
		for setting in durable "not durable"; do
			for id in 11 12 13 14 15 21 22 23 24; do
				drive $id "$setting" $id -c $clients -j 2 -T "$seconds"
			done
		done
	done
	# more is asked for than there is; of the promotion by few customers, who may use it twice
	script 31 "promo.claim($order, 'gone', 1)"
	script 32 "claim_update($order, 11)"
	script 33 "claim_advisory($order, 12)"
	script 34 "redeem_if_left($order, 11)"
	script 35 "redeem_update($order, 11)"
	script 36 "redeem_count($order, 12)"
	for id in 31 32 33 34 35 36; do
		drive $id 'not durable' $id -c $clients -j 2 -t $((stock * 3 / 2 / clients)) -D customers=$stock
	done
	$psql -f $here/selling_report.sql
}

# one_at_a_time ID SCRIPT: notes the latency of each transaction of one client
one_at_a_time()
{
	(cd "$SCRATCH/pgbench" && PGOPTIONS='-c search_path=bench,pg_catalog' \
		pgbench -n -M prepared -c 1 -T "$seconds" -l --log-prefix=one -D n=0 -D customers=1 -f "$1" >/dev/null 2>&1 &&
		sed "s/^[^ ]* [^ ]* \([0-9]*\) .*/$1\tmicroseconds\t\1/" one.* &&
		rm one.*) | $psql -c 'COPY bench.measured (id, setting, value) FROM STDIN'
}

pricing()
{
	local round id cart="FROM cart WHERE n = :cart"

	$psql -f $here/import.sql
	$psql -f $here/pricing.sql
	$psql -At <<-'EOF'
		SELECT format('CREATE FUNCTION bench.constant_rules() RETURNS promo.ruleset LANGUAGE sql IMMUTABLE RETURN %L::promo.ruleset', rules)
		FROM bench.ruleset
		\gexec
	EOF
	script 51 "1"
	script 52 "n $cart"
	script 53 "promo.total(promo.price(cart, constant_rules())) $cart"
	script 54 "promo.total(promo.price(cart, promo.current_ruleset())) $cart"
	script 55 "promo.total(promo.price(cart, promo.current_ruleset())) $cart"
	script 56 "promo.total(promo.price(cart, (SELECT rules FROM ruleset))) $cart"
	for round in $(seq "$rounds"); do
		$psql -c 'CALL bench.limit_ten(NULL)'
		for id in 51 52 53 54 56; do
			one_at_a_time $id
		done
		$psql -c 'CALL bench.limit_ten(1000000)'
		one_at_a_time 55
	done
	$psql -f $here/pricing_report.sql
}

keeping()
{
	local round kind rows id
	local -A form=([61]=bare [62]=promo [63]=sums)

	$psql -f $here/rollup.sql
	for kind in plain partitioned; do
		for id in "${!form[@]}"; do
			for rows in 1 100 10000; do
				cat >"$SCRATCH/pgbench/$id $kind $rows" <<-EOF
					\set first random(0, 10000)
					INSERT INTO ${kind}_${form[$id]} SELECT at, customer, shop, channel, event, amount
					FROM fresh WHERE n > :first AND n <= :first + $rows;
				EOF
			done
		done
	done
	for round in $(seq "$rounds"); do
		for kind in plain partitioned; do
			for id in 61 62 63; do
				for rows in 1 100 10000; do
					drive $id "$kind $rows" "$id $kind $rows" -c 1 -t $((5 + seconds * 1000 / rows))
				done
				drive $id "$kind clients" "$id $kind 1" -c $clients -j 2 -T "$seconds"
			done
		done
	done
	$psql -f $here/rollup_report.sql
}

report()
{
	selling
	pricing
	keeping
}
