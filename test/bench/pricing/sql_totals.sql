-- Totals of carts in plain SQL: windows only where a promotion needs the order of
-- its units, groups where their sum is enough.  $1 is the set of promotions.
WITH l AS MATERIALIZED (
	SELECT o.cart, o.line, o.qty, o.price, round(o.qty * o.price, 2) AS amount, p.id, p.kind, p.thresholds, p.amounts
	FROM order_line o LEFT JOIN sku_promotion p ON p.set = $1 AND p.sku = o.sku
	WHERE o.cart <= $3),
net AS (
	SELECT cart, amount - CASE kind WHEN 1 THEN round(amount * amounts[1] / 100, 2)
			WHEN 3 THEN least(amounts[1], price) * qty ELSE 0 END AS net
	FROM l WHERE kind IS NULL OR kind IN (1, 3)
	UNION ALL
	SELECT cart, amount - CASE kind
			WHEN 2 THEN round(amount * coalesce(amounts[width_bucket(units, thresholds)], 0) / 100, 2)
			ELSE price * greatest(0, least(qty, floor(units / (thresholds[1] + 1)) - (upto - qty))) END
	FROM (SELECT *, sum(qty) OVER g AS units, sum(qty) OVER (g ORDER BY price, line) AS upto
		FROM l WHERE kind IN (2, 6) WINDOW g AS (PARTITION BY cart, id)) w
	UNION ALL
	SELECT cart, amount - least(amount, coalesce(amounts[width_bucket(CASE kind WHEN 7 THEN units ELSE amount END, thresholds)], 0))
	FROM (SELECT cart, id, sum(qty) AS units, sum(amount) AS amount FROM l WHERE kind IN (4, 5, 7) GROUP BY cart, id) g
	JOIN (SELECT id, kind, thresholds, amounts FROM promotion WHERE set = $1) p USING (id)),
cart AS (
	SELECT cart, sum(net) AS net FROM net GROUP BY cart)
SELECT cart, net - least(net, coalesce(amounts[width_bucket(net, thresholds)], 0)) AS total
FROM cart CROSS JOIN order_step WHERE set = $1
