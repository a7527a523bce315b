/*-------------------------------------------------------------------------
 *
 * test_rule.c
 *	  the rule language: every word, every error, every way to write a rule
 *
 * The last part generates rules from the grammar and takes each through all
 * forms; the generator is seeded, so that a failure repeats.
 *
 *-------------------------------------------------------------------------
 */
#include <stdlib.h>

#include "../../src/engine/rule_value.h"
#include "arena.h"
#include "test.h"

static TestArena test;

static PromoRule *
parse(const char *text, PromoError *err)
{
	memset(err, 0, sizeof(*err));
	return promo_rule_parse(&test.arena, promo_text(text), err);
}

/* the canonical text, or the error's message */
static const char *
canonical(const char *text)
{
	PromoError *err = promo_alloc(&test.arena, sizeof(PromoError));
	PromoRule  *rule = parse(text, err);
	PromoBuffer buf;

	if (rule == NULL)
		return err->message;
	promo_buffer_init(&buf, &test.arena);
	promo_rule_print(&buf, rule);
	return buf.data;
}

static const char *
described(const char *text, const char *language)
{
	PromoError	err;
	PromoRule  *rule = parse(text, &err);
	PromoBuffer buf;

	promo_buffer_init(&buf, &test.arena);
	if (rule == NULL || !promo_rule_describe(&buf, rule, promo_text(language), NULL, &err))
		return "error";
	return buf.data;
}

static bool
equal_rules(const PromoRule *a, const PromoRule *b)
{
	return a != NULL && b != NULL && a->size == b->size && memcmp(a, b, a->size) == 0;
}

/* ---------------------------------------------------------------- reading and printing */

/* what is canonical already */
static const char *const same[] = {
	"save 20%", "save 20", "save 20 each", "price 80 each", "total 100", "save 0.50",
	"save 12.5%", "save 9.9999", "price 9.90 each", "save 0%", "save 100%",
	"save 900000000000000",
	"spend 200 save 30", "spend over 200 save 30", "every 200 save 30", "spend 0 save 1",
	"buy 2 save 20%", "every 3 units save 5 each", "buy set total 199 on sku A, B",
	"buy 900000000000 save 1",
	"get 1 free", "buy 2 get 1 free on tag shoes", "get 1 save 50%", "get 1 save 5",
	"get 2 price 9.90", "get 1 of sku B, C free", "spend 5 get 1 of sku B save 50%",
	"add sku B, C at 20", "add sku B at 20 x2", "gift sku B", "gift sku B, C x2",
	"save 5 shipping", "save 20% shipping", "free shipping", "earn 10 points", "points x2",
	"points x1.5", "save 5 shipping max 9", "points x2 max 9",
	"save 1 on sku A, B", "save 1 on tag shoes, boots", "save 1 on all",
	"save 1 on each sku A, B", "save 1 on each tag shoes", "save 1 on each",
	"save 1 on sku A except sku C", "save 1 on all except tag sale",
	"save 1 on order except discounted",
	"save 1 on sku A except sku B, C except tag d, e except discounted",
	"save 1 for first_order", "save 1 for gold, staff for vip", "save 1 code SAVE10, SAVE20",
	"save 1 when sku X, Y", "save 1 when tag t", "save 1 when spend 100 on tag t",
	"save 1 when spend over 100", "save 1 when buy 2 on sku X except tag u except discounted",
	"save 1 when buy 2 on all when spend 3 on order except sku A when sku Z",
	"save 1 days mon, tue, wed, thu, fri, sat, sun", "save 1 hours 22:00-02:00, 09:05-24:00",
	"save 1 max 50", "save 1 limit 2", "save 1 limit 2 per line", "save 1 times 3",
	"save 1 floor 60", "save 1 margin 10%", "save 1 margin 99.9999%", "save 1 stack",
	"save 1 exclusive", "save 1 group NAME", "save 1 stop", "save 1 dearest",
	"save 1 cheapest", "save 1 of list", "save 1 of running",
	"buy 2 save 5%, buy 3 save 5, buy 4 save 1 each, buy 5 price 3 each graduated",
	"save 1%, spend 100 save 5, spend over 100 save 8 graduated",
	"save 1, spend 2 save 2, every 3 save 3", "save 1, buy set save 2 on sku A",
	"spend 300 gift sku B, spend 500 gift sku C, D, spend 600 save 9",
	"spend 1 free shipping, spend 2 save 3 shipping",
	"save 1 on sku 'order', 'a b', 'it''s', '：', 'a，b', '　', x2, 20, -, a:b_c.d-e, 上衣",
	"gift sku x2 x2", "save 1 for mon, x3 for gold",
	("save 1 on sku A for f code C when sku X days sat hours 01:00-02:00 max 1 limit 2 times 3 "
	 "floor 4 margin 5% stack group g stop dearest of list")
};

/* what is read, and what it becomes */
static const struct
{
	const char *text;
	const char *canonical;
}			becomes[] = {
	{"  SAVE 20.00 %\tON SKU a , B\n", "save 20% on sku a, B"},
	{"spend 200.0 Save 030.10", "spend 200 save 30.10"},
	{"save 1 on order", "save 1"},
	{"every 1 unit save 1", "every 1 units save 1"},
	{"gift sku A x1", "gift sku A"},
	{"gift sku A X3", "gift sku A x3"},
	{"points X2", "points x2"},
	{"save .5", "save 0.50"},
	{"save 5.", "save 5"},
	{"满 20", "invalid input syntax for type promo.rule: \"满 20\""},
	{"save 20％　on　sku　Ａ，B", "save 20% on sku Ａ, B"},
	{"save 1 on sku a：b，'a：b'", "save 1 on sku a:b, 'a：b'"},
	{"save 1 hours 22：00-2：00,9:00-10:00,22:00-02:00", "save 1 hours 22:00-02:00, 09:00-10:00"},
	{"save 1 days Sunday, TUE, sun, monday", "save 1 days mon, tue, sun"},
	{"save 1 days wednesday, thursday, friday, saturday, tuesday",
	"save 1 days tue, wed, thu, fri, sat"},
	{"save 1 on sku B, A, B, 'A'", "save 1 on sku B, A"},
	{"save 1 except sku A except tag t except sku B, A",
	"save 1 on order except sku A, B except tag t"},
	{"save 1 on sku A max 5 except sku B", "save 1 on sku A except sku B max 5"},
	{"save 1 on all when spend 5 on tag t max 5 when sku X except sku B",
	"save 1 on all when spend 5 on tag t except sku B when sku X max 5"},
	{"save 1 on all when spend 5 except sku B", "save 1 on all except sku B when spend 5"},
	{"save 1 stop max 5 of running for a cheapest when tag t for b",
	"save 1 for a for b when tag t max 5 stop cheapest of running"},
	{"gift sku A, 'buy', BUY 2 gift sku B", "gift sku A, 'buy', buy 2 gift sku B"}
};

static void
test_reading(void)
{
	for (size_t i = 0; i < sizeof(same) / sizeof(same[0]); i++)
		test_check_str(canonical(same[i]), same[i], same[i], __FILE__, __LINE__);
	for (size_t i = 0; i < sizeof(becomes) / sizeof(becomes[0]); i++)
		test_check_str(canonical(becomes[i].text), becomes[i].canonical, becomes[i].canonical,
					   __FILE__, __LINE__);
}

static int
stage(const char *text)
{
	PromoError	err;
	PromoRule  *rule = parse(text, &err);

	return rule == NULL ? -1 : rule->stage;
}

