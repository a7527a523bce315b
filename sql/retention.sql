-- forms
SELECT '[{"returns":[[1,2,1],[0,0,3]], "size":3, "cohort":"2026-01-05"}, {"cohort":"2026-01-01","size":2,"returns":[]}]'::promo.retention, '[]'::promo.retention AS none;
SELECT '[{"cohort":"2026-01-05","size":3,"returns":[[0,0,3]]}]'::promo.retention::json, '[{"cohort":"2026-01-05","size":3,"returns":[[0,0,3]]}]'::json::promo.retention::jsonb,
	'[{"cohort":"2026-01-05","size":3,"returns":[[0,0,3]]}]'::jsonb::promo.retention;
SELECT promo.retention_send('[{"cohort":"2026-01-05","size":3,"returns":[[0,0,3],[1,2,1]]}]');

-- mistakes
\set VERBOSITY default
SELECT '{}'::promo.retention;
SELECT '[{"cohort":"2026-01-05","size":3}]'::promo.retention;
SELECT '[{"cohort":"2026-01-32","size":3,"returns":[]}]'::promo.retention;
SELECT '[{"cohort":"2026-01-05","size":3,"returns":[[0,0]]}]'::promo.retention;
SELECT '[{"cohort":"2026-01-05","size":3,"returns":[[0,0,3],[2,3,1]]}]'::promo.retention;
SELECT promo.retention_agg('{2026-01-05}', 'infinity');
SELECT promo.retention_agg('{9999-12-31}', '0001-01-01');
SELECT promo.retention_agg_trans(NULL, '{2026-01-05}');
SELECT * FROM promo.matrix('[]', 'after');
SELECT * FROM promo.matrix('[]', '0,,1');
SELECT * FROM promo.matrix('[]', '7-1');
SELECT * FROM promo.matrix('[]', '1-7, 1-30');
SELECT * FROM promo.matrix('[]', 'on', 'infinity');
SELECT count(*) FROM (SELECT promo.retention_agg('{}', '0001-01-01'::date + i) AS r FROM generate_series(1, 30) i) s, promo.matrix(r, 'on', '2026-01-01');

-- collecting; of one who was active before the day that is given, of one who never was, and of one of whom nothing is known
CREATE TEMP TABLE customers (customer int, signup date, d promo.days);
INSERT INTO customers VALUES (1, NULL, '{2026-01-05, 2026-01-06, 2026-01-12}'), (2, NULL, '{2026-01-05, 2026-01-12}'), (3, '2026-01-06', '{2026-01-05, 2026-01-07}'),
	(4, '2026-01-06', NULL), (5, '2026-01-05', '{}'), (6, NULL, '{}'), (7, NULL, NULL), (8, NULL, '{2026-01-06..2026-01-10}');
SELECT promo.retention_agg(d), promo.retention_agg(d, signup) AS given FROM customers;
SELECT promo.retention_agg(d, signup) FROM customers WHERE customer = 7;
SELECT promo.retention_agg(d, signup) FROM customers WHERE customer = 6;
SELECT promo.rollup(r), promo.rollup(r) FILTER (WHERE r IS NULL) AS of_nothing,
	promo.rollup(r) OPERATOR(promo.=) (SELECT promo.retention_agg(d, signup) FROM customers) AS same
FROM (SELECT promo.retention_agg(d, signup) AS r FROM customers GROUP BY customer % 3) s;
SELECT r OPERATOR(promo.||) r AS "||", r OPERATOR(promo.||) NULL AS nothing FROM (SELECT promo.retention_agg(d) AS r FROM customers WHERE customer < 3) s;

