#!/bin/sh
# SPDX-License-Identifier: MIT
#
# make fuzz: runs each of the fuzzers named for so many seconds.  The last line
# counts; the status is 0 when none found anything.  What one finds lies in
# BUILD/fuzz, to be given to it again; so does what it learnt.
#
# usage: BUILD=... run.sh SECONDS FUZZER...
set -eu
seconds=$1
shift

out=$BUILD/fuzz
LUA_PATH='lua/?.lua;lua/?/init.lua;./?.lua;;' LUA_CPATH="$BUILD/lua/?.so;;" \
  lua5.4 spec/fuzz/seeds.lua "$out/seeds"

passed=0 failed=0
for name in "$@"; do
  seeds=
  if grep -q 'spec/fuzz/frame.h' "spec/fuzz/$name.c"; then seeds=$out/seeds; fi
  mkdir -p "$out/learnt-$name"
  # shellcheck disable=SC2086 # no seeds are no word
  if "$out/bin/fuzz-$name" -max_total_time="$seconds" -max_len=4096 -rss_limit_mb=1024 \
    -print_final_stats=1 -artifact_prefix="$out/$name-" "$out/learnt-$name" $seeds >"$out/$name.log" 2>&1; then
    passed=$((passed + 1))
    runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$out/$name.log")
    echo "ok   $name: $runs runs in $seconds s"
  else
    failed=$((failed + 1))
    echo "FAIL $name"
    tail -n 60 "$out/$name.log" | sed 's/^/     /'
  fi
done
echo "$passed passed, $failed failed, 0 skipped"
[ "$failed" = 0 ]
