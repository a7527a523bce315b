/*-------------------------------------------------------------------------
 *
 * calendar.c
 *	  days of the proleptic Gregorian calendar, as the server counts them
 *
 *-------------------------------------------------------------------------
 */
#include "calendar.h"

static bool
is_leap(int64_t year)
{
	return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

int
promo_days_of_month(int64_t year, int month)
{
	static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

	return month == 2 && is_leap(year) ? 29 : days[month - 1];
}

/*
 * Years are taken to begin in March, so that the leap day is the last of its
 * year and months follow a pattern of 153 days in five.
 */
int64_t
promo_day_of(int64_t year, int month, int day_in_month)
{
	int64_t		shifted_year = month > 2 ? year : year - 1;
	int64_t		shifted_month = month > 2 ? month - 3 : month + 9;

	return shifted_year * 365 + shifted_year / 4 - shifted_year / 100 + shifted_year / 400 +
		(153 * shifted_month + 2) / 5 + day_in_month - 1 - 730425;
}

void
promo_put_date(PromoBuffer *buf, int32_t day)
{
	int			year = (day - PROMO_DAY_MIN) / 366 + 1;
	int			month = 1;

	while (year < 9999 && promo_day_of(year + 1, 1, 1) <= day)
		year++;
	while (month < 12 && promo_day_of(year, month + 1, 1) <= day)
		month++;
	promo_putf(buf, "%04d-%02d-%02d", year, month, (int) (day - promo_day_of(year, month, 1)) + 1);
}

bool
promo_read_date(PromoText text, int32_t *day)
{
	static const char shape[] = "0000-00-00";
	int			part[3] = {0, 0, 0};
	int			n = 0;

	if (text.len != strlen(shape))
		return false;
	for (uint32_t i = 0; i < text.len; i++)
	{
		if (shape[i] == '-' ? text.data[i] != '-' : !promo_is_digit(text.data[i]))
			return false;
		if (shape[i] == '-')
			n++;
		else
			part[n] = part[n] * 10 + (text.data[i] - '0');
	}
	if (part[0] < 1 || part[1] < 1 || part[1] > 12 || part[2] < 1 ||
		part[2] > promo_days_of_month(part[0], part[1]))
		return false;
	*day = (int32_t) promo_day_of(part[0], part[1], part[2]);
	return true;
}
