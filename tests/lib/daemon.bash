# What the tests of the running daemon share. A daemon lives in a folder of its own: configuration,
# copies of conf/policy and conf/calendar, store, spool, socket and log. Its clock is manual.
#
#   daemon_new FOLDER            makes the folder and takes it ($D); nothing runs yet
#   daemon_start [DATETIME]      starts build/reviewd there and waits until it answers
#   daemon_stop | daemon_kill    SIGTERM and wait for the end | kill -9
#   ctl … | json …               build/reviewctl to it; the same with --json
#   raw [OPTION…] <bytes         bytes to the socket as they are, the answer out (build/rpc)
#   sql STATEMENT                sqlite3 on its store
#
# Assertions print what they saw: bats shows it where the test fails.

bats_require_minimum_version 1.5.0
B=${B:-build}
export LC_ALL=C.UTF-8
DIVISIONS=$BATS_TEST_DIRNAME/../data/divisions.csv

daemon_new() {
    export D=$1
    mkdir -p "$D"
    cp -r "$BATS_TEST_DIRNAME/../../conf/policy" "$BATS_TEST_DIRNAME/../../conf/calendar" "$D/"
    # Most tests name no grace: a household without a tier is quarterly at once. entry.bats has it.
    sed -i "s/grace_days = 10;/grace_days = ${GRACE_DAYS:-0};/" "$D"/policy/*.conf
    cat >"$D/reviewd.conf" <<CONF
store = "reviewd.db";
spool = "spool";
socket = "s";
policy_dir = "policy";
calendar_dir = "calendar";
log = { stderr = true; };
CONF
    export REVIEWD_SOCKET=$D/s
}

# daemon_new_for_others: makes a daemon whose folder, and a caller in it ($F/rpc), other accounts reach. Where
# $F lies stands in $BATS_FILE_TMPDIR/folder, for the tests of the file.
daemon_new_for_others() {
    F=$(mktemp -d)
    chmod 755 "$F"
    echo "$F" >"$BATS_FILE_TMPDIR/folder"
    daemon_new "$F/d"
    chmod 755 "$F/d"
    cp "$B/rpc" "$F/rpc"
    chmod 755 "$F/rpc"
}

# Waits up to 20 s for a command to succeed.
wait_for() {
    local i
    for ((i = 0; i < 1000; i++)); do
        "$@" >/dev/null 2>&1 && return 0
        sleep 0.01
    done
    echo "waited in vain for: $*"
    return 1
}

answers() {
    [ -S "$D/s" ] && ctl status
}

daemon_start() {
    # bats waits for whoever holds its descriptor 3.
    "$B/reviewd" -f "$D/reviewd.conf" --manual-clock "${1:-2026-11-24 07:00}" 2>>"$D/log" \
        >/dev/null 3>&- &
    echo $! >"$D/pid"
    wait_for answers_or_gone && answers >/dev/null || { tail -n 20 "$D/log"; return 1; }
}

gone() {
    ! kill -0 "$(<"$D/pid")" 2>/dev/null
}

answers_or_gone() {
    gone || answers
}

daemon_stop() {
    [ -f "$D/pid" ] || return 0
    kill -TERM "$(<"$D/pid")" 2>/dev/null || true
    wait_for gone
    rm -f "$D/pid"
}

daemon_kill() {
    kill -KILL "$(<"$D/pid")"
    wait_for gone
    rm -f "$D/pid"
}

ctl() { "$B/reviewctl" "$@"; }
json() { ctl --json "$@"; }
raw() { "$B/rpc" "$@" "$D/s"; }
sql() { sqlite3 -batch "$D/reviewd.db" "$@"; }
# One call with its result and error as they came: rpc METHOD [PARAMS].
rpc() {
    printf '{"jsonrpc":"2.0","id":1,"method":"%s","params":%s}\n' "$1" "${2:-{\}}" | raw
}

# get CODE FILTER: of household.show, by jq. The plainer ones go without: jq is slow to start.
get() { json household show "$1" | jq -r "$2"; }
# field NAME: its value in the JSON of $output or of stdin's first line; a list or object whole.
field() {
    local text=${2-} pattern
    [ $# -gt 1 ] || IFS= read -r text
    pattern="\"$1\":(\"[^\"]*\"|[^][{},]+|[[{][^][{}]*[]}])"
    [[ $text =~ $pattern ]] || return 1
    text=${BASH_REMATCH[1]#\"}
    echo "${text%\"}"
}
# The open task of a household.
task_of() { json household show "$1" | field open_task; }
head_of() { json status | field audit_head; }
counts() { json status | field counts; }

# same WHAT IS: fails where the two differ.
same() {
    [ "$1" = "$2" ] || {
        printf 'expected: %s\n      is: %s\n' "$1" "$2"
        return 1
    }
}

# A file of $BATS_TEST_TMPDIR from stdin.
file() { cat >"$BATS_TEST_TMPDIR/$1"; }

# faults KIND FILE: refused with bad-rows; the faults as "line:column:reason", one a line, into $output.
faults() {
    run -1 --separate-stderr json import "$1" "$BATS_TEST_TMPDIR/$2" $([ "$1" != households ] || echo --history complete)
    same bad-rows "$(field reason "$output")"
    output=$(jq -r '.error.data.faults[] | "\(.line):\(.column // "-"):\(.reason)"' <<<"$output")
}

# accepted KIND FILE ADDED CHANGED UNCHANGED
accepted() {
    run -0 --separate-stderr json import "$1" "$BATS_TEST_TMPDIR/$2" $([ "$1" != households ] || echo --history complete)
    same "\"added\":$3,\"changed\":$4,\"unchanged\":$5,\"bad\":0}" "${output#*,}"
}

# refused REASON COMMAND…: exit 1 with that reason; the error stays in $output.
refused() {
    local reason=$1
    shift
    run -1 --separate-stderr json "$@"
    [[ $output == *"\"reason\":\"$reason\""* ]] || same "$reason" "$output"
}

# The few divisions that most tests need: one city, two districts, three townships, their villages.
load_divisions() {
    ctl import divisions "$DIVISIONS" >/dev/null
}

# household HOUSEHOLD APPROVED [LAST_REVIEW] [TIER] [STATUS] [REGISTER]: one row more for load_households
household() {
    printf '%s,500101001001,户主%s,%s,%s,%s,%s,%s\n' "$1" "$1" "${5:-active}" "${4:-quarterly}" "$2" \
        "${3:-}" "${6:-none}"
}

load_households() {
    { echo household,division,head_name,status,tier,approved_on,last_review_on,register; cat; } \
        >"$BATS_TEST_TMPDIR/load.csv"
    ctl import households "$BATS_TEST_TMPDIR/load.csv" --history complete >/dev/null
}
