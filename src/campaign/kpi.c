/*-------------------------------------------------------------------------
 *
 * kpi.c
 *	  the type promo.kpi: counts, money and customers of a campaign's events
 *
 * As with histories, the type itself is the transition type of its
 * aggregates: while they collect it holds an open state, which they change in
 * place, and which leaves them as a partial state only.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "campaign/kpi.h"
#include "catalog/pg_type.h"
#include "funcapi.h"
#include "numeric.h"
#include "utils/numeric.h"
#include "utils/uuid.h"

/* what is fetched of a large state first: more than nearly all scalars take */
#define SCALARS_SIZE		2000

pg_noreturn static void
corrupted(struct varlena *value)
{
	promo_flat_corrupted(&promo_flat_kpi, PG_DETOAST_DATUM(PointerGetDatum(value)));
}

static Datum
kpi_datum(void *value)
{
	return promo_flat_datum(&promo_flat_kpi, value);
}

/* ----------------------------------------------------------------
 * doors
 * ----------------------------------------------------------------
 */

/* An open state, aligned; NULL if the value is settled. */
static const PromoKpiState *
received_open(struct varlena *value)
{
	const PromoKpiState *state;

	if (!promo_kpi_is_open(VARDATA_ANY(value), VARSIZE_ANY_EXHDR(value)))
		return NULL;
	/* aligned, which a short one is not */
	state = (const PromoKpiState *) PG_DETOAST_DATUM(PointerGetDatum(value));
	if (!promo_kpi_check_state(state, VARSIZE(state)))
		corrupted(value);
	return state;
}

static Datum
settled_datum(const PromoKpiState *state)
{
	return kpi_datum(promo_kpi_settled(&promo_arena, state));
}

void
promo_kpi_of_datum(Datum datum, PromoKpi *kpi)
{
	struct varlena *value = PG_DETOAST_DATUM_PACKED(datum);
	const PromoKpiState *state;

	if (likely(promo_kpi_open(kpi, VARDATA_ANY(value), VARSIZE_ANY_EXHDR(value)) == PROMO_KPI_WHOLE))
		return;
	state = received_open(value);
	if (state == NULL)
		corrupted(value);
	promo_kpi_of_datum(settled_datum(state), kpi);
}

void
promo_kpi_scalars_of_datum(Datum datum, PromoKpi *kpi)
{
	struct varlena *value = (struct varlena *) DatumGetPointer(datum);

	if (VARATT_IS_EXTERNAL_ONDISK(value))
	{
		struct varlena *start = PG_DETOAST_DATUM_SLICE(datum, 0, SCALARS_SIZE);

		if (promo_kpi_open(kpi, VARDATA_ANY(start), VARSIZE_ANY_EXHDR(start)) >= PROMO_KPI_SCALARS)
			return;
	}
	promo_kpi_of_datum(datum, kpi);
}

/* ----------------------------------------------------------------
 * input and output
 * ----------------------------------------------------------------
 */

static void *
from_json(PromoText json, PromoError *err)
{
	return promo_kpi_from_json(&promo_arena, json, err);
}

/* for printing, which takes for granted that all can be read */
static void
open_whole(const void *value, PromoKpi *kpi)
{
	PromoError	err;

	promo_kpi_of_datum(PointerGetDatum(value), kpi);
	if (!promo_kpi_check_sets(&promo_arena, kpi, &err))
		corrupted((struct varlena *) value);
}

static void
write_json(PromoBuffer *buf, const void *value)
{
	PromoKpi	kpi;

	open_whole(value, &kpi);
	promo_kpi_to_json(buf, &kpi);
}

static void *
unpack(const void *data, size_t len, PromoError *err)
{
	return promo_kpi_unpack(&promo_arena, data, len, err);
}

static void
pack(PromoBuffer *buf, const void *value)
{
	PromoKpi	kpi;

	open_whole(value, &kpi);
	promo_kpi_pack(buf, &kpi);
}

