-- Histories, scores, segments, stages, repurchase and lifetime value: contracts by name, edges and mistakes.
\set ECHO none
BEGIN;
SELECT plan(324);
SET LOCAL search_path = public, promo;		-- for the operators

-- whether asking for the expression is a mistake of the user's that the SQLSTATE says (class 22)
CREATE FUNCTION refused(expression text) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE 'SELECT ' || expression;
	RETURN false;
EXCEPTION WHEN OTHERS THEN
	RETURN SQLSTATE LIKE '22%';
END $$;

-- throws(SQLSTATE, expression, name): asking for the expression is that error
CREATE FUNCTION throws(state text, expression text, name text) RETURNS text LANGUAGE sql AS
	$$ SELECT throws_ok('SELECT ' || expression, state::char(5), NULL, name) $$;

-- ----------------------------------------------------------------
-- Histories
-- ----------------------------------------------------------------
SELECT is((SELECT history_agg(day, amount) FROM (VALUES (date '2026-01-07', 25.5), ('2026-01-05', 30), ('2026-01-07', 30)) o (day, amount))::text,
	'{2026-01-05 30.00, 2026-01-07 55.50/2}', 'history: what it looks like');
SELECT is((SELECT history_agg('2026-01-05', 1) WHERE false), NULL, 'history_agg: no rows');
SELECT is((SELECT history_agg(day, amount) FROM (VALUES (NULL::date, 5), ('2026-01-05', NULL)) o (day, amount)), NULL, 'history_agg: only NULL');
SELECT is((SELECT history_agg('2026-01-05', 0)), '{}', 'history_agg: nothing happened');
SELECT is((SELECT history_agg('2026-01-05', -5)), '{2026-01-05 -5/0}', 'history_agg: what was given back');
SELECT is((SELECT order_days(history_agg('2026-01-05', amount)) FROM unnest('{10,-10}'::numeric[]) amount), 1, 'history_agg: an order given back is an order');
SELECT is((SELECT spent(history_agg('2026-01-05', amount)) FROM unnest('{10,-10}'::numeric[]) amount), 0.00, 'history_agg: of which nothing was spent');
SELECT is((SELECT h::text::history FROM (SELECT history_agg('2026-01-05', amount) FROM unnest('{10,-10}'::numeric[]) amount) s (h)),
	(SELECT history_agg('2026-01-05', amount) FROM unnest('{10,-10}'::numeric[]) amount), 'history_agg: which reads back equal');
SELECT is((SELECT history_agg('2026-01-05', -10 + 0 * i) || history_agg('2026-01-05', 10) FROM generate_series(1, 1) i), (SELECT history_agg('2026-01-05', amount) FROM unnest('{10,-10}'::numeric[]) amount),
	'history_agg: and adds up to the same');
SELECT is((SELECT history_agg(day, 0.0001) FROM (VALUES (date '0001-01-01'), ('9999-12-31')) o (day))::text, '{0001-01-01 0.0001, 9999-12-31 0.0001}', 'history_agg: from the first day to the last');
SELECT ok(mean_gap('{0001-01-01 1, 9999-12-31 1}') = 3652058, 'mean_gap: of all days');
SELECT is(recency('{0001-01-01 1}', '9999-12-31'), 3652058, 'recency: of all days');
SELECT throws('22008', $$history_agg('infinity', 1)$$, 'history_agg: infinity is no day');
SELECT throws('22008', $$history_agg('-infinity', 1)$$, 'history_agg: nor is -infinity');
SELECT throws('22008', $$history_agg('0001-01-01 BC', 1)$$, 'history_agg: a day before the years');
SELECT throws('22008', $$history_agg('10000-01-01', 1)$$, 'history_agg: a day after the years');
SELECT throws('22003', $$history_agg('2026-01-05', 'NaN')$$, 'history_agg: NaN');
SELECT throws('22003', $$history_agg('2026-01-05', 'Infinity')$$, 'history_agg: an infinite amount');
SELECT throws('22003', $$history_agg('2026-01-05', 0.00001)$$, 'history_agg: five decimals');
SELECT throws('22003', $$history_agg('2026-01-05', 900000000000000.0001)$$, 'history_agg: more than 900 trillion');
SELECT is((SELECT spent(history_agg('2026-01-05', 900000000000000))), 900000000000000.00, 'history_agg: 900 trillion');
SELECT is((SELECT spent(history_agg('2026-01-05', -900000000000000))), -900000000000000.00, 'history_agg: given back');
SELECT throws('22003', $$history_agg('2026-01-05', 900000000000000) FROM generate_series(1, 2)$$, 'history_agg: amounts of a day beyond it');
SELECT throws('22003', $$history_agg(date '2026-01-05' + i, 500000000000000) FROM generate_series(1, 2) i$$, 'history_agg: amounts of two days beyond it');
SELECT throws('22003', $$history_agg(date '2026-01-05' + i, 500000000000000 * (3 - 2 * i)) FROM generate_series(1, 2) i$$, 'history_agg: absolute amounts beyond it');
SELECT throws('22003', $$rollup(h) FROM unnest('{"{2026-01-05 900000000000000}","{2026-01-06 0.0001}"}'::history[]) h$$, 'rollup: amounts beyond it');
SELECT throws('22003', $$'{2026-01-05 900000000000000}'::history || '{2026-01-06 -1}'$$, '||: amounts beyond it');
SELECT throws('22003', $$'{2026-01-05 1/4294967295}'::history || '{2026-01-05 1}'$$, '||: orders of a day beyond 2^32');
SELECT is(orders('{2026-01-05 1/4294967295, 2026-01-06 1/4294967295}'::history), 8589934590, 'orders: of several days beyond 2^32');
SELECT is(ARRAY(SELECT until('{2026-01-05 1, 2026-01-07 -1}', day)::text FROM unnest('{-infinity,2026-01-04,2026-01-05,2026-01-06,2026-01-07,infinity}'::date[]) day),
	'{"{}","{}","{2026-01-05 1.00}","{2026-01-05 1.00}","{2026-01-05 1.00, 2026-01-07 -1.00}","{2026-01-05 1.00, 2026-01-07 -1.00}"}'::text[], 'until: any day');
