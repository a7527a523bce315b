-- What is in the ruleset of the promotions that are on; test/pgtap/current_ruleset.sql changes it.
SET timezone = 'UTC';
\pset format unaligned
\pset tuples_only
BEGIN;
SELECT promo.current_ruleset();
INSERT INTO promo.channel VALUES ('app'), ('shop');
INSERT INTO promo.campaign (name, running, budget) VALUES ('double 11', '[2020-11-01, 2099-11-12)', 70);
INSERT INTO promo.pricing_policy (unit, zone, search) VALUES (0.05, 'Asia/Shanghai', 'cart');
INSERT INTO promo.promotion (name, rule, during, priority, status, channels, campaign, budget, uses) VALUES
	('everywhere', 'save 20% on sku A, B', '[2020-01-01, 2099-01-01)', 5, 'active', NULL, NULL, NULL, NULL),
	('to come', 'save 30% on sku C', '[2098-01-01, 2099-01-01)', 5, 'active', NULL, NULL, NULL, NULL),
	('over', 'save 40% on sku D', '[2020-01-01, 2021-01-01)', 5, 'active', NULL, NULL, NULL, NULL),
	('for ever', 'spend 100 save 5', '[2020-01-01,)', 5, 'active', NULL, NULL, NULL, NULL),
	('until infinity', 'spend 200 save 15', '[2020-01-01, infinity)', 5, 'active', NULL, NULL, NULL, NULL),
	('draft', 'save 50% on sku E', '[2098-01-01, 2099-01-01)', 5, 'draft', NULL, NULL, NULL, NULL),
	('app', 'save 1% on all', '[2020-01-01,)', -1, 'active', '{app}', NULL, NULL, NULL),
	('app and shop', 'save 2% on all', '[2020-01-01,)', -2, 'active', '{app, shop}', NULL, NULL, NULL),
	-- budgets
	('own budget', 'save 1 on sku M1', '[2020-01-01,)', 3, 'active', NULL, NULL, 50, NULL),
	('below what it says', 'save 2 on sku M2 max 80', '[2020-01-01,)', 3, 'active', NULL, NULL, 60.25, NULL),
	('above what it says', 'save 3 on sku M3 max 50', '[2020-01-01,)', 3, 'active', NULL, NULL, 60.25, NULL),
	('of the campaign', 'save 4 on sku M4', '[2020-01-01,)', 3, 'active', NULL, 'double 11', NULL, NULL),
	('less than the campaign', 'save 5 on sku M5', '[2020-01-01,)', 3, 'active', NULL, 'double 11', 69, NULL),
	('more than the campaign', 'save 6 on sku M6', '[2020-01-01,)', 3, 'active', NULL, 'double 11', 71, NULL),
	('points', 'earn 10 points', '[2020-01-01,)', 3, 'active', NULL, 'double 11', NULL, NULL),
	('huge', 'save 7 on sku M7', '[2020-01-01,)', 3, 'active', NULL, NULL, 999999999999999.9999, NULL),
	('nothing', 'save 8 on sku M8', '[2020-01-01,)', 3, 'active', NULL, NULL, 0, NULL),
	('no uses', 'save 9 on sku M9', '[2020-01-01,)', 3, 'active', NULL, NULL, NULL, 0),
	('uses', 'save 10 on sku M10', '[2020-01-01,)', 3, 'active', NULL, NULL, NULL, 1),
	-- stocks
	('flash', 'price 9 each on sku F1, F2, F3', '[2020-01-01,)', 9, 'active', NULL, NULL, NULL, NULL),
	('last', 'price 8 each on sku F4', '[2020-01-01,)', 9, 'active', NULL, NULL, NULL, NULL),
	('tag', 'save 10% on tag f except sku X stack', '[2020-01-01,)', 9, 'active', NULL, NULL, NULL, NULL),
	('gift', 'spend 100 gift sku G1, spend 200 gift sku G2, G3, spend 300 save 10 on sku A, B stack', '[2020-01-01,)', 9, 'active', NULL, NULL, NULL, NULL),
	('set', 'buy set total 10 on sku S1, S2 stack', '[2020-01-01,)', 9, 'active', NULL, NULL, NULL, NULL);
INSERT INTO promo.flash_stock (sku, units, promotion, during) VALUES
	('F1', 0, 'flash', '[2020-01-01, 2020-01-02)'),		-- the last to open is gone, though it is closed
	('F2', 0, 'flash', '[2020-01-01, 2020-01-02)'),
	('F2', 1, 'flash', '[2020-01-02,)'),
	('F3', 0, 'flash', '[2098-01-01,)'),				-- not yet open
	('F4', 0, 'last', '[2020-01-01,)'),
	('T1', 0, 'tag', '[2020-01-01,)'),
	('T2', 0, 'tag', '[2020-01-01,)'),
	('T3', 1, 'tag', '[2020-01-01,)'),
	('G1', 0, 'gift', '[2020-01-01,)'),
	('G2', 0, 'gift', '[2020-01-01,)'),
	('S1', 0, 'set', '[2020-01-01,)'),
	('A', 0, 'no promotion', '[2020-01-01,)'),
	('B', 0, NULL, '[2020-01-01,)');
COMMIT;

