/*-------------------------------------------------------------------------
 *
 * price_cart.c
 *	  a cart under a ruleset, stage by stage
 *
 * doc/pricing.md, section 7.  The usual cart takes the short way: the rules
 * that name its products are found through the ruleset's index, sorted into
 * the ruleset's order (which is by priority, then name), and applied one after
 * another.  Only where rules of one priority want the same product, or the
 * whole cart decides, product_search.c has work to do.
 *
 *-------------------------------------------------------------------------
 */
#include "pricing_run.h"

/* A line that a rule concerns: rule, line and role, in the order of sorting. */
typedef uint64_t Pair;

#define PAIR_SCOPE		1		/* the line is in the rule's scope */
#define PAIR_REWARD		2		/* the rule may give the line's SKU */

#define MAKE_PAIR(rule, line, role) (((Pair) (rule) << 32) | ((Pair) (line) << 2) | (role))
#define PAIR_RULE(pair) ((uint32_t) ((pair) >> 32))
#define PAIR_LINE(pair) ((int) (((pair) & 0xffffffff) >> 2))

typedef struct Pairs
{
	Pair	   *data;
	size_t		n;
	size_t		capacity;
} Pairs;

/* ----------------------------------------------------------------
 * Which rules are looked at
 * ----------------------------------------------------------------
 */

static bool
has_text(const PromoText *texts, uint32_t n, PromoText text)
{
	for (uint32_t i = 0; i < n; i++)
		if (promo_text_equal(texts[i], text))
			return true;
	return false;
}

static bool
has_any(const PromoRule *rule, PromoSlice names, const PromoText *texts, uint32_t n)
{
	for (uint32_t i = 0; i < names.n && n > 0; i++)
		if (has_text(texts, n, promo_rule_name(rule, names, i)))
			return true;
	return false;
}

static bool
in_period(const PromoRulesetEntry *entry, int64_t at)
{
	if (entry->period & PROMO_PERIOD_EMPTY)
		return false;
	if (entry->lower != PROMO_INSTANT_MIN &&
		(entry->period & PROMO_LOWER_INCLUSIVE ? at < entry->lower : at <= entry->lower))
		return false;
	if (entry->upper != PROMO_INSTANT_MAX &&
		(entry->period & PROMO_UPPER_INCLUSIVE ? at > entry->upper : at >= entry->upper))
		return false;
	return true;
}

/* days and hours; an hour window over midnight belongs to the day it began on */
static bool
in_hours(const PromoRule *rule, const PromoRequest *request)
{
	const PromoHours *hours = PROMO_RULE_ARRAY(rule, PromoHours, rule->hours);
	int			today = rule->days == 0 || rule->days >> request->weekday & 1;
	int			yesterday = rule->days == 0 || rule->days >> ((request->weekday + 6) % 7) & 1;

	if (rule->hours.n == 0)
		return today;
	for (uint32_t i = 0; i < rule->hours.n; i++)
	{
		int			from = hours[i].from * 60;
		int			to = hours[i].to * 60;

		if (from < to)
		{
			if (today && request->second >= from && request->second < to)
				return true;
		}
		else if ((today && request->second >= from) || (yesterday && request->second < to))
			return true;
	}
	return false;
}

PromoStatus
promo_admission(const PromoRun *run, uint32_t number)
{
	const PromoRulesetEntry *entry = promo_ruleset_entry(run->rules, number);
	const PromoRequest *request = run->request;
	const PromoRule *rule;

	if (!in_period(entry, request->at))
		return PROMO_NOT_NOW;
	if (!(entry->clauses & (PROMO_HAS_DAYS | PROMO_HAS_HOURS | PROMO_HAS_FOR | PROMO_HAS_CODE)))
		return PROMO_APPLIED;
	rule = promo_ruleset_rule(run->rules, number);
	if (!in_hours(rule, request))
		return PROMO_NOT_NOW;
	for (uint32_t i = 0; i < rule->buyers.n; i++)
		if (!has_any(rule, PROMO_RULE_ARRAY(rule, PromoSlice, rule->buyers)[i],
					 request->buyer, request->nbuyer))
			return PROMO_NOT_FOR_BUYER;
	if (entry->clauses & PROMO_HAS_CODE &&
		!has_any(rule, rule->codes, request->codes, request->ncodes))
		return PROMO_NO_CODE;
	return PROMO_APPLIED;
}

static bool
is_without(const PromoRun *run, uint32_t number)
{
	return run->request->nwithout > 0 &&
		has_text(run->request->without, run->request->nwithout,
				 promo_ruleset_name(run->rules, number));
}

static bool
whens_hold(const PromoRun *run, uint32_t number)
{
	const PromoWhen *failed;
	int64_t		lacks;

	return !(promo_ruleset_entry(run->rules, number)->clauses & PROMO_HAS_WHEN) ||
		promo_whens_hold(&run->scene, promo_ruleset_rule(run->rules, number), &failed, &lacks);
}

/* only: the one rule to look at, an exclusive one; or -1: all others */
static inline bool
is_admitted(const PromoRun *run, uint32_t number, int64_t only)
{
	const PromoRulesetEntry *entry = promo_ruleset_entry(run->rules, number);
	bool		exclusive = (entry->clauses & PROMO_EXCLUSIVE) != 0;

	if (!(entry->traits & PROMO_CONDITIONAL) && only < 0 && run->request->nwithout == 0)
		return true;
	return (only >= 0 ? number == only : !exclusive) &&
		!is_without(run, number) && promo_admission(run, number) == PROMO_APPLIED;
}

/* ----------------------------------------------------------------
 * Candidates of the product stage
 * ----------------------------------------------------------------
 */

static void
add_pair(PromoRun *run, Pairs *pairs, Pair pair)
{
	if (pairs->n == pairs->capacity)
	{
		pairs->data = promo_realloc(run->scene.arena, pairs->data,
									pairs->n * sizeof(Pair), 2 * pairs->n * sizeof(Pair));
		pairs->capacity = 2 * pairs->n;
	}
	pairs->data[pairs->n++] = pair;
}

/*
 * Sorts pairs.  Of a few each one's place is counted, since the processor
 * cannot foresee how they compare; many take a heap, which has no worst case.
 */
static void
sort_pairs(Pair *pairs, size_t n)
{
	if (n <= 16)
	{
		Pair		unsorted[16];

		memcpy(unsorted, pairs, n * sizeof(Pair));
		for (size_t i = 0; i < n; i++)
		{
			size_t		place = 0;

			for (size_t j = 0; j < n; j++)
				place += (unsorted[j] < unsorted[i]) | ((unsorted[j] == unsorted[i]) & (j < i));
			pairs[place] = unsorted[i];
		}
		return;
	}
	for (size_t start = n / 2, end = n; end > 1;)
	{
		size_t		i;
		Pair		pair;

		if (start > 0)
			pair = pairs[i = --start];
		else
		{
			pair = pairs[--end];
			pairs[end] = pairs[0];
			i = 0;
		}
		for (;;)
		{
			size_t		child = 2 * i + 1;

			if (child >= end)
				break;
			if (child + 1 < end && pairs[child + 1] > pairs[child])
				child++;
			if (pairs[child] <= pair)
				break;
			pairs[i] = pairs[child];
			i = child;
		}
		pairs[i] = pair;
	}
}

/* what the rule has to do with a line that an index led to */
static int
roles(const PromoRun *run, uint32_t number, int line, bool found_by_tag)
{
	uint32_t	traits = promo_ruleset_entry(run->rules, number)->traits;
	const PromoRule *rule = promo_ruleset_rule(run->rules, number);
	const PromoTier *tiers = promo_rule_tiers(rule);
	int			role = 0;

	for (uint32_t i = 0; traits & PROMO_NAMES_REWARDS && i < rule->tiers.n; i++)
		if (promo_is_reward(&run->scene, rule, &tiers[i], line))
			role |= PAIR_REWARD;
	/* found through its SKU or tag, by a rule that names nothing else: it is in the scope */
	if (((found_by_tag || !(traits & PROMO_NAMES_REWARDS)) && !(traits & PROMO_HAS_EXCEPTS)) ||
		promo_in_scope(&run->scene, rule, &rule->scope, line))
		role |= PAIR_SCOPE;
	return role;
}

