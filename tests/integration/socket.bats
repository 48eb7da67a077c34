#!/usr/bin/env bats
# The control socket, as bytes: JSON-RPC 2.0, limits, rude clients; two daemons, reload, the end,
# --check (contract.md 5, 6; architecture.md 2).

load ../lib/daemon

setup_file() {
    load ../lib/daemon
    daemon_new "$BATS_FILE_TMPDIR/d"
    daemon_start "2026-11-24 07:00"
    load_divisions
    household S1 2026-08-27 | load_households
}

teardown_file() {
    load ../lib/daemon
    daemon_stop
}

setup() {
    D=$BATS_FILE_TMPDIR/d
    T=$BATS_TEST_TMPDIR
}

teardown() {
    [ ! -f "$T/rude" ] || kill "$(<"$T/rude")" 2>/dev/null || true
}

# rude OPTION… <bytes: a client in the background
rude() {
    "$B/rpc" "$@" "$D/s" >"$T/rude.out" 2>/dev/null 3>&- &
    echo $! >"$T/rude"
}

# line TEXT: code, id and reason of the answer to one line
line() { printf '%s\n' "$1" | raw | jq -r 'if .error then "\(.error.code) \(.id) \(.error.data.reason)" else "ok \(.id)" end'; }
clock() { printf '{"jsonrpc":"2.0","method":"clock.show"%s}' "$1"; }

@test "what is no JSON, no request, no method, no fitting parameters (5; JSON-RPC 2.0)" {
    same "-32700 null bad-argument" "$(line '{"jsonrpc":')"
    same "-32700 null bad-argument" "$(line $'{"jsonrpc":"2.0","id":1,"method":"\xff"}')"
    same "-32700 null bad-argument" "$(line '{"jsonrpc":"2.0","id":1,"id":2,"method":"status"}')"
    same "-32700 null bad-argument" "$(printf '\n' | raw | jq -r '"\(.error.code) \(.id) \(.error.data.reason)"')"
    same "-32600 null bad-argument" "$(line '17')"
    same "-32600 null bad-argument" "$(line '{"jsonrpc":"1.0","method":"status"}')"
    same "-32600 5 bad-argument" "$(line '{"jsonrpc":"2.0","id":5,"method":7}')"
    same "-32600 null bad-argument" "$(line '{"jsonrpc":"2.0","id":{},"method":"status"}')"
    same "-32600 6 bad-argument" "$(line '{"jsonrpc":"2.0","id":6,"method":"status","params":3}')"
    same "-32601 7 not-found" "$(line '{"jsonrpc":"2.0","id":7,"method":"no.such"}')"
    same "-32602 8 bad-argument" "$(line '{"jsonrpc":"2.0","id":8,"method":"household.show"}')"
    same "-32602 9 bad-argument" "$(line '{"jsonrpc":"2.0","id":9,"method":"household.show","params":{"household":1}}')"
    same "-32602 a bad-argument" "$(line '{"jsonrpc":"2.0","id":"a","method":"household.show","params":{"household":"S1","more":1}}')"
    same "-32602 b bad-argument" "$(line '{"jsonrpc":"2.0","id":"b","method":"household.show","params":["S1"]}')"
    same "-32602 c bad-argument" "$(line '{"jsonrpc":"2.0","id":"c","method":"task.show","params":{"task":1.5}}')"
    same "-32700 null bad-argument" "$(line '{"jsonrpc":"2.0","id":"d","method":"household.show","params":{"household":"S\u0000"}}')"
    same "ok -3" "$(line '{"jsonrpc":"2.0","id":-3,"method":"status"}')"
    same "ok null" "$(line '{"jsonrpc":"2.0","id":null,"method":"status"}')"
    same "-32600 e bad-argument" "$(line '{"jsonrpc":"2.0","id":"e","method":"status","params":null}')"
}

@test "lines: a bad one does not end the connection; the last may lack its line feed; CRLF (5)" {
    same '-32700 1 2' "$( (echo nonsense; clock ',"id":1'; printf '\r\n'; clock ',"id":2') | raw | jq -rs '[.[] | .id // .error.code] | join(" ")')"
}

