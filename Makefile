# SPDX-License-Identifier: MIT
#
# Builds the Lua module (build/lua/moontap/core.so, from all of csrc but the
# host) and the host binary (build/bin/moontap: the same objects, csrc/host and
# the Lua files of the module).  New files under csrc and lua are found by
# themselves.  Every variable may be set from outside; warnings are kept apart
# from CFLAGS, so that packagers can set theirs and keep ours.

PREFIX ?= /usr/local
BINDIR ?= $(PREFIX)/bin
LUADIR ?= $(PREFIX)/share/lua/5.4
LIBDIR ?= $(PREFIX)/lib/lua/5.4
BUILD ?= build
CFLAGS ?= -O2 -g
LIBFLAG ?= -shared
INSTALL ?= install
LUA ?= lua5.4

WARNINGS := -Wall -Wextra -Wshadow -Wconversion -Wstrict-prototypes -Wmissing-prototypes \
  -Wpointer-arith -Wcast-qual -Wwrite-strings -Wundef -Wformat=2 -Wvla $(if $(WERROR),-Werror)

# Lua's headers and library: where LUA_INCDIR and LUA_LIBDIR say, else where pkg-config says,
# else where Debian puts them.
lua_pc := $(firstword $(foreach p,lua5.4 lua-5.4 lua54,$(shell pkg-config --exists $p 2>/dev/null && echo $p)))
LUA_INCDIR ?= $(or $(patsubst -I%,%,$(firstword \
  $(if $(lua_pc),$(shell pkg-config --cflags-only-I $(lua_pc))))),/usr/include/lua5.4)
lua_found := $(firstword $(foreach n,lua5.4 lua54 lua,\
  $(if $(wildcard $(LUA_LIBDIR)/lib$n.so $(LUA_LIBDIR)/lib$n.a),$n)))
LUA_LIBS ?= $(or $(if $(and $(LUA_LIBDIR),$(lua_found)),-L$(LUA_LIBDIR) -l$(lua_found)),\
  $(if $(lua_pc),$(shell pkg-config --libs $(lua_pc))),-llua5.4)

# What is done in a word each; make V=1 shows the commands.
say = $(if $(V),,@echo '  $(1)  $@';)

compile = $(CC) -std=c11 -D_GNU_SOURCE -D_FILE_OFFSET_BITS=64 $(WARNINGS) -fvisibility=hidden -fPIC -fno-plt -iquote csrc \
  -isystem $(LUA_INCDIR) $(CPPFLAGS) $(CFLAGS)

