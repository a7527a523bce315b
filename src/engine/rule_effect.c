/*-------------------------------------------------------------------------
 *
 * rule_effect.c
 *	  what one rule gives on given lines in a given state
 *
 * doc/pricing.md, sections 2 to 6, in their order.  A discount is first a raw
 * fraction of money on each line (or in all), then rounded, capped and
 * apportioned in settle().  Units are never walked one by one: a line's units
 * are a run at one average price.
 *
 *-------------------------------------------------------------------------
 */
#include "rule_effect.h"

/* how raw discounts become money */
typedef enum Settling
{
	ON_EACH_LINE,				/* every line's raw discount is rounded alone */
	SPREAD,						/* rounded once, over what is left of the lines */
	WHERE_IT_AROSE				/* rounded once, by the raw discount of each line */
} Settling;

typedef struct Work
{
	PromoScene *scene;
	const PromoRule *rule;
	const PromoTier *tier;
	PromoEffect *effect;
	PromoShare *shares;			/* eligible lines and rewards, ascending */
	PromoRatio *raws;			/* raw discount of each share */
	int			n;
	int		   *scope;			/* shares in the scope */
	int			nscope;
	int		   *rewards;		/* shares whose SKU the tier names, ascending */
	int			nrewards;
	int		   *sorted;			/* shares by price */
	int		   *merging;		/* scratch of the sort */
	int64_t    *chosen;			/* of each share: quantity discounted, or -1: the whole line */
	int64_t		repeats;		/* k */
} Work;

static PromoLineState *
line_of(const Work *w, int share)
{
	return &w->scene->lines[w->shares[share].line];
}

/* whole units that are not used up */
static int64_t
available(const PromoLineState *line)
{
	return line->qty / PROMO_QTY - line->used;
}

/* quantity without units given free */
static int64_t
effective(const PromoLineState *line)
{
	return line->qty - line->free * PROMO_QTY;
}

/* what quantity x of the line is worth, at its average price */
static PromoRatio
worth(const PromoLineState *line, int64_t x)
{
	int64_t		qty = effective(line);

	if (x == qty)
		return promo_ratio_of(line->left);
	return promo_ratio((promo_int128) line->left * x, qty);
}

static PromoRatio
worth_of_units(const PromoLineState *line, int64_t units)
{
	return worth(line, units * PROMO_QTY);
}

/* value x qty, where qty is in 1/1000 */
static PromoRatio
times_qty(int64_t value, int64_t qty)
{
	return promo_ratio((promo_int128) value * qty, PROMO_QTY);
}

static PromoRatio
smaller(PromoRatio a, PromoRatio b)
{
	return promo_ratio_compare(a, b) <= 0 ? a : b;
}

/* ----------------------------------------------------------------
 * What a rule sees
 * ----------------------------------------------------------------
 */

static bool
names_sku(const PromoScene *scene, const PromoRule *rule, PromoSlice names, int line)
{
	PromoText	sku = promo_cart_sku(scene->cart, line);

	for (uint32_t i = 0; i < names.n; i++)
		if (promo_text_equal(promo_rule_name(rule, names, i), sku))
			return true;
	return false;
}

static bool
names_tag(const PromoScene *scene, const PromoRule *rule, PromoSlice names, int line)
{
	if (scene->tags == NULL)
		return false;
	for (uint32_t j = 0; j < scene->tags[line].n; j++)
	{
		const PromoHashed *tag = promo_cart_tag(scene->cart, scene->tags, line, j);

		for (uint32_t i = 0; i < names.n; i++)
			if (promo_text_equal(promo_rule_name(rule, names, i), (PromoText) {tag->data, tag->len}))
				return true;
	}
	return false;
}

bool
promo_in_scope(const PromoScene *scene, const PromoRule *rule, const PromoScope *scope, int line)
{
	if (scope->kind == PROMO_ON_SKU && !names_sku(scene, rule, scope->names, line))
		return false;
	if (scope->kind == PROMO_ON_TAG && !names_tag(scene, rule, scope->names, line))
		return false;
	return !(scope->except_skus.n > 0 && names_sku(scene, rule, scope->except_skus, line)) &&
		!(scope->except_tags.n > 0 && names_tag(scene, rule, scope->except_tags, line));
}

bool
promo_is_reward(const PromoScene *scene, const PromoRule *rule, const PromoTier *tier, int line)
{
	return tier->skus.n > 0 && names_sku(scene, rule, tier->skus, line);
}

static inline bool
looks_at_list(const PromoRule *rule)
{
	return rule->basis == PROMO_BASIS_LIST ||
		(rule->basis == PROMO_BASIS_DEFAULT && rule->stage == PROMO_STAGE_PRODUCT);
}

int64_t
promo_basis(const PromoScene *scene, const PromoRule *rule, int line)
{
	const PromoLineState *l = &scene->lines[line];
	int64_t		amount;

	if (!looks_at_list(rule))
		return l->left;
	if (l->free == 0)
		return l->amount;
	(void) promo_line_amount(scene->cart->lines[line].price, effective(l), scene->unit,
							 scene->rounding, &amount);
	return amount;
}

/* money and units of the whole cart in the scope of a `when` */
bool
promo_whens_hold(const PromoScene *scene, const PromoRule *rule, const PromoWhen **failed,
				 int64_t *lacks)
{
	const PromoWhen *whens = PROMO_RULE_ARRAY(rule, PromoWhen, rule->whens);

	for (uint32_t i = 0; i < rule->whens.n; i++)
	{
		const PromoWhen *when = &whens[i];
		int64_t		seen = 0;
		bool		any = false;

		for (int line = 0; line < scene->n; line++)
		{
			const PromoLineState *l = &scene->lines[line];

			if (!promo_in_scope(scene, rule, &when->scope, line) ||
				(when->scope.except_discounted && l->left < l->amount))
				continue;
			any = true;
			if (when->condition == PROMO_SPEND)
				seen += promo_basis(scene, rule, line);
			else
				seen += l->qty / PROMO_QTY - l->free;
		}
		if (when->condition == PROMO_ALWAYS ? any :
			when->strict ? seen > when->threshold : seen >= when->threshold)
			continue;
		*failed = when;
		*lacks = when->condition == PROMO_ALWAYS ? 1 : when->threshold - seen;
		return false;
	}
	return true;
}

/* ----------------------------------------------------------------
 * Units by price
 * ----------------------------------------------------------------
 */

