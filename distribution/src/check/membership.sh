#!/bin/bash
# Changes who belongs to a cluster of real nodes while it is written to, and asserts that no acknowledged write is lost,
# that no operation fails, and that writes never stall for longer than one election. Each step has a cluster of its own:
#
#   grow-and-shrink   three nodes become five, hand the leadership over, lose their leader by removal, become three
#   behind            a node that lacks as many entries as is said catches up by a snapshot
#   wiped             a node without its data does not vote under its old name, and comes back as a learner
#   quorum-lost       three of five nodes are lost for ever, and the cluster is recovered
#
#   membership.sh [--steps "NAME..."] [--entries N] [--fill-minutes N]
#                 [--image DIR] [--base-port PORT] [--dir DIR]
#
# An entry of the log holds all commands that came while the one before was prepared; so the many entries are written by
# a few clients with one write under way each. If the minutes do not suffice for N entries it goes on with those it has,
# and says so.
set -u

. "$(dirname -- "$0")/cluster.sh" || exit 2
steps="grow-and-shrink behind wiped quorum-lost"
entries=2000000
fill_minutes=30
base_port=7821
take_options "steps entries fill_minutes" "$@"
# The longest election timeout of the nodes, which have the settings by default; and what a node may take to catch up.
election_millis=2000
patience_seconds=180
most_load_seconds=900

# ---- What the nodes say ----

# status [I]: the account of nI, or of all, in status.json.
status() {
    "$quorate" cluster status --json ${1:+--server "$(address "$1")"} --timeout 10s > status.json 2> status.err
}

# told FIELD: the first one of that name, a number, in the account that was taken last.
told() {
    sed -n "s/^.*\"$1\" : \"\?\([^\",]*\)\"\?,\?\$/\1/p" status.json | head -1
}

# told_list FIELD: the same for a list, with a space between its parts.
told_list() {
    sed -n "s/^.*\"$1\" : \[ \?\(.*\) \?\],\?\$/\1/p" status.json | head -1 | tr -d '",' | sed 's/ *$//'
}

leader() {
    local deadline=$((SECONDS + 30))
    until status && [ -n "$(told leader)" ]; do
        [ $SECONDS -lt $deadline ] || fail "nobody leads: $(cat status.err)"
    done
    told leader
}

# await_voters "NAME...": until the leader says that these are the voters and nobody else belongs to the cluster.
await_voters() {
    local deadline=$((SECONDS + patience_seconds)) of
    while true; do
        of=$(leader) && status "${of#n}" \
            && [ "$(told_list members)/$(told_list learners)/$(told_list outgoing)" = "$1//" ] && return
        [ $SECONDS -lt $deadline ] || fail "after $patience_seconds s the voters are '$(told_list members)', the \
learners '$(told_list learners)', and not '$1'"
    done
}

millis() {
    date +%s%3N
}

seconds_since() {
    awk -v from="$1" -v to="$(millis)" 'BEGIN {printf "%.1f", (to - from) / 1000}'
}

# ---- Load, and what it may not see ----

# load SECONDS [until]: writes of 256 bytes, 32 at a time; in load.json. With 'until' it ends sooner, when there is a
# file 'load.end'.
load() {
    "$quorate" bench --json --outstanding 32 --value-bytes 256 --seconds "$1" --warmup 0 --timeout 30s \
        ${2:+--until-end-of-input} < <(until [ -e load.end ] || [ -e stop ]; do sleep 0.2; done) \
        > load.json 2>> load.log
}

of_load() {
    sed "s/.*\"$1\":\([^,}]*\).*/\1/" load.json
}

# What is to be asserted is the end of a load: nothing failed, nothing was lost, no stall beyond an election.
judge_load() {
    [ -s load.json ] || fail "$1: the load came to no end: $(tail -3 load.log)"
    [ "$(of_load verified)" = true ] || fail "$1: an acknowledged write was lost: $(cat load.json)"
    [ "$(of_load errors)" = 0 ] || fail "$1: writes failed: $(cat load.json)"
    stall=$(of_load longestPauseMillis)
    awk -v stall="$stall" -v most=$election_millis 'BEGIN {exit !(stall <= most)}' \
        || fail "$1: writes stalled for $stall ms, longer than one election ($election_millis ms)"
    all_writes=$((all_writes + $(of_load writesVerified)))
    awk -v a="$stall" -v b="$longest_stall" 'BEGIN {exit !(a > b)}' && longest_stall=$stall
}

begin_load() {
    rm -f load.end load.json
    load $most_load_seconds until &
    load_pid=$!
}

