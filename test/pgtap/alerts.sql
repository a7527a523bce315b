-- Alert rules: which buckets are looked at, what they are compared with, when alerts are raised and cleared.
\set ECHO none
BEGIN;
SELECT plan(21);
SET LOCAL TIME ZONE 'UTC';

-- Nine weeks of hours with 20 orders, but for those of faults(); the hours are
-- counted back from the last one that is over, 0.
CREATE TABLE event (at timestamptz, channel text, event text, customer bigint);
CREATE INDEX ON event (at);
CREATE FUNCTION pg_temp.hour(back int) RETURNS timestamptz LANGUAGE sql STABLE AS $$
	SELECT date_trunc('hour', now()) - (back + 1) * interval '1 hour'
$$;
CREATE FUNCTION pg_temp.fill(back int, n int, of_channel text DEFAULT 'web') RETURNS void LANGUAGE sql AS $$
	DELETE FROM event WHERE at >= pg_temp.hour(back) AND at < pg_temp.hour(back - 1) AND channel = of_channel;
	INSERT INTO event SELECT pg_temp.hour(back) + i * interval '1 second', of_channel, 'order', i FROM generate_series(1, n) i
$$;
INSERT INTO event SELECT pg_temp.hour(back) + i * interval '1 second', 'web', 'order', i FROM generate_series(-1, 9 * 168) back, generate_series(1, 20) i;
SELECT promo.create_rollup('hourly', 'event', '1 hour', 'at', '{"event": "event", "customer": "customer"}', '{channel}') \g /dev/null

-- alerts of a rule: raised and cleared after that many hours before now, severity, value
CREATE FUNCTION pg_temp.back(at timestamptz) RETURNS int LANGUAGE sql STABLE AS $$
	SELECT extract(epoch FROM date_trunc('hour', now()) - at)::int / 3600
$$;
CREATE FUNCTION pg_temp.alerts(of_rule text) RETURNS SETOF text LANGUAGE sql AS $$
	SELECT concat_ws(' ', pg_temp.back(raised_at), coalesce(pg_temp.back(cleared_at)::text, 'open'), severity, value)
	FROM promo.alert WHERE rule = of_rule ORDER BY raised_at
$$;

-- ----------------------------------------------------------------
-- Far from what is usual
-- ----------------------------------------------------------------
-- at fault: 40 alone; 30 and 29; 20 and 18 with a good one between; 10 low, 9 worse
SELECT pg_temp.fill(back, n) FROM (VALUES (40, 80), (30, 40), (29, 45), (20, 80), (18, 80), (10, 3), (9, 0)) f (back, n) \g /dev/null
INSERT INTO promo.alert_rule (name, rollup, metric) VALUES ('odd', 'hourly', 'orders');
SELECT is(promo.evaluate_alerts('odd'), 167, 'a new rule looks at the buckets of 7 days that are over');
SELECT results_eq($$ SELECT pg_temp.alerts('odd') $$, ARRAY['29 27 warn 45', '18 16 critical 80', '9 7 warn 0'],
	'two of three buckets in a row raise an alert, at the end of the second, and two good ones clear it');
SELECT is((SELECT score FROM promo.alert WHERE value = 80), (promo.anomaly(80, array_fill(20::numeric, ARRAY[8]))).score, 'its score is that of eight weeks');
SELECT is(promo.evaluate_alerts(), 0, 'once looked at, no more');
SELECT is((SELECT looked_at FROM promo.alert_rule), pg_temp.hour(0), 'the running bucket is not looked at');

-- back to before hour 1, and worse and worse
UPDATE promo.alert_rule SET looked_at = pg_temp.hour(4);
SELECT pg_temp.fill(back, n) FROM (VALUES (3, 42), (2, 40), (1, 90), (0, 70)) f (back, n) \g /dev/null
SELECT is(promo.evaluate_alerts(), 4, 'goes on behind the last one');
SELECT results_eq($$ SELECT pg_temp.alerts('odd') OFFSET 3 $$, ARRAY['2 open critical 90'], 'an open alert gets worse, never better, and stays the only one');

