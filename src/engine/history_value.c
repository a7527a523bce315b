/*-------------------------------------------------------------------------
 *
 * history_value.c
 *	  one customer's purchase days, with number of orders and amount
 *
 * Absolute amounts sum to at most PROMO_MONEY_MAX, so that no sum over some of
 * the days can overflow.
 *
 *-------------------------------------------------------------------------
 */
#include <stdio.h>

#include "history_value.h"
#include "json_reader.h"

#define TYPE			"promo.history"

/* offsets behind the length word */
#define AT_VERSION		0
#define AT_FORMAT		1
#define AT_FIRST		2
#define AT_COLUMNS		6
#define LENGTH_WORD		4

/* bits of the format */
#define DAY_WIDTH		0		/* shift; code of 0, 1, 2, 4 bytes */
#define ORDERS_WIDTH	2		/* shift; the same */
#define AMOUNT_WIDTH	4		/* shift; code of 1, 2, 4, 8 bytes */
#define IN_MONEY		0x40	/* amounts are in 1/10000, not in cents */
#define FORMAT_BITS		0x7f

#define CENT			(PROMO_MONEY / 100)

static const uint8_t count_widths[] = {0, 1, 2, 4};
static const uint8_t amount_widths[] = {1, 2, 4, 8};

/* ----------------------------------------------------------------
 * building
 * ----------------------------------------------------------------
 */

static bool
fail_amounts(PromoError *err)
{
	promo_fail(err, PROMO_OUT_OF_RANGE, "amounts of the history are out of range");
	return promo_detail(err, "Their absolute values sum to more than 900 trillion.");
}

bool
promo_add_to_day(PromoDay *day, uint32_t orders, int64_t amount, PromoError *err)
{
	if (__builtin_add_overflow(day->orders, orders, &day->orders))
	{
		promo_fail(err, PROMO_OUT_OF_RANGE, "number of orders of a day is out of range");
		return promo_detail(err, "A day has fewer than 2^32 orders.");
	}
	if (__builtin_add_overflow(day->amount, amount, &day->amount) ||
		day->amount > PROMO_MONEY_MAX || day->amount < -PROMO_MONEY_MAX)
		return fail_amounts(err);
	return true;
}

static bool
day_before(const void *context, uint32_t a, uint32_t b)
{
	const PromoDay *days = context;

	return days[a].day < days[b].day;
}

/* insertion for the usual customer, merging for those with many days */
static void
sort_days(PromoArena *arena, PromoDay *days, uint32_t n)
{
	uint32_t   *order;
	PromoDay   *copy;

	if (n <= 32)
	{
		for (uint32_t i = 1; i < n; i++)
		{
			PromoDay	day = days[i];
			uint32_t	at = i;

			for (; at > 0 && days[at - 1].day > day.day; at--)
				days[at] = days[at - 1];
			days[at] = day;
		}
		return;
	}
	order = promo_sorted(arena, n, day_before, days);
	copy = promo_alloc(arena, n * sizeof(PromoDay));
	memcpy(copy, days, n * sizeof(PromoDay));
	for (uint32_t i = 0; i < n; i++)
		days[i] = copy[order[i]];
}

bool
promo_settle_days(PromoArena *arena, PromoDay *days, uint32_t *n, PromoError *err)
{
	uint32_t	kept = 0;
	uint32_t	i = 1;

	while (i < *n && days[i - 1].day < days[i].day)
		i++;
	if (i < *n)
		sort_days(arena, days, *n);

	for (i = 0; i < *n;)
	{
		PromoDay	day = days[i++];

		for (; i < *n && days[i].day == day.day; i++)
		{
			if (!promo_add_to_day(&day, days[i].orders, days[i].amount, err))
				return false;
		}
		if (day.orders != 0 || day.amount != 0)
			days[kept++] = day;
	}
	*n = kept;
	return true;
}

/* what the columns of a history must hold */
typedef struct Extent
{
	uint32_t	last;			/* day, from the first */
	uint32_t	most_orders;
	bool		one_each;
	bool		cents;
	int64_t		least;			/* amount */
	int64_t		greatest;
} Extent;