/* whether units of share a come before those of share b */
static bool
goes_first(const Work *w, int a, int b, bool dearest)
{
	const PromoLineState *x = line_of(w, a);
	const PromoLineState *y = line_of(w, b);
	promo_int128 one = (promo_int128) x->left * effective(y);
	promo_int128 other = (promo_int128) y->left * effective(x);

	if (one != other)
		return dearest ? one > other : one < other;
	return a < b;
}

/*
 * Sorts those of shares[n] that have units, into w->sorted; returns how many.
 * A merge sort, since a cart may have thousands of lines.
 */
static int
sort_by_price(Work *w, const int *shares, int n, bool dearest)
{
	int		   *from = w->sorted;
	int		   *to = w->merging;
	int			count = 0;

	for (int i = 0; i < n; i++)
		if (available(line_of(w, shares[i])) > 0)
			from[count++] = shares[i];
	for (int width = 1; width < count; width *= 2)
	{
		int		   *swap = from;

		for (int start = 0; start < count; start += 2 * width)
		{
			int			i = start;
			int			middle = start + width < count ? start + width : count;
			int			j = middle;
			int			end = middle + width < count ? middle + width : count;

			for (int k = start; k < end; k++)
				to[k] = j >= end || (i < middle && !goes_first(w, from[j], from[i], dearest)) ?
					from[i++] : from[j++];
		}
		from = to;
		to = swap;
	}
	if (from != w->sorted)
		memcpy(w->sorted, from, count * sizeof(int));
	return count;
}

/* the dearest units qualify, the cheapest are given, unless the rule turns that round */
static bool
qualifies_dearest(const Work *w)
{
	return w->rule->choice != PROMO_CHOICE_CHEAPEST;
}

static bool
gives_dearest(const Work *w)
{
	return w->rule->choice == PROMO_CHOICE_DEAREST;
}

/* shares of one SKU of a set, by its place in the scope's list */
static int
shares_of_sku(const Work *w, uint32_t name, int *shares)
{
	PromoText	sku = promo_rule_name(w->rule, w->rule->scope.names, name);
	int			n = 0;

	for (int i = 0; i < w->nscope; i++)
		if (promo_text_equal(promo_cart_sku(w->scene->cart, w->shares[w->scope[i]].line), sku))
			shares[n++] = w->scope[i];
	return n;
}

/* complete sets in the scope */
static int64_t
count_sets(Work *w)
{
	int64_t		sets = INT64_MAX;

	for (uint32_t name = 0; name < w->rule->scope.names.n && sets > 0; name++)
	{
		int			n = shares_of_sku(w, name, w->sorted);
		int64_t		units = 0;

		for (int i = 0; i < n; i++)
			units += available(line_of(w, w->sorted[i]));
		sets = units < sets ? units : sets;
	}
	return sets;
}

/*
 * Takes the first `count` units of those in the given order: adds to
 * chosen[], as a quantity.
 */
static void
choose_first(Work *w, const int *sorted, int n, int64_t count)
{
	for (int i = 0; i < n && count > 0; i++)
	{
		int64_t		units = available(line_of(w, sorted[i])) - w->chosen[sorted[i]] / PROMO_QTY;

		units = units < count ? units : count;
		w->chosen[sorted[i]] += units * PROMO_QTY;
		count -= units;
	}
}

static void
choose_none(Work *w)
{
	for (int i = 0; i < w->n; i++)
		w->chosen[i] = 0;
}

/* the units that make up the full groups: `every 3 units`, or sets */
static void
choose_groups(Work *w)
{
	choose_none(w);
	if (w->tier->condition == PROMO_BUY_SET)
	{
		for (uint32_t name = 0; name < w->rule->scope.names.n; name++)
		{
			int			n = shares_of_sku(w, name, w->merging);
			int		   *shares = w->scene->indexes + 4 * w->scene->n;

			memcpy(shares, w->merging, n * sizeof(int));
			n = sort_by_price(w, shares, n, qualifies_dearest(w));
			choose_first(w, w->sorted, n, w->repeats);
		}
	}
	else
	{
		int			n = sort_by_price(w, w->scope, w->nscope, qualifies_dearest(w));

		choose_first(w, w->sorted, n, w->repeats * w->tier->threshold);
	}
}

/* cuts chosen[] down to the rule's limit */
static void
apply_limit(Work *w, bool grouped)
{
	int64_t		limit = w->rule->limit;
	bool		per_line = (w->rule->clauses & PROMO_LIMIT_PER_LINE) != 0;
	int			n = sort_by_price(w, w->scope, w->nscope, gives_dearest(w));

	if (!grouped)
		choose_none(w);
	for (int i = 0; i < n; i++)
	{
		int			share = w->sorted[i];
		int64_t		units = grouped ? w->chosen[share] / PROMO_QTY : available(line_of(w, share));

		units = units < limit ? units : limit;
		w->chosen[share] = units * PROMO_QTY;
		if (!per_line)
			limit -= units;
	}
}

/* ----------------------------------------------------------------
 * Room, rounding, caps
 * ----------------------------------------------------------------
 */

int64_t
promo_room(const PromoScene *scene, const PromoRule *rule, int number)
{
	const PromoLineState *line = &scene->lines[number];
	int64_t		floor = 0;
	PromoRatio	least;
	promo_int128 steps;

	if (scene->floors != NULL && scene->floors[number] > 0)
		floor = scene->floors[number];
	if (rule->clauses & PROMO_HAS_FLOOR && rule->floor > floor)
		floor = rule->floor;
	if (floor == 0 && !(rule->clauses & PROMO_HAS_MARGIN))
		return line->left;
	least = times_qty(floor, line->qty);
	if (rule->clauses & PROMO_HAS_MARGIN)
	{
		PromoRatio	net;

		if (scene->costs == NULL || scene->costs[number] == PROMO_UNKNOWN)
			return -1;
		net = promo_ratio_times(times_qty(scene->costs[number], line->qty),
								PROMO_WHOLE, PROMO_WHOLE - rule->margin);
		if (promo_ratio_compare(net, least) > 0)
			least = net;
	}
	/* rounded up */
	steps = (least.whole + (least.num > 0) + scene->unit - 1) / scene->unit;
	if (steps * scene->unit >= line->left)
		return 0;
	return line->left - (int64_t) steps * scene->unit;
}

