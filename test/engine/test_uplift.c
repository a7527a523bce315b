/*
 * Uplift and anomaly: published figures, figures computed to 40 digits, and
 * what must hold of any.
 */
#include <math.h>

#include "../../src/engine/anomaly.h"
#include "../../src/engine/group_uplift.h"
#include "../../src/engine/student.h"
#include "arena.h"
#include "test.h"

static TestArena test;
static PromoError err;
static uint64_t seed = 1;

static uint32_t
below(uint32_t n)
{
	seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (uint32_t) ((seed >> 33) % n);
}

static bool
near(double got, double want)
{
	return fabs(got - want) <= 1e-12 * fmax(1, fabs(want)) || (isnan(got) && isnan(want));
}

static void
check_normal(void)
{
	int			wrong = 0;

	CHECK(near(promo_normal_bound(0.95), 1.9599639845400542));
	CHECK(near(promo_normal_bound(0.99), 2.5758293035489008));
	CHECK(near(promo_normal_bound(0.5), 0.67448975019608174));
	CHECK(near(promo_normal_bound(0.9), 1.6448536269514727));
	CHECK(near(promo_normal_bound(0.999), 3.2905267314918948));
	CHECK(near(promo_normal_bound(0.1), 0.12566134685507402));
	CHECK(near(promo_normal_bound(1e-9), 1.2533141373155003e-9));
	CHECK(fabs(promo_normal_bound(1e-300) / 1.2533141373155003e-300 - 1) < 1e-12);
	/* the last number before 1: the tail is 2^-53 */
	CHECK(near(erfc(promo_normal_bound(1 - 0x1p-53) * M_SQRT1_2) * 0x1p53, 1));
	for (int i = 1; i < 100000; i++)
		wrong += !near(erf(promo_normal_bound(i / 100000.0) * M_SQRT1_2), i / 100000.0);
	CHECK_INT(wrong, 0);
}

/* in brackets: what printed tables have */
static void
check_student(void)
{
	int			wrong = 0;

	CHECK(near(promo_student_bound(0.95, 1), 12.706204736174705));	/* 12.706 */
	CHECK(near(promo_student_bound(0.95, 2), 4.3026527297494638));	/* 4.303 */
	CHECK(near(promo_student_bound(0.95, 7), 2.3646242515927853));	/* 2.365 */
	CHECK(near(promo_student_bound(0.95, 8), 2.3060041352041667));	/* 2.306 */
	CHECK(near(promo_student_bound(0.95, 9), 2.2621571627982055));	/* 2.262 */
	CHECK(near(promo_student_bound(0.95, 10), 2.2281388519862747));	/* 2.228 */
	CHECK(near(promo_student_bound(0.95, 11), 2.2009851600916398));	/* 2.201 */
	CHECK(near(promo_student_bound(0.95, 30), 2.0422724563012383));	/* 2.042 */
	CHECK(near(promo_student_bound(0.95, 1000), 1.9623390808264084));	/* 1.962 */
	CHECK(near(promo_student_bound(0.999, 7), 5.4078825208617252));	/* 5.408 */
	CHECK(near(promo_student_bound(0.999, 2), 31.599054576443620));	/* 31.599 */
	/* of one and two degrees the distribution has a closed inverse */
	for (int i = 1; i < 1000; i++)
	{
		double		level = i / 1000.0;

		wrong += !(fabs(promo_student_bound(level, 1) / tan(level * M_PI_2) - 1) < 1e-12);
		wrong += !(fabs(promo_student_bound(level, 2) / (level * sqrt(2 / (1 - level * level))) - 1) < 1e-12);
	}
	CHECK_INT(wrong, 0);
	/* and with many it is the normal one */
	CHECK(fabs(promo_student_bound(0.95, 1000000) - promo_normal_bound(0.95)) < 3e-6);
}

static bool
is_uplift(PromoGroup treated, PromoGroup control, PromoUplift want)
{
	PromoUplift got;

	return promo_uplift(treated, control, 0.95, &got, &err) &&
		near(got.diff, want.diff) && near(got.lo, want.lo) && near(got.hi, want.hi) &&
		near(got.lift, want.lift) && near(got.lift_lo, want.lift_lo) &&
		near(got.lift_hi, want.lift_hi) &&
		(want.p < 1e-9 ? fabs(got.p / want.p - 1) < 1e-12 : near(got.p, want.p));
}

