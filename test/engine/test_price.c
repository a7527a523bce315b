/*-------------------------------------------------------------------------
 *
 * test_price.c
 *	  pricing through the engine's interface: rules in, figures out
 *
 * A cart is written "A 3 80, B 0.35 9.99 #tag cost=5 floor=3": SKU, quantity,
 * price.  What is compared is the net of each line, then whatever else there
 * is: "100.00 50.00 shipping 5.00 points 3 truncated".
 *
 *-------------------------------------------------------------------------
 */
#include <stdlib.h>
#include <time.h>

#include "../../src/engine/price_cart.h"
#include "arena.h"
#include "test.h"

#define MAX_LINES	16
#define MAX_TAGS	4

static TestArena test;
static PromoRequest request;
static PromoError err;

#define PRICED(what, cart, rules, want) \
	test_check_str(priced(cart, rules), want, what, __FILE__, __LINE__)

static PromoBuffer
new_buffer(void)
{
	PromoBuffer buf;

	promo_buffer_init(&buf, &test.arena);
	return buf;
}

static void
put_money(PromoBuffer *buf, int64_t money)
{
	promo_put_decimal(buf, money, PROMO_MONEY_DIGITS, 2);
}

/* the next word up to a blank or a comma */
static PromoText
next_word(const char **p)
{
	PromoText	word;

	while (**p == ' ')
		(*p)++;
	word.data = *p;
	while (**p != '\0' && **p != ' ' && **p != ',')
		(*p)++;
	word.len = (uint32_t) (*p - word.data);
	return word;
}

static int64_t
figure(PromoText word, uint32_t skip, int digits)
{
	PromoText	number = {word.data + skip, word.len - skip};
	int64_t		value;

	if (!promo_parse_decimal(number, digits, PROMO_MONEY_MAX, false, "figure", &value, &err))
		abort();
	return value;
}

static PromoCart *
cart_of(const char *p)
{
	PromoCartInput lines[MAX_LINES];
	PromoText	tags[MAX_LINES][MAX_TAGS];
	PromoCart  *cart;
	int			n = 0;

	memset(lines, 0, sizeof(lines));
	while (*p != '\0')
	{
		PromoCartInput *line = &lines[n];

		line->line = n + 1;
		line->sku = next_word(&p);
		line->hash = promo_hash(line->sku.data, line->sku.len);
		line->qty = figure(next_word(&p), 0, PROMO_QTY_DIGITS);
		line->price = figure(next_word(&p), 0, PROMO_MONEY_DIGITS);
		line->cost = line->floor = PROMO_UNKNOWN;
		line->tags = tags[n];
		while (*p == ' ')
		{
			PromoText	word = next_word(&p);

			if (word.data[0] == '#')
				tags[n][line->ntags++] = (PromoText) {word.data + 1, word.len - 1};
			else if (word.data[0] == 'c')
				line->cost = figure(word, 5, PROMO_MONEY_DIGITS);
			else
				line->floor = figure(word, 6, PROMO_MONEY_DIGITS);
		}
		n++;
		if (*p == ',')
			p++;
	}
	cart = promo_cart_build(&test.arena, lines, n, &err);
	if (cart == NULL)
		abort();
	return cart;
}

static PromoRuleset *
rules_of(const char *text)
{
	PromoRuleset *rules = promo_ruleset_from_text(&test.arena, promo_text(text), NULL, &err);

	if (rules == NULL)
	{
		fprintf(stderr, "%s\n%s (%s)\n", text, err.message, err.detail);
		abort();
	}
	return rules;
}

static PromoQuote *
quote_of(const char *cart, const char *rules)
{
	return promo_price_cart(&test.arena, cart_of(cart), rules_of(rules), &request, &err);
}

static const char *
priced(const char *cart, const char *rules)
{
	PromoQuote *quote = quote_of(cart, rules);
	PromoBuffer buf = new_buffer();
	const int64_t *nets;

	if (quote == NULL)
		return err.message;
	nets = PROMO_QUOTE_ARRAY(quote, int64_t, quote->nets);
	for (uint32_t i = 0; i < quote->nets.n; i++)
	{
		promo_puts(&buf, i > 0 ? " " : "");
		put_money(&buf, nets[i]);
	}
	if (quote->fee > 0)
	{
		promo_puts(&buf, " shipping ");
		put_money(&buf, quote->fee - quote->fee_discount);
	}
	if (quote->points > 0)
	{
		promo_puts(&buf, " points ");
		promo_put_decimal(&buf, quote->points, PROMO_MONEY_DIGITS, 0);
	}
	if (!(quote->flags & PROMO_QUOTE_OPTIMAL))
		promo_puts(&buf, " truncated");
	return buf.data;
}

