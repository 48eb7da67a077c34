#!/usr/bin/env bats
# The units are good and closed, and the service says what systemd wants to hear. No systemd runs here: the
# units are looked at by systemd-analyze, the notify socket is heard by build/notified.

load ../lib/daemon

setup() {
    B=$(realpath "$B")
    D=$BATS_TEST_TMPDIR/d
}

teardown() {
    daemon_stop
    [ -z "${LISTENER:-}" ] || kill "$LISTENER"
}

# The installed tree, with units that name what is in it.
install_tree() {
    T=$BATS_TEST_TMPDIR/t
    make -s install B="$B" PREFIX="$T/usr" SYSCONFDIR="$T/etc" >/dev/null
    U=$T/usr/lib/systemd/system
}

# Hears the notify socket: the lines come into $D/heard.
listen() {
    export NOTIFY_SOCKET=$D/notify
    "$B/notified" "$NOTIFY_SOCKET" >"$D/heard" 3>&- &
    LISTENER=$!
    wait_for grep -q listening "$D/heard"
}

heard() { grep -q -- "$1" "$D/heard"; }

@test "systemd-analyze verify finds nothing in the units, and every programme that they name is there" {
    install_tree
    run -0 systemd-analyze verify --man=no "$U"/reviewd*
    same "" "$output"
    # It does not look into timers and failures: what they start is among the units.
    for unit in reviewd.service reviewd-check.service; do
        grep -qx 'OnFailure=reviewd-failure@%n.service' "$U/$unit"
    done
    [ -x "$(sed -n 's/^ExecStart=\([^ ]*\).*/\1/p' "$U/reviewd-failure@.service")" ]
}

@test "what is left open of the sandbox is 0.8 of 10 at most, for the service and the check" {
    for unit in reviewd reviewd-check; do
        run -0 systemd-analyze security --offline=true --threshold=8 systemd/$unit.service
    done
}

@test "the check is at eight in Chongqing, whatever the machine's time zone is" {
    at=$(sed -n 's/^OnCalendar=//p' systemd/reviewd-check.timer)
    run -0 env TZ=UTC systemd-analyze calendar --base-time="2026-11-24 00:00:00" "$at"
    grep -q "Next elapse: .* 00:00:00 UTC" <<<"$output"
}

@test "a day's system calls are all among those that the unit allows" {
    command -v strace >/dev/null || skip "strace is not installed"
    ! grep -q __asan_init "$B/reviewd" || skip "the sanitizers call what the service does not"
    daemon_new "$D"
    listen
    mkdir "$D/bin"
    ln -s "$B"/{reviewctl,rpc} "$D/bin/"
    printf '#!/bin/sh\nexec strace -qq -f -c -S name -o %s %s "$@"\n' "$D/calls" "$B/reviewd" >"$D/bin/reviewd"
    chmod +x "$D/bin/reviewd"
    local real=$B
    B=$D/bin
    echo 'accounts = ( { user = "bin"; role = "operator"; divisions = [ "500101001" ]; } );' >>"$D/reviewd.conf"
    WATCHDOG_USEC=300000 daemon_start
    load_divisions
    household a 2025-01-05 | load_households
    ctl run >/dev/null
    ctl review 1 --outcome continue >/dev/null
    ctl clock advance 3d >/dev/null
    ctl verify >/dev/null
    ctl reload >/dev/null
    wait_for heard WATCHDOG=1
    # strace hands the signal on.
    pkill -TERM -P "$(<"$D/pid")"
    wait_for gone
    B=$real
    # As root SQLite gives a new file to the folder's owner; the service is no root.
    awk '$1 ~ /^[0-9.]+$/ && $NF != "total" { print $NF }' "$D/calls" | grep -vx fchown | sort -u >"$D/called"
    [ "$(wc -l <"$D/called")" -ge 40 ]
    members() {
        systemd-analyze syscall-filter "$1" | sed -n 's/^    \([@a-z_0-9-]*\).*/\1/p' | while read -r name; do
            if [[ $name == @* ]]; then members "$name"; else echo "$name"; fi
        done
    }
    filters=$(sed -n 's/^SystemCallFilter=//p' systemd/reviewd.service)
    for set in $(grep -v '^~' <<<"$filters"); do members "$set"; done | sort -u >"$D/allowed"
    for set in $(sed -n 's/^~//p' <<<"$filters"); do members "$set"; done | sort -u >"$D/taken"
    [ "$(wc -l <"$D/allowed")" -ge 200 ] && [ "$(wc -l <"$D/taken")" -ge 40 ] || false
    comm -23 "$D/allowed" "$D/taken" >"$D/left"
    same "" "$(comm -23 "$D/called" "$D/left")"
}

@test "the service says when it is ready, what it does, that it lives, reloads and stops" {
    daemon_new "$D"
    listen
    WATCHDOG_USEC=300000 daemon_start "2026-11-24 07:00"
    wait_for heard '^READY=1'
    heard '^STATUS=Answering: no run yet, next 2026-11-24 07:30; 0 open, 0 of them late$'
    load_divisions
    household a 2025-01-05 | load_households
    ctl clock set 2026-11-24T08:00 >/dev/null
    wait_for heard '^STATUS=Answering: last run 2026-11-24, next 2026-11-25 07:30; 1 open, 1 of them late$'
    wait_for heard '^WATCHDOG=1'
    kill -HUP "$(<"$D/pid")"
    wait_for heard '^RELOADING=1'
    heard '^MONOTONIC_USEC=[0-9]'
    ready_twice() { [ "$(grep -c '^READY=1' "$D/heard")" = 2 ]; }
    wait_for ready_twice
    daemon_stop
    heard '^STOPPING=1'
}

@test "while a store is copied and migrated, the start is extended" {
    daemon_new "$D"
    {
        cat daemon/store/schema-1.sql
        echo "PRAGMA user_version = 1; INSERT INTO meta VALUES ('salt', '00'), ('epoch', '1'),
              ('created_on', '20000');"
    } | sqlite3 "$D/reviewd.db"
    listen
    daemon_start
    wait_for heard '^READY=1'
    sed '/^READY=1/,$d' "$D/heard" >"$D/before"
    for doing in 'copying the store' 'migrating the store' 'taking up the calendars'; do
        grep -A1 -x EXTEND_TIMEOUT_USEC=300000000 "$D/before" | grep "^STATUS=Starting: $doing"
    done
    [ -s "$D/reviewd.db.before-v2" ]
}

@test "a socket that systemd made is taken over, and the first call starts the service" {
    daemon_new "$D"
    systemd-socket-activate -l "$D/s" -E PATH -E ASAN_OPTIONS "$B/reviewd" -f "$D/reviewd.conf" \
        --manual-clock "2026-11-24 07:00" 2>>"$D/log" >/dev/null 3>&- &
    echo $! >"$D/pid"
    wait_for test -S "$D/s"
    run -0 ctl status
    [[ $output == *2026-11-24T07:00* ]]
    daemon_stop
    # The socket is systemd's: it stays.
    [ -S "$D/s" ]
}
