-- What doc/campaign.md promises of every part: NULL, limits, errors, marks, roles, and where aggregates may stand.
\set ECHO none
BEGIN;
SELECT plan(117);
SET LOCAL search_path = public, promo;		-- for the operators
SET LOCAL timezone = 'UTC';

CREATE TEMP TABLE e (hour int, event text, customer bigint, amount numeric, discount numeric, cost numeric);
INSERT INTO e VALUES (1, 'view', 1, NULL, NULL, NULL), (1, 'view', NULL, NULL, NULL, NULL), (1, NULL, 7, 1, 1, 1), (1, 'order', 1, 100, 20, 40), (2, 'view', 2, 5, 5, 5),
	(2, 'order', 1, 50, NULL, NULL), (2, 'order', NULL, 7, NULL, NULL), (2, 'refund', 1, 30, 9, 12), (2, 'spend', NULL, 10, 9, 9), (2, 'signup', 2, NULL, NULL, NULL);
CREATE TEMP TABLE k AS SELECT kpi_agg(event, customer, amount, discount, cost) AS k FROM e;
GRANT SELECT ON e, k TO PUBLIC;

-- ----------------------------------------------------------------
-- NULL and nothing
-- ----------------------------------------------------------------
SELECT is(kpi_agg(event, customer), NULL, 'kpi: no rows: NULL') FROM e WHERE false;
SELECT is(kpi_agg(event, customer, amount), NULL, 'kpi: an event that is NULL is no row') FROM e WHERE event IS NULL;
SELECT is(ROW(pv(k), uv(k)), ROW(3::bigint, 2::bigint), 'kpi: a customer that is NULL is an event and no unique') FROM k;
SELECT is(ROW(orders(k), buyers(k), repurchase(k)), ROW(3::bigint, 1::bigint, 1::numeric), 'kpi: nor a buyer, nor one who came back') FROM k;
SELECT is(ROW(gmv(k), discount(k), sales(k), refunds(k), net(k), cogs(k), spend(k), profit(k)), ROW(157::numeric, 20::numeric, 137::numeric, 30::numeric, 107::numeric, 28::numeric, 10::numeric, 69::numeric),
	'kpi: money that is NULL is 0; discount and cost count where the table says') FROM k;
SELECT is(ROW(events(k, 'share'), uniques(k, 'share'), amount(k, 'share')), ROW(0::bigint, 0::bigint, 0::numeric), 'kpi: a word that did not occur: 0') FROM k;
SELECT is(ROW(events(k, 'View'), events(k, 'view ')), ROW(0::bigint, 0::bigint), 'kpi: case and blanks matter') FROM k;
SELECT is(ROW(aov(k), arpb(k), cvr(k), roi(k), cac(k), repurchase(k), rate(k, 'click', 'view')), ROW(NULL::numeric, NULL::numeric, NULL::numeric, NULL::numeric, NULL::numeric, NULL::numeric, NULL::numeric),
	'kpi: ratios without a denominator: NULL') FROM (SELECT kpi_agg('click', 1) AS k) s;
