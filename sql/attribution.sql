SET timezone = 'UTC';
-- touches of one order
CREATE TEMP TABLE touches (at timestamptz, channel text);
INSERT INTO touches VALUES ('2026-01-08', 'social'), ('2026-01-01', 'search'), ('2026-01-04 12:00', 'mail');
SELECT method, promo.attribution_agg(at, channel, '2026-01-08', 100, method) AS credits
FROM touches, unnest('{first,last,linear,position,decay}'::text[]) WITH ORDINALITY m (method, n) GROUP BY n, method ORDER BY n;
SELECT jsonb_typeof(promo.attribution_agg(at, channel, '2026-01-08', 100, 'linear') -> 'mail') FROM touches;
-- finer money, none, less than none
SELECT amount, promo.attribution_agg(at, channel, '2026-01-08', amount, 'linear') AS credits
FROM touches, unnest('{0.01,1.001,0.0002,0,-100,900000000000000}'::numeric[]) amount GROUP BY amount ORDER BY amount;
-- keys as jsonb sorts them
SELECT promo.attribution_agg('2026-01-01', channel, '2026-01-08', 1, 'linear') FROM unnest('{bb,a,ccc,c,a}'::text[]) channel;
-- what counts: until the order, from as long before it
SELECT lookback, promo.attribution_agg(at, channel, '2026-01-08', 100, 'linear', lookback) AS credits
FROM touches, unnest('{1 us,3.5 days,83:59:59.999999,7 days,168:00,8 days -24:00,10000000 days}'::interval[]) WITH ORDINALITY l (lookback, n) GROUP BY n, lookback ORDER BY n;
SELECT order_at, promo.attribution_agg(at, channel, order_at, 100, 'linear') AS credits
FROM touches, unnest('{2025-12-31,2026-01-01,2026-01-05,2026-01-31,2026-01-31 00:00:00.000001,2026-03-01}'::timestamptz[]) order_at GROUP BY order_at ORDER BY order_at;
SELECT promo.attribution_agg(at, 'a', '2026-01-08', 5, 'first') FROM unnest('{-infinity,infinity}'::timestamptz[]) at;
-- no touch, no row
SELECT promo.attribution_agg(NULL, NULL, '2026-01-08', 5, 'decay'), promo.attribution_agg(at, channel, '2026-01-08', 5, 'decay') FILTER (WHERE false) AS nothing FROM touches;
-- a window leaves the state as it is
SELECT at, promo.attribution_agg(at, channel, '2026-01-08', 100, 'position') OVER (ORDER BY at) FROM touches ORDER BY at;

-- paths
CREATE TEMP TABLE paths (path text[], converted numeric, lost numeric);
INSERT INTO paths VALUES ('{A}', 10, 0), ('{B}', 5, 0), ('{A,B}', 20, NULL), ('{B,C}', 4, 0), ('{C,C,A}', NULL, 3);
SELECT promo.attribution_agg(path, converted, lost, 'shapley') AS shapley, promo.attribution_agg(path, converted, lost, 'markov') AS markov FROM paths;
SELECT promo.attribution_agg(path, converted, lost, 'markov') FROM (VALUES ('{C1,C2,C3}'::text[], 1, 0), ('{C1}', 0, 1), ('{C2,C3}', 0, 1)) p (path, converted, lost);
SELECT promo.attribution_agg(path, converted, 0, 'shapley') FROM (VALUES ('{}'::text[], 1.5), (NULL, 2), ('{a}', 1)) p (path, converted);
SELECT promo.attribution_agg(path, converted, lost, 'markov') FILTER (WHERE false) AS nothing FROM paths;
SELECT path, promo.attribution_agg(path, converted, lost, 'shapley') OVER (ORDER BY path) FROM paths ORDER BY path;