/* "1: 20.00 line 1 (1 free)" of each adjustment */
static const char *
adjusted(const char *cart, const char *rules)
{
	PromoQuote *quote = quote_of(cart, rules);
	const PromoAdjustment *a = PROMO_QUOTE_ARRAY(quote, PromoAdjustment, quote->adjustments);
	PromoBuffer buf = new_buffer();

	for (uint32_t i = 0; i < quote->adjustments.n; i++)
	{
		PromoText	name = promo_quote_name(quote, quote->names, a[i].rule);

		promo_putf(&buf, "%s%.*s: ", i > 0 ? ", " : "", (int) name.len, name.data);
		put_money(&buf, a[i].amount);
		if (a[i].line != PROMO_SHIPPING_LINE)
			promo_putf(&buf, " line %d", a[i].line + 1);
		if (a[i].free)
			promo_putf(&buf, " (%lld free)", (long long) a[i].units);
	}
	return buf.data;
}

/* "1: add B at 20.00 x1" of each offer */
static const char *
offered(const char *cart, const char *rules)
{
	static const char *const kinds[] = {"add", "gift", "get"};
	PromoQuote *quote = quote_of(cart, rules);
	const PromoOffer *offers = PROMO_QUOTE_ARRAY(quote, PromoOffer, quote->offers);
	PromoBuffer buf = new_buffer();

	for (uint32_t i = 0; i < quote->offers.n; i++)
	{
		PromoText	name = promo_quote_name(quote, quote->names, offers[i].rule);
		PromoText	sku = promo_quote_text(quote, offers[i].sku);

		promo_putf(&buf, "%s%.*s: %s %.*s", i > 0 ? ", " : "", (int) name.len, name.data,
				   kinds[offers[i].kind], (int) sku.len, sku.data);
		if (offers[i].price != PROMO_UNKNOWN)
		{
			promo_puts(&buf, " at ");
			put_money(&buf, offers[i].price);
		}
		promo_putf(&buf, " x%lld", (long long) offers[i].qty);
	}
	return buf.data;
}

/* "1 not_met amount 40.00 qty 1 saving 30.00 lost_to 2" of each rule */
static const char *
explained(const char *cart, const char *rules)
{
	int			n;
	PromoExplanation *rows = promo_explain_cart(&test.arena, cart_of(cart), rules_of(rules),
												&request, &n, &err);
	PromoBuffer buf = new_buffer();

	for (int i = 0; i < n; i++)
	{
		promo_putf(&buf, "%s%.*s %s", i > 0 ? ", " : "", (int) rows[i].rule.len, rows[i].rule.data,
				   promo_status_names[rows[i].status]);
		if (rows[i].amount > 0)
		{
			promo_puts(&buf, " gives ");
			put_money(&buf, rows[i].amount);
		}
		if (rows[i].needs_amount >= 0)
		{
			promo_puts(&buf, " needs ");
			put_money(&buf, rows[i].needs_amount);
		}
		if (rows[i].needs_qty >= 0)
		{
			promo_puts(&buf, " qty ");
			promo_put_decimal(&buf, rows[i].needs_qty, PROMO_QTY_DIGITS, 0);
		}
		if (rows[i].next_saving >= 0)
		{
			promo_puts(&buf, " to save ");
			put_money(&buf, rows[i].next_saving);
		}
		if (rows[i].lost_to.len > 0)
			promo_putf(&buf, " lost to %.*s", (int) rows[i].lost_to.len, rows[i].lost_to.data);
	}
	return buf.data;
}

/* what comes back, line by line, "-" for shipping and points */
static const char *
refunded(const char *cart, const char *rules, const char *returned, bool with_rules)
{
	PromoQuote *quote = quote_of(cart, rules);
	int			n;
	PromoRefund *rows = promo_refund_quote(&test.arena, quote, promo_text(returned),
										   with_rules ? rules_of(rules) : NULL, &request,
										   request.fee > 0, &n, &err);
	PromoBuffer buf = new_buffer();

	if (rows == NULL)
		return err.message;
	for (int i = 0; i < n; i++)
	{
		promo_puts(&buf, i > 0 ? ", " : "");
		if (rows[i].line >= 0)
			promo_putf(&buf, "%d", rows[i].line + 1);
		else
			promo_putc(&buf, '-');
		if (rows[i].has_qty)
		{
			promo_puts(&buf, " x");
			promo_put_decimal(&buf, rows[i].qty, PROMO_QTY_DIGITS, 0);
		}
		promo_putc(&buf, ' ');
		put_money(&buf, rows[i].amount);
	}
	return buf.data;
}

