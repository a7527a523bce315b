-- ----------------------------------------------------------------
-- prize draws that anybody can check
-- ----------------------------------------------------------------

CREATE FUNCTION promo.draw_commitment(seed bytea) RETURNS bytea
	LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
	RETURN pg_catalog.sha256('\x70726f6d6f2d647261772d763100'::bytea OPERATOR(pg_catalog.||) seed);
COMMENT ON FUNCTION promo.draw_commitment(bytea) IS 'what open_draw() publishes of the seed: SHA-256 of "promo-draw-v1", a zero byte, and the seed';

CREATE FUNCTION promo.entries_hash(entries bigint[]) RETURNS bytea
	AS 'MODULE_PATHNAME', 'promo_entries_hash' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1000;
COMMENT ON FUNCTION promo.entries_hash(bigint[]) IS 'what freeze_draw() publishes of the list: SHA-256 of the entries, ascending, each as 8 bytes, big-endian; in any order; NULL among them, one twice: error';

CREATE FUNCTION promo.draw_places(seed bytea, beacon text, entries bigint[], places int) RETURNS bigint[]
	AS 'MODULE_PATHNAME', 'promo_draw_places' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1000;
COMMENT ON FUNCTION promo.draw_places(bytea, text, bigint[], int) IS 'the entries of the first places, in their order, from published data alone; as many as there are entries at most; entries in any order, NULL among them, one twice: error; a seed that has not 32 bytes, negative places: error';

CREATE TABLE promo.prize (
	campaign	text NOT NULL REFERENCES promo.campaign ON UPDATE CASCADE ON DELETE CASCADE,
	place		int NOT NULL CHECK (place OPERATOR(pg_catalog.>) 0),
	name		text NOT NULL CHECK (name OPERATOR(pg_catalog.<>) ''),
	quantity	int NOT NULL CHECK (quantity OPERATOR(pg_catalog.>) 0),
	value		numeric(19,4) CHECK (value OPERATOR(pg_catalog.>=) 0),
	PRIMARY KEY (campaign, place)
);
COMMENT ON TABLE promo.prize IS 'the prizes of a campaign: the first goes to the first quantity places of its draw, and so on; not changed once the draw is open';
COMMENT ON COLUMN promo.prize.place IS 'first, second, ... prize: 1, 2, ... without gaps';

CREATE TABLE promo.prize_draw (
	campaign	text PRIMARY KEY REFERENCES promo.campaign,
	commitment	bytea NOT NULL CHECK (pg_catalog.octet_length(commitment) OPERATOR(pg_catalog.=) 32),
	prizes_hash	bytea NOT NULL CHECK (pg_catalog.octet_length(prizes_hash) OPERATOR(pg_catalog.=) 32),
	opened_at	timestamptz NOT NULL DEFAULT pg_catalog.now(),
	closes_at	timestamptz NOT NULL CHECK (pg_catalog.isfinite(closes_at)),
	entropy		text NOT NULL CHECK (entropy OPERATOR(pg_catalog.<>) ''),
	frozen_at	timestamptz,
	entries_hash bytea CHECK (pg_catalog.octet_length(entries_hash) OPERATOR(pg_catalog.=) 32),
	entries		bigint CHECK (entries OPERATOR(pg_catalog.>=) 0),
	beacon		text CHECK (beacon OPERATOR(pg_catalog.<>) ''),
	drawn_at	timestamptz,
	seed		bytea,
	CONSTRAINT closes_after_it_opened CHECK (closes_at OPERATOR(pg_catalog.>) opened_at),
	CONSTRAINT frozen_after_it_closed CHECK (frozen_at OPERATOR(pg_catalog.>=) closes_at),
	CONSTRAINT frozen_as_a_whole CHECK (pg_catalog.num_nulls(frozen_at, entries_hash, entries) OPERATOR(pg_catalog.=) ANY (ARRAY[0, 3])),
	CONSTRAINT drawn_after_it_was_frozen CHECK (drawn_at IS NULL OR (drawn_at OPERATOR(pg_catalog.>) frozen_at) IS TRUE),
	CONSTRAINT drawn_as_a_whole CHECK (pg_catalog.num_nulls(drawn_at, beacon, seed) OPERATOR(pg_catalog.=) ANY (ARRAY[0, 3])),
	CONSTRAINT seed_is_the_committed_one CHECK (promo.draw_commitment(seed) OPERATOR(pg_catalog.=) commitment)
);
COMMENT ON TABLE promo.prize_draw IS 'what is published of the draw of a campaign, step by step: open, frozen, drawn';
COMMENT ON COLUMN promo.prize_draw.commitment IS 'draw_commitment() of the seed';
COMMENT ON COLUMN promo.prize_draw.prizes_hash IS 'prizes_hash() of the campaign';
COMMENT ON COLUMN promo.prize_draw.closes_at IS 'entries before this instant take part';
COMMENT ON COLUMN promo.prize_draw.entropy IS 'which public value of later will be the beacon';
COMMENT ON COLUMN promo.prize_draw.entries_hash IS 'entries_hash() of the frozen list';
COMMENT ON COLUMN promo.prize_draw.entries IS 'number of entries of the frozen list';
COMMENT ON COLUMN promo.prize_draw.beacon IS 'the public value';
COMMENT ON COLUMN promo.prize_draw.seed IS 'kept in prize_secret until the draw';

