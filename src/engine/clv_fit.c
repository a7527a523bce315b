/*-------------------------------------------------------------------------
 *
 * clv_fit.c
 *	  fits models of lifetime value to a population
 *
 * What depends on a customer's number of order days alone is summed over
 * their distribution, which is taken once.  What depends on days comes from
 * tables over the days that occur, filled once for each point.  So a record
 * costs one exp() and one log1p(), or one log1p() for spend, in each pass.
 *
 * Everything is written in terms of log1p(d / alpha) and of sums over single
 * order days, which keep their digits where r and alpha, or b, are very large.
 * Time is measured in the longest T, money in the mean amount, and parameters
 * by their logarithms, so that the limits mean the same for every population.
 *
 * Large populations are fitted on a sample first, from several starts, and
 * then as a whole from where that led.
 *
 *-------------------------------------------------------------------------
 */
#include <math.h>

#include "clv_fit.h"
#include "minimize.h"

#define LOWER			(-20.0)	/* logarithm of a parameter */
#define UPPER			15.0
#define CONVERGED		1e-6	/* largest derivative of the mean log-likelihood */
#define NO_DROPOUT		1e-3
#define SAME			1e-10	/* between two mean log-likelihoods */
#define SAMPLE			10000	/* records at most */
#define POLL			8192	/* steps of a loop between two polls */

static inline void
poll(PromoArena *arena, uint64_t step)
{
	if (step % POLL == 0 && arena->poll != NULL)
		arena->poll(arena);
}

/* ----------------------------------------------------------------
 * sums and samples
 * ----------------------------------------------------------------
 */

/* A sum whose error does not grow with the number of terms (Neumaier). */
typedef struct Sum
{
	double		sum;
	double		rest;
} Sum;

static inline void
add(Sum *sum, double term)
{
	double		next = sum->sum + term;

	if (fabs(sum->sum) >= fabs(term))
		sum->rest += (sum->sum - next) + term;
	else
		sum->rest += (term - next) + sum->sum;
	sum->sum = next;
}

static inline double
total(const Sum *sum)
{
	return sum->sum + sum->rest;
}

/* Records in an array. */
typedef struct Sample
{
	PromoRecords records;
	const void *first;
	uint32_t	n;
	bool		given;			/* in this pass */
} Sample;

static uint32_t
next_of_sample(PromoRecords *records, const void **first)
{
	Sample	   *sample = (Sample *) records;

	sample->given = !sample->given;
	*first = sample->first;
	return sample->given ? sample->n : 0;
}

/*
 * One of every k records, SAMPLE at most.  Which one changes, since what is
 * sorted, or comes by turns, would make every k-th a sample of something else.
 */
static Sample *
take_sample(PromoArena *arena, PromoRecords *records, uint64_t n, size_t size)
{
	Sample	   *sample = promo_alloc0(arena, sizeof(Sample));
	char	   *copy = promo_alloc(arena, SAMPLE * size);
	uint64_t	k = (n + SAMPLE - 1) / SAMPLE;
	uint64_t	random = 0;
	uint64_t	at = 0;			/* of the record in front of us */
	uint64_t	chosen = 0;		/* of the next to be taken */
	const void *first;
	uint32_t	count;

	sample->records.next = next_of_sample;
	sample->first = copy;
	while ((count = records->next(records, &first)) > 0)
	{
		for (; chosen < at + count; chosen = sample->n * k + (random >> 33) % k)
		{
			memcpy(copy + sample->n++ * size, (const char *) first + (chosen - at) * size, size);
			random = random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
		}
		at += count;
		poll(arena, 0);
	}
	return sample;
}

/* ----------------------------------------------------------------
 * order days
 * ----------------------------------------------------------------
 */

