#!/usr/bin/env bats
# A copy of the store, and the way back from it: no number that the lost future can have printed is
# given again (contract.md 5 `backup`, 6; reviewd(8), Backup and restore).

load ../lib/daemon

setup() {
    T=$BATS_TEST_TMPDIR
    daemon_new "$T/d"
    daemon_start "2026-11-24 07:00"
    load_divisions
    { household A 2026-08-25; household B 2026-08-31; household C 2025-01-31; } | load_households
}

teardown() {
    daemon_stop
}

# FILE [DATETIME]: the service goes down, the file takes the store's place, the service starts.
# What the operator does by reviewd(8).
restore() {
    daemon_stop
    mv "$D/reviewd.db" "$D/reviewd.db.lost"
    cp "$1" "$D/reviewd.db"
    daemon_start "${2:-2026-11-24 09:00}"
}

whole() {
    run -0 ctl verify
    run -0 ctl audit verify
    same ok "$(sql "PRAGMA integrity_check")"
    same "" "$(sql "PRAGMA foreign_key_check")"
}

@test "backup: a whole store in one private file, its hash, its moment; and it is on record (5)" {
    ctl run >/dev/null
    head=$(head_of)
    run -0 --separate-stderr json backup "$T/b.db"
    same "$(sha256sum "$T/b.db" | cut -d' ' -f1)" "$(field sha256 "$output")"
    same "$(stat -c %s "$T/b.db")" "$(field bytes "$output")"
    same 600 "$(stat -c %a "$T/b.db")"
    same "$head 3 2026-11-24T07:00:00+08:00" \
        "$(field audit_head "$output") $(field households "$output") $(field taken_at "$output")"
    same "$(sqlite3 "$T/b.db" "SELECT max(seq) FROM audit")" "$(field seq "$output")"
    same ok "$(sqlite3 "$T/b.db" "PRAGMA integrity_check")"
    same "" "$(ls "$T" | grep -E 'part|wal|shm')"
    same "" "$(ls "$D/staging")"
    # The copy is marked, the store is not; the store remembers when.
    same 2026-11-24T07:00:00+08:00 "$(sqlite3 "$T/b.db" "SELECT value FROM meta WHERE name = 'backup'")"
    same "" "$(sql "SELECT value FROM meta WHERE name = 'backup'")"
    same 2026-11-24T07:00:00+08:00 "$(sql "SELECT value FROM meta WHERE name = 'backup_at'")"
    same "$(field sha256 "$output")" "$(json audit --all | jq -rs '[.[].items[]] | last | select(.action == "backup") | .after.sha256')"
    run -0 ctl backup "$T/c.db"
    [[ $output == *"as of "*"2026-11-24"*"SHA-256"* ]]
}

@test "backup: a file that is there stays, unless --force says so; a folder that is not (5)" {
    echo precious >"$T/b.db"
    run -1 --separate-stderr ctl backup "$T/b.db"
    [[ $stderr == *"is there already"*--force* ]]
    same precious "$(cat "$T/b.db")"
    run -0 ctl backup "$T/b.db" --force
    same ok "$(sqlite3 "$T/b.db" "PRAGMA integrity_check")"
    run -1 ctl backup "$T/none/b.db"
    run -2 ctl backup
    # Where no daemon is nothing is left behind.
    run -3 ctl --socket "$T/nobody" backup "$T/n.db"
    same "" "$(ls "$T" | grep -E '^n')"
}

# A call with the writing end of a pipe that nobody reads, until $! is killed.
unread() {
    printf '{"jsonrpc":"2.0","id":1,"method":"backup","params":{"file":{"fd":0}}}\n' |
        "$B/rpc" --pipe "$D/s" >"$T/unread" 2>/dev/null 3>&- &
}

sending() {
    [ -e "$D/staging/backup.db" ] && [ ! -e "$D/staging/backup.db-journal" ] || false
}

@test "backup: nobody reads the pipe, and the service answers, changes and runs all the same (6)" {
    unread
    wait_for sending
    ctl status >/dev/null
    ctl household move A 500101001002 >/dev/null
    { household D 2026-08-31; } | load_households
    same 2026-11-24 "$(json run | field date)"
    # One at a time.
    refused busy backup "$T/b.db"
    [[ $output == *"under way"* ]]
    kill $!
    empty() { [ -z "$(ls "$D/staging")" ]; }
    wait_for empty
    # Whose reader went is not a good backup.
    same "" "$(sql "SELECT value FROM meta WHERE name = 'backup_at'")"
    run -0 ctl backup "$T/b.db"
}

@test "backup: a stop in the middle ends it, and leaves nothing (6)" {
    unread
    wait_for sending
    daemon_stop
    same "" "$(ls "$D/staging")"
    daemon_start
    whole
}

@test "backup: into a pipe or unsealed memory, nothing else; for admins who are not bound (5)" {
    call='{"jsonrpc":"2.0","id":1,"method":"backup","params":{"file":{"fd":0}}}'
    same "-32000 bad-argument" "$(echo "$call" | raw --file "$DIVISIONS" | jq -r '"\(.error.code) \(.error.data.reason)"')"
    same "-32000 bad-argument" "$(echo "$call" | raw | jq -r '"\(.error.code) \(.error.data.reason)"')"
}

