/*
 * Funnels: known cases, all chains of generated events, folding, forms.
 */
#include <stdlib.h>

#include "../../src/engine/funnel_value.h"
#include "arena.h"
#include "test.h"

static TestArena test;
static PromoError err;

static const PromoFunnelMode modes[] = {
	PROMO_FUNNEL_DEFAULT, PROMO_FUNNEL_INCREASE, PROMO_FUNNEL_STOP, PROMO_FUNNEL_ORDER, PROMO_FUNNEL_REENTRY
};

#define NMODES	5

/* ----------------------------------------------------------------
 * known cases
 * ----------------------------------------------------------------
 */

/*
 * "A@0 B@5 X@6": A is step 1, and so on; X is of no step.  The result is the
 * level and the times, "2: 0 5".
 */
static const char *
run_words(const char *mode_word, const char *words, int64_t within)
{
	PromoFunnelMode mode;
	PromoFunnelRun run;
	PromoBuffer buf;
	uint64_t	events[40];
	uint32_t	n = 0;

	if (!promo_funnel_mode(promo_text(mode_word), &mode, &err))
		return err.message;
	for (const char *p = words; *p != '\0'; p += *p == ' ')
	{
		uint32_t	step = *p == 'X' ? 0 : (uint32_t) (*p - 'A') + 1;

		events[n++] = promo_funnel_event(mode, strtol(p + 2, (char **) &p, 10), step);
	}
	promo_funnel_sort(&test.arena, events, n);
	promo_funnel_begin(&run, mode, within);
	promo_funnel_take(&test.arena, &run, events, n);
	promo_buffer_init(&buf, &test.arena);
	promo_putf(&buf, "%u:", run.level);
	for (uint32_t i = 0; i < run.level; i++)
		promo_putf(&buf, " %d", (int) run.won[i]);
	return buf.data;
}