CREATE TABLE promo.prize_secret (
	campaign	text PRIMARY KEY REFERENCES promo.prize_draw ON DELETE CASCADE,
	seed		bytea NOT NULL CHECK (pg_catalog.octet_length(seed) OPERATOR(pg_catalog.=) 32)
);
COMMENT ON TABLE promo.prize_secret IS 'seeds of draws to come: who reads them can work out what a beacon would bring';

CREATE TABLE promo.prize_entry (
	campaign	text NOT NULL REFERENCES promo.prize_draw,
	entry		bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
	customer	text NOT NULL,
	entered_at	timestamptz NOT NULL DEFAULT pg_catalog.now(),
	PRIMARY KEY (campaign, entry),
	UNIQUE (campaign, customer)
);
COMMENT ON TABLE promo.prize_entry IS 'who takes part in a draw: INSERT campaign and customer; one entry each, while the draw is open; kept once the list is frozen';
COMMENT ON COLUMN promo.prize_entry.entry IS 'the number that is drawn; tell it the customer';

CREATE TABLE promo.prize_award (
	campaign	text NOT NULL REFERENCES promo.prize_draw,
	place		int NOT NULL,
	entry		bigint NOT NULL,
	prize		int NOT NULL,
	status		text NOT NULL DEFAULT 'won',
	PRIMARY KEY (campaign, place),
	UNIQUE (campaign, entry),
	FOREIGN KEY (campaign, entry) REFERENCES promo.prize_entry,
	FOREIGN KEY (campaign, prize) REFERENCES promo.prize (campaign, place),
	CONSTRAINT status_is_known CHECK (status OPERATOR(pg_catalog.=) ANY (ARRAY['won', 'notified', 'delivered', 'forfeited']))
);
COMMENT ON TABLE promo.prize_award IS 'who won what, made by draw(); only the status changes, and never goes back';
COMMENT ON COLUMN promo.prize_award.place IS 'the place among the entries drawn: 1, 2, ...';
COMMENT ON COLUMN promo.prize_award.prize IS 'prize.place';
COMMENT ON COLUMN promo.prize_award.status IS 'won, then notified, then delivered or forfeited; steps may be left out';

-- ----------------------------------------------------------------
-- draws: what is published, and from which rows
-- ----------------------------------------------------------------

CREATE FUNCTION promo.prizes_hash(campaign text) RETURNS bytea
	LANGUAGE sql STABLE STRICT PARALLEL SAFE
	RETURN (SELECT pg_catalog.sha256(pg_catalog.convert_to(
				pg_catalog.jsonb_agg(pg_catalog.jsonb_build_array(p.place, p.name, p.quantity, p.value) ORDER BY p.place)::text, 'UTF8'))
			FROM promo.prize p WHERE p.campaign OPERATOR(pg_catalog.=) prizes_hash.campaign
			HAVING pg_catalog.max(p.place) OPERATOR(pg_catalog.=) pg_catalog.count(*));
