/*-------------------------------------------------------------------------
 *
 * retention_value.c
 *	  how cohorts of customers come back
 *
 *-------------------------------------------------------------------------
 */
#include "id_set.h"
#include "json_reader.h"
#include "retention_value.h"

#define TYPE			"promo.retention"

#define LENGTH_WORD		4

/* ----------------------------------------------------------------
 * reading a settled state
 * ----------------------------------------------------------------
 */

static bool
broken(PromoRetention *r)
{
	r->bad = true;
	r->cohorts_left = 0;
	r->returns_left = 0;
	return false;
}

PromoRetention
promo_retention_open(const void *image, size_t size)
{
	const uint8_t *bytes = image;
	PromoRetention r = {.at = bytes + 1, .end = bytes + size, .day = -1};

	if (size < 2 || *bytes != PROMO_RETENTION_VERSION ||
		!promo_get_varint(&r.at, r.end, &r.cohorts_left) ||
		(r.cohorts_left == 0 && r.at < r.end))
		broken(&r);
	return r;
}

bool
promo_retention_next(PromoRetention *r, PromoCohort *cohort)
{
	PromoCohortReturn passed;
	uint64_t	gap;
	uint64_t	size;

	while (promo_retention_next_return(r, &passed))
		;
	if (r->cohorts_left == 0)
		return false;
	if (!promo_get_varint(&r->at, r->end, &gap) || gap >= PROMO_DAY_NUMBERS ||
		(r->day >= 0 && gap == 0) ||
		!promo_get_varint(&r->at, r->end, &size) || size == 0 || size > INT64_MAX ||
		!promo_get_varint(&r->at, r->end, &r->returns_left))
		return broken(r);
	r->day = (r->day >= 0 ? r->day : 0) + (int64_t) gap;
	r->n = 0;
	r->from = -1;
	r->cohorts_left--;
	if (r->day >= PROMO_DAY_NUMBERS ||
		(r->cohorts_left == 0 && r->returns_left == 0 && r->at < r->end))
		return broken(r);
	cohort->day = promo_day_of_number((uint64_t) r->day);
	cohort->size = (int64_t) size;
	cohort->nreturns = r->returns_left;
	return true;
}

bool
promo_retention_next_return(PromoRetention *r, PromoCohortReturn *ret)
{
	uint64_t	gap;
	uint64_t	span;
	uint64_t	customers;

	if (r->returns_left == 0)
		return false;
	if (!promo_get_varint(&r->at, r->end, &gap) || gap > PROMO_RETENTION_MAX_N ||
		!promo_get_varint(&r->at, r->end, &span) ||
		!promo_get_varint(&r->at, r->end, &customers) || customers == 0 || customers > INT64_MAX)
		return broken(r);
	r->n += gap;
	if (gap > 0)
		r->from = -1;
	if (r->n > PROMO_RETENTION_MAX_N || r->n + (uint64_t) r->day >= PROMO_DAY_NUMBERS ||
		span > r->n || (int64_t) (r->n - span) <= r->from)
		return broken(r);
	r->from = (int64_t) (r->n - span);
	r->returns_left--;
	if (r->cohorts_left == 0 && r->returns_left == 0 && r->at < r->end)
		return broken(r);
	ret->from = (uint32_t) r->from;
	ret->n = (uint32_t) r->n;
	ret->customers = (int64_t) customers;
	return true;
}

/* ----------------------------------------------------------------
 * an open state
 * ----------------------------------------------------------------
 */

/*
 * Keys order as the settled state does: by cohort, then its size, which has
 * nothing behind the cohort, then n + 1, then from.
 */
#define N_BITS			21
#define COHORT_SHIFT	(2 * N_BITS)
#define LOW_BITS(key)	((key) & ((UINT64_C(1) << COHORT_SHIFT) - 1))

_Static_assert(PROMO_RETENTION_MAX_N + 1 == (1 << N_BITS) - 1, "n + 1 fits");
_Static_assert(PROMO_DAY_NUMBERS < 1 << (64 - COHORT_SHIFT), "and so does the cohort");
_Static_assert(sizeof(PromoRetentionState) == sizeof(PromoRetentionEntry),
			   "sizes that are powers of two are filled");

#define FIRST_SIZE		1024
#define MAX_SIZE		(1000 * 1024 * 1024)