@test "nesting without end, a huge number, an escape of half a character (6)" {
    same "-32700 null bad-argument" "$(line "$(printf '[%.0s' {1..100000})")"
    same "-32700 null bad-argument" "$(line '{"jsonrpc":"2.0","id":1e999,"method":"status"}')"
    same "-32700 null bad-argument" "$(line '{"jsonrpc":"2.0","id":1,"method":"\ud800"}')"
    answers
}

@test "a line of 256 KiB is taken, one of more refused with id null and the connection closed (5)" {
    fill() { printf '{"jsonrpc":"2.0","id":1,"method":"clock.show","params":{}%*s}' $(($1 - 58)) ''; echo; }
    same 262144 "$(($(fill 262144 | wc -c) - 1))"
    same "ok" "$(fill 262144 | raw | jq -r 'if .result then "ok" else .error.code end')"
    same "-32600 null" "$( (fill 262145; clock ',"id":2'; echo) | raw | jq -r '"\(.error.code) \(.id)"')"
    # 2 MiB without any line feed, and with a call behind it that is never looked at.
    same "-32600 null" "$( (head -c 2097152 /dev/zero | tr '\0' x; echo; clock ',"id":2'; echo) | raw | jq -r '"\(.error.code) \(.id)"')"
    same "-32600 null" "$(head -c 2097152 /dev/zero | raw | jq -r '"\(.error.code) \(.id)"')"
}

@test "batches: in order, at most 100, not empty; notifications get no answer (5; JSON-RPC 2.0)" {
    same '-32600' "$(echo '[]' | raw | jq .error.code)"
    same '[1,-32600,-32601,"z"]' "$(printf '[%s,3,{"jsonrpc":"2.0","id":2,"method":"x"},%s,%s]\n' "$(clock ',"id":1')" "$(clock '')" "$(clock ',"id":"z"')" |
        raw | jq -c '[.[] | if .error then .error.code else .id end]')"
    batch() { printf '['; for ((i = 1; i < $1; i++)); do clock ",\"id\":$i"; printf ','; done; clock ",\"id\":$i"; echo ']'; }
    same 100 "$(batch 100 | raw | jq length)"
    same "-32600 null" "$(batch 101 | raw | jq -r '"\(.error.code) \(.id)"')"
    # Nothing but notifications: no answer at all.
    same "" "$(printf '[%s,%s]\n%s\n' "$(clock '')" "$(clock '')" "$(clock '')" | raw)"
    same "" "$(echo '{"jsonrpc":"2.0","method":"no.such"}' | raw)"
    same "" "$(echo '{"jsonrpc":"2.0","method":"household.show","params":{}}' | raw)"
}

@test "calls of one connection take effect in order, each sees the one before; a batch as well (5)" {
    same "2026-11-24T07:00:01+08:00 2026-11-24T07:00:02+08:00" "$(printf '%s\n' \
        '{"jsonrpc":"2.0","id":1,"method":"clock.advance","params":{"by":"1s"}}' "$(clock ',"id":2')" \
        '{"jsonrpc":"2.0","method":"clock.advance","params":{"by":"1s"}}' "$(clock ',"id":4')" |
        raw | jq -rs '[.[] | select(.id == 2 or .id == 4) | .result.now] | join(" ")')"
    same "2026-11-24T07:00:03+08:00" "$(printf '[%s,%s]\n' \
        '{"jsonrpc":"2.0","id":1,"method":"clock.advance","params":{"by":"1s"}}' "$(clock ',"id":2')" |
        raw | jq -r '.[1].result.now')"
    ctl clock set --yes "2026-11-24 07:00" >/dev/null
}

@test "files: the index among the call's descriptors; sealed memory, not a file; not in a batch (5)" {
    call='{"jsonrpc":"2.0","id":1,"method":"import","params":{"kind":"divisions","file":{"fd":0}}}'
    same 14 "$(echo "$call" | raw --file "$DIVISIONS" | jq -s 'map(select(.id == 1))[0].result.rows')"
    same "-32000 bad-argument" "$(echo "$call" | raw | jq -r '"\(.error.code) \(.error.data.reason)"')"
    same "-32000 bad-argument" "$(echo "${call/:0/:1}" | raw --file "$DIVISIONS" | jq -r '"\(.error.code) \(.error.data.reason)"')"
    same "-32602" "$(echo "${call/'{"fd":0}'/'"/etc/passwd"'}" | raw | jq -r .error.code)"
    same "-32602" "$(echo "[$call]" | raw --file "$DIVISIONS" | jq -r '.[0].error.code')"
    answers
}

