/*-------------------------------------------------------------------------
 *
 * ratio.h
 *	  exact fractions of money, for units at an average price
 *
 * A third of a line's 100.00 is no decimal.  Discounts on single units are
 * added up as a whole amount and a fraction below one of the smallest money
 * there is, and rounded once.  Whole amounts are always exact; a fraction
 * loses digits beyond its 60th binary one where denominators multiply to more
 * than that, which takes a cart of many weighed lines.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PROMO_RATIO_H
#define PROMO_RATIO_H

#include "engine.h"

/* whole + num / den, not negative */
typedef struct PromoRatio
{
	promo_int128 whole;
	promo_int128 num;			/* 0 <= num < den */
	promo_int128 den;			/* 0 < den < 2^96 */
} PromoRatio;

static inline PromoRatio
promo_ratio(promo_int128 num, promo_int128 den)
{
	PromoRatio	r = {.den = den};

	if (num <= INT64_MAX && den <= INT64_MAX)
	{
		/* 128-bit division is a function call */
		r.whole = (int64_t) num / (int64_t) den;
		r.num = (int64_t) num % (int64_t) den;
	}
	else
	{
		r.whole = num / den;
		r.num = num % den;
	}
	return r;
}

static inline PromoRatio
promo_ratio_of(promo_int128 whole)
{
	return (PromoRatio) {.whole = whole, .den = 1};
}

static inline bool
promo_ratio_is_zero(PromoRatio r)
{
	return r.whole == 0 && r.num == 0;
}

static inline promo_int128
promo_gcd(promo_int128 a, promo_int128 b)
{
	while (b != 0)
	{
		promo_int128 r;

		if (a <= INT64_MAX && b <= INT64_MAX)
			r = (int64_t) a % (int64_t) b;
		else
			r = a % b;
		a = b;
		b = r;
	}
	return a;
}

/* cancels the fraction, and cuts it so that its denominator is below 2^bits */
static inline PromoRatio
promo_ratio_reduce(PromoRatio r, int bits)
{
	promo_int128 d = promo_gcd(r.den, r.num);

	r.num /= d;
	r.den /= d;
	while (r.den >> bits > 0)
	{
		r.num >>= 1;
		r.den >>= 1;
	}
	return r;
}

/* r x factor / divisor; both below 2^63, r x factor below 2^126 */
static inline PromoRatio
promo_ratio_times(PromoRatio r, int64_t factor, int64_t divisor)
{
	PromoRatio	product;
	promo_int128 rest;
	promo_int128 den;

	r = promo_ratio_reduce(r, 62);
	/* (whole + num / den) x factor, whole amounts apart */
	r.whole *= factor;
	r.num *= factor;
	r.whole += r.num / r.den;
	r.num %= r.den;
	product.whole = r.whole / divisor;
	rest = r.whole % divisor;
	/* what is left over: (rest + num / den) / divisor */
	while (__builtin_mul_overflow(r.den, (promo_int128) divisor, &den))
	{
		r.num >>= 1;
		r.den >>= 1;
	}
	product.num = rest * r.den + r.num;
	product.den = den;
	return den >> 95 > 0 ? promo_ratio_reduce(product, 95) : product;
}

static inline PromoRatio
promo_ratio_add(PromoRatio a, PromoRatio b)
{
	PromoRatio	sum = {.whole = a.whole + b.whole, .den = a.den};

	if (b.num == 0)
		sum.num = a.num;
	else if (a.num == 0)
	{
		sum.num = b.num;
		sum.den = b.den;
	}
	else if (a.den == b.den)
		sum.num = a.num + b.num;
	else
	{
		promo_int128 d;

		a = promo_ratio_reduce(a, 62);
		b = promo_ratio_reduce(b, 62);
		d = promo_gcd(a.den, b.den);
		sum.num = a.num * (b.den / d) + b.num * (a.den / d);
		sum.den = a.den / d * b.den;
	}
	if (sum.num >= sum.den)
	{
		sum.whole++;
		sum.num -= sum.den;
	}
	return sum.den >> 95 > 0 ? promo_ratio_reduce(sum, 62) : sum;
}

static inline int
promo_ratio_compare(PromoRatio a, PromoRatio b)
{
	promo_int128 x;
	promo_int128 y;

	if (a.whole != b.whole)
		return a.whole < b.whole ? -1 : 1;
	if (a.den == b.den)
		return (a.num > b.num) - (a.num < b.num);
	a = promo_ratio_reduce(a, 62);
	b = promo_ratio_reduce(b, 62);
	x = a.num * b.den;
	y = b.num * a.den;
	return (x > y) - (x < y);
}

/* a - b, but not below 0 */
static inline PromoRatio
promo_ratio_subtract(PromoRatio a, PromoRatio b)
{
	PromoRatio	rest;

	if (promo_ratio_compare(a, b) <= 0)
		return promo_ratio_of(0);
	/* a - whole(b) - 1 + (1 - fraction(b)) */
	rest = promo_ratio_of(a.whole - b.whole);
	rest = promo_ratio_add(rest, (PromoRatio) {.num = a.num, .den = a.den});
	if (b.num == 0)
		return rest;
	rest.whole--;
	return promo_ratio_add(rest, (PromoRatio) {.num = b.den - b.num, .den = b.den});
}

/* value x part / total, where part <= total and both are money */
static inline PromoRatio
promo_ratio_share(PromoRatio value, PromoRatio part, PromoRatio total)
{
	const promo_int128 limit = (promo_int128) 1 << 62;
	promo_int128 den;
	promo_int128 common;
	int64_t		x;
	int64_t		y;

	/* over one denominator; beside amounts too large for that, fractions do not count */
	part = promo_ratio_reduce(part, 62);
	total = promo_ratio_reduce(total, 62);
	den = part.den / promo_gcd(part.den, total.den) * total.den;
	if (den < limit && total.whole + 1 < limit / den)
	{
		x = (int64_t) (part.whole * den + part.num * (den / part.den));
		y = (int64_t) (total.whole * den + total.num * (den / total.den));
	}
	else
	{
		x = (int64_t) part.whole;
		y = (int64_t) total.whole;
	}
	if (y == 0)
		return promo_ratio_of(0);
	common = promo_gcd(x, y);
	return promo_ratio_times(value, (int64_t) (x / common), (int64_t) (y / common));
}

/* as money: a multiple of the unit, within the money range */
static inline int64_t
promo_ratio_round(PromoRatio r, int64_t unit, PromoRounding rounding)
{
	promo_int128 units = r.whole / unit;
	promo_int128 rest;			/* what is above whole units, in 1 / (unit * den) */
	promo_int128 half;

	if (r.whole >= PROMO_MONEY_MAX)
		return PROMO_MONEY_MAX / unit * unit;
	if (r.den >> 88 > 0)
		r = promo_ratio_reduce(r, 88);
	rest = (r.whole % unit) * r.den + r.num;
	half = r.den * unit - rest;
	if (rest > 0 && rounding != PROMO_DOWN &&
		(rest > half || (rest == half && (rounding == PROMO_HALF_UP || units & 1))))
		units++;
	return (int64_t) (units * unit);
}

#endif							/* PROMO_RATIO_H */
