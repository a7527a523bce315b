/*-------------------------------------------------------------------------
 *
 * fuzz_campaign.c
 *	  states of events: their forms, their stored bytes, sets of customers, and
 *	  any sequence of collecting and merging; funnels of any events,
 *	  days and cohorts
 *
 * The first byte says what the others are read as.  What is refused must say
 * why; what is accepted is printed and packed, must read back as equal bytes,
 * and is used.  Stored bytes need not be what the engine would have written:
 * they may be refused, but are never read beyond their end.
 *
 *-------------------------------------------------------------------------
 */
#include <math.h>

#include "../../src/engine/funnel_value.h"
#include "../../src/engine/kpi_value.h"
#include "../../src/engine/retention_value.h"
#include "fuzz.h"

static TestArena test;
static PromoError err;

static void
show_case(void)
{
	if (err.code != PROMO_OK)
		fprintf(stderr, "%s (%s)\n", err.message, err.detail);
}

static PromoBuffer
new_buffer(void)
{
	PromoBuffer buf;

	promo_buffer_init(&buf, &test.arena);
	return buf;
}

static PromoText
text_of(PromoBuffer buf)
{
	return (PromoText) {buf.data, (uint32_t) buf.len};
}

/* true if there is something; otherwise there must be a reason */
static bool
is_read(bool read)
{
	CLAIM(read || (err.code != PROMO_OK && err.message[0] != '\0'));
	return read;
}

/* a value that the engine has made holds its size in place of the length word */
static PromoText
image_of(const void *value)
{
	uint32_t	size;

	memcpy(&size, value, sizeof(size));
	return (PromoText) {(const char *) value + sizeof(size), size - (uint32_t) sizeof(size)};
}

static bool
is_value(const void *again, const void *value)
{
	return again != NULL && promo_text_equal(image_of(again), image_of(value));
}

/* in a block of their own, so that what is read beyond them is seen */
static const void *
copy_of(const void *data, size_t len)
{
	void	   *copy = promo_alloc(&test.arena, len);

	memcpy(copy, data, len);
	return copy;
}

/* ---------------------------------------------------------------- sets of customers */

static void
use_codes(PromoText code, uint32_t n)
{
	uint64_t   *ids = promo_alloc(&test.arena, n * sizeof(uint64_t));
	uint8_t    *again;

	if (!promo_ids_get(copy_of(code.data, code.len), code.len, ids, n))
		return;
	for (uint32_t i = 1; i < n; i++)
		CLAIM(ids[i] > ids[i - 1]);
	/* the engine takes the shortest code: never longer than any other */
	CLAIM(promo_ids_code(ids, n).size <= code.len);
	again = promo_alloc(&test.arena, code.len);
	promo_ids_put(again, promo_ids_code(ids, n), ids, n);
	CLAIM(n == 0 || promo_ids_get(again, promo_ids_code(ids, n).size, ids, n));
}

/* gaps of any width: what is put is what is got */
static void
use_ids(PromoText bytes)
{
	PromoReader r = {bytes.data, bytes.len, 0, false};
	uint64_t   *ids = promo_alloc(&test.arena, bytes.len * sizeof(uint64_t));
	uint64_t   *again = promo_alloc(&test.arena, bytes.len * sizeof(uint64_t));
	uint8_t    *code;
	size_t		size;
	size_t		n = 0;

	for (uint64_t id = 0; !r.bad && r.at < r.len; n++)
	{
		uint8_t		kind = promo_get_u8(&r);

		id += kind < 128 ? kind : kind < 192 ? promo_get_u32(&r) : (uint64_t) promo_get_i64(&r);
		ids[n] = id;
	}
	promo_ids_sort(&test.arena, ids, n);
	n = promo_ids_unique(ids, n);
	for (size_t i = 1; i < n; i++)
		CLAIM(ids[i] > ids[i - 1]);
	size = promo_ids_code(ids, n).size;
	CLAIM(size <= 1 + n * sizeof(uint64_t));
	code = promo_alloc(&test.arena, size);
	promo_ids_put(code, promo_ids_code(ids, n), ids, n);
	CLAIM(promo_ids_get(code, size, again, n));
	CLAIM(same_bytes(ids, n * sizeof(uint64_t), again, n * sizeof(uint64_t)));
	CLAIM(promo_ids_common(ids, n, again, n) == n);
}