SELECT throws('22008', $$recency('{2026-01-05 1}', 'infinity')$$, 'recency: from a day');
SELECT is(recency('{2026-01-05 1, 2026-01-09 -1, 2026-02-01 1}', '2026-01-31'), 26, 'recency: of the last order until then');
SELECT is(recency('{2026-01-05 1}', '2026-01-05'), 0, 'recency: on the day itself');
SELECT is(recency('{2026-01-05 1}', '2026-01-04'), NULL, 'recency: before the first order');
SELECT is((SELECT ROW(orders(h), order_days(h), spent(h), first_day(h), last_day(h), mean_gap(h), recency(h, '2026-01-05'))::text FROM (VALUES ('{}'::history)) v (h)), '(0,0,0.00,,,,)', 'accessors: of nothing');
SELECT is((SELECT ROW(orders(h), order_days(h), spent(h), first_day(h), last_day(h), mean_gap(h))::text FROM (VALUES ('{2026-01-05 -5/0}'::history)) v (h)), '(0,0,-5.00,,,)', 'accessors: of a refund alone');
SELECT is((SELECT ROW(orders(h), order_days(h), spent(h), first_day(h), last_day(h), mean_gap(h))::text FROM (VALUES ('{2026-01-01 -5/0, 2026-01-05 5/3, 2026-01-09 -1/0}'::history)) v (h)),
	'(3,1,-1.00,2026-01-05,2026-01-05,)', 'accessors: of one order day among refunds');
SELECT is(num_nonnulls(until(NULL, '2026-01-05'), until('{}', NULL), orders(NULL::history), order_days(NULL), spent(NULL), first_day(NULL), last_day(NULL), mean_gap(NULL), recency(NULL, '2026-01-05'), recency('{}', NULL)),
	0, 'accessors: NULL gives NULL');
SELECT is(NULL::history || NULL, NULL, '||: nothing and nothing');
SELECT is('{}'::history || NULL, '{}', '||: an empty history is one');
SELECT is((SELECT rollup(h) FROM unnest('{NULL,NULL}'::history[]) h), NULL, 'rollup: only NULL');
SELECT is((SELECT rollup(h) FROM unnest('{NULL,"{}"}'::history[]) h), '{}', 'rollup: an empty history is one');
SELECT throws('22P02', format('%L::history', text), 'history: bad text ' || text)
FROM unnest(ARRAY['', '{', '}', '{} x', '2026-01-05 1', '{2026-01-05}', '{2026-01-05 }', '{2026-02-30 1}', '{2026-1-5 1}', '{2026-01-05 1,}', '{2026-01-05 1 2026-01-06 1}', '{2026-01-05 x}',
	'{2026-01-05 NaN}', '{2026-01-05 1/x}', '{infinity 1}', '{0000-01-01 1}', '{10000-01-01 1}', '[]', 'null']) text;
SELECT throws('22023', $$'{2026-01-05 1/-1}'::history$$, 'history: negative orders');
SELECT throws('22003', $$'{2026-01-05 1/1.5}'::history$$, 'history: half an order');
SELECT is('  { 2026-01-07 1 ,2026-01-05   2/3}  '::history, '{2026-01-05 2/3, 2026-01-07 1}', 'history: spaces and order do not matter');
SELECT is('{2026-01-05 1, 2026-01-05 2}'::history, '{2026-01-05 3/2}', 'history: entries of one day add up');
SELECT is('[]'::jsonb::history, '{}', 'history: empty JSON');
SELECT is('[{"day": "2026-01-05", "amount": -1.5}]'::jsonb::history, (SELECT history_agg('2026-01-05', -1.5)), 'history: what was given back, in JSON');
SELECT ok(bad, 'history: bad JSON ' || j) FROM (VALUES ('{}'), ('[1]'), ('[{}]'), ('[{"day": "2026-01-05"}]'), ('[{"amount": 1}]'), ('[{"day": "2026-13-05", "amount": 1}]'),
	('[{"day": 5, "amount": 1}]'), ('[{"day": "2026-01-05", "amount": "x"}]'), ('[{"day": "2026-01-05", "amount": 1, "orders": -1}]'), ('[{"day": "2026-01-05", "amount": 1, "orders": 1.5}]'),
	('[{"day": "2026-01-05", "amount": 1, "order": 1}]'), ('null'), ('"x"')) v (j), LATERAL (SELECT refused(format('%L::jsonb::promo.history', j))) d (bad);

-- how an aggregate may be used
CREATE TEMP TABLE o (customer int, shop text, day date, amount numeric);
INSERT INTO o SELECT i % 7, chr(65 + i % 3), date '2026-01-01' + i * 37 % 50, i * 13 % 11 - 1 FROM generate_series(1, 200) i;
SELECT is((SELECT history_agg(DISTINCT day, amount) FROM o), (SELECT history_agg(day, amount) FROM (SELECT DISTINCT day, amount FROM o) d), 'history_agg: DISTINCT');
SELECT is((SELECT history_agg(day, amount ORDER BY amount DESC, day) FROM o), (SELECT history_agg(day, amount) FROM o), 'history_agg: ORDER BY');
SELECT is((SELECT history_agg(day, amount) FILTER (WHERE shop = 'A') FROM o), (SELECT history_agg(day, amount) FROM o WHERE shop = 'A'), 'history_agg: FILTER');
SELECT results_eq($$ SELECT customer, shop, history_agg(day, amount) FROM o GROUP BY GROUPING SETS ((customer, shop), customer, ()) ORDER BY 1, 2 $$,
	$$ SELECT customer, shop, history_agg(day, amount) FROM o GROUP BY 1, 2 UNION ALL SELECT customer, NULL, history_agg(day, amount) FROM o GROUP BY 1
	   UNION ALL SELECT NULL, NULL, history_agg(day, amount) FROM o ORDER BY 1, 2 $$, 'history_agg: grouping sets');
SELECT results_eq($$ SELECT customer, rollup(h) FROM (SELECT customer, shop, history_agg(day, amount) AS h FROM o GROUP BY 1, 2) s GROUP BY CUBE (customer) ORDER BY 1 $$,
	$$ SELECT customer, history_agg(day, amount) FROM o GROUP BY ROLLUP (customer) ORDER BY 1 $$, 'rollup: grouping sets');
SELECT is_empty($$ SELECT 1 FROM (SELECT rollup(h) OVER (ORDER BY n) AS r, history_agg(date '2026-01-01' + n, n) OVER (ORDER BY n) AS a
	FROM (SELECT n, history_agg(date '2026-01-01' + n, n) AS h FROM generate_series(1, 100) n GROUP BY n) s) w WHERE r <> a $$, 'rollup: as a window function');
SELECT is((SELECT rollup(DISTINCT h) FROM unnest('{"{2026-01-05 1}","{2026-01-05 1.00/1}","{2026-01-06 1}"}'::history[]) h), '{2026-01-05 1, 2026-01-06 1}', 'rollup: DISTINCT');
SELECT is((SELECT rollup(h ORDER BY h DESC) FROM unnest('{"{2026-01-05 1}","{2026-01-06 1}"}'::history[]) h), '{2026-01-05 1, 2026-01-06 1}', 'rollup: ORDER BY');

