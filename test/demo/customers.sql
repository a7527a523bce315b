--
-- The shop's customers and two years of their orders, the same on every machine.
-- How often they come and when they leave follows MBG/NBD with r = 0.5, alpha = 5
-- weeks, a = 1 and b = 4, so that the model of the screen has something to find.
--
SET search_path = shop, public;

CREATE FUNCTION normal_draw(key bigint, purpose bigint) RETURNS float8
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	RETURN sqrt(-2 * ln(1 - draw(key, purpose))) * cos(2 * pi() * draw(key, purpose + 1));

-- days since 2024-01-01; order days a day; probability of leaving after each
CREATE TABLE customer AS
SELECT id, 'C-' || lpad(id::text, 4, '0') AS name, 731 * draw(id, 30) ^ 0.8 AS joined,
	normal_draw(id, 31) ^ 2 / 10 / 7 AS rate, 1 - draw(id, 33) ^ 0.25 AS leaves, exp(3.9 + 0.45 * normal_draw(id, 34)) AS usual
FROM generate_series(1, 6000) id;

CREATE TABLE purchase AS
WITH RECURSIVE visit AS (
	SELECT id, 0 AS n, joined AS at FROM customer
	UNION ALL
	SELECT id, n + 1, at - ln(1 - draw(1000 * id + n, 40)) / rate
	FROM visit JOIN customer USING (id)
	WHERE draw(1000 * id + n, 41) >= leaves AND at - ln(1 - draw(1000 * id + n, 40)) / rate < 731)
SELECT name AS customer, date '2024-01-01' + floor(at)::int AS day,
	round((usual * exp(0.5 * normal_draw(1000 * id + n, 42)))::numeric, 2) AS amount
FROM visit JOIN customer USING (id);

ANALYZE purchase;
