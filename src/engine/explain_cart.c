/*-------------------------------------------------------------------------
 *
 * explain_cart.c
 *	  why each rule applied or not, and what is missing to its next tier
 *
 * The cart is priced as ever; then every rule that could concern it is asked
 * once more, alone, on the lines as they were when its stage began.  What is
 * missing is found by arithmetic, what it would bring by adding it to the cart
 * and asking again.
 *
 *-------------------------------------------------------------------------
 */
#include "pricing_run.h"

const char *const promo_status_names[] = {
	"applied", "not_met", "superseded", "not_now", "not_for_buyer", "no_code", "no_room"
};

typedef struct Explaining
{
	PromoRun	run;			/* as the cart was priced */
	PromoRun	all;			/* candidates: every rule, on lines as a stage found them */
	int			stage;			/* the stage that all.scene.lines stand before, -1: none */
} Explaining;

static PromoText
finish(PromoBuffer *buf)
{
	return (PromoText) {buf->data, (uint32_t) buf->len};
}

static void
put_money(PromoBuffer *buf, int64_t amount)
{
	promo_put_decimal(buf, amount, PROMO_MONEY_DIGITS, 2);
}

static void
put_names(PromoBuffer *buf, const PromoRule *rule, PromoSlice names)
{
	for (uint32_t i = 0; i < names.n; i++)
	{
		PromoText	name = promo_rule_name(rule, names, i);

		promo_puts(buf, i > 0 ? ", " : "");
		promo_put(buf, name.data, name.len);
	}
}

static const PromoRule *
rule_of(const Explaining *x, uint32_t number)
{
	return promo_ruleset_rule(x->run.rules, number);
}

/* lines as they were when the stage began: what earlier stages gave is taken off again */
static void
stand_before(Explaining *x, int stage)
{
	PromoRun   *all = &x->all;

	if (x->stage == stage)
		return;
	x->stage = stage;
	promo_run_reset(all);
	for (uint32_t i = 0; i < x->run.given.nadjustments; i++)
	{
		const PromoAdjustment *adjustment = &x->run.adjustments[i];
		const PromoRulesetEntry *entry = promo_ruleset_entry(all->rules, adjustment->rule);
		PromoLineState *line;

		if (entry->stage >= stage || adjustment->line == PROMO_SHIPPING_LINE)
			continue;
		line = &all->scene.lines[adjustment->line];
		line->left -= adjustment->amount;
		if (adjustment->free)
		{
			line->free += adjustment->units;
			line->used += adjustment->units;
		}
		if (entry->clauses & PROMO_STOP)
			line->stopped = true;
	}
}

/* what a rule of the shipping or points stage sees and gives */
static void
later_effect(Explaining *x, uint32_t number, const int *lines, int nlines, PromoEffect *effect)
{
	const PromoRule *rule = rule_of(x, number);
	int64_t		repeats = promo_rule_reached(&x->all.scene, rule, lines, nlines, effect);

	if (repeats == 0)
		return;
	effect->outcome = PROMO_NOTHING_LEFT;
	if (rule->stage == PROMO_STAGE_SHIPPING)
		effect->money = effect->wanted = promo_shipping_effect(&x->all, number, false);
	if (rule->stage == PROMO_STAGE_POINTS || effect->money > 0)
		effect->outcome = PROMO_GIVES;
}

static void
effect_on(Explaining *x, uint32_t number, const int *lines, int nlines,
		  const int *rewards, int nrewards, PromoEffect *effect)
{
	const PromoRule *rule = rule_of(x, number);

	if (rule->stage >= PROMO_STAGE_SHIPPING)
		later_effect(x, number, lines, nlines, effect);
	else
		promo_rule_effect(&x->all.scene, rule, lines, nlines, rewards, nrewards, effect);
}

/* ----------------------------------------------------------------
 * What is missing
 * ----------------------------------------------------------------
 */

