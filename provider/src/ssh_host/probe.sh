# Prints what is to be known of a host, a line for each fact. It changes nothing and needs nothing but sh and Linux.
fact() { printf '%s=%s\n' "$1" "$2"; }
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin
[ -r /etc/os-release ] && . /etc/os-release
fact uid "$(id -u)"
fact os "${PRETTY_NAME:-$(uname -s)}"
fact os_id "${ID:-}"
fact os_version "${VERSION_ID:-}"
fact kernel "$(uname -r)"
fact architecture "$(uname -m)"
fact hostname "$(uname -n)"
fact machine_id "$(cat /etc/machine-id 2>/dev/null)"
fact cpus "$(getconf _NPROCESSORS_ONLN 2>/dev/null || grep -c '^processor' /proc/cpuinfo)"
while read -r name size _; do
  case $name in
    MemTotal:) fact memory_kib "$size" ;;
    SwapTotal:) fact swap_kib "$size" ;;
  esac
done </proc/meminfo
fact disk_free_kib "$(df -Pk /var/lib 2>/dev/null | { read -r _; read -r _ _ _ free _; echo "$free"; })"
if [ "$(stat -fc %T /sys/fs/cgroup 2>/dev/null)" = cgroup2fs ]; then
  fact cgroup_version 2
  grep -qw memory /sys/fs/cgroup/cgroup.controllers && fact memory_cgroup yes
else
  fact cgroup_version 1
  while read -r name _ _ enabled; do [ "$name $enabled" = 'memory 1' ] && fact memory_cgroup yes; done </proc/cgroups
fi
if [ -d /run/systemd/system ]; then
  fact systemd "$(systemctl --version 2>/dev/null | { read -r _ version _; echo "$version"; })"
  for unit in ufw firewalld; do systemctl -q is-active $unit 2>/dev/null && fact firewall $unit; done
  systemctl -q is-enabled nm-cloud-setup.service 2>/dev/null && fact nm_cloud_setup yes
fi
while read -r _ destination _; do [ "$destination" = 00000000 ] && fact default_route yes; done </proc/net/route
nowhere=00000000000000000000000000000000
[ -r /proc/net/ipv6_route ] && while read -r destination length _ _ _ _ _ _ _ device; do
  [ "$destination $length" = "$nowhere 00" ] && [ "$device" != lo ] && fact default_route yes
done </proc/net/ipv6_route
grep -qw overlay /proc/filesystems || modprobe -nq overlay 2>/dev/null && fact overlay yes
[ -d /proc/sys/net/bridge ] || [ -d /sys/module/br_netfilter ] || modprobe -nq br_netfilter 2>/dev/null && fact br_netfilter yes
command -v getenforce >/dev/null && fact selinux "$(getenforce)"
command -v iptables >/dev/null && fact iptables "$(iptables --version 2>/dev/null | { read -r _ version _; echo "$version"; })"
fact time "$(date +%s)"
