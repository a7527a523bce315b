/*-------------------------------------------------------------------------
 *
 * test_clv.c
 *	  models of lifetime value: what they expect, and how they are fitted
 *
 * Published figures are from the papers of Fader, Hardie and Lee and their
 * notes; the expectations at the edges were computed with 40 digits.
 *
 *-------------------------------------------------------------------------
 */
#include <math.h>
#include <stdlib.h>

#include "arena.h"
#include "clv_expect.h"
#include "clv_fit.h"
#include "minimize.h"
#include "test.h"

static bool
near(double got, double want, double tolerance, const char *what, const char *file, int line)
{
	bool		ok = fabs(got - want) <= tolerance * fabs(want);

	test_check(ok, what, file, line);
	if (!ok)
		printf("#  got: %.17g\n# want: %.17g\n", got, want);
	return ok;
}

#define CHECK_NEAR(got, want, tolerance) near((got), (want), (tolerance), #got, __FILE__, __LINE__)

static TestArena test;

/* ---------------------------------------------------------------- populations */

/* an array of records, given out in pieces of a few */
typedef struct Population
{
	PromoRecords records;
	const char *first;
	size_t		size;
	uint32_t	n;
	uint32_t	at;
	uint32_t	piece;
	int			passes;
} Population;

static uint32_t
next_piece(PromoRecords *records, const void **first)
{
	Population *population = (Population *) records;
	uint32_t	n = population->n - population->at;

	if (n > population->piece)
		n = population->piece;
	*first = population->first + population->at * population->size;
	population->at += n;
	if (n == 0)
	{
		population->at = 0;
		population->passes++;
	}
	return n;
}

static Population
population(const void *first, uint32_t n, size_t size)
{
	return (Population) {{next_piece}, first, size, n, 0, 1000, 0};
}

static Population nobody = {{next_piece}, NULL, 1, 0, 0, 1, 0};

/* uniform in (0, 1), gamma and beta; the same in every run */
static uint64_t seed;

static double
uniform(void)
{
	seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return ((double) (seed >> 11) + 0.5) * 0x1p-53;
}

static double
gamma_variate(double shape)
{
	double		d;
	double		c;

	if (shape < 1)
	{
		double		u = uniform();

		return gamma_variate(shape + 1) * pow(u, 1 / shape);
	}
	d = shape - 1 / 3.;
	c = 1 / sqrt(9 * d);
	for (;;)
	{
		double		radius = sqrt(-2 * log(uniform()));
		double		normal = radius * cos(6.283185307179586 * uniform());
		double		v = 1 + c * normal;

		if (v > 0)
		{
			v = v * v * v;
			if (log(uniform()) < normal * normal / 2 + d - d * v + d * log(v))
				return d * v;
		}
	}
}

/* customers who behave as a model says; times in days; returns how many bought again */
static uint32_t
generate(const PromoClvModel *model, uint32_t n, PromoClvRecord *orders, PromoSpendRecord *spend)
{
	uint32_t	repeat = 0;

	seed = 42;
	for (uint32_t i = 0; i < n; i++)
	{
		double		T = 200 + floor(uniform() * 500);
		double		rate = gamma_variate(model->orders[0]) / (model->orders[1] * model->unit);
		double		one = gamma_variate(model->orders[2]);
		double		leaving = one / (one + gamma_variate(model->orders[3]));
		double		nu = gamma_variate(model->spend[1]) / model->spend[2];
		double		t = 0;
		double		spent = 0;
		bool		left = model->kind == PROMO_MBG_NBD && uniform() < leaving;

		orders[i] = (PromoClvRecord) {0, 0, (int32_t) T, 1};
		while (!left && (t -= log(uniform()) / rate) < T)
		{
			orders[i].x++;
			orders[i].t_x = (int32_t) t;
			spent += gamma_variate(model->spend[0]) / nu;
			left = uniform() < leaving;
		}
		if (orders[i].x > 0)
			spend[repeat++] = (PromoSpendRecord) {1 + (int64_t) (spent * 10000), orders[i].x, 1};
	}
	return repeat;
}

static void
shuffle(void *records, uint32_t n, size_t size)
{
	char	   *first = records;
	char		swap[32];

	for (uint32_t i = n; i > 1; i--)
	{
		uint32_t	j = (uint32_t) (uniform() * i);

		memcpy(swap, first + j * size, size);
		memcpy(first + j * size, first + (i - 1) * size, size);
		memcpy(first + (i - 1) * size, swap, size);
	}
}

static PromoClvModel *
model_of(PromoClvKind kind, int unit, double r, double alpha, double a, double b)
{
	PromoClvModel *model = promo_clv_new(&test.arena, kind, unit);

	model->orders[0] = r;
	model->orders[1] = alpha;
	model->orders[2] = a;
	model->orders[3] = b;
	return model;
}