/* `max`, in whole units of money */
static int64_t
cap_of(const Work *w)
{
	if (w->rule->clauses & PROMO_HAS_MAX)
		return w->rule->max / w->scene->unit * w->scene->unit;
	return INT64_MAX;
}

/* raw discounts as integer weights in the same proportion */
static void
raws_to_weights(const Work *w, int64_t *weights)
{
	const promo_int128 limit = (promo_int128) 1 << 62;
	promo_int128 den = 1;
	int			shift = 0;

	/* over one denominator, unless that is too large for the fractions to matter */
	for (int i = 0; i < w->n; i++)
	{
		promo_int128 step;

		w->raws[i] = promo_ratio_reduce(w->raws[i], 62);
		step = w->raws[i].den / promo_gcd(w->raws[i].den, den);
		if (step > limit / den)
		{
			den = 0;
			break;
		}
		den *= step;
	}
	for (int pass = 0; pass < 2; pass++)
		for (int i = 0; i < w->n; i++)
		{
			PromoRatio	r = w->raws[i];
			promo_int128 weight = den > 0 ? r.whole * den + r.num * (den / r.den) :
				(r.whole << 40) + (r.num << 40) / r.den;

			if (pass == 1)
				weights[i] = (int64_t) (weight >> shift);
			else
				while (weight >> shift > INT64_MAX)
					shift++;
		}
}

/* what came of it all */
static void
conclude(Work *w, int64_t money, int64_t wanted, bool unknown)
{
	w->effect->money = money;
	w->effect->wanted = wanted;
	w->effect->outcome = money > 0 ? PROMO_GIVES :
		wanted == 0 ? PROMO_NOTHING_LEFT :
		unknown ? PROMO_COST_UNKNOWN : PROMO_BLOCKED;
}

/* cuts the money of each share to the line's room, and their sum to the cap */
static void
settle_each(Work *w)
{
	PromoScene *scene = w->scene;
	int64_t    *weights = scene->numbers + scene->n;
	int64_t    *amounts = scene->numbers + 2 * scene->n;
	int64_t		cap = cap_of(w);
	int64_t		wanted = 0;
	int64_t		money = 0;
	bool		unknown = false;

	for (int i = 0; i < w->n; i++)
	{
		int64_t		amount = w->shares[i].money;
		int64_t		room = promo_room(scene, w->rule, w->shares[i].line);

		wanted += amount;
		if (room < 0)
		{
			unknown |= amount > 0;
			room = 0;
		}
		amount = amount < room ? amount : room;
		w->shares[i].money = amount;
		money += amount;
	}
	if (money > cap)
	{
		for (int i = 0; i < w->n; i++)
			weights[i] = w->shares[i].money;
		money = promo_scene_apportion(scene, cap, w->n, weights, NULL, amounts);
		for (int i = 0; i < w->n; i++)
		{
			w->shares[i].money = amounts[i];
			w->shares[i].free = false;
		}
	}
	conclude(w, money, wanted, unknown);
}

/* rounds, caps and apportions raws[] (or `total` in all) into the shares */
static void
settle(Work *w, Settling settling, PromoRatio total)
{
	PromoScene *scene = w->scene;
	int64_t    *weights = scene->numbers + scene->n;
	int64_t    *amounts = scene->numbers + 2 * scene->n;
	int64_t    *rooms = w->chosen;	/* no longer needed */
	int64_t		cap = cap_of(w);
	int64_t		wanted;
	int64_t		amount;
	int64_t		money = 0;
	bool		by_left = settling == SPREAD;
	bool		capped = false;
	bool		unknown = false;

	if (settling == ON_EACH_LINE)
	{
		for (int i = 0; i < w->n; i++)
			w->shares[i].money = promo_ratio_round(w->raws[i], scene->unit, scene->rounding);
		settle_each(w);
		return;
	}

	if (!by_left)
		for (int i = 0; i < w->n; i++)
			total = promo_ratio_add(total, w->raws[i]);
	amount = wanted = promo_ratio_round(total, scene->unit, scene->rounding);
	if (amount > cap)
	{
		amount = cap;
		capped = true;
	}
	for (int i = 0; i < w->n; i++)
	{
		rooms[i] = promo_room(scene, w->rule, w->shares[i].line);
		if (rooms[i] < 0)
		{
			unknown = true;
			rooms[i] = 0;
		}
		if (by_left)
			weights[i] = line_of(w, i)->left;
	}
	if (!by_left)
		raws_to_weights(w, weights);
	else if (w->nscope < w->n)
	{
		/* lines that only rewards name do not share in it */
		for (int i = 0, next = 0; i < w->n; i++)
		{
			if (next < w->nscope && w->scope[next] == i)
				next++;
			else
				weights[i] = 0;
		}
	}
	if (amount > 0)
		money = promo_scene_apportion(scene, amount, w->n, weights, by_left ? rooms : NULL, amounts);
	else
		memset(amounts, 0, w->n * sizeof(int64_t));
	for (int i = 0; i < w->n; i++)
	{
		if (!by_left && amounts[i] > rooms[i])
		{
			money -= amounts[i] - rooms[i];
			amounts[i] = rooms[i];
			w->shares[i].free = false;
		}
		if (capped)
			w->shares[i].free = false;
		w->shares[i].money = amounts[i];
	}
	conclude(w, money, wanted, unknown);
}

/* ----------------------------------------------------------------
 * Conditions
 * ----------------------------------------------------------------
 */

static bool
is_reward_action(uint8_t action)
{
	return action >= PROMO_GET_FREE && action <= PROMO_GIFT;
}

/* how often the tier's condition is reached, 0 if not; without `times` */
static int64_t
reached(const PromoTier *tier, int64_t money, int64_t units, int64_t sets)
{
	switch ((PromoCondition) tier->condition)
	{
		case PROMO_ALWAYS:
			return 1;
		case PROMO_SPEND:
			return tier->strict ? money > tier->threshold : money >= tier->threshold;
		case PROMO_EVERY:
			return money / tier->threshold;
		case PROMO_BUY:
			if (tier->action == PROMO_TOTAL)
				return units / tier->threshold;
			return units >= tier->threshold;
		case PROMO_EVERY_UNITS:
			return units / tier->threshold;
		case PROMO_BUY_SET:
			return sets;
	}
	return 0;
}

static int64_t
bounded(const PromoRule *rule, int64_t repeats)
{
	return rule->clauses & PROMO_HAS_TIMES && repeats > rule->times ? rule->times : repeats;
}

