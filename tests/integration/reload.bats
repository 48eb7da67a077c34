#!/usr/bin/env bats
# A reload takes a whole new configuration or none of it, and says every fault, as `reviewd --check` does
# (contract.md 5; issue 7, part 4).

load ../lib/daemon

setup() {
    T=$BATS_TEST_TMPDIR
    daemon_new "$T/d"
    daemon_start "2026-11-24 07:00"
    load_divisions
    household A 2026-10-01 | load_households # due on 2027-01-01, a year without a calendar
    state >"$T/before"
    # Good news in every part: none of it may be taken while another part has a fault.
    printf 'date,kind,name\n2027-01-01,holiday,元旦\n2027-01-02,holiday,元旦\n2027-01-03,holiday,元旦\n' >"$D/calendar/2027.csv"
    sed -i 's/lead_days = 30/lead_days = 31/' "$D/policy/2026-regular.conf"
    echo 'limits = { page = 7; };' >>"$D/reviewd.conf"
    cp -r "$D/reviewd.conf" "$D/policy" "$D/calendar" "$T/"
}

teardown() {
    daemon_stop
}

state() {
    json status | jq '{policy, calendars, audit_head}'
    json household show A
    json household list --limit 9 | jq '.items | length'
    sql "SELECT * FROM calendar_year; SELECT count(*), sum(day) FROM workday; SELECT count(*) FROM audit"
}

# TEXT…: refused, each text is said, by the answer, the log and --check; everything is as it was.
none_taken() {
    : >"$D/log"
    refused bad-argument reload
    local said
    answer=$output
    run -1 "$B/reviewd" --check -f "$D/reviewd.conf"
    for said in "$@"; do
        [[ $answer == *"$said"* ]] || same "*$said*" "$answer"
        grep -qF "$said" "$D/log" || same "*$said*" "$(<"$D/log")"
        [[ $output == *"$said"* ]] || same "*$said*" "$output"
    done
    state | diff "$T/before" -
}

back() {
    rm -rf "$D/policy" "$D/calendar"
    cp -r "$T/reviewd.conf" "$T/policy" "$T/calendar" "$D/"
}

@test "each kind of fault alone leaves everything as it was; the mended whole is taken (5)" {
    echo 'colour = "red";' >>"$D/reviewd.conf"
    none_taken reviewd.conf:8:
    back
    echo 'log = { level = ;' >>"$D/reviewd.conf"
    none_taken reviewd.conf:8:
    back
    sed -i 's/from = "2021-01-01"/from = "2021-01-02"/' "$D/policy/2021-transition.conf"
    none_taken 2021-transition.conf:
    back
    rm "$D/policy/2021-transition.conf"
    none_taken 2026-regular.conf:
    back
    sed -i 's/lead_days = 31/lead_days = "long"/' "$D/policy/2026-regular.conf"
    none_taken 2026-regular.conf:
    back
    echo '2026-13-01,holiday,x' >>"$D/calendar/2026.csv"
    none_taken "2026.csv:$(wc -l <"$D/calendar/2026.csv"): "
    back
    rm -r "$D/calendar"
    none_taken "$D/calendar:0: "
    back
    run -0 ctl reload
    same taken "$(state | diff -q "$T/before" - >/dev/null || echo taken)"
    same "2027-01-04 false" "$(get A '"\(.due_on) \(.provisional)"')"
}

@test "faults of several files at once, each said with its line (5)" {
    printf 'colour = "red";\ndaily_run_at = "25:00";\n' >>"$D/reviewd.conf"
    sed -i 's/lead_days = 31/lead_days = "long"/' "$D/policy/2026-regular.conf"
    echo '2026-13-01,holiday,x' >>"$D/calendar/2026.csv"
    echo '2025-02-30,holiday,x' >>"$D/calendar/2025.csv"
    lead=$(grep -n 'lead_days = "long"' "$D/policy/2026-regular.conf" | cut -d: -f1)
    none_taken reviewd.conf:8: reviewd.conf:9: "2026-regular.conf:$lead: " \
        "2026.csv:$(wc -l <"$D/calendar/2026.csv"): " "2025.csv:$(wc -l <"$D/calendar/2025.csv"): "
    [[ $answer == *"5 faults, nothing was changed"* ]] || same "5 faults…" "$(grep -c reload: "$D/log") faults"
    # Nor does a start take it.
    daemon_stop
    run -1 timeout 20 "$B/reviewd" -f "$D/reviewd.conf" --manual-clock "2026-11-24 07:00"
    [[ $output == *reviewd.conf:8:*2026-regular.conf:* ]]
}

@test "what only a new start can change is refused, all of it named (5)" {
    sed -i 's/reviewd.db/other.db/; s/"spool"/"elsewhere"/' "$D/reviewd.conf"
    refused bad-argument reload
    [[ $output == *"store cannot change"*"spool cannot change"* ]]
    state | diff "$T/before" -
}
