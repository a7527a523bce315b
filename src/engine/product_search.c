/*-------------------------------------------------------------------------
 *
 * product_search.c
 *	  the best way to share out products among rules of equal priority
 *
 * Products that no two rules want leave nothing to search.  The others fall
 * into components that share no rule, each searched for itself: priority by
 * priority, every contested product goes to one of its rivals (a rule, or all
 * rules that say `stack` together), and each rule is computed on what it got.
 * A branch is cut when not even the sum of what every rule could still save
 * reaches the best way found.  `search => 'cart'` searches everything at once,
 * may leave rules out, and judges by what the later stages make of it.
 *
 *-------------------------------------------------------------------------
 */
#include "pricing_run.h"

/* so many priorities are searched within each other; deeper ones are not */
#define MAX_DEPTH		200
/* with more lines bounds are not computed anew at each decision: that is quadratic */
#define MAX_REBOUND	256
/* rules of one priority of which every subset may be left out */
#define MAX_SUBSETS		16
/* lines beyond which a node counts for more than one */
#define LINES_PER_NODE	256

/* One priority within a component: a level of the search. */
typedef struct Level
{
	int			from;			/* candidates: positions in the search's list */
	int			to;
	PromoLineState *lines;		/* the state on entry */
	PromoGiven	given;

	int			nlive;			/* candidates that may give something */
	int		   *live;			/* their positions in the list */
	int		   *rival;			/* who they compete as: a position, for `stack` the first one's */
	int		   *rule;			/* 0, 1, ... by rule, for counting rules */
	bool	   *out;			/* left out, by rule */
	int64_t    *bound;			/* the most that each can still save */
	int		   *holds;			/* contested products that went to it; by rule */

	int			nproducts;		/* contested, dearest first */
	int		   *products;
	int		   *options;		/* of product i: rivals from option_start[i] on */
	int		   *option_start;
	int		   *turn;			/* the option that is being tried */
	int		   *kept_choice;	/* choices of outer levels about our products */
	int		   *members;		/* all products that some live candidate wants */
	int			nmembers;
	bool	   *idle;			/* of product i: nobody has taken it */
	int		   *given_to;		/* of product i: its rule while others are asked */
	bool		wasteful;		/* ways that leave a wanted product idle are tried too */
	bool		passed;			/* some way was tried to the end, or cut as hopeless */
	int64_t    *undo;			/* bounds before a decision: nlive for each product */
	size_t		undo_capacity;
} Level;

typedef struct Search
{
	PromoRun   *run;
	bool		whole_cart;
	int		   *list;			/* candidates, in the ruleset's order */
	int			nlist;
	int		   *lines;			/* the lines that they concern */
	int			nlines;
	promo_int128 *below;		/* most that candidates from this position on can save */
	promo_int128 later[PROMO_STAGE_POINTS + 1];	/* most that stages from this one on can save */
	Level	  **levels;			/* by position of the first candidate */
	int		   *choice;			/* by product: rival, or PROMO_UNDECIDED */
	int		   *wanted;			/* by product: scratch */

	bool		found;
	int64_t		best;			/* money saved by the best way */
	PromoLineState *best_lines;
	PromoGiven	best_given;
	PromoGiven	start;
	PromoAdjustment *best_adjustments;
	uint32_t	best_capacity;
	PromoOpening *best_openings;
	uint32_t	best_openings_capacity;
	int			best_rules;		/* how many rules it applies, counted from the start */

	PromoLineState *stage_lines[PROMO_STAGE_POINTS];	/* whole cart: on entry to a stage */
	uint32_t   *stage_rules[PROMO_STAGE_POINTS];
} Search;

static void descend(Search *s, int from, int depth);
static void later_stage(Search *s, PromoStage stage);

static int64_t
saved(const PromoRun *run)
{
	return run->given.discount - run->given.fee_left;
}

static const PromoRule *
rule_at(const Search *s, int position)
{
	return promo_ruleset_rule(s->run->rules, s->run->candidates[s->list[position]].rule);
}

static bool
is_stack(const Search *s, int position)
{
	return (rule_at(s, position)->clauses & PROMO_STACK) != 0;
}

static int32_t
priority_at(const Search *s, int position)
{
	return promo_ruleset_entry(s->run->rules, s->run->candidates[s->list[position]].rule)->priority;
}

/* the first position of a lower priority */
static int
class_end(const Search *s, int from)
{
	int			to = from;

	while (to < s->nlist && priority_at(s, to) == priority_at(s, from))
		to++;
	return to;
}

static void
save_lines(const Search *s, PromoLineState *to)
{
	for (int i = 0; i < s->nlines; i++)
		to[i] = s->run->scene.lines[s->lines[i]];
}

static void
restore_lines(const Search *s, const PromoLineState *from)
{
	for (int i = 0; i < s->nlines; i++)
		s->run->scene.lines[s->lines[i]] = from[i];
}

