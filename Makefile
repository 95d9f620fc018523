# nxsip. `make help` lists the targets.
# Variants build side by side: `make SAN=address,undefined check`, `make DEBUG=1`, `make CC=clang`.

ifeq ($(origin CC),default)
CC := gcc
endif
PREFIX ?= /usr/local
SYSCONFDIR ?= /etc
SAN ?=
DEBUG ?=
V ?=

empty :=
comma := ,
variant := $(notdir $(CC))$(if $(DEBUG),-debug)$(if $(SAN),-$(subst $(comma),-,$(SAN)))
B := build/$(variant)
Q := $(if $(V),,@)
PYTHON := /usr/bin/python3

MAKEFLAGS += --no-print-directory
ifeq ($(MAKELEVEL)$(filter -j%,$(MAKEFLAGS)),0)
MAKEFLAGS += -j$(shell nproc)
endif

.DEFAULT_GOAL := all

# ---- what a person calls. Each installs what it lacks, then makes the rest in a second make, since
# ---- this one was read before the libraries were there.

.PHONY: help all run check test rules bench torture-users lint format install clean
help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' $(firstword $(MAKEFILE_LIST)) | expand -t 18
	@echo
	@echo '  SAN=address,undefined  with sanitizers    DEBUG=1  unoptimised    V=1  show commands'
	@echo '  CC=clang               another compiler   ONCE=1   make run: end after the calls'

all: ## build nxsipd and nxsipctl
	$(Q)scripts/setup run
	$(Q)$(MAKE) build

run: ## the demonstration: real calls across the box, in network namespaces (root)
	$(Q)scripts/setup run
	$(Q)$(MAKE) build
	$(Q)$(PYTHON) scripts/demo.py --build $(B) $(if $(ONCE),--once)

check: ## unit tests, fuzz inputs, include direction, README; no root, no hugepages, under a minute
	$(Q)scripts/setup check
	$(Q)$(MAKE) check-units check-fuzz check-includes check-readme

test: ## everything: check, check with sanitizers, replayed captures, end to end (root)
	$(Q)scripts/setup test
	$(Q)NX_EVERY_BYTE=1 $(MAKE) check-units check-fuzz check-includes check-readme
	$(Q)$(MAKE) SAN=address,undefined check-units check-fuzz build
	$(Q)$(MAKE) build-torture
	$(Q)$(PYTHON) -m pytest -q tests/torture tests/replay tests/e2e --build $(B) \
		--sanitized build/$(notdir $(CC))-address-undefined

rules: ## the SIP rules: the tests that each has, and how they fared (root)
	$(Q)scripts/setup test
	$(Q)$(MAKE) check-rules

bench: ## BENCH=NAME: performance, as ratios against something run beside it (root)
	$(Q)scripts/setup bench
	$(Q)$(MAKE) build $(patsubst %.c,$(B)/%,$(wildcard tests/bench/$(BENCH)_*.c))
	$(Q)if [ -f "tests/bench/$(BENCH).py" ]; then \
		$(PYTHON) tests/bench/$(BENCH).py --build $(B) $(if $(N),--n $(N)) $(ARGS); \
	else \
		echo "make bench BENCH=NAME; there are: $(filter-out capture daemon,$(basename $(notdir $(wildcard tests/bench/*.py))))"; \
		exit 2; \
	fi

torture-users: ## TIME=60: the user table under readers and a writer; any SAN=
	$(Q)scripts/setup check
	$(Q)$(MAKE) $(B)/tests/torture/users_torture && $(B)/tests/torture/users_torture $(TIME)

lint: ## clang-format, clang-tidy, cppcheck, include direction
	$(Q)scripts/setup lint
	$(Q)$(MAKE) check-format check-includes check-tidy check-cppcheck

format: ## reformat all C with the pinned style
	$(Q)clang-format -i $(SOURCES)

