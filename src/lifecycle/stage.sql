-- ----------------------------------------------------------------
-- stages of customers
-- ----------------------------------------------------------------

-- not STRICT: a NULL history is a customer without orders, a NULL policy the default
CREATE FUNCTION promo.stage(h promo.history, as_of date, policy jsonb DEFAULT NULL) RETURNS text
	AS 'MODULE_PATHNAME', 'promo_stage' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 5;
COMMENT ON FUNCTION promo.stage(promo.history, date, jsonb) IS
	'where a customer stands on that day: prospect, new, active, loyal, at_risk, churned or reactivated; NULL history: prospect, NULL as_of: NULL; policy: {"new_days":30, "loyal_orders":3, "reactivated_days":30, "at_risk_days":90, "churned_days":180}, or with "gap", days between two orders of the usual customer, "at_risk_gaps":2, "churned_gaps":4, "gap_weight":3 in place of the last two; what is left out has this default; an unknown member, a risk threshold above the churn threshold: error';

-- ----------------------------------------------------------------
-- repurchase
-- ----------------------------------------------------------------

-- not STRICT: a NULL as_of is an error, and within may be NULL
CREATE FUNCTION promo.repurchase_rate_trans(bigint[], promo.history, date) RETURNS bigint[]
	AS 'MODULE_PATHNAME', 'promo_repurchase_rate_trans' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 5;
COMMENT ON FUNCTION promo.repurchase_rate_trans(bigint[], promo.history, date) IS 'transition of promo.repurchase_rate';
CREATE FUNCTION promo.repurchase_rate_trans(bigint[], promo.history, date, integer) RETURNS bigint[]
	AS 'MODULE_PATHNAME', 'promo_repurchase_rate_trans' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 5;
COMMENT ON FUNCTION promo.repurchase_rate_trans(bigint[], promo.history, date, integer) IS 'transition of promo.repurchase_rate';

-- customers observed, and those of them who bought again: the state of avg(integer)
CREATE AGGREGATE promo.repurchase_rate(h promo.history, as_of date) (
	SFUNC       = promo.repurchase_rate_trans,
	STYPE       = bigint[],
	COMBINEFUNC = pg_catalog.int4_avg_combine,
	FINALFUNC   = pg_catalog.int8_avg,
	INITCOND    = '{0,0}',
	PARALLEL    = SAFE
);
COMMENT ON AGGREGATE promo.repurchase_rate(promo.history, date) IS
	'of the customers with an order until as_of, the share (0 to 1) with orders on two days or more; NULL histories are left out, nobody: NULL; a NULL as_of: error';

CREATE AGGREGATE promo.repurchase_rate(h promo.history, as_of date, within integer) (
	SFUNC       = promo.repurchase_rate_trans,
	STYPE       = bigint[],
	COMBINEFUNC = pg_catalog.int4_avg_combine,
	FINALFUNC   = pg_catalog.int8_avg,
	INITCOND    = '{0,0}',
	PARALLEL    = SAFE
);
COMMENT ON AGGREGATE promo.repurchase_rate(promo.history, date, integer) IS
	'of the customers whose first order was at least `within` days before as_of, the share (0 to 1) who ordered again on another day within so many days of the first; within NULL: as without it; nobody observed so long: NULL; a NULL as_of, within below 1: error';
