-- Why a rule applied or not, with figures.
\set ECHO none
BEGIN;
\ir shorthand.psql
SELECT plan(74);

-- status, amount, what is missing, what that would bring, to whom it lost: the row of one rule
CREATE FUNCTION explained(lines text, rules promo.ruleset, name text DEFAULT '1', at timestamptz DEFAULT '2026-01-05 12:00+00',
						  buyer text[] DEFAULT '{}', codes text[] DEFAULT '{}', shipping numeric DEFAULT 0)
	RETURNS TABLE (status text, amount numeric, needs_amount numeric, needs_qty numeric, next_saving numeric, lost_to text) LANGUAGE sql AS $$
	SELECT status, amount, needs_amount, needs_qty, next_saving, lost_to
	FROM promo.explain(cart_of(lines), rules, at, buyer, codes, shipping) WHERE rule = name
$$;
CREATE FUNCTION status(lines text, rules promo.ruleset, name text DEFAULT '1', at timestamptz DEFAULT '2026-01-05 12:00+00',
					   buyer text[] DEFAULT '{}', codes text[] DEFAULT '{}', shipping numeric DEFAULT 0)
	RETURNS text LANGUAGE sql AS 'SELECT status FROM explained(lines, rules, name, at, buyer, codes, shipping)';

-- ----------------------------------------------------------------
-- found by asking
-- ----------------------------------------------------------------
SELECT is(explained('A 1x100', 'earn 10 points; earn 5 points', '2')::text, '(superseded,0.00,,,,1)', 'points: one rule gives them, the other does not');
SELECT is(status('A 1x100', 'points x2'), 'no_room', 'points: there is nothing to multiply');
SELECT is(explained('A 1x100', 'save 10% on sku A stop; save 20', '2')::text, '(superseded,0.00,,,,1)', 'stop: all lines are closed');
SELECT is((SELECT reason FROM promo.explain(cart_of('A 1x100'), 'save 10% on sku A; save 30% on order except discounted', '2026-01-05') WHERE rule = '2'),
	'everything in its scope is discounted already', 'except discounted: says so');
SELECT is((SELECT (needs_qty, reason)::text FROM promo.explain(cart_of('A 1x100'), 'buy set total 150 on sku A, B, C', '2026-01-05')),
	'(2,"buy 2 more for a set: B, C")', 'sets: what is missing');
SELECT is((SELECT reason FROM promo.explain(cart_of('A 2x100, G 1x10'), 'spend 200 gift sku G x2 on sku A', '2026-01-05')),
	'saves 10.00; open to the buyer: 1 of G', 'gift: what is still open');
SELECT is(promo.total(promo.price('[{"line":1,"sku":"A","qty":12345678901234.123,"price":1}]', 'every 3 units save 50% on sku A', '2026-01-05')),
	6172839450617.62, 'large weighed quantities: exact');

-- ----------------------------------------------------------------
-- applied
-- ----------------------------------------------------------------
SELECT is(explained('A 3x80', 'spend 200 save 30 on sku A')::text, '(applied,30.00,,,,)', 'applied: its amount');
SELECT is(explained('A 2x100', 'spend 200 save 10, spend 300 save 30 on sku A')::text, '(applied,10.00,100.00,1,30.00,)', 'applied: and what is missing to the next tier');
SELECT is(explained('A 2x100', 'buy 2 save 5%, buy 5 save 20% on sku A')::text, '(applied,10.00,,3,100.00,)', 'applied: in units');
SELECT is(explained('A 3x100', 'every 200 save 30 on sku A')::text, '(applied,30.00,100.00,1,60.00,)', 'applied: to once more');
SELECT is(explained('A 3x100', 'every 200 save 30 on sku A times 1')::text, '(applied,30.00,,,,)', 'applied: no more than times');
SELECT is(explained('A 1x100, B 1x150', 'spend 200 save 10, spend 300 save 30 on sku A, B')::text, '(applied,10.00,50.00,,30.00,)', 'applied: of several products in money only');
SELECT is(explained('A 1x300', 'spend 300 gift sku B on sku A')::text, '(applied,0.00,,,,)', 'applied: an offer gives no money yet');
SELECT is((SELECT reason FROM promo.explain(cart_of('A 1x300'), 'spend 300 gift sku B on sku A', '2026-01-05')), 'open to the buyer: 1 of B', 'applied: and says what is offered');
SELECT is(explained('A 1x100', 'save 20% shipping', shipping => 12)::text, '(applied,2.40,,,,)', 'applied: on shipping');
SELECT is(status('A 1x100', 'earn 10 points'), 'applied', 'applied: points');
SELECT is((SELECT array_agg(rule) FROM promo.explain(cart_of('A 1x100'), rules('z: save 1 on sku A', 'b: save 2', '5 m: save 3 code X'), '2026-01-05')), '{m,b,z}', 'rows: by priority, then name');

