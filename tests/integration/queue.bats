#!/usr/bin/env bats
# Queues over the socket (contract.md 4, 5): leases, acknowledgements, order, watching, and a delivery that
# is switched. The city's second district leaves by the spool, as every division does by default.

load ../lib/daemon

T1=500101001000 T2=500101017000 SPOOLED=500102006000

setup() {
    T=$BATS_TEST_TMPDIR
    daemon_new "$T/d"
    deliver_by socket
}

teardown() {
    [ ! -f "$T/watching" ] || kill $(<"$T/watching") 2>/dev/null || true
    daemon_stop
    [ ! -f "$T/public" ] || rm -rf "$(<"$T/public")"
}

# The whole configuration anew, with how district 500101 is delivered, and lines more.
deliver_by() {
    sed -i '/^delivery/,$d' "$D/reviewd.conf"
    printf 'delivery = ( { division = "500101"; by = "%s"; } );\n%s\n' "$1" "${2:-}" >>"$D/reviewd.conf"
}

# Three households in the first township, one of them late; the run sends it two alerts and its list,
# whose identifiers are in M. Not `still`: no run.
begin() {
    daemon_start "2026-11-24 08:00"
    load_divisions
    printf '%s\n' district,year,dibao,poverty_line 500101,2026,6000.00,4000.00 \
        500102,2026,6000.00,4000.00 >"$T/standards.csv"
    ctl import standards "$T/standards.csv" >/dev/null
    { household LATE 2026-08-17; household DUE 2026-08-27; household DUE2 2026-08-27; } |
        load_households
    [ "${1:-}" != still ] || return 0
    ctl run >/dev/null
    read -r -a M < <(json queue show 500101001 | ids)
    same 3 ${#M[@]}
}

# says N [DIVISION]: N messages to the store of a daemon that does not run, as the service would say
# them; of BYTES bytes each.
says() {
    sql "INSERT INTO message (epoch, division, kind, subject, created_on, body, state)
         WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < $1)
         SELECT 1, ${2:-$T1}, 'alert', 'n' || i, 20781,
                '{\"n\":' || i || ',\"x\":\"' || substr(hex(zeroblob(${BYTES:-10})), 1, ${BYTES:-10}) || '\"}', 'ready' FROM n"
}

# take DIVISION [OPTION…]: kinds and ids; take_ids: ids alone
ids() { jq -r '[.items[].id] | join(" ")'; }
take() { json queue take "$@" | ids; }
ack() { json queue ack "$@" | jq -r '"\(.acked) \(.unknown)"'; }
state() { sql "SELECT group_concat(state, ' ') FROM (SELECT state FROM message WHERE division = ${1:-$T1} ORDER BY seq)"; }

watch() {
    "$B/reviewctl" --json queue watch "$@" >"$T/watched" 2>"$T/watched.err" 3>&- &
    echo $! >>"$T/watching"
}
watched() { same "$1" "$(jq -r .id "$T/watched" | tr '\n' ' ')"; }
lines() { [ "$(wc -l <"$T/watched")" -ge "$1" ]; }

reload_by_signal() {
    local n
    n=$(grep -c 'event=reload$' "$D/log" || true)
    kill -HUP "$(<"$D/pid")"
    wait_for eval "[ \$(grep -c 'event=reload\$' '$D/log') -gt $n ]"
}

@test "take and ack: what they answer, as JSON and as a table (5)" {
    begin
    run -0 --separate-stderr json queue take 500101001 --limit 2
    same '["items","lease_until"] ["body","created_on","division","id","kind"] alert '$T1' 2026-11-24 due-soon 2026-11-24T08:05:00+08:00' \
        "$(jq -r '"\(keys) \(.items[0] | keys) \(.items[0].kind) \(.items[0].division) \(.items[0].created_on) \(.items[0].body.event) \(.lease_until)"' <<<"$output")"
    same 2 "$(jq '.items | length' <<<"$output")"
    read -r -a got < <(ids <<<"$output")
    same '{"acked":2,"unknown":0}' "$(json queue ack "${got[@]}")"
    run -0 ctl queue take 500101001 --lease-seconds 60
    [[ ${lines[0]} =~ ^"MESSAGE"\ +"KIND"\ +"CREATED"\ +"BODY" ]]
    [[ $output == *daily*"leased until 2026-11-24T08:01:00+08:00" ]]
    run -0 ctl queue take 500101001
    same "none: leased to another until 2026-11-24T08:01:00+08:00" "$output"
    run -0 ctl queue show 500101001
    [[ $output == *acked*ready*2026-11-24T08:01:00+08:00* ]]
    id=$(sql "SELECT epoch || '-' || seq FROM message WHERE kind = 'daily' AND division = $T1")
    run -0 ctl queue ack "$id" "$id" 9-9
    [[ $output =~ acked\ +1 && $output =~ unknown\ +2 ]]
    run -0 ctl queue take 500101001
    same "none" "$output"
    same '{"items":[],"lease_until":null}' "$(json queue take 500101001)"
    same "acked acked acked" "$(state)"
}

