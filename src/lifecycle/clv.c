/*-------------------------------------------------------------------------
 *
 * clv.c
 *	  models of lifetime value: the type promo.clv_model, the aggregate
 *	  promo.clv_fit, and what a model expects of one customer
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "engine/clv_expect.h"
#include "engine/clv_fit.h"
#include "lifecycle/history.h"
#include "lifecycle/records.h"
#include "miscadmin.h"
#include "numeric.h"
#include "utils/fmgrprotos.h"

/* ----------------------------------------------------------------
 * promo.clv_model
 * ----------------------------------------------------------------
 */

static void *
from_json(PromoText json, PromoError *err)
{
	return promo_clv_from_json(&promo_arena, json, err);
}

static void
put_json(PromoBuffer *buf, const void *value)
{
	promo_clv_to_json(buf, value);
}

static void *
unpack(const void *data, size_t len, PromoError *err)
{
	return promo_clv_unpack(&promo_arena, data, len, err);
}

static void
pack(PromoBuffer *buf, const void *value)
{
	promo_clv_pack(buf, value);
}

static const PromoFlat promo_flat_clv_model = {
	.name = "promo.clv_model",
	.version = PROMO_CLV_VERSION,
	.size_at = offsetof(PromoClvModel, size),
	.from_text = from_json,
	.to_text = put_json,
	.from_json = from_json,
	.to_json = put_json,
	.unpack = unpack,
	.pack = pack
};

PROMO_FLAT_FUNCTIONS(clv_model);

#define PG_GETARG_PROMO_CLV_MODEL_P(n) \
	((const PromoClvModel *) promo_flat_of_datum(&promo_flat_clv_model, PG_GETARG_DATUM(n)))

/* ----------------------------------------------------------------
 * one customer
 * ----------------------------------------------------------------
 */

/* what was known of a customer on a day; false without an order until then */
static bool
customer_of_datum(Datum datum, int32 as_of, PromoClvCustomer *customer)
{
	PromoPurchases p = promo_purchases_of_datum(datum, as_of);

	if (p.order_days == 0)
		return false;
	customer->x = p.order_days - 1;
	customer->t_x = p.last - p.first;
	customer->T = as_of - p.first;
	customer->repeat_spent = p.repeat_spent;
	return true;
}

/* days or months: not negative */
static int32
count_of_argument(FunctionCallInfo fcinfo, int arg, const char *what)
{
	int32		count = PG_GETARG_INT32(arg);

	if (count < 0)
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("%s is negative", what)));
	return count;
}

static double
discount_of_datum(Datum datum)
{
	int64		scaled;
	PromoNumber number = promo_numeric_to_scaled(datum, PROMO_MONEY_DIGITS, &scaled);
	double		discount;

	/* any number of decimals makes sense, and so does any size */
	if (likely(number == PROMO_NUMBER_EXACT))
		discount = (double) scaled / PROMO_MONEY;
	else if (number == PROMO_NUMBER_NAN || number == PROMO_NUMBER_INFINITE)
		promo_report_number(number, PROMO_MONEY_DIGITS, "annual_discount");
	else
		discount = DatumGetFloat8(DirectFunctionCall1(numeric_float8, datum));
	if (discount < 0)
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("annual_discount is negative")));
	return discount;
}

PG_FUNCTION_INFO_V1(promo_p_alive);
Datum
promo_p_alive(PG_FUNCTION_ARGS)
{
	const PromoClvModel *model = PG_GETARG_PROMO_CLV_MODEL_P(1);
	int32		as_of = promo_day_of_datum(PG_GETARG_DATUM(2), "as_of");
	PromoClvCustomer customer;

	if (!customer_of_datum(PG_GETARG_DATUM(0), as_of, &customer))
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8(promo_clv_alive(model, &customer));
}

PG_FUNCTION_INFO_V1(promo_expected_orders);
Datum
promo_expected_orders(PG_FUNCTION_ARGS)
{
	const PromoClvModel *model = PG_GETARG_PROMO_CLV_MODEL_P(1);
	int32		as_of = promo_day_of_datum(PG_GETARG_DATUM(2), "as_of");
	double		days = count_of_argument(fcinfo, 3, "days");
	PromoClvCustomer customer;
	double		orders;

	if (!customer_of_datum(PG_GETARG_DATUM(0), as_of, &customer))
		PG_RETURN_NULL();
	promo_clv_orders(model, &customer, &days, 1, &orders);
	PG_RETURN_FLOAT8(orders);
}

PG_FUNCTION_INFO_V1(promo_expected_spend);
Datum
promo_expected_spend(PG_FUNCTION_ARGS)
{
	const PromoClvModel *model = PG_GETARG_PROMO_CLV_MODEL_P(1);
	PromoClvCustomer customer;
	double		spend;

	if (!customer_of_datum(PG_GETARG_DATUM(0), PROMO_DAY_MAX, &customer) ||
		!promo_clv_spend(model, &customer, &spend))
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8(spend);
}

PG_FUNCTION_INFO_V1(promo_clv);
Datum
promo_clv(PG_FUNCTION_ARGS)
{
	const PromoClvModel *model = PG_GETARG_PROMO_CLV_MODEL_P(1);
	int32		as_of = promo_day_of_datum(PG_GETARG_DATUM(2), "as_of");
	int32		months = count_of_argument(fcinfo, 3, "months");
	double		discount = discount_of_datum(PG_GETARG_DATUM(4));
	PromoClvCustomer customer;
	double		value;

	if (months > PROMO_CLV_MAX_MONTHS)
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("months is out of range"),
				 errdetail("At most %d months are looked at.", PROMO_CLV_MAX_MONTHS)));
	if (!customer_of_datum(PG_GETARG_DATUM(0), as_of, &customer) ||
		!promo_clv_value(model, &customer, months, discount, &value))
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8(value);
}

