# Doubts: what is on record and hardly true forbids nothing, and is looked into (contract.md 5).

setup() {
    load ../lib/daemon
    T=$(mktemp -d) # another account gets there
    chmod 755 "$T"
    daemon_new "$T/d"
    daemon_start "2026-11-24 07:00"
    load_divisions
    cat >"$T/h.csv" <<'CSV'
household,division,head_name,head_id,approved_on,tier,income
P1,500101001001,甲,,2026-01-01,annual,
P2,500101001002,乙,,2026-01-01,annual,
P3,500102006001,丙,11010519491231002X,2026-01-01,annual,
B1,500101001001,丁,,2026-01-01,annual,
N1,500101001001,戊,,2026-01-01,annual,
I1,500101001001,己,,2026-01-01,annual,12000.02
I2,500101001001,庚,,2026-01-01,annual,12000.00
CSV
    ctl import households "$T/h.csv" >/dev/null
    cat >"$T/m.csv" <<'CSV'
household,member,name,id,birth_on,status,work_ability
P1,1,甲,440524198001010013,,present,
P2,1,乙,,1970-01-01,present,
P2,7,甲,440524198001010013,,present,
B1,1,丁,,,present,
B1,2,,,,present,
N1,1,戊,,1970-01-01,moved-out,
I1,1,己,,1970-01-01,present,
I1,2,,,1970-01-01,present,
I2,1,庚,,1970-01-01,present,
I2,2,,,1970-01-01,present,
CSV
    ctl import members "$T/m.csv" >/dev/null
    printf 'district,year,dibao,poverty_line\n500101,2026,6000,5000\n' >"$T/s.csv"
    ctl import standards "$T/s.csv" >/dev/null
}

teardown() {
    daemon_stop
    rm -rf "${T:?}"
}

doubted() { json doubts "$@" | jq -r '[.items[] | "\(.household) \(.doubt) \(.member // "-") \(.other // "-")"] | join("; ")'; }
told() { json queue show "$1" --all | jq -r '.items[] | select(.kind == "doubt") | .body | "\(.household) \(.doubt) \(.member // "-") \(.other // "-")"' | sort | paste -sd";" | sed 's/;/; /g'; }
all="B1 birth-unknown 1 -; I1 income-above - -; N1 nobody-present - -; P1 person-twice 1 P2; P2 person-twice 7 P1"

@test "5, 3.7: the same person twice, nobody present, an unknown birthday, an income above the standard: found" {
    same "$all" "$(doubted | sed 's/; [A-Z0-9]* history-unknown - -//g; s/^[A-Z0-9]* history-unknown - -; //')"
    same "P1 person-twice 1 P2; P2 person-twice 7 P1" "$(doubted --kind person-twice)"
    same "" "$(doubted --township 500102 --kind person-twice)"
    same "$(doubted)" "$(json doubts --limit 1 --all | jq -rs '[.[].items[] | "\(.household) \(.doubt) \(.member // "-") \(.other // "-")"] | join("; ")')"
    refused bad-argument doubts --cursor x
    # It forbids nothing, and is gone once what it rested on is.
    ctl household close --yes N1 --ground voluntary >/dev/null
    printf 'household,member,status,status_on,birth_on\nP2,7,moved-out,2026-11-01,\nB1,1,,,1970-01-01\nB1,2,,,1970-01-01\n' >"$T/m2.csv"
    ctl import members "$T/m2.csv" >/dev/null
    same "I1 income-above - -" "$(for k in person-twice birth-unknown nobody-present income-above; do doubted --kind $k; done | grep .)"
}

@test "5: each doubt stands once on the township's list, in Chinese; what changes is looked at by the next run alone" {
    ctl run >/dev/null
    same "$all" "$(told 500101001)"
    list=$D/spool/500101000000/500101001000/new/2026-11-24-daily
    jq -r '.changes[] | select(.kind == "doubt").text' "$list.json" | grep -q "同一身份证号重复（成员1），另见于户P2，请核实"
    grep -q 收入高于标准 "$list.html"
    ctl clock set "2026-11-25 08:00" >/dev/null
    same "$all" "$(told 500101001)"
    [ ! -e "$D/spool/500101000000/500101001000/new/2026-11-25-daily.json" ] # nothing is to be said
    # The head of a household of another district: both are told, and neither of the other's number.
    printf 'household,member,id\nB1,3,11010519491231002X\n' >"$T/m3.csv"
    ctl import members "$T/m3.csv" >/dev/null
    ctl clock set "2026-11-26 08:00" >/dev/null
    same "$(sed 's/^/B1 birth-unknown 1 -; B1 person-twice 3 -; /; s/-; B1 birth-unknown 1 -/-/' <<<"$all")" "$(told 500101001)"
    same "P3 person-twice - -" "$(told 500102006)"
    same 0 "$(sql "SELECT count(*) FROM doubt_due")"
    # A lower standard of the year lifts another income above it.
    sed -i 's/6000/5500/' "$T/s.csv"
    ctl import standards "$T/s.csv" >/dev/null
    ctl clock set "2026-11-27 08:00" >/dev/null
    [[ $(told 500101001) == *"I2 income-above"* ]]
    same '[]' "$(json verify | jq -c .failures)"
}

@test "5: an account that is bound to a division sees its own doubts, and not whose else the person is" {
    [ "$(id -u)" = 0 ] || skip "needs another account"
    printf 'household,member,id\nP3,1,440524198001010013\n' >"$T/m3.csv"
    ctl import members "$T/m3.csv" >/dev/null
    chmod 755 "$D"
    cp "$B/rpc" "$T/rpc"
    chmod 755 "$T/rpc"
    echo 'accounts = ( { user = "daemon"; role = "viewer"; divisions = [ "500102006000" ]; } );' >>"$D/reviewd.conf"
    ctl reload >/dev/null
    echo '{"jsonrpc":"2.0","id":1,"method":"doubts","params":{"kind":"person-twice"}}' |
        setpriv --reuid daemon --regid daemon --clear-groups "$T/rpc" "$D/s" >"$T/answer"
    same "P3 null" "$(jq -r '[.result.items[] | "\(.household) \(.other)"] | join(" ")' "$T/answer")"
}
