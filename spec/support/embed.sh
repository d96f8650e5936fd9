#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Writes C to standard output that holds the Lua files named: a string for
# each, and 'host_modules', the table of them by the name that require takes
# (lua/moontap/init.lua is "moontap").  Each text ends in a zero byte that its
# size does not count.
set -eu

module_name() {
  echo "$1" | sed -e 's,^lua/,,' -e 's,\.lua$,,' -e 's,/init$,,' -e 's,/,.,g'
}

echo '/* Generated from the Lua files; see spec/support/embed.sh. */'
echo '#include "host/modules.h"'
echo
number=0
for file in "$@"; do
  number=$((number + 1))
  echo "static const char text_$number[] ="
  od -An -v -to1 "$file" | sed -e 's/ /\\/g' -e 's/.*/  "&"/'
  echo '  "";'
done
echo 'const struct host_module host_modules[] = {'
number=0
for file in "$@"; do
  number=$((number + 1))
  echo "  { \"$(module_name "$file")\", text_$number, sizeof text_$number - 1 },"
done
echo '  { 0 },'
echo '};'
