/*-------------------------------------------------------------------------
 *
 * test_segment.c
 *	  schemes: the published tables, one's own, and what is wrong with one
 *
 *-------------------------------------------------------------------------
 */
#include <stdlib.h>

#include "../../src/engine/segment_table.h"
#include "arena.h"
#include "test.h"

static TestArena test;
static PromoError err;

static PromoScheme *
named(const char *name)
{
	memset(&err, 0, sizeof(err));
	return promo_scheme_named(&test.arena, promo_text(name), &err);
}

static PromoScheme *
own(const char *json)
{
	memset(&err, 0, sizeof(err));
	return promo_scheme_from_json(&test.arena, promo_text(json), &err);
}

static const char *
error_text(void)
{
	PromoBuffer buf;

	promo_buffer_init(&buf, &test.arena);
	promo_putf(&buf, "%d %s%s%s%s%s", err.code, err.message, err.detail[0] ? "; " : "", err.detail,
			   err.hint[0] ? "; " : "", err.hint);
	return buf.data;
}

static const char *
segment(const PromoScheme *scheme, int r, int f, int m)
{
	uint16_t	row = promo_scheme_row(scheme, promo_rfm(r, f, m));
	PromoBuffer buf;

	if (row == PROMO_UNKNOWN_SCORE)
	{
		promo_scheme_unknown(scheme, promo_rfm(r, f, m), &err);
		return error_text();
	}
	if (row == PROMO_NO_SEGMENT)
		return "none";
	promo_buffer_init(&buf, &test.arena);
	promo_put(&buf, scheme->rows[row].name.data, scheme->rows[row].name.len);
	return buf.data;
}

/* ----------------------------------------------------------------
 * The built-in schemes, written a second way
 * ----------------------------------------------------------------
 */

/* each R, from 1, by F: the map as notebooks draw it */
static const char *
published_grid(int r, int f, int m)
{
	static const char *const map[] = {"hhrrc", "hhrrc", "ssall", "pttll", "nttbb"};

	switch (map[r - 1][f - 1])
	{
		case 'h':
			return "Hibernating";
		case 'r':
			return "At Risk";
		case 'c':
			return "Can't Lose";
		case 's':
			return "About To Sleep";
		case 'a':
			return "Need Attention";
		case 'l':
			return "Loyal Customers";
		case 'p':
			return "Promising";
		case 't':
			return "Potential Loyalists";
		case 'n':
			return "New Customers";
		default:
			return "Champions";
	}
}

/* the vectors of bounds that are given to rfm_segment(), rows as columns */
static const char *
published_rows(const char *const *names, const char *const bounds[6], int r, int f, int m)
{
	for (int i = 0; names[i] != NULL; i++)
		if (r >= bounds[0][i] - '0' && r <= bounds[1][i] - '0' &&
			f >= bounds[2][i] - '0' && f <= bounds[3][i] - '0' &&
			m >= bounds[4][i] - '0' && m <= bounds[5][i] - '0')
			return names[i];
	return "Others";
}

static const char *
published_rfm(int r, int f, int m)
{
	static const char *const names[] = {
		"Champions", "Potential Loyalist", "Loyal Customers", "Promising", "New Customers",
		"Can't Lose Them", "At Risk", "Need Attention", "About To Sleep", "Lost", NULL
	};
	static const char *const bounds[] = {
		"5323411121", "5544522331",
		"5321132311", "5543345535",
		"5223144311", "5545555545"
	};

	return published_rows(names, bounds, r, f, m);
}

static const char *
published_classic(int r, int f, int m)
{
	static const char *const names[] = {
		"Champions", "Loyal Customers", "Potential Loyalist", "New Customers", "Promising",
		"Need Attention", "About To Sleep", "At Risk", "Can't Lose Them", "Lost", NULL
	};
	static const char *const bounds[] = {
		"4234322111", "5555433212",
		"4311121241", "5531132552",
		"4311121241", "5531132552"
	};

	return published_rows(names, bounds, r, f, m);
}

static const char *
published_cn(int r, int f, int m)
{
	static const char *const kinds[] = {"挽留客户", "保持客户", "发展客户", "价值客户"};
	PromoBuffer buf;

	promo_buffer_init(&buf, &test.arena);
	promo_putf(&buf, "%s%s", m == 2 ? "重要" : "一般", kinds[2 * (r - 1) + (f - 1)]);
	return buf.data;
}

/* scores at which the scheme says something else than what was published */
static int
differences(const char *name, const char *(*published) (int r, int f, int m), int levels)
{
	PromoScheme *scheme = named(name);
	int			bad = 0;

	for (int r = 1; r <= levels; r++)
		for (int f = 1; f <= levels; f++)
			for (int m = 1; m <= levels; m++)
				if (strcmp(segment(scheme, r, f, m), published(r, f, m)) != 0 && bad++ == 0)
					printf("# %s %d-%d-%d: %s, not %s\n", name, r, f, m,
						   segment(scheme, r, f, m), published(r, f, m));
	return bad;
}

