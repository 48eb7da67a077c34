#!/usr/bin/env bats
# kill -9 at random moments of imports and daily runs, and at each named point: at the end the same
# store and the same files as an undisturbed one, byte for byte (spec.md sections 4 and 6).
#
# SEED=n repeats the moments of a run, as far as the machine's own pace allows; KILLS=n asks for more.

bats_require_minimum_version 1.5.0

HOUSEHOLDS=4000
FIRST_DAY=2026-11-24
LAST_DAY=2026-11-27

# ---- one daemon over one folder ------------------------------------------------------------------

# folder: a configuration for a store of its own.
house() {
    mkdir -p "$1"
    cat >"$1/reviewd.conf" <<CONF
store = "reviewd.db";
spool = "spool";
socket = "reviewd.sock";
policy_dir = "$ROOT/conf/policy";
calendar_dir = "$ROOT/conf/calendar";
log = { stderr = true; };
CONF
}

# folder: the state of another, whose daemon has stopped.
house_like() {
    house "$2"
    cp -r "$1"/reviewd.db* "$1/staging" "$1/spool" "$2/"
}

# folder day: sets `daemon`. A daemon that a kill took leaves its socket behind.
start() {
    rm -f "$1/reviewd.sock"
    "$B/reviewd" -f "$1/reviewd.conf" --manual-clock "$2 07:00" 2>>"$1/log" 3>&- &
    daemon=$!
}

ready() {
    for _ in $(seq 2000); do
        [ -S "$1/reviewd.sock" ] && return 0
        kill -0 "$daemon" 2>/dev/null || return 1
        sleep 0.005
    done
    return 1
}

ctl() {
    local folder=$1
    shift
    "$B/reviewctl" --socket "$folder/reviewd.sock" --json "$@"
}

stop() {
    kill "$daemon"
    wait "$daemon"
}

# folder day command…: undisturbed, from start to stop.
calmly() {
    local folder=$1 day=$2
    shift 2
    start "$folder" "$day"
    ready "$folder"
    ctl "$folder" "$@" >"$folder/answer"
    stop
}

# ---- what must be the same -----------------------------------------------------------------------

# Every table but the bookkeeping of imports: a command repeated after a kill has a row there.
dump() {
    sqlite3 "$1/reviewd.db" .dump | grep -Ev '^INSERT INTO "?import"? ' >"$1/dump"
    sqlite3 "$1/reviewd.db" "SELECT kind, sum(added), sum(changed), count(CASE WHEN added THEN 1 END)
        FROM import WHERE state = 'done' GROUP BY kind ORDER BY kind" >>"$1/dump"
    sqlite3 "$1/reviewd.db" "SELECT 'unfinished', count(*) FROM import WHERE state <> 'done'" >>"$1/dump"
    (cd "$1/spool" && find . -type f -print0 | sort -z | xargs -r0 sha256sum) >>"$1/dump"
    (cd "$1" && find staging -type f) >>"$1/dump"
}

same() {
    dump "$1"
    dump "$2"
    cmp "$1/dump" "$2/dump" || {
        diff "$1/dump" "$2/dump" | cut -c1-300 | head -n 40
        return 1
    }
    [ -z "$(ls "$2/spool/tmp")" ]
}

# The store's own proofs.
sound() {
    start "$1" "$2"
    ready "$1"
    ctl "$1" verify >"$1/answer" || { cat "$1/answer"; return 1; }
    ctl "$1" audit verify >"$1/answer" || { cat "$1/answer"; return 1; }
    stop
}

setup_file() {
    export LC_ALL=C.UTF-8
    export ROOT=$PWD B=${B:-build}
    export D=$BATS_FILE_TMPDIR
    export DIVISIONS=$ROOT/conf/divisions/divisions-chongqing.csv
    mkdir "$D/data"
    "$B/households" "$DIVISIONS" "$D/data" $HOUSEHOLDS 7 $FIRST_DAY
    # One store for all, so that the salt of the digests is the same.
    house "$D/base"
    calmly "$D/base" $FIRST_DAY import divisions "$DIVISIONS"
    # Households, members and one run: what the named points are compared with.
    house_like "$D/base" "$D/imported"
    calmly "$D/imported" $FIRST_DAY import households "$D/data/households.csv"
    calmly "$D/imported" $FIRST_DAY import members "$D/data/members.csv"
    # A run that catches two days up.
    house_like "$D/imported" "$D/once"
    calmly "$D/once" $FIRST_DAY run
    house_like "$D/once" "$D/ran"
    calmly "$D/ran" $LAST_DAY run
}

