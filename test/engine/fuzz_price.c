/*-------------------------------------------------------------------------
 *
 * fuzz_price.c
 *	  carts under rulesets, made up from bytes, and what must hold of them
 *
 * The bytes are choices: of a cart, of rules written in the rule language, of
 * settings and of a request.  A byte that is missing chooses the plainest, so
 * that a shorter input is a simpler case and minimising an input explains it.
 *
 *-------------------------------------------------------------------------
 */
#include "../../src/engine/price_cart.h"
#include "fuzz.h"

#define MAX_RULES	8
#define MAX_LINES	12

typedef struct Choices
{
	const uint8_t *data;
	size_t		len;
	size_t		at;
} Choices;

typedef struct Case
{
	PromoCart  *cart;
	PromoRuleset *rules;
	PromoRequest request;
} Case;

static TestArena test;
static Case priced;
static PromoError err;

static const char *const skus[] = {"A", "B", "C", "D", "E", "full width ；"};
static const char *const tags[] = {"t", "u", "鞋"};
static const char *const buyers[] = {"gold", "first_order"};
static const char *const codes[] = {"X", "Y"};

#define LENGTH(array) ((uint32_t) (sizeof(array) / sizeof((array)[0])))

/* 0 .. n - 1, n at most 256 */
static uint32_t
pick(Choices *c, uint32_t n)
{
	return c->at < c->len ? c->data[c->at++] % n : 0;
}

/* one in n; never once the input is used up */
static bool
seldom(Choices *c, uint32_t n)
{
	return pick(c, n) == n - 1;
}

static PromoBuffer *
new_buffer(void)
{
	PromoBuffer *buf = promo_alloc(&test.arena, sizeof(PromoBuffer));

	promo_buffer_init(buf, &test.arena);
	return buf;
}

static PromoText
text_of(const PromoBuffer *buf)
{
	return (PromoText) {buf->data, (uint32_t) buf->len};
}

static void
show_case(void)
{
	PromoBuffer *buf = new_buffer();

	if (err.code != PROMO_OK)
		fprintf(stderr, "error: %s (%s)\n", err.message, err.detail);
	if (priced.cart == NULL || priced.rules == NULL)
		return;
	promo_puts(buf, "cart: ");
	promo_cart_to_json(buf, priced.cart);
	promo_puts(buf, "\nrules: ");
	promo_ruleset_to_json(buf, priced.rules);
	promo_puts(buf, "\nat: ");
	promo_put_instant(buf, priced.request.at);
	promo_puts(buf, " shipping: ");
	promo_put_decimal(buf, priced.request.fee, PROMO_MONEY_DIGITS, 2);
	for (uint32_t i = 0; i < priced.request.nbuyer; i++)
		promo_putf(buf, " buyer: %s", priced.request.buyer[i].data);
	for (uint32_t i = 0; i < priced.request.ncodes; i++)
		promo_putf(buf, " code: %s", priced.request.codes[i].data);
	for (uint32_t i = 0; i < priced.request.nwithout; i++)
		promo_putf(buf, " without: %.*s", (int) priced.request.without[i].len,
				   priced.request.without[i].data);
	fprintf(stderr, "%s\n", buf->data);
}

/* ----------------------------------------------------------------
 * Carts
 * ----------------------------------------------------------------
 */

/* 0 .. max, from eight bytes */
static int64_t
choose_wide(Choices *c, int64_t max)
{
	uint64_t	value = 0;

	for (int i = 0; i < 8; i++)
		value = value << 8 | pick(c, 256);
	return (int64_t) (value % ((uint64_t) max + 1));
}

static int64_t
choose_money(Choices *c)
{
	switch (pick(c, 8))
	{
		case 0:
			return 100 * PROMO_MONEY;
		case 1:
			return (1 + pick(c, 10)) * 10 * PROMO_MONEY;
		case 2:
			return (1 + pick(c, 255)) * PROMO_MONEY;
		case 3:
			return (pick(c, 256) << 8 | pick(c, 256)) * 100;	/* cents */
		case 4:
			return pick(c, 256) << 8 | pick(c, 256);	/* the finest decimals */
		case 5:
			return 0;
		case 6:
			return choose_wide(c, PROMO_MONEY_MAX);
		default:
			return PROMO_MONEY_MAX / (1 + pick(c, 4));
	}
}

