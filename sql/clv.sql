-- Lifetime value: models, what they expect of a customer, and fits.
CREATE FUNCTION pg_temp.state(statement text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE statement;
	RETURN 'none';
EXCEPTION WHEN OTHERS THEN
	RETURN SQLSTATE || ' ' || SQLERRM;
END
$$;

-- ----------------------------------------------------------------
-- forms of a model
-- ----------------------------------------------------------------

SELECT '{"model":"bg/nbd","unit":"week","r":0.243,"alpha":4.414,"a":0.793,"b":2.426}'::promo.clv_model;
SELECT ' { "b" : 2.4260, "a" : 793e-3, "alpha" : 4.414, "r" : 0.243, "unit" : "day", "model" : "mbg/nbd", "spend" : {"v": 15.44, "q": 3.74, "p": 6.25} } '::promo.clv_model;
-- the fewest digits that read back equal
SELECT '{"model":"bg/nbd","unit":"week","r":0.1,"alpha":0.30000000000000004,"a":1e-7,"b":12345678901234567890}'::promo.clv_model;
CREATE TEMP TABLE fitted AS SELECT '{"model":"bg/nbd","unit":"week","r":0.243,"alpha":4.414,"a":0.793,"b":2.426,
 "fit":{"as_of":"1997-09-30","customers":2357,"log_likelihood":-9582.43,"standard_errors":[0.0126,0.378,0.186,0.705],
  "gradient":1e-13,"iterations":9,"converged":true,"degenerate":[]},
 "spend":{"p":6.25,"q":3.74,"v":15.44,
  "fit":{"customers":946,"dropped":0,"correlation":0.114,"log_likelihood":-4055.92,"standard_errors":null,
   "gradient":1e-13,"iterations":12,"converged":true,"degenerate":["parameter at its limit"]}}}'::promo.clv_model AS m;
SELECT m FROM fitted;
SELECT m::json::promo.clv_model OPERATOR(promo.=) m AS json, m::jsonb::promo.clv_model OPERATOR(promo.=) m AS jsonb, m::text::promo.clv_model OPERATOR(promo.=) m AS text,
	   promo.clv_model_cmp(m, m) AS cmp, promo.clv_model_hash(m) = promo.clv_model_hash(m::jsonb::promo.clv_model) AS hash FROM fitted;
SELECT encode(promo.clv_model_send('{"model":"bg/nbd","unit":"week","r":1,"alpha":2,"a":0.5,"b":2.5}'), 'hex');
-- through the binary form and back
CREATE TEMP TABLE copied (m promo.clv_model);
\copy fitted to 'results/clv.bin' (format binary)
\copy copied from 'results/clv.bin' (format binary)
SELECT count(*) FROM copied c JOIN fitted f ON c.m OPERATOR(promo.=) f.m;

-- what is no model
SELECT ''::promo.clv_model;
SELECT '[]'::promo.clv_model;
SELECT '{"model":"bg/nbd"}'::promo.clv_model;
SELECT '{"model":"pareto/nbd","unit":"week","r":1,"alpha":2,"a":0.5,"b":2.5}'::promo.clv_model;
SELECT '{"model":"bg/nbd","unit":"month","r":1,"alpha":2,"a":0.5,"b":2.5}'::promo.clv_model;
SELECT '{"model":"bg/nbd","unit":"week","r":0,"alpha":2,"a":0.5,"b":2.5}'::promo.clv_model;
SELECT '{"model":"bg/nbd","unit":"week","r":1,"alpha":-2,"a":0.5,"b":2.5}'::promo.clv_model;
SELECT '{"model":"bg/nbd","unit":"week","r":1,"alpha":1e400,"a":0.5,"b":2.5}'::promo.clv_model;
SELECT '{"model":"bg/nbd","unit":"week","r":"NaN","alpha":2,"a":0.5,"b":2.5}'::promo.clv_model;
SELECT '{"model":"bg/nbd","unit":"week","r":1,"alpha":2,"a":0.5,"b":2.5,"s":1}'::promo.clv_model;
SELECT '{"model":"bg/nbd","unit":"week","r":1,"r":1,"alpha":2,"a":0.5,"b":2.5}'::promo.clv_model;
SELECT '{"model":"bg/nbd","unit":"week","r":1,"alpha":2,"a":0.5,"b":2.5,"spend":{"p":1,"q":2}}'::promo.clv_model;
SELECT '{"model":"bg/nbd","unit":"week","r":1,"alpha":2,"a":0.5,"b":2.5,"fit":{"customers":1}}'::promo.clv_model;
SELECT pg_temp.state(format('SELECT %L::promo.clv_model', replace(m::text, a, b)))
FROM fitted, (VALUES ('1997-09-30', '1997-02-30'), ('2357', '0'), ('2357', '1.5'), ('2357', '-1'), ('[0.0126,', '['), ('[0.0126,', '[1,1,'), ('[0.0126,', '[-1,'),
	('"iterations":9', '"iterations":1e10'), ('true', '1'), ('"degenerate":[]', '"degenerate":["infinite mean"]'), ('0.114', '1.5'), ('"dropped":0,', '')) v (a, b);

