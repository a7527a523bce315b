/*-------------------------------------------------------------------------
 *
 * ruleset_value.c
 *	  named rules: building with their indexes, JSON, external binary form
 *
 * Layout: header, PromoRulesetEntry[], slots of the two hash tables, the lists
 * of rule numbers, names and zone, rules.  A slot's key is the string in the
 * first rule that names it.
 *
 *-------------------------------------------------------------------------
 */
#include "json_reader.h"
#include "ruleset_value.h"

#define MAX_SIZE	((size_t) 1000 * 1000 * 1000)	/* bytes of a ruleset */

const PromoSettings promo_default_settings = {
	.unit = PROMO_DEFAULT_UNIT,
	.rounding = PROMO_HALF_UP,
	.search = PROMO_SEARCH_STAGE,
	.search_limit = PROMO_DEFAULT_SEARCH_LIMIT,
	.zone = {"", 0}
};

static const PromoPeriod always = {PROMO_INSTANT_MIN, PROMO_INSTANT_MAX, 0};

/* ---------------------------------------------------------------- settings */

static const char *const rounding_names[] = {"half_up", "half_even", "down", NULL};
static const char *const search_names[] = {"stage", "cart", NULL};

static int
find_name(PromoText text, const char *const *names)
{
	for (int i = 0; names[i] != NULL; i++)
		if (promo_text_equal(text, promo_text(names[i])))
			return i;
	return -1;
}

bool
promo_parse_rounding(PromoText text, PromoRounding *rounding, PromoError *err)
{
	int			i = find_name(text, rounding_names);

	if (i < 0)
	{
		promo_fail(err, PROMO_BAD_VALUE, "unknown rounding \"%.*s\"", promo_shown(text), text.data);
		return promo_hint(err, "Roundings are half_up, half_even and down.");
	}
	*rounding = i;
	return true;
}

const char *
promo_rounding_name(PromoRounding rounding)
{
	return rounding_names[rounding];
}

bool
promo_parse_search(PromoText text, PromoSearch *search, PromoError *err)
{
	int			i = find_name(text, search_names);

	if (i < 0)
	{
		promo_fail(err, PROMO_BAD_VALUE, "unknown search \"%.*s\"", promo_shown(text), text.data);
		return promo_hint(err, "Searches are stage and cart.");
	}
	*search = i;
	return true;
}

bool
promo_check_unit(int64_t unit, PromoError *err)
{
	if (unit < 1 || unit > 1000000 * PROMO_MONEY)
		return promo_fail(err, PROMO_OUT_OF_RANGE, "unit must be between 0.0001 and 1000000");
	return true;
}

bool
promo_check_search_limit(int64_t limit, PromoError *err)
{
	if (limit < 1 || limit > PROMO_MAX_SEARCH_LIMIT)
		return promo_fail(err, PROMO_OUT_OF_RANGE, "search_limit must be between 1 and %d",
						  PROMO_MAX_SEARCH_LIMIT);
	return true;
}

static bool
check_settings(const PromoSettings *settings, PromoError *err)
{
	if (settings->rounding > PROMO_DOWN || settings->search > PROMO_SEARCH_CART)
		return promo_fail(err, PROMO_BAD_VALUE, "unknown rounding or search");
	if (settings->zone.len > PROMO_MAX_TEXT)
		return promo_fail(err, PROMO_TOO_MANY, "name of the time zone is longer than %d bytes",
						  PROMO_MAX_TEXT);
	return promo_check_unit(settings->unit, err) &&
		promo_check_search_limit(settings->search_limit, err);
}

/* ---------------------------------------------------------------- building */

static bool
name_before(const void *context, uint32_t a, uint32_t b)
{
	const PromoRulesetInput *rules = context;

	return promo_text_compare(rules[a].name, rules[b].name) < 0;
}

static bool
rule_before(const void *context, uint32_t a, uint32_t b)
{
	const PromoRulesetInput *rules = context;

	if (rules[a].priority != rules[b].priority)
		return rules[a].priority > rules[b].priority;
	return name_before(context, a, b);
}

static bool
check_number_of_rules(int64_t n, PromoError *err)
{
	if (n > PROMO_MAX_RULES)
		return promo_fail(err, PROMO_TOO_MANY, "ruleset has more than %d rules", PROMO_MAX_RULES);
	return true;
}

static bool
check_rules(PromoArena *arena, const PromoRulesetInput *rules, int n, PromoError *err)
{
	uint32_t   *order;

	if (!check_number_of_rules(n, err))
		return false;
	for (int i = 0; i < n; i++)
	{
		if (rules[i].name.len == 0)
			return promo_fail(err, PROMO_BAD_VALUE, "name of a rule is empty");
		if (rules[i].name.len > PROMO_MAX_TEXT)
			return promo_fail(err, PROMO_TOO_MANY, "name of a rule is longer than %d bytes",
							  PROMO_MAX_TEXT);
		if (!promo_check_period(&rules[i].period, err))
			return false;
	}
	order = promo_sorted(arena, n, name_before, rules);
	for (int i = 1; i < n; i++)
	{
		PromoText	name = rules[order[i]].name;

		if (promo_text_equal(name, rules[order[i - 1]].name))
			return promo_fail(err, PROMO_BAD_VALUE, "rule name \"%.*s\" is used twice",
							  promo_shown(name), name.data);
	}
	return true;
}

