/*-------------------------------------------------------------------------
 *
 * uplift.c
 *	  promo.uplift: what a campaign caused
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "access/htup_details.h"
#include "campaign/kpi.h"
#include "engine/group_uplift.h"
#include "funcapi.h"

/* the row of a comparison: what is not defined is NULL */
static Datum
uplift_row(FunctionCallInfo fcinfo, PromoGroup treated, PromoGroup control, double level)
{
	PromoUplift uplift;
	PromoError	err;
	TupleDesc	desc;
	Datum		values[7];
	bool		nulls[7];

	if (!promo_uplift(treated, control, level, &uplift, &err))
		promo_report(&err);
	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "promo.uplift does not return a row");
	values[0] = Float8GetDatum(uplift.diff);
	values[1] = Float8GetDatum(uplift.lo);
	values[2] = Float8GetDatum(uplift.hi);
	values[3] = Float8GetDatum(uplift.lift);
	values[4] = Float8GetDatum(uplift.lift_lo);
	values[5] = Float8GetDatum(uplift.lift_hi);
	values[6] = Float8GetDatum(uplift.p);
	for (int i = 0; i < 7; i++)
		nulls[i] = isnan(DatumGetFloat8(values[i]));
	return HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(desc), values, nulls));
}

PG_FUNCTION_INFO_V1(promo_uplift_of_counts);
Datum
promo_uplift_of_counts(PG_FUNCTION_ARGS)
{
	PromoGroup	treated = {PG_GETARG_INT64(0), PG_GETARG_INT64(1)};
	PromoGroup	control = {PG_GETARG_INT64(2), PG_GETARG_INT64(3)};

	return uplift_row(fcinfo, treated, control, PG_GETARG_FLOAT8(4));
}

static int64
uniques(const PromoKpi *kpi, PromoText word)
{
	const PromoKpiEvent *event = promo_kpi_find(kpi, word);

	return event == NULL ? 0 : promo_kpi_estimate(event->once.members, event->bits);
}

/* those of of_event are the group; who did the event is taken to be among them */
static PromoGroup
group_of_kpi(FunctionCallInfo fcinfo, int argument, const char *name)
{
	PromoText	event = promo_text_of_datum(PG_GETARG_DATUM(2));
	PromoText	of_event = promo_text_of_datum(PG_GETARG_DATUM(3));
	PromoKpi	kpi;
	PromoGroup	group;

	promo_kpi_scalars_of_datum(PG_GETARG_DATUM(argument), &kpi);
	group = (PromoGroup) {uniques(&kpi, of_event), uniques(&kpi, event)};
	/* of two samples, the part may seem to have more than the whole */
	if (group.x > group.n && !promo_kpi_is_exact(&kpi))
		group.x = group.n;
	if (group.x > group.n)
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("%s has more uniques of \"%s\" than of \"%s\"", name,
						pnstrdup(event.data, event.len), pnstrdup(of_event.data, of_event.len))));
	return group;
}

PG_FUNCTION_INFO_V1(promo_uplift_of_kpis);
Datum
promo_uplift_of_kpis(PG_FUNCTION_ARGS)
{
	PromoGroup	treated = group_of_kpi(fcinfo, 0, "k_t");
	PromoGroup	control = group_of_kpi(fcinfo, 1, "k_c");

	return uplift_row(fcinfo, treated, control, PG_GETARG_FLOAT8(4));
}
