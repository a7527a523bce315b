-- review, goals and department_profit against plain SQL over the events themselves.
\set ECHO none
BEGIN;
SET LOCAL client_min_messages = warning;
SET LOCAL timezone = 'America/New_York';	-- not the rollup's
SELECT plan(60);

-- A shop in Berlin, whose clocks go forward on 2025-03-30; shopping has its hours and its weekends.
CREATE TABLE public.shop_event (at timestamptz, event text, customer bigint, amount numeric, discount numeric, cost numeric, channel text, region text);
CREATE FUNCTION pg_temp.shop(first timestamptz, days int, per_day int) RETURNS void LANGUAGE sql AS $$
	INSERT INTO public.shop_event
	SELECT at, e, CASE WHEN h % 50 = 0 THEN NULL ELSE h % 400 END,
		CASE e WHEN 'order' THEN 10 + h % 9000 / 100.0 WHEN 'refund' THEN 5 + h % 1000 / 100.0 WHEN 'spend' THEN 1 + h % 7 END,
		CASE e WHEN 'order' THEN h % 500 / 100.0 END, CASE e WHEN 'order' THEN 4 + h % 3000 / 100.0 WHEN 'refund' THEN 2 END,
		(ARRAY['app', 'web', 'shop'])[1 + h % 3], (ARRAY['north', 'south', NULL])[1 + h / 7 % 3]
	FROM generate_series(1, days * per_day) i, LATERAL (SELECT abs(hashint4(i)::bigint) AS h, abs(hashint4(-i)::bigint) AS g) r,
		LATERAL (SELECT first + (i / per_day) * interval '1 day' + (g % 1440) * interval '1 minute' AS at) t,
		LATERAL (SELECT CASE WHEN h % 100 < 60 THEN 'view' WHEN h % 100 < 90 THEN 'order' WHEN h % 100 < 94 THEN 'refund' WHEN h % 100 < 97 THEN 'spend' ELSE 'signup' END AS e) w
	-- fewer at night, more on weekends
	WHERE g % 10 < CASE WHEN extract(isodow FROM at AT TIME ZONE 'Europe/Berlin') >= 6 THEN 10 ELSE 6 END
$$;
SELECT pg_temp.shop('2025-01-01 00:00 Europe/Berlin', 170, 220);
INSERT INTO public.shop_event SELECT at, 'order', 9000 + n, 30, 0, 10, 'app', 'north' FROM generate_series('2025-06-02 08:00 Europe/Berlin'::timestamptz, '2025-06-04 20:00 Europe/Berlin', '1 hour') WITH ORDINALITY s (at, n);
CREATE INDEX ON public.shop_event (at);
SELECT promo.create_rollup('shop_figures', 'public.shop_event', '1 hour', 'at',
	'{"event": "event", "customer": "customer", "amount": "amount", "discount": "discount", "cost": "cost"}', '{channel,region}', 'Europe/Berlin');
INSERT INTO promo.channel (name) VALUES ('app'), ('web'), ('shop'), ('fax');

-- the figures of a window, as anybody would compute them
CREATE FUNCTION pg_temp.plain(lo timestamptz, hi timestamptz, only_channel text DEFAULT NULL, only_region text DEFAULT '*') RETURNS TABLE (metric text, value numeric) LANGUAGE sql AS $$
	WITH e AS (
		SELECT * FROM public.shop_event WHERE at >= lo AND at < hi AND (only_channel IS NULL OR channel = only_channel)
			AND (only_region = '*' OR region IS NOT DISTINCT FROM only_region)
	), f AS (
		SELECT count(*) FILTER (WHERE event = 'view')::numeric AS pv, count(DISTINCT customer) FILTER (WHERE event = 'view')::numeric AS uv,
			count(*) FILTER (WHERE event = 'order')::numeric AS orders, count(DISTINCT customer) FILTER (WHERE event = 'order')::numeric AS buyers,
			coalesce(sum(amount) FILTER (WHERE event = 'order'), 0) AS gmv, coalesce(sum(discount) FILTER (WHERE event = 'order'), 0) AS discount,
			coalesce(sum(amount) FILTER (WHERE event = 'refund'), 0) AS refunds,
			coalesce(sum(cost) FILTER (WHERE event = 'order'), 0) - coalesce(sum(cost) FILTER (WHERE event = 'refund'), 0) AS cogs,
			coalesce(sum(amount) FILTER (WHERE event = 'spend'), 0) AS spend, count(DISTINCT customer) FILTER (WHERE event = 'signup')::numeric AS signups
		FROM e
	), r AS (
		SELECT count(*)::numeric AS again FROM (SELECT FROM e WHERE event = 'order' AND customer IS NOT NULL GROUP BY customer HAVING count(*) > 1) x
	)
	SELECT x.* FROM f, r, LATERAL (VALUES ('pv', pv), ('uv', uv), ('orders', orders), ('buyers', buyers), ('gmv', gmv), ('discount', discount), ('sales', gmv - discount),
		('refunds', refunds), ('net', gmv - discount - refunds), ('cogs', cogs), ('spend', spend), ('profit', gmv - discount - refunds - cogs - spend),
		('aov', (gmv - discount) / nullif(orders, 0)), ('arpb', (gmv - discount) / nullif(buyers, 0)), ('cvr', buyers / nullif(uv, 0)),
		('roi', (gmv - discount - refunds - cogs - spend) / nullif(spend, 0)), ('cac', spend / nullif(signups, 0)), ('repurchase', again / nullif(buyers, 0))) x (metric, value)
