/*-------------------------------------------------------------------------
 *
 * current_ruleset.c
 *	  promo.current_ruleset: the rules of the promotions that are on
 *
 * What the tables say for a channel, its catalog, is kept per backend.  It holds
 * for one catalog version, from the instant it was read at until a period next
 * ends or a stock opens.  Each call checks that the caller may read the tables,
 * reads the version with its own snapshot, and then only what is left of budgets,
 * and of uses and stocks that run low.  Nothing is invalidated: a catalog whose
 * version a snapshot does not see is not found.
 *
 * A result is not copied.  It lies in its catalog, which goes when nothing can
 * refer to a result any more: no memory context that one was returned in, and
 * no later call.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/stratnum.h"
#include "access/table.h"
#include "access/xact.h"
#include "catalog/namespace.h"
#include "catalog/pg_type.h"
#include "engine/ruleset_value.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "numeric.h"
#include "pricing/ruleset.h"
#include "pricing/values.h"
#include "storage/bufmgr.h"
#include "utils/acl.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/rls.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"
#include "utils/timestamp.h"
#include "utils/uuid.h"

/* What orders take from; in the order of the kinds, and of their names. */
typedef enum QuotaKind
{
	CAMPAIGN_BUDGET,
	PROMOTION_BUDGET,
	PROMOTION_USES,
	STOCK
} QuotaKind;

static const char *const kind_names[] = {
	[CAMPAIGN_BUDGET] = "campaign budget",
	[PROMOTION_BUDGET] = "promotion budget",
	[PROMOTION_USES] = "promotion uses",
	[STOCK] = "stock"
};

#define IS_BUDGET(kind)	((kind) <= PROMOTION_BUDGET)

typedef struct Quota
{
	QuotaKind	kind;
	text	   *name;
	Datum		total;			/* numeric */
	bool		watched;		/* read at every call; else there is something left */
	int64		before;			/* what was left before its slots were laid out; UNKNOWN */
} Quota;

#define UNKNOWN		(-1)
#define SOMETHING	1

/* That a rule depends on a quota. */
typedef struct Tie
{
	int			rule;
	int			quota;
	PromoText	sku;			/* of a stock: the product that goes with it */
} Tie;

/*
 * Which transactions a snapshot sees, if that is easily said: what two equal ones
 * see of a table is the same.
 */
#define MAX_XIDS	32

typedef struct Sight
{
	TransactionId xmax;			/* invalid if it is not known */
	uint32		xcnt;
	TransactionId xids[MAX_XIDS];
} Sight;

typedef struct Catalog
{
	MemoryContext context;		/* of all of this */
	MemoryContext source;		/* below it, of what was read; gone if there are no quotas */
	pg_uuid_t	version;
	char	   *channel;		/* NULL for none */
	TimestampTz from;			/* holds from here */
	TimestampTz until;			/* and before this */

	/* what was read */
	PromoSettings settings;
	PromoRulesetInput *rules;	/* in the order of a ruleset */
	int			nrules;
	Tie		   *ties;
	int			nties;
	Quota	   *quotas;			/* ascending */
	int			nquotas;
	int			nlimits;		/* those at the end that are no budgets */

	/* the ruleset when this is left of the quotas */
	PromoRuleset *set;			/* NULL before the first */
	int64	   *left;
	Sight		sight;			/* of the snapshot that last saw so much left */
	int		   *places;			/* of the rules in the set; -1 if left out */

	int			results;		/* memory contexts that may hold a result, counted for each */
	bool		kept;			/* in catalogs[] */
	uint64		last_used;
} Catalog;

#define MAX_CATALOGS	16

static Catalog *catalogs[MAX_CATALOGS];
static uint64 calls = 0;

/* ----------------------------------------------------------------
 * the tables
 * ----------------------------------------------------------------
 */

/* The first three are read without SPI. */
typedef enum Table
{
	CATALOG_VERSION,
	QUOTA_LOW,
	QUOTA_SLOT,
	PROMOTION,
	CAMPAIGN,
	CHANNEL,
	PRICING_POLICY,
	FLASH_STOCK,
	REDEMPTION,
	CLAIM
} Table;

static const char *const table_names[] = {
	[CATALOG_VERSION] = "catalog_version",
	[QUOTA_LOW] = "quota_low",
	[QUOTA_SLOT] = "quota_slot",
	[PROMOTION] = "promotion",
	[CAMPAIGN] = "campaign",
	[CHANNEL] = "channel",
	[PRICING_POLICY] = "pricing_policy",
	[FLASH_STOCK] = "flash_stock",
	[REDEMPTION] = "redemption",
	[CLAIM] = "claim"
};

/*
 * Looks the tables up by name, since the extension may have been dropped and
 * created since the last call, and checks that the caller may read them: what
 * is kept was perhaps read by another role.  Returns whether row-level security
 * hides rows of one of them from the caller.
 */