static bool
measure(const PromoDay *days, uint32_t n, Extent *extent, PromoError *err)
{
	uint64_t	sum = 0;

	*extent = (Extent) {.one_each = true, .cents = true};
	if (n > 0)
		extent->last = (uint32_t) (days[n - 1].day - days[0].day);
	for (uint32_t i = 0; i < n; i++)
	{
		const PromoDay *day = &days[i];

		sum += (uint64_t) (day->amount < 0 ? -day->amount : day->amount);
		if (sum > (uint64_t) PROMO_MONEY_MAX)
			return fail_amounts(err);
		if (day->orders > extent->most_orders)
			extent->most_orders = day->orders;
		extent->one_each &= day->orders == 1;
		extent->cents &= day->amount % CENT == 0;
		if (day->amount < extent->least)
			extent->least = day->amount;
		if (day->amount > extent->greatest)
			extent->greatest = day->amount;
	}
	return true;
}

/* code of the narrowest of 1, 2 and 4 bytes */
static uint8_t
count_code(uint32_t most)
{
	return most <= UINT8_MAX ? 1 : most <= UINT16_MAX ? 2 : 3;
}

static uint8_t
amount_code(int64_t least, int64_t greatest)
{
	return least >= INT8_MIN && greatest <= INT8_MAX ? 0 :
		least >= INT16_MIN && greatest <= INT16_MAX ? 1 :
		least >= INT32_MIN && greatest <= INT32_MAX ? 2 : 3;
}

/* the low bytes of a number, as the machine keeps a number of that width */
static inline void
put_column(uint8_t *column, int width, uint32_t i, int64_t value)
{
	uint8_t		one = (uint8_t) value;
	uint16_t	two = (uint16_t) value;
	uint32_t	four = (uint32_t) value;

	switch (width)
	{
		case 0:
			break;
		case 1:
			column[i] = one;
			break;
		case 2:
			memcpy(column + 2 * (size_t) i, &two, 2);
			break;
		case 4:
			memcpy(column + 4 * (size_t) i, &four, 4);
			break;
		default:
			memcpy(column + 8 * (size_t) i, &value, 8);
	}
}

void *
promo_history_of_days(PromoArena *arena, const PromoDay *days, uint32_t n, PromoError *err)
{
	Extent		extent;
	int64_t		unit;
	uint8_t		format;
	int			day_width;
	int			orders_width;
	int			amount_width;
	uint32_t	size;
	uint8_t    *history;
	uint8_t    *image;
	uint8_t    *column;
	int32_t		first = n > 0 ? days[0].day : 0;

	if (!measure(days, n, &extent, err))
		return NULL;
	unit = extent.cents ? CENT : 1;
	format = (n < 2 ? 0 : count_code(extent.last)) << DAY_WIDTH |
		(extent.one_each ? 0 : count_code(extent.most_orders)) << ORDERS_WIDTH |
		amount_code(extent.least / unit, extent.greatest / unit) << AMOUNT_WIDTH |
		(extent.cents ? 0 : IN_MONEY);
	day_width = count_widths[format >> DAY_WIDTH & 3];
	orders_width = count_widths[format >> ORDERS_WIDTH & 3];
	amount_width = amount_widths[format >> AMOUNT_WIDTH & 3];

	size = LENGTH_WORD + AT_COLUMNS + n * (uint32_t) (day_width + orders_width + amount_width);
	history = promo_alloc(arena, size);
	memcpy(history, &size, LENGTH_WORD);
	image = history + LENGTH_WORD;
	image[AT_VERSION] = PROMO_HISTORY_VERSION;
	image[AT_FORMAT] = format;
	memcpy(image + AT_FIRST, &first, sizeof(first));
	column = image + AT_COLUMNS;
	for (uint32_t i = 0; i < n; i++)
		put_column(column, day_width, i, days[i].day - first);
	column += (size_t) n * day_width;
	for (uint32_t i = 0; i < n; i++)
		put_column(column, orders_width, i, days[i].orders);
	column += (size_t) n * orders_width;
	for (uint32_t i = 0; i < n; i++)
		put_column(column, amount_width, i, days[i].amount / unit);
	return history;
}

/* ----------------------------------------------------------------
 * reading
 * ----------------------------------------------------------------
 */