static void
test_built_in(void)
{
	CHECK_INT(differences("grid", published_grid, 5), 0);
	CHECK_INT(differences("rfm", published_rfm, 5), 0);
	CHECK_INT(differences("classic", published_classic, 5), 0);
	CHECK_INT(differences("cn", published_cn, 2), 0);

	CHECK_STR(segment(named("grid"), 5, 4, 1), "Champions");
	CHECK_STR(segment(named("rfm"), 5, 4, 1), "Others");
	CHECK_STR(segment(named("classic"), 5, 4, 1), "Others");
	CHECK_STR(segment(named("cn"), 2, 1, 2), "重要发展客户");
	CHECK_STR(segment(named("grid"), 5, 6, 1), "3 scheme grid does not know the score 5-6-1; "
			  "Its scores are 1 to 5: fit a model of 5 levels, or give a scheme of one's own.");
	CHECK_STR(segment(named("cn"), 3, 1, 1), "3 scheme cn does not know the score 3-1-1; "
			  "Its scores are 1 to 2: fit a model of 2 levels, or give a scheme of one's own.");
	CHECK(named("Grid") == NULL);
	CHECK_STR(error_text(), "3 unknown scheme: \"Grid\"; "
			  "Schemes are grid, rfm, classic and cn; one's own is of type jsonb.");
	CHECK(named("") == NULL);
}

/* ----------------------------------------------------------------
 * One's own
 * ----------------------------------------------------------------
 */

static void
test_own(void)
{
	PromoScheme *scheme = own("[{\"segment\":\"best\",\"r\":[4,5],\"f\":[4,5],\"m\":[4,5]},"
							  " {\"f\":1,\"r\":5,\"segment\":\"new\",\"m\":null}, {\"segment\":\"rest\",\"r\":[1,9]}]");

	CHECK_STR(segment(scheme, 4, 4, 5), "best");
	CHECK_STR(segment(scheme, 5, 5, 4), "best");
	CHECK_STR(segment(scheme, 5, 1, 10), "new");
	CHECK_STR(segment(scheme, 6, 1, 1), "rest");
	CHECK_STR(segment(scheme, 3, 4, 4), "rest");
	CHECK_STR(segment(scheme, 9, 10, 10), "rest");
	CHECK_STR(segment(scheme, 10, 1, 1), "none");
	CHECK_STR(segment(own("[]"), 1, 1, 1), "none");
	/* numbers as numeric writes them, and a name that is escaped */
	CHECK_STR(segment(own("[{\"segment\":\"\\u91cd\\u8981\",\"r\":[2.0,1e1]}]"), 10, 1, 1), "重要");
	CHECK_STR(segment(own("[{\"segment\":\"x\",\"r\":[2.0,3]}]"), 1, 1, 1), "none");
}

/* n rows, each for one R */
static const char *
rows(int n)
{
	PromoBuffer buf;

	promo_buffer_init(&buf, &test.arena);
	for (int i = 0; i < n; i++)
		promo_putf(&buf, "%s{\"segment\":\"s%d\",\"r\":%d}", i > 0 ? "," : "[", i, i % 10 + 1);
	promo_putc(&buf, ']');
	return buf.data;
}

static const char *
refused(const char *json)
{
	return own(json) == NULL ? error_text() : "accepted";
}

#define ROW_2	"; Write row 2 as {\"segment\": \"best\", \"r\": [4, 5], \"f\": 5}; " \
	"a range that is left out is any score."
#define SECOND(members)	"[{\"segment\":\"a\"},{" members "}]"

