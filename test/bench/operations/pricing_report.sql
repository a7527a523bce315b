--
-- What pricing() of part.sh measured: microseconds of one client's prepared statements.
--
SET search_path = bench, public;
\pset footer off

CREATE TABLE pricing_form (id int PRIMARY KEY, what text);
INSERT INTO pricing_form VALUES
	(51, 'SELECT 1'),
	(52, 'fetching the cart'),
	(53, 'price, ruleset a constant of the statement'),
	(54, 'price, current_ruleset'),
	(55, '  the same, ten of them with budgets'),
	(56, 'price, ruleset_agg of the promotions');

CALL price_after_changes(20);
\echo
\echo 'A cart of five products priced under 1,000 promotions, one client, prepared, microseconds'
\echo
SELECT what AS " ", round(p50) AS p50, round(p99) AS p99, round(p50 - first_value(p50) OVER (ORDER BY id)) AS "more than SELECT 1"
FROM (SELECT id, percentile_cont(0.5) WITHIN GROUP (ORDER BY value) AS p50, percentile_cont(0.99) WITHIN GROUP (ORDER BY value) AS p99
	FROM measured GROUP BY id) m JOIN pricing_form USING (id) ORDER BY id;
SELECT format('The first price behind a change of a promotion: %s microseconds', round(percentile_cont(0.5) WITHIN GROUP (ORDER BY value))) AS "text"
FROM measured WHERE id = 57
\gset
\echo :text
SELECT format('Carts whose total is another by ruleset_agg: %s of %s', count(*) FILTER (WHERE
	promo.total(promo.price(cart, promo.current_ruleset())) <> promo.total(promo.price(cart, (SELECT rules FROM ruleset)))), count(*)) AS "text"
FROM cart
\gset
\echo :text
