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

SELECT format('promo %s on PostgreSQL %s', (SELECT extversion FROM pg_extension WHERE extname = 'promo'),
	split_part(current_setting('server_version'), ' ', 1)) AS text
\gset
\echo :text
\echo
\echo '1. A CART.  promo.lines(promo.price(cart, rules, codes => ''{WELCOME}'', shipping => 4.90))'
SELECT l.* FROM checkout, promo.lines(quote) l ORDER BY line;
SELECT format('   goods %s - discount %s + shipping %s = to pay %s', promo.subtotal(quote), promo.discount(quote),
	promo.shipping(quote), promo.total(quote)) AS text FROM checkout
\gset
\echo :text
\echo
\echo '2. ITS RULES, AND WHAT EACH GAVE ON WHICH LINE.  promo.adjustments(quote)'
SELECT (r ->> 'name') || ': ' || (r ->> 'rule') AS "rule", sum(amount) FILTER (WHERE line = 1) AS "on 1",
	sum(amount) FILTER (WHERE line = 2) AS "on 2", sum(amount) FILTER (WHERE line = 3) AS "on 3",
	sum(amount) FILTER (WHERE line IS NULL) AS "ship", sum(amount) AS "in all"
FROM json_array_elements(:'rules') WITH ORDINALITY x (r, o)
LEFT JOIN (SELECT a.* FROM checkout, promo.adjustments(quote) a) a ON rule = r ->> 'name'
GROUP BY o, 1 ORDER BY o;
\echo '3. WHY, AND WHAT IS MISSING TO MORE.  promo.explain(cart, rules, ...)'
SELECT e.rule, e.status, e.reason, e.needs_amount AS "spend", e.needs_qty AS "units", e.next_saving AS "to save"
FROM checkout, promo.explain(cart, rules, at, codes => codes, shipping => 4.90) e;
\echo '4. ONE PAIR OF SHOES COMES BACK.  promo.refund(quote, ''[{"line":1,"qty":1}]'' [, rules])'
SELECT form AS "refund", line, qty, amount AS "gives back"
FROM (SELECT 1 AS o, 'without rules: what was paid for this pair' AS form, r.*
	FROM checkout, promo.refund(quote, '[{"line":1,"qty":1}]') r
	UNION ALL
	SELECT 2, 'with rules: what was paid, less the price of what is kept', r.*
	FROM checkout, promo.refund(quote, '[{"line":1,"qty":1}]', rules) r) x
ORDER BY o, line;

CREATE TEMP TABLE draft (id int, name text, rules promo.ruleset);
INSERT INTO draft VALUES
	(0, 'no promotion', '[]'),
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
		FROM order_line GROUP BY order_id) c
	OFFSET 0) q					-- a quote is read four times: price it once
GROUP BY id, name;
SELECT extract(epoch FROM clock_timestamp() - :'start')::numeric AS seconds
\gset
\echo '5. JANUARY''S 20,000 ORDERS UNDER TWO DRAFTS.  promo.price(promo.cart_agg(...), draft)'
SELECT name AS "draft", touched AS "orders touched", round(discount) AS "discount", round(sales) AS "sales",
	round(profit) AS "margin", round(100 * profit / sales, 1) AS "margin %"
FROM repriced ORDER BY id;
SELECT format('   %s carts of %s lines priced in %s s: %s carts a second in one process', sum(carts), sum(lines), round(:seconds, 2),
	to_char(round(sum(carts) / :seconds, -3), 'FM999,999,999')) AS text FROM repriced
\gset
\echo :text
