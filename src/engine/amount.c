/*-------------------------------------------------------------------------
 *
 * amount.c
 *	  money and quantities: decimals, rounding, apportionment
 *
 * Everything is an integer.  Products of two 63-bit amounts fit 128 bits;
 * 128-bit division is slow, so that the common small case takes 64 bits.
 *
 *-------------------------------------------------------------------------
 */
#include "engine.h"

static const int64_t powers_of_ten[] = {
	1, 10, 100, 1000, 10000, 100000, 1000000, 10000000, 100000000, 1000000000
};

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/*
 * The exponent behind a JSON number's 'e'; clamped, since anything that far
 * out of range is refused (or is zero) all the same.
 */
static bool
parse_exponent(const char **p, const char *end, int *exponent)
{
	bool		negative = false;
	int			value = 0;

	if (*p < end && (**p == '+' || **p == '-'))
		negative = *(*p)++ == '-';
	if (*p == end)
		return false;
	for (; *p < end; (*p)++)
	{
		if (!is_digit(**p))
			return false;
		if (value < 100000)
			value = value * 10 + (**p - '0');
	}
	*exponent = negative ? -value : value;
	return true;
}

bool
promo_parse_decimal(PromoText text, int digits, int64_t max, bool allow_exponent,
					const char *what, int64_t *result, PromoError *err)
{
	const char *p = text.data;
	const char *end = p + text.len;
	const char *number;
	bool		negative = false;
	int			exponent = 0;
	int64_t		point = -1;		/* digits before the decimal point */
	int64_t		ndigits = 0;
	int64_t		scale;			/* digits of the mantissa that count */
	promo_int128 value = 0;
	int			shown = text.len < 60 ? (int) text.len : 60;

	if (p < end && (*p == '-' || *p == '+'))
		negative = *p++ == '-';
	number = p;
	for (; p < end && (is_digit(*p) || (*p == '.' && point < 0)); p++)
	{
		if (*p == '.')
			point = ndigits;
		else
			ndigits++;
	}
	if (ndigits == 0 ||
		(p < end && !(allow_exponent && (*p == 'e' || *p == 'E') &&
					  (p++, parse_exponent(&p, end, &exponent)))))
		return promo_fail(err, PROMO_BAD_SYNTAX, "%s is not a number: \"%.*s\"",
						  what, shown, text.data);
	if (point < 0)
		point = ndigits;

	/* take digits up to the last that the scale holds; what follows must be zero */
	scale = point + exponent + digits;
	p = number;
	for (int64_t i = 0; i < ndigits; p++)
	{
		if (*p == '.')
			continue;
		if (i++ < scale)
		{
			if (value <= max)
				value = value * 10 + (*p - '0');
		}
		else if (*p != '0')
			return promo_fail(err, PROMO_OUT_OF_RANGE, "%s has more than %d decimals: \"%.*s\"",
							  what, digits, shown, text.data);
	}
	for (int64_t i = ndigits; i < scale && value != 0 && value <= max; i++)
		value *= 10;
	if (value > max)
		return promo_fail(err, PROMO_OUT_OF_RANGE, "%s is out of range: \"%.*s\"",
						  what, shown, text.data);
	*result = negative ? -(int64_t) value : (int64_t) value;
	return true;
}

void
promo_put_decimal(PromoBuffer *buf, int64_t value, int digits, int min_decimals)
{
	uint64_t	magnitude = value < 0 ? -(uint64_t) value : (uint64_t) value;
	uint64_t	scale = powers_of_ten[digits];
	uint64_t	fraction = magnitude % scale;
	int			decimals = digits;

	while (decimals > min_decimals && fraction % 10 == 0)
	{
		fraction /= 10;
		decimals--;
	}
	promo_putf(buf, "%s%llu", value < 0 ? "-" : "", (unsigned long long) (magnitude / scale));
	if (decimals > 0)
		promo_putf(buf, ".%0*llu", decimals, (unsigned long long) fraction);
}

/* whether to round away from zero, from twice the remainder against the divisor */
static inline bool
round_up(PromoRounding rounding, bool above_half, bool half, bool odd)
{
	switch (rounding)
	{
		case PROMO_HALF_UP:
			return above_half || half;
		case PROMO_HALF_EVEN:
			return above_half || (half && odd);
		case PROMO_DOWN:
			break;
	}
	return false;
}

promo_int128
promo_round_ratio(promo_int128 numerator, promo_int128 denominator, int64_t unit,
				  PromoRounding rounding)
{
	bool		negative = numerator < 0;
	promo_int128 divisor;
	promo_int128 quotient;
	promo_int128 remainder;

	if (negative)
		numerator = -numerator;
	if (__builtin_mul_overflow(denominator, (promo_int128) unit, &divisor))
		return 0;				/* the ratio is below 1/2^60 of a unit */
	if (numerator <= INT64_MAX && divisor <= INT64_MAX)
	{
		uint64_t	n = (uint64_t) numerator;
		uint64_t	d = (uint64_t) divisor;
		uint64_t	q = n / d;
		uint64_t	r = n - q * d;

		if (r != 0 && round_up(rounding, r > d - r, r == d - r, q & 1))
			q++;
		quotient = q;
	}
	else
	{
		quotient = numerator / divisor;
		remainder = numerator - quotient * divisor;
		if (remainder != 0 &&
			round_up(rounding, remainder > divisor - remainder,
					 remainder == divisor - remainder, quotient & 1))
			quotient++;
	}
	quotient *= unit;
	return negative ? -quotient : quotient;
}

