/*-------------------------------------------------------------------------
 *
 * claim.c
 *	  claims units of flash stock, where nothing stands in the way
 *
 * Of a sale almost every claim is of an order that has claimed nothing yet,
 * while much is left: that is done at once, by three or four statements whose
 * plans are kept.  Where one of them finds nothing to do, all else is for
 * promo.claim_in_turn().
 *
 * Those that take run in a subtransaction, since a slot that was locked and then found to
 * hold too little stays locked until the end of its transaction, which may
 * wait for other slots then.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/namespace.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "promo.h"
#include "storage/lmgr.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/resowner.h"

#define SLOTS	16				/* promo.quota_slots() */
#define MAX_ARGS	5

typedef struct Statement
{
	const char *query;
	int			nargs;
	Oid			types[MAX_ARGS];
	SPIPlanPtr	plan;
} Statement;

enum
{
	OPEN_STOCK,
	TAKE_SLOT,
	TAKE_OF_CUSTOMER,
	INSERT_CLAIM,
	CLAIM_IN_TURN
};

static Statement statements[] = {
	/* the stock that is open, unless the order has claimed of the product before */
	[OPEN_STOCK] = {
		"SELECT s.id, s.id::text, s.per_customer::numeric FROM promo.flash_stock s "
		"WHERE s.sku = $1 AND s.during @> now() AND NOT EXISTS ("
		"SELECT FROM (SELECT stock FROM promo.claim WHERE order_id = $2 AND released_at IS NULL OFFSET 0) c "
		"JOIN promo.flash_stock o ON o.id = c.stock WHERE o.sku = $1)",
		2, {TEXTOID, TEXTOID}, NULL
	},
	/* what leaves less than as much again is for those who keep quota_low */
	[TAKE_SLOT] = {
		"UPDATE promo.quota_slot q SET remaining = q.remaining - $2 "
		"WHERE q.kind = 'stock' AND q.name = $1 AND q.slot = ("
		"SELECT f.slot FROM promo.quota_slot f "
		"WHERE f.kind = 'stock' AND f.name = $1 AND f.slot >= $3 AND f.remaining >= 2::bigint * $2 "
		"ORDER BY f.slot LIMIT 1 FOR NO KEY UPDATE SKIP LOCKED)",
		3, {TEXTOID, INT4OID, INT4OID}, NULL
	},
	/* as promo.take_quota_of_customer() */
	[TAKE_OF_CUSTOMER] = {
		"INSERT INTO promo.quota_use AS u (kind, name, customer, used) "
		"SELECT 'stock', $1, $2, before + $3 "
		"FROM (SELECT coalesce(sum(c.units), 0) AS before FROM promo.claim c "
		"WHERE c.stock = $4 AND c.customer = $2 AND c.released_at IS NULL) c "
		"WHERE before + $3 <= $5 "
		"ON CONFLICT ON CONSTRAINT quota_use_pkey DO UPDATE SET used = u.used + $3 WHERE u.used + $3 <= $5",
		5, {TEXTOID, TEXTOID, INT4OID, INT8OID, NUMERICOID}, NULL
	},
	[INSERT_CLAIM] = {
		"INSERT INTO promo.claim (order_id, customer, stock, units) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING",
		4, {TEXTOID, TEXTOID, INT8OID, INT4OID}, NULL
	},
	[CLAIM_IN_TURN] = {
		"SELECT promo.claim_in_turn($1, $2, $3, $4)",
		4, {TEXTOID, TEXTOID, TEXTOID, INT4OID}, NULL
	}
};

/*
 * Executes a statement, by one plan for all arguments; the number of its rows.
 * Plans are made under the settings of promo.claim(): by indexes, since statistics
 * of when a sale begins say that there is nothing.
 */
static uint64
execute(int number, Datum *args, const char *nulls)
{
	Statement  *statement = &statements[number];

	if (statement->plan == NULL)
	{
		SPIPlanPtr	plan = SPI_prepare_cursor(statement->query, statement->nargs, statement->types,
											  CURSOR_OPT_GENERIC_PLAN);

		if (plan == NULL || SPI_keepplan(plan) != 0)
			elog(ERROR, "could not prepare \"%s\": %s", statement->query,
				 SPI_result_code_string(SPI_result));
		statement->plan = plan;
	}
	if (SPI_execute_plan(statement->plan, args, nulls, false, 0) < 0)
		elog(ERROR, "could not execute \"%s\": %s", statement->query,
			 SPI_result_code_string(SPI_result));
	return SPI_processed;
}