-- ----------------------------------------------------------------
-- one customer
-- ----------------------------------------------------------------

-- Fader, Hardie and Lee 2005: x = 2, t_x = 30.43, T = 38.86 weeks; 1.226 order days in 39 weeks, P(alive) .7266, E[M] 24.65
CREATE TEMP TABLE customer AS SELECT '{1997-01-01 29.33, 1997-05-01 29.73, 1997-08-02 14.97}'::promo.history AS h, date '1997-09-30' AS as_of;
SELECT round(promo.p_alive(h, m, as_of)::numeric, 6) AS p_alive, round(promo.expected_orders(h, m, as_of, 273)::numeric, 6) AS orders,
	   round(promo.expected_spend(h, m)::numeric, 4) AS spend, round(promo.clv(h, m, as_of, 12)::numeric, 4) AS clv,
	   round(promo.clv(h, m, as_of, 12, 0.1)::numeric, 4) AS discounted, promo.clv(h, m, as_of, 0) AS never
FROM customer, fitted;
-- the months add up to what is expected in them
SELECT round((promo.clv(h, m, as_of, 12) - promo.expected_spend(h, m) * promo.expected_orders(h, m, as_of, 365))::numeric, 9) AS difference FROM customer, fitted;
-- a model in days says the same as one in weeks
SELECT round((promo.clv(h, m, as_of, 12) - promo.clv(h, jsonb_set(jsonb_set(m::jsonb, '{unit}', '"day"'), '{alpha}', to_jsonb(4.414 * 7))::promo.clv_model, as_of, 12))::numeric, 9) AS difference
FROM customer, fitted;
-- who bought once is alive for certain with bg/nbd, not with mbg/nbd
SELECT promo.p_alive('{2026-01-01 5}', m, '2026-12-31') AS bg, round(promo.p_alive('{2026-01-01 5}', replace(m::text, 'bg/nbd', 'mbg/nbd')::promo.clv_model, '2026-12-31')::numeric, 6) AS mbg FROM fitted;
-- nothing known of the customer, or later only
SELECT promo.p_alive(h, m, d), promo.expected_orders(h, m, d, 30), promo.expected_spend(h, m) IS NULL AS no_spend, promo.clv(h, m, d, 12)
FROM fitted, (VALUES ('{}'::promo.history, date '2026-01-01'), ('{2026-02-01 5}', '2026-01-01'), ('{2026-01-01 -5}', '2026-01-01')) v (h, d);
SELECT promo.p_alive(NULL, m, '2026-01-01'), promo.clv('{2026-01-01 5}', NULL, '2026-01-01', 12) FROM fitted;
-- without a model of spend, and where its mean is infinite
SELECT promo.expected_spend(h, s), promo.clv(h, s, as_of, 12), promo.expected_orders(h, s, as_of, 30) > 0 AS orders
FROM customer, fitted, LATERAL (SELECT (m::jsonb - 'spend')::promo.clv_model) x (s);
SELECT round(promo.expected_spend(h, s)::numeric, 4) AS known, promo.expected_spend('{2026-01-01 5}', s) AS newcomer
FROM customer, fitted, LATERAL (SELECT jsonb_set(m::jsonb, '{spend,q}', '0.9')::promo.clv_model) x (s);
-- bad arguments
SELECT pg_temp.state('SELECT ' || s || ' FROM fitted, customer') FROM unnest(ARRAY[
	$$promo.expected_orders(h, m, as_of, -1)$$,
	$$promo.clv(h, m, as_of, -1)$$,
	$$promo.clv(h, m, as_of, 1201)$$,
	$$promo.clv(h, m, as_of, 1, -0.01)$$,
	$$promo.clv(h, m, as_of, 1, 'NaN')$$,
	$$promo.clv(h, m, as_of, 1, 'Infinity')$$,
	$$promo.clv(h, m, as_of, 1, 1e300)$$,
	$$promo.clv(h, m, as_of, 1, 0.123456789)$$,
	$$promo.p_alive(h, m, 'infinity')$$]) s;

