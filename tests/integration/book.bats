#!/usr/bin/env bats
# A county's own book by a mapping (contract.md 5): the invented books of tests/data/book, one with a
# row a household and one with a row a member, as an information system exports them.

load ../lib/daemon
load ../lib/sheets

setup_file() {
    load ../lib/daemon
    daemon_new "$BATS_FILE_TMPDIR/d"
    cp -r "$BATS_TEST_DIRNAME/../../conf/mapping" "$BATS_FILE_TMPDIR/d/mapping"
    echo 'mapping_dir = "mapping";' >>"$BATS_FILE_TMPDIR/d/reviewd.conf"
    daemon_start "2026-11-24 07:00"
    json import divisions "$BATS_TEST_DIRNAME/../../conf/divisions/divisions-chongqing.csv"
}

teardown_file() {
    load ../lib/daemon
    daemon_stop
}

setup() {
    D=$BATS_FILE_TMPDIR/d
    T=$BATS_TEST_TMPDIR
    BOOK=$BATS_TEST_DIRNAME/../data/book
}

teardown() {
    [ "$D" = "$BATS_FILE_TMPDIR/d" ] || daemon_stop
}

# book FILE ADDED UNCHANGED [OPTION…]
book() {
    local file=$1 added=$2 unchanged=$3
    shift 3
    run -0 --separate-stderr json import book "$file" --map by-household "$@"
    same "$added 0 $unchanged 0" "$(jq -r '"\(.added) \(.changed) \(.unchanged) \(.bad)"' <<<"$output")"
}

# All that the book says, without the numbers of the households.
content() {
    sql "SELECT division, head_name, head_id, phone, status, income_kind, income, approved_on, register, tier
             FROM household ORDER BY head_id;
         SELECT head_id, member, name, m.id, birth_on, health, disability, work_ability, student, m.status
             FROM member m JOIN household h ON m.household_id = h.id ORDER BY head_id, member"
}

@test "a dry run tells what becomes of each heading and word, and takes nothing (5)" {
    run -0 --separate-stderr json import book "$BOOK/export.csv" --map by-household --dry-run
    same "true 300 19 household" "$(jq -r '"\(.dry_run) \(.rows) \(.headings | length) \([.headings[] | select(.heading == "身份证号").becomes][0] | split(", ")[1])"' <<<"$output")"
    same "variable 82" "$(jq -r '.words[] | select(.word == "农村低保C类") | "\(.becomes) \(.rows)"' <<<"$output")"
    same 0 "$(sql 'SELECT count(*) FROM household')"
    run -0 ctl import book "$BOOK/export.csv" --map by-household --dry-run
    [[ $output == *"nothing was taken"* ]]
}

@test "the two exports load unedited, in every form; again they change nothing; as by hand (5)" {
    book "$BOOK/export.csv" 300 0
    book "$BOOK/export-members.csv" 588 0
    book "$BOOK/export.csv" 0 300
    book "$BOOK/export-members.csv" 0 588
    local name text
    for name in export export-members; do
        iconv -f GB18030 -t UTF-8 "$BOOK/$name.csv" | tr , '\t' >"$T/$name.tsv"
        iconv -f GB18030 -t UTF-16 "$BOOK/$name.csv" >"$T/$name.utf16"
        # every column as text, as such systems write their workbooks
        text=$(seq 19 | sed 's|$|/2|' | paste -sd/)
        for form in xlsx "xls:MS Excel 97"; do
            soffice "-env:UserInstallation=file://$BATS_FILE_TMPDIR/office" --headless \
                --infilter="Text - txt - csv (StarCalc):44,34,85,1,$text,0,false,false,false" \
                --convert-to "$form" --outdir "$T" "$BOOK/$name.csv" >"$T/log" 2>&1 3>&-
        done
    done
    for form in tsv utf16 xlsx xls; do
        book "$T/export.$form" 0 300
        book "$T/export-members.$form" 0 588
    done
    content >"$T/mapped"
    daemon_new "$T/hand"
    daemon_start "2026-11-24 07:00"
    json import divisions "$BATS_TEST_DIRNAME/../../conf/divisions/divisions-chongqing.csv" >"$T/log"
    run -0 json import households "$BOOK/households-by-hand.csv"
    run -0 json import members "$BOOK/members-by-hand.csv"
    content >"$T/typed"
    diff "$T/typed" "$T/mapped"
}

