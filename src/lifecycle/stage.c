/*-------------------------------------------------------------------------
 *
 * stage.c
 *	  promo.stage and the aggregate promo.repurchase_rate
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "engine/customer_stage.h"
#include "kept.h"
#include "lifecycle/history.h"
#include "utils/array.h"

/* ----------------------------------------------------------------
 * promo.stage
 * ----------------------------------------------------------------
 */

typedef struct CallSite
{
	PromoKept	kept;
	PromoStagePolicy policy;
} CallSite;

/* read once for a call site */
static const PromoStagePolicy *
policy_arg(FunctionCallInfo fcinfo, int arg)
{
	CallSite   *site;
	struct varlena *value;
	MemoryContext old;
	PromoError	err;

	if (PG_ARGISNULL(arg))
		return &promo_default_policy;
	site = promo_call_site(fcinfo, sizeof(CallSite));
	value = promo_kept_arg(fcinfo, arg);
	if (!promo_is_kept(&site->kept, value))
	{
		promo_forget(&site->kept, fcinfo);
		old = MemoryContextSwitchTo(site->kept.context);
		if (!promo_policy_from_json(&site->policy, &promo_arena,
									promo_text_of_jsonb(PointerGetDatum(value)), &err))
			promo_report(&err);
		MemoryContextSwitchTo(old);
		promo_keep(&site->kept, value);
	}
	return &site->policy;
}

/* the seven names as texts, which live as long as the process */
static Datum
stage_datum(PromoCustomerStage stage)
{
	static union
	{
		int32		alignment;
		char		bytes[VARHDRSZ + 12];
	}			texts[PROMO_STAGES];
	Size		len = strlen(promo_stage_names[stage]);

	if (VARSIZE(&texts[stage]) == 0)
	{
		Assert(VARHDRSZ + len <= sizeof(texts[stage]));
		memcpy(VARDATA(&texts[stage]), promo_stage_names[stage], len);
		SET_VARSIZE(&texts[stage], VARHDRSZ + len);
	}
	return PointerGetDatum(&texts[stage]);
}

PG_FUNCTION_INFO_V1(promo_stage);
Datum
promo_stage(PG_FUNCTION_ARGS)
{
	const PromoStagePolicy *policy;
	PromoPurchases purchases = {0};
	int32		as_of;

	if (PG_ARGISNULL(1))
		PG_RETURN_NULL();
	as_of = promo_day_of_datum(PG_GETARG_DATUM(1), "as_of");
	policy = policy_arg(fcinfo, 2);
	/* a customer without orders has no history after a left join */
	if (!PG_ARGISNULL(0))
		purchases = promo_purchases_of_datum(PG_GETARG_DATUM(0), as_of);
	return stage_datum(promo_stage_of(&purchases, as_of, policy));
}

/* ----------------------------------------------------------------
 * promo.repurchase_rate
 * ----------------------------------------------------------------
 */

/*
 * The state is that of avg(integer): how many customers were observed, and how
 * many of them bought again.  So the server's own functions combine and divide.
 */
typedef struct RateState
{
	int64		observed;
	int64		repurchased;
} RateState;

/* in an aggregate the state is changed where it lies */
static ArrayType *
state_arg(FunctionCallInfo fcinfo)
{
	ArrayType  *state = NULL;

	if (!PG_ARGISNULL(0))
		state = AggCheckCallContext(fcinfo, NULL) ? PG_GETARG_ARRAYTYPE_P(0) :
			PG_GETARG_ARRAYTYPE_P_COPY(0);
	if (state == NULL || ARR_NDIM(state) != 1 || ARR_HASNULL(state) ||
		ARR_SIZE(state) != ARR_OVERHEAD_NONULLS(1) + sizeof(RateState))
		elog(ERROR, "expected 2-element int8 array");
	return state;
}

/* the days that a customer is given to buy again; NULL or no such argument: 0, for ever */
static int32
within_arg(FunctionCallInfo fcinfo, int arg)
{
	int32		within;

	if (PG_NARGS() <= arg || PG_ARGISNULL(arg))
		return 0;
	within = PG_GETARG_INT32(arg);
	if (within < 1)
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("within is out of range: %d", within),
				 errdetail("It is a number of days, at least 1.")));
	return within;
}

PG_FUNCTION_INFO_V1(promo_repurchase_rate_trans);
Datum
promo_repurchase_rate_trans(PG_FUNCTION_ARGS)
{
	ArrayType  *array = state_arg(fcinfo);
	RateState  *state = (RateState *) ARR_DATA_PTR(array);
	int32		within = within_arg(fcinfo, 3);
	int32		as_of;
	PromoHistory history;
	PromoPurchases purchases;

	if (PG_ARGISNULL(2))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("as_of is null")));
	as_of = promo_day_of_datum(PG_GETARG_DATUM(2), "as_of");
	if (PG_ARGISNULL(1))
		PG_RETURN_ARRAYTYPE_P(array);

	promo_history_of_datum(PG_GETARG_DATUM(1), &history);
	purchases = promo_history_purchases(&history, as_of);
	if (purchases.order_days == 0)
		PG_RETURN_ARRAYTYPE_P(array);
	if (within > 0)
	{
		/* what came later than that does not count; who came later was not observed so long */
		if (as_of - purchases.first < within)
			PG_RETURN_ARRAYTYPE_P(array);
		purchases = promo_history_purchases(&history, purchases.first + within);
	}
	state->observed++;
	state->repurchased += purchases.order_days >= 2;
	PG_RETURN_ARRAYTYPE_P(array);
}
