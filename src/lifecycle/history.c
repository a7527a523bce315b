/*-------------------------------------------------------------------------
 *
 * history.c
 *	  the type promo.history: one customer's purchase days
 *
 * The aggregates have the type itself as transition type, so that any planner
 * can split them.  While they collect, it holds an open history: days in the
 * order of arrival, sorted and merged only when the room is used up, so that a
 * row costs the same whatever its day.  Its length word counts the room too.
 * An open history leaves an aggregate as a partial state only; whoever meets
 * one otherwise (a state that was stored on purpose) reads it settled, but
 * operators compare its bytes as they are.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "lifecycle/history.h"
#include "numeric.h"
#include "utils/date.h"
#include "utils/numeric.h"

typedef struct OpenHistory
{
	int32		vl_len_;
	uint8		version;
	uint8		format;			/* HISTORY_OPEN, which no settled history has */
	uint16		unused;			/* zero */
	uint32		n;
	uint32		ascending;		/* 1 if days ascend strictly, otherwise 0 */
	PromoDay	days[FLEXIBLE_ARRAY_MEMBER];
} OpenHistory;

StaticAssertDecl(offsetof(OpenHistory, days) == 16, "whole days fill sizes that are powers of two");

#define HISTORY_OPEN		0x80

/* three days; then 7, 15 ... : sizes that the allocator does not round up */
#define FIRST_SIZE			64

pg_noreturn static void
corrupted(const void *value)
{
	/* names the version if that is what is unknown */
	promo_flat_corrupted(&promo_flat_history, value);
}

static inline bool
is_open(const void *image, Size size)
{
	const uint8 *bytes = image;

	return size >= 2 && bytes[0] == PROMO_HISTORY_VERSION && bytes[1] == HISTORY_OPEN;
}

/* ----------------------------------------------------------------
 * open histories
 * ----------------------------------------------------------------
 */

static inline uint32
capacity_of(const OpenHistory *open)
{
	return (VARSIZE(open) - offsetof(OpenHistory, days)) / sizeof(PromoDay);
}

/* the room is taken from the current context: the executor copies what is new */
static OpenHistory *
new_open(uint32 capacity)
{
	Size		size = FIRST_SIZE;
	OpenHistory *open;

	while ((size - offsetof(OpenHistory, days)) / sizeof(PromoDay) < capacity)
		size *= 2;
	/* the room too: a partial state is sent with it */
	open = palloc0(size);
	SET_VARSIZE(open, size);
	open->version = PROMO_HISTORY_VERSION;
	open->format = HISTORY_OPEN;
	open->ascending = 1;
	return open;
}

static void
settle(OpenHistory *open)
{
	PromoError	err;

	if (open->ascending)
		return;
	if (!promo_settle_days(&promo_arena, open->days, &open->n, &err))
		promo_report(&err);
	open->ascending = 1;
}

/* Sees to room for `more` days: those that are there may become fewer, or move. */
static OpenHistory *
make_room(OpenHistory *open, uint32 more)
{
	OpenHistory *larger;

	if (open->n + more <= capacity_of(open))
		return open;
	settle(open);
	/* to settle again and again for a little room would take too long */
	if (open->n + more <= capacity_of(open) - capacity_of(open) / 4)
		return open;
	larger = new_open(Max(open->n + more, capacity_of(open) + 1));
	larger->n = open->n;
	memcpy(larger->days, open->days, open->n * sizeof(PromoDay));
	return larger;
}

/* Adds a day to one that has room. */
static inline void
add_day(OpenHistory *open, PromoDay day)
{
	if (open->n > 0 && day.day <= open->days[open->n - 1].day)
	{
		if (open->ascending && day.day == open->days[open->n - 1].day)
		{
			PromoError	err;

			if (!promo_add_to_day(&open->days[open->n - 1], day.orders, day.amount, &err))
				promo_report(&err);
			return;
		}
		open->ascending = 0;
	}
	open->days[open->n++] = day;
}

