#!/usr/bin/env bats
# Who may what (contract.md 5; issue 7.2): every method of the table with every role, and with an account that
# is bound to another division, which must not learn whether what it names exists.

load ../lib/daemon

# A caller of its own: another uid where the tests run as root (whom no entry overrides), else the
# account that runs them.
setup_file() {
    load ../lib/daemon
    daemon_new_for_others
    cp "$D/reviewd.conf" "$F/base.conf"
    if [ "$(id -u)" = 0 ]; then echo daemon >"$F/user"; else id -un >"$F/user"; fi
    daemon_start "2026-11-24 07:00"
    load_divisions
    cat >"$F/h.csv" <<'CSV'
household,division,head_name,head_id,phone,approved_on,register
OWN-1,500101001001,本地户主,,13800000001,2026-01-01,registered
FOREIGN-1,500102006001,异地户主,11010519491231002X,13800000002,2026-01-01,registered
CSV
    ctl import households "$F/h.csv" --history complete >/dev/null
    printf 'household,member,name,id\nFOREIGN-1,1,异地户主,11010519491231002X\nOWN-1,1,本地户主,\n' >"$F/m.csv"
    ctl import members "$F/m.csv" >/dev/null
    ctl run >/dev/null
    task_of FOREIGN-1 >"$F/task"
    rpc rpc.discover | jq -c .result.methods >"$F/methods"
}

teardown_file() {
    load ../lib/daemon
    F=$(<"$BATS_FILE_TMPDIR/folder")
    D=$F/d
    daemon_stop
    rm -rf "${F:?}"
}

setup() {
    F=$(<"$BATS_FILE_TMPDIR/folder")
    D=$F/d
    T=$BATS_TEST_TMPDIR
    export REVIEWD_SOCKET=$D/s
}

# account ROLE [DIVISIONS]: what reviewd.conf says of the caller from now on.
account() {
    {
        cat "$F/base.conf"
        printf 'accounts = ( { user = "%s"; role = "%s"; %s } );\n' "$(<"$F/user")" "$1" \
            "${2:+divisions = [ $2 ];}"
    } >"$D/reviewd.conf"
    if [ "$(id -u)" = 0 ]; then ctl reload >/dev/null; else kill -HUP "$(<"$D/pid")" && sleep 0.3; fi
}

# <requests >answers, as that caller.
as_account() {
    if [ "$(id -u)" = 0 ]; then
        setpriv --reuid=daemon --regid=daemon --clear-groups "$F/rpc" "$D/s"
    else
        "$F/rpc" "$D/s"
    fi
}

# calls HOUSEHOLD TASK DIVISION [optional]: a request for each method, with every parameter that it
# needs (and, with a fourth argument, those that choose a household, task or division).
calls() {
    jq -c --arg h "$1" --argjson t "$2" --arg d "$3" --arg optional "${4:-}" '
        .[] | {jsonrpc: "2.0", id: .name, method: .name, params: ([.params[]
            | select(.required or ($optional != "" and (.name | IN("household", "township", "division"))))
            | {key: .name, value: (
                if .name == "household" then $h
                elif .name == "task" then $t
                elif (.name | IN("division", "township", "village")) then $d
                elif .schema.enum then .schema.enum[0]
                elif .schema.type == "object" then {fd: 0}
                elif .schema.type == "integer" then 1
                elif .schema.type == "boolean" then true
                elif .schema.type == "array" then ["1-1"]
                elif .schema.format == "date" then "2026-11-24"
                else "x" end)}] | from_entries)}' "$F/methods"
}

@test "every method with every role: what is above it is not-allowed (5)" {
    [ "$(jq length "$F/methods")" -ge 30 ]
    local rank=0
    for role in none viewer operator admin; do
        account $role
        jq -r --argjson rank $rank '.[] | select(({viewer: 1, operator: 2, admin: 3})[."x-role"] > $rank).name' "$F/methods" >"$T/above"
        calls OWN-1 1 500101001000 | jq -c --rawfile above "$T/above" '
            select(.method | IN($above | split("\n")[]))' >"$T/calls"
        as_account <"$T/calls" >"$T/answers" || [ $role = none ]
        # Who has no role is told so once, before anything that he says is read.
        if [ $role = none ]; then same 1 "$(wc -l <"$T/answers")"; else
            same "$(wc -l <"$T/above") $role" "$(wc -l <"$T/answers") $role"
        fi
        same "[]" "$(jq -sc '[.[] | select(.error.code != -32000 or .error.data.reason != "not-allowed").id]' "$T/answers")"
        ((++rank))
    done
    # An admin is refused nothing by its role: there is no row above.
    [ ! -s "$T/above" ]
    # The lowest role that is let in gets an answer, of each query.
    account viewer
    calls OWN-1 1 500101001000 optional | jq -c 'select(.method | IN("status", "household.show", "household.members", "due", "late", "household.list", "audit", "explain"))' |
        as_account >"$T/answers"
    same 8 "$(jq -s '[.[] | select(.result)] | length' "$T/answers")"
}