static void
check_uplift(void)
{
	PromoUplift got;

	CHECK(is_uplift((PromoGroup) {4000, 260}, (PromoGroup) {4000, 200},
					(PromoUplift) {0.015, 0.0047988895753926517, 0.025254129469704567, 0.3,
						0.086875724450985611, 0.55491558232535831, 0.0039567866009765015}));

	/* table II of Newcombe (1998), method 10, to the digits that it has */
	CHECK(promo_uplift((PromoGroup) {70, 56}, (PromoGroup) {80, 48}, 0.95, &got, &err));
	CHECK(fabs(got.lo - 0.0524) < 5e-5 && fabs(got.hi - 0.3339) < 5e-5);
	CHECK(promo_uplift((PromoGroup) {10, 9}, (PromoGroup) {10, 3}, 0.95, &got, &err));
	CHECK(fabs(got.lo - 0.1705) < 5e-5 && fabs(got.hi - 0.8090) < 5e-5);
	CHECK(promo_uplift((PromoGroup) {56, 5}, (PromoGroup) {29, 0}, 0.95, &got, &err));
	CHECK(fabs(got.lo - -0.0381) < 5e-5 && fabs(got.hi - 0.1926) < 5e-5);
	CHECK(promo_uplift((PromoGroup) {10, 0}, (PromoGroup) {10, 0}, 0.95, &got, &err));
	CHECK(fabs(got.lo - -0.2775) < 5e-5 && fabs(got.hi - 0.2775) < 5e-5);
	CHECK(promo_uplift((PromoGroup) {10, 10}, (PromoGroup) {10, 0}, 0.95, &got, &err));
	CHECK(fabs(got.lo - 0.6075) < 5e-5 && fabs(got.hi - 1) < 5e-5);

	/* the two mailings of Hillstrom (2008) against none: visits, then orders */
	CHECK(is_uplift((PromoGroup) {21307, 3894}, (PromoGroup) {21306, 2262},
					(PromoUplift) {0.076589563651531259, 0.069953308083731569, 0.083226741274111393,
						0.72140461678139922, 0.64038488848000041, 0.80642596471495331,
						5.6851654828023233e-112}));
	CHECK(is_uplift((PromoGroup) {21307, 267}, (PromoGroup) {21306, 122},
					(PromoUplift) {0.0068050065196156948, 0.0050143446714815331, 0.0086407233969178262,
						1.1884218762863279, 0.76798407801042046, 1.7088424427430529,
						1.5232235005955584e-13}));
	CHECK(is_uplift((PromoGroup) {21387, 3238}, (PromoGroup) {21306, 2262},
					(PromoUplift) {0.045233106587052985, 0.038894095359988126, 0.051574342962213596,
						0.4260550702669102, 0.35617122347245872, 0.49954004939499552,
						3.1824031593350364e-44}));
	CHECK(is_uplift((PromoGroup) {21387, 189}, (PromoGroup) {21306, 122},
					(PromoUplift) {0.0031110575110852574, 0.0015016571318770076, 0.004745471313672929,
						0.5433130436982172, 0.2301052195262972, 0.9362694451180944,
						0.0001571051291066857}));
}

static void
check_edges(void)
{
	PromoUplift got;
	PromoGroup	empty = {0, 0};
	PromoGroup	never = {20, 0};
	PromoGroup	some = {20, 5};
	PromoGroup	all = {20, 20};

	/* Wilson's interval of 0 of 20 is [0, 0.1611] */
	CHECK(is_uplift(never, never, (PromoUplift) {0, -0.16112515805281934, 0.16112515805281934, NAN, NAN, NAN, NAN}));
	CHECK(is_uplift(empty, some, (PromoUplift) {NAN, NAN, NAN, NAN, NAN, NAN, NAN}));
	CHECK(is_uplift(some, empty, (PromoUplift) {NAN, NAN, NAN, NAN, NAN, NAN, NAN}));
	CHECK(promo_uplift(never, some, 0.95, &got, &err));
	CHECK(got.lift == -1 && isnan(got.lift_lo) && isnan(got.lift_hi) && got.p > 0 && got.p < 0.05);
	CHECK(promo_uplift(some, never, 0.95, &got, &err));
	CHECK(got.diff == 0.25 && isnan(got.lift) && isnan(got.lift_lo) && isnan(got.lift_hi));
	CHECK(promo_uplift(all, all, 0.95, &got, &err));
	CHECK(got.diff == 0 && got.lift == 0 && got.lift_lo == 0 && got.lift_hi == 0 && isnan(got.p));
	CHECK(promo_uplift((PromoGroup) {30, 10}, (PromoGroup) {3, 1}, 0.95, &got, &err));
	CHECK(got.diff == 0 && got.lift == 0 && got.p == 1);
	CHECK(promo_uplift((PromoGroup) {INT64_MAX, INT64_MAX - 1}, (PromoGroup) {INT64_MAX, 1}, 0.95, &got, &err));
	CHECK(near(got.diff, 1) && got.lo <= 1 && got.hi <= 1 && got.p == 0);

	CHECK(!promo_uplift((PromoGroup) {-1, 0}, some, 0.95, &got, &err));
	CHECK_STR(err.message, "n_t is negative");
	CHECK(!promo_uplift(some, (PromoGroup) {1, -1}, 0.95, &got, &err));
	CHECK_STR(err.message, "x_c is negative");
	CHECK(!promo_uplift((PromoGroup) {1, 2}, some, 0.95, &got, &err));
	CHECK_STR(err.message, "x_t is greater than n_t");
	CHECK(!promo_uplift(some, some, 0, &got, &err));
	CHECK(!promo_uplift(some, some, 1, &got, &err));
	CHECK(!promo_uplift(empty, some, NAN, &got, &err));
	CHECK_STR(err.message, "level is not between 0 and 1");
}