COMMENT ON FUNCTION promo.prizes_hash(text) IS 'what open_draw() publishes of the prizes: SHA-256 of [[1, "First", 1, 500.0000], [2, "Second", 10, null]] (place, name, quantity, value) in UTF-8, as jsonb is written; NULL without prizes, or with gaps between their places';

CREATE FUNCTION promo.draw_list(campaign text) RETURNS bigint[]
	LANGUAGE sql STABLE STRICT PARALLEL SAFE
	RETURN ARRAY(SELECT e.entry FROM promo.prize_entry e WHERE e.campaign OPERATOR(pg_catalog.=) draw_list.campaign ORDER BY e.entry);
COMMENT ON FUNCTION promo.draw_list(text) IS 'the entries of a campaign, ascending: what a verifier needs besides prize and prize_draw';

CREATE FUNCTION promo.draw_awards(campaign text, seed bytea, beacon text, OUT place int, OUT entry bigint, OUT prize int) RETURNS SETOF record
	LANGUAGE sql STABLE STRICT PARALLEL SAFE
BEGIN ATOMIC
	WITH prizes AS (
		SELECT p.place, pg_catalog.sum(p.quantity) OVER (ORDER BY p.place) AS up_to, p.quantity
		FROM promo.prize p WHERE p.campaign OPERATOR(pg_catalog.=) draw_awards.campaign),
	list AS (
		SELECT promo.draw_list(draw_awards.campaign) AS entries),
	places AS (
		SELECT d.entry, d.place
		FROM list, LATERAL ROWS FROM (pg_catalog.unnest(promo.draw_places(draw_awards.seed, draw_awards.beacon, list.entries,
			LEAST(pg_catalog.cardinality(list.entries), (SELECT pg_catalog.max(up_to) FROM prizes))::int))) WITH ORDINALITY d (entry, place))
	SELECT d.place::int, d.entry, p.place
	FROM places d JOIN prizes p ON d.place OPERATOR(pg_catalog.<=) p.up_to AND d.place OPERATOR(pg_catalog.>) (p.up_to OPERATOR(pg_catalog.-) p.quantity);
END;
COMMENT ON FUNCTION promo.draw_awards(text, bytea, text) IS 'internal: the rows of prize_award that seed and beacon give';

CREATE FUNCTION promo.draw_seed() RETURNS bytea
	AS 'MODULE_PATHNAME', 'promo_draw_seed' LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION promo.draw_seed() IS 'internal: 32 random bytes of the operating system';
REVOKE EXECUTE ON FUNCTION promo.draw_seed() FROM PUBLIC;

CREATE FUNCTION promo.latest_prizes_hash(campaign text) RETURNS bytea
	AS 'MODULE_PATHNAME', 'promo_latest_prizes_hash' LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE;
COMMENT ON FUNCTION promo.latest_prizes_hash(text) IS 'internal: prizes_hash() as of this moment, whatever the transaction''s snapshot';
REVOKE EXECUTE ON FUNCTION promo.latest_prizes_hash(text) FROM PUBLIC;

CREATE FUNCTION promo.latest_draw_list(campaign text) RETURNS bigint[]
	AS 'MODULE_PATHNAME', 'promo_latest_draw_list' LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE;
COMMENT ON FUNCTION promo.latest_draw_list(text) IS 'internal: draw_list() as of this moment, whatever the transaction''s snapshot';
REVOKE EXECUTE ON FUNCTION promo.latest_draw_list(text) FROM PUBLIC;

-- ----------------------------------------------------------------
-- draws: what may not happen
-- ----------------------------------------------------------------