typedef struct Orders
{
	PromoObjective objective;	/* minus the mean log-likelihood */
	PromoArena *arena;
	PromoRecords *records;
	bool		mbg;

	uint64_t	nrecords;
	double		customers;
	double		repeats;		/* the sum of x */
	uint32_t	max_x;
	int32_t		max_T;
	double	   *beyond;			/* of each k < max_x: customers with x > k */
	int32_t    *days;			/* that occur as t_x or T */
	uint32_t	ndays;
	double		day;			/* in the unit of time */

	/* filled for each point; over days, and over x */
	double	   *log_time;		/* log1p(day / alpha) */
	double	   *share;			/* day / (alpha + day) */
	double	   *log_odds;		/* ln(a / (b + x - 1)), for MBG/NBD ln(a / (b + x)) */
	double	   *inverse;		/* 1 / (b + x - 1), 1 / (b + x) */
} Orders;

/* first pass: how many and how far */
static void
measure_orders(Orders *orders)
{
	const void *first;
	uint32_t	n;

	while ((n = orders->records->next(orders->records, &first)) > 0)
	{
		const PromoClvRecord *record = first;

		orders->nrecords += n;
		for (const PromoClvRecord *end = record + n; record < end; record++)
		{
			orders->customers += record->weight;
			orders->repeats += (double) record->x * record->weight;
			if (record->x > orders->max_x)
				orders->max_x = record->x;
			if (record->T > orders->max_T)
				orders->max_T = record->T;
		}
		poll(orders->arena, 0);
	}
}

/* second pass: the distribution of x, and the days that occur */
static void
count_orders(Orders *orders)
{
	PromoArena *arena = orders->arena;
	size_t		all_days = (size_t) orders->max_T + 1;
	char	   *seen = promo_alloc0(arena, all_days);
	const void *first;
	uint32_t	n;

	orders->beyond = promo_alloc0(arena, (orders->max_x + (size_t) 1) * sizeof(double));
	while ((n = orders->records->next(orders->records, &first)) > 0)
	{
		const PromoClvRecord *record = first;

		for (const PromoClvRecord *end = record + n; record < end; record++)
		{
			seen[record->t_x] = seen[record->T] = 1;
			if (record->x > 0)
				orders->beyond[record->x - 1] += record->weight;
		}
		poll(arena, 0);
	}
	for (uint32_t k = orders->max_x; k-- > 1;)
		orders->beyond[k - 1] += orders->beyond[k];

	for (size_t day = 0; day < all_days; day++)
		orders->ndays += seen[day];
	orders->days = promo_alloc(arena, orders->ndays * sizeof(int32_t));
	orders->ndays = 0;
	for (size_t day = 0; day < all_days; day++)
		if (seen[day])
			orders->days[orders->ndays++] = (int32_t) day;
	orders->log_time = promo_alloc(arena, all_days * sizeof(double));
	orders->share = promo_alloc(arena, all_days * sizeof(double));
	orders->log_odds = promo_alloc(arena, (orders->max_x + (size_t) 1) * sizeof(double));
	orders->inverse = promo_alloc(arena, (orders->max_x + (size_t) 1) * sizeof(double));
}

static void
fill_tables(Orders *orders, double alpha, double a, double b)
{
	for (uint32_t i = 0; i < orders->ndays; i++)
	{
		int32_t		day = orders->days[i];
		double		time = day * orders->day;

		orders->log_time[day] = log1p(time / alpha);
		orders->share[day] = time / (alpha + time);
		poll(orders->arena, i);
	}

	/* a BG/NBD customer without repeat purchases cannot have left */
	orders->log_odds[0] = orders->inverse[0] = 0;
	for (uint32_t x = !orders->mbg; x <= orders->max_x; x++)
	{
		orders->inverse[x] = 1 / (b + (x - !orders->mbg));
		orders->log_odds[x] = log(a * orders->inverse[x]);
		poll(orders->arena, x);
	}
}

