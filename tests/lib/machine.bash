# A clean machine for tests of the package and its units: this one's files, copy on write, with systemd as
# its first process, in namespaces and a cgroup of its own. Nothing that happens there reaches this machine.
# Needs root, overlayfs and a cgroup2 that can be written.
#
#   machine_missing      prints why there can be none here; fails where there can
#   machine_start DIR    boots it; only the journal and what tests install runs there
#   machine COMMAND…     runs a command there, as its root
#   machine_stop         ends it with all that runs there
#
# MACHINE_ROOT is its root as seen from here, while it runs.

machine_cgroups() {
    awk '$3 == "cgroup2" { print $2; exit }' /proc/mounts
}

machine_missing() {
    local cgroups
    cgroups=$(machine_cgroups)
    if [ "$(id -u)" != 0 ]; then
        echo "only root can boot a machine of its own"
    elif [ ! -x /lib/systemd/systemd ]; then
        echo "systemd is not installed"
    elif [ -z "$cgroups" ] || ! mkdir "$cgroups/reviewd-probe-$$" 2>/dev/null; then
        echo "there is no cgroup2 that can be written"
    else
        rmdir "$cgroups/reviewd-probe-$$"
        unshare -m bash -c '
            mount -t tmpfs tmpfs /mnt && mkdir /mnt/{u,w,m} &&
            mount -t overlay overlay -o lowerdir=/,upperdir=/mnt/u,workdir=/mnt/w /mnt/m' 2>/dev/null &&
            return 1
        echo "no overlayfs can be mounted here"
    fi
}

# In the new namespaces: makes the root $1 and becomes systemd.
machine_boot() {
    local m=$1/root unit
    set -eu
    mount -t tmpfs tmpfs "$1"
    mkdir "$1"/{upper,work,root}
    mount -t overlay overlay -o "lowerdir=/,upperdir=$1/upper,workdir=$1/work" "$m"
    mount -t proc proc "$m/proc"
    mount --bind "$m/proc/sys" "$m/proc/sys"
    mount -o remount,ro,bind "$m/proc/sys"
    mount -t sysfs -o ro sysfs "$m/sys"
    mount -t cgroup2 cgroup2 "$m/sys/fs/cgroup"
    mount -t tmpfs -o mode=755 tmpfs "$m/run"
    mount -t tmpfs tmpfs "$m/tmp"
    mount -t tmpfs -o mode=755 tmpfs "$m/dev"
    for unit in null zero full random urandom tty; do
        touch "$m/dev/$unit"
        mount --bind "/dev/$unit" "$m/dev/$unit"
    done
    mkdir "$m"/dev/{shm,pts}
    mount -t devpts -o newinstance,ptmxmode=0666 devpts "$m/dev/pts"
    ln -s pts/ptmx "$m/dev/ptmx"
    ln -s /proc/self/fd "$m/dev/fd"
    # Nothing of this machine starts there, and nothing of the product is there yet.
    rm -rf "$m"/{lib,usr/lib,etc}/systemd/system/*.wants "$m"/etc/systemd/system/reviewd* \
        "$m"/etc/reviewd "$m"/var/{lib,spool}/reviewd
    mkdir -p "$m/etc/systemd/system/sysinit.target.wants"
    for unit in systemd-journald.service systemd-journald.socket systemd-journald-dev-log.socket; do
        ln -s "/lib/systemd/system/$unit" "$m/etc/systemd/system/sysinit.target.wants/$unit"
    done
    mkdir -p "$m/etc/systemd/journald.conf.d"
    printf '[Journal]\nStorage=volatile\nReadKMsg=no\nAudit=no\n' >"$m/etc/systemd/journald.conf.d/test.conf"
    tr -d - </proc/sys/kernel/random/uuid >"$m/etc/machine-id"
    # Packages start their services there, whatever this machine's policy is.
    rm -f "$m/usr/sbin/policy-rc.d"
    cd "$m"
    pivot_root . mnt
    umount -l /mnt
    exec env -i container=test PATH=/usr/sbin:/usr/bin:/sbin:/bin /lib/systemd/systemd --system \
        --unit=multi-user.target --log-target=journal --show-status=no </dev/null >/dev/null 2>&1
}

machine() {
    nsenter -t "$MACHINE_PID" -a --root --wd=/ env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 \
        DEBIAN_FRONTEND=noninteractive "$@"
}

machine_up() {
    MACHINE_PID=$(pgrep -P "$MACHINE_OUTER" | head -1) && [ -n "$MACHINE_PID" ] &&
        machine systemctl is-system-running
}

machine_start() {
    mkdir -p "$1"
    MACHINE_CGROUP=$(machine_cgroups)/reviewd-test-$BASHPID
    mkdir "$MACHINE_CGROUP"
    (
        echo 0 >"$MACHINE_CGROUP/cgroup.procs"
        exec unshare --mount --pid --fork --cgroup --ipc --uts --net bash -c \
            "$(declare -f machine_boot); machine_boot '$1'"
    ) >"$1.log" 2>&1 3>&- &
    MACHINE_OUTER=$!
    wait_for machine_up || { cat "$1.log"; return 1; }
    MACHINE_ROOT=/proc/$MACHINE_PID/root
    # So that the journal can be read by its group.
    wait_for machine journalctl --flush
    machine systemd-tmpfiles --create --prefix=/run/log/journal
}

machine_stop() {
    [ -n "${MACHINE_PID:-}" ] || return 0
    kill -KILL "$MACHINE_PID"
    wait "$MACHINE_OUTER" 2>/dev/null || true
    MACHINE_PID=
    wait_for machine_cgroup_gone
}

machine_cgroup_gone() {
    find "$MACHINE_CGROUP" -depth -type d -exec rmdir {} + 2>/dev/null
    [ ! -d "$MACHINE_CGROUP" ]
}