/* units of each line, as "line: qty x net of one", line by line */
static const char *
unit_runs(const char *cart, const char *rules)
{
	PromoQuote *quote = quote_of(cart, rules);
	int			n;
	PromoUnits *units = promo_quote_units(&test.arena, quote, &n);
	PromoBuffer buf = new_buffer();

	for (int i = 0; i < n; i++)
	{
		promo_putf(&buf, "%s%d: ", i > 0 ? ", " : "", units[i].line + 1);
		promo_put_decimal(&buf, units[i].qty, PROMO_QTY_DIGITS, 0);
		promo_puts(&buf, " for ");
		put_money(&buf, units[i].amount - units[i].discount);
	}
	return buf.data;
}

static PromoText buyer;
static PromoText code;

static void
set_buyer(const char *tag)
{
	buyer = promo_text(tag);
	request.buyer = &buyer;
	request.nbuyer = buyer.len > 0;
}

static void
set_code(const char *name)
{
	code = promo_text(name);
	request.codes = &code;
	request.ncodes = code.len > 0;
}

/* ---------------------------------------------------------------- what a shop runs */

static void
test_activities(void)
{
	static const char tiers[] = "buy 2 save 5%, buy 5 save 20% on sku A";
	static const char steps[] = "spend 200 save 10, spend 300 save 30, spend 500 save 60 on sku A";

	PRICED("100 at 20% off is 80", "A 1 100", "save 20% on sku A", "80.00");
	PRICED("100 sold at 80", "A 1 100", "price 80 each on sku A", "80.00");
	PRICED("20 less apiece", "A 3 100", "save 20 each on sku A", "240.00");
	PRICED("1 of a tiered discount: none", "A 1 100", tiers, "100.00");
	PRICED("2 of a tiered discount: 5% off all", "A 2 100", tiers, "190.00");
	PRICED("4 of a tiered discount: still 5%", "A 4 100", tiers, "380.00");
	PRICED("5 of a tiered discount: 20% off all", "A 5 100", tiers, "400.00");
	PRICED("80 apiece and spend 200 save 30: 2 are too few", "A 2 80", "spend 200 save 30 on sku A",
		   "160.00");
	PRICED("80 apiece and spend 200 save 30: 3 do", "A 3 80", "spend 200 save 30 on sku A", "210.00");
	test_check_str(explained("A 2 80", "spend 200 save 30 on sku A"),
				   "1 not_met needs 40.00 qty 1 to save 30.00", "80 apiece: 1 more is needed",
				   __FILE__, __LINE__);
	test_check_str(explained("A 1 80", "spend 200 save 30 on sku A"),
				   "1 not_met needs 120.00 qty 2 to save 30.00", "80 apiece: 2 more are needed",
				   __FILE__, __LINE__);
	PRICED("1 at 100 saves nothing", "A 1 100", steps, "100.00");
	PRICED("200 saves 10", "A 2 100", steps, "190.00");
	PRICED("300 saves 30", "A 3 100", steps, "270.00");
	PRICED("400 still saves 30", "A 4 100", steps, "370.00");
	PRICED("500 saves 60", "A 5 100", steps, "440.00");
	PRICED("30 for every 200", "A 5 100", "every 200 save 30 on sku A", "440.00");
	PRICED("30 for every 200, 90 at most", "A 20 100", "every 200 save 30 on sku A max 90", "1910.00");
	PRICED("spend 500 on A: B at 20", "A 5 100, B 1 60", "spend 500 add sku B at 20 on sku A",
		   "500.00 20.00");
	PRICED("400 on A: B at its price", "A 4 100, B 1 60", "spend 500 add sku B at 20 on sku A",
		   "400.00 60.00");
	PRICED("spend 300 on A: B is a gift", "A 3 100, B 1 60", "spend 300 gift sku B on sku A",
		   "300.00 0.00");
	PRICED("one gift only", "A 9 100, B 2 60", "spend 300 gift sku B on sku A", "900.00 60.00");
	PRICED("the order's discount is on top of the products'", "A 6 100",
		   "save 10% on sku A; spend over 500 save 30", "510.00");
	PRICED("over 500 is not 500", "A 5 100", "spend over 500 save 30", "500.00");
	PRICED("500 is what is left of 600", "A 6 100", "save 100 on sku A; spend over 500 save 30",
		   "500.00");
	set_buyer("first_order");
	PRICED("first order: 50 off over 100", "A 2 100", "spend over 100 save 50 for first_order",
		   "150.00");
	set_buyer("");
	PRICED("not a first order", "A 2 100", "spend over 100 save 50 for first_order", "200.00");
	PRICED("buy 2 get 1 free", "A 3 100", "buy 2 get 1 free on sku A", "200.00");
	PRICED("the cheapest is the free one", "A 1 100, B 1 30, C 1 50",
		   "buy 2 get 1 free on sku A, B, C", "100.00 0.00 50.00");
	PRICED("3 for 100, the dearest together", "A 2 50, B 2 40", "buy 3 total 100 on sku A, B",
		   "71.43 68.57");
	PRICED("a set for 199", "A 1 100, B 1 80, C 1 60", "buy set total 199 on sku A, B, C",
		   "82.92 66.33 49.75");
	PRICED("two sets and a rest", "A 3 100, B 2 80", "buy set total 150 on sku A, B",
		   "266.67 133.33");
	PRICED("no set without all of it", "A 3 100, B 2 80", "buy set total 150 on sku A, B, C",
		   "300.00 160.00");
	PRICED("a flash price for 2", "A 5 100", "price 59 each on sku A limit 2", "418.00");
}

