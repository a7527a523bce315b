-- ----------------------------------------------------------------
-- what became of campaigns: figures of windows, from a rollup
-- ----------------------------------------------------------------

CREATE FUNCTION promo.student_bound(level double precision, freedom int) RETURNS double precision
	AS 'MODULE_PATHNAME', 'promo_student_bound_of_level' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION promo.student_bound(double precision, int) IS 'internal: the two-sided quantile of Student''s t; a level beyond 0 and 1, degrees of freedom beyond 1 and a million: error';

-- in the order of report(), whatever figures that has
CREATE FUNCTION promo.figures(k promo.kpi, OUT place int, OUT metric text, OUT value numeric) RETURNS SETOF record
	LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE ROWS 18
BEGIN ATOMIC
	SELECT f.place::int, f.metric, f.value::numeric
	FROM ROWS FROM (pg_catalog.json_each_text(pg_catalog.row_to_json(promo.report(figures.k)))) WITH ORDINALITY f (metric, value, place);
END;
COMMENT ON FUNCTION promo.figures(promo.kpi) IS 'the figures of report(), a row for each, in that order';

CREATE FUNCTION promo.rollup_of(campaign text) RETURNS promo.kpi_rollup
	LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	named	text;
	rollup	promo.kpi_rollup;
BEGIN
	SELECT c.rollup INTO named FROM promo.campaign c WHERE c.name = campaign;
	IF NOT FOUND THEN
		RAISE undefined_object USING MESSAGE = format('campaign "%s" does not exist', campaign);
	END IF;
	SELECT r.* INTO rollup FROM promo.kpi_rollup r WHERE r.bucket IS NOT NULL AND (named IS NULL OR r.name = named);
	IF NOT FOUND THEN
		RAISE undefined_object USING
			MESSAGE = format('campaign "%s" has no rollup of events to read', campaign),
			DETAIL = coalesce('It names "' || named || '".', 'There is none.'),
			HINT = 'Make one with promo.create_rollup().';
	ELSIF EXISTS (SELECT FROM promo.kpi_rollup r WHERE r.bucket IS NOT NULL AND named IS NULL AND r.name <> rollup.name) THEN
		RAISE object_not_in_prerequisite_state USING
			MESSAGE = format('campaign "%s" does not say which rollup it reads', campaign),
			HINT = 'Set campaign.rollup.';
	END IF;
	RETURN rollup;
END
$$;
COMMENT ON FUNCTION promo.rollup_of(text) IS 'internal: the rollup that a campaign reads; no such campaign, no rollup of events, several of which it names none: error';

-- Half a bucket would be compared with whole ones.
CREATE FUNCTION promo.measured(rollup promo.kpi_rollup, during tstzrange) RETURNS tstzrange
	LANGUAGE sql STABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
	SELECT CASE WHEN lower(during) < running THEN tstzrange(lower(during), least(upper(during), running)) END
	FROM promo.bucket(now(), rollup.bucket, rollup.zone) running
$$;
COMMENT ON FUNCTION promo.measured(promo.kpi_rollup, tstzrange) IS 'internal: the part of a window that is over, without the running bucket; NULL if none is';

CREATE FUNCTION promo.window_states(rollup promo.kpi_rollup, slice jsonb, channel text, windows tstzrange[], OUT place int, OUT state promo.kpi)
	RETURNS SETOF record
	LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	asked	CONSTANT text[] := ARRAY(SELECT jsonb_object_keys(slice)) || CASE WHEN channel IS NOT NULL THEN ARRAY['channel'] ELSE '{}' END;
	unknown CONSTANT text := (SELECT min(dim) FROM unnest(asked) dim WHERE dim <> ALL (rollup.dims));
BEGIN
	IF unknown IS NOT NULL THEN
		RAISE undefined_column USING
			MESSAGE = format('rollup "%s" has no dimension "%s"', rollup.name, unknown),
			DETAIL = format('Its dimensions are: %s.', coalesce(nullif(array_to_string(rollup.dims, ', '), ''), 'none'));
	END IF;
	RETURN QUERY EXECUTE format($query$
			SELECT w.place::int, CASE WHEN w.during IS NOT NULL THEN coalesce(m.state, '{"customers":"none","events":{}}') END
			FROM unnest($1) WITH ORDINALITY w (during, place), LATERAL (
				SELECT promo.rollup(s.state) AS state FROM %s s
				WHERE s.bucket >= lower(w.during) AND s.bucket < upper(w.during)%s%s) m
			$query$,
			rollup.current,
			(SELECT string_agg(format(' AND to_jsonb(s.%I) #>> ''{}'' IS NOT DISTINCT FROM $2 ->> %1$L', dim), '') FROM jsonb_object_keys(slice) dim),
			CASE WHEN channel IS NOT NULL THEN ' AND s.channel::text = $3' END)
		USING windows, slice, channel;
END
$$;
COMMENT ON FUNCTION promo.window_states(promo.kpi_rollup, jsonb, text, tstzrange[]) IS 'internal: for each window the merged state of the buckets that begin in it, of rows that match the slice and, if not NULL, the channel; a NULL window: NULL; a dimension that the rollup has not: error';