static void
give_spend(PromoClvModel *model, double p, double q, double v)
{
	model->has_spend = true;
	model->spend[0] = p;
	model->spend[1] = q;
	model->spend[2] = v;
}

/* ---------------------------------------------------------------- expectations */

/* order days of a customer who is there for certain: of Gamma(R, 1) and Beta(A, B), until tau */
static double
expected(double R, double A, double B, double tau)
{
	PromoClvModel *model = model_of(PROMO_BG_NBD, 1, R, 1, A, B);
	PromoClvCustomer customer = {0, 0, 0, 0};
	double		orders;

	promo_clv_orders(model, &customer, &tau, 1, &orders);
	return orders;
}

static void
test_expected_orders(void)
{
	/* a = 1, a + b = 1, a + b < 1: where the closed form divides by zero or takes a logarithm of less */
	CHECK_NEAR(expected(0.5, 1, 2, 10 / 14.), 0.30732289916219, 1e-12);
	CHECK_NEAR(expected(0.3, 0.4, 0.6, 30 / 25.), 0.28901390325598, 1e-12);
	CHECK_NEAR(expected(0.11, 0.31, 0.5, 30 / 3.24), 0.56458861553278, 1e-12);
	/* many order days */
	CHECK_NEAR(expected(1000.25, 0.8, 1002.5, 365 / 104.), 1759.568761701, 1e-11);
	CHECK_NEAR(expected(200.25, 0.8, 202.5, 52 / 44.), 169.50302487214, 1e-12);
	/* hardly anybody leaves; a very long time; leaving is very rare */
	CHECK_NEAR(expected(0.3, 0.01, 2, 52 / 15.), 1.0330335190314, 1e-12);
	CHECK_NEAR(expected(0.1, 0.4, 0.8, 36500), 97.695494794, 1e-9);
	CHECK_NEAR(expected(0.7, 2, 5e4, 30 / 25.), 0.83996573159123, 1e-12);
}

/* the sum and the integral take turns; at the border they agree, and nothing is too much for them */
static void
test_extremes(void)
{
	static const double values[] = {1e-30, 1e-9, 1e-3, 0.5, 1, 30, 1e5, 1e30};
	enum {N = sizeof(values) / sizeof(values[0])};
	bool		finite = true;
	bool		ascending = true;
	double		worst = 0;

	for (int i = 0; i < N * N * N; i++)
	{
		PromoClvModel *model = model_of(PROMO_MBG_NBD, 7, values[i % N], values[i / N % N],
										values[i / N / N], values[(i * 5 + i / 7) % N]);
		PromoClvCustomer customer = {(uint32_t) (i % 3) * 40, i % 3 > 0 ? 200 : 0, 300, 0};
		double		days[] = {0, 1, 30, 365, 36500, 2147483647};
		double		orders[6];
		double		alive = promo_clv_alive(model, &customer);

		promo_clv_orders(model, &customer, days, 6, orders);
		finite &= alive >= 0 && alive <= 1 && orders[0] == 0;
		for (int k = 1; k < 6; k++)
		{
			finite &= isfinite(orders[k]);
			ascending &= orders[k] >= orders[k - 1] * (1 - 1e-6);
		}
	}
	CHECK(finite);
	CHECK(ascending);

	/* 40 (1 + tau) + R tau reaches the most terms that are summed at tau = 99.4 */
	for (double tau = 95; tau < 104; tau += 0.5)
	{
		double		R = 0.7;
		double		second = expected(R, 0.8, 2.5, tau - 0.5) - 2 * expected(R, 0.8, 2.5, tau) +
			expected(R, 0.8, 2.5, tau + 0.5);

		/* a smooth function: its second difference hardly changes */
		worst = fmax(worst, fabs(second));
	}
	CHECK(worst < 1e-4);
	CHECK_NEAR(expected(0.7, 0.8, 2.5, 99.3), expected(0.7, 0.8, 2.5, 99.5), 1e-2);
}

