#!/usr/bin/env bats
# The daily list as an office gets it (contract.md section 4): on paper, in a spreadsheet, for programs.

load ../lib/daemon
load ../lib/sheets

setup() {
    T=$BATS_TEST_TMPDIR
    daemon_new "$T/d"
}

teardown() { daemon_stop; }

# daily DIVISION DAY EXTENSION: the path of a list. DIVISION by its 12 digits.
daily() {
    case $1 in
    500101001000 | 500101017000) echo "$D/spool/500101000000/$1/new/$2-daily.$3" ;;
    *) echo "$D/spool/$1/new/$2-daily.$3" ;;
    esac
}

# ---- on paper ---------------------------------------------------------------------------------

LONG_VILLAGE=龙洞沟老屋场下河坝大院子与新田湾七里坪合并后的第一百二十三村村民委员会驻地
LONG_HEAD=阿卜杜热合曼·买买提吐尔逊江·伊不拉依木
LONG_CLAUSE='渝府办发〔2017〕30号 二(四)3，并按本县农村最低生活保障对象分类管理定期复核工作实施细则第十七条第二款第三项执行'

# crowd N: so many households of one township, each with long names, of all sections; the day is
# 2026-11-24.
crowd() {
    { cat "$DIVISIONS"; echo "500101001123,500101001000,village,$LONG_VILLAGE"; } >"$T/divisions.csv"
    sed -i "0,/渝府办发〔2017〕30号 二(四)3/s//$LONG_CLAUSE/" "$D/policy/2026-regular.conf"
    # Approved on 17, 24 August, 9 September 2026: late, due, new.
    awk -v n="$1" -v head="$LONG_HEAD" 'BEGIN {
        print "household,division,head_name,phone,status,tier,approved_on"
        split("2026-08-17 2026-08-27 2026-09-05", day, " ")
        for (i = 1; i <= n; i++)
            printf "渝万高笋塘民政低保字第%06d号-农村,500101001123,%s%d,023-5812%04d,active,quarterly,%s\n",
                i, head, i, i, day[i % 3 + 1]
    }' >"$T/households.csv"
    daemon_start "2026-11-24 07:00"
    ctl import divisions "$T/divisions.csv" >/dev/null
    ctl import households "$T/households.csv" --history complete >/dev/null
    ctl run >/dev/null
}

# Each page A4 and numbered, with the headings of a table; PAGES of them.
pages_are_whole() {
    local pages
    pages=$(pdfinfo "$1" | sed -n 's/^Pages: *//p')
    same "$pages" "$(pdfinfo -f 1 -l 9999 "$1" | grep -cE 'size: +841\.[0-9]+ x 59[45]\.[0-9]+ pts \(A4\)')"
    pdftotext -layout "$1" "$T/layout"
    awk -v pages="$pages" '
    function all(words, word, i, k) {
        k = split(words, word, " ")
        for (i = 1; i <= k; i++)
            if (index($0, word[i]) == 0) return 0
        return 1
    }
    BEGIN { RS = "\f" } NF {
        n++
        gsub(/[ \n]+/, " ")
        if (!all("序号 任务号 户号 户主 电话 村 周期 类别 事由 应核日 期限 依据 剩余 受保护") &&
            !all("事项 任务号 户号 户主 内容 日期") && !all("乡镇 未办 其中逾期 本月办结 其中按期 按期率")) {
            print "page " n " has no headings: " $0; bad = 1
        }
        if (index($0, "第 " n " 页，共 " pages " 页") == 0) { print "page " n " is not numbered: " $0; bad = 1 }
    } END { if (n != pages) { print n " pages of " pages; bad = 1 } exit bad }' "$T/layout"
    PAGES=$pages
}

# Every word lies within the margins, and none on another: what does not fit would. The box of a word
# is that of its font, higher than the glyphs of any line, which stand in a third of it; and half a
# punctuation mark may lie on the next.
nothing_is_cut() {
    pdftotext -bbox "$1" "$T/bbox"
    awk -F'"' '/<page / { n = 0; page++ }
        /<word / {
            x = $2; X = $6; h = $8 - $4; y = $4 + 0.25 * h; Y = $4 + 0.58 * h
            if (x < 27 || X > 815 || y < 27 || Y > 581) { print "page " page ", over the margin: " $0; bad = 1 }
            for (i = 0; i < n; i++)
                if (x < right[i] - 5 && X > left[i] + 5 && y < low[i] - 1 && Y > top[i] + 1) {
                    print "page " page ", on one another: " $0 "\n" word[i]; bad = 1; exit
                }
            left[n] = x; top[n] = y; right[n] = X; low[n] = Y; word[n++] = $0
        }
        END { exit bad || page == 0 }' "$T/bbox"
}