static void
test_stages(void)
{
	CHECK_INT(stage("save 1 on sku A"), PROMO_STAGE_PRODUCT);
	CHECK_INT(stage("save 1 on tag A"), PROMO_STAGE_PRODUCT);
	CHECK_INT(stage("save 1 on all"), PROMO_STAGE_PRODUCT);
	CHECK_INT(stage("save 1 on each"), PROMO_STAGE_PRODUCT);
	CHECK_INT(stage("save 1 on order"), PROMO_STAGE_ORDER);
	CHECK_INT(stage("save 1"), PROMO_STAGE_ORDER);
	CHECK_INT(stage("save 1 on sku A code C"), PROMO_STAGE_CODE);
	CHECK_INT(stage("free shipping on sku A code C"), PROMO_STAGE_SHIPPING);
	CHECK_INT(stage("save 5 shipping"), PROMO_STAGE_SHIPPING);
	CHECK_INT(stage("save 5% shipping"), PROMO_STAGE_SHIPPING);
	CHECK_INT(stage("points x2 on sku A"), PROMO_STAGE_POINTS);
	CHECK_INT(stage("earn 2 points code C"), PROMO_STAGE_POINTS);
}

static void
test_fields(void)
{
	PromoError	err;
	PromoRule  *rule = parse("spend over 2.5 save 1, spend 3 get 2 of sku B save 50% on each tag t "
							 "except discounted for a, b code C when buy 2 days sun, sat "
							 "hours 22:00-02:00 max 1 limit 2 per line times 3 floor 4 margin 5% "
							 "group g stop cheapest of list", &err);
	const PromoTier *tiers;

	if (!CHECK(rule != NULL))
		return;
	tiers = promo_rule_tiers(rule);
	CHECK_INT(rule->version, PROMO_RULE_VERSION);
	CHECK_INT(rule->size % 8, 0);
	CHECK_INT(rule->tiers.n, 2);
	CHECK_INT(tiers[0].condition, PROMO_SPEND);
	CHECK_INT(tiers[0].strict, 1);
	CHECK_INT(tiers[0].threshold, 25000);
	CHECK_INT(tiers[0].value, 10000);
	CHECK_INT(tiers[0].count, 1);
	CHECK_INT(tiers[1].action, PROMO_GET_SAVE_PERCENT);
	CHECK_INT(tiers[1].value, PROMO_WHOLE / 2);
	CHECK_INT(tiers[1].count, 2);
	CHECK(promo_text_equal(promo_rule_name(rule, tiers[1].skus, 0), promo_text("B")));
	CHECK_INT(rule->scope.kind, PROMO_ON_TAG);
	CHECK_INT(rule->scope.each, 1);
	CHECK_INT(rule->scope.except_discounted, 1);
	CHECK(promo_text_equal(promo_rule_name(rule, rule->scope.names, 0), promo_text("t")));
	CHECK_INT(PROMO_RULE_ARRAY(rule, PromoSlice, rule->buyers)[0].n, 2);
	CHECK(promo_text_equal(promo_rule_name(rule, PROMO_RULE_ARRAY(rule, PromoSlice, rule->buyers)[0], 1),
						   promo_text("b")));
	CHECK_INT(rule->days, 0x41);
	CHECK_INT(PROMO_RULE_ARRAY(rule, PromoHours, rule->hours)[0].from, 22 * 60);
	CHECK_INT(PROMO_RULE_ARRAY(rule, PromoHours, rule->hours)[0].to, 2 * 60);
	CHECK_INT(PROMO_RULE_ARRAY(rule, PromoWhen, rule->whens)[0].threshold, 2);
	CHECK_INT(rule->max, 10000);
	CHECK_INT(rule->limit, 2);
	CHECK_INT(rule->times, 3);
	CHECK_INT(rule->floor, 40000);
	CHECK_INT(rule->margin, 5 * PROMO_PERCENT);
	CHECK_INT(rule->choice, PROMO_CHOICE_CHEAPEST);
	CHECK_INT(rule->basis, PROMO_BASIS_LIST);
	CHECK(promo_text_equal(promo_rule_text(rule, rule->group), promo_text("g")));
	CHECK_INT(rule->clauses, 0xffff & ~(PROMO_STACK | PROMO_EXCLUSIVE | PROMO_GRADUATED));
}

/* ---------------------------------------------------------------- errors */

#define SYNTAX "invalid input syntax for type promo.rule: "

