#!/usr/bin/env bats
# Reviews: which day counts, what the next cycle is, what was jumped, postponements (contract.md 3, 3.4, 5).
# Today is Monday 2026-10-05, a day off of the National Day; the next working day is 2026-10-08.

load ../lib/daemon

setup_file() {
    load ../lib/daemon
    daemon_new "$BATS_FILE_TMPDIR/d"
    daemon_start "2026-10-05 09:00"
    load_divisions
    {
        household JUMP 2026-01-01 2026-03-20
        household MISS 2026-01-01
        household EARLY 2026-07-20
        household LATE 2026-06-10
        household TIER 2026-06-20 "" annual
        household POST 2026-07-12
        household PAST 2026-06-11
        household TODAY 2026-07-09
        household OPENS 2026-07-21
        household E1 2026-07-01
        household E2 2026-04-01 "" semi-annual
        household E3 2025-01-31 2026-07-20
    } | load_households
}

teardown_file() {
    load ../lib/daemon
    daemon_stop
}

setup() {
    D=$BATS_FILE_TMPDIR/d
    T=$BATS_TEST_TMPDIR
}

# cycles HOUSEHOLD: nominal date and state of each, in order.
cycles() {
    sql "SELECT group_concat(nominal_due_on || ' ' || state, ', ') FROM
         (SELECT * FROM cycle_view WHERE household = '$1' ORDER BY nominal_due_on)"
}

# review HOUSEHOLD OPTION…: the result in $output
review() {
    local task
    task=$(task_of "$1")
    shift
    run -0 --separate-stderr json review "$task" "$@"
}

# refuses REASON HOUSEHOLD OPTION…: and nothing is changed by it
refuses() {
    local reason=$1 task head
    task=$(task_of "$2")
    head=$(head_of)
    shift 2
    refused "$reason" review "$task" "$@"
    same "$head" "$(head_of)"
}

@test "quarterly from 2026-01-01: the 07-01 task done on 10-05 answers 10-01; next is 2027-01-01 (3.4)" {
    same "2026-07-01" "$(get JUMP .nominal_due_on)"
    task=$(task_of JUMP)
    review JUMP --outcome continue
    same "{\"task\":$task,\"household\":\"JUMP\",\"outcome\":\"continue\",\"nominal_due_on\":\"2027-01-01\",\"due_on\":\"2027-01-01\",\"missed\":[],\"answered\":[\"2026-10-01\"]}" "$output"
    same "2026-07-01 satisfied, 2026-10-01 answered, 2027-01-01 open" "$(cycles JUMP)"
    same "2026-10-05 0 2026-01-01 null" "$(get JUMP '"\(.last_review_on) \(.missed_cycles) \(.anchor_on) \(.open_task)"')"
}

@test "a jumped cycle whose deadline is before the review is missed (3.4)" {
    same 2026-04-01 "$(get MISS .nominal_due_on)"
    review MISS --outcome continue
    same '["2026-07-01"] ["2026-10-01"] 2027-01-01' "$(jq -r '"\(.missed) \(.answered) \(.nominal_due_on)"' <<<"$output")"
    same "2026-04-01 satisfied, 2026-07-01 missed, 2026-10-01 answered, 2027-01-01 open" "$(cycles MISS)"
    same 1 "$(get MISS .missed_cycles)"
}

@test "early in its window: the grid stays, nothing is jumped (3.4)" {
    # 2026-10-20 opens on 2026-10-05, today.
    same "2026-10-20 2026-10-05" "$(get EARLY '"\(.nominal_due_on) \(.opens_on)"')"
    review EARLY --outcome adjust --remark 调整补助
    same '2027-01-20 2027-01-20 [] []' "$(jq -r '"\(.nominal_due_on) \(.due_on) \(.missed) \(.answered)"' <<<"$output")"
    same "2026-07-20" "$(get EARLY .anchor_on)"
    # Its window opens tomorrow: there is nothing to review yet.
    same null "$(get OPENS .open_task)"
}

@test "late, on the day it was done; the next cycle counts from the anchor (3, 3.4)" {
    same "2026-09-10 late" "$(json task show "$(task_of LATE)" | jq -r '"\(.due_on) \(.section)"')"
    refuses bad-argument LATE --outcome continue --on 2026-10-06
    refuses too-early LATE --outcome continue --on 2026-08-25
    task=$(task_of LATE)
    review LATE --outcome continue --on 2026-09-09
    same 2026-12-10 "$(field nominal_due_on "$output")"
    json task show "$task" >"$T/task"
    same "done null continue 2026-09-09 2026-10-05T09:00:00+08:00 root" "$(jq -r '"\(.state) \(.section) \(.reviews[0] | .outcome + " " + .on + " " + .recorded_at + " " + .who)"' "$T/task")"
    # A second time is refused with what was recorded.
    refused conflict review "$task" --outcome adjust
    [[ $output == *"continue on 2026-09-09"* ]]
    refused not-found review 999999 --outcome continue
}

@test "a deadline of today is not late; a day off may be a review's day (3.4, 3)" {
    same "2026-10-09 4 due" "$(json task show "$(task_of TODAY)" | jq -r '"\(.due_on) \(.days_left) \(.section)"')"
    review TODAY --outcome continue --on 2026-10-03
    same 2027-01-09 "$(field nominal_due_on "$output")"
}

