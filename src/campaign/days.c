/*-------------------------------------------------------------------------
 *
 * days.c
 *	  the type promo.days: the days on which one customer was active
 *
 * As with histories, the type itself is the transition type of its
 * aggregates: while they collect it holds an open set, which they change in
 * place, and which leaves them as a partial state only.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "campaign/days.h"
#include "utils/date.h"

pg_noreturn static void
corrupted(const void *value)
{
	promo_flat_corrupted(&promo_flat_days, PG_DETOAST_DATUM(PointerGetDatum(value)));
}

static Datum
days_datum(void *value)
{
	return promo_flat_datum(&promo_flat_days, value);
}

/* ----------------------------------------------------------------
 * the door
 * ----------------------------------------------------------------
 */

/* An open set, aligned; NULL if the value is settled. */
static const PromoDaysState *
received_open(struct varlena *value)
{
	const PromoDaysState *state;

	if (!promo_days_is_open(VARDATA_ANY(value), VARSIZE_ANY_EXHDR(value)))
		return NULL;
	/* aligned, which a short one is not */
	state = (const PromoDaysState *) PG_DETOAST_DATUM(PointerGetDatum(value));
	if (!promo_days_check_state(state, VARSIZE(state)))
		corrupted(state);
	return state;
}

void
promo_days_of_datum(Datum datum, PromoDays *days)
{
	struct varlena *value = PG_DETOAST_DATUM_PACKED(datum);
	const PromoDaysState *state;

	if (likely(promo_days_read(&promo_arena, days, VARDATA_ANY(value), VARSIZE_ANY_EXHDR(value))))
		return;
	state = received_open(value);
	if (state == NULL)
		corrupted(value);
	promo_days_of_datum(days_datum(promo_days_settled(&promo_arena, state)), days);
}

/* ----------------------------------------------------------------
 * input and output
 * ----------------------------------------------------------------
 */

static void *
from_text(PromoText text, PromoError *err)
{
	return promo_days_parse(&promo_arena, text, err);
}

static void
to_text(PromoBuffer *buf, const void *value)
{
	PromoDays	days;

	promo_days_of_datum(PointerGetDatum(value), &days);
	promo_days_print(buf, &days);
}

static void *
from_json(PromoText json, PromoError *err)
{
	return promo_days_from_json(&promo_arena, json, err);
}

static void
to_json(PromoBuffer *buf, const void *value)
{
	PromoDays	days;

	promo_days_of_datum(PointerGetDatum(value), &days);
	promo_days_to_json(buf, &days);
}

static void *
unpack(const void *data, size_t len, PromoError *err)
{
	return promo_days_unpack(&promo_arena, data, len, err);
}

static void
pack(PromoBuffer *buf, const void *value)
{
	PromoDays	days;

	promo_days_of_datum(PointerGetDatum(value), &days);
	promo_days_pack(buf, &days);
}

const PromoFlat promo_flat_days = {
	.name = "promo.days",
	.version = PROMO_DAYS_VERSION,
	.size_at = 0,
	.from_text = from_text,
	.to_text = to_text,
	.from_json = from_json,
	.to_json = to_json,
	.unpack = unpack,
	.pack = pack
};

PROMO_FLAT_FUNCTIONS(days);

/* ----------------------------------------------------------------
 * aggregates
 * ----------------------------------------------------------------
 */

static PromoDaysState *
add_value(PromoDaysState *state, Datum datum)
{
	struct varlena *value = PG_DETOAST_DATUM_PACKED(datum);
	const PromoDaysState *open = received_open(value);
	PromoDays	days;

	if (open != NULL)
		return promo_days_add_open(&promo_arena, state, open);
	promo_days_of_datum(PointerGetDatum(value), &days);
	return promo_days_add_settled(&promo_arena, state, &days);
}

/*
 * The state that the caller lets us change in place.  What is no open state (one
 * that somebody else began) is read into one.
 */
static PromoDaysState *
state_of_argument(FunctionCallInfo fcinfo)
{
	struct varlena *value;

	if (!AggCheckCallContext(fcinfo, NULL))
		elog(ERROR, "an aggregate's function called in non-aggregate context");
	if (PG_ARGISNULL(0))
		return promo_days_begin(&promo_arena);
	value = (struct varlena *) PG_GETARG_POINTER(0);
	if (likely(VARATT_IS_4B_U(value) &&
			   promo_days_is_open(VARDATA(value), VARSIZE(value) - VARHDRSZ) &&
			   VARSIZE(value) >= sizeof(PromoDaysState) &&
			   promo_days_state_size((PromoDaysState *) value) == VARSIZE(value)))
		return (PromoDaysState *) value;
	return add_value(promo_days_begin(&promo_arena), PG_GETARG_DATUM(0));
}

