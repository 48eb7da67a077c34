# reviewd: one non-recursive Makefile. `make help` lists the targets.
#
# Variables: SANITIZE=1 builds with ASan and UBSan into build/san; CC=clang works as well;
# PREFIX, DESTDIR and SYSCONFDIR for `make install`.

SHELL := /bin/bash
.DEFAULT_GOAL := all
.DELETE_ON_ERROR:

VERSION := 0.1.0
PREFIX ?= /usr
SYSCONFDIR ?= /etc
PACKAGES := gcc pkg-config libevent-dev libsqlite3-dev libconfig-dev libjansson-dev libcsv-dev \
            libzip-dev libexpat1-dev libfreexl-dev libssl-dev libsystemd-dev libsmartcols-dev \
            libacl1-dev libcmocka-dev bats jq sqlite3 bsdextrautils
# What only tests need: pages printed and looked at, sheets opened and saved, manuals, the package.
CHECK_PACKAGES := chromium fonts-noto-cjk poppler-utils libreoffice-calc-nogui mandoc acl strace systemd \
                  debhelper fakeroot dpkg-dev lintian

PKG_DAEMON := libevent sqlite3 libconfig jansson libcrypto libsystemd libacl libzip expat freexl
PKG_CLIENT := jansson smartcols

CFLAGS ?= -O2 -g
WARN := -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wstrict-prototypes -Wmissing-prototypes \
        -Wformat=2 -Wno-overlength-strings -Werror
ifdef SANITIZE
  B := build/san
  SAN := -fsanitize=address,undefined -fno-omit-frame-pointer -fno-sanitize-recover=all
else
  B := build
endif
ALL_CFLAGS = -std=gnu17 $(CPPFLAGS) $(CFLAGS) $(WARN) $(SAN) -D_GNU_SOURCE -DREVIEWD_VERSION='"$(VERSION)"' \
             -Iinclude -I$(B)/gen $(shell pkg-config --cflags $(PKG_DAEMON) $(PKG_CLIENT) 2>/dev/null)
LIBS_DAEMON = $(shell pkg-config --libs $(PKG_DAEMON) 2>/dev/null) -lcsv -pthread
LIBS_CLIENT = $(shell pkg-config --libs $(PKG_CLIENT) libcrypto 2>/dev/null) -lcsv

