#!/usr/bin/env bats
# Townships and villages do merge: households, open tasks and queue follow, and the old code stands for
# the new division (contract.md 5 `division merge`).

load ../lib/daemon

OLD=500101001000
NEW=500101017000

setup() {
    T=$BATS_TEST_TMPDIR
    daemon_new "$T/d"
    daemon_start "2026-11-24 07:00"
    load_divisions
}

teardown() {
    daemon_stop
}

# A, B in villages of the old township, C in the township itself, D in the new one, E in another district.
load() {
    file h.csv <<'CSV'
household,division,head_name,tier,approved_on
A,500101001001,甲,quarterly,2026-08-31
B,500101001002,乙,quarterly,2026-01-31
C,500101001000,丙,annual,2025-12-10
D,500101017001,丁,quarterly,2026-08-31
E,500102006001,戊,quarterly,2026-08-31
CSV
    ctl import households "$T/h.csv" --history complete >/dev/null
}

places() {
    sql "SELECT group_concat(household || ':' || division || '/' || township, ' ')
         FROM (SELECT * FROM household ORDER BY household)"
}

sound() {
    run -0 ctl verify
    run -0 ctl audit verify
    same "" "$(sql "PRAGMA foreign_key_check")"
    # No open task lies anywhere else than its household.
    same 0 "$(sql "SELECT count(*) FROM task t JOIN household h ON h.id = t.household_id
                   WHERE t.state = 'open' AND t.township <> h.township")"
}

@test "townships: households, open tasks, queue, counts and lists follow; done is done (5)" {
    load
    ctl run >/dev/null
    ctl review "$(task_of A)" --outcome continue >/dev/null # done by the old office
    ctl review "$(task_of D)" --outcome continue >/dev/null
    ctl household tier C semi-annual --reason 变化 >/dev/null
    done_by_old=$(sql "SELECT task FROM task WHERE state = 'done' AND township = $OLD")
    [ -n "$done_by_old" ]
    ctl report B illness --source 村干部 >/dev/null
    sql "SELECT count(*) FROM message WHERE division = $OLD AND state IN ('queued', 'ready')" >"$T/queued"
    run -0 --separate-stderr json division merge --yes "${OLD%000}" "$NEW"
    same "$OLD $NEW 2 3" "$(field old "$output") $(field new "$output") $(field divisions "$output") $(field households "$output")"
    same "$(<"$T/queued")" "$(field messages "$output")"
    [ "$(field tasks "$output")" -ge 2 ]
    same "A:500101001001/$NEW B:500101001002/$NEW C:$NEW/$NEW D:500101017001/$NEW E:500102006001/500102006000" "$(places)"
    same "$NEW 2026-11-24" "$(sql "SELECT merged_into || ' ' || date(merged_on * 86400, 'unixepoch') FROM division WHERE code = $OLD")"
    same 0 "$(sql "SELECT count(*) FROM message WHERE division = $OLD AND state IN ('queued', 'ready')")"
    # What was done stays where it was done; the month's count is the new office's.
    same "$OLD" "$(sql "SELECT township FROM task WHERE task = $done_by_old")"
    same "$NEW|2|2" "$(sql "SELECT township, sum(done), sum(on_time) FROM office_month GROUP BY 1")"
    # Who did it, and of each household where it was.
    json audit --all | jq -s -e --arg o $OLD --arg n $NEW '[.[].items[] | select(.action == "division.merge") | .after] == [{divisions: 2, into: $n, old: $o}]'
    same "$OLD $NEW" "$(json audit --household A | jq -r '.items[] | select(.action == "household.move") | "\(.before.township) \(.after.township)"')"
    # The new office and the district are told.
    for division in $NEW 500101000000; do
        json queue show $division --all | jq -s -e --arg o $OLD '[.[].items[] | select(.kind == "division-merged" and .body.from == $o)] | length == 1'
    done
    # From the next morning on there is one list, with all of it.
    ctl clock set "2026-11-25 08:00" >/dev/null
    same "2026-11-24-daily.csv 2026-11-24-daily.html 2026-11-24-daily.json" \
        "$(ls "$D/spool/500101000000/$OLD/new" | tr '\n' ' ' | sed 's/ $//')"
    for office in $NEW/new new; do
        grep -q "并入" "$D/spool/500101000000/$office/2026-11-25-daily.html"
    done
    grep -q ",B," "$D/spool/500101000000/$NEW/new/2026-11-25-daily.csv"
    # Filters: the new code, and the old one that stands for it.
    for code in $OLD $NEW; do
        same "A B C D" "$(json household list --township $code --all | jq -rs '[.[].items[].household] | join(" ")')"
    done
    same "A" "$(json household list --township 500101001001 --all | jq -rs '[.[].items[].household] | join(" ")')"
    sound
}

