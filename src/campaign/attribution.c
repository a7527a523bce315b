/*-------------------------------------------------------------------------
 *
 * attribution.c
 *	  the aggregates promo.attribution_agg: touches of one order, and paths
 *
 * A query over a year of orders has a group per order and a few touches in
 * each, so that state is one chunk that starts small: a header and behind it a
 * record per touch that counts, in the order of arrival.  It has no pointers
 * inside, so it is moved, sent to another process and combined as bytes.  The
 * state of paths is the engine's.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "engine/channel_credit.h"
#include "numeric.h"
#include "utils/array.h"
#include "utils/jsonb.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#define DEFAULT_LOOKBACK	(30 * PROMO_DAY_MICROSECONDS)

typedef struct TouchRecord
{
	int64		at;
	uint32		len;
	char		channel[FLEXIBLE_ARRAY_MEMBER];
} TouchRecord;

/* What is said of the order in every row. */
typedef struct Order
{
	TimestampTz at;
	int64		amount;
	int64		lookback;
	PromoCreditMethod method;
} Order;

typedef struct OrderState
{
	int32		vl_len_;		/* set when the state travels as bytea */
	uint32		n;
	uint32		used;			/* bytes, with this header */
	uint32		capacity;
	Order		order;
	char		records[FLEXIBLE_ARRAY_MEMBER] pg_attribute_aligned(8);
} OrderState;

/* nine touches with names of up to four bytes, or four with up to twenty */
#define FIRST_CAPACITY	192

/* arguments behind the state */
enum
{
	ARG_AT = 1,
	ARG_CHANNEL,
	ARG_ORDER_AT,
	ARG_AMOUNT,
	ARG_METHOD,
	ARG_LOOKBACK,

	ARG_PATH = 1,
	ARG_CONVERTED,
	ARG_LOST,
	ARG_PATH_METHOD
};

static void
check_given(FunctionCallInfo fcinfo, int arg, const char *name)
{
	if (PG_ARGISNULL(arg))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("%s is null", name)));
}

/* the channels as keys: jsonb sorts them its own way */
static Datum
jsonb_of_credits(const PromoCredit *credits, uint32 n)
{
	JsonbParseState *state = NULL;
	JsonbValue	value;
	JsonbValue *result;

	pushJsonbValue(&state, WJB_BEGIN_OBJECT, NULL);
	for (uint32 i = 0; i < n; i++)
	{
		value.type = jbvString;
		value.val.string.val = unconstify(char *, credits[i].channel.data);
		value.val.string.len = credits[i].channel.len;
		pushJsonbValue(&state, WJB_KEY, &value);
		value.type = jbvNumeric;
		value.val.numeric = DatumGetNumeric(promo_money_datum(credits[i].amount));
		pushJsonbValue(&state, WJB_VALUE, &value);
	}
	result = pushJsonbValue(&state, WJB_END_OBJECT, NULL);
	return JsonbPGetDatum(JsonbValueToJsonb(result));
}

/* ----------------------------------------------------------------
 * touches of one order
 * ----------------------------------------------------------------
 */

static OrderState *
new_state(MemoryContext context, Size capacity, const Order *order)
{
	OrderState *state = MemoryContextAllocZero(context, capacity);

	state->used = offsetof(OrderState, records);
	state->capacity = capacity;
	state->order = *order;
	return state;
}

/* makes room for `size` more bytes; the state may move */
static OrderState *
reserve(OrderState *state, Size size)
{
	Size		capacity = state->capacity;

	if (state->used + size <= capacity)
		return state;
	while (capacity < state->used + size)
		capacity *= 2;
	if (!AllocSizeIsValid(capacity))
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("order has too many touches")));
	state = repalloc(state, capacity);
	state->capacity = capacity;
	return state;
}

static OrderState *
append_touch(OrderState *state, int64 at, PromoText channel)
{
	Size		size = TYPEALIGN(8, offsetof(TouchRecord, channel) + channel.len);
	TouchRecord *record;

	state = reserve(state, size);
	record = (TouchRecord *) ((char *) state + state->used);
	memset((char *) record + size - 8, 0, 8);
	record->at = at;
	record->len = channel.len;
	memcpy(record->channel, channel.data, channel.len);
	state->used += size;
	state->n++;
	return state;
}

