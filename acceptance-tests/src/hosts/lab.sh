# The first process of a lab's own process, mount and network namespaces: when its input ends, it ends, and the kernel takes
# every process, mount and interface in them with it.
# Arguments: the lab's directory, its cgroups (`unified` or `legacy`), the addresses of its two bridges.
set -eu
directory=$1 cgroups=$2 outer=$3 inner=$4

# What is put into /run from here on is seen by nobody else.
mkdir -p "$directory/run"
mount -t tmpfs -o mode=755 tmpfs "$directory/run"
mkdir -p "$directory/run/${directory#/run/}" "$directory/run/netns"
mount --bind "$directory" "$directory/run/${directory#/run/}"
mount --no-mtab --move "$directory/run" /run
if [ "$cgroups" = unified ]; then mount -t cgroup2 cgroup2 /sys/fs/cgroup; fi

# Between the networks, and to the outside, nothing is passed on.
echo 0 > /proc/sys/net/ipv4/ip_forward
ip link set lo up
ip link add outer type bridge
ip link add inner type bridge
ip address add "$outer/24" dev outer
ip address add "$inner/24" dev inner
ip link set outer up
ip link set inner up
echo ready
exec cat