/* ---------------------------------------------------------------- settled states */

static void
use_scalars(const PromoKpi *kpi)
{
	PromoKpiFigures figures = promo_kpi_figures(kpi);
	double		error = promo_kpi_error(kpi);

	CLAIM(figures.uv >= 0 && figures.buyers >= 0 && figures.signups >= 0);
	CLAIM(error >= 0 && error <= 1 && (error == 0 || !promo_kpi_is_exact(kpi)));
	for (int i = 0; i < kpi->nevents; i++)
		CLAIM(promo_kpi_find(kpi, kpi->events[i].word) != NULL);
}

/* the beginning of a state, as it is fetched: its scalars or nothing */
static void
cut(const PromoKpi *whole, PromoText image)
{
	static PromoKpi kpi;
	PromoKpiFigures figures = promo_kpi_figures(whole);

	for (uint32_t len = 0; len < image.len; len += 1 + len / 16)
	{
		PromoKpiOpened opened = promo_kpi_open(&kpi, copy_of(image.data, len), len);

		CLAIM(opened == (len < 3 ? PROMO_KPI_BAD : opened == PROMO_KPI_CUT ? PROMO_KPI_CUT :
						 PROMO_KPI_SCALARS));
		if (opened == PROMO_KPI_SCALARS)
		{
			PromoKpiFigures same = promo_kpi_figures(&kpi);

			CLAIM(kpi.nevents == whole->nevents && same.uv == figures.uv && same.profit == figures.profit);
		}
	}
}

/* merged with nothing it is the same, with itself it has twice the events and the same customers */
static void
merge(const PromoKpi *kpi, const void *value)
{
	static PromoKpi merged;
	PromoKpiState *state = promo_kpi_begin(&test.arena);
	void	   *settled;

	CLAIM(promo_kpi_add_settled(&test.arena, &state, kpi, &err));
	CLAIM(is_value(promo_kpi_settled(&test.arena, state), value));
	if (!is_read(promo_kpi_add_settled(&test.arena, &state, kpi, &err)))
		return;
	CLAIM(promo_kpi_check_state(state, state->size));
	settled = promo_kpi_settled(&test.arena, state);
	CLAIM(promo_kpi_open(&merged, image_of(settled).data, image_of(settled).len) == PROMO_KPI_WHOLE);
	CLAIM(merged.nevents == kpi->nevents && merged.kind == kpi->kind);
	for (int i = 0; i < kpi->nevents; i++)
	{
		int64_t		common;

		CLAIM(merged.events[i].count == 2 * kpi->events[i].count);
		CLAIM(merged.events[i].once.members == kpi->events[i].once.members);
		CLAIM(promo_kpi_common(&test.arena, kpi, &merged, kpi->events[i].word, &common, &err));
		CLAIM(common == promo_kpi_estimate(kpi->events[i].once.members, kpi->events[i].bits));
	}
}

static void
use_kpi(const void *value)
{
	static PromoKpi kpi;
	PromoBuffer json = new_buffer();
	PromoBuffer packed = new_buffer();
	PromoText	image;

	if (!is_read(value != NULL))
		return;
	image = image_of(value);
	CLAIM(promo_kpi_open(&kpi, image.data, image.len) == PROMO_KPI_WHOLE);
	CLAIM(promo_kpi_check_sets(&test.arena, &kpi, &err));
	promo_kpi_to_json(&json, &kpi);
	CLAIM(is_value(promo_kpi_from_json(&test.arena, text_of(json), &err), value));
	promo_kpi_pack(&packed, &kpi);
	CLAIM(is_value(promo_kpi_unpack(&test.arena, packed.data, packed.len, &err), value));
	use_scalars(&kpi);
	cut(&kpi, image);
	merge(&kpi, value);
}

