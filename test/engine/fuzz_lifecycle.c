/*-------------------------------------------------------------------------
 *
 * fuzz_lifecycle.c
 *	  what is read from outside of histories, scores, models, schemes and
 *	  policies, and fits of any figures
 *
 * The first byte says what the others are read as.  What is refused must say
 * why; what is accepted is printed and packed, must read back as equal bytes,
 * and is used: histories are merged, scored and staged, models expect
 * something, populations are fitted.
 *
 *-------------------------------------------------------------------------
 */
#include <math.h>

#include "../../src/engine/clv_expect.h"
#include "../../src/engine/clv_fit.h"
#include "../../src/engine/customer_stage.h"
#include "../../src/engine/rfm_model.h"
#include "../../src/engine/segment_table.h"
#include "fuzz.h"

static TestArena test;
static PromoError err;

static void
show_case(void)
{
	if (err.code != PROMO_OK)
		fprintf(stderr, "%s (%s)\n", err.message, err.detail);
}

static PromoBuffer
new_buffer(void)
{
	PromoBuffer buf;

	promo_buffer_init(&buf, &test.arena);
	return buf;
}

static PromoText
text_of(PromoBuffer buf)
{
	return (PromoText) {buf.data, (uint32_t) buf.len};
}

/* true if there is something; otherwise there must be a reason */
static bool
is_read(bool read)
{
	CLAIM(read || (err.code != PROMO_OK && err.message[0] != '\0'));
	return read;
}

/* ---------------------------------------------------------------- histories */

/* the length word of a value that the engine has made holds its size */
static void
open_history(PromoHistory *history, const void *value)
{
	uint32_t	size;

	memcpy(&size, value, sizeof(size));
	CLAIM(promo_history_open(history, (const char *) value + sizeof(size), size - sizeof(size)));
}

static bool
is_history(const void *again, const void *value)
{
	uint32_t	size;

	memcpy(&size, value, sizeof(size));
	return again != NULL && memcmp(again, value, size) == 0;
}

/* a customer's days a second time: the same days, with everything doubled */
static void
merge_with_itself(const PromoHistory *history)
{
	PromoPurchases once = promo_history_purchases(history, PROMO_DAY_MAX);
	PromoPurchases twice;
	PromoHistory merged;
	PromoDay   *days = promo_alloc(&test.arena, (2 * history->n + 1) * sizeof(PromoDay));
	uint32_t	n = 2 * history->n;
	void	   *value = NULL;

	promo_history_days(history, history->n, days + history->n);
	promo_history_days(history, history->n, days);
	if (promo_settle_days(&test.arena, days, &n, &err))
		value = promo_history_of_days(&test.arena, days, n, &err);
	if (!is_read(value != NULL))
		return;
	open_history(&merged, value);
	twice = promo_history_purchases(&merged, PROMO_DAY_MAX);
	CLAIM(merged.n == history->n && twice.order_days == once.order_days);
	CLAIM(twice.orders == 2 * once.orders && twice.spent == 2 * once.spent);
}

static void
use_history(const void *value)
{
	PromoBuffer text = new_buffer();
	PromoBuffer json = new_buffer();
	PromoBuffer packed = new_buffer();
	PromoHistory history;
	PromoPurchases before;
	PromoPurchases all;

	if (!is_read(value != NULL))
		return;
	open_history(&history, value);
	promo_history_print(&text, &history);
	CLAIM(is_history(promo_history_parse(&test.arena, text_of(text), &err), value));
	promo_history_to_json(&json, &history);
	CLAIM(is_history(promo_history_from_json(&test.arena, text_of(json), &err), value));
	promo_history_pack(&packed, &history);
	CLAIM(is_history(promo_history_unpack(&test.arena, packed.data, packed.len, &err), value));
	before = promo_history_purchases(&history, 9000);
	all = promo_history_purchases(&history, PROMO_DAY_MAX);
	CLAIM(before.orders <= all.orders && before.order_days <= all.order_days);
	CLAIM(before.order_days == 0 || (before.first == all.first && before.last <= 9000));
	CLAIM((promo_stage_of(&before, 9000, &promo_default_policy) == PROMO_PROSPECT) ==
		  (before.orders == 0));
	merge_with_itself(&history);
}

