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

. "$(dirname -- "$0")/cluster.sh" || exit 2
minutes=30
heap=64m
loads=2
outstanding=1024
value_bytes=4096
large_loads=1
transport=tcp
base_port=7751
take_options "minutes heap loads outstanding value_bytes large_loads transport" "$@"

# How long one node is stopped each minute, in seconds, and by how much the live heap may grow meanwhile, in MiB.
stopped_seconds=10
growth_mib=8
# A load of few large values.
large_outstanding=16
large_bytes=131072

declare -a load_pids
watch_pid=
slow_pid=

prepare overload
# Who is stopped goes on, or it would never end; and nobody is stopped once more meanwhile.
end_all() {
    touch stop
    [ -z "$slow_pid" ] || kill "$slow_pid" 2>/dev/null
    for pid in "${pids[@]:-}"; do
        [ -z "$pid" ] || kill -CONT "$pid" 2>/dev/null
    done
    for pid in "$(cat watch.pid 2>/dev/null)" "$watch_pid"; do
        [ -z "$pid" ] || kill "$pid" 2>/dev/null
    done
    stop_all
}
trap end_all EXIT

write_cluster overload "$transport" $((base_port + 1))
node_options="-Xmx$heap -Xlog:gc:file=%n.gc:uptime"
start_all
jcmd=$image/runtime/bin/jcmd

# A load that is told that it is too much tries again until an operation's time is over, and then counts a failure. One
# that finds nobody at its beginning begins again. Exit code 1 with a wrong value is a lost write.
load() { # number outstanding value-bytes
    until [ -s "load$1.jsonl" ] || [ $SECONDS -ge $((end - 10)) ]; do
        QUORATE_JAVA_OPTS="-Xmx256m -XX:TieredStopAtLevel=1" "$quorate" bench --json --outstanding "$2" --keys "$2" \
            --value-bytes "$3" --read-percent 20 --seconds $((end - SECONDS)) --warmup 0 --timeout 30s \
            --until-end-of-input < <(until [ -e stop ]; do sleep 1; done) > "load$1.jsonl" 2>> "load$1.log"
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
    local line= before
    for i in 1 2 3; do
        before=$(grep -c 'Pause Full (Diagnostic Command)' n$i.gc)
        timeout 60 "$jcmd" "${pids[$i]}" GC.run > /dev/null 2>> jcmd.log
        [ "$(grep -c 'Pause Full (Diagnostic Command)' n$i.gc)" -gt "$before" ] \
            || fail "n$i did not collect when it was asked: $(tail -3 jcmd.log)"
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
done
assert_equal_replicas 1 2 3
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