static const struct
{
	const char *text;
	PromoErrorCode code;
	const char *message;		/* how it begins */
	const char *detail;
	const char *hint;
}			errors[] = {
	{"", PROMO_BAD_SYNTAX, SYNTAX "\"\"", "At position 1 (end of text): expected \"save\", \"price\", "
		"\"total\", \"spend\", \"every\", \"buy\", \"get\", \"free\", \"add\", \"gift\", \"earn\" or "
		"\"points\".", ""},
	{"sav 30", PROMO_BAD_SYNTAX, SYNTAX, "At position 1 (\"sav\"): expected", "Perhaps \"save\" is meant."},
	{"满 spend", PROMO_BAD_SYNTAX, SYNTAX, "At position 1 (\"满\"): expected", ""},
	{"save 5 on sku 满 foo", PROMO_BAD_SYNTAX, SYNTAX,
		"At position 17 (\"foo\"): expected a comma, a clause or the end.", "Perhaps \"for\" is meant."},
	{"save 20 ?", PROMO_BAD_SYNTAX, SYNTAX,
		"At position 9 (\"?\"): expected \"each\", \"shipping\", \"on\", \"%\", a comma, a clause or the end.",
		"Clauses are for, code, when, days, hours, max, limit, times, floor, margin, stack, exclusive, "
		"group, stop, graduated, dearest, cheapest, of list, of running and except."},
	{"save (20)", PROMO_BAD_SYNTAX, SYNTAX, "At position 6 (\"(\"): expected an amount or a percentage.",
		"Numbers are plain digits with a decimal point, such as 200 or 9.90."},
	{"save 20; save 30", PROMO_BAD_SYNTAX, SYNTAX, "At position 8 (\";\")",
		"Several rules separated by \";\" make a promo.ruleset."},
	{"save 30 元", PROMO_BAD_SYNTAX, SYNTAX, "At position 9 (\"元\")", "Clauses are"},
	{"save 30元", PROMO_BAD_SYNTAX, SYNTAX, "At position 6 (\"30元\"): expected an amount or a percentage.",
		"Numbers are plain"},
	{"save 1.2.3", PROMO_BAD_SYNTAX, SYNTAX, "At position 6", "Numbers are"},
	{"spend 5", PROMO_BAD_SYNTAX, SYNTAX, "At position 8 (end of text)", ""},
	{"spend over save 5", PROMO_BAD_SYNTAX, SYNTAX, "At position 12 (\"save\"): expected an amount.", ""},
	{"every save 5", PROMO_BAD_SYNTAX, SYNTAX, "At position 7 (\"save\"): expected an amount or a whole number.", ""},
	{"buy many save 5", PROMO_BAD_SYNTAX, SYNTAX, "At position 5 (\"many\"): expected \"set\" or a whole number.", ""},
	{"price 59 on sku A", PROMO_BAD_SYNTAX, SYNTAX, "At position 10 (\"on\"): expected \"each\".",
		"A new price of the whole group is written as \"total\"."},
	{"get 1 of B free", PROMO_BAD_SYNTAX, SYNTAX, "At position 10 (\"B\"): expected \"sku\".", ""},
	{"get 1 of sku B, free", PROMO_BAD_SYNTAX, SYNTAX, "At position 17 (\"free\"): expected a SKU.",
		"A name that is also a keyword is written in quotes: 'free'."},
	{"get 1 more", PROMO_BAD_SYNTAX, SYNTAX,
		"At position 7 (\"more\"): expected \"save\", \"price\", \"free\" or \"of\".", ""},
	{"add sku B 20", PROMO_BAD_SYNTAX, SYNTAX, "At position 11 (\"20\"): expected \"at\" or a comma.", ""},
	{"add B at 20", PROMO_BAD_SYNTAX, SYNTAX, "At position 5 (\"B\"): expected \"sku\".", ""},
	{"gift sku A x", PROMO_BAD_SYNTAX, SYNTAX,
		"At position 12 (\"x\"): expected \"on\", a factor such as x2, a comma, a clause or the end.", ""},
	{"gift sku A, on sku B", PROMO_BAD_SYNTAX, SYNTAX, "At position 13 (\"on\"): expected \"save\"", "A name"},
	{"free", PROMO_BAD_SYNTAX, SYNTAX, "At position 5 (end of text): expected \"shipping\".", ""},
	{"earn 5", PROMO_BAD_SYNTAX, SYNTAX, "At position 7 (end of text): expected \"points\".", ""},
	{"points 2", PROMO_BAD_SYNTAX, SYNTAX, "At position 8 (\"2\"): expected a factor such as x2.", ""},
	{"save 1 on", PROMO_BAD_SYNTAX, SYNTAX,
		"At position 10 (end of text): expected \"each\", \"sku\", \"tag\", \"all\" or \"order\".", ""},
	{"save 1 on sku A,", PROMO_BAD_SYNTAX, SYNTAX, "At position 17 (end of text): expected a SKU.", ""},
	{"save 1 on tag on", PROMO_BAD_SYNTAX, SYNTAX, "At position 15 (\"on\"): expected a tag.",
		"A name that is also a keyword is written in quotes: 'on'."},
	{"save 1 on each order", PROMO_BAD_SYNTAX, SYNTAX, "At position 16 (\"order\")", ""},
	{"save 1 max 3 on sku A", PROMO_BAD_SYNTAX, SYNTAX, "At position 14 (\"on\"): expected a clause or the end.",
		"The scope of a rule comes directly after its tiers."},
	{"save 1 on sku 'abc", PROMO_BAD_SYNTAX, SYNTAX, "At position 15: the quote is not closed.", ""},
	{"save 1 on sku 'abc''", PROMO_BAD_SYNTAX, SYNTAX, "At position 15: the quote is not closed.", ""},
	{"save 1 on sku ''", PROMO_BAD_SYNTAX, SYNTAX, "At position 15: a quoted word must not be empty.", ""},
	{"save 1 except", PROMO_BAD_SYNTAX, SYNTAX,
		"At position 14 (end of text): expected \"sku\", \"tag\" or \"discounted\".", ""},
	{"save 1 for", PROMO_BAD_SYNTAX, SYNTAX, "At position 11 (end of text): expected a tag.", ""},
	{"save 1 code", PROMO_BAD_SYNTAX, SYNTAX, "At position 12 (end of text): expected a code.", ""},
	{"save 1 group", PROMO_BAD_SYNTAX, SYNTAX, "At position 13 (end of text): expected a group's name.", ""},
	{"save 1 when each", PROMO_BAD_SYNTAX, SYNTAX,
		"At position 13 (\"each\"): expected \"spend\", \"buy\", \"sku\" or \"tag\".", ""},
	{"save 1 when buy 2 on each sku A", PROMO_BAD_SYNTAX, SYNTAX,
		"At position 22 (\"each\"): expected \"sku\", \"tag\", \"all\" or \"order\".", ""},
	{"save 1 days someday", PROMO_BAD_SYNTAX, SYNTAX, "At position 13 (\"someday\"): expected a day such as mon.", ""},
	{"save 1 days 'mon'", PROMO_BAD_SYNTAX, SYNTAX, "At position 13 (\"'mon'\"): expected a day such as mon.", ""},
	{"save 1 hours 9-10", PROMO_BAD_SYNTAX, SYNTAX,
		"At position 14 (\"9-10\"): expected hours such as 22:00-02:00.", ""},
	{"save 1 hours 24:00-02:00", PROMO_BAD_SYNTAX, SYNTAX, "At position 14", ""},
	{"save 1 hours 22:00-24:01", PROMO_BAD_SYNTAX, SYNTAX, "At position 14", ""},
	{"save 1 hours 22:60-23:00", PROMO_BAD_SYNTAX, SYNTAX, "At position 14", ""},
	{"save 1 hours 22:00-23:0", PROMO_BAD_SYNTAX, SYNTAX, "At position 14", ""},
	{"save 1 hours 22:00-23:000", PROMO_BAD_SYNTAX, SYNTAX, "At position 14", ""},
	{"save 1 hours 022:00-23:00", PROMO_BAD_SYNTAX, SYNTAX, "At position 14", ""},
	{"save 1 hours 22:00", PROMO_BAD_SYNTAX, SYNTAX, "At position 14", ""},
	{"save 1 hours 05:00-05:00", PROMO_BAD_SYNTAX, "hours must not end when they begin",
		"It is at position 14 of the rule \"save 1 hours 05:00-05:00\".", ""},
	{"save 1 limit 2 per", PROMO_BAD_SYNTAX, SYNTAX, "At position 19 (end of text): expected \"line\".", ""},
	{"save 1 margin 10", PROMO_BAD_SYNTAX, SYNTAX, "At position 17 (end of text): expected \"%\".", ""},
	{"save 1 of list of list", PROMO_BAD_SYNTAX, SYNTAX, "At position 16: \"of\" may be said only once.", ""},
	{"save 1 of course", PROMO_BAD_SYNTAX, SYNTAX, "At position 11 (\"course\"): expected \"list\" or \"running\".", ""},
	{"save 1 max 5 max 6", PROMO_BAD_SYNTAX, SYNTAX, "At position 14: \"max\" may be said only once.", ""},
	{"save 1 code A code B", PROMO_BAD_SYNTAX, SYNTAX, "At position 15: \"code\" may be said only once.", ""},
	{"save 1 stack stack", PROMO_BAD_SYNTAX, SYNTAX, "At position 14: \"stack\" may be said only once.", ""},
	{"save 1 stack exclusive", PROMO_BAD_SYNTAX, "\"stack\" and \"exclusive\" exclude each other",
		"It is at position 14 of the rule \"save 1 stack exclusive\".", ""},
	{"save 1 cheapest dearest", PROMO_BAD_SYNTAX, "\"dearest\" and \"cheapest\" exclude each other", "It is at", ""},

	{"save 1, spend 5 save 5 shipping", PROMO_BAD_SYNTAX,
		"the tiers of a rule must all be on goods, all on shipping or all on points", "It is at position 9", ""},
	{"earn 1 points, spend 5 free shipping", PROMO_BAD_SYNTAX, "the tiers of a rule must all be", "It is at", ""},
	{"spend 5 save 1, save 2", PROMO_BAD_SYNTAX, "only the first tier of a rule may have no condition",
		"It is at position 17", ""},
	{"spend 5 save 1, buy 6 save 2", PROMO_BAD_SYNTAX,
		"the conditions of a rule must be all of money, all of units, or \"buy set\"", "It is at", ""},
	{"buy 5 save 1, buy set save 2 on sku A", PROMO_BAD_SYNTAX, "the conditions of a rule must be all of money", "", ""},
	{"buy set save 1, buy set save 2 on sku A", PROMO_BAD_SYNTAX,
		"only one tier of a rule may say \"buy set\"", "It is at position 17", ""},
	{"spend 5 save 1, spend 5 save 2", PROMO_BAD_SYNTAX,
		"the conditions of a rule must ascend from tier to tier", "It is at position 17", ""},
	{"spend over 5 save 1, spend 5 save 2", PROMO_BAD_SYNTAX, "the conditions of a rule must ascend", "It is", ""},
	{"spend 5 save 1, every 5 save 2", PROMO_BAD_SYNTAX, "the conditions of a rule must ascend", "It is", ""},
	{"buy 3 save 1, every 2 units save 2", PROMO_BAD_SYNTAX, "the conditions of a rule must ascend", "It is", ""},
	{"buy set save 1", PROMO_BAD_SYNTAX, "\"buy set\" needs the SKUs of the set, as in \"on sku A, B\"",
		"It is at position 15", ""},
	{"buy set save 1 on tag t", PROMO_BAD_SYNTAX, "\"buy set\" needs the SKUs", "It is at position 16", ""},
	{"buy set save 1 on each sku t", PROMO_BAD_SYNTAX, "\"buy set\" needs the SKUs", "It is at position 16", ""},
	{"save 1 graduated", PROMO_BAD_SYNTAX, "\"graduated\" needs tiers that say \"spend\" or \"buy\"",
		"It is at position 8", ""},
	{"every 5 save 1 graduated", PROMO_BAD_SYNTAX, "\"graduated\" needs tiers", "It is at", ""},
	{"every 5 save 1, spend 6 save 2 graduated", PROMO_BAD_SYNTAX,
		"the tiers of a \"graduated\" rule must all say \"spend\" or all say \"buy\"", "It is at", ""},
	{"spend 5 save 1 each graduated", PROMO_BAD_SYNTAX,
		"a \"graduated\" rule with \"each\" needs tiers that say \"buy\"", "It is at", ""},
	{"buy 5 total 1 graduated", PROMO_BAD_SYNTAX,
		"the tiers of a \"graduated\" rule must say \"save\" or \"price\"", "It is at", ""},
	{"free shipping limit 2", PROMO_BAD_SYNTAX, "\"limit\" is only for rules on goods", "It is at position 15", ""},
	{"free shipping floor 2", PROMO_BAD_SYNTAX, "\"floor\" is only for rules on goods", "It is", ""},
	{"points x2 margin 2%", PROMO_BAD_SYNTAX, "\"margin\" is only for rules on goods", "It is", ""},
	{"points x2 graduated", PROMO_BAD_SYNTAX, "\"graduated\" is only for rules on goods", "It is", ""},
	{"points x2 dearest", PROMO_BAD_SYNTAX, "\"dearest\" is only for rules on goods", "It is", ""},
	{"points x2 cheapest", PROMO_BAD_SYNTAX, "\"cheapest\" is only for rules on goods", "It is", ""},
	{"free shipping except discounted", PROMO_BAD_SYNTAX, "\"except discounted\" is only for rules on goods", "It is", ""},

	{"save -5", PROMO_OUT_OF_RANGE, "amount is out of range: \"-5\"", "It is at position 6 of the rule \"save -5\".", ""},
	{"save 900000000000000.0001", PROMO_OUT_OF_RANGE, "amount is out of range: ", "It is at position 6", ""},
	{"save 99999999999999999999999999", PROMO_OUT_OF_RANGE, "amount is out of range: ", "It is", ""},
	{"save 1.00001", PROMO_OUT_OF_RANGE, "amount has more than 4 decimals: \"1.00001\"", "It is", ""},
	{"save 100.0001%", PROMO_OUT_OF_RANGE, "percentage is out of range: \"100.0001\"", "It is", ""},
	{"save 1.00001%", PROMO_OUT_OF_RANGE, "percentage has more than 4 decimals: ", "It is", ""},
	{"save 1 margin 100%", PROMO_OUT_OF_RANGE, "margin is out of range: \"100\"", "It is at position 15", ""},
	{"every 0 save 1", PROMO_OUT_OF_RANGE, "amount is out of range: \"0\"", "It is", ""},
	{"every 0 units save 1", PROMO_OUT_OF_RANGE, "number of units is out of range: \"0\"", "It is", ""},
	{"buy 0 save 1", PROMO_OUT_OF_RANGE, "number of units is out of range: \"0\"", "It is", ""},
	{"buy 1.5 save 1", PROMO_OUT_OF_RANGE, "number of units is not whole: \"1.5\"", "It is", ""},
	{"buy 900000000001 save 1", PROMO_OUT_OF_RANGE, "number of units is out of range: ", "It is", ""},
	{"gift sku A x0", PROMO_OUT_OF_RANGE, "number of units is out of range: \"0\"", "It is at position 12", ""},
	{"points x-1", PROMO_OUT_OF_RANGE, "factor is out of range: \"-1\"", "It is", ""},
	{"save 1 limit 0", PROMO_OUT_OF_RANGE, "number of units is out of range", "It is", ""},
	{"save 1 times 0", PROMO_OUT_OF_RANGE, "number of units is out of range", "It is", ""},
	{"save 1 max -1", PROMO_OUT_OF_RANGE, "amount is out of range", "It is", ""},
};