sources := $(sort $(wildcard csrc/*/*.c))
objects := $(sources:csrc/%.c=$(BUILD)/obj/%.o)
core := $(filter-out $(BUILD)/obj/host/%,$(objects))
modules := $(sort $(shell find lua/moontap -name '*.lua' 2>/dev/null))
module := $(BUILD)/lua/moontap/core.so
host := $(if $(filter csrc/host/main.c,$(sources)),$(BUILD)/bin/moontap)

all: $(module) $(host)

$(module): $(core)
	@mkdir -p $(@D)
	$(call say,link) $(CC) $(LIBFLAG) $(CFLAGS) $(LDFLAGS) -o $@ $(core)

$(BUILD)/bin/moontap: $(objects) $(BUILD)/obj/embed.o
	@mkdir -p $(@D)
	$(call say,link) $(CC) $(CFLAGS) $(LDFLAGS) -Wl,-E -o $@ $^ $(LUA_LIBS) -lm -ldl

$(BUILD)/obj/%.o: csrc/%.c $(BUILD)/flags
	@mkdir -p $(@D)
	$(call say,cc  ) $(compile) -MMD -MP -c -o $@ $<

$(BUILD)/obj/embed.o: $(BUILD)/embed.c csrc/host/modules.h $(BUILD)/flags
	@mkdir -p $(@D)
	$(call say,cc  ) $(compile) -c -o $@ $<

# The Lua files as bytes in C: one array for each, then the table of their module names.
$(BUILD)/embed.c: $(modules) $(BUILD)/modules
	$(call say,lua ) sh spec/support/embed.sh $(modules) > $@.new && mv $@.new $@

# The sender of test frames.
$(BUILD)/spec/%: spec/support/%.c
	@mkdir -p $(@D)
	$(call say,cc  ) $(CC) -std=c11 -D_GNU_SOURCE $(WARNINGS) -O2 -o $@ $<

# The programs of gates: the core without Lua.
$(BUILD)/bench/%: spec/bench/%.c $(core)
	@mkdir -p $(@D)
	$(call say,cc  ) $(compile) -o $@ $< $(filter-out $(BUILD)/obj/lua/%,$(core)) $(BENCH_LIBS)
$(BUILD)/bench/filter: BENCH_LIBS := -lpcap

# The fuzzers: the core without Lua and without the system.
fuzzers := $(patsubst spec/fuzz/%.c,%,$(sort $(wildcard spec/fuzz/*.c)))
FUZZ_SECONDS ?= 600
$(BUILD)/bin/fuzz-%: spec/fuzz/%.c $(wildcard spec/fuzz/*.h) $(filter-out $(BUILD)/obj/lua/% $(BUILD)/obj/sys/%,$(core))
	@mkdir -p $(@D)
	$(call say,cc  ) $(compile) -I. -fsanitize=fuzzer -o $@ $(filter-out %.h,$^)

# Files that change only when what was built with changes: the command line, the set of Lua files.
$(BUILD)/flags: FORCE
	@mkdir -p $(@D); echo '$(compile)' | cmp -s - $@ || echo '$(compile)' > $@
$(BUILD)/modules: FORCE
	@mkdir -p $(@D); echo '$(modules)' | cmp -s - $@ || echo '$(modules)' > $@

deps:
	@sh spec/support/install.sh build
run:
	@sh spec/support/install.sh build run
	@$(MAKE) -s --no-print-directory all
	@bash spec/support/demo.sh $(BUILD)/bin/moontap
test test-long:
	@sh spec/support/install.sh build run test
	+@bash spec/support/test.sh $@
asan:
	@$(MAKE) --no-print-directory all BUILD=$(BUILD)/asan \
	  CFLAGS='-O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=all'
check lint: all
	@BUILD=$(BUILD) $(LUA) spec/check/run.lua
gates: all $(BUILD)/bench/decode $(BUILD)/bench/layout
	@MOONTAP_BUILD=$(BUILD) $(LUA) spec/bench/gates.lua
# How much faster than libpcap's are filters?
bench: all $(BUILD)/bench/filter
	@$(LUA) spec/bench/generate.lua imix $(BUILD)/bench/imix.pcap 20000
	@$(BUILD)/bench/filter $(BUILD)/bench/imix.pcap
fuzz: all
	@$(MAKE) --no-print-directory fuzzers BUILD=$(BUILD)/fuzz CC=clang \
	  CFLAGS='-O1 -g -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all'
	@BUILD=$(BUILD) sh spec/fuzz/run.sh $(FUZZ_SECONDS) $(fuzzers)
fuzzers: $(fuzzers:%=$(BUILD)/bin/fuzz-%)
doc: all
	@LUA_PATH='lua/?.lua;lua/?/init.lua;./?.lua;;' LUA_CPATH='$(BUILD)/lua/?.so;;' \
	  $(LUA) spec/support/doc.lua $(BUILD)/doc $(host)

install: all
	$(INSTALL) -d $(sort $(DESTDIR)$(BINDIR) $(DESTDIR)$(LIBDIR)/moontap $(addprefix $(DESTDIR)$(LUADIR)/,$(dir $(modules:lua/%=%))))
	$(INSTALL) -m 755 $(module) $(DESTDIR)$(LIBDIR)/moontap/core.so
	$(if $(host),$(INSTALL) -m 755 $(host) $(DESTDIR)$(BINDIR)/moontap)
	$(foreach m,$(modules:lua/%=%),$(INSTALL) -m 644 lua/$m $(DESTDIR)$(LUADIR)/$m &&) true

clean:
	rm -rf $(BUILD)

.PHONY: all deps run test test-long asan check lint gates bench fuzz fuzzers doc install clean FORCE
.DELETE_ON_ERROR:
-include $(objects:.o=.d)