@test "the body of a list is what the spool would have held (4)" {
    begin
    run -0 --separate-stderr json queue take 500101001
    same "$T1 高笋塘街道 2026-11-24 LATE DUE" \
        "$(jq -r '.items[] | select(.kind == "daily") | .body | "\(.division) \(.name) \(.date) \(.sections.late[0].household) \(.sections.due[0].household)"' <<<"$output")"
    jq -e '.items[] | select(.kind == "daily") | .id == .body.id and (.body.audit_head | length) == 64' <<<"$output"
    [ ! -e "$D/spool/500101000000" ]
    # The other district's townships keep their files.
    printf '%s\n' household,division,status,tier,approved_on \
        S,500102006001,active,quarterly,2026-08-17 >"$T/s.csv"
    ctl import households "$T/s.csv" --history complete >/dev/null
    ctl clock advance 1d >/dev/null
    [ -e "$D/spool/500102000000/$SPOOLED/new/2026-11-25-daily.csv" ]
    same "delivered" "$(sql "SELECT DISTINCT state FROM message WHERE division = $SPOOLED")"
}

@test "what take, ack and watch refuse (5)" {
    begin
    refused conflict queue take $SPOOLED
    refused conflict queue watch $SPOOLED
    refused not-found queue take 500199
    refused not-found queue watch 500199
    run -1 --separate-stderr json queue take 500101001 --lease-seconds 86401
    [[ $output == *bad-argument* ]]
    run -2 ctl queue take 500101001 --limit 0
    run -2 ctl queue take 500101001 --lease-seconds soon
    run -2 ctl queue ack
    [[ $output == *"ID... is missing"* ]]
    run -2 ctl queue watch
    for params in '{}' '{"ids":[]}' '{"ids":"1-1"}' '{"ids":[1]}' '{"ids":[""]}' '{"id":"1-1"}'; do
        same "-32602 bad-argument" "$(rpc queue.ack "$params" | jq -r '"\(.error.code) \(.error.data.reason)"')"
    done
    for params in '{}' '{"division":"500101001","lease_seconds":0}' '{"division":"500101001","limit":0}'; do
        same "-32602" "$(rpc queue.take "$params" | jq .error.code)"
    done
    # Nothing of it changed anything; what was never taken is not acknowledged, nor what is no id.
    same '{"acked":0,"unknown":6}' "$(rpc queue.ack "{\"ids\":[\"${M[0]}\",\"2-3\",\"1-03\",\"x\",\"1-\",\"-1\"]}" | jq -c .result)"
    same "ready ready ready" "$(state)"
    # In a batch, in order.
    same '[2,{"acked":1,"unknown":0},{"acked":0,"unknown":1}]' "$(printf '[%s,%s,%s]\n' \
        '{"jsonrpc":"2.0","id":1,"method":"queue.take","params":{"division":"500101001","limit":2}}' \
        '{"jsonrpc":"2.0","id":2,"method":"queue.ack","params":{"ids":["'"${M[0]}"'"]}}' \
        '{"jsonrpc":"2.0","id":3,"method":"queue.ack","params":{"ids":["'"${M[0]}"'"]}}' | raw |
        jq -c '[.[].result | if .items then (.items | length) else . end]')"
}

@test "a lease that runs out gives its messages back, by the product's clock" {
    deliver_by socket 'limits = { lease_seconds = 90; };'
    begin
    same "${M[*]:0:2}" "$(take 500101001 --limit 2)"
    same 2 "$(json status | jq .queues.leased)"
    ctl clock advance 89s >/dev/null
    same "" "$(take 500101001)"
    same "2026-11-24T08:01:30+08:00" "$(json queue take 500101001 | field lease_until)"
    ctl clock advance 1s >/dev/null
    same 0 "$(json status | jq .queues.leased)"
    same null "$(json queue show 500101001 | jq '.items[0].lease_until')"
    # The same identifiers, in the same order, from the oldest on.
    same "${M[*]}" "$(take 500101001)"
    # The one that was late can still end its own, once; then the other finds it gone.
    same "1 0" "$(ack "${M[0]}")"
    same "2 1" "$(ack "${M[@]}")"
    same "0 3" "$(ack "${M[@]}")"
    # An acknowledgement after the end of the lease, before anybody else took it.
    ctl clock advance 1d >/dev/null
    read -r -a got < <(take 500101001 --lease-seconds 1)
    ctl clock advance 1s >/dev/null
    same "${#got[@]} 0" "$(ack "${got[@]}")"
    same "" "$(take 500101001)"
}