SELECT is(ROW(orders(k), aov(k), arpb(k), repurchase(k)), ROW(1::bigint, 8::numeric, NULL::numeric, NULL::numeric), 'kpi: an order of nobody has a value and no buyer') FROM (SELECT kpi_agg('order', NULL::bigint, 8) AS k) s;
SELECT is(gmv(kpi_agg('order', 1, a)), -2.5, 'kpi: money may be negative') FROM unnest('{10,-12.5}'::numeric[]) a;
SELECT is(ROW(NULL::kpi || NULL, k || NULL, NULL || k), ROW(NULL::kpi, k, k), 'kpi: NULL merges as nothing') FROM k;
SELECT is(rollup(s), NULL, 'kpi: rollup of NULLs is NULL') FROM unnest(ARRAY[NULL, NULL]::kpi[]) s;
SELECT is(pv(NULL::kpi), NULL, 'kpi: figures of NULL are NULL');
SELECT is(funnel_agg(at, 1, '1 day'), NULL, 'funnel: no rows: NULL') FROM (SELECT timestamptz '2026-01-01' AS at) s WHERE false;
SELECT is(level(funnel_agg('2026-01-01', s, '1 day')), 0, 'funnel: no step 1: level 0') FROM unnest('{2,3,0,NULL}'::int[]) s;
SELECT is(step_at(funnel_agg('2026-01-01', 1, '1 day'), 2), NULL, 'funnel: beyond the level: NULL');
SELECT is(days_agg(day), NULL, 'days: no day: NULL') FROM unnest('{NULL,NULL}'::date[]) day;
SELECT is(active_days(days_agg(day)), 2, 'days: one twice is one, NULL is none') FROM unnest('{2026-01-01,2026-01-01,2026-01-03,NULL}'::date[]) day;
SELECT is(ROW(active_days(d, '2026-01-03', '2026-01-05'), active_days(d, '2026-01-03', NULL), active_days(d, NULL, '2026-01-03'), active_days(d, NULL, NULL), active_days(d, '2026-01-05', '2026-01-03')), ROW(2, 3, 2, 4, 0),
	'days: both bounds are included, NULL is open') FROM (SELECT days_agg(day) AS d FROM unnest('{2026-01-01,2026-01-03,2026-01-05,2026-01-09}'::date[]) day) s;
SELECT is(ROW(NULL::days || d, rollup(d)), ROW(d, d), 'days: NULL merges as nothing') FROM (SELECT days_agg('2026-01-01') AS d) s GROUP BY d;
SELECT is(retention_agg(NULL::days), NULL, 'retention: without a day in no cohort');
SELECT is((SELECT count(*) FROM (SELECT retention_agg(d) AS r FROM unnest('{NULL,"{2026-01-01}"}'::days[]) d) s, matrix(r) WHERE size = 1), 1::bigint, 'retention: nor is it beside others');
SELECT results_eq($$ SELECT m.* FROM (SELECT retention_agg(d, '2026-01-01') AS r FROM unnest('{NULL,"{2026-01-02}"}'::days[]) d) s, matrix(r) m $$,
	$$ VALUES (date '2026-01-01', 0, 2::bigint, 0::bigint, 0::numeric), ('2026-01-01', 1, 2, 1, 0.5) $$, 'retention: unless first says which');
SELECT results_eq($$ SELECT n, kept FROM (SELECT retention_agg(days_agg, '2026-01-02') AS r FROM (SELECT days_agg(day) FROM unnest('{2026-01-01,2026-01-03}'::date[]) day) d) s, matrix(r) $$,
	$$ VALUES (0, 0::bigint), (1, 1) $$, 'retention: activity before first does not count');
SELECT results_eq($$ SELECT cohort, n, kept FROM (SELECT retention_agg(d) AS r FROM (SELECT days_agg(day) AS d FROM (VALUES (1, date '2026-01-01'), (1, '2026-01-02'), (2, '2026-01-03')) v (c, day) GROUP BY c) s) s, matrix(r, 'on', '2026-01-02') $$,
	$$ VALUES (date '2026-01-01', 0, 1::bigint), ('2026-01-01', 1, 1), ('2026-01-03', 0, NULL), ('2026-01-03', 1, NULL) $$, 'retention: what is not yet observable is NULL, never 0');
