/*-------------------------------------------------------------------------
 *
 * test_values.c
 *	  cart, ruleset and quote: what they accept, refuse, and give back
 *
 * Every value goes through JSON and the external binary form and must come
 * back byte by byte; every shorter form must be refused.  The last part prices
 * nothing but takes random adjustments apart into units and returns.
 *
 *-------------------------------------------------------------------------
 */
#include <stdlib.h>

#include "../../src/engine/cart_value.h"
#include "../../src/engine/quote_value.h"
#include "../../src/engine/ruleset_value.h"
#include "arena.h"
#include "test.h"

static TestArena test;
static PromoError err;

static PromoText
text_of(const PromoBuffer *buf)
{
	return (PromoText) {buf->data, (uint32_t) buf->len};
}

/* ---------------------------------------------------------------- carts */

static PromoCart *
cart_of(const char *json)
{
	memset(&err, 0, sizeof(err));
	return promo_cart_from_json(&test.arena, promo_text(json), &err);
}

/* the canonical JSON, or the error */
static const char *
cart(const char *json)
{
	PromoCart  *value = cart_of(json);
	PromoBuffer buf;

	promo_buffer_init(&buf, &test.arena);
	if (value != NULL)
		promo_cart_to_json(&buf, value);
	else
		promo_putf(&buf, "%d %s%s%s", err.code, err.message, err.detail[0] ? "; " : "", err.detail);
	return buf.data;
}

#define A	"{\"line\":1,\"sku\":\"A\",\"qty\":1,\"price\":\"2.00\"}"
#define B	"{\"line\":2,\"sku\":\"B\",\"qty\":1,\"price\":\"3.00\"}"
/* a line with one member given otherwise */
#define LINE(members)	"[{\"line\":7," members "}]"

static void
test_cart_text(void)
{
	CHECK_STR(cart("[]"), "[]");
	CHECK_STR(cart(" [ " B " , " A " ] "), "[" A "," B "]");
	CHECK_STR(cart(LINE("\"sku\":5,\"qty\":\"0.350\",\"price\":1e2,\"tags\":[\"b\",\"a\",\"b\"],"
						"\"cost\":40,\"floor\":null")),
			  "[{\"line\":7,\"sku\":\"5\",\"qty\":0.35,\"price\":\"100.00\","
			  "\"tags\":[\"a\",\"b\"],\"cost\":\"40.00\"}]");
	CHECK_STR(cart(LINE("\"sku\":\"\\u4e2d\\\"\\n\\ud83d\\ude00\",\"qty\":0,\"price\":\"0.0001\"")),
			  "[{\"line\":7,\"sku\":\"中\\\"\\n😀\",\"qty\":0,\"price\":\"0.0001\"}]");
	CHECK_STR(cart("[{\"line\":-9223372036854775808,\"sku\":\"A\",\"qty\":1,\"price\":1}]"),
			  "[{\"line\":-9223372036854775808,\"sku\":\"A\",\"qty\":1,\"price\":\"1.00\"}]");
}

static void
test_cart_refuses(void)
{
	CHECK_STR(cart("[" A "," A "]"), "3 line 1 is in the cart twice");
	CHECK_STR(cart("[{\"sku\":\"A\"}]"), "4 line number of element 1 is missing");
	CHECK_STR(cart(LINE("\"qty\":1,\"price\":1")), "4 SKU of line 7 is missing");
	CHECK_STR(cart(LINE("\"sku\":\"A\",\"qty\":null,\"price\":1")),
			  "4 quantity of line 7 is missing");
	CHECK_STR(cart(LINE("\"sku\":\"A\",\"qty\":1")), "4 price of line 7 is missing");
	CHECK_STR(cart(LINE("\"sku\":\"\",\"qty\":1,\"price\":1")), "3 SKU of line 7 is empty");
	CHECK_STR(cart(LINE("\"sku\":\"A\",\"qty\":-1,\"price\":1")),
			  "5 quantity of line 7 is negative");
	CHECK_STR(cart(LINE("\"sku\":\"A\",\"qty\":\"NaN\",\"price\":1")), "5 quantity of line 7 is NaN");
	CHECK_STR(cart(LINE("\"sku\":\"A\",\"qty\":1,\"price\":\"Infinity\"")),
			  "5 price of line 7 is infinite");
	CHECK_STR(cart(LINE("\"sku\":\"A\",\"qty\":1,\"price\":1,\"cost\":\"-0.0001\"")),
			  "5 cost of line 7 is negative");
	CHECK_STR(cart(LINE("\"sku\":\"A\",\"qty\":0.0005,\"price\":1")),
			  "5 quantity of line 7 has more than 3 decimals: \"0.0005\"");
	CHECK_STR(cart(LINE("\"sku\":\"A\",\"qty\":1,\"price\":900000000000001")),
			  "5 price of line 7 is out of range: \"900000000000001\"");
	CHECK_STR(cart(LINE("\"sku\":\"A\",\"qty\":2,\"price\":900000000000000")),
			  "5 subtotal of the cart is out of range");
	CHECK_STR(cart(LINE("\"sku\":\"A\",\"qty\":2,\"price\":1,\"cost\":900000000000000")),
			  "5 cost of the cart is out of range");
	CHECK_STR(cart("[{\"lime\":1}]"),
			  "1 invalid input syntax for type promo.cart; Key \"lime\" is unknown; "
			  "accepted are line, sku, qty, price, tags, cost, floor.");
	CHECK_STR(cart(LINE("\"line\":7")),
			  "1 invalid input syntax for type promo.cart; Key \"line\" is given twice.");
	CHECK_STR(cart(LINE("\"qty\":true")), "1 invalid input syntax for type promo.cart; "
			  "Key \"qty\" must be a number or a string.");
	CHECK_STR(cart("[" A ",]"), "1 invalid input syntax for type promo.cart; "
			  "Expected a JSON value at position 46, but found \"]\".");
	CHECK_STR(cart("[" A), "1 invalid input syntax for type promo.cart; "
			  "Expected \",\" or \"]\", but found the end of the text.");
	CHECK_STR(cart("[] x"), "1 invalid input syntax for type promo.cart; "
			  "Expected the end of the text at position 4, but found \"x\".");
	CHECK_STR(cart(LINE("\"sku\":\"a\\u0000\"")), "1 invalid input syntax for type promo.cart; "
			  "The escape \\u0000 cannot be converted to text.");
	CHECK_STR(cart(LINE("\"sku\":\"\\ud83d\"")), "1 invalid input syntax for type promo.cart; "
			  "A Unicode high surrogate must be followed by a low surrogate.");
	CHECK_STR(cart("{}"), "1 invalid input syntax for type promo.cart; "
			  "The list of lines must be an array.");
}

