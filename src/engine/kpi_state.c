/*-------------------------------------------------------------------------
 *
 * kpi_state.c
 *	  collecting events: the open form of a kpi state
 *
 * Behind the header lie, each with room: the events; the customers, as they
 * came; of each customer which event it was, one byte; the words that are not
 * known.  Who ordered twice is a set of its own, with TWICE in its byte: a
 * customer noted twice for `order` gets into it when the notes are sorted.
 *
 *-------------------------------------------------------------------------
 */
#include "kpi_value.h"

typedef struct StateEvent
{
	int64_t		count;
	int64_t		amount;
	int64_t		discount;
	int64_t		cost;
	uint16_t	word_at;		/* in the words; a known word is not there */
	uint8_t		word_len;
	uint8_t		known;			/* number of the known word, or 0 */
	uint8_t		bits;
	uint8_t		unused[3];		/* zero */
} StateEvent;

_Static_assert(sizeof(PromoKpiState) == 32, "whole words");
_Static_assert(sizeof(StateEvent) == 40, "no padding");

#define TWICE			0x40	/* of the byte beside a customer */
#define NTAGS			0x80

#define FIRST_SIZE		256		/* three events and eleven customers */
#define FIRST_EVENTS	3
#define SETTLE_FROM		256		/* fewer are not worth sorting for room */
#define MAX_SIZE		(1000 * 1024 * 1024)

/* ----------------------------------------------------------------
 * where things lie
 * ----------------------------------------------------------------
 */

static inline StateEvent *
events_of(const PromoKpiState *state)
{
	return (StateEvent *) (state + 1);
}

static inline uint64_t *
customers_of(const PromoKpiState *state)
{
	return (uint64_t *) (events_of(state) + state->events_capacity);
}

static inline uint8_t *
tags_of(const PromoKpiState *state)
{
	return (uint8_t *) (customers_of(state) + state->capacity);
}

static inline char *
words_of(const PromoKpiState *state)
{
	return (char *) (tags_of(state) + state->capacity);
}

static size_t
size_of(uint32_t events_capacity, uint64_t capacity, uint32_t words_capacity)
{
	return sizeof(PromoKpiState) + events_capacity * sizeof(StateEvent) +
		capacity * (sizeof(uint64_t) + 1) + words_capacity;
}

static PromoText
word_of(const PromoKpiState *state, const StateEvent *event)
{
	if (event->known > 0)
		return promo_kpi_known_word(event->known);
	return (PromoText) {words_of(state) + event->word_at, event->word_len};
}

bool
promo_kpi_is_open(const void *image, size_t size)
{
	const uint8_t *bytes = image;

	return size >= 2 && bytes[0] == PROMO_KPI_VERSION && (bytes[1] & PROMO_KPI_OPEN) != 0;
}

bool
promo_kpi_check_state(const PromoKpiState *state, size_t size)
{
	return size >= sizeof(PromoKpiState) && state->size == size && state->n <= state->capacity &&
		state->settled <= state->n && state->nevents <= state->events_capacity &&
		state->events_capacity <= PROMO_KPI_MAX_EVENTS && state->words_used <= state->words_capacity &&
		size_of(state->events_capacity, state->capacity, state->words_capacity) <= size;
}

/* Room for at least so much; what is over goes to customers. */
static PromoKpiState *
new_state(PromoArena *arena, uint32_t events_capacity, uint64_t capacity, uint32_t words_capacity,
		  PromoError *err)
{
	size_t		wanted = size_of(events_capacity, capacity, words_capacity);
	size_t		size = FIRST_SIZE;
	PromoKpiState *state;

	/* sizes that the allocator would not round up */
	while (size < wanted)
		size *= 2;
	if (size > 64 * 1024)
		size = wanted;
	if (size > MAX_SIZE)
	{
		promo_fail(err, PROMO_TOO_MANY, "too many customers for one state");
		return NULL;
	}
	state = promo_alloc0(arena, size);
	state->version = PROMO_KPI_VERSION;
	state->kind = PROMO_KPI_OPEN;
	state->events_capacity = (uint8_t) events_capacity;
	state->capacity = (uint32_t) (capacity + (size - wanted) / (sizeof(uint64_t) + 1));
	state->words_capacity = (uint16_t) words_capacity;
	state->size = (uint32_t) size;
	return state;
}

PromoKpiState *
promo_kpi_begin(PromoArena *arena)
{
	return new_state(arena, FIRST_EVENTS, 0, 0, NULL);
}

