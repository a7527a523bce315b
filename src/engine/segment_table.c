/*-------------------------------------------------------------------------
 *
 * segment_table.c
 *	  schemes: which segment a customer's scores are of
 *
 * The built-in schemes are written as they were published:
 *
 *	grid	ten segments by R and F, the table of most Python notebooks
 *	rfm		the rules in the documentation of the R package rfm 0.3
 *	classic	those of rfm to 0.2, the "11 segments" of marketing blogs
 *	cn		eight segments by R, F and M above or below the mean
 *
 *-------------------------------------------------------------------------
 */
#include <stdio.h>

#include "json_reader.h"
#include "segment_table.h"

#define NAME(literal)	{literal, sizeof(literal) - 1}

static const PromoSegment grid[] = {
	/* segment						  R		  F		  M */
	{NAME("Champions"),				{5, 5}, {4, 5}, {1, 5}},
	{NAME("Loyal Customers"),		{3, 4}, {4, 5}, {1, 5}},
	{NAME("Potential Loyalists"),	{4, 5}, {2, 3}, {1, 5}},
	{NAME("New Customers"),			{5, 5}, {1, 1}, {1, 5}},
	{NAME("Promising"),				{4, 4}, {1, 1}, {1, 5}},
	{NAME("Need Attention"),		{3, 3}, {3, 3}, {1, 5}},
	{NAME("About To Sleep"),		{3, 3}, {1, 2}, {1, 5}},
	{NAME("Can't Lose"),			{1, 2}, {5, 5}, {1, 5}},
	{NAME("At Risk"),				{1, 2}, {3, 4}, {1, 5}},
	{NAME("Hibernating"),			{1, 2}, {1, 2}, {1, 5}}
};

static const PromoSegment rfm[] = {
	{NAME("Champions"),				{5, 5}, {5, 5}, {5, 5}},
	{NAME("Potential Loyalist"),	{3, 5}, {3, 5}, {2, 5}},
	{NAME("Loyal Customers"),		{2, 4}, {2, 4}, {2, 4}},
	{NAME("Promising"),				{3, 4}, {1, 3}, {3, 5}},
	{NAME("New Customers"),			{4, 5}, {1, 3}, {1, 5}},
	{NAME("Can't Lose Them"),		{1, 2}, {3, 4}, {4, 5}},
	{NAME("At Risk"),				{1, 2}, {2, 5}, {4, 5}},
	{NAME("Need Attention"),		{1, 3}, {3, 5}, {3, 5}},
	{NAME("About To Sleep"),		{2, 3}, {1, 3}, {1, 4}},
	{NAME("Lost"),					{1, 1}, {1, 5}, {1, 5}},
	{NAME("Others"),				{1, 5}, {1, 5}, {1, 5}}
};

static const PromoSegment classic[] = {
	{NAME("Champions"),				{4, 5}, {4, 5}, {4, 5}},
	{NAME("Loyal Customers"),		{2, 5}, {3, 5}, {3, 5}},
	{NAME("Potential Loyalist"),	{3, 5}, {1, 3}, {1, 3}},
	{NAME("New Customers"),			{4, 5}, {1, 1}, {1, 1}},
	{NAME("Promising"),				{3, 4}, {1, 1}, {1, 1}},
	{NAME("Need Attention"),		{2, 3}, {2, 3}, {2, 3}},
	{NAME("About To Sleep"),		{2, 3}, {1, 2}, {1, 2}},
	{NAME("At Risk"),				{1, 2}, {2, 5}, {2, 5}},
	{NAME("Can't Lose Them"),		{1, 1}, {4, 5}, {4, 5}},
	{NAME("Lost"),					{1, 2}, {1, 2}, {1, 2}},
	{NAME("Others"),				{1, 5}, {1, 5}, {1, 5}}
};

