-- What a client can branch on: the SQLSTATE of every kind of mistake.
CREATE FUNCTION pg_temp.state(statement text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE statement;
	RETURN 'none';
EXCEPTION WHEN OTHERS THEN
	RETURN SQLSTATE || ' ' || SQLERRM;
END
$$;
SELECT pg_temp.state('SELECT ' || s) FROM unnest(ARRAY[
	$$'['::promo.cart$$,
	$$'save'::promo.rule$$,
	$$'[]'::jsonb::promo.rule$$,
	$$promo.cart_agg(1, NULL, 1, 1)$$,
	$$promo.cart_agg(1, 'A', 1, 'NaN')$$,
	$$promo.cart_agg(1, 'A', 1, -1)$$,
	$$promo.cart_agg(1, 'A', 1, 0.00001)$$,
	$$promo.cart_agg(1, 'A', 1, 1) FROM generate_series(1, 2)$$,
	$$promo.cart_agg(i, 'A', 1, 1) FROM generate_series(1, 10001) i$$,
	$$promo.ruleset_agg('a', NULL)$$,
	$$promo.ruleset_agg('a', 'save 1'::promo.rule) FROM generate_series(1, 2)$$,
	$$promo.ruleset_agg('r' || i, 'save 1'::promo.rule) FROM generate_series(1, 100001) i$$,
	$$promo.configure('save 1', zone => 'Mars/Olympus')$$,
	$$promo.configure('save 1', rounding => 'up')$$,
	$$promo.price('[]', 'save 1', buyer => '{NULL}')$$,
	$$promo.price('[]', 'save 1', shipping => 0.001)$$,
	$$promo.price('[]', 'save 1', 'infinity')$$,
	$$promo.refund(promo.price('[]', 'save 1'), '[{"line":1,"qty":1}]')$$,
	$$promo.describe('save 1', 'fr')$$,
	$$promo.apportion(1, '{}')$$,
	$$promo.apportion(1, '{NULL}')$$]) s;