const PromoFlat promo_flat_kpi = {
	.name = "promo.kpi",
	.version = PROMO_KPI_VERSION,
	.size_at = 0,
	.from_text = from_json,
	.to_text = write_json,
	.from_json = from_json,
	.to_json = write_json,
	.unpack = unpack,
	.pack = pack
};

PROMO_FLAT_FUNCTIONS(kpi);

/* ----------------------------------------------------------------
 * aggregates
 * ----------------------------------------------------------------
 */

/*
 * The state that the caller lets us change in place.  What is no open state (one
 * that somebody else began) is read into one.
 */
static PromoKpiState *
state_of_argument(FunctionCallInfo fcinfo)
{
	struct varlena *value;
	PromoKpiState *state;
	const PromoKpiState *open;
	PromoKpi	kpi;
	PromoError	err;
	bool		added;

	if (!AggCheckCallContext(fcinfo, NULL))
		elog(ERROR, "an aggregate's function called in non-aggregate context");
	if (PG_ARGISNULL(0))
		return promo_kpi_begin(&promo_arena);
	value = (struct varlena *) PG_GETARG_POINTER(0);
	if (likely(VARATT_IS_4B_U(value) &&
			   promo_kpi_is_open(VARDATA(value), VARSIZE(value) - VARHDRSZ) &&
			   ((PromoKpiState *) value)->size == VARSIZE(value)))
		return (PromoKpiState *) value;

	value = PG_DETOAST_DATUM_PACKED(PG_GETARG_DATUM(0));
	open = received_open(value);
	state = promo_kpi_begin(&promo_arena);
	if (open != NULL)
		added = promo_kpi_add_open(&promo_arena, &state, open, &err);
	else
	{
		promo_kpi_of_datum(PointerGetDatum(value), &kpi);
		added = promo_kpi_add_settled(&promo_arena, &state, &kpi, &err);
	}
	if (!added)
		promo_report(&err);
	return state;
}

/* The executor copies a state that has moved, and needs its length for that. */
static Datum
state_datum(PromoKpiState *state)
{
	SET_VARSIZE(state, state->size);
	return PointerGetDatum(state);
}

/* money of an argument that may be NULL or not be there */
static int64
money_argument(FunctionCallInfo fcinfo, int argument, const char *what)
{
	int64		amount;
	PromoNumber number;

	if (PG_NARGS() <= argument || PG_ARGISNULL(argument))
		return 0;
	number = promo_numeric_to_scaled(PG_GETARG_DATUM(argument), PROMO_MONEY_DIGITS, &amount);
	if (unlikely(number != PROMO_NUMBER_EXACT))
		promo_report_number(number, PROMO_MONEY_DIGITS, what);
	return amount;
}

static Datum
add_row(FunctionCallInfo fcinfo, PromoCustomerKind kind, uint64 customer)
{
	PromoKpiState *state;
	PromoKpiRow row;
	PromoError	err;

	if (PG_ARGISNULL(1))
	{
		if (PG_ARGISNULL(0))
			PG_RETURN_NULL();
		PG_RETURN_DATUM(PG_GETARG_DATUM(0));
	}
	row.word = promo_text_of_datum(PG_GETARG_DATUM(1));
	row.kind = kind;
	row.customer = customer;
	row.amount = money_argument(fcinfo, 3, "amount");
	row.discount = money_argument(fcinfo, 4, "discount");
	row.cost = money_argument(fcinfo, 5, "cost");
	state = state_of_argument(fcinfo);
	if (unlikely(!promo_kpi_add(&promo_arena, &state, &row, &err)))
		promo_report(&err);
	return state_datum(state);
}

PG_FUNCTION_INFO_V1(promo_kpi_agg_trans_bigint);
Datum
promo_kpi_agg_trans_bigint(PG_FUNCTION_ARGS)
{
	if (PG_ARGISNULL(2))
		return add_row(fcinfo, PROMO_CUSTOMER_NONE, 0);
	return add_row(fcinfo, PROMO_CUSTOMER_BIGINT, (uint64) PG_GETARG_INT64(2));
}

