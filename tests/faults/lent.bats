#!/usr/bin/env bats
# What callers lend, hold and drip: a descriptor that blocks, a line that never ends. Neither the
# front nor the writer waits for it (contract.md 5, Files; doc/security.md).

load ../lib/daemon

# A caller with a role, another without: other uids where the tests run as root (whom no entry
# overrides); else the account that runs them has the role, and who has none cannot be tried.
setup_file() {
    load ../lib/daemon
    daemon_new_for_others
    if [ "$(id -u)" = 0 ]; then name=daemon; else name=$(id -un); fi
    cat >>"$D/reviewd.conf" <<CONF
accounts = ( { user = "$name"; role = "operator"; divisions = [ "500101001" ]; } );
limits = { first_byte_seconds = 2; };
CONF
    cp "$D/reviewd.conf" "$F/base.conf"
    sed '/^accounts/d' "$F/base.conf" >"$D/reviewd.conf"
    daemon_start "2026-11-24 07:00"
    load_divisions
    household A 2026-08-27 | load_households
    daemon_stop
    cp "$F/base.conf" "$D/reviewd.conf"
}

teardown_file() {
    rm -rf "$(<"$BATS_FILE_TMPDIR/folder")"
}

setup() {
    F=$(<"$BATS_FILE_TMPDIR/folder")
    D=$F/d
    T=$BATS_TEST_TMPDIR
    RUDE=0
    export REVIEWD_SOCKET=$D/s
    daemon_start "2026-11-24 07:00"
}

teardown() {
    for pid in $(cat "$T"/rude.* 2>/dev/null); do kill "$pid" 2>/dev/null || true; done
    daemon_stop
}

# as USER rpc-OPTION… <bytes: a client under that account, in the background
as() {
    local user=$1 n=$((RUDE++))
    shift
    if [ "$(id -u)" = 0 ]; then
        setpriv --reuid="$user" --regid=daemon --clear-groups "$F/rpc" "$@" "$D/s" >"$T/said.$n" 2>&1 <&0 3>&- &
    else
        "$F/rpc" "$@" "$D/s" >"$T/said.$n" 2>&1 <&0 3>&- &
    fi
    echo $! >"$T/rude.$n"
}

RETURN='{"jsonrpc":"2.0","id":1,"method":"return","params":{"file":{"fd":0}}}'

# a change by the one who runs the tests, within two seconds
changes() {
    run -0 timeout 2 "$B/reviewctl" --json household tier A "${1:-annual}" --reason x
}

taken() { [ "$(ls "/proc/$(<"$D/pid")/task" | wc -l)" -gt 2 ]; }

@test "a pipe that is made to block again: changes are answered, SIGTERM ends the service" {
    for i in 1 2 3 4 5 6; do as daemon --lend thaw --rest <<<"$RETURN"; done
    wait_for taken
    changes annual
    changes quarterly
    [ "$(id -u)" != 0 ] || run -0 timeout 10 "$B/reviewctl" --json run
    kill -TERM "$(<"$D/pid")"
    for ((i = 0; i < 500; i++)); do gone && break; sleep 0.01; done
    gone
    grep -q event=stop "$D/log"
}

@test "a pipe that drips: the daily run and other files do not wait for it" {
    as daemon --lend drip --rest <<<"$RETURN"
    wait_for taken
    changes annual
    printf '任务号,户号,户主\n' >"$T/empty.csv"
    run timeout 5 "$B/reviewctl" --json return "$T/empty.csv"
    [ "$status" -lt 2 ]
    [ "$(id -u)" = 0 ] || skip "the run is for an admin: the account that runs the tests is bound"
    run -0 timeout 5 "$B/reviewctl" --json run
    run -0 timeout 5 "$B/reviewctl" --json import divisions "$DIVISIONS"
}

@test "a socket whose close waits: whoever passes it waits alone, with a role" {
    for i in 1 2 3; do as daemon --lend linger --rest <<<"$RETURN"; done
    for i in 0 1 2; do wait_for grep -q 'file must be' "$T/said.$i"; done
    for i in 1 2 3; do as daemon --lend linger --leave <<<"$RETURN"; done
    for i in 1 2 3 4 5 6 7 8 9; do
        changes annual
        changes quarterly
    done
}

@test "a socket whose close waits, from who has no role: nobody waits, nothing of it is kept" {
    [ "$(id -u)" = 0 ] || skip "needs a second account"
    before=$(ls "/proc/$(<"$D/pid")/fd" | wc -l)
    as bin --lend linger --rest <<<"$RETURN"
    wait_for grep -q '"not-allowed"' "$T/said.0"
    for i in 1 2 3 4; do as bin --lend linger --leave <<<"$RETURN"; done
    for i in 1 2 3 4 5 6 7 8 9; do
        changes annual
        changes quarterly
    done
    clear() { [ "$(ls "/proc/$(<"$D/pid")/fd" | wc -l)" -le "$before" ]; }
    wait_for clear
    kill -TERM "$(<"$D/pid")"
    for ((i = 0; i < 500; i++)); do gone && break; sleep 0.01; done
    gone
}

