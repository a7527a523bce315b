-- ----------------------------------------------------------------
-- whose tables and functions are, and what of them pg_dump keeps
-- ----------------------------------------------------------------

-- The script may run as the bootstrap superuser (a trusted extension does):
-- the tables are the installer's, so that a plain owner can dump and grant
-- them.  Functions stay with the superuser, who may call them in a later script;
-- the installer may call them all, and let others.  What is derived is not dumped; triggers build it as the rest comes in.
DO $$
DECLARE
	-- not substituted into this script by its name, which may have any characters
	owner CONSTANT pg_catalog.name := (SELECT r.rolname FROM pg_catalog.pg_extension e
		JOIN pg_catalog.pg_roles r ON r.oid OPERATOR(pg_catalog.=) e.extowner WHERE e.extname OPERATOR(pg_catalog.=) 'promo');
	derived CONSTANT pg_catalog.name[] := ARRAY['promotion_item', 'catalog_version',
		'quota', 'quota_slot', 'quota_use', 'quota_low'];
	relation record;
	routine pg_catalog.regprocedure;
BEGIN
	FOR relation IN
		SELECT c.oid::pg_catalog.regclass AS id, c.relname AS name, c.relkind AS kind
		FROM pg_catalog.pg_class c
		WHERE c.relnamespace OPERATOR(pg_catalog.=) 'promo'::pg_catalog.regnamespace
			AND c.relkind OPERATOR(pg_catalog.=) ANY (ARRAY['r', 'v', 'S']::"char"[])
		ORDER BY c.oid
	LOOP
		IF relation.kind OPERATOR(pg_catalog.<>) 'S' THEN
			EXECUTE pg_catalog.format('ALTER TABLE %s OWNER TO %I', relation.id, owner);
		END IF;
		IF relation.kind OPERATOR(pg_catalog.<>) 'v' AND relation.name OPERATOR(pg_catalog.<>) ALL (derived) THEN
			PERFORM pg_catalog.pg_extension_config_dump(relation.id, '');
		END IF;
	END LOOP;
	FOR routine IN
		SELECT p.oid FROM pg_catalog.pg_proc p
		WHERE p.pronamespace OPERATOR(pg_catalog.=) 'promo'::pg_catalog.regnamespace AND p.proacl IS NOT NULL
		ORDER BY p.oid
	LOOP
		EXECUTE pg_catalog.format('GRANT EXECUTE ON ROUTINE %s TO %I WITH GRANT OPTION', routine, owner);
	END LOOP;
END
$$;
