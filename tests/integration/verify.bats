#!/usr/bin/env bats
# verify (contract.md 3, 4, 6): a store with every kind of record is clean, and each invariant, broken by hand
# while the service is down, is named with its household. The words are those of doc/protocol.md.

load ../lib/daemon

setup_file() {
    load ../lib/daemon
    daemon_new "$BATS_FILE_TMPDIR/d"
    daemon_start "2018-03-01 07:00"
    load_divisions
    BATS_TEST_TMPDIR=$BATS_FILE_TMPDIR
    {
        household N 2018-03-01 "" annual                       # not opened yet
        household Q 2018-03-01                                 # open and late
        household M 2017-12-01                                 # jumps: one missed, one answered
        household T 2018-03-01 "" annual                       # another tier before it opened
        household R 2018-03-01                                 # a triggered review restarts the count
        household K 2018-03-01 "" annual                       # a triggered review is open
        household P 2018-03-01 "" quarterly active registered  # a hold, then a protection that ended
        household S 2018-03-01 "" annual                       # suspended
        household C 2018-03-01                                 # closed
        household A 2018-03-01 "" annual                       # somebody reaches 70
        household G 2018-03-01 "" annual active registered     # a decision in effect
        household H 2018-03-01 "" annual active registered     # undecided
        household D 2018-03-01 "" annual active registered     # a decision whose notice runs
        echo V,500101001001,户主V,active,,2018-03-01,,none     # a derived tier
    } | load_households
    printf '%s\n' household,member,birth_on,work_ability A,1,1948-06-21, P,1,1960-01-01, P,2,1961-01-01, \
        V,1,1990-01-01,full >"$D/m.csv"
    ctl import members "$D/m.csv" >/dev/null
    ctl clock set "2018-04-10 09:00" >/dev/null
    ctl household tier T quarterly --reason 核定 >/dev/null
    ctl report R illness --source 医院 >/dev/null
    task=$(sql "SELECT task FROM task WHERE kind = 'triggered-review'")
    ctl clock set "2018-04-12 09:00" >/dev/null
    ctl review "$task" --outcome continue >/dev/null
    ctl household suspend S --ground voluntary >/dev/null
    ctl household close --yes C --ground transferred >/dev/null
    run -1 ctl household close --yes P --ground voluntary
    ctl report P death --member 2 --source 村 >/dev/null
    ctl household close --yes P --ground member-change >/dev/null
    ctl clock set "2018-06-01 09:00" >/dev/null
    household X 2018-06-01 | load_households # to be postponed
    ctl review "$(task_of T)" --outcome continue >/dev/null
    ctl clock set "2018-08-25 09:00" >/dev/null
    ctl review "$(task_of M)" --outcome continue >/dev/null
    ctl review "$(task_of X)" --outcome postpone --to 2018-09-28 --remark 外出 >/dev/null
    ctl clock set "2018-09-03 09:00" >/dev/null
    decide G
    ctl clock set "2018-09-19 09:00" >/dev/null
    decide D
    ctl report K illness --source 医院 >/dev/null
    ctl clock set "2018-09-20 09:00" >/dev/null
    daemon_stop
    cp "$D/reviewd.db" "$BATS_FILE_TMPDIR/whole.db"
}

decide() {
    ctl register decide "$(sql "SELECT t.task FROM task t JOIN household h ON h.id = t.household_id WHERE h.household = '$1' AND year = 2018")" exit >/dev/null
}

setup() {
    daemon_new "$BATS_FILE_TMPDIR/d"
}

teardown() {
    daemon_stop
}

# Of each case, word|household|what is done to the store, by itself: `verify` exits with 1 and names both.
# @X is the id of household X; the household `-` is the store as a whole.
broken() {
    local word household sql failed=0
    while IFS='|' read -r word household sql; do
        [ -n "$word" ] || continue
        echo "$word" >>"$BATS_FILE_TMPDIR/words"
        rm -f "$D"/reviewd.db*
        cp "$BATS_FILE_TMPDIR/whole.db" "$D/reviewd.db"
        sql=$(sed -E "s/@([A-Z])/(SELECT id FROM household WHERE household = '\1')/g" <<<"$sql")
        sqlite3 -batch "$D/reviewd.db" "PRAGMA ignore_check_constraints = ON; $sql"
        daemon_start "2018-09-20 09:00" || return 1
        run --separate-stderr json verify
        daemon_stop
        if [ "$status" -ne 1 ] || ! jq -e --arg w "$word" --arg h "${household#-}" \
            'any(.failures[]; .invariant == $w and (.household // "") == $h)' <<<"$output" >/dev/null; then
            echo "not found: $word of $household after: $sql"
            echo "$output"
            failed=1
        fi
    done
    return $failed
}

