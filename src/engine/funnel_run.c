/*-------------------------------------------------------------------------
 *
 * funnel_run.c
 *	  how far one customer went through the steps of a funnel, and when
 *
 *-------------------------------------------------------------------------
 */
#include "funnel_run.h"

bool
promo_funnel_mode(PromoText word, PromoFunnelMode *mode, PromoError *err)
{
#define WORD(literal)	{literal, sizeof(literal) - 1}
	static const struct
	{
		PromoText	word;
		PromoFunnelMode mode;
	}			modes[] = {
		{WORD("default"), PROMO_FUNNEL_DEFAULT},
		{WORD("strict_increase"), PROMO_FUNNEL_INCREASE},
		{WORD("stop_on_repeat"), PROMO_FUNNEL_STOP},
		{WORD("strict_deduplication"), PROMO_FUNNEL_STOP},	/* ClickHouse's word for it */
		{WORD("strict_order"), PROMO_FUNNEL_ORDER},
		{WORD("strict_allow_reentry"), PROMO_FUNNEL_REENTRY}
	};
#undef WORD

	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++)
	{
		if (promo_text_equal(word, modes[i].word))
		{
			*mode = modes[i].mode;
			return true;
		}
	}
	promo_fail(err, PROMO_BAD_VALUE, "unknown mode \"%.*s\"", promo_shown(word), word.data);
	return promo_hint(err, "Modes are default, strict_increase, stop_on_repeat, strict_order and strict_allow_reentry.");
}

static bool
event_before(const void *context, uint32_t a, uint32_t b)
{
	const uint64_t *events = context;

	return events[a] < events[b];
}

/* most come in order; else insertion for the usual customer, merging for those with many */
void
promo_funnel_sort(PromoArena *arena, uint64_t *events, uint32_t n)
{
	uint32_t	i = 1;
	uint32_t   *order;
	uint64_t   *copy;

	while (i < n && events[i - 1] <= events[i])
		i++;
	if (i >= n)
		return;
	if (n <= 32)
	{
		for (; i < n; i++)
		{
			uint64_t	event = events[i];
			uint32_t	at = i;

			for (; at > 0 && events[at - 1] > event; at--)
				events[at] = events[at - 1];
			events[at] = event;
		}
		return;
	}
	order = promo_sorted(arena, n, event_before, events);
	copy = promo_alloc(arena, n * sizeof(uint64_t));
	memcpy(copy, events, n * sizeof(uint64_t));
	for (i = 0; i < n; i++)
		events[i] = copy[order[i]];
}

uint32_t
promo_funnel_thin(uint64_t *events, uint32_t n)
{
	uint32_t	kept = 0;

	for (uint32_t i = 0; i < n; i++)
	{
		if (kept < 2 || events[i] != events[kept - 2])
			events[kept++] = events[i];
	}
	return kept;
}

void
promo_funnel_begin(PromoFunnelRun *run, PromoFunnelMode mode, int64_t within)
{
	/* what is above the level, or not open, is never read */
	run->within = within;
	run->mode = mode;
	run->ended = false;
	run->level = 0;
	run->open = 1;
	run->from = 0;
}

static inline int64_t *
chain_of(PromoFunnelRun *run, uint32_t steps)
{
	return run->chains + steps * (steps - 1) / 2;
}

/* what an event closes by being there; `step` 0 is one of no step */
static inline void
close_chains(PromoFunnelRun *run, uint32_t step)
{
	switch (run->mode)
	{
		case PROMO_FUNNEL_STOP:
			run->ended = step > 1 && (run->open >> step & 1);
			break;
		case PROMO_FUNNEL_ORDER:
			/* only those that wait for this step, or for a later one, stay */
			if (step == 0)
				run->open = 1;
			else
				run->open &= ~UINT64_C(0) << (step - 1) | 1;
			break;
		case PROMO_FUNNEL_REENTRY:
			if (step == 0)
				run->open = 1;
			break;
		default:
			break;
	}
}

static inline void
take_event(PromoFunnelRun *run, int64_t at, uint32_t step)
{
	int64_t    *chain;

	close_chains(run, step);
	if (run->ended || step == 0 || !(run->open >> (step - 1) & 1))
		return;
	chain = chain_of(run, step);
	if (step > 1)
	{
		const int64_t *before = chain_of(run, step - 1);

		/* what is too early stays so: it is too early for all that comes later, too */
		if (at - before[0] > run->within)
			return;
		memcpy(chain, before, (step - 1) * sizeof(int64_t));
	}
	chain[step - 1] = at;
	run->open |= UINT64_C(1) << step;
	if (step > run->level)
	{
		run->level = step;
		memcpy(run->won, chain, step * sizeof(int64_t));
	}
}

void
promo_funnel_take(PromoArena *arena, PromoFunnelRun *run, const uint64_t *events, uint32_t n)
{
	for (uint32_t i = 0; i < n && !run->ended; i++)
	{
		uint64_t	time = promo_funnel_time(events[i]);
		uint32_t	place = (uint32_t) (events[i] - time * PROMO_FUNNEL_PLACES);

		if (i % 4096 == 4095 && arena->poll != NULL)
			arena->poll(arena);
		take_event(run, (int64_t) time + PROMO_INSTANT_FIRST,
				   run->mode == PROMO_FUNNEL_INCREASE ? PROMO_MAX_STEPS - place : place);
	}
	if (n > 0)
		run->from = promo_funnel_time(events[n - 1]) + 1;
}