/* the next condition to reach: of the next tier, or once more of the same */
static int64_t
next_target(const PromoRule *rule, const PromoEffect *effect, const PromoTier **tier)
{
	const PromoTier *tiers = promo_rule_tiers(rule);
	const PromoTier *next = effect->tier == NULL ? tiers : effect->tier + 1;
	int64_t		seen;
	int64_t		times;
	int64_t		target;

	for (; next < tiers + rule->tiers.n; next++)
	{
		bool		by_units = next->condition == PROMO_BUY || next->condition == PROMO_EVERY_UNITS;
		bool		of_scope = next->action >= PROMO_GET_FREE && next->action <= PROMO_GET_PRICE &&
			next->skus.n == 0;

		/* the reward has to be in the cart as well */
		target = next->threshold + (by_units && of_scope);
		/* a tier below one that lacks nothing but its reward has nothing to wait for */
		if (next->condition == PROMO_ALWAYS || (by_units && target <= effect->units))
			continue;
		*tier = next;
		return target;
	}
	*tier = effect->tier != NULL ? effect->tier : tiers;
	if (effect->tier == NULL || (effect->tier->condition != PROMO_EVERY &&
								 effect->tier->condition != PROMO_EVERY_UNITS))
		return -1;
	seen = effect->tier->condition == PROMO_EVERY ? effect->basis : effect->units;
	times = seen / effect->tier->threshold + 1;
	if (rule->clauses & PROMO_HAS_TIMES && times > rule->times)
		return -1;
	return __builtin_mul_overflow(times, effect->tier->threshold, &target) ? -1 : target;
}

/* one product at one price: its line, or -1 */
static int
single_line(const Explaining *x, const int *lines, int nlines)
{
	const PromoCart *cart = x->all.scene.cart;

	for (int i = 1; i < nlines; i++)
		if (x->all.scene.lines[lines[i]].product != x->all.scene.lines[lines[0]].product ||
			cart->lines[lines[i]].price != cart->lines[lines[0]].price)
			return -1;
	return nlines > 0 && cart->lines[lines[0]].price > 0 ? lines[0] : -1;
}

static int
cheapest_line(const Explaining *x, const int *lines, int nlines)
{
	const PromoCart *cart = x->all.scene.cart;
	int			cheapest = lines[0];

	for (int i = 1; i < nlines; i++)
		if (cart->lines[lines[i]].price < cart->lines[cheapest].price)
			cheapest = lines[i];
	return cheapest;
}

/* units of one SKU of a set on these lines */
static int64_t
units_of_sku(const Explaining *x, const PromoRule *rule, uint32_t sku, const int *lines, int nlines)
{
	const PromoScene *scene = &x->all.scene;
	PromoText	name = promo_rule_name(rule, rule->scope.names, sku);
	int64_t		units = 0;

	for (int i = 0; i < nlines; i++)
		if (promo_text_equal(promo_cart_sku(scene->cart, lines[i]), name))
			units += scene->lines[lines[i]].qty / PROMO_QTY - scene->lines[lines[i]].used;
	return units;
}

/* complete sets on these lines */
static int64_t
sets_on(const Explaining *x, const PromoRule *rule, const int *lines, int nlines)
{
	int64_t		sets = INT64_MAX;

	for (uint32_t i = 0; i < rule->scope.names.n; i++)
	{
		int64_t		units = units_of_sku(x, rule, i, lines, nlines);

		sets = units < sets ? units : sets;
	}
	return sets;
}

/* how many units of how many SKUs the next complete set lacks */
static int64_t
missing_of_set(const Explaining *x, const PromoRule *rule, const int *lines, int nlines)
{
	int64_t		sets = sets_on(x, rule, lines, nlines);
	int64_t		missing = 0;

	for (uint32_t i = 0; i < rule->scope.names.n; i++)
		missing += units_of_sku(x, rule, i, lines, nlines) <= sets;
	return missing;
}

