/*-------------------------------------------------------------------------
 *
 * funnel.c
 *	  the type promo.funnel: how far one customer went, and when
 *
 * The aggregate keeps the events of a customer as numbers of eight bytes, in
 * one block that begins small, since there are many customers with few events.
 * They are sorted and run when the last has come.  Where as many as are kept
 * came in the order of time, they are run, and forgotten, before more come.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "engine/funnel_value.h"
#include "flat.h"
#include "utils/timestamp.h"

/* ----------------------------------------------------------------
 * input and output
 * ----------------------------------------------------------------
 */

extern const PromoFlat promo_flat_funnel;

/* Opens a funnel where it lies, whatever its alignment. */
static void
funnel_of_datum(Datum datum, PromoFunnel *funnel)
{
	struct varlena *value = PG_DETOAST_DATUM_PACKED(datum);

	if (unlikely(!promo_funnel_open(funnel, VARDATA_ANY(value), VARSIZE_ANY_EXHDR(value))))
		promo_flat_corrupted(&promo_flat_funnel, PG_DETOAST_DATUM(PointerGetDatum(value)));
}

static void *
from_json(PromoText json, PromoError *err)
{
	return promo_funnel_from_json(&promo_arena, json, err);
}

static void
to_json(PromoBuffer *buf, const void *value)
{
	PromoFunnel funnel;

	funnel_of_datum(PointerGetDatum(value), &funnel);
	promo_funnel_to_json(buf, &funnel);
}

static void *
unpack(const void *data, size_t len, PromoError *err)
{
	return promo_funnel_unpack(&promo_arena, data, len, err);
}

static void
pack(PromoBuffer *buf, const void *value)
{
	PromoFunnel funnel;

	funnel_of_datum(PointerGetDatum(value), &funnel);
	promo_funnel_pack(buf, &funnel);
}

const PromoFlat promo_flat_funnel = {
	.name = "promo.funnel",
	.version = PROMO_FUNNEL_VERSION,
	.size_at = 0,
	.from_text = from_json,
	.to_text = to_json,
	.from_json = from_json,
	.to_json = to_json,
	.unpack = unpack,
	.pack = pack
};

PROMO_FLAT_FUNCTIONS(funnel);

/* ----------------------------------------------------------------
 * aggregate
 * ----------------------------------------------------------------
 */

/*
 * All that a row looks at is in front: of another event it is only written, not
 * read, what may be far from there.
 */
typedef struct FunnelState
{
	int64		within;			/* microseconds */
	uint64		last;			/* time of the event that came last */
	PromoFunnelRun *run;		/* of the events that were forgotten; NULL if none was */
	uint32		n;
	uint8		doublings;		/* the state has FIRST_SIZE << doublings bytes */
	uint8		mode;
	bool		in_order;		/* no event is earlier than the one before it */
	uint64		events[FLEXIBLE_ARRAY_MEMBER];
} FunnelState;

StaticAssertDecl(offsetof(FunnelState, events) == 32, "half of FIRST_SIZE is left");

/* four events; then 12, 28, 60 ...: sizes that the allocator does not round up */
#define FIRST_SIZE		64
/* events of one customer that are kept until the last has come */
#define MAX_EVENTS		1000000

static inline Size
size_of_state(uint8 doublings)
{
	return (Size) FIRST_SIZE << doublings;
}

static inline bool
is_full(const FunnelState *state)
{
	return state->n == (size_of_state(state->doublings) - offsetof(FunnelState, events)) / sizeof(uint64) ||
		state->n == MAX_EVENTS;
}

static FunnelState *
new_state(MemoryContext context, PromoFunnelMode mode, int64 within)
{
	FunnelState *state = MemoryContextAlloc(context, FIRST_SIZE);

	state->within = within;
	state->last = 0;
	state->run = NULL;
	state->n = 0;
	state->doublings = 0;
	state->mode = mode;
	state->in_order = true;
	return state;
}

pg_noreturn static void
fail_unsorted(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
			 errmsg("too many events of one customer that are not in the order of time"),
			 errdetail("At most %d events are kept.", MAX_EVENTS),
			 errhint("Sort them in the aggregate: promo.funnel_agg(at, step, within ORDER BY at).")));
}

/* Runs what came in order, except the latest time, of which more may come. */
static void
fold(FunnelState *state, MemoryContext context)
{
	uint32		past = state->n;

	if (state->run == NULL)
	{
		state->run = MemoryContextAlloc(context, sizeof(PromoFunnelRun));
		promo_funnel_begin(state->run, state->mode, state->within);
	}
	promo_funnel_sort(&promo_arena, state->events, state->n);
	while (past > 0 &&
		   promo_funnel_time(state->events[past - 1]) == promo_funnel_time(state->events[state->n - 1]))
		past--;
	promo_funnel_take(&promo_arena, state->run, state->events, past);
	state->n -= past;
	memmove(state->events, state->events + past, state->n * sizeof(uint64));
	state->n = promo_funnel_thin(state->events, state->n);
}

/* Sees to room in a state that is full; it may move. */
static FunnelState *
make_room(FunnelState *state, MemoryContext context)
{
	if (state->n < MAX_EVENTS)
	{
		state->doublings++;
		return repalloc(state, size_of_state(state->doublings));
	}
	if (!state->in_order)
		fail_unsorted();
	fold(state, context);
	return state;
}