PG_FUNCTION_INFO_V1(promo_kpi_agg_trans_text);
Datum
promo_kpi_agg_trans_text(PG_FUNCTION_ARGS)
{
	PromoText	customer;

	if (PG_ARGISNULL(2))
		return add_row(fcinfo, PROMO_CUSTOMER_NONE, 0);
	customer = promo_text_of_datum(PG_GETARG_DATUM(2));
	return add_row(fcinfo, PROMO_CUSTOMER_TEXT, promo_digest(customer.data, customer.len));
}

PG_FUNCTION_INFO_V1(promo_kpi_agg_trans_uuid);
Datum
promo_kpi_agg_trans_uuid(PG_FUNCTION_ARGS)
{
	if (PG_ARGISNULL(2))
		return add_row(fcinfo, PROMO_CUSTOMER_NONE, 0);
	return add_row(fcinfo, PROMO_CUSTOMER_UUID, promo_digest(PG_GETARG_UUID_P(2)->data, UUID_LEN));
}

/* Both the transition of promo.rollup and what joins partial states. */
PG_FUNCTION_INFO_V1(promo_kpi_combine);
Datum
promo_kpi_combine(PG_FUNCTION_ARGS)
{
	PromoKpiState *state;
	struct varlena *value;
	const PromoKpiState *open;
	PromoKpi	kpi;
	PromoError	err;
	bool		added;

	if (PG_ARGISNULL(1))
	{
		if (PG_ARGISNULL(0))
			PG_RETURN_NULL();
		PG_RETURN_DATUM(PG_GETARG_DATUM(0));
	}
	state = state_of_argument(fcinfo);
	value = PG_DETOAST_DATUM_PACKED(PG_GETARG_DATUM(1));
	open = received_open(value);
	if (open != NULL)
		added = promo_kpi_add_open(&promo_arena, &state, open, &err);
	else
	{
		promo_kpi_of_datum(PointerGetDatum(value), &kpi);
		added = promo_kpi_add_settled(&promo_arena, &state, &kpi, &err);
	}
	if (!added)
		promo_report(&err);
	return state_datum(state);
}

PG_FUNCTION_INFO_V1(promo_kpi_agg_final);
Datum
promo_kpi_agg_final(PG_FUNCTION_ARGS)
{
	const PromoKpiState *open;

	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	open = received_open(PG_DETOAST_DATUM_PACKED(PG_GETARG_DATUM(0)));
	if (open == NULL)
		PG_RETURN_DATUM(PG_GETARG_DATUM(0));
	return settled_datum(open);
}

/* Not strict: NULL merges as nothing. */
PG_FUNCTION_INFO_V1(promo_kpi_concat);
Datum
promo_kpi_concat(PG_FUNCTION_ARGS)
{
	PromoKpiState *state;
	PromoError	err;

	if (PG_ARGISNULL(0) && PG_ARGISNULL(1))
		PG_RETURN_NULL();
	if (PG_ARGISNULL(0) || PG_ARGISNULL(1))
		PG_RETURN_DATUM(PG_GETARG_DATUM(PG_ARGISNULL(0) ? 1 : 0));
	state = promo_kpi_begin(&promo_arena);
	for (int i = 0; i < 2; i++)
	{
		PromoKpi	kpi;

		promo_kpi_of_datum(PG_GETARG_DATUM(i), &kpi);
		if (!promo_kpi_add_settled(&promo_arena, &state, &kpi, &err))
			promo_report(&err);
	}
	return settled_datum(state);
}

/* ----------------------------------------------------------------
 * one event
 * ----------------------------------------------------------------
 */

/* the event that an argument names, copied out; nothing if it did not occur */
static PromoKpiEvent
event_argument(FunctionCallInfo fcinfo, const PromoKpi *kpi, int argument)
{
	const PromoKpiEvent *event = promo_kpi_find(kpi, promo_text_of_datum(PG_GETARG_DATUM(argument)));

	return event != NULL ? *event : (PromoKpiEvent) {.count = 0};
}

static int64
uniques_of(const PromoKpiEvent *event)
{
	return promo_kpi_estimate(event->once.members, event->bits);
}