static bool
look_up_tables(Oid *tables)
{
	Oid			schema = get_namespace_oid("promo", false);
	Oid			role = GetUserId();
	bool		secured = false;

	for (int i = 0; i < lengthof(table_names); i++)
	{
		HeapTuple	tuple = SearchSysCache2(RELNAMENSP, CStringGetDatum(table_names[i]),
											ObjectIdGetDatum(schema));
		Form_pg_class relation;
		bool		has_policies;

		if (!HeapTupleIsValid(tuple))
			ereport(ERROR,
					(errcode(ERRCODE_UNDEFINED_TABLE),
					 errmsg("table \"promo.%s\" does not exist", table_names[i])));
		relation = (Form_pg_class) GETSTRUCT(tuple);
		tables[i] = relation->oid;
		has_policies = relation->relrowsecurity;
		ReleaseSysCache(tuple);
		if (pg_class_aclcheck(tables[i], role, ACL_SELECT) != ACLCHECK_OK)
			aclcheck_error(ACLCHECK_NO_PRIV, OBJECT_TABLE, table_names[i]);
		if (has_policies && check_enable_rls(tables[i], InvalidOid, false) == RLS_ENABLED)
			secured = true;
	}
	return secured;
}

/* For reading; its owner may have changed its columns, which are trusted below. */
static Relation
open_table(Table table, const Oid *tables)
{
	static const struct
	{
		int			n;
		Oid			types[4];
	}			columns[] = {
		[CATALOG_VERSION] = {2, {BOOLOID, UUIDOID}},
		[QUOTA_LOW] = {2, {TEXTOID, TEXTOID}},
		[QUOTA_SLOT] = {4, {TEXTOID, TEXTOID, INT4OID, NUMERICOID}}
	};
	Relation	relation = table_open(tables[table], AccessShareLock);
	TupleDesc	desc = RelationGetDescr(relation);
	bool		intact = relation->rd_rel->relkind == RELKIND_RELATION &&
		desc->natts >= columns[table].n;

	for (int i = 0; intact && i < columns[table].n; i++)
		intact = TupleDescAttr(desc, i)->atttypid == columns[table].types[i];
	if (!intact)
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("table \"promo.%s\" has been changed", table_names[table])));
	return relation;
}

static Datum
get_column(HeapTuple tuple, int column, TupleDesc desc)
{
	bool		is_null;
	Datum		value = heap_getattr(tuple, column, desc, &is_null);

	if (is_null)
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("column %d of what current_ruleset() reads is null", column)));
	return value;
}

/*
 * The catalog version that the snapshot sees.  False if nothing may be kept under
 * it: there is none, or it is of this very transaction, which may change more
 * without changing the version again.
 */
static bool
read_version(const Oid *tables, pg_uuid_t *version)
{
	Relation	relation = open_table(CATALOG_VERSION, tables);
	SysScanDesc scan = systable_beginscan(relation, InvalidOid, false, GetActiveSnapshot(), 0, NULL);
	HeapTuple	tuple = systable_getnext(scan);
	bool		settled = false;

	if (HeapTupleIsValid(tuple))
	{
		*version = *DatumGetUUIDP(get_column(tuple, 2, RelationGetDescr(relation)));
		settled = !TransactionIdIsCurrentTransactionId(HeapTupleHeaderGetXmin(tuple->t_data));
	}
	systable_endscan(scan);
	table_close(relation, NoLock);
	return settled;
}

static PromoText
copy_text(Datum datum)
{
	PromoText	text = promo_text_of_datum(datum);
	char	   *copy = palloc(text.len + 1);

	memcpy(copy, text.data, text.len);
	copy[text.len] = '\0';
	return (PromoText) {copy, text.len};
}

/* ----------------------------------------------------------------
 * reading a catalog
 *
 * Statements run as the caller and see what the calling query sees.  Types are
 * cast, since an owner may have changed those of the tables.
 * ----------------------------------------------------------------
 */

/* $1: channel, $2: the instant */
#define IS_ON \
	"p.status OPERATOR(pg_catalog.=) 'active'" \
	" AND (pg_catalog.upper_inf(p.during) OR pg_catalog.upper(p.during) OPERATOR(pg_catalog.>) $2)" \
	" AND (p.channels IS NULL OR $1 OPERATOR(pg_catalog.=) ANY (p.channels))"
#define IN_ORDER \
	"p.priority DESC, p.name::pg_catalog.text COLLATE pg_catalog.\"C\""

typedef struct Statement
{
	const char *query;
	int			nargs;
	Oid			types[3];
	SPIPlanPtr	plan;
} Statement;