/* rows of a group are touches of one order: what they say of it is the same */
static void
check_same_order(const Order *order, const Order *other)
{
	const char *what = order->at != other->at ? "order_at" :
		order->amount != other->amount ? "amount" :
		order->lookback != other->lookback ? "lookback" :
		order->method != other->method ? "method" : NULL;

	if (what != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s is not the same in all rows of a group", what),
				 errhint("Group by order: the rows of a group are the touches of one.")));
}

static int64
lookback_arg(FunctionCallInfo fcinfo)
{
	const Interval *span;
	int64		lookback;

	if (PG_NARGS() <= ARG_LOOKBACK)
		return DEFAULT_LOOKBACK;
	check_given(fcinfo, ARG_LOOKBACK, "lookback");
	span = PG_GETARG_INTERVAL_P(ARG_LOOKBACK);
	if (span->month != 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("lookback has months or years"),
				 errdetail("Their length differs."),
				 errhint("Give it in days.")));
	if (__builtin_mul_overflow((int64) span->day, PROMO_DAY_MICROSECONDS, &lookback) ||
		__builtin_add_overflow(lookback, span->time, &lookback))
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("lookback is out of range")));
	if (lookback <= 0)
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("lookback is not positive")));
	return lookback;
}

/* Less than nothing is what a customer gets back. */
static int64
amount_arg(FunctionCallInfo fcinfo)
{
	int64		amount;
	PromoNumber number = promo_numeric_to_scaled(PG_GETARG_DATUM(ARG_AMOUNT), PROMO_MONEY_DIGITS,
												 &amount);

	if (number != PROMO_NUMBER_EXACT)
		promo_report_number(number, PROMO_MONEY_DIGITS, "amount");
	return amount;
}

static Order
order_args(FunctionCallInfo fcinfo)
{
	Order		order;
	PromoError	err;

	check_given(fcinfo, ARG_ORDER_AT, "order_at");
	check_given(fcinfo, ARG_AMOUNT, "amount");
	check_given(fcinfo, ARG_METHOD, "method");
	order.at = PG_GETARG_TIMESTAMPTZ(ARG_ORDER_AT);
	if (TIMESTAMP_NOT_FINITE(order.at))
		ereport(ERROR,
				(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
				 errmsg("order_at is infinite")));
	order.amount = amount_arg(fcinfo);
	order.lookback = lookback_arg(fcinfo);
	if (!promo_touch_method(promo_text_of_datum(PG_GETARG_DATUM(ARG_METHOD)), &order.method, &err))
		promo_report(&err);
	return order;
}

PG_FUNCTION_INFO_V1(promo_attribution_trans);
Datum
promo_attribution_trans(PG_FUNCTION_ARGS)
{
	OrderState *state = PG_ARGISNULL(0) ? NULL : (OrderState *) PG_GETARG_POINTER(0);
	MemoryContext context;
	Order		order;
	PromoText	channel;
	PromoError	err;

	if (!AggCheckCallContext(fcinfo, &context))
		elog(ERROR, "promo.attribution_agg called outside of an aggregate");
	order = order_args(fcinfo);
	if (state == NULL)
		state = new_state(context, FIRST_CAPACITY, &order);
	else
		check_same_order(&state->order, &order);

	/* no time: no touch, as a left join says it */
	if (PG_ARGISNULL(ARG_AT))
		PG_RETURN_POINTER(state);
	if (PG_ARGISNULL(ARG_CHANNEL))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("channel of a touch is null"),
				 errhint("Name what has no channel, as in coalesce(channel, 'direct').")));
	channel = promo_text_of_datum(PG_GETARG_DATUM(ARG_CHANNEL));
	if (!promo_check_channel(channel, &err))
		promo_report(&err);
	if (promo_touch_counts(PG_GETARG_TIMESTAMPTZ(ARG_AT), order.at, order.lookback))
		state = append_touch(state, PG_GETARG_TIMESTAMPTZ(ARG_AT), channel);
	PG_RETURN_POINTER(state);
}

