/*-------------------------------------------------------------------------
 *
 * rule_json.c
 *	  rules as JSON, in the shape of doc/rule_json.md
 *
 * Reading turns JSON into rule text, member by member in the order of the
 * grammar, and lets the parser judge the whole: what a rule may say is checked
 * in one place.  Names are quoted, and of anything else only single words
 * pass, so that no value can say more than its member means.
 *
 *-------------------------------------------------------------------------
 */
#include "json_reader.h"
#include "rule_words.h"

/* ----------------------------------------------------------------
 * The shape
 * ----------------------------------------------------------------
 */

typedef enum Form
{
	FORM_MONEY,
	FORM_PERCENT,
	FORM_SAVING,				/* an amount or a percentage */
	FORM_UNITS,
	FORM_UNITS_OR_SET,
	FORM_FACTOR,
	FORM_FLAG,
	FORM_WORD,
	FORM_WORDS,
	FORM_NAME,
	FORM_NAMES,
	FORM_NAME_LISTS,			/* every list with its own keyword */
	FORM_OBJECT,
	FORM_TIERS,					/* objects with commas between them */
	FORM_OBJECTS				/* every object with its own keyword */
} Form;

static const char *const form_names[] = {
	[FORM_MONEY] = "an amount such as \"9.90\"",
	[FORM_PERCENT] = "a percentage such as \"20%\"",
	[FORM_SAVING] = "an amount such as \"30\" or a percentage such as \"20%\"",
	[FORM_UNITS] = "a number",
	[FORM_UNITS_OR_SET] = "a number or \"set\"",
	[FORM_FACTOR] = "a factor such as \"x2\"",
	[FORM_FLAG] = "true",
	[FORM_WORD] = "a word",
	[FORM_WORDS] = "an array of words",
	[FORM_NAME] = "a string",
	[FORM_NAMES] = "an array of strings",
	[FORM_NAME_LISTS] = "an array of arrays of strings",
	[FORM_OBJECT] = "an object",
	[FORM_TIERS] = "an array of objects",
	[FORM_OBJECTS] = "an array of objects"
};

/* A member, and the rule text before and behind its value. */
typedef struct Member
{
	const char *name;
	Form		form;
	const char *before;
	const char *after;
	const struct Shape *shape;	/* of objects */
} Member;

/* Members in the order of the rule language. */
typedef struct Shape
{
	const Member *members;
	int			n;
} Shape;

#define MAX_MEMBERS 24

#define SHAPE(members) {members, sizeof(members) / sizeof(members[0])}

static const Member except_members[] = {
	{"sku", FORM_NAMES, " except sku ", "", NULL},
	{"tag", FORM_NAMES, " except tag ", "", NULL},
	{"discounted", FORM_FLAG, " except discounted", "", NULL}
};
static const Shape except_shape = SHAPE(except_members);

static const Member on_members[] = {
	{"order", FORM_FLAG, " order", "", NULL},
	{"all", FORM_FLAG, " all", "", NULL},
	{"each", FORM_FLAG, " each", "", NULL},
	{"sku", FORM_NAMES, " sku ", "", NULL},
	{"tag", FORM_NAMES, " tag ", "", NULL},
	{"except", FORM_OBJECT, "", "", &except_shape}
};
static const Shape on_shape = SHAPE(on_members);

static const Member when_members[] = {
	{"sku", FORM_NAMES, " sku ", "", NULL},
	{"tag", FORM_NAMES, " tag ", "", NULL},
	{"spend", FORM_MONEY, " spend ", "", NULL},
	{"spend_over", FORM_MONEY, " spend over ", "", NULL},
	{"buy", FORM_UNITS, " buy ", "", NULL},
	{"on", FORM_OBJECT, " on", "", &on_shape}
};
static const Shape when_shape = SHAPE(when_members);

static const Member get_members[] = {
	{"units", FORM_UNITS, " ", "", NULL},
	{"sku", FORM_NAMES, " of sku ", "", NULL},
	{"free", FORM_FLAG, " free", "", NULL},
	{"save", FORM_SAVING, " save ", "", NULL},
	{"price", FORM_MONEY, " price ", "", NULL}
};
static const Shape get_shape = SHAPE(get_members);