@test "an annual household's window is its tier's lead (3.4)" {
    same "2027-06-20 2027-06-21 2027-05-22" "$(get TIER '"\(.nominal_due_on) \(.due_on) \(.opens_on)"')"
}

@test "postponement: every refusal by its reason, and changes nothing (3.4)" {
    same "2026-10-12 2026-10-12" "$(get POST '"\(.nominal_due_on) \(.due_on)"')"
    refuses bad-argument POST --outcome postpone --to 2026-10-20                      # no reason given
    refuses bad-argument POST --outcome postpone --to 2026-10-20 --remark "  "
    refuses bad-argument POST --outcome postpone --remark 外出务工                    # no day given
    refuses bad-argument POST --outcome postpone --to 2026-10-18 --remark 外出务工    # a Sunday
    refuses bad-argument POST --outcome postpone --to 2026-10-12 --remark 外出务工    # the deadline itself
    refuses bad-argument POST --outcome postpone --to 2026-10-09 --remark 外出务工    # before it
    refuses bad-argument POST --outcome postpone --to 2026-11-12 --remark 外出务工    # 31 days after it
    refuses too-late PAST --outcome postpone --to 2026-10-20 --remark 外出务工        # the deadline has passed
    refuses bad-argument POST --outcome continue --to 2026-10-20
    refused bad-argument review "$(task_of POST)" --outcome postpone --to 2026-10-20
    [[ $output == *'"clause":"local"'* ]]
}

@test "postponement: once, to the 30th day; nominal date and window stay (3.4)" {
    task=$(task_of POST)
    opens=$(get POST .opens_on)
    review POST --outcome postpone --to 2026-11-11 --remark 外出务工
    same '2026-10-12 2026-11-11' "$(jq -r '"\(.nominal_due_on) \(.due_on)"' <<<"$output")"
    same "2026-10-12 2026-11-11 $opens $task" "$(get POST '"\(.nominal_due_on) \(.due_on) \(.opens_on) \(.open_task)"')"
    refuses conflict POST --outcome postpone --to 2026-11-10 --remark 再次
    json explain POST >"$T/explain"
    [[ $(jq -r '[.steps[] | select(.rule == "postponed") | .text] | join(" ")' "$T/explain") == *2026-10-12*2026-11-11* ]]
    review POST --outcome continue
    same 2027-01-12 "$(field nominal_due_on "$output")"
    same "postpone continue" "$(json task show "$task" | jq -r '[.reviews[].outcome] | join(" ")')"
    same "household.add task.open review.postpone review" "$(json audit --household POST | jq -r '[.items[].action] | join(" ")')"
}

@test "explain: 2026-10-01 rolls over the National Day to 2026-10-08, with rule and clause (3.4, 5)" {
    for who in E1 E2; do
        same "2026-10-01 2026-10-08" "$(get $who '"\(.nominal_due_on) \(.due_on)"')"
        json explain $who >"$T/e"
        same "anchor interval roll roll roll roll roll roll roll due lead" \
            "$(jq -r '[.steps[].rule | select(. == ("anchor", "interval", "roll", "due", "lead"))] | join(" ")' "$T/e")"
        same "$(printf '2026-10-0%d is a day off (国庆节)\n' 1 2 3 4 5 6 7)" \
            "$(jq -r '.steps[] | select(.rule == "roll") | .text | sub(":.*"; "")' "$T/e")"
        same "2026-10-08 Civil Code 203" "$(jq -r '.steps[] | select(.rule == "due") | "\(.value) \(.clause)"' "$T/e")"
        same "渝府办发〔2017〕30号 二(四)3" "$(jq -r '.steps[] | select(.rule == "interval") | .clause' "$T/e")"
        same "2026-regular 2026-10-05" "$(jq -r '"\(.policy.name) \(.on)"' "$T/e")"
        # Of the task as well, and in words for people with the clause in the text.
        same 2026-10-08 "$(json explain task "$(task_of $who)" | jq -r '.steps[] | select(.rule == "due") | .value')"
        run -0 ctl explain $who
        [[ $output == *"due "*"2026-10-08"*"[Civil Code 203]"* ]]
    done
    refused not-found explain NOBODY
}

@test "explain: the 31st is clamped, and said so (3.4)" {
    same "2026-10-31 2026-11-02" "$(get E3 '"\(.nominal_due_on) \(.due_on)"')"
    json explain E3 >"$T/e"
    same 2026-11-02 "$(jq -r '.steps[] | select(.rule == "due") | .value' "$T/e")"
    household E4 2025-08-31 2026-02-20 semi-annual | load_households
    same "2026-08-31" "$(get E4 .nominal_due_on)"
    household E5 2026-01-31 2026-02-01 | load_households
    json explain E5 >"$T/e"
    same "2026-04-30" "$(jq -r '.steps[] | select(.rule == "clamp") | .value' "$T/e")"
}

@test "after all of these verify finds nothing (6)" {
    run -0 json verify
    same '[]' "$(jq -c .failures <<<"$output")"
}