/* The part of the log-likelihood and its gradient that depends on x alone, not yet by logarithms. */
static void
add_counts(const Orders *orders, double r, double a, double b, Sum *value, Sum *gradient)
{
	int			shift = orders->mbg;	/* one more chance to leave */

	for (uint32_t k = 0; k < orders->max_x; k++)
	{
		add(value, orders->beyond[k] * log(r + k));
		add(&gradient[0], orders->beyond[k] / (r + k));
		poll(orders->arena, k);
	}
	for (uint32_t k = 0; k < orders->max_x + shift; k++)
	{
		double		customers = k < shift ? orders->customers : orders->beyond[k - shift];

		add(value, -customers * log1p(a / (b + k)));
		add(&gradient[2], -customers / (a + b + k));
		add(&gradient[3], customers * a / ((b + k) * (a + b + k)));
		poll(orders->arena, k);
	}
}

/*
 * The log-likelihood in the unit of time, and its gradient by the logarithms
 * of r, alpha, a, b.
 */
static double
orders_likelihood(Orders *orders, const double *parameters, double *gradient)
{
	double		r = parameters[0];
	double		alpha = parameters[1];
	double		a = parameters[2];
	double		b = parameters[3];
	Sum			value = {0, 0};
	Sum			g[PROMO_CLV_PARAMETERS] = {{0, 0}};
	Sum			left = {0, 0};	/* expected number of customers who left */
	const void *first;
	uint32_t	n;

	fill_tables(orders, alpha, a, b);
	add_counts(orders, r, a, b, &value, g);
	add(&value, -orders->repeats * log(alpha));
	while ((n = orders->records->next(orders->records, &first)) > 0)
	{
		const PromoClvRecord *record = first;
		double		sum = 0;
		double		sum_r = 0;
		double		sum_alpha = 0;
		double		sum_left = 0;
		double		sum_b = 0;

		for (const PromoClvRecord *end = record + n; record < end; record++)
		{
			double		x = record->x;
			double		weight = record->weight;
			double		to_T = orders->log_time[record->T];
			double		likelihood = -(r + x) * to_T;
			double		mean_time = to_T;
			double		mean_share = orders->share[record->T];

			if (record->x > 0 || orders->mbg)
			{
				double		since = to_T - orders->log_time[record->t_x];
				double		odds = orders->log_odds[record->x] + (r + x) * since;
				double		e = exp(-fabs(odds));
				double		gone = (odds > 0 ? 1 : e) / (1 + e);

				likelihood += (odds > 0 ? odds : 0) + log1p(e);
				mean_time -= gone * since;
				mean_share -= gone * (mean_share - orders->share[record->t_x]);
				sum_left += weight * gone;
				sum_b += weight * gone * orders->inverse[record->x];
			}
			sum += weight * likelihood;
			sum_r += weight * mean_time;
			sum_alpha += weight * (r + x) * mean_share;
		}
		add(&value, sum);
		add(&g[0], -sum_r);
		add(&g[1], sum_alpha);
		add(&g[3], -sum_b);
		add(&left, sum_left);
		poll(orders->arena, 0);
	}
	gradient[0] = r * total(&g[0]);
	gradient[1] = total(&g[1]) - orders->repeats;
	gradient[2] = a * total(&g[2]) + total(&left);
	gradient[3] = b * total(&g[3]);
	return total(&value);
}

static double
evaluate_orders(PromoObjective *objective, const double *at, double *gradient)
{
	Orders	   *orders = (Orders *) objective;
	double		parameters[PROMO_CLV_PARAMETERS];
	double		value;

	for (int i = 0; i < PROMO_CLV_PARAMETERS; i++)
		parameters[i] = exp(at[i]);
	value = orders_likelihood(orders, parameters, gradient);
	for (int i = 0; i < PROMO_CLV_PARAMETERS; i++)
		gradient[i] /= -orders->customers;
	return value / -orders->customers;
}

