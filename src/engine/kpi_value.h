/*-------------------------------------------------------------------------
 *
 * kpi_value.h
 *	  events of a campaign: counts, money and customers of each event word
 *
 * Two forms.  A settled state is what is stored: canonical, without pointers,
 * as small as it gets, scalars first.  Behind the length word:
 *
 *		uint8	version
 *		uint8	kind of customers
 *		uint8	number of events
 *		each, by its word:
 *			uint8	known word, or 0; then uint8 length and the word itself
 *			uint8	flags: KPI_MONEY, KPI_FINE, KPI_SAMPLE
 *			varint	count
 *			varint	amount, discount, cost if KPI_MONEY: in cents, or if KPI_FINE
 *					in money; the sign is the lowest bit
 *			uint8	bits of the sample if KPI_SAMPLE
 *			varint	members; if there are any: varint size of their code
 *			the same of those who did it twice, if the word is `order`
 *		the codes of all sets, in the same order (see id_set.h)
 *
 * An open state is what an aggregate collects into: one chunk as well, with
 * room, in which customers are noted as they come.  It is sorted when the room
 * is used up.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PROMO_KPI_VALUE_H
#define PROMO_KPI_VALUE_H

#include "id_set.h"

#define PROMO_KPI_VERSION		1
#define PROMO_KPI_MAX_EVENTS	64
#define PROMO_KPI_MAX_WORD		63		/* bytes */
#define PROMO_KPI_EXACT			(1 << 20)	/* members of a set that is no sample */
#define PROMO_KPI_MAX_BITS		44

typedef enum PromoCustomerKind
{
	PROMO_CUSTOMER_NONE = 0,	/* only while there is not one */
	PROMO_CUSTOMER_BIGINT,
	PROMO_CUSTOMER_TEXT,
	PROMO_CUSTOMER_UUID
} PromoCustomerKind;

/* A set as it lies in a settled state. */
typedef struct PromoKpiSet
{
	uint32_t	members;
	const uint8_t *code;		/* NULL where only the scalars were read */
	size_t		size;
} PromoKpiSet;

typedef struct PromoKpiEvent
{
	PromoText	word;
	int64_t		count;
	int64_t		amount;			/* money */
	int64_t		discount;
	int64_t		cost;
	int			bits;			/* of the sample; 0: exact */
	PromoKpiSet once;			/* who did it */
	PromoKpiSet twice;			/* who ordered twice or more */
} PromoKpiEvent;

typedef struct PromoKpi
{
	PromoCustomerKind kind;
	int			nevents;
	PromoKpiEvent events[PROMO_KPI_MAX_EVENTS];
} PromoKpi;

typedef enum PromoKpiOpened
{
	PROMO_KPI_BAD,				/* no settled state of this version */
	PROMO_KPI_CUT,				/* scalars go on beyond the end: give more */
	PROMO_KPI_SCALARS,			/* all scalars, but not the sets */
	PROMO_KPI_WHOLE
} PromoKpiOpened;

/* Reads a settled state, or the beginning of one, where it lies. */
extern PromoKpiOpened promo_kpi_open(PromoKpi *kpi, const void *image, size_t size);

/* NULL if the word did not occur */
extern const PromoKpiEvent *promo_kpi_find(const PromoKpi *kpi, PromoText word);

/* number of customers, estimated from a sample; there are not more than bigints */
static inline int64_t
promo_kpi_estimate(uint64_t members, int bits)
{
	return members > (uint64_t) INT64_MAX >> bits ? INT64_MAX : (int64_t) (members << bits);
}

extern bool promo_kpi_is_exact(const PromoKpi *kpi);
/* relative standard error of uniques, the largest of all words */
extern double promo_kpi_error(const PromoKpi *kpi);
/* whether the sets of a whole state can be read, which printing takes for granted */
extern bool promo_kpi_check_sets(PromoArena *arena, const PromoKpi *kpi, PromoError *err);
/* customers of an event in both; both are whole; false with err set if they are not comparable */
extern bool promo_kpi_common(PromoArena *arena, const PromoKpi *a, const PromoKpi *b,
							 PromoText word, int64_t *common, PromoError *err);

