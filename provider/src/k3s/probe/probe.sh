# Tells what a host is and what k3s does on it, as lines of key=value on standard output.
#
# It is sent to `sh -s` behind two variables: `root`, which is empty but in tests, and `data_dir`, which is empty where nobody knows it. It
# changes nothing, writes no file, and asks nothing of the network but the API on the host itself. What it cannot find out it leaves out.

export LC_ALL=C PATH="$PATH:/usr/sbin:/sbin:/usr/local/bin"

say() {
  printf '%s=%s\n' "$1" "$(printf '%s' "$2" | tr '\n\r' '  ')"
}

# The first argument is the key; the rest is a command that prints the value.
say_of() {
  key=$1
  shift
  value=$("$@" 2>/dev/null) && [ -n "$value" ] && say "$key" "$value"
}

has() {
  command -v "$1" >/dev/null 2>&1
}

limited() {
  if has timeout; then timeout 10 "$@"; else "$@"; fi
}

hash_of() {
  [ -f "$1" ] && sha256sum "$1" 2>/dev/null | cut -d ' ' -f 1
}

# What tokens have of the cluster: the hash of its certificate, or, where others have signed that, of the root, which comes last.
hash_of_authority() {
  if [ "$(grep -c -e '-BEGIN CERTIFICATE-' "$1" 2>/dev/null)" -gt 1 ] 2>/dev/null; then
    awk '/-BEGIN / { body = ""; next } /-END / { next } { body = body $0 } END { print body }' "$1" | base64 -d |
      sha256sum | cut -d ' ' -f 1
  else
    hash_of "$1"
  fi
}

# A value of a file of variables, such as os-release.
variable() {
  sed -n "s/^$2=//p" "$root$1" 2>/dev/null | head -n 1 | tr -d "\"'"
}

number_after() {
  sed -n "s/^$2:[[:space:]]*\([0-9]*\).*/\1/p" "$root$1" 2>/dev/null | head -n 1
}

# The program that a unit runs, by its place.
program_of() {
  has systemctl || return 1
  pid=$(limited systemctl show "$1.service" --property MainPID 2>/dev/null)
  pid=${pid#MainPID=}
  [ "${pid:-0}" -gt 0 ] 2>/dev/null && readlink "$root/proc/$pid/exe"
}

# A folder as it is configured here: `/srv/k3s` of `/srv/k3s/`.
without_slash() { printf '%s\n' "$1" | sed 's:\(.\)//*$:\1:'; }

# Where k3s has its data, on a host of which nobody has said so. What runs tells it by its place, however it was told; what does not run
# is told by its unit, or else by its configuration.
find_data_dir() {
  for unit in k3s k3s-agent; do
    program=$(program_of "$unit" 2>/dev/null)
    case $program in
      /*/data/*/bin/*) found=${program%/data/*/bin/*} ;;
      *) found=$(cat "$root/etc/systemd/system/$unit.service" 2>/dev/null | tr -d "\"'\\\\" | tr '\n\t' '  ' |
        sed -n 's/.*ExecStart=//; s/.* --data-dir[= ] *\([^ ]*\).*/\1/p; s/.* -d[= ] *\([^ ]*\).*/\1/p' | head -n 1) ;;
    esac
    found=$(without_slash "$found")
    # What runs has the folder to which a link leads.
    [ -n "$found" ] && [ "$found" = "$(readlink -f "$root/var/lib/rancher/k3s" 2>/dev/null)" ] && found=/var/lib/rancher/k3s
    case $found in /*) printf '%s\n' "$found" && return ;; esac
  done
  found=$(sed -n 's/^data-dir:[[:space:]]*\([^[:space:]]*\).*/\1/p' "$root/etc/rancher/k3s/config.yaml" \
    "$root"/etc/rancher/k3s/config.yaml.d/*.yaml 2>/dev/null | tail -n 1 | tr -d "\"'")
  case $found in /*) without_slash "$found" ;; *) echo /var/lib/rancher/k3s ;; esac
}

machine() {
  say_of uid id -u
  say_of time date +%s
  say_of arch uname -m
  say_of kernel uname -r
  say_of hostname cat "$root/proc/sys/kernel/hostname"
  say_of machine_id cat "$root/etc/machine-id"
  say_of boot_id cat "$root/proc/sys/kernel/random/boot_id"
  say_of init cat "$root/proc/1/comm"
  say_of os_id variable /etc/os-release ID
  say_of os_version variable /etc/os-release VERSION_ID
  say_of os_name variable /etc/os-release PRETTY_NAME
  say_of cpus grep -c '^processor' "$root/proc/cpuinfo"
  say_of memory_kib number_after /proc/meminfo MemTotal
  say_of swap_kib number_after /proc/meminfo SwapTotal
  folder=$root$data_dir
  while [ ! -d "$folder" ] && [ "$folder" != / ] && [ -n "$folder" ]; do folder=$(dirname "$folder"); done
  say_of disk_free_kib sh -c 'df -Pk "$1" | sed -n 2p | tr -s " " | cut -d " " -f 4' sh "$folder"
}

# What is built into the kernel is not always listed as a module.
has_module() {
  [ -d "$root/sys/module/$1" ] && return
  case $1 in
    br_netfilter) [ -d "$root/proc/sys/net/bridge" ] && return ;;
    overlay) grep -qw overlay "$root/proc/filesystems" 2>/dev/null && return ;;
  esac
  has modprobe && modprobe -n "$1" 2>/dev/null
}

kernel() {
  if [ -f "$root/sys/fs/cgroup/cgroup.controllers" ]; then
    say cgroup v2
    grep -qw memory "$root/sys/fs/cgroup/cgroup.controllers" && say cgroup_memory yes
  elif [ -d "$root/sys/fs/cgroup" ]; then
    say cgroup v1
    [ -d "$root/sys/fs/cgroup/memory" ] && say cgroup_memory yes
  fi
  for module in br_netfilter overlay; do
    has_module "$module" && say "module.$module" yes
  done
  if awk '$2 == "00000000" { found = 1 } END { exit !found }' "$root/proc/net/route" 2>/dev/null ||
    awk '$1 ~ /^0+$/ && $2 == "00" && $10 != "lo" { found = 1 } END { exit !found }' "$root/proc/net/ipv6_route" \
      2>/dev/null; then
    say default_route yes
  fi
  for table in tcp tcp6; do
    sed -n 's/^ *[0-9]*: [0-9A-F]*:\([0-9A-F]\{4\}\) [0-9A-F:]* 0A .*/\1/p' "$root/proc/net/$table" 2>/dev/null
  done | sort -u | while read -r port; do say listens "$((0x$port))"; done
  case $(cat "$root/sys/fs/selinux/enforce" 2>/dev/null) in
    1) say selinux enforcing ;;
    0) say selinux permissive ;;
  esac
  [ -d "$root/usr/share/selinux/packages" ] && ls "$root/usr/share/selinux/packages" 2>/dev/null | grep -q '^k3s' &&
    say selinux_policy yes
}