static Statement read_settings = {
	"SELECT $1 IS NULL OR EXISTS (SELECT FROM promo.channel c WHERE c.name OPERATOR(pg_catalog.=) $1),"
	" (SELECT promo.configure('[]'::promo.ruleset, p.unit::pg_catalog.numeric, p.rounding::pg_catalog.text,"
	" p.zone::pg_catalog.text, p.search::pg_catalog.text, p.search_limit::pg_catalog.int4)"
	" FROM promo.pricing_policy p)",
	1, {TEXTOID}, NULL
};

static Statement read_promotions = {
	"SELECT p.name::pg_catalog.text, p.rule::promo.rule, p.priority::pg_catalog.int4,"
	" p.during::pg_catalog.tstzrange, c.name::pg_catalog.text, c.budget::pg_catalog.numeric,"
	" p.origin::pg_catalog.text, p.budget::pg_catalog.numeric, p.uses::pg_catalog.numeric"
	" FROM promo.promotion p LEFT JOIN promo.campaign c ON c.name OPERATOR(pg_catalog.=) p.campaign"
	" WHERE " IS_ON " ORDER BY " IN_ORDER,
	2, {TEXTOID, TIMESTAMPTZOID}, NULL
};

/* every stock of a product, the latest first */
static Statement read_stocks = {
	"SELECT p.name::pg_catalog.text, s.sku::pg_catalog.text, pg_catalog.lower(s.during)::pg_catalog.timestamptz,"
	" s.id::pg_catalog.text, s.units::pg_catalog.numeric"
	" FROM promo.promotion p JOIN promo.flash_stock s ON s.promotion OPERATOR(pg_catalog.=) p.name"
	" WHERE " IS_ON " ORDER BY " IN_ORDER ","
	" s.sku::pg_catalog.text COLLATE pg_catalog.\"C\", pg_catalog.lower(s.during) DESC",
	2, {TEXTOID, TIMESTAMPTZOID}, NULL
};

static void
execute(Statement *statement, Datum *args, const char *nulls)
{
	if (statement->plan == NULL)
	{
		SPIPlanPtr	plan = SPI_prepare(statement->query, statement->nargs, statement->types);

		if (plan == NULL || SPI_keepplan(plan) != 0)
			elog(ERROR, "could not prepare what current_ruleset() reads: %s",
				 SPI_result_code_string(SPI_result));
		statement->plan = plan;
	}
	if (SPI_execute_plan(statement->plan, args, nulls, true, 0) != SPI_OK_SELECT)
		elog(ERROR, "could not execute what current_ruleset() reads");
}

static Datum
get_result(uint64 row, int column)
{
	return get_column(SPI_tuptable->vals[row], column, SPI_tuptable->tupdesc);
}

/* Appends a tie to a quota of its own: those of one name become one later. */
static void
add_tie(Catalog *catalog, int *capacity, int rule, PromoText sku, QuotaKind kind, Datum name, Datum total)
{
	if (catalog->nties == *capacity)
	{
		*capacity = Max(16, 2 * *capacity);
		catalog->ties = catalog->nties == 0 ? palloc(*capacity * sizeof(Tie)) :
			repalloc(catalog->ties, *capacity * sizeof(Tie));
		catalog->quotas = catalog->nties == 0 ? palloc(*capacity * sizeof(Quota)) :
			repalloc(catalog->quotas, *capacity * sizeof(Quota));
	}
	catalog->ties[catalog->nties] = (Tie) {rule, catalog->nties, sku};
	catalog->quotas[catalog->nties] = (Quota) {
		.kind = kind,
		.name = DatumGetTextPCopy(name),
		.total = PointerGetDatum(PG_DETOAST_DATUM_COPY(total)),
		.watched = true,
		.before = UNKNOWN
	};
	catalog->nties++;
}

static int
compare_names(const text *a, const text *b)
{
	return promo_text_compare((PromoText) {VARDATA_ANY(a), VARSIZE_ANY_EXHDR(a)},
							  (PromoText) {VARDATA_ANY(b), VARSIZE_ANY_EXHDR(b)});
}

static int
compare_quotas(const void *a, const void *b)
{
	const Quota *one = a;
	const Quota *other = b;

	if (one->kind != other->kind)
		return one->kind < other->kind ? -1 : 1;
	return compare_names(one->name, other->name);
}

static int
compare_ties(const void *a, const void *b, void *quotas)
{
	return compare_quotas((Quota *) quotas + ((const Tie *) a)->quota,
						  (Quota *) quotas + ((const Tie *) b)->quota);
}

/* Makes those quotas one that are the same, and sorts them. */
static void
settle_quotas(Catalog *catalog)
{
	Quota	   *all = catalog->quotas;
	Quota	   *quotas = palloc(catalog->nties * sizeof(Quota));
	int			n = 0;

	qsort_arg(catalog->ties, catalog->nties, sizeof(Tie), compare_ties, all);
	for (int i = 0; i < catalog->nties; i++)
	{
		const Quota *quota = &all[catalog->ties[i].quota];

		if (n == 0 || compare_quotas(quota, &quotas[n - 1]) != 0)
		{
			quotas[n++] = *quota;
			catalog->nlimits += !IS_BUDGET(quota->kind);
		}
		catalog->ties[i].quota = n - 1;
	}
	catalog->quotas = quotas;
	catalog->nquotas = n;
	catalog->left = palloc(n * sizeof(int64));
}