/* ----------------------------------------------------------------
 * Bounds
 * ----------------------------------------------------------------
 */

/* whether more lines can only mean a larger saving */
static bool
is_monotone(const PromoRun *run, const PromoRule *rule)
{
	const PromoTier *tiers = promo_rule_tiers(rule);
	bool		floors = run->scene.floors != NULL ||
		rule->clauses & (PROMO_HAS_FLOOR | PROMO_HAS_MARGIN);

	if (rule->clauses & PROMO_HAS_LIMIT || rule->choice == PROMO_CHOICE_CHEAPEST)
		return false;
	for (uint32_t i = 0; i < rule->tiers.n; i++)
	{
		bool		lower = tiers[i].action == PROMO_PRICE_EACH || tiers[i].action == PROMO_TOTAL ||
			tiers[i].action == PROMO_ADD;
		bool		in_place = tiers[i].action >= PROMO_TOTAL ||
			tiers[i].condition == PROMO_EVERY_UNITS || tiers[i].condition == PROMO_BUY_SET ||
			rule->clauses & PROMO_GRADUATED ||
			(rule->stage != PROMO_STAGE_PRODUCT && (tiers[i].action == PROMO_SAVE_EACH ||
													tiers[i].action == PROMO_PRICE_EACH));

		if (tiers[i].action >= PROMO_GET_FREE && tiers[i].action <= PROMO_GET_PRICE)
			return false;
		/* what stays where it arose may lie, or be rounded, to where there is no room */
		if (floors && in_place)
			return false;
		if (i > 0 && (tiers[i].action != tiers[i - 1].action ||
					  tiers[i].condition != tiers[i - 1].condition ||
					  tiers[i].skus.n > 0 || tiers[i].count < tiers[i - 1].count ||
					  (lower ? tiers[i].value > tiers[i - 1].value :
					   tiers[i].value < tiers[i - 1].value)))
			return false;
		if (i > 0 && tiers[i].condition >= PROMO_EVERY && tiers[i].condition != PROMO_BUY)
			return false;
	}
	return true;
}

/* the most that a candidate can save on products not decided against it */
static int64_t
bound_of(Search *s, int position, int rival)
{
	PromoRun   *run = s->run;
	const PromoCandidate *candidate = &run->candidates[s->list[position]];
	const PromoRule *rule = rule_at(s, position);
	PromoEffect effect;
	const PromoTier *tiers = promo_rule_tiers(rule);
	promo_int128 most = 0;
	int64_t		max = rule->clauses & PROMO_HAS_MAX ? rule->max : PROMO_MONEY_MAX;
	int			i = candidate->nlines;	/* rewards alone, if every tier names some */

	if (is_monotone(run, rule))
	{
		promo_candidate_effect(run, candidate, s->choice, rival, &effect);
		return effect.money;
	}
	for (uint32_t tier = 0; tier < rule->tiers.n; tier++)
		if (tiers[tier].skus.n == 0)
			i = 0;
	for (; i < candidate->nlines + candidate->nrewards; i++)
	{
		int			number = run->members[candidate->first + i];
		const PromoLineState *line = &run->scene.lines[number];
		int			choice = s->choice[line->product];

		if ((choice == PROMO_UNDECIDED || choice == rival) &&
			(line->owner == PROMO_NOBODY || line->owner == PROMO_STACKED))
		{
			int64_t		room = promo_room(&run->scene, rule, number);

			most += room > 0 ? room : 0;
		}
	}
	return most < max ? (int64_t) most : max;
}

/* ----------------------------------------------------------------
 * The best way so far
 * ----------------------------------------------------------------
 */

static int
count_rules(PromoRun *run, uint32_t from)
{
	int			n = 0;

	for (uint32_t i = from; i < run->given.nadjustments; i++)
	{
		bool		seen = false;

		for (uint32_t j = from; j < i && !seen; j++)
			seen = run->adjustments[j].rule == run->adjustments[i].rule;
		n += !seen;
	}
	return n;
}

static void
record(Search *s)
{
	PromoRun   *run = s->run;
	uint32_t	from = s->start.nadjustments;
	uint32_t	n = run->given.nadjustments - from;
	uint32_t	nopenings = run->given.nopenings - s->start.nopenings;

	if (s->found &&
		(saved(run) < s->best ||
		 (saved(run) == s->best &&
		  !promo_prefer(run, run->adjustments + from, n,
						s->best_adjustments, s->best_given.nadjustments - from))))
		return;
	if (n > s->best_capacity)
	{
		s->best_capacity = 2 * n;
		s->best_adjustments = promo_alloc(run->scene.arena, 2 * n * sizeof(PromoAdjustment));
	}
	if (n > 0)
		memcpy(s->best_adjustments, run->adjustments + from, n * sizeof(PromoAdjustment));
	if (nopenings > s->best_openings_capacity)
	{
		s->best_openings_capacity = 2 * nopenings;
		s->best_openings = promo_alloc(run->scene.arena, 2 * nopenings * sizeof(PromoOpening));
	}
	if (nopenings > 0)
		memcpy(s->best_openings, run->openings + s->start.nopenings,
			   nopenings * sizeof(PromoOpening));
	save_lines(s, s->best_lines);
	s->best_given = run->given;
	s->best = saved(run);
	s->best_rules = count_rules(run, from);
	s->found = true;
}

