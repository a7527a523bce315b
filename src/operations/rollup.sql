-- ----------------------------------------------------------------
-- rollups: states of a table's rows, kept exact
-- ----------------------------------------------------------------

-- rollup.c reads the first ten by their number
CREATE TABLE promo.kpi_rollup (
	name		text PRIMARY KEY,
	source		regclass NOT NULL,
	state		regclass NOT NULL,
	mark		regclass NOT NULL,
	rows		regclass NOT NULL,
	bucket		interval,
	zone		text NOT NULL,
	current		regclass NOT NULL,
	report		regclass NOT NULL,
	customer	regclass,
	at			name NOT NULL,
	dims		name[] NOT NULL,
	measures	jsonb NOT NULL,
	keep		interval,
	created_at	timestamptz NOT NULL DEFAULT pg_catalog.now()
);
COMMENT ON TABLE promo.kpi_rollup IS 'the rollups that create_rollup() made; they are not changed, but dropped and created again';
COMMENT ON COLUMN promo.kpi_rollup.state IS 'the table of states, NAME_state; its owner is the rollup''s owner';
COMMENT ON COLUMN promo.kpi_rollup.mark IS 'the table of marks, NAME_mark: what must be computed again; NULL is everything';
COMMENT ON COLUMN promo.kpi_rollup.rows IS 'the view of the source''s rows as they are measured, NAME_row';
COMMENT ON COLUMN promo.kpi_rollup.bucket IS 'length of a bucket; NULL: a history for each customer';
COMMENT ON COLUMN promo.kpi_rollup.current IS 'the view of states, always current, NAME_current';
COMMENT ON COLUMN promo.kpi_rollup.report IS 'the view for reading, NAME';
COMMENT ON COLUMN promo.kpi_rollup.customer IS 'the table of what score_customers() found, NAME_customer; NULL with buckets';
COMMENT ON COLUMN promo.kpi_rollup.dims IS 'columns of states beside the bucket; the column of the customer for histories';
COMMENT ON COLUMN promo.kpi_rollup.keep IS 'how long states are kept; NULL: for ever';

-- The triggers write where this table says, and refresh_batch() works as the
-- owner of what it names.  So a row is made by somebody who owns all of that.
CREATE FUNCTION promo.check_rollup() RETURNS trigger
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	rollup promo.kpi_rollup;
	relation regclass;
BEGIN
	IF TG_OP = 'UPDATE' THEN
		RAISE 'a rollup is not changed' USING ERRCODE = 'object_not_in_prerequisite_state',
			HINT = 'Drop it with promo.drop_rollup, and create it again.';
	END IF;
	IF TG_OP = 'DELETE' THEN
		rollup := OLD;
	ELSE
		rollup := NEW;
	END IF;
	FOR relation IN
		SELECT id FROM unnest(ARRAY[rollup.state, rollup.mark, rollup.rows, rollup.current, rollup.report, rollup.customer]) id
			LEFT JOIN pg_class ON oid = id
		WHERE NOT pg_has_role(relowner, 'USAGE') OR id IS NOT NULL AND oid IS NULL AND TG_OP = 'INSERT'
	LOOP
		RAISE 'must be owner of %', relation USING ERRCODE = 'insufficient_privilege';
	END LOOP;
	RETURN rollup;
END $$;
COMMENT ON FUNCTION promo.check_rollup() IS 'trigger: who records or removes a rollup owns its tables and views; it is never changed';
CREATE TRIGGER check_rollup BEFORE INSERT OR UPDATE OR DELETE ON promo.kpi_rollup FOR EACH ROW EXECUTE FUNCTION promo.check_rollup();
ALTER TABLE promo.kpi_rollup ENABLE ALWAYS TRIGGER check_rollup;

CREATE FUNCTION promo.mark_changes() RETURNS trigger
	AS 'MODULE_PATHNAME', 'promo_mark_changes' LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION promo.mark_changes() IS 'trigger: marks the buckets or customers of rows that are inserted, updated or deleted; its argument names the rollup';

CREATE FUNCTION promo.rollup_check_rows(rows regclass, source regclass) RETURNS void
	AS 'MODULE_PATHNAME', 'promo_check_rows' LANGUAGE C STABLE STRICT PARALLEL UNSAFE;
COMMENT ON FUNCTION promo.rollup_check_rows(regclass, regclass) IS 'internal: error if what the view shows of a row depends on anything but the row';

-- ----------------------------------------------------------------
-- creating and dropping
-- ----------------------------------------------------------------

-- What the statements of a rollup have in common, for format('%1$s ...').
CREATE FUNCTION promo.rollup_words(rollup promo.kpi_rollup) RETURNS text[]
	LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	dims CONSTANT text := coalesce((SELECT string_agg(format(', %I', dim), '' ORDER BY n)
		FROM unnest(rollup.dims) WITH ORDINALITY d (dim, n)), '');
	dims_of_row CONSTANT text := coalesce((SELECT string_agg(format(', r.%I', dim), '' ORDER BY n)
		FROM unnest(rollup.dims) WITH ORDINALITY d (dim, n)), '');
	zoned CONSTANT boolean := EXISTS (SELECT FROM pg_attribute
		WHERE attrelid = rollup.rows AND attname = 'at' AND atttypid = 'timestamptz'::regtype);
