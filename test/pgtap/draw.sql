-- Prize draws: every step, everything that is refused, and that verify_draw sees whatever was tampered with.
-- Steps are transactions of their own: a draw is open, and then closed.
\set ECHO none
SET client_min_messages = warning;
SELECT plan(114);

CREATE FUNCTION pg_temp.campaign(name text) RETURNS void LANGUAGE sql AS $$
	INSERT INTO promo.campaign (name, running) VALUES (name, '[2020-01-01, 2099-01-01)');
	INSERT INTO promo.prize (campaign, place, name, quantity, value) VALUES (name, 1, 'bicycle', 1, 500), (name, 2, 'helmet', 3, 49.90), (name, 3, 'bell', 5, NULL)
$$;
CREATE FUNCTION pg_temp.wait_for(name text) RETURNS void LANGUAGE sql AS $$
	SELECT pg_sleep(greatest(0, extract(epoch FROM closes_at - clock_timestamp())) + 0.01) FROM promo.prize_draw WHERE campaign = name
$$;
-- open and with so many entries
CREATE PROCEDURE pg_temp.enter(name text, n int) LANGUAGE plpgsql AS $$
BEGIN
	PERFORM pg_temp.campaign(name);
	PERFORM promo.open_draw(name, now() + '0.2 s', 'the lottery of Saturday');
	INSERT INTO promo.prize_entry (campaign, customer) SELECT name, 'c' || i FROM generate_series(1, n) i;
END $$;
CREATE FUNCTION pg_temp.refused(query text, message text, what text) RETURNS SETOF text LANGUAGE sql AS $$
	SELECT throws_ok(query, '55000', message, what)
$$;

-- ----------------------------------------------------------------
-- Opening
-- ----------------------------------------------------------------
SELECT throws_ok($$ SELECT promo.open_draw('spring', '2099-01-01', 'x') $$, '42704', 'campaign "spring" does not exist', 'a draw is of a campaign');
SELECT pg_temp.campaign('spring');
SELECT throws_ok($$ SELECT promo.open_draw('spring', now(), 'x') $$, '22023', 'closes_at has passed', 'it closes later');
SELECT throws_ok($$ SELECT promo.open_draw('spring', 'infinity', 'x') $$, '23514', NULL, 'at some time');
SELECT throws_ok($$ SELECT promo.open_draw('spring', NULL, 'x') $$, '23502', NULL, 'which is known');
SELECT throws_ok($$ SELECT promo.open_draw('spring', '2099-01-01', '') $$, '23514', NULL, 'and so is what decides');
SELECT throws_ok($$ SELECT promo.open_draw('spring', '2099-01-01', NULL) $$, '23502', NULL, 'really');
SELECT throws_ok($$ SELECT promo.open_draw(NULL, '2099-01-01', 'x') $$, '42704', NULL, 'no campaign is none');
DELETE FROM promo.prize WHERE place = 2;
SELECT pg_temp.refused($$ SELECT promo.open_draw('spring', '2099-01-01', 'x') $$, 'the prizes of campaign "spring" are not of places 1, 2, ... without gaps', 'no prize is missing');
DELETE FROM promo.prize;
SELECT pg_temp.refused($$ SELECT promo.open_draw('spring', '2099-01-01', 'x') $$, 'the prizes of campaign "spring" are not of places 1, 2, ... without gaps', 'there are prizes');
INSERT INTO promo.prize (campaign, place, name, quantity) VALUES ('spring', 1, 'bicycle', 1), ('spring', 2, 'bell', 2);
SELECT throws_ok($$ INSERT INTO promo.prize_entry (campaign, customer) VALUES ('spring', 'ann') $$, '23503', NULL, 'nobody enters before it is open');
SELECT throws_ok($$ SELECT promo.freeze_draw('spring') $$, '42704', 'campaign "spring" has no draw', 'nothing to freeze');
SELECT throws_ok($$ SELECT promo.draw('spring', 'b') $$, '42704', 'campaign "spring" has no draw', 'nothing to draw');
SELECT throws_ok($$ SELECT promo.verify_draw('spring') $$, '42704', 'campaign "spring" has no draw', 'nothing to verify');
CREATE TEMP TABLE opened AS SELECT promo.open_draw('spring', now() + '1 day', 'the lottery of Saturday') AS commitment;
SELECT is((SELECT ROW(d.commitment, d.prizes_hash, d.opened_at <= now(), d.closes_at - d.opened_at, d.entropy, num_nulls(frozen_at, entries_hash, entries, beacon, drawn_at, d.seed)) FROM promo.prize_draw d),
	(SELECT ROW(o.commitment, promo.prizes_hash('spring'), true, interval '1 day', 'the lottery of Saturday'::text, 6) FROM opened o), 'what is published');
