# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
#
# make golden        the program that turns a recording into any view
# make golden-san    the same with the sanitizers, for hostile recordings

GOLDEN_SRC := $(wildcard tests/golden/*.c)
GOLDEN_DEP := $(GOLDEN_SRC) $(wildcard tests/golden/*.h user/*/*.h)

.PHONY: golden golden-san
golden: $(O)/tests/golden/golden
golden-san: $(O)/san/tests/golden/golden

$(O)/tests/golden/golden: $(GOLDEN_DEP) $(O)/libpure.a
	$(say) TEST $@
	@mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CFLAGS) -Itests/golden -o $@ $(GOLDEN_SRC) $(O)/libpure.a $(PURE_LIBS)

$(O)/san/tests/golden/golden: $(GOLDEN_DEP) $(O)/san/libpure.a
	$(say) TEST $@
	@mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CFLAGS) $(SAN_FLAGS) -Itests/golden -o $@ $(GOLDEN_SRC) \
		$(O)/san/libpure.a $(PURE_LIBS)