@test "a lease outlives the daemon" {
    begin
    same "${M[0]}" "$(take 500101001 --limit 1)"
    daemon_kill
    daemon_start "2026-11-24 08:02"
    same "" "$(take 500101001)"
    same "1 0" "$(ack "${M[0]}")"
    same "${M[1]}" "$(take 500101001 --limit 1)"
    daemon_kill
    daemon_start "2026-11-24 08:07"
    same "${M[*]:1}" "$(take 500101001)"
}

@test "a clock that went back far does not hold a division" {
    begin
    same "${M[0]}" "$(take 500101001 --limit 1)"
    ctl clock set --yes "2026-11-24T07:00" >/dev/null
    same "" "$(take 500101001)"
    ctl clock set --yes "2026-10-24" >/dev/null
    same "${M[*]}" "$(take 500101001)"
}

@test "order: a division is held by one lease, in whatever order it is acknowledged" {
    begin still
    daemon_stop
    says 6
    daemon_start "2026-11-24 08:00"
    same "1-1 1-2 1-3" "$(take 500101001 --limit 3)"
    same "" "$(take 500101001)"
    same "2 0" "$(ack 1-3 1-1)"
    same "" "$(take 500101001)"
    same "1 0" "$(ack 1-2)"
    same "1-4" "$(take 500101001 --limit 1)"
    # Another division has its own order.
    ctl household move DUE 500101017001 >/dev/null
    same 1 "$(json queue take 500101017 | jq '.items | length')"
    same "acked acked acked ready ready ready ready" "$(state)"
}

@test "what is said between two runs can be taken at once; the next list tells of it all the same" {
    begin
    read -r -a got < <(take 500101001)
    ack "${got[@]}" >/dev/null
    ctl household move DUE 500101017001 >/dev/null
    same "moved-away" "$(json queue take 500101001 | jq -r '.items[].kind')"
    same "moved-in" "$(json queue take 500101017 | jq -r '.items[].kind')"
    same 1 "$(sql "SELECT count(*) FROM message WHERE division = $T1 AND listed = 0")"
    ctl clock advance 1d >/dev/null
    same 0 "$(sql "SELECT count(*) FROM message WHERE listed = 0 AND kind <> 'daily'")"
    same "moved-away daily" "$(json queue take 500101001 | jq -r '[.items[].kind] | join(" ")')"
}

@test "delivery switched from the spool to the socket and back: nothing lost, nothing twice" {
    deliver_by spool
    begin
    new=$D/spool/500101000000/$T1/new
    same 3 "$(ls "$new" | wc -l)"
    ctl household move DUE 500101017001 >/dev/null
    refused conflict queue take 500101001

    deliver_by socket
    ctl reload >/dev/null
    # What the spool had not carried, and no more.
    same "moved-away" "$(json queue take 500101001 | jq -r '.items[].kind')"
    ctl clock advance 1d >/dev/null
    same 3 "$(ls "$new" | wc -l)"
    read -r -a got < <(take 500101001)
    same "moved-away daily" "$(json queue show 500101001 | jq -r '[.items[] | select(.state == "ready") | .kind] | join(" ")')"
    ack "${got[0]}" >/dev/null

    # Back: the list was taken and not acknowledged. While its lease lasts it is the taker's.
    deliver_by spool
    ctl reload >/dev/null
    refused conflict queue take 500101001
    ctl clock set "2026-11-26T00:01" >/dev/null
    [ ! -e "$new/2026-11-25-daily.csv" ]
    ctl run >/dev/null
    same 1 "$(ls "$new" | grep -c 2026-11-25-daily.csv)"
    same 1 "$(ls "$new" | grep -c 2026-11-26-daily.csv)"
    same "0 1" "$(ack "${got[1]}")"
    same 0 "$(sql "SELECT count(*) FROM message WHERE state NOT IN ('delivered', 'acked')")"
    same 1 "$(sql "SELECT count(*) FROM message WHERE state = 'acked'")"

    # And to the socket again: what was delivered does not come back.
    deliver_by socket
    ctl reload >/dev/null
    same "" "$(take 500101001)"
}