static inline uint64_t
key_of_return(uint64_t cohort, uint32_t from, uint32_t n)
{
	return cohort << COHORT_SHIFT | (uint64_t) (n + 1) << N_BITS | from;
}

bool
promo_retention_is_open(const void *image, size_t size)
{
	return promo_has_open_mark(image, size, PROMO_RETENTION_VERSION);
}

/* how many may be taken: beyond, searching takes long */
static inline uint32_t
limit_of(uint32_t capacity)
{
	return capacity - capacity / 4;
}

bool
promo_retention_check_state(const PromoRetentionState *state, size_t size)
{
	return size >= sizeof(PromoRetentionState) && state->capacity > 0 &&
		promo_retention_state_size(state) == size && state->n <= limit_of(state->capacity);
}

/* the place of a key, or where it would be */
static inline PromoRetentionEntry *
find_entry(PromoRetentionState *state, uint64_t key)
{
	uint32_t	place = (uint32_t) ((unsigned __int128) promo_id_hash(key) * state->capacity >> 64);
	PromoRetentionEntry *entry = &state->entries[place];
	PromoRetentionEntry *end = state->entries + state->capacity;

	while (entry->customers != 0 && entry->key != key)
	{
		if (++entry == end)
			entry = state->entries;
	}
	return entry;
}

/* room for at least so many keys */
static PromoRetentionState *
new_state(PromoArena *arena, uint64_t n, PromoError *err)
{
	size_t		size = FIRST_SIZE;
	PromoRetentionState *state;
	uint32_t	capacity;

	/* as large as memory can be had in one piece, rather than twice that */
	while (limit_of(capacity = (uint32_t) (size / sizeof(PromoRetentionEntry) - 1)) < n)
	{
		if (size == MAX_SIZE)
		{
			promo_fail(err, PROMO_TOO_MANY, "retention has too many different days");
			promo_detail(err, "One state has at most %u different pairs of days on which customers of a cohort were active in turn.",
						 limit_of(capacity));
			return NULL;
		}
		size = 2 * size < MAX_SIZE ? 2 * size : MAX_SIZE;
	}
	state = promo_alloc0(arena, size);
	*state = (PromoRetentionState) {
		.version = PROMO_RETENTION_VERSION,.open = PROMO_OPEN_MARK,.capacity = capacity
	};
	return state;
}

PromoRetentionState *
promo_retention_begin(PromoArena *arena)
{
	return new_state(arena, 0, NULL);
}

/* Sees to room for n keys in all. */
static bool
make_room(PromoArena *arena, PromoRetentionState **state, uint64_t n, PromoError *err)
{
	PromoRetentionState *old = *state;
	PromoRetentionState *new;

	if (n <= limit_of(old->capacity))
		return true;
	if (arena->poll != NULL)
		arena->poll(arena);
	new = new_state(arena, n, err);
	if (new == NULL)
		return false;
	new->n = old->n;
	for (uint32_t i = 0; i < old->capacity; i++)
	{
		if (old->entries[i].customers != 0)
			*find_entry(new, old->entries[i].key) = old->entries[i];
	}
	*state = new;
	return true;
}

static inline bool
add_customers(PromoArena *arena, PromoRetentionState **state, uint64_t key, int64_t customers,
			  PromoError *err)
{
	PromoRetentionEntry *entry = find_entry(*state, key);

	if (entry->customers == 0)
	{
		if ((*state)->n >= limit_of((*state)->capacity))
		{
			if (!make_room(arena, state, (uint64_t) (*state)->n + 1, err))
				return false;
			entry = find_entry(*state, key);
		}
		entry->key = key;
		(*state)->n++;
	}
	if (__builtin_add_overflow(entry->customers, customers, &entry->customers))
		return promo_fail(err, PROMO_OUT_OF_RANGE, "number of customers is out of range");
	return true;
}

bool
promo_retention_add(PromoArena *arena, PromoRetentionState **state, const PromoDays *days,
					int32_t first, PromoError *err)
{
	uint64_t	cohort = promo_number_of_day(first);
	uint32_t	from = 0;

	if (!add_customers(arena, state, cohort << COHORT_SHIFT, 1, err))
		return false;
	for (uint32_t i = 0; i < days->n; i++)
	{
		uint32_t	n;

		if (days->numbers[i] < cohort)
			continue;
		n = (uint32_t) (days->numbers[i] - cohort);
		if (n > PROMO_RETENTION_MAX_N)
		{
			promo_fail(err, PROMO_OUT_OF_RANGE, "active day is too far from the day of the cohort");
			return promo_detail(err, "It is day %u, and the last one that is counted is %d.", n,
								PROMO_RETENTION_MAX_N);
		}
		if (!add_customers(arena, state, key_of_return(cohort, from, n), 1, err))
			return false;
		from = n + 1;
	}
	return true;
}

