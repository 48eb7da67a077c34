#!/usr/bin/env bats
# Files as offices have them: what Excel and WPS leave in them, what was lost on the way, the words
# that people write (contract.md 5). Today is 2026-11-24.

load ../lib/daemon

setup_file() {
    load ../lib/daemon
    daemon_new "$BATS_FILE_TMPDIR/d"
    daemon_start "2026-11-24 07:00"
    load_divisions
}

teardown_file() {
    load ../lib/daemon
    daemon_stop
}

setup() {
    D=$BATS_FILE_TMPDIR/d
    T=$BATS_TEST_TMPDIR
}

# text NAME TEXT: a file with the text, \n and \x as printf has them.
text() { printf "$2" >"$T/$1"; }

H='household,division,head_name,approved_on\n'
M='household,member,name,id\n'

@test "blank rows, semicolons, tabs, sep=, titles: nothing but rows are read (5)" {
    text blank.csv "${H}C1,500101001001,张三,2025-11-30\n,,,\n,,,\n"
    accepted households blank.csv 1 0 0
    text semicolons.csv 'household;division;head_name;approved_on\nB1;500101001001;张三;2025-11-30\n'
    accepted households semicolons.csv 1 0 0
    text tabs.csv 'household\tdivision\thead_name\tapproved_on\nB2\t500101001001\t张三\t2025-11-30\n'
    accepted households tabs.csv 1 0 0
    text sep.csv 'sep=;\nhousehold;division;head_name;approved_on\nB3;500101001001;张三;2025-11-30\n'
    accepted households sep.csv 1 0 0
    text titles.csv '某镇低保花名册,,,,\n制表：民政办,,2026年11月,,\n\n户号,区划代码,,户主,批准日期\nB4,500101001001,,张三,2025-11-30\n'
    accepted households titles.csv 1 0 0
}

@test "days and amounts as people and spreadsheets write them (5)" {
    text dates.csv "${H}Y1,500101001001,张三,2025/11/30\nY2,500101001001,李四,2025-1-3\nY3,500101001001,王五,2025年11月30日\nY4,500101001001,王五,20251130\nY5,500101001001,王五,2025.11.30\nY6,500101001001,王五,45991\nY7,500101001001,王五,２０２５／１１／３０\nY8,500101001001,王五,2025/11/30 0:00:00\n"
    accepted households dates.csv 8 0 0
    same "2025-11-30 2025-01-03 2025-11-30 2025-11-30 2025-11-30 2025-11-30 2025-11-30 2025-11-30" \
        "$(for n in 1 2 3 4 5 6 7 8; do get Y$n .approved_on; done | xargs)"
    text money.csv 'household,division,head_name,approved_on,income,pension\nJ1,500101001001,张三,2025-11-30,"5,200.50",¥5200\nJ2,500101001001,张三,2025-11-30,5200.500,５２００元\n'
    accepted households money.csv 2 0 0
    same "520050 520000 520050 520000" "$(sql "SELECT income, pension FROM household WHERE household IN ('J1', 'J2')" | tr '|\n' '  ' | xargs)"
}

@test "a workbook: .xlsx and .xls give the same rows; a damaged one is refused (5)" {
    printf 'not a book' >"$T/no.csv"
    printf 'PK\x03\x04\x0a\x00\x00\x00\x00\x00' >"$T/book.csv"
    run -1 --separate-stderr json import households "$T/book.csv"
    same "1:null:damaged" "$(jq -r '.error.data.faults[] | "\(.line):\(.column):\(.reason)"' <<<"$output")"
    cp "$BATS_TEST_DIRNAME/../data/sheet.xls" "$T/members.xls" # a household's book: its number is lost in one cell
    run -1 --separate-stderr json import households "$T/members.xls"
    same "4:division:bad-text" "$(jq -r '.error.data.faults[] | "\(.line):\(.column):\(.reason)"' <<<"$output")"
    [[ $output == *"has lost its digits"* ]]
}

@test "one broken byte: refused with line, column and byte, never read as another encoding (5)" {
    text cut.csv "${H}L1,500101001001,陈小\xe7\xba,2025-11-30\n"
    faults households cut.csv
    same 2:head_name:encoding "$output"
    text cut-bom.csv "\xef\xbb\xbf${H}L2,500101001001,陈小\xe7\xba,2025-11-30\n"
    run -1 --separate-stderr json import households "$T/cut-bom.csv"
    [[ $(jq -r '.error.data.faults[0].message' <<<"$output") == "byte 67 of the file is not UTF-8"* ]]
    refused not-found household show L1
    refused not-found household show L2
}

@test "UTF-16 with its mark is read; without it refused (5)" {
    printf "${H}U9,500101001001,张三,2025-11-30\n" | iconv -t UTF-16 >"$T/a.csv"
    accepted households a.csv 1 0 0
    same 张三 "$(get U9 .head_name)"
    printf "${H}U8,500101001001,张三,2025-11-30\n" | iconv -t UTF-16LE >"$T/b.csv"
    faults households b.csv
    same 1:-:encoding "$output"
}

