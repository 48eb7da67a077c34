#!/usr/bin/env bats
# The audit: a chain that anybody can compute again, who did what, and nobody's number in it
# (contract.md 5, 6; architecture.md 2).

load ../lib/daemon

setup_file() {
    load ../lib/daemon
    daemon_new "$BATS_FILE_TMPDIR/d"
    daemon_start "2026-11-24 07:00"
    load_divisions
    cat >"$D/h.csv" <<'CSV'
household,division,head_name,head_id,address,phone,income,approved_on
A1,500101001001,"张""三\",11010519491231002X,东门/一楼 ,13800138000,1200.50,2026-08-27
A2,500101001002,李四,,,,,2026-01-01
CSV
    ctl import households "$D/h.csv" --history complete >/dev/null
    printf 'household,member,name,id,birth_on\nA1,1,"张""三\\",11010519491231002X,\nA1,2,王五,,1990-05-05\n' >"$D/m.csv"
    ctl import members "$D/m.csv" >/dev/null
    ctl run >/dev/null
    ctl review "$(task_of A2)" --outcome continue --remark 入户核查 >/dev/null
    ctl review "$(task_of A1)" --outcome postpone --to 2026-12-10 --remark "外出 \"务工\" 	é😀" >/dev/null
    ctl clock advance 3d >/dev/null
}

teardown_file() {
    load ../lib/daemon
    daemon_stop
}

setup() {
    D=$BATS_FILE_TMPDIR/d
    T=$BATS_TEST_TMPDIR
}

teardown() {
    [ "$D" = "$BATS_FILE_TMPDIR/d" ] || daemon_stop # a test's own
}

@test "audit verify: the chain holds, its head is the one of status (5, 6)" {
    run -0 --separate-stderr json audit verify
    same "true null null" "$(jq -r '"\(.ok) \(.first_bad) \(.head_found)"' <<<"$output")"
    same "$(head_of)" "$(field head "$output")"
    same "$(sql "SELECT count(*) FROM audit")" "$(field rows "$output")"
    run -0 ctl audit verify
}

# RFC 8785 of what stands in the audit (short ASCII keys, integers, texts) is what jq -cS prints.
@test "every hash again, with jq and sha256sum alone (5)" {
    json audit | jq -cS '.items[] | .hash, del(.hash)' >"$T/items"
    previous=$(printf '0%.0s' {1..64})
    count=0
    while IFS= read -r hash && IFS= read -r item; do
        is=$(printf '%s\n%s' "$previous" "$item" | sha256sum)
        same "${hash//\"/}" "${is%% *}"
        previous=${is%% *}
        count=$((count + 1))
    done <"$T/items"
    same "$(head_of)" "$previous"
    [ "$count" -ge 20 ]
}

@test "--head: a printed head is found, another is not (4, 6)" {
    printed=$(jq -r .audit_head "$D"/spool/500101000000/500101001000/new/2026-11-24-daily.json)
    # All lists of one run carry the same head; the page for people carries it too.
    same 1 "$(find "$D/spool" -name '2026-11-24-daily.json' -exec jq -r .audit_head {} + | sort -u | wc -l)"
    grep -q "$printed" "$D"/spool/500101000000/500101001000/new/2026-11-24-daily.html
    run -0 --separate-stderr json audit verify --head "$printed"
    same "true true" "$(jq -r '"\(.ok) \(.head_found)"' <<<"$output")"
    run -1 --separate-stderr json audit verify --head "${printed//[0-8]/9}"
    same "true false" "$(jq -r '"\(.ok) \(.head_found)"' <<<"$output")"
    refused bad-argument audit verify --head xyz
}

@test "who, uid and the product's clock are on record; the clock has no uid (5, 6)" {
    json audit >"$T/a"
    same "[\"$(id -un)\",$(id -u),\"2026-11-24T07:00:00+08:00\"]" \
        "$(jq -c '[.items[] | select(.action == "review") | .who, .uid, .at]' "$T/a")"
    same '["clock",null]' "$(jq -c '[.items[] | select(.action == "run") | .who, .uid] | .[-2:]' "$T/a")"
    same '["clock",null]' "$(jq -c '[.items[] | select(.action == "calendar") | .who, .uid] | .[:2]' "$T/a")"
    # An import is one entry with the file's SHA-256 and counts; each household has its own.
    same "$(sha256sum "$D/h.csv" | cut -d' ' -f1) 2 2" \
        "$(jq -r '.items[] | select(.action == "import" and .after.kind == "households") | .after | "\(.sha256) \(.rows) \(.added)"' "$T/a")"
    same 2 "$(jq '[.items[] | select(.action == "household.add")] | length' "$T/a")"
    # What a review changed: before and after.
    same "open done" "$(jq -r '.items[] | select(.action == "review") | "\(.before.state) \(.after.state)"' "$T/a")"
    # Order and a page at a time; of one household; since a day.
    same true "$(jq '[.items[].seq] | . == (sort) and .[0] == 1' "$T/a")"
    same '["A1"]' "$(json audit --household A1 | jq -c '[.items[].household] | unique')"
    same '["2026-11-25","2026-11-26"]' "$(json audit --since 2026-11-25 | jq -c '[.items[].at[:10]] | unique')"
    next=$(json audit --limit 3 | jq -r .next)
    same 4 "$(rpc audit "{\"limit\":3,\"cursor\":\"$next\"}" | jq '.result.items[0].seq')"
    refused not-found audit --household NOBODY
}