@test "a list taken before the switch and acknowledged after it does not come by the spool too" {
    begin
    read -r -a got < <(take 500101001 --lease-seconds 86400)
    deliver_by spool
    ctl reload >/dev/null
    ctl clock advance 30m >/dev/null
    same "${#got[@]} 0" "$(ack "${got[@]}")"
    ctl clock advance 1d >/dev/null
    same "2026-11-25-daily.csv" "$(basename "$D/spool/500101000000/$T1/new/"*.csv)"
    [[ $(state) == "acked acked acked"*delivered ]]
}

@test "an acknowledgement stands in the audit, once, by whoever was first" {
    begin
    take 500101001 >/dev/null
    same "2 0" "$(ack "${M[1]}" "${M[0]}")"
    same "0 1" "$(ack "${M[0]}")"
    same "[{\"ids\":[\"${M[1]}\",\"${M[0]}\"]}]" "$(json audit | jq -c '[.items[] | select(.action == "queue.ack") | .after]')"
    ctl audit verify
}

@test "roles: a viewer looks, an operator takes; a bound account has its own divisions alone" {
    user=$(id -un) as=()
    [ "$(id -u)" -ne 0 ] || { user=daemon; as=(setpriv --reuid=daemon --regid=daemon --clear-groups); }
    public=$(mktemp -d)
    echo "$public" >"$T/public"
    chmod 755 "$public"
    cp "$B/reviewctl" "$public/"
    sed -i "s#^socket.*#socket = \"$public/s\";#" "$D/reviewd.conf"
    export REVIEWD_SOCKET=$public/s
    answers() { [ -S "$public/s" ] && ctl status; }
    own() { run --separate-stderr "${as[@]}" "$public/reviewctl" --json "$@"; }
    begin
    ctl household move DUE 500101017001 >/dev/null
    first=$(take 500101017 | cut -d' ' -f1)

    deliver_by socket "accounts = ( { user = \"$user\"; role = \"viewer\"; } );"
    reload_by_signal
    for command in "take 500101001" "ack ${M[0]}" "watch 500101001"; do
        own queue $command
        same "1 not-allowed" "$status $(field reason "$output")"
    done
    own queue show 500101001
    same 0 $status

    deliver_by socket "accounts = ( { user = \"$user\"; role = \"operator\"; divisions = ( \"500101001\" ); } );"
    reload_by_signal
    own queue take 500101017
    same "1 not-found" "$status $(field reason "$output")"
    own queue watch 500101017
    same "1 not-found" "$status $(field reason "$output")"
    own queue take $SPOOLED # not `conflict`: it is not told that there is such a division
    same "1 not-found" "$status $(field reason "$output")"
    own queue ack "$first" "${M[0]}"
    same '{"acked":0,"unknown":2}' "$output"
    own queue take 500101001 --limit 1
    same "${M[0]}" "$(ids <<<"$output")"
    own queue ack "$first" "${M[0]}"
    same '{"acked":1,"unknown":1}' "$output"

    # An account that is unbound is told no more.
    "${as[@]}" "$public/reviewctl" --json queue watch 500101001 >"$T/watched" 2>"$T/watched.err" 3>&- &
    echo $! >>"$T/watching"
    wait_for lines 2
    deliver_by socket "accounts = ( { user = \"$user\"; role = \"operator\"; divisions = ( \"500101017\" ); } );"
    reload_by_signal
    status=0; wait $! || status=$?
    same 1 $status
    same not-found "$(tail -n 1 "$T/watched" | jq -r .error.data.reason)"
}

@test "watch tells what waits, then each message as it becomes ready, and keeps nothing from being taken" {
    begin
    watch 500101001
    wait_for lines 3
    watched "${M[*]} "
    same '["body","created_on","division","id","kind"]' "$(head -n 1 "$T/watched" | jq -c keys)"
    same "${M[*]}" "$(take 500101001)"
    same "3 0" "$(ack "${M[@]}")"
    ctl household move DUE 500101017001 >/dev/null
    wait_for lines 4
    same moved-away "$(tail -n 1 "$T/watched" | jq -r .kind)"
    # A day's run: in the order in which they can be taken.
    ctl clock advance 1d >/dev/null
    wait_for eval "grep -q daily '$T/watched'"
    waiting=$(json queue show 500101001 | jq -r '.items[] | select(.state == "ready") | .id')
    same "$waiting" "$(tail -n +4 "$T/watched" | jq -r .id)"
    # For people: a line each.
    "$B/reviewctl" queue watch 500101001 >"$T/people" 2>&1 3>&- &
    echo $! >>"$T/watching"
    wait_for grep -q daily "$T/people"
    [[ $(head -n 1 "$T/people") =~ ^1-[0-9]+\ +2026-11-24\ +moved-away\ +[a-z_]+= ]]
}

