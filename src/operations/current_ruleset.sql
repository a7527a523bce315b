-- ----------------------------------------------------------------
-- the ruleset of the promotions that are on
-- ----------------------------------------------------------------

-- STABLE: reads tables, and now()
CREATE FUNCTION promo.current_ruleset(channel text DEFAULT NULL) RETURNS promo.ruleset
	AS 'MODULE_PATHNAME', 'promo_current_ruleset' LANGUAGE C STABLE PARALLEL SAFE COST 100;
COMMENT ON FUNCTION promo.current_ruleset(text) IS
	'the rules of all active promotions that are not over, for the channel and for everywhere; NULL: only those for everywhere; with max at most what is left of budgets, without what is used up or sold out; as the calling query sees the tables, which the caller must be allowed to read; an unknown channel: error';