$$;
-- the windows that one is compared with: whole weeks back on Berlin's clocks, outside of what ran
CREATE FUNCTION pg_temp.before(lo timestamptz, hi timestamptz, weeks int, first timestamptz) RETURNS TABLE (n bigint, lo timestamptz, hi timestamptz) LANGUAGE sql AS $$
	SELECT row_number() OVER (ORDER BY i), l, h
	FROM generate_series(1, 60) i, LATERAL (SELECT (lo AT TIME ZONE 'Europe/Berlin' - i * weeks * interval '1 week') AT TIME ZONE 'Europe/Berlin' AS l,
		(hi AT TIME ZONE 'Europe/Berlin' - i * weeks * interval '1 week') AT TIME ZONE 'Europe/Berlin' AS h) w
	WHERE l >= first AND NOT EXISTS (SELECT FROM promo.campaign c, unnest(ARRAY[preheat, running, after]) p WHERE l < upper(p) AND lower(p) < h)
	ORDER BY i LIMIT 12
$$;
CREATE FUNCTION pg_temp.expected(lo timestamptz, hi timestamptz, weeks int, first timestamptz, only_channel text DEFAULT NULL, only_region text DEFAULT '*')
	RETURNS TABLE (metric text, actual numeric, baseline numeric, lift numeric, lo numeric, hi numeric) LANGUAGE sql AS $$
	WITH w AS (
		SELECT metric, count(value) AS n, percentile_cont(0.5) WITHIN GROUP (ORDER BY value::float8) AS median, min(value) AS least,
			stddev_samp(CASE WHEN value > 0 THEN ln(value::float8) END) AS s
		FROM pg_temp.before(lo, hi, weeks, first) b, pg_temp.plain(b.lo, b.hi, only_channel, only_region) GROUP BY metric)
	SELECT metric, round(value, 8), round(CASE WHEN n >= 4 THEN median END::numeric, 8),
		round(CASE WHEN n >= 4 AND median > 0 THEN value::float8 / median - 1 END::numeric, 4),
		round(CASE WHEN n >= 8 AND least > 0 AND value > 0 THEN exp(ln(value::float8 / median) - t * s * sqrt(1 + 1.0 / n)) - 1 END::numeric, 4),
		round(CASE WHEN n >= 8 AND least > 0 AND value > 0 THEN exp(ln(value::float8 / median) + t * s * sqrt(1 + 1.0 / n)) - 1 END::numeric, 4)
	FROM pg_temp.plain(lo, hi, only_channel, only_region) LEFT JOIN w USING (metric)
		LEFT JOIN (VALUES (8, 2.364624252), (9, 2.306004135), (10, 2.262157163), (11, 2.228138852), (12, 2.200985160)) table_of (n, t) USING (n)
$$;
CREATE FUNCTION pg_temp.got(campaign text, phase text DEFAULT 'running', channel text DEFAULT NULL)
	RETURNS TABLE (metric text, actual numeric, baseline numeric, lift numeric, lo numeric, hi numeric) LANGUAGE sql AS $$
	SELECT metric, round(actual, 8), round(baseline, 8), lift, lo, hi FROM promo.review(campaign, phase, channel)