static Orders *
open_orders(PromoArena *arena, PromoClvKind kind, PromoRecords *records)
{
	Orders	   *orders = promo_alloc0(arena, sizeof(Orders));

	orders->objective = (PromoObjective) {PROMO_CLV_PARAMETERS, LOWER, UPPER, evaluate_orders};
	orders->arena = arena;
	orders->records = records;
	orders->mbg = kind == PROMO_MBG_NBD;
	orders->day = 1;
	measure_orders(orders);
	if (orders->nrecords > 0)
		count_orders(orders);
	return orders;
}

double
promo_clv_likelihood(PromoArena *arena, PromoClvKind kind, const double *parameters,
					 PromoRecords *records, double *gradient)
{
	return orders_likelihood(open_orders(arena, kind, records), parameters, gradient);
}

/* ----------------------------------------------------------------
 * spend
 * ----------------------------------------------------------------
 */

typedef struct Spend
{
	PromoObjective objective;	/* minus the mean log-likelihood */
	PromoArena *arena;
	PromoRecords *records;

	uint64_t	nrecords;
	double		customers;
	uint32_t	max_x;
	double		correlation;	/* NAN if there is none */
	double	   *with;			/* of each x: customers */
	double		money;			/* in the unit of money */
	double		log_means;		/* the sum of ln(amount / x), in the unit of money */
} Spend;

/* first pass: how many, and the means of x and of the mean amount */
static void
measure_spend(Spend *spend, double *mean_x, double *mean_z)
{
	Sum			x = {0, 0};
	Sum			z = {0, 0};
	const void *first;
	uint32_t	n;

	while ((n = spend->records->next(spend->records, &first)) > 0)
	{
		const PromoSpendRecord *record = first;

		spend->nrecords += n;
		for (const PromoSpendRecord *end = record + n; record < end; record++)
		{
			spend->customers += record->weight;
			if (record->x > spend->max_x)
				spend->max_x = record->x;
			add(&x, (double) record->weight * record->x);
			add(&z, (double) record->weight * ((double) record->amount / record->x));
		}
		poll(spend->arena, 0);
	}
	*mean_x = total(&x) / spend->customers;
	*mean_z = total(&z) / spend->customers;
}

/* second pass: the distribution of x, the means and the correlation */
static void
count_spend(Spend *spend, double mean_x, double mean_z)
{
	Sum			log_means = {0, 0};
	Sum			xx = {0, 0};
	Sum			zz = {0, 0};
	Sum			xz = {0, 0};
	const void *first;
	uint32_t	n;

	spend->with = promo_alloc0(spend->arena, (spend->max_x + (size_t) 1) * sizeof(double));
	while ((n = spend->records->next(spend->records, &first)) > 0)
	{
		const PromoSpendRecord *record = first;

		for (const PromoSpendRecord *end = record + n; record < end; record++)
		{
			double		weight = record->weight;
			double		x = record->x - mean_x;
			double		z = (double) record->amount / record->x / mean_z - 1;

			spend->with[record->x] += weight;
			add(&log_means, weight * log(record->amount * spend->money / record->x));
			add(&xx, weight * x * x);
			add(&zz, weight * z * z);
			add(&xz, weight * x * z);
		}
		poll(spend->arena, 0);
	}
	spend->log_means = total(&log_means);

	/* what the rounding of equal means leaves is no variance */
	if (total(&xx) > 0 && total(&zz) > 1e-28 * spend->customers)
		spend->correlation = fmax(-1, fmin(1, total(&xz) / sqrt(total(&xx) * total(&zz))));
	else
		spend->correlation = NAN;
}

/* for y >= 10: ln Gamma(y) = (y - 1/2) ln y - y + ln(2 pi) / 2 + this, and its derivative */
static inline double
stirling(double y)
{
	double		i = 1 / (y * y);

	return (1 / 12. - i * (1 / 360. - i * (1 / 1260. - i * (1 / 1680. - i * (1 / 1188. - i *
			(691 / 360360. - i / 156)))))) / y;
}

