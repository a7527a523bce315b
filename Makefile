# promo: build, install, test

EXTENSION  = promo
# Where this Makefile lives; differs from the build directory under VPATH.
here       := $(dir $(firstword $(MAKEFILE_LIST)))
# One source of truth for the version: the control file.
EXTVERSION := $(shell sed -n "s/^default_version *= *'\(.*\)'/\1/p" $(here)$(EXTENSION).control)
# Files below the source tree, named relative to it (VPATH-safe wildcard).
find-files  = $(sort $(patsubst $(here)%,%,$(wildcard $(here)$(1))))

MODULE_big = $(EXTENSION)
OBJS = \
	$(WIN32RES) \
	src/module.o \
	src/engine/amount.o \
	src/engine/buffer.o \
	src/engine/json_reader.o \
	src/engine/cart_value.o \
	src/engine/rule_parse.o \
	src/engine/rule_print.o \
	src/engine/rule_json.o \
	src/engine/rule_describe.o \
	src/engine/rule_without.o \
	src/engine/calendar.o \
	src/engine/period.o \
	src/engine/ruleset_value.o \
	src/engine/quote_value.o \
	src/engine/rule_effect.o \
	src/engine/quote_units.o \
	src/engine/price_cart.o \
	src/engine/product_search.o \
	src/engine/explain_cart.o \
	src/engine/refund_quote.o \
	src/engine/history_value.o \
	src/engine/funnel_run.o \
	src/engine/funnel_value.o \
	src/engine/rfm_scores.o \
	src/engine/rfm_model.o \
	src/engine/rfm_fit.o \
	src/engine/minimize.o \
	src/engine/clv_model.o \
	src/engine/clv_fit.o \
	src/engine/clv_expect.o \
	src/engine/segment_table.o \
	src/engine/customer_stage.o \
	src/engine/id_set.o \
	src/engine/kpi_state.o \
	src/engine/kpi_value.o \
	src/engine/channel_credit.o \
	src/engine/group_uplift.o \
	src/engine/student.o \
	src/engine/anomaly.o \
	src/engine/days_value.o \
	src/engine/retention_value.o \
	src/numeric.o \
	src/flat.o \
	src/kept.o \
	src/pricing/cart.o \
	src/pricing/cart_agg.o \
	src/pricing/rule.o \
	src/pricing/ruleset.o \
	src/pricing/quote.o \
	src/pricing/price.o \
	src/lifecycle/history.o \
	src/lifecycle/records.o \
	src/lifecycle/rfm.o \
	src/lifecycle/segment.o \
	src/lifecycle/stage.o \
	src/lifecycle/clv.o \
	src/campaign/kpi.o \
	src/campaign/funnel.o \
	src/campaign/attribution.o \
	src/campaign/uplift.o \
	src/campaign/watch.o \
	src/campaign/days.o \
	src/campaign/retention.o \
	src/operations/promotion.o \
	src/operations/current_ruleset.o \
	src/operations/draw.o \
	src/operations/review.o \
	src/operations/claim.o \
	src/operations/coupon.o \
	src/operations/bucket.o \
	src/operations/rollup.o
override SHLIB_LINK += -lm
PGFILEDESC = "promo - promotions, customers and campaigns beside the orders"

# SQL fragments sit beside their C code; this order IS the install order.
INSTALL_SQL = \
	src/prologue.sql \
	src/pricing/cart.sql \
	src/pricing/cart_agg.sql \
	src/pricing/rule.sql \
	src/pricing/ruleset.sql \
	src/pricing/quote.sql \
	src/pricing/price.sql \
	src/lifecycle/history.sql \
	src/lifecycle/rfm.sql \
	src/lifecycle/segment.sql \
	src/lifecycle/stage.sql \
	src/lifecycle/clv.sql \
	src/campaign/kpi.sql \
	src/campaign/funnel.sql \
	src/campaign/attribution.sql \
	src/campaign/uplift.sql \
	src/campaign/watch.sql \
	src/campaign/days.sql \
	src/campaign/retention.sql \
	src/operations/campaign.sql \
	src/operations/promotion.sql \
	src/operations/product.sql \
	src/operations/quota.sql \
	src/operations/coupon.sql \
	src/operations/flash.sql \
	src/operations/draw.sql \
	src/operations/current_ruleset.sql \
	src/operations/bucket.sql \
	src/operations/rollup.sql \
	src/operations/review.sql \
	src/operations/alert.sql \
	src/operations/job.sql \
	src/epilogue.sql