static int64_t
choose_qty(Choices *c)
{
	switch (pick(c, 8))
	{
		case 0:
			return PROMO_QTY;
		case 1:
		case 2:
		case 3:
			return pick(c, 12) * PROMO_QTY;
		case 4:
			return pick(c, 256) << 4 | pick(c, 16);
		case 5:
			return pick(c, 256) * pick(c, 256) * PROMO_QTY;
		case 6:
			return choose_wide(c, PROMO_QTY_MAX);
		default:
			return PROMO_QTY_MAX;
	}
}

static PromoCart *
choose_cart(Choices *c)
{
	PromoCartInput *lines = promo_alloc(&test.arena, MAX_LINES * sizeof(PromoCartInput));
	int			n = 1 + pick(c, MAX_LINES);
	bool		costs = seldom(c, 3);
	bool		floors = seldom(c, 4);

	if (n == MAX_LINES)
		n = 0;
	for (int i = 0; i < n; i++)
	{
		PromoCartInput *line = &lines[i];
		PromoText  *names = promo_alloc(&test.arena, 2 * sizeof(PromoText));

		memset(line, 0, sizeof(*line));
		line->line = i + 1;
		line->sku = promo_text(skus[pick(c, LENGTH(skus))]);
		line->hash = promo_hash(line->sku.data, line->sku.len);
		line->qty = choose_qty(c);
		line->price = choose_money(c);
		line->cost = costs && !seldom(c, 4) ? choose_money(c) : PROMO_UNKNOWN;
		line->floor = floors && !seldom(c, 3) ? choose_money(c) : PROMO_UNKNOWN;
		line->ntags = pick(c, 3);
		for (uint32_t j = 0; j < line->ntags; j++)
			names[j] = promo_text(tags[pick(c, LENGTH(tags))]);
		line->tags = names;
	}
	return promo_cart_build(&test.arena, lines, n, &err);
}

/* ----------------------------------------------------------------
 * Rules
 * ----------------------------------------------------------------
 */

static void
put_names(PromoBuffer *buf, Choices *c, const char *const *names, uint32_t n)
{
	uint32_t	count = 1 + pick(c, 3);

	for (uint32_t i = 0; i < count; i++)
		promo_putf(buf, "%s '%s'", i > 0 ? "," : "", names[pick(c, n)]);
}

static void
put_money(PromoBuffer *buf, int64_t money)
{
	promo_putc(buf, ' ');
	promo_put_decimal(buf, money, PROMO_MONEY_DIGITS, 0);
}

static void
put_percent(PromoBuffer *buf, Choices *c)
{
	int64_t		percent = pick(c, 101) * PROMO_PERCENT;

	if (seldom(c, 4))
		percent = (percent + pick(c, 256)) % PROMO_WHOLE;
	promo_putc(buf, ' ');
	promo_put_decimal(buf, percent, PROMO_PERCENT_DIGITS, 0);
	promo_putc(buf, '%');
}

static void
put_units(PromoBuffer *buf, Choices *c)
{
	if (seldom(c, 16))
		promo_puts(buf, " 900000000000");
	else
		promo_putf(buf, " %u", 1 + pick(c, 6));
}

static void
put_scope(PromoBuffer *buf, Choices *c)
{
	uint32_t	kind = pick(c, 8);

	if (kind == 0)
		return;
	promo_puts(buf, " on");
	switch (kind)
	{
		case 1:
			promo_puts(buf, " order");
			break;
		case 2:
			promo_puts(buf, " all");
			break;
		case 3:
			promo_puts(buf, " each");
			break;
		default:
			if (seldom(c, 4))
				promo_puts(buf, " each");
			if (seldom(c, 3))
			{
				promo_puts(buf, " tag");
				put_names(buf, c, tags, LENGTH(tags));
			}
			else
			{
				promo_puts(buf, " sku");
				put_names(buf, c, skus, LENGTH(skus));
			}
	}
	if (seldom(c, 4))
	{
		promo_puts(buf, " except sku");
		put_names(buf, c, skus, LENGTH(skus));
	}
	if (seldom(c, 6))
	{
		promo_puts(buf, " except tag");
		put_names(buf, c, tags, LENGTH(tags));
	}
	if (seldom(c, 6))
		promo_puts(buf, " except discounted");
}