# under_load TEXT COMMAND...: runs the command once writes are acknowledged, and prints what the writers saw from some
# moments before it to some moments after it.
under_load() {
    local text=$1 before began tries=0
    shift
    status "$(leader | tr -d n)"
    before=$(told commitIndex)
    begin_load
    until status && [ $(($(told commitIndex) - before)) -gt 50 ]; do
        # On a machine that has too much to do, a client may find nobody in time and give up before it begins.
        kill -0 $load_pid 2>/dev/null || [ -s load.json ] || [ $((tries += 1)) -gt 5 ] || begin_load
        kill -0 $load_pid 2>/dev/null || fail "$text: the load ended before it began: $(tail -3 load.log)"
    done
    began=$(millis)
    "$@"
    took=$(seconds_since "$began")
    kill -0 $load_pid 2>/dev/null || fail "$text: it took $took s, and the load had ended before: $(tail -3 load.log)"
    sleep 2
    touch load.end
    wait $load_pid
    load_pid=
    judge_load "$text"
    printf '  %-46s %6s s; %8s writes, longest stall %7s ms\n' "$text" "$took" "$(of_load writesVerified)" "$stall"
}

# refused CODE TEXT COMMAND...: the command must fail with that code and say so; nothing else is a remedy.
refused() {
    local code=$1 text=$2 got
    shift 2
    "$@" > refused.out 2> refused.err
    got=$?
    [ $got -eq "$code" ] || fail "'${*##*/}' ended with $got, expected $code: $(cat refused.out refused.err)"
    grep -q -- "$text" refused.err || fail "'${*##*/}' said nothing of '$text': $(cat refused.out refused.err)"
    echo "  refused: ${*##*/}"
    sed 's/^/           /' refused.err
}

order() {
    "$quorate" cluster "$@" --timeout 30s > order.out 2>&1 || fail "cluster $*: $(cat order.out)"
}

# begin_step NAME NODES: a new cluster, with real entries in it.
begin_step() {
    step=$1 nodes=$2 longest_stall=0 all_writes=0
    pids=()
    mkdir "$root/$step" && cd "$root/$step" || exit 2
    dir=$PWD
    echo "$step:"
    write_cluster "$step" tcp "$base_port"
    start_all
    import_real_entries
    "$quorate" kv list security/ --json --timeout 30s | grep -v '"revision"' > before.json
    grep -q security/ before.json || fail "what was imported is not listed"
}

end_step() {
    "$quorate" kv list security/ --json --timeout 30s | grep -v '"revision"' > after.json
    cmp before.json after.json || fail "what was imported at first is not what is there in the end"
    assert_equal_replicas "$@"
    for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null; done
    wait
    pids=()
    [ $all_writes -eq 0 ] || echo "  $all_writes acknowledged writes found again; longest stall $longest_stall ms"
    echo "  passed; equal replicas on $(printf "n%s " "$@")"
    dir=$root
    cd "$root" || exit 2
}

# ---- Steps ----

grow() {
    write_node "$1" "join: true"
    start "$1"
    await_ready "$1"
    order add "n$1" --endpoint "tcp://127.0.0.1:$((base_port + $1 - 1))"
    await_voters "$2"
}

shrink() {
    order remove "$1"
    await_voters "$2"
}

without() {
    echo " $1 " | sed "s/ $2 / /; s/^ *//; s/ *$//"
}

