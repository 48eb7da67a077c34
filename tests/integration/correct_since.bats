# Correction (contract.md 3.10) of an event since which other things came in: what an import, a run, the
# register's year or a calendar has done stands, and only what the event did goes.

setup_file() {
    load ../lib/daemon
    daemon_new "$BATS_FILE_TMPDIR/d"
    daemon_start "2018-08-28 07:00"
    load_divisions
    {
        echo household,division,head_name,status,tier,income,approved_on,last_review_on,register
        echo A,500101001001,甲,active,quarterly,,2018-01-10,2018-07-02,none
        echo L,500101001001,乙,active,quarterly,,2018-03-20,2018-06-25,none
        echo M,500101001001,丙,active,annual,1000,2018-01-10,,none
        echo N,500101001001,丁,active,annual,,2018-01-10,,none
        echo P,500101001001,戊,active,annual,,2018-01-10,,none
        echo R,500101001001,己,suspended,annual,,2018-01-10,,none
        echo T,500101001001,庚,active,annual,,2017-10-20,,none
        echo U,500101001001,辛,active,annual,,2018-01-10,,none
    } >"$D/h.csv"
    ctl import households "$D/h.csv" --history complete >/dev/null
    printf '%s\n' household,member,work_ability,status M,1,none,present M,2,none,present >"$D/m.csv"
    ctl import members "$D/m.csv" >/dev/null
    ctl run >/dev/null
}

teardown_file() {
    load ../lib/daemon
    daemon_stop
}

setup() { load ../lib/daemon; }

register_task() { sql "SELECT task FROM task_view WHERE household = '$1' AND kind LIKE '%candidate' ORDER BY task DESC LIMIT 1"; }
state_of() { json task show "$1" | field state; }
member() { sql "SELECT status FROM member WHERE member = '$2' AND household_id = (SELECT id FROM household WHERE household = '$1')"; }

@test "a task that the run opened since a move stands under its number, in the township as it was" {
    json household move L 500101017001
    json household close --yes P --ground voluntary
    ctl clock set "2018-09-06 08:00" >/dev/null
    task=$(task_of L)
    register=$(register_task L)
    json correct L --reason 录入错误
    same "open open 500101001001" "$(state_of "$task") $(state_of "$register") $(get L .division)"
    same "$task" "$(task_of L)"
    same 500101001000 "$(json task show "$task" | field township)"
}

@test "a decision that took effect since a change of tier stays in effect" {
    json register decide "$(register_task A)" add
    json household tier A annual --reason 核定
    ctl clock set "2018-09-14 08:00" >/dev/null
    same registered "$(get A .register)"
    run json correct A --reason 录入错误
    same tier "$(field corrected "$output")"
    same "registered quarterly" "$(get A '"\(.register) \(.tier)"')"
}

@test "a member and an income that an import brought since a report stay; what the report did goes" {
    json report M move-out --member 1 --source 村委会
    printf '%s\n' household,member,status M,3,present >"$BATS_TEST_TMPDIR/m.csv"
    ctl import members "$BATS_TEST_TMPDIR/m.csv" >/dev/null
    printf '%s\n' household,division,approved_on,income M,500101001001,2018-01-10,2000 >"$BATS_TEST_TMPDIR/h.csv"
    ctl import households "$BATS_TEST_TMPDIR/h.csv" --history complete >/dev/null
    json correct M --reason 误报
    same "present present" "$(member M 1) $(member M 3)"
    same 200000 "$(sql "SELECT income FROM household WHERE household = 'M'")"
}

@test "who was admitted anew is not what it was before: that is not taken back" {
    json household close --yes N --ground voluntary
    printf '%s\n' household,division,status,approved_on N,500101001001,active,2018-09-10 >"$BATS_TEST_TMPDIR/h.csv"
    ctl import households "$BATS_TEST_TMPDIR/h.csv" --history complete >/dev/null
    refused conflict correct N --reason 录入错误
    same "active 2018-09-10" "$(get N '"\(.status) \(.anchor_on)"')"
}

@test "3.6: a task of the year that came with a resumption goes with it, and comes again under its number" {
    same "" "$(register_task R)"
    json household resume R
    task=$(register_task R)
    same open "$(state_of "$task")"
    json correct R --reason 录入错误
    same "cancelled suspended" "$(state_of "$task") $(get R .status)"
    json household resume R
    same "$task open" "$(register_task R) $(state_of "$task")"
}

@test "3.6: closed by mistake while the roll was taken: with the correction it has its task, even after the visits" {
    same "" "$(register_task P)"
    json household close --yes T --ground voluntary
    ctl clock set "2018-11-05 08:00" >/dev/null
    json correct P --reason 录入错误
    task=$(register_task P)
    same "open 2018-11-05 2018-11-15" "$(json task show "$task" | jq -r '"\(.state) \(.opened_on) \(.due_on)"')"
}

@test "3.4: a tier that an import gave while the household was closed finds the cycle as it would have been" {
    # Closed in September, before its window; when the tier comes its task would have been open, and an
    # open task keeps its dates: no quarter is jumped.
    same 2018-09-22 "$(sql "SELECT date(opens_on * 86400, 'unixepoch') FROM cycle WHERE household_id = (SELECT id FROM household WHERE household = 'T')")"
    printf '%s\n' household,division,approved_on,tier T,500101001001,2017-10-20,quarterly >"$BATS_TEST_TMPDIR/h.csv"
    ctl import households "$BATS_TEST_TMPDIR/h.csv" --history complete >/dev/null
    json correct T --reason 录入错误
    same "quarterly 2018-10-20" "$(get T '"\(.tier) \(.nominal_due_on)"')"
    same late "$(json task show "$(task_of T)" | field section)"
}

@test "3.4: the cycle that an import's tier gave while the allowance was suspended stands" {
    json household suspend --yes U --ground other --remark 待查
    printf '%s\n' household,division,approved_on,tier U,500101001001,2018-01-10,quarterly >"$BATS_TEST_TMPDIR/h.csv"
    ctl import households "$BATS_TEST_TMPDIR/h.csv" >/dev/null
    due=$(get U .nominal_due_on)
    json correct U --reason 录入错误
    same "active quarterly $due" "$(get U '"\(.status) \(.tier) \(.nominal_due_on)"')"
}

@test "verify is clean after all that" {
    json verify | jq -e '.failures == []'
    json audit verify | jq -e .ok
}