static const PromoSegment cn[] = {
	{NAME("重要价值客户"),			{2, 2}, {2, 2}, {2, 2}},
	{NAME("重要发展客户"),			{2, 2}, {1, 1}, {2, 2}},
	{NAME("重要保持客户"),			{1, 1}, {2, 2}, {2, 2}},
	{NAME("重要挽留客户"),			{1, 1}, {1, 1}, {2, 2}},
	{NAME("一般价值客户"),			{2, 2}, {2, 2}, {1, 1}},
	{NAME("一般发展客户"),			{2, 2}, {1, 1}, {1, 1}},
	{NAME("一般保持客户"),			{1, 1}, {2, 2}, {1, 1}},
	{NAME("一般挽留客户"),			{1, 1}, {1, 1}, {1, 1}}
};

#define ROWS(table)	table, sizeof(table) / sizeof(table[0])

static const struct
{
	const char *name;
	int			levels;
	const PromoSegment *rows;
	uint32_t	n;
}			schemes[] = {
	{"grid", 5, ROWS(grid)},
	{"rfm", 5, ROWS(rfm)},
	{"classic", 5, ROWS(classic)},
	{"cn", 2, ROWS(cn)}
};

/* ----------------------------------------------------------------
 * compiling
 * ----------------------------------------------------------------
 */

static PromoScheme *
compile(PromoArena *arena, const char *name, int levels, const PromoSegment *rows, uint32_t n)
{
	PromoScheme *scheme = promo_alloc(arena, sizeof(PromoScheme));

	scheme->name = name;
	scheme->levels = levels;
	scheme->rows = rows;
	scheme->n = n;
	for (int r = 0; r < PROMO_RFM_MAX_LEVELS; r++)
		for (int f = 0; f < PROMO_RFM_MAX_LEVELS; f++)
			for (int m = 0; m < PROMO_RFM_MAX_LEVELS; m++)
				scheme->row_of[r][f][m] = r < levels && f < levels && m < levels ?
					PROMO_NO_SEGMENT : PROMO_UNKNOWN_SCORE;

	/* from the last: a row takes what those behind it have taken */
	for (uint32_t i = n; i-- > 0;)
		for (int r = rows[i].r.low; r <= rows[i].r.high; r++)
			for (int f = rows[i].f.low; f <= rows[i].f.high; f++)
				for (int m = rows[i].m.low; m <= rows[i].m.high; m++)
					scheme->row_of[r - 1][f - 1][m - 1] = (uint16_t) i;
	return scheme;
}

PromoScheme *
promo_scheme_named(PromoArena *arena, PromoText name, PromoError *err)
{
	for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++)
		if (promo_text_equal(name, promo_text(schemes[i].name)))
			return compile(arena, schemes[i].name, schemes[i].levels, schemes[i].rows, schemes[i].n);
	promo_fail(err, PROMO_BAD_VALUE, "unknown scheme: \"%.*s\"", promo_shown(name), name.data);
	promo_hint(err, "Schemes are grid, rfm, classic and cn; one's own is of type jsonb.");
	return NULL;
}

bool
promo_scheme_unknown(const PromoScheme *scheme, uint32_t scores, PromoError *err)
{
	promo_fail(err, PROMO_BAD_VALUE, "scheme %s does not know the score %u-%u-%u", scheme->name,
			   PROMO_RFM_R(scores), PROMO_RFM_F(scores), PROMO_RFM_M(scores));
	return promo_hint(err, "Its scores are 1 to %d: fit a model of %d levels, or give a scheme of one's own.",
					  scheme->levels, scheme->levels);
}

/* ----------------------------------------------------------------
 * JSON
 * ----------------------------------------------------------------
 */

enum
{
	KEY_SEGMENT, KEY_R, KEY_F, KEY_M
};
static const char *const keys[] = {"segment", "r", "f", "m", NULL};

/* what a member is called in messages: "r of row 3" */
typedef struct What
{
	char		text[40];
} What;

static What
what_of(int key, int row)
{
	What		what;

	snprintf(what.text, sizeof(what.text), "%s of row %d", keys[key], row);
	return what;
}