static void
add_found(PromoRun *run, Pairs *pairs, const uint32_t *numbers, uint32_t n, int line, bool by_tag)
{
	for (uint32_t i = 0; i < n; i++)
	{
		int			role = PAIR_SCOPE;

		if (promo_ruleset_entry(run->rules, numbers[i])->traits &
			(PROMO_NAMES_REWARDS | PROMO_HAS_EXCEPTS))
			role = roles(run, numbers[i], line, by_tag);
		if (role != 0)
			add_pair(run, pairs, MAKE_PAIR(numbers[i], line, role));
	}
}

/* room for n more members */
static int *
more_members(PromoRun *run, int n)
{
	if (run->nmembers + n > run->member_capacity)
	{
		int			capacity = 2 * run->member_capacity + n;

		run->members = promo_realloc(run->scene.arena, run->members,
									 run->nmembers * sizeof(int), capacity * sizeof(int));
		run->member_capacity = capacity;
	}
	return run->members + run->nmembers;
}

/* one candidate with these pairs' lines */
static void
add_candidate(PromoRun *run, uint32_t number, const Pair *pairs, int n)
{
	int		   *members = more_members(run, 2 * n);
	int			nlines = 0;
	int			nrewards = 0;

	for (int i = 0; i < n; i++)
		if (pairs[i] & PAIR_SCOPE)
			members[nlines++] = PAIR_LINE(pairs[i]);
	if (nlines == 0)
		return;
	if (promo_ruleset_entry(run->rules, number)->traits & PROMO_NAMES_REWARDS)
	{
		run->may_offer = true;
		for (int i = 0; i < n; i++)
			if (pairs[i] & PAIR_REWARD)
				members[nlines + nrewards++] = PAIR_LINE(pairs[i]);
	}
	run->candidates[run->ncandidates++] = (PromoCandidate) {
		.rule = number, .first = run->nmembers, .nlines = nlines, .nrewards = nrewards
	};
	run->nmembers += nlines + nrewards;
}

/* with `on each`: a candidate for every product, with all rewards */
static void
add_each(PromoRun *run, uint32_t number, const Pair *pairs, int n)
{
	const PromoLineState *lines = run->scene.lines;
	bool		rewards = (promo_ruleset_entry(run->rules, number)->traits & PROMO_NAMES_REWARDS) != 0;
	Pair	   *own = promo_alloc(run->scene.arena, n * sizeof(Pair));

	for (int i = 0; i < n; i++)
	{
		int			product = lines[PAIR_LINE(pairs[i])].product;
		int			count = 0;
		bool		seen = false;

		if (!(pairs[i] & PAIR_SCOPE))
			continue;
		if (lines[product].next < 0 && !rewards)
		{
			add_candidate(run, number, &pairs[i], 1);
			continue;
		}
		for (int j = 0; j < i && !seen; j++)
			seen = (pairs[j] & PAIR_SCOPE) && lines[PAIR_LINE(pairs[j])].product == product;
		if (seen)
			continue;
		for (int j = 0; j < n; j++)
		{
			Pair		pair = pairs[j];

			if (lines[PAIR_LINE(pair)].product != product)
				pair &= ~(Pair) PAIR_SCOPE;
			if (pair & (PAIR_SCOPE | PAIR_REWARD))
				own[count++] = pair;
		}
		add_candidate(run, number, own, count);
	}
}

/* all (rule, line) pairs that the ruleset's indexes lead to, sorted */
static void
find_pairs(PromoRun *run, Pairs *pairs, bool admitted_only, int64_t only)
{
	const PromoCart *cart = run->scene.cart;
	const PromoRuleset *rules = run->rules;
	PromoArena *arena = run->scene.arena;
	const uint32_t *numbers;
	uint32_t	n;

	pairs->capacity = 4 * (size_t) run->scene.n + 16;
	pairs->n = 0;
	pairs->data = promo_alloc(arena, pairs->capacity * sizeof(Pair));
	for (int line = 0; line < run->scene.n; line++)
	{
		const PromoHashed *sku = promo_cart_string(cart, cart->lines[line].sku);

		numbers = promo_ruleset_find(rules, rules->sku_slots, rules->sku_mask,
									 sku->hash, sku->data, sku->len, &n);
		add_found(run, pairs, numbers, n, line, false);
		for (uint32_t j = 0; run->scene.tags != NULL && j < run->scene.tags[line].n; j++)
		{
			const PromoHashed *tag = promo_cart_tag(cart, run->scene.tags, line, j);

			numbers = promo_ruleset_find(rules, rules->tag_slots, rules->tag_mask,
										 tag->hash, tag->data, tag->len, &n);
			add_found(run, pairs, numbers, n, line, true);
		}
	}
	numbers = promo_ruleset_list(rules, PROMO_LIST_PRODUCT, &n);
	for (uint32_t i = 0; i < n; i++)
	{
		if (admitted_only && !is_admitted(run, numbers[i], only))
			continue;
		for (int line = 0; line < run->scene.n; line++)
			add_found(run, pairs, &numbers[i], 1, line, false);
		if (arena->poll != NULL)
			arena->poll(arena);
	}
	sort_pairs(pairs->data, pairs->n);
}

void
promo_find_candidates(PromoRun *run, bool admitted_only, int64_t only)
{
	PromoArena *arena = run->scene.arena;
	Pairs		pairs;

	find_pairs(run, &pairs, admitted_only, only);
	run->ncandidates = run->nmembers = 0;
	run->may_offer = false;
	/* with `on each` there is a candidate for every line at most */
	run->candidates = promo_alloc(arena, pairs.n * sizeof(PromoCandidate));
	run->member_capacity = (int) pairs.n * 2;
	run->members = promo_alloc(arena, run->member_capacity * sizeof(int));
	for (size_t i = 0; i < pairs.n;)
	{
		uint32_t	rule = PAIR_RULE(pairs.data[i]);
		Pair	   *own = &pairs.data[i];
		int			n = 0;

		/* a line may have been found in two ways */
		for (; i < pairs.n && PAIR_RULE(pairs.data[i]) == rule; i++)
		{
			if (n > 0 && own[n - 1] >> 2 == pairs.data[i] >> 2)
				own[n - 1] |= pairs.data[i];
			else
				own[n++] = pairs.data[i];
		}
		if (admitted_only && !(is_admitted(run, rule, only) && whens_hold(run, rule)))
			continue;
		if (promo_ruleset_entry(run->rules, rule)->traits & PROMO_ON_EACH)
			add_each(run, rule, own, n);
		else
			add_candidate(run, rule, own, n);
	}
}

/* ----------------------------------------------------------------
 * Effects and their application
 * ----------------------------------------------------------------
 */

void
promo_candidate_effect(PromoRun *run, const PromoCandidate *candidate, const int *choice,
					   int rival, PromoEffect *effect)
{
	const PromoRule *rule = promo_ruleset_rule(run->rules, candidate->rule);
	const PromoLineState *lines = run->scene.lines;
	const int  *members = run->members + candidate->first;
	bool		stack = (rule->clauses & PROMO_STACK) != 0;
	int			nlines = 0;
	int			nrewards = 0;

	for (int i = 0; i < candidate->nlines + candidate->nrewards; i++)
	{
		const PromoLineState *line = &lines[members[i]];

		if (line->owner != PROMO_NOBODY && !(stack && line->owner == PROMO_STACKED))
			continue;
		if (choice != NULL && choice[line->product] != PROMO_UNDECIDED &&
			choice[line->product] != rival)
			continue;
		if (i < candidate->nlines)
			run->lines[nlines++] = members[i];
		else
			run->rewards[nrewards++] = members[i];
	}
	promo_rule_effect(&run->scene, rule, run->lines, nlines, run->rewards, nrewards, effect);
}