-- These triggers look at what must hold of any rows, so that rows of a dump
-- pass; a list that comes back may be incomplete meanwhile.  Races are decided
-- by locks of rows: who writes prizes holds KEY SHARE on the campaign, and who
-- writes entries on the draw (foreign keys take it on INSERT, and fire first);
-- open_draw() and freeze_draw() lock these rows FOR UPDATE, and update them, so
-- that an older snapshot fails (40001) instead of seeing what was before.

CREATE FUNCTION promo.check_prize() RETURNS trigger
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	published promo.prize_draw;
BEGIN
	IF TG_OP <> 'INSERT' THEN
		PERFORM FROM promo.campaign WHERE name IN (OLD.campaign, NEW.campaign) FOR KEY SHARE;
	END IF;
	FOR published IN SELECT * FROM promo.prize_draw d WHERE d.campaign IN (OLD.campaign, NEW.campaign) LOOP
		IF promo.prizes_hash(published.campaign) IS DISTINCT FROM published.prizes_hash THEN
			RAISE EXCEPTION USING ERRCODE = 'object_not_in_prerequisite_state',
				MESSAGE = format('the prizes of campaign "%s" are fixed', published.campaign),
				DETAIL = format('Their hash was published when the draw was opened at %s.', published.opened_at);
		END IF;
	END LOOP;
	RETURN NULL;
END
$$;
COMMENT ON FUNCTION promo.check_prize() IS 'trigger: prizes are what was published when the draw was opened';
CREATE TRIGGER check_prize AFTER INSERT OR UPDATE OR DELETE ON promo.prize
	FOR EACH ROW EXECUTE FUNCTION promo.check_prize();

CREATE FUNCTION promo.check_entries() RETURNS trigger
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	published promo.prize_draw;
	list	bigint[];
BEGIN
	FOR published IN
		SELECT d.* FROM promo.prize_draw d WHERE d.campaign IN (SELECT campaign FROM entered)
	LOOP
		IF EXISTS (SELECT FROM entered e WHERE e.campaign = published.campaign AND e.entered_at >= published.closes_at) THEN
			RAISE EXCEPTION USING ERRCODE = 'object_not_in_prerequisite_state',
				MESSAGE = format('the draw of campaign "%s" takes no more entries', published.campaign),
				DETAIL = format('Entries closed at %s.', published.closes_at);
		END IF;
		CONTINUE WHEN published.frozen_at IS NULL;
		list := promo.draw_list(published.campaign);
		IF cardinality(list) > published.entries OR
			cardinality(list) = published.entries AND promo.entries_hash(list) <> published.entries_hash THEN
			RAISE EXCEPTION USING ERRCODE = 'object_not_in_prerequisite_state',
				MESSAGE = format('the draw of campaign "%s" takes no more entries', published.campaign),
				DETAIL = format('The list was frozen at %s with %s entries.', published.frozen_at, published.entries);
		END IF;
	END LOOP;
	RETURN NULL;
END
$$;
COMMENT ON FUNCTION promo.check_entries() IS 'trigger: entries come before the draw closes, and a frozen list is the published one';
CREATE TRIGGER check_entries AFTER INSERT ON promo.prize_entry REFERENCING NEW TABLE AS entered
	FOR EACH STATEMENT EXECUTE FUNCTION promo.check_entries();

CREATE FUNCTION promo.keep_entry() RETURNS trigger
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	published promo.prize_draw;
BEGIN
	IF TG_OP = 'UPDATE' THEN
		RAISE EXCEPTION USING ERRCODE = 'object_not_in_prerequisite_state',
			MESSAGE = 'an entry of a draw cannot be changed',
			HINT = 'Before the list is frozen, an entry may be deleted and made anew.';
	END IF;
	SELECT * INTO published FROM promo.prize_draw WHERE campaign = OLD.campaign FOR KEY SHARE;
	IF published.frozen_at IS NOT NULL THEN
		RAISE EXCEPTION USING ERRCODE = 'object_not_in_prerequisite_state',
			MESSAGE = format('the list of entries of campaign "%s" is frozen', OLD.campaign);
	END IF;
	RETURN OLD;
