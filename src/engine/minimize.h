/*-------------------------------------------------------------------------
 *
 * minimize.h
 *	  the minimum of a smooth function of up to four variables
 *
 * Newton's method, made safe for starts from far away and for flat and
 * saddle-shaped regions.  The matrix of second derivatives comes from
 * differences of the gradient, and is taken again only where it no longer
 * serves.  So the minimum is found to the last digits that the function has,
 * from wherever the search came, and the matrix is there for standard errors.
 *
 * Libraries do not fit: NLopt and liblbfgs malloc, which leaks when the
 * callback is cancelled by a jump, and GSL is under the GPL.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PROMO_MINIMIZE_H
#define PROMO_MINIMIZE_H

#include "engine.h"

#define PROMO_MINIMIZE_MAX	4	/* variables */

typedef struct PromoObjective
{
	int			n;
	double		lower;			/* of every variable */
	double		upper;

	/* value and gradient, the value not finite where there is none; may jump out */
	double		(*evaluate) (struct PromoObjective *objective, const double *at, double *gradient);
} PromoObjective;

typedef struct PromoMinimum
{
	double		at[PROMO_MINIMIZE_MAX];
	double		value;
	double		gradient[PROMO_MINIMIZE_MAX];
	double		hessian[PROMO_MINIMIZE_MAX][PROMO_MINIMIZE_MAX];
	double		slope;			/* largest derivative by a variable that is free to go downhill */
	int			iterations;		/* steps taken, added to what was there */
} PromoMinimum;

/*
 * Goes downhill from minimum->at; with hessian_known, minimum->hessian is
 * about right for a start.  In the end slope says how well it went.
 */
extern void promo_minimize(PromoObjective *objective, PromoMinimum *minimum, bool hessian_known);

/* takes the matrix of second derivatives where the minimum is */
extern void promo_minimum_hessian(PromoObjective *objective, PromoMinimum *minimum);

/*
 * The diagonal of the matrix's inverse; false where the function is too flat,
 * or curves downward.
 */
extern bool promo_minimum_variances(const PromoObjective *objective, const PromoMinimum *minimum,
									double *variances);

#endif							/* PROMO_MINIMIZE_H */