static bool
move_state(PromoArena *arena, PromoKpiState **state, uint32_t events_capacity, uint64_t capacity,
		   uint32_t words_capacity, PromoError *err)
{
	const PromoKpiState *old = *state;
	PromoKpiState *new = new_state(arena, events_capacity, capacity, words_capacity, err);

	if (new == NULL)
		return false;
	new->kind = old->kind;
	new->nevents = old->nevents;
	new->n = old->n;
	new->settled = old->settled;
	new->words_used = old->words_used;
	memcpy(events_of(new), events_of(old), old->nevents * sizeof(StateEvent));
	memcpy(customers_of(new), customers_of(old), old->n * sizeof(uint64_t));
	memcpy(tags_of(new), tags_of(old), old->n);
	memcpy(words_of(new), words_of(old), old->words_used);
	*state = new;
	return true;
}

/* ----------------------------------------------------------------
 * sorting
 * ----------------------------------------------------------------
 */

/* customers in order, with the same tag beside them */
static void
put_set(PromoKpiState *state, const uint64_t *ids, size_t n, int tag)
{
	if (n == 0)
		return;
	memcpy(customers_of(state) + state->n, ids, n * sizeof(uint64_t));
	memset(tags_of(state) + state->n, tag, n);
	state->n += (uint32_t) n;
}

/*
 * Those of `once` who are there more than once join `twice`, which has room
 * for them; returns how many are then there.
 */
static size_t
add_repeated(PromoArena *arena, const uint64_t *once, size_t nonce, uint64_t *twice, size_t ntwice)
{
	for (size_t i = 1; i < nonce; i++)
	{
		if (once[i] == once[i - 1] && (i < 2 || once[i] != once[i - 2]))
			twice[ntwice++] = once[i];
	}
	promo_ids_sort(arena, twice, ntwice);
	return promo_ids_unique(twice, ntwice);
}

/* Sorts what was noted by event and customer, and notes each once. */
static void
settle(PromoArena *arena, PromoKpiState *state)
{
	const uint64_t *customers = customers_of(state);
	const uint8_t *tags = tags_of(state);
	uint32_t	start[NTAGS + 1] = {0};
	uint32_t	end[NTAGS];
	uint64_t   *sorted;
	uint32_t	n = state->n;

	if (state->settled == n)
		return;
	for (uint32_t i = 0; i < n; i++)
		start[tags[i] + 1]++;
	for (int tag = 0; tag < NTAGS; tag++)
	{
		start[tag + 1] += start[tag];
		end[tag] = start[tag];
	}
	sorted = promo_alloc(arena, n * sizeof(uint64_t));
	for (uint32_t i = 0; i < n; i++)
		sorted[end[tags[i]]++] = customers[i];

	state->n = 0;
	for (int number = 0; number < state->nevents; number++)
	{
		StateEvent *event = &events_of(state)[number];
		uint64_t   *once = sorted + start[number];
		size_t		nonce = start[number + 1] - start[number];
		uint64_t   *twice = NULL;
		size_t		ntwice = 0;

		promo_ids_sort(arena, once, nonce);
		if (event->known == PROMO_KPI_ORDER)
		{
			ntwice = start[number + TWICE + 1] - start[number + TWICE];
			twice = promo_alloc(arena, (ntwice + nonce) * sizeof(uint64_t));
			memcpy(twice, sorted + start[number + TWICE], ntwice * sizeof(uint64_t));
			ntwice = add_repeated(arena, once, nonce, twice, ntwice);
		}
		nonce = promo_ids_unique(once, nonce);
		if (event->bits > 0)
			nonce = promo_ids_sample(once, nonce, event->bits);
		while (nonce > PROMO_KPI_EXACT)
			nonce = promo_ids_sample(once, nonce, ++event->bits);
		if (event->bits > 0)
			ntwice = promo_ids_sample(twice, ntwice, event->bits);
		put_set(state, once, nonce, number);
		put_set(state, twice, ntwice, number | TWICE);
	}
	state->settled = state->n;
}

/* Sees to room for `more` customers. */
static bool
make_room(PromoArena *arena, PromoKpiState **state, uint32_t more, PromoError *err)
{
	uint64_t	wanted = (uint64_t) (*state)->n + more;
	uint64_t	capacity = (*state)->capacity;

	if (wanted <= capacity)
		return true;
	if ((*state)->n >= SETTLE_FROM)
	{
		settle(arena, *state);
		wanted = (uint64_t) (*state)->n + more;
		/* to sort again and again for a little room would take too long */
		if (wanted <= capacity - capacity / 4)
			return true;
	}
	return move_state(arena, state, (*state)->events_capacity,
					  wanted > 2 * capacity ? wanted : 2 * capacity, (*state)->words_capacity, err);
}

