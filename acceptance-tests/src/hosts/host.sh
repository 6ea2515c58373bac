# One host, from power on to power off: the first process of a process and mount namespace inside the lab's.
# Arguments: the lab's directory, its cgroup, the base tree, the host's name, its number, its address on the outer and on the
# inner network (`-` for none), how it starts (`systemd` or `sshd`), and which directory of this
# machine it sees where.
set -eu
lab=$1 cgroup=$2 base=$3 name=$4 number=$5 outer=$6 inner=$7 init=$8 shared=$9
home=$lab/$name
disk=$home/disk
root=$home/root

insert_disk() {
    mkdir -p "$disk/upper" "$disk/work" "$disk/rancher" "$disk/kubelet" "$root"
    mount -t overlay -o "lowerdir=$base,upperdir=$disk/upper,workdir=$disk/work" overlay "$root"
}

# The users of a machine that was told by a seed: nobody else can log in.
settle_users() {
    for file in "$home"/seed/users/*; do
        [ -e "$file" ] || continue
        user=${file##*/}
        chroot "$root" useradd --create-home --shell /bin/bash "$user"
        install -d -m 700 "$root/home/$user/.ssh"
        install -m 600 "$file" "$root/home/$user/.ssh/authorized_keys"
        chown -R --reference="$root/home/$user" "$root/home/$user/.ssh"
        if [ -e "$home/seed/$user.sudo" ]; then
            printf '%s ALL=(ALL) NOPASSWD: ALL\n' "$user" > "$root/etc/sudoers.d/$user"
            chmod 440 "$root/etc/sudoers.d/$user"
        fi
    done
}

# The users of the lab.
settle_lab_users() {
    for user in root home/admin home/deputy home/guest; do
        install -d -m 700 "$root/$user/.ssh"
        install -m 600 "$lab/key.pub" "$root/$user/.ssh/authorized_keys"
        chown -R --reference="$root/$user" "$root/$user/.ssh"
    done
    for user in admin deputy guest; do printf '%s:%s\n' "$user" "$(cat "$lab/password")"; done | chroot "$root" chpasswd -c SHA512
}

# What tells one host from another.
settle() {
    own_name=$name
    if [ -d "$home/seed" ]; then
        own_name=$(cat "$home/seed/host_name")
        settle_users
    else
        settle_lab_users
    fi
    tr -d - < /proc/sys/kernel/random/uuid > "$root/etc/machine-id"
    rm -f "$root/var/lib/dbus/machine-id"
    chroot "$root" ssh-keygen -q -t ed25519 -N '' -C "$own_name" -f /etc/ssh/ssh_host_ed25519_key
    printf '127.0.0.1 localhost %s\n' "$own_name" > "$root/etc/hosts"
    printf '%s\n' "$own_name" > "$root/etc/hostname"
}

# plug INTERFACE NETWORK ADDRESS: a cable from the host to a bridge. It stays cut or slow through a reboot.
plug() {
    port=$2$number
    ip link delete "$port" 2> /dev/null || true
    # A machine keeps its hardware address, which others remember for a while.
    hardware=$(printf '02:00:%02x:%02x:%02x:%02x' $(echo "$3" | tr . ' '))
    ip link add "$port" type veth peer name "$1" address "$hardware" netns "$name"
    ip link set "$port" master "$2"
    ip -n "$name" address add "$3/24" dev "$1"
    ip -n "$name" link set "$1" up
    [ -e "$home/cut" ] || ip link set "$port" up
    if [ -e "$home/slow" ]; then
        tc qdisc add dev "$port" root tbf $(cat "$home/slow")
        tc -n "$name" qdisc add dev "$1" root tbf $(cat "$home/slow")
    fi
    # To nowhere: the bridge passes nothing on. But software looks for a default route.
    ip -n "$name" route replace default via "${3%.*}.254"
}

# A machine forgets its packet filters when it reboots, so each boot gets a new namespace.
connect() {
    ip netns delete "$name" 2> /dev/null || true
    ip netns add "$name"
    ip -n "$name" link set lo up
    [ "$inner" = - ] || plug "$([ "$outer" = - ] && echo eth0 || echo eth1)" inner "$inner"
    [ "$outer" = - ] || plug eth0 outer "$outer"
}

# A cgroup of the host's own, in the one hierarchy of version 2 or in all of version 1.
enter_cgroup() {
    for hierarchy in /sys/fs/cgroup /sys/fs/cgroup/*; do
        [ -e "$hierarchy/cgroup.procs" ] || continue
        [ "$hierarchy" = /sys/fs/cgroup ] || ! [ -e /sys/fs/cgroup/cgroup.procs ] || break
        mkdir -p "$hierarchy/$cgroup/$name"
        above=$hierarchy
        for group in "$hierarchy/$cgroup" "$hierarchy/$cgroup/$name"; do
            for file in cpuset.cpus cpuset.mems; do
                if [ -e "$hierarchy/$file" ]; then cat "$hierarchy/$file" > "$group/$file"; fi
            done
            # Where the machine does not let go of a controller, hosts do without it.
            for controller in cpu cpuset io memory pids; do
                echo "+$controller" 2> /dev/null > "$above/cgroup.subtree_control" || true
            done
            above=$group
        done
        echo 0 > "$hierarchy/$cgroup/$name/cgroup.procs"
    done
}

# Everything is allowed, as on a machine, but what the lab itself may not do.
boot() {
    export SYSTEMD_NSPAWN_API_VFS_WRITABLE=yes SYSTEMD_SECCOMP=0
    set -- --quiet --directory="$root" --machine="$name" --register=no --keep-unit --console=pipe \
        --capability=all --drop-capability=CAP_SYS_TIME,CAP_SYS_MODULE --network-namespace-path="/run/netns/$name" \
        --bind="$disk/rancher:/var/lib/rancher" --bind="$disk/kubelet:/var/lib/kubelet" --resolv-conf=off --timezone=off
    set -- "$@" --bind-ro="$shared"
    if [ -e /dev/kmsg ]; then set -- "$@" --bind=/dev/kmsg; fi
    case $init in
        systemd) exec systemd-nspawn "$@" --boot ;;
        sshd) exec systemd-nspawn "$@" --as-pid2 sh -c 'mkdir -p /run/sshd; exec /usr/sbin/sshd -D -e' ;;
    esac
}

insert_disk
[ -e "$root/etc/hostname" ] || settle
while true; do
    connect
    # The clock is right again after a reboot; see `Host::set_clock`.
    : > "$root/etc/environment"
    code=0
    (enter_cgroup; boot) || code=$?
    # What systemd-nspawn ends with when the host reboots.
    [ "$code" = 133 ] || exit "$code"
done