/* what may lie on a broken disk */
static void
use_stored(PromoText image)
{
	static PromoKpi kpi;
	PromoKpiOpened opened = promo_kpi_open(&kpi, copy_of(image.data, image.len), image.len);
	PromoKpiState *state = promo_kpi_begin(&test.arena);
	PromoBuffer json = new_buffer();
	PromoBuffer packed = new_buffer();
	void	   *value;

	if (opened >= PROMO_KPI_SCALARS)
		use_scalars(&kpi);
	if (opened != PROMO_KPI_WHOLE)
		return;
	if (is_read(promo_kpi_add_settled(&test.arena, &state, &kpi, &err)))
		CLAIM(promo_kpi_settled(&test.arena, state) != NULL);
	if (!is_read(promo_kpi_check_sets(&test.arena, &kpi, &err)))
		return;
	/* what can be printed and read back is one value, whichever way it goes */
	promo_kpi_to_json(&json, &kpi);
	promo_kpi_pack(&packed, &kpi);
	value = promo_kpi_from_json(&test.arena, text_of(json), &err);
	if (is_read(value != NULL))
	{
		CLAIM(is_value(promo_kpi_unpack(&test.arena, packed.data, packed.len, &err), value));
		use_kpi(value);
	}
}

/* ---------------------------------------------------------------- collecting, beside a list of notes */

#define STATES		3
#define WORDS		68			/* more than a state may have */
#define MAX_NOTES	20000

typedef struct Note
{
	uint64_t	customer;
	uint32_t	times;
	uint8_t		word;
} Note;

/* what a state should hold */
typedef struct Ledger
{
	PromoCustomerKind kind;
	int64_t		count[WORDS];
	int64_t		money[WORDS][3];
	int			bits[WORDS];
	uint32_t	n;
	Note		notes[MAX_NOTES];
} Ledger;

static Ledger ledgers[STATES];
static PromoKpiState *states[STATES];

/* the words that are known, then others of any length */
static PromoText
nth_word(int number)
{
	static char words[WORDS][PROMO_KPI_MAX_WORD];
	uint32_t	len = 1 + (uint32_t) number * 7 % PROMO_KPI_MAX_WORD;

	if (number < 8)
		return promo_kpi_known_word(number + 1);
	memset(words[number], 'o', len);
	words[number][0] = (char) (' ' + number);
	return (PromoText) {words[number], len};
}

static int
compare_notes(const void *a, const void *b)
{
	const Note *x = a;
	const Note *y = b;

	if (x->word != y->word)
		return x->word < y->word ? -1 : 1;
	return x->customer < y->customer ? -1 : x->customer > y->customer;
}

/* each customer of a word once, and only those in the sample */
static void
tidy(Ledger *ledger)
{
	uint32_t	kept = 0;

	qsort(ledger->notes, ledger->n, sizeof(Note), compare_notes);
	for (uint32_t i = 0; i < ledger->n; i++)
	{
		Note	   *note = &ledger->notes[i];

		if (!promo_id_in_sample(note->customer, ledger->bits[note->word]))
			continue;
		if (kept > 0 && compare_notes(&ledger->notes[kept - 1], note) == 0)
			ledger->notes[kept - 1].times += note->times;
		else
			ledger->notes[kept++] = *note;
	}
	ledger->n = kept;
}

static bool
take_note(Ledger *ledger, uint8_t word, uint64_t customer, uint32_t times)
{
	if (ledger->n == MAX_NOTES)
		tidy(ledger);
	if (ledger->n == MAX_NOTES)
		return false;
	ledger->notes[ledger->n++] = (Note) {customer, times, word};
	return true;
}

static bool
merge_ledgers(Ledger *into, const Ledger *from)
{
	if (from->kind != PROMO_CUSTOMER_NONE)
		into->kind = from->kind;
	for (int word = 0; word < WORDS; word++)
	{
		into->count[word] += from->count[word];
		for (int i = 0; i < 3; i++)
			into->money[word][i] += from->money[word][i];
		if (into->bits[word] < from->bits[word])
			into->bits[word] = from->bits[word];
	}
	for (uint32_t i = 0; i < from->n; i++)
	{
		if (!take_note(into, from->notes[i].word, from->notes[i].customer, from->notes[i].times))
			return false;
	}
	return true;
}

/* whether a set has just the customers of a word that were noted so often */
static void
check_set(const Ledger *ledger, int word, uint32_t times, const PromoKpiSet *set)
{
	uint64_t   *ids = promo_alloc(&test.arena, set->members * sizeof(uint64_t));
	uint32_t	n = 0;

	CLAIM(promo_ids_get(set->code, set->size, ids, set->members));
	for (uint32_t i = 0; i < ledger->n; i++)
	{
		if (ledger->notes[i].word != word || ledger->notes[i].times < times)
			continue;
		CLAIM(n < set->members && ids[n] == ledger->notes[i].customer);
		n++;
	}
	CLAIM(n == set->members);
}