static void
check_known(void)
{
	/* the window is inclusive, and the latest start wins */
	CHECK_STR(run_words("default", "A@0 B@5 C@7", 7), "3: 0 5 7");
	CHECK_STR(run_words("default", "A@0 B@5 C@7", 6), "2: 0 5");
	CHECK_STR(run_words("default", "A@0 A@3 B@5 C@9", 6), "3: 3 5 9");
	CHECK_STR(run_words("default", "A@0 B@2 A@5 C@8", 7), "2: 0 2");
	CHECK_STR(run_words("default", "A@0 B@2 A@5 C@8", 8), "3: 0 2 8");
	CHECK_STR(run_words("default", "", 5), "0:");
	CHECK_STR(run_words("default", "X@1 B@2 C@3", 5), "0:");
	CHECK_STR(run_words("default", "B@1 C@2 A@3", 5), "1: 3");
	/* the first to complete; of those the latest start; of those the latest steps */
	CHECK_STR(run_words("default", "A@0 B@1 A@2 B@3", 9), "2: 0 1");
	CHECK_STR(run_words("default", "A@0 A@1 B@2 B@3 C@4 A@5 B@5 C@6", 9), "3: 1 3 4");
	CHECK_STR(run_words("default", "A@0 B@1 A@2 C@3", 9), "3: 0 1 3");
	CHECK_STR(run_words("default", "A@0 B@1 C@2 B@3 D@4", 9), "4: 0 1 2 4");
	CHECK_STR(run_words("default", "A@0 B@1 C@2 A@3 B@4 D@5", 9), "4: 0 1 2 5");

	/* equal times */
	CHECK_STR(run_words("default", "C@0 B@0 A@0", 9), "3: 0 0 0");
	CHECK_STR(run_words("strict_increase", "A@0 B@0 C@0", 9), "1: 0");
	CHECK_STR(run_words("strict_increase", "A@0 A@5 B@5", 9), "2: 0 5");
	/* the steps A, B, A, B, each event being of two of them */
	CHECK_STR(run_words("strict_increase", "A@0 C@0 B@1 D@1 A@2 C@2 B@3 D@3", 9), "4: 0 1 2 3");
	CHECK_STR(run_words("strict_increase", "A@0 A@1 B@1 B@2 C@2 C@3", 9), "3: 0 1 2");

	CHECK_STR(run_words("stop_on_repeat", "A@0 B@1 C@2 B@3 D@4", 9), "3: 0 1 2");
	CHECK_STR(run_words("stop_on_repeat", "A@0 B@1 A@2 B@3 C@4", 9), "2: 0 1");
	CHECK_STR(run_words("stop_on_repeat", "A@0 A@1 B@2 A@3 C@4", 9), "3: 1 2 4");
	CHECK_STR(run_words("stop_on_repeat", "B@0 A@1 B@2 C@3", 9), "3: 1 2 3");
	CHECK_STR(run_words("stop_on_repeat", "A@0 B@1 B@1 C@2", 9), "2: 0 1");
	CHECK_STR(run_words("stop_on_repeat", "A@0 B@8 A@9 B@10 C@11", 7), "3: 9 10 11");
	CHECK_STR(run_words("strict_deduplication", "A@0 B@1 C@2 A@3", 9), "3: 0 1 2");
	CHECK_STR(run_words("strict_deduplication", "A@0 B@1 C@2 A@3 B@4 D@5", 9), "3: 0 1 2");

	CHECK_STR(run_words("strict_order", "A@0 B@1 X@2 C@3", 9), "2: 0 1");
	CHECK_STR(run_words("strict_order", "A@0 B@1 D@2 C@3", 9), "2: 0 1");
	CHECK_STR(run_words("strict_order", "A@0 D@1 B@2 C@3", 9), "1: 0");
	CHECK_STR(run_words("strict_order", "A@0 A@1 B@2 B@3 C@4 C@5", 9), "3: 1 3 4");
	CHECK_STR(run_words("strict_order", "A@0 A@1 B@2 B@3 D@4 C@5 C@6", 9), "2: 1 2");
	CHECK_STR(run_words("strict_order", "B@0 B@1 C@2 C@3 A@4 A@5", 9), "1: 4");
	CHECK_STR(run_words("strict_order", "X@0 A@1 B@2", 9), "2: 1 2");
	/* what ended may begin again, and ends only what waits for it */
	CHECK_STR(run_words("strict_order", "A@0 X@1 A@2 B@3 C@4", 9), "3: 2 3 4");
	CHECK_STR(run_words("strict_order", "A@0 B@1 A@2 C@3 B@4 D@5", 9), "4: 0 1 3 5");
	CHECK_STR(run_words("strict_order", "X@5 B@5 A@5 C@5", 9), "3: 5 5 5");

	CHECK_STR(run_words("strict_allow_reentry", "A@0 B@1 D@2 C@3", 9), "3: 0 1 3");
	CHECK_STR(run_words("strict_allow_reentry", "A@0 A@1 C@2 B@3 C@4", 9), "3: 1 3 4");
	CHECK_STR(run_words("strict_allow_reentry", "A@0 B@1 X@2 C@3", 9), "2: 0 1");

	CHECK_STR(run_words("strict", "A@0", 9), "unknown mode \"strict\"");
	CHECK_STR(err.hint, "Modes are default, strict_increase, stop_on_repeat, strict_order and strict_allow_reentry.");
}

/* ----------------------------------------------------------------
 * generated events: every chain there is, against the run
 * ----------------------------------------------------------------
 */

typedef struct Event
{
	int64_t		at;
	uint32_t	step;
} Event;

/* a chain: places of its events in a sorted list */
typedef struct Chain
{
	uint32_t	n;
	uint32_t	place[PROMO_MAX_STEPS];
} Chain;

#define MAX_EVENTS	12

typedef struct Case
{
	PromoFunnelMode mode;
	int64_t		within;
	uint32_t	n;
	Event		events[MAX_EVENTS];	/* by time, then step */
	Chain		best;
} Case;

static uint32_t seed = 1;

static uint32_t
draw(uint32_t below)
{
	seed = seed * 1664525 + 1013904223;
	return (uint32_t) ((uint64_t) (seed >> 4) * below >> 28);
}

