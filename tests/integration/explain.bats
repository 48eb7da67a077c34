# explain is the trace of the very functions that decide (issue of the rules, 7): over 10,000 random
# households what it computes is what stands in the store.

setup_file() {
    load ../lib/daemon
    daemon_new "$BATS_FILE_TMPDIR/d"
    daemon_start "2026-11-24 07:00"
    ctl import divisions "$BATS_TEST_DIRNAME/../../conf/divisions/divisions-chongqing.csv" >/dev/null
    mkdir "$D/data"
    "$B/households" "$BATS_TEST_DIRNAME/../../conf/divisions/divisions-chongqing.csv" "$D/data" 10000 \
        "${SEED:-7}" 2026-11-24
    ctl import households "$D/data/households.csv" --history complete >/dev/null
    ctl import members "$D/data/members.csv" >/dev/null
    ctl run >/dev/null
}

teardown_file() {
    load ../lib/daemon
    daemon_stop
}

teardown() {
    [ -z "$OWN" ] || daemon_stop
}

setup() { load ../lib/daemon; }

@test "explain gives the dates, the tier and the protection that are in the store, for 10,000 households" {
    json household list --all | jq -c '.items[]' >"$BATS_TEST_TMPDIR/rows"
    same 10000 "$(wc -l <"$BATS_TEST_TMPDIR/rows")"
    jq -c '{jsonrpc: "2.0", id: .household, method: "explain", params: {household}}' \
        "$BATS_TEST_TMPDIR/rows" >"$BATS_TEST_TMPDIR/calls"
    raw <"$BATS_TEST_TMPDIR/calls" >"$BATS_TEST_TMPDIR/answers"
    # value of the last step of a rule
    jq -c 'def last_of($rule): [.result.steps[] | select(.rule == $rule)][-1].value;
           {household: .id, tier: last_of("tier.in-force"), anchor_on: last_of("anchor"),
            due_on: last_of("due"), opens_on: last_of("lead"),
            protected: (last_of("protection.in-force") == "protected")}' "$BATS_TEST_TMPDIR/answers" |
        sort >"$BATS_TEST_TMPDIR/explained"
    jq -c '{household, tier, anchor_on, due_on, opens_on, protected}' "$BATS_TEST_TMPDIR/rows" |
        sort >"$BATS_TEST_TMPDIR/stored"
    diff "$BATS_TEST_TMPDIR/stored" "$BATS_TEST_TMPDIR/explained" | head -5
    cmp "$BATS_TEST_TMPDIR/stored" "$BATS_TEST_TMPDIR/explained"
}

@test "3.4: approved 1 April, quarterly, so 1 October; the National Day holiday rolls it to the 8th, each with its clause" {
    printf '%s\n' household,division,tier,approved_on,last_review_on \
        E1,500101001001,quarterly,2026-04-01,2026-06-25 >"$BATS_TEST_TMPDIR/e.csv"
    ctl import households "$BATS_TEST_TMPDIR/e.csv" --history complete >/dev/null
    run -0 ctl explain E1
    [[ $output == *"2026-04-01"* && $output == *"2026-10-01"* && $output == *"国庆节"* ]]
    [[ $output == *"the deadline is 2026-10-08"* && $output == *"Civil Code 203"* ]]
    for day in 01 02 03 04 05 06 07; do
        [[ $output == *"2026-10-$day"* ]]
    done
}

# A daemon of its own in the spring of 2018.
own_daemon() {
    OWN=yes
    daemon_new "$BATS_TEST_TMPDIR/d"
    daemon_start "2018-05-03 07:00"
    load_divisions
    {
        household A 2017-07-01 2018-04-02 quarterly active registered
        household B 2017-07-01 "" "" active registered | sed 's/,quarterly,/,,/'
        household N 2018-04-20 "" "" active none | sed 's/,quarterly,/,,/'
    } | load_households
    printf '%s\n' household,member,birth_on,work_ability,status B,1,1950-05-06,none,present \
        B,2,1960-01-01,full,present >"$BATS_TEST_TMPDIR/m.csv"
    ctl import members "$BATS_TEST_TMPDIR/m.csv" >/dev/null
    ctl clock set "2018-05-10 08:00" >/dev/null
}

# fact RULE NAME: each fact of that name in $output's steps of a rule: value, day, source.
fact() {
    jq -r --arg rule "$1" --arg name "$2" '.steps[] | select(.rule == $rule) | .facts[] |
        select(.name == $name) | "\(.value) \(.on // "-") \(.source // "-")"' <<<"$output"
}

