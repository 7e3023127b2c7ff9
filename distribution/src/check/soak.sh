#!/bin/bash
# Drives a three-node cluster at full load for a long time while a relay between the nodes resets random connections,
# and asserts that no acknowledged write is lost, that no violation of the wire format is counted, and that memory and
# descriptors do not grow. Prints a sample of each node every 30 seconds.
#
#   soak.sh [--transport tcp|quic] [--minutes N] [--outstanding N] [--fault-millis N] [--seed N]
#           [--image DIR] [--base-port PORT] [--dir DIR]
#
# The relay is a Java program of one file: a JDK 17 or later must be on the PATH, or in JAVA_HOME.
set -u

. "$(dirname -- "$0")/cluster.sh" || exit 2
transport=tcp
minutes=10
outstanding=64
fault_millis=500
seed=$RANDOM
base_port=7651
take_options "transport minutes outstanding fault_millis seed" "$@"
case $transport in
    tcp) relayed=tcp ;;
    quic) relayed=udp ;;
    *) echo "soak.sh: found --transport '$transport', expected tcp or quic" >&2; exit 2 ;;
esac
java=${JAVA_HOME:+$JAVA_HOME/bin/}java

prepare "soak-$transport"
# Nodes reach each other through the relay alone: its ports are what they advertise. The load comes in beside it.
write_cluster soak "$transport" $((base_port + 1)) $((base_port + 11))
relays=()
for i in 1 2 3; do
    relays+=("$((base_port + 10 + i)):$((base_port + i))")
done
"$java" "$here/Relay.java" $relayed "$fault_millis" "$seed" "$dir/stop" "${relays[@]}" > relay.json 2> relay.log &
relay_pid=$!

node_options=-Xmx512m
start_all

end=$((SECONDS + minutes * 60))
load() {
    while [ $SECONDS -lt $end ]; do
        "$quorate" bench --json --outstanding "$outstanding" --value-bytes 256 --seconds 55 --warmup 2 --timeout 10s \
            >> load.jsonl 2>> load.log
        code=$?
        [ $code -eq 0 ] || [ $code -eq 3 ] || { echo "exit code $code" > load.failed; return; }
    done
}
load &
load_pid=$!

# Resident memory in MiB, open descriptors, threads.
sample() {
    local pid=${pids[$1]}
    echo "$(($(awk '/^VmRSS/ {print $2}' /proc/$pid/status) / 1024))" "$(find /proc/$pid/fd -mindepth 1 | wc -l)" \
        "$(awk '/^Threads/ {print $2}' /proc/$pid/status)"
}

echo "seed $seed; a fault each $fault_millis ms on average; samples: MiB resident, descriptors, threads"
while [ $SECONDS -lt $end ]; do
    sleep 30
    line="$((minutes * 60 - end + SECONDS)) s"
    for i in 1 2 3; do
        kill -0 "${pids[$i]}" 2>/dev/null || fail "n$i ended: $(tail -3 "n$i.log")"
        read -r mib descriptors threads <<< "$(sample $i)"
        echo "$i $mib $descriptors $threads" >> samples
        line="$line   n$i: $mib MiB, $descriptors fd, $threads threads"
    done
    echo "$line"
    [ ! -e load.failed ] || fail "the load: $(cat load.failed); $(tail -3 load.log)"
done
wait $load_pid
load_pid=
[ ! -e load.failed ] || fail "the load: $(cat load.failed); $(tail -3 load.log)"
[ -s load.jsonl ] || fail "no run of the load came to its end: $(tail -3 load.log)"
grep -q '"verified":false' load.jsonl && fail "a run of the load did not find its writes: see load.jsonl"

# The relay goes on disturbing: a node may be without a leader just then, and is asked again.
for i in 1 2 3; do
    again "$quorate" cluster status --server n$i --json > "status$i.json" || fail "the status of n$i: $(tail -3 again.log)"
done
assert_equal_replicas 1 2 3
touch stop
wait $relay_pid
relay_pid=
violations=$(grep -ho '"wire\.violation\.[^,}]*' status?.json | sort | uniq -c)
writes=$(sed 's/.*"writesVerified":\([0-9]*\).*/\1/' load.jsonl | awk '{sum += $1} END {print sum}')
echo "relay: $(cat relay.json)"
echo "violations counted: ${violations:-none}"
# The first third is warm-up: what is compared is the middle third with the last one.
awk '{n[$1]++; mib[$1, n[$1]] = $2; fd[$1, n[$1]] = $3}
    END {
        for (i = 1; i <= 3; i++) {
            third = int(n[i] / 3); a = b = c = d = 0
            for (k = third + 1; k <= 2 * third; k++) { a += mib[i, k]; c += fd[i, k] }
            for (k = n[i] - third + 1; k <= n[i]; k++) { b += mib[i, k]; d += fd[i, k] }
            if (third > 0) printf "n%d: resident %.0f -> %.0f MiB, descriptors %.1f -> %.1f (middle and last third)\n",
                i, a / third, b / third, c / third, d / third
        }
    }' samples
[ -z "$violations" ] || fail "violations were counted that nobody injected"
echo "Passed: $minutes minutes over $transport, $writes acknowledged writes found again, no violation, replicas equal."