/* whether the event in this place may follow a chain: times, and what lies between */
static bool
may_follow(const Case *c, const Chain *chain, uint32_t place)
{
	uint32_t	last = chain->place[chain->n - 1];
	uint32_t	next = chain->n + 1;

	if (c->events[place].step != next || place <= last ||
		c->events[place].at - c->events[chain->place[0]].at > c->within ||
		(c->mode == PROMO_FUNNEL_INCREASE && c->events[place].at <= c->events[last].at))
		return false;
	for (uint32_t i = last + 1; i < place; i++)
	{
		if ((c->mode == PROMO_FUNNEL_ORDER && (c->events[i].step == 0 || c->events[i].step > next)) ||
			(c->mode == PROMO_FUNNEL_REENTRY && c->events[i].step == 0))
			return false;
	}
	return true;
}

/* the order of preference */
static bool
is_better(const Case *c, const Chain *a, const Chain *b)
{
#define AT(chain, i)	(c->events[(chain)->place[i]].at)
	if (a->n != b->n)
		return a->n > b->n;
	if (a->n > 0 && AT(a, a->n - 1) != AT(b, b->n - 1))
		return AT(a, a->n - 1) < AT(b, b->n - 1);
	for (uint32_t i = 0; i < a->n; i++)
	{
		if (AT(a, i) != AT(b, i))
			return AT(a, i) > AT(b, i);
	}
	return false;
}

/* every chain that begins with this one, of the first n events */
static void
try_chains(Case *c, uint32_t n, Chain *chain)
{
	if (is_better(c, chain, &c->best))
		c->best = *chain;
	for (uint32_t place = 0; place < n; place++)
	{
		if (chain->n == 0 ? c->events[place].step != 1 : !may_follow(c, chain, place))
			continue;
		chain->place[chain->n++] = place;
		try_chains(c, n, chain);
		chain->n--;
	}
}

static void
search(Case *c)
{
	Chain		chain = {0};
	uint32_t	n = c->n;

	/* the first event that repeats a step which some chain before it reached */
	for (uint32_t i = 0; c->mode == PROMO_FUNNEL_STOP && i < n; i++)
	{
		bool		seen = false;

		for (uint32_t j = 0; j < i; j++)
			seen |= c->events[j].step == c->events[i].step;
		c->best.n = 0;
		try_chains(c, i, &chain);
		if (seen && c->events[i].step > 1 && c->best.n >= c->events[i].step)
			n = i;
	}
	c->best.n = 0;
	try_chains(c, n, &chain);
}

static void
draw_case(Case *c)
{
	uint32_t	times = 1 + draw(10);
	uint32_t	steps = 1 + draw(5);

	c->mode = modes[draw(NMODES)];
	c->within = 1 + draw(times);
	c->n = draw(MAX_EVENTS + 1);
	for (uint32_t i = 0; i < c->n; i++)
	{
		Event		event = {draw(times), draw(steps + 1)};
		uint32_t	at = i;

		for (; at > 0 && (c->events[at - 1].at > event.at ||
						  (c->events[at - 1].at == event.at && c->events[at - 1].step > event.step)); at--)
			c->events[at] = c->events[at - 1];
		c->events[at] = event;
	}
}

static bool
agrees(const Case *c, const PromoFunnelRun *run)
{
	bool		same = run->level == c->best.n;

	for (uint32_t i = 0; same && i < run->level; i++)
		same = run->won[i] == c->events[c->best.place[i]].at;
	return same;
}

#define NCASES 60000

