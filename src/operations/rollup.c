/*-------------------------------------------------------------------------
 *
 * rollup.c
 *	  marks what changed under a rollup; lets others refresh it as its owner
 *
 * The trigger looks at every row that is inserted, updated or deleted, and puts
 * its bucket (or customer) into the rollup's table of marks: straight into the
 * table, without executor or rights of the writer, and each only once in a
 * transaction.  Row triggers, since no others are fired by logical replication,
 * nor by rows that are put straight into a partition.
 *
 * Nothing here asks who wrote a row of promo.kpi_rollup: a trigger on that table
 * has seen to it that he owned the relations it names.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "catalog/namespace.h"
#include "catalog/partition.h"
#include "catalog/pg_class.h"
#include "catalog/pg_type.h"
#include "commands/trigger.h"
#include "common/hashfn.h"
#include "miscadmin.h"
#include "operations/bucket.h"
#include "optimizer/optimizer.h"
#include "parser/parse_func.h"
#include "parser/parsetree.h"
#include "promo.h"
#include "rewrite/rewriteHandler.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/datum.h"
#include "utils/guc.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"
#include "utils/timestamp.h"

/* columns of promo.kpi_rollup that are read here */
enum
{
	ROLLUP_NAME = 1,
	ROLLUP_SOURCE,
	ROLLUP_STATE,
	ROLLUP_MARK,
	ROLLUP_ROWS,
	ROLLUP_BUCKET,
	ROLLUP_ZONE,
	ROLLUP_CURRENT,
	ROLLUP_REPORT,
	ROLLUP_CUSTOMER,
	ROLLUP_COLUMNS = ROLLUP_CUSTOMER
};

/* The row of a rollup, as it is now: one made after a transaction's snapshot has triggers, too. */
static HeapTuple
find_rollup(const char *name, TupleDesc *desc, Datum *values, bool *nulls)
{
	Relation	rel = table_open(get_relname_relid("kpi_rollup", get_namespace_oid("promo", false)),
								 AccessShareLock);
	Snapshot	snapshot = RegisterSnapshot(GetLatestSnapshot());
	TableScanDesc scan = table_beginscan(rel, snapshot, 0, NULL);
	TupleTableSlot *slot = table_slot_create(rel, NULL);
	HeapTuple	result = NULL;

	while (result == NULL && table_scan_getnextslot(scan, ForwardScanDirection, slot))
	{
		bool		isnull;
		Datum		value = slot_getattr(slot, ROLLUP_NAME, &isnull);

		if (strcmp(TextDatumGetCString(value), name) == 0)
			result = ExecCopySlotHeapTuple(slot);
	}
	ExecDropSingleTupleTableSlot(slot);
	table_endscan(scan);
	UnregisterSnapshot(snapshot);
	if (result == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("rollup \"%s\" does not exist", name)));
	*desc = CreateTupleDescCopy(RelationGetDescr(rel));
	for (int i = 0; i < ROLLUP_COLUMNS; i++)
		values[i] = heap_getattr(result, i + 1, *desc, &nulls[i]);
	table_close(rel, AccessShareLock);
	return result;
}

/* ----------------------------------------------------------------
 * the view of rows, NAME_row
 * ----------------------------------------------------------------
 */

/*
 * The query of the view, whose only table must be the source.  It is what says
 * which columns and expressions are meant: it outlives that they are renamed.
 */
static Query *
query_of_rows(Relation view, Oid source)
{
	Query	   *query = NULL;
	RangeTblRef *from;

	if (view->rd_rel->relkind == RELKIND_VIEW)
		query = get_view_query(view);
	if (query != NULL && list_length(query->jointree->fromlist) == 1)
	{
		from = linitial(query->jointree->fromlist);
		if (IsA(from, RangeTblRef) && rt_fetch(from->rtindex, query->rtable)->relid == source)
			return query;
	}
	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("\"%s\" is not the view of the rows of \"%s\"",
					RelationGetRelationName(view), get_rel_name(source))));
	return NULL;
}

/* The column of the source that its first column shows: what marks are made of. */
static AttrNumber
marked_column(Oid rows, Oid source)
{
	Relation	view = table_open(rows, AccessShareLock);
	Query	   *query = query_of_rows(view, source);
	TargetEntry *entry = linitial(query->targetList);
	AttrNumber	result;

	if (!IsA(entry->expr, Var))
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("the first column of \"%s\" is no column of a table",
						RelationGetRelationName(view))));
	result = ((Var *) entry->expr)->varattno;
	table_close(view, NoLock);
	return result;
}

