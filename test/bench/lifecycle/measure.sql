--
-- Measures the candidates in turn, :rounds times (slow ones at most 3 times), in
-- seconds of this backend's own processor time and of the clock, and compares
-- what promo and plain SQL find.
--
SET search_path = bench, public;
SET max_parallel_workers_per_gather = 0;
SET max_parallel_maintenance_workers = 0;
SET jit = off;
SET timezone = 'UTC';
SET client_min_messages = warning;
SET work_mem = '2GB';
\set last_day '\'2025-12-31\'::date'

CREATE TABLE model AS
SELECT promo.rfm_fit(h, :last_day) AS rfm, promo.clv_fit(h, :last_day) AS clv FROM histories;

-- every round appends a day to these; the last round completes them
CREATE TABLE nightly AS
SELECT customer, promo.history_agg(ordered_on, amount) AS h
FROM orders WHERE ordered_on <= :last_day - :rounds GROUP BY customer;
ALTER TABLE nightly ADD PRIMARY KEY (customer);
CREATE TABLE nightly_totals AS
SELECT customer, count(*) AS n, sum(amount) AS spent, max(ordered_on) AS last
FROM orders WHERE ordered_on <= :last_day - :rounds GROUP BY customer;
ALTER TABLE nightly_totals ADD PRIMARY KEY (customer);
VACUUM ANALYZE nightly, nightly_totals;

-- the tens of id are a part of the report, base is the form to compare with;
-- $1 is the last day, $2 the model of scores, $3 that of lifetime value, $4 the day to append
CREATE TABLE candidate (id int PRIMARY KEY, base int, slow boolean, what text, query text, work_mem text DEFAULT '2GB');
CREATE TABLE measured (candidate int, processor numeric, clock numeric);