static bool
begins(const char *text, const char *start)
{
	return strncmp(text, start, strlen(start)) == 0;
}

static void
test_errors(void)
{
	PromoError	err;

	for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++)
	{
		PromoRule  *rule = parse(errors[i].text, &err);

		if (!test_check(rule == NULL && err.code == errors[i].code &&
						begins(err.message, errors[i].message) &&
						begins(err.detail, errors[i].detail) && begins(err.hint, errors[i].hint),
						errors[i].text, __FILE__, __LINE__))
			printf("# code %d\n# %s\n# %s\n# %s\n", err.code, err.message, err.detail, err.hint);
	}

	/* what is quoted from the rule is cut behind a whole character */
	parse("满满满满满满满满满满满满满满满满满满满满满满满满满满满满满满满满满满满满满满满满"
		  "满满满满满满满满满满满满满满满满满满满满满满满满满满满满满满", &err);
	CHECK_INT(strlen(err.message), strlen(SYNTAX) + 2 + 180);
	CHECK(begins(err.detail, "At position 1 (\"满满满满满满满满满满满满满满满满满满满满\"): expected"));
	CHECK(err.detail[strlen(err.detail) - 1] == '.');
}

/* "save 1" and n times what, between start and between */
static char *
repeated(const char *start, const char *item, const char *between, int n)
{
	PromoBuffer buf;

	promo_buffer_init(&buf, &test.arena);
	promo_puts(&buf, start);
	for (int i = 0; i < n; i++)
	{
		if (i > 0)
			promo_puts(&buf, between);
		promo_putf(&buf, item, i + 1);
	}
	return buf.data;
}