-- a history beyond a page
CREATE TEMP TABLE big AS SELECT n, history_agg(date '2010-01-01' + (i * 2371) % 6007 * 5 / 6, (i * 7919 % 100003) / 100.0) AS h FROM generate_series(1, 3) n, generate_series(1, 6007) i GROUP BY n;
SELECT ok((SELECT bool_and(pg_column_size(h) > 2000 AND order_days(h) > 5000) FROM big), 'big: is kept out of line');
SELECT is((SELECT ROW(orders(h), spent(h), first_day(h), last_day(h))::text FROM big WHERE n = 2),
	(SELECT ROW(count(*) FILTER (WHERE a > 0), sum(a)::numeric(20, 2), min(d) FILTER (WHERE a > 0), max(d) FILTER (WHERE a > 0))::text FROM (SELECT date '2010-01-01' + (i * 2371) % 6007 * 5 / 6, (i * 7919 % 100003) / 100.0 FROM generate_series(1, 6007) i) s (d, a)),
	'big: accessors');
SELECT is((SELECT h FROM big WHERE n = 1), (SELECT h::text::history FROM big WHERE n = 3), 'big: text');
SELECT is((SELECT count(DISTINCT h) FROM (SELECT h FROM big UNION ALL SELECT h::jsonb::history FROM big) s), 1::bigint, 'big: equal whether detoasted or not');
SELECT is((SELECT order_days(rollup(until(h, '2015-01-01'))) FROM big), (SELECT order_days(until(h, '2015-01-01')) FROM big LIMIT 1), 'big: rollup');

-- ----------------------------------------------------------------
-- Scores
-- ----------------------------------------------------------------
SELECT is(rfm(5, 4, 3)::text, '5-4-3', 'rfm: what it looks like');
SELECT is('10-1-10'::rfm, rfm(10, 1, 10), 'rfm: reads what it prints');
SELECT is((SELECT ROW(r(s), f(s), m(s))::text FROM (VALUES ('5-4-3'::rfm)) v (s)), '(5,4,3)', 'rfm: its parts');
SELECT throws('22P02', format('%L::rfm', text), 'rfm: bad text "' || text || '"') FROM unnest(ARRAY['', '5', '5-4', '5-4-3-2', '5-4-', '-5-4-3', 'a-b-c', '5 4 3', '5-4-3x', '543']) text;
SELECT ok(refused(format('%L::rfm', text)), 'rfm: no score ' || text) FROM unnest(ARRAY['0-4-3', '5-11-3', '5-4-0', '5-4-99999999999']) text;
SELECT throws('22003', 'rfm(0, 1, 1)', 'rfm: 0 is no score');
SELECT throws('22003', 'rfm(1, 11, 1)', 'rfm: 11 is no score');
SELECT throws('22003', 'rfm(1, 1, -1)', 'rfm: -1 is no score');
SELECT is(num_nonnulls(rfm(NULL, 1, 1), rfm(1, NULL, 1), rfm(1, 1, NULL), r(NULL), f(NULL), m(NULL)), 0, 'rfm: NULL gives NULL');
SELECT is((SELECT string_agg(s::text, ' ' ORDER BY s) FROM unnest('{5-1-1,1-5-5,10-1-1,1-1-10,1-1-2}'::rfm[]) s), '1-1-2 1-1-10 1-5-5 5-1-1 10-1-1', 'rfm: its order is that of R, F, M');
SELECT is((SELECT count(DISTINCT s) FROM (SELECT rfm(r, f, m) AS s FROM generate_series(1, 5) r, generate_series(1, 5) f, generate_series(1, 5) m, generate_series(1, 2)) t), 125::bigint, 'rfm: DISTINCT');
SELECT is('5-4-3'::rfm::jsonb::rfm, '5-4-3', 'rfm: as JSON');

CREATE TEMP TABLE buyer AS SELECT c AS customer, format('{2026-0%s-01 %s/%s}', 1 + c % 3, c * 10, 1 + c % 4)::history AS h FROM generate_series(1, 20) c;
SELECT is((SELECT rfm_fit(h, '2026-06-01') FROM buyer WHERE false), NULL, 'rfm_fit: no rows');
SELECT is((SELECT rfm_fit(h, '2025-06-01') FROM buyer), NULL, 'rfm_fit: nobody bought until then');
SELECT is((SELECT rfm_fit(h, '2026-06-01') FROM unnest('{NULL,"{}","{2026-01-05 -1/0}"}'::history[]) h), NULL, 'rfm_fit: nobody bought at all');
SELECT is((SELECT rfm_fit(h, '2026-06-01') FROM (SELECT h FROM buyer UNION ALL SELECT NULL UNION ALL SELECT '{}') s), (SELECT rfm_fit(h, '2026-06-01') FROM buyer), 'rfm_fit: who did not buy is left out');
SELECT ok((SELECT rfm_fit(h, '2026-06-01') OVER (ORDER BY customer) FROM buyer ORDER BY customer DESC LIMIT 1) = (SELECT rfm_fit(h, '2026-06-01') FROM buyer), 'rfm_fit: as a window function');
SELECT is_empty($$ SELECT customer FROM (SELECT customer, rfm_fit(h, '2026-06-01') OVER (ORDER BY customer) AS fit FROM buyer) w
	WHERE fit <> (SELECT rfm_fit(b.h, '2026-06-01') FROM buyer b WHERE b.customer <= w.customer) $$, 'rfm_fit: in a window that grows');
SELECT is((SELECT rfm_fit(DISTINCT h, '2026-06-01') FROM (SELECT h FROM buyer UNION ALL SELECT h FROM buyer) s), (SELECT rfm_fit(h, '2026-06-01') FROM buyer), 'rfm_fit: DISTINCT');
SELECT results_eq($$ SELECT customer % 2, rfm_fit(h, '2026-06-01', 3) FROM buyer GROUP BY ROLLUP (1) ORDER BY 1 $$,
	$$ SELECT customer % 2, rfm_fit(h, '2026-06-01', 3) FROM buyer GROUP BY 1 UNION ALL SELECT NULL, rfm_fit(h, '2026-06-01', 3) FROM buyer ORDER BY 1 $$, 'rfm_fit: grouping sets');
