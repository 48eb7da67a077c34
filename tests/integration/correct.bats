# Correction (contract.md 3.10): the latest event of each kind is taken back by a new audited entry, and what
# followed is computed anew.

setup_file() {
    load ../lib/daemon
    daemon_new "$BATS_FILE_TMPDIR/d"
    daemon_start "2018-06-20 07:00"
    load_divisions
    {
        echo household,division,head_name,status,tier,approved_on,last_review_on,register
        for h in A B C D F G; do
            echo "$h,500101001001,户主$h,active,quarterly,2017-04-01,2018-04-02,registered"
        done
    } >"$D/h.csv"
    ctl import households "$D/h.csv" --history complete >/dev/null
    { echo household,member,birth_on,status; for h in A B C D F G; do printf '%s,1,1950-05-06,present\n%s,2,1950-05-06,present\n' $h $h; done; } >"$D/m.csv"
    ctl import members "$D/m.csv" >/dev/null
    ctl run >/dev/null
}

teardown_file() {
    load ../lib/daemon
    daemon_stop
}

setup() { load ../lib/daemon; }

shown() { json household show "$1"; }

# taken_back HOUSEHOLD KIND: correct gives everything back as it was before ($before).
taken_back() {
    run -0 --separate-stderr json correct "$1" --reason 录入错误
    same "$2" "$(field corrected "$output")"
    same "$before" "$(shown "$1")"
}

@test "3.10: nothing to take back, and no reason, are refused" {
    refused conflict correct A --reason x
    refused bad-argument correct A --reason " "
    refused not-found correct nobody --reason x
}

@test "3.10: a review is taken back: the task is open again, the next cycle gone" {
    before=$(shown A) task=$(task_of A)
    json review "$task" --outcome continue
    same 2018-10-01 "$(get A .nominal_due_on)"
    taken_back A review
    same open "$(json task show "$task" | field state)"
    same superseded "$(sql "SELECT state FROM cycle_view WHERE household = 'A' AND nominal_due_on = '2018-10-01'")"
    json review "$task" --outcome continue # and can be entered again
    same 2018-10-01 "$(get A .nominal_due_on)"
}

@test "3.10: a postponement is taken back" {
    before=$(shown B)
    json review "$(task_of B)" --outcome postpone --to 2018-07-10 --remark 外出
    same 2018-07-10 "$(get B .due_on)"
    taken_back B review
}

@test "3.10: a report is taken back: the member is present, the triggered review cancelled, the ground gone" {
    before=$(shown C)
    run json report C death --member 2 --source 误报
    task=$(field task "$output")
    taken_back C report
    same cancelled "$(json task show "$task" | field state)"
    same present "$(sql "SELECT status FROM member WHERE member = '2' AND household_id = (SELECT id FROM household WHERE household = 'C')")"
    refused protected review "$(task_of C)" --yes --outcome terminate --ground member-change
}

@test "3.10: a tier, a move and a suspension are taken back, the latest first" {
    before=$(shown D)
    json household tier D annual --reason 核定
    json household move D 500101017001
    run json correct D --reason x
    same move "$(field corrected "$output")"
    same annual "$(get D .tier)"
    taken_back D tier
}

@test "3.10: a termination is taken back: the household is active with its cycle, and no exception stays" {
    json report F death --member 2 --source 村
    before=$(shown F)
    json review "$(task_of F)" --yes --outcome terminate --ground member-change
    same closed "$(get F .status)"
    taken_back F review
    same 0 "$(json protection exceptions | jq '[.items[] | select(.household == "F")] | length')"
}

@test "3.10: what would have opened in between opens now" {
    json review "$(task_of G)" --outcome continue
    ctl clock set "2018-07-05 08:00"
    run json correct G --reason x
    same 2018-07-02 "$(field due_on "$output")"
    json late | jq -e '[.items[] | select(.household == "G")] | length == 1'
}

@test "3.10: a register decision is taken back, in effect or not" {
    ctl clock set "2018-09-03 08:00"
    task=$(sql "SELECT task FROM task_view WHERE household = 'B' AND kind = 'register-adjustment'")
    json register decide "$task" exit
    ctl clock set "2018-09-12 08:00"
    same exited "$(get B .register)"
    json correct B --reason x
    same registered "$(get B .register)"
    same open "$(json task show "$task" | field state)"
    json register decide "$task" keep
}

@test "3.10: the queue is told, the audit has its entries, verify is clean" {
    json queue show 500101001 --all | jq -s -e '[.[].items[] | select(.kind == "corrected")] | length >= 6'
    json audit --household A --all | jq -s -e '[.[].items[] | select(.action == "correct")] | length == 1'
    json verify | jq -e '.failures == []'
    json audit verify | jq -e .ok
}