/* fills in needs_amount, needs_qty and next_saving */
static void
explain_needs(Explaining *x, uint32_t number, const int *lines, int nlines,
			  const int *rewards, int nrewards, const PromoEffect *effect,
			  PromoExplanation *row)
{
	const PromoRule *rule = rule_of(x, number);
	PromoScene *scene = &x->all.scene;
	const PromoTier *tier;
	int64_t		target;
	int64_t		amount = PROMO_UNKNOWN;
	int64_t		units = PROMO_UNKNOWN;
	int			line;
	PromoLineState before;
	PromoEffect next;

	if (nlines == 0)
		return;
	target = next_target(rule, effect, &tier);
	if (tier->condition == PROMO_BUY_SET)
	{
		row->needs_qty = missing_of_set(x, rule, lines, nlines) * PROMO_QTY;
		return;
	}
	if (target < 0)
		return;
	line = single_line(x, lines, nlines);
	if (tier->condition == PROMO_SPEND || tier->condition == PROMO_EVERY)
	{
		amount = target - effect->basis;
		if (tier->strict)
			amount += scene->unit;
		if (line >= 0)
			units = (amount + scene->cart->lines[line].price - 1) / scene->cart->lines[line].price;
	}
	else
		units = target - effect->units;
	if (amount > PROMO_MONEY_MAX / 4 || units > PROMO_QTY_MAX / PROMO_QTY / 4)
		return;
	row->needs_amount = amount;
	row->needs_qty = units < 0 ? PROMO_UNKNOWN : units * PROMO_QTY;

	/* put it into the cart, and ask again */
	if (line < 0)
		line = cheapest_line(x, lines, nlines);
	before = scene->lines[line];
	if (units >= 0)
	{
		promo_int128 more = (promo_int128) scene->cart->lines[line].price * units;

		if (more + before.amount > PROMO_MONEY_MAX)
			return;
		scene->lines[line].qty += units * PROMO_QTY;
		amount = (int64_t) more;
	}
	scene->lines[line].amount += amount;
	scene->lines[line].left += amount;
	effect_on(x, number, lines, nlines, rewards, nrewards, &next);
	if (next.money > 0)
		row->next_saving = next.money;
	scene->lines[line] = before;
}

static void
put_needs(PromoBuffer *buf, const PromoExplanation *row)
{
	if (row->needs_amount > 0)
	{
		promo_puts(buf, "spend ");
		put_money(buf, row->needs_amount);
		promo_puts(buf, " more");
	}
	if (row->needs_qty > 0)
	{
		promo_puts(buf, row->needs_amount > 0 ? " (" : "buy ");
		promo_put_decimal(buf, row->needs_qty, PROMO_QTY_DIGITS, 0);
		promo_puts(buf, row->needs_amount > 0 ? " more of it)" : " more");
	}
	if (row->next_saving > 0)
	{
		promo_puts(buf, " to save ");
		put_money(buf, row->next_saving);
	}
}

/* ----------------------------------------------------------------
 * Reasons
 * ----------------------------------------------------------------
 */

static void
explain_when(Explaining *x, const PromoRule *rule, const PromoWhen *when, int64_t lacks,
			 PromoExplanation *row, PromoBuffer *reason)
{
	const char *what = when->scope.kind == PROMO_ON_TAG ? "tag " : "";

	row->status = PROMO_NOT_MET;
	if (when->condition == PROMO_ALWAYS)
		promo_puts(reason, when->scope.names.n > 1 ? "the cart has none of " : "the cart has no ");
	else if (when->condition == PROMO_SPEND)
	{
		row->needs_amount = lacks + (when->strict ? x->run.scene.unit : 0);
		put_needs(reason, row);
		promo_puts(reason, when->scope.names.n > 0 ? " on " : "");
	}
	else
	{
		row->needs_qty = lacks * PROMO_QTY;
		put_needs(reason, row);
		promo_puts(reason, when->scope.names.n > 0 ? " of " : "");
	}
	if (when->scope.names.n > 0)
		promo_puts(reason, what);
	put_names(reason, rule, when->scope.names);
}

static PromoText
name_of(const Explaining *x, uint32_t number)
{
	return promo_ruleset_name(x->run.rules, number);
}