PG_FUNCTION_INFO_V1(promo_kpi_events);
Datum
promo_kpi_events(PG_FUNCTION_ARGS)
{
	PromoKpi	kpi;

	promo_kpi_scalars_of_datum(PG_GETARG_DATUM(0), &kpi);
	PG_RETURN_INT64(event_argument(fcinfo, &kpi, 1).count);
}

PG_FUNCTION_INFO_V1(promo_kpi_uniques);
Datum
promo_kpi_uniques(PG_FUNCTION_ARGS)
{
	PromoKpi	kpi;
	PromoKpiEvent event;

	promo_kpi_scalars_of_datum(PG_GETARG_DATUM(0), &kpi);
	event = event_argument(fcinfo, &kpi, 1);
	PG_RETURN_INT64(uniques_of(&event));
}

PG_FUNCTION_INFO_V1(promo_kpi_amount);
Datum
promo_kpi_amount(PG_FUNCTION_ARGS)
{
	PromoKpi	kpi;

	promo_kpi_scalars_of_datum(PG_GETARG_DATUM(0), &kpi);
	PG_RETURN_DATUM(promo_money_datum(event_argument(fcinfo, &kpi, 1).amount));
}

static Datum
ratio(Numeric numerator, Numeric denominator)
{
	return NumericGetDatum(numeric_div_opt_error(numerator, denominator, NULL));
}

PG_FUNCTION_INFO_V1(promo_kpi_rate);
Datum
promo_kpi_rate(PG_FUNCTION_ARGS)
{
	PromoKpi	kpi;
	PromoKpiEvent event;
	PromoKpiEvent of_event;

	promo_kpi_scalars_of_datum(PG_GETARG_DATUM(0), &kpi);
	event = event_argument(fcinfo, &kpi, 1);
	of_event = event_argument(fcinfo, &kpi, 2);
	if (uniques_of(&of_event) == 0)
		PG_RETURN_NULL();
	return ratio(int64_to_numeric(uniques_of(&event)), int64_to_numeric(uniques_of(&of_event)));
}

PG_FUNCTION_INFO_V1(promo_kpi_has_exact_uniques);
Datum
promo_kpi_has_exact_uniques(PG_FUNCTION_ARGS)
{
	PromoKpi	kpi;

	promo_kpi_scalars_of_datum(PG_GETARG_DATUM(0), &kpi);
	PG_RETURN_BOOL(promo_kpi_is_exact(&kpi));
}

PG_FUNCTION_INFO_V1(promo_kpi_uniques_error);
Datum
promo_kpi_uniques_error(PG_FUNCTION_ARGS)
{
	PromoKpi	kpi;

	promo_kpi_scalars_of_datum(PG_GETARG_DATUM(0), &kpi);
	PG_RETURN_FLOAT8(promo_kpi_error(&kpi));
}

PG_FUNCTION_INFO_V1(promo_kpi_in_common);
Datum
promo_kpi_in_common(PG_FUNCTION_ARGS)
{
	PromoKpi	a;
	PromoKpi	b;
	int64		common;
	PromoError	err;

	promo_kpi_of_datum(PG_GETARG_DATUM(0), &a);
	promo_kpi_of_datum(PG_GETARG_DATUM(1), &b);
	if (!promo_kpi_common(&promo_arena, &a, &b, promo_text_of_datum(PG_GETARG_DATUM(2)), &common, &err))
		promo_report(&err);
	PG_RETURN_INT64(common);
}

/* ----------------------------------------------------------------
 * the report
 * ----------------------------------------------------------------
 */

/* in the order of the report's columns */
typedef enum Figure
{
	PV, UV, ORDERS, BUYERS, GMV, DISCOUNT, SALES, REFUNDS, NET, COGS, SPEND, PROFIT,
	AOV, ARPB, CVR, ROI, CAC, REPURCHASE,
	NFIGURES
} Figure;

static Datum
money(promo_int128 amount, const char *what)
{
	if (amount > PROMO_MONEY_MAX || amount < -PROMO_MONEY_MAX)
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("%s is out of range", what)));
	return promo_money_datum((int64) amount);
}