SELECT is_empty($$ SELECT * FROM matrix(NULL) $$, 'retention: NULL has no rows');
SELECT is(attribution_agg(NULL, NULL, '2026-01-05', 12.5, 'linear'), '{"none": 12.5}', 'attribution: no touch: none');
SELECT is(attribution_agg(at, 'mail', '2026-01-31', 10, 'last'), '{"none": 10}', 'attribution: nor one before the lookback, or after the order') FROM unnest('{2025-12-31 23:59:59.999999,2026-01-31 00:00:00.000001}'::timestamptz[]) at;
SELECT is(attribution_agg(at, 'mail', '2026-01-31', 10, 'last'), '{"mail": 10}', 'attribution: both ends count: ' || at) FROM unnest('{2026-01-01,2026-01-31}'::timestamptz[]) at GROUP BY at;
SELECT is(attribution_agg(path, 3, 1, 'shapley'), '{"none": 6}', 'attribution: an empty or NULL path is none') FROM (VALUES (NULL::text[]), ('{}')) v (path);
SELECT is(uplift(0, 0, 10, 5), ROW(NULL::float8, NULL::float8, NULL::float8, NULL::float8, NULL::float8, NULL::float8, NULL::float8), 'uplift: an empty group: NULL');
SELECT is(ROW(diff IS NULL, lo IS NULL, hi IS NULL, lift, lift_lo, lift_hi), ROW(false, false, false, NULL::float8, NULL::float8, NULL::float8), 'uplift: no lift over a control that never did it') FROM uplift(10, 5, 10, 0);
SELECT is(ROW(lift, lift_lo, lift_hi), ROW(-1::float8, NULL::float8, NULL::float8), 'uplift: no interval if the treated never did it') FROM uplift(10, 0, 10, 5);
SELECT is(a, ROW(NULL::float8, NULL::text), 'anomaly: fewer than four figures: NULL') FROM anomaly(5, '{1,NULL,2,3,NULL}') a;
SELECT is(ROW(pace(1, 0, 1), pace(1, 1, 0), attainment(1, 0), attainment(0, 1, true), attainment(NULL, 1)), ROW(NULL::numeric, NULL::numeric, NULL::numeric, NULL::numeric, NULL::numeric), 'pace and attainment: a zero denominator: NULL');
SELECT is(ROW(attainment(50, 40), attainment(50, 40, true), pace(30, 100, 0.5)), ROW(1.25, 0.8, 0.6), 'attainment: where lower is better, the other way round');

