# nxsip. `make help` lists the targets.
# Variants build side by side: `make SAN=address,undefined check`, `make DEBUG=1`, `make CC=clang`.

CC ?= gcc
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

VERSION := $(shell git describe --tags --always --dirty 2>/dev/null || echo unknown)

PKGS_CORE := libxxhash libhs
PKGS_CTL  := jansson yaml-0.1 libevent lmdb liburcu-qsbr
PKGS_DPDK := libdpdk

# third-party headers by -isystem: they do not survive our warnings
sysinc = $(patsubst -I%,-isystem %,$(shell pkg-config --cflags $(1) 2>/dev/null))

WARN := -Wall -Wextra -Werror -Wshadow -Wconversion -Wstrict-prototypes -Wmissing-prototypes
CFLAGS_BASE := -std=gnu17 -g -fno-strict-aliasing -fno-omit-frame-pointer -pthread $(WARN) \
	-Iinclude -I. -D_GNU_SOURCE
CFLAGS_BASE += $(if $(DEBUG),-O0,-O2) $(if $(SAN),-fsanitize=$(SAN) -fno-sanitize-recover=undefined)
LDFLAGS_BASE := -pthread $(if $(SAN),-fsanitize=$(SAN))
CFLAGS_LIB := $(call sysinc,$(PKGS_CORE) $(PKGS_CTL))
CFLAGS_DPDK := $(call sysinc,$(PKGS_DPDK))
LIBS_CORE = $(shell pkg-config --libs $(PKGS_CORE))
LIBS_CTL = $(shell pkg-config --libs $(PKGS_CTL))
LIBS_DPDK = $(shell pkg-config --libs $(PKGS_DPDK))

SRC_CORE  := $(wildcard dataplane/core/*.c)
SRC_SHELL := $(wildcard dataplane/shell/*.c)
SRC_CONTROL := $(wildcard control/config/*.c control/policy/*.c control/store/*.c control/server/*.c)
SRC_NXSIPD := $(wildcard control/nxsipd/*.c)
SRC_CTL   := $(wildcard control/nxsipctl/*.c)
SRC_UNIT  := $(wildcard tests/unit/test_*.c)
SRC_UNIT_LIB := $(filter-out $(SRC_UNIT),$(wildcard tests/unit/*.c))
SRC_BENCH := $(wildcard tests/bench/*.c)

obj = $(patsubst %.c,$(B)/%.o,$(1))
UNIT_BINS := $(patsubst %.c,$(B)/%,$(SRC_UNIT))
BENCH_BINS := $(patsubst %.c,$(B)/%,$(SRC_BENCH))

.PHONY: all
all: $(B)/nxsipd $(B)/nxsipctl

# libraries: the data plane's core; control; the client, each without its main
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

$(B)/dataplane/shell/%.o: CFLAGS_X = $(CFLAGS_DPDK)
$(B)/control/nxsipctl/%.o $(B)/control/nxsipd/%.o $(B)/control/server/%.o: \
	CFLAGS_X = -DNX_VERSION='"$(VERSION)"'
$(B)/%.o: %.c
	@mkdir -p $(@D)
	@echo "  CC      $<"
	$(Q)$(CC) $(CFLAGS_BASE) $(CFLAGS_LIB) $(CFLAGS_X) -MMD -MP -c -o $@ $<

$(UNIT_BINS): $(B)/%: $(B)/%.o $(call obj,$(SRC_UNIT_LIB)) $(B)/libcontrol.a $(B)/libctl.a $(B)/libcore.a
	@echo "  LD      $@"
	$(Q)$(CC) $(LDFLAGS_BASE) -o $@ $(filter %.o,$^) -Wl,--start-group $(filter %.a,$^) \
		-Wl,--end-group $(LIBS_CORE) $(LIBS_CTL) -lcmocka

-include $(patsubst %.o,%.d,$(call obj,$(SRC_CORE) $(SRC_SHELL) $(SRC_CONTROL) $(SRC_NXSIPD) \
	$(SRC_CTL) $(SRC_UNIT) $(SRC_UNIT_LIB) $(SRC_BENCH)))


.PHONY: check-unit
check-unit: $(UNIT_BINS)
	$(Q)for t in $(UNIT_BINS); do $$t || exit 1; done
.SECONDARY:
