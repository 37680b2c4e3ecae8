# shellcheck shell=bash
# A WAN between two "hosts" inside one guest; sourced there by rxe-lab (bash functions).
#
# rxe of Linux 6.1 sends and receives only in the initial network namespace, so both hosts, a and b, live there: a veth
# pair va (10.77.0.1, fd77::1, rxe_a) <-> vb (10.77.0.2, fd77::2, rxe_b), netem on each egress, and policy routing that
# sends even local-to-local traffic over the pair. Ordinary sockets use it too: connecting to 10.77.0.2 goes out by va, to
# 10.77.0.1 by vb.

WAN_A=10.77.0.1 WAN_B=10.77.0.2 WAN_A6=fd77::1 WAN_B6=fd77::2

# wan_up [--rtt 20ms] [--loss 0.1%] [--rate 1gbit] [--jitter 1ms] [--duplicate 1%] [--corrupt 1%] [--reorder 1%]
#        [--queue PACKETS] [--netem 'more words of netem'] [--mtu 4200] [--peer-netns NAME]
# Half of the round trip, and all else in full, holds for each direction. jitter does not reorder beside a rate.
# Called again, it only changes the impairment, unless --mtu or --peer-netns differ: then the pair is made anew.
# --peer-netns puts vb in that namespace, without rxe_b: for user-space RoCEv2 on UDP port 4791 against rxe_a.
wan_up() {
  local rtt=0 loss='' rate='' mtu=4200 jitter='' queue='' extra='' peer='' duplicate='' corrupt='' reorder=''
  local half bps limit netem in_peer=()
  while (($# > 0)); do
    (($# > 1)) || { echo "wan_up: $1 wants a value" >&2; return 2; }
    case $1 in
      --rtt) rtt=$2 ;;
      --loss) loss=$2 ;;
      --rate) rate=$2 ;;
      --mtu) mtu=$2 ;;
      --jitter) jitter=$2 ;;
      --duplicate) duplicate=$2 ;;
      --corrupt) corrupt=$2 ;;
      --reorder) reorder=$2 ;;
      --queue) queue=$2 ;;
      --netem) extra=$2 ;;
      --peer-netns) peer=$2 ;;
      *) echo "wan_up: what is $1?" >&2; return 2 ;;
    esac
    shift 2
  done
  if [[ $(cat /run/wan 2>/dev/null) != "$mtu $peer" ]]; then
    wan_down
    wan_make "$mtu" "$peer" || return
    echo "$mtu $peer" >/run/wan
  fi
  read -r half bps < <(awk -v t="$rtt" -v r="${rate:-0}" 'BEGIN {
    u = t; sub(/^[0-9.]+/, "", u); v = tolower(r); sub(/^[0-9.]+/, "", v)
    print int((t + 0) * (u == "s" ? 1e6 : u == "us" ? 1 : 1e3) / 2), \
      int((r + 0) * (v ~ /^g/ ? 1e9 : v ~ /^m/ ? 1e6 : v ~ /^k/ ? 1e3 : 1)) }')
  # netem's limit counts the packets in flight as well as those queued: here one round trip of queue, at least 256 packets
  limit=$(awk -v b="$bps" -v h="$half" -v m="$mtu" -v q="$queue" 'BEGIN {
    if (b == 0) { print 100000; exit }
    fly = b / 8 * h / 1e6 / m; if (q == "") { q = 2 * fly; if (q < 256) q = 256 }
    print int(fly + q) + 1 }')
  netem="limit $limit"
  if ((half > 0)) || [[ -n $jitter ]]; then netem+=" delay ${half}us $jitter"; fi
  netem+="${loss:+ loss $loss}${duplicate:+ duplicate $duplicate}${corrupt:+ corrupt $corrupt}${reorder:+ reorder $reorder}"
  netem+="${rate:+ rate $rate}${extra:+ $extra}"
  touch /run/wan.changed
  # not "replace": netem keeps an old rate, reorder or corrupt that the new words leave out
  if [[ -n $peer ]]; then in_peer=(-n "$peer"); fi
  {
    tc qdisc del dev va root
    tc "${in_peer[@]}" qdisc del dev vb root
  } 2>/dev/null
  # shellcheck disable=SC2086
  tc qdisc add dev va root netem $netem && tc "${in_peer[@]}" qdisc add dev vb root netem $netem
}