software() {
  if has systemctl; then
    for unit in firewalld nm-cloud-setup.timer docker; do
      [ "$(limited systemctl is-active "$unit" 2>/dev/null)" = active ] && say active "$unit"
    done
  fi
  # The unit of ufw is active also while ufw itself is not.
  [ "$(variable /etc/ufw/ufw.conf ENABLED)" = yes ] && say active ufw
  [ -d "$root/snap/docker" ] && say docker_snap yes
  say_of iptables sh -c 'iptables --version | sed -n "s/^iptables v\([0-9.]*\).*/\1/p"'
  for unit in server:k3s agent:k3s-agent; do
    role=${unit%%:*}
    has systemctl || continue
    limited systemctl show "${unit#*:}.service" --property \
      LoadState,ActiveState,SubState,UnitFileState,MainPID,NRestarts,Result,FragmentPath,NeedDaemonReload,DropInPaths \
      2>/dev/null | while IFS= read -r line; do
      say "unit.$role.${line%%=*}" "${line#*=}"
    done
  done
}

files() {
  k3s=$root/usr/local/bin/k3s
  if [ -f "$k3s" ]; then
    say_of binary_sha256 hash_of "$k3s"
    [ -x "$k3s" ] && say_of binary_version limited sh -c '"$1" --version | sed -n "s/^k3s version \([^ ]*\).*/\1/p"' sh "$k3s"
  fi
  for file in /etc/rancher/k3s/config.yaml /etc/rancher/k3s/registries.yaml /etc/rancher/k3s/token \
    /etc/rancher/k3s/agent-token /etc/rancher/k3s/k3s.yaml /etc/rancher/node/password \
    /etc/systemd/system/k3s.service /etc/systemd/system/k3s.service.env \
    /etc/systemd/system/k3s-agent.service /etc/systemd/system/k3s-agent.service.env; do
    [ -f "$root$file" ] && say "file.$file" "$(stat -c '%a %U' "$root$file" 2>/dev/null) $(hash_of "$root$file")"
  done
  for file in "$root"/etc/rancher/k3s/config.yaml.d/*.yaml; do
    [ -f "$file" ] && say override "${file#"$root"}"
  done
  grep -qs '^cluster-init:[[:space:]]*true' "$root/etc/rancher/k3s/config.yaml" && say cluster_init yes
  say_of joins_through sh -c 'sed -n "s/^server:[[:space:]]*//p" "$1" | head -n 1 | tr -d "\"'\''"' sh \
    "$root/etc/rancher/k3s/config.yaml"
  [ -f "$root/etc/rancher/k3s/cht.json" ] && say marker "$(cat "$root/etc/rancher/k3s/cht.json" 2>/dev/null)"
}

