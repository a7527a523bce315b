-- current_ruleset() keeps what it read: what makes it read again, and who may have it.
-- Not in one transaction: what a transaction has changed itself is not kept.
\set ECHO none
SET client_min_messages = warning;
SET timezone = 'UTC';
SELECT plan(61);

-- 'name', or 'name max 5', of every rule
CREATE FUNCTION rules(channel text DEFAULT NULL) RETURNS text LANGUAGE sql STABLE AS $$
	SELECT coalesce(string_agg(concat_ws(' ', r ->> 'name', substring(r ->> 'rule' FROM 'max.*')), ', '), '')
	FROM jsonb_array_elements(promo.current_ruleset(channel)::jsonb) r
$$;
-- a promotion of that name, which halves the price of what is named so
CREATE FUNCTION add_promotion(name text, during tstzrange DEFAULT '[2020-01-01,)', channels text[] DEFAULT NULL, campaign text DEFAULT NULL,
					 budget numeric DEFAULT NULL, uses bigint DEFAULT NULL, status text DEFAULT 'active') RETURNS SETOF void LANGUAGE sql AS $$
	INSERT INTO promo.promotion (name, rule, during, channels, campaign, budget, uses, status)
	VALUES (name, format('save 50%% on sku %s', quote_literal(name))::promo.rule, during, channels, campaign, budget, uses, status)
$$;
-- an order of one thing at that price
CREATE FUNCTION sell(order_id text, name text, price numeric) RETURNS SETOF text LANGUAGE sql AS $$
	SELECT concat_ws(' ', r.rule, r.amount)
	FROM promo.price((SELECT promo.cart_agg(1, name, 1, price)), promo.current_ruleset()) quote,
		LATERAL promo.redeem(order_id, 'customer', quote) r
$$;

-- whether the ruleset is that of its rules
CREATE FUNCTION as_made() RETURNS boolean LANGUAGE sql STABLE AS $$
	SELECT promo.current_ruleset() OPERATOR(promo.=)
		promo.ruleset_agg(r ->> 'name', (r ->> 'rule')::promo.rule, (r ->> 'priority')::int, (r ->> 'during')::tstzrange)
	FROM jsonb_array_elements(promo.current_ruleset()::jsonb) r
$$;
-- sells: whether the rules given stay the same, and what the rules are then
CREATE FUNCTION sell_with(held promo.ruleset, order_id text, name text, price numeric) RETURNS text[] LANGUAGE plpgsql AS $$
DECLARE
	before CONSTANT text := held;
BEGIN
	PERFORM sell(order_id, name, price);
	RETURN ARRAY[CASE WHEN held::text = before THEN 't' ELSE 'f' END, rules()];
END
$$;

-- ----------------------------------------------------------------
-- Every change of what it reads is seen at once
-- ----------------------------------------------------------------
SELECT is(rules(), '', 'no promotions: no rules');
SELECT is(promo.total(promo.price('[{"line":1,"sku":"a","qty":1,"price":"5"}]', promo.current_ruleset())), 5.00, 'with which a cart has its list price');
SELECT add_promotion('a', during => '[2090-01-01,)', status => 'draft');
SELECT is(rules(), '', 'a draft is none');
UPDATE promo.promotion SET status = 'active';
SELECT is(rules(), 'a', 'an active promotion is, though it has not begun');
UPDATE promo.promotion SET rule = 'save 2 on sku a max 5';
SELECT is(rules(), 'a max 5', 'as it is after a change');
DELETE FROM promo.promotion;
SELECT is(rules(), '', 'until it is deleted');