/* sums up what the condition sees and finds the highest tier that is reached */
static void
find_tier(Work *w)
{
	const PromoTier *tiers = promo_rule_tiers(w->rule);
	int64_t		money = 0;
	int64_t		units = 0;
	int64_t		sets = -1;
	bool		list = looks_at_list(w->rule);

	for (int i = 0; i < w->nscope; i++)
	{
		const PromoLineState *line = line_of(w, w->scope[i]);

		money += !list ? line->left : line->free == 0 ? line->amount :
			promo_basis(w->scene, w->rule, w->shares[w->scope[i]].line);
		units += available(line);
	}
	w->effect->basis = money;
	w->effect->units = units;
	for (int i = (int) w->rule->tiers.n - 1; i >= 0; i--)
	{
		if (tiers[i].condition == PROMO_BUY_SET && sets < 0)
			sets = count_sets(w);
		w->repeats = bounded(w->rule, reached(&tiers[i], money, units, sets));
		if (w->repeats > 0)
		{
			w->tier = w->effect->tier = &tiers[i];
			return;
		}
	}
}

/* whether the units that a group discounts are chosen ones */
static bool
chooses_groups(const PromoTier *tier)
{
	bool		each = tier->action == PROMO_SAVE_PERCENT || tier->action == PROMO_SAVE_EACH ||
		tier->action == PROMO_PRICE_EACH;

	return each && (tier->condition == PROMO_EVERY_UNITS || tier->condition == PROMO_BUY_SET);
}

static bool
totals_groups(const PromoTier *tier)
{
	return tier->action == PROMO_TOTAL &&
		(tier->condition == PROMO_BUY || tier->condition == PROMO_EVERY_UNITS ||
		 tier->condition == PROMO_BUY_SET);
}

/* ----------------------------------------------------------------
 * Actions on lines
 * ----------------------------------------------------------------
 */

/* raw discount of quantity x of a line by save %, save each, price each */
static PromoRatio
raw_each(const PromoLineState *line, const PromoTier *tier, int64_t x)
{
	PromoRatio	value;

	if (x == 0)
		return promo_ratio_of(0);
	value = worth(line, x);
	switch ((PromoAction) tier->action)
	{
		case PROMO_SAVE_PERCENT:
			return promo_ratio_times(value, tier->value, PROMO_WHOLE);
		case PROMO_SAVE_EACH:
			return smaller(times_qty(tier->value, x), value);
		case PROMO_PRICE_EACH:
			return promo_ratio_subtract(value, times_qty(tier->value, x));
		default:
			return promo_ratio_of(0);
	}
}

/* the same on a whole line, in money */
static int64_t
discount_on_line(const Work *w, const PromoLineState *line)
{
	const PromoScene *scene = w->scene;
	int64_t		qty = effective(line);
	int64_t		price;

	if (w->tier->action == PROMO_SAVE_PERCENT)
		return promo_percent_of(line->left, w->tier->value, scene->unit, scene->rounding);
	/* whole units at whole prices */
	if (qty % PROMO_QTY == 0 && w->tier->value % scene->unit == 0 &&
		!__builtin_mul_overflow(w->tier->value, qty / PROMO_QTY, &price))
	{
		if (w->tier->action == PROMO_SAVE_EACH)
			return price < line->left ? price : line->left;
		return price < line->left ? line->left - price : 0;
	}
	return promo_ratio_round(raw_each(line, w->tier, qty), scene->unit, scene->rounding);
}

/* slices of `graduated`, by units: tier i begins with its Nth unit */
static void
graduate_units(Work *w)
{
	const PromoTier *tiers = promo_rule_tiers(w->rule);
	int			n = sort_by_price(w, w->scope, w->nscope, qualifies_dearest(w));
	bool		whole = false;	/* some tier takes an amount off its slice */

	for (int i = 0; i < w->n; i++)
		w->raws[i] = promo_ratio_of(0);
	for (const PromoTier *tier = tiers; tier <= w->tier; tier++)
	{
		int64_t		first = tier->condition == PROMO_ALWAYS ? 1 : tier->threshold;
		int64_t		last = tier < w->tier ? tier[1].threshold - 1 : INT64_MAX;
		int64_t		before = 0; /* units of the runs before this one */
		PromoRatio	slice = promo_ratio_of(0);
		bool		amount = tier->action == PROMO_SAVE_AMOUNT;

		/* an amount needs the slice's worth first, therefore two rounds */
		for (int round = amount ? 0 : 1; round < 2; round++)
		{
			before = 0;
			for (int i = 0; i < n; i++)
			{
				PromoLineState *line = line_of(w, w->sorted[i]);
				int64_t		units = available(line);
				int64_t		from = first - 1 > before ? first - 1 : before;
				int64_t		to = last < before + units ? last : before + units;

				before += units;
				if (from >= to)
					continue;
				if (round == 0)
					slice = promo_ratio_add(slice, worth_of_units(line, to - from));
				else
				{
					PromoRatio	raw;

					if (!amount)
						raw = raw_each(line, tier, (to - from) * PROMO_QTY);
					else
					{
						PromoRatio	part = worth_of_units(line, to - from);
						PromoRatio	off = promo_ratio_of(tier->value);

						raw = promo_ratio_share(smaller(off, slice), part, slice);
					}
					w->raws[w->sorted[i]] = promo_ratio_add(w->raws[w->sorted[i]], raw);
				}
			}
		}
		whole |= amount;
	}
	settle(w, whole || w->rule->stage != PROMO_STAGE_PRODUCT ? WHERE_IT_AROSE : ON_EACH_LINE,
		   promo_ratio_of(0));
}

/* slices of `graduated`, by money: tier i has what is above its N */
static void
graduate_money(Work *w)
{
	PromoRatio	total = promo_ratio_of(0);

	for (const PromoTier *tier = promo_rule_tiers(w->rule); tier <= w->tier; tier++)
	{
		int64_t		from = tier->condition == PROMO_ALWAYS ? 0 : tier->threshold;
		int64_t		to = tier < w->tier ? tier[1].threshold : w->effect->basis;
		int64_t		slice = to > from ? to - from : 0;

		if (tier->action == PROMO_SAVE_PERCENT)
			total = promo_ratio_add(total, promo_ratio_times(promo_ratio_of(slice),
															 tier->value, PROMO_WHOLE));
		else
			total = promo_ratio_add(total, promo_ratio_of(slice < tier->value ? slice : tier->value));
	}
	settle(w, SPREAD, total);
}

