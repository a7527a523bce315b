-- Campaigns, goals, promotions, and that a product is in one activity at a time.
\set ECHO none
BEGIN;
SELECT plan(135);

-- a plain role; that it may write everything is not what is tried here
CREATE ROLE planner;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA promo TO planner;
GRANT EXECUTE ON ALL ROUTINES IN SCHEMA promo TO planner;

-- a promotion as a row of text, its period in days from now
CREATE FUNCTION pg_temp.days(during tstzrange) RETURNS text LANGUAGE sql AS $$
	SELECT format('%s..%s', extract(day FROM lower(during) - now()), extract(day FROM upper(during) - now()))
$$;
CREATE FUNCTION pg_temp.span(a int, b int DEFAULT NULL) RETURNS tstzrange LANGUAGE sql AS $$
	SELECT tstzrange(now() + a * interval '1 day', now() + b * interval '1 day')
$$;
CREATE FUNCTION pg_temp.named(called text) RETURNS SETOF text LANGUAGE sql AS $$
	SELECT concat_ws(' ', status, rule, pg_temp.days(during), 'priority ' || nullif(priority, 0), 'budget ' || trim_scale(budget), channels,
		CASE WHEN origin <> id THEN 'after ' || (id - origin) END, CASE WHEN replaced_by IS NOT NULL THEN 'replaced' END)
	FROM promo.promotion WHERE name = called ORDER BY id
$$;
CREATE FUNCTION pg_temp.items() RETURNS SETOF text LANGUAGE sql AS $$
	SELECT format('%s %s %s', p.name, i.sku, pg_temp.days(i.during))
	FROM promo.promotion_item i JOIN promo.promotion p ON p.id = i.promotion ORDER BY 1
$$;
CREATE FUNCTION pg_temp.promote(name text, rule text, during tstzrange, status text DEFAULT 'active', channels text[] DEFAULT NULL) RETURNS bigint
	LANGUAGE sql AS $$
	INSERT INTO promo.promotion (name, rule, during, status, channels) VALUES ($1, $2::promo.rule, $3, $4, $5) RETURNING id
$$;
SET LOCAL ROLE planner;

-- ----------------------------------------------------------------
-- Campaigns
-- ----------------------------------------------------------------
INSERT INTO promo.campaign (name, preheat, running, after) VALUES
	('Spring', '[2030-03-01 00:00+00, 2030-03-08 00:00+00)', '[2030-03-10 00:00+00, 2030-03-20 00:00+00)', '[2030-03-20 00:00+00, 2030-03-25 00:00+00)'),
	('Now', NULL, pg_temp.span(-1, 1), NULL);
SELECT results_eq($$ SELECT coalesce(promo.phase('Spring', at), '-') FROM (VALUES (1, timestamptz '2030-02-28 23:59:59+00'), (2, '2030-03-01 00:00+00'), (3, '2030-03-07 23:59:59+00'),
		(4, '2030-03-08 00:00+00'), (5, '2030-03-10 00:00+00'), (6, '2030-03-20 00:00+00'), (7, '2030-03-25 00:00+00'), (8, '-infinity'), (9, 'infinity')) v (n, at) ORDER BY n $$,
	'{-,preheat,preheat,-,running,after,-,-,-}'::text[], 'phase: by the start of each, ends and gaps are in none');
SELECT is(promo.phase('Now'), 'running', 'phase: now');
SELECT is(promo.phase('Spring', NULL), NULL, 'phase of NULL');
SELECT throws_ok($$ SELECT promo.phase('Winter') $$, '42704', 'campaign "Winter" does not exist', 'phase of no campaign');