/* The figures of a report: counts, and money that may have left its range. */
typedef struct PromoKpiFigures
{
	int64_t		pv;
	int64_t		uv;
	int64_t		orders;
	int64_t		buyers;
	int64_t		repeat_buyers;
	int64_t		signups;		/* uniques */
	promo_int128 gmv;
	promo_int128 discount;
	promo_int128 sales;
	promo_int128 refunds;
	promo_int128 net;
	promo_int128 cogs;
	promo_int128 spend;
	promo_int128 profit;
} PromoKpiFigures;

extern PromoKpiFigures promo_kpi_figures(const PromoKpi *kpi);

/* ----------------------------------------------------------------
 * collecting
 * ----------------------------------------------------------------
 */

/* The open form; what is behind the header is for kpi_state.c alone. */
typedef struct PromoKpiState
{
	int32_t		vl_len_;
	uint8_t		version;
	uint8_t		kind;			/* PROMO_KPI_OPEN | PromoCustomerKind */
	uint8_t		nevents;
	uint8_t		events_capacity;
	uint32_t	n;				/* customers noted */
	uint32_t	capacity;
	uint32_t	maps;			/* words of 8 bytes that maps take */
	uint32_t	size;			/* bytes of the whole */
	uint16_t	words_used;
	uint16_t	words_capacity;
	uint32_t	unused;			/* zero */
} PromoKpiState;

#define PROMO_KPI_OPEN			0x80

typedef struct PromoKpiRow
{
	PromoText	word;
	PromoCustomerKind kind;		/* none: no customer */
	uint64_t	customer;
	int64_t		amount;
	int64_t		discount;
	int64_t		cost;
} PromoKpiRow;

/* true if the bytes begin like an open state */
extern bool promo_kpi_is_open(const void *image, size_t size);
/* false if one that is aligned does not hold together */
extern bool promo_kpi_check_state(const PromoKpiState *state, size_t size);

/*
 * All of these may move the state to a larger chunk from the arena, and
 * return false with err set if something does not fit.
 */
extern PromoKpiState *promo_kpi_begin(PromoArena *arena);
extern bool promo_kpi_add(PromoArena *arena, PromoKpiState **state, const PromoKpiRow *row,
						  PromoError *err);
extern bool promo_kpi_add_settled(PromoArena *arena, PromoKpiState **state, const PromoKpi *other,
								  PromoError *err);
extern bool promo_kpi_add_open(PromoArena *arena, PromoKpiState **state,
							   const PromoKpiState *other, PromoError *err);

/* The settled form, its size in place of the length word; the open one stays as it is. */
extern void *promo_kpi_settled(PromoArena *arena, const PromoKpiState *state);

/* ----------------------------------------------------------------
 * building and forms
 * ----------------------------------------------------------------
 */

/* An event with its sets in memory. */
typedef struct PromoKpiInput
{
	PromoText	word;
	int64_t		count;
	int64_t		amount;
	int64_t		discount;
	int64_t		cost;
	int			bits;
	uint64_t   *once;
	uint64_t   *twice;
	uint32_t	nonce;
	uint32_t	ntwice;
} PromoKpiInput;

/* a settled state of different, valid events in any order */
extern void *promo_kpi_build(PromoArena *arena, PromoCustomerKind kind, const PromoKpiInput *events,
							 int n);

/* words that take one byte in a state: number, or 0 for one that is not known */
#define PROMO_KPI_ORDER			4
#define PROMO_KPI_KNOWN_WORDS	9	/* with 0 */
extern int	promo_kpi_word_number(PromoText word);
extern PromoText promo_kpi_known_word(int number);
extern bool promo_kpi_check_word(PromoText word, PromoError *err);
extern const char *promo_customer_kind_name(PromoCustomerKind kind);

extern void promo_kpi_to_json(PromoBuffer *buf, const PromoKpi *kpi);
extern void *promo_kpi_from_json(PromoArena *arena, PromoText json, PromoError *err);
extern void promo_kpi_pack(PromoBuffer *buf, const PromoKpi *kpi);
extern void *promo_kpi_unpack(PromoArena *arena, const void *data, size_t len, PromoError *err);

#endif							/* PROMO_KPI_VALUE_H */
