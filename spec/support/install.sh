#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Installs what is missing of the named groups (build, run, test): Debian's
# packages, as root.  Whoever is not root, or not on Debian, gets the line to
# run and exit status 1.  Nothing happens where nothing is missing.
set -eu

# group, what proves that it is there (a command, a file, a module of Lua), the package that brings it
wanted='
build cc                      gcc
build make                    make
build lua5.4                  lua5.4
build /usr/include/lua5.4/lua.h liblua5.4-dev
build /usr/include/stdio.h    libc6-dev
run   ip                      iproute2
run   ping                    iputils-ping
run   socat                   socat
run   unshare                 util-linux
test  bash                    bash
test  busted                  lua-busted
test  luacheck                lua-check
test  luarocks                luarocks
test  git                     git
test  tcpdump                 tcpdump
test  tshark                  tshark
test  /usr/include/pcap/pcap.h libpcap-dev
test  tcpreplay               tcpreplay
test  lua:socket              lua-socket
test  valgrind                valgrind
test  clang                   clang
test  clang-format            clang-format
test  ctags                   universal-ctags
test  setcap                  libcap2-bin
'

present() {
  case $1 in
    */lua.h) [ -e "${LUA_INCDIR:-/usr/include/lua5.4}/lua.h" ] ||
      [ -e "$(pkg-config --variable=includedir lua5.4 2>/dev/null)/lua.h" ] ;;
    /*) [ -e "$1" ] ;;
    lua:*) lua5.4 -e "require '${1#lua:}'" 2>/dev/null ;;
    *) PATH=$PATH:/usr/sbin:/sbin command -v "$1" >/dev/null ;;
  esac
}

missing_of() {
  echo "$wanted" | while read -r group proof package; do
    case " $* " in *" ${group:-none} "*) present "$proof" || printf ' %s' "$package" ;; esac
  done
}

missing=$(missing_of "$@")
[ -n "$missing" ] || exit 0

if ! command -v apt-get >/dev/null; then
  echo "moontap needs these packages, by their names on Debian:$missing" >&2
  exit 1
elif [ "$(id -u)" != 0 ]; then
  echo "moontap needs packages that are not here; install them with" >&2
  echo "  sudo apt-get install -y --no-install-recommends$missing" >&2
  exit 1
fi

echo "installing$missing"
export DEBIAN_FRONTEND=noninteractive
log=$(mktemp)
if ! { apt-get update -q && apt-get install -q -y --no-install-recommends $missing; } >"$log" 2>&1 </dev/null; then
  cat "$log" >&2
  rm -f "$log"
  echo "apt-get could not install:$missing" >&2
  exit 1
fi
rm -f "$log"

left=$(missing_of "$@")
[ -z "$left" ] || { echo "still missing after the installation:$left" >&2; exit 1; }