/* Promotions, and their budgets and uses. */
static void
take_promotions(Catalog *catalog, int *capacity)
{
	TupleDesc	desc = SPI_tuptable->tupdesc;

	catalog->nrules = (int) SPI_processed;
	catalog->rules = MemoryContextAllocHuge(CurrentMemoryContext,
											SPI_processed * sizeof(PromoRulesetInput));
	catalog->places = MemoryContextAllocHuge(CurrentMemoryContext, SPI_processed * sizeof(int));
	for (int i = 0; i < catalog->nrules; i++)
	{
		static const struct
		{
			QuotaKind	kind;
			int			name;	/* columns */
			int			total;
		}			limits[] = {{CAMPAIGN_BUDGET, 5, 6}, {PROMOTION_BUDGET, 7, 8}, {PROMOTION_USES, 7, 9}};
		HeapTuple	tuple = SPI_tuptable->vals[i];
		PromoRulesetInput *input = &catalog->rules[i];
		const PromoRule *rule = DatumGetPromoRuleP(get_result(i, 2));
		PromoRule  *copy = palloc(rule->size);

		memcpy(copy, rule, rule->size);
		input->name = copy_text(get_result(i, 1));
		input->rule = copy;
		input->priority = DatumGetInt32(get_result(i, 3));
		input->period = promo_period_of_range(get_result(i, 4));
		if (input->period.upper != PROMO_INSTANT_MAX)
			catalog->until = Min(catalog->until, input->period.upper);
		for (int j = 0; j < lengthof(limits); j++)
		{
			bool		is_null;
			Datum		total = heap_getattr(tuple, limits[j].total, desc, &is_null);

			if (!is_null)
				add_tie(catalog, capacity, i, promo_text(""), limits[j].kind,
						get_result(i, limits[j].name), total);
		}
	}
}

/* Of each product of a promotion, the stock that was the last to open counts. */
static void
take_stocks(Catalog *catalog, int *capacity)
{
	int			rule = 0;
	int			counted = -1;	/* rule and SKU of the last tie */
	PromoText	sku = promo_text("");

	for (uint64 i = 0; i < SPI_processed; i++)
	{
		PromoText	name = promo_text_of_datum(get_result(i, 1));
		TimestampTz opens = DatumGetTimestampTz(get_result(i, 3));

		while (rule < catalog->nrules && !promo_text_equal(catalog->rules[rule].name, name))
			rule++;
		if (rule == catalog->nrules)
			elog(ERROR, "promotion of a stock is not among the promotions");
		if (opens > catalog->from)
		{
			catalog->until = Min(catalog->until, opens);
			continue;
		}
		if (counted == rule && promo_text_equal(sku, promo_text_of_datum(get_result(i, 2))))
			continue;
		counted = rule;
		sku = copy_text(get_result(i, 2));
		add_tie(catalog, capacity, rule, sku, STOCK, get_result(i, 4), get_result(i, 5));
	}
}

/* What the tables say now, in a context below the current one. */
static Catalog *
read_catalog(const char *channel)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "promo catalog",
												  ALLOCSET_DEFAULT_SIZES);
	Catalog    *catalog = MemoryContextAllocZero(context, sizeof(Catalog));
	MemoryContext old;
	Datum		args[2];
	char		nulls[] = "  ";
	bool		is_null;
	Datum		policy;
	int			capacity = 0;

	catalog->context = context;
	catalog->source = AllocSetContextCreate(context, "promo catalog source", ALLOCSET_DEFAULT_SIZES);
	catalog->from = GetCurrentTransactionStartTimestamp();
	catalog->until = DT_NOEND;
	nulls[0] = channel == NULL ? 'n' : ' ';
	args[0] = channel == NULL ? (Datum) 0 : CStringGetTextDatum(channel);
	args[1] = TimestampTzGetDatum(catalog->from);

	SPI_connect();
	execute(&read_settings, args, nulls);
	if (!DatumGetBool(get_result(0, 1)))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("channel \"%s\" does not exist", channel),
				 errhint("Channels are the rows of table promo.channel.")));
	policy = heap_getattr(SPI_tuptable->vals[0], 2, SPI_tuptable->tupdesc, &is_null);
	catalog->channel = channel == NULL ? NULL : MemoryContextStrdup(context, channel);
	old = MemoryContextSwitchTo(catalog->source);
	catalog->settings = promo_default_settings;
	if (!is_null)
	{
		promo_ruleset_settings(DatumGetPromoRulesetP(policy), &catalog->settings);
		catalog->settings.zone = promo_text(pnstrdup(catalog->settings.zone.data, catalog->settings.zone.len));
	}
	MemoryContextSwitchTo(old);

	execute(&read_promotions, args, nulls);
	old = MemoryContextSwitchTo(catalog->source);
	take_promotions(catalog, &capacity);
	MemoryContextSwitchTo(old);

	execute(&read_stocks, args, nulls);
	old = MemoryContextSwitchTo(catalog->source);
	take_stocks(catalog, &capacity);
	MemoryContextSwitchTo(old);
	SPI_finish();

	old = MemoryContextSwitchTo(catalog->source);
	settle_quotas(catalog);
	MemoryContextSwitchTo(old);
	return catalog;
}