/* step makes later tiers higher ones */
static void
put_condition(PromoBuffer *buf, Choices *c, uint32_t kind, uint32_t step)
{
	int64_t		money = choose_money(c) / 4;

	if (money < PROMO_MONEY_MAX / 8)
		money *= step;
	switch (kind)
	{
		case 0:
			break;
		case 1:
			promo_puts(buf, seldom(c, 4) ? " spend over" : " spend");
			put_money(buf, money);
			break;
		case 2:
			promo_puts(buf, " every");
			put_money(buf, money);
			break;
		case 3:
			promo_putf(buf, " buy %u", (1 + pick(c, 4)) * step);
			break;
		case 4:
			promo_putf(buf, " every %u units", (1 + pick(c, 4)) * step);
			break;
		default:
			promo_puts(buf, " buy set");
			break;
	}
}

static void
put_reward(PromoBuffer *buf, Choices *c)
{
	promo_puts(buf, " get");
	put_units(buf, c);
	if (seldom(c, 3))
	{
		promo_puts(buf, " of sku");
		put_names(buf, c, skus, LENGTH(skus));
	}
	switch (pick(c, 4))
	{
		case 0:
			promo_puts(buf, " free");
			break;
		case 1:
			promo_puts(buf, " save");
			put_percent(buf, c);
			break;
		case 2:
			promo_puts(buf, " save");
			put_money(buf, choose_money(c));
			break;
		default:
			promo_puts(buf, " price");
			put_money(buf, choose_money(c));
			break;
	}
}

/* a family is what all tiers of one rule act on: goods, shipping or points */
static void
put_action(PromoBuffer *buf, Choices *c, uint32_t family)
{
	uint32_t	action = pick(c, 8);

	if (family == 1)
		switch (action % 3)
		{
			case 0:
				promo_puts(buf, " free shipping");
				return;
			case 1:
				promo_puts(buf, " save");
				put_percent(buf, c);
				promo_puts(buf, " shipping");
				return;
			default:
				promo_puts(buf, " save");
				put_money(buf, choose_money(c));
				promo_puts(buf, " shipping");
				return;
		}
	if (family == 2)
	{
		if (action & 1)
			promo_putf(buf, " points x%u", pick(c, 5));
		else
			promo_putf(buf, " earn %u points", pick(c, 100));
		return;
	}
	switch (action)
	{
		case 0:
			promo_puts(buf, " save");
			put_percent(buf, c);
			break;
		case 1:
			promo_puts(buf, " save");
			put_money(buf, choose_money(c));
			break;
		case 2:
			promo_puts(buf, " save");
			put_money(buf, choose_money(c));
			promo_puts(buf, " each");
			break;
		case 3:
			promo_puts(buf, " price");
			put_money(buf, choose_money(c));
			promo_puts(buf, " each");
			break;
		case 4:
			promo_puts(buf, " total");
			put_money(buf, choose_money(c));
			break;
		case 5:
			put_reward(buf, c);
			break;
		case 6:
			promo_puts(buf, " add sku");
			put_names(buf, c, skus, LENGTH(skus));
			promo_puts(buf, " at");
			put_money(buf, choose_money(c));
			if (seldom(c, 3))
				promo_puts(buf, " x2");
			break;
		default:
			promo_puts(buf, " gift sku");
			put_names(buf, c, skus, LENGTH(skus));
			if (seldom(c, 3))
				promo_puts(buf, " x2");
			break;
	}
}