/* An open history as it came from another process; NULL if the value is settled. */
static const OpenHistory *
received_open(Datum datum)
{
	struct varlena *value = PG_DETOAST_DATUM_PACKED(datum);
	const OpenHistory *open;

	if (!is_open(VARDATA_ANY(value), VARSIZE_ANY_EXHDR(value)))
		return NULL;
	/* aligned, which a short one is not */
	open = (const OpenHistory *) PG_DETOAST_DATUM(PointerGetDatum(value));
	if (VARSIZE(open) < offsetof(OpenHistory, days) || open->n > capacity_of(open))
		corrupted(open);
	return open;
}

/* The settled form, in the current context; the open one stays as it is. */
static void *
settled_copy(const OpenHistory *open)
{
	uint32		n = open->n;
	PromoDay   *days = palloc(n * sizeof(PromoDay));
	PromoError	err;
	void	   *history;

	memcpy(days, open->days, n * sizeof(PromoDay));
	if (!promo_settle_days(&promo_arena, days, &n, &err) ||
		(history = promo_history_of_days(&promo_arena, days, n, &err)) == NULL)
		promo_report(&err);
	return history;
}

/* ----------------------------------------------------------------
 * the door
 * ----------------------------------------------------------------
 */

void
promo_history_of_datum(Datum datum, PromoHistory *history)
{
	struct varlena *value = PG_DETOAST_DATUM_PACKED(datum);

	if (unlikely(!promo_history_open(history, VARDATA_ANY(value), VARSIZE_ANY_EXHDR(value))))
	{
		const OpenHistory *open = received_open(PointerGetDatum(value));

		if (open == NULL)
			corrupted(PG_DETOAST_DATUM(PointerGetDatum(value)));
		promo_history_of_datum(promo_flat_datum(&promo_flat_history, settled_copy(open)), history);
	}
}

static Datum
history_datum(void *history)
{
	return promo_flat_datum(&promo_flat_history, history);
}

/* ----------------------------------------------------------------
 * input and output
 * ----------------------------------------------------------------
 */

static void *
from_text(PromoText text, PromoError *err)
{
	return promo_history_parse(&promo_arena, text, err);
}

static void
to_text(PromoBuffer *buf, const void *value)
{
	PromoHistory history;

	promo_history_of_datum(PointerGetDatum(value), &history);
	promo_history_print(buf, &history);
}

static void *
from_json(PromoText json, PromoError *err)
{
	return promo_history_from_json(&promo_arena, json, err);
}

static void
to_json(PromoBuffer *buf, const void *value)
{
	PromoHistory history;

	promo_history_of_datum(PointerGetDatum(value), &history);
	promo_history_to_json(buf, &history);
}

static void *
unpack(const void *data, size_t len, PromoError *err)
{
	return promo_history_unpack(&promo_arena, data, len, err);
}

static void
pack(PromoBuffer *buf, const void *value)
{
	PromoHistory history;

	promo_history_of_datum(PointerGetDatum(value), &history);
	promo_history_pack(buf, &history);
}

const PromoFlat promo_flat_history = {
	.name = "promo.history",
	.version = PROMO_HISTORY_VERSION,
	.size_at = 0,
	.from_text = from_text,
	.to_text = to_text,
	.from_json = from_json,
	.to_json = to_json,
	.unpack = unpack,
	.pack = pack
};

PROMO_FLAT_FUNCTIONS(history);

/* ----------------------------------------------------------------
 * aggregates
 * ----------------------------------------------------------------
 */

/*
 * The state that the caller lets us change in place.  What is no open history
 * (a state that somebody else began) is read into one.
 */