PG_FUNCTION_INFO_V1(promo_attribution_combine);
Datum
promo_attribution_combine(PG_FUNCTION_ARGS)
{
	OrderState *state = PG_ARGISNULL(0) ? NULL : (OrderState *) PG_GETARG_POINTER(0);
	const OrderState *other = PG_ARGISNULL(1) ? NULL : (OrderState *) PG_GETARG_POINTER(1);
	MemoryContext context;
	Size		size;

	if (!AggCheckCallContext(fcinfo, &context))
		elog(ERROR, "promo.attribution_agg called outside of an aggregate");
	if (other == NULL)
	{
		if (state == NULL)
			PG_RETURN_NULL();
		PG_RETURN_POINTER(state);
	}
	if (state == NULL)
		state = new_state(context, Max(FIRST_CAPACITY, other->used), &other->order);
	else
		check_same_order(&state->order, &other->order);
	size = other->used - offsetof(OrderState, records);
	state = reserve(state, size);
	memcpy((char *) state + state->used, other->records, size);
	state->used += size;
	state->n += other->n;
	PG_RETURN_POINTER(state);
}

/* Only the same library in the same server reads this: the state as it is. */
PG_FUNCTION_INFO_V1(promo_attribution_serialize);
Datum
promo_attribution_serialize(PG_FUNCTION_ARGS)
{
	const OrderState *state = (OrderState *) PG_GETARG_POINTER(0);
	OrderState *copy = palloc(state->used);

	memcpy(copy, state, state->used);
	copy->capacity = state->used;
	SET_VARSIZE(copy, state->used);
	PG_RETURN_BYTEA_P((bytea *) copy);
}

PG_FUNCTION_INFO_V1(promo_attribution_deserialize);
Datum
promo_attribution_deserialize(PG_FUNCTION_ARGS)
{
	OrderState *state = (OrderState *) PG_GETARG_BYTEA_P_COPY(0);

	if (VARSIZE(state) < offsetof(OrderState, records) || VARSIZE(state) != state->used)
		elog(ERROR, "invalid state of promo.attribution_agg");
	PG_RETURN_POINTER(state);
}

PG_FUNCTION_INFO_V1(promo_attribution_final);
Datum
promo_attribution_final(PG_FUNCTION_ARGS)
{
	const OrderState *state;
	PromoTouch *touches;
	PromoCredit *credits;
	const char *p;
	uint32		n;

	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	state = (OrderState *) PG_GETARG_POINTER(0);
	touches = palloc(state->n * sizeof(PromoTouch));
	p = state->records;
	for (uint32 i = 0; i < state->n; i++)
	{
		const TouchRecord *record = (const TouchRecord *) p;

		touches[i] = (PromoTouch) {record->at, {record->channel, record->len}};
		p += TYPEALIGN(8, offsetof(TouchRecord, channel) + record->len);
	}
	n = promo_credit_touches(&promo_arena, state->order.method, state->order.amount, touches,
							 state->n, &credits);
	return jsonb_of_credits(credits, n);
}

/* ----------------------------------------------------------------
 * paths
 * ----------------------------------------------------------------
 */

/* the channels of a path; none if it is NULL */
static PromoText *
path_arg(FunctionCallInfo fcinfo, uint32 *n)
{
	ArrayType  *array;
	Datum	   *elements;
	bool	   *nulls;
	int			count;
	PromoText  *channels;

	*n = 0;
	if (PG_ARGISNULL(ARG_PATH))
		return NULL;
	array = PG_GETARG_ARRAYTYPE_P(ARG_PATH);
	if (ARR_NDIM(array) > 1)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("path is not a one-dimensional array")));
	deconstruct_array(array, TEXTOID, -1, false, TYPALIGN_INT, &elements, &nulls, &count);
	channels = palloc(count * sizeof(PromoText));
	for (int i = 0; i < count; i++)
	{
		if (nulls[i])
			ereport(ERROR,
					(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
					 errmsg("channel %d of a path is null", i + 1)));
		channels[i] = promo_text_of_datum(elements[i]);
	}
	*n = count;
	return channels;
}

/* NULL, as a sum over no rows gives it, is nothing */
static int64
sum_arg(FunctionCallInfo fcinfo, int arg, const char *name)
{
	return PG_ARGISNULL(arg) ? 0 : promo_amount_of_numeric(PG_GETARG_DATUM(arg), name);
}