/* Measures of a row can depend on nothing but the row. */
PG_FUNCTION_INFO_V1(promo_check_rows);
Datum
promo_check_rows(PG_FUNCTION_ARGS)
{
	Relation	view = table_open(PG_GETARG_OID(0), AccessShareLock);
	Query	   *query = query_of_rows(view, PG_GETARG_OID(1));
	const char *wrong = NULL;

	if (query->hasSubLinks)
		wrong = "a subquery";
	else if (query->hasAggs || query->hasWindowFuncs || query->groupClause != NIL)
		wrong = "an aggregate or window function";
	else if (query->hasTargetSRFs)
		wrong = "a function that returns rows";
	else if (contain_volatile_functions((Node *) query))
		wrong = "a volatile function";
	if (wrong != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("measures contain %s", wrong),
				 errdetail("What is measured of a row must depend on nothing but the row.")));
	table_close(view, NoLock);
	PG_RETURN_VOID();
}

/* ----------------------------------------------------------------
 * marks that this transaction has made
 * ----------------------------------------------------------------
 */

#define SEEN_SLOTS	1024

typedef struct SeenMark
{
	Oid			table;			/* invalid: nothing is here */
	bool		isnull;
	Datum		value;
	void	   *copy;			/* of a value by reference */
} SeenMark;

/*
 * The latest marks, each in the place that its hash gives.  One that has been
 * overwritten is made again, which does no harm.  All are forgotten with the
 * transaction, and when a subtransaction is rolled back, since its marks are.
 */
static SeenMark *seen = NULL;
static MemoryContext seen_context = NULL;

static void
forget_marks(void)
{
	if (seen_context != NULL)
		MemoryContextDelete(seen_context);
	seen_context = NULL;
	seen = NULL;
}

static void
at_end_of_transaction(XactEvent event, void *arg)
{
	if (event == XACT_EVENT_COMMIT || event == XACT_EVENT_ABORT || event == XACT_EVENT_PREPARE)
		forget_marks();
}

static void
at_end_of_subtransaction(SubXactEvent event, SubTransactionId mine, SubTransactionId parent, void *arg)
{
	if (event == SUBXACT_EVENT_ABORT_SUB)
		forget_marks();
}

static void
remember_marks(void)
{
	static bool registered = false;

	if (!registered)
	{
		RegisterXactCallback(at_end_of_transaction, NULL);
		RegisterSubXactCallback(at_end_of_subtransaction, NULL);
		registered = true;
	}
	seen_context = AllocSetContextCreate(TopTransactionContext, "promo marks", ALLOCSET_DEFAULT_SIZES);
	seen = MemoryContextAllocZero(seen_context, SEEN_SLOTS * sizeof(SeenMark));
}

/* ----------------------------------------------------------------
 * the trigger
 * ----------------------------------------------------------------
 */

/* What a trigger needs to know, found once and kept until a relation of it is altered. */
typedef struct Marker
{
	Oid			trigger;		/* key */
	bool		valid;
	Oid			relation;		/* that the trigger is on: the source or a partition of it */
	Oid			rows;
	Oid			table;			/* of marks */
	AttrNumber	column;			/* of the relation */
	Oid			type;			/* of the column, and of what is marked: */
	bool		byval;
	int16		len;
	bool		of_buckets;		/* or of customers */
	PromoBuckets buckets;
} Marker;

static HTAB *markers = NULL;

static void
relation_altered(Datum arg, Oid relation)
{
	HASH_SEQ_STATUS all;
	Marker	   *marker;

	hash_seq_init(&all, markers);
	while ((marker = hash_seq_search(&all)) != NULL)
		if (!OidIsValid(relation) || relation == marker->relation ||
			relation == marker->rows || relation == marker->table)
			marker->valid = false;
}

static void
fill_marker(Marker *marker, const Trigger *trigger, Relation rel)
{
	TupleDesc	desc;
	Datum		values[ROLLUP_COLUMNS];
	bool		nulls[ROLLUP_COLUMNS];
	Oid			source;
	AttrNumber	column;

	if (trigger->tgnargs != 1)
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("trigger \"%s\" does not name one rollup", trigger->tgname)));
	find_rollup(trigger->tgargs[0], &desc, values, nulls);
	source = DatumGetObjectId(values[ROLLUP_SOURCE - 1]);
	if (RelationGetRelid(rel) != source &&
		!(rel->rd_rel->relispartition &&
		  list_member_oid(get_partition_ancestors(RelationGetRelid(rel)), source)))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("trigger \"%s\" is not on the source of rollup \"%s\"",
						trigger->tgname, trigger->tgargs[0])));

	marker->relation = RelationGetRelid(rel);
	marker->rows = DatumGetObjectId(values[ROLLUP_ROWS - 1]);
	marker->table = DatumGetObjectId(values[ROLLUP_MARK - 1]);
	/* a partition's columns have the same names, and other numbers */
	column = marked_column(marker->rows, source);
	marker->column = get_attnum(marker->relation, get_attname(source, column, false));
	marker->type = getBaseType(get_atttype(source, column));
	marker->of_buckets = !nulls[ROLLUP_BUCKET - 1];
	get_typlenbyval(marker->of_buckets ? TIMESTAMPTZOID : marker->type, &marker->len, &marker->byval);
	if (marker->of_buckets)
		promo_buckets_init(&marker->buckets, DatumGetIntervalP(values[ROLLUP_BUCKET - 1]),
						   DatumGetTextPP(values[ROLLUP_ZONE - 1]));
}