-- mistakes
\set VERBOSITY default
SELECT promo.attribution_agg(at, channel, '2026-01-08', 100, 'shapley') FROM touches;
SELECT promo.attribution_agg(path, converted, lost, 'linear') FROM paths;
SELECT promo.attribution_agg(at, channel, at, 100, 'linear') FROM touches;
SELECT promo.attribution_agg(at, channel, '2026-01-08', length(channel), 'linear') FROM touches;
SELECT promo.attribution_agg(at, channel, '2026-01-08', 100, CASE channel WHEN 'mail' THEN 'first' ELSE 'last' END) FROM touches;
SELECT promo.attribution_agg(at, channel, '2026-01-08', 100, 'first', length(channel) * interval '1 day') FROM touches;
SELECT promo.attribution_agg(path, converted, lost, CASE converted WHEN 4 THEN 'markov' ELSE 'shapley' END) FROM paths;
SELECT promo.attribution_agg(at, NULL, '2026-01-08', 100, 'linear') FROM touches;
SELECT promo.attribution_agg(at, repeat(channel, 200), '2026-01-08', 100, 'linear') FROM touches;
SELECT promo.attribution_agg(at, channel, NULL, 100, 'linear') FROM touches;
SELECT promo.attribution_agg(at, channel, 'infinity', 100, 'linear') FROM touches;
SELECT promo.attribution_agg(at, channel, '2026-01-08', NULL, 'linear') FROM touches;
SELECT promo.attribution_agg(at, channel, '2026-01-08', 'NaN', 'linear') FROM touches;
SELECT promo.attribution_agg(at, channel, '2026-01-08', 0.00001, 'linear') FROM touches;
SELECT promo.attribution_agg(at, channel, '2026-01-08', 100, NULL) FROM touches;
SELECT promo.attribution_agg(at, channel, '2026-01-08', 100, 'linear', NULL) FROM touches;
SELECT promo.attribution_agg(at, channel, '2026-01-08', 100, 'linear', '1 month') FROM touches;
SELECT promo.attribution_agg(at, channel, '2026-01-08', 100, 'linear', '0') FROM touches;
SELECT promo.attribution_agg(at, channel, '2026-01-08', 100, 'linear', '2000000000 days') FROM touches;
SELECT promo.attribution_agg(path, -converted, lost, 'markov') FROM paths;
SELECT promo.attribution_agg(path, converted, 'infinity', 'markov') FROM paths;
SELECT promo.attribution_agg(path, 900000000000000, lost, 'markov') FROM paths;
SELECT promo.attribution_agg(path, converted, lost, NULL) FROM paths;
SELECT promo.attribution_agg('{a,NULL}', 1, 0, 'markov');
SELECT promo.attribution_agg('{{a},{b}}', 1, 0, 'markov');
SELECT promo.attribution_agg(ARRAY[i::text], 1, 0, 'markov') FROM generate_series(1, 65) i;

-- a parallel plan splits them
CREATE TABLE attribution_touches AS
SELECT i % 900 AS customer, '2026-01-01'::timestamptz + (hashint4(i) & 2047) * interval '1 hour' AS at, 'channel ' || (hashint4(i + 1) & 7) AS channel FROM generate_series(1, 20000) i;
ANALYZE attribution_touches;
CREATE VIEW attribution_orders AS
SELECT customer, promo.attribution_agg(at, channel, '2026-03-01', customer + 0.01, 'decay') AS decay FROM attribution_touches GROUP BY customer;
CREATE VIEW attribution_paths AS
SELECT promo.attribution_agg(ARRAY[channel, left(channel, 8)], customer % 3, customer % 5, 'markov') AS markov,
	   promo.attribution_agg(ARRAY[channel, left(channel, 8)], customer % 3, 0, 'shapley') AS shapley FROM attribution_touches;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
SET max_parallel_workers_per_gather = 2;
EXPLAIN (COSTS OFF) SELECT * FROM attribution_orders;
EXPLAIN (COSTS OFF) SELECT * FROM attribution_paths;
CREATE TEMP TABLE split AS SELECT * FROM attribution_orders, attribution_paths;
SET max_parallel_workers_per_gather = 0;
CREATE TEMP TABLE whole AS SELECT * FROM attribution_orders, attribution_paths;
SELECT count(*) AS same FROM split JOIN whole USING (customer, decay, markov, shapley);
SELECT DISTINCT markov, shapley FROM whole;
DROP VIEW attribution_orders, attribution_paths;
DROP TABLE attribution_touches;