static OpenHistory *
state_of_argument(FunctionCallInfo fcinfo)
{
	const OpenHistory *open;
	PromoHistory history;
	OpenHistory *state;

	if (!AggCheckCallContext(fcinfo, NULL))
		elog(ERROR, "an aggregate's function called in non-aggregate context");
	if (PG_ARGISNULL(0))
		return new_open(0);
	state = (OpenHistory *) PG_GETARG_POINTER(0);
	if (likely(VARATT_IS_4B_U(state) && VARSIZE(state) >= FIRST_SIZE &&
			   is_open(VARDATA(state), VARSIZE(state) - VARHDRSZ)))
		return state;
	open = received_open(PG_GETARG_DATUM(0));
	if (open != NULL)
	{
		state = new_open(open->n);
		state->n = open->n;
		state->ascending = open->ascending;
		memcpy(state->days, open->days, open->n * sizeof(PromoDay));
		return state;
	}
	promo_history_of_datum(PG_GETARG_DATUM(0), &history);
	state = new_open(history.n);
	state->n = history.n;
	promo_history_days(&history, history.n, state->days);
	return state;
}

/* One row of orders: NULL is left out, and so is an amount of 0, which changes nothing. */
PG_FUNCTION_INFO_V1(promo_history_agg_trans);
Datum
promo_history_agg_trans(PG_FUNCTION_ARGS)
{
	OpenHistory *state;
	PromoDay	day;
	PromoNumber number;

	if (PG_ARGISNULL(1) || PG_ARGISNULL(2))
	{
		if (PG_ARGISNULL(0))
			PG_RETURN_NULL();
		PG_RETURN_DATUM(PG_GETARG_DATUM(0));
	}
	day.day = promo_day_of_datum(PG_GETARG_DATUM(1), "day");
	number = promo_numeric_to_scaled(PG_GETARG_DATUM(2), PROMO_MONEY_DIGITS, &day.amount);
	if (unlikely(number != PROMO_NUMBER_EXACT))
		promo_report_number(number, PROMO_MONEY_DIGITS, "amount");
	day.orders = day.amount > 0;

	state = state_of_argument(fcinfo);
	if (day.amount != 0)
	{
		state = make_room(state, 1);
		add_day(state, day);
	}
	PG_RETURN_POINTER(state);
}

/* Both the transition of promo.rollup and what joins partial states. */
PG_FUNCTION_INFO_V1(promo_history_combine);
Datum
promo_history_combine(PG_FUNCTION_ARGS)
{
	OpenHistory *state;
	const OpenHistory *open;

	if (PG_ARGISNULL(1))
	{
		if (PG_ARGISNULL(0))
			PG_RETURN_NULL();
		PG_RETURN_DATUM(PG_GETARG_DATUM(0));
	}
	state = state_of_argument(fcinfo);
	open = received_open(PG_GETARG_DATUM(1));
	if (open != NULL)
	{
		state = make_room(state, open->n);
		for (uint32 i = 0; i < open->n; i++)
			add_day(state, open->days[i]);
	}
	else
	{
		PromoHistory history;

		promo_history_of_datum(PG_GETARG_DATUM(1), &history);
		state = make_room(state, history.n);
		for (uint32 i = 0; i < history.n; i++)
			add_day(state, (PromoDay) {promo_history_day(&history, i),
					promo_history_orders(&history, i), promo_history_amount(&history, i)});
	}
	PG_RETURN_POINTER(state);
}

PG_FUNCTION_INFO_V1(promo_history_agg_final);
Datum
promo_history_agg_final(PG_FUNCTION_ARGS)
{
	const OpenHistory *open;

	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	open = received_open(PG_GETARG_DATUM(0));
	if (open == NULL)
		PG_RETURN_DATUM(PG_GETARG_DATUM(0));
	return history_datum(settled_copy(open));
}

/* ----------------------------------------------------------------
 * functions
 * ----------------------------------------------------------------
 */