static void
sort_rules(PromoArena *arena, PromoRulesetInput *rules, int n)
{
	uint32_t   *order = promo_sorted(arena, n, rule_before, rules);
	PromoRulesetInput *unsorted = promo_alloc(arena, n * sizeof(PromoRulesetInput));

	if (n > 0)
		memcpy(unsorted, rules, n * sizeof(PromoRulesetInput));
	for (int i = 0; i < n; i++)
		rules[i] = unsorted[order[i]];
}

/* A rule that names a key; later, a key and the rules that name it. */
typedef struct Mention
{
	PromoText	key;
	uint32_t	hash;
	uint32_t	rule;
} Mention;

typedef struct Index
{
	PromoArena *arena;
	Mention    *mentions;		/* sorted by key, then rule */
	uint32_t	n;
	uint32_t	capacity;
	uint32_t	nkeys;
	uint32_t	mask;			/* of the hash table */
} Index;

static bool
mention_before(const void *context, uint32_t a, uint32_t b)
{
	const Mention *mentions = context;

	if (mentions[a].hash != mentions[b].hash)
		return mentions[a].hash < mentions[b].hash;
	return promo_text_compare(mentions[a].key, mentions[b].key) < 0;
}

static bool
same_key(const Mention *a, const Mention *b)
{
	return a->hash == b->hash && promo_text_equal(a->key, b->key);
}

static void
mention(Index *index, const PromoRule *rule, uint32_t number, PromoSlice names)
{
	for (uint32_t i = 0; i < names.n; i++)
	{
		PromoText	key = promo_rule_name(rule, names, i);

		if (index->n == index->capacity)
		{
			uint32_t	more = index->capacity > 0 ? 2 * index->capacity : 64;

			index->mentions = promo_realloc(index->arena, index->mentions,
											index->capacity * sizeof(Mention),
											more * sizeof(Mention));
			index->capacity = more;
		}
		index->mentions[index->n++] = (Mention) {key, promo_hash(key.data, key.len), number};
	}
}

/* brings the mentions of a key together, each rule once, and sizes the table */
static void
sort_mentions(Index *index)
{
	uint32_t   *order = promo_sorted(index->arena, index->n, mention_before, index->mentions);
	Mention    *sorted = promo_alloc(index->arena, index->n * sizeof(Mention));
	uint32_t	kept = 0;
	uint64_t	size = 1;

	/* rules were gathered in ascending order and the sort is stable */
	for (uint32_t i = 0; i < index->n; i++)
	{
		const Mention *m = &index->mentions[order[i]];
		bool		known = kept > 0 && same_key(m, &sorted[kept - 1]);

		if (known && m->rule == sorted[kept - 1].rule)
			continue;
		if (!known)
			index->nkeys++;
		sorted[kept++] = *m;
	}
	index->mentions = sorted;
	index->n = kept;
	while (size < 2 * (uint64_t) index->nkeys)
		size *= 2;
	index->mask = (uint32_t) (size - 1);
}

static void
gather_mentions(PromoArena *arena, const PromoRulesetInput *rules, int n, Index *skus, Index *tags)
{
	skus->arena = tags->arena = arena;
	for (int i = 0; i < n; i++)
	{
		const PromoRule *rule = rules[i].rule;
		const PromoTier *tiers = promo_rule_tiers(rule);

		if (rule->stage != PROMO_STAGE_PRODUCT)
			continue;
		if (rule->scope.kind == PROMO_ON_SKU)
			mention(skus, rule, i, rule->scope.names);
		else if (rule->scope.kind == PROMO_ON_TAG)
			mention(tags, rule, i, rule->scope.names);
		for (uint32_t j = 0; j < rule->tiers.n; j++)
			mention(skus, rule, i, tiers[j].skus);
	}
	sort_mentions(skus);
	sort_mentions(tags);
}

/* the numbers of the keys' first mentions, by the slot that they should have */
static uint32_t *
keys_by_slot(const Index *index)
{
	uint32_t   *next = promo_alloc0(index->arena, ((size_t) index->mask + 2) * sizeof(uint32_t));
	uint32_t   *keys = promo_alloc(index->arena, index->nkeys * sizeof(uint32_t));
	const Mention *m = index->mentions;

	for (uint32_t i = 0; i < index->n; i++)
		if (i == 0 || !same_key(&m[i - 1], &m[i]))
			next[(m[i].hash & index->mask) + 1]++;
	for (uint32_t i = 0; i < index->mask; i++)
		next[i + 1] += next[i];
	for (uint32_t i = 0; i < index->n; i++)
		if (i == 0 || !same_key(&m[i - 1], &m[i]))
			keys[next[m[i].hash & index->mask]++] = i;
	return keys;
}

