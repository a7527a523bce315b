--
-- Measures the candidates in turn, :rounds times, in carts per second of this
-- backend's own processor time, and compares their totals.
--
SET search_path = bench, public;
SET max_parallel_workers_per_gather = 0;
SET jit = off;
SET work_mem = '256MB';
SET timezone = 'UTC';

-- $1 is the name of the set of promotions, $2 its ruleset, $3 the last cart
CREATE TABLE candidate (id int PRIMARY KEY, what text, carts bigint, query text);
CREATE TABLE measured (candidate int, set text, seconds numeric, amount numeric);

\set sql_totals `cat test/bench/pricing/sql_totals.sql`
\set sql_lines `cat test/bench/pricing/sql_lines.sql`
INSERT INTO candidate VALUES
	(1, 'cart_agg, price, total, from order lines', :carts,
		'SELECT sum(promo.total(promo.price(cart, $2))) FROM (
			SELECT promo.cart_agg(line, sku, qty, price, tags) AS cart FROM order_line WHERE cart <= $3 GROUP BY order_line.cart) c'),
	(2, 'plain SQL, totals', :carts, 'SELECT sum(total) FROM (' || :'sql_totals' || ') t'),
	(3, 'price, total, of stored carts', :carts,
		'SELECT sum(promo.total(promo.price(cart, $2))) FROM stored_cart WHERE id <= $3'),
	(4, '  the same, ruleset in a table column', :carts,
		'SELECT sum(promo.total(promo.price(cart, rules))) FROM stored_cart, ruleset WHERE id <= $3 AND set = $1'),
	(5, '  the same, of rules that compete', :carts,
		'SELECT sum(promo.total(promo.price(cart, $4))) FROM stored_cart WHERE id <= $3'),
	(6, 'price, lines, of stored carts', :carts,
		'SELECT sum(net) FROM stored_cart, promo.lines(promo.price(cart, $2)) WHERE id <= $3'),
	(7, 'cart_agg, price, lines, from order lines', :carts,
		'SELECT sum(net) FROM (
			SELECT promo.cart_agg(line, sku, qty, price, tags) AS cart FROM order_line WHERE cart <= $3 GROUP BY order_line.cart) c,
			promo.lines(promo.price(cart, $2))'),
	(8, 'plain SQL, lines', :carts, 'SELECT sum(net) FROM (' || :'sql_lines' || ') t'),
	(9, 'PL/pgSQL, lines', :carts / 20,
		'SELECT sum(net) FROM stored_cart, unnest(price_cart(id, $1)) net WHERE id <= $3');

CREATE PROCEDURE measure(candidate int, set text)
	LANGUAGE plpgsql AS $$
DECLARE
	c candidate := (SELECT c FROM candidate c WHERE id = candidate);
	rules promo.ruleset := (SELECT r.rules FROM ruleset r WHERE r.set = measure.set);
	competing promo.ruleset := (SELECT r.rules FROM ruleset r WHERE r.set = measure.set || '+');
	start numeric := cpu_seconds();
	amount numeric;
BEGIN
	EXECUTE c.query INTO amount USING set, rules, c.carts, competing;
	INSERT INTO measured VALUES (candidate, set, cpu_seconds() - start, amount);
END
$$;

SELECT format('CALL measure(%s, %L)', id, set)
FROM generate_series(1, :rounds) round, (VALUES (1, 'S'), (2, 'M'), (3, 'L')) s (o, set), candidate
WHERE id <> 5 OR set <> 'S'
ORDER BY round, o, id
\gexec

CREATE TABLE speed AS
SELECT candidate AS id, set, carts / nullif(percentile_cont(0.5) WITHIN GROUP (ORDER BY seconds), 0) AS carts_per_second
FROM measured JOIN candidate ON id = candidate GROUP BY candidate, set, carts;

-- per cart, to the cent
CREATE FUNCTION different_totals(set text, carts bigint, query text) RETURNS bigint
	LANGUAGE plpgsql AS $$
DECLARE
	n bigint;
BEGIN
	EXECUTE 'SELECT count(*) FROM (' || query || ') t (id, total)
		FULL JOIN (SELECT id, promo.total(promo.price(cart, $2)) AS total FROM stored_cart WHERE id <= $3) p USING (id)
		WHERE t.total IS DISTINCT FROM p.total'
	INTO n USING set, (SELECT rules FROM ruleset r WHERE r.set = different_totals.set), carts;
	RETURN n;
