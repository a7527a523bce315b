/*-------------------------------------------------------------------------
 *
 * numeric.c
 *	  numeric to and from the engine's scaled integers, without arithmetic
 *	  on numerics
 *
 * Two prices or quantities are read for every order line, and reading them
 * through numeric's own functions would cost more than pricing does.  The
 * server keeps the layout of numeric to itself, but it is a disk format: it
 * may not change as long as pg_upgrade keeps tables, and it is the same from
 * PostgreSQL 9.1 to 18.  A 16-bit header, then base-10000 digits without
 * zeros at either end; the first digit counts 10000^weight:
 *
 *		1 0 sign scale(6) weight(7)			short form
 *		0 sign scale(14), weight(16)		long form
 *		1 1 ...								NaN and infinities
 *
 * The digits lie unaligned behind a one-byte length word, hence memcpy.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <limits.h>

#include "catalog/pg_type.h"
#include "numeric.h"
#include "utils/array.h"

#define NUMERIC_BASE			10000
#define NUMERIC_FORM_MASK		0xC000
#define NUMERIC_SPECIAL			0xC000
#define NUMERIC_SHORT			0x8000
#define NUMERIC_INFINITE		0x1000	/* of a special value */
#define NUMERIC_LONG_NEGATIVE	0x4000
#define NUMERIC_SHORT_NEGATIVE	0x2000
#define NUMERIC_SHORT_SCALE		7	/* shift */
#define NUMERIC_SHORT_WEIGHT_SIGN 0x0040
#define NUMERIC_SHORT_WEIGHT	0x003F

typedef struct Digits
{
	const char *data;			/* int16 each, unaligned */
	int			n;
	int			weight;
	bool		negative;
} Digits;

static inline int
digit(const Digits *digits, int i)
{
	int16		d;

	memcpy(&d, digits->data + i * sizeof(int16), sizeof(int16));
	return d;
}

static inline PromoNumber
read_digits(Datum value, Digits *digits)
{
	struct varlena *numeric = PG_DETOAST_DATUM_PACKED(value);
	const char *data = VARDATA_ANY(numeric);
	int			size = VARSIZE_ANY_EXHDR(numeric);
	uint16		header;
	int16		weight;

	memcpy(&header, data, sizeof(uint16));
	if (header & NUMERIC_SHORT)
	{
		if ((header & NUMERIC_FORM_MASK) == NUMERIC_SPECIAL)
			return header & NUMERIC_INFINITE ? PROMO_NUMBER_INFINITE : PROMO_NUMBER_NAN;
		digits->negative = (header & NUMERIC_SHORT_NEGATIVE) != 0;
		digits->weight = header & NUMERIC_SHORT_WEIGHT;
		if (header & NUMERIC_SHORT_WEIGHT_SIGN)
			digits->weight -= NUMERIC_SHORT_WEIGHT + 1;
		digits->data = data + sizeof(uint16);
		digits->n = (size - sizeof(uint16)) / sizeof(int16);
	}
	else
	{
		memcpy(&weight, data + sizeof(uint16), sizeof(int16));
		digits->negative = (header & NUMERIC_LONG_NEGATIVE) != 0;
		digits->weight = weight;
		digits->data = data + 2 * sizeof(uint16);
		digits->n = (size - 2 * sizeof(uint16)) / sizeof(int16);
	}
	return PROMO_NUMBER_EXACT;
}

PromoNumber
promo_numeric_to_scaled(Datum value, int digits, int64 *result)
{
	Digits		number;
	PromoNumber kind = read_digits(value, &number);
	int64		scaled = 0;
	int			wanted;

	if (kind != PROMO_NUMBER_EXACT)
		return kind;
	if (number.n == 0)
	{
		*result = 0;
		return PROMO_NUMBER_EXACT;
	}

	/* one digit behind the point is just the four decimals of money */
	wanted = number.weight + 2;
	if (number.weight > 3)
		return PROMO_NUMBER_TOO_LARGE;
	if (number.n > wanted)
		return PROMO_NUMBER_TOO_FINE;
	for (int i = 0; i < wanted; i++)
	{
		if (scaled > PROMO_MONEY_MAX / NUMERIC_BASE)
			return PROMO_NUMBER_TOO_LARGE;
		scaled *= NUMERIC_BASE;
		if (i < number.n)
			scaled += digit(&number, i);
	}
	if (scaled > PROMO_MONEY_MAX)
		return PROMO_NUMBER_TOO_LARGE;
	if (digits == PROMO_QTY_DIGITS)
	{
		if (scaled % 10 != 0)
			return PROMO_NUMBER_TOO_FINE;
		scaled /= 10;
	}
	*result = number.negative ? -scaled : scaled;
	return PROMO_NUMBER_EXACT;
}