/* Wilson's interval as its author wrote it: centre and width */
static void
reference_wilson(double x, double n, double z, double *lo, double *hi)
{
	double		p = x / n;
	double		centre = (p + z * z / (2 * n)) / (1 + z * z / n);
	double		width = z * sqrt(p * (1 - p) / n + z * z / (4 * n * n)) / (1 + z * z / n);

	*lo = centre - width;
	*hi = centre + width;
}

static void
check_random(void)
{
	int			wrong = 0;
	int			asymmetric = 0;
	int			not_nested = 0;

	for (int i = 0; i < 50000; i++)
	{
		uint32_t	n_t = 1 + below(i % 2 ? 30 : 1000000);
		uint32_t	n_c = 1 + below(i % 2 ? 30 : 1000000);
		PromoGroup	t = {n_t, below(n_t + 1)};
		PromoGroup	c = {n_c, below(n_c + 1)};
		double		level = (1 + below(999)) / 1000.0;
		double		z = promo_normal_bound(level);
		double		p_t = (double) t.x / t.n;
		double		p_c = (double) c.x / c.n;
		double		ratio = p_t / p_c;
		double		width = z * sqrt(1.0 / t.x - 1.0 / t.n + 1.0 / c.x - 1.0 / c.n);
		double		l_t;
		double		u_t;
		double		l_c;
		double		u_c;
		PromoUplift got;
		PromoUplift back;
		PromoUplift wider;

		reference_wilson(t.x, t.n, z, &l_t, &u_t);
		reference_wilson(c.x, c.n, z, &l_c, &u_c);
		if (!promo_uplift(t, c, level, &got, &err) || !promo_uplift(c, t, level, &back, &err) ||
			!promo_uplift(t, c, (1 + level) / 2, &wider, &err))
		{
			wrong++;
			continue;
		}
		wrong += fabs(got.diff - (p_t - p_c)) > 1e-12 ||
			fabs(got.lo - (p_t - p_c - sqrt(pow(p_t - l_t, 2) + pow(u_c - p_c, 2)))) > 1e-8 ||
			fabs(got.hi - (p_t - p_c + sqrt(pow(u_t - p_t, 2) + pow(p_c - l_c, 2)))) > 1e-8;
		if (t.x > 0 && c.x > 0)
			wrong += !near(got.lift, ratio - 1) || !near(got.lift_lo, ratio * exp(-width) - 1) ||
				!near(got.lift_hi, ratio * exp(width) - 1);
		asymmetric += !near(got.diff, -back.diff) || !near(got.lo, -back.hi) || !near(got.hi, -back.lo) ||
			!near(got.p, back.p);
		not_nested += wider.lo > got.lo + 1e-12 || got.lo > got.diff || got.diff > got.hi ||
			got.hi > wider.hi + 1e-12 || wider.lo < -1 || wider.hi > 1;
	}
	CHECK_INT(wrong, 0);
	CHECK_INT(asymmetric, 0);
	CHECK_INT(not_nested, 0);
}

/* ----------------------------------------------------------------
 * anomaly
 * ----------------------------------------------------------------
 */

#define SCORE(value, ...) \
	promo_anomaly(&test.arena, value, (const double[]) {__VA_ARGS__}, \
				  sizeof((const double[]) {__VA_ARGS__}) / sizeof(double))

static void
check_anomaly(void)
{
	/* b = 128, MAD = 4.5; sigma = sqrt(128) */
	CHECK(near(SCORE(210, 118, 131, 125, 140, 122, 129, 460, 127), 82 / sqrt(128)));
	CHECK(near(SCORE(128, 118, 131, 125, 140, 122, 129, 460, 127), 0));
	/* the deviation decides */
	CHECK(near(SCORE(100, 10, 20, 30, 40, 50), 70 / (1.4826 * 10)));
	/* 5 % does */
	CHECK(near(SCORE(11000, 10000, 10000, 10000, 10000), 2));
	/* chance does, at least 1 */
	CHECK(near(SCORE(7, 0, 0, 0, 0), 7));
	CHECK(near(SCORE(-3, 0, 0, 0, 0), -3));
	CHECK(near(SCORE(-90, -100, -100, -100, -100), 10));
	CHECK(near(SCORE(0, 100, 1, 101, 100), -10));
	CHECK(isfinite(SCORE(1e300, -1e300, -1e300, 1e300, 1e300)));

	CHECK_INT(promo_severity(3.4999), PROMO_SEVERITY_NONE);
	CHECK_INT(promo_severity(3.5), PROMO_SEVERITY_WARN);
	CHECK_INT(promo_severity(-5.9999), PROMO_SEVERITY_WARN);
	CHECK_INT(promo_severity(6), PROMO_SEVERITY_CRITICAL);
	CHECK_INT(promo_severity(-6), PROMO_SEVERITY_CRITICAL);
}

int
main(void)
{
	arena_init(&test);
	check_normal();
	check_student();
	check_uplift();
	check_edges();
	check_random();
	check_anomaly();
	arena_free(&test);
	return test_done();
}