-- ----------------------------------------------------------------
-- not_met
-- ----------------------------------------------------------------
SELECT is(explained('A 1x80', 'spend 200 save 30 on sku A')::text, '(not_met,0.00,120.00,2,30.00,)', 'not_met: 80 apiece, 1 of 3');
SELECT is(explained('A 2x80', 'spend 200 save 30 on sku A')::text, '(not_met,0.00,40.00,1,30.00,)', 'not_met: 2 of 3');
SELECT is(explained('A 1x80', 'spend 200 save 30, spend 300 save 60 on sku A')::text, '(not_met,0.00,120.00,2,30.00,)', 'not_met: to the first tier');
SELECT is(explained('A 1x80, B 1x50', 'spend 200 save 30 on sku A, B')::text, '(not_met,0.00,70.00,,30.00,)', 'not_met: of several products in money only');
SELECT is(explained('A 1x80, A 1x80', 'spend 200 save 30 on sku A')::text, '(not_met,0.00,40.00,1,30.00,)', 'not_met: one product on two lines');
SELECT is(explained('A 2x100', 'buy 5 save 20% on sku A')::text, '(not_met,0.00,,3,100.00,)', 'not_met: units');
SELECT is(explained('A 1.5x100', 'buy 2 save 20% on sku A')::text, '(not_met,0.00,,1,50.00,)', 'not_met: whole units; 1.5 and 1 are 2.5');
SELECT is(explained('A 2x250', 'spend over 500 save 30 on sku A')::text, '(not_met,0.00,0.01,1,30.00,)', 'not_met: a cent is missing');
SELECT is(explained('A 1x100', 'spend 200 save 10%')::text, '(not_met,0.00,100.00,1,20.00,)', 'not_met: of the order, with one product');
SELECT is(explained('A 1x100, B 1x50', 'spend 200 save 10%')::text, '(not_met,0.00,50.00,,20.00,)', 'not_met: of the order');
SELECT is(explained('A 1x100', 'save 20% on sku A; spend 100 save 10', '2')::text, '(not_met,0.00,20.00,1,10.00,)', 'not_met: counting what product rules left');
SELECT is(explained('A 2x100 #s', 'buy 2 get 1 free on tag s')::text, '(not_met,0.00,,1,100.00,)', 'not_met: the reward is missing');
SELECT is(explained('A 1x100', 'spend 150 free shipping', shipping => 12)::text, '(not_met,0.00,50.00,1,12.00,)', 'not_met: of shipping');
SELECT is(status('A 1x100', 'save 10 on sku A when sku X'), 'not_met', 'not_met: when');
SELECT is((SELECT reason FROM promo.explain(cart_of('A 1x100'), 'save 10 on sku A when sku X', '2026-01-05')), 'the cart has no X', 'not_met: which it says');
SELECT is((explained('A 1x100, T 1x30 #t', 'save 10 on sku A when spend 100 on tag t')).needs_amount, 70.00, 'not_met: when spend, with what is missing');
SELECT is((explained('A 1x100, X 1x30', 'save 10 on sku A when buy 3 on sku X')).needs_qty, 2::numeric, 'not_met: when buy, with what is missing');
SELECT is(status('A 1x100', 'buy set total 150 on sku A, B'), 'not_met', 'not_met: an incomplete set');

