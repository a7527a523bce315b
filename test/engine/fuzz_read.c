/*-------------------------------------------------------------------------
 *
 * fuzz_read.c
 *	  everything that is read from outside: text, JSON, binary forms
 *
 * The first byte says what the others are read as.  What is refused must say
 * why; what is accepted is printed and packed, must read back as equal bytes,
 * and is used: carts and rulesets are priced, quotes are given back.
 *
 *-------------------------------------------------------------------------
 */
#include "../../src/engine/price_cart.h"
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
is_read(const void *value)
{
	CLAIM(value != NULL || (err.code != PROMO_OK && err.message[0] != '\0'));
	return value != NULL;
}

/* ----------------------------------------------------------------
 * What is priced with what is read
 * ----------------------------------------------------------------
 */

static PromoCart *
plain_cart(void)
{
	PromoCart  *cart = promo_cart_from_json(&test.arena, promo_text(
		"[{\"line\":1,\"sku\":\"A\",\"qty\":3,\"price\":\"80\",\"tags\":[\"t\"],\"cost\":\"40\"},"
		"{\"line\":2,\"sku\":\"B\",\"qty\":0.35,\"price\":\"9.99\",\"floor\":\"5\"},"
		"{\"line\":3,\"sku\":\"A\",\"qty\":2,\"price\":\"120\",\"tags\":[\"t\",\"u\"]}]"), &err);

	CLAIM(cart != NULL);
	return cart;
}

static PromoRuleset *
plain_rules(void)
{
	PromoRuleset *rules = promo_ruleset_from_text(&test.arena, promo_text(
		"buy 2 get 1 free on tag t; save 20% on each; spend 100 save 10 code X;"
		"buy set total 9 on sku A, B; spend 50 gift sku B; free shipping"), NULL, &err);

	CLAIM(rules != NULL);
	return rules;
}

static void
price(const PromoCart *cart, const PromoRuleset *rules)
{
	PromoRequest request = {.fee = 1000 * rules->unit};
	PromoQuote *quote;
	PromoText	code = promo_text("X");
	int			n;

	request.codes = &code;
	request.ncodes = 1;
	quote = promo_price_cart(&test.arena, cart, rules, &request, &err);
	if (!is_read(quote))
		return;
	CLAIM(quote->discount <= quote->subtotal);
	(void) promo_quote_units(&test.arena, quote, &n);
	CLAIM(promo_explain_cart(&test.arena, cart, rules, &request, &n, &err) != NULL);
}

/* ----------------------------------------------------------------
 * One for each type
 * ----------------------------------------------------------------
 */

static void
use_rule(const PromoRule *rule)
{
	PromoBuffer text = new_buffer();
	PromoBuffer json = new_buffer();
	PromoBuffer packed = new_buffer();
	PromoBuffer copy = new_buffer();
	PromoRule  *again;

	if (!is_read(rule))
		return;
	promo_rule_print(&text, rule);
	again = promo_rule_parse(&test.arena, text_of(text), &err);
	CLAIM(again != NULL && same_bytes(again, again->size, rule, rule->size));
	promo_rule_to_json(&json, rule);
	again = promo_rule_from_json(&test.arena, text_of(json), &err);
	CLAIM(again != NULL && same_bytes(again, again->size, rule, rule->size));
	promo_rule_pack(&packed, rule);
	again = promo_rule_unpack(&test.arena, packed.data, packed.len, &err);
	CLAIM(again != NULL && same_bytes(again, again->size, rule, rule->size));
	CLAIM(promo_rule_describe(&copy, rule, promo_text("en"), NULL, &err));
	CLAIM(promo_rule_describe(&copy, rule, promo_text("zh"), NULL, &err));
}

static void
use_cart(const PromoCart *cart)
{
	PromoBuffer json = new_buffer();
	PromoBuffer packed = new_buffer();
	PromoCart  *again;

	if (!is_read(cart))
		return;
	promo_cart_to_json(&json, cart);
	again = promo_cart_from_json(&test.arena, text_of(json), &err);
	CLAIM(again != NULL && same_bytes(again, again->size, cart, cart->size));
	promo_cart_pack(&packed, cart);
	again = promo_cart_unpack(&test.arena, packed.data, packed.len, &err);
	CLAIM(again != NULL && same_bytes(again, again->size, cart, cart->size));
	price(cart, plain_rules());
}

