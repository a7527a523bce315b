-- ----------------------------------------------------------------
-- text form
-- ----------------------------------------------------------------

SELECT '[{"line":1,"sku":"A","qty":3,"price":"80.00"}]'::promo.cart;
SELECT '[{"line":2,"sku":"B","qty":"0.350","price":12.5,"tags":["y","x","y"],"cost":"4","floor":5},
		 {"price":1,"qty":1,"sku":"A","line":1}]'::promo.cart;
SELECT '[]'::promo.cart;
SELECT '[{"line":1,"sku":"\u00e9\"\\/\n","qty":1,"price":1e2}]'::promo.cart;
SELECT '[{"line":1,"sku":"商品","qty":1,"price":1,"tags":["鞋"]}]'::promo.cart;

-- what is no cart
SELECT ''::promo.cart;
SELECT '{}'::promo.cart;
SELECT '[1]'::promo.cart;
SELECT '[{"line":1,"sku":"A","qty":1,"price":1}'::promo.cart;
SELECT '[{"line":1,"sku":"A","qty":1,"price":1}] x'::promo.cart;
SELECT '[{"line":1,"sku":"A","qty":1}]'::promo.cart;
SELECT '[{"line":1,"sku":"A","price":1}]'::promo.cart;
SELECT '[{"line":1,"qty":1,"price":1}]'::promo.cart;
SELECT '[{"sku":"A","qty":1,"price":1}]'::promo.cart;
SELECT '[{"line":1,"sku":null,"qty":1,"price":1}]'::promo.cart;
SELECT '[{"line":1,"sku":"","qty":1,"price":1}]'::promo.cart;
SELECT '[{"line":1,"sku":"A","qty":1,"price":1,"colour":"red"}]'::promo.cart;
SELECT '[{"line":1.5,"sku":"A","qty":1,"price":1}]'::promo.cart;
SELECT '[{"line":1,"sku":"A","qty":-1,"price":1}]'::promo.cart;
SELECT '[{"line":1,"sku":"A","qty":0.0001,"price":1}]'::promo.cart;
SELECT '[{"line":1,"sku":"A","qty":1,"price":-1}]'::promo.cart;
SELECT '[{"line":1,"sku":"A","qty":1,"price":"1.00001"}]'::promo.cart;
SELECT '[{"line":1,"sku":"A","qty":1,"price":"NaN"}]'::promo.cart;
SELECT '[{"line":1,"sku":"A","qty":1,"price":1e15}]'::promo.cart;
SELECT '[{"line":1,"sku":"A","qty":1000000,"price":900000000000000}]'::promo.cart;
SELECT '[{"line":1,"sku":"A","qty":1,"price":1},{"line":1,"sku":"B","qty":1,"price":1}]'::promo.cart;
SELECT '[{"line":1,"sku":"\u0000","qty":1,"price":1}]'::promo.cart;
SELECT '[{"line":1,"sku":"\ud800","qty":1,"price":1}]'::promo.cart;

-- ----------------------------------------------------------------
-- aggregate
-- ----------------------------------------------------------------

SELECT promo.cart_agg(line, sku, qty, price)
FROM (VALUES (2, 'B', 1, 2.5), (1, 'A', 0.35, 10)) v (line, sku, qty, price);
SELECT promo.cart_agg(line, sku, qty, price, tags)
FROM (VALUES (2, 'B', 1, 2.5, '{y,x}'::text[]), (1, 'A', 0.35, 10, NULL), (3, 'C', 1, 1, '{}')) v (line, sku, qty, price, tags);
SELECT promo.cart_agg(line, sku, qty, price, tags, cost)
FROM (VALUES (2, 'B', 1, 2.5, '{y,x}'::text[], 0), (1, 'A', 0.35, 10, NULL, NULL)) v (line, sku, qty, price, tags, cost);
SELECT promo.cart_agg(line, sku, qty, price, tags, cost, floor)
FROM (VALUES (2, 'B', 1, 2.5, '{y,x}'::text[], 1, 2), (1, 'A', 0.35, 10, NULL, NULL, NULL)) v (line, sku, qty, price, tags, cost, floor);
SELECT promo.cart_agg(1, 'A', 1, 1) IS NULL AS no_rows WHERE false;

-- the same in any order of rows, and as read from JSON
SELECT count(DISTINCT c), count(DISTINCT promo.cart_send(c))
FROM (SELECT promo.cart_agg(i, 'SKU' || i % 7, i, i, ARRAY['t' || i % 3]) AS c FROM generate_series(1, 50) i
	  UNION ALL
	  SELECT promo.cart_agg(i, 'SKU' || i % 7, i, i, ARRAY['t' || i % 3]) FROM generate_series(50, 1, -1) i
	  UNION ALL
	  SELECT promo.cart_agg(i, 'SKU' || i % 7, i, i, ARRAY['t' || i % 3]) FROM (SELECT i FROM generate_series(1, 50) i ORDER BY md5(i::text)) r
	  UNION ALL
	  SELECT json_agg(json_build_object('line', i, 'sku', 'SKU' || i % 7, 'qty', i, 'price', i, 'tags', json_build_array('t' || i % 3)))::promo.cart
	  FROM generate_series(1, 50) i) s;