SELECT throws_ok(format('INSERT INTO promo.campaign (name, running, preheat, after, budget) VALUES (%L, %L, %L, %L, %L)', 'bad', running, preheat, after, budget), '23514', NULL, why)
FROM (VALUES ('unbounded', '[2030-01-01,)', NULL, NULL, NULL), ('without a start', '(,2030-01-01)', NULL, NULL, NULL), ('infinite', '[2030-01-01,infinity)', NULL, NULL, NULL),
	('empty', 'empty', NULL, NULL, NULL), ('with its end', '[2030-01-01,2030-01-02]', NULL, NULL, NULL), ('without its start', '(2030-01-01,2030-01-02)', NULL, NULL, NULL),
	('preheat reaches into it', '[2030-01-05,2030-01-09)', '[2030-01-01,2030-01-06)', NULL, NULL), ('preheat behind it', '[2030-01-05,2030-01-09)', '[2030-01-10,2030-01-11)', NULL, NULL),
	('after before its end', '[2030-01-05,2030-01-09)', NULL, '[2030-01-08,2030-01-11)', NULL), ('NaN to spend', '[2030-01-05,2030-01-09)', NULL, NULL, 'NaN'),
	('less than nothing to spend', '[2030-01-05,2030-01-09)', NULL, NULL, '-1')) v (why, running, preheat, after, budget);

-- ----------------------------------------------------------------
-- Goals and departments
-- ----------------------------------------------------------------
SELECT set_eq($$ SELECT unnest(regexp_matches(pg_get_constraintdef(oid), '''(\w+)''', 'g')) FROM pg_constraint WHERE conname = 'metric_is_a_figure' $$,
	$$ SELECT unnest(proargnames[2:]) FROM pg_proc WHERE oid = 'promo.report(promo.kpi)'::regprocedure $$, 'a goal is for a figure of report()');
SELECT throws_ok($$ INSERT INTO promo.campaign_goal (campaign, metric, target) VALUES ('Spring', 'hits', 1) $$, '23514', NULL, 'no goal for anything else');
SELECT throws_ok($$ INSERT INTO promo.campaign_goal (campaign, metric, target) VALUES ('Spring', 'uv', 'NaN') $$, '23514', NULL, 'nor for NaN');
SELECT throws_ok($$ INSERT INTO promo.campaign_goal (campaign, metric, target) VALUES ('Spring', 'uv', 'Infinity') $$, '23514', NULL, 'nor for infinity');
INSERT INTO promo.campaign_goal (id, campaign, metric, target, during, parent) VALUES
	(12, 'Spring', 'uv', 5, '[2030-03-10 00:00+00, 2030-03-15 00:00+00)', 11), (11, 'Spring', 'uv', 10, NULL, 10), (10, 'Spring', 'net', 10, NULL, NULL);
SELECT pass('goals are made in any order');
SELECT throws_ok($$ INSERT INTO promo.campaign_goal (id, campaign, metric, target, during, parent) VALUES (13, 'Spring', 'uv', 5, '[2030-03-09 00:00+00, 2030-03-15 00:00+00)', 11) $$, '23514',
	'goal 13 (uv) of campaign "Spring" lies outside the window of its parent 11', 'within the window of the parent, also where that is the running phase');
SELECT throws_ok($$ UPDATE promo.campaign_goal SET during = '[2030-03-10 00:00+00, 2030-03-14 00:00+00)' WHERE id = 11 $$, '23514',
	'goal 12 (uv) of campaign "Spring" lies outside the window of its parent 11', 'nor is a parent narrowed');
