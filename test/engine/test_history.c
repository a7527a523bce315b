/*
 * Histories: building, reading, text, JSON and binary form.
 */
#include <stdlib.h>

#include "../../src/engine/history_value.h"
#include "arena.h"
#include "test.h"

static TestArena test;
static PromoError err;

/* what a history that was just made holds behind its length word */
static PromoHistory
opened(const void *made)
{
	PromoHistory history;
	uint32_t	size;

	memcpy(&size, made, sizeof(size));
	if (!promo_history_open(&history, (const char *) made + 4, size - 4))
		abort();
	return history;
}

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

/* the canonical text of a text; the message if it is none */
static const char *
canonical(const char *text)
{
	void	   *made = promo_history_parse(&test.arena, promo_text(text), &err);
	PromoHistory history;
	PromoBuffer buf;

	if (made == NULL)
		return err.message;
	history = opened(made);
	promo_buffer_init(&buf, &test.arena);
	promo_history_print(&buf, &history);
	return buf.data;
}

static const char *
from_json(const char *text)
{
	void	   *made = promo_history_from_json(&test.arena, promo_text(text), &err);
	PromoHistory history;
	PromoBuffer buf;

	if (made == NULL)
		return err.message;
	history = opened(made);
	promo_buffer_init(&buf, &test.arena);
	promo_history_to_json(&buf, &history);
	return buf.data;
}

static void
check_text(void)
{
	CHECK_STR(canonical("{}"), "{}");
	CHECK_STR(canonical(" { } "), "{}");
	CHECK_STR(canonical("{2026-01-07 55.5/2,2026-01-05 30}"), "{2026-01-05 30.00, 2026-01-07 55.50/2}");
	CHECK_STR(canonical("{2026-01-05 30/1}"), "{2026-01-05 30.00}");
	CHECK_STR(canonical("{2026-01-05 -30/0}"), "{2026-01-05 -30.00}");
	CHECK_STR(canonical("{2026-01-05 -30/1}"), "{2026-01-05 -30.00/1}");
	CHECK_STR(canonical("{2026-01-05 0/1}"), "{2026-01-05 0.00/1}");
	CHECK_STR(canonical("{2026-01-05 0}"), "{}");
	CHECK_STR(canonical("{2026-01-05 1, 2026-01-05 2}"), "{2026-01-05 3.00/2}");
	CHECK_STR(canonical("{2026-01-05 10, 2026-01-05 -10}"), "{2026-01-05 0.00/1}");
	CHECK_STR(canonical("{0001-01-01 0.0001, 9999-12-31 0.01}"), "{0001-01-01 0.0001, 9999-12-31 0.01}");
	CHECK_STR(canonical("{2026-01-05 1/4294967295}"), "{2026-01-05 1.00/4294967295}");
	CHECK_STR(canonical("{2026-01-05 900000000000000}"), "{2026-01-05 900000000000000.00}");
	CHECK_STR(canonical("{2026-01-05 -900000000000000}"), "{2026-01-05 -900000000000000.00}");

	CHECK_STR(canonical(""), "invalid input syntax for type promo.history: \"\"");
	CHECK_STR(canonical("{"), "invalid input syntax for type promo.history: \"{\"");
	CHECK_STR(canonical("{2026-01-05 1"), "invalid input syntax for type promo.history: \"{2026-01-05 1\"");
	CHECK_STR(canonical("{} x"), "invalid input syntax for type promo.history: \"{} x\"");
	CHECK_STR(err.detail, "Character 4 is not as expected.");
	CHECK_STR(canonical("{2026-02-29 1}"), "invalid input syntax for type promo.history");
	CHECK_STR(err.detail, "Entry 1 has no date of the form 2026-01-31: \"2026-02-29\".");
	CHECK_STR(canonical("{2026-01-05 1, }"), "invalid input syntax for type promo.history");
	CHECK_STR(canonical("{2026-01-05}"), "amount of entry 1 is not a number: \"\"");
	CHECK_STR(canonical("{2026-01-05 1.00001}"), "amount of entry 1 has more than 4 decimals: \"1.00001\"");
	CHECK_STR(canonical("{2026-01-05 1/0}"), "number of orders of entry 1 is too small");
	CHECK_STR(canonical("{2026-01-05 -1/-1}"), "number of orders of entry 1 is too small");
	CHECK_STR(canonical("{2026-01-05 1/1.5}"), "number of orders of entry 1 has more than 0 decimals: \"1.5\"");
	CHECK_STR(canonical("{2026-01-05 1/4294967295, 2026-01-05 1}"), "number of orders of a day is out of range");
	CHECK_STR(canonical("{2026-01-05 900000000000000, 2026-01-06 0.0001}"), "amounts of the history are out of range");
	CHECK_STR(canonical("{2026-01-05 900000000000000, 2026-01-05 900000000000000}"), "amounts of the history are out of range");

	CHECK_STR(from_json("[]"), "[]");
	CHECK_STR(from_json("[{\"day\":\"2026-01-07\",\"amount\":55.5,\"orders\":2},{\"amount\":\"-3\",\"day\":\"2026-01-05\"}]"),
			  "[{\"day\":\"2026-01-05\",\"orders\":0,\"amount\":\"-3.00\"},{\"day\":\"2026-01-07\",\"orders\":2,\"amount\":\"55.50\"}]");
	CHECK_STR(from_json("[{\"day\":\"2026-01-07\"}]"), "amount of entry 1 is missing");
	CHECK_STR(from_json("[{\"day\":\"2026-01-07\",\"amount\":1,\"sku\":1}]"), "invalid input syntax for type promo.history");
	CHECK_STR(from_json("{}"), "invalid input syntax for type promo.history");
}