static void
restore_best(Search *s)
{
	PromoRun   *run = s->run;

	restore_lines(s, s->best_lines);
	run->given = s->best_given;
	if (run->given.nadjustments > s->start.nadjustments)
		memcpy(run->adjustments + s->start.nadjustments, s->best_adjustments,
			   (run->given.nadjustments - s->start.nadjustments) * sizeof(PromoAdjustment));
	if (run->given.nopenings > s->start.nopenings)
		memcpy(run->openings + s->start.nopenings, s->best_openings,
			   (run->given.nopenings - s->start.nopenings) * sizeof(PromoOpening));
}

/* counts a node; true if the search must come to its end */
static bool
is_exhausted(Search *s)
{
	PromoArena *arena = s->run->scene.arena;

	if (arena->poll != NULL)
		arena->poll(arena);
	/* a way of sharing out hundreds of lines is as much work as many of a few */
	s->run->nodes += 1 + s->nlines / LINES_PER_NODE;
	if (s->run->nodes <= s->run->rules->search_limit || !s->found)
		return false;
	s->run->optimal = false;
	return true;
}

static bool
out_of_nodes(const Search *s)
{
	return s->run->nodes >= s->run->rules->search_limit;
}

static bool
is_over(const Search *s)
{
	return s->found && out_of_nodes(s);
}

/* ----------------------------------------------------------------
 * One priority
 * ----------------------------------------------------------------
 */

static Level *
level_at(Search *s, int from, int to)
{
	PromoArena *arena = s->run->scene.arena;
	Level	   *level = s->levels[from];
	size_t		candidates = to - from;
	size_t		members = 0;

	if (level != NULL)
		return level;
	for (int i = from; i < to; i++)
		members += s->run->candidates[s->list[i]].nlines + s->run->candidates[s->list[i]].nrewards;
	level = promo_alloc0(arena, sizeof(Level));
	level->from = from;
	level->to = to;
	level->lines = promo_alloc(arena, s->nlines * sizeof(PromoLineState));
	level->live = promo_alloc(arena, candidates * sizeof(int));
	level->rival = promo_alloc(arena, candidates * sizeof(int));
	level->rule = promo_alloc(arena, candidates * sizeof(int));
	level->holds = promo_alloc(arena, candidates * sizeof(int));
	level->out = promo_alloc(arena, candidates * sizeof(bool));
	level->bound = promo_alloc(arena, candidates * sizeof(int64_t));
	level->products = promo_alloc(arena, (members + 1) * sizeof(int));
	level->options = promo_alloc(arena, (members + 1) * sizeof(int));
	level->option_start = promo_alloc(arena, (members + 2) * sizeof(int));
	level->turn = promo_alloc(arena, (members + 1) * sizeof(int));
	level->kept_choice = promo_alloc(arena, (members + 1) * sizeof(int));
	level->members = promo_alloc(arena, (members + 1) * sizeof(int));
	level->idle = promo_alloc(arena, (members + 1) * sizeof(bool));
	level->given_to = promo_alloc(arena, (members + 1) * sizeof(int));
	s->levels[from] = level;
	return level;
}

/* the line is still to be had */
static bool
is_free(const Search *s, int position, int line)
{
	int			owner = s->run->scene.lines[line].owner;

	return owner == PROMO_NOBODY || (owner == PROMO_STACKED && is_stack(s, position));
}

/* whether two rivals of one priority want the same product */
static bool
is_contested(Search *s, int from, int to)
{
	PromoRun   *run = s->run;
	int			stack = -1;

	if (to - from == 1)
		return false;
	for (int pass = 0; pass < 2; pass++)
		for (int i = from; i < to; i++)
		{
			const PromoCandidate *candidate = &run->candidates[s->list[i]];
			int			rival = i;

			if (is_stack(s, i))
				rival = stack = stack < 0 ? i : stack;
			for (int j = 0; j < candidate->nlines + candidate->nrewards; j++)
			{
				int			line = run->members[candidate->first + j];
				int		   *wanted = &s->wanted[run->scene.lines[line].product];

				if (!is_free(s, i, line))
					continue;
				if (pass == 0)
					*wanted = -1;
				else if (*wanted >= 0 && *wanted != rival)
					return true;
				else
					*wanted = rival;
			}
		}
	return false;
}

