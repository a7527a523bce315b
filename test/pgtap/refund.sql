-- What is given back: by what its units cost, or with rules by what the rest would have cost.
\set ECHO none
BEGIN;
\ir shorthand.psql
SELECT plan(62);

-- the amount of all rows but shipping; shipping; points
CREATE FUNCTION refunded(quote promo.quote, returned jsonb, rules promo.ruleset DEFAULT NULL) RETURNS numeric LANGUAGE sql
	AS 'SELECT sum(amount) FROM promo.refund(quote, returned, rules)';
CREATE FUNCTION fee_refunded(quote promo.quote, returned jsonb, rules promo.ruleset DEFAULT NULL) RETURNS numeric LANGUAGE sql
	AS 'SELECT amount FROM promo.refund(quote, returned, rules, shipping => true) WHERE line IS NULL AND qty IS NULL';
CREATE FUNCTION points_taken(quote promo.quote, returned jsonb, rules promo.ruleset DEFAULT NULL) RETURNS numeric LANGUAGE sql
	AS 'SELECT qty FROM promo.refund(quote, returned, rules) WHERE line IS NULL AND qty IS NOT NULL';

-- ----------------------------------------------------------------
-- By units
-- ----------------------------------------------------------------
CREATE TEMP TABLE sold AS SELECT priced('A 3x80', 'spend 200 save 30 on sku A') AS q;
SELECT is((SELECT refunded(q, '[{"line":1,"qty":1}]') FROM sold), 70.00, 'units: a third of what was paid');
SELECT is((SELECT refunded(q, '[{"line":1,"qty":2}]') FROM sold), 140.00, 'units: a later return is the difference of two calls');
SELECT is((SELECT refunded(q, '[{"line":1,"qty":3}]') FROM sold), 210.00, 'units: everything returned gives everything paid');
SELECT results_eq('SELECT r.* FROM sold, promo.refund(q, ''[{"line":1,"qty":2}]'') r', 'VALUES (1::bigint, 2::numeric, 140.00)', 'units: a row for the line');
SELECT is_empty('SELECT r.* FROM sold, promo.refund(q, ''[]'') r', 'units: nothing returned');
SELECT is_empty('SELECT r.* FROM sold, promo.refund(q, NULL) r', 'units: NULL returned');
SELECT is_empty('SELECT * FROM promo.refund(NULL, ''[]'')', 'units: no quote');

-- 10 over 3 units is 3.34, 3.33, 3.33
SELECT is(refunded(priced('A 3x10', 'save 10 on sku A'), '[{"line":1,"qty":1}]'), 6.67, 'units: the last first');
SELECT is(refunded(priced('A 3x10', 'save 10 on sku A'), '[{"line":1,"qty":2}]'), 13.34, 'units: then the one before');
SELECT is(refunded(priced('A 3x10', 'save 10 on sku A'), '[{"line":1,"qty":3}]'), 20.00, 'units: to the cent');

-- 100 + 100 + 0
SELECT is(refunded(priced('A 3x100', 'buy 2 get 1 free on sku A'), '[{"line":1,"qty":1}]'), 0.00, 'units: a free one comes back first');
SELECT is(refunded(priced('A 3x100', 'buy 2 get 1 free on sku A'), '[{"line":1,"qty":2}]'), 100.00, 'units: then one that was paid');
SELECT is(refunded(priced('A 3x100', 'buy 2 get 1 free on sku A'), '[{"line":1,"qty":3}]'), 200.00, 'units: then the other');

-- 100 x 3, then 59 x 2
SELECT is(refunded(priced('A 5x100', 'price 59 each on sku A limit 2'), '[{"line":1,"qty":2}]'), 118.00, 'units: reduced ones before untouched ones');
SELECT is(refunded(priced('A 5x100', 'price 59 each on sku A limit 2'), '[{"line":1,"qty":3}]'), 218.00, 'units: then an untouched one');
SELECT is(refunded(priced('A 2x100, A 1x100', 'save 50% on sku A limit 1'), '[{"line":2,"qty":1}]'), 100.00, 'units: each line by itself');

