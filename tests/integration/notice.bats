# The announcement before a protection runs out (contract.md 3.5), and deadlines that follow a new calendar
# (3.2), also those of triggered reviews and of the register.

setup() {
    load ../lib/daemon
    daemon_new "$BATS_TEST_TMPDIR/d"
}

teardown() { daemon_stop; }

@test "3.5: sixty days before a continuity rule runs out each township and district is told once, with its households" {
    daemon_start "2025-10-31 07:00"
    load_divisions
    { household A 2024-01-10 "" annual active registered; household N 2024-01-10 "" annual active none
      household X 2024-01-10 "" annual active exited; } | load_households
    ctl run >/dev/null
    told() { json queue show "$1" --all | jq -s -c '[.[].items[] | select(.kind == "protection-ends") | .body | {until, households}]'; }
    same '[]' "$(told 500101001)"
    ctl clock set "2025-11-01 08:00"
    same '[{"until":"2025-12-31","households":["A","X"]}]' "$(told 500101001)"
    same '[{"until":"2025-12-31","households":["A","X"]}]' "$(told 500101)"
    same '[]' "$(told 500102)"
    ctl clock set "2025-11-20 08:00"
    same 1 "$(told 500101001 | jq length)"
}

@test "3.2: 2020's Spring Festival was lengthened midway: a deadline of 31 January goes to 3 February, told once" {
    sed -i '/2020-01-31/d; /2020-02-0[12]/d' "$D/calendar/2020.csv"
    printf '%s\n' 2020-02-01,workday,春节 >>"$D/calendar/2020.csv" # as the first notice had it
    daemon_start "2020-01-20 07:00"
    load_divisions
    { household S 2019-10-31; } | load_households
    same 2020-01-31 "$(get S .due_on)"
    ctl clock set "2020-01-28 08:00" >/dev/null
    ctl import calendar "$BATS_TEST_DIRNAME/../../conf/calendar/2020.csv" >/dev/null
    same "2020-02-03 2020-01-16" "$(get S '"\(.due_on) \(.opens_on)"')"
    same '["2020-01-31","2020-02-03"]' "$(json queue show 500101001 --all |
        jq -s -c '[.[].items[] | select(.kind == "deadline-moved").body | .was, .due_on]')"
    same 1 "$(json audit --household S --all | jq -s '[.[].items[] | select(.action == "deadline.move")] | length')"
}

@test "3.2: a new calendar moves open deadlines of triggered reviews, records and tells it, and makes none late" {
    rm "$D"/calendar/2026.csv
    daemon_start "2026-09-28 08:00"
    load_divisions
    { household A 2026-01-10 "" annual; } | load_households
    run json report A illness --source 医院
    task=$(field task "$output")
    same 2026-10-12 "$(field due_on "$output")" # weekends alone
    cp "$BATS_TEST_DIRNAME/../../conf/calendar/2026.csv" "$BATS_TEST_TMPDIR/2026.csv"
    ctl import calendar "$BATS_TEST_TMPDIR/2026.csv" >/dev/null
    same 2026-10-16 "$(json task show "$task" | field due_on)" # 1 to 7 October off, the 10th worked
    json queue show 500101001 --all | jq -s -e '[.[].items[] | select(.kind == "deadline-moved")] | length == 1'
    json audit --household A --all | jq -s -e '[.[].items[] | select(.action == "deadline.move")] | length == 1'
    head=$(head_of)
    ctl import calendar "$BATS_TEST_TMPDIR/2026.csv" >/dev/null
    same "$head" "$(head_of)"
}

@test "3.2: a recomputation never makes a late one punctual: it takes a day that is past, and else stays late" {
    daemon_start "2026-11-24 07:00"
    load_divisions
    { household A 2025-10-03 "" annual; } | load_households
    ctl run >/dev/null
    same 2026-10-08 "$(get A .due_on)" # 3 October, rolled
    late() { json late | jq -r '[.items[] | "\(.household) \(.due_on) \(.days_left)"] | join(" ")'; }
    same "A 2026-10-08 -47" "$(late)"
    sed '/2026-10-07/d' "$D/calendar/2026.csv" >"$BATS_TEST_TMPDIR/worked.csv"
    ctl import calendar "$BATS_TEST_TMPDIR/worked.csv" >/dev/null
    same "A 2026-10-07 -48" "$(late)"
    # By this one every day up to the end of November is off.
    { sed /2026-10-10/d "$D/calendar/2026.csv"
      for day in 2026-10-{0{8,9},1{2..6},19,2{0..3},2{6..9},30} 2026-11-{0{2..6},09,1{0..3},1{6..9},20,2{3..7},30}; do
          echo "$day,holiday,x"; done; } >"$BATS_TEST_TMPDIR/off.csv"
    ctl import calendar "$BATS_TEST_TMPDIR/off.csv" >/dev/null
    same "A 2026-10-07 -48" "$(late)"
    same '[]' "$(json verify | jq -c .failures)"
    json explain A | jq -e '[.steps[] | select(.rule == "due" and (.text | contains("stays 2026-10-07")))] | length == 1'
    ctl clock set "2026-11-25 08:00" >/dev/null
    same "A 2026-10-07 -49" "$(late)"
    ctl import calendar "$D/calendar/2026.csv" --confirm >/dev/null
    same "A 2026-10-08 -48" "$(late)"
    same '[]' "$(json verify | jq -c .failures)"
}

@test "3.2: a deadline that an earlier recomputation set to the next working day moves on where that is off after all" {
    daemon_start "2026-12-21 07:00"
    load_divisions
    { household N 2026-10-01; } | load_households
    add() { { echo 'date,kind,name'; printf '%s,holiday,x\n' "$@"; } >"$BATS_TEST_TMPDIR/c.csv"; ctl import calendar "$BATS_TEST_TMPDIR/c.csv" --confirm >/dev/null; }
    add 2027-01-01 2027-01-04 2027-01-05
    same 2027-01-06 "$(get N .due_on)"
    ctl clock set "2027-01-05 12:00" >/dev/null
    add 2027-01-01 2027-01-05 2027-01-20 # the 4th is worked: over
    same 2027-01-06 "$(get N .due_on)"
    add 2027-01-01 2027-01-05 2027-01-06 2027-01-20
    same "2027-01-07 false" "$(get N '"\(.due_on) \(.provisional)"')"
    same '[]' "$(json verify | jq -c .failures)"
}
