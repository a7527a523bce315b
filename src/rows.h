/*-------------------------------------------------------------------------
 *
 * rows.h
 *	  how functions that return rows put them out
 *
 * Bulk queries call lines() once per cart, so the start must be cheap: the
 * rows go into a tuplestore with the descriptor that the executor already has,
 * and their numerics are built on the stack.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PROMO_ROWS_H
#define PROMO_ROWS_H

#include "funcapi.h"
#include "miscadmin.h"
#include "nodes/execnodes.h"
#include "utils/tuplestore.h"

typedef struct PromoRows
{
	Tuplestorestate *store;
	TupleDesc	desc;
} PromoRows;

/* The set is empty until the first row; the caller then returns a null datum. */
static inline PromoRows
promo_begin_rows(FunctionCallInfo fcinfo)
{
	ReturnSetInfo *info = (ReturnSetInfo *) fcinfo->resultinfo;
	MemoryContext old;
	PromoRows	rows;

	if (info == NULL || !IsA(info, ReturnSetInfo) ||
		!(info->allowedModes & SFRM_Materialize) || info->expectedDesc == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("set-valued function called in context that cannot accept a set")));

	/* the executor gives a null descriptor the benefit of being its own */
	old = MemoryContextSwitchTo(info->econtext->ecxt_per_query_memory);
	rows.store = tuplestore_begin_heap((info->allowedModes & SFRM_Materialize_Random) != 0,
									   false, work_mem);
	MemoryContextSwitchTo(old);
	rows.desc = info->expectedDesc;
	info->returnMode = SFRM_Materialize;
	info->setResult = rows.store;
	info->setDesc = NULL;
	return rows;
}

static inline void
promo_put_row(const PromoRows *rows, Datum *values, bool *nulls)
{
	tuplestore_putvalues(rows->store, rows->desc, values, nulls);
}

#endif							/* PROMO_ROWS_H */
