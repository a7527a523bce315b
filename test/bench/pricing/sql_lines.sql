-- Nets of lines in plain SQL: as sql_totals.sql, with what lies on several lines
-- apportioned by differences of rounded running shares.  $1 is the set of promotions.
WITH l AS MATERIALIZED (
	SELECT o.cart, o.line, o.qty, o.price, round(o.qty * o.price, 2) AS amount, p.id, p.kind, p.thresholds, p.amounts
	FROM order_line o LEFT JOIN sku_promotion p ON p.set = $1 AND p.sku = o.sku
	WHERE o.cart <= $3),
grouped AS (
	SELECT *, sum(qty) OVER g AS units, sum(amount) OVER g AS money,
		sum(qty) OVER (g ORDER BY price, line) AS units_upto, sum(amount) OVER (g ORDER BY price, line) AS money_upto
	FROM l WHERE kind IN (2, 4, 5, 6, 7) WINDOW g AS (PARTITION BY cart, id)),
net AS (
	SELECT cart, line, amount - CASE kind WHEN 1 THEN round(amount * amounts[1] / 100, 2)
			WHEN 3 THEN least(amounts[1], price) * qty ELSE 0 END AS net
	FROM l WHERE kind IS NULL OR kind IN (1, 3)
	UNION ALL
	SELECT cart, line, amount - CASE kind
			WHEN 2 THEN round(amount * coalesce(amounts[width_bucket(units, thresholds)], 0) / 100, 2)
			WHEN 6 THEN price * greatest(0, least(qty, floor(units / (thresholds[1] + 1)) - (units_upto - qty)))
			ELSE round(saved * money_upto / money, 2) - round(saved * (money_upto - amount) / money, 2) END
	FROM (SELECT *, least(money, coalesce(amounts[width_bucket(CASE kind WHEN 7 THEN units ELSE money END, thresholds)], 0)) AS saved
		FROM grouped) g),
running AS (
	SELECT *, sum(net) OVER c AS money, sum(net) OVER (c ORDER BY line) AS money_upto
	FROM net WINDOW c AS (PARTITION BY cart))
SELECT cart, line, net - CASE WHEN saved > 0
		THEN round(saved * money_upto / money, 2) - round(saved * (money_upto - net) / money, 2) ELSE 0 END AS net
FROM (SELECT r.*, least(money, coalesce(s.amounts[width_bucket(money, s.thresholds)], 0)) AS saved
	FROM running r CROSS JOIN order_step s WHERE s.set = $1) o