-- the matrix
SELECT m.* FROM (SELECT promo.retention_agg(d, signup) AS r FROM customers) s, promo.matrix(r) m ORDER BY cohort, n;
SELECT m.* FROM (SELECT promo.retention_agg(d, signup) AS r FROM customers) s, promo.matrix(r, 'on_or_after', '2026-01-08') m ORDER BY cohort, n;
SELECT m.* FROM (SELECT promo.retention_agg(d, signup) AS r FROM customers) s, promo.matrix(r, '0, 1-6, 3-7', last_complete => '2026-01-12') m ORDER BY cohort, n;
SELECT m.* FROM (SELECT promo.retention_agg(d, signup) AS r FROM customers) s, promo.matrix(r, NULL, '2026-01-05') m ORDER BY cohort, n;
-- where nobody was active nothing is observed
SELECT * FROM promo.matrix('[{"cohort":"2026-01-05","size":3,"returns":[]}]');
SELECT * FROM promo.matrix('[{"cohort":"2026-01-05","size":3,"returns":[]}]', '0-7');
SELECT * FROM promo.matrix(NULL);
-- the state is the executor's, and stays whole
SELECT customer, promo.retention_agg(d) OVER (ORDER BY customer) FROM customers WHERE customer < 3 ORDER BY customer;

-- a parallel plan splits it
CREATE TABLE retention_days AS
SELECT customer, promo.days_agg(day) AS d FROM (SELECT hashint4(i) & 2047 AS customer, '2026-01-01'::date + (hashint4(i + 7) & 63) AS day FROM generate_series(1, 20000) i) e GROUP BY customer;
ANALYZE retention_days;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
SET max_parallel_workers_per_gather = 2;
EXPLAIN (COSTS OFF) SELECT promo.retention_agg(d) FROM retention_days;
CREATE TEMP TABLE split AS SELECT promo.retention_agg(d) AS r FROM retention_days;
SET max_parallel_workers_per_gather = 0;
CREATE TEMP TABLE whole AS SELECT promo.retention_agg(d) AS r FROM retention_days;
SELECT split.r OPERATOR(promo.=) whole.r AS same, (SELECT count(*) FROM retention_days) = (SELECT sum(size) FROM promo.matrix(whole.r, '0')) AS everybody FROM split, whole;
DROP TABLE retention_days;

-- a state without its final function is one as well, whoever stores it
CREATE AGGREGATE pg_temp.unfinished(promo.days) (SFUNC = promo.retention_agg_trans, STYPE = promo.retention);
CREATE TEMP TABLE states AS SELECT pg_temp.unfinished(d) AS r FROM customers;
SELECT r, (r OPERATOR(promo.||) NULL) OPERATOR(promo.=) r AS same_bytes FROM states;
SELECT promo.rollup(r) OPERATOR(promo.=) (SELECT promo.retention_agg(d) FROM customers) AS same, promo.retention_send((array_agg(r))[1]) = (SELECT promo.retention_send(promo.retention_agg(d)) FROM customers) AS sent FROM states;
SELECT * FROM states, promo.matrix(r, '0') m;
CREATE AGGREGATE pg_temp.begun(promo.days) (SFUNC = promo.retention_agg_trans, STYPE = promo.retention, FINALFUNC = promo.retention_agg_final, INITCOND = '[{"cohort":"2026-01-05","size":3,"returns":[[0,0,3]]}]');
SELECT pg_temp.begun('{2026-01-05}'), pg_temp.begun(NULL) AS untouched;

-- copies
CREATE TEMP TABLE retentions AS SELECT 1 AS id, r FROM whole UNION ALL VALUES (2, '[]'::promo.retention), (3, NULL);
\copy retentions to 'results/retention.bin' (format binary)
CREATE TEMP TABLE copied (LIKE retentions);
\copy copied from 'results/retention.bin' (format binary)
SELECT count(*), count(*) FILTER (WHERE c.r OPERATOR(promo.=) r.r AND r.r::text::promo.retention OPERATOR(promo.=) r.r
	AND r.r::json::promo.retention OPERATOR(promo.=) r.r AND r.r::jsonb::promo.retention OPERATOR(promo.=) r.r) AS same
FROM retentions r JOIN copied c USING (id);
SELECT count(DISTINCT r) FROM (SELECT r FROM retentions UNION ALL SELECT r FROM copied) s;
\copy copied (r) from program 'printf "PGCOPY\\n\\377\\r\\n\\000\\000\\000\\000\\000\\000\\000\\000\\000\\000\\001\\000\\000\\000\\003\\001\\001\\001\\377\\377"' (format binary)
