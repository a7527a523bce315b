-- ----------------------------------------------------------------
-- text form
-- ----------------------------------------------------------------

SELECT 'save 20% on sku A; spend 200 save 30;'::promo.ruleset;
SELECT '[{"name":"p1","rule":"save 20% on sku A","priority":10,"during":"[2026-01-01,2026-02-01)"}]'::promo.ruleset;
SELECT '[{"name":"b","rule":"save 1"},{"name":"a","rule":"save 2","priority":-1},{"name":"c","rule":"save 3","priority":5}]'::promo.ruleset;
SELECT '{"unit":"0.05","rounding":"down","zone":"Asia/Shanghai","search":"cart","search_limit":5,"rules":[]}'::promo.ruleset;
SELECT '[]'::promo.ruleset;
SELECT ''::promo.ruleset;
SELECT 'save'::promo.ruleset;
SELECT '[{"name":"a","rule":"save"}]'::promo.ruleset;
SELECT '[{"name":"a"}]'::promo.ruleset;
SELECT '[{"rule":"save 1"}]'::promo.ruleset;
SELECT '[{"name":"a","rule":"save 1"},{"name":"a","rule":"save 2"}]'::promo.ruleset;
SELECT '[{"name":"a","rule":"save 1","during":"[2026-02-01,2026-01-01)"}]'::promo.ruleset;
SELECT '[{"name":"a","rule":"save 1","during":"yesterday"}]'::promo.ruleset;
SELECT '[{"name":"a","rule":"save 1","priority":3000000000}]'::promo.ruleset;
SELECT '[{"name":"a","rule":"save 1","colour":"red"}]'::promo.ruleset;
SELECT '{"zone":"Mars/Olympus","rules":[]}'::promo.ruleset;
SELECT '{"unit":"0","rules":[]}'::promo.ruleset;

-- ----------------------------------------------------------------
-- aggregate
-- ----------------------------------------------------------------

SELECT promo.ruleset_agg(n, r::promo.rule) FROM (VALUES ('b', 'save 1'), ('a', 'save 2')) v (n, r);
SELECT promo.ruleset_agg(n, r::promo.rule, p) FROM (VALUES ('b', 'save 1', 7), ('a', 'save 2', NULL)) v (n, r, p);
SELECT promo.ruleset_agg(n, 'save 1'::promo.rule, 0, d::tstzrange)
FROM (VALUES ('always', NULL), ('both', '[2026-01-01 00:00+00,2026-02-01 00:00+08)'), ('ends', '(,2026-02-01 00:00:00.5+00]'),
			 ('begins', '(2026-01-01 00:00+00,)'), ('never', 'empty'), ('endless', '[-infinity,infinity]')) v (n, d);
SELECT promo.ruleset_agg('a', 'save 1'::promo.rule) IS NULL AS no_rows WHERE false;
SELECT promo.ruleset_agg(NULL, 'save 1'::promo.rule);
SELECT promo.ruleset_agg('a', NULL);
SELECT promo.ruleset_agg('', 'save 1'::promo.rule);
SELECT promo.ruleset_agg('a', 'save 1'::promo.rule) FROM generate_series(1, 2);
SELECT promo.ruleset_agg('a', 'save 1'::promo.rule, 0, tstzrange('0044-03-15 BC', NULL));
SELECT promo.ruleset_agg('a', 'save 1'::promo.rule, 0, tstzrange(NULL, '10000-01-02 00:00+00'));
SELECT promo.ruleset_agg('a', 'save 1'::promo.rule, 0, '[infinity,]'::tstzrange);

-- equal bytes in any order of rows, in parallel, and from every form
CREATE TABLE draft AS
	SELECT 'r' || i AS name, ('save ' || 1 + i % 90 || '% on sku S' || i % 50 || ', T' || i)::promo.rule AS rule, i % 5 AS priority,
		   CASE WHEN i % 3 = 0 THEN tstzrange(timestamptz '2026-01-01 00:00+00' + i * interval '1 hour', NULL) END AS during
	FROM generate_series(1, 3000) i;
ANALYZE draft;
CREATE TEMP TABLE sets (how text, r promo.ruleset);
SET max_parallel_workers_per_gather = 0;
INSERT INTO sets SELECT 'forward', promo.ruleset_agg(name, rule, priority, during ORDER BY name) FROM draft;
INSERT INTO sets SELECT 'backward', promo.ruleset_agg(name, rule, priority, during ORDER BY name DESC) FROM draft;
SET max_parallel_workers_per_gather = 2;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
EXPLAIN (COSTS OFF) SELECT promo.ruleset_agg(name, rule, priority, during) FROM draft;
CREATE TEMP TABLE parallel AS SELECT promo.ruleset_agg(name, rule, priority, during) AS r FROM draft;
RESET ALL;
INSERT INTO sets SELECT 'parallel', r FROM parallel;
INSERT INTO sets SELECT 'text', r::text::promo.ruleset FROM parallel;
INSERT INTO sets SELECT 'json', r::json::promo.ruleset FROM parallel;
INSERT INTO sets SELECT 'jsonb', r::jsonb::promo.ruleset FROM parallel;
\copy sets to 'results/sets.bin' (format binary)
\copy sets from 'results/sets.bin' (format binary)
SELECT count(*), count(DISTINCT r), count(DISTINCT promo.ruleset_hash(r)) FROM sets;
SELECT jsonb_array_length(r::jsonb) FROM parallel;
DROP TABLE draft;
\copy sets (r) from program 'printf "PGCOPY\\n\\377\\r\\n\\000\\000\\000\\000\\000\\000\\000\\000\\000\\000\\001\\000\\000\\000\\001\\143\\377\\377"' (format binary)

-- ----------------------------------------------------------------
-- settings
-- ----------------------------------------------------------------

SELECT promo.configure('save 1', unit => 0.05);
SELECT promo.configure('save 1', 1, 'half_even', 'Asia/Shanghai', 'cart', 500);
SELECT promo.configure(promo.configure('save 1', 1, 'half_even', 'Asia/Shanghai', 'cart', 500), rounding => 'half_up');
SELECT promo.configure(promo.configure('save 1', 1, 'down', 'Asia/Shanghai', 'cart', 500), 0.01, 'half_up', 'UTC', 'stage', 10000)
	   OPERATOR(promo.=) 'save 1' AS defaults;
SELECT promo.configure('save 1') OPERATOR(promo.=) 'save 1' AS unchanged;
SELECT promo.configure(NULL, unit => 1) IS NULL AS no_rules;
-- one name for each zone, whatever it was called by
SELECT zone, promo.configure('save 1', zone => zone)::jsonb->>'zone' AS kept
FROM unnest('{Asia/Shanghai,ASIA/SHANGHAI,europe/berlin,UTC,utc,Etc/UTC,GMT,"<+08>-8",America/New_York}'::text[]) zone;
SELECT promo.configure('save 1', zone => 'Mars/Olympus');
SELECT promo.configure('save 1', zone => 'PST');
SELECT promo.configure('save 1', zone => '../../etc/passwd');
SELECT promo.configure('save 1', zone => repeat('x', 300));
SELECT promo.configure('save 1', unit => 0);
SELECT promo.configure('save 1', unit => -0.01);
SELECT promo.configure('save 1', unit => 'NaN');
SELECT promo.configure('save 1', unit => 0.00001);
SELECT promo.configure('save 1', rounding => 'up');
SELECT promo.configure('save 1', search => 'everything');
SELECT promo.configure('save 1', search_limit => 0);
SELECT promo.configure('save 1', search_limit => -5);