grow_and_shrink() {
    local all="n1 n2 n3 n4 n5" rest first second victim to
    begin_step grow-and-shrink 3
    under_load "three nodes become four" grow 4 "n1 n2 n3 n4"
    under_load "four nodes become five" grow 5 "$all"
    refused 1 "no member n9" "$quorate" cluster remove n9
    refused 1 "to be a voter" "$quorate" cluster add n4 --endpoint tcp://127.0.0.1:1
    refused 2 "the endpoint" "$quorate" cluster add n6 --endpoint 127.0.0.1:1
    refused 1 "to be a voter" "$quorate" cluster promote n4
    refused 1 "not to be a voter" "$quorate" cluster transfer --to n9
    to=$(without "$all" "$(leader)")
    under_load "the leadership is handed to ${to##* }" order transfer --to "${to##* }"
    first=$(leader)
    under_load "the leader, $first, is removed" shrink "$first" "$(without "$all" "$first")"
    second=$(leader)
    victim=$(without "$(without "$all" "$first")" "$second")
    victim=${victim%% *}
    rest=$(without "$(without "$all" "$first")" "$victim")
    under_load "another one, $victim, is removed" shrink "$victim" "$rest"
    status "${first#n}"
    [ "$(told role)" = removed ] || fail "$first was removed and says that it is '$(told role)'"
    # Whoever was removed is stopped by its operator then; the others must not notice.
    under_load "the removed ones are stopped" kill "${pids[${first#n}]}" "${pids[${victim#n}]}"
    end_step ${rest//n/}
}

# fill: writes until the log has so many entries more than it had, or the minutes are over.
fill() {
    local from=$1 deadline=$((SECONDS + fill_minutes * 60)) now writer
    touch filling
    for writer in 1 2 3 4; do
        while [ -e filling ] && [ ! -e stop ]; do
            "$quorate" bench --json --outstanding 1 --value-bytes 16 --keys 256 --seconds 20 --warmup 0 --timeout 30s \
                >> fill.jsonl 2>> fill.log
        done &
        fillers[$writer]=$!
    done
    while true; do
        sleep 5
        [ $SECONDS -lt $deadline ] || break
        status 1 || continue
        now=$(told commitIndex)
        [ $((now - from)) -lt "$entries" ] || break
    done
    rm filling
    wait "${fillers[@]}"
}

catch_up() {
    local began deadline=$((SECONDS + patience_seconds)) to
    began=$(millis)
    status 1
    to=$(told commitIndex)
    start 3
    await_ready 3
    until status 3 && [ "$(told appliedIndex)" -ge "$to" ]; do
        [ $SECONDS -lt $deadline ] || fail "n3 has applied $(told appliedIndex) of $to after $patience_seconds s"
    done
    caught_up=$(seconds_since "$began")
}

behind() {
    local began left there commands
    # At the default of a million this is what two million entries need; fewer are then enough for fewer.
    consensus_settings="snapshot-entries: $((entries / 2)), log-entries-behind-snapshot: $((entries / 40))"
    begin_step behind 3
    consensus_settings=
    # It stays the leader then, and the one that is stopped is another one.
    [ "$(leader)" = n1 ] || order transfer --to n1
    status 3
    kill "${pids[3]}"
    wait "${pids[3]}"
    status 1
    left=$(told commitIndex)
    began=$(millis)
    fill "$left"
    status 1 || fail "n1 does not answer: $(cat status.err)"
    there=$(($(told commitIndex) - left))
    [ -s fill.jsonl ] || fail "nothing was written within $fill_minutes minutes: $(tail -3 fill.log)"
    commands=$(sed 's/.*"writesVerified":\([0-9]*\).*/\1/' fill.jsonl | awk '{sum += $1} END {print sum + 0}')
    grep -q '"verified":false' fill.jsonl && fail "an acknowledged write was lost while n3 was away: fill.jsonl"
    echo "  $there entries, with $commands writes of 16 bytes, within $(seconds_since "$began") s while n3 was away"
    [ $there -ge "$entries" ] || echo "  (fewer than the $entries that were asked for: the time was over)"
    grep -q "Took a snapshot" n1.log || fail "n1 has taken no snapshot; give more --fill-minutes, or fewer --entries"
    sed -n 's/.*\(Took a snapshot of entry.*\)/  n1: \1/p' n1.log
    under_load "n3 catches up" catch_up
    grep -q "Received a snapshot" n3.log || fail "n3 has caught up without a snapshot"
    sed -n 's/.*\(Received a snapshot of entry.*\)/  n3: \1/p' n3.log
    echo "  n3 was $there entries behind, and had all of them $caught_up s after its start, while others were written"
    end_step 1 2 3
}

wiped() {
    local other
    begin_step wiped 3
    [ "$(leader)" = n1 ] || order transfer --to n1
    load 5
    judge_load "before anything was done"
    kill -9 "${pids[3]}"
    wait "${pids[3]}" 2>/dev/null
    refused 1 "give --force" "$quorate" cluster remove n2
    # The only ones there are n1 and one that has lost everything: together they must decide nothing.
    kill -9 "${pids[2]}"
    wait "${pids[2]}" 2>/dev/null
    rm -rf n3
    start 3
    await_ready 3
    sleep 5
    refused 3 "" "$quorate" kv put forbidden value --timeout 5s
    status 3
    other=$(told role)
    [ -n "$other" ] || fail "n3 does not say what it is: $(cat status.err)"
    [ "$other" != leader ] || fail "n3 leads, with nothing but a name"
    echo "  n1 and the wiped n3 alone decide nothing; n3 is $other"
    start 2
    await_ready 2
    under_load "n3 learns, and votes again" await_voters "n1 n2 n3"
    grep -h "has the configuration of voters \[n1, n2\] (and still \[n1, n2, n3\]), learners \[n3\]" n1.log n2.log \
        | sed 's/.*\(Node n. has\)/  \1/' | head -1
    grep -qh "has the configuration of voters \[n1, n2\], learners \[n3\]" n1.log n2.log \
        || fail "n3 votes again and was never a learner"
    echo "  the wiped n3 was made a learner, and a voter when it had caught up"
    refused 1 "found no key" "$quorate" kv get forbidden --timeout 30s
    end_step 1 2 3
}

# Prints term and index of the last entry of a stopped node, so that they sort.
last_entry() {
    "$quorate" doctor "n$1" --json > "doctor$1.json" || fail "the data of n$1: $(cat "doctor$1.json")"
    awk -F' : |,' '/"lastTerm"/ {term = $2} /"lastIndex"/ && !index_seen++ {last = $2}
        END {printf "%012d %012d", term, last}' "doctor$1.json"
}

quorum_lost() {
    local i keep=1 other=2 began
    begin_step quorum-lost 5
    load 5
    judge_load "before anything was lost"
    # What the two that stay have not got is lost, and nobody can help it; so let everybody have everything.
    sleep 1
    for i in 3 4 5; do kill -9 "${pids[$i]}"; done
    for i in 3 4 5; do wait "${pids[$i]}" 2>/dev/null; done
    refused 3 "" "$quorate" kv put without quorum --timeout 5s
    refused 1 "in use by" "$quorate" cluster recover --data n1 --keep n1 --yes
    for i in 1 2; do kill "${pids[$i]}"; done
    for i in 1 2; do wait "${pids[$i]}"; done
    for i in 1 2; do echo "  n$i ends with entry $(last_entry $i | awk '{print $2 + 0 " of term " $1 + 0}')"; done
    [[ $(last_entry 1) < $(last_entry 2) ]] && keep=2 other=1
    refused 2 "to keep, expected" "$quorate" cluster recover --data n$keep --keep n$other --yes
    refused 2 "alone" "$quorate" cluster recover --data n$keep --keep n1,n2 --yes
    refused 2 "no directory" "$quorate" cluster recover --data nowhere --keep n$keep --yes
    cp -r n$keep untouched
    "$quorate" cluster recover --data n$keep --keep n$keep > plan.out || fail "the plan: $(cat plan.out)"
    diff -r n$keep untouched > /dev/null || fail "the plan alone has changed n$keep"
    began=$(millis)
    "$quorate" cluster recover --data n$keep --keep n$keep --yes > recover.out || fail "recovery: $(cat recover.out)"
    sed 's/^/  | /' recover.out
    refused 1 "only voter" "$quorate" cluster recover --data n$keep --keep n$keep --yes
    start $keep
    await_ready $keep
    [ "$(leader)" = n$keep ] || fail "n$keep does not lead after the recovery"
    "$quorate" kv put with n$keep > /dev/null || fail "n$keep takes no write after the recovery"
    echo "  $(seconds_since "$began") s after the order n$keep has taken a write"
    # With data of before the recovery nobody may come back, neither the other survivor nor one of the lost.
    for i in $other 4; do start "$i"; done
    for i in $other 4; do await_ready "$i"; done
    sleep 3
    for i in $other 4; do
        grep -q "recovery-epoch" "n$i.log" || fail "n$i was not told of the recovery: $(tail -3 "n$i.log")"
        kill "${pids[$i]}"
        wait "${pids[$i]}"
    done
    [ "$(leader)" = n$keep ] || fail "n$keep does not lead any more"
    echo "  n$other and n4, with what they had, are refused: recovery-epoch"
    for i in $other 4; do
        rm -rf "n$i"
        write_node "$i" "join: true"
    done
    regrow() {
        grow "$other" "$(echo "n$keep n$other" | tr ' ' '\n' | sort | xargs)"
        grow 4 "n1 n2 n4"
    }
    under_load "n$other and n4 join with empty directories" regrow
    end_step 1 2 4
}

prepare membership
root=$dir
for one in $steps; do
    case $one in
        grow-and-shrink) grow_and_shrink ;;
        behind) behind ;;
        wiped) wiped ;;
        quorum-lost) quorum_lost ;;
        *) fail "found step '$one', expected some of grow-and-shrink, behind, wiped, quorum-lost" ;;
    esac
done
echo "Passed: $steps."
