/*
 * Retention: collecting and merging in any order, the matrix in all modes
 * against customers one by one, JSON and hostile bytes.
 */
#include <stdlib.h>

#include "../../src/engine/retention_value.h"
#include "arena.h"
#include "test.h"

static TestArena test;
static PromoError err;

static uint32_t
size_of(const void *made)
{
	uint32_t	size;

	memcpy(&size, made, sizeof(size));
	return size;
}

static bool
same(const void *a, const void *b)
{
	return size_of(a) == size_of(b) && memcmp(a, b, size_of(a)) == 0;
}

static PromoRetention
opened(const void *made)
{
	return promo_retention_open((const char *) made + 4, size_of(made) - 4);
}

static const char *
json_of(const void *made)
{
	PromoBuffer buf;

	promo_buffer_init(&buf, &test.arena);
	promo_retention_to_json(&buf, opened(made));
	return buf.data;
}

static void *
parsed(const char *text)
{
	return promo_retention_from_json(&test.arena, promo_text(text), &err);
}

/* the canonical JSON of a JSON; the message if it is none */
static const char *
canonical(const char *text)
{
	void	   *made = parsed(text);

	return made != NULL ? json_of(made) : err.message;
}

static void
check_json(void)
{
	CHECK_STR(canonical("[]"), "[]");
	CHECK_STR(canonical("[{\"returns\": [], \"size\": 2, \"cohort\": \"2026-01-05\"}]"),
			  "[{\"cohort\":\"2026-01-05\",\"size\":2,\"returns\":[]}]");
	CHECK_STR(canonical("[{\"cohort\":\"2026-01-06\",\"size\":1,\"returns\":[[1,3,1],[0,0,1]]},{\"cohort\":\"2026-01-05\",\"size\":2,\"returns\":[]}]"),
			  "[{\"cohort\":\"2026-01-05\",\"size\":2,\"returns\":[]},{\"cohort\":\"2026-01-06\",\"size\":1,\"returns\":[[0,0,1],[1,3,1]]}]");
	CHECK_STR(canonical("[{\"cohort\":\"0001-01-01\",\"size\":9223372036854775807,\"returns\":[[0,0,9223372036854775807],[1,2097150,9223372036854775807]]}]"),
			  "[{\"cohort\":\"0001-01-01\",\"size\":9223372036854775807,\"returns\":[[0,0,9223372036854775807],[1,2097150,9223372036854775807]]}]");

	CHECK_STR(canonical("{}"), "invalid input syntax for type promo.retention");
	CHECK_STR(canonical("[] 1"), "invalid input syntax for type promo.retention");
	CHECK_STR(canonical("[{\"cohort\":\"2026-01-05\",\"size\":2}]"), "a cohort has no \"returns\"");
	CHECK_STR(canonical("[{\"cohort\":\"2026-02-30\",\"size\":2,\"returns\":[]}]"), "invalid input syntax for type promo.retention");
	CHECK_STR(err.detail, "A cohort has no date of the form 2026-01-31: \"2026-02-30\".");
	CHECK_STR(canonical("[{\"cohort\":\"2026-01-05\",\"size\":0,\"returns\":[]}]"), "size is less than 1");
	CHECK_STR(canonical("[{\"cohort\":\"2026-01-05\",\"size\":2,\"returns\":[[0,0]]}]"), "invalid input syntax for type promo.retention");
	CHECK_STR(canonical("[{\"cohort\":\"2026-01-05\",\"size\":2,\"returns\":[[0,0,1,1]]}]"), "invalid input syntax for type promo.retention");
	CHECK_STR(canonical("[{\"cohort\":\"2026-01-05\",\"size\":2,\"returns\":[[0,0,0]]}]"), "number of customers is less than 1");
	CHECK_STR(canonical("[{\"cohort\":\"2026-01-05\",\"size\":2,\"returns\":[[-1,0,1]]}]"), "from is less than 0");
	CHECK_STR(canonical("[{\"cohort\":\"2026-01-05\",\"size\":2,\"returns\":[[3,2,1]]}]"), "day 2 is before day 3, from which it is the next");
	CHECK_STR(canonical("[{\"cohort\":\"9999-12-31\",\"size\":2,\"returns\":[[0,1,1]]}]"), "day 1, from day 0 on, is outside the years 0001 to 9999");
	/* what nobody can have done */
	CHECK_STR(canonical("[{\"cohort\":\"2026-01-05\",\"size\":2,\"returns\":[[0,0,3]]}]"), "more customers come back on day 0 from day 0 on than there are");
	CHECK_STR(canonical("[{\"cohort\":\"2026-01-05\",\"size\":2,\"returns\":[[0,0,1],[0,1,2]]}]"), "more customers come back on day 1 from day 0 on than there are");
	CHECK_STR(canonical("[{\"cohort\":\"2026-01-05\",\"size\":2,\"returns\":[[0,0,2],[2,3,1]]}]"), "more customers come back on day 3 from day 2 on than there are");
	CHECK_STR(canonical("[{\"cohort\":\"2026-01-05\",\"size\":2,\"returns\":[[0,0,2],[1,3,1],[1,4,2]]}]"), "more customers come back on day 4 from day 1 on than there are");
	CHECK_STR(canonical("[{\"cohort\":\"2026-01-05\",\"size\":9223372036854775807,\"returns\":[]},{\"cohort\":\"2026-01-05\",\"size\":1,\"returns\":[]}]"), "number of customers is out of range");
}