-- as a window function: the state goes on after each result
SELECT i, promo.cart_agg(i, 'A' || i, 1, i) OVER (ORDER BY i) FROM generate_series(1, 3) i;

-- what a line cannot be
SELECT promo.cart_agg(NULL, 'A', 1, 1);
SELECT promo.cart_agg(7, NULL, 1, 1);
SELECT promo.cart_agg(7, 'A', NULL, 1);
SELECT promo.cart_agg(7, 'A', 1, NULL);
SELECT promo.cart_agg(7, 'A', -1, 1);
SELECT promo.cart_agg(7, 'A', 'NaN', 1);
SELECT promo.cart_agg(7, 'A', 'infinity', 1);
SELECT promo.cart_agg(7, 'A', 1.0001, 1);
SELECT promo.cart_agg(7, 'A', 1e16, 1);
SELECT promo.cart_agg(7, 'A', 1, -0.01);
SELECT promo.cart_agg(7, 'A', 1, 'NaN');
SELECT promo.cart_agg(7, 'A', 1, '-infinity');
SELECT promo.cart_agg(7, 'A', 1, 0.00001);
SELECT promo.cart_agg(7, 'A', 1, 900000000000000.0001);
SELECT promo.cart_agg(7, 'A', 1, 1, NULL, -1);
SELECT promo.cart_agg(7, 'A', 1, 1, NULL, 'NaN');
SELECT promo.cart_agg(7, 'A', 1, 1, NULL, NULL, -1);
SELECT promo.cart_agg(7, 'A', 1, 1, '{x,NULL}');
SELECT promo.cart_agg(7, '', 1, 1);
SELECT promo.cart_agg(7, repeat('x', 1001), 1, 1);
SELECT promo.cart_agg(7, 'A', 1, 1, ARRAY[repeat('x', 1001)]);
SELECT promo.cart_agg(7, 'A', 1, 1) FROM generate_series(1, 2);
SELECT promo.cart_agg(i, 'A', 1, 1) FROM generate_series(1, 10001) i;
SELECT promo.cart_agg(i, 'A', 1000, 900000000000) FROM generate_series(1, 2) i;
SELECT length(promo.cart_agg(i, 'A' || i, 1, 1)::text) FROM generate_series(1, 10000) i;

-- ----------------------------------------------------------------
-- casts
-- ----------------------------------------------------------------

CREATE TEMP TABLE carts (id integer, c promo.cart);
INSERT INTO carts
	SELECT o, promo.cart_agg(l, 'SKU' || (o * l) % 11, l + o % 3 * 0.25, o * l * 0.37, ARRAY['t' || l % 3, '鞋'],
							 CASE WHEN o % 4 > 0 THEN o * 0.1 END, CASE WHEN o % 5 > 2 THEN l END)
	FROM generate_series(1, 60) o, LATERAL generate_series(1, 1 + o % 13) l GROUP BY o;
SELECT count(*) FILTER (WHERE c::text::promo.cart OPERATOR(promo.<>) c) AS text,
	   count(*) FILTER (WHERE c::json::promo.cart OPERATOR(promo.<>) c) AS json,
	   count(*) FILTER (WHERE c::jsonb::promo.cart OPERATOR(promo.<>) c) AS jsonb
FROM carts;
SELECT c::jsonb->0->>'price' FROM carts WHERE id = 5;
SELECT castcontext FROM pg_cast WHERE 'promo.cart'::regtype IN (castsource, casttarget) ORDER BY 1;
SELECT '[{"line":1}]'::jsonb::promo.cart;
SELECT '"x"'::json::promo.cart;

-- ----------------------------------------------------------------
-- operators
-- ----------------------------------------------------------------

SET search_path = promo, public;
SELECT a.c = b.c AS eq, a.c <> b.c AS ne, a.c < b.c OR a.c > b.c AS apart,
	   a.c <= b.c AND a.c >= b.c AS same, promo.cart_cmp(a.c, b.c) = 0 AS cmp