SELECT throws('22003', $$rfm_fit(h, '2026-06-01', 1) FROM buyer$$, 'rfm_fit: one level');
SELECT throws('22003', $$rfm_fit(h, '2026-06-01', 11) FROM buyer$$, 'rfm_fit: eleven levels');
SELECT throws('22023', $$rfm_fit(h, '2026-06-01', 5, 'kmeans') FROM buyer$$, 'rfm_fit: no such method');
SELECT throws('22023', $$rfm_fit(h, '2026-06-01', 5, 'fixed') FROM buyer$$, 'rfm_fit: fixed breaks are not fitted');
SELECT throws('22023', $$rfm_fit(h, date '2026-06-01' + customer / 20) FROM buyer$$, 'rfm_fit: as_of differs');
SELECT throws('22023', $$rfm_fit(h, '2026-06-01', 4 + customer / 20) FROM buyer$$, 'rfm_fit: levels differ');
SELECT throws('22023', $$rfm_fit(h, '2026-06-01', 5, CASE customer WHEN 20 THEN 'mean' ELSE 'rank' END) FROM buyer$$, 'rfm_fit: method differs');
SELECT throws('22004', $$rfm_fit(h, NULL) FROM buyer$$, 'rfm_fit: NULL as_of');
SELECT throws('22004', $$rfm_fit(h, '2026-06-01', NULL) FROM buyer$$, 'rfm_fit: NULL levels');
SELECT throws('22004', $$rfm_fit(h, '2026-06-01', 5, NULL) FROM buyer$$, 'rfm_fit: NULL method');
SELECT throws('22008', $$rfm_fit(h, 'infinity') FROM buyer$$, 'rfm_fit: infinite as_of');
SELECT is(ARRAY(SELECT score('{2026-01-05 9}', rfm_fit('{2026-01-05 9}', '2026-06-01', n, method), '2026-06-01')::text FROM unnest('{rank,ntile,nested,quantile,mean}'::text[]) WITH ORDINALITY u (method, nth), generate_series(2, 3) n GROUP BY method, nth, n ORDER BY nth, n),
	'{1-1-1,1-1-1,1-1-1,1-1-1,1-1-1,1-1-1,2-1-1,3-1-1,2-2-2,3-3-3}'::text[], 'score: the only customer');
SELECT is(num_nonnulls(score(NULL, model, '2026-06-01'), score('{2026-01-05 1}', NULL, '2026-06-01'), score('{2026-01-05 1}', model, NULL), score('{}', model, '2026-06-01'), score('{2026-01-05 1}', model, '2026-01-04'),
	score('{2026-01-05 -1/0}', model, '2026-06-01')), 0, 'score: NULL, and who has not bought, have none') FROM (SELECT rfm_fit(h, '2026-06-01') AS model FROM buyer) s;
SELECT throws('22008', $$score('{2026-01-05 1}', rfm_fit(h, '2026-06-01'), 'infinity') FROM buyer$$, 'score: infinite as_of');
SELECT is(score('{2026-01-05 900000000000000/4294967295}', '{"recency": {"at_most": [90]}, "frequency": {"at_least": [4294967296]}, "monetary": {"above": [899999999999999.9999]}}', '2026-06-01'), '1-1-2', 'score: huge figures');
SELECT is(score('{2026-01-05 1/4294967295, 2026-01-06 1/4294967295}', '{"recency": {"at_most": [90]}, "frequency": {"at_least": [4294967295]}, "monetary": {"above": [5]}}', '2026-06-01'), '1-2-1', 'score: more orders than 2^32');
SELECT is(score('{2026-01-05 -5/0, 2026-01-06 1}', '{"recency": {"at_most": [0]}, "frequency": {"at_least": [1]}, "monetary": {"at_least": [-4]}}', '2026-01-06'), '2-2-2', 'score: a loss');
SELECT is(score('{2026-01-05 7.5/2}', '{"recency": {"at_most": [90, 30]}, "frequency": {"at_least": [2, 5]}, "monetary": {"at_least": [7.5, 500]}}', '2026-02-04'), '3-2-2', 'score: at least, and at most');
SELECT is(score('{2026-01-05 7.5/2}', '{"recency": {"at_most": [90, 29.9999]}, "frequency": {"above": [2, 5]}, "monetary": {"above": [7.4999, 7.5]}}', '2026-02-04'), '2-1-2', 'score: above');
SELECT is('{"recency": {"at_most": [90, 30]}, "frequency": {"at_least": [2, 5]}, "monetary": {"at_least": [100, 500]}}'::rfm_model::jsonb->>'levels', '3', 'rfm_model: levels are one more than breaks');
SELECT is('{"recency": {"at_most": [90]}, "frequency": {"at_least": [2]}, "monetary": {"at_least": [100]}}'::rfm_model::jsonb->>'method', 'fixed', 'rfm_model: breaks of one''s own are fixed');
SELECT ok(refused(format('%L::rfm_model', model)), 'rfm_model: ' || name) FROM (VALUES
	('breaks of recency ascend', '{"recency": {"at_most": [30, 90]}, "frequency": {"at_least": [2, 5]}, "monetary": {"at_least": [1, 2]}}'),
	('breaks of frequency descend', '{"recency": {"at_most": [90, 30]}, "frequency": {"at_least": [5, 2]}, "monetary": {"at_least": [1, 2]}}'),
	('breaks of monetary descend', '{"recency": {"at_most": [90, 30]}, "frequency": {"at_least": [2, 5]}, "monetary": {"at_least": [2, 1]}}'),
	('different numbers of breaks', '{"recency": {"at_most": [90, 30]}, "frequency": {"at_least": [2]}, "monetary": {"at_least": [1, 2]}}'),
	('other levels', '{"levels": 4, "recency": {"at_most": [90]}, "frequency": {"at_least": [2]}, "monetary": {"at_least": [1]}}'),
	('no breaks', '{"recency": {"at_most": []}, "frequency": {"at_least": []}, "monetary": {"at_least": []}}'),
	('ten breaks', '{"recency": {"at_most": [9,9,9,9,9,9,9,9,9,9]}, "frequency": {"at_least": [9,9,9,9,9,9,9,9,9,9]}, "monetary": {"at_least": [9,9,9,9,9,9,9,9,9,9]}}'),
	('both above and at_least', '{"recency": {"at_most": [90]}, "frequency": {"at_least": [2], "above": [1]}, "monetary": {"at_least": [1]}}'),
	('neither', '{"recency": {"at_most": [90]}, "frequency": {}, "monetary": {"at_least": [1]}}'),
	('recency above', '{"recency": {"above": [90]}, "frequency": {"at_least": [2]}, "monetary": {"at_least": [1]}}'),
	('a figure is missing', '{"recency": {"at_most": [90]}, "frequency": {"at_least": [2]}}'),
	('no such method', '{"method": "kmeans", "recency": {"at_most": [90]}, "frequency": {"at_least": [2]}, "monetary": {"at_least": [1]}}'),
	('a member nobody knows', '{"recency": {"at_most": [90]}, "frequency": {"at_least": [2]}, "monetary": {"at_least": [1]}, "x": 1}'),
	('five decimals', '{"recency": {"at_most": [90]}, "frequency": {"at_least": [2]}, "monetary": {"at_least": [1.00001]}}'),
	('a break that is no number', '{"recency": {"at_most": ["x"]}, "frequency": {"at_least": [2]}, "monetary": {"at_least": [1]}}'),
	('nested, but flat', '{"method": "nested", "recency": {"at_most": [90]}, "frequency": {"above": [2]}, "monetary": {"above": [1]}}'),
	('flat, but nested', '{"recency": {"at_most": [90]}, "frequency": {"above": [[1], [2]]}, "monetary": {"above": [1]}}'),
	('no object', '[]'), ('nothing', '{}'), ('no JSON', 'x')) v (name, model);