/* Not strict: NULL merges as nothing. */
PG_FUNCTION_INFO_V1(promo_history_concat);
Datum
promo_history_concat(PG_FUNCTION_ARGS)
{
	PromoHistory a;
	PromoHistory b;
	PromoDay   *days;
	uint32		n;
	PromoError	err;
	void	   *history;

	if (PG_ARGISNULL(0) && PG_ARGISNULL(1))
		PG_RETURN_NULL();
	if (PG_ARGISNULL(0) || PG_ARGISNULL(1))
		PG_RETURN_DATUM(PG_GETARG_DATUM(PG_ARGISNULL(0) ? 1 : 0));
	promo_history_of_datum(PG_GETARG_DATUM(0), &a);
	promo_history_of_datum(PG_GETARG_DATUM(1), &b);
	n = a.n + b.n;
	days = palloc(n * sizeof(PromoDay));
	promo_history_days(&a, a.n, days);
	promo_history_days(&b, b.n, days + a.n);
	if (!promo_settle_days(&promo_arena, days, &n, &err) ||
		(history = promo_history_of_days(&promo_arena, days, n, &err)) == NULL)
		promo_report(&err);
	return history_datum(history);
}

PG_FUNCTION_INFO_V1(promo_history_until_day);
Datum
promo_history_until_day(PG_FUNCTION_ARGS)
{
	PromoHistory history;
	uint32		n;
	PromoDay   *days;
	PromoError	err;
	void	   *result;

	promo_history_of_datum(PG_GETARG_DATUM(0), &history);
	/* any date makes sense here, infinity as well */
	n = promo_history_until(&history, PG_GETARG_DATEADT(1));
	if (n == history.n)
		PG_RETURN_DATUM(PG_GETARG_DATUM(0));
	days = palloc(n * sizeof(PromoDay));
	promo_history_days(&history, n, days);
	result = promo_history_of_days(&promo_arena, days, n, &err);
	if (result == NULL)
		promo_report(&err);
	return history_datum(result);
}

static PromoPurchases
purchases(FunctionCallInfo fcinfo)
{
	return promo_purchases_of_datum(PG_GETARG_DATUM(0), PROMO_DAY_MAX);
}

PG_FUNCTION_INFO_V1(promo_history_number_of_orders);
Datum
promo_history_number_of_orders(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT64(purchases(fcinfo).orders);
}

PG_FUNCTION_INFO_V1(promo_history_order_days);
Datum
promo_history_order_days(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT32((int32) purchases(fcinfo).order_days);
}

PG_FUNCTION_INFO_V1(promo_history_first_day);
Datum
promo_history_first_day(PG_FUNCTION_ARGS)
{
	PromoPurchases p = purchases(fcinfo);

	if (p.order_days == 0)
		PG_RETURN_NULL();
	PG_RETURN_DATEADT(p.first);
}

PG_FUNCTION_INFO_V1(promo_history_last_day);
Datum
promo_history_last_day(PG_FUNCTION_ARGS)
{
	PromoPurchases p = purchases(fcinfo);

	if (p.order_days == 0)
		PG_RETURN_NULL();
	PG_RETURN_DATEADT(p.last);
}

PG_FUNCTION_INFO_V1(promo_history_spent);
Datum
promo_history_spent(PG_FUNCTION_ARGS)
{
	PG_RETURN_DATUM(promo_money_datum(purchases(fcinfo).spent));
}

PG_FUNCTION_INFO_V1(promo_history_mean_gap);
Datum
promo_history_mean_gap(PG_FUNCTION_ARGS)
{
	PromoPurchases p = purchases(fcinfo);

	if (p.order_days < 2)
		PG_RETURN_NULL();
	PG_RETURN_NUMERIC(numeric_div_opt_error(int64_to_numeric(p.last - p.first),
											int64_to_numeric((int64) p.order_days - 1), NULL));
}

PG_FUNCTION_INFO_V1(promo_history_recency);
Datum
promo_history_recency(PG_FUNCTION_ARGS)
{
	int32		as_of = promo_day_of_datum(PG_GETARG_DATUM(1), "as_of");
	PromoPurchases p = promo_purchases_of_datum(PG_GETARG_DATUM(0), as_of);

	if (p.order_days == 0)
		PG_RETURN_NULL();
	PG_RETURN_INT32(as_of - p.last);
}
