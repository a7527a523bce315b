-- scores
SELECT '5-4-3'::promo.rfm, '10-1-10'::promo.rfm, promo.rfm(5, 4, 3), promo.rfm(r => 1, f => 2, m => 3);
SELECT promo.r(s), promo.f(s), promo.m(s) FROM promo.rfm(5, 10, 1) s;
SELECT s::json, s::jsonb, s::json::promo.rfm OPERATOR(promo.=) s AS json, s::jsonb::promo.rfm OPERATOR(promo.=) s AS jsonb, promo.rfm_send(s)
FROM promo.rfm(5, 10, 1) s;
SELECT '{"m": "3", "f": 4.0, "r": 5}'::json::promo.rfm, promo.r(NULL), promo.rfm(1, NULL, 3);
SELECT s, count(*) FROM unnest('{3-1-1,10-1-1,1-10-9,1-10-10,3-1-1,1-2-3}'::promo.rfm[]) s GROUP BY s ORDER BY s;
SELECT s FROM unnest('{3-1-1,10-1-1,1-10-9}'::promo.rfm[]) s WHERE s OPERATOR(promo.>=) '3-1-1' AND s OPERATOR(promo.<>) '10-1-1';
SELECT pg_column_size('5-4-3'::promo.rfm);

-- models
SELECT '{"recency": {"at_most": [90, "30.50"]}, "frequency": {"at_least": [2, 5e0]}, "monetary": {"above": [-10, 500.25]}}'::promo.rfm_model;
SELECT '{"method":"nested","levels":2,"as_of":"2026-01-31","customers":7,"recency":{"mean":12.5,"at_most":[30]},"frequency":{"above":[[1],[2]]},"monetary":{"above":[[[1],[2]],[[3],[4]]]}}'::promo.rfm_model;
SELECT m::json, m::jsonb, m::json::promo.rfm_model OPERATOR(promo.=) m AS json, m::jsonb::promo.rfm_model OPERATOR(promo.=) m AS jsonb, promo.rfm_model_send(m)
FROM (SELECT '{"customers":3,"recency":{"at_most":[90]},"frequency":{"at_least":[2]},"monetary":{"above":[1]}}'::promo.rfm_model AS m) x;

-- mistakes
\set VERBOSITY default
SELECT '5-4'::promo.rfm;
SELECT '5-4-3-2'::promo.rfm;
SELECT '5-4-11'::promo.rfm;
SELECT promo.rfm(5, 0, 3);
SELECT '{"r":5,"f":4}'::json::promo.rfm;
SELECT '{"r":5,"f":4,"s":3}'::jsonb::promo.rfm;
SELECT '{}'::promo.rfm_model;
SELECT '{"recency":{"at_most":[90]},"frequency":{},"monetary":{"above":[1]}}'::promo.rfm_model;
SELECT '{"recency":{"at_most":[90]},"frequency":{"above":[2],"at_least":[2]},"monetary":{"above":[1]}}'::promo.rfm_model;
SELECT '{"recency":{"at_most":[30,90]},"frequency":{"above":[2,3]},"monetary":{"above":[1,2]}}'::promo.rfm_model;
SELECT '{"recency":{"at_most":[90,30]},"frequency":{"above":[3,2]},"monetary":{"above":[1,2]}}'::promo.rfm_model;
SELECT '{"recency":{"at_most":[90,30]},"frequency":{"above":[2]},"monetary":{"above":[1,2]}}'::promo.rfm_model;
SELECT '{"recency":{"at_most":[90,30]},"frequency":{"above":[2,3]},"monetary":{"above":[1,0.00001]}}'::promo.rfm_model;
SELECT '{"levels":11,"recency":{"at_most":[90]},"frequency":{"above":[2]},"monetary":{"above":[1]}}'::promo.rfm_model;
SELECT '{"method":"nested","recency":{"at_most":[90]},"frequency":{"above":[2]},"monetary":{"above":[1]}}'::promo.rfm_model;
SELECT '{"method":"best","recency":{"at_most":[90]},"frequency":{"above":[2]},"monetary":{"above":[1]}}'::promo.rfm_model;
SELECT '{"as_of":"yesterday","recency":{"at_most":[90]},"frequency":{"above":[2]},"monetary":{"above":[1]}}'::promo.rfm_model;
SELECT '{"breaks":[1]}'::jsonb::promo.rfm_model;
SELECT promo.rfm_fit('{2026-01-05 30}', NULL);
SELECT promo.rfm_fit('{2026-01-05 30}', '2026-01-31', NULL);
SELECT promo.rfm_fit('{2026-01-05 30}', '2026-01-31', 5, NULL);
SELECT promo.rfm_fit('{2026-01-05 30}', 'infinity');
SELECT promo.rfm_fit('{2026-01-05 30}', '2026-01-31', 1);
SELECT promo.rfm_fit('{2026-01-05 30}', '2026-01-31', 5, 'fixed');
SELECT promo.rfm_fit('{2026-01-05 30}', '2026-01-31'::date + i) FROM generate_series(1, 2) i;
SELECT promo.rfm_fit('{2026-01-05 30}', '2026-01-31', i + 1) FROM generate_series(1, 2) i;
SELECT promo.rfm_fit('{2026-01-05 30}', '2026-01-31', 5, m) FROM unnest('{rank,mean}'::text[]) m;
SELECT promo.score('{2026-01-05 30}', '{"recency":{"at_most":[90]},"frequency":{"above":[2]},"monetary":{"above":[1]}}', '-infinity');

