#!/usr/bin/env bats
# A record that makes a phase of the daily run fail is set aside with the reason, named by `run`, `status`
# and `verify`; the run goes on for all others, and it is set aside no more once its record works again
# (contract.md section 4). Each phase with a record that the schema refuses; `open` is in day.bats.

load ../lib/daemon

setup() {
    T=$BATS_TEST_TMPDIR
    daemon_new "$T/d"
}

teardown() {
    daemon_stop
}

# stopped STATEMENT: on the store of a daemon that is down, foreign keys and checks aside.
stopped() {
    daemon_stop
    sqlite3 -batch "$D/reviewd.db" "PRAGMA ignore_check_constraints = ON; $1"
}
# refuse TABLE INSERT|UPDATE WHEN: the schema refuses such a row from now on.
refuse() { stopped "CREATE TRIGGER refuse_$2_$1 BEFORE $2 ON $1 WHEN $3 BEGIN SELECT RAISE(ABORT, 'the record is broken'); END"; }
# aside: the households that the last run set aside, with their phases.
aside() { sql "SELECT group_concat(household || ' ' || phase, ', ') FROM (SELECT household, phase FROM set_aside JOIN household ON id = household_id ORDER BY household, phase)"; }
# named HOUSEHOLD: by status and by verify.
named() {
    [[ $(json status | jq -r '.warnings | join("\n")') == *"set aside"*"$1"* ]]
    run -1 --separate-stderr json verify
    jq -e --arg h "$1" 'any(.failures[]; .invariant == "set-aside" and .household == $h)' <<<"$output"
}
told() { sql "SELECT group_concat(json_extract(body, '\$.household'), ' ') FROM (SELECT body FROM message WHERE kind = 'alert' AND json_extract(body, '\$.event') = '$1' ORDER BY body)"; }

@test "4: alert: a task whose alert cannot be said; it is said when it can" {
    daemon_start "2026-11-23 07:00"
    load_divisions
    { household A1 2026-08-27; household BAD 2026-08-27; household A2 2026-08-27; } | load_households
    refuse message INSERT "new.body LIKE '%\"household\":\"BAD\"%'"
    daemon_start "2026-11-23 07:00"
    run -0 --separate-stderr json run
    same "BAD" "$(jq -r '[.set_aside[].household] | join(" ")' <<<"$output")"
    [[ $output == *"the record is broken"* ]]
    same "BAD alert" "$(aside)"
    same "A1 A2" "$(told due-soon)"
    grep -q 'event=set-aside household=BAD phase=alert' "$D/log"
    named BAD
    # The next day tries again, and so does the third, when the record is whole.
    ctl clock advance 1d >/dev/null
    same "BAD alert" "$(aside)"
    stopped "DROP TRIGGER refuse_INSERT_message"
    daemon_start "2026-11-25 08:00"
    same '[]' "$(json run | jq -c .set_aside)"
    same "A1 A2 BAD" "$(told due-soon)"
    run -0 json verify
}

@test "4: effect: a register decision whose household the schema refuses; it takes effect when it can" {
    daemon_start "2018-09-01 07:00"
    load_divisions
    for h in A1 BAD A2; do household $h 2018-03-01 "" quarterly active registered; done | load_households
    ctl run >/dev/null
    for h in A1 BAD A2; do
        ctl register decide "$(sql "SELECT task FROM task_view WHERE household = '$h' AND kind = 'register-adjustment'")" exit >/dev/null
    done
    refuse household UPDATE "new.household = 'BAD'"
    daemon_start "2018-09-09 07:00"
    run -0 --separate-stderr json run
    same "BAD" "$(jq -r '[.set_aside[].household] | join(" ")' <<<"$output")"
    same "BAD effect" "$(aside)"
    same "exited registered exited" "$(get A1 .register) $(get BAD .register) $(get A2 .register)"
    named BAD
    stopped "DROP TRIGGER refuse_UPDATE_household"
    daemon_start "2018-09-10 07:00"
    same '[]' "$(json run | jq -c .set_aside)"
    same exited "$(get BAD .register)"
    run -0 json verify
}