static uint32_t seed = 1;

static uint32_t
draw(uint32_t below)
{
	seed = seed * 1664525 + 1013904223;
	return (uint32_t) ((uint64_t) (seed >> 4) * below >> 28);
}

#define BASE		9000
#define SPAN		40			/* days on which somebody is active */
#define MOST		120			/* customers */

typedef struct Customer
{
	bool		active[SPAN];
	int32_t		first;			/* from BASE */
	bool		given;
	uint64_t	numbers[SPAN];
	PromoDays	days;
} Customer;

static Customer customers[MOST];
static int	ncustomers;

static void
draw_customers(void)
{
	uint32_t	often = 1 + draw(12);

	ncustomers = (int) draw(MOST);
	for (int c = 0; c < ncustomers; c++)
	{
		Customer   *customer = &customers[c];

		memset(customer, 0, sizeof(Customer));
		customer->given = draw(3) == 0;
		customer->first = customer->given ? (int32_t) draw(SPAN + 10) - 5 : SPAN;
		for (int day = 0; day < SPAN; day++)
		{
			if (draw(often) != 0)
				continue;
			customer->active[day] = true;
			customer->numbers[customer->days.n++] = promo_number_of_day(BASE + day);
			if (!customer->given && customer->first == SPAN)
				customer->first = day;
		}
		customer->days.numbers = customer->numbers;
	}
}

static bool
in_cohort(const Customer *customer)
{
	return customer->given || customer->days.n > 0;
}

/* active on some day from a to b of the cohort, and not after last */
static bool
active_within(const Customer *customer, int a, int b, int last)
{
	for (int day = 0; day < SPAN && day <= last; day++)
	{
		int			n = day - customer->first;

		if (customer->active[day] && n >= a && n <= b)
			return true;
	}
	return false;
}

static void
add_customer(PromoRetentionState **state, const Customer *customer)
{
	if (in_cohort(customer) &&
		!promo_retention_add(&test.arena, state, &customer->days, BASE + customer->first, &err))
		abort();
}

/* The cells of a matrix that are not what counting customers gives; -1 if there is none. */
static int
wrong_cells(const void *made, const char *mode, int last_complete)
{
	PromoRetention retention = opened(made);
	PromoMatrix matrix;
	PromoCohort cohort;
	int			last = last_complete;
	int			first = 1000;
	int			rows = 0;
	int			wrong = 0;

	if (last_complete == 1000)
	{
		last = -1000;
		for (int c = 0; c < ncustomers; c++)
		{
			for (int day = 0; day < SPAN; day++)
			{
				if (customers[c].active[day] && day >= customers[c].first && day > last)
					last = day;
			}
		}
	}
	for (int c = 0; c < ncustomers; c++)
	{
		if (in_cohort(&customers[c]) && customers[c].first < first)
			first = customers[c].first;
	}
	if (!promo_matrix_plan(&test.arena, &matrix, retention, promo_text(mode),
						   last_complete == 1000 ? PROMO_MATRIX_NO_DAY : BASE + last_complete, &err))
		return -1;
	if (matrix.mode != PROMO_RETENTION_BRACKETS &&
		(int) matrix.n != (first == 1000 || last < first ? 0 : last - first + 1))
		wrong++;
	while (promo_retention_next(&retention, &cohort))
	{
		int64_t    *kept = promo_alloc(&test.arena, (matrix.n + 1) * sizeof(int64_t));
		int			day = cohort.day - BASE;
		int64_t		size = 0;

		promo_matrix_kept(&test.arena, &matrix, &retention, kept);
		for (int c = 0; c < ncustomers; c++)
			size += in_cohort(&customers[c]) && customers[c].first == day;
		wrong += size != cohort.size;
		for (uint32_t cell = 0; cell < matrix.n; cell++)
		{
			int			a = (int) promo_matrix_day(&matrix, cell);
			int			b = matrix.mode == PROMO_RETENTION_ON ? a :
				matrix.mode == PROMO_RETENTION_ON_OR_AFTER ? SPAN * 2 : (int) matrix.brackets[cell].to;
			int			end = matrix.mode == PROMO_RETENTION_ON_OR_AFTER ? a : b;
			int64_t		expected = 0;

			for (int c = 0; c < ncustomers; c++)
				expected += in_cohort(&customers[c]) && customers[c].first == day &&
					active_within(&customers[c], a, b, last);
			if (day + end > last)
				expected = -1;
			wrong += kept[cell] != expected;
		}
		rows++;
	}
	return retention.bad || (first < 1000 && rows == 0) ? -1 : wrong;
}

