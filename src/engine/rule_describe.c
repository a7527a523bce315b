/*-------------------------------------------------------------------------
 *
 * rule_describe.c
 *	  a rule as shop copy, in English and Chinese
 *
 * Every phrase is a pair of templates; a marker in it stands for a figure of
 * the tier:
 *		%T money of the condition		%N units of the condition
 *		%M money of the action			%P percentage		%F the same as 折
 *		%C number of reward units		%E "each", if they are several
 *		%S the SKUs named				%K how many of them, in Chinese
 *		%Q points
 * Floors and margins are the shop's own business, and left out.
 *
 *-------------------------------------------------------------------------
 */
#include "rule_words.h"

typedef struct Phrase
{
	const char *en;
	const char *zh;
} Phrase;

static const Phrase conditions[] = {
	[PROMO_ALWAYS] = {"", ""},
	[PROMO_SPEND] = {"spend %T, ", "满%T元"},
	[PROMO_EVERY] = {"for every %T spent, ", "每满%T元"},
	[PROMO_BUY] = {"buy %N, ", "满%N件"},
	[PROMO_EVERY_UNITS] = {"for every %N units, ", "每满%N件"},
	[PROMO_BUY_SET] = {"buy the set, ", "套装"}
};
static const Phrase spend_over = {"spend over %T, ", "超过%T元"};
static const Phrase buy_and_get = {"buy %N, ", "买%N件"};

static const Phrase actions[] = {
	[PROMO_SAVE_PERCENT] = {"save %P", "%F"},
	[PROMO_SAVE_AMOUNT] = {"save %M", "减%M元"},
	[PROMO_SAVE_EACH] = {"save %M each", "每件减%M元"},
	[PROMO_PRICE_EACH] = {"pay %M each", "每件%M元"},
	[PROMO_TOTAL] = {"pay %M in all", "一口价%M元"},
	[PROMO_GET_FREE] = {"get %C free", "送%C件"},
	[PROMO_GET_SAVE_PERCENT] = {"get %C at %P off", "另享%C件%F"},
	[PROMO_GET_SAVE_AMOUNT] = {"get %C at %M off%E", "另享%C件%E减%M元"},
	[PROMO_GET_PRICE] = {"get %C for %M%E", "另享%C件%E%M元"},
	[PROMO_ADD] = {"add %S for %M%E", "%E加%M元换购 %S%K"},
	[PROMO_GIFT] = {"get %S as a gift", "赠 %S%K"},
	[PROMO_SHIPPING_SAVE_AMOUNT] = {"save %M on shipping", "运费减%M元"},
	[PROMO_SHIPPING_SAVE_PERCENT] = {"save %P on shipping", "运费%F"},
	[PROMO_SHIPPING_FREE] = {"free shipping", "包邮"},
	[PROMO_EARN_POINTS] = {"earn %Q points", "送%Q积分"},
	[PROMO_MULTIPLY_POINTS] = {"%Q times the points", "%Q倍积分"}
};

/* get ... of sku, by action */
static const Phrase get_of_sku[] = {
	[PROMO_GET_FREE] = {"get %C of %S free", "送 %S%K"},
	[PROMO_GET_SAVE_PERCENT] = {"get %C of %S at %P off", "另享 %S%K%F"},
	[PROMO_GET_SAVE_AMOUNT] = {"get %C of %S at %M off%E", "另享 %S%K%E减%M元"},
	[PROMO_GET_PRICE] = {"get %C of %S for %M%E", "另享 %S%K%E%M元"}
};
static const Phrase add_several = {"add up to %C of %S for %M%E", "%E加%M元换购 %S%K"};
static const Phrase gift_several = {"get %C of %S as gifts", "赠 %S%K"};
static const Phrase double_points = {"double points", "双倍积分"};
static const Phrase special_price = {"pay %M each", "特价%M元"};
static const Phrase flash_price = {"pay %M each", "秒杀价%M元"};
static const Phrase percent_off = {"%P off", "%F"};

/* a new price of a whole group, by condition; it says the condition too */
static const Phrase totals[] = {
	[PROMO_ALWAYS] = {"pay %M in all", "一口价%M元"},
	[PROMO_SPEND] = {"spend %T, pay %M in all", "满%T元一口价%M元"},
	[PROMO_EVERY] = {"for every %T spent, pay %M", "每满%T元付%M元"},
	[PROMO_BUY] = {"any %N for %M", "任选%N件%M元"},
	[PROMO_EVERY_UNITS] = {"every %N for %M", "每%N件%M元"},
	[PROMO_BUY_SET] = {"the set for %M", "套装%M元"}
};
static const Phrase total_over = {"spend over %T, pay %M in all", "超过%T元一口价%M元"};

