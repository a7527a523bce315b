-- Attribution, uplift and watching: what campaign.md says, and the same in plain SQL.
\set ECHO none
BEGIN;
SELECT plan(26);
SET LOCAL timezone = 'Asia/Shanghai';

-- ----------------------------------------------------------------
-- Touches against window functions
-- ----------------------------------------------------------------
CREATE TEMP TABLE purchase AS
SELECT id, '2026-03-01'::timestamptz + (hashint4(id) & 1023) * interval '1 hour' AS order_at, ((hashint4(id + 1) & 1048575) - 1000) / 100.0 AS amount
FROM generate_series(1, 3000) id;
CREATE TEMP TABLE touch AS
SELECT o.id, o.order_at - ((hashint4(o.id * 31 + i) & 4095) - 100) * interval '6 minutes' AS at, 'c' || (hashint4(o.id * 17 + i) & 3) AS channel
FROM purchase o, generate_series(1, 8) i WHERE i <= (hashint4(o.id) & 15) - 3;
-- the touches that count, in their order, with their number
CREATE TEMP TABLE counted AS
SELECT o.id, o.amount, t.at, t.channel, row_number() OVER w AS i, count(*) OVER (PARTITION BY o.id) AS k
FROM purchase o JOIN touch t ON t.id = o.id AND t.at BETWEEN o.order_at - interval '10 days' AND o.order_at
WINDOW w AS (PARTITION BY o.id ORDER BY t.at, t.channel COLLATE "C");
-- whole cents by size of the remainder, ties to the earlier touch
CREATE TEMP TABLE wanted AS
WITH share AS (
	SELECT *, abs(amount) * 100 * CASE method
			WHEN 'first' THEN (i = 1)::int WHEN 'last' THEN (i = k)::int
			WHEN 'linear' THEN 1 WHEN 'position' THEN CASE WHEN k <= 2 THEN 1 WHEN i IN (1, k) THEN 2 * (k - 2) ELSE 1 END END AS part,
		CASE WHEN method IN ('first', 'last') THEN 1 WHEN method = 'position' AND k > 2 THEN 5 * (k - 2) ELSE k END AS parts
	FROM counted, unnest('{first,last,linear,position}'::text[]) method),
cent AS (
	SELECT *, div(part, parts) AS cents, row_number() OVER (PARTITION BY method, id ORDER BY mod(part, parts) DESC, i) AS place,
		abs(amount) * 100 - sum(div(part, parts)) OVER (PARTITION BY method, id) AS left_over
	FROM share)
SELECT method, id, jsonb_object_agg(channel, credit) AS credits
FROM (SELECT method, id, channel, round(sum(sign(amount) * (cents + (place <= left_over)::int)) / 100, 2) AS credit
	  FROM cent WHERE method NOT IN ('first', 'last') OR part > 0 OR i = CASE method WHEN 'first' THEN 1 ELSE k END GROUP BY method, id, channel) c
GROUP BY method, id
UNION ALL
SELECT method, id, jsonb_build_object('none', round(amount, 2)) FROM purchase o, unnest('{first,last,linear,position}'::text[]) method
WHERE NOT EXISTS (SELECT FROM counted c WHERE c.id = o.id);
CREATE TEMP TABLE got AS
SELECT method, o.id, o.amount, promo.attribution_agg(t.at, t.channel, o.order_at, o.amount, method, '10 days') AS credits
FROM purchase o LEFT JOIN touch t USING (id), unnest('{first,last,linear,position,decay}'::text[]) method GROUP BY method, o.id, o.amount;

SELECT cmp_ok((SELECT count(*) FROM counted), '>', 5000::bigint, 'there are touches that count');
SELECT cmp_ok((SELECT count(*) FROM touch), '>', (SELECT count(*) + 2000 FROM counted), 'and others');
SELECT cmp_ok((SELECT count(*) FROM purchase WHERE amount < 0), '>', 0::bigint, 'and what was given back');
SELECT is_empty(format($$ SELECT id, g.credits, w.credits FROM got g JOIN wanted w USING (method, id) WHERE method = %L AND g.credits <> w.credits $$, method), method || ' as in plain SQL')
FROM unnest('{first,last,linear,position}'::text[]) method;
SELECT is((SELECT count(*) FROM got JOIN wanted USING (method, id)), 12000::bigint, 'of every order');
SELECT is_empty($$ SELECT method, id FROM got WHERE amount <> (SELECT sum(value::numeric) FROM jsonb_each_text(credits)) $$, 'credits add up to the amount');
SELECT is_empty($$
	SELECT id, channel FROM (
		SELECT id, channel, sum(w) / sum(sum(w)) OVER (PARTITION BY id) * amount AS credit, k
		FROM (SELECT *, exp(-ln(2.0::float8) * extract(epoch FROM o.order_at - c.at)::float8 / 86400 / 7) AS w FROM counted c JOIN purchase o USING (id, amount)) s
		GROUP BY id, channel, amount, k) d JOIN got USING (id)
	WHERE method = 'decay' AND abs((credits ->> channel)::float8 - credit) > 0.01 * k $$, 'decay, to the cents that are shared out');
SELECT is((SELECT promo.attribution_agg(at, channel, '2026-03-01', 90, 'linear') FROM (VALUES ('2026-01-30 00:00+08'::timestamptz, 'a'), ('2026-01-29 23:59:59.999999+08', 'b')) t (at, channel)),
	'{"a": 90.00}'::jsonb, 'a touch 30 days before the order counts, one before that does not');