static void
check_generated(void)
{
	int			agreed[NMODES] = {0};
	int			cases[NMODES] = {0};
	int			levels[PROMO_MAX_STEPS + 1] = {0};

	for (int i = 0; i < NCASES; i++)
	{
		Case		c;
		PromoFunnelRun run;
		uint64_t	events[MAX_EVENTS];

		draw_case(&c);
		search(&c);
		/* in any order */
		for (uint32_t j = 0; j < c.n; j++)
		{
			uint32_t	other = draw(j + 1);

			events[j] = events[other];
			events[other] = promo_funnel_event(c.mode, c.events[j].at, c.events[j].step);
		}
		promo_funnel_sort(&test.arena, events, c.n);
		promo_funnel_begin(&run, c.mode, c.within);
		promo_funnel_take(&test.arena, &run, events, c.n);
		cases[c.mode]++;
		agreed[c.mode] += agrees(&c, &run);
		levels[run.level]++;
	}
	for (int mode = 0; mode < NMODES; mode++)
	{
		CHECK(cases[mode] > NCASES / NMODES / 2);
		CHECK_INT(agreed[mode], cases[mode]);
	}
	for (int level = 0; level <= 4; level++)
		CHECK(levels[level] > 100);
}

/* ----------------------------------------------------------------
 * many events: at once, shuffled, folded part by part
 * ----------------------------------------------------------------
 */

#define MANY	3000

static bool
same_result(const PromoFunnelRun *a, const PromoFunnelRun *b)
{
	return a->level == b->level && memcmp(a->won, b->won, a->level * sizeof(int64_t)) == 0;
}

static void
check_folded(void)
{
	static uint64_t events[MANY];
	static uint64_t shuffled[MANY];
	int			same_sorted = 0;
	int			same_folded = 0;
	int			fewer = 0;

	for (int i = 0; i < 200; i++)
	{
		PromoFunnelMode mode = modes[i % NMODES];
		uint32_t	n = 1 + draw(MANY);
		uint32_t	times = 1 + draw(i % 3 == 0 ? 100 : 100000);
		uint32_t	steps = 2 + draw(31);
		int64_t		within = 1 + draw(times);
		PromoFunnelRun whole;
		PromoFunnelRun parts;

		for (uint32_t j = 0; j < n; j++)
		{
			/* mostly of early steps, with few of none: chains get long */
			uint32_t	step = draw(50) == 0 ? 0 : 1 + draw(1 + draw(steps));
			uint32_t	other = draw(j + 1);

			shuffled[j] = shuffled[other];
			shuffled[other] = promo_funnel_event(mode, (int64_t) draw(times) - 50, step);
		}
		memcpy(events, shuffled, n * sizeof(uint64_t));
		promo_funnel_sort(&test.arena, events, n);
		for (uint32_t j = 1; j < n; j++)
		{
			if (events[j - 1] > events[j])
				abort();
		}
		promo_funnel_begin(&whole, mode, within);
		promo_funnel_take(&test.arena, &whole, events, n);
		promo_funnel_sort(&test.arena, shuffled, n);
		same_sorted += memcmp(events, shuffled, n * sizeof(uint64_t)) == 0;

		promo_funnel_begin(&parts, mode, within);
		for (uint32_t from = 0; from < n;)
		{
			uint32_t	to = from + 1 + draw(300);
			uint32_t	kept;

			to = to < n ? to : n;
			while (to < n && promo_funnel_time(events[to]) == promo_funnel_time(events[to - 1]))
				to++;
			kept = promo_funnel_thin(events + from, to - from);
			fewer += kept < to - from;
			promo_funnel_take(&test.arena, &parts, events + from, kept);
			from = to;
		}
		same_folded += same_result(&whole, &parts);
		arena_free(&test);
	}
	CHECK_INT(same_sorted, 200);
	CHECK_INT(same_folded, 200);
	CHECK(fewer > 100);
}

/* the calendar's ends, all the steps, the longest window */
static void
check_limits(void)
{
	PromoFunnelRun run;
	uint64_t	events[PROMO_MAX_STEPS];

	for (int mode = 0; mode < NMODES; mode++)
	{
		for (uint32_t i = 0; i < PROMO_MAX_STEPS; i++)
			events[i] = promo_funnel_event(modes[mode], i < 31 ? PROMO_INSTANT_FIRST + i : PROMO_INSTANT_END - 1, i + 1);
		promo_funnel_begin(&run, modes[mode], INT64_MAX);
		promo_funnel_take(&test.arena, &run, events, PROMO_MAX_STEPS);
		CHECK_INT(run.level, PROMO_MAX_STEPS);
		CHECK(run.won[0] == PROMO_INSTANT_FIRST && run.won[30] == PROMO_INSTANT_FIRST + 30 && run.won[31] == PROMO_INSTANT_END - 1);
		promo_funnel_begin(&run, modes[mode], PROMO_INSTANT_END - PROMO_INSTANT_FIRST - 2);
		promo_funnel_take(&test.arena, &run, events, PROMO_MAX_STEPS);
		CHECK_INT(run.level, PROMO_MAX_STEPS - 1);
	}
}