/* ---------------------------------------------------------------- money */

static void
test_money(void)
{
	PRICED("an amount is shared by what is left of the lines", "A 1 50, B 1 30, C 1 20", "save 9.99",
		   "45.01 27.00 18.00");
	PRICED("remainders go to the earlier line", "A 1 10, B 1 10, C 1 10", "save 10",
		   "6.66 6.67 6.67");
	PRICED("a floor passes its part to the others", "A 1 50 floor=49, B 1 50", "save 20", "49.00 31.00");
	PRICED("floors of all: what could not be given is not", "A 1 50 floor=49, B 1 50 floor=40",
		   "save 20", "49.00 40.00");
	PRICED("the rule's floor", "A 2 50", "save 30 each on sku A floor 45", "90.00");
	PRICED("the higher floor", "A 1 50 floor=48", "save 30 each on sku A floor 45", "48.00");
	PRICED("a floor of a weighed line is rounded up", "A 0.333 10 floor=9.99", "save 50%", "3.33");
	PRICED("a margin", "A 1 100 cost=60", "save 50% on sku A margin 20%", "75.00");
	PRICED("a margin without cost", "A 1 100, B 1 100 cost=60", "save 50% on all margin 20%",
		   "100.00 75.00");
	PRICED("an amount cut by floors is not more", "A 1 10 floor=10", "save 50% on sku A", "10.00");
	PRICED("max on many lines", "A 1 100, B 1 50", "save 50% on all max 30", "80.00 40.00");
	PRICED("max on each product", "A 1 100, B 1 50", "save 50% on each max 30", "70.00 25.00");
	PRICED("never below zero", "A 1 10", "save 20 each on sku A; save 5", "0.00");
	PRICED("no rule raises a price", "A 1 10", "price 20 each on sku A", "10.00");
	PRICED("no rule raises a total", "A 1 10", "total 20 on sku A", "10.00");
	PRICED("products round line by line", "A 1 0.05, B 1 0.05", "save 10% on all", "0.04 0.04");
	PRICED("an order rounds once", "A 1 0.05, B 1 0.05", "save 10%", "0.04 0.05");
	PRICED("half up", "A 1 0.25", "{\"rules\":[{\"name\":\"1\",\"rule\":\"save 10% on all\"}]}", "0.22");
	PRICED("half even", "A 1 0.25",
		   "{\"rounding\":\"half_even\",\"rules\":[{\"name\":\"1\",\"rule\":\"save 10% on all\"}]}",
		   "0.23");
	PRICED("down", "A 1 0.29",
		   "{\"rounding\":\"down\",\"rules\":[{\"name\":\"1\",\"rule\":\"save 10% on all\"}]}", "0.27");
	PRICED("to 0.05", "A 1 9.99",
		   "{\"unit\":\"0.05\",\"rules\":[{\"name\":\"1\",\"rule\":\"save 10% on all\"}]}", "9.00");
	PRICED("to 1", "A 3 9.99",
		   "{\"unit\":\"1\",\"rules\":[{\"name\":\"1\",\"rule\":\"save 10% on all\"}]}", "27.00");
	PRICED("per 1 of quantity is per kg", "A 0.350 10", "save 2 each on sku A", "2.80");
	PRICED("a discount per kg is rounded once", "A 0.505 1", "save 0.0099 each on sku A", "0.51");
	PRICED("a line's amount is rounded", "A 0.333 9.99", "save 0% on all", "3.33");
	PRICED("nothing for nothing", "A 0 100, B 3 0", "save 20% on all", "0.00 0.00");
	PRICED("an empty cart", "", "save 20; free shipping", "");
	PRICED("the largest amount", "A 1 900000000000000", "save 5% on all", "855000000000000.00");
	PRICED("the largest quantity", "A 900000000000 1000", "save 5 each on all limit 1",
		   "899999999999995.00");
	PRICED("half of the largest amount's units", "A 900000000000 1000",
		   "every 2 units save 5% on all limit 450000000000", "877500000000000.00");
}