static void
test_published_orders(void)
{
	static const double weeks[] = {0.1429, 1, 3, 31.8571, 32, 78};
	static const double want[] = {0.007816, 0.053185, 0.150632, 1.040494, 1.043737, 1.857972};
	PromoClvModel *cdnow = model_of(PROMO_BG_NBD, 1, 0.242593, 4.413532, 0.792886, 2.425753);
	PromoClvModel *week;
	PromoClvCustomer newcomer = {0, 0, 0, 0};
	PromoClvCustomer customer = {2, 213, 272, 0};
	double		days[] = {30, 39 * 7};
	double		orders[6];

	/* Fader, Hardie and Lee 2005, of a new customer: .0078 .0532 .1506 1.0405 1.0437 1.86 */
	promo_clv_orders(cdnow, &newcomer, weeks, 6, orders);
	for (int i = 0; i < 6; i++)
		CHECK(fabs(orders[i] - want[i]) < 2e-6);

	/* x = 2, t_x = 30.43, T = 38.86: 1.226 in 39 weeks; MBG/NBD 1.2627 */
	week = model_of(PROMO_BG_NBD, 7, 0.243, 4.414, 0.793, 2.426);
	promo_clv_orders(week, &customer, days, 2, orders);
	CHECK_NEAR(orders[1], 1.226028, 1e-4);
	CHECK_NEAR(promo_clv_alive(week, &customer), 0.7266, 2e-4);
	promo_clv_orders(model_of(PROMO_MBG_NBD, 7, 0.524838, 6.182992, 0.891356, 1.614), &customer, days, 2, orders);
	CHECK_NEAR(orders[1], 1.262671, 1e-4);

	/* the increasing frequency paradox: more orders long ago are worse */
	{
		static const double paradox[] = {0.3475, 0.0428, 0.0042, 0.0004};
		double		year = 52;

		for (int i = 0; i < 4; i++)
		{
			customer = (PromoClvCustomer) {(uint32_t) (10 + 5 * i), 20, 39, 0};
			promo_clv_orders(cdnow, &customer, &year, 1, orders);
			CHECK(fabs(orders[0] - paradox[i]) < 1e-4);
		}
	}

	/* nothing overflows */
	customer = (PromoClvCustomer) {1000, 10, 100, 0};
	CHECK(promo_clv_alive(cdnow, &customer) < 1e-300);
	CHECK(promo_clv_alive(cdnow, &newcomer) == 1);
	CHECK_NEAR(promo_clv_alive(model_of(PROMO_MBG_NBD, 1, 0.5, 6, 0.9, 1.6), &newcomer), 1.6 / 2.5, 1e-14);
	/* of newcomers who may leave at once, those that do not are as others, one chance later */
	promo_clv_orders(model_of(PROMO_MBG_NBD, 1, 0.5, 6, 0.9, 1.6), &newcomer, weeks, 6, orders);
	CHECK_NEAR(orders[5], 0.64 * expected(0.5, 0.9, 2.6, 78 / 6.), 1e-13);
}

static void
test_money(void)
{
	/* customers of the CDNOW sample: repeat order days, their amount, published E[M] */
	static const struct
	{
		uint32_t	x;
		double		mean;
		double		want;
	}			published[] = {{2, 22.35, 24.65}, {1, 11.77, 18.91}, {0, 0, 35.17}, {7, 73.74, 71.46}, {2, 25.55, 27.28}};
	PromoClvModel *model = model_of(PROMO_BG_NBD, 7, 0.243, 4.414, 0.793, 2.426);
	PromoClvCustomer customer = {2, 213, 272, 0};
	double		days[24];
	double		orders[24];
	double		spend = -1;
	double		value = -1;
	double		want = 0;

	CHECK(!promo_clv_spend(model, &customer, &spend) && spend == -1);
	CHECK(!promo_clv_value(model, &customer, 12, 0, &value) && value == -1);
	give_spend(model, 6.25, 3.74, 15.44);
	for (int i = 0; i < 5; i++)
	{
		PromoClvCustomer c = {published[i].x, 0, 0, llround(published[i].mean * published[i].x * 10000)};

		CHECK(promo_clv_spend(model, &c, &spend) && fabs(spend - published[i].want) < 0.1);
	}

	/* who gave back more than was spent counts as one who spent nothing */
	customer.repeat_spent = -500000;
	CHECK(promo_clv_spend(model, &customer, &spend));
	CHECK_NEAR(spend, 6.25 * 15.44 / (12.5 + 2.74), 1e-14);
	customer.repeat_spent = 500000;

	/* the mean is infinite of a newcomer, but not of one who is known */
	give_spend(model, 6.25, 0.9, 15.44);
	CHECK(promo_clv_spend(model, &customer, &spend));
	CHECK_NEAR(spend, 6.25 * (15.44 + 50) / (12.5 - 0.1), 1e-14);
	CHECK(!promo_clv_spend(model, &(PromoClvCustomer) {0, 0, 0, 0}, &spend));

	/* months by hand */
	give_spend(model, 6.25, 3.74, 15.44);
	CHECK(promo_clv_spend(model, &customer, &spend));
	for (int k = 0; k < 24; k++)
		days[k] = (k + 1) * 365 / 12.;
	promo_clv_orders(model, &customer, days, 24, orders);
	for (int k = 0; k < 24; k++)
		want += spend * (orders[k] - (k > 0 ? orders[k - 1] : 0)) / pow(1.1, (k + 1) / 12.);
	CHECK(promo_clv_value(model, &customer, 24, 0.1, &value));
	CHECK_NEAR(value, want, 1e-12);
	CHECK(promo_clv_value(model, &customer, 24, 0, &value));
	CHECK_NEAR(value, spend * orders[23], 1e-12);
	CHECK(promo_clv_value(model, &customer, 0, 0, &value) && value == 0);
	/* more horizons than are summed at a time */
	CHECK(promo_clv_value(model, &customer, PROMO_CLV_MAX_MONTHS, 0, &value));
	days[0] = PROMO_CLV_MAX_MONTHS * 365 / 12.;
	promo_clv_orders(model, &customer, days, 1, orders);
	CHECK_NEAR(value, spend * orders[0], 1e-12);
}