$$;
CREATE FUNCTION pg_temp.as_in_plain_sql(query text, lo text, hi text, weeks int, channel text, region text, what text) RETURNS SETOF text LANGUAGE sql AS $$
	SELECT set_eq('SELECT * FROM ' || query,
		format('SELECT * FROM pg_temp.expected(%L, %L, %s, %L, %L, %L)', lo, hi, weeks, '2025-01-01 00:00 Europe/Berlin', channel, region), what)
$$;

-- ----------------------------------------------------------------
-- Figures, baselines and intervals
-- ----------------------------------------------------------------
INSERT INTO promo.campaign (name, preheat, running, after) VALUES
	('june', '[2025-05-30 00:00 Europe/Berlin, 2025-06-02 00:00 Europe/Berlin)', '[2025-06-02 00:00 Europe/Berlin, 2025-06-05 00:00 Europe/Berlin)', '[2025-06-07 00:00 Europe/Berlin, 2025-06-08 12:00 Europe/Berlin)');
SELECT is((SELECT array_agg(metric) FROM promo.review('june')), (SELECT array_agg(k ORDER BY n) FROM json_object_keys((SELECT row_to_json(promo.report('{"customers":"none","events":{}}')))) WITH ORDINALITY o (k, n)),
	'a row for every figure of report(), in that order');
SELECT pg_temp.as_in_plain_sql('pg_temp.got(''june'')', '2025-06-02 00:00 Europe/Berlin', '2025-06-05 00:00 Europe/Berlin', 1, NULL, '*', 'the running phase, as in plain SQL');
SELECT is((SELECT count(*) FROM promo.review('june') WHERE lo < lift AND lift < hi), 18::bigint, 'every figure has an interval about its lift');
SELECT cmp_ok((SELECT lo FROM promo.review('june') WHERE metric = 'orders'), '>', 0.0, 'what the campaign added is seen');
SELECT is((SELECT array_agg(lower(w) AT TIME ZONE 'Europe/Berlin') FROM unnest(promo.comparable_windows(promo.rollup_of('june'), '{}', '[2025-06-02 00:00 Europe/Berlin, 2025-06-05 00:00 Europe/Berlin)')) w),
	(SELECT array_agg('2025-06-02'::timestamp - i * interval '1 week' ORDER BY i) FROM generate_series(1, 12) i), 'on the clocks of the shop, also before they went forward');
SELECT pg_temp.as_in_plain_sql('pg_temp.got(''june'', ''preheat'')', '2025-05-30 00:00 Europe/Berlin', '2025-06-02 00:00 Europe/Berlin', 1, NULL, '*', 'the phase before');
SELECT pg_temp.as_in_plain_sql('pg_temp.got(''june'', ''after'')', '2025-06-07 00:00 Europe/Berlin', '2025-06-08 12:00 Europe/Berlin', 1, NULL, '*', 'the phase after');
SELECT pg_temp.as_in_plain_sql('pg_temp.got(''june'', ''all'')', '2025-05-30 00:00 Europe/Berlin', '2025-06-08 12:00 Europe/Berlin', 2, NULL, '*', 'all of them with what lies between, every second week');
SELECT pg_temp.as_in_plain_sql('pg_temp.got(''june'', channel => ''app'')', '2025-06-02 00:00 Europe/Berlin', '2025-06-05 00:00 Europe/Berlin', 1, 'app', '*', 'one channel');
SELECT cmp_ok((SELECT sum(actual) FROM unnest('{app,web,shop}'::text[]) c, promo.review('june', 'running', c) WHERE metric = 'uv'), '>', (SELECT actual FROM promo.review('june') WHERE metric = 'uv'), 'customers of channels are not added up');
SELECT is((SELECT array_agg(coalesce(actual, -1) ORDER BY metric) FROM promo.review('june', channel => 'fax') WHERE metric IN ('aov', 'gmv', 'orders', 'uv')), '{-1,0,0,0}', 'a channel in which nothing happened');
SELECT is((SELECT count(*) FROM unnest('{preheat,running,after,all}'::text[]) p, promo.channel c, promo.review('june', p, c.name)), 288::bigint, 'by phase and channel in one query');
-- an hour counts where it begins
INSERT INTO promo.campaign (name, running) VALUES ('half past', '[2025-05-27 10:30 Europe/Berlin, 2025-05-27 14:30 Europe/Berlin)');
SELECT results_eq($$ SELECT metric, actual FROM promo.review('half past') WHERE metric IN ('pv', 'gmv') $$,
	$$ SELECT metric, value FROM pg_temp.plain('2025-05-27 11:00 Europe/Berlin', '2025-05-27 15:00 Europe/Berlin') WHERE metric IN ('pv', 'gmv') $$, 'buckets that begin in the window');