static void
test_steps(void)
{
	PRICED("graduated by units", "A 5 100",
		   "buy 2 save 10%, buy 4 save 50% on sku A graduated", "380.00");
	PRICED("graduated by units: the dearest come first", "A 1 100, B 1 50",
		   "buy 1 save 10%, buy 2 save 50% on all graduated", "90.00 25.00");
	PRICED("graduated, the cheapest first", "A 1 100, B 1 50",
		   "buy 1 save 10%, buy 2 save 50% on all graduated cheapest", "50.00 45.00");
	PRICED("graduated by money", "A 5 100",
		   "spend 100 save 10%, spend 300 save 50% graduated", "380.00");
	PRICED("graduated amounts", "A 5 100", "spend 100 save 10, spend 300 save 20 graduated", "470.00");
	PRICED("a slice is not more than itself", "A 1 100",
		   "spend 90 save 50, spend 99.50 save 20 graduated", "90.00");
	PRICED("percent of every full amount", "A 5 90", "every 200 save 10%", "410.00");
	PRICED("every full amount for less", "A 5 90", "every 200 total 150", "350.00");
	PRICED("units of full groups only", "A 5 10", "every 2 units save 1 each on sku A", "46.00");
	PRICED("percent of full groups only, dearest first", "A 1 100, B 2 50",
		   "every 2 units save 10% on sku A, B", "90.00 95.00");
	PRICED("times", "A 9 10", "every 2 units save 1 on sku A times 3", "87.00");
	PRICED("a group that costs no more is left alone, and those behind it", "A 2 60, B 2 40",
		   "buy 2 total 100 on sku A, B", "100.00 80.00");
	PRICED("a limit takes the cheapest", "A 1 100, B 1 50", "save 50% on all limit 1",
		   "100.00 25.00");
	PRICED("a limit takes the dearest", "A 1 100, B 1 50", "save 50% on all limit 1 dearest",
		   "50.00 50.00");
	PRICED("a limit per line", "A 3 100, B 2 50", "save 50% on all limit 1 per line",
		   "250.00 75.00");
	PRICED("each product by itself", "A 2 100, B 1 100", "buy 2 save 10% on each", "180.00 100.00");
	PRICED("lines of one SKU are one product", "A 1 100, A 1 100", "buy 2 save 10% on each",
		   "90.00 90.00");
	PRICED("except", "A 1 100, B 1 100 #sale, C 1 100", "save 10% on all except sku A except tag sale",
		   "100.00 100.00 90.00");
	PRICED("except discounted", "A 1 100, B 1 100",
		   "save 10% on sku A; spend 100 save 10 on order except discounted", "90.00 90.00");
	PRICED("of list and of running", "A 1 100",
		   "save 10 on sku A; spend 100 save 5 of list", "85.00");
	PRICED("the running amount is the order's default", "A 1 100",
		   "save 10 on sku A; spend 100 save 5", "90.00");
}

static void
test_rewards(void)
{
	PRICED("buy 2 get 1 of 5: one", "A 5 10", "buy 2 get 1 free on sku A", "40.00");
	PRICED("buy 2 get 1 of 6: two", "A 6 10", "buy 2 get 1 free on sku A", "40.00");
	PRICED("buy 2 get 2 of 7: a partial reward is given", "A 7 10", "buy 2 get 2 free on sku A", "40.00");
	PRICED("the second at half", "A 2 10", "buy 1 get 1 save 50% on sku A", "15.00");
	PRICED("the second for 9.90", "A 2 10", "buy 1 get 1 price 9.90 on sku A", "19.90");
	PRICED("3 less on the second", "A 2 10", "buy 1 get 1 save 3 on sku A", "17.00");
	PRICED("of another product", "A 2 10, B 1 5", "buy 2 get 1 of sku B free on sku A", "20.00 0.00");
	PRICED("spend and get from what was spent", "A 2 100, B 1 30", "spend 200 get 1 free", "200.00 0.00");
	PRICED("buy a set, get one", "A 1 10, B 1 10, C 1 5", "buy set get 1 of sku C free on sku A, B",
		   "10.00 10.00 0.00");
	PRICED("a gift does not count for its own condition", "A 3 100", "spend 300 gift sku A on sku A",
		   "300.00");
	PRICED("a gift beyond the condition", "A 4 100", "spend 300 gift sku A on sku A", "300.00");
	PRICED("an add-on of the scope counts for nothing", "A 3 100", "buy 3 add sku A at 1 on sku A",
		   "300.00");
	PRICED("the largest saving first", "A 3 100, B 1 60, C 1 80", "spend 300 add sku B, C at 20 on sku A",
		   "300.00 60.00 20.00");
	PRICED("x2", "A 3 100, B 1 60, C 1 80", "spend 300 add sku B, C at 20 x2 on sku A",
		   "300.00 20.00 20.00");
	PRICED("free units do not count for later rules", "A 3 100",
		   "buy 2 get 1 free on sku A; save 50 when buy 3 on sku A", "200.00");
	PRICED("a max leaves a gift reduced", "A 1 100, B 1 50", "gift sku B on sku A max 30", "100.00 20.00");
	test_check_str(adjusted("A 3 10", "buy 2 get 1 free on sku A"), "1: 10.00 line 1 (1 free)",
				   "a free unit is marked", __FILE__, __LINE__);
	test_check_str(adjusted("A 1 100, B 1 50", "gift sku B on sku A max 30"), "1: 30.00 line 2",
				   "a unit cut by a cap is not free", __FILE__, __LINE__);
	test_check_str(offered("A 5 100", "spend 500 add sku B, C at 20 on sku A"),
				   "1: add B at 20.00 x1, 1: add C at 20.00 x1", "an add-on is offered", __FILE__, __LINE__);
	test_check_str(offered("A 3 100", "every 100 gift sku B x2"), "1: gift B at 0.00 x6",
				   "a gift is offered as often as earned", __FILE__, __LINE__);
	test_check_str(offered("A 1 100", "spend 500 gift sku B on sku A"), "", "nothing is offered below",
				   __FILE__, __LINE__);
	test_check_str(offered("A 5 100, B 1 60", "spend 500 gift sku B on sku A"), "",
				   "what is in the cart is no offer", __FILE__, __LINE__);
}