FROM carts a, carts b WHERE a.id = 12 AND b.id IN (12, 25) ORDER BY b.id;
RESET search_path;
SELECT count(DISTINCT c), count(*) FROM (SELECT c FROM carts UNION ALL SELECT c::text::promo.cart FROM carts) s;
SET enable_sort = off;
SELECT count(*) FROM (SELECT c FROM (SELECT c FROM carts UNION ALL SELECT c::text::promo.cart FROM carts) s GROUP BY c) g;
RESET enable_sort;
CREATE INDEX ON carts (c);
CREATE INDEX ON carts USING hash (c);
SELECT count(*) FILTER (WHERE promo.cart_hash(c) <> promo.cart_hash(c::text::promo.cart)) AS hash,
	   count(*) FILTER (WHERE promo.cart_hash_extended(c, 7) <> promo.cart_hash_extended(c::text::promo.cart, 7)) AS extended,
	   count(*) FILTER (WHERE promo.cart_hash_extended(c, 0)::bit(32) <> promo.cart_hash(c)::bit(32)) AS low_half
FROM carts;

-- ----------------------------------------------------------------
-- binary form, storage
-- ----------------------------------------------------------------

\copy carts to 'results/carts.bin' (format binary)
CREATE TEMP TABLE copied (LIKE carts);
\copy copied from 'results/carts.bin' (format binary)
SELECT count(*) FROM carts JOIN copied USING (id) WHERE carts.c OPERATOR(promo.=) copied.c;
\copy copied (c) from program 'printf "PGCOPY\\n\\377\\r\\n\\000\\000\\000\\000\\000\\000\\000\\000\\000\\000\\001\\000\\000\\000\\001\\143\\377\\377"' (format binary)
\copy copied (c) from program 'printf "PGCOPY\\n\\377\\r\\n\\000\\000\\000\\000\\000\\000\\000\\000\\000\\000\\001\\000\\000\\000\\005\\001\\377\\377\\377\\377\\377\\377"' (format binary)

-- plain, compressed and out-of-line values are the same value
CREATE TEMP TABLE toasted (how text, c promo.cart);
ALTER TABLE toasted ALTER c SET STORAGE external;
INSERT INTO toasted SELECT 'external', promo.cart_agg(l, 'SKU-' || l, l, l) FROM generate_series(1, 2000) l;
ALTER TABLE toasted ALTER c SET STORAGE extended;
INSERT INTO toasted SELECT 'extended', promo.cart_agg(l, 'SKU-' || l, l, l) FROM generate_series(1, 2000) l;
ALTER TABLE toasted ALTER c SET STORAGE main;
INSERT INTO toasted SELECT 'main', promo.cart_agg(l, 'SKU-' || l, l, l) FROM generate_series(1, 40) l;
INSERT INTO toasted VALUES ('short', '[]');
SELECT how, length(c::text), md5(c::text), c OPERATOR(promo.=) c::text::promo.cart AS same FROM toasted ORDER BY how;

-- ----------------------------------------------------------------
-- parallel workers, settings
-- ----------------------------------------------------------------

CREATE TABLE cart_line AS
	SELECT o AS order_id, l AS line, 'SKU' || (o * l) % 101 AS sku, 1 + l % 3 AS qty, (o + l) % 1000 / 10.0 AS price,
		   ARRAY['t' || l % 3] AS tags
	FROM generate_series(1, 2000) o, generate_series(1, 5) l;
ANALYZE cart_line;
SET max_parallel_workers_per_gather = 0;
CREATE TEMP TABLE serial AS
	SELECT order_id, promo.cart_agg(line, sku, qty, price, tags, price, 0) AS c FROM cart_line GROUP BY order_id;
SET max_parallel_workers_per_gather = 2;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
SET enable_sort = off;
EXPLAIN (COSTS OFF) SELECT order_id, promo.cart_agg(line, sku, qty, price, tags, price, 0) AS c FROM cart_line GROUP BY order_id;
CREATE TEMP TABLE parallel AS
	SELECT order_id, promo.cart_agg(line, sku, qty, price, tags, price, 0) AS c FROM cart_line GROUP BY order_id;
SELECT count(*) AS orders, count(*) FILTER (WHERE s.c OPERATOR(promo.=) p.c) AS same
FROM serial s JOIN parallel p USING (order_id);
-- partial states cross from process to process whether or not a group is split
SELECT md5(promo.cart_agg(order_id * 10 + line, sku, qty, price)::text) FROM cart_line WHERE order_id <= 1000;
RESET ALL;
SET max_parallel_workers_per_gather = 0;
SELECT md5(promo.cart_agg(order_id * 10 + line, sku, qty, price)::text) FROM cart_line WHERE order_id <= 1000;
RESET ALL;
SET extra_float_digits = -15;
SET bytea_output = escape;
SET quote_all_identifiers = on;
SELECT md5(string_agg(c::text, '' ORDER BY order_id)) = (SELECT md5(string_agg(c::text, '' ORDER BY order_id)) FROM serial) AS same FROM parallel;
RESET ALL;
DROP TABLE cart_line;
