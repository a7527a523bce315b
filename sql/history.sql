-- forms
SELECT '{2026-01-07 55.5/2,2026-01-05 30, 2026-02-01 -10}'::promo.history;
SELECT '{}'::promo.history, '{2026-01-05 0}'::promo.history AS nothing;
SELECT '{2026-01-07 55.5/2}'::promo.history::json, '{2026-01-07 55.5/2}'::promo.history::jsonb;
SELECT '[{"day":"2026-01-07","amount":"55.50","orders":2},{"day":"2026-01-05","amount":30}]'::jsonb::promo.history;
SELECT promo.history_send('{2026-01-07 55.5/2, 2026-02-01 -10}');

-- mistakes
\set VERBOSITY default
SELECT '2026-01-07 55.5'::promo.history;
SELECT '{2026-01-07 55.5'::promo.history;
SELECT '{2026-01-32 55.5}'::promo.history;
SELECT '{2026-01-07 lots}'::promo.history;
SELECT '{2026-01-07 1.00001}'::promo.history;
SELECT '{2026-01-07 900000000000001}'::promo.history;
SELECT '{2026-01-07 900000000000000, 2026-01-08 -1}'::promo.history;
SELECT '{2026-01-07 5/0}'::promo.history;
SELECT '[{"day":"2026-01-07"}]'::json::promo.history;
SELECT '[{"date":"2026-01-07","amount":5}]'::json::promo.history;
SELECT promo.history_agg('infinity', 1);
SELECT promo.history_agg('10000-01-01', 1);
SELECT promo.history_agg('2026-01-01', 'NaN');
SELECT promo.history_agg('2026-01-01', 0.00001);
SELECT promo.history_agg('2026-01-01', 900000000000000) FROM generate_series(1, 2);
SELECT promo.recency('{2026-01-07 5}', 'infinity');
SELECT promo.history_agg_trans(NULL, '2026-01-01', 1);

-- figures
SELECT h, promo.orders(h), promo.order_days(h), promo.first_day(h), promo.last_day(h), promo.spent(h),
	   round(promo.mean_gap(h), 4) AS mean_gap, promo.recency(h, '2026-01-31')
FROM (VALUES (1, '{}'::promo.history), (2, '{2026-01-05 30}'), (3, '{2026-01-05 -30}'), (4, '{2026-01-05 30, 2026-01-07 55.5/2, 2026-01-30 -10}'),
	(5, '{2026-01-05 30, 2026-01-06 30, 2026-02-07 0.0001}'), (6, NULL)) v (id, h)
ORDER BY id;
SELECT day, promo.until('{2026-01-05 30, 2026-01-07 55.5/2, 2026-01-30 -10}', day)
FROM unnest('{-infinity,2026-01-04,2026-01-05,2026-01-06,2026-01-07,2026-01-29,2026-01-30,infinity}'::date[]) day ORDER BY day;

-- collecting
SELECT promo.history_agg(day, amount) FROM (VALUES
	('2026-01-07'::date, 25.5), ('2026-01-05', 30), ('2026-01-07', 30), ('2026-01-06', 0), (NULL, 5), ('2026-01-08', NULL), ('2026-01-09', -3)) o (day, amount);
SELECT promo.history_agg(day, amount) FROM (VALUES (NULL::date, NULL::numeric)) o (day, amount);
SELECT promo.history_agg('2026-01-07', 0);
SELECT promo.history_agg('2026-01-07', 1) FILTER (WHERE false);
SELECT promo.rollup(h), promo.rollup(h) FILTER (WHERE h IS NULL) AS of_nothing
FROM unnest('{"{2026-01-05 30, 2026-01-09 1}",NULL,"{2026-01-07 5, 2026-01-05 12/2}","{}"}'::promo.history[]) h;
SELECT h OPERATOR(promo.||) '{2026-01-05 30}' AS "||", h OPERATOR(promo.||) NULL AS nothing
FROM unnest('{"{2026-01-01 1}","{2026-01-05 -30}",NULL}'::promo.history[]) h;
-- the state is the executor's, and stays whole
SELECT day, promo.history_agg(day, 1) OVER (ORDER BY day), promo.history_agg(day, 1) OVER (ORDER BY day DESC ROWS 1 PRECEDING) AS two
FROM generate_series('2026-01-01'::timestamp, '2026-01-05', '1 day') d, LATERAL (SELECT d::date AS day) x ORDER BY day;
-- as many days as there are, in the worst of orders
SELECT promo.order_days(h), promo.orders(h), promo.spent(h), promo.mean_gap(h), pg_column_size(h)
FROM (SELECT promo.history_agg('9999-12-31'::date - (i * 7919) % 20000, 1) AS h FROM generate_series(1, 50000) i) s;

