-- ----------------------------------------------------------------
-- the call
-- ----------------------------------------------------------------

SELECT promo.total(promo.price('[{"line":1,"sku":"A","qty":3,"price":"80"}]', 'spend 200 save 30 on sku A'));
SELECT promo.price('[{"line":1,"sku":"A","qty":3,"price":"80"}]', 'spend 200 save 30 on sku A', '2026-01-01 00:00+00');

-- NULLs
SELECT promo.price(NULL, 'save 1') IS NULL AS cart, promo.price('[]', NULL) IS NULL AS rules, promo.price('[]', 'save 1', NULL) IS NULL AS at;
SELECT promo.total(promo.price('[{"line":1,"sku":"A","qty":3,"price":"80"}]', 'save 1 for gold; save 2', '2026-01-01', NULL, NULL, NULL, NULL));
SELECT promo.price('[]', 'save 1', '2026-01-01', buyer => '{gold,NULL}');
SELECT promo.price('[]', 'save 1', '2026-01-01', codes => '{NULL}');
SELECT promo.price('[]', 'save 1', '2026-01-01', without => '{a,b,NULL}');

-- shipping
SELECT promo.shipping(q), promo.total(q)
FROM promo.price('[{"line":1,"sku":"A","qty":1,"price":"80"}]', 'save 5 shipping', '2026-01-01', shipping => 12.5) q;
SELECT promo.price('[]', 'save 1', '2026-01-01', shipping => 0.001);
SELECT promo.price('[]', promo.configure('save 1', unit => 0.05), '2026-01-01', shipping => 0.02);
SELECT promo.price('[]', 'save 1', '2026-01-01', shipping => -1);
SELECT promo.price('[]', 'save 1', '2026-01-01', shipping => 'NaN');
SELECT promo.price('[]', 'save 1', '2026-01-01', shipping => 1e20);

-- instants
SELECT promo.price('[]', 'save 1', 'infinity');
SELECT promo.price('[]', 'save 1', '0044-03-15 BC');
SELECT promo.price('[]', 'save 1', '10000-01-02');

-- days and hours are those of the ruleset's zone, whatever the session's is
CREATE TEMP TABLE instants (at) AS VALUES
	('2026-01-03 15:59:59+00'::timestamptz), ('2026-01-03 16:00:00+00'), ('2026-01-04 01:59:59+08'), ('2026-01-04 02:00:00+08'), ('2026-01-03 22:00:00+08');
SET timezone = 'America/New_York';
SELECT extract(epoch FROM at) AS at, promo.discount(promo.price('[{"line":1,"sku":"A","qty":1,"price":"80"}]', rules, at)) AS discount
FROM instants, (SELECT promo.configure('save 1 days sun; save 2 days sat hours 22:00-02:00', zone => 'Asia/Shanghai') AS rules) r ORDER BY 1;
SET timezone = 'Asia/Tokyo';
SELECT extract(epoch FROM at) AS at, promo.discount(promo.price('[{"line":1,"sku":"A","qty":1,"price":"80"}]', rules, at)) AS discount
FROM instants, (SELECT promo.configure('save 1 days sun; save 2 days sat hours 22:00-02:00', zone => 'Asia/Shanghai') AS rules) r ORDER BY 1;
RESET timezone;
SELECT z, promo.discount(promo.price('[{"line":1,"sku":"A","qty":1,"price":"80"}]', promo.configure('save 1 days sun', zone => z), '2026-01-03 17:00+00')) AS discount
FROM unnest('{UTC,Asia/Shanghai,Europe/Berlin,Asia/Tokyo,America/New_York}'::text[]) z;

-- ----------------------------------------------------------------
-- one call site, changing arguments
-- ----------------------------------------------------------------

CREATE TEMP TABLE sets (id integer, how text, r promo.ruleset);
ALTER TABLE sets ALTER r SET STORAGE plain;
INSERT INTO sets SELECT i, 'plain', ('save ' || i)::promo.ruleset FROM generate_series(1, 3) i;
ALTER TABLE sets ALTER r SET STORAGE main;
INSERT INTO sets SELECT 10 + i, 'compressed', ('save ' || i || string_agg('; save 1 on sku X' || x, ''))::promo.ruleset
	FROM generate_series(1, 3) i, generate_series(1, 40) x GROUP BY i;
