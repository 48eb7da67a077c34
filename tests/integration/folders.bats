#!/usr/bin/env bats
# Who reaches what in the spool: accounts that reviewd.conf binds to a division reach its folders by POSIX
# ACLs, and nobody else's. The accounts are those that every Debian has: bin and sys of 高笋塘街道, games of
# 太白街道 as a viewer, mail of the district above both. getfacl shows the rights without root; as root the
# accounts themselves try.

load ../lib/daemon

T1=500101000000/500101001000 T2=500101000000/500101017000

setup() {
    touch "$BATS_TEST_TMPDIR/probe"
    setfacl -m u:bin:r "$BATS_TEST_TMPDIR/probe" 2>/dev/null ||
        skip "the file system of $BATS_TEST_TMPDIR keeps no ACLs"
    daemon_new "$BATS_TEST_TMPDIR/d"
}

teardown() { daemon_stop; }

# accounts ENTRY…: the list in the configuration; an entry is USER:ROLE:DIVISION.
accounts() {
    local entry user role division list=
    for entry in "$@"; do
        IFS=: read -r user role division <<<"$entry"
        list+="${list:+, }{ user = \"$user\"; role = \"$role\"; divisions = [ \"$division\" ]; }"
    done
    sed -i '/^accounts/d' "$D/reviewd.conf"
    echo "accounts = ( $list );" >>"$D/reviewd.conf"
}

# A list for both townships on 2026-11-24: a household with a task in each.
run_day() {
    load_divisions
    { household a 2025-01-05; household b 2025-01-05 | sed 's/500101001001/500101017000/'; } |
        load_households
    ctl run >/dev/null
    ls "$D/spool/$T1/new"/*.csv "$D/spool/$T2/new"/*.csv
}

# acl PATH: the named users' rights, sorted, in one line: "bin:rwx sys:r-x".
acl() {
    getfacl -cp "$D/spool/$1" | sed -nE 's/^(default:)?user:([a-z]+):([rwx-]{3}).*/\1\2:\3/p' | sort |
        paste -sd' '
}

@test "an account gets the way, its folder and its files, and nobody gets another's" {
    accounts bin:operator:500101001 games:viewer:500101017 mail:operator:500101
    daemon_start
    run_day
    same "bin:--x games:--x mail:r-x" "$(acl 500101000000)"
    same "bin:r-x mail:r-x" "$(acl $T1)"
    same "bin:rwx mail:r-x" "$(acl $T1/new)"
    same "games:r-x mail:r-x" "$(acl $T2/new)"
    for f in csv html json; do
        same "bin:r-- mail:r--" "$(acl $T1/new/2026-11-24-daily.$f)"
        same "games:r-- mail:r--" "$(acl $T2/new/2026-11-24-daily.$f)"
    done
    same "" "$(acl tmp)"
    same 711 "$(stat -c %a "$D/spool")"
}

@test "without accounts no folder has an ACL, and others are kept out" {
    daemon_start
    run_day
    same "" "$(acl $T1/new)"
    same "750 750 640" "$(cd "$D/spool/$T1" && stat -c %a . new new/2026-11-24-daily.csv | paste -sd' ')"
}

@test "an account that is added or taken away is let in or out by a reload, and by a start" {
    accounts bin:operator:500101001
    daemon_start
    run_day
    accounts sys:operator:500101001 games:none:500101017
    ctl reload
    same "sys:--x" "$(acl 500101000000)"
    same "sys:r-x" "$(acl $T1)"
    same "sys:rwx" "$(acl $T1/new)"
    same "sys:r--" "$(acl $T1/new/2026-11-24-daily.csv)"
    same "" "$(acl $T2/new)"
    daemon_stop
    accounts bin:viewer:500101001 bin:operator:500101017
    daemon_start
    same "bin:r-x" "$(acl $T1/new)"
    same "bin:rwx" "$(acl $T2/new)"
    same "bin:r--" "$(acl $T1/new/2026-11-24-daily.csv)"
}

@test "what an administrator gave to a group stays" {
    accounts bin:operator:500101001
    daemon_start
    run_day
    setfacl -m g:mail:rx "$D/spool/$T1/new"
    accounts sys:operator:500101001
    ctl reload
    getfacl -cp "$D/spool/$T1/new" | grep -x group:mail:r-x
    same "sys:rwx" "$(acl $T1/new)"
}