/* the rule that has what this one would have taken; -1 if there is none */
static int64_t
winner_over(const Explaining *x, uint32_t number, const PromoEffect *effect)
{
	const PromoRun *run = &x->run;
	const PromoRule *rule = rule_of(x, number);
	int64_t		stopped_by = -1;

	if (rule->stage == PROMO_STAGE_POINTS && run->npointed > 0)
		return run->pointed[0];
	for (uint32_t i = 0; i < run->given.nadjustments; i++)
	{
		uint32_t	other = run->adjustments[i].rule;
		const PromoRule *winner = rule_of(x, other);

		if (winner->clauses & PROMO_EXCLUSIVE)
			return other;
		if (rule->clauses & PROMO_HAS_GROUP && winner->clauses & PROMO_HAS_GROUP &&
			promo_text_equal(promo_rule_text(rule, rule->group),
							 promo_rule_text(winner, winner->group)))
			return other;
	}
	for (uint32_t i = 0; i < run->given.nadjustments; i++)
	{
		const PromoAdjustment *adjustment = &run->adjustments[i];
		const PromoRule *winner = rule_of(x, adjustment->rule);

		if (winner->stage == rule->stage && rule->stage != PROMO_STAGE_PRODUCT)
			return adjustment->rule;
		if (adjustment->line == PROMO_SHIPPING_LINE)
			continue;
		for (int j = 0; j < effect->nshares; j++)
		{
			int			product = run->scene.lines[effect->shares[j].line].product;

			if (run->scene.lines[adjustment->line].product != product)
				continue;
			if (winner->stage == rule->stage)
				return adjustment->rule;
			if (winner->clauses & PROMO_STOP)
				stopped_by = adjustment->rule;
		}
	}
	/* taken without a discount on these very lines: its owner is known all the same */
	for (int j = 0; stopped_by < 0 && rule->stage == PROMO_STAGE_PRODUCT && j < effect->nshares; j++)
	{
		int32_t		owner = run->scene.lines[effect->shares[j].line].owner;

		if (owner >= 0 && owner != (int32_t) number)
			return owner;
	}
	return stopped_by;
}

/* reached, and yet not applied */
static void
explain_loss(Explaining *x, uint32_t number, const PromoEffect *effect, PromoExplanation *row,
			 PromoBuffer *reason)
{
	int64_t		winner = winner_over(x, number, effect);

	row->status = PROMO_SUPERSEDED;
	if (winner < 0)
	{
		promo_puts(reason, "the cart is cheaper without it");
		return;
	}
	row->lost_to = name_of(x, (uint32_t) winner);
	if (rule_of(x, (uint32_t) winner)->clauses & PROMO_EXCLUSIVE)
		promo_puts(reason, "exclusive rule \"");
	else if (rule_of(x, (uint32_t) winner)->stage == rule_of(x, number)->stage &&
			 !(rule_of(x, number)->clauses & PROMO_HAS_GROUP))
		promo_puts(reason, rule_of(x, number)->stage == PROMO_STAGE_PRODUCT ?
				   "its products are taken by \"" : "the cart is taken by \"");
	else
		promo_puts(reason, "gives way to \"");
	promo_put(reason, row->lost_to.data, row->lost_to.len);
	promo_putc(reason, '"');
	if (effect->money > 0)
	{
		promo_puts(reason, "; alone it would save ");
		put_money(reason, effect->money);
	}
}

static void
explain_no_room(const Explaining *x, uint32_t number, const PromoEffect *effect,
				PromoExplanation *row, PromoBuffer *reason)
{
	row->status = PROMO_NO_ROOM;
	if (effect->outcome == PROMO_COST_UNKNOWN)
		promo_puts(reason, "cost unknown");
	else if (effect->outcome == PROMO_BLOCKED)
	{
		promo_puts(reason, "a floor, cap or margin leaves nothing of ");
		put_money(reason, effect->wanted);
	}
	else if (rule_of(x, number)->stage == PROMO_STAGE_SHIPPING)
		promo_puts(reason, "there is no shipping fee to save");
	else
		promo_puts(reason, "there is nothing to take off");
}

