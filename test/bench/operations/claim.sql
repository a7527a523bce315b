SELECT promo.claim(:client_id || '-' || gen_random_uuid(), (random() * 1000000000)::int::text, 'HOT', 1);