END
$$;
COMMENT ON FUNCTION promo.keep_entry() IS 'trigger: entries are not changed, and not deleted once the list is frozen';
CREATE TRIGGER keep_entry BEFORE UPDATE OR DELETE ON promo.prize_entry
	FOR EACH ROW EXECUTE FUNCTION promo.keep_entry();

CREATE FUNCTION promo.keep_draw() RETURNS trigger
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	IF TG_OP = 'DELETE' THEN
		IF OLD.frozen_at IS NULL THEN
			RETURN OLD;
		END IF;
	ELSIF (NEW.campaign, NEW.commitment, NEW.prizes_hash, NEW.opened_at, NEW.closes_at, NEW.entropy) =
		(OLD.campaign, OLD.commitment, OLD.prizes_hash, OLD.opened_at, OLD.closes_at, OLD.entropy) AND
		(OLD.frozen_at IS NULL OR (NEW.frozen_at, NEW.entries_hash, NEW.entries) IS NOT DISTINCT FROM (OLD.frozen_at, OLD.entries_hash, OLD.entries)) AND
		(OLD.drawn_at IS NULL OR (NEW.beacon, NEW.drawn_at, NEW.seed) IS NOT DISTINCT FROM (OLD.beacon, OLD.drawn_at, OLD.seed)) THEN
		RETURN NEW;
	END IF;
	RAISE EXCEPTION USING ERRCODE = 'object_not_in_prerequisite_state',
		MESSAGE = format('what was published of the draw of campaign "%s" cannot be changed', OLD.campaign);
END
$$;
COMMENT ON FUNCTION promo.keep_draw() IS 'trigger: what was published of a draw stays; one that is not frozen and without entries may be deleted';
CREATE TRIGGER keep_draw BEFORE UPDATE OR DELETE ON promo.prize_draw
	FOR EACH ROW EXECUTE FUNCTION promo.keep_draw();

CREATE FUNCTION promo.keep_award() RETURNS trigger
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	steps	CONSTANT jsonb := '{"won": 0, "notified": 1, "delivered": 2, "forfeited": 2}';
BEGIN
	IF TG_OP = 'INSERT' THEN
		PERFORM FROM promo.prize_draw d
			WHERE d.campaign = NEW.campaign AND d.drawn_at IS NOT NULL AND NEW.place BETWEEN 1 AND d.entries AND
				NEW.place > (SELECT coalesce(sum(quantity), 0) FROM promo.prize p WHERE p.campaign = NEW.campaign AND p.place < NEW.prize) AND
				NEW.place <= (SELECT sum(quantity) FROM promo.prize p WHERE p.campaign = NEW.campaign AND p.place <= NEW.prize);
		IF NOT FOUND THEN
			RAISE EXCEPTION USING ERRCODE = 'object_not_in_prerequisite_state',
				MESSAGE = format('no draw gave prize %s of campaign "%s" to place %s', NEW.prize, NEW.campaign, NEW.place),
				HINT = 'Awards are made by promo.draw().';
		END IF;
		RETURN NEW;
	ELSIF TG_OP = 'DELETE' THEN
		RAISE EXCEPTION USING ERRCODE = 'object_not_in_prerequisite_state',
			MESSAGE = format('the award of place %s of campaign "%s" cannot be deleted', OLD.place, OLD.campaign);
	ELSIF (NEW.campaign, NEW.place, NEW.entry, NEW.prize) IS DISTINCT FROM (OLD.campaign, OLD.place, OLD.entry, OLD.prize) THEN
		RAISE EXCEPTION USING ERRCODE = 'object_not_in_prerequisite_state',
			MESSAGE = format('of the award of place %s of campaign "%s" only the status can be changed', OLD.place, OLD.campaign);
	ELSIF NEW.status <> OLD.status AND (steps ->> NEW.status)::int <= (steps ->> OLD.status)::int THEN
		RAISE EXCEPTION USING ERRCODE = 'object_not_in_prerequisite_state',
			MESSAGE = format('an award that is %s cannot become %s', OLD.status, NEW.status);
	END IF;
	RETURN NEW;
