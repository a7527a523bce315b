/*-------------------------------------------------------------------------
 *
 * test_amount.c
 *	  decimals, rounding, line amounts, apportionment
 *
 *-------------------------------------------------------------------------
 */
#include "../../src/engine/ratio.h"
#include "arena.h"
#include "test.h"

static TestArena test;

#define CHECK_TEXT(got, want) test_check_str((got), (want), #got " is " want, __FILE__, __LINE__)

/* ---------------------------------------------------------------- decimals */

/* what was read, printed with four decimals, or the message */
static const char *
money(const char *text)
{
	PromoError *err = promo_alloc0(&test.arena, sizeof(PromoError));
	PromoBuffer buf;
	int64_t		value;

	if (!promo_parse_decimal(promo_text(text), PROMO_MONEY_DIGITS, PROMO_MONEY_MAX, true, "price",
							 &value, err))
		return err->message;
	promo_buffer_init(&buf, &test.arena);
	promo_put_decimal(&buf, value, PROMO_MONEY_DIGITS, 2);
	return buf.data;
}

static const char *
printed(int64_t value, int digits, int min_decimals)
{
	PromoBuffer buf;

	promo_buffer_init(&buf, &test.arena);
	promo_put_decimal(&buf, value, digits, min_decimals);
	return buf.data;
}

static void
test_decimals(void)
{
	CHECK_TEXT(money("80"), "80.00");
	CHECK_TEXT(money("0.0001"), "0.0001");
	CHECK_TEXT(money("-2.50"), "-2.50");
	CHECK_TEXT(money("+7"), "7.00");
	CHECK_TEXT(money(".5"), "0.50");
	CHECK_TEXT(money("5."), "5.00");
	CHECK_TEXT(money("1.23450000000000000000000"), "1.2345");
	CHECK_TEXT(money("00000000000000000000000000000000000007"), "7.00");
	CHECK_TEXT(money("1e3"), "1000.00");
	CHECK_TEXT(money("12345e-4"), "1.2345");
	CHECK_TEXT(money("0e999999999"), "0.00");
	CHECK_TEXT(money("900000000000000"), "900000000000000.00");
	CHECK_TEXT(money("900000000000000.0001"), "price is out of range: \"900000000000000.0001\"");
	CHECK_TEXT(money("1e999999999"), "price is out of range: \"1e999999999\"");
	CHECK_TEXT(money("1e-999999999"), "price has more than 4 decimals: \"1e-999999999\"");
	CHECK_TEXT(money("0.00001"), "price has more than 4 decimals: \"0.00001\"");
	CHECK_TEXT(money(""), "price is not a number: \"\"");
	CHECK_TEXT(money("-"), "price is not a number: \"-\"");
	CHECK_TEXT(money("."), "price is not a number: \".\"");
	CHECK_TEXT(money("1.2.3"), "price is not a number: \"1.2.3\"");
	CHECK_TEXT(money("1e"), "price is not a number: \"1e\"");
	CHECK_TEXT(money("NaN"), "price is not a number: \"NaN\"");
	CHECK_TEXT(printed(3000, 3, 0), "3");
	CHECK_TEXT(printed(350, 3, 0), "0.35");
	CHECK_TEXT(printed(-1, 4, 2), "-0.0001");
	CHECK_TEXT(printed(0, 4, 2), "0.00");
	CHECK_TEXT(printed(INT64_MIN, 4, 2), "-922337203685477.5808");
}

/* ---------------------------------------------------------------- rounding */

static long long
rounded(int64_t numerator, int64_t denominator, int64_t unit, PromoRounding rounding)
{
	return (long long) promo_round_ratio(numerator, denominator, unit, rounding);
}