bool
promo_history_open(PromoHistory *history, const void *image, size_t size)
{
	const uint8_t *bytes = image;
	uint32_t	width;
	uint8_t		format;

	if (size < AT_COLUMNS || bytes[AT_VERSION] != PROMO_HISTORY_VERSION ||
		(bytes[AT_FORMAT] & ~FORMAT_BITS) != 0)
		return false;
	format = bytes[AT_FORMAT];
	history->day_width = count_widths[format >> DAY_WIDTH & 3];
	history->orders_width = count_widths[format >> ORDERS_WIDTH & 3];
	history->amount_width = amount_widths[format >> AMOUNT_WIDTH & 3];
	history->unit = format & IN_MONEY ? 1 : CENT;
	width = history->day_width + history->orders_width + history->amount_width;
	history->n = (uint32_t) (size - AT_COLUMNS) / width;
	if (history->n * width != size - AT_COLUMNS || (history->n > 1 && history->day_width == 0))
		return false;
	memcpy(&history->first, bytes + AT_FIRST, sizeof(history->first));
	history->days = bytes + AT_COLUMNS;
	history->orders = history->days + (size_t) history->n * history->day_width;
	history->amounts = history->orders + (size_t) history->n * history->orders_width;
	return true;
}

uint32_t
promo_history_until(const PromoHistory *history, int32_t day)
{
	uint32_t	from = 0;
	uint32_t	to = history->n;

	/* the usual question is about a day after all of them */
	if (to == 0 || promo_history_day(history, to - 1) <= day)
		return to;
	while (from < to)
	{
		uint32_t	middle = from + (to - from) / 2;

		if (promo_history_day(history, middle) <= day)
			from = middle + 1;
		else
			to = middle;
	}
	return from;
}

void
promo_history_days(const PromoHistory *history, uint32_t n, PromoDay *days)
{
	for (uint32_t i = 0; i < n; i++)
		days[i] = (PromoDay) {promo_history_day(history, i), promo_history_orders(history, i),
			promo_history_amount(history, i)};
}

PromoPurchases
promo_history_purchases(const PromoHistory *history, int32_t as_of)
{
	uint32_t	n = promo_history_until(history, as_of);
	PromoPurchases p = {0};

	/* most customers never had a day without an order, or with two */
	if (history->orders_width == 0)
	{
		for (uint32_t i = 0; i < n; i++)
			p.spent += promo_history_amount(history, i);
		p.orders = p.order_days = n;
		if (n > 0)
		{
			p.repeat_spent = p.spent - promo_history_amount(history, 0);
			p.first = history->first;
			p.last = promo_history_day(history, n - 1);
		}
		if (n > 1)
			p.previous = promo_history_day(history, n - 2);
		return p;
	}
	for (uint32_t i = 0; i < n; i++)
	{
		uint32_t	orders = promo_history_orders(history, i);
		int64_t		amount = promo_history_amount(history, i);

		p.spent += amount;
		if (orders == 0)
			continue;
		p.orders += orders;
		p.previous = p.last;
		p.last = promo_history_day(history, i);
		if (p.order_days++ == 0)
			p.first = p.last;
		else
			p.repeat_spent += amount;
	}
	return p;
}

/* ----------------------------------------------------------------
 * text and JSON
 * ----------------------------------------------------------------
 */

/* days that are read, in whatever order they come */
typedef struct DayList
{
	PromoArena *arena;
	PromoDay   *days;
	uint32_t	n;
	uint32_t	capacity;
} DayList;

static PromoDay *
next_day(DayList *list)
{
	if (list->n == list->capacity)
	{
		uint32_t	more = list->capacity > 0 ? 2 * list->capacity : 8;

		list->days = promo_realloc(list->arena, list->days, list->capacity * sizeof(PromoDay),
								   more * sizeof(PromoDay));
		list->capacity = more;
	}
	return &list->days[list->n++];
}

static void *
history_of_list(DayList *list, PromoError *err)
{
	if (!promo_settle_days(list->arena, list->days, &list->n, err))
		return NULL;
	return promo_history_of_days(list->arena, list->days, list->n, err);
}