@test "one file with a row a member holds both; what cannot be taken comes back as it was (5)" {
    cat >"$T/members.csv" <<'CSV'
户主身份证号,姓名,与户主关系,身份证号,区县,乡镇（街道）,村（社区）,家庭月收入,批准时间,劳动能力,是否在校学生
50010119561125015X,张三,户主,50010119561125015X,铜梁区,虎峰镇,温泉社区,100,2026/10/1,无,否
50010119561125015X,李四,配偶,,铜梁区,虎峰镇,温泉社区,,,有,否
500101195611250133,王五,户主,500101195611250133,铜梁区,虎峰镇,无名村,100,2026/10/1,无,否
CSV
    run -1 --separate-stderr json import book "$T/members.csv" --map by-member
    same "4:division:unknown-division 4:household:unknown-household" "$(jq -r '[.error.data.faults[] | "\(.line):\(.column):\(.reason)"] | join(" ")' <<<"$output")"
    same 300 "$(sql 'SELECT count(*) FROM household')"
    run -0 --separate-stderr json import book "$T/members.csv" --map by-member --skip-bad "$T/bad.csv"
    same "4 3 1" "$(jq -r '"\(.rows) \(.added) \(.bad)"' <<<"$output")"
    same "张三|120000|2" "$(sql "SELECT head_name, income, (SELECT count(*) FROM member WHERE household_id = household.id) FROM household WHERE head_id = '50010119561125015X'")"
    same 2 "$(wc -l <"$T/bad.csv")"
    grep -q '王五,户主,.*,无名村,.*没有名为“无名村”的区划\|王五,户主,.*内没有名为“无名村”的区划' "$T/bad.csv"
    sed -i 's/无名村,/温泉社区居委会,/' "$T/bad.csv" # the name stands in the reason as well
    run -0 --separate-stderr json import book "$T/bad.csv" --map by-member
    same "2 0 0" "$(jq -r '"\(.added) \(.unchanged) \(.bad)"' <<<"$output")"
    run -0 --separate-stderr json import book "$T/members.csv" --map by-member --skip-bad "$T/bad.csv"
    same "0 3 1" "$(jq -r '"\(.added) \(.unchanged) \(.bad)"' <<<"$output")"
}

@test "a heading that nobody named, a mapping with faults or without a name are refused (5)" {
    iconv -f GB18030 -t UTF-8 "$BOOK/export.csv" | sed '1s/致困原因/新栏目/' >"$T/a.csv"
    run -1 --separate-stderr json import book "$T/a.csv" --map by-household
    same unknown-column "$(jq -r '.error.data.faults[0].reason' <<<"$output")"
    refused bad-argument import book "$T/a.csv"
    refused bad-argument import book "$T/a.csv" --map ../reviewd
    refused bad-argument import book "$T/a.csv" --map nowhere
    refused bad-argument import households "$T/a.csv" --map by-household
    printf 'description = "x";\nsheets = ( { rows = "members"; columns = ( { heading = "a"; column = "colour"; } ); } );\n' >"$D/mapping/bad.conf"
    refused bad-argument import book "$T/a.csv" --map bad
    [[ $output == *"bad.conf:2: there is no column"* ]]
    printf 'a,b\n1,2\n' >"$T/b.csv"
    run -1 --separate-stderr json import book "$T/b.csv" --map by-household
    same missing "$(jq -r '.error.data.faults[0].reason' <<<"$output")"
}

@test "map guess writes a mapping that reads the book it was made from (5)" {
    run -0 ctl map guess "$BOOK/export.csv"
    sed 's/to = "农村低保[AB]类"/to = "stable"/; s/to = "农村低保C类"/to = "variable"/; s/to = "否"/to = "none"/; s/to = "是"/to = "exited"/' \
        <<<"$output" >"$D/mapping/guessed.conf"
    run -0 --separate-stderr json import book "$BOOK/export.csv" --map guessed --dry-run
    same "300 0" "$(jq -r '"\(.rows) \(.bad)"' <<<"$output")"
    run -0 --separate-stderr json import book "$BOOK/export.csv" --map guessed
    same "0 300" "$(jq -r '"\(.changed) \(.unchanged)"' <<<"$output")"
}

@test "verify finds nothing after all of these (6)" {
    run -0 json verify
    same 0 "$(jq '.failures | length' <<<"$output")"
}