@test "rpc.discover describes every method that the command line has (5)" {
    rpc rpc.discover | jq -r '.result.methods[].name' >"$T/names"
    for name in status import household.show household.list due late task.show review explain queue.show run clock.set audit audit.verify verify reload; do
        grep -qx "$name" "$T/names"
    done
    same true "$(rpc rpc.discover | jq '.result.openrpc | startswith("1.")')"
}

@test "1,000 connections that say nothing: others are answered, and a run finishes (5, 6)" {
    rude --hold 1000
    stand() { [ -s "$T/rude.out" ]; }
    wait_for stand
    same 1000 "$(<"$T/rude.out")"
    same S1 "$(json household show S1 | field household)"
    run -0 --separate-stderr timeout 20 "$B/reviewctl" --json clock set "2026-11-25 09:00"
    same '["2026-11-24","2026-11-25"]' "$(jq -c .runs <<<"$output")"
    kill "$(<"$T/rude")"
}

@test "who owes a line and stays silent is closed; who rests between calls is not (issue 7: first byte)" {
    cp "$D/reviewd.conf" "$T/before.conf"
    echo 'limits = { first_byte_seconds = 1; };' >>"$D/reviewd.conf"
    ctl reload >/dev/null
    "$B/rpc" --rest "$D/s" </dev/null >"$T/silent.out" 3>&- & # says nothing
    local silent=$!
    printf '{"jsonrpc"' | "$B/rpc" --rest "$D/s" >"$T/half.out" 3>&- & # half a line
    local half=$!
    { printf '{"jsonrpc":"2.0","id":1,"method":"clock.show"}\n' | "$B/rpc" --rest "$D/s"; } >"$T/rest.out" 3>&- &
    local rest=$!
    wait $silent # both end where the other side closes, with 1 where it did not within 20 seconds
    wait $half
    same "" "$(cat "$T/silent.out" "$T/half.out")"
    kill -0 $rest
    pkill -P $rest rpc || kill $rest
    cp "$T/before.conf" "$D/reviewd.conf"
    ctl reload >/dev/null
}

@test "a client that never reads: others are answered, a run finishes, memory is bounded (6)" {
    for ((i = 0; i < 200; i++)); do printf '{"jsonrpc":"2.0","id":%d,"method":"rpc.discover"}\n' $i; done >"$T/calls"
    rude --mute <"$T/calls"
    sleep 0.3
    same S1 "$(json household show S1 | field household)"
    run -0 --separate-stderr timeout 20 "$B/reviewctl" --json clock set "2026-11-26 09:00"
    same '["2026-11-26"]' "$(jq -c .runs <<<"$output")"
    kill "$(<"$T/rude")"
    [ "$(awk '/VmRSS/ { print $2 }' "/proc/$(<"$D/pid")/status")" -lt 200000 ]
}

@test "a client that floods without pause: others are answered throughout, a run finishes (6)" {
    { for ((i = 0; i < 100; i++)); do printf '{"jsonrpc":"2.0","id":%d,"method":"household.list"}\n{"jsonrpc":"2.0","id":0,"method":"x"}\nnonsense\n' $i; done; } >"$T/calls"
    rude --flood <"$T/calls"
    sleep 0.2
    for i in 1 2 3 4 5; do
        run -0 timeout 5 "$B/reviewctl" --json household show S1
    done
    run -0 --separate-stderr timeout 20 "$B/reviewctl" --json clock set "2026-11-27 09:00"
    same '["2026-11-27"]' "$(jq -c .runs <<<"$output")"
    kill -0 "$(<"$T/rude")" # it was at it all the time
    kill "$(<"$T/rude")"
}