/* the number of orders may be left out where the amount tells it */
static bool
read_day(DayList *list, PromoText date, PromoText amount, PromoText orders, PromoError *err)
{
	PromoDay   *day = next_day(list);
	uint32_t	number = list->n;
	char		what[64];
	int64_t		count;

	if (!promo_read_date(date, &day->day))
	{
		promo_fail(err, PROMO_BAD_SYNTAX, "invalid input syntax for type " TYPE);
		promo_detail(err, "Entry %u has no date of the form 2026-01-31: \"%.*s\".", number,
					 promo_shown(date), date.data);
		return false;
	}
	snprintf(what, sizeof(what), "amount of entry %u", number);
	if (!promo_parse_decimal(amount, PROMO_MONEY_DIGITS, PROMO_MONEY_MAX, true, what,
							 &day->amount, err))
		return false;
	day->orders = day->amount > 0;
	if (orders.data == NULL)
		return true;
	snprintf(what, sizeof(what), "number of orders of entry %u", number);
	if (!promo_parse_decimal(orders, 0, UINT32_MAX, true, what, &count, err))
		return false;
	if (count < day->orders)
	{
		promo_fail(err, PROMO_BAD_VALUE, "%s is too small", what);
		return promo_detail(err, count < 0 ? "It is negative." : "An amount above 0 is an order.");
	}
	day->orders = (uint32_t) count;
	return true;
}

void
promo_history_print(PromoBuffer *buf, const PromoHistory *history)
{
	promo_putc(buf, '{');
	for (uint32_t i = 0; i < history->n; i++)
	{
		uint32_t	orders = promo_history_orders(history, i);
		int64_t		amount = promo_history_amount(history, i);

		if (i > 0)
			promo_puts(buf, ", ");
		promo_put_date(buf, promo_history_day(history, i));
		promo_putc(buf, ' ');
		promo_put_decimal(buf, amount, PROMO_MONEY_DIGITS, 2);
		if (orders != (amount > 0))
			promo_putf(buf, "/%u", orders);
	}
	promo_putc(buf, '}');
}

/* the marks that end a word */
#define MARKS		",/}"

static void *
fail_text(PromoText text, const char *p, PromoError *err)
{
	promo_fail(err, PROMO_BAD_SYNTAX, "invalid input syntax for type " TYPE ": \"%.*s\"",
			   promo_shown(text), text.data);
	promo_detail(err, "Character %u is not as expected.", (uint32_t) (p - text.data) + 1);
	promo_hint(err, "Write a history as {2026-01-05 30.00, 2026-01-07 55.50/2}: date, amount and, if it is not one, the number of orders.");
	return NULL;
}

/*
 * history := { [entry {, entry}] }		entry := date amount [/ orders]
 *
 * Days may come in any order and more than once.
 */
void *
promo_history_parse(PromoArena *arena, PromoText text, PromoError *err)
{
	const char *p = text.data;
	const char *end = p + text.len;
	DayList		list = {.arena = arena};
	bool		more;

	promo_skip_spaces(&p, end);
	if (p == end || *p != '{')
		return fail_text(text, p, err);
	p++;
	promo_skip_spaces(&p, end);
	more = p == end || *p != '}';
	while (more)
	{
		PromoText	date = promo_take_word(&p, end, MARKS);
		PromoText	amount = promo_take_word(&p, end, MARKS);
		PromoText	orders = {NULL, 0};

		promo_skip_spaces(&p, end);
		if (p < end && *p == '/')
		{
			p++;
			orders = promo_take_word(&p, end, MARKS);
			promo_skip_spaces(&p, end);
		}
		if (p == end || (*p != ',' && *p != '}'))
			return fail_text(text, p, err);
		if (!read_day(&list, date, amount, orders, err))
			return NULL;
		more = *p == ',';
		if (more)
			p++;
	}
	p++;
	promo_skip_spaces(&p, end);
	if (p < end)
		return fail_text(text, p, err);
	return history_of_list(&list, err);
}

void
promo_history_to_json(PromoBuffer *buf, const PromoHistory *history)
{
	promo_putc(buf, '[');
	for (uint32_t i = 0; i < history->n; i++)
	{
		promo_puts(buf, i == 0 ? "{\"day\":\"" : ",{\"day\":\"");
		promo_put_date(buf, promo_history_day(history, i));
		promo_putf(buf, "\",\"orders\":%u,\"amount\":\"", promo_history_orders(history, i));
		promo_put_decimal(buf, promo_history_amount(history, i), PROMO_MONEY_DIGITS, 2);
		promo_puts(buf, "\"}");
	}
	promo_putc(buf, ']');
}