/* ----------------------------------------------------------------
 * promo.clv_fit
 * ----------------------------------------------------------------
 */

/* The population; customers with the same figures are merged when memory is full. */
typedef struct FitState
{
	PromoRecordStore *orders;	/* PromoClvRecord */
	PromoRecordStore *spend;	/* PromoSpendRecord */
	int64		dropped;		/* repeat customers who are not in spend */
	int32		as_of;
	PromoClvKind kind;
} FitState;

/* arguments behind the state */
enum
{
	ARG_HISTORY = 1,
	ARG_AS_OF,
	ARG_MODEL
};

static int
compare_orders(const void *one, const void *other, void *unused)
{
	const PromoClvRecord *a = one;
	const PromoClvRecord *b = other;

	if (a->x != b->x)
		return a->x < b->x ? -1 : 1;
	if (a->t_x != b->t_x)
		return a->t_x < b->t_x ? -1 : 1;
	return a->T < b->T ? -1 : a->T > b->T;
}

static int
compare_spend(const void *one, const void *other, void *unused)
{
	const PromoSpendRecord *a = one;
	const PromoSpendRecord *b = other;

	if (a->x != b->x)
		return a->x < b->x ? -1 : 1;
	return a->amount < b->amount ? -1 : a->amount > b->amount;
}

static uint32
compact_orders(void *records, uint32 n)
{
	PromoClvRecord *all = records;
	uint32		kept = 0;

	qsort_interruptible(all, n, sizeof(*all), compare_orders, NULL);
	for (uint32 i = 1; i < n; i++)
	{
		if (compare_orders(&all[kept], &all[i], NULL) != 0 ||
			all[kept].weight > PG_UINT32_MAX - all[i].weight)
			all[++kept] = all[i];
		else
			all[kept].weight += all[i].weight;
	}
	return Min(kept + 1, n);
}

static uint32
compact_spend(void *records, uint32 n)
{
	PromoSpendRecord *all = records;
	uint32		kept = 0;

	qsort_interruptible(all, n, sizeof(*all), compare_spend, NULL);
	for (uint32 i = 1; i < n; i++)
	{
		if (compare_spend(&all[kept], &all[i], NULL) != 0 ||
			all[kept].weight > PG_UINT32_MAX - all[i].weight)
			all[++kept] = all[i];
		else
			all[kept].weight += all[i].weight;
	}
	return Min(kept + 1, n);
}

/* What is asked for is the same in all rows: how it reads in this one. */
static FitState
state_of_arguments(FunctionCallInfo fcinfo)
{
	FitState	state = {.kind = PROMO_BG_NBD};
	PromoError	err;

	for (int arg = ARG_AS_OF; arg < PG_NARGS(); arg++)
		if (PG_ARGISNULL(arg))
			ereport(ERROR,
					(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
					 errmsg("%s is null", arg == ARG_AS_OF ? "as_of" : "model")));
	state.as_of = promo_day_of_datum(PG_GETARG_DATUM(ARG_AS_OF), "as_of");
	if (PG_NARGS() > ARG_MODEL &&
		!promo_clv_read_kind(promo_text_of_datum(PG_GETARG_DATUM(ARG_MODEL)), &state.kind, &err))
		promo_report(&err);
	return state;
}

PG_FUNCTION_INFO_V1(promo_clv_fit_trans);
Datum
promo_clv_fit_trans(PG_FUNCTION_ARGS)
{
	FitState   *state = PG_ARGISNULL(0) ? NULL : (FitState *) PG_GETARG_POINTER(0);
	FitState	given = state_of_arguments(fcinfo);
	MemoryContext context;
	PromoClvCustomer customer;

	if (!AggCheckCallContext(fcinfo, &context))
		elog(ERROR, "promo.clv_fit called outside of an aggregate");
	if (state == NULL)
	{
		state = MemoryContextAlloc(context, sizeof(FitState));
		*state = given;
		state->orders = promo_records_new(context, sizeof(PromoClvRecord), compact_orders);
		state->spend = promo_records_new(context, sizeof(PromoSpendRecord), compact_spend);
		promo_records_share(state->orders, 2);
		promo_records_share(state->spend, 2);
	}
	if (given.as_of != state->as_of)
		promo_not_the_same("as_of");
	if (given.kind != state->kind)
		promo_not_the_same("model");

	if (!PG_ARGISNULL(ARG_HISTORY) &&
		customer_of_datum(PG_GETARG_DATUM(ARG_HISTORY), state->as_of, &customer))
	{
		PromoClvRecord orders = {customer.x, customer.t_x, customer.T, 1};
		PromoSpendRecord spend = {customer.repeat_spent, customer.x, 1};

		promo_records_append(state->orders, &orders);
		if (customer.repeat_spent > 0)
			promo_records_append(state->spend, &spend);
		else
			state->dropped += customer.x > 0;
	}
	PG_RETURN_POINTER(state);
}

PG_FUNCTION_INFO_V1(promo_clv_fit_final);
Datum
promo_clv_fit_final(PG_FUNCTION_ARGS)
{
	const FitState *state = (const FitState *) PG_GETARG_POINTER(0);
	PromoClvModel *model = promo_clv_fit(&promo_arena, state->kind, state->as_of,
										 promo_records_read(state->orders),
										 promo_records_read(state->spend), state->dropped);

	if (model == NULL)
		PG_RETURN_NULL();
	return promo_flat_datum(&promo_flat_clv_model, model);
}