END
$$;

\pset footer off
\pset border 1
\echo
\echo 'Carts per second of processor time, one process, median of' :rounds 'rounds, and times the form it stands for:'
WITH versus (id, other) AS (VALUES (1, 2), (3, 2), (4, 2), (6, 8), (7, 8)),
cell AS (
	SELECT s.id, s.set, CASE WHEN s.carts_per_second >= 100000 THEN round(s.carts_per_second / 1000) || 'k'
			ELSE round(s.carts_per_second::numeric / 1000, 1) || 'k' END
		|| coalesce('  ' || round((s.carts_per_second / o.carts_per_second)::numeric, 1) || 'x', '') AS speed
	FROM speed s LEFT JOIN versus v USING (id) LEFT JOIN speed o ON o.id = v.other AND o.set = s.set)
SELECT what AS " ", max(speed) FILTER (WHERE set = 'S') AS "S: 5 rules", max(speed) FILTER (WHERE set = 'M') AS "M: 50 rules",
	max(speed) FILTER (WHERE set = 'L') AS "L: 1,000 rules"
FROM candidate LEFT JOIN cell USING (id) GROUP BY id, what ORDER BY id;

\echo 'Carts whose total is another than promo''s:'
SELECT set, :carts AS carts, different_totals(set, :carts, :'sql_totals') AS "plain SQL",
	different_totals(set, :carts, 'SELECT cart, sum(net) FROM (' || :'sql_lines' || ') l GROUP BY cart') AS "plain SQL, lines",
	:carts / 20 AS sample,
	different_totals(set, :carts / 20, 'SELECT id, (SELECT sum(net) FROM unnest(price_cart(id, $1)) net) FROM stored_cart WHERE id <= $3') AS "PL/pgSQL"
FROM (VALUES (1, 'S'), (2, 'M'), (3, 'L')) s (o, set) ORDER BY o;

-- ----------------------------------------------------------------
-- compiling, and one large cart
-- ----------------------------------------------------------------

CREATE PROCEDURE measure_compiling()
	LANGUAGE plpgsql AS $$
DECLARE
	text text := (SELECT rules::text FROM ruleset WHERE set = 'L');
	start numeric;
	n bigint;
BEGIN
	FOR round IN 1 .. 5 LOOP
		start := cpu_seconds();
		SELECT count(((SELECT text) || repeat(' ', i))::promo.ruleset) INTO n FROM generate_series(1, 100) i;
		INSERT INTO measured VALUES (0, 'L', cpu_seconds() - start, n);
	END LOOP;
END
$$;
CALL measure_compiling();
SELECT format('Compiling 1,000 rules from %s kB of text: %s ms; their ruleset is %s kB',
	(SELECT round(length(rules::text) / 1000.0) FROM ruleset WHERE set = 'L'),
	round((percentile_cont(0.5) WITHIN GROUP (ORDER BY seconds) * 1000 / 100)::numeric, 2),
	(SELECT round(length(promo.ruleset_send(rules)) / 1000.0) FROM ruleset WHERE set = 'L')) AS "text"
FROM measured WHERE candidate = 0
\gset
\echo :text

CREATE TABLE large_cart AS
SELECT promo.cart_agg(n, sku, 1 + n % 5, price, ARRAY[category]) AS cart FROM product;

-- most memory that this process has had, in kB
CREATE FUNCTION memory_kb() RETURNS bigint
	LANGUAGE sql VOLATILE AS $$
	SELECT (regexp_match(pg_read_file('/proc/self/status'), 'VmHWM:\s+(\d+)'))[1]::bigint
$$;
\c
SET search_path = bench, public;
SELECT promo.total(promo.price(cart, rules)) FROM stored_cart, ruleset WHERE id = 1 AND set = 'L'
\gset
SELECT memory_kb() AS before
\gset
SELECT promo.total(promo.price(cart, rules)) FROM large_cart, ruleset WHERE set = 'L'
\gset
SELECT format('Pricing a cart of 10,000 lines under 1,000 rules takes %s MB of memory', round((memory_kb() - :before) / 1024.0, 1)) AS "text"
\gset
\echo :text