bool
promo_retention_add_settled(PromoArena *arena, PromoRetentionState **state,
							PromoRetention retention, PromoError *err)
{
	PromoCohort cohort;
	PromoCohortReturn ret;

	while (promo_retention_next(&retention, &cohort))
	{
		uint64_t	number = promo_number_of_day(cohort.day);

		if (arena->poll != NULL)
			arena->poll(arena);
		if (!add_customers(arena, state, number << COHORT_SHIFT, cohort.size, err))
			return false;
		while (promo_retention_next_return(&retention, &ret))
		{
			if (!add_customers(arena, state, key_of_return(number, ret.from, ret.n), ret.customers,
							   err))
				return false;
		}
	}
	if (retention.bad)
		return promo_fail(err, PROMO_CORRUPTED, "stored " TYPE " has broken counts");
	return true;
}

bool
promo_retention_add_open(PromoArena *arena, PromoRetentionState **state,
						 const PromoRetentionState *other, PromoError *err)
{
	/* first of all: keys that come in the order of their hashes would crowd in a small table */
	if (!make_room(arena, state, (uint64_t) (*state)->n + other->n, err))
		return false;
	for (uint32_t i = 0; i < other->capacity; i++)
	{
		if (other->entries[i].customers != 0 &&
			!add_customers(arena, state, other->entries[i].key, other->entries[i].customers, err))
			return false;
	}
	return true;
}

/* ----------------------------------------------------------------
 * settling
 * ----------------------------------------------------------------
 */

#define MOST_OF_RETURN	(4 + 4 + PROMO_VARINT_SIZE)
#define MOST_OF_COHORT	(4 + 2 * PROMO_VARINT_SIZE)

static uint8_t *
put_return(uint8_t *p, uint64_t low, uint32_t *last_n, uint64_t customers)
{
	uint32_t	n = (uint32_t) (low >> N_BITS) - 1;
	uint32_t	from = (uint32_t) (low & ((1 << N_BITS) - 1));

	p = promo_put_varint(p, n - *last_n);
	p = promo_put_varint(p, n - from);
	*last_n = n;
	return promo_put_varint(p, customers);
}

void *
promo_retention_settled(PromoArena *arena, const PromoRetentionState *state)
{
	uint64_t   *keys = promo_alloc(arena, state->n * sizeof(uint64_t));
	PromoRetentionState *table = (PromoRetentionState *) state;	/* which is searched only */
	uint64_t	ncohorts = 0;
	uint64_t	last_cohort = 0;
	uint8_t    *image;
	uint8_t    *p;
	uint32_t	n = 0;
	uint32_t	size;

	for (uint32_t i = 0; i < state->capacity && n < state->n; i++)
	{
		if (state->entries[i].customers == 0)
			continue;
		keys[n++] = state->entries[i].key;
		ncohorts += LOW_BITS(state->entries[i].key) == 0;
	}
	promo_ids_sort(arena, keys, n);

	image = promo_alloc(arena, LENGTH_WORD + 1 + PROMO_VARINT_SIZE + ncohorts * MOST_OF_COHORT +
						(n - ncohorts) * MOST_OF_RETURN);
	p = image + LENGTH_WORD;
	*p++ = PROMO_RETENTION_VERSION;
	p = promo_put_varint(p, ncohorts);
	for (uint32_t i = 0; i < n;)
	{
		uint64_t	cohort = keys[i] >> COHORT_SHIFT;
		uint32_t	last_n = 0;
		uint32_t	end = i + 1;

		if (arena->poll != NULL)
			arena->poll(arena);
		while (end < n && keys[end] >> COHORT_SHIFT == cohort)
			end++;
		p = promo_put_varint(p, cohort - last_cohort);
		p = promo_put_varint(p, (uint64_t) find_entry(table, keys[i])->customers);
		p = promo_put_varint(p, end - i - 1);
		for (i++; i < end; i++)
			p = put_return(p, LOW_BITS(keys[i]), &last_n,
						   (uint64_t) find_entry(table, keys[i])->customers);
		last_cohort = cohort;
	}
	size = (uint32_t) (p - image);
	memcpy(image, &size, sizeof(size));
	return image;
}