/* ----------------------------------------------------------------
 * values
 * ----------------------------------------------------------------
 */

static uint32_t
size_of(const void *made)
{
	uint32_t	size;

	memcpy(&size, made, sizeof(size));
	return size;
}

static PromoFunnel
opened(const void *made)
{
	PromoFunnel funnel;

	if (!promo_funnel_open(&funnel, (const char *) made + 4, size_of(made) - 4))
		abort();
	return funnel;
}

/* the canonical JSON of a JSON; the message if it is none */
static const char *
canonical(const char *json)
{
	void	   *made = promo_funnel_from_json(&test.arena, promo_text(json), &err);
	PromoFunnel funnel;
	PromoBuffer buf;

	if (made == NULL)
		return err.message;
	funnel = opened(made);
	promo_buffer_init(&buf, &test.arena);
	promo_funnel_to_json(&buf, &funnel);
	return buf.data;
}

static void
check_values(void)
{
	CHECK_STR(canonical("{\"level\":0,\"at\":[]}"), "{\"level\":0,\"at\":[]}");
	CHECK_STR(canonical(" { \"at\" : [ \"2026-01-05T10:00:00.5+08\", \"2026-01-05 02:00:00.5\" ], \"level\" : \"2\" } "),
			  "{\"level\":2,\"at\":[\"2026-01-05 02:00:00.5+00\",\"2026-01-05 02:00:00.5+00\"]}");
	CHECK_STR(canonical("{\"level\":2,\"at\":[\"0001-01-01\",\"9999-12-31 23:59:59.999999\"]}"),
			  "{\"level\":2,\"at\":[\"0001-01-01 00:00:00+00\",\"9999-12-31 23:59:59.999999+00\"]}");

	CHECK_STR(canonical(""), "invalid input syntax for type promo.funnel");
	CHECK_STR(canonical("[]"), "invalid input syntax for type promo.funnel");
	CHECK_STR(canonical("{}"), "level of the funnel is missing");
	CHECK_STR(canonical("{\"level\":0}"), "at of the funnel is missing");
	CHECK_STR(canonical("{\"at\":[],\"level\":null}"), "level of the funnel is missing");
	CHECK_STR(canonical("{\"level\":1,\"at\":[]}"), "level of the funnel is not the number of its times");
	CHECK_STR(err.detail, "Level 1 has 0 times.");
	CHECK_STR(canonical("{\"level\":-1,\"at\":[]}"), "level of the funnel is negative");
	CHECK_STR(canonical("{\"level\":0.5,\"at\":[]}"), "level of the funnel has more than 0 decimals: \"0.5\"");
	CHECK_STR(canonical("{\"level\":0,\"at\":[],\"at\":[]}"), "invalid input syntax for type promo.funnel");
	CHECK_STR(canonical("{\"level\":0,\"at\":[],\"mode\":1}"), "invalid input syntax for type promo.funnel");
	CHECK_STR(canonical("{\"level\":0,\"at\":[]}}"), "invalid input syntax for type promo.funnel");
	CHECK_STR(canonical("{\"level\":1,\"at\":[1]}"), "invalid input syntax for type promo.funnel");
	CHECK_STR(canonical("{\"level\":1,\"at\":[\"infinity\"]}"), "time of step 1 is out of range");
	CHECK_STR(canonical("{\"level\":2,\"at\":[\"2026-01-05\",\"2026-01-04\"]}"), "step 2 is before step 1");
	CHECK_STR(canonical("{\"level\":33,\"at\":[\"2026-01-05\",\"2026-01-05\",\"2026-01-05\",\"2026-01-05\",\"2026-01-05\","
						"\"2026-01-05\",\"2026-01-05\",\"2026-01-05\",\"2026-01-05\",\"2026-01-05\",\"2026-01-05\","
						"\"2026-01-05\",\"2026-01-05\",\"2026-01-05\",\"2026-01-05\",\"2026-01-05\",\"2026-01-05\","
						"\"2026-01-05\",\"2026-01-05\",\"2026-01-05\",\"2026-01-05\",\"2026-01-05\",\"2026-01-05\","
						"\"2026-01-05\",\"2026-01-05\",\"2026-01-05\",\"2026-01-05\",\"2026-01-05\",\"2026-01-05\","
						"\"2026-01-05\",\"2026-01-05\",\"2026-01-05\",\"2026-01-05\"]}"), "too many steps in a funnel");
	CHECK_STR(err.detail, "A funnel has at most 32 steps.");
}

