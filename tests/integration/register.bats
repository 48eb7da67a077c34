# The year's adjustment of the register, ages, announcements (contract.md 3.5, 3.6, 3.7, 3.9).

setup_file() {
    load ../lib/daemon
    daemon_new "$BATS_FILE_TMPDIR/d"
    daemon_start "2018-08-30 07:00"
    load_divisions
    {
        echo household,division,head_name,status,tier,approved_on,last_review_on,register
        echo A,500101001001,甲,active,annual,2018-01-10,,registered
        echo B,500101001001,乙,active,annual,2018-01-10,,none
        echo C,500101001001,丙,active,annual,2018-01-10,,exited
        echo D,500102006001,丁,register-only,,,,registered
        echo F,500102006001,戊,suspended,annual,2018-01-10,,returned
    } >"$D/h.csv"
    ctl import households "$D/h.csv" --history complete >/dev/null
    printf '%s\n' household,member,name,birth_on,status A,1,甲,1948-09-03,present \
        B,1,乙,2012-09-04,present C,1,丙,1948-02-29,present >"$D/m.csv"
    ctl import members "$D/m.csv" >/dev/null
    ctl run >/dev/null
}

teardown_file() {
    load ../lib/daemon
    daemon_stop
}

setup() { load ../lib/daemon; }

register_task() { sql "SELECT task FROM task_view WHERE household = '$1' AND kind = '$2' ORDER BY task DESC LIMIT 1"; }

@test "3.6: the roll is taken on 1 September: each kind for whom it is meant, due on the township's step" {
    same 0 "$(json register list | jq '.items | length')"
    ctl clock set "2018-09-01 08:00"
    same $'A register-adjustment\nB register-candidate\nC register-candidate\nD dibao-candidate\nD register-adjustment\nF register-adjustment' \
        "$(json register list | jq -r '.items[] | "\(.household) \(.kind)"' | sort)"
    json register list | jq -e 'all(.items[]; .due_on == "2018-11-15")'
}

@test "3.6: the same year's roll is taken once; a household that comes by the visits' date gets its task that day" {
    ctl clock set "2018-10-20 08:00"
    same 6 "$(json register list | jq '.items | length')"
    printf '%s\n' household,division,head_name,status,tier,approved_on,register \
        G,500101001001,己,active,annual,2018-10-01,none >"$D/g.csv"
    ctl import households "$D/g.csv" --history complete >/dev/null
    same register-candidate "$(json register list | jq -r '.items[] | select(.household == "G").kind')"
}

@test "3.6: decisions fit their kind and state" {
    refused bad-argument register decide "$(register_task A register-adjustment)" add
    refused bad-argument register decide "$(register_task B register-candidate)" return
    refused conflict register decide 1000000 keep || refused not-found register decide 1000000 keep
}

@test "3.6: a decision takes effect after 7 calendar days of notice, counted from the next day" {
    run json register decide "$(register_task B register-candidate)" add
    same 2018-10-28 "$(field effect_on "$output")"
    ctl clock set "2018-10-27 08:00"
    same none "$(get B .register)"
    ctl clock set "2018-10-28 08:00"
    same registered "$(get B .register)"
    same true "$(get B .protected)"
    refused conflict register decide "$(register_task B register-candidate)" add
}

@test "3.7: ages 6 and 70 reached open a triggered review, once in a life; 29 February as the 28th" {
    same 1 "$(sql "SELECT count(*) FROM report WHERE kind = 'age' AND household_id = (SELECT id FROM household WHERE household = 'A')")"
    same 17777 "$(sql "SELECT on_day FROM report WHERE kind = 'age' AND household_id = (SELECT id FROM household WHERE household = 'A')")"
    same 1 "$(sql "SELECT count(*) FROM report WHERE kind = 'age' AND household_id = (SELECT id FROM household WHERE household = 'B')")"
    # C turned 70 on 28 February, before the import: ages already reached are left alone.
    same 0 "$(sql "SELECT count(*) FROM report WHERE kind = 'age' AND household_id = (SELECT id FROM household WHERE household = 'C')")"
    refused bad-argument report A age --source x || [ "$status" -eq 2 ]
}