static void
add_adjustment(PromoRun *run, PromoAdjustment adjustment)
{
	if (run->given.nadjustments == run->adjustment_capacity)
	{
		uint32_t	capacity = 2 * run->adjustment_capacity;

		run->adjustments = promo_realloc(run->arena, run->adjustments,
										 run->adjustment_capacity * sizeof(PromoAdjustment),
										 capacity * sizeof(PromoAdjustment));
		run->adjustment_capacity = capacity;
	}
	run->adjustments[run->given.nadjustments++] = adjustment;
}

static void
add_opening(PromoRun *run, uint32_t number, const PromoEffect *effect)
{
	int64_t		most = PROMO_QTY_MAX / PROMO_QTY;

	if (effect->open_rewards <= 0)
		return;
	if (run->given.nopenings == run->opening_capacity)
	{
		uint32_t	capacity = 2 * run->opening_capacity + 8;

		run->openings = promo_realloc(run->arena, run->openings,
									  run->opening_capacity * sizeof(PromoOpening),
									  capacity * sizeof(PromoOpening));
		run->opening_capacity = capacity;
	}
	run->openings[run->given.nopenings++] = (PromoOpening) {
		.rule = number, .tier = effect->tier,
		.qty = effect->open_rewards < most ? effect->open_rewards : most
	};
}

static void
own_product(PromoRun *run, int line, int32_t owner)
{
	PromoLineState *lines = run->scene.lines;

	for (int i = lines[line].product; i >= 0; i = lines[i].next)
		lines[i].owner = owner;
}

void
promo_apply(PromoRun *run, uint32_t number, const PromoEffect *effect)
{
	const PromoRulesetEntry *entry = promo_ruleset_entry(run->rules, number);
	int32_t		owner = entry->clauses & PROMO_STACK ? PROMO_STACKED : (int32_t) number;

	for (int i = 0; i < effect->nshares; i++)
	{
		const PromoShare *share = &effect->shares[i];
		PromoLineState *line = &run->scene.lines[share->line];

		if (share->takes && entry->stage == PROMO_STAGE_PRODUCT)
			own_product(run, share->line, owner);
		line->used += share->used;
		run->units_used |= share->used > 0;
		/* what cost nothing before is given free all the same */
		if (share->free)
			line->free += share->units;
		if (share->money == 0)
			continue;
		line->left -= share->money;
		if (entry->clauses & PROMO_STOP)
			line->stopped = true;
		add_adjustment(run, (PromoAdjustment) {
			.amount = share->money, .units = share->units, .rule = number,
			.line = (uint16_t) share->line, .free = share->free
		});
	}
	run->given.discount += effect->money;
	add_opening(run, number, effect);
}

/* ----------------------------------------------------------------
 * The plainest rules
 *
 * Most rules take a percentage, an amount or down to a price off whole lines,
 * without floor, cap or choice of units.  They are applied here in one go; the
 * result is that of promo_rule_effect() and promo_apply(), which can do all.
 * ----------------------------------------------------------------
 */

/* what has been taken off a line */
static inline void
take_off(PromoRun *run, uint32_t number, int line, int64_t money, bool stop)
{
	run->scene.lines[line].left -= money;
	run->scene.lines[line].stopped |= stop;
	add_adjustment(run, (PromoAdjustment) {
		.amount = money, .rule = number, .line = (uint16_t) line
	});
}

/* the highest tier that is reached, NULL if there is none */
static inline const PromoTier *
plain_tier(const PromoRule *rule, int64_t money, int64_t units)
{
	const PromoTier *tiers = promo_rule_tiers(rule);

	for (int i = (int) rule->tiers.n - 1; i >= 0; i--)
		switch ((PromoCondition) tiers[i].condition)
		{
			case PROMO_SPEND:
				if (money > tiers[i].threshold || (money == tiers[i].threshold && !tiers[i].strict))
					return &tiers[i];
				break;
			case PROMO_BUY:
				if (units >= tiers[i].threshold)
					return &tiers[i];
				break;
			default:
				return &tiers[i];
		}
	return NULL;
}

/* `save A each`, `price A each` on a whole line */
static int64_t
plain_each(const PromoRun *run, const PromoTier *tier, const PromoLineState *line)
{
	promo_int128 left = (promo_int128) line->left * PROMO_QTY;
	promo_int128 off = (promo_int128) tier->value * line->qty;

	/* in 1/1000, so that it is rounded once */
	if (tier->action == PROMO_PRICE_EACH)
		off = left - off;
	if (off <= 0)
		return 0;
	if (off >= left)
		return line->left;
	off = promo_round_ratio(off, PROMO_QTY, run->scene.unit, run->scene.rounding);
	return off < line->left ? (int64_t) off : line->left;
}

/* splits an amount over lines by what is left of them, and takes it off */
static void
spread(PromoRun *run, uint32_t number, const int *lines, int n, int64_t amount, bool stop)
{
	int64_t    *left = run->scene.numbers;
	int64_t    *shares = left + run->scene.n;

	run->given.discount += amount;
	if (n == 1)
	{
		take_off(run, number, lines[0], amount, stop);
		return;
	}
	for (int i = 0; i < n; i++)
		left[i] = run->scene.lines[lines[i]].left;
	(void) promo_scene_apportion(&run->scene, amount, n, left, NULL, shares);
	for (int i = 0; i < n; i++)
		if (shares[i] > 0)
			take_off(run, number, lines[i], shares[i], stop);
}

/*
 * A plain rule of the product stage on the products that are still to be had.
 * False if it is not plain, or the cart is not.
 */
static bool
apply_plain(PromoRun *run, const PromoCandidate *candidate)
{
	const PromoRulesetEntry *entry = promo_ruleset_entry(run->rules, candidate->rule);
	const PromoRule *rule;
	const PromoTier *tier;
	PromoLineState *lines = run->scene.lines;
	int64_t    *off = run->scene.numbers;
	bool		stop = (entry->clauses & PROMO_STOP) != 0;
	int64_t		money = 0;
	int64_t		units = 0;
	int64_t		saved = 0;
	int			n = 0;

	if (!(entry->traits & PROMO_PLAIN) || run->scene.floors != NULL || run->units_used)
		return false;
	for (int i = 0; i < candidate->nlines; i++)
	{
		int			line = run->members[candidate->first + i];

		if (lines[line].owner != PROMO_NOBODY)
			continue;
		money += lines[line].amount;
		units += lines[line].qty / PROMO_QTY;
		run->lines[n++] = line;
	}
	rule = promo_ruleset_rule(run->rules, candidate->rule);
	if (n == 0 || (tier = plain_tier(rule, money, units)) == NULL)
		return true;
	if (tier->action == PROMO_SAVE_AMOUNT)
	{
		saved = tier->value < money ? tier->value : money;
		if (saved % run->scene.unit != 0)
			saved = (int64_t) promo_round_ratio(saved, 1, run->scene.unit, run->scene.rounding);
		if (saved > 0)
			spread(run, candidate->rule, run->lines, n, saved, stop);
	}
	else
	{
		for (int i = 0; i < n; i++)
		{
			const PromoLineState *line = &lines[run->lines[i]];

			off[i] = tier->action == PROMO_SAVE_PERCENT ?
				promo_percent_of(line->left, tier->value, run->scene.unit, run->scene.rounding) :
				plain_each(run, tier, line);
			saved += off[i];
		}
		run->given.discount += saved;
		for (int i = 0; i < n; i++)
			if (off[i] > 0)
				take_off(run, candidate->rule, run->lines[i], off[i], stop);
	}
	if (saved == 0)
		return true;
	for (int i = 0; i < n; i++)
	{
		const PromoLineState *line = &lines[run->lines[i]];

		if (line->left < line->amount || tier->condition == PROMO_SPEND ||
			(tier->condition == PROMO_BUY && line->qty >= PROMO_QTY))
			own_product(run, run->lines[i], (int32_t) candidate->rule);
	}
	return true;
}

/* ----------------------------------------------------------------
 * The order, code and shipping stages
 * ----------------------------------------------------------------
 */

