#!/bin/bash
# Gives three nodes with little heap far more to do than they can, for as many minutes as it is told, and asserts that none
# of them dies, that they go on serving, and that no acknowledged write is lost. Prints a sample of each node every 15
# seconds, and at the end how much was refused as too much.
#
#   overload.sh [--minutes N] [--heap SIZE] [--loads N] [--outstanding N] [--value-bytes N]
#               [--image DIR] [--base-port PORT] [--dir DIR]
#
# Each load is a 'quorate bench' of its own, run after run: it reads all its acknowledged writes back. With the defaults
# they hold 12 MiB of values under way, and as much again in each node's store. The heap is 64 MiB for the queues and the
# node itself, beside what the store of the box may take: 64 MiB of history for watches, and its values and their copies.
set -u

here=$(cd -- "$(dirname -- "$0")" && pwd)
image=$here/../../target/quorate
minutes=30
heap=160m
loads=3
outstanding=1000
value_bytes=4096
base_port=7751
dir=$here/../../target/overload
while [ $# -gt 1 ]; do
    case $1 in
        --minutes) minutes=$2 ;;
        --heap) heap=$2 ;;
        --loads) loads=$2 ;;
        --outstanding) outstanding=$2 ;;
        --value-bytes) value_bytes=$2 ;;
        --image) image=$2 ;;
        --base-port) base_port=$2 ;;
        --dir) dir=$2 ;;
        *) echo "overload.sh: found unknown option '$1'; see the head of the file" >&2; exit 2 ;;
    esac
    shift 2
done
image=$(cd -- "$image" 2>/dev/null && pwd) || { echo "overload.sh: found no such image; build it with 'mvn package'" >&2; exit 2; }
quorate=$image/bin/quorate
rm -rf "$dir"
mkdir -p "$dir" && cd "$dir" || exit 2
dir=$PWD

declare -a pids load_pids

fail() {
    echo "FAILED: $1" >&2
    echo "Configurations, data and logs are kept in $dir." >&2
    exit 1
}

stop_all() {
    touch stop
    for pid in "${load_pids[@]:-}" "${pids[@]:-}"; do
        [ -n "$pid" ] && kill "$pid" 2>/dev/null
    done
    wait
}
trap stop_all EXIT
trap 'exit 130' INT TERM

members=
for i in 1 2 3; do
    members="$members
  n$i: tcp://127.0.0.1:$((base_port + i))"
done

identity() {
    echo "identity:"
    echo "  certificate: pki/$1/certificate.pem"
    echo "  key: pki/$1/key.pem"
    echo "  trust: pki/$1/trust.pem"
    echo "  trust-domain: overload.test"
}

"$quorate" pki init --trust-domain overload.test > /dev/null || fail "no authority"
"$quorate" pki issue operator admin > /dev/null || fail "no operator"
for i in 1 2 3; do
    "$quorate" pki issue node n$i > /dev/null || fail "no identity for n$i"
    {
        echo "cluster: overload"
        echo "node: n$i"
        echo "data-directory: n$i"
        echo "listen: tcp://127.0.0.1:$((base_port + i))"
        echo "members:$members"
        identity "node/n$i"
    } > n$i.yaml
done
{
    echo "cluster: overload"
    echo "servers:$members"
    identity operator/admin
} > client.yaml
export QUORATE_CONFIG=$dir/client.yaml

for i in 1 2 3; do
    : > "n$i.out"
    QUORATE_JAVA_OPTS="-Xmx$heap ${QUORATE_JAVA_OPTS:-}" \
        "$quorate" node --config "n$i.yaml" > "n$i.out" 2> "n$i.log" &
    pids[$i]=$!
done
deadline=$((SECONDS + 180))
for i in 1 2 3; do
    until grep -q ready "n$i.out"; do
        kill -0 "${pids[$i]}" 2>/dev/null || fail "n$i ended: $(tail -3 "n$i.log")"
        [ $SECONDS -lt $deadline ] || fail "n$i was not ready within 180 s"
        sleep 0.2
    done
done

# Exit code 1 with a wrong value is a lost write; that no operation succeeded in a run, or no leader, is the overload.
load() {
    while [ ! -e stop ]; do
        QUORATE_JAVA_OPTS="-Xmx256m" "$quorate" bench --json --outstanding "$outstanding" --value-bytes "$value_bytes" \
            --seconds 20 --warmup 0 --timeout 10s >> "load$1.jsonl" 2>> "load$1.log"
        if grep -q '"verified":false' "load$1.jsonl"; then
            echo "load $1" > load.failed
            return
        fi
    done
}
for ((i = 1; i <= loads; i++)); do
    load "$i" &
    load_pids[$i]=$!
done

end=$((SECONDS + minutes * 60))
while [ $SECONDS -lt $end ]; do
    sleep 15
    line="$((minutes * 60 - end + SECONDS)) s:"
    for i in 1 2 3; do
        kill -0 "${pids[$i]}" 2>/dev/null || fail "n$i died under overload: $(tail -5 "n$i.log")"
        line="$line n$i $(($(awk '/^VmRSS/ {print $2}' /proc/"${pids[$i]}"/status) / 1024)) MiB,"
    done
    echo "${line%,} resident"
    [ ! -e load.failed ] || fail "an acknowledged write was lost: $(cat load.failed)"
done
touch stop
for ((i = 1; i <= loads; i++)); do wait "${load_pids[$i]}"; done
load_pids=()
[ ! -e load.failed ] || fail "an acknowledged write was lost: $(cat load.failed)"

# What was refused the clients try again, until an operation's time is over; so it is the nodes that are asked.
deadline=$((SECONDS + 120))
until "$quorate" cluster status --json --timeout 30s > status.json 2> status.log; do
    [ $SECONDS -lt $deadline ] || fail "no account of the nodes within 120 s after the overload: $(tail -3 status.log)"
    sleep 1
done
refused=$(grep -o '"[a-z.-]*overloaded[a-z.-]*" *: *[0-9]*' status.json | awk -F: '{sum += $2} END {print sum + 0}')
"$quorate" kv put after overload --timeout 30s > /dev/null || fail "the cluster does not serve after the overload"
for i in 1 2 3; do
    kill -0 "${pids[$i]}" 2>/dev/null || fail "n$i died: $(tail -5 "n$i.log")"
done
runs=$(cat load*.jsonl | wc -l)
writes=$(cat load*.jsonl | sed 's/.*"writesVerified":\([0-9]*\).*/\1/' | awk '{sum += $1} END {print sum + 0}')
errors=$(cat load*.jsonl | sed 's/.*"errors":\([0-9]*\).*/\1/' | awk '{sum += $1} END {print sum + 0}')
[ "$writes" -gt 0 ] || fail "nothing was written at all; see $dir/load1.log"
echo "Passed: $minutes minutes; no node died, $writes acknowledged writes of $runs runs found again," \
    "$errors operations failed at the clients, $refused calls were refused as too much."
