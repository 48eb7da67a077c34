#!/usr/bin/env bats
# The day: what opens, who is told what, catch-up, the clock, calendars that arrive (contract.md 3.2, 3.8, 4).

load ../lib/daemon

setup() {
    T=$BATS_TEST_TMPDIR
    daemon_new "$T/d"
}

teardown() {
    daemon_stop
}

# daily DAY: the township's list as JSON.
daily() { cat "$D/spool/500101000000/500101001000/new/$1-daily.json"; }
# Days of the lists that lie in the township's folder.
listed() { (cd "$D/spool/500101000000/500101001000/new" && ls ./*-daily.csv | cut -c3-12 | tr '\n' ' '); }
# alerts HOUSEHOLD: day, rung and queue of each alert that was said, in order.
alerts() {
    sql "SELECT date(created_on * 86400, 'unixepoch') || ' ' || json_extract(body, '\$.event') || ' ' || division
         FROM message WHERE kind = 'alert' AND json_extract(body, '\$.household') = '$1' ORDER BY seq"
}
runs() { sql "SELECT group_concat(date(day * 86400, 'unixepoch') || ' ' || state, ', ') FROM run"; }

@test "a task exists from opens_on on; sections late, due, new; the rest in totals (3.4, 4)" {
    daemon_start "2026-11-23 09:00"
    load_divisions
    # opens on the 24th; due in 7 days; late; open and neither of the three from the second list on.
    { household NEW 2026-09-09; household DUE 2026-08-27; household LATE 2026-08-17; household REST 2026-09-07; } |
        load_households
    same null "$(get NEW .open_task)"
    run -0 --separate-stderr json run
    same "2026-11-23 true false 0" "$(jq -r '"\(.date) \(.working_day) \(.already) \(.opened)"' <<<"$output")"
    same null "$(get NEW .open_task)"
    same "REST" "$(daily 2026-11-23 | jq -r '[.sections.new[].household] | join(" ")')"
    run -0 --separate-stderr json clock advance 1d
    same '["2026-11-24"]' "$(jq -c .runs <<<"$output")"
    # The first was asked for by somebody, the second by the clock.
    same "1 0" "$(sql "SELECT group_concat(who IS NOT NULL, ' ') FROM (SELECT who FROM run ORDER BY day)")"
    task=$(task_of NEW)
    same "2026-11-24 2026-12-09 15 new" "$(json task show "$task" | jq -r '"\(.opened_on) \(.due_on) \(.days_left) \(.section)"')"
    daily 2026-11-24 >"$T/list"
    same "LATE DUE NEW" "$(jq -r '[.sections | .late, .due, .new | map(.household) | join(",")] | join(" ")' "$T/list")"
    # Each task in one section only, and what is in none is in the totals.
    same 1 "$(jq '.totals.rest' "$T/list")"
    run -0 --separate-stderr json clock advance 1d
    same "LATE DUE " "$(daily 2026-11-25 | jq -r '[.sections | .late, .due, .new | map(.household) | join(",")] | join(" ")')"
}

@test "alerts: each rung once, on its working day; escalations in the queues above (3.8)" {
    daemon_start "2026-11-23 07:00"
    load_divisions
    { household DUE 2026-08-27; household LATE 2026-08-17; } | load_households
    ctl clock advance 28d >/dev/null
    same "2026-11-23 due-soon 500101001000
2026-11-27 due-today 500101001000
2026-11-30 late 500101001000
2026-12-04 escalated-district 500101000000
2026-12-18 escalated-city 500000000000" "$(alerts DUE)"
    # Past several rungs when it enters: the highest of them alone.
    same "2026-11-23 late 500101001000
2026-11-24 escalated-district 500101000000
2026-12-08 escalated-city 500000000000" "$(alerts LATE)"
    same "escalated-district" "$(json queue show 500101 | jq -r '[.items[] | select(.kind == "alert") | .body.event] | unique | join(" ")')"
    same "escalated-city" "$(json queue show 500000 | jq -r '[.items[] | select(.kind == "alert") | .body.event] | unique | join(" ")')"
    # Each is a line of syslog too.
    same 1 "$(grep -c 'event=escalated-city .*household=DUE' "$D/log")"
    [ -f "$D/spool/500101000000/new/2026-12-04-daily.csv" ]
    [ -f "$D/spool/500000000000/new/2026-12-18-daily.csv" ]
}

@test "run twice for a day: the second does nothing (4)" {
    daemon_start "2026-11-24 07:00"
    load_divisions
    { household DUE 2026-08-27; household LATE 2026-08-17; } | load_households
    ctl run >/dev/null
    head=$(head_of)
    files=$(cd "$D/spool" && find . -type f -printf '%p %T@\n' | sort)
    messages=$(sql "SELECT count(*) FROM message")
    run -0 --separate-stderr json run
    same '{"date":"2026-11-24","working_day":true,"already":true,"caught_up":[],"opened":0,"alerts":0,"lists":0,"set_aside":[]}' "$output"
    # That day's timer does nothing then, and an earlier day is done too.
    run -0 --separate-stderr json clock advance 2h
    same '[]' "$(jq -c .runs <<<"$output")"
    same true "$(json run --date 2026-11-23 | field already)"
    same "$head" "$(head_of)"
    same "$files" "$(cd "$D/spool" && find . -type f -printf '%p %T@\n' | sort)"
    same "$messages" "$(sql "SELECT count(*) FROM message")"
    # A later day is refused.
    refused bad-argument run --date 2026-11-25
}

@test "three days without the daemon: the consequences of each day, one list, for today (4)" {
    daemon_start "2026-11-24 07:00"
    load_divisions
    # Opens on Wednesday; is due on Thursday, hence late on Friday.
    { household OPENS 2026-09-10; household DUE 2026-08-26; } | load_households
    ctl run >/dev/null
    same "2026-11-24 " "$(listed)"
    rm "$D"/spool/*/*/new/* # fetched: what is not is told to the district
    daemon_kill
    daemon_start "2026-11-27 09:00"
    [[ $(json status) == *'the run of 2026-11-27 is overdue'* ]]
    run -0 --separate-stderr json run
    # The township's, its district's and the city's.
    same '["2026-11-25","2026-11-26"] 2026-11-27 3 1 2' \
        "$(jq -r '"\(.caught_up) \(.date) \(.lists) \(.opened) \(.alerts)"' <<<"$output")"
    same "2026-11-25 2026-12-10" "$(json task show "$(task_of OPENS)" | jq -r '"\(.opened_on) \(.due_on)"')"
    same "2026-11-24 due-soon 500101001000
2026-11-26 due-today 500101001000
2026-11-27 late 500101001000" "$(alerts DUE)"
    same "2026-11-27 " "$(listed)"
    same "late" "$(json late | jq -r '[.items[].section] | join(" ")')"
    # The days caught up are on record.
    same "2026-11-24 done, 2026-11-25 done, 2026-11-26 done, 2026-11-27 done" "$(runs)"
    same '"2026-11-25" "2026-11-26" "2026-11-27"' "$(json audit | jq -r '[.items[] | select(.action == "run" and .after.for == "2026-11-27") | .after.date | tojson] | join(" ")')"
    same '[]' "$(json verify | jq -c .failures)"
}

@test "a day off has a run and no list; a make-up Sunday has one (3.2, 4)" {
    daemon_start "2026-02-13 07:00" # Friday; Saturday the 14th is worked, 15th to 23rd are off
    load_divisions
    household DUE 2025-11-25 | load_households
    run -0 --separate-stderr json clock advance 11d
    same 11 "$(jq '.runs | length' <<<"$output")"
    same "2026-02-13 2026-02-14 " "$(listed)"
    # Due on the 25th: five working days before it is the 12th, past when it entered.
    same "2026-02-13 due-soon 500101001000" "$(alerts DUE)"
    run -0 --separate-stderr json clock advance 1d
    same "2026-02-13 2026-02-14 2026-02-24 " "$(listed)"
}

@test "the clock over a week runs each day; back repeats nothing and says so (4, 5)" {
    daemon_start "2026-11-23 09:00"
    load_divisions
    household DUE 2026-08-27 | load_households
    run -0 --separate-stderr json clock advance 7d
    same '"2026-11-24","2026-11-25","2026-11-26","2026-11-27","2026-11-28","2026-11-29","2026-11-30"' \
        "$(jq -c .runs <<<"$output" | tr -d '[]')"
    same "2026-11-24 2026-11-25 2026-11-26 2026-11-27 2026-11-30 " "$(listed)"
    head=$(head_of)
    run -0 --separate-stderr json clock set --yes "2026-11-25 06:00"
    same '{"now":"2026-11-25T06:00:00+08:00","runs":[]}' "$output"
    same true "$(json run | field already)"
    grep -q event=clock-back "$D/log"
    run -0 --separate-stderr json clock advance 3d
    same '[]' "$(jq -c .runs <<<"$output")"
    same "$head" "$(head_of)"
    run -0 --separate-stderr json clock set "2026-12-01 07:30"
    same '["2026-12-01"]' "$(jq -c .runs <<<"$output")"
}

@test "the clock back behind the last run: what opens then is as entered late on that day; its alerts are told (3.8, 4)" {
    daemon_start "2026-11-24 08:00"
    load_divisions
    household A 2026-11-10 | load_households
    ctl run >/dev/null
    ctl clock set "2026-12-20 08:00" >/dev/null
    ctl clock set --yes "2026-11-26 08:00" >/dev/null
    task=$(json report A illness --source 医院 | field task)
    same "2026-12-10 2026-12-20" "$(sql "SELECT date(due_on * 86400, 'unixepoch') || ' ' || date(alert_on * 86400, 'unixepoch') FROM task WHERE task = $task")"
    same '[]' "$(json verify | jq -c .failures)"
    same "" "$(alerts A)"
    ctl clock set "2026-12-12 08:00" >/dev/null # runs nothing
    same "" "$(alerts A)"
    same '[]' "$(json verify | jq -c .failures)"
    ctl clock set "2026-12-22 08:00" >/dev/null
    same "2026-12-21 escalated-district 500101000000" "$(alerts A)"
    same '[]' "$(json verify | jq -c .failures)"
}

@test "a household whose record fails the run is set aside and named; the others go on (4, 6)" {
    daemon_start "2026-11-23 09:00"
    load_divisions
    { household OK1 2026-09-09; household BAD 2026-09-09; household OK2 2026-09-09; } | load_households
    daemon_stop
    # A task of its kind that the cycle does not know: the schema refuses a second.
    sql "INSERT INTO task (kind, state, household_id, township, cycle, opened_on, nominal_due_on, original_due_on, due_on)
         SELECT 'regular-review', 'open', h.id, h.township, c.cycle, 20000, 20800, 20800, 20800
         FROM household h JOIN cycle c ON c.household_id = h.id WHERE household = 'BAD'"
    daemon_start "2026-11-24 07:00"
    run -0 --separate-stderr json run
    same "2 BAD" "$(jq -r '"\(.opened) \([.set_aside[].household] | join(" "))"' <<<"$output")"
    [ "$(jq -r '.set_aside[0].reason | length' <<<"$output")" -gt 10 ]
    same 2026-11-24 "$(json task show "$(task_of OK1)" | field opened_on)"
    same 2026-11-24 "$(json task show "$(task_of OK2)" | field opened_on)"
    [[ $(json status | jq -r '.warnings | join("\n")') == *"set aside"*"BAD"* ]]
    run -1 --separate-stderr json verify
    same BAD "$(jq -r '.failures[] | select(.invariant == "set-aside") | .household' <<<"$output")"
    # The next day tries again; once its record is mended it is set aside no more.
    same BAD "$(json clock advance 1d >/dev/null && json run | jq -r '.set_aside[].household')"
    daemon_stop
    sql "DELETE FROM task WHERE opened_on = 20000; UPDATE task_count SET n = 0 WHERE due_on = 20800"
    daemon_start "2026-11-26 07:30"
    run -0 --separate-stderr json run
    same '[]' "$(jq -c .set_aside <<<"$output")"
    same 2026-12-09 "$(json task show "$(task_of BAD)" | field due_on)"
    run -0 json verify
}

@test "a year without a calendar is provisional: household, explain, status, list (3.2)" {
    daemon_start "2026-12-21 07:00"
    load_divisions
    { household P1 2026-10-04; household P2 2026-09-28; } | load_households
    same "2027-01-04 true" "$(get P1 '"\(.due_on) \(.provisional)"')"
    same "2026-12-28 false" "$(get P2 '"\(.due_on) \(.provisional)"')"
    ctl run >/dev/null
    [[ $(json status) == *"2027"*"provisional"* ]]
    same provisional "$(json status | jq -r '.calendars[] | select(.year == 2027) | .state')"
    [[ $(json explain P1 | jq -r '[.steps[] | select(.rule == "provisional") | .text] | join(" ")') == *2027* ]]
    same "" "$(json explain P2 | jq -r '[.steps[] | select(.rule == "provisional") | .text] | join(" ")')"
    # The list says it of the row, and of no other.
    grep P1 "$D/spool/500101000000/500101001000/new/2026-12-21-daily.csv" | grep -q 暂
    ! grep P2 "$D/spool/500101000000/500101001000/new/2026-12-21-daily.csv" | grep 暂 || false
}

@test "a calendar arrives: open deadlines move, on record and told; twice nothing (3.2, 5)" {
    daemon_start "2026-12-21 07:00"
    load_divisions
    { household N1 2026-10-01; household N2 2026-11-01; household N3 2026-10-05; } | load_households
    printf 'date,kind,name\n2027-01-01,holiday,元旦\n2027-01-02,holiday,元旦\n2027-01-03,holiday,元旦\n2027-02-01,holiday,春节\n' >"$T/2027.csv"
    same "2027-01-01 true 2026-12-17" "$(get N1 '"\(.due_on) \(.provisional) \(.opens_on)"')"
    run -0 --separate-stderr json import calendar "$T/2027.csv"
    same 4 "$(field added "$output")"
    # The nominal date stays; opens_on of one that has opened stays.
    same "2027-01-01 2027-01-04 false 2026-12-17" "$(get N1 '"\(.nominal_due_on) \(.due_on) \(.provisional) \(.opens_on)"')"
    same "2027-02-01 2027-02-02 2027-01-18" "$(get N2 '"\(.nominal_due_on) \(.due_on) \(.opens_on)"')"
    same "2027-01-05 false" "$(get N3 '"\(.due_on) \(.provisional)"')"
    same 2027-01-04 "$(json task show "$(task_of N1)" | field due_on)"
    same published "$(json status | jq -r '.calendars[] | select(.year == 2027) | .state')"
    same "N1 2027-01-01 2027-01-04" "$(json queue show 500101001 | jq -r '.items[] | select(.kind == "deadline-moved") | .body | "\(.household) \(.was) \(.due_on)"')"
    json audit >"$T/audit"
    same "2027-01-01 2026-12-17 > 2027-01-04 2026-12-17" "$(jq -r '.items[] | select(.action == "deadline.move" and .household == "N1") | "\(.before.due_on) \(.before.opens_on) > \(.after.due_on) \(.after.opens_on)"' "$T/audit")"
    same "N1 N2" "$(jq -r '[.items[] | select(.action == "deadline.move") | .household] | sort | join(" ")' "$T/audit")"
    head=$(head_of) messages=$(sql "SELECT count(*) FROM message")
    run -0 --separate-stderr json import calendar "$T/2027.csv"
    same '{"rows":4,"added":0,"changed":0,"unchanged":4,"bad":0}' "$output"
    same "$head $messages" "$(head_of) $(sql "SELECT count(*) FROM message")"
    same '[]' "$(json verify | jq -c .failures)"
}

@test "a corrected calendar never makes a task late: at least the next working day (3.2)" {
    daemon_start "2026-12-21 07:00"
    load_divisions
    printf 'date,kind,name\n2027-01-01,holiday,元旦\n2027-01-02,holiday,元旦\n2027-01-04,holiday,元旦\n2027-01-05,holiday,元旦\n' >"$T/a.csv"
    printf 'date,kind,name\n2027-01-02,holiday,元旦\n' >"$T/b.csv"
    household N1 2026-10-01 | load_households
    ctl import calendar "$T/a.csv" >/dev/null
    same 2027-01-06 "$(get N1 .due_on)"
    ctl clock set "2027-01-03 12:00" >/dev/null
    ctl import calendar "$T/b.csv" --confirm >/dev/null # by it, 2027-01-01 was a working day
    same 2027-01-04 "$(get N1 .due_on)"
    same '[]' "$(json late | jq -c .items)"
}

@test "a postponed deadline that a calendar moves was postponed all the same (3.2, 3.4)" {
    daemon_start "2026-12-21 07:00"
    load_divisions
    household N1 2026-10-01 | load_households
    ctl review "$(task_of N1)" --outcome postpone --to 2027-01-11 --remark 大雪封山 >/dev/null
    printf 'date,kind,name\n2027-01-11,holiday,x\n' >"$T/a.csv"
    ctl import calendar "$T/a.csv" >/dev/null
    same "2027-01-01 2027-01-12" "$(get N1 '"\(.nominal_due_on) \(.due_on)"')"
    refused conflict review "$(task_of N1)" --outcome postpone --to 2027-01-13 --remark 再次
}

@test "two daemons' days agree: killed in between or not, the same tasks and files (4, 6)" {
    people() { { household A1 2026-09-09; household A2 2026-08-27; household A3 2026-08-17; household A4 2026-09-10 "" annual; } | load_households; }
    picture() {
        sql "SELECT * FROM task_view; SELECT division, kind, subject, created_on FROM message ORDER BY seq"
        find "$D/spool" -name '*.csv' -printf '%P\n' | sort
        sql "SELECT at, who, action, household FROM audit"; }
    daemon_start "2026-11-23 07:00"
    load_divisions
    people
    ctl clock advance 5d >/dev/null
    picture >"$T/one"
    daemon_stop
    daemon_new "$T/e"
    daemon_start "2026-11-23 07:00"
    load_divisions
    people
    for day in 24 25 26 27; do
        ctl clock set "2026-11-$day 07:00" >/dev/null
        daemon_kill
        daemon_start "2026-11-$day 07:00"
    done
    ctl clock set "2026-11-28 07:00" >/dev/null
    picture >"$T/two"
    diff "$T/one" "$T/two"
}
