/*-------------------------------------------------------------------------
 *
 * clv_expect.c
 *	  what a model of lifetime value expects of one customer
 *
 * A customer who is still there has a rate lambda ~ Gamma(R, alpha + T) and a
 * probability of leaving p ~ Beta(A, B).  The order days to come are
 * E[(1 - exp(-lambda p t)) / p], which the papers write with a hypergeometric
 * function that has singularities where nothing is singular.  Here it is
 *
 *		the sum over j >= 1 of w(j) S(j)
 *
 * with w(j) the negative binomial probability that the customer would come on
 * j days if never leaving, and S(j) how many of those are expected to happen:
 * the sum over i < j of (B)_i / (A + B)_i.  No term is negative.  Where there
 * are too many terms, the integral over p is taken instead.
 *
 *-------------------------------------------------------------------------
 */
#include <math.h>

#include "clv_expect.h"

#define MAX_TERMS		4096.0	/* about so many terms, else the integral */
#define HORIZONS		32		/* at a time */
#define TINY			1e-17
#define CERTAIN			1e8		/* A and B above it: p is its mean */

/* of a customer who is still there */
typedef struct Alive
{
	double		R;
	double		A;
	double		B;
} Alive;

static double
log_odds_of_leaving(const PromoClvModel *model, const PromoClvCustomer *customer)
{
	double		alpha = model->orders[1] * model->unit;	/* in days */
	double		chances = customer->x - (model->kind == PROMO_BG_NBD);

	return log(model->orders[2] / (model->orders[3] + chances)) +
		(model->orders[0] + customer->x) *
		log1p((customer->T - customer->t_x) / (alpha + customer->t_x));
}

double
promo_clv_alive(const PromoClvModel *model, const PromoClvCustomer *customer)
{
	/* BG/NBD: one leaves behind a repeat purchase only */
	if (model->kind == PROMO_BG_NBD && customer->x == 0)
		return 1;
	return 1 / (1 + exp(log_odds_of_leaving(model, customer)));
}

/* ----------------------------------------------------------------
 * order days
 * ----------------------------------------------------------------
 */

/*
 * The sums for several horizons tau = t / (alpha + T), which do not descend,
 * at a time: they share S.  Weights begin with 1 and not with their true
 * value, which may be below every double; its logarithm is `scale`.
 */
static void
sum_series(const Alive *alive, const double *tau, int n, double *result)
{
	static const double big = 0x1p500;
	double		z[HORIZONS];
	double		weight[HORIZONS];
	double		scale[HORIZONS];
	double		q = 1;
	double		S = 0;
	int			first = 0;		/* those before it have all their terms */

	for (int i = 0; i < n; i++)
	{
		z[i] = tau[i] / (1 + tau[i]);
		weight[i] = 1;
		scale[i] = -alive->R * log1p(tau[i]);
		result[i] = 0;
	}
	for (int j = 0; first < n;)
	{
		/* weights cannot outgrow a double within so many steps */
		for (int end = j + 16; j < end; j++)
		{
			double		ratio = (alive->R + j) / (j + 1);

			S += q;
			q *= (alive->B + j) / (alive->A + alive->B + j);
			for (int i = first; i < n; i++)
			{
				weight[i] *= z[i] * ratio;
				result[i] += weight[i] * S;
			}
		}
		for (int i = first; i < n; i++)
			if (weight[i] > big)
			{
				weight[i] /= big;
				result[i] /= big;
				scale[i] += log(big);
			}
		while (first < n && j > alive->R * tau[first] &&
			   weight[first] * S * (1 + tau[first]) <= TINY * result[first])
			first++;
	}
	for (int i = 0; i < n; i++)
		result[i] *= exp(scale[i]);
}

/*
 * The mean of (1 - (1 + p tau)^-R) / p over p ~ Beta(A, B), by the trapezoidal
 * rule over s = ln(p / (1 - p)), which converges exponentially.  Far outside,
 * the terms are a geometric series.  The same rule gives what divides them.
 */
