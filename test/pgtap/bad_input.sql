-- What is no cart, rule, ruleset, quote or argument is an error that names it: never a guess, never a partial result.
\set ECHO none
BEGIN;
\ir shorthand.psql
SELECT plan(168);

CREATE FUNCTION detail_of(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	detail text;
BEGIN
	EXECUTE statement;
	RETURN NULL;
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL;
	RETURN detail;
END $$;

CREATE FUNCTION hint_of(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	hint text;
BEGIN
	EXECUTE statement;
	RETURN NULL;
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS hint = PG_EXCEPTION_HINT;
	RETURN hint;
END $$;

-- ----------------------------------------------------------------
-- cart_agg
-- ----------------------------------------------------------------
SELECT throws_ok($$ SELECT promo.cart_agg(NULL, 'A', 1, 1) $$, '22004', 'line is null', 'cart_agg: NULL line');
SELECT throws_ok($$ SELECT promo.cart_agg(7, NULL, 1, 1) $$, '22004', 'SKU of line 7 is null', 'cart_agg: NULL SKU');
SELECT throws_ok($$ SELECT promo.cart_agg(7, 'A', NULL, 1) $$, '22004', 'quantity of line 7 is null', 'cart_agg: NULL quantity');
SELECT throws_ok($$ SELECT promo.cart_agg(7, 'A', 1, NULL) $$, '22004', 'price of line 7 is null', 'cart_agg: NULL price');
SELECT throws_ok($$ SELECT promo.cart_agg(7, 'A', 1, 1, '{x,NULL}') $$, '22004', 'tag 2 of line 7 is null', 'cart_agg: NULL among tags');
SELECT throws_ok($$ SELECT promo.cart_agg(i, 'A', 1, nullif(i, 900)) FROM generate_series(1, 1000) i $$, '22004', 'price of line 900 is null', 'cart_agg: one NULL among many');
SELECT throws_ok($$ SELECT promo.cart_agg(7, 'A', -1, 1) $$, '22003', 'quantity of line 7 is negative', 'cart_agg: negative quantity');
SELECT throws_ok($$ SELECT promo.cart_agg(7, 'A', 1, -0.01) $$, '22003', 'price of line 7 is negative', 'cart_agg: negative price');
SELECT throws_ok($$ SELECT promo.cart_agg(7, 'A', 1, 1, NULL, -1) $$, '22003', 'cost of line 7 is negative', 'cart_agg: negative cost');
SELECT throws_ok($$ SELECT promo.cart_agg(7, 'A', 1, 1, NULL, -0.0001) $$, '22003', 'cost of line 7 is negative', 'cart_agg: a cost that looks like none');
SELECT throws_ok($$ SELECT promo.cart_agg(7, 'A', 1, 1, NULL, NULL, -1) $$, '22003', 'floor of line 7 is negative', 'cart_agg: negative floor');
SELECT throws_ok($$ SELECT promo.cart_agg(7, 'A', 'NaN', 1) $$, '22003', 'quantity of line 7 is NaN', 'cart_agg: NaN quantity');
SELECT throws_ok($$ SELECT promo.cart_agg(7, 'A', 1, 'NaN') $$, '22003', 'price of line 7 is NaN', 'cart_agg: NaN price');
SELECT throws_ok($$ SELECT promo.cart_agg(7, 'A', 'Infinity', 1) $$, '22003', 'quantity of line 7 is infinite', 'cart_agg: infinite quantity');
SELECT throws_ok($$ SELECT promo.cart_agg(7, 'A', 1, '-Infinity') $$, '22003', 'price of line 7 is infinite', 'cart_agg: infinite price');
SELECT throws_ok($$ SELECT promo.cart_agg(7, 'A', 1, 0.00001) $$, '22003', 'price of line 7 has more than 4 decimals', 'cart_agg: 5 decimals in a price');
SELECT throws_ok($$ SELECT promo.cart_agg(7, 'A', 0.0001, 1) $$, '22003', 'quantity of line 7 has more than 3 decimals', 'cart_agg: 4 decimals in a quantity');
SELECT lives_ok($$ SELECT promo.cart_agg(7, 'A', 0.1230, 0.123400) $$, 'cart_agg: zeros behind them are none');
SELECT throws_ok($$ SELECT promo.cart_agg(7, 'A', 1, 900000000000000.0001) $$, '22003', 'price of line 7 is out of range', 'cart_agg: a price beyond the money range');
SELECT throws_ok($$ SELECT promo.cart_agg(7, 'A', 1e300, 1) $$, '22003', 'quantity of line 7 is out of range', 'cart_agg: an endless quantity');
SELECT throws_ok($$ SELECT promo.cart_agg(7, 'A', 1000, 900000000000000) $$, '22003', 'subtotal of the cart is out of range', 'cart_agg: an amount beyond the money range');
SELECT throws_ok($$ SELECT promo.cart_agg(i, 'A', 1, 900000000000000) FROM generate_series(1, 2) i $$, '22003', 'subtotal of the cart is out of range', 'cart_agg: a sum beyond the money range');
SELECT lives_ok($$ SELECT promo.price(promo.cart_agg(1, 'A', 1, 900000000000000), '[]', '2026-01-05') $$, 'cart_agg: the range itself is fine');
SELECT throws_ok($$ SELECT promo.cart_agg(i % 5, 'A', 1, 1) FROM generate_series(1, 6) i $$, '22023', 'line 1 is in the cart twice', 'cart_agg: a duplicate line');
SELECT throws_ok($$ SELECT promo.cart_agg(i, 'A', 1, 1) FROM generate_series(1, 10001) i $$, '54000', 'cart has more than 10000 lines', 'cart_agg: beyond 10,000 lines');
SELECT lives_ok($$ SELECT promo.cart_agg(i, 'A', 1, 1) FROM generate_series(1, 10000) i $$, 'cart_agg: 10,000 lines are fine');
SELECT throws_ok($$ SELECT promo.cart_agg(7, '', 1, 1) $$, '22023', 'SKU of line 7 is empty', 'cart_agg: an empty SKU');
SELECT throws_ok($$ SELECT promo.cart_agg(7, repeat('x', 1001), 1, 1) $$, '54000', 'SKU of line 7 is longer than 1000 bytes', 'cart_agg: an endless SKU');

-- ----------------------------------------------------------------
-- cart, as JSON
-- ----------------------------------------------------------------
SELECT throws_ok($$ SELECT '{}'::promo.cart $$, '22P02', 'invalid input syntax for type promo.cart', 'cart: no array');
SELECT throws_ok($$ SELECT '[{"line":1,"sku":"A","qty":1,"price":1}'::promo.cart $$, '22P02', 'invalid input syntax for type promo.cart', 'cart: broken JSON');
SELECT throws_ok($$ SELECT ''::promo.cart $$, '22P02', 'invalid input syntax for type promo.cart', 'cart: nothing');
SELECT throws_ok($$ SELECT '[{"line":1,"sku":"A","qty":1,"price":1,"colour":"red"}]'::promo.cart $$, '22P02', 'invalid input syntax for type promo.cart', 'cart: an unknown key');
SELECT is(detail_of($$ SELECT '[{"line":1,"sku":"A","qty":1,"price":1,"colour":"red"}]'::promo.cart $$),
	'Key "colour" is unknown; accepted are line, sku, qty, price, tags, cost, floor.', 'cart: detail of an unknown key');
SELECT is(detail_of($$ SELECT '[{"line":1,"sku":"A","qty":1,"price":1,"qty":2}]'::promo.cart $$), 'Key "qty" is given twice.', 'cart: detail of a repeated key');
SELECT throws_ok($$ SELECT '[{"sku":"A","qty":1,"price":1}]'::promo.cart $$, '22004', 'line number of element 1 is missing', 'cart: no line');
SELECT throws_ok($$ SELECT '[{"line":7,"qty":1,"price":1}]'::promo.cart $$, '22004', 'SKU of line 7 is missing', 'cart: no SKU');
SELECT throws_ok($$ SELECT '[{"line":7,"sku":"A","price":1}]'::promo.cart $$, '22004', 'quantity of line 7 is missing', 'cart: no quantity');
SELECT throws_ok($$ SELECT '[{"line":7,"sku":"A","qty":1}]'::promo.cart $$, '22004', 'price of line 7 is missing', 'cart: no price');
SELECT throws_ok($$ SELECT '[{"line":7,"sku":"A","qty":-1,"price":1}]'::promo.cart $$, '22003', 'quantity of line 7 is negative', 'cart: negative quantity');
SELECT throws_ok($$ SELECT '[{"line":7,"sku":"A","qty":1,"price":"NaN"}]'::promo.cart $$, '22003', 'price of line 7 is NaN', 'cart: NaN');
SELECT throws_ok($$ SELECT '[{"line":7,"sku":"A","qty":1,"price":"-Infinity"}]'::promo.cart $$, '22003', 'price of line 7 is infinite', 'cart: infinity');
SELECT throws_ok($$ SELECT '[{"line":7,"sku":"A","qty":1,"price":"1.00001"}]'::promo.cart $$, '22003', 'price of line 7 has more than 4 decimals: "1.00001"', 'cart: 5 decimals in a price');
SELECT throws_ok($$ SELECT '[{"line":7,"sku":"A","qty":1e-4,"price":1}]'::promo.cart $$, '22003', 'quantity of line 7 has more than 3 decimals: "1e-4"', 'cart: 4 decimals in a quantity');
SELECT throws_ok($$ SELECT '[{"line":7,"sku":"A","qty":1,"price":1e300}]'::promo.cart $$, '22003', 'price of line 7 is out of range: "1e300"', 'cart: beyond the money range');
SELECT throws_ok($$ SELECT '[{"line":7,"sku":"A","qty":1,"price":1},{"line":7,"sku":"B","qty":1,"price":1}]'::promo.cart $$, '22023', 'line 7 is in the cart twice', 'cart: a duplicate line');
SELECT throws_ok($$ SELECT json_agg(json_build_object('line', i, 'sku', 'A', 'qty', 1, 'price', 1))::promo.cart FROM generate_series(1, 10001) i $$,
	'54000', 'cart has more than 10000 lines', 'cart: beyond 10,000 lines');

-- ----------------------------------------------------------------
-- rule: what is no rule says where, and what was expected there
-- ----------------------------------------------------------------
SELECT throws_ok($$ SELECT 'save 20% sku A'::promo.rule $$, '22P02', 'invalid input syntax for type promo.rule: "save 20% sku A"', 'rule: syntax');
SELECT is(detail_of($$ SELECT 'save 20% sku A'::promo.rule $$), 'At position 10 ("sku"): expected "shipping", "on", a comma, a clause or the end.', 'rule: position and what was expected');
SELECT is(detail_of($$ SELECT 'save 20% on sku'::promo.rule $$), 'At position 16 (end of text): expected a SKU.', 'rule: the end of the text');
SELECT is(detail_of($$ SELECT '满 200'::promo.rule $$) ~ '^At position 1 \("满"\): expected "save", "price"', true, 'rule: positions count characters');
SELECT is(detail_of($$ SELECT 'save 20% on sku 鞋 sku'::promo.rule $$) ~ '^At position 19 \("sku"\)', true, 'rule: also beyond ASCII');
SELECT is(hint_of($$ SELECT 'sav 20%'::promo.rule $$), 'Perhaps "save" is meant.', 'rule: a hint');
SELECT throws_ok($$ SELECT ''::promo.rule $$, '22P02', 'invalid input syntax for type promo.rule: ""', 'rule: nothing');
SELECT throws_ok($$ SELECT 'save 1; save 2'::promo.rule $$, '22P02', NULL, 'rule: two rules');
SELECT is(hint_of($$ SELECT 'save 1; save 2'::promo.rule $$), 'Several rules separated by ";" make a promo.ruleset.', 'rule: which are a ruleset');
SELECT throws_ok($$ SELECT 'spend 300 save 30, spend 200 save 10'::promo.rule $$, '22P02', 'the conditions of a rule must ascend from tier to tier', 'rule: tiers ascend');
SELECT throws_ok($$ SELECT 'spend 200 save 30, spend 200 save 10'::promo.rule $$, '22P02', 'the conditions of a rule must ascend from tier to tier', 'rule: strictly');
SELECT lives_ok($$ SELECT 'spend 200 save 10, spend over 200 save 30'::promo.rule $$, 'rule: over 200 is above 200');
SELECT throws_ok($$ SELECT 'save 5, save 10'::promo.rule $$, '22P02', 'only the first tier of a rule may have no condition', 'rule: one tier without condition');
SELECT throws_ok($$ SELECT 'spend 100 save 5, buy 3 save 10 on sku A'::promo.rule $$, '22P02', NULL, 'rule: tiers of money and of units');
SELECT throws_ok($$ SELECT 'spend 100 save 5, spend 200 free shipping'::promo.rule $$, '22P02', NULL, 'rule: tiers on goods and on shipping');
SELECT throws_ok($$ SELECT 'buy set save 5 on tag t'::promo.rule $$, '22P02', NULL, 'rule: a set that is not of SKUs');
SELECT throws_ok($$ SELECT 'save 5 stack stack'::promo.rule $$, '22P02', NULL, 'rule: a clause twice');
SELECT throws_ok($$ SELECT 'save 5 limit 1 dearest cheapest'::promo.rule $$, '22P02', '"dearest" and "cheapest" exclude each other', 'rule: dearest and cheapest');
SELECT throws_ok($$ SELECT 'save 101% on sku A'::promo.rule $$, '22003', 'percentage is out of range: "101"', 'rule: more than all');
SELECT throws_ok($$ SELECT 'save 5 margin 100%'::promo.rule $$, '22003', NULL, 'rule: a margin of 100%');
SELECT throws_ok($$ SELECT 'save 1.00001'::promo.rule $$, '22003', 'amount has more than 4 decimals: "1.00001"', 'rule: 5 decimals');
SELECT throws_ok($$ SELECT 'save 1000000000000000'::promo.rule $$, '22003', NULL, 'rule: beyond the money range');
SELECT throws_ok($$ SELECT 'save -1'::promo.rule $$, '22003', 'amount is out of range: "-1"', 'rule: a negative amount');
SELECT throws_ok($$ SELECT 'buy 1.5 save 1'::promo.rule $$, '22003', 'number of units is not whole: "1.5"', 'rule: half a unit');
SELECT throws_ok($$ SELECT 'buy 0 save 1'::promo.rule $$, '22003', NULL, 'rule: no unit');
SELECT throws_ok($$ SELECT 'every 0 save 1'::promo.rule $$, '22003', NULL, 'rule: for each nothing');
SELECT throws_ok($$ SELECT 'save 1 hours 9:00-9:00'::promo.rule $$, '22P02', 'hours must not end when they begin', 'rule: no hour');
SELECT throws_ok($$ SELECT 'save 1 hours 25:00-26:00'::promo.rule $$, '22P02', NULL, 'rule: hours that are none');
SELECT throws_ok($$ SELECT 'save 1 days someday'::promo.rule $$, '22P02', NULL, 'rule: days that are none');
SELECT throws_ok($$ SELECT ('save 1 on sku ' || repeat('x', 1001))::promo.rule $$, '54000', 'a word in a rule is longer than 1000 bytes', 'rule: an endless word');
SELECT throws_ok($$ SELECT '{"tiers":[{"save":"20"}],"colour":"red"}'::jsonb::promo.rule $$, '22P02', NULL, 'rule as JSON: an unknown key');
SELECT is(detail_of($$ SELECT '{"tiers":[{"save":"20","colour":"red"}]}'::json::promo.rule $$) ~ '"colour" is unknown', true, 'rule as JSON: detail of an unknown key');
SELECT throws_ok($$ SELECT '{"on":{"sku":["A"]}}'::jsonb::promo.rule $$, '22P02', NULL, 'rule as JSON: no tiers');
SELECT throws_ok($$ SELECT promo.describe('save 1', 'fr') $$, '22023', 'unknown language: "fr"', 'describe: an unknown language');
SELECT is(hint_of($$ SELECT promo.describe('save 1', 'fr') $$), 'Languages are en and zh.', 'describe: which there are');

-- ----------------------------------------------------------------
-- ruleset
-- ----------------------------------------------------------------
SELECT throws_ok($$ SELECT 'save 1; sav 2'::promo.ruleset $$, '22P02', NULL, 'ruleset: syntax of a bare rule');
SELECT throws_ok($$ SELECT '[{"name":"p","rule":"sav 2"}]'::promo.ruleset $$, '22P02', 'rule "p": invalid input syntax for type promo.rule: "sav 2"', 'ruleset: syntax of a named rule');
SELECT is(detail_of($$ SELECT '[{"name":"p","rule":"save 20% sku A"}]'::promo.ruleset $$), 'At position 10 ("sku"): expected "shipping", "on", a comma, a clause or the end.', 'ruleset: position in the rule');
SELECT throws_ok($$ SELECT '[{"name":"p","rule":"save 1"},{"name":"p","rule":"save 2"}]'::promo.ruleset $$, '22023', 'rule name "p" is used twice', 'ruleset: a duplicate name');
SELECT throws_ok($$ SELECT '[{"rule":"save 1"}]'::promo.ruleset $$, '22004', 'name of rule 1 is missing', 'ruleset: no name');
SELECT throws_ok($$ SELECT '[{"name":"p"}]'::promo.ruleset $$, '22004', 'rule "p" is missing', 'ruleset: no rule');
SELECT throws_ok($$ SELECT '[{"name":"p","rule":"save 1","colour":"red"}]'::promo.ruleset $$, '22P02', 'invalid input syntax for type promo.ruleset', 'ruleset: an unknown key');
SELECT throws_ok($$ SELECT '[{"name":"p","rule":"save 1","priority":3000000000}]'::promo.ruleset $$, '22003', NULL, 'ruleset: priority out of range');
SELECT throws_ok($$ SELECT '[{"name":"p","rule":"save 1","during":"soon"}]'::promo.ruleset $$, '22P02', NULL, 'ruleset: no period');
SELECT throws_ok($$ SELECT '[{"name":"p","rule":"save 1","during":"[2026-02-01,2026-01-01)"}]'::promo.ruleset $$, '22023', NULL, 'ruleset: a period that ends before it begins');
SELECT throws_ok($$ SELECT '{"unit":"0.01"}'::promo.ruleset $$, '22P02', 'invalid input syntax for type promo.ruleset', 'ruleset: settings alone');
SELECT throws_ok($$ SELECT repeat('save 1;', 100001)::promo.ruleset $$, '54000', NULL, 'ruleset: beyond 100,000 rules');
SELECT throws_ok($$ SELECT promo.ruleset_agg('a', 'save 1'::promo.rule) FROM generate_series(1, 2) $$, '22023', 'rule name "a" is used twice', 'ruleset_agg: a duplicate name');
SELECT throws_ok($$ SELECT promo.ruleset_agg(NULL, 'save 1'::promo.rule) $$, '22004', 'name of a rule is null', 'ruleset_agg: NULL name');
SELECT throws_ok($$ SELECT promo.ruleset_agg('a', NULL) $$, '22004', 'rule "a" is null', 'ruleset_agg: NULL rule');
SELECT throws_ok($$ SELECT promo.ruleset_agg('', 'save 1'::promo.rule) $$, '22023', 'name of a rule is empty', 'ruleset_agg: an empty name');
SELECT throws_ok($$ SELECT promo.ruleset_agg('r' || i, 'save 1'::promo.rule) FROM generate_series(1, 100001) i $$, '54000', 'ruleset has more than 100000 rules', 'ruleset_agg: beyond 100,000 rules');
SELECT lives_ok($$ SELECT promo.ruleset_agg('r' || i, 'save 1'::promo.rule) FROM generate_series(1, 100000) i $$, 'ruleset_agg: 100,000 rules are fine');

-- ----------------------------------------------------------------
-- configure
-- ----------------------------------------------------------------
SELECT throws_ok($$ SELECT promo.configure('save 1', rounding => 'up') $$, '22023', 'unknown rounding "up"', 'configure: unknown rounding');
SELECT is(hint_of($$ SELECT promo.configure('save 1', rounding => 'up') $$), 'Roundings are half_up, half_even and down.', 'configure: which there are');
SELECT throws_ok($$ SELECT promo.configure('save 1', search => 'fast') $$, '22023', 'unknown search "fast"', 'configure: unknown search');
SELECT is(hint_of($$ SELECT promo.configure('save 1', search => 'fast') $$), 'Searches are stage and cart.', 'configure: which searches there are');
SELECT throws_ok($$ SELECT promo.configure('save 1', zone => 'Mars/Olympus') $$, '22023', NULL, 'configure: unknown zone');
SELECT throws_ok($$ SELECT promo.configure('save 1', unit => 0) $$, '22003', NULL, 'configure: unit 0');
SELECT throws_ok($$ SELECT promo.configure('save 1', unit => -0.01) $$, '22003', NULL, 'configure: negative unit');
SELECT throws_ok($$ SELECT promo.configure('save 1', unit => 0.00001) $$, '22003', NULL, 'configure: unit too fine');
SELECT throws_ok($$ SELECT promo.configure('save 1', unit => 'NaN') $$, '22003', NULL, 'configure: unit NaN');
SELECT throws_ok($$ SELECT promo.configure('save 1', search_limit => 0) $$, '22003', NULL, 'configure: search_limit 0');
SELECT throws_ok($$ SELECT promo.configure('save 1', search_limit => -1) $$, '22003', NULL, 'configure: negative search_limit');
SELECT throws_ok($$ SELECT promo.configure('save 1', search_limit => 2000000000) $$, '22003', NULL, 'configure: endless search_limit');
SELECT throws_ok($$ SELECT '{"unit":"0","rules":[]}'::promo.ruleset $$, '22003', NULL, 'ruleset: unit 0');
SELECT throws_ok($$ SELECT '{"rounding":"up","rules":[]}'::promo.ruleset $$, '22023', 'unknown rounding "up"', 'ruleset: unknown rounding');
SELECT throws_ok($$ SELECT '{"zone":"Mars/Olympus","rules":[]}'::promo.ruleset $$, '22023', NULL, 'ruleset: unknown zone');

-- ----------------------------------------------------------------
-- price, explain
-- ----------------------------------------------------------------
SELECT throws_ok($$ SELECT priced('A 1x1', 'save 1', shipping => -1) $$, '22003', 'shipping is negative', 'price: negative shipping');
SELECT throws_ok($$ SELECT priced('A 1x1', 'save 1', shipping => 'NaN') $$, '22003', 'shipping is NaN', 'price: shipping NaN');
SELECT throws_ok($$ SELECT priced('A 1x1', 'save 1', shipping => 1e300) $$, '22003', 'shipping is out of range', 'price: endless shipping');
SELECT throws_ok($$ SELECT priced('A 1x1', 'save 1', shipping => 0.001) $$, '22023', 'shipping is not a multiple of the unit', 'price: shipping finer than the unit');
SELECT is(detail_of($$ SELECT priced('A 1x1', promo.configure('save 1', unit => 0.05), shipping => 0.02) $$), 'The ruleset''s unit is 0.05.', 'price: which it is');
SELECT throws_ok($$ SELECT priced('A 1x1', 'save 1', buyer => '{gold,NULL}') $$, '22004', 'element 2 of buyer is null', 'price: NULL among tags of the buyer');
SELECT throws_ok($$ SELECT priced('A 1x1', 'save 1', codes => '{NULL}') $$, '22004', 'element 1 of codes is null', 'price: NULL among codes');
SELECT throws_ok($$ SELECT priced('A 1x1', 'save 1', without => '{a,b,NULL}') $$, '22004', 'element 3 of without is null', 'price: NULL among names');
SELECT throws_ok($$ SELECT priced('A 1x1', 'save 1', at => 'infinity') $$, '22008', NULL, 'price: no instant');
SELECT throws_ok($$ SELECT * FROM promo.explain(cart_of('A 1x1'), 'save 1', '2026-01-05', shipping => -1) $$, '22003', 'shipping is negative', 'explain: the same errors');
SELECT throws_ok($$ SELECT priced('A 1000x900000000000, B 1x0.01', 'save 1') $$, '22003', 'subtotal of the cart is out of range', 'price: beyond the money range');
SELECT throws_ok($$ SELECT priced('A 1x900000000000000', promo.configure('save 1', unit => 7)) $$, '22003', NULL, 'price: rounded up beyond the money range');

-- ----------------------------------------------------------------
-- refund
-- ----------------------------------------------------------------
CREATE FUNCTION refund_of(returned jsonb) RETURNS SETOF record LANGUAGE sql AS $$ SELECT promo.refund(priced('A 3x80, B 1.5x10', 'save 10'), returned) $$;
SELECT throws_ok($$ SELECT refund_of('[{"line":3,"qty":1}]') $$, '22023', 'line 3 is not in the quote', 'refund: an unknown line');
SELECT throws_ok($$ SELECT refund_of('[{"line":1,"qty":1},{"line":1,"qty":1}]') $$, '22023', 'line 1 is returned twice', 'refund: a line twice');
SELECT throws_ok($$ SELECT refund_of('[{"line":1,"qty":4}]') $$, '22003', 'more of line 1 is returned than was bought', 'refund: more than was bought');
SELECT is(detail_of($$ SELECT refund_of('[{"line":2,"qty":"1.501"}]') $$), '1.5 was bought.', 'refund: what was bought');
SELECT throws_ok($$ SELECT refund_of('[{"line":1,"qty":-1}]') $$, '22003', 'quantity of line 1 is negative', 'refund: a negative return');
SELECT throws_ok($$ SELECT refund_of('[{"line":1,"qty":"NaN"}]') $$, '22003', 'quantity of line 1 is NaN', 'refund: NaN');
SELECT throws_ok($$ SELECT refund_of('[{"line":1,"qty":0.0001}]') $$, '22003', NULL, 'refund: 4 decimals');
SELECT throws_ok($$ SELECT refund_of('[{"line":1}]') $$, '22004', 'quantity of line 1 is missing', 'refund: no quantity');
SELECT throws_ok($$ SELECT refund_of('[{"qty":1}]') $$, '22004', 'line number of element 1 is missing', 'refund: no line');
SELECT throws_ok($$ SELECT refund_of('{}') $$, '22P02', NULL, 'refund: no array');
SELECT throws_ok($$ SELECT refund_of('[{"line":1,"qty":1,"why":"red"}]') $$, '22P02', NULL, 'refund: an unknown key');

-- ----------------------------------------------------------------
-- apportion
-- ----------------------------------------------------------------
SELECT throws_ok($$ SELECT promo.apportion(1, '{}') $$, '22023', 'there are no weights', 'apportion: no weights');
SELECT throws_ok($$ SELECT promo.apportion(1, '{0,0}') $$, '22023', 'all weights are zero', 'apportion: all weights zero');
SELECT throws_ok($$ SELECT promo.apportion(1, '{1,NULL}') $$, '22004', 'weight 2 is null', 'apportion: NULL weight');
SELECT throws_ok($$ SELECT promo.apportion(1, '{1,-1}') $$, '22003', 'weight 2 is negative', 'apportion: negative weight');
SELECT throws_ok($$ SELECT promo.apportion(1, '{NaN}') $$, '22003', 'weight 1 is NaN', 'apportion: weight NaN');
SELECT throws_ok($$ SELECT promo.apportion(1, '{Infinity}') $$, '22003', 'weight 1 is infinite', 'apportion: infinite weight');
SELECT throws_ok($$ SELECT promo.apportion(1, '{{1,2},{3,4}}') $$, '22023', 'weights are not a one-dimensional array', 'apportion: weights of two dimensions');
SELECT throws_ok($$ SELECT promo.apportion(1.005, '{1}') $$, '22023', 'amount is not a multiple of the unit', 'apportion: finer than the unit');
SELECT throws_ok($$ SELECT promo.apportion('NaN', '{1}') $$, '22003', 'amount is NaN', 'apportion: NaN');
SELECT throws_ok($$ SELECT promo.apportion('-Infinity', '{1}') $$, '22003', 'amount is infinite', 'apportion: infinite');
SELECT throws_ok($$ SELECT promo.apportion(1e20, '{1}') $$, '22003', 'amount is out of range', 'apportion: beyond the money range');
SELECT throws_ok($$ SELECT promo.apportion(1, '{1}', 0) $$, '22003', NULL, 'apportion: unit 0');
SELECT throws_ok($$ SELECT promo.apportion(1, '{1}', -1) $$, '22003', NULL, 'apportion: negative unit');

-- ----------------------------------------------------------------
-- quote: figures that contradict each other
-- ----------------------------------------------------------------
CREATE FUNCTION altered(path text[], value jsonb) RETURNS promo.quote LANGUAGE sql AS $$
	SELECT jsonb_set(priced('A 3x80 cost 50, B 1x10 cost 2', 'spend 200 save 30 on sku A; save 5 shipping; spend 100 gift sku G on sku B when sku A',
							shipping => 12)::jsonb, path, value)::promo.quote
$$;
SELECT lives_ok($$ SELECT altered('{subtotal}', '"250.00"') $$, 'quote: as it was');
SELECT throws_ok($$ SELECT altered('{subtotal}', '"1.00"') $$, '22023', 'subtotal of the quote contradicts its lines and adjustments', 'quote: subtotal');
SELECT is(detail_of($$ SELECT altered('{subtotal}', '"1.00"') $$), 'By them it is 250.00, but 1.00 is given.', 'quote: what it is');
SELECT throws_ok($$ SELECT altered('{discount}', '"1.00"') $$, '22023', 'discount of the quote contradicts its lines and adjustments', 'quote: discount');
SELECT throws_ok($$ SELECT altered('{shipping}', '"1.00"') $$, '22023', 'shipping of the quote contradicts its lines and adjustments', 'quote: shipping');
SELECT throws_ok($$ SELECT altered('{total}', '"1.00"') $$, '22023', 'total of the quote contradicts its lines and adjustments', 'quote: total');
SELECT throws_ok($$ SELECT altered('{cost}', '"1.00"') $$, '22023', 'cost of the quote contradicts its lines and adjustments', 'quote: cost');
SELECT throws_ok($$ SELECT altered('{profit}', '"1.00"') $$, '22023', 'profit of the quote contradicts its lines and adjustments', 'quote: profit');
SELECT throws_ok($$ SELECT altered('{lines,0,amount}', '"1.00"') $$, '22023', NULL, 'quote: amount of a line');
SELECT throws_ok($$ SELECT altered('{lines,0,discount}', '"1.00"') $$, '22023', NULL, 'quote: discount of a line');
SELECT throws_ok($$ SELECT altered('{lines,0,net}', '"1.00"') $$, '22023', NULL, 'quote: net of a line');
SELECT throws_ok($$ SELECT altered('{adjustments,0,amount}', '"1.00"') $$, '22023', NULL, 'quote: an adjustment');
SELECT throws_ok($$ SELECT altered('{adjustments,0,amount}', '"240.01"') $$, '22023', NULL, 'quote: more than the line');
SELECT throws_ok($$ SELECT altered('{adjustments,0,line}', '7') $$, '22023', 'line 7 is not in the quote', 'quote: an adjustment of an unknown line');
SELECT throws_ok($$ SELECT altered('{adjustments,0,amount}', '"-1"') $$, '22003', NULL, 'quote: a negative adjustment');
SELECT throws_ok($$ SELECT altered('{rounding}', '"up"') $$, '22023', 'unknown rounding "up"', 'quote: unknown rounding');
SELECT throws_ok($$ SELECT altered('{colour}', '"red"') $$, '22P02', 'invalid input syntax for type promo.quote', 'quote: an unknown key');
SELECT throws_ok($$ SELECT '{}'::promo.quote $$, '22004', NULL, 'quote: nothing');

SELECT * FROM finish();
ROLLBACK;
