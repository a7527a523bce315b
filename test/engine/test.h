/*-------------------------------------------------------------------------
 *
 * test.h
 *	  checks that print TAP, for unit tests of the engine under `prove`
 *
 * A check is one line "ok N - what"; main() ends with "return test_done();",
 * which prints the plan.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PROMO_TEST_H
#define PROMO_TEST_H

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static int	test_count;
static int	test_failures;

static inline bool
test_check(bool ok, const char *what, const char *file, int line)
{
	printf("%sok %d - %s\n", ok ? "" : "not ", ++test_count, what);
	if (!ok)
	{
		test_failures++;
		printf("# at %s line %d\n", file, line);
	}
	return ok;
}

static inline bool
test_check_str(const char *got, const char *want, const char *what, const char *file, int line)
{
	bool		ok = strcmp(got, want) == 0;

	test_check(ok, what, file, line);
	if (!ok)
		printf("#  got: %s\n# want: %s\n", got, want);
	return ok;
}

static inline bool
test_check_int(long long got, long long want, const char *what, const char *file, int line)
{
	bool		ok = got == want;

	test_check(ok, what, file, line);
	if (!ok)
		printf("#  got: %lld\n# want: %lld\n", got, want);
	return ok;
}

static inline int
test_done(void)
{
	printf("1..%d\n", test_count);
	return test_failures > 0;
}

#define CHECK(cond) test_check((cond), #cond, __FILE__, __LINE__)
#define CHECK_STR(got, want) test_check_str((got), (want), #got, __FILE__, __LINE__)
#define CHECK_INT(got, want) test_check_int((got), (want), #got, __FILE__, __LINE__)

#endif							/* PROMO_TEST_H */