CREATE FUNCTION rules_of(rules promo.ruleset) RETURNS TABLE (name text, priority int, rule text, during text) LANGUAGE sql AS $$
	SELECT r.name, r.priority, r.rule, r.during
	FROM jsonb_to_recordset(rules::jsonb -> 'rules') r (name text, priority int, rule text, during text)
$$;
SELECT * FROM rules_of(promo.current_ruleset());
SELECT name FROM rules_of(promo.current_ruleset('shop')) EXCEPT SELECT name FROM rules_of(promo.current_ruleset()) ORDER BY 1;
SELECT name FROM rules_of(promo.current_ruleset('app')) EXCEPT SELECT name FROM rules_of(promo.current_ruleset()) ORDER BY 1;
SELECT promo.current_ruleset()::jsonb - 'rules';
-- the same as made by hand
SELECT promo.configure(promo.ruleset_agg(name, rule, priority, during), unit => 0.05, zone => 'Asia/Shanghai', search => 'cart')
	OPERATOR(promo.=) promo.current_ruleset('app')
FROM (SELECT name, rule::promo.rule, priority, during::tstzrange FROM rules_of(promo.current_ruleset('app'))) r;
SELECT promo.nets(promo.price('[{"line":1,"sku":"F1","qty":1,"price":"20"},{"line":2,"sku":"F2","qty":1,"price":"20"},{"line":3,"sku":"A","qty":1,"price":"20"}]',
							  promo.current_ruleset('app')));

SELECT promo.current_ruleset('App');
SELECT promo.current_ruleset('');
UPDATE promo.pricing_policy SET unit = -1;
UPDATE promo.pricing_policy SET unit = NULL;
SELECT promo.current_ruleset()::jsonb - 'rules';

-- Once for a query in bulk; workers read for themselves
EXPLAIN (COSTS OFF) SELECT promo.total(promo.price(cart, (SELECT promo.current_ruleset()))) FROM (VALUES ('[]'::promo.cart), ('[]')) v (cart);
BEGIN;
SET LOCAL parallel_setup_cost = 0;
SET LOCAL parallel_tuple_cost = 0;
SET LOCAL min_parallel_table_scan_size = 0;
SET LOCAL parallel_leader_participation = off;
CREATE TABLE cart_of_many AS SELECT promo.cart_agg(1, 'A', n, 10) AS cart FROM generate_series(1, 1000) n GROUP BY n;
ALTER TABLE cart_of_many SET (parallel_workers = 2);
EXPLAIN (COSTS OFF) SELECT sum(promo.total(promo.price(cart, promo.current_ruleset('app')))) FROM cart_of_many;
SELECT sum(promo.total(promo.price(cart, promo.current_ruleset('app')))) FROM cart_of_many;
SET LOCAL max_parallel_workers_per_gather = 0;
SELECT sum(promo.total(promo.price(cart, promo.current_ruleset('app')))) FROM cart_of_many;
ROLLBACK;

-- A result stays what it was although the catalog changes while it is in use:
-- in the rows of one query,
CREATE FUNCTION total(rules promo.ruleset) RETURNS numeric LANGUAGE sql AS $$
	SELECT promo.total(promo.price('[{"line":1,"sku":"Z","qty":1,"price":"1000"}]', rules, '2026-01-05'))
$$;
CREATE FUNCTION plan(percent int) RETURNS numeric LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO promo.promotion (name, rule, during, priority, status)
	VALUES (percent, format('save %s%% on sku Z stack', percent)::promo.rule, '[2020-01-01,)', 20 + percent, 'active');
	RETURN total(promo.current_ruleset());
END
$$;
SELECT total(promo.current_ruleset());
SELECT total(promo.current_ruleset()), plan(percent), total(promo.current_ruleset()) FROM generate_series(10, 30, 10) percent;
-- in a procedure that was given it and commits,
CREATE PROCEDURE change_all(rules promo.ruleset) LANGUAGE plpgsql AS $$
DECLARE
	copy CONSTANT promo.ruleset := rules;
BEGIN
	FOR i IN 1..3 LOOP
		UPDATE promo.promotion SET status = 'ended' WHERE name = (i * 10)::text AND status = 'active';
		RAISE INFO '% %', total(rules), total(promo.current_ruleset());
		COMMIT;
		RAISE INFO '% %', total(rules), total(promo.current_ruleset());
	END LOOP;
	RAISE INFO '%', rules OPERATOR(promo.=) copy;
END
$$;
CALL change_all(promo.current_ruleset());
-- and where a subtransaction that used it failed
DO $$
BEGIN
	FOR i IN 1..3 LOOP
		BEGIN
			RAISE INFO '% %', total(promo.current_ruleset()), plan(50);
			PERFORM promo.current_ruleset(), 1 / (i - i);
		EXCEPTION WHEN division_by_zero THEN
			RAISE INFO '%', total(promo.current_ruleset());
		END;
	END LOOP;
END
$$;
DROP PROCEDURE change_all;
DROP FUNCTION plan, total;

DROP FUNCTION rules_of;
SET client_min_messages = warning;
TRUNCATE promo.campaign, promo.channel, promo.promotion, promo.pricing_policy, promo.flash_stock CASCADE;
SELECT promo.current_ruleset();
