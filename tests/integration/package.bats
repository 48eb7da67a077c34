#!/usr/bin/env bats
# The package: built, clean, complete; on a machine of its own (tests/lib/machine.bash) it installs, starts,
# upgrades with a migration, is removed and purged, and the books stay. Without root: the tree that the
# package holds runs a day from where it was unpacked.

load ../lib/daemon
load ../lib/machine

# Neither disk nor manual pages matter there.
QUICK="--force-unsafe-io --no-triggers"

setup_file() {
    export DEB
    DEB=$(make -s deb | tail -n 1)
    [ -s "$DEB" ]
}

setup() {
    B=$(realpath "$B")
    D=$BATS_TEST_TMPDIR/d
}

teardown() {
    daemon_stop
    machine_stop
}

unpack() {
    X=$BATS_TEST_TMPDIR/x
    dpkg-deb -x "$DEB" "$X"
}

@test "lintian finds no error and no warning" {
    run -0 lintian --allow-root --fail-on error,warning --no-tag-display-limit "$DEB"
    same "" "$(grep -E '^[EW]:' <<<"$output" || true)"
}

@test "one version: Makefile, changelog, programmes" {
    version=$(sed -n 's/^VERSION := //p' Makefile)
    same "$version" "$(dpkg-parsechangelog -S Version)"
    same "$version" "$(dpkg-deb -f "$DEB" Version)"
    unpack
    same "reviewd $version" "$("$X/usr/sbin/reviewd" --version)"
    [[ $("$X/usr/bin/reviewctl" --version) == *" $version" ]]
}

@test "the package holds what make install installs, and all configuration is a conffile" {
    unpack
    make -s install B="$B" DESTDIR="$BATS_TEST_TMPDIR/t" UNITS=/lib/systemd/system >/dev/null
    list() { (cd "$1" && find . -type f | sed 's/\.gz$//' | sort); }
    same "" "$(comm -13 <(list "$X") <(list "$BATS_TEST_TMPDIR/t"))"
    added=$(comm -23 <(list "$X") <(list "$BATS_TEST_TMPDIR/t"))
    same "changelog copyright README.Debian reviewd" \
        "$(for f in $added; do basename "$f"; done | LC_ALL=C sort -f | paste -sd' ')"
    same "$(cd "$X" && find etc -type f | sed 's#^#/#' | sort)" "$(dpkg-deb -I "$DEB" conffiles | sort)"
    for page in man/*.[1-8]; do
        [ -s "$X/usr/share/man/man${page##*.}/$(basename "$page").gz" ]
    done
}

@test "make install and uninstall: nothing is left but the configuration; what was changed stays" {
    T=$BATS_TEST_TMPDIR/t
    install() { make -s install B="$B" DESTDIR="$T" PREFIX=/opt/r SYSCONFDIR=/opt/etc; }
    install >/dev/null
    grep -qx 'ExecStart=/opt/r/sbin/reviewd -f /opt/etc/reviewd/reviewd.conf' \
        "$T/opt/r/lib/systemd/system/reviewd.service"
    run -0 "$T/opt/r/sbin/reviewd" --check -f "$T/opt/etc/reviewd/reviewd.conf"
    echo 'spool_keep_days = 30;' >>"$T/opt/etc/reviewd/reviewd.conf"
    run -0 install
    [[ $output == *"reviewd.conf was changed and stays"* ]]
    grep -q '^spool_keep_days = 30' "$T/opt/etc/reviewd/reviewd.conf"
    make -s uninstall DESTDIR="$T" PREFIX=/opt/r SYSCONFDIR=/opt/etc
    same "" "$(find "$T" -type f ! -path '*/opt/etc/reviewd/*')"
    [ -s "$T/opt/etc/reviewd/policy/2026-regular.conf" ]
}

@test "unpacked anywhere, it takes the shipped rules and divisions, and runs a day" {
    unpack
    mkdir "$D"
    for place in store:reviewd.db spool:spool socket:s; do
        echo "${place%%:*} = \"$D/${place#*:}\";"
    done | cat - "$X/etc/reviewd/reviewd.conf" >"$X/etc/reviewd/here.conf"
    REVIEWD_SOCKET=$D/s
    export REVIEWD_SOCKET
    B=$X/usr/bin
    cp "$X/etc/reviewd/here.conf" "$D/"
    "$X/usr/sbin/reviewd" -f "$X/etc/reviewd/here.conf" --manual-clock "2026-11-24 07:00" 2>"$D/log" 3>&- &
    echo $! >"$D/pid"
    wait_for answers_or_gone
    ctl import divisions "$X/usr/share/reviewd/divisions/divisions-chongqing.csv" >/dev/null
    printf 'household,division,tier,approved_on\na,500101144201,quarterly,2025-11-30\n' |
        file households.csv
    ctl import households "$BATS_TEST_TMPDIR/households.csv" >/dev/null
    ctl run >/dev/null
    ls "$D"/spool/500101000000/500101144000/new/2026-11-24-daily.{csv,html,json}
}

# On the machine: a second version of the package, which holds the same.
newer() {
    local to=$BATS_TEST_TMPDIR/newer
    dpkg-deb -R "$DEB" "$to"
    sed -i 's/^Version: .*/&.1/' "$to/DEBIAN/control"
    dpkg-deb --root-owner-group -b "$to" "$MACHINE_ROOT/tmp/newer.deb" >/dev/null
}

