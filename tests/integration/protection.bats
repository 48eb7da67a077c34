# The continuity rule and what follows from reports (contract.md 3.5, 3.7; circular 二(四)3, 主动发现), on a
# manual clock of 2018, while the campaign lasts.

setup_file() {
    load ../lib/daemon
    daemon_new "$BATS_FILE_TMPDIR/d"
    daemon_start "2018-06-20 07:00"
    load_divisions
    printf 'district,year,dibao,poverty_line\n500101,2018,4000.00,3500.00\n' >"$D/standards.csv"
    ctl import standards "$D/standards.csv" >/dev/null
    {
        echo household,division,head_name,status,tier,income_kind,income,approved_on,last_review_on,register
        # R registered, N not on the register; E exited; M whose last member goes; W early report.
        for h in R N E M X Y Z; do
            echo "$h,500101001001,户主$h,active,quarterly,stable,5200.00,2017-04-01,2018-04-02,$(
                case $h in N) echo none ;; E) echo exited ;; *) echo registered ;; esac)"
        done
        echo "W,500101001001,户主W,active,annual,stable,5200.00,2017-04-01,2018-03-20,none"
    } >"$D/h.csv"
    ctl import households "$D/h.csv" --history complete >/dev/null
    {
        echo household,member,name,birth_on,work_ability,status
        for h in R N E X Y Z W; do printf '%s,1,甲,1944-05-06,none,present\n%s,2,乙,1950-05-06,none,present\n' $h $h; done
        echo M,1,甲,1944-05-06,none,present
    } >"$D/m.csv"
    ctl import members "$D/m.csv" >/dev/null
    ctl run >/dev/null
}

teardown_file() {
    load ../lib/daemon
    daemon_stop
}

setup() { load ../lib/daemon; }

end() { json review "$(task_of "$1")" --yes --outcome terminate --ground "$2" "${@:3}"; }

@test "3.5: a protected allowance is not ended on any ground but the four; the clause and what would allow it are told" {
    for ground in income-above assets-above transferred voluntary fraud other; do
        refused protected review "$(task_of R)" --yes --outcome terminate --ground $ground --remark x
        [[ $output == *'渝府办发〔2017〕30号 二(四)3'* ]]
        [[ $output == *all-members-gone* && $output == *member-change* ]]
    done
    same active "$(get R .status)"
}

@test "3.5: the four grounds are refused too while the facts do not bear them out, and each refusal is a hold" {
    before=$(json protection holds --all | jq -s '[.[].items[]] | length')
    for ground in all-members-gone member-change income-clearly-above assets-clearly-above; do
        refused protected review "$(task_of R)" --yes --outcome terminate --ground $ground
    done
    same 4 $(($(json protection holds --all | jq -s '[.[].items[]] | length') - before))
    refused protected household suspend R --ground voluntary
    refused protected household close --yes R --ground voluntary
    json protection holds | jq -e '.items[-1] | .act == "close" and .household == "R" and .clause != null'
}

@test "explain of a refused act: every ground tried, with its facts" {
    run json explain R --act terminate --ground member-change
    jq -e '.allowed == false and (.refusal | contains("member-change"))' <<<"$output"
    jq -e '[.steps[] | select(.rule | startswith("protection"))] | length >= 4' <<<"$output"
    refused bad-argument explain R --act terminate
}

@test "3.5: without protection the grounds are all of them, and other needs a remark" {
    same false "$(get N .protected)"
    refused bad-argument review "$(task_of N)" --yes --outcome terminate --ground other
    end N income-above
    same closed "$(get N .status)"
    same null "$(get N .due_on)"
}

@test "3.5: exited stays protected: leaving poverty is what must not end it" {
    same true "$(get E .protected)"
    refused protected household close --yes E --ground voluntary
}

@test "3.5: a death recorded since the last review is member-change; the exception stands on record" {
    json report E death --member 2 --on 2018-06-18 --source 村委会
    end E member-change
    same closed "$(get E .status)"
    json protection exceptions | jq -e '.items[] | select(.household == "E") | .ground == "member-change"'
}

