#!/bin/bash
# Floods one node of a three-node cluster with connections that never finish a handshake, while the cluster commits, and
# asserts that it goes on committing, that nothing acknowledged is lost, and that the flooded node neither dies nor keeps
# the flood's memory and descriptors.
#
#   flood.sh [--transport tcp|quic] [--attempts N] [--image DIR] [--base-port PORT] [--dir DIR]
#
# The crowd is a Java program of one file, on loopback alone: a JDK 17 or later must be on the PATH, or in JAVA_HOME.
set -u

. "$(dirname -- "$0")/cluster.sh" || exit 2
transport=tcp
attempts=10000
base_port=7681
take_options "transport attempts" "$@"
case $transport in
    tcp) kinds="tcp-idle tcp-half" ;;
    quic) kinds="quic-first quic-half" ;;
    *) echo "flood.sh: found --transport '$transport', expected tcp or quic" >&2; exit 2 ;;
esac
java=${JAVA_HOME:+$JAVA_HOME/bin/}java

prepare "flood-$transport"
write_cluster flood "$transport" $((base_port + 1))
node_options=-Xmx256m
start_all

load() {
    "$quorate" bench --json --outstanding 16 --value-bytes 256 --seconds "$1" --warmup 2 --timeout 10s 2>> load.log
}

rate() {
    sed 's/.*"opsPerSecond":\([0-9.]*\).*/\1/' <<< "$1"
}

descriptors() {
    find /proc/"${pids[1]}"/fd -mindepth 1 | wc -l
}

resident() {
    echo $(($(awk '/^VmRSS/ {print $2}' /proc/"${pids[1]}"/status) / 1024))
}

calm=$(load 10) || fail "the load without a flood: $(tail -3 load.log)"
echo "without a flood: $(rate "$calm") writes/s; n1: $(resident) MiB, $(descriptors) descriptors"
for kind in $kinds; do
    before=$("$quorate" peers --json | grep -c '"status" *: *"ONLINE"')
    load 20 > "load-$kind.json" &
    load_pid=$!
    sleep 3
    flooded=0
    while kill -0 $load_pid 2>/dev/null && [ $flooded -lt 1 ]; do
        "$java" "$here/Flood.java" "$kind" "$attempts" 2000 $((base_port + 1)) > "flood-$kind.json" || fail "the crowd"
        flooded=1
        echo "$kind: $(cat "flood-$kind.json")"
        echo "$kind: n1 at the end of the flood: $(resident) MiB, $(descriptors) descriptors"
    done
    wait $load_pid || fail "the load under $kind: $(tail -3 load.log)"
    load_pid=
    grep -q '"verified":true' "load-$kind.json" || fail "an acknowledged write was lost under $kind: load-$kind.json"
    kill -0 "${pids[1]}" 2>/dev/null || fail "n1 died under $kind: $(tail -3 n1.log)"
    after=$("$quorate" peers --json | grep -c '"status" *: *"ONLINE"')
    [ "$before" = "$after" ] || fail "$before members were ONLINE before $kind, and $after after it"
    echo "$kind: $(rate "$(cat "load-$kind.json")") writes/s during and around it; all found again"
done
# What was pending is gone when the time for a handshake is over.
sleep 6
echo "6 s later: n1: $(resident) MiB, $(descriptors) descriptors"
[ "$(descriptors)" -lt 200 ] || fail "found $(descriptors) descriptors after the flood, expected fewer than 200"
"$quorate" cluster status --json | grep -o '"handshake\.refused\.[^,}]*' | sort -u | tr -d '"'
echo "Passed: $attempts attempts of each of $kinds; the cluster went on, and every acknowledged write was found again."