SELECT is('{"recency": {"at_most": [30, 30]}, "frequency": {"at_least": [2, 2]}, "monetary": {"at_least": [2, 2]}}'::rfm_model::jsonb->'recency'->'at_most', '[30, 30]', 'rfm_model: equal breaks are no mistake');
SELECT is(score('{2026-01-05 7}', '{"method": "nested", "recency": {"at_most": [30]}, "frequency": {"above": [[9], [0]]}, "monetary": {"above": [[[9], [8]], [[7], [6]]]}}', '2026-01-06'), '2-2-2', 'score: nested breaks of one''s own');

-- ----------------------------------------------------------------
-- Segments
-- ----------------------------------------------------------------
SELECT is(segment('5-5-5'), 'Champions', 'segment: by grid');
SELECT is(num_nonnulls(segment(NULL), segment(NULL, 'grid'), segment('5-5-5', NULL::text), segment('5-5-5', NULL::jsonb)), 0, 'segment: NULL gives NULL');
SELECT throws('22023', $$segment('5-5-5', 'putler')$$, 'segment: no such scheme');
SELECT throws('22023', $$segment('6-1-1')$$, 'segment: grid has five levels');
SELECT throws('22023', $$segment('5-5-6')$$, 'segment: in monetary too');
SELECT throws('22023', $$segment('2-2-3', 'cn')$$, 'segment: cn has two levels');
SELECT is(segment('5-5-5', '[]'::jsonb), NULL, 'segment: no rows');
SELECT is(segment('5-1-9', '[{"segment": "best", "r": [4, 5], "f": [4, 5], "m": [4, 5]}, {"segment": "new", "r": 5, "f": 1}, {"segment": "rest"}]'::jsonb), 'new', 'segment: one''s own');
SELECT is(segment('4-1-9', '[{"segment": "best", "r": [4, 5], "f": [4, 5], "m": [4, 5]}, {"segment": "new", "r": 5, "f": 1}]'::jsonb), NULL, 'segment: of no row');
SELECT ok(refused(format('segment(''1-1-1'', %L::jsonb)', scheme)), 'segment: no scheme ' || scheme) FROM unnest(ARRAY['{}', 'null', '"grid"', '[1]', '[{}]', '[{"r": 1}]', '[{"segment": 1}]', '[{"segment": "a", "r": 0}]',
	'[{"segment": "a", "r": 11}]', '[{"segment": "a", "r": [2, 1]}]', '[{"segment": "a", "r": [1]}]', '[{"segment": "a", "r": [1, 2, 3]}]', '[{"segment": "a", "r": 1.5}]', '[{"segment": "a", "r": "1"}]', '[{"segment": "a", "x": 1}]']) scheme;
SELECT results_eq($$ SELECT * FROM check_segments('[{"segment": "a", "r": 2}, {"segment": "b", "r": 2, "f": 2, "m": 2}]', 2) $$,
	$$ VALUES ('hole', 1, 1, 1, '{}'::text[]), ('hole', 1, 1, 2, '{}'), ('hole', 1, 2, 1, '{}'), ('hole', 1, 2, 2, '{}'), ('overlap', 2, 2, 2, '{a,b}'), ('unreachable', NULL, NULL, NULL, '{b}') $$, 'check_segments: all problems');
SELECT is_empty($$ SELECT * FROM check_segments('[{"segment": "a", "r": 2}, {"segment": "b", "r": 1}]', 2) $$, 'check_segments: none');
SELECT is((SELECT count(*) FROM check_segments('[]')), 125::bigint, 'check_segments: five levels, and no rows');
SELECT throws('22004', '* FROM check_segments(NULL)', 'check_segments: NULL scheme');
SELECT throws('22004', $$* FROM check_segments('[]', NULL)$$, 'check_segments: NULL levels');
SELECT throws('22023', $$segment('5-1-9', '[{"segment": "all"}]')$$, 'segment: one''s own is not text');
SELECT throws('22003', $$* FROM check_segments('[]', 1)$$, 'check_segments: one level');
SELECT throws('22003', $$* FROM check_segments('[]', 11)$$, 'check_segments: eleven levels');

-- ----------------------------------------------------------------
-- Stages
-- ----------------------------------------------------------------
SELECT is(stage(h::history, '2026-12-31'), expected, format('stage: %s on 2026-12-31', h)) FROM (VALUES (NULL, 'prospect'), ('{}', 'prospect'), ('{2026-12-30 -1/0}', 'prospect'), ('{2027-01-01 1}', 'prospect'),
	('{2026-12-31 1}', 'new'), ('{2026-12-01 1}', 'new'), ('{2026-11-30 1}', 'active'), ('{2026-12-31 1/2}', 'active'), ('{2026-12-31 1/3}', 'loyal'), ('{2026-12-30 1, 2026-12-31 -1/0}', 'new'),
	('{2026-10-02 1}', 'active'), ('{2026-10-01 1}', 'at_risk'), ('{2026-07-04 1/9}', 'at_risk'), ('{2026-07-03 1/9}', 'churned'), ('{2026-06-13 1, 2026-12-11 1}', 'reactivated'), ('{2026-06-14 1, 2026-12-11 1}', 'active'),
	('{2026-01-01 1/9, 2026-12-01 1}', 'reactivated'), ('{2026-01-01 1/9, 2026-11-30 1}', 'loyal'), ('{2026-01-01 1/9, 2026-11-30 -5/0, 2026-12-01 1}', 'reactivated'), ('{2026-12-30 1, 2027-01-01 1/9}', 'new')) v (h, expected);