static void
test_rounding(void)
{
	promo_int128 huge = (promo_int128) PROMO_MONEY_MAX * PROMO_QTY_MAX;
	int64_t		amount;

	CHECK_INT(rounded(25, 2, 1, PROMO_HALF_UP), 13);
	CHECK_INT(rounded(-25, 2, 1, PROMO_HALF_UP), -13);
	CHECK_INT(rounded(25, 2, 1, PROMO_HALF_EVEN), 12);
	CHECK_INT(rounded(27, 2, 1, PROMO_HALF_EVEN), 14);
	CHECK_INT(rounded(29, 2, 1, PROMO_DOWN), 14);
	CHECK_INT(rounded(-29, 2, 1, PROMO_DOWN), -14);
	CHECK_INT(rounded(1250, 1, 500, PROMO_HALF_UP), 1500);
	CHECK_INT(rounded(1250, 1, 500, PROMO_HALF_EVEN), 1000);
	CHECK_INT(rounded(1, 3, 1, PROMO_HALF_UP), 0);
	CHECK_INT(rounded(2, 3, 1, PROMO_HALF_UP), 1);
	CHECK(promo_round_ratio(huge, PROMO_QTY_MAX, 1, PROMO_HALF_UP) == PROMO_MONEY_MAX);
	CHECK(promo_round_ratio(huge - 1, PROMO_QTY_MAX, 1, PROMO_DOWN) == PROMO_MONEY_MAX - 1);

	CHECK(promo_line_amount(99900, 350, 100, PROMO_HALF_UP, &amount) && amount == 35000);
	CHECK(promo_line_amount(99900, 350, 1, PROMO_HALF_UP, &amount) && amount == 34965);
	CHECK(promo_line_amount(800000, 3000, 100, PROMO_HALF_UP, &amount) && amount == 2400000);
	CHECK(promo_line_amount(PROMO_MONEY_MAX, PROMO_QTY, 100, PROMO_HALF_UP, &amount) &&
		  amount == PROMO_MONEY_MAX);
	CHECK(!promo_line_amount(PROMO_MONEY_MAX, 2 * PROMO_QTY, 100, PROMO_HALF_UP, &amount));
	CHECK(!promo_line_amount(PROMO_MONEY_MAX, PROMO_QTY_MAX, 7, PROMO_HALF_UP, &amount));
}

/* ---------------------------------------------------------------- fractions */

static long long
money_of(PromoRatio r)
{
	return (long long) promo_ratio_round(r, 1, PROMO_HALF_UP);
}

static void
test_ratios(void)
{
	PromoRatio	third = promo_ratio(1, 3);
	PromoRatio	most = promo_ratio_of(PROMO_MONEY_MAX);
	PromoRatio	sum = promo_ratio_of(0);
	/* all but one thousandth of the largest quantity at the largest price */
	PromoRatio	part = promo_ratio((promo_int128) PROMO_MONEY_MAX * (PROMO_QTY_MAX - 1), PROMO_QTY_MAX);

	for (int i = 0; i < 3; i++)
		sum = promo_ratio_add(sum, third);
	CHECK(promo_ratio_compare(sum, promo_ratio_of(1)) == 0);
	CHECK(promo_ratio_is_zero(promo_ratio_subtract(sum, promo_ratio_of(1))));
	CHECK(promo_ratio_is_zero(promo_ratio_subtract(third, sum)));
	CHECK(promo_ratio_compare(third, promo_ratio(333333333, 1000000000)) > 0);
	CHECK(promo_ratio_compare(promo_ratio_subtract(promo_ratio_of(2), third), promo_ratio(5, 3)) == 0);
	CHECK(promo_ratio_compare(promo_ratio_share(promo_ratio_of(10), third, promo_ratio_of(1)),
							  promo_ratio(10, 3)) == 0);
	CHECK(promo_ratio_compare(part, most) < 0);
	CHECK_INT(money_of(part), PROMO_MONEY_MAX - 10);
	CHECK_INT(money_of(promo_ratio_times(part, PROMO_WHOLE, PROMO_WHOLE)), PROMO_MONEY_MAX - 10);
	CHECK_INT(money_of(promo_ratio_times(part, 5 * PROMO_PERCENT, PROMO_WHOLE)), 450000000000000000);
	CHECK_INT(money_of(promo_ratio_share(most, part, part)), PROMO_MONEY_MAX);
	CHECK_INT(money_of(promo_ratio_add(most, most)), PROMO_MONEY_MAX);
	CHECK_INT(promo_ratio_round(promo_ratio(1250, 1), 500, PROMO_HALF_UP), 1500);
	CHECK_INT(promo_ratio_round(promo_ratio(1250, 1), 500, PROMO_HALF_EVEN), 1000);
	CHECK_INT(promo_ratio_round(promo_ratio(12501, 10), 500, PROMO_HALF_EVEN), 1500);
	CHECK_INT(promo_ratio_round(promo_ratio(1499, 1), 500, PROMO_DOWN), 1000);
}

/* ---------------------------------------------------------------- apportionment */

#define MOST	6

/* the shares, then what was given out */
static const char *
apportioned(int64_t amount, int n, const int64_t *weights, const int64_t *caps, int64_t unit)
{
	PromoBuffer buf;
	int64_t		shares[MOST];
	int64_t		given = promo_apportion(&test.arena, amount, n, weights, caps, unit, shares);

	promo_buffer_init(&buf, &test.arena);
	for (int i = 0; i < n; i++)
		promo_putf(&buf, "%lld ", (long long) shares[i]);
	promo_putf(&buf, "= %lld", (long long) given);
	return buf.data;
}

