#!/usr/bin/env bats
# kill -9 at random moments of imports and daily runs, and at each named point: at the end the same
# store and the same files as an undisturbed one, byte for byte (contract.md sections 4 and 6).
#
# SEED=n repeats the moments of a run, as far as the machine's own pace allows; KILLS=n asks for more.

bats_require_minimum_version 1.5.0

HOUSEHOLDS=3000
FIRST_DAY=2026-11-24
load ../lib/house.bash

setup_file() {
    house_room
    "$B/households" "$DIVISIONS" "$D/data" $HOUSEHOLDS 7 $FIRST_DAY
    # One store for all, so that the salt of the digests is the same.
    house "$D/base"
    calmly "$D/base" $FIRST_DAY import divisions "$DIVISIONS"
    house_like "$D/base" "$D/imported"
    calmly "$D/imported" $FIRST_DAY import households "$D/data/households.csv" --history complete
    calmly "$D/imported" $FIRST_DAY import members "$D/data/members.csv"
}

teardown_file() {
    house_room_clear
}

# ---- random moments ------------------------------------------------------------------------------

now_ms() {
    local t=${EPOCHREALTIME/./}
    echo $((t / 1000))
}

# folder day span command…: one life of the daemon, ended by kill -9 within `span` ms of its start.
# Status 0 where the command was acknowledged.
life() {
    local folder=$1 day=$2 span=$3 client status
    shift 3
    : >"$folder/log"
    start "$folder" "$day"
    (ready "$folder" && ctl "$folder" "$@" >"$folder/answer" 2>"$folder/why") 3>&- &
    client=$!
    sleep "$(printf '0.%03d' $((RANDOM % span)))"
    kill -9 "$daemon"
    wait "$daemon" 2>/dev/null || true
    status=0
    wait "$client" || status=$?
    # An import that was accepted completes by itself, before the command that repeats it.
    if [ $status -eq 0 ] && [ "$1" = import ] && grep -q "event=recover import=" "$folder/log"; then
        jq -e '.added == 0 and .changed == 0' "$folder/answer" >&2 || return 99
    fi
    return $status
}

# folder day command…: repeated until it is acknowledged; counts in `kills` those that it was not.
stubbornly() {
    local folder=$1 day=$2 status here=0
    shift 2
    while :; do
        if [ "$kills" -ge "$KILLS" ]; then
            calmly "$folder" "$day" "$@"
            return
        fi
        status=0
        # A machine with much else to do needs longer for the same step.
        life "$folder" "$day" $((span + (here > 12 ? (here - 12) * 20 : 0))) "$@" || status=$?
        [ $status -ne 99 ] || return 1
        [ $status -ne 0 ] || return 0
        kills=$((kills + 1)) here=$((here + 1))
        killed[$1]=$((${killed[$1]:-0} + 1))
    done
}

