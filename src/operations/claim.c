/*-------------------------------------------------------------------------
 *
 * claim.c
 *	  claims units of flash stock, where nothing stands in the way
 *
 * Of a sale almost every claim is of an order that has claimed nothing yet,
 * while much is left: four statements whose plans are kept.  All else, and
 * whatever of them finds nothing to do, is promo.claim()'s in PL/pgSQL.
 *
 * They run in a subtransaction, since a slot that was locked and then found to
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

/* The stock that is open, unless the order has claimed of the product before. */
static Statement open_stock = {
	"SELECT s.id, q.name, q.per_customer "
	"FROM promo.flash_stock s JOIN promo.quota q ON q.kind = 'stock' AND q.name = s.id::text "
	"WHERE s.sku = $1 AND s.during @> now() AND NOT EXISTS ("
	"SELECT FROM (SELECT stock FROM promo.claim WHERE order_id = $2 AND released_at IS NULL OFFSET 0) c "
	"JOIN promo.flash_stock o ON o.id = c.stock WHERE o.sku = $1)",
	2, {TEXTOID, TEXTOID}, NULL
};

/* What leaves less than as much again is for those who keep quota_low. */
static Statement take_slot = {
	"UPDATE promo.quota_slot q SET remaining = q.remaining - $2 "
	"WHERE q.kind = 'stock' AND q.name = $1 AND q.slot = ("
	"SELECT f.slot FROM promo.quota_slot f "
	"WHERE f.kind = 'stock' AND f.name = $1 AND f.slot >= $3 AND f.remaining >= 2::bigint * $2 "
	"ORDER BY f.slot LIMIT 1 FOR NO KEY UPDATE SKIP LOCKED)",
	3, {TEXTOID, INT4OID, INT4OID}, NULL
};

/* as promo.take_quota_of_customer() */
static Statement take_of_customer = {
	"INSERT INTO promo.quota_use AS u (kind, name, customer, used) "
	"SELECT 'stock', $1, $2, before + $3 "
	"FROM (SELECT coalesce(sum(c.units), 0) AS before FROM promo.claim c "
	"WHERE c.stock = $4 AND c.customer = $2 AND c.released_at IS NULL) c "
	"WHERE before + $3 <= $5 "
	"ON CONFLICT ON CONSTRAINT quota_use_pkey DO UPDATE SET used = u.used + $3 WHERE u.used + $3 <= $5",
	5, {TEXTOID, TEXTOID, INT4OID, INT8OID, NUMERICOID}, NULL
};

static Statement insert_claim = {
	"INSERT INTO promo.claim (order_id, customer, stock, units) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING",
	4, {TEXTOID, TEXTOID, INT8OID, INT4OID}, NULL
};

/* Executes a statement, by one plan for all arguments; the number of its rows. */
static uint64
execute(Statement *statement, Datum *args)
{
	if (statement->plan == NULL)
	{
		SPIPlanPtr	plan = SPI_prepare_cursor(statement->query, statement->nargs, statement->types,
											  CURSOR_OPT_GENERIC_PLAN);

		if (plan == NULL || SPI_keepplan(plan) != 0)
			elog(ERROR, "could not prepare \"%s\": %s", statement->query,
				 SPI_result_code_string(SPI_result));
		statement->plan = plan;
	}
	if (SPI_execute_plan(statement->plan, args, NULL, false, 0) < 0)
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

	if (execute(&take_slot, slot) == 0)
	{
		slot[2] = Int32GetDatum(0);
		if (execute(&take_slot, slot) == 0)
			return false;
	}
	if (is_limited && execute(&take_of_customer, use) == 0)
		return false;
	return execute(&insert_claim, claim) == 1;
}

/*
 * Claims in a transaction of READ COMMITTED; older snapshots are looked at by
 * promo.see_limits().  False: nothing was done.
 */
PG_FUNCTION_INFO_V1(promo_claim_at_once);
Datum
promo_claim_at_once(PG_FUNCTION_ARGS)
{
	Datum		order_id = PG_GETARG_DATUM(0);
	Datum		customer = PG_GETARG_DATUM(1);
	Datum		units = PG_GETARG_DATUM(3);
	Datum		args[] = {PG_GETARG_DATUM(2), order_id};
	MemoryContext context = CurrentMemoryContext;
	ResourceOwner owner = CurrentResourceOwner;
	bool		done = false;

	if (IsolationUsesXactSnapshot())
		PG_RETURN_BOOL(false);
	/* from here on no limit comes into being, as in promo.see_limits() */
	LockRelationOid(get_relname_relid("quota_use", get_namespace_oid("promo", false)), RowExclusiveLock);

	SPI_connect();
	if (execute(&open_stock, args) == 1)
	{
		HeapTuple	row = SPI_tuptable->vals[0];
		TupleDesc	desc = SPI_tuptable->tupdesc;
		bool		isnull;
		bool		is_unlimited;
		Datum		stock = SPI_getbinval(row, desc, 1, &isnull);
		Datum		name = SPI_getbinval(row, desc, 2, &isnull);
		Datum		per_customer = SPI_getbinval(row, desc, 3, &is_unlimited);
		MemoryContext mine = CurrentMemoryContext;

		BeginInternalSubTransaction(NULL);
		MemoryContextSwitchTo(mine);
		PG_TRY();
		{
			done = claim_of_stock(stock, name, per_customer, !is_unlimited, order_id, customer, units);
			if (done)
				ReleaseCurrentSubTransaction();
			else
				RollbackAndReleaseCurrentSubTransaction();
			MemoryContextSwitchTo(mine);
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
	}
	SPI_finish();
	PG_RETURN_BOOL(done);
}