/* applies candidates in their order, each on what is left to it */
static void
apply_all(Search *s, int from, int to)
{
	PromoEffect effect;

	for (int i = from; i < to; i++)
	{
		promo_candidate_effect(s->run, &s->run->candidates[s->list[i]], NULL, 0, &effect);
		if (effect.money > 0)
			promo_apply(s->run, s->run->candidates[s->list[i]].rule, &effect);
	}
}

/* candidates that may give something, and what they want */
static void
find_live(Search *s, Level *level)
{
	PromoRun   *run = s->run;
	int			stack = -1;
	int			nrules = 0;
	PromoEffect effect;

	level->nlive = level->nmembers = 0;
	for (int pass = 0; pass < 2; pass++)
		for (int i = level->from; i < level->to; i++)
		{
			const PromoCandidate *candidate = &run->candidates[s->list[i]];

			for (int j = 0; j < candidate->nlines + candidate->nrewards; j++)
			{
				int			product = run->scene.lines[run->members[candidate->first + j]].product;

				if (pass == 0)
					s->wanted[product] = -1;
				else if (s->wanted[product] < 0)
				{
					s->wanted[product] = level->nmembers;
					level->kept_choice[level->nmembers] = s->choice[product];
					level->members[level->nmembers++] = product;
					s->choice[product] = PROMO_UNDECIDED;
				}
			}
		}
	for (int i = level->from; i < level->to; i++)
	{
		promo_candidate_effect(run, &run->candidates[s->list[i]], NULL, 0, &effect);
		/* what gives nothing on everything may still give something on a part */
		if (effect.money == 0 &&
			(effect.outcome == PROMO_NOT_REACHED || bound_of(s, i, i) == 0))
			continue;
		if (is_stack(s, i))
			stack = stack < 0 ? i : stack;
		if (level->nlive > 0 &&
			rule_at(s, level->live[level->nlive - 1]) != rule_at(s, i))
			nrules++;
		level->live[level->nlive] = i;
		level->rival[level->nlive] = is_stack(s, i) ? stack : i;
		level->rule[level->nlive] = nrules;
		level->nlive++;
	}
}

static int64_t
worth_of(const Search *s, int product)
{
	const PromoLineState *lines = s->run->scene.lines;
	int64_t		left = 0;

	for (int line = product; line >= 0; line = lines[line].next)
		left += lines[line].left;
	return left;
}

/* `save N%`, `save N each`, `price N each` without condition: every product for itself */
static bool
is_separable(const PromoRule *rule)
{
	const PromoTier *tier = promo_rule_tiers(rule);

	return rule->tiers.n == 1 && tier->condition == PROMO_ALWAYS &&
		(tier->action == PROMO_SAVE_PERCENT || tier->action == PROMO_SAVE_EACH ||
		 tier->action == PROMO_PRICE_EACH) &&
		!(rule->clauses & (PROMO_HAS_MAX | PROMO_HAS_LIMIT | PROMO_STACK));
}

/*
 * A product all of whose rivals treat every product for itself goes to the one
 * that saves most on it, if that is a single one.
 */
static bool
decide_at_once(Search *s, int product, const int *options, int n)
{
	PromoRun   *run = s->run;
	int64_t		most = -1;
	bool		single = false;
	int			winner = PROMO_UNDECIDED;

	if (s->whole_cart)
		return false;
	for (int i = 0; i < n; i++)
	{
		const PromoCandidate *candidate = &run->candidates[s->list[options[i]]];
		PromoEffect effect;
		int			count = 0;

		if (!is_separable(rule_at(s, options[i])))
			return false;
		for (int j = 0; j < candidate->nlines; j++)
			if (run->scene.lines[run->members[candidate->first + j]].product == product)
				run->lines[count++] = run->members[candidate->first + j];
		promo_rule_effect(&run->scene, rule_at(s, options[i]), run->lines, count, NULL, 0, &effect);
		if (effect.money > most)
		{
			most = effect.money;
			winner = options[i];
			single = true;
		}
		else if (effect.money == most)
			single = false;
	}
	if (!single)
		return false;
	s->choice[product] = winner;
	return true;
}

/* rivals that want the product, into options[]; returns how many */
static int
find_options(const Search *s, const Level *level, int product, int *options)
{
	const PromoRun *run = s->run;
	int			n = 0;

	for (int k = 0; k < level->nlive; k++)
	{
		const PromoCandidate *candidate = &run->candidates[s->list[level->live[k]]];
		bool		wants = false;

		if (level->out[level->rule[k]])
			continue;
		for (int j = 0; j < n && !wants; j++)
			wants = options[j] == level->rival[k];
		if (wants)
			continue;			/* rules that stack are one rival */
		for (int j = 0; j < candidate->nlines + candidate->nrewards && !wants; j++)
		{
			int			line = run->members[candidate->first + j];

			wants = run->scene.lines[line].product == product && is_free(s, level->live[k], line);
		}
		if (wants)
			options[n++] = level->rival[k];
	}
	return n;
}