/* ---------------------------------------------------------------- which rule */

static void
test_choice(void)
{
	static const char both[] = "A 2 100, B 1 100";

	PRICED("the better of two", "A 1 100", "save 10% on sku A; save 20% on sku A", "80.00");
	PRICED("the higher priority, though worse", "A 1 100",
		   "[{\"name\":\"a\",\"rule\":\"save 10% on sku A\",\"priority\":1},"
		   "{\"name\":\"b\",\"rule\":\"save 20% on sku A\"}]", "90.00");
	PRICED("a rule that gives nothing takes nothing", "A 1 100",
		   "[{\"name\":\"a\",\"rule\":\"spend 200 save 10 on sku A\",\"priority\":1},"
		   "{\"name\":\"b\",\"rule\":\"save 20% on sku A\"}]", "80.00");
	PRICED("sharing out products", both, "spend 200 save 50 on sku A, B; save 30% on sku B",
		   "150.00 70.00");
	PRICED("a taken line does not count", "A 1 100, B 1 100",
		   "[{\"name\":\"a\",\"rule\":\"save 1% on sku B\",\"priority\":1},"
		   "{\"name\":\"b\",\"rule\":\"spend 200 save 50 on sku A, B\"}]", "100.00 99.00");
	PRICED("stack: each on what is left", "A 1 100", "save 10% on sku A stack; save 10% on sku A stack",
		   "81.00");
	PRICED("the stack as one rival loses", "A 1 100",
		   "save 10% on sku A stack; save 10% on sku A stack; save 20% on sku A", "80.00");
	PRICED("the stack as one rival wins", "A 1 100",
		   "save 10% on sku A stack; save 10% on sku A stack; save 18% on sku A", "81.00");
	PRICED("one rule for the order", "A 1 100", "save 10; save 20", "80.00");
	PRICED("an order's stack", "A 1 100", "save 10 stack; save 20 stack; save 25", "70.00");
	PRICED("exclusive is alone", "A 1 100, B 1 100", "save 10% on sku A exclusive; save 50% on sku B; save 5",
		   "90.00 100.00");
	PRICED("exclusive without a saving is out", "A 1 100",
		   "spend 500 save 10 exclusive; save 5", "95.00");
	PRICED("an exclusive gift's points", "A 1 100", "earn 5 points exclusive", "100.00 points 5");
	PRICED("the best of a group", "A 1 100", "save 10% on sku A group g; save 15 group g", "85.00");
	PRICED("groups apart", "A 1 100", "save 10% on sku A group g; save 15 group h", "75.00");
	PRICED("a group spans priorities", "A 1 100",
		   "[{\"name\":\"a\",\"rule\":\"save 10% on sku A group g\",\"priority\":1},"
		   "{\"name\":\"b\",\"rule\":\"save 20% on sku A group g\"}]", "80.00");
	PRICED("stop: nothing later on its lines", "A 1 100, B 1 100",
		   "save 10% on sku A stop; save 50%", "90.00 50.00");
	PRICED("stop does not cover what it did not discount", "A 1 100, B 1 100",
		   "save 10% on sku A stop; save 20% on sku B; spend 80 save 10", "90.00 70.00");
	set_code("X");
	PRICED("codes come after the order", "A 1 100", "save 10; save 10% code X", "81.00");
	set_code("");
	PRICED("without its code", "A 1 100", "save 10; save 10% code X", "90.00");
	PRICED("when the cart has it", "A 1 100, B 1 1", "save 10 when sku B", "90.10 0.90");
	PRICED("when it has not", "A 1 100", "save 10 when sku B, C", "100.00");
	request.fee = 10 * PROMO_MONEY;
	PRICED("free shipping", "A 1 100", "spend 100 free shipping", "100.00 shipping 0.00");
	PRICED("5 off shipping, at most the fee", "A 4 100", "every 100 save 5 shipping",
		   "400.00 shipping 0.00");
	PRICED("shipping looks behind the order's discount", "A 1 100", "save 1; spend 100 free shipping",
		   "99.00 shipping 10.00");
	request.fee = 0;
	PRICED("points", "A 3 100", "every 100 earn 5 points", "300.00 points 15");
	PRICED("points of a stack", "A 3 100",
		   "[{\"name\":\"a\",\"rule\":\"earn 10 points stack\",\"priority\":1},"
		   "{\"name\":\"b\",\"rule\":\"points x2 stack\"}]", "300.00 points 20");
	test_check_str(explained("A 1 100", "save 10% on sku A; save 20% on sku A"),
				   "1 superseded lost to 2, 2 applied gives 20.00", "who lost to whom", __FILE__, __LINE__);
	test_check_str(explained("A 4 100", "every 1 units save 5, every 4 units get 1 free"),
				   "1 not_met qty 1 to save 100.00", "only the reward is missing", __FILE__, __LINE__);
	test_check_str(explained("A 1 100 floor=100", "save 10% on sku A"), "1 no_room", "no room",
				   __FILE__, __LINE__);
	test_check_str(explained("A 1 100", "save 10% for gold; save 5 code X; save 1 days sat"),
				   "1 not_for_buyer, 2 no_code, 3 not_now", "refused", __FILE__, __LINE__);
}

