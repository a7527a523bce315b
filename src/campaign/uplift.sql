-- ----------------------------------------------------------------
-- uplift
-- ----------------------------------------------------------------

CREATE FUNCTION promo.uplift(n_t bigint, x_t bigint, n_c bigint, x_c bigint, level double precision DEFAULT 0.95,
							 OUT diff double precision, OUT lo double precision, OUT hi double precision,
							 OUT lift double precision, OUT lift_lo double precision, OUT lift_hi double precision,
							 OUT p double precision)
	AS 'MODULE_PATHNAME', 'promo_uplift_of_counts' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION promo.uplift(bigint, bigint, bigint, bigint, double precision) IS 'x of n customers did it, in the treated and the control group; diff: x_t/n_t - x_c/n_c, lo and hi: its interval (Newcombe 1998, method 10), lift: the ratio - 1, lift_lo and lift_hi: its interval (Katz 1978), p: two-sided, of the z test with pooled share; NULL: all of an empty group, lift where the control never did it, its interval where either never did, p where nobody or everybody did; a NULL argument: all NULL; a negative figure, x above n, level not between 0 and 1: error';

CREATE FUNCTION promo.uplift(k_t promo.kpi, k_c promo.kpi, event text, of_event text, level double precision DEFAULT 0.95,
							 OUT diff double precision, OUT lo double precision, OUT hi double precision,
							 OUT lift double precision, OUT lift_lo double precision, OUT lift_hi double precision,
							 OUT p double precision)
	AS 'MODULE_PATHNAME', 'promo_uplift_of_kpis' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION promo.uplift(promo.kpi, promo.kpi, text, text, double precision) IS 'the same of two states: n are the uniques of of_event, x those of event; where they are not exact their error is not in the intervals; more uniques of event than of of_event: error';

