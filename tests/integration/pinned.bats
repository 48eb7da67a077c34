#!/usr/bin/env bats
# What a scripted year writes is pinned: every entry of the audit (contract.md 5, 6) and what stands on every list (4). A change
# of form must leave both as they are, byte for byte; a change of behaviour says here, in the same commit, which
# entries it changes. The store's salt is given, who asked and the hashes that depend on it are left out.

load ../lib/daemon
GRACE_DAYS=10

setup() {
    D=$BATS_TEST_TMPDIR/d
    daemon_new "$D"
}

teardown() {
    daemon_stop
}

# open_task HOUSEHOLD KIND: its number.
open_task() { sql "SELECT t.task FROM task t JOIN household h ON h.id = t.household_id
                   WHERE h.household = '$1' AND t.state = 'open' AND t.kind = '$2'"; }
# Refusals belong to the year as well: `say` takes whatever the answer is.
say() { ctl "$@" >/dev/null 2>&1 || true; }

a_year() {
    daemon_start "2018-06-20 07:00"
    daemon_stop
    sql "UPDATE meta SET value = '00112233445566778899aabbccddeeff' WHERE name = 'salt'"
    daemon_start "2018-06-20 07:00"
    load_divisions
    printf 'district,year,dibao,poverty_line\n500101,2018,5400,3600\n500101,2019,5800,3900\n' >"$D/standards.csv"
    say import standards "$D/standards.csv"
    {
        echo household,division,head_name,status,tier,income_kind,income,approved_on,last_review_on,register
        echo A,500101001001,户主甲,active,quarterly,variable,9600,2017-04-01,2018-04-02,registered
        echo B,500101001002,户主乙,active,annual,stable,3600.50,2017-10-03,,exited
        echo C,500101001001,户主丙,active,,stable,2400,2018-01-31,,none
        echo E,500101017001,户主戊,active,semi-annual,variable,,2017-02-28,2018-02-10,returned
        echo F,500101017001,户主己,register-only,,,,,,registered
        echo G,500101001001,户主庚,active,,,,2018-05-31,,none
        echo H,500101001002,户主辛,active,quarterly,stable,1200,2018-03-15,2018-06-11,registered
    } >"$D/households.csv"
    {
        echo household,member,name,birth_on,health,work_ability,student,status
        echo A,1,户主甲,1948-11-02,chronic,none,no,present
        echo A,2,甲之妻,1950-03-04,healthy,partial,no,present
        echo B,1,户主乙,1971-01-01,healthy,full,no,present
        echo C,1,户主丙,1960-02-29,serious-illness,none,no,present
        echo C,2,丙之子,2012-09-20,healthy,none,yes,present
        echo E,1,户主戊,1949-02-28,healthy,partial,no,present
        echo G,1,户主庚,,healthy,none,no,present
        echo H,1,户主辛,1980-05-05,healthy,partial,no,present
    } >"$D/members.csv"
    say import households "$D/households.csv" --history complete
    say import members "$D/members.csv"
    say run
    say review "$(open_task A regular-review)" --outcome continue
    say clock advance 10d
    say report C illness --member 1 --on 2018-06-25 --source 入户
    say report A death --member 1 --on 2018-06-28 --source 村委会
    say household suspend H --ground other --remark 待查
    say household suspend C --ground other --remark 待查
    say clock advance 5d
    say review "$(open_task C triggered-review)" --outcome adjust --remark 增发
    say correct C --reason 录入错误
    say review "$(open_task C triggered-review)" --outcome continue
    say household resume C
    say review "$(open_task A triggered-review)" --yes --outcome terminate --ground member-change
    say household tier G quarterly --reason 入户
    say household move B 500101017001
    say clock set 2018-08-20T12:00
    say review "$(open_task E regular-review)" --outcome postpone --to 2018-09-12 --remark 外出
    say report H income --income 30000 --on 2018-08-19 --source 比对
    say clock set 2018-09-03T08:00
    say review "$(open_task H triggered-review)" --yes --outcome terminate --ground income-clearly-above
    for h in A B C E F G H; do
        for kind in register-adjustment register-candidate dibao-candidate; do
            task=$(open_task $h $kind)
            [ -n "$task" ] || continue
            case $h$kind in
                Fregister-adjustment) say register decide "$task" exit ;;
                *register-adjustment) say register decide "$task" keep ;;
                Bregister-candidate) say register decide "$task" return ;;
                Cregister-candidate) say register decide "$task" add ;;
                *dibao-candidate) say register decide "$task" apply ;;
            esac
        done
    done
    say clock set 2018-10-12T08:00
    { echo 任务号,结果,理由,日期,备注; for h in B C E G; do echo "$(open_task $h regular-review),继续,,2018-10-11,家访"; done; } >"$D/filled.csv"
    say return "$D/filled.csv"
    say return "$D/filled.csv"
    say division merge --yes 500101001002 500101001001
    say clock set 2019-02-20T09:00
    say correct B --reason 录入错误
    say report B birth --member 2 --on 2019-02-01 --source 医院
    say report E move-out --member 1 --on 2019-02-10 --source 村委会
    say clock set 2019-03-20T09:00
    say household close --yes G --ground voluntary
    for h in A B C E H; do say review "$(open_task $h regular-review)" --outcome continue; done
    say clock set 2019-06-21T09:00
    run -0 ctl audit verify
    run -0 ctl verify
}

@test "a year's audit is the one that is pinned (6)" {
    a_year >&2
    json audit --all | jq -cS '(.items // .)[] | del(.uid, .who, .hash)' | sed -e "s#$D##g" >"$BATS_TEST_TMPDIR/audit"
    (cd "$D/spool" && find . -name '*-daily.json' | LC_ALL=C sort | while read -r f; do
        jq -c --arg f "$f" '[$f, (.sections // {} | .. | objects | select(has("task")) | [.section, .task, .household, .due_on])]' "$f"
    done) >"$BATS_TEST_TMPDIR/lists"
    [ -z "${PINNED_OUT:-}" ] || cp "$BATS_TEST_TMPDIR"/{audit,lists} "$PINNED_OUT/"
    same "458 e2f5e9bda404cb3170770905cc1545e4a204345a1513a3763cc49aeb537b97cb" "$(wc -l <"$BATS_TEST_TMPDIR/audit") $(sha256sum <"$BATS_TEST_TMPDIR/audit" | cut -c1-64)"
    same "96863fd84892fa5363957b30f95a80d465fcecb93dd9acdfbeb5c385df84ffd2" "$(sha256sum <"$BATS_TEST_TMPDIR/lists" | cut -c1-64)"
}