static bool
read_score(PromoText text, What what, uint8_t *score, PromoError *err)
{
	int64_t		value;

	if (!promo_parse_decimal(text, 0, PROMO_RFM_MAX_LEVELS, true, what.text, &value, err) || value < 1)
	{
		promo_fail(err, PROMO_OUT_OF_RANGE, "%s is no score: %.*s",
				   what.text, promo_shown(text), text.data);
		return promo_detail(err, "Scores are whole numbers from 1 to %d.", PROMO_RFM_MAX_LEVELS);
	}
	*score = (uint8_t) value;
	return true;
}

static bool
fail_scores(PromoJson *json, int key)
{
	return promo_json_fail(json, "Key \"%s\" must be a number or a pair of numbers.", keys[key]);
}

/* a number, or a pair of the lowest and the highest; null is as if left out */
static bool
read_scores(PromoJson *json, int key, int row, PromoScores *scores)
{
	What		what = what_of(key, row);
	PromoJsonKind kind;
	PromoText	text;
	int			n = 0;

	if (!promo_json_value(json, &kind, &text))
		return false;
	if (kind == PROMO_JSON_NULL)
		return true;
	if (kind == PROMO_JSON_NUMBER)
	{
		if (!read_score(text, what, &scores->low, json->err))
			return false;
		scores->high = scores->low;
		return true;
	}
	if (kind == PROMO_JSON_ARRAY)
	{
		while (n < 3 && promo_json_item(json))
		{
			if (!promo_json_value(json, &kind, &text))
				return false;
			if (kind != PROMO_JSON_NUMBER)
				return fail_scores(json, key);
			if (++n <= 2 && !read_score(text, what, n == 1 ? &scores->low : &scores->high, json->err))
				return false;
		}
		if (json->failed)
			return false;
	}
	if (n != 2)
		return fail_scores(json, key);
	if (scores->low > scores->high)
	{
		promo_fail(json->err, PROMO_BAD_VALUE, "%s has no score: [%d, %d]",
				   what.text, scores->low, scores->high);
		return promo_detail(json->err, "A pair is the lowest and the highest score.");
	}
	return true;
}

static bool
read_name(PromoJson *json, int row, PromoText *name)
{
	if (!promo_json_expect(json, PROMO_JSON_STRING, "Key \"segment\"", name))
		return false;
	if (name->len == 0)
		return promo_fail(json->err, PROMO_BAD_VALUE, "%s is empty", what_of(KEY_SEGMENT, row).text);
	if (name->len > PROMO_MAX_TEXT)
		return promo_fail(json->err, PROMO_TOO_MANY, "%s is longer than %d bytes",
						  what_of(KEY_SEGMENT, row).text, PROMO_MAX_TEXT);
	return true;
}

static bool
read_row(PromoJson *json, int row, PromoSegment *segment)
{
	static const PromoScores any = {1, PROMO_RFM_MAX_LEVELS};
	PromoText	key;
	uint64_t	seen = 0;

	*segment = (PromoSegment) {.r = any, .f = any, .m = any};
	if (!promo_json_expect(json, PROMO_JSON_OBJECT, "A row", &key))
		return false;
	while (promo_json_member(json, &key))
	{
		bool		ok = false;

		switch (promo_json_key(json, key, keys, &seen))
		{
			case KEY_SEGMENT:
				ok = read_name(json, row, &segment->name);
				break;
			case KEY_R:
				ok = read_scores(json, KEY_R, row, &segment->r);
				break;
			case KEY_F:
				ok = read_scores(json, KEY_F, row, &segment->f);
				break;
			case KEY_M:
				ok = read_scores(json, KEY_M, row, &segment->m);
				break;
		}
		if (!ok)
			return false;
	}
	if (json->failed)
		return false;
	if (segment->name.len == 0)
		return promo_fail(json->err, PROMO_BAD_NULL, "%s is missing", what_of(KEY_SEGMENT, row).text);
	return true;
}

