SET datestyle = iso;
-- stages, on the days on which they change
SELECT day::date, promo.stage('{2026-01-01 10}', day::date) AS once,
	   promo.stage('{2025-03-01 10/2, 2026-01-01 10}', day::date) AS back,
	   promo.stage('{2026-01-01 10/3}', day::date) AS thrice,
	   promo.stage('{2026-01-01 10, 2026-01-11 10}', day::date, '{"gap":10}') AS by_gaps
FROM unnest('{2025-12-31,2026-01-01,2026-01-31,2026-02-01,2026-02-10,2026-02-20,2026-02-21,2026-04-01,2026-04-02,2026-06-30,2026-07-01}'::timestamp[]) day ORDER BY day;
-- a customer without orders; what is NULL
SELECT promo.stage(NULL, '2026-01-01') AS no_history, promo.stage('{}', '2026-01-01') AS empty, promo.stage('{2026-01-01 -5}', '2026-01-01') AS only_returned,
	   promo.stage('{2026-01-01 5}', NULL) AS no_day, promo.stage('{2026-01-01 5}', '2026-01-01', NULL) AS no_policy;
SELECT customer, promo.stage(h, as_of => '2026-01-31') FROM (VALUES (1), (2)) c (customer)
LEFT JOIN (SELECT 1 AS customer, promo.history_agg('2026-01-15', 5) AS h) o USING (customer) ORDER BY customer;
-- one call site, a policy in each row: again, another, stored and compressed
CREATE TEMP TABLE policies (id int, policy jsonb);
ALTER TABLE policies ALTER policy SET STORAGE EXTERNAL;
INSERT INTO policies VALUES (1, '{"new_days":3}'), (2, '{"new_days":3}'), (3, NULL), (4, '{"at_risk_days":3}'), (5, '{"new_days":3}'), (6, '{"new_days":3.000}'),
	(7, ('{"new_days":"' || repeat('0', 3000) || '5"}')::jsonb), (8, ('{"new_days":"' || repeat('0', 3000) || '4"}')::jsonb);
SELECT id, promo.stage('{2026-01-01 5}', '2026-01-06', policy) FROM policies ORDER BY id;
CREATE FUNCTION pg_temp.stages(policies jsonb[]) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	result text := '';
	policy jsonb;
BEGIN
	FOREACH policy IN ARRAY policies LOOP
		BEGIN
			result := result || ' ' || promo.stage('{2026-01-01 5}', '2026-01-06', policy);
		EXCEPTION WHEN OTHERS THEN
			result := result || ' ' || SQLSTATE;
		END;
	END LOOP;
	RETURN result;
END
$$;
-- what was refused is not kept
SELECT pg_temp.stages(ARRAY['{"new_days":9}', '{"days":9}', '{"days":9}', '{"new_days":9}', NULL, '{"new_days":-1}', '{"new_days":1}']::jsonb[]);

-- mistakes
\set VERBOSITY default
SELECT promo.stage(NULL, 'infinity');
SELECT promo.stage(NULL, '2026-01-01', '[]');
SELECT promo.stage(NULL, '2026-01-01', '{"days":1}');
SELECT promo.stage(NULL, '2026-01-01', '{"new_days":true}');
SELECT promo.stage(NULL, '2026-01-01', '{"new_days":1.5}');
SELECT promo.stage(NULL, '2026-01-01', '{"at_risk_days":200}');
SELECT promo.stage(NULL, '2026-01-01', '{"gap":0}');
SELECT promo.stage(NULL, '2026-01-01', '{"gap":7.5, "at_risk_gaps":4.5}');
SELECT promo.stage(NULL, '2026-01-01', '{"gap":7.5, "at_risk_days":4}');
SELECT promo.stage(NULL, '2026-01-01', '{"churned_gaps":4}');

-- repurchase: two order days, not two orders; those who came too late were not observed for so long
CREATE TEMP TABLE buyers (id int, h promo.history);
INSERT INTO buyers VALUES (1, '{2026-01-01 10, 2026-01-31 4}'), (2, '{2026-01-01 10/2}'), (3, '{2026-01-01 10, 2026-02-01 4}'),
	(4, '{2026-01-15 10, 2026-01-16 5}'), (5, '{2026-01-02 10, 2026-01-10 -5}'), (6, '{}'), (7, NULL), (8, '{2026-02-03 10}');