/* ---------------------------------------------------------------- likelihood */

static double
likelihood_of(PromoClvKind kind, PromoClvRecord record, const double *parameters)
{
	Population	one = population(&record, 1, sizeof(record));
	double		gradient[4];

	return promo_clv_likelihood(&test.arena, kind, parameters, &one.records, gradient);
}

/* the largest relative difference between the gradient and central differences */
static double
gradient_error(double (*evaluate) (const double *, Population *, double *, int), int kind, int n,
			   const double *at, Population *records)
{
	double		gradient[4];
	double		ignored[4];
	double		worst = 0;

	evaluate(at, records, gradient, kind);
	for (int i = 0; i < n; i++)
	{
		double		point[4];
		double		difference = 0;

		/* five points */
		memcpy(point, at, (size_t) n * sizeof(double));
		for (int k = -2; k <= 2; k++)
		{
			static const double factors[] = {1, -8, 0, 8, -1};

			point[i] = at[i] * exp(k * 1e-3);
			difference += factors[k + 2] * evaluate(point, records, ignored, kind) / 12e-3;
		}
		worst = fmax(worst, fabs(difference - gradient[i]) / fmax(1, fabs(gradient[i])));
	}
	return worst;
}

static double
of_orders(const double *at, Population *records, double *gradient, int kind)
{
	return promo_clv_likelihood(&test.arena, (PromoClvKind) kind, at, &records->records, gradient);
}

static double
of_spend(const double *at, Population *records, double *gradient, int kind)
{
	(void) kind;
	return promo_spend_likelihood(&test.arena, at, &records->records, gradient);
}

static double
spend_by_hand(double p, double q, double v, double x, double m)
{
	return lgamma(p * x + q) - lgamma(p * x) - lgamma(q) + q * log(v) + (p * x - 1) * log(m) +
		p * x * log(x) - (p * x + q) * log(x * m + v);
}

static void
test_likelihood(void)
{
	static const double at[] = {0.25, 4, 0.8, 2.5};
	static const double points[][4] = {
		{0.25, 30, 0.8, 2.5}, {3, 200, 0.01, 0.3}, {0.01, 2, 20, 0.5}, {100, 9000, 1e-4, 50}
	};
	static const double spends[][3] = {{6.25, 3.74, 15.44}, {0.3, 0.5, 200}, {400, 30, 0.05}};
	PromoClvRecord orders[200];
	PromoSpendRecord spend[200];
	PromoClvModel *model = model_of(PROMO_MBG_NBD, 1, 0.5, 30, 0.8, 2.5);
	Population	order_records;
	Population	spend_records;
	double		gradient[4];

	CHECK_NEAR(likelihood_of(PROMO_BG_NBD, (PromoClvRecord) {0, 0, 40, 1}, at), -0.59947382, 1e-8);
	CHECK_NEAR(likelihood_of(PROMO_BG_NBD, (PromoClvRecord) {200, 38, 40, 1}, at), 100.79569309, 1e-10);
	CHECK_NEAR(likelihood_of(PROMO_BG_NBD, (PromoClvRecord) {200, 38, 40, 7}, at), 7 * 100.79569309, 1e-10);
	/* MBG/NBD, (0, 0): alive, or left at once */
	CHECK_NEAR(likelihood_of(PROMO_MBG_NBD, (PromoClvRecord) {0, 0, 40, 1}, at),
			   log((2.5 * pow(4 / 44., 0.25) + 0.8) / 3.3), 1e-13);

	give_spend(model, 6.25, 3.74, 15.44);
	spend_records = population(spend, generate(model, 200, orders, spend), sizeof(*spend));
	order_records = population(orders, 200, sizeof(*orders));
	for (int i = 0; i < 4; i++)
	{
		CHECK(gradient_error(of_orders, PROMO_BG_NBD, 4, points[i], &order_records) < 1e-8);
		CHECK(gradient_error(of_orders, PROMO_MBG_NBD, 4, points[i], &order_records) < 1e-8);
	}
	for (int i = 0; i < 3; i++)
		CHECK(gradient_error(of_spend, 0, 3, spends[i], &spend_records) < 1e-7);

	/* against the formula as it is printed */
	for (int i = 0; i < 3; i++)
	{
		double		want = 0;

		for (uint32_t k = 0; k < spend_records.n; k++)
			want += spend_by_hand(spends[i][0], spends[i][1], spends[i][2], spend[k].x,
								  spend[k].amount / 10000. / spend[k].x);
		CHECK_NEAR(promo_spend_likelihood(&test.arena, spends[i], &spend_records.records, gradient), want, 1e-10);
	}
}