/* What is being written. */
typedef struct Copy
{
	PromoBuffer *buf;
	const PromoRule *rule;
	bool		zh;
	PromoOfUtf8 *of_utf8;
} Copy;

/* wording, in the encoding of the names beside it */
static const char *
worded(const Copy *copy, const char *utf8)
{
	return copy->of_utf8 != NULL ? copy->of_utf8(utf8) : utf8;
}

static void
put(const Copy *copy, const char *utf8)
{
	promo_puts(copy->buf, worded(copy, utf8));
}

static void
say(const Copy *copy, const char *en, const char *zh)
{
	put(copy, copy->zh ? zh : en);
}

static void
say_units(const Copy *copy, int64_t units)
{
	promo_putf(copy->buf, "%lld", (long long) units);
}

static void
say_money(const Copy *copy, int64_t money)
{
	promo_put_rule_money(copy->buf, money);
}

/* 20 % off is 8折 */
static void
say_fold(const Copy *copy, int64_t percent)
{
	if (percent == PROMO_WHOLE)
		put(copy, "免费");
	else if (percent == 0)
		put(copy, "原价");
	else
	{
		promo_put_decimal(copy->buf, PROMO_WHOLE - percent, PROMO_PERCENT_DIGITS + 1, 0);
		put(copy, "折");
	}
}

static void
say_names(const Copy *copy, PromoSlice names, const char *between)
{
	for (uint32_t i = 0; i < names.n; i++)
	{
		PromoText	name = promo_rule_name(copy->rule, names, i);

		if (i > 0)
			put(copy, between);
		promo_put(copy->buf, name.data, name.len);
	}
}

/* A or B */
static void
say_any(const Copy *copy, PromoSlice names)
{
	say_names(copy, names, copy->zh ? "或" : " or ");
}

static void
say_figure(const Copy *copy, const PromoTier *tier, char marker)
{
	switch (marker)
	{
		case 'T':
			say_money(copy, tier->threshold);
			break;
		case 'N':
			say_units(copy, tier->threshold);
			break;
		case 'M':
			say_money(copy, tier->value);
			break;
		case 'P':
			promo_put_rule_percent(copy->buf, tier->value);
			promo_putc(copy->buf, '%');
			break;
		case 'F':
			say_fold(copy, tier->value);
			break;
		case 'Q':
			promo_put_rule_points(copy->buf, tier->value);
			break;
		case 'C':
			say_units(copy, tier->count);
			break;
		case 'E':
			if (tier->count > 1)
				say(copy, " each", "每件");
			break;
		case 'S':
			say_names(copy, tier->skus, copy->zh ? "、" : " or ");
			break;
		case 'K':
			if (tier->skus.n == 1 && tier->count == 1 &&
				(tier->action == PROMO_ADD || tier->action == PROMO_GIFT))
				break;
			put(copy, tier->skus.n > 1 ? "任选" : " ");
			say_units(copy, tier->count);
			put(copy, "件");
			break;
	}
}

static void
say_phrase(const Copy *copy, const Phrase *phrase, const PromoTier *tier)
{
	for (const char *p = worded(copy, copy->zh ? phrase->zh : phrase->en); *p != '\0'; p++)
	{
		if (*p == '%')
			say_figure(copy, tier, *++p);
		else
			promo_putc(copy->buf, *p);
	}
}

/* ---------------------------------------------------------------- tiers */

static bool
is_get(const PromoTier *tier)
{
	return tier->action >= PROMO_GET_FREE && tier->action <= PROMO_GET_PRICE;
}

static bool
is_offer(const PromoTier *tier)
{
	return tier->action == PROMO_ADD || tier->action == PROMO_GIFT;
}

static const Phrase *
condition_phrase(const PromoTier *tier)
{
	if (tier->strict)
		return &spend_over;
	if (tier->condition == PROMO_BUY && is_get(tier))
		return &buy_and_get;
	return &conditions[tier->condition];
}