#define NCASES	400
#define NMODES	4

static void
check_collecting(void)
{
	static const char *const modes[NMODES] = {
		"on", "on_or_after", "0, 1-7, 8-30", "0-30, 2 - 9,3,5-6 , 7-100"
	};
	int			wrong_merges = 0;
	int			wrong_forms = 0;
	int			wrong[NMODES] = {0};

	for (int i = 0; i < NCASES; i++)
	{
		PromoRetentionState *whole = promo_retention_begin(&test.arena);
		PromoRetentionState *part[3];
		PromoRetentionState *merged = promo_retention_begin(&test.arena);
		void	   *expected;
		void	   *settled;
		uint32_t	offset = draw(1000);
		int			last = (int) draw(SPAN + 20) - 5;

		draw_customers();
		for (int p = 0; p < 3; p++)
			part[p] = promo_retention_begin(&test.arena);
		for (int c = 0; c < ncustomers; c++)
		{
			add_customer(&whole, &customers[c]);
			/* in another order */
			add_customer(&part[draw(3)], &customers[(c + offset) % ncustomers]);
		}
		expected = promo_retention_settled(&test.arena, whole);
		settled = promo_retention_settled(&test.arena, part[1]);
		if (!promo_retention_add_open(&test.arena, &merged, part[2], &err) ||
			!promo_retention_add_settled(&test.arena, &merged, opened(settled), &err) ||
			!promo_retention_add_open(&test.arena, &part[0], merged, &err))
			abort();
		wrong_merges += !same(promo_retention_settled(&test.arena, part[0]), expected);
		wrong_merges += !promo_retention_check_state(part[0], promo_retention_state_size(part[0]));

		wrong_forms += !same(parsed(json_of(expected)), expected);
		wrong_forms += !same(promo_retention_unpack(&test.arena, (char *) expected + 4,
													size_of(expected) - 4, &err), expected);

		for (int mode = 0; mode < NMODES; mode++)
			wrong[mode] += wrong_cells(expected, modes[mode], 1000) != 0 ||
				wrong_cells(expected, modes[mode], last) != 0;
		arena_free(&test);
	}
	CHECK_INT(wrong_merges, 0);
	CHECK_INT(wrong_forms, 0);
	for (int mode = 0; mode < NMODES; mode++)
		test_check_int(wrong[mode], 0, modes[mode], __FILE__, __LINE__);
}

static const char *
plan_of(const void *made, const char *mode, int64_t last_complete)
{
	static PromoMatrix matrix;

	return promo_matrix_plan(&test.arena, &matrix, opened(made), promo_text(mode), last_complete,
							 &err) ? "" : err.message;
}