/* in run->lines and run->rewards; product: only its lines, or -1 for all */
void
promo_later_lines(PromoRun *run, uint32_t number, int product, int *nlines, int *nrewards)
{
	const PromoRulesetEntry *entry = promo_ruleset_entry(run->rules, number);
	const PromoRule *rule = promo_ruleset_rule(run->rules, number);
	const PromoTier *tiers = promo_rule_tiers(rule);
	bool		all = rule->scope.kind <= PROMO_ON_ALL && product < 0 &&
		!(entry->traits & PROMO_HAS_EXCEPTS);

	*nlines = *nrewards = 0;
	for (int line = 0; line < run->scene.n; line++)
		if (all || ((product < 0 || run->scene.lines[line].product == product) &&
					promo_in_scope(&run->scene, rule, &rule->scope, line)))
			run->lines[(*nlines)++] = line;
	if (!(entry->traits & PROMO_NAMES_REWARDS))
		return;
	for (int line = 0; line < run->scene.n; line++)
		for (uint32_t i = 0; i < rule->tiers.n; i++)
			if (promo_is_reward(&run->scene, rule, &tiers[i], line))
			{
				run->rewards[(*nrewards)++] = line;
				break;
			}
}

/*
 * What a plain rule gives on the whole order, whose lines then need not be
 * looked at one by one.  -1: it is not that plain.
 */
static int64_t
plain_order_effect(const PromoRun *run, uint32_t number, int64_t left)
{
	const PromoRulesetEntry *entry = promo_ruleset_entry(run->rules, number);
	const PromoRule *rule;
	const PromoTier *tier;
	int64_t		money;

	if (left < 0 || run->scene.floors != NULL || !(entry->traits & PROMO_PLAIN) ||
		entry->traits & PROMO_HAS_EXCEPTS)
		return -1;
	rule = promo_ruleset_rule(run->rules, number);
	if (rule->scope.kind != PROMO_ON_ORDER ||
		promo_rule_tiers(rule)[rule->tiers.n - 1].condition == PROMO_BUY)
		return -1;
	tier = plain_tier(rule, left, 0);
	if (tier == NULL)
		return 0;
	if (tier->action == PROMO_SAVE_PERCENT)
		return promo_percent_of(left, tier->value, run->scene.unit, run->scene.rounding);
	if (tier->action != PROMO_SAVE_AMOUNT)
		return -1;
	money = tier->value < left ? tier->value : left;
	return money % run->scene.unit == 0 ? money :
		(int64_t) promo_round_ratio(money, 1, run->scene.unit, run->scene.rounding);
}

/* what is left of the order; -1 if a `stop` stands in the way of simple sums */
static int64_t
order_left(const PromoRun *run)
{
	int64_t		left = 0;

	for (int i = 0; i < run->scene.n; i++)
	{
		if (run->scene.lines[i].stopped)
			return -1;
		left += run->scene.lines[i].left;
	}
	return left;
}

int64_t
promo_later_effect(PromoRun *run, uint32_t number, bool apply)
{
	const PromoRule *rule = promo_ruleset_rule(run->rules, number);
	const PromoLineState *lines = run->scene.lines;
	int64_t		money = plain_order_effect(run, number, order_left(run));
	PromoEffect effect;
	int			nlines;
	int			nrewards;

	if (money >= 0)
	{
		if (apply && money > 0)
		{
			promo_later_lines(run, number, -1, &nlines, &nrewards);
			spread(run, number, run->lines, nlines, money, (rule->clauses & PROMO_STOP) != 0);
		}
		return money;
	}
	money = 0;
	for (int product = rule->scope.each ? 0 : -1; product < run->scene.n; product++)
	{
		if (product >= 0 && lines[product].product != product)
			continue;
		promo_later_lines(run, number, product, &nlines, &nrewards);
		if (nlines > 0)
		{
			promo_rule_effect(&run->scene, rule, run->lines, nlines, run->rewards, nrewards,
							  &effect);
			money += effect.money;
			if (apply && effect.money > 0)
				promo_apply(run, number, &effect);
		}
		if (product < 0)
			break;
	}
	return money;
}

int64_t
promo_shipping_effect(PromoRun *run, uint32_t number, bool apply)
{
	const PromoRule *rule = promo_ruleset_rule(run->rules, number);
	int64_t		fee = run->given.fee_left;
	promo_int128 money = 0;
	PromoEffect effect;
	int64_t		repeats;
	int			nlines;
	int			nrewards;

	if (fee == 0)
		return 0;
	promo_later_lines(run, number, -1, &nlines, &nrewards);
	repeats = promo_rule_reached(&run->scene, rule, run->lines, nlines, &effect);
	if (repeats == 0)
		return 0;
	switch ((PromoAction) effect.tier->action)
	{
		case PROMO_SHIPPING_SAVE_AMOUNT:
			money = promo_round_ratio((promo_int128) effect.tier->value * repeats, 1,
									  run->scene.unit, run->scene.rounding);
			break;
		case PROMO_SHIPPING_SAVE_PERCENT:
			money = promo_round_ratio((promo_int128) fee * effect.tier->value, PROMO_WHOLE,
									  run->scene.unit, run->scene.rounding);
			break;
		default:
			money = fee;
			break;
	}
	if (rule->clauses & PROMO_HAS_MAX && money > rule->max)
		money = rule->max / run->scene.unit * run->scene.unit;
	money = money < fee ? money : fee;
	if (apply && money > 0)
	{
		run->given.fee_left -= (int64_t) money;
		add_adjustment(run, (PromoAdjustment) {
			.amount = (int64_t) money, .rule = number, .line = PROMO_SHIPPING_LINE
		});
	}
	return (int64_t) money;
}

static int64_t
effect_in_stage(PromoRun *run, PromoStage stage, uint32_t number, bool apply)
{
	return stage == PROMO_STAGE_SHIPPING ? promo_shipping_effect(run, number, apply) :
		promo_later_effect(run, number, apply);
}

uint32_t
promo_next_later(PromoRun *run, uint32_t i, PromoStage stage)
{
	const uint32_t *rules = run->later[stage];

	for (; i < run->nlater[stage]; i++)
		if (!(run->left_out != NULL && run->left_out[rules[i]]) && whens_hold(run, rules[i]))
			break;
	return i;
}

/* sorts ranks and drops what is there twice; returns how many are left */
static uint32_t
sort_ranks(uint32_t *ranks, uint32_t n)
{
	uint32_t	count = 0;

	for (uint32_t gap = n / 2; gap > 0; gap /= 2)
		for (uint32_t i = gap; i < n; i++)
		{
			uint32_t	rank = ranks[i];
			uint32_t	j = i;

			for (; j >= gap && ranks[j - gap] > rank; j -= gap)
				ranks[j] = ranks[j - gap];
			ranks[j] = rank;
		}
	for (uint32_t i = 0; i < n; i++)
		if (i == 0 || ranks[i] != ranks[i - 1])
			ranks[count++] = ranks[i];
	return count;
}

/* the ranks of the names of some adjustments' rules, ascending, each once */
static uint32_t
ranks_of(const PromoRun *run, const PromoAdjustment *adjustments, uint32_t n, uint32_t *ranks)
{
	for (uint32_t i = 0; i < n; i++)
		ranks[i] = promo_ruleset_entry(run->rules, adjustments[i].rule)->rank;
	return sort_ranks(ranks, n);
}

bool
promo_prefer(PromoRun *run, const PromoAdjustment *a, uint32_t na,
			 const PromoAdjustment *b, uint32_t nb)
{
	uint32_t	few[64];
	uint32_t   *x = few;
	uint32_t   *y;
	uint32_t	nx;
	uint32_t	ny;

	if (na + nb > sizeof(few) / sizeof(few[0]))
	{
		if (na + nb > run->rank_capacity)
		{
			run->rank_capacity = 2 * (na + nb);
			run->ranks = promo_alloc(run->arena, run->rank_capacity * sizeof(uint32_t));
		}
		x = run->ranks;
	}
	y = x + na;
	nx = ranks_of(run, a, na, x);
	ny = ranks_of(run, b, nb, y);
	if (nx != ny)
		return nx < ny;
	for (uint32_t i = 0; i < nx; i++)
		if (x[i] != y[i])
			return x[i] < y[i];
	return false;
}