/* ---------------------------------------------------------------- policies of stages */

/* customers of all kinds, at any time: the longer ago, the later the stage of leaving */
static void
use_policy(const PromoStagePolicy *policy)
{
	static const char *const histories[] = {
		"{}", "{2026-01-05 30}", "{2026-01-05 30/9}", "{2026-01-05 0/1, 2026-02-05 1}",
		"{0001-01-01 1, 9999-12-31 1}", "{2024-01-05 1, 2024-01-06 1, 2024-01-07 1, 2026-01-01 1}"
	};

	for (size_t i = 0; i < sizeof(histories) / sizeof(histories[0]); i++)
	{
		PromoHistory history;
		PromoPurchases purchases;
		bool		at_risk = false;
		bool		churned = false;

		open_history(&history, promo_history_parse(&test.arena, promo_text(histories[i]), &err));
		purchases = promo_history_purchases(&history, PROMO_DAY_MAX);
		for (int64_t days = 0; purchases.last + days <= PROMO_DAY_MAX; days = 2 * days + 1)
		{
			PromoCustomerStage	stage = promo_stage_of(&purchases, (int32_t) (purchases.last + days), policy);

			CLAIM(stage < PROMO_STAGES);
			CLAIM((stage == PROMO_PROSPECT) == (purchases.orders == 0));
			CLAIM(!churned || stage == PROMO_CHURNED);
			CLAIM(!at_risk || stage == PROMO_CHURNED || stage == PROMO_AT_RISK);
			churned = stage == PROMO_CHURNED;
			at_risk = churned || stage == PROMO_AT_RISK;
		}
	}
}

/* ---------------------------------------------------------------- scores and their models */

static void
use_scores(bool read, uint32_t scores)
{
	PromoBuffer text = new_buffer();
	PromoBuffer json = new_buffer();
	uint32_t	again = 0;

	if (!is_read(read))
		return;
	promo_rfm_print(&text, scores);
	CLAIM(promo_rfm_parse(text_of(text), &again, &err) && again == scores);
	promo_rfm_to_json(&json, scores);
	CLAIM(promo_rfm_from_json(&test.arena, text_of(json), &again, &err) && again == scores);
}

static void
use_rfm_model(const PromoRfmModel *model)
{
	PromoBuffer json = new_buffer();
	PromoBuffer packed = new_buffer();
	PromoRfmModel *again;
	uint32_t	worst;
	uint32_t	best;

	if (!is_read(model != NULL))
		return;
	promo_rfm_model_to_json(&json, model);
	again = promo_rfm_model_from_json(&test.arena, text_of(json), &err);
	CLAIM(again != NULL && same_bytes(again, again->size, model, model->size));
	promo_rfm_model_pack(&packed, model);
	again = promo_rfm_model_unpack(&test.arena, packed.data, packed.len, &err);
	CLAIM(again != NULL && same_bytes(again, again->size, model, model->size));
	worst = promo_rfm_score(model, INT32_MAX, 0, -PROMO_MONEY_MAX);
	best = promo_rfm_score(model, 0, UINT32_MAX, PROMO_MONEY_MAX);
	CLAIM(PROMO_RFM_R(worst) <= PROMO_RFM_R(best) && PROMO_RFM_R(best) <= model->levels);
	CLAIM(promo_check_rfm(PROMO_RFM_R(worst), PROMO_RFM_F(worst), PROMO_RFM_M(worst), &err));
	CLAIM(promo_check_rfm(PROMO_RFM_R(best), PROMO_RFM_F(best), PROMO_RFM_M(best), &err));
}

typedef struct Population
{
	PromoRecords records;		/* must be first */
	PromoRfmRecord *customers;
	uint32_t	n;
	bool		read;			/* in this pass */
} Population;

static uint32_t
next_customers(PromoRecords *records, const void **first)
{
	Population *population = (Population *) records;

	*first = population->customers;
	population->read = !population->read;
	return population->read ? population->n : 0;
}