@test "a store with a record of every kind is clean" {
    cp "$BATS_FILE_TMPDIR/whole.db" "$D/reviewd.db"
    daemon_start "2018-09-20 09:00"
    run -0 --separate-stderr json verify
    same '[]' "$(jq -c .failures <<<"$output")"
    same 15 "$(field checked "$output")"
    run -0 --separate-stderr ctl verify
    [[ $output == *"15 checked, 0 failures"* ]]
    # It has what the cases break.
    same "answered ended missed open satisfied superseded" "$(sql "SELECT group_concat(state, ' ') FROM (SELECT DISTINCT state FROM cycle ORDER BY state)")"
    same "0 1" "$(sql "SELECT group_concat(applied, ' ') FROM (SELECT applied FROM decision ORDER BY applied)")"
    same "1 1 1 1" "$(sql "SELECT (SELECT count(*) FROM hold) || ' ' || (SELECT count(*) FROM ending WHERE protected) || ' ' || (SELECT count(*) FROM age_reached) || ' ' || (SELECT count(*) FROM tier_change WHERE source = 'given')")"
}

@test "3.3, 3.4: the household: cycle, anchor, tier, counts, persons" {
    broken <<'CASES'
one-open-cycle|Q|UPDATE cycle SET state = 'ended', closed_on = 17000 WHERE state = 'open' AND household_id = @Q
one-open-cycle|N|DELETE FROM cycle WHERE household_id = @N
anchor|N|UPDATE household SET anchor_on = 17592 WHERE household = 'N'
anchor|R|UPDATE review SET corrected = 1 WHERE household_id = @R
missed-counted|M|UPDATE household SET missed_cycles = 0 WHERE household = 'M'
last-review|M|UPDATE household SET last_review_on = 17700 WHERE household = 'M'
tier-recorded|T|UPDATE household SET tier = 'semi-annual' WHERE household = 'T'
tier-recorded|T|INSERT INTO tier_change SELECT household_id, 2, on_day, 'annual', 'quarterly', source, NULL, 0 FROM tier_change WHERE household_id = @T
tier-derived|V|UPDATE household SET tier = 'annual' WHERE household = 'V'
household-township|N|UPDATE household SET township = 500101017000 WHERE household = 'N'
division-stands|Q|UPDATE division SET merged_into = 500101017000, merged_on = 17000 WHERE code = (SELECT division FROM household WHERE id = @Q)
closed-quiet|P|UPDATE task SET state = 'open' WHERE household_id = @P AND kind = 'triggered-review'
identity-number|Q|UPDATE household SET head_id = '123' WHERE household = 'Q'
identity-number|V|UPDATE member SET id = '123' WHERE household_id = @V
CASES
}

@test "3.2, 3.4: cycles: dates, order, no date skipped, why each is what it is" {
    broken <<'CASES'
nominal-date|N|UPDATE cycle SET nominal_due_on = 17957 WHERE household_id = @N
deadline|N|UPDATE cycle SET due_on = 17957 WHERE household_id = @N
deadline|N|UPDATE cycle SET due_on = 17959 WHERE household_id = @N
deadline|Q|UPDATE cycle SET due_on = due_on + 7, rolled_on = due_on + 1 WHERE household_id = @Q AND state = 'open'
opens-on|N|UPDATE cycle SET opens_on = 17900 WHERE household_id = @N
opens-on|X|UPDATE cycle SET opens_on = due_on WHERE household_id = @X
provisional|N|UPDATE cycle SET provisional = 1 WHERE household_id = @N
provisional|X|UPDATE cycle SET provisional = 1 WHERE household_id = @X
cycle-order|M|UPDATE cycle SET step = 4 WHERE household_id = @M AND state = 'missed'
date-skipped|M|DELETE FROM cycle WHERE household_id = @M AND state = 'missed'
date-skipped|Q|UPDATE cycle SET step = 2, nominal_due_on = 17775, due_on = 17777 WHERE household_id = @Q AND state = 'open'
satisfied-by-task|M|UPDATE task SET state = 'cancelled', done_on = NULL WHERE task = (SELECT task FROM cycle WHERE state = 'satisfied' AND household_id = @M)
satisfied-by-task|M|UPDATE review SET corrected = 1 WHERE household_id = @M
satisfied-by-task|M|UPDATE cycle SET opens_on = closed_on + 1 WHERE household_id = @M AND state = 'satisfied'
missed-answered|M|UPDATE cycle SET state = 'answered' WHERE household_id = @M AND state = 'missed'
missed-answered|M|UPDATE cycle SET closed_on = 17800 WHERE household_id = @M AND state = 'answered'
superseded-why|T|UPDATE tier_change SET on_day = 17600 WHERE household_id = @T
superseded-why|Q|INSERT INTO cycle SELECT NULL, household_id, anchor_on, 3, tier, nominal_due_on, due_on, opens_on, 0, decided_on, 'superseded', 17700, NULL, NULL FROM cycle WHERE household_id = @Q AND state = 'open'
superseded-why|R|UPDATE cycle SET task = (SELECT min(task) FROM task WHERE household_id = @R AND kind = 'regular-review') WHERE household_id = @R AND state = 'superseded'
ended-why|C|UPDATE ending SET corrected = 1 WHERE household_id = @C
CASES
}