static void
test_refused(void)
{
	CHECK_STR(refused(SECOND("\"r\":1")), "4 segment of row 2 is missing" ROW_2);
	CHECK_STR(refused(SECOND("\"segment\":\"\"")), "3 segment of row 2 is empty" ROW_2);
	CHECK_STR(refused(SECOND("\"segment\":null")),
			  "1 invalid input syntax for type json; Key \"segment\" must be a string." ROW_2);
	CHECK_STR(refused(SECOND("\"segment\":\"b\",\"r\":0")),
			  "5 r of row 2 is no score: 0; Scores are whole numbers from 1 to 10." ROW_2);
	CHECK_STR(refused(SECOND("\"segment\":\"b\",\"f\":11")),
			  "5 f of row 2 is no score: 11; Scores are whole numbers from 1 to 10." ROW_2);
	CHECK_STR(refused(SECOND("\"segment\":\"b\",\"m\":[1,-5]")),
			  "5 m of row 2 is no score: -5; Scores are whole numbers from 1 to 10." ROW_2);
	CHECK_STR(refused(SECOND("\"segment\":\"b\",\"m\":[1.5,5]")),
			  "5 m of row 2 is no score: 1.5; Scores are whole numbers from 1 to 10." ROW_2);
	CHECK_STR(refused(SECOND("\"segment\":\"b\",\"r\":[5,4]")),
			  "3 r of row 2 has no score: [5, 4]; A pair is the lowest and the highest score." ROW_2);
	CHECK_STR(refused(SECOND("\"r\":[4]")), "1 invalid input syntax for type json; "
			  "Key \"r\" must be a number or a pair of numbers." ROW_2);
	CHECK_STR(refused(SECOND("\"r\":[]")), "1 invalid input syntax for type json; "
			  "Key \"r\" must be a number or a pair of numbers." ROW_2);
	CHECK_STR(refused(SECOND("\"r\":[3,4,5]")), "1 invalid input syntax for type json; "
			  "Key \"r\" must be a number or a pair of numbers." ROW_2);
	CHECK_STR(refused(SECOND("\"r\":\"4\"")), "1 invalid input syntax for type json; "
			  "Key \"r\" must be a number or a pair of numbers." ROW_2);
	CHECK_STR(refused(SECOND("\"r\":{}")), "1 invalid input syntax for type json; "
			  "Key \"r\" must be a number or a pair of numbers." ROW_2);
	CHECK_STR(refused(SECOND("\"r\":[1,\"2\"]")), "1 invalid input syntax for type json; "
			  "Key \"r\" must be a number or a pair of numbers." ROW_2);
	CHECK_STR(refused(SECOND("\"name\":\"b\"")), "1 invalid input syntax for type json; "
			  "Key \"name\" is unknown; accepted are segment, r, f, m." ROW_2);
	CHECK_STR(refused(SECOND("\"r\":1,\"r\":2")), "1 invalid input syntax for type json; "
			  "Key \"r\" is given twice." ROW_2);
	CHECK_STR(refused("[{\"segment\":\"a\"},1]"), "1 invalid input syntax for type json; "
			  "A row must be an object." ROW_2);
	CHECK_STR(refused("{\"segment\":\"a\"}"), "1 invalid input syntax for type json; "
			  "A scheme must be an array.; Write a scheme as "
			  "[{\"segment\": \"best\", \"r\": [4, 5], \"f\": 5}, {\"segment\": \"rest\"}].");
	CHECK_STR(refused("[] 1"), "1 invalid input syntax for type json; "
			  "Expected the end of the text at position 4, but found \"1\".");
	CHECK_STR(refused(rows(1000)), "accepted");
	CHECK_STR(refused(rows(1001)), "6 scheme has more than 1000 rows");
}

/* every text that is cut off somewhere is refused with a reason */
static void
test_cut(void)
{
	const char *whole = "[{\"segment\":\"a\\u00e9\",\"r\":[4,5],\"f\":1,\"m\":null}]";
	int			bad = 0;

	CHECK_STR(refused(whole), "accepted");
	for (uint32_t len = 0; len < strlen(whole); len++)
	{
		char	   *part = promo_alloc(&test.arena, len);

		memcpy(part, whole, len);
		memset(&err, 0, sizeof(err));
		bad += promo_scheme_from_json(&test.arena, (PromoText) {part, len}, &err) != NULL ||
			err.code != PROMO_BAD_SYNTAX || err.message[0] == '\0';
	}
	CHECK_INT(bad, 0);
}

/* ----------------------------------------------------------------
 * Problems
 * ----------------------------------------------------------------
 */

/* "hole 1-1-1; overlap 1-1-2 a, b; unreachable c" */
static const char *
problems(const PromoScheme *scheme, int levels)
{
	PromoSegmentCheck check;
	PromoBuffer buf;

	promo_buffer_init(&buf, &test.arena);
	if (!promo_check_segments(&check, &test.arena, scheme, levels, &err))
		return error_text();
	while (promo_next_problem(&check))
	{
		promo_putf(&buf, "%s%s", buf.len > 0 ? "; " : "", promo_problem_names[check.problem]);
		if (check.problem != PROMO_UNREACHABLE)
		{
			promo_putc(&buf, ' ');
			promo_rfm_print(&buf, check.scores);
		}
		for (uint32_t i = 0; i < check.n; i++)
			promo_putf(&buf, "%s%.*s", i > 0 ? ", " : " ",
					   (int) scheme->rows[check.rows[i]].name.len,
					   scheme->rows[check.rows[i]].name.data);
	}
	return buf.data;
}

static int
count(const PromoScheme *scheme, int levels, PromoProblem problem)
{
	PromoSegmentCheck check;
	int			n = 0;

	if (!promo_check_segments(&check, &test.arena, scheme, levels, &err))
		return -1;
	while (promo_next_problem(&check))
		n += check.problem == problem;
	return n;
}