static void
test_shares(void)
{
	const int64_t equal[] = {1, 1, 1};
	const int64_t zeros[] = {0, 0, 0};
	const int64_t mixed[] = {50, 30, 20};
	const int64_t some[] = {0, 7, 0};
	const int64_t wide[] = {PROMO_MONEY_MAX, PROMO_MONEY_MAX, PROMO_MONEY_MAX};
	const int64_t caps[] = {10, 100, 100};
	const int64_t tight[] = {3, 2, 1};
	const int64_t coarse[] = {199, 1000, 1000};

	CHECK_TEXT(apportioned(100, 3, equal, NULL, 1), "34 33 33 = 100");
	CHECK_TEXT(apportioned(101, 3, equal, NULL, 1), "34 34 33 = 101");
	CHECK_TEXT(apportioned(1000, 3, equal, NULL, 100), "400 300 300 = 1000");
	CHECK_TEXT(apportioned(99, 3, mixed, NULL, 1), "49 30 20 = 99");
	CHECK_TEXT(apportioned(1, 3, mixed, NULL, 1), "1 0 0 = 1");
	CHECK_TEXT(apportioned(10, 3, some, NULL, 1), "0 10 0 = 10");
	CHECK_TEXT(apportioned(10, 3, zeros, NULL, 1), "0 0 0 = 0");
	CHECK_TEXT(apportioned(0, 3, mixed, NULL, 1), "0 0 0 = 0");
	CHECK_TEXT(apportioned(100, 3, mixed, caps, 1), "10 54 36 = 100");
	CHECK_TEXT(apportioned(100, 3, mixed, tight, 1), "3 2 1 = 6");
	CHECK_TEXT(apportioned(900, 3, equal, coarse, 100), "100 400 400 = 900");
	CHECK_TEXT(apportioned(PROMO_MONEY_MAX, 3, wide, NULL, 1),
			   "3000000000000000000 3000000000000000000 3000000000000000000 = 9000000000000000000");
}

/* any weights and caps: the sum is exact, nothing beyond a cap, no share off by a unit */
static void
test_any_shares(void)
{
	uint64_t	state = 1;
	int			wrong = 0;

	for (int round = 0; round < 20000; round++)
	{
		int64_t		weights[MOST];
		int64_t		caps[MOST];
		int64_t		shares[MOST];
		int64_t		unit;
		int64_t		amount;
		int64_t		given;
		int64_t		total = 0;
		int64_t		room = 0;
		int64_t		sum = 0;
		int			shift;

		state = state * UINT64_C(6364136223846793005) + 1442695040888963407;
		unit = 1 + (state >> 60);
		shift = 20 + (int) (state >> 32 & 31);
		amount = (int64_t) (state >> 1 >> shift) / unit * unit;
		for (int i = 0; i < MOST; i++)
		{
			state = state * UINT64_C(6364136223846793005) + 1442695040888963407;
			weights[i] = state >> 62 ? (int64_t) (state >> 4 >> shift) : 0;
			caps[i] = (int64_t) (state * 31 >> 2 >> shift) / unit * unit;
			total += weights[i];
			room += weights[i] > 0 ? caps[i] : 0;
		}
		arena_free(&test);
		given = promo_apportion(&test.arena, amount, MOST, weights, round % 2 ? caps : NULL, unit,
								shares);
		for (int i = 0; i < MOST; i++)
		{
			sum += shares[i];
			wrong += shares[i] < 0 || shares[i] % unit != 0 || (weights[i] == 0 && shares[i] > 0);
			if (round % 2)
				wrong += shares[i] > caps[i];
			else if (total > 0)
			{
				promo_int128 off = (promo_int128) amount * weights[i] - (promo_int128) shares[i] * total;

				wrong += off >= (promo_int128) unit * total || off <= -(promo_int128) unit * total;
			}
		}
		wrong += sum != given;
		if (round % 2)
			wrong += given != (amount < room ? amount : room);
		else
			wrong += given != (total > 0 ? amount : 0);
	}
	CHECK_INT(wrong, 0);
}

int
main(void)
{
	arena_init(&test);
	test_decimals();
	test_rounding();
	test_ratios();
	test_shares();
	test_any_shares();
	arena_free(&test);
	return test_done();
}
