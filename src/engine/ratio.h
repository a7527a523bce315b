/*-------------------------------------------------------------------------
 *
 * ratio.h
 *	  exact fractions of money, for units at an average price
 *
 * A third of a line's 100.00 is no decimal.  Discounts on single units are
 * added up as fractions and rounded once.  Fractions stay exact as long as
 * numerator and denominator fit 126 bits, which no real cart leaves; beyond
 * that the lowest bits go.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PROMO_RATIO_H
#define PROMO_RATIO_H

#include "engine.h"

typedef struct PromoRatio
{
	promo_int128 num;
	promo_int128 den;			/* > 0 */
} PromoRatio;

static inline PromoRatio
promo_ratio(promo_int128 num, promo_int128 den)
{
	return (PromoRatio) {num, den};
}

static inline promo_int128
promo_gcd(promo_int128 a, promo_int128 b)
{
	if (a < 0)
		a = -a;
	while (b != 0)
	{
		promo_int128 r;

		/* most operands are small: 128-bit division is a function call */
		if (a <= INT64_MAX && b <= INT64_MAX)
			r = (int64_t) a % (int64_t) b;
		else
			r = a % b;
		a = b;
		b = r;
	}
	return a;
}

static inline PromoRatio
promo_ratio_reduce(PromoRatio r)
{
	promo_int128 d = promo_gcd(r.num, r.den);

	return d > 1 ? promo_ratio(r.num / d, r.den / d) : r;
}

/* gives up low bits of both, so that a further 63-bit factor fits */
static inline PromoRatio
promo_ratio_shrink(PromoRatio r)
{
	const promo_int128 limit = (promo_int128) 1 << 62;

	r = promo_ratio_reduce(r);
	while (r.num > limit || r.num < -limit || r.den > limit)
	{
		r.num /= 2;
		r.den /= 2;
	}
	return r.den > 0 ? r : promo_ratio(limit, 1);
}

static inline PromoRatio
promo_ratio_times(PromoRatio r, int64_t factor, int64_t divisor)
{
	PromoRatio	product;

	if (__builtin_mul_overflow(r.num, (promo_int128) factor, &product.num) ||
		__builtin_mul_overflow(r.den, (promo_int128) divisor, &product.den))
	{
		r = promo_ratio_shrink(r);
		product.num = r.num * factor;
		product.den = r.den * divisor;
	}
	return product;
}

static inline PromoRatio
promo_ratio_add(PromoRatio a, PromoRatio b)
{
	promo_int128 x;
	promo_int128 y;
	PromoRatio	sum;

	if (a.num == 0)
		return b;
	if (a.den == b.den)
	{
		if (!__builtin_add_overflow(a.num, b.num, &sum.num))
		{
			sum.den = a.den;
			return sum;
		}
	}
	a = promo_ratio_reduce(a);
	b = promo_ratio_reduce(b);
	if (__builtin_mul_overflow(a.num, b.den, &x) || __builtin_mul_overflow(b.num, a.den, &y) ||
		__builtin_add_overflow(x, y, &sum.num) || __builtin_mul_overflow(a.den, b.den, &sum.den))
	{
		a = promo_ratio_shrink(a);
		b = promo_ratio_shrink(b);
		sum.num = a.num * b.den + b.num * a.den;
		sum.den = a.den * b.den;
	}
	return promo_ratio_reduce(sum);
}

static inline int
promo_ratio_compare(PromoRatio a, PromoRatio b)
{
	promo_int128 x;
	promo_int128 y;

	if (__builtin_mul_overflow(a.num, b.den, &x) || __builtin_mul_overflow(b.num, a.den, &y))
	{
		a = promo_ratio_shrink(a);
		b = promo_ratio_shrink(b);
		x = a.num * b.den;
		y = b.num * a.den;
	}
	return (x > y) - (x < y);
}

/* as money: a multiple of the unit, within 63 bits */
static inline int64_t
promo_ratio_round(PromoRatio r, int64_t unit, PromoRounding rounding)
{
	promo_int128 money = promo_round_ratio(r.num, r.den, unit, rounding);

	if (money > PROMO_MONEY_MAX)
		return PROMO_MONEY_MAX / unit * unit;
	return (int64_t) money;
}

#endif							/* PROMO_RATIO_H */