status_of() { machine systemctl show -P "$1" reviewd.service; }

# A store as version 1 left it, with a household, in the place of the service's.
older_store() {
    rm -f "$MACHINE_ROOT"/var/lib/reviewd/reviewd.db*
    {
        cat daemon/store/schema-1.sql
        cat <<'SQL'
PRAGMA user_version = 1;
INSERT INTO meta VALUES ('salt', '00'), ('epoch', '1'), ('created_on', '20000');
INSERT INTO division VALUES (500000000000, NULL, 'city', 'c'), (500101000000, 500000000000, 'district', 'd'),
    (500101001000, 500101000000, 'township', 't');
INSERT INTO household (id, household, division, township, status, register, tier, tier_source, approved_on,
    anchor_on) VALUES (1, 'old', 500101001000, 500101001000, 'register-only', 'exited', 'annual', 'given',
    20000, 20000);
SQL
    } | machine runuser -u reviewd -- sqlite3 /var/lib/reviewd/reviewd.db
}

@test "on a machine: install, start, call, reload, upgrade with a migration, remove, purge, install again" {
    ! machine_missing || skip "$(machine_missing)"
    machine_start "$BATS_TEST_TMPDIR/m"
    cp "$DEB" "$MACHINE_ROOT/tmp/reviewd.deb"
    machine dpkg $QUICK -i /tmp/reviewd.deb
    same active "$(status_of ActiveState)"
    [[ $(status_of StatusText) == "Answering: no run yet, next "* ]]
    for unit in reviewd.service reviewd.socket reviewd-check.timer; do
        same enabled "$(machine systemctl is-enabled "$unit")"
        same active "$(machine systemctl is-active "$unit")"
    done
    # The sandbox holds: no capability, a filter, nothing that can be executed but the programme.
    pid=$(status_of MainPID)
    grep -x "CapBnd:.0*" "$MACHINE_ROOT/proc/$pid/status"
    grep -x "Seccomp:.2" "$MACHINE_ROOT/proc/$pid/status"

    # On a day that stays the same from here on.
    mkdir -p "$MACHINE_ROOT/etc/systemd/system/reviewd.service.d"
    cat >"$MACHINE_ROOT/etc/systemd/system/reviewd.service.d/clock.conf" <<'END'
[Service]
ExecStart=
ExecStart=/usr/sbin/reviewd -f /etc/reviewd/reviewd.conf --manual-clock "2026-11-24 07:00"
END
    machine systemctl daemon-reload
    machine systemctl restart reviewd.service
    machine reviewctl import divisions /usr/share/reviewd/divisions/divisions-chongqing.csv
    printf 'household,division,tier,approved_on\na,500101144201,quarterly,2020-11-30\n' \
        >"$MACHINE_ROOT/tmp/h.csv"
    machine reviewctl import households /tmp/h.csv --history complete
    # A township's account, in its folder by the ACL that the service set in its sandbox.
    machine useradd office
    echo 'accounts = ( { user = "office"; role = "operator"; divisions = [ "500101144" ]; } );' \
        >>"$MACHINE_ROOT/etc/reviewd/reviewd.conf"
    machine systemctl reload reviewd
    machine reviewctl run
    new=/var/spool/reviewd/500101000000/500101144000/new
    machine runuser -u office -- grep -q 户号 "$new/2026-11-24-daily.csv"
    machine runuser -u office -- mv "$new/2026-11-24-daily.csv" "$new/fetched.csv"
    run ! machine runuser -u games -- ls $new
    same 1 "$(machine runuser -u office -- reviewctl --json late | jq '.items | length')"
    # A configuration with a fault: the reload fails and says which, the service goes on.
    echo 'nonsense = 1;' >>"$MACHINE_ROOT/etc/reviewd/reviewd.conf"
    run -1 machine systemctl reload reviewd
    same active "$(status_of ActiveState)"
    machine journalctl -u reviewd --no-pager | grep 'unknown key "nonsense"'
    sed -i '/nonsense/d' "$MACHINE_ROOT/etc/reviewd/reviewd.conf"

    # The rest of an administrator's first hour: a review, why it is due next, a copy, and the way back from
    # it, by the very lines of reviewd(8).
    task=$(machine reviewctl --json late | jq '.items[0].task')
    same true "$(machine reviewctl --json review "$task" --outcome continue --remark 入户核查 | jq '.missed | length >= 20')"
    machine reviewctl explain a | grep -q '二(四)3'
    machine mkdir -p /srv/backup
    machine reviewctl backup /srv/backup/FILE
    machine reviewctl report a illness --source 村委会
    sed -n '/^# systemctl stop reviewd.socket/,/^# reviewctl verify/s/^# //p' man/reviewd.8 >"$MACHINE_ROOT/tmp/restore"
    same 6 "$(wc -l <"$MACHINE_ROOT/tmp/restore")"
    machine bash -eux /tmp/restore
    same null "$(machine reviewctl --json household show a | jq .open_task)"
    machine reviewctl status | grep -qi 'backup'
    machine reviewctl report a illness --source 村委会
    [ "$(machine reviewctl --json due --within 60d | jq '.items[0].task')" -gt $((task + 1000)) ]

    # A spool on another disk, as the manual's example has it.
    mkdir -p "$MACHINE_ROOT/data"
    sed -n '/Not run here/,/^\.Ed/{ s/\\e/\\/g; s/^# //; /^\./!p }' man/reviewd.8 >"$MACHINE_ROOT/tmp/disk"
    same 6 "$(wc -l <"$MACHINE_ROOT/tmp/disk")"
    machine bash -eux /tmp/disk
    same active "$(status_of ActiveState)"
    machine test -d /data/spool/tmp

    # The check of the morning: a viewer that asks; what it finds is told.
    machine systemctl start reviewd-check.service
    machine systemctl stop reviewd.service reviewd.socket
    run ! machine systemctl start reviewd-check.service
    told() { machine journalctl --no-pager -t reviewd | grep -q 'event=unit-failed unit=reviewd-check.service: the check'; }
    wait_for told

    older_store
    newer
    machine dpkg $QUICK -i /tmp/newer.deb
    same active "$(status_of ActiveState)"
    same old "$(machine reviewctl --json household list | jq -r '.items[].household')"
    machine test -s /var/lib/reviewd/reviewd.db.before-v2
    grep -q office "$MACHINE_ROOT/etc/reviewd/reviewd.conf"

    machine dpkg $QUICK -r reviewd
    run ! machine systemctl is-active reviewd.service
    machine test -s /var/lib/reviewd/reviewd.db
    run -0 machine dpkg $QUICK -P reviewd
    [[ $output == *"/var/lib/reviewd stays: it holds the books"* ]]
    machine test ! -e /etc/reviewd
    machine test -s /var/lib/reviewd/reviewd.db
    machine dpkg $QUICK -i /tmp/newer.deb
    same old "$(machine reviewctl --json household list | jq -r '.items[].household')"
}

