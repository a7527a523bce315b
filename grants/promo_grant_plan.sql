-- Lets a role plan: campaigns, promotions, coupons, stocks, prizes, rollups and
-- alert rules, and review.  Draws are opened, frozen and drawn by the owner: who
-- can read or write their seeds could choose who wins.
--
-- psql -v role=NAME -f promo_grant_plan.sql, as the owner of the extension; again
-- after a rollup was made.  What is granted already stays.
\set ON_ERROR_STOP on

GRANT SELECT ON promo.channel, promo.campaign, promo.campaign_goal, promo.campaign_department, promo.product,
	promo.promotion, promo.promotion_item, promo.pricing_policy, promo.catalog_version,
	promo.coupon, promo.redemption, promo.flash_stock, promo.claim,
	promo.quota, promo.quota_slot, promo.quota_use, promo.quota_low, promo.quota_status,
	promo.prize, promo.prize_draw, promo.prize_entry, promo.prize_award,
	promo.kpi_rollup, promo.alert_rule, promo.alert, promo.job_run
	TO :"role";
GRANT INSERT, UPDATE, DELETE ON promo.channel, promo.campaign, promo.campaign_goal, promo.campaign_department, promo.product,
	promo.promotion, promo.pricing_policy, promo.coupon, promo.flash_stock, promo.prize, promo.alert_rule
	TO :"role";
GRANT UPDATE (status) ON promo.prize_award TO :"role";

-- what triggers derive
GRANT INSERT, DELETE ON promo.promotion_item TO :"role";
GRANT UPDATE (version) ON promo.catalog_version TO :"role";
GRANT INSERT, UPDATE, DELETE ON promo.quota TO :"role";
GRANT UPDATE, DELETE ON promo.quota_slot, promo.quota_use TO :"role";
GRANT INSERT, UPDATE, DELETE ON promo.quota_low TO :"role";

-- rollups of tables of one's own
GRANT INSERT, DELETE ON promo.kpi_rollup TO :"role";

GRANT EXECUTE ON FUNCTION promo.create_rollup, promo.rollup_finish, promo.drop_rollup, promo.mark
	TO :"role";
GRANT EXECUTE ON FUNCTION promo.issue_coupons, promo.random_code,
	promo.set_quota, promo.spread_quota, promo.lower_quota, promo.lock_quota
	TO :"role";

-- the views of the rollups that are ours, for reviews
SELECT pg_catalog.format('GRANT SELECT ON %s, %s TO %I', r.report, r.current, :'role')
FROM promo.kpi_rollup r JOIN pg_catalog.pg_class c ON c.oid = r.report
WHERE pg_catalog.pg_has_role(c.relowner, 'USAGE')
ORDER BY 1 \gexec
