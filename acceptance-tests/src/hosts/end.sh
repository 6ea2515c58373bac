# Removes what the kernel does not remove by itself when a lab's processes are gone, and those that are not gone yet.
# Arguments: the lab's directory, whose last part is its number.
number=${1##*/}
ip link delete "cht-hosts$number" 2> /dev/null

# In a mount namespace of its own, so that the mounted hierarchy is nobody else's.
unshare --mount sh -s "cht-hosts-$number" << 'END'
hierarchies=$(mktemp -d)
mount -t tmpfs tmpfs "$hierarchies"
mkdir "$hierarchies/unified"
mount -t cgroup2 cgroup2 "$hierarchies/unified"
for group in "$hierarchies/unified/$1" /sys/fs/cgroup/*/"$1"; do
    tries=100
    while [ -d "$group" ] && [ "$tries" -gt 0 ]; do
        for process in $(find "$group" -name cgroup.procs -exec cat {} +); do kill -KILL "$process"; done
        find "$group" -depth -type d -exec rmdir {} + && break
        tries=$((tries - 1))
        sleep 0.1
    done 2> /dev/null
done
umount "$hierarchies/unified" "$hierarchies"
rmdir "$hierarchies"
END