/* the money saved on one group of units, shared by what its units are worth */
static void
add_group(Work *w, const int *members, const int64_t *units, int n, PromoRatio value,
		  int64_t times)
{
	PromoRatio	saving = promo_ratio_subtract(value, promo_ratio_of(w->tier->value));

	for (int i = 0; i < n; i++)
	{
		PromoRatio	part = worth_of_units(line_of(w, members[i]), units[i]);
		PromoRatio	raw = n == 1 ? saving : promo_ratio_share(saving, part, value);

		raw = promo_ratio_times(raw, times, 1);
		w->raws[members[i]] = promo_ratio_add(w->raws[members[i]], raw);
		w->chosen[members[i]] += units[i] * times * PROMO_QTY;
	}
}

/*
 * `total A` of groups of N units, dearest first.  Groups within one run of
 * equal units are all alike; one that spans runs is built member by member.
 */
static void
total_groups(Work *w, int64_t size, int64_t groups)
{
	int			n = sort_by_price(w, w->scope, w->nscope, qualifies_dearest(w));
	int		   *members = w->merging;
	int64_t    *units = w->scene->numbers + w->scene->n;
	PromoRatio	price = promo_ratio_of(w->tier->value);
	int			run = 0;
	int64_t		rest = n > 0 ? available(line_of(w, w->sorted[0])) : 0;

	choose_none(w);
	while (groups > 0)
	{
		PromoRatio	value = promo_ratio_of(0);
		int64_t		times = 1;
		int64_t		needs = size;
		int			nmembers = 0;

		if (rest >= size)
		{
			times = rest / size < groups ? rest / size : groups;
			members[0] = w->sorted[run];
			units[0] = size;
			nmembers = 1;
			value = worth_of_units(line_of(w, members[0]), size);
			rest -= times * size;
		}
		else
			while (needs > 0)
			{
				int64_t		taken = rest < needs ? rest : needs;

				if (taken > 0)
				{
					members[nmembers] = w->sorted[run];
					units[nmembers++] = taken;
					value = promo_ratio_add(value, worth_of_units(line_of(w, w->sorted[run]), taken));
					rest -= taken;
					needs -= taken;
				}
				if (rest == 0 && ++run < n)
					rest = available(line_of(w, w->sorted[run]));
			}
		if (promo_ratio_compare(value, price) <= 0)
			break;
		add_group(w, members, units, nmembers, value, times);
		groups -= times;
		if (rest == 0 && ++run < n)
			rest = available(line_of(w, w->sorted[run]));
	}
}

/*
 * `total A` of sets: the dearest unit of every SKU, as long as that saves.
 * There are sets, so that no more SKUs are named than there are lines.
 */
static void
total_sets(Work *w, int64_t groups)
{
	int			nskus = (int) w->rule->scope.names.n;
	int		   *shares = w->scene->indexes + 4 * w->scene->n;
	int		   *runs = shares + w->scene->n;	/* of each SKU in turn, by price */
	int		   *at = runs + w->scene->n;	/* by SKU: the run in use ... */
	int		   *ends = at + w->scene->n;	/* ... and where its runs end */
	int		   *members = ends + w->scene->n;
	int64_t    *rest = w->scene->numbers + w->scene->n;
	int64_t    *ones = rest + w->scene->n;
	int			end = 0;

	choose_none(w);
	for (int sku = 0; sku < nskus; sku++)
	{
		int			n = shares_of_sku(w, (uint32_t) sku, shares);

		n = sort_by_price(w, shares, n, qualifies_dearest(w));
		memcpy(runs + end, w->sorted, n * sizeof(int));
		at[sku] = end;
		ends[sku] = end += n;
		rest[sku] = available(line_of(w, runs[at[sku]]));
		ones[sku] = 1;
	}
	while (groups > 0)
	{
		PromoRatio	value = promo_ratio_of(0);
		int64_t		times = groups;

		for (int sku = 0; sku < nskus; sku++)
		{
			members[sku] = runs[at[sku]];
			value = promo_ratio_add(value, worth_of_units(line_of(w, members[sku]), 1));
			times = rest[sku] < times ? rest[sku] : times;
		}
		if (promo_ratio_compare(value, promo_ratio_of(w->tier->value)) <= 0)
			break;
		add_group(w, members, ones, nskus, value, times);
		groups -= times;
		for (int sku = 0; sku < nskus; sku++)
		{
			rest[sku] -= times;
			if (rest[sku] == 0 && ++at[sku] < ends[sku])
				rest[sku] = available(line_of(w, runs[at[sku]]));
		}
	}
}

/* notes on the shares which units the discount lies on */
static void
note_units(Work *w, bool used)
{
	for (int i = 0; i < w->n; i++)
		if (w->chosen[i] > 0)
		{
			w->shares[i].units = w->chosen[i] / PROMO_QTY;
			if (used)
				w->shares[i].used = w->shares[i].units;
		}
}

static void
total_of_groups(Work *w)
{
	int64_t		size = w->tier->condition == PROMO_BUY_SET ?
		(int64_t) w->rule->scope.names.n : w->tier->threshold;
	int64_t		groups = w->repeats;

	if (w->rule->clauses & PROMO_HAS_LIMIT && groups > w->rule->limit / size)
		groups = w->rule->limit / size;
	for (int i = 0; i < w->n; i++)
		w->raws[i] = promo_ratio_of(0);
	if (w->tier->condition == PROMO_BUY_SET)
		total_sets(w, groups);
	else
		total_groups(w, size, groups);
	note_units(w, true);
	for (int i = 0; i < w->n; i++)
		w->shares[i].takes = w->shares[i].units > 0;
	settle(w, WHERE_IT_AROSE, promo_ratio_of(0));
}