static void
explain_applied(const Explaining *x, uint32_t number, const PromoEffect *effect,
				PromoExplanation *row, PromoBuffer *reason)
{
	const PromoRun *run = &x->run;
	const PromoRule *rule = rule_of(x, number);

	row->status = PROMO_APPLIED;
	if (row->amount > 0)
	{
		promo_puts(reason, "saves ");
		put_money(reason, row->amount);
		if (effect->wanted > row->amount && rule->stage != PROMO_STAGE_SHIPPING &&
			!rule->scope.each && effect->money == row->amount)
		{
			promo_puts(reason, " of ");
			put_money(reason, effect->wanted);
			promo_puts(reason, ", the rest is blocked by a floor, cap or margin");
		}
	}
	else if (rule->stage == PROMO_STAGE_POINTS)
		promo_puts(reason, "gives points");
	for (uint32_t i = 0; i < run->given.nopenings; i++)
		if (run->openings[i].rule == number)
		{
			promo_putf(reason, "%sopen to the buyer: %lld of ", reason->len > 0 ? "; " : "",
					   (long long) run->openings[i].qty);
			put_names(reason, rule, run->openings[i].tier->skus);
			break;
		}
	if (row->needs_amount > 0 || row->needs_qty > 0)
	{
		promo_puts(reason, "; ");
		put_needs(reason, row);
	}
}

/* no line is left for the rule: a `stop` closed them, or they are discounted already */
static void
explain_closed(Explaining *x, uint32_t number, const int *lines, int nlines,
			   PromoExplanation *row, PromoBuffer *reason)
{
	for (int i = 0; i < nlines; i++)
	{
		if (!x->all.scene.lines[lines[i]].stopped)
			continue;
		for (uint32_t j = 0; j < x->run.given.nadjustments; j++)
		{
			const PromoAdjustment *adjustment = &x->run.adjustments[j];

			if (adjustment->line != lines[i] ||
				!(rule_of(x, adjustment->rule)->clauses & PROMO_STOP))
				continue;
			row->status = PROMO_SUPERSEDED;
			row->lost_to = name_of(x, adjustment->rule);
			promo_puts(reason, "its products are closed by \"");
			promo_put(reason, row->lost_to.data, row->lost_to.len);
			promo_putc(reason, '"');
			return;
		}
	}
	row->status = PROMO_NO_ROOM;
	promo_puts(reason, rule_of(x, number)->scope.except_discounted ?
			   "everything in its scope is discounted already" : "nothing is left in its scope");
}

static void
put_missing_of_set(const Explaining *x, const PromoRule *rule, const int *lines, int nlines,
				   PromoBuffer *reason)
{
	int64_t		sets = sets_on(x, rule, lines, nlines);
	const char *before = " for a set: ";

	for (uint32_t i = 0; i < rule->scope.names.n; i++)
		if (units_of_sku(x, rule, i, lines, nlines) <= sets)
		{
			PromoText	name = promo_rule_name(rule, rule->scope.names, i);

			promo_puts(reason, before);
			promo_put(reason, name.data, name.len);
			before = ", ";
		}
}

/* ----------------------------------------------------------------
 * A rule
 * ----------------------------------------------------------------
 */

/* the admission's refusals */
static bool
explain_refusal(const Explaining *x, uint32_t number, PromoExplanation *row, PromoBuffer *reason)
{
	const PromoRule *rule = rule_of(x, number);
	const PromoRulesetEntry *entry = promo_ruleset_entry(x->run.rules, number);
	PromoPeriod period = {entry->lower, entry->upper, entry->period};

	row->status = promo_admission(&x->run, number);
	switch (row->status)
	{
		case PROMO_NOT_NOW:
			if (period.lower != PROMO_INSTANT_MIN || period.upper != PROMO_INSTANT_MAX ||
				period.flags & PROMO_PERIOD_EMPTY)
			{
				promo_puts(reason, "runs in ");
				promo_put_period(reason, &period);
			}
			if (rule->clauses & (PROMO_HAS_DAYS | PROMO_HAS_HOURS))
				promo_puts(reason, reason->len > 0 ? ", on its days and hours" :
						   "outside its days and hours");
			return true;
		case PROMO_NOT_FOR_BUYER:
			promo_puts(reason, "for ");
			for (uint32_t i = 0; i < rule->buyers.n; i++)
			{
				promo_puts(reason, i > 0 ? " and " : "");
				put_names(reason, rule, PROMO_RULE_ARRAY(rule, PromoSlice, rule->buyers)[i]);
			}
			promo_puts(reason, " only");
			return true;
		case PROMO_NO_CODE:
			promo_puts(reason, "needs a code");
			return true;
		default:
			return false;
	}
}