data() {
  folder=$root$data_dir
  say data_dir "$data_dir"
  say_of payload readlink "$folder/data/current"
  say_of ca_sha256 hash_of_authority "$folder/server/tls/server-ca.crt"
  say_of server_token_sha256 hash_of "$folder/server/token"
  [ -d "$folder/server/db/etcd/member" ] && say datastore etcd
  [ -f "$folder/server/db/state.db" ] && say datastore sqlite
  say_of etcd_name cat "$folder/server/db/etcd/name"
  [ -e "$folder/server/db/reset-flag" ] && say reset_flag yes
  [ -e "$folder/server/db/etcd/tombstone" ] && say tombstone yes
  # Images alone may have been put there beforehand.
  for data in "$folder"/agent/*; do
    case ${data##*/} in "*" | images) ;; *) say agent_data yes ;; esac
  done
  for image in "$folder"/agent/images/*; do
    [ -f "$image" ] && say "image.${image##*/}" "$(stat -c '%s %Y' "$image" 2>/dev/null)"
  done
}

# Whether etcd leads its cluster. It says so among what it measures, on a port that only the host itself reaches; for all else that it
# can be asked one needs its client, which hosts do not have.
leader() {
  [ -d "$root$data_dir/server/db/etcd/member" ] && has bash || return 0
  limited bash -c 'for address in 127.0.0.1 ::1; do
    (exec 3<>"/dev/tcp/$address/2381" && printf "GET /metrics HTTP/1.0\r\n\r\n" >&3 && cat <&3) && break
  done' 2>/dev/null | grep -q '^etcd_server_is_leader 1' && say etcd_leads yes
}

# What failed lately, in the last try to start and the one before: a unit that cannot start says so again and again, and what
# earlier tries said may have been put right since. An agent whose password is refused tries again without another start: that it is
# refused now is told apart.
journal() {
  refused=cht_refused
  has journalctl || return 0
  limited journalctl --unit k3s.service --unit k3s-agent.service --since "10 minutes ago" --lines 2000 --output cat --no-pager 2>/dev/null |
    awk -v refused="$refused" '/^Starting / { before = now; now = ""; next } { now = now $0 "\n" }
      END { printf "%s%s", before, now; if (now ~ /Node password rejected/) print refused }' |
    grep -e 'level=fatal' -e 'level=error' -e 'level=warning msg="critical' -e 'flag provided but not defined' \
      -e '^panic:' -e 'permanently removed' -e 'Node password rejected' -e "^$refused\$" | tail -n 20 | cut -c 1-1000 |
    while IFS= read -r line; do
      if [ "$line" = "$refused" ]; then say refused yes; else say journal "$line"; fi
    done
}

# Whether etcd has refused the member on the disk as one that was removed. k3s waits for ever then, and has said why only when it
# began to, which may be long ago.
removed() {
  has journalctl && has systemctl || return 0
  start=$(limited systemctl show k3s.service --property ActiveState,InvocationID 2>/dev/null)
  case $start in *ActiveState=activating*) ;; *) return 0 ;; esac
  invocation=$(printf '%s\n' "$start" | sed -n 's/^InvocationID=//p')
  [ -n "$invocation" ] || return 0
  limited journalctl "_SYSTEMD_INVOCATION_ID=$invocation" --output cat --no-pager 2>/dev/null |
    grep -q 'permanently removed from the cluster' && say removed yes
}

cluster() {
  kubectl=$root$data_dir/data/current/bin/kubectl
  kubeconfig=$root/etc/rancher/k3s/k3s.yaml
  [ -f "$kubeconfig" ] || return 0
  if [ -x "$kubectl" ]; then set -- "$kubectl"; else set -- "$root/usr/local/bin/k3s" kubectl; fi
  [ -x "$1" ] || return 0
  if answer=$(limited "$@" --kubeconfig "$kubeconfig" --request-timeout 8s get --raw /readyz 2>&1); then
    say readyz "$answer"
  else
    say readyz_failed "$(printf '%s' "$answer" | cut -c 1-1000)"
    return 0
  fi
  say_of nodes limited "$@" --kubeconfig "$kubeconfig" --request-timeout 8s get --raw /api/v1/nodes
}

say cht_probe 1
began=$(date +%s)
[ -n "$data_dir" ] || data_dir=$(find_data_dir)
machine
kernel
software
files
data
leader
for unit in k3s k3s-agent; do
  say_of payload_running program_of "$unit"
done
journal
removed
cluster
say taken $(($(date +%s) - began))
say end cht_probe