SELECT is(stage('{2026-01-05 1}', NULL), NULL, 'stage: no day');
SELECT is(stage('{2026-01-05 1}', '2026-02-01', NULL), 'new', 'stage: no policy is the default one');
SELECT is(stage(NULL, NULL), NULL, 'stage: no day and no history');
SELECT throws('22008', $$stage('{2026-01-05 1}', 'infinity')$$, 'stage: infinite day');
SELECT ok(refused(format('stage(''{2026-01-05 1}'', ''2026-02-01'', %L)', policy)), 'stage: no policy ' || policy) FROM unnest(ARRAY['[]', '1', '{"new_day": 1}', '{"new_days": -1}', '{"new_days": 1.5}', '{"new_days": "x"}',
	'{"loyal_orders": 1.5}', '{"at_risk_days": 181}', '{"churned_days": 89}', '{"at_risk_days": 10, "churned_days": 9}', '{"gap": 30, "at_risk_days": 90}', '{"gap": 30, "churned_days": 180}', '{"at_risk_gaps": 2}', '{"churned_gaps": 4}', '{"gap_weight": 3}',
	'{"gap": 30, "at_risk_gaps": 5}', '{"gap": 30.0001}', '{"gap": 30, "gap_weight": 0.0001}', '{"gap": -1}', '{"gap": 30, "gap_weight": -1}', '{"at_risk_days": 30.5}']) policy;
SELECT is(stage('{2026-01-01 1}', '2026-04-01', '{"at_risk_days": 90, "churned_days": 90}'), 'active', 'stage: thresholds may be equal');
SELECT is(stage('{2026-01-01 1}', '2026-04-02', '{"at_risk_days": 90, "churned_days": 90}'), 'churned', 'stage: and then nobody is at risk');
-- a gap of 30 of the usual customer, three times, and own ones of 10: (90 + 20) / 5 = 22
SELECT is(stage('{2026-01-01 1, 2026-01-11 1, 2026-01-21 1}', date '2026-01-21' + days, '{"gap": 30}'), expected, format('stage: %s days after gaps of 10', days))
FROM (VALUES (44, 'loyal'), (45, 'at_risk'), (88, 'at_risk'), (89, 'churned')) v (days, expected);
-- before its last order the customer was not known to be slow: 4 x (90 + 10) / 4 = 100
SELECT is(stage(format('{2026-01-01 1, 2026-01-11 1, %s 1}', date '2026-01-11' + days)::history, date '2026-01-12' + days, '{"gap": 30}'), expected, format('stage: back after %s days', days))
FROM (VALUES (100, 'loyal'), (101, 'reactivated')) v (days, expected);

-- ----------------------------------------------------------------
-- Repurchase
-- ----------------------------------------------------------------
CREATE TEMP TABLE again AS SELECT h::history FROM unnest(ARRAY['{2026-01-01 1, 2026-01-31 1}', '{2026-01-01 1/2}', '{2026-03-01 1, 2026-03-02 1}', '{2026-03-01 1, 2026-05-01 1}', '{2026-06-01 1}', '{2026-01-01 -1/0}', '{}', NULL]) h;
SELECT is((SELECT round(repurchase_rate(h, '2026-06-30')::numeric, 4) FROM again), 0.6000, 'repurchase_rate: of who bought');
SELECT is((SELECT round(repurchase_rate(h, '2026-03-01')::numeric, 4) FROM again), 0.2500, 'repurchase_rate: as of a day');
SELECT is((SELECT round(repurchase_rate(h, '2026-06-29', 30)::numeric, 4) FROM again), 0.5000, 'repurchase_rate: of who was observed for 30 days');
SELECT is((SELECT round(repurchase_rate(h, '2026-07-01', 30)::numeric, 4) FROM again), 0.4000, 'repurchase_rate: one more was');
SELECT is((SELECT round(repurchase_rate(h, '2026-01-31', 30)::numeric, 4) FROM again), 0.5000, 'repurchase_rate: just observed, just within');
SELECT is((SELECT repurchase_rate(h, '2026-01-30', 30) FROM again), NULL, 'repurchase_rate: nobody was observed');
SELECT is((SELECT repurchase_rate(h, '2025-01-30') FROM again), NULL, 'repurchase_rate: nobody had bought');
SELECT is((SELECT repurchase_rate(h, '2026-01-30') FROM again WHERE false), NULL, 'repurchase_rate: no rows');
SELECT is((SELECT repurchase_rate(h, '2026-06-30', 2147483647) FROM again), NULL, 'repurchase_rate: nobody is observed for ever');
SELECT ok((SELECT repurchase_rate(h, '2026-06-30', NULL) = repurchase_rate(h, '2026-06-30') FROM again), 'repurchase_rate: within NULL is without it');
SELECT ok((SELECT bool_and(w = a) FROM (SELECT repurchase_rate(h, '2026-06-30') OVER () AS w FROM again) s, (SELECT repurchase_rate(h, '2026-06-30') FROM again) t (a)), 'repurchase_rate: as a window function');
SELECT throws('22008', $$repurchase_rate(h, 'infinity') FROM again$$, 'repurchase_rate: infinite day');
SELECT throws('22003', $$repurchase_rate(h, '2026-06-30', 0) FROM again$$, 'repurchase_rate: within no day');
SELECT throws('22003', $$repurchase_rate(h, '2026-06-30', -1) FROM again$$, 'repurchase_rate: within less than that');
SELECT throws('22004', $$repurchase_rate(h, NULL) FROM again$$, 'repurchase_rate: NULL as_of');
SELECT ok((SELECT repurchase_rate(h, first_day(h)) = 0 FROM again WHERE orders(h) > 0), 'repurchase_rate: as_of may be each customer''s own');

-- ----------------------------------------------------------------
-- Lifetime value
-- ----------------------------------------------------------------
CREATE TEMP TABLE life AS SELECT c AS customer, history_agg(date '2025-01-01' + c % 40 + o * (5 + c % 17) + (o * o * c) % 5, 10 + (c * o * 7) % 13) AS h FROM generate_series(1, 200) c, generate_series(0, 12) o WHERE o <= c * c % 13 GROUP BY 1;
CREATE FUNCTION model(spend text DEFAULT '{"p": 6, "q": 4, "v": 15}', model text DEFAULT 'bg/nbd', unit text DEFAULT 'week') RETURNS promo.clv_model LANGUAGE sql IMMUTABLE AS
	$$ SELECT jsonb_strip_nulls(jsonb_build_object('model', model, 'unit', unit, 'r', 0.25, 'alpha', 4, 'a', 0.8, 'b', 2.5, 'spend', spend::jsonb))::promo.clv_model $$;