/* ---------------------------------------------------------------- fits */

static PromoClvModel *
fit(PromoClvKind kind, const PromoClvRecord *orders, uint32_t n, const PromoSpendRecord *spend, uint32_t nspend)
{
	Population	order_records = population(orders, n, sizeof(*orders));
	Population	spend_records = population(spend, nspend, sizeof(*spend));

	return promo_clv_fit(&test.arena, kind, 0, &order_records.records, &spend_records.records, 0);
}

/* how far two sets of figures are apart, relative to the second */
static double
apart(const double *a, const double *b, int n)
{
	double		worst = 0;

	for (int i = 0; i < n; i++)
		worst = fmax(worst, fabs(a[i] - b[i]) / fabs(b[i]));
	return worst;
}

/* the same model, to nine digits */
static bool
same(const PromoClvModel *a, const PromoClvModel *b)
{
	return apart(a->orders, b->orders, 4) < 1e-9 && apart(a->spend, b->spend, 3) < 1e-9 &&
		apart(a->orders_fit.standard_errors, b->orders_fit.standard_errors, 4) < 1e-7 &&
		apart(a->spend_fit.standard_errors, b->spend_fit.standard_errors, 3) < 1e-7 &&
		apart(&a->orders_fit.log_likelihood, &b->orders_fit.log_likelihood, 1) < 1e-12 &&
		apart(&a->spend_fit.log_likelihood, &b->spend_fit.log_likelihood, 1) < 1e-12 &&
		apart(&a->spend_fit.correlation, &b->spend_fit.correlation, 1) < 1e-9 &&
		a->orders_fit.flags == b->orders_fit.flags && a->spend_fit.flags == b->spend_fit.flags;
}

static int
by_bytes(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(PromoClvRecord));
}

/* customers that are known come out as they went in, within their standard errors */
static void
test_recovery(PromoClvKind kind, uint32_t n, const double *o, const double *s)
{
	PromoClvRecord *orders = promo_alloc(&test.arena, n * sizeof(*orders));
	PromoSpendRecord *spend = promo_alloc(&test.arena, n * sizeof(*spend));
	PromoClvModel *model = model_of(kind, 7, o[0], o[1], o[2], o[3]);
	PromoClvModel *found;
	PromoClvModel *again;
	uint32_t	repeat;
	uint32_t	merged = 0;
	bool		close = true;

	give_spend(model, s[0], s[1], s[2]);
	repeat = generate(model, n, orders, spend);
	found = fit(kind, orders, n, spend, repeat);
	/* times were cut to days, which alpha and a feel a little */
	for (int i = 0; i < 4; i++)
		close &= fabs(found->orders[i] - o[i]) < 4 * found->orders_fit.standard_errors[i] + 0.02 * o[i];
	for (int i = 0; i < 3; i++)
		close &= fabs(found->spend[i] - s[i]) < 4 * found->spend_fit.standard_errors[i] + 0.005 * s[i];
	if (!CHECK(close))
		printf("# %g (%g) %g (%g) %g (%g) %g (%g), %g %g %g\n", found->orders[0], found->orders_fit.standard_errors[0], found->orders[1],
			   found->orders_fit.standard_errors[1], found->orders[2], found->orders_fit.standard_errors[2],
			   found->orders[3], found->orders_fit.standard_errors[3], found->spend[0], found->spend[1], found->spend[2]);
	CHECK(found->orders_fit.flags == (PROMO_FIT_THERE | PROMO_FIT_CONVERGED | PROMO_FIT_ERRORS));
	CHECK(found->spend_fit.flags == (PROMO_FIT_THERE | PROMO_FIT_CONVERGED | PROMO_FIT_ERRORS | PROMO_FIT_CORRELATION));
	CHECK(found->orders_fit.gradient < 1e-12);
	CHECK(found->spend_fit.gradient < 1e-12);
	CHECK(found->orders_fit.customers == n);
	CHECK(found->spend_fit.customers == repeat);

	/* in another order; and with equal ones merged */
	shuffle(orders, n, sizeof(*orders));
	shuffle(spend, repeat, sizeof(*spend));
	again = fit(kind, orders, n, spend, repeat);
	CHECK(same(found, again));
	qsort(orders, n, sizeof(*orders), by_bytes);
	for (uint32_t i = 1; i < n; i++)
		if (orders[i].x == orders[merged].x && orders[i].t_x == orders[merged].t_x && orders[i].T == orders[merged].T)
			orders[merged].weight++;
		else
			orders[++merged] = orders[i];
	CHECK(merged + 1 < n);
	again = fit(kind, orders, merged + 1, spend, repeat);
	CHECK(same(found, again));
}