static inline double
stirling_slope(double y)
{
	double		i = 1 / (y * y);

	return -i * (1 / 12. - i * (1 / 120. - i * (1 / 252. - i * (1 / 240. - i * (1 / 132. - i *
			(691 / 32760. - i / 12))))));
}

static double
log_gamma(double y)
{
	double		below = 0;

	for (; y < 10; y++)
		below += log(y);
	return (y - 0.5) * log(y) - y + 0.91893853320467274178 + stirling(y) - below;
}

/*
 * ln Gamma(y + z) - ln Gamma(y), and its derivative by y, with all their digits
 * where y is large.
 */
static double
log_gamma_ratio(double y, double z, double *by_y)
{
	double		below = 0;
	double		by_y_below = 0;
	double		grown;

	for (; y < 10; y++)
	{
		below += log1p(z / y);
		by_y_below += z / (y * (y + z));
	}
	grown = log1p(z / y);
	*by_y = grown + 0.5 * z / (y * (y + z)) + stirling_slope(y + z) - stirling_slope(y) + by_y_below;
	return z * log(y + z) + (y - 0.5) * grown - z + stirling(y + z) - stirling(y) - below;
}

/*
 * The log-likelihood in the unit of money, and its gradient by the logarithms
 * of p, q, v.  With S what was spent on x days it is, of one customer,
 *
 *		ln Gamma(px + q) - ln Gamma(px) - ln Gamma(q) - ln(S / x)
 *			- q ln(1 + S / v) - px ln(1 + v / S)
 *
 * so that nothing large is taken from anything large where p, or q and v, are.
 */
static double
spend_likelihood(Spend *spend, const double *parameters, double *gradient)
{
	double		p = parameters[0];
	double		q = parameters[1];
	double		v = parameters[2];
	Sum			value = {0, 0};
	Sum			g[PROMO_SPEND_PARAMETERS] = {{0, 0}};
	const void *first;
	uint32_t	n;

	add(&value, -spend->log_means);
	for (uint32_t x = 1; x <= spend->max_x; x++)
	{
		double		with_px;
		double		with_q;
		double		by_px;
		double		by_q;

		poll(spend->arena, x);
		if (spend->with[x] == 0)
			continue;
		with_px = log_gamma_ratio(p * x, q, &by_px);
		with_q = log_gamma_ratio(q, p * x, &by_q);
		add(&value, spend->with[x] * (q < p * x ? with_px - log_gamma(q) : with_q - log_gamma(p * x)));
		add(&g[0], spend->with[x] * x * by_px);
		add(&g[1], spend->with[x] * by_q);
	}
	while ((n = spend->records->next(spend->records, &first)) > 0)
	{
		const PromoSpendRecord *record = first;
		double		sum_p = 0;
		double		sum_q = 0;
		double		sum_v = 0;

		for (const PromoSpendRecord *end = record + n; record < end; record++)
		{
			double		x = record->x;
			double		weight = record->weight;
			double		spent = record->amount * spend->money;
			double		share = spent / (spent + v);

			sum_p += weight * x * log1p(v / spent);
			sum_q += weight * log1p(spent / v);
			sum_v += weight * (q * share - p * x * (v / (spent + v)));
		}
		add(&value, -p * sum_p - q * sum_q);
		add(&g[0], -sum_p);
		add(&g[1], -sum_q);
		add(&g[2], sum_v);
		poll(spend->arena, 0);
	}
	gradient[0] = p * total(&g[0]);
	gradient[1] = q * total(&g[1]);
	gradient[2] = total(&g[2]);
	return total(&value);
}

static double
evaluate_spend(PromoObjective *objective, const double *at, double *gradient)
{
	Spend	   *spend = (Spend *) objective;
	double		parameters[PROMO_SPEND_PARAMETERS];
	double		value;

	for (int i = 0; i < PROMO_SPEND_PARAMETERS; i++)
		parameters[i] = exp(at[i]);
	value = spend_likelihood(spend, parameters, gradient);
	for (int i = 0; i < PROMO_SPEND_PARAMETERS; i++)
		gradient[i] /= -spend->customers;
	return value / -spend->customers;
}

