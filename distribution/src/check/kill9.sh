#!/bin/bash
# Kills random nodes of a three-node cluster with kill -9, again and again, while it is under load, and asserts that no
# acknowledged write is lost, that no start is refused, and that the replicas are equal in the end.
#
#   kill9.sh [--image DIR] [--kills N] [--base-port PORT] [--dir DIR]
#
# The load is 'quorate bench', run after run: each remembers every write of its own and reads all of them back. Entries
# imported before the first kill are read back after the last one.
set -u

. "$(dirname -- "$0")/cluster.sh" || exit 2
kills=100
base_port=7601
take_options "kills" "$@"
prepare kill9
write_cluster kill9 tcp "$base_port"
node_options=-XX:MaxRAMPercentage=10
start_all

import_real_entries
"$quorate" kv list security/ --json > before.json || fail "the listing before the first kill"

# Each run verifies itself (exit code 1: a write was lost). One that finds nobody at its start is simply repeated.
load() {
    while [ ! -e stop ]; do
        "$quorate" bench --json --outstanding 64 --value-bytes 256 --seconds 10 --warmup 0 --timeout 10s \
            >> load.jsonl 2>> load.log
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
assert_equal_replicas 1 2 3

runs=$(wc -l < load.jsonl)
writes=$(sed 's/.*"writesVerified":\([0-9]*\).*/\1/' load.jsonl | awk '{sum += $1} END {print sum}')
echo "Passed: $kills kills, every start served, $writes acknowledged writes of $runs runs found again, replicas equal."
