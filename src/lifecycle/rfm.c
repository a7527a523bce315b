/*-------------------------------------------------------------------------
 *
 * rfm.c
 *	  the types promo.rfm and promo.rfm_model, the fit, promo.score
 *
 * promo.rfm is an int4 to the server: comparing and hashing are its own.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "kept.h"
#include "libpq/pqformat.h"
#include "lifecycle/history.h"
#include "lifecycle/records.h"
#include "lifecycle/rfm.h"
#include "utils/fmgrprotos.h"

/* ----------------------------------------------------------------
 * promo.rfm
 * ----------------------------------------------------------------
 */

#define RFM_VERSION	1

PG_FUNCTION_INFO_V1(promo_rfm_in);
Datum
promo_rfm_in(PG_FUNCTION_ARGS)
{
	PromoError	err;
	uint32		scores;

	if (!promo_rfm_parse(promo_text_of_cstring(PG_GETARG_CSTRING(0)), &scores, &err))
		return promo_report_soft(fcinfo, &err);
	PG_RETURN_PROMO_RFM(scores);
}

PG_FUNCTION_INFO_V1(promo_rfm_out);
Datum
promo_rfm_out(PG_FUNCTION_ARGS)
{
	PromoBuffer buf;

	promo_buffer_init(&buf, &promo_arena);
	promo_rfm_print(&buf, PG_GETARG_PROMO_RFM(0));
	PG_RETURN_CSTRING(buf.data);
}

/* u8 version, then u8 each for recency, frequency and monetary */
PG_FUNCTION_INFO_V1(promo_rfm_recv);
Datum
promo_rfm_recv(PG_FUNCTION_ARGS)
{
	static const char type[] = "promo.rfm";
	StringInfo	message = (StringInfo) PG_GETARG_POINTER(0);
	int			len = message->len - message->cursor;
	PromoReader reader = {pq_getmsgbytes(message, len), len, 0, false};
	uint8		r;
	uint8		f;
	uint8		m;
	PromoError	err;

	if (!promo_get_version(&reader, RFM_VERSION, type, &err))
		promo_report(&err);
	r = promo_get_u8(&reader);
	f = promo_get_u8(&reader);
	m = promo_get_u8(&reader);
	if (!promo_get_end(&reader, type, &err))
		promo_report(&err);
	if (!promo_check_rfm(r, f, m, &err))
	{
		promo_get_fail(type, &err);
		promo_report(&err);
	}
	PG_RETURN_PROMO_RFM(promo_rfm(r, f, m));
}

PG_FUNCTION_INFO_V1(promo_rfm_send);
Datum
promo_rfm_send(PG_FUNCTION_ARGS)
{
	uint32		scores = PG_GETARG_PROMO_RFM(0);
	StringInfoData message;

	pq_begintypsend(&message);
	pq_sendbyte(&message, RFM_VERSION);
	pq_sendbyte(&message, PROMO_RFM_R(scores));
	pq_sendbyte(&message, PROMO_RFM_F(scores));
	pq_sendbyte(&message, PROMO_RFM_M(scores));
	PG_RETURN_BYTEA_P(pq_endtypsend(&message));
}

static Datum
read_json(PromoText json)
{
	PromoError	err;
	uint32		scores;

	if (!promo_rfm_from_json(&promo_arena, json, &scores, &err))
		promo_report(&err);
	PG_RETURN_PROMO_RFM(scores);
}

static PromoText
write_json(uint32 scores)
{
	PromoBuffer buf;

	promo_buffer_init(&buf, &promo_arena);
	promo_rfm_to_json(&buf, scores);
	return (PromoText) {buf.data, (uint32_t) buf.len};
}

PG_FUNCTION_INFO_V1(promo_rfm_of_json);
Datum
promo_rfm_of_json(PG_FUNCTION_ARGS)
{
	return read_json(promo_text_of_datum(PG_GETARG_DATUM(0)));
}