static int
count_of(const PromoScheme *scheme, const char *name, int levels)
{
	int			n = 0;

	for (int r = 1; r <= levels; r++)
		for (int f = 1; f <= levels; f++)
			for (int m = 1; m <= levels; m++)
				n += strcmp(segment(scheme, r, f, m), name) == 0;
	return n;
}

/* the built-in scheme as one of one's own, of its first rows */
static PromoScheme *
as_json(const PromoScheme *scheme, uint32_t n)
{
	PromoBuffer buf;

	promo_buffer_init(&buf, &test.arena);
	for (uint32_t i = 0; i < n; i++)
	{
		const PromoSegment *row = &scheme->rows[i];

		promo_puts(&buf, i > 0 ? ",{\"segment\":" : "[{\"segment\":");
		promo_put_json_string(&buf, row->name);
		promo_putf(&buf, ",\"r\":[%d,%d],\"f\":[%d,%d],\"m\":[%d,%d]}", row->r.low, row->r.high,
				   row->f.low, row->f.high, row->m.low, row->m.high);
	}
	promo_putc(&buf, ']');
	return own(buf.data);
}

static void
test_problems(void)
{
	CHECK_STR(problems(own("[{\"segment\":\"all\"}]"), 10), "");
	CHECK_STR(problems(own("[]"), 2), "hole 1-1-1; hole 1-1-2; hole 1-2-1; hole 1-2-2; "
			  "hole 2-1-1; hole 2-1-2; hole 2-2-1; hole 2-2-2");
	CHECK_STR(problems(own("[{\"segment\":\"a\",\"r\":2},{\"segment\":\"b\",\"f\":2},"
						   "{\"segment\":\"c\",\"r\":2,\"f\":2,\"m\":2}]"), 2),
			  "hole 1-1-1; hole 1-1-2; overlap 2-2-1 a, b; overlap 2-2-2 a, b, c; unreachable c");
	/* of use to scores that are not looked at */
	CHECK_STR(problems(own("[{\"segment\":\"a\",\"r\":[1,3]},{\"segment\":\"b\",\"r\":[4,10]}]"), 3),
			  "unreachable b");
	CHECK_STR(problems(own("[{\"segment\":\"a\",\"r\":[1,3]},{\"segment\":\"b\",\"r\":[4,10]}]"), 4), "");
	CHECK_STR(problems(own("[]"), 1), "5 number of levels is out of range: 1; There are from 2 to 10 levels.");
	CHECK_STR(problems(own("[]"), 11), "5 number of levels is out of range: 11; There are from 2 to 10 levels.");

	CHECK_INT(count(own("[]"), 10, PROMO_HOLE), 1000);
	CHECK_INT(count(own(rows(1000)), 10, PROMO_OVERLAP), 1000);
	CHECK_INT(count(own(rows(1000)), 10, PROMO_UNREACHABLE), 990);
	CHECK_INT(count(own(rows(10)), 10, PROMO_OVERLAP), 0);
}

static void
test_built_in_problems(void)
{
	PromoScheme *scheme;

	/* exhaustive and disjoint, every row of use */
	CHECK_STR(problems(named("grid"), 5), "");
	CHECK_STR(problems(as_json(named("grid"), 10), 5), "");
	CHECK_STR(problems(named("cn"), 2), "");

	CHECK_INT(count(named("rfm"), 5, PROMO_HOLE), 0);
	CHECK_INT(count(named("rfm"), 5, PROMO_UNREACHABLE), 0);
	scheme = as_json(named("rfm"), 10);
	CHECK_INT(count(scheme, 5, PROMO_HOLE), count_of(named("rfm"), "Others", 5));
	CHECK_INT(count(scheme, 5, PROMO_HOLE), 10);

	/* three rows that others stand before; holes are where Others takes over */
	CHECK_INT(count(named("classic"), 5, PROMO_HOLE), 0);
	CHECK_INT(count(named("classic"), 5, PROMO_UNREACHABLE), 3);
	CHECK_INT(count_of(named("classic"), "New Customers", 5), 0);
	CHECK_INT(count_of(named("classic"), "Promising", 5), 0);
	CHECK_INT(count_of(named("classic"), "Can't Lose Them", 5), 0);
	scheme = as_json(named("classic"), 10);
	CHECK_INT(count(scheme, 5, PROMO_HOLE), count_of(named("classic"), "Others", 5));
	CHECK_INT(count_of(scheme, "none", 5), 36);
}

int
main(void)
{
	arena_init(&test);
	test_built_in();
	test_own();
	test_refused();
	test_cut();
	test_problems();
	test_built_in_problems();
	arena_free(&test);
	return test_done();
}
