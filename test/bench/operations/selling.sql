--
-- What is sold: flash stocks and limited promotions of promo, and the forms that
-- people write instead.  These keep rows of the same columns and indexes, without
-- foreign keys, and each is one statement of the client; false: refused.
--
SET search_path = bench, public;

CREATE TABLE claim (LIKE promo.claim INCLUDING ALL);
CREATE TABLE stock (id bigint PRIMARY KEY, remaining bigint NOT NULL);

CREATE FUNCTION claim_update(order_id text, customer text, stock bigint) RETURNS boolean
	LANGUAGE plpgsql AS $$
BEGIN
	UPDATE stock s SET remaining = remaining - 1 WHERE s.id = claim_update.stock AND remaining >= 1;
	IF NOT FOUND THEN
		RETURN false;
	END IF;
	INSERT INTO claim (order_id, customer, stock, units) VALUES (order_id, customer, stock, 1);
	RETURN true;
END
$$;

CREATE FUNCTION claim_advisory(order_id text, customer text, stock bigint) RETURNS boolean
	LANGUAGE plpgsql AS $$
BEGIN
	PERFORM pg_advisory_xact_lock(stock);
	IF (SELECT remaining FROM stock s WHERE s.id = claim_advisory.stock) < 1 THEN
		RETURN false;
	END IF;
	UPDATE stock s SET remaining = remaining - 1 WHERE s.id = claim_advisory.stock;
	INSERT INTO claim (order_id, customer, stock, units) VALUES (order_id, customer, stock, 1);
	RETURN true;
END
$$;

CREATE FUNCTION claim_insert(order_id text, customer text, stock bigint) RETURNS boolean
	LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO claim (order_id, customer, stock, units) VALUES (order_id, customer, stock, 1);
	RETURN true;
END
$$;

CREATE TABLE redemption (LIKE promo.redemption INCLUDING ALL);
CREATE TABLE counter (
	promotion bigint PRIMARY KEY, budget numeric NOT NULL, uses bigint NOT NULL, per_customer bigint NOT NULL,
	spent numeric NOT NULL DEFAULT 0, used bigint NOT NULL DEFAULT 0
);
CREATE TABLE customer_counter (promotion bigint, customer text, used bigint NOT NULL, PRIMARY KEY (promotion, customer));

CREATE FUNCTION redeem_update(order_id text, customer text, promotion bigint) RETURNS boolean
	LANGUAGE plpgsql AS $$
DECLARE
	most bigint := (SELECT per_customer FROM counter c WHERE c.promotion = redeem_update.promotion);
BEGIN
	INSERT INTO customer_counter AS c VALUES (promotion, customer, 1)
	ON CONFLICT ON CONSTRAINT customer_counter_pkey DO UPDATE SET used = c.used + 1 WHERE c.used + 1 <= most;
	IF NOT FOUND THEN
		RETURN false;
	END IF;
	UPDATE counter c SET spent = spent + 20, used = used + 1
	WHERE c.promotion = redeem_update.promotion AND spent + 20 <= budget AND used + 1 <= uses;
	IF NOT FOUND THEN
		UPDATE customer_counter c SET used = used - 1
		WHERE c.promotion = redeem_update.promotion AND c.customer = redeem_update.customer;
		RETURN false;
	END IF;
	INSERT INTO redemption (order_id, customer, promotion, amount) VALUES (order_id, customer, promotion, 20);
	RETURN true;
END
$$;

CREATE FUNCTION redeem_count(order_id text, customer text, promotion bigint) RETURNS boolean
	LANGUAGE plpgsql AS $$
DECLARE
	c counter;
	taken record;
BEGIN
	SELECT * INTO c FROM counter r WHERE r.promotion = redeem_count.promotion FOR UPDATE;
	SELECT count(*) AS n, coalesce(sum(amount), 0) AS amount,
		count(*) FILTER (WHERE r.customer = redeem_count.customer) AS of_customer INTO taken
	FROM redemption r WHERE r.promotion = redeem_count.promotion AND released_at IS NULL;
	IF taken.amount + 20 > c.budget OR taken.n + 1 > c.uses OR taken.of_customer + 1 > c.per_customer THEN
		RETURN false;
	END IF;
	INSERT INTO redemption (order_id, customer, promotion, amount) VALUES (order_id, customer, promotion, 20);
	RETURN true;