/*
 * All rules of the stage from position i on that say `stack`, one after
 * another.  Whose `when` holds is settled before the first of them applies.
 */
static void
apply_stack(PromoRun *run, PromoStage stage, uint32_t i)
{
	uint32_t   *rules = promo_alloc(run->scene.arena,
									(run->nlater[stage] - i) * sizeof(uint32_t));
	uint32_t	n = 0;

	for (i = promo_next_later(run, i, stage); i < run->nlater[stage];
		 i = promo_next_later(run, i + 1, stage))
		if (promo_ruleset_entry(run->rules, run->later[stage][i])->clauses & PROMO_STACK)
			rules[n++] = run->later[stage][i];
	for (i = 0; i < n; i++)
		(void) effect_in_stage(run, stage, rules[i], true);
}

/*
 * The order stage by the ruleset's steps.  True if a step was taken; otherwise
 * *next is the first rule that they do not stand for.
 */
static bool
take_step(PromoRun *run, int64_t left, uint32_t *next)
{
	const PromoStep *steps = (const PromoStep *) ((const char *) run->rules + run->rules->steps.at);
	uint32_t	low = 0;
	uint32_t	high = run->rules->steps.n;

	if (high == 0 || left < 0 || run->scene.floors != NULL || !run->all_admitted)
		return false;
	while (low < high)
	{
		uint32_t	middle = (low + high) / 2;

		if (steps[middle].from <= left)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == 0)
	{
		*next = run->rules->stepped;
		return false;
	}
	/* where it takes everything, others may as well */
	if (steps[low - 1].amount > left)
		return false;
	return promo_later_effect(run, steps[low - 1].rule, true) > 0;
}

/*
 * One stage for itself: from the highest priority at which anything gives
 * money, either the one rule that gives most or all that say `stack`.
 */
static void
later_stage(PromoRun *run, PromoStage stage)
{
	uint32_t	i = 0;
	int64_t		left;

	if (run->nlater[stage] == 0)
		return;
	left = stage == PROMO_STAGE_SHIPPING ? -1 : order_left(run);
	if (stage == PROMO_STAGE_ORDER && take_step(run, left, &i))
		return;
	i = promo_next_later(run, i, stage);
	while (i < run->nlater[stage])
	{
		int32_t		priority = promo_ruleset_entry(run->rules, run->later[stage][i])->priority;
		uint32_t	first = i;
		int64_t		best = 0;
		uint32_t	single = 0;
		bool		stack = false;

		for (; i < run->nlater[stage]; i = promo_next_later(run, i + 1, stage))
		{
			const PromoRulesetEntry *entry = promo_ruleset_entry(run->rules, run->later[stage][i]);
			int64_t		money = -1;

			if (entry->priority != priority)
				break;
			if (stage != PROMO_STAGE_SHIPPING)
				money = plain_order_effect(run, run->later[stage][i], left);
			if (money < 0)
				money = effect_in_stage(run, stage, run->later[stage][i], false);
			if (money == 0)
				continue;
			if (entry->clauses & PROMO_STACK)
				stack = true;
			else if (money > best)
			{
				best = money;
				single = run->later[stage][i];
			}
		}
		if (stack && best > 0)
		{
			/* the stack as one rival: try it, and keep what is better */
			PromoGiven	before = run->given;
			size_t		size = run->scene.n * sizeof(PromoLineState);
			PromoLineState *saved = promo_alloc(run->scene.arena, 2 * size);
			PromoAdjustment *stacked;
			PromoGiven	after;
			uint32_t	n;
			int64_t		money;

			memcpy(saved, run->scene.lines, size);
			apply_stack(run, stage, first);
			after = run->given;
			money = after.discount - before.discount + before.fee_left - after.fee_left;
			n = after.nadjustments - before.nadjustments;
			stacked = promo_alloc(run->scene.arena, n * sizeof(PromoAdjustment));
			memcpy(stacked, run->adjustments + before.nadjustments, n * sizeof(PromoAdjustment));
			memcpy(saved + run->scene.n, run->scene.lines, size);

			memcpy(run->scene.lines, saved, size);
			run->given = before;
			(void) effect_in_stage(run, stage, single, true);
			if (money > best ||
				(money == best &&
				 promo_prefer(run, stacked, n, run->adjustments + before.nadjustments,
							  run->given.nadjustments - before.nadjustments)))
			{
				memcpy(run->scene.lines, saved, size);
				run->given = before;
				apply_stack(run, stage, first);
			}
			return;
		}
		if (stack)
		{
			apply_stack(run, stage, first);
			return;
		}
		if (best > 0)
		{
			(void) effect_in_stage(run, stage, single, true);
			return;
		}
	}
}

void
promo_later_stages(PromoRun *run)
{
	later_stage(run, PROMO_STAGE_ORDER);
	later_stage(run, PROMO_STAGE_CODE);
	later_stage(run, PROMO_STAGE_SHIPPING);
}

/* ----------------------------------------------------------------
 * Points and offers
 * ----------------------------------------------------------------
 */

/* points after this rule, where there were `points` before */
static int64_t
points_with(PromoRun *run, uint32_t number, int64_t points)
{
	const PromoRule *rule = promo_ruleset_rule(run->rules, number);
	promo_int128 result = points;
	PromoEffect effect;
	int64_t		repeats;
	int			nlines;
	int			nrewards;

	promo_later_lines(run, number, -1, &nlines, &nrewards);
	repeats = promo_rule_reached(&run->scene, rule, run->lines, nlines, &effect);
	if (repeats == 0)
		return points;
	if (effect.tier->action == PROMO_EARN_POINTS)
		result += (promo_int128) effect.tier->value * repeats;
	else
		result = result * effect.tier->value / PROMO_POINTS;
	if (rule->clauses & PROMO_HAS_MAX && result - points > rule->max)
		result = (promo_int128) points + rule->max;
	return result < PROMO_MONEY_MAX ? (int64_t) result : PROMO_MONEY_MAX;
}

static void
points_stage(PromoRun *run)
{
	uint32_t	i = promo_next_later(run, 0, PROMO_STAGE_POINTS);
	bool		stacking = false;

	/* money decides nothing here: the first that gives points, by priority, then name */
	for (; i < run->nlater[PROMO_STAGE_POINTS]; i = promo_next_later(run, i + 1, PROMO_STAGE_POINTS))
	{
		bool		stack = (promo_ruleset_entry(run->rules, run->later[PROMO_STAGE_POINTS][i])->clauses & PROMO_STACK) != 0;
		int64_t		points;

		if (stacking && !stack)
			continue;
		points = points_with(run, run->later[PROMO_STAGE_POINTS][i], run->points);
		if (points == run->points)
			continue;
		run->points = points;
		if (run->pointed == NULL)
			run->pointed = promo_alloc(run->scene.arena,
									   run->nlater[PROMO_STAGE_POINTS] * sizeof(uint32_t));
		run->pointed[run->npointed++] = run->later[PROMO_STAGE_POINTS][i];
		if (!stack)
			return;
		stacking = true;
	}
}

static bool
gave_something(const PromoRun *run, uint32_t number)
{
	for (uint32_t i = 0; i < run->given.nadjustments; i++)
		if (run->adjustments[i].rule == number)
			return true;
	return false;
}

/*
 * Offers of rules that gave nothing, since nothing of theirs is in the cart:
 * they stand where the products that they count were not taken by others.
 */