wan_make() { # MTU PEER
  local mac_a mac_b far=()
  ip link add va type veth peer name vb || return
  if [[ -n $2 ]]; then
    ip netns add "$2" 2>/dev/null
    ip link set vb netns "$2"
    far=(ip netns exec "$2")
    "${far[@]}" ip link set lo up
  fi
  # no segmentation offload: netem must drop and delay wire packets, not 64 KiB ones
  ethtool -K va tso off gso off gro off >/dev/null
  "${far[@]}" ethtool -K vb tso off gso off gro off >/dev/null
  sysctl -qw net.ipv4.conf.{all,va}.accept_local=1 net.ipv4.conf.{all,va}.rp_filter=0 net.ipv6.conf.va.accept_dad=0
  "${far[@]}" sysctl -qw net.ipv4.conf.{all,vb}.accept_local=1 net.ipv4.conf.{all,vb}.rp_filter=0 net.ipv6.conf.vb.accept_dad=0
  ip -batch - <<BATCH
addr add $WAN_A/24 dev va
addr add $WAN_A6/64 dev va nodad
link set va mtu $1 up
BATCH
  "${far[@]}" ip -batch - <<BATCH
addr add $WAN_B/24 dev vb
addr add $WAN_B6/64 dev vb nodad
link set vb mtu $1 up
BATCH
  mac_a=$(</sys/class/net/va/address)
  mac_b=$("${far[@]}" cat /sys/class/net/vb/address)
  ip -batch - <<BATCH
neigh replace $WAN_B lladdr $mac_b dev va nud permanent
neigh replace $WAN_B6 lladdr $mac_b dev va nud permanent
BATCH
  "${far[@]}" ip -batch - <<BATCH
neigh replace $WAN_A lladdr $mac_a dev vb nud permanent
neigh replace $WAN_A6 lladdr $mac_a dev vb nud permanent
BATCH
  if [[ -z $2 ]]; then
    wan_route
    rdma link add rxe_b type rxe netdev vb
  fi
  rdma link add rxe_a type rxe netdev va
}

# Sends what a has for b over va and what b has for a over vb, though both addresses are local.
wan_route() {
  ip -4 -batch - <<BATCH
route add $WAN_B dev va src $WAN_A table 102
route add $WAN_A dev vb src $WAN_B table 101
rule add pref 100 lookup local
rule del pref 0
rule add pref 10 iif lo from $WAN_A to $WAN_A lookup local
rule add pref 11 iif lo from $WAN_B to $WAN_B lookup local
rule add pref 20 iif lo to $WAN_B lookup 102
rule add pref 21 iif lo to $WAN_A lookup 101
BATCH
  ip -6 -batch - <<BATCH
route add $WAN_B6 dev va src $WAN_A6 table 102
route add $WAN_A6 dev vb src $WAN_B6 table 101
rule add pref 100 lookup local
rule del pref 0
rule add pref 10 iif lo from $WAN_A6 to $WAN_A6 lookup local
rule add pref 11 iif lo from $WAN_B6 to $WAN_B6 lookup local
rule add pref 20 iif lo to $WAN_B6 lookup 102
rule add pref 21 iif lo to $WAN_A6 lookup 101
BATCH
}

wan_down() {
  local pref family
  if [[ ! -e /sys/class/net/va ]]; then return 0; fi
  rdma link delete rxe_a 2>/dev/null
  rdma link delete rxe_b 2>/dev/null
  ip link del va
  rm -f /run/wan
  for family in -4 -6; do
    if ip "$family" rule | grep -q '^100:'; then
      ip "$family" rule add pref 0 lookup local
      for pref in 10 11 20 21 100; do ip "$family" rule del pref "$pref"; done
      ip "$family" route flush table 101
      ip "$family" route flush table 102
    fi
  done 2>/dev/null
  return 0
}

# The queues of both directions with their counters; after --peer-netns, of va alone.
wan_stat() {
  tc -s qdisc show dev va
  if [[ -e /sys/class/net/vb ]]; then tc -s qdisc show dev vb; fi
}

# wan_gid DEVICE [4|6]: the index of the RoCEv2 GID of the device's address (perftest -x, ibv_*_pingpong -g)
wan_gid() {
  local words=ffff:
  if [[ ${2:-4} == 6 ]]; then words=fd77:; fi
  grep -l "$words" "/sys/class/infiniband/$1/ports/1/gids/"* | head -n 1 | sed 's/.*\///'
}
# lab_stage COMMAND|FILE|FOLDER...: moves commands with their libraries, files and folders into the guest's memory. Under --icount
# that is a must: while the only processor waits for the host's disk, virtual time runs on, often for minutes.
lab_stage() {
  local word path
  for word in "$@" bash sleep timeout tail cat rm awk grep sed ss tc ip rdma ethtool sysctl stdbuf; do
    if [[ -d $word ]]; then
      find "$word" -type f
    elif path=$(type -P "$word") || [[ -f ${path:=$word} ]]; then
      printf '%s\n' "$path"
      ldd "$path" 2>/dev/null | awk '$2 == "=>" && $3 ~ /^\// { print $3 } $1 ~ /^\// { print $1 }'
    fi
  done | cat - <(find /etc/libibverbs.d /etc/iproute2 /usr/lib/*/libibverbs /etc/{ld.so.cache,nsswitch.conf,hosts,protocols,services,passwd} -type f) |
    sort -u | xargs -r -d '\n' touch -c # the upper layer of the file system is memory; a change of any kind copies a file there
}
export WAN_A WAN_B WAN_A6 WAN_B6
export -f wan_up wan_make wan_route wan_down wan_stat wan_gid lab_stage
