# shellcheck shell=sh
# Sourced by the other scripts. The weight of a slot lives twice: in the map file, which rules, and in the running
# proxy's memory. Every writer changes the file first, so whatever is interrupted, the file can be applied again.

# shellcheck disable=SC2034  # used by the scripts that source this file
map=/state/weights.map
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
