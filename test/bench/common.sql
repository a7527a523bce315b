--
-- What every part of the benchmark shares.  Workloads are drawn by hashing
-- numbers, so that they are the same on every machine and run.
--
CREATE SCHEMA bench;
SET search_path = bench, public;

-- in (0, 1), for every key and purpose
CREATE FUNCTION draw(key bigint, purpose bigint) RETURNS float8
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	RETURN ((hashint8extended(key, purpose) & 2147483647) + 0.5) / 2147483648.0;

CREATE FUNCTION draw_normal(key bigint, purpose bigint) RETURNS float8
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	RETURN sqrt(-2 * ln(draw(key, purpose))) * cos(2 * pi() * draw(key, purpose + 1));

-- seconds of processor time (user and system) that this backend has used
CREATE FUNCTION cpu_seconds() RETURNS numeric
	LANGUAGE sql VOLATILE AS $$
	SELECT (field[12]::numeric + field[13]::numeric) / 100
	FROM string_to_array(regexp_replace(pg_read_file('/proc/self/stat'), '^.*\) ', ''), ' ') field
$$;