/* deep nesting is refused, not followed */
static void
test_json_depth(void)
{
	PromoBuffer deep;

	promo_buffer_init(&deep, &test.arena);
	for (int i = 0; i < 100000; i++)
		promo_putc(&deep, '[');
	CHECK(promo_cart_from_json(&test.arena, text_of(&deep), &err) == NULL);
	CHECK_INT(err.code, PROMO_BAD_SYNTAX);
}

static void
test_cart_limits(void)
{
	PromoCartInput *lines = promo_alloc0(&test.arena, 10001 * sizeof(PromoCartInput));
	PromoText  *tags = promo_alloc(&test.arena, 1001 * sizeof(PromoText));
	char	   *name = promo_alloc(&test.arena, 1001);
	PromoCart  *value;

	memset(name, 'x', 1001);
	for (int i = 0; i < 10001; i++)
		lines[i] = (PromoCartInput) {
			.line = 10001 - i, .qty = PROMO_QTY, .price = PROMO_MONEY, .cost = PROMO_UNKNOWN,
			.floor = PROMO_UNKNOWN, .hash = promo_hash("A", 1), .sku = promo_text("A")
		};
	CHECK(promo_cart_build(&test.arena, lines, 10001, &err) == NULL);
	CHECK_STR(err.message, "cart has more than 10000 lines");
	value = promo_cart_build(&test.arena, lines, 10000, &err);
	CHECK(value != NULL && value->nlines == 10000 && (value->flags & PROMO_CART_REPEATS));
	CHECK(value != NULL && value->lines[0].line == 2);
	CHECK(value != NULL && promo_cart_find_line(value, 10001) == 9999);
	CHECK(value != NULL && promo_cart_find_line(value, 1) == -1);

	lines[0].sku = (PromoText) {name, 1001};
	CHECK(!promo_cart_check_line(&lines[0], &err));
	CHECK_STR(err.message, "SKU of line 2 is longer than 1000 bytes");
	lines[0].sku.len = 1000;
	CHECK(promo_cart_check_line(&lines[0], &err));
	for (int i = 0; i < 1001; i++)
		tags[i] = promo_text("t");
	lines[0].tags = tags;
	lines[0].ntags = 1001;
	CHECK(!promo_cart_check_line(&lines[0], &err));
	CHECK_STR(err.message, "line 2 has more than 1000 tags");
	lines[0].ntags = 1000;
	CHECK(promo_cart_check_line(&lines[0], &err));
	value = promo_cart_build(&test.arena, lines, 1, &err);
	CHECK(value != NULL && promo_cart_tags(value)[0].n == 1);
}

typedef void *(*Unpack) (const void *data, size_t len);

/* a value's binary form gives the same bytes, and nothing shorter or longer is taken */
static bool
binary_form_is_strict(const PromoBuffer *packed, const void *value, size_t size, Unpack unpack)
{
	void	   *again = unpack(packed->data, packed->len);
	bool		ok = again != NULL && memcmp(again, value, size) == 0;

	for (size_t len = 0; len <= packed->len + 1; len++)
	{
		char	   *copy = promo_alloc(&test.arena, len);

		if (len == packed->len)
			continue;
		memset(copy, 0, len);
		memcpy(copy, packed->data, len < packed->len ? len : packed->len);
		ok = ok && unpack(copy, len) == NULL && err.code == PROMO_BAD_BINARY;
	}
	return ok;
}

static void *
unpack_cart(const void *data, size_t len)
{
	return promo_cart_unpack(&test.arena, data, len, &err);
}

static void
test_cart_binary(void)
{
	PromoCart  *value = cart_of("[" A ",{\"line\":3,\"sku\":\"A\",\"qty\":0.5,\"price\":9,"
								"\"tags\":[\"x\",\"y\"],\"cost\":1,\"floor\":2}]");
	PromoBuffer packed;

	promo_buffer_init(&packed, &test.arena);
	promo_cart_pack(&packed, value);
	CHECK(binary_form_is_strict(&packed, value, value->size, unpack_cart));
	packed.data[0] = 9;
	CHECK(unpack_cart(packed.data, packed.len) == NULL);
	CHECK_STR(err.message, "unsupported promo.cart version number 9");
	packed.data[0] = PROMO_CART_VERSION;
	packed.data[5 + 8] = (char) 0x80;	/* the sign of the first quantity */
	CHECK(unpack_cart(packed.data, packed.len) == NULL);
	CHECK_STR(err.message, "invalid external binary form of type promo.cart");
	CHECK_STR(err.detail, "Quantity of line 1 is negative.");
}