SELECT is((SELECT promo.draw_commitment(seed) FROM promo.prize_secret), (SELECT commitment FROM opened), 'the commitment is to the seed');
SELECT pg_temp.refused($$ SELECT promo.open_draw('spring', '2099-01-01', 'x') $$, 'campaign "spring" has a draw already', 'once');
SELECT pg_temp.refused($$ UPDATE promo.prize SET quantity = 3 WHERE place = 2 $$, 'the prizes of campaign "spring" are fixed', 'prizes stay');
SELECT pg_temp.refused($$ UPDATE promo.prize SET value = 1 WHERE place = 2 $$, 'the prizes of campaign "spring" are fixed', 'and their value');
SELECT pg_temp.refused($$ DELETE FROM promo.prize WHERE place = 2 $$, 'the prizes of campaign "spring" are fixed', 'none is taken away');
SELECT pg_temp.refused($$ INSERT INTO promo.prize (campaign, place, name, quantity) VALUES ('spring', 3, 'car', 1) $$, 'the prizes of campaign "spring" are fixed', 'none is added');
SELECT pg_temp.refused($$ TRUNCATE promo.prize CASCADE $$, 'table "prize" cannot be truncated while there are draws', 'not all at once either');
SELECT throws_ok($$ UPDATE promo.campaign SET name = 'autumn' $$, '23503', NULL, 'nor by another name of the campaign');
SELECT pg_temp.refused(format($$ UPDATE promo.prize_draw SET %s = %s $$, col, value), 'what was published of the draw of campaign "spring" cannot be changed', col || ' stays')
FROM (VALUES ('closes_at', 'closes_at + interval ''1 day'''), ('opened_at', 'opened_at - interval ''1 day'''), ('entropy', '''y'''), ('prizes_hash', 'commitment'), ('commitment', 'prizes_hash')) v (col, value);

-- ----------------------------------------------------------------
-- Entering
-- ----------------------------------------------------------------
SELECT lives_ok($$ INSERT INTO promo.prize_entry (campaign, customer) VALUES ('spring', 'ann'), ('spring', 'bob') $$, 'customers enter');
SELECT throws_ok($$ INSERT INTO promo.prize_entry (campaign, customer) VALUES ('spring', 'ann') $$, '23505', NULL, 'once each');
SELECT throws_ok($$ INSERT INTO promo.prize_entry (campaign, entry, customer) VALUES ('spring', 7, 'cid') $$, '428C9', NULL, 'nobody chooses a number');
SELECT pg_temp.refused($$ INSERT INTO promo.prize_entry (campaign, customer, entered_at) SELECT campaign, 'cid', closes_at FROM promo.prize_draw $$, 'the draw of campaign "spring" takes no more entries', 'not when it closes');
SELECT pg_temp.refused($$ UPDATE promo.prize_entry SET customer = 'cid' WHERE customer = 'bob' $$, 'an entry of a draw cannot be changed', 'an entry is not passed on');
SELECT lives_ok($$ DELETE FROM promo.prize_entry WHERE customer = 'bob' $$, 'but may be taken back');
SELECT pg_temp.refused($$ SELECT promo.freeze_draw('spring') $$, NULL, 'nothing is frozen before it closes');
SELECT pg_temp.refused($$ SELECT promo.draw('spring', 'b') $$, 'the list of entries of campaign "spring" was not frozen before', 'nor drawn before it is frozen');
SELECT is(promo.verify_draw('spring'), NULL, 'there is nothing to verify yet');
SELECT throws_ok('DELETE FROM promo.prize_draw', '23503', NULL, 'a draw with entries stays');
DELETE FROM promo.prize_entry;
SELECT lives_ok('DELETE FROM promo.prize_draw', 'one without may be given up');
SELECT is_empty('SELECT * FROM promo.prize_secret', 'with its seed');
SELECT lives_ok('UPDATE promo.prize SET quantity = 3 WHERE place = 2', 'then prizes may be changed');
SELECT isnt(promo.open_draw('spring', now() + '1 day', 'x'), (SELECT commitment FROM opened), 'and a draw opened with another seed');