-- ----------------------------------------------------------------
-- superseded
-- ----------------------------------------------------------------
SELECT is(explained('A 1x100', 'save 10% on sku A; save 20% on sku A')::text, '(superseded,0.00,,,,2)', 'superseded: by a better one');
SELECT is(explained('A 1x100', rules('1 first: save 5% on sku A', 'better: save 50% on sku A'), 'better')::text, '(superseded,0.00,,,,first)', 'superseded: by one of higher priority');
SELECT is(explained('A 1x100', 'save 5; save 7')::text, '(superseded,0.00,,,,2)', 'superseded: in the order stage');
SELECT is(explained('A 1x100', 'save 5 shipping; save 7 shipping', shipping => 10)::text, '(superseded,0.00,,,,2)', 'superseded: in the shipping stage');
SELECT is(explained('A 1x100', 'save 5; save 1 on sku A exclusive')::text, '(superseded,0.00,,,,2)', 'superseded: by an exclusive one');
SELECT is(explained('A 1x100', 'save 5 group g; save 7 on sku A group g')::text, '(superseded,0.00,,,,2)', 'superseded: by one of its group');
SELECT isnt(status('A 1x100', 'save 10% on sku A stop; save 20', '2'), 'applied', 'not applied: behind a stop');
SELECT is(explained('A 1x150, B 1x100', rules('1 b: save 10% on sku B', 'ab: spend 200 save 30 on sku A, B'), 'ab')::text, '(superseded,0.00,,,,b)', 'superseded: a line that it needed was taken');
SELECT is(status('A 1x100', promo.configure('save 1 on sku A; spend 100 save 20', search => 'cart')), 'superseded', 'superseded: left out for the whole cart');
SELECT is((SELECT reason FROM promo.explain(cart_of('A 1x100'), promo.configure('save 1 on sku A; spend 100 save 20', search => 'cart'), '2026-01-05') WHERE rule = '1') ~ 'cheaper without it', true,
	'superseded: which it says');

-- ----------------------------------------------------------------
-- not_now, not_for_buyer, no_code
-- ----------------------------------------------------------------
SELECT is(status('A 1x100', '[{"name":"1","rule":"save 10","during":"[2026-02-01,2026-03-01)"}]'), 'not_now', 'not_now: before its period');
SELECT is((SELECT reason FROM promo.explain(cart_of('A 1x100'), '[{"name":"1","rule":"save 10","during":"[2026-02-01,2026-03-01)"}]', '2026-01-05')),
	'runs in ["2026-02-01 00:00:00+00","2026-03-01 00:00:00+00")', 'not_now: which it says');
SELECT is(status('A 1x100', '[{"name":"1","rule":"save 10","during":"[2025-12-01,2026-01-01)"}]'), 'not_now', 'not_now: after it');
SELECT is(status('A 1x100', 'save 10 days sat, sun'), 'not_now', 'not_now: another day');
SELECT is(status('A 1x100', 'save 10 hours 22:00-02:00'), 'not_now', 'not_now: another hour');
SELECT is(status('A 1x100', 'save 10 days sat, sun', at => '2026-01-04 12:00+00'), 'applied', 'not_now: but now');
SELECT is(status('A 1x100', 'save 10 for gold'), 'not_for_buyer', 'not_for_buyer');
SELECT is((SELECT reason FROM promo.explain(cart_of('A 1x100'), 'save 10 for gold, staff', '2026-01-05')), 'for gold, staff only', 'not_for_buyer: which it says');
SELECT is(status('A 1x100', 'save 10 for gold', buyer => '{gold}'), 'applied', 'not_for_buyer: but for this one');
SELECT is(status('A 1x100', 'save 10 code X'), 'no_code', 'no_code');
SELECT is(status('A 1x100', 'save 10 code X', codes => '{X}'), 'applied', 'no_code: but with it');
SELECT is((SELECT string_agg(reason, '') FROM promo.explain(cart_of('A 1x100'), 'save 10 code SECRET', '2026-01-05')) ~ 'SECRET', false, 'no_code: does not give it away');