static void
put_clauses(PromoBuffer *buf, Choices *c)
{
	uint32_t	n = pick(c, 5);

	for (uint32_t i = 0; i < n; i++)
		switch (pick(c, 20))
		{
			case 0:
			case 1:
				promo_puts(buf, " max");
				put_money(buf, choose_money(c));
				break;
			case 2:
			case 3:
				promo_puts(buf, " limit");
				put_units(buf, c);
				if (seldom(c, 3))
					promo_puts(buf, " per line");
				break;
			case 4:
				promo_puts(buf, " times");
				put_units(buf, c);
				break;
			case 5:
				promo_puts(buf, " floor");
				put_money(buf, choose_money(c));
				break;
			case 6:
				promo_puts(buf, " margin");
				put_percent(buf, c);
				break;
			case 7:
			case 8:
				promo_puts(buf, " stack");
				break;
			case 9:
				promo_puts(buf, " exclusive");
				break;
			case 10:
				promo_puts(buf, " stop");
				break;
			case 11:
				promo_puts(buf, pick(c, 2) ? " group g" : " group h");
				break;
			case 12:
				promo_puts(buf, " graduated");
				break;
			case 13:
				promo_puts(buf, pick(c, 2) ? " dearest" : " cheapest");
				break;
			case 14:
				promo_puts(buf, pick(c, 2) ? " of list" : " of running");
				break;
			case 15:
				promo_puts(buf, " code");
				put_names(buf, c, codes, LENGTH(codes));
				break;
			case 16:
				promo_puts(buf, " for");
				put_names(buf, c, buyers, LENGTH(buyers));
				break;
			case 17:
				promo_puts(buf, " when");
				if (seldom(c, 3))
				{
					promo_puts(buf, " sku");
					put_names(buf, c, skus, LENGTH(skus));
				}
				else
				{
					put_condition(buf, c, pick(c, 2) ? 3 : 1, 1);
					put_scope(buf, c);
				}
				break;
			case 18:
				promo_puts(buf, " days sat, sun");
				break;
			default:
				promo_puts(buf, " hours 22:00-02:00");
				break;
		}
}

/* NULL if the grammar does not have it: not everything goes with everything */
static PromoRule *
choose_rule(Choices *c)
{
	PromoBuffer *buf = new_buffer();
	uint32_t	kind = pick(c, 6);
	uint32_t	family = pick(c, 12);
	uint32_t	ntiers = 1 + (seldom(c, 3) ? pick(c, 3) : 0);

	for (uint32_t i = 0; i < ntiers; i++)
	{
		promo_puts(buf, i > 0 ? "," : "");
		put_condition(buf, c, kind, i + 1);
		put_action(buf, c, family == 11 ? 2 : family == 10 ? 1 : 0);
	}
	put_scope(buf, c);
	put_clauses(buf, c);
	return promo_rule_parse(&test.arena, text_of(buf), &err);
}

static PromoRuleset *
choose_ruleset(Choices *c)
{
	static const int64_t units[] = {100, 1, 500, PROMO_MONEY, 7, 100 * PROMO_MONEY};
	static const int limits[] = {1000, 1, 3, 20};
	PromoRulesetInput inputs[MAX_RULES];
	PromoSettings settings = promo_default_settings;
	int			n = 0;
	uint32_t	count = 1 + pick(c, MAX_RULES);

	memset(inputs, 0, sizeof(inputs));
	settings.unit = units[pick(c, LENGTH(units))];
	settings.rounding = (PromoRounding) pick(c, 3);
	settings.search = pick(c, 2) ? PROMO_SEARCH_CART : PROMO_SEARCH_STAGE;
	settings.search_limit = limits[pick(c, LENGTH(limits))];
	for (uint32_t i = 0; i < count; i++)
	{
		PromoBuffer *name = new_buffer();

		inputs[n].rule = choose_rule(c);
		if (inputs[n].rule == NULL)
			continue;
		promo_putf(name, "%c%u", 'r' - (char) pick(c, 3), i);
		inputs[n].name = text_of(name);
		inputs[n].priority = (int32_t) pick(c, 3);
		inputs[n].period.lower = PROMO_INSTANT_MIN;
		inputs[n].period.upper = PROMO_INSTANT_MAX;
		n++;
	}
	return promo_ruleset_build(&test.arena, inputs, n, &settings, &err);
}

static PromoText *
choose_texts(Choices *c, const char *const *from, uint32_t n, uint32_t *count)
{
	PromoText  *texts = promo_alloc(&test.arena, n * sizeof(PromoText));
	uint32_t	set = pick(c, 1u << n);

	*count = 0;
	for (uint32_t i = 0; i < n; i++)
		if (set >> i & 1)
			texts[(*count)++] = promo_text(from[i]);
	return texts;
}

static void
choose_request(Choices *c, const PromoRuleset *rules, PromoRequest *request)
{
	memset(request, 0, sizeof(*request));
	request->weekday = (int) pick(c, 7);
	request->second = (int) pick(c, 24) * 3600;
	if (seldom(c, 3))
		request->fee = choose_money(c) / rules->unit * rules->unit;
	request->codes = choose_texts(c, codes, LENGTH(codes), &request->ncodes);
	request->buyer = choose_texts(c, buyers, LENGTH(buyers), &request->nbuyer);
}

