/*-------------------------------------------------------------------------
 *
 * retention.c
 *	  the type promo.retention: how cohorts of customers come back
 *
 * As with histories, the type itself is the transition type of its
 * aggregates: while they collect it holds an open state, which they change in
 * place, and which leaves them as a partial state only.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "campaign/days.h"
#include "engine/retention_value.h"
#include "rows.h"
#include "utils/date.h"
#include "utils/numeric.h"

static const PromoFlat promo_flat_retention;

pg_noreturn static void
corrupted(const void *value)
{
	promo_flat_corrupted(&promo_flat_retention, PG_DETOAST_DATUM(PointerGetDatum(value)));
}

static Datum
retention_datum(void *value)
{
	return promo_flat_datum(&promo_flat_retention, value);
}

/* ----------------------------------------------------------------
 * the door
 * ----------------------------------------------------------------
 */

/* An open state, aligned; NULL if the value is settled. */
static const PromoRetentionState *
received_open(struct varlena *value)
{
	const PromoRetentionState *state;

	if (!promo_retention_is_open(VARDATA_ANY(value), VARSIZE_ANY_EXHDR(value)))
		return NULL;
	/* aligned, which a short one is not */
	state = (const PromoRetentionState *) PG_DETOAST_DATUM(PointerGetDatum(value));
	if (!promo_retention_check_state(state, VARSIZE(state)))
		corrupted(state);
	return state;
}

static Datum
settled_datum(const PromoRetentionState *state)
{
	return retention_datum(promo_retention_settled(&promo_arena, state));
}

/* Opens a state, or settles what an aggregate has collected. */
static PromoRetention
retention_of_datum(Datum datum)
{
	struct varlena *value = PG_DETOAST_DATUM_PACKED(datum);
	const PromoRetentionState *state = received_open(value);
	PromoRetention retention;

	if (state != NULL)
		value = (struct varlena *) DatumGetPointer(settled_datum(state));
	retention = promo_retention_open(VARDATA_ANY(value), VARSIZE_ANY_EXHDR(value));
	if (retention.bad)
		corrupted(value);
	return retention;
}

/* ----------------------------------------------------------------
 * input and output
 * ----------------------------------------------------------------
 */

static void *
from_json(PromoText json, PromoError *err)
{
	return promo_retention_from_json(&promo_arena, json, err);
}

static void
to_json(PromoBuffer *buf, const void *value)
{
	promo_retention_to_json(buf, retention_of_datum(PointerGetDatum(value)));
}

static void *
unpack(const void *data, size_t len, PromoError *err)
{
	return promo_retention_unpack(&promo_arena, data, len, err);
}

/* the same bytes */
static void
pack(PromoBuffer *buf, const void *value)
{
	const PromoRetentionState *state = received_open((struct varlena *) value);

	if (state != NULL)
		value = DatumGetPointer(settled_datum(state));
	promo_put(buf, VARDATA_ANY(value), VARSIZE_ANY_EXHDR(value));
}

static const PromoFlat promo_flat_retention = {
	.name = "promo.retention",
	.version = PROMO_RETENTION_VERSION,
	.size_at = 0,
	.from_text = from_json,
	.to_text = to_json,
	.from_json = from_json,
	.to_json = to_json,
	.unpack = unpack,
	.pack = pack
};

PROMO_FLAT_FUNCTIONS(retention);

/* ----------------------------------------------------------------
 * aggregates
 * ----------------------------------------------------------------
 */

static void
add_value(PromoRetentionState **state, Datum datum)
{
	struct varlena *value = PG_DETOAST_DATUM_PACKED(datum);
	const PromoRetentionState *open = received_open(value);
	PromoError	err;
	bool		added;

	if (open != NULL)
		added = promo_retention_add_open(&promo_arena, state, open, &err);
	else
		added = promo_retention_add_settled(&promo_arena, state,
											retention_of_datum(PointerGetDatum(value)), &err);
	if (!added)
		promo_report(&err);
}

/*
 * The state that the caller lets us change in place.  What is no open state (one
 * that somebody else began) is read into one.
 */
static PromoRetentionState *
state_of_argument(FunctionCallInfo fcinfo)
{
	struct varlena *value;
	PromoRetentionState *state;

	if (!AggCheckCallContext(fcinfo, NULL))
		elog(ERROR, "an aggregate's function called in non-aggregate context");
	if (!PG_ARGISNULL(0))
	{
		value = (struct varlena *) PG_GETARG_POINTER(0);
		if (likely(VARATT_IS_4B_U(value) &&
				   promo_retention_is_open(VARDATA(value), VARSIZE(value) - VARHDRSZ) &&
				   promo_retention_check_state((PromoRetentionState *) value, VARSIZE(value))))
			return (PromoRetentionState *) value;
	}
	state = promo_retention_begin(&promo_arena);
	if (!PG_ARGISNULL(0))
		add_value(&state, PG_GETARG_DATUM(0));
	return state;
}

/* The executor copies a state that has moved, and needs its length for that. */
static Datum
state_datum(PromoRetentionState *state)
{
	SET_VARSIZE(state, promo_retention_state_size(state));
	return PointerGetDatum(state);
}

/*
 * The days of one customer, NULL being none, and from which day on they count.
 * A row that says neither is left out.
 */
