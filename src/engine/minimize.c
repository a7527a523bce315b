/*-------------------------------------------------------------------------
 *
 * minimize.c
 *	  the minimum of a smooth function of up to four variables
 *
 * A step is Newton's, taken along the eigenvectors of the second derivatives
 * with the absolute values of their eigenvalues: it leads downhill where the
 * function curves the wrong way, too.  It is no longer than MAX_STEP in any
 * variable, stays within the limits, and is halved until the value falls.
 *
 *-------------------------------------------------------------------------
 */
#include <float.h>
#include <math.h>

#include "minimize.h"

#define MAX_STEP		2.0		/* variables are logarithms */
#define MAX_ITERATIONS	200
#define MAX_HALVINGS	30
#define DIFFERENCE		3e-5	/* between points that give second derivatives */
#define NOISE			1e-13	/* of a value, relative to 1 + itself */
#define TOO_FLAT		1e-9	/* smallest eigenvalue, relative to the largest */

typedef double Matrix[PROMO_MINIMIZE_MAX][PROMO_MINIMIZE_MAX];

/*
 * Jacobi's method: a becomes diagonal, and vectors[.][j] the eigenvector of
 * the eigenvalue a[j][j].
 */
static void
diagonalize(int n, Matrix a, Matrix vectors)
{
	for (int i = 0; i < n; i++)
		for (int j = 0; j < n; j++)
			vectors[i][j] = i == j;
	for (int sweep = 0; sweep < 50; sweep++)
	{
		bool		rotated = false;

		for (int p = 0; p < n; p++)
			for (int q = p + 1; q < n; q++)
			{
				double		theta;
				double		t;
				double		c;
				double		s;

				if (fabs(a[p][q]) <= DBL_EPSILON * sqrt(fabs(a[p][p] * a[q][q])) / 8 ||
					fabs(a[p][q]) < DBL_MIN)
					continue;
				rotated = true;
				theta = (a[q][q] - a[p][p]) / (2 * a[p][q]);
				t = (theta < 0 ? -1 : 1) / (fabs(theta) + sqrt(theta * theta + 1));
				c = 1 / sqrt(t * t + 1);
				s = t * c;
				for (int k = 0; k < n; k++)
				{
					double		kp = a[k][p];
					double		kq = a[k][q];

					a[k][p] = c * kp - s * kq;
					a[k][q] = s * kp + c * kq;
				}
				for (int k = 0; k < n; k++)
				{
					double		pk = a[p][k];
					double		qk = a[q][k];

					a[p][k] = c * pk - s * qk;
					a[q][k] = s * pk + c * qk;
				}
				for (int k = 0; k < n; k++)
				{
					double		kp = vectors[k][p];
					double		kq = vectors[k][q];

					vectors[k][p] = c * kp - s * kq;
					vectors[k][q] = s * kp + c * kq;
				}
			}
		if (!rotated)
			break;
	}
}

/* the variables that are not held at a limit; the largest derivative among them */
static int
free_variables(const PromoObjective *objective, const double *at, const double *gradient,
			   int *variables, double *slope)
{
	int			n = 0;

	*slope = 0;
	for (int i = 0; i < objective->n; i++)
	{
		if ((at[i] <= objective->lower && gradient[i] >= 0) ||
			(at[i] >= objective->upper && gradient[i] <= 0))
			continue;
		variables[n++] = i;
		*slope = fmax(*slope, fabs(gradient[i]));
	}
	return n;
}

/* leaves out the variables at a limit that a step would lead beyond; whether there were any */
static bool
hold_at_limits(const PromoObjective *objective, const double *at, const double *step,
			   int *variables, int *n)
{
	int			kept = 0;
	bool		held;

	for (int i = 0; i < *n; i++)
	{
		int			v = variables[i];

		if (!(at[v] <= objective->lower && step[v] < 0) && !(at[v] >= objective->upper && step[v] > 0))
			variables[kept++] = v;
	}
	held = kept < *n;
	*n = kept;
	return held;
}

/* the step from a minimum, and by how much the value should fall */
static double
newton_step(const PromoMinimum *minimum, const int *variables, int n, double *step)
{
	Matrix		a;
	Matrix		vectors;
	double		longest = 0;
	double		fall = 0;

	for (int i = 0; i < n; i++)
		for (int j = 0; j < n; j++)
			a[i][j] = minimum->hessian[variables[i]][variables[j]];
	diagonalize(n, a, vectors);
	for (int i = 0; i < PROMO_MINIMIZE_MAX; i++)
		step[i] = 0;
	for (int j = 0; j < n; j++)
	{
		double		along = 0;

		for (int i = 0; i < n; i++)
			along -= vectors[i][j] * minimum->gradient[variables[i]];

		/* no curvature: as far as a step goes */
		along /= fmax(fabs(a[j][j]), fmax(fabs(along) / MAX_STEP, DBL_MIN));
		for (int i = 0; i < n; i++)
			step[variables[i]] += along * vectors[i][j];
	}
	for (int i = 0; i < n; i++)
		longest = fmax(longest, fabs(step[variables[i]]));
	for (int i = 0; i < n; i++)
	{
		if (longest > MAX_STEP)
			step[variables[i]] *= MAX_STEP / longest;
		fall -= step[variables[i]] * minimum->gradient[variables[i]];
	}
	return fall;
}