static void
test_limits(void)
{
	PromoError	err;
	char		word[PROMO_MAX_TEXT + 32];

	CHECK(parse(repeated("save 1 on sku ", "s%d", ",", 10000), &err) != NULL);
	CHECK(parse(repeated("save 1 on sku ", "s%d", ",", 10001), &err) == NULL);
	CHECK_INT(err.code, PROMO_TOO_MANY);
	CHECK_STR(err.message, "a rule has more than 10000 names in one list");
	CHECK(parse(repeated("", "spend %d save 1", ",", 100), &err) != NULL);
	CHECK(parse(repeated("", "spend %d save 1", ",", 101), &err) == NULL);
	CHECK_INT(err.code, PROMO_TOO_MANY);
	CHECK(parse(repeated("save 1 ", "for a%d", " ", 100), &err) != NULL);
	CHECK(parse(repeated("save 1 ", "for a%d", " ", 101), &err) == NULL);
	CHECK_INT(err.code, PROMO_TOO_MANY);
	CHECK(parse(repeated("save 1 ", "when sku a%d", " ", 100), &err) != NULL);
	CHECK(parse(repeated("save 1 ", "when sku a%d", " ", 101), &err) == NULL);
	CHECK_INT(err.code, PROMO_TOO_MANY);
	CHECK(parse(repeated("save 1 hours ", "00:00-1:%02d", ",", 59), &err) != NULL);
	CHECK(parse(repeated(repeated(repeated("save 1 hours ", "00:00-2:%02d", ",", 59), ",00:00-3:%02d", "", 41),
						 ",00:00-4:%02d", "", 1), &err) == NULL);
	CHECK_INT(err.code, PROMO_TOO_MANY);

	/* many lists, each within its limit */
	{
		const char *list = repeated(" for ", "s%d", ",", 9999);
		PromoBuffer buf;

		promo_buffer_init(&buf, &test.arena);
		promo_puts(&buf, "save 1");
		for (int i = 0; i < 11; i++)
			promo_puts(&buf, list);
		CHECK(parse(buf.data, &err) == NULL);
		CHECK_INT(err.code, PROMO_TOO_MANY);
		CHECK_STR(err.message, "a rule has more than 100000 names in all");
	}

	strcpy(word, "save 1 on sku ");
	memset(word + 14, 'w', PROMO_MAX_TEXT);
	word[14 + PROMO_MAX_TEXT] = '\0';
	CHECK(parse(word, &err) != NULL);
	strcat(word, "w");
	CHECK(parse(word, &err) == NULL);
	CHECK_INT(err.code, PROMO_TOO_MANY);
	CHECK(promo_rule_parse(&test.arena, (PromoText) {"save 1 on sku 'a\0b'", 19}, &err) == NULL);
	CHECK(promo_rule_parse(&test.arena, (PromoText) {"save 1 on sku \0", 15}, &err) == NULL);
}

static void
test_several(void)
{
	PromoError	err;
	PromoRule **rules;
	int			n;

	CHECK(promo_rules_parse(&test.arena, promo_text("save 1; save 2 on sku A；;"), &rules, &n, &err));
	CHECK_INT(n, 2);
	CHECK(equal_rules(rules[1], parse("save 2 on sku A", &err)));
	CHECK(promo_rules_parse(&test.arena, promo_text(" ; "), &rules, &n, &err));
	CHECK_INT(n, 0);
	CHECK(!promo_rules_parse(&test.arena, promo_text("save 1; save 2 on skew A"), &rules, &n, &err));
	CHECK_STR(err.detail, "At position 11 (\"skew\"): expected \"each\", \"sku\", \"tag\", \"all\" or \"order\".");
	CHECK(!promo_rules_parse(&test.arena, promo_text("save 1; '"), &rules, &n, &err));
}

/* ---------------------------------------------------------------- JSON and binary */

static const struct
{
	const char *json;
	const char *rule;			/* or how the detail of the error begins */
}			documents[] = {
	{"{\"tiers\":[{\"spend\":\"200\",\"save\":\"30\"}]}", "spend 200 save 30"},
	{" {\"on\":{\"except\":{\"discounted\":true},\"sku\":[\"a'b\",\"order\"],\"each\":true},"
		"\"tiers\":[{\"save\":30.5,\"spend\":200}]} ",
	"spend 200 save 30.50 on each sku 'a''b', 'order' except discounted"},
	{"{\"tiers\":[{\"gift\":{\"sku\":[\"A\"]}},{\"buy\":2,\"gift\":{\"sku\":[\"B\"],\"units\":2}}]}",
	"gift sku A, buy 2 gift sku B x2"},
	{"{\"tiers\":[{\"save\":\"1\"}],\"group\":\"stack exclusive\"}", "save 1 group 'stack exclusive'"},
	{"[]", ""},
	{"{}", "At position 1 (end of text)"},
	{"{\"tiers\":[{\"save\":\"1\"}]", ""},
	{"{\"tiers\":[{\"save\":\"1\"}]} x", ""},
	{"{\"tiers\":[{\"save\":\"1\",\"save\":\"2\"}]}", "The member \"save\" is there twice."},
	{"{\"tiers\":[{\"save\":\"1\",\"total\":\"2\"}]}", "At position"},
	{"{\"tiers\":[{\"save\":\"1 each\"}]}", "The member \"save\" must be an amount such as \"30\" or a percentage"},
	{"{\"tiers\":[{\"save\":\"\"}]}", "The member \"save\" must be an amount"},
	{"{\"tiers\":[{\"save\":1e2}]}", "The member \"save\" must be an amount"},
	{"{\"tiers\":[{\"save\":null}]}", "The member \"save\" must be an amount"},
	{"{\"tiers\":[{\"total\":\"5%\"}]}", "The member \"total\" must be an amount such as \"9.90\"."},
	{"{\"tiers\":[{\"buy\":\"2\",\"save\":\"1\"}]}", "The member \"buy\" must be a number or \"set\"."},
	{"{\"tiers\":[{\"points\":2}]}", "The member \"points\" must be a factor such as \"x2\"."},
	{"{\"tiers\":[{\"free_shipping\":false}]}", "The member \"free_shipping\" must be true."},
	{"{\"tiers\":[{\"foo\":1}]}", "The member \"foo\" is unknown; members here are spend, spend_over, every, "
		"every_units, buy, save, save_each, price_each, total, get, add, gift, save_shipping, "
	"free_shipping, earn_points, points."},
	{"{\"tiers\":[{\"save\":\"1\"}],\"foo\":1}", "The member \"foo\" is unknown; members here are tiers, on, for, code, "
		"when, days, hours, max, limit, limit_per_line, times, floor, margin, stack, exclusive, "
	"group, stop, graduated, dearest, cheapest, of."},
	{"{\"tiers\":[{\"save\":\"1\"}],\"xxxxxxxxxxxxxxxxxxxxxxxxxxx\":1}", "A member is unknown; members here are tiers"},
	{"{\"tiers\":[{\"save\":\"1\"}],\"on\":{\"sku\":\"A\"}}", "The member \"sku\" must be an array of strings."},
	{"{\"tiers\":[{\"save\":\"1\"}],\"on\":{\"sku\":[]}}", "At position"},
	{"{\"tiers\":[{\"save\":\"1\"}],\"on\":{\"sku\":[\"\"]}}", "At position"},
	{"{\"tiers\":[{\"save\":\"1\"}],\"on\":{}}", "At position"},
	{"{\"tiers\":[{\"save\":\"1\"}],\"for\":[\"a\"]}", "The member \"for\" must be an array of arrays of strings."},
	{"{\"tiers\":[{\"save\":\"1\"}],\"days\":[\"sat stack\"]}", "The member \"days\" must be an array of words."},
	{"{\"tiers\":[{\"save\":\"1\"}],\"days\":[\"sat\",\"stack\"]}", "At position"},
	{"{\"tiers\":[{\"save\":\"1\"}],\"margin\":\"10\"}", "The member \"margin\" must be a percentage such as \"20%\"."},
	{"{\"tiers\":[{\"save\":\"1\"}],\"limit\":1,\"limit_per_line\":2}", "At position"},
	{"{\"tiers\":[{\"save\":\"1\"}],\"limit\":true}", "The member \"limit\" must be a number."},
	{"{\"tiers\":[{\"save\":\"1\"}],\"when\":[{}]}", "At position"},
	{"{\"tiers\":[{\"save\":\"1\"}],\"when\":{}}", "The member \"when\" must be an array of objects."},
	{"{\"tiers\":[{\"save\":\"1\"}],\"group\":3}", "The member \"group\" must be a string."},
	{"{\"tiers\":[{\"save\":\"1\"}],\"of\":\"list stack\"}", "The member \"of\" must be a word."},
	{"{\"tiers\":[{\"get\":{\"free\":true}}]}", "At position 5"},
	{"{\"tiers\":{}}", "The member \"tiers\" must be an array of objects."},
	{"{\"tiers\":[3]}", "The member \"tiers\" must be an array of objects."}
};