BEGIN
	RETURN ARRAY[
		rollup.state::text,
		rollup.mark::text,
		rollup.rows::text,
		-- 4: the dimensions, after a comma
		dims,
		-- 5: size and zone of buckets, after a comma
		format(', interval %L, %L', rollup.bucket, rollup.zone),
		-- 6, 7, 8: an instant, as the column of time has it: %6$s(instant%8$s) is the first of it, %7$s the end
		CASE WHEN zoned THEN '' ELSE 'promo.rollup_local_floor' END,
		CASE WHEN zoned THEN '' ELSE 'promo.rollup_local_ceiling' END,
		CASE WHEN zoned THEN '' ELSE format(', %L', rollup.zone) END,
		-- 9: what is kept
		CASE WHEN rollup.keep IS NULL THEN '' ELSE format(' AND bucket >= now() - interval %L', rollup.keep) END,
		-- 10: a day of the row r
		CASE WHEN zoned THEN format('(r.at AT TIME ZONE %L)::date', rollup.zone) ELSE 'r.at::date' END,
		-- 11
		rollup.current::text,
		rollup.customer::text,
		-- 13: the dimensions of the row r, where other columns may have the same names
		dims_of_row
	];
END $$;
COMMENT ON FUNCTION promo.rollup_words(promo.kpi_rollup) IS 'internal: names and expressions of which the statements of a rollup are made';

-- The view NAME_row, in the words of the caller.
CREATE FUNCTION promo.rollup_rows(name text, source regclass, bucket interval, at text, measures jsonb, dims text[], zone text, keep interval) RETURNS text
	LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_variable
DECLARE
	taken CONSTANT text[] := ARRAY['bucket', 'state', 'event', 'customer', 'amount', 'cost', 'grain', 'by', 'at', 'campaign']
		|| (SELECT proargnames FROM pg_proc WHERE oid = 'promo.report(promo.kpi)'::regprocedure)[2:];
	allowed CONSTANT text[] := CASE WHEN bucket IS NULL THEN '{amount}'::text[] ELSE '{event,customer,amount,discount,cost}'::text[] END;
	needed CONSTANT text := allowed[1];
	relation record;
	tablename text;
	col record;
	word text;