SELECT throws_ok($$ UPDATE promo.campaign SET running = '[2030-03-11 00:00+00, 2030-03-20 00:00+00)' WHERE name = 'Spring' $$, '23514', NULL, 'nor the running phase');
SELECT lives_ok($$ UPDATE promo.campaign SET running = '[2030-03-09 00:00+00, 2030-03-19 00:00+00)' WHERE name = 'Spring' $$, 'but widened');
SELECT throws_ok($$ UPDATE promo.campaign_goal SET campaign = 'Now' WHERE id = 11 $$, '23503', 'goal 11 (uv) of campaign "Now" has no parent 10', 'all of a tree are of one campaign');
SELECT throws_ok($$ INSERT INTO promo.campaign_goal (campaign, metric, target, parent) VALUES ('Spring', 'uv', 5, 0) $$, '23503', NULL, 'there is no goal 0');
SELECT throws_ok($$ UPDATE promo.campaign_goal SET parent = 12 WHERE id = 10 $$, '23514', NULL, 'no circle');
SELECT lives_ok($$ UPDATE promo.campaign SET name = 'Early spring' WHERE name = 'Spring' $$, 'goals follow the name of their campaign');
SELECT lives_ok($$ DELETE FROM promo.campaign_goal WHERE id = 11 $$, 'a goal is deleted');
SELECT results_eq('SELECT id FROM promo.campaign_goal', '{10}'::bigint[], 'with those below it');
SELECT lives_ok($$ DELETE FROM promo.campaign WHERE name = 'Early spring' $$, 'and a campaign with all of them');
SELECT is_empty('SELECT * FROM promo.campaign_goal', 'none is left');
SELECT throws_ok(format($$ INSERT INTO promo.campaign_department VALUES ('Now', 'toys', %L) $$, share), '23514', NULL, 'no share of ' || share)
FROM unnest('{0,-1,NaN,Infinity}'::text[]) share;

-- ----------------------------------------------------------------
-- Drafts, and active ones that have not begun
-- ----------------------------------------------------------------
INSERT INTO promo.channel VALUES ('web'), ('store'), ('app');
SELECT pg_temp.promote('a draft', 'save 1 on sku D', pg_temp.span(-5), 'draft'), pg_temp.promote('coming', 'save 1 on sku C', pg_temp.span(5)) \g /dev/null
UPDATE promo.promotion SET rule = 'save 2 on sku D', during = pg_temp.span(-6, 9), priority = 3, channels = '{web}' WHERE name = 'a draft';
SELECT results_eq($$ SELECT pg_temp.named('a draft') $$, ARRAY['draft save 2 on sku D -6..9 priority 3 {web}'], 'a draft is changed');
UPDATE promo.promotion SET rule = 'save 2 on sku C', during = pg_temp.span(6), priority = 3 WHERE name = 'coming';
SELECT results_eq($$ SELECT pg_temp.named('coming') $$, ARRAY['active save 2 on sku C 6.. priority 3'], 'so is an active one that has not begun');
UPDATE promo.promotion SET status = 'draft' WHERE name = 'coming';
SELECT is_empty('SELECT pg_temp.items()', 'or made a draft again, which has no product to itself');
SELECT lives_ok($$ DELETE FROM promo.promotion WHERE name = 'a draft' $$, 'a draft is deleted');
UPDATE promo.promotion SET status = 'active' WHERE name = 'coming';
SELECT results_eq('SELECT pg_temp.items()', ARRAY['coming C 6..'], 'it is made active');
SELECT lives_ok($$ DELETE FROM promo.promotion WHERE name = 'coming' $$, 'and deleted before it begins');
SELECT is_empty('SELECT * FROM promo.promotion_item', 'with its products');
SELECT throws_ok(format('INSERT INTO promo.promotion (name, rule, during, channels, budget, uses) VALUES (%L, %L, %L, %L, %L, %L)', name, 'save 1', during, channels, budget, uses), state, NULL, 'no promotion ' || why)
FROM (VALUES ('without a name', '', '[2030-01-01,)', NULL, NULL, NULL, '22023'), ('without a start', 'x', '(,2030-01-01)', NULL, NULL, NULL, '23514'), ('with its end', 'x', '[2030-01-01,2030-01-02]', NULL, NULL, NULL, '23514'),
	('in no time', 'x', 'empty', NULL, NULL, NULL, '23514'), ('in no channel', 'x', '[2030-01-01,)', '{}', NULL, NULL, '23514'), ('in a NULL channel', 'x', '[2030-01-01,)', '{web,NULL}', NULL, NULL, '23514'),
	('in a table of channels', 'x', '[2030-01-01,)', '{{web,app}}', NULL, NULL, '23514'), ('in an unknown channel', 'x', '[2030-01-01,)', '{web,tv}', NULL, NULL, '23503'),
	('with a budget of NaN', 'x', '[2030-01-01,)', NULL, 'NaN', NULL, '23514'), ('with a budget below 0', 'x', '[2030-01-01,)', NULL, '-1', NULL, '23514'), ('with uses below 0', 'x', '[2030-01-01,)', NULL, NULL, '-1', '23514'))
	v (why, name, during, channels, budget, uses, state);
