#!/usr/bin/env bats
# A store of an older version is migrated at start, after a copy; a newer one is refused (contract.md 6). The
# schema's own side is in tests/unit/test_store.c.

load ../lib/daemon

setup() {
    T=$BATS_TEST_TMPDIR
    daemon_new "$T/d"
}

teardown() {
    daemon_stop
}

# A store with a week's work in it, by the daemon itself, then every row of it that version $1 (default 1)
# knows in a store of that version. Its counts are kept by its own triggers.
old_store() {
    local version=${1:-1} n
    daemon_start "2026-11-20 07:00"
    load_divisions
    { household A 2026-08-21; household B 2026-08-31; household C 2025-01-31 "" annual;
      household P 2026-08-25 "" quarterly active registered; household Q 2026-08-25 | sed 's/,quarterly,/,,/'; } | load_households
    printf '%s\n' household,member,birth_on,work_ability,status Q,1,1956-11-23,full,present Q,2,1990-01-01,none,present \
        B,1,1960-01-01,none,present >"$T/m.csv"
    ctl import members "$T/m.csv" >/dev/null
    ctl clock set "2026-11-24 08:00" >/dev/null
    ctl review "$(task_of A)" --outcome continue >/dev/null
    ctl report B illness --source 村干部 >/dev/null
    ctl report B income --income 5000 --pension 1200 --on 2026-11-22 --source 村干部 >/dev/null
    ctl report Q death --member 2 --on 2026-11-22 --source 医院 >/dev/null
    ctl household tier C semi-annual --reason 变化 >/dev/null
    ctl household tier C quarterly --reason 再变 >/dev/null
    ctl correct C --reason 误录 >/dev/null
    ctl report C income --income 900 --source 误录 >/dev/null
    ctl correct C --reason 误录 >/dev/null
    ctl household suspend C --ground other --remark 查无此人 >/dev/null
    ctl household resume C >/dev/null
    ctl household suspend C --ground other --remark 查无此人 >/dev/null
    ctl correct C --reason 误录 >/dev/null
    { household A 2026-08-21 "" quarterly active registered; household C 2025-01-31 "" annual; } | load_households
    daemon_stop
    mv "$D/reviewd.db" "$T/now.db"
    rm -f "$D"/reviewd.db-*
    for ((n = 1; n <= version; n++)); do sql <"$BATS_TEST_DIRNAME/../../daemon/store/schema-$n.sql"; done
    sql "PRAGMA journal_mode = WAL; PRAGMA user_version = $version" >/dev/null
    sql "ATTACH '$T/now.db' AS now; SELECT 'INSERT OR REPLACE INTO main.' || m.name || ' (' || group_concat(c.name) || ') SELECT '
             || group_concat(c.name) || ' FROM now.' || m.name || ';'
         FROM main.sqlite_schema m, pragma_table_info(m.name, 'main') c
         WHERE m.type = 'table' AND m.name NOT LIKE '%_count' AND m.name NOT LIKE 'sqlite_%'
           AND m.name <> 'birth_unknown'
         GROUP BY m.name" >"$T/fill.sql"
    { echo "ATTACH '$T/now.db' AS now; BEGIN;"; cat "$T/fill.sql"; echo "COMMIT;"; } | sql
    [ "$(sql "SELECT count(*) FROM household")" -eq 5 ]
    [ "$(sql "SELECT count(*) FROM audit")" -gt 20 ]
}

rows() {
    sqlite3 "$1" "SELECT count(*) FROM household; SELECT count(*) FROM cycle; SELECT count(*) FROM task;
                  SELECT count(*) FROM message; SELECT max(seq), lower(hex(hash)) FROM audit;"
}