@test "an account that the system does not know is a warning with file and key, and no fault" {
    accounts nobody-of-this-name:operator:500101001 bin:operator:500101001
    daemon_start
    grep "warning: event=account-unknown user=nobody-of-this-name: $D/reviewd.conf: accounts: " "$D/log"
    run_day
    same "bin:rwx" "$(acl $T1/new)"
}

@test "a folder that a township replaced by a link is not followed" {
    accounts bin:operator:500101001
    daemon_start
    run_day
    mkdir -m 700 "$D/elsewhere"
    rm -r "$D/spool/$T2/new"
    ln -s "$D/elsewhere" "$D/spool/$T2/new"
    ln -s "$D/reviewd.db" "$D/spool/$T1/new/x"
    accounts sys:operator:500101001 games:operator:500101017
    ctl reload
    same "" "$(getfacl -cp "$D/elsewhere" | grep games || true)"
    same "" "$(getfacl -cp "$D/reviewd.db" | grep sys || true)"
    same "sys:rwx" "$(acl $T1/new)"
}

@test "return/: its accounts put files there, which the service can read, and fetch what comes back" {
    accounts bin:operator:500101001 games:viewer:500101001
    daemon_start
    run_day
    mkdir -p "$D/spool/$T1/return/done"
    chmod 750 "$D/spool/$T1/return" "$D/spool/$T1/return/done"
    ctl reload
    local me
    me=$(id -un)
    same "$(printf '%s\n' bin:rwx games:r-x default:bin:r-x default:games:r-x "default:$me:rwx" | sort |
        paste -sd' ')" "$(acl $T1/return)"
    same "bin:r-x games:r-x" "$(acl $T1/return/done)"
    echo x >"$D/spool/$T1/return/filled.part"
    same "bin:r-x games:r-x $me:rwx" "$(acl $T1/return/filled.part)"
    accounts
    ctl reload
    same "" "$(acl $T1/return)"
}

@test "a file system without ACLs: one warning, and the lists come" {
    [ "$(id -u)" = 0 ] || skip "only root can mount such a file system"
    mkdir -p "$D/bin" "$D/spool"
    ln -s "$(realpath "$B")"/{reviewctl,rpc} "$D/bin/"
    printf '#!/bin/sh\nexec unshare -m sh -c "mount -t ramfs none %s && exec %s \\"\\$@\\"" sh "$@"\n' \
        "$D/spool" "$(realpath "$B")/reviewd" >"$D/bin/reviewd"
    chmod +x "$D/bin/reviewd"
    B=$D/bin
    accounts bin:operator:500101001 sys:operator:500101017
    daemon_start
    load_divisions
    { household a 2025-01-05; household b 2025-01-05 | sed 's/500101001001/500101017000/'; } |
        load_households
    ctl run >/dev/null
    ls "/proc/$(<"$D/pid")/root$D/spool/$T1/new/2026-11-24-daily.csv"
    same 1 "$(grep -c 'warning: event=spool-acl: spool .* keeps no ACLs' "$D/log")"
}

@test "the accounts themselves: fetch one's own list, and see no other" {
    [ "$(id -u)" = 0 ] || skip "only root can become another account"
    accounts bin:operator:500101001 games:viewer:500101017
    daemon_start
    run_day
    # bats' folders are root's alone: the accounts come in by a way of their own.
    local way
    way=$(mktemp -d)
    chmod 711 "$way"
    mkdir "$way/spool"
    run -0 unshare -m bash -c '
        set -eu
        mount --bind "$1/spool" "$2/spool"
        cd "$2/spool"
        as() { user=$1; shift; setpriv --reuid="$user" --regid="$(id -g "$user")" --clear-groups "$@"; }
        not() { if as "$@" 2>/dev/null; then echo "should have failed: $*"; exit 1; fi; }
        as bin grep -q 户号 '$T1'/new/2026-11-24-daily.csv
        as bin mv '$T1'/new/2026-11-24-daily.csv '$T1'/new/fetched.csv
        as bin rm '$T1'/new/2026-11-24-daily.html
        not bin sh -c "echo x >>$3" _
        not bin ls .
        not bin ls 500101000000
        not bin ls '$T2'/new
        not bin cat '$T2'/new/2026-11-24-daily.csv
        as games cat '$T2'/new/2026-11-24-daily.csv >/dev/null
        not games rm -f '$T2'/new/2026-11-24-daily.csv
        not sys ls '$T1'
    ' _ "$D" "$way" "$T1/new/2026-11-24-daily.json"
    rm -r "$way"
}
