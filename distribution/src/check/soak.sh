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

here=$(cd -- "$(dirname -- "$0")" && pwd)
image=$here/../../target/quorate
transport=tcp
minutes=10
outstanding=64
fault_millis=500
seed=$RANDOM
base_port=7651
dir=
while [ $# -gt 1 ]; do
    case $1 in
        --transport) transport=$2 ;;
        --minutes) minutes=$2 ;;
        --outstanding) outstanding=$2 ;;
        --fault-millis) fault_millis=$2 ;;
        --seed) seed=$2 ;;
        --image) image=$2 ;;
        --base-port) base_port=$2 ;;
        --dir) dir=$2 ;;
        *) echo "soak.sh: found unknown option '$1'; see the head of the file" >&2; exit 2 ;;
    esac
    shift 2
done
case $transport in
    tcp) relayed=tcp ;;
    quic) relayed=udp ;;
    *) echo "soak.sh: found --transport '$transport', expected tcp or quic" >&2; exit 2 ;;
esac
image=$(cd -- "$image" 2>/dev/null && pwd) || { echo "soak.sh: found no such image; build it with 'mvn package'" >&2; exit 2; }
quorate=$image/bin/quorate
java=${JAVA_HOME:+$JAVA_HOME/bin/}java
[ -n "$dir" ] || dir=$here/../../target/soak-$transport
rm -rf "$dir"
mkdir -p "$dir" && cd "$dir" || exit 2
dir=$PWD

declare -a pids

fail() {
    echo "FAILED: $1" >&2
    echo "Configurations, data and logs are kept in $dir." >&2
    exit 1
}

stop_all() {
    touch stop
    for pid in "${pids[@]:-}" ${load_pid:-} ${relay_pid:-}; do
        [ -n "$pid" ] && kill "$pid" 2>/dev/null
    done
    wait
}
trap stop_all EXIT
trap 'exit 130' INT TERM

# Nodes reach each other through the relay alone: its ports are what they advertise. The load comes in beside it.
members=
servers=
relays=()
for i in 1 2 3; do
    members="$members
  n$i: $transport://127.0.0.1:$((base_port + 10 + i))"
    servers="$servers
  n$i: $transport://127.0.0.1:$((base_port + i))"
    relays+=("$((base_port + 10 + i)):$((base_port + i))")
done

identity() {
    echo "identity:"
    echo "  certificate: pki/$1/certificate.pem"
    echo "  key: pki/$1/key.pem"
    echo "  trust: pki/$1/trust.pem"
    echo "  trust-domain: soak.test"
}

"$quorate" pki init --trust-domain soak.test > /dev/null || fail "no authority"
"$quorate" pki issue operator admin > /dev/null || fail "no operator"
for i in 1 2 3; do
    "$quorate" pki issue node n$i > /dev/null || fail "no identity for n$i"
    {
        echo "cluster: soak"
        echo "node: n$i"
        echo "data-directory: n$i"
        echo "listen: $transport://127.0.0.1:$((base_port + i))"
        echo "advertise: $transport://127.0.0.1:$((base_port + 10 + i))"
        echo "members:$members"
        identity "node/n$i"
    } > n$i.yaml
done
{
    echo "cluster: soak"
    echo "servers:$servers"
    identity operator/admin
} > client.yaml
export QUORATE_CONFIG=$dir/client.yaml

"$java" "$here/Relay.java" $relayed "$fault_millis" "$seed" "$dir/stop" "${relays[@]}" > relay.json 2> relay.log &
relay_pid=$!

for i in 1 2 3; do
    QUORATE_JAVA_OPTS="-Xmx512m ${QUORATE_JAVA_OPTS:-}" \
        "$quorate" node --config "n$i.yaml" > "n$i.out" 2> "n$i.log" &
    pids[$i]=$!
done
deadline=$((SECONDS + 60))
for i in 1 2 3; do
    until grep -q ready "n$i.out"; do
        kill -0 "${pids[$i]}" 2>/dev/null || fail "n$i ended: $(tail -3 "n$i.log")"
        [ $SECONDS -lt $deadline ] || fail "n$i was not ready within 60 s"
        sleep 0.2
    done
done

end=$((SECONDS + minutes * 60))
load() {
    while [ $SECONDS -lt $end ]; do
        "$quorate" bench --outstanding "$outstanding" --value-bytes 256 --seconds 55 --warmup 2 --timeout 10s \
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
again() {
    for attempt in 1 2 3 4 5 6 7 8 9 10; do
        answer=$("$@" 2>> again.log) && { echo "$answer"; return 0; }
        sleep 0.5
    done
    return 1
}
for i in 1 2 3; do
    again "$quorate" cluster status --server n$i --json > "status$i.json" || fail "the status of n$i: $(tail -3 again.log)"
    again "$quorate" kv list --json --server n$i --timeout 30s > "replica$i.json" \
        || fail "the listing of n$i: $(tail -3 again.log)"
done
cmp replica1.json replica2.json && cmp replica2.json replica3.json || fail "the replicas differ"
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