/* In microseconds; what no two times are apart is as good as any longer. */
static int64
within_of_argument(FunctionCallInfo fcinfo, int number)
{
	const Interval *interval;
	int128		within;

	if (PG_ARGISNULL(number))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("within must not be NULL")));
	interval = PG_GETARG_INTERVAL_P(number);
	if (interval->month != 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("within must be an interval of days and time"),
				 errdetail("Months differ in length."),
				 errhint("Write days, as in interval '30 days'.")));
	within = (int128) interval->day * USECS_PER_DAY + interval->time;
	if (within <= 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("within must be positive")));
	return (int64) Min(within, PG_INT64_MAX);
}

/* The fourth of the aggregate's arguments, if it has so many. */
static PromoFunnelMode
mode_of_argument(FunctionCallInfo fcinfo, int number)
{
	PromoFunnelMode mode = PROMO_FUNNEL_DEFAULT;
	PromoError	err;

	if (number >= PG_NARGS())
		return mode;
	if (PG_ARGISNULL(number))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("mode must not be NULL")));
	if (!promo_funnel_mode(promo_text_of_datum(PG_GETARG_DATUM(number)), &mode, &err))
		promo_report(&err);
	return mode;
}

static uint32
step_of_argument(FunctionCallInfo fcinfo, int number)
{
	int32		step = PG_ARGISNULL(number) ? 0 : PG_GETARG_INT32(number);

	if (step < 0 || step > PROMO_MAX_STEPS)
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("step %d is out of range", step),
				 errdetail("Steps are 1 to %d; 0 or NULL is an event of no step.", PROMO_MAX_STEPS)));
	return (uint32) step;
}

static void
check_same(bool same, const char *what)
{
	if (unlikely(!same))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s is not the same in all rows of a funnel", what)));
}

/* One event; a row without a time is left out. */
PG_FUNCTION_INFO_V1(promo_funnel_agg_trans);
Datum
promo_funnel_agg_trans(PG_FUNCTION_ARGS)
{
	FunnelState *state = PG_ARGISNULL(0) ? NULL : (FunnelState *) PG_GETARG_POINTER(0);
	MemoryContext context;
	TimestampTz at;
	uint32		step;
	int64		within;
	PromoFunnelMode mode;
	uint64		event;
	uint64		time;

	if (!AggCheckCallContext(fcinfo, &context))
		elog(ERROR, "an aggregate's function called in non-aggregate context");
	if (PG_ARGISNULL(1))
	{
		if (state == NULL)
			PG_RETURN_NULL();
		PG_RETURN_POINTER(state);
	}
	at = PG_GETARG_TIMESTAMPTZ(1);
	promo_check_instant(at, "at");
	step = step_of_argument(fcinfo, 2);
	within = within_of_argument(fcinfo, 3);
	mode = mode_of_argument(fcinfo, 4);

	if (state == NULL)
		state = new_state(context, mode, within);
	check_same(state->within == within, "within");
	check_same(state->mode == mode, "mode");
	if (step == 0 && !promo_funnel_heeds_others(mode))
		PG_RETURN_POINTER(state);

	event = promo_funnel_event(mode, at, step);
	time = promo_funnel_time(event);
	if (unlikely(is_full(state)))
		state = make_room(state, context);
	if (unlikely(state->run != NULL && time < state->run->from))
		fail_unsorted();
	if (time < state->last)
		state->in_order = false;
	state->last = time;
	state->events[state->n++] = event;
	PG_RETURN_POINTER(state);
}

/* The state stays as it is: as a window function it goes on. */
PG_FUNCTION_INFO_V1(promo_funnel_agg_final);
Datum
promo_funnel_agg_final(PG_FUNCTION_ARGS)
{
	const FunnelState *state;
	PromoFunnelRun run;
	uint64	   *events;

	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	state = (const FunnelState *) PG_GETARG_POINTER(0);
	if (state->run != NULL)
		run = *state->run;
	else
		promo_funnel_begin(&run, state->mode, state->within);
	events = palloc(state->n * sizeof(uint64));
	memcpy(events, state->events, state->n * sizeof(uint64));
	promo_funnel_sort(&promo_arena, events, state->n);
	promo_funnel_take(&promo_arena, &run, events, state->n);
	return promo_flat_datum(&promo_flat_funnel, promo_funnel_make(&promo_arena, run.level, run.won));
}

/* ----------------------------------------------------------------
 * functions
 * ----------------------------------------------------------------
 */

PG_FUNCTION_INFO_V1(promo_funnel_level);
Datum
promo_funnel_level(PG_FUNCTION_ARGS)
{
	PromoFunnel funnel;

	funnel_of_datum(PG_GETARG_DATUM(0), &funnel);
	PG_RETURN_INT32((int32) funnel.level);
}

PG_FUNCTION_INFO_V1(promo_funnel_step_at);
Datum
promo_funnel_step_at(PG_FUNCTION_ARGS)
{
	PromoFunnel funnel;
	int32		step = PG_GETARG_INT32(1);

	if (step < 1)
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("step %d is out of range", step),
				 errdetail("The first step is 1.")));
	funnel_of_datum(PG_GETARG_DATUM(0), &funnel);
	if (step > funnel.level)
		PG_RETURN_NULL();
	PG_RETURN_TIMESTAMPTZ(promo_funnel_at(&funnel, (uint32) step));
}