static void
test_search(void)
{
	static const char later[] =
		"{\"search\":\"%s\",\"rules\":[{\"name\":\"a\",\"rule\":\"save 10%% on sku A\"},"
		"{\"name\":\"b\",\"rule\":\"spend 100 save 50\"}]}";
	PromoBuffer rules = new_buffer();
	PromoBuffer many = new_buffer();

	promo_putf(&rules, later, "stage");
	PRICED("stage by stage: the product's discount spoils the order's", "A 1 100", rules.data, "90.00");
	rules = new_buffer();
	promo_putf(&rules, later, "cart");
	PRICED("the whole cart: a rule is left out for a lower total", "A 1 100", rules.data, "50.00");

	/* rules that want the same products, and two nodes to find out */
	promo_puts(&many, "{\"search_limit\":2,\"rules\":[");
	for (int i = 0; i < 6; i++)
		promo_putf(&many, "%s{\"name\":\"%d\",\"rule\":\"spend %d save %d on sku A, B, C, D\"}",
				   i > 0 ? "," : "", i, 10 + i, 3 + i % 3);
	promo_puts(&many, "]}");
	test_check(strstr(priced("A 1 10, B 1 11, C 1 12, D 1 13", many.data), "truncated") != NULL,
			   "beyond the limit the quote says so", __FILE__, __LINE__);
}

/* ---------------------------------------------------------------- afterwards */

static void
test_afterwards(void)
{
	static const char gift[] = "spend 300 gift sku B on sku A; every 100 earn 5 points on sku A; save 10";

	test_check_str(unit_runs("A 3 10", "save 10 on sku A"), "1: 1 for 6.66, 1: 2 for 13.34",
				   "units add up to the line", __FILE__, __LINE__);
	test_check_str(unit_runs("A 3 10", "buy 2 get 1 free on sku A"), "1: 2 for 20.00, 1: 1 for 0.00",
				   "free units are last", __FILE__, __LINE__);
	test_check_str(unit_runs("A 2.5 10", "save 0% on all"), "1: 2 for 20.00, 1: 0.5 for 5.00",
				   "the fraction of a unit is a run", __FILE__, __LINE__);
	test_check_str(refunded("A 3 10", "buy 2 get 1 free on sku A", "[{\"line\":1,\"qty\":1}]", false),
				   "1 x1 0.00", "the free unit comes back first", __FILE__, __LINE__);
	test_check_str(refunded("A 3 10", "buy 2 get 1 free on sku A", "[{\"line\":1,\"qty\":3}]", false),
				   "1 x3 20.00", "everything comes back", __FILE__, __LINE__);
	test_check_str(refunded("A 3 100, B 1 60", gift, "[{\"line\":1,\"qty\":1}]", true),
				   "1 x1 40.00, 2 x1 0.00, - x5 0.00", "a gift whose condition broke, and points",
				   __FILE__, __LINE__);
	test_check_str(refunded("A 3 100, B 1 60", gift, "[{\"line\":7,\"qty\":1}]", true),
				   "line 7 is not in the quote", "an unknown line", __FILE__, __LINE__);
	request.fee = 10 * PROMO_MONEY;
	test_check_str(refunded("A 2 100", "spend 150 free shipping", "[{\"line\":1,\"qty\":2}]", true),
				   "1 x2 200.00, - 0.00", "shipping that was free", __FILE__, __LINE__);
	test_check_str(refunded("A 2 100", "spend 500 free shipping", "[{\"line\":1,\"qty\":2}]", false),
				   "1 x2 200.00, - 10.00", "shipping that was paid", __FILE__, __LINE__);
	request.fee = PROMO_MONEY_MAX;
	PRICED("goods and shipping beyond the range", "A 1 1", "save 1", "total of the cart is out of range");
	request.fee = 0;
}

