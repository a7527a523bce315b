-- ----------------------------------------------------------------
-- rollups: states of a table's rows, kept exact
-- ----------------------------------------------------------------

CREATE TABLE promo.kpi_rollup (
	name		text PRIMARY KEY,
	source		regclass NOT NULL,
	state		regclass NOT NULL,
	mark		regclass NOT NULL,
	bucket		interval,
	at			name NOT NULL,
	dims		name[] NOT NULL,
	measures	jsonb NOT NULL,
	zone		text NOT NULL,
	keep		interval,
	created_at	timestamptz NOT NULL DEFAULT pg_catalog.now()
);
COMMENT ON TABLE promo.kpi_rollup IS 'the rollups that create_rollup() made';
COMMENT ON COLUMN promo.kpi_rollup.state IS 'the table of states; its owner is the rollup''s owner';
COMMENT ON COLUMN promo.kpi_rollup.mark IS 'the table of marks: what must be computed again';
COMMENT ON COLUMN promo.kpi_rollup.bucket IS 'length of a bucket; NULL: a history for each customer';
COMMENT ON COLUMN promo.kpi_rollup.keep IS 'how long states are kept; NULL: for ever';
