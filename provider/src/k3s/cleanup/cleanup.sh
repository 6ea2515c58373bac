# Takes k3s off a host, and tells on standard output what it did as lines of key=value.
#
# It is sent to `sh -s` behind variables: `root`, which is empty but in tests, `data_dir`, and `keep_snapshots` and `pods_only`,
# which are yes or no: the latter kills containers, and removes nothing. It can be repeated, and goes on where it was killed: what says whose the host is goes last.
#
# Volumes of pods are mounted below the folders that are removed. So all is unmounted first, and as long as anything is still
# mounted there, or that cannot be told, nothing is removed: it could be the data of patients. The folders may be links to other
# disks, and the kernel names mounts by where they really are.

export LC_ALL=C PATH="$PATH:/usr/sbin:/sbin:/usr/local/bin"

say() {
  printf '%s=%s\n' "$1" "$2"
}

has() {
  command -v "$1" >/dev/null 2>&1
}

limited() {
  seconds=$1
  shift
  if has timeout; then timeout -k 5 "$seconds" "$@"; else "$@"; fi
}

fail() {
  say failed "$1"
  exit 1
}

# A folder as the kernel names it.
real() {
  if [ -e "$1" ]; then readlink -f "$1"; else printf '%s\n' "$1"; fi
}

stop_units() {
  has systemctl || return 0
  for unit in k3s k3s-agent; do
    [ -f "$root/etc/systemd/system/$unit.service" ] || continue
    limited 150 systemctl disable --now "$unit.service" >/dev/null 2>&1
    [ "$(systemctl is-active "$unit.service" 2>/dev/null)" = active ] && fail "stopping $unit.service"
    rm -f "$root/etc/systemd/system/$unit.service" "$root/etc/systemd/system/$unit.service.env"
    systemctl daemon-reload >/dev/null 2>&1
    systemctl reset-failed "$unit.service" >/dev/null 2>&1
  done
}

# Containers outlive their unit. Their shims are known by where their program is, all else by its group.
kill_containers() {
  for process in "$root"/proc/[0-9]*; do
    pid=${process##*/}
    [ "$pid" = $$ ] && continue
    case $(readlink "$process/exe" 2>/dev/null) in
      "$data"/data/*/bin/*) say killed "$pid" && kill -9 "$pid" 2>/dev/null && continue ;;
    esac
    if grep -qs '/kubepods' "$process/cgroup"; then
      say killed "$pid"
      kill -9 "$pid" 2>/dev/null
    fi
  done
}

# The folders below which k3s and its pods mount.
mounting() {
  for folder in "$data" "$root/var/lib/kubelet" "$root/run/k3s" "$root/run/netns"; do real "$folder"; done
}

# What is mounted below these folders, the deepest first. The folders may be mounts themselves, of disks of their own.
mounted() {
  mounting | while IFS= read -r folder; do
    awk -v folder="$folder/" 'index($5, folder) == 1 { print $5 }' "$root/proc/self/mountinfo"
  done | grep -v -e "^$root/run/netns/[^c]" | sort -r -u
}

# A path as it is: mountinfo has blanks and the like as octal numbers.
plain() {
  printf '%b' "$(printf '%s' "$1" | sed 's/\\\([0-7]\{3\}\)/\\0\1/g')"
}

unmount() {
  [ -n "$(awk '{ print $5 }' "$root/proc/self/mountinfo" 2>/dev/null)" ] || fail "looking at what is mounted"
  for attempt in 1 2; do
    mounted | while IFS= read -r mount; do
      mount=$(plain "$mount")
      # A share whose server is gone never answers.
      limited 30 umount "$mount" 2>/dev/null || { [ "$attempt" = 2 ] && limited 30 umount -l "$mount" 2>/dev/null; }
    done
  done
  left=$(mounted)
  [ -z "$left" ] && return 0
  printf '%s\n' "$left" | while IFS= read -r mount; do say mounted "$(plain "$mount")"; done
  exit 1
}

remove_network() {
  if has ip; then
    ip link show 2>/dev/null | sed -n 's/^[0-9]*: \([^@:]*\).*master cni0.*/\1/p' | while read -r link; do
      ip link delete "$link" 2>/dev/null
    done
    for link in cni0 flannel.1 flannel-v6.1 flannel-wg flannel-wg-v6 kube-ipvs0; do
      ip link show "$link" >/dev/null 2>&1 && ip link delete "$link" 2>/dev/null
    done
    for space in "$root"/run/netns/cni-*; do
      [ -e "$space" ] && { ip netns delete "${space##*/}" 2>/dev/null || rm -f "$space"; }
    done
  fi
  for tables in iptables ip6tables; do
    has "$tables-save" && has "$tables-restore" || continue
    rules=$("$tables-save" 2>/dev/null) || continue
    printf '%s\n' "$rules" | grep -q -e KUBE- -e CNI- -e flannel || continue
    printf '%s\n' "$rules" | grep -v -e KUBE- -e CNI- -e flannel | "$tables-restore" 2>/dev/null || say left "$tables"
  done
}

# Empties a folder without leaving its file system, and removes it if it is not a mount. What a path matches is kept; that
# anything else is left is a failure, or the host would look as if somebody else had set k3s up.
empty() {
  [ -d "$1" ] || return 0
  find -H "$1" -xdev -mindepth 1 -depth ! -path "$2" ! -path "$2/*" -delete 2>/dev/null
  left=$(find -H "$1" -xdev -mindepth 1 ! -type d ! -path "$2" ! -path "$2/*" 2>/dev/null | head -n 1)
  [ -z "$left" ] || fail "removing $left"
  rmdir "$1" 2>/dev/null
  return 0
}

remove_files() {
  keep=$root/nothing
  snapshots=$(sed -n 's/^etcd-snapshot-dir:[[:space:]]*//p' "$root/etc/rancher/k3s/config.yaml" 2>/dev/null | head -n 1 | tr -d "\"'")
  [ -n "$snapshots" ] || snapshots=$data_dir/server/db/snapshots
  if [ "$keep_snapshots" = yes ] && [ -d "$root$snapshots" ]; then
    keep=$root$snapshots
    say kept "$snapshots"
  fi
  for folder in /var/lib/kubelet /run/k3s /run/flannel /var/log/pods /var/log/containers; do empty "$root$folder" "$root/nothing"; done
  empty "$root$data_dir" "$keep"
  for name in kubectl crictl ctr; do
    case $(readlink "$root/usr/local/bin/$name" 2>/dev/null) in
      k3s | */k3s) rm -f "$root/usr/local/bin/$name" ;;
    esac
  done
  rm -f "$root/usr/local/bin/k3s-killall.sh" "$root/usr/local/bin/k3s-uninstall.sh" "$root/usr/local/bin/k3s-agent-uninstall.sh"
  rm -f "$root/etc/rancher/node/password"
  rmdir "$root/etc/rancher/node" 2>/dev/null
  empty "$root/etc/rancher/k3s" "$root/etc/rancher/k3s/cht.json"
  rm -f "$root/usr/local/bin/.k3s.cht-next" "$root/usr/local/bin/k3s"
  rm -f "$root/etc/rancher/k3s/cht.json"
  rmdir "$root/etc/rancher/k3s" "$root/etc/rancher" 2>/dev/null
  return 0
}

data=$(real "$root$data_dir")
if [ "$pods_only" = yes ]; then
  kill_containers
  say end cht_cleanup
  exit 0
fi
stop_units
kill_containers
unmount
remove_network
remove_files
say end cht_cleanup
