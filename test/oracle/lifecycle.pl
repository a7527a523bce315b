#!/usr/bin/perl
#
# Histories, scores, segments, stages and lifetime value against slow and
# obvious SQL on the orders themselves, over generated customers, in a running
# server (PGHOST ... from the environment, the extension installed).  Written
# from doc/lifecycle.md.  ORACLE_SEED makes other cases.
#
use strict;
use warnings;
use utf8;
use FindBin;
use lib $FindBin::Bin;
use properties;

my $seed = ($ENV{ORACLE_SEED} // 1) % 1000 / 1000;

setup(<<"SQL");
SET search_path = public, promo;
SET client_min_messages = warning;
SET DateStyle = ISO;
SELECT setseed($seed) \\g /dev/null
SQL

# ---------------------------------------------------------------------------
# Orders
# ---------------------------------------------------------------------------

# Twelve kinds of customers; see the cases for what each is about.
setup(<<'SQL');
CREATE TABLE orders AS
	SELECT customer, row,
		CASE WHEN random() < 0.02 THEN NULL
			 WHEN kind = 1 THEN date '1950-01-01' + floor(random() * 40000)::int			-- before and after day 0
			 WHEN kind = 2 THEN (ARRAY[date '0001-01-01', '9999-12-31', '2000-01-01', '1999-12-31', '0001-01-02', '2000-02-29'])[1 + floor(random() * 6)]
			 WHEN kind = 3 THEN date '2026-01-01' + floor(random() * 3)::int				-- the same days again
			 ELSE date '2024-01-01' + floor(random() * 800)::int END AS day,
		CASE WHEN random() < 0.02 OR kind = 11 AND customer % 5 = 0 THEN NULL
			 WHEN random() < 0.06 THEN 0
			 WHEN random() < 0.10 OR kind = 7 THEN -round((random() * 100)::numeric, 2)		-- refunds
			 WHEN kind = 4 THEN round((random() * 1000)::numeric, 4)
			 WHEN kind = 5 THEN round((random() * 30000000000000)::numeric, (random() * 4)::int)
			 WHEN kind = 6 THEN floor(random() * 3)::numeric
			 ELSE round((random() * 200)::numeric, 2) END AS amount
	FROM generate_series(1, 2400) customer, LATERAL (SELECT customer % 12) k (kind),
		 LATERAL (SELECT CASE kind WHEN 8 THEN 250 WHEN 9 THEN 1 WHEN 0 THEN 2 ELSE 15 END) l (most),
		 LATERAL generate_series(1, 1 + floor(random() * most)::int) row
	ORDER BY random();
CREATE INDEX ON orders (customer);
CREATE TABLE days AS
	SELECT customer, day, count(*) FILTER (WHERE amount > 0) AS orders, sum(amount) AS amount
	FROM orders WHERE day IS NOT NULL AND amount IS NOT NULL
	GROUP BY 1, 2 HAVING count(*) FILTER (WHERE amount > 0) > 0 OR sum(amount) <> 0;
CREATE TABLE histories AS SELECT customer, history_agg(day, amount) AS h FROM orders GROUP BY 1;
CREATE UNIQUE INDEX ON histories (customer);
CREATE TABLE moments AS				-- days on which to look at a customer: its own, beside them, and any
	SELECT DISTINCT o.customer, moment, h
	FROM (SELECT customer, day, row_number() OVER (PARTITION BY customer ORDER BY row) AS nth FROM orders WHERE day IS NOT NULL) o JOIN histories USING (customer),
		 LATERAL (VALUES (day), (greatest(day, '0001-01-02') - 1), (least(day, '9999-12-30') + 1), (date '2024-06-01' + floor(random() * 700)::int)) m (moment)
	WHERE nth <= 2;
CREATE TABLE pieces AS				-- each customer's rows split at random
	SELECT customer, piece, history_agg(day, amount) AS h
	FROM (SELECT customer, day, amount, floor(random() * 4) AS piece FROM orders) o GROUP BY 1, 2;
CREATE FUNCTION entries(h history) RETURNS TABLE (day date, orders bigint, amount numeric) LANGUAGE sql IMMUTABLE AS
	$$ SELECT day, coalesce(orders, 1), amount FROM jsonb_to_recordset(h::jsonb) e (day date, orders bigint, amount numeric) $$;
CREATE FUNCTION plan_of(query text, OUT plan text) RETURNS SETOF text LANGUAGE plpgsql AS
	$$ BEGIN RETURN QUERY EXECUTE 'EXPLAIN (COSTS OFF) ' || query; END $$;
ANALYZE;
SQL

# ---------------------------------------------------------------------------
# Histories
# ---------------------------------------------------------------------------

property('history_agg is GROUP BY day', <<'SQL');
SELECT (d.orders, d.amount) IS NOT DISTINCT FROM (e.orders, e.amount), format('customer %s on %s: %s', customer, day, e)
FROM days d FULL JOIN (SELECT customer, e.* FROM histories, entries(h) e) e USING (customer, day)
SQL

property('no row with a day and an amount is no history', <<'SQL');
SELECT (h IS NULL) = NOT EXISTS (SELECT FROM orders o WHERE o.customer = s.customer AND day IS NOT NULL AND amount IS NOT NULL), 'customer ' || customer
FROM histories s
SQL

property('rollup of any split is the whole', <<'SQL');
SELECT r IS NOT DISTINCT FROM h AND history_send(r) IS NOT DISTINCT FROM history_send(h), format('customer %s: %s, not %s', customer, r, h)
FROM histories JOIN (SELECT customer, rollup(h) AS r FROM pieces GROUP BY 1) p USING (customer)
SQL

property('so is rollup of rollups', <<'SQL');
SELECT r = history_agg, r::text || ' not ' || history_agg
FROM (SELECT history_agg(day, amount) FROM orders WHERE customer % 12 <> 5) a,
	 (SELECT rollup(h) FROM (SELECT rollup(h) AS h FROM pieces WHERE customer % 12 <> 5 GROUP BY customer % 17) s) p (r)
SQL

property('|| of any split is the whole', <<'SQL');
SELECT ((a || b) || (c || d)) IS NOT DISTINCT FROM h AND (d || (c || (b || a))) IS NOT DISTINCT FROM h, format('customer %s: %s', customer, h)
FROM histories LEFT JOIN (SELECT customer, h FROM pieces WHERE piece = 0) a (customer, a) USING (customer)
	LEFT JOIN (SELECT customer, h FROM pieces WHERE piece = 1) b (customer, b) USING (customer)
	LEFT JOIN (SELECT customer, h FROM pieces WHERE piece = 2) c (customer, c) USING (customer)
	LEFT JOIN (SELECT customer, h FROM pieces WHERE piece = 3) d (customer, d) USING (customer)
SQL

property('|| is commutative and associative, NULL and {} are nothing', <<'SQL');
SELECT (a.h || b.h) IS NOT DISTINCT FROM (b.h || a.h) AND ((a.h || b.h) || c.h) IS NOT DISTINCT FROM (a.h || (b.h || c.h))
		AND (a.h || NULL) IS NOT DISTINCT FROM a.h AND (NULL || a.h) IS NOT DISTINCT FROM a.h AND (a.h || '{}'::history) = coalesce(a.h, '{}'),
	   format('customers %s, %s, %s', a.customer, b.customer, c.customer)
FROM histories a JOIN histories b ON b.customer = a.customer + 12 JOIN histories c ON c.customer = a.customer + 24
WHERE a.customer % 12 <> 5			-- whose amounts are near the limit
SQL

property('until is building from fewer rows', <<'SQL');
SELECT until(h, moment) IS NOT DISTINCT FROM
		CASE WHEN h IS NOT NULL THEN coalesce((SELECT history_agg(day, amount) FROM orders o WHERE o.customer = m.customer AND day <= moment), '{}') END,
	   format('customer %s until %s: %s of %s', customer, moment, until(h, moment), h)
FROM moments m
SQL

property('text, json and jsonb read back equal', <<'SQL');
SELECT h::text::history = h AND h::json::history = h AND h::jsonb::history = h AND h::text::history::text = h::text
		AND history_send(h::text::history) = history_send(h) AND history_send(h::json::history) = history_send(h), h::text
FROM histories WHERE h IS NOT NULL
SQL

setup(<<'SQL');
CREATE TABLE copied (LIKE histories);
CREATE TEMP TABLE place AS SELECT current_setting('data_directory') || '/promo_histories.copy' AS file;
SELECT format('COPY histories TO %L (FORMAT binary)', file), format('COPY copied FROM %L (FORMAT binary)', file) FROM place
\gexec
SQL

property('binary COPY reads back equal', <<'SQL');
SELECT a.h IS NOT DISTINCT FROM b.h, a.h::text FROM histories a FULL JOIN copied b USING (customer)
SQL

# every way to come by the same entries
setup(<<'SQL');
CREATE TABLE ways AS
	SELECT customer, 'rows ascending' AS way, history_agg(day, amount ORDER BY day, amount, row) AS h FROM orders WHERE customer <= 1200 GROUP BY 1
	UNION ALL SELECT customer, 'rows descending', history_agg(day, amount ORDER BY day DESC, amount DESC, row DESC) FROM orders WHERE customer <= 1200 GROUP BY 1
	UNION ALL SELECT customer, 'rows in any order', history_agg(day, amount ORDER BY md5(row::text)) FROM orders WHERE customer <= 1200 GROUP BY 1
	UNION ALL SELECT customer, 'pieces', rollup(h ORDER BY piece DESC) FROM pieces WHERE customer <= 1200 GROUP BY 1
	UNION ALL SELECT customer, 'text', h::text::history FROM histories WHERE customer <= 1200
	UNION ALL SELECT customer, 'jsonb', h::jsonb::history FROM histories WHERE customer <= 1200
	UNION ALL SELECT customer, 'binary', h FROM copied WHERE customer <= 1200
	UNION ALL SELECT customer, 'until', until(h || '{9999-12-31 5/2, 9999-12-30 -1/0}'::history, '9999-12-29') FROM histories WHERE customer <= 1200 AND customer % 12 NOT IN (2, 5)
	UNION ALL SELECT customer, 'a window', h FROM (SELECT customer, history_agg(day, amount) OVER (PARTITION BY customer ORDER BY row) AS h,
		row_number() OVER (PARTITION BY customer ORDER BY row DESC) AS nth FROM orders WHERE customer <= 1200) w WHERE nth = 1;
CREATE TABLE way_values AS SELECT customer, h FROM ways WHERE h IS NOT NULL;
SQL

property('equal values are equal bytes, whatever way they came', <<'SQL');
SELECT count(DISTINCT h) = 1 AND count(DISTINCT history_send(h)) = 1 AND count(DISTINCT h::text) = 1 AND count(DISTINCT hash_record(ROW(h))) = 1
		AND count(DISTINCT pg_column_size(h)) = 1, format('customer %s: %s', customer, string_agg(way || ' ' || h, '; '))
FROM (SELECT customer, way, h FROM ways) w WHERE h IS NOT NULL GROUP BY customer
SQL

property('= is the equality of entries, and compares as btree wants it', <<'SQL');
SELECT (a.h = b.h) = (a.h::text = b.h::text) AND (a.h < b.h)::int + (a.h = b.h)::int + (a.h > b.h)::int = 1 AND (a.h < b.h) = (b.h > a.h)
		AND (a.h <> b.h OR hash_record(ROW(a.h)) = hash_record(ROW(b.h))), format('%s and %s', a.h, b.h)
FROM histories a JOIN histories b ON b.customer % 12 = a.customer % 12 AND a.customer <= 120 AND b.customer <= 240 AND a.h IS NOT NULL AND b.h IS NOT NULL
SQL

setup(<<'SQL');
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
SET max_parallel_workers_per_gather = 2;
CREATE TABLE parallel_histories AS SELECT customer, history_agg(day, amount) AS h FROM orders GROUP BY 1;
CREATE TABLE parallel_rollups AS SELECT customer, rollup(h) AS h FROM pieces GROUP BY 1;
CREATE TABLE parallel_totals AS SELECT history_agg(day, amount) AS h FROM orders WHERE customer % 12 <> 5 UNION ALL SELECT rollup(h) FROM pieces WHERE customer % 12 <> 5;
CREATE TABLE parallel_plans AS SELECT query, string_agg(plan, E'\n') AS plan
	FROM unnest(ARRAY['SELECT customer, history_agg(day, amount) FROM orders GROUP BY 1', 'SELECT history_agg(day, amount) FROM orders', 'SELECT rollup(h) FROM pieces']) query, plan_of(query) GROUP BY 1;
RESET parallel_setup_cost;
RESET parallel_tuple_cost;
RESET min_parallel_table_scan_size;
SET max_parallel_workers_per_gather = 0;
SQL

property('aggregates are planned in parallel', q{SELECT plan ~ 'Partial' AND plan ~ 'Gather', query || ': ' || plan FROM parallel_plans});

property('parallel workers build the same', <<'SQL');
SELECT s.h IS NOT DISTINCT FROM p.h AND s.h IS NOT DISTINCT FROM r.h AND history_send(s.h) IS NOT DISTINCT FROM history_send(p.h), 'customer ' || customer
FROM histories s FULL JOIN parallel_histories p USING (customer) FULL JOIN parallel_rollups r USING (customer)
UNION ALL SELECT h = (SELECT history_agg(day, amount) FROM orders WHERE customer % 12 <> 5), 'all orders' FROM parallel_totals
SQL

property('a window has built what its rows build', <<'SQL');
SELECT h IS NOT DISTINCT FROM (SELECT history_agg(day, amount) FROM orders o WHERE o.customer = w.customer AND o.row BETWEEN w.row - 3 AND w.row), format('customer %s row %s', customer, row)
FROM (SELECT customer, row, history_agg(day, amount) OVER (PARTITION BY customer ORDER BY row ROWS BETWEEN 3 PRECEDING AND CURRENT ROW) AS h
	  FROM orders WHERE customer % 12 <> 8 AND customer < 600) w
SQL

property('so has one that grows', <<'SQL');
SELECT orders(h) = sum(CASE WHEN amount > 0 AND day IS NOT NULL THEN 1 ELSE 0 END) OVER w AND spent(h) = sum(CASE WHEN day IS NOT NULL THEN amount END) OVER w OR h IS NULL, format('customer %s row %s', customer, row)
FROM (SELECT customer, row, day, amount, history_agg(day, amount) OVER (PARTITION BY customer ORDER BY row) AS h FROM orders WHERE customer % 12 = 8 AND customer < 600) s
WINDOW w AS (PARTITION BY customer ORDER BY row)
SQL

property('accessors are SQL on the orders', <<'SQL');
SELECT ROW(orders(u), order_days(u), spent(u), first_day(u), last_day(u), recency(h, moment))
		IS NOT DISTINCT FROM ROW(coalesce(sum(d.orders), 0)::bigint, count(*) FILTER (WHERE d.orders > 0), coalesce(sum(amount), 0),
			min(d.day) FILTER (WHERE d.orders > 0), max(d.day) FILTER (WHERE d.orders > 0), moment - max(d.day) FILTER (WHERE d.orders > 0))
		AND abs(mean_gap(u)::numeric - (max(d.day) FILTER (WHERE d.orders > 0) - min(d.day) FILTER (WHERE d.orders > 0))::numeric
				/ nullif(greatest(count(*) FILTER (WHERE d.orders > 0), 1) - 1, 0)) < 1e-9 IS NOT FALSE
		AND (mean_gap(u) IS NULL) = (count(*) FILTER (WHERE d.orders > 0) < 2),
	   format('customer %s until %s: %s', m.customer, moment, ROW(u, orders(u), order_days(u), spent(u), first_day(u), last_day(u), mean_gap(u), recency(h, moment)))
FROM (SELECT customer, moment, h, until(h, moment) AS u FROM moments WHERE h IS NOT NULL) m LEFT JOIN days d ON d.customer = m.customer AND d.day <= moment
GROUP BY m.customer, moment, h, u
SQL

# ---------------------------------------------------------------------------
# Scores
# ---------------------------------------------------------------------------

# Small populations of all sizes with many equal figures, some of it after the
# day they are looked at.
setup(<<'SQL');
CREATE TABLE purchases AS
	SELECT pop, customer, date '2025-01-01' + floor(random() * random() * 60 * (1 + pop % 5))::int AS day,
		   CASE WHEN random() < 0.15 THEN -round((random() * 30)::numeric, 1) WHEN pop % 3 = 0 THEN round((random() * 100)::numeric, 2 + pop % 2 * 2) ELSE 10 * floor(random() * 4)::numeric END AS amount
	FROM generate_series(0, 36) pop, LATERAL generate_series(1, CASE WHEN pop < 12 THEN pop ELSE 5 * pop - 48 END) customer, LATERAL generate_series(1, 1 + floor(random() * random() * 8)::int) row;
CREATE TABLE people AS
	SELECT pop, as_of, customer, history_agg(day, amount) AS h
	FROM purchases, LATERAL (SELECT date '2025-01-25' + pop % 7 * 20) a (as_of) GROUP BY 1, 2, 3
	UNION ALL SELECT pop, '2025-01-25'::date + pop % 7 * 20, 0, NULL FROM generate_series(0, 36) pop;
CREATE TABLE figures AS
	SELECT pop, customer, as_of - max(day) FILTER (WHERE amount > 0) AS r, count(*) FILTER (WHERE amount > 0) AS f, sum(amount) AS m
	FROM purchases JOIN people USING (pop, customer) WHERE day <= as_of
	GROUP BY pop, customer, as_of HAVING count(*) FILTER (WHERE amount > 0) > 0;
CREATE TABLE level AS SELECT n FROM generate_series(2, 10) n;

-- what each method says of the population, by SQL
CREATE FUNCTION mean_level(value numeric, vals numeric[], n int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
	total numeric := (SELECT sum(v) FROM unnest(vals) v);
BEGIN
	IF n = 1 THEN
		RETURN 1;
	ELSIF value * cardinality(vals) < total THEN
		RETURN mean_level(value, ARRAY(SELECT v FROM unnest(vals) v WHERE v * cardinality(vals) < total), n / 2);
	ELSE
		RETURN n / 2 + mean_level(value, ARRAY(SELECT v FROM unnest(vals) v WHERE v * cardinality(vals) >= total), n - n / 2);
	END IF;
END $$;
CREATE FUNCTION quantile_level(value numeric, sorted numeric[], n int) RETURNS int LANGUAGE sql IMMUTABLE AS $$
	SELECT 1 + count(*) FILTER (WHERE n * (value - x) > rest * (next - x))::int
	FROM generate_series(1, n - 1) k, LATERAL (SELECT (cardinality(sorted) - 1) * k / n, (cardinality(sorted) - 1) * k % n) h (whole, rest),
		 LATERAL (SELECT sorted[1 + whole], coalesce(sorted[2 + whole], sorted[1 + whole])) v (x, next) $$;
CREATE FUNCTION quantile_recency_level(value numeric, sorted numeric[], n int) RETURNS int LANGUAGE sql IMMUTABLE AS $$
	SELECT 1 + count(*) FILTER (WHERE n * (value - x) <= rest * (next - x))::int
	FROM generate_series(1, n - 1) k, LATERAL (SELECT (cardinality(sorted) - 1) * (n - k) / n, (cardinality(sorted) - 1) * (n - k) % n) h (whole, rest),
		 LATERAL (SELECT sorted[1 + whole], coalesce(sorted[2 + whole], sorted[1 + whole])) v (x, next) $$;
CREATE TABLE expected AS
	SELECT 'rank' AS method, pop, n, customer, 1 + n * (rank() OVER (p ORDER BY r DESC) - 1) / count(*) OVER p AS r,
		   1 + n * (rank() OVER (p ORDER BY f) - 1) / count(*) OVER p AS f, 1 + n * (rank() OVER (p ORDER BY m) - 1) / count(*) OVER p AS m
	FROM figures, level WINDOW p AS (PARTITION BY pop, n)
	UNION ALL
	SELECT 'ntile', pop, n, customer, min(rt) OVER (PARTITION BY pop, n, r), min(ft) OVER (PARTITION BY pop, n, f), min(mt) OVER (PARTITION BY pop, n, m)
	FROM (SELECT *, ntile(n) OVER (p ORDER BY r DESC, customer) AS rt, ntile(n) OVER (p ORDER BY f, customer) AS ft, ntile(n) OVER (p ORDER BY m, customer) AS mt
		  FROM figures, level WINDOW p AS (PARTITION BY pop, n)) t
	UNION ALL
	SELECT 'quantile', pop, n, customer, quantile_recency_level(r, rs, n), quantile_level(f, fs, n), quantile_level(m, ms, n)
	FROM figures JOIN (SELECT pop, array_agg(r::numeric ORDER BY r) AS rs, array_agg(f::numeric ORDER BY f) AS fs, array_agg(m ORDER BY m) AS ms FROM figures GROUP BY 1) a USING (pop), level
	UNION ALL
	SELECT 'mean', pop, n, customer, mean_level(-r, rs, n), mean_level(f, fs, n), mean_level(m, ms, n)
	FROM figures JOIN (SELECT pop, array_agg(-r::numeric) AS rs, array_agg(f::numeric) AS fs, array_agg(m) AS ms FROM figures GROUP BY 1) a USING (pop), level
	UNION ALL
	SELECT 'nested', pop, n, customer, rs, fs, 1 + n * (rank() OVER (p ORDER BY m) - 1) / count(*) OVER p
	FROM (SELECT *, 1 + n * (rank() OVER (p ORDER BY f) - 1) / count(*) OVER p AS fs
		  FROM (SELECT *, 1 + n * (rank() OVER (p ORDER BY r DESC) - 1) / count(*) OVER p AS rs FROM figures, level WINDOW p AS (PARTITION BY pop, n)) t
		  WINDOW p AS (PARTITION BY pop, n, rs)) t WINDOW p AS (PARTITION BY pop, n, rs, fs);
CREATE TABLE models AS
	SELECT pop, method, n, as_of, rfm_fit(h, as_of, n, method ORDER BY customer) AS model
	FROM people, level, unnest(ARRAY['rank', 'ntile', 'quantile', 'nested', 'mean']) method GROUP BY 1, 2, 3, 4;
ANALYZE;
SQL

for my $method (qw(rank ntile quantile nested mean))
{
	property("scores by $method, 2 to 10 levels, as of a day", <<"SQL");
SELECT ROW(e.r, e.f, e.m)::text IS NOT DISTINCT FROM ROW(r(s), f(s), m(s))::text AND (e.r IS NULL) = (s IS NULL),
	   format('%s levels, population %s, customer %s: %s, not %s-%s-%s; %s', n, pop, customer, s, e.r, e.f, e.m, model)
FROM (SELECT pop, n, method, customer, model, score(h, model, as_of) AS s FROM models JOIN people USING (pop, as_of) WHERE method = '$method') s
	LEFT JOIN expected e USING (pop, n, method, customer)
SQL
}

property('the order of rows does not matter to a fit', <<'SQL');
SELECT model IS NOT DISTINCT FROM a AND model IS NOT DISTINCT FROM b AND model::text IS NOT DISTINCT FROM a::text, format('%s %s population %s', method, n, pop)
FROM models JOIN (SELECT pop, method, n, rfm_fit(h, as_of, n, method ORDER BY md5(customer::text)) AS a, rfm_fit(h, as_of, n, method ORDER BY customer DESC) AS b
	FROM people, level, unnest(ARRAY['rank', 'ntile', 'quantile', 'nested', 'mean']) method GROUP BY 1, 2, 3) o USING (pop, method, n)
SQL

property('nor does who has not bought until then', <<'SQL');
SELECT model IS NOT DISTINCT FROM a, format('%s %s population %s', method, n, pop)
FROM models LEFT JOIN (SELECT pop, method, n, rfm_fit(until(h, as_of), as_of, n, method) AS a
	FROM people, level, unnest(ARRAY['rank', 'ntile', 'quantile', 'nested', 'mean']) method WHERE orders(until(h, as_of)) > 0 GROUP BY 1, 2, 3) o USING (pop, method, n)
SQL

property('a fit is NULL if and only if nobody has bought', <<'SQL');
SELECT (model IS NULL) = NOT EXISTS (SELECT FROM figures f WHERE f.pop = m.pop), format('%s %s population %s', method, n, pop) FROM models m
SQL

property('defaults are 5 levels, by rank', <<'SQL');
SELECT a IS NOT DISTINCT FROM model AND b IS NOT DISTINCT FROM model, 'population ' || pop
FROM models JOIN (SELECT pop, rfm_fit(h, as_of) AS a, rfm_fit(h, as_of, 5) AS b FROM people GROUP BY 1) o USING (pop) WHERE method = 'rank' AND n = 5
SQL

property('a model says how it was fitted', <<'SQL');
SELECT (j->>'method', (j->>'levels')::int, (j->>'as_of')::date, (j->>'customers')::int) = (method, n, as_of, total)
		AND (j->'recency'->>'mean')::numeric = r AND (j->'frequency'->>'mean')::numeric = f AND (j->'monetary'->>'mean')::numeric = m, j::text
FROM (SELECT pop, method, n, as_of, model::jsonb AS j FROM models WHERE model IS NOT NULL AND (n <= 5 OR method <> 'nested')) s
	JOIN (SELECT pop, count(*) AS total, round(avg(r), 4) AS r, round(avg(f), 4) AS f, floor(avg(m) * 10000 + 0.5) / 10000 AS m FROM figures GROUP BY 1) p USING (pop)
SQL

property('a model reads back equal from text, json and jsonb', <<'SQL');
SELECT model::text::rfm_model = model AND model::json::rfm_model = model AND model::jsonb::rfm_model = model AND model::text::rfm_model::text = model::text, model::text
FROM models WHERE model IS NOT NULL
SQL

# the breaks that a model says, by the definition of each method
setup(<<'SQL');
CREATE TABLE sorted AS SELECT pop, count(*)::int AS total, array_agg(r::numeric ORDER BY r DESC) AS r, array_agg(f::numeric ORDER BY f) AS f, array_agg(m ORDER BY m) AS m FROM figures GROUP BY 1;
CREATE TABLE breaks AS
	SELECT pop, method, n, model::jsonb AS j, total, r, f, m, k, CASE method WHEN 'rank' THEN (k * total + n - 1) / n ELSE k * (total / n) + least(k, total % n) END AS c
	FROM models JOIN sorted USING (pop), generate_series(1, n - 1) k WHERE model IS NOT NULL;
SQL

property('breaks of rank and ntile are the figures of a customer', <<'SQL');
SELECT c = 0 OR (j->'recency'->'at_most'->>(k - 1))::numeric = r[c] - 1 AND (j->'frequency'->'above'->>(k - 1))::numeric = f[c]
		AND (j->'monetary'->'above'->>(k - 1))::numeric = m[c], format('%s break %s of population %s, the %sth: %s', method, k, pop, c, j)
FROM breaks WHERE method IN ('rank', 'ntile')
SQL

property('breaks of quantile are those of type 7, cut', <<'SQL');
SELECT (j->'frequency'->'above'->>(k - 1))::numeric = floor(10000 * (f[1 + whole] + rest * (coalesce(f[2 + whole], f[1 + whole]) - f[1 + whole]) / n)) / 10000
		AND abs((j->'monetary'->'above'->>(k - 1))::numeric - (m[1 + whole] + rest::numeric / n * (coalesce(m[2 + whole], m[1 + whole]) - m[1 + whole]))) < 0.0001
		AND abs((j->'recency'->'at_most'->>(k - 1))::numeric - (r[1 + whole] + rest::numeric / n * (coalesce(r[2 + whole], r[1 + whole]) - r[1 + whole]))) < 0.0001,
	   format('break %s of population %s: %s', k, pop, j)
FROM breaks, LATERAL (SELECT (total - 1) * k / n, (total - 1) * k % n) h (whole, rest) WHERE method = 'quantile'
SQL

setup(<<'SQL');
CREATE TABLE cells AS		-- of nested scores; fs is NULL for the cell of an R score
	SELECT e.pop, e.n, e.r::int AS rs, e.f::int AS fs, array_agg(g.f ORDER BY g.f) AS f, array_agg(g.m ORDER BY g.m) AS m
	FROM expected e JOIN figures g USING (pop, customer) WHERE method = 'nested' AND n <= 5 GROUP BY GROUPING SETS ((e.pop, e.n, e.r), (e.pop, e.n, e.r, e.f));
ANALYZE cells, breaks;
SQL

property('breaks of nested are those of the cell, or of all where nobody was', <<'SQL');
SELECT (j->'frequency'->'above'->(rs - 1)->>(k - 1))::numeric = (coalesce(c.f, b.f))[(k * coalesce(cardinality(c.f), total) + n - 1) / n],
	   format('break %s of R score %s of population %s: %s', k, rs, pop, j)
FROM (SELECT b.*, rs FROM breaks b, generate_series(1, n) rs WHERE method = 'nested' AND n <= 5) b LEFT JOIN (SELECT * FROM cells WHERE fs IS NULL) c USING (pop, n, rs)
UNION ALL
SELECT (j->'monetary'->'above'->(rs - 1)->(fs - 1)->>(k - 1))::numeric = (coalesce(c.m, b.m))[(k * coalesce(cardinality(c.m), total) + n - 1) / n],
	   format('break %s of scores %s-%s of population %s: %s', k, rs, fs, pop, j)
FROM (SELECT b.*, rs, fs FROM breaks b, generate_series(1, n) rs, generate_series(1, n) fs WHERE method = 'nested' AND n <= 5) b LEFT JOIN cells c USING (pop, n, rs, fs)
SQL

# customers that were not there, on another day
setup(<<'SQL');
CREATE FUNCTION passes(value numeric, figure jsonb, VARIADIC path text[] DEFAULT '{}') RETURNS int LANGUAGE sql IMMUTABLE AS $$
	SELECT 1 + count(*)::int FROM (VALUES ('at_most'), ('above'), ('at_least')) k (key), jsonb_array_elements_text((figure->key) #> path) b (break)
	WHERE CASE key WHEN 'at_most' THEN value <= break::numeric WHEN 'above' THEN value > break::numeric ELSE value >= break::numeric END $$;
CREATE TABLE strangers AS
	SELECT moment, customer, h, moment - max(day) FILTER (WHERE amount > 0) AS r, count(*) FILTER (WHERE amount > 0) AS f, sum(amount) AS m
	FROM purchases JOIN people USING (pop, customer), LATERAL (SELECT date '2025-02-01' + n * 7 FROM generate_series(0, 36, 6) n) d (moment)
	WHERE pop = 30 AND day <= moment GROUP BY 1, 2, 3;
CREATE TABLE tomorrow AS
	SELECT model, j, method, moment, customer, h, r, f, m, score(h, model, moment) AS s
	FROM (SELECT pop, n, method, model, model::jsonb AS j FROM models WHERE model IS NOT NULL AND (n <= 4 OR method <> 'nested')) s JOIN strangers ON (pop + n + customer) % 24 = 0;
SQL

property('strangers are scored by the breaks that the model says', <<'SQL');
SELECT CASE WHEN f = 0 THEN s IS NULL WHEN method = 'nested' THEN ROW(rs, fs, passes(m, j->'monetary', (rs - 1)::text, (fs - 1)::text)) = ROW(r(s), f(s), m(s))
			ELSE ROW(rs, fs, passes(m, j->'monetary')) = ROW(r(s), f(s), m(s)) END, format('R %s F %s M %s: %s by %s', r, f, m, s, j)
FROM (SELECT *, CASE WHEN method = 'nested' THEN passes(f, j->'frequency', (rs - 1)::text) ELSE passes(f, j->'frequency') END AS fs
	  FROM (SELECT *, passes(r, j->'recency') AS rs FROM tomorrow) t) t
SQL

property('a model read back scores the same', <<'SQL');
SELECT s IS NOT DISTINCT FROM score(h, model::text::rfm_model, moment), s::text FROM tomorrow WHERE customer % 5 = 0
SQL

setup(<<'SQL');
CREATE TABLE own_models AS
	SELECT id, jsonb_build_object('recency', jsonb_build_object('at_most', (SELECT jsonb_agg(v ORDER BY v DESC) FROM (SELECT round((random() * 60)::numeric, id % 5) AS v FROM generate_series(1, l)) s)),
		'frequency', jsonb_build_object(CASE WHEN random() < 0.5 THEN 'above' ELSE 'at_least' END, (SELECT jsonb_agg(v ORDER BY v) FROM (SELECT round((random() * 6)::numeric, id % 5) AS v FROM generate_series(1, l)) s)),
		'monetary', jsonb_build_object(CASE WHEN random() < 0.5 THEN 'above' ELSE 'at_least' END, (SELECT jsonb_agg(v ORDER BY v) FROM (SELECT round((random() * 120 - 20)::numeric, id % 5) AS v FROM generate_series(1, l)) s))) AS j
	FROM generate_series(1, 60) id, LATERAL (SELECT 1 + id % 9) l (l);
SQL

property("breaks of one's own", <<'SQL');
SELECT ROW(passes(r, j->'recency'), passes(f, j->'frequency'), passes(m, j->'monetary')) = ROW(r(s), f(s), m(s)), format('R %s F %s M %s: %s by %s', r, f, m, s, j)
FROM (SELECT j, r, f, m, score(h, j::rfm_model, as_of) AS s FROM own_models, figures JOIN people USING (pop, customer) WHERE pop IN (20, 33)) t
SQL

# ---------------------------------------------------------------------------
# Segments
# ---------------------------------------------------------------------------

setup(<<'SQL');
CREATE FUNCTION lo(range jsonb, lowest int) RETURNS int LANGUAGE sql IMMUTABLE AS
	$$ SELECT CASE jsonb_typeof(range) WHEN 'number' THEN range::int WHEN 'array' THEN (range->0)::int ELSE lowest END $$;
CREATE FUNCTION hi(range jsonb, highest int) RETURNS int LANGUAGE sql IMMUTABLE AS
	$$ SELECT CASE jsonb_typeof(range) WHEN 'number' THEN range::int WHEN 'array' THEN (range->1)::int ELSE highest END $$;
CREATE TABLE schemes AS
	SELECT id, levels, (SELECT coalesce(jsonb_agg(jsonb_strip_nulls(jsonb_build_object('segment', 's' || row, 'r', a[1], 'f', a[2], 'm', a[3])) ORDER BY row), '[]')
						FROM (SELECT row, ARRAY(SELECT CASE WHEN random() < 0.3 THEN NULL WHEN random() < 0.4 THEN to_jsonb(1 + floor(random() * levels)::int)
								ELSE (SELECT jsonb_build_array(least(x, y), greatest(x, y)) FROM (SELECT 1 + floor(random() * levels)::int AS x, 1 + floor(random() * levels + row * 0)::int AS y) v) END
								FROM generate_series(1, 3 + id * 0)) AS a FROM generate_series(1, id % 8) row) s) AS scheme
	FROM generate_series(1, 120) id, LATERAL (SELECT 2 + id % 9) l (levels);
CREATE TABLE scheme_rows AS
	SELECT id, levels, row::int, e->>'segment' AS segment, lo(e->'r', 1) AS r1, hi(e->'r', levels) AS r2, lo(e->'f', 1) AS f1, hi(e->'f', levels) AS f2, lo(e->'m', 1) AS m1, hi(e->'m', levels) AS m2
	FROM schemes, jsonb_array_elements(scheme) WITH ORDINALITY x (e, row);
SQL
property('a scheme gives the segment of its first row that matches', <<'SQL');
SELECT segment(rfm(r, f, m), scheme) IS NOT DISTINCT FROM
		(SELECT segment FROM scheme_rows w WHERE w.id = s.id AND r BETWEEN r1 AND r2 AND f BETWEEN f1 AND f2 AND m BETWEEN m1 AND m2 ORDER BY row LIMIT 1),
	   format('%s-%s-%s in %s', r, f, m, scheme)
FROM schemes s, generate_series(1, levels) r, generate_series(1, levels) f, generate_series(1, levels) m
SQL

setup(<<'SQL');
CREATE TABLE matches AS
	SELECT s.id, r, f, m, array_agg(segment ORDER BY row) FILTER (WHERE row IS NOT NULL) AS segments, min(row) AS winner
	FROM schemes s CROSS JOIN generate_series(1, levels) r CROSS JOIN generate_series(1, levels) f CROSS JOIN generate_series(1, levels) m
		LEFT JOIN scheme_rows w ON w.id = s.id AND r BETWEEN r1 AND r2 AND f BETWEEN f1 AND f2 AND m BETWEEN m1 AND m2
	GROUP BY 1, 2, 3, 4;
CREATE TABLE problems AS
	SELECT id, 1 AS nth, 'hole' AS problem, r, f, m, '{}'::text[] AS segments FROM matches WHERE winner IS NULL
	UNION ALL SELECT id, 2, 'overlap', r, f, m, segments FROM matches WHERE cardinality(segments) > 1
	UNION ALL SELECT id, 3, 'unreachable', NULL, NULL, NULL, ARRAY[segment] FROM scheme_rows w WHERE NOT EXISTS (SELECT FROM matches m WHERE m.id = w.id AND winner = row);
SQL

property('check_segments is the cross join of scores and rows', <<'SQL');
SELECT e IS NOT DISTINCT FROM g, format('scheme %s: %s, not %s', scheme, left(g::text, 400), left(e::text, 400))
FROM schemes s LEFT JOIN (SELECT id, array_agg(ROW(problem, r, f, m, segments::text)::text ORDER BY problem, r, f, m, segments::text) AS e FROM problems GROUP BY 1) p USING (id),
	 LATERAL (SELECT array_agg(ROW(problem, r, f, m, segments::text)::text ORDER BY problem, r, f, m, segments::text) AS g FROM check_segments(scheme, levels)) c
SQL

property('holes come first, then overlaps, then unreachable rows', <<'SQL');
SELECT kinds IS NULL OR kinds = ARRAY(SELECT k FROM unnest(kinds) k ORDER BY k), scheme::text
FROM schemes, LATERAL (SELECT array_agg(problem ORDER BY nth) FROM check_segments(scheme, levels) WITH ORDINALITY c (problem, r, f, m, segments, nth)) c (kinds)
SQL

property('the segments of the built-in schemes', <<'SQL');
SELECT segment(rfm(r, f, m)) = grid AND segment(rfm(r, f, m), 'grid') = grid AND segment(rfm(r, f, m), 'rfm') = new AND segment(rfm(r, f, m), 'classic') = old,
	   format('%s-%s-%s: %s not %s, %s not %s, %s not %s', r, f, m, segment(rfm(r, f, m)), grid, segment(rfm(r, f, m), 'rfm'), new, segment(rfm(r, f, m), 'classic'), old)
FROM generate_series(1, 5) r, generate_series(1, 5) f, generate_series(1, 5) m, LATERAL (SELECT
	CASE WHEN r <= 2 AND f <= 2 THEN 'Hibernating' WHEN r <= 2 AND f <= 4 THEN 'At Risk' WHEN r <= 2 THEN 'Can''t Lose'
		 WHEN r = 3 AND f <= 2 THEN 'About To Sleep' WHEN r = 3 AND f = 3 THEN 'Need Attention' WHEN r <= 4 AND f >= 4 THEN 'Loyal Customers'
		 WHEN r = 4 AND f = 1 THEN 'Promising' WHEN r = 5 AND f = 1 THEN 'New Customers' WHEN f <= 3 THEN 'Potential Loyalists' ELSE 'Champions' END,
	CASE WHEN r = 5 AND f = 5 AND m = 5 THEN 'Champions' WHEN r >= 3 AND f >= 3 AND m >= 2 THEN 'Potential Loyalist'
		 WHEN r BETWEEN 2 AND 4 AND f BETWEEN 2 AND 4 AND m BETWEEN 2 AND 4 THEN 'Loyal Customers' WHEN r BETWEEN 3 AND 4 AND f <= 3 AND m >= 3 THEN 'Promising'
		 WHEN r >= 4 AND f <= 3 THEN 'New Customers' WHEN r <= 2 AND f BETWEEN 3 AND 4 AND m >= 4 THEN 'Can''t Lose Them' WHEN r <= 2 AND f >= 2 AND m >= 4 THEN 'At Risk'
		 WHEN r <= 3 AND f >= 3 AND m >= 3 THEN 'Need Attention' WHEN r BETWEEN 2 AND 3 AND f <= 3 AND m <= 4 THEN 'About To Sleep' WHEN r = 1 THEN 'Lost' ELSE 'Others' END,
	CASE WHEN r >= 4 AND f >= 4 AND m >= 4 THEN 'Champions' WHEN r >= 2 AND f >= 3 AND m >= 3 THEN 'Loyal Customers' WHEN r >= 3 AND f <= 3 AND m <= 3 THEN 'Potential Loyalist'
		 WHEN r BETWEEN 2 AND 3 AND f BETWEEN 2 AND 3 AND m BETWEEN 2 AND 3 THEN 'Need Attention' WHEN r BETWEEN 2 AND 3 AND f <= 2 AND m <= 2 THEN 'About To Sleep'
		 WHEN r <= 2 AND f >= 2 AND m >= 2 THEN 'At Risk' WHEN r <= 2 AND f <= 2 AND m <= 2 THEN 'Lost' ELSE 'Others' END) c (grid, new, old)
SQL

property('the eight Chinese segments', <<'SQL');
SELECT segment(rfm(r, f, m), 'cn') = (CASE m WHEN 2 THEN '重要' ELSE '一般' END) || (CASE r * 10 + f WHEN 22 THEN '价值' WHEN 21 THEN '发展' WHEN 12 THEN '保持' ELSE '挽留' END) || '客户',
	   format('%s-%s-%s: %s', r, f, m, segment(rfm(r, f, m), 'cn'))
FROM generate_series(1, 2) r, generate_series(1, 2) f, generate_series(1, 2) m
SQL

# ---------------------------------------------------------------------------
# Stages and repurchase
# ---------------------------------------------------------------------------

# Half of the policies are in days, half in gaps; what a policy leaves out is its default.
setup(<<'SQL');
CREATE TABLE policies AS
	SELECT id, gap IS NOT NULL AS by_gap, coalesce(new_days, 30) AS new_days, coalesce(loyal_orders, 3) AS loyal_orders, coalesce(reactivated_days, 30) AS reactivated_days,
		   coalesce(at_risk, CASE WHEN gap IS NULL THEN 90 ELSE 2 END) AS at_risk, coalesce(churned, CASE WHEN gap IS NULL THEN 180 ELSE 4 END) AS churned, gap, coalesce(weight, 3) AS weight,
		   jsonb_strip_nulls(jsonb_build_object('new_days', new_days, 'loyal_orders', loyal_orders, 'reactivated_days', reactivated_days, 'gap', gap, 'gap_weight', weight,
				CASE WHEN gap IS NULL THEN 'at_risk_days' ELSE 'at_risk_gaps' END, at_risk, CASE WHEN gap IS NULL THEN 'churned_days' ELSE 'churned_gaps' END, churned)) AS policy
	FROM (SELECT id, CASE WHEN random() < 0.5 THEN floor(random() * 60)::int END AS new_days, CASE WHEN random() < 0.5 THEN 1 + floor(random() * 6)::int END AS loyal_orders,
				 CASE WHEN random() < 0.5 THEN floor(random() * 60)::int END AS reactivated_days,
				 CASE WHEN random() < 0.7 THEN CASE WHEN id % 2 = 0 THEN floor(random() * 120) ELSE round((random() * 4)::numeric, id % 4) END END::numeric AS at_risk,
				 CASE WHEN random() < 0.7 THEN CASE WHEN id % 2 = 0 THEN floor(random() * 240) ELSE round((random() * 8)::numeric, id % 4) END END::numeric AS churned,
				 CASE WHEN id % 2 = 1 THEN round((1 + random() * 60)::numeric, id % 4) END AS gap,
				 CASE WHEN id % 2 = 1 AND random() < 0.6 THEN round((0.001 + random() * 6)::numeric, 3) END AS weight
		  FROM generate_series(1, 160) id) p;
DELETE FROM policies WHERE at_risk > churned;
CREATE TABLE visits AS			-- what a stage looks at, by SQL on the order days
	SELECT m.customer, moment, h, count(d.day) AS n, coalesce(sum(orders), 0) AS orders, moment - max(d.day) AS recency, max(d.day) - min(d.day) AS span,
		   max(d.day) - (array_agg(d.day ORDER BY d.day DESC))[2] AS last_gap
	FROM moments m LEFT JOIN days d ON d.customer = m.customer AND d.day <= moment AND d.orders > 0
	WHERE m.customer % 5 = 0 AND m.customer % 12 <> 2 GROUP BY 1, 2, 3;
CREATE FUNCTION gap_beyond(days int, gaps numeric, gap numeric, weight numeric, own_sum int, own int) RETURNS boolean LANGUAGE sql IMMUTABLE AS
	$$ SELECT days * (weight + own) > gaps * (weight * gap + own_sum) $$;
ANALYZE;
SQL

property('stages are a CASE on the order days', <<'SQL');
SELECT got = stage, format('customer %s on %s by %s: %s, not %s; %s', customer, moment, policy, got, stage, until(h, moment))
FROM (SELECT v.*, policy, stage(h, moment, policy) AS got,
		CASE WHEN n = 0 THEN 'prospect'
			 WHEN NOT by_gap AND recency > churned OR by_gap AND gap_beyond(recency, churned, gap, weight, span, n::int - 1) THEN 'churned'
			 WHEN NOT by_gap AND recency > at_risk OR by_gap AND gap_beyond(recency, at_risk, gap, weight, span, n::int - 1) THEN 'at_risk'
			 WHEN recency <= reactivated_days AND (NOT by_gap AND last_gap > churned OR by_gap AND gap_beyond(last_gap, churned, gap, weight, span - last_gap, n::int - 2)) THEN 'reactivated'
			 WHEN orders = 1 AND recency <= new_days THEN 'new'
			 WHEN orders >= loyal_orders THEN 'loyal' ELSE 'active' END AS stage
	  FROM visits v JOIN policies p ON (p.id + customer + (moment - date '0001-01-01')) % 4 = 0) s
SQL

property('every stage occurs', <<'SQL');
SELECT EXISTS (SELECT FROM visits JOIN policies p ON (p.id + customer) % 8 = 0 WHERE stage(h, moment, policy) = stage AND by_gap = b), stage || CASE WHEN b THEN ' by gaps' ELSE ' by days' END
FROM unnest('{prospect,churned,at_risk,reactivated,new,loyal,active}'::text[]) stage, unnest('{t,f}'::bool[]) b
SQL

property('without a policy it is the default one', <<'SQL');
SELECT stage(h, moment) = stage(h, moment, '{}') AND stage(h, moment) = stage(h, moment,
		'{"new_days": 30, "loyal_orders": 3, "reactivated_days": 30, "at_risk_days": 90, "churned_days": 180}'), h::text
FROM visits
SQL

setup(<<'SQL');
CREATE TABLE firsts AS
	SELECT pop, customer, as_of + shift AS moment, count(*) AS n, (array_agg(day ORDER BY day))[1] AS first, (array_agg(day ORDER BY day))[2] AS second
	FROM (SELECT DISTINCT pop, customer, day FROM purchases WHERE amount > 0) d JOIN people USING (pop, customer), generate_series(-10, 60, 35) shift WHERE day <= as_of + shift GROUP BY 1, 2, 3;
CREATE TABLE rates AS
	SELECT pop, as_of + shift AS moment, within, repurchase_rate(h, as_of + shift) AS rate, repurchase_rate(h, as_of + shift, within) AS rate_within,
		   repurchase_rate(h, as_of + shift, NULL) AS rate_null
	FROM people, generate_series(-10, 60, 35) shift, unnest('{1,2,7,30,90,4000}'::int[]) within GROUP BY 1, 2, 3;
SQL

property('repurchase_rate counts customers with two order days', <<'SQL');
SELECT (rate IS NULL) = (expected IS NULL) AND (rate IS NULL OR abs(rate::numeric - expected) < 1e-12) AND rate IS NOT DISTINCT FROM rate_null, format('population %s on %s: %s, not %s', pop, moment, rate, expected)
FROM rates, LATERAL (SELECT count(*) FILTER (WHERE n >= 2)::numeric / nullif(count(*), 0) FROM firsts f WHERE f.pop = rates.pop AND f.moment = rates.moment) e (expected)
SQL

property('repurchase_rate within days of the first looks at who was observed so long', <<'SQL');
SELECT (rate_within IS NULL) = (expected IS NULL) AND (rate_within IS NULL OR abs(rate_within::numeric - expected) < 1e-12), format('population %s on %s within %s: %s, not %s', pop, moment, within, rate_within, expected)
FROM rates, LATERAL (SELECT count(*) FILTER (WHERE second - first <= within)::numeric / nullif(count(*), 0) FROM firsts f
					 WHERE f.pop = rates.pop AND f.moment = rates.moment AND first <= rates.moment - within) e (expected)
SQL

# with the settings that make a plan parallel wherever one can be
setup(<<'SQL');
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
SET max_parallel_workers_per_gather = 2;
SET parallel_leader_participation = off;
CREATE TABLE in_parallel AS SELECT customer % 100 AS part, repurchase_rate(h, '2025-06-30') AS rate, repurchase_rate(h, '2025-06-30', 60) AS within, rfm_fit(h, '2025-06-30') AS model, rfm_fit(h, '2025-06-30', 3, 'mean') AS means
	FROM histories GROUP BY 1;
RESET parallel_setup_cost;
RESET parallel_tuple_cost;
RESET min_parallel_table_scan_size;
RESET parallel_leader_participation;
SET max_parallel_workers_per_gather = 0;
SQL

property('rates and fits in parallel are the same', <<'SQL');
SELECT p IS NOT DISTINCT FROM s, format('%s, not %s', p, s)
FROM in_parallel p FULL JOIN (SELECT customer % 100 AS part, repurchase_rate(h, '2025-06-30') AS rate, repurchase_rate(h, '2025-06-30', 60) AS within, rfm_fit(h, '2025-06-30') AS model, rfm_fit(h, '2025-06-30', 3, 'mean') AS means
	FROM histories GROUP BY 1) s USING (part)
SQL

# ---------------------------------------------------------------------------
# Lifetime value
# ---------------------------------------------------------------------------

# Customers who buy at their own rate until they leave, some without ever buying again.
setup(<<'SQL');
CREATE FUNCTION simulated(customers int) RETURNS TABLE (customer int, day date, amount numeric) LANGUAGE plpgsql AS $$
DECLARE
	rate float; leaves float; worth float;
BEGIN
	FOR number IN 1 .. customers LOOP
		customer := number; rate := -ln(1 - random()) * 0.03; leaves := random() ^ 2; worth := -ln(1 - random()) * 50;
		day := date '2024-01-01' + floor(random() * 120)::int;
		LOOP
			amount := round((1 + worth * -ln(1 - random()))::numeric, 2);
			RETURN NEXT;
			EXIT WHEN random() < leaves;
			day := day + (1 + least(5000, floor(-ln(1 - random()) / rate)))::int;
			EXIT WHEN day > '2025-06-30';
		END LOOP;
	END LOOP;
END $$;
CREATE TABLE life AS SELECT customer, history_agg(day, amount) AS h FROM simulated(600) GROUP BY 1;
INSERT INTO life VALUES (2000, NULL), (2001, '{}'), (2002, '{2024-02-01 -5/0}'), (2003, '{2025-12-01 5}'), (2004, '{2024-02-01 5, 2024-03-01 -2.00/1}');
CREATE TABLE fits AS
	SELECT as_of, model, clv_fit(h, as_of, model ORDER BY customer) AS fit
	FROM life, unnest('{2024-12-31,2025-06-30}'::date[]) as_of, unnest('{bg/nbd,mbg/nbd}'::text[]) model GROUP BY 1, 2;
CREATE TABLE lives AS			-- x, t_x, T in weeks; z
	SELECT customer, as_of, h, count(*)::int - 1 AS x, (max(day) - min(day)) / 7.0::float8 AS tx, (as_of - min(day)) / 7.0::float8 AS t,
		   (sum(amount) - (array_agg(amount ORDER BY day))[1])::float8 / nullif(count(*) - 1, 0) AS z
	FROM life, unnest('{2024-12-31,2025-06-30}'::date[]) as_of, entries(h) e WHERE day <= as_of AND orders > 0 GROUP BY 1, 2, 3;
CREATE TABLE parameters AS
	SELECT as_of, model, fit, j, (j->>'r')::float8 AS r, (j->>'alpha')::float8 AS alpha, (j->>'a')::float8 AS a, (j->>'b')::float8 AS b,
		   (j->'spend'->>'p')::float8 AS p, (j->'spend'->>'q')::float8 AS q, (j->'spend'->>'v')::float8 AS v, (model = 'mbg/nbd')::int AS mbg
	FROM (SELECT *, fit::jsonb AS j FROM fits) f;

-- the formulas as papers have them
CREATE FUNCTION log_gamma(x float8) RETURNS float8 LANGUAGE sql IMMUTABLE AS $$		-- Stirling's, from x + 8 down
	SELECT (y - 0.5) * ln(y) - y + 0.918938533204672742 + 1 / (12 * y) - 1 / (360 * y ^ 3) + 1 / (1260 * y ^ 5) - 1 / (1680 * y ^ 7)
		- ln(x * (x + 1) * (x + 2) * (x + 3) * (x + 4) * (x + 5) * (x + 6) * (x + 7)) FROM (SELECT x + 8) s (y) $$;
CREATE FUNCTION log_likelihood(x int, tx float8, t float8, r float8, alpha float8, a float8, b float8, mbg int) RETURNS float8 LANGUAGE sql IMMUTABLE AS $$
	SELECT log_gamma(r + x) - log_gamma(r) + r * ln(alpha) + log_gamma(a + b) + log_gamma(b + x + mbg) - log_gamma(b) - log_gamma(a + b + x + mbg)
		+ CASE WHEN x = 0 AND mbg = 0 THEN alive ELSE greatest(alive, left_) + ln(1 + exp(-abs(alive - left_))) END
	FROM (SELECT -(r + x) * ln(alpha + t), CASE WHEN x + mbg > 0 THEN ln(a) - ln(b + x + mbg - 1) - (r + x) * ln(alpha + tx) END) l (alive, left_) $$;
CREATE FUNCTION spend_likelihood(x int, z float8, p float8, q float8, v float8) RETURNS float8 LANGUAGE sql IMMUTABLE AS $$
	SELECT log_gamma(p * x + q) - log_gamma(p * x) - log_gamma(q) + q * ln(v) + (p * x - 1) * ln(z) + p * x * ln(x) - (p * x + q) * ln(x * z + v) $$;
CREATE FUNCTION alive(x int, tx float8, t float8, r float8, alpha float8, a float8, b float8, mbg int) RETURNS float8 LANGUAGE sql IMMUTABLE AS $$
	SELECT CASE WHEN x + mbg = 0 THEN 1 ELSE 1 / (1 + a / (b + x + mbg - 1) * ((alpha + t) / (alpha + tx)) ^ (r + x)) END $$;
CREATE FUNCTION purchases_ahead(x int, t float8, weeks float8, r float8, alpha float8, a float8, b float8, mbg int) RETURNS float8 LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE									-- of a customer who is alive: would-be purchases are negative binomial
	z float8 := weeks / (alpha + t + weeks); w float8 := (1 - z) ^ (r + x); survives float8 := 1; made float8 := 0; total float8 := 0;
BEGIN
	FOR j IN 0 .. 2000 LOOP
		total := total + w * made;
		made := made + survives;
		survives := survives * (b + x + mbg + j) / (a + b + x + mbg + j);
		w := w * z * (r + x + j) / (j + 1);
		EXIT WHEN w < 1e-18;
	END LOOP;
	RETURN total;
END $$;
ANALYZE;
SQL

property('the log-likelihood of a fit is that of its parameters', <<'SQL');
SELECT abs(sum - (j->'fit'->>'log_likelihood')::float8) < 1e-6 * abs(sum), format('%s %s: %s', as_of, sum, j)
FROM (SELECT as_of, j, sum(log_likelihood(x, tx, t, r, alpha, a, b, mbg)) FROM parameters JOIN lives USING (as_of) GROUP BY 1, 2) s
UNION ALL
SELECT abs(sum - (j->'spend'->'fit'->>'log_likelihood')::float8) < 1e-6 * abs(sum), format('spend %s %s: %s', as_of, sum, j)
FROM (SELECT as_of, j, sum(spend_likelihood(x, z, p, q, v)) FROM parameters JOIN lives USING (as_of) WHERE x > 0 AND z > 0 GROUP BY 1, 2) s
SQL

property('and nowhere near is a better one', <<'SQL');
SELECT sum(log_likelihood(x, tx, t, r * exp(d[1]), alpha * exp(d[2]), a * exp(d[3]), b * exp(d[4]), mbg)) <= (j->'fit'->>'log_likelihood')::float8 + 1e-7, format('%s %s', d, j)
FROM parameters JOIN lives USING (as_of), (SELECT ARRAY[(k = 1)::int, (k = 2)::int, (k = 3)::int, (k = 4)::int]::float8[], s FROM generate_series(1, 4) k, unnest('{0.002,-0.002}'::float8[]) s) u (u, s),
	 LATERAL (SELECT ARRAY[u[1] * s, u[2] * s, u[3] * s, u[4] * s]) e (d) GROUP BY as_of, j, d
UNION ALL
SELECT sum(spend_likelihood(x, z, p * exp(d[1]), q * exp(d[2]), v * exp(d[3]))) <= (j->'spend'->'fit'->>'log_likelihood')::float8 + 1e-7, format('spend %s %s', d, j)
FROM parameters JOIN lives USING (as_of), (VALUES ('{0.002,0,0}'::float8[]), ('{-0.002,0,0}'), ('{0,0.002,0}'), ('{0,-0.002,0}'), ('{0,0,0.002}'), ('{0,0,-0.002}')) u (d)
WHERE x > 0 AND z > 0 GROUP BY as_of, j, d
SQL

property('a fit says whom it looked at', <<'SQL');
SELECT (j->'fit'->>'as_of')::date = as_of AND (j->'fit'->>'customers')::int = count(*) AND (j->'spend'->'fit'->>'customers')::int = count(*) FILTER (WHERE z > 0)
		AND (j->'spend'->'fit'->>'dropped')::int = count(*) FILTER (WHERE z <= 0) AND j->>'unit' = 'week' AND j->>'model' = model AND (j->'fit'->>'converged')::boolean
		AND (j->'spend'->'fit'->>'converged')::boolean AND j->'fit'->'degenerate' = '[]' AND jsonb_array_length(j->'fit'->'standard_errors') = 4
		AND abs((j->'spend'->'fit'->>'correlation')::float8 - corr(x, z) FILTER (WHERE z > 0)) < 0.001, format('%s %s', count(*), j)
FROM parameters JOIN lives USING (as_of) GROUP BY as_of, model, j
SQL

setup(<<'SQL');
SET work_mem = '64kB';
CREATE TABLE small_fits AS
	SELECT as_of, model, clv_fit(h, as_of, model ORDER BY customer DESC) AS descending, clv_fit(h, as_of, model ORDER BY md5(customer::text)) AS shuffled
	FROM life, unnest('{2024-12-31,2025-06-30}'::date[]) as_of, unnest('{bg/nbd,mbg/nbd}'::text[]) model GROUP BY 1, 2;
SET work_mem = '64MB';
CREATE FUNCTION apart(a clv_model, b clv_model) RETURNS float8 LANGUAGE sql IMMUTABLE AS $$
	SELECT max(abs(x / y - 1)) FROM (SELECT (a::jsonb #>> path)::float8, (b::jsonb #>> path)::float8
		FROM (VALUES ('{r}'::text[]), ('{alpha}'), ('{a}'), ('{b}'), ('{spend,p}'), ('{spend,q}'), ('{spend,v}'), ('{fit,log_likelihood}'), ('{spend,fit,log_likelihood}')) p (path)) v (x, y) $$;
SQL

property('neither the order of rows nor work_mem matters to a fit', <<'SQL');
SELECT apart(fit, descending) < 1e-9 AND apart(fit, shuffled) < 1e-9, format('%s %s: %s, %s; %s and %s', as_of, model, apart(fit, descending), apart(fit, shuffled), fit, descending)
FROM fits JOIN small_fits USING (as_of, model)
SQL

property('the model without a name is bg/nbd', <<'SQL');
SELECT clv_fit(h, '2025-06-30' ORDER BY customer) = (SELECT fit FROM fits WHERE as_of = '2025-06-30' AND model = 'bg/nbd'), 'not' FROM life
SQL

property('a model reads back equal', <<'SQL');
SELECT fit::text::clv_model = fit AND fit::json::clv_model = fit AND fit::jsonb::clv_model = fit AND fit::text::clv_model::text = fit::text, fit::text FROM fits
SQL

property('p_alive is its formula', <<'SQL');
SELECT abs(p_alive(h, fit, l.as_of) - alive(x, tx, t, r, alpha, a, b, mbg)) < 1e-9, format('%s by %s: %s', h, fit, p_alive(h, fit, l.as_of)) FROM parameters, lives l
SQL

property('expected_orders is the sum over would-be purchases', <<'SQL');
SELECT abs(got - want) < 1e-9 * (1 + want), format('%s in %s days by %s: %s, not %s', h, days, fit, got, want)
FROM (SELECT h, days, fit, expected_orders(h, fit, l.as_of, days) AS got, alive(x, tx, t, r, alpha, a, b, mbg) * purchases_ahead(x, t, days / 7.0, r, alpha, a, b, mbg) AS want
	  FROM parameters, lives l, unnest('{0,1,30,365}'::int[]) days WHERE customer % 8 = 0) s
SQL

property('expected_spend is the gamma-gamma mean', <<'SQL');
SELECT abs(expected_spend(u, fit) - p * (v + x * greatest(z, 0)) / (p * x + q - 1)) < 1e-9 * expected_spend(u, fit), format('%s by %s: %s', u, fit, expected_spend(u, fit))
FROM (SELECT *, until(h, l.as_of) AS u FROM parameters pa, lives l WHERE pa.as_of = '2025-06-30' AND q > 1) s (a1, a2, fit, j, r, alpha, a, b, p, q, v, mbg, customer, as_of, h, x, tx, t, z, u)
SQL

property('clv is spend times the discounted orders of its months', <<'SQL');
SELECT abs(got - want) < 1e-9 * (1 + want), format('%s, %s months at %s by %s: %s, not %s', h, months, rate, fit, got, want)
FROM (SELECT h, months, rate, fit, clv(h, fit, l.as_of, months, rate) AS got, expected_spend(until(h, l.as_of), fit) * alive(x, tx, t, r, alpha, a, b, mbg)
			* (SELECT coalesce(sum((purchases_ahead(x, t, k * 365 / 12.0 / 7, r, alpha, a, b, mbg) - purchases_ahead(x, t, (k - 1) * 365 / 12.0 / 7, r, alpha, a, b, mbg)) / (1 + rate::float8) ^ (k / 12.0::float8)), 0)
			   FROM generate_series(1, months) k) AS want
	  FROM parameters, lives l, unnest('{0,1,12}'::int[]) months, unnest('{0,0.1}'::numeric[]) rate WHERE customer % 50 = 0) s
SQL

property('p_alive is a probability, and falls while nothing is bought', <<'SQL');
SELECT bool_and(p BETWEEN 0 AND 1 AND p <= before IS NOT FALSE), min(h::text)
FROM (SELECT customer, model, until(h, '2024-12-31') AS h, p_alive(until(h, '2024-12-31'), fit, moment) AS p, lag(p_alive(until(h, '2024-12-31'), fit, moment)) OVER (PARTITION BY customer, f.as_of, model ORDER BY moment) AS before
	  FROM fits f, lives l, LATERAL (SELECT last_day(until(h, '2024-12-31')) + d FROM unnest('{0,1,10,100,1000,10000}'::int[]) d) m (moment) WHERE f.as_of = l.as_of AND l.as_of = '2024-12-31') s GROUP BY customer, model
SQL

property('expected_orders grows with the days, and is none in none', <<'SQL');
SELECT bool_and(CASE WHEN days = 0 THEN e = 0 ELSE e > before END), min(h::text)
FROM (SELECT customer, model, h, days, expected_orders(h, fit, f.as_of, days) AS e, lag(expected_orders(h, fit, f.as_of, days)) OVER (PARTITION BY customer, f.as_of, model ORDER BY days) AS before
	  FROM fits f, lives l, unnest('{0,1,2,10,100,1000}'::int[]) days WHERE f.as_of = l.as_of AND l.as_of = '2024-12-31' AND customer % 10 = 0) s GROUP BY customer, model
SQL

property('clv grows with the months and falls with the discount, and is none in none', <<'SQL');
SELECT clv(h, fit, f.as_of, 0) = 0 AND clv(h, fit, f.as_of, 1) > 0 AND clv(h, fit, f.as_of, 24) > clv(h, fit, f.as_of, 12) AND clv(h, fit, f.as_of, 12, 0.2) < clv(h, fit, f.as_of, 12)
		AND clv(h, fit, f.as_of, 12, 0) = clv(h, fit, f.as_of, 12), h::text
FROM fits f JOIN lives l USING (as_of) WHERE customer % 10 = 0
SQL

property('the fit to half of the time expects about what came in the rest', <<'SQL');
SELECT expected BETWEEN actual * 0.8 AND actual * 1.2, format('%s: expected %s, came %s', model, expected, actual)
FROM (SELECT model, sum(expected_orders(h, fit, f.as_of, 181)) AS expected, sum(order_days(until(h, '2025-06-30')) - order_days(until(h, '2024-12-31'))) AS actual
	  FROM fits f, life WHERE f.as_of = '2024-12-31' AND first_day(h) <= '2024-12-31' GROUP BY 1) s
SQL

property('who has not bought has no probability and no expectation', <<'SQL');
SELECT num_nonnulls(p_alive(h, fit, f.as_of), expected_orders(h, fit, f.as_of, 30), clv(h, fit, f.as_of, 12)) = 0, h::text
FROM fits f, life WHERE customer IN (2000, 2001, 2002, 2003)
SQL

ask();
