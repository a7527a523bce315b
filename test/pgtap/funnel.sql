-- Funnels: what doc/campaign.md says of them, and the same in plain SQL for thousands of generated customers.
\set ECHO none
BEGIN;
SELECT plan(37);
SET LOCAL search_path = public, promo;		-- for the operators
SET LOCAL timezone = 'UTC';

-- 'A0 B5 X6' are an event of step 1, one of step 2 and one of no step, with their minutes
CREATE FUNCTION pg_temp.event(word text, OUT at timestamptz, OUT step int) LANGUAGE sql AS $$
	SELECT '2026-01-05'::timestamptz + substr(word, 2)::int * '1 minute'::interval, CASE WHEN word ~ '^X' THEN 0 ELSE ascii(word) - 64 END
$$;
-- in the order in which they are written; the level and the minutes of the steps, '2: 0 5'
CREATE FUNCTION pg_temp.shown(f promo.funnel) RETURNS text LANGUAGE sql AS $$
	SELECT concat_ws(' ', promo.level(f) || ':', string_agg((extract(epoch FROM promo.step_at(f, s) - '2026-01-05') / 60)::int::text, ' ' ORDER BY s))
	FROM generate_series(1, promo.level(f)) s
$$;
CREATE FUNCTION pg_temp.funnel(events text, minutes int, mode text DEFAULT 'default') RETURNS text LANGUAGE sql AS $$
	SELECT pg_temp.shown(promo.funnel_agg(at, step, minutes * '1 minute'::interval, mode))
	FROM unnest(string_to_array(events, ' ')) word, LATERAL pg_temp.event(word)
$$;

-- ----------------------------------------------------------------
-- Levels and times
-- ----------------------------------------------------------------
SELECT is(pg_temp.funnel('A0 B5 C7', 7), '3: 0 5 7', 'the window includes its end');
SELECT is(pg_temp.funnel('A0 B5 C7', 6), '2: 0 5', 'what is beyond it does not count');
SELECT is(pg_temp.funnel('A0 A3 B5 C9', 6), '3: 3 5 9', 'a later start may be what completes');
SELECT is(pg_temp.funnel('A0 B2 A5 C8', 7), '2: 0 2', 'but not with steps of an earlier one');
SELECT is(pg_temp.funnel('A0 B1 A2 B3 C9 C8', 9), '3: 2 3 8', 'the chain that completes the level first');
SELECT is(pg_temp.funnel('A0 A1 B2 B3 C4', 9), '3: 1 3 4', 'of those the one that starts last, then the latest steps between');
SELECT is(pg_temp.funnel('B0 C1 X2', 9), '0:', 'without step 1: level 0');
SELECT is(pg_temp.funnel('A0 B1 C2 A3 B4 D5', 9), '4: 0 1 2 5', 'step times are of one chain, never of several');
SELECT is((SELECT promo.funnel_agg(at, step, '1 hour') FROM pg_temp.event('A0') WHERE false), NULL, 'no rows: NULL');
SELECT is((SELECT promo.funnel_agg(NULL, 1, '1 hour')), NULL, 'rows without a time are none');
SELECT is((SELECT pg_temp.shown(promo.funnel_agg('2026-01-05', NULL, '1 hour'))), '0:', 'an event of no step is a row');
SELECT is(promo.step_at('{"level":1,"at":["2026-01-05"]}', 2), NULL, 'beyond the level: NULL');
SELECT throws_ok($$ SELECT promo.step_at('{"level":1,"at":["2026-01-05"]}', 0) $$, '22003', 'step 0 is out of range', 'steps begin with 1');

-- ----------------------------------------------------------------
-- Modes
-- ----------------------------------------------------------------
SELECT is(pg_temp.funnel('C0 A0 B0', 9), '3: 0 0 0', 'default: events at one time count in the order of their steps');
SELECT is(pg_temp.funnel('A0 B0 B1 C1', 9, 'strict_increase'), '2: 0 1', 'strict_increase: steps are at different times');
SELECT is(pg_temp.funnel('A0 A5 B5', 9, 'strict_increase'), '2: 0 5', 'strict_increase: an equal time does not hide an earlier one');
SELECT is(pg_temp.funnel('A0 B1 C2 B3 D4', 9, 'stop_on_repeat'), '3: 0 1 2', 'stop_on_repeat: a step that was reached ends it');
SELECT is(pg_temp.funnel('A0 B1 A2 B3 C4', 9, 'stop_on_repeat'), '2: 0 1', 'stop_on_repeat: also one that another start reached');
SELECT is(pg_temp.funnel('A0 A1 B2 A3 C4', 9, 'strict_deduplication'), '3: 1 2 4', 'stop_on_repeat, by its other name: not the first step');
SELECT is(pg_temp.funnel('A0 B1 X2 C3', 9, 'strict_order'), '2: 0 1', 'strict_order: an event of no step ends the chain');
SELECT is(pg_temp.funnel('A0 B1 D2 C3', 9, 'strict_order'), '2: 0 1', 'strict_order: so does a later step');
SELECT is(pg_temp.funnel('A0 B1 B2 A3 C4', 9, 'strict_order'), '3: 0 2 4', 'strict_order: an earlier one does not');
SELECT is(pg_temp.funnel('A0 X1 A2 B3 C4', 9, 'strict_order'), '3: 2 3 4', 'strict_order: another chain may begin behind it');
SELECT is(pg_temp.funnel('A0 B1 D2 C3', 9, 'strict_allow_reentry'), '3: 0 1 3', 'strict_allow_reentry: a later step is passed over');
SELECT is(pg_temp.funnel('A0 B1 X2 C3', 9, 'strict_allow_reentry'), '2: 0 1', 'strict_allow_reentry: an event of no step is not');
SELECT throws_ok($$ SELECT pg_temp.funnel('A0', 9, 'strict') $$, '22023', 'unknown mode "strict"', 'no other mode');