static void
use_ruleset(const PromoRuleset *rules)
{
	PromoBuffer json = new_buffer();
	PromoBuffer packed = new_buffer();
	PromoRuleset *again;

	if (!is_read(rules))
		return;
	promo_ruleset_to_json(&json, rules);
	again = promo_ruleset_from_text(&test.arena, text_of(json), NULL, &err);
	CLAIM(again != NULL && same_bytes(again, again->size, rules, rules->size));
	promo_ruleset_pack(&packed, rules);
	again = promo_ruleset_unpack(&test.arena, packed.data, packed.len, NULL, &err);
	CLAIM(again != NULL && same_bytes(again, again->size, rules, rules->size));
	/* long searches are for fuzz_price */
	if (rules->search_limit <= PROMO_DEFAULT_SEARCH_LIMIT)
		price(plain_cart(), rules);
}

static void
use_quote(const PromoQuote *quote)
{
	PromoBuffer json = new_buffer();
	PromoBuffer packed = new_buffer();
	PromoRequest request = {0};
	PromoQuote *again;
	int			n;

	if (!is_read(quote))
		return;
	promo_quote_to_json(&json, quote);
	again = promo_quote_from_json(&test.arena, text_of(json), &err);
	CLAIM(again != NULL && same_bytes(again, again->size, quote, quote->size));
	promo_quote_pack(&packed, quote);
	again = promo_quote_unpack(&test.arena, packed.data, packed.len, &err);
	CLAIM(again != NULL && same_bytes(again, again->size, quote, quote->size));
	CLAIM(quote->discount <= quote->subtotal && quote->fee_discount <= quote->fee);
	(void) promo_quote_units(&test.arena, quote, &n);
	CLAIM(promo_refund_quote(&test.arena, quote, promo_text("[]"), NULL, &request, true, &n,
							 &err) != NULL);
	(void) is_read(promo_refund_quote(&test.arena, quote, promo_text("[{\"line\":1,\"qty\":1}]"),
									  plain_rules(), &request, true, &n, &err));
}

static void
use_returned(PromoText json)
{
	PromoRequest request = {0};
	PromoQuote *quote;
	int			n;

	quote = promo_price_cart(&test.arena, plain_cart(), plain_rules(), &request, &err);
	CLAIM(quote != NULL);
	(void) is_read(promo_quote_returns(&test.arena, quote, json, &n, &err));
}

static void
use_decimal(PromoText text)
{
	PromoBuffer buf = new_buffer();
	int64_t		value;
	int64_t		again;

	if (!promo_parse_decimal(text, PROMO_MONEY_DIGITS, PROMO_MONEY_MAX, true, "price", &value, &err))
	{
		CLAIM(err.code != PROMO_OK);
		return;
	}
	CLAIM(value >= -PROMO_MONEY_MAX && value <= PROMO_MONEY_MAX);
	promo_put_decimal(&buf, value, PROMO_MONEY_DIGITS, 2);
	CLAIM(promo_parse_decimal(text_of(buf), PROMO_MONEY_DIGITS, PROMO_MONEY_MAX, false, "price",
							  &again, &err));
	CLAIM(again == value);
}

static void
use_period(PromoText text)
{
	PromoBuffer buf = new_buffer();
	PromoPeriod period;
	PromoPeriod again;

	if (!promo_parse_period(text, &period, &err))
	{
		CLAIM(err.code != PROMO_OK);
		return;
	}
	promo_put_period(&buf, &period);
	CLAIM(promo_parse_period(text_of(buf), &again, &err));
	CLAIM(again.lower == period.lower && again.upper == period.upper &&
		  again.flags == period.flags);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	PromoText	text = {(const char *) data + 1, (uint32_t) len - 1};

	if (len == 0)
		return 0;
	arena_free(&test);
	memset(&err, 0, sizeof(err));
	switch (data[0] % 12)
	{
		case 0:
			use_rule(promo_rule_parse(&test.arena, text, &err));
			break;
		case 1:
			use_rule(promo_rule_from_json(&test.arena, text, &err));
			break;
		case 2:
			use_rule(promo_rule_unpack(&test.arena, text.data, text.len, &err));
			break;
		case 3:
			use_cart(promo_cart_from_json(&test.arena, text, &err));
			break;
		case 4:
			use_cart(promo_cart_unpack(&test.arena, text.data, text.len, &err));
			break;
		case 5:
			use_ruleset(promo_ruleset_from_text(&test.arena, text, NULL, &err));
			break;
		case 6:
			use_ruleset(promo_ruleset_unpack(&test.arena, text.data, text.len, NULL, &err));
			break;
		case 7:
			use_quote(promo_quote_from_json(&test.arena, text, &err));
			break;
		case 8:
			use_quote(promo_quote_unpack(&test.arena, text.data, text.len, &err));
			break;
		case 9:
			use_returned(text);
			break;
		case 10:
			use_decimal(text);
			break;
		default:
			use_period(text);
			break;
	}
	return 0;
}
