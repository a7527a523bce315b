-- Prize draws: what is published, to the byte, and mistakes.  Behaviour: test/pgtap/draw.sql.
\pset format unaligned
\pset tuples_only on
\set seed '''\\x000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f''::bytea'
-- the published vector
SELECT promo.draw_commitment(:seed);
SELECT promo.entries_hash(array_agg(i)) FROM generate_series(1001, 1010) i;
SELECT promo.draw_places(:seed, 'public-entropy:2025-05-09', array_agg(i), 3) FROM generate_series(1001::bigint, 1010) i;
-- a list is a set: in any order
SELECT promo.entries_hash('{1010,1001,1009,1002,1008,1003,1007,1004,1006,1005}');
SELECT promo.draw_places(:seed, 'public-entropy:2025-05-09', '{1010,1001,1009,1002,1008,1003,1007,1004,1006,1005}', 3);
SELECT promo.draw_places(:seed, 'public-entropy:2025-05-09', '[5:14]={1010,1001,1009,1002,1008,1003,1007,1004,1006,1005}', 3);
-- more places than entries: everybody, in the same order
SELECT promo.draw_places(:seed, 'public-entropy:2025-05-09', array_agg(i), 100) FROM generate_series(1001::bigint, 1010) i;
SELECT promo.draw_places(:seed, 'public-entropy:2025-05-09', array_agg(i), 0) FROM generate_series(1001::bigint, 1010) i;
SELECT promo.draw_places(:seed, 'x', '{}', 3), promo.entries_hash('{}'), promo.draw_places(:seed, 'x', '{7}', 3);
-- any bigint, compared with its sign
SELECT promo.draw_places(:seed, '', '{-9223372036854775808,9223372036854775807,0,-1}', 4), promo.entries_hash('{-9223372036854775808,9223372036854775807,0,-1}');
-- the beacon counts in UTF-8
SELECT promo.draw_places(:seed, '双色球 2026-03-01: 3 9 12', array_agg(i), 5) FROM generate_series(1::bigint, 100) i;
-- NULL gives NULL
SELECT promo.draw_places(NULL, 'x', '{1}', 1) IS NULL, promo.draw_places(:seed, NULL, '{1}', 1) IS NULL, promo.draw_places(:seed, 'x', NULL, 1) IS NULL,
	promo.draw_places(:seed, 'x', '{1}', NULL) IS NULL, promo.entries_hash(NULL) IS NULL, promo.draw_commitment(NULL) IS NULL;

-- the chance of instant prizes
SELECT n, c, b, promo.prize_probability(n, c, b) FROM (VALUES (50000, 20, 20000), (50000, 0.5, 20000), (1000, 20, 0), (0, 20, 0), (1000, 0, 0), (1000, 20, 20000), (1000, 20, 19999.99),
	(1, 20, 10), (1, 20, 20), (9223372036854775807, 0.01, 1000), (1000, 20, 'infinity'), (1000, 'infinity', 5), (NULL, 1, 1)) v (n, c, b);

-- mistakes
\set VERBOSITY default
\set SHOW_CONTEXT never
SELECT promo.entries_hash('{1,2,1}');
SELECT promo.entries_hash('{1,NULL}');
SELECT promo.entries_hash('{{1,2},{3,4}}');
SELECT promo.draw_places('\x00', 'x', '{1}', 1);
SELECT promo.draw_places(:seed, 'x', '{1}', -1);
SELECT promo.prize_probability(-1, 1, 1);
SELECT promo.prize_probability(1, -1, 1);
SELECT promo.prize_probability(1, 1, -1);
SELECT promo.prize_probability(1, 'NaN', 1);
SELECT promo.prize_probability(1, 1, 'NaN');

-- what is refused, as a shop reads it
SET timezone = 'UTC';
BEGIN;
INSERT INTO promo.campaign (name, running) VALUES ('spring', '[2026-03-01, 2026-04-01)');
SAVEPOINT s;
SELECT promo.open_draw('spring', '2099-01-01', 'the lottery of Saturday');
ROLLBACK TO s;
INSERT INTO promo.prize (campaign, place, name, quantity, value) VALUES ('spring', 1, 'bicycle "Z"', 1, 500), ('spring', 2, '茶', 10, NULL);
-- the hash of the prizes is that of this text
SELECT promo.prizes_hash('spring'), promo.prizes_hash('spring') = sha256(convert_to('[[1, "bicycle \"Z\"", 1, 500.0000], [2, "茶", 10, null]]', 'UTF8')), promo.prizes_hash('autumn') IS NULL;
SELECT promo.open_draw('autumn', '2099-01-01', 'x');
ROLLBACK TO s;
INSERT INTO promo.prize_draw (campaign, commitment, prizes_hash, opened_at, closes_at, entropy, frozen_at, entries_hash, entries, beacon, drawn_at, seed) VALUES
	('spring', promo.draw_commitment(:seed), promo.entries_hash('{}'), '2026-03-01', '2026-03-08', 'x', '2026-03-08', promo.entries_hash('{}'), 0, 'y', '2026-03-09', :seed);
SAVEPOINT s;
INSERT INTO promo.prize_entry (campaign, customer) VALUES ('spring', 'ann');
ROLLBACK TO s;
INSERT INTO promo.prize_entry (campaign, customer, entered_at) VALUES ('spring', 'ann', '2026-03-05');
ROLLBACK TO s;
INSERT INTO promo.prize (campaign, place, name, quantity) VALUES ('spring', 1, 'bell', 1);
ROLLBACK TO s;
INSERT INTO promo.prize_award (campaign, place, entry, prize) VALUES ('spring', 1, 1, 1);
ROLLBACK TO s;
UPDATE promo.prize_draw SET closes_at = '2026-03-09';
ROLLBACK TO s;
SELECT promo.draw('spring', 'z');
ROLLBACK TO s;
SELECT promo.draw('autumn', 'z');
ROLLBACK TO s;
SELECT promo.freeze_draw('autumn');
ROLLBACK TO s;
SELECT promo.verify_draw('autumn');
ROLLBACK TO s;
TRUNCATE promo.prize_entry CASCADE;
ROLLBACK;
