#!/bin/bash
# Gives three nodes with little heap far more to do than they can, for as many minutes as it is told, and asserts that none
# of them dies or runs out of memory, that callers are told 'Overloaded', that what lives on the heap does not grow, that
# the replicas are equal, and that no acknowledged write is lost. Prints a sample of each node every 15 seconds.
#
#   overload.sh [--minutes N] [--heap SIZE] [--loads N] [--outstanding N] [--value-bytes N] [--large-loads N]
#               [--transport tcp|quic] [--image DIR] [--base-port PORT] [--dir DIR]
#
# Each load is one 'quorate bench', which reads all its acknowledged writes back in the end; a fifth of its operations are
# linearizable reads. Beside the loads of many small values there is one of few large ones, and a watcher of everything.
# Each minute one node, not the leader, is stopped for ten seconds (SIGSTOP), and has to catch up. With the defaults the
# clients have 10 MiB of values under way at nodes whose queue takes 4 MiB, on as much data: that is the users' own, which
# a node must have room for.
set -u

here=$(cd -- "$(dirname -- "$0")" && pwd)
image=$here/../../target/quorate
minutes=30
heap=64m
loads=2
outstanding=1024
value_bytes=4096
large_loads=1
transport=tcp
base_port=7751
dir=$here/../../target/overload
while [ $# -gt 1 ]; do
    case $1 in
        --minutes) minutes=$2 ;;
        --heap) heap=$2 ;;
        --loads) loads=$2 ;;
        --outstanding) outstanding=$2 ;;
        --value-bytes) value_bytes=$2 ;;
        --large-loads) large_loads=$2 ;;
        --transport) transport=$2 ;;
        --image) image=$2 ;;
        --base-port) base_port=$2 ;;
        --dir) dir=$2 ;;
        *) echo "overload.sh: found unknown option '$1'; see the head of the file" >&2; exit 2 ;;
    esac
    shift 2
done
image=$(cd -- "$image" 2>/dev/null && pwd) || { echo "overload.sh: found no such image; build it with 'mvn package'" >&2; exit 2; }
quorate=$image/bin/quorate
jcmd=$image/runtime/bin/jcmd
rm -rf "$dir"
mkdir -p "$dir" && cd "$dir" || exit 2
dir=$PWD

# How long one node is stopped each minute, in seconds, and by how much the live heap may grow meanwhile, in MiB.
stopped_seconds=10
growth_mib=8
# A load of few large values.
large_outstanding=16
large_bytes=131072

declare -a pids load_pids
watch_pid=
slow_pid=

fail() {
    echo "FAILED: $1" >&2
    echo "Configurations, data and logs are kept in $dir." >&2
    exit 1
}

stop_all() {
    touch stop
    for pid in "${pids[@]:-}"; do
        [ -n "$pid" ] && kill -CONT "$pid" 2>/dev/null
    done
    for pid in "$(cat watch.pid 2>/dev/null)" "$slow_pid" "$watch_pid" "${load_pids[@]:-}" "${pids[@]:-}"; do
        [ -n "$pid" ] && kill "$pid" 2>/dev/null
    done
    wait
}
trap stop_all EXIT
trap 'exit 130' INT TERM

members=
for i in 1 2 3; do
    members="$members
  n$i: $transport://127.0.0.1:$((base_port + i))"
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
        echo "listen: $transport://127.0.0.1:$((base_port + i))"
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
    QUORATE_JAVA_OPTS="-Xmx$heap -Xlog:gc:file=n$i.gc:uptime ${QUORATE_JAVA_OPTS:-}" \
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

# A load that is told that it is too much tries again until an operation's time is over, and then counts a failure. One
# that finds nobody at its beginning begins again. Exit code 1 with a wrong value is a lost write.
load() { # number outstanding value-bytes
    until [ -s "load$1.jsonl" ] || [ $SECONDS -ge $((end - 10)) ]; do
        QUORATE_JAVA_OPTS="-Xmx256m -XX:TieredStopAtLevel=1" "$quorate" bench --json --outstanding "$2" --keys "$2" \
            --value-bytes "$3" --read-percent 20 --seconds $((end - SECONDS)) --warmup 0 --timeout 30s \
            > "load$1.jsonl" 2>> "load$1.log"
    done
}
end=$((SECONDS + minutes * 60))
for ((i = 1; i <= loads + large_loads; i++)); do
    if [ "$i" -le "$loads" ]; then
        load "$i" "$outstanding" "$value_bytes" &
    else
        load "$i" "$large_outstanding" "$large_bytes" &
    fi
    load_pids[$i]=$!
    sleep 5 # All at once they would keep each other from connecting on a small machine.
done

# A watcher that is told that the history has let go of what it asks for begins anew, as its user would.
watch() {
    local begun=0
    while [ ! -e stop ]; do
        "$quorate" kv watch bench/ --timeout 30s > >(wc -l >> watch.lines) 2>> watch.log &
        echo $! > watch.pid
        wait $!
        begun=$((begun + 1))
        echo $begun > watch.begun
    done
}
watch &
watch_pid=$!

slow() {
    local turn=0
    while [ ! -e stop ]; do
        sleep $((60 - stopped_seconds))
        [ ! -e stop ] || return
        leader=$("$quorate" cluster status --json --timeout 10s 2>> slow.log | grep -oE '"leader" *: *"n[1-3]"' | head -1 \
            | grep -o '[1-3]')
        turn=$((turn + 1))
        node=$((turn % 3 + 1))
        [ "$node" != "${leader:-0}" ] || node=$((node % 3 + 1))
        kill -STOP "${pids[$node]}" && sleep $stopped_seconds && kill -CONT "${pids[$node]}"
        echo "n$node was stopped for $stopped_seconds s; ${leader:+n$leader led}" >> slow.log
    done
}
slow &
slow_pid=$!