/* scaled: in the mean of the mean amounts, else in whole units of money */
static Spend *
open_spend(PromoArena *arena, PromoRecords *records, bool scaled)
{
	Spend	   *spend = promo_alloc0(arena, sizeof(Spend));
	double		mean_x;
	double		mean_z;

	spend->objective = (PromoObjective) {PROMO_SPEND_PARAMETERS, LOWER, UPPER, evaluate_spend};
	spend->arena = arena;
	spend->records = records;
	measure_spend(spend, &mean_x, &mean_z);
	spend->money = 1 / (scaled ? mean_z : (double) PROMO_MONEY);
	if (spend->nrecords > 0)
		count_spend(spend, mean_x, mean_z);
	return spend;
}

double
promo_spend_likelihood(PromoArena *arena, const double *parameters, PromoRecords *records,
					   double *gradient)
{
	return spend_likelihood(open_spend(arena, records, false), parameters, gradient);
}

/* ----------------------------------------------------------------
 * fitting
 * ----------------------------------------------------------------
 */

/* the first of the best of several starts, each the logarithms of parameters */
static PromoMinimum
search(PromoObjective *objective, const double (*starts)[PROMO_MINIMIZE_MAX], int n)
{
	PromoMinimum best = {.value = INFINITY};

	for (int i = 0; i < n; i++)
	{
		PromoMinimum minimum = {.iterations = 0};

		memcpy(minimum.at, starts[i], sizeof(minimum.at));
		promo_minimize(objective, &minimum, false);
		if (i == 0 || minimum.value < best.value - SAME)
			best = minimum;
	}
	return best;
}

/* the same for every model: how the search ended */
static void
describe_fit(PromoObjective *objective, PromoMinimum *minimum, double customers, double *parameters,
			 PromoClvFit *fit)
{
	double		variances[PROMO_MINIMIZE_MAX];

	fit->customers = (int64_t) customers;
	fit->log_likelihood = -minimum->value * customers;
	fit->gradient = minimum->slope;
	fit->iterations = (uint32_t) minimum->iterations;
	fit->flags = PROMO_FIT_THERE;
	if (minimum->slope < CONVERGED)
		fit->flags |= PROMO_FIT_CONVERGED;
	for (int i = 0; i < objective->n; i++)
	{
		parameters[i] = exp(minimum->at[i]);
		if (minimum->at[i] <= LOWER || minimum->at[i] >= UPPER)
			fit->flags |= PROMO_FIT_AT_LIMIT;
	}
	if (fit->flags & PROMO_FIT_AT_LIMIT)
		return;
	promo_minimum_hessian(objective, minimum);
	if (!promo_minimum_variances(objective, minimum, variances))
		return;
	fit->flags |= PROMO_FIT_ERRORS;
	for (int i = 0; i < objective->n; i++)
		fit->standard_errors[i] = parameters[i] * sqrt(variances[i] / customers);
}