-- who may enter needs no rights on the draw but to read it
CREATE ROLE promo_shop;
GRANT INSERT (campaign, customer) ON promo.prize_entry TO promo_shop;
GRANT SELECT ON promo.prize_draw TO promo_shop;
SET ROLE promo_shop;
SELECT lives_ok($$ INSERT INTO promo.prize_entry (campaign, customer) VALUES ('spring', 'dan') $$, 'a plain role enters customers');
SELECT throws_ok($$ INSERT INTO promo.prize_entry (campaign, customer, entered_at) VALUES ('spring', 'eve', now()) $$, '42501', NULL, 'at no other time than now');
SELECT throws_ok('SELECT * FROM promo.prize_secret', '42501', NULL, 'seeds are secret');
SELECT throws_ok(query, '42501', NULL, 'not for everyone: ' || query)
FROM unnest(ARRAY[$$ SELECT promo.open_draw('spring', '2099-01-01', 'x') $$, $$ SELECT promo.freeze_draw('spring') $$, $$ SELECT promo.draw('spring', 'x') $$]) query;
RESET ROLE;

-- ----------------------------------------------------------------
-- Freezing and drawing
-- ----------------------------------------------------------------
CALL pg_temp.enter('summer', 20);
SELECT pg_temp.wait_for('summer');
SELECT pg_temp.refused($$ INSERT INTO promo.prize_entry (campaign, customer) VALUES ('summer', 'late') $$, 'the draw of campaign "summer" takes no more entries', 'too late');
BEGIN;
SELECT is((SELECT f FROM promo.freeze_draw('summer') f),
	(SELECT ROW(sha256(string_agg(int8send(entry), '' ORDER BY entry)), count(*)) FROM promo.prize_entry WHERE campaign = 'summer'), 'the list is frozen, its hash is of the ascending entries');
SELECT pg_temp.refused($$ SELECT promo.draw('summer', 'b') $$, 'the list of entries of campaign "summer" was not frozen before', 'and published before it is drawn');
COMMIT;
SELECT is((SELECT f FROM promo.freeze_draw('summer') f), (SELECT ROW(entries_hash, entries) FROM promo.prize_draw WHERE campaign = 'summer'), 'again: the same');
SELECT cmp_ok((SELECT frozen_at FROM promo.prize_draw WHERE campaign = 'summer'), '<', now(), 'nothing is done');
SELECT pg_temp.refused($$ INSERT INTO promo.prize_entry (campaign, customer, entered_at) SELECT campaign, 'late', opened_at FROM promo.prize_draw WHERE campaign = 'summer' $$,
	'the draw of campaign "summer" takes no more entries', 'nobody comes in behind the list');
