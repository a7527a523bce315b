/*-------------------------------------------------------------------------
 *
 * student.h
 *	  Student's t: how far a figure may be from the mean of a few others
 *
 *-------------------------------------------------------------------------
 */
#ifndef PROMO_STUDENT_H
#define PROMO_STUDENT_H

/*
 * How many standard deviations, estimated with that many degrees of freedom (at
 * least 1), a normal variable keeps within with that probability (between 0 and 1).
 */
extern double promo_student_bound(double level, int freedom);

#endif							/* PROMO_STUDENT_H */