/* a better row for a rule with `on each`, of two of its products' */
static bool
says_more(const PromoExplanation *a, const PromoExplanation *b)
{
	static const int weight[] = {6, 2, 4, 0, 0, 0, 3};

	if (a->status != b->status)
		return weight[a->status] > weight[b->status];
	if (a->needs_amount >= 0 && b->needs_amount >= 0)
		return a->needs_amount < b->needs_amount;
	return a->needs_qty >= 0 && (b->needs_qty < 0 || a->needs_qty < b->needs_qty);
}

static bool
was_given(const Explaining *x, uint32_t number)
{
	for (uint32_t i = 0; i < x->run.given.nopenings; i++)
		if (x->run.openings[i].rule == number)
			return true;
	for (uint32_t i = 0; i < x->run.npointed; i++)
		if (x->run.pointed[i] == number)
			return true;
	return false;
}

/* one candidate (or a rule of a later stage) on its lines */
static PromoExplanation
explain_lines(Explaining *x, uint32_t number, int64_t amount, const int *lines, int nlines,
			  const int *rewards, int nrewards)
{
	PromoArena *arena = x->all.scene.arena;
	const PromoRule *rule = rule_of(x, number);
	PromoExplanation row = {
		.rule = name_of(x, number), .amount = amount, .needs_amount = PROMO_UNKNOWN,
		.needs_qty = PROMO_UNKNOWN, .next_saving = PROMO_UNKNOWN
	};
	PromoBuffer reason;
	PromoEffect effect;
	const PromoWhen *when;
	int64_t		lacks;
	int		   *own;
	int			nown = 0;

	promo_buffer_init(&reason, arena);
	if (explain_refusal(x, number, &row, &reason))
	{
		row.reason = finish(&reason);
		return row;
	}
	stand_before(x, rule->stage);
	if (amount == 0 && !promo_whens_hold(&x->all.scene, rule, &when, &lacks))
	{
		explain_when(x, rule, when, lacks, &row, &reason);
		row.reason = finish(&reason);
		return row;
	}

	/* what others took is not counted for a rule that applied */
	own = promo_alloc(arena, (nlines + 1) * sizeof(int));
	for (int i = 0; i < nlines; i++)
	{
		int32_t		owner = x->run.scene.lines[lines[i]].owner;

		if (amount == 0 || rule->stage != PROMO_STAGE_PRODUCT || owner == PROMO_NOBODY ||
			owner == PROMO_STACKED || owner == (int32_t) number)
			own[nown++] = lines[i];
	}
	effect_on(x, number, own, nown, rewards, nrewards, &effect);
	if (amount > 0 || was_given(x, number))
	{
		explain_needs(x, number, own, nown, rewards, nrewards, &effect, &row);
		explain_applied(x, number, &effect, &row, &reason);
	}
	else if (effect.outcome == PROMO_NOT_REACHED && effect.nshares == 0)
		explain_closed(x, number, own, nown, &row, &reason);
	else if (effect.outcome == PROMO_NOT_REACHED)
	{
		row.status = PROMO_NOT_MET;
		explain_needs(x, number, own, nown, rewards, nrewards, &effect, &row);
		put_needs(&reason, &row);
		if (promo_rule_tiers(rule)->condition == PROMO_BUY_SET)
			put_missing_of_set(x, rule, own, nown, &reason);
	}
	else if (rule->stage == PROMO_STAGE_POINTS && x->run.npointed == 0)
	{
		row.status = PROMO_NO_ROOM;
		promo_puts(&reason, "there are no points to multiply");
	}
	else if (effect.outcome == PROMO_GIVES || effect.open_rewards > 0)
		explain_loss(x, number, &effect, &row, &reason);
	else
		explain_no_room(x, number, &effect, &row, &reason);
	row.reason = finish(&reason);
	return row;
}

