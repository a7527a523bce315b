SET timezone = 'UTC';
-- forms
SELECT '{"at":["2026-01-05T10:00:00+08", "2026-01-05 02:30:00.25"], "level":2}'::promo.funnel;
SELECT '{"level":0,"at":[]}'::promo.funnel, '{"level":1,"at":["2026-01-05"]}'::promo.funnel::json, '{"level":1,"at":["2026-01-05"]}'::promo.funnel::jsonb;
SELECT '{"level":1,"at":["2026-01-05"]}'::json::promo.funnel, '{"level":1,"at":["2026-01-05"]}'::jsonb::promo.funnel;
SELECT promo.funnel_send('{"level":1,"at":["2026-01-05"]}');
SELECT pg_column_size('{"level":0,"at":[]}'::promo.funnel) - 3 AS nothing, pg_column_size('{"level":2,"at":["2026-01-05","2026-01-06"]}'::promo.funnel) - 3 AS two_steps;

-- mistakes
\set VERBOSITY default
SELECT '2'::promo.funnel;
SELECT '{"level":2}'::promo.funnel;
SELECT '{"level":2,"at":["2026-01-05"]}'::promo.funnel;
SELECT '{"level":1,"at":["soon"]}'::promo.funnel;
SELECT '{"level":1,"at":["infinity"]}'::promo.funnel;
SELECT '{"level":2,"at":["2026-01-05","2026-01-04"]}'::promo.funnel;
SELECT promo.funnel_agg('infinity', 1, '7 days');
SELECT promo.funnel_agg('10000-01-01', 1, '7 days');
SELECT promo.funnel_agg('2026-01-05', 33, '7 days');
SELECT promo.funnel_agg('2026-01-05', -1, '7 days');
SELECT promo.funnel_agg('2026-01-05', 1, NULL);
SELECT promo.funnel_agg('2026-01-05', 1, '0');
SELECT promo.funnel_agg('2026-01-05', 1, '1 day -25 hours');
SELECT promo.funnel_agg('2026-01-05', 1, '1 month');
SELECT promo.funnel_agg('2026-01-05', 1, '7 days', NULL);
SELECT promo.funnel_agg('2026-01-05', 1, '7 days', 'strict');
SELECT promo.funnel_agg('2026-01-05', 1, i * '1 day'::interval) FROM generate_series(1, 2) i;
SELECT promo.funnel_agg('2026-01-05', 1, '7 days', mode) FROM unnest('{default,strict_order}'::text[]) mode;
SELECT promo.step_at('{"level":0,"at":[]}', 0);

-- figures
SELECT f, promo.level(f), promo.step_at(f, 1) AS first, promo.step_at(f, 2) AS second, promo.step_at(f, 3) AS third, promo.step_at(f, 2147483647) AS none
FROM (VALUES (1, '{"level":0,"at":[]}'::promo.funnel), (2, '{"level":1,"at":["2026-01-05"]}'), (3, '{"level":2,"at":["2026-01-05","2026-01-05 10:00+08"]}'), (4, NULL)) v (id, f)
ORDER BY id;

-- collecting
SELECT promo.funnel_agg(at, step, '7 days') FROM (VALUES
	('2026-01-09'::timestamptz, 3), ('2026-01-05', 1), (NULL, 2), ('2026-01-06', NULL), ('2026-01-07', 2), ('2026-01-05', 0), ('2026-01-06', 1)) e (at, step);
SELECT promo.funnel_agg(NULL, 1, '7 days'), promo.funnel_agg('2026-01-05', 1, '7 days') FILTER (WHERE false) AS no_rows, promo.funnel_agg('2026-01-05', NULL, '7 days') AS no_step;
-- days are 24 hours
SET timezone = 'Europe/Berlin';
SELECT promo.level(promo.funnel_agg(at, step, '1 day')) FROM (VALUES ('2026-03-28 12:00'::timestamptz, 1), ('2026-03-29 13:00', 2)) e (at, step);
SET timezone = 'UTC';
SELECT promo.funnel_agg('2026-01-05', step, '2147483647 days') FROM generate_series(1, 2) step;
SELECT mode, promo.funnel_agg(at, step, '7 days', mode)
FROM (VALUES ('2026-01-05'::timestamptz, 1), ('2026-01-05', 2), ('2026-01-06', 0), ('2026-01-07', 4), ('2026-01-08', 2), ('2026-01-09', 3)) e (at, step),
	 unnest('{default,strict_increase,stop_on_repeat,strict_deduplication,strict_order,strict_allow_reentry}'::text[]) mode
GROUP BY mode ORDER BY mode;
-- the state is the executor's, and stays whole
SELECT i, promo.level(promo.funnel_agg(at, i % 4, '1 hour') OVER (ORDER BY i)) AS until, promo.level(promo.funnel_agg(at, i % 4, '1 hour') OVER (ORDER BY i DESC ROWS 1 PRECEDING)) AS two
FROM generate_series(1, 7) i, LATERAL (SELECT '2026-01-05'::timestamptz + i * '1 minute'::interval AS at) t ORDER BY i;