enum
{
	KEY_DAY,
	KEY_ORDERS,
	KEY_AMOUNT,
	NKEYS
};

void *
promo_history_from_json(PromoArena *arena, PromoText text, PromoError *err)
{
	static const char *const keys[] = {"day", "orders", "amount", NULL};
	PromoJson	json;
	PromoText	ignored;
	DayList		list = {.arena = arena};

	promo_json_init(&json, arena, text, TYPE, err);
	if (!promo_json_expect(&json, PROMO_JSON_ARRAY, "The list of days", &ignored))
		return NULL;
	while (promo_json_item(&json))
	{
		PromoText	member[NKEYS] = {{NULL, 0}};
		PromoText	key;
		uint64_t	seen = 0;

		if (!promo_json_expect(&json, PROMO_JSON_OBJECT, "A day", &ignored))
			return NULL;
		while (promo_json_member(&json, &key))
		{
			int			number = promo_json_key(&json, key, keys, &seen);

			if (number < 0 || !promo_json_scalar(&json, keys[number], &member[number]))
				return NULL;
		}
		if (json.failed)
			return NULL;
		for (int i = 0; i < NKEYS; i++)
		{
			if (member[i].data == NULL && i != KEY_ORDERS)
			{
				promo_fail(err, PROMO_BAD_NULL, "%s of entry %u is missing", keys[i], list.n + 1);
				return NULL;
			}
		}
		if (!read_day(&list, member[KEY_DAY], member[KEY_AMOUNT], member[KEY_ORDERS], err))
			return NULL;
	}
	if (json.failed || !promo_json_end(&json))
		return NULL;
	return history_of_list(&list, err);
}

/* ----------------------------------------------------------------
 * binary form
 * ----------------------------------------------------------------
 */

void
promo_history_pack(PromoBuffer *buf, const PromoHistory *history)
{
	promo_put_u8(buf, PROMO_HISTORY_VERSION);
	promo_put_u32(buf, history->n);
	for (uint32_t i = 0; i < history->n; i++)
	{
		promo_put_u32(buf, (uint32_t) promo_history_day(history, i));
		promo_put_u32(buf, promo_history_orders(history, i));
		promo_put_i64(buf, promo_history_amount(history, i));
	}
}

#define PACKED_DAY		(2 * sizeof(uint32_t) + sizeof(int64_t))

static bool
unpack_day(PromoReader *r, const PromoDay *previous, PromoDay *day, PromoError *err)
{
	day->day = (int32_t) promo_get_u32(r);
	day->orders = promo_get_u32(r);
	day->amount = promo_get_i64(r);
	if (day->day < PROMO_DAY_MIN || day->day > PROMO_DAY_MAX)
		return promo_fail(err, PROMO_OUT_OF_RANGE, "a day is outside the years 0001 to 9999");
	if (previous != NULL && day->day <= previous->day)
		return promo_fail(err, PROMO_BAD_VALUE, "days do not ascend");
	if (day->amount > PROMO_MONEY_MAX || day->amount < -PROMO_MONEY_MAX)
		return fail_amounts(err);
	if (day->orders == 0 && day->amount >= 0)
		return promo_fail(err, PROMO_BAD_VALUE, day->amount > 0 ? "an amount above 0 is an order" :
						  "a day is without orders and amount");
	return true;
}

void *
promo_history_unpack(PromoArena *arena, const void *data, size_t len, PromoError *err)
{
	PromoReader r = {data, len, 0, false};
	PromoDay   *days = NULL;
	uint32_t	n;
	void	   *history;

	if (!promo_get_version(&r, PROMO_HISTORY_VERSION, TYPE, err))
		return NULL;
	n = promo_get_u32(&r);
	if (n > (r.len - r.at) / PACKED_DAY)
		r.bad = true;
	else
		days = promo_alloc(arena, n * sizeof(PromoDay));
	for (uint32_t i = 0; i < n && !r.bad; i++)
	{
		if (!unpack_day(&r, i > 0 ? &days[i - 1] : NULL, &days[i], err))
		{
			promo_get_fail(TYPE, err);
			return NULL;
		}
	}
	if (!promo_get_end(&r, TYPE, err))
		return NULL;
	history = promo_history_of_days(arena, days, n, err);
	if (history == NULL)
		promo_get_fail(TYPE, err);
	return history;
}