/* a rule through JSON, the binary form and text */
static bool
survives(const PromoRule *rule)
{
	PromoError	err;
	PromoBuffer text;
	PromoBuffer json;
	PromoBuffer binary;

	promo_buffer_init(&text, &test.arena);
	promo_buffer_init(&json, &test.arena);
	promo_buffer_init(&binary, &test.arena);
	promo_rule_print(&text, rule);
	promo_rule_to_json(&json, rule);
	promo_rule_pack(&binary, rule);
	return equal_rules(rule, promo_rule_parse(&test.arena, (PromoText) {text.data, text.len}, &err)) &&
		equal_rules(rule, promo_rule_from_json(&test.arena, (PromoText) {json.data, json.len}, &err)) &&
		equal_rules(rule, promo_rule_unpack(&test.arena, binary.data, binary.len, &err));
}

static void
test_json(void)
{
	PromoError	err;

	for (size_t i = 0; i < sizeof(documents) / sizeof(documents[0]); i++)
	{
		PromoRule  *rule = promo_rule_from_json(&test.arena, promo_text(documents[i].json), &err);

		if (!test_check(rule != NULL ? equal_rules(rule, parse(documents[i].rule, &err)) :
						begins(err.message, "invalid input syntax for type promo.rule") &&
						begins(err.detail, documents[i].rule), documents[i].json, __FILE__, __LINE__))
			printf("# %s\n# %s\n", err.message, err.detail);
	}
	for (size_t i = 0; i < sizeof(same) / sizeof(same[0]); i++)
		test_check(survives(parse(same[i], &err)), same[i], __FILE__, __LINE__);
}

static void
test_binary(void)
{
	PromoError	err;

	CHECK(promo_rule_unpack(&test.arena, "", 0, &err) == NULL);
	CHECK_INT(err.code, PROMO_BAD_BINARY);
	CHECK(promo_rule_unpack(&test.arena, "\2save 1", 7, &err) == NULL);
	CHECK_INT(err.code, PROMO_BAD_BINARY);
	CHECK_STR(err.message, "unsupported promo.rule version number 2");
	CHECK(promo_rule_unpack(&test.arena, "\1save", 5, &err) == NULL);
	CHECK_INT(err.code, PROMO_BAD_BINARY);
	CHECK(promo_rule_unpack(&test.arena, "\1save 1 on sku a\0b", 18, &err) == NULL);
	CHECK_INT(err.code, PROMO_BAD_BINARY);
	CHECK(equal_rules(promo_rule_unpack(&test.arena, "\1SAVE 1.0", 9, &err), parse("save 1", &err)));
}

/* ---------------------------------------------------------------- shop copy */

static const struct
{
	const char *rule;
	const char *en;
	const char *zh;
}			copies[] = {
	{"spend 200 save 30", "Spend 200, save 30", "满200元减30元"},
	{"save 30", "Save 30", "减30元"},
	{"save 20%", "20% off", "8折"},
	{"save 20% on sku A", "20% off A", "A 8折"},
	{"save 15% on all", "15% off everything", "全场 8.5折"},
	{"save 12.34% on each", "12.34% off each product", "每款商品 8.766折"},
	{"save 100% on tag t", "100% off t", "t类商品 免费"},
	{"save 0% on each sku A, B", "0% off each of A, B", "A、B每款 原价"},
	{"save 20 each on sku A", "A: save 20 each", "A 每件减20元"},
	{"price 80 each on sku A", "A: pay 80 each", "A 特价80元"},
	{"price 59 each on sku A limit 2", "A: pay 59 each, limit 2", "A 秒杀价59元，限2件"},
	{"buy 3 price 9.9 each on each tag a, b", "Each of a, b: buy 3, pay 9.90 each", "a、b类商品每款 满3件每件9.90元"},
	{"buy 2 save 5%, buy 5 save 20% on sku A", "A: buy 2, save 5%; buy 5, save 20%", "A 满2件9.5折，满5件8折"},
	{"every 200 save 30", "For every 200 spent, save 30", "每满200元减30元"},
	{"every 3 units save 5 each", "For every 3 units, save 5 each", "每满3件每件减5元"},
	{"total 100", "Pay 100 in all", "一口价100元"},
	{"spend 200 total 150", "Spend 200, pay 150 in all", "满200元一口价150元"},
	{"spend over 200 total 150", "Spend over 200, pay 150 in all", "超过200元一口价150元"},
	{"every 200 total 150", "For every 200 spent, pay 150", "每满200元付150元"},
	{"buy 3 total 100 on sku A, B, C", "A, B, C: any 3 for 100", "A、B、C 任选3件100元"},
	{"every 3 units total 100", "Every 3 for 100", "每3件100元"},
	{"buy set total 199 on sku A, B, C", "A, B, C: the set for 199", "A、B、C 套装199元"},
	{"buy set save 20% on sku A, B", "A, B: buy the set, save 20%", "A、B 套装8折"},
	{"buy 2 get 1 free on tag shoes", "shoes: buy 2, get 1 free", "shoes类商品 买2件送1件"},
	{"spend 99 get 1 of sku B free", "Spend 99, get 1 of B free", "满99元送 B 1件"},
	{"buy 2 get 1 save 50%", "Buy 2, get 1 at 50% off", "买2件另享1件5折"},
	{"buy 2 get 2 save 5", "Buy 2, get 2 at 5 off each", "买2件另享2件每件减5元"},
	{"buy 2 get 1 price 9.9", "Buy 2, get 1 for 9.90", "买2件另享1件9.90元"},
	{"get 1 of sku B, C save 50%", "Get 1 of B or C at 50% off", "另享 B、C任选1件5折"},
	{"get 1 of sku B save 5", "Get 1 of B at 5 off", "另享 B 1件减5元"},
	{"get 2 of sku B price 5", "Get 2 of B for 5 each", "另享 B 2件每件5元"},
	{"spend 500 add sku B at 20 on sku A", "A: spend 500, add B for 20", "A 满500元，加20元换购 B"},
	{"add sku B, C at 20 x2", "Add up to 2 of B or C for 20 each", "每件加20元换购 B、C任选2件"},
	{"spend 300 gift sku B on sku A", "A: spend 300, get B as a gift", "A 满300元，赠 B"},
	{"spend 300 gift sku B, C x2, spend 500 gift sku D", "Spend 300, get 2 of B or C as gifts; spend 500, get D as a gift",
	"满300元，赠 B、C任选2件；满500元，赠 D"},
	{"spend 99 free shipping", "Spend 99, free shipping", "满99元包邮"},
	{"save 5 shipping", "Save 5 on shipping", "运费减5元"},
	{"save 20% shipping max 5", "Save 20% on shipping, up to 5 off", "运费8折，最高减5元"},
	{"spend 9 earn 10 points", "Spend 9, earn 10 points", "满9元送10积分"},
	{"points x2 max 99", "Double points, up to 99 points", "双倍积分，最多99积分"},
	{"points x1.5", "1.5 times the points", "1.5倍积分"},
	{"spend 100 save 50 for first_order", "First order: spend 100, save 50", "首单满100元减50元"},
	{"spend over 100 save 50 for first_order", "First order: spend over 100, save 50", "首单超过100元减50元"},
	{"save 20% on sku A for gold, first_order for first_order", "For gold or first order, first order: 20% off A",
	"gold或首单专享 首单 A 8折"},
	{"save 5 on sku A for gold", "For gold, A: save 5", "gold专享 A 减5元"},
	{"save 5 max 50 limit 2 per line times 1 floor 3 margin 10% stack stop dearest of list",
		"Save 5, up to 50 off, limit 2 per line, at most 1 time, can be combined, "
		"no further offers on these items, dearest first, counted before other discounts",
	"减5元，最高减50元，每行限2件，限1次，可叠加，不再享受后续优惠，高价优先，按原价计算"},
	{"buy 2 save 5 times 3 exclusive group g graduated cheapest of running",
		"Buy 2, save 5, at most 3 times, each tier on its own part, not combined with other offers, "
		"only the best offer of its group, cheapest first, counted after other discounts",
	"满2件减5元，限3次，分段计算，不与其他优惠同享，同组优惠取最优，低价优先，按优惠后价格计算"},
	{"save 5 except sku C except tag t except discounted code S1, S2 days sun, sat hours 22:00-2:00, 9:00-10:00",
		"Save 5 (except C, t, discounted items; with code S1 or S2; on Sat, Sun; 22:00-02:00, 09:00-10:00)",
	"减5元（C、t类商品、已优惠商品除外；凭优惠码S1或S2；限周六、周日；22:00-02:00、09:00-10:00）"},
	{"save 5 when sku X, Y when tag q", "Save 5 (with X or Y in the cart; with q in the cart)",
	"减5元（需购买X或Y；需购买q类商品）"},
	{"save 5 when spend 3 when spend over 3 on tag t except sku A when buy 2 on all when buy 1",
		"Save 5 (when you spend 3; when you spend over 3 on t except A; when you buy 2 of everything; when you buy 1)",
	"减5元（订单满3元；除A外t类商品超过3元；全场满2件；订单满1件）"}
};

