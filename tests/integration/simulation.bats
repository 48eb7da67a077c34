# Ten years in the real daemon against a slow oracle that shares no code with it (tests/simulation).
# SEED=n repeats a run; a mismatch prints the household's history and both views.

setup() {
    load ../lib/daemon
    room=/dev/shm
    [ -w $room ] || room=$BATS_TEST_TMPDIR
    FOLDER=$(mktemp -d "$room/sim.XXXX")
}

teardown() {
    rm -rf "$FOLDER"
}

simulate() { "$B/simulate" "$@" "$FOLDER/d" 3>&-; }

@test "ten years: the same cycles, tasks, tiers, protection, register and alerts as the oracle; verify clean every month" {
    simulate --households 200
}

@test "3.8: no alert twice and none missing, however the same days fall into runs and downtimes" {
    simulate --split --households 100 --from 2019-08-25 --to 2020-04-01
}

@test "3.5: 1,000 random commands end no protected household without one of the four grounds on record" {
    simulate --protected --households 30 --from 2018-01-10
}

# What the simulation has found, each as a case of its own.

case_at() {
    daemon_new "$FOLDER/d"
    for year in "${@:2}"; do rm "$D/calendar/$year.csv"; done
    daemon_start "$1"
    load_divisions
}

@test "section 5: a household of the register alone can be closed, and be admitted by a later import" {
    case_at "2018-06-20 07:00"
    household R "" "" quarterly register-only registered | load_households
    json household close --yes R --ground transferred
    same closed "$(get R .status)"
    household R 2018-06-01 "" quarterly active registered | load_households
    same "active 2018-09-01" "$(get R '"\(.status) \(.nominal_due_on)"')"
    daemon_stop
}

@test "3.4: a triggered review of a day before the window, entered when it is open: the task goes with its cycle" {
    case_at "2018-06-20 07:00"
    household W 2017-07-25 2018-06-01 annual | load_households
    run json report W illness --source 医院
    task=$(field task "$output")
    ctl clock set "2018-06-26 08:00" >/dev/null
    regular=$(task_of W)
    json review "$task" --outcome continue --on 2018-06-22
    same cancelled "$(json task show "$regular" | field state)"
    same "2018-06-22 2019-06-22 null" "$(get W '"\(.anchor_on) \(.nominal_due_on) \(.open_task)"')"
    same '[]' "$(json verify | jq -c .failures)"
    daemon_stop
}

@test "3.8: a calendar that arrives moves the rungs of a deadline that it leaves where it is" {
    case_at "2018-12-10 07:00" 2019
    household A 2018-10-03 | load_households
    ctl clock set "2018-12-20 08:00" >/dev/null
    ctl import calendar "$BATS_TEST_DIRNAME/../../conf/calendar/2019.csv" >/dev/null
    ctl clock set "2018-12-28 08:00" >/dev/null
    same 2019-01-03 "$(get A .due_on)"
    same 2018-12-26 "$(sql "SELECT date(created_on * 86400, 'unixepoch') FROM message WHERE subject LIKE '%/due-soon/2019-01-03'")"
    daemon_stop
}

@test "3.2: a postponed deadline that becomes a day off moves to the next working day, late as it was, and is provisional no more" {
    case_at "2019-12-23 07:00" 2020
    household P 2019-10-03 | load_households
    run json report P illness --source 医院
    task=$(field task "$output")
    regular=$(task_of P)
    json review "$task" --outcome postpone --to 2020-01-29 --remark 外出
    json review "$regular" --outcome postpone --to 2020-01-31 --remark 外出
    same true "$(get P .provisional)"
    ctl clock set "2020-02-11 08:00" >/dev/null
    ctl import calendar "$BATS_TEST_DIRNAME/../../conf/calendar/2020.csv" >/dev/null
    same 2020-02-03 "$(json task show "$task" | field due_on)"
    same "2020-02-03 false" "$(get P '"\(.due_on) \(.provisional)"')"
    daemon_stop
}

@test "3.4: a deadline that a calendar set to the next working day counts as not postponed yet: once it can be" {
    case_at "2020-01-06 07:00" 2020
    household T 2019-10-08 | load_households
    run json report T illness --source 医院
    task=$(field task "$output")
    same 2020-01-20 "$(field due_on "$output")"
    ctl clock set "2020-01-20 08:00" >/dev/null
    # The file has Sunday the 19th as a make-up workday: the tenth, but it is over.
    ctl import calendar "$BATS_TEST_DIRNAME/../../conf/calendar/2020.csv" >/dev/null
    same 2020-01-21 "$(json task show "$task" | field due_on)"
    refused bad-argument review "$task" --outcome postpone --to 2020-02-21 --remark 外出 # 31 days
    json review "$task" --outcome postpone --to 2020-02-20 --remark 外出
    refused conflict review "$task" --outcome postpone --to 2020-02-20 --remark 外出
    # And again: a calendar that says nothing new moves nothing.
    ctl clock set "2020-02-24 08:00" >/dev/null
    sed '2,$s/,[^,]*$/,再发/' "$BATS_TEST_DIRNAME/../../conf/calendar/2020.csv" >"$BATS_TEST_TMPDIR/2020.csv"
    ctl import calendar "$BATS_TEST_TMPDIR/2020.csv" >/dev/null
    same 2020-02-20 "$(json task show "$task" | field due_on)"
    daemon_stop
}

@test "3.3: no proposal for a household of the register alone whose last member goes: no review opens" {
    case_at "2018-06-20 07:00"
    household R "" "" quarterly register-only registered | load_households
    printf '%s\n' household,member,status R,1,present >"$BATS_TEST_TMPDIR/m.csv"
    ctl import members "$BATS_TEST_TMPDIR/m.csv" >/dev/null
    json report R death --member 1 --source 村委会
    same 0 "$(sql "SELECT count(*) FROM message WHERE kind = 'proposal'")"
    daemon_stop
}

@test "3.4: what the imported last review satisfied stays satisfied when the tier changes before its nominal day" {
    case_at "2017-06-10 07:00"
    household W 2016-06-30 2017-06-05 annual | load_households
    same 2018-06-30 "$(get W .nominal_due_on)"
    ctl clock set "2017-06-12 08:00" >/dev/null
    json household tier W quarterly --reason 核定
    same 2017-09-30 "$(get W .nominal_due_on)"
    daemon_stop
}
