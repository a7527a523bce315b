--
-- What the shop's customers did in the first seven days of a campaign of ten, the
-- same on every machine: 2 days of preheat, 6 of running, 2 after.  One customer
-- in five gets no mail, so that what mail does can be told; on the last day the
-- shop was hardly to be reached for an hour.
--
SET search_path = shop, public;

CREATE TABLE phase (name text PRIMARY KEY, during tstzrange);
INSERT INTO phase VALUES
	('preheat', '[2026-03-02 00:00+00,2026-03-04 00:00+00)'), ('running', '[2026-03-04 00:00+00,2026-03-10 00:00+00)'),
	('after', '[2026-03-10 00:00+00,2026-03-12 00:00+00)');

CREATE TABLE goal (o int, phase text, metric text, target numeric, lower_is_better boolean);
INSERT INTO goal VALUES
	(1, 'preheat', 'uv', 5200, false), (2, 'preheat', 'signups', 900, false), (3, 'running', 'uv', 15000, false),
	(4, 'running', 'orders', 5000, false), (5, 'running', 'sales', 240000, false), (6, 'running', 'profit', 80000, false),
	(7, 'running', 'cac', 12, true);

CREATE TABLE audience AS
SELECT customer, customer % 5 <> 0 AS gets_mail FROM generate_series(0::bigint, 14999) customer;

-- its part of the visits, how many of those fill a cart, how many of these buy, and what a day costs
CREATE TABLE channel (name text PRIMARY KEY, above float8, below float8, carts float8, buys float8, a_day numeric);
INSERT INTO channel VALUES
	('search', 0, 0.40, 0.30, 0.52, 1200), ('social', 0.40, 0.66, 0.18, 0.40, 1500),
	('mail', 0.66, 0.81, 0.36, 0.62, 150), ('direct', 0.81, 1, 0.28, 0.55, 0);

CREATE TABLE visit AS
SELECT id, customer, at, channel.name AS channel, draw(id, 56) < carts AS carts,
	draw(id, 56) < carts AND draw(id, 57) < CASE day WHEN 0 THEN 0.6 WHEN 1 THEN 0.6 ELSE 1 END * buys AS buys
FROM (
	SELECT id, day, floor(15000 * draw(id, 50) ^ 1.3)::bigint AS customer,
		-- one in five at any hour, the others by day, most towards the evening
		timestamptz '2026-03-02 00:00+00' + interval '1 day' * (day + CASE WHEN draw(id, 51) < 0.2 THEN draw(id, 52)
			ELSE (1 + 2 * ((draw(id, 52) + draw(id, 53)) / 2) ^ 0.7) / 3 END) AS at
	FROM generate_series(0, 6) day, LATERAL generate_series(100000 * day, 100000 * day + CASE WHEN day < 2 THEN 3600 ELSE 6400 END) id) v
JOIN channel ON draw(id, 54) >= above AND draw(id, 54) < below
JOIN audience USING (customer)
WHERE (gets_mail OR channel.name <> 'mail')
	AND NOT (at >= '2026-03-08 14:00+00' AND at < '2026-03-08 15:00+00' AND draw(id, 55) < 0.7);

-- one row per event; what is spent on a channel is an event without a customer
CREATE TABLE event AS
SELECT at, event, customer, channel, amount, CASE WHEN event = 'order' AND at >= '2026-03-04 00:00+00' THEN round(0.12 * amount, 2) END AS discount,
	round(0.5 * amount, 2) AS cost
FROM (
	SELECT at, 'view' AS event, customer, channel, NULL::numeric AS amount FROM visit
	UNION ALL
	SELECT at + interval '30 min' * draw(id, 58), 'cart', customer, channel, NULL FROM visit WHERE carts
	UNION ALL
	SELECT at + interval '30 min' + interval '1 hour' * draw(id, 59) ^ 3, 'order', customer, channel,
		round((30 + 60 * draw(id, 60) ^ 2)::numeric, 2)
	FROM visit WHERE buys
	UNION ALL
	SELECT at + interval '8 hours' + interval '2 days' * draw(id, 61), 'refund', customer, channel, round(0.88 * (30 + 60 * draw(id, 60) ^ 2)::numeric, 2)
	FROM visit WHERE buys AND draw(id, 62) < 0.06
	UNION ALL
	SELECT min(at), 'signup', customer, (array_agg(channel ORDER BY at))[1], NULL FROM visit WHERE draw(customer, 63) < 0.15 GROUP BY customer
	UNION ALL
	SELECT timestamptz '2026-03-02 00:00+00' + interval '1 hour' * hour, 'spend', NULL, name, round(a_day / 24, 2)
	FROM channel, generate_series(0, 167) hour WHERE a_day > 0) e
WHERE at < '2026-03-09 00:00+00';

ANALYZE event;
