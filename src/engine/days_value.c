/*-------------------------------------------------------------------------
 *
 * days_value.c
 *	  the days on which one customer was active
 *
 *-------------------------------------------------------------------------
 */
#include "days_value.h"
#include "id_set.h"
#include "json_reader.h"

#define TYPE			"promo.days"

#define LENGTH_WORD		4

/* five days; then 13, 29 ...: sizes that the allocator does not round up */
#define FIRST_SIZE_LOG2	5
#define LAST_SIZE_LOG2	28

_Static_assert(offsetof(PromoDaysState, numbers) == 12, "five days fill the first size");

/* ----------------------------------------------------------------
 * a settled set
 * ----------------------------------------------------------------
 */

bool
promo_days_read(PromoArena *arena, PromoDays *days, const void *image, size_t size)
{
	const uint8_t *p = image;
	const uint8_t *end = p + size;
	uint64_t	n;
	uint64_t   *numbers;

	if (size == 0 || *p++ != PROMO_DAYS_VERSION || !promo_get_varint(&p, end, &n))
		return false;
	/* no code has more than 8 numbers in a byte */
	if (n / 8 > (size_t) (end - p))
		return false;
	numbers = promo_alloc(arena, n * sizeof(uint64_t));
	if (!promo_ids_get(p, (size_t) (end - p), numbers, n) ||
		(n > 0 && numbers[n - 1] >= PROMO_DAY_NUMBERS))
		return false;
	days->n = (uint32_t) n;
	days->numbers = numbers;
	return true;
}

void *
promo_days_build(PromoArena *arena, const uint64_t *numbers, size_t n)
{
	PromoIdCode code = promo_ids_code(numbers, n);
	uint32_t	size = (uint32_t) (LENGTH_WORD + 1 + promo_varint_size(n) + code.size);
	uint8_t    *image = promo_alloc(arena, size);
	uint8_t    *p = image + LENGTH_WORD;

	memcpy(image, &size, sizeof(size));
	*p++ = PROMO_DAYS_VERSION;
	p = promo_put_varint(p, n);
	promo_ids_put(p, code, numbers, n);
	return image;
}

