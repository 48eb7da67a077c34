#!/usr/bin/env bats
# How households enter: history that nobody knows, and a tier that is not known yet, make nobody late
# (contract.md 3.3, 3.4 Import).

load ../lib/daemon
GRACE_DAYS=10

setup() {
    T=$BATS_TEST_TMPDIR
    daemon_new "$T/d"
}

teardown() {
    daemon_stop
}

# rows of CODE,TIER,APPROVED,LAST_REVIEW; the rest of the arguments go to the import.
enter() {
    { echo household,division,tier,income_kind,approved_on,last_review_on
      while IFS=, read -r code tier approved last; do echo "$code,500101001001,$tier,stable,$approved,$last"; done; } >"$T/h.csv"
    ctl import households "$T/h.csv" "$@" >/dev/null
}
# rows of CODE,WORK_ABILITY
members() {
    { echo household,member,work_ability; awk -F, '{ print $1 "," NR "," $2 }'; } >"$T/m.csv"
    ctl import members "$T/m.csv" >/dev/null
}
dates() { get "$1" '"\(.due_on) \(.opens_on) \(.open_task != null) \(.missed_cycles)"'; }
late() { json late | jq -r '[.items[].household] | join(" ")'; }

@test "3.4: a partial history: the first deadline not before the entry is open, nothing earlier is late or missed" {
    daemon_start "2026-11-24 07:00"
    load_divisions
    enter <<<$'OLD,annual,2020-12-10,\nDUE,quarterly,2025-08-24,\nNEW,quarterly,2026-10-20,\nTOLD,annual,2024-01-05,2025-01-03'
    same "2026-12-10 2026-11-10 true 0" "$(dates OLD)"
    same "2026-11-24 2026-11-09 true 0" "$(dates DUE)"
    same "unknown unknown known known" "$(for h in OLD DUE NEW TOLD; do get $h .history; done | xargs)"
    # Only what the file itself proves is late.
    same "TOLD" "$(late)"
    same 2 "$(json status | jq .counts.history_unknown)"
    same "DUE OLD" "$(json household list --history unknown | jq -r '[.items[].household] | join(" ")')"
    same "before-entry failed 2025-12-10" "$(json explain OLD | jq -r '[.steps[] | select(.rule == "before-entry")][-1] | "\(.rule) \(.result) \(.value)"')"
    run -0 json verify
    # The first completed review makes it known.
    json review "$(task_of OLD)" --outcome continue >/dev/null
    same known "$(get OLD .history)"
    same 0 "$(get OLD .missed_cycles)"
    run -0 json verify
}

@test "3.4: a complete history: the oldest cycle is open, late at once" {
    daemon_start "2026-11-24 07:00"
    load_divisions
    enter --history complete <<<$'OLD,annual,2020-12-10,'
    same "2021-12-10" "$(get OLD .due_on)"
    same known "$(get OLD .history)"
    refused bad-argument import divisions "$DIVISIONS" --history complete
}

@test "3.3: without a tier a household is unsettled: no task, not late; its office is told what is waited for" {
    daemon_start "2026-11-24 07:00"
    load_divisions
    enter --history complete <<<$'A,,2020-03-01,'
    same "2026-12-09 2026-12-09 false 0" "$(dates A)"
    same "default 2026-12-08" "$(get A '"\(.tier_source) \(.settle_by)"')"
    same 1 "$(json status | jq .counts.unsettled)"
    ctl run >/dev/null
    same "" "$(late)"
    run -0 json verify
    grep -q 待补成员信息 "$D/spool/500101000000/500101001000/new/2026-11-24-daily.html"
    # The first derivation counts as if the tier had stood in the file.
    members <<<"A,none"
    same "annual derived 2021-03-01" "$(get A '"\(.tier) \(.tier_source) \(.due_on)"')"
    same 0 "$(json status | jq .counts.unsettled)"
    same "default derived" "$(json audit --household A | jq -r '.items[] | select(.action == "household.settle") | "\(.before.tier_source) \(.after.tier_source)"')"
    run -0 json verify
}

@test "3.3: when the grace ends it is quarterly and told, and its first deadline is ahead" {
    daemon_start "2026-11-24 07:00"
    load_divisions
    enter --history complete <<<$'A,,2020-03-01,'
    ctl clock set 2026-12-08T12:00 >/dev/null
    same null "$(get A .open_task)"
    ctl clock set 2026-12-09T12:00 >/dev/null
    same "quarterly default null" "$(get A '"\(.tier) \(.tier_source) \(.settle_by)"')"
    same "2026-12-09 2026-12-09 true 0" "$(dates A)"
    same "" "$(late)"
    same "tier-pending tier-default" "$(sql "SELECT group_concat(kind, ' ') FROM (SELECT kind FROM message WHERE kind LIKE 'tier-%' ORDER BY seq)")"
    run -0 json verify
    # From then on another tier is a change of tier: an open task keeps its dates (3.4).
    members <<<"A,none"
    same "annual 2026-12-09" "$(get A '"\(.tier) \(.due_on)"')"
    run -0 json verify
}