static Marker *
marker_of(const TriggerData *data)
{
	Oid			trigger = data->tg_trigger->tgoid;
	Marker	   *marker;
	bool		found;

	if (markers == NULL)
	{
		HASHCTL		ctl = {.keysize = sizeof(Oid), .entrysize = sizeof(Marker)};

		markers = hash_create("promo markers", 16, &ctl, HASH_ELEM | HASH_BLOBS);
		CacheRegisterRelcacheCallback(relation_altered, (Datum) 0);
	}
	marker = hash_search(markers, &trigger, HASH_ENTER, &found);
	if (!found)
		marker->valid = false;
	if (!marker->valid)
	{
		fill_marker(marker, data->tg_trigger, data->tg_relation);
		marker->valid = true;
	}
	return marker;
}

static void
insert_mark(const Marker *marker, Datum value, bool isnull)
{
	Relation	rel = try_table_open(marker->table, RowExclusiveLock);
	TupleTableSlot *slot;

	/* an index would have to be kept, and found wanting if it were not */
	if (rel == NULL || rel->rd_rel->relkind != RELKIND_RELATION || rel->rd_rel->relhasindex ||
		RelationGetNumberOfAttributes(rel) != 1 ||
		getBaseType(TupleDescAttr(RelationGetDescr(rel), 0)->atttypid) !=
		(marker->of_buckets ? TIMESTAMPTZOID : marker->type))
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("the table of marks of a rollup is gone or altered"),
				 errdetail("It has one column, and no index."),
				 errhint("Drop the rollup with promo.drop_rollup, and create it again.")));
	slot = table_slot_create(rel, NULL);
	slot->tts_values[0] = value;
	slot->tts_isnull[0] = isnull;
	ExecStoreVirtualTuple(slot);
	table_tuple_insert(rel, slot, GetCurrentCommandId(true), 0, NULL);
	ExecDropSingleTupleTableSlot(slot);
	table_close(rel, NoLock);
}

/* A NULL stands for everything. */
static void
mark(const Marker *marker, Datum value, bool isnull)
{
	uint32		hash = marker->table;
	SeenMark   *place;

	if (!isnull && marker->len == -1)
		value = PointerGetDatum(PG_DETOAST_DATUM_PACKED(value));
	if (!isnull)
		hash = hash_combine(hash, datum_image_hash(value, marker->byval, marker->len));
	if (seen == NULL)
		remember_marks();
	place = &seen[hash % SEEN_SLOTS];
	if (place->table == marker->table && place->isnull == isnull &&
		(isnull || datum_image_eq(place->value, value, marker->byval, marker->len)))
		return;

	insert_mark(marker, value, isnull);
	if (place->copy != NULL)
		pfree(place->copy);
	memset(place, 0, sizeof(SeenMark));
	if (!isnull)
	{
		MemoryContext old = MemoryContextSwitchTo(seen_context);

		place->value = datumCopy(value, marker->byval, marker->len);
		if (!marker->byval)
			place->copy = DatumGetPointer(place->value);
		MemoryContextSwitchTo(old);
	}
	place->isnull = isnull;
	place->table = marker->table;
}

static void
mark_row(Marker *marker, TupleTableSlot *row)
{
	bool		isnull;
	Datum		value = slot_getattr(row, marker->column, &isnull);
	TimestampTz at;

	if (isnull)
		return;
	if (marker->of_buckets)
	{
		switch (marker->type)
		{
			case TIMESTAMPTZOID:
				at = DatumGetTimestampTz(value);
				break;
			case DATEOID:
				value = DirectFunctionCall1(date_timestamp, value);
				/* FALLTHROUGH */
			default:
				at = promo_instant_of_local(marker->buckets.zone, DatumGetTimestamp(value));
		}
		if (TIMESTAMP_NOT_FINITE(at))
			return;
		value = TimestampTzGetDatum(promo_bucket_of(&marker->buckets, at));
	}
	mark(marker, value, false);
}