static int64_t
amount_given(const PromoRun *run, uint32_t number, const int *lines, int nlines)
{
	int64_t		amount = 0;

	for (uint32_t i = 0; i < run->given.nadjustments; i++)
	{
		bool		ours = lines == NULL;

		if (run->adjustments[i].rule != number)
			continue;
		for (int j = 0; j < nlines && !ours; j++)
			ours = lines[j] == run->adjustments[i].line;
		if (ours)
			amount += run->adjustments[i].amount;
	}
	return amount;
}

static PromoExplanation
explain_later(Explaining *x, uint32_t number, bool *concerned)
{
	int		   *lines = promo_alloc(x->all.scene.arena, 2 * (x->all.scene.n + 1) * sizeof(int));
	int		   *rewards = lines + x->all.scene.n + 1;
	PromoExplanation none = {0};
	int			nlines;
	int			nrewards;

	promo_later_lines(&x->all, number, -1, &nlines, &nrewards);
	*concerned = nlines > 0;
	if (nlines == 0)
		return none;
	memcpy(lines, x->all.lines, nlines * sizeof(int));
	memcpy(rewards, x->all.rewards, nrewards * sizeof(int));
	return explain_lines(x, number, amount_given(&x->run, number, NULL, 0),
						 lines, nlines, rewards, nrewards);
}

/* the rules of all stages behind the product stage, ascending */
static uint32_t *
later_rules(PromoArena *arena, const PromoRuleset *rules, uint32_t *n)
{
	uint32_t   *numbers = promo_alloc(arena, rules->nrules * sizeof(uint32_t));

	*n = 0;
	for (uint32_t i = 0; i < rules->nrules; i++)
		if (promo_ruleset_entry(rules, i)->stage != PROMO_STAGE_PRODUCT)
			numbers[(*n)++] = i;
	return numbers;
}

PromoExplanation *
promo_explain_cart(PromoArena *arena, const PromoCart *cart, const PromoRuleset *rules,
				   const PromoRequest *request, int *n, PromoError *err)
{
	Explaining	x;
	PromoExplanation *rows;
	uint32_t   *later;
	uint32_t	nlater;
	uint32_t	next = 0;
	int			i = 0;

	if (!promo_run_begin(&x.run, arena, cart, rules, request, err) ||
		!promo_run_begin(&x.all, arena, cart, rules, request, err))
		return NULL;
	promo_run_price(&x.run);
	promo_find_candidates(&x.all, false, -1);
	x.stage = -1;

	later = later_rules(arena, rules, &nlater);
	rows = promo_alloc(arena, (x.all.ncandidates + nlater + 1) * sizeof(PromoExplanation));
	*n = 0;
	while (i < x.all.ncandidates || next < nlater)
	{
		uint32_t	number;
		bool		concerned = true;
		bool		without = false;
		PromoExplanation row;

		number = next >= nlater ? x.all.candidates[i].rule :
			i >= x.all.ncandidates || later[next] < x.all.candidates[i].rule ?
			later[next] : x.all.candidates[i].rule;
		for (uint32_t j = 0; j < request->nwithout && !without; j++)
			without = promo_text_equal(request->without[j], promo_ruleset_name(rules, number));
		if (next < nlater && later[next] == number)
		{
			next++;
			if (!without)
				row = explain_later(&x, number, &concerned);
		}
		else
		{
			bool		first = true;
			int64_t		total = amount_given(&x.run, number, NULL, 0);

			for (; i < x.all.ncandidates && x.all.candidates[i].rule == number; i++)
			{
				const PromoCandidate *candidate = &x.all.candidates[i];
				const int  *lines = x.all.members + candidate->first;
				bool		each = rule_of(&x, number)->scope.each;
				PromoExplanation other;

				if (without)
					continue;
				other = explain_lines(&x, number,
									  each ? amount_given(&x.run, number, lines,
														  candidate->nlines + candidate->nrewards) : total,
									  lines, candidate->nlines,
									  lines + candidate->nlines, candidate->nrewards);
				if (first || says_more(&other, &row))
					row = other;
				first = false;
			}
			if (!without)
				row.amount = total;
		}
		if (!without && concerned)
			rows[(*n)++] = row;
	}
	return rows;
}