INSERT INTO candidate VALUES
	(11, 12, false, 'history_agg',
		'SELECT count(h) FROM (SELECT promo.history_agg(ordered_on, amount) AS h FROM orders GROUP BY customer) c'),
	(12, 12, false, 'plain SQL: count, sum, max',
		'SELECT count(n), count(spent), count(last)
		FROM (SELECT count(*) AS n, sum(amount) AS spent, max(ordered_on) AS last FROM orders GROUP BY customer) c'),
	(13, 12, false, 'orders, spent, last_day of stored histories',
		'SELECT count(promo.orders(h)), count(promo.spent(h)), count(promo.last_day(h)) FROM histories'),

	(21, 25, false, 'rfm_fit', 'SELECT promo.rfm_fit(h, $1) FROM histories'),
	(23, 25, false, 'score, by a model that was kept', 'SELECT count(promo.score(h, $2, $1)) FROM histories'),
	(24, 25, false, 'score, segment, count of each segment',
		'SELECT promo.segment(promo.score(h, $2, $1)) AS segment, count(*) FROM histories GROUP BY segment'),
	(25, 25, true, 'plain SQL: ntile(5) of three, from orders',
		'SELECT sum(r + f + m) FROM (
			SELECT ntile(5) OVER (ORDER BY last) AS r, ntile(5) OVER (ORDER BY n) AS f, ntile(5) OVER (ORDER BY spent) AS m
			FROM (SELECT count(*) AS n, sum(amount) AS spent, max(ordered_on) AS last
				FROM orders WHERE ordered_on <= $1 GROUP BY customer) c) s'),
	(26, 25, true, 'plain SQL: ntile(5) of three, of stored count, sum, max',
		'SELECT sum(r + f + m) FROM (
			SELECT ntile(5) OVER (ORDER BY last) AS r, ntile(5) OVER (ORDER BY n) AS f, ntile(5) OVER (ORDER BY spent) AS m
			FROM totals) s'),

	(31, NULL, false, 'clv_fit, BG/NBD with spend', 'SELECT promo.clv_fit(h, $1) FROM histories'),
	(33, NULL, true, 'clv_fit, MBG/NBD with spend', 'SELECT promo.clv_fit(h, $1, ''mbg/nbd'') FROM histories'),
	(34, NULL, false, 'p_alive', 'SELECT count(promo.p_alive(h, $3, $1)) FROM histories'),
	(35, NULL, false, 'expected_orders, 365 days', 'SELECT count(promo.expected_orders(h, $3, $1, 365)) FROM histories'),
	(36, NULL, false, 'clv, 12 months at 10% a year', 'SELECT count(promo.clv(h, $3, $1, 12, 0.1)) FROM histories'),

	(41, 42, false, 'history_agg of a day, ON CONFLICT h || excluded.h',
		'INSERT INTO nightly
		SELECT customer, promo.history_agg(ordered_on, amount) FROM orders WHERE ordered_on = $4 GROUP BY customer
		ON CONFLICT (customer) DO UPDATE SET h = nightly.h OPERATOR(promo.||) excluded.h'),
	(42, 42, true, 'history_agg of all days, new table with primary key',
		'DROP TABLE IF EXISTS rebuilt;
		CREATE TABLE rebuilt AS SELECT customer, promo.history_agg(ordered_on, amount) AS h FROM orders GROUP BY customer;
		ALTER TABLE rebuilt ADD PRIMARY KEY (customer)'),
	(43, 42, false, 'plain SQL: count, sum, max of a day, ON CONFLICT add',
		'INSERT INTO nightly_totals AS t
		SELECT customer, count(*), sum(amount), max(ordered_on) FROM orders WHERE ordered_on = $4 GROUP BY customer
		ON CONFLICT (customer) DO UPDATE
		SET n = t.n + excluded.n, spent = t.spent + excluded.spent, last = greatest(t.last, excluded.last)');
INSERT INTO candidate
SELECT id + 1, base, true, '  the same, work_mem = 4MB', query, '4MB' FROM candidate WHERE id IN (21, 31);

CREATE PROCEDURE measure(candidate int, as_of date, night date)
	LANGUAGE plpgsql AS $$
DECLARE
	c candidate := (SELECT c FROM candidate c WHERE id = candidate);
	rfm promo.rfm_model := (SELECT m.rfm FROM model m);
	clv promo.clv_model := (SELECT m.clv FROM model m);
	began timestamptz;
	start numeric;
BEGIN
	PERFORM set_config('work_mem', c.work_mem, true);
	began := clock_timestamp();
	start := cpu_seconds();
	EXECUTE c.query USING as_of, rfm, clv, night;
	INSERT INTO measured VALUES (candidate, cpu_seconds() - start, extract(epoch FROM clock_timestamp() - began));
END
$$;

SELECT format('CALL measure(%s, %L, %L)', id, :last_day, :last_day - :rounds + round)
FROM generate_series(1, :rounds) round, candidate
WHERE NOT slow OR round <= 3
ORDER BY round, id
\gexec

CREATE VIEW result AS
WITH median AS (
	SELECT candidate AS id, percentile_cont(0.5) WITHIN GROUP (ORDER BY processor)::numeric AS processor,
		percentile_cont(0.5) WITHIN GROUP (ORDER BY clock)::numeric AS clock
	FROM measured GROUP BY candidate)
SELECT c.id, what, round(m.processor, 2) AS processor, round(m.clock, 2) AS clock,
	round(b.processor / nullif(m.processor, 0), CASE WHEN b.processor < 10 * m.processor THEN 2 ELSE 0 END) || 'x' AS times
FROM median m JOIN candidate c ON c.id = m.id LEFT JOIN median b ON b.id = base;

-- what the hash table of a query's groups takes
CREATE FUNCTION hash_memory(candidate int) RETURNS text
	LANGUAGE plpgsql AS $$
DECLARE
	plan jsonb;
BEGIN
	EXECUTE 'EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) ' || (SELECT query FROM candidate c WHERE id = candidate) INTO plan;
	RETURN pg_size_pretty(1024 * jsonb_path_query_first(plan, '$.**."Peak Memory Usage"')::bigint);
END
$$;

\pset footer off
SELECT format('%s customers, %s orders, %s of them on the last day', count(DISTINCT customer), count(*),
	count(*) FILTER (WHERE ordered_on = :last_day)) AS "text"
FROM orders
\gset
\echo :text
\echo
\echo 'Seconds for all customers in one process, medians of' :rounds 'rounds: processor time, time by the clock;'
\echo 'and how many times as fast by processor time as the form it is compared with (1.00x).  work_mem'
\echo 'is 2GB, in which every hash table fits.'

\echo
SELECT what AS "Histories from orders", processor, clock, times FROM result WHERE id / 10 = 1 ORDER BY id;
SELECT format('Hash table of the groups: history_agg %s, plain SQL %s', hash_memory(11), hash_memory(12)) AS "text"
\gset
\echo :text
SELECT format('Stored: orders %s, histories %s and their primary key %s; %s bytes of history a customer, %s orders a customer',
	pg_size_pretty(pg_table_size('orders')), pg_size_pretty(pg_table_size('histories')), pg_size_pretty(pg_indexes_size('histories')),
	round(avg(pg_column_size(h)), 1), round(avg(promo.orders(h)), 1)) AS "text"
FROM histories
\gset
\echo :text
SELECT format('Customers whose orders, spent or last_day is another than plain SQL''s: %s of %s',
	count(*) FILTER (WHERE (promo.orders(h), promo.spent(h), promo.last_day(h)) IS DISTINCT FROM (n, spent, last)), count(*)) AS "text"
FROM histories FULL JOIN totals USING (customer)
\gset
\echo :text

\echo
SELECT what AS "Scores of stored histories", processor, clock, times FROM result WHERE id / 10 = 2 ORDER BY id;
SELECT format('Customers whose score is another than 1 + 5 * (rank() - 1) / count(*) in plain SQL: %s of %s',
	count(*) FILTER (WHERE (promo.r(score), promo.f(score), promo.m(score)) IS DISTINCT FROM (r::int, f::int, m::int)), count(*)) AS "text"
FROM (SELECT promo.score(h, rfm, :last_day) AS score,
		1 + 5 * (rank() OVER (ORDER BY last) - 1) / count(*) OVER () AS r,
		1 + 5 * (rank() OVER (ORDER BY n) - 1) / count(*) OVER () AS f,
		1 + 5 * (rank() OVER (ORDER BY spent) - 1) / count(*) OVER () AS m
	FROM histories JOIN totals USING (customer), model) s
\gset
\echo :text

\echo
SELECT what AS "Lifetime value of stored histories", processor, clock FROM result WHERE id / 10 = 3 ORDER BY id;
SELECT format('Parameters.  Fits see days: the %s%% of orders that share their day with another are between drawn and fitted.',
	round(100 * (1 - sum(promo.order_days(h)) / sum(promo.orders(h))), 1)) AS "text"
FROM histories
\gset
\echo :text
SELECT parameter, drawn, round(fitted, 4) AS fitted, round(error, 4) AS "standard error"
FROM (SELECT clv::text::jsonb AS model FROM model) m,
	(VALUES (1, 'r', 0.5, '{r}', '{fit,standard_errors,0}'), (2, 'alpha', 0.9, '{alpha}', '{fit,standard_errors,1}'),
		(3, 'a', 1, '{a}', '{fit,standard_errors,2}'), (4, 'b', 10, '{b}', '{fit,standard_errors,3}'),
		(5, 'p', 2, '{spend,p}', '{spend,fit,standard_errors,0}'), (6, 'q', 4, '{spend,q}', '{spend,fit,standard_errors,1}'),
		(7, 'v', 45, '{spend,v}', '{spend,fit,standard_errors,2}')) p (n, parameter, drawn, at, error_at),
	LATERAL (SELECT (model #>> at::text[])::numeric AS fitted, (model #>> error_at::text[])::numeric AS error) f
ORDER BY n;
SELECT format('Order days in the half-year after a fit as of 2025-06-30: %s expected, %s came',
	round(sum(promo.expected_orders(h, model, '2025-06-30', 184))),
	sum(promo.order_days(h) - promo.order_days(promo.until(h, '2025-06-30')))) AS "text"
FROM histories, (SELECT promo.clv_fit(h, '2025-06-30') AS model FROM histories) m
WHERE promo.first_day(h) <= '2025-06-30'
\gset
\echo :text

\echo
SELECT what AS "One more day of stored histories", processor, clock, times FROM result WHERE id / 10 = 4 ORDER BY id;
SELECT format('Customers whose history after %s days appended is another than from all orders: %s of %s', :rounds,
	count(*) FILTER (WHERE a.h::text IS DISTINCT FROM b.h::text), count(*)) AS "text"
FROM nightly a FULL JOIN histories b USING (customer)
\gset
\echo :text
