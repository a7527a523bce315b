-- Every object of the extension has a comment (indexes and sequences are their table's) ...
SELECT pg_describe_object(d.classid, d.objid, 0)
FROM pg_depend d JOIN pg_extension e ON d.refobjid = e.oid AND d.refclassid = 'pg_extension'::regclass
WHERE e.extname = 'promo' AND d.deptype = 'e' AND d.classid NOT IN ('pg_opfamily'::regclass)
  AND coalesce(obj_description(d.objid, d.classid::regclass::name), '') = ''
  AND NOT EXISTS (SELECT FROM pg_type t WHERE d.classid = 'pg_type'::regclass AND t.oid = d.objid AND t.typelem <> 0)
  AND NOT EXISTS (SELECT FROM pg_class c WHERE d.classid = 'pg_class'::regclass AND c.oid = d.objid AND c.relkind IN ('i', 't', 'S'))
ORDER BY 1;
-- ... lies in schema promo, casts apart ...
SELECT pg_describe_object(d.classid, d.objid, 0)
FROM pg_depend d JOIN pg_extension e ON d.refobjid = e.oid AND d.refclassid = 'pg_extension'::regclass,
	 LATERAL pg_identify_object(d.classid, d.objid, 0) o
WHERE e.extname = 'promo' AND d.deptype = 'e' AND o.schema IS DISTINCT FROM 'promo' AND o.type NOT IN ('schema', 'cast')
ORDER BY 1;
-- ... and no cast happens by itself.
SELECT pg_describe_object('pg_cast'::regclass, c.oid, 0)
FROM pg_cast c JOIN pg_depend d ON d.classid = 'pg_cast'::regclass AND d.objid = c.oid
	 JOIN pg_extension e ON d.refobjid = e.oid AND d.refclassid = 'pg_extension'::regclass
WHERE e.extname = 'promo' AND castcontext <> 'e' ORDER BY 1;
-- C functions of values work in parallel workers
SELECT p.oid::regprocedure FROM pg_proc p JOIN pg_language l ON l.oid = prolang
WHERE pronamespace = 'promo'::regnamespace AND lanname = 'c' AND provolatile = 'i' AND proparallel <> 's' ORDER BY 1;
-- operator classes hold together
SELECT opcname, amname, amvalidate(c.oid) FROM pg_opclass c JOIN pg_am a ON a.oid = opcmethod
WHERE opcnamespace = 'promo'::regnamespace ORDER BY 1, 2;