/* ----------------------------------------------------------------
 * the matrix
 * ----------------------------------------------------------------
 */

#define MAX_CELLS		20000000

static bool
fail_mode(PromoText mode, PromoError *err)
{
	promo_fail(err, PROMO_BAD_VALUE, "unknown mode of retention: \"%.*s\"", promo_shown(mode),
			   mode.data);
	return promo_hint(err, "Write \"on\", \"on_or_after\", or brackets of days as \"0, 1-7, 8-30\".");
}

static void
skip_spaces(const char **p, const char *end)
{
	while (*p < end && **p == ' ')
		(*p)++;
}

static bool
read_day(const char **p, const char *end, uint32_t *day)
{
	const char *start;

	skip_spaces(p, end);
	start = *p;
	*day = 0;
	while (*p < end && promo_is_digit(**p) && *day <= PROMO_RETENTION_MAX_N)
		*day = 10 * *day + (uint32_t) (*(*p)++ - '0');
	if (*p == start || *day > PROMO_RETENTION_MAX_N)
		return false;
	skip_spaces(p, end);
	return true;
}

/* brackets := bracket {, bracket}		bracket := day [- day] */
static bool
read_brackets(PromoArena *arena, PromoMatrix *matrix, PromoText mode, PromoError *err)
{
	const char *p = mode.data;
	const char *end = p + mode.len;
	uint32_t	most = 1;
	PromoBracket *brackets;

	for (uint32_t i = 0; i < mode.len; i++)
		most += mode.data[i] == ',';
	brackets = promo_alloc(arena, most * sizeof(PromoBracket));
	matrix->mode = PROMO_RETENTION_BRACKETS;
	matrix->brackets = brackets;
	for (uint32_t n = 0; n < most; n++)
	{
		PromoBracket *bracket = &brackets[n];

		if (!read_day(&p, end, &bracket->from))
			return fail_mode(mode, err);
		bracket->to = bracket->from;
		if (p < end && *p == '-')
		{
			p++;
			if (!read_day(&p, end, &bracket->to))
				return fail_mode(mode, err);
		}
		if (n + 1 < most ? p == end || *p++ != ',' : p < end)
			return fail_mode(mode, err);
		if (bracket->to < bracket->from)
			return promo_fail(err, PROMO_BAD_VALUE, "bracket %u-%u ends before it begins",
							  bracket->from, bracket->to);
		if (n > 0 && bracket->from <= brackets[n - 1].from)
		{
			promo_fail(err, PROMO_BAD_VALUE, "brackets of retention do not ascend");
			return promo_detail(err, "The one from %u comes behind the one from %u; what a bracket begins with is its name.",
								bracket->from, brackets[n - 1].from);
		}
	}
	matrix->n = most;
	return true;
}

bool
promo_matrix_plan(PromoArena *arena, PromoMatrix *matrix, PromoRetention retention, PromoText mode,
				  int64_t last_complete, PromoError *err)
{
	PromoCohort cohort;
	PromoCohortReturn ret;
	int64_t		first = 0;
	uint64_t	ncohorts = 0;
	int64_t		last_active = PROMO_MATRIX_NO_DAY;

	*matrix = (PromoMatrix) {.mode = PROMO_RETENTION_ON};
	if (promo_text_equal(mode, promo_text("on_or_after")))
		matrix->mode = PROMO_RETENTION_ON_OR_AFTER;
	else if (!promo_text_equal(mode, promo_text("on")) &&
			 !read_brackets(arena, matrix, mode, err))
		return false;

	while (promo_retention_next(&retention, &cohort))
	{
		if (arena->poll != NULL)
			arena->poll(arena);
		if (ncohorts++ == 0)
			first = cohort.day;
		ret.n = 0;
		while (promo_retention_next_return(&retention, &ret))
			;
		if (cohort.nreturns > 0 && (int64_t) cohort.day + ret.n > last_active)
			last_active = (int64_t) cohort.day + ret.n;
	}
	matrix->last_complete = last_complete != PROMO_MATRIX_NO_DAY ? last_complete : last_active;
	if (matrix->mode != PROMO_RETENTION_BRACKETS && ncohorts > 0 && matrix->last_complete >= first)
	{
		int64_t		days = matrix->last_complete - first;

		/* nobody can be active later */
		matrix->n = (uint32_t) (days < PROMO_DAY_NUMBERS ? days : PROMO_DAY_NUMBERS) + 1;
	}
	if (ncohorts * matrix->n > MAX_CELLS)
	{
		promo_fail(err, PROMO_TOO_MANY, "too many rows of retention");
		promo_detail(err, "%llu cohorts with %u cells each are more than %d.",
					 (unsigned long long) ncohorts, matrix->n, MAX_CELLS);
		return promo_hint(err, "Ask for brackets of days, or for fewer cohorts.");
	}
	return true;
}