static const Phrase *
action_phrase(const PromoRule *rule, const PromoTier *tier)
{
	if (tier->action == PROMO_PRICE_EACH && tier->condition == PROMO_ALWAYS)
		return rule->clauses & PROMO_HAS_LIMIT ? &flash_price : &special_price;
	if (tier->action == PROMO_MULTIPLY_POINTS && tier->value == 2 * PROMO_POINTS)
		return &double_points;
	if (tier->action == PROMO_ADD && tier->count > 1)
		return &add_several;
	if (tier->action == PROMO_GIFT && tier->count > 1)
		return &gift_several;
	if (is_get(tier) && tier->skus.n > 0)
		return &get_of_sku[tier->action];
	return &actions[tier->action];
}

static void
say_tier(const Copy *copy, const PromoTier *tier)
{
	if (tier->action == PROMO_TOTAL)
	{
		say_phrase(copy, tier->strict ? &total_over : &totals[tier->condition], tier);
		return;
	}
	say_phrase(copy, condition_phrase(tier), tier);
	if (copy->zh && is_offer(tier) && tier->condition != PROMO_ALWAYS)
		put(copy, "，");
	say_phrase(copy, action_phrase(copy->rule, tier), tier);
}

static void
say_tiers(const Copy *copy)
{
	const PromoTier *tiers = promo_rule_tiers(copy->rule);
	const char *between = copy->zh ? "，" : "; ";

	for (uint32_t i = 0; i < copy->rule->tiers.n; i++)
		if (is_offer(&tiers[i]))
			between = copy->zh ? "；" : "; ";
	for (uint32_t i = 0; i < copy->rule->tiers.n; i++)
	{
		if (i > 0)
			put(copy, between);
		say_tier(copy, &tiers[i]);
	}
}

/* ---------------------------------------------------------------- for whom, on what */

static void
say_tags(const Copy *copy, PromoSlice tags)
{
	say_names(copy, tags, copy->zh ? "、" : ", ");
	say(copy, "", "类商品");
}

/* the goods of a scope that is not the order */
static void
say_scope(const Copy *copy, const PromoScope *scope)
{
	if (scope->kind == PROMO_ON_ALL)
	{
		if (scope->each)
			say(copy, "each product", "每款商品");
		else
			say(copy, "everything", "全场");
		return;
	}
	if (scope->each)
		say(copy, "each of ", "");
	if (scope->kind == PROMO_ON_SKU)
		say_names(copy, scope->names, copy->zh ? "、" : ", ");
	else
		say_tags(copy, scope->names);
	if (scope->each)
		say(copy, "", "每款");
}

static bool
is_first_order(PromoText tag)
{
	return promo_text_equal(tag, promo_text("first_order"));
}

/* the tags of one `for` */
static void
say_buyers(const Copy *copy, PromoSlice tags, bool first)
{
	const char *names[2] = {"first order", "首单"};

	if (tags.n == 1 && is_first_order(promo_rule_name(copy->rule, tags, 0)))
	{
		say(copy, first ? "First order" : names[0], names[1]);
		return;
	}
	say(copy, first ? "For " : "for ", "");
	for (uint32_t i = 0; i < tags.n; i++)
	{
		PromoText	tag = promo_rule_name(copy->rule, tags, i);

		if (i > 0)
			say(copy, " or ", "或");
		if (is_first_order(tag))
			say(copy, names[0], names[1]);
		else
			promo_put(copy->buf, tag.data, tag.len);
	}
	say(copy, "", "专享");
}

/* 20% off A */
static bool
is_percent_off(const PromoRule *rule)
{
	const PromoTier *tier = promo_rule_tiers(rule);

	return rule->tiers.n == 1 && tier->condition == PROMO_ALWAYS && tier->action == PROMO_SAVE_PERCENT;
}