@test "watch ends, with the reason, where the division leaves by the spool; and with the daemon" {
    begin
    watch 500101001
    wait_for lines 3
    deliver_by spool
    ctl reload >/dev/null
    status=0; wait $! || status=$?
    same 1 $status
    same conflict "$(tail -n 1 "$T/watched" | jq -r .error.data.reason)"
    grep -q "leave by the spool" "$T/watched.err"
    deliver_by socket
    ctl reload >/dev/null
    : >"$T/watched" # or the lines of the one before are counted
    watch 500101001
    wait_for lines 3
    daemon_stop
    status=0; wait $! || status=$?
    same 1 $status
    grep -q "ended the connection" "$T/watched.err"
}

@test "watching several divisions on one connection; again from the beginning" {
    begin
    ctl household move DUE 500101017001 >/dev/null
    watching() { printf '{"jsonrpc":"2.0","id":%d,"method":"queue.watch","params":{"division":"%s"}}\n' "$1" "$2"; }
    { watching 1 500101001; watching 2 500101017
      printf '[%s,%s]\n' "$(watching 3 500101017)" "$(watching 4 500102)"; } |
        "$B/rpc" --rest "$D/s" >"$T/watched" 3>&- &
    echo $! >>"$T/watching"
    wait_for lines 8
    same "1 2" "$(jq -r 'objects | select(.result) | .id' "$T/watched" | xargs)"
    same "3 4 conflict" "$(jq -r 'arrays | "\(.[0].id) \(.[1].id) \(.[1].error.data.reason)"' "$T/watched")"
    told() { jq -r 'objects | select(.method == "queue.message") | .params | "\(.division) \(.kind)"' "$T/watched" | sort | uniq -c | xargs; }
    same "2 $T1 alert 1 $T1 daily 1 $T1 moved-away 1 $T2 moved-in" "$(told)"
    # Each division as it goes on.
    ctl household move DUE2 500101017001 >/dev/null
    wait_for lines 10
    same "2 $T1 alert 1 $T1 daily 2 $T1 moved-away 2 $T2 moved-in" "$(told)"
}

@test "a watcher is told of what a joined division had waiting, though it was said before (5)" {
    begin
    ctl household move DUE 500101017001 >/dev/null
    watch $T2
    wait_for lines 1
    ctl division merge --yes $T1 $T2 >/dev/null
    json queue show $T2 --all | jq -r '.items[] | select(.state == "ready") | .id' | sort >"$T/all"
    grep -qxF "${M[0]}" "$T/all"
    changes_all() { cmp -s "$T/all" <(jq -r .id "$T/watched" | sort -u); }
    wait_for changes_all
}

@test "a division that was joined to another: its watch ends, and nothing is taken from it (5)" {
    begin
    watch 500101001
    wait_for lines 3
    ctl division merge --yes $T1 $T2 >/dev/null
    refused conflict queue take 500101001
    [[ $output == *"$T1 was joined to $T2"* ]]
    refused conflict queue watch 500101001
    status=0; wait "$(<"$T/watching")" || status=$?
    same 1 $status
    same conflict "$(tail -n 1 "$T/watched" | jq -r .error.data.reason)"
    grep -q "$T1 was joined to $T2" "$T/watched.err"
    same "${M[*]}" "$(take $T2 --limit 3)"
}

