-- ----------------------------------------------------------------
-- whose the tables are, and what of them pg_dump keeps
-- ----------------------------------------------------------------

-- The script may run as the bootstrap superuser (a trusted extension does):
-- the tables are the installer's, so that a plain owner can dump and grant
-- them.  What is derived is not dumped; triggers build it as the rest comes in.
DO $$
DECLARE
	derived CONSTANT pg_catalog.name[] := ARRAY['promotion_item', 'catalog_version',
		'quota', 'quota_slot', 'quota_use', 'quota_low'];
	relation record;
BEGIN
	FOR relation IN
		SELECT c.oid::pg_catalog.regclass AS id, c.relname AS name, c.relkind AS kind
		FROM pg_catalog.pg_class c
		WHERE c.relnamespace OPERATOR(pg_catalog.=) 'promo'::pg_catalog.regnamespace
			AND c.relkind OPERATOR(pg_catalog.=) ANY (ARRAY['r', 'v', 'S']::"char"[])
		ORDER BY c.oid
	LOOP
		IF relation.kind OPERATOR(pg_catalog.<>) 'S' THEN
			EXECUTE pg_catalog.format('ALTER TABLE %s OWNER TO @extowner@', relation.id);
		END IF;
		IF relation.kind OPERATOR(pg_catalog.<>) 'v' AND relation.name OPERATOR(pg_catalog.<>) ALL (derived) THEN
			PERFORM pg_catalog.pg_extension_config_dump(relation.id, '');
		END IF;
	END LOOP;
END
$$;