END
$$;

CREATE FUNCTION redeem_insert(order_id text, customer text, promotion bigint) RETURNS boolean
	LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO redemption (order_id, customer, promotion, amount) VALUES (order_id, customer, promotion, 20);
	RETURN true;
END
$$;

-- Those below 10 last, from the others as many as :stock are to be had.
INSERT INTO stock VALUES (1, 1000000000), (2, 1000000000), (11, :stock), (12, :stock);
INSERT INTO counter VALUES (1, 1000000000, 1000000000, 5), (2, 1000000000, 1000000000, 5),
	(11, 20 * :stock, 2 * :stock, 2), (12, 20 * :stock, 2 * :stock, 2);
INSERT INTO promo.flash_stock (id, sku, units, per_customer) VALUES
	(1, 'hot', 1000000000, NULL), (2, 'few each', 1000000000, 5), (11, 'gone', :stock, NULL);
INSERT INTO promo.promotion (id, name, rule, during, status, budget, uses, uses_per_customer) VALUES
	(1, 'hot', 'save 20 on sku hot', tstzrange(now(), NULL), 'active', 1000000000, 1000000000, 5),
	(11, 'gone', 'save 20 on sku gone', tstzrange(now(), NULL), 'active', 20 * :stock, 2 * :stock, 2);
ALTER TABLE promo.promotion ALTER id RESTART WITH 100;

CREATE TABLE quote AS
SELECT id AS promotion, promo.price(jsonb_build_array(jsonb_build_object('line', 1, 'sku', name, 'qty', 1, 'price', '100'))::promo.cart,
	promo.current_ruleset()) AS quote
FROM promo.promotion;
CREATE UNIQUE INDEX ON quote (promotion);

-- as a checkout that goes on without the discount
CREATE FUNCTION redeem_if_left(order_id text, customer text, promotion bigint) RETURNS boolean
	LANGUAGE plpgsql AS $$
BEGIN
	PERFORM FROM promo.redeem(order_id, customer, (SELECT q.quote FROM quote q WHERE q.promotion = redeem_if_left.promotion));
	RETURN true;
EXCEPTION WHEN SQLSTATE 'PM001' OR SQLSTATE 'PM002' OR SQLSTATE 'PM003' THEN
	RETURN false;
END
$$;

-- what each form has kept, and what it counts as gone; a row for each script that sells
CREATE VIEW sold AS
SELECT id, sum(done) AS asked,
	CASE WHEN id IN (11, 12, 31) THEN (SELECT sum(units) FROM promo.claim c WHERE c.stock = t.number)
		WHEN id IN (21, 34) THEN (SELECT count(*) FROM promo.redemption r WHERE r.promotion = t.number)
		WHEN id IN (13, 14, 15, 32, 33) THEN (SELECT sum(units) FROM claim c WHERE c.stock = t.number)
		ELSE (SELECT count(*) FROM redemption r WHERE r.promotion = t.number) END AS kept,
	CASE WHEN id IN (11, 12, 31) THEN (SELECT used FROM promo.quota_status q WHERE q.kind = 'stock' AND q.name = t.name)
		WHEN id IN (21, 34) THEN (SELECT used / 20 FROM promo.quota_status q WHERE q.kind = 'promotion budget' AND q.name = t.name)
		WHEN id IN (13, 14, 32, 33) THEN (SELECT CASE WHEN s.id < 10 THEN 1000000000 ELSE :stock END - remaining FROM stock s WHERE s.id = t.number)
		WHEN id IN (22, 35) THEN (SELECT spent / 20 FROM counter c WHERE c.promotion = t.number) END AS counted
FROM measured JOIN (VALUES (11, 1, 'hot'), (12, 2, 'few each'), (13, 1, NULL), (14, 2, NULL), (15, 0, NULL),
	(21, 1, 'hot'), (22, 1, NULL), (23, 2, NULL), (24, 0, NULL),
	(31, 11, 'gone'), (32, 11, NULL), (33, 12, NULL), (34, 11, 'gone'), (35, 11, NULL), (36, 12, NULL)) t (id, number, name) USING (id)
GROUP BY id, number, name;
VACUUM ANALYZE;
