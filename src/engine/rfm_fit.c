/*-------------------------------------------------------------------------
 *
 * rfm_fit.c
 *	  the breaks of a population's recency, frequency and monetary
 *
 * The breaks are order statistics, or means.  To find the former without
 * sorting, each wanted rank has an interval that it must lie in, at first from
 * the least to the largest figure.  A pass counts the figures of each interval
 * in 256 buckets, which tells in which of them the rank is: that is the next
 * interval.  So all ranks of all lists of breaks are found in a few passes,
 * exactly, and in a memory that does not depend on the population.
 *
 * Here larger figures are better: recency is taken as minus the days.
 *
 *-------------------------------------------------------------------------
 */
#include "rfm_model.h"

/* What a figure is multiplied with to be a break. */
static const int64_t scales[PROMO_RFM_FIGURES] = {PROMO_MONEY, PROMO_MONEY, 1};

/* The figures that one list of breaks comes from. */
typedef struct Cell
{
	uint64_t	n;
	int64_t		min;
	int64_t		max;
	promo_int128 sum;
	uint32_t	first_histogram;
	uint32_t	nhistograms;
} Cell;

#define BUCKETS	256

typedef struct Histogram
{
	int64_t		low;			/* the interval is from here */
	uint64_t	span;			/* to low + span */
	int			shift;			/* a bucket has 2^shift figures */
	uint64_t	counts[BUCKETS];
} Histogram;

/* A wanted order statistic. */
typedef struct Rank
{
	uint64_t	rank;			/* among the figures from low on; 1 is the least */
	int64_t		low;			/* it is from here */
	uint64_t	span;			/* to low + span; known when this is 0 */
	uint32_t	histogram;
} Rank;

/* At most two for a break: a quantile lies between two figures. */
#define MAX_RANKS	(2 * (PROMO_RFM_MAX_LEVELS - 1))

typedef struct Fit
{
	PromoArena *arena;
	PromoRecords *population;
	PromoRfmMethod method;
	uint32_t	levels;
	PromoRfmModel *model;		/* nested: its breaks of the figures before are known */
	PromoRfmFigure first;		/* the figures in question, up to */
	PromoRfmFigure last;
	uint32_t	first_list;		/* of the model that the cells are for */
	uint32_t	ncells;
	Cell	   *cells;
	uint32_t	ranks_each;		/* wanted of each cell */
	Rank	   *ranks;
	Histogram  *histograms;
} Fit;

/* The next of the population; 0 at the end of a pass. */
static uint32_t
next_records(const Fit *fit, const PromoRfmRecord **records)
{
	const void *first;
	uint32_t	n;

	if (fit->arena->poll != NULL)
		fit->arena->poll(fit->arena);
	n = fit->population->next(fit->population, &first);
	*records = first;
	return n;
}

static inline int64_t
figure_of(const PromoRfmRecord *record, PromoRfmFigure figure)
{
	switch (figure)
	{
		case PROMO_RECENCY:
			return -(int64_t) record->recency;
		case PROMO_FREQUENCY:
			return record->orders;
		default:
			return record->spent;
	}
}

static inline Cell *
cell_of(const Fit *fit, const PromoRfmRecord *record, PromoRfmFigure figure)
{
	bool		nested = fit->model->method == PROMO_RFM_NESTED;
	uint32_t	scores = 0;

	if (nested)
		scores = promo_rfm_score(fit->model, record->recency, record->orders, record->spent);
	return &fit->cells[promo_rfm_list(nested, fit->levels, figure, PROMO_RFM_R(scores),
									  PROMO_RFM_F(scores)) - fit->first_list];
}

/*
 * Turns to other figures: a cell for each of them, or in a nested model one
 * for each list of one figure.  One pass tells number, bounds and sum.
 */
static void
measure(Fit *fit, PromoRfmFigure first, PromoRfmFigure last)
{
	bool		nested = fit->model->method == PROMO_RFM_NESTED;
	const PromoRfmRecord *records;
	uint32_t	n;

	fit->first = first;
	fit->last = last;
	fit->first_list = promo_rfm_list(nested, fit->levels, first, 1, 1);
	fit->ncells = !nested ? PROMO_RFM_FIGURES :
		first == PROMO_FREQUENCY ? fit->levels : fit->levels * fit->levels;
	for (uint32_t i = 0; i < fit->ncells; i++)
		fit->cells[i] = (Cell) {.min = INT64_MAX, .max = INT64_MIN};
	while ((n = next_records(fit, &records)) > 0)
		for (uint32_t i = 0; i < n; i++)
			for (PromoRfmFigure figure = first; figure <= last; figure++)
			{
				Cell	   *cell = cell_of(fit, &records[i], figure);
				int64_t		value = figure_of(&records[i], figure);

				cell->n++;
				cell->sum += value;
				if (value < cell->min)
					cell->min = value;
				if (value > cell->max)
					cell->max = value;
			}
}

