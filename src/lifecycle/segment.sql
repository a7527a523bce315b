-- ----------------------------------------------------------------
-- segments of customers
-- ----------------------------------------------------------------

CREATE FUNCTION promo.segment(score promo.rfm, scheme text DEFAULT 'grid') RETURNS text
	AS 'MODULE_PATHNAME', 'promo_segment' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION promo.segment(promo.rfm, text) IS
	'the segment of the scores in a published scheme: grid (ten segments by R and F), rfm and classic (the R package from 0.3 and until 0.2) of scores from 1 to 5, cn (the eight Chinese ones) of scores 1 and 2; another scheme, a score that the scheme does not know: error';
CREATE FUNCTION promo.segment(score promo.rfm, scheme jsonb) RETURNS text
	AS 'MODULE_PATHNAME', 'promo_segment_own' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION promo.segment(promo.rfm, jsonb) IS
	'the segment of the scores by one''s own scheme, [{"segment":"best", "r":[4,5], "f":5}, {"segment":"rest"}]: the first row that matches; a range is a score, a pair of the lowest and the highest, or left out for any; no row matches: NULL; more than 1000 rows, a score that is not 1 to 10: error';

-- not STRICT: no rows would say that all is well
CREATE FUNCTION promo.check_segments(scheme jsonb, levels integer DEFAULT 5)
	RETURNS TABLE (problem text, r integer, f integer, m integer, segments text[])
	AS 'MODULE_PATHNAME', 'promo_check_scheme' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 5000 ROWS 10;
COMMENT ON FUNCTION promo.check_segments(jsonb, integer) IS
	'what is wrong with a scheme of one''s own for scores of 2 to 10 levels: hole, a score that no row matches; overlap, a score that several match, segments names them, the one that wins first; unreachable, a row that never wins (r, f and m are NULL); no rows: nothing is wrong; NULL: error';