SELECT throws_ok(format('INSERT INTO promo.promotion (name, rule, during) VALUES (%L, %L, %L)', repeat('x', 1001), 'save 1', '[2030-01-01,)'), '54000', 'name of a rule is longer than 1000 bytes', 'what is no rule of a ruleset');

-- ----------------------------------------------------------------
-- One that has begun
-- ----------------------------------------------------------------
SELECT pg_temp.promote('on', 'save 1 on sku A, B', pg_temp.span(-5, 5)) \g /dev/null
UPDATE promo.promotion SET during = pg_temp.span(-5, 7), budget = 50 WHERE name = 'on';
SELECT results_eq($$ SELECT pg_temp.named('on') $$, ARRAY['active save 1 on sku A, B -5..7 budget 50'], 'its end is moved and its budget changed where it is');
SELECT results_eq('SELECT pg_temp.items()', ARRAY['on A -5..7', 'on B -5..7'], 'its products follow');
SELECT results_eq($$ UPDATE promo.promotion SET rule = 'save 2 on sku B, C', priority = 4 WHERE name = 'on' RETURNING status, replaced_by - id > 0 $$, $$ VALUES ('ended', true) $$,
	'another change ends it: the row that is updated is the ended one');
SELECT results_eq($$ SELECT regexp_replace(pg_temp.named('on'), 'after \d+', 'after') $$, ARRAY['ended save 1 on sku A, B -5..0 budget 50 replaced', 'active save 2 on sku B, C 0..7 priority 4 budget 50 after'],
	'and opens another of the same origin from now on');
SELECT results_eq('SELECT pg_temp.items()', ARRAY['on B 0..7', 'on C 0..7'], 'which has the products');
SELECT throws_ok($$ UPDATE promo.promotion SET budget = 1 WHERE name = 'on' AND status = 'ended' $$, '55000', 'promotion "on" is over and cannot be changed', 'an ended one cannot be changed');
SELECT throws_ok($$ UPDATE promo.promotion SET status = 'active' WHERE name = 'on' AND status = 'ended' $$, '55000', 'promotion "on" is over and cannot be changed', 'or made active again');
SELECT throws_ok($$ UPDATE promo.promotion SET status = 'ended' WHERE name = 'on' AND status = 'ended' $$, '55000', 'promotion "on" is over and cannot be changed', 'or ended, as if that stopped the other');
SELECT throws_ok($$ DELETE FROM promo.promotion WHERE name = 'on' AND status = 'ended' $$, '55000', 'promotion "on" has begun and cannot be deleted', 'or deleted');