/* contested products with their rivals, dearest product first */
static void
find_products(Search *s, Level *level)
{
	int			noptions = 0;

	level->nproducts = 0;
	for (int i = 0; i < level->nmembers; i++)
	{
		int			product = level->members[i];
		int			n = find_options(s, level, product, level->options);
		int			j;

		s->choice[product] = PROMO_UNDECIDED;
		if (n < 2 || decide_at_once(s, product, level->options, n))
			continue;
		for (j = level->nproducts++;
			 j > 0 && worth_of(s, level->products[j - 1]) < worth_of(s, product); j--)
			level->products[j] = level->products[j - 1];
		level->products[j] = product;
	}
	for (int i = 0; i < level->nproducts; i++)
	{
		level->option_start[i] = noptions;
		noptions += find_options(s, level, level->products[i], level->options + noptions);
	}
	level->option_start[level->nproducts] = noptions;
}

/* the ways that cannot be better are cut off */
static bool
is_hopeless(const Search *s, const Level *level, promo_int128 most)
{
	int			rules = 0;

	most += saved(s->run) + s->below[level->to] +
		(s->whole_cart ? s->later[PROMO_STAGE_ORDER] : 0);
	if (!s->found || most > s->best)
		return false;
	if (most < s->best)
		return true;
	/* at equal totals fewer rules win */
	for (int k = 0; k < level->nlive; k++)
		if ((k == 0 || level->rule[k] != level->rule[k - 1]) && level->holds[level->rule[k]] > 0)
			rules++;
	return rules > s->best_rules;
}

/* computes and applies what the candidates (of one rival, or all: -1) give on what they got */
static void
apply_sharing(Search *s, const Level *level, int rival)
{
	PromoRun   *run = s->run;
	PromoEffect effect;

	for (int k = 0; k < level->nlive; k++)
	{
		const PromoCandidate *candidate = &run->candidates[s->list[level->live[k]]];

		if (level->out[level->rule[k]] || (rival >= 0 && level->rival[k] != rival))
			continue;
		promo_candidate_effect(run, candidate, s->choice, level->rival[k], &effect);
		if (effect.money > 0)
			promo_apply(run, candidate->rule, &effect);
	}
}

static void
restore_level(Search *s, const Level *level)
{
	restore_lines(s, level->lines);
	s->run->given = level->given;
}

/* whether the rival would take one of the idle products from .. to - 1 that it wants */
static bool
takes_idle(Search *s, Level *level, int rival, int from, int to)
{
	bool		more = false;
	bool		takes = false;

	for (int i = from; i < to; i++)
	{
		int		   *choice = &s->choice[level->products[i]];

		level->given_to[i] = *choice;
		for (int j = level->option_start[i]; j < level->option_start[i + 1]; j++)
			if (level->idle[i] && level->options[j] == rival && *choice != rival)
			{
				*choice = rival;
				more = true;
			}
	}
	if (more)
	{
		s->run->nodes++;
		apply_sharing(s, level, rival);
	}
	for (int i = from; i < to; i++)
	{
		takes |= level->idle[i] && s->run->scene.lines[level->products[i]].owner != PROMO_NOBODY;
		s->choice[level->products[i]] = level->given_to[i];
	}
	if (more)
		restore_level(s, level);
	return takes;
}

/*
 * Whether the sharing is no way at all: it leaves idle what a rival would take
 * if it got that too.  Every rival is asked about all idle products together,
 * then about each.
 */
static bool
is_wasteful(Search *s, Level *level)
{
	bool		any = false;

	for (int i = 0; i < level->nproducts; i++)
	{
		level->idle[i] = s->run->scene.lines[level->products[i]].owner == PROMO_NOBODY;
		any |= level->idle[i];
	}
	restore_level(s, level);
	for (int k = 0; k < level->nlive && any; k++)
	{
		/* rules that stack are asked as one */
		if (level->live[k] != level->rival[k])
			continue;
		if (takes_idle(s, level, level->rival[k], 0, level->nproducts))
			return true;
		for (int i = 0; i < level->nproducts && !out_of_nodes(s); i++)
			if (level->idle[i] && takes_idle(s, level, level->rival[k], i, i + 1))
				return true;
	}
	return false;
}

/* every product has its rule: computes them, and goes on with the next priority */
static void
try_sharing(Search *s, Level *level, int depth)
{
	apply_sharing(s, level, -1);
	if (level->nproducts > 0 && !level->wasteful)
	{
		if (is_wasteful(s, level))
			return;
		apply_sharing(s, level, -1);
	}
	level->passed = true;
	descend(s, level->to, depth + 1);
	restore_level(s, level);
}