-- breaks of one's own; what is behind as_of is not looked at
SELECT h, day, promo.score(h, '{"recency":{"at_most":[90,30]},"frequency":{"at_least":[2,5]},"monetary":{"above":[100,500]}}', day)
FROM (VALUES (1, '{2026-01-05 100}'::promo.history), (2, '{2026-01-05 100.0001/2}'), (3, '{2025-01-01 400/4, 2026-01-05 200}'), (4, '{2026-01-05 -5}'), (5, '{}'), (6, NULL)) v (id, h),
	unnest('{2026-01-04,2026-01-05,2026-02-04,2026-02-05,2026-04-06}'::date[]) day
ORDER BY id, day;
SELECT promo.score('{2026-01-05 30}', NULL, '2026-01-31');

-- fits
CREATE TABLE rfm_customers (customer integer, h promo.history);
INSERT INTO rfm_customers
SELECT i, promo.history_agg('2025-01-01'::date + (hashint4(i * 31 + j) & 255), ((hashint4(i + j * 7) & 65535) - 3000) / 100.0)
FROM generate_series(1, 20000) i, generate_series(1, 1 + i % 7) j GROUP BY i;
INSERT INTO rfm_customers VALUES (0, NULL), (-1, '{}'), (-2, '{2025-03-01 -5}'), (-3, '{2026-06-01 50}');
ANALYZE rfm_customers;
SELECT method, promo.rfm_fit(h, '2025-12-31', 3, method) FROM rfm_customers, unnest('{rank,ntile,quantile,nested,mean}'::text[]) method GROUP BY method ORDER BY method;
SELECT promo.rfm_fit(h, '2025-12-31') OPERATOR(promo.=) promo.rfm_fit(h, '2025-12-31', 5) AS five_levels,
	   promo.rfm_fit(h, '2025-12-31') OPERATOR(promo.=) promo.rfm_fit(h, '2025-12-31', 5, 'rank') AS by_rank,
	   promo.rfm_fit(h, '2025-12-31', 10) OPERATOR(promo.=) promo.rfm_fit(h, '2025-12-31', 10 ORDER BY hashint4(customer)) AS whatever_order,
	   promo.rfm_fit(h, '2024-12-31') AS nobody, promo.rfm_fit(h, '2024-12-31') FILTER (WHERE false) AS no_rows
FROM rfm_customers;

-- the definition in SQL, customer by customer
CREATE TEMP TABLE figures AS
SELECT customer, h, promo.recency(u, '2025-12-31') AS days, promo.orders(u) AS orders, promo.spent(u) AS spent
FROM (SELECT customer, h, promo.until(h, '2025-12-31') AS u FROM rfm_customers) s WHERE promo.orders(u) > 0;
CREATE FUNCTION pg_temp.by_rank(levels integer) RETURNS TABLE (customer integer, scores promo.rfm) LANGUAGE sql AS $$
	SELECT customer, promo.rfm((1 + levels * (rank() OVER (ORDER BY days DESC) - 1) / count(*) OVER ())::integer,
		(1 + levels * (rank() OVER (ORDER BY orders) - 1) / count(*) OVER ())::integer,
		(1 + levels * (rank() OVER (ORDER BY spent) - 1) / count(*) OVER ())::integer) FROM figures $$;