-- Clocks of the rollup's zone show the same in all of them; those of a window
-- that is not over end where it is measured to.
CREATE FUNCTION promo.comparable_windows(rollup promo.kpi_rollup, slice jsonb, during tstzrange) RETURNS tstzrange[]
	LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	most	CONSTANT int := 12;
	starts	CONSTANT timestamp := lower(during) AT TIME ZONE rollup.zone;
	ends	CONSTANT timestamp := upper(coalesce(promo.measured(rollup, during), during)) AT TIME ZONE rollup.zone;
	step	CONSTANT interval := ceil(extract(epoch FROM (upper(during) AT TIME ZONE rollup.zone) - starts) / 604800) * interval '7 days';
	first	timestamptz;
BEGIN
	EXECUTE format('SELECT min(bucket) FROM %s', rollup.current) INTO first;
	RETURN ARRAY(
		SELECT earlier
		FROM generate_series(starts - step, first AT TIME ZONE rollup.zone, -step) moved,
			tstzrange(moved AT TIME ZONE rollup.zone, (moved + (ends - starts)) AT TIME ZONE rollup.zone) earlier
		WHERE promo.measured(rollup, earlier) = earlier
			AND NOT EXISTS (
				SELECT FROM promo.campaign c
				WHERE (earlier && c.preheat OR earlier && c.running OR earlier && c.after)
					-- nor was it of other rows
					AND NOT EXISTS (SELECT FROM jsonb_each_text(c.slice) theirs JOIN jsonb_each_text(comparable_windows.slice) ours USING (key)
									WHERE theirs.value <> ours.value))
		ORDER BY moved DESC LIMIT most);
END
$$;
COMMENT ON FUNCTION promo.comparable_windows(promo.kpi_rollup, jsonb, tstzrange) IS 'internal: the latest 12 windows, whole weeks before and as many apart as the window is long, that touch no phase of a campaign whose slice has rows in common with this, and do not begin before the rollup does; the latest first';

CREATE FUNCTION promo.phase_window(campaign text, phase text) RETURNS tstzrange
	LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	phases	promo.campaign;
BEGIN
	SELECT * INTO phases FROM promo.campaign c WHERE c.name = campaign;
	IF NOT FOUND THEN
		RAISE undefined_object USING MESSAGE = format('campaign "%s" does not exist', campaign);
	END IF;
	CASE phase
		WHEN 'preheat' THEN RETURN phases.preheat;
		WHEN 'running' THEN RETURN phases.running;
		WHEN 'after' THEN RETURN phases.after;
		WHEN 'all' THEN RETURN tstzrange(lower(coalesce(phases.preheat, phases.running)), upper(coalesce(phases.after, phases.running)));
		ELSE RAISE invalid_parameter_value USING
			MESSAGE = format('unknown phase "%s"', phase),
			HINT = 'Phases are preheat, running, after and all.';
	END CASE;
END
$$;
COMMENT ON FUNCTION promo.phase_window(text, text) IS 'internal: the window of a phase, or of all from the first to the last; NULL if the campaign has not that phase; no such campaign, another phase: error';

CREATE FUNCTION promo.review(campaign text, phase text DEFAULT 'running', channel text DEFAULT NULL)
	RETURNS TABLE (metric text, target numeric, actual numeric, baseline numeric, lift numeric, lo numeric, hi numeric, attainment numeric)
	LANGUAGE plpgsql STABLE PARALLEL SAFE ROWS 18 SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	asked	CONSTANT tstzrange := promo.phase_window(campaign, phase);
	source	CONSTANT promo.kpi_rollup := promo.rollup_of(campaign);
	slice	CONSTANT jsonb := (SELECT c.slice FROM promo.campaign c WHERE c.name = campaign);
	usual_windows CONSTANT tstzrange[] := promo.comparable_windows(source, slice, asked);
