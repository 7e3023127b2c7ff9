# The cluster on loopback that the checks of this folder drive. Sourced by them, not run by itself.
#
# A check calls in this order: take_options, prepare, write_cluster, start and await_ready for each node. What else it
# runs beside the nodes it notes in 'load_pid' and 'relay_pid', so that it ends with them. A file named 'stop' in the
# check's directory tells loops to end.

here=$(cd -- "$(dirname -- "$0")" && pwd)
check=${0##*/}
# What every check has as an option; it sets its own 'base_port' before it takes them.
image=$here/../../target/quorate
dir=
ready_seconds=180
# How many nodes the cluster has at first.
nodes=3
# More options of the nodes' virtual machines, where %n stands for a node's name, and more settings of their consensus,
# of the check's choice.
node_options=
consensus_settings=
declare -a pids

# Ends the check, also from within $(...).
fail() {
    echo "FAILED: $1" >&2
    echo "Configurations, data and logs are kept in $dir." >&2
    [ "$BASHPID" = $$ ] || kill -USR1 $$
    exit 1
}

# take_options "NAME..." "$@": sets the variable of each option that is given, base_port for --base-port. All options
# have values.
take_options() {
    local names=" $1 image base_port dir " name
    shift
    while [ $# -gt 0 ]; do
        name=${1#--}
        name=${name//-/_}
        [[ $1 == --* && $names == *" $name "* ]] \
            || { echo "$check: found unknown option '$1'; see the head of the file" >&2; exit 2; }
        [ $# -gt 1 ] || { echo "$check: found no value for '$1'" >&2; exit 2; }
        printf -v "$name" %s "$2"
        shift 2
    done
}

stop_all() {
    touch stop
    for pid in "${pids[@]:-}" ${load_pid:-} ${relay_pid:-}; do
        [ -n "$pid" ] && kill "$pid" 2>/dev/null
    done
    wait
}

# prepare NAME: finds the image, and goes to a new and empty directory; target/NAME if none was asked for.
prepare() {
    image=$(cd -- "$image" 2>/dev/null && pwd) \
        || { echo "$check: found no such image; build it with 'mvn package'" >&2; exit 2; }
    quorate=$image/bin/quorate
    [ -x "$quorate" ] || { echo "$check: found no $quorate; build it first with 'mvn package'" >&2; exit 2; }
    [ -n "$dir" ] || dir=$here/../../target/$1
    rm -rf "$dir"
    mkdir -p "$dir" && cd "$dir" || exit 2
    dir=$PWD
    trap stop_all EXIT
    trap 'exit 130' INT TERM
    trap 'exit 1' USR1
}

identity() {
    echo "identity:"
    echo "  certificate: pki/$1/certificate.pem"
    echo "  key: pki/$1/key.pem"
    echo "  trust: pki/$1/trust.pem"
    echo "  trust-domain: $cluster.test"
}

# write_cluster NAME SCHEME PORT [ADVERTISED]: identities and configurations of the nodes, n1 and so on, which listen at
# PORT and those behind it, and of an operator, who reaches them there. To each other they advertise ADVERTISED and the
# ports behind that, if it is given.
write_cluster() {
    local i
    cluster=$1 scheme=$2 port=$3 advertised=${4:-$3} members= servers=
    # One line for each member, the same in every file.
    for ((i = 1; i <= nodes; i++)); do
        members="$members
  n$i: $scheme://127.0.0.1:$((advertised + i - 1))"
        servers="$servers
  n$i: $scheme://127.0.0.1:$((port + i - 1))"
    done
    "$quorate" pki init --trust-domain "$cluster.test" > /dev/null || fail "no authority"
    "$quorate" pki issue operator admin > /dev/null || fail "no operator"
    for ((i = 1; i <= nodes; i++)); do write_node $i; done
    {
        echo "cluster: $cluster"
        echo "servers:$servers"
        identity operator/admin
    } > client.yaml
    export QUORATE_CONFIG=$dir/client.yaml
}

# write_node I [LINE...]: identity and configuration of nI; of one beyond the first ones too, which then needs the line
# 'join: true'.
write_node() {
    local i=$1 line
    shift
    [ -d "pki/node/n$i" ] || "$quorate" pki issue node "n$i" > /dev/null || fail "no identity for n$i"
    {
        echo "cluster: $cluster"
        echo "node: n$i"
        echo "data-directory: n$i"
        echo "listen: $scheme://127.0.0.1:$((port + i - 1))"
        [ "$advertised" = "$port" ] || echo "advertise: $scheme://127.0.0.1:$((advertised + i - 1))"
        echo "members:$members"
        [ -z "$consensus_settings" ] || printf 'consensus:\n  settings: {%s}\n' "$consensus_settings"
        for line in "$@"; do echo "$line"; done
        identity "node/n$i"
    } > "n$i.yaml"
}

# address I: where nI listens; the operator's file names only those that there were at first.
address() {
    echo "$scheme://127.0.0.1:$((port + $1 - 1))"
}

# start I: node nI, for the first time or once more.
start() {
    : > "n$1.out"
    QUORATE_JAVA_OPTS="${node_options//%n/n$1} ${QUORATE_JAVA_OPTS:-}" \
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

start_all() {
    local i
    for ((i = 1; i <= nodes; i++)); do start $i; done
    for ((i = 1; i <= nodes; i++)); do await_ready $i; done
}

# again COMMAND...: until it succeeds, for a cluster that is just electing a leader, or is disturbed.
again() {
    local attempt answer
    for attempt in 1 2 3 4 5 6 7 8 9 10; do
        answer=$("$@" 2>> again.log) && { echo "$answer"; return 0; }
        sleep 0.5
    done
    return 1
}

# import_real_entries: something that nobody deletes again.
import_real_entries() {
    "$quorate" kv import "$image/runtime/conf/security/java.security" --format properties --prefix security/ \
        --timeout 30s > import.out || fail "the import before anything was done: $(cat import.out)"
}

# assert_equal_replicas I...: each has the same keys, values and revisions.
assert_equal_replicas() {
    local i
    for i in "$@"; do
        again "$quorate" kv list --json --server "$(address "$i")" --timeout 30s > "replica$i.json" \
            || fail "the listing of n$i: $(tail -3 again.log)"
        cmp "replica$1.json" "replica$i.json" || fail "the replicas of n$1 and n$i differ"
    done
}
