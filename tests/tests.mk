# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
#
# sudo make check               every suite
# sudo make check SUITES="unit golden"   only these; see tests/run
# sudo make soak      the search for earlier waits compared with the tracepoints, here, in
#                     SEARCH_ROUNDS=200; then level held with --spin under load for a long
#                     time, on each of KERNELS, in VMs: no complaint of the kernel, nothing
#                     left behind (KERNELS="6.1 6.12 7.2" SOAK_SECONDS=600 SOAK_ROUNDS=50)

LOAD_BIN := $(O)/tests/load/lockload $(O)/tests/load/filedeadlock \
	$(O)/tests/load/dynamic/filedeadlock $(O)/tests/load/fakewait $(O)/tests/load/stuckwait \
	$(O)/tests/load/mmapstuck $(O)/tests/load/userstack

$(O)/tests/load/lockload: $(filter-out %/filedeadlock.c %/filedeadlock_%.c %/fakewait.c %/stuckwait.c %/mmapstuck.c %/userstack.c,$(wildcard tests/load/*.c)) $(wildcard tests/load/*.h)
	$(say) CC $@
	@mkdir -p $(@D)
	$(Q)$(CC) -std=gnu11 $(WARN) -O2 -static -pthread -o $@ $(filter %.c,$^)

$(O)/tests/load/filedeadlock: $(wildcard tests/load/filedeadlock*.c) $(wildcard tests/load/*.h)
	$(say) CC $@
	@mkdir -p $(@D)
	$(Q)$(CC) -std=gnu11 $(WARN) -O2 -static -pthread -o $@ $(filter %.c,$^)

# With the system's libc, as programs mostly are.
$(O)/tests/load/dynamic/filedeadlock: $(wildcard tests/load/filedeadlock*.c) $(wildcard tests/load/*.h)
	$(say) CC $@
	@mkdir -p $(@D)
	$(Q)$(CC) -std=gnu11 $(WARN) -O2 -pthread -o $@ $(filter %.c,$^)

$(O)/tests/load/fakewait $(O)/tests/load/stuckwait $(O)/tests/load/mmapstuck: $(O)/tests/load/%: tests/load/%.c
	$(say) CC $@
	@mkdir -p $(@D)
	$(Q)$(CC) -std=gnu11 $(WARN) -O2 -static -pthread -o $@ $<

# With shared libraries, and nothing but .eh_frame to unwind it by.
$(O)/tests/load/userstack: tests/load/userstack.c
	$(say) CC $@
	@mkdir -p $(@D)
	$(Q)$(CC) -std=gnu11 $(WARN) -O2 -fomit-frame-pointer -pthread -o $@ $<

# The live source without the program around it.
LIVE_TRUTHS := $(O)/tests/live/search_truth $(O)/tests/live/fit_truth $(O)/tests/live/record_memory \
	$(O)/tests/live/task_address
SOURCE_OBJ := $(filter $(O)/user/source/%,$(LIVE_OBJ))

$(LIVE_TRUTHS): $(O)/tests/live/%: tests/live/%.c tests/live/sides.c tests/live/sides.h $(SOURCE_OBJ) $(O)/libpure.a $(O)/lockscope.skel.h
	$(say) CC $@
	@mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CFLAGS) -Itests/live -o $@ $< tests/live/sides.c $(SOURCE_OBJ) $(O)/libpure.a $(LIVE_LIBS) $(PURE_LIBS)

.PHONY: load test-programs
load: $(LOAD_BIN) $(LIVE_TRUTHS)

SUITES ?=

# Installing comes first: the build itself may need what is missing.
check:
	$(Q)tools/setup build test
	$(Q)$(MAKE) --no-print-directory all load
	$(Q)O=$(O) tests/run $(SUITES)

KERNELS ?= 6.1 6.12 7.2
SOAK_SECONDS ?= 600
SOAK_ROUNDS ?= 50
SEARCH_ROUNDS ?= 200

.PHONY: soak
soak:
	$(Q)tools/setup build test
	$(Q)$(MAKE) --no-print-directory all load
	$(Q)failed=; O=$(O) SEARCH_ROUNDS=$(SEARCH_ROUNDS) tests/live/run before.bats || \
		failed=" before"; \
	for k in $(KERNELS); do \
		O=$(O) SOAK_SECONDS=$(SOAK_SECONDS) SOAK_ROUNDS=$(SOAK_ROUNDS) \
			tests/vm/run $$k soak || failed="$$failed $$k"; \
	done; [ -z "$$failed" ] || { echo "soak: failed on$$failed" >&2; exit 1; }

-include tests/unit/unit.mk tests/golden/golden.mk
