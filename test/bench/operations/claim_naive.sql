BEGIN;
UPDATE stock SET units = units - 1 WHERE sku = 'HOT' AND units >= 1;
INSERT INTO stock_claim (order_id, sku, customer, units) VALUES (:client_id || '-' || gen_random_uuid(), 'HOT', (random() * 1000000000)::int::text, 1);
COMMIT;