DELETE FROM promo.campaign WHERE name = 'half past';

-- rows of the slice
UPDATE promo.campaign SET slice = '{"region": "south"}' WHERE name = 'june';
SELECT pg_temp.as_in_plain_sql('pg_temp.got(''june'')', '2025-06-02 00:00 Europe/Berlin', '2025-06-05 00:00 Europe/Berlin', 1, NULL, 'south', 'a slice');
SELECT pg_temp.as_in_plain_sql('pg_temp.got(''june'', channel => ''web'')', '2025-06-02 00:00 Europe/Berlin', '2025-06-05 00:00 Europe/Berlin', 1, 'web', 'south', 'a channel of it');
UPDATE promo.campaign SET slice = '{"region": null}' WHERE name = 'june';
SELECT pg_temp.as_in_plain_sql('pg_temp.got(''june'')', '2025-06-02 00:00 Europe/Berlin', '2025-06-05 00:00 Europe/Berlin', 1, NULL, NULL, 'where nothing is known');
UPDATE promo.campaign SET slice = '{"channel": "web"}' WHERE name = 'june';
SELECT pg_temp.as_in_plain_sql('pg_temp.got(''june'')', '2025-06-02 00:00 Europe/Berlin', '2025-06-05 00:00 Europe/Berlin', 1, 'web', '*', 'a slice that is a channel');
SELECT is((SELECT actual FROM promo.review('june', channel => 'app') WHERE metric = 'pv'), 0::numeric, 'of which another channel is no part');
UPDATE promo.campaign SET slice = '{"colour": "red"}' WHERE name = 'june';
SELECT throws_ok($$ SELECT * FROM promo.review('june') $$, '42703', 'rollup "shop_figures" has no dimension "colour"', 'a slice is of dimensions');
UPDATE promo.campaign SET slice = '{}' WHERE name = 'june';

-- ----------------------------------------------------------------
-- Other campaigns, and too few windows
-- ----------------------------------------------------------------
INSERT INTO promo.campaign (name, preheat, running) VALUES
	('may', '[2025-05-07 12:00 Europe/Berlin, 2025-05-08 00:00 Europe/Berlin)', '[2025-05-12 00:00 Europe/Berlin, 2025-05-13 00:00 Europe/Berlin)'),
	('april', NULL, '[2025-04-03 00:00 Europe/Berlin, 2025-04-28 00:00 Europe/Berlin)');
SELECT is((SELECT array_agg((lower(w) AT TIME ZONE 'Europe/Berlin')::date) FROM unnest(promo.comparable_windows(promo.rollup_of('june'), '{}', '[2025-06-02 00:00 Europe/Berlin, 2025-06-05 00:00 Europe/Berlin)')) w),
	'{2025-05-26,2025-05-19,2025-04-28,2025-03-31,2025-03-24,2025-03-17,2025-03-10,2025-03-03,2025-02-24,2025-02-17,2025-02-10,2025-02-03}'::date[], 'weeks of campaigns are left out, also those of a preheat; to touch the end is not to overlap');

SELECT is(promo.comparable_windows(promo.rollup_of('june'), '{"region": "north"}', w), promo.comparable_windows(promo.rollup_of('june'), '{}', w),
	'campaigns that say nothing of a dimension concern all of it')
FROM (VALUES ('[2025-06-02 00:00 Europe/Berlin, 2025-06-05 00:00 Europe/Berlin)'::tstzrange)) v (w);
SAVEPOINT elsewhere;
UPDATE promo.campaign SET slice = '{"region": "south"}' WHERE name <> 'june';
SELECT cmp_ok(promo.comparable_windows(promo.rollup_of('june'), '{"region": "north"}', w), '>', promo.comparable_windows(promo.rollup_of('june'), '{}', w),
	'those of other rows do not disturb')
