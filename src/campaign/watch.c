/*-------------------------------------------------------------------------
 *
 * watch.c
 *	  promo.anomaly: figures that are not as they used to be
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "engine/anomaly.h"
#include "funcapi.h"
#include "promo.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"

/* so that neither distances nor their sums overflow */
#define MOST	1e300

/* A distance needs no exact figures; one from NaN or infinity says nothing. */
static double
figure(Datum numeric, const char *what)
{
	double		number = DatumGetFloat8(DirectFunctionCall1(numeric_float8_no_overflow, numeric));

	if (!(fabs(number) <= MOST))
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("%s is NaN or out of range", what)));
	return number;
}

PG_FUNCTION_INFO_V1(promo_anomaly_of_history);
Datum
promo_anomaly_of_history(PG_FUNCTION_ARGS)
{
	static const char *const words[] = {
		[PROMO_SEVERITY_NONE] = "none",
		[PROMO_SEVERITY_WARN] = "warn",
		[PROMO_SEVERITY_CRITICAL] = "critical"
	};
	double		value = figure(PG_GETARG_DATUM(0), "value");
	ArrayType  *array = PG_GETARG_ARRAYTYPE_P(1);
	Datum	   *elements;
	bool	   *is_null;
	int			count;
	double	   *history;
	uint32		n = 0;
	TupleDesc	desc;
	Datum		values[2] = {0, 0};
	bool		nulls[2] = {true, true};

	if (ARR_NDIM(array) > 1)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("history is not a one-dimensional array")));
	deconstruct_array(array, NUMERICOID, -1, false, TYPALIGN_INT, &elements, &is_null, &count);
	history = palloc(count * sizeof(double));
	for (int i = 0; i < count; i++)
		if (!is_null[i])
			history[n++] = figure(elements[i], "figure of history");
	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "promo.anomaly does not return a row");
	if (n >= PROMO_ANOMALY_POINTS)
	{
		double		score = promo_anomaly(&promo_arena, value, history, n);

		values[0] = Float8GetDatum(score);
		values[1] = CStringGetTextDatum(words[promo_severity(score)]);
		nulls[0] = nulls[1] = false;
	}
	return HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(desc), values, nulls));
}