/*
 * Writes the rule numbers of all keys at `lists` and fills the slots.  Taking
 * keys by their slot needs one look at every slot even if all keys collide:
 * each goes behind the one before, and those beyond the end to the beginning.
 */
static void
write_index(PromoRuleset *set, const PromoRulesetInput *rules, const Index *index,
			PromoSlot *slots, uint32_t lists)
{
	uint32_t   *keys = keys_by_slot(index);
	uint32_t   *numbers = (uint32_t *) ((char *) set + lists);
	uint64_t	next = 0;
	uint32_t	wrapped = 0;

	for (uint32_t i = 0; i < index->n; i++)
		numbers[i] = index->mentions[i].rule;
	for (uint32_t i = 0; i < index->nkeys; i++)
	{
		const Mention *first = &index->mentions[keys[i]];
		uint32_t	at = first->hash & index->mask;
		uint32_t	n = 1;

		if (at < next)
			at = (uint32_t) next;
		next = (uint64_t) at + 1;
		if (at > index->mask)
		{
			while (slots[wrapped].n != 0)
				wrapped++;
			at = wrapped;
		}
		while (keys[i] + n < index->n && same_key(first, first + n))
			n++;
		slots[at].hash = first->hash;
		slots[at].n = n;
		slots[at].rules = lists + keys[i] * (uint32_t) sizeof(uint32_t);
		slots[at].key = promo_ruleset_entry(set, first->rule)->rule +
			(uint32_t) (first->key.data - (const char *) rules[first->rule].rule);
		slots[at].key_len = first->key.len;
	}
}

static bool
is_listed(const PromoRule *rule, PromoList list)
{
	switch (list)
	{
		case PROMO_LIST_PRODUCT:
			return rule->stage == PROMO_STAGE_PRODUCT && rule->scope.kind == PROMO_ON_ALL;
		case PROMO_LIST_ORDER:
		case PROMO_LIST_CODE:
		case PROMO_LIST_SHIPPING:
		case PROMO_LIST_POINTS:
			return rule->stage == (uint8_t) list;
		case PROMO_LIST_EXCLUSIVE:
			return (rule->clauses & PROMO_EXCLUSIVE) != 0;
		case PROMO_LIST_GROUP:
			return (rule->clauses & PROMO_HAS_GROUP) != 0;
		case PROMO_LISTS:
			break;
	}
	return false;
}

/* what pricing need not look for in the rule */
static uint32_t
traits_of(const PromoRulesetInput *input)
{
	const PromoRule *rule = input->rule;
	const PromoTier *tiers = promo_rule_tiers(rule);
	uint32_t	traits = 0;
	bool		plain = rule->basis == PROMO_BASIS_DEFAULT && rule->choice == PROMO_CHOICE_DEFAULT &&
		!rule->scope.except_discounted &&
		!(rule->clauses & (PROMO_HAS_MAX | PROMO_HAS_LIMIT | PROMO_HAS_TIMES | PROMO_HAS_FLOOR |
						   PROMO_HAS_MARGIN | PROMO_STACK | PROMO_GRADUATED));

	for (uint32_t i = 0; i < rule->tiers.n; i++)
	{
		if (tiers[i].skus.n > 0)
			traits |= PROMO_NAMES_REWARDS;
		plain = plain && tiers[i].action <= PROMO_PRICE_EACH &&
			(tiers[i].condition == PROMO_ALWAYS || tiers[i].condition == PROMO_SPEND ||
			 tiers[i].condition == PROMO_BUY);
	}
	if (plain)
		traits |= PROMO_PLAIN;
	if (rule->scope.each)
		traits |= PROMO_ON_EACH;
	if (rule->scope.except_skus.n > 0 || rule->scope.except_tags.n > 0)
		traits |= PROMO_HAS_EXCEPTS;
	if (input->period.flags & PROMO_PERIOD_EMPTY ||
		input->period.lower != PROMO_INSTANT_MIN || input->period.upper != PROMO_INSTANT_MAX ||
		rule->clauses & (PROMO_EXCLUSIVE | PROMO_HAS_GROUP | PROMO_HAS_CODE | PROMO_HAS_FOR |
						 PROMO_HAS_WHEN | PROMO_HAS_DAYS | PROMO_HAS_HOURS))
		traits |= PROMO_CONDITIONAL;
	return traits;
}

/* no two rules of the product stage have one priority, and none is several by itself */
static bool
is_ranked(const PromoRulesetInput *rules, int n)
{
	int			last = -1;		/* the last rule of the product stage */

	for (int i = 0; i < n; i++)
	{
		if (rules[i].rule->stage != PROMO_STAGE_PRODUCT)
			continue;
		if (rules[i].rule->scope.each || (last >= 0 && rules[last].priority == rules[i].priority))
			return false;
		last = i;
	}
	return true;
}

/* `spend N save A` and `save A` on the whole order, and nothing else; more is saved by more */
static bool
is_step(const PromoRulesetInput *input)
{
	const PromoRule *rule = input->rule;
	const PromoTier *tiers = promo_rule_tiers(rule);

	if (traits_of(input) != PROMO_PLAIN || rule->scope.kind != PROMO_ON_ORDER)
		return false;
	for (uint32_t i = 0; i < rule->tiers.n; i++)
		if (tiers[i].action != PROMO_SAVE_AMOUNT || tiers[i].condition > PROMO_SPEND ||
			(i > 0 && tiers[i].value < tiers[i - 1].value))
			return false;
	return true;
}

