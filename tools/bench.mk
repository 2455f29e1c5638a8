# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
#
# sudo make bench                    everything, about ten minutes; see doc/BENCH.md
# sudo make bench PARTS="bpf slow"   only these; see tools/bench/bench
# BENCH_JSON=FILE, BENCH_ROUNDS=5, BENCH_QUICK=1, BENCH_KERNELS="6.1 6.12 7.2"

PARTS ?=

# Installing comes first: the build itself may need what is missing.
bench:
	$(Q)tools/setup build test bench
	$(Q)$(MAKE) --no-print-directory -s all load $(O)/tests/unit/bench_graph
	$(Q)O=$(O) tools/bench/bench $(PARTS)