static void
check_sizes(void)
{
	/* behind a length word of 4 bytes, which the server makes 1 */
	CHECK_INT(size_of(promo_history_parse(&test.arena, promo_text("{}"), &err)), 10);
	CHECK_INT(size_of(promo_history_parse(&test.arena, promo_text("{2026-01-05 1.27}"), &err)), 11);
	CHECK_INT(size_of(promo_history_parse(&test.arena, promo_text("{2026-01-05 327.67}"), &err)), 12);
	CHECK_INT(size_of(promo_history_parse(&test.arena, promo_text("{2026-01-05 327.68}"), &err)), 14);
	CHECK_INT(size_of(promo_history_parse(&test.arena, promo_text("{2026-01-05 0.0001}"), &err)), 11);
	CHECK_INT(size_of(promo_history_parse(&test.arena, promo_text("{2026-01-05 99.00, 2026-09-17 99.00}"), &err)), 16);
	CHECK_INT(size_of(promo_history_parse(&test.arena, promo_text("{2026-01-05 99.00, 2026-09-18 99.00/2}"), &err)), 20);
	CHECK_INT(size_of(promo_history_parse(&test.arena, promo_text("{0001-01-01 1, 9999-12-31 900000000000}"), &err)), 10 + 2 * (4 + 8));
}

#define NCASES 3000

static uint32_t seed = 1;

static uint32_t
draw(uint32_t below)
{
	seed = seed * 1664525 + 1013904223;
	return (uint32_t) ((uint64_t) (seed >> 4) * below >> 28);
}

/* days at random; sometimes many, far apart, with large amounts */
static uint32_t
draw_days(PromoDay *days)
{
	uint32_t	n = draw(draw(20) == 0 ? 400 : 12);
	uint32_t	span = 1 + draw(draw(3) == 0 ? 200000 : 400);
	bool		fine = draw(3) == 0;
	bool		one_each = draw(2) == 0;

	for (uint32_t i = 0; i < n; i++)
	{
		days[i].day = (int32_t) draw(span) - 1000;
		days[i].amount = ((int64_t) draw(1 + draw(1u << 27)) - 100) * (fine ? 1 : 100);
		days[i].orders = days[i].amount > 0 ? (one_each ? 1 : 1 + draw(1 + draw(100000))) : 0;
	}
	return n;
}

/* what a history says, against the rows themselves */
static bool
purchases_agree(const PromoDay *rows, uint32_t n, const PromoHistory *history, int32_t as_of)
{
	PromoPurchases p = promo_history_purchases(history, as_of);
	PromoPurchases q = {0};

	for (uint32_t i = 0; i < n; i++)
	{
		if (rows[i].day > as_of)
			continue;
		q.orders += rows[i].orders;
		q.spent += rows[i].amount;
		if (rows[i].orders == 0)
			continue;
		if (q.order_days == 0 || rows[i].day < q.first)
			q.first = rows[i].day;
		if (q.order_days == 0 || rows[i].day > q.last)
			q.last = rows[i].day;
		q.order_days++;
	}
	/* order days without duplicates, and those after the first */
	q.order_days = 0;
	q.previous = INT32_MIN;
	for (int32_t day = q.first; q.orders > 0 && day <= q.last; day++)
	{
		int64_t		orders = 0;
		int64_t		amount = 0;

		for (uint32_t i = 0; i < n; i++)
		{
			if (rows[i].day == day)
			{
				orders += rows[i].orders;
				amount += rows[i].amount;
			}
		}
		if (orders == 0)
			continue;
		q.order_days++;
		if (day > q.first)
			q.repeat_spent += amount;
		if (day < q.last)
			q.previous = day;
	}
	return p.orders == q.orders && p.spent == q.spent && p.order_days == q.order_days &&
		(q.order_days == 0 || (p.first == q.first && p.last == q.last && p.repeat_spent == q.repeat_spent)) &&
		(q.order_days < 2 || p.previous == q.previous);
}