-- 1 kg and half a kg
SELECT is(refunded(priced('A 1.5x10', 'save 10% on sku A'), '[{"line":1,"qty":0.5}]'), 4.50, 'fractions: the half kilogram');
SELECT is(refunded(priced('A 1.5x10', 'save 10% on sku A'), '[{"line":1,"qty":"0.25"}]'), 2.25, 'fractions: a part of it');
SELECT is(refunded(priced('A 1.5x10', 'save 10% on sku A'), '[{"line":1,"qty":1}]'), 9.00, 'fractions: and a part of the kilogram');
SELECT is(refunded(priced('A 1.5x10', 'save 10% on sku A'), '[{"line":1,"qty":1.5}]'), 13.50, 'fractions: all');
SELECT is((SELECT count(*) FROM generate_series(0, 999, 7) g, (SELECT priced('A 0.999x9.99, B 2.345x0.07', 'save 13%') AS q) p
		   WHERE refunded(q, jsonb_build_array(jsonb_build_object('line', 1, 'qty', g / 1000.0))) NOT BETWEEN 0 AND 8.69), 0::bigint, 'fractions: never more than was paid');
SELECT is(refunded(priced('A 0.999x9.99, B 2.345x0.07', 'save 13%'), '[{"line":1,"qty":0.999},{"line":2,"qty":2.345}]'),
	total('A 0.999x9.99, B 2.345x0.07', 'save 13%'), 'fractions: everything gives everything');

SELECT is(refunded(priced('A 1x100, B 1x50', 'save 30'), '[{"line":2,"qty":1}]'), 40.00, 'lines: what a line was apportioned');
SELECT results_eq($$ SELECT * FROM promo.refund(priced('A 1x100, B 1x50', 'save 30'), '[{"line":2,"qty":1},{"line":1,"qty":1}]') ORDER BY line $$,
	$$ VALUES (1::bigint, 1::numeric, 80.00), (2, 1, 40.00) $$, 'lines: in any order');
SELECT is(refunded(priced('A 1x100', 'every 10 earn 1 points'), '[{"line":1,"qty":1}]'), 100.00, 'points: by units, money only');
SELECT is(points_taken(priced('A 1x100', 'every 10 earn 1 points'), '[{"line":1,"qty":1}]'), NULL, 'points: none are taken back without rules');

-- ----------------------------------------------------------------
-- With rules: what was paid less the price of what is kept
-- ----------------------------------------------------------------
SELECT is(refunded(priced('A 3x80', 'spend 200 save 30 on sku A'), '[{"line":1,"qty":1}]', 'spend 200 save 30 on sku A'), 50.00, 'rules: a threshold breaks, 210 - 160');
SELECT is(refunded(priced('A 3x80', 'spend 200 save 30 on sku A'), '[{"line":1,"qty":2}]', 'spend 200 save 30 on sku A'), 130.00, 'rules: the running total, 210 - 80');
SELECT is(refunded(priced('A 3x80', 'spend 200 save 30 on sku A'), '[{"line":1,"qty":3}]', 'spend 200 save 30 on sku A'), 210.00, 'rules: everything gives everything');
SELECT is(refunded(priced('A 5x80', 'spend 200 save 30 on sku A'), '[{"line":1,"qty":1}]', 'spend 200 save 30 on sku A'), 80.00, 'rules: a threshold that holds, 370 - 290');
SELECT is(refunded(priced('A 5x100', 'spend 500 save 200 on sku A'), '[{"line":1,"qty":1}]', 'spend 500 save 200 on sku A'), 0.00, 'rules: never below zero, 300 - 400');
SELECT is(refunded(priced('A 5x100', 'spend 500 save 200 on sku A'), '[{"line":1,"qty":3}]', 'spend 500 save 200 on sku A'), 100.00, 'rules: later on, 300 - 200');
SELECT is(refunded(priced('A 3x100', 'buy 2 get 1 free on sku A'), '[{"line":1,"qty":1}]', 'buy 2 get 1 free on sku A'), 0.00, 'rules: two of three for two are two');
SELECT is(refunded(priced('A 1x100, B 1x50', 'save 30'), '[{"line":2,"qty":1}]', 'save 30'), 50.00, 'rules: what is kept keeps its discount');
SELECT is(refunded(priced('A 1x100, B 1x50', 'save 30'), '[{"line":2,"qty":1}]', '[]'), 20.00, 'rules: other rules than those of the quote');
SELECT is(refunded(priced('A 0.5x10, B 1.5x10', 'spend 20 save 2'), '[{"line":2,"qty":0.5}]', 'spend 20 save 2'), 3.00, 'rules: fractions, 18 - 15');