FROM (VALUES ('[2025-06-02 00:00 Europe/Berlin, 2025-06-05 00:00 Europe/Berlin)'::tstzrange)) v (w);
ROLLBACK TO elsewhere;
SELECT pg_temp.as_in_plain_sql('pg_temp.got(''june'')', '2025-06-02 00:00 Europe/Berlin', '2025-06-05 00:00 Europe/Berlin', 1, NULL, '*', 'and so are they in the figures');
DELETE FROM promo.campaign WHERE name IN ('may', 'april');
INSERT INTO promo.campaign (name, running) VALUES
	('ninth', '[2025-03-05 00:00 Europe/Berlin, 2025-03-06 00:00 Europe/Berlin)');
SELECT pg_temp.as_in_plain_sql('pg_temp.got(''ninth'')', '2025-03-05 00:00 Europe/Berlin', '2025-03-06 00:00 Europe/Berlin', 1, NULL, '*', 'nine weeks, from the first bucket on');
SELECT is((SELECT count(hi) FROM promo.review('ninth') WHERE metric = 'gmv'), 1::bigint, 'are enough for an interval');
UPDATE promo.campaign SET running = '[2025-02-19 00:00 Europe/Berlin, 2025-02-20 00:00 Europe/Berlin)' WHERE name = 'ninth';
SELECT pg_temp.as_in_plain_sql('pg_temp.got(''ninth'')', '2025-02-19 00:00 Europe/Berlin', '2025-02-20 00:00 Europe/Berlin', 1, NULL, '*', 'seven weeks');
SELECT is((SELECT ROW(count(lift) > 0, count(lo), count(hi)) FROM promo.review('ninth')), ROW(true, 0::bigint, 0::bigint), 'are not, but for a baseline');
UPDATE promo.campaign SET running = '[2025-01-29 00:00 Europe/Berlin, 2025-01-30 00:00 Europe/Berlin)' WHERE name = 'ninth';
SELECT is((SELECT count(baseline) FROM promo.review('ninth') WHERE metric = 'gmv'), 1::bigint, 'four weeks are');
UPDATE promo.campaign SET running = '[2025-01-28 23:00 Europe/Berlin, 2025-01-29 00:00 Europe/Berlin)' WHERE name = 'ninth';
SELECT is((SELECT ROW(count(actual) > 0, count(baseline), count(lift)) FROM promo.review('ninth')), ROW(true, 0::bigint, 0::bigint), 'three are not');
DELETE FROM promo.campaign WHERE name = 'ninth';

-- a loss is no baseline to compare with
UPDATE public.shop_event SET cost = cost + 1000 WHERE event = 'order' AND at < '2025-05-01';
SELECT is((SELECT ROW(baseline < 0, lift, lo, hi) FROM promo.review('june') WHERE metric = 'profit'), ROW(true, NULL::numeric, NULL::numeric, NULL::numeric), 'no lift over a loss');
UPDATE public.shop_event SET cost = cost - 1000 WHERE event = 'order' AND at < '2025-05-01';
SELECT is((SELECT count(lo) FROM promo.review('june') WHERE metric = 'profit'), 1::bigint, 'rows that change change the review at once');

-- ----------------------------------------------------------------
-- Targets, goals and departments
-- ----------------------------------------------------------------
INSERT INTO promo.campaign_goal (id, campaign, metric, target, during, channel, lower_is_better, parent) VALUES
	(1, 'june', 'gmv', 8000, NULL, NULL, false, NULL),
	(2, 'june', 'gmv', 9000, NULL, NULL, false, NULL),
	(3, 'june', 'gmv', 3000, NULL, 'app', false, 1),
	(4, 'june', 'gmv', 2000, '[2025-06-02 00:00 Europe/Berlin, 2025-06-03 00:00 Europe/Berlin)', NULL, false, 1),
	(5, 'june', 'cac', 5, '[2025-06-02 00:00 Europe/Berlin, 2025-06-05 00:00 Europe/Berlin)', NULL, true, NULL),
	(6, 'june', 'gmv', 700, '[2025-06-02 00:00 Europe/Berlin, 2025-06-03 00:00 Europe/Berlin)', 'app', false, 4),
	(7, 'june', 'uv', 100, '[2025-05-30 00:00 Europe/Berlin, 2025-06-02 00:00 Europe/Berlin)', NULL, false, NULL),
	(8, 'june', 'gmv', 2500, NULL, 'app', false, NULL),
	(9, 'june', 'orders', 0, NULL, NULL, false, NULL);