static void
fit_orders(Orders *orders, PromoClvModel *model)
{
	static const double shapes[][3] = {{0.5, 0.8, 2.5}, {2, 0.3, 3}, {0.2, 2, 2}};
	enum {NSTARTS = sizeof(shapes) / sizeof(shapes[0])};
	PromoObjective *objective = &orders->objective;
	PromoClvFit *fit = &model->orders_fit;
	double		starts[NSTARTS][PROMO_MINIMIZE_MAX];
	double		unit = orders->max_T > 0 ? orders->max_T : 1;	/* of time, in days */
	PromoMinimum minimum;

	/* whatever the shape, orders come about as often as they do */
	orders->day = 1 / unit;
	for (int i = 0; i < NSTARTS; i++)
	{
		double		often = fmax(orders->repeats / orders->customers, 0.01);

		starts[i][0] = log(shapes[i][0]);
		starts[i][1] = log(shapes[i][0] / often);
		starts[i][2] = log(shapes[i][1]);
		starts[i][3] = log(shapes[i][2]);
	}
	if (orders->nrecords > 2 * SAMPLE)
	{
		Sample	   *sample = take_sample(orders->arena, orders->records, orders->nrecords,
										 sizeof(PromoClvRecord));
		Orders	   *part = open_orders(orders->arena, model->kind, &sample->records);

		part->day = orders->day;
		minimum = search(&part->objective, starts, NSTARTS);
		promo_minimize(objective, &minimum, true);
	}
	else
		minimum = search(objective, starts, NSTARTS);

	describe_fit(objective, &minimum, orders->customers, model->orders, fit);
	unit /= model->unit;
	model->orders[1] *= unit;
	fit->standard_errors[1] *= unit;
	fit->log_likelihood -= orders->repeats * log(unit);
	if (orders->repeats == 0)
		fit->flags |= PROMO_FIT_NO_REPEATS;
	if (model->orders[2] < NO_DROPOUT * (model->orders[2] + model->orders[3]))
		fit->flags |= PROMO_FIT_NO_DROPOUT;
}

static void
fit_spend(Spend *spend, int64_t dropped, PromoClvModel *model)
{
	static const double shapes[][2] = {{6, 4}, {1, 2}, {1, 20}};
	enum {NSTARTS = sizeof(shapes) / sizeof(shapes[0])};
	PromoObjective *objective = &spend->objective;
	PromoClvFit *fit = &model->spend_fit;
	double		starts[NSTARTS][PROMO_MINIMIZE_MAX] = {{0}};
	double		unit = 1 / spend->money / PROMO_MONEY;
	PromoMinimum minimum;

	/* whatever the shape, p v / (q - 1) is the mean */
	for (int i = 0; i < NSTARTS; i++)
	{
		starts[i][0] = log(shapes[i][0]);
		starts[i][1] = log(shapes[i][1]);
		starts[i][2] = log((shapes[i][1] - 1) / shapes[i][0]);
	}
	if (spend->nrecords > 2 * SAMPLE)
	{
		Sample	   *sample = take_sample(spend->arena, spend->records, spend->nrecords,
										 sizeof(PromoSpendRecord));
		Spend	   *part = open_spend(spend->arena, &sample->records, true);

		minimum = search(&part->objective, starts, NSTARTS);
		minimum.at[2] = fmin(fmax(minimum.at[2] + log(spend->money / part->money), LOWER), UPPER);
		promo_minimize(objective, &minimum, true);
	}
	else
		minimum = search(objective, starts, NSTARTS);

	describe_fit(objective, &minimum, spend->customers, model->spend, fit);
	model->has_spend = true;
	model->spend[2] *= unit;
	fit->standard_errors[2] *= unit;
	fit->log_likelihood -= spend->customers * log(unit);
	fit->dropped = dropped;
	if (!isnan(spend->correlation))
	{
		fit->flags |= PROMO_FIT_CORRELATION;
		fit->correlation = spend->correlation + 0.0;	/* no negative zero */
	}
	if (model->spend[1] <= 1)
		fit->flags |= PROMO_FIT_INFINITE_MEAN;
}

PromoClvModel *
promo_clv_fit(PromoArena *arena, PromoClvKind kind, int32_t as_of, PromoRecords *order_records,
			  PromoRecords *spend_records, int64_t dropped)
{
	Orders	   *orders = open_orders(arena, kind, order_records);
	Spend	   *spend = open_spend(arena, spend_records, true);
	PromoClvModel *model;

	if (orders->nrecords == 0)
		return NULL;
	model = promo_clv_new(arena, kind, 7);
	model->as_of = as_of;
	fit_orders(orders, model);
	if (spend->nrecords > 0)
		fit_spend(spend, dropped, model);
	return model;
}