static void
check_binary(void)
{
	const int64_t times[] = {PROMO_INSTANT_FIRST, 5, 5, PROMO_INSTANT_END - 1};
	int64_t		all[PROMO_MAX_STEPS] = {0};
	void	   *made = promo_funnel_make(&test.arena, 4, times);
	PromoFunnel funnel = opened(made);
	PromoFunnel other;
	PromoBuffer buf;
	void	   *again;
	int			refused = 0;

	CHECK_INT(size_of(made), 4 + 2 + 4 * 8);
	CHECK_INT(funnel.level, 4);
	CHECK_INT(promo_funnel_at(&funnel, 4), PROMO_INSTANT_END - 1);
	promo_buffer_init(&buf, &test.arena);
	promo_funnel_pack(&buf, &funnel);
	again = promo_funnel_unpack(&test.arena, buf.data, buf.len, &err);
	CHECK(again != NULL && size_of(again) == size_of(made) && memcmp(again, made, size_of(made)) == 0);
	for (size_t len = 0; len < buf.len; len++)
		refused += promo_funnel_unpack(&test.arena, buf.data, len, &err) == NULL && err.code == PROMO_BAD_BINARY;
	CHECK_INT(refused, buf.len);
	CHECK(promo_funnel_unpack(&test.arena, buf.data, buf.len + 1, &err) == NULL);

	buf.data[0]++;
	CHECK(promo_funnel_unpack(&test.arena, buf.data, buf.len, &err) == NULL);
	buf.data[0]--;
	buf.data[25]--;
	CHECK(promo_funnel_unpack(&test.arena, buf.data, buf.len, &err) == NULL);
	CHECK_STR(err.detail, "Step 3 is before step 2.");
	buf.data[25]++;
	buf.data[26]++;				/* the last time, far beyond the calendar */
	CHECK(promo_funnel_unpack(&test.arena, buf.data, buf.len, &err) == NULL);
	CHECK_STR(err.detail, "Time of step 4 is out of range.");
	CHECK(promo_funnel_unpack(&test.arena, "\x01\x21", 2, &err) == NULL);
	CHECK_STR(err.detail, "Too many steps in a funnel.");
	CHECK(promo_funnel_unpack(&test.arena, "\x01\x00", 2, &err) != NULL);

	/* stored bytes: an unknown version, a length that is none, too many steps */
	CHECK(!promo_funnel_open(&other, (char *) made + 4, size_of(made) - 5));
	CHECK(!promo_funnel_open(&other, (char *) made + 4, 1));
	((uint8_t *) made)[4]++;
	CHECK(!promo_funnel_open(&other, (char *) made + 4, size_of(made) - 4));
	made = promo_funnel_make(&test.arena, PROMO_MAX_STEPS, all);
	CHECK(promo_funnel_open(&other, (char *) made + 4, size_of(made) - 4));
	((uint8_t *) made)[5]++;
	CHECK(!promo_funnel_open(&other, (char *) made + 4, size_of(made) - 4));
}

int
main(void)
{
	arena_init(&test);
	check_known();
	check_generated();
	check_folded();
	check_limits();
	check_values();
	check_binary();
	arena_free(&test);
	return test_done();
}