SELECT throws_ok($$ SELECT promo.current_ruleset('app') $$, '42704', 'channel "app" does not exist', 'an unknown channel');
INSERT INTO promo.channel VALUES ('app'), ('web');
SELECT is(rules('app'), '', 'is known from then on');
DELETE FROM promo.channel WHERE name = 'app';
SELECT throws_ok($$ SELECT promo.current_ruleset('app') $$, '42704', 'channel "app" does not exist', 'until it is gone');
INSERT INTO promo.channel VALUES ('app');
SELECT add_promotion('a', channels => '{app}');
SELECT add_promotion('b');
SELECT is(ARRAY[rules('app'), rules('web'), rules()], '{"a, b",b,b}', 'each channel has its own');
UPDATE promo.promotion SET channels = '{web}' WHERE name = 'a' AND status = 'active';
SELECT is(ARRAY[rules('app'), rules('web'), rules()], '{b,"a, b",b}', 'and another after a change');
SELECT is((SELECT count(DISTINCT name) FROM pg_backend_memory_contexts WHERE name = 'promo catalog'), 1::bigint, 'they are kept');

INSERT INTO promo.pricing_policy (unit) VALUES (0.5);
SELECT is(promo.current_ruleset()::jsonb ->> 'unit', '0.5', 'a policy');
UPDATE promo.pricing_policy SET unit = 0.25;
SELECT is(promo.current_ruleset()::jsonb ->> 'unit', '0.25', 'another');
DELETE FROM promo.pricing_policy;
SELECT is(promo.current_ruleset()::jsonb ->> 'unit', NULL, 'none');

-- in the middle of a transaction
BEGIN;
SELECT add_promotion('c');
SELECT is(rules(), 'b, c', 'one''s own changes');
SAVEPOINT s;
UPDATE promo.promotion SET status = 'ended' WHERE name = 'b';
SELECT is(rules(), 'c', 'in a savepoint');
ROLLBACK TO s;
SELECT is(rules(), 'b, c', 'without what was taken back to it');
ROLLBACK;
SELECT is(rules(), 'b', 'and without what was rolled back');
SET session_replication_role = replica;
INSERT INTO promo.promotion (id, origin, name, rule, during, status) VALUES (1000, 1000, 'copied', 'save 1 on sku copied', '[2020-01-01,)', 'active');
SELECT is(rules(), 'b, copied', 'where triggers of the origin do not fire');
RESET session_replication_role;
CREATE TABLE copied AS SELECT version FROM promo.catalog_version;
DELETE FROM promo.catalog_version;
SELECT is(rules(), 'b, copied', 'without a version it reads every time');
INSERT INTO promo.catalog_version SELECT true, version FROM copied;
TRUNCATE promo.promotion CASCADE;
SELECT is(rules(), '', 'after TRUNCATE');

-- ----------------------------------------------------------------
-- Time passes
-- ----------------------------------------------------------------
SELECT add_promotion('short', during => tstzrange(now(), now() + interval '0.6 s'));
INSERT INTO promo.flash_stock (sku, units, promotion, during) VALUES ('later', 0, 'with stock', tstzrange(now() + interval '1 s', NULL));
INSERT INTO promo.promotion (name, rule, during, status) VALUES ('with stock', 'save 1 on sku later, other', '[2020-01-01,)', 'active');
SELECT is(rules(), 'short, with stock', 'a promotion that is soon over');
SELECT ok(promo.current_ruleset()::text LIKE '%on sku later, other%', 'and a stock that is to open, empty');
SELECT pg_sleep(1.1) \gset
SELECT is(rules(), 'with stock', 'it is over');
SELECT ok(promo.current_ruleset()::text LIKE '%on sku other%', 'the stock has opened');
TRUNCATE promo.promotion, promo.flash_stock CASCADE;

