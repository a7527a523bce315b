/*-------------------------------------------------------------------------
 *
 * anomaly.c
 *	  how far a figure is from what it used to be
 *
 * Median and median absolute deviation (Hampel 1974) instead of mean and
 * standard deviation, which one earlier peak would spoil.  1.4826 makes of the
 * one the other where figures are normal.
 *
 *-------------------------------------------------------------------------
 */
#include <math.h>

#include "anomaly.h"

static bool
number_before(const void *context, uint32_t a, uint32_t b)
{
	const double *numbers = context;

	return numbers[a] < numbers[b];
}

static double
median(PromoArena *arena, const double *numbers, uint32_t n)
{
	const uint32_t *order = promo_sorted(arena, n, number_before, numbers);

	return numbers[order[(n - 1) / 2]] / 2 + numbers[order[n / 2]] / 2;
}

/*
 * Below the usual deviation come two floors, since a quiet or short history has
 * hardly any: that of counts by chance (Poisson), and 5 %.
 */
double
promo_anomaly(PromoArena *arena, double value, const double *history, uint32_t n)
{
	double	   *deviations = promo_alloc(arena, n * sizeof(double));
	double		usual = median(arena, history, n);
	double		sigma;

	for (uint32_t i = 0; i < n; i++)
		deviations[i] = fabs(history[i] - usual);
	sigma = fmax(1.4826 * median(arena, deviations, n), sqrt(fmax(usual, 1)));
	return (value - usual) / fmax(sigma, 0.05 * usual);
}

PromoSeverity
promo_severity(double score)
{
	return fabs(score) >= 6 ? PROMO_SEVERITY_CRITICAL :
		fabs(score) >= 3.5 ? PROMO_SEVERITY_WARN : PROMO_SEVERITY_NONE;
}
