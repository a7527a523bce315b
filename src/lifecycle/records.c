/*-------------------------------------------------------------------------
 *
 * records.c
 *	  many records of one size as the state of an aggregate: in memory up to
 *	  work_mem, beyond it in a temporary file
 *
 * An aggregate's state has no end of its own, only that of its context, and as
 * a window function it cannot register a callback with the executor.  So the
 * file is closed when the context is reset.  But after an error the resource
 * owner may have closed it before (or will: a cursor that failed in a
 * subtransaction keeps its memory but loses its files), so we ask to be told.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "commands/tablespace.h"
#include "lib/ilist.h"
#include "lifecycle/records.h"
#include "miscadmin.h"
#include "storage/buffile.h"
#include "utils/memutils.h"
#include "utils/resowner.h"

struct PromoRecordStore
{
	MemoryContext context;
	Size		size;			/* bytes of a record */
	PromoCompactRecords compact;
	char	   *records;		/* those that came last */
	uint32		n;
	uint32		capacity;
	uint32		max_capacity;	/* what work_mem has room for */
	uint64		spilled;		/* records in the file */
	BufFile    *file;			/* NULL if there is none, or not any more */
	int			end_segment;	/* its end, where writing goes on */
	off_t		end_offset;
	ResourceOwner owner;		/* of the file */
	dlist_node	node;			/* in open_stores, while the state has a file */
	MemoryContextCallback reset;
};

/* One who reads a store. */
typedef struct RecordReader
{
	PromoRecords records;		/* must be first */
	const PromoRecordStore *store;
	uint64		at;				/* records given out in this pass */
	uint32		block_records;
	char	   *block;			/* room for them, if there is a file */
} RecordReader;

#define FIRST_CAPACITY	64
#define BLOCK_SIZE		(4 * BLCKSZ)

static dlist_head open_stores = DLIST_STATIC_INIT(open_stores);

/* The owner's end: its files are closed already. */
static void
forget_files(ResourceReleasePhase phase, bool isCommit, bool isTopLevel, void *arg)
{
	dlist_iter	iter;

	if (phase != RESOURCE_RELEASE_AFTER_LOCKS)
		return;
	dlist_foreach(iter, &open_stores)
	{
		PromoRecordStore *store = dlist_container(PromoRecordStore, node, iter.cur);

		if (store->owner == CurrentResourceOwner)
			store->file = NULL;
	}
}

/*
 * The context's end.  While a transaction is being aborted, the owner will
 * close the file; to close it here might write, and fail.
 */
static void
close_file(void *arg)
{
	PromoRecordStore *store = arg;

	dlist_delete(&store->node);
	if (store->file != NULL && IsTransactionState())
		BufFileClose(store->file);
}

static void
open_file(PromoRecordStore *store)
{
	static bool registered = false;
	MemoryContext old;

	if (!registered)
	{
		RegisterResourceReleaseCallback(forget_files, NULL);
		registered = true;
	}
	PrepareTempTablespaces();
	old = MemoryContextSwitchTo(store->context);
	store->file = BufFileCreateTemp(false);
	MemoryContextSwitchTo(old);
	store->owner = CurrentResourceOwner;
	dlist_push_tail(&open_stores, &store->node);
	store->reset.func = close_file;
	store->reset.arg = store;
	MemoryContextRegisterResetCallback(store->context, &store->reset);
}

PromoRecordStore *
promo_records_new(MemoryContext context, Size size, PromoCompactRecords compact)
{
	PromoRecordStore *store = MemoryContextAllocZero(context, sizeof(PromoRecordStore));

	store->context = context;
	store->size = size;
	store->compact = compact;
	store->max_capacity = (uint32) Min(work_mem * (Size) 1024 / size, PG_INT32_MAX);
	store->capacity = Min(FIRST_CAPACITY, store->max_capacity);
	store->records = MemoryContextAlloc(context, store->capacity * size);
	return store;
}

void
promo_records_share(PromoRecordStore *store, int n)
{
	store->max_capacity = Max(store->max_capacity / n, store->capacity);
}

/* moves what is in memory behind what is in the file */
static void
spill(PromoRecordStore *store)
{
	if (store->file == NULL)
		open_file(store);
	/* a pass has read elsewhere */
	if (BufFileSeek(store->file, store->end_segment, store->end_offset, SEEK_SET) != 0)
		elog(ERROR, "could not seek in temporary file");
	for (uint32 i = 0; i < store->n;)
	{
		uint32		n = Min(store->n - i, BLOCK_SIZE / store->size);

		CHECK_FOR_INTERRUPTS();
		BufFileWrite(store->file, store->records + i * store->size, n * store->size);
		i += n;
	}
	BufFileTell(store->file, &store->end_segment, &store->end_offset);
	store->spilled += store->n;
	store->n = 0;
}

static void
make_room(PromoRecordStore *store)
{
	if (store->capacity < store->max_capacity)
	{
		store->capacity = Min(2 * (uint64) store->capacity, store->max_capacity);
		store->records = repalloc_huge(store->records, store->capacity * store->size);
		return;
	}
	if (store->compact != NULL)
		store->n = store->compact(store->records, store->n);
	if (store->n > store->capacity / 2)
		spill(store);
}

void
promo_records_append(PromoRecordStore *store, const void *record)
{
	if (store->n == store->capacity)
		make_room(store);
	memcpy(store->records + store->n++ * store->size, record, store->size);
}

uint64
promo_records_count(const PromoRecordStore *store)
{
	return store->spilled + store->n;
}

/* PromoRecords.next: the file from its beginning, then what is in memory */
static uint32_t
next_records(PromoRecords *records, const void **first)
{
	RecordReader *reader = (RecordReader *) records;
	const PromoRecordStore *store = reader->store;
	uint64		left = promo_records_count(store) - reader->at;
	uint32		n = (uint32) Min(left, reader->block_records);

	if (reader->at < store->spilled)
	{
		Size		bytes;

		n = (uint32) Min(n, store->spilled - reader->at);
		bytes = n * store->size;
		if (reader->at == 0 && BufFileSeek(store->file, 0, 0, SEEK_SET) != 0)
			elog(ERROR, "could not seek in temporary file");
		if (BufFileRead(store->file, reader->block, bytes) != bytes)
			elog(ERROR, "temporary file is too short");
		*first = reader->block;
	}
	else
		*first = store->records + (reader->at - store->spilled) * store->size;
	reader->at = n > 0 ? reader->at + n : 0;
	return n;
}

PromoRecords *
promo_records_read(PromoRecordStore *store)
{
	RecordReader *reader = palloc0(sizeof(RecordReader));

	if (store->compact != NULL)
		store->n = store->compact(store->records, store->n);
	reader->records.next = next_records;
	reader->store = store;
	reader->block_records = BLOCK_SIZE / store->size;
	if (store->spilled > 0)
		reader->block = palloc(reader->block_records * store->size);
	return &reader->records;
}

void
promo_not_the_same(const char *what)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("%s is not the same in all rows", what),
			 errhint("To fit several models, group the rows.")));
}