/* any order of lines gives the same bytes, sorted or not by two different ways */
static void
test_cart_order(void)
{
	bool		same = true;

	for (int n = 1; n < 60; n += 7)
	{
		PromoCartInput lines[60];
		char		skus[60][8];
		PromoCart  *first = NULL;

		for (int turn = 0; turn < 5; turn++)
		{
			PromoCart  *value;

			for (int i = 0; i < n; i++)
			{
				int			k = (i * 61 + turn * 17) % n;
				int			len = snprintf(skus[i], sizeof(skus[i]), "S%d", k % 50);

				lines[i] = (PromoCartInput) {
					.line = k, .qty = k * 10, .price = k, .cost = k, .floor = PROMO_UNKNOWN,
					.hash = promo_hash(skus[i], len), .sku = {skus[i], len}
				};
			}
			value = promo_cart_build(&test.arena, lines, n, &err);
			if (first == NULL)
				first = value;
			same = same && value != NULL && value->size == first->size &&
				memcmp(value, first, value->size) == 0 &&
				!(value->flags & PROMO_CART_REPEATS) == (n <= 50);
		}
	}
	CHECK(same && "order of lines does not matter");
}

/* the hash is on disk: it may never change */
static void
test_hash(void)
{
	const char *text = "0123456789abcdefghijklmnopqrstuvwxyz";
	uint32_t	all = 0;

	for (uint32_t len = 0; len <= 36; len++)
		all = all * 31 + promo_hash(text, len);
	CHECK_INT(promo_hash("A", 1), INT64_C(4140806929));
	CHECK_INT(promo_hash("SKU-000123", 10), INT64_C(2264195031));
	CHECK_INT(all, 706343587);
}

/* ---------------------------------------------------------------- rulesets */

static PromoRuleset *
ruleset_of(const char *text)
{
	memset(&err, 0, sizeof(err));
	return promo_ruleset_from_text(&test.arena, promo_text(text), NULL, &err);
}

/* the canonical JSON, or the error; reading the JSON must give the same bytes */
static const char *
ruleset(const char *text)
{
	PromoRuleset *value = ruleset_of(text);
	PromoBuffer buf;

	promo_buffer_init(&buf, &test.arena);
	if (value != NULL)
	{
		PromoRuleset *again;

		promo_ruleset_to_json(&buf, value);
		again = promo_ruleset_from_text(&test.arena, text_of(&buf), NULL, &err);
		if (again == NULL || again->size != value->size || memcmp(again, value, again->size) != 0)
			promo_puts(&buf, " READS BACK DIFFERENTLY");
	}
	else
		promo_putf(&buf, "%d %s%s%s", err.code, err.message, err.detail[0] ? "; " : "", err.detail);
	return buf.data;
}

static void
test_ruleset_text(void)
{
	CHECK_STR(ruleset("[]"), "[]");
	CHECK_STR(ruleset("SAVE 20% on sku A; ; free shipping"),
			  "[{\"name\":\"1\",\"rule\":\"save 20% on sku A\"},"
			  "{\"name\":\"2\",\"rule\":\"free shipping\"}]");
	CHECK_STR(ruleset("[{\"name\":\"b\",\"rule\":\"save 1\"},{\"name\":\"a\",\"rule\":\"save 2\"},"
					  "{\"name\":\"z\",\"rule\":\"save 3\",\"priority\":5,\"during\":\"[2026-01-01,)\"}]"),
			  "[{\"name\":\"z\",\"rule\":\"save 3\",\"priority\":5,"
			  "\"during\":\"[\\\"2026-01-01 00:00:00+00\\\",)\"},"
			  "{\"name\":\"a\",\"rule\":\"save 2\"},{\"name\":\"b\",\"rule\":\"save 1\"}]");
	CHECK_STR(ruleset("{\"rules\":[],\"unit\":1,\"rounding\":\"down\",\"zone\":\"Asia/Shanghai\","
					  "\"search\":\"cart\",\"search_limit\":7}"),
			  "{\"unit\":\"1\",\"rounding\":\"down\",\"zone\":\"Asia/Shanghai\","
			  "\"search\":\"cart\",\"search_limit\":7,\"rules\":[]}");
	CHECK_STR(ruleset("{\"rules\":[],\"unit\":\"0.01\"}"), "[]");
}

static void
test_ruleset_refuses(void)
{
	CHECK_STR(ruleset("[{\"name\":\"a\",\"rule\":\"save 1\"},{\"name\":\"a\",\"rule\":\"save 2\",\"priority\":1}]"),
			  "3 rule name \"a\" is used twice");
	CHECK_STR(ruleset("[{\"rule\":\"save 1\"}]"), "4 name of rule 1 is missing");
	CHECK_STR(ruleset("[{\"name\":\"a\"}]"), "4 rule \"a\" is missing");
	CHECK_STR(ruleset("[{\"name\":\"\",\"rule\":\"save 1\"}]"), "3 name of a rule is empty");
	CHECK_STR(ruleset("[{\"name\":\"a\",\"rule\":\"save 1\",\"priority\":2147483648}]"),
			  "5 rule \"a\": priority is out of range");
	CHECK_STR(ruleset("{\"unit\":0,\"rules\":[]}"), "5 unit must be between 0.0001 and 1000000");
	CHECK_STR(ruleset("{\"rounding\":\"up\",\"rules\":[]}"), "3 unknown rounding \"up\"");
	CHECK_STR(ruleset("{\"search\":\"all\",\"rules\":[]}"), "3 unknown search \"all\"");
	CHECK_STR(ruleset("{\"search_limit\":0,\"rules\":[]}"),
			  "5 search_limit must be between 1 and 100000000");
	CHECK_STR(ruleset("{}"),
			  "1 invalid input syntax for type promo.ruleset; Key \"rules\" is missing.");
	CHECK(ruleset_of("[{\"name\":\"p1\",\"rule\":\"save\"}]") == NULL);
	CHECK(strncmp(err.message, "rule \"p1\": ", 11) == 0);
	CHECK_INT(err.code, PROMO_BAD_SYNTAX);
}