static bool
step_before(const void *context, uint32_t a, uint32_t b)
{
	const PromoStep *steps = context;

	if (steps[a].from != steps[b].from)
		return steps[a].from < steps[b].from;
	if (steps[a].amount != steps[b].amount)
		return steps[a].amount > steps[b].amount;
	return steps[a].rule < steps[b].rule;
}

/*
 * The steps of the order stage's highest priority, if all its rules are that
 * plain: at each threshold the rule that then takes most off.
 */
static uint32_t
find_steps(PromoArena *arena, const PromoRulesetInput *rules, int n, const PromoSettings *settings,
		   PromoStep **steps, uint32_t *stepped)
{
	int			first = 0;
	int			last;
	uint32_t	ntiers = 0;
	uint32_t	count = 0;
	PromoStep  *all;
	uint32_t   *order;

	*stepped = 0;
	while (first < n && rules[first].rule->stage != PROMO_STAGE_ORDER)
		first++;
	for (last = first; last < n && rules[last].priority == rules[first].priority; last++)
	{
		if (rules[last].rule->stage != PROMO_STAGE_ORDER)
			continue;
		if (!is_step(&rules[last]))
			return 0;
		ntiers += rules[last].rule->tiers.n;
		(*stepped)++;
	}
	all = promo_alloc(arena, ntiers * sizeof(PromoStep));
	ntiers = 0;
	for (int i = first; i < last; i++)
	{
		const PromoTier *tiers = promo_rule_tiers(rules[i].rule);

		if (rules[i].rule->stage != PROMO_STAGE_ORDER)
			continue;
		for (uint32_t j = 0; j < rules[i].rule->tiers.n; j++)
			all[ntiers++] = (PromoStep) {
				.from = tiers[j].threshold + tiers[j].strict,
				.amount = (int64_t) promo_round_ratio(tiers[j].value, 1, settings->unit,
													  settings->rounding),
				.rule = (uint32_t) i
			};
	}
	order = promo_sorted(arena, ntiers, step_before, all);
	*steps = promo_alloc(arena, ntiers * sizeof(PromoStep));
	for (uint32_t i = 0; i < ntiers; i++)
	{
		const PromoStep *step = &all[order[i]];

		if (count > 0 && (step->amount < (*steps)[count - 1].amount ||
						  (step->amount == (*steps)[count - 1].amount &&
						   step->rule >= (*steps)[count - 1].rule)))
			continue;
		if (step->amount > 0)
			(*steps)[count++] = *step;
	}
	return count;
}

