# Makes the tree that all hosts share: a small Debian with systemd and sshd, and the users of `User`.
# Arguments: the directory.
set -eu
tree=$1
packages=systemd,systemd-sysv,dbus,openssh-server,sudo,iproute2,iptables,kmod,procps,ca-certificates,libfaketime
debootstrap --variant=minbase --include="$packages" bookworm "$tree"
rm -rf "$tree"/var/cache/apt/archives/*.deb "$tree"/var/lib/apt/lists/*

# Each host gets keys, a machine id and a name of its own when it first boots.
rm -f "$tree"/etc/ssh/ssh_host_* "$tree/etc/hostname"
: > "$tree/etc/machine-id"

# The clock of sshd is always right; see `Host::set_clock`.
mkdir -p "$tree/etc/systemd/system/ssh.service.d"
printf '[Service]\nUnsetEnvironment=LD_PRELOAD FAKETIME\n' > "$tree/etc/systemd/system/ssh.service.d/clock.conf"

# Names are never asked for: there is nobody to ask.
printf '%s\n' 'HostKey /etc/ssh/ssh_host_ed25519_key' 'UseDNS no' > "$tree/etc/ssh/sshd_config.d/lab.conf"
for user in admin deputy guest; do
    chroot "$tree" useradd --create-home --shell /bin/bash "$user"
done
printf '%s\n' 'Defaults env_file=/etc/environment' 'admin ALL=(ALL) NOPASSWD: ALL' 'deputy ALL=(ALL) ALL' > "$tree/etc/sudoers.d/lab"
chmod 440 "$tree/etc/sudoers.d/lab"

# On cgroup v1 every hierarchy is mounted read-only in a container, which no machine of its own is. Mounts are shared as they
# are where systemd is the first to mount them.
cat > "$tree/etc/systemd/system/like-a-machine.service" <<'UNIT'
[Unit]
DefaultDependencies=no
Before=sysinit.target
[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/bin/sh -c 'for c in /sys/fs/cgroup /sys/fs/cgroup/*; do mountpoint -q $$c && mount -o remount,rw,bind $$c; done; mount --make-rshared /'
UNIT
mkdir -p "$tree/etc/systemd/system/sysinit.target.wants"
ln -s ../like-a-machine.service "$tree/etc/systemd/system/sysinit.target.wants/"
# What no container can do, and what only costs time here.
for unit in systemd-networkd-wait-online.service apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer e2scrub_all.timer; do
    ln -sf /dev/null "$tree/etc/systemd/system/$unit"
done
