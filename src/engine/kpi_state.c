/*-------------------------------------------------------------------------
 *
 * kpi_state.c
 *	  collecting events: the open form of a kpi state
 *
 * Behind the header lie, each with room: the events; maps; the customers that
 * were noted, as they came; of each which event it was, one byte; the words that
 * are not known.  Who ordered twice is a set of its own, with TWICE in its
 * byte: a customer noted twice for `order` gets into it when the notes are
 * sorted.
 *
 * When the room for notes is used up they are sorted, and of each customer one
 * is kept.  A set that turns out large and dense becomes a map, a bit for each
 * number of its range.  What is in the range of a map is not noted any more.
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
	uint32_t	map[2];			/* of once, of twice: place in the maps + 1, or 0 */
	uint16_t	word_at;		/* in the words; a known word is not there */
	uint8_t		word_len;
	uint8_t		known;			/* number of the known word, or 0 */
	uint8_t		bits;
	uint8_t		unused[3];		/* zero */
} StateEvent;

_Static_assert(sizeof(PromoKpiState) == 32, "whole words");
_Static_assert(sizeof(StateEvent) == 48, "no padding");

/* a map: the number of its first word, how many words, and the words */
#define MAP_HEAD		2

#define TWICE			0x40	/* of the byte beside a customer */
#define NTAGS			0x80

#define FIRST_SIZE		256		/* three events and eight customers */
#define FIRST_EVENTS	3
#define SETTLE_FROM		256		/* fewer notes are not worth sorting for room */
#define MAP_FROM		1024	/* members of a set that may become a map */
#define AHEAD			16		/* customers to be noted whose word is fetched already */
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
maps_of(const PromoKpiState *state)
{
	return (uint64_t *) (events_of(state) + state->events_capacity);
}