static bool
finds(const PromoRuleset *set, bool tags, const char *key, uint32_t rule)
{
	uint32_t	len = (uint32_t) strlen(key);
	uint32_t	n;
	const uint32_t *rules = promo_ruleset_find(set, tags ? set->tag_slots : set->sku_slots,
											   tags ? set->tag_mask : set->sku_mask,
											   promo_hash(key, len), key, len, &n);

	for (uint32_t i = 0; i < n; i++)
		if (rules[i] == rule)
			return true;
	return false;
}

static void
test_ruleset_indexes(void)
{
	PromoRuleset *set = ruleset_of("save 1 on sku A, B;"	/* 0 */
								   "buy 2 get 1 of sku C free on tag x;"	/* 1 */
								   "save 2% on all;"		/* 2 */
								   "save 3 exclusive;"		/* 3 */
								   "save 1 on sku A, D group g;"	/* 4 */
								   "free shipping on sku A days sat");	/* 5 */
	PromoBuffer many;
	const uint32_t *list;
	uint32_t	n;
	int			missed = 0;

	CHECK(finds(set, false, "A", 0) && finds(set, false, "B", 0) && finds(set, false, "A", 4));
	CHECK(finds(set, false, "C", 1) && finds(set, true, "x", 1) && !finds(set, false, "x", 1));
	CHECK(!finds(set, false, "A", 5) && !finds(set, false, "E", 0));
	list = promo_ruleset_list(set, PROMO_LIST_PRODUCT, &n);
	CHECK(n == 1 && list[0] == 2);
	list = promo_ruleset_list(set, PROMO_LIST_ORDER, &n);
	CHECK(n == 1 && list[0] == 3);
	list = promo_ruleset_list(set, PROMO_LIST_SHIPPING, &n);
	CHECK(n == 1 && list[0] == 5);
	list = promo_ruleset_list(set, PROMO_LIST_EXCLUSIVE, &n);
	CHECK(n == 1 && list[0] == 3);
	list = promo_ruleset_list(set, PROMO_LIST_GROUP, &n);
	CHECK(n == 1 && list[0] == 4);
	CHECK(set->flags & PROMO_RULESET_CLOCK);

	promo_buffer_init(&many, &test.arena);
	for (int i = 0; i < 999; i++)
		promo_putf(&many, "save 1 on sku S%d, S%d, S%d;", i, i * 7 % 1000, i + 1);
	set = ruleset_of(many.data);
	for (uint32_t i = 0; set != NULL && i < set->nrules; i++)
	{
		PromoText	name = promo_ruleset_name(set, i);
		char		key[32];

		snprintf(key, sizeof(key), "%.*s", (int) name.len, name.data);
		snprintf(key, sizeof(key), "S%d", atoi(key) - 1);
		missed += !finds(set, false, key, i);
	}
	CHECK(set != NULL && set->nrules == 999);
	CHECK_INT(missed, 0);
}

static void *
unpack_ruleset(const void *data, size_t len)
{
	return promo_ruleset_unpack(&test.arena, data, len, NULL, &err);
}

static void
test_ruleset_binary(void)
{
	PromoRuleset *set = ruleset_of("{\"unit\":\"0.05\",\"zone\":\"Asia/Tokyo\",\"rules\":["
								   "{\"name\":\"a\",\"rule\":\"save 1 on sku A\",\"priority\":-3},"
								   "{\"name\":\"b\",\"rule\":\"save 2\",\"during\":\"empty\"}]}");
	PromoSettings settings;
	PromoBuffer packed;
	PromoRuleset *other;

	promo_buffer_init(&packed, &test.arena);
	promo_ruleset_pack(&packed, set);
	CHECK(binary_form_is_strict(&packed, set, set->size, unpack_ruleset));

	/* a set that differs in a setting alone */
	promo_ruleset_settings(set, &settings);
	settings.rounding = PROMO_DOWN;
	other = promo_ruleset_build(&test.arena, promo_ruleset_inputs(&test.arena, set),
								(int) set->nrules, &settings, &err);
	CHECK(other != NULL && other->size == set->size && memcmp(other, set, set->size) != 0);
}

static void
test_ruleset_max(void)
{
	const char *shape = "[{\"name\":\"a\",\"rule\":\"save 1 on sku A max %s\"},"
		"{\"name\":\"b\",\"rule\":\"save 2 on sku B\",\"priority\":7},"
		"{\"name\":\"c\",\"rule\":\"spend 10 save 3 max %s\",\"priority\":9}]";
	char		before[500];
	char		after[500];
	PromoRuleset *set;
	PromoRuleset *other;

	snprintf(before, sizeof(before), shape, "5", "6");
	snprintf(after, sizeof(after), shape, "0.07", "800");
	set = ruleset_of(before);
	other = ruleset_of(after);
	CHECK(set->size == other->size && memcmp(set, other, set->size) != 0);
	promo_ruleset_change_max(set, (uint32_t[]) {2, 0}, (int64_t[]) {700, 8000000}, 2);
	CHECK(memcmp(set, other, set->size) == 0);
}

/* the canonical period, or the error */
static const char *
period(const char *text)
{
	PromoPeriod value;
	PromoBuffer buf;

	promo_buffer_init(&buf, &test.arena);
	if (!promo_parse_period(promo_text(text), &value, &err))
		promo_putf(&buf, "%d %s", err.code, err.message);
	else if (!promo_check_period(&value, &err))
		promo_putf(&buf, "NOT CANONICAL %s", err.message);
	else
		promo_put_period(&buf, &value);
	return buf.data;
}