install: all ## into PREFIX (/usr/local), configuration into SYSCONFDIR (/etc); DESTDIR is honoured
	install -D -m 755 $(B)/nxsipd $(DESTDIR)$(PREFIX)/sbin/nxsipd
	install -D -m 755 $(B)/nxsipctl $(DESTDIR)$(PREFIX)/sbin/nxsipctl
	install -D -m 644 scripts/nxsip.yaml $(DESTDIR)$(SYSCONFDIR)/nxsip/nxsip.yaml.example
	install -d -m 755 $(DESTDIR)/lib/systemd/system
	sed 's|@PREFIX@|$(PREFIX)|; s|@SYSCONFDIR@|$(SYSCONFDIR)|' scripts/nxsipd.service \
		> $(DESTDIR)/lib/systemd/system/nxsipd.service

clean: ## remove what was built
	rm -rf build

# ---- flags

VERSION := $(shell git describe --tags --always --dirty 2>/dev/null || echo unknown)

PKGS_CORE := libxxhash libhs
PKGS_CTL  := jansson yaml-0.1 libevent lmdb liburcu-qsbr zlib libzstd
PKGS_DPDK := libdpdk

# third-party headers by -isystem: they do not survive our warnings
sysinc = $(patsubst -I%,-isystem %,$(shell pkg-config --cflags $(1) 2>/dev/null))

WARN := -Wall -Wextra -Werror -Wshadow -Wconversion -Wstrict-prototypes -Wmissing-prototypes -Wno-microsoft-anon-tag
# ms-extensions: a named struct within another whose fields are the other's own (packet.h)
CFLAGS_BASE := -std=gnu17 -fms-extensions -g -fno-strict-aliasing -fno-omit-frame-pointer -pthread $(WARN) \
	-Iinclude -I. -D_GNU_SOURCE
CFLAGS_BASE += $(if $(DEBUG),-O0,-O2) $(if $(SAN),-fsanitize=$(SAN) -fno-sanitize-recover=undefined)
LDFLAGS_BASE := -pthread $(if $(SAN),-fsanitize=$(SAN))
# asked for when first needed, and once
once = $(eval $(1) := $(2))$(2)
CFLAGS_LIB = $(call once,CFLAGS_LIB,$(call sysinc,$(PKGS_CORE) $(PKGS_CTL)))
CFLAGS_DPDK = $(call once,CFLAGS_DPDK,$(call sysinc,$(PKGS_DPDK)))
LIBS_CORE = $(call once,LIBS_CORE,$(shell pkg-config --libs $(PKGS_CORE)))
LIBS_CTL = $(call once,LIBS_CTL,$(shell pkg-config --libs $(PKGS_CTL)))
LIBS_DPDK = $(call once,LIBS_DPDK,$(shell pkg-config --libs $(PKGS_DPDK)))

# ---- sources

SRC_CORE    := $(wildcard dataplane/core/*.c)
SRC_SHELL   := $(wildcard dataplane/shell/*.c)
SRC_CONTROL := $(wildcard control/config/*.c control/policy/*.c control/store/*.c control/server/*.c)
SRC_NXSIPD  := $(wildcard control/nxsipd/*.c)
SRC_CTL     := $(wildcard control/nxsipctl/*.c)
SRC_UNIT    := $(wildcard tests/unit/test_*.c)
SRC_BENCH   := $(wildcard tests/bench/*.c)
SRC_TORTURE := $(wildcard tests/torture/users_torture.c)
SRC_TORTURE_LIB := $(wildcard tests/torture/churn.c)
SRC_UNIT_LIB := $(filter-out $(SRC_UNIT),$(wildcard tests/unit/*.c)) $(SRC_TORTURE_LIB)
SOURCES := $(wildcard include/nxsip/*.h dataplane/*/*.[ch] control/*/*.[ch] tests/*/*.[ch])

obj = $(patsubst %.c,$(B)/%.o,$(1))
UNIT_BINS := $(patsubst %.c,$(B)/%,$(SRC_UNIT))

# ---- programs

.PHONY: build
build: $(B)/nxsipd $(B)/nxsipctl

# the data plane's core; control; the client: each without its main
$(B)/libcore.a: $(call obj,$(SRC_CORE))
$(B)/libcontrol.a: $(call obj,$(SRC_CONTROL))
$(B)/libctl.a: $(call obj,$(filter-out %/main.c,$(SRC_CTL)))
$(B)/%.a:
	@echo "  AR      $@"
	$(Q)rm -f $@ && ar rcs $@ $^