PG_FUNCTION_INFO_V1(promo_rfm_as_json);
Datum
promo_rfm_as_json(PG_FUNCTION_ARGS)
{
	return promo_text_datum(write_json(PG_GETARG_PROMO_RFM(0)));
}

PG_FUNCTION_INFO_V1(promo_rfm_of_jsonb);
Datum
promo_rfm_of_jsonb(PG_FUNCTION_ARGS)
{
	return read_json(promo_text_of_jsonb(PG_GETARG_DATUM(0)));
}

PG_FUNCTION_INFO_V1(promo_rfm_as_jsonb);
Datum
promo_rfm_as_jsonb(PG_FUNCTION_ARGS)
{
	return DirectFunctionCall1(jsonb_in, CStringGetDatum(write_json(PG_GETARG_PROMO_RFM(0)).data));
}

PG_FUNCTION_INFO_V1(promo_rfm_of_scores);
Datum
promo_rfm_of_scores(PG_FUNCTION_ARGS)
{
	int32		r = PG_GETARG_INT32(0);
	int32		f = PG_GETARG_INT32(1);
	int32		m = PG_GETARG_INT32(2);
	PromoError	err;

	if (!promo_check_rfm(r, f, m, &err))
		promo_report(&err);
	PG_RETURN_PROMO_RFM(promo_rfm(r, f, m));
}

PG_FUNCTION_INFO_V1(promo_rfm_r);
Datum
promo_rfm_r(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT32(PROMO_RFM_R(PG_GETARG_PROMO_RFM(0)));
}

PG_FUNCTION_INFO_V1(promo_rfm_f);
Datum
promo_rfm_f(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT32(PROMO_RFM_F(PG_GETARG_PROMO_RFM(0)));
}

PG_FUNCTION_INFO_V1(promo_rfm_m);
Datum
promo_rfm_m(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT32(PROMO_RFM_M(PG_GETARG_PROMO_RFM(0)));
}

/* ----------------------------------------------------------------
 * promo.rfm_model
 * ----------------------------------------------------------------
 */

static void *
model_from_json(PromoText json, PromoError *err)
{
	return promo_rfm_model_from_json(&promo_arena, json, err);
}

static void
model_to_json(PromoBuffer *buf, const void *value)
{
	promo_rfm_model_to_json(buf, value);
}

static void *
model_unpack(const void *data, size_t len, PromoError *err)
{
	return promo_rfm_model_unpack(&promo_arena, data, len, err);
}

static void
model_pack(PromoBuffer *buf, const void *value)
{
	promo_rfm_model_pack(buf, value);
}

const PromoFlat promo_flat_rfm_model = {
	.name = "promo.rfm_model",
	.version = PROMO_RFM_MODEL_VERSION,
	.size_at = offsetof(PromoRfmModel, size),
	.from_text = model_from_json,
	.to_text = model_to_json,
	.from_json = model_from_json,
	.to_json = model_to_json,
	.unpack = model_unpack,
	.pack = model_pack
};

PROMO_FLAT_FUNCTIONS(rfm_model);

/*
 * The figures of a customer; false without an order until as_of.  A record has
 * room for fewer orders than a history: beyond, they count as so many.
 */
static inline bool
figures_of_datum(Datum datum, int32 as_of, PromoRfmRecord *figures)
{
	PromoPurchases p = promo_purchases_of_datum(datum, as_of);

	figures->spent = p.spent;
	figures->orders = (uint32) Min(p.orders, PG_UINT32_MAX);
	figures->recency = as_of - p.last;
	return p.order_days > 0;
}