static void
test_periods(void)
{
	CHECK_STR(period("[2026-01-01,2026-02-01)"),
			  "[\"2026-01-01 00:00:00+00\",\"2026-02-01 00:00:00+00\")");
	CHECK_STR(period(" ( \"2026-01-01T18:00:00.25+08\" , 2026-02-01 01:30-02:30:15] "),
			  "(\"2026-01-01 10:00:00.25+00\",\"2026-02-01 04:00:15+00\"]");
	CHECK_STR(period("[,)"), "(,)");
	CHECK_STR(period("[-infinity,infinity]"), "(,)");
	CHECK_STR(period("empty"), "empty");
	CHECK_STR(period("[2026-01-01,2026-01-01)"), "empty");
	CHECK_STR(period("[2026-01-01,2026-01-01]"),
			  "[\"2026-01-01 00:00:00+00\",\"2026-01-01 00:00:00+00\"]");
	CHECK_STR(period("[0001-01-01,9999-12-31 23:59:59.999999Z)"),
			  "[\"0001-01-01 00:00:00+00\",\"9999-12-31 23:59:59.999999+00\")");
	CHECK_STR(period("[2024-02-29 24:00,)"), "[\"2024-03-01 00:00:00+00\",)");
	CHECK_STR(period("[2025-02-29,)"), "1 invalid time: \"2025-02-29\"");
	CHECK_STR(period("[2026-13-01,)"), "1 invalid time: \"2026-13-01\"");
	CHECK_STR(period("[2026-01-01 24:00:01,)"), "1 invalid time: \"2026-01-01 24:00:01\"");
	CHECK_STR(period("[2026-01-01 10:00:00.1234567,)"),
			  "1 invalid time: \"2026-01-01 10:00:00.1234567\"");
	CHECK_STR(period("[0000-01-01,)"), "5 time out of range: \"0000-01-01\"");
	CHECK_STR(period("[12026-01-01,)"), "5 time out of range: \"12026-01-01\"");
	CHECK_STR(period("[0001-01-01 00:00+01,)"), "5 time out of range: \"0001-01-01 00:00+01\"");
	CHECK_STR(period("[infinity,)"), "5 time out of range: \"infinity\"");
	CHECK_STR(period("[2026-02-01,2026-01-01)"),
			  "3 period ends before it begins: \"[2026-02-01,2026-01-01)\"");
	CHECK_STR(period("2026"), "1 invalid period: \"2026\"");
	CHECK_STR(period("[,"), "1 invalid period: \"[,\"");
	CHECK_STR(period("20260101"), "1 invalid period: \"20260101\"");
}

static void
test_instants(void)
{
	const int64_t day = INT64_C(86400000000);
	int64_t		instants[400];
	int			different = 0;

	instants[0] = INT64_MIN;
	instants[1] = INT64_MAX;
	instants[2] = INT64_MIN + 1;
	instants[3] = INT64_MAX - 1;
	for (int i = 4; i < 400; i++)
		instants[i] = (i - 200) * (3700 * day + INT64_C(43210987654));
	for (int i = 0; i < 400; i++)
	{
		PromoBuffer buf;
		int64_t		again;

		promo_buffer_init(&buf, &test.arena);
		promo_put_instant(&buf, instants[i]);
		different += !promo_parse_instant(text_of(&buf), &again, &err) || again != instants[i];
	}
	CHECK_INT(different, 0);
}

/* ---------------------------------------------------------------- quotes */

static PromoQuote *
quote_of(const char *json)
{
	memset(&err, 0, sizeof(err));
	return promo_quote_from_json(&test.arena, promo_text(json), &err);
}

/* the canonical JSON, or the error; reading the JSON must give the same bytes */
static const char *
quote(const char *json)
{
	PromoQuote *value = quote_of(json);
	PromoBuffer buf;

	promo_buffer_init(&buf, &test.arena);
	if (value != NULL)
	{
		PromoQuote *again;

		promo_quote_to_json(&buf, value);
		again = promo_quote_from_json(&test.arena, text_of(&buf), &err);
		if (again == NULL || again->size != value->size || memcmp(again, value, again->size) != 0)
			promo_puts(&buf, " READS BACK DIFFERENTLY");
	}
	else
		promo_putf(&buf, "%d %s%s%s", err.code, err.message, err.detail[0] ? "; " : "", err.detail);
	return buf.data;
}

/* a quote of one line of 3 at 10.00, with further members */
#define QUOTE(members) \
	"{\"at\":\"2026-01-01\",\"lines\":[{\"line\":1,\"sku\":\"A\",\"qty\":3,\"price\":10}]" members "}"
#define ADJUST(members)	QUOTE(",\"adjustments\":[{\"rule\":\"r\"," members "}]")