/* the settled state, after it was found to hold what the ledger says */
static void *
check_state(int number)
{
	static PromoKpi kpi;
	Ledger	   *ledger = &ledgers[number];
	void	   *value;
	int			nevents = 0;

	CLAIM(promo_kpi_check_state(states[number], states[number]->size));
	value = promo_kpi_settled(&test.arena, states[number]);
	use_kpi(value);
	CLAIM(promo_kpi_open(&kpi, image_of(value).data, image_of(value).len) == PROMO_KPI_WHOLE);
	tidy(ledger);
	CLAIM(kpi.kind == (ledger->n > 0 ? ledger->kind : PROMO_CUSTOMER_NONE));
	for (int word = 0; word < WORDS; word++)
	{
		const PromoKpiEvent *event = promo_kpi_find(&kpi, nth_word(word));
		bool		is_order = word + 1 == PROMO_KPI_ORDER;

		CLAIM((event != NULL) == (ledger->count[word] > 0));
		if (event == NULL)
			continue;
		nevents++;
		CLAIM(event->count == ledger->count[word] && event->bits == ledger->bits[word]);
		CLAIM(event->amount == ledger->money[word][0] && event->discount == ledger->money[word][1] &&
			  event->cost == ledger->money[word][2]);
		check_set(ledger, word, 1, &event->once);
		if (is_order)
			check_set(ledger, word, 2, &event->twice);
		else
			CLAIM(event->twice.members == 0);
	}
	CLAIM(kpi.nevents == nevents);
	return value;
}

/* one row, or several that differ in their customers */
static bool
add_rows(int number, PromoReader *r, uint32_t n)
{
	Ledger	   *ledger = &ledgers[number];
	uint8_t		word = promo_get_u8(r) % WORDS;
	uint8_t		kind = promo_get_u8(r);
	uint64_t	step = n > 1 ? promo_get_u8(r) : 0;
	PromoKpiRow row = {.word = nth_word(word), .kind = kind & 1 ? PROMO_CUSTOMER_BIGINT :
		kind & 2 ? PROMO_CUSTOMER_NONE : PROMO_CUSTOMER_UUID};

	row.customer = kind & 4 ? (uint64_t) promo_get_i64(r) : promo_get_u8(r);
	row.amount = kind & 8 ? promo_get_i64(r) % PROMO_MONEY_MAX : 0;
	row.discount = kind & 16 ? promo_get_u8(r) * INT64_C(10000) : 0;
	row.cost = kind & 32 ? -(int64_t) promo_get_u32(r) : 0;
	for (uint32_t i = 0; i < n; i++, row.customer += step)
	{
		if (!is_read(promo_kpi_add(&test.arena, &states[number], &row, &err)))
			return false;
		ledger->count[word]++;
		ledger->money[word][0] += row.amount;
		ledger->money[word][1] += row.discount;
		ledger->money[word][2] += row.cost;
		if (row.kind == PROMO_CUSTOMER_NONE)
			continue;
		ledger->kind = row.kind;
		if (!take_note(ledger, word, row.customer, 1))
			return false;
	}
	return true;
}

/* a sample, as a state of many customers is merged */
static bool
add_sample(int number, PromoReader *r)
{
	static PromoKpi kpi;
	Ledger	   *ledger = &ledgers[number];
	uint8_t		word = promo_get_u8(r) % WORDS;
	uint8_t		wanted = promo_get_u8(r);
	uint64_t   *ids = promo_alloc(&test.arena, 256 * sizeof(uint64_t));
	PromoKpiInput event = {.word = nth_word(word), .bits = promo_get_u8(r) % 5, .once = ids};
	void	   *value;

	for (uint64_t id = promo_get_u8(r); event.nonce < wanted; id++)
	{
		if (promo_id_in_sample(id, event.bits))
			ids[event.nonce++] = id;
	}
	event.count = event.nonce + 1;
	value = promo_kpi_build(&test.arena, event.nonce > 0 ? PROMO_CUSTOMER_BIGINT : PROMO_CUSTOMER_NONE,
							&event, 1);
	use_kpi(value);
	CLAIM(promo_kpi_open(&kpi, image_of(value).data, image_of(value).len) == PROMO_KPI_WHOLE);
	if (!is_read(promo_kpi_add_settled(&test.arena, &states[number], &kpi, &err)))
		return false;
	if (event.nonce > 0)
		ledger->kind = PROMO_CUSTOMER_BIGINT;
	ledger->count[word] += event.count;
	if (ledger->bits[word] < event.bits)
		ledger->bits[word] = event.bits;
	for (uint32_t i = 0; i < event.nonce; i++)
	{
		if (!take_note(ledger, word, ids[i], 1))
			return false;
	}
	return true;
}