PromoRuleset *
promo_ruleset_build(PromoArena *arena, PromoRulesetInput *rules, int n,
					const PromoSettings *settings, PromoError *err)
{
	PromoRuleset *set;
	PromoRulesetEntry *entries;
	Index		skus = {0};
	Index		tags = {0};
	size_t		entries_at = sizeof(PromoRuleset);
	size_t		slots_at = entries_at + n * sizeof(PromoRulesetEntry);
	size_t		numbers_at;
	size_t		text_at;
	size_t		rules_at;
	size_t		size;
	uint32_t	listed = 0;
	uint32_t   *order;
	PromoStep  *steps;
	size_t		steps_at;
	uint32_t	nsteps;
	uint32_t	stepped;

	if (!check_settings(settings, err) || !check_rules(arena, rules, n, err))
		return NULL;
	sort_rules(arena, rules, n);
	gather_mentions(arena, rules, n, &skus, &tags);

	numbers_at = slots_at + ((size_t) skus.mask + tags.mask + 2) * sizeof(PromoSlot);
	rules_at = settings->zone.len;
	for (int i = 0; i < n; i++)
	{
		for (PromoList list = 0; list < PROMO_LISTS; list++)
			listed += is_listed(rules[i].rule, list);
		rules_at += rules[i].name.len;
	}
	nsteps = find_steps(arena, rules, n, settings, &steps, &stepped);
	steps_at = (numbers_at + ((size_t) skus.n + tags.n + listed) * sizeof(uint32_t) + 7) & ~(size_t) 7;
	text_at = steps_at + nsteps * sizeof(PromoStep);
	rules_at = (text_at + rules_at + 7) & ~(size_t) 7;
	size = rules_at;
	for (int i = 0; i < n; i++)
		size += rules[i].rule->size;
	if (size > MAX_SIZE)
	{
		promo_fail(err, PROMO_TOO_MANY, "ruleset is larger than %zu bytes", MAX_SIZE);
		return NULL;
	}

	set = promo_alloc0(arena, size);
	set->version = PROMO_RULESET_VERSION;
	set->rounding = settings->rounding;
	set->search = settings->search;
	set->size = (uint32_t) size;
	set->nrules = n;
	set->unit = settings->unit;
	set->search_limit = settings->search_limit;
	set->entries = (uint32_t) entries_at;
	set->zone = (PromoString) {(uint32_t) text_at, settings->zone.len};
	memcpy((char *) set + text_at, settings->zone.data, settings->zone.len);
	text_at += settings->zone.len;

	entries = (PromoRulesetEntry *) ((char *) set + entries_at);
	order = promo_sorted(arena, n, name_before, rules);
	for (int i = 0; i < n; i++)
		entries[order[i]].rank = (uint32_t) i;
	for (int i = 0; i < n; i++)
	{
		const PromoRule *rule = rules[i].rule;
		PromoRule  *copy = (PromoRule *) ((char *) set + rules_at);

		entries[i].lower = rules[i].period.lower;
		entries[i].upper = rules[i].period.upper;
		entries[i].period = rules[i].period.flags;
		entries[i].priority = rules[i].priority;
		entries[i].rule = (uint32_t) rules_at;
		entries[i].name = (PromoString) {(uint32_t) text_at, rules[i].name.len};
		entries[i].stage = rule->stage;
		entries[i].clauses = rule->clauses;
		entries[i].traits = traits_of(&rules[i]);
		if (entries[i].traits & PROMO_CONDITIONAL && rule->stage != PROMO_STAGE_PRODUCT)
			set->flags |= PROMO_RULESET_CONDITIONAL(rule->stage);
		if (entries[i].traits & PROMO_NAMES_REWARDS && rule->stage != PROMO_STAGE_PRODUCT)
			set->flags |= PROMO_RULESET_OFFERS;
		if (rule->clauses & (PROMO_HAS_DAYS | PROMO_HAS_HOURS))
			set->flags |= PROMO_RULESET_CLOCK;
		memcpy((char *) set + text_at, rules[i].name.data, rules[i].name.len);
		text_at += rules[i].name.len;
		memcpy(copy, rule, rule->size);
		copy->vl_len_ = 0;		/* the server's length word is not part of the value */
		rules_at += rule->size;
	}

	if (is_ranked(rules, n))
		set->flags |= PROMO_RULESET_RANKED;

	set->sku_mask = skus.mask;
	set->sku_slots = (uint32_t) slots_at;
	set->tag_mask = tags.mask;
	set->tag_slots = (uint32_t) (slots_at + ((size_t) skus.mask + 1) * sizeof(PromoSlot));
	write_index(set, rules, &skus, (PromoSlot *) ((char *) set + set->sku_slots),
				(uint32_t) numbers_at);
	numbers_at += skus.n * sizeof(uint32_t);
	write_index(set, rules, &tags, (PromoSlot *) ((char *) set + set->tag_slots),
				(uint32_t) numbers_at);
	numbers_at += tags.n * sizeof(uint32_t);
	for (PromoList list = 0; list < PROMO_LISTS; list++)
	{
		uint32_t   *numbers = (uint32_t *) ((char *) set + numbers_at);
		uint32_t	count = 0;

		for (int i = 0; i < n; i++)
			if (is_listed(rules[i].rule, list))
				numbers[count++] = i;
		set->lists[list] = (PromoSlice) {(uint32_t) numbers_at, count};
		numbers_at += count * sizeof(uint32_t);
	}
	set->steps = (PromoSlice) {(uint32_t) steps_at, nsteps};
	set->stepped = stepped;
	if (nsteps > 0)
		memcpy((char *) set + steps_at, steps, nsteps * sizeof(PromoStep));
	return set;
}

void
promo_ruleset_change_max(PromoRuleset *set, const uint32_t *rules, const int64_t *max, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		((PromoRule *) ((char *) set + promo_ruleset_entry(set, rules[i])->rule))->max = max[i];
}

PromoRulesetInput *
promo_ruleset_inputs(PromoArena *arena, const PromoRuleset *set)
{
	PromoRulesetInput *rules = promo_alloc0(arena, set->nrules * sizeof(PromoRulesetInput));

	for (uint32_t i = 0; i < set->nrules; i++)
	{
		const PromoRulesetEntry *entry = promo_ruleset_entry(set, i);

		rules[i].name = promo_ruleset_name(set, i);
		rules[i].rule = promo_ruleset_rule(set, i);
		rules[i].priority = entry->priority;
		rules[i].period = (PromoPeriod) {entry->lower, entry->upper, entry->period};
	}
	return rules;
}

void
promo_ruleset_settings(const PromoRuleset *set, PromoSettings *settings)
{
	settings->unit = set->unit;
	settings->rounding = set->rounding;
	settings->search = set->search;
	settings->search_limit = set->search_limit;
	settings->zone = (PromoText) {(const char *) set + set->zone.at, set->zone.len};
}

/* ---------------------------------------------------------------- JSON */

/* The rules read so far. */
typedef struct RuleArray
{
	PromoRulesetInput *rules;
	int			n;
	int			capacity;
} RuleArray;