uint32_t
promo_days_until(const PromoDays *days, int32_t day)
{
	uint32_t	low = 0;
	uint32_t	high = days->n;

	while (low < high)
	{
		uint32_t	middle = low + (high - low) / 2;

		if (promo_day_of_number(days->numbers[middle]) <= day)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* ----------------------------------------------------------------
 * an open set
 * ----------------------------------------------------------------
 */

static uint32_t
capacity_of(int size_log2)
{
	return (uint32_t) ((((size_t) 1 << size_log2) - offsetof(PromoDaysState, numbers)) /
					   sizeof(uint32_t));
}

bool
promo_days_is_open(const void *image, size_t size)
{
	return promo_has_open_mark(image, size, PROMO_DAYS_VERSION);
}

bool
promo_days_check_state(const PromoDaysState *state, size_t size)
{
	if (size < (size_t) 1 << FIRST_SIZE_LOG2 || state->size_log2 < FIRST_SIZE_LOG2 ||
		state->size_log2 > LAST_SIZE_LOG2 ||
		promo_days_state_size(state) != size || state->n > capacity_of(state->size_log2))
		return false;
	for (uint32_t i = 0; i < state->n; i++)
	{
		if (state->numbers[i] >= PROMO_DAY_NUMBERS ||
			(state->ascending && i > 0 && state->numbers[i] <= state->numbers[i - 1]))
			return false;
	}
	return true;
}

static PromoDaysState *
new_state(PromoArena *arena, uint32_t capacity)
{
	int			size_log2 = FIRST_SIZE_LOG2;
	PromoDaysState *state;

	while (capacity_of(size_log2) < capacity)
		size_log2++;
	/* the room too: a partial state is sent with it */
	state = promo_alloc0(arena, (size_t) 1 << size_log2);
	*state = (PromoDaysState) {
		.version = PROMO_DAYS_VERSION,.open = PROMO_OPEN_MARK,.ascending = 1,
		.size_log2 = (uint8_t) size_log2
	};
	return state;
}

PromoDaysState *
promo_days_begin(PromoArena *arena)
{
	return new_state(arena, 0);
}

/* the different numbers of a state in order */
static uint64_t *
sorted_numbers(PromoArena *arena, const PromoDaysState *state, size_t *n)
{
	uint64_t   *numbers = promo_alloc(arena, state->n * sizeof(uint64_t));

	for (uint32_t i = 0; i < state->n; i++)
		numbers[i] = state->numbers[i];
	*n = state->n;
	if (!state->ascending)
	{
		promo_ids_sort(arena, numbers, *n);
		*n = promo_ids_unique(numbers, *n);
	}
	return numbers;
}

static void
settle(PromoArena *arena, PromoDaysState *state)
{
	uint64_t   *numbers;
	size_t		n;

	if (state->ascending)
		return;
	numbers = sorted_numbers(arena, state, &n);
	for (size_t i = 0; i < n; i++)
		state->numbers[i] = (uint32_t) numbers[i];
	state->n = (uint32_t) n;
	state->ascending = 1;
}

/* Sees to room for `more`: those that are there may become fewer, or move. */
static PromoDaysState *
make_room(PromoArena *arena, PromoDaysState *state, uint32_t more)
{
	uint32_t	capacity = capacity_of(state->size_log2);
	PromoDaysState *larger;

	if (state->n + more <= capacity)
		return state;
	settle(arena, state);
	/* to sort again and again for a little room would take too long */
	if (state->n + more <= capacity - capacity / 4)
		return state;
	capacity++;
	larger = new_state(arena, state->n + more > capacity ? state->n + more : capacity);
	larger->n = state->n;
	memcpy(larger->numbers, state->numbers, state->n * sizeof(uint32_t));
	return larger;
}

/* Adds a number to a state that has room. */
static inline void
add_number(PromoDaysState *state, uint32_t number)
{
	if (state->n > 0 && number <= state->numbers[state->n - 1])
	{
		if (number == state->numbers[state->n - 1])
			return;
		state->ascending = 0;
	}
	state->numbers[state->n++] = number;
}

PromoDaysState *
promo_days_add(PromoArena *arena, PromoDaysState *state, int32_t day)
{
	uint32_t	number = promo_number_of_day(day);

	if (state->n > 0 && state->numbers[state->n - 1] == number)
		return state;
	state = make_room(arena, state, 1);
	add_number(state, number);
	return state;
}

PromoDaysState *
promo_days_add_settled(PromoArena *arena, PromoDaysState *state, const PromoDays *days)
{
	state = make_room(arena, state, days->n);
	for (uint32_t i = 0; i < days->n; i++)
		add_number(state, (uint32_t) days->numbers[i]);
	return state;
}

PromoDaysState *
promo_days_add_open(PromoArena *arena, PromoDaysState *state, const PromoDaysState *other)
{
	state = make_room(arena, state, other->n);
	for (uint32_t i = 0; i < other->n; i++)
		add_number(state, other->numbers[i]);
	return state;
}

void *
promo_days_settled(PromoArena *arena, const PromoDaysState *state)
{
	size_t		n;
	uint64_t   *numbers = sorted_numbers(arena, state, &n);

	return promo_days_build(arena, numbers, n);
}

/* ----------------------------------------------------------------
 * text and JSON
 * ----------------------------------------------------------------
 */

/* what is read, in whatever order it comes: first << 32 | last of days in a row */
typedef struct RunList
{
	PromoArena *arena;
	uint64_t   *runs;
	size_t		n;
	size_t		capacity;
} RunList;

static void
add_run(RunList *list, int32_t first, int32_t last)
{
	if (list->n == list->capacity)
	{
		size_t		more = list->capacity > 0 ? 2 * list->capacity : 8;

		list->runs = promo_realloc(list->arena, list->runs, list->capacity * sizeof(uint64_t),
								   more * sizeof(uint64_t));
		list->capacity = more;
	}
	list->runs[list->n++] = (uint64_t) promo_number_of_day(first) << 32 | promo_number_of_day(last);
}

/* Runs are united first, so that overlapping ones take no time. */
static void *
days_of_list(RunList *list)
{
	uint64_t	next = 0;		/* the first day that may come */
	uint64_t	n = 0;
	uint64_t   *numbers;

	promo_ids_sort(list->arena, list->runs, list->n);
	for (size_t i = 0; i < list->n; i++)
	{
		uint64_t	first = list->runs[i] >> 32;
		uint64_t	last = list->runs[i] & UINT32_MAX;

		if (first < next)
			first = next;
		list->runs[i] = first << 32 | last;
		if (last < first)
			continue;
		n += last - first + 1;
		next = last + 1;
	}
	numbers = promo_alloc(list->arena, n * sizeof(uint64_t));
	n = 0;
	for (size_t i = 0; i < list->n; i++)
	{
		for (uint64_t number = list->runs[i] >> 32; number <= (list->runs[i] & UINT32_MAX); number++)
			numbers[n++] = number;
	}
	return promo_days_build(list->arena, numbers, n);
}

void
promo_days_print(PromoBuffer *buf, const PromoDays *days)
{
	promo_putc(buf, '{');
	for (uint32_t i = 0; i < days->n; i++)
	{
		uint32_t	last = i;

		while (last + 1 < days->n && days->numbers[last + 1] == days->numbers[last] + 1)
			last++;
		if (i > 0)
			promo_puts(buf, ", ");
		promo_put_date(buf, promo_day_of_number(days->numbers[i]));
		if (last > i)
		{
			promo_puts(buf, "..");
			promo_put_date(buf, promo_day_of_number(days->numbers[last]));
		}
		i = last;
	}
	promo_putc(buf, '}');
}

/* the marks that end a date */
#define MARKS		",.}"

static void *
fail_text(PromoText text, const char *p, PromoError *err)
{
	promo_fail(err, PROMO_BAD_SYNTAX, "invalid input syntax for type " TYPE ": \"%.*s\"",
			   promo_shown(text), text.data);
	promo_detail(err, "Character %u is not as expected.", (uint32_t) (p - text.data) + 1);
	promo_hint(err, "Write days as {2026-01-05, 2026-01-07..2026-01-10}.");
	return NULL;
}

static bool
read_date(PromoText text, size_t entry, int32_t *day, PromoError *err)
{
	if (promo_read_date(text, day))
		return true;
	promo_fail(err, PROMO_BAD_SYNTAX, "invalid input syntax for type " TYPE);
	return promo_detail(err, "Entry %zu has no date of the form 2026-01-31: \"%.*s\".", entry,
						promo_shown(text), text.data);
}

/* days := { [run {, run}] }		run := date [.. date] */
void *
promo_days_parse(PromoArena *arena, PromoText text, PromoError *err)
{
	const char *p = text.data;
	const char *end = p + text.len;
	RunList		list = {.arena = arena};
	bool		more;

	promo_skip_spaces(&p, end);
	if (p == end || *p != '{')
		return fail_text(text, p, err);
	p++;
	promo_skip_spaces(&p, end);
	more = p == end || *p != '}';
	while (more)
	{
		int32_t		first;
		int32_t		last;

		if (!read_date(promo_take_word(&p, end, MARKS), list.n + 1, &first, err))
			return NULL;
		last = first;
		promo_skip_spaces(&p, end);
		if (end - p >= 2 && p[0] == '.' && p[1] == '.')
		{
			p += 2;
			if (!read_date(promo_take_word(&p, end, MARKS), list.n + 1, &last, err))
				return NULL;
			promo_skip_spaces(&p, end);
		}
		if (p == end || (*p != ',' && *p != '}'))
			return fail_text(text, p, err);
		if (last < first)
		{
			promo_fail(err, PROMO_BAD_VALUE, "entry %zu ends before it begins", list.n + 1);
			return NULL;
		}
		add_run(&list, first, last);
		more = *p == ',';
		if (more)
			p++;
	}
	p++;
	promo_skip_spaces(&p, end);
	if (p < end)
		return fail_text(text, p, err);
	return days_of_list(&list);
}

void
promo_days_to_json(PromoBuffer *buf, const PromoDays *days)
{
	promo_putc(buf, '[');
	for (uint32_t i = 0; i < days->n; i++)
	{
		promo_puts(buf, i == 0 ? "\"" : ",\"");
		promo_put_date(buf, promo_day_of_number(days->numbers[i]));
		promo_putc(buf, '"');
	}
	promo_putc(buf, ']');
}

void *
promo_days_from_json(PromoArena *arena, PromoText text, PromoError *err)
{
	PromoJson	json;
	PromoText	date;
	RunList		list = {.arena = arena};
	int32_t		day;

	promo_json_init(&json, arena, text, TYPE, err);
	if (!promo_json_expect(&json, PROMO_JSON_ARRAY, "The list of days", &date))
		return NULL;
	while (promo_json_item(&json))
	{
		if (!promo_json_expect(&json, PROMO_JSON_STRING, "A day", &date) ||
			!read_date(date, list.n + 1, &day, err))
			return NULL;
		add_run(&list, day, day);
	}
	if (json.failed || !promo_json_end(&json))
		return NULL;
	return days_of_list(&list);
}

/* ----------------------------------------------------------------
 * binary form
 * ----------------------------------------------------------------
 */

void
promo_days_pack(PromoBuffer *buf, const PromoDays *days)
{
	promo_put_u8(buf, PROMO_DAYS_VERSION);
	promo_put_u32(buf, days->n);
	for (uint32_t i = 0; i < days->n; i++)
		promo_put_u32(buf, (uint32_t) promo_day_of_number(days->numbers[i]));
}

void *
promo_days_unpack(PromoArena *arena, const void *data, size_t len, PromoError *err)
{
	PromoReader r = {data, len, 0, false};
	uint64_t   *numbers = NULL;
	uint32_t	n;

	if (!promo_get_version(&r, PROMO_DAYS_VERSION, TYPE, err))
		return NULL;
	n = promo_get_u32(&r);
	if (n > (r.len - r.at) / sizeof(uint32_t))
		r.bad = true;
	else
		numbers = promo_alloc(arena, n * sizeof(uint64_t));
	for (uint32_t i = 0; i < n && !r.bad; i++)
	{
		int32_t		day = (int32_t) promo_get_u32(&r);

		if (day < PROMO_DAY_MIN || day > PROMO_DAY_MAX)
			promo_fail(err, PROMO_OUT_OF_RANGE, "a day is outside the years 0001 to 9999");
		else if (i > 0 && promo_number_of_day(day) <= numbers[i - 1])
			promo_fail(err, PROMO_BAD_VALUE, "days do not ascend");
		else
		{
			numbers[i] = promo_number_of_day(day);
			continue;
		}
		promo_get_fail(TYPE, err);
		return NULL;
	}
	if (!promo_get_end(&r, TYPE, err))
		return NULL;
	return promo_days_build(arena, numbers, n);
}