static void
test_describe(void)
{
	PromoError	err;
	PromoBuffer buf;

	for (size_t i = 0; i < sizeof(copies) / sizeof(copies[0]); i++)
	{
		test_check_str(described(copies[i].rule, "en"), copies[i].en, copies[i].en, __FILE__, __LINE__);
		test_check_str(described(copies[i].rule, "zh"), copies[i].zh, copies[i].zh, __FILE__, __LINE__);
	}
	promo_buffer_init(&buf, &test.arena);
	CHECK(!promo_rule_describe(&buf, parse("save 1", &err), promo_text("fr"), NULL, &err));
	CHECK_INT(err.code, PROMO_BAD_VALUE);
	CHECK_STR(err.message, "unknown language: \"fr\"");
	CHECK_STR(err.hint, "Languages are en and zh.");
}

/* ---------------------------------------------------------------- sold out */

/* the rule without these SKUs, which are letters; "" if nothing of it is left */
static const char *
without(const char *text, const char *skus)
{
	PromoError	err;
	PromoRule  *rule = parse(text, &err);
	PromoText	gone[8];
	uint32_t	n = (uint32_t) strlen(skus);
	PromoRule  *left;
	PromoRule  *again;
	PromoBuffer buf;

	for (uint32_t i = 0; i < n; i++)
		gone[i] = (PromoText) {skus + i, 1};
	if (rule == NULL || !promo_rule_without(&test.arena, rule, gone, n, &left, &err))
		return "error";
	if (left == NULL)
		return "";
	promo_buffer_init(&buf, &test.arena);
	promo_rule_print(&buf, left);
	if (!promo_rule_without(&test.arena, left, gone, n, &again, &err) || !equal_rules(left, again))
		return "not the same again";
	return buf.data;
}

static void
test_without(void)
{
	PromoError	err;

	CHECK_STR(without("save 20% on sku A, B, C max 9", "B"), "save 20% on sku A, C max 9");
	CHECK_STR(without("save 20% on sku A, B, C", "AC"), "save 20% on sku B");
	CHECK_STR(without("save 20% on sku A, B", "AB"), "");
	CHECK_STR(without("save 20% on sku A, B", "C"), "save 20% on sku A, B");
	CHECK_STR(without("save 20% on each sku A, B except tag t", "A"), "save 20% on each sku B except tag t");
	CHECK_STR(without("save 20% on tag t", "AB"), "save 20% on tag t except sku A, B");
	CHECK_STR(without("save 20% on all except sku B, 'Q 1' except discounted", "AB"),
			  "save 20% on all except sku B, 'Q 1', A except discounted");
	CHECK_STR(without("spend 100 save 10", "A"), "spend 100 save 10 on order except sku A");
	/* what is given */
	CHECK_STR(without("spend 100 gift sku A, spend 200 gift sku B, C x2 on tag t", "AB"),
			  "spend 200 gift sku C x2 on tag t except sku A, B");
	CHECK_STR(without("spend 100 gift sku A, spend 200 add sku B at 5 on sku C", "B"),
			  "spend 100 gift sku A on sku C");
	CHECK_STR(without("spend 100 gift sku A on sku C", "A"), "");
	CHECK_STR(without("buy 2 get 1 of sku A, B free on sku C", "A"), "buy 2 get 1 of sku B free on sku C");
	/* a set is whole or none */
	CHECK_STR(without("buy set total 10 on sku A, B", "A"), "");
	CHECK_STR(without("buy set total 10 on sku A, B", "C"), "buy set total 10 on sku A, B");
	/* what the cart must also have stays */
	CHECK_STR(without("save 1 on sku B when sku A", "A"), "save 1 on sku B when sku A");

	CHECK(equal_rules(promo_rule_with_max(&test.arena, parse("save 1 on sku A stack", &err), 125000),
					  parse("save 1 on sku A max 12.50 stack", &err)));
	CHECK(equal_rules(promo_rule_with_max(&test.arena, parse("save 1 on sku A max 20 stack", &err), 1),
					  parse("save 1 on sku A max 0.0001 stack", &err)));
}

/* ---------------------------------------------------------------- generated rules */

static uint64_t seed = 20260101;

/* 0 ... n - 1 */
static int
pick(int n)
{
	seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (int) ((seed >> 33) % (uint64_t) n);
}

static void
gen_name(PromoBuffer *buf)
{
	static const char *const names[] = {
		"A", "b1", "20", "x2", "上衣", "'order'", "'a b'", "'it''s'", "'：'", "mon", "-", "a：b",
		"'\"\\'", "SALE", "'Save'", "a.b_c:d"
	};

	promo_puts(buf, names[pick(sizeof(names) / sizeof(names[0]))]);
}

static void
gen_names(PromoBuffer *buf, const char *before)
{
	promo_puts(buf, before);
	do
	{
		promo_putc(buf, ' ');
		gen_name(buf);
	} while (pick(2) && (promo_puts(buf, pick(2) ? "," : "，"), true));
}

static void
gen_money(PromoBuffer *buf, int from)
{
	promo_putf(buf, pick(3) ? " %d" : " %d.%02d", from + pick(100), pick(100));
}

static void
gen_percent(PromoBuffer *buf)
{
	promo_putf(buf, pick(3) ? " %d%%" : " %d.%04d %%", pick(100), pick(10000));
}

static void
gen_saving(PromoBuffer *buf)
{
	if (pick(2))
		gen_money(buf, 0);
	else
		gen_percent(buf);
}