-- ----------------------------------------------------------------
-- no_room
-- ----------------------------------------------------------------
SELECT is(explained('A 1x100 floor 100', 'save 20 on sku A')::text, '(no_room,0.00,,,,)', 'no_room: a floor of the line');
SELECT is(explained('A 1x100', 'save 20 on sku A floor 100')::text, '(no_room,0.00,,,,)', 'no_room: a floor of the rule');
SELECT is(explained('A 1x100 cost 95', 'save 20 on sku A margin 10%')::text, '(no_room,0.00,,,,)', 'no_room: a margin');
SELECT is(explained('A 1x100', 'save 20 on sku A margin 10%')::text, '(no_room,0.00,,,,)', 'no_room: a margin without cost');
SELECT is((SELECT reason FROM promo.explain(cart_of('A 1x100'), 'save 20 on sku A margin 10%', '2026-01-05')), 'cost unknown', 'no_room: which it says');
SELECT is(status('A 1x100', 'price 120 each on sku A'), 'no_room', 'no_room: nothing to take off');
SELECT is(status('A 1x100', 'save 100% on sku A; save 10', '2'), 'no_room', 'no_room: nothing left');
SELECT is(status('A 1x100', 'free shipping'), 'no_room', 'no_room: no fee');
SELECT is(status('A 0.5x100', 'save 20% on sku A limit 1'), 'no_room', 'no_room: a limit without a whole unit');

-- ----------------------------------------------------------------
-- Rules that get no row
-- ----------------------------------------------------------------
SELECT is_empty($$ SELECT * FROM promo.explain(cart_of('A 1x100'), 'save 10% on sku Z; save 10% on tag t; save 10% on each sku Y', '2026-01-05') $$, 'no row: rules of products that are not in the cart');
SELECT is_empty($$ SELECT * FROM promo.explain(cart_of('A 1x100'), 'save 10', '2026-01-05', without => '{1}') $$, 'no row: rules left out');
SELECT is_empty($$ SELECT * FROM promo.explain(NULL, 'save 10', '2026-01-05') $$, 'no row: no cart');
SELECT is_empty($$ SELECT * FROM promo.explain(cart_of('A 1x100'), NULL, '2026-01-05') $$, 'no row: no rules');

-- ----------------------------------------------------------------
-- On many carts: explain() agrees with price(), and what it promises comes true
-- ----------------------------------------------------------------
CREATE TEMP TABLE carts AS
	SELECT o, promo.cart_agg(l, 'S' || l % 4, 1 + (o * l) % 4, 1 + (o * l * 37) % 997 / 100.0) AS c
	FROM generate_series(1, 60) o, generate_series(1, 5) l GROUP BY o;
SELECT is_empty($$
	SELECT o FROM carts, (SELECT 'buy 2 get 1 free on sku S0, S1; save 13% on sku S1, S2; spend 20 save 3; save 2 stack; save 1 stack; save 5 code X; every 10 save 1 shipping'::promo.ruleset AS rules) r
	WHERE (SELECT sum(amount) FROM promo.explain(c, rules, '2026-01-05', codes => '{X}', shipping => 6))
		  <> 6 + promo.subtotal(promo.price(c, '[]', '2026-01-05')) - promo.total(promo.price(c, rules, '2026-01-05', codes => '{X}', shipping => 6)) $$,
	'many: amounts of the rules add up to what was saved');
SELECT is_empty($$
	SELECT n FROM generate_series(1, 30) n, (SELECT 'spend 200 save 10, spend 300 save 30, spend 500 save 60 on sku A'::promo.ruleset AS rules) r,
		 LATERAL explained('A ' || n || 'x17', rules) now, LATERAL explained('A ' || n + now.needs_qty || 'x17', rules) later
	WHERE now.needs_qty IS NOT NULL AND (later.status <> 'applied' OR later.amount <> now.next_saving) $$,
	'many: as many units more as it needs bring what it promises');
SELECT is_empty($$
	SELECT n FROM generate_series(1, 30) n, (SELECT 'spend 200 save 10, spend 300 save 30, spend 500 save 60 on sku A'::promo.ruleset AS rules) r,
		 LATERAL explained('A ' || n || 'x17', rules) now, LATERAL explained('A ' || n + now.needs_qty - 1 || 'x17', rules) later
	WHERE now.needs_qty IS NOT NULL AND later.amount <> now.amount $$,
	'many: and one less does not');

SELECT * FROM finish();
ROLLBACK;