END
$$;
COMMENT ON FUNCTION promo.keep_award() IS 'trigger: awards are made by a draw, are not deleted, and their status never goes back';
CREATE TRIGGER keep_award BEFORE INSERT OR UPDATE OR DELETE ON promo.prize_award
	FOR EACH ROW EXECUTE FUNCTION promo.keep_award();

CREATE FUNCTION promo.keep_draws() RETURNS trigger
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	IF EXISTS (SELECT FROM promo.prize_draw) THEN
		RAISE EXCEPTION USING ERRCODE = 'object_not_in_prerequisite_state',
			MESSAGE = format('table "%s" cannot be truncated while there are draws', TG_TABLE_NAME);
	END IF;
	RETURN NULL;
END
$$;
COMMENT ON FUNCTION promo.keep_draws() IS 'trigger: what belongs to a draw is not truncated';
CREATE TRIGGER keep_draws BEFORE TRUNCATE ON promo.prize
	FOR EACH STATEMENT EXECUTE FUNCTION promo.keep_draws();
CREATE TRIGGER keep_draws BEFORE TRUNCATE ON promo.prize_draw
	FOR EACH STATEMENT EXECUTE FUNCTION promo.keep_draws();
CREATE TRIGGER keep_draws BEFORE TRUNCATE ON promo.prize_entry
	FOR EACH STATEMENT EXECUTE FUNCTION promo.keep_draws();
CREATE TRIGGER keep_draws BEFORE TRUNCATE ON promo.prize_award
	FOR EACH STATEMENT EXECUTE FUNCTION promo.keep_draws();

-- ----------------------------------------------------------------
-- draws: the steps
-- ----------------------------------------------------------------

CREATE FUNCTION promo.open_draw(campaign text, closes_at timestamptz, entropy text) RETURNS bytea
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	new_seed CONSTANT bytea := promo.draw_seed();
	hash	bytea;
BEGIN
	PERFORM FROM promo.campaign c WHERE c.name = open_draw.campaign FOR UPDATE;
	IF NOT FOUND THEN
		RAISE EXCEPTION USING ERRCODE = 'undefined_object',
			MESSAGE = format('campaign "%s" does not exist', campaign);
	ELSIF EXISTS (SELECT FROM promo.prize_draw d WHERE d.campaign = open_draw.campaign) THEN
		RAISE EXCEPTION USING ERRCODE = 'object_not_in_prerequisite_state',
			MESSAGE = format('campaign "%s" has a draw already', campaign);
	ELSIF closes_at <= now() THEN
		RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value',
			MESSAGE = 'closes_at has passed';
	END IF;
	-- changes nothing, but that an older snapshot can no longer change prizes
	UPDATE promo.campaign c SET name = c.name WHERE c.name = open_draw.campaign;
	hash := promo.latest_prizes_hash(campaign);
	IF hash IS NULL THEN
		RAISE EXCEPTION USING ERRCODE = 'object_not_in_prerequisite_state',
			MESSAGE = format('the prizes of campaign "%s" are not of places 1, 2, ... without gaps', campaign),
			DETAIL = format('Their places are: %s.', (SELECT coalesce(string_agg(p.place::text, ', ' ORDER BY p.place), 'none')
													  FROM promo.prize p WHERE p.campaign = open_draw.campaign)),
			HINT = 'Prizes are the rows of promo.prize.';
	END IF;
	INSERT INTO promo.prize_draw (campaign, commitment, prizes_hash, closes_at, entropy)
		VALUES (open_draw.campaign, promo.draw_commitment(new_seed), hash, open_draw.closes_at, open_draw.entropy);
	INSERT INTO promo.prize_secret (campaign, seed) VALUES (open_draw.campaign, new_seed);
	RETURN promo.draw_commitment(new_seed);