PG_FUNCTION_INFO_V1(promo_score);
Datum
promo_score(PG_FUNCTION_ARGS)
{
	PromoKeptFlat *kept = promo_call_site(fcinfo, sizeof(PromoKeptFlat));
	const PromoRfmModel *model = promo_kept_flat(fcinfo, 1, &promo_flat_rfm_model, kept);
	int32		as_of = promo_day_of_datum(PG_GETARG_DATUM(2), "as_of");
	PromoRfmRecord figures;

	if (!figures_of_datum(PG_GETARG_DATUM(0), as_of, &figures))
		PG_RETURN_NULL();
	PG_RETURN_PROMO_RFM(promo_rfm_score(model, figures.recency, figures.orders, figures.spent));
}

/* ----------------------------------------------------------------
 * promo.rfm_fit
 * ----------------------------------------------------------------
 */

typedef struct FitState
{
	PromoRecordStore *customers;	/* PromoRfmRecord */
	int32		as_of;
	int32		levels;
	PromoRfmMethod method;
} FitState;

/* arguments behind the state */
enum
{
	ARG_HISTORY = 1,
	ARG_AS_OF,
	ARG_LEVELS,
	ARG_METHOD
};

/* What is asked for is the same in all rows: how it reads in this one. */
static FitState
state_of_arguments(FunctionCallInfo fcinfo)
{
	static const char *const names[] = {
		[ARG_AS_OF] = "as_of", [ARG_LEVELS] = "levels", [ARG_METHOD] = "method"
	};
	FitState	state = {.levels = PROMO_RFM_LEVELS, .method = PROMO_RFM_RANK};
	PromoError	err;

	for (int arg = ARG_AS_OF; arg < PG_NARGS(); arg++)
		if (PG_ARGISNULL(arg))
			ereport(ERROR,
					(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
					 errmsg("%s is null", names[arg])));
	state.as_of = promo_day_of_datum(PG_GETARG_DATUM(ARG_AS_OF), "as_of");
	if (PG_NARGS() > ARG_LEVELS)
	{
		state.levels = PG_GETARG_INT32(ARG_LEVELS);
		if (!promo_check_rfm_levels(state.levels, &err))
			promo_report(&err);
	}
	if (PG_NARGS() > ARG_METHOD &&
		!promo_rfm_parse_method(promo_text_of_datum(PG_GETARG_DATUM(ARG_METHOD)), &state.method, &err))
		promo_report(&err);
	return state;
}

PG_FUNCTION_INFO_V1(promo_rfm_fit_trans);
Datum
promo_rfm_fit_trans(PG_FUNCTION_ARGS)
{
	FitState   *state = PG_ARGISNULL(0) ? NULL : (FitState *) PG_GETARG_POINTER(0);
	FitState	given = state_of_arguments(fcinfo);
	MemoryContext context;
	PromoRfmRecord customer;

	if (!AggCheckCallContext(fcinfo, &context))
		elog(ERROR, "promo.rfm_fit called outside of an aggregate");
	if (state == NULL)
	{
		state = MemoryContextAlloc(context, sizeof(FitState));
		*state = given;
		state->customers = promo_records_new(context, sizeof(PromoRfmRecord), NULL);
	}
	if (given.as_of != state->as_of)
		promo_not_the_same("as_of");
	if (given.levels != state->levels)
		promo_not_the_same("levels");
	if (given.method != state->method)
		promo_not_the_same("method");

	if (!PG_ARGISNULL(ARG_HISTORY) &&
		figures_of_datum(PG_GETARG_DATUM(ARG_HISTORY), state->as_of, &customer))
		promo_records_append(state->customers, &customer);
	PG_RETURN_POINTER(state);
}

PG_FUNCTION_INFO_V1(promo_rfm_fit_final);
Datum
promo_rfm_fit_final(PG_FUNCTION_ARGS)
{
	const FitState *state;
	PromoRfmModel *model;

	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	state = (const FitState *) PG_GETARG_POINTER(0);
	model = promo_rfm_fit(&promo_arena, promo_records_read(state->customers), state->method,
						  state->levels, state->as_of);
	if (model == NULL)
		PG_RETURN_NULL();
	return promo_flat_datum(&promo_flat_rfm_model, model);
}
