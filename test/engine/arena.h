/*-------------------------------------------------------------------------
 *
 * arena.h
 *	  an arena of single malloc'ed blocks, for tests and fuzzers
 *
 * Every block is its own allocation, so that the address sanitizer sees the
 * first byte read or written beyond one.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PROMO_TEST_ARENA_H
#define PROMO_TEST_ARENA_H

#include "../../src/engine/engine.h"

typedef struct TestArena
{
	PromoArena	arena;			/* its caller is the TestArena */
	void	  **blocks;
	size_t		nblocks;
	size_t		capacity;
	size_t		bytes;			/* handed out since the last arena_free */
} TestArena;

extern void arena_init(TestArena *test);
/* frees every block; the arena may be used again */
extern void arena_free(TestArena *test);

#endif							/* PROMO_TEST_ARENA_H */