END
$$;
COMMENT ON FUNCTION promo.open_draw(text, timestamptz, text) IS 'fixes the prizes and takes entries until closes_at; entropy says which public value of later will be the beacon; returns the commitment to a random seed, to be published with all of prize_draw; a draw already, prizes with gaps or none, closes_at in the past: error';
REVOKE EXECUTE ON FUNCTION promo.open_draw(text, timestamptz, text) FROM PUBLIC;

CREATE FUNCTION promo.freeze_draw(campaign text, OUT entries_hash bytea, OUT entries bigint)
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	published promo.prize_draw;
	list	bigint[];
BEGIN
	SELECT * INTO published FROM promo.prize_draw d WHERE d.campaign = freeze_draw.campaign FOR UPDATE;
	IF NOT FOUND THEN
		RAISE EXCEPTION USING ERRCODE = 'undefined_object',
			MESSAGE = format('campaign "%s" has no draw', campaign);
	ELSIF published.frozen_at IS NOT NULL THEN
		entries_hash := published.entries_hash;
		entries := published.entries;
		RETURN;
	ELSIF published.closes_at > now() THEN
		RAISE EXCEPTION USING ERRCODE = 'object_not_in_prerequisite_state',
			MESSAGE = format('the draw of campaign "%s" takes entries until %s', campaign, published.closes_at);
	END IF;
	list := promo.latest_draw_list(campaign);
	entries_hash := promo.entries_hash(list);
	entries := cardinality(list);
	UPDATE promo.prize_draw d
		SET frozen_at = now(), entries_hash = freeze_draw.entries_hash, entries = freeze_draw.entries
		WHERE d.campaign = freeze_draw.campaign;
END
$$;
COMMENT ON FUNCTION promo.freeze_draw(text) IS 'fixes the list of entries, once the draw has closed; returns its hash and length, to be published before the beacon is known; again: the same; waits for entries under way; no draw, one that has not closed: error';
REVOKE EXECUTE ON FUNCTION promo.freeze_draw(text) FROM PUBLIC;

CREATE FUNCTION promo.draw(campaign text, beacon text) RETURNS TABLE (place int, entry bigint)
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	published promo.prize_draw;
BEGIN
	SELECT * INTO published FROM promo.prize_draw d WHERE d.campaign = draw.campaign FOR UPDATE;
	IF NOT FOUND THEN
		RAISE EXCEPTION USING ERRCODE = 'undefined_object',
			MESSAGE = format('campaign "%s" has no draw', campaign);
	ELSIF coalesce(beacon, '') = '' THEN
		RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value',
			MESSAGE = 'beacon is empty',
			DETAIL = format('It was announced as: %s', published.entropy);
	ELSIF published.frozen_at IS NULL OR published.frozen_at >= now() THEN
		RAISE EXCEPTION USING ERRCODE = 'object_not_in_prerequisite_state',
			MESSAGE = format('the list of entries of campaign "%s" was not frozen before', campaign),
			HINT = 'Call promo.freeze_draw(), publish what it returns, and draw in a later transaction, with a value that nobody knew then.';
	ELSIF published.drawn_at IS NULL THEN
		IF promo.prizes_hash(campaign) IS DISTINCT FROM published.prizes_hash OR
			promo.entries_hash(promo.draw_list(campaign)) <> published.entries_hash THEN
			RAISE EXCEPTION USING ERRCODE = 'data_corrupted',
				MESSAGE = format('prizes or entries of campaign "%s" are not those that were published', campaign);
		END IF;
		UPDATE promo.prize_draw d
			SET beacon = draw.beacon, drawn_at = now(), seed = s.seed
			FROM promo.prize_secret s
			WHERE d.campaign = draw.campaign AND s.campaign = draw.campaign
			RETURNING d.* INTO published;
		IF NOT FOUND THEN
			RAISE EXCEPTION USING ERRCODE = 'data_corrupted',
				MESSAGE = format('the seed of the draw of campaign "%s" is lost', campaign);
		END IF;
		INSERT INTO promo.prize_award (campaign, place, entry, prize)
			SELECT draw.campaign, a.place, a.entry, a.prize
			FROM promo.draw_awards(draw.campaign, published.seed, draw.beacon) a;
		DELETE FROM promo.prize_secret s WHERE s.campaign = draw.campaign;
	ELSIF published.beacon <> beacon THEN
		RAISE EXCEPTION USING ERRCODE = 'object_not_in_prerequisite_state',
			MESSAGE = format('campaign "%s" was drawn with another beacon', campaign),
			DETAIL = format('It was "%s", at %s.', published.beacon, published.drawn_at);
	END IF;
	RETURN QUERY SELECT a.place, a.entry FROM promo.prize_award a WHERE a.campaign = draw.campaign ORDER BY a.place;