SELECT is((SELECT promo.attribution_agg(at, 'a', '2026-04-01 12:00+02', 90, 'linear', '3 days') FROM (VALUES ('2026-03-29 12:00+02'::timestamptz)) t (at)),
	'{"a": 90.00}'::jsonb, 'a day is 24 hours, whatever the clocks did');
SELECT is((SELECT promo.attribution_agg(NULL, 'a', '2026-03-01', 90, 'first')), '{"none": 90.00}'::jsonb, 'without a time it is no touch');
SELECT is((SELECT promo.attribution_agg(at, channel, '2026-03-01', 90, 'first') FROM touch WHERE false), NULL, 'no rows: NULL');
SELECT is_empty($$
	SELECT id FROM (SELECT id, promo.attribution_agg(t.at, t.channel, o.order_at, o.amount, 'position', '10 days' ORDER BY t.channel DESC, t.at DESC) AS credits
					FROM purchase o LEFT JOIN touch t USING (id) GROUP BY id) s JOIN got USING (id) WHERE method = 'position' AND s.credits <> got.credits $$,
	'the order of rows does not matter');

-- ----------------------------------------------------------------
-- Paths
-- ----------------------------------------------------------------
CREATE TEMP TABLE path AS
SELECT id, array_agg(channel ORDER BY at, channel) AS channels, (max(id) % 3 = 0)::int * max(amount) FILTER (WHERE amount > 0) AS converted, (max(id) % 3 > 0)::int AS lost
FROM counted GROUP BY id;
SELECT is((SELECT sum(value::numeric) FROM (SELECT promo.attribution_agg(channels, converted, lost, method) AS c FROM path) s, jsonb_each_text(c)), (SELECT sum(converted) FROM path),
	method || ' credits what was converted') FROM unnest('{markov,shapley}'::text[]) method;
SELECT is_empty($$
	SELECT channel FROM (SELECT channel, sum(converted / n) AS credit FROM path, LATERAL (SELECT DISTINCT channel, count(*) OVER () AS n FROM unnest(channels) channel GROUP BY channel) d GROUP BY channel) w,
		(SELECT promo.attribution_agg(channels, converted, lost, 'shapley') AS c FROM path) g
	WHERE (c ->> channel)::numeric IS NULL OR abs((c ->> channel)::numeric - credit) > 0.01 $$, 'shapley: each path in equal parts');
SELECT is((SELECT promo.attribution_agg(channels, converted, lost, 'markov') FROM path), (SELECT promo.attribution_agg(channels, converted, lost, 'markov' ORDER BY id DESC) FROM path),
	'the order of paths does not matter');
SELECT is((SELECT promo.attribution_agg(channels, converted, lost, 'markov') FROM path),
	(SELECT promo.attribution_agg(channels, converted, lost, 'markov') FROM (SELECT channels, sum(converted) AS converted, sum(lost) AS lost FROM path GROUP BY channels) s), 'nor whether they are counted before');
SELECT is((SELECT promo.attribution_agg(p, 1, 1, 'markov') FROM unnest(ARRAY['{}', NULL]) v (t), LATERAL (SELECT t::text[] AS p) s), '{"none": 2.00}'::jsonb, 'an empty path is none');

-- ----------------------------------------------------------------
-- Uplift and watching
-- ----------------------------------------------------------------
SELECT results_eq('SELECT round(lift::numeric, 6), round(lift_lo::numeric, 6), round(lift_hi::numeric, 6), round(p::numeric, 6) FROM promo.uplift(4000, 260, 4000, 200)',
	'VALUES (0.3, 0.086876, 0.554916, 0.003957)', 'uplift as published');
SELECT is_empty($$
	SELECT a, b FROM generate_series(1, 40) a, generate_series(1, 40) b, promo.uplift(50, a, 50, b) u, promo.uplift(50, b, 50, a) v
	WHERE abs(u.diff + v.diff) > 1e-12 OR abs(u.lo + v.hi) > 1e-12 OR abs((1 + u.lift_lo) * (1 + v.lift_hi) - 1) > 1e-9 OR u.p IS DISTINCT FROM v.p $$, 'the groups may be swapped');
SELECT results_eq('SELECT round(score::numeric, 2), severity FROM promo.anomaly(210, ''{118,131,125,140,122,129,460,127}'')', $$ VALUES (7.25, 'critical') $$, 'anomaly as published');
SELECT is_empty($$
	WITH h AS (SELECT id, array_agg(amount) AS history, avg(amount) AS value FROM (SELECT id % 300 AS id, amount FROM purchase WHERE amount > 0) s GROUP BY id),
	m AS (SELECT id, value, history, (SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY x) FROM unnest(history) x) AS b FROM h),
	d AS (SELECT *, (SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY abs(x - b)) FROM unnest(history) x) AS mad FROM m)
	SELECT id FROM d, promo.anomaly(value, history) WHERE abs(score - (value::float8 - b) / greatest(1.4826 * mad, sqrt(greatest(b, 1)), 0.05 * b)) > 1e-9 $$, 'and as in plain SQL');
SELECT results_eq('SELECT promo.pace(30, 100, 0.4), promo.attainment(30, 40), promo.attainment(30, 40, true), promo.pace(1, 0, 1), promo.attainment(0, 1, true)',
	'SELECT 0.75, 0.75, 40 / 30.0, NULL::numeric, NULL::numeric', 'pace and attainment');

SELECT * FROM finish();
ROLLBACK;