@test "backup: what is damaged is no backup (6)" {
    daemon_stop
    page=$(sqlite3 "$D/reviewd.db" "SELECT rootpage FROM sqlite_schema WHERE name = 'report_task'")
    [ "$page" -gt 1 ]
    dd if=/dev/urandom of="$D/reviewd.db" bs=4096 seek=$((page - 1)) count=1 conv=notrunc status=none
    daemon_start
    refused storage backup "$T/b.db"
    [[ $output == *damaged* ]]
    same "" "$(ls "$D/staging")$(ls "$T" | grep '^b')"
}

@test "restore: a new epoch, numbers beyond, the lost future's heads unknown, and work goes on (6)" {
    ctl run >/dev/null
    known=$(head_of)
    ctl backup "$T/b.db" >/dev/null
    last=$(sql "SELECT max(task) FROM task")
    # What will be lost: a review and what follows, a report, a day.
    ctl review "$(task_of A)" --outcome continue >/dev/null
    ctl report B illness --source 村干部 >/dev/null
    ctl clock set "2026-11-25 08:00" >/dev/null
    lost=$(head_of) lost_task=$(sql "SELECT max(task) FROM task") lost_message=$(sql "SELECT max(seq) FROM message")
    [ "$lost_task" -gt "$last" ]
    restore "$T/b.db" "2026-11-25 09:00"
    same "2 2026-11-25T09:00:00+08:00 2026-11-24T07:00:00+08:00 $((last + 1))" \
        "$(sql -separator ' ' "SELECT epoch, at, backed_up, task_from FROM restored")"
    same 2 "$(sql "SELECT value FROM meta WHERE name = 'epoch'")"
    same "" "$(sql "SELECT value FROM meta WHERE name = 'backup'")"
    same 2026-11-24T07:00:00+08:00 "$(sql "SELECT value FROM meta WHERE name = 'backup_at'")"
    same restore "$(json audit --all | jq -rs "[.[].items[] | select(.action == \"restore\")][0].action")"
    json status | jq -e '.warnings | map(select(test("restored on 2026-11-25"))) | length == 1'
    grep -q "event=restore backed_up=2026-11-24T07:00:00+08:00 epoch=2" "$D/log"
    run -0 ctl audit verify --head "$known"
    run -1 --separate-stderr json audit verify --head "$lost"
    same "true false" "$(field ok "$output") $(field head_found "$output")"
    # The numbers that follow are nobody's.
    same open "$(json task show "$(task_of A)" | field state)"
    until=$(sql "SELECT task_until FROM restored")
    [ "$until" -gt $((lost_task + 1000000)) ]
    same "$until" "$(json report B illness --source 村干部 | field task)"
    same 2026-11-25 "$(json run | field date)"
    same "$lost_message" "$(sql "SELECT CASE WHEN min(seq) > $lost_message + 1000000 THEN $lost_message END FROM message WHERE epoch = 2")"
    same 0 "$(json queue show 500101001 --all | jq -s "[.[].items[] | select(.id == \"1-$lost_message\")] | length")"
    # Once, not at every start.
    daemon_stop
    daemon_start "2026-11-25 10:00"
    same 1 "$(sql "SELECT count(*) FROM restored")"
    whole
    daemon_stop
    daemon_start "2026-12-26 07:00"
    json status | jq -e '.warnings | map(select(test("restored"))) | length == 0'
}

@test "restore: the same backup a second time goes on beyond the first (6)" {
    ctl backup "$T/b.db" >/dev/null
    restore "$T/b.db" "2026-11-24 09:00"
    ctl run >/dev/null
    first=$(json report B illness --source 村干部 | field task)
    restore "$T/b.db" "2026-11-24 09:10"
    second=$(json report B illness --source 村干部 | field task)
    [ "$second" -gt $((first + 100000)) ]
    same "$(sql "SELECT task_until FROM restored")" "$second"
    whole
}

@test "restore: the day's list comes again under its name, once, with the numbers that stand (4, 6)" {
    ctl backup "$T/b.db" >/dev/null
    ctl run >/dev/null
    ctl report B illness --source 村干部 >/dev/null
    new=$D/spool/500101000000/500101001000/new
    grep -q '"id": *"1-' "$new/2026-11-24-daily.json"
    restore "$T/b.db"
    same 2026-11-24 "$(json run | field date)"
    same "2026-11-24-daily.csv 2026-11-24-daily.html 2026-11-24-daily.json" "$(ls "$new" | tr '\n' ' ' | sed 's/ $//')"
    grep -q '"id": *"2-' "$new/2026-11-24-daily.json"
    same "" "$(ls "$D/spool/tmp")"
    whole
}

@test "restore: the WAL of the store that was there is put aside, not written into the backup (6)" {
    ctl backup "$T/b.db" >/dev/null
    ctl run >/dev/null
    daemon_kill
    [ -s "$D/reviewd.db-wal" ]
    cp "$T/b.db" "$D/reviewd.db"
    chmod 644 "$D/reviewd.db"
    daemon_start
    [ -s "$D/reviewd.db-wal.lost" ]
    grep -q "belongs to another store" "$D/log"
    same 600 "$(stat -c %a "$D/reviewd.db")"
    same 2 "$(sql "SELECT epoch FROM restored")"
    same null "$(json status | jq -r .last_run)"
    whole
    # A store's own is its own.
    ctl run >/dev/null
    daemon_kill
    daemon_start
    same 2026-11-24 "$(json status | field last_run)"
}