/* ----------------------------------------------------------------
 * what is left of quotas
 * ----------------------------------------------------------------
 */

static Statement read_unopened = {
	"SELECT (pg_catalog.trunc(GREATEST(0, LEAST(900000000000000,"
	" q.total OPERATOR(pg_catalog.-) promo.quota_used(q.kind, q.name)))"
	" OPERATOR(pg_catalog.*) 10000))::pg_catalog.int8"
	" FROM ROWS FROM (pg_catalog.unnest($1), pg_catalog.unnest($2), pg_catalog.unnest($3))"
	" WITH ORDINALITY q (kind, name, total, n) ORDER BY q.n",
	3, {TEXTARRAYOID, TEXTARRAYOID, NUMERICARRAYOID}, NULL
};

/*
 * Nothing is taken of a quota before its slots are laid out: what was left of
 * it when first read is left as long as it has none.  (But for redemptions and
 * claims written by hand, as by an import: those count when the catalog changes.)
 */
static void
read_before(Catalog *catalog, const int *missing, int n)
{
	Datum	   *kinds = palloc(n * sizeof(Datum));
	Datum	   *names = palloc(n * sizeof(Datum));
	Datum	   *totals = palloc(n * sizeof(Datum));
	Datum		args[3];

	for (int i = 0; i < n; i++)
	{
		const Quota *quota = &catalog->quotas[missing[i]];

		kinds[i] = CStringGetTextDatum(kind_names[quota->kind]);
		names[i] = PointerGetDatum(quota->name);
		totals[i] = quota->total;
	}
	args[0] = PointerGetDatum(construct_array(kinds, n, TEXTOID, -1, false, TYPALIGN_INT));
	args[1] = PointerGetDatum(construct_array(names, n, TEXTOID, -1, false, TYPALIGN_INT));
	args[2] = PointerGetDatum(construct_array(totals, n, NUMERICOID, -1, false, TYPALIGN_INT));
	SPI_connect();
	execute(&read_unopened, args, NULL);
	for (int i = 0; i < n; i++)
		catalog->quotas[missing[i]].before = DatumGetInt64(get_result(i, 1));
	SPI_finish();
}

/* The rows of a table that has kind and name in front, and an index that begins with them. */
static SysScanDesc
begin_quota_scan(Relation relation, Table table, const Quota *quota)
{
	static const char *const indexes[] = {[QUOTA_LOW] = "quota_low_pkey", [QUOTA_SLOT] = "quota_slot_pkey"};
	Oid			index = get_relname_relid(indexes[table], RelationGetNamespace(relation));
	Datum		values[2];
	ScanKeyData keys[2];

	values[0] = CStringGetTextDatum(kind_names[quota->kind]);
	values[1] = PointerGetDatum(quota->name);
	for (int i = 0; i < lengthof(keys); i++)
		ScanKeyEntryInitialize(&keys[i], 0, i + 1, BTEqualStrategyNumber, InvalidOid,
							   TupleDescAttr(RelationGetDescr(relation), i)->attcollation,
							   F_TEXTEQ, values[i]);
	return systable_beginscan(relation, index, OidIsValid(index), GetActiveSnapshot(),
							  lengthof(keys), keys);
}

/* Marks a limit as watched that a row of quota_low names. */
static void
watch_quota(Catalog *catalog, HeapTuple tuple, TupleDesc desc)
{
	PromoText	kind = promo_text_of_datum(get_column(tuple, 1, desc));
	Quota		key = {.name = DatumGetTextPP(get_column(tuple, 2, desc))};

	for (key.kind = PROMOTION_USES; key.kind <= STOCK; key.kind++)
		if (promo_text_equal(kind, promo_text_of_cstring(kind_names[key.kind])))
		{
			Quota	   *quota = bsearch(&key, catalog->quotas, catalog->nquotas, sizeof(Quota),
										compare_quotas);

			if (quota != NULL)
				quota->watched = true;
		}
}

/*
 * Limits that have run low since are watched.  The table may hold those of years:
 * a page of it takes as long to read as some 16 rows to look up.
 */