/* ---------------------------------------------------------------- order statistics */

/* Where a break lies: part / levels of the way from one rank to another. */
typedef struct Position
{
	uint64_t	from;
	uint64_t	to;
	uint32_t	part;
} Position;

/* of break k of N figures */
static Position
position_of(const Fit *fit, PromoRfmFigure figure, uint64_t N, uint32_t k)
{
	uint32_t	levels = fit->levels;
	Position	position = {0, 0, 0};
	uint64_t	whole;
	bool		between;

	switch (fit->method)
	{
		case PROMO_RFM_NTILE:
			position.from = k * (N / levels) + (k < N % levels ? k : N % levels);
			break;
		case PROMO_RFM_QUANTILE:
			/* days are counted from the other end, and up */
			if (figure == PROMO_RECENCY)
				k = levels - k;
			whole = (N - 1) * k / levels;
			position.part = (uint32_t) ((N - 1) * k % levels);
			between = position.part > 0;
			position.from = figure == PROMO_RECENCY ? N - whole : 1 + whole;
			position.to = figure == PROMO_RECENCY ? position.from - between : position.from + between;
			return position;
		default:
			position.from = (k * N + levels - 1) / levels;
	}
	position.to = position.from;
	return position;
}

static PromoRfmFigure
figure_of_cell(const Fit *fit, uint32_t cell)
{
	return fit->first == fit->last ? fit->first : (PromoRfmFigure) cell;
}

/* how many ranks a break is made from */
static uint32_t
ranks_of_break(const Fit *fit)
{
	return fit->method == PROMO_RFM_QUANTILE ? 2 : 1;
}

static void
want_ranks(Fit *fit)
{
	uint32_t	step = ranks_of_break(fit);
	Rank	   *rank = fit->ranks;

	for (uint32_t i = 0; i < fit->ncells; i++)
	{
		const Cell *cell = &fit->cells[i];

		for (uint32_t k = 1; k < fit->levels; k++, rank += step)
		{
			Position	position = {0, 0, 0};
			uint64_t	span = 0;

			if (cell->n > 0)
			{
				position = position_of(fit, figure_of_cell(fit, i), cell->n, k);
				span = (uint64_t) cell->max - (uint64_t) cell->min;
			}
			rank[0] = (Rank) {.rank = position.from, .low = cell->min, .span = span};
			if (step > 1)
				rank[1] = (Rank) {.rank = position.to, .low = cell->min, .span = span};
		}
	}
}

/* a histogram for each interval that is left; ranks of a cell share them */
static uint32_t
new_histograms(Fit *fit)
{
	uint32_t	n = 0;

	for (uint32_t i = 0; i < fit->ncells; i++)
	{
		Cell	   *cell = &fit->cells[i];

		cell->first_histogram = n;
		for (uint32_t j = 0; j < fit->ranks_each; j++)
		{
			Rank	   *rank = &fit->ranks[i * fit->ranks_each + j];
			Histogram  *histogram;

			if (rank->span == 0)
				continue;
			rank->histogram = cell->first_histogram;
			while (rank->histogram < n && fit->histograms[rank->histogram].low != rank->low)
				rank->histogram++;
			if (rank->histogram < n)
				continue;
			histogram = &fit->histograms[n++];
			memset(histogram, 0, sizeof(*histogram));
			histogram->low = rank->low;
			histogram->span = rank->span;
			while (histogram->span >> histogram->shift >= BUCKETS)
				histogram->shift++;
		}
		cell->nhistograms = n - cell->first_histogram;
	}
	return n;
}

static void
count_figures(Fit *fit)
{
	const PromoRfmRecord *records;
	uint32_t	n;

	while ((n = next_records(fit, &records)) > 0)
		for (uint32_t i = 0; i < n; i++)
			for (PromoRfmFigure figure = fit->first; figure <= fit->last; figure++)
			{
				const Cell *cell = cell_of(fit, &records[i], figure);
				Histogram  *histogram = &fit->histograms[cell->first_histogram];
				uint64_t	value = (uint64_t) figure_of(&records[i], figure);

				for (uint32_t j = 0; j < cell->nhistograms; j++, histogram++)
				{
					uint64_t	offset = value - (uint64_t) histogram->low;

					if (offset <= histogram->span)
					{
						histogram->counts[offset >> histogram->shift]++;
						break;
					}
				}
			}
}