PG_FUNCTION_INFO_V1(promo_mark_changes);
Datum
promo_mark_changes(PG_FUNCTION_ARGS)
{
	TriggerData *data = (TriggerData *) fcinfo->context;
	Marker	   *marker;

	if (!CALLED_AS_TRIGGER(fcinfo) || !TRIGGER_FIRED_AFTER(data->tg_event) ||
		TRIGGER_FIRED_FOR_ROW(data->tg_event) == TRIGGER_FIRED_BY_TRUNCATE(data->tg_event))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("promo.mark_changes is not called by a trigger after rows or TRUNCATE")));
	marker = marker_of(data);
	if (TRIGGER_FIRED_BY_TRUNCATE(data->tg_event))
		mark(marker, (Datum) 0, true);
	else
	{
		mark_row(marker, data->tg_trigslot);
		if (TRIGGER_FIRED_BY_UPDATE(data->tg_event))
			mark_row(marker, data->tg_newslot);
	}
	return PointerGetDatum(NULL);
}

/* ----------------------------------------------------------------
 * work done as the owner of a rollup
 * ----------------------------------------------------------------
 */

static Oid
owner_of(Oid relation)
{
	HeapTuple	tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(relation));
	Oid			result = InvalidOid;

	if (HeapTupleIsValid(tuple))
	{
		result = ((Form_pg_class) GETSTRUCT(tuple))->relowner;
		ReleaseSysCache(tuple);
	}
	return result;
}

/*
 * Calls the function of this name in schema promo with the rollup's row and
 * the second argument, as the owner of its tables and as REFRESH MATERIALIZED
 * VIEW does it: what the rollup's expressions do, they do with his rights.
 */
static Datum
call_as_owner(FunctionCallInfo fcinfo, char *function)
{
	LOCAL_FCINFO(call, 2);
	FmgrInfo	flinfo;
	char	   *name = TextDatumGetCString(PG_GETARG_DATUM(0));
	Datum		values[ROLLUP_COLUMNS];
	bool		nulls[ROLLUP_COLUMNS];
	TupleDesc	desc;
	HeapTuple	tuple = find_rollup(name, &desc, values, nulls);
	const int	used[] = {ROLLUP_MARK, ROLLUP_ROWS, ROLLUP_CURRENT, ROLLUP_CUSTOMER};
	Oid			owner = owner_of(DatumGetObjectId(values[ROLLUP_STATE - 1]));
	bool		owns_all = OidIsValid(owner);
	Oid			caller;
	int			context;
	int			level;
	Datum		result;

	for (int i = 0; i < lengthof(used); i++)
		if (!nulls[used[i] - 1] && owner_of(DatumGetObjectId(values[used[i] - 1])) != owner)
			owns_all = false;
	if (!owns_all)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("tables and views of rollup \"%s\" are gone, or of different owners", name),
				 errhint("Give all of them to one owner, or drop the rollup with promo.drop_rollup.")));

	fmgr_info(LookupFuncName(list_make2(makeString("promo"), makeString(function)), -1, NULL, false), &flinfo);
	InitFunctionCallInfoData(*call, &flinfo, 2, InvalidOid, NULL, NULL);
	call->args[0].value = heap_copy_tuple_as_datum(tuple, desc);
	call->args[0].isnull = false;
	call->args[1] = fcinfo->args[1];

	GetUserIdAndSecContext(&caller, &context);
	SetUserIdAndSecContext(owner, context | SECURITY_RESTRICTED_OPERATION);
	level = NewGUCNestLevel();
	result = FunctionCallInvoke(call);
	AtEOXact_GUC(false, level);
	SetUserIdAndSecContext(caller, context);

	fcinfo->isnull = call->isnull;
	return result;
}

PG_FUNCTION_INFO_V1(promo_refresh_batch);
Datum
promo_refresh_batch(PG_FUNCTION_ARGS)
{
	Datum		result;

	if (PG_GETARG_INT32(1) < 1)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("max_buckets is less than 1")));
	result = call_as_owner(fcinfo, "rollup_refresh");
	/* this transaction's marks are done with, and what it writes next needs new ones */
	forget_marks();
	return result;
}

PG_FUNCTION_INFO_V1(promo_score_customers);
Datum
promo_score_customers(PG_FUNCTION_ARGS)
{
	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	return call_as_owner(fcinfo, "rollup_score");
}

PG_FUNCTION_INFO_V1(promo_judge_as_owner);
Datum
promo_judge_as_owner(PG_FUNCTION_ARGS)
{
	return call_as_owner(fcinfo, "rollup_judge");
}