/* who and what, and what they get */
static void
say_offer(const Copy *copy)
{
	const PromoRule *rule = copy->rule;
	bool		percent_of = is_percent_off(rule) && !copy->zh;
	bool		on_goods = rule->scope.kind != PROMO_ON_ORDER;
	size_t		start = copy->buf->len;

	for (uint32_t i = 0; i < rule->buyers.n; i++)
	{
		if (i > 0)
			say(copy, ", ", " ");
		say_buyers(copy, promo_rule_buyers(rule)[i], i == 0);
	}
	if (on_goods && !percent_of)
	{
		if (copy->buf->len > start)
			say(copy, ", ", " ");
		say_scope(copy, &rule->scope);
	}
	if (copy->buf->len > start)
	{
		/* 首单满100元, but: gold专享 满100元 */
		bool		first_order = rule->buyers.n == 1 && !on_goods &&
			promo_rule_buyers(rule)[0].n == 1 &&
			is_first_order(promo_rule_name(rule, promo_rule_buyers(rule)[0], 0));

		say(copy, ": ", first_order ? "" : " ");
	}
	if (percent_of)
	{
		say_phrase(copy, &percent_off, promo_rule_tiers(rule));
		if (on_goods)
		{
			promo_putc(copy->buf, ' ');
			say_scope(copy, &rule->scope);
		}
		return;
	}
	say_tiers(copy);
	if (!copy->zh && rule->buyers.n == 0 &&
		(rule->scope.each || rule->scope.kind == PROMO_ON_ORDER || rule->scope.kind == PROMO_ON_ALL))
	{
		/* it begins with a word of ours, not with a name */
		char	   *first = &copy->buf->data[start];

		if (*first >= 'a' && *first <= 'z')
			*first = (char) (*first - 'a' + 'A');
	}
}

/* ---------------------------------------------------------------- clauses */

static void
say_bounds(const Copy *copy)
{
	const PromoRule *rule = copy->rule;
	const char *comma = copy->zh ? "，" : ", ";
	const PromoTier figures = {.value = rule->max};

	if (rule->clauses & PROMO_HAS_MAX)
	{
		static const Phrase max_off = {"up to %M off", "最高减%M元"};
		static const Phrase max_points = {"up to %Q points", "最多%Q积分"};

		put(copy, comma);
		say_phrase(copy, rule->stage == PROMO_STAGE_POINTS ? &max_points : &max_off, &figures);
	}
	if (rule->clauses & PROMO_HAS_LIMIT)
	{
		put(copy, comma);
		say(copy, "limit ", rule->clauses & PROMO_LIMIT_PER_LINE ? "每行限" : "限");
		say_units(copy, rule->limit);
		say(copy, rule->clauses & PROMO_LIMIT_PER_LINE ? " per line" : "", "件");
	}
	if (rule->clauses & PROMO_HAS_TIMES)
	{
		put(copy, comma);
		say(copy, "at most ", "限");
		say_units(copy, rule->times);
		say(copy, rule->times == 1 ? " time" : " times", "次");
	}
}

static void
say_manners(const Copy *copy)
{
	static const struct
	{
		uint16_t	clause;
		Phrase		phrase;
	}			clauses[] = {
		{PROMO_GRADUATED, {"each tier on its own part", "分段计算"}},
		{PROMO_STACK, {"can be combined", "可叠加"}},
		{PROMO_EXCLUSIVE, {"not combined with other offers", "不与其他优惠同享"}},
		{PROMO_HAS_GROUP, {"only the best offer of its group", "同组优惠取最优"}},
		{PROMO_STOP, {"no further offers on these items", "不再享受后续优惠"}}
	};
	const char *comma = copy->zh ? "，" : ", ";

	for (size_t i = 0; i < sizeof(clauses) / sizeof(clauses[0]); i++)
	{
		if (!(copy->rule->clauses & clauses[i].clause))
			continue;
		put(copy, comma);
		say(copy, clauses[i].phrase.en, clauses[i].phrase.zh);
	}
	if (copy->rule->choice != PROMO_CHOICE_DEFAULT)
	{
		put(copy, comma);
		if (copy->rule->choice == PROMO_CHOICE_DEAREST)
			say(copy, "dearest first", "高价优先");
		else
			say(copy, "cheapest first", "低价优先");
	}
	if (copy->rule->basis != PROMO_BASIS_DEFAULT)
	{
		put(copy, comma);
		if (copy->rule->basis == PROMO_BASIS_LIST)
			say(copy, "counted before other discounts", "按原价计算");
		else
			say(copy, "counted after other discounts", "按优惠后价格计算");
	}
}

static bool
has_exceptions(const PromoScope *scope)
{
	return scope->except_skus.n > 0 || scope->except_tags.n > 0 || scope->except_discounted;
}

/* C, sale, discounted items */
static void
say_exceptions(const Copy *copy, const PromoScope *scope)
{
	const char *comma = copy->zh ? "、" : ", ";
	size_t		start = copy->buf->len;

	say_names(copy, scope->except_skus, comma);
	if (scope->except_tags.n > 0)
	{
		if (copy->buf->len > start)
			put(copy, comma);
		say_tags(copy, scope->except_tags);
	}
	if (scope->except_discounted)
	{
		if (copy->buf->len > start)
			put(copy, comma);
		say(copy, "discounted items", "已优惠商品");
	}
}