/* from the interval to the bucket that the rank is in */
static void
narrow(Rank *rank, const Histogram *histogram)
{
	uint64_t	bucket = 0;
	uint64_t	start;

	while (rank->rank > histogram->counts[bucket])
		rank->rank -= histogram->counts[bucket++];
	start = bucket << histogram->shift;
	rank->low = (int64_t) ((uint64_t) rank->low + start);
	rank->span -= start;
	if (rank->span >> histogram->shift > 0)
		rank->span = (UINT64_C(1) << histogram->shift) - 1;
}

static void
find_ranks(Fit *fit)
{
	uint32_t	n = fit->ncells * fit->ranks_each;

	want_ranks(fit);
	while (new_histograms(fit) > 0)
	{
		count_figures(fit);
		for (uint32_t i = 0; i < n; i++)
			if (fit->ranks[i].span > 0)
				narrow(&fit->ranks[i], &fit->histograms[fit->ranks[i].histogram]);
	}
}

/* the breaks that the ranks of a cell of somebody make */
static void
put_breaks(const Fit *fit, uint32_t cell, int64_t *breaks)
{
	PromoRfmFigure figure = figure_of_cell(fit, cell);
	int64_t		scale = figure == PROMO_RECENCY ? -PROMO_MONEY : scales[figure];
	uint32_t	step = ranks_of_break(fit);
	const Rank *rank = &fit->ranks[cell * fit->ranks_each];

	for (uint32_t k = 1; k < fit->levels; k++, rank += step)
	{
		int64_t		from = rank[0].low * scale;
		int64_t		to = rank[step - 1].low * scale;
		uint32_t	part = position_of(fit, figure, fit->cells[cell].n, k).part;

		/* to have fewer than x days is to have at most x - 1 */
		if (figure == PROMO_RECENCY && fit->method != PROMO_RFM_QUANTILE)
			from = to = from - PROMO_MONEY;
		breaks[k - 1] = (int64_t) (from + ((promo_int128) to - from) * part / fit->levels);
	}
}

/*
 * The breaks of what was measured.  A cell of nobody has those of the whole
 * population, which was fitted before.
 */
static void
fit_ranks(Fit *fit, const PromoRfmModel *whole)
{
	uint32_t	nbreaks = fit->levels - 1;

	find_ranks(fit);
	for (uint32_t i = 0; i < fit->ncells; i++)
	{
		int64_t    *breaks = fit->model->breaks + (fit->first_list + i) * nbreaks;

		if (fit->cells[i].n > 0)
			put_breaks(fit, i, breaks);
		else
			memcpy(breaks, whole->breaks + fit->first * nbreaks, nbreaks * sizeof(int64_t));
	}
}

/* from the breaks of everybody to those of each score of R, then of R and F */
static void
nest(Fit *fit)
{
	const PromoRfmModel *whole = fit->model;

	fit->model = promo_rfm_model_new(fit->arena, PROMO_RFM_NESTED, fit->levels);
	memcpy(fit->model->breaks, whole->breaks, (fit->levels - 1) * sizeof(int64_t));
	measure(fit, PROMO_FREQUENCY, PROMO_FREQUENCY);
	fit_ranks(fit, whole);
	measure(fit, PROMO_MONETARY, PROMO_MONETARY);
	fit_ranks(fit, whole);
}

/* ---------------------------------------------------------------- means of means */

/* Those customers whose figure, scaled, is from here up to the next part. */
typedef struct Part
{
	int64_t		from;
	int64_t		cut;			/* the mean that it was cut off by */
	uint32_t	levels;			/* to cut it into */
	uint64_t	n;
	promo_int128 sum;
} Part;

typedef struct Parts
{
	uint32_t	n;
	Part		parts[PROMO_RFM_MAX_LEVELS];
} Parts;

/* the smallest number not below sum / n */
static int64_t
mean_above(promo_int128 sum, uint64_t n)
{
	return (int64_t) (sum / (promo_int128) n + (sum % (promo_int128) n > 0));
}