@test "two daemons never open one store; the first goes on (issue: a lock)" {
    sed 's/socket = "s"/socket = "s2"/; s/spool = "spool"/spool = "spool2"/' "$D/reviewd.conf" >"$D/second.conf"
    run -1 timeout 10 "$B/reviewd" -f "$D/second.conf" --manual-clock "2026-11-24 07:00"
    [[ $output == *reviewd.db* ]]
    answers
    # Nor does a second take the socket of the first.
    sed 's/store = "reviewd.db"/store = "other.db"/; s/spool = "spool"/spool = "spool2"/' "$D/reviewd.conf" >"$D/second.conf"
    run -1 timeout 10 "$B/reviewd" -f "$D/second.conf" --manual-clock "2026-11-24 07:00"
    same S1 "$(json household show S1 | field household)"
}

@test "reload takes new settings, is on record, and a fault leaves everything as it was (5)" {
    cp "$D/reviewd.conf" "$T/good.conf"
    head=$(head_of)
    echo 'limits = { page = 1; };' >>"$D/reviewd.conf"
    run -0 ctl reload
    same 1 "$(json audit | jq '.items | length')"
    [ "$(head_of)" != "$head" ]
    head=$(head_of)
    echo 'colour = "red";' >>"$D/reviewd.conf"
    refused bad-argument reload
    [[ $output == *"reviewd.conf:8: "*colour* ]]
    same "$head" "$(head_of)"
    same 1 "$(json audit | jq '.items | length')"
    sed 's/store = "reviewd.db"/store = "other.db"/' "$T/good.conf" >"$D/reviewd.conf"
    refused bad-argument reload # what only a new start can change
    cp "$T/good.conf" "$D/reviewd.conf"
    # SIGHUP does the same.
    kill -HUP "$(<"$D/pid")"
    whole() { [ "$(json audit | jq '.items | length')" -gt 1 ]; }
    wait_for whole
}

@test "SIGHUP again and again: what was written before the last one is taken (5)" {
    cp "$D/reviewd.conf" "$T/good.conf"
    for i in {1..60}; do
        { cat "$T/good.conf"; echo "limits = { page = $((61 - i)); };"; } >"$D/reviewd.conf"
        kill -HUP "$(<"$D/pid")"
    done
    last() { [ "$(json audit | jq '.items | length')" = 1 ]; }
    wait_for last
    cp "$T/good.conf" "$D/reviewd.conf"
    ctl reload
}

@test "a reload that is refused tells its faults a line each, in the answer and in the log (5)" {
    cp "$D/reviewd.conf" "$T/good.conf"
    printf 'colour = "red";\nshape = "round";\n' >>"$D/reviewd.conf"
    run -1 ctl reload
    same 2 "$(grep -c '^[^ ]*reviewd.conf:[0-9]*: .*\(colour\|shape\)' <<<"$output")"
    before=$(grep -c event=reload-refused "$D/log")
    kill -HUP "$(<"$D/pid")"
    told() { [ "$(grep -c event=reload-refused "$D/log")" -gt "$before" ]; }
    wait_for told
    same 2 "$(($(grep -c event=reload-refused "$D/log") - before))"
    cp "$T/good.conf" "$D/reviewd.conf"
    ctl reload
}

@test "reload takes a calendar that arrived in the folder, and moves what it moves (3.2, 5)" {
    household R1 2026-10-01 | load_households
    same "2027-01-01 true" "$(get R1 '"\(.due_on) \(.provisional)"')"
    printf 'date,kind,name\n2027-01-01,holiday,元旦\n2027-01-02,holiday,元旦\n2027-01-03,holiday,元旦\n' >"$D/calendar/2027.csv"
    run -0 ctl reload
    same "2027-01-04 false" "$(get R1 '"\(.due_on) \(.provisional)"')"
    head=$(sql "SELECT count(*) FROM audit WHERE action = 'deadline.move'")
    run -0 ctl reload
    same "$head" "$(sql "SELECT count(*) FROM audit WHERE action = 'deadline.move'")"
}

