#!/usr/bin/env bats
# What can befall the store while the service runs: another programme holds it, its file goes, the disk is full,
# a row is damaged; and what would put an empty or another store in its place (contract.md section 6).

load ../lib/daemon

setup() {
    T=$BATS_TEST_TMPDIR
    daemon_new "$T/d"
    daemon_start
    load_divisions
    { household A 2026-08-21; household B 2026-08-31; } | load_households
}

teardown() {
    [ -z "$holder" ] || kill "$holder" 2>/dev/null || true
    daemon_stop
}

alive() { kill -0 "$(<"$D/pid")"; }
alarms() { json status | jq -r '.alarms[]'; }

# hold STATEMENTS SECONDS: another programme has the store open for so long.
hold() {
    { echo "$1"; sleep "$2"; } | sqlite3 "$D/reviewd.db" >/dev/null 3>&- &
    holder=$!
    sleep 0.5
}

@test "another programme holds the store for a moment: a change waits for it" {
    hold "BEGIN IMMEDIATE;" 2
    run -0 ctl household tier A annual --reason x
    grep -q "event=store-busy" "$D/log"
    same annual "$(get A .tier)"
    same "" "$(alarms)"
}

@test "it holds it for longer: the change is refused with busy, the service stays, an alarm stands until a change goes through" {
    hold "BEGIN; UPDATE meta SET value = value;" 30
    run -1 ctl household tier A annual --reason x
    [[ $output == *"held by another programme"*"reason: busy"* ]]
    alive
    [[ $(alarms) == *"the store refused the last change"*"held by another programme"* ]]
    run -1 ctl status --check
    kill $(pgrep -P $holder) "$holder" 2>/dev/null || true
    wait_for sqlite3 "$D/reviewd.db" "PRAGMA busy_timeout = 100; BEGIN IMMEDIATE; ROLLBACK"
    run -0 ctl household tier A annual --reason x
    same annual "$(get A .tier)"
    same "" "$(alarms)"
    run -0 ctl verify
}

@test "the file removed or replaced: changes are refused with storage until it is back; queries go on" {
    mv "$D/reviewd.db" "$T/away"
    run -1 ctl household tier A annual --reason x
    [[ $output == *"removed or replaced"*"reason: storage"* ]]
    cp "$T/away" "$D/reviewd.db"
    run -1 ctl household tier A annual --reason x
    [[ $output == *"removed or replaced"* ]]
    alive
    same quarterly "$(get A .tier)"
    [[ $(alarms) == *"removed or replaced"* ]]
    mv "$T/away" "$D/reviewd.db"
    run -0 ctl household tier A annual --reason x
    same annual "$(get A .tier)"
    same "" "$(alarms)"
}

@test "no store beside what one leaves: no start, and no file made; with --new-store one is made" {
    daemon_stop
    mv "$D/reviewd.db" "$T/away"
    run -1 timeout 20 "$B/reviewd" -f "$D/reviewd.conf" --manual-clock "2026-11-24 07:00"
    [[ $output == *"staging shows that a store was"*"--new-store"* ]]
    [ ! -e "$D/reviewd.db" ]
    rm -r "$D/staging"
    mkdir -p "$D/spool/500101000000/500101001000/new"
    touch "$D/spool/500101000000/500101001000/new/2026-11-24-daily.csv" "$D/reviewd.db-wal"
    run -1 timeout 20 "$B/reviewd" -f "$D/reviewd.conf" --manual-clock "2026-11-24 07:00"
    [[ $output == *"reviewd.db-wal shows"* ]]
    rm "$D/reviewd.db-wal"
    run -1 timeout 20 "$B/reviewd" -f "$D/reviewd.conf" --manual-clock "2026-11-24 07:00"
    [[ $output == *"spool shows"* ]]
    "$B/reviewd" -f "$D/reviewd.conf" --manual-clock "2026-11-24 07:00" --new-store 2>>"$D/log" >/dev/null 3>&- &
    echo $! >"$D/pid"
    wait_for answers
    same 0 "$(json status | jq .counts.households)"
}

@test "a second daemon is kept off the same file, by whatever name it comes" {
    mkdir "$T/other"
    sed "s#\"reviewd.db\"#\"$T/other/link.db\"#; s#\"s\"#\"$T/other/s\"#" "$D/reviewd.conf" >"$D/second.conf"
    for link in -s ""; do
        ln -f $link "$D/reviewd.db" "$T/other/link.db"
        run -1 timeout 20 "$B/reviewd" -f "$D/second.conf" --manual-clock "2026-11-24 07:00"
        [[ $output == *"another reviewd has this store open"* ]]
    done
    run -0 ctl household tier A annual --reason x
}

@test "a backup onto what is the service's own is refused, also with --force" {
    ln "$D/reviewd.db" "$T/hard.db"
    ln -s "$D/reviewd.db" "$T/soft.db"
    mkdir -p "$D/spool/x"
    for to in "$D/reviewd.db" "$D/reviewd.db-wal" "$D/staging/b.db" "$D/spool/x/b.db" "$D/reviewd.conf" \
        "$D/policy/b.cfg" "$D/calendar/2027.csv" "$T/hard.db" "$T/soft.db"; do
        before=$(cat "$to" 2>/dev/null | sha256sum)
        run -1 ctl backup "$to" --force
        [[ $output == *"belongs to the service itself"* ]]
        [[ $to == *.db || $to == *-wal ]] || same "$before" "$(cat "$to" 2>/dev/null | sha256sum)"
    done
    run -0 ctl backup "$T/b.db"
    run -0 ctl verify
}

@test "a full disk refuses a change with storage and no more: the service stays, alarms, and goes on when there is room" {
    command -v prlimit >/dev/null || skip "prlimit is not there"
    daemon_stop
    trap '' XFSZ
    daemon_start
    trap - XFSZ
    prlimit --pid "$(<"$D/pid")" --fsize=1000:unlimited
    run -1 ctl household tier A annual --reason x
    [[ $output == *"reason: storage"* ]]
    run -1 ctl household tier A annual --reason x
    alive
    same quarterly "$(get A .tier)"
    [[ $(alarms) == *"the store refused the last change"* ]]
    prlimit --pid "$(<"$D/pid")" --fsize=unlimited:unlimited
    run -0 ctl household tier A annual --reason x
    same annual "$(get A .tier)"
    same "" "$(alarms)"
    run -0 ctl verify
}

@test "a damaged row is storage and names table, row and column; the rest is served" {
    daemon_stop
    sql "PRAGMA ignore_check_constraints = ON; DROP TRIGGER audit_keeps_text;
         UPDATE cycle SET step = 2000000000 WHERE household_id = 1;
         UPDATE household SET tier = 'weekly' WHERE id = 2;
         UPDATE audit SET hash = x'00' WHERE seq = 3"
    daemon_start
    run -1 ctl household show A
    [[ $output == *"damaged row in cycle, cycle 1: step is out of range"*"reason: storage"* ]]
    run -1 ctl household show B
    [[ $output == *"damaged row in household, id 2: tier is no word that it can be"* ]]
    run -1 ctl audit verify
    [[ $output == *"damaged row in audit, seq 3: hash is no hash of 32 bytes"* ]]
    run -0 ctl status
    alive
}
