/*-------------------------------------------------------------------------
 *
 * student.c
 *	  Student's t: how far a figure may be from the mean of a few others
 *
 *-------------------------------------------------------------------------
 */
#include <math.h>

#include "group_uplift.h"
#include "student.h"

/* The probability to keep within t: a finite sum (Abramowitz and Stegun 26.7.3, 26.7.4). */
static double
within(double t, int freedom)
{
	double		angle = atan2(t, sqrt(freedom));
	double		cosine = cos(angle);
	bool		odd = freedom % 2;
	double		term = odd ? cosine : 1;
	double		sum = 0;

	for (int i = odd ? 3 : 2; i <= freedom; i += 2)
	{
		sum += term;
		term *= cosine * cosine * (i - 1) / i;
	}
	return odd ? M_2_PI * (angle + sin(angle) * sum) : sin(angle) * sum;
}

/*
 * Newton's method from the bound of a normal variable, which is nearer to 0:
 * `within` is concave, so that no step goes too far, and the first that does
 * not lead on is the last.
 */
double
promo_student_bound(double level, int freedom)
{
	double		n = freedom;
	double		density = 2 / sqrt(n * M_PI) * exp(lgamma((n + 1) / 2) - lgamma(n / 2));
	double		t;
	double		next = promo_normal_bound(level);

	do
	{
		t = next;
		next = t + (level - within(t, freedom)) / (density * pow(1 + t * t / n, -(n + 1) / 2));
	} while (next > t * (1 + 1e-15));
	return t;
}