void
promo_minimum_hessian(PromoObjective *objective, PromoMinimum *minimum)
{
	int			n = objective->n;
	Matrix		d;

	for (int i = 0; i < n; i++)
	{
		double		at[PROMO_MINIMIZE_MAX];
		double		below[PROMO_MINIMIZE_MAX];
		double		above[PROMO_MINIMIZE_MAX];

		memcpy(at, minimum->at, sizeof(at));
		at[i] = minimum->at[i] - DIFFERENCE;
		objective->evaluate(objective, at, below);
		at[i] = minimum->at[i] + DIFFERENCE;
		objective->evaluate(objective, at, above);
		for (int j = 0; j < n; j++)
		{
			d[i][j] = (above[j] - below[j]) / (2 * DIFFERENCE);
			if (!isfinite(d[i][j]))
				d[i][j] = 0;
		}
	}
	for (int i = 0; i < n; i++)
		for (int j = 0; j < n; j++)
			minimum->hessian[i][j] = (d[i][j] + d[j][i]) / 2;
}

static bool
all_finite(const PromoObjective *objective, double value, const double *gradient)
{
	for (int i = 0; i < objective->n; i++)
		value += gradient[i];
	return isfinite(value);
}

/*
 * Moves down from a minimum; false if it cannot.  The value must fall by a
 * share of what was expected (Armijo), or the slope by half: where the fall is
 * beyond the value's digits, the slope still has all of its own.
 */
static bool
descend(PromoObjective *objective, PromoMinimum *minimum, const double *step, double fall,
		int halvings)
{
	double		noise = NOISE * (fabs(minimum->value) + 1);
	int			variables[PROMO_MINIMIZE_MAX];

	for (int i = 0; i <= halvings; i++)
	{
		PromoMinimum trial = *minimum;

		for (int j = 0; j < objective->n; j++)
			trial.at[j] = fmin(fmax(minimum->at[j] + ldexp(step[j], -i), objective->lower),
							   objective->upper);
		trial.value = objective->evaluate(objective, trial.at, trial.gradient);
		if (!all_finite(objective, trial.value, trial.gradient))
			continue;
		free_variables(objective, trial.at, trial.gradient, variables, &trial.slope);
		if ((fall > noise && trial.value < minimum->value - 1e-4 * ldexp(fall, -i)) ||
			(trial.slope < minimum->slope / 2 && trial.value < minimum->value + noise))
		{
			*minimum = trial;
			minimum->iterations++;
			return true;
		}
		if (fall <= noise)
			break;
	}
	return false;
}

void
promo_minimize(PromoObjective *objective, PromoMinimum *minimum, bool hessian_known)
{
	int			last = minimum->iterations + MAX_ITERATIONS;
	bool		stale = hessian_known;	/* of another point */
	int			variables[PROMO_MINIMIZE_MAX];
	int			n;

	minimum->value = objective->evaluate(objective, minimum->at, minimum->gradient);
	n = free_variables(objective, minimum->at, minimum->gradient, variables, &minimum->slope);
	if (!all_finite(objective, minimum->value, minimum->gradient))
		minimum->slope = INFINITY;
	if (!hessian_known && isfinite(minimum->slope))
		promo_minimum_hessian(objective, minimum);
	while (minimum->iterations < last && minimum->slope > 0 && isfinite(minimum->slope))
	{
		double		step[PROMO_MINIMIZE_MAX];
		double		slope = minimum->slope;
		double		fall;

		/* one that would leave by its limit stays there */
		do
			fall = newton_step(minimum, variables, n, step);
		while (hold_at_limits(objective, minimum->at, step, variables, &n));
		if (!descend(objective, minimum, step, fall, stale ? 0 : MAX_HALVINGS))
		{
			if (!stale)
				break;
			promo_minimum_hessian(objective, minimum);
			stale = false;
			continue;
		}
		n = free_variables(objective, minimum->at, minimum->gradient, variables, &minimum->slope);
		stale = minimum->slope < slope / 10;
		if (!stale)
			promo_minimum_hessian(objective, minimum);
	}
}

bool
promo_minimum_variances(const PromoObjective *objective, const PromoMinimum *minimum,
						double *variances)
{
	int			n = objective->n;
	double		largest = 0;
	Matrix		a;
	Matrix		vectors;

	memcpy(a, minimum->hessian, sizeof(a));
	diagonalize(n, a, vectors);
	for (int j = 0; j < n; j++)
		largest = fmax(largest, a[j][j]);
	for (int i = 0; i < n; i++)
		variances[i] = 0;
	for (int j = 0; j < n; j++)
	{
		if (!(a[j][j] > TOO_FLAT * largest))
			return false;
		for (int i = 0; i < n; i++)
			variances[i] += vectors[i][j] * vectors[i][j] / a[j][j];
	}
	return true;
}