CREATE FUNCTION pg_temp.nested(levels integer) RETURNS TABLE (customer integer, scores promo.rfm) LANGUAGE sql AS $$
	SELECT customer, promo.rfm(r, f, (1 + levels * (rank() OVER (PARTITION BY r, f ORDER BY spent) - 1) / count(*) OVER (PARTITION BY r, f))::integer)
	FROM (SELECT *, (1 + levels * (rank() OVER (PARTITION BY r ORDER BY orders) - 1) / count(*) OVER (PARTITION BY r))::integer AS f
		FROM (SELECT *, (1 + levels * (rank() OVER (ORDER BY days DESC) - 1) / count(*) OVER ())::integer AS r FROM figures) a) b $$;
CREATE FUNCTION pg_temp.by_mean() RETURNS TABLE (customer integer, scores promo.rfm) LANGUAGE sql AS $$
	SELECT customer, promo.rfm(1 + (days <= avg(days) OVER ())::integer, 1 + (orders >= avg(orders) OVER ())::integer, 1 + (spent >= avg(spent) OVER ())::integer) FROM figures $$;
SELECT levels, count(*), count(*) FILTER (WHERE scores OPERATOR(promo.=) promo.score(h, model, '2025-12-31')) AS same
FROM generate_series(2, 10) levels, LATERAL (SELECT promo.rfm_fit(h, '2025-12-31', levels) AS model FROM rfm_customers OFFSET 0) m, LATERAL pg_temp.by_rank(levels) JOIN figures USING (customer)
GROUP BY levels ORDER BY levels;
SELECT levels, count(*), count(*) FILTER (WHERE scores OPERATOR(promo.=) promo.score(h, model, '2025-12-31')) AS same
FROM generate_series(2, 10) levels, LATERAL (SELECT promo.rfm_fit(h, '2025-12-31', levels, 'nested') AS model FROM rfm_customers OFFSET 0) m, LATERAL pg_temp.nested(levels) JOIN figures USING (customer)
GROUP BY levels ORDER BY levels;
SELECT count(*), count(*) FILTER (WHERE scores OPERATOR(promo.=) promo.score(h, model, '2025-12-31')) AS same
FROM (SELECT promo.rfm_fit(h, '2025-12-31', 2, 'mean') AS model FROM rfm_customers) m, pg_temp.by_mean() JOIN figures USING (customer);

-- beyond work_mem in a file: the same models, from many states at once as well
CREATE TEMP TABLE plenty AS SELECT customer % 3 AS third, method, promo.rfm_fit(h, '2025-12-31', 4, method) AS model
FROM rfm_customers, unnest('{rank,ntile,quantile,nested,mean}'::text[]) method WHERE customer > 0 GROUP BY GROUPING SETS ((method), (customer % 3, method));
SET work_mem = '64kB';
CREATE TEMP TABLE spilled AS SELECT customer % 3 AS third, method, promo.rfm_fit(h, '2025-12-31', 4, method) AS model
FROM rfm_customers, unnest('{rank,ntile,quantile,nested,mean}'::text[]) method WHERE customer > 0 GROUP BY GROUPING SETS ((method), (customer % 3, method));
SELECT count(*), count(*) FILTER (WHERE p.model OPERATOR(promo.=) s.model) AS same
FROM plenty p JOIN spilled s ON p.method = s.method AND p.third IS NOT DISTINCT FROM s.third;
CREATE FUNCTION pg_temp.blocks_written(query text) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE plan json;
BEGIN
	EXECUTE 'EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) ' || query INTO plan;
	RETURN plan->0->'Plan'->>'Temp Written Blocks';
END $$;
SELECT pg_temp.blocks_written('SELECT promo.rfm_fit(h, ''2025-12-31'') FROM rfm_customers') > 0 AS written;
-- as window functions: read again and again while it grows, and begun again
SELECT count(DISTINCT model), count(*) FILTER (WHERE customer = 6000 AND model OPERATOR(promo.=) (SELECT promo.rfm_fit(h, '2025-12-31', 3) FROM rfm_customers WHERE customer BETWEEN 0 AND 6000)) AS same
FROM (SELECT customer, promo.rfm_fit(h, '2025-12-31', 3) OVER (ORDER BY customer / 1000) AS model FROM rfm_customers WHERE customer BETWEEN 0 AND 6000) s;
SELECT third, count(*), count(*) FILTER (WHERE p.model OPERATOR(promo.=) s.model) AS same
FROM (SELECT customer % 3 AS third, promo.rfm_fit(h, '2025-12-31', 4) OVER (PARTITION BY customer % 3) AS model FROM rfm_customers WHERE customer > 0) s
	JOIN plenty p USING (third) WHERE method = 'rank' GROUP BY third ORDER BY third;