@test "4: age: a birthday that cannot be recorded; it is told when it can, once" {
    daemon_start "2018-06-20 09:00"
    load_divisions
    { household A1 2018-03-01; household BAD 2018-03-01; } | load_households
    printf '%s\n' household,member,birth_on A1,1,1948-06-21 BAD,1,1948-06-21 BAD,2,1948-06-23 >"$T/m.csv"
    ctl import members "$T/m.csv" >/dev/null
    refuse report INSERT "new.household_id = (SELECT id FROM household WHERE household = 'BAD')"
    daemon_start "2018-06-21 07:00"
    run -0 --separate-stderr json run
    same "BAD" "$(jq -r '[.set_aside[].household] | join(" ")' <<<"$output")"
    same "BAD age" "$(aside)"
    same 1 "$(sql "SELECT count(*) FROM report")"
    named BAD
    ctl clock advance 1d >/dev/null
    same "BAD age" "$(aside)"
    # The day between is caught up with the mended record; then another member has a birthday too.
    stopped "DROP TRIGGER refuse_INSERT_report"
    daemon_start "2018-06-23 08:00"
    same '[]' "$(json run | jq -c .set_aside)"
    same "1 2018-06-21 2018-06-22, 2 2018-06-23 2018-06-23" "$(sql "SELECT group_concat(member || ' ' || date(on_day * 86400, 'unixepoch') || ' ' || date(recorded_on * 86400, 'unixepoch'), ', ') FROM (SELECT * FROM report JOIN household h ON h.id = household_id WHERE household = 'BAD' ORDER BY member)")"
    ctl clock advance 1d >/dev/null
    same 3 "$(sql "SELECT count(*) FROM report")"
    run -0 json verify
}

@test "4: a damaged row is its household's trouble alone: the run goes on for all others" {
    daemon_start "2018-06-20 09:00"
    load_divisions
    { household A1 2018-03-01; household BAD 2018-03-01; } | load_households
    printf '%s\n' household,member,birth_on A1,1,1948-06-21 BAD,1,1948-06-21 >"$T/m.csv"
    ctl import members "$T/m.csv" >/dev/null
    stopped "UPDATE household SET income = -5 WHERE household = 'BAD'"
    daemon_start "2018-06-21 07:00"
    run -0 --separate-stderr json run
    same "BAD" "$(jq -r '[.set_aside[].household] | unique | join(" ")' <<<"$output")"
    same 1 "$(sql "SELECT count(*) FROM report")"
    refused storage household show BAD
    stopped "UPDATE household SET income = NULL WHERE household = 'BAD'"
    daemon_start "2018-06-22 08:00"
    same '[]' "$(json run | jq -c .set_aside)"
    same 2 "$(sql "SELECT count(*) FROM report")"
    run -0 json verify
}

@test "4: roll and close: a household that the roll cannot call gets its task late; what the close cannot tell is told later" {
    daemon_start "2018-08-31 09:00"
    load_divisions
    for h in A1 BAD A2; do household $h "" "" quarterly register-only registered; done | load_households
    refuse task INSERT "new.year = 2018 AND new.household_id = (SELECT id FROM household WHERE household = 'BAD')"
    daemon_start "2018-09-01 07:00"
    run -0 --separate-stderr json run
    same "BAD" "$(jq -r '[.set_aside[].household] | join(" ")' <<<"$output")"
    same "BAD roll" "$(aside)"
    same 4 "$(sql "SELECT count(*) FROM task")"
    named BAD
    stopped "DROP TRIGGER refuse_INSERT_task"
    daemon_start "2018-11-05 07:00" # the visits are over
    same '[]' "$(json run --yes --confirm | jq -c .set_aside)"
    same 6 "$(sql "SELECT count(*) FROM task WHERE year = 2018")"
    run -0 json verify
    refuse message INSERT "new.body LIKE '%undecided-at-close\"%\"household\":\"BAD\"%'"
    daemon_start "2018-12-31 07:00"
    json run --yes --confirm >/dev/null
    same "BAD close" "$(aside)"
    same 8 "$(told undecided-at-close | wc -w)" # two tasks, district and city
    stopped "DROP TRIGGER refuse_INSERT_message"
    daemon_start "2019-01-01 07:00"
    same '[]' "$(json run | jq -c .set_aside)"
    same 12 "$(told undecided-at-close | wc -w)"
    run -0 json verify
}