/* save, price each and total on whole lines or chosen units */
static void
discount_lines(Work *w)
{
	const PromoTier *tier = w->tier;
	const PromoRule *rule = w->rule;
	bool		grouped = chooses_groups(tier);
	bool		limited = (rule->clauses & PROMO_HAS_LIMIT) != 0;
	bool		each = tier->action == PROMO_SAVE_PERCENT || tier->action == PROMO_SAVE_EACH ||
		tier->action == PROMO_PRICE_EACH;
	PromoRatio	total = promo_ratio_of(0);
	PromoRatio	value = promo_ratio_of(0);
	PromoRatio	off;
	int64_t		all = 0;

	if (tier->condition == PROMO_EVERY &&
		(tier->action == PROMO_SAVE_PERCENT || tier->action == PROMO_TOTAL))
	{
		total = promo_ratio_of((promo_int128) w->repeats * tier->threshold);
		if (tier->action == PROMO_SAVE_PERCENT)
			total = promo_ratio_times(total, tier->value, PROMO_WHOLE);
		else
			total = promo_ratio_subtract(total, promo_ratio_of((promo_int128) tier->value * w->repeats));
		settle(w, SPREAD, total);
		return;
	}

	/* the usual ways first: whole lines need no fractions */
	if (!grouped && !limited)
	{
		if (each && rule->stage == PROMO_STAGE_PRODUCT)
		{
			for (int i = 0; i < w->nscope; i++)
				w->shares[w->scope[i]].money = discount_on_line(w, line_of(w, w->scope[i]));
			settle_each(w);
			return;
		}
		for (int i = 0; i < w->nscope; i++)
			all += line_of(w, w->scope[i])->left;
		if (tier->action == PROMO_SAVE_PERCENT)
		{
			settle(w, SPREAD, promo_ratio_times(promo_ratio_of(all), tier->value, PROMO_WHOLE));
			return;
		}
		if (!each)
		{
			promo_int128 off = tier->action == PROMO_TOTAL ? (promo_int128) all - tier->value :
				(promo_int128) tier->value * w->repeats;

			settle(w, SPREAD, promo_ratio_of(off < 0 ? 0 : off < all ? off : all));
			if (tier->action == PROMO_TOTAL)
				for (int i = 0; i < w->nscope; i++)
					w->shares[w->scope[i]].used = available(line_of(w, w->scope[i]));
			return;
		}
	}

	if (grouped)
		choose_groups(w);
	if (limited)
		apply_limit(w, grouped);
	if (grouped || limited)
		note_units(w, false);
	for (int i = 0; i < w->n; i++)
		w->raws[i] = promo_ratio_of(0);
	for (int i = 0; i < w->nscope; i++)
	{
		int			share = w->scope[i];
		PromoLineState *line = line_of(w, share);
		int64_t		x = grouped || limited ? w->chosen[share] : effective(line);

		if (each)
			w->raws[share] = raw_each(line, tier, x);
		else if (x > 0)
			w->raws[share] = worth(line, x);
	}
	if (each)
	{
		settle(w, rule->stage == PROMO_STAGE_PRODUCT ? ON_EACH_LINE : WHERE_IT_AROSE, total);
		return;
	}

	/* an amount off, or a new price for, the chosen units: by what they are worth */
	for (int i = 0; i < w->n; i++)
		value = promo_ratio_add(value, w->raws[i]);
	off = tier->action == PROMO_TOTAL ? promo_ratio_subtract(value, promo_ratio_of(tier->value)) :
		smaller(promo_ratio_of((promo_int128) tier->value * w->repeats), value);
	for (int i = 0; i < w->n; i++)
		w->raws[i] = promo_ratio_share(off, w->raws[i], value);
	settle(w, WHERE_IT_AROSE, total);
	if (tier->action == PROMO_TOTAL)
		for (int i = 0; i < w->nscope; i++)
			w->shares[w->scope[i]].used = available(line_of(w, w->scope[i]));
}

/* ----------------------------------------------------------------
 * Rewards
 * ----------------------------------------------------------------
 */

/* saving on `units` reward units of a line */
static PromoRatio
raw_reward(const PromoLineState *line, const PromoTier *tier, int64_t units)
{
	PromoRatio	value = worth_of_units(line, units);
	PromoRatio	amount = promo_ratio_of((promo_int128) tier->value * units);

	switch ((PromoAction) tier->action)
	{
		case PROMO_GET_FREE:
		case PROMO_GIFT:
			return value;
		case PROMO_GET_SAVE_PERCENT:
			return promo_ratio_times(value, tier->value, PROMO_WHOLE);
		case PROMO_GET_SAVE_AMOUNT:
			return smaller(amount, value);
		case PROMO_GET_PRICE:
		case PROMO_ADD:
			return promo_ratio_subtract(value, amount);
		default:
			return promo_ratio_of(0);
	}
}

static bool
in_scope_share(const Work *w, int share)
{
	for (int low = 0, high = w->nscope - 1; low <= high;)
	{
		int			middle = (low + high) / 2;

		if (w->scope[middle] == share)
			return true;
		if (w->scope[middle] < share)
			low = middle + 1;
		else
			high = middle - 1;
	}
	return false;
}

/* given[] of each share: reward units; kept in the raws' place until settled */
static int64_t
limit_of(const Work *w, int64_t units, int64_t given)
{
	int64_t		limit = w->rule->clauses & PROMO_HAS_LIMIT ? w->rule->limit : INT64_MAX;

	if (!(w->rule->clauses & PROMO_LIMIT_PER_LINE))
		limit = limit == INT64_MAX ? limit : limit - given;
	return units < limit ? units : limit;
}

/*
 * Marks the qualifying units: `groups` times the condition's units of the
 * scope, the dearest that are not rewards.  They are used up and take lines.
 */
static void
use_qualifiers(Work *w, int64_t groups)
{
	const PromoTier *tier = w->tier;

	for (int i = 0; i < w->n; i++)
		w->chosen[i] = w->shares[i].units * PROMO_QTY;
	if (tier->condition == PROMO_BUY_SET)
	{
		for (uint32_t name = 0; name < w->rule->scope.names.n; name++)
		{
			int		   *shares = w->scene->indexes + 4 * w->scene->n;
			int			n = shares_of_sku(w, name, shares);

			n = sort_by_price(w, shares, n, !gives_dearest(w));
			choose_first(w, w->sorted, n, groups);
			/* where there are not enough others, rewards qualify as well */
			if (n > 0)
				w->shares[w->sorted[0]].takes = true;
		}
	}
	else if (tier->condition == PROMO_BUY || tier->condition == PROMO_EVERY_UNITS)
	{
		int			n = sort_by_price(w, w->scope, w->nscope, !gives_dearest(w));

		choose_first(w, w->sorted, n, groups * tier->threshold);
	}
	else if (tier->condition != PROMO_ALWAYS)
	{
		for (int i = 0; i < w->nscope; i++)
			w->shares[w->scope[i]].takes = true;
	}
	for (int i = 0; i < w->n; i++)
	{
		w->shares[i].used = w->chosen[i] / PROMO_QTY;
		w->shares[i].takes |= w->shares[i].used > w->shares[i].units;
	}
}