SELECT pg_temp.refused($$ DELETE FROM promo.prize_entry WHERE campaign = 'summer' AND customer = 'c7' $$, 'the list of entries of campaign "summer" is frozen', 'nor leaves it');
SELECT pg_temp.refused($$ DELETE FROM promo.prize_draw WHERE campaign = 'summer' $$, 'what was published of the draw of campaign "summer" cannot be changed', 'it is kept');
SELECT pg_temp.refused($$ UPDATE promo.prize_draw SET entries = 21 WHERE campaign = 'summer' $$, 'what was published of the draw of campaign "summer" cannot be changed', 'as it is');
SELECT pg_temp.refused($$ UPDATE promo.prize_draw SET frozen_at = NULL, entries = NULL, entries_hash = NULL WHERE campaign = 'summer' $$, 'what was published of the draw of campaign "summer" cannot be changed', 'and not thawed');
SELECT throws_ok($$ SELECT promo.draw('summer', '') $$, '22023', 'beacon is empty', 'a draw needs a beacon');
SELECT throws_ok($$ SELECT promo.draw('summer', NULL) $$, '22023', 'beacon is empty', 'really');
SELECT throws_ok($$ UPDATE promo.prize_draw SET beacon = 'x', drawn_at = now(), seed = commitment WHERE campaign = 'summer' $$, '23514', NULL, 'another seed is none');
SELECT pg_temp.refused($$ INSERT INTO promo.prize_award (campaign, place, entry, prize) SELECT campaign, 1, entry, 1 FROM promo.prize_entry WHERE campaign = 'summer' LIMIT 1 $$,
	'no draw gave prize 1 of campaign "summer" to place 1', 'nobody wins without a draw');
SELECT is(promo.verify_draw('summer'), NULL, 'nothing to verify before the draw');
CREATE TEMP TABLE secret AS SELECT * FROM promo.prize_secret WHERE campaign = 'summer';
CREATE TEMP TABLE drawn AS SELECT * FROM promo.draw('summer', '7 11 13');
SELECT is((SELECT array_agg(entry ORDER BY place) FROM drawn),
	(SELECT promo.draw_places(seed, '7 11 13', promo.draw_list('summer'), 9) FROM secret), 'places are those of the seed and the beacon');
SELECT is((SELECT ROW(d.seed, beacon, drawn_at > frozen_at) FROM promo.prize_draw d WHERE campaign = 'summer'), (SELECT ROW(seed, '7 11 13'::text, true) FROM secret), 'the seed is published');
SELECT is_empty($$ SELECT * FROM promo.prize_secret WHERE campaign = 'summer' $$, 'and no secret any more');
SELECT results_eq($$ SELECT place, prize, status FROM promo.prize_award WHERE campaign = 'summer' ORDER BY place $$,
	$$ VALUES (1, 1, 'won'), (2, 2, 'won'), (3, 2, 'won'), (4, 2, 'won'), (5, 3, 'won'), (6, 3, 'won'), (7, 3, 'won'), (8, 3, 'won'), (9, 3, 'won') $$, 'prizes go out in order of their places');
SELECT results_eq($$ SELECT * FROM promo.draw('summer', '7 11 13') $$, 'SELECT * FROM drawn ORDER BY place', 'again: the same places');
SELECT pg_temp.refused($$ SELECT promo.draw('summer', '7 11 14') $$, 'campaign "summer" was drawn with another beacon', 'not others');
SELECT pg_temp.refused($$ UPDATE promo.prize_draw SET beacon = 'x' WHERE campaign = 'summer' $$, 'what was published of the draw of campaign "summer" cannot be changed', 'it stays');
SELECT is(promo.verify_draw('summer'), true, 'everybody can see that it is right');