/* a settled state has nobody twice but in `order`: then the ledger has not either */
static void
settle_ledger(Ledger *ledger)
{
	tidy(ledger);
	for (uint32_t i = 0; i < ledger->n; i++)
	{
		Note	   *note = &ledger->notes[i];

		note->times = note->times > 1 && note->word + 1 == PROMO_KPI_ORDER ? 2 : 1;
	}
	if (ledger->n == 0)
		ledger->kind = PROMO_CUSTOMER_NONE;
}

/* one state into another: as it is, or settled */
static bool
merge_states(int number, int from, bool open)
{
	static PromoKpi kpi;
	void	   *value = check_state(from);

	if (from == number)
		return true;
	if (open)
	{
		if (!is_read(promo_kpi_add_open(&test.arena, &states[number], states[from], &err)))
			return false;
	}
	else
	{
		CLAIM(promo_kpi_open(&kpi, image_of(value).data, image_of(value).len) == PROMO_KPI_WHOLE);
		if (!is_read(promo_kpi_add_settled(&test.arena, &states[number], &kpi, &err)))
			return false;
		settle_ledger(&ledgers[from]);
		/* begun anew from what was settled, it goes on as before */
		states[from] = promo_kpi_begin(&test.arena);
		CLAIM(promo_kpi_add_settled(&test.arena, &states[from], &kpi, &err));
	}
	return merge_ledgers(&ledgers[number], &ledgers[from]);
}

static void
collect(PromoText bytes)
{
	PromoReader r = {bytes.data, bytes.len, 0, false};
	bool		going = true;

	for (int i = 0; i < STATES; i++)
	{
		memset(&ledgers[i], 0, offsetof(Ledger, notes));
		states[i] = promo_kpi_begin(&test.arena);
	}
	for (int steps = 0; going && !r.bad && r.at < r.len && steps < 200; steps++)
	{
		uint8_t		what = promo_get_u8(&r);
		int			number = what / 8 % STATES;

		switch (what % 8)
		{
			case 0:
				going = add_rows(number, &r, 1 + promo_get_u8(&r));
				break;
			case 1:
				going = add_sample(number, &r);
				break;
			case 2:
				going = merge_states(number, promo_get_u8(&r) % STATES, true);
				break;
			case 3:
				going = merge_states(number, promo_get_u8(&r) % STATES, false);
				break;
			default:
				going = add_rows(number, &r, 1);
				break;
		}
	}
	/* what went wrong has left a state that is no more used */
	for (int i = 0; going && i < STATES; i++)
		(void) check_state(i);
}

/* ---------------------------------------------------------------- funnels */

static void
use_funnel(const void *value)
{
	PromoBuffer json = new_buffer();
	PromoBuffer packed = new_buffer();
	PromoFunnel funnel;

	if (!is_read(value != NULL))
		return;
	CLAIM(promo_funnel_open(&funnel, image_of(value).data, image_of(value).len));
	for (uint32_t step = 2; step <= funnel.level; step++)
		CLAIM(promo_funnel_at(&funnel, step) >= promo_funnel_at(&funnel, step - 1));
	promo_funnel_to_json(&json, &funnel);
	CLAIM(is_value(promo_funnel_from_json(&test.arena, text_of(json), &err), value));
	promo_funnel_pack(&packed, &funnel);
	CLAIM(is_value(promo_funnel_unpack(&test.arena, packed.data, packed.len, &err), value));
}

/* what may lie on a broken disk */
static void
use_stored_funnel(PromoText image)
{
	PromoBuffer json = new_buffer();
	PromoBuffer packed = new_buffer();
	PromoFunnel funnel;

	if (!promo_funnel_open(&funnel, copy_of(image.data, image.len), image.len))
		return;
	promo_funnel_to_json(&json, &funnel);
	promo_funnel_pack(&packed, &funnel);
}

static bool
is_same_run(const PromoFunnelRun *a, const PromoFunnelRun *b)
{
	return a->level == b->level && memcmp(a->won, b->won, a->level * sizeof(int64_t)) == 0;
}