static void
gen_action(PromoBuffer *buf, int about)
{
	if (about == 1)
	{
		promo_puts(buf, " save");
		gen_saving(buf);
		promo_puts(buf, " shipping");
		return;
	}
	if (about == 2)
	{
		promo_putf(buf, pick(2) ? " earn %d.%d points" : " points x%d.%d", pick(9), pick(9));
		return;
	}
	switch (pick(7))
	{
		case 0:
			promo_puts(buf, " save");
			gen_saving(buf);
			break;
		case 1:
			promo_puts(buf, pick(2) ? " save" : " price");
			gen_money(buf, 0);
			promo_puts(buf, " each");
			break;
		case 2:
			promo_puts(buf, " total");
			gen_money(buf, 0);
			break;
		case 3:
		case 4:
			promo_putf(buf, " get %d", 1 + pick(3));
			if (pick(2))
				gen_names(buf, " of sku");
			if (pick(2))
				promo_puts(buf, " free");
			else
			{
				promo_puts(buf, pick(2) ? " save" : " price");
				gen_money(buf, 0);
			}
			break;
		case 5:
			gen_names(buf, " add sku");
			promo_puts(buf, " at");
			gen_money(buf, 0);
			break;
		default:
			gen_names(buf, " gift sku");
			if (pick(2))
				promo_putf(buf, " x%d", 1 + pick(3));
	}
}

static void
gen_tiers(PromoBuffer *buf, bool graduated, int about, bool set)
{
	bool		units = pick(2);
	int			ntiers = 1 + pick(3);

	for (int i = 0; i < ntiers; i++)
	{
		int			from = 1 + 200 * i;

		if (i > 0)
			promo_puts(buf, ", ");
		if (set && i == 1)
			promo_puts(buf, "buy set");
		else if (i == 0 && (set || (!graduated && !pick(3))))
			;
		else if (units)
			promo_putf(buf, graduated || pick(2) ? "buy %d" : "every %d units", from + pick(100));
		else
		{
			promo_puts(buf, graduated ? "spend" : pick(2) ? "spend over" : "every");
			gen_money(buf, from);
		}
		if (graduated)
		{
			promo_puts(buf, " save");
			gen_saving(buf);
		}
		else
			gen_action(buf, about);
		if (set && i == 1)
			break;
	}
}

static void
gen_excepts(PromoBuffer *buf, bool goods)
{
	while (!pick(4))
	{
		if (goods && !pick(3))
			promo_puts(buf, " except discounted");
		else
			gen_names(buf, pick(2) ? " except sku" : " except tag");
	}
}

static void
gen_scope(PromoBuffer *buf, bool rule, bool set)
{
	bool		each = rule && !set && pick(2);

	promo_puts(buf, each ? " on each" : " on");
	if (set || pick(2))
		gen_names(buf, set || pick(2) ? " sku" : " tag");
	else if (!each)
		promo_puts(buf, pick(2) ? " all" : " order");
}

static void
gen_clause(PromoBuffer *buf, int which)
{
	switch (which)
	{
		case 0:
			gen_names(buf, " for");
			break;
		case 1:
			gen_names(buf, " code");
			break;
		case 2:
			promo_puts(buf, " when");
			if (pick(2))
			{
				gen_names(buf, pick(2) ? " sku" : " tag");
				break;
			}
			promo_puts(buf, pick(2) ? " spend" : " spend over");
			gen_money(buf, 0);
			if (pick(2))
			{
				gen_scope(buf, false, false);
				gen_excepts(buf, true);
			}
			break;
		case 3:
			promo_puts(buf, " days sun, wed, Friday");
			break;
		case 4:
			promo_putf(buf, " hours %d:%02d-24:00, 0:00-%02d:00", pick(24), pick(60), 1 + pick(24));
			break;
		case 5:
			promo_puts(buf, " max");
			gen_money(buf, 0);
			break;
		case 6:
			promo_putf(buf, " times %d", 1 + pick(9));
			break;
		case 7:
			promo_puts(buf, pick(2) ? " stack" : " exclusive");
			break;
		case 8:
			promo_puts(buf, " group ");
			gen_name(buf);
			break;
		case 9:
			promo_puts(buf, " stop");
			break;
		case 10:
			promo_puts(buf, pick(2) ? " of list" : " of running");
			break;
		case 11:				/* from here only on goods */
			promo_putf(buf, pick(2) ? " limit %d" : " limit %d per line", 1 + pick(9));
			break;
		case 12:
			promo_puts(buf, " floor");
			gen_money(buf, 0);
			break;
		case 13:
			promo_puts(buf, " margin");
			gen_percent(buf);
			break;
		default:
			promo_puts(buf, pick(2) ? " dearest" : " cheapest");
	}
}

static void
gen_rule(PromoBuffer *buf)
{
	bool		graduated = !pick(5);
	int			about = graduated ? 0 : pick(5);	/* 1 shipping, 2 points, else goods */
	bool		goods = about != 1 && about != 2;
	bool		set = !graduated && goods && !pick(6);
	int			order = pick(15);

	gen_tiers(buf, graduated, about, set);
	if (set || pick(2))
		gen_scope(buf, true, set);
	gen_excepts(buf, goods);
	for (int i = 0; i < 15; i++)
	{
		int			which = (i * 7 + order) % 15;

		if ((goods || which < 11) && !pick(4))
			gen_clause(buf, which);
	}
	if (graduated)
		promo_puts(buf, " graduated");
}

/* whether what is left without the first SKU of its scope is a rule that survives */
static bool
survives_without(const PromoRule *rule)
{
	PromoError	err;
	PromoText	gone = promo_text("none");
	PromoRule  *left;

	if (rule->scope.kind == PROMO_ON_SKU)
		gone = promo_rule_name(rule, rule->scope.names, 0);
	if (!promo_rule_without(&test.arena, rule, &gone, 1, &left, &err))
		return false;
	if (left == NULL)
		return rule->scope.kind == PROMO_ON_SKU;
	if (left->scope.kind == PROMO_ON_SKU ? left->scope.names.n != rule->scope.names.n - 1 :
		left->scope.except_skus.n != rule->scope.except_skus.n + 1)
		return false;
	return survives(left);
}

static void
test_generated(void)
{
	int			broken = 0;
	int			lost = 0;
	int			crippled = 0;

	for (int i = 0; i < 4000; i++)
	{
		PromoError	err;
		PromoBuffer text;
		PromoRule  *rule;

		arena_free(&test);
		promo_buffer_init(&text, &test.arena);
		gen_rule(&text);
		rule = parse(text.data, &err);
		if (rule == NULL)
		{
			if (broken++ == 0)
				printf("# %s\n# %s\n# %s\n", text.data, err.message, err.detail);
			continue;
		}
		if (!survives(rule) && lost++ == 0)
			printf("# %s\n", text.data);
		if (strcmp(described(text.data, "en"), "error") == 0 ||
			strcmp(described(text.data, "zh"), "error") == 0)
			lost++;

		/* without what it names first, and without what it does not name */
		if (!survives_without(rule) && lost++ == 0)
			printf("# %s\n", text.data);

		/* one byte wrong: an error or another rule, but one that survives */
		text.data[pick((int) text.len)] = "'x9,;% \xef\xe4-"[pick(10)];
		rule = parse(text.data, &err);
		if (rule != NULL ? !survives(rule) : err.message[0] == '\0')
			crippled++;
	}
	CHECK_INT(broken, 0);
	CHECK_INT(lost, 0);
	CHECK_INT(crippled, 0);
}

int
main(void)
{
	arena_init(&test);
	test_reading();
	test_stages();
	test_fields();
	test_errors();
	test_limits();
	test_several();
	test_json();
	test_binary();
	test_describe();
	test_without();
	test_generated();
	arena_free(&test);
	return test_done();
}