/* one after the other, all ways to share out the contested products */
static void
try_sharings(Search *s, Level *level, int depth)
{
	int			i = 0;
	bool		wasted = false; /* nothing but wasteful ways so far */
	promo_int128 most = 0;

	if ((size_t) level->nproducts * level->nlive > level->undo_capacity)
	{
		level->undo_capacity = (size_t) level->nproducts * level->nlive;
		level->undo = promo_alloc(s->run->scene.arena, level->undo_capacity * sizeof(int64_t));
	}
	for (int k = 0; k < level->nlive; k++)
	{
		level->holds[level->rule[k]] = 0;
		level->bound[k] = level->out[level->rule[k]] ? 0 :
			bound_of(s, level->live[k], level->rival[k]);
		most += level->bound[k];
	}
	level->passed = is_hopeless(s, level, most);
	if (level->passed)
		return;
	if (level->nproducts == 0)
	{
		if (!is_exhausted(s))
			try_sharing(s, level, depth);
		return;
	}

	level->turn[0] = -1;
	while (i >= 0)
	{
		int			product = level->products[i];
		int			noptions = level->option_start[i + 1] - level->option_start[i];
		int64_t    *undo = level->undo + (size_t) i * level->nlive;
		int			chosen;

		/* take the last decision back */
		if (level->turn[i] >= 0)
		{
			chosen = level->options[level->option_start[i] + level->turn[i]];
			memcpy(level->bound, undo, level->nlive * sizeof(int64_t));
			for (int k = 0; k < level->nlive; k++)
				if (level->rival[k] == chosen)
				{
					level->holds[level->rule[k]]--;
					break;
				}
			s->choice[product] = PROMO_UNDECIDED;
		}
		if (++level->turn[i] >= noptions || is_over(s) || (wasted && out_of_nodes(s)))
		{
			if (level->turn[i] < noptions)
				s->run->optimal = false;
			level->turn[i] = -1;
			i--;
			continue;
		}

		if (s->run->arena->poll != NULL)
			s->run->arena->poll(s->run->arena);

		/* decide, and see what the losers can still save */
		chosen = level->options[level->option_start[i] + level->turn[i]];
		s->choice[product] = chosen;
		memcpy(undo, level->bound, level->nlive * sizeof(int64_t));
		most = 0;
		for (int k = 0; k < level->nlive; k++)
		{
			if (!level->out[level->rule[k]] && level->rival[k] != chosen && s->nlines <= MAX_REBOUND)
			{
				const PromoCandidate *candidate = &s->run->candidates[s->list[level->live[k]]];
				bool		concerned = false;

				for (int j = 0; j < candidate->nlines + candidate->nrewards && !concerned; j++)
					concerned = s->run->scene.lines[s->run->members[candidate->first + j]].product ==
						product;
				if (concerned)
					level->bound[k] = bound_of(s, level->live[k], level->rival[k]);
			}
			most += level->bound[k];
		}
		for (int k = 0; k < level->nlive; k++)
			if (level->rival[k] == chosen)
			{
				level->holds[level->rule[k]]++;
				break;
			}
		if (is_hopeless(s, level, most))
		{
			level->passed = true;
			continue;
		}
		if (i + 1 < level->nproducts)
		{
			level->turn[++i] = -1;
			continue;
		}
		if (is_exhausted(s))
			continue;
		try_sharing(s, level, depth);
		wasted = !level->passed;
	}
}

/*
 * Ways that leave a wanted product idle are none, unless there is no other.
 */
static void
share_out(Search *s, Level *level, int depth)
{
	find_products(s, level);
	level->wasteful = false;
	try_sharings(s, level, depth);
	if (level->passed)
		return;
	level->wasteful = true;
	try_sharings(s, level, depth);
}

/* one priority: with `search => 'cart'` for every set of rules left out */
static void
search_level(Search *s, Level *level, int depth)
{
	PromoRun   *run = s->run;
	int			nrules;
	uint32_t	subsets = 1;

	save_lines(s, level->lines);
	level->given = run->given;
	find_live(s, level);
	nrules = level->nlive > 0 ? level->rule[level->nlive - 1] + 1 : 0;
	memset(level->out, 0, (level->to - level->from) * sizeof(bool));
	if (s->whole_cart)
	{
		if (nrules > MAX_SUBSETS)
			run->optimal = false;
		subsets = nrules > MAX_SUBSETS ? nrules + 2 : UINT32_C(1) << nrules;
	}
	for (uint32_t subset = 0; subset < subsets && !(subset > 0 && is_over(s)); subset++)
	{
		for (int i = 0; i < nrules; i++)
			level->out[i] = nrules <= MAX_SUBSETS ? subset >> i & 1 :
				subset == (uint32_t) i + 1 || subset == (uint32_t) nrules + 1;
		if (nrules == 0)
			descend(s, level->to, depth + 1);
		else
			share_out(s, level, depth);
		restore_lines(s, level->lines);
		run->given = level->given;
	}
	if (is_over(s) && subsets > 1)
		run->optimal = false;
	for (int i = 0; i < level->nmembers; i++)
		s->choice[level->members[i]] = level->kept_choice[i];
}

