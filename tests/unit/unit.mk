# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
#
# make unit        unit tests, the oracle's program, the graph benchmark
# make unit-san    the same with the address and undefined-behaviour sanitizers

UNIT_BIN := $(patsubst tests/unit/%.c,$(O)/tests/unit/%,$(wildcard tests/unit/test_*.c) \
	tests/unit/oracle_dump.c tests/unit/bench_graph.c)
UNIT_SHARED := tests/unit/scene.c tests/unit/random_graph.c
SAN_BIN := $(UNIT_BIN:$(O)/%=$(O)/san/%)
SAN_OBJ := $(PURE_SRC:user/%.c=$(O)/san/user/%.o)
SAN_FLAGS := -O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=all

# Reads ELF files; the others get nothing that a pure part does not need.
$(O)/tests/unit/test_line_probe $(O)/san/tests/unit/test_line_probe \
$(O)/tests/unit/test_unwind_probe $(O)/san/tests/unit/test_unwind_probe: PURE_LIBS += -lelf

.PHONY: unit unit-san
unit: $(UNIT_BIN)
unit-san: $(SAN_BIN)

$(O)/tests/unit/%: tests/unit/%.c $(UNIT_SHARED) $(wildcard tests/unit/*.h) $(O)/libpure.a
	$(say) TEST $@
	@mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CFLAGS) -Itests/unit -o $@ $< $(UNIT_SHARED) $(O)/libpure.a -lcmocka $(PURE_LIBS)

$(O)/san/user/%.o: user/%.c
	$(say) SAN $@
	@mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CFLAGS) $(SAN_FLAGS) -MMD -MP -c $< -o $@

$(O)/san/libpure.a: $(SAN_OBJ)
	$(say) AR $@
	$(Q)rm -f $@ && $(AR) rcs $@ $^

$(O)/san/tests/unit/%: tests/unit/%.c $(UNIT_SHARED) $(wildcard tests/unit/*.h) $(O)/san/libpure.a
	$(say) TEST $@
	@mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CFLAGS) $(SAN_FLAGS) -Itests/unit -o $@ $< $(UNIT_SHARED) $(O)/san/libpure.a \
		-lcmocka $(PURE_LIBS)

-include $(SAN_OBJ:.o=.d)