@test "one account's many large lists: the daily run goes first, and another's list has its share" {
    [ "$(id -u)" = 0 ] || skip "needs a second account"
    { echo 任务号,结果; yes 3,继续 | head -n 99000; } >"$F/large.csv"
    chmod 644 "$F/large.csv"
    for ((i = 0; i < 20; i++)); do as daemon --file "$F/large.csv" --rest <<<"$RETURN"; done
    printf '任务号,结果\n3,继续\n' >"$T/small.csv"
    under_way() { json metrics | jq -e '[.metrics[] | select(.name == "reviewd_calls_total").samples[] | select(.labels.method == "return")] | length == 0'; }
    under_way # none of the twenty is done yet
    run --separate-stderr timeout 10 "$B/reviewctl" --json return "$T/small.csv"
    same "1 1" "$(jq -r '"\(.rows) \(.bad)"' <<<"$output")"
    run -0 timeout 10 "$B/reviewctl" --json run
    same 2026-11-24 "$(field date "$output")"
    done_now() { json metrics | jq '[.metrics[] | select(.name == "reviewd_calls_total").samples[] | select(.labels.method == "return").value] | add // 0'; }
    [ "$(done_now)" -lt 10 ]
}

rss() { awk '/VmRSS/ { print $2 }' "/proc/$(<"$D/pid")/status"; }

@test "half lines without end: bounded in memory, for the account and for all; given back when closed" {
    [[ $B != */san ]] || skip "the sanitizers keep what was freed"
    before=$(rss)
    { printf '{"a":"'; head -c 262000 /dev/zero | tr '\0' x; } >"$T/half"
    as daemon --hold 200 <"$T/half"
    wait_for [ -s "$T/said.0" ]
    [ $(($(rss) - before)) -lt 16000 ] || same "at most 16 MB" "$(($(rss) - before)) kB"
    changes
    if [ "$(id -u)" = 0 ]; then
        as bin --hold 200 <"$T/half" # without a role: nothing at all
        wait_for [ -s "$T/said.1" ]
        [ $(($(rss) - before)) -lt 16000 ]
    fi
    less() { [ $(($(rss) - before)) -lt 4000 ]; }
    wait_for less
}

@test "a line of values without end is refused before it is a tree" {
    line() { printf '{"jsonrpc":"2.0","id":1,"method":"clock.show","params":{"x":[1'; for ((i = 0; i < $1; i++)); do printf ,1; done; echo ']}}'; }
    same -32602 "$(line 32000 | raw | jq .error.code)"
    same -32700 "$(line 33000 | raw | jq .error.code)"
}

# Calls of one account done while a batch of another's, of which each call is a turn, goes through.
@test "turns go by account: one that asks on all its connections holds up no other; each has a place" {
    [ "$(id -u)" = 0 ] || skip "needs a second account"
    daemon_stop
    sed -i 's/first_byte_seconds/connections = 200; connections_per_user = 200; first_byte_seconds/' "$D/reviewd.conf"
    daemon_start "2026-11-24 07:00"
    printf '[%s]\n' "$(for ((j = 0; j < 99; j++)); do printf '{"jsonrpc":"2.0","id":1,"method":"status"},'; done)"'{"jsonrpc":"2.0","id":1,"method":"status"}' >"$T/flood"
    counted='{"jsonrpc":"2.0","id":"m","method":"metrics"}'
    printf '%s\n[%s]\n%s\n' "$counted" "$(for ((j = 0; j < 39; j++)); do printf '{"jsonrpc":"2.0","id":1,"method":"clock.show"},'; done)"'{"jsonrpc":"2.0","id":1,"method":"clock.show"}' "$counted" >"$T/mine"
    as daemon --hold 220 <"$T/flood"
    wait_for [ -s "$T/said.0" ]
    raw <"$T/mine" >"$T/answers"
    cp "$F/base.conf" "$D/reviewd.conf"
    done_between=$(jq -s 'map(select(type == "object")) | map([.result.metrics[] | select(.name == "reviewd_calls_total").samples[]
        | select(.labels.method == "status").value] | add) | .[1] - .[0]' "$T/answers")
    [ "$done_between" -lt 400 ] || same "at most 400" "$done_between"
}

@test "a line that drips is closed when its time is over, not when it falls silent" {
    as daemon --slow --rest <<<'{"jsonrpc":"2.0","id":1,"method":"clock.show","params":{                                                                  }}'
    start=$EPOCHSECONDS
    over() { ! kill -0 "$(<"$T/rude.0")" 2>/dev/null; }
    wait_for over
    [ $((EPOCHSECONDS - start)) -le 5 ]
    same "" "$(cat "$T/said.0")"
    changes
}
