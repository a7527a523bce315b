--
-- A small shop, the same on every machine: 200 products in 8 categories with
-- their costs, and January's 20,000 orders.
--
CREATE SCHEMA shop;
SET search_path = shop, public;

-- in [0, 1), for every key and purpose
CREATE FUNCTION draw(key bigint, purpose bigint) RETURNS float8
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	RETURN (hashint8extended(key, purpose) & 2147483647) / 2147483648.0;

CREATE TABLE category (name text PRIMARY KEY, code text, cheapest numeric, dearest numeric, cost_share numeric);
INSERT INTO category VALUES
	('shoes', 'SHOE', 49, 149, 0.52), ('socks', 'SOCK', 5, 15, 0.35), ('shirts', 'SHIRT', 19, 69, 0.45),
	('trousers', 'TROUS', 39, 119, 0.50), ('jackets', 'JACK', 79, 249, 0.55), ('bags', 'BAG', 29, 159, 0.48),
	('hats', 'HAT', 12, 39, 0.40), ('belts', 'BELT', 15, 49, 0.42);

CREATE TABLE product AS
SELECT row_number() OVER (ORDER BY draw(key, 1)) AS popularity, code || '-' || lpad(i::text, 2, '0') AS sku, name AS category,
	price, round(price * (cost_share + 0.15 * (draw(key, 2)::numeric - 0.5)), 2) AS cost
FROM (
	SELECT *, 100 * row_number() OVER (ORDER BY name, i) AS key,
		floor(cheapest + (dearest - cheapest) * draw(100 * row_number() OVER (ORDER BY name, i), 3)::numeric) + 0.90 AS price
	FROM category, generate_series(1, 25) i) p;
ALTER TABLE product ADD PRIMARY KEY (sku);

-- popular products are ordered more; a product may be in an order twice
CREATE TABLE order_line AS
SELECT order_id, timestamptz '2026-01-01 00:00+00' + interval '31 days' * draw(order_id, 10) AS ordered_at,
	line, p.sku, 1 + floor(3 * draw(key, 11) ^ 2)::numeric AS qty, p.price, ARRAY[p.category] AS tags, p.cost
FROM generate_series(1, 20000) order_id,
	LATERAL generate_series(1, 1 + floor(6 * draw(order_id, 12) ^ 2)::bigint) line,
	LATERAL (SELECT 10 * order_id + line) k (key)
JOIN LATERAL (SELECT 1 + floor(200 * draw(key, 13) ^ 1.6)::bigint) d (popularity) ON true
JOIN product p USING (popularity)
ORDER BY order_id, line;

VACUUM ANALYZE;
