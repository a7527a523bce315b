SELECT r.* FROM priced, promo.redeem(:client_id || '-' || gen_random_uuid(), (random() * 1000000000)::int::text, quote) r;