static void
open_offers(PromoRun *run)
{
	PromoEffect effect;

	for (int i = 0; run->may_offer && i < run->ncandidates; i++)
	{
		const PromoCandidate *candidate = &run->candidates[i];

		if ((run->left_out != NULL && run->left_out[candidate->rule]) ||
			!(promo_ruleset_entry(run->rules, candidate->rule)->traits & PROMO_NAMES_REWARDS) ||
			gave_something(run, candidate->rule))
			continue;
		promo_candidate_effect(run, candidate, NULL, 0, &effect);
		if (effect.money == 0)
			add_opening(run, candidate->rule, &effect);
	}
	if (!(run->rules->flags & PROMO_RULESET_OFFERS))
		return;
	for (int stage = PROMO_STAGE_ORDER; stage <= PROMO_STAGE_CODE; stage++)
	{
		bool		taken = false;
		bool		stacked = false;
		for (uint32_t i = 0; i < run->given.nadjustments; i++)
		{
			const PromoRulesetEntry *entry = promo_ruleset_entry(run->rules, run->adjustments[i].rule);

			if (entry->stage != stage)
				continue;
			taken = true;
			stacked |= (entry->clauses & PROMO_STACK) != 0;
		}
		for (uint32_t i = promo_next_later(run, 0, stage); i < run->nlater[stage];
			 i = promo_next_later(run, i + 1, stage))
		{
			const PromoRulesetEntry *entry = promo_ruleset_entry(run->rules, run->later[stage][i]);
			const PromoRule *rule = promo_ruleset_rule(run->rules, run->later[stage][i]);
			int			nlines;
			int			nrewards;

			if (!(entry->traits & PROMO_NAMES_REWARDS) || rule->scope.each || gave_something(run, run->later[stage][i]) ||
				(taken && !(stacked && entry->clauses & PROMO_STACK)))
				continue;
			promo_later_lines(run, run->later[stage][i], -1, &nlines, &nrewards);
			promo_rule_effect(&run->scene, rule, run->lines, nlines, run->rewards, nrewards,
							  &effect);
			if (effect.money == 0)
				add_opening(run, run->later[stage][i], &effect);
		}
	}
}

/* ----------------------------------------------------------------
 * The run
 * ----------------------------------------------------------------
 */

void
promo_run_reset(PromoRun *run)
{
	for (int i = 0; i < run->scene.n; i++)
	{
		PromoLineState *line = &run->scene.lines[i];

		line->left = line->amount;
		line->free = line->used = 0;
		line->owner = PROMO_NOBODY;
		line->stopped = false;
	}
	memset(&run->given, 0, sizeof(run->given));
	run->units_used = false;
	run->given.fee_left = run->request->fee;
	run->points = 0;
	run->pointed = NULL;
	run->npointed = 0;
}

/* lines of one SKU get the number of its first line */
static void
number_products(PromoRun *run)
{
	const PromoCart *cart = run->scene.cart;
	PromoLineState *lines = run->scene.lines;
	uint32_t	mask = 1;
	int		   *table;
	int		   *last;

	if (!(cart->flags & PROMO_CART_REPEATS))
		return;
	last = promo_alloc(run->scene.arena, run->scene.n * sizeof(int));
	while (mask < 2 * (uint32_t) run->scene.n)
		mask *= 2;
	table = promo_alloc(run->scene.arena, mask * sizeof(int));
	memset(table, -1, mask * sizeof(int));
	mask--;
	for (int i = 0; i < run->scene.n; i++)
	{
		uint32_t	slot = cart->lines[i].hash & mask;

		while (table[slot] >= 0 &&
			   !promo_text_equal(promo_cart_sku(cart, table[slot]), promo_cart_sku(cart, i)))
			slot = (slot + 1) & mask;
		if (table[slot] < 0)
			table[slot] = i;
		else
			lines[last[table[slot]]].next = i;
		lines[i].product = table[slot];
		last[table[slot]] = i;
	}
}

bool
promo_run_begin(PromoRun *run, PromoArena *arena, const PromoCart *cart,
				const PromoRuleset *rules, const PromoRequest *request, PromoError *err)
{
	int			n = (int) cart->nlines;
	int64_t		total = request->fee;

	memset(run, 0, sizeof(*run));
	run->arena = run->scene.arena = arena;
	run->scene.cart = cart;
	run->scene.costs = promo_cart_costs(cart);
	run->scene.floors = promo_cart_floors(cart);
	run->scene.tags = promo_cart_tags(cart);
	run->scene.unit = rules->unit;
	run->scene.rounding = (PromoRounding) rules->rounding;
	run->scene.n = n;
	run->rules = rules;
	run->request = request;
	run->err = err;
	run->optimal = true;

	run->scene.lines = promo_alloc(arena, (n + 1) * sizeof(PromoLineState));
	run->lines = promo_alloc(arena, 2 * (n + 1) * sizeof(int));
	run->rewards = run->lines + n + 1;
	promo_scene_scratch(&run->scene);
	run->adjustment_capacity = 2 * n + 4;
	run->adjustments = promo_alloc(arena, run->adjustment_capacity * sizeof(PromoAdjustment));

	for (int i = 0; i < n; i++)
	{
		PromoLineState *line = &run->scene.lines[i];

		line->qty = cart->lines[i].qty;
		line->product = i;
		line->next = -1;
		if (!promo_line_amount(cart->lines[i].price, line->qty, rules->unit,
							   run->scene.rounding, &line->amount) ||
			__builtin_add_overflow(total, line->amount, &total) || total > PROMO_MONEY_MAX)
			return promo_fail(err, PROMO_OUT_OF_RANGE, "total of the cart is out of range");
	}
	number_products(run);
	promo_run_reset(run);
	return true;
}

/* whether rules of one priority want the same product */
static bool
has_rivals(PromoRun *run)
{
	const PromoLineState *lines = run->scene.lines;
	int		   *wanted = run->rewards;	/* by product: the last rival of the priority that wants it */

	if (run->rules->flags & PROMO_RULESET_RANKED)
		return false;
	for (int i = 0; i < run->scene.n; i++)
		wanted[i] = -1;
	for (int first = 0, last; first < run->ncandidates; first = last)
	{
		int32_t		priority = promo_ruleset_entry(run->rules, run->candidates[first].rule)->priority;
		int			stack = -1;

		for (last = first; last < run->ncandidates; last++)
		{
			const PromoCandidate *candidate = &run->candidates[last];
			const PromoRulesetEntry *entry = promo_ruleset_entry(run->rules, candidate->rule);
			int			rival = last;

			if (entry->priority != priority)
				break;
			if (run->left_out != NULL && run->left_out[candidate->rule])
				continue;
			if (entry->clauses & PROMO_STACK)
				rival = stack = stack < 0 ? last : stack;
			for (int i = 0; i < candidate->nlines + candidate->nrewards; i++)
			{
				int			product = lines[run->members[candidate->first + i]].product;

				if (wanted[product] >= first && wanted[product] != rival)
					return true;
				wanted[product] = rival;
			}
		}
	}
	return false;
}

/* the product stage without rivals */
static void
product_stage(PromoRun *run)
{
	PromoEffect effect;

	for (int i = 0; i < run->ncandidates; i++)
	{
		const PromoCandidate *candidate = &run->candidates[i];

		if ((run->left_out != NULL && run->left_out[candidate->rule]) ||
			apply_plain(run, candidate))
			continue;
		promo_candidate_effect(run, candidate, NULL, 0, &effect);
		if (effect.money > 0)
			promo_apply(run, candidate->rule, &effect);
	}
}

/* goods and shipping with the candidates as they are; points and offers come after */
static void
price_goods(PromoRun *run)
{
	if (run->rules->search == PROMO_SEARCH_CART)
	{
		promo_search_cart(run);
		return;
	}
	if (has_rivals(run))
		promo_search_products(run);
	else
		product_stage(run);
	promo_later_stages(run);
}

