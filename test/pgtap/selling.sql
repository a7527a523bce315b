-- What is sold stays within its limits: budgets, uses, coupons, flash stock.
\set ECHO none
BEGIN;
SELECT plan(126);

INSERT INTO promo.campaign (name, running, budget) VALUES ('spring', '[2026-03-01,2026-06-01)', 100);
INSERT INTO promo.promotion (name, campaign, rule, during, status, budget, uses, uses_per_customer) VALUES
	('week', 'spring', 'save 10 on all', '[2026-03-01,)', 'active', 60, 5, 2),
	('vip', 'spring', 'save 7 on all code VIP', '[2026-03-01,)', 'active', NULL, NULL, NULL),
	('open', NULL, 'save 3 on all code OPEN', '[2026-03-01,)', 'active', NULL, NULL, NULL),
	('fee', NULL, 'free shipping', '[2026-03-01,)', 'active', NULL, 2, NULL),
	('points', NULL, 'every 10 earn 1 points', '[2026-03-01,)', 'active', 0, 0, NULL);

CREATE FUNCTION quoted(rules text, codes text[] DEFAULT '{}', shipping numeric DEFAULT 0, at timestamptz DEFAULT '2026-04-01') RETURNS promo.quote
	LANGUAGE sql AS $$
	SELECT promo.price('[{"line":1,"sku":"A","qty":1,"price":"50"},{"line":2,"sku":"B","qty":1,"price":"50"}]', promo.ruleset_agg(p.name, p.rule), at, codes => codes, shipping => shipping)
	FROM promo.promotion p WHERE p.name = ANY (string_to_array(rules, ',')) AND p.status = 'active'
$$;
CREATE FUNCTION remaining(kind text, name text) RETURNS numeric LANGUAGE sql AS
	'SELECT s.remaining FROM promo.quota_status s WHERE s.kind = $1 AND s.name = $2';