/* one pass: number and sum of every part of every figure */
static void
measure_parts(const Fit *fit, Parts *figures)
{
	const PromoRfmRecord *records;
	uint32_t	n;

	for (int figure = 0; figure < PROMO_RFM_FIGURES; figure++)
		for (uint32_t i = 0; i < figures[figure].n; i++)
		{
			figures[figure].parts[i].n = 0;
			figures[figure].parts[i].sum = 0;
		}
	while ((n = next_records(fit, &records)) > 0)
		for (uint32_t i = 0; i < n; i++)
			for (int figure = 0; figure < PROMO_RFM_FIGURES; figure++)
			{
				int64_t		value = figure_of(&records[i], (PromoRfmFigure) figure) * scales[figure];
				Part	   *part = &figures[figure].parts[figures[figure].n - 1];

				while (value < part->from)
					part--;
				part->n++;
				part->sum += value;
			}
}

/*
 * Cuts every part of more than one level at its mean, or where that is nobody
 * at what it was cut off by; false if there was none.
 */
static bool
cut_parts(Parts *figure)
{
	Parts		old = *figure;

	figure->n = 0;
	for (uint32_t i = 0; i < old.n; i++)
	{
		Part		part = old.parts[i];

		if (part.levels > 1)
		{
			Part		worse = part;

			part.cut = part.n > 0 ? mean_above(part.sum, part.n) : part.cut;
			part.from = part.cut;
			worse.cut = part.cut;
			worse.levels = part.levels / 2;
			part.levels -= worse.levels;
			figure->parts[figure->n++] = worse;
		}
		figure->parts[figure->n++] = part;
	}
	return figure->n > old.n;
}

static void
fit_means(Fit *fit)
{
	Parts		figures[PROMO_RFM_FIGURES];
	bool		more = true;

	for (int figure = 0; figure < PROMO_RFM_FIGURES; figure++)
	{
		figures[figure].n = 1;
		figures[figure].parts[0] = (Part) {.from = INT64_MIN, .levels = fit->levels};
	}
	while (more)
	{
		measure_parts(fit, figures);
		more = false;
		for (int figure = 0; figure < PROMO_RFM_FIGURES; figure++)
			more |= cut_parts(&figures[figure]);
	}
	for (int figure = 0; figure < PROMO_RFM_FIGURES; figure++)
		for (uint32_t k = 1; k < fit->levels; k++)
		{
			int64_t		mean = figures[figure].parts[k].from;

			fit->model->breaks[figure * (fit->levels - 1) + k - 1] =
				figure == PROMO_RECENCY ? -mean : mean;
		}
	fit->model->flags |= PROMO_RFM_AT_LEAST(PROMO_FREQUENCY) | PROMO_RFM_AT_LEAST(PROMO_MONETARY);
}

/* ---------------------------------------------------------------- all of it */

/* what the model says of the population beside its breaks */
static void
put_population(PromoRfmModel *model, const Cell *cells, int32_t as_of)
{
	model->as_of = as_of;
	model->customers = (int64_t) cells[0].n;
	model->flags |= PROMO_RFM_AS_OF | PROMO_RFM_CUSTOMERS;
	for (int figure = 0; figure < PROMO_RFM_FIGURES; figure++)
	{
		promo_int128 sum = cells[figure].sum * scales[figure];

		model->means[figure] = (int64_t) promo_round_ratio(figure == PROMO_RECENCY ? -sum : sum,
														   (promo_int128) cells[figure].n, 1,
														   PROMO_HALF_UP);
		model->flags |= PROMO_RFM_MEAN_OF(figure);
	}
}

PromoRfmModel *
promo_rfm_fit(PromoArena *arena, PromoRecords *population, PromoRfmMethod method, uint32_t levels,
			  int32_t as_of)
{
	bool		nested = method == PROMO_RFM_NESTED;
	uint32_t	max_cells = nested ? levels * levels : PROMO_RFM_FIGURES;
	Fit			fit = {.arena = arena, .population = population, .method = method, .levels = levels};
	Cell		whole[PROMO_RFM_FIGURES];

	fit.ranks_each = (levels - 1) * ranks_of_break(&fit);
	fit.cells = promo_alloc(arena, max_cells * sizeof(Cell));
	fit.ranks = promo_alloc(arena, max_cells * fit.ranks_each * sizeof(Rank));
	fit.histograms = promo_alloc(arena, (size_t) max_cells * fit.ranks_each * sizeof(Histogram));
	fit.model = promo_rfm_model_new(arena, nested ? PROMO_RFM_RANK : method, levels);

	measure(&fit, PROMO_RECENCY, PROMO_MONETARY);
	memcpy(whole, fit.cells, sizeof(whole));
	if (whole[0].n == 0)
		return NULL;
	if (method == PROMO_RFM_MEAN)
		fit_means(&fit);
	else
		fit_ranks(&fit, NULL);
	if (nested)
		nest(&fit);
	put_population(fit.model, whole, as_of);
	return fit.model;
}
