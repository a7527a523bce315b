-- Lets a role, such as that of a scheduler, refresh rollups and run the jobs.
--
-- psql -v role=NAME -f promo_grant_jobs.sql, as the owner of the extension.  What
-- is granted already stays.
\set ON_ERROR_STOP on

GRANT SELECT ON promo.channel, promo.campaign, promo.promotion, promo.flash_stock, promo.claim, promo.redemption,
	promo.quota, promo.quota_slot, promo.quota_low, promo.kpi_rollup, promo.alert_rule, promo.alert, promo.job_run
	TO :"role";
GRANT SELECT (code, during) ON promo.coupon TO :"role";

-- promotions whose period is over, and what triggers derive of them
GRANT UPDATE (status) ON promo.promotion TO :"role";
GRANT INSERT, DELETE ON promo.promotion_item TO :"role";
GRANT SELECT (promotion) ON promo.promotion_item TO :"role";
GRANT SELECT, UPDATE (version) ON promo.catalog_version TO :"role";

-- slots of quotas, and which run low
GRANT UPDATE (opened) ON promo.quota TO :"role";
GRANT INSERT ON promo.quota_slot, promo.quota_low TO :"role";
GRANT DELETE ON promo.quota_low TO :"role";
GRANT UPDATE (remaining) ON promo.quota_slot TO :"role";

-- alerts, and the log
GRANT UPDATE (looked_at, verdicts) ON promo.alert_rule TO :"role";
GRANT INSERT, UPDATE, DELETE ON promo.alert TO :"role";
GRANT INSERT, DELETE ON promo.job_run TO :"role";

GRANT EXECUTE ON PROCEDURE promo.run_jobs, promo.refresh TO :"role";
GRANT EXECUTE ON FUNCTION promo.run_job, promo.refresh_batch, promo.score_customers, promo.open_quotas, promo.evaluate_alerts, promo.judge_as_owner,
	promo.prune_low_quotas, promo.open_quota, promo.spread_quota, promo.lower_quota, promo.set_quota
	TO :"role";