/* ----------------------------------------------------------------
 * adding
 * ----------------------------------------------------------------
 */

/* Which event a word is, noted as a new one if need be; -1 with err set. */
static int
event_number(PromoArena *arena, PromoKpiState **state, PromoText word, PromoError *err)
{
	int			known = promo_kpi_word_number(word);
	PromoKpiState *s = *state;
	StateEvent *event = events_of(s);
	int			number;
	uint32_t	words = known > 0 ? 0 : word.len;

	for (number = 0; number < s->nevents; number++, event++)
	{
		if (event->known == known && (known > 0 || promo_text_equal(word_of(s, event), word)))
			return number;
	}
	if (!promo_kpi_check_word(word, err))
		return -1;
	if (number == PROMO_KPI_MAX_EVENTS)
	{
		promo_fail(err, PROMO_TOO_MANY, "too many event words in one state");
		promo_detail(err, "A state has at most %d.", PROMO_KPI_MAX_EVENTS);
		return -1;
	}
	if (number == s->events_capacity || s->words_used + words > s->words_capacity)
	{
		uint32_t	capacity = s->events_capacity;
		uint32_t	words_capacity = s->words_capacity;

		if (number == capacity)
			capacity = 2 * capacity < PROMO_KPI_MAX_EVENTS ? 2 * capacity : PROMO_KPI_MAX_EVENTS;
		if (s->words_used + words > words_capacity)
			words_capacity = 2 * words_capacity + PROMO_KPI_MAX_WORD;
		if (!move_state(arena, state, capacity, s->n, words_capacity, err))
			return -1;
		s = *state;
	}
	event = &events_of(s)[s->nevents++];
	memset(event, 0, sizeof(StateEvent));
	event->known = (uint8_t) known;
	if (known == 0)
	{
		event->word_at = s->words_used;
		event->word_len = (uint8_t) word.len;
		memcpy(words_of(s) + s->words_used, word.data, word.len);
		s->words_used += (uint16_t) word.len;
	}
	return number;
}

static bool
add_money(int64_t *sum, int64_t more, const char *what, PromoText word, PromoError *err)
{
	if (more == 0)
		return true;
	if (!__builtin_add_overflow(*sum, more, sum) && *sum <= PROMO_MONEY_MAX &&
		*sum >= -PROMO_MONEY_MAX)
		return true;
	return promo_fail(err, PROMO_OUT_OF_RANGE, "%s of event \"%.*s\" is out of range", what,
					  promo_shown(word), word.data);
}

static bool
add_scalars(StateEvent *event, PromoText word, int64_t count, int64_t amount, int64_t discount,
			int64_t cost, PromoError *err)
{
	event->count += count;
	return add_money(&event->amount, amount, "amount", word, err) &&
		add_money(&event->discount, discount, "discount", word, err) &&
		add_money(&event->cost, cost, "cost", word, err);
}

static bool
set_kind(PromoKpiState *state, PromoCustomerKind kind, PromoError *err)
{
	int			own = state->kind & ~PROMO_KPI_OPEN;

	if (own == (int) kind || kind == PROMO_CUSTOMER_NONE)
		return true;
	if (own == PROMO_CUSTOMER_NONE)
	{
		state->kind |= (uint8_t) kind;
		return true;
	}
	promo_fail(err, PROMO_BAD_VALUE, "cannot merge states of customers of type %s and %s",
			   promo_customer_kind_name(own),
			   promo_customer_kind_name(kind));
	return promo_hint(err, "Give all of them as one type.");
}

bool
promo_kpi_add(PromoArena *arena, PromoKpiState **state, const PromoKpiRow *row, PromoError *err)
{
	int			number = event_number(arena, state, row->word, err);
	PromoKpiState *s = *state;
	StateEvent *event;

	if (number < 0)
		return false;
	event = &events_of(s)[number];
	if (!add_scalars(event, row->word, 1, row->amount, row->discount, row->cost, err))
		return false;
	if (row->kind == PROMO_CUSTOMER_NONE)
		return true;
	if (!set_kind(s, row->kind, err))
		return false;
	if (!promo_id_in_sample(row->customer, event->bits))
		return true;
	if (s->n == s->capacity)
	{
		if (!make_room(arena, state, 1, err))
			return false;
		s = *state;
	}
	customers_of(s)[s->n] = row->customer;
	tags_of(s)[s->n] = (uint8_t) number;
	s->n++;
	return true;
}