static void
test_quote_text(void)
{
	CHECK_STR(quote("{\"at\":\"infinity\",\"lines\":[]}"),
			  "{\"subtotal\":\"0.00\",\"discount\":\"0.00\",\"shipping\":\"0.00\",\"total\":\"0.00\","
			  "\"points\":\"0\",\"optimal\":true,\"unit\":\"0.01\",\"rounding\":\"half_up\","
			  "\"at\":\"infinity\",\"fee\":\"0.00\",\"lines\":[],\"adjustments\":[]}");
	CHECK_STR(quote("{\"adjustments\":[{\"rule\":\"z\",\"line\":2,\"amount\":\"4.50\"},"
					"{\"rule\":\"a\",\"amount\":5},{\"rule\":\"a\",\"line\":2,\"amount\":1,\"units\":1,\"free\":true}],"
					"\"offers\":[{\"rule\":\"m\",\"kind\":\"add\",\"sku\":\"B\",\"price\":20,\"qty\":1},"
					"{\"rule\":\"z\",\"kind\":\"get\",\"sku\":\"C\",\"qty\":2}],"
					"\"lines\":[{\"line\":2,\"sku\":\"A\",\"qty\":1.5,\"price\":10,\"cost\":3}],"
					"\"at\":\"2026-01-01 08:00+08\",\"fee\":8,\"points\":\"1.5\",\"optimal\":false,"
					"\"buyer\":[\"vip\",\"gold\",\"vip\"],\"codes\":[\"X\"],\"without\":[\"q\"]}"),
			  "{\"subtotal\":\"15.00\",\"discount\":\"5.50\",\"shipping\":\"3.00\",\"total\":\"12.50\","
			  "\"cost\":\"4.50\",\"profit\":\"5.00\",\"points\":\"1.5\",\"optimal\":false,"
			  "\"unit\":\"0.01\",\"rounding\":\"half_up\",\"at\":\"2026-01-01 00:00:00+00\",\"fee\":\"8.00\","
			  "\"buyer\":[\"gold\",\"vip\"],\"codes\":[\"X\"],\"without\":[\"q\"],"
			  "\"lines\":[{\"line\":2,\"sku\":\"A\",\"qty\":1.5,\"price\":\"10.00\",\"cost\":\"3.00\","
			  "\"amount\":\"15.00\",\"discount\":\"5.50\",\"net\":\"9.50\"}],"
			  "\"adjustments\":[{\"rule\":\"z\",\"line\":2,\"amount\":\"4.50\"},"
			  "{\"rule\":\"a\",\"line\":null,\"amount\":\"5.00\"},"
			  "{\"rule\":\"a\",\"line\":2,\"amount\":\"1.00\",\"units\":1,\"free\":true}],"
			  "\"offers\":[{\"rule\":\"m\",\"kind\":\"add\",\"sku\":\"B\",\"price\":\"20.00\",\"qty\":1},"
			  "{\"rule\":\"z\",\"kind\":\"get\",\"sku\":\"C\",\"qty\":2}]}");
}

static void
test_quote_refuses(void)
{
	const char *amount = "3 adjustment 1 is not an amount that is left";
	const char *units = "3 adjustment 1 lies on more units than there are";

	CHECK_STR(quote("{\"lines\":[]}"), "4 at is missing");
	CHECK_STR(quote("{\"at\":\"2026-01-01\"}"), "4 lines is missing");
	CHECK_STR(quote(QUOTE(",\"total\":\"29.00\"")),
			  "3 total of the quote contradicts its lines and adjustments; "
			  "By them it is 30.00, but 29.00 is given.");
	CHECK_STR(quote(QUOTE(",\"cost\":\"1\"")), "3 cost is given, but not every line has a cost");
	CHECK_STR(quote(ADJUST("\"line\":2,\"amount\":1")), "3 line 2 is not in the quote");
	CHECK_STR(quote(ADJUST("\"line\":1,\"amount\":0")), amount);
	CHECK_STR(quote(ADJUST("\"line\":1,\"amount\":30.01")), amount);
	CHECK_STR(quote(ADJUST("\"line\":1,\"amount\":0.001")), amount);
	CHECK_STR(quote(ADJUST("\"amount\":1")), amount);
	CHECK_STR(quote(ADJUST("\"line\":1,\"amount\":1,\"units\":4")), units);
	CHECK_STR(quote(ADJUST("\"line\":1,\"amount\":1,\"free\":true")), units);
	CHECK_STR(quote(QUOTE(",\"fee\":\"0.001\"")), "5 fee is out of range or no multiple of the unit");
	CHECK_STR(quote(QUOTE(",\"fee\":\"900000000000000\"")),
			  "5 fee is out of range or no multiple of the unit");
	CHECK_STR(quote(QUOTE(",\"unit\":0")), "5 unit must be between 0.0001 and 1000000");
	CHECK_STR(quote("{\"at\":\"2026-01-01\",\"lines\":[" B "," A "]}"),
			  "3 lines of a quote must ascend");
	CHECK_STR(quote(QUOTE(",\"offers\":[{\"rule\":\"r\",\"kind\":\"loan\",\"sku\":\"A\",\"qty\":1}]")),
			  "3 unknown kind of offer \"loan\"");
}

static void *
unpack_quote(const void *data, size_t len)
{
	return promo_quote_unpack(&test.arena, data, len, &err);
}

static void
test_quote_binary(void)
{
	PromoQuote *value = quote_of(QUOTE(",\"fee\":8,\"adjustments\":[{\"rule\":\"z\",\"line\":1,"
									   "\"amount\":10,\"units\":1,\"free\":true},{\"rule\":\"a\",\"amount\":8}],"
									   "\"buyer\":[\"g\"],\"offers\":[{\"rule\":\"m\",\"kind\":\"gift\","
									   "\"sku\":\"B\",\"price\":0,\"qty\":1}]"));
	PromoBuffer packed;

	promo_buffer_init(&packed, &test.arena);
	promo_quote_pack(&packed, value);
	CHECK(binary_form_is_strict(&packed, value, value->size, unpack_quote));
}

/* "qty amount discount" of every run */
static const char *
units(const char *json)
{
	PromoQuote *value = quote_of(json);
	PromoBuffer buf;
	PromoUnits *runs;
	int			n;

	promo_buffer_init(&buf, &test.arena);
	if (value == NULL)
		return err.message;
	runs = promo_quote_units(&test.arena, value, &n);
	for (int i = 0; i < n; i++)
	{
		promo_puts(&buf, i > 0 ? ", " : "");
		promo_put_decimal(&buf, runs[i].qty, PROMO_QTY_DIGITS, 0);
		promo_putc(&buf, ' ');
		promo_put_decimal(&buf, runs[i].amount, PROMO_MONEY_DIGITS, 2);
		promo_putc(&buf, ' ');
		promo_put_decimal(&buf, runs[i].discount, PROMO_MONEY_DIGITS, 2);
	}
	return buf.data;
}

