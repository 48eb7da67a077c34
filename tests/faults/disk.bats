#!/usr/bin/env bats
# A full disk: what was acknowledged stays, the command is refused with `storage`, and once there is
# room again all goes on to the same end (contract.md section 6).
#
# Without root a disk cannot be filled; a limit on the size of the daemon's files (RLIMIT_FSIZE, with
# SIGXFSZ ignored, as a write that fails) stands for it, and can be taken away while the daemon lives.
# The spool's files are smaller than the store: that they fail is tested in tests/unit/test_spool.c.

bats_require_minimum_version 1.5.0
load ../lib/house.bash

DAY=2026-11-24

setup_file() {
    house_room
    "$B/households" "$DIVISIONS" "$D/data" 2000 7 $DAY
    house "$D/base"
    calmly "$D/base" $DAY import divisions "$DIVISIONS"
    house_like "$D/base" "$D/imported"
    calmly "$D/imported" $DAY import households "$D/data/households.csv" --history complete
    house_like "$D/imported" "$D/ran"
    calmly "$D/ran" $DAY run
}

teardown_file() {
    house_room_clear
}

setup() {
    command -v prlimit >/dev/null || skip "prlimit is not there"
}

room() {
    prlimit --pid "$daemon" --fsize="$1":unlimited
}

# folder day: a daemon that is told of a full disk instead of being ended by it.
start_careful() {
    trap '' XFSZ
    start "$1" "$2"
    trap - XFSZ
    ready "$1"
}

refused_with_storage() {
    ! ctl "$@" >"$1/answer" 2>"$1/why" || false
    grep -q "reason: storage" "$1/why" || { cat "$1/why"; return 1; }
}

# Queries are answered all the same.
answers() {
    ctl "$1" status >"$1/answer"
}

@test "no room for the file itself: refused, nothing changed" {
    house_like "$D/base" "$D/a"
    start_careful "$D/a" $DAY
    room 100000
    refused_with_storage "$D/a" import households "$D/data/households.csv" --history complete
    answers "$D/a"
    jq -e .counts.households==0 "$D/a/answer"
    room unlimited
    ctl "$D/a" import households "$D/data/households.csv" --history complete >"$D/a/answer"
    jq -e .added==2000 "$D/a/answer"
    stop
    same "$D/imported" "$D/a"
}

@test "the disk fills while an accepted import is applied: it completes once there is room" {
    house_like "$D/base" "$D/b"
    start_careful "$D/b" $DAY
    room 600000
    refused_with_storage "$D/b" import households "$D/data/households.csv" --history complete
    answers "$D/b"
    # Another import does not get in its way.
    ! ctl "$D/b" import members "$D/data/members.csv" 2>"$D/b/why" || false
    # The daemon may have ended by itself.
    kill "$daemon" 2>/dev/null || true
    wait "$daemon" || true
    calmly "$D/b" $DAY import households "$D/data/households.csv" --history complete
    jq -e '.added == 0 and .unchanged == 2000' "$D/b/answer"
    same "$D/imported" "$D/b"
}

@test "the same, and it completes by itself: at a reload, or within a minute" {
    house_like "$D/base" "$D/e"
    start_careful "$D/e" $DAY
    room 600000
    refused_with_storage "$D/e" import households "$D/data/households.csv" --history complete
    if kill -0 "$daemon" 2>/dev/null && ! ctl "$D/e" import members "$D/data/members.csv" 2>"$D/e/why" &&
        grep -q "reason: busy" "$D/e/why"; then
        room unlimited
        ctl "$D/e" reload
        for ((i = 0; i < 1000; i++)); do
            [ "$(sqlite3 "$D/e/reviewd.db" "SELECT state FROM import WHERE kind = 'households'")" = done ] && break
            sleep 0.02
        done
        ctl "$D/e" import households "$D/data/households.csv" --history complete >"$D/e/answer"
        jq -e '.added == 0 and .unchanged == 2000' "$D/e/answer"
        ctl "$D/e" status --check
        stop
        sound "$D/e" $DAY
    else
        skip "this machine met its limit at another place"
    fi
}