SELECT is((SELECT clv_fit(h, '2025-12-31') FROM life WHERE false), NULL, 'clv_fit: no rows');
SELECT is((SELECT clv_fit(h, '2024-12-31') FROM life), NULL, 'clv_fit: nobody bought until then');
SELECT is((SELECT clv_fit(h, '2025-12-31') FROM unnest('{NULL,"{}","{2026-01-05 -1/0}"}'::history[]) h), NULL, 'clv_fit: nobody bought at all');
SELECT is((SELECT clv_fit(h, '2025-12-31') FROM (SELECT h FROM life UNION ALL SELECT NULL UNION ALL SELECT '{}') s), (SELECT clv_fit(h, '2025-12-31') FROM life), 'clv_fit: who did not buy is left out');
SELECT ok((SELECT bool_and(w = (SELECT clv_fit(h, '2025-12-31') FROM life)) FROM (SELECT clv_fit(h, '2025-12-31') OVER () AS w FROM life LIMIT 3) s), 'clv_fit: as a window function');
SELECT throws('22023', $$clv_fit(h, '2025-12-31', 'pareto/nbd') FROM life$$, 'clv_fit: no such model');
SELECT throws('22023', $$clv_fit(h, date '2025-12-31' - customer / 200) FROM life$$, 'clv_fit: as_of differs');
SELECT throws('22023', $$clv_fit(h, '2025-12-31', CASE customer WHEN 200 THEN 'mbg/nbd' ELSE 'bg/nbd' END) FROM life$$, 'clv_fit: model differs');
SELECT throws('22004', $$clv_fit(h, NULL) FROM life$$, 'clv_fit: NULL as_of');
SELECT throws('22004', $$clv_fit(h, '2025-12-31', NULL) FROM life$$, 'clv_fit: NULL model');
SELECT throws('22008', $$clv_fit(h, 'infinity') FROM life$$, 'clv_fit: infinite as_of');
SELECT ok((SELECT clv_fit(h, '2026-12-31')::jsonb->'fit'->'degenerate' ? 'no repeat purchases' FROM unnest('{"{2026-01-05 1}","{2026-02-05 1}"}'::history[]) h), 'clv_fit: nobody bought again');
SELECT ok((SELECT NOT clv_fit(h, '2026-12-31')::jsonb ? 'spend' FROM unnest('{"{2026-01-05 1}","{2026-02-05 1}"}'::history[]) h), 'clv_fit: and so spent nothing then');
SELECT lives_ok($$ SELECT clv_fit('{2026-01-05 1}', '2026-01-05'), clv_fit('{2026-01-05 1, 2026-01-06 1}', '2026-01-06', 'mbg/nbd'), clv_fit('{0001-01-01 1, 9999-12-31 900000000000}', '9999-12-31') $$, 'clv_fit: one customer');
SELECT is(num_nonnulls(p_alive(NULL, model(), '2026-06-01'), p_alive('{2026-01-05 1}', NULL, '2026-06-01'), p_alive('{2026-01-05 1}', model(), NULL), p_alive('{}', model(), '2026-06-01'), p_alive('{2026-01-05 1}', model(), '2026-01-04'),
	expected_orders(NULL, model(), '2026-06-01', 30), expected_orders('{2026-01-05 1}', NULL, '2026-06-01', 30), expected_orders('{2026-01-05 1}', model(), NULL, 30), expected_orders('{2026-01-05 1}', model(), '2026-06-01', NULL),
	expected_orders('{}', model(), '2026-06-01', 30), expected_orders('{2026-01-05 1}', model(), '2026-01-04', 30), expected_spend(NULL, model()), expected_spend('{2026-01-05 1}', NULL), expected_spend('{}', model()),
	clv(NULL, model(), '2026-06-01', 12), clv('{2026-01-05 1}', NULL, '2026-06-01', 12), clv('{2026-01-05 1}', model(), NULL, 12), clv('{2026-01-05 1}', model(), '2026-06-01', NULL), clv('{2026-01-05 1}', model(), '2026-06-01', 12, NULL),
	clv('{}', model(), '2026-06-01', 12), clv('{2026-01-05 1}', model(), '2026-01-04', 12)), 0, 'lifetime value: NULL, and who has not bought, have none');
SELECT is(num_nonnulls(expected_spend('{2026-01-05 1}', model(NULL)), clv('{2026-01-05 1}', model(NULL), '2026-06-01', 12), expected_spend('{2026-01-05 1}', model('{"p": 6, "q": 1, "v": 15}')), clv('{2026-01-05 1}', model('{"p": 6, "q": 0.5, "v": 15}'), '2026-06-01', 12)),
	0, 'expected_spend: NULL without spend, and where the mean is infinite');
SELECT ok(abs(expected_spend('{2026-01-05 99, 2026-02-05 20}', model('{"p": 6, "q": 0.5, "v": 15}')) - 6 * (15 + 20) / 5.5) < 1e-9, 'expected_spend: is finite for who has bought again');
SELECT is(expected_spend('{2026-01-05 99, 2026-02-05 20}', model('{"p": 0.25, "q": 0.5, "v": 15}')), NULL, 'expected_spend: unless that is not enough');
SELECT is(expected_spend('{2026-01-05 99, 2026-02-05 20, 2026-02-05 -25/0}', model()), expected_spend('{2026-01-05 99, 2026-02-05 0/1}', model()), 'expected_spend: who gave back more than was spent again counts with 0');
SELECT is(p_alive('{2026-01-05 1}', model(), '2036-01-05'), 1.0::float8, 'p_alive: who bought once has not left, by BG/NBD');
SELECT ok(p_alive('{2026-01-05 1}', model(model => 'mbg/nbd'), '2036-01-05') < 0.5, 'p_alive: but by MBG/NBD');
SELECT ok(abs(p_alive('{2026-01-05 1, 2026-01-07 1}', model(), '2026-01-07') - 1 / (1 + 0.8 / 2.5)) < 1e-12, 'p_alive: on the last day');
SELECT ok(abs(expected_orders('{2026-01-05 1, 2026-01-26 1}', model(unit => 'week'), '2026-02-09', 70) - expected_orders('{2026-01-05 1, 2026-01-08 1}', model(unit => 'day'), '2026-01-10', 10)) < 1e-12, 'expected_orders: a week is seven days');
SELECT is(expected_orders('{2026-01-05 1}', model(), '2026-06-01', 0), 0::float8, 'expected_orders: none in no days');
SELECT is(clv('{2026-01-05 1}', model(), '2026-06-01', 0), 0::float8, 'clv: none in no months');
SELECT throws('22003', $$expected_orders('{2026-01-05 1}', model(), '2026-06-01', -1)$$, 'expected_orders: in negative days');
SELECT throws('22003', $$clv('{2026-01-05 1}', model(), '2026-06-01', -1)$$, 'clv: in negative months');
SELECT throws('22003', $$clv('{2026-01-05 1}', model(), '2026-06-01', 12, -0.1)$$, 'clv: a negative discount');
SELECT throws('22003', $$clv('{2026-01-05 1}', model(), '2026-06-01', 12, 'NaN')$$, 'clv: NaN as discount');
SELECT throws('22008', $$p_alive('{2026-01-05 1}', model(), 'infinity')$$, 'p_alive: infinite day');
SELECT throws('22008', $$expected_orders('{2026-01-05 1}', model(), 'infinity', 30)$$, 'expected_orders: infinite day');
SELECT throws('22008', $$clv('{2026-01-05 1}', model(), 'infinity', 12)$$, 'clv: infinite day');
SELECT ok((SELECT bool_and(value >= 0 AND value < 'Infinity') FROM (SELECT history_agg(date '2000-01-01' + o * 3, 900000000) AS h FROM generate_series(0, 3000) o) s,
	LATERAL (VALUES (p_alive(h, model(), '9999-12-31')), (expected_orders(h, model(), '2024-08-25', 2000000)), (expected_orders(h, model(), '9999-12-31', 2000000000)), (clv(h, model(), '2024-08-25', 1200, 0)), (clv(h, model(), '2024-08-25', 1200, 1000))) v (value)), 'lifetime value: of a customer of 3,000 order days');