-- a cursor that fails in a subtransaction keeps its memory, but not its file
BEGIN;
DECLARE failing CURSOR FOR SELECT promo.rfm_fit(h, '2025-12-31', CASE customer WHEN 20000 THEN 4 ELSE 5 END ORDER BY customer) FROM rfm_customers;
DECLARE fitting CURSOR FOR SELECT customer % 2, promo.rfm_fit(h, '2025-12-31') FROM rfm_customers WHERE customer > 0 GROUP BY customer % 2 ORDER BY 1;
DECLARE unread CURSOR FOR SELECT promo.rfm_fit(h, '2025-12-31') IS NULL FROM rfm_customers WHERE customer > 0 GROUP BY customer % 2;
FETCH fitting;
FETCH unread;
SAVEPOINT before;
FETCH failing;
ROLLBACK TO before;
CREATE TEMP TABLE another AS SELECT promo.rfm_fit(h, '2025-12-31') FROM rfm_customers;
CLOSE failing;
FETCH fitting;
COMMIT;
SELECT count(*) FROM pg_ls_tmpdir();
RESET work_mem;

-- equal models are equal
SELECT count(*), count(DISTINCT model) FROM (SELECT model FROM plenty UNION ALL SELECT model FROM spilled) s;
CREATE TEMP TABLE ordered AS SELECT model FROM plenty ORDER BY model;
CREATE INDEX ON ordered (model);
CREATE INDEX ON ordered USING hash (model);
SELECT count(*) FROM ordered o JOIN plenty p ON o.model OPERATOR(promo.=) p.model;
\copy plenty to 'results/rfm_models.bin' (format binary)
CREATE TEMP TABLE copied (LIKE plenty);
\copy copied from 'results/rfm_models.bin' (format binary)
SELECT count(*), count(*) FILTER (WHERE c.model::text::promo.rfm_model OPERATOR(promo.=) p.model) AS same
FROM plenty p JOIN copied c ON p.method = c.method AND p.third IS NOT DISTINCT FROM c.third WHERE c.model OPERATOR(promo.=) p.model;

-- models come plain, short, compressed and out of line
CREATE TABLE rfm_models (levels integer, method text, model promo.rfm_model);
INSERT INTO rfm_models SELECT levels, method, promo.rfm_fit(h, '2025-12-31', levels, method)
FROM rfm_customers, unnest('{rank,nested}'::text[]) method, unnest('{2,5,10}'::integer[]) levels GROUP BY levels, method;
ALTER TABLE rfm_models ALTER model SET STORAGE external;
INSERT INTO rfm_models SELECT 9, 'nested', promo.rfm_fit(h, '2025-12-31', 9, 'nested') FROM rfm_customers;
SELECT levels, method, pg_column_size(model) < 127 AS short, pg_column_compression(model) IS NOT NULL AS compressed FROM rfm_models ORDER BY 1, 2;
SELECT levels, method, count(*), count(*) FILTER (WHERE promo.score(h, model, '2025-12-31') OPERATOR(promo.=) promo.score(h, model::text::promo.rfm_model, '2025-12-31')) AS same
FROM rfm_models, rfm_customers WHERE customer BETWEEN 1 AND 1000 GROUP BY levels, method ORDER BY levels, method;

-- parallel workers score
SELECT promo.score(h, '{"recency":{"at_most":[150]},"frequency":{"above":[3]},"monetary":{"above":[1200]}}', '2025-12-31') AS scores, count(*) FROM rfm_customers GROUP BY scores ORDER BY scores;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
SET max_parallel_workers_per_gather = 2;
EXPLAIN (COSTS OFF) SELECT count(*) FROM rfm_customers
WHERE promo.score(h, '{"recency":{"at_most":[150]},"frequency":{"above":[3]},"monetary":{"above":[1200]}}', '2025-12-31') OPERATOR(promo.=) '1-2-1';
SELECT count(*) FROM rfm_customers
WHERE promo.score(h, '{"recency":{"at_most":[150]},"frequency":{"above":[3]},"monetary":{"above":[1200]}}', '2025-12-31') OPERATOR(promo.=) '1-2-1';
DROP TABLE rfm_customers, rfm_models;