SELECT pg_temp.promote('p' || n, 'save 1 on sku P' || n, pg_temp.span(-n, 9)) FROM generate_series(1, 3) n \g /dev/null
UPDATE promo.promotion SET rule = ('save 1 on sku P' || 4 - substr(name, 2)::int)::promo.rule WHERE name ~ '^p[123]$';
SELECT results_eq($$ SELECT pg_temp.items() WHERE true $$, ARRAY['on B 0..7', 'on C 0..7', 'p1 P3 0..9', 'p2 P2 -2..9', 'p3 P1 0..9'], 'one statement swaps the products of several, and leaves what it does not change');
UPDATE promo.promotion SET during = pg_temp.span(3, 9), priority = 1 WHERE name = 'p2';
SELECT results_eq($$ SELECT regexp_replace(pg_temp.named('p2'), 'after \d+', 'after') $$, ARRAY['ended save 1 on sku P2 -2..0 replaced', 'active save 1 on sku P2 3..9 priority 1 after'], 'a start that is moved ahead is that of the new one');
SELECT pg_temp.promote('q', 'save 1 on sku Q', pg_temp.span(-1)) \g /dev/null
UPDATE promo.promotion SET status = 'draft' WHERE name = 'q';
SELECT results_eq($$ SELECT regexp_replace(pg_temp.named('q'), 'after \d+', 'after') $$, ARRAY['ended save 1 on sku Q -1..0', 'draft save 1 on sku Q 0.. after'], 'made a draft, it ends, and the draft is another');
SELECT pg_temp.promote('r', 'save 1 on sku R', pg_temp.span(-1)) \g /dev/null
UPDATE promo.promotion SET name = 's', channels = '{web}' WHERE name = 'r';
SELECT results_eq($$ SELECT 'r ' || pg_temp.named('r') UNION ALL SELECT 's ' || regexp_replace(pg_temp.named('s'), 'after \d+', 'after') $$,
	ARRAY['r ended save 1 on sku R -1..0 replaced', 's active save 1 on sku R 0.. {web} after'], 'a name is changed like anything else');
SELECT throws_ok($$ UPDATE promo.promotion SET during = pg_temp.span(-3, -1) WHERE name = 'p3' AND status = 'ended' $$, '55000', NULL, 'nothing moves an end that is over');
SELECT pg_temp.promote('t', 'save 1 on sku T', pg_temp.span(-3)) \g /dev/null
SELECT throws_ok($$ UPDATE promo.promotion SET during = pg_temp.span(-3, -1) WHERE name = 't' $$, '55000', 'the end of promotion "t" cannot be moved into the past', 'an end is not moved into the past');
SELECT throws_ok($$ UPDATE promo.promotion SET during = pg_temp.span(-3, 0), priority = 1 WHERE name = 't' $$, '55000', 'the end of promotion "t" cannot be moved into the past', 'nor does another open for no time');
SELECT throws_ok($$ UPDATE promo.promotion SET status = 'ended', budget = 1 WHERE name = 't' $$, '55000', 'promotion "t" cannot be ended and changed at once', 'it is ended or changed');
SELECT throws_ok($$ DELETE FROM promo.promotion WHERE name = 't' $$, '55000', 'promotion "t" has begun and cannot be deleted', 'and not deleted');
SELECT throws_ok($$ UPDATE promo.promotion SET id = 0 - id WHERE name = 't' $$, '55000', 'id, origin and replaced_by of promotion "t" cannot be changed', 'its id stays');
UPDATE promo.promotion SET status = 'ended' WHERE name = 't';
UPDATE promo.promotion SET status = 'ended' WHERE name = 't';
SELECT results_eq($$ SELECT pg_temp.named('t') $$, ARRAY['ended save 1 on sku T -3..0'], 'its status ends it now, once');

-- ----------------------------------------------------------------
-- Names
-- ----------------------------------------------------------------
SELECT pg_temp.promote('u', 'save 1 on sku U', pg_temp.span(-9, -4)), pg_temp.promote('v', 'save 1 on sku V', pg_temp.span(-9, 4)) \g /dev/null
SELECT throws_ok($$ SELECT pg_temp.promote('v', 'save 1 on sku W', pg_temp.span(5)) $$, '23505', NULL, 'one active promotion has a name');
SELECT lives_ok($$ SELECT pg_temp.promote('u', 'save 1 on sku U', pg_temp.span(-4)) $$, 'one whose period is over makes room');
SELECT results_eq($$ SELECT pg_temp.named('u') $$, ARRAY['ended save 1 on sku U -9..-4', 'active save 1 on sku U -4..'], 'and is ended, its period as it was');
SELECT lives_ok($$ SELECT pg_temp.promote('v', 'save 1 on sku W', pg_temp.span(5), 'draft') $$, 'drafts share it');
SELECT throws_ok($$ UPDATE promo.promotion SET status = 'active' WHERE name = 'v' AND status = 'draft' $$, '23505', NULL, 'until they are to be active');