-- slots, customers and flags are what live redemptions and claims say
CREATE FUNCTION is_whole(what text) RETURNS text LANGUAGE sql AS $$
	SELECT is_empty('SELECT kind, name FROM promo.quota q WHERE q.opened AND q.total - promo.quota_used(q.kind, q.name)
			<> (SELECT sum(remaining) FROM promo.quota_slot s WHERE s.kind = q.kind AND s.name = q.name)
		UNION ALL SELECT kind, name || customer FROM promo.quota_use u WHERE u.used <> promo.quota_used(u.kind, u.name, u.customer)
		UNION ALL SELECT ''single'', code FROM promo.coupon c WHERE c.uses = 1 AND c.redeemed <>
			EXISTS (SELECT FROM promo.redemption r WHERE r.coupon = c.code AND r.released_at IS NULL)', what)
$$;

-- ----------------------------------------------------------------
-- redeem
-- ----------------------------------------------------------------
SELECT results_eq($$ SELECT * FROM promo.redeem('1', 'ann', quoted('week')) $$, $$ VALUES ('week', NULL::text, 10.00) $$, 'what a quote gave is accepted');
SELECT results_eq($$ SELECT * FROM promo.redeem('1', 'ann', quoted('week')) $$, $$ VALUES ('week', NULL::text, 10.00) $$, 'the same again is the same');
SELECT is(remaining('promotion budget', 'week'), 50.0000, 'and is taken once: budget');
SELECT is(remaining('promotion uses', 'week'), 4::numeric, 'uses');
SELECT is(remaining('campaign budget', 'spring'), 90.0000, 'budget of the campaign');
SELECT throws_ok($$ SELECT promo.redeem('1', 'bob', quoted('week')) $$, 'PM005', 'order "1" was redeemed before with another customer', 'another customer');
SELECT throws_ok($$ SELECT promo.redeem('1', 'ann', quoted('fee', shipping => 5)) $$, 'PM005', 'order "1" was redeemed before with other discounts', 'other discounts');
SELECT throws_ok($$ SELECT promo.redeem('1', 'ann', quoted('points')) $$, 'PM005', NULL, 'no discounts');
SELECT is_empty($$ SELECT * FROM promo.redeem('2', 'ann', quoted('points')) $$, 'a rule that gave no money takes nothing');
SELECT results_eq($$ SELECT * FROM promo.redeem('3', 'ann', quoted('fee,week', shipping => 5)) $$,
	$$ VALUES ('fee', NULL::text, 5.00), ('week', NULL, 10.00) $$, 'shipping counts; rows come by rule');
SELECT throws_ok($$ SELECT promo.redeem('4', 'ann', quoted('week')) $$, 'PM003', 'customer "ann" has reached the limit of promotion "week"', 'the limit of a customer');
SELECT lives_ok($$ SELECT promo.redeem('4', 'bob', quoted('week')) $$, 'which is each customer''s own');
SELECT lives_ok($$ SELECT promo.redeem('5', 'bob', quoted('fee', shipping => 5)) $$, 'the last use');
SELECT throws_ok($$ SELECT promo.redeem('6', 'eve', quoted('fee,week', shipping => 5)) $$, 'PM002', 'the uses of promotion "fee" are used up', 'uses are used up');
SELECT is(remaining('promotion budget', 'week'), 30.0000, 'and an error takes nothing of the others');
SELECT is_whole('after orders and errors');
SELECT throws_ok($$ SELECT promo.redeem('7', 'ann', promo.price('[{"line":1,"sku":"A","qty":1,"price":"50"}]', '[{"name":"week","rule":"save 10 on all"}]', '2026-02-01')) $$, 'PM006', NULL,
	'a rule that is no promotion at the quote''s instant');
SELECT throws_ok($$ SELECT promo.redeem(NULL, 'ann', quoted('week')) $$, '22004', NULL, 'no order');
SELECT throws_ok($$ SELECT promo.redeem('7', NULL, quoted('week')) $$, '22004', NULL, 'no customer');
SELECT throws_ok($$ SELECT promo.redeem('7', 'ann', NULL) $$, '22004', NULL, 'no quote');

-- ----------------------------------------------------------------
-- budgets, whose slots are smaller than what is asked for
-- ----------------------------------------------------------------
UPDATE promo.promotion SET budget = 45, uses = NULL, uses_per_customer = NULL WHERE name = 'week';
SELECT is(remaining('promotion budget', 'week'), 15.0000, 'a lower budget counts what was used');
SELECT lives_ok($$ SELECT promo.redeem('8', 'ann', quoted('week')) $$, 'enough is left in all slots together');
SELECT throws_ok($$ SELECT promo.redeem('9', 'ann', quoted('week')) $$, 'PM001', 'too little is left of the budget of promotion "week"', 'then not enough');
UPDATE promo.promotion SET budget = 30 WHERE name = 'week';
SELECT is(remaining('promotion budget', 'week'), -10.0000, 'a limit below what is used');
SELECT is(promo.release('8'), 1, 'given back');
SELECT throws_ok($$ SELECT promo.redeem('9', 'ann', quoted('week')) $$, 'PM001', NULL, 'it fills what was lacking first');
UPDATE promo.promotion SET budget = NULL WHERE name = 'week';
SELECT lives_ok($$ SELECT promo.redeem('9', 'ann', quoted('week')) $$, 'no limit');
UPDATE promo.promotion SET budget = 55 WHERE name = 'week';
SELECT is(remaining('promotion budget', 'week'), 15.0000, 'a new limit counts what was used without one');
SELECT lives_ok($$ UPDATE promo.campaign SET budget = 50 WHERE name = 'spring' $$, 'the campaign''s');
SELECT throws_ok($$ SELECT promo.redeem('10', 'ann', quoted('week,vip', '{VIP}')) $$, 'PM001', 'too little is left of the budget of campaign "spring" for promotion "vip"', 'asked for by all its promotions together');
UPDATE promo.campaign SET name = 'may' WHERE name = 'spring';
SELECT is(remaining('campaign budget', 'may'), 10.0000, 'a renamed campaign keeps what is left');
SELECT throws_ok($$ SELECT promo.redeem('10', 'ann', quoted('week,vip', '{VIP}')) $$, 'PM001', NULL, 'and its limit');
SELECT is_whole('after changed limits');

-- a replaced promotion goes on counting
UPDATE promo.promotion SET priority = 5 WHERE name = 'week' AND status = 'active';
SELECT is(remaining('promotion budget', 'week'), 15.0000, 'a promotion that replaces another has what is left of it');

-- ----------------------------------------------------------------
-- release
-- ----------------------------------------------------------------
SELECT is(promo.release('3'), 2, 'number of redemptions');
SELECT is(promo.release('3'), 0, 'again: none');
SELECT is(promo.release('no such order'), 0, 'unknown order');
SELECT is(promo.release(NULL), NULL, 'NULL');
SELECT lives_ok($$ SELECT promo.redeem('3', 'eve', quoted('fee', shipping => 5)) $$, 'a released order is redeemed anew, as another');
SELECT is_whole('after release');

-- ----------------------------------------------------------------
-- coupons
-- ----------------------------------------------------------------
UPDATE promo.campaign SET budget = NULL;
SELECT matches(c, '^([0-9A-HJKMNP-TV-Z]{4}-){3}[0-9A-HJKMNP-TV-Z]{4}$', 'codes read well') FROM promo.issue_coupons('VIP', 1) c;
SELECT is((SELECT count(DISTINCT c) FROM promo.issue_coupons('VIP', 1000, batch => 'mail') c), 1000::bigint, 'many codes differ');
SELECT is((SELECT count(*) FROM promo.issue_coupons('VIP', NULL, '{ann,bob}', '[2026-04-01,2026-05-01)', 'two')), 2::bigint, 'one for each customer');
SELECT results_eq($$ SELECT customer, opens, during, uses, redeemed FROM promo.coupon WHERE batch = 'two' ORDER BY 1 $$,
	$$ VALUES ('ann', 'VIP', '[2026-04-01,2026-05-01)'::tstzrange, 1::bigint, false), ('bob', 'VIP', '[2026-04-01,2026-05-01)', 1, false) $$, 'with their period and batch');
SELECT count(*) FROM promo.issue_coupons('VIP', 2, '[0:1]={cleo,dan}', batch => 'from 0');
SELECT is((SELECT array_agg(customer ORDER BY customer) FROM promo.coupon WHERE batch = 'from 0'), '{cleo,dan}', 'wherever their array begins');
SELECT throws_ok($$ SELECT promo.issue_coupons('VIP', NULL) $$, '22004', NULL, 'no number');
SELECT throws_ok($$ SELECT promo.issue_coupons('VIP', -1) $$, '22023', NULL, 'negative number');
SELECT throws_ok($$ SELECT promo.issue_coupons('VIP', 3, '{ann}') $$, '22023', NULL, 'number of the customers');
SELECT throws_ok($$ SELECT promo.issue_coupons('VIP', NULL, '{ann,NULL}') $$, '22004', NULL, 'a customer is NULL');
SELECT is_empty($$ SELECT promo.issue_coupons('VIP', 0) $$, 'none');

INSERT INTO promo.coupon (code, opens, customer, during, uses, uses_per_customer) VALUES
	('0123-4567-89AB-CDEF', 'VIP', NULL, NULL, 1, NULL), ('ANNS', 'VIP', 'ann', NULL, 1, NULL),
	('MAY', 'VIP', NULL, '[2026-05-01,2026-06-01)', 1, NULL), ('SHARED', 'VIP', NULL, NULL, 3, 1), ('ALL', 'VIP', NULL, NULL, NULL, NULL);
SELECT is(promo.coupon_codes('{0123-4567-89AB-CDEF}', 'ann', '2026-04-01'), '{VIP}', 'a coupon gives what it opens');
SELECT is(promo.coupon_codes('{"o1234567 89ab cdef"}', 'ann', '2026-04-01'), '{VIP}', 'as typed by hand');
SELECT is(promo.coupon_codes('{"OL23-4567-89AB-CDEF"}', 'ann', '2026-04-01'), '{VIP}', 'letters that look like digits');
SELECT is(promo.coupon_codes('{VIP}', 'ann', '2026-04-01'), '{}', 'what coupons open does not open itself');
SELECT is(promo.coupon_codes('{OPEN,Other}', 'ann', '2026-04-01'), '{OPEN,Other}', 'what no coupon opens does, as it is');
SELECT is(promo.coupon_codes('{ANNS}', 'bob', '2026-04-01'), '{}', 'a coupon of another');
SELECT is(promo.coupon_codes('{ANNS}', NULL, '2026-04-01'), '{}', 'of somebody, for nobody in particular');
SELECT is(promo.coupon_codes('{ANNS,SHARED}', 'ann', '2026-04-01'), '{VIP}', 'each code once');
SELECT is(promo.coupon_codes('{MAY}', 'ann', '2026-04-30 23:59:59+00'), '{}', 'before its period');
SELECT is(promo.coupon_codes('{MAY}', 'ann', '2026-05-01 00:00:00+00'), '{VIP}', 'within');
SELECT is(promo.coupon_codes(NULL, 'ann'), '{}', 'nothing presented');

SELECT throws_ok($$ SELECT promo.redeem('20', 'ann', quoted('vip', '{VIP}')) $$, 'PM004', 'promotion "vip" needs a coupon', 'a coupon is missing');
SELECT lives_ok($$ SELECT promo.redeem('20', 'ann', quoted('open', '{OPEN}')) $$, 'a code that no coupon opens needs none');
SELECT throws_ok($$ SELECT promo.redeem('21', 'ann', quoted('vip', '{VIP}'), '{NONE}') $$, 'PM004', NULL, 'unknown');
SELECT throws_ok($$ SELECT promo.redeem('21', 'bob', quoted('vip', '{VIP}'), '{ANNS}') $$, 'PM004', NULL, 'of another');
SELECT throws_ok($$ SELECT promo.redeem('21', 'bob', quoted('vip', '{VIP}'), '{MAY}') $$, 'PM004', NULL, 'at another time');
SELECT results_eq($$ SELECT * FROM promo.redeem('21', 'ann', quoted('vip', '{VIP}'), '{MAY,anns,SHARED}') $$, $$ VALUES ('vip', 'ANNS', 7.00) $$, 'the first that is live');
SELECT throws_ok($$ SELECT promo.redeem('22', 'ann', quoted('vip', '{VIP}'), '{ANNS}') $$, 'PM004', NULL, 'used');
SELECT is(promo.coupon_codes('{ANNS}', 'ann', '2026-04-01'), '{}', 'and opens no more');
SELECT results_eq($$ SELECT * FROM promo.redeem('22', 'ann', quoted('vip', '{VIP,SHARED}')) $$, $$ VALUES ('vip', 'SHARED', 7.00) $$, 'one of the quote''s own codes');
SELECT throws_ok($$ SELECT promo.redeem('23', 'ann', quoted('vip', '{VIP}'), '{SHARED}') $$, 'PM003', NULL, 'once for each customer');
SELECT lives_ok($$ SELECT promo.redeem('23', 'bob', quoted('vip', '{VIP}'), '{SHARED}') $$, 'a second');
SELECT lives_ok($$ SELECT promo.redeem('24', 'eve', quoted('vip', '{VIP}'), '{SHARED}') $$, 'a third');
SELECT throws_ok($$ SELECT promo.redeem('25', 'joe', quoted('vip', '{VIP}'), '{SHARED}') $$, 'PM004', NULL, 'and no more');
SELECT is(promo.coupon_codes('{SHARED}', 'joe', '2026-04-01'), '{}', 'used up');
SELECT results_eq($$ SELECT * FROM promo.redeem('25', 'joe', quoted('vip', '{VIP}'), '{SHARED,ALL}') $$, $$ VALUES ('vip', 'ALL', 7.00) $$, 'without limit');
SELECT lives_ok($$ SELECT promo.redeem('26', 'ann', quoted('week', '{VIP}'), '{0123-4567-89AB-CDEF}') $$, 'a coupon that opens nothing in the quote');
SELECT is((SELECT redeemed FROM promo.coupon WHERE code = '0123-4567-89AB-CDEF'), false, 'is not used up');
SELECT is_whole('after coupons');
SELECT is(promo.release('21'), 1, 'a single-use coupon is given back');
SELECT lives_ok($$ SELECT promo.redeem('27', 'ann', quoted('vip', '{VIP}'), '{ANNS}') $$, 'and used again');
SELECT is(promo.release('22') + promo.release('24'), 2, 'shared ones too');
SELECT is(promo.coupon_codes('{SHARED}', 'joe', '2026-04-01'), '{VIP}', 'and open again');
UPDATE promo.coupon SET uses = 1 WHERE code = 'ALL';
SELECT is((SELECT redeemed FROM promo.coupon WHERE code = 'ALL'), true, 'what becomes single-use is used if it was');
UPDATE promo.coupon SET uses = 2 WHERE code = 'ALL';
SELECT is(remaining('coupon', 'ALL'), 1::numeric, 'and back');
SELECT is_whole('after changed coupons');

-- ----------------------------------------------------------------
-- flash stock
-- ----------------------------------------------------------------
INSERT INTO promo.flash_stock (sku, units, per_customer) VALUES ('TV', 20, 3);
INSERT INTO promo.flash_stock (sku, units, during) VALUES ('PC', 5, '[2020-01-01,2020-02-01)');
SELECT is(promo.claim('1', 'ann', 'TV', 2), true, 'claimed');
SELECT is(promo.claim('1', 'ann', 'TV', 2), true, 'the same again');
SELECT is(remaining('stock', 'TV'), 18::numeric, 'is claimed once');
SELECT throws_ok($$ SELECT promo.claim('1', 'ann', 'TV', 1) $$, 'PM005', NULL, 'another number');
SELECT throws_ok($$ SELECT promo.claim('1', 'bob', 'TV', 2) $$, 'PM005', NULL, 'another customer');
SELECT is(promo.claim('2', 'ann', 'TV', 2), false, 'more than one customer may have');
SELECT is(promo.claim('2', 'ann', 'TV', 1), true, 'as many as that');
SELECT is(promo.claim('o' || i, 'c' || i, 'TV', 3), true, 'more than any slot has') FROM generate_series(1, 5) i;
SELECT is(promo.claim('6', 'eve', 'TV', 3), false, 'fewer are left');
SELECT is(promo.claim('6', 'eve', 'TV', 2), true, 'the last');
SELECT is(promo.claim('7', 'joe', 'TV', 1), false, 'sold out');
SELECT is_whole('after claims');
SELECT is(promo.unclaim('o1'), 3, 'units given back');
SELECT is(promo.unclaim('o1'), 0, 'again: none');
SELECT is(promo.unclaim(NULL), NULL, 'NULL');
SELECT is(promo.claim('7', 'joe', 'TV', 3), true, 'and claimed by another');
UPDATE promo.flash_stock SET units = 18 WHERE sku = 'TV';
SELECT is(promo.unclaim('2') + promo.unclaim('1'), 3, 'more than lacks');
SELECT is(promo.claim('8', 'ann', 'TV', 2), false, 'of which what was taken away is not there');
SELECT is(promo.claim('8', 'ann', 'TV', 1), true, 'the rest is');
UPDATE promo.flash_stock SET per_customer = NULL, units = 100 WHERE sku = 'TV';
SELECT is(promo.claim('9', 'ann', 'TV', 50), true, 'without a limit for each');
SELECT throws_ok($$ SELECT promo.claim('9', 'ann', 'PC', 1) $$, 'P0002', 'no flash stock of "PC" is open', 'its period is over');
SELECT throws_ok($$ SELECT promo.claim('9', 'ann', 'no such product', 1) $$, 'P0002', NULL, 'no such product');
SELECT throws_ok($$ SELECT promo.claim('9', 'ann', 'TV', 0) $$, '22023', NULL, 'no units');
SELECT throws_ok($$ SELECT promo.claim('9', NULL, 'TV', 1) $$, '22004', NULL, 'no customer');
SELECT is_whole('after changed stock');

-- ----------------------------------------------------------------
-- after a restore: nothing derived is there
-- ----------------------------------------------------------------
DELETE FROM promo.quota_slot; DELETE FROM promo.quota_use; DELETE FROM promo.quota_low;
UPDATE promo.quota SET opened = false;
SELECT is(promo.claim('10', 'ann', 'TV', 33), false, 'the first claim counts what there was');
SELECT is(promo.claim('10', 'ann', 'TV', 32), true, 'up to the last');
SELECT is(promo.unclaim('9'), 50, 'of before');
SELECT throws_ok($$ SELECT promo.redeem('31', 'bob', quoted('vip', '{VIP}'), '{SHARED}') $$, 'PM003', NULL, 'and so do the customer''s own');
SELECT is(promo.release('23'), 1, 'give back first');
SELECT lives_ok($$ SELECT promo.redeem('31', 'bob', quoted('vip', '{VIP}'), '{SHARED}') $$, 'then take');
SELECT cmp_ok(promo.open_quotas(), '>', 0, 'the rest is laid out');
SELECT is(promo.open_quotas(), 0, 'once');
SELECT is_whole('after a restore');

SELECT lives_ok('TRUNCATE promo.claim, promo.flash_stock', 'no stock');
SELECT is_empty($$ SELECT * FROM promo.quota WHERE kind = 'stock' UNION ALL SELECT kind, name, slot, 0, false FROM promo.quota_slot WHERE kind = 'stock' $$, 'no quota');

SELECT * FROM finish();
ROLLBACK;