-- ----------------------------------------------------------------
-- What is left
-- ----------------------------------------------------------------
INSERT INTO promo.campaign (name, running, budget) VALUES ('double 11', '[2020-01-01, 2099-01-01)', 100);
SELECT add_promotion('of both', campaign => 'double 11', budget => 60);
SELECT add_promotion('of the campaign', campaign => 'double 11');
SELECT add_promotion('twice', uses => 2);
SELECT add_promotion('free');
SELECT is(rules(), 'free, of both max 60, of the campaign max 100, twice', 'budgets are the most that may be given');
SELECT results_eq($$ SELECT sell('1', 'of both', 20) $$, '{of both 10.00}'::text[], 'an order takes from them');
SELECT is(rules(), 'free, of both max 50, of the campaign max 90, twice', 'and less is left');
SELECT results_eq($$ SELECT sell('2', 'of the campaign', 100.50) $$, '{of the campaign 50.25}'::text[], 'of the campaign alone');
SELECT is(rules(), 'free, of both max 39.75, of the campaign max 39.75, twice', 'the lesser counts');
SELECT ok(as_made(), 'the ruleset is as if made of its rules');
BEGIN;
SELECT is(sell_with(promo.current_ruleset(), '2a', 'of both', 20), '{t,"free, of both max 29.75, of the campaign max 29.75, twice"}'::text[],
		  'what a query holds stays as it was while less is left');
ROLLBACK;
BEGIN;
SELECT results_eq($$ SELECT sell('3', 'of both', 200) $$, '{of both 39.75}'::text[], 'no more is given than is left');
SELECT is(rules(), 'free, twice', 'with nothing left they are left out');
ROLLBACK;
SELECT is(rules(), 'free, of both max 39.75, of the campaign max 39.75, twice', 'but for orders that were not made');
SELECT promo.release('1') \gset
SELECT is(rules(), 'free, of both max 49.75, of the campaign max 49.75, twice', 'or were given up');
UPDATE promo.campaign SET budget = 30;
SELECT is(rules(), 'free, twice', 'a budget that is below what was given');
UPDATE promo.campaign SET budget = NULL;
SELECT is(rules(), 'free, of both max 60, of the campaign, twice', 'no budget');
SELECT sell('11', 'twice', 10) \gset
SELECT sell('12', 'twice', 10) \gset
SELECT is(rules(), 'free, of both max 60, of the campaign', 'uses that are used up');
SELECT promo.release('11') \gset
SELECT is(rules(), 'free, of both max 60, of the campaign, twice', 'and one given back');
SELECT sell('13', 'twice', 10) \gset
SELECT is(rules(), 'free, of both max 60, of the campaign', 'and taken');

-- stock: of what is left of the rule
INSERT INTO promo.promotion (name, rule, during, priority, status) VALUES ('flash', 'price 9 each on sku f, g', '[2020-01-01,)', 9, 'active');
INSERT INTO promo.flash_stock (sku, units, promotion) VALUES ('f', 3, 'flash'), ('g', 1, 'flash');
CREATE FUNCTION flash() RETURNS text LANGUAGE sql STABLE AS $$ SELECT substring(promo.current_ruleset()::text FROM '"(price 9 each[^"]*)"') $$;
SELECT is(flash(), 'price 9 each on sku f, g', 'a flash sale');
SELECT promo.claim('21', 'c', 'f', 2), promo.claim('21', 'c', 'g', 1) \gset
SELECT is(flash(), 'price 9 each on sku f', 'a product that is sold out is not on sale');
SELECT promo.claim('22', 'c', 'f', 1) \gset
SELECT is(flash(), NULL, 'nor is the last');
SELECT promo.unclaim('21') \gset
SELECT is(flash(), 'price 9 each on sku f, g', 'until units are given back');
SELECT ok(as_made(), 'that ruleset too is as if made of its rules');
-- a rule can except 10,000 products
BEGIN;
INSERT INTO promo.promotion (name, rule, during, status) VALUES ('tagged', 'save 1% on tag t stack', '[2020-01-01,)', 'active');
INSERT INTO promo.flash_stock (sku, units, promotion) SELECT 't' || i, 0, 'tagged' FROM generate_series(1, 10000) i;
SELECT is(rules(), 'flash, free, of both max 60, of the campaign, tagged', 'as many products as a rule can except are sold out');
INSERT INTO promo.flash_stock (sku, units, promotion) VALUES ('one more', 0, 'tagged');
SELECT is(rules(), 'flash, free, of both max 60, of the campaign', 'with one more that rule is left out, and the others go on');
ROLLBACK;

