/*-------------------------------------------------------------------------
 *
 * group_uplift.c
 *	  what a campaign caused: two shares of customers, compared
 *
 * The interval of the difference is method 10 of Newcombe (Statistics in
 * Medicine 17, 1998), from the intervals of Wilson (1927) of both shares; that
 * of the ratio is Katz's (Biometrics 34, 1978), on the scale of logarithms; p
 * is that of the z test with the pooled share.  Both intervals hold where
 * shares are near 0 or 1, where the textbook's do not.
 *
 *-------------------------------------------------------------------------
 */
#include <math.h>

#include "group_uplift.h"

/*
 * Newton's method on the side where the tail, or the middle, is not lost beside
 * 1, from a start good to 0.00045 (Abramowitz and Stegun 26.2.23).
 */
double
promo_normal_bound(double level)
{
	double		t = sqrt(-2 * log((1 - level) / 2));
	double		z = t - (2.515517 + t * (0.802853 + t * 0.010328)) /
		(1 + t * (1.432788 + t * (0.189269 + t * 0.001308)));

	for (int i = 0; i < 4; i++)
	{
		double		beyond = level < 0.5 ? erf(z * M_SQRT1_2) - level : 1 - level - erfc(z * M_SQRT1_2);

		z -= beyond / (M_2_SQRTPI * M_SQRT1_2 * exp(-z * z / 2));
	}
	return z;
}

/* Wilson's interval of a share; that of everybody ends at 1 sharp */
static void
wilson(PromoGroup group, double z, double *lo, double *hi)
{
	double		n = group.n;
	double		x = group.x;
	double		width = z * sqrt(z * z + 4 * x * ((double) (group.n - group.x) / n));

	*lo = (2 * x + z * z - width) / (2 * (n + z * z));
	*hi = group.x == group.n ? 1 : (2 * x + z * z + width) / (2 * (n + z * z));
}

static bool
check_group(PromoGroup group, const char *suffix, PromoError *err)
{
	if (group.n < 0 || group.x < 0)
		return promo_fail(err, PROMO_OUT_OF_RANGE, "%s_%s is negative", group.n < 0 ? "n" : "x", suffix);
	if (group.x > group.n)
		return promo_fail(err, PROMO_OUT_OF_RANGE, "x_%s is greater than n_%s", suffix, suffix);
	return true;
}

bool
promo_uplift(PromoGroup treated, PromoGroup control, double level, PromoUplift *uplift,
			 PromoError *err)
{
	double		n_t = treated.n;
	double		n_c = control.n;
	double		x_t = treated.x;
	double		x_c = control.x;
	double		difference;		/* of the shares, times n_t n_c */
	double		pooled;
	double		lo_t;
	double		hi_t;
	double		lo_c;
	double		hi_c;
	double		z;

	*uplift = (PromoUplift) {NAN, NAN, NAN, NAN, NAN, NAN, NAN};
	if (!check_group(treated, "t", err) || !check_group(control, "c", err))
		return false;
	if (!(level > 0 && level < 1))
		return promo_fail(err, PROMO_OUT_OF_RANGE, "level is not between 0 and 1");
	if (treated.n == 0 || control.n == 0)
		return true;

	z = promo_normal_bound(level);
	wilson(treated, z, &lo_t, &hi_t);
	wilson(control, z, &lo_c, &hi_c);
	difference = (double) ((promo_int128) treated.x * control.n - (promo_int128) control.x * treated.n);
	uplift->diff = difference / n_t / n_c;
	uplift->lo = uplift->diff - hypot(x_t / n_t - lo_t, hi_c - x_c / n_c);
	uplift->hi = uplift->diff + hypot(hi_t - x_t / n_t, x_c / n_c - lo_c);

	/* nobody or everybody: no variance to compare with */
	pooled = (x_t + x_c) / (n_t + n_c);
	if (pooled > 0 && treated.x + (promo_int128) control.x < treated.n + (promo_int128) control.n)
		uplift->p = erfc(fabs(uplift->diff) /
						 sqrt(pooled * (1 - pooled) * (1 / n_t + 1 / n_c)) * M_SQRT1_2);
	if (control.x == 0)
		return true;
	uplift->lift = difference / n_t / x_c;
	if (treated.x > 0)
	{
		double		width = z * sqrt((1 / x_t - 1 / n_t) + (1 / x_c - 1 / n_c));

		uplift->lift_lo = expm1(log1p(uplift->lift) - width);
		uplift->lift_hi = expm1(log1p(uplift->lift) + width);
	}
	return true;
}