@test "3.4, 3.6 to 3.8: tasks: their cycle, township, deadline, reports, ladder" {
    broken <<'CASES'
cycle-task|X|UPDATE task SET due_on = 17804 WHERE household_id = @X AND kind = 'regular-review'
cycle-task|Q|UPDATE cycle SET task = NULL WHERE household_id = @Q AND state = 'open'
task-opened|Q|UPDATE cycle SET task = NULL WHERE household_id = @Q AND state = 'open'; UPDATE task SET state = 'cancelled' WHERE household_id = @Q
task-township|Q|UPDATE task SET township = 500101017000 WHERE household_id = @Q
postponed|X|UPDATE review SET corrected = 1 WHERE household_id = @X
postponed|X|UPDATE review SET to_day = 17900 WHERE household_id = @X
postponed|X|INSERT INTO review SELECT NULL, task, household_id, outcome, on_day, to_day, ground, remark, recorded_at, uid, who, 0 FROM review WHERE household_id = @X LIMIT 1
postponed|H|UPDATE task SET due_on = 17840 WHERE household_id = @H AND year = 2018
triggered-report|K|DELETE FROM report WHERE household_id = @K
triggered-report|K|UPDATE report SET corrected = 1 WHERE household_id = @K
triggered-report|K|UPDATE report SET on_day = 17700, recorded_on = 17700 WHERE household_id = @K
triggered-deadline|K|UPDATE task SET due_on = 17820, original_due_on = 17820 WHERE household_id = @K AND kind = 'triggered-review'
register-deadline|H|UPDATE task SET due_on = 17840, original_due_on = 17840 WHERE household_id = @H AND year = 2018
ladder|Q|UPDATE task SET raised = 0, alert_on = NULL WHERE household_id = @Q AND kind = 'regular-review'
ladder|Q|UPDATE task SET alert_on = 17800 WHERE household_id = @Q AND kind = 'regular-review'
ladder|X|UPDATE task SET alert_on = 17850 WHERE household_id = @X AND kind = 'regular-review'
ladder|R|UPDATE task SET raised = 9 WHERE household_id = @R AND state = 'open'
CASES
}

@test "3.5 to 3.7: decisions, endings, holds, ages" {
    broken <<'CASES'
decision-effect|D|UPDATE decision SET effect_on = 17805 WHERE household_id = @D
decision-effect|D|UPDATE task SET outcome = 'keep' WHERE household_id = @D AND year = 2018
decision-applied|D|UPDATE decision SET applied = 1 WHERE household_id = @D
decision-applied|G|UPDATE decision SET applied = 0 WHERE household_id = @G
register-answer|G|UPDATE decision SET corrected = 1 WHERE household_id = @G
register-roll|H|DELETE FROM task WHERE household_id = @H AND year = 2018
ending-protected|P|UPDATE ending SET protected = 0 WHERE household_id = @P
ending-protected|C|UPDATE ending SET protected = 1, ground = 'member-change', clause = 'x' WHERE household_id = @C
ending-ground|P|UPDATE ending SET ground = 'voluntary' WHERE household_id = @P
ending-ground|P|UPDATE ending SET clause = '' WHERE household_id = @P
ending-ground|P|UPDATE report SET corrected = 1 WHERE household_id = @P
hold-clause|P|UPDATE hold SET clause = '' WHERE household_id = @P
hold-clause|P|UPDATE hold SET on_day = 20500 WHERE household_id = @P
status-recorded|S|DELETE FROM ending WHERE household_id = @S
status-recorded|C|UPDATE ending SET act = 'suspend' WHERE household_id = @C
age-report|A|DELETE FROM report WHERE household_id = @A
age-report|A|DELETE FROM age_reached WHERE household_id = @A
CASES
}

@test "4, 6: the store: set aside, counts that are kept, days with a run" {
    broken <<'CASES'
set-aside|Q|INSERT INTO set_aside VALUES ('alert', @Q, 17000, 17000, 'why')
counts-kept|-|UPDATE task_count SET n = 77 WHERE due_on = (SELECT max(due_on) FROM task_count)
counts-kept|-|UPDATE task_count SET due_on = 19000 WHERE due_on = (SELECT min(due_on) FROM task_count WHERE n > 0)
counts-kept|-|UPDATE household_count SET n = 77 WHERE status = 'closed'
counts-kept|-|UPDATE birth_unknown SET n = 77
office-month|-|UPDATE office_month SET done = 77
office-month|-|UPDATE office_month SET month = 24000 WHERE month = (SELECT min(month) FROM office_month)
message-count|-|UPDATE message_count SET n = 77 WHERE state = 'delivered'
run-days|-|DELETE FROM run WHERE day = 17700
CASES
}

@test "each invariant of doc/protocol.md has a case here" {
    sed -n '/^## Invariants/,/^## /s/^| `\([a-z-]*\)` .*/\1/p' "$BATS_TEST_DIRNAME/../../doc/protocol.md" | sort >"$BATS_TEST_TMPDIR/documented"
    [ -s "$BATS_TEST_TMPDIR/documented" ]
    sort -u "$BATS_FILE_TMPDIR/words" | diff "$BATS_TEST_TMPDIR/documented" -
}