-- fewer entries than prizes, and none
CALL pg_temp.enter('autumn', 2);
CALL pg_temp.enter('winter', 0);
SELECT pg_temp.wait_for('winter');
SELECT is((SELECT array_agg(entries) FROM unnest('{autumn,winter}'::text[]) c, promo.freeze_draw(c)), '{2,0}', 'two, and nobody');
SELECT is((SELECT count(*) FROM promo.draw('autumn', 'b')), 2::bigint, 'everybody wins');
SELECT results_eq($$ SELECT place, prize FROM promo.prize_award WHERE campaign = 'autumn' ORDER BY place $$, 'VALUES (1, 1), (2, 2)', 'the rest stays');
BEGIN;
DELETE FROM promo.prize_secret WHERE campaign = 'winter';
SELECT throws_ok($$ SELECT promo.draw('winter', 'b') $$, 'XX001', 'the seed of the draw of campaign "winter" is lost', 'a draw needs its seed');
ROLLBACK;
BEGIN;
SET LOCAL session_replication_role = replica;
INSERT INTO promo.prize_entry (campaign, customer) VALUES ('winter', 'friend');
SET LOCAL session_replication_role = origin;
SELECT throws_ok($$ SELECT promo.draw('winter', 'b') $$, 'XX001', 'prizes or entries of campaign "winter" are not those that were published', 'and the list that was published');
ROLLBACK;
SELECT is_empty($$ SELECT * FROM promo.draw('winter', 'b') $$, 'nobody wins');
SELECT is(promo.verify_draw('autumn') AND promo.verify_draw('winter'), true, 'which is right');

-- awards
CREATE FUNCTION pg_temp.may_become(a text, b text) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
	SET LOCAL session_replication_role = replica;
	UPDATE promo.prize_award SET status = a WHERE campaign = 'summer' AND place = 1;
	SET LOCAL session_replication_role = origin;
	UPDATE promo.prize_award SET status = b WHERE campaign = 'summer' AND place = 1;
	RETURN true;
EXCEPTION WHEN object_not_in_prerequisite_state THEN
	RETURN false;
END $$;
SELECT is((SELECT string_agg(a || ' ' || b, ', ' ORDER BY i, j) FROM unnest('{won,notified,delivered,forfeited}'::text[]) WITH ORDINALITY x (a, i),
		unnest('{won,notified,delivered,forfeited}'::text[]) WITH ORDINALITY y (b, j) WHERE i <> j AND pg_temp.may_become(a, b)),
	'won notified, won delivered, won forfeited, notified delivered, notified forfeited', 'a status never goes back');
SET session_replication_role = replica;
SELECT throws_ok($$ UPDATE promo.prize_award SET status = 'lost' $$, '23514', NULL, 'there are no other statuses');
RESET session_replication_role;
UPDATE promo.prize_award SET status = 'notified' WHERE campaign = 'summer' AND place = 2;
SELECT lives_ok($$ UPDATE promo.prize_award SET status = 'notified' WHERE campaign = 'summer' AND place = 2 $$, 'to say it twice is fine');
SELECT pg_temp.refused($$ UPDATE promo.prize_award SET entry = entry + 1 WHERE campaign = 'summer' AND place = 9 $$, 'of the award of place 9 of campaign "summer" only the status can be changed', 'an award is not passed on');
SELECT pg_temp.refused($$ DELETE FROM promo.prize_award WHERE campaign = 'summer' AND place = 9 $$, 'the award of place 9 of campaign "summer" cannot be deleted', 'nor taken away');
SELECT pg_temp.refused($$ INSERT INTO promo.prize_award (campaign, place, entry, prize) SELECT campaign, 10, entry, 3 FROM promo.prize_entry e WHERE campaign = 'summer'
	AND NOT EXISTS (SELECT FROM promo.prize_award a WHERE a.entry = e.entry) LIMIT 1 $$, 'no draw gave prize 3 of campaign "summer" to place 10', 'nor added');
SELECT is(promo.verify_draw('summer'), true, 'a status is nothing that was drawn');

