-- ----------------------------------------------------------------
-- quotas: what many orders take from at once, and nobody more than is there
-- ----------------------------------------------------------------

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

CREATE TABLE promo.quota_slot (
	kind		text NOT NULL,
	name		text NOT NULL,
	slot		int NOT NULL,
	remaining	numeric NOT NULL,
	PRIMARY KEY (kind, name, slot),
	FOREIGN KEY (kind, name) REFERENCES promo.quota ON UPDATE CASCADE ON DELETE CASCADE
) WITH (fillfactor = 10);
COMMENT ON TABLE promo.quota_slot IS 'derived: what is left of a quota, in slots, so that takers need not queue on one row';

CREATE TABLE promo.quota_use (
	kind		text NOT NULL,
	name		text NOT NULL,
	customer	text NOT NULL,
	used		numeric NOT NULL,
	PRIMARY KEY (kind, name, customer),
	FOREIGN KEY (kind, name) REFERENCES promo.quota ON UPDATE CASCADE ON DELETE CASCADE
) WITH (fillfactor = 80);
COMMENT ON TABLE promo.quota_use IS 'derived: how much one customer has taken of a quota that limits it';

CREATE TABLE promo.quota_low (
	kind		text NOT NULL,
	name		text NOT NULL,
	PRIMARY KEY (kind, name),
	FOREIGN KEY (kind, name) REFERENCES promo.quota ON UPDATE CASCADE ON DELETE CASCADE
);
COMMENT ON TABLE promo.quota_low IS 'derived: quotas of which some slot has been emptied: current_ruleset() looks whether anything is left';
