/*-------------------------------------------------------------------------
 *
 * period.c
 *	  instants and periods in text
 *
 * Only ISO 8601 and only UTC or an offset that is written out, so that no
 * setting of a session has a say.
 *
 *-------------------------------------------------------------------------
 */
#include "ruleset_value.h"

#define SECOND	INT64_C(1000000)
#define MINUTE	(60 * SECOND)
#define HOUR	(60 * MINUTE)
#define DAY		PROMO_DAY_LENGTH

/* ---------------------------------------------------------------- instants */

/* text without the spaces around it */
static PromoText
trim(PromoText text)
{
	while (text.len > 0 && text.data[0] == ' ')
	{
		text.data++;
		text.len--;
	}
	while (text.len > 0 && text.data[text.len - 1] == ' ')
		text.len--;
	return text;
}

static bool
same_word(PromoText text, const char *word)
{
	if (text.len != strlen(word))
		return false;
	for (uint32_t i = 0; i < text.len; i++)
		if (text.data[i] != word[i] && (text.data[i] | 0x20) != word[i])
			return false;
	return true;
}

/* takes a character if it comes next */
static bool
take(PromoText *rest, char c)
{
	if (rest->len == 0 || rest->data[0] != c)
		return false;
	rest->data++;
	rest->len--;
	return true;
}

/* takes a number of exactly two digits, at most max */
static bool
take_two(PromoText *rest, int max, int *number)
{
	if (rest->len < 2 || !promo_is_digit(rest->data[0]) || !promo_is_digit(rest->data[1]))
		return false;
	*number = (rest->data[0] - '0') * 10 + (rest->data[1] - '0');
	rest->data += 2;
	rest->len -= 2;
	return *number <= max;
}

/* HH:MM[:SS[.ffffff]], in microseconds; 24:00 is the end of the day */
static bool
take_time(PromoText *rest, int64_t *time)
{
	int			hour;
	int			minute;
	int			second = 0;
	int64_t		fraction = 0;

	if (!take_two(rest, 24, &hour) || !take(rest, ':') || !take_two(rest, 59, &minute))
		return false;
	if (take(rest, ':'))
	{
		if (!take_two(rest, 59, &second))
			return false;
		if (take(rest, '.'))
		{
			int64_t		place = SECOND / 10;

			if (rest->len == 0 || !promo_is_digit(rest->data[0]))
				return false;
			for (; rest->len > 0 && promo_is_digit(rest->data[0]); place /= 10)
			{
				if (place == 0)
					return false;
				fraction += place * (rest->data[0] - '0');
				rest->data++;
				rest->len--;
			}
		}
	}
	*time = hour * HOUR + minute * MINUTE + second * SECOND + fraction;
	return *time <= DAY;
}

/* Z or (+|-)HH[:MM[:SS]]; nothing is UTC */
static bool
take_offset(PromoText *rest, int64_t *offset)
{
	bool		west;
	int			hour;
	int			minute = 0;
	int			second = 0;

	*offset = 0;
	if (rest->len == 0 || take(rest, 'Z') || take(rest, 'z'))
		return true;
	west = take(rest, '-');
	if (!west && !take(rest, '+'))
		return false;
	if (!take_two(rest, 15, &hour) ||
		(take(rest, ':') &&
		 (!take_two(rest, 59, &minute) || (take(rest, ':') && !take_two(rest, 59, &second)))))
		return false;
	*offset = hour * HOUR + minute * MINUTE + second * SECOND;
	if (west)
		*offset = -*offset;
	return true;
}

static bool
fail_instant(PromoText text, PromoError *err)
{
	promo_fail(err, PROMO_BAD_SYNTAX, "invalid time: \"%.*s\"", promo_shown(text), text.data);
	return promo_hint(err, "Write times as 2026-01-31 or 2026-01-31 18:00:00+08.");
}

static bool
fail_range(PromoText text, PromoError *err)
{
	promo_fail(err, PROMO_OUT_OF_RANGE, "time out of range: \"%.*s\"", promo_shown(text), text.data);
	return promo_detail(err, "Years are 0001 to 9999.");
}

