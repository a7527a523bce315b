--
-- The workload: 10,000 products in 20 categories, :carts carts of some 5.3 lines,
-- and three sets of promotions, S (5), M (50) and L (1,000).
--
-- Kinds of promotion:
--   1 percent off                2 percent by number of units     3 amount off each unit
--   4 spend once                 5 spend in tiers                 6 buy some get one free
--   7 a bundle of units, amount off                               8 spend in tiers, on the order
-- A SKU has one promotion of kind 1 to 7 at most: those of a list of SKUs lie in
-- other categories than those of whole categories.
--
SET search_path = bench, public;

CREATE FUNCTION pick(choices numeric[], key bigint, purpose bigint) RETURNS numeric
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	RETURN choices[1 + floor(draw(key, purpose) * cardinality(choices))::int];

CREATE TABLE product AS
SELECT n, 'SKU-' || lpad(n::text, 5, '0') AS sku, 'cat-' || lpad(category::text, 2, '0') AS category,
	least(200, greatest(1, round(exp(ln(20) + 0.9 * draw_normal(n, 10))::numeric, 2))) AS price,
	row_number() OVER (ORDER BY draw(n, 12)) AS popularity -- the first 1,000 are half of all demand
FROM (SELECT n, 1 + floor(20 * draw(n, 13))::int AS category FROM generate_series(1, 10000) n) p;
CREATE UNIQUE INDEX ON product (popularity);
CREATE UNIQUE INDEX ON product (n);

CREATE TABLE order_line AS
SELECT cart, row_number() OVER (PARTITION BY cart ORDER BY slot) AS line, p.sku,
	CASE WHEN u < 0.60 THEN 1 WHEN u < 0.82 THEN 2 WHEN u < 0.91 THEN 3 WHEN u < 0.96 THEN 4 ELSE 5 END::numeric AS qty,
	p.price, ARRAY[p.category] AS tags
FROM (
	SELECT DISTINCT ON (cart, popularity) cart, slot, popularity, draw(key, 22) AS u
	FROM (
		SELECT cart, slot, 100 * cart + slot AS key,
			CASE WHEN draw(100 * cart + slot, 20) < 0.5 THEN ceil(1000 * draw(100 * cart + slot, 21))
				ELSE ceil(10000 * draw(100 * cart + slot, 21)) END::bigint AS popularity
		FROM generate_series(1, :carts::bigint) cart,
			generate_series(1, least(30, greatest(1, round(exp(ln(4) + 0.75 * draw_normal(cart, 23)))))::bigint) slot) s
	ORDER BY cart, popularity, slot) d
JOIN product p USING (popularity)
ORDER BY cart, line;
ALTER TABLE order_line ADD PRIMARY KEY (cart, line);

-- ----------------------------------------------------------------
-- promotions
-- ----------------------------------------------------------------

CREATE TABLE promotion (set text, id int, kind int, priority int, category text, thresholds numeric[], amounts numeric[], skus text[]);

INSERT INTO promotion (set, id, kind, priority, category, thresholds, amounts) VALUES
	('S', 1, 1, 5, 'cat-01', '{0}', '{20}'),
	('S', 2, 2, 4, 'cat-02', '{2,3,5}', '{10,15,25}'),
	('S', 3, 3, 3, 'cat-03', '{0}', '{1.50}'),
	('S', 4, 4, 2, 'cat-04', '{30}', '{5}'),
	('S', 5, 8, 1, NULL, '{100,200,300}', '{8,20,35}');

-- M: 8 categories, 3 on orders, 39 lists; L: 12, 30, 958
WITH size (set, seed, total, categories, orders, longest) AS (
	VALUES ('M', 1000, 50, 8, 3, 20), ('L', 2000, 1000, 12, 30, 7)),
promo AS (
	SELECT set, seed + id AS key, id, total + 1 - id AS priority, categories, longest,
		CASE WHEN id > total - categories THEN (ARRAY[1, 5, 1, 2, 1, 4, 1, 6])[1 + (total - id) % 8]
			WHEN id > total - categories - orders THEN 8
			ELSE 1 + id % 7 END AS kind,
		CASE WHEN id > total - categories THEN total + 1 - id END AS category
	FROM size, generate_series(1, total) id),
list AS (
	SELECT set, id, sum(length) OVER w - length AS after, sum(length) OVER w AS upto
	FROM (SELECT *, 1 + floor(longest * draw(key, 30))::int AS length FROM promo) p
	WHERE category IS NULL AND kind <> 8
	WINDOW w AS (PARTITION BY set ORDER BY id)),
place AS (						-- the SKUs of the other categories, popular ones rather first
	SELECT set, sku, row_number() OVER (PARTITION BY set ORDER BY ln(draw(n, 31)) / CASE WHEN popularity <= 1000 THEN 5 ELSE 1 END DESC) AS place
	FROM size JOIN product ON category > 'cat-' || lpad(categories::text, 2, '0')),
step AS (
	SELECT *, CASE kind WHEN 2 THEN pick('{5,8,10}', key, 32) WHEN 4 THEN pick('{20,30,50,100}', key, 32)
			WHEN 5 THEN pick('{20,30,50}', key, 32) WHEN 6 THEN pick('{1,2,3}', key, 32)
			WHEN 8 THEN pick('{80,99,120,150,199,250,300}', key, 32) END AS base
	FROM promo)
