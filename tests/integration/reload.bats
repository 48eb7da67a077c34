#!/usr/bin/env bats
# A reload takes a whole new configuration or none of it, and says every fault, as `reviewd --check` does
# (contract.md 5; issue 7, part 4).

load ../lib/daemon

setup() {
    T=$BATS_TEST_TMPDIR
    daemon_new "$T/d"
    daemon_start "2026-11-24 07:00"
    load_divisions
    household A 2026-10-01 | load_households # due on 2027-01-01, a year without a calendar
    state >"$T/before"
    # Good news in every part: none of it may be taken while another part has a fault.
    printf 'date,kind,name\n2027-01-01,holiday,元旦\n2027-01-02,holiday,元旦\n2027-01-03,holiday,元旦\n' >"$D/calendar/2027.csv"
    sed -i 's/lead_days = 30/lead_days = 31/' "$D/policy/2026-regular.conf"
    echo 'limits = { page = 7; };' >>"$D/reviewd.conf"
    cp -r "$D/reviewd.conf" "$D/policy" "$D/calendar" "$T/"
}

teardown() {
    daemon_stop
}

state() {
    json status | jq '{policy, calendars, audit_head}'
    json household show A
    json household list --limit 9 | jq '.items | length'
    sql "SELECT * FROM calendar_year; SELECT count(*), sum(day) FROM workday; SELECT count(*) FROM audit"
}

# TEXT…: refused, each text is said, by the answer, the log and --check; everything is as it was.
none_taken() {
    : >"$D/log"
    refused bad-argument reload
    local said
    answer=$output
    run -1 "$B/reviewd" --check -f "$D/reviewd.conf"
    for said in "$@"; do
        [[ $answer == *"$said"* ]] || same "*$said*" "$answer"
        grep -qF "$said" "$D/log" || same "*$said*" "$(<"$D/log")"
        [[ $output == *"$said"* ]] || same "*$said*" "$output"
    done
    state | diff "$T/before" -
}

back() {
    rm -rf "$D/policy" "$D/calendar" "$D/reviewd.conf"
    cp -r "$T/reviewd.conf" "$T/policy" "$T/calendar" "$D/"
}

@test "each kind of fault alone leaves everything as it was; the mended whole is taken (5)" {
    echo 'colour = "red";' >>"$D/reviewd.conf"
    none_taken reviewd.conf:8:
    back
    echo 'log = { level = ;' >>"$D/reviewd.conf"
    none_taken reviewd.conf:8:
    back
    sed -i 's/from = "2021-01-01"/from = "2021-01-02"/' "$D/policy/2021-transition.conf"
    none_taken 2021-transition.conf:
    back
    rm "$D/policy/2021-transition.conf"
    none_taken 2026-regular.conf:
    back
    sed -i 's/lead_days = 31/lead_days = "long"/' "$D/policy/2026-regular.conf"
    none_taken 2026-regular.conf:
    back
    echo '2026-13-01,holiday,x' >>"$D/calendar/2026.csv"
    none_taken "2026.csv:$(wc -l <"$D/calendar/2026.csv"): "
    back
    rm -r "$D/calendar"
    none_taken "$D/calendar:0: "
    back
    run -0 ctl reload
    same taken "$(state | diff -q "$T/before" - >/dev/null || echo taken)"
    same "2027-01-04 false" "$(get A '"\(.due_on) \(.provisional)"')"
}

@test "faults of several files at once, each said with its line (5)" {
    printf 'colour = "red";\ndaily_run_at = "25:00";\n' >>"$D/reviewd.conf"
    sed -i 's/lead_days = 31/lead_days = "long"/' "$D/policy/2026-regular.conf"
    echo '2026-13-01,holiday,x' >>"$D/calendar/2026.csv"
    echo '2025-02-30,holiday,x' >>"$D/calendar/2025.csv"
    lead=$(grep -n 'lead_days = "long"' "$D/policy/2026-regular.conf" | cut -d: -f1)
    none_taken reviewd.conf:8: reviewd.conf:9: "2026-regular.conf:$lead: " \
        "2026.csv:$(wc -l <"$D/calendar/2026.csv"): " "2025.csv:$(wc -l <"$D/calendar/2025.csv"): "
    [[ $answer == *"5 faults, nothing was changed"* ]] || same "5 faults…" "$(grep -c reload: "$D/log") faults"
    # Nor does a start take it.
    daemon_stop
    run -1 timeout 20 "$B/reviewd" -f "$D/reviewd.conf" --manual-clock "2026-11-24 07:00"
    [[ $output == *reviewd.conf:8:*2026-regular.conf:* ]]
}

@test "what only a new start can change is refused, all of it named (5)" {
    sed -i 's/reviewd.db/other.db/; s/"spool"/"elsewhere"/' "$D/reviewd.conf"
    refused bad-argument reload
    [[ $output == *"store cannot change"*"spool cannot change"* ]]
    state | diff "$T/before" -
}