/* what promo_put_instant writes for an instant beyond the calendar: [-]digits */
static bool
is_integer(PromoText text)
{
	take(&text, '-');
	if (text.len == 0)
		return false;
	for (uint32_t i = 0; i < text.len; i++)
		if (!promo_is_digit(text.data[i]))
			return false;
	return true;
}

bool
promo_parse_instant(PromoText text, int64_t *instant, PromoError *err)
{
	PromoText	rest = trim(text);
	int64_t		year = 0;
	int			digits = 0;
	int			month;
	int			day;
	int64_t		time = 0;
	int64_t		offset = 0;

	if (same_word(rest, "infinity") || same_word(rest, "-infinity"))
	{
		*instant = rest.data[0] == '-' ? PROMO_INSTANT_MIN : PROMO_INSTANT_MAX;
		return true;
	}
	if (is_integer(rest))
	{
		if (!promo_parse_decimal(rest, 0, INT64_MAX, false, "time", instant, err))
			return false;
		return promo_in_calendar(*instant) ? fail_instant(text, err) : true;
	}
	for (; rest.len > 0 && promo_is_digit(rest.data[0]); digits++)
	{
		if (year <= 9999)
			year = year * 10 + (rest.data[0] - '0');
		rest.data++;
		rest.len--;
	}
	if (digits < 4 || !take(&rest, '-') || !take_two(&rest, 12, &month) || month == 0 ||
		!take(&rest, '-') || !take_two(&rest, 31, &day) || day == 0)
		return fail_instant(text, err);
	if (year < 1 || year > 9999)
		return fail_range(text, err);
	if (day > promo_days_of_month(year, month))
		return fail_instant(text, err);
	if (rest.len > 0 && !take(&rest, ' ') && !take(&rest, 'T') && !take(&rest, 't'))
		return fail_instant(text, err);
	if (rest.len > 0 && (!take_time(&rest, &time) || !take_offset(&rest, &offset)))
		return fail_instant(text, err);
	if (rest.len > 0)
		return fail_instant(text, err);
	*instant = promo_day_of(year, month, day) * DAY + time - offset;
	return promo_in_calendar(*instant) ? true : fail_range(text, err);
}

void
promo_put_instant(PromoBuffer *buf, int64_t instant)
{
	int64_t		time;

	if (instant == PROMO_INSTANT_MAX || instant == PROMO_INSTANT_MIN)
	{
		promo_puts(buf, instant == PROMO_INSTANT_MAX ? "infinity" : "-infinity");
		return;
	}
	if (!promo_in_calendar(instant))
	{
		promo_putf(buf, "%lld", (long long) instant);
		return;
	}
	time = instant % DAY;
	if (time < 0)
		time += DAY;
	promo_put_date(buf, (int32_t) ((instant - time) / DAY));
	promo_putf(buf, " %02d:%02d:", (int) (time / HOUR), (int) (time / MINUTE % 60));
	if (time % MINUTE < 10 * SECOND)
		promo_putc(buf, '0');
	promo_put_decimal(buf, time % MINUTE, 6, 0);
	promo_puts(buf, "+00");
}

/* ---------------------------------------------------------------- periods */

static bool
fail_period(PromoText text, PromoError *err)
{
	promo_fail(err, PROMO_BAD_SYNTAX, "invalid period: \"%.*s\"", promo_shown(text), text.data);
	return promo_hint(err, "Write periods as [2026-01-01,2026-02-01).");
}

/*
 * One bound, up to `end`: nothing or an infinity is unbounded, as is only the
 * infinity of that side.
 */
static bool
parse_bound(PromoText text, int64_t unbounded, int64_t *bound, PromoError *err)
{
	text = trim(text);
	if (text.len == 0)
	{
		*bound = unbounded;
		return true;
	}
	if (text.len >= 2 && text.data[0] == '"' && text.data[text.len - 1] == '"')
		text = (PromoText) {text.data + 1, text.len - 2};
	if (!promo_parse_instant(text, bound, err))
		return false;
	if (*bound != unbounded && !promo_in_calendar(*bound))
		return fail_range(text, err);
	return true;
}