# hides ANSWERS: nothing of the other division is in them.
hides() {
    ! grep -E 'FOREIGN-1|异地户主|13800000002|11010519491231002X|110105\*+002X|500102006|敦仁街道' "$1" || false
}

@test "an account bound to a division: each method refuses what lies in another, in the words for what is not there (5)" {
    account admin '"500101"'
    calls FOREIGN-1 "$(<"$F/task")" 500102006000 optional >"$T/calls"
    as_account <"$T/calls" >"$T/answers"
    calls NOBODY-1 999999 500199999000 optional | as_account >"$T/unknown"
    jq -r '.[] | "\(.name) \(."x-bound")"' "$F/methods" | while read -r name bound; do
        reason=$(jq -r --arg n "$name" 'select(.id == $n).error.data.reason' "$T/answers")
        case $bound in
        whole) same "$name not-allowed" "$name $reason" || exit 1 ;;
        household | task | division) same "$name not-found" "$name $reason" || exit 1 ;;
        items | nowhere) ;;
        *) echo "$name does not say how it is bound"; exit 1 ;;
        esac
    done
    # The same answer as for a household, task or division that nobody has.
    norm() { sed -E 's/FOREIGN-1|NOBODY-1/HOUSEHOLD/g; s/500102006000|500199999000/DIVISION/g; s/\b(999999|'"$(<"$F/task")"')\b/TASK/g' | grep '"error"'; }
    diff <(norm <"$T/answers") <(norm <"$T/unknown")
    grep -v '"error"' "$T/answers" >"$T/given" || true
    hides "$T/given"
}

@test "lists show a bound account its own alone; nothing else tells of the rest (5)" {
    account admin '"500101"'
    calls OWN-1 1 500101001000 | jq -c 'select(.method | IN("status", "household.list", "due", "late", "audit",
        "register.list", "protection.exceptions", "protection.holds", "queue.show", "standards.list",
        "clock.show", "rpc.discover"))' | as_account >"$T/answers"
    same 12 "$(jq -s '[.[] | select(.result)] | length' "$T/answers")"
    hides "$T/answers"
    same '["OWN-1"]' "$(jq -c 'select(.id == "household.list").result.items | map(.household)' "$T/answers")"
    same '["OWN-1"]' "$(jq -c 'select(.id == "late").result.items | map(.household)' "$T/answers")"
    # Counts of the whole store are not told.
    same '{"households":null,"active":null,"protected":null,"open_tasks":null,"late":null,"birth_unknown":null,"history_unknown":null,"unsettled":null}' \
        "$(jq -c 'select(.id == "status").result.counts' "$T/answers")"
    # A cursor from elsewhere opens nothing.
    printf '%s\n' '{"jsonrpc":"2.0","id":1,"method":"household.list","params":{"cursor":"A"}}' | as_account >"$T/page"
    hides "$T/page"
}

@test "alarms: a bound account is told what is wrong, and nothing of where that is elsewhere (5)" {
    account admin
    rm -rf "$D/spool/500102000000/500102006000"
    echo x >"$D/spool/500102000000/500102006000"
    printf '{"jsonrpc":"2.0","id":1,"method":"clock.set","params":{"to":"2026-11-25 08:00"}}\n' | "$B/rpc" "$D/s" >/dev/null
    printf '{"jsonrpc":"2.0","id":1,"method":"status"}\n' | as_account >"$T/whole"
    grep -q 'broken folders: .*500102006' "$T/whole"
    account operator '"500101001"'
    printf '{"jsonrpc":"2.0","id":1,"method":"status"}\n' | as_account >"$T/bound"
    grep -q 'broken folders' "$T/bound"
    hides "$T/bound"
    rm "$D/spool/500102000000/500102006000"
}