static PromoRulesetInput *
next_rule(PromoArena *arena, RuleArray *array, PromoError *err)
{
	if (!check_number_of_rules(array->n + 1, err))
		return NULL;
	if (array->n == array->capacity)
	{
		int			more = array->capacity > 0 ? 2 * array->capacity : 16;

		array->rules = promo_realloc(arena, array->rules,
									 array->capacity * sizeof(PromoRulesetInput),
									 more * sizeof(PromoRulesetInput));
		array->capacity = more;
	}
	memset(&array->rules[array->n], 0, sizeof(PromoRulesetInput));
	return &array->rules[array->n++];
}

/* says in which rule it was; detail and hint stay */
static bool
fail_in_rule(PromoText name, PromoError *err)
{
	PromoError	cause = *err;

	promo_fail(err, cause.code, "rule \"%.*s\": %s", promo_shown(name), name.data, cause.message);
	memcpy(err->detail, cause.detail, sizeof(err->detail));
	memcpy(err->hint, cause.hint, sizeof(err->hint));
	return false;
}

enum
{
	KEY_NAME, KEY_RULE, KEY_PRIORITY, KEY_DURING
};

static const char *const rule_keys[] = {"name", "rule", "priority", "during", NULL};

/* A rule as it is written: in the rule language or as JSON. */
typedef struct RuleText
{
	PromoText	text;			/* no data if there is none */
	bool		is_json;
} RuleText;

static bool
read_rule_text(PromoJson *json, RuleText *rule)
{
	size_t		start = json->at;
	PromoJson	ahead = *json;
	PromoJsonKind kind;
	PromoText	text;

	if (!promo_json_value(&ahead, &kind, &text))
	{
		json->failed = true;
		return false;
	}
	if (kind == PROMO_JSON_OBJECT)
	{
		if (!promo_json_skip(json))
			return false;
		rule->text = (PromoText) {json->input.data + start, (uint32_t) (json->at - start)};
		rule->is_json = true;
		return true;
	}
	*json = ahead;
	if (kind == PROMO_JSON_STRING)
		rule->text = text;
	else if (kind != PROMO_JSON_NULL)
		return promo_json_fail(json, "Key \"rule\" must be a string or an object.");
	return true;
}

static bool
read_priority(PromoText text, int32_t *priority, PromoError *err)
{
	int64_t		value;

	if (!promo_parse_decimal(text, 0, -(int64_t) INT32_MIN, true, "priority", &value, err))
		return false;
	if (value > INT32_MAX)
		return promo_fail(err, PROMO_OUT_OF_RANGE, "priority is out of range");
	*priority = (int32_t) value;
	return true;
}

static bool
read_rule(PromoJson *json, int element, PromoRulesetInput *rule)
{
	PromoArena *arena = json->arena;
	PromoError *err = json->err;
	uint64_t	seen = 0;
	PromoText	key;
	PromoText	values[4] = {{0}};
	RuleText	text = {.is_json = false};

	if (!promo_json_expect(json, PROMO_JSON_OBJECT, "A rule", &key))
		return false;
	while (promo_json_member(json, &key))
	{
		int			which = promo_json_key(json, key, rule_keys, &seen);

		if (which < 0 ||
			!(which == KEY_RULE ? read_rule_text(json, &text)
			  : promo_json_scalar(json, rule_keys[which], &values[which])))
			return false;
	}
	if (json->failed)
		return false;
	rule->name = values[KEY_NAME];
	if (rule->name.data == NULL)
		return promo_fail(err, PROMO_BAD_NULL, "name of rule %d is missing", element);
	if (text.text.data == NULL)
		return promo_fail(err, PROMO_BAD_NULL, "rule \"%.*s\" is missing",
						  promo_shown(rule->name), rule->name.data);
	rule->rule = text.is_json ? promo_rule_from_json(arena, text.text, err)
		: promo_rule_parse(arena, text.text, err);
	rule->period = always;
	if (rule->rule == NULL ||
		(values[KEY_PRIORITY].data != NULL &&
		 !read_priority(values[KEY_PRIORITY], &rule->priority, err)) ||
		(values[KEY_DURING].data != NULL &&
		 !promo_parse_period(values[KEY_DURING], &rule->period, err)))
		return fail_in_rule(rule->name, err);
	return true;
}

/* elements of an array that was entered */
static bool
read_rules(PromoJson *json, RuleArray *array)
{
	while (promo_json_item(json))
	{
		PromoRulesetInput *rule = next_rule(json->arena, array, json->err);

		if (rule == NULL || !read_rule(json, array->n, rule))
			return false;
		if (json->arena->poll != NULL)
			json->arena->poll(json->arena);
	}
	return !json->failed;
}

enum
{
	KEY_UNIT, KEY_ROUNDING, KEY_ZONE, KEY_SEARCH, KEY_SEARCH_LIMIT, KEY_RULES
};

static const char *const set_keys[] = {
	"unit", "rounding", "zone", "search", "search_limit", "rules", NULL
};