PG_FUNCTION_INFO_V1(promo_path_attribution_trans);
Datum
promo_path_attribution_trans(PG_FUNCTION_ARGS)
{
	PromoPaths *paths = PG_ARGISNULL(0) ? NULL : (PromoPaths *) PG_GETARG_POINTER(0);
	MemoryContext context;
	MemoryContext old;
	PromoCreditMethod method;
	PromoText  *channels;
	uint32		n;
	int64		converted;
	int64		lost;
	PromoError	err;

	if (!AggCheckCallContext(fcinfo, &context))
		elog(ERROR, "promo.attribution_agg called outside of an aggregate");
	check_given(fcinfo, ARG_PATH_METHOD, "method");
	if (!promo_path_method(promo_text_of_datum(PG_GETARG_DATUM(ARG_PATH_METHOD)), &method, &err))
		promo_report(&err);
	if (paths != NULL && promo_paths_method(paths) != method)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("method is not the same in all rows of a group")));
	channels = path_arg(fcinfo, &n);
	converted = sum_arg(fcinfo, ARG_CONVERTED, "converted");
	lost = sum_arg(fcinfo, ARG_LOST, "lost");

	old = MemoryContextSwitchTo(context);
	if (paths == NULL)
		paths = promo_paths_new(&promo_arena, method);
	if (!promo_paths_add(&promo_arena, paths, channels, n, converted, lost, &err))
		promo_report(&err);
	MemoryContextSwitchTo(old);
	PG_RETURN_POINTER(paths);
}

PG_FUNCTION_INFO_V1(promo_path_attribution_combine);
Datum
promo_path_attribution_combine(PG_FUNCTION_ARGS)
{
	PromoPaths *paths = PG_ARGISNULL(0) ? NULL : (PromoPaths *) PG_GETARG_POINTER(0);
	const PromoPaths *other = PG_ARGISNULL(1) ? NULL : (PromoPaths *) PG_GETARG_POINTER(1);
	MemoryContext context;
	MemoryContext old;
	PromoError	err;

	if (!AggCheckCallContext(fcinfo, &context))
		elog(ERROR, "promo.attribution_agg called outside of an aggregate");
	if (other == NULL)
	{
		if (paths == NULL)
			PG_RETURN_NULL();
		PG_RETURN_POINTER(paths);
	}
	old = MemoryContextSwitchTo(context);
	if (paths == NULL)
		paths = promo_paths_new(&promo_arena, promo_paths_method(other));
	else if (promo_paths_method(paths) != promo_paths_method(other))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("method is not the same in all rows of a group")));
	if (!promo_paths_merge(&promo_arena, paths, other, &err))
		promo_report(&err);
	MemoryContextSwitchTo(old);
	PG_RETURN_POINTER(paths);
}

PG_FUNCTION_INFO_V1(promo_path_attribution_serialize);
Datum
promo_path_attribution_serialize(PG_FUNCTION_ARGS)
{
	PromoBuffer buf;

	promo_buffer_init(&buf, &promo_arena);
	promo_paths_pack(&buf, (PromoPaths *) PG_GETARG_POINTER(0));
	return promo_text_datum((PromoText) {buf.data, buf.len});
}

PG_FUNCTION_INFO_V1(promo_path_attribution_deserialize);
Datum
promo_path_attribution_deserialize(PG_FUNCTION_ARGS)
{
	PromoText	bytes = promo_text_of_datum(PG_GETARG_DATUM(0));
	PromoError	err;
	PromoPaths *paths = promo_paths_unpack(&promo_arena, bytes.data, bytes.len, &err);

	if (paths == NULL)
		elog(ERROR, "invalid state of promo.attribution_agg: %s", err.message);
	PG_RETURN_POINTER(paths);
}

PG_FUNCTION_INFO_V1(promo_path_attribution_final);
Datum
promo_path_attribution_final(PG_FUNCTION_ARGS)
{
	PromoCredit *credits;
	uint32		n;

	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	n = promo_credit_paths(&promo_arena, (PromoPaths *) PG_GETARG_POINTER(0), &credits);
	return jsonb_of_credits(credits, n);
}
