BEGIN;
UPDATE budget SET amount = amount - 5, uses = uses - 1 WHERE promotion = 'hot' AND amount >= 5 AND uses >= 1;
INSERT INTO budget_use (order_id, promotion, customer, amount) VALUES (:client_id || '-' || gen_random_uuid(), 'hot', (random() * 1000000000)::int::text, 5);
COMMIT;
