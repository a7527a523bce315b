-- What the roles of the grant scripts may do, and what gives 42501.
\set ECHO none
BEGIN;
SELECT plan(47);

CREATE ROLE promo_reader;
CREATE ROLE promo_seller;
CREATE ROLE promo_planner;
CREATE ROLE promo_scheduler;
CREATE ROLE promo_nobody;
CREATE SCHEMA shop AUTHORIZATION promo_planner;
GRANT USAGE ON SCHEMA shop TO promo_reader;

-- ----------------------------------------------------------------
-- What is there to be read, sold, planned and done
-- ----------------------------------------------------------------
\set role promo_planner
\ir ../../grants/promo_grant_plan.sql
SET ROLE promo_planner;
CREATE TABLE shop.events (at timestamptz, event text, customer bigint, amount numeric);
CREATE INDEX ON shop.events (at);
CREATE INDEX ON shop.events (customer);
INSERT INTO shop.events SELECT now() - n * interval '10 minutes', 'order', n, 1 FROM generate_series(1, 20) n;
SELECT promo.create_rollup('shop', 'shop.events', '1 hour', 'at', '{"event": "event", "customer": "customer", "amount": "amount"}') \g /dev/null
SELECT promo.create_rollup('people', 'shop.events', NULL, 'at', '{"amount": "amount"}', '{customer}') \g /dev/null
INSERT INTO promo.channel VALUES ('web');
INSERT INTO promo.campaign (name, budget, running, rollup) VALUES ('spring', 1000, tstzrange(now() - interval '1 day', now() + interval '1 day'), 'shop');
INSERT INTO promo.campaign_goal (campaign, metric, target) VALUES ('spring', 'gmv', 10);
INSERT INTO promo.campaign_department VALUES ('spring', 'shoes', 1);
INSERT INTO promo.product VALUES ('A', 100, 50, 60, 100, '{}');
INSERT INTO promo.pricing_policy (unit) VALUES (0.01);
INSERT INTO promo.promotion (campaign, name, rule, during, status, budget, uses, uses_per_customer) VALUES
	('spring', 'shoes', 'save 10% on sku A', tstzrange(now() - interval '1 day', NULL), 'active', 100, 10, 2),
	('spring', 'coded', 'save 1 code SHARED, SINGLE', tstzrange(now() - interval '1 day', NULL), 'active', NULL, NULL, NULL),
	('spring', 'over', 'save 1 on sku B', tstzrange(now() - interval '2 days', now() - interval '1 day'), 'active', NULL, NULL, NULL);
INSERT INTO promo.coupon (code, opens, uses, uses_per_customer) VALUES ('SHARED', 'SHARED', 10, 2), ('ONCE', 'SINGLE', 1, NULL);
INSERT INTO promo.flash_stock (sku, units, per_customer, promotion) VALUES ('A', 10, 5, 'shoes');
INSERT INTO promo.prize VALUES ('spring', 1, 'car', 1);
INSERT INTO promo.alert_rule (name, rollup, metric, method, threshold) VALUES ('busy', 'shop', 'orders', 'above', 1);
RESET ROLE;
CREATE TABLE shop.other (at timestamptz);
CREATE TABLE shop.others_too (at timestamptz PRIMARY KEY);
SELECT promo.create_rollup('others', 'shop.others_too', '1 day', 'at', '{"event": "''order''"}') \g /dev/null
INSERT INTO promo.job_run (job, started_at, finished_at, status, detail) VALUES ('old', now(), now() - interval '31 days', 'done', '');
SELECT promo.open_draw('spring', now() + interval '1 hour', 'the lottery') \g /dev/null

-- twice: what is granted already stays
\set role promo_reader
\ir ../../grants/promo_grant_read.sql
\ir ../../grants/promo_grant_read.sql
\set role promo_seller
\ir ../../grants/promo_grant_sell.sql
\ir ../../grants/promo_grant_sell.sql
\set role promo_planner
\ir ../../grants/promo_grant_plan.sql
\set role promo_scheduler
\ir ../../grants/promo_grant_jobs.sql
\ir ../../grants/promo_grant_jobs.sql