void
promo_report_number(PromoNumber number, int digits, const char *what)
{
	static const char *const faults[] = {
		[PROMO_NUMBER_NAN] = "is NaN",
		[PROMO_NUMBER_INFINITE] = "is infinite",
		[PROMO_NUMBER_TOO_LARGE] = "is out of range"
	};

	if (number == PROMO_NUMBER_TOO_FINE)
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("%s has more than %d decimals", what, digits)));
	ereport(ERROR,
			(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
			 errmsg("%s %s", what, faults[number])));
}

int64
promo_amount_of_numeric(Datum value, const char *what)
{
	int64		amount;
	PromoNumber number = promo_numeric_to_scaled(value, PROMO_MONEY_DIGITS, &amount);

	if (number != PROMO_NUMBER_EXACT)
		promo_report_number(number, PROMO_MONEY_DIGITS, what);
	if (amount < 0)
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("%s is negative", what)));
	return amount;
}

Datum
promo_put_numeric(PromoNumeric *numeric, int64 value, int digits, int min_decimals)
{
	uint64		magnitude = value < 0 ? -(uint64) value : (uint64) value;
	uint64		rest;
	int			fraction;
	int			decimals;
	int			weight = -1;
	int			n;

	if (digits == PROMO_QTY_DIGITS)
		magnitude *= 10;
	fraction = magnitude % NUMERIC_BASE;
	decimals = fraction == 0 ? 0 : fraction % 1000 == 0 ? 1 :
		fraction % 100 == 0 ? 2 : fraction % 10 == 0 ? 3 : 4;

	for (rest = magnitude / NUMERIC_BASE; rest > 0; rest /= NUMERIC_BASE)
		weight++;
	n = weight + 2;
	for (int i = n; i > 0; magnitude /= NUMERIC_BASE)
		numeric->digits[--i] = magnitude % NUMERIC_BASE;
	while (n > 0 && numeric->digits[n - 1] == 0)
		n--;
	if (n == 0)
		weight = 0;

	numeric->header = NUMERIC_SHORT |
		(value < 0 ? NUMERIC_SHORT_NEGATIVE : 0) |
		Max(decimals, min_decimals) << NUMERIC_SHORT_SCALE |
		(weight < 0 ? NUMERIC_SHORT_WEIGHT_SIGN : 0) |
		(weight & NUMERIC_SHORT_WEIGHT);
	SET_VARSIZE(numeric, offsetof(PromoNumeric, digits) + n * sizeof(uint16));
	return PointerGetDatum(numeric);
}

Datum
promo_money_array(const int64_t *amounts, int n)
{
	PromoNumeric *numerics = palloc(n * sizeof(PromoNumeric));
	Datum	   *values = palloc(n * sizeof(Datum));

	for (int i = 0; i < n; i++)
		values[i] = promo_put_money(&numerics[i], amounts[i]);
	return PointerGetDatum(construct_array(values, n, NUMERICOID, -1, false, TYPALIGN_INT));
}

/* a weight as a whole number, its last digit being that of 10000^lowest */
static promo_int128
whole_weight(const Digits *digits, int lowest)
{
	promo_int128 whole = 0;

	for (int i = 0; digits->n > 0 && i <= digits->weight - lowest; i++)
		whole = whole * NUMERIC_BASE + (i < digits->n ? digit(digits, i) : 0);
	return whole;
}

int64 *
promo_weights_of_numerics(const Datum *values, const bool *nulls, int n)
{
	Digits	   *digits = palloc(n * sizeof(Digits));
	int64	   *weights = palloc0(n * sizeof(int64));
	promo_int128 sum = 0;
	int			shift = 0;
	int			lowest = INT_MAX;	/* power of 10000 of the last digit of all */
	int			highest = INT_MIN;

	for (int i = 0; i < n; i++)
	{
		PromoNumber number;

		if (nulls[i])
			ereport(ERROR,
					(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
					 errmsg("weight %d is null", i + 1)));
		number = read_digits(values[i], &digits[i]);
		if (number != PROMO_NUMBER_EXACT)
			promo_report_number(number, 0, psprintf("weight %d", i + 1));
		if (digits[i].n == 0)
			continue;
		if (digits[i].negative)
			ereport(ERROR,
					(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
					 errmsg("weight %d is negative", i + 1)));
		lowest = Min(lowest, digits[i].weight - digits[i].n + 1);
		highest = Max(highest, digits[i].weight);
	}
	if (highest < lowest)
		return weights;			/* all are zero */

	/* digits that matter below 1 in 10^24 are cut, so that any sum fits 128 bits */
	lowest = Max(lowest, highest - 6);
	for (int i = 0; i < n; i++)
		sum += whole_weight(&digits[i], lowest);
	while (sum >> shift > PG_INT64_MAX)
		shift++;
	for (int i = 0; i < n; i++)
		weights[i] = (int64) (whole_weight(&digits[i], lowest) >> shift);
	return weights;
}
