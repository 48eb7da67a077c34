# A calendar file is one year (contract.md 3.2): what a notice says of the years beside it is added to theirs,
# and a file that takes too much back is asked for. Both doors, import and calendar_dir, read it alike.

setup() {
    load ../lib/daemon
    T=$BATS_TEST_TMPDIR
    daemon_new "$T/d"
}

teardown() { daemon_stop; }

# KIND-less days of a calendar: holidays, one a word.
days() { echo date,kind,name; printf '%s,holiday,x\n' "$@"; }
published() { sql "SELECT count(*) FROM workday WHERE day BETWEEN unixepoch('$1-01-01') / 86400 AND unixepoch('$1-12-31') / 86400"; }
notice_2027() {
    printf '%s\n' date,kind,name 2026-12-31,holiday,元旦 2027-01-01,holiday,元旦 2027-01-03,workday,元旦 >"$T/notice-2027.csv"
}

@test "3.2: a New Year notice of two years: 2027 is published by it, 2026 keeps its days and has one more" {
    notice_2027
    daemon_start "2026-11-24 07:00"
    load_divisions
    { household A1 2025-10-03 "" annual; household A2 2025-12-31 "" annual; } | load_households
    ctl run >/dev/null
    same 39 "$(published 2026)"
    same "2026-10-08 2026-12-31" "$(get A1 .due_on) $(get A2 .due_on)"
    same '{"rows":3,"added":3,"changed":0,"unchanged":0,"bad":0}' "$(json import calendar "$T/notice-2027.csv")"
    same "40 2" "$(published 2026) $(published 2027)"
    same "published published" "$(json status | jq -r '[.calendars[] | select(.year > 2025).state] | join(" ")')"
    same "2026-10-08 2026-12-31 2027-01-03" "$(get A1 .due_on) $(get A2 '"\(.nominal_due_on) \(.due_on)"')"
    same "A1" "$(json late | jq -r '[.items[].household] | join(" ")')"
    same '[]' "$(json verify | jq -c .failures)"
    # Twice changes nothing; the year's own file neither takes the neighbour's day nor is it taken by it.
    same '{"rows":3,"added":0,"changed":0,"unchanged":3,"bad":0}' "$(json import calendar "$T/notice-2027.csv")"
    same "39 0 0" "$(json import calendar "$D/calendar/2026.csv" | jq -r '"\(.rows) \(.added) \(.changed)"')"
    same 40 "$(published 2026)"
    # A later notice of 2027 without the day takes it back: it was this notice's own.
    same '{"rows":2,"added":0,"changed":1,"unchanged":2,"bad":0}' \
        "$(json import calendar <(sed /2026/d "$T/notice-2027.csv") --confirm)"
    same "39 2 2026-12-31" "$(published 2026) $(published 2027) $(get A2 .due_on)"
    same '[]' "$(json verify | jq -c .failures)"
}

@test "3.2: a file in calendar_dir is read as an import is: --check, start and reload take a notice of two years" {
    notice_2027
    cp "$T/notice-2027.csv" "$D/calendar/2027.csv"
    run -0 "$B/reviewd" -f "$D/reviewd.conf" --check
    daemon_start "2026-11-24 07:00"
    same "40 2" "$(published 2026) $(published 2027)"
    sed -i 's/2027-01-03,workday/2027-01-04,holiday/' "$D/calendar/2027.csv"
    ctl reload
    same "40 2" "$(published 2026) $(published 2027)"
    # By its name it is of 2027, whatever most of its rows are.
    days 2026-12-30 2026-12-31 2027-01-01 >"$D/calendar/2027.csv"
    run -0 "$B/reviewd" -f "$D/reviewd.conf" --check
    days 2026-12-30 2026-12-31 >"$D/calendar/2027.csv"
    run -1 "$B/reviewd" -f "$D/reviewd.conf" --check
    [[ $output == *"2027.csv:1: date: it names no day of 2027"* ]]
}

@test "3.2: the year of a calendar is that of most rows, or --year; two years even, or one that is not beside it, are faults" {
    daemon_start "2026-11-24 07:00"
    days 2026-12-31 2027-01-01 >"$T/even.csv"
    faults calendar even.csv
    same 1:date:ambiguous "$output"
    same '{"rows":2,"added":2,"changed":0,"unchanged":0,"bad":0}' "$(json import calendar "$T/even.csv" --year 2027)"
    same "40 1" "$(published 2026) $(published 2027)"
    days 2027-01-01 2027-01-02 2029-01-01 >"$T/far.csv"
    faults calendar far.csv
    same 4:date:other-year "$output"
    refused bad-rows import calendar "$T/even.csv" --year 2030
    refused bad-argument import calendar "$T/even.csv" --year 2300
    load_divisions
    refused bad-argument import households "$T/even.csv" --year 2027
    refused bad-argument import households "$T/even.csv" --confirm
}

@test "3.2: a file that would take more than a third of the published days back asks; calendar_dir leaves it and says so" {
    daemon_start "2026-11-24 07:00"
    load_divisions
    head -27 "$D/calendar/2026.csv" >"$T/26.csv" # 13 of 39 fewer: a third
    head -26 "$D/calendar/2026.csv" >"$T/25.csv" # 14 of 39
    refused conflict import calendar "$T/25.csv"
    same 39 "$(published 2026)"
    cp "$T/25.csv" "$D/calendar/2026.csv"
    run -1 ctl reload
    [[ $output == *"2026.csv: the file takes 14 of the 39 published days of 2026 back"* ]]
    same 39 "$(published 2026)"
    daemon_stop
    daemon_start "2026-11-24 08:00" # the service starts all the same
    same 39 "$(published 2026)"
    json status | jq -e '[.alarms[] | select(contains("takes 14 of the 39"))] | length == 1'
    json import calendar "$T/25.csv" --confirm
    same 25 "$(published 2026)"
    ctl reload
    json status | jq -e '[.alarms[] | select(contains("calendar"))] | length == 0'
    cp "$BATS_TEST_DIRNAME/../../conf/calendar/2026.csv" "$D/calendar/2026.csv"
    ctl reload
    json import calendar "$T/26.csv"
    same 26 "$(published 2026)"
}
