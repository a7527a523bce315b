/*-------------------------------------------------------------------------
 *
 * fuzz.h
 *	  what the fuzzers share: the claims they make, and a main() to replay
 *
 * Under libFuzzer (test/engine/fuzz) only LLVMFuzzerTestOneInput is taken.
 * Without it the program runs the files that it is given and prints TAP; a
 * claim that does not hold ends it at once, as a sanitizer does.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PROMO_FUZZ_H
#define PROMO_FUZZ_H

#include <stdio.h>
#include <stdlib.h>

#include "arena.h"

/* tells what was being priced, before a claim fails */
static void show_case(void);

#define CLAIM(cond) \
	do { \
		if (!(cond)) \
		{ \
			fprintf(stderr, "%s:%d: does not hold: %s\n", __FILE__, __LINE__, #cond); \
			show_case(); \
			abort(); \
		} \
	} while (0)

extern int	LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static inline bool
same_bytes(const void *a, size_t alen, const void *b, size_t blen)
{
	return alen == blen && memcmp(a, b, alen) == 0;
}

#ifndef PROMO_LIBFUZZER

static uint8_t *
read_file(const char *path, size_t *len)
{
	FILE	   *file = fopen(path, "rb");
	uint8_t    *data;
	long		size;

	if (file == NULL || fseek(file, 0, SEEK_END) != 0 || (size = ftell(file)) < 0)
	{
		perror(path);
		exit(1);
	}
	rewind(file);
	data = malloc(size > 0 ? size : 1);
	*len = fread(data, 1, size, file);
	fclose(file);
	return data;
}

int
main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
	{
		size_t		len;
		uint8_t    *data = read_file(argv[i], &len);

		fprintf(stderr, "# %s\n", argv[i]);
		(void) LLVMFuzzerTestOneInput(data, len);
		free(data);
	}
	printf("ok 1 - %d files\n1..1\n", argc - 1);
	return 0;
}

#endif							/* PROMO_LIBFUZZER */

#endif							/* PROMO_FUZZ_H */