static bool
read_setting(PromoJson *json, int which, PromoSettings *settings)
{
	PromoError *err = json->err;
	PromoText	text;
	int64_t		limit;

	if (!promo_json_scalar(json, set_keys[which], &text))
		return false;
	if (text.data == NULL)
		return true;
	switch (which)
	{
		case KEY_UNIT:
			return promo_parse_decimal(text, PROMO_MONEY_DIGITS, PROMO_MONEY_MAX, true, "unit",
									   &settings->unit, err);
		case KEY_ROUNDING:
			return promo_parse_rounding(text, &settings->rounding, err);
		case KEY_SEARCH:
			return promo_parse_search(text, &settings->search, err);
		case KEY_SEARCH_LIMIT:
			if (!promo_parse_decimal(text, 0, INT64_MAX, true, "search_limit", &limit, err) ||
				!promo_check_search_limit(limit, err))
				return false;
			settings->search_limit = (int32_t) limit;
			return true;
		default:
			settings->zone = text;
			return true;
	}
}

/* behind the opening brace of an object of settings */
static bool
read_settings(PromoJson *json, PromoSettings *settings, RuleArray *array)
{
	uint64_t	seen = 0;
	PromoText	key;

	while (promo_json_member(json, &key))
	{
		int			which = promo_json_key(json, key, set_keys, &seen);

		if (which < 0)
			return false;
		if (which != KEY_RULES)
		{
			if (!read_setting(json, which, settings))
				return false;
		}
		else if (!promo_json_expect(json, PROMO_JSON_ARRAY, "Key \"rules\"", &key) ||
				 !read_rules(json, array))
			return false;
	}
	if (json->failed)
		return false;
	if (!(seen & UINT64_C(1) << KEY_RULES))
		return promo_json_fail(json, "Key \"rules\" is missing.");
	return true;
}

static bool
read_json(PromoArena *arena, PromoText text, PromoSettings *settings, RuleArray *array,
		  PromoError *err)
{
	PromoJson	json;
	PromoJsonKind kind;
	PromoText	ignored;

	promo_json_init(&json, arena, text, "promo.ruleset", err);
	if (!promo_json_value(&json, &kind, &ignored))
		return false;
	if (!(kind == PROMO_JSON_ARRAY ? read_rules(&json, array)
		  : read_settings(&json, settings, array)))
		return false;
	return promo_json_end(&json);
}

/* rules without names are named by their number */
static bool
read_bare_rules(PromoArena *arena, PromoText text, RuleArray *array, PromoError *err)
{
	PromoRule **bare;
	int			n;

	if (!promo_rules_parse(arena, text, &bare, &n, err))
		return false;
	for (int i = 0; i < n; i++)
	{
		PromoRulesetInput *rule = next_rule(arena, array, err);
		PromoBuffer name;

		if (rule == NULL)
			return false;
		promo_buffer_init(&name, arena);
		promo_putf(&name, "%d", i + 1);
		rule->name = (PromoText) {name.data, (uint32_t) name.len};
		rule->rule = bare[i];
		rule->period = always;
	}
	return true;
}

PromoRuleset *
promo_ruleset_from_text(PromoArena *arena, PromoText text,
						bool (*check_zone) (PromoText *zone, PromoError *err),
						PromoError *err)
{
	PromoSettings settings = promo_default_settings;
	RuleArray	array = {0};
	uint32_t	i = 0;
	bool		ok;

	while (i < text.len && strchr(" \t\r\n", text.data[i]) != NULL)
		i++;
	if (i < text.len && (text.data[i] == '[' || text.data[i] == '{'))
		ok = read_json(arena, text, &settings, &array, err);
	else
		ok = read_bare_rules(arena, text, &array, err);
	if (!ok)
		return NULL;
	if (settings.zone.len > 0 && check_zone != NULL && !check_zone(&settings.zone, err))
		return NULL;
	return promo_ruleset_build(arena, array.rules, array.n, &settings, err);
}

static void
put_rules(PromoBuffer *buf, const PromoRuleset *set)
{
	PromoBuffer text;

	promo_buffer_init(&text, buf->arena);
	promo_putc(buf, '[');
	for (uint32_t i = 0; i < set->nrules; i++)
	{
		const PromoRulesetEntry *entry = promo_ruleset_entry(set, i);
		PromoPeriod period = {entry->lower, entry->upper, entry->period};

		promo_puts(buf, i == 0 ? "{\"name\":" : ",{\"name\":");
		promo_put_json_string(buf, promo_ruleset_name(set, i));
		text.len = 0;
		promo_rule_print(&text, promo_ruleset_rule(set, i));
		promo_puts(buf, ",\"rule\":");
		promo_put_json_string(buf, (PromoText) {text.data, (uint32_t) text.len});
		if (entry->priority != 0)
			promo_putf(buf, ",\"priority\":%d", entry->priority);
		if (period.flags != always.flags || period.lower != always.lower ||
			period.upper != always.upper)
		{
			text.len = 0;
			promo_put_period(&text, &period);
			promo_puts(buf, ",\"during\":");
			promo_put_json_string(buf, (PromoText) {text.data, (uint32_t) text.len});
		}
		promo_putc(buf, '}');
	}
	promo_putc(buf, ']');
}