SELECT as_of, round(promo.repurchase_rate(h, as_of), 4) AS rate, round(promo.repurchase_rate(h, as_of, NULL), 4) AS no_within,
	   round(promo.repurchase_rate(h, as_of, 1), 4) AS within_1, round(promo.repurchase_rate(h, as_of, 30), 4) AS within_30,
	   round(promo.repurchase_rate(h, as_of, 31), 4) AS within_31, round(promo.repurchase_rate(h, as_of, 2147483647), 4) AS for_ever
FROM buyers, unnest('{2025-12-31,2026-01-01,2026-01-16,2026-01-30,2026-01-31,2026-02-01,2026-02-14,9999-12-31}'::date[]) as_of
GROUP BY as_of ORDER BY as_of;
SELECT promo.repurchase_rate(h, '2026-03-01') IS NULL AS nobody FROM buyers WHERE id IN (6, 7);
SELECT id, round(promo.repurchase_rate(h, '2026-03-01') OVER (ORDER BY id ROWS 1 PRECEDING), 2) AS of_two FROM buyers ORDER BY id;
SELECT promo.repurchase_rate_trans(state, '{2026-01-01 10, 2026-01-31 4}', '2026-02-01') AS next, state FROM (VALUES ('{1,0}'::bigint[])) v (state);
SELECT promo.repurchase_rate(h, '2026-02-01', 0) FROM buyers;
SELECT promo.repurchase_rate(h, '2026-02-01', -30) FROM buyers;
SELECT promo.repurchase_rate(h, NULL) FROM buyers;
SELECT promo.repurchase_rate(h, 'infinity') FROM buyers;
SELECT promo.repurchase_rate_trans(NULL, '{}', '2026-02-01');
SELECT promo.repurchase_rate_trans('{1,2,3}', '{}', '2026-02-01');

-- a parallel plan splits it; plain SQL gives the same
CREATE TABLE stage_orders AS
SELECT i % 5000 AS customer, '2024-01-01'::date + (hashint4(i) & 511) AS day FROM generate_series(1, 12000) i WHERE i % 5000 < 4000;
CREATE TABLE stage_buyers AS
SELECT customer, promo.history_agg(day, 5) AS h FROM stage_orders GROUP BY customer;
ANALYZE stage_buyers;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
SET max_parallel_workers_per_gather = 2;
EXPLAIN (COSTS OFF) SELECT promo.repurchase_rate(h, '2025-03-01'), promo.repurchase_rate(h, '2025-03-01', 90) FROM stage_buyers;
CREATE TEMP TABLE split AS SELECT promo.repurchase_rate(h, '2025-03-01') AS rate, promo.repurchase_rate(h, '2025-03-01', 90) AS within_90 FROM stage_buyers;
SET max_parallel_workers_per_gather = 0;
EXPLAIN (COSTS OFF) SELECT promo.repurchase_rate(h, '2025-03-01'), promo.repurchase_rate(h, '2025-03-01', 90) FROM stage_buyers;
SELECT split.rate = promo.repurchase_rate(h, '2025-03-01') AS rate_same, split.within_90 = promo.repurchase_rate(h, '2025-03-01', 90) AS within_90_same
FROM stage_buyers, split GROUP BY split.rate, split.within_90;
WITH bought AS (
	SELECT customer, min(day) AS first, (array_agg(DISTINCT day ORDER BY day))[2] AS second
	FROM stage_orders WHERE day <= '2025-03-01' GROUP BY customer)
SELECT avg((second IS NOT NULL)::int) = split.rate AS rate_same,
	   avg((second IS NOT NULL AND second - first <= 90)::int) FILTER (WHERE '2025-03-01' - first >= 90) = split.within_90 AS within_90_same,
	   round(split.rate, 4) AS rate, round(split.within_90, 4) AS within_90
FROM bought, split GROUP BY split.rate, split.within_90;
DROP TABLE stage_orders, stage_buyers;
