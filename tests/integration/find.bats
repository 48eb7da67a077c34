# household find (contract.md 5): by what somebody has in hand, in one's own divisions alone.

setup() {
    load ../lib/daemon
    T=$BATS_TEST_TMPDIR
    daemon_new "$T/d"
    daemon_start "2026-11-24 07:00"
    load_divisions
    cat >"$T/h.csv" <<'CSV'
household,division,head_name,head_id,phone,approved_on
H1,500101001001,田桂兰,11010519491231002X,13800000001,2026-01-01
H2,500101001001,田桂,,13800000002,2026-01-01
H3,500102006001,田桂英,,13800000002,2026-01-01
田桂,500101001002,张三,,,2026-01-01
CSV
    ctl import households "$T/h.csv" >/dev/null
    cat >"$T/m.csv" <<'CSV'
household,member,name,id
H1,1,田桂兰,11010519491231002X
H1,2,田小,
H2,1,田桂花,
田桂,a/1,田桂方,440524198001010013
CSV
    ctl import members "$T/m.csv" >/dev/null
}

teardown() { daemon_stop; }

# found TEXT…: "household/member/name/matched" of each, in order.
found() { json household find "$@" | jq -r '[.items[] | "\(.household)/\(.member // "-")/\(.name)/\(.matched)"] | join(" ")'; }

@test "5: number, identity number and telephone whole, names by their beginning; a head that is a member once" {
    same "田桂/-/张三/household H2/-/田桂/head-name H1/-/田桂兰/head-name H3/-/田桂英/head-name 田桂/a/1/田桂方/member-name H2/1/田桂花/member-name" "$(found 田桂)"
    same "H1/-/田桂兰/head-id" "$(found " 11010519491231002x ")"
    same "田桂/a/1/田桂方/member-id" "$(found 440524198001010013)"
    same "H2/-/田桂/phone H3/-/田桂英/phone" "$(found 13800000002)"
    same "H3/-/田桂英/phone" "$(found 13800000002 --township 500102006)"
    same "H1/2/田小/member-name" "$(found 田小)"
    same "" "$(found 1380000)" # no beginning of a number
    same "" "$(found 桂兰)"    # nor an end of a name
    same "" "$(found 无此人)"
    refused bad-argument household find "$(printf 'x%.0s' {1..201})"
    ! json household find 田 | grep -q 11010519491231002X || false
}

@test "5: pages of a search hold together, one by one as at once" {
    at_once=$(found 田)
    one_by_one=$(json household find 田 --limit 1 --all | jq -rs '[.[].items[] | "\(.household)/\(.member // "-")/\(.name)/\(.matched)"] | join(" ")')
    same "$at_once" "$one_by_one"
    [ "$(wc -w <<<"$at_once")" -eq 6 ]
    refused bad-argument household find 田 --cursor x
    in_one=$(json household find 田 --township 500101 | jq -r '[.items[] | "\(.household)/\(.member // "-")/\(.matched)"] | join(" ")')
    same "H1/-/head-name H2/-/head-name H2/1/member-name 田桂/-/household 田桂/a/1/member-name" "$(json household find 田桂 --township 500101 | jq -r '[.items[] | "\(.household)/\(.member // "-")/\(.matched)"] | join(" ")')"
    same "$in_one" "$(json household find 田 --township 500101 --limit 1 --all | jq -rs '[.[].items[] | "\(.household)/\(.member // "-")/\(.matched)"] | join(" ")')"
}
