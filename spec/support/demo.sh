#!/bin/bash
# SPDX-License-Identifier: MIT
#
# make run: two hosts in network namespaces of their own, connected by a cable
# (a veth pair), talk with real programs, while moontap captures live at one end
# of the cable and reports at the end.  Works for root, and for a user where the
# system lets users make namespaces.  Nothing outside of the namespaces is
# touched, and they vanish with the processes in them, which end by themselves
# after a minute at the latest.
#
# usage: demo.sh PATH-OF-MOONTAP
set -u

moontap=$(realpath "$1")
bytes=$((3000000 + RANDOM * 50))

say() { printf '%s\n' "$*" >&2; }
fail() { say "make run: $*"; exit 1; }

# Outside: start again inside of a namespace that we may shape.
if [ -z "${MOONTAP_DEMO:-}" ]; then
  export MOONTAP_DEMO=inside
  for flags in -n -Urn; do
    unshare $flags true 2>/dev/null && exec unshare $flags bash "$0" "$moontap"
  done
  fail 'cannot make a network namespace: run it as root, or allow users to make namespaces'
fi

pids=()
scratch=$(mktemp -d)
cleanup() {
  trap - EXIT INT TERM
  for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null; done
  wait 2>/dev/null
  rm -rf "$scratch"
}
trap cleanup EXIT
trap 'exit 130' INT TERM

# until_true WHAT COMMAND...: ask until the command succeeds, ten seconds at most.
until_true() {
  local what=$1 deadline=$((SECONDS + 10))
  shift
  until "$@" >/dev/null 2>&1; do
    [ $SECONDS -lt $deadline ] || fail "waited in vain until $what"
    sleep 0.02
  done
}

# A host is a process that sleeps in a network namespace of its own.
new_host() {
  unshare -n sleep 60 >/dev/null 2>&1 </dev/null &
  pids+=($!)
  host=$!
  until_true "host $host has its namespace" differs "$host"
}
differs() { [ "$(readlink "/proc/$1/ns/net")" != "$(readlink /proc/self/ns/net)" ]; }

# on HOST COMMAND...: the command takes this shell's place, so that its process id is known.
on() { exec nsenter -t "$1" -n -- "${@:2}"; }
in_host() { (on "$@"); }
in_background() {
  on "$@" >/dev/null 2>&1 </dev/null &
  pids+=($!)
}

give_addresses() { # HOST NUMBER
  in_host "$1" ip link set lo up
  in_host "$1" ip addr add "10.7.0.$2/24" dev cable
  in_host "$1" ip addr add "fd07::$2/64" dev cable nodad
  in_host "$1" ip link set cable up
}

connect() {
  ip link add cable netns "$ann" type veth peer name cable netns "$bob" || return
  give_addresses "$ann" 1 && give_addresses "$bob" 2
}

listens() { in_host "$bob" ss -Hltun "sport = :$1" | grep -q .; }
captures() { in_host "$ann" awk '$4 == "0003" && $6 == 1 { found = 1 } END { exit !found }' /proc/net/packet; }

start_servers() {
  in_background "$bob" socat -T 10 UDP4-LISTEN:7 PIPE
  in_background "$bob" socat -T 10 -u TCP4-LISTEN:8080 "CREATE:$scratch/received"
  in_background "$bob" socat -T 10 TCP6-LISTEN:7777 PIPE
  for port in 7 8080 7777; do until_true "port $port listens" listens $port; done
}

# Words at a pace, so that there is something to see over time.
murmur() { for i in $(seq "$1"); do echo "message $i of $1"; sleep "$2"; done; }
stream() { for _ in 1 2 3 4 5 6 7 8 9 10; do head -c $((bytes / 10)) /dev/urandom; sleep 0.15; done; }

talk() {
  in_host "$ann" ping -q -c 5 -i 0.2 10.7.0.2 || return
  in_host "$bob" ping -q -c 5 -i 0.2 fd07::1 || return
  murmur 12 0.05 | in_host "$ann" socat -t 0.3 - UDP4:10.7.0.2:7 || return
  stream | in_host "$ann" socat -u - TCP4:10.7.0.2:8080 || return
  murmur 8 0.05 | in_host "$ann" socat -t 0.3 - 'TCP6:[fd07::2]:7777'
}

new_host; ann=$host
new_host; bob=$host
connect || fail 'cannot connect the two hosts'
start_servers

say 'two hosts, 10.7.0.1 (fd07::1) and 10.7.0.2 (fd07::2), on one cable; moontap captures at the end of the first:'
say "  moontap overview -i cable"
on "$ann" env --default-signal=INT "$moontap" overview -i cable >"$scratch/report" 2>"$scratch/counts" &
tap=$!
pids+=($tap)
running() { kill -0 $tap 2>/dev/null; }
until_true 'moontap captures' eval 'captures || ! running'
running || { cat "$scratch/counts" >&2; fail 'moontap ended before the hosts talked'; }
say "they talk: ping, ping over IPv6, UDP, $((bytes / 10 * 10)) bytes over TCP, TCP over IPv6"
talk >"$scratch/talk" 2>&1 || { cat "$scratch/talk" >&2; fail 'the hosts could not talk'; }
kill -INT $tap
wait $tap
status=$?
cat "$scratch/report"
cat "$scratch/counts" >&2
[ $status = 0 ] || fail "moontap ended with status $status"
[ "$(stat -c %s "$scratch/received")" = $((bytes / 10 * 10)) ] || fail 'the transfer was not whole'
