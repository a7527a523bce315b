-- What is sold: one hot product and one hot promotion, each for promo and in the
-- plain tables that a shop would make for it.
INSERT INTO promo.flash_stock (sku, units, per_customer) VALUES ('HOT', 1000000000, 2);
INSERT INTO promo.promotion (name, rule, during, status, budget, uses, uses_per_customer)
VALUES ('hot', 'save 5 on all', '[2026-01-01,)', 'active', 9000000000, 1000000000, 2);
SELECT promo.open_quotas();

CREATE TABLE stock (sku text PRIMARY KEY, units bigint NOT NULL CHECK (units >= 0));
CREATE TABLE stock_claim (order_id text NOT NULL, sku text NOT NULL REFERENCES stock, customer text NOT NULL, units int NOT NULL,
	claimed_at timestamptz NOT NULL DEFAULT now(), PRIMARY KEY (order_id, sku));
CREATE INDEX ON stock_claim (sku, customer);
INSERT INTO stock VALUES ('HOT', 1000000000);

CREATE TABLE budget (promotion text PRIMARY KEY, amount numeric NOT NULL, uses bigint NOT NULL);
CREATE TABLE budget_use (order_id text PRIMARY KEY, promotion text NOT NULL REFERENCES budget, customer text NOT NULL,
	amount numeric NOT NULL, used_at timestamptz NOT NULL DEFAULT now());
CREATE INDEX ON budget_use (promotion, customer);
INSERT INTO budget VALUES ('hot', 9000000000, 1000000000);
CREATE TABLE priced AS
SELECT promo.price('[{"line":1,"sku":"HOT","qty":1,"price":"20"}]', '[{"name":"hot","rule":"save 5 on all"}]', '2026-02-01') AS quote;
VACUUM ANALYZE;