/* notes a set from elsewhere that lies in the room behind those noted */
static void
keep_noted(PromoKpiState *state, uint32_t n, int bits, int tag)
{
	if (bits > 0)
		n = (uint32_t) promo_ids_sample(customers_of(state) + state->n, n, bits);
	memset(tags_of(state) + state->n, tag, n);
	state->n += n;
}

static bool
add_set(PromoArena *arena, PromoKpiState **state, int number, int tag, const PromoKpiSet *set,
		PromoError *err)
{
	PromoKpiState *s;

	if (set->members == 0)
		return true;
	if (!make_room(arena, state, set->members, err))
		return false;
	s = *state;
	if (!promo_ids_get(set->code, set->size, customers_of(s) + s->n, set->members))
		return promo_fail(err, PROMO_BAD_BINARY, "stored promo.kpi has a broken set of customers");
	keep_noted(s, set->members, events_of(s)[number].bits, tag);
	return true;
}

bool
promo_kpi_add_settled(PromoArena *arena, PromoKpiState **state, const PromoKpi *other,
					  PromoError *err)
{
	if (!set_kind(*state, other->kind, err))
		return false;
	for (int i = 0; i < other->nevents; i++)
	{
		const PromoKpiEvent *from = &other->events[i];
		int			number = event_number(arena, state, from->word, err);
		StateEvent *event;

		if (number < 0)
			return false;
		event = &events_of(*state)[number];
		if (!add_scalars(event, from->word, from->count, from->amount, from->discount, from->cost,
						 err))
			return false;
		if (event->bits < from->bits)
			event->bits = (uint8_t) from->bits;
		if (!add_set(arena, state, number, number, &from->once, err) ||
			!add_set(arena, state, number, number | TWICE, &from->twice, err))
			return false;
	}
	return true;
}

bool
promo_kpi_add_open(PromoArena *arena, PromoKpiState **state, const PromoKpiState *other,
				   PromoError *err)
{
	int			numbers[PROMO_KPI_MAX_EVENTS];
	PromoKpiState *s;

	if (!set_kind(*state, other->kind & ~PROMO_KPI_OPEN, err))
		return false;
	for (int i = 0; i < other->nevents; i++)
	{
		const StateEvent *from = &events_of(other)[i];
		PromoText	word = word_of(other, from);
		int			number = event_number(arena, state, word, err);
		StateEvent *event;

		if (number < 0)
			return false;
		event = &events_of(*state)[number];
		if (!add_scalars(event, word, from->count, from->amount, from->discount, from->cost, err))
			return false;
		if (event->bits < from->bits)
			event->bits = from->bits;
		numbers[i] = number;
	}
	if (!make_room(arena, state, other->n, err))
		return false;
	s = *state;
	for (uint32_t i = 0; i < other->n; i++)
	{
		uint8_t		tag = tags_of(other)[i];
		uint64_t	customer = customers_of(other)[i];
		int			number = numbers[tag & ~TWICE];

		if (!promo_id_in_sample(customer, events_of(s)[number].bits))
			continue;
		customers_of(s)[s->n] = customer;
		tags_of(s)[s->n] = (uint8_t) (number | (tag & TWICE));
		s->n++;
	}
	return true;
}

void *
promo_kpi_settled(PromoArena *arena, const PromoKpiState *state, PromoError *err)
{
	PromoKpiState *copy = promo_alloc(arena, state->size);
	PromoKpiInput events[PROMO_KPI_MAX_EVENTS];
	uint64_t   *at;
	const uint8_t *tags;
	const uint8_t *end;

	memcpy(copy, state, state->size);
	settle(arena, copy);
	at = customers_of(copy);
	tags = tags_of(copy);
	end = tags + copy->n;
	for (int i = 0; i < copy->nevents; i++)
	{
		const StateEvent *event = &events_of(copy)[i];

		events[i] = (PromoKpiInput) {
			.word = word_of(copy, event), .count = event->count, .amount = event->amount,
			.discount = event->discount, .cost = event->cost, .bits = event->bits, .once = at
		};
		for (; tags < end && *tags == i; tags++, at++)
			events[i].nonce++;
		events[i].twice = at;
		for (; tags < end && *tags == (i | TWICE); tags++, at++)
			events[i].ntwice++;
	}
	return promo_kpi_build(arena, copy->n > 0 ? copy->kind & ~PROMO_KPI_OPEN : PROMO_CUSTOMER_NONE,
						   events, copy->nevents);
}