# A reload that is refused with TEXT, by whatever way it comes, and a service that goes on.
refused_with() {
    refused bad-argument reload
    said=$(jq -r .error.message <<<"$output")
    [[ $said == *"$1"* ]] || same "*$1*" "$said"
    run -1 timeout 10 "$B/reviewd" --check -f "$D/reviewd.conf"
    [[ $output == *"$1"* ]] || same "*$1*" "$output"
    kill -HUP "$(<"$D/pid")"
    state | diff "$T/before" -
    back
}

@test "what is no file of text neither ends the service nor holds it up (5)" {
    mkdir "$D/policy/x.conf"
    refused_with "policy/x.conf:0: is not a regular file"
    mkfifo "$D/policy/x.conf"
    refused_with "policy/x.conf:0: is not a regular file"
    ln -s /dev/zero "$D/policy/x.conf"
    refused_with "policy/x.conf:0: is not a regular file"
    ln -s /proc/self/mem "$D/policy/x.conf"
    refused_with "policy/x.conf:0: cannot be read: Input/output error"
    mkdir "$D/calendar/2028.csv"
    refused_with "calendar/2028.csv:0: is not a regular file"
    mkfifo "$D/calendar/2028.csv"
    refused_with "calendar/2028.csv:0: is not a regular file"
    head -c 300000 /dev/zero | tr '\0' '\n' >"$D/calendar/2028.csv"
    refused_with "calendar/2028.csv:0: is larger than 256 KiB"
    head -c 300000 /dev/zero | tr '\0' ' ' >>"$D/reviewd.conf"
    refused_with "reviewd.conf:0: is larger than 256 KiB"
    printf 'a\0b' >>"$D/reviewd.conf"
    refused_with "reviewd.conf:8: has a NUL byte"
    rm "$D/reviewd.conf"
    mkfifo "$D/reviewd.conf"
    refused_with "reviewd.conf:0: is not a regular file"
    printf 'a = %s1;%s\n' "$(printf '{ a = %.0s' {1..4000})" "$(printf '};%.0s' {1..4000})" >"$D/policy/x.conf"
    refused_with "policy/x.conf:1: "
}

@test "an @include is read beneath the folder of reviewd.conf, or it is a fault there (5)" {
    mkdir "$D/folder" "$T/elsewhere"
    mkfifo "$D/fifo"
    echo 'daily_run_at = "08:00";' >"$T/elsewhere/run.conf"
    ln -s "$T/elsewhere/run.conf" "$D/link.conf"
    ln -s "$T/elsewhere" "$D/behind"
    while IFS='|' read -r line why; do
        printf '%s\n' "$line" >>"$D/reviewd.conf"
        refused_with "reviewd.conf:8: $why"
    done <<CASES
@include "folder"|@include "folder" is not a regular file
@include "$D/folder"|@include "folder" is not a regular file
@include "fifo"|@include "fifo" is not a regular file
@include "none.conf"|@include "none.conf" cannot be read: No such file or directory
@include "/proc/self/mem"|@include "/proc/self/mem" cannot be read: it lies outside the folder
@include "$T/elsewhere/run.conf"|@include "$T/elsewhere/run.conf" cannot be read: it lies outside the folder
@include "../elsewhere/run.conf"|@include "../elsewhere/run.conf" cannot be read: it lies outside the folder
@include "link.conf"|@include "link.conf" cannot be read: a symbolic link stands in its path
@include "behind/run.conf"|@include "behind/run.conf" cannot be read: a symbolic link stands in its path
@include "reviewd.conf"|@include "reviewd.conf" is more than 10 files deep
 @include folder|syntax error
colour = @include "folder"|syntax error
/* @include "folder"|the comment that begins here has no end
log = { ident = "x; };|the text in quotes that begins here has no end
CASES
}

@test "what is included counts where it stands, and its faults name its own lines (5)" {
    mkdir "$D/more"
    printf '# hours\n  @include "more/run.conf" limits_ = 1;\ncolour = "red";\n' >"$D/first.conf"
    printf '/*\n@include "more/none.conf"\n*/ daily_run_at = "08:15"; colours = "red"; # @include' >"$D/more/run.conf"
    printf '%s\n' 'log_ = "' '@include \"none.conf\" \\" ;' "@include \"$D/first.conf\"" 'hue = 1;' >>"$D/reviewd.conf"
    run -1 "$B/reviewd" --check -f "$D/reviewd.conf"
    same "$D/first.conf:2: unknown key \"limits_\"
$D/first.conf:3: unknown key \"colour\"
$D/more/run.conf:3: unknown key \"colours\"
$D/reviewd.conf:8: unknown key \"log_\"
$D/reviewd.conf:11: unknown key \"hue\"" "$output"
    sed -i 's/limits_ = 1;//; /colour/d' "$D/first.conf"
    sed -i 's/colours = "red";//' "$D/more/run.conf"
    sed -i '/^log_/d; /none.conf/d; /^hue/d' "$D/reviewd.conf"
    run -0 ctl reload
    json status | jq -e '.next_run | contains("T08:15")'
}