bool
promo_round_amount(int64_t price, int64_t qty, int64_t unit, PromoRounding rounding, int64_t *amount)
{
	promo_int128 exact = promo_round_ratio((promo_int128) price * qty, PROMO_QTY, unit, rounding);

	if (exact > PROMO_MONEY_MAX)
		return false;
	*amount = (int64_t) exact;
	return true;
}

int64_t
promo_percent_of(int64_t amount, int64_t percent, int64_t unit, PromoRounding rounding)
{
	int64_t		numerator;
	int64_t		divisor;
	int64_t		quotient;
	int64_t		remainder;

	if (__builtin_mul_overflow(amount, percent, &numerator) ||
		__builtin_mul_overflow(PROMO_WHOLE, unit, &divisor))
		return (int64_t) promo_round_ratio((promo_int128) amount * percent, PROMO_WHOLE,
										   unit, rounding);
	quotient = numerator / divisor;
	remainder = numerator - quotient * divisor;
	if (remainder != 0 && round_up(rounding, remainder > divisor - remainder,
								   remainder == divisor - remainder, quotient & 1))
		quotient++;
	return quotient * unit;
}

/* a * b / c and its remainder, all non-negative, the quotient within 63 bits */
static inline int64_t
mul_div(int64_t a, int64_t b, int64_t c, int64_t *remainder)
{
	int64_t		product;
	promo_int128 wide;
	promo_int128 quotient;

	if (!__builtin_mul_overflow(a, b, &product))
	{
		*remainder = product % c;
		return product / c;
	}
	wide = (promo_int128) a * b;
	quotient = wide / c;
	*remainder = (int64_t) (wide - quotient * c);
	return (int64_t) quotient;
}

/* A line that waits for one of the left-over units. */
typedef struct Claim
{
	int64_t		remainder;
	int			index;
} Claim;

_Static_assert(sizeof(Claim) == PROMO_APPORTION_SIZE, "callers reserve as much");

/* so many lines are handled without a heap, and on the stack */
#define FEW		16

static bool
claims_before(const Claim *a, const Claim *b)
{
	return a->remainder > b->remainder || (a->remainder == b->remainder && a->index < b->index);
}

static void
sift_down(Claim *heap, int n, int i)
{
	for (;;)
	{
		int			child = 2 * i + 1;
		Claim		swap;

		if (child >= n)
			return;
		if (child + 1 < n && claims_before(&heap[child + 1], &heap[child]))
			child++;
		if (!claims_before(&heap[child], &heap[i]))
			return;
		swap = heap[i];
		heap[i] = heap[child];
		heap[child] = swap;
		i = child;
	}
}

/*
 * Gives one unit each to the `left` lines of the largest remainders.  Of a few
 * lines each one's place is counted, since the processor cannot foresee how
 * remainders compare; of many a heap yields the first.
 */
static void
give_remainders(Claim *claims, int n, int64_t left, int64_t unit, int64_t *shares)
{
	if (n <= FEW)
	{
		for (int i = 0; i < n; i++)
		{
			int			place = 0;

			for (int j = 0; j < n; j++)
				place += (claims[j].remainder > claims[i].remainder) |
					((claims[j].remainder == claims[i].remainder) & (j < i));
			shares[claims[i].index] += place < left ? unit : 0;
		}
		return;
	}
	for (int i = n / 2 - 1; i >= 0; i--)
		sift_down(claims, n, i);
	for (; left > 0; left--)
	{
		Claim		first = claims[0];

		shares[first.index] += unit;
		claims[0] = claims[--n];
		claims[n] = first;
		sift_down(claims, n, 0);
	}
}

int64_t
promo_apportion(PromoArena *arena, int64_t amount, int n, const int64_t *weights,
				const int64_t *caps, int64_t unit, int64_t *shares)
{
	Claim		few[FEW];
	Claim	   *claims = few;
	promo_int128 total = 0;
	int64_t		units = amount / unit;
	int64_t		left;
	int64_t		given = 0;
	int			shift = 0;
	int			open = 0;		/* lines that still take part */
	bool		blocked;

	for (int i = 0; i < n; i++)
	{
		shares[i] = 0;
		total += weights[i];
	}
	if (total == 0 || units == 0)
		return 0;
	/* weights beyond 63 bits in sum lose their lowest bits */
	while ((total >> shift) > INT64_MAX)
		shift++;

	if (n > FEW)
		claims = promo_alloc(arena, n * sizeof(Claim));
	for (int i = 0; i < n; i++)
		if (weights[i] >> shift > 0)
			claims[open++].index = i;

	/* what a cap blocks is apportioned anew over the lines that have room */
	do
	{
		int64_t		sum = 0;
		int			kept = 0;

		blocked = false;
		left = units;
		for (int i = 0; i < open; i++)
			sum += weights[claims[i].index] >> shift;
		for (int i = 0; i < open; i++)
		{
			int			line = claims[i].index;
			int64_t		share = mul_div(units, weights[line] >> shift, sum, &claims[i].remainder);

			shares[line] = share * unit;
			left -= share;
		}
		if (left > 0)
			give_remainders(claims, open, left, unit, shares);
		if (caps == NULL)
			break;
		for (int i = 0; i < open; i++)
		{
			int			line = claims[i].index;

			if (shares[line] > caps[line])
			{
				shares[line] = caps[line] / unit * unit;
				given += shares[line];
				blocked = true;
			}
			else
				claims[kept++] = claims[i];
		}
		if (blocked)
			units = (amount / unit * unit - given) / unit;
		open = kept;
	} while (blocked && open > 0);

	return open > 0 ? given + units * unit : given;
}