@test "each fact has its day and where it comes from: import, report, act, decision, hand, correction" {
    own_daemon
    run json explain A
    same "active 2018-05-03 import" "$(fact household status)"
    same "2018-04-02 2018-04-02 import, recorded 2018-05-03" "$(fact household last_review_on)"
    same "2017-07-01 2017-07-01 import, recorded 2018-05-03" "$(fact anchor anchor_on)"
    same "quarterly 2018-05-03 import" "$(fact tier.in-force tier)"
    same "registered 2018-05-03 import" "$(fact protection.condition register)"

    # A review of 9 May, entered on the 10th, is where the last review and the anchor are from.
    run json report A income --income 5000 --pension 1200 --on 2018-05-08 --source 村委会
    task=$(field task "$output")
    json review "$task" --outcome continue
    run json explain A
    same "2018-05-10 2018-05-10 review of task $task" "$(fact household last_review_on)"
    same "2018-05-10 2018-05-10 review of task $task" "$(fact anchor anchor_on)"
    run json explain A --act close --ground income-clearly-above
    same "5000.00 2018-05-08 report 1, recorded 2018-05-10" "$(fact protection.income income)"
    same "1200.00 2018-05-08 report 1, recorded 2018-05-10" "$(fact protection.income pension)"

    json household tier A annual --reason 核定
    run json explain A
    same "annual 2018-05-10 set by hand" "$(fact tier.in-force tier)"
    json correct A --reason 误录
    run json explain A
    same "quarterly 2018-05-03 import" "$(fact tier.in-force tier)"
    json correct A --reason 误录 # the review
    run json explain A
    same "2018-04-02 2018-04-02 import, recorded 2018-05-03" "$(fact household last_review_on)"

    # The member that decides a tier; a death with its day; an asset.
    run json explain B
    same "full 2018-05-03 import" "$(fact tier.rule work_ability)"
    json report B death --member 2 --on 2018-05-08 --source 医院
    json report B assets --asset savings --on 2018-05-09 --source 银行
    run json explain B --act suspend --ground member-change
    [[ $(fact protection.ground member_left) == *"on 2018-05-08 2018-05-08 report" ]]
    same "savings 2018-05-09 report, recorded 2018-05-10" "$(fact protection.ground asset)"
    json household suspend B --ground member-change
    run json protection show B
    same "suspended 2018-05-10 suspend on the ground member-change" "$(fact protection.condition status)"
    json household resume B
    run json protection show B
    same "active 2018-05-10 resume" "$(fact protection.condition status)"

    # A decision, from the day on which it takes effect.
    ctl clock set "2018-09-03 08:00" >/dev/null
    task=$(sql "SELECT task FROM task_view WHERE household = 'A' AND kind = 'register-adjustment'")
    json register decide "$task" exit
    ctl clock set "2018-09-12 08:00" >/dev/null
    run json protection show A
    same "exited 2018-09-11 decision of task $task" "$(fact protection.condition register)"
}

@test "a triggered review by its reports and working days, a register task by its campaign, each with its clause" {
    own_daemon
    run json report B illness --member 1 --on 2018-05-07 --source 医院
    task=$(field task "$output")
    json report B disaster --source 村委会
    run json explain task "$task"
    same 'passed opened
passed joined' "$(jq -r '.steps[] | select(.rule == "report") |
        "\(.result) \(.text | capture("(?<what>opened|joined)").what)"' <<<"$output")"
    same "illness 2018-05-07 医院" "$(fact report kind | head -1)"
    same "2018-05-24" "$(jq -r '[.steps[] | select(.rule == "due")][-1].value' <<<"$output")"
    # The weekends that are not counted, and the clause of each.
    same "2018-05-12 2018-05-13 2018-05-19 2018-05-20" \
        "$(jq -r '[.steps[] | select(.rule == "roll").value] | join(" ")' <<<"$output")"
    ctl clock set "2018-09-03 08:00" >/dev/null
    run json explain task "$(sql "SELECT task FROM task WHERE kind = 'register-adjustment' LIMIT 1")"
    same "2018-11-15" "$(jq -r '[.steps[] | select(.rule == "due")][-1].value' <<<"$output")"
    jq -e '[.steps[] | select(.rule == "register")] | length == 7' <<<"$output"
}

@test "every roll carries its clause, every rule is of the closed table" {
    own_daemon
    ctl clock set "2018-06-20 08:00" >/dev/null
    run json explain A
    jq -e '[.steps[] | select(.rule == "roll")] | length > 0 and all(.clause | contains("203"))' <<<"$output"
    sed -n '/^## Rules of `explain`/,$s/^| `\([a-z.-]*\)` |.*/\1/p' \
        "$BATS_TEST_DIRNAME/../../doc/protocol.md" | sort >"$BATS_TEST_TMPDIR/table"
    for subject in "A" "B" "task 1" "A --act close --ground other" "A --act close --ground member-change"; do
        # shellcheck disable=SC2086
        json explain $subject | jq -r '.steps[].rule' | sort -u |
            comm -23 - "$BATS_TEST_TMPDIR/table" >"$BATS_TEST_TMPDIR/others"
        [ ! -s "$BATS_TEST_TMPDIR/others" ] || { cat "$BATS_TEST_TMPDIR/others"; false; }
    done
    [ "$(wc -l <"$BATS_TEST_TMPDIR/table")" -ge 20 ]
}

@test "3.3: without members and without a tier: quarterly, shown as the default, and told to the township once" {
    own_daemon
    same "quarterly default" "$(get N '"\(.tier) \(.tier_source)"')"
    [[ $(ctl explain N) == *"no members and none given: quarterly until they are known"* ]]
    told() { json queue show 500101001 --all | jq -s '[.[].items[] | select(.kind == "tier-default" and .body.household == "'"$1"'")] | length'; }
    same 1 "$(told N)"
    same 0 "$(told B)" # its members came on the day it did
    ctl clock set "2018-05-14 08:00" >/dev/null
    same 1 "$(told N)"
    printf '%s\n' household,member,work_ability,status N,1,full,present >"$BATS_TEST_TMPDIR/n.csv"
    ctl import members "$BATS_TEST_TMPDIR/n.csv" >/dev/null
    same derived "$(get N .tier_source)"
}