@test "SIGTERM: what was acknowledged is there, the socket answers no more, the next start goes on (6)" {
    kill -TERM "$(<"$D/pid")"
    wait_for gone
    grep -q 'event=stop' "$D/log"
    run -3 ctl status
    [ ! -e "$D/reviewd.db-wal" ] || [ ! -s "$D/reviewd.db-wal" ] # checkpointed
    same ok "$(sql "PRAGMA integrity_check")"
    head=$(sql "SELECT lower(hex(hash)) FROM audit ORDER BY seq DESC LIMIT 1")
    daemon_start "2026-11-27 09:00"
    same "$head" "$(head_of)"
    # A connection in the middle of a line does not hold it up.
    (printf '{"jsonrpc"'; sleep 5) | "$B/rpc" "$D/s" >/dev/null 2>&1 3>&- &
    kill -TERM "$(<"$D/pid")"
    wait_for gone
    daemon_start "2026-11-27 09:00"
    kill $! 2>/dev/null || true
}

# check_says TEXT…: --check fails, and every one of the texts is in what it says
check_says() {
    run -1 "$B/reviewd" --check -f "$D/reviewd.conf"
    local said
    for said in "$@"; do
        [[ $output == *"$said"* ]] || same "*$said*" "$output"
    done
}

@test "--check: good is 0; every fault as file:line: what (5)" {
    daemon_new "$T/c"
    run -0 "$B/reviewd" --check -f "$D/reviewd.conf"
    [ ! -e "$D/reviewd.db" ] && [ ! -e "$D/spool" ] # it only looks
    cp "$D/reviewd.conf" "$T/good.conf"
    cat >>"$D/reviewd.conf" <<'CONF'
colour = "red";
daily_run_at = "25:00";
timezone = "Mars/Olympus";
limits = { page = 0; speed = 3; };
delivery = ( { division = 500101000000L; by = "socket"; }, { division = "500101"; by = "pigeon"; } );
accounts = ( { user = "nobody-of-this-name"; role = "king"; } );
CONF
    check_says reviewd.conf:7: reviewd.conf:8: reviewd.conf:9: reviewd.conf:10: reviewd.conf:11: reviewd.conf:12: \
        colour speed pigeon king 'division = "500101"'
    # A syntax error: its line. libconfig reads no further in that file.
    { cat "$T/good.conf"; echo 'log = { level = ;'; } >"$D/reviewd.conf"
    check_says reviewd.conf:7:
    cp "$T/good.conf" "$D/reviewd.conf"
    run -1 "$B/reviewd" --check -f "$T/none.conf"
    [[ $output == *none.conf* ]]
}

@test "--check: faults of policies and calendars of all files at once; gaps and overlaps (3.1, 3.2)" {
    daemon_new "$T/c"
    sed -i 's/lead_days = 30/lead_days = 300/; s/value = "following"/value = "sideways"/' "$D/policy/2026-regular.conf"
    sed -i 's/from = "2021-01-01"/from = "2021-01-02"/' "$D/policy/2021-transition.conf"
    printf '2025-02-30,holiday,x\n2025-03-03,workday,x\n' >>"$D/calendar/2025.csv"
    echo '2026-01-01,holiday,x' >>"$D/calendar/2024.csv"
    lead=$(grep -n 'lead_days = 300' "$D/policy/2026-regular.conf" | cut -d: -f1)
    roll=$(grep -n sideways "$D/policy/2026-regular.conf" | cut -d: -f1)
    bad=$(($(wc -l <"$D/calendar/2025.csv") - 1))
    check_says "2026-regular.conf:$lead: " "2026-regular.conf:$roll: " "2025.csv:$bad: " "2025.csv:$((bad + 1)): " 2024.csv
    cp "$BATS_TEST_DIRNAME/../../conf/policy/2026-regular.conf" "$D/policy/"
    check_says 2021-transition.conf: # the gap between 2020-12-31 and 2021-01-02
    sed -i 's/from = "2021-01-02"/from = "2020-12-31"/' "$D/policy/2021-transition.conf"
    check_says 2021-transition.conf: # the overlap
    run -1 timeout 10 "$B/reviewd" -f "$D/reviewd.conf" --manual-clock "2026-11-24 07:00"
    [[ $output == *2021-transition.conf:* ]] # and no start
}