static double
integrate(const Alive *alive, double tau)
{
	double		R = alive->R;
	double		A = alive->A;
	double		B = alive->B;
	double		step = fmin(0.25, 0.7 * sqrt(1 / A + 1 / B));
	double		lowest = -40 - log(fmax(fmax(R, 1) * fmax(tau, 1), fmax(B, 1)));
	double		highest = 40 + log(fmax(A, 1));
	double		middle = fmin(fmax(log(A / B), lowest), highest);
	double		reference = A * log1p(exp(-middle)) + B * log1p(exp(middle));
	double		weights = 0;
	double		sum = 0;

	/* as good as certain, and beyond the digits of what follows */
	if (fmin(A, B) > CERTAIN)
		return -expm1(-R * log1p(A / (A + B) * tau)) * (1 + B / A);

	for (int direction = 1; direction >= -1; direction -= 2)
		for (int i = direction > 0 ? 0 : 1;; i++)
		{
			double		s = middle + direction * i * step;
			double		p = 1 / (1 + exp(-s));
			double		weight = exp(reference - A * log1p(exp(-s)) - B * log1p(exp(s)));
			double		made = p > 0 ? -expm1(-R * log1p(p * tau)) / p : R * tau;

			if (s < lowest || s > highest)
			{
				/* this term and those beyond it: each smaller by the same factor */
				weight /= -expm1(-(direction > 0 ? B : A) * step);
				weights += weight;
				sum += weight * made;
				break;
			}
			weights += weight;
			sum += weight * made;
			if (weight < TINY * weights && weight * (direction > 0 ? made : R * tau) < TINY * sum)
				break;
		}
	return sum / weights;
}

void
promo_clv_orders(const PromoClvModel *model, const PromoClvCustomer *customer, const double *days,
				 int n, double *orders)
{
	double		age = model->orders[1] * model->unit + customer->T;
	double		alive = promo_clv_alive(model, customer);
	Alive		state = {
		.R = model->orders[0] + customer->x,
		.A = model->orders[2],
		.B = model->orders[3] + customer->x + (model->kind == PROMO_MBG_NBD)
	};

	for (int done = 0; done < n;)
	{
		double		tau[HORIZONS];
		int			count = 0;

		while (count < HORIZONS && done + count < n)
		{
			tau[count] = days[done + count] / age;
			if (state.R * tau[count] + 40 * (1 + tau[count]) > MAX_TERMS)
				break;
			count++;
		}
		if (count > 0)
			sum_series(&state, tau, count, orders + done);
		else
		{
			orders[done] = integrate(&state, tau[0]);
			count = 1;
		}
		for (int i = 0; i < count; i++)
			orders[done + i] *= alive;
		done += count;
	}
}

/* ----------------------------------------------------------------
 * money
 * ----------------------------------------------------------------
 */

bool
promo_clv_spend(const PromoClvModel *model, const PromoClvCustomer *customer, double *spend)
{
	double		p = model->spend[0];
	double		q = model->spend[1];
	double		v = model->spend[2];
	double		spent = 0;

	/* who gave back more than was spent is taken for one who spent nothing */
	if (customer->x > 0 && customer->repeat_spent > 0)
		spent = (double) customer->repeat_spent / PROMO_MONEY;
	if (!model->has_spend || p * customer->x + q <= 1)
		return false;
	*spend = p * (v + spent) / (p * customer->x + q - 1);
	return true;
}

bool
promo_clv_value(const PromoClvModel *model, const PromoClvCustomer *customer, int months,
				double annual_discount, double *value)
{
	double		rate = -log1p(annual_discount) / 12;
	double		before = 0;
	double		spend;

	if (!promo_clv_spend(model, customer, &spend))
		return false;
	*value = 0;
	for (int done = 0; done < months; done += HORIZONS)
	{
		int			n = months - done < HORIZONS ? months - done : HORIZONS;
		double		days[HORIZONS] = {0};
		double		orders[HORIZONS];

		for (int i = 0; i < n; i++)
			days[i] = (done + i + 1) * (365.0 / 12);
		promo_clv_orders(model, customer, days, n, orders);
		for (int i = 0; i < n; i++)
		{
			*value += (orders[i] - before) * exp(rate * (done + i + 1));
			before = orders[i];
		}
	}
	*value *= spend;
	return true;
}