-- 130 - 60 over lines that cost 80 and 40
SELECT results_eq($$ SELECT * FROM promo.refund(priced('A 1x100, B 1x50, C 1x10', 'spend 150 save 30 on sku A, B'), '[{"line":1,"qty":1},{"line":2,"qty":1}]', 'spend 150 save 30 on sku A, B') ORDER BY line $$,
	$$ VALUES (1::bigint, 1::numeric, 80.00), (2, 1, 40.00) $$, 'rules: apportioned by what the units cost');
SELECT results_eq($$ SELECT * FROM promo.refund(priced('A 1x100, B 1x50, C 1x10', 'spend 160 save 40'), '[{"line":1,"qty":1},{"line":3,"qty":1}]', 'spend 160 save 40') ORDER BY line $$,
	$$ VALUES (1::bigint, 1::numeric, 63.64), (3, 1, 6.36) $$, 'rules: 120 - 50 by 75.00 and 7.50, largest remainder');

CREATE TEMP TABLE member AS SELECT priced('A 2x100', '[{"name":"p","rule":"save 10% for gold code X","during":"[2026-01-05,2026-01-06)"}]', buyer => '{gold}', codes => '{X}') AS q;
SELECT is((SELECT refunded(q, '[{"line":1,"qty":1}]', '[{"name":"p","rule":"save 10% for gold code X","during":"[2026-01-05,2026-01-06)"}]') FROM member), 90.00,
	'rules: at the quote''s own instant, buyer and codes');
SELECT is((SELECT refunded(q::text::promo.quote, '[{"line":1,"qty":1}]', '[{"name":"p","rule":"save 10% for gold code X","during":"[2026-01-05,2026-01-06)"}]') FROM member), 90.00,
	'rules: which its text form keeps');
SELECT is(refunded(priced('A 2x100', 'save 10; save 50', without => '{2}'), '[{"line":1,"qty":1}]', 'save 10; save 50'), 100.00, 'rules: and those that were left out');
SELECT is(refunded(priced('A 2x100', 'save 10 hours 11:00-13:00'), '[{"line":1,"qty":1}]', 'save 10 hours 11:00-13:00'), 100.00, 'rules: and its hours');

-- ----------------------------------------------------------------
-- Gifts and points
-- ----------------------------------------------------------------
SELECT results_eq($$ SELECT * FROM promo.refund(priced('A 1x300, B 1x20', 'spend 300 gift sku B on sku A'), '[{"line":1,"qty":1}]', 'spend 300 gift sku B on sku A') ORDER BY line $$,
	$$ VALUES (1::bigint, 1::numeric, 280.00), (2, 1, 0.00) $$, 'gift: its condition broke: it is paid now, and a row');
SELECT results_eq($$ SELECT * FROM promo.refund(priced('A 2x300, B 1x20', 'spend 300 gift sku B on sku A'), '[{"line":1,"qty":1}]', 'spend 300 gift sku B on sku A') ORDER BY line $$,
	$$ VALUES (1::bigint, 1::numeric, 300.00) $$, 'gift: its condition holds');
SELECT is(refunded(priced('A 1x300, B 1x20', 'spend 300 gift sku B on sku A'), '[{"line":1,"qty":1},{"line":2,"qty":1}]', 'spend 300 gift sku B on sku A'), 300.00, 'gift: returned with it');
SELECT is(refunded(priced('A 1x300, B 1x20', 'spend 300 gift sku B on sku A'), '[{"line":2,"qty":1}]', 'spend 300 gift sku B on sku A'), 0.00, 'gift: returned alone');
SELECT is(refunded(priced('A 1x300, B 1x20', 'spend 300 gift sku B on sku A'), '[{"line":1,"qty":1}]'), 300.00, 'gift: by units nothing is asked for it');

