--
-- One's own order lines, as :order_column ... of the table import, under a rule
-- of every kind: what each gave, and whether every order adds up.
--
SET timezone = 'UTC';
SET max_parallel_workers_per_gather = 0;
\pset footer off

CREATE TEMP TABLE line AS
SELECT n, order_id, sku, number, problem, CASE WHEN problem IS NULL THEN qty::numeric END AS qty,
	CASE WHEN problem IS NULL THEN price::numeric END AS price
FROM (
	SELECT *, CASE WHEN order_id = '' OR sku = '' THEN 'order or SKU is missing'
			WHEN qty !~ '^-?[0-9]{1,12}(\.[0-9]{1,12})?$' OR price !~ '^-?[0-9]{1,12}(\.[0-9]{1,12})?$' THEN 'quantity or price is not a number'
			WHEN qty::numeric <= 0 THEN 'quantity is not above 0'
			WHEN price::numeric <= 0 THEN 'price is not above 0'
			WHEN scale(trim_scale(qty::numeric)) > 3 OR scale(trim_scale(price::numeric)) > 4 THEN 'more than 3 decimals in a quantity or 4 in a price'
		END AS problem
	FROM (SELECT n, coalesce(trim(:"order_column"), '') AS order_id, trim(:"line_column"::text) AS number, coalesce(trim(:"sku_column"), '') AS sku,
			coalesce(trim(:"qty_column"), '') AS qty, coalesce(trim(:"price_column"), '') AS price FROM import) i) c;
UPDATE line SET problem = 'order has more than 10,000 lines'
WHERE order_id IN (SELECT order_id FROM line WHERE problem IS NULL GROUP BY order_id HAVING count(*) > 10000);

-- an order's own line numbers, where they are such; the file's, if it has no column for them
CREATE TEMP TABLE order_line AS
SELECT order_id, CASE WHEN numbered THEN number::bigint ELSE row_number() OVER (PARTITION BY order_id ORDER BY n) END AS line, sku, qty, price
FROM line JOIN (
	SELECT order_id, bool_and(coalesce(number, '') ~ '^[0-9]{1,18}$') AND count(DISTINCT number) = count(*) AS numbered
	FROM line WHERE problem IS NULL GROUP BY order_id) o USING (order_id)
WHERE problem IS NULL;
CREATE INDEX ON order_line (order_id);
ANALYZE order_line;

SELECT count(DISTINCT order_id) AS orders, count(*) AS lines, count(*) = 0 AS nothing FROM order_line
\gset
\echo :orders 'orders of' :lines 'lines from' :file
SELECT problem AS "left out", count(*) AS lines FROM line WHERE problem IS NOT NULL GROUP BY 1 ORDER BY 2 DESC;
\if :nothing
DO $$ BEGIN RAISE EXCEPTION 'no line is left to be priced'; END $$;
\endif

-- ----------------------------------------------------------------
-- a rule of every kind, each on best sellers of its own
-- ----------------------------------------------------------------

CREATE TEMP TABLE seller AS
SELECT row_number() OVER (ORDER BY count(*) DESC, sku) AS rank, '''' || replace(sku, '''', '''''') || '''' AS sku,
	percentile_disc(0.5) WITHIN GROUP (ORDER BY price) AS price
FROM order_line GROUP BY sku;

-- {sku:1} is the best seller's SKU, {2.5*1} 2.5 times its usual price
CREATE FUNCTION pg_temp.fill_in(template text) RETURNS text
	LANGUAGE plpgsql AS $$
DECLARE
	sellers bigint := (SELECT count(*) FROM seller);
	part text[];
	value text;
BEGIN
	LOOP
		part := regexp_match(template, '\{(sku:|[0-9.]+\*)([0-9]+)\}');
		EXIT WHEN part IS NULL;
		SELECT CASE part[1] WHEN 'sku:' THEN sku ELSE greatest(0.01, round(rtrim(part[1], '*')::numeric * price, 2))::text END
		INTO value FROM seller WHERE rank = 1 + (part[2]::int - 1) % sellers;
		template := replace(template, '{' || part[1] || part[2] || '}', value);
	END LOOP;
	RETURN template;
END
$$;

