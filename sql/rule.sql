-- ----------------------------------------------------------------
-- the type around the rule language
-- ----------------------------------------------------------------

CREATE TEMP TABLE rules (id serial, r promo.rule);
INSERT INTO rules (r) VALUES
	('save 20% on sku A'),
	('buy 2 save 5%, buy 5 save 20% on sku A'),
	('SPEND 200 SAVE 10, spend 300 save 30 on sku A'),
	('every 200 save 30 on sku A, B max 90'),
	('spend 500 add sku B, C at 20 x2 on sku A'),
	('spend 300 gift sku B on sku A'),
	('price 59 each on sku A limit 2 per line'),
	('spend over 500 save 30 for gold, staff for first_order'),
	('buy 2 get 1 free on tag shoes except sku C except tag sale except discounted'),
	('buy set total 199 on sku A, B, C times 3'),
	('free shipping code SAVE10, ''two words'''),
	('earn 10 points when spend 100 on tag t when sku X, Y'),
	('save 5 on order days sat, sun hours 22:00-02:00 floor 60 margin 10% group g stop'),
	('save 10% stack'),
	('save 10% exclusive'),
	('buy 2 save 10%, buy 4 save 20% on each tag ''鞋'' graduated dearest of list');
SELECT r FROM rules ORDER BY id;
SELECT r::jsonb FROM rules ORDER BY id;
SELECT count(*) FILTER (WHERE r::text::promo.rule OPERATOR(promo.<>) r) AS text,
	   count(*) FILTER (WHERE r::json::promo.rule OPERATOR(promo.<>) r) AS json,
	   count(*) FILTER (WHERE r::jsonb::promo.rule OPERATOR(promo.<>) r) AS jsonb
FROM rules;

SELECT ''::promo.rule;
SELECT 'save'::promo.rule;
SELECT 'save 20% on'::promo.rule;
SELECT 'save 120%'::promo.rule;
SELECT 'save -1'::promo.rule;
SELECT 'save 1.00001'::promo.rule;
SELECT 'spend 300 save 30, spend 200 save 10'::promo.rule;
SELECT 'save 20% on sku A; save 1'::promo.rule;
SELECT '{"tiers":[]}'::jsonb::promo.rule;
SELECT '[]'::json::promo.rule;

SELECT count(DISTINCT r), count(*) FROM (SELECT r FROM rules UNION ALL SELECT r::jsonb::promo.rule FROM rules) s;
CREATE UNIQUE INDEX ON rules (r);
CREATE INDEX ON rules USING hash (r);
\copy rules to 'results/rules.bin' (format binary)
CREATE TEMP TABLE copied (LIKE rules);
\copy copied from 'results/rules.bin' (format binary)
SELECT count(*) FROM rules JOIN copied USING (id) WHERE rules.r OPERATOR(promo.=) copied.r;
\copy copied (r) from program 'printf "PGCOPY\\n\\377\\r\\n\\000\\000\\000\\000\\000\\000\\000\\000\\000\\000\\001\\000\\000\\000\\001\\143\\377\\377"' (format binary)

-- rules with long lists are compressed and stored out of line
CREATE TEMP TABLE long_rule AS
	SELECT ('save 5% on sku ' || string_agg('S' || i, ', '))::promo.rule AS r FROM generate_series(1, 3000) i;
SELECT length(r::text), r OPERATOR(promo.=) r::text::promo.rule AS same FROM long_rule;

-- ----------------------------------------------------------------
-- shop copy
-- ----------------------------------------------------------------

SELECT promo.describe('save 20% on sku A');
SELECT promo.describe('save 20% on sku A', 'zh');
SELECT promo.describe('save 20% on sku A', language => 'fr');
SELECT promo.describe(NULL) IS NULL AS no_rule, promo.describe('save 1', NULL) IS NULL AS no_language;