-- a parallel plan splits it
CREATE TABLE history_orders AS
SELECT i % 700 AS customer, '2024-01-01'::date + (hashint4(i) & 511) AS day, ((hashint4(i + 1) & 65535) - 2000) / 100.0 AS amount
FROM generate_series(1, 20000) i;
ANALYZE history_orders;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
SET max_parallel_workers_per_gather = 2;
EXPLAIN (COSTS OFF) SELECT customer, promo.history_agg(day, amount) FROM history_orders GROUP BY customer;
CREATE TEMP TABLE split AS SELECT customer, promo.history_agg(day, amount) AS h FROM history_orders GROUP BY customer;
SET max_parallel_workers_per_gather = 0;
CREATE TEMP TABLE whole AS SELECT customer, promo.history_agg(day, amount) AS h FROM history_orders GROUP BY customer;
SELECT count(*) FROM split JOIN whole USING (customer) WHERE split.h OPERATOR(promo.=) whole.h;
DROP TABLE history_orders;

-- a state without its final function is a history as well, whoever stores it
CREATE AGGREGATE pg_temp.unfinished(date, numeric) (SFUNC = promo.history_agg_trans, STYPE = promo.history);
CREATE TEMP TABLE states AS SELECT pg_temp.unfinished('2026-01-10'::date - i, i) AS h FROM generate_series(1, 5) i;
INSERT INTO states SELECT pg_temp.unfinished('2026-01-10'::date - i, i) FROM generate_series(1, 1000) i;
SELECT pg_column_size(h), promo.orders(h), promo.spent(h), promo.first_day(h), promo.until(h, '2026-01-06') OPERATOR(promo.=) h AS same FROM states;
SELECT h FROM states LIMIT 1;
SELECT promo.rollup(h) OPERATOR(promo.=) (SELECT promo.history_agg('2026-01-10'::date - i, i) OPERATOR(promo.||) promo.history_agg('2026-01-10'::date - i, i) FILTER (WHERE i <= 5) FROM generate_series(1, 1000) i) AS same
FROM states;
CREATE AGGREGATE pg_temp.begun(date, numeric) (SFUNC = promo.history_agg_trans, STYPE = promo.history, FINALFUNC = promo.history_agg_final, INITCOND = '{2026-01-01 1}');
SELECT pg_temp.begun('2026-01-02', 2), pg_temp.begun(NULL, 2) AS untouched;

-- copies
CREATE TEMP TABLE histories AS SELECT customer, h FROM whole UNION ALL VALUES (-1, '{}'::promo.history), (-2, NULL);
\copy histories to 'results/histories.bin' (format binary)
CREATE TEMP TABLE copied (LIKE histories);
\copy copied from 'results/histories.bin' (format binary)
SELECT count(*), count(*) FILTER (WHERE c.h OPERATOR(promo.=) h.h AND h.h::text::promo.history OPERATOR(promo.=) h.h
	AND h.h::json::promo.history OPERATOR(promo.=) h.h AND h.h::jsonb::promo.history OPERATOR(promo.=) h.h) AS same
FROM histories h JOIN copied c USING (customer);
SELECT count(DISTINCT h) FROM (SELECT h FROM histories UNION ALL SELECT h FROM copied) s;
\copy copied (h) from program 'printf "PGCOPY\\n\\377\\r\\n\\000\\000\\000\\000\\000\\000\\000\\000\\000\\000\\001\\000\\000\\000\\005\\001\\000\\000\\000\\001\\377\\377"' (format binary)
SELECT pg_column_size('{2026-01-05 99.00}'::promo.history) - 3 AS one_order, pg_column_size('{2026-01-05 99.00, 2026-03-05 199.00}'::promo.history) - 3 AS two_orders;