@test "on a machine: a service that fails is restarted, and one that cannot run is told of" {
    ! machine_missing || skip "$(machine_missing)"
    machine_start "$BATS_TEST_TMPDIR/m"
    cp "$DEB" "$MACHINE_ROOT/tmp/reviewd.deb"
    machine dpkg $QUICK -i /tmp/reviewd.deb
    pid=$(status_of MainPID)
    machine kill -KILL "$pid"
    again() { [ "$(status_of ActiveState)" = active ] && [ "$(status_of MainPID)" != "$pid" ]; }
    wait_for again
    # A first call starts what was stopped.
    machine systemctl stop reviewd.service
    same active "$(machine systemctl is-active reviewd.socket)"
    machine reviewctl status
    same active "$(status_of ActiveState)"
    # A spool elsewhere, as reviewd(8) shows it.
    mkdir -p "$MACHINE_ROOT/data" "$MACHINE_ROOT/etc/systemd/system/reviewd.service.d"
    machine install -d -o reviewd -g reviewd -m 0711 /data/spool
    printf '[Service]\nReadWritePaths=/data/spool\n' \
        >"$MACHINE_ROOT/etc/systemd/system/reviewd.service.d/spool.conf"
    echo 'spool = "/data/spool";' >>"$MACHINE_ROOT/etc/reviewd/reviewd.conf"
    machine systemctl daemon-reload
    machine systemctl restart reviewd.service
    machine test -d /data/spool/tmp
    # A configuration with a fault ends every start: after the tenth it is told.
    echo 'nonsense = 1;' >>"$MACHINE_ROOT/etc/reviewd/reviewd.conf"
    printf '[Service]\nRestartSec=10ms\n' >"$MACHINE_ROOT/etc/systemd/system/reviewd.service.d/test.conf"
    printf '#!/bin/sh\ncat >/var/lib/reviewd/mail\n' >"$MACHINE_ROOT/usr/sbin/sendmail"
    chmod +x "$MACHINE_ROOT/usr/sbin/sendmail"
    machine systemctl daemon-reload
    run ! machine systemctl restart reviewd.service
    told() {
        machine journalctl --no-pager -t reviewd | grep 'event=unit-failed unit=reviewd.service: the service does not run' &&
            grep -x 'To: root' "$MACHINE_ROOT/var/lib/reviewd/mail" &&
            grep 'unknown key "nonsense"' "$MACHINE_ROOT/var/lib/reviewd/mail"
    }
    wait_for told
}