/* Slot, customer, claim: false if one of them cannot be had, and then all must be undone. */
static bool
claim_of_stock(Datum stock, Datum name, Datum per_customer, bool is_limited,
			   Datum order_id, Datum customer, Datum units)
{
	/* backends begin at slots of their own */
	Datum		slot[] = {name, units, Int32GetDatum(MyProcPid % SLOTS)};
	Datum		use[] = {name, customer, units, stock, per_customer};
	Datum		claim[] = {order_id, customer, stock, units};

	if (execute(TAKE_SLOT, slot, NULL) == 0)
	{
		slot[2] = Int32GetDatum(0);
		if (execute(TAKE_SLOT, slot, NULL) == 0)
			return false;
	}
	if (is_limited && execute(TAKE_OF_CUSTOMER, use, NULL) == 0)
		return false;
	return execute(INSERT_CLAIM, claim, NULL) == 1;
}

/* False: nothing was done. */
static bool
claim_at_once(Datum order_id, Datum customer, Datum sku, Datum units)
{
	Datum		args[] = {sku, order_id};
	MemoryContext context = CurrentMemoryContext;
	ResourceOwner owner = CurrentResourceOwner;
	HeapTuple	row;
	TupleDesc	desc;
	Datum		stock;
	Datum		name;
	Datum		per_customer;
	bool		is_null;
	bool		is_unlimited;
	bool		done = false;

	if (execute(OPEN_STOCK, args, NULL) != 1)
		return false;
	row = SPI_tuptable->vals[0];
	desc = SPI_tuptable->tupdesc;
	stock = SPI_getbinval(row, desc, 1, &is_null);
	name = SPI_getbinval(row, desc, 2, &is_null);
	per_customer = SPI_getbinval(row, desc, 3, &is_unlimited);

	BeginInternalSubTransaction(NULL);
	MemoryContextSwitchTo(context);
	PG_TRY();
	{
		done = claim_of_stock(stock, name, per_customer, !is_unlimited, order_id, customer, units);
		if (done)
			ReleaseCurrentSubTransaction();
		else
			RollbackAndReleaseCurrentSubTransaction();
		MemoryContextSwitchTo(context);
		CurrentResourceOwner = owner;
	}
	PG_CATCH();
	{
		ErrorData  *error;

		MemoryContextSwitchTo(context);
		error = CopyErrorData();
		FlushErrorState();
		RollbackAndReleaseCurrentSubTransaction();
		MemoryContextSwitchTo(context);
		CurrentResourceOwner = owner;
		ReThrowError(error);
	}
	PG_END_TRY();
	return done;
}

/*
 * What an older snapshot may not see is looked at by promo.see_limits(), so that
 * only READ COMMITTED claims at once.
 */
PG_FUNCTION_INFO_V1(promo_claim);
Datum
promo_claim(PG_FUNCTION_ARGS)
{
	Datum		args[4];
	char		nulls[4];
	bool		at_once = !IsolationUsesXactSnapshot();
	bool		result;

	for (int i = 0; i < lengthof(args); i++)
	{
		args[i] = PG_GETARG_DATUM(i);
		nulls[i] = PG_ARGISNULL(i) ? 'n' : ' ';
		at_once = at_once && !PG_ARGISNULL(i);
	}
	at_once = at_once && PG_GETARG_INT32(3) > 0;

	SPI_connect();
	/* from here on no limit comes into being, as in promo.see_limits() */
	if (at_once)
		LockRelationOid(get_relname_relid("quota_use", get_namespace_oid("promo", false)), RowExclusiveLock);
	result = at_once && claim_at_once(args[0], args[1], args[2], args[3]);
	if (!result)
	{
		bool		is_null;

		execute(CLAIM_IN_TURN, args, nulls);
		result = DatumGetBool(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &is_null));
	}
	SPI_finish();
	PG_RETURN_BOOL(result);
}