@test "numbers and codes are trimmed of what cannot be seen, and half-width (5)" {
    text plain.csv "${H}D1,500101001001,张三,2025-11-30\n"
    accepted households plain.csv 1 0 0
    text nbsp.csv "${H}D1\xc2\xa0,500101001001,张三,2025-11-30\n"
    accepted households nbsp.csv 0 0 1
    text zwsp.csv "${H}D1\xe2\x80\x8b,500101001001,\xe3\x80\x80张三,2025-11-30\n"
    accepted households zwsp.csv 0 0 1
    text wide.csv "${H}Ｄ１,５００１０１００１００１,张三,2025-11-30\n"
    accepted households wide.csv 0 0 1
    text lost.csv "${H}D2,5.00101E+11,张三,2025-11-30\n"
    faults households lost.csv
    same 2:division:bad-text "$(grep bad-text <<<"$output")"
}

@test "a lost character is refused, above all over a good name (5)" {
    text good.csv "${H}N1,500101001001,丮小红,2025-11-30\nN2,500101001001,李四,2025-11-30\n"
    accepted households good.csv 2 0 0
    text gbk.csv "${H}N1,500101001001,?小红,2025-11-30\n"
    faults households gbk.csv
    same 2:head_name:bad-text "$output"
    text replaced.csv "${H}N2,500101001001,李\xef\xbf\xbd,2025-11-30\n"
    faults households replaced.csv
    same 2:head_name:bad-text "$output"
    text turned.csv "${H}N2,500101001001,李\xe2\x80\xae四,2025-11-30\n"
    faults households turned.csv
    same 2:head_name:bad-text "$output"
    same "丮小红 李四" "$(get N1 .head_name) $(get N2 .head_name)"
}

@test "Chinese words for every value (5)" {
    text households.csv '户号,区划代码,户主,状态,复核档次,收入类型,批准日期,建档立卡\nH1,500101001001,张三,在保,按季度,稳定,2025-11-30,建档立卡\nH2,500101001001,张三,,,,2025-11-30,\nH3,500101001001,张三,暂停,按半年,不稳定,2025-11-30,脱贫户\nH4,500101001001,张三,在保,半年,无稳定收入,2025-11-30,监测对象\n'
    accepted households households.csv 4 0 0
    same "active quarterly registered suspended semi-annual exited registered" \
        "$(get H1 '"\(.status) \(.tier) \(.register)"') $(get H3 '"\(.status) \(.tier) \(.register)"') $(get H4 .register)"
    same "stable variable variable" "$(sql "SELECT income_kind FROM household WHERE household IN ('H1', 'H3', 'H4')" | xargs)"
    text members.csv '户号,成员号,姓名,健康状况,残疾等级,劳动能力,在校,成员状态\nH2,1,张三,健康,二级,无,是,在户\nH2,2,李四,慢性病,无,部分,否,去世\nH2,3,王五,大病,四级,有劳动能力,否,迁出\n'
    accepted members members.csv 3 0 0
    same "healthy 2 none 1 present chronic none partial 0 died serious-illness 4 full 0 moved-out" \
        "$(sql "SELECT health, disability, work_ability, student, member.status FROM member
            JOIN household ON household_id = household.id WHERE household = 'H2' ORDER BY member" | tr '|\n' '  ' | xargs)"
    text bad.csv '户号,区划代码,户主,收入类型,批准日期\nH9,500101001001,张三,有时,2025-11-30\n'
    run -1 --separate-stderr json import households "$T/bad.csv"
    same '"有时" is not one of stable, variable' "$(jq -r '.error.data.faults[0].message' <<<"$output")"
}

@test "a cell of - or 清空 clears a fact, an empty one changes nothing (5)" {
    text a.csv 'household,division,head_name,approved_on,head_id,phone,address,income,income_kind\nE1,500101001001,张三,2025-11-30,50010119561125015X,13800000000,某村,5200,stable\n'
    accepted households a.csv 1 0 0
    text b.csv 'household,division,head_name,approved_on,head_id,phone,address,income,income_kind\nE1,500101001001,,2025-11-30,,,,,\n'
    accepted households b.csv 0 0 1
    text c.csv "household,division,head_name,approved_on,head_id,phone,address,income,income_kind\nE1,500101001001,-,2025-11-30,-,清空,－,'-,-\n"
    accepted households c.csv 0 1 0
    same "张三||||||" "$(sql "SELECT head_name, head_id, phone, address, income, income_kind, pension FROM household WHERE household = 'E1'")"
    accepted households c.csv 0 0 1
    text m.csv "${M%\\n},birth_on,student\nE1,1,张三,50010119561125015X,,是\n"
    accepted members m.csv 1 0 0
    text n.csv "${M%\\n},birth_on,student\nE1,1,,-,-,-\n"
    accepted members n.csv 0 1 0
    same "张三|||" "$(sql "SELECT name, member.id, birth_on, student FROM member JOIN household ON household_id = household.id WHERE household = 'E1'")"
}