static const Member add_members[] = {
	{"sku", FORM_NAMES, " sku ", "", NULL},
	{"at", FORM_MONEY, " at ", "", NULL},
	{"units", FORM_UNITS, " x", "", NULL}
};
static const Shape add_shape = SHAPE(add_members);

static const Member gift_members[] = {
	{"sku", FORM_NAMES, " sku ", "", NULL},
	{"units", FORM_UNITS, " x", "", NULL}
};
static const Shape gift_shape = SHAPE(gift_members);

static const Member tier_members[] = {
	{"spend", FORM_MONEY, " spend ", "", NULL},
	{"spend_over", FORM_MONEY, " spend over ", "", NULL},
	{"every", FORM_MONEY, " every ", "", NULL},
	{"every_units", FORM_UNITS, " every ", " units", NULL},
	{"buy", FORM_UNITS_OR_SET, " buy ", "", NULL},
	{"save", FORM_SAVING, " save ", "", NULL},
	{"save_each", FORM_MONEY, " save ", " each", NULL},
	{"price_each", FORM_MONEY, " price ", " each", NULL},
	{"total", FORM_MONEY, " total ", "", NULL},
	{"get", FORM_OBJECT, " get", "", &get_shape},
	{"add", FORM_OBJECT, " add", "", &add_shape},
	{"gift", FORM_OBJECT, " gift", "", &gift_shape},
	{"save_shipping", FORM_SAVING, " save ", " shipping", NULL},
	{"free_shipping", FORM_FLAG, " free shipping", "", NULL},
	{"earn_points", FORM_MONEY, " earn ", " points", NULL},
	{"points", FORM_FACTOR, " points ", "", NULL}
};
static const Shape tier_shape = SHAPE(tier_members);

static const Member rule_members[] = {
	{"tiers", FORM_TIERS, "", "", &tier_shape},
	{"on", FORM_OBJECT, " on", "", &on_shape},
	{"for", FORM_NAME_LISTS, " for ", "", NULL},
	{"code", FORM_NAMES, " code ", "", NULL},
	{"when", FORM_OBJECTS, " when", "", &when_shape},
	{"days", FORM_WORDS, " days ", "", NULL},
	{"hours", FORM_WORDS, " hours ", "", NULL},
	{"max", FORM_MONEY, " max ", "", NULL},
	{"limit", FORM_UNITS, " limit ", "", NULL},
	{"limit_per_line", FORM_UNITS, " limit ", " per line", NULL},
	{"times", FORM_UNITS, " times ", "", NULL},
	{"floor", FORM_MONEY, " floor ", "", NULL},
	{"margin", FORM_PERCENT, " margin ", "", NULL},
	{"stack", FORM_FLAG, " stack", "", NULL},
	{"exclusive", FORM_FLAG, " exclusive", "", NULL},
	{"group", FORM_NAME, " group ", "", NULL},
	{"stop", FORM_FLAG, " stop", "", NULL},
	{"graduated", FORM_FLAG, " graduated", "", NULL},
	{"dearest", FORM_FLAG, " dearest", "", NULL},
	{"cheapest", FORM_FLAG, " cheapest", "", NULL},
	{"of", FORM_WORD, " of ", "", NULL}
};
static const Shape rule_shape = SHAPE(rule_members);

_Static_assert(sizeof(rule_members) / sizeof(rule_members[0]) <= MAX_MEMBERS, "read_object holds them");

/* ----------------------------------------------------------------
 * Reading: JSON to rule text
 * ----------------------------------------------------------------
 */

static bool
fail_form(PromoJson *json, const Member *member)
{
	return promo_json_fail(json, "The member \"%s\" must be %s.", member->name,
						   form_names[member->form]);
}

/* digits and points, with a sign for the parser to refuse */
static bool
is_number(const char *data, uint32_t len)
{
	for (uint32_t i = 0; i < len; i++)
		if ((data[i] < '0' || data[i] > '9') && data[i] != '.' && data[i] != '-')
			return false;
	return len > 0;
}

static bool
is_percent(PromoText text)
{
	return text.len > 1 && text.data[text.len - 1] == '%' && is_number(text.data, text.len - 1);
}