PromoScheme *
promo_scheme_from_json(PromoArena *arena, PromoText text, PromoError *err)
{
	PromoJson	json;
	PromoText	ignored;
	PromoSegment *rows = NULL;
	uint32_t	capacity = 0;
	uint32_t	n = 0;

	promo_json_init(&json, arena, text, "json", err);
	if (!promo_json_expect(&json, PROMO_JSON_ARRAY, "A scheme", &ignored))
	{
		promo_hint(err, "Write a scheme as [{\"segment\": \"best\", \"r\": [4, 5], \"f\": 5}, {\"segment\": \"rest\"}].");
		return NULL;
	}
	for (; promo_json_item(&json); n++)
	{
		if (n == PROMO_MAX_SEGMENTS)
		{
			promo_fail(err, PROMO_TOO_MANY, "scheme has more than %d rows", PROMO_MAX_SEGMENTS);
			return NULL;
		}
		if (n == capacity)
		{
			uint32_t	more = capacity > 0 ? 2 * capacity : 16;

			rows = promo_realloc(arena, rows, capacity * sizeof(PromoSegment),
								 more * sizeof(PromoSegment));
			capacity = more;
		}
		if (!read_row(&json, (int) n + 1, &rows[n]))
		{
			promo_hint(err, "Write row %d as {\"segment\": \"best\", \"r\": [4, 5], \"f\": 5}; "
					   "a range that is left out is any score.", (int) n + 1);
			return NULL;
		}
	}
	if (!promo_json_end(&json))
		return NULL;
	return compile(arena, NULL, PROMO_RFM_MAX_LEVELS, rows, n);
}

/* ----------------------------------------------------------------
 * what is wrong with a scheme
 * ----------------------------------------------------------------
 */

const char *const promo_problem_names[] = {"hole", "overlap", "unreachable"};

static inline bool
is_in(uint32_t score, PromoScores scores)
{
	return score >= scores.low && score <= scores.high;
}

static inline bool
matches(uint32_t scores, const PromoSegment *row)
{
	return is_in(PROMO_RFM_R(scores), row->r) && is_in(PROMO_RFM_F(scores), row->f) &&
		is_in(PROMO_RFM_M(scores), row->m);
}

/* the scores that are looked at, in ascending order of R, F and M; false behind the last */
static bool
scores_of(const PromoSegmentCheck *check, uint32_t number, uint32_t *scores)
{
	uint32_t	levels = (uint32_t) check->levels;

	*scores = promo_rfm(number / levels / levels + 1, number / levels % levels + 1, number % levels + 1);
	return number < levels * levels * levels;
}

bool
promo_check_segments(PromoSegmentCheck *check, PromoArena *arena, const PromoScheme *scheme,
					 int levels, PromoError *err)
{
	uint32_t	scores;

	if (!promo_check_rfm_levels(levels, err))
		return false;
	memset(check, 0, sizeof(*check));
	check->scheme = scheme;
	check->levels = levels;
	check->rows = promo_alloc(arena, (scheme->n + 1) * sizeof(uint16_t));
	check->wins = promo_alloc0(arena, (scheme->n + 1) * sizeof(bool));
	for (uint32_t i = 0; scores_of(check, i, &scores); i++)
	{
		uint16_t	row = promo_scheme_row(scheme, scores);

		if (row < scheme->n)
			check->wins[row] = true;
	}
	return true;
}

/* all rows that match, in order: the first of them wins */
static void
take_rows(PromoSegmentCheck *check)
{
	check->n = 0;
	for (uint32_t i = 0; i < check->scheme->n; i++)
		if (matches(check->scores, &check->scheme->rows[i]))
			check->rows[check->n++] = (uint16_t) i;
}

bool
promo_next_problem(PromoSegmentCheck *check)
{
	for (; check->problem != PROMO_UNREACHABLE; check->problem++, check->next = 0)
	{
		while (scores_of(check, check->next, &check->scores))
		{
			check->next++;
			take_rows(check);
			if (check->problem == PROMO_HOLE ? check->n == 0 : check->n > 1)
				return true;
		}
	}
	while (check->next < check->scheme->n)
	{
		uint32_t	row = check->next++;

		if (!check->wins[row])
		{
			check->rows[0] = (uint16_t) row;
			check->n = 1;
			return true;
		}
	}
	return false;
}