-- ----------------------------------------------------------------
-- What may not be
-- ----------------------------------------------------------------
SELECT throws_ok($$ SELECT promo.funnel_agg('2026-01-05', 1, '1 month') $$, '22023', 'within must be an interval of days and time', 'within has no months');
SELECT throws_ok($$ SELECT promo.funnel_agg('2026-01-05', 1, '-1 day') $$, '22023', 'within must be positive', 'and is positive');
SELECT throws_ok($$ SELECT promo.funnel_agg('2026-01-05', 1, NULL) $$, '22004', 'within must not be NULL', 'and given');
SELECT throws_ok($$ SELECT promo.funnel_agg('2026-01-05', 1, i * '1 hour'::interval) FROM generate_series(1, 2) i $$, '22023',
	'within is not the same in all rows of a funnel', 'and the same in all rows');
SELECT throws_ok($$ SELECT promo.funnel_agg('-infinity', 1, '1 day') $$, '22008', 'at is out of range', 'times are finite');

-- ----------------------------------------------------------------
-- Plain SQL
-- ----------------------------------------------------------------
CREATE TEMP TABLE events AS
	SELECT c AS customer, row_number() OVER (PARTITION BY c ORDER BY at, step) AS place, at, step
	FROM (SELECT c, '2026-01-05'::timestamptz + (hashint4(c * 100 + i) & 15) * '1 minute'::interval AS at, (hashint4(c * 100 + i) >> 8 & 65535) % 5 AS step
		  FROM generate_series(1, 2500) c, generate_series(1, 1 + c % 13) i) e;
CREATE TEMP TABLE windows AS SELECT customer, (2 + customer % 9) * '1 minute'::interval AS within FROM generate_series(1, 2500) customer;
CREATE INDEX ON events (customer, place);
ANALYZE events;

-- every chain there is, and of them the best
CREATE FUNCTION pg_temp.best(mode text, OUT customer int, OUT level int, OUT times timestamptz[]) RETURNS SETOF record LANGUAGE sql AS $$
	WITH RECURSIVE chain AS (
		SELECT e.customer, e.place, within, ARRAY[at] AS times FROM events e JOIN windows USING (customer) WHERE step = 1
		UNION ALL
		SELECT c.customer, e.place, within, times || e.at
		FROM chain c JOIN events e ON e.customer = c.customer AND e.place > c.place AND e.step = cardinality(times) + 1 AND e.at - times[1] <= within
			 AND (mode <> 'strict_increase' OR e.at > times[cardinality(times)])
		WHERE mode NOT LIKE '%\_%' OR mode = 'strict_increase' OR NOT EXISTS (
			SELECT FROM events x WHERE x.customer = c.customer AND x.place > c.place AND x.place < e.place
			AND (x.step = 0 OR x.step > e.step AND mode = 'strict_order')))
	SELECT DISTINCT ON (customer) e.customer, coalesce(cardinality(times), 0), coalesce(times, '{}')
	FROM (SELECT DISTINCT customer FROM events) e LEFT JOIN chain USING (customer)
	ORDER BY customer, cardinality(times) DESC NULLS LAST, times[cardinality(times)], times DESC
$$;
CREATE FUNCTION pg_temp.times(f promo.funnel) RETURNS timestamptz[] LANGUAGE sql AS $$ SELECT array(SELECT promo.step_at(f, s) FROM generate_series(1, promo.level(f)) s) $$;

SELECT is((SELECT count(*) FROM pg_temp.best(mode) b
		   JOIN (SELECT customer, promo.funnel_agg(at, step, within, mode ORDER BY hashint8(place)) AS f FROM events JOIN windows USING (customer) GROUP BY customer) s USING (customer)
		   WHERE promo.level(f) = b.level AND pg_temp.times(f) = b.times), 2500::bigint, mode || ': as in plain SQL')
FROM unnest('{default,strict_increase,strict_order,strict_allow_reentry}'::text[]) mode;
SELECT is((SELECT array_agg(DISTINCT level ORDER BY level) FROM pg_temp.best('default')), '{0,1,2,3,4}', 'of all levels');
-- many rows
CREATE TEMP TABLE long AS
	SELECT c AS customer, '2026-01-05'::timestamptz + i * '1 s'::interval / (1 + c % 2 * 50) AS at, abs(hashint4(i * 40 + c)) % (3 + c) AS step
	FROM generate_series(1, 12) c, generate_series(1, 1500) i;
SELECT is_empty($$ SELECT customer, mode FROM long, unnest('{default,strict_increase,stop_on_repeat,strict_order,strict_allow_reentry}'::text[]) mode GROUP BY customer, mode
				   HAVING promo.funnel_agg(at, step, '30 s', mode ORDER BY at) <> promo.funnel_agg(at, step, '30 s', mode ORDER BY hashint8(extract(epoch FROM at)::bigint)) $$,
	'the same in any order of rows');

SELECT * FROM finish();
ROLLBACK;