-- ----------------------------------------------------------------
-- Limits
-- ----------------------------------------------------------------
SELECT is((SELECT count(*) FROM jsonb_object_keys(kpi_agg('word ' || i, 1)::jsonb->'events')), 64::bigint, 'kpi: 64 words') FROM generate_series(1, 64) i;
SELECT throws_ok($$ SELECT kpi_agg('word ' || i, 1) FROM generate_series(1, 65) i $$, '54000', NULL, 'kpi: not 65');
SELECT throws_ok($$ SELECT rollup(k) FROM (SELECT kpi_agg('word ' || i, 1) AS k FROM generate_series(1, 65) i GROUP BY i) s $$, '54000', NULL, 'kpi: nor by merging');
SELECT is(events(kpi_agg(w, 1), w), 1::bigint, 'kpi: a word has up to 63 bytes') FROM (VALUES (repeat('x', 63)), (repeat('播', 21))) v (w) GROUP BY w;
SELECT throws_ok(format('SELECT kpi_agg(%L, 1)', w), '22023', NULL, 'kpi: not ' || octet_length(w)) FROM (VALUES (''), (repeat('x', 64)), (repeat('播', 21) || 'x')) v (w);
SELECT is(gmv(kpi_agg('order', 1, 900000000000000)), 900000000000000::numeric, 'kpi: sums up to 900 trillion');
SELECT throws_ok($$ SELECT kpi_agg('order', 1, a) FROM unnest('{900000000000000,0.0001}'::numeric[]) a $$, '22003', NULL, 'kpi: not beyond');
SELECT throws_ok($$ SELECT rollup(k) FROM (SELECT kpi_agg('order', 1, -900000000000000) AS k FROM generate_series(1, 2) i GROUP BY i) s $$, '22003', NULL, 'kpi: nor by merging');
SELECT throws_ok($$ SELECT kpi_agg('order', 1, '$$ || a || $$') $$, '22003', NULL, 'kpi: nor ' || a) FROM unnest('{NaN,Infinity,-Infinity,1e300}'::text[]) a;
SELECT throws_ok($$ SELECT kpi_agg('view', 1) || kpi_agg('view', 'a'::text) $$, '22023', NULL, 'kpi: customers of two types do not merge');
SELECT throws_ok($$ SELECT rollup(k) FROM (SELECT kpi_agg('view', 'a'::text) AS k UNION ALL SELECT kpi_agg('view', uuid '00000000-0000-0000-0000-000000000001')) v $$, '22023', NULL, 'kpi: nor in rollup');
SELECT throws_ok($$ SELECT common(kpi_agg('view', 1), kpi_agg('view', 'a'::text), 'view') $$, '22023', NULL, 'kpi: nor have they any in common');
SELECT is(uv(a || b), 1::bigint, 'kpi: a state without customers merges with any') FROM (SELECT kpi_agg('view', NULL::bigint) AS a, kpi_agg('view', 'a'::text) AS b) s;
SELECT is(level(funnel_agg(timestamptz '2026-01-01' + s * interval '1 s', s, '1 day')), 32, 'funnel: 32 steps') FROM generate_series(1, 32) s;
SELECT throws_ok(format($$ SELECT funnel_agg('2026-01-01', %s, '1 day') $$, s), '22003', NULL, 'funnel: not step ' || s) FROM unnest('{33,-1}'::int[]) s;
SELECT throws_ok(format($$ SELECT funnel_agg('2026-01-01', 1, %L) $$, i), '22023', NULL, 'funnel: not within ' || i) FROM unnest('{1 month,-1 day,0}'::text[]) i;
SELECT throws_ok($$ SELECT funnel_agg('2026-01-01', 1, '1 day', m) FROM unnest('{default,strict_order}'::text[]) m $$, '22023', NULL, 'funnel: mode is the same in all rows');
SELECT throws_ok($$ SELECT funnel_agg('2026-01-01', 1, i) FROM unnest('{1 day,2 days}'::interval[]) i $$, '22023', NULL, 'funnel: so is within');
SELECT is(level(funnel_agg(timestamptz '2026-01-01' + i * interval '1 s', 1 + i % 2, '1 day')), 2, 'funnel: any number of rows in the order of time') FROM generate_series(1, 1000100) i;
SELECT throws_matching($$ SELECT funnel_agg(timestamptz '2026-01-01' - i * interval '1 s', 1 + i % 2, '1 day') FROM generate_series(1, 1000100) i $$, 'order of time', 'funnel: a million in another');
SELECT throws_ok($$ SELECT days_agg('$$ || d || $$') $$, '22008', NULL, 'days: not ' || d) FROM unnest('{infinity,-infinity,0001-12-31 BC,10000-01-01}'::text[]) d;
SELECT throws_ok(format($$ SELECT m.* FROM (SELECT retention_agg(days_agg) AS r FROM (SELECT days_agg('2026-01-01')) s) s, matrix(r, %L) m $$, m), '22023', NULL, 'retention: not mode "' || m || '"') FROM unnest('{weekly,"",7-1,"0,",1-,-1,On}'::text[]) m;
SELECT throws_ok(format($$ SELECT attribution_agg('2026-01-01', 'a', '2026-01-02', 1, %L) $$, m), '22023', NULL, 'attribution: not method ' || m) FROM unnest('{Linear,markov,""}'::text[]) m;
SELECT throws_ok($$ SELECT attribution_agg('{a}', 1, 1, 'linear') $$, '22023', NULL, 'attribution: nor one of orders for paths');
SELECT throws_ok($$ SELECT attribution_agg('2026-01-01', 'a', '2026-01-02', a, 'last') FROM unnest('{1,2}'::numeric[]) a $$, '22023', NULL, 'attribution: the order is the same in all rows');
SELECT throws_ok($$ SELECT attribution_agg('2026-01-01', 'a', '2026-01-02', 1, 'last', '1 month') $$, '22023', NULL, 'attribution: lookback has no months');
SELECT throws_ok($$ SELECT attribution_agg('2026-01-01', NULL, '2026-01-02', 1, 'last') $$, '22004', NULL, 'attribution: a touch has a channel');
SELECT throws_ok($$ SELECT attribution_agg('2026-01-01', 'a', NULL, 1, 'last') $$, '22004', NULL, 'attribution: an order has a time');
SELECT throws_ok($$ SELECT attribution_agg('2026-01-01', 'a', '2026-01-02', NULL, 'last') $$, '22004', NULL, 'attribution: and an amount');
SELECT is((SELECT count(*) FROM jsonb_each(attribution_agg(ARRAY['c' || i], 1, 1, 'markov'))), 64::bigint, 'attribution: markov of 64 channels') FROM generate_series(1, 64) i;
SELECT throws_ok($$ SELECT attribution_agg(ARRAY['c' || i], 1, 1, 'markov') FROM generate_series(1, 65) i $$, '54000', NULL, 'attribution: not of 65');
SELECT throws_ok($$ SELECT attribution_agg('{a}', -1, 1, 'shapley') $$, '22003', NULL, 'attribution: no negative conversions');
SELECT throws_ok(format('SELECT uplift(%s)', a), '22003', NULL, 'uplift: not ' || a) FROM (VALUES ('10, 11, 10, 1'), ('10, 1, 10, 11'), ('-1, 0, 1, 0'), ('10, -1, 10, 1')) v (a);
SELECT throws_ok(format('SELECT uplift(10, 1, 10, 1, %L)', l), '22003', NULL, 'uplift: no level ' || l) FROM unnest('{0,1,-0.5,95,NaN}'::text[]) l;
SELECT throws_ok($$ SELECT uplift(k, k, 'view', 'order') FROM k $$, '22003', NULL, 'uplift: no more than all of a state');