CREATE TEMP TABLE kind AS
SELECT o, name, pg_temp.fill_in(template) AS rule
FROM (VALUES
	(1, 'percent', 'save 20% on sku {sku:1}'),
	(2, 'percent by units', 'buy 2 save 5%, buy 5 save 20% on sku {sku:2}'),
	(3, 'amount each', 'save {0.1*3} each on sku {sku:3}'),
	(4, 'new price', 'price {0.8*4} each on sku {sku:4}'),
	(5, 'spend', 'spend {5*5} save {1*5} on sku {sku:5}'),
	(6, 'spend in tiers', 'spend {3*6} save {0.2*6}, spend {10*6} save {1*6}, spend {30*6} save {5*6} on sku {sku:6}'),
	(7, 'every', 'every {5*7} save {0.5*7} on sku {sku:7} max {20*7}'),
	(8, 'add-on', 'spend {2*8} add sku {sku:9} at {0.5*9} on sku {sku:8}'),
	(9, 'gift', 'spend {2*10} gift sku {sku:11} on sku {sku:10}'),
	(10, 'flash price', 'price {0.5*12} each on sku {sku:12} limit 2'),
	(11, 'spend on several', 'spend {5*13} save {1*13} on sku {sku:13}, {sku:14}, {sku:15}'),
	(12, 'buy and get', 'buy 2 get 1 free on sku {sku:16}'),
	(13, 'several for a total', 'buy 3 total {2.5*17} on sku {sku:17}'),
	(14, 'set', 'buy set save {0.2*18} on sku {sku:18}, {sku:19}'),
	(15, 'graduated', 'buy 2 save 10%, buy 10 save 25% on sku {sku:20} graduated'),
	(16, 'each product', 'buy 12 save 5% on each'),
	(17, 'order', 'spend over 100 save 5, spend over 300 save 20, spend over 1000 save 80 stack'),
	(18, 'first order', 'spend over 100 save 10 for first_order stack'),
	(19, 'code', 'save 3% code DEMO'),
	(20, 'shipping', 'spend 50 save 20% shipping, spend 200 free shipping'),
	(21, 'points, in points', 'every 10 earn 1 points')) k (o, name, template);

SELECT clock_timestamp() AS start
\gset
CREATE TEMP TABLE priced AS
SELECT order_id, promo.price(cart, rules, '2026-01-15 12:00+00', buyer => '{first_order}', codes => '{DEMO}', shipping => 4.90) AS quote
FROM (SELECT order_id, promo.cart_agg(line, sku, qty, price) AS cart FROM order_line GROUP BY order_id) c,
	(SELECT promo.ruleset_agg(name, rule::promo.rule, (100 - o)::int) AS rules FROM kind) r;
SELECT extract(epoch FROM clock_timestamp() - :'start')::numeric AS seconds
\gset

CREATE TEMP TABLE given AS
SELECT order_id, rule, sum(amount) AS amount, min(amount) AS least FROM priced, promo.adjustments(quote) GROUP BY 1, 2;

SELECT name AS "kind", CASE WHEN length(kind.rule) > 50 THEN left(kind.rule, 49) || '…' ELSE kind.rule END AS "rule",
	CASE o WHEN 21 THEN (SELECT count(*) FROM priced WHERE promo.points(quote) > 0) ELSE count(amount) END AS "orders",
	CASE o WHEN 21 THEN (SELECT sum(promo.points(quote)) FROM priced) ELSE coalesce(sum(amount), 0) END AS "gave"
FROM kind LEFT JOIN given ON given.rule = name
GROUP BY o, name, kind.rule ORDER BY o;

CREATE TEMP TABLE checked AS
SELECT order_id,
	nets = promo.subtotal(quote) - promo.discount(quote) AND amounts = promo.subtotal(quote) AS "sum of the lines = goods less discount",
	promo.total(quote) = nets + promo.shipping(quote) AS "total = sum of the lines + shipping",
	coalesce(given, 0) = promo.discount(quote) + 4.90 - promo.shipping(quote) AS "what the rules gave = discount + off shipping",
	lowest >= 0 AND promo.total(quote) >= 0 AND promo.shipping(quote) >= 0 AND coalesce(least, 0) >= 0 AS "nothing below zero"
FROM priced
JOIN (SELECT order_id, sum(net) AS nets, sum(amount) AS amounts, min(net) AS lowest FROM priced, promo.lines(quote) GROUP BY 1) l USING (order_id)
LEFT JOIN (SELECT order_id, sum(amount) AS given, min(least) AS least FROM given GROUP BY 1) g USING (order_id);

SELECT key AS "checked", count(*) FILTER (WHERE value::boolean) AS "orders right", count(*) FILTER (WHERE NOT value::boolean) AS "wrong"
FROM checked, json_each_text(to_json(checked)) WHERE key <> 'order_id' GROUP BY key ORDER BY key DESC;
SELECT format('%s orders in %s s: %s a second in one process, reading and grouping the lines included', :orders, round(:seconds, 2),
	to_char(round(:orders / :seconds), 'FM999,999,999')) AS text
\gset
\echo :text
DO $$
BEGIN
	IF (SELECT count(*) FROM checked) <> (SELECT count(DISTINCT order_id) FROM order_line)
		OR EXISTS (SELECT FROM checked, json_each_text(to_json(checked)) WHERE key <> 'order_id' AND value <> 'true') THEN
		RAISE EXCEPTION 'some orders do not add up';
	END IF;
END
$$;