BEGIN
	IF name IS NULL OR source IS NULL OR at IS NULL OR measures IS NULL OR dims IS NULL OR zone IS NULL THEN
		RAISE 'only bucket and keep of a rollup may be null' USING ERRCODE = 'null_value_not_allowed';
	ELSIF name = '' OR octet_length(name) > 48 THEN
		RAISE 'name of a rollup is empty or longer than 48 bytes: "%"', name USING ERRCODE = 'invalid_name';
	ELSIF EXISTS (SELECT FROM promo.kpi_rollup r WHERE r.name = name) THEN
		RAISE 'rollup "%" exists already', name USING ERRCODE = 'duplicate_object';
	END IF;

	SELECT c.*, nspname, EXISTS (SELECT FROM pg_inherits WHERE inhparent = c.oid) AS has_children
	INTO relation FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace WHERE c.oid = source;
	IF relation.relkind NOT IN ('r', 'p') OR relation.relpersistence <> 'p' THEN
		RAISE '"%" is not a permanent table', source USING ERRCODE = 'wrong_object_type';
	ELSIF relation.relkind = 'r' AND relation.has_children THEN
		RAISE '"%" has tables that inherit from it', source USING ERRCODE = 'wrong_object_type',
			DETAIL = 'Rows put into these would not be seen.', HINT = 'Partition the table instead.';
	ELSIF NOT pg_has_role(relation.relowner, 'USAGE') THEN
		RAISE 'must be owner of table %', source USING ERRCODE = 'insufficient_privilege';
	END IF;

	tablename := format('%s%I.%I', CASE relation.relkind WHEN 'r' THEN 'ONLY ' END, relation.nspname, relation.relname);

	-- raises errors about size and zone
	PERFORM promo.bucket(now(), coalesce(bucket, '1 day'), zone);
	IF EXISTS (SELECT FROM pg_timezone_abbrevs WHERE abbrev = upper(zone) AND utc_offset <> '0') THEN
		RAISE 'time zone "%" is an abbreviation', zone USING ERRCODE = 'invalid_parameter_value',
			HINT = 'Give a name such as "Asia/Shanghai"; pg_timezone_names lists them.';
	ELSIF keep <= '0' THEN
		RAISE 'keep is not above zero' USING ERRCODE = 'invalid_parameter_value';
	ELSIF keep IS NOT NULL AND bucket IS NULL THEN
		RAISE 'histories are kept whole' USING ERRCODE = 'invalid_parameter_value', HINT = 'Give keep only with a bucket.';
	END IF;

	IF array_ndims(dims) > 1 OR cardinality(dims) > 4 THEN
		RAISE 'more than four dimensions' USING ERRCODE = 'program_limit_exceeded';
	ELSIF bucket IS NULL AND cardinality(dims) <> 1 THEN
		RAISE 'histories have one dimension, the column of the customer' USING ERRCODE = 'invalid_parameter_value';
	ELSIF cardinality(dims) <> (SELECT count(DISTINCT d) FROM unnest(dims) d) THEN
		RAISE 'a dimension is null or named twice' USING ERRCODE = 'invalid_parameter_value';
	END IF;
	FOREACH word IN ARRAY at || dims LOOP
		SELECT atttypid INTO col FROM pg_attribute WHERE attrelid = source AND attname = word AND attnum > 0 AND NOT attisdropped;
		IF NOT FOUND THEN
			RAISE 'column "%" of table "%" does not exist', word, source USING ERRCODE = 'undefined_column';
		ELSIF word = at THEN
			IF col.atttypid NOT IN ('timestamptz'::regtype, 'timestamp'::regtype, 'date'::regtype) THEN
				RAISE 'column "%" is of type %, not timestamptz, timestamp or date', word, col.atttypid::regtype
					USING ERRCODE = 'datatype_mismatch';
			ELSIF col.atttypid = 'date'::regtype AND bucket < '1 day' THEN
				RAISE 'column "%" is of type date: its buckets are days', word USING ERRCODE = 'invalid_parameter_value';
			END IF;
		ELSIF bucket IS NOT NULL AND word = ANY (taken) THEN
			RAISE 'dimension "%" has the name of another column of the rollup', word USING ERRCODE = 'duplicate_column',
				HINT = 'Give the table a generated column of another name.';
		ELSIF bucket IS NULL AND NOT promo.rollup_takes_customer(col.atttypid) THEN
			RAISE 'column "%" is of type %, not bigint, text or uuid', word, col.atttypid::regtype USING ERRCODE = 'datatype_mismatch';
		END IF;
	END LOOP;

	IF jsonb_typeof(measures) <> 'object' OR EXISTS (SELECT FROM jsonb_each(measures) WHERE jsonb_typeof(value) <> 'string') THEN
		RAISE 'measures are not an object of expressions' USING ERRCODE = 'invalid_parameter_value',
			HINT = format('Such as {"%s": "..."}.', needed);
	ELSIF NOT measures ? needed THEN
		RAISE 'measures are without "%"', needed USING ERRCODE = 'invalid_parameter_value',
			HINT = format('Such as {"%s": "..."}.', needed);
	END IF;
	FOR word IN SELECT key FROM jsonb_each(measures) WHERE key <> ALL (allowed) LOOP
		RAISE 'unknown measure "%"', word USING ERRCODE = 'invalid_parameter_value',
			HINT = format('Measures are %s.', array_to_string(allowed, ', '));
	END LOOP;

	-- an expression may end with a comment: its parenthesis is closed on the next line
	IF bucket IS NULL THEN
		RETURN format('CREATE VIEW %1$I.%2$I (customer, at, amount) AS
			SELECT %3$I, %4$I, pg_catalog.round((%5$s
			)::pg_catalog.numeric, 4)
			FROM %6$s
			WHERE %3$I IS NOT NULL AND pg_catalog.isfinite(%4$I) AND (%5$s
			)::pg_catalog.numeric IS NOT NULL',
			relation.nspname, name || '_row', dims[1], at, measures->>'amount', tablename);
	END IF;
	RETURN format('CREATE VIEW %1$I.%2$I (at%3$s, event, customer, amount, discount, cost) AS
		SELECT %4$I%3$s, (%5$s
		)::pg_catalog.text, (%6$s
		), pg_catalog.round((%7$s
		)::pg_catalog.numeric, 4), pg_catalog.round((%8$s
		)::pg_catalog.numeric, 4), pg_catalog.round((%9$s
		)::pg_catalog.numeric, 4)
		FROM %10$s
		WHERE pg_catalog.isfinite(%4$I) AND (%5$s
		)::pg_catalog.text IS NOT NULL',
		relation.nspname, name || '_row', (SELECT string_agg(format(', %I', d), '' ORDER BY n) FROM unnest(dims) WITH ORDINALITY x (d, n)),
		at, measures->>'event', coalesce(measures->>'customer', 'NULL::pg_catalog.int8'),
		coalesce(measures->>'amount', 'NULL'), coalesce(measures->>'discount', 'NULL'), coalesce(measures->>'cost', 'NULL'), tablename);
END $$;
COMMENT ON FUNCTION promo.rollup_rows(text, regclass, interval, text, jsonb, text[], text, interval) IS 'internal: checks the arguments of create_rollup(); the statement that makes the view of rows';

CREATE FUNCTION promo.rollup_takes_customer(type oid) RETURNS boolean
	LANGUAGE sql STABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
	SELECT coalesce(nullif(typbasetype, 0), oid) IN ('int2'::regtype, 'int4'::regtype, 'int8'::regtype,
		'text'::regtype, 'varchar'::regtype, 'bpchar'::regtype, 'uuid'::regtype)
	FROM pg_type WHERE oid = $1
$$;
COMMENT ON FUNCTION promo.rollup_takes_customer(oid) IS 'internal: whether values of the type, or the domain, can be customers';