static void
find_later(PromoRun *run, int64_t only)
{
	run->all_admitted = only < 0 && run->request->nwithout == 0;
	for (int stage = PROMO_STAGE_ORDER; stage <= PROMO_STAGE_POINTS; stage++)
	{
		uint32_t	n;
		const uint32_t *numbers = promo_ruleset_list(run->rules, (PromoList) stage, &n);
		uint32_t   *admitted;
		uint32_t	count = 0;

		run->later[stage] = numbers;
		run->nlater[stage] = n;
		if (n == 0 ||
			(run->all_admitted && !(run->rules->flags & PROMO_RULESET_CONDITIONAL(stage))))
			continue;
		admitted = promo_alloc(run->scene.arena, n * sizeof(uint32_t));
		for (uint32_t i = 0; i < n; i++)
			if (is_admitted(run, numbers[i], only))
				admitted[count++] = numbers[i];
		run->later[stage] = admitted;
		run->nlater[stage] = count;
	}
}

/* A whole solution, kept while others are tried. */
typedef struct Solution
{
	bool		there;
	PromoLineState *lines;
	PromoGiven	given;
	PromoAdjustment *adjustments;
	PromoOpening *openings;
	uint32_t	adjustment_capacity;
	uint32_t	opening_capacity;
} Solution;

/*
 * Memory of trials: the cart is priced again and again, and what one trial
 * needs on the way is forgotten before the next.
 */
typedef struct Trials
{
	PromoArena	arena;
	char	   *room;
	PromoArena *before;			/* the run's, until the trials began */
} Trials;

#define TRIAL_ROOM(n)	(1024 * ((size_t) (n) + 16))

static void
begin_trials(PromoRun *run, Trials *trials)
{
	trials->before = run->scene.arena;
	trials->arena = *run->arena;
	trials->room = promo_alloc(run->arena, TRIAL_ROOM(run->scene.n));
	trials->arena.room_end = trials->room + TRIAL_ROOM(run->scene.n);
}

static void
next_trial(PromoRun *run, Trials *trials)
{
	trials->arena.room = trials->room;
	run->scene.arena = &trials->arena;
	promo_run_reset(run);
}

static void
end_trials(PromoRun *run, const Trials *trials)
{
	run->scene.arena = trials->before;
}

static void
keep_solution(PromoRun *run, Solution *solution)
{
	size_t		size = run->scene.n * sizeof(PromoLineState);

	if (solution->lines == NULL)
		solution->lines = promo_alloc(run->arena, size);
	if (run->given.nadjustments > solution->adjustment_capacity)
	{
		solution->adjustment_capacity = 2 * run->given.nadjustments;
		solution->adjustments = promo_alloc(run->arena,
											solution->adjustment_capacity * sizeof(PromoAdjustment));
	}
	if (run->given.nopenings > solution->opening_capacity)
	{
		solution->opening_capacity = 2 * run->given.nopenings;
		solution->openings = promo_alloc(run->arena,
										 solution->opening_capacity * sizeof(PromoOpening));
	}
	memcpy(solution->lines, run->scene.lines, size);
	if (run->given.nadjustments > 0)
		memcpy(solution->adjustments, run->adjustments,
			   run->given.nadjustments * sizeof(PromoAdjustment));
	if (run->given.nopenings > 0)
		memcpy(solution->openings, run->openings, run->given.nopenings * sizeof(PromoOpening));
	solution->given = run->given;
	solution->there = true;
}

static void
restore_solution(PromoRun *run, const Solution *solution)
{
	memcpy(run->scene.lines, solution->lines, run->scene.n * sizeof(PromoLineState));
	run->given = solution->given;
	if (run->given.nadjustments > 0)
		memcpy(run->adjustments, solution->adjustments,
			   run->given.nadjustments * sizeof(PromoAdjustment));
	if (run->given.nopenings > 0)
		memcpy(run->openings, solution->openings, run->given.nopenings * sizeof(PromoOpening));
}

static int64_t
saved(const PromoRun *run)
{
	return run->given.discount + run->request->fee - run->given.fee_left;
}

/* whether what the run has now is better than the solution */
static bool
is_better(PromoRun *run, const Solution *solution)
{
	int64_t		best;

	if (!solution->there)
		return true;
	best = solution->given.discount + run->request->fee - solution->given.fee_left;
	if (saved(run) != best)
		return saved(run) > best;
	return promo_prefer(run, run->adjustments, run->given.nadjustments,
						solution->adjustments, solution->given.nadjustments);
}

/* One rule of each group, while all ways to pick them are tried. */
typedef struct Picking
{
	uint32_t   *members;		/* rules, those of one group side by side */
	uint32_t   *starts;			/* where each group's begin; one more at the end */
	uint32_t	ngroups;
	uint32_t   *pick;			/* by group: position in members */
	uint32_t   *best_pick;
	bool	   *left_out;		/* by rule number */
	Trials		trials;
	Solution	best;
} Picking;

static void
leave_out_all_but(Picking *picking, const uint32_t *pick)
{
	for (uint32_t i = 0; i < picking->starts[picking->ngroups]; i++)
		picking->left_out[picking->members[i]] = true;
	for (uint32_t g = 0; g < picking->ngroups; g++)
		picking->left_out[picking->members[pick[g]]] = false;
}

static void
try_pick(PromoRun *run, Picking *picking)
{
	leave_out_all_but(picking, picking->pick);
	next_trial(run, &picking->trials);
	price_goods(run);
	if (is_better(run, &picking->best))
	{
		keep_solution(run, &picking->best);
		memcpy(picking->best_pick, picking->pick, picking->ngroups * sizeof(uint32_t));
	}
}

/*
 * Groups: one rule of each that could concern the cart, in every combination.
 * Beyond the search's limit group after group is decided, the others as they
 * were best so far.
 */
static void
price_groups(PromoRun *run, const uint32_t *grouped, uint32_t n)
{
	PromoArena *arena = run->arena;
	Picking		picking = {0};
	uint32_t   *pick;
	uint32_t	count = 0;
	int64_t		combinations = 1;

	picking.members = promo_alloc(arena, n * sizeof(uint32_t));
	picking.starts = promo_alloc(arena, (n + 1) * sizeof(uint32_t));
	picking.left_out = promo_alloc0(arena, run->rules->nrules);
	for (uint32_t i = 0; i < n; i++)
	{
		const PromoRule *rule = promo_ruleset_rule(run->rules, grouped[i]);
		PromoText	name = promo_rule_text(rule, rule->group);
		uint32_t	start = count;

		if (picking.left_out[grouped[i]])
			continue;
		for (uint32_t j = i; j < n; j++)
		{
			const PromoRule *other = promo_ruleset_rule(run->rules, grouped[j]);

			if (promo_text_equal(promo_rule_text(other, other->group), name))
			{
				picking.members[count++] = grouped[j];
				picking.left_out[grouped[j]] = true;
			}
		}
		picking.starts[picking.ngroups++] = start;
		if (combinations <= run->rules->search_limit)
			combinations *= count - start;
	}
	picking.starts[picking.ngroups] = count;
	pick = picking.pick = promo_alloc(arena, 2 * picking.ngroups * sizeof(uint32_t));
	picking.best_pick = pick + picking.ngroups;
	memcpy(pick, picking.starts, picking.ngroups * sizeof(uint32_t));
	run->left_out = picking.left_out;
	begin_trials(run, &picking.trials);

	if (combinations <= run->rules->search_limit)
	{
		for (uint32_t g = 0; g < picking.ngroups;)
		{
			try_pick(run, &picking);
			for (g = 0; g < picking.ngroups && ++pick[g] == picking.starts[g + 1]; g++)
				pick[g] = picking.starts[g];
		}
	}
	else
	{
		run->optimal = false;
		for (uint32_t g = 0; g < picking.ngroups; g++)
		{
			for (pick[g] = picking.starts[g]; pick[g] < picking.starts[g + 1]; pick[g]++)
				try_pick(run, &picking);
			memcpy(pick, picking.best_pick, picking.ngroups * sizeof(uint32_t));
		}
	}
	end_trials(run, &picking.trials);
	leave_out_all_but(&picking, picking.best_pick);
	restore_solution(run, &picking.best);
}