@test "what cannot be joined, and changes nothing (5)" {
    load
    before=$(head_of)
    refused bad-argument division merge --yes $OLD $OLD
    refused bad-argument division merge --yes $OLD 500101017001
    refused bad-argument division merge --yes 500101000000 500102000000
    refused bad-argument division merge --yes $OLD 500102006000
    [[ $output == *"two districts"* ]]
    refused not-found division merge --yes $OLD 500101099
    run -2 ctl division merge --yes $OLD
    same "$before" "$(head_of)"
    ctl division merge --yes $OLD $NEW >/dev/null
    refused conflict division merge --yes $OLD $NEW
    [[ $output == *"$OLD was joined to $NEW"* ]]
    refused conflict division merge --yes $NEW $OLD
    refused conflict household move D $OLD
    ctl household move D 500101001001 >/dev/null # a village that came along
    sound
}

@test "files that are older than the merge change nothing, and revive nobody (5)" {
    load
    ctl division merge --yes $OLD $NEW >/dev/null
    before=$(places)
    accepted households h.csv 0 0 5
    cp "$DIVISIONS" "$T/d.csv"
    accepted divisions d.csv 0 0 14
    same "$before" "$(places)"
    # A village that only the old file has lies in the township that there is today.
    printf 'code,parent,level,name\n500101001009,%s,village,新村\n' $OLD >"$T/v.csv"
    accepted divisions v.csv 1 0 0
    same $NEW "$(sql "SELECT parent FROM division WHERE code = 500101001009")"
    # And so does a new household.
    printf 'household,division,approved_on\nF,%s,2026-08-31\nG,500101001009,2026-08-31\n' $OLD >"$T/f.csv"
    accepted households f.csv 2 0 0
    same "$NEW/$NEW 500101001009/$NEW" "$(sql "SELECT group_concat(division || '/' || township, ' ') FROM household WHERE household IN ('F', 'G')")"
    # The other parent back is a conflict still.
    printf 'code,parent,level,name\n500101017001,%s,village,x\n' 500101001000 >"$T/v.csv"
    faults divisions v.csv
    sound
}

@test "correct after a merge leads back to the township that there is today (3.10, 5)" {
    load
    ctl run >/dev/null
    task=$(task_of A)
    ctl review "$task" --outcome continue >/dev/null
    ctl division merge --yes $OLD $NEW >/dev/null
    same "$NEW|1" "$(sql "SELECT township, done FROM office_month")"
    ctl correct A --reason 误录 >/dev/null
    same "open $NEW" "$(json task show "$task" | jq -r '"\(.state) \(.township)"')"
    same "500101001001 $NEW" "$(get A '"\(.division) \(.township)"')"
    same "$NEW|0" "$(sql "SELECT township, done FROM office_month")"
    sound
}

@test "villages: households follow, across townships of a district too (5)" {
    load
    ctl run >/dev/null
    run -0 --separate-stderr json division merge --yes 500101001001 500101017002
    same "0 1" "$(field divisions "$output") $(field households "$output")"
    same "500101017002 $NEW" "$(get A '"\(.division) \(.township)"')"
    same "500101001002 $OLD" "$(get B '"\(.division) \(.township)"')"
    same "$NEW" "$(json task show "$(task_of A)" | field township)"
    # Both offices are told.
    for division in $OLD $NEW; do
        json queue show $division --all | jq -s -e '[.[].items[] | select(.kind == "division-merged" and .body.from == "500101001001")] | length == 1'
    done
    accepted households h.csv 0 0 5
    ctl household move B 500101017002 >/dev/null
    refused conflict household move B 500101001001
    sound
}