/* differences first, then their running sum: a return counts from `from` to n */
static void
keep_on_or_after(const PromoMatrix *matrix, PromoRetention *retention, int64_t last, int64_t *kept)
{
	PromoCohortReturn ret;
	int64_t		sum = 0;

	while (promo_retention_next_return(retention, &ret))
	{
		if (ret.n > last)
			continue;
		kept[ret.from] += ret.customers;
		if (ret.n + 1 < matrix->n)
			kept[ret.n + 1] -= ret.customers;
	}
	for (uint32_t n = 0; n < matrix->n; n++)
		kept[n] = sum += kept[n];
}

/* Brackets ascend, so those that hold a day are looked for from the first that may. */
static void
keep_in_brackets(const PromoMatrix *matrix, PromoRetention *retention,
				 int64_t last, int64_t *kept)
{
	PromoCohortReturn ret;

	while (promo_retention_next_return(retention, &ret))
	{
		uint32_t	low = 0;
		uint32_t	high = matrix->n;

		if (ret.n > last)
			continue;
		while (low < high)
		{
			uint32_t	middle = low + (high - low) / 2;

			if (matrix->brackets[middle].from < ret.from)
				low = middle + 1;
			else
				high = middle;
		}
		for (; low < matrix->n && matrix->brackets[low].from <= ret.n; low++)
		{
			if (ret.n <= matrix->brackets[low].to)
				kept[low] += ret.customers;
		}
	}
}

void
promo_matrix_kept(PromoArena *arena, const PromoMatrix *matrix, PromoRetention *retention,
				  int64_t *kept)
{
	int64_t		last = matrix->last_complete - promo_day_of_number((uint64_t) retention->day);
	PromoCohortReturn ret;

	if (arena->poll != NULL)
		arena->poll(arena);
	memset(kept, 0, matrix->n * sizeof(int64_t));
	switch (matrix->mode)
	{
		case PROMO_RETENTION_ON:
			while (promo_retention_next_return(retention, &ret))
			{
				if (ret.n <= last)
					kept[ret.n] += ret.customers;
			}
			break;
		case PROMO_RETENTION_ON_OR_AFTER:
			keep_on_or_after(matrix, retention, last, kept);
			break;
		case PROMO_RETENTION_BRACKETS:
			keep_in_brackets(matrix, retention, last, kept);
			break;
	}
	for (uint32_t cell = 0; cell < matrix->n; cell++)
	{
		uint32_t	end = matrix->mode == PROMO_RETENTION_BRACKETS ? matrix->brackets[cell].to : cell;

		if (end > last)
			kept[cell] = -1;
	}
}

/* ----------------------------------------------------------------
 * JSON, binary form
 * ----------------------------------------------------------------
 */

/* who is at an active day, and may come back */
typedef struct Arrivals
{
	uint32_t	n;
	int64_t		customers;
} Arrivals;

/*
 * Whether customers can have done so: no more come back after a day than were
 * there on it, and no more at all than the cohort has.
 */
