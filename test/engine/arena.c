/*-------------------------------------------------------------------------
 *
 * arena.c
 *	  an arena of single malloc'ed blocks, for tests and fuzzers
 *
 *-------------------------------------------------------------------------
 */
#include <stdlib.h>

#include "arena.h"

static void *
alloc_block(PromoArena *arena, size_t size)
{
	TestArena  *test = arena->caller;
	void	   *block = malloc(size > 0 ? size : 1);

	if (test->nblocks == test->capacity)
	{
		test->capacity = test->capacity > 0 ? 2 * test->capacity : 64;
		test->blocks = realloc(test->blocks, test->capacity * sizeof(void *));
	}
	if (block == NULL || test->blocks == NULL)
		abort();
	test->blocks[test->nblocks++] = block;
	test->bytes += size;
	return block;
}

void
arena_init(TestArena *test)
{
	memset(test, 0, sizeof(*test));
	test->arena.alloc = alloc_block;
	test->arena.caller = test;
}

void
arena_free(TestArena *test)
{
	for (size_t i = 0; i < test->nblocks; i++)
		free(test->blocks[i]);
	free(test->blocks);
	arena_init(test);
}