static inline uint64_t *
customers_of(const PromoKpiState *state)
{
	return maps_of(state) + state->maps;
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
size_of(uint32_t events_capacity, uint64_t maps, uint64_t capacity, uint32_t words_capacity)
{
	return sizeof(PromoKpiState) + events_capacity * sizeof(StateEvent) +
		maps * sizeof(uint64_t) + capacity * (sizeof(uint64_t) + 1) + words_capacity;
}

static PromoText
word_of(const PromoKpiState *state, const StateEvent *event)
{
	if (event->known > 0)
		return promo_kpi_known_word(event->known);
	return (PromoText) {words_of(state) + event->word_at, event->word_len};
}

static inline uint64_t *
map_of(const PromoKpiState *state, const StateEvent *event, int twice)
{
	return event->map[twice] > 0 ? maps_of(state) + event->map[twice] - 1 : NULL;
}

bool
promo_kpi_is_open(const void *image, size_t size)
{
	const uint8_t *bytes = image;

	return size >= 2 && bytes[0] == PROMO_KPI_VERSION && (bytes[1] & PROMO_KPI_OPEN) != 0;
}

static bool
check_event(const PromoKpiState *state, const StateEvent *event)
{
	for (int twice = 0; twice < 2; twice++)
	{
		uint64_t	at = event->map[twice];

		if (at > 0 && (at + 1 > state->maps || maps_of(state)[at] > state->maps - at - 1))
			return false;
	}
	return event->known < PROMO_KPI_KNOWN_WORDS &&
		(event->known > 0 || event->word_at + event->word_len <= state->words_used);
}

bool
promo_kpi_check_state(const PromoKpiState *state, size_t size)
{
	if (size < sizeof(PromoKpiState) || state->size != size || state->n > state->capacity ||
		state->nevents > state->events_capacity ||
		state->events_capacity > PROMO_KPI_MAX_EVENTS || state->words_used > state->words_capacity ||
		size_of(state->events_capacity, state->maps, state->capacity, state->words_capacity) > size)
		return false;
	for (int i = 0; i < state->nevents; i++)
	{
		if (!check_event(state, &events_of(state)[i]))
			return false;
	}
	for (uint32_t i = 0; i < state->n; i++)
	{
		if ((tags_of(state)[i] & ~TWICE) >= state->nevents)
			return false;
	}
	return true;
}

/* Room for at least so much; what is over goes to notes. */
static PromoKpiState *
new_state(PromoArena *arena, uint32_t events_capacity, uint64_t maps, uint64_t capacity,
		  uint32_t words_capacity, PromoError *err)
{
	size_t		wanted = size_of(events_capacity, maps, capacity, words_capacity);
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
	state->maps = (uint32_t) maps;
	state->capacity = (uint32_t) (capacity + (size - wanted) / (sizeof(uint64_t) + 1));
	state->words_capacity = (uint16_t) words_capacity;
	state->size = (uint32_t) size;
	return state;
}

PromoKpiState *
promo_kpi_begin(PromoArena *arena)
{
	return new_state(arena, FIRST_EVENTS, 0, 0, 0, NULL);
}

/* all but maps and notes */
static void
copy_events(PromoKpiState *to, const PromoKpiState *from)
{
	to->kind = from->kind;
	to->nevents = from->nevents;
	to->words_used = from->words_used;
	memcpy(events_of(to), events_of(from), from->nevents * sizeof(StateEvent));
	memcpy(words_of(to), words_of(from), from->words_used);
}

static bool
move_state(PromoArena *arena, PromoKpiState **state, uint32_t events_capacity, uint64_t capacity,
		   uint32_t words_capacity, PromoError *err)
{
	const PromoKpiState *old = *state;
	PromoKpiState *new = new_state(arena, events_capacity, old->maps, capacity, words_capacity, err);

	if (new == NULL)
		return false;
	copy_events(new, old);
	memcpy(maps_of(new), maps_of(old), old->maps * sizeof(uint64_t));
	new->n = old->n;
	memcpy(customers_of(new), customers_of(old), old->n * sizeof(uint64_t));
	memcpy(tags_of(new), tags_of(old), old->n);
	*state = new;
	return true;
}

/* ----------------------------------------------------------------
 * sorting
 * ----------------------------------------------------------------
 */

static size_t
members_of_map(const uint64_t *map)
{
	size_t		n = 0;

	for (uint64_t i = 0; map != NULL && i < map[1]; i++)
		n += (size_t) __builtin_popcountll(map[MAP_HEAD + i]);
	return n;
}

/* the members of a word of a map, at most 64: how many */
static inline size_t
read_word(const uint64_t *map, uint64_t i, uint64_t *ids)
{
	size_t		n = 0;

	for (uint64_t mask = map[MAP_HEAD + i]; mask != 0; mask &= mask - 1)
		ids[n++] = (map[0] + i) << 6 | (uint64_t) __builtin_ctzll(mask);
	return n;
}

/*
 * A map's members that are in the sample, in ascending order: how many.  There
 * is room for 63 more.
 */
static size_t
read_map(const uint64_t *map, int bits, uint64_t *ids)
{
	size_t		n = 0;

	for (uint64_t i = 0; map != NULL && i < map[1]; i++)
	{
		n += promo_ids_sample(ids + n, read_word(map, i, ids + n), bits);
	}
	return n;
}

/* how many members of a map to have room for, if at most `most` are in the sample */
static size_t
room_for_map(const uint64_t *map, int bits, size_t most)
{
	size_t		members = members_of_map(map);

	return (bits > 0 && members > most ? most : members) + 64;
}

/*
 * The bits of the sample that leaves few enough of a map and of notes.  A map
 * may hold a hundred times as many: they are counted before they are read.
 */
static int
sample_bits(PromoArena *arena, const uint64_t *map, const uint64_t *noted, size_t nnoted, int bits)
{
	size_t		counts[65] = {0};	/* members by the zeros of their hash */
	size_t		left = 0;
	int			zeros;

	if (members_of_map(map) + nnoted <= PROMO_KPI_EXACT)
		return bits;
	for (uint64_t i = 0; map != NULL && i < map[1]; i++)
	{
		uint64_t	ids[64];
		size_t		n = read_word(map, i, ids);

		if ((i & 0xffff) == 0 && arena->poll != NULL)
			arena->poll(arena);
		for (size_t j = 0; j < n; j++)
			counts[promo_id_zeros(ids[j])]++;
	}
	for (size_t i = 0; i < nnoted; i++)
		counts[promo_id_zeros(noted[i])]++;
	for (zeros = 64; zeros >= bits && left + counts[zeros] <= PROMO_KPI_EXACT; zeros--)
		left += counts[zeros];
	return zeros + 1 > bits ? zeros + 1 : bits;
}

/* Of sorted notes, those that are there more than once: how many. */
static size_t
repeated(const uint64_t *ids, size_t n, uint64_t *result)
{
	size_t		found = 0;

	for (size_t i = 1; i < n; i++)
	{
		if (ids[i] == ids[i - 1] && (i < 2 || ids[i] != ids[i - 2]))
			result[found++] = ids[i];
	}
	return found;
}

/* notes, sorted, and what is in the map, none of which was noted, in one array */
static uint64_t *
join_map(PromoArena *arena, const uint64_t *map, int bits, const uint64_t *noted, size_t nnoted,
		 size_t *n)
{
	uint64_t   *ids = promo_alloc(arena, (room_for_map(map, bits, PROMO_KPI_EXACT) + nnoted) *
								  sizeof(uint64_t));
	size_t		below = 0;

	while (below < nnoted && noted[below] >> 6 < map[0])
		below++;
	memcpy(ids, noted, below * sizeof(uint64_t));
	*n = below + read_map(map, bits, ids + below);
	memcpy(ids + *n, noted + below, (nnoted - below) * sizeof(uint64_t));
	*n += nnoted - below;
	return ids;
}

/* The sets of an event, whose notes are `once` and `twice`, which may be sorted in place. */
static void
collect_event(PromoArena *arena, const PromoKpiState *state, const StateEvent *event,
			  uint64_t *once, size_t nonce, uint64_t *twice, size_t ntwice, PromoKpiInput *input)
{
	const uint64_t *map = map_of(state, event, 0);
	uint64_t   *again = NULL;	/* noted more than once */
	size_t		nagain = 0;
	int			bits;

	promo_ids_sort(arena, once, nonce);
	if (event->known == PROMO_KPI_ORDER)
	{
		again = promo_alloc(arena, (nonce / 2 + 1) * sizeof(uint64_t));
		nagain = repeated(once, nonce, again);
	}
	nonce = promo_ids_unique(once, nonce);
	bits = sample_bits(arena, map, once, nonce, event->bits);
	nonce = promo_ids_sample(once, nonce, bits);
	if (map != NULL)
		once = join_map(arena, map, bits, once, nonce, &nonce);

	if (event->known == PROMO_KPI_ORDER)
	{
		const uint64_t *twice_map = map_of(state, event, 1);
		uint64_t   *ids = promo_alloc(arena, (room_for_map(twice_map, bits, PROMO_KPI_EXACT) +
											  ntwice + nagain) * sizeof(uint64_t));
		size_t		n = read_map(twice_map, bits, ids);

		if (ntwice > 0)
			memcpy(ids + n, twice, ntwice * sizeof(uint64_t));
		if (nagain > 0)
			memcpy(ids + n + ntwice, again, nagain * sizeof(uint64_t));
		n += promo_ids_sample(ids + n, ntwice + nagain, bits);
		promo_ids_sort(arena, ids, n);
		twice = ids;
		ntwice = promo_ids_unique(ids, n);
	}
	*input = (PromoKpiInput) {
		.word = word_of(state, event), .count = event->count, .amount = event->amount,
		.discount = event->discount, .cost = event->cost, .bits = bits,
		.once = once, .nonce = (uint32_t) nonce, .twice = twice, .ntwice = (uint32_t) ntwice
	};
}

/* All events with their sets. */
static void
collect(PromoArena *arena, const PromoKpiState *state, PromoKpiInput *inputs)
{
	const uint64_t *customers = customers_of(state);
	const uint8_t *tags = tags_of(state);
	uint32_t	start[NTAGS + 1] = {0};
	uint32_t	end[NTAGS];
	uint64_t   *sorted = promo_alloc(arena, (state->n + 1) * sizeof(uint64_t));

	for (uint32_t i = 0; i < state->n; i++)
		start[tags[i] + 1]++;
	for (int tag = 0; tag < NTAGS; tag++)
	{
		start[tag + 1] += start[tag];
		end[tag] = start[tag];
	}
	for (uint32_t i = 0; i < state->n; i++)
		sorted[end[tags[i]]++] = customers[i];
	for (int number = 0; number < state->nevents; number++)
	{
		int			twice = number | TWICE;

		collect_event(arena, state, &events_of(state)[number],
					  sorted + start[number], start[number + 1] - start[number],
					  sorted + start[twice], start[twice + 1] - start[twice], &inputs[number]);
	}
}

/*
 * How many words a set takes as a map, with an eighth above it for customers to
 * come; 0 if it is better noted.
 */
static uint64_t
map_words(const uint64_t *ids, uint32_t n, int bits)
{
	uint64_t	words;

	if (n < MAP_FROM || bits > 0)
		return 0;
	words = (ids[n - 1] >> 6) - (ids[0] >> 6) + 1;
	if (words > 2 * (uint64_t) n)
		return 0;
	words += words / 8;
	return words <= (UINT64_MAX >> 6) - (ids[0] >> 6) ? words : 0;
}

/* Puts a set into a state in which there is room for it. */
static void
put_set(PromoKpiState *state, int number, int twice, const uint64_t *ids, uint32_t n,
		uint64_t words, uint32_t *maps)
{
	uint64_t   *map = maps_of(state) + *maps;

	events_of(state)[number].map[twice] = words > 0 ? *maps + 1 : 0;
	if (words > 0)
	{
		map[0] = ids[0] >> 6;
		map[1] = words;
		for (uint32_t i = 0; i < n; i++)
			map[MAP_HEAD + (ids[i] >> 6) - map[0]] |= UINT64_C(1) << (ids[i] & 63);
		*maps += (uint32_t) (MAP_HEAD + words);
	}
	else if (n > 0)
	{
		memcpy(customers_of(state) + state->n, ids, n * sizeof(uint64_t));
		memset(tags_of(state) + state->n, number | (twice ? TWICE : 0), n);
		state->n += n;
	}
}

/* Notes each customer once, or in a map, and sees to room for `more` notes. */
static bool
settle(PromoArena *arena, PromoKpiState **state, uint32_t more, PromoError *err)
{
	const PromoKpiState *old = *state;
	PromoKpiInput inputs[PROMO_KPI_MAX_EVENTS];
	uint64_t	words[PROMO_KPI_MAX_EVENTS][2];
	uint64_t	maps = 0;
	uint64_t	members = 0;
	uint64_t	notes = 0;
	uint64_t	capacity;
	uint64_t	most;			/* that memory can be had for in one piece */
	PromoKpiState *new;
	uint32_t	at = 0;

	collect(arena, old, inputs);
	for (int i = 0; i < old->nevents; i++)
	{
		const uint32_t n[] = {inputs[i].nonce, inputs[i].ntwice};
		const uint64_t *ids[] = {inputs[i].once, inputs[i].twice};

		for (int twice = 0; twice < 2; twice++)
		{
			words[i][twice] = map_words(ids[twice], n[twice], inputs[i].bits);
			if (words[i][twice] > 0)
				maps += MAP_HEAD + words[i][twice];
			else
				notes += n[twice];
			members += n[twice];
		}
	}
	/* to settle again and again for a little room would take too long */
	capacity = old->capacity;
	if (notes + more > capacity - capacity / 4)
		capacity = 2 * capacity;
	if (capacity < notes + more + members / 16)
		capacity = notes + more + members / 16;
	most = (MAX_SIZE - size_of(old->events_capacity, maps, 0, old->words_capacity)) /
		(sizeof(uint64_t) + 1);
	if (capacity > most && notes + more <= most)
		capacity = most;
	new = new_state(arena, old->events_capacity, maps, capacity, old->words_capacity, err);
	if (new == NULL)
		return false;
	copy_events(new, old);
	for (int i = 0; i < old->nevents; i++)
	{
		events_of(new)[i].bits = (uint8_t) inputs[i].bits;
		put_set(new, i, 0, inputs[i].once, inputs[i].nonce, words[i][0], &at);
		put_set(new, i, 1, inputs[i].twice, inputs[i].ntwice, words[i][1], &at);
	}
	*state = new;
	return true;
}

/* Sees to room for `more` notes. */
static bool
make_room(PromoArena *arena, PromoKpiState **state, uint32_t more, PromoError *err)
{
	uint64_t	wanted = (uint64_t) (*state)->n + more;
	uint64_t	capacity = (*state)->capacity;

	if (wanted <= capacity)
		return true;
	if ((*state)->n >= SETTLE_FROM)
		return settle(arena, state, more, err);
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
	if (__builtin_add_overflow(event->count, count, &event->count))
		return promo_fail(err, PROMO_OUT_OF_RANGE, "number of events \"%.*s\" is out of range",
						  promo_shown(word), word.data);
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

/* Notes a customer of an event, or of those who did it twice. */
static bool
note(PromoArena *arena, PromoKpiState **state, int number, int twice, uint64_t customer,
	 PromoError *err)
{
	PromoKpiState *s = *state;
	const StateEvent *event = &events_of(s)[number];
	uint64_t   *map;

	if (!promo_id_in_sample(customer, event->bits))
		return true;
	map = map_of(s, event, twice);
	if (map != NULL && (customer >> 6) - map[0] < map[1])
	{
		uint64_t   *word = &map[MAP_HEAD + (customer >> 6) - map[0]];
		uint64_t	bit = UINT64_C(1) << (customer & 63);

		if ((*word & bit) == 0)
			*word |= bit;
		else if (event->known == PROMO_KPI_ORDER && !twice)
			return note(arena, state, number, 1, customer, err);
		return true;
	}
	if (s->n == s->capacity)
	{
		/* there may be a map afterwards */
		return make_room(arena, state, 1, err) &&
			note(arena, state, number, twice, customer, err);
	}
	customers_of(s)[s->n] = customer;
	tags_of(s)[s->n] = (uint8_t) (number | (twice ? TWICE : 0));
	s->n++;
	return true;
}

/* The same of many, in ascending order: words of a map are fetched ahead. */
static bool
note_all(PromoArena *arena, PromoKpiState **state, int number, int twice, const uint64_t *ids,
		 size_t n, PromoError *err)
{
	for (size_t i = 0; i < n; i++)
	{
		const StateEvent *event = &events_of(*state)[number];
		uint64_t   *map = map_of(*state, event, twice);

		if (map != NULL)
		{
			uint64_t	at = (ids[i] >> 6) - map[0];
			uint64_t	ahead = (ids[i + AHEAD < n ? i + AHEAD : i] >> 6) - map[0];
			uint64_t	bit = UINT64_C(1) << (ids[i] & 63);

			__builtin_prefetch(&map[MAP_HEAD + (ahead < map[1] ? ahead : 0)], 1);
			if (at < map[1] && (event->known != PROMO_KPI_ORDER || (map[MAP_HEAD + at] & bit) == 0))
			{
				map[MAP_HEAD + at] |= bit;
				continue;
			}
		}
		if (!note(arena, state, number, twice, ids[i], err))
			return false;
	}
	return true;
}

bool
promo_kpi_add(PromoArena *arena, PromoKpiState **state, const PromoKpiRow *row, PromoError *err)
{
	int			number = event_number(arena, state, row->word, err);
	StateEvent *event;

	if (number < 0)
		return false;
	event = &events_of(*state)[number];
	if (!add_scalars(event, row->word, 1, row->amount, row->discount, row->cost, err))
		return false;
	if (row->kind == PROMO_CUSTOMER_NONE)
		return true;
	if (!set_kind(*state, row->kind, err))
		return false;
	return note(arena, state, number, 0, row->customer, err);
}

/* a set of a settled state; one that is large gets its room at once */
static bool
add_set(PromoArena *arena, PromoKpiState **state, int number, int twice, const PromoKpiSet *set,
		PromoError *err)
{
	uint64_t	few[256];
	uint64_t   *ids = few;

	if (set->members == 0)
		return true;
	if (set->members > 256)
		ids = promo_alloc(arena, set->members * sizeof(uint64_t));
	if (!promo_ids_get(set->code, set->size, ids, set->members))
		return promo_fail(err, PROMO_CORRUPTED, "stored promo.kpi has a broken set of customers");
	if (map_of(*state, &events_of(*state)[number], twice) == NULL &&
		!make_room(arena, state, set->members, err))
		return false;
	return note_all(arena, state, number, twice, ids, set->members, err);
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
		if (!add_set(arena, state, number, 0, &from->once, err) ||
			!add_set(arena, state, number, 1, &from->twice, err))
			return false;
	}
	return true;
}

bool
promo_kpi_add_open(PromoArena *arena, PromoKpiState **state, const PromoKpiState *other,
				   PromoError *err)
{
	int			numbers[PROMO_KPI_MAX_EVENTS];

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
	for (uint32_t i = 0; i < other->n; i++)
	{
		uint8_t		tag = tags_of(other)[i];

		if (!note(arena, state, numbers[tag & ~TWICE], (tag & TWICE) != 0, customers_of(other)[i], err))
			return false;
	}
	for (int i = 0; i < other->nevents; i++)
	{
		for (int twice = 0; twice < 2; twice++)
		{
			const uint64_t *map = map_of(other, &events_of(other)[i], twice);

			for (uint64_t word = 0; map != NULL && word < map[1]; word++)
			{
				uint64_t	ids[64];
				size_t		n = read_word(map, word, ids);

				if (!note_all(arena, state, numbers[i], twice, ids, n, err))
					return false;
			}
		}
	}
	return true;
}

void *
promo_kpi_settled(PromoArena *arena, const PromoKpiState *state)
{
	PromoKpiInput events[PROMO_KPI_MAX_EVENTS];
	uint64_t	customers = 0;

	collect(arena, state, events);
	for (int i = 0; i < state->nevents; i++)
		customers += events[i].nonce;
	return promo_kpi_build(arena, customers > 0 ? state->kind & ~PROMO_KPI_OPEN : PROMO_CUSTOMER_NONE,
						   events, state->nevents);
}
