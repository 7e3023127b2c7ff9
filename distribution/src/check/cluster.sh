# The three-node cluster on loopback that the checks of this folder drive. Sourced by them, not run by itself.
#
# A check sets 'here', its own folder, and 'image' and 'dir' from its options, and calls in this order: prepare,
# write_cluster, start and await_ready for each node. What else it runs beside the nodes it notes in 'load_pid' and
# 'relay_pid', so that it ends with them. A file named 'stop' in the check's directory tells loops to end.

ready_seconds=60
# More options of the nodes' virtual machines, of the check's choice.
node_options=
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

# prepare NAME: finds the image, and goes to a new and empty directory; target/NAME if none was asked for.
prepare() {
    local check=${0##*/}
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
}

identity() {
    echo "identity:"
    echo "  certificate: pki/$1/certificate.pem"
    echo "  key: pki/$1/key.pem"
    echo "  trust: pki/$1/trust.pem"
    echo "  trust-domain: $2.test"
}

# write_cluster NAME SCHEME PORT [ADVERTISED]: identities and configurations of the nodes n1 to n3, which listen at PORT
# and the two ports behind it, and of an operator, who reaches them there. To each other they advertise ADVERTISED and
# the two ports behind that, if it is given.
write_cluster() {
    local name=$1 scheme=$2 port=$3 advertised=${4:-$3} members= servers= i
    # One line for each member, the same in every file.
    for i in 1 2 3; do
        members="$members
  n$i: $scheme://127.0.0.1:$((advertised + i - 1))"
        servers="$servers
  n$i: $scheme://127.0.0.1:$((port + i - 1))"
    done
    "$quorate" pki init --trust-domain "$name.test" > /dev/null || fail "no authority"
    "$quorate" pki issue operator admin > /dev/null || fail "no operator"
    for i in 1 2 3; do
        "$quorate" pki issue node n$i > /dev/null || fail "no identity for n$i"
        {
            echo "cluster: $name"
            echo "node: n$i"
            echo "data-directory: n$i"
            echo "listen: $scheme://127.0.0.1:$((port + i - 1))"
            [ "$advertised" = "$port" ] || echo "advertise: $scheme://127.0.0.1:$((advertised + i - 1))"
            echo "members:$members"
            identity "node/n$i" "$name"
        } > n$i.yaml
    done
    {
        echo "cluster: $name"
        echo "servers:$servers"
        identity operator/admin "$name"
    } > client.yaml
    export QUORATE_CONFIG=$dir/client.yaml
}

# start I: node nI, for the first time or once more.
start() {
    : > "n$1.out"
    QUORATE_JAVA_OPTS="$node_options ${QUORATE_JAVA_OPTS:-}" \
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
