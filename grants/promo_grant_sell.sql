-- Lets a role sell: price with current_ruleset(), redeem, release, claim, unclaim,
-- and enter customers for draws.
--
-- psql -v role=NAME -f promo_grant_sell.sql, as the owner of the extension.  What
-- is granted already stays.  Functions run with the rights of their caller: so
-- these are the columns that selling writes, and no others.
\set ON_ERROR_STOP on

GRANT SELECT ON promo.channel, promo.campaign, promo.promotion, promo.pricing_policy, promo.catalog_version,
	promo.coupon, promo.redemption, promo.flash_stock, promo.claim,
	promo.quota, promo.quota_slot, promo.quota_use, promo.quota_low,
	promo.prize, promo.prize_draw, promo.prize_entry
	TO :"role";
GRANT INSERT ON promo.redemption, promo.claim, promo.quota_slot, promo.quota_use, promo.quota_low TO :"role";
GRANT INSERT (campaign, customer) ON promo.prize_entry TO :"role";
GRANT UPDATE (released_at) ON promo.redemption, promo.claim TO :"role";
GRANT UPDATE (redeemed) ON promo.coupon TO :"role";
GRANT UPDATE (opened) ON promo.quota TO :"role";
GRANT UPDATE (remaining) ON promo.quota_slot TO :"role";
GRANT UPDATE (used) ON promo.quota_use TO :"role";

GRANT EXECUTE ON FUNCTION promo.redeem, promo.release, promo.claim, promo.claim_in_turn, promo.unclaim, promo.choose_coupon, promo.see_limits,
	promo.open_quota, promo.spread_quota, promo.lower_quota, promo.lock_quota,
	promo.take_quota, promo.give_quota, promo.take_quota_of_customer, promo.give_quota_of_customer
	TO :"role";