BEGIN
	IF cardinality(usual_windows) < 4 THEN
		RAISE NOTICE 'campaign "%" has no baseline in this phase', campaign USING
			DETAIL = format('%s of the comparable windows before are free of campaigns, and no older than the rollup; 4 are needed.', cardinality(usual_windows));
	END IF;
	IF channel IS NOT NULL AND NOT EXISTS (SELECT FROM promo.channel c WHERE c.name = channel) THEN
		RAISE undefined_object USING MESSAGE = format('channel "%s" does not exist', channel);
	END IF;
	RETURN QUERY
	WITH listed AS (
		SELECT f.place, f.metric FROM promo.figures('{"customers":"none","events":{}}') f
	), figure AS (
		SELECT s.place AS nth, f.metric, f.value
		FROM promo.window_states(source, slice, review.channel, promo.measured(source, asked) || usual_windows) s,
			promo.figures(s.state) f
	), usual AS (
		SELECT f.metric, count(f.value) AS n,
			(percentile_disc(0.5) WITHIN GROUP (ORDER BY f.value) + percentile_disc(0.5) WITHIN GROUP (ORDER BY f.value DESC)) / 2 AS median,
			min(f.value) AS least,
			stddev_samp(ln(CASE WHEN f.value > 0 THEN f.value::float8 END)) AS spread
		FROM figure f WHERE f.nth > 1
		GROUP BY f.metric
	), compared AS (
		SELECT l.place, l.metric, a.value AS actual,
			CASE WHEN u.n >= 4 THEN trim_scale(u.median) END AS baseline,
			CASE WHEN u.n >= 4 AND u.median > 0 THEN a.value / u.median END AS ratio,
			CASE WHEN u.n >= 8 AND u.least > 0 AND a.value > 0 THEN
				exp(promo.student_bound(0.95, u.n::int - 1) * u.spread * sqrt(1 + 1.0::float8 / u.n)) END AS factor
		FROM listed l
		LEFT JOIN figure a ON a.metric = l.metric AND a.nth = 1
		LEFT JOIN usual u ON u.metric = l.metric
	), goal AS (
		SELECT DISTINCT ON (g.metric) g.metric, g.target, g.lower_is_better
		FROM promo.campaign_goal g JOIN promo.campaign c ON c.name = g.campaign
		WHERE g.campaign = review.campaign AND coalesce(g.during, c.running) = asked
			AND g.channel IS NOT DISTINCT FROM review.channel
		ORDER BY g.metric, g.parent IS NOT NULL, g.id
	)
	SELECT c.metric, g.target, c.actual, c.baseline, round(c.ratio - 1, 4),
		round((c.ratio::float8 / c.factor - 1)::numeric, 4), round((c.ratio::float8 * c.factor - 1)::numeric, 4),
		round(promo.attainment(c.actual, g.target, g.lower_is_better), 4)
	FROM compared c LEFT JOIN goal g ON g.metric = c.metric
	ORDER BY c.place;
END
$$;
COMMENT ON FUNCTION promo.review(text, text, text) IS 'a row for each figure of report() in a phase (preheat, running, after, or all from the first to the last), of one channel or all: the goal''s target, what was reached, the median of comparable windows before (NULL of fewer than four), lift over it with its 95 % interval (NULL of fewer than eight), and attainment; ratios to 4 decimals; a phase that the campaign has not, or that has not begun: actual is NULL; no such campaign, phase or channel, a rollup without that dimension or none: error';

CREATE FUNCTION promo.goals(campaign text)
	RETURNS TABLE (goal bigint, depth int, metric text, channel text, during tstzrange, target numeric, actual numeric, attainment numeric)
	LANGUAGE plpgsql STABLE PARALLEL SAFE ROWS 10 SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	source	CONSTANT promo.kpi_rollup := promo.rollup_of(campaign);
BEGIN
	RETURN QUERY
	WITH RECURSIVE tree AS (
		SELECT g.id, 0 AS level, ARRAY[g.id] AS path
		FROM promo.campaign_goal g WHERE g.campaign = goals.campaign AND g.parent IS NULL
		UNION ALL
		SELECT g.id, t.level + 1, t.path || g.id
		FROM tree t JOIN promo.campaign_goal g ON g.parent = t.id
	)
	SELECT g.id, t.level, g.metric, g.channel, w.asked, g.target, f.value,
		round(promo.attainment(f.value, g.target, g.lower_is_better), 4)
	FROM tree t
	JOIN promo.campaign_goal g ON g.id = t.id
	JOIN promo.campaign c ON c.name = g.campaign
	CROSS JOIN LATERAL coalesce(g.during, c.running) w (asked)
	CROSS JOIN LATERAL promo.window_states(source, c.slice, g.channel, ARRAY[promo.measured(source, w.asked)]) s
	LEFT JOIN LATERAL promo.figures(s.state) f ON f.metric = g.metric
	ORDER BY t.path;
END
$$;
COMMENT ON FUNCTION promo.goals(text) IS 'the goals of a campaign, each before its parts, with depth (0: has no parent), window, what was reached and attainment to 4 decimals; actual NULL: has not begun; no such campaign or dimension, no rollup: error';

CREATE FUNCTION promo.department_profit(campaign text)
	RETURNS TABLE (department text, share numeric, profit numeric)
	LANGUAGE plpgsql STABLE PARALLEL SAFE ROWS 10 SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	source	CONSTANT promo.kpi_rollup := promo.rollup_of(campaign);
	whole	numeric;
BEGIN
	SELECT round(promo.profit(s.state), 2) INTO whole
	FROM promo.campaign c,
		promo.window_states(source, c.slice, NULL, ARRAY[promo.measured(source, promo.phase_window(c.name, 'all'))]) s
	WHERE c.name = department_profit.campaign;
	RETURN QUERY
	SELECT d.department, d.share,
		(promo.apportion(whole, array_agg(d.share) OVER (ORDER BY d.department ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)))
			[row_number() OVER (ORDER BY d.department)]
	FROM promo.campaign_department d WHERE d.campaign = department_profit.campaign
	ORDER BY d.department;
END
$$;
COMMENT ON FUNCTION promo.department_profit(text) IS 'the profit from the start of the first phase to the end of the last, to the cent, split by the shares of the departments; profit NULL: has not begun; no such campaign, no rollup: error';
