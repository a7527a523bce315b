--
-- One screen: a cart priced, explained and partly taken back; a month of orders
-- under two drafts.
--
SET search_path = shop, public;
SET timezone = 'UTC';
\pset footer off
\pset null ''

SELECT $$[{"line":1, "sku":"SHOE-07", "qty":2, "price":"80.00", "tags":["shoes"]},
	{"line":2, "sku":"SOCK-03", "qty":4, "price":"9.90", "tags":["socks"]},
	{"line":3, "sku":"BAG-12", "qty":1, "price":"59.90", "tags":["bags"]}]$$ AS cart,
	$$[{"name":"shoes", "rule":"buy 2 save 10%, buy 3 save 20% on tag shoes"},
	{"name":"socks", "rule":"buy 3 total 25 on tag socks"},
	{"name":"steps", "rule":"spend 200 save 20, spend 300 save 45"},
	{"name":"gold", "rule":"save 5% for gold"},
	{"name":"welcome", "rule":"save 10 code WELCOME"},
	{"name":"delivery", "rule":"spend 150 free shipping"}]$$ AS rules
\gset
CREATE TEMP TABLE checkout AS
SELECT :'cart'::promo.cart AS cart, :'rules'::promo.ruleset AS rules, timestamptz '2026-01-15 12:00+00' AS at, '{WELCOME}'::text[] AS codes;
ALTER TABLE checkout ADD quote promo.quote;
UPDATE checkout SET quote = promo.price(cart, rules, at, codes => codes, shipping => 4.90);

\echo '1. A CART, PRICED.  SELECT * FROM promo.lines(promo.price(cart, rules, codes => ''{WELCOME}'', shipping => 4.90))'
SELECT l.* FROM checkout, promo.lines(quote) l ORDER BY line;
SELECT format('   goods %s - discount %s + shipping %s = to pay %s', promo.subtotal(quote), promo.discount(quote),
	promo.shipping(quote), promo.total(quote)) AS text FROM checkout
\gset
\echo :text
\echo
\echo '2. WHO GAVE WHAT.  promo.adjustments(quote): rule by rule and line by line'
SELECT rule, string_agg(amount || coalesce(' on line ' || line, ' on shipping'), ', ' ORDER BY line) AS "gave", sum(amount) AS "in all"
FROM checkout, promo.adjustments(quote) WITH ORDINALITY a (rule, line, amount, o) GROUP BY rule ORDER BY min(o);
\echo '3. WHY, AND WHAT IS MISSING.  promo.explain(cart, rules, ...): a row for every rule'
SELECT e.rule, e.status, e.reason, e.needs_amount AS "needs", e.needs_qty AS "units", e.next_saving AS "to save"
FROM checkout, promo.explain(cart, rules, at, codes => codes, shipping => 4.90) e;
\echo '4. A PAIR OF SHOES COMES BACK.  promo.refund(quote, ''[{"line":1,"qty":1}]'' [, rules])'
SELECT form, line, qty, amount AS "gives back"
FROM (SELECT 1 AS o, 'what its unit cost' AS form, r.* FROM checkout, promo.refund(quote, '[{"line":1,"qty":1}]') r
	UNION ALL
	SELECT 2, 'what was paid, less the price of what is kept', r.* FROM checkout, promo.refund(quote, '[{"line":1,"qty":1}]', rules) r) x
ORDER BY o, line;

CREATE TEMP TABLE draft (id int, name text, rules promo.ruleset);
INSERT INTO draft VALUES
	(0, 'as it was: no promotion', '[]'),
	(1, 'A: spend 100 save 10, spend 200 save 30', 'spend 100 save 10, spend 200 save 30'),
	(2, 'B: 3 for 2 on shirts and socks; 15% off shoes', 'buy 2 get 1 free on tag shirts, socks; save 15% on tag shoes');
SET max_parallel_workers_per_gather = 0;
SELECT clock_timestamp() AS start
\gset
CREATE TEMP TABLE repriced AS
SELECT id, name, count(*) AS carts, sum(lines) AS lines, count(*) FILTER (WHERE promo.discount(quote) > 0) AS touched,
	sum(promo.discount(quote)) AS discount, sum(promo.total(quote)) AS sales, sum(promo.profit(quote)) AS profit
FROM (
	SELECT id, name, lines, promo.price(cart, rules, at) AS quote
	FROM draft, (
		SELECT order_id, promo.cart_agg(line, sku, qty, price, tags, cost) AS cart, min(ordered_at) AS at, count(*) AS lines
		FROM order_line GROUP BY order_id) c) q
GROUP BY id, name;
SELECT extract(epoch FROM clock_timestamp() - :'start')::numeric AS seconds
\gset
\echo '5. JANUARY''S ORDERS UNDER TWO DRAFTS.  promo.price(promo.cart_agg(line, sku, qty, price, tags, cost), draft)'
SELECT name AS "draft", touched || ' of ' || carts AS "orders touched", discount, sales, profit AS "margin",
	round(100 * profit / sales, 1) || ' %' AS "of sales"
FROM repriced ORDER BY id;
SELECT format('   %s carts of %s lines priced in %s s: %s carts a second in one process', sum(carts), sum(lines), round(:seconds, 2),
	to_char(round(sum(carts) / :seconds, -3), 'FM999,999,999')) AS text FROM repriced
\gset
\echo :text
