# shellcheck shell=sh
# Sourced by the other scripts. What is told to the proxy lives twice: in a file, which rules, and in the running proxy's
# memory: the weight of a slot in the map file, and in the pools file the host name of each slot's replicas, those that
# have passed the gate. Every writer changes the file first, so whatever is interrupted, the file can be applied again.

# shellcheck disable=SC2034  # used by the scripts that source this file
map=/state/weights.map
# shellcheck disable=SC2034
pools=/state/pools
socket=/state/haproxy.sock
# shellcheck disable=SC2034
lock=/state/weights.lock

# valid_weight VALUE: a whole number from 0 to 100, without leading zeros.
valid_weight() {
    case $1 in
        0 | 100 | [1-9] | [1-9][0-9]) return 0 ;;
        *) return 1 ;;
    esac
}

# stored_weight: the green slot's weight in the file; fails when there is none or it is damaged.
stored_weight() {
    [ -r "$map" ] || return 1
    value=$(sed -n 's/^green \([0-9]*\)$/\1/p' "$map")
    valid_weight "$value" || return 1
    echo "$value"
}

# store_weight VALUE: writes the file so that a crash leaves the old or the new one, never a part.
store_weight() {
    tmp=$map.$$
    echo "green $1" >"$tmp"
    sync "$tmp"
    mv "$tmp" "$map"
    sync /state
}

# proxy COMMAND: one command on the runtime socket.
proxy() {
    echo "$1" | socat -t 2 - "UNIX-CONNECT:$socket"
}

# running_weight: the weight the proxy uses now.
running_weight() {
    proxy "show map $map" 2>/dev/null | sed -n 's/^0x[0-9a-f]* green \([0-9]*\)$/\1/p'
}

# valid_host VALUE: a host name.
valid_host() {
    case $1 in
        '' | *[!a-z0-9.-]*) return 1 ;;
        *) return 0 ;;
    esac
}

# stored_pool SLOT: the host name in the file; fails when there is none or it is damaged.
stored_pool() {
    [ -r "$pools" ] || return 1
    value=$(sed -n "s/^$1 //p" "$pools")
    valid_host "$value" || return 1
    echo "$value"
}

# store_pools BLUE GREEN: like store_weight.
store_pools() {
    tmp=$pools.$$
    printf 'blue %s\ngreen %s\n' "$1" "$2" >"$tmp"
    sync "$tmp"
    mv "$tmp" "$pools"
    sync /state
}

# servers SLOT: name, address, operational state and host name of each of the slot's servers.
# https://docs.haproxy.org/3.0/management.html#9.3-show%20servers%20state
servers() {
    proxy "show servers state $1" 2>/dev/null | awk -v slot="$1" '$2 == slot { print $4, $5, $6, $18 }'
}

# running_pool SLOT: the host name that the proxy resolves for the slot; more than one while it changes.
running_pool() {
    servers "$1" | awk '{ print $4 }' | sort -u
}

# apply_pool SLOT HOST: all of the slot's servers at once. One that has an address keeps it until the new name is resolved.
apply_pool() {
    proxy "$(servers "$1" | awk -v slot="$1" -v host="$2" '{ printf "set server %s/%s fqdn %s;", slot, $1, host }')" >/dev/null
}