@test "the disk fills in the daily run: the same command goes on where it was" {
    house_like "$D/imported" "$D/c"
    start_careful "$D/c" $DAY
    room 60000
    refused_with_storage "$D/c" run
    refused_with_storage "$D/c" run
    answers "$D/c"
    room unlimited
    ctl "$D/c" run >"$D/c/answer"
    jq -e '.already == false and .lists > 0 and .caught_up == []' "$D/c/answer"
    ctl "$D/c" run >"$D/c/answer"
    jq -e .already "$D/c/answer"
    stop
    same "$D/ran" "$D/c"
}

@test "a run that the disk stopped yesterday goes on today, and its day is told as caught up" {
    house_like "$D/imported" "$D/d"
    start_careful "$D/d" $DAY
    room 60000
    refused_with_storage "$D/d" clock set "2026-11-24 08:00"
    room unlimited
    ctl "$D/d" clock set "2026-11-25 09:00" >"$D/d/answer"
    jq -e '.runs == ["2026-11-25"]' "$D/d/answer"
    stop
    [ "$(sqlite3 "$D/d/reviewd.db" "SELECT group_concat(state) FROM run")" = done,done ]
    [ -e "$(find "$D/d/spool" -name '2026-11-24-daily.csv' | head -1)" ]
    sound "$D/d" 2026-11-26
}

@test "the disk fills while divisions are joined: it completes by itself once there is room" {
    local few=tests/data/divisions.csv joined="SELECT count(*) FROM household WHERE township = 500101001000"
    mkdir "$D/few"
    "$B/households" $few "$D/few" 2000 7 $DAY
    house "$D/g"
    calmly "$D/g" $DAY import divisions $few
    calmly "$D/g" $DAY import households "$D/few/households.csv" --history complete
    start_careful "$D/g" $DAY
    room 200000
    refused_with_storage "$D/g" division merge --yes 500101001 500101017
    grep -q "500101001000 is half joined" "$D/g/why"
    answers "$D/g"
    [ "$(sqlite3 "$D/g/reviewd.db" "$joined")" -gt 0 ]
    # Nothing else is joined meanwhile.
    ! ctl "$D/g" division merge --yes 500102006 500102007 2>"$D/g/why" || false
    grep -q "reason: busy" "$D/g/why"
    room unlimited
    ctl "$D/g" reload
    for ((i = 0; i < 1000; i++)); do
        [ "$(sqlite3 "$D/g/reviewd.db" "$joined")" = 0 ] && break
        sleep 0.02
    done
    ctl "$D/g" division merge --yes 500102006 500102007 >"$D/g/answer"
    jq -e '.households > 100' "$D/g/answer"
    stop
    sound "$D/g" $DAY
}

@test "no room for a backup: refused, nothing left, the service goes on" {
    house_like "$D/imported" "$D/e"
    start_careful "$D/e" $DAY
    room 600000
    refused_with_storage "$D/e" backup "$D/e/b.db"
    [ -z "$(ls "$D/e/staging")" ]
    [ ! -e "$D/e/b.db" ] && [ ! -e "$D/e/b.db.part" ] || false
    answers "$D/e"
    room unlimited
    ctl "$D/e" backup "$D/e/b.db" >"$D/e/answer"
    [ "$(sqlite3 "$D/e/b.db" "PRAGMA integrity_check")" = ok ]
    stop
    sound "$D/e" $DAY
}

@test "a backup asks for room before it begins, and leaves reviews theirs" {
    unshare -rm mount -t tmpfs -o size=16m t /mnt 2>/dev/null || skip "no file system of one's own here"
    house_like "$D/imported" "$D/f"
    mkdir "$D/f/small"
    sed -i 's#"reviewd.db"#"small/reviewd.db"#' "$D/f/reviewd.conf"
    start() { # the file system is its own, the socket is not
        unshare -rm sh -c 'mount -t tmpfs -o size=16m t "$1/small" && cp "$1/reviewd.db" "$1/small/" &&
            exec "$2/reviewd" -f "$1/reviewd.conf" --manual-clock "$3 07:00"' sh "$1" "$B" "$2" \
            >>"$1/log" 2>&1 </dev/null 3>&- &
        daemon=$!
        echo $daemon >>"$D/daemons"
    }
    start "$D/f" $DAY
    ready "$D/f"
    refused_with_storage "$D/f" backup "$D/f/b.db"
    grep -q "a copy needs [0-9]* MiB in .*small/staging/, where 1[0-9] are free" "$D/f/why"
    answers "$D/f"
    ctl "$D/f" run >"$D/f/answer"
    stop
}