/* events in one call, thinned, and in several calls: the same */
static void
run_funnel(PromoText bytes)
{
	static PromoFunnelRun whole;
	static PromoFunnelRun thinned;
	static PromoFunnelRun split;
	PromoReader r = {bytes.data, bytes.len, 0, false};
	PromoFunnelMode mode = (PromoFunnelMode) (promo_get_u8(&r) % (PROMO_FUNNEL_REENTRY + 1));
	int64_t		within = 1 + promo_get_u8(&r);
	uint64_t   *events = promo_alloc(&test.arena, bytes.len * sizeof(uint64_t));
	uint32_t	n = 0;

	for (int64_t at = 0; !r.bad && r.at < r.len;)
	{
		uint8_t		step = promo_get_u8(&r);

		/* mostly few steps at few times */
		at = step & 64 ? (int64_t) (promo_get_u32(&r) % 100000) : at + step / 128;
		step = step & 32 ? step % 4 : step % (PROMO_MAX_STEPS + 1);
		if (step > 0 || promo_funnel_heeds_others(mode))
			events[n++] = promo_funnel_event(mode, at, step);
	}
	promo_funnel_sort(&test.arena, events, n);
	for (uint32_t i = 1; i < n; i++)
		CLAIM(events[i - 1] <= events[i]);
	promo_funnel_begin(&whole, mode, within);
	promo_funnel_take(&test.arena, &whole, events, n);
	promo_funnel_begin(&split, mode, within);
	for (uint32_t i = 0, end; i < n; i = end)
	{
		for (end = i + 1; end < n && promo_funnel_time(events[end]) == promo_funnel_time(events[i]);)
			end++;
		promo_funnel_take(&test.arena, &split, events + i, end - i);
	}
	CLAIM(is_same_run(&whole, &split));
	promo_funnel_begin(&thinned, mode, within);
	promo_funnel_take(&test.arena, &thinned, events, promo_funnel_thin(events, n));
	CLAIM(is_same_run(&whole, &thinned));
	CLAIM(whole.level <= PROMO_MAX_STEPS);
	CLAIM(whole.level == 0 || whole.won[whole.level - 1] - whole.won[0] <= within);
	for (uint32_t i = 1; i < whole.level; i++)
		CLAIM(whole.won[i] - whole.won[i - 1] >= (mode == PROMO_FUNNEL_INCREASE));
	use_funnel(promo_funnel_make(&test.arena, whole.level, whole.won));
}

/* ---------------------------------------------------------------- days, cohorts */

/* every row of a state, in all modes: nobody is kept who was not there */
static void
use_retention(const void *value)
{
	static const char *const modes[] = {"on", "on_or_after", "0, 1-7, 8-30"};
	PromoText	image;
	PromoBuffer json = new_buffer();
	PromoRetentionState *state = promo_retention_begin(&test.arena);
	PromoRetention retention;
	PromoCohort cohort;

	if (!is_read(value != NULL))
		return;
	image = image_of(value);
	promo_retention_to_json(&json, promo_retention_open(image.data, image.len));
	CLAIM(is_value(promo_retention_from_json(&test.arena, text_of(json), &err), value));
	CLAIM(is_value(promo_retention_unpack(&test.arena, image.data, image.len, &err), value));
	CLAIM(promo_retention_add_settled(&test.arena, &state,
									  promo_retention_open(image.data, image.len), &err));
	CLAIM(is_value(promo_retention_settled(&test.arena, state), value));
	for (int i = 0; i < 3; i++)
	{
		PromoMatrix matrix;

		retention = promo_retention_open(image.data, image.len);
		if (!is_read(promo_matrix_plan(&test.arena, &matrix, retention, promo_text(modes[i]),
									   PROMO_MATRIX_NO_DAY, &err)) || matrix.n > 10000)
			continue;
		for (int rows = 0; rows < 50 && promo_retention_next(&retention, &cohort); rows++)
		{
			int64_t    *kept = promo_alloc(&test.arena, (matrix.n + 1) * sizeof(int64_t));

			promo_matrix_kept(&test.arena, &matrix, &retention, kept);
			for (uint32_t cell = 0; cell < matrix.n; cell++)
				CLAIM(kept[cell] >= -1 && kept[cell] <= cohort.size);
		}
		CLAIM(!retention.bad);
	}
}