/* ----------------------------------------------------------------
 * Claims
 * ----------------------------------------------------------------
 */

static int64_t
total_of(const PromoQuote *quote)
{
	return quote->subtotal - quote->discount + quote->fee - quote->fee_discount;
}

static const PromoRule *
rule_named(PromoText name)
{
	for (uint32_t i = 0; i < priced.rules->nrules; i++)
		if (promo_text_equal(promo_ruleset_name(priced.rules, i), name))
			return promo_ruleset_rule(priced.rules, i);
	CLAIM(!"a rule of the quote is in the ruleset");
	return NULL;
}

static bool
same_sku(uint32_t a, uint32_t b)
{
	return promo_text_equal(promo_cart_sku(priced.cart, a), promo_cart_sku(priced.cart, b));
}

/* every smallest unit of money is where it belongs */
static void
check_sums(const PromoQuote *quote)
{
	const PromoCart *cart = priced.cart;
	const PromoAdjustment *adjustments =
		PROMO_QUOTE_ARRAY(quote, PromoAdjustment, quote->adjustments);
	const int64_t *nets = PROMO_QUOTE_ARRAY(quote, int64_t, quote->nets);
	const int64_t *floors = promo_cart_floors(cart);
	int64_t		subtotal = 0;
	int64_t		discount = 0;
	int64_t		fee_discount = 0;

	CLAIM(quote->nets.n == cart->nlines);
	for (uint32_t i = 0; i < cart->nlines; i++)
	{
		int64_t		amount;
		int64_t		off = 0;
		int64_t		free = 0;

		CLAIM(promo_line_amount(cart->lines[i].price, cart->lines[i].qty, quote->unit,
								(PromoRounding) quote->rounding, &amount));
		for (uint32_t j = 0; j < quote->adjustments.n; j++)
			if (adjustments[j].line == i)
			{
				off += adjustments[j].amount;
				free += adjustments[j].free ? adjustments[j].units : 0;
			}
		CLAIM(nets[i] >= 0);
		CLAIM(nets[i] == amount - off);
		CLAIM(free <= cart->lines[i].qty / PROMO_QTY);
		if (floors != NULL && floors[i] > 0)
		{
			promo_int128 least = (promo_int128) floors[i] * cart->lines[i].qty;

			CLAIM(off == 0 || (promo_int128) nets[i] * PROMO_QTY >= least);
		}
		subtotal += amount;
		discount += off;
	}
	for (uint32_t j = 0; j < quote->adjustments.n; j++)
	{
		CLAIM(adjustments[j].amount > 0);
		CLAIM(adjustments[j].amount % quote->unit == 0);
		CLAIM(adjustments[j].rule < quote->names.n);
		if (adjustments[j].line == PROMO_SHIPPING_LINE)
			fee_discount += adjustments[j].amount;
		else
			CLAIM(adjustments[j].line < cart->nlines);
	}
	CLAIM(quote->subtotal == subtotal);
	CLAIM(quote->discount == discount);
	CLAIM(quote->fee == priced.request.fee);
	CLAIM(quote->fee_discount == fee_discount);
	CLAIM(fee_discount <= quote->fee);
	CLAIM(quote->points >= 0);
}