static void
watch_low_quotas(Catalog *catalog, const Oid *tables)
{
	Relation	relation = open_table(QUOTA_LOW, tables);
	TupleDesc	desc = RelationGetDescr(relation);
	SysScanDesc scan;
	HeapTuple	tuple;

	if ((int64) RelationGetNumberOfBlocks(relation) * 16 <= catalog->nlimits)
	{
		scan = systable_beginscan(relation, InvalidOid, false, GetActiveSnapshot(), 0, NULL);
		while (HeapTupleIsValid(tuple = systable_getnext(scan)))
			watch_quota(catalog, tuple, desc);
		systable_endscan(scan);
	}
	else
		for (int i = catalog->nquotas - catalog->nlimits; i < catalog->nquotas; i++)
		{
			Quota	   *quota = &catalog->quotas[i];

			if (quota->watched)
				continue;
			scan = begin_quota_scan(relation, QUOTA_LOW, quota);
			quota->watched = HeapTupleIsValid(systable_getnext(scan));
			systable_endscan(scan);
		}
	table_close(relation, NoLock);
}

/* What lies in the slots, as money is held; false if there are none. */
static bool
sum_slots(Relation relation, const Quota *quota, int64 *sum)
{
	SysScanDesc scan = begin_quota_scan(relation, QUOTA_SLOT, quota);
	HeapTuple	tuple;
	bool		any = false;

	*sum = 0;
	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		int64		remaining;
		PromoNumber number = promo_numeric_to_scaled(get_column(tuple, 4, RelationGetDescr(relation)),
													 PROMO_MONEY_DIGITS, &remaining);

		if (number == PROMO_NUMBER_TOO_LARGE)
			remaining = PROMO_MONEY_MAX;
		else if (number != PROMO_NUMBER_EXACT)
			promo_report_number(number, PROMO_MONEY_DIGITS, "what is left in a slot");
		*sum = Min(*sum + remaining, PROMO_MONEY_MAX);
		any = true;
	}
	systable_endscan(scan);
	return any;
}

/*
 * What is left of every quota, as the snapshot sees it: exactly of budgets, of
 * limits whether there is SOMETHING.
 */
static int64 *
read_left(Catalog *catalog, const Oid *tables)
{
	int64	   *left = palloc(catalog->nquotas * sizeof(int64));
	bool	   *unopened = palloc0(catalog->nquotas * sizeof(bool));
	int		   *missing = palloc(catalog->nquotas * sizeof(int));
	int			nmissing = 0;
	Relation	slots = open_table(QUOTA_SLOT, tables);

	if (catalog->nlimits > 0)
		watch_low_quotas(catalog, tables);
	for (int i = 0; i < catalog->nquotas; i++)
	{
		const Quota *quota = &catalog->quotas[i];

		left[i] = SOMETHING;
		unopened[i] = quota->watched && !sum_slots(slots, quota, &left[i]);
		if (unopened[i] && quota->before == UNKNOWN)
			missing[nmissing++] = i;
	}
	table_close(slots, NoLock);
	if (nmissing > 0)
		read_before(catalog, missing, nmissing);

	for (int i = 0; i < catalog->nquotas; i++)
	{
		Quota	   *quota = &catalog->quotas[i];

		if (unopened[i])
			left[i] = quota->before;
		left[i] = Max(left[i], 0);
		if (!IS_BUDGET(quota->kind))
		{
			left[i] = Min(left[i], SOMETHING);
			/* what is left now runs out by way of quota_low */
			quota->watched = left[i] == 0;
		}
	}
	return left;
}

/* ----------------------------------------------------------------
 * the ruleset of a catalog
 * ----------------------------------------------------------------
 */

/* What the quotas make of a rule. */
typedef struct Effect
{
	bool		out;
	int64		max;			/* PROMO_MONEY_MAX if there is none */
	PromoText  *gone;			/* products */
	int			ngone;
} Effect;

static int
compare_texts(const void *a, const void *b)
{
	return promo_text_compare(*(const PromoText *) a, *(const PromoText *) b);
}

static Effect *
get_effects(const Catalog *catalog, const int64 *left)
{
	Effect	   *effects = palloc0(catalog->nrules * sizeof(Effect));

	for (int i = 0; i < catalog->nrules; i++)
		effects[i].max = INT64_MAX;
	for (int i = 0; i < catalog->nties; i++)
	{
		const Tie  *tie = &catalog->ties[i];
		Effect	   *effect = &effects[tie->rule];

		if (catalog->quotas[tie->quota].kind != STOCK)
		{
			effect->out |= left[tie->quota] == 0;
			if (IS_BUDGET(catalog->quotas[tie->quota].kind))
				effect->max = Min(effect->max, left[tie->quota]);
		}
		else if (left[tie->quota] == 0)
		{
			effect->gone = effect->ngone == 0 ? palloc(sizeof(PromoText)) :
				repalloc(effect->gone, (effect->ngone + 1) * sizeof(PromoText));
			effect->gone[effect->ngone++] = tie->sku;
		}
	}
	return effects;
}