-- ----------------------------------------------------------------
-- fits
-- ----------------------------------------------------------------

-- 3000 customers who behave as a model says, made of digits that are nobody's in particular
CREATE FUNCTION pg_temp.u(i int, what text) RETURNS float8 LANGUAGE sql AS
	$$ SELECT (('x' || substr(md5(what || i), 1, 12))::bit(48)::bigint + 0.5) / 281474976710656 $$;
CREATE TEMP TABLE population AS
WITH RECURSIVE life AS (
	SELECT i, date '2025-12-31' - 60 - (300 * pg_temp.u(i, 'first'))::int AS day, 0 AS n,
		   -40 / ln(pg_temp.u(i, 'rate')) AS gap, pg_temp.u(i, 'leaves') ^ 1.5 * 0.6 AS leaves
	FROM generate_series(1, 3000) i
	UNION ALL
	SELECT i, day + 1 + (-gap * ln(pg_temp.u(i * 1000 + n, 'gap')))::int, n + 1, gap, leaves
	FROM life WHERE day <= '2025-12-31' AND (n = 0 OR pg_temp.u(i * 1000 + n, 'stays') > leaves)
)
SELECT i, promo.history_agg(day, round((10 + 40 * pg_temp.u(i, 'rich') + 20 * pg_temp.u(i * 1000 + n, 'amount'))::numeric, 2)) AS h
FROM life WHERE day <= '2025-12-31' GROUP BY i;
CREATE FUNCTION pg_temp.rounded(promo.clv_model) RETURNS jsonb LANGUAGE sql AS $$
	SELECT jsonb_object_agg(key, CASE WHEN jsonb_typeof(value) = 'number' THEN to_jsonb(trim_scale(round(value::numeric, 6))) ELSE value END)
	FROM (SELECT * FROM jsonb_each($1::jsonb - 'fit' - 'spend')
		  UNION ALL SELECT 'fit ' || key, value FROM jsonb_each($1::jsonb -> 'fit') WHERE key NOT IN ('iterations', 'gradient', 'standard_errors')
		  UNION ALL SELECT 'spend ' || key, value FROM jsonb_each($1::jsonb -> 'spend') WHERE key <> 'fit'
		  UNION ALL SELECT 'spend fit ' || key, value FROM jsonb_each($1::jsonb -> 'spend' -> 'fit') WHERE key NOT IN ('iterations', 'gradient', 'standard_errors')) s
$$;
SELECT jsonb_pretty(pg_temp.rounded(promo.clv_fit(h, '2025-12-31'))) FROM population;
SELECT jsonb_pretty(pg_temp.rounded(promo.clv_fit(h, '2025-12-31', 'mbg/nbd'))) FROM population;

-- the same to nine digits whatever the order of the rows and the memory, NULLs and customers of tomorrow apart
CREATE FUNCTION pg_temp.differ(a promo.clv_model, b promo.clv_model) RETURNS float8 LANGUAGE sql AS $$
	SELECT max(abs(x.value::float8 / y.value::float8 - 1))
	FROM jsonb_each(a::jsonb || (a::jsonb -> 'spend')) x JOIN jsonb_each(b::jsonb || (b::jsonb -> 'spend')) y USING (key)
	WHERE jsonb_typeof(x.value) = 'number'
$$;
CREATE TEMP TABLE one AS SELECT promo.clv_fit(h, '2025-12-31') AS m FROM population;
SELECT pg_temp.differ(m, (SELECT promo.clv_fit(h, '2025-12-31', 'bg/nbd') FROM (SELECT h FROM population ORDER BY md5(i::text)) s)) < 1e-9 AS shuffled,
	   pg_temp.differ(m, (SELECT promo.clv_fit(h, '2025-12-31') FROM (SELECT h FROM population UNION ALL VALUES (NULL::promo.history), ('{}'), ('{2026-01-01 5}')) s)) < 1e-9 AS others