@test "nobody dies before being born; one person stands once in a household (5)" {
    text households.csv 'household,division,head_name,tier,approved_on\nQ-1,500101001001,张三,annual,2026-10-01\nU-1,500101001001,张三,annual,2026-10-01\nU-2,500102006001,张三,annual,2026-10-01\nU-3,500102006001,张三,annual,2026-10-01\n'
    accepted households households.csv 4 0 0
    text members.csv 'household,member,name,birth_on,status,status_on\nQ-1,1,张三,1990-05-01,present,\nQ-1,2,李四,1960-05-01,died,1950-01-01\nQ-1,3,王五,1970-05-01,present,\n'
    faults members members.csv
    same 3:status_on:before-birth "$output"
    run -0 json import members "$T/members.csv" --skip-bad "$T/bad.csv"
    text later.csv 'household,member,birth_on,status,status_on\nQ-1,1,,died,1985-01-01\n'
    faults members later.csv
    same 2:status_on:before-birth "$output"
    text old.csv 'household,member,birth_on\nQ-1,4,1899-12-31\n'
    faults members old.csv
    same 2:birth_on:bad-date "$output"

    text twice.csv "${M}U-1,1,张三,50010119561125015X\nU-1,2,张小三,50010119561125015X\nU-2,1,张三,50010119561125015X\nU-3,1,张三,50010119561125015x\n"
    faults members twice.csv
    same 3:id:duplicate "$output"
    grep -v 张小三 "$T/twice.csv" >"$T/once.csv"
    accepted members once.csv 3 0 0
    same "50010119561125015X 50010119561125015X" "$(sql "SELECT member.id FROM member JOIN household ON household_id = household.id
        WHERE household IN ('U-1', 'U-3')" | xargs)"
    text small.csv "${M}U-1,1,张三,50010119561125015x\n"
    accepted members small.csv 0 0 1
    text other.csv "${M}U-1,2,张三,50010119561125015X\n"
    faults members other.csv
    same 2:id:duplicate "$output"
    # who has gone is no longer there twice
    text gone.csv 'household,member,id,status,status_on\nU-1,2,50010119561125015X,moved-out,2026-10-02\n'
    accepted members gone.csv 1 0 0
}

@test "rows that cannot be taken, out of a file saved as GBK (5)" {
    printf '户号,区划代码,户主,批准日期\nK1,500101001001,户主1,2025-11-30\nK2,500101001001,户主2,2025-11-30\nK5,500101001999,张三丰,2025-11-30\nK6,500101001001,李四,2025-02-30\n' | iconv -t GB18030 >"$T/gbk.csv"
    run -0 --separate-stderr json import households "$T/gbk.csv" --skip-bad "$T/bad.csv"
    same "4 2 2" "$(jq -r '"\(.rows) \(.added) \(.bad)"' <<<"$output")"
    same $'\xef\xbb\xbf户号,区划代码,户主,批准日期,退回原因' "$(head -1 "$T/bad.csv" | tr -d '\r')"
    same "K5 K6" "$(sed 1d "$T/bad.csv" | cut -d, -f1 | xargs)"
    same "1 1" "$(grep -c '区划代码：没有“500101001999”这个区划' "$T/bad.csv") $(grep -c '2025-02-30”不是日期' "$T/bad.csv")"
    sed -i 's/500101001999/500101001001/; s/2025-02-30/2025-02-28/' "$T/bad.csv"
    iconv -t GB18030 <(sed 's/^\xef\xbb\xbf//' "$T/bad.csv") >"$T/mended.csv" # as Excel saves it
    accepted households mended.csv 2 0 0
}

@test "what household list prints as CSV can be imported again and changes nothing (5)" {
    ctl household list --all --format csv >"$T/list.csv"
    run -0 --separate-stderr json import households "$T/list.csv"
    same "0 0 0" "$(jq -r '"\(.added) \(.changed) \(.bad)"' <<<"$output")"
}

@test "nothing is reported of before somebody was born (3.7)" {
    refused bad-argument report Q-1 death --member 1 --on 1985-01-01 --source 村
    refused bad-argument report Q-1 income --on 1950-01-01 --income 100 --source 村
    run -0 json report Q-1 income --on 2026-11-01 --income 100 --source 村
    # Where one birthday is not known, nobody can tell that it was before all of them.
    printf '%s\n' household,member,name Q-1,u1,无生日 >"$T/unknown.csv"
    run -0 json import members "$T/unknown.csv"
    run -0 json report Q-1 other --on 1950-01-01 --source 村
}

@test "verify finds nothing after all of these (6)" {
    run -0 json verify
    same 0 "$(jq '.failures | length' <<<"$output")"
}