SELECT is(points_taken(priced('A 3x100', 'every 100 earn 10 points'), '[{"line":1,"qty":1}]', 'every 100 earn 10 points'), 10::numeric, 'points: to take back');
SELECT is(points_taken(priced('A 3x100', 'every 100 earn 10 points'), '[{"line":1,"qty":3}]', 'every 100 earn 10 points'), 30::numeric, 'points: all');
SELECT is(points_taken(priced('A 3x100', 'spend 100 earn 10 points'), '[{"line":1,"qty":1}]', 'spend 100 earn 10 points'), NULL, 'points: still earned');
SELECT is((SELECT amount FROM promo.refund(priced('A 3x100', 'every 100 earn 10 points'), '[{"line":1,"qty":1}]', 'every 100 earn 10 points') WHERE line IS NULL), 0.00, 'points: are no money');

-- ----------------------------------------------------------------
-- Shipping
-- ----------------------------------------------------------------
SELECT is(fee_refunded(priced('A 2x100', 'save 5 shipping', shipping => 12), '[{"line":1,"qty":1}]'), 7.00, 'shipping: what was paid for it');
SELECT is(fee_refunded(priced('A 2x100', 'save 5 shipping', shipping => 12), '[{"line":1,"qty":2}]', 'save 5 shipping'), 7.00, 'shipping: nothing is kept');
SELECT is(coalesce(fee_refunded(priced('A 2x100', 'save 5 shipping', shipping => 12), '[{"line":1,"qty":1}]', 'save 5 shipping'), 0), 0.00, 'shipping: what is kept is shipped as well');
SELECT is(coalesce(fee_refunded(priced('A 2x100', 'spend 200 free shipping', shipping => 12), '[{"line":1,"qty":1}]', 'spend 200 free shipping'), 0), 0.00, 'shipping: never below zero');
SELECT is((SELECT count(*) FROM promo.refund(priced('A 2x100', 'save 5 shipping', shipping => 12), '[{"line":1,"qty":2}]') WHERE line IS NULL), 0::bigint, 'shipping: only if asked for');
SELECT is((SELECT sum(amount) FROM promo.refund(priced('A 2x100, B 1x9.99', 'save 7%; save 5 shipping', shipping => 12), '[{"line":1,"qty":2},{"line":2,"qty":1}]', shipping => true)),
	total('A 2x100, B 1x9.99', 'save 7%; save 5 shipping', shipping => 12), 'shipping: everything gives everything paid');
SELECT is((SELECT sum(amount) FROM promo.refund(priced('A 2x100, B 1x9.99', 'save 7%; save 5 shipping', shipping => 12), '[{"line":1,"qty":2},{"line":2,"qty":1}]', 'save 7%; save 5 shipping', true)),
	total('A 2x100, B 1x9.99', 'save 7%; save 5 shipping', shipping => 12), 'shipping: with rules, too');

-- ----------------------------------------------------------------
-- On many carts: what came back grows with what is returned, up to what was paid
-- ----------------------------------------------------------------
CREATE TEMP TABLE orders AS
	SELECT o, promo.price(promo.cart_agg(l, 'S' || l % 4, 1 + (o * l) % 4, 1 + (o * l * 37) % 997 / 100.0), r.rules, '2026-01-05') AS q, r.rules
	FROM generate_series(1, 40) o, generate_series(1, 5) l,
		 (SELECT 'buy 2 get 1 free on sku S0, S1; save 13% on sku S2; spend 20 save 3; every 10 earn 1 points'::promo.ruleset AS rules) r
	GROUP BY o, r.rules;
CREATE TEMP TABLE returns AS
	SELECT o, part, q, rules, jsonb_agg(jsonb_build_object('line', line, 'qty', ceil(qty * part / 4)) ORDER BY line) AS returned
	FROM orders, promo.lines(q), generate_series(1, 4) part GROUP BY o, part, q, rules;
SELECT is_empty($$ SELECT o FROM returns WHERE part = 4 AND refunded(q, returned) <> promo.total(q) $$, 'many: everything gives everything');
SELECT is_empty($$ SELECT o FROM returns WHERE part = 4 AND refunded(q, returned, rules) <> promo.total(q) $$, 'many: with rules, too');
SELECT is_empty($$ SELECT o FROM returns a JOIN returns b USING (o) WHERE b.part = a.part + 1 AND refunded(b.q, b.returned) < refunded(a.q, a.returned) $$, 'many: more returned, no less given');
SELECT is_empty($$ SELECT o FROM returns, promo.refund(q, returned, rules) WHERE amount < 0 $$, 'many: nothing negative');

SELECT * FROM finish();
ROLLBACK;
