# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
#
# make                build .output/lockscope
# sudo make demo      install what is missing, build, show a real deadlock being named
# sudo make check     install what tests need, run every test
# sudo make soak      level held under load for a long time, in VMs
# sudo make bench     measure
# make install        DESTDIR= PREFIX=/usr/local; make uninstall; see tools/install.mk
# make clean

VERSION := 0.1.0
PREFIX ?= /usr/local
DESTDIR ?=
O ?= .output

CLANG ?= clang
BPFTOOL ?= $(firstword $(wildcard /usr/sbin/bpftool /sbin/bpftool /usr/local/sbin/bpftool) bpftool)
PKG_CONFIG ?= pkg-config
ARCH := $(patsubst arm64,aarch64,$(shell uname -m))
BPF_ARCH := $(patsubst aarch64,arm64,$(patsubst x86_64,x86,$(ARCH)))

CFLAGS ?= -O2 -g
WARN := -Wall -Wextra -Wstrict-prototypes -Wmissing-prototypes -Wshadow -Wvla
ALL_CFLAGS = -std=gnu11 $(WARN) -Iuser -Ibpf -I$(O) -DLOCKSCOPE_VERSION='"$(VERSION)"' \
	$(CPPFLAGS) $(CFLAGS)
BPF_CFLAGS = -O2 -g -mcpu=v3 -target bpf -D__TARGET_ARCH_$(BPF_ARCH) -Ivmlinux/$(ARCH) -Ibpf \
	-Wall -Wextra -Wno-missing-declarations

V ?= 0
ifeq ($(V),1)
Q :=
say = @:
else
Q := @
say = $(if $(findstring s,$(firstword -$(MAKEFLAGS))),@:,@printf '  %-7s %s\n')
endif

# The floors, lowest first.  The pure ones know neither libbpf nor ncurses, and
# unit tests link nothing else.
PURE_SRC := $(wildcard user/lib/*.c user/record/*.c user/model/*.c user/find/*.c) \
	$(filter-out user/view/tui%.c,$(wildcard user/view/*.c)) \
	$(wildcard user/source/replay*.c user/source/filelocks*.c user/source/held*.c \
		user/source/before*.c) \
	user/source/futex_judge.c user/source/futex_sleeps.c $(wildcard user/source/sysv_*.c) \
	user/source/user_libc.c \
	user/source/libdw.c user/source/live_rows.c user/source/symbol_table.c user/source/symbols.c \
	$(wildcard user/source/type*.c) user/source/cachename.c user/source/slabalias.c user/source/live_objects.c \
	$(wildcard user/source/line_*.c) $(wildcard user/source/unwind_*.c) \
	user/source/gather_stat.c user/source/gather_kmsg.c user/source/spinners.c
LIVE_SRC := $(filter-out $(PURE_SRC),$(wildcard user/source/*.c)) $(wildcard user/session/*.c) \
	$(wildcard user/view/tui*.c) $(wildcard user/cmd/*.c) user/main.c
BPF_SRC := $(wildcard bpf/*.bpf.c)

PURE_OBJ := $(PURE_SRC:user/%.c=$(O)/user/%.o)
LIVE_OBJ := $(LIVE_SRC:user/%.c=$(O)/user/%.o)
BPF_OBJ := $(BPF_SRC:bpf/%.c=$(O)/bpf/%.o)

PURE_LIBS := $(shell $(PKG_CONFIG) --libs json-c 2>/dev/null || echo -ljson-c) -lz
LIVE_LIBS := $(shell $(PKG_CONFIG) --libs libbpf 2>/dev/null || echo -lbpf) -lelf \
	$(shell $(PKG_CONFIG) --libs ncursesw 2>/dev/null || echo -lncursesw) -lpthread

.PHONY: all clean check demo bench
.DELETE_ON_ERROR:

all: $(O)/lockscope docs

$(O)/bpf/%.bpf.o: bpf/%.bpf.c $(wildcard bpf/*.h) vmlinux/$(ARCH)/vmlinux.h
	$(say) BPF $@
	@mkdir -p $(@D)
	$(Q)$(CLANG) $(BPF_CFLAGS) -c $< -o $@

$(O)/lockscope.bpf.o: $(BPF_OBJ)
	$(say) LINK $@
	$(Q)$(BPFTOOL) gen object $@ $^

$(O)/lockscope.skel.h: $(O)/lockscope.bpf.o
	$(say) SKEL $@
	$(Q)$(BPFTOOL) gen skeleton $< name lockscope_bpf > $@

# The system calls of the machine we build for, from the kernel's own header.
$(O)/syscall_names.h:
	$(say) GEN $@
	@mkdir -p $(@D)
	$(Q)echo '#include <asm/unistd.h>' | $(CC) -E -dM - | \
		sed -n 's/^\#define __NR_\([a-z0-9_]*\) \([0-9]*\)$$/[\2] = "\1",/p' | sort > $@

# Assembled into it, so no header tells the compiler.
$(O)/user/view/html_template.o $(O)/san/user/view/html_template.o: user/view/html/template.html

$(LIVE_OBJ): $(O)/lockscope.skel.h $(O)/syscall_names.h

$(O)/user/%.o: user/%.c
	$(say) CC $@
	@mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CFLAGS) -MMD -MP -c $< -o $@

$(O)/libpure.a: $(PURE_OBJ)
	$(say) AR $@
	$(Q)rm -f $@ && $(AR) rcs $@ $^

$(O)/lockscope: $(LIVE_OBJ) $(O)/libpure.a
	$(say) LINK $@
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $(LIVE_OBJ) $(O)/libpure.a $(LIVE_LIBS) $(PURE_LIBS)

# The same programs for the other architecture: compiled, not linked into anything.
$(O)/aarch64.bpf: $(BPF_SRC) $(wildcard bpf/*.h) vmlinux/aarch64/vmlinux.h
	$(say) BPF $@
	@mkdir -p $@
	$(Q)for f in $(BPF_SRC); do $(CLANG) -O2 -g -mcpu=v3 -target bpf -D__TARGET_ARCH_arm64 \
		-Ivmlinux/aarch64 -Ibpf -Wall -Wextra -Wno-missing-declarations -Werror -c $$f \
		-o $@/$$(basename $$f .c).o || { rm -rf $@; exit 1; }; done

clean:
	rm -rf $(O)

-include $(PURE_OBJ:.o=.d) $(LIVE_OBJ:.o=.d)
-include tests/tests.mk tools/tools.mk tools/install.mk tools/bench.mk
