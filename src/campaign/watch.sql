-- ----------------------------------------------------------------
-- watching
-- ----------------------------------------------------------------

CREATE FUNCTION promo.anomaly(value numeric, history numeric[], OUT score double precision, OUT severity text)
	AS 'MODULE_PATHNAME', 'promo_anomaly_of_history' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 5;
COMMENT ON FUNCTION promo.anomaly(numeric, numeric[]) IS 'how far the value is from the median b of comparable figures (those of the same hour of the week), in max(1.4826 MAD, sqrt(max(b, 1)), 0.05 b) (Hampel 1974, with floors); severity: none, warn from 3.5 on, critical from 6, either way; NULLs in history are left out; NULL value or history, fewer than four figures: both NULL; NaN, infinity, a figure beyond 1e300: error';

-- not STRICT: NULL gives NULL all the same, and a planner inlines them
CREATE FUNCTION promo.pace(actual numeric, target numeric, share numeric) RETURNS numeric
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	RETURN actual OPERATOR(pg_catalog./) NULLIF(target OPERATOR(pg_catalog.*) share, 0);
COMMENT ON FUNCTION promo.pace(numeric, numeric, numeric) IS 'actual / (target x share), share being the part of the plan that should be done by now: 1 is on time, more is ahead; NULL if an argument is, or with a target or share of 0; NaN and infinity as numeric has them';

CREATE FUNCTION promo.attainment(actual numeric, target numeric, lower_is_better boolean DEFAULT false) RETURNS numeric
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	RETURN CASE lower_is_better
		WHEN false THEN actual OPERATOR(pg_catalog./) NULLIF(target, 0)
		WHEN true THEN target OPERATOR(pg_catalog./) NULLIF(actual, 0)
	END;
COMMENT ON FUNCTION promo.attainment(numeric, numeric, boolean) IS 'actual / target, or target / actual where lower is better: 1 is met, more is better than that; NULL if an argument is, or with a zero denominator; NaN and infinity as numeric has them';