static void
say_when(const Copy *copy, const PromoWhen *when)
{
	static const Phrase spend = {"when you spend %T", "满%T元"};
	static const Phrase over = {"when you spend over %T", "超过%T元"};
	static const Phrase buy = {"when you buy %N", "满%N件"};
	const Phrase *phrase = when->condition == PROMO_BUY ? &buy : when->strict ? &over : &spend;
	const PromoTier figures = {.threshold = when->threshold};

	if (when->condition == PROMO_ALWAYS)
	{
		say(copy, "with ", "需购买");
		say_any(copy, when->scope.names);
		say(copy, " in the cart", when->scope.kind == PROMO_ON_TAG ? "类商品" : "");
		return;
	}
	if (!copy->zh)
		say_phrase(copy, phrase, &figures);
	if (has_exceptions(&when->scope) && copy->zh)
	{
		put(copy, "除");
		say_exceptions(copy, &when->scope);
		put(copy, "外");
	}
	if (when->scope.kind == PROMO_ON_ORDER)
		say(copy, "", "订单");
	else
	{
		say(copy, when->condition == PROMO_BUY ? " of " : " on ", "");
		say_scope(copy, &when->scope);
	}
	if (has_exceptions(&when->scope) && !copy->zh)
	{
		put(copy, " except ");
		say_exceptions(copy, &when->scope);
	}
	if (copy->zh)
		say_phrase(copy, phrase, &figures);
}

static void
say_days(const Copy *copy, uint8_t days)
{
	static const Phrase names[7] = {
		{"Sun", "周日"}, {"Mon", "周一"}, {"Tue", "周二"}, {"Wed", "周三"},
		{"Thu", "周四"}, {"Fri", "周五"}, {"Sat", "周六"}
	};
	bool		first = true;

	say(copy, "on ", "限");
	for (int i = 1; i <= 7; i++)	/* from Monday */
	{
		if (!(days & 1 << i % 7))
			continue;
		if (!first)
			say(copy, ", ", "、");
		first = false;
		say(copy, names[i % 7].en, names[i % 7].zh);
	}
}

/* before each item in the parentheses: opens them, or separates */
static void
next_item(const Copy *copy, bool *open)
{
	if (*open)
		say(copy, "; ", "；");
	else
		say(copy, " (", "（");
	*open = true;
}

/* on what else it depends, in parentheses */
static void
say_circumstances(const Copy *copy)
{
	const PromoRule *rule = copy->rule;
	bool		open = false;

	if (has_exceptions(&rule->scope))
	{
		next_item(copy, &open);
		say(copy, "except ", "");
		say_exceptions(copy, &rule->scope);
		say(copy, "", "除外");
	}
	if (rule->codes.n > 0)
	{
		next_item(copy, &open);
		say(copy, "with code ", "凭优惠码");
		say_any(copy, rule->codes);
	}
	for (uint32_t i = 0; i < rule->whens.n; i++)
	{
		next_item(copy, &open);
		say_when(copy, &promo_rule_whens(rule)[i]);
	}
	if (rule->days != 0)
	{
		next_item(copy, &open);
		say_days(copy, rule->days);
	}
	for (uint32_t i = 0; i < rule->hours.n; i++)
	{
		if (i == 0)
			next_item(copy, &open);
		else
			say(copy, ", ", "、");
		promo_put_hours(copy->buf, &promo_rule_hours(rule)[i]);
	}
	if (open)
		say(copy, ")", "）");
}

bool
promo_rule_describe(PromoBuffer *buf, const PromoRule *rule, PromoText language,
					PromoOfUtf8 *of_utf8, PromoError *err)
{
	Copy		copy = {buf, rule, promo_text_equal(language, promo_text("zh")), of_utf8};

	if (!copy.zh && !promo_text_equal(language, promo_text("en")))
	{
		promo_fail(err, PROMO_BAD_VALUE, "unknown language: \"%.*s\"",
				   promo_shown(language), language.data);
		return promo_hint(err, "Languages are en and zh.");
	}
	say_offer(&copy);
	say_bounds(&copy);
	say_manners(&copy);
	say_circumstances(&copy);
	return true;
}