bool
promo_parse_period(PromoText text, PromoPeriod *period, PromoError *err)
{
	PromoText	whole = trim(text);
	const char *comma;
	uint32_t	lower_len;
	char		closing;

	memset(period, 0, sizeof(*period));
	if (same_word(whole, "empty"))
	{
		period->flags = PROMO_PERIOD_EMPTY;
		return true;
	}
	comma = whole.len > 0 ? memchr(whole.data, ',', whole.len) : NULL;
	closing = whole.len > 0 ? whole.data[whole.len - 1] : '\0';
	if (comma == NULL || (whole.data[0] != '[' && whole.data[0] != '(') ||
		(closing != ']' && closing != ')'))
		return fail_period(text, err);
	lower_len = (uint32_t) (comma - whole.data) - 1;
	if (!parse_bound((PromoText) {whole.data + 1, lower_len}, PROMO_INSTANT_MIN,
					 &period->lower, err) ||
		!parse_bound((PromoText) {comma + 1, whole.len - lower_len - 3}, PROMO_INSTANT_MAX,
					 &period->upper, err))
		return false;
	if (period->lower > period->upper)
		return promo_fail(err, PROMO_BAD_VALUE, "period ends before it begins: \"%.*s\"",
						  promo_shown(text), text.data);
	if (whole.data[0] == '[' && period->lower != PROMO_INSTANT_MIN)
		period->flags |= PROMO_LOWER_INCLUSIVE;
	if (closing == ']' && period->upper != PROMO_INSTANT_MAX)
		period->flags |= PROMO_UPPER_INCLUSIVE;
	if (period->lower == period->upper &&
		period->flags != (PROMO_LOWER_INCLUSIVE | PROMO_UPPER_INCLUSIVE))
		*period = (PromoPeriod) {0, 0, PROMO_PERIOD_EMPTY};
	return true;
}

bool
promo_check_period(const PromoPeriod *period, PromoError *err)
{
	const uint8_t both = PROMO_LOWER_INCLUSIVE | PROMO_UPPER_INCLUSIVE;
	bool		from = period->lower != PROMO_INSTANT_MIN;
	bool		to = period->upper != PROMO_INSTANT_MAX;

	if (period->flags == PROMO_PERIOD_EMPTY && period->lower == 0 && period->upper == 0)
		return true;
	if ((from && !promo_in_calendar(period->lower)) || (to && !promo_in_calendar(period->upper)))
	{
		promo_fail(err, PROMO_OUT_OF_RANGE, "period out of range");
		return promo_detail(err, "Years are 0001 to 9999.");
	}
	if ((period->flags & ~both) != 0 ||
		(!from && (period->flags & PROMO_LOWER_INCLUSIVE)) ||
		(!to && (period->flags & PROMO_UPPER_INCLUSIVE)) ||
		period->lower > period->upper ||
		(period->lower == period->upper && period->flags != both))
		return promo_fail(err, PROMO_BAD_VALUE, "invalid bounds of a period");
	return true;
}

void
promo_put_period(PromoBuffer *buf, const PromoPeriod *period)
{
	if (period->flags & PROMO_PERIOD_EMPTY)
	{
		promo_puts(buf, "empty");
		return;
	}
	promo_putc(buf, period->flags & PROMO_LOWER_INCLUSIVE ? '[' : '(');
	if (period->lower != PROMO_INSTANT_MIN)
	{
		promo_putc(buf, '"');
		promo_put_instant(buf, period->lower);
		promo_putc(buf, '"');
	}
	promo_putc(buf, ',');
	if (period->upper != PROMO_INSTANT_MAX)
	{
		promo_putc(buf, '"');
		promo_put_instant(buf, period->upper);
		promo_putc(buf, '"');
	}
	promo_putc(buf, period->flags & PROMO_UPPER_INCLUSIVE ? ']' : ')');
}
