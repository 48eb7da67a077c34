#!/usr/bin/env bats
# Imports: files as offices send them, every fault by its line and column, and nothing changed where
# one is refused (contract.md 3.3, 3.4 Import, 5; GB 11643 for identity numbers). Today is 2026-11-24.

load ../lib/daemon

setup_file() {
    load ../lib/daemon
    daemon_new "$BATS_FILE_TMPDIR/d"
    daemon_start "2026-11-24 09:00"
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

teardown() {
    [ "$D" = "$BATS_FILE_TMPDIR/d" ] || daemon_stop # a test's own
}

# The state of everything that an import could touch.
state() {
    local status
    status=$(json status)
    field audit_head "$status"
    field counts "$status"
    sql "SELECT count(*), total(income), max(household) FROM household;
         SELECT count(*) FROM member; SELECT count(*) FROM division; SELECT count(*) FROM cycle;
         SELECT count(*) FROM import; SELECT count(*) FROM workday; SELECT count(*) FROM standard"
}

# refuses KIND FILE FAULT…: exactly these faults, "line:column:reason", in their order; nothing changed.
refuses() {
    local kind=$1 name=$2 before
    shift 2
    before=$(state)
    faults "$kind" "$name"
    same "$(printf '%s\n' "$@")" "$output"
    same "$before" "$(state)"
}

# audit_of HOUSEHOLD: the actions on record, in order.
audit_of() { json audit --household "$1" | jq -r '[.items[].action] | join(" ")'; }

@test "divisions: all 12,340 of Chongqing; the same file again changes nothing (5)" {
    daemon_new "$T/real"
    daemon_start
    run -0 --separate-stderr json import divisions "$BATS_TEST_DIRNAME/../../conf/divisions/divisions-chongqing.csv"
    same "12340 12340 0 0 0" "$(jq -r '"\(.rows) \(.added) \(.changed) \(.unchanged) \(.bad)"' <<<"$output")"
    same "1 38 1031 11270" "$(sql "SELECT group_concat(n, ' ') FROM (SELECT count(*) AS n FROM division
        GROUP BY level ORDER BY n)")"
    head=$(head_of)
    run -0 --separate-stderr json import divisions "$BATS_TEST_DIRNAME/../../conf/divisions/divisions-chongqing.csv"
    same "12340 0 0 12340 0" "$(jq -r '"\(.rows) \(.added) \(.changed) \(.unchanged) \(.bad)"' <<<"$output")"
    same "$head" "$(head_of)"
    daemon_stop
}

@test "divisions: codes without their zeros; a name changes; faults by line and column (2, 5)" {
    printf '%s\n' code,parent,level,name 500101001003,500101001,village,王家坡社区 >"$T/a.csv"
    accepted divisions a.csv 1 0 0
    sed -i 's/王家坡社区/王家坡社区居民委员会/' "$T/a.csv"
    accepted divisions a.csv 0 1 0
    file b.csv <<'CSV'
code,parent,level,name
50010x,500000000000,district,坏
500103,500000,province,渝中区
500103,500000,district,
500104001,500104,township,没有上级
500101001004,500101,village,越级
500102001,500101,township,别的区县
500105,500000,district,江北区
500105,500000,district,江北区
,500000,district,无代码
CSV
    refuses divisions b.csv 2:code:bad-code 3:level:bad-word 4:name:missing 5:parent:unknown-division \
        6:parent:bad-parent 7:parent:bad-parent 9:code:duplicate 10:code:bad-code
}

@test "households: UTF-8 without and with a mark, CRLF, quotes, line breaks in cells (5)" {
    printf 'household,division,head_name,address,approved_on\r\nU1,500101001001,张三,"一楼, ""东""\r\n门",2026-01-01\r\n' >"$T/a.csv"
    # A line break inside a cell of text is a control character: named by the record's first line.
    refuses households a.csv 2:address:bad-text
    printf 'household,division,head_name,address,approved_on\r\nU1,500101001001,张三,"一楼, ""东"" 门",2026-01-01\r\n' >"$T/a.csv"
    accepted households a.csv 1 0 0
    same '一楼, "东" 门' "$(sql "SELECT address FROM household WHERE household = 'U1'")"
    { printf '\xef\xbb\xbf'; tr -d '\r' <"$T/a.csv"; } >"$T/mark.csv"
    accepted households mark.csv 0 0 1
    same 张三 "$(get U1 .head_name)"
}

@test "households: the line of a record is the physical one on which it starts (5)" {
    printf 'household,division,head_name,address,approved_on\nL1,500101001001,"a\n\nb",x,2026-01-01\n\n\nL2,500101001001,c,d,2026-02-30\r\nL3,500101001001,c,d,2026-13-01\rL4,500101001001,c,d,zzz\n' >"$T/a.csv"
    refuses households a.csv 2:head_name:bad-text 7:approved_on:bad-date 8:approved_on:bad-date \
        9:approved_on:bad-date
}

@test "households: GB18030 with Chinese headings, as Excel and WPS save it (5)" {
    printf '户号,区划代码,户主,状态,批准日期,收入类型,年收入\r\nG1,500101001001,龘㐂𠮷,,2026-01-01,stable,"1200.5"\r\n' |
        iconv -f UTF-8 -t GB18030 >"$T/a.csv"
    accepted households a.csv 1 0 0
    same 龘㐂𠮷 "$(get G1 .head_name)"
    same 120050 "$(sql "SELECT income FROM household WHERE household = 'G1'")"
    iconv -f GB18030 -t UTF-8 "$T/a.csv" >"$T/b.csv"
    accepted households b.csv 0 0 1
}

@test "an encoding that is neither is refused with its line (5)" {
    printf 'household,division,head_name,approved_on\nE1,500101001001,好,2026-01-01\nE2,500101001001,\xff\xfe,2026-01-01\n' >"$T/a.csv"
    refuses households a.csv 3:head_name:encoding
    printf 'household,division,head_name,approved_on\nE1,500101001001,a\0b,2026-01-01\n' >"$T/b.csv"
    refuses households b.csv 2:-:encoding
}

@test "a quotation mark that is broken is refused with its line (5)" {
    printf 'household,division,head_name,approved_on\nQ1,500101001001,好,2026-01-01\nQ2,500101001001,"好"x,2026-01-01\n' >"$T/a.csv"
    refuses households a.csv 3:-:quote
    # Never closed: the line is that on which the record starts.
    printf 'household,division,head_name,approved_on\nQ1,500101001001,好,2026-01-01\nQ2,500101001001,"好,2026-01-01\nQ3,500101001001,好,2026-01-01\n' >"$T/b.csv"
    refuses households b.csv 3:-:quote
}

@test "headings: unknown, missing, twice, none at all (5)" {
    printf 'household,division,approved_on,colour\nX,500101001001,2026-01-01,red\n' >"$T/a.csv"
    refuses households a.csv 1:-:unknown-column
    printf 'household,approved_on\nX,2026-01-01\n' >"$T/b.csv"
    refuses households b.csv 1:division:missing
    printf 'household,division,户号,approved_on\nX,500101001001,X,2026-01-01\n' >"$T/c.csv"
    refuses households c.csv 1:household:duplicate
    : >"$T/d.csv"
    refuses households d.csv 1:-:missing
    printf 'household\nX\n' >"$T/e.csv"
    refuses members e.csv 1:member:missing
    printf 'household,member,head_name\nX,1,a\n' >"$T/f.csv"
    refuses members f.csv 1:-:unknown-column
}

@test "a row with more cells than the heading is a fault, not a shifted row (5)" {
    file a.csv <<'CSV'
household,division,approved_on,address
K1,500101001001,2026-01-01,一楼
K2,500101001001,2026-01-01,一楼,东门
K3,500101001001,2026-01-01,一楼,,
K4,500101001001,2026-01-01
CSV
    refuses households a.csv 3:-:too-many-cells
}

@test "households: each kind of fault by line and column, all of them at once (5)" {
    file a.csv <<'CSV'
household,division,head_name,head_id,status,tier,income_kind,income,pension,employment_cost,approved_on,last_review_on,register
,500101001001,a,,,,,,,,2026-01-01,,
F2,500199001001,a,,,,,,,,2026-01-01,,
F3,,a,,,,,,,,2026-01-01,,
F4,500101,a,,,,,,,,2026-01-01,,
F5,500101001001,a,500101199001010011,,,,,,,2026-01-01,,
F6,500101001001,a,50010119900230001X,,,,,,,2026-01-01,,
F7,500101001001,a,5001011990,,,,,,,2026-01-01,,
F8,500101001001,a,,gone,,,,,,2026-01-01,,
F9,500101001001,a,,,monthly,,,,,2026-01-01,,
F10,500101001001,a,,,,maybe,,,,2026-01-01,,
F11,500101001001,a,,,,,12.345,,,2026-01-01,,
F12,500101001001,a,,,,,,-1,,2026-01-01,,
F13,500101001001,a,,,,,,,1e3,2026-01-01,,
F14,500101001001,a,,,,,,,,2026-02-30,,
F15,500101001001,a,,,,,,,,1/1/2026,,
F16,500101001001,a,,,,,,,,,,
F17,500101001001,a,,,,,,,,2026-11-25,,
F18,500101001001,a,,,,,,,,2026-01-01,2025-12-31,
F19,500101001001,a,,,,,,,,2026-01-01,2026-11-25,
F20,500101001001,a,,,,,,,,2026-01-01,2025-02-29,
F21,500101001001,a,,,,,,,,2026-01-01,,maybe
F22,500101001001,a,,,,,,,,2026-01-01,,
F22,500101001002,b,,,,,,,,2026-01-01,,
F24,500199001001,a,,gone,monthly,,x,,,2026-02-30,,
CSV
    refuses households a.csv 2:household:missing 3:division:unknown-division 4:division:missing \
        5:division:bad-level 6:head_id:bad-id 7:head_id:bad-id 8:head_id:bad-id 9:status:bad-word \
        10:tier:bad-word 11:income_kind:bad-word 12:income:bad-money 13:pension:bad-money \
        14:employment_cost:bad-money 15:approved_on:bad-date 16:approved_on:bad-date \
        17:approved_on:missing 18:approved_on:after-today 19:last_review_on:before-approval \
        20:last_review_on:after-today 21:last_review_on:bad-date 22:register:bad-word \
        24:household:duplicate 25:division:unknown-division 25:status:bad-word 25:tier:bad-word \
        25:income:bad-money 25:approved_on:bad-date
    # For people: "line N: column: reason". No identity number is repeated.
    run -1 --separate-stderr ctl import households "$T/a.csv" --history complete
    [[ $stderr == *"25: approved_on: bad-date"* ]]
    [[ $stderr != *500101199001010011* ]]
}

@test "members: each kind of fault by line and column (5, 3.7)" {
    household M0 2026-01-01 | load_households
    file a.csv <<'CSV'
household,member,name,id,birth_on,health,disability,work_ability,student,status,status_on
NONE,1,a,,,,,,,,
,1,a,,,,,,,,
M0,,a,,,,,,,,
M0,1,a,110101199003070000,,,,,,,
M0,2,a,11010519491231002X,1950-01-01,,,,,,
M0,3,a,,2026-02-30,,,,,,
M0,4,a,,2026-11-25,,,,,,
M0,5,a,,,ill,,,,,
M0,6,a,,,,5,,,,
M0,7,a,,,,,some,,,
M0,8,a,,,,,,maybe,,
M0,9,a,,,,,,,gone,
M0,10,a,,,,,,,died,2026-11-25
M0,11,a,,,,,,,,
M0,11,b,,,,,,,,
CSV
    refuses members a.csv 2:household:unknown-household 3:household:missing 4:member:missing 5:id:bad-id \
        6:birth_on:contradiction 7:birth_on:bad-date 8:birth_on:after-today 9:health:bad-word \
        10:disability:bad-word 11:work_ability:bad-word 12:student:bad-word 13:status:bad-word \
        14:status_on:after-today 16:member:duplicate
}

@test "members: a day of birth that contradicts the number on record is a fault (3.7)" {
    household M1 2026-01-01 | load_households
    printf 'household,member,id\nM1,1,11010519491231002X\n' >"$T/a.csv"
    accepted members a.csv 1 0 0
    same 1949-12-31 "$(sql "SELECT date(birth_on * 86400, 'unixepoch') FROM member WHERE id IS NOT NULL AND household_id = (SELECT id FROM household WHERE household = 'M1')")"
    printf 'household,member,birth_on\nM1,1,1950-01-01\n' >"$T/b.csv"
    refuses members b.csv 2:birth_on:contradiction
    printf 'household,member,birth_on\nM1,1,1949-12-31\n' >"$T/c.csv"
    accepted members c.csv 0 0 1
}

@test "the same households and members twice: all unchanged, the audit's head the same (5)" {
    { household S1 2026-01-01; household S2 2025-01-31 2025-07-05; household S3 2020-02-29 "" annual; } | load_households
    file m.csv <<'CSV'
户号,成员号,姓名,身份证号,出生日期,健康状况,残疾等级,劳动能力,在校,成员状态,状态日期
S1,1,甲,11010519491231002X,,chronic,2,none,否,present,
S2,1,乙,,1990-05-05,healthy,none,full,no,present,
S2,2,丙,,2015-05-05,healthy,none,none,是,died,2026-03-01
CSV
    accepted members m.csv 3 0 0
    before=$(state)
    accepted households load.csv 0 0 3
    accepted members m.csv 0 0 3
    # One import more is on record, and it says that nothing changed.
    same "$(grep -v '^[0-9]*$' <<<"$before")" "$(state | grep -v '^[0-9]*$')"
}

@test "standards: under the poverty line, unknown district, year, twice (3.9)" {
    file a.csv <<'CSV'
district,year,dibao,poverty_line
500101,2026,5000.00,5000.01
500101001,2026,6000,5000
500101,26,6000,5000
500101,2026,6000,5000
500101,2026,6000,5000
500102,2026,,5000
CSV
    refuses standards a.csv 2:dibao:below-poverty-line 3:district:unknown-division 4:year:bad-number \
        6:year:duplicate 7:dibao:missing
    printf 'district,year,dibao,poverty_line\n500101,2026,6000,5000\n' >"$T/b.csv"
    accepted standards b.csv 1 0 0
    head=$(head_of)
    accepted standards b.csv 0 0 1
    same "$head" "$(head_of)"
    same '[{"dibao":"6000.00","district":"500101000000","poverty_line":"5000.00","year":2026}]' \
        "$(json standards list | jq -Sc .items)"
}

@test "calendar: a weekday as make-up day, bad words, a day twice by its own line (3.2, 5)" {
    file a.csv <<'CSV'
date,kind,name
2027-01-01,holiday,元旦
2027-01-04,workday,元旦
2027-02-30,holiday,x
2027-02-01,feast,x
2027-01-01,holiday,元旦
2027-01-02,holiday,元旦
CSV
    refuses calendar a.csv 3:kind:bad-word 4:date:bad-date 5:kind:bad-word 6:date:duplicate
    printf 'date,kind,name\n' >"$T/b.csv"
    refuses calendar b.csv 1:-:missing
}

@test "--skip-bad keeps the good ones; the bad ones can be mended and imported (5)" {
    printf '\xef\xbb\xbf户号,区划代码,户主,批准日期\r\nB1,500101001001,好,2026-01-01\r\nB2,500199,"坏, ""a""",2026-01-01\r\nB3,500101001001,好,2026-02-30\r\nB4,500101001002,好,2026-03-01\r\n' >"$T/a.csv"
    run -0 --separate-stderr json import households "$T/a.csv" --history complete --skip-bad "$T/bad.csv"
    same "4 2 0 0 2" "$(jq -r '"\(.rows) \(.added) \(.changed) \(.unchanged) \(.bad)"' <<<"$output")"
    same "3:division:unknown-division 4:approved_on:bad-date" \
        "$(jq -r '[.faults[] | "\(.line):\(.column):\(.reason)"] | join(" ")' <<<"$output")"
    same "2 3" "$(jq -r '[.faults[].written] | join(" ")' <<<"$output")"
    same 2026-04-01 "$(get B1 .nominal_due_on)"
    refused not-found household show B2
    # as they were, the mark in front and the reasons behind; a TAB keeps a code as it is in Excel
    same $'\xef\xbb\xbf户号,区划代码,户主,批准日期,退回原因
B2,500199,"坏, ""a""","2026-01-01\t",区划代码：没有“500199”这个区划
B3,"500101001001\t",好,"2026-02-30\t",批准日期：“2026-02-30”不是日期，应写作 2026-11-24' "$(tr -d '\r' <"$T/bad.csv")"
    # Unmended it comes back with the reasons of today, not with those of before as well.
    run -0 --separate-stderr json import households "$T/bad.csv" --skip-bad "$T/again.csv"
    diff "$T/bad.csv" "$T/again.csv"
    sed -i 's/500199/500101001001/; s/2026-02-30/2026-02-28/' "$T/bad.csv"
    accepted households bad.csv 2 0 0
    same '坏, "a"' "$(get B2 .head_name)"
}

@test "--skip-bad cannot help a broken heading (5)" {
    printf 'household,colour\nX,red\n' >"$T/a.csv"
    before=$(state)
    refused bad-rows import households "$T/a.csv" --history complete --skip-bad "$T/bad.csv"
    same "$before" "$(state)"
}

@test "more than 1,000 faults: data.more counts the rest (5)" {
    { echo household,division,approved_on; seq -f 'T%g,500101001001,never' 1234; } >"$T/a.csv"
    before=$(state)
    refused bad-rows import households "$T/a.csv" --history complete
    same "1000 234 2 1001" "$(jq -r '.error.data | "\(.faults | length) \(.more) \(.faults[0].line) \(.faults[-1].line)"' <<<"$output")"
    same "$before" "$(state)"
}

@test "conflicts: approval, last review, district, status, off the register (5, 3.5)" {
    household V1 2026-01-01 2026-03-20 quarterly active registered | load_households
    file a.csv <<'CSV'
household,division,approved_on,last_review_on,status,register
V1,500101001001,2026-01-02,,,
CSV
    refuses households a.csv 2:approved_on:conflict
    conflict() {
        printf 'household,division,approved_on,last_review_on,status,register\n%s\n' "$1" >"$T/b.csv"
        refuses households b.csv "2:$2:conflict"
    }
    conflict V1,500101001001,2026-01-01,2026-03-21,, last_review_on
    conflict V1,500102006001,2026-01-01,,, division
    conflict V1,500101001001,2026-01-01,,closed, status
    conflict V1,500101001001,2026-01-01,,suspended, status
    conflict V1,500101001001,,,,none register
    # The same days, a village of the same district and empty cells are none.
    printf 'household,division,approved_on,last_review_on,status,register\nV1,500101017001,2026-01-01,2026-03-20,active,\n' >"$T/c.csv"
    accepted households c.csv 0 1 0
    same "500101017000 registered" "$(get V1 '"\(.township) \(.register)"')"
    # The open task went along (3.10 move, section 5).
    same 500101017000 "$(json task show "$(task_of V1)" | jq -r .township)"
}

@test "conflicts: a day of approval for a household that has none (5)" {
    household V2 "" "" quarterly register-only registered | load_households
    printf 'household,division,approved_on\nV2,500101001001,2026-01-02\n' >"$T/a.csv"
    refuses households a.csv 2:approved_on:conflict
}

@test "closed and approved again later: a new admission with a cycle of its own (5)" {
    household R1 2024-01-01 "" quarterly closed | load_households
    same null "$(get R1 .due_on)"
    printf 'household,division,approved_on\nR1,500101001001,2023-12-31\n' >"$T/a.csv"
    refuses households a.csv 2:approved_on:conflict
    printf 'household,division,approved_on\nR1,500101001001,2026-09-01\n' >"$T/b.csv"
    accepted households b.csv 0 1 0
    same "active 2026-09-01 2026-12-01 null" "$(get R1 '"\(.status) \(.anchor_on) \(.nominal_due_on) \(.last_review_on)"')"
    same "household.add household.readmit task.open" "$(audit_of R1)"
}

@test "approved 2025-01-31, quarterly, reviewed 2025-07-05: next is 2025-07-31 (3.4 Import)" {
    household I1 2025-01-31 2025-07-05 | load_households
    same "2025-01-31 2025-07-31 2025-07-31 0" "$(get I1 '"\(.anchor_on) \(.nominal_due_on) \(.due_on) \(.missed_cycles)"')"
    # Its deadline is past: late at once.
    same late "$(json task show "$(task_of I1)" | jq -r .section)"
}

@test "no last review: the approval was the last, the oldest cycle is open, late at once (3.4 Import)" {
    household I2 2015-06-30 | load_households
    same "2015-09-30 2015-09-30 0" "$(get I2 '"\(.nominal_due_on) \(.due_on) \(.missed_cycles)"')"
    # Clamped from the 31st of the anchor itself; 29 February is 28 until a leap year.
    { household I3 2026-08-31; household I4 2024-02-29 2026-02-20 annual; household I5 2023-02-28 "" annual; } | load_households
    same 2026-11-30 "$(get I3 .nominal_due_on)"
    same 2027-02-28 "$(get I4 .nominal_due_on)"
    same 2024-02-28 "$(get I5 .nominal_due_on)"
}

@test "a last review that satisfies nothing restarts nothing (3.4 Import)" {
    # opens_on of 2025-04-30 is 2025-04-15: a review on the 14th satisfies no cycle, one on the 15th that one.
    { household I6 2025-01-31 2025-04-14; household I7 2025-01-31 2025-04-15; household I8 2025-01-31 2025-01-31; } | load_households
    same "2025-01-31 2025-04-30" "$(get I6 '"\(.anchor_on) \(.nominal_due_on)"')"
    same "2025-01-31 2025-07-31" "$(get I7 '"\(.anchor_on) \(.nominal_due_on)"')"
    same "2025-01-31 2025-04-30" "$(get I8 '"\(.anchor_on) \(.nominal_due_on)"')"
}

@test "no members and no tier: quarterly, and reported; members come: the derived tier follows (3.3)" {
    printf 'household,division,income_kind,approved_on\n' >"$T/h.csv"
    printf '%s,500101001001,%s,2026-11-01\n' D1 stable D2 stable D3 stable D4 variable D5 "" >>"$T/h.csv"
    accepted households h.csv 5 0 0
    same "quarterly default" "$(get D1 '"\(.tier) \(.tier_source)"')"
    same 2027-02-01 "$(get D1 .nominal_due_on)"
    file m.csv <<'CSV'
household,member,work_ability
D1,1,none
D1,2,none
D2,1,none
D2,2,partial
D3,1,none
D3,2,full
D4,1,none
D5,1,none
CSV
    accepted members m.csv 8 0 0
    same "annual derived 2027-11-01" "$(get D1 '"\(.tier) \(.tier_source) \(.nominal_due_on)"')"
    same "semi-annual derived 2027-05-01" "$(get D2 '"\(.tier) \(.tier_source) \(.nominal_due_on)"')"
    same "quarterly derived" "$(get D3 '"\(.tier) \(.tier_source)"')"
    same "quarterly derived" "$(get D4 '"\(.tier) \(.tier_source)"')"
    # An unknown fact matches no rule.
    same "quarterly default" "$(get D5 '"\(.tier) \(.tier_source)"')"
    # One that is dead or moved out no longer counts.
    printf 'household,member,status,status_on\nD3,2,moved-out,2026-11-20\n' >"$T/n.csv"
    accepted members n.csv 0 1 0
    same annual "$(get D3 .tier)"
}

@test "the derived tier follows the income too, when an import changes it (3.3)" {
    printf 'household,division,income_kind,approved_on\nD6,500101001001,stable,2026-11-01\n' >"$T/h.csv"
    accepted households h.csv 1 0 0
    printf 'household,member,work_ability\nD6,1,none\n' >"$T/m.csv"
    accepted members m.csv 1 0 0
    same annual "$(get D6 .tier)"
    sed -i 's/stable/variable/' "$T/h.csv"
    accepted households h.csv 0 1 0
    same "quarterly derived 2027-02-01" "$(get D6 '"\(.tier) \(.tier_source) \(.nominal_due_on)"')"
}

@test "a tier given by hand stays when members come; the last one gone changes no tier (3.3)" {
    { household D7 2026-11-01 "" semi-annual; } | load_households
    printf 'household,member,work_ability\nD7,1,full\n' >"$T/m.csv"
    accepted members m.csv 1 0 0
    same "semi-annual given" "$(get D7 '"\(.tier) \(.tier_source)"')"
    printf 'household,division,income_kind,approved_on\nD8,500101001001,stable,2026-11-01\n' >"$T/h.csv"
    accepted households h.csv 1 0 0
    printf 'household,member,work_ability\nD8,1,none\n' >"$T/m.csv"
    accepted members m.csv 1 0 0
    printf 'household,member,status,status_on\nD8,1,died,2026-11-20\n' >"$T/m.csv"
    accepted members m.csv 0 1 0
    same "annual derived" "$(get D8 '"\(.tier) \(.tier_source)"')"
}

@test "an accepted import that the store stopped half way is not written over by another (5, 6)" {
    sql "INSERT INTO import (kind, sha256, file, state, accepted_on, who, offset, line, rows, bad)
         VALUES ('households', '00', 'accepted.csv', 'applying', 20000, 'root', 0, 1, 1, 0)"
    echo kept >"$D/staging/accepted.csv"
    household BUSY 2026-01-01 >"$T/row"
    { echo household,division,head_name,status,tier,approved_on,last_review_on,register; cat "$T/row"; } >"$T/a.csv"
    refused busy import households "$T/a.csv" --history complete
    same kept "$(<"$D/staging/accepted.csv")"
    sql "DELETE FROM import WHERE state = 'applying'"
    accepted households a.csv 1 0 0
}

@test "after all of these verify finds nothing, and the chain holds (6)" {
    run -0 json verify
    same '[]' "$(jq -c .failures <<<"$output")"
    run -0 json audit verify
    same true "$(jq .ok <<<"$output")"
}