/* who may share with whom, and how much a rule may give */
static void
check_company(const PromoQuote *quote)
{
	const PromoAdjustment *adjustments =
		PROMO_QUOTE_ARRAY(quote, PromoAdjustment, quote->adjustments);

	for (uint32_t i = 0; i < quote->adjustments.n; i++)
	{
		const PromoRule *a = rule_named(promo_quote_name(quote, quote->names, adjustments[i].rule));
		promo_int128 given = 0;

		for (uint32_t j = 0; j < quote->adjustments.n; j++)
		{
			const PromoRule *b =
				rule_named(promo_quote_name(quote, quote->names, adjustments[j].rule));

			if (adjustments[i].rule == adjustments[j].rule)
			{
				if (!a->scope.each || a->stage == PROMO_STAGE_SHIPPING ||
					same_sku(adjustments[i].line, adjustments[j].line))
					given += adjustments[j].amount;
				continue;
			}
			CLAIM(!(a->clauses & PROMO_EXCLUSIVE));
			if (a->clauses & PROMO_HAS_GROUP && b->clauses & PROMO_HAS_GROUP)
				CLAIM(!promo_text_equal(promo_rule_text(a, a->group), promo_rule_text(b, b->group)));
			if (a->stage == b->stage &&
				(a->stage != PROMO_STAGE_PRODUCT ||
				 same_sku(adjustments[i].line, adjustments[j].line)))
				CLAIM(a->clauses & b->clauses & PROMO_STACK);
			/* a closed line gets nothing more; stages are in their order */
			if (a->clauses & PROMO_STOP && j > i && b->stage != PROMO_STAGE_SHIPPING)
				CLAIM(adjustments[i].line != adjustments[j].line);
			if (j > i)
				CLAIM(a->stage <= b->stage);
		}
		if (a->clauses & PROMO_HAS_MAX && !(a->scope.each && promo_rule_tiers(a)->skus.n > 0))
			CLAIM(given <= a->max);
	}
}

static void
check_units(const PromoQuote *quote)
{
	const int64_t *nets = PROMO_QUOTE_ARRAY(quote, int64_t, quote->nets);
	const PromoCart *cart = priced.cart;
	PromoUnits *units;
	int			n;
	int			at = 0;

	units = promo_quote_units(&test.arena, quote, &n);
	for (uint32_t line = 0; line < cart->nlines; line++)
	{
		int64_t		qty = 0;
		int64_t		amount = 0;
		int64_t		discount = 0;

		for (; at < n && units[at].line == line; at++)
		{
			int64_t		count = units[at].qty / PROMO_QTY;

			CLAIM(units[at].qty > 0 || cart->lines[line].qty == 0);
			CLAIM(units[at].discount >= 0);
			CLAIM(units[at].discount <= units[at].amount);
			if (units[at].qty % PROMO_QTY == 0 && count > 1)
			{
				CLAIM(units[at].amount / quote->unit % count == 0);
				CLAIM(units[at].discount / quote->unit % count == 0);
			}
			qty += units[at].qty;
			amount += units[at].amount;
			discount += units[at].discount;
		}
		CLAIM(qty == cart->lines[line].qty);
		CLAIM(amount - discount == nets[line]);
	}
	CLAIM(at == n);
}

/* [{"line":1,"qty":1}] of so many lines, of each all or part */
static PromoText
choose_returned(Choices *c, bool everything)
{
	PromoBuffer *buf = new_buffer();
	bool		any = false;

	promo_putc(buf, '[');
	for (uint32_t i = 0; i < priced.cart->nlines; i++)
	{
		int64_t		qty = priced.cart->lines[i].qty;

		if (!everything)
		{
			if (pick(c, 2))
				continue;
			qty = pick(c, 2) ? qty : qty / PROMO_QTY * pick(c, 256) / 255 * PROMO_QTY;
		}
		if (qty == 0)
			continue;
		promo_putf(buf, "%s{\"line\":%lld,\"qty\":", any ? "," : "",
				   (long long) priced.cart->lines[i].line);
		promo_put_decimal(buf, qty, PROMO_QTY_DIGITS, 0);
		promo_putc(buf, '}');
		any = true;
	}
	promo_putc(buf, ']');
	return text_of(buf);
}

/* the sum of what comes back for goods; everything, shipping too, into *all */
static int64_t
refunded(const PromoQuote *quote, PromoText returned, const PromoRuleset *rules, int64_t *all)
{
	PromoRefund *rows;
	int			n;
	int64_t		goods = 0;

	rows = promo_refund_quote(&test.arena, quote, returned, rules, &priced.request, true, &n, &err);
	CLAIM(rows != NULL);
	*all = 0;
	for (int i = 0; i < n; i++)
	{
		CLAIM(rows[i].amount >= 0);
		CLAIM(rows[i].amount % quote->unit == 0);
		CLAIM(rows[i].line < (int) priced.cart->nlines);
		goods += rows[i].line >= 0 ? rows[i].amount : 0;
		*all += rows[i].amount;
	}
	return goods;
}

