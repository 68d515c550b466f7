#!/bin/bash
# Boot systemd as process 1 over a throw-away copy of this machine's root, in namespaces that unshare(1) made.
#
# Nothing of the machine is changed: writes go to memory, kernel settings are read only, the network is a loopback
# of its own, /dev holds the harmless devices. The working tree's program stands in /opt/doorward.
#
#     booted.sh FOLDER PYTHON_PREFIX PYTHON_NAME SOURCES PACKAGES
set -euo pipefail
folder=$1 prefix=$2 python=$3 sources=$4 packages=$5
root=$folder/root

mount --make-rprivate /
mount -t tmpfs -o mode=755 doorward-test "$folder"
mkdir "$folder/changes" "$folder/work" "$root"
mount -t overlay -o "lowerdir=/,upperdir=$folder/changes,workdir=$folder/work" overlay "$root"

mount -t proc proc "$root/proc"
mount --bind "$root/proc/sys" "$root/proc/sys"
mount -o remount,bind,ro "$root/proc/sys"
mount -t sysfs -o ro sysfs "$root/sys"
mount -t cgroup2 cgroup2 "$root/sys/fs/cgroup"
mount -t tmpfs -o mode=755 dev "$root/dev"
while read -r device major minor; do
  mknod -m 666 "$root/dev/$device" c "$major" "$minor"
done <<<"null 1 3
zero 1 5
full 1 7
random 1 8
urandom 1 9
tty 5 0"
ln -s /proc/self/fd "$root/dev/fd"
mkdir "$root/dev/pts" "$root/dev/shm"
mount -t devpts -o newinstance,ptmxmode=0666,mode=620 devpts "$root/dev/pts"
ln -s pts/ptmx "$root/dev/ptmx"
mount -t tmpfs -o mode=1777 tmpfs "$root/dev/shm"
mount -t tmpfs -o mode=755 tmpfs "$root/run"
mount -t tmpfs -o mode=1777 tmpfs "$root/tmp"

# An interpreter below /root or /home would be hidden from the service, so all of it gets another place.
opt=$root/opt/doorward
rm -rf "$opt"
mkdir -p "$opt/python" "$opt/bin" "$opt/sources" "$opt/packages"
mount --bind "$prefix" "$opt/python"
mount --bind "$sources" "$opt/sources"
mount --bind "$packages" "$opt/packages"
cat >"$opt/bin/doorward" <<EOF2
#!/opt/doorward/python/bin/$python
import sys
sys.path[1:1] = ["/opt/doorward/sources", "/opt/doorward/packages"]
from doorward.cli import main
sys.exit(main())
EOF2
chmod 755 "$opt/bin/doorward"
# its own libpython, should it have one, before one of the system
echo /opt/doorward/python/lib >"$root/etc/ld.so.conf.d/00-doorward-test.conf"
chroot "$root" ldconfig 2>/dev/null

# Nothing is started but what a test asks for.
rm -rf "$root"/etc/systemd/system/* "$root"/etc/doorward "$root"/var/lib/doorward
rm -f "$root"/etc/polkit-1/rules.d/*doorward*
printf '[Unit]\nDescription=Nothing\nDefaultDependencies=no\n' >"$root/etc/systemd/system/nothing.target"
chroot "$root" useradd --system --user-group --home-dir /var/lib/doorward --shell /usr/sbin/nologin doorward
ip link set lo up

mkdir "$root/run/machine"
cd "$root"
pivot_root . run/machine
umount --lazy /run/machine
exec env -i container=doorward-test PATH=/usr/sbin:/usr/bin:/sbin:/bin \
  /lib/systemd/systemd --system --unit=nothing.target --log-target=journal --show-status=no \
  </dev/null >/dev/null