END
$$;
COMMENT ON FUNCTION promo.draw(text, text) IS 'draws the places with the public value that was announced, and publishes the seed; prizes beyond the last entry stay; again: the same places, with another beacon: error; no draw, a list that was not frozen in an earlier transaction, no beacon: error';
REVOKE EXECUTE ON FUNCTION promo.draw(text, text) FROM PUBLIC;

CREATE FUNCTION promo.verify_draw(campaign text) RETURNS boolean
	LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	published promo.prize_draw;
	list	bigint[];
BEGIN
	SELECT * INTO published FROM promo.prize_draw d WHERE d.campaign = verify_draw.campaign;
	IF NOT FOUND THEN
		RAISE EXCEPTION USING ERRCODE = 'undefined_object',
			MESSAGE = format('campaign "%s" has no draw', campaign);
	ELSIF published.drawn_at IS NULL THEN
		RETURN NULL;
	END IF;
	list := promo.draw_list(campaign);
	RETURN promo.draw_commitment(published.seed) = published.commitment
		AND promo.prizes_hash(campaign) IS NOT DISTINCT FROM published.prizes_hash
		AND cardinality(list) = published.entries AND promo.entries_hash(list) = published.entries_hash
		AND NOT EXISTS (
			SELECT FROM promo.draw_awards(verify_draw.campaign, published.seed, published.beacon) d
			FULL JOIN (SELECT * FROM promo.prize_award a WHERE a.campaign = verify_draw.campaign) a USING (place)
			WHERE (d.entry, d.prize) IS DISTINCT FROM (a.entry, a.prize));
END
$$;
COMMENT ON FUNCTION promo.verify_draw(text) IS 'whether commitment, hash of the prizes, list of entries and awards of a draw are those that follow from its seed and beacon; NULL before the draw; no draw: error';

-- ----------------------------------------------------------------
-- instant prizes
-- ----------------------------------------------------------------

-- The smaller root of the equality, squared: (N + z^2) p^2 - (2 b + z^2) p +
-- b^2 / N = 0, b = B / c.  Below B = N c the left side of the inequality
-- crosses b once, on its way up.
CREATE FUNCTION promo.prize_probability(entries bigint, cost numeric, budget numeric) RETURNS numeric
	LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	z2		CONSTANT numeric := 1.645 * 1.645;
	b		numeric;
BEGIN
	IF entries < 0 OR cost < 0 OR budget < 0 OR 'NaN' IN (cost, budget) THEN
		RAISE EXCEPTION USING ERRCODE = 'numeric_value_out_of_range',
			MESSAGE = 'entries, cost or budget is negative or NaN';
	ELSIF entries = 0 OR cost = 0 OR budget >= entries * cost THEN
		RETURN 1;
	END IF;
	b := budget / cost;
	RETURN trunc(2 * b * b / entries / (2 * b + z2 + sqrt(z2 * (z2 + 4 * b * (1 - b / entries)))), 12);
END
$$;
COMMENT ON FUNCTION promo.prize_probability(bigint, numeric, numeric) IS 'the largest chance p of a prize, to 12 decimals, with entries p cost + 1.645 cost sqrt(entries p (1 - p)) <= budget: prizes of that cost exceed the budget once in twenty campaigns; 1 without entries or cost; negative, NaN: error';