-- ----------------------------------------------------------------
-- One activity at a time
-- ----------------------------------------------------------------
SELECT results_eq($$ SELECT promo.activity_skus(rule::promo.rule) FROM unnest(ARRAY['save 1 on sku A, B', 'save 1 on each sku A, B, A except sku B', 'buy 2 get 1 of sku C free on sku A max 5 when spend 10 days sat', 'save 1 on sku A except sku A',
		'save 1 on sku A stack', 'save 1 on sku A code X', 'save 1 on sku A for gold', 'save 1 on tag x', 'save 1 on all', 'save 1', 'free shipping on sku A', 'earn 5 points on sku A']) WITH ORDINALITY u (rule, n) ORDER BY n $$,
	$$ VALUES ('{A,B}'::text[]), ('{A}'), ('{A}'), ('{}'), ('{}'), ('{}'), ('{}'), ('{}'), ('{}'), ('{}'), ('{}'), ('{}') $$, 'SKUs of product rules that are for anybody and do not stack');
SELECT pg_temp.promote('held', 'save 1 on sku H', pg_temp.span(1, 3)) \g /dev/null
SELECT throws_ok(format('SELECT pg_temp.promote(%L, %L, pg_temp.span(%s, %s))', 'other', 'save 2 on sku H', a, b), '23P01', 'product "H" of promotion "other" is in promotion "held" at the same time', format('not from day %s to %s', a, b))
FROM (VALUES (1, '3'), (0, '2'), (2, '9'), (2, 'NULL'), (0, '9')) v (a, b);
SELECT lives_ok($$ SELECT pg_temp.promote('before', 'save 2 on sku H', pg_temp.span(0, 1)), pg_temp.promote('then', 'save 2 on sku H', pg_temp.span(3)) $$, 'but before and behind it');
SELECT lives_ok($$ SELECT pg_temp.promote('web', 'save 2 on sku H', pg_temp.span(1, 3), 'active', '{web}'), pg_temp.promote('stacks', 'save 2 on sku H stack', pg_temp.span(1, 3)) $$, 'or in some channels, or with stack');
SELECT throws_ok($$ UPDATE promo.promotion SET channels = NULL WHERE name = 'web' $$, '23P01', NULL, 'not when it is for everywhere');
SELECT lives_ok($$ UPDATE promo.promotion SET during = CASE name WHEN 'held' THEN pg_temp.span(0, 2) ELSE pg_temp.span(2, 3) END WHERE name IN ('held', 'before') $$, 'one statement swaps their periods');
DO $$
DECLARE
	c text;
BEGIN
	PERFORM pg_temp.promote('other', 'save 2 on sku H', pg_temp.span(1, 3));
EXCEPTION WHEN exclusion_violation THEN
	GET STACKED DIAGNOSTICS c = CONSTRAINT_NAME;
	PERFORM set_config('test.constraint_name', c, true);
END
$$;
SELECT is(current_setting('test.constraint_name'), 'one_activity_at_a_time', 'the error has the name of the constraint');