static void
check_modes(void)
{
	void	   *made = parsed("[{\"cohort\":\"2026-01-05\",\"size\":1,\"returns\":[]}]");
	void	   *wide = parsed("[{\"cohort\":\"0001-01-01\",\"size\":1,\"returns\":[]},{\"cohort\":\"2026-01-05\",\"size\":1,\"returns\":[]}]");
	PromoRetentionState *state = promo_retention_begin(&test.arena);
	uint64_t	far = promo_number_of_day(9000) + PROMO_RETENTION_MAX_N + 1;
	PromoDays	days = {1, &far};

	CHECK_STR(plan_of(made, " 0 , 1-2097150 ", 9000), "");
	CHECK_STR(plan_of(made, "", 9000), "unknown mode of retention: \"\"");
	CHECK_STR(err.hint, "Write \"on\", \"on_or_after\", or brackets of days as \"0, 1-7, 8-30\".");
	CHECK_STR(plan_of(made, "ON", 9000), "unknown mode of retention: \"ON\"");
	CHECK_STR(plan_of(made, "0,", 9000), "unknown mode of retention: \"0,\"");
	CHECK_STR(plan_of(made, "0,,1", 9000), "unknown mode of retention: \"0,,1\"");
	CHECK_STR(plan_of(made, "1-", 9000), "unknown mode of retention: \"1-\"");
	CHECK_STR(plan_of(made, "-1", 9000), "unknown mode of retention: \"-1\"");
	CHECK_STR(plan_of(made, "1 2", 9000), "unknown mode of retention: \"1 2\"");
	CHECK_STR(plan_of(made, "2097151", 9000), "unknown mode of retention: \"2097151\"");
	CHECK_STR(plan_of(made, "7-1", 9000), "bracket 7-1 ends before it begins");
	CHECK_STR(plan_of(made, "1-7, 1-30", 9000), "brackets of retention do not ascend");
	CHECK_STR(plan_of(wide, "on", PROMO_DAY_MIN + 9999999 - 1), "");
	CHECK_STR(plan_of(made, "on", PROMO_MATRIX_NO_DAY), "");
	for (int i = 0; i < 30; i++)
	{
		if (!promo_retention_add(&test.arena, &state, &(PromoDays) {0}, PROMO_DAY_MIN + i, &err))
			abort();
	}
	CHECK_STR(plan_of(promo_retention_settled(&test.arena, state), "on", 9500), "too many rows of retention");
	CHECK_STR(err.detail, "30 cohorts with 739620 cells each are more than 20000000.");

	CHECK(!promo_retention_add(&test.arena, &state, &days, 9000, &err));
	CHECK_STR(err.message, "active day is too far from the day of the cohort");
	far--;
	CHECK(promo_retention_add(&test.arena, &state, &days, 9000, &err));
}

/* reads bytes of an exact size, so that a read beyond them is seen; what is read must be canonical */
static bool
unpacks(const void *data, size_t len)
{
	char	   *copy = promo_alloc(&test.arena, len);
	void	   *made;

	memcpy(copy, data, len);
	made = promo_retention_unpack(&test.arena, copy, len, &err);
	if (made == NULL)
		return false;
	if (!same(parsed(json_of(made)), made))
		abort();
	return true;
}

static void
check_hostile(void)
{
	PromoRetentionState *state = promo_retention_begin(&test.arena);
	char	   *image;
	size_t		size;
	int			read = 0;

	CHECK(unpacks("\1\0", 2));
	CHECK(!unpacks("\1", 1));
	CHECK(!unpacks("\1\0\0", 3));
	CHECK(!unpacks("\2\0", 2));
	CHECK_STR(err.message, "unsupported promo.retention version number 2");
	CHECK(!unpacks("\1\1\1\1\xff\xff\xff\xff\xff\xff\xff\x7f", 12));
	CHECK_STR(err.detail, "The counts are not in order.");

	for (int c = 0; c < 40; c++)
	{
		draw_customers();
		if (ncustomers > 0)
			add_customer(&state, &customers[0]);
	}
	image = promo_retention_settled(&test.arena, state);
	size = size_of(image) - 4;
	CHECK(unpacks(image + 4, size));
	for (size_t len = 0; len < size; len++)
		read += unpacks(image + 4, len);
	CHECK_INT(read, 0);
	for (int i = 0; i < 20000; i++)
	{
		char	   *copy = promo_alloc(&test.arena, size);

		memcpy(copy, image + 4, size);
		for (uint32_t n = draw(2) + 1; n > 0; n--)
			copy[draw((uint32_t) size)] ^= (char) (1 << draw(8));
		read += unpacks(copy, size);
		if (i % 1000 == 999)
		{
			char	   *kept = malloc(size + 4);

			memcpy(kept, image, size + 4);
			arena_free(&test);
			image = promo_alloc(&test.arena, size + 4);
			memcpy(image, kept, size + 4);
			free(kept);
		}
	}
	/* some changes make another state that can have been collected */
	CHECK(read > 0 && read < 10000);
}

int
main(void)
{
	arena_init(&test);
	check_json();
	check_collecting();
	check_modes();
	check_hostile();
	arena_free(&test);
	return test_done();
}
