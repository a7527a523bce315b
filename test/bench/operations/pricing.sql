--
-- A thousand active promotions of 10,000 products, and carts of five of these.
--
SET search_path = bench, public;

INSERT INTO promo.promotion (name, rule, during, priority, status)
SELECT format('promotion %s', p),
	format('%s on sku %s', (ARRAY['save 10%', 'buy 2 save 15%, buy 4 save 25%', 'spend 50 save 8, spend 100 save 20', 'buy 2 get 1 free'])[1 + p % 4],
		string_agg(format('P%s', 10 * p + i), ', '))::promo.rule,
	tstzrange(now(), now() + '30 days'), p % 3, 'active'
FROM generate_series(0, 999) p, generate_series(0, 9) i GROUP BY p;

CREATE TABLE cart AS
SELECT n, promo.cart_agg(line, format('P%s', floor(10000 * draw(10 * n + line, 1))), 1 + floor(3 * draw(10 * n + line, 2))::int,
	round(5 + 95 * draw(10 * n + line, 3)::numeric, 2)) AS cart
FROM generate_series(1, 1000) n, generate_series(1, 5) line GROUP BY n;
ALTER TABLE cart ADD PRIMARY KEY (n);

CREATE VIEW ruleset AS
SELECT promo.ruleset_agg(name, rule, priority, during) AS rules FROM promo.promotion WHERE status = 'active' AND upper(during) > now() IS NOT FALSE;

CREATE PROCEDURE limit_ten(budget numeric)
	LANGUAGE sql AS $$
	UPDATE promo.promotion p SET budget = limit_ten.budget WHERE name ~ '^promotion .*00$'
$$;

-- microseconds of the first price behind a change of some promotion, :rounds times
CREATE PROCEDURE price_after_changes(rounds int)
	LANGUAGE plpgsql AS $$
DECLARE
	start timestamptz;
BEGIN
	FOR n IN 1 .. rounds LOOP
		UPDATE promo.promotion SET uses = 1000000 + n WHERE name = 'promotion 1';
		COMMIT;
		start := clock_timestamp();
		PERFORM promo.price(cart, promo.current_ruleset()) FROM cart WHERE cart.n = price_after_changes.rounds;
		INSERT INTO measured VALUES (57, 'microseconds', 1000000 * extract(epoch FROM clock_timestamp() - start));
	END LOOP;
	UPDATE promo.promotion SET uses = NULL WHERE name = 'promotion 1';
END
$$;
VACUUM ANALYZE;