/* a keyword, a day, hours */
static bool
is_plain_word(PromoText text)
{
	for (uint32_t i = 0; i < text.len; i++)
	{
		char		c = text.data[i];

		if (!(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') && !(c >= '0' && c <= '9') &&
			c != ':' && c != '-')
			return false;
	}
	return text.len > 0;
}

/* whether a number or a string is what the member asks for */
static bool
fits(Form form, PromoJsonKind kind, PromoText text)
{
	bool		is_string = kind == PROMO_JSON_STRING;
	bool		number = (is_string || kind == PROMO_JSON_NUMBER) && is_number(text.data, text.len);

	switch (form)
	{
		case FORM_MONEY:
			return number;
		case FORM_PERCENT:
			return is_string && is_percent(text);
		case FORM_SAVING:
			return number || (is_string && is_percent(text));
		case FORM_UNITS:
			return number && !is_string;
		case FORM_UNITS_OR_SET:
			return is_string ? promo_text_equal(text, promo_text("set")) : number;
		case FORM_FACTOR:
			return is_string && text.len > 1 && text.data[0] == 'x' &&
				is_number(text.data + 1, text.len - 1);
		case FORM_FLAG:
			return kind == PROMO_JSON_TRUE;
		case FORM_WORD:
		case FORM_WORDS:
			return is_string && is_plain_word(text);
		default:				/* names */
			return is_string;
	}
}

static bool
read_scalar(PromoJson *json, const Member *member, PromoBuffer *rule)
{
	PromoJsonKind kind;
	PromoText	text;

	if (!promo_json_value(json, &kind, &text))
		return false;
	if (!fits(member->form, kind, text))
		return fail_form(json, member);
	if (member->form == FORM_NAME || member->form == FORM_NAMES || member->form == FORM_NAME_LISTS)
		promo_put_rule_name(rule, text);
	else if (member->form != FORM_FLAG)
		promo_put(rule, text.data, text.len);
	return true;
}

static bool
enter(PromoJson *json, const Member *member, PromoJsonKind expected)
{
	PromoJsonKind kind;
	PromoText	text;

	return promo_json_value(json, &kind, &text) && (kind == expected || fail_form(json, member));
}

/* an array of names or words */
static bool
read_list(PromoJson *json, const Member *member, PromoBuffer *rule)
{
	const char *separator = "";

	if (!enter(json, member, PROMO_JSON_ARRAY))
		return false;
	while (promo_json_item(json))
	{
		promo_puts(rule, separator);
		separator = ", ";
		if (!read_scalar(json, member, rule))
			return false;
	}
	return !json->failed;
}

static bool
fail_unknown(PromoJson *json, const Shape *shape, PromoText key)
{
	PromoBuffer known;

	promo_buffer_init(&known, json->arena);
	for (int i = 0; i < shape->n; i++)
		promo_putf(&known, "%s%s", i > 0 ? ", " : "", shape->members[i].name);
	if (key.len > 20)
		return promo_json_fail(json, "A member is unknown; members here are %s.", known.data);
	return promo_json_fail(json, "The member \"%.*s\" is unknown; members here are %s.",
						   (int) key.len, key.data, known.data);
}

static bool read_object(PromoJson *json, const Member *member, PromoBuffer *rule);

/* a member's value, with the words around it */
static bool
read_member(PromoJson *json, const Member *member, PromoBuffer *rule)
{
	bool		first = true;

	if (member->form == FORM_TIERS || member->form == FORM_OBJECTS || member->form == FORM_NAME_LISTS)
	{
		if (!enter(json, member, PROMO_JSON_ARRAY))
			return false;
		for (; promo_json_item(json); first = false)
		{
			promo_puts(rule, member->form == FORM_TIERS && !first ? "," : member->before);
			if (!(member->form == FORM_NAME_LISTS ? read_list(json, member, rule) :
				  read_object(json, member, rule)))
				return false;
		}
		return !json->failed;
	}
	promo_puts(rule, member->before);
	if (!(member->form == FORM_OBJECT ? read_object(json, member, rule) :
		  member->form == FORM_NAMES || member->form == FORM_WORDS ? read_list(json, member, rule) :
		  read_scalar(json, member, rule)))
		return false;
	promo_puts(rule, member->after);
	return true;
}

/*
 * Members may come in any order: their places are noted first, then they are
 * read in the order of the grammar.  Goes no deeper than the shapes do.
 */
static bool
read_object(PromoJson *json, const Member *member, PromoBuffer *rule)
{
	const Shape *shape = member->shape;
	size_t		places[MAX_MEMBERS] = {0};
	PromoText	key;

	if (!enter(json, member, PROMO_JSON_OBJECT))
		return false;
	while (promo_json_member(json, &key))
	{
		int			i = 0;

		while (i < shape->n && !promo_text_equal(key, promo_text(shape->members[i].name)))
			i++;
		if (i == shape->n)
			return fail_unknown(json, shape, key);
		if (places[i] != 0)
			return promo_json_fail(json, "The member \"%s\" is there twice.", shape->members[i].name);
		places[i] = json->at;
		if (!promo_json_skip(json))
			return false;
	}
	if (json->failed)
		return false;
	for (int i = 0; i < shape->n; i++)
	{
		PromoJson	value = *json;

		value.at = places[i];
		if (places[i] != 0 && !read_member(&value, &shape->members[i], rule))
			return false;
	}
	return true;
}

PromoRule *
promo_rule_from_json(PromoArena *arena, PromoText json, PromoError *err)
{
	static const Member whole = {"rule", FORM_OBJECT, "", "", &rule_shape};
	PromoJson	reader;
	PromoBuffer rule;

	promo_json_init(&reader, arena, json, "promo.rule", err);
	promo_buffer_init(&rule, arena);
	if (!read_object(&reader, &whole, &rule) || !promo_json_end(&reader))
		return NULL;
	if (rule.len > UINT32_MAX)
	{
		promo_json_fail(&reader, "The rule is too long.");
		return NULL;
	}
	return promo_rule_parse(arena, (PromoText) {rule.data, (uint32_t) rule.len}, err);
}

/* ----------------------------------------------------------------
 * Writing
 * ----------------------------------------------------------------
 */

static void
put_key(PromoBuffer *buf, const char *name)
{
	char		last = buf->data[buf->len - 1];

	promo_putf(buf, "%s\"%s\":", last == '{' ? "" : ",", name);
}

static void
put_flag(PromoBuffer *buf, const char *name)
{
	put_key(buf, name);
	promo_puts(buf, "true");
}

static void
put_money(PromoBuffer *buf, const char *name, int64_t money)
{
	put_key(buf, name);
	promo_putc(buf, '"');
	promo_put_rule_money(buf, money);
	promo_putc(buf, '"');
}

static void
put_percent(PromoBuffer *buf, const char *name, int64_t percent)
{
	put_key(buf, name);
	promo_putc(buf, '"');
	promo_put_rule_percent(buf, percent);
	promo_puts(buf, "%\"");
}

/* points, or a factor of them */
static void
put_points(PromoBuffer *buf, const char *name, const char *before, int64_t points)
{
	put_key(buf, name);
	promo_putf(buf, "\"%s", before);
	promo_put_rule_points(buf, points);
	promo_putc(buf, '"');
}

static void
put_units(PromoBuffer *buf, const char *name, int64_t units)
{
	put_key(buf, name);
	promo_putf(buf, "%lld", (long long) units);
}

static void
put_list(PromoBuffer *buf, const PromoRule *rule, PromoSlice names)
{
	promo_putc(buf, '[');
	for (uint32_t i = 0; i < names.n; i++)
	{
		if (i > 0)
			promo_putc(buf, ',');
		promo_put_json_string(buf, promo_rule_name(rule, names, i));
	}
	promo_putc(buf, ']');
}

/* nothing if there are none */
static void
put_names(PromoBuffer *buf, const char *name, const PromoRule *rule, PromoSlice names)
{
	if (names.n == 0)
		return;
	put_key(buf, name);
	put_list(buf, rule, names);
}

static void
put_condition(PromoBuffer *buf, PromoCondition condition, bool strict, int64_t threshold)
{
	switch (condition)
	{
		case PROMO_ALWAYS:
			break;
		case PROMO_SPEND:
			put_money(buf, strict ? "spend_over" : "spend", threshold);
			break;
		case PROMO_EVERY:
			put_money(buf, "every", threshold);
			break;
		case PROMO_BUY:
			put_units(buf, "buy", threshold);
			break;
		case PROMO_EVERY_UNITS:
			put_units(buf, "every_units", threshold);
			break;
		case PROMO_BUY_SET:
			put_key(buf, "buy");
			promo_puts(buf, "\"set\"");
			break;
	}
}

/* get, add and gift */
static void
put_reward(PromoBuffer *buf, const PromoRule *rule, const PromoTier *tier)
{
	bool		get = tier->action != PROMO_ADD && tier->action != PROMO_GIFT;

	put_key(buf, get ? "get" : tier->action == PROMO_ADD ? "add" : "gift");
	promo_putc(buf, '{');
	if (get || tier->count > 1)
		put_units(buf, "units", tier->count);
	put_names(buf, "sku", rule, tier->skus);
	if (tier->action == PROMO_GET_FREE)
		put_flag(buf, "free");
	else if (tier->action == PROMO_GET_SAVE_PERCENT)
		put_percent(buf, "save", tier->value);
	else if (tier->action == PROMO_GET_SAVE_AMOUNT)
		put_money(buf, "save", tier->value);
	else if (tier->action == PROMO_GET_PRICE)
		put_money(buf, "price", tier->value);
	else if (tier->action == PROMO_ADD)
		put_money(buf, "at", tier->value);
	promo_putc(buf, '}');
}

static void
put_tier(PromoBuffer *buf, const PromoRule *rule, const PromoTier *tier)
{
	promo_putc(buf, '{');
	put_condition(buf, tier->condition, tier->strict, tier->threshold);
	switch ((PromoAction) tier->action)
	{
		case PROMO_SAVE_PERCENT:
			put_percent(buf, "save", tier->value);
			break;
		case PROMO_SAVE_AMOUNT:
			put_money(buf, "save", tier->value);
			break;
		case PROMO_SAVE_EACH:
			put_money(buf, "save_each", tier->value);
			break;
		case PROMO_PRICE_EACH:
			put_money(buf, "price_each", tier->value);
			break;
		case PROMO_TOTAL:
			put_money(buf, "total", tier->value);
			break;
		case PROMO_GET_FREE:
		case PROMO_GET_SAVE_PERCENT:
		case PROMO_GET_SAVE_AMOUNT:
		case PROMO_GET_PRICE:
		case PROMO_ADD:
		case PROMO_GIFT:
			put_reward(buf, rule, tier);
			break;
		case PROMO_SHIPPING_SAVE_AMOUNT:
			put_money(buf, "save_shipping", tier->value);
			break;
		case PROMO_SHIPPING_SAVE_PERCENT:
			put_percent(buf, "save_shipping", tier->value);
			break;
		case PROMO_SHIPPING_FREE:
			put_flag(buf, "free_shipping");
			break;
		case PROMO_EARN_POINTS:
			put_points(buf, "earn_points", "", tier->value);
			break;
		case PROMO_MULTIPLY_POINTS:
			put_points(buf, "points", "x", tier->value);
			break;
	}
	promo_putc(buf, '}');
}

/* the member "on"; nothing for the whole order without exceptions */
static void
put_scope(PromoBuffer *buf, const PromoRule *rule, const PromoScope *scope)
{
	bool		excepts = scope->except_skus.n > 0 || scope->except_tags.n > 0 ||
		scope->except_discounted;

	if (scope->kind == PROMO_ON_ORDER && !excepts)
		return;
	put_key(buf, "on");
	promo_putc(buf, '{');
	if (scope->kind == PROMO_ON_ORDER)
		put_flag(buf, "order");
	if (scope->kind == PROMO_ON_ALL && !scope->each)
		put_flag(buf, "all");
	if (scope->each)
		put_flag(buf, "each");
	put_names(buf, scope->kind == PROMO_ON_SKU ? "sku" : "tag", rule, scope->names);
	if (excepts)
	{
		put_key(buf, "except");
		promo_putc(buf, '{');
		put_names(buf, "sku", rule, scope->except_skus);
		put_names(buf, "tag", rule, scope->except_tags);
		if (scope->except_discounted)
			put_flag(buf, "discounted");
		promo_putc(buf, '}');
	}
	promo_putc(buf, '}');
}

static void
put_when(PromoBuffer *buf, const PromoRule *rule, const PromoWhen *when)
{
	promo_putc(buf, '{');
	if (when->condition == PROMO_ALWAYS)
		put_names(buf, when->scope.kind == PROMO_ON_SKU ? "sku" : "tag", rule, when->scope.names);
	else
	{
		put_condition(buf, when->condition, when->strict, when->threshold);
		put_scope(buf, rule, &when->scope);
	}
	promo_putc(buf, '}');
}

/* who, with what, when */
static void
put_circumstances(PromoBuffer *buf, const PromoRule *rule)
{
	const char *separator = "";

	for (uint32_t i = 0; i < rule->buyers.n; i++)
	{
		if (i == 0)
			put_key(buf, "for");
		promo_putc(buf, i == 0 ? '[' : ',');
		put_list(buf, rule, promo_rule_buyers(rule)[i]);
	}
	if (rule->buyers.n > 0)
		promo_putc(buf, ']');
	put_names(buf, "code", rule, rule->codes);
	for (uint32_t i = 0; i < rule->whens.n; i++)
	{
		if (i == 0)
			put_key(buf, "when");
		promo_putc(buf, i == 0 ? '[' : ',');
		put_when(buf, rule, &promo_rule_whens(rule)[i]);
	}
	if (rule->whens.n > 0)
		promo_putc(buf, ']');
	if (rule->days != 0)
	{
		put_key(buf, "days");
		promo_putc(buf, '[');
		for (int i = 1; i <= 7; i++)	/* from Monday */
		{
			if (!(rule->days & 1 << i % 7))
				continue;
			promo_putf(buf, "%s\"%s\"", separator, promo_day_names[i % 7]);
			separator = ",";
		}
		promo_putc(buf, ']');
	}
	for (uint32_t i = 0; i < rule->hours.n; i++)
	{
		if (i == 0)
			put_key(buf, "hours");
		promo_puts(buf, i == 0 ? "[\"" : ",\"");
		promo_put_hours(buf, &promo_rule_hours(rule)[i]);
		promo_putc(buf, '"');
	}
	if (rule->hours.n > 0)
		promo_putc(buf, ']');
}

/* how much, beside what */
static void
put_bounds(PromoBuffer *buf, const PromoRule *rule)
{
	if (rule->clauses & PROMO_HAS_MAX)
		put_money(buf, "max", rule->max);
	if (rule->clauses & PROMO_HAS_LIMIT)
		put_units(buf, rule->clauses & PROMO_LIMIT_PER_LINE ? "limit_per_line" : "limit", rule->limit);
	if (rule->clauses & PROMO_HAS_TIMES)
		put_units(buf, "times", rule->times);
	if (rule->clauses & PROMO_HAS_FLOOR)
		put_money(buf, "floor", rule->floor);
	if (rule->clauses & PROMO_HAS_MARGIN)
		put_percent(buf, "margin", rule->margin);
	if (rule->clauses & PROMO_STACK)
		put_flag(buf, "stack");
	if (rule->clauses & PROMO_EXCLUSIVE)
		put_flag(buf, "exclusive");
	if (rule->clauses & PROMO_HAS_GROUP)
	{
		put_key(buf, "group");
		promo_put_json_string(buf, promo_rule_text(rule, rule->group));
	}
	if (rule->clauses & PROMO_STOP)
		put_flag(buf, "stop");
	if (rule->clauses & PROMO_GRADUATED)
		put_flag(buf, "graduated");
	if (rule->choice != PROMO_CHOICE_DEFAULT)
		put_flag(buf, rule->choice == PROMO_CHOICE_DEAREST ? "dearest" : "cheapest");
	if (rule->basis != PROMO_BASIS_DEFAULT)
	{
		put_key(buf, "of");
		promo_puts(buf, rule->basis == PROMO_BASIS_LIST ? "\"list\"" : "\"running\"");
	}
}

void
promo_rule_to_json(PromoBuffer *buf, const PromoRule *rule)
{
	promo_puts(buf, "{\"tiers\":[");
	for (uint32_t i = 0; i < rule->tiers.n; i++)
	{
		if (i > 0)
			promo_putc(buf, ',');
		put_tier(buf, rule, &promo_rule_tiers(rule)[i]);
	}
	promo_putc(buf, ']');
	put_scope(buf, rule, &rule->scope);
	put_circumstances(buf, rule);
	put_bounds(buf, rule);
	promo_putc(buf, '}');
}