/* prices with the candidates as they are, groups, points and offers included */
static void
price_all(PromoRun *run)
{
	uint32_t	n;
	const uint32_t *numbers = promo_ruleset_list(run->rules, PROMO_LIST_GROUP, &n);

	run->left_out = NULL;
	if (n > 0)
	{
		/* only members that could concern the cart */
		uint32_t   *grouped = promo_alloc(run->scene.arena, n * sizeof(uint32_t));
		uint32_t	count = 0;
		int			candidate = 0;

		for (uint32_t i = 0; i < n; i++)
		{
			int			stage = promo_ruleset_entry(run->rules, numbers[i])->stage;
			bool		there = false;

			while (candidate < run->ncandidates && run->candidates[candidate].rule < numbers[i])
				candidate++;
			if (stage == PROMO_STAGE_PRODUCT)
				there = candidate < run->ncandidates && run->candidates[candidate].rule == numbers[i];
			for (uint32_t j = 0; stage != PROMO_STAGE_PRODUCT && j < run->nlater[stage] && !there; j++)
				there = run->later[stage][j] == numbers[i];
			if (there)
				grouped[count++] = numbers[i];
		}
		if (count > 0)
			price_groups(run, grouped, count);
		else
			price_goods(run);
	}
	else
		price_goods(run);
	points_stage(run);
	open_offers(run);
}

/*
 * Exclusive rules, each alone on the whole cart.  True if one of them is it;
 * otherwise *gentle is the first that gives at least points or an offer.
 */
static bool
price_exclusives(PromoRun *run, int64_t *gentle)
{
	uint32_t	n;
	const uint32_t *numbers = promo_ruleset_list(run->rules, PROMO_LIST_EXCLUSIVE, &n);
	int64_t		chosen = -1;
	int64_t		most = 0;
	int32_t		priority = 0;
	Trials		trials;

	*gentle = -1;
	begin_trials(run, &trials);
	for (uint32_t i = 0; i < n; i++)
	{
		int32_t		this_priority = promo_ruleset_entry(run->rules, numbers[i])->priority;

		if (chosen >= 0 && this_priority != priority)
			break;
		if (!is_admitted(run, numbers[i], numbers[i]))
			continue;
		next_trial(run, &trials);
		promo_find_candidates(run, true, numbers[i]);
		find_later(run, numbers[i]);
		price_all(run);
		if (saved(run) > most)
		{
			chosen = numbers[i];
			most = saved(run);
			priority = this_priority;
		}
		else if (*gentle < 0 && (run->points > 0 || run->given.nopenings > 0))
			*gentle = numbers[i];
	}
	end_trials(run, &trials);
	if (chosen < 0)
		return false;
	promo_run_reset(run);
	promo_find_candidates(run, true, chosen);
	find_later(run, chosen);
	price_all(run);
	return true;
}

void
promo_run_price(PromoRun *run)
{
	int64_t		gentle = -1;

	if (run->rules->lists[PROMO_LIST_EXCLUSIVE].n > 0)
	{
		if (price_exclusives(run, &gentle))
			return;
		promo_run_reset(run);
	}
	promo_find_candidates(run, true, -1);
	find_later(run, -1);
	price_all(run);
	if (gentle >= 0 && saved(run) == 0)
	{
		promo_run_reset(run);
		promo_find_candidates(run, true, gentle);
		find_later(run, gentle);
		price_all(run);
	}
}

/* ----------------------------------------------------------------
 * The quote
 * ----------------------------------------------------------------
 */

/* the rule that the i-th of all adjustments and openings is of */
static inline uint32_t *
giver(PromoRun *run, uint32_t i)
{
	return i < run->given.nadjustments ? &run->adjustments[i].rule :
		&run->openings[i - run->given.nadjustments].rule;
}

/*
 * Numbers the rules that gave something by their names' order, as the quote
 * has them: adjustments and openings refer to these numbers from now on.
 */
static uint32_t
name_rules(PromoRun *run, PromoText *names)
{
	uint32_t	total = run->given.nadjustments + run->given.nopenings;
	uint32_t   *ranks = promo_alloc(run->scene.arena, total * sizeof(uint32_t));
	uint32_t	count = 0;

	/* what one rule gave mostly stands together */
	for (uint32_t i = 0; i < total; i++)
		if (i == 0 || *giver(run, i) != *giver(run, i - 1))
			ranks[count++] = promo_ruleset_entry(run->rules, *giver(run, i))->rank;
	count = sort_ranks(ranks, count);
	for (uint32_t i = 0, number = 0, last = 0; i < total; i++)
	{
		uint32_t   *rule = giver(run, i);

		if (i == 0 || *rule != last)
		{
			uint32_t	rank = promo_ruleset_entry(run->rules, *rule)->rank;

			number = 0;
			for (uint32_t high = count; number + 1 < high;)
			{
				uint32_t	middle = (number + high) / 2;

				if (ranks[middle] <= rank)
					number = middle;
				else
					high = middle;
			}
			names[number] = promo_ruleset_name(run->rules, *rule);
		}
		last = *rule;
		*rule = number;
	}
	return count;
}

static uint8_t
offer_kind(const PromoTier *tier)
{
	return tier->action == PROMO_ADD ? PROMO_OFFER_ADD :
		tier->action == PROMO_GIFT ? PROMO_OFFER_GIFT : PROMO_OFFER_GET;
}

static int64_t
offer_price(const PromoTier *tier)
{
	switch ((PromoAction) tier->action)
	{
		case PROMO_GIFT:
		case PROMO_GET_FREE:
			return 0;
		case PROMO_ADD:
		case PROMO_GET_PRICE:
			return tier->value;
		default:
			return PROMO_UNKNOWN;
	}
}

PromoQuote *
promo_price_cart(PromoArena *arena, const PromoCart *cart, const PromoRuleset *rules,
				 const PromoRequest *request, PromoError *err)
{
	PromoRun	run;
	PromoQuoteInput input;
	PromoOfferInput *offers = NULL;
	uint32_t	noffers = 0;
	PromoText  *names;
	uint32_t	given;

	if (!promo_run_begin(&run, arena, cart, rules, request, err))
		return NULL;
	promo_run_price(&run);

	memset(&input, 0, sizeof(input));
	if (run.given.nopenings > 0)
	{
		uint32_t	at = 0;

		for (uint32_t i = 0; i < run.given.nopenings; i++)
			noffers += run.openings[i].tier->skus.n;
		offers = promo_alloc(arena, noffers * sizeof(PromoOfferInput));
		for (uint32_t i = 0; i < run.given.nopenings; i++)
		{
			const PromoOpening *opening = &run.openings[i];
			const PromoRule *rule = promo_ruleset_rule(rules, opening->rule);

			for (uint32_t j = 0; j < opening->tier->skus.n; j++)
			{
				memset(&offers[at], 0, sizeof(offers[at]));
				offers[at].offer.kind = offer_kind(opening->tier);
				offers[at].offer.price = offer_price(opening->tier);
				offers[at].offer.qty = opening->qty;
				offers[at].sku = promo_rule_name(rule, opening->tier->skus, j);
				at++;
			}
		}
	}
	given = run.given.nadjustments + run.given.nopenings;
	names = promo_alloc(arena, given * sizeof(PromoText));
	input.nnames = name_rules(&run, names);
	for (uint32_t i = 0, at = 0; i < run.given.nopenings; i++)
		for (uint32_t j = 0; j < run.openings[i].tier->skus.n; j++)
			offers[at++].offer.rule = run.openings[i].rule;

	input.optimal = run.optimal;
	input.rounding = run.scene.rounding;
	input.unit = run.scene.unit;
	input.fee = request->fee;
	input.fee_discount = request->fee - run.given.fee_left;
	input.points = run.points;
	input.at = request->at;
	input.cart = cart;
	input.adjustments = run.adjustments;
	input.nadjustments = run.given.nadjustments;
	input.names = names;
	input.offers = offers;
	input.noffers = noffers;
	input.buyer = request->buyer;
	input.nbuyer = request->nbuyer;
	input.codes = request->codes;
	input.ncodes = request->ncodes;
	input.without = request->without;
	input.nwithout = request->nwithout;
	return promo_quote_build(arena, &input);
}