$(B)/nxsipd: $(call obj,$(SRC_NXSIPD) $(SRC_SHELL)) $(B)/libcontrol.a $(B)/libcore.a
	@echo "  LD      $@"
	$(Q)$(CC) $(LDFLAGS_BASE) -o $@ $^ $(LIBS_CORE) $(LIBS_CTL) $(LIBS_DPDK)

$(B)/nxsipctl: $(call obj,control/nxsipctl/main.c) $(B)/libctl.a
	@echo "  LD      $@"
	$(Q)$(CC) $(LDFLAGS_BASE) -o $@ $^ $(shell pkg-config --libs jansson)

# what shows the version is compiled again when it changes
$(B)/version: FORCE
	$(Q)mkdir -p $(@D) && { echo '$(VERSION)' | cmp -s - $@ || echo '$(VERSION)' > $@; }
.PHONY: FORCE
FORCE:
SHOW_VERSION := $(call obj,control/nxsipctl/args.c control/nxsipd/main.c control/server/rpc_status.c)
$(SHOW_VERSION): CFLAGS_X = -DNX_VERSION='"$(VERSION)"'
$(SHOW_VERSION): $(B)/version

$(B)/dataplane/%.o: CFLAGS_X = $(if $(DEBUG)$(SAN),,-fomit-frame-pointer)
$(B)/dataplane/shell/%.o: CFLAGS_X += $(CFLAGS_DPDK)
$(B)/%.o: %.c
	@mkdir -p $(@D)
	@echo "  CC      $<"
	$(Q)$(CC) $(CFLAGS_BASE) $(CFLAGS_LIB) $(CFLAGS_X) -MMD -MP -c -o $@ $<

$(UNIT_BINS): $(B)/%: $(B)/%.o $(call obj,$(SRC_UNIT_LIB)) $(B)/libcontrol.a $(B)/libctl.a $(B)/libcore.a
	@echo "  LD      $@"
	$(Q)$(CC) $(LDFLAGS_BASE) -o $@ $(filter %.o,$^) -Wl,--start-group $(filter %.a,$^) \
		-Wl,--end-group $(LIBS_CORE) $(LIBS_CTL) -lcmocka $(LIBS_X)

# compiled sooner, and no slower where it matters: what they test is optimised
$(call obj,$(SRC_UNIT)): CFLAGS_X = $(if $(DEBUG)$(SAN),,-O1)
# mbufs, without EAL
$(B)/tests/unit/test_segments.o: CFLAGS_X += $(CFLAGS_DPDK)
$(B)/tests/unit/test_segments: LIBS_X = -lrte_mbuf

# benches of a part, and tests that last as long as they are told
BENCH_BINS := $(patsubst %.c,$(B)/%,$(SRC_BENCH) $(SRC_TORTURE))
$(call obj,$(SRC_BENCH)): CFLAGS_X = $(CFLAGS_DPDK)
$(BENCH_BINS): $(B)/%: $(B)/%.o $(call obj,$(SRC_TORTURE_LIB)) $(B)/libcontrol.a $(B)/libcore.a
	@echo "  LD      $@"
	$(Q)$(CC) $(LDFLAGS_BASE) -o $@ $(filter %.o,$^) -Wl,--start-group $(filter %.a,$^) \
		-Wl,--end-group $(LIBS_CORE) $(LIBS_CTL) -lurcu-cds \
		$(if $(findstring /bench/,$@),$(LIBS_DPDK)) $(LIBS_X)

# ---- fuzzing: each tests/fuzz/fuzz_*.c is a target. With libFuzzer's instrumentation it is linked as
# ---- a fuzzer, by `make CC=afl-clang-fast fuzz-targets` as one for AFL++, with MASS=1 as one that is all
# ---- speed (mass.c), else as a replaying program

