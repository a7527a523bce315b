/*-------------------------------------------------------------------------
 *
 * review.c
 *	  the quantile that intervals of promo.review() need
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "engine/student.h"
#include "promo.h"

PG_FUNCTION_INFO_V1(promo_student_bound_of_level);
Datum
promo_student_bound_of_level(PG_FUNCTION_ARGS)
{
	double		level = PG_GETARG_FLOAT8(0);
	int			freedom = PG_GETARG_INT32(1);

	if (!(level > 0 && level < 1) || freedom < 1 || freedom > 1000000)
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("level is not between 0 and 1, or freedom not between 1 and 1000000")));
	PG_RETURN_FLOAT8(promo_student_bound(level, freedom));
}