/* The executor copies a state that has moved, and needs its length for that. */
static Datum
state_datum(PromoDaysState *state)
{
	SET_VARSIZE(state, promo_days_state_size(state));
	return PointerGetDatum(state);
}

/* One day: NULL is left out. */
PG_FUNCTION_INFO_V1(promo_days_agg_trans);
Datum
promo_days_agg_trans(PG_FUNCTION_ARGS)
{
	int32		day;

	if (PG_ARGISNULL(1))
	{
		if (PG_ARGISNULL(0))
			PG_RETURN_NULL();
		PG_RETURN_DATUM(PG_GETARG_DATUM(0));
	}
	day = promo_day_of_datum(PG_GETARG_DATUM(1), "day");
	return state_datum(promo_days_add(&promo_arena, state_of_argument(fcinfo), day));
}

/* Both the transition of promo.rollup and what joins partial states. */
PG_FUNCTION_INFO_V1(promo_days_combine);
Datum
promo_days_combine(PG_FUNCTION_ARGS)
{
	if (PG_ARGISNULL(1))
	{
		if (PG_ARGISNULL(0))
			PG_RETURN_NULL();
		PG_RETURN_DATUM(PG_GETARG_DATUM(0));
	}
	return state_datum(add_value(state_of_argument(fcinfo), PG_GETARG_DATUM(1)));
}

PG_FUNCTION_INFO_V1(promo_days_agg_final);
Datum
promo_days_agg_final(PG_FUNCTION_ARGS)
{
	const PromoDaysState *open;

	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	open = received_open(PG_DETOAST_DATUM_PACKED(PG_GETARG_DATUM(0)));
	if (open == NULL)
		PG_RETURN_DATUM(PG_GETARG_DATUM(0));
	return days_datum(promo_days_settled(&promo_arena, open));
}

/* ----------------------------------------------------------------
 * functions
 * ----------------------------------------------------------------
 */

/* Not strict: NULL merges as nothing. */
PG_FUNCTION_INFO_V1(promo_days_concat);
Datum
promo_days_concat(PG_FUNCTION_ARGS)
{
	PromoDaysState *state;

	if (PG_ARGISNULL(0) && PG_ARGISNULL(1))
		PG_RETURN_NULL();
	if (PG_ARGISNULL(0) || PG_ARGISNULL(1))
		PG_RETURN_DATUM(PG_GETARG_DATUM(PG_ARGISNULL(0) ? 1 : 0));
	state = promo_days_begin(&promo_arena);
	for (int i = 0; i < 2; i++)
		state = add_value(state, PG_GETARG_DATUM(i));
	return days_datum(promo_days_settled(&promo_arena, state));
}

PG_FUNCTION_INFO_V1(promo_days_is_active);
Datum
promo_days_is_active(PG_FUNCTION_ARGS)
{
	PromoDays	days;
	DateADT		day = PG_GETARG_DATEADT(1);	/* any date makes sense here, infinity as well */
	uint32		until;

	promo_days_of_datum(PG_GETARG_DATUM(0), &days);
	until = promo_days_until(&days, day);
	PG_RETURN_BOOL(until > 0 && promo_day_of_number(days.numbers[until - 1]) == day);
}

/* Not strict: a bound that is NULL is open. */
PG_FUNCTION_INFO_V1(promo_days_active_days);
Datum
promo_days_active_days(PG_FUNCTION_ARGS)
{
	PromoDays	days;
	uint32		before = 0;
	uint32		until;

	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	promo_days_of_datum(PG_GETARG_DATUM(0), &days);
	until = PG_ARGISNULL(2) ? days.n : promo_days_until(&days, PG_GETARG_DATEADT(2));
	/* no day is before -infinity, from which one cannot count back */
	if (!PG_ARGISNULL(1) && PG_GETARG_DATEADT(1) > PROMO_DAY_MIN)
		before = promo_days_until(&days, PG_GETARG_DATEADT(1) - 1);
	PG_RETURN_INT32(before < until ? (int32) (until - before) : 0);
}