-- ----------------------------------------------------------------
-- Marks
-- ----------------------------------------------------------------
CREATE TEMP TABLE named AS
	SELECT n, p.* FROM unnest('{kpi_agg,events,uniques,amount,rate,pv,uv,orders,buyers,gmv,discount,sales,refunds,net,cogs,spend,profit,aov,arpb,cvr,roi,cac,repurchase,report,is_exact,uniques_error,common,
		funnel_agg,level,step_at,days_agg,active,active_days,retention_agg,matrix,attribution_agg,uplift,anomaly,pace,attainment}'::text[]) n LEFT JOIN pg_proc p ON proname = n AND pronamespace = 'promo'::regnamespace;
SELECT is_empty('SELECT n FROM named WHERE proname IS NULL', 'every name of the contract is there');
SELECT is_empty($$ SELECT oid::regprocedure FROM named WHERE provolatile <> 'i' OR proparallel <> 's' $$, 'all are immutable and parallel safe');
SELECT set_eq($$ SELECT DISTINCT n FROM named JOIN pg_aggregate ON aggfnoid = oid WHERE aggcombinefn <> 0 $$, '{kpi_agg,days_agg,retention_agg,attribution_agg}'::text[], 'what can be split, is');
SELECT set_eq($$ SELECT aggtranstype::regtype::text FROM pg_aggregate WHERE aggfnoid::regproc::text IN ('rollup', 'promo.rollup') AND aggtranstype = ANY ('{kpi,days,retention}'::regtype[]) AND aggcombinefn <> 0 $$, '{kpi,days,retention}'::text[],
	'rollup has the type itself as its state');
SELECT is_empty($$ SELECT aggfnoid::regprocedure FROM pg_aggregate JOIN named ON aggfnoid = oid WHERE n IN ('kpi_agg', 'days_agg', 'retention_agg') AND aggtranstype <> prorettype $$, 'so have the aggregates of what merges');

-- ----------------------------------------------------------------
-- Where aggregates may stand
-- ----------------------------------------------------------------
SELECT results_eq($$ SELECT hour, uv(kpi_agg(event, customer)) FROM e GROUP BY ROLLUP (hour) ORDER BY hour $$, $$ VALUES (1, 1::bigint), (2, 1), (NULL, 2) $$, 'grouping sets');
SELECT is(kpi_agg(event, customer, amount) FILTER (WHERE hour = 1) || kpi_agg(event, customer, amount) FILTER (WHERE hour = 2), kpi_agg(event, customer, amount), 'FILTER') FROM e;
SELECT is(kpi_agg(event, customer, amount ORDER BY amount DESC), kpi_agg(event, customer, amount), 'ORDER BY') FROM e;
SELECT is(pv(kpi_agg(DISTINCT event, customer)), 3::bigint, 'DISTINCT') FROM (SELECT * FROM e UNION ALL SELECT * FROM e) e;
SELECT results_eq($$ SELECT i, uv(kpi_agg('view', i % 3) OVER (ORDER BY i)), uv(kpi_agg('view', i % 3) OVER (ORDER BY i ROWS 1 PRECEDING)) FROM generate_series(1::bigint, 5) i ORDER BY i $$,
	$$ VALUES (1::bigint, 1::bigint, 1::bigint), (2, 2, 2), (3, 3, 2), (4, 3, 2), (5, 3, 2) $$, 'kpi in a window');