# What lives on each node's heap, in MiB, behind a full collection that is asked for.
live_of_all() {
    local line=
    for i in 1 2 3; do
        timeout 60 "$jcmd" "${pids[$i]}" GC.run > /dev/null 2>> jcmd.log
        line="$line n$i $(grep 'Pause Full (Diagnostic Command)' n$i.gc | tail -1 | sed 's/.*->\([0-9]*\)M(.*/\1/')"
    done
    echo "$line"
}

# The most that lived on node $1's heap behind any full collection of its first $2 seconds, in MiB.
most_live() {
    awk -v until="$2" '/Pause Full/ {
            at = $1; sub(/^\[/, "", at)
            live = $0; sub(/.*->/, "", live)
            if (at + 0 <= until && live + 0 > most) most = live + 0
        } END {print most + 0}' "n$1.gc"
}

first_live=
while [ $SECONDS -lt $end ]; do
    sleep 15
    line="$((minutes * 60 - end + SECONDS)) s:"
    for i in 1 2 3; do
        kill -0 "${pids[$i]}" 2>/dev/null || fail "n$i died under overload: $(tail -5 "n$i.log")"
        line="$line n$i $(($(awk '/^VmRSS/ {print $2}' /proc/"${pids[$i]}"/status) / 1024)) MiB,"
    done
    echo "${line%,} resident"
    # At least one sample in the first two thirds, with which the end is compared.
    if [ -z "$first_live" ] && [ $((minutes * 60 - end + SECONDS)) -ge $((minutes * 20)) ]; then
        first_live=$(live_of_all)
        echo "live heap behind a full collection, in MiB:$first_live"
    fi
done
touch stop
last_live=$(live_of_all)
echo "live heap behind a full collection, in MiB:$last_live"
for ((i = 1; i <= loads + large_loads; i++)); do
    wait "${load_pids[$i]}"
    [ -s "load$i.jsonl" ] || fail "load $i came to no end: $(tail -3 "load$i.log")"
    ! grep -q '"verified":false' "load$i.jsonl" || fail "an acknowledged write was lost: see $dir/load$i.jsonl"
done
load_pids=()
wait "$slow_pid"
slow_pid=
kill "$(cat watch.pid)" 2>/dev/null
wait "$watch_pid"
watch_pid=

deadline=$((SECONDS + 120))
until "$quorate" cluster status --json --timeout 30s > status.json 2> status.log && ! grep -q '"failure"' status.json; do
    [ $SECONDS -lt $deadline ] || fail "no account of the nodes within 120 s after the overload: $(tail -3 status.log)"
    sleep 1
done
"$quorate" kv put after overload --timeout 30s > /dev/null || fail "the cluster does not serve after the overload"
for i in 1 2 3; do
    kill -0 "${pids[$i]}" 2>/dev/null || fail "n$i died: $(tail -5 "n$i.log")"
    "$quorate" kv list --json --server n$i --timeout 30s > "replica$i.json" || fail "no listing of n$i"
done
cmp replica1.json replica2.json && cmp replica2.json replica3.json || fail "the replicas differ"
! grep -l 'OutOf[A-Za-z]*Memory' n?.log n?.out || fail "a node ran out of memory"

echo "what was too much:"
grep -oE '"(overloaded|proposals\.deferred|frames)\.[a-z.-]*" *: *[0-9]+' status.json | tr -d '" ' \
    | awk -F: '{sum[$1] += $2} END {for (name in sum) print "  " name, sum[name]}' | sort
echo "answers at the clients:"
grep -ohE '"errorsByKind":\{[^}]*\}' load*.jsonl | grep -oE '"[A-Za-z]+":[0-9]+' | tr -d '"' \
    | awk -F: '{sum[$1] += $2} END {for (kind in sum) print "  " kind, sum[kind]}' | sort
for i in 1 2 3; do
    awk -v node=n$i '/Pause/ {n++; ms = $NF; sub("ms", "", ms); ms += 0; sum += ms; if (ms > most) most = ms; if (/Pause Full/) full++}
        END {printf "  %s: %d pauses, %d of them full, %.1f s in all, the longest %.0f ms;", node, n, full, sum / 1000, most}' \
        n$i.gc
    echo " at most $(most_live $i 999999999) MiB lived behind a full one"
done
ops=$(cat load*.jsonl | sed 's/.*"ops":\([0-9]*\).*/\1/' | awk '{sum += $1} END {print sum + 0}')
writes=$(cat load*.jsonl | sed 's/.*"writesVerified":\([0-9]*\).*/\1/' | awk '{sum += $1} END {print sum + 0}')
refused=$(grep -oE '"overloaded\.[a-z.-]*" *: *[0-9]+' status.json | awk -F: '{sum += $2} END {print sum + 0}')
events=$(awk '{sum += $1} END {print sum + 0}' watch.lines)
[ "$writes" -gt 0 ] || fail "nothing was written at all; see $dir/load1.log"
[ "$refused" -gt 0 ] || fail "nobody was told 'Overloaded': that was no overload"
before=
for i in 1 2 3; do
    before="$before n$i $(most_live $i $((minutes * 40)))"
done
echo "$before $last_live" | awk -v most=$growth_mib '{for (i = 2; i <= 6; i += 2) if ($(i + 6) > $i + most) exit 1}' \
    || fail "what lives on the heap has grown: at most$before MiB in the first two thirds,$last_live in the end"
echo "Passed: $minutes minutes with $heap over $transport; no node died, $ops operations succeeded," \
    "$writes acknowledged writes found again, $refused callers were told 'Overloaded', $events events were watched."
