#!/usr/bin/env bats
# verify stays clean whatever is entered, taken back and entered again (contract.md 3, 3.10, 6): random commands
# with many corrections. SEED=n repeats a run; the commands before a failure are printed.

load ../lib/daemon

setup() {
    daemon_new "$BATS_TEST_TMPDIR/d"
    cp -r "$D/calendar" "$BATS_TEST_TMPDIR/calendars"
    rm "$D"/calendar/20{19,20,21}.csv
    SEED=${SEED:-$((10#$(date +%N) % 30000))}
    RANDOM=$SEED
    echo "SEED=$SEED"
}

teardown() {
    daemon_stop
}

below() { REPLY=$((RANDOM % $1)); }
# One of the words, nothing of none: in REPLY, as below.
pick() { REPLY=; [ $# = 0 ] || { below $#; shift $REPLY; REPLY=$1; }; }

did() {
    echo "$*" >>"$D/commands"
    ctl "$@" >>"$D/commands" 2>&1 || true
}

tasks() { sql "SELECT task FROM task WHERE state = 'open' AND $1 ORDER BY task"; }

a_review() {
    local task outcome
    pick $(tasks "year IS NULL"); task=$REPLY
    [ -n "$task" ] || return 0
    pick continue continue continue adjust postpone terminate; outcome=$REPLY
    below 6
    case $outcome in
        postpone) did review "$task" --outcome postpone --to "$(date -d "$TODAY + $((REPLY + 3)) days" +%F)" --remark 外出 ;;
        terminate) pick voluntary member-change transferred; did review "$task" --yes --outcome terminate --ground "$REPLY" ;;
        *) did review "$task" --outcome "$outcome" --on "$(date -d "$TODAY - $REPLY days" +%F)" ;;
    esac
}

a_report() {
    local kind member
    pick illness death death move-out move-in income disaster birth; kind=$REPLY
    below 4; member=$((REPLY + 1))
    case $kind in
        income) below 9; did report "$1" income --income $((REPLY * 2000)) --source 村 ;;
        move-in | birth) below 99; did report "$1" "$kind" --member "n$REPLY" --source 村 ;;
        *) did report "$1" "$kind" --member "$member" --source 村 ;;
    esac
}

a_decision() {
    local task
    pick $(tasks "year IS NOT NULL"); task=$REPLY
    [ -n "$task" ] || return 0
    pick keep exit return add apply not-eligible
    did register decide "$task" "$REPLY"
}

kinds() { sql "SELECT count(DISTINCT kind) FROM event"; }

an_admission() {
    printf 'household,division,status,approved_on,register\n%s,500101001001,active,%s,\n' "$1" "$TODAY" >"$D/again.csv"
    did import households "$D/again.csv" --history complete
}

a_step() {
    below 12; local h=H$REPLY
    below 100
    case $REPLY in
        [0-9] | 1[0-9]) below 25; did clock advance "$((REPLY + 1))d" ;;
        2[0-9] | 3[0-9]) a_review ;;
        4[0-9] | 5[0-4]) a_report "$h" ;;
        5[5-9] | 6[0-2]) pick annual semi-annual quarterly; did household tier "$h" "$REPLY" --reason 核定 ;;
        6[3-6]) pick 500101001001 500101017001; did household move "$h" "$REPLY" ;;
        6[7-9]) did household suspend "$h" --ground voluntary ;;
        7[0-2]) did household resume "$h" ;;
        7[3-4]) did household close --yes "$h" --ground transferred ;;
        7[5-9]) a_decision ;;
        8[0-1]) an_admission "$h" ;;
        8[2-4]) below 3; did import calendar "$BATS_TEST_TMPDIR/calendars/$((2019 + REPLY)).csv" ;;
        *) did correct "$h" --reason 录入错误 ;;
    esac
    TODAY=$(json clock show | field now)
    TODAY=${TODAY:0:10}
}

@test "random commands and corrections leave every invariant whole" {
    TODAY=2018-06-01
    daemon_start "$TODAY 07:00"
    load_divisions
    # Not in a pipeline: a subshell has chances of its own, and SEED would repeat nothing.
    for i in 0 1 2 3 4 5 6 7 8 9 10 11; do
        pick annual semi-annual quarterly; tier=$REPLY
        pick none registered registered exited; register=$REPLY
        pick "" 2018-05-20 2018-03-05
        household H$i 2017-0$((i % 9 + 1))-1$((i % 3)) "$REPLY" "$([ $((i % 4)) = 0 ] || echo $tier)" active $register
    done >"$D/rows"
    load_households <"$D/rows"
    echo household,member,birth_on,work_ability >"$D/m.csv"
    for i in 0 1 2 3 4 5 6 7 8 9 10 11; do
        for m in 1 2 3; do
            pick none partial full
            echo "H$i,$m,19$((40 + m * 3 + i))-0$((m + 3))-1$((i % 9)),$REPLY"
        done
    done >>"$D/m.csv"
    ctl import members "$D/m.csv" >/dev/null
    # As long as it takes until most kinds of event were drawn, within bounds.
    for ((i = 1; i <= ${STEPS:-150} || (i <= 4 * ${STEPS:-150} && $(kinds) < 5); i++)); do
        a_step
        ((i % 8)) && continue
        json verify >"$D/verify" || {
            tail -n 60 "$D/commands"
            cat "$D/verify"
            sql "SELECT * FROM cycle_view WHERE household IN (SELECT json_extract(value, '\$.household') FROM json_each(readfile('$D/verify'), '\$.failures'))"
            false
        }
    done
    run -0 ctl audit verify
    # Something was done: most kinds of event, and corrections of most.
    [ "$(kinds)" -ge 5 ]
    [ "$(sql "SELECT count(*) FROM event WHERE corrected")" -ge 5 ]
}
