-- Carts, rules, rulesets and quotes as values: their forms lose nothing, and equal values are equal everywhere.
\set ECHO none
BEGIN;
\ir shorthand.psql
SELECT plan(93);
SET LOCAL search_path = public, promo;		-- for the operators

CREATE TEMP TABLE carts AS
	SELECT o AS id, promo.cart_agg(l, (ARRAY['A', '商品', 'it''s', 'q"u\o', 'B b'])[1 + (o * l) % 5], 1 + (o * l) % 4 * 0.125, (o * l * 37) % 997 / 100.0,
								   ARRAY['t' || l % 3, '鞋'], CASE WHEN o % 3 > 0 THEN o * 0.1 END, CASE WHEN o % 4 = 0 THEN l END) AS v
	FROM generate_series(1, 50) o, generate_series(1, 4) l WHERE l <= o GROUP BY o
	UNION ALL SELECT 0, '[]';
CREATE TEMP TABLE written_rules AS
	SELECT n AS id, text, text::promo.rule AS v
	FROM unnest(ARRAY['save 20% on sku A', 'buy 2 save 5%, buy 5 save 20% on sku A', 'save 20 each on sku A', 'price 80 each on sku A', 'spend 200 save 30 on sku A',
		'spend 200 save 10, spend over 200 save 30', 'every 200 save 30 on sku A max 90', 'spend 500 add sku B, C at 20 on sku A', 'spend 300 gift sku B x2 on sku A',
		'price 59 each on sku A limit 2', 'buy 2 get 1 free on tag shoes', 'buy 2 get 1 of sku B save 50%', 'buy 1 get 1 price 9.90 on each', 'buy 3 total 100 on sku A, B, C',
		'buy set total 199 on sku A, B, C', 'every 3 units save 5 each on each tag shoes', 'save 5 shipping', 'save 20% shipping', 'spend 99 free shipping',
		'every 10 earn 1 points', 'points x2 for gold, staff for vip', 'save 10 code SAVE10, SAVE20', 'save 1 on all except sku C except tag sale, 鞋',
		'save 20% on order except discounted', 'save 10 when sku X, Y when spend 100 on tag t when buy 2 on sku X', 'save 1 days sat, sun hours 22:00-02:00, 09:30-12:00',
		'save 50% on sku A limit 2 per line floor 60 margin 10%', 'save 5 stack', 'save 5 exclusive', 'save 5 group g stop', 'buy 2 save 10%, buy 4 save 50% on sku A graduated cheapest',
		'spend 100 save 10 times 3 of running', 'spend 100 save 10 of list', 'save 12.5% on sku ''on'', ''it''''s'', a-b.c:d_e', 'save 0.0001 on sku 商品']) WITH ORDINALITY u (text, n);
CREATE TEMP TABLE rulesets AS
	SELECT n AS id, promo.ruleset_agg('r' || o, r.v, n * o % 3, CASE WHEN o % 2 = 0 THEN tstzrange('2026-01-01 00:00+00', '2026-02-01 00:00+08') END) AS v
	FROM generate_series(1, 20) n, generate_series(1, 6) o JOIN written_rules r ON r.id = o GROUP BY n
	UNION ALL SELECT 0, '[]'
	UNION ALL SELECT 21, promo.configure('save 5; save 7', 0.05, 'half_even', 'Asia/Shanghai', 'cart', 77);
CREATE TEMP TABLE quotes AS
	SELECT id, promo.price(v, 'buy 2 get 1 free on sku A, 商品; save 13% on tag t1 stack; save 1 on tag t2 stack; spend 5 save 1; save 2 code X; spend 3 gift sku G on sku A; save 2 shipping; every 5 earn 1 points',
						   '2026-01-05 12:00:00.25+00', '{gold,a}', '{X,Y}', 6, '{nothing}') AS v
	FROM carts;

-- ----------------------------------------------------------------
-- Forms
-- ----------------------------------------------------------------
SELECT is_empty($$ SELECT id FROM carts WHERE v::text::promo.cart <> v $$, 'cart: text reads back equal');
SELECT is_empty($$ SELECT id FROM carts WHERE v::json::promo.cart <> v $$, 'cart: json reads back equal');
SELECT is_empty($$ SELECT id FROM carts WHERE v::jsonb::promo.cart <> v $$, 'cart: jsonb reads back equal');
SELECT is_empty($$ SELECT id FROM written_rules WHERE v::text::promo.rule <> v $$, 'rule: text reads back equal');
SELECT is_empty($$ SELECT id FROM written_rules WHERE v::json::promo.rule <> v $$, 'rule: json reads back equal');
SELECT is_empty($$ SELECT id FROM written_rules WHERE v::jsonb::promo.rule <> v $$, 'rule: jsonb reads back equal');
SELECT is_empty($$ SELECT id FROM rulesets WHERE v::text::promo.ruleset <> v $$, 'ruleset: text reads back equal');
SELECT is_empty($$ SELECT id FROM rulesets WHERE v::json::promo.ruleset <> v $$, 'ruleset: json reads back equal');
SELECT is_empty($$ SELECT id FROM rulesets WHERE v::jsonb::promo.ruleset <> v $$, 'ruleset: jsonb reads back equal');
SELECT is_empty($$ SELECT id FROM quotes WHERE v::text::promo.quote <> v $$, 'quote: text reads back equal');
SELECT is_empty($$ SELECT id FROM quotes WHERE v::json::promo.quote <> v $$, 'quote: json reads back equal');
SELECT is_empty($$ SELECT id FROM quotes WHERE v::jsonb::promo.quote <> v $$, 'quote: jsonb reads back equal');
SELECT lives_ok('SELECT v::text::json FROM carts UNION ALL SELECT v::text::json FROM rulesets UNION ALL SELECT v::text::json FROM quotes', 'text of cart, ruleset and quote is JSON');
SELECT is_empty($$ SELECT id, text, v::text FROM written_rules WHERE v::text <> text $$, 'rule: canonical text is what one would write');
SELECT is_empty($$ SELECT id FROM carts WHERE promo.cart_send(v) = '' OR get_byte(promo.cart_send(v), 0) <> 1 $$, 'cart: the binary form begins with its version');
SELECT is_empty($$ SELECT id FROM quotes WHERE get_byte(promo.quote_send(v), 0) <> 1 $$, 'quote: so does that of a quote');
SELECT is_empty($$ SELECT id FROM written_rules WHERE get_byte(promo.rule_send(v), 0) <> 1 $$, 'rule: and of a rule');
SELECT is_empty($$ SELECT id FROM rulesets WHERE get_byte(promo.ruleset_send(v), 0) <> 1 $$, 'ruleset: and of a ruleset');

SELECT is(cart_of('A 3x80')::text, '[{"line":1,"sku":"A","qty":3,"price":"80.00"}]', 'cart: what it looks like');
SELECT is(cart_of('A 0.350x12.5 #x cost 4 floor 5.125')::text, '[{"line":1,"sku":"A","qty":0.350,"price":"12.50","tags":["x"],"cost":"4.00","floor":"5.125"}]'::json::promo.cart::text, 'cart: with all that a line may have');
SELECT is('SAVE 20 %   ON SKU A'::promo.rule::text, 'save 20% on sku A', 'rule: keywords ignore case');
SELECT is('save 20％ on sku A，B'::promo.rule::text, 'save 20% on sku A, B', 'rule: full-width signs are read as their ASCII forms');
SELECT is('save 5　on　sku A'::promo.rule::text, 'save 5 on sku A', 'rule: so is the ideographic space');
SELECT is('save 5 on sku A；save 7'::promo.ruleset, 'save 5 on sku A; save 7', 'ruleset: and the full-width semicolon');
SELECT is('save 5 hours 9：00-10：00'::promo.rule, 'save 5 hours 9:00-10:00', 'rule: and the colon');
SELECT is('save 5; save 7'::promo.ruleset::jsonb, '[{"name":"1","rule":"save 5"},{"name":"2","rule":"save 7"}]', 'ruleset: bare rules are named 1, 2');
SELECT is('{"tiers":[{"spend":"200","save":"30"}],"on":{"sku":["A"]}}'::jsonb::promo.rule, 'spend 200 save 30 on sku A', 'rule: as JSON');
SELECT is('[{"name":"1","rule":{"tiers":[{"save":"5"}]}}]'::promo.ruleset, 'save 5', 'ruleset: whose rules may be JSON');

-- ----------------------------------------------------------------
-- Equal values
-- ----------------------------------------------------------------
SELECT is('[{"line":2,"sku":"B","qty":1,"price":5},{"line":1,"sku":"A","qty":3.000,"price":"80"}]'::promo.cart,
	'[{"price":80.00,"qty":"3","sku":"A","line":1},{"line":2,"sku":"B","qty":1,"price":"5.0000"}]', 'cart: lines and members in any order');
SELECT is('[{"line":1,"sku":"A","qty":1,"price":1,"tags":["y","x","y"]}]'::promo.cart, '[{"line":1,"sku":"A","qty":1,"price":1,"tags":["x","y"]}]', 'cart: tags in any order, once');
SELECT is('[{"line":1,"sku":"A","qty":1,"price":1,"tags":[]}]'::promo.cart, '[{"line":1,"sku":"A","qty":1,"price":1}]', 'cart: no tags are none');
SELECT isnt('[{"line":1,"sku":"A","qty":1,"price":1,"cost":0}]'::promo.cart, '[{"line":1,"sku":"A","qty":1,"price":1}]', 'cart: a cost of 0 is one');
SELECT is((SELECT count(DISTINCT v) FROM (SELECT promo.cart_agg(l, 'S' || l, l, l ORDER BY l) AS v FROM generate_series(1, 30) l
		   UNION ALL SELECT promo.cart_agg(l, 'S' || l, l, l ORDER BY l DESC) FROM generate_series(1, 30) l
		   UNION ALL SELECT promo.cart_agg(l, 'S' || l, l, l ORDER BY md5(l::text)) FROM generate_series(1, 30) l) s), 1::bigint, 'cart: rows in any order');
SELECT is('[{"name":"b","rule":"save 1"},{"name":"a","rule":"save 2","priority":3}]'::promo.ruleset, '[{"priority":3,"name":"a","rule":"SAVE 2"},{"name":"b","rule":"save 1","priority":0}]', 'ruleset: rules in any order');
SELECT is((SELECT count(DISTINCT v) FROM (SELECT promo.ruleset_agg(text, v ORDER BY id) AS v FROM written_rules
		   UNION ALL SELECT promo.ruleset_agg(text, v ORDER BY text) FROM written_rules) s), 1::bigint, 'ruleset: rows in any order');
SELECT is(promo.configure('save 5', unit => 0.010), 'save 5', 'ruleset: a default said is a default');
SELECT is(promo.configure('save 5', zone => 'UTC'), 'save 5', 'ruleset: UTC is the default zone');
SELECT isnt(promo.configure('save 5', zone => 'Asia/Shanghai'), 'save 5'::promo.ruleset, 'ruleset: another zone is another');
SELECT is(promo.configure(promo.configure('save 5', unit => 1), rounding => 'down'), promo.configure('save 5', 1, 'down'), 'ruleset: settings not named stay');
SELECT is(promo.configure('save 5'), 'save 5', 'ruleset: no setting changes nothing');
SELECT is(promo.configure(NULL, unit => 1), NULL, 'ruleset: NULL');
SELECT is(priced('A 1x1', 'save 0.5', buyer => '{b,a,b}', codes => '{Y,X}'), priced('A 1x1', 'save 0.5', buyer => '{a,b}', codes => '{X,Y,X}'), 'quote: tags and codes in any order');
SELECT is((SELECT count(DISTINCT v) FROM (SELECT v FROM carts UNION ALL SELECT v::text::promo.cart FROM carts) s), (SELECT count(*) FROM carts), 'cart: DISTINCT');
SELECT is((SELECT count(DISTINCT v) FROM (SELECT v FROM written_rules UNION ALL SELECT v::jsonb::promo.rule FROM written_rules) s), (SELECT count(*) FROM written_rules), 'rule: DISTINCT');
SELECT is((SELECT count(DISTINCT v) FROM (SELECT v FROM rulesets WHERE id > 18 OR id = 0 UNION ALL SELECT v::text::promo.ruleset FROM rulesets WHERE id > 18 OR id = 0) s), 4::bigint, 'ruleset: DISTINCT');
SELECT is((SELECT count(DISTINCT v) FROM (SELECT v FROM quotes UNION ALL SELECT v::json::promo.quote FROM quotes) s), (SELECT count(*) FROM quotes), 'quote: DISTINCT');
SET LOCAL enable_sort = off;
SELECT is((SELECT count(*) FROM (SELECT v FROM (SELECT v FROM carts UNION ALL SELECT v::text::promo.cart FROM carts) s GROUP BY v) g), (SELECT count(*) FROM carts), 'cart: by hash');
SELECT is((SELECT count(*) FROM (SELECT v FROM (SELECT v FROM quotes UNION ALL SELECT v::text::promo.quote FROM quotes) s GROUP BY v) g), (SELECT count(*) FROM quotes), 'quote: by hash');
SELECT is((SELECT count(*) FROM (SELECT v FROM (SELECT v FROM written_rules UNION ALL SELECT v::text::promo.rule FROM written_rules) s GROUP BY v) g), (SELECT count(*) FROM written_rules), 'rule: by hash');
SELECT is((SELECT count(*) FROM (SELECT v FROM (SELECT v FROM rulesets UNION ALL SELECT v::text::promo.ruleset FROM rulesets) s GROUP BY v) g), (SELECT count(DISTINCT v) FROM rulesets), 'ruleset: by hash');
SET LOCAL enable_sort = on;
SELECT is_empty($$ SELECT a.id, b.id FROM carts a, carts b WHERE (a.v < b.v)::integer + (a.v = b.v)::integer + (a.v > b.v)::integer <> 1 OR (a.v <= b.v) <> NOT a.v > b.v OR (a.v >= b.v) <> NOT a.v < b.v
				   OR (a.v <> b.v) = (a.v = b.v) OR sign(promo.cart_cmp(a.v, b.v)) <> -sign(promo.cart_cmp(b.v, a.v)) $$, 'cart: an order');
SELECT is_empty($$ SELECT a.id, b.id FROM quotes a, quotes b WHERE (a.v < b.v)::integer + (a.v = b.v)::integer + (a.v > b.v)::integer <> 1 $$, 'quote: an order');
SELECT is_empty($$ SELECT a.id, b.id FROM written_rules a, written_rules b WHERE (a.v = b.v) <> (a.id = b.id) OR (a.v < b.v)::integer + (a.v = b.v)::integer + (a.v > b.v)::integer <> 1 $$, 'rule: an order');
SELECT is_empty($$ SELECT a.id, b.id FROM rulesets a, rulesets b WHERE (a.v < b.v)::integer + (a.v = b.v)::integer + (a.v > b.v)::integer <> 1 $$, 'ruleset: an order');
SELECT is((SELECT array_agg(id ORDER BY v) FROM carts), (SELECT array_agg(id ORDER BY v USING <) FROM carts), 'cart: ORDER BY');
SELECT lives_ok('CREATE UNIQUE INDEX ON carts (v)', 'cart: a btree index');
SELECT lives_ok('CREATE INDEX ON quotes USING hash (v)', 'quote: a hash index');
SELECT is((SELECT count(*) FROM written_rules a JOIN written_rules b USING (v)), (SELECT count(*) FROM written_rules), 'rule: a join');

-- ----------------------------------------------------------------
-- NULL
-- ----------------------------------------------------------------
SELECT is(num_nonnulls(promo.subtotal(NULL::promo.quote), promo.discount(NULL::promo.quote), promo.shipping(NULL::promo.quote), promo.total(NULL::promo.quote), promo.cost(NULL::promo.quote), promo.profit(NULL::promo.quote), promo.points(NULL::promo.quote), promo.nets(NULL::promo.quote)),
	0, 'accessors: NULL gives NULL');
SELECT is_empty('SELECT 1 FROM promo.lines(NULL) UNION ALL SELECT 1 FROM promo.units(NULL) UNION ALL SELECT 1 FROM promo.adjustments(NULL) UNION ALL SELECT 1 FROM promo.offers(NULL)', 'rows: NULL gives none');
SELECT is(promo.price(NULL, 'save 1', '2026-01-05'), NULL, 'price: no cart');
SELECT is(promo.price('[]', NULL, '2026-01-05'), NULL, 'price: no rules');
SELECT is(promo.price('[]', 'save 1', NULL), NULL, 'price: no instant');
SELECT is(promo.price(cart_of('A 1x10'), 'save 1; save 2 for gold', '2026-01-05', NULL, NULL, NULL, NULL), promo.price(cart_of('A 1x10'), 'save 1; save 2 for gold', '2026-01-05'), 'price: NULL lists are empty, NULL shipping is none');
SELECT is(num_nonnulls(promo.apportion(NULL, '{1}'), promo.apportion(1, NULL), promo.apportion(1, '{1}', NULL)), 0, 'apportion: NULL gives NULL');
SELECT is(promo.describe(NULL), NULL, 'describe: NULL gives NULL');
SELECT is((SELECT promo.cart_agg(1, 'A', 1, 1) WHERE false), NULL, 'cart_agg: no rows');
SELECT is((SELECT promo.ruleset_agg('a', 'save 1') WHERE false), NULL, 'ruleset_agg: no rows');
SELECT is((SELECT promo.cart_agg(1, 'A', 1, 1, NULL, NULL, NULL)), cart_of('A 1x1'), 'cart_agg: NULL tags, cost and floor are none');
SELECT is((SELECT promo.ruleset_agg('1', 'save 1', NULL, NULL)), 'save 1', 'ruleset_agg: NULL priority is 0, NULL period always');

-- ----------------------------------------------------------------
-- Figures of a quote
-- ----------------------------------------------------------------
SELECT is((SELECT ROW(promo.subtotal(q), promo.discount(q), promo.shipping(q), promo.total(q), promo.cost(q), promo.profit(q), promo.points(q))::text
		   FROM priced('A 3x80 cost 50, B 1x10 cost 2', 'spend 200 save 30 on sku A; save 5 shipping; every 100 earn 1 points', shipping => 12) q),
	'(250.00,30.00,7.00,227.00,152.00,68.00,2)', 'totals: all of them; profit is without shipping');
SELECT is(promo.cost(priced('A 3x80 cost 50, B 1x10', '[]')), NULL, 'cost: NULL unless every line has one');
SELECT is(promo.profit(priced('A 3x80 cost 50, B 1x10', '[]')), NULL, 'profit: NULL unless every line has a cost');
SELECT is(promo.profit(priced('A 1x80 cost 100', 'save 10')), -30.00, 'profit: may be a loss');
SELECT is(promo.cost(priced('A 1x80 cost 0', '[]')), 0.00, 'cost: of 0 is known');
SELECT is(promo.total(promo.price('[]', 'save 1', '2026-01-05', shipping => 5)), 5.00, 'totals: of an empty cart');
SELECT is(promo.nets(promo.price('[{"line":20,"sku":"B","qty":1,"price":20},{"line":-1,"sku":"C","qty":1,"price":1},{"line":3,"sku":"A","qty":1,"price":3}]', '[]', '2026-01-05')),
	'{1.00,3.00,20.00}', 'nets: by number of the line');
SELECT is(promo.nets(promo.price('[]', '[]', '2026-01-05')), '{}', 'nets: of an empty cart');
SELECT results_eq($$ SELECT * FROM promo.lines(priced('A 3x80, B 0.350x10', 'spend 200 save 30 on sku A')) $$,
	$$ VALUES (1::bigint, 'A', 3::numeric, 80.00, 240.00, 30.00, 210.00), (2, 'B', 0.350, 10.00, 3.50, 0.00, 3.50) $$, 'lines: a row per line');
SELECT results_eq($$ SELECT * FROM promo.units(priced('A 3x10', 'save 10 on sku A')) $$,
	$$ VALUES (1::bigint, 1::numeric, 10.00, 3.34, 6.66), (1, 2, 20.00, 6.66, 13.34) $$, 'units: runs of equal units');
SELECT results_eq($$ SELECT * FROM promo.units(priced('A 3x100', 'buy 2 get 1 free on sku A')) $$,
	$$ VALUES (1::bigint, 2::numeric, 200.00, 0.00, 200.00), (1, 1, 100.00, 100.00, 0.00) $$, 'units: free ones last');
SELECT results_eq($$ SELECT * FROM promo.units(priced('A 5x100', 'price 59 each on sku A limit 2')) $$,
	$$ VALUES (1::bigint, 3::numeric, 300.00, 0.00, 300.00), (1, 2, 200.00, 82.00, 118.00) $$, 'units: reduced ones behind untouched ones');
SELECT results_eq($$ SELECT * FROM promo.units(priced('A 1.5x10', 'save 10% on sku A')) $$,
	$$ VALUES (1::bigint, 1::numeric, 10.00, 1.00, 9.00), (1, 0.5, 5.00, 0.50, 4.50) $$, 'units: the fraction of a unit is a run');
SELECT results_eq($$ SELECT * FROM promo.adjustments(priced('A 1x100', 'save 10; save 10% on sku A; save 5 shipping', shipping => 12)) $$,
	$$ VALUES ('2', 1::bigint, 10.00), ('1', 1, 10.00), ('3', NULL, 5.00) $$, 'adjustments: in order of application');
SELECT is_empty($$ SELECT id FROM quotes WHERE promo.total(v) <> promo.subtotal(v) - promo.discount(v) + promo.shipping(v) OR promo.total(v) < 0 $$, 'many: totals');
SELECT is_empty($$ SELECT id FROM quotes WHERE EXISTS (SELECT FROM promo.lines(v) WHERE net <> amount - discount OR net < 0 OR discount < 0) $$, 'many: lines');
SELECT is_empty($$ SELECT id FROM quotes, LATERAL (SELECT coalesce(sum(amount), 0) AS amount, coalesce(sum(discount), 0) AS discount FROM promo.lines(v)) l
				   WHERE l.amount <> promo.subtotal(v) OR l.discount <> promo.discount(v) $$, 'many: lines add up to the totals');
SELECT is_empty($$ SELECT id, l.line FROM quotes, promo.lines(v) l,
					 LATERAL (SELECT sum(units) AS units, sum(u.amount) AS amount, sum(u.discount) AS discount, sum(u.net) AS net FROM promo.units(v) u WHERE u.line = l.line) u
				   WHERE (u.units, u.amount, u.discount, u.net) IS DISTINCT FROM (l.qty, l.amount, l.discount, l.net) $$, 'many: units add up to the line');
SELECT is_empty($$ SELECT id, l.line FROM quotes, promo.lines(v) l, LATERAL (SELECT coalesce(sum(a.amount), 0) AS amount FROM promo.adjustments(v) a WHERE a.line = l.line) a
				   WHERE a.amount <> l.discount $$, 'many: adjustments add up to the line''s discount');
SELECT is_empty($$ SELECT id FROM quotes WHERE promo.nets(v) <> ARRAY(SELECT net FROM promo.lines(v) ORDER BY line) $$, 'many: nets are those of the lines');
SELECT is_empty($$ SELECT id FROM quotes, promo.adjustments(v) WHERE amount <= 0 $$, 'many: adjustments are positive');

-- ----------------------------------------------------------------
-- Other than the session's settings
-- ----------------------------------------------------------------
CREATE TEMP TABLE before AS SELECT id, v::text AS t FROM quotes UNION ALL SELECT 1000 + id, v::text FROM rulesets;
SET LOCAL timezone = 'Asia/Tokyo';
SET LOCAL datestyle = 'German';
SET LOCAL bytea_output = 'escape';
SET LOCAL extra_float_digits = -15;
SET LOCAL intervalstyle = 'sql_standard';
SELECT set_eq('SELECT id, v::text FROM quotes UNION ALL SELECT 1000 + id, v::text FROM rulesets', 'SELECT id, t FROM before', 'no text form depends on a setting');
SELECT is_empty('SELECT id FROM quotes JOIN before USING (id) WHERE t::promo.quote <> v', 'nor does reading one');

SELECT * FROM finish();
ROLLBACK;