@test "a run that somebody asked for has somebody's name, and keeps it over a kill (6)" {
    daemon_new "$T/asked"
    daemon_start "2026-11-24 07:00"
    load_divisions
    daemon_stop
    REVIEWD_CRASH_AT=run-slice daemon_start "2026-11-24 07:00"
    ! ctl run 2>/dev/null || false
    daemon_stop || true
    daemon_start "2026-11-24 07:00"
    same '[true]' "$(json run | jq -c '[.already]')"
    same "[\"$(id -un)\",$(id -u)]" "$(json audit | jq -c '[.items[] | select(.action == "run") | .who, .uid]')"
}

@test "no identity number, name, address, phone or birthday in the audit (5)" {
    json audit >"$T/a"
    for secret in 11010519491231002X 张 13800138000 东门 王五 1990-05-05 1949-12-31; do
        ! grep -F -- "$secret" "$T/a" || false
        same 0 "$(sql "SELECT count(*) FROM audit WHERE before LIKE '%$secret%' OR after LIKE '%$secret%'")"
    done
    # Salted: the digest of the number alone is not in it either.
    ! grep -F "$(printf 11010519491231002X | sha256sum | cut -c1-16)" "$T/a" || false
    ! grep -F 11010519491231002X "$D/log" || false
}

@test "no call shows an identity number in clear; lists neither (5)" {
    {
        json household show A1
        json household list
        json explain A1
        json task show "$(task_of A1)"
        json queue show 500101001
    } >"$T/all"
    ! grep -F 11010519491231002X "$T/all" || false
    ! grep -rF 11010519491231002X "$D/spool" || false
}

# tampered SQL FIRST_BAD FOLDER: on a copy of the store, with a daemon of its own
tampered() {
    daemon_new "$T/$3"
    sqlite3 "$BATS_FILE_TMPDIR/d/reviewd.db" ".backup $D/reviewd.db"
    sqlite3 "$D/reviewd.db" "DROP TRIGGER audit_keeps_rows; DROP TRIGGER audit_keeps_text; $1"
    daemon_start "2026-11-26 09:00"
    run -1 --separate-stderr json audit verify
    daemon_stop
    same "false $2" "$(jq -r '"\(.ok) \(.first_bad)"' <<<"$output")"
}

@test "an entry changed or taken out with sqlite3 is found by its number (6)" {
    added=$(sql "SELECT min(seq) FROM audit WHERE action = 'household.add'")
    tampered "UPDATE audit SET after = json_set(after, '\$.status', 'closed') WHERE seq = $added" "$added" b
    tampered "UPDATE audit SET who = 'nobody' WHERE seq = 12" 12 a
    tampered "DELETE FROM audit WHERE seq = 14" 14 c
    tampered "UPDATE audit SET hash = zeroblob(32) WHERE seq = 15" 15 e
}

@test "a chain that was computed anew is whole, and no longer holds the printed head (6)" {
    printed=$(jq -r .audit_head "$D"/spool/500101000000/500101001000/new/2026-11-24-daily.json)
    daemon_new "$T/d"
    sqlite3 "$BATS_FILE_TMPDIR/d/reviewd.db" ".backup $D/reviewd.db"
    first=$(sql "SELECT min(seq) FROM audit WHERE action = 'household.add'")
    sql "DROP TRIGGER audit_keeps_rows; DROP TRIGGER audit_keeps_text; UPDATE audit SET who = 'nobody' WHERE seq = $first"
    sql "SELECT lower(hex(hash)) FROM audit WHERE seq = $first - 1" >"$T/previous"
    B_SQL=$(
        previous=$(cat "$T/previous")
        sqlite3 "$D/reviewd.db" "SELECT json_object('action', action, 'after', json(after), 'at', at, 'before', json(before),
            'household', household, 'seq', seq, 'uid', uid, 'who', who) FROM audit WHERE seq >= $first ORDER BY seq" |
            jq -cS . | while IFS= read -r item; do
            is=$(printf '%s\n%s' "$previous" "$item" | sha256sum)
            previous=${is%% *}
            echo "UPDATE audit SET hash = x'$previous' WHERE seq = $first;"
            first=$((first + 1))
        done
    )
    sql "$B_SQL"
    daemon_start "2026-11-26 09:00"
    run -0 --separate-stderr json audit verify
    same true "$(field ok "$output")"
    run -1 --separate-stderr json audit verify --head "$printed"
    same "true false" "$(jq -r '"\(.ok) \(.head_found)"' <<<"$output")"
    daemon_stop
}

@test "the store itself refuses to change or delete an entry (3.10, 6)" {
    run -19 sql "DELETE FROM audit WHERE seq = 1"
    [[ $output == *"never deleted"* ]]
    run -19 sql "UPDATE audit SET who = 'x' WHERE seq = 1"
    [[ $output == *"never changed"* ]]
}