static void
check_generated(void)
{
	static PromoDay rows[400];
	static PromoDay days[400];
	int			canonical_bytes = 0;
	int			figures = 0;
	int			round_trips = 0;
	int			untils = 0;

	for (int i = 0; i < NCASES; i++)
	{
		uint32_t	n = draw_days(rows);
		uint32_t	settled = n;
		bool		small = true;
		void	   *made;
		void	   *again;
		PromoHistory history;
		PromoBuffer text;
		PromoBuffer json;
		PromoBuffer packed;
		int32_t		day = (int32_t) draw(500) - 1000;

		memcpy(days, rows, sizeof(days));
		if (!promo_settle_days(&test.arena, days, &settled, &err))
			abort();
		made = promo_history_of_days(&test.arena, days, settled, &err);
		history = opened(made);

		/* the same rows in another order */
		for (uint32_t j = 0; j < n; j++)
		{
			uint32_t	other = draw(n);
			PromoDay	row = rows[j];

			rows[j] = rows[other];
			rows[other] = row;
		}
		memcpy(days, rows, sizeof(days));
		settled = n;
		if (!promo_settle_days(&test.arena, days, &settled, &err))
			abort();
		canonical_bytes += same(made, promo_history_of_days(&test.arena, days, settled, &err));

		if (history.n > 0)
			small = promo_history_day(&history, history.n - 1) - history.first < 1000;
		figures += !small || (purchases_agree(rows, n, &history, PROMO_DAY_MAX) &&
							  purchases_agree(rows, n, &history, day));

		promo_buffer_init(&text, &test.arena);
		promo_history_print(&text, &history);
		promo_buffer_init(&json, &test.arena);
		promo_history_to_json(&json, &history);
		promo_buffer_init(&packed, &test.arena);
		promo_history_pack(&packed, &history);
		again = promo_history_parse(&test.arena, promo_text(text.data), &err);
		round_trips += again != NULL && same(made, again) &&
			(again = promo_history_from_json(&test.arena, promo_text(json.data), &err)) != NULL && same(made, again) &&
			(again = promo_history_unpack(&test.arena, packed.data, packed.len, &err)) != NULL && same(made, again);

		for (settled = 0; settled < history.n && promo_history_day(&history, settled) <= day;)
			settled++;
		untils += settled == promo_history_until(&history, day);
		arena_free(&test);
	}
	CHECK_INT(canonical_bytes, NCASES);
	CHECK_INT(figures, NCASES);
	CHECK_INT(round_trips, NCASES);
	CHECK_INT(untils, NCASES);
}

static void
check_binary(void)
{
	void	   *made = promo_history_parse(&test.arena, promo_text("{2026-01-05 30, 2026-01-07 55.5/2, 2026-01-09 -3}"), &err);
	PromoHistory history = opened(made);
	PromoHistory other;
	PromoBuffer buf;
	int			refused = 0;

	promo_buffer_init(&buf, &test.arena);
	promo_history_pack(&buf, &history);
	for (size_t len = 0; len < buf.len; len++)
		refused += promo_history_unpack(&test.arena, buf.data, len, &err) == NULL && err.code == PROMO_BAD_BINARY;
	CHECK_INT(refused, buf.len);

	buf.data[0]++;
	CHECK(promo_history_unpack(&test.arena, buf.data, buf.len, &err) == NULL);
	buf.data[0]--;
	buf.data[8] += 100;			/* the first day, now behind the others */
	CHECK(promo_history_unpack(&test.arena, buf.data, buf.len, &err) == NULL);
	CHECK_STR(err.detail, "Days do not ascend.");

	/* stored bytes: an unknown version or format, and a length that is none */
	CHECK(!promo_history_open(&other, (char *) made + 4, size_of(made) - 5));
	CHECK(!promo_history_open(&other, (char *) made + 4, 3));
	((uint8_t *) made)[5] |= 0x80;
	CHECK(!promo_history_open(&other, (char *) made + 4, size_of(made) - 4));
	((uint8_t *) made)[5] &= 0x7f;
	((uint8_t *) made)[4]++;
	CHECK(!promo_history_open(&other, (char *) made + 4, size_of(made) - 4));
}

int
main(void)
{
	arena_init(&test);
	check_text();
	check_sizes();
	check_generated();
	check_binary();
	arena_free(&test);
	return test_done();
}