@test "printed by Chromium at 1, 30 and 500 households: headings and numbers on each page, no text cut (4)" {
    for n in 1 30 500; do
        daemon_new "$T/$n"
        crowd $n
        page=$(daily 500101001000 2026-11-24 html)
        print_pdf "$page" "$T/$n.pdf"
        pages_are_whole "$T/$n.pdf"
        nothing_is_cut "$T/$n.pdf"
        [ $n -ne 1 ] || same 1 "$PAGES"
        # In the order in which it was painted, cell by cell: each text is there in one piece.
        pdftotext -raw "$T/$n.pdf" - | tr -d ' \n\f' >"$T/raw"
        jq -r '.sections | (.late + .due + .new)[] | "\(.household)\(.head_name)\(.phone)\(.village)"' \
            "$(daily 500101001000 2026-11-24 json)" >"$T/rows"
        same "$n" "$(wc -l <"$T/rows")"
        while read -r row; do
            grep -qF -- "$row" "$T/raw" || { echo "not on the page: $row"; return 1; }
        done <"$T/rows"
        same "$n" "$(grep -oF "${LONG_CLAUSE// /}" "$T/raw" | wc -l)"
        grep -qF "校验码：$(jq -r .audit_head "$(daily 500101001000 2026-11-24 json)")" "$T/raw"
        daemon_stop
    done
    # Rows are counted through.
    grep -qF "$(jq -r '.sections.new[-1] | "500\(.task)\(.household)"' "$(daily 500101001000 2026-11-24 json)")" "$T/raw"
}

@test "a district's page and one with many changes print whole too (3.2, 4)" {
    rm "$D"/calendar/2026.csv
    daemon_start "2026-09-16 07:00"
    load_divisions
    for i in {1..60}; do household "H-$i" 2026-07-01; done | load_households
    ctl run >/dev/null
    ctl import calendar "$BATS_TEST_DIRNAME/../../conf/calendar/2026.csv" >/dev/null
    ctl clock set "2026-09-17 08:00" >/dev/null
    json_file=$(daily 500101001000 2026-09-17 json)
    same 60 "$(jq '[.changes[] | select(.kind == "deadline-moved" and (.text | startswith("期限由 2026-10-01 改为 2026-10-08")))] | length' "$json_file")"
    print_pdf "$(daily 500101001000 2026-09-17 html)" "$T/changes.pdf"
    pages_are_whole "$T/changes.pdf"
    nothing_is_cut "$T/changes.pdf"
    [ "$PAGES" -gt 2 ]
    print_pdf "$(daily 500101000000 2026-09-17 html)" "$T/district.pdf"
    pages_are_whole "$T/district.pdf"
    nothing_is_cut "$T/district.pdf"
    # Each household has a review and its place on the year's roll.
    pdftotext -layout "$T/district.pdf" - | grep -E '高笋塘街道 +120 +0 +0 +0 +—'
}

# ---- in a spreadsheet -------------------------------------------------------------------------

@test "LibreOffice opens the CSV with its Chinese intact and its codes as text, and saves it in both character sets (4)" {
    daemon_start "2026-11-24 07:00"
    load_divisions
    { echo household,division,head_name,phone,status,tier,approved_on
      echo 500101001001,500101001001,冉启明,13800138000,active,quarterly,2026-08-17
      echo 007,500101001001,𠮷田·一,02358123456,active,quarterly,2026-08-17
      echo 3-12,500101001002,"=1+1",+8613800138000,active,quarterly,2026-08-17
      echo 12E5,500101001002,'"张,三"',023-58123456,active,quarterly,2026-08-17
      echo H-5,500101001002,李四,,active,annual,2025-12-01; } >"$T/h.csv"
    ctl import households "$T/h.csv" --history complete >/dev/null
    ctl run >/dev/null
    list=$(daily 500101001000 2026-11-24 csv)
    same 5 "$(($(wc -l <"$list") - 1))"
    sheet_types "$list" >"$T/types"
    # 户号 (B) and 电话 (E) are texts, whatever they look like; task numbers and days are not.
    same 5 "$(grep -cE '^B[2-6] s$' "$T/types")"
    same 4 "$(grep -cE '^E[2-6] s$' "$T/types")"
    same 5 "$(grep -cE '^A[2-6] n$' "$T/types")"
    same 10 "$(grep -cE '^[IJ][2-6] n$' "$T/types")"
    run -0 sheet_text "$list"
    grep -qF $'"500101001001\t"' <<<"$output"
    grep -qF $'"007\t"' <<<"$output"
    grep -qF $'"3-12\t"' <<<"$output"
    grep -qF $'"12E5\t"' <<<"$output"
    grep -qF $'"02358123456\t"' <<<"$output"
    grep -qF "\"'=1+1\"" <<<"$output"
    # Saved again, both ways: the same cells, in order.
    plain() { sed 's/^\xEF\xBB\xBF//; s/\r$//; s/"//g'; }
    plain <"$list" >"$T/was"
    sheet_save "$list" "$T/utf8.csv" utf-8
    diff "$T/was" <(plain <"$T/utf8.csv")
    sheet_save "$list" "$T/gb.csv" gb18030
    ! iconv -f utf-8 -t utf-8 "$T/gb.csv" >/dev/null 2>&1 || false
    diff "$T/was" <(iconv -f gb18030 -t utf-8 "$T/gb.csv" | plain)
}

# ---- for programs -----------------------------------------------------------------------------

@test "a household that moves, a death, a correction: each office is told on its next list, once (4)" {
    daemon_start "2018-06-19 07:00"
    load_divisions
    { household A 2018-03-20 "" quarterly active registered; household B 2018-01-10 "" annual; } | load_households
    printf '%s\n' household,member,name,birth_on,work_ability A,1,田桂兰,1944-05-06,none A,2,田德福,1941-02-03,none \
        >"$T/m.csv"
    ctl import members "$T/m.csv" >/dev/null
    ctl run >/dev/null
    ctl report A death --member 2 --source 村委会 >/dev/null
    ctl report A illness --member 1 --source 村委会 >/dev/null
    ctl household move B 500101017001 >/dev/null
    ctl household tier B semi-annual --reason 核实 >/dev/null
    ctl correct B --reason 录入有误 >/dev/null
    ctl clock set "2018-06-20 08:00" >/dev/null
    here=$(daily 500101001000 2018-06-20 json) there=$(daily 500101017000 2018-06-20 json)
    same "触发复核 家庭情况变化：死亡、患病 true 不得终止、停发、注销" "$(jq -r \
        '[.sections[][]] | map(select(.kind == "triggered-review"))[0] | "触发复核 \(.cause) \(.protected) \(.protected_forbids)"' "$here")"
    jq -e '.protection | contains("受连续保障（渝府办发〔2017〕30号 二(四)3）：不得终止、停发、注销，除非")' "$here"
    same "moved-away B 户主B 由高笋塘街道东方广场社区居民委员会迁往太白街道青羊宫社区居民委员会，未办任务随户转出" \
        "$(jq -r '.changes[] | "\(.kind) \(.household) \(.head_name) \(.text)"' "$here")"
    # Nothing is open where B went to: what it was told makes it a list.
    same "moved-in B 户主B
corrected B 户主B" "$(jq -r '.changes[] | "\(.kind) \(.household) \(.head_name)"' "$there")"
    grep -q '已撤销一项登记（复核周期调整），原因：录入有误' "$(daily 500101017000 2018-06-20 html)"
    grep -q ',触发复核,家庭情况变化：死亡、患病,' "$(daily 500101001000 2018-06-20 csv)"
    ctl clock set "2018-06-21 08:00" >/dev/null
    same 0 "$(jq '.changes | length' "$(daily 500101001000 2018-06-21 json)")"
}

@test "3.5: the announcement stands on the lists of township and district, with its households" {
    daemon_start "2025-10-31 07:00"
    load_divisions
    { household A 2024-11-10 "" annual active registered; household X 2024-11-10 "" annual active exited; } | load_households
    ctl run >/dev/null
    ctl clock set "2025-11-03 08:00" >/dev/null # 1 November is a Saturday
    for division in 500101001000 500101000000; do
        same 'protection-ends ["A","X"]' "$(jq -r '.changes[] | select(.kind == "protection-ends") | "\(.kind) \(.households | tojson)"' \
            "$(daily $division 2025-11-03 json)")"
        grep -q '到期后不再受保障的共 2 户' "$(daily $division 2025-11-03 html)"
    done
}

@test "3.6: the steps of the register's year come on the lists, each once" {
    daemon_start "2026-08-31 07:00"
    load_divisions
    { household A 2026-05-20 "" semi-annual active registered; household B 2026-06-01 "" quarterly; } | load_households
    ctl run >/dev/null
    ctl clock set "2027-01-04 08:00" >/dev/null
    steps() {
        local f
        for f in "$D"/spool/500101000000/500101001000/new/*.json; do
            jq -r '.date as $d | .changes[] | select(.kind == "register-step") | "\($d) \(.text)"' "$f"
        done
    }
    same "2026-09-01 2026年度动态核查开始：入户核查至 2026-10-31，乡镇 2026-11-16 前办结，县级至 2026-11-30，2026-12-31 截止；决定公示 7 日后生效；本单位任务 2 件
2026-10-26 2026年度动态核查：入户核查将于 2026-10-31 截止；未作决定 2 件
2026-11-02 2026年度动态核查：入户核查已于 2026-10-31 截止；未作决定 2 件
2026-11-09 2026年度动态核查：乡镇环节将于 2026-11-16 截止；未作决定 2 件
2026-11-16 2026年度动态核查：乡镇环节今日（2026-11-16）截止；未作决定 2 件
2026-11-23 2026年度动态核查：县级环节将于 2026-11-30 截止；未作决定 2 件
2026-11-30 2026年度动态核查：县级环节今日（2026-11-30）截止；未作决定 2 件
2026-12-24 2026年度动态核查：本年度将于 2026-12-31 截止；未作决定 2 件
2026-12-31 2026年度动态核查：本年度今日（2026-12-31）截止；未作决定 2 件" "$(steps)"
    same "2026年度动态核查截止时仍有 2 件未作决定，仍须补办，请督促" \
        "$(jq -r '.changes[] | select(.text | contains("仍须补办")) | .text' "$(daily 500101000000 2026-12-31 json)")"
}

@test "districts and the city have a list on each working day on which a township has anything open, and its table (4)" {
    daemon_start "2026-11-23 07:00"
    load_divisions
    { household LATE 2026-08-17; household IN 2026-08-27; household OPEN 2026-09-05; } | load_households
    # 涪陵区 has nothing: no list. Nor has a day off.
    ctl clock set "2026-11-29 08:00" >/dev/null
    ls "$D/spool"/*/new/ | sort -u | grep json | tr '\n' ' ' >"$T/days"
    same "2026-11-23-daily.json 2026-11-24-daily.json 2026-11-25-daily.json 2026-11-26-daily.json 2026-11-27-daily.json " "$(<"$T/days")"
    [ ! -e "$D/spool/500102000000" ]
    ctl review "$(task_of LATE)" --outcome continue >/dev/null
    ctl review "$(task_of IN)" --outcome continue --on 2026-11-27 >/dev/null
    ctl clock set "2026-11-30 08:00" >/dev/null
    same '[{"division":"500101001000","done":2,"late":0,"name":"高笋塘街道","on_time":1,"on_time_percent":50,"open":1}]' \
        "$(jq -c .offices "$(daily 500101000000 2026-11-30 json)")"
    same '[{"division":"500101000000","done":2,"late":0,"name":"万州区","on_time":1,"on_time_percent":50,"open":1}]' \
        "$(jq -c .offices "$(daily 500000000000 2026-11-30 json)")"
    grep -q '<td class="r n">50%</td>' "$(daily 500101000000 2026-11-30 html)"
    # A new month.
    ctl clock set "2026-12-01 08:00" >/dev/null
    same '[0,null]' "$(jq -c '.offices[0] | [.done, .on_time_percent]' "$(daily 500101000000 2026-12-01 json)")"
    # Nothing is open any more: no list for anybody.
    ctl review "$(task_of OPEN)" --outcome continue >/dev/null
    ctl clock set "2026-12-02 08:00" >/dev/null
    [ ! -e "$(daily 500101000000 2026-12-02 json)" ]
    [ ! -e "$(daily 500000000000 2026-12-02 json)" ]
}
