/*
 * Sets of days: collecting in any order, reading, text, JSON and binary form.
 */
#include <stdlib.h>

#include "../../src/engine/days_value.h"
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

/* what a set that was just made holds behind its length word */
static PromoDays
opened(const void *made)
{
	PromoDays	days;

	if (!promo_days_read(&test.arena, &days, (const char *) made + 4, size_of(made) - 4))
		abort();
	return days;
}

static void *
parsed(const char *text)
{
	return promo_days_parse(&test.arena, promo_text(text), &err);
}

/* the canonical text of a text; the message if it is none */
static const char *
canonical(const char *text)
{
	void	   *made = parsed(text);
	PromoDays	days;
	PromoBuffer buf;

	if (made == NULL)
		return err.message;
	days = opened(made);
	promo_buffer_init(&buf, &test.arena);
	promo_days_print(&buf, &days);
	return buf.data;
}

static const char *
from_json(const char *text)
{
	void	   *made = promo_days_from_json(&test.arena, promo_text(text), &err);
	PromoDays	days;
	PromoBuffer buf;

	if (made == NULL)
		return err.message;
	days = opened(made);
	promo_buffer_init(&buf, &test.arena);
	promo_days_to_json(&buf, &days);
	return buf.data;
}

static void
check_text(void)
{
	CHECK_STR(canonical("{}"), "{}");
	CHECK_STR(canonical(" { } "), "{}");
	CHECK_STR(canonical("{2026-01-07,2026-01-05}"), "{2026-01-05, 2026-01-07}");
	CHECK_STR(canonical("{2026-01-05, 2026-01-05}"), "{2026-01-05}");
	CHECK_STR(canonical("{2026-01-05, 2026-01-06}"), "{2026-01-05..2026-01-06}");
	CHECK_STR(canonical("{2026-01-07 .. 2026-01-10 , 2026-01-05..2026-01-05}"), "{2026-01-05, 2026-01-07..2026-01-10}");
	CHECK_STR(canonical("{2026-01-05..2026-01-10, 2026-01-06..2026-01-07, 2026-01-08..2026-01-12}"), "{2026-01-05..2026-01-12}");
	CHECK_STR(canonical("{0001-01-01, 9999-12-31}"), "{0001-01-01, 9999-12-31}");
	CHECK_STR(canonical("{0001-01-01..9999-12-31, 0001-01-01..9999-12-31}"), "{0001-01-01..9999-12-31}");

	CHECK_STR(canonical(""), "invalid input syntax for type promo.days: \"\"");
	CHECK_STR(canonical("{"), "invalid input syntax for type promo.days");
	CHECK_STR(canonical("{2026-01-05"), "invalid input syntax for type promo.days: \"{2026-01-05\"");
	CHECK_STR(canonical("{} x"), "invalid input syntax for type promo.days: \"{} x\"");
	CHECK_STR(err.detail, "Character 4 is not as expected.");
	CHECK_STR(canonical("{2026-01-05,}"), "invalid input syntax for type promo.days");
	CHECK_STR(err.detail, "Entry 2 has no date of the form 2026-01-31: \"\".");
	CHECK_STR(canonical("{2026-02-29}"), "invalid input syntax for type promo.days");
	CHECK_STR(canonical("{2026-01-05.2026-01-06}"), "invalid input syntax for type promo.days: \"{2026-01-05.2026-01-06}\"");
	CHECK_STR(canonical("{2026-01-05..}"), "invalid input syntax for type promo.days");
	CHECK_STR(canonical("{2026-01-05..2026-01-04}"), "entry 1 ends before it begins");

	CHECK_STR(from_json("[]"), "[]");
	CHECK_STR(from_json("[\"2026-01-07\",\"2026-01-05\",\"2026-01-07\"]"), "[\"2026-01-05\",\"2026-01-07\"]");
	CHECK_STR(from_json("[7]"), "invalid input syntax for type promo.days");
	CHECK_STR(from_json("[\"x\"]"), "invalid input syntax for type promo.days");
	CHECK_STR(from_json("{}"), "invalid input syntax for type promo.days");
	CHECK_STR(from_json("[] 1"), "invalid input syntax for type promo.days");
}