@test "3.7: an unknown birthday triggers nothing and is counted in status" {
    unknown() { json status | jq .counts.birth_unknown; }
    same 0 "$(unknown)"
    printf '%s\n' household,member,birth_on,status A,8,,present A,9,,present >"$BATS_TEST_TMPDIR/m.csv"
    ctl import members "$BATS_TEST_TMPDIR/m.csv" >/dev/null
    same 2 "$(unknown)"
    printf '%s\n' household,member,birth_on,status A,8,1990-01-01, A,9,,moved-out >"$BATS_TEST_TMPDIR/m.csv"
    ctl import members "$BATS_TEST_TMPDIR/m.csv" >/dev/null
    same 0 "$(unknown)"
}

@test "3.3: an import that says of the last present member that it is gone opens the review that proposes so" {
    printf '%s\n' household,division,status,tier,approved_on Z1,500101001001,active,annual,2018-01-10 >"$BATS_TEST_TMPDIR/h.csv"
    ctl import households "$BATS_TEST_TMPDIR/h.csv" --history complete >/dev/null
    printf '%s\n' household,member,birth_on,work_ability,status Z1,1,1960-01-01,none,present Z1,2,1961-01-01,none,present >"$BATS_TEST_TMPDIR/m.csv"
    ctl import members "$BATS_TEST_TMPDIR/m.csv" >/dev/null
    printf '%s\n' household,member,status,status_on Z1,1,died,2018-09-01 >"$BATS_TEST_TMPDIR/m.csv"
    ctl import members "$BATS_TEST_TMPDIR/m.csv" >/dev/null
    same "" "$(register_task Z1 triggered-review)" # one is there still
    printf '%s\n' household,member,status,status_on Z1,2,moved-out,2018-09-02 >"$BATS_TEST_TMPDIR/m.csv"
    ctl import members "$BATS_TEST_TMPDIR/m.csv" >/dev/null
    task=$(register_task Z1 triggered-review)
    same open "$(json task show "$task" | field state)"
    same annual "$(get Z1 .tier)"
    json queue show 500101001 --all | jq -s -e --argjson t "$task" '[.[].items[] | select(.kind == "proposal" and .body.task == $t and .body.proposes == "all-members-gone")] | length == 1'
    # Once: the same file again changes nothing.
    ctl import members "$BATS_TEST_TMPDIR/m.csv" >/dev/null
    same "$task 1" "$(register_task Z1 triggered-review) $(sql "SELECT count(*) FROM report r JOIN household h ON h.id = r.household_id WHERE h.household = 'Z1'")"
    ctl review "$task" --outcome terminate --ground all-members-gone --yes >/dev/null
    same closed "$(get Z1 .status)"
}

@test "3.6: what is undecided at the close stays open and late, and is told to the district and the city" {
    ctl clock set "2018-12-31 08:00"
    json queue show 500101 --all | jq -s -e '[.[].items[] | select(.body.event == "undecided-at-close")] | length >= 1'
    json queue show 50 --all | jq -s -e '[.[].items[] | select(.body.event == "undecided-at-close")] | length == 6'
    same open "$(json task show "$(register_task A register-adjustment)" | field state)"
}

@test "3.6: who comes after the visits has no task this year, and the next year's with everybody" {
    printf '%s\n' household,division,status,tier,approved_on,register \
        H,500101001001,active,annual,2018-12-20,none >"$BATS_TEST_TMPDIR/h.csv"
    ctl import households "$BATS_TEST_TMPDIR/h.csv" --history complete >/dev/null
    same "" "$(register_task H register-candidate)"
}

@test "3.6: the next year's campaign does not wait; its decision closes the earlier one as late" {
    old=$(register_task A register-adjustment)
    ctl clock set "2019-09-02 08:00"
    same open "$(json task show "$(register_task H register-candidate)" | field state)"
    new=$(register_task A register-adjustment)
    [ "$new" -gt "$old" ]
    # Not the other way round: what last year's would decide leaves this year's without an answer.
    refused conflict register decide "$old" exit
    [[ $output == *"task $old of 2018 waits for task $new of 2019"* ]]
    same "open registered" "$(json task show "$old" | field state) $(get A .register)"
    json register decide "$new" keep
    same done "$(json task show "$old" | field state)"
    same 0 "$(json late --all | jq -s "[.[].items[] | select(.task == $old)] | length")"
}

@test "3.9: a district without this year's standard is told in the year's second month, once" {
    same 2 "$(json queue show 500101 --all | jq -s '[.[].items[] | select(.kind == "standard-missing")] | length')"
}

@test "verify is clean" {
    json verify | jq -e '.failures == []'
}