-- ----------------------------------------------------------------
-- Tampering, by the owner, past all triggers
-- ----------------------------------------------------------------
CREATE FUNCTION pg_temp.verdict(tampering text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	verdict text;
BEGIN
	SET LOCAL session_replication_role = replica;
	EXECUTE tampering;
	verdict := promo.verify_draw('summer')::text;
	RAISE EXCEPTION USING ERRCODE = 'PT000', MESSAGE = verdict;
EXCEPTION WHEN SQLSTATE 'PT000' THEN
	RETURN SQLERRM;
END $$;
SELECT is(pg_temp.verdict($$ UPDATE promo.prize_award SET status = 'delivered' $$), 'true', 'nothing that matters');
SELECT is(pg_temp.verdict(tampering), 'false', 'seen: ' || tampering) FROM unnest(ARRAY[
	$$ UPDATE promo.prize_award SET entry = (SELECT max(entry) + 1 FROM promo.prize_entry) WHERE campaign = 'summer' AND place = 1 $$,
	$$ UPDATE promo.prize_award SET place = place + 100 WHERE campaign = 'summer' AND place = 9 $$,
	$$ UPDATE promo.prize_award SET prize = 1 WHERE campaign = 'summer' AND place = 2 $$,
	$$ DELETE FROM promo.prize_award WHERE campaign = 'summer' AND place = 9 $$,
	$$ INSERT INTO promo.prize_award (campaign, place, entry, prize) VALUES ('summer', 10, 0, 3) $$,
	$$ UPDATE promo.prize SET quantity = 2 WHERE campaign = 'summer' AND place = 1 $$,
	$$ UPDATE promo.prize SET name = 'tricycle' WHERE campaign = 'summer' AND place = 1 $$,
	$$ UPDATE promo.prize SET value = 499 WHERE campaign = 'summer' AND place = 1 $$,
	$$ DELETE FROM promo.prize WHERE campaign = 'summer' $$,
	$$ INSERT INTO promo.prize_entry (campaign, customer) VALUES ('summer', 'friend') $$,
	$$ DELETE FROM promo.prize_entry WHERE campaign = 'summer' AND entry = (SELECT max(entry) FROM promo.prize_entry WHERE campaign = 'summer') $$,
	$$ UPDATE promo.prize_draw SET entries = 19 WHERE campaign = 'summer' $$,
	$$ UPDATE promo.prize_draw SET entries_hash = prizes_hash WHERE campaign = 'summer' $$,
	$$ UPDATE promo.prize_draw SET prizes_hash = entries_hash WHERE campaign = 'summer' $$,
	$$ UPDATE promo.prize_draw SET beacon = '7 11 14' WHERE campaign = 'summer' $$,
	$$ UPDATE promo.prize_draw SET seed = commitment, commitment = promo.draw_commitment(commitment) WHERE campaign = 'summer' $$]) tampering;

-- ----------------------------------------------------------------
-- A dump comes back, in any order and row by row, but not another list
-- ----------------------------------------------------------------
CREATE TEMP TABLE entries AS SELECT * FROM promo.prize_entry WHERE campaign = 'summer';
CREATE TEMP TABLE awards AS SELECT * FROM promo.prize_award WHERE campaign = 'summer';
CREATE TEMP TABLE prizes AS SELECT * FROM promo.prize WHERE campaign = 'summer';
SET session_replication_role = replica;
DELETE FROM promo.prize_award WHERE campaign = 'summer';
DELETE FROM promo.prize_entry WHERE campaign = 'summer';
DELETE FROM promo.prize WHERE campaign = 'summer';
RESET session_replication_role;
INSERT INTO promo.prize SELECT * FROM prizes;
DO $$
DECLARE
	e record;
BEGIN
	FOR e IN SELECT * FROM entries WHERE customer <> 'c20' ORDER BY entry LOOP
		INSERT INTO promo.prize_entry (campaign, entry, customer, entered_at) OVERRIDING SYSTEM VALUE VALUES (e.campaign, e.entry, e.customer, e.entered_at);
	END LOOP;
END $$;
SELECT is(promo.verify_draw('summer'), false, 'half a list is none');
SELECT pg_temp.refused($$ INSERT INTO promo.prize_entry (campaign, entry, customer, entered_at) OVERRIDING SYSTEM VALUE SELECT campaign, entry + 1000, customer, entered_at FROM entries WHERE customer = 'c20' $$,
	'the draw of campaign "summer" takes no more entries', 'the list is the published one');
INSERT INTO promo.prize_entry (campaign, entry, customer, entered_at) OVERRIDING SYSTEM VALUE SELECT campaign, entry, customer, entered_at FROM entries WHERE customer = 'c20';
INSERT INTO promo.prize_award SELECT * FROM awards;
SELECT is(promo.verify_draw('summer'), true, 'everything is back');

-- ----------------------------------------------------------------
-- Every entry has the same chance: chi-square of fixed seeds, below the bound of one in a thousand
-- ----------------------------------------------------------------
CREATE TEMP TABLE shuffle AS
SELECT i, n, promo.draw_places(sha256(int4send(i)), 'b', (SELECT array_agg(e) FROM generate_series(1::bigint, n) e), n) AS places
FROM unnest('{7,10}'::int[]) n, generate_series(1, 20000) i;
SELECT is_empty('SELECT * FROM shuffle WHERE (SELECT array_agg(DISTINCT p ORDER BY p) FROM unnest(places) p) <> (SELECT array_agg(e) FROM generate_series(1::bigint, n) e)', 'a shuffle has everybody once');
SELECT cmp_ok(max(chi2), '<', max(bound), format('every place of %s goes to everybody alike', n))
FROM (SELECT n, place, sum((seen - 20000.0 / n) ^ 2 / (20000.0 / n)) AS chi2, CASE n WHEN 7 THEN 22.46 ELSE 27.88 END AS bound
	  FROM (SELECT n, place, entry, count(*) AS seen FROM shuffle, unnest(places) WITH ORDINALITY p (entry, place) GROUP BY n, place, entry) c GROUP BY n, place) x
GROUP BY n ORDER BY n;
SELECT cmp_ok(sum((seen - 20000.0 / 90) ^ 2 / (20000.0 / 90)), '<', 135.98, 'and so do the first two together')
FROM (SELECT places[1] AS a, places[2] AS b, count(*) AS seen FROM shuffle WHERE n = 10 GROUP BY 1, 2) c;
SELECT is((SELECT count(DISTINCT places[1:2]) FROM shuffle WHERE n = 10), 90::bigint, 'of which there are all');

-- ----------------------------------------------------------------
-- The chance of instant prizes
-- ----------------------------------------------------------------
CREATE TEMP TABLE chance AS
SELECT n, c, b, p, n * p * c + 1.645 * c * sqrt(n * p * (1 - p)) AS cost, (p + 2e-12) AS q
FROM unnest('{1,2,17,1000,50000,123456789}'::bigint[]) n, unnest('{0.01,1,20,333.33}'::numeric[]) c, unnest('{0.0001,0.01,0.4,0.9,0.99,0.9999,1,1.5}'::numeric[]) part,
	LATERAL (SELECT n * c * part AS b) x, LATERAL promo.prize_probability(n, c, b) p;
SELECT is(round(promo.prize_probability(50000, 20, 20000), 6), 0.018996, 'the published figure');
SELECT is_empty('SELECT * FROM chance WHERE cost > b', 'it keeps to the budget');
SELECT is_empty('SELECT * FROM chance WHERE p < 1 AND n * q * c + 1.645 * c * sqrt(n * q * (1 - q)) <= b', 'nothing more would');
SELECT is_empty($$ SELECT * FROM chance, generate_series(p + (1 - p) / 50, 1, (1 - p) / 50) r WHERE p < 1 AND n * r * c + 1.645 * c * sqrt(n * r * (1 - least(r, 1))) <= b $$, 'up to 1');
SELECT is((SELECT array_agg(DISTINCT p) FROM chance WHERE b >= n * c), '{1}', 'with money enough everybody wins');

SELECT * FROM finish();