INSERT INTO promotion
SELECT set, id, kind, priority, 'cat-' || lpad(category::text, 2, '0'),
	CASE kind WHEN 2 THEN '{2,3,5}' WHEN 4 THEN ARRAY[base] WHEN 5 THEN ARRAY[base, 2 * base, 4 * base]
		WHEN 6 THEN ARRAY[base] WHEN 7 THEN '{2}' WHEN 8 THEN ARRAY[base, 2 * base, 3 * base] ELSE '{0}' END,
	CASE kind WHEN 1 THEN ARRAY[pick('{5,7.5,10,12.5,15,20,25,33.33}', key, 33)]
		WHEN 2 THEN ARRAY[base, base + 5, base + 12]
		WHEN 3 THEN ARRAY[pick('{0.99,1.50,2,5,10}', key, 33)]
		WHEN 4 THEN ARRAY[round(base / pick('{5,8,10}', key, 33), 2)]
		WHEN 5 THEN ARRAY[round(base / 10, 2), round(base / 4, 2), round(base * 0.6, 2)]
		WHEN 6 THEN '{1}'
		WHEN 7 THEN ARRAY[pick('{3,5,7.99,10}', key, 33)]
		WHEN 8 THEN ARRAY[round(base / k, 2), round(2 * base / k + 1.99, 2), round(3 * base / k + 4.99, 2)] END,
	skus
FROM (SELECT *, pick('{12,15,20,25}', key, 34) AS k FROM step) s
LEFT JOIN (SELECT list.set, id, array_agg(sku ORDER BY sku) AS skus
		FROM list JOIN place ON place.set = list.set AND place > after AND place <= upto
		GROUP BY 1, 2) l USING (set, id);

-- The sets again in which every category has a promotion behind those of the lists: rules that compete.
INSERT INTO promotion
SELECT set || '+', id, kind, priority, category, thresholds, amounts, skus FROM promotion WHERE set IN ('M', 'L')
UNION ALL
SELECT set || '+', 5000 + n, 1, -n, c, '{0}', ARRAY[5 + n % 10], NULL
FROM (VALUES ('M'), ('L')) s (set), generate_series(1, 20) n, LATERAL (SELECT 'cat-' || lpad(n::text, 2, '0')) x (c);

-- ----------------------------------------------------------------
-- the same promotions as promo's rules
-- ----------------------------------------------------------------

CREATE FUNCTION rule_text(p promotion) RETURNS text
	LANGUAGE sql STABLE AS $$
	SELECT string_agg(
			CASE p.kind WHEN 1 THEN format('save %s%%', amount)
				WHEN 2 THEN format('buy %s save %s%%', threshold, amount)
				WHEN 3 THEN format('save %s each', amount)
				WHEN 6 THEN format('buy %s get 1 free', threshold)
				WHEN 7 THEN format('buy %s save %s', threshold, amount)
				ELSE format('spend %s save %s', threshold, amount) END, ', ' ORDER BY threshold)
		|| CASE WHEN p.kind = 8 THEN ''
			WHEN p.skus IS NULL THEN ' on tag ' || p.category
			ELSE ' on sku ' || array_to_string(p.skus, ', ') END
	FROM unnest(p.thresholds, p.amounts) t (threshold, amount)
$$;

-- promotions on orders have one priority: the best is taken
CREATE TABLE ruleset AS
SELECT set, promo.ruleset_agg('p' || id, rule_text(p)::promo.rule, CASE WHEN kind = 8 THEN -1000 ELSE priority END) AS rules
FROM promotion p GROUP BY set;
ALTER TABLE ruleset ADD PRIMARY KEY (set);

CREATE TABLE stored_cart AS
SELECT cart AS id, promo.cart_agg(line, sku, qty, price, tags) AS cart FROM order_line GROUP BY cart ORDER BY cart;
ALTER TABLE stored_cart ADD PRIMARY KEY (id);

-- ----------------------------------------------------------------
-- the same promotions as plain SQL and PL/pgSQL want them: resolved by SKU
-- ----------------------------------------------------------------

CREATE TABLE sku_promotion AS
SELECT set, p.sku, id, kind, thresholds, amounts
FROM product p JOIN promotion ON p.sku = ANY (skus) OR (skus IS NULL AND promotion.category = p.category)
WHERE set IN ('S', 'M', 'L');
ALTER TABLE sku_promotion ADD PRIMARY KEY (set, sku);

-- what the best promotion on the order saves, as a step function
CREATE TABLE order_step AS
SELECT set, array_agg(threshold ORDER BY threshold) AS thresholds, array_agg(best ORDER BY threshold) AS amounts
FROM (SELECT set, threshold, max(max(amount)) OVER (PARTITION BY set ORDER BY threshold) AS best
	FROM promotion, unnest(thresholds, amounts) t (threshold, amount) WHERE kind = 8 GROUP BY 1, 2) s
GROUP BY set;
ALTER TABLE order_step ADD PRIMARY KEY (set);

VACUUM ANALYZE;