/* `get`: the cheapest units of the scope, or of the SKUs named */
static void
give_units(Work *w)
{
	const PromoTier *tier = w->tier;
	bool		of_scope = tier->skus.n == 0;
	bool		by_units = tier->condition == PROMO_BUY || tier->condition == PROMO_EVERY_UNITS;
	const int  *from = of_scope ? w->scope : w->rewards;
	int			nfrom = of_scope ? w->nscope : w->nrewards;
	int			n = sort_by_price(w, from, nfrom, gives_dearest(w));
	int64_t		in_cart = 0;	/* reward units there are */
	int64_t		groups = w->repeats;
	int64_t		wanted;
	int64_t		given = 0;

	for (int i = 0; i < n; i++)
		in_cart += available(line_of(w, w->sorted[i]));
	if (by_units)
	{
		int64_t		low = 0;
		int64_t		high = bounded(w->rule, w->effect->units / tier->threshold);

		/*
		 * The most groups that still get at least one reward each: r rewards
		 * leave enough units in the scope to qualify.  Fewer groups leave
		 * more, so that the border is found by halving.
		 */
		wanted = 0;
		while (low < high)
		{
			int64_t		k = low + (high - low + 1) / 2;
			int64_t		spare = w->effect->units - k * tier->threshold;
			promo_int128 most = (promo_int128) k * tier->count;
			int64_t		r = most < in_cart ? (int64_t) most : in_cart;

			/* rewards from outside of the scope cost it nothing */
			if (spare < r)
			{
				int64_t		seen = 0;
				int64_t		inside = 0;

				for (int i = 0; i < n && seen < r; i++)
				{
					int64_t		units = available(line_of(w, w->sorted[i]));

					units = units < r - seen ? units : r - seen;
					if (of_scope || in_scope_share(w, w->sorted[i]))
					{
						if (units > spare - inside)
						{
							seen += spare - inside;
							break;
						}
						inside += units;
					}
					seen += units;
				}
				r = seen;
			}
			if (r > (promo_int128) (k - 1) * tier->count)
			{
				low = k;
				wanted = r;
			}
			else
				high = k - 1;
		}
		groups = low;
		if (groups == 0 && of_scope)
		{
			w->effect->tier = NULL;
			w->effect->outcome = PROMO_NOT_REACHED;
			return;
		}
	}
	else
	{
		promo_int128 most = (promo_int128) groups * tier->count;

		wanted = most < in_cart ? (int64_t) most : in_cart;
	}

	for (int i = 0; i < w->n; i++)
		w->raws[i] = promo_ratio_of(0);
	for (int i = 0; i < n && given < wanted; i++)
	{
		int			share = w->sorted[i];
		int64_t		units = available(line_of(w, share));

		units = limit_of(w, units < wanted - given ? units : wanted - given, given);
		if (units <= 0)
			continue;
		w->raws[share] = raw_reward(line_of(w, share), tier, units);
		w->shares[share].units = units;
		w->shares[share].free = tier->action == PROMO_GET_FREE;
		given += units;
	}
	if (!of_scope)
	{
		int64_t		entitled = by_units ?
			bounded(w->rule, w->effect->units / tier->threshold) : groups;
		promo_int128 open = (promo_int128) entitled * tier->count - given;

		w->effect->open_rewards = open > 0 ? (open < INT64_MAX / 2 ? (int64_t) open : INT64_MAX / 2) : 0;
	}
	use_qualifiers(w, groups);
	settle(w, WHERE_IT_AROSE, promo_ratio_of(0));
}

/*
 * How many units may be re-priced when `basis` and `units` (and, for sets, the
 * units in chosen[]) are not counted for the condition.
 */
static int64_t
entitled(Work *w, PromoRatio basis, int64_t units)
{
	const PromoTier *tier = w->tier;
	int64_t		money = w->effect->basis;
	int64_t		repeats;
	promo_int128 count;

	if (!promo_ratio_is_zero(basis))
	{
		/* rounded so that a whole number compares as the fraction would */
		promo_int128 out = basis.whole + (basis.num > 0 && !tier->strict);

		money = out < money ? money - (int64_t) out : 0;
	}
	if (tier->condition == PROMO_BUY_SET)
	{
		repeats = INT64_MAX;
		for (uint32_t name = 0; name < w->rule->scope.names.n; name++)
		{
			int			n = shares_of_sku(w, name, w->merging);
			int64_t		there = 0;

			for (int i = 0; i < n; i++)
				there += available(line_of(w, w->merging[i])) - w->shares[w->merging[i]].units;
			repeats = there < repeats ? there : repeats;
		}
	}
	else
		repeats = reached(tier, money, w->effect->units - units, 0);
	count = (promo_int128) bounded(w->rule, repeats) * tier->count;
	return count < INT64_MAX / 2 ? (int64_t) count : INT64_MAX / 2;
}

/* basis that `units` units of a line in the scope stand for */
static PromoRatio
basis_of_units(const Work *w, int share, int64_t units)
{
	const PromoLineState *line = line_of(w, share);

	return promo_ratio((promo_int128) promo_basis(w->scene, w->rule, w->shares[share].line) *
					   (units * PROMO_QTY), effective(line));
}

/* `add` and `gift`: re-prices the named SKUs, largest saving first */
static void
reprice_units(Work *w)
{
	const PromoTier *tier = w->tier;
	PromoRatio	basis = promo_ratio_of(0);
	int64_t		out = 0;		/* given units that lie in the scope */
	int64_t		given = 0;
	int64_t		open;
	int64_t		groups;
	int			n;

	n = sort_by_price(w, w->rewards, w->nrewards, true);
	for (int i = 0; i < w->n; i++)
		w->raws[i] = promo_ratio_of(0);
	for (int i = 0; i < n; i++)
	{
		int			share = w->sorted[i];
		PromoLineState *line = line_of(w, share);
		bool		inside = in_scope_share(w, share);
		int64_t		low = 0;
		int64_t		high = limit_of(w, available(line), given);

		if (promo_ratio_is_zero(raw_reward(line, tier, 1)))
			break;
		while (low < high)
		{
			int64_t		units = low + (high - low + 1) / 2;
			PromoRatio	without = basis;

			w->shares[share].units = units;
			if (inside)
				without = promo_ratio_add(basis, basis_of_units(w, share, units));
			if (entitled(w, without, inside ? out + units : out) >= given + units)
				low = units;
			else
				high = units - 1;
		}
		w->shares[share].units = low;
		if (low <= 0)
			continue;
		if (inside)
		{
			basis = promo_ratio_add(basis, basis_of_units(w, share, low));
			out += low;
		}
		given += low;
		w->raws[share] = raw_reward(line, tier, low);
		w->shares[share].free = tier->action == PROMO_GIFT;
	}
	open = entitled(w, basis, out) - given;
	w->effect->open_rewards = open > 0 ? open : 0;
	groups = (given + tier->count - 1) / tier->count;
	use_qualifiers(w, groups);
	settle(w, WHERE_IT_AROSE, promo_ratio_of(0));
}

