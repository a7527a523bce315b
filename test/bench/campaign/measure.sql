--
-- Measures the candidates in turn, :rounds times, in seconds of this backend's own
-- processor time and of the clock, and compares what promo and plain SQL find.
--
SET search_path = bench, public;
SET max_parallel_workers_per_gather = 0;
SET jit = off;
SET timezone = 'UTC';
SET work_mem = '2GB';
SET enable_indexonlyscan = off;

-- the tens of id are a part of the report, base is the form to compare with;
-- finds is what must come out alike
CREATE TABLE candidate (id int PRIMARY KEY, base int, finds text, what text, query text, by_index boolean DEFAULT false);
CREATE TABLE measured (candidate int, processor numeric, clock numeric, outcome text);

INSERT INTO candidate VALUES
	(11, 12, 'hours', 'kpi_agg',
		'SELECT row(count(*), sum(promo.pv(k)), sum(promo.uv(k)), sum(promo.orders(k)), sum(promo.buyers(k)),
			sum(promo.gmv(k)), sum(promo.discount(k)), sum(promo.profit(k)))
		FROM (SELECT promo.kpi_agg(event, customer, amount, discount, cost) AS k
			FROM event GROUP BY campaign, channel, date_trunc(''hour'', at)) h'),
	(12, 12, 'hours', 'plain SQL: count(DISTINCT)',
		'SELECT row(count(*), sum(pv), sum(uv), sum(orders), sum(buyers), sum(gmv), sum(discount), sum(profit))
		FROM (SELECT count(*) FILTER (WHERE type = 1) AS pv, count(DISTINCT customer) FILTER (WHERE type = 1) AS uv,
				count(*) FILTER (WHERE type = 3) AS orders, count(DISTINCT customer) FILTER (WHERE type = 3) AS buyers,
				sum(amount) FILTER (WHERE type = 3) AS gmv, sum(discount) FILTER (WHERE type = 3) AS discount,
				sum(amount - discount - cost) FILTER (WHERE type = 3) AS profit
			FROM event GROUP BY campaign, channel, date_trunc(''hour'', at)) h'),
	(13, 12, 'hours', 'plain SQL: GROUP BY customer, then by hour',
		'SELECT row(count(*), sum(pv), sum(uv), sum(orders), sum(buyers), sum(gmv), sum(discount), sum(profit))
		FROM (SELECT sum(pv) AS pv, count(*) FILTER (WHERE pv > 0) AS uv,
				sum(orders) AS orders, count(*) FILTER (WHERE orders > 0) AS buyers,
				sum(gmv) AS gmv, sum(discount) AS discount, sum(profit) AS profit
			FROM (SELECT campaign, channel, date_trunc(''hour'', at) AS hour,
					count(*) FILTER (WHERE type = 1) AS pv, count(*) FILTER (WHERE type = 3) AS orders,
					sum(amount) FILTER (WHERE type = 3) AS gmv, sum(discount) FILTER (WHERE type = 3) AS discount,
					sum(amount - discount - cost) FILTER (WHERE type = 3) AS profit
				FROM event GROUP BY campaign, channel, hour, customer) c
			GROUP BY campaign, channel, hour) h'),

	(21, 22, 'hours without customers', 'kpi_agg, customer NULL',
		'SELECT row(count(*), sum(promo.pv(k)), sum(promo.orders(k)),
			sum(promo.gmv(k)), sum(promo.discount(k)), sum(promo.profit(k)))
		FROM (SELECT promo.kpi_agg(event, NULL::bigint, amount, discount, cost) AS k
			FROM event GROUP BY campaign, channel, date_trunc(''hour'', at)) h'),
	(22, 22, 'hours without customers', 'plain SQL: count, sum of orders',
		'SELECT row(count(*), sum(pv), sum(orders), sum(gmv), sum(discount), sum(profit))
		FROM (SELECT count(*) FILTER (WHERE type = 1) AS pv, count(*) FILTER (WHERE type = 3) AS orders,
				sum(amount) FILTER (WHERE type = 3) AS gmv, sum(discount) FILTER (WHERE type = 3) AS discount,
				sum(amount - discount - cost) FILTER (WHERE type = 3) AS profit
			FROM event GROUP BY campaign, channel, date_trunc(''hour'', at)) h'),
	(23, 22, 'hours without customers, costs of views in profit', 'plain SQL: the same, sums of all events',
		'SELECT row(count(*), sum(pv), sum(orders), sum(gmv), sum(discount), sum(profit))
		FROM (SELECT count(*) FILTER (WHERE type = 1) AS pv, count(*) FILTER (WHERE type = 3) AS orders,
				sum(amount) AS gmv, sum(discount) AS discount, sum(amount - discount - cost) AS profit
			FROM event GROUP BY campaign, channel, date_trunc(''hour'', at)) h'),

	(31, 32, 'days', 'uv, buyers, gmv of each campaign and day: rollup',
		'SELECT string_agg(row(campaign, day, promo.uv(k), promo.buyers(k), promo.gmv(k))::text, '' '' ORDER BY campaign, day)
		FROM (SELECT campaign, hour::date AS day, promo.rollup(k) AS k FROM hourly GROUP BY campaign, day) d'),
	(32, 32, 'days', '  plain SQL from events: count(DISTINCT)',
		'SELECT string_agg(row(campaign, day, uv, buyers, gmv)::text, '' '' ORDER BY campaign, day)
		FROM (SELECT campaign, at::date AS day, count(DISTINCT customer) FILTER (WHERE type = 1) AS uv,
				count(DISTINCT customer) FILTER (WHERE type = 3) AS buyers, sum(amount) FILTER (WHERE type = 3) AS gmv
			FROM event GROUP BY campaign, day) d'),
	(33, 34, 'campaigns', 'the same of each campaign: rollup',
		'SELECT string_agg(row(campaign, promo.uv(k), promo.buyers(k), promo.gmv(k))::text, '' '' ORDER BY campaign)
		FROM (SELECT campaign, promo.rollup(k) AS k FROM hourly GROUP BY campaign) c'),
	(34, 34, 'campaigns', '  plain SQL from events: count(DISTINCT)',
		'SELECT string_agg(row(campaign, uv, buyers, gmv)::text, '' '' ORDER BY campaign)
		FROM (SELECT campaign, count(DISTINCT customer) FILTER (WHERE type = 1) AS uv,
				count(DISTINCT customer) FILTER (WHERE type = 3) AS buyers, sum(amount) FILTER (WHERE type = 3) AS gmv
			FROM event GROUP BY campaign) c'),
	(35, 36, 'all', 'the same of all: rollup',
		'SELECT row(promo.uv(k), promo.buyers(k), promo.gmv(k)) FROM (SELECT promo.rollup(k) AS k FROM hourly) a'),
	(36, 36, 'all', '  plain SQL from events: count(DISTINCT)',
		'SELECT row(count(DISTINCT customer) FILTER (WHERE type = 1), count(DISTINCT customer) FILTER (WHERE type = 3),
			sum(amount) FILTER (WHERE type = 3))
		FROM event'),

	(41, 42, 'levels', 'funnel_agg, level',
		'SELECT row(count(*) FILTER (WHERE level >= 1), count(*) FILTER (WHERE level >= 2), count(*) FILTER (WHERE level >= 3))
		FROM (SELECT promo.level(promo.funnel_agg(at, type, ''7 days'')) AS level FROM event GROUP BY customer) c'),
	(42, 42, 'levels', 'plain SQL: two window functions',
		'SELECT row(count(*) FILTER (WHERE level >= 1), count(*) FILTER (WHERE level >= 2), count(*) FILTER (WHERE level >= 3))
		FROM (SELECT max(CASE WHEN type = 3 AND at - carted <= ''7 days'' THEN 3
					WHEN type = 2 AND at - viewed <= ''7 days'' THEN 2
					WHEN type = 1 THEN 1 ELSE 0 END) AS level
			FROM (SELECT customer, at, type, viewed,
					max(viewed) FILTER (WHERE type = 2 AND at - viewed <= ''7 days'') OVER so_far AS carted
				FROM (SELECT customer, at, type, max(at) FILTER (WHERE type = 1) OVER so_far AS viewed
					FROM event
					WINDOW so_far AS (PARTITION BY customer ORDER BY at, type ROWS UNBOUNDED PRECEDING)) v
				WINDOW so_far AS (PARTITION BY customer ORDER BY at, type ROWS UNBOUNDED PRECEDING)) c
			GROUP BY customer) l'),

	(51, 53, 'matrix', 'days_agg, retention_agg, matrix',
		'SELECT string_agg(row(cohort, n, kept)::text, '' '' ORDER BY cohort, n)
		FROM (SELECT promo.retention_agg(d) AS r
				FROM (SELECT promo.days_agg(at::date) AS d FROM event GROUP BY customer) c) r,
			promo.matrix(r)
		WHERE n <= 7 AND kept > 0'),
	(52, 53, 'matrix', '  the same of stored days',
		'SELECT string_agg(row(cohort, n, kept)::text, '' '' ORDER BY cohort, n)
		FROM (SELECT promo.retention_agg(d) AS r FROM active) r, promo.matrix(r)
		WHERE n <= 7 AND kept > 0'),
	(53, 53, 'matrix', 'plain SQL: DISTINCT days, first of each customer',
		'SELECT string_agg(row(cohort, n, kept)::text, '' '' ORDER BY cohort, n)
		FROM (SELECT cohort, day - cohort AS n, count(*) AS kept
			FROM (SELECT customer, day, min(day) OVER (PARTITION BY customer) AS cohort
				FROM (SELECT DISTINCT customer, at::date AS day FROM event) d) f
			WHERE day - cohort BETWEEN 0 AND 7 GROUP BY cohort, n) m'),
	(54, 53, 'matrix', 'plain SQL: a bigint of days, at most 64',
		'SELECT string_agg(row(cohort, n, kept)::text, '' '' ORDER BY cohort, n)
		FROM (SELECT date ''2025-05-01'' + first AS cohort, n, count(*) AS kept
			FROM (SELECT days, round(ln((days & -days)::float8) / ln(2::float8))::int AS first
				FROM (SELECT bit_or(1::bigint << (at::date - date ''2025-05-01'')) AS days FROM event GROUP BY customer) b) f,
				generate_series(0, 7) n
			WHERE days >> (first + n) & 1 = 1 GROUP BY first, n) m');
INSERT INTO candidate
SELECT id + 4, CASE base WHEN 42 THEN 46 ELSE base END, finds, 'by the index: ' || btrim(what), query, true
FROM candidate WHERE id IN (41, 42, 51, 54);

CREATE PROCEDURE measure(candidate int)
	LANGUAGE plpgsql AS $$
DECLARE
	c candidate := (SELECT c FROM candidate c WHERE id = candidate);
	began timestamptz;
	start numeric;
	outcome text;
BEGIN
	IF c.by_index THEN
		SET LOCAL enable_indexonlyscan = on;
		-- the planner takes hashing for cheaper while work_mem has room for it
		SET LOCAL enable_hashagg = off;
	END IF;
	began := clock_timestamp();
	start := cpu_seconds();
	EXECUTE c.query INTO outcome;
	INSERT INTO measured VALUES (candidate, cpu_seconds() - start, extract(epoch FROM clock_timestamp() - began), outcome);
END
$$;

SELECT format('CALL measure(%s)', id)
FROM generate_series(1, :rounds) round, candidate
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
SELECT format('%s events of %s customers, %s groups of campaign, channel and hour',
	count(*), count(DISTINCT customer), (SELECT count(*) FROM hourly)) AS "text"
FROM event
\gset
\echo :text
\echo
\echo 'Seconds in one process, medians of' :rounds 'rounds: processor time, time by the clock; and how many'
\echo 'times as fast by processor time as the form it is compared with (1.00x).  work_mem is 2GB, in which'
\echo 'every hash table and sort fits.  promo reads the event as a word, plain SQL as a smallint.  An'
\echo 'index on (customer, at, type) gives what each customer did at once: it is used, and hashing off, only'
\echo 'where it is named.'

\echo
SELECT what AS "Figures of each hour from events", processor, clock, times FROM result WHERE id / 10 = 1 ORDER BY id;
SELECT format('Hash table of the groups: %s', hash_memory(11)) AS "text"
\gset
\echo :text
SELECT format('Stored: events %s, states %s; %s bytes a state, at most %s; %s customers a state',
	pg_size_pretty(pg_table_size('event')), pg_size_pretty(pg_table_size('hourly')),
	round(avg(pg_column_size(k)), 1), max(pg_column_size(k)),
	round(avg(promo.uniques(k, 'view') + promo.uniques(k, 'cart') + promo.uniques(k, 'order')), 1)) AS "text"
FROM hourly
\gset
\echo :text
SELECT format('Groups whose figures are other than plain SQL''s: %s of %s', count(*) FILTER (WHERE
	(promo.pv(k), promo.uv(k), promo.orders(k), promo.buyers(k), promo.gmv(k), promo.discount(k), promo.profit(k))
	IS DISTINCT FROM (pv, uv, orders, buyers, gmv, discount, profit)), count(*)) AS "text"
FROM hourly FULL JOIN (
	SELECT campaign, channel, hour, sum(pv)::bigint AS pv, count(*) FILTER (WHERE pv > 0) AS uv,
		sum(orders)::bigint AS orders, count(*) FILTER (WHERE orders > 0) AS buyers,
		coalesce(sum(gmv), 0) AS gmv, coalesce(sum(discount), 0) AS discount, coalesce(sum(profit), 0) AS profit
	FROM (SELECT campaign, channel, date_trunc('hour', at) AS hour,
			count(*) FILTER (WHERE type = 1) AS pv, count(*) FILTER (WHERE type = 3) AS orders,
			sum(amount) FILTER (WHERE type = 3) AS gmv, sum(discount) FILTER (WHERE type = 3) AS discount,
			sum(amount - discount - cost) FILTER (WHERE type = 3) AS profit
		FROM event GROUP BY campaign, channel, hour, customer) c
	GROUP BY campaign, channel, hour) h USING (campaign, channel, hour)
\gset
\echo :text

\echo
SELECT what AS "The same without customers", processor, clock, times FROM result WHERE id / 10 = 2 ORDER BY id;

\echo
SELECT what AS "Distinct customers from stored states", processor, clock, times FROM result WHERE id / 10 = 3 ORDER BY id;
SELECT format('Distinct viewers: %s; added up over days of a campaign %s, over hours %s', promo.uv(promo.rollup(k)),
	(SELECT sum(promo.uv(k)) FROM (SELECT promo.rollup(k) AS k FROM hourly GROUP BY campaign, hour::date) d),
	sum(promo.uv(k))) AS "text"
FROM hourly
\gset
\echo :text

\echo
SELECT what AS "Funnel of 3 steps in 7 days of each customer", processor, clock, times FROM result WHERE id / 10 = 4 ORDER BY id;
SELECT format('Hash table of the customers: %s; reached: %s', hash_memory(41), min(outcome)) AS "text" FROM measured WHERE candidate = 41
\gset
\echo :text

\echo
SELECT what AS "Kept on day 0 to 7, by cohort", processor, clock, times FROM result WHERE id / 10 = 5 ORDER BY id;
SELECT format('Hash table of the customers: %s', hash_memory(51)) AS "text"
\gset
\echo :text

\echo
SELECT format('Of %s results of more than one form, other in one of them: %s', count(*),
	coalesce(string_agg(finds, ', ') FILTER (WHERE outcomes > 1), 'none')) AS "text"
FROM (SELECT finds, count(DISTINCT coalesce(outcome, 'none')) AS outcomes
	FROM candidate JOIN measured ON candidate = id GROUP BY finds HAVING count(DISTINCT id) > 1) f
\gset
\echo :text