# pages METHOD FIELD: that field of every item, page by page with one item each; the places go to $T/places
pages() {
    local cursor="" page
    while :; do
        page=$(printf '{"jsonrpc":"2.0","id":1,"method":"%s","params":{"limit":1%s}}\n' "$1" "$cursor" | as_account)
        jq -e .result <<<"$page" >/dev/null || { echo "$page"; return 1; }
        jq -r ".result.items[].$2" <<<"$page"
        cursor=$(jq -r '.result.next // empty' <<<"$page")
        [ -n "$cursor" ] || break
        echo "$cursor" >>"$T/places"
        cursor=",\"cursor\":\"$cursor\""
    done
}

@test "pages of a bound account: its own rows alone, in order; their places tell nothing and open for nobody else (5)" {
    account admin
    {
        echo household,division,head_name,approved_on,tier
        for i in 1 2 3 4 5 6; do
            echo "P$i-A,500101001001,户主,2026-06-0$i,quarterly"
            echo "P$i-B,500102006001,户主,2026-06-0$i,quarterly"
            echo "P$i-C,500101017002,户主,2026-06-0$i,quarterly"
        done
    } >"$T/p.csv"
    chmod 644 "$T/p.csv"
    jq -nc '{jsonrpc: "2.0", id: 1, method: "import", params: {kind: "households", file: {fd: 0}, history: "complete"}}' | "$B/rpc" --file "$T/p.csv" "$D/s" | tail -1 | jq -e .result
    printf '{"jsonrpc":"2.0","id":1,"method":"run"}\n' | "$B/rpc" "$D/s" | tail -1 | jq -e .result
    account operator '"500101001", "500101017"'
    : >"$T/places"
    pages household.list household >"$T/list"
    same "OWN-1 P1-A P1-C P2-A P2-C P3-A P3-C P4-A P4-C P5-A P5-C P6-A P6-C " "$(tr '\n' ' ' <"$T/list")"
    pages late household | sort >"$T/late"
    same "" "$(comm -13 <(sort "$T/list") "$T/late")"
    [ "$(wc -l <"$T/late")" -ge 12 ]
    [ "$(wc -l <"$T/places")" -ge 23 ]
    ! grep -qE 'P[1-6]-|OWN-|FOREIGN-' "$T/places" || false
    # One of the city sees more, and its places are its own; so are those of another method.
    account admin
    same 20 "$(pages household.list household | wc -l)"
    account operator '"500101017"'
    same "P1-C P2-C P3-C P4-C P5-C P6-C " "$(pages household.list household | tr '\n' ' ')"
    place=$(head -n 1 "$T/places")
    for try in "$place" "${place:0:-4}AAA=" P1-A "late"; do
        method=household.list
        [ "$try" != "$place" ] || method=due
        printf '{"jsonrpc":"2.0","id":1,"method":"%s","params":{"cursor":"%s"}}\n' "$method" "$try" | as_account >"$T/page"
        same bad-argument "$(jq -r .error.data.reason "$T/page")"
    done
}

@test "identity numbers are masked; an admin who asks gets them, and that is on record (5)" {
    account admin
    one() { printf '{"jsonrpc":"2.0","id":1,"method":"%s","params":%s}\n' "$1" "$2" | as_account; }
    same '["110105********002X","110105********002X",null]' "$(one household.members '{"household":"FOREIGN-1"}' |
        jq -c '.result | [.head_id, .members[0].id, .members[0].birth_on]')"
    same 76 "$(one household.members '{"household":"FOREIGN-1"}' | jq '.result.members[0].age')"
    same -32602 "$(one household.unmask '{"household":"FOREIGN-1"}' | jq .error.code)"
    same '["11010519491231002X","11010519491231002X","1949-12-31"]' \
        "$(one household.unmask '{"household":"FOREIGN-1","reason":"bank transfer returned"}' |
            jq -c '.result | [.head_id, .members[0].id, .members[0].birth_on]')"
    account operator
    same not-allowed "$(one household.unmask '{"household":"FOREIGN-1","reason":"x"}' | jq -r .error.data.reason)"
    same "[\"$(<"$F/user")\",{\"reason\":\"bank transfer returned\"}]" \
        "$(one audit '{"household":"FOREIGN-1"}' | jq -c '.result.items[] | select(.action == "unmask") | [.who, .after]')"
    # For people.
    [ "$(id -u)" = 0 ] || return 0
    ctl household members FOREIGN-1 | grep -q '110105\*\*\*\*\*\*\*\*002X'
    refused not-found household unmask NOBODY --reason x
}
