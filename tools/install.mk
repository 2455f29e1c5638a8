# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
#
# make docs           manual pages (where scdoc is there), bash completion, systemd unit
# make install        all of them and the program: DESTDIR= PREFIX=/usr/local
#                     MANDIR= COMPLETIONDIR= UNITDIR= where these go
# make uninstall
# sudo make deb       the Debian package, in $(O)/deb

SCDOC ?= scdoc
HAVE_SCDOC := $(shell command -v $(SCDOC) 2>/dev/null)
BINDIR ?= $(PREFIX)/bin
MANDIR ?= $(PREFIX)/share/man
COMPLETIONDIR ?= $(PREFIX)/share/bash-completion/completions
UNITDIR ?= $(PREFIX)/lib/systemd/system

MAN_SRC := $(wildcard doc/man/*.1.scd)
MAN_PAGES := $(MAN_SRC:doc/man/%.scd=$(O)/man/%)

.PHONY: docs install uninstall

docs: $(O)/lockscope.bash $(if $(HAVE_SCDOC),$(MAN_PAGES))
ifeq ($(HAVE_SCDOC),)
	$(say) NOTE "no scdoc, so no manual pages"
endif

# What the program itself says its options are, so that neither page nor completion can
# tell of others.
$(O)/table: $(O)/lockscope
	$(say) GEN $@
	$(Q)$< --print-table > $@.new && mv $@.new $@

$(O)/lockscope.bash: $(O)/table tools/dist/completion tools/dist/completion.bash
	$(say) GEN $@
	$(Q)tools/dist/completion $< > $@

$(O)/man/%.1: doc/man/%.1.scd doc/man/options.scd $(O)/table tools/dist/man
	$(say) MAN $@
	@mkdir -p $(@D)
	$(Q)tools/dist/man $(O)/table doc/man/options.scd $< > $@.scd && $(SCDOC) < $@.scd > $@

install: all docs
	install -D -m 755 $(O)/lockscope $(DESTDIR)$(BINDIR)/lockscope
	install -D -m 644 $(O)/lockscope.bash $(DESTDIR)$(COMPLETIONDIR)/lockscope
ifneq ($(HAVE_SCDOC),)
	install -d -m 755 $(DESTDIR)$(MANDIR)/man1
	install -m 644 $(MAN_PAGES) $(DESTDIR)$(MANDIR)/man1
endif
	install -d -m 755 $(DESTDIR)$(UNITDIR)
	sed 's|@BINDIR@|$(BINDIR)|' tools/dist/lockscope.service.in > $(DESTDIR)$(UNITDIR)/lockscope.service
	chmod 644 $(DESTDIR)$(UNITDIR)/lockscope.service

uninstall:
	rm -f $(DESTDIR)$(BINDIR)/lockscope $(DESTDIR)$(COMPLETIONDIR)/lockscope \
		$(DESTDIR)$(UNITDIR)/lockscope.service \
		$(MAN_SRC:doc/man/%.scd=$(DESTDIR)$(MANDIR)/man1/%)

.PHONY: deb
deb:
	$(Q)tools/setup build deb
	$(Q)O=$(O) tools/deb