/* figures of any bytes; a customer that is better in everything has no lower score */
static void
use_population(PromoText bytes)
{
	PromoReader r = {bytes.data, bytes.len, 0, false};
	Population	population = {.records = {next_customers}};
	PromoRfmMethod method = (PromoRfmMethod) (PROMO_RFM_RANK + promo_get_u8(&r) % PROMO_RFM_MEAN);
	uint32_t	levels = PROMO_RFM_MIN_LEVELS + promo_get_u8(&r) % (PROMO_RFM_MAX_LEVELS - 1);
	PromoRfmModel *model;

	population.customers = promo_alloc(&test.arena, (bytes.len / 4 + 1) * sizeof(PromoRfmRecord));
	while (!r.bad && r.at < r.len)
	{
		PromoRfmRecord *customer = &population.customers[population.n];
		uint8_t		kind = promo_get_u8(&r);

		customer->recency = kind & 1 ? (int32_t) (promo_get_u32(&r) % PROMO_DAY_MAX) : promo_get_u8(&r);
		customer->orders = kind & 2 ? promo_get_u32(&r) : promo_get_u8(&r);
		customer->spent = kind & 4 ? promo_get_i64(&r) % PROMO_MONEY_MAX : promo_get_u8(&r);
		if (!r.bad)
			population.n++;
	}
	model = promo_rfm_fit(&test.arena, &population.records, method, levels, 9000);
	CLAIM((model == NULL) == (population.n == 0));
	if (model == NULL)
		return;
	CLAIM(model->customers == population.n && model->levels == levels);
	use_rfm_model(model);
	for (uint32_t i = 1; i < population.n && method != PROMO_RFM_NESTED; i++)
	{
		const PromoRfmRecord *a = &population.customers[i - 1];
		const PromoRfmRecord *b = &population.customers[i];
		uint32_t	x = promo_rfm_score(model, a->recency, a->orders, a->spent);
		uint32_t	y = promo_rfm_score(model, b->recency, b->orders, b->spent);

		CLAIM(a->recency < b->recency || PROMO_RFM_R(x) <= PROMO_RFM_R(y));
		CLAIM(a->orders > b->orders || PROMO_RFM_F(x) <= PROMO_RFM_F(y));
		CLAIM(a->spent > b->spent || PROMO_RFM_M(x) <= PROMO_RFM_M(y));
	}
}

/* ---------------------------------------------------------------- schemes, lifetime value */

static void
use_scheme(const PromoScheme *scheme)
{
	PromoSegmentCheck check;

	if (!is_read(scheme != NULL))
		return;
	if (!is_read(promo_check_segments(&check, &test.arena, scheme, 5, &err)))
		return;
	for (int i = 0; promo_next_problem(&check); i++)
		CLAIM(i < 1000000);
}

/* no customer is expected to do anything that is no number, or less than nothing */
static void
expect(const PromoClvModel *model)
{
	static const PromoClvCustomer customers[] = {
		{0, 0, 0, 0}, {0, 0, 3650000, 0}, {1, 1, 1, 1}, {1, 1, 3650000, -1},
		{5, 200, 210, 5000000}, {365, 365, 365, PROMO_MONEY_MAX}, {3000000, 3000000, 3650000, 1}
	};
	static const double days[] = {0, 1, 30, 365, 36500, 1e9};

	for (size_t i = 0; i < sizeof(customers) / sizeof(customers[0]); i++)
	{
		double		alive = promo_clv_alive(model, &customers[i]);
		double		orders[6];
		double		value;

		CLAIM(alive >= 0 && alive <= 1);
		promo_clv_orders(model, &customers[i], days, 6, orders);
		CLAIM(orders[0] == 0);
		for (int k = 1; k < 6; k++)
			CLAIM(isfinite(orders[k]) && orders[k] >= orders[k - 1] * (1 - 1e-9));
		if (promo_clv_spend(model, &customers[i], &value))
			CLAIM(!isnan(value) && value >= 0);
		if (promo_clv_value(model, &customers[i], 24, 0.1, &value))
			CLAIM(!isnan(value) && value >= 0);
	}
}

static void
use_clv_model(const PromoClvModel *model)
{
	PromoBuffer json = new_buffer();
	PromoBuffer packed = new_buffer();
	PromoClvModel *again;

	if (!is_read(model != NULL))
		return;
	promo_clv_to_json(&json, model);
	again = promo_clv_from_json(&test.arena, text_of(json), &err);
	CLAIM(again != NULL && same_bytes(again, again->size, model, model->size));
	promo_clv_pack(&packed, model);
	again = promo_clv_unpack(&test.arena, packed.data, packed.len, &err);
	CLAIM(again != NULL && same_bytes(again, again->size, model, model->size));
	expect(model);
}