static Datum
count_ratio(int64 numerator, int64 denominator, bool *isnull)
{
	*isnull = denominator == 0;
	return *isnull ? (Datum) 0 : ratio(int64_to_numeric(numerator), int64_to_numeric(denominator));
}

static Datum
money_ratio(promo_int128 numerator, const char *what, Numeric denominator, bool is_zero, bool *isnull)
{
	*isnull = is_zero;
	return is_zero ? (Datum) 0 : ratio(DatumGetNumeric(money(numerator, what)), denominator);
}

static Datum
figure_datum(const PromoKpiFigures *f, Figure figure, bool *isnull)
{
	*isnull = false;
	switch (figure)
	{
		case PV:
			return Int64GetDatum(f->pv);
		case UV:
			return Int64GetDatum(f->uv);
		case ORDERS:
			return Int64GetDatum(f->orders);
		case BUYERS:
			return Int64GetDatum(f->buyers);
		case GMV:
			return money(f->gmv, "gmv");
		case DISCOUNT:
			return money(f->discount, "discount");
		case SALES:
			return money(f->sales, "sales");
		case REFUNDS:
			return money(f->refunds, "refunds");
		case NET:
			return money(f->net, "net");
		case COGS:
			return money(f->cogs, "cogs");
		case SPEND:
			return money(f->spend, "spend");
		case PROFIT:
			return money(f->profit, "profit");
		case AOV:
			return money_ratio(f->sales, "sales", int64_to_numeric(f->orders), f->orders == 0, isnull);
		case ARPB:
			return money_ratio(f->sales, "sales", int64_to_numeric(f->buyers), f->buyers == 0, isnull);
		case CVR:
			return count_ratio(f->buyers, f->uv, isnull);
		case ROI:
			return money_ratio(f->profit, "profit", DatumGetNumeric(money(f->spend, "spend")),
							   f->spend == 0, isnull);
		case CAC:
			return money_ratio(f->spend, "spend", int64_to_numeric(f->signups), f->signups == 0, isnull);
		case REPURCHASE:
			return count_ratio(f->repeat_buyers, f->buyers, isnull);
		case NFIGURES:
			break;
	}
	elog(ERROR, "unknown figure %d", (int) figure);
}

static PromoKpiFigures
figures_argument(FunctionCallInfo fcinfo)
{
	PromoKpi	kpi;

	promo_kpi_scalars_of_datum(PG_GETARG_DATUM(0), &kpi);
	return promo_kpi_figures(&kpi);
}

#define FIGURE(name, figure) \
	PG_FUNCTION_INFO_V1(promo_kpi_##name); \
	Datum \
	promo_kpi_##name(PG_FUNCTION_ARGS) \
	{ \
		PromoKpiFigures figures = figures_argument(fcinfo); \
		\
		return figure_datum(&figures, figure, &fcinfo->isnull); \
	}

FIGURE(pv, PV)
FIGURE(uv, UV)
FIGURE(orders, ORDERS)
FIGURE(buyers, BUYERS)
FIGURE(gmv, GMV)
FIGURE(discount, DISCOUNT)
FIGURE(sales, SALES)
FIGURE(refunds, REFUNDS)
FIGURE(net, NET)
FIGURE(cogs, COGS)
FIGURE(spend, SPEND)
FIGURE(profit, PROFIT)
FIGURE(aov, AOV)
FIGURE(arpb, ARPB)
FIGURE(cvr, CVR)
FIGURE(roi, ROI)
FIGURE(cac, CAC)
FIGURE(repurchase, REPURCHASE)

PG_FUNCTION_INFO_V1(promo_kpi_report);
Datum
promo_kpi_report(PG_FUNCTION_ARGS)
{
	PromoKpiFigures figures = figures_argument(fcinfo);
	Datum		values[NFIGURES];
	bool		nulls[NFIGURES];
	TupleDesc	desc;

	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	for (Figure figure = 0; figure < NFIGURES; figure++)
		values[figure] = figure_datum(&figures, figure, &nulls[figure]);
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(desc), values, nulls)));
}