@test "a watcher that does not read loses nothing, and holds nobody up" {
    begin still
    daemon_stop
    BYTES=10000 says 400
    daemon_start "2026-11-24 08:00"
    before=$(awk '/VmRSS/ { print $2 }' "/proc/$(<"$D/pid")/status")
    mkfifo "$T/gate" "$T/pipe"
    { read -r line; echo "$line" >"$T/first"; read -r _ <"$T/gate"; echo "$line"; cat; } <"$T/pipe" >"$T/watched" 3>&- &
    "$B/reviewctl" --json queue watch 500101001 >"$T/pipe" 3>&- &
    echo $! >>"$T/watching"
    wait_for test -s "$T/first"
    # 4 MB wait for one who reads none of them: others are served, and it is not kept for him.
    ctl household move DUE 500101017001 >/dev/null
    same 1 "$(json queue take 500101017 | jq '.items | length')"
    after=$(awk '/VmRSS/ { print $2 }' "/proc/$(<"$D/pid")/status")
    # The sanitizers keep what was freed.
    [[ $B == *san ]] || [ $((after - before)) -lt 3000 ] || { echo "$before to $after kB"; false; }
    echo go >"$T/gate"
    wait_for lines 401
    same "$(seq -f '1-%.0f' 401 | xargs)" "$(jq -r .id "$T/watched" | xargs)"
}

# Every page of a division's messages as it comes, one a line.
each_page() {
    local cursor=()
    while :; do
        json queue show "$1" "${cursor[@]}" | tee "$T/page"
        cursor=(--cursor "$(jq -r '.next // ""' "$T/page")")
        [ -n "${cursor[1]}" ] || break
    done
}

@test "queue show over a long history: every message once, in order, pages by items and by bytes" {
    begin still
    daemon_stop
    says 2500
    sql "UPDATE message SET state = 'acked' WHERE seq < 2400"
    daemon_start "2026-11-24 08:00"
    each_page 500101001 >"$T/pages"
    same "1000 1000 500" "$(jq '.items | length' "$T/pages" | xargs)"
    same "$(seq -f '1-%.0f' 2500 | sha256sum)" "$(jq -r '.items[].id' "$T/pages" | sha256sum)"
    same "1-2400" "$(take 500101001 --limit 1)"
    refused bad-argument queue show 500101001 --cursor x
    daemon_stop
    BYTES=300000 says 10 $T2
    daemon_start "2026-11-24 08:00"
    each_page 500101017 >"$T/pages"
    same "4 4 2" "$(jq '.items | length' "$T/pages" | xargs)"
    same 10 "$(jq -r '.items[].id' "$T/pages" | sort -u | wc -l)"
    same 4 "$(json queue take 500101017 | jq '.items | length')"
}

@test "what was acknowledged before a division was joined to another is on the other's next list (4, 5)" {
    begin
    take 500101001 >/dev/null
    ack "${M[@]}" >/dev/null
    ctl household move DUE 500101017001 >/dev/null
    same "1 0" "$(ack "$(take 500101001)")"
    same "1 0" "$(ack "$(take 500101017)")"
    ctl division merge --yes $T1 $T2 >/dev/null
    ctl clock advance 1d >/dev/null
    same 0 "$(sql "SELECT count(*) FROM message WHERE division = $T1 AND state <> 'acked'")"
    same 0 "$(sql "SELECT count(*) FROM message WHERE listed = 0 AND kind <> 'daily'")"
    ctl verify
}

@test "a long queue comes along a piece at a time when its division is joined to another (6)" {
    begin still
    daemon_stop
    BYTES=600000 says 100
    daemon_start "2026-11-24 08:00"
    before=$(awk '/VmHWM/ { print $2 }' "/proc/$(<"$D/pid")/status")
    same 100 "$(json division merge --yes $T1 $T2 | field messages)"
    after=$(awk '/VmHWM/ { print $2 }' "/proc/$(<"$D/pid")/status")
    # The sanitizers keep what was freed.
    [[ $B == *san ]] || [ $((after - before)) -lt 20000 ] || { echo "$before to $after kB"; false; }
    same "$(seq -f '1-%.0f' 100 | xargs)" "$(json queue show $T2 --all | jq -rs '[.[].items[] | select(.kind == "alert") | .id] | join(" ")')"
}

@test "a store that cannot be read is said once to the log, not without end, and others are served (6)" {
    begin still
    daemon_stop
    says 3
    sql "PRAGMA wal_checkpoint(TRUNCATE)" >/dev/null
    page=$(sql "SELECT rootpage FROM sqlite_schema WHERE name = 'message_waiting'")
    dd if=/dev/zero of="$D/reviewd.db" bs=4096 seek=$((page - 1)) count=1 conv=notrunc status=none
    daemon_start "2026-11-24 08:00"
    watch 500101001
    wait_for grep -q "queue.watch: " "$D/log"
    for _ in 1 2 3 4 5; do ctl status >/dev/null; done
    same 1 "$(grep -c "queue.watch: " "$D/log")"
}