static void
test_fits(void)
{
	static const double cdnow[] = {0.243, 4.414, 0.793, 2.426};
	static const double loyal[] = {2, 10, 0.3, 4};
	static const double cdnow_spend[] = {6.25, 3.74, 15.44};
	static const double dear[] = {2, 6, 3e9};

	test_recovery(PROMO_BG_NBD, 5000, cdnow, cdnow_spend);
	test_recovery(PROMO_MBG_NBD, 5000, cdnow, dear);
	/* large enough to begin with a sample */
	test_recovery(PROMO_BG_NBD, 60000, loyal, cdnow_spend);
	test_recovery(PROMO_MBG_NBD, 60000, loyal, cdnow_spend);
}

/*
 * Customers who are all alike, and come by turns: the best r and alpha, and q
 * and v, are infinite.  The limits are found whatever the way there, also from
 * a sample.
 */
static void
test_limits(uint32_t n)
{
	PromoClvRecord *orders = promo_alloc(&test.arena, n * sizeof(*orders));
	PromoSpendRecord *spend = promo_alloc(&test.arena, n * sizeof(*spend));
	PromoClvModel *models[2];
	uint32_t	repeat = 0;

	seed = 7;
	for (uint32_t i = 0; i < n; i++)
	{
		int			first = 700;
		int			last = 0;

		for (uint32_t k = 0; k <= i % 4; k++)
		{
			int			day = (int) (pow(uniform(), 2) * 700);

			first = day < first ? day : first;
			last = day > last ? day : last;
		}
		orders[i] = (PromoClvRecord) {i % 4, i % 4 > 0 ? last - first : 0, 730 - first, 1};
		if (i % 4 > 0)
		{
			double		amount = 0;

			for (uint32_t k = 0; k < i % 4; k++)
				amount += 1 + 100 * uniform();
			spend[repeat++] = (PromoSpendRecord) {(int64_t) (amount * 10000), i % 4, 1};
		}
	}
	for (PromoClvKind kind = PROMO_BG_NBD; kind <= PROMO_MBG_NBD; kind++)
	{
		for (int i = 0; i < 2; i++)
		{
			models[i] = fit(kind, orders, n, spend, repeat);
			CHECK(models[i]->orders_fit.flags & PROMO_FIT_CONVERGED && models[i]->orders_fit.flags & PROMO_FIT_AT_LIMIT);
			CHECK(models[i]->spend_fit.flags & PROMO_FIT_CONVERGED && models[i]->spend_fit.flags & PROMO_FIT_AT_LIMIT);
			shuffle(orders, n, sizeof(*orders));
			shuffle(spend, repeat, sizeof(*spend));
		}
		CHECK(apart(models[0]->orders, models[1]->orders, 4) < 1e-9);
		CHECK(apart(models[0]->spend, models[1]->spend, 3) < 1e-9);
	}
}

static bool
valid(const PromoClvModel *model)
{
	PromoBuffer buf;
	PromoError	err;

	promo_buffer_init(&buf, &test.arena);
	promo_clv_to_json(&buf, model);
	return promo_clv_from_json(&test.arena, (PromoText) {buf.data, (uint32_t) buf.len}, &err) != NULL;
}

