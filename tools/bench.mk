# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
#
# sudo make bench                    everything, about a quarter of an hour; see doc/BENCH.md
# sudo make bench PARTS="bpf slow"   only these; see tools/bench/bench
# BENCH_JSON=FILE, BENCH_ROUNDS=5, BENCH_QUICK=1, BENCH_KERNELS="6.1 6.12 7.2"
#
# make icount                        the exact part alone, without root; about five minutes

PARTS ?=
BENCH_KERNELS ?=

$(O)/bench/empty_hooks: tools/bench/empty_hooks.c
	$(say) CC $@
	@mkdir -p $(@D)
	$(Q)$(CC) -std=gnu11 $(WARN) $(CFLAGS) -o $@ $< -lbpf

# What looks at lockscope from inside.
BENCH_INSIDE := $(O)/bench/one_pass $(O)/bench/first_sight

$(BENCH_INSIDE): $(O)/bench/%: tools/bench/%.c $(SOURCE_OBJ) $(O)/libpure.a
	$(say) CC $@
	@mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CFLAGS) -o $@ $< $(SOURCE_OBJ) $(O)/libpure.a $(LIVE_LIBS) $(PURE_LIBS)

# Installing comes first: the build itself may need what is missing.
bench:
	$(Q)tools/setup build test bench
	$(Q)$(MAKE) --no-print-directory -s all load $(O)/tests/unit/bench_graph \
		$(O)/bench/empty_hooks $(BENCH_INSIDE)
	$(Q)O=$(O) tools/bench/bench $(PARTS)

.PHONY: icount
icount:
	$(Q)tools/setup build test
	$(Q)$(MAKE) --no-print-directory -s all $(O)/bench/empty_hooks
	$(Q)O=$(O) tools/bench/icount $(BENCH_KERNELS)