static void
check_refunds(const PromoQuote *quote, Choices *c)
{
	PromoText	everything = choose_returned(c, true);
	PromoText	part = choose_returned(c, false);
	int64_t		paid = quote->subtotal - quote->discount;
	int64_t		all;

	CLAIM(refunded(quote, everything, NULL, &all) == paid);
	CLAIM(all == total_of(quote));
	CLAIM(refunded(quote, everything, priced.rules, &all) == paid);
	CLAIM(all == total_of(quote));
	CLAIM(refunded(quote, part, NULL, &all) <= paid);
	CLAIM(refunded(quote, part, priced.rules, &all) <= paid);
	/* nothing comes back: nothing is given back, unless nothing was bought either */
	CLAIM(refunded(quote, promo_text("[]"), priced.rules, &all) == 0);
	CLAIM(all == 0 || everything.len == 2);
}

static void
check_explanation(const PromoQuote *quote)
{
	PromoExplanation *rows;
	int64_t		given = 0;
	int			n;

	rows = promo_explain_cart(&test.arena, priced.cart, priced.rules, &priced.request, &n, &err);
	CLAIM(rows != NULL);
	CLAIM(n <= (int) priced.rules->nrules);
	for (int i = 0; i < n; i++)
	{
		(void) rule_named(rows[i].rule);
		if (rows[i].lost_to.len > 0)
			(void) rule_named(rows[i].lost_to);
		CLAIM(rows[i].amount >= 0);
		CLAIM(rows[i].amount == 0 || rows[i].status == PROMO_APPLIED);
		CLAIM(rows[i].needs_amount >= PROMO_UNKNOWN);
		CLAIM(rows[i].needs_qty >= PROMO_UNKNOWN);
		CLAIM(rows[i].next_saving == PROMO_UNKNOWN || rows[i].next_saving > 0);
		CLAIM(rows[i].status == PROMO_APPLIED || rows[i].reason.len > 0);
		given += rows[i].amount;
	}
	CLAIM(given == quote->discount + quote->fee_discount);
}

static void
check_forms(const PromoQuote *quote)
{
	PromoBuffer *json = new_buffer();
	PromoBuffer *packed = new_buffer();
	PromoQuote *again;

	promo_quote_to_json(json, quote);
	again = promo_quote_from_json(&test.arena, text_of(json), &err);
	CLAIM(again != NULL);
	CLAIM(same_bytes(again, again->size, quote, quote->size));
	promo_quote_pack(packed, quote);
	again = promo_quote_unpack(&test.arena, packed->data, packed->len, &err);
	CLAIM(again != NULL);
	CLAIM(same_bytes(again, again->size, quote, quote->size));
}

static void
check_inputs(void)
{
	PromoBuffer *json = new_buffer();
	PromoBuffer *packed = new_buffer();
	PromoCart  *cart;
	PromoRuleset *rules;

	promo_cart_to_json(json, priced.cart);
	cart = promo_cart_from_json(&test.arena, text_of(json), &err);
	CLAIM(cart != NULL && same_bytes(cart, cart->size, priced.cart, priced.cart->size));
	promo_cart_pack(packed, priced.cart);
	cart = promo_cart_unpack(&test.arena, packed->data, packed->len, &err);
	CLAIM(cart != NULL && same_bytes(cart, cart->size, priced.cart, priced.cart->size));

	json = new_buffer();
	packed = new_buffer();
	promo_ruleset_to_json(json, priced.rules);
	rules = promo_ruleset_from_text(&test.arena, text_of(json), NULL, &err);
	CLAIM(rules != NULL && same_bytes(rules, rules->size, priced.rules, priced.rules->size));
	promo_ruleset_pack(packed, priced.rules);
	rules = promo_ruleset_unpack(&test.arena, packed->data, packed->len, NULL, &err);
	CLAIM(rules != NULL && same_bytes(rules, rules->size, priced.rules, priced.rules->size));
}

static PromoQuote *
price(const PromoRuleset *rules, const PromoRequest *request)
{
	PromoQuote *quote = promo_price_cart(&test.arena, priced.cart, rules, request, &err);

	CLAIM(quote != NULL || err.code == PROMO_OUT_OF_RANGE);
	return quote;
}