SELECT ok(refused(format('%L::clv_model', model)), 'clv_model: ' || name) FROM (VALUES
	('no such model', '{"model": "pareto/nbd", "unit": "week", "r": 1, "alpha": 1, "a": 1, "b": 1}'), ('no such unit', '{"model": "bg/nbd", "unit": "month", "r": 1, "alpha": 1, "a": 1, "b": 1}'),
	('no unit', '{"model": "bg/nbd", "r": 1, "alpha": 1, "a": 1, "b": 1}'), ('no model', '{"unit": "week", "r": 1, "alpha": 1, "a": 1, "b": 1}'), ('a parameter is missing', '{"model": "bg/nbd", "unit": "week", "r": 1, "alpha": 1, "a": 1}'),
	('r is 0', '{"model": "bg/nbd", "unit": "week", "r": 0, "alpha": 1, "a": 1, "b": 1}'), ('alpha is negative', '{"model": "bg/nbd", "unit": "week", "r": 1, "alpha": -1, "a": 1, "b": 1}'), ('a is no number', '{"model": "bg/nbd", "unit": "week", "r": 1, "alpha": 1, "a": "x", "b": 1}'),
	('b is infinite', '{"model": "bg/nbd", "unit": "week", "r": 1, "alpha": 1, "a": 1, "b": 1e999}'), ('a member nobody knows', '{"model": "bg/nbd", "unit": "week", "r": 1, "alpha": 1, "a": 1, "b": 1, "x": 1}'),
	('spend without v', '{"model": "bg/nbd", "unit": "week", "r": 1, "alpha": 1, "a": 1, "b": 1, "spend": {"p": 1, "q": 1}}'), ('p is 0', '{"model": "bg/nbd", "unit": "week", "r": 1, "alpha": 1, "a": 1, "b": 1, "spend": {"p": 0, "q": 1, "v": 1}}'),
	('no object', '[]'), ('no JSON', 'x')) v (name, model);
SELECT is(model()::text::clv_model, model(), 'clv_model: reads back equal');

-- ----------------------------------------------------------------
-- Marks
-- ----------------------------------------------------------------
SELECT is_empty($$ SELECT oid::regprocedure FROM pg_proc WHERE pronamespace = 'promo'::regnamespace
	AND proname IN ('history_agg', 'rollup', 'until', 'orders', 'order_days', 'first_day', 'last_day', 'spent', 'mean_gap', 'recency', 'rfm_fit', 'score', 'r', 'f', 'm', 'rfm', 'segment', 'check_segments', 'stage', 'repurchase_rate',
		'clv_fit', 'p_alive', 'expected_orders', 'expected_spend', 'clv') AND (provolatile <> 'i' OR proparallel <> 's') $$, 'functions of the lifecycle are immutable and parallel safe');
SELECT is_empty($$ SELECT oid::regprocedure FROM pg_proc WHERE pronamespace = 'promo'::regnamespace AND prokind = 'f' AND NOT proisstrict
	AND proname IN ('until', 'orders', 'order_days', 'first_day', 'last_day', 'spent', 'mean_gap', 'recency', 'score', 'r', 'f', 'm', 'rfm', 'segment', 'p_alive', 'expected_orders', 'expected_spend', 'clv') $$, 'NULL gives NULL');
SELECT is_empty($$ SELECT aggfnoid::regprocedure FROM pg_aggregate WHERE aggfnoid::regproc::text IN ('history_agg', 'promo.history_agg') AND (aggtranstype <> 'promo.history'::regtype OR aggcombinefn = 0)
	UNION ALL SELECT aggfnoid::regprocedure FROM pg_aggregate WHERE aggfnoid = 'promo.rollup(promo.history)'::regprocedure AND (aggtranstype <> 'promo.history'::regtype OR aggcombinefn = 0) $$, 'histories merge as the type itself');
SELECT bag_eq($$ SELECT oid::regprocedure::text FROM pg_proc WHERE pronamespace = 'promo'::regnamespace AND proname IN ('rfm_fit', 'clv_fit', 'repurchase_rate', 'segment', 'stage', 'clv', 'check_segments', 'score', 'expected_orders', 'expected_spend', 'p_alive') $$,
	ARRAY['rfm_fit(history,date)', 'rfm_fit(history,date,integer)', 'rfm_fit(history,date,integer,text)', 'clv_fit(history,date)', 'clv_fit(history,date,text)', 'repurchase_rate(history,date)', 'repurchase_rate(history,date,integer)',
		'segment(rfm,text)', 'segment(rfm,jsonb)', 'stage(history,date,jsonb)', 'clv(history,clv_model,date,integer,numeric)', 'check_segments(jsonb,integer)', 'score(history,rfm_model,date)', 'expected_orders(history,clv_model,date,integer)',
		'expected_spend(history,clv_model)', 'p_alive(history,clv_model,date)'], 'calls');

-- ----------------------------------------------------------------
-- A plain role
-- ----------------------------------------------------------------
CREATE ROLE promo_plain;
GRANT SELECT ON life TO promo_plain;
SET LOCAL ROLE promo_plain;
SELECT isnt((SELECT promo.segment(promo.score(h, (SELECT promo.rfm_fit(h, '2025-12-31') FROM life), '2025-12-31')) || promo.stage(h, '2025-12-31') FROM life LIMIT 1), NULL, 'a plain role may score');
SELECT isnt((SELECT promo.clv(h, (SELECT promo.clv_fit(h, '2025-12-31') FROM life), '2025-12-31', 12) FROM life LIMIT 1), NULL, 'and estimate');
SELECT isnt((SELECT promo.repurchase_rate(h, '2025-12-31') FROM life), NULL, 'and count');
RESET ROLE;

SELECT * FROM finish();
ROLLBACK;