SELECT results_eq($$ SELECT i, level(funnel_agg(timestamptz '2026-01-01' + i * interval '1 h', i, '1 day') OVER (ORDER BY i)) FROM generate_series(1, 4) i ORDER BY i $$, $$ SELECT i, i FROM generate_series(1, 4) i $$, 'funnel in a window that grows');
SELECT results_eq($$ SELECT i, active_days(days_agg(date '2026-01-01' + i / 2) OVER (ORDER BY i)), active_days(days_agg(date '2026-01-01' + i / 2) OVER (ORDER BY i ROWS 1 PRECEDING)) FROM generate_series(0, 3) i ORDER BY i $$,
	$$ VALUES (0, 1, 1), (1, 1, 1), (2, 2, 2), (3, 2, 1) $$, 'days in a window');
SELECT results_eq($$ SELECT i, (SELECT count(*) FROM matrix(r)) FROM (SELECT i, retention_agg(days_agg) OVER (ORDER BY i) AS r FROM (SELECT i, days_agg(date '2026-01-01' + i) FROM generate_series(0, 2) i GROUP BY i) s) s ORDER BY i $$,
	$$ VALUES (0, 1::bigint), (1, 4), (2, 9) $$, 'retention in a window');
SELECT results_eq($$ SELECT i, (SELECT count(*) FROM jsonb_object_keys(c)) FROM (SELECT i, attribution_agg(timestamptz '2026-01-01', 'c' || i, '2026-01-02', 9, 'linear') OVER (ORDER BY i) AS c FROM generate_series(1, 3) i) s ORDER BY i $$,
	$$ VALUES (1, 1::bigint), (2, 2), (3, 3) $$, 'attribution in a window');

-- ----------------------------------------------------------------
-- Roles and settings
-- ----------------------------------------------------------------
CREATE ROLE promo_campaign_reader;
SET LOCAL ROLE promo_campaign_reader;
SELECT lives_ok($$ SELECT report(kpi_agg(event, customer, amount, discount, cost)), report(rollup(k)) FROM e, k $$, 'anybody may aggregate and roll up');
SELECT lives_ok($$ SELECT m.* FROM (SELECT retention_agg(days_agg('2026-01-01'::date)) OVER () AS r) s, matrix(r) m $$, 'and ask for retention');
SELECT lives_ok($$ SELECT funnel_agg('2026-01-01', 1, '1 day'), attribution_agg('2026-01-01', 'a', '2026-01-02', 1, 'decay'), uplift(10, 1, 10, 2), anomaly(1, '{1,2,3,4}'), pace(1, 2, 3), attainment(1, 2) $$, 'and for everything else');
RESET ROLE;

CREATE TEMP TABLE shown AS
	SELECT k::text AS kpi, report(k)::text AS report, funnel_agg('2026-03-29 01:30+00', 1, '1 day')::text AS funnel, days_agg('2026-03-29')::text AS days, attribution_agg('2026-03-28 12:00+00', 'a', '2026-03-29 12:00+00', 1, 'decay', '1 day')::text AS credits FROM k GROUP BY k;
SET LOCAL timezone = 'Europe/Berlin';
SET LOCAL DateStyle = 'German';
SET LOCAL IntervalStyle = 'sql_standard';
SET LOCAL extra_float_digits = -10;
SELECT is(s, ROW(k::text, report(k)::text, funnel_agg('2026-03-29 01:30+00', 1, '1 day')::text, days_agg('2026-03-29'::date)::text, attribution_agg('2026-03-28 12:00+00', 'a', '2026-03-29 12:00+00', 1, 'decay', '1 day')::text)::shown,
	'no value depends on a setting') FROM k, shown s GROUP BY k, s;
RESET timezone;

SELECT * FROM finish();
ROLLBACK;