DATA        = $(call find-files,src/upgrade/$(EXTENSION)--*.sql) $(call find-files,grants/$(EXTENSION)_grant_*.sql)
DATA_built  = $(EXTENSION)--$(EXTVERSION).sql
EXTRA_CLEAN = $(OBJS:.o=.d)

# sql/*.sql -> expected/*.out: the places PGXS expects.
REGRESS      = $(patsubst sql/%.sql,%,$(call find-files,sql/*.sql))
REGRESS_OPTS = --encoding=UTF8 --no-locale --load-extension=btree_gist --load-extension=$(EXTENSION)

# what happens when sessions meet: specs/*.spec -> expected/*.out
ISOLATION      = $(patsubst test/isolation/specs/%.spec,%,$(call find-files,test/isolation/specs/*.spec))
ISOLATION_OPTS = --inputdir=$(srcdir)/test/isolation --encoding=UTF8 --no-locale \
	--load-extension=btree_gist --load-extension=$(EXTENSION)

# -I and -D go to PG_CPPFLAGS: the LLVM bitcode rule sees CPPFLAGS, not CFLAGS.
# `override`: ours are added to what is given on the command line as well.
override PG_CPPFLAGS += -I$(srcdir)/src -DPROMO_VERSION='"$(EXTVERSION)"'
override PG_CFLAGS += -std=gnu11 -Wall -Wextra -Wno-unused-parameter -Wno-sign-compare -Wno-declaration-after-statement -MMD -MP $(OPTFLAGS)

PG_CONFIG ?= pg_config

# These are made without PGXS, which has a `check` of its own, and which a
# machine on which the demo is the first thing to run does not have yet.
OWN_TARGETS = demo check engine-check bench
ifneq ($(filter $(OWN_TARGETS),$(MAKECMDGOALS)),)

# A shop, a cart and a month of orders on a private server; ORDERS=file.csv[.gz]
# takes one's own order lines instead.  Installs what is missing.
demo:
	@test/setup
	@$(MAKE) -s all
	@test/demo/run '$(ORDERS)'

# Every test, each on a private server; of promo nothing is installed system-wide.
check:
	@test/setup --tests
	@$(MAKE) -s all
	@test/run

# Only those that need no PostgreSQL.
engine-check:
	@test/run engine sanitized fuzz

# Against plain SQL, side by side; BENCH_PARTS="pricing campaign" for some parts,
# BENCH_CARTS=n, BENCH_CUSTOMERS=n, BENCH_EVENTS=n and BENCH_SECONDS=n for another size.
bench:
	@$(MAKE) -s all
	@test/bench/run $(BENCH_PARTS)

# what else was asked for in the same breath
BESIDES = $(filter-out $(OWN_TARGETS),$(MAKECMDGOALS))
$(BESIDES):
	$(MAKE) $@

.PHONY: $(OWN_TARGETS) $(BESIDES)

else

PGXS := $(shell $(PG_CONFIG) --pgxs)
include $(PGXS)

# The engine is called from within the library only: no detour by the linker.
$(filter src/engine/%,$(OBJS)): override CFLAGS += -fvisibility=hidden

$(EXTENSION)--$(EXTVERSION).sql: $(INSTALL_SQL) $(EXTENSION).control
	cat $(filter %.sql,$^) > $@

# Header dependencies for servers configured without --enable-depend (Debian's
# is one).  Where autodepend is on, PGXS writes .deps/ and no .d file appears.
-include $(OBJS:.o=.d)
# The bitcode rule writes no .d file: rebuild all of it when any header moves.
$(OBJS:.o=.bc): $(wildcard $(here)src/*.h $(here)src/*/*.h)

# PGXS does not create object subdirectories for VPATH builds (pg_buildext), and
# a directory rule would be satisfied by the source tree; a no-op in tree.
$(shell mkdir -p $(sort $(dir $(OBJS))))

endif
