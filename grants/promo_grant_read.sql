-- Lets a role read everything but codes of coupons and seeds of draws.
--
-- psql -v role=NAME -f promo_grant_read.sql, as the owner of the extension; again
-- after a rollup was made.  What is granted already stays.
\set ON_ERROR_STOP on

GRANT SELECT ON promo.channel, promo.campaign, promo.campaign_goal, promo.campaign_department, promo.product,
	promo.promotion, promo.promotion_item, promo.pricing_policy, promo.catalog_version,
	promo.flash_stock, promo.claim, promo.prize, promo.prize_draw, promo.prize_entry, promo.prize_award,
	promo.kpi_rollup, promo.alert_rule, promo.alert, promo.job_run
	TO :"role";
GRANT SELECT (opens, batch, customer, during, uses, uses_per_customer, redeemed) ON promo.coupon TO :"role";
GRANT SELECT (id, order_id, item, customer, promotion, amount, redeemed_at, released_at) ON promo.redemption TO :"role";

-- the views of the rollups that are ours
SELECT pg_catalog.format('GRANT SELECT ON %s, %s TO %I', r.report, r.current, :'role')
FROM promo.kpi_rollup r JOIN pg_catalog.pg_class c ON c.oid = r.report
WHERE pg_catalog.pg_has_role(c.relowner, 'USAGE')
ORDER BY 1 \gexec