/* The `max` of a rule under its budgets; INT64_MAX if they do not matter to it. */
static int64
get_max(const PromoRule *rule, const Effect *effect)
{
	/* in points it is not money */
	if (effect->max == INT64_MAX || rule->stage == PROMO_STAGE_POINTS)
		return INT64_MAX;
	return rule->clauses & PROMO_HAS_MAX ? Min(rule->max, effect->max) : effect->max;
}

static PromoRuleset *
build_set(const Catalog *catalog, const int64 *left, int *places)
{
	Effect	   *effects = get_effects(catalog, left);
	PromoRulesetInput *inputs = MemoryContextAllocHuge(CurrentMemoryContext,
													   catalog->nrules * sizeof(PromoRulesetInput));
	int			n = 0;
	PromoRuleset *set;
	PromoError	err;

	for (int i = 0; i < catalog->nrules; i++)
	{
		const PromoRule *rule = catalog->rules[i].rule;
		int64		max;

		places[i] = -1;
		if (effects[i].out)
			continue;
		if (effects[i].ngone > 0)
		{
			PromoRule  *rest;

			qsort(effects[i].gone, effects[i].ngone, sizeof(PromoText), compare_texts);
			if (!promo_rule_without(&promo_arena, rule, effects[i].gone, effects[i].ngone, &rest, &err) &&
				err.code != PROMO_TOO_MANY)
				promo_report(&err);
			/* nothing is left of it, or it would name more products than a rule can: the others go on */
			if (rest == NULL)
				continue;
			rule = rest;
		}
		max = get_max(rule, &effects[i]);
		if (max != INT64_MAX)
			rule = promo_rule_with_max(&promo_arena, rule, max);
		places[i] = n;
		inputs[n] = catalog->rules[i];
		inputs[n++].rule = rule;
	}
	set = promo_ruleset_build(&promo_arena, inputs, n, &catalog->settings, &err);
	if (set == NULL)
		promo_report(&err);
	promo_flat_datum(&promo_flat_ruleset, set);
	return set;
}

/* Brings the amounts of a set up to date; in which rules they are has not changed. */
static void
change_max(const Catalog *catalog, const int64 *left, PromoRuleset *set)
{
	Effect	   *effects = get_effects(catalog, left);
	uint32_t   *rules = palloc(catalog->nrules * sizeof(uint32_t));
	int64_t    *max = palloc(catalog->nrules * sizeof(int64_t));
	uint32_t	n = 0;

	for (int i = 0; i < catalog->nrules; i++)
	{
		if (catalog->places[i] < 0)
			continue;
		max[n] = get_max(catalog->rules[i].rule, &effects[i]);
		if (max[n] != INT64_MAX)
			rules[n++] = (uint32_t) catalog->places[i];
	}
	promo_ruleset_change_max(set, rules, max, n);
}

/* whether the same quotas are used up */
static bool
same_quotas_left(const Catalog *catalog, const int64 *left)
{
	for (int i = 0; i < catalog->nquotas; i++)
		if ((left[i] == 0) != (catalog->left[i] == 0))
			return false;
	return true;
}

/*
 * Unknown where there may be changes of this transaction's own, and where what is
 * read has to be read for others to be told of it.
 */
static Sight
get_sight(void)
{
	Snapshot	snapshot = GetActiveSnapshot();
	Sight		sight;

	memset(&sight, 0, sizeof(Sight));
	if (snapshot->snapshot_type != SNAPSHOT_MVCC || snapshot->suboverflowed ||
		snapshot->xcnt + snapshot->subxcnt > MAX_XIDS ||
		TransactionIdIsValid(GetTopTransactionIdIfAny()) || IsolationIsSerializable())
		return sight;
	sight.xmax = snapshot->xmax;
	sight.xcnt = snapshot->xcnt;
	/* an array without elements may be a null pointer */
	if (snapshot->xcnt > 0)
		memcpy(sight.xids, snapshot->xip, snapshot->xcnt * sizeof(TransactionId));
	if (snapshot->subxcnt > 0)
		memcpy(sight.xids + snapshot->xcnt, snapshot->subxip, snapshot->subxcnt * sizeof(TransactionId));
	return sight;
}

/*
 * The ruleset as the snapshot sees it: the catalog's own, brought up to date if no
 * earlier result is in use; else, if it differs, one in the current context.
 */