static void
check_sizes(void)
{
	/* behind a length word of 4 bytes, which the server makes 1 */
	CHECK_INT(size_of(parsed("{}")), 4 + 2);
	CHECK_INT(size_of(parsed("{2026-01-05}")), 4 + 6);
	CHECK_INT(size_of(parsed("{2026-01-05, 2026-01-07, 2026-03-01}")), 4 + 8);
	CHECK_INT(size_of(parsed("{2026-01-01..2026-12-31}")), 4 + 68);
	CHECK_INT(promo_days_state_size(promo_days_begin(&test.arena)), 32);
}

static uint32_t seed = 1;

static uint32_t
draw(uint32_t below)
{
	seed = seed * 1664525 + 1013904223;
	return (uint32_t) ((uint64_t) (seed >> 4) * below >> 28);
}

/* an exact copy, on a block of its own, as from another process */
static PromoDaysState *
sent(const PromoDaysState *state)
{
	PromoDaysState *copy = promo_alloc(&test.arena, promo_days_state_size(state));

	memcpy(copy, state, promo_days_state_size(state));
	return copy;
}

#define SPAN	800
#define NCASES	2000

/* Against one flag for each day, collected in two parts that are joined in one of three ways. */
static void
check_collecting(void)
{
	int			wrong = 0;
	int			wrong_forms = 0;
	int			wrong_counts = 0;

	for (int c = 0; c < NCASES; c++)
	{
		bool		flags[SPAN] = {false};
		uint64_t	numbers[SPAN];
		uint32_t	n = 0;
		int32_t		base = c % 7 == 0 ? PROMO_DAY_MIN : c % 7 == 1 ? PROMO_DAY_MAX - SPAN + 1 : 9000;
		uint32_t	span = 1 + draw(SPAN - 1);
		uint32_t	rows = draw(draw(4) == 0 ? 3000 : 12);
		PromoDaysState *part[2] = {promo_days_begin(&test.arena), promo_days_begin(&test.arena)};
		void	   *expected;
		void	   *made[3];
		PromoDays	days;
		PromoBuffer buf;
		int32_t		from;
		int32_t		to;
		uint32_t	count = 0;

		for (uint32_t i = 0; i < rows; i++)
		{
			uint32_t	at = draw(span);
			PromoDaysState **state = &part[draw(2)];

			flags[at] = true;
			*state = promo_days_add(&test.arena, *state, base + (int32_t) at);
		}
		for (uint32_t i = 0; i < SPAN; i++)
		{
			if (flags[i])
				numbers[n++] = promo_number_of_day(base + (int32_t) i);
		}
		expected = promo_days_build(&test.arena, numbers, n);

		for (int i = 0; i < 2; i++)
		{
			if (!promo_days_check_state(part[i], promo_days_state_size(part[i])))
				wrong++;
		}
		made[0] = promo_days_settled(&test.arena,
									 promo_days_add_open(&test.arena, sent(part[0]), sent(part[1])));
		made[1] = promo_days_settled(&test.arena,
									 promo_days_add_open(&test.arena, sent(part[1]), sent(part[0])));
		days = opened(promo_days_settled(&test.arena, part[0]));
		made[2] = promo_days_settled(&test.arena,
									 promo_days_add_settled(&test.arena, sent(part[1]), &days));
		for (int i = 0; i < 3; i++)
			wrong += !same(made[i], expected);

		days = opened(expected);
		from = base + (int32_t) draw(span) - 3;
		to = base + (int32_t) draw(span) + 3;
		for (uint32_t i = 0; i < SPAN; i++)
			count += flags[i] && base + (int32_t) i >= from && base + (int32_t) i <= to;
		if (to >= from)
			wrong_counts += promo_days_until(&days, to) - promo_days_until(&days, from - 1) != count;

		promo_buffer_init(&buf, &test.arena);
		promo_days_print(&buf, &days);
		wrong_forms += !same(parsed(buf.data), expected);
		promo_buffer_init(&buf, &test.arena);
		promo_days_to_json(&buf, &days);
		wrong_forms += !same(promo_days_from_json(&test.arena, promo_text(buf.data), &err), expected);
		promo_buffer_init(&buf, &test.arena);
		promo_days_pack(&buf, &days);
		wrong_forms += !same(promo_days_unpack(&test.arena, buf.data, buf.len, &err), expected);
		arena_free(&test);
	}
	CHECK_INT(wrong, 0);
	CHECK_INT(wrong_counts, 0);
	CHECK_INT(wrong_forms, 0);
}