teardown() {
    [ -z "${daemon:-}" ] || kill -9 "$daemon" 2>/dev/null || true
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
    local span=$(($(now_ms) - began + 150))
    stop

    stubbornly "$D/wild" $day import households "$D/data/households.csv"
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

    calmly "$D/calm" $FIRST_DAY import households "$D/data/households.csv"
    calmly "$D/calm" $FIRST_DAY import members "$D/data/members.csv"
    for day in "${days[@]}"; do
        calmly "$D/calm" "$day" run
    done
    same "$D/calm" "$D/wild"
    sound "$D/wild" "$day"
}

# ---- named points --------------------------------------------------------------------------------

# point from like day command…: killed at the point, started again without a word from anybody.
at_point() {
    local point=$1 from=$2 like=$3 day=$4 folder=$D/at-${1/:/-}
    shift 4
    echo "at $point"
    house_like "$from" "$folder"
    REVIEWD_CRASH_AT=$point start "$folder" "$day"
    ready "$folder"
    ! ctl "$folder" "$@" >"$folder/answer" 2>&1
    local status=0
    wait "$daemon" || status=$?
    [ $status -eq 137 ]
    calmly "$folder" "$day" "$@"
    if [ "$1" = run ]; then
        same "$like" "$folder"
    else
        calmly "$folder" "$day" import members "$D/data/members.csv"
        same "$like" "$folder"
    fi
    rm -r "$folder"
}

@test "killed at each named point of an import" {
    for point in import-renamed import-accepted import-slice:1 import-slice:3 import-done; do
        at_point $point "$D/base" "$D/imported" $FIRST_DAY import households "$D/data/households.csv"
    done
}

@test "killed at each named point of a run" {
    for point in run-begun run-slice:1 run-slice:3 run-done:1 run-done:2 run-done:3; do
        at_point $point "$D/once" "$D/ran" $LAST_DAY run
    done
}

@test "killed at each named point of a delivery" {
    for point in spool-written spool-synced spool-staged:2 spool-renamed-one spool-renamed-one:200 \
        spool-renamed spool-delivered:3; do
        at_point $point "$D/once" "$D/ran" $LAST_DAY run
    done
}

@test "the tests above name every point that there is" {
    grep -ohE 'crash_point\("[a-z-]+"\)' -r "$ROOT/daemon" | cut -d'"' -f2 | sort -u >"$D/points"
    while read -r point; do
        grep -qE "^    for point in.*[ ]$point\b|^        $point\b|[ ]$point\b.*; do" \
            "$BATS_TEST_FILENAME" || { echo "no test is killed at $point"; return 1; }
    done <"$D/points"
    [ -s "$D/points" ]
}

@test "an import that was accepted completes by itself, and its repetition says unchanged" {
    house_like "$D/base" "$D/alone"
    REVIEWD_CRASH_AT=import-slice:2 start "$D/alone" $FIRST_DAY
    ready "$D/alone"
    ! ctl "$D/alone" import households "$D/data/households.csv"
    wait "$daemon" || true
    start "$D/alone" $FIRST_DAY
    ready "$D/alone"
    for _ in $(seq 400); do
        n=$(ctl "$D/alone" status | jq .counts.households)
        [ "$n" -lt $HOUSEHOLDS ] || break
        sleep 0.02
    done
    [ "$n" -eq $HOUSEHOLDS ]
    ctl "$D/alone" import households "$D/data/households.csv" >"$D/alone/answer"
    jq -e ".added == 0 and .changed == 0 and .unchanged == $HOUSEHOLDS" "$D/alone/answer"
    stop
}
