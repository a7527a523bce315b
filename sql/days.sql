-- forms
SELECT '{2026-01-10, 2026-01-05,2026-01-07..2026-01-09}'::promo.days, '{}'::promo.days AS none, '{2026-01-06..2026-01-08, 2026-01-07..2026-01-09}'::promo.days AS overlapping;
SELECT '{2026-01-05, 2026-01-07..2026-01-08}'::promo.days::json, '{2026-01-05, 2026-01-07..2026-01-08}'::promo.days::jsonb;
SELECT '["2026-01-07","2026-01-05"]'::json::promo.days, '["2026-01-07","2026-01-08","2026-01-07"]'::jsonb::promo.days;
SELECT promo.days_send('{2026-01-05, 2026-01-07}');

-- mistakes
\set VERBOSITY default
SELECT '2026-01-05'::promo.days;
SELECT '{2026-01-05'::promo.days;
SELECT '{2026-01-05, }'::promo.days;
SELECT '{2026-02-29}'::promo.days;
SELECT '{2026-01-05..2026-01-04}'::promo.days;
SELECT '["2026-01-05",7]'::json::promo.days;
SELECT '{"day":"2026-01-05"}'::jsonb::promo.days;
SELECT promo.days_agg('infinity');
SELECT promo.days_agg('10000-01-01');
SELECT promo.days_agg_trans(NULL, '2026-01-05');

-- collecting
SELECT promo.days_agg(day) FROM unnest('{2026-01-07,2026-01-05,NULL,2026-01-06,2026-01-07,2026-02-01}'::date[]) day;
SELECT promo.days_agg(NULL), promo.days_agg('2026-01-05') FILTER (WHERE false) AS of_nothing;
SELECT promo.rollup(d), promo.rollup(d) FILTER (WHERE d IS NULL) AS of_nothing
FROM unnest('{"{2026-01-05, 2026-01-09}",NULL,"{2026-01-05..2026-01-07}","{}"}'::promo.days[]) d;
SELECT d OPERATOR(promo.||) '{2026-01-05}' AS "||", d OPERATOR(promo.||) NULL AS nothing
FROM unnest('{"{2026-01-04}","{2026-01-05}","{}",NULL}'::promo.days[]) d;
-- the state is the executor's, and stays whole
SELECT day, promo.days_agg(day) OVER (ORDER BY day), promo.days_agg(day) OVER (ORDER BY day DESC ROWS 1 PRECEDING) AS two
FROM generate_series('2026-01-01'::timestamp, '2026-01-09', '2 days') d, LATERAL (SELECT d::date AS day) x ORDER BY day;
-- as many days as there are, in the worst of orders
SELECT promo.active_days(d), pg_column_size(d)
FROM (SELECT promo.days_agg('9999-12-31'::date - (i * 7919) % 20000) AS d FROM generate_series(1, 50000) i) s;

-- reading
SELECT day, promo.active('{2026-01-05, 2026-01-07..2026-01-10}', day),
	promo.active_days('{2026-01-05, 2026-01-07..2026-01-10}', day) AS from_it, promo.active_days('{2026-01-05, 2026-01-07..2026-01-10}', to_day => day) AS until_it
FROM unnest('{-infinity,2026-01-04,2026-01-05,2026-01-06,2026-01-07,2026-01-10,2026-01-11,infinity}'::date[]) day ORDER BY day;
SELECT promo.active_days('{2026-01-05, 2026-01-07..2026-01-10}', '2026-01-06', '2026-01-08') AS two,
	promo.active_days('{2026-01-05, 2026-01-07..2026-01-10}', '2026-01-08', '2026-01-06') AS wrong_way_round,
	promo.active_days('{2026-01-05, 2026-01-07..2026-01-10}') AS all,
	promo.active_days('{}', '2026-01-08', NULL) AS none, promo.active_days(NULL, '2026-01-08', NULL) AS "null";
-- few bytes: three days, a year
SELECT pg_column_size(d) FROM (VALUES ('{2026-01-05, 2026-01-07, 2026-03-01}'::promo.days), ('{2026-01-01..2026-12-31}')) v (d);

-- a parallel plan splits it
CREATE TABLE days_events AS
SELECT i % 700 AS customer, '2024-01-01'::date + (hashint4(i) & 511) AS day FROM generate_series(1, 20000) i;
ANALYZE days_events;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
SET max_parallel_workers_per_gather = 2;
EXPLAIN (COSTS OFF) SELECT customer, promo.days_agg(day) FROM days_events GROUP BY customer;
CREATE TEMP TABLE split AS SELECT customer, promo.days_agg(day) AS d FROM days_events GROUP BY customer;
SET max_parallel_workers_per_gather = 0;
CREATE TEMP TABLE whole AS SELECT customer, promo.days_agg(day) AS d FROM days_events GROUP BY customer;
SELECT count(*), bool_and(split.d OPERATOR(promo.=) whole.d) AS same, bool_and(promo.active_days(whole.d) = n) AS as_counted
FROM split JOIN whole USING (customer)
	 JOIN (SELECT customer, count(DISTINCT day) AS n FROM days_events GROUP BY customer) c USING (customer);
DROP TABLE days_events;

-- a state without its final function is a set as well, whoever stores it
CREATE AGGREGATE pg_temp.unfinished(date) (SFUNC = promo.days_agg_trans, STYPE = promo.days);
CREATE TEMP TABLE states AS SELECT pg_temp.unfinished('2026-01-10'::date - i) AS d FROM generate_series(1, 5) i;
INSERT INTO states SELECT pg_temp.unfinished('2026-01-10'::date - i) FROM generate_series(1, 1000) i;
SELECT pg_column_size(d), promo.active_days(d), promo.active(d, '2026-01-09'), promo.rollup(d) OVER (ORDER BY pg_column_size(d)) OPERATOR(promo.=) d::text::promo.days AS same FROM states;
SELECT d, d OPERATOR(promo.||) '{2026-01-12}' AS "||" FROM states LIMIT 1;
CREATE AGGREGATE pg_temp.begun(date) (SFUNC = promo.days_agg_trans, STYPE = promo.days, FINALFUNC = promo.days_agg_final, INITCOND = '{2026-01-01}');
SELECT pg_temp.begun('2026-01-02'), pg_temp.begun(NULL) AS untouched;

-- copies
CREATE TEMP TABLE days AS SELECT customer, d FROM whole UNION ALL VALUES (-1, '{}'::promo.days), (-2, NULL);
\copy days to 'results/days.bin' (format binary)
CREATE TEMP TABLE copied (LIKE days);
\copy copied from 'results/days.bin' (format binary)
SELECT count(*), count(*) FILTER (WHERE c.d OPERATOR(promo.=) d.d AND d.d::text::promo.days OPERATOR(promo.=) d.d
	AND d.d::json::promo.days OPERATOR(promo.=) d.d AND d.d::jsonb::promo.days OPERATOR(promo.=) d.d) AS same
FROM days d JOIN copied c USING (customer);
SELECT count(DISTINCT d) FROM (SELECT d FROM days UNION ALL SELECT d FROM copied) s;
\copy copied (d) from program 'printf "PGCOPY\\n\\377\\r\\n\\000\\000\\000\\000\\000\\000\\000\\000\\000\\000\\001\\000\\000\\000\\005\\001\\000\\000\\000\\001\\377\\377"' (format binary)