#define LINE_OF(qty, price, adjustments) \
	"{\"at\":\"2026-01-01\",\"lines\":[{\"line\":1,\"sku\":\"A\",\"qty\":" qty ",\"price\":" price "}]," \
	"\"adjustments\":[" adjustments "]}"
#define OFF(amount, more)	"{\"rule\":\"r\",\"line\":1,\"amount\":" amount more "}"

static void
test_units(void)
{
	CHECK_STR(units(LINE_OF("3", "10", "")), "3 30.00 0.00");
	CHECK_STR(units(LINE_OF("0", "10", "")), "");
	/* 1.00 on three: the first has the cent more */
	CHECK_STR(units(LINE_OF("3", "0.333", "")), "1 0.34 0.00, 2 0.66 0.00");
	CHECK_STR(units(LINE_OF("3", "10", OFF("10", ""))), "1 10.00 3.34, 2 20.00 6.66");
	/* free units last, reduced ones before them */
	CHECK_STR(units(LINE_OF("4", "10", OFF("10", ",\"units\":1,\"free\":true"))),
			  "3 30.00 0.00, 1 10.00 10.00");
	CHECK_STR(units(LINE_OF("4", "10", OFF("10", ",\"units\":1,\"free\":true") ","
							OFF("8", ",\"units\":2"))),
			  "1 10.00 0.00, 2 20.00 8.00, 1 10.00 10.00");
	/* what lies on no unit goes to those that cost something */
	CHECK_STR(units(LINE_OF("3", "10", OFF("10", ",\"units\":1,\"free\":true") "," OFF("3", ""))),
			  "2 20.00 3.00, 1 10.00 10.00");
	/* the fraction is a run of its own, before reduced units */
	CHECK_STR(units(LINE_OF("2.5", "10", OFF("5", ""))), "2 20.00 4.00, 0.5 5.00 1.00");
	CHECK_STR(units(LINE_OF("2.5", "10", OFF("5", ",\"units\":1"))),
			  "1 10.00 0.00, 0.5 5.00 0.00, 1 10.00 5.00");
	/* more than a unit has left goes to the others */
	CHECK_STR(units(LINE_OF("3", "10", OFF("15", ",\"units\":1,\"free\":true"))),
			  "2 20.00 5.00, 1 10.00 10.00");
	/* by runs, not by units */
	CHECK_STR(units(LINE_OF("900000000000", "1", OFF("0.01", ""))),
			  "1 1.00 0.01, 899999999999 899999999999.00 0.00");
}

/* the amounts of what is returned, or the error */
static const char *
returns(const char *json, const char *returned)
{
	PromoQuote *value = quote_of(json);
	PromoBuffer buf;
	PromoReturn *rows;
	int			n;

	promo_buffer_init(&buf, &test.arena);
	rows = promo_quote_returns(&test.arena, value, promo_text(returned), &n, &err);
	if (rows == NULL)
		promo_putf(&buf, "%d %s%s%s", err.code, err.message, err.detail[0] ? "; " : "", err.detail);
	for (int i = 0; rows != NULL && i < n; i++)
	{
		promo_puts(&buf, i > 0 ? ", " : "");
		promo_put_decimal(&buf, rows[i].amount, PROMO_MONEY_DIGITS, 2);
	}
	return buf.data;
}

static void
test_returns(void)
{
	const char *one_free = LINE_OF("3", "10", OFF("10", ",\"units\":1,\"free\":true"));
	const char *weighed = LINE_OF("1.5", "1.01", "");

	CHECK_STR(returns(one_free, "[]"), "");
	CHECK_STR(returns(one_free, "[{\"line\":1,\"qty\":1}]"), "0.00");
	CHECK_STR(returns(one_free, "[{\"line\":1,\"qty\":\"2\"}]"), "10.00");
	CHECK_STR(returns(one_free, "[{\"qty\":3,\"line\":1}]"), "20.00");
	/* 1.52 in all: 1.01 for the unit, 0.51 for the half */
	CHECK_STR(returns(weighed, "[{\"line\":1,\"qty\":0.25}]"), "0.26");
	CHECK_STR(returns(weighed, "[{\"line\":1,\"qty\":0.5}]"), "0.51");
	CHECK_STR(returns(weighed, "[{\"line\":1,\"qty\":1.5}]"), "1.52");
	CHECK_STR(returns(one_free, "[{\"line\":1,\"qty\":4}]"),
			  "5 more of line 1 is returned than was bought; 3 was bought.");
	CHECK_STR(returns(one_free, "[{\"line\":2,\"qty\":1}]"), "3 line 2 is not in the quote");
	CHECK_STR(returns(one_free, "[{\"line\":1,\"qty\":1},{\"line\":1,\"qty\":1}]"),
			  "3 line 1 is returned twice");
	CHECK_STR(returns(one_free, "[{\"line\":1}]"), "4 quantity of line 1 is missing");
	CHECK_STR(returns(one_free, "[{\"line\":1,\"qty\":-1}]"), "5 quantity of line 1 is negative");
	CHECK_STR(returns(one_free, "{}"), "1 invalid input syntax for type json; "
			  "The list of returned lines must be an array.");
}

static uint64_t seed = 1;

static int64_t
draw(int64_t below)
{
	seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (int64_t) ((seed >> 16) % (uint64_t) below);
}