/* populations that leave something open: the model says so, and is one that can be stored */
static void
test_degenerate(void)
{
	PromoClvRecord orders[1000];
	PromoSpendRecord spend[1000];
	PromoClvModel *model;

	CHECK(promo_clv_fit(&test.arena, PROMO_BG_NBD, 0, &nobody.records, &nobody.records, 0) == NULL);
	for (PromoClvKind kind = PROMO_BG_NBD; kind <= PROMO_MBG_NBD; kind++)
	{
		/* one customer: of today, of a year ago, one who came back */
		static const PromoClvRecord one[] = {{0, 0, 0, 1}, {0, 0, 365, 1}, {1, 100, 365, 1}, {0, 0, 2921939, 1},
		{50, 365, 365, 1}, {1, 2921939, 2921939, 1}};

		for (int i = 0; i < 6; i++)
		{
			model = fit(kind, &one[i], 1, NULL, 0);
			CHECK(valid(model) && !model->has_spend);
			CHECK(((model->orders_fit.flags & PROMO_FIT_NO_REPEATS) != 0) == (one[i].x == 0));
			CHECK(!(model->orders_fit.flags & PROMO_FIT_ERRORS));
		}

		/* nobody came back */
		for (int i = 0; i < 1000; i++)
			orders[i] = (PromoClvRecord) {0, 0, i, 1};
		model = fit(kind, orders, 1000, NULL, 0);
		CHECK(valid(model) && model->orders_fit.flags & PROMO_FIT_NO_REPEATS);
		CHECK(!(model->orders_fit.flags & PROMO_FIT_ERRORS));

		/* all are the same */
		for (int i = 0; i < 1000; i++)
		{
			orders[i] = (PromoClvRecord) {5, 100, 120, 1};
			spend[i] = (PromoSpendRecord) {1000000, 5, 1};
		}
		model = fit(kind, orders, 1000, spend, 1000);
		CHECK(valid(model) && model->orders_fit.flags & PROMO_FIT_AT_LIMIT && model->has_spend);
		CHECK(!(model->spend_fit.flags & (PROMO_FIT_CORRELATION | PROMO_FIT_ERRORS)));
		CHECK(model->spend_fit.flags & PROMO_FIT_AT_LIMIT);

		/* nobody leaves */
		for (int i = 0; i < 1000; i++)
			orders[i] = (PromoClvRecord) {(uint32_t) (10 + i % 40), 364, 365, 1};
		model = fit(kind, orders, 1000, NULL, 0);
		CHECK(valid(model) && model->orders_fit.flags & PROMO_FIT_NO_DROPOUT);
	}

	/* amounts from next to nothing to all the money there is */
	for (int i = 0; i < 1000; i++)
		spend[i] = (PromoSpendRecord) {i % 2 ? 1 : PROMO_MONEY_MAX, (uint32_t) (1 + i % 3), 1};
	model = fit(PROMO_BG_NBD, orders, 1000, spend, 1000);
	CHECK(valid(model) && model->has_spend);

	/* half of the customers hold nearly all the money: no mean to speak of */
	seed = 1;
	for (int i = 0; i < 1000; i++)
		spend[i] = (PromoSpendRecord) {1 + (int64_t) (10000 * gamma_variate(2) / gamma_variate(0.6)), 3, 1};
	model = fit(PROMO_BG_NBD, orders, 1000, spend, 1000);
	CHECK(valid(model) && model->spend_fit.flags & PROMO_FIT_INFINITE_MEAN);
}

/* ---------------------------------------------------------------- minimum */

/* Rosenbrock's valley, in as many variables as there are */
static double
valley(PromoObjective *objective, const double *at, double *gradient)
{
	double		value = 0;

	memset(gradient, 0, (size_t) objective->n * sizeof(double));
	for (int i = 0; i + 1 < objective->n; i++)
	{
		double		across = at[i + 1] - at[i] * at[i];

		value += 100 * across * across + (1 - at[i]) * (1 - at[i]);
		gradient[i] += -400 * at[i] * across - 2 * (1 - at[i]);
		gradient[i + 1] += 200 * across;
	}
	return value;
}

/* has no minimum: falls for ever, and cannot be computed beyond 10 */
static double
slide(PromoObjective *objective, const double *at, double *gradient)
{
	(void) objective;
	gradient[0] = -1;
	return at[0] > 10 ? NAN : -at[0];
}

static void
test_minimum(void)
{
	for (int n = 2; n <= 4; n++)
	{
		PromoObjective objective = {n, -20, 15, valley};
		PromoMinimum minimum = {.at = {-1.2, 1, -1.2, 1}};

		promo_minimize(&objective, &minimum, false);
		CHECK(minimum.value < 1e-20 && minimum.slope < 1e-10);
		CHECK(minimum.iterations < 100);
		CHECK(fabs(minimum.at[n - 1] - 1) < 1e-10);
	}
	{
		PromoObjective inside = {2, -20, 0.5, valley};
		PromoObjective endless = {1, -20, 15, slide};
		PromoMinimum minimum = {.at = {-1.2, 0.4}};
		PromoMinimum edge = {.at = {0}};

		/* the lowest point within limits is on one of them */
		promo_minimize(&inside, &minimum, false);
		CHECK(minimum.at[0] == 0.5 && fabs(minimum.at[1] - 0.25) < 1e-12);
		promo_minimize(&endless, &edge, false);
		CHECK(edge.at[0] > 9 && edge.at[0] <= 10);
	}
}

/* ---------------------------------------------------------------- forms */