/* goes through the priorities from position `from` on */
static void
descend(Search *s, int from, int depth)
{
	while (from < s->nlist)
	{
		int			to = class_end(s, from);

		if ((s->whole_cart || is_contested(s, from, to)) && depth < MAX_DEPTH)
		{
			search_level(s, level_at(s, from, to), depth);
			return;
		}
		if (depth >= MAX_DEPTH)
			s->run->optimal = false;
		apply_all(s, from, to);
		from = to;
	}
	if (s->whole_cart)
		later_stage(s, PROMO_STAGE_ORDER);
	else
		record(s);
}

/* ----------------------------------------------------------------
 * The whole cart
 * ----------------------------------------------------------------
 */

static int64_t
later_effect(Search *s, PromoStage stage, uint32_t rule, bool apply)
{
	return stage == PROMO_STAGE_SHIPPING ? promo_shipping_effect(s->run, rule, apply) :
		promo_later_effect(s->run, rule, apply);
}

/* every choice of a later stage: one rule, a set of those that say `stack`, or none */
static void
later_stage(Search *s, PromoStage stage)
{
	PromoRun   *run = s->run;
	PromoGiven	given = run->given;
	uint32_t   *rules = s->stage_rules[stage < PROMO_STAGE_POINTS ? stage : 0];
	PromoLineState *lines;
	int			n = 0;
	int			nstack = 0;
	uint32_t	subsets;

	if (stage > PROMO_STAGE_SHIPPING)
	{
		record(s);
		return;
	}
	if (s->found && saved(run) + s->later[stage] < s->best)
		return;
	lines = s->stage_lines[stage];
	save_lines(s, lines);
	/* those that stack first */
	for (uint32_t i = promo_next_later(run, 0, stage); i < run->nlater[stage];
		 i = promo_next_later(run, i + 1, stage))
		rules[n++] = run->later[stage][i];
	for (int i = 0; i < n; i++)
		if (promo_ruleset_entry(run->rules, rules[i])->clauses & PROMO_STACK)
		{
			uint32_t	rule = rules[i];

			memmove(rules + nstack + 1, rules + nstack, (i - nstack) * sizeof(uint32_t));
			rules[nstack++] = rule;
		}
	for (int i = nstack; i < n && !is_over(s); i++)
	{
		if (later_effect(s, stage, rules[i], true) > 0 && !is_exhausted(s))
			later_stage(s, stage + 1);
		restore_lines(s, lines);
		run->given = given;
	}
	if (nstack > MAX_SUBSETS)
		run->optimal = false;
	subsets = nstack > MAX_SUBSETS ? (uint32_t) nstack + 2 : UINT32_C(1) << nstack;
	for (uint32_t subset = 0; subset < subsets && !(is_over(s) && s->found); subset++)
	{
		for (int i = 0; i < nstack; i++)
		{
			bool		out = nstack <= MAX_SUBSETS ? subset >> i & 1 :
				subset == (uint32_t) i + 1 || subset == (uint32_t) nstack + 1;

			if (!out)
				(void) later_effect(s, stage, rules[i], true);
		}
		if (!is_exhausted(s))
			later_stage(s, stage + 1);
		restore_lines(s, lines);
		run->given = given;
	}
	if (is_over(s))
		run->optimal = false;
}

/* the most that the stages behind the product stage can take off fresh lines */
static void
bound_later(Search *s)
{
	PromoRun   *run = s->run;
	int64_t		left = 0;

	for (int i = 0; i < run->scene.n; i++)
		left += run->scene.lines[i].left;
	s->later[PROMO_STAGE_POINTS] = 0;
	for (int stage = PROMO_STAGE_SHIPPING; stage >= PROMO_STAGE_ORDER; stage--)
	{
		int64_t		single = 0;
		promo_int128 stacked = 0;
		int64_t		whole = stage == PROMO_STAGE_SHIPPING ? run->given.fee_left : left;

		for (uint32_t i = 0; i < run->nlater[stage]; i++)
		{
			const PromoRulesetEntry *entry = promo_ruleset_entry(run->rules, run->later[stage][i]);
			const PromoRule *rule = promo_ruleset_rule(run->rules, run->later[stage][i]);
			int64_t		most = whole;

			if (run->left_out != NULL && run->left_out[run->later[stage][i]])
				continue;
			/* what was discounted before is not known here */
			if (is_monotone(run, rule) && !rule->scope.except_discounted &&
				stage != PROMO_STAGE_SHIPPING)
				most = promo_later_effect(run, run->later[stage][i], false);
			if (!(entry->clauses & PROMO_STACK))
				single = most > single ? most : single;
			else
				stacked += most;
		}
		stacked = stacked < whole ? stacked : whole;
		s->later[stage] = s->later[stage + 1] + (single > stacked ? single : stacked);
	}
}