/* a quote of a few lines with any adjustments that there is room for */
static PromoQuote *
random_quote(void)
{
	static const char *const names[] = {"b", "a", "c"};
	static const int64_t unit_of[] = {1, 100, 500, 10000};
	PromoCartInput lines[4] = {{0}};
	PromoAdjustment adjustments[12] = {{0}};
	PromoText	texts[3];
	PromoQuoteInput input = {.optimal = true, .fee = 0, .names = texts, .nnames = 3};
	int64_t		room[4];
	int64_t		free[4];
	int			n = 1 + (int) draw(4);

	input.unit = unit_of[draw(4)];
	input.rounding = draw(3);
	for (int i = 0; i < 3; i++)
		texts[i] = promo_text(names[i]);
	for (int i = 0; i < n; i++)
	{
		lines[i] = (PromoCartInput) {
			.line = i, .price = draw(draw(2) ? 100 : 2000000), .cost = PROMO_UNKNOWN,
			.floor = PROMO_UNKNOWN, .sku = promo_text("A"), .hash = promo_hash("A", 1),
			.qty = draw(4) ? draw(9) * PROMO_QTY : draw(draw(2) ? 5000 : INT64_C(1000000000000))
		};
		if (!promo_line_amount(lines[i].price, lines[i].qty, input.unit, input.rounding, &room[i]))
			room[i] = 0;
		free[i] = lines[i].qty / PROMO_QTY;
	}
	for (int i = 0; i < 12; i++)
	{
		PromoAdjustment *a = &adjustments[input.nadjustments];
		int			line = (int) draw(n);

		if (room[line] == 0)
			continue;
		a->line = (uint16_t) line;
		a->rule = (uint32_t) draw(3);
		a->units = draw(2) && lines[line].qty >= PROMO_QTY ?
			1 + draw(lines[line].qty / PROMO_QTY) : 0;
		a->free = a->units > 0 && a->units <= free[line] && draw(2);
		a->amount = (1 + draw(room[line] / input.unit)) / (1 + draw(5)) * input.unit;
		if (a->amount == 0)
			a->amount = input.unit;
		room[line] -= a->amount;
		if (a->free)
			free[line] -= a->units;
		input.nadjustments++;
	}
	input.adjustments = adjustments;
	input.cart = promo_cart_build(&test.arena, lines, n, &err);
	return promo_quote_build(&test.arena, &input);
}

/* runs add up to their line, in whole units of money, and none is negative */
static bool
units_add_up(const PromoQuote *value)
{
	const PromoCart *lines = promo_quote_cart(value);
	const int64_t *nets = PROMO_QUOTE_ARRAY(value, int64_t, value->nets);
	int64_t		discount = 0;
	int			n;
	int			at = 0;
	PromoUnits *runs = promo_quote_units(&test.arena, value, &n);

	for (uint32_t i = 0; i < lines->nlines; i++)
	{
		int64_t		qty = 0;
		int64_t		net = 0;

		for (; at < n && runs[at].line == i; at++)
		{
			const PromoUnits *run = &runs[at];
			int64_t		whole = run->qty < PROMO_QTY ? 1 : run->qty / PROMO_QTY;

			qty += run->qty;
			net += run->amount - run->discount;
			discount += run->discount;
			if (run->qty <= 0 || run->discount < 0 || run->amount < run->discount ||
				run->amount % (whole * value->unit) != 0 ||
				run->discount % (whole * value->unit) != 0)
				return false;
		}
		if (qty != lines->lines[i].qty || net != nets[i])
			return false;
	}
	return at == n && discount == value->discount;
}

/* returning more gives no less, and everything gives everything */
static bool
returns_add_up(const PromoQuote *value)
{
	const PromoCart *lines = promo_quote_cart(value);
	const int64_t *nets = PROMO_QUOTE_ARRAY(value, int64_t, value->nets);
	int64_t		last = 0;

	for (int step = 0; step <= 5; step++)
	{
		PromoBuffer json;
		PromoReturn *rows;
		int64_t		qty = lines->lines[0].qty / 5 * step;
		int			n;

		if (step == 5)
			qty = lines->lines[0].qty;
		promo_buffer_init(&json, &test.arena);
		promo_puts(&json, "[{\"line\":0,\"qty\":");
		promo_put_decimal(&json, qty, PROMO_QTY_DIGITS, 0);
		promo_puts(&json, "}]");
		rows = promo_quote_returns(&test.arena, value, text_of(&json), &n, &err);
		if (rows == NULL || n != 1 || rows[0].qty != qty || rows[0].amount < last)
			return false;
		last = rows[0].amount;
	}
	return last == nets[0];
}

static void
test_random_quotes(void)
{
	int			wrong_units = 0;
	int			wrong_returns = 0;
	int			wrong_forms = 0;

	for (int i = 0; i < 3000; i++)
	{
		PromoQuote *value = random_quote();
		PromoQuote *again;
		PromoBuffer json;

		wrong_units += !units_add_up(value);
		wrong_returns += !returns_add_up(value);
		/* three names are given whether they are used or not: compare what JSON says of them */
		promo_buffer_init(&json, &test.arena);
		promo_quote_to_json(&json, value);
		again = promo_quote_from_json(&test.arena, text_of(&json), &err);
		if (again == NULL)
			wrong_forms++;
		else
		{
			PromoBuffer json_again;

			promo_buffer_init(&json_again, &test.arena);
			promo_quote_to_json(&json_again, again);
			wrong_forms += strcmp(json.data, json_again.data) != 0;
		}
		arena_free(&test);
	}
	CHECK_INT(wrong_units, 0);
	CHECK_INT(wrong_returns, 0);
	CHECK_INT(wrong_forms, 0);
}

int
main(void)
{
	arena_init(&test);
	test_hash();
	test_cart_text();
	test_cart_refuses();
	test_json_depth();
	test_cart_limits();
	test_cart_binary();
	test_cart_order();
	test_ruleset_text();
	test_ruleset_refuses();
	test_ruleset_indexes();
	test_ruleset_binary();
	test_ruleset_max();
	test_periods();
	test_instants();
	test_quote_text();
	test_quote_refuses();
	test_quote_binary();
	test_units();
	test_returns();
	arena_free(&test);
	test_random_quotes();
	return test_done();
}