@test "kill -9 at random moments in imports and daily runs changes nothing" {
    SEED=${SEED:-$((RANDOM * 32768 + RANDOM))} KILLS=${KILLS:-50}
    echo "# seed $SEED" >&3
    echo "SEED=$SEED"
    RANDOM=$((SEED % 32768))
    declare -A killed
    local kills=0 day=$FIRST_DAY days=() began
    house_like "$D/base" "$D/wild"
    house_like "$D/base" "$D/calm"

    began=$(now_ms)
    start "$D/wild" $day
    ready "$D/wild"
    local span=$(($(now_ms) - began + 90))
    stop

    stubbornly "$D/wild" $day import households "$D/data/households.csv" --history complete
    stubbornly "$D/wild" $day import members "$D/data/members.csv"
    # Days, some with others to catch up, until there were enough kills.
    while [ "$kills" -lt "$KILLS" ] || [ ${#days[@]} -lt 2 ]; do
        [ ${#days[@]} -lt 60 ]
        stubbornly "$D/wild" $day run
        days+=("$day")
        day=$(date -d "$day + $((1 + RANDOM % 3)) days" +%F)
    done
    echo "# kills before an answer: ${killed[import]:-0} in imports, ${killed[run]:-0} in" \
        "${#days[@]} runs" >&3

    calmly "$D/calm" $FIRST_DAY import households "$D/data/households.csv" --history complete
    calmly "$D/calm" $FIRST_DAY import members "$D/data/members.csv"
    for day in "${days[@]}"; do
        calmly "$D/calm" "$day" run
    done
    same "$D/calm" "$D/wild"
    sound "$D/wild" "$day"
}

# ---- named points --------------------------------------------------------------------------------

# folder day point [command…]: the daemon dies at the point, by the command or by what it resumes.
dies() {
    local folder=$1 day=$2 point=$3 status=0
    shift 3
    REVIEWD_CRASH_AT=$point start "$folder" "$day"
    if [ $# -gt 0 ]; then
        ready "$folder"
        ! ctl "$folder" "$@" >"$folder/answer" 2>&1 || false
    fi
    timeout 20 tail --pid="$daemon" -f /dev/null
    wait "$daemon" || status=$?
    [ $status -eq 137 ] || { echo "$point: ended with $status"; return 1; }
}

@test "killed at each named point of an import, one after the other" {
    local households=(import households "$D/data/households.csv" --history complete) at=$D/at-import
    house_like "$D/base" "$at"
    dies "$at" $FIRST_DAY import-renamed "${households[@]}"
    dies "$at" $FIRST_DAY import-accepted "${households[@]}"
    # Accepted: from here on it goes on without a word from anybody.
    dies "$at" $FIRST_DAY import-slice
    dies "$at" $FIRST_DAY import-slice:2
    dies "$at" $FIRST_DAY import-done
    calmly "$at" $FIRST_DAY "${households[@]}"
    jq -e '.added == 0 and .changed == 0' "$at/answer"
    calmly "$at" $FIRST_DAY import members "$D/data/members.csv"
    same "$D/imported" "$at"
}

@test "killed at each named point of a run and of its delivery, one a day" {
    # The Monday's run has the week-end to catch up.
    local days=(24:run-begun 25:run-slice 26:run-slice:3 27:run-done 30:run-done:2
        31:spool-written 32:spool-synced 33:spool-staged:2 34:spool-renamed-one
        37:spool-renamed-one:400 38:spool-renamed 39:spool-delivered 40:spool-delivered:3
        41:run-delivered)
    local at=$D/at-run calm=$D/at-run-calm date
    house_like "$D/imported" "$at"
    house_like "$D/imported" "$calm"
    for day in "${days[@]}"; do
        date=$(date -d "2026-11-01 + $((${day%%:*} - 1)) days" +%F)
        dies "$at" "$date" "${day#*:}" run
        calmly "$at" "$date" run
        jq -e .already "$at/answer"
        calmly "$calm" "$date" run
    done
    same "$calm" "$at"
    sound "$at" "$date"
}

@test "killed at each named point of a merge, one after the other" {
    local at=$D/at-merge calm=$D/at-merge-calm few=tests/data/divisions.csv
    local merge=(division merge --yes 500101001 500101017)
    mkdir "$D/data-few"
    "$B/households" $few "$D/data-few" $HOUSEHOLDS 7 $FIRST_DAY
    house "$at"
    calmly "$at" $FIRST_DAY import divisions $few
    calmly "$at" $FIRST_DAY import households "$D/data-few/households.csv" --history complete
    calmly "$at" $FIRST_DAY run
    house_like "$at" "$calm"
    dies "$at" $FIRST_DAY merge-begun "${merge[@]}"
    # Accepted: from here on it goes on without a word from anybody.
    dies "$at" $FIRST_DAY merge-slice
    dies "$at" $FIRST_DAY merge-slice:2
    dies "$at" $FIRST_DAY merge-done
    calmly "$calm" $FIRST_DAY "${merge[@]}"
    jq -e '.households > 500' "$calm/answer"
    same "$calm" "$at"
    sound "$at" $FIRST_DAY
}

@test "killed at each named point of a backup: nothing is left of it" {
    local at=$D/at-backup
    house_like "$D/imported" "$at"
    dies "$at" $FIRST_DAY backup-step backup "$at/b.db"
    [ -e "$at/staging/backup.db" ]
    dies "$at" $FIRST_DAY backup-checked backup "$at/b.db"
    [ ! -e "$at/b.db" ]
    [ ! -e "$at/b.db.part" ]
    calmly "$at" $FIRST_DAY status
    [ -z "$(ls "$at/staging")" ]
    same "$D/imported" "$at"
    calmly "$at" $FIRST_DAY backup "$at/b.db"
    [ "$(sqlite3 "$at/b.db" "PRAGMA integrity_check")" = ok ]
}

@test "killed at each named point of a restore: it is done once" {
    local at=$D/at-restore calm=$D/at-restore-calm
    house_like "$D/imported" "$at"
    calmly "$at" $FIRST_DAY backup "$D/b.db"
    rm "$at"/reviewd.db*
    cp "$D/b.db" "$at/reviewd.db"
    house_like "$at" "$calm"
    dies "$at" $FIRST_DAY restore-begun
    [ "$(sqlite3 "$at/reviewd.db" "SELECT count(*) FROM restored")" = 0 ]
    dies "$at" $FIRST_DAY restore-done
    [ "$(sqlite3 "$at/reviewd.db" "SELECT count(*) FROM restored")" = 1 ]
    for folder in "$at" "$calm"; do
        calmly "$folder" $FIRST_DAY run
    done
    same "$calm" "$at"
    sound "$at" $FIRST_DAY
}

@test "killed between the copy and the migration: the next start makes both anew" {
    local at=$D/at-migrate
    house "$at"
    sqlite3 "$at/reviewd.db" <daemon/store/schema-1.sql
    sqlite3 "$at/reviewd.db" "PRAGMA user_version = 1;
        INSERT INTO meta VALUES ('salt', '00'), ('epoch', '1'), ('created_on', '20000')"
    dies "$at" $FIRST_DAY migrate-copied
    [ "$(sqlite3 "$at/reviewd.db" "PRAGMA user_version")" = 1 ]
    # What a kill within the copy leaves is in nobody's way.
    head -c 5000 "$at/reviewd.db.before-v2" >"$at/reviewd.db.before-v2.part"
    calmly "$at" $FIRST_DAY status
    [ "$(sqlite3 "$at/reviewd.db.before-v2" "PRAGMA user_version; PRAGMA integrity_check" | tr '\n' ' ')" = "1 ok " ]
    [ ! -e "$at/reviewd.db.before-v2.part" ]
}

@test "the tests above, and those of returns and of mounts, name every point that there is" {
    grep -ohE 'crash_point\([^;]*\);' -r "$ROOT/daemon" | grep -oE '"[a-z-]+"' | tr -d '"' |
        sort -u >"$D/points"
    [ -s "$D/points" ]
    while read -r point; do
        grep -qE "(dies .* |[0-9]:|for point in .*)$point\b" "$BATS_TEST_FILENAME" \
            "$ROOT"/tests/integration/{return,spool}.bats ||
            { echo "no test is killed at $point"; return 1; }
    done <"$D/points"
}

@test "an import that was accepted completes by itself, and its repetition says unchanged" {
    house_like "$D/base" "$D/alone"
    REVIEWD_CRASH_AT=import-slice start "$D/alone" $FIRST_DAY
    ready "$D/alone"
    ! ctl "$D/alone" import households "$D/data/households.csv" --history complete || false
    wait "$daemon" || true
    start "$D/alone" $FIRST_DAY
    ready "$D/alone"
    for _ in $(seq 400); do
        n=$(ctl "$D/alone" status | jq .counts.households)
        [ "$n" -lt $HOUSEHOLDS ] || break
        sleep 0.02
    done
    [ "$n" -eq $HOUSEHOLDS ]
    ctl "$D/alone" import households "$D/data/households.csv" --history complete >"$D/alone/answer"
    jq -e ".added == 0 and .changed == 0 and .unchanged == $HOUSEHOLDS" "$D/alone/answer"
    stop
}