/* what may lie on a broken disk: is read to its end or found to be bad */
static void
read_stored_retention(PromoText image)
{
	PromoRetention retention = promo_retention_open(copy_of(image.data, image.len), image.len);
	PromoCohort cohort;
	PromoCohortReturn ret;

	while (promo_retention_next(&retention, &cohort))
		while (promo_retention_next_return(&retention, &ret))
			CLAIM(ret.from <= ret.n);
}

static void
use_days(const void *value)
{
	PromoBuffer text = new_buffer();
	PromoBuffer json = new_buffer();
	PromoBuffer packed = new_buffer();
	PromoDaysState *state = promo_days_begin(&test.arena);
	PromoRetentionState *cohorts = promo_retention_begin(&test.arena);
	PromoDays	days;

	if (!is_read(value != NULL))
		return;
	CLAIM(promo_days_read(&test.arena, &days, image_of(value).data, image_of(value).len));
	if (days.n > 10000)
		return;
	promo_days_print(&text, &days);
	CLAIM(is_value(promo_days_parse(&test.arena, text_of(text), &err), value));
	promo_days_to_json(&json, &days);
	CLAIM(is_value(promo_days_from_json(&test.arena, text_of(json), &err), value));
	promo_days_pack(&packed, &days);
	CLAIM(is_value(promo_days_unpack(&test.arena, packed.data, packed.len, &err), value));
	/* as they come, backwards, and a second time */
	for (uint32_t i = days.n; i > 0; i--)
		state = promo_days_add(&test.arena, state, promo_day_of_number(days.numbers[i - 1]));
	state = promo_days_add_settled(&test.arena, state, &days);
	CLAIM(is_value(promo_days_settled(&test.arena, state), value));
	for (uint32_t i = 0; i < days.n; i++)
		CLAIM(promo_days_until(&days, promo_day_of_number(days.numbers[i])) == i + 1);
	if (days.n == 0)
		return;
	if (is_read(promo_retention_add(&test.arena, &cohorts, &days, promo_day_of_number(days.numbers[0]), &err)))
		use_retention(promo_retention_settled(&test.arena, cohorts));
}

static void
use_stored_days(PromoText image)
{
	PromoDays	days;

	if (!promo_days_read(&test.arena, &days, copy_of(image.data, image.len), image.len))
		return;
	for (uint32_t i = 1; i < days.n; i++)
		CLAIM(days.numbers[i] > days.numbers[i - 1]);
	CLAIM(days.n == 0 || days.numbers[days.n - 1] < PROMO_DAY_NUMBERS);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	PromoText	text = {(const char *) data + 1, (uint32_t) len - 1};

	if (len == 0)
		return 0;
	arena_free(&test);
	memset(&err, 0, sizeof(err));
	switch (data[0])
	{
		case 'k':
			use_kpi(promo_kpi_from_json(&test.arena, text, &err));
			break;
		case 'K':
			use_kpi(promo_kpi_unpack(&test.arena, text.data, text.len, &err));
			break;
		case 's':
			use_stored(text);
			break;
		case 'c':
			collect(text);
			break;
		case 'i':
			use_ids(text);
			break;
		case 'I':
			if (text.len > 0)
				use_codes((PromoText) {text.data + 1, text.len - 1}, data[1]);
			break;
		case 'f':
			use_funnel(promo_funnel_from_json(&test.arena, text, &err));
			break;
		case 'F':
			use_funnel(promo_funnel_unpack(&test.arena, text.data, text.len, &err));
			break;
		case 'S':
			use_stored_funnel(text);
			break;
		case 'd':
			use_days(promo_days_parse(&test.arena, text, &err));
			break;
		case 'D':
			use_days(promo_days_from_json(&test.arena, text, &err));
			break;
		case 'b':
			use_days(promo_days_unpack(&test.arena, text.data, text.len, &err));
			break;
		case 'B':
			use_stored_days(text);
			break;
		case 'm':
			use_retention(promo_retention_from_json(&test.arena, text, &err));
			break;
		case 'M':
			use_retention(promo_retention_unpack(&test.arena, text.data, text.len, &err));
			break;
		case 'R':
			read_stored_retention(text);
			break;
		case 'r':
			run_funnel(text);
			break;
		default:
			break;
	}
	return 0;
}