@test "version 1 with real rows: migrated at start, sound, and the day goes on (6)" {
    old_store
    rows "$D/reviewd.db" >"$T/before"
    daemon_start "2026-11-24 09:00"
    grep -q "event=migrate store=.* from=1 to=" "$D/log"
    [ "$(sql "PRAGMA user_version")" -gt 1 ]
    # The copy that was made first is version 1, whole, private.
    same 1 "$(sqlite3 "$D/reviewd.db.before-v2" "PRAGMA user_version")"
    same ok "$(sqlite3 "$D/reviewd.db.before-v2" "PRAGMA integrity_check")"
    same 600 "$(stat -c %a "$D/reviewd.db.before-v2")"
    rows "$D/reviewd.db.before-v2" | diff "$T/before" -
    rows "$D/reviewd.db" | diff "$T/before" -
    run -0 ctl verify
    run -0 ctl audit verify
    same ok "$(sql "PRAGMA integrity_check")"
    same "" "$(sql "PRAGMA foreign_key_check")"
    same "$(sqlite3 "$T/now.db" "SELECT * FROM office_month")" "$(sql "SELECT * FROM office_month")"
    [ -n "$(sql "SELECT * FROM office_month")" ]
    same "$(sqlite3 "$T/now.db" "SELECT * FROM task_count WHERE n > 0")" "$(sql "SELECT * FROM task_count WHERE n > 0")"
    ctl clock set "2026-11-25 08:00" >/dev/null
    same 2026-11-25 "$(json status | field last_run)"
    run -0 ctl verify
    daemon_stop
    daemon_start "2026-11-25 09:00" # once
    same 1 "$(grep -c event=migrate "$D/log")"
}

# Where each fact comes from is a row that is written with the change; the stores of before have it in their
# audit alone, and the ages of reports in a text.
origins() {
    sqlite3 "$1" "SELECT household_id, seq, fact, member, ifnull(value, '-'), on_day, recorded_on, source,
                         ifnull(reference, '-'), ifnull(ground, '-'), corrected
                  FROM origin ORDER BY household_id, seq, fact, member;
                  SELECT report, age FROM report ORDER BY report"
}

@test "versions 1 and 2: the origins and ages that the migration reads out of them are those that the changes wrote (5)" {
    for version in 1 2; do
        daemon_new "$T/d"
        old_store $version
        origins "$T/now.db" >"$T/written"
        for source in import default report review suspend resume given derived; do grep -q "|$source|" "$T/written"; done
        grep -q '|70$' "$T/written" # an age
        grep -c '|1$' "$T/written" || true
        [ "$(grep -c '|1$' "$T/written")" -ge 3 ] # what the corrections took back
        sql "INSERT INTO meta VALUES ('merge', '500101017000 500101001000 -1 the clock')"
        daemon_start "2026-11-24 09:00"
        origins "$D/reviewd.db" | diff "$T/written" -
        grep -q "event=recover merge=500101017000" "$D/log"
        same 0 "$(sql "SELECT count(*) FROM meta WHERE name = 'merge'")"
        run -0 ctl verify
        daemon_stop
        rm -r "$T/d"
    done
}

@test "a full disk during the copy: no start, the old store is byte for byte what it was (6)" {
    command -v prlimit >/dev/null || skip "prlimit is not there"
    old_store
    before=$(sha256sum "$D/reviewd.db")
    # A write beyond the limit fails, as on a full disk.
    trap '' XFSZ
    run -1 timeout 20 prlimit --fsize=100000 "$B/reviewd" -f "$D/reviewd.conf" --manual-clock "2026-11-24 09:00"
    trap - XFSZ
    [[ $output == *"copy before the migration, nothing was changed"* ]]
    same "$before" "$(sha256sum "$D/reviewd.db")"
    same "" "$(ls "$D" | grep before-v)"
    daemon_start "2026-11-24 09:00"
    run -0 ctl verify
}

@test "a store of a newer version is refused, and stays as it is (6)" {
    daemon_start
    load_divisions
    daemon_stop
    sql "PRAGMA user_version = 99"
    before=$(sha256sum "$D/reviewd.db")
    run -1 timeout 20 "$B/reviewd" -f "$D/reviewd.conf" --manual-clock "2026-11-24 09:00"
    [[ $output == *"schema version 99"*"install the newer reviewd"* ]]
    same "$before" "$(sha256sum "$D/reviewd.db")"
}
