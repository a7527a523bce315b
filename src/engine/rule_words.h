/*-------------------------------------------------------------------------
 *
 * rule_words.h
 *	  words of the rule language, as the files that write it need them
 *
 *-------------------------------------------------------------------------
 */
#ifndef PROMO_RULE_WORDS_H
#define PROMO_RULE_WORDS_H

#include "rule_value.h"

/* "sun" ... "sat" */
extern const char *const promo_day_names[7];

/* would be read as one name, as it is, without quotes */
extern bool promo_is_bare_word(PromoText text);

/* a SKU, tag, code or group as rule text, quoted if it has to be */
extern void promo_put_rule_name(PromoBuffer *buf, PromoText name);

/* 30, 9.90: cents are shown whole */
extern void promo_put_rule_money(PromoBuffer *buf, int64_t money);
/* 12.5, without the sign */
extern void promo_put_rule_percent(PromoBuffer *buf, int64_t percent);
/* points, or a factor */
extern void promo_put_rule_points(PromoBuffer *buf, int64_t points);
/* 22:00-02:00 */
extern void promo_put_hours(PromoBuffer *buf, const PromoHours *hours);

static inline const PromoHours *
promo_rule_hours(const PromoRule *rule)
{
	return PROMO_RULE_ARRAY(rule, PromoHours, rule->hours);
}

static inline const PromoWhen *
promo_rule_whens(const PromoRule *rule)
{
	return PROMO_RULE_ARRAY(rule, PromoWhen, rule->whens);
}

/* the tags of each `for` */
static inline const PromoSlice *
promo_rule_buyers(const PromoRule *rule)
{
	return PROMO_RULE_ARRAY(rule, PromoSlice, rule->buyers);
}

#endif							/* PROMO_RULE_WORDS_H */
