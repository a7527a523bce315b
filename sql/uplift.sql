SET extra_float_digits = -2;
-- two shares of customers
SELECT * FROM promo.uplift(4000, 260, 4000, 200);
SELECT level, u.* FROM unnest('{0.5,0.9,0.99,0.999}'::float8[]) level, promo.uplift(4000, 260, 4000, 200, level) u ORDER BY level;
-- what is not defined
SELECT n_t, x_t, n_c, x_c, u.* FROM (VALUES (0, 0, 20, 5), (20, 5, 0, 0), (20, 0, 20, 0), (20, 5, 20, 0), (20, 0, 20, 5), (20, 20, 20, 20), (NULL, 1, 20, 5)) v (n_t, x_t, n_c, x_c),
	promo.uplift(n_t, x_t, n_c, x_c) u;
-- of two states
WITH k AS (SELECT arm, promo.kpi_agg(event, customer) AS k FROM (
	SELECT 'mail' AS arm, 'view' AS event, i::bigint AS customer FROM generate_series(1, 4000) i UNION ALL SELECT 'mail', 'order', i FROM generate_series(1, 260) i UNION ALL
	SELECT 'none', 'view', i FROM generate_series(1, 4000) i UNION ALL SELECT 'none', 'order', 20 * i FROM generate_series(1, 200) i) e GROUP BY arm)
SELECT of_event, u.* FROM k t, k c, unnest('{view,never}'::text[]) of_event, LATERAL promo.uplift(t.k, c.k, CASE of_event WHEN 'view' THEN 'order' ELSE of_event END, of_event) u
WHERE t.arm = 'mail' AND c.arm = 'none' ORDER BY of_event;

-- watching
SELECT value, a.* FROM unnest('{210,170,60,128,90,NULL}'::numeric[]) WITH ORDINALITY v (value, n), promo.anomaly(value, '{118,131,NULL,125,140,122,129,460,127}') a ORDER BY n;
SELECT history, a.* FROM unnest(ARRAY['{}', '{1,2,3}', '{1,2,3,NULL}', '{1,2,3,4}', NULL]) WITH ORDINALITY v (history, n), promo.anomaly(9, history::numeric[]) a ORDER BY n;
SELECT promo.pace(30, 100, 0.4), promo.pace(30, 100, 0), promo.pace(30, 0, 0.4), promo.pace(30, 'infinity', 0.4), promo.pace(30, 'NaN', 0.4), promo.pace(NULL, 100, 0.4);
SELECT promo.attainment(1, 3), promo.attainment(1, 0), promo.attainment(1, 3, true), promo.attainment(0, 3, lower_is_better => true), promo.attainment(0, 3), promo.attainment(1, 3, NULL);
-- they are inlined
EXPLAIN (COSTS OFF, VERBOSE) SELECT promo.pace(a, b, c), promo.attainment(a, b) FROM (VALUES (1::numeric, 2::numeric, 3::numeric), (1, 2, 3)) v (a, b, c);

-- mistakes
\set VERBOSITY default
SELECT promo.uplift(-1, 0, 20, 5);
SELECT promo.uplift(20, 5, 20, -1);
SELECT promo.uplift(20, 5, 4, 5);
SELECT promo.uplift(20, 5, 20, 5, 1);
SELECT promo.uplift(20, 5, 20, 5, 'NaN');
SELECT promo.uplift(k, k, 'order', 'view') FROM (SELECT promo.kpi_agg(event, 1) AS k FROM unnest('{order,cart}'::text[]) event) s;
SELECT promo.anomaly('NaN', '{1,2,3,4}');
SELECT promo.anomaly(1, '{1,2,3,infinity}');
SELECT promo.anomaly(1e301, '{1,2,3,4}');
SELECT promo.anomaly(1, '{{1,2},{3,4}}');
