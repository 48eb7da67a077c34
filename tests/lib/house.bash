# A daemon over a folder of its own, for bats files.

DIVISIONS=conf/divisions/divisions-chongqing.csv

# A folder for the file's tests, in memory where there is such a place: a kill takes nothing from the
# kernel, and syncs that wait for other programmes' writes would only make the lives longer.
house_room() {
    export LC_ALL=C.UTF-8
    export ROOT=$PWD B=${B:-build}
    D=$(mktemp -d "$([ -w /dev/shm ] && echo /dev/shm || echo "$BATS_FILE_TMPDIR")/house-XXXXXX")
    export D
    mkdir "$D/data"
}

# Whatever a failed test left running.
house_room_clear() {
    [ ! -e "$D/daemons" ] || while read -r pid; do
        [ "$(cat "/proc/$pid/comm" 2>/dev/null)" != reviewd ] || kill -9 "$pid"
    done <"$D/daemons"
    rm -rf "$D"
}

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

# folder day: sets `daemon`. A daemon that a kill took leaves its socket behind. It holds nothing
# open that bats waits for.
start() {
    rm -f "$1/reviewd.sock"
    (
        for fd in /proc/self/fd/*; do
            fd=${fd##*/}
            [ "$fd" -le 2 ] || eval "exec $fd>&-"
        done
        exec "$B/reviewd" -f "$1/reviewd.conf" --manual-clock "$2 07:00" >>"$1/log" 2>&1 </dev/null
    ) &
    daemon=$!
    echo $daemon >>"$D/daemons"
}

ready() {
    for _ in $(seq 1000); do
        # A socket has its name before anybody listens.
        [ -S "$1/reviewd.sock" ] && "$B/rpc" "$1/reviewd.sock" </dev/null >/dev/null 2>&1 && return 0
        kill -0 "$daemon" 2>/dev/null || return 1
        sleep 0.01
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