BASE := $(wildcard daemon/base/*.c)
HOUSE := $(BASE) $(wildcard daemon/rules/*.c daemon/store/*.c daemon/work/*.c daemon/delivery/*.c \
           daemon/control/*.c daemon/control/methods/*.c)
CLIENT := $(wildcard daemon/client/*.c)
objects = $(patsubst %.c,$(B)/obj/%.o,$(1))

all: $(B)/reviewd $(B)/reviewctl

$(B)/libhouse.a: $(call objects,$(HOUSE))
	@rm -f $@
	@ar rcs $@ $^

$(B)/libbase.a: $(call objects,$(BASE))
	@rm -f $@
	@ar rcs $@ $^

$(B)/reviewd: $(call objects,daemon/main.c) $(B)/libhouse.a
	$(CC) $(SAN) $(LDFLAGS) -o $@ $^ $(LIBS_DAEMON)

$(B)/reviewctl: $(call objects,$(CLIENT)) $(B)/libbase.a
	$(CC) $(SAN) $(LDFLAGS) -o $@ $^ $(LIBS_CLIENT)

$(B)/obj/%.o: %.c Makefile
	@mkdir -p $(@D)
	@echo "  CC $<"
	@$(CC) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

# The SQL of the store, built in: each .sql file becomes one string.
SQL := $(wildcard daemon/store/*.sql)
$(B)/gen/store_sql.h: $(SQL) tools/embed
	@mkdir -p $(@D)
	@tools/embed $(SQL) > $@
$(call objects,daemon/store/migrate.c tests/unit/test_store.c): $(B)/gen/store_sql.h

# The part of a shell's completion that does not depend on the commands.
SHELLS := daemon/client/completion.bash daemon/client/completion.zsh
$(B)/gen/completion_text.h: $(SHELLS) tools/embed
	@mkdir -p $(@D)
	@tools/embed $(SHELLS) > $@
$(call objects,daemon/client/completion.c): $(B)/gen/completion_text.h

# ---- tests ------------------------------------------------------------------------------------
UNIT := $(patsubst tests/%.c,$(B)/tests/%,$(wildcard tests/unit/*.c tests/property/*.c))
TESTLIB := $(call objects,$(wildcard tests/lib/*.c))
TOOLS := $(patsubst tools/%.c,$(B)/%,$(wildcard tools/*.c))
SIMULATE := $(call objects,$(wildcard tests/simulation/*.c))
BENCH := $(patsubst tests/bench/%.c,$(B)/tests/bench/%,$(wildcard tests/bench/*.c))

$(B)/tests/%: $(B)/obj/tests/%.o $(TESTLIB) $(B)/libhouse.a
	@mkdir -p $(@D)
	@$(CC) $(SAN) $(LDFLAGS) -o $@ $^ $(LIBS_DAEMON) $(shell pkg-config --libs cmocka)

$(B)/%: $(B)/obj/tools/%.o $(B)/libhouse.a
	@$(CC) $(SAN) $(LDFLAGS) -o $@ $^ $(LIBS_DAEMON)

# The oracle shares no code with the daemon: nothing of the house is linked.
$(B)/simulate: $(SIMULATE)
	@$(CC) $(SAN) $(LDFLAGS) -o $@ $^ $(LIBS_DAEMON)

# Takes and acknowledges at random; judges what came of it (tests/faults/consumers.bats).
$(B)/consumer: $(call objects,$(wildcard tests/consumers/*.c)) $(B)/libhouse.a
	@$(CC) $(SAN) $(LDFLAGS) -o $@ $^ $(LIBS_DAEMON)

.SECONDARY:

check: deps check-deps lint
	@$(MAKE) --no-print-directory -j"$$(nproc)" check-programs
	@B=$(B) tests/run

check-programs: all $(UNIT) $(TOOLS) $(B)/simulate $(B)/consumer

# Ten years of 2,000 households, for as many seeds as ROUNDS says (tests/simulation/main.c).
soak: deps
	@$(MAKE) --no-print-directory -j"$$(nproc)" all $(B)/simulate
	@B=$(B) tests/simulation/soak

demo: deps
	@$(MAKE) --no-print-directory -j"$$(nproc)" all $(TOOLS)
	@B=$(B) tools/demo

bench: deps
	@$(MAKE) --no-print-directory -j"$$(nproc)" all $(TOOLS) $(BENCH)
	@B=$(B) tests/bench/run

# Each parser of outside bytes, FUZZ_SECONDS each, from the seeds kept (clang and its runtime are needed).
FUZZ_SECONDS ?= 60
FUZZ_fuzz_return := $(addprefix daemon/,delivery/return_parse.c delivery/list_words.c store/task.c)
fuzz: deps
	@tools/deps clang libclang-rt-14-dev
	@mkdir -p build/fuzz
	@declare -A more=([fuzz_return]="$(FUZZ_fuzz_return)"); \
	for f in tests/fuzz/fuzz_*.c; do \
	    name=$$(basename $$f .c); mkdir -p build/fuzz/$$name; \
	    clang -std=gnu17 -g -O1 -fsanitize=fuzzer,address,undefined -D_GNU_SOURCE -Iinclude \
	        -o build/fuzz/$$name.bin $$f $${more[$$name]} daemon/base/*.c daemon/rules/*.c \
	        $$(pkg-config --cflags --libs libconfig jansson libcrypto libzip expat freexl) -lcsv -lm && \
	    LSAN_OPTIONS=suppressions=tests/fuzz/leaks.txt build/fuzz/$$name.bin \
	        -max_total_time=$(FUZZ_SECONDS) -verbosity=0 -print_final_stats=1 build/fuzz/$$name \
	        tests/fuzz/seeds/$${name#fuzz_} || exit 1; \
	done

lint:
	@tools/lint

deps:
	@tools/deps $(PACKAGES)

check-deps:
	@tools/deps $(CHECK_PACKAGES)

# ---- installation ------------------------------------------------------------------------------
UNITS ?= $(PREFIX)/lib/systemd/system
UNIT_FILES := reviewd.socket reviewd.service reviewd-failure@.service reviewd-check.service \
              reviewd-check.timer
MAN := $(PREFIX)/share/man
DOC := $(PREFIX)/share/doc/reviewd
COMPLETE_BASH := $(PREFIX)/share/bash-completion/completions
COMPLETE_ZSH := $(PREFIX)/share/zsh/vendor-completions
PAGES := $(wildcard man/*.[1-8])

install: all
	install -D -m 0755 -t $(DESTDIR)$(PREFIX)/sbin $(B)/reviewd
	install -D -m 0755 -t $(DESTDIR)$(PREFIX)/bin $(B)/reviewctl
	install -D -m 0644 -t $(DESTDIR)$(PREFIX)/share/reviewd/divisions conf/divisions/*.csv
	install -d $(DESTDIR)$(COMPLETE_BASH) $(DESTDIR)$(COMPLETE_ZSH)
	$(B)/reviewctl completion bash > $(DESTDIR)$(COMPLETE_BASH)/reviewctl
	$(B)/reviewctl completion zsh > $(DESTDIR)$(COMPLETE_ZSH)/_reviewctl
	chmod 0644 $(DESTDIR)$(COMPLETE_BASH)/reviewctl $(DESTDIR)$(COMPLETE_ZSH)/_reviewctl
	install -D -m 0644 systemd/reviewd.sysusers $(DESTDIR)$(PREFIX)/lib/sysusers.d/reviewd.conf
	install -D -m 0644 systemd/reviewd.tmpfiles $(DESTDIR)$(PREFIX)/lib/tmpfiles.d/reviewd.conf
	install -D -m 0755 -t $(DESTDIR)$(PREFIX)/libexec/reviewd systemd/failure
	install -D -m 0644 -t $(DESTDIR)$(UNITS) $(addprefix systemd/,$(UNIT_FILES))
	sed -i -e 's#/usr/sbin/#$(PREFIX)/sbin/#g' -e 's#/usr/bin/#$(PREFIX)/bin/#g' \
	    -e 's#/usr/libexec/reviewd/#$(PREFIX)/libexec/reviewd/#' -e 's#/etc/reviewd/#$(SYSCONFDIR)/reviewd/#' \
	    $(addprefix $(DESTDIR)$(UNITS)/,$(UNIT_FILES))
	for page in $(PAGES); do \
	    install -D -m 0644 -t $(DESTDIR)$(MAN)/man$${page##*.} $$page || exit 1; done
	install -D -m 0644 -t $(DESTDIR)$(DOC) README.md doc/protocol.md doc/openrpc.json \
	    doc/store.md doc/operator.md doc/security.md
	tools/install-conf conf $(DESTDIR)$(SYSCONFDIR)/reviewd

# The configuration, the store and the spool stay.
uninstall:
	rm -f $(DESTDIR)$(PREFIX)/sbin/reviewd $(DESTDIR)$(PREFIX)/bin/reviewctl
	rm -f $(addprefix $(DESTDIR)$(UNITS)/,$(UNIT_FILES))
	rm -f $(DESTDIR)$(COMPLETE_BASH)/reviewctl $(DESTDIR)$(COMPLETE_ZSH)/_reviewctl
	rm -f $(DESTDIR)$(PREFIX)/lib/{sysusers,tmpfiles}.d/reviewd.conf
	for page in $(notdir $(PAGES)); do rm -f $(DESTDIR)$(MAN)/man$${page##*.}/$$page; done
	rm -rf $(DESTDIR)$(PREFIX)/share/reviewd $(DESTDIR)$(PREFIX)/libexec/reviewd $(DESTDIR)$(DOC)

# build/reviewd_VERSION_ARCH.deb, from the files of this tree.
deb: deps
	@tools/deps debhelper dpkg-dev
	@tools/deb $(VERSION)

clean:
	rm -rf build

help:
	@echo "all demo check soak bench fuzz lint deps deb install uninstall clean   (SANITIZE=1, CC=clang)"

.PHONY: all check check-programs check-deps soak demo bench fuzz lint deps deb install uninstall clean help

-include $(shell find $(B)/obj -name '*.d' 2>/dev/null)