static const char *
read_back(const char *json)
{
	PromoBuffer buf;
	PromoError	err;
	PromoClvModel *model = promo_clv_from_json(&test.arena, promo_text(json), &err);

	promo_buffer_init(&buf, &test.arena);
	if (model != NULL)
		promo_clv_to_json(&buf, model);
	else
		promo_putf(&buf, "%s: %s", err.message, err.detail);
	return buf.data;
}

static const char full[] =
	"{\"model\":\"mbg/nbd\",\"unit\":\"day\",\"r\":0.1,\"alpha\":4.414,\"a\":0.793,\"b\":2.426,"
	"\"fit\":{\"as_of\":\"1997-09-30\",\"customers\":2357,\"log_likelihood\":-9582.43,\"standard_errors\":[0.0126,0.378,0.186,0.705],"
	"\"gradient\":1e-13,\"iterations\":9,\"converged\":true,\"degenerate\":[\"no repeat purchases\",\"no dropout\",\"parameter at its limit\"]},"
	"\"spend\":{\"p\":6.25,\"q\":3.74,\"v\":15.44,"
	"\"fit\":{\"customers\":946,\"dropped\":3,\"correlation\":null,\"log_likelihood\":-4055.92,\"standard_errors\":null,"
	"\"gradient\":0.30000000000000004,\"iterations\":12,\"converged\":false,\"degenerate\":[\"infinite mean\"]}}}";

static void
test_forms(void)
{
	static const char own[] = "{\"model\":\"bg/nbd\",\"unit\":\"week\",\"r\":0.243,\"alpha\":4.414,\"a\":0.793,\"b\":2.426}";
	PromoError	err;
	PromoClvModel *model;
	PromoBuffer packed;
	bool		refused = true;

	CHECK_STR(read_back(full), full);
	CHECK_STR(read_back(own), own);
	CHECK_STR(read_back(" {\"b\": 2.426000, \"a\": 793e-3, \"r\": 0.243, \"alpha\": 4.414, \"unit\": \"week\", \"model\": \"bg/nbd\"} "), own);
	CHECK_STR(read_back("{\"model\":\"bg/nbd\",\"unit\":\"week\",\"r\":0,\"alpha\":4.414,\"a\":0.793,\"b\":2.426}"),
			  "r of the model is not above 0: ");
	CHECK_STR(read_back("{\"model\":\"bg/nbd\",\"unit\":\"week\",\"r\":1,\"alpha\":-4,\"a\":0.793,\"b\":2.426}"),
			  "alpha of the model is not above 0: ");
	CHECK_STR(read_back("{\"model\":\"bg/nbd\",\"unit\":\"week\",\"r\":1,\"alpha\":1e999,\"a\":0.793,\"b\":2.426}"),
			  "alpha of the model is out of range: ");
	CHECK_STR(read_back("{\"model\":\"bg/nbd\",\"unit\":\"week\",\"r\":1,\"alpha\":4}"),
			  "invalid input syntax for type promo.clv_model: Key \"a\" is missing.");

	/* every byte of the binary form is looked at */
	model = promo_clv_from_json(&test.arena, promo_text(full), &err);
	promo_buffer_init(&packed, &test.arena);
	promo_clv_pack(&packed, model);
	{
		PromoClvModel *again = promo_clv_unpack(&test.arena, packed.data, packed.len, &err);

		CHECK(again != NULL && memcmp(again, model, sizeof(*model)) == 0);
	}
	for (size_t len = 0; len < packed.len; len++)
		refused &= promo_clv_unpack(&test.arena, packed.data, len, &err) == NULL && err.code == PROMO_BAD_BINARY;
	CHECK(refused);
	for (size_t at = 0; at < packed.len * 8; at++)
	{
		char	   *copy = promo_alloc(&test.arena, packed.len);
		PromoClvModel *other;

		/* with any bit turned: refused, or a model that reads back equal */
		memcpy(copy, packed.data, packed.len);
		copy[at / 8] ^= (char) (1 << at % 8);
		other = promo_clv_unpack(&test.arena, copy, packed.len, &err);
		if (other != NULL)
		{
			PromoBuffer json;
			PromoClvModel *again;

			promo_buffer_init(&json, &test.arena);
			promo_clv_to_json(&json, other);
			again = promo_clv_from_json(&test.arena, (PromoText) {json.data, (uint32_t) json.len}, &err);
			refused &= again != NULL && memcmp(again, other, sizeof(*other)) == 0;
		}
	}
	CHECK(refused);
}

int
main(void)
{
	arena_init(&test);
	test_expected_orders();
	test_extremes();
	test_published_orders();
	test_money();
	test_likelihood();
	test_minimum();
	test_forms();
	test_degenerate();
	test_fits();
	test_limits(5000);
	test_limits(50000);
	arena_free(&test);
	return test_done();
}