-- ----------------------------------------------------------------
-- With the rights of the caller
-- ----------------------------------------------------------------
CREATE ROLE promo_pricer;
SELECT is(rules(), 'flash, free, of both max 60, of the campaign', 'one who may has it kept');
SET ROLE promo_pricer;
SELECT throws_ok('SELECT promo.current_ruleset()', '42501', NULL, 'one in the same session who may not does not get it');
RESET ROLE;
GRANT SELECT ON ALL TABLES IN SCHEMA promo TO promo_pricer;
REVOKE SELECT ON promo.redemption FROM promo_pricer;
SET ROLE promo_pricer;
SELECT throws_ok('SELECT promo.current_ruleset()', '42501', 'permission denied for table redemption', 'the error names the table');
RESET ROLE;
GRANT SELECT ON promo.redemption TO promo_pricer;
SET ROLE promo_pricer;
SELECT is(rules(), 'flash, free, of both max 60, of the campaign', 'with rights on all it does');
RESET ROLE;
ALTER TABLE promo.promotion ENABLE ROW LEVEL SECURITY;
CREATE POLICY free ON promo.promotion TO promo_pricer USING (name LIKE 'f%');
SELECT is(rules(), 'flash, free, of both max 60, of the campaign', 'whom policies do not concern sees all');
SET ROLE promo_pricer;
SELECT is(rules(), 'flash, free', 'others what they let them see');
SET row_security = off;
SELECT throws_ok('SELECT promo.current_ruleset()', '42501', NULL, 'or an error, if they ask for it');
RESET row_security;
RESET ROLE;
SELECT is(rules(), 'flash, free, of both max 60, of the campaign', 'which is not kept for anybody else');
ALTER POLICY free ON promo.promotion USING (name = current_setting('promo_test.shop', true));
SET ROLE promo_pricer;
SET promo_test.shop = 'free';
SELECT is(rules(), 'free', 'nor for oneself');
SET promo_test.shop = 'flash';
SELECT is(rules(), 'flash', 'as policies may ask for anything');
RESET ROLE;
ALTER TABLE promo.promotion DISABLE ROW LEVEL SECURITY;

-- ----------------------------------------------------------------
-- Whatever happens, it is what promotions, redemptions and claims say
-- ----------------------------------------------------------------
TRUNCATE promo.campaign, promo.promotion, promo.flash_stock CASCADE;
CREATE FUNCTION rules_by_hand() RETURNS text LANGUAGE sql STABLE AS $$
	SELECT coalesce(string_agg(concat_ws(' ', name, 'max ' || trim_scale(budget_left)), ', ' ORDER BY name COLLATE "C"), '')
	FROM (
		SELECT p.name, p.uses - count(r.id) AS uses_left,
			least(p.budget - coalesce(sum(r.amount), 0),
				  c.budget - (SELECT coalesce(sum(r.amount), 0) FROM promo.redemption r JOIN promo.promotion q ON q.id = r.promotion
							  WHERE q.campaign = c.name AND r.released_at IS NULL)) AS budget_left,
			(SELECT s.units - coalesce(sum(k.units), 0) FROM promo.flash_stock s LEFT JOIN promo.claim k ON k.stock = s.id AND k.released_at IS NULL
			 WHERE s.promotion = p.name GROUP BY s.id) AS stock_left
		FROM promo.promotion p LEFT JOIN promo.campaign c ON c.name = p.campaign
			LEFT JOIN promo.promotion o ON o.origin = p.origin LEFT JOIN promo.redemption r ON r.promotion = o.id AND r.released_at IS NULL
		WHERE p.status = 'active'
		GROUP BY p.id, c.name
	) p
	WHERE (budget_left > 0) IS NOT FALSE AND (uses_left > 0) IS NOT FALSE AND (stock_left > 0) IS NOT FALSE
