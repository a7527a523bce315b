-- ----------------------------------------------------------------
-- quotas: what many orders take from at once, and nobody more than is there
-- ----------------------------------------------------------------

-- What there is of a quota lies in slots.  A taker uses one that nobody holds,
-- so that takers do not wait for each other; only where none has enough it locks
-- all of them, in order.  Whoever holds all may change what lies where.
--
-- A quota is opened, its slots laid out from what was used before, by whoever
-- takes or gives back first.  From then on every change goes through the slots.
--
-- Sellers hold ROW EXCLUSIVE on quota_use from before they look for quotas until
-- they commit.  Who makes a limit where there was none, drops or renames one takes
-- SHARE ROW EXCLUSIVE first: no seller is left who did not see it, and one whose
-- snapshot is older fails.
--
-- What sells does so with enable_seqscan off: a plan of the first orders is kept
-- while thousands come in, and has no statistics of a sale that has just begun.
-- Nor is it compiled, which takes longer than a thousand orders.

-- kinds: 'campaign budget' (name: the campaign's), 'promotion budget' and
-- 'promotion uses' (promotion.origin), 'coupon' (its code), 'stock' (flash_stock.id)
CREATE TABLE promo.quota (
	kind		text NOT NULL,
	name		text NOT NULL,
	total		numeric,
	per_customer numeric,
	opened		boolean NOT NULL DEFAULT false,
	PRIMARY KEY (kind, name)
);
COMMENT ON TABLE promo.quota IS 'derived: every budget and limit; kept by triggers on what has them';
COMMENT ON COLUMN promo.quota.total IS 'how much there is in all; NULL: no limit but for each customer';
COMMENT ON COLUMN promo.quota.opened IS 'whether the slots have been laid out: total less what was used before';

-- few rows on a page: many versions of each come and go
CREATE TABLE promo.quota_slot (
	kind		text NOT NULL,
	name		text NOT NULL,
	slot		int NOT NULL,
	remaining	numeric NOT NULL,
	PRIMARY KEY (kind, name, slot)
) WITH (fillfactor = 10);
COMMENT ON TABLE promo.quota_slot IS 'derived: what is left of a quota, in slots, so that takers need not queue on one row';
COMMENT ON COLUMN promo.quota_slot.remaining IS 'below zero in one slot, and nothing in the others, where a limit was set below what is used';

CREATE TABLE promo.quota_use (
	kind		text NOT NULL,
	name		text NOT NULL,
	customer	text NOT NULL,
	used		numeric NOT NULL,
	PRIMARY KEY (kind, name, customer)
) WITH (fillfactor = 80);
COMMENT ON TABLE promo.quota_use IS 'derived: how much one customer has taken of a quota that limits it';

CREATE TABLE promo.quota_low (
	kind		text NOT NULL,
	name		text NOT NULL,
	PRIMARY KEY (kind, name)
);
COMMENT ON TABLE promo.quota_low IS 'derived: uses and stocks of which some slot has been emptied: current_ruleset() looks whether anything is left';

-- ----------------------------------------------------------------
-- what was used before a quota was opened
-- ----------------------------------------------------------------

CREATE FUNCTION promo.quota_used(kind text, name text, customer text DEFAULT NULL, but_of_order text DEFAULT NULL) RETURNS numeric
	LANGUAGE plpgsql STABLE PARALLEL SAFE
	SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	result numeric;
BEGIN
	-- with and without a customer apart: what one has used is asked for at every order, and found by an index
	CASE
		WHEN kind = 'stock' AND customer IS NULL THEN
			SELECT sum(c.units) FILTER (WHERE c.released_at IS NULL AND c.order_id IS DISTINCT FROM but_of_order) INTO result
			FROM promo.claim c
			WHERE c.stock = quota_used.name::bigint;
		WHEN kind = 'stock' THEN
			SELECT sum(c.units) FILTER (WHERE c.released_at IS NULL AND c.order_id IS DISTINCT FROM but_of_order) INTO result
			FROM promo.claim c
			WHERE c.stock = quota_used.name::bigint AND c.customer = quota_used.customer;
		WHEN kind = 'coupon' AND customer IS NULL THEN
			SELECT count(DISTINCT r.order_id) FILTER (WHERE r.released_at IS NULL AND r.order_id IS DISTINCT FROM but_of_order) INTO result
			FROM promo.redemption r
			WHERE r.coupon = quota_used.name;
		WHEN kind = 'coupon' THEN
			SELECT count(DISTINCT r.order_id) FILTER (WHERE r.released_at IS NULL AND r.order_id IS DISTINCT FROM but_of_order) INTO result
			FROM promo.redemption r
			WHERE r.coupon = quota_used.name AND r.customer = quota_used.customer;
		WHEN kind = 'campaign budget' THEN
			SELECT sum(r.amount) FILTER (WHERE r.released_at IS NULL AND r.order_id IS DISTINCT FROM but_of_order) INTO result
			FROM promo.promotion p JOIN promo.redemption r ON r.promotion = p.id
			WHERE p.campaign = quota_used.name;
		WHEN kind = 'promotion budget' THEN
			SELECT sum(r.amount) FILTER (WHERE r.released_at IS NULL AND r.order_id IS DISTINCT FROM but_of_order) INTO result
			FROM promo.promotion p JOIN promo.redemption r ON r.promotion = p.id
			WHERE p.origin = quota_used.name::bigint;
		WHEN kind = 'promotion uses' AND customer IS NULL THEN
			SELECT count(*) FILTER (WHERE r.released_at IS NULL AND r.order_id IS DISTINCT FROM but_of_order) INTO result
			FROM promo.promotion p JOIN promo.redemption r ON r.promotion = p.id
			WHERE p.origin = quota_used.name::bigint;
		WHEN kind = 'promotion uses' THEN
			SELECT count(*) FILTER (WHERE r.released_at IS NULL AND r.order_id IS DISTINCT FROM but_of_order) INTO result
			FROM promo.redemption r
			WHERE r.promotion = ANY (ARRAY(SELECT p.id FROM promo.promotion p WHERE p.origin = quota_used.name::bigint))
				AND r.customer = quota_used.customer;
	END CASE;
	RETURN coalesce(result, 0);
END
$$;
COMMENT ON FUNCTION promo.quota_used(text, text, text, text) IS 'internal: what live redemptions and claims have used of a quota, those of one order apart; with a customer: of that customer';

-- ----------------------------------------------------------------
-- slots
-- ----------------------------------------------------------------

CREATE FUNCTION promo.see_limits() RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	next bigint;
BEGIN
	LOCK TABLE promo.quota_use IN ROW EXCLUSIVE MODE;
	-- An older snapshot does not see a limit that is new: a serialization failure, if who
	-- changed the version of the catalog that it sees has committed.
	IF current_setting('transaction_isolation') <> 'read committed' THEN
		next := pg_snapshot_xmax(pg_current_snapshot())::text::bigint;
		-- xmax lacks the epoch, and is at most 2^31 away
		IF EXISTS (SELECT FROM promo.catalog_version v, LATERAL (SELECT v.xmax::text::bigint) x (id)
				   WHERE v.only_row AND x.id <> 0
					   AND pg_xact_status((next + ((x.id - next + 2147483648) & 4294967295) - 2147483648)::text::xid8) = 'committed')
		THEN
			RAISE 'could not serialize access due to a change of the catalog' USING ERRCODE = 'serialization_failure';
		END IF;
	END IF;
END
$$;
COMMENT ON FUNCTION promo.see_limits() IS 'internal: from here to the end of the transaction no limit comes into being or goes unseen';

CREATE FUNCTION promo.quota_slots() RETURNS int
	LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
	RETURN 16;
COMMENT ON FUNCTION promo.quota_slots() IS 'internal: how many slots a quota has';

CREATE FUNCTION promo.lower_quota(kind text, name text) RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	-- Whoever holds the lock inserts the row, or gives back what it took.
	IF kind IN ('promotion uses', 'stock')
		AND NOT EXISTS (SELECT FROM promo.quota_low q WHERE q.kind = lower_quota.kind AND q.name = lower_quota.name)
		AND pg_try_advisory_xact_lock(hashtextextended(format('promo.quota_low %s %s', kind, name), 0))
	THEN
		INSERT INTO promo.quota_low VALUES (kind, name) ON CONFLICT DO NOTHING;
	END IF;
END
$$;
COMMENT ON FUNCTION promo.lower_quota(text, text) IS 'internal: sees that quota_low has a quota of uses or stock, and waits for nobody';

-- Over as many slots as can serve the like of `part`, so that the next taker finds one that has enough.
CREATE FUNCTION promo.spread_quota(kind text, name text, amount numeric, part numeric) RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	slots int := greatest(1, least(promo.quota_slots(), floor(amount / part)));
	digits int := CASE WHEN kind LIKE '%budget' THEN 4 ELSE 0 END;
BEGIN
	UPDATE promo.quota_slot q
	SET remaining = CASE WHEN slot < slots THEN trunc(amount * (slot + 1) / slots, digits) - trunc(amount * slot / slots, digits) ELSE 0 END
	WHERE q.kind = spread_quota.kind AND q.name = spread_quota.name;
	IF slots < promo.quota_slots() THEN
		PERFORM promo.lower_quota(kind, name);
	END IF;
END
$$;
COMMENT ON FUNCTION promo.spread_quota(text, text, numeric, numeric) IS 'internal: lays an amount out in the slots of a quota, all of which the caller has locked';

CREATE FUNCTION promo.lock_quota(kind text, name text) RETURNS numeric
	LANGUAGE sql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, pg_temp
AS $$
	SELECT sum(s.remaining)
	FROM (SELECT q.remaining FROM promo.quota_slot q
		  WHERE q.kind = lock_quota.kind AND q.name = lock_quota.name
		  ORDER BY q.slot FOR NO KEY UPDATE) s
$$;
COMMENT ON FUNCTION promo.lock_quota(text, text) IS 'internal: locks all slots of a quota, in order, and returns what is left; NULL: there are none';

CREATE FUNCTION promo.open_quota(kind text, name text, but_of_order text DEFAULT NULL) RETURNS boolean
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	there numeric;
BEGIN
	-- One who opens it at the same time is waited for, and then has done it.
	UPDATE promo.quota q SET opened = true
	WHERE q.kind = open_quota.kind AND q.name = open_quota.name AND q.total IS NOT NULL AND NOT q.opened
	RETURNING q.total INTO there;
	IF there IS NULL THEN
		RETURN (SELECT false FROM promo.quota q
				WHERE q.kind = open_quota.kind AND q.name = open_quota.name AND q.total IS NOT NULL);
	END IF;
	INSERT INTO promo.quota_slot
	SELECT open_quota.kind, open_quota.name, slot, 0 FROM generate_series(0, promo.quota_slots() - 1) slot;
	PERFORM promo.spread_quota(kind, name, there - promo.quota_used(kind, name, NULL, but_of_order), 1);
	RETURN true;
END
$$;
COMMENT ON FUNCTION promo.open_quota(text, text, text) IS 'internal: lays out the slots of a quota, as if one order had used nothing; false: they were, NULL: there is no such limit';

CREATE FUNCTION promo.take_quota(kind text, name text, asked numeric, order_id text) RETURNS boolean
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	first int := floor(random() * promo.quota_slots());
	there numeric;
BEGIN
	LOOP
		-- A slot that nobody holds, from some one on.  What a scalar subquery locks it locks once.
		BEGIN
			FOR start IN REVERSE 1 .. 0 LOOP
				UPDATE promo.quota_slot q SET remaining = q.remaining - asked
				WHERE q.kind = take_quota.kind AND q.name = take_quota.name AND q.slot =
					(SELECT f.slot FROM promo.quota_slot f
					 WHERE f.kind = take_quota.kind AND f.name = take_quota.name AND f.slot >= first * start AND f.remaining >= asked
					 ORDER BY f.slot LIMIT 1 FOR NO KEY UPDATE SKIP LOCKED)
				RETURNING q.remaining INTO there;
				IF FOUND THEN
					IF there < asked THEN
						PERFORM promo.lower_quota(kind, name);
					END IF;
					RETURN true;
				END IF;
			END LOOP;
			-- Lets go of slots that were emptied just before they were locked: who
			-- waits for the others, in their order, may hold none.
			RAISE SQLSTATE 'PM000';
		EXCEPTION WHEN SQLSTATE 'PM000' THEN
			NULL;
		END;

		SELECT sum(q.remaining) INTO there FROM promo.quota_slot q WHERE q.kind = take_quota.kind AND q.name = take_quota.name;
		IF there < asked THEN
			RETURN false;
		ELSIF there IS NOT NULL THEN
			BEGIN
				there := promo.lock_quota(kind, name);
				IF there >= asked THEN
					PERFORM promo.spread_quota(kind, name, there - asked, asked);
					RETURN true;
				ELSIF there IS NOT NULL THEN
					-- lets go of the slots: the next in the queue need not wait for the end of this transaction
					RAISE SQLSTATE 'PM000';
				END IF;
			EXCEPTION WHEN SQLSTATE 'PM000' THEN
				RETURN false;
			END;
		ELSIF promo.open_quota(kind, name, order_id) IS NULL THEN
			RETURN true;
		END IF;
	END LOOP;
END
$$;
COMMENT ON FUNCTION promo.take_quota(text, text, numeric, text) IS 'internal: takes from a quota for an order; false: less is left, and nothing was taken; true also where there is no limit';

CREATE FUNCTION promo.give_quota(kind text, name text, given numeric, order_id text) RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	there numeric;
	opened boolean;
BEGIN
	LOOP
		-- Not to an empty slot: what another lacks since the limit was lowered comes first.
		BEGIN
			UPDATE promo.quota_slot q SET remaining = q.remaining + given
			WHERE q.kind = give_quota.kind AND q.name = give_quota.name AND q.slot =
				(SELECT f.slot FROM promo.quota_slot f
				 WHERE f.kind = give_quota.kind AND f.name = give_quota.name AND f.remaining > 0
				 ORDER BY random() LIMIT 1 FOR NO KEY UPDATE SKIP LOCKED);
			IF FOUND THEN
				RETURN;
			END IF;
			-- as in take_quota()
			RAISE SQLSTATE 'PM000';
		EXCEPTION WHEN SQLSTATE 'PM000' THEN
			NULL;
		END;
		there := promo.lock_quota(kind, name);
		IF there IS NOT NULL THEN
			PERFORM promo.spread_quota(kind, name, there + given, given);
			RETURN;
		END IF;
		-- When opened it counts what is live, and that is without this order.
		opened := promo.open_quota(kind, name, order_id);
		IF opened IS NOT FALSE THEN
			RETURN;
		END IF;
	END LOOP;
END
$$;
COMMENT ON FUNCTION promo.give_quota(text, text, numeric, text) IS 'internal: gives back to a quota what an order took, which is no longer live';

-- ----------------------------------------------------------------
-- what one customer has used
-- ----------------------------------------------------------------

CREATE FUNCTION promo.take_quota_of_customer(kind text, name text, customer text, asked numeric, per_customer numeric, order_id text) RETURNS boolean
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	-- the first time with what history says; two first times at once are told by the key
	INSERT INTO promo.quota_use AS u
	SELECT take_quota_of_customer.kind, take_quota_of_customer.name, take_quota_of_customer.customer, before + asked
	FROM promo.quota_used(kind, name, customer, order_id) before
	WHERE before + asked <= per_customer
	ON CONFLICT ON CONSTRAINT quota_use_pkey DO UPDATE SET used = u.used + asked WHERE u.used + asked <= per_customer;
	RETURN FOUND;
END
$$;
COMMENT ON FUNCTION promo.take_quota_of_customer(text, text, text, numeric, numeric, text) IS 'internal: takes from what a customer may use; false: the limit would be exceeded, and nothing was taken';

CREATE FUNCTION promo.give_quota_of_customer(kind text, name text, customer text, given numeric, order_id text) RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	INSERT INTO promo.quota_use AS u
	VALUES (kind, name, customer, promo.quota_used(kind, name, customer, order_id))
	ON CONFLICT ON CONSTRAINT quota_use_pkey DO UPDATE SET used = u.used - given;
END
$$;
COMMENT ON FUNCTION promo.give_quota_of_customer(text, text, text, numeric, text) IS 'internal: gives back what a customer has used by an order, which is no longer live';

-- ----------------------------------------------------------------
-- quotas follow what has the limits
-- ----------------------------------------------------------------

CREATE FUNCTION promo.set_quota(kind text, name text, total numeric, per_customer numeric, is_new boolean) RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	before promo.quota;
	limited boolean := total IS NOT NULL OR per_customer IS NOT NULL;
BEGIN
	SELECT * INTO before FROM promo.quota q WHERE q.kind = set_quota.kind AND q.name = set_quota.name;
	IF before.kind IS NULL AND NOT limited
		OR before.total IS NOT DISTINCT FROM total AND before.per_customer IS NOT DISTINCT FROM per_customer
	THEN
		RETURN;
	END IF;
	IF NOT is_new AND ((before.total IS NULL) <> (total IS NULL) OR (before.per_customer IS NULL) <> (per_customer IS NULL)) THEN
		LOCK TABLE promo.quota_use IN SHARE ROW EXCLUSIVE MODE;
		UPDATE promo.catalog_version SET version = gen_random_uuid();
	END IF;
	IF total IS NULL THEN
		DELETE FROM promo.quota_slot q WHERE q.kind = set_quota.kind AND q.name = set_quota.name;
		DELETE FROM promo.quota_low q WHERE q.kind = set_quota.kind AND q.name = set_quota.name;
	END IF;
	IF per_customer IS NULL THEN
		DELETE FROM promo.quota_use q WHERE q.kind = set_quota.kind AND q.name = set_quota.name;
	END IF;
	IF NOT limited THEN
		DELETE FROM promo.quota q WHERE q.kind = set_quota.kind AND q.name = set_quota.name;
	ELSIF before.kind IS NULL THEN
		INSERT INTO promo.quota VALUES (kind, name, total, per_customer);
	ELSE
		-- somebody may open it just now, which is waited for
		SELECT * INTO before FROM promo.quota q WHERE q.kind = set_quota.kind AND q.name = set_quota.name FOR NO KEY UPDATE;
		UPDATE promo.quota q
		SET total = set_quota.total, per_customer = set_quota.per_customer, opened = q.opened AND set_quota.total IS NOT NULL
		WHERE q.kind = set_quota.kind AND q.name = set_quota.name;
		IF before.opened AND before.total <> total THEN
			PERFORM promo.spread_quota(kind, name, promo.lock_quota(kind, name) + total - before.total, 1);
		END IF;
	END IF;
END
$$;
COMMENT ON FUNCTION promo.set_quota(text, text, numeric, numeric, boolean) IS 'internal: makes a quota what its limits are, NULL: none; what was used stays used';

CREATE FUNCTION promo.campaign_quota() RETURNS trigger
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF TG_OP = 'DELETE' THEN
		PERFORM promo.set_quota('campaign budget', OLD.name, NULL, NULL, false);
	ELSE
		IF TG_OP = 'UPDATE' AND OLD.name <> NEW.name THEN
			LOCK TABLE promo.quota_use IN SHARE ROW EXCLUSIVE MODE;
			UPDATE promo.quota SET name = NEW.name WHERE kind = 'campaign budget' AND name = OLD.name;
			UPDATE promo.quota_slot SET name = NEW.name WHERE kind = 'campaign budget' AND name = OLD.name;
		END IF;
		PERFORM promo.set_quota('campaign budget', NEW.name, NEW.budget, NULL, TG_OP = 'INSERT');
	END IF;
	RETURN NULL;
END
$$;
COMMENT ON FUNCTION promo.campaign_quota() IS 'trigger of campaign: keeps the quota of its budget';
CREATE TRIGGER campaign_quota AFTER INSERT OR UPDATE OR DELETE ON promo.campaign
	FOR EACH ROW EXECUTE FUNCTION promo.campaign_quota();
ALTER TABLE promo.campaign ENABLE ALWAYS TRIGGER campaign_quota;

CREATE FUNCTION promo.promotion_quota() RETURNS trigger
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	chain bigint;
	newest promo.promotion;
BEGIN
	FOREACH chain IN ARRAY CASE WHEN TG_OP = 'INSERT' THEN ARRAY[NEW.origin] WHEN TG_OP = 'DELETE' OR OLD.origin = NEW.origin THEN ARRAY[OLD.origin] ELSE ARRAY[OLD.origin, NEW.origin] END LOOP
		-- none left: no limits
		SELECT * INTO newest FROM promo.promotion p WHERE p.origin = chain ORDER BY p.id DESC LIMIT 1;
		PERFORM promo.set_quota('promotion budget', chain::text, newest.budget, NULL, TG_OP = 'INSERT' AND NEW.id = chain);
		PERFORM promo.set_quota('promotion uses', chain::text, newest.uses, newest.uses_per_customer, TG_OP = 'INSERT' AND NEW.id = chain);
	END LOOP;
	RETURN NULL;
END
$$;
COMMENT ON FUNCTION promo.promotion_quota() IS 'trigger of promotion: keeps the quotas of its budget and uses, as the newest of those that replaced each other has them';
CREATE TRIGGER promotion_quota AFTER INSERT OR UPDATE OR DELETE ON promo.promotion
	FOR EACH ROW EXECUTE FUNCTION promo.promotion_quota();
ALTER TABLE promo.promotion ENABLE ALWAYS TRIGGER promotion_quota;

CREATE FUNCTION promo.truncate_quotas() RETURNS trigger
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	LOCK TABLE promo.quota_use IN SHARE ROW EXCLUSIVE MODE;
	DELETE FROM promo.quota_slot WHERE kind = ANY (TG_ARGV);
	DELETE FROM promo.quota_low WHERE kind = ANY (TG_ARGV);
	DELETE FROM promo.quota_use WHERE kind = ANY (TG_ARGV);
	DELETE FROM promo.quota WHERE kind = ANY (TG_ARGV);
	RETURN NULL;
END
$$;
COMMENT ON FUNCTION promo.truncate_quotas() IS 'trigger of what has limits: no row, no quota of these kinds';
CREATE TRIGGER truncate_quotas AFTER TRUNCATE ON promo.campaign
	FOR EACH STATEMENT EXECUTE FUNCTION promo.truncate_quotas('campaign budget');
ALTER TABLE promo.campaign ENABLE ALWAYS TRIGGER truncate_quotas;
CREATE TRIGGER truncate_quotas AFTER TRUNCATE ON promo.promotion
	FOR EACH STATEMENT EXECUTE FUNCTION promo.truncate_quotas('promotion budget', 'promotion uses');
ALTER TABLE promo.promotion ENABLE ALWAYS TRIGGER truncate_quotas;

REVOKE EXECUTE ON FUNCTION promo.see_limits(), promo.lower_quota(text, text), promo.spread_quota(text, text, numeric, numeric), promo.lock_quota(text, text),
	promo.open_quota(text, text, text), promo.take_quota(text, text, numeric, text), promo.give_quota(text, text, numeric, text),
	promo.take_quota_of_customer(text, text, text, numeric, numeric, text), promo.give_quota_of_customer(text, text, text, numeric, text),
	promo.set_quota(text, text, numeric, numeric, boolean) FROM PUBLIC;