PG_FUNCTION_INFO_V1(promo_retention_agg_trans);
Datum
promo_retention_agg_trans(PG_FUNCTION_ARGS)
{
	PromoRetentionState *state;
	PromoDays	days = {.n = 0};
	bool		given = PG_NARGS() > 2 && !PG_ARGISNULL(2);
	int32		first;
	PromoError	err;

	if (PG_ARGISNULL(1) && !given)
	{
		if (PG_ARGISNULL(0))
			PG_RETURN_NULL();
		PG_RETURN_DATUM(PG_GETARG_DATUM(0));
	}
	state = state_of_argument(fcinfo);
	if (!PG_ARGISNULL(1))
		promo_days_of_datum(PG_GETARG_DATUM(1), &days);
	if (given)
		first = promo_day_of_datum(PG_GETARG_DATUM(2), "first");
	else if (days.n > 0)
		first = promo_day_of_number(days.numbers[0]);
	else
		return state_datum(state);
	if (unlikely(!promo_retention_add(&promo_arena, &state, &days, first, &err)))
		promo_report(&err);
	return state_datum(state);
}

/* Both the transition of promo.rollup and what joins partial states. */
PG_FUNCTION_INFO_V1(promo_retention_combine);
Datum
promo_retention_combine(PG_FUNCTION_ARGS)
{
	PromoRetentionState *state;

	if (PG_ARGISNULL(1))
	{
		if (PG_ARGISNULL(0))
			PG_RETURN_NULL();
		PG_RETURN_DATUM(PG_GETARG_DATUM(0));
	}
	state = state_of_argument(fcinfo);
	add_value(&state, PG_GETARG_DATUM(1));
	return state_datum(state);
}

PG_FUNCTION_INFO_V1(promo_retention_agg_final);
Datum
promo_retention_agg_final(PG_FUNCTION_ARGS)
{
	const PromoRetentionState *open;

	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	open = received_open(PG_DETOAST_DATUM_PACKED(PG_GETARG_DATUM(0)));
	if (open == NULL)
		PG_RETURN_DATUM(PG_GETARG_DATUM(0));
	return settled_datum(open);
}

/* ----------------------------------------------------------------
 * functions
 * ----------------------------------------------------------------
 */

/* Not strict: NULL merges as nothing. */
PG_FUNCTION_INFO_V1(promo_retention_concat);
Datum
promo_retention_concat(PG_FUNCTION_ARGS)
{
	PromoRetentionState *state;

	if (PG_ARGISNULL(0) && PG_ARGISNULL(1))
		PG_RETURN_NULL();
	if (PG_ARGISNULL(0) || PG_ARGISNULL(1))
		PG_RETURN_DATUM(PG_GETARG_DATUM(PG_ARGISNULL(0) ? 1 : 0));
	state = promo_retention_begin(&promo_arena);
	for (int i = 0; i < 2; i++)
		add_value(&state, PG_GETARG_DATUM(i));
	return settled_datum(state);
}

enum
{
	COHORT,
	N,
	SIZE,
	KEPT,
	RATE,
	NCOLUMNS
};

/* The rows of one cohort; numerics are made in a context that is reset after it. */
static void
put_cohort(const PromoRows *rows, const PromoMatrix *matrix, const PromoCohort *cohort,
		   const int64_t *kept)
{
	Numeric		size = int64_to_numeric(cohort->size);
	Datum		values[NCOLUMNS] = {
		[COHORT] = DateADTGetDatum(cohort->day),
		[SIZE] = Int64GetDatum(cohort->size)
	};

	for (uint32 cell = 0; cell < matrix->n; cell++)
	{
		bool		nulls[NCOLUMNS] = {[KEPT] = kept[cell] < 0,[RATE] = kept[cell] < 0};

		values[N] = Int32GetDatum((int32) promo_matrix_day(matrix, cell));
		if (kept[cell] >= 0)
		{
			values[KEPT] = Int64GetDatum(kept[cell]);
			values[RATE] = NumericGetDatum(numeric_div_opt_error(int64_to_numeric(kept[cell]), size, NULL));
		}
		promo_put_row(rows, values, nulls);
	}
}

/* Not strict: a last_complete that is NULL is the last day on which anybody was active. */
PG_FUNCTION_INFO_V1(promo_retention_matrix);
Datum
promo_retention_matrix(PG_FUNCTION_ARGS)
{
	PromoRows	rows = promo_begin_rows(fcinfo);
	PromoRetention retention;
	PromoMatrix matrix;
	PromoCohort cohort;
	PromoText	mode = promo_text("on");
	int64		last_complete = PROMO_MATRIX_NO_DAY;
	PromoError	err;
	int64_t    *kept;
	MemoryContext batch;
	MemoryContext old;

	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	retention = retention_of_datum(PG_GETARG_DATUM(0));
	if (!PG_ARGISNULL(1))
		mode = promo_text_of_datum(PG_GETARG_DATUM(1));
	if (!PG_ARGISNULL(2))
		last_complete = promo_day_of_datum(PG_GETARG_DATUM(2), "last_complete");
	if (!promo_matrix_plan(&promo_arena, &matrix, retention, mode, last_complete, &err))
		promo_report(&err);

	kept = palloc(matrix.n * sizeof(int64_t));
	batch = AllocSetContextCreate(CurrentMemoryContext, "promo.matrix", ALLOCSET_DEFAULT_SIZES);
	while (promo_retention_next(&retention, &cohort))
	{
		promo_matrix_kept(&promo_arena, &matrix, &retention, kept);
		old = MemoryContextSwitchTo(batch);
		put_cohort(&rows, &matrix, &cohort, kept);
		MemoryContextSwitchTo(old);
		MemoryContextReset(batch);
	}
	if (retention.bad)
		corrupted(PG_DETOAST_DATUM(PG_GETARG_DATUM(0)));
	PG_RETURN_NULL();
}