$$;
-- in the order of names
CREATE FUNCTION rules_by_name() RETURNS text LANGUAGE sql STABLE AS $$
	SELECT coalesce(string_agg(concat_ws(' ', r ->> 'name', 'max ' || trim_scale(substring(r ->> 'rule' FROM 'max (.*)')::numeric)), ', ' ORDER BY r ->> 'name' COLLATE "C"), '')
	FROM jsonb_array_elements(promo.current_ruleset()::jsonb) r
$$;
SELECT setseed(0.5) \gset
INSERT INTO promo.campaign (name, running, budget) VALUES ('c', '[2020-01-01, 2099-01-01)', 300);
INSERT INTO promo.promotion (name, rule, during, status, campaign, budget, uses)
	SELECT n, format('save 50%% on sku p%s', n)::promo.rule, '[2020-01-01,)', 'active', CASE WHEN n % 2 = 0 THEN 'c' END,
		CASE WHEN n % 3 = 0 THEN 21 END, CASE WHEN n % 5 < 2 THEN 3 END
	FROM generate_series(1, 15) n;
INSERT INTO promo.flash_stock (sku, units, promotion) SELECT 'p' || n, 2, n FROM generate_series(1, 15, 4) n;
CREATE TABLE difference (step int, what text, told text, should text);
CREATE PROCEDURE walk(steps int) LANGUAGE plpgsql AS $$
DECLARE
	what text;
	n int;
BEGIN
	FOR step IN 1 .. steps LOOP
		n := 1 + floor(random() * 15);
		what := (ARRAY['sell', 'sell', 'sell', 'release', 'claim', 'claim', 'unclaim', 'budget', 'campaign', 'change', 'stock', 'failure', 'commit', 'rollback'])[1 + floor(random() * 14)];
		CASE what
			WHEN 'sell' THEN
				BEGIN
					PERFORM sell((step % 20)::text, 'p' || n, 2 * (1 + step % 9));
				EXCEPTION WHEN SQLSTATE 'PM005' THEN
					NULL;
				END;
			WHEN 'release' THEN PERFORM promo.release((step % 20)::text);
			WHEN 'claim' THEN
				BEGIN
					PERFORM promo.claim((step % 20)::text, 'c', 'p' || (1 + n / 4 * 4), 1);
				EXCEPTION WHEN no_data_found THEN
					NULL;
				END;
			WHEN 'unclaim' THEN PERFORM promo.unclaim((step % 20)::text);
			WHEN 'budget' THEN UPDATE promo.promotion SET budget = 10 + step % 30 WHERE name = n::text AND status = 'active' AND n % 3 = 0;
			WHEN 'campaign' THEN UPDATE promo.campaign SET budget = nullif(100 + step % 300, 399);
			WHEN 'change' THEN UPDATE promo.promotion SET priority = priority + 1 WHERE name = n::text AND status = 'active';
			WHEN 'stock' THEN UPDATE promo.flash_stock SET units = 2 + step % 3 WHERE promotion = n::text;
			WHEN 'failure' THEN
				BEGIN
					UPDATE promo.promotion SET uses = 0 WHERE status = 'active';
					PERFORM promo.current_ruleset(), 1 / 0;
				EXCEPTION WHEN division_by_zero THEN
					NULL;
				END;
			WHEN 'commit' THEN COMMIT;
			ELSE ROLLBACK;
		END CASE;
		IF rules_by_name() IS DISTINCT FROM rules_by_hand() THEN
			INSERT INTO difference VALUES (step, what, rules_by_name(), rules_by_hand());
			COMMIT;
		END IF;
	END LOOP;
	COMMIT;
END
$$;
CALL walk(2000);
SELECT is_empty('TABLE difference', 'a long walk through sales, changes and rollbacks');
SELECT cmp_ok((SELECT count(*) FROM promo.redemption), '>', 50::bigint, 'which sold something');

SELECT * FROM finish();