-- ----------------------------------------------------------------
-- Channels, and a campaign that is renamed
-- ----------------------------------------------------------------
SELECT throws_ok($$ DELETE FROM promo.channel WHERE name = 'web' $$, '23503', 'channel "web" is named by promotion "s"', 'a channel that is named is not deleted');
SELECT throws_ok($$ UPDATE promo.channel SET name = 'www' WHERE name = 'web' $$, '23503', 'channel "web" is named by promotion "s"', 'or renamed');
SELECT lives_ok($$ UPDATE promo.channel SET description = 'all of the web' WHERE name = 'web' $$, 'its description is changed');
SELECT lives_ok($$ DELETE FROM promo.channel WHERE name = 'app' $$, 'another is deleted');
INSERT INTO promo.promotion (campaign, name, rule, during, status) VALUES ('Now', 'y', 'save 1', pg_temp.span(-1), 'active'), ('Now', 'x', 'save 1', pg_temp.span(-3, -1), 'ended');
UPDATE promo.promotion SET priority = 2 WHERE name = 'y';
UPDATE promo.campaign SET name = 'Then' WHERE name = 'Now';
SELECT results_eq($$ SELECT name, status FROM promo.promotion WHERE campaign = 'Then' ORDER BY id - origin, name $$, $$ VALUES ('x', 'ended'), ('y', 'ended'), ('y', 'active') $$, 'promotions follow the name of their campaign, and stay as they are');

-- ----------------------------------------------------------------
-- The version of the catalog
-- ----------------------------------------------------------------
CREATE FUNCTION pg_temp.versions(statement text) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
	before CONSTANT uuid := (SELECT version FROM promo.catalog_version);
BEGIN
	EXECUTE statement;
	RETURN (SELECT version FROM promo.catalog_version) <> before;
END
$$;
SELECT ok(pg_temp.versions(statement), 'another version: ' || statement) FROM unnest(ARRAY[$$ UPDATE promo.promotion SET budget = 7 WHERE name = 'y' AND status = 'active' $$, $$ INSERT INTO promo.pricing_policy (unit) VALUES (0.05) $$,
	$$ UPDATE promo.campaign SET budget = 5 $$, $$ DELETE FROM promo.channel WHERE name = 'store' $$]) statement;
SELECT ok(NOT pg_temp.versions($$ INSERT INTO promo.product VALUES ('A', 1) $$), 'none: what carts are not priced by');
RESET ROLE;
SELECT ok(pg_temp.versions(statement), 'another version: ' || statement) FROM unnest(ARRAY[$$ INSERT INTO promo.flash_stock (sku, units) VALUES ('A', 1) $$, 'TRUNCATE promo.pricing_policy']) statement;
SET LOCAL session_replication_role = replica;
SELECT ok(pg_temp.versions($$ UPDATE promo.promotion SET status = 'ended' WHERE name = 'held' $$), 'also in a replica');
SELECT is_empty($$ SELECT * FROM pg_temp.items() i WHERE i ~ '^held' $$, 'where products follow');
UPDATE promo.promotion SET priority = 8 WHERE name = 'u' AND status = 'active';
SELECT results_eq($$ SELECT pg_temp.named('u') $$, ARRAY['ended save 1 on sku U -9..-4', 'active save 1 on sku U -4.. priority 8'], 'and rows stay what they are at the source');
SET CONSTRAINTS ALL IMMEDIATE;
SET LOCAL session_replication_role = origin;

SELECT throws_ok($$ INSERT INTO promo.pricing_policy (rounding) VALUES ('up') $$, '22023', 'unknown rounding "up"', 'no pricing policy that no ruleset could have');
SELECT throws_ok($$ INSERT INTO promo.pricing_policy (zone) VALUES ('Mars/Olympus') $$, '22023', NULL, 'nor an unknown zone');