@test "3.3: a report, or a tier set by hand, settles it at once" {
    daemon_start "2026-11-24 07:00"
    load_divisions
    enter --history complete <<<$'A,,2020-03-01,\nB,,2020-12-10,'
    ctl report A illness --source 入户 >/dev/null
    # quarterly from today on, and its first deadline is the next working day.
    same "quarterly null 2026-11-25 2026-11-24 true 0" "$(get A '"\(.tier) \(.settle_by)"') $(dates A)"
    members <<<"A,none"
    same "2026-11-25" "$(get A .due_on)"
    ctl household tier B annual --reason 入户核实 >/dev/null
    same "annual given null 2021-12-10" "$(get B '"\(.tier) \(.tier_source) \(.settle_by) \(.due_on)"')"
    run -0 json verify
}

@test "3.10: what settled an entry, or made its history known, is taken back" {
    daemon_start "2026-11-24 07:00"
    load_divisions
    enter <<<$'A,,2020-03-01,\nB,annual,2020-12-10,'
    ctl household tier A annual --reason 入户核实 >/dev/null
    json correct A --reason 录入错误 >/dev/null
    same "quarterly default 2026-12-01" "$(get A '"\(.tier) \(.tier_source) \(.due_on)"')"
    same "" "$(late)"
    json review "$(task_of B)" --outcome continue >/dev/null
    json correct B --reason 录入错误 >/dev/null
    same "unknown 2026-12-10" "$(get B '"\(.history) \(.due_on)"')"
    run -0 json verify
}

@test "3.2, 3.3: a calendar that comes in the grace opens nothing" {
    daemon_start "2026-11-24 07:00"
    load_divisions
    enter --history complete <<<$'A,,2020-03-01,'
    { cat conf/calendar/2026.csv; echo 2026-12-09,holiday,临时放假; } >"$T/2026.csv"
    ctl import calendar "$T/2026.csv" >/dev/null
    same "false" "$(get A '.open_task != null')"
    ctl clock set 2026-12-08T08:00 >/dev/null
    same "false" "$(get A '.open_task != null')"
    same "" "$(late)"
    run -0 json verify
}

# twice HISTORY: households, then members in two parts with a run and a kill between; and the same households
# with the tier that came out of it, in a store of its own. The two must agree.
twice() {
    "$B/households" "$DIVISIONS" "$T" 400 "$2" 2026-11-24
    sed -i -E 's/^(([^,]*,){7})(annual|semi-annual|quarterly),/\1,/' "$T/households.csv"
    if [ "$1" = partial ]; then sed -i -E '3~2s/,[0-9-]*,([a-z]*)\r$/,,\1\r/' "$T/households.csv"; fi
    daemon_start "2026-11-24 07:00"
    load_divisions
    ctl import households "$T/households.csv" --history "$1" >/dev/null
    same "" "$(late)"
    ctl run >/dev/null
    { head -1 "$T/members.csv"; tail -n +2 "$T/members.csv" | awk 'NR % 2'; } >"$T/m1.csv"
    { head -1 "$T/members.csv"; tail -n +2 "$T/members.csv" | awk 'NR % 2 == 0'; } >"$T/m2.csv"
    ctl import members "$T/m1.csv" >/dev/null
    daemon_kill
    daemon_start "2026-11-27 07:00"
    ctl run >/dev/null
    ctl import members "$T/m2.csv" >/dev/null
    json verify
    json household list --all | jq -r '.items[] | [.household, .tier, .tier_source, .due_on, .opens_on, (.open_task != null), .missed_cycles] | @tsv' >"$T/first"
    daemon_stop
    [ "$(grep -c derived "$T/first")" -gt 300 ]
    awk -F'\t' '$3 == "derived" { print $1 "," $2 }' "$T/first" >"$T/tiers"
    awk -F, 'NR == FNR { tier[$1] = $2; next } FNR == 1 || $1 in tier' OFS=, "$T/tiers" "$T/households.csv" |
        awk -F, 'NR == FNR { tier[$1] = $2; next } FNR > 1 { n = 0; line = ""; $8 = tier[$1] } { print }' OFS=, "$T/tiers" - >"$T/given.csv"
    D=$T/other
    daemon_new "$D"
    daemon_start "2026-11-24 07:00"
    load_divisions
    ctl import households "$T/given.csv" --history "$1" >/dev/null
    ctl import members "$T/members.csv" --skip-bad "$T/bad" >/dev/null || true
    ctl clock set 2026-11-27T07:00 >/dev/null
    ctl run >/dev/null
    json household list --all | jq -r '.items[] | [.household, .tier, "derived", .due_on, .opens_on, (.open_task != null), .missed_cycles] | @tsv' >"$T/second"
    diff <(grep derived "$T/first") "$T/second"
}

@test "3.3: importing households and then members equals importing the households with the derived tier (complete)" {
    twice complete 11
}

@test "3.3: importing households and then members equals importing the households with the derived tier (partial)" {
    twice partial 12
}