@test "4: notice and list: a division that cannot be told stops no other" {
    daemon_start "2025-11-02 07:00"
    load_divisions
    for h in A1 A2; do household $h 2018-03-01 2025-10-15 quarterly active registered; done | load_households
    household B1 2025-07-30 "" quarterly active registered | sed s/500101001001/500101017001/ | load_households
    household B2 2025-07-30 "" quarterly active registered | load_households
    refuse message INSERT "new.division = 500101001000 AND new.kind IN ('protection-ends', 'daily')"
    daemon_start "2025-11-03 07:00"
    run -0 --separate-stderr json run
    same "B2 list, B2 notice" "$(aside)"
    [[ $output == *"division 500101001000: "*"the record is broken"* ]]
    same "500101000000 500101017000" "$(sql "SELECT group_concat(division, ' ') FROM (SELECT division FROM message WHERE kind = 'protection-ends' ORDER BY division)")"
    [ -f "$D/spool/500101000000/500101017000/new/2025-11-03-daily.csv" ]
    [ ! -e "$D/spool/500101000000/500101001000/new/2025-11-03-daily.csv" ]
    named B2
    stopped "DROP TRIGGER refuse_INSERT_message"
    daemon_start "2025-11-04 07:00"
    same '[]' "$(json run | jq -c .set_aside)"
    same 3 "$(sql "SELECT count(*) FROM message WHERE kind = 'protection-ends'")"
    [ -f "$D/spool/500101000000/500101001000/new/2025-11-04-daily.csv" ]
    run -0 json verify
}

# delivered_aside: a list that a household's record breaks, by the spool or the socket.
delivered_aside() {
    daemon_start "2020-11-02 07:00"
    load_divisions
    { household B1 2020-07-30; household BAD 2020-07-31; } | load_households
    household B2 2020-07-30 | sed s/500101001001/500101017001/ | load_households
    refuse task UPDATE "new.listed_on IS NOT NULL AND new.household_id = (SELECT id FROM household WHERE household = 'BAD')"
    daemon_start "2020-11-02 07:00"
    run -0 --separate-stderr json run
    same true "$(jq '.set_aside | length == 1' <<<"$output")"
    same "B1 deliver" "$(aside)"
    same "500101001000 queued" "$(sql "SELECT division || ' ' || state FROM message WHERE kind = 'daily' AND division = 500101001000")"
    [ -f "$D/spool/500101000000/500101017000/new/2020-11-02-daily.csv" ]
    named B1
    stopped "DROP TRIGGER refuse_UPDATE_task"
    daemon_start "2020-11-03 07:00"
    same '[]' "$(json run | jq -c .set_aside)"
    run -0 json verify
}

@test "4: deliver: a list that cannot be marked waits in the queue, the others leave (spool)" {
    delivered_aside
    [ -f "$D/spool/500101000000/500101001000/new/2020-11-03-daily.csv" ]
    same 0 "$(find "$D/spool/tmp" -type f | wc -l)"
}

@test "4: deliver: a list that cannot be marked waits in the queue, the others leave (socket)" {
    echo 'delivery = ( { division = "500101001"; by = "socket"; } );' >>"$D/reviewd.conf"
    delivered_aside
    same "2020-11-02 2020-11-03" "$(json queue show 500101001 | jq -r '[.items[] | select(.kind == "daily") | .created_on] | join(" ")')"
}

@test "4: one household in two phases is set aside in both, and of each it is mended alone" {
    daemon_start "2026-11-23 09:00"
    load_divisions
    { household A1 2026-09-09; household BAD 2026-09-09; } | load_households
    ctl report BAD illness --source x >/dev/null
    refuse message INSERT "new.body LIKE '%\"household\":\"BAD\"%'"
    refuse task INSERT "new.household_id = (SELECT id FROM household WHERE household = 'BAD')"
    daemon_start "2026-11-30 07:00"
    json run >/dev/null
    same "BAD alert, BAD open" "$(aside)"
    stopped "DROP TRIGGER refuse_INSERT_task"
    daemon_start "2026-12-01 07:00"
    json run >/dev/null
    same "BAD alert" "$(aside)"
    stopped "DROP TRIGGER refuse_INSERT_message"
    daemon_start "2026-12-02 07:00"
    json run >/dev/null
    same "" "$(aside)"
}