/* ---------------------------------------------------------------- size */

/* a cart of n lines with n SKUs, 'S0' .. */
static PromoCart *
large_cart(int n)
{
	PromoCartInput *lines = promo_alloc0(&test.arena, n * sizeof(PromoCartInput));
	PromoText	tag = promo_text("t");

	for (int i = 0; i < n; i++)
	{
		PromoBuffer name = new_buffer();

		promo_putf(&name, "S%d", i);
		lines[i].line = i + 1;
		lines[i].sku = (PromoText) {name.data, (uint32_t) name.len};
		lines[i].hash = promo_hash(name.data, (uint32_t) name.len);
		lines[i].qty = (1 + i % 3) * PROMO_QTY;
		lines[i].price = (10 + i % 97) * PROMO_MONEY;
		lines[i].cost = lines[i].floor = PROMO_UNKNOWN;
		lines[i].tags = &tag;
		lines[i].ntags = 1;
	}
	return promo_cart_build(&test.arena, lines, n, &err);
}

/* bytes that pricing takes for each line */
static size_t
bytes_per_line(int n, const PromoRuleset *rules)
{
	PromoCart  *cart = large_cart(n);
	size_t		before = test.bytes;

	if (promo_price_cart(&test.arena, cart, rules, &request, &err) == NULL)
		abort();
	return (test.bytes - before) / n;
}

static void
test_memory(const char *what, const char *text)
{
	PromoRuleset *rules = rules_of(text);
	size_t		least = bytes_per_line(1000, rules);
	size_t		most = bytes_per_line(10000, rules);

	if (!test_check(most <= least + least / 4 && most < 4096, what, __FILE__, __LINE__))
		printf("# %zu bytes for each of 1000 lines, %zu of 10000\n", least, most);
}

static double
seconds_since(clock_t start)
{
	return (double) (clock() - start) / CLOCKS_PER_SEC;
}

/* the whole must be done in seconds, also under sanitizers */
static void
test_time(const char *what, const PromoCart *cart, const PromoRuleset *rules)
{
	clock_t		start = clock();
	double		pricing;
	int			n;
	bool		done;

	done = promo_price_cart(&test.arena, cart, rules, &request, &err) != NULL;
	pricing = seconds_since(start);
	done &= promo_explain_cart(&test.arena, cart, rules, &request, &n, &err) != NULL;
	test_check(done && seconds_since(start) < 60, what, __FILE__, __LINE__);
	printf("# %.3f s to price, %.3f s with the explanation\n", pricing, seconds_since(start));
}

static PromoRuleset *
many_rules(int n, const char *format)
{
	PromoBuffer text = new_buffer();

	for (int i = 0; i < n; i++)
		promo_putf(&text, format, i, i, i);
	return rules_of(text.data);
}

static void
test_size(void)
{
	PromoCart  *cart;

	test_memory("memory: rules on all lines",
				"save 10% on all stack; save 5% on all stack; spend 100 save 5");
	test_memory("memory: rules that want the same lines",
				"save 10% on all; spend 100 save 50 on tag t");
	test_memory("memory: rewards", "buy 2 get 1 free on all");
	test_memory("memory: rewards that others want",
				"{\"search_limit\":100,\"rules\":["
				"{\"name\":\"a\",\"rule\":\"buy 2 get 1 free on all\"},"
				"{\"name\":\"b\",\"rule\":\"every 3 units save 10% on tag t\"}]}");
	test_memory("memory: each", "buy 2 save 10% on each; spend 100 save 5 on each tag t");

	cart = large_cart(PROMO_MAX_LINES);
	test_time("10,000 lines, a rule for each of 2,000 products", cart,
			  many_rules(2000, "save 10%% on sku S%d, Z%d, Y%d;"));
	arena_free(&test);
	cart = large_cart(PROMO_MAX_LINES);
	test_time("10,000 lines, 2,000 rules on the order", cart,
			  many_rules(2000, "spend %d save 1.%04d on order except sku S%d;"));
	arena_free(&test);
	cart = large_cart(1000);
	test_time("1,000 lines, 200 rules that want them all", cart,
			  many_rules(200, "spend %d save 1.%04d on all except sku S%d;"));
}

int
main(void)
{
	arena_init(&test);
	test_activities();
	test_money();
	test_steps();
	test_rewards();
	test_choice();
	test_search();
	test_afterwards();
	arena_free(&test);
	test_size();
	arena_free(&test);
	return test_done();
}