@test "a chain of merges: the first code stands for the last division (5)" {
    printf 'code,parent,level,name\n500101003000,500101000000,township,第三街道\n' >"$T/x.csv"
    ctl import divisions "$T/x.csv" >/dev/null
    load
    ctl division merge --yes $OLD $NEW >/dev/null
    ctl division merge --yes $NEW 500101003000 >/dev/null
    same "500101003000 500101003000" "$(sql "SELECT group_concat(merged_into, ' ') FROM division WHERE merged_into IS NOT NULL")"
    same "A B C D" "$(json household list --township $OLD --all | jq -rs '[.[].items[].household] | join(" ")')"
    accepted households h.csv 0 0 5
    refused conflict division merge --yes 500101003000 $OLD
    sound
}

@test "a queue by the socket: what nobody took is the new office's, each message as it was (4, 5)" {
    printf 'delivery = ( { division = "%s"; by = "socket"; }, { division = "%s"; by = "socket"; } );\n' $OLD $NEW >>"$D/reviewd.conf"
    ctl reload >/dev/null
    load
    ctl run >/dev/null
    same "1 1" "$(sql "SELECT (SELECT count(*) FROM message WHERE division = $OLD AND state = 'ready' AND kind = 'daily') || ' ' || (SELECT count(*) FROM message WHERE division = $NEW AND state = 'ready' AND kind = 'daily')")"
    ids=$(sql "SELECT group_concat(seq) FROM (SELECT seq FROM message WHERE division IN ($OLD, $NEW) AND state = 'ready' ORDER BY seq)")
    ctl division merge --yes $OLD $NEW >/dev/null
    same "$ids" "$(sql "SELECT group_concat(seq) FROM (SELECT seq FROM message WHERE division = $NEW AND state = 'ready' AND kind <> 'division-merged' ORDER BY seq)")"
    # The two lists of one day stand beside each other.
    same 2 "$(json queue show $NEW --all | jq -s '[.[].items[] | select(.kind == "daily" and .state == "ready")] | length')"
    sound
}

@test "status says whose account is bound to a division that is no more (5)" {
    load
    ctl division merge --yes $OLD $NEW >/dev/null
    json status | jq -e '.warnings | map(select(test("bound"))) == []'
    printf 'accounts = ( { user = "daemon"; role = "operator"; divisions = ( "%s" ); } );\n' $OLD >>"$D/reviewd.conf"
    ctl reload >/dev/null
    json status | jq -e --arg o $OLD --arg n $NEW '.warnings | map(select(test("account daemon is bound to " + $o + ", which was joined to " + $n))) | length == 1'
}

@test "a table for people: what was joined, and what went along (5)" {
    load
    run -0 ctl division merge --yes 500101001002 500101001001
    same "joined           500101001002
to               500101001001
villages         0
households       1
open tasks       1
messages waiting 0" "$output"
    same "500101001001" "$(get B .division)"
    sound
}

@test "a task done that is taken back while its township is half joined is not counted (6)" {
    load
    ctl run >/dev/null
    ctl review "$(task_of A)" --outcome continue >/dev/null
    done_by_old=$(sql "SELECT task FROM task WHERE state = 'done'")
    daemon_stop
    REVIEWD_CRASH_AT=merge-begun daemon_start "2026-11-24 07:30"
    run ctl division merge --yes $OLD $NEW
    wait_for gone
    # As `correct` does between two slices.
    sql "UPDATE task SET state = 'open', done_on = NULL, outcome = NULL WHERE task = $done_by_old"
    sql "UPDATE task SET state = 'done', done_on = due_on, outcome = 'continue' WHERE household_id = (SELECT id FROM household WHERE household = 'B')"
    daemon_start "2026-11-24 07:30"
    wait_for eval "[ -z \"\$(sql \"SELECT 1 FROM meta WHERE name = 'merge'\")\" ]"
    same "$NEW|1" "$(sql "SELECT township, sum(done) FROM office_month GROUP BY 1")"
}