SELECT results_eq($$ SELECT metric, target, attainment FROM promo.review('june') WHERE target IS NOT NULL $$,
	$$ SELECT metric, target, round(CASE metric WHEN 'cac' THEN target / value ELSE value / nullif(target, 0) END, 4) FROM (VALUES (1, 'orders', 0::numeric), (2, 'gmv', 8000), (3, 'cac', 5)) t (n, metric, target)
		JOIN pg_temp.plain('2025-06-02 00:00 Europe/Berlin', '2025-06-05 00:00 Europe/Berlin') USING (metric) ORDER BY n $$, 'the first goal for the figure and the window, and how far it is reached');
SELECT is((SELECT target FROM promo.review('june', channel => 'app') WHERE metric = 'gmv'), 2500::numeric, 'one without parent comes before a part of another');
DELETE FROM promo.campaign_goal WHERE id = 8;
SELECT is((SELECT target FROM promo.review('june', channel => 'app') WHERE metric = 'gmv'), 3000::numeric, 'which is better than none');
SELECT is((SELECT array_agg(metric) FROM promo.review('june', 'preheat') WHERE target IS NOT NULL), '{uv}', 'each phase has its own');
SELECT is_empty($$ SELECT * FROM promo.review('june', channel => 'web') WHERE target IS NOT NULL $$, 'and each channel');
SELECT results_eq($$ SELECT goal, depth, metric, channel, during, target, round(actual, 8), attainment FROM promo.goals('june') $$,
	$$ SELECT id, depth, g.metric, channel, w, target, round(value, 8), round(CASE WHEN lower_is_better THEN target / value ELSE value / nullif(target, 0) END, 4)
		FROM (VALUES (1, 1, 0), (2, 3, 1), (3, 4, 1), (4, 6, 2), (5, 2, 0), (6, 5, 0), (7, 7, 0), (8, 9, 0)) o (n, id, depth) JOIN promo.campaign_goal g USING (id),
			LATERAL (SELECT coalesce(during, '[2025-06-02 00:00 Europe/Berlin, 2025-06-05 00:00 Europe/Berlin)') AS w) x, LATERAL pg_temp.plain(lower(w), upper(w), channel) p
		WHERE p.metric = g.metric ORDER BY n $$, 'goals, each before its parts');
SELECT is_empty($$ SELECT * FROM promo.department_profit('june') $$, 'no departments');
INSERT INTO promo.campaign_department VALUES ('june', 'toys', 1), ('june', 'books', 1), ('june', 'music', 1.5);
SELECT is((SELECT sum(profit) FROM promo.department_profit('june')),
	(SELECT round(value, 2) FROM pg_temp.plain('2025-05-30 00:00 Europe/Berlin', '2025-06-08 12:00 Europe/Berlin') WHERE metric = 'profit'), 'departments share the profit of the whole campaign, to the cent');
SELECT is((SELECT array_agg(department || ' ' || share) FROM promo.department_profit('june')), '{books 1,music 1.5,toys 1}', 'all of them');
SELECT cmp_ok((SELECT max(abs(profit - whole * share / 3.5)) FROM (SELECT d.*, sum(profit) OVER () AS whole FROM promo.department_profit('june') d) x), '<=', 0.01, 'by their shares');

-- ----------------------------------------------------------------
-- Campaigns that run, and those to come
-- ----------------------------------------------------------------
SELECT pg_temp.shop(date_trunc('day', now(), 'Europe/Berlin') - interval '75 days', 80, 120);
DELETE FROM public.shop_event WHERE at > now();
CREATE TEMP TABLE moment AS
SELECT (d - interval '2 days') AT TIME ZONE 'Europe/Berlin' AS lo, (d + interval '3 days') AT TIME ZONE 'Europe/Berlin' AS hi, promo.bucket(now(), '1 hour', 'Europe/Berlin') AS cut
FROM date_trunc('day', now() AT TIME ZONE 'Europe/Berlin') d;
INSERT INTO promo.campaign (name, running, after) SELECT 'now', tstzrange(lo, hi), tstzrange(hi, hi + interval '1 day') FROM moment;
SELECT cmp_ok((SELECT count(*) FROM public.shop_event, moment WHERE at >= lo), '>', 100::bigint, 'there are events');
INSERT INTO public.shop_event SELECT cut, 'view', 1, NULL, NULL, NULL, 'app', 'north' FROM moment;
SELECT set_eq($$ SELECT * FROM pg_temp.got('now') $$, $$ SELECT e.* FROM moment, pg_temp.expected(lo, cut, 1, '2025-01-01 00:00 Europe/Berlin') e $$, 'one that runs is measured up to the hour that runs, and so is what it is compared with');
SELECT results_eq($$ SELECT metric, actual, attainment FROM promo.review('now', 'after') WHERE metric = 'pv' $$, $$ VALUES ('pv', NULL::numeric, NULL::numeric) $$, 'what has not begun has no figures');
SELECT results_eq($$ SELECT baseline FROM promo.review('now', 'after') WHERE metric = 'gmv' $$,
	$$ SELECT baseline FROM moment, pg_temp.expected(hi, (hi AT TIME ZONE 'Europe/Berlin' + interval '1 day') AT TIME ZONE 'Europe/Berlin', 1, '2025-01-01 00:00 Europe/Berlin') WHERE metric = 'gmv' $$, 'but a baseline');