-- ----------------------------------------------------------------
-- Margins
-- ----------------------------------------------------------------
SET LOCAL client_min_messages = warning;
TRUNCATE promo.promotion CASCADE;
SELECT is_empty('SELECT * FROM promo.promotion_item', 'no promotion has no product');
SET LOCAL ROLE planner;
DELETE FROM promo.product;
INSERT INTO promo.product (sku, price, cost, floor, ceiling, tags) VALUES ('A', 100, 60, 70, 120, '{x}'), ('B', 50, 45, 40, NULL, '{y}'), ('C', 10, NULL, NULL, 7, '{x,y}'), ('F', 0, 1, NULL, NULL, '{}');
SELECT throws_ok(format('INSERT INTO promo.product (sku, price, cost, floor, ceiling, tags) VALUES (%L, %L, %L, %L, %L, %L)', sku, price, cost, floor, ceiling, tags), '23514', NULL, 'no product ' || why)
FROM (VALUES ('without a name', '', '1', NULL, NULL, NULL, '{}'), ('of a longer name than carts have', repeat('x', 1001), '1', NULL, NULL, NULL, '{}'), ('that costs NaN', 'x', 'NaN', NULL, NULL, NULL, '{}'), ('at less than nothing', 'x', '-1', NULL, NULL, NULL, '{}'),
	('made for NaN', 'x', '1', 'NaN', NULL, NULL, '{}'), ('with its floor above its ceiling', 'x', '1', NULL, '2', '1', '{}'), ('with a NULL tag', 'x', '1', NULL, NULL, NULL, '{a,NULL}')) v (why, sku, price, cost, floor, ceiling, tags);
CREATE FUNCTION pg_temp.margins(rule text) RETURNS SETOF text LANGUAGE plpgsql AS $$
BEGIN
	DELETE FROM promo.promotion;
	PERFORM pg_temp.promote('m', rule, pg_temp.span(1));
	RETURN QUERY SELECT concat_ws(' ', sku, units, trim_scale(unit_price), margin, problem) FROM promo.check_margins() m;
END
$$;
SELECT results_eq(format('SELECT pg_temp.margins(%L)', rule), expected, 'margins: ' || rule)
FROM (VALUES ('save 20% on sku A', ARRAY['A 1 80 0.2500']), ('save 20% on sku A code X for gold when spend 1000 on tag z days mon hours 03:00-04:00', ARRAY['A 1 80 0.2500']),
	('save 40% on sku A, B, Z', ARRAY['A 1 60 0.0000 below floor', 'B 1 30 -0.5000 below floor', 'Z no price']), ('save 12% on sku B', ARRAY['B 1 44 -0.0227 below cost']),
	('buy 2 save 5%, buy 5 save 20% on sku A', ARRAY['A 5 80 0.2500']), ('spend 250 save 60 on all except sku B', ARRAY['A 3 80 0.2500', 'C 25 7.6 above ceiling', 'F 1 0 below cost']),
	('spend over 300 save 20% on tag x except tag y', ARRAY['A 4 80 0.2500']), ('every 200 save 30 on sku A', ARRAY['A 2 85 0.2941']), ('every 3 units save 50% on sku A', ARRAY['A 3 50 -0.2000 below floor']),
	('buy 2 get 1 free on sku B', ARRAY['B 3 33.3333 -0.3500 below floor']), ('buy 2 get 1 of sku C free on sku B', ARRAY['B 2 50 0.1000']), ('buy 2 gift sku B on sku B', ARRAY['B 3 33.3333 -0.3500 below floor']),
	('buy set total 120 on sku A, B', ARRAY['A 1 80 0.2500', 'B 1 40 -0.1250 below cost']), ('save 100% on sku A', ARRAY['A 1 0 below floor']), ('save 20% on sku A limit 1', ARRAY['A 1 80 0.2500']),
	('free shipping on sku A', ARRAY[]::text[]), ('save 20', ARRAY[]::text[])) v (rule, expected);
INSERT INTO promo.pricing_policy (unit, rounding) VALUES (10, 'down');
SELECT results_eq($$ SELECT pg_temp.margins('save 25% on sku A') $$, ARRAY['A 1 80 0.2500'], 'margins: in the unit of the pricing policy');
DELETE FROM promo.promotion;
SELECT pg_temp.promote('ended', 'save 1 on sku A', pg_temp.span(-5, -3)), pg_temp.promote('draft', 'save 1 on sku A', pg_temp.span(5), 'draft') \g /dev/null
SELECT is_empty('SELECT * FROM promo.check_margins()', 'margins: of what is on or will be');
RESET ROLE;

SELECT * FROM finish();
ROLLBACK;