-- The view NAME_current: what is marked comes from the source, the rest from the states.
CREATE FUNCTION promo.rollup_current(rollup promo.kpi_rollup) RETURNS text
	LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	IF rollup.bucket IS NULL THEN
		RETURN format('
			SELECT customer, state FROM %1$s s
			WHERE NOT EXISTS (SELECT FROM %2$s m WHERE m.customer = s.customer)
				AND NOT EXISTS (SELECT FROM %2$s m WHERE m.customer IS NULL)
			UNION ALL
			SELECT m.customer, promo.history_agg(%10$s, r.amount)
			FROM (SELECT DISTINCT customer FROM %2$s WHERE customer IS NOT NULL) m JOIN %3$s r ON r.customer = m.customer
			WHERE NOT EXISTS (SELECT FROM %2$s m WHERE m.customer IS NULL)
			GROUP BY m.customer
			UNION ALL
			SELECT r.customer, promo.history_agg(%10$s, r.amount)
			FROM %3$s r
			WHERE EXISTS (SELECT FROM %2$s m WHERE m.customer IS NULL)
			GROUP BY r.customer', VARIADIC promo.rollup_words(rollup));
	END IF;
	RETURN format('
		SELECT bucket%4$s, state FROM %1$s s
		WHERE NOT EXISTS (SELECT FROM %2$s m WHERE m.bucket = s.bucket)
			AND NOT EXISTS (SELECT FROM %2$s m WHERE m.bucket IS NULL)%9$s
		UNION ALL
		SELECT bucket%4$s, promo.kpi_agg(event, customer, amount, discount, cost)
		FROM (SELECT DISTINCT bucket FROM %2$s WHERE bucket IS NOT NULL%9$s) m
			JOIN %3$s r ON r.at >= %6$s(bucket%8$s) AND r.at < %7$s(promo.bucket_end(bucket%5$s)%8$s) AND promo.bucket(r.at%5$s) = bucket
		WHERE NOT EXISTS (SELECT FROM %2$s m WHERE m.bucket IS NULL)
		GROUP BY bucket%4$s
		UNION ALL
		SELECT bucket%4$s, promo.kpi_agg(event, customer, amount, discount, cost)
		FROM (SELECT promo.bucket(r.at%5$s) AS bucket, r.* FROM %3$s r) r
		WHERE EXISTS (SELECT FROM %2$s m WHERE m.bucket IS NULL)%9$s
		GROUP BY bucket%4$s', VARIADIC promo.rollup_words(rollup));
END $$;
COMMENT ON FUNCTION promo.rollup_current(promo.kpi_rollup) IS 'internal: the query of the view of states';

-- The view NAME.  Its branches have constants for grain and by, so that the
-- planner leaves out those that a query does not name.
CREATE FUNCTION promo.rollup_report(rollup promo.kpi_rollup) RETURNS text
	LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	minutes CONSTANT numeric := extract(epoch FROM rollup.bucket) / 60;
	unit CONSTANT text := CASE WHEN minutes = 1440 THEN 'day' WHEN minutes = 60 THEN 'hour' WHEN minutes = 1 THEN 'minute'
		WHEN minutes % 1 = 0 THEN minutes::int || ' minutes' ELSE (minutes * 60)::float8 || ' seconds' END;
	slice CONSTANT text := format('jsonb_build_object(%s)', (SELECT string_agg(format('%L, k.%I', dim, dim), ', ' ORDER BY n)
		FROM unnest(rollup.dims) WITH ORDINALITY d (dim, n)));
	figures CONSTANT text := (SELECT string_agg(format('(g.state).%I', figure), ', ' ORDER BY n)
		FROM pg_proc, unnest(proargnames[2:]) WITH ORDINALITY f (figure, n) WHERE oid = 'promo.report(promo.kpi)'::regprocedure);
	branches text[] := '{}';
	grain record;
	subset int;
	dims record;
BEGIN
	IF rollup.bucket IS NULL THEN
		RETURN format('
			SELECT k.customer, promo.orders(state) AS orders, promo.order_days(state) AS order_days, promo.first_day(state) AS first_day,
				promo.last_day(state) AS last_day, promo.spent(state) AS spent, promo.mean_gap(state) AS mean_gap, as_of, rfm, segment, stage
			FROM %11$s k LEFT JOIN %12$s c ON c.customer = k.customer', VARIADIC promo.rollup_words(rollup));
	END IF;
	FOR grain IN
		SELECT unit AS word, 'bucket' AS at, 'NULL::text' AS campaign, ARRAY['bucket'] AS keys, '' AS source
		UNION ALL SELECT 'day', format('promo.bucket(bucket, interval ''1 day'', %L)', rollup.zone), 'NULL::text', ARRAY['1'], '' WHERE unit <> 'day'
		UNION ALL SELECT 'campaign', 'lower(c.running)', 'c.name', ARRAY['c.name', 'c.running'],
			format(' JOIN promo.campaign c ON bucket >= lower(c.running) AND bucket < upper(c.running) AND promo.in_slice(%s, c.slice)
				AND (c.rollup = %L OR c.rollup IS NULL AND (SELECT count(*) = 1 FROM promo.kpi_rollup WHERE bucket IS NOT NULL))', slice, rollup.name)
		UNION ALL SELECT 'total', 'min(bucket)', 'NULL::text', '{}', ''
	LOOP
		FOR subset IN 0 .. (1 << cardinality(rollup.dims)) - 1 LOOP
			SELECT coalesce(array_agg(dim::text ORDER BY n) FILTER (WHERE chosen), '{}') AS names,
				array_agg(format('k.%I', dim) ORDER BY n) FILTER (WHERE chosen) AS keys,
				coalesce(string_agg(format(', g.%I', dim), '' ORDER BY n), '') AS shown,
				coalesce(string_agg(CASE WHEN chosen THEN format(', k.%I', dim)
					ELSE format(', NULL::%s AS %I', format_type(atttypid, atttypmod), dim) END, '' ORDER BY n), '') AS computed
			INTO dims
			FROM unnest(rollup.dims) WITH ORDINALITY d (dim, n)
				JOIN pg_attribute ON attrelid = rollup.state AND attname = dim,
				LATERAL (SELECT subset >> n::int - 1 & 1 = 1 AS chosen) c;
			branches := branches || format('
				SELECT %L::text AS grain, %L::text[] AS by, g.at, g.campaign%s, %s
				FROM (SELECT %s AS at, %s AS campaign%s, promo.report(promo.rollup(state)) AS state FROM %s k%s GROUP BY %s HAVING count(*) > 0) g',
				grain.word, dims.names, dims.shown, figures, grain.at, grain.campaign, dims.computed, rollup.current, grain.source,
				coalesce(nullif(array_to_string(grain.keys || dims.keys, ', '), ''), '()'));
		END LOOP;
	END LOOP;
	RETURN array_to_string(branches, ' UNION ALL');
END $$;
COMMENT ON FUNCTION promo.rollup_report(promo.kpi_rollup) IS 'internal: the query of the view for reading';

-- Everything else, once the view of rows is there.
CREATE FUNCTION promo.rollup_finish(name text, source regclass, bucket interval, at text, measures jsonb, dims text[], zone text, keep interval) RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_variable
DECLARE
	namespace CONSTANT text := (SELECT nspname FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace WHERE c.oid = source);
	key CONSTANT text := CASE WHEN bucket IS NULL THEN 'customer' ELSE 'bucket' END;
	rollup promo.kpi_rollup;
	type oid;
	col text;
BEGIN
	rollup.name := name;
	rollup.source := source;
	rollup.rows := format('%I.%I', namespace, name || '_row');
	rollup.bucket := bucket;
	rollup.zone := zone;
	rollup.at := at;
	rollup.dims := CASE WHEN bucket IS NULL THEN '{customer}' ELSE dims END;
	rollup.measures := measures;
	rollup.keep := keep;
	rollup.created_at := now();
	PERFORM promo.rollup_check_rows(rollup.rows, source);
	IF (SELECT count(*) FROM pg_attribute WHERE attrelid = rollup.rows AND attnum > 0) <> (CASE WHEN bucket IS NULL THEN 3 ELSE 6 + cardinality(dims) END) THEN
		RAISE 'a measure is more than one expression' USING ERRCODE = 'invalid_parameter_value';
	END IF;
	SELECT atttypid INTO type FROM pg_attribute WHERE attrelid = rollup.rows AND attname = 'customer';
	IF NOT promo.rollup_takes_customer(type) THEN
		RAISE 'measure "customer" is of type %, not bigint, text or uuid', type::regtype USING ERRCODE = 'datatype_mismatch';
	END IF;

	-- The columns have the types of the source's.  Writers never wait for VACUUM
	-- to give pages of marks back, and each table may be published.
	EXECUTE format('CREATE TABLE %I.%I AS SELECT %s, NULL::%s AS state FROM %s WITH NO DATA', namespace, name || '_state',
		CASE WHEN bucket IS NULL THEN 'customer' ELSE concat_ws(', ', 'now() AS bucket', (SELECT string_agg(quote_ident(d), ', ' ORDER BY n) FROM unnest(dims) WITH ORDINALITY x (d, n))) END,
		CASE WHEN bucket IS NULL THEN 'promo.history' ELSE 'promo.kpi' END, rollup.rows);
	rollup.state := format('%I.%I', namespace, name || '_state');
	EXECUTE format('CREATE TABLE %I.%I WITH (vacuum_truncate = false, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000) '
		'AS SELECT %I FROM %s WITH NO DATA', namespace, name || '_mark', key, rollup.state);
	rollup.mark := format('%I.%I', namespace, name || '_mark');
	EXECUTE format('ALTER TABLE %s REPLICA IDENTITY FULL', rollup.mark);
	EXECUTE format('ALTER TABLE %s ADD UNIQUE NULLS NOT DISTINCT (%s), ALTER %I SET NOT NULL, ALTER state SET NOT NULL, REPLICA IDENTITY FULL',
		rollup.state, (SELECT string_agg(quote_ident(c), ', ') FROM unnest(key || CASE WHEN bucket IS NULL THEN '{}' ELSE dims END) c), key);
	IF bucket IS NULL THEN
		EXECUTE format('CREATE TABLE %I.%I AS SELECT customer, now()::date AS as_of, NULL::promo.rfm AS rfm, NULL::text AS segment, NULL::text AS stage FROM %s WITH NO DATA',
			namespace, name || '_customer', rollup.state);
		rollup.customer := format('%I.%I', namespace, name || '_customer');
		EXECUTE format('ALTER TABLE %s ADD PRIMARY KEY (customer), ALTER as_of SET NOT NULL, ALTER stage SET NOT NULL', rollup.customer);
	END IF;
	EXECUTE format('CREATE VIEW %I.%I AS %s', namespace, name || '_current', promo.rollup_current(rollup));
	rollup.current := format('%I.%I', namespace, name || '_current');
	EXECUTE format('CREATE VIEW %I.%I AS %s', namespace, name, promo.rollup_report(rollup));
	rollup.report := format('%I.%I', namespace, name);

	-- From when writers wait for the end of this transaction, to be marked by their triggers.
	EXECUTE format('CREATE TRIGGER %I AFTER INSERT OR UPDATE OR DELETE ON %s FOR EACH ROW EXECUTE FUNCTION promo.mark_changes(%L)',
		'promo_' || name, source, name);
	EXECUTE format('CREATE TRIGGER %I AFTER TRUNCATE ON %s EXECUTE FUNCTION promo.mark_changes(%L)', 'promo_' || name || '_truncate', source, name);
	EXECUTE format('ALTER TABLE %s ENABLE ALWAYS TRIGGER %I, ENABLE ALWAYS TRIGGER %I', source, 'promo_' || name, 'promo_' || name || '_truncate');
	INSERT INTO promo.kpi_rollup VALUES (rollup.*);
	EXECUTE format('INSERT INTO %s VALUES (NULL)', rollup.mark);

	-- whoever owns the views reads tables of ours through them
	EXECUTE format('SELECT FROM %s LIMIT 0', rollup.report);
	col := CASE WHEN bucket IS NULL THEN dims[1] ELSE at END;
	IF NOT EXISTS (SELECT FROM pg_index JOIN pg_attribute ON attrelid = indrelid AND attnum = indkey[0]
		WHERE indrelid = source AND attname = col AND indisvalid AND indpred IS NULL) THEN
		RAISE NOTICE 'no index of % begins with column "%"', source, col USING HINT = 'Without one every refresh reads the whole table.';
	END IF;
END $$;
COMMENT ON FUNCTION promo.rollup_finish(text, regclass, interval, text, jsonb, text[], text, interval) IS 'internal: the rest of create_rollup(), once the view of rows is made';
REVOKE EXECUTE ON FUNCTION promo.rollup_finish(text, regclass, interval, text, jsonb, text[], text, interval) FROM PUBLIC;

-- Has no search_path of its own: the expressions of measures are the caller's.
CREATE FUNCTION promo.create_rollup(name text, source regclass, bucket interval, at text, measures jsonb, dims text[] DEFAULT '{}', zone text DEFAULT 'UTC', keep interval DEFAULT NULL) RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE AS $$
BEGIN
	EXECUTE promo.rollup_rows(name, source, bucket, at, measures, dims, zone, keep);
	PERFORM promo.rollup_finish(name, source, bucket, at, measures, dims, zone, keep);
END $$;
COMMENT ON FUNCTION promo.create_rollup(text, regclass, interval, text, jsonb, text[], text, interval) IS 'makes views and tables NAME, NAME_current, NAME_row, NAME_state and NAME_mark beside the source, which the caller owns, and triggers on it; everything is marked, so that the views are right at once; bucket NULL: histories of customers, and NAME_customer';
REVOKE EXECUTE ON FUNCTION promo.create_rollup(text, regclass, interval, text, jsonb, text[], text, interval) FROM PUBLIC;

CREATE FUNCTION promo.rollup_find(name text) RETURNS promo.kpi_rollup
	LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	rollup promo.kpi_rollup;
BEGIN
	SELECT * INTO rollup FROM promo.kpi_rollup r WHERE r.name = rollup_find.name;
	IF NOT FOUND THEN
		RAISE 'rollup "%" does not exist', name USING ERRCODE = 'undefined_object';
	END IF;
	RETURN rollup;
END $$;
COMMENT ON FUNCTION promo.rollup_find(text) IS 'internal: the row of a rollup; there is none: error';

CREATE FUNCTION promo.drop_rollup(name text) RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	rollup CONSTANT promo.kpi_rollup := promo.rollup_find(name);
	what record;
BEGIN
	FOR what IN SELECT tgname FROM pg_trigger
		WHERE tgrelid = rollup.source AND tgname IN ('promo_' || rollup.name, 'promo_' || rollup.name || '_truncate') LOOP
		EXECUTE format('DROP TRIGGER %I ON %s', what.tgname, rollup.source);
	END LOOP;
	FOR what IN
		SELECT oid::regclass AS id, CASE relkind WHEN 'v' THEN 'VIEW' ELSE 'TABLE' END AS kind
		FROM unnest(ARRAY[rollup.report, rollup.current, rollup.rows, rollup.customer, rollup.mark, rollup.state]) WITH ORDINALITY r (id, n)
			JOIN pg_class ON oid = id
		ORDER BY n
	LOOP
		EXECUTE format('DROP %s %s', what.kind, what.id);
	END LOOP;
	DELETE FROM promo.kpi_rollup r WHERE r.name = rollup.name;
END $$;
COMMENT ON FUNCTION promo.drop_rollup(text) IS 'drops what create_rollup() made; there is no such rollup, or something else depends on its views: error';
REVOKE EXECUTE ON FUNCTION promo.drop_rollup(text) FROM PUBLIC;

-- ----------------------------------------------------------------
-- refreshing
-- ----------------------------------------------------------------

-- Runs as the owner of the rollup.  The lock comes before the snapshots of the
-- statements, so that they see what the last refresh has done.
CREATE FUNCTION promo.rollup_refresh(rollup promo.kpi_rollup, max_buckets integer) RETURNS integer
	LANGUAGE plpgsql VOLATILE STRICT PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	words CONSTANT text[] := promo.rollup_words(rollup);
	n integer;
BEGIN
	IF NOT pg_try_advisory_xact_lock('promo.kpi_rollup'::regclass::oid::integer, rollup.state::oid::integer) THEN
		RETURN NULL;
	END IF;
	IF rollup.keep IS NOT NULL THEN
		EXECUTE format('DELETE FROM %2$s WHERE bucket < now() - $1', VARIADIC words) USING rollup.keep;
		EXECUTE format('DELETE FROM %1$s WHERE bucket < now() - $1', VARIADIC words) USING rollup.keep;
	END IF;

	-- everything is what is there, and what was
	EXECUTE format('DELETE FROM %2$s m WHERE m IS NULL', VARIADIC words);
	GET DIAGNOSTICS n = ROW_COUNT;
	IF n > 0 AND rollup.bucket IS NULL THEN
		EXECUTE format('INSERT INTO %2$s SELECT customer FROM %3$s UNION SELECT customer FROM %1$s', VARIADIC words);
	ELSIF n > 0 THEN
		EXECUTE format('INSERT INTO %2$s SELECT bucket FROM (SELECT promo.bucket(r.at%5$s) AS bucket FROM %3$s r UNION SELECT bucket FROM %1$s) b
			WHERE true%9$s', VARIADIC words);
	END IF;

	-- In one snapshot: what is marked is computed from the source, and no longer marked.
	-- A state that is there takes part, and says where it is at, so that one without rows is found.
	IF rollup.bucket IS NULL THEN
		EXECUTE format('
			WITH chosen AS MATERIALIZED (
				SELECT customer FROM %2$s WHERE customer IS NOT NULL GROUP BY customer ORDER BY customer DESC LIMIT $1
			), unmarked AS (
				DELETE FROM %2$s m USING chosen c WHERE m.customer = c.customer
			), fresh AS MATERIALIZED (
				SELECT customer, promo.history_agg(day, amount) AS state, max(at) AS at
				FROM (
					SELECT r.customer, %10$s AS day, r.amount, NULL::tid AS at FROM chosen c JOIN %3$s r ON r.customer = c.customer
					UNION ALL
					SELECT s.customer, NULL, NULL, s.ctid FROM chosen c JOIN %1$s s ON s.customer = c.customer
				) r
				GROUP BY customer
			), gone AS (
				DELETE FROM %1$s WHERE ctid = ANY (ARRAY(SELECT at FROM fresh WHERE state IS NULL))
			), stored AS (
				INSERT INTO %1$s AS s (customer, state) SELECT customer, state FROM fresh WHERE state IS NOT NULL
				ON CONFLICT (customer) DO UPDATE SET state = EXCLUDED.state WHERE s.state OPERATOR(promo.<>) EXCLUDED.state
			)
			SELECT count(*) FROM chosen', VARIADIC words) INTO n USING max_buckets;
	ELSE
		EXECUTE format('
			WITH chosen AS MATERIALIZED (
				SELECT bucket, promo.bucket_end(bucket%5$s) AS bucket_end
				FROM %2$s WHERE bucket IS NOT NULL GROUP BY bucket ORDER BY bucket DESC LIMIT $1
			), unmarked AS (
				DELETE FROM %2$s m USING chosen c WHERE m.bucket = c.bucket
			), span AS MATERIALIZED (
				SELECT min(bucket) AS start, max(bucket_end) AS stop
				FROM (
					SELECT *, count(*) FILTER (WHERE first) OVER (ORDER BY bucket) AS span
					FROM (SELECT *, bucket IS DISTINCT FROM lag(bucket_end) OVER (ORDER BY bucket) AS first FROM chosen) c
				) c
				GROUP BY span
			), fresh AS MATERIALIZED (
				SELECT bucket%4$s, promo.kpi_agg(event, customer, amount, discount, cost) AS state, max(at) AS at
				FROM (
					SELECT r.bucket%13$s, r.event, r.customer, r.amount, r.discount, r.cost, NULL::tid AS at
					FROM span, LATERAL (
						SELECT promo.bucket(r.at%5$s) AS bucket, r.* FROM %3$s r WHERE r.at >= %6$s(span.start%8$s) AND r.at < %7$s(span.stop%8$s)
					) r
					WHERE r.bucket >= span.start AND r.bucket < span.stop
					UNION ALL
					SELECT r.bucket%13$s, NULL, NULL, NULL, NULL, NULL, r.ctid FROM %1$s r JOIN chosen USING (bucket)
				) r
				GROUP BY bucket%4$s
			), gone AS (
				DELETE FROM %1$s WHERE ctid = ANY (ARRAY(SELECT at FROM fresh WHERE state IS NULL))
			), stored AS (
				INSERT INTO %1$s AS s (bucket%4$s, state)
				SELECT bucket%4$s, state FROM fresh WHERE state IS NOT NULL
				ON CONFLICT (bucket%4$s) DO UPDATE SET state = EXCLUDED.state WHERE s.state OPERATOR(promo.<>) EXCLUDED.state
			)
			SELECT count(*) FROM chosen', VARIADIC words) INTO n USING max_buckets;
	END IF;
	RETURN n;
END $$;
COMMENT ON FUNCTION promo.rollup_refresh(promo.kpi_rollup, integer) IS 'internal: what refresh_batch() does as the owner of the rollup';
REVOKE EXECUTE ON FUNCTION promo.rollup_refresh(promo.kpi_rollup, integer) FROM PUBLIC;

CREATE FUNCTION promo.refresh_batch(name text, max_buckets integer) RETURNS integer
	AS 'MODULE_PATHNAME', 'promo_refresh_batch' LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE;
COMMENT ON FUNCTION promo.refresh_batch(text, integer) IS 'computes at most so many marked buckets (or customers) again, the latest first, with the rights of the rollup''s owner; their number, 0 if nothing is marked, NULL if another transaction refreshes this rollup; also removes states older than keep';
REVOKE EXECUTE ON FUNCTION promo.refresh_batch(text, integer) FROM PUBLIC;

-- A batch that is not full has done all that was marked when it began.
CREATE PROCEDURE promo.refresh(name text)
	LANGUAGE plpgsql AS $$
DECLARE
	size CONSTANT integer := 1000;
	n integer;
BEGIN
	LOOP
		n := promo.refresh_batch(name, size);
		COMMIT;
		EXIT WHEN n OPERATOR(pg_catalog.=) size IS NOT TRUE;
	END LOOP;
END $$;
COMMENT ON PROCEDURE promo.refresh(text) IS 'refreshes a rollup in batches, committing after each, until all is done that was marked when it began; call it outside of a transaction block';
REVOKE EXECUTE ON PROCEDURE promo.refresh(text) FROM PUBLIC;

CREATE FUNCTION promo.mark(name text, from_time timestamptz DEFAULT NULL, to_time timestamptz DEFAULT NULL) RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	rollup CONSTANT promo.kpi_rollup := promo.rollup_find(name);
	words CONSTANT text[] := promo.rollup_words(rollup);
	start CONSTANT timestamptz := coalesce(from_time, '-infinity');
	stop CONSTANT timestamptz := coalesce(to_time, 'infinity');
BEGIN
	IF from_time IS NULL AND to_time IS NULL THEN
		EXECUTE format('INSERT INTO %2$s VALUES (NULL)', VARIADIC words);
	ELSIF rollup.bucket IS NULL THEN
		EXECUTE format('
			INSERT INTO %2$s
			SELECT r.customer FROM %3$s r WHERE r.at >= %6$s($1%8$s) AND r.at < %7$s($2%8$s)
			UNION
			SELECT customer FROM %1$s
			WHERE promo.until(state, least(($2 AT TIME ZONE $3)::date, ''9999-12-31''))
				OPERATOR(promo.<>) promo.until(state, greatest(($1 AT TIME ZONE $3)::date, ''0001-01-02'') - 1)',
			VARIADIC words) USING start, stop, rollup.zone;
	ELSE
		EXECUTE format('
			INSERT INTO %2$s
			SELECT promo.bucket(r.at%5$s) FROM %3$s r WHERE r.at >= %6$s(promo.bucket($1%5$s)%8$s) AND r.at < %7$s(promo.bucket_end($2%5$s)%8$s)
			UNION
			SELECT bucket FROM %1$s WHERE bucket >= promo.bucket($1%5$s) AND bucket < $2', VARIADIC words) USING start, stop;
	END IF;
END $$;
COMMENT ON FUNCTION promo.mark(text, timestamptz, timestamptz) IS 'marks every bucket with a part of [from_time, to_time), NULL: without bound, or every customer with a row there, to be computed again after a change that no trigger saw';
REVOKE EXECUTE ON FUNCTION promo.mark(text, timestamptz, timestamptz) FROM PUBLIC;

-- ----------------------------------------------------------------
-- customers
-- ----------------------------------------------------------------

-- Runs as the owner of the rollup.
CREATE FUNCTION promo.rollup_score(rollup promo.kpi_rollup, as_of date) RETURNS bigint
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	n bigint;
BEGIN
	IF rollup.customer IS NULL THEN
		RAISE 'rollup "%" has no histories of customers', rollup.name USING ERRCODE = 'wrong_object_type';
	ELSIF NOT pg_try_advisory_xact_lock('promo.kpi_rollup'::regclass::oid::integer, rollup.customer::oid::integer) THEN
		RETURN NULL;
	END IF;
	EXECUTE format('
		WITH known AS MATERIALIZED (
			SELECT customer, state FROM %11$s
		), scored AS MATERIALIZED (
			SELECT customer, promo.score(state, model, $1) AS rfm, promo.stage(state, $1) AS stage
			FROM known, (SELECT promo.rfm_fit(state, $1) AS model FROM known) m
		), gone AS (
			DELETE FROM %12$s c WHERE NOT EXISTS (SELECT FROM known k WHERE k.customer = c.customer)
		), stored AS (
			INSERT INTO %12$s AS c (customer, as_of, rfm, segment, stage)
			SELECT customer, $1, rfm, promo.segment(rfm), stage FROM scored
			ON CONFLICT (customer) DO UPDATE SET as_of = EXCLUDED.as_of, rfm = EXCLUDED.rfm, segment = EXCLUDED.segment, stage = EXCLUDED.stage
		)
		SELECT count(*) FROM known', VARIADIC promo.rollup_words(rollup))
		INTO n USING coalesce(as_of, (now() AT TIME ZONE rollup.zone)::date - 1);
	RETURN n;
END $$;
COMMENT ON FUNCTION promo.rollup_score(promo.kpi_rollup, date) IS 'internal: what score_customers() does as the owner of the rollup';
REVOKE EXECUTE ON FUNCTION promo.rollup_score(promo.kpi_rollup, date) FROM PUBLIC;

-- not STRICT: as_of has a default
CREATE FUNCTION promo.score_customers(name text, as_of date DEFAULT NULL) RETURNS bigint
	AS 'MODULE_PATHNAME', 'promo_score_customers' LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION promo.score_customers(text, date) IS 'scores of all customers of a rollup of histories by a model of all of them, their segments and stages, as of a day (NULL: yesterday in the rollup''s zone), into NAME_customer, with the rights of the rollup''s owner; their number, NULL if another transaction does it';
REVOKE EXECUTE ON FUNCTION promo.score_customers(text, date) FROM PUBLIC;