static bool
check_returns(PromoArena *arena, PromoRetention *retention, const PromoCohort *cohort,
			  PromoError *err)
{
	Arrivals   *arrivals = promo_alloc(arena, (cohort->nreturns + 1) * sizeof(Arrivals));
	uint64_t	narrivals = 0;
	int64_t		not_yet = cohort->size;
	PromoCohortReturn ret;

	while (promo_retention_next_return(retention, &ret))
	{
		int64_t    *left = &not_yet;

		if (narrivals == 0 || arrivals[narrivals - 1].n != ret.n)
			arrivals[narrivals++] = (Arrivals) {.n = ret.n};
		if (ret.from > 0)
		{
			uint64_t	low = 0;
			uint64_t	high = narrivals - 1;

			while (low < high)
			{
				uint64_t	middle = low + (high - low) / 2;

				if (arrivals[middle].n < ret.from - 1)
					low = middle + 1;
				else
					high = middle;
			}
			left = arrivals[low].n == ret.from - 1 ? &arrivals[low].customers : NULL;
		}
		if (left == NULL || *left < ret.customers)
		{
			promo_fail(err, PROMO_BAD_VALUE, "more customers come back on day %u from day %u on than there are",
					   ret.n, ret.from);
			return false;
		}
		*left -= ret.customers;
		arrivals[narrivals - 1].customers += ret.customers;
	}
	return true;
}

/* Whether the bytes are a state that can have been collected. */
static bool
check_settled(PromoArena *arena, PromoRetention retention, PromoError *err)
{
	PromoCohort cohort;

	while (promo_retention_next(&retention, &cohort))
	{
		if (arena->poll != NULL)
			arena->poll(arena);
		if (cohort.nreturns > (size_t) (retention.end - retention.at))
		{
			retention.bad = true;
			break;
		}
		if (!check_returns(arena, &retention, &cohort, err))
			return false;
	}
	if (retention.bad)
		return promo_fail(err, PROMO_BAD_BINARY, "the counts are not in order");
	return true;
}

void
promo_retention_to_json(PromoBuffer *buf, PromoRetention retention)
{
	PromoCohort cohort;
	PromoCohortReturn ret;
	bool		first = true;

	promo_putc(buf, '[');
	while (promo_retention_next(&retention, &cohort))
	{
		const char *separator = "";

		promo_puts(buf, first ? "{\"cohort\":\"" : ",{\"cohort\":\"");
		first = false;
		promo_put_date(buf, cohort.day);
		promo_putf(buf, "\",\"size\":%lld,\"returns\":[", (long long) cohort.size);
		while (promo_retention_next_return(&retention, &ret))
		{
			promo_putf(buf, "%s[%u,%u,%lld]", separator, ret.from, ret.n, (long long) ret.customers);
			separator = ",";
		}
		promo_puts(buf, "]}");
	}
	promo_putc(buf, ']');
}

static bool
read_number(PromoJson *json, const char *what, int64_t least, int64_t most, int64_t *number)
{
	PromoText	text;

	if (!promo_json_expect(json, PROMO_JSON_NUMBER, what, &text) ||
		!promo_parse_decimal(text, 0, most, true, what, number, json->err))
		return false;
	if (*number < least)
		return promo_fail(json->err, PROMO_OUT_OF_RANGE, "%s is less than %lld", what,
						  (long long) least);
	return true;
}

/* [from, n, customers] */
static bool
read_return(PromoJson *json, PromoCohortReturn *ret)
{
	static const char *const what[] = {"from", "n", "number of customers"};
	int64_t		number[3];
	PromoText	ignored;
	int			n = 0;

	if (!promo_json_expect(json, PROMO_JSON_ARRAY, "A return", &ignored))
		return false;
	while (promo_json_item(json))
	{
		if (n == 3)
			return promo_json_fail(json, "A return has three numbers: from, n, customers.");
		if (!read_number(json, what[n], n == 2, n == 2 ? INT64_MAX : PROMO_RETENTION_MAX_N,
						 &number[n]))
			return false;
		n++;
	}
	if (json->failed)
		return false;
	if (n < 3)
		return promo_json_fail(json, "A return has three numbers: from, n, customers.");
	*ret = (PromoCohortReturn) {(uint32_t) number[0], (uint32_t) number[1], number[2]};
	return true;
}

enum
{
	KEY_COHORT,
	KEY_SIZE,
	KEY_RETURNS,
	NKEYS
};

/* returns may stand before the cohort that they are of */
typedef struct CohortRead
{
	int32_t		day;
	int64_t		size;
	PromoCohortReturn *returns;
	size_t		n;
	size_t		capacity;
} CohortRead;