SELECT is((SELECT count(*) FROM promo.review('now', 'preheat') WHERE num_nulls(target, actual, baseline, lift, lo, hi, attainment) = 7), 18::bigint, 'a phase that it has not is empty');
INSERT INTO promo.campaign (name, running) SELECT 'later', tstzrange(hi + interval '21 days', hi + interval '24 days') FROM moment;
SELECT is((SELECT count(*) FROM moment, unnest(promo.comparable_windows(promo.rollup_of('later'), '{}', tstzrange(hi + interval '21 days', hi + interval '24 days'))) w WHERE upper(w) > cut), 0::bigint, 'windows that are not over are not compared with');
SELECT cmp_ok((SELECT baseline FROM promo.review('later') WHERE metric = 'gmv'), '>', 0::numeric, 'others are');
INSERT INTO promo.campaign_goal (id, campaign, metric, target) VALUES (20, 'later', 'gmv', 100);
SELECT results_eq($$ SELECT metric, actual, attainment FROM promo.goals('later') $$, $$ VALUES ('gmv', NULL::numeric, NULL::numeric) $$, 'nor is a goal reached before it begins');
INSERT INTO promo.campaign_department VALUES ('later', 'toys', 1), ('later', 'books', 2);
SELECT results_eq($$ SELECT * FROM promo.department_profit('later') $$, $$ VALUES ('books', 2::numeric, NULL::numeric), ('toys', 1, NULL) $$, 'nor a profit made');

-- ----------------------------------------------------------------
-- Mistakes
-- ----------------------------------------------------------------
SELECT throws_ok(query, '42704', 'campaign "nowhere" does not exist', query)
FROM unnest(ARRAY[$$ SELECT promo.review('nowhere') $$, $$ SELECT promo.goals('nowhere') $$, $$ SELECT promo.department_profit('nowhere') $$]) query;
SELECT throws_ok($$ SELECT promo.review('june', 'before') $$, '22023', 'unknown phase "before"', 'phases have names');
SELECT throws_ok($$ SELECT promo.review('june', NULL) $$, '22023', NULL, 'a phase is one of them');
SELECT throws_ok($$ SELECT promo.review('june', channel => 'tv') $$, '42704', 'channel "tv" does not exist', 'channels are listed');
SELECT promo.create_rollup('other_figures', 'public.shop_event', '1 day', 'at', '{"event": "event"}', '{}', 'Europe/Berlin');
SELECT throws_ok($$ SELECT promo.review('june') $$, '55000', 'campaign "june" does not say which rollup it reads', 'of two rollups one is named');
UPDATE promo.campaign SET rollup = 'other_figures' WHERE name = 'june';
SELECT is((SELECT array_agg(actual ORDER BY metric) FROM promo.review('june') WHERE metric IN ('pv', 'uv')),
	(SELECT ARRAY[value, 0] FROM pg_temp.plain('2025-06-02 00:00 Europe/Berlin', '2025-06-05 00:00 Europe/Berlin') WHERE metric = 'pv'), 'which it reads then: one of days, that knows no customers');
SELECT throws_ok($$ SELECT promo.review('june', channel => 'app') $$, '42703', 'rollup "other_figures" has no dimension "channel"', 'nor channels');
UPDATE promo.campaign SET rollup = 'no_figures' WHERE name = 'june';
SELECT throws_ok($$ SELECT promo.review('june') $$, '42704', 'campaign "june" has no rollup of events to read', 'it must be there');

SELECT * FROM finish();
ROLLBACK;