#define FITTED	24				/* customers, and as many who spent */

typedef struct Shop
{
	PromoRecords records;		/* must be first */
	const void *first;
	uint32_t	n;
	bool		read;			/* in this pass */
} Shop;

static uint32_t
next_of_shop(PromoRecords *records, const void **first)
{
	Shop	   *shop = (Shop *) records;

	*first = shop->first;
	shop->read = !shop->read;
	return shop->read ? shop->n : 0;
}

/* customers of any bytes: the fit says what it found, or that it found nothing */
static void
use_customers(PromoText bytes)
{
	PromoReader r = {bytes.data, bytes.len, 0, false};
	PromoClvRecord customers[FITTED];
	PromoSpendRecord amounts[FITTED];
	Shop		orders = {.records = {next_of_shop}, .first = customers};
	Shop		spend = {.records = {next_of_shop}, .first = amounts};
	PromoClvKind kind = promo_get_u8(&r) & 1 ? PROMO_MBG_NBD : PROMO_BG_NBD;
	PromoClvModel *model;

	for (uint8_t wide = promo_get_u8(&r); orders.n < FITTED && r.at < r.len; wide = promo_get_u8(&r))
	{
		PromoClvRecord *customer = &customers[orders.n++];
		PromoSpendRecord *spent = &amounts[spend.n];

		customer->x = wide & 1 ? promo_get_u32(&r) % 200 : promo_get_u8(&r) % 8;
		customer->t_x = customer->x == 0 ? 0 : (int32_t) (customer->x + promo_get_u8(&r));
		customer->T = customer->t_x + (int32_t) (wide & 2 ? promo_get_u32(&r) % 3650000 : promo_get_u8(&r));
		customer->weight = 1 + (wide & 4 ? promo_get_u32(&r) % 100000000 : 0);
		spent->amount = 1 + (wide & 8 ? (int64_t) ((uint64_t) promo_get_i64(&r) % PROMO_MONEY_MAX) :
							 (int64_t) promo_get_u32(&r));
		spent->x = customer->x;
		spent->weight = customer->weight;
		spend.n += customer->x > 0 && (wide & 16) == 0;
	}
	model = promo_clv_fit(&test.arena, kind, 9000, &orders.records, &spend.records, 0);
	CLAIM((model == NULL) == (orders.n == 0));
	if (model != NULL)
		use_clv_model(model);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	PromoText	text = {(const char *) data + 1, (uint32_t) len - 1};
	PromoStagePolicy policy;
	uint32_t	scores = 0;
	bool		read;

	if (len == 0)
		return 0;
	arena_free(&test);
	memset(&err, 0, sizeof(err));
	switch (data[0])
	{
		case 'h':
			use_history(promo_history_parse(&test.arena, text, &err));
			break;
		case 'H':
			use_history(promo_history_from_json(&test.arena, text, &err));
			break;
		case 'b':
			use_history(promo_history_unpack(&test.arena, text.data, text.len, &err));
			break;
		case 's':
			read = promo_rfm_parse(text, &scores, &err);
			use_scores(read, scores);
			break;
		case 'S':
			read = promo_rfm_from_json(&test.arena, text, &scores, &err);
			use_scores(read, scores);
			break;
		case 'm':
			use_rfm_model(promo_rfm_model_from_json(&test.arena, text, &err));
			break;
		case 'M':
			use_rfm_model(promo_rfm_model_unpack(&test.arena, text.data, text.len, &err));
			break;
		case 'p':
			use_population(text);
			break;
		case 'g':
			use_scheme(promo_scheme_from_json(&test.arena, text, &err));
			break;
		case 'c':
			use_clv_model(promo_clv_from_json(&test.arena, text, &err));
			break;
		case 'y':
			if (is_read(promo_policy_from_json(&policy, &test.arena, text, &err)))
				use_policy(&policy);
			break;
		case 'f':
			use_customers(text);
			break;
		case 'C':
			use_clv_model(promo_clv_unpack(&test.arena, text.data, text.len, &err));
			break;
		default:
			break;
	}
	return 0;
}
