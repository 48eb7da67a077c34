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
    ctl import households "$D/data/households.csv" >/dev/null
    ctl import members "$D/data/members.csv" >/dev/null
    ctl run >/dev/null
}

teardown_file() {
    load ../lib/daemon
    daemon_stop
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
           {household: .id, tier: last_of("tier"), anchor_on: last_of("anchor"),
            due_on: last_of("due"), opens_on: last_of("lead"),
            protected: (last_of("protection") == "protected")}' "$BATS_TEST_TMPDIR/answers" |
        sort >"$BATS_TEST_TMPDIR/explained"
    jq -c '{household, tier, anchor_on, due_on, opens_on, protected}' "$BATS_TEST_TMPDIR/rows" |
        sort >"$BATS_TEST_TMPDIR/stored"
    diff "$BATS_TEST_TMPDIR/stored" "$BATS_TEST_TMPDIR/explained" | head -5
    cmp "$BATS_TEST_TMPDIR/stored" "$BATS_TEST_TMPDIR/explained"
}

@test "3.4: approved 1 April, quarterly, so 1 October; the National Day holiday rolls it to the 8th, each with its clause" {
    printf '%s\n' household,division,tier,approved_on,last_review_on \
        E1,500101001001,quarterly,2026-04-01,2026-06-25 >"$BATS_TEST_TMPDIR/e.csv"
    ctl import households "$BATS_TEST_TMPDIR/e.csv" >/dev/null
    run -0 ctl explain E1
    [[ $output == *"2026-04-01"* && $output == *"2026-10-01"* && $output == *"国庆节"* ]]
    [[ $output == *"the deadline is 2026-10-08"* && $output == *"Civil Code 203"* ]]
    for day in 01 02 03 04 05 06 07; do
        [[ $output == *"2026-10-$day"* ]]
    done
}