static PromoRuleset *
get_rules(Catalog *catalog, const Oid *tables)
{
	bool		in_use = catalog->results > 1;	/* by others than this call */
	Sight		sight;
	int64	   *left;
	MemoryContext work;
	MemoryContext old;
	PromoRuleset *built;
	PromoRuleset *set;
	int		   *places;

	if (catalog->set != NULL && catalog->nquotas == 0)
		return catalog->set;
	sight = get_sight();
	if (catalog->set != NULL && TransactionIdIsValid(sight.xmax) &&
		memcmp(&sight, &catalog->sight, sizeof(Sight)) == 0)
		return catalog->set;
	left = read_left(catalog, tables);
	if (catalog->set != NULL &&
		memcmp(left, catalog->left, catalog->nquotas * sizeof(int64)) == 0)
	{
		catalog->sight = sight;
		return catalog->set;
	}

	if (catalog->set != NULL && same_quotas_left(catalog, left))
	{
		set = catalog->set;
		if (in_use)
		{
			set = palloc(catalog->set->size);
			memcpy(set, catalog->set, catalog->set->size);
		}
		change_max(catalog, left, set);
	}
	else
	{
		/* what building needs on the way is a multiple of the result */
		work = AllocSetContextCreate(CurrentMemoryContext, "promo ruleset", ALLOCSET_DEFAULT_SIZES);
		old = MemoryContextSwitchTo(work);
		places = MemoryContextAllocHuge(work, catalog->nrules * sizeof(int));
		built = build_set(catalog, left, places);
		MemoryContextSwitchTo(old);
		set = MemoryContextAlloc(in_use ? CurrentMemoryContext : catalog->context, built->size);
		memcpy(set, built, built->size);
		if (!in_use)
		{
			if (catalog->set != NULL)
				pfree(catalog->set);
			catalog->set = set;
			memcpy(catalog->places, places, catalog->nrules * sizeof(int));
		}
		MemoryContextDelete(work);
	}
	if (!in_use)
	{
		memcpy(catalog->left, left, catalog->nquotas * sizeof(int64));
		catalog->sight = sight;
		if (catalog->nquotas == 0)
			MemoryContextDelete(catalog->source);
	}
	return set;
}

/* ----------------------------------------------------------------
 * what is kept
 * ----------------------------------------------------------------
 */

static void
free_if_unused(Catalog *catalog)
{
	if (!catalog->kept && catalog->results == 0)
		MemoryContextDelete(catalog->context);
}

static void
release_result(void *catalog)
{
	((Catalog *) catalog)->results--;
	free_if_unused(catalog);
}

/* The catalog stays, and its ruleset as it is, until the current context is reset. */
static void
hold(Catalog *catalog)
{
	MemoryContextCallback *callback = palloc(sizeof(MemoryContextCallback));

	callback->func = release_result;
	callback->arg = catalog;
	MemoryContextRegisterResetCallback(CurrentMemoryContext, callback);
	catalog->results++;
}

static bool
same_channel(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

static Catalog *
find_catalog(const pg_uuid_t *version, const char *channel)
{
	TimestampTz now = GetCurrentTransactionStartTimestamp();

	for (int i = 0; i < MAX_CATALOGS; i++)
	{
		Catalog    *catalog = catalogs[i];

		if (catalog != NULL && memcmp(&catalog->version, version, sizeof(pg_uuid_t)) == 0 &&
			same_channel(catalog->channel, channel) && catalog->from <= now && now < catalog->until)
		{
			catalog->last_used = ++calls;
			return catalog;
		}
	}
	return NULL;
}

/* In place of an older one of its channel, or of the one that was unused for longest. */
static void
keep(Catalog *catalog, const pg_uuid_t *version)
{
	int			place = 0;

	for (int i = 0; i < MAX_CATALOGS; i++)
	{
		if (catalogs[i] != NULL && same_channel(catalogs[i]->channel, catalog->channel))
		{
			place = i;
			break;
		}
		if (catalogs[place] != NULL &&
			(catalogs[i] == NULL || catalogs[i]->last_used < catalogs[place]->last_used))
			place = i;
	}
	if (catalogs[place] != NULL)
	{
		catalogs[place]->kept = false;
		free_if_unused(catalogs[place]);
	}
	MemoryContextSetParent(catalog->context, CacheMemoryContext);
	catalog->version = *version;
	catalog->last_used = ++calls;
	catalog->kept = true;
	catalogs[place] = catalog;
}

PG_FUNCTION_INFO_V1(promo_current_ruleset);
Datum
promo_current_ruleset(PG_FUNCTION_ARGS)
{
	char	   *channel = PG_ARGISNULL(0) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(0));
	Oid			tables[lengthof(table_names)];
	bool		secured = look_up_tables(tables);
	pg_uuid_t	version;
	bool		keepable = read_version(tables, &version) && !secured;
	Catalog    *catalog = keepable ? find_catalog(&version, channel) : NULL;
	PromoRuleset *rules;

	if (catalog != NULL)
	{
		hold(catalog);
		rules = get_rules(catalog, tables);
	}
	else
	{
		catalog = read_catalog(channel);
		rules = get_rules(catalog, tables);
		if (keepable)
		{
			hold(catalog);
			keep(catalog, &version);
		}
	}
	return PointerGetDatum(rules);
}