FROM one;
SET work_mem = '64kB';
SELECT pg_temp.differ(m, (SELECT promo.clv_fit(h, '2025-12-31') FROM population)) < 1e-9 AS little_memory FROM one;
-- what is known later does not count
SELECT pg_temp.differ(promo.clv_fit(promo.until(h, '2025-10-31'), '2025-10-31'), promo.clv_fit(h, '2025-10-31')) < 1e-9 AS until FROM population;
-- through a file: every customer five times
SELECT pg_temp.differ(a, b) < 1e-9 AS file
FROM (SELECT promo.clv_fit(h, '2025-12-31') AS a, promo.clv_fit(h, '2025-12-31' ORDER BY i DESC) AS b FROM population, generate_series(1, 5)) s;
RESET work_mem;
-- the fit is used as it is kept
SELECT m OPERATOR(promo.=) m::jsonb::promo.clv_model AS kept, round(promo.expected_orders(h, m, '2025-12-31', 90)::numeric, 5) AS orders, round(promo.clv(h, m, '2025-12-31', 12, 0.1)::numeric, 3) AS clv
FROM one, (SELECT h FROM population ORDER BY i LIMIT 5) s;
-- as a window and in groups
SELECT promo.clv_fit(h, '2025-12-31') OVER () OPERATOR(promo.=) promo.clv_fit(h, '2025-12-31') OVER () AS again FROM population LIMIT 1;
SELECT model, count(*), count(m) FROM (SELECT i % 7 AS model, promo.clv_fit(h, '2025-12-31') AS m FROM population GROUP BY i % 7) s GROUP BY model ORDER BY model;

-- populations that leave something open say so
CREATE FUNCTION pg_temp.doubts(m promo.clv_model) RETURNS TABLE (degenerate jsonb, errors jsonb, spend jsonb) LANGUAGE sql AS
	$$ SELECT m::jsonb -> 'fit' -> 'degenerate', m::jsonb -> 'fit' -> 'standard_errors', m::jsonb -> 'spend' -> 'fit' -> 'degenerate' $$;
SELECT what, d.* FROM (
	SELECT 'one customer', promo.clv_fit('{2026-01-01 5}', '2026-01-31')
	UNION ALL SELECT 'of today', promo.clv_fit('{2026-01-31 5}', '2026-01-31', 'mbg/nbd')
	UNION ALL SELECT 'nobody came back', promo.clv_fit(format('{2026-01-%s 5}', i)::promo.history, '2026-01-31') FROM generate_series(10, 29) i
	UNION ALL SELECT 'all the same', promo.clv_fit('{2026-01-01 5, 2026-01-15 7}', '2026-01-31') FROM generate_series(1, 20)
	UNION ALL SELECT 'spent nothing', promo.clv_fit('{2026-01-01 5, 2026-01-15 -7/1}', '2026-01-31') FROM generate_series(1, 20)) v (what, m), LATERAL pg_temp.doubts(m) d;
SELECT m::jsonb -> 'spend' -> 'fit' -> 'dropped' AS dropped FROM (
	SELECT promo.clv_fit(format('{2026-01-01 5, 2026-01-%s %s/1}', 10 + i, (i % 4) * 10)::promo.history, '2026-01-31') AS m FROM generate_series(1, 20) i) s;
-- nobody
SELECT promo.clv_fit(h, '2025-12-31') FROM population WHERE false;
SELECT promo.clv_fit(NULL, '2025-12-31');
SELECT promo.clv_fit(h, '1999-12-31') FROM population;

-- bad arguments
SELECT promo.clv_fit(h, '2025-12-31', 'pareto/nbd') FROM population;
SELECT promo.clv_fit(h, date '2025-12-31' + i % 2) FROM population;
SELECT promo.clv_fit(h, '2025-12-31', (ARRAY['bg/nbd', 'mbg/nbd'])[1 + i % 2]) FROM population;
SELECT pg_temp.state('SELECT promo.clv_fit(' || s || ') FROM population') FROM unnest(ARRAY[
	$$h, NULL$$, $$h, '2025-12-31', NULL$$, $$NULL, NULL$$, $$h, 'infinity'$$, $$h, '2025-12-31', 'pareto/nbd'$$,
	$$h, date '2025-12-31' + i % 2$$]) s;