/* ----------------------------------------------------------------
 * Components
 * ----------------------------------------------------------------
 */

static void
begin_search(Search *s, PromoRun *run, bool whole_cart)
{
	PromoArena *arena = run->scene.arena;
	int			n = run->scene.n;

	memset(s, 0, sizeof(*s));
	s->run = run;
	s->whole_cart = whole_cart;
	s->list = promo_alloc(arena, (run->ncandidates + 1) * sizeof(int));
	s->lines = promo_alloc(arena, (n + 1) * sizeof(int));
	s->below = promo_alloc(arena, (run->ncandidates + 1) * sizeof(promo_int128));
	s->levels = promo_alloc(arena, (run->ncandidates + 1) * sizeof(Level *));
	s->choice = promo_alloc(arena, (n + 1) * sizeof(int));
	s->wanted = promo_alloc(arena, (n + 1) * sizeof(int));
	s->best_lines = promo_alloc(arena, (n + 1) * sizeof(PromoLineState));
	for (int i = 0; i < n; i++)
		s->choice[i] = PROMO_UNDECIDED;
}

/* searches the candidates in s->list and applies the best way */
static void
search_list(Search *s)
{
	memset(s->levels, 0, (s->nlist + 1) * sizeof(Level *));
	s->below[s->nlist] = 0;
	for (int i = s->nlist - 1; i >= 0; i--)
		s->below[i] = s->below[i + 1] + bound_of(s, i, i);
	s->found = false;
	s->start = s->run->given;
	descend(s, 0, 0);
	restore_best(s);
}

static int
root_of(int *parents, int i)
{
	while (parents[i] != i)
		i = parents[i] = parents[parents[i]];
	return i;
}

void
promo_search_products(PromoRun *run)
{
	PromoArena *arena = run->scene.arena;
	int			n = run->scene.n;
	int		   *parents = promo_alloc(arena, n * sizeof(int));
	int		   *next_candidate = promo_alloc(arena, (run->ncandidates + 1) * sizeof(int));
	int		   *first_candidate = promo_alloc(arena, n * sizeof(int));
	int		   *last_candidate = promo_alloc(arena, n * sizeof(int));
	int		   *next_line = promo_alloc(arena, n * sizeof(int));
	int		   *first_line = promo_alloc(arena, n * sizeof(int));
	Search		s;

	begin_search(&s, run, false);
	for (int i = 0; i < n; i++)
	{
		parents[i] = run->scene.lines[i].product;
		first_candidate[i] = first_line[i] = -1;
	}
	for (int i = 0; i < run->ncandidates; i++)
	{
		const PromoCandidate *candidate = &run->candidates[i];
		const int  *members = run->members + candidate->first;

		if (run->left_out != NULL && run->left_out[candidate->rule])
			continue;
		for (int j = 1; j < candidate->nlines + candidate->nrewards; j++)
			parents[root_of(parents, members[j])] = root_of(parents, members[0]);
	}
	for (int i = 0; i < run->ncandidates; i++)
	{
		int			root = root_of(parents, run->members[run->candidates[i].first]);

		if (run->left_out != NULL && run->left_out[run->candidates[i].rule])
			continue;
		next_candidate[i] = -1;
		if (first_candidate[root] < 0)
			first_candidate[root] = i;
		else
			next_candidate[last_candidate[root]] = i;
		last_candidate[root] = i;
	}
	for (int i = n - 1; i >= 0; i--)
	{
		int			root = root_of(parents, i);

		next_line[i] = first_line[root];
		first_line[root] = i;
	}
	for (int root = 0; root < n; root++)
	{
		if (first_candidate[root] < 0)
			continue;
		s.nlist = s.nlines = 0;
		for (int i = first_candidate[root]; i >= 0; i = next_candidate[i])
			s.list[s.nlist++] = i;
		for (int i = first_line[root]; i >= 0; i = next_line[i])
			s.lines[s.nlines++] = i;
		search_list(&s);
	}
}

void
promo_search_cart(PromoRun *run)
{
	PromoArena *arena = run->scene.arena;
	int			n = run->scene.n;
	Search		s;

	begin_search(&s, run, true);
	for (int i = 0; i < run->ncandidates; i++)
		if (run->left_out == NULL || !run->left_out[run->candidates[i].rule])
			s.list[s.nlist++] = i;
	for (int i = 0; i < n; i++)
		s.lines[s.nlines++] = i;
	for (int stage = PROMO_STAGE_ORDER; stage <= PROMO_STAGE_SHIPPING; stage++)
	{
		s.stage_lines[stage] = promo_alloc(arena, (n + 1) * sizeof(PromoLineState));
		s.stage_rules[stage] = promo_alloc(arena, (run->nlater[stage] + 1) * sizeof(uint32_t));
	}
	bound_later(&s);
	search_list(&s);
}
