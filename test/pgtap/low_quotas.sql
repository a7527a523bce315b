-- Which uses and stocks run low: current_ruleset() looks at these, and jobs forget them.
\set ECHO none
BEGIN;
SELECT plan(12);

INSERT INTO promo.promotion (id, name, rule, during, status, budget, uses) VALUES
	(1, 'few', 'save 1', '[2020-01-01,)', 'active', NULL, 2),
	(2, 'ending', 'save 1', '[2020-01-01,)', 'active', NULL, 1),
	(3, 'money', 'save 1', '[2020-01-01,)', 'active', 10, NULL);
INSERT INTO promo.flash_stock (id, sku, units, promotion) VALUES (1, 'S', 40, 'few'), (2, 'T', 3, 'few');
SELECT promo.open_quotas() \g /dev/null

CREATE FUNCTION pg_temp.low() RETURNS text LANGUAGE sql AS $$ SELECT coalesce(string_agg(concat(kind, ' ', name), ', ' ORDER BY kind, name), '') FROM promo.quota_low $$;
CREATE FUNCTION pg_temp.redeem(order_id text, name text) RETURNS int LANGUAGE sql AS $$
	SELECT count(*)::int FROM promo.redeem($1, 'c', promo.price('[{"line":1, "sku":"A", "qty":1, "price":"9"}]', (SELECT promo.ruleset_agg(p.name, p.rule) FROM promo.promotion p WHERE p.name = $2)));
$$;
CREATE FUNCTION pg_temp.prune() RETURNS text LANGUAGE sql AS $$
	SELECT promo.run_job('prune');
	SELECT detail FROM promo.job_run WHERE job = 'prune' AND finished_at > now() ORDER BY id DESC LIMIT 1
$$;

SELECT is(pg_temp.low(), 'promotion uses 1, promotion uses 2, stock 2', 'less than a unit for every slot');
SELECT is(pg_temp.prune(), '3 old rows removed', 'which the jobs forget while nothing is taken');
SELECT is(pg_temp.low(), '', 'all of it');

SELECT pg_temp.redeem('o1', 'few'), pg_temp.redeem('o2', 'few'), pg_temp.redeem('o3', 'ending'), pg_temp.redeem('o4', 'money'), promo.claim('o1', 'c', 'S', 40), promo.claim('o1', 'c', 'T', 1) \g /dev/null
SELECT is(pg_temp.low(), 'promotion uses 1, promotion uses 2, stock 1, stock 2', 'who empties a slot says so; of budgets nobody asks');
SELECT is(pg_temp.prune(), '1 old row removed', 'of three units two are plenty');
SELECT is(pg_temp.low(), 'promotion uses 1, promotion uses 2, stock 1', 'what is used up stays');

SELECT is(promo.unclaim('o1'), 41, 'units come back');
SELECT pg_temp.prune() \g /dev/null
SELECT is(pg_temp.low(), 'promotion uses 1, promotion uses 2', 'and there is plenty again');
SELECT is((SELECT string_agg(remaining::text, ',' ORDER BY slot) FROM promo.quota_slot WHERE kind = 'stock' AND name = '1'), '2,3,2,3,2,3,2,3,2,3,2,3,2,3,2,3', 'in all slots alike');
SELECT ok(promo.claim('o2', 'c', 'S', 40) AND NOT promo.claim('o3', 'c', 'S', 1), 'all of which is there, and no more');
UPDATE promo.promotion SET status = 'ended' WHERE name = 'ending';
SELECT pg_temp.prune() \g /dev/null
SELECT is(pg_temp.low(), 'promotion uses 1, stock 1', 'nobody asks for an ended promotion either');
SELECT is((SELECT string_agg(r ->> 'name', ', ') FROM jsonb_array_elements(promo.current_ruleset()::jsonb) r), 'money', 'what is used up is out of the ruleset');

SELECT * FROM finish();
ROLLBACK;