.PHONY: fuzz coverage fuzz-targets check-fuzz
fuzz: ## TIME=60, FUZZ="NAME..", MASS=1 [SAN=..]: each target for so many seconds; findings: build/fuzz
	$(Q)scripts/setup fuzz
	$(Q)$(MAKE) CC=clang B=$(B_FUZZ) $(if $(MASS),,SAN=$(FUZZ_SAN)) fuzz-targets
	$(Q)$(PYTHON) tests/fuzz/run.py --time $(or $(TIME),60) $(if $(MASS),--mass) \
		--build $(B_FUZZ) $(FUZZ)

coverage: ## lines of parser, URI, key and reply that check reaches; fails below 95 %
	$(Q)scripts/setup check
	$(Q)mkdir -p build/coverage && find build/coverage -name '*.gcda' -delete
	$(Q)$(MAKE) B=build/coverage DEBUG=1 COVERAGE=1 check-units check-fuzz
	$(Q)$(PYTHON) tests/fuzz/coverage.py build/coverage

ifdef COVERAGE
CFLAGS_BASE += --coverage
LDFLAGS_BASE += --coverage
endif
FUZZ_SAN := fuzzer-no-link,address,undefined
SRC_FUZZ := $(wildcard tests/fuzz/fuzz_*.c)
SRC_MUTATOR := $(patsubst %,tests/fuzz/sip_%.c,message mutator values)
SRC_FUZZ_LIB := $(filter-out $(SRC_FUZZ) $(SRC_MUTATOR) %/replay.c %/mass.c,$(wildcard tests/fuzz/*.c)) \
	tests/unit/guard.c tests/unit/uri_plain.c
FUZZ_BINS := $(patsubst tests/fuzz/fuzz_%.c,$(B)/fuzz/%,$(SRC_FUZZ))
FUZZER := $(findstring fuzzer,$(SAN))$(findstring afl,$(CC))
FUZZ_MAIN := $(if $(FUZZER),,tests/fuzz/$(if $(MASS),mass.c,replay.c))
B_FUZZ = build/$(if $(MASS),mass$(if $(SAN),-),clang-)$(subst $(comma),-,$(if $(MASS),$(SAN),$(FUZZ_SAN)))
ifeq ($(if $(MASS),1)$(SAN),1)
CFLAGS_BASE += -fsanitize=undefined -fsanitize-trap=undefined
endif
$(patsubst %,$(B)/fuzz/%,sip reply differential burst): FUZZ_MUTATOR = $(call obj,$(SRC_MUTATOR))
$(B)/fuzz/differential: FUZZ_LIBS = $(shell pkg-config --libs libosip2 sofia-sip-ua)
$(call obj,$(wildcard tests/fuzz/reference_*.c)): CFLAGS_X = $(call sysinc,libosip2 sofia-sip-ua)
$(call obj,$(SRC_MUTATOR)): CFLAGS_X = $(if $(FUZZER),-fno-sanitize=all)

fuzz-targets: $(FUZZ_BINS)
check-fuzz: $(FUZZ_BINS)
	$(Q)tests/fuzz/replay.sh $(B)/fuzz

$(B)/libfuzz.a: $(call obj,$(SRC_FUZZ_LIB))
$(FUZZ_BINS): $(B)/fuzz/%: $(B)/tests/fuzz/fuzz_%.o \
		$(call obj,$(FUZZ_MAIN) $(if $(FUZZER)$(MASS),$(SRC_MUTATOR))) \
		$(B)/libfuzz.a $(B)/libcontrol.a $(B)/libcore.a
	@mkdir -p $(@D)
	@echo "  LD      $@"
	$(Q)$(CC) $(LDFLAGS_BASE) $(if $(FUZZER),-fsanitize=fuzzer) -o $@ \
		$(filter-out $(call obj,$(SRC_MUTATOR)),$(filter %.o,$^)) \
		$(if $(FUZZER)$(MASS),$(FUZZ_MUTATOR)) \
		-Wl,--start-group $(filter %.a,$^) -Wl,--end-group $(LIBS_CORE) $(LIBS_CTL) $(FUZZ_LIBS)

-include $(patsubst %.o,%.d,$(call obj,$(wildcard tests/fuzz/*.c)))

-include $(patsubst %.o,%.d,$(call obj,$(SRC_CORE) $(SRC_SHELL) $(SRC_CONTROL) $(SRC_NXSIPD) \
	$(SRC_CTL) $(SRC_UNIT) $(SRC_UNIT_LIB) $(SRC_BENCH) $(SRC_TORTURE)))
.SECONDARY:

# ---- torture: every message of the corpora, and our replies, beside parsers that we did not write

PKGS_REFERENCE := libosip2 sofia-sip-ua
SIP_TORTURE := $(patsubst %.c,$(B)/%,tests/torture/sip_torture.c tests/torture/sip_replies.c)
SRC_SIP_LIB := $(addprefix tests/torture/sip_,box.c files.c message.c quiet.c) tests/unit/frame.c \
	tests/unit/guard.c $(wildcard tests/fuzz/reference*.c)

.PHONY: torture soak build-torture
torture: ## [CORPORA="DIR..."]: the corpora's messages through the core, judged by others
	$(Q)scripts/setup torture
	$(Q)$(MAKE) build-torture
	$(Q)$(PYTHON) tests/torture/sip_torture.py --build $(B) $(CORPORA)

soak: ## [CALLS=1000000]: so many calls across the box, half of them answered 404 (root)
	$(Q)scripts/setup run
	$(Q)$(MAKE) build
	$(Q)$(PYTHON) tests/torture/sip_soak.py --build $(B) $(if $(CALLS),--calls $(CALLS))

build-torture: $(SIP_TORTURE)
$(B)/tests/fuzz/reference%.o: CFLAGS_X = $(call sysinc,$(PKGS_REFERENCE))
$(SIP_TORTURE): %: %.o $(call obj,$(SRC_SIP_LIB)) $(B)/libcontrol.a $(B)/libcore.a
	@echo "  LD      $@"
	$(Q)$(CC) $(LDFLAGS_BASE) -o $@ $(filter %.o,$^) -Wl,--start-group $(filter %.a,$^) \
		-Wl,--end-group $(LIBS_CORE) $(LIBS_CTL) $(shell pkg-config --libs $(PKGS_REFERENCE)) \
		-lcmocka

# the parser's bench has the same rivals
$(B)/tests/bench/parse_bench.o: CFLAGS_X = $(call sysinc,$(PKGS_REFERENCE))
$(B)/tests/bench/parse_bench: $(call obj,tests/torture/sip_files.c tests/torture/sip_quiet.c \
	tests/unit/sample.c)
$(B)/tests/bench/parse_bench: LIBS_X = $(shell pkg-config --libs $(PKGS_REFERENCE))
-include $(patsubst %,%.d,$(SIP_TORTURE)) $(patsubst %.o,%.d,$(call obj,$(SRC_SIP_LIB)))

# ---- checks

.PHONY: check-units check-rules check-includes check-readme check-format check-tidy check-cppcheck
check-units: $(UNIT_BINS)
	$(Q)scripts/run-units $(UNIT_BINS)

check-rules: build $(UNIT_BINS)
	$(Q)$(PYTHON) scripts/rules.py --build $(B) $(UNIT_BINS)

check-includes:
	$(Q)scripts/check-includes

check-readme: build
	$(Q)scripts/readme-references $(B)

check-format:
	$(Q)clang-format --dry-run --Werror $(SOURCES)

check-tidy:
	$(Q)printf '%s\n' $(filter-out tests/%,$(filter %.c,$(SOURCES))) | xargs -P $$(nproc) -I{} clang-tidy --quiet \
		--warnings-as-errors='*' {} -- $(CFLAGS_BASE) $(CFLAGS_LIB) $(CFLAGS_DPDK) \
		-DNX_VERSION='""' 2>/dev/null

check-cppcheck:
	$(Q)cppcheck --quiet --error-exitcode=1 --inline-suppr --std=c11 -j $$(nproc) \
		--enable=warning,performance,portability --suppress=missingIncludeSystem \
		-Iinclude -I. -D__x86_64__ -DNX_VERSION='""' '-DLIST_HEAD(n,t)=struct n { struct t *f; }' \
		'-Djson_array_foreach(a,i,v)=for (i = 0; (v = json_array_get(a, i)); i++)' \
		'-Djson_object_foreach(o,k,v)=for (k = 0; (v = json_object_get(o, k));)' \
		control dataplane include
