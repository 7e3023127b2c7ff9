#!/bin/bash
# Kills random nodes of a three-node cluster with kill -9, again and again, while it is under load, and asserts that no
# acknowledged write is lost, that no start is refused, and that the replicas are equal in the end.
#
#   kill9.sh [--image DIR] [--kills N] [--base-port PORT] [--dir DIR]
#
# The load is 'quorate bench', run after run: each remembers every write of its own and reads all of them back. Entries
# imported before the first kill are read back after the last one.
set -u

here=$(cd -- "$(dirname -- "$0")" && pwd)
image=$here/../../target/quorate
kills=100
base_port=7601
dir=
while [ $# -gt 1 ]; do
    case $1 in
        --image) image=$2 ;;
        --kills) kills=$2 ;;
        --base-port) base_port=$2 ;;
        --dir) dir=$2 ;;
        *) echo "kill9.sh: found unknown option '$1', expected --image, --kills, --base-port or --dir" >&2; exit 2 ;;
    esac
    shift 2
done
image=$(cd -- "$image" 2>/dev/null && pwd) || { echo "kill9.sh: found no such image; build it with 'mvn package'" >&2; exit 2; }
quorate=$image/bin/quorate
[ -x "$quorate" ] || { echo "kill9.sh: found no $quorate; build it first with 'mvn package'" >&2; exit 2; }
[ -n "$dir" ] || dir=$here/../../target/kill9
rm -rf "$dir"
mkdir -p "$dir" && cd "$dir" || exit 2
dir=$PWD

ready_seconds=60
declare -a pids

fail() {
    echo "FAILED: $1" >&2
    echo "Configurations, data and logs are kept in $dir." >&2
    exit 1
}

stop_all() {
    touch stop
    for pid in "${pids[@]:-}" ${load_pid:-}; do
        [ -n "$pid" ] && kill "$pid" 2>/dev/null
    done
    wait
}
trap stop_all EXIT
trap 'exit 130' INT TERM

# One line for each member, the same in every file.
members=
for i in 1 2 3; do
    members="$members
  n$i: tcp://127.0.0.1:$((base_port + i - 1))"
done

identity() {
    echo "identity:"
    echo "  certificate: pki/$1/certificate.pem"
    echo "  key: pki/$1/key.pem"
    echo "  trust: pki/$1/trust.pem"
    echo "  trust-domain: kill9.test"
}

"$quorate" pki init --trust-domain kill9.test > /dev/null || fail "no authority"
"$quorate" pki issue operator admin > /dev/null || fail "no operator"
for i in 1 2 3; do
    "$quorate" pki issue node n$i > /dev/null || fail "no identity for n$i"
    {
        echo "cluster: kill9"
        echo "node: n$i"
        echo "data-directory: n$i"
        echo "listen: tcp://127.0.0.1:$((base_port + i - 1))"
        echo "members:$members"
        identity "node/n$i"
    } > n$i.yaml
done
{
    echo "cluster: kill9"
    echo "servers:$members"
    identity operator/admin
} > client.yaml
export QUORATE_CONFIG=$dir/client.yaml

start() {
    : > "n$1.out"
    QUORATE_JAVA_OPTS="-XX:MaxRAMPercentage=10 ${QUORATE_JAVA_OPTS:-}" \
        "$quorate" node --config "n$1.yaml" > "n$1.out" 2>> "n$1.log" &
    pids[$1]=$!
}

# A node that ends instead of serving has refused to start; one that takes too long counts as the same.
await_ready() {
    local deadline=$((SECONDS + ready_seconds))
    until grep -q ready "n$1.out"; do
        kill -0 "${pids[$1]}" 2>/dev/null || fail "n$1 refused to start: $(tail -3 "n$1.log")"
        [ $SECONDS -lt $deadline ] || fail "n$1 was not ready within $ready_seconds s"
        sleep 0.1
    done
}

for i in 1 2 3; do start $i; done
for i in 1 2 3; do await_ready $i; done

java_home=$image/runtime
"$quorate" kv import "$java_home/conf/security/java.security" --format properties --prefix security/ --timeout 30s \
    || fail "the import before the first kill"
"$quorate" kv list security/ --json > before.json || fail "the listing before the first kill"

# Each run verifies itself (exit code 1: a write was lost). One that finds nobody at its start is simply repeated.
load() {
    while [ ! -e stop ]; do
        "$quorate" bench --outstanding 64 --value-bytes 256 --seconds 10 --warmup 0 --timeout 10s >> load.jsonl 2>> load.log
        code=$?
        [ $code -eq 0 ] || [ $code -eq 3 ] || { echo "exit code $code" > load.failed; return; }
    done
}
load &
load_pid=$!

for ((kill = 1; kill <= kills; kill++)); do
    victim=$((RANDOM % 3 + 1))
    victims=$victim
    # Now and then the quorum goes too: nothing may be lost then either.
    [ $((kill % 10)) -eq 0 ] && [ $kill -lt "$kills" ] && { victims="$victim $((victim % 3 + 1))"; kill=$((kill + 1)); }
    for v in $victims; do
        kill -9 "${pids[$v]}" || fail "n$v had ended by itself: $(tail -3 "n$v.log")"
    done
    for v in $victims; do wait "${pids[$v]}" 2>/dev/null; done
    sleep "0.$((RANDOM % 10))"
    for v in $victims; do start "$v"; done
    for v in $victims; do await_ready "$v"; done
    [ ! -e load.failed ] || fail "the load: $(cat load.failed); $(tail -3 load.log)"
    echo "kill $kill of $kills: n${victims// / and n} killed and serving again"
    sleep "0.$((RANDOM % 10))"
done

touch stop
wait $load_pid
load_pid=
[ ! -e load.failed ] || fail "the load: $(cat load.failed); $(tail -3 load.log)"
[ -s load.jsonl ] || fail "no run of the load came to its end: $(tail -3 load.log)"
grep -q '"verified":false' load.jsonl && fail "a run of the load did not find its writes: see load.jsonl"

"$quorate" kv list security/ --json --timeout 30s > after.json || fail "the listing after the last kill"
# The store's own revision has moved on since; those of the entries have not.
grep -v '"revision"' before.json > before.cmp
grep -v '"revision"' after.json > after.cmp
cmp before.cmp after.cmp || fail "what was imported before the first kill is not what is there after the last one"
for i in 1 2 3; do
    "$quorate" kv list --json --server n$i --timeout 30s > "replica$i.json" || fail "the listing of n$i"
done
cmp replica1.json replica2.json && cmp replica2.json replica3.json || fail "the replicas differ"

runs=$(wc -l < load.jsonl)
writes=$(sed 's/.*"writesVerified":\([0-9]*\).*/\1/' load.jsonl | awk '{sum += $1} END {print sum}')
echo "Passed: $kills kills, every start served, $writes acknowledged writes of $runs runs found again, replicas equal."
