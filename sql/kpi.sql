CREATE TEMP TABLE events (at timestamp, event text, customer bigint, amount numeric, discount numeric, cost numeric);
INSERT INTO events VALUES
	('2026-01-05 09:10', 'view', 1, NULL, NULL, NULL), ('2026-01-05 09:20', 'view', 2, NULL, NULL, NULL), ('2026-01-05 09:30', 'view', 1, NULL, NULL, NULL),
	('2026-01-05 09:40', 'view', NULL, NULL, NULL, NULL), ('2026-01-05 09:45', 'cart', 1, NULL, NULL, NULL), ('2026-01-05 09:50', 'order', 1, 100, 20, 40),
	('2026-01-05 10:10', 'view', 3, NULL, NULL, NULL), ('2026-01-05 10:20', 'order', 1, 50.5, 0, 20), ('2026-01-05 10:30', 'order', 3, 30, NULL, 10.0001),
	('2026-01-05 11:10', 'refund', 3, 30, NULL, 10.0001), ('2026-01-05 11:20', 'spend', NULL, 40, NULL, NULL), ('2026-01-05 11:30', 'signup', 3, NULL, NULL, NULL),
	('2026-01-05 11:40', NULL, 9, 1, 1, 1);

-- collecting, and what it says
SELECT promo.kpi_agg(event, customer, amount, discount, cost) AS k FROM events;
\x on
SELECT r.* FROM (SELECT promo.kpi_agg(event, customer, amount, discount, cost) AS k FROM events) s, promo.report(k) r;
SELECT promo.pv(k), promo.uv(k), promo.orders(k), promo.buyers(k), promo.gmv(k), promo.discount(k), promo.sales(k), promo.refunds(k), promo.net(k), promo.cogs(k),
	promo.spend(k), promo.profit(k), promo.aov(k), promo.arpb(k), promo.cvr(k), promo.roi(k), promo.cac(k), promo.repurchase(k)
FROM (SELECT promo.kpi_agg(event, customer) AS k FROM events WHERE event IS NULL OR event = 'cart') s;
\x off
SELECT promo.events(k, 'view'), promo.uniques(k, 'view'), promo.amount(k, 'order'), round(promo.rate(k, 'order', 'view'), 4) AS rate,
	promo.events(k, 'share') AS never, promo.uniques(k, 'share'), promo.amount(k, 'share'), promo.rate(k, 'view', 'share'), promo.is_exact(k), promo.uniques_error(k)
FROM (SELECT promo.kpi_agg(event, customer, amount) AS k FROM events) s;
-- hours into a day: uniques unite, everything else adds up
CREATE TEMP TABLE hourly AS
SELECT date_trunc('hour', at) AS hour, promo.kpi_agg(event, customer, amount, discount, cost) AS k FROM events GROUP BY 1;
SELECT hour, promo.uv(k), promo.buyers(k), promo.repurchase(k) FROM hourly ORDER BY hour;
SELECT promo.uv(promo.rollup(k)), promo.buyers(promo.rollup(k)), promo.repurchase(promo.rollup(k)),
	promo.rollup(k) OPERATOR(promo.=) (SELECT promo.kpi_agg(event, customer, amount, discount, cost) FROM events) AS same
FROM hourly;
SELECT promo.common(a.k, b.k, 'view') AS views, promo.common(a.k, b.k, 'order') AS orders, promo.common(a.k, b.k, 'share') AS shares
FROM hourly a, hourly b WHERE a.hour = '2026-01-05 09:00' AND b.hour = '2026-01-05 10:00';
SELECT (a.k OPERATOR(promo.||) NULL) OPERATOR(promo.=) a.k AS neutral, NULL::promo.kpi OPERATOR(promo.||) NULL AS nothing,
	(a.k OPERATOR(promo.||) b.k) OPERATOR(promo.=) (b.k OPERATOR(promo.||) a.k) AS commutes
FROM hourly a, hourly b WHERE a.hour = '2026-01-05 09:00' AND b.hour = '2026-01-05 10:00';
SELECT promo.kpi_agg(event, customer) FROM events WHERE event IS NULL;
SELECT promo.rollup(k) FROM hourly WHERE false;
-- customers of other types
SELECT promo.kpi_agg('view', c) FROM unnest('{alice,bob,alice}'::text[]) c;
SELECT promo.uv(promo.kpi_agg('view', c)) FROM unnest('{00000000-0000-0000-0000-000000000001,00000000-0000-0000-0000-000000000002}'::uuid[]) c;
SELECT promo.kpi_agg('view', 1) OPERATOR(promo.||) promo.kpi_agg('view', 'alice'::text);
SELECT promo.common(promo.kpi_agg('view', 1), promo.kpi_agg('view', 'alice'::text), 'view');
SELECT promo.kpi_agg('view', NULL::bigint) OPERATOR(promo.||) promo.kpi_agg('view', 'alice'::text) AS "customers of no type";
-- the state is the executor's, and stays whole
SELECT i, promo.uv(promo.kpi_agg('view', i::bigint) OVER (ORDER BY i)) AS uv, promo.uv(promo.kpi_agg('view', i::bigint) OVER (ORDER BY i ROWS 1 PRECEDING)) AS two
FROM generate_series(1, 4) i ORDER BY i;