ALTER TABLE sets ALTER r SET STORAGE external;
INSERT INTO sets SELECT 20 + i, 'external', ('save ' || i || string_agg('; save 1 on sku X' || x, ''))::promo.ruleset
	FROM generate_series(1, 3) i, generate_series(1, 40) x GROUP BY i;
SELECT how, array_agg(promo.discount(promo.price('[{"line":1,"sku":"A","qty":1,"price":"80"}]', r, '2026-01-01')) ORDER BY id, again)
FROM sets, generate_series(1, 2) again GROUP BY how ORDER BY how;
SELECT array_agg(promo.discount(promo.price('[{"line":1,"sku":"A","qty":1,"price":"80"}]', r, '2026-01-01')))
FROM (SELECT r FROM sets, generate_series(1, 2) again ORDER BY id % 10, id, again) s;

CREATE TEMP TABLE buyers AS SELECT * FROM (VALUES (1, '{gold}'::text[], '{}'::text[]), (2, '{gold}', '{X}'), (3, '{silver}', '{X,Y}'), (4, NULL, NULL),
	(5, ('{silver,' || repeat('pad', 1000) || '}')::text[], '{Y}'), (6, '{}', '{Y}')) v (id, tags, codes);
SELECT id, promo.discount(promo.price('[{"line":1,"sku":"A","qty":1,"price":"80"}]', 'save 1 for gold; save 2 for silver; save 10 code X; save 20 code Y',
		'2026-01-01', tags, codes)) FROM buyers ORDER BY id;

-- in PL/pgSQL a call site outlives the values of its variables
DO $$
DECLARE
	rules promo.ruleset;
	found numeric[];
BEGIN
	FOR rules IN SELECT r FROM sets ORDER BY id LOOP
		found := found || promo.discount(promo.price('[{"line":1,"sku":"A","qty":1,"price":"80"}]', rules, '2026-01-01'));
	END LOOP;
	RAISE NOTICE '%', found;
END
$$;

-- without
SELECT w, promo.discount(promo.price('[{"line":1,"sku":"A","qty":1,"price":"80"}]', 'save 5; save 3', '2026-01-01', without => w))
FROM (VALUES ('{}'::text[]), ('{1}'), ('{1,2}'), ('{3}')) v (w);

-- ----------------------------------------------------------------
-- explain
-- ----------------------------------------------------------------

SELECT * FROM promo.explain('[{"line":1,"sku":"A","qty":2,"price":"80"}]',
	'spend 200 save 30 on sku A; save 5; save 9 for gold; save 9 code X', '2026-01-01');
SELECT count(*) FROM promo.explain(NULL, 'save 1');
SELECT rule, status FROM (VALUES (1), (2)) v (i), LATERAL promo.explain('[{"line":1,"sku":"A","qty":2,"price":"80"}]', 'save 5', '2026-01-01');

-- ----------------------------------------------------------------
-- refund
-- ----------------------------------------------------------------

CREATE TEMP TABLE sold AS SELECT promo.price('[{"line":1,"sku":"A","qty":3,"price":"80"},{"line":2,"sku":"B","qty":1,"price":"10"}]',
	'spend 200 save 30 on sku A', '2026-01-01', shipping => 12) AS q;
SELECT r.* FROM sold, promo.refund(q, '[{"line":1,"qty":1}]') r;
SELECT r.* FROM sold, promo.refund(q, '[{"line":1,"qty":1}]', 'spend 200 save 30 on sku A') r;
SELECT r.* FROM sold, promo.refund(q, '[{"line":1,"qty":3},{"line":2,"qty":1}]', 'spend 200 save 30 on sku A', true) r;
SELECT count(*) FROM sold, promo.refund(q, NULL) r;
SELECT r.* FROM sold, promo.refund(q, '[{"line":3,"qty":1}]') r;
SELECT r.* FROM sold, promo.refund(q, '[{"line":1,"qty":4}]') r;
SELECT r.* FROM sold, promo.refund(q, '[{"line":1,"qty":1},{"line":1,"qty":1}]') r;
SELECT r.* FROM sold, promo.refund(q, '{}') r;
