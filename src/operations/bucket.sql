-- ----------------------------------------------------------------
-- buckets: how rollups cut time
-- ----------------------------------------------------------------

CREATE FUNCTION promo.bucket(at timestamptz, size interval, zone text) RETURNS timestamptz
	AS 'MODULE_PATHNAME', 'promo_bucket_of_timestamptz' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 2;
COMMENT ON FUNCTION promo.bucket(timestamptz, interval, text) IS 'when the bucket that the instant lies in begins: a day of the zone, or a part of an hour, counted from midnight of 2001-01-01 in the zone; infinity is its own bucket; a size that is not 1 day and does not divide an hour into minutes or more, an unknown zone: error';
CREATE FUNCTION promo.bucket(at timestamp, size interval, zone text) RETURNS timestamptz
	AS 'MODULE_PATHNAME', 'promo_bucket_of_timestamp' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 2;
COMMENT ON FUNCTION promo.bucket(timestamp, interval, text) IS 'the same of the instant at which clocks of the zone show that time, as AT TIME ZONE has it';
CREATE FUNCTION promo.bucket(at date, size interval, zone text) RETURNS timestamptz
	AS 'MODULE_PATHNAME', 'promo_bucket_of_date' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 2;
COMMENT ON FUNCTION promo.bucket(date, interval, text) IS 'the same of midnight of the day in the zone';
CREATE FUNCTION promo.bucket_end(at timestamptz, size interval, zone text) RETURNS timestamptz
	AS 'MODULE_PATHNAME', 'promo_bucket_end_of' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 2;
COMMENT ON FUNCTION promo.bucket_end(timestamptz, interval, text) IS 'when the bucket that the instant lies in ends and the next begins; of infinity itself; errors as of promo.bucket';

-- for columns without zone, so that an index on them serves
CREATE FUNCTION promo.rollup_local_floor(at timestamptz, zone text) RETURNS timestamp
	AS 'MODULE_PATHNAME', 'promo_local_floor' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 10;
COMMENT ON FUNCTION promo.rollup_local_floor(timestamptz, text) IS 'internal: no clock time of the zone that stands for the instant or a later one is before this, where clocks are changed nearby included';
CREATE FUNCTION promo.rollup_local_ceiling(at timestamptz, zone text) RETURNS timestamp
	AS 'MODULE_PATHNAME', 'promo_local_ceiling' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 10;
COMMENT ON FUNCTION promo.rollup_local_ceiling(timestamptz, text) IS 'internal: every clock time of the zone that stands for an earlier instant is before this, where clocks are changed nearby included';