/* with `search => 'cart'` more ways, or more rules, are never dearer */
static void
check_search(const PromoQuote *quote)
{
	PromoSettings settings;
	PromoRulesetInput *inputs = promo_ruleset_inputs(&test.arena, priced.rules);
	PromoRuleset *other;
	PromoQuote *with;
	PromoQuote *without;
	bool		exclusive = false;

	for (uint32_t i = 0; i < priced.rules->nrules; i++)
		exclusive |= (inputs[i].rule->clauses & PROMO_EXCLUSIVE) != 0;
	promo_ruleset_settings(priced.rules, &settings);
	settings.search = settings.search == PROMO_SEARCH_CART ? PROMO_SEARCH_STAGE : PROMO_SEARCH_CART;
	other = promo_ruleset_build(&test.arena, inputs, (int) priced.rules->nrules, &settings, &err);
	CLAIM(other != NULL);
	with = price(other, &priced.request);
	without = (PromoQuote *) quote;
	if (settings.search != PROMO_SEARCH_CART)
	{
		without = with;
		with = (PromoQuote *) quote;
		other = priced.rules;
	}
	if (!(with->flags & PROMO_QUOTE_OPTIMAL))
		return;
	if (!exclusive)
		CLAIM(total_of(with) <= total_of(without));

	for (uint32_t i = 0; i < priced.rules->nrules; i++)
	{
		PromoText	name = promo_ruleset_name(priced.rules, i);
		PromoRequest request = priced.request;

		if (promo_ruleset_rule(priced.rules, i)->clauses & PROMO_EXCLUSIVE)
			continue;
		request.without = &name;
		request.nwithout = 1;
		priced.request.without = &name;
		priced.request.nwithout = 1;
		without = price(other, &request);
		CLAIM(total_of(with) <= total_of(without));
		priced.request.without = NULL;
		priced.request.nwithout = 0;
	}
}

/* `floor 0` changes nothing but which code computes a rule */
static void
check_plain(const PromoQuote *quote)
{
	PromoSettings settings;
	PromoRulesetInput *inputs = promo_ruleset_inputs(&test.arena, priced.rules);
	PromoRuleset *other;
	PromoQuote *again;

	for (uint32_t i = 0; i < priced.rules->nrules; i++)
	{
		PromoBuffer *buf = new_buffer();

		if (inputs[i].rule->stage >= PROMO_STAGE_SHIPPING ||
			inputs[i].rule->clauses & PROMO_HAS_FLOOR)
			continue;
		promo_rule_print(buf, inputs[i].rule);
		promo_puts(buf, " floor 0");
		inputs[i].rule = promo_rule_parse(&test.arena, text_of(buf), &err);
		CLAIM(inputs[i].rule != NULL);
	}
	promo_ruleset_settings(priced.rules, &settings);
	other = promo_ruleset_build(&test.arena, inputs, (int) priced.rules->nrules, &settings, &err);
	CLAIM(other != NULL);
	again = price(other, &priced.request);
	/* a search that is cut short may end elsewhere */
	if (!(quote->flags & again->flags & PROMO_QUOTE_OPTIMAL))
		return;
	CLAIM(total_of(again) == total_of(quote));
	CLAIM(same_bytes(PROMO_QUOTE_ARRAY(again, int64_t, again->nets), again->nets.n * sizeof(int64_t),
					 PROMO_QUOTE_ARRAY(quote, int64_t, quote->nets), quote->nets.n * sizeof(int64_t)));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	Choices		c = {data, len, 0};
	PromoQuote *quote;
	PromoQuote *again;

	arena_free(&test);
	memset(&priced, 0, sizeof(priced));
	memset(&err, 0, sizeof(err));
	priced.rules = choose_ruleset(&c);
	CLAIM(priced.rules != NULL);
	priced.cart = choose_cart(&c);
	if (priced.cart == NULL)
		return 0;				/* beyond the range of money */
	choose_request(&c, priced.rules, &priced.request);
	check_inputs();

	quote = price(priced.rules, &priced.request);
	if (quote == NULL)
		return 0;
	again = price(priced.rules, &priced.request);
	CLAIM(same_bytes(again, again->size, quote, quote->size));
	check_sums(quote);
	check_company(quote);
	check_units(quote);
	check_forms(quote);
	check_explanation(quote);
	check_refunds(quote, &c);
	check_search(quote);
	check_plain(quote);
	return 0;
}
