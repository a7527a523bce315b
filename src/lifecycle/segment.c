/*-------------------------------------------------------------------------
 *
 * segment.c
 *	  promo.segment and promo.check_segments
 *
 * A scheme is compiled once for a call site, and so are the texts of its
 * segments: a customer costs a look-up and no memory.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "engine/segment_table.h"
#include "kept.h"
#include "lifecycle/rfm.h"
#include "rows.h"
#include "utils/array.h"
#include "utils/builtins.h"

/* ----------------------------------------------------------------
 * promo.segment
 * ----------------------------------------------------------------
 */

typedef struct CallSite
{
	PromoKept	kept;
	const PromoScheme *scheme;
	Datum	   *segments;		/* texts, by row */
} CallSite;

/* the texts of all segments; built-in names are UTF-8 in any database */
static Datum *
segment_datums(const PromoScheme *scheme)
{
	Datum	   *segments = palloc(Max(scheme->n, 1) * sizeof(Datum));

	for (uint32_t i = 0; i < scheme->n; i++)
	{
		PromoText	name = scheme->rows[i].name;

		if (scheme->name != NULL)
			name = promo_text_of_cstring(promo_of_utf8(name.data));
		segments[i] = promo_text_datum(name);
	}
	return segments;
}

/* the scheme that argument 1 is, by its name or as one's own */
static const CallSite *
scheme_arg(FunctionCallInfo fcinfo, bool own)
{
	CallSite   *site = promo_call_site(fcinfo, sizeof(CallSite));
	struct varlena *value = promo_kept_arg(fcinfo, 1);
	MemoryContext old;
	PromoError	err;

	if (promo_is_kept(&site->kept, value))
		return site;
	promo_forget(&site->kept, fcinfo);
	old = MemoryContextSwitchTo(site->kept.context);
	site->scheme = own ?
		promo_scheme_from_json(&promo_arena, promo_text_of_jsonb(PointerGetDatum(value)), &err) :
		promo_scheme_named(&promo_arena, promo_text_of_datum(PointerGetDatum(value)), &err);
	if (site->scheme == NULL)
		promo_report(&err);
	site->segments = segment_datums(site->scheme);
	MemoryContextSwitchTo(old);
	promo_keep(&site->kept, value);
	return site;
}

static Datum
segment(FunctionCallInfo fcinfo, bool own)
{
	uint32		scores = PG_GETARG_PROMO_RFM(0);
	const CallSite *site = scheme_arg(fcinfo, own);
	uint16		row = promo_scheme_row(site->scheme, scores);
	PromoError	err;

	if (row == PROMO_NO_SEGMENT)
		PG_RETURN_NULL();
	if (row == PROMO_UNKNOWN_SCORE)
	{
		promo_scheme_unknown(site->scheme, scores, &err);
		promo_report(&err);
	}
	return site->segments[row];
}

PG_FUNCTION_INFO_V1(promo_segment);
Datum
promo_segment(PG_FUNCTION_ARGS)
{
	return segment(fcinfo, false);
}

PG_FUNCTION_INFO_V1(promo_segment_own);
Datum
promo_segment_own(PG_FUNCTION_ARGS)
{
	return segment(fcinfo, true);
}

/* ----------------------------------------------------------------
 * promo.check_segments
 * ----------------------------------------------------------------
 */

PG_FUNCTION_INFO_V1(promo_check_scheme);
Datum
promo_check_scheme(PG_FUNCTION_ARGS)
{
	PromoRows	rows = promo_begin_rows(fcinfo);
	const PromoScheme *scheme;
	PromoSegmentCheck check;
	Datum		problems[PROMO_UNREACHABLE + 1];
	Datum	   *segments;
	Datum	   *concerned;
	PromoError	err;

	/* no rows would say that all is well */
	if (PG_ARGISNULL(0) || PG_ARGISNULL(1))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("%s is null", PG_ARGISNULL(0) ? "scheme" : "levels")));
	scheme = promo_scheme_from_json(&promo_arena, promo_text_of_jsonb(PG_GETARG_DATUM(0)), &err);
	if (scheme == NULL ||
		!promo_check_segments(&check, &promo_arena, scheme, PG_GETARG_INT32(1), &err))
		promo_report(&err);

	for (int i = 0; i <= PROMO_UNREACHABLE; i++)
		problems[i] = CStringGetTextDatum(promo_problem_names[i]);
	segments = segment_datums(scheme);
	concerned = palloc(Max(scheme->n, 1) * sizeof(Datum));
	while (promo_next_problem(&check))
	{
		bool		no_score = check.problem == PROMO_UNREACHABLE;
		Datum		values[5];
		bool		nulls[5] = {false, no_score, no_score, no_score, false};
		ArrayType  *names;

		CHECK_FOR_INTERRUPTS();
		for (uint32_t i = 0; i < check.n; i++)
			concerned[i] = segments[check.rows[i]];
		names = construct_array(concerned, (int) check.n, TEXTOID, -1, false, TYPALIGN_INT);
		values[0] = problems[check.problem];
		values[1] = Int32GetDatum(PROMO_RFM_R(check.scores));
		values[2] = Int32GetDatum(PROMO_RFM_F(check.scores));
		values[3] = Int32GetDatum(PROMO_RFM_M(check.scores));
		values[4] = PointerGetDatum(names);
		promo_put_row(&rows, values, nulls);
		/* a thousand scores may each have a thousand names */
		pfree(names);
	}
	PG_RETURN_NULL();
}