/* reads bytes of an exact size, so that a read beyond them is seen */
static bool
unpacks(const void *data, size_t len)
{
	char	   *copy = promo_alloc(&test.arena, len);
	void	   *made;
	PromoDays	days;
	PromoBuffer buf;

	memcpy(copy, data, len);
	made = promo_days_unpack(&test.arena, copy, len, &err);
	if (made == NULL)
		return false;
	days = opened(made);
	promo_buffer_init(&buf, &test.arena);
	promo_days_pack(&buf, &days);
	if (buf.len != len || memcmp(buf.data, data, len) != 0)
		abort();
	return true;
}

static void
check_hostile(void)
{
	PromoDays	days = opened(parsed("{2026-01-05, 2026-01-07..2026-03-10, 2027-01-01}"));
	PromoBuffer buf;
	char	   *image = parsed("{2026-01-05, 2026-01-07..2026-03-10, 2027-01-01}");
	size_t		size = size_of(image) - 4;
	int			truncated = 0;

	promo_buffer_init(&buf, &test.arena);
	promo_days_pack(&buf, &days);
	CHECK(unpacks(buf.data, buf.len));
	for (size_t len = 0; len < buf.len; len++)
		truncated += unpacks(buf.data, len);
	CHECK_INT(truncated, 0);
	CHECK(!unpacks("\1\0\0\0\0x", 6));
	CHECK_STR(err.detail, "There are bytes behind its end.");
	CHECK(!unpacks("\2\0\0\0\0", 5));
	CHECK(!unpacks("\1\0\0\0\2\0\0\0\5\0\0\0\5", 13));
	CHECK_STR(err.detail, "Days do not ascend.");
	CHECK(!unpacks("\1\0\0\0\1\x7f\xff\xff\xff", 9));
	CHECK_STR(err.detail, "A day is outside the years 0001 to 9999.");
	CHECK(!unpacks("\1\xff\xff\xff\xff\0\0\0\1", 9));

	/* stored bytes that were changed are read as something or not at all, but never beyond */
	for (int i = 0; i < 20000; i++)
	{
		size_t		len = draw(4) == 0 ? draw((uint32_t) size + 1) : size;
		char	   *copy = promo_alloc(&test.arena, len);

		memcpy(copy, image + 4, len);
		for (uint32_t n = draw(3) + 1; n > 0 && len > 0; n--)
			copy[draw((uint32_t) len)] ^= (char) (1 << draw(8));
		if (promo_days_read(&test.arena, &days, copy, len) && days.n > 0 &&
			days.numbers[days.n - 1] >= PROMO_DAY_NUMBERS)
			abort();
	}
	CHECK(!promo_days_read(&test.arena, &days, "\1\xff\xff\xff\xff\xff\xff\xff\xff\xff\1\0", 12));
	CHECK(!promo_days_is_open(image + 4, size));
}

int
main(void)
{
	arena_init(&test);
	check_text();
	check_sizes();
	check_collecting();
	check_hostile();
	arena_free(&test);
	return test_done();
}