-- ok or the SQLSTATE; nothing stays
CREATE FUNCTION pg_temp.outcome(role text, statement text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	PERFORM set_config('role', role, true);
	EXECUTE statement;
	RAISE SQLSTATE 'DONE0';
EXCEPTION
	WHEN SQLSTATE 'DONE0' THEN RETURN 'ok';
	WHEN OTHERS THEN RETURN SQLSTATE;
END $$;

CREATE TEMP TABLE role (n int GENERATED ALWAYS AS IDENTITY, letter text, name text);
INSERT INTO role (letter, name) VALUES ('r', 'reader'), ('s', 'seller'), ('p', 'planner'), ('j', 'scheduler'), ('-', 'nobody');
CREATE TEMP TABLE operation (n int GENERATED ALWAYS AS IDENTITY, does text, roles text, statement text);
INSERT INTO operation (does, roles, statement) VALUES
	('prices', 'sp', $$SELECT promo.price('[{"line":1,"sku":"A","qty":1,"price":"100"}]', promo.current_ruleset('web'))$$),
	('reads codes of coupons', 'spj', 'SELECT code FROM promo.coupon'),
	('reads which coupons were redeemed', 'spj', 'SELECT coupon FROM promo.redemption'),
	('reads what else is known of coupons', 'rsp', 'SELECT opens, redeemed FROM promo.coupon'),
	('reads redemptions', 'rspj', 'SELECT order_id, amount FROM promo.redemption'),
	('reads seeds of draws', '', 'SELECT seed FROM promo.prize_secret'),
	('reviews', 'rp', $$SELECT promo.review('spring')$$),
	('lists goals', 'rp', $$SELECT promo.goals('spring')$$),
	('divides profit', 'rp', $$SELECT promo.department_profit('spring')$$),
	('checks margins', 'rp', 'SELECT promo.check_margins()'),
	('looks up the phase', 'rspj', $$SELECT promo.phase('spring')$$),
	('reads the rollup', 'rp', 'SELECT * FROM shop.shop'),
	('verifies a draw', 'rsp', $$SELECT promo.verify_draw('spring')$$),
	('types a code', 'sp', $$SELECT promo.coupon_codes('{once,shared}', 'ann')$$),
	('redeems', 's', $$SELECT promo.redeem('1', 'ann', promo.price('[{"line":1,"sku":"A","qty":1,"price":"100"}]', promo.current_ruleset(), codes => '{SINGLE}'), '{ONCE}');
		SELECT promo.redeem('2', 'bob', promo.price('[{"line":1,"sku":"A","qty":1,"price":"100"}]', promo.current_ruleset(), codes => '{SHARED}'));
		SELECT promo.release('1'); SELECT promo.release('2')$$),
	('claims', 's', $$SELECT promo.claim('1', 'ann', 'A', 5); SELECT promo.claim('2', 'bob', 'A', 5); SELECT promo.claim('3', 'eve', 'A', 5); SELECT promo.unclaim('1')$$),
	('enters a draw', 's', $$INSERT INTO promo.prize_entry (campaign, customer) VALUES ('spring', 'ann') RETURNING entry$$),
	('chooses the number of an entry', '', $$INSERT INTO promo.prize_entry (campaign, entry, customer) OVERRIDING SYSTEM VALUE VALUES ('spring', 7, 'ann')$$),
	('forges what was redeemed', '', $$UPDATE promo.redemption SET amount = 0$$),
	('gives a coupon to somebody else', 'p', $$UPDATE promo.coupon SET customer = 'me'$$),
	('plans a campaign', 'p', $$INSERT INTO promo.campaign (name, running, budget) VALUES ('x', tstzrange(now(), now() + interval '1 day'), 5); UPDATE promo.campaign SET budget = NULL WHERE name = 'x'; DELETE FROM promo.campaign WHERE name = 'x'$$),
	('plans a promotion', 'p', $$INSERT INTO promo.promotion (name, rule, during, uses) VALUES ('x', 'save 1 on sku X', tstzrange(now() + interval '1 day', NULL), 5); UPDATE promo.promotion SET status = 'active', uses_per_customer = 1 WHERE name = 'x'; DELETE FROM promo.promotion WHERE name = 'x'$$),
	('changes a promotion', 'p', $$UPDATE promo.promotion SET rule = 'save 20% on sku A' WHERE name = 'shoes'; UPDATE promo.promotion SET budget = 50, uses = NULL, uses_per_customer = NULL WHERE name = 'shoes' AND status = 'active'$$),
	('issues coupons', 'p', $$SELECT promo.issue_coupons('SINGLE', 3); UPDATE promo.coupon SET uses = 3 WHERE code = 'ONCE'; DELETE FROM promo.coupon$$),
	('sets stock aside', 'p', $$INSERT INTO promo.flash_stock (sku, units) VALUES ('Z', 3); UPDATE promo.flash_stock SET units = 30, per_customer = NULL; DELETE FROM promo.flash_stock WHERE sku = 'Z'$$),
	('sets the policy', 'p', 'UPDATE promo.pricing_policy SET unit = 0.05'),
	('changes goals', 'p', 'UPDATE promo.campaign_goal SET target = 11; DELETE FROM promo.campaign_goal'),
	('plans prizes', 'p', $$INSERT INTO promo.campaign (name, running) VALUES ('x', tstzrange(now(), now() + interval '1 day')); INSERT INTO promo.prize VALUES ('x', 1, 'mug', 1); DELETE FROM promo.prize WHERE campaign = 'x'$$),
	('opens a draw', '', $$SELECT promo.open_draw('spring', now() + interval '1 hour', 'dice')$$),
	('draws', '', $$SELECT promo.draw('spring', '1 2 3')$$),
	('tells winners', 'p', $$UPDATE promo.prize_award SET status = 'notified'$$),
	('sets alert rules', 'p', $$INSERT INTO promo.alert_rule (name, rollup, metric) VALUES ('x', 'shop', 'pv'); DELETE FROM promo.alert_rule WHERE name = 'x'$$),
	('makes and drops a rollup of a table of his own', 'p', $$CREATE TABLE shop.more (at timestamptz PRIMARY KEY); SELECT promo.create_rollup('daily', 'shop.more', '1 day', 'at', '{"event": "''order''"}');
		SELECT promo.mark('daily'); SELECT promo.drop_rollup('daily')$$),
	('makes a rollup of a table of somebody else', '', $$SELECT promo.create_rollup('other', 'shop.other', '1 day', 'at', '{"event": "''order''"}')$$),
	('drops a rollup of somebody else', '', $$SELECT promo.drop_rollup('others')$$),
	('refreshes', 'j', $$SELECT promo.refresh_batch('shop', 10); SELECT promo.refresh_batch('people', 100)$$),
	('scores customers', 'j', $$SELECT promo.score_customers('people')$$),
	('evaluates alerts', 'j', 'SELECT promo.evaluate_alerts()'),
	('lays out quotas', 'j', 'SELECT promo.open_quotas()'),
	('ends promotions that are over', 'j', $$SELECT promo.run_job('promotions'); SELECT 1 / count(*) FROM promo.job_run WHERE job = 'promotions' AND status = 'done'$$),
	('prunes', 'j', $$SELECT promo.run_job('prune'); SELECT 1 / count(*) FROM promo.job_run WHERE job = 'prune' AND status = 'done'$$);
SELECT is((SELECT string_agg(letter, '' ORDER BY r.n) FROM role r WHERE pg_temp.outcome('promo_' || name, statement) = 'ok'), nullif(roles, ''), does)
FROM operation ORDER BY n;
SELECT is_empty($$ SELECT name, does, outcome FROM role r, operation o, pg_temp.outcome('promo_' || name, statement) outcome
				   WHERE strpos(roles, letter) = 0 AND outcome <> '42501' $$, 'all else is denied, and for that reason');

-- ----------------------------------------------------------------
-- Tables: select, insert, update, delete; small letters: some columns
-- ----------------------------------------------------------------
CREATE FUNCTION pg_temp.rights(role text, relation oid) RETURNS text LANGUAGE sql AS $$
	SELECT coalesce(string_agg(CASE WHEN has_table_privilege('promo_' || role, relation, word) THEN letter
		WHEN some_columns AND has_any_column_privilege('promo_' || role, relation, CASE WHEN some_columns THEN word ELSE 'SELECT' END) THEN lower(letter) END, '' ORDER BY n), '')
	FROM (VALUES (1, 'SELECT', 'S', true), (2, 'INSERT', 'I', true), (3, 'UPDATE', 'U', true), (4, 'DELETE', 'D', false),
		(5, 'TRUNCATE', 'T', false), (6, 'TRIGGER', 'G', false)) v (n, word, letter, some_columns)
$$;
SELECT set_eq($$ SELECT relname::text, pg_temp.rights('reader', oid) r, pg_temp.rights('seller', oid) s, pg_temp.rights('planner', oid) p, pg_temp.rights('scheduler', oid) j
				 FROM pg_class WHERE relnamespace = 'promo'::regnamespace AND relkind IN ('r', 'v') $$,
	$$ VALUES
	('alert', 'S', '', 'S', 'SIUD'),
	('alert_rule', 'S', '', 'SIUD', 'Su'),
	('campaign', 'S', 'S', 'SIUD', 'S'),
	('campaign_department', 'S', '', 'SIUD', ''),
	('campaign_goal', 'S', '', 'SIUD', ''),
	('catalog_version', 'S', 'S', 'Su', 'Su'),
	('channel', 'S', 'S', 'SIUD', 'S'),
	('claim', 'S', 'SIu', 'S', 'S'),
	('coupon', 's', 'Su', 'SIUD', 's'),
	('flash_stock', 'S', 'S', 'SIUD', 'S'),
	('job_run', 'S', '', 'S', 'SID'),
	('kpi_rollup', 'S', '', 'SID', 'S'),
	('pricing_policy', 'S', 'S', 'SIUD', ''),
	('prize', 'S', 'S', 'SIUD', ''),
	('prize_award', 'S', '', 'Su', ''),
	('prize_draw', 'S', 'S', 'S', ''),
	('prize_entry', 'S', 'Si', 'S', ''),
	('prize_secret', '', '', '', ''),
	('product', 'S', '', 'SIUD', ''),
	('promotion', 'S', 'S', 'SIUD', 'Su'),
	('promotion_item', 'S', '', 'SID', 'sID'),
	('quota', '', 'Su', 'SIUD', 'Su'),
	('quota_low', '', 'SI', 'SIUD', 'SID'),
	('quota_slot', '', 'SIu', 'SUD', 'SIu'),
	('quota_status', '', '', 'S', ''),
	('quota_use', '', 'SIu', 'SUD', ''),
	('redemption', 's', 'SIu', 'S', 'S') $$, 'what each role may do with each table');
SELECT is_empty($$ SELECT relname FROM pg_class WHERE relnamespace = 'promo'::regnamespace AND relkind IN ('r', 'v', 'S') AND
				   (pg_temp.rights('nobody', oid) <> '' OR relkind = 'S' AND has_sequence_privilege('promo_planner', oid, 'USAGE, SELECT, UPDATE')) $$,
	'nobody else anything');

-- ----------------------------------------------------------------
-- Functions that are not for everyone
-- ----------------------------------------------------------------
SELECT set_eq($$ SELECT proname::text, (SELECT string_agg(letter, '' ORDER BY r.n) FROM role r WHERE has_function_privilege('promo_' || name, oid, 'EXECUTE'))
				 FROM pg_proc WHERE pronamespace = 'promo'::regnamespace AND prorettype <> 'trigger'::regtype
					AND NOT has_function_privilege('promo_nobody', oid, 'EXECUTE') $$,
	$$ SELECT trim(name), roles
	   FROM (VALUES ('s', 'redeem, release, claim, claim_in_turn, unclaim, choose_coupon, see_limits, take_quota, give_quota, take_quota_of_customer, give_quota_of_customer'),
			('p', 'issue_coupons, random_code, create_rollup, drop_rollup, mark, rollup_finish'),
			('j', 'run_jobs, run_job, refresh, refresh_batch, score_customers, open_quotas, prune_low_quotas, evaluate_alerts, judge_as_owner'),
			('sp', 'lock_quota'), ('sj', 'open_quota'), ('pj', 'set_quota'), ('spj', 'lower_quota, spread_quota'),
			(NULL, 'open_draw, freeze_draw, draw, draw_seed, latest_draw_list, latest_prizes_hash, rollup_refresh, rollup_score')) f (roles, names),
		   regexp_split_to_table(names, ',') name $$, 'who may call what is not for everyone');
SELECT is_empty($$ SELECT oid::regprocedure FROM pg_proc WHERE pronamespace = 'promo'::regnamespace AND prosecdef $$, 'no function runs as its owner');

-- ----------------------------------------------------------------
-- Jobs run what owners of rollups have made with the owners' rights
-- ----------------------------------------------------------------
SET ROLE promo_planner;
CREATE FUNCTION shop.mine() RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
	IF current_user <> 'promo_planner' THEN
		RAISE 'run by %', current_user;
	END IF;
	RETURN true;
END $$;
CREATE OR REPLACE VIEW shop.shop_current AS SELECT * FROM shop.shop_state WHERE shop.mine();
RESET ROLE;
SELECT promo.refresh_batch('shop', 100) \g /dev/null
SELECT cmp_ok(promo.evaluate_alerts(), '>', 100, 'alerts are evaluated as the owner of the rollup, whoever runs the jobs');

SELECT * FROM finish();
ROLLBACK;
