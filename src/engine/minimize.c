/*-------------------------------------------------------------------------
 *
 * minimize.c
 *	  the minimum of a smooth function of up to four variables
 *
 * A step is Newton's, taken along the eigenvectors of the second derivatives
 * with the absolute values of their eigenvalues: it leads downhill where the
 * function curves the wrong way, too.  It is no longer than MAX_STEP in any
 * variable, and is halved until the value falls.  A variable that it would lead
 * beyond a limit goes there, and the others where it is best for them then.
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
#define NOISE			1e-11	/* of a value, relative to 1 + itself */
#define AT_LIMIT		1e-9	/* from it */
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

/*
 * Newton's step in some of the variables, where the others take theirs as it
 * is in step[].
 */
static void
solve(const PromoMinimum *minimum, const int *variables, int n, int of, double *step)
{
	Matrix		a;
	Matrix		vectors;
	double		downhill[PROMO_MINIMIZE_MAX];
	double		solution[PROMO_MINIMIZE_MAX] = {0};
	double		longest = MAX_STEP;

	for (int i = 0; i < n; i++)
		step[variables[i]] = 0;
	for (int i = 0; i < n; i++)
	{
		const double *row = minimum->hessian[variables[i]];

		downhill[i] = -minimum->gradient[variables[i]];
		for (int v = 0; v < of; v++)
			downhill[i] -= row[v] * step[v];
		for (int j = 0; j < n; j++)
			a[i][j] = row[variables[j]];
	}
	diagonalize(n, a, vectors);
	for (int j = 0; j < n; j++)
	{
		double		along = 0;

		for (int i = 0; i < n; i++)
			along += vectors[i][j] * downhill[i];

		/* no curvature: as far as a step goes */
		along /= fmax(fabs(a[j][j]), fmax(fabs(along) / MAX_STEP, DBL_MIN));
		for (int i = 0; i < n; i++)
			solution[i] += along * vectors[i][j];
	}
	for (int i = 0; i < n; i++)
		longest = fmax(longest, fabs(solution[i]));
	for (int i = 0; i < n; i++)
		step[variables[i]] = solution[i] * (MAX_STEP / longest);
}

/*
 * The step from a minimum in the free variables, and by how much the value
 * should fall.  Of those that would leave, the one that is first at its limit
 * stays there, and the others are looked at again: they may follow it.
 */
static double
newton_step(const PromoObjective *objective, const PromoMinimum *minimum, int *variables, int n,
			double *step)
{
	double		fall = 0;

	for (int i = 0; i < PROMO_MINIMIZE_MAX; i++)
		step[i] = 0;
	for (;;)
	{
		int			first = -1;
		double		share = 1;	/* of its step that the first can take */
		double		taken = 0;

		solve(minimum, variables, n, objective->n, step);
		for (int i = 0; i < n; i++)
		{
			int			v = variables[i];
			double		room = (step[v] > 0 ? objective->upper : objective->lower) - minimum->at[v];

			if (fabs(step[v]) > fabs(room) && room / step[v] < share)
			{
				first = i;
				share = room / step[v];
				taken = room;
			}
		}
		if (first < 0)
			break;
		step[variables[first]] = taken;
		variables[first] = variables[--n];
	}
	for (int i = 0; i < objective->n; i++)
		fall -= step[i] * minimum->gradient[i];
	return fall;
}

/* the same by each variable alone: it leads downhill for certain, if not far */
static double
scaled_gradient(const PromoMinimum *minimum, const int *variables, int n, double *step)
{
	double		fall = 0;

	for (int i = 0; i < PROMO_MINIMIZE_MAX; i++)
		step[i] = 0;
	for (int i = 0; i < n; i++)
	{
		int			v = variables[i];
		double		g = minimum->gradient[v];

		step[v] = -g / fmax(fabs(minimum->hessian[v][v]), fmax(fabs(g) / MAX_STEP, DBL_MIN));
		fall -= step[v] * g;
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

/* what is next to a limit, or rounded beyond it, is at the limit */
static inline double
within(const PromoObjective *objective, double x)
{
	if (x < objective->lower + AT_LIMIT)
		return objective->lower;
	if (x > objective->upper - AT_LIMIT)
		return objective->upper;
	return x;
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
			trial.at[j] = within(objective, minimum->at[j] + ldexp(step[j], -i));
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
		double		fall = newton_step(objective, minimum, variables, n, step);

		if (!descend(objective, minimum, step, fall, stale ? 0 : MAX_HALVINGS))
		{
			/* the step has taken some that met their limit from the list */
			n = free_variables(objective, minimum->at, minimum->gradient, variables, &slope);
			if (stale)
			{
				promo_minimum_hessian(objective, minimum);
				stale = false;
				continue;
			}
			/* at a limit even Newton's step may not lead down */
			fall = scaled_gradient(minimum, variables, n, step);
			if (!descend(objective, minimum, step, fall, MAX_HALVINGS))
				break;
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
