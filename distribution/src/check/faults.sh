#!/bin/bash
# Does faults to three real nodes of the built image while eight clients read, write and compare-and-set a few keys, and
# asserts what must be seen: kill -9, SIGSTOP, jumps of the wall clock (libfaketime), cuts between network namespaces
# (ip, iptables, root) and failing fsync (libfiu). In the end the replicas must be equal, and what the clients saw, which
# is written to history.jsonl, must be linearizable. A fault whose tool is missing is skipped, and the reason is said.
#
#   faults.sh [--seconds N] [--seed N] [--image DIR] [--base-port PORT] [--dir DIR]
#
# Each fault is done once, however short the time. Needs the compiled tests: 'mvn package', or '-DskipTests' with it.
set -u

. "$(dirname -- "$0")/cluster.sh" || exit 2
seconds=60
seed=$RANDOM
base_port=7721
take_options "seconds seed" "$@"
tests=$here/../../target/test-classes
checker=$here/../../../testing/target/classes
for classes in "$tests" "$checker"; do
    [ -d "$classes" ] || { echo "$check: found no $classes; build it with 'mvn package'" >&2; exit 2; }
done
prepare faults

# Nodes in namespaces of their own, joined by a bridge in one more; nothing of the machine's own network is touched.
prefix=quorate-$$
made=()
clean() {
    for namespace in "${made[@]:-}"; do
        [ -n "$namespace" ] && ip netns del "$namespace"
    done
}
trap clean EXIT

make_namespaces() {
    [ "$(id -u)" = 0 ] && command -v ip >/dev/null && command -v iptables >/dev/null || return 1
    ip netns add "$prefix-hub" || return 1
    made+=("$prefix-hub")
    ip -n "$prefix-hub" link set lo up \
        && ip -n "$prefix-hub" link add hub type bridge \
        && ip -n "$prefix-hub" addr add 10.213.0.254/24 dev hub \
        && ip -n "$prefix-hub" link set hub up || return 1
    for node in 1 2 3; do
        ip netns add "$prefix-n$node" || return 1
        made+=("$prefix-n$node")
        ip -n "$prefix-hub" link add "n$node" type veth peer name eth0 netns "$prefix-n$node" \
            && ip -n "$prefix-hub" link set "n$node" master hub up \
            && ip -n "$prefix-n$node" addr add "10.213.0.$node/24" dev eth0 \
            && ip -n "$prefix-n$node" link set eth0 up \
            && ip -n "$prefix-n$node" link set lo up \
            && ip netns exec "$prefix-n$node" iptables -L INPUT >/dev/null || return 1
    done
}

inside=()
options=()
if make_namespaces > "$dir/namespaces.log" 2>&1; then
    inside=(ip netns exec "$prefix-hub")
    options=(--namespaces "$prefix")
fi

# The check runs with the very modules of the image; only its own classes and the checker are added. Small: the nodes
# need the machine more than the clients do.
${inside[@]+"${inside[@]}"} "$image/runtime/bin/java" -Xmx384m -XX:+UseSerialGC -XX:-UsePerfData \
    --module-path "$image/lib" --add-modules ALL-MODULE-PATH --enable-native-access=io.netty.common \
    -Dguice_custom_class_loading=CHILD -Dguice_bytecode_gen_option=DISABLED \
    -Dlogback.configurationFile="$image/conf/logback.xml" -Dquorate.log.level=WARN \
    --patch-module "io.quorate.distribution=$tests" --class-path "$checker" \
    --add-reads io.quorate.distribution=ALL-UNNAMED \
    -m io.quorate.distribution/io.quorate.distribution.faults.FaultCheck \
    --image "$image" --dir "$dir" --seconds "$seconds" --seed "$seed" --base-port "$base_port" \
    ${options[@]+"${options[@]}"} 2> >(tee "$dir/check.log" >&2)