-- mistakes
SELECT promo.kpi_agg(repeat('x', 64), 1);
SELECT promo.kpi_agg('', 1);
SELECT promo.kpi_agg('event ' || i, 1) FROM generate_series(1, 65) i;
SELECT promo.kpi_agg('order', 1, 'NaN');
SELECT promo.kpi_agg('order', 1, 0.00001);
SELECT promo.kpi_agg('order', 1, 1, 1, 'infinity');
SELECT promo.kpi_agg('order', 1, 900000000000000) FROM generate_series(1, 2);
SELECT promo.profit(promo.kpi_agg(e, 1, a, 0, 0)) FROM (VALUES ('order', -900000000000000), ('refund', 900000000000000)) v (e, a);
SELECT '{"events":{"view":{"count":1,"uniques":[1]}}}'::promo.kpi;
SELECT '{"customers":"bigint","events":{"view":{"count":1,"uniques":[1,2]}}}'::promo.kpi;
SELECT '{"customers":"bigint","events":{"view":{"count":1,"unique":[1,2]}}}'::promo.kpi;
SELECT promo.kpi_agg_trans(NULL, 'view', 1::bigint);

-- a parallel plan splits it
CREATE TABLE kpi_events AS
SELECT i % 50 AS hour, (ARRAY['view', 'view', 'cart', 'order'])[1 + (hashint4(i) & 3)] AS event, (hashint4(i + 1) & 1023)::bigint AS customer, ((hashint4(i + 2) & 65535)) / 100.0 AS amount
FROM generate_series(1, 20000) i;
ANALYZE kpi_events;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
SET max_parallel_workers_per_gather = 2;
EXPLAIN (COSTS OFF) SELECT hour, promo.kpi_agg(event, customer, amount) FROM kpi_events GROUP BY hour;
CREATE TEMP TABLE split AS SELECT hour, promo.kpi_agg(event, customer, amount) AS k FROM kpi_events GROUP BY hour;
SET max_parallel_workers_per_gather = 0;
CREATE TEMP TABLE whole AS SELECT hour, promo.kpi_agg(event, customer, amount) AS k FROM kpi_events GROUP BY hour;
SELECT count(*) FROM split JOIN whole USING (hour) WHERE split.k OPERATOR(promo.=) whole.k;
SELECT count(*) FROM whole JOIN (
	SELECT hour, count(*) FILTER (WHERE event = 'view') AS pv, count(DISTINCT customer) FILTER (WHERE event = 'view') AS uv,
		count(DISTINCT customer) FILTER (WHERE event = 'order') AS buyers, sum(amount) FILTER (WHERE event = 'order') AS gmv
	FROM kpi_events GROUP BY hour) s USING (hour)
WHERE (promo.pv(k), promo.uv(k), promo.buyers(k), promo.gmv(k)) = (pv, uv, buyers, gmv);
SELECT promo.uv(promo.rollup(k)), (SELECT count(DISTINCT customer) FROM kpi_events WHERE event = 'view'),
	promo.rollup(k) OPERATOR(promo.=) (SELECT promo.kpi_agg(event, customer, amount) FROM kpi_events) AS same
FROM whole;

-- scalars of a large state do not fetch its customers
CREATE TEMP TABLE large AS SELECT promo.kpi_agg('view', i * 7919 % 1000003) OPERATOR(promo.||) promo.kpi_agg('order', 5, 12.5) AS k FROM generate_series(1, 100000::bigint) i;
SELECT pg_column_size(k) > 100000 AS large, promo.uv(k), promo.gmv(k), promo.is_exact(k) FROM large;
-- a state without its final function is one as well, whoever stores it
CREATE AGGREGATE pg_temp.unfinished(text, bigint) (SFUNC = promo.kpi_agg_trans, STYPE = promo.kpi);
CREATE TEMP TABLE states AS SELECT pg_temp.unfinished('view', i % 3) AS k FROM generate_series(1, 5) i;
INSERT INTO states SELECT pg_temp.unfinished('view', i % 300) FROM generate_series(1, 5000) i;
SELECT promo.pv(k), promo.uv(k), promo.common(k, k, 'view') FROM states;
SELECT k FROM states LIMIT 1;
SELECT promo.uv(promo.rollup(k)) FROM states;

-- copies
CREATE TEMP TABLE stored AS SELECT hour AS id, k FROM whole UNION ALL SELECT -1, k FROM large UNION ALL VALUES (-2, NULL::promo.kpi) UNION ALL SELECT -3, promo.kpi_agg('a "word", of {ours}', 'x'::text);
\copy stored to 'results/kpi.bin' (format binary)
CREATE TEMP TABLE copied (LIKE stored);
\copy copied from 'results/kpi.bin' (format binary)
SELECT count(*), count(*) FILTER (WHERE c.k OPERATOR(promo.=) s.k AND s.k::text::promo.kpi OPERATOR(promo.=) s.k
	AND s.k::json::promo.kpi OPERATOR(promo.=) s.k AND s.k::jsonb::promo.kpi OPERATOR(promo.=) s.k) AS same
FROM stored s JOIN copied c USING (id);
SELECT count(DISTINCT k) FROM (SELECT k FROM stored UNION ALL SELECT k FROM copied) s;
\copy copied (k) from program 'printf "PGCOPY\\n\\377\\r\\n\\000\\000\\000\\000\\000\\000\\000\\000\\000\\000\\001\\000\\000\\000\\003\\001\\001\\001\\377\\377"' (format binary)
DROP TABLE kpi_events;