@test "3.5: no birth, no moving in and no move of the whole household is a member-change" {
    household V 2018-01-10 "" annual active registered | load_households
    printf '%s\n' household,member,status V,1,present >"$BATS_TEST_TMPDIR/v.csv"
    ctl import members "$BATS_TEST_TMPDIR/v.csv" >/dev/null
    json report V birth --member 2 --source 医院
    json report V move-in --member 3 --source 村委会
    json household move V 500101017001
    refused protected household close --yes V --ground member-change
    json report V move-out --member 3 --source 村委会
    json household close --yes V --ground member-change
}

@test "3.5: income clearly above is strictly greater than standard times 1.5" {
    json report X income --income 12000.00 --source 税务
    refused protected review "$(task_of X)" --yes --outcome terminate --ground income-clearly-above
    json report X income --income 12000.02 --source 税务
    end X income-clearly-above
}

@test "3.5: an asset on the policy's list" {
    refused bad-argument report Y assets --asset yacht --source 邻居
    json report Y assets --asset motor-vehicle --source 车管所
    end Y assets-clearly-above
}

@test "3.3: when the last present member goes, the tier stays and the review proposes all-members-gone" {
    tier=$(get M .tier)
    json report M death --member 1 --source 村委会
    same "$tier" "$(get M .tier)"
    json queue show 500101001 --all | jq -s -e '[.[].items[] | select(.kind == "proposal")][0].body.proposes == "all-members-gone"'
    end M all-members-gone
}

@test "3.7: a report opens a triggered review due in 10 working days; a further one joins and moves nothing" {
    run json report W illness --member 1 --source 医院
    same 2018-07-04 "$(field due_on "$output")"
    task=$(field task "$output")
    run json report W accident --source 医院
    same "$task" "$(field task "$output")"
    same true "$(field joined "$output")"
    same 2018-07-04 "$(json task show "$task" | field due_on)"
}

@test "3.4: a triggered review done before the window opens restarts the count; the cycle is superseded, not missed" {
    task=$(sql "SELECT task FROM task_view WHERE household = 'W' AND kind = 'triggered-review'")
    json review "$task" --outcome continue
    same 2018-06-20 "$(get W .anchor_on)"
    same 2019-06-20 "$(get W .nominal_due_on)"
    same 0 "$(get W .missed_cycles)"
    same superseded "$(sql "SELECT state FROM cycle_view WHERE household = 'W' ORDER BY cycle LIMIT 1")"
}

@test "3.4: a triggered review inside the window is the regular one: anchor unchanged, one review closes both" {
    run json report Z disaster --source 镇
    task=$(field task "$output")
    regular=$(task_of Z)
    json review "$task" --outcome continue
    same 2017-04-01 "$(get Z .anchor_on)"
    same 2018-10-01 "$(get Z .nominal_due_on)"
    same done "$(json task show "$regular" | field state)"
}

@test "3.4: suspension stops the payment and not the clock; resume moves no date" {
    json household suspend W --ground voluntary
    same suspended "$(get W .status)"
    same 2019-06-20 "$(get W .nominal_due_on)"
    json household resume W
    same active "$(get W .status)"
    same 2019-06-20 "$(get W .nominal_due_on)"
}

@test "3.3: a tier given by hand stays, and its open task keeps its dates" {
    refused bad-argument household tier R quarterly --reason " "
    due=$(get R .due_on)
    json household tier R annual --reason 核定
    same given "$(get R .tier_source)"
    # E's death left no work ability and a stable income: annual by the rules, quarterly by hand.
    json queue show 500101001 --all | jq -s -e '[.[].items[] | select(.kind == "tier-mismatch" and .body.household == "E")] | length == 1'
    same "$due" "$(get R .due_on)"
}

@test "household move: the open tasks go along and both queues are told" {
    json household move R 500101017001
    same 500101017000 "$(json task show "$(task_of R)" | field township)"
    json queue show 500101001 --all | jq -s -e '[.[].items[] | select(.kind == "moved-away" and .body.household == "R")] | length == 1'
    json queue show 500101017 --all | jq -s -e '[.[].items[] | select(.kind == "moved-in" and .body.household == "R")] | length == 1'
    refused bad-argument household move R 500101
}

@test "verify is clean after all that" {
    json verify | jq -e '.failures == []'
    json audit verify | jq -e .ok
}