-- ----------------------------------------------------------------
-- What is compared
-- ----------------------------------------------------------------
SELECT pg_temp.fill(7 * 24 * week + 50, 80) FROM generate_series(1, 6) week \g /dev/null
INSERT INTO promo.alert_rule (name, rollup, metric) VALUES ('after peaks', 'hourly', 'orders');
SELECT pg_temp.fill(50, 80) \g /dev/null
SELECT pg_temp.fill(51, 80) \g /dev/null
SELECT is((SELECT score FROM promo.judge_buckets('after peaks') WHERE begins = pg_temp.hour(50)), (promo.anomaly(80, '{80,80,80,80,80,80,20,20}')).score, 'the same hour of eight weeks');
INSERT INTO promo.campaign (name, preheat, running)
SELECT 'c' || week, tstzrange(at - interval '1 day', at + interval '1 minute'), tstzrange(at + interval '1 hour', at + interval '2 hours')
FROM generate_series(1, 3) week, pg_temp.hour(7 * 24 * week + 50) at;
SELECT is((SELECT score FROM promo.judge_buckets('after peaks') WHERE begins = pg_temp.hour(50)), (promo.anomaly(80, '{80,80,80,20,20}')).score, 'without weeks in which a campaign touched it');
INSERT INTO promo.campaign (name, running)
SELECT 'c' || week, tstzrange(at, at + interval '1 minute') FROM generate_series(4, 5) week, pg_temp.hour(7 * 24 * week + 50) at;
SELECT is((SELECT severity FROM promo.judge_buckets('after peaks') WHERE begins = pg_temp.hour(50)), NULL, 'fewer than four say nothing');
DELETE FROM promo.campaign;
DELETE FROM event WHERE at < pg_temp.hour(5 * 168);
SELECT is((SELECT score FROM promo.judge_buckets('after peaks') WHERE begins = pg_temp.hour(50)), (promo.anomaly(80, '{80,80,80,80}')).score, 'nor with hours before the first of the rollup');
SELECT pg_temp.fill(7 * 24 * 2 + 50, 0) \g /dev/null
SELECT is((SELECT score FROM promo.judge_buckets('after peaks') WHERE begins = pg_temp.hour(50)), (promo.anomaly(80, '{80,0,80,80}')).score, 'an hour without rows had none');

-- ----------------------------------------------------------------
-- Above, below, slices
-- ----------------------------------------------------------------
INSERT INTO promo.alert_rule (name, rollup, metric, method, threshold) VALUES
	('high', 'hourly', 'orders', 'above', 79), ('low', 'hourly', 'orders', 'below', 1), ('ratio', 'hourly', 'cvr', 'above', -1);
INSERT INTO promo.alert_rule (name, rollup, metric, slice, method, threshold) VALUES
	('app', 'hourly', 'orders', '{"channel": "app"}', 'above', 0), ('nowhere', 'hourly', 'orders', '{"shop": "x"}', 'above', 0);
SELECT pg_temp.fill(100, 5, 'app') \g /dev/null
SELECT promo.evaluate_alerts(name) FROM promo.alert_rule WHERE name IN ('high', 'low', 'ratio', 'app') \g /dev/null
SELECT results_eq($$ SELECT pg_temp.alerts('high') $$, ARRAY['51 48 critical 80', '40 38 critical 80', '20 16 critical 80', '1 open critical 90'], 'above raises at once');
SELECT results_eq($$ SELECT pg_temp.alerts('low') $$, ARRAY['9 7 critical 0'], 'below as well, also where nothing came in');
SELECT results_eq($$ SELECT pg_temp.alerts('app') $$, ARRAY['100 98 critical 5'], 'of a slice');
SELECT is_empty($$ SELECT pg_temp.alerts('ratio') $$, 'a figure that is NULL says nothing');
SELECT throws_ok($$ SELECT promo.evaluate_alerts('nowhere') $$, '42703', 'rollup "hourly" has no dimension "shop"', 'a dimension that there is not');

-- the stream has stopped: what is missing may be late
INSERT INTO promo.alert_rule (name, rollup, metric, method, threshold) VALUES ('silent', 'hourly', 'orders', 'below', 1);
DELETE FROM event WHERE at >= pg_temp.hour(5);
SELECT promo.evaluate_alerts('silent') \g /dev/null
SELECT is((SELECT pg_temp.back(looked_at) FROM promo.alert_rule WHERE name = 'silent'), 7, 'nothing is said of buckets behind the latest with rows');
UPDATE promo.alert_rule SET enabled = false;
SELECT is(promo.evaluate_alerts(), 0, 'a rule that is not enabled is not evaluated');

-- ----------------------------------------------------------------
-- Rules that make no sense
-- ----------------------------------------------------------------
SELECT throws_ok($$ INSERT INTO promo.alert_rule (name, rollup, metric, method, threshold) VALUES ('bad', 'hourly', $$ || bad, state, NULL, why) FROM (VALUES
	('23514', $$'orders', 'above', NULL)$$, 'above without a threshold')) v (state, bad, why);
SELECT throws_ok($$ INSERT INTO promo.alert_rule (name, rollup, metric) VALUES ('bad', 'hourly', 'luck') $$, '23514', NULL, 'a metric that there is not');

SELECT * FROM finish();
ROLLBACK;