static bool
read_returns(PromoArena *arena, PromoJson *json, CohortRead *cohort)
{
	PromoText	ignored;

	if (!promo_json_expect(json, PROMO_JSON_ARRAY, "returns", &ignored))
		return false;
	while (promo_json_item(json))
	{
		if (cohort->n == cohort->capacity)
		{
			size_t		more = cohort->capacity > 0 ? 2 * cohort->capacity : 16;

			cohort->returns = promo_realloc(arena, cohort->returns,
											cohort->capacity * sizeof(PromoCohortReturn),
											more * sizeof(PromoCohortReturn));
			cohort->capacity = more;
		}
		if (!read_return(json, &cohort->returns[cohort->n++]))
			return false;
	}
	return !json->failed;
}

static bool
read_cohort(PromoArena *arena, PromoJson *json, CohortRead *cohort)
{
	static const char *const keys[] = {"cohort", "size", "returns", NULL};
	PromoText	text;
	uint64_t	seen = 0;

	if (!promo_json_expect(json, PROMO_JSON_OBJECT, "A cohort", &text))
		return false;
	while (promo_json_member(json, &text))
	{
		int			number = promo_json_key(json, text, keys, &seen);

		if (number < 0)
			return false;
		if (number == KEY_SIZE && !read_number(json, "size", 1, INT64_MAX, &cohort->size))
			return false;
		if (number == KEY_RETURNS && !read_returns(arena, json, cohort))
			return false;
		if (number != KEY_COHORT)
			continue;
		if (!promo_json_expect(json, PROMO_JSON_STRING, "cohort", &text))
			return false;
		if (!promo_read_date(text, &cohort->day))
			return promo_json_fail(json, "A cohort has no date of the form 2026-01-31: \"%.*s\".",
								   promo_shown(text), text.data);
	}
	if (json->failed)
		return false;
	for (int i = 0; i < NKEYS; i++)
	{
		if ((seen >> i & 1) == 0)
			return promo_fail(json->err, PROMO_BAD_NULL, "a cohort has no \"%s\"", keys[i]);
	}
	return true;
}

static bool
add_cohort(PromoArena *arena, PromoRetentionState **state, const CohortRead *cohort, PromoError *err)
{
	uint64_t	number = promo_number_of_day(cohort->day);

	if (!add_customers(arena, state, number << COHORT_SHIFT, cohort->size, err))
		return false;
	for (size_t i = 0; i < cohort->n; i++)
	{
		const PromoCohortReturn *ret = &cohort->returns[i];

		if (ret->from > ret->n || number + ret->n >= PROMO_DAY_NUMBERS)
			return promo_fail(err, PROMO_BAD_VALUE, ret->from > ret->n ?
							  "day %u is before day %u, from which it is the next" :
							  "day %u, from day %u on, is outside the years 0001 to 9999",
							  ret->n, ret->from);
		if (!add_customers(arena, state, key_of_return(number, ret->from, ret->n), ret->customers,
						   err))
			return false;
	}
	return true;
}

void *
promo_retention_from_json(PromoArena *arena, PromoText text, PromoError *err)
{
	PromoRetentionState *state = promo_retention_begin(arena);
	PromoJson	json;
	PromoText	ignored;
	void	   *settled;
	uint32_t	size;

	promo_json_init(&json, arena, text, TYPE, err);
	if (!promo_json_expect(&json, PROMO_JSON_ARRAY, "The list of cohorts", &ignored))
		return NULL;
	while (promo_json_item(&json))
	{
		CohortRead	cohort = {.n = 0};

		if (!read_cohort(arena, &json, &cohort) || !add_cohort(arena, &state, &cohort, err))
			return NULL;
	}
	if (json.failed || !promo_json_end(&json))
		return NULL;
	settled = promo_retention_settled(arena, state);
	memcpy(&size, settled, sizeof(size));
	if (!check_settled(arena, promo_retention_open((char *) settled + LENGTH_WORD, size - LENGTH_WORD),
					   err))
		return NULL;
	return settled;
}

void *
promo_retention_unpack(PromoArena *arena, const void *data, size_t len, PromoError *err)
{
	PromoReader r = {data, len, 0, false};
	uint32_t	size = (uint32_t) (LENGTH_WORD + len);
	char	   *image;

	if (!promo_get_version(&r, PROMO_RETENTION_VERSION, TYPE, err))
		return NULL;
	if (!check_settled(arena, promo_retention_open(data, len), err))
	{
		promo_get_fail(TYPE, err);
		return NULL;
	}
	image = promo_alloc(arena, size);
	memcpy(image, &size, sizeof(size));
	memcpy(image + LENGTH_WORD, data, len);
	return image;
}
