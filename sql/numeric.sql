-- Money and quantities are read from numerics and written as numerics without
-- the server's arithmetic; it must agree with it to the last bit.

-- values of every size up to 900 trillion with 0 to 4 decimals, and the edges
CREATE TEMP TABLE figure AS
	SELECT DISTINCT v FROM (
		SELECT trunc((i * 7919 % 99991) * 10.0 ^ (k - 4) + (i * k % 17) / 10000.0, 4) AS v
		FROM generate_series(0, 400) i, generate_series(0, 13) k
		UNION ALL
		SELECT x FROM unnest('{0, 0.0001, 0.001, 0.01, 0.1, 1, 9999, 9999.9999, 10000, 10000.0001, 99999999,
			100000000, 100000000.0001, 1000000000000, 899999999999999.9999, 900000000000000}'::numeric[]) x) f
	WHERE v <= 900000000000000;
SELECT count(*) > 4000 AS enough FROM figure;

-- an amount split over one weight is itself, in the form that numeric gives it:
-- at least 2 decimals, at most as many as it needs; numeric_send shows all of it
CREATE FUNCTION pg_temp.money(v numeric) RETURNS numeric IMMUTABLE
	RETURN round(v, greatest(2, scale(trim_scale(v))));
SELECT sign, form, count(*) > 4000 AS enough,
	   count(*) FILTER (WHERE numeric_send(pg_temp.money(x)) IS DISTINCT FROM
							  numeric_send((promo.apportion(x, '{1}', 0.0001))[1])) AS wrong
FROM figure, unnest('{1,-1}'::numeric[]) sign,
	 LATERAL (VALUES ('as it is', v * sign), ('long header', round(v * sign, 100)),
					 ('no scale', trim_scale(v * sign))) f (form, x)
GROUP BY sign, form ORDER BY sign, form;

-- stored values have a one-byte length word and lie unaligned
CREATE TEMP TABLE stored AS SELECT (v::integer % 2 = 0) AS shift, v FROM figure WHERE v < 1e9;
SELECT count(*) FILTER (WHERE (promo.apportion(v, '{3}', 0.0001))[1] IS DISTINCT FROM v) AS wrong FROM stored;

-- prices and quantities in a cart
SELECT count(*) FILTER (WHERE (c::jsonb->0->>'price')::numeric IS DISTINCT FROM v) AS wrong_price,
	   count(*) FILTER (WHERE (c::jsonb->0->>'qty')::numeric IS DISTINCT FROM q) AS wrong_qty
FROM (SELECT v, trunc(v, 3) AS q, promo.cart_agg(1, 'A', trunc(v, 3), v) AS c
	  FROM figure WHERE v < 1e7 GROUP BY v) s;

-- what is written reads like numeric's own: quantities without trailing zeros
SELECT l.qty, l.unit_price, l.amount
FROM (SELECT promo.cart_agg(1, 'A', qty, price) AS c
	  FROM (VALUES (1, 1), (0.5, 10), (0.350, 12.5), (10000, 0.0001), (1000000, 1000.01), (0.001, 1)) v (qty, price)
	  GROUP BY qty, price) s,
	 promo.lines(promo.price(c, 'save 0.01', '2026-01-01')) l
ORDER BY l.qty, l.unit_price;

-- what cannot be held is an error, never rounded
SELECT promo.apportion(0.00001, '{1}', 0.0001);
SELECT promo.apportion(900000000000000.0001, '{1}', 0.0001);
SELECT promo.apportion(1e30, '{1}', 0.0001);
SELECT promo.apportion('1e-30', '{1}', 0.0001);
SELECT promo.apportion('NaN', '{1}');
SELECT promo.apportion('infinity', '{1}');
SELECT promo.apportion('-infinity', '{1}');

-- ----------------------------------------------------------------
-- apportion
-- ----------------------------------------------------------------

SELECT promo.apportion(100, '{1,1,1}');
SELECT promo.apportion(100, '{1,1,1}', 1);
SELECT promo.apportion(-100, '{1,1,1}');
SELECT promo.apportion(0.05, '{3,1,1,0}');
SELECT promo.apportion(10, '{0.1,0.2,0.7}', 0.05);
SELECT promo.apportion(12, '{1e20,0.1}'), promo.apportion(12, '{1e-200,3e-200}'), promo.apportion(12, '{1e-200,1e200}');
SELECT promo.apportion(1, ARRAY[1/3.0, 1/3.0, 1/3.0]);
SELECT promo.apportion(0, '{0,0}');
SELECT promo.apportion(0, '{1,2}');
SELECT promo.apportion(12, '{1e20,1e20,2e20}');
SELECT promo.apportion(12, '{0.00000000001,0.00000000002}');
SELECT promo.apportion(NULL, '{1}') IS NULL AS a, promo.apportion(1, NULL) IS NULL AS b, promo.apportion(1, '{1}', NULL) IS NULL AS c;
SELECT promo.apportion(1.005, '{1}');
SELECT promo.apportion(7, '{1}', 0.05), promo.apportion(7.01, '{1}', 0.05);
SELECT promo.apportion(1, '{}');
SELECT promo.apportion(1, '{0,0}');
SELECT promo.apportion(1, '{1,NULL}');
SELECT promo.apportion(1, '{1,-1}');
SELECT promo.apportion(1, '{1,NaN}');
SELECT promo.apportion(1, '{1,infinity}');
SELECT promo.apportion(1, '{{1,2},{3,4}}');
SELECT promo.apportion(1, '{1}', 0);
SELECT promo.apportion(1, '{1}', -1);

-- parts add up, and differ from the exact share by less than a unit
SELECT count(*) FILTER (WHERE (SELECT sum(s) FROM unnest(shares) s) <> amount) AS sum_wrong,
	   count(*) FILTER (WHERE EXISTS (SELECT FROM unnest(shares, weights) u (s, w)
									  WHERE abs(s - amount * w / (SELECT sum(x) FROM unnest(weights) x)) >= 0.01)) AS share_wrong
FROM (SELECT amount, weights, promo.apportion(amount, weights) AS shares
	  FROM (SELECT (i * 7919 % 100003) / 100.0 AS amount,
				   ARRAY(SELECT 1 + (i * j * 31 % 977) / 7::numeric(8, 3) FROM generate_series(1, 1 + i % 9) j) AS weights
			FROM generate_series(1, 2000) i) a) b;
