#!/bin/bash
# SPDX-License-Identifier: MIT
#
# make test and make test-long: builds with gcc and clang, warnings being
# errors, and runs every check, spec, gate and fuzzer.  The last line says how many
# passed, failed and were skipped; the exit status is 0 if none failed.
#
# usage: test.sh test|test-long
set -u
cd "$(dirname "$0")/../.." || exit 1

long=$([ "${1:-test}" = test-long ] && echo 1 || echo '')
jobs=-j$(nproc)
log=$(mktemp) beside=$(mktemp)
trap 'rm -f "$log" "$beside"' EXIT
export WERROR=1 MOONTAP_LONG=$long
unset LUA_PATH LUA_CPATH LUA_INIT LUA_PATH_5_4 LUA_CPATH_5_4 LUA_INIT_5_4

passed=0 failed=0 skipped=0
failures=()

# The counts in the log, by whoever printed them: "passed failed skipped", or nothing.
counts() {
  sed -nE \
    -e 's/^([0-9]+) passed, ([0-9]+) failed, ([0-9]+) skipped$/\1 \2 \3/p' \
    -e 's,^([0-9]+) success(es)? / ([0-9]+) failures? / ([0-9]+) errors? / ([0-9]+) pending : .*,\1 \3 \5 \4,p' \
    "$log" | tail -n 1
}

# stage NAME COMMAND...: run it, show what it prints, add up what it counted.  A command that counts
# nothing is one test by its exit status.
stage() {
  local name=$1 status p f s errors began=$SECONDS
  shift
  printf '\n== %s\n' "$name"
  "$@" 2>&1 </dev/null | tee "$log"
  status=${PIPESTATUS[0]}
  read -r p f s errors <<<"$(counts)"
  f=$((${f:-0} + ${errors:-0}))
  if [ "$status" != 0 ] && [ "$f" = 0 ]; then f=1; fi
  if [ "$status" = 0 ] && [ -z "${p:-}" ]; then p=1; fi
  passed=$((passed + ${p:-0})) failed=$((failed + f)) skipped=$((skipped + ${s:-0}))
  [ "$f" = 0 ] || failures+=("$name")
  printf -- '-- %s: %d s\n' "$name" $((SECONDS - began))
}

# Specs that need the machine's memory and nothing else; live ones come with test-long.
instrumented() {
  if [ -n "$long" ]; then echo spec; return; fi
  find spec -name '*_spec.lua' ! -path 'spec/live/*' ! -path 'spec/host/*' ! -name build_spec.lua | sort
}

sanitized() {
  # shellcheck disable=SC2046 # a list of files
  MOONTAP_BUILD=build/asan MOONTAP_PRELOAD=$(gcc -print-file-name=libasan.so) \
    ASAN_OPTIONS=detect_leaks=0:allocator_may_return_null=1 UBSAN_OPTIONS=print_stacktrace=1 \
    busted $(instrumented)
}

# What was run beside the other stages.
told() {
  cat "$beside"
  return "$beside_status"
}

stage 'build with gcc' make -s "$jobs" CC=gcc all build/spec/send
stage 'build with clang' make -s "$jobs" CC=clang BUILD=build/clang all
stage 'build with sanitizers' make -s "$jobs" CC=gcc asan
# A run of the specs takes one core: this one is made beside the stages that follow.
sanitized >"$beside" 2>&1 </dev/null &
stage 'check' make -s CC=gcc check
stage 'specs' busted
stage 'leaks' env ASAN_OPTIONS=detect_leaks=1 build/asan/bin/moontap spec/check/memory.lua
stage 'gates' make -s CC=gcc gates
stage 'fuzzers' make -s CC=gcc fuzz FUZZ_SECONDS=$([ -n "$long" ] && echo 60 || echo 3)
wait $!
beside_status=$?
stage 'specs with sanitizers' told

printf '\n'
[ ${#failures[@]} = 0 ] || printf 'failed: %s\n' "${failures[@]}"
printf '%d passed, %d failed, %d skipped\n' "$passed" "$failed" "$skipped"
[ "$failed" = 0 ]