/* ----------------------------------------------------------------
 * The whole
 * ----------------------------------------------------------------
 */

static bool
is_eligible(const PromoScene *scene, const PromoRule *rule, int line)
{
	const PromoLineState *l = &scene->lines[line];

	/* a `stop` closes lines for goods and points, not for shipping */
	return !(l->stopped && rule->stage != PROMO_STAGE_SHIPPING) &&
		!(rule->scope.except_discounted && l->left < l->amount);
}

/* fills in the shares: eligible lines and rewards, merged */
static void
gather(Work *w, const int *lines, int nlines, const int *rewards, int nrewards)
{
	PromoScene *scene = w->scene;
	int			i = 0;
	int			j = 0;

	w->shares = scene->shares;
	w->raws = scene->raws;
	w->chosen = scene->numbers;
	w->scope = scene->indexes;
	w->rewards = scene->indexes + scene->n;
	w->sorted = scene->indexes + 2 * scene->n;
	w->merging = scene->indexes + 3 * scene->n;
	if (nrewards == 0)
	{
		for (; i < nlines; i++)
			if (is_eligible(scene, w->rule, lines[i]))
			{
				w->scope[w->n] = w->n;
				w->shares[w->n++] = (PromoShare) {.line = lines[i]};
			}
		w->nscope = w->n;
		return;
	}
	while (i < nlines || j < nrewards)
	{
		int			line;
		bool		scoped;
		bool		named;

		if (j >= nrewards || (i < nlines && lines[i] <= rewards[j]))
			line = lines[i];
		else
			line = rewards[j];
		scoped = i < nlines && lines[i] == line && is_eligible(scene, w->rule, line);
		named = j < nrewards && rewards[j] == line && !scene->lines[line].stopped;
		i += i < nlines && lines[i] == line;
		j += j < nrewards && rewards[j] == line;
		if (!scoped && !named)
			continue;
		if (scoped)
			w->scope[w->nscope++] = w->n;
		if (named)
			w->rewards[w->nrewards++] = w->n;
		w->shares[w->n++] = (PromoShare) {.line = line};
	}
}

/* rewards of the tier that was reached, of all that the rule's tiers name */
static void
keep_named(Work *w)
{
	int			kept = 0;

	for (int i = 0; i < w->nrewards; i++)
		if (promo_is_reward(w->scene, w->rule, w->tier, w->shares[w->rewards[i]].line))
			w->rewards[kept++] = w->rewards[i];
	w->nrewards = kept;
}

void
promo_rule_effect(PromoScene *scene, const PromoRule *rule, const int *lines, int nlines,
				  const int *rewards, int nrewards, PromoEffect *effect)
{
	Work		w = {.scene = scene, .rule = rule, .effect = effect};

	memset(effect, 0, sizeof(*effect));
	effect->outcome = PROMO_NOT_REACHED;
	gather(&w, lines, nlines, rewards, nrewards);
	effect->shares = w.shares;
	effect->nshares = w.n;
	if (w.nscope == 0)
		return;
	find_tier(&w);
	if (w.tier == NULL)
		return;

	if (is_reward_action(w.tier->action))
	{
		keep_named(&w);
		if (w.tier->action == PROMO_ADD || w.tier->action == PROMO_GIFT)
			reprice_units(&w);
		else
			give_units(&w);
	}
	else if (totals_groups(w.tier))
		total_of_groups(&w);
	else if (!(rule->clauses & PROMO_GRADUATED))
		discount_lines(&w);
	else if (promo_rule_tiers(rule)[rule->tiers.n - 1].condition == PROMO_SPEND)
		graduate_money(&w);
	else
		graduate_units(&w);

	for (int i = 0; i < w.n; i++)
		w.shares[i].takes |= w.shares[i].money > 0;
	if (is_reward_action(w.tier->action) || totals_groups(w.tier))
		return;
	if (w.tier->condition == PROMO_BUY_SET)
	{
		/* the lines of the sets' units */
		choose_groups(&w);
		for (int i = 0; i < w.n; i++)
			w.shares[i].takes |= w.chosen[i] > 0;
	}
	else if (w.tier->condition != PROMO_ALWAYS)
	{
		bool		by_units = w.tier->condition == PROMO_BUY ||
			w.tier->condition == PROMO_EVERY_UNITS;

		for (int i = 0; i < w.nscope; i++)
			w.shares[w.scope[i]].takes |= !by_units || available(line_of(&w, w.scope[i])) > 0;
	}
}

int64_t
promo_rule_reached(PromoScene *scene, const PromoRule *rule, const int *lines, int nlines,
				   PromoEffect *effect)
{
	Work		w = {.scene = scene, .rule = rule, .effect = effect};

	memset(effect, 0, sizeof(*effect));
	effect->outcome = PROMO_NOT_REACHED;
	gather(&w, lines, nlines, NULL, 0);
	effect->shares = w.shares;
	effect->nshares = w.n;
	if (w.nscope > 0)
		find_tier(&w);
	return w.tier != NULL ? w.repeats : 0;
}

void
promo_scene_scratch(PromoScene *scene)
{
	size_t		n = scene->n;

	scene->shares = promo_alloc(scene->arena, n * sizeof(PromoShare));
	scene->raws = promo_alloc(scene->arena, n * sizeof(PromoRatio));
	scene->numbers = promo_alloc(scene->arena, 3 * n * sizeof(int64_t));
	scene->indexes = promo_alloc(scene->arena, 9 * n * sizeof(int));
	scene->claims = promo_alloc(scene->arena, n * PROMO_APPORTION_SIZE);
}