void
promo_ruleset_to_json(PromoBuffer *buf, const PromoRuleset *set)
{
	const PromoSettings *defaults = &promo_default_settings;
	PromoSettings settings;

	promo_ruleset_settings(set, &settings);
	if (settings.unit == defaults->unit && settings.rounding == defaults->rounding &&
		settings.search == defaults->search &&
		settings.search_limit == defaults->search_limit && settings.zone.len == 0)
	{
		put_rules(buf, set);
		return;
	}
	promo_putc(buf, '{');
	if (settings.unit != defaults->unit)
	{
		promo_puts(buf, "\"unit\":\"");
		promo_put_decimal(buf, settings.unit, PROMO_MONEY_DIGITS, 0);
		promo_puts(buf, "\",");
	}
	if (settings.rounding != defaults->rounding)
		promo_putf(buf, "\"rounding\":\"%s\",", promo_rounding_name(settings.rounding));
	if (settings.zone.len > 0)
	{
		promo_puts(buf, "\"zone\":");
		promo_put_json_string(buf, settings.zone);
		promo_putc(buf, ',');
	}
	if (settings.search != defaults->search)
		promo_putf(buf, "\"search\":\"%s\",", search_names[settings.search]);
	if (settings.search_limit != defaults->search_limit)
		promo_putf(buf, "\"search_limit\":%d,", settings.search_limit);
	promo_puts(buf, "\"rules\":");
	put_rules(buf, set);
	promo_putc(buf, '}');
}

/* ---------------------------------------------------------------- binary form */

/*
 * u8 version, i64 unit, u8 rounding, u8 search, u32 search limit, text zone,
 * u32 number of rules, and of each rule: text name, u32 priority, u8 flags of
 * the period, i64 from, i64 to, text (the rule's own external binary form).
 */
void
promo_ruleset_pack(PromoBuffer *buf, const PromoRuleset *set)
{
	PromoBuffer rule;
	PromoSettings settings;

	promo_ruleset_settings(set, &settings);
	promo_put_u8(buf, PROMO_RULESET_VERSION);
	promo_put_i64(buf, settings.unit);
	promo_put_u8(buf, settings.rounding);
	promo_put_u8(buf, settings.search);
	promo_put_u32(buf, settings.search_limit);
	promo_put_text(buf, settings.zone);
	promo_put_u32(buf, set->nrules);
	promo_buffer_init(&rule, buf->arena);
	for (uint32_t i = 0; i < set->nrules; i++)
	{
		const PromoRulesetEntry *entry = promo_ruleset_entry(set, i);

		promo_put_text(buf, promo_ruleset_name(set, i));
		promo_put_u32(buf, (uint32_t) entry->priority);
		promo_put_u8(buf, entry->period);
		promo_put_i64(buf, entry->lower);
		promo_put_i64(buf, entry->upper);
		rule.len = 0;
		promo_rule_pack(&rule, promo_ruleset_rule(set, i));
		promo_put_text(buf, (PromoText) {rule.data, (uint32_t) rule.len});
	}
}

/* false with err set, or with r->bad */
static bool
unpack_rules(PromoArena *arena, PromoReader *r, RuleArray *array, PromoError *err)
{
	/* rules are no shorter than a few bytes each, so memory is bounded by the input */
	for (uint32_t n = promo_get_u32(r); n > 0; n--)
	{
		PromoRulesetInput *rule = next_rule(arena, array, err);
		PromoText	packed;

		if (rule == NULL)
			return false;
		rule->name = promo_get_text(r);
		rule->priority = (int32_t) promo_get_u32(r);
		rule->period.flags = promo_get_u8(r);
		rule->period.lower = promo_get_i64(r);
		rule->period.upper = promo_get_i64(r);
		packed = promo_get_text(r);
		if (r->bad)
			return false;
		rule->rule = promo_rule_unpack(arena, packed.data, packed.len, err);
		if (rule->rule == NULL)
			return fail_in_rule(rule->name, err);
		if (arena->poll != NULL)
			arena->poll(arena);
	}
	return !r->bad;
}

PromoRuleset *
promo_ruleset_unpack(PromoArena *arena, const void *data, size_t len,
					 bool (*check_zone) (PromoText *zone, PromoError *err),
					 PromoError *err)
{
	static const char type[] = "promo.ruleset";
	PromoReader r = {data, len, 0, false};
	PromoSettings settings;
	RuleArray	array = {0};
	PromoRuleset *set = NULL;

	if (!promo_get_version(&r, PROMO_RULESET_VERSION, type, err))
		return NULL;
	settings.unit = promo_get_i64(&r);
	settings.rounding = promo_get_u8(&r);
	settings.search = promo_get_u8(&r);
	settings.search_limit = (int32_t) promo_get_u32(&r);
	settings.zone = promo_get_text(&r);
	if (!unpack_rules(arena, &r, &array, err) && !r.bad)
	{
		promo_get_fail(type, err);
		return NULL;
	}
	if (!promo_get_end(&r, type, err))
		return NULL;
	if (settings.zone.len == 0 || check_zone == NULL || check_zone(&settings.zone, err))
		set = promo_ruleset_build(arena, array.rules, array.n, &settings, err);
	if (set == NULL)
		promo_get_fail(type, err);
	return set;
}