-- many rows: in order, the other way round, and neither
SELECT promo.funnel_agg('2026-01-05'::timestamptz + i * '1 s'::interval, 1 + i % 32, '1 minute') OPERATOR(promo.=)
	   promo.funnel_agg('2026-01-05'::timestamptz + i * '1 s'::interval, 1 + i % 32, '1 minute' ORDER BY i DESC) AS same
FROM generate_series(1, 100000) i;
SELECT promo.level(promo.funnel_agg('2026-01-05'::timestamptz + i * '1 s'::interval, 1 + i % 32, '1 minute')) FROM generate_series(1, 1200000) i;
SELECT promo.funnel_agg('2026-01-05'::timestamptz + i * '1 ms'::interval, CASE i WHEN 900000 THEN 1 WHEN 1000000 THEN 2 WHEN 1100000 THEN 3 ELSE 5 END, '1 hour') FROM generate_series(1, 1200000) i;
SELECT mode, promo.funnel_agg('2026-01-05', 1 + i % 3, '1 minute', mode) FROM generate_series(1, 1200000) i, unnest('{default,stop_on_repeat}'::text[]) mode GROUP BY mode ORDER BY mode;
SELECT promo.level(promo.funnel_agg(at, 1, '1 minute')) FROM (SELECT '2026-01-05'::timestamptz - i * '1 s'::interval AS at FROM generate_series(1, 1000000) i) e;
SELECT promo.level(promo.funnel_agg(at, 1, '1 minute')) FROM (SELECT '2026-01-05'::timestamptz - i * '1 s'::interval AS at FROM generate_series(1, 1000001) i) e;
SELECT promo.level(promo.funnel_agg('2026-01-05'::timestamptz + nullif(i, 1000002) * '1 s'::interval, 1, '1 minute')) FROM generate_series(1, 1000002) i;
SELECT promo.level(promo.funnel_agg('2026-01-05'::timestamptz + (i % 1000001) * '1 s'::interval, 1, '1 minute')) FROM generate_series(1, 1000001) i;

-- in whatever order the aggregate is told to take them
CREATE TEMP TABLE funnel_events AS
SELECT i % 5 AS customer, '2026-01-05'::timestamptz + (hashint4(i) & 1048575) * '1 s'::interval AS at, 1 + (hashint4(i) >> 20 & 3) AS step FROM generate_series(1, 20000) i;
SELECT count(*), count(*) FILTER (WHERE kept OPERATOR(promo.=) sorted), count(*) FILTER (WHERE kept OPERATOR(promo.=) backward), count(*) FILTER (WHERE kept OPERATOR(promo.=) by_step)
FROM (SELECT customer, promo.funnel_agg(at, step, '1 hour') AS kept, promo.funnel_agg(at, step, '1 hour' ORDER BY at) AS sorted,
			 promo.funnel_agg(at, step, '1 hour' ORDER BY at DESC) AS backward, promo.funnel_agg(at, step, '1 hour' ORDER BY step, at) AS by_step
	  FROM funnel_events GROUP BY customer) s;
-- many events at few times
SELECT mode, promo.funnel_agg('2026-01-05'::timestamptz + (i / 5000) * '1 s'::interval, 1 + (i * 7) % 3, '1 minute', mode ORDER BY '2026-01-05'::timestamptz + (i / 5000) * '1 s'::interval)
FROM generate_series(0, 19999) i, unnest('{default,strict_increase,stop_on_repeat,strict_order}'::text[]) mode GROUP BY mode ORDER BY mode;

-- copies
CREATE TEMP TABLE funnels AS SELECT customer, promo.funnel_agg(at, step, '1 hour') AS f FROM funnel_events GROUP BY customer
UNION ALL VALUES (-1, '{"level":0,"at":[]}'::promo.funnel), (-2, NULL);
\copy funnels to 'results/funnels.bin' (format binary)
CREATE TEMP TABLE copied (LIKE funnels);
\copy copied from 'results/funnels.bin' (format binary)
SELECT count(*), count(*) FILTER (WHERE c.f OPERATOR(promo.=) o.f AND o.f::text::promo.funnel OPERATOR(promo.=) o.f
	AND o.f::json::promo.funnel OPERATOR(promo.=) o.f AND o.f::jsonb::promo.funnel OPERATOR(promo.=) o.f) AS same
FROM funnels o JOIN copied c USING (customer);
SELECT count(DISTINCT f) FROM (SELECT f FROM funnels UNION ALL SELECT f FROM copied) s;
\copy copied (f) from program 'printf "PGCOPY\\n\\377\\r\\n\\000\\000\\000\\000\\000\\000\\000\\000\\000\\000\\001\\000\\000\\000\\003\\001\\001\\000\\377\\377"' (format binary)
