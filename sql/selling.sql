-- What redeem() and claim() say when they refuse.
BEGIN;
\set VERBOSITY default
\set SHOW_CONTEXT never
INSERT INTO promo.campaign (name, running, budget) VALUES ('spring', '[2026-03-01,2026-06-01)', 12);
INSERT INTO promo.promotion (name, campaign, rule, during, status, budget, uses, uses_per_customer) VALUES
	('10 off', 'spring', 'save 10 on all', '[2026-03-01,)', 'active', 50, 2, 1),
	('vip', NULL, 'save 7 on all code VIP', '[2026-03-01,)', 'active', NULL, NULL, NULL);
INSERT INTO promo.coupon (code, opens, customer, during, uses, uses_per_customer) VALUES
	('ANNS', 'VIP', 'ann', NULL, 1, NULL), ('LATER', 'VIP', NULL, '[2026-05-01,2026-06-01)', 1, NULL),
	('OVER', 'VIP', NULL, '[2026-03-01,2026-03-02)', 1, NULL), ('SHARED', 'VIP', NULL, NULL, 2, 1);
INSERT INTO promo.flash_stock (sku, units) VALUES ('TV', 20);
CREATE FUNCTION quoted(rule text, codes text[] DEFAULT '{}', at timestamptz DEFAULT '2026-04-01 12:00+00') RETURNS promo.quote LANGUAGE sql AS $$
	SELECT promo.price('[{"line":1,"sku":"A","qty":1,"price":"50"}]', promo.ruleset_agg(p.name, p.rule), at, codes => codes)
	FROM promo.promotion p WHERE p.name = $1
$$;

SELECT * FROM promo.redeem('1', 'ann', quoted('10 off'));
SAVEPOINT s;
SELECT * FROM promo.redeem('1', 'bob', quoted('10 off'));
ROLLBACK TO s;
SELECT * FROM promo.redeem('1', 'ann', quoted('vip', '{VIP}'), '{ANNS}');
ROLLBACK TO s;
SELECT * FROM promo.redeem('2', 'bob', quoted('10 off'));
ROLLBACK TO s;
UPDATE promo.campaign SET budget = NULL;
SELECT * FROM promo.redeem('2', 'ann', quoted('10 off'));
ROLLBACK TO s;
UPDATE promo.campaign SET budget = NULL;
UPDATE promo.promotion SET budget = 12.505 WHERE name = '10 off';
SELECT * FROM promo.redeem('2', 'bob', quoted('10 off'));
ROLLBACK TO s;
UPDATE promo.campaign SET budget = NULL;
UPDATE promo.promotion SET uses = 1 WHERE name = '10 off';
SELECT * FROM promo.redeem('2', 'bob', quoted('10 off'));
ROLLBACK TO s;
SELECT * FROM promo.redeem('2', 'bob', promo.price('[{"line":1,"sku":"A","qty":1,"price":"50"}]', 'save 1 on all', '2026-04-01 12:00+00'));
ROLLBACK TO s;
SELECT * FROM promo.redeem('2', 'bob', quoted('vip', '{VIP}'));
ROLLBACK TO s;
SELECT * FROM promo.redeem('2', 'bob', quoted('vip', '{VIP}'), '{ANNS,later,Over,NONE}');
ROLLBACK TO s;
SELECT * FROM promo.redeem('3', 'bob', quoted('vip', '{VIP}'), '{SHARED}');
SAVEPOINT s;
SELECT * FROM promo.redeem('4', 'bob', quoted('vip', '{VIP}'), '{SHARED}');
ROLLBACK TO s;
SELECT * FROM promo.redeem('4', 'ann', quoted('vip', '{VIP}'), '{SHARED}');
SAVEPOINT s;
SELECT * FROM promo.redeem('5', 'eve', quoted('vip', '{VIP}'), '{shared}');
ROLLBACK TO s;
SELECT * FROM promo.redeem(NULL, 'eve', quoted('vip', '{VIP}'), '{shared}');
ROLLBACK TO s;

SELECT promo.claim('1', 'ann', 'TV', 2);
SAVEPOINT s;
SELECT promo.claim('1', 'ann', 'TV', 3);
ROLLBACK TO s;
SELECT promo.claim('1', 'ann', 'PC', 3);
ROLLBACK TO s;
SELECT promo.claim('1', 'ann', 'PC', -1);
ROLLBACK TO s;

SELECT * FROM promo.quota_status ORDER BY kind, name;
SELECT promo.release(i::text) FROM generate_series(1, 4) i;
SELECT promo.unclaim('1');
SELECT * FROM promo.quota_status ORDER BY kind, name;
ROLLBACK;
