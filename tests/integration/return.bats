#!/usr/bin/env bats
# Filled lists come back (contract.md section 4, Returns; issue 6.2): by the folder and by the command, half
# written, twice, from another township, killed midway, refused by the rules, and with tricks in the folder.

load ../lib/daemon
load ../lib/sheets

DISTRICT_RETURN=spool/500101000000/return
OWN=spool/500101000000/500101001000/return
OTHER=spool/500101000000/500101017000/return

# house [DAY]: a daemon on that day, with four households of one township and one of another, each
# with an open task, and the day's lists.
house() {
    daemon_new "${ROOM:-$BATS_TEST_TMPDIR}/d"
    daemon_start "${1:-2026-11-24} 07:00"
    load_divisions
    {
        household A 2026-08-25
        household B 2026-08-26
        household C 2026-08-24 "" "" active registered
        household D 2026-02-10
        household Z 2026-08-25 | sed 's/500101001001/500101017001/'
    } | load_households
    ctl run >/dev/null
    for h in A B C D Z; do declare -g "T$h=$(task_of $h)"; done
}

teardown() {
    daemon_stop
    [ -z "${ROOM:-}" ] || rm -rf "$ROOM"
}

H='任务号,户号,户主,村,电话,类别,事由,依据,应核日,期限,栏目,受保护,结果,理由,日期,备注'

# row TASK OUTCOME [GROUND] [DAY] [REMARK] [HOUSEHOLD]
row() { printf '%s,%s,,,,,,,,,,,%s,%s,%s,%s\r\n' "$1" "${6:-}" "$2" "${3:-}" "${4:-}" "${5:-}"; }
# <rows >list
list() { printf '\xef\xbb\xbf%s\r\n' "$H"; cat; }
# put FOLDER NAME <content: as an office's copy does, written and closed; waits until it is in done/.
put() {
    cat >"$D/$1/$2"
    wait_for test -f "$D/$1/done/${3:-$2}"
}
# what the rejected file says of its rows: "TASK reason", one a line
back() { tail -n +2 "$D/$1" | tr -d '\r' | awk -F, '{ print $1 " " $NF }'; }
state_of() { sql "SELECT state || coalesce(' ' || outcome, '') FROM task WHERE task = $1"; }
reviews() { sql "SELECT count(*) FROM review"; }
# the counts of the last `return` in the audit
last_return() { json audit --all | jq -sc '[.[].items[] | select(.action == "return")] | last | .after | [.rows, .recorded, .unchanged, .empty, .rejected]'; }

@test "a filled list in the folder: what is filled is recorded, the file moves to done/, nothing comes back" {
    house
    f=$(ls "$D"/spool/500101000000/500101001000/new/*.csv)
    sed -E "s/^($TA,.*),,,,(\r?)$/\1,继续,,2026年11月20日,家访\2/; s/^($TB,.*),,,,(\r?)$/\1,延期,,2026\/12\/4,外出务工\2/" "$f" >"$BATS_TEST_TMPDIR/list.csv"
    put $OWN 2026-11-24-daily.csv <"$BATS_TEST_TMPDIR/list.csv"
    same "done continue" "$(state_of "$TA")"
    same 2026-12-04 "$(json task show "$TB" | field due_on)"
    same 2 "$(reviews)"
    same "" "$(ls "$D/$OWN" | grep -v '^done$' || true)"
    same '[4,2,0,2,0]' "$(last_return)"
    # Who did it is the owner of the file; what each row did is in the audit as by `review`.
    same "$(id -un)" "$(json audit --household A | jq -r '[.items[] | select(.action == "review")][0].who')"
    same '{"on":"2026-11-20","remark":"家访"}' "$(json task show "$TA" | jq -c '.reviews[0] | {on, remark}')"
    ctl verify
}

@test "the same file twice changes nothing; the same name again gets another in done/" {
    house
    { row "$TA" 继续 "" 2026-11-20; row "$TC" 保留; row "$TD" 继续; } | list >"$BATS_TEST_TMPDIR/x.csv"
    put $OWN x.csv <"$BATS_TEST_TMPDIR/x.csv"
    rejected=$(<"$D/$OWN/x.rejected.csv")
    before=$(sql "SELECT * FROM task; SELECT * FROM review; SELECT * FROM cycle; SELECT * FROM household")
    put $OWN x.csv x-2.csv <"$BATS_TEST_TMPDIR/x.csv"
    same '[3,0,2,0,1]' "$(last_return)"
    same "$before" "$(sql "SELECT * FROM task; SELECT * FROM review; SELECT * FROM cycle; SELECT * FROM household")"
    same "$rejected" "$(<"$D/$OWN/x.rejected.csv")"
    # On another day an empty 日期 still agrees with what it stood for.
    ctl clock set "2026-11-25 09:00" >/dev/null
    put $OWN x.csv x-3.csv <"$BATS_TEST_TMPDIR/x.csv"
    same '[3,0,2,0,1]' "$(last_return)"
}

@test "rows that cannot be recorded come back with the reason in Chinese; corrected, nothing lies there any more" {
    house
    {
        row "$TA" 继续 "" 2026-11-25
        row "$TB" 同意
        row "$TC" 终止
        row "$TD" 延期 "" 2026-12-04 外出
        row 999 继续
        row 12x 继续
        row "$TA" 继续 "" 昨天
        row "$TA" 继续 "" "" "" D
        row "" 继续
        row "$TA" 继续 "" "" "" 无此户
        row "$TA" 继续 | sed 's/,,/,A,李四/'
        row "$TB" "" "" "" 家访
        row "$TB" "" "" 2026-11-23
        row "$TB" "" 情况属实
        row "$TB" ""
    } | list | put $OWN 清单.csv
    same 0 "$(reviews)"
    diff - <(back $OWN/清单.rejected.csv) <<END
$TA 复核日期2026-11-25晚于今天（2026-11-24），请填实际复核的日期
$TB 结果“同意”无法识别，应填：继续、调整、终止、延期；建档立卡任务填：保留、退出、返贫、纳入、申请低保、不符合
$TC 终止须在“理由”中填写：全员死亡或迁出、人员变动、收入明显超标、财产明显超标、收入超标、财产超标、转特困供养、自愿放弃、骗取低保、其他
$TD 期限$(json task show "$TD" | field due_on)已过，不能延期，请尽快复核（依据：本地规定）
999 本单位没有任务号为999的任务，请核对任务号
12x 任务号“12x”无法识别，请照清单原样填写数字
$TA 日期“昨天”无法识别或没有这一天，请按 2026-11-24 的形式填写
$TA 户号“D”与任务号${TA}不是同一户，可能错行，请核对
 没有填任务号，无法登记
$TA 户号“无此户”与任务号${TA}不是同一户，可能错行，请核对
$TA 户主“李四”与任务号${TA}的户主不符，可能错行，请核对
$TB 结果未填
$TB 结果未填
$TB 结果未填
END
    same '[15,0,0,1,14]' "$(last_return)"
    same "$H,退回原因" "$(head -1 "$D/$OWN/清单.rejected.csv" | tr -d '\r' | sed 's/^\xef\xbb\xbf//')"
    # The rejected file corrected and put back under another name.
    sed -E 's/2026-11-25/2026-11-24/; 3,$d' "$D/$OWN/清单.rejected.csv" | put $OWN 更正.csv
    same "done continue" "$(state_of "$TA")"
    row "$TB" 继续 | list | put $OWN 清单.csv 清单-2.csv
    [ ! -e "$D/$OWN/清单.rejected.csv" ]
}

@test "one that differs on a done task comes back with who did it and when" {
    house
    row "$TA" 继续 "" 2026-11-23 无变化 | list | put $OWN 1.csv
    { row "$TA" 调整 "" 2026-11-23; row "$TA" 继续 "" 2026-11-22; row "$TA" 继续 "" 2026-11-23; row "$TA" continue "" 20261123 无变化; } |
        list | put $OWN 2.csv
    same '[4,0,2,0,2]' "$(last_return)"
    why="任务$TA已办结：$(id -un)于2026-11-24 07:00登记为“继续”，办理日期2026-11-23；本行与之不同，未采用"
    same "$TA $why"$'\n'"$TA $why" "$(back $OWN/2.rejected.csv)"
}

@test "a file from one township that names another's household: that row is refused as unknown, and audited" {
    house
    { row "$TZ" 继续; row "$TA" 继续; } | list | put $OWN x.csv
    same "open" "$(state_of "$TZ")"
    same "done continue" "$(state_of "$TA")"
    same "$TZ 本单位没有任务号为${TZ}的任务，请核对任务号" "$(back $OWN/x.rejected.csv)"
    same "{\"division\":\"500101001000\",\"file\":\"x.csv\",\"line\":2,\"others\":1,\"task\":$TZ,\"township\":\"500101017000\"}" \
        "$(json audit --household Z | jq -c '.items[] | select(.action == "return-refused").after')"
    grep -q "event=return-refused task=$TZ household=Z township=500101017000 who=$(id -un)" "$D/log"
    # The district returns for its townships.
    { row "$TZ" 继续; row "$TB" 继续; } | list | put $DISTRICT_RETURN x.csv
    same "done continue done continue" "$(state_of "$TZ") $(state_of "$TB")"
}

@test "GB18030, semicolons, tabs, columns in another order, full-width digits" {
    house
    row "$TA" 继续 "" ２０２６．１１．２０ | list | sed 's/^\xef\xbb\xbf//' | iconv -t GB18030 | put $OWN 1.csv
    printf '备注;结果;任务号;别的\n"好;的";继续;%s;x\n' "$TB" | put $OWN 2.csv
    printf '结果\t任务号\t理由\t日期\r\n保留\t%s\t\t\r\n' "$TD" | put $OWN 3.txt
    printf '任务号\t结果\n%s.0\t继 续\n' "$TD" | put $OWN 4.csv
    same "done continue done continue done continue" "$(state_of "$TA") $(state_of "$TB") $(state_of "$TD")"
    same '好;的' "$(json task show "$TB" | jq -r '.reviews[0].remark')"
    same "$TD 任务$TD是复核任务，结果应填“继续”“调整”“终止”或“延期”" "$(back $OWN/3.txt.rejected.csv)"
}

@test "a half-written file is waited for" {
    house
    exec 5>"$D/$OWN/half.csv"
    { row "$TA" 继续; row "$TB" 继续 | head -c 5; } | list >&5
    # What comes meanwhile is taken; the half one is not touched.
    row "$TD" 继续 | list | put $OWN whole.csv
    same "open" "$(state_of "$TA")"
    [ -f "$D/$OWN/half.csv" ] && [ ! -e "$D/$OWN/half.rejected.csv" ] || false
    row "$TB" 继续 | tail -c +6 >&5
    exec 5>&-
    wait_for test -f "$D/$OWN/done/half.csv"
    same "done continue done continue" "$(state_of "$TA") $(state_of "$TB")"
    # An empty file is one whose content is still to come; names that nobody gave a list are let alone.
    touch "$D/$OWN/empty.csv"
    for name in '~$x.xlsx' '.~lock.x.csv#' x.csv.tmp x.csv.part .x.csv x.rejected.csv; do
        row "$TC" 继续 | list >"$D/$OWN/$name"
    done
    row "$TD" 调整 | list | put $OWN last.csv
    same "open" "$(state_of "$TC")"
    [ -f "$D/$OWN/empty.csv" ] && [ -f "$D/$OWN/x.csv.part" ] || false
    row "$TC" 继续 | list | put $OWN empty.csv
    same "done continue" "$(state_of "$TC")"
}

@test "what lay there before the start is found; moved in counts like written" {
    house
    daemon_stop
    row "$TA" 继续 | list >"$D/$OWN/a.csv"
    row "$TZ" 继续 | list >"$D/$OTHER/z.csv"
    row "$TB" 继续 | list >"$D/$OWN/.taken-b.csv"
    daemon_start "2026-11-24 08:00"
    wait_for test -f "$D/$OWN/done/a.csv"
    wait_for test -f "$D/$OTHER/done/z.csv"
    wait_for test -f "$D/$OWN/done/b.csv"
    same 3 "$(reviews)"
    row "$TC" 继续 | list >"$BATS_TEST_TMPDIR/c.csv"
    mv "$BATS_TEST_TMPDIR/c.csv" "$D/$OWN/c.csv"
    wait_for test -f "$D/$OWN/done/c.csv"
    same 4 "$(reviews)"
}

@test "kill -9 at each point: no row lost, none twice, the file filed once" {
    daemon_new "$BATS_TEST_TMPDIR/d"
    daemon_start "2026-11-24 07:00"
    load_divisions
    for ((i = 1; i <= 900; i++)); do household "K$i" 2026-08-25; done | load_households
    ctl run >/dev/null
    daemon_stop
    local n=0 from=0
    for point in return-slice return-recorded return-rejected return-taken return-filed; do
        # A file of more than one slice, to be killed between two.
        rows=$([ $point = return-slice ] && echo 600 || echo 70)
        sql "SELECT task FROM task WHERE state = 'open' ORDER BY task LIMIT $rows" |
            while read -r t; do row "$t" 继续 "" 2026-11-23; done >"$D/rows"
        { cat "$D/rows"; row 99999 继续; } | list >"$D/$OWN/k.csv"
        REVIEWD_CRASH_AT=$point timeout 120 "$B/reviewd" -f "$D/reviewd.conf" --manual-clock "2026-11-24 07:00" \
            2>>"$D/log" >/dev/null 3>&- &
        status=0
        wait $! || status=$?
        same "$point 137" "$point $status"
        daemon_start "2026-11-24 07:30"
        n=$((n + 1)) from=$((from + rows))
        wait_for test -f "$D/$OWN/done/k$( ((n == 1)) || echo "-$n").csv"
        # Whatever the kill left is done with, too.
        row 99998 继续 | list | put $OWN after-$point.csv
        same "$point $from" "$point $(reviews)"
        same "$point $n" "$point $(ls "$D/$OWN/done" | grep -c '^k')"
        same "$point 99999 本单位没有任务号为99999的任务，请核对任务号" "$point $(back $OWN/k.rejected.csv)"
        same "" "$(ls -A "$D/$OWN" | grep '^[.]' || true)"
        ctl verify >/dev/null
        daemon_stop
    done
}

@test "what the continuity rule refuses comes back with the clause and what would allow it; one hold, though it comes twice" {
    daemon_new "$BATS_TEST_TMPDIR/d"
    daemon_start "2018-11-20 07:00"
    load_divisions
    household P 2018-08-25 "" "" active registered | load_households
    ctl run >/dev/null
    P=$(task_of P)
    row "$P" 终止 收入超标 "" 有车 | list | put $OWN x.csv
    row "$P" 终止 收入超标 "" 有车 | list | put $OWN x.csv x-2.csv
    same "open" "$(state_of "$P")"
    why=$(back $OWN/x.rejected.csv)
    [[ $why == "$P 该户是建档立卡户，低保受连续保障保护，不得终止；只有下列情形且有记录为证方可终止：全员死亡或迁出（"*"（依据：渝府办发〔2017〕30号 二(四)3）" ]] || same x "$why"
    [[ $why != *[a-z][a-z]* ]] || same "no English" "$why"
    same 1 "$(json protection holds | jq '.items | length')"
}

@test "register decisions and a postponement" {
    daemon_new "$BATS_TEST_TMPDIR/d"
    daemon_start "2026-08-30 07:00"
    load_divisions
    { household R 2026-06-15 "" annual active registered; household N 2026-06-15 "" annual; household X 2026-06-15 "" annual active exited; } | load_households
    ctl clock set "2026-09-01 08:00" >/dev/null
    task() { sql "SELECT task FROM task_view WHERE household = '$1' AND kind = '$2'"; }
    R=$(task R register-adjustment) N=$(task N register-candidate) X=$(task X register-candidate)
    { row "$R" 退出 "" "" 收入稳定; row "$N" 返贫; row "$X" 返贫; row "$R" 继续; } | list | put $OWN x.csv
    same "done exit" "$(state_of "$R")"
    same "done return" "$(state_of "$X")"
    same "open" "$(state_of "$N")"
    diff - <(back $OWN/x.rejected.csv) <<END
$N “返贫”不适用：该户建档立卡状态为“未建档立卡”，本任务（建档立卡纳入）结果应填：纳入、不符合
$R 任务$R已办结：$(id -un)于2026-09-01 08:00登记为“退出”，办理日期2026-09-01；本行与之不同，未采用
END
    same 收入稳定 "$(sql "SELECT remark FROM decision WHERE task = $R")"
}

@test "a postponement: to a working day, with a reason, once" {
    house
    { row "$TA" 延期 "" 2026-12-05 外出; row "$TB" 延期 "" 2026-12-04; row "$TC" 延期 外出务工 2026-12-04; row "$TC" 延期 外出务工 2026-12-07; } | list | put $OWN x.csv
    diff - <(back $OWN/x.rejected.csv) <<END
$TA 新期限2026-12-05不是工作日（周末），请改为工作日（依据：本地规定）
$TB 延期须在“备注”中说明原因（依据：本地规定）
$TC 该任务已延期一次，不能再次延期（依据：本地规定）
END
    same 2026-12-04 "$(json task show "$TC" | field due_on)"
    # Postponed and then done: both rows of the past agree with what is recorded.
    row "$TC" 继续 | list | put $OWN y.csv
    { row "$TC" 延期 外出务工 2026-12-04; row "$TC" 继续; } | list | put $OWN z.csv
    same '[2,0,2,0,0]' "$(last_return)"
}

@test "tricks in the folder: links, pipes, folders, a second name; nothing of them is read" {
    house
    row "$TA" 继续 | list >"$BATS_TEST_TMPDIR/secret.csv"
    ln -s "$BATS_TEST_TMPDIR/secret.csv" "$D/$OWN/link.csv"
    mkfifo "$D/$OWN/pipe.csv"
    mkdir "$D/$OWN/folder.csv"
    ln "$BATS_TEST_TMPDIR/secret.csv" "$D/$OWN/hard.csv"
    mkdir "$BATS_TEST_TMPDIR/elsewhere"
    row "$TB" 继续 | list >"$BATS_TEST_TMPDIR/elsewhere/x.csv"
    rm -r "$D/spool/500101000000/500101017000/return"
    ln -s "$BATS_TEST_TMPDIR/elsewhere" "$D/spool/500101000000/500101017000/return"
    daemon_stop
    daemon_start "2026-11-24 08:00"
    for name in link pipe hard; do wait_for test -e "$D/$OWN/done/$name.csv" -o -L "$D/$OWN/done/$name.csv" -o -p "$D/$OWN/done/$name.csv"; done
    same 0 "$(reviews)"
    grep -q '不是普通文件' "$D/$OWN/link.rejected.csv"
    grep -q '不是普通文件' "$D/$OWN/pipe.rejected.csv"
    grep -q '另有硬链接' "$D/$OWN/hard.rejected.csv"
    [ -d "$D/$OWN/folder.csv" ]
    [ -f "$BATS_TEST_TMPDIR/elsewhere/x.csv" ] && [ -f "$BATS_TEST_TMPDIR/secret.csv" ] || false
    # A rejected file that a link stands for: the link gives way, what it points to stays.
    echo keep >"$BATS_TEST_TMPDIR/victim"
    ln -s "$BATS_TEST_TMPDIR/victim" "$D/$OWN/v.rejected.csv"
    row 999 继续 | list | put $OWN v.csv
    same keep "$(<"$BATS_TEST_TMPDIR/victim")"
    [ ! -L "$D/$OWN/v.rejected.csv" ]
}

@test "what is no CSV comes back whole, with what to do" {
    house
    printf 'PK\x03\x04rest' | put $OWN a.xlsx
    printf 'PK\x03\x04rest' | put $OWN b.csv
    row "$TA" 继续 | list | iconv -t UTF-16 | put $OWN c.csv
    printf '姓名,金额\n甲,1\n' | put $OWN d.csv
    printf '任务号,结果\n%s,\xff\n' "$TA" | put $OWN e.csv
    { row "$TA" 继续; printf '%s,"没有完\n' "$TB"; row "$TD" 继续; } | list | put $OWN f.csv
    head -c 17000000 /dev/zero | put $OWN g.csv
    same "done continue open open" "$(state_of "$TA") $(state_of "$TB") $(state_of "$TD")"
    grep -q '整份文件退回，未登记任何一行：只接收 CSV 文件' "$D/$OWN/a.xlsx.rejected.csv"
    grep -q '这是Excel 工作簿（xlsx）或压缩包，不是 CSV' "$D/$OWN/b.rejected.csv"
    grep -q 'UTF-16' "$D/$OWN/c.rejected.csv"
    grep -q '首行不是清单的表头' "$D/$OWN/d.rejected.csv"
    grep -q '第2行起文字编码无法识别' "$D/$OWN/e.rejected.csv"
    grep -q '引号不成对，从本行起其后各行无法识别' "$D/$OWN/f.rejected.csv"
    grep -q '文件超过16MB' "$D/$OWN/g.rejected.csv"
}

@test "a folder that is broken holds up its own file alone, until it is mended" {
    house
    rmdir "$D/$OWN/done"
    echo >"$D/$OWN/done"
    row "$TA" 继续 | list >"$D/$OWN/x.csv"
    row "$TZ" 继续 | list | put $OTHER z.csv
    wait_for grep -q 'event=return-waits folder=500101000000/500101001000/return file=.taken-x.csv: cannot be moved to done/' "$D/log"
    same "done continue" "$(state_of "$TA")"
    rm "$D/$OWN/done"
    row "$TB" 继续 | list | put $OWN y.csv
    wait_for test -f "$D/$OWN/done/x.csv"
    same 3 "$(reviews)"
    same 1 "$(json audit --all | jq -s '[.[].items[] | select(.action == "return" and .after.file == "x.csv")] | length')"
}

@test "a file that cannot be filed is tried again at leisure, though each try writes into the folder" {
    house
    rmdir "$D/$OWN/done"
    echo >"$D/$OWN/done"
    { row "$TA" 继续; row 999 继续; } | list >"$D/$OWN/x.csv"
    wait_for grep -q 'file=.taken-x.csv: cannot be moved to done/' "$D/log"
    # Each of these is a look, at which it would have been tried.
    for i in 1 2 3 4 5; do row "$TZ" 继续 | list | put $OTHER $i.csv; done
    [ "$(grep -c 'cannot be moved to done/' "$D/log")" -le 2 ]
    # What cannot be written leaves no half of it.
    rm "$D/$OWN/x.rejected.csv"
    mkdir "$D/$OWN/x.rejected.csv"
    row "$TC" 保留 | list >"$D/$OWN/y.csv"
    wait_for grep -q 'file=.taken-x.csv: the rejected rows cannot be written' "$D/log"
    wait_for test -f "$D/$OWN/.taken-y.csv"
    same "" "$(ls -A "$D/$OWN" | grep part || true)"
    rmdir "$D/$OWN/x.rejected.csv"
    rm "$D/$OWN/done"
    row "$TB" 继续 | list | put $OWN z.csv
    wait_for test -f "$D/$OWN/done/x.csv"
    same "999 本单位没有任务号为999的任务，请核对任务号" "$(back $OWN/x.rejected.csv)"
}

@test "a name that is no UTF-8 hides nothing from the audit" {
    house
    { row "$TZ" 继续; row "$TA" 继续; } | list | put $OWN $'a\xff\xc3.csv'
    same '["a��.csv","a��.csv"]' \
        "$(json audit --all | jq -c '[.items[] | select(.action | startswith("return")) | .after.file]')"
    ctl audit verify
}

@test "names of which nothing would be left are filed as well" {
    house
    local long=$(printf '\x80%.0s' {1..250})
    for name in .taken- .taken-. .taken-.. "$long.csv"; do
        row 999 继续 | list >"$D/$OWN/$name"
    done
    filed() { [ "$(ls -A "$D/$OWN/done" | wc -l)" -eq 4 ]; }
    wait_for filed
    same 3 "$(ls -A "$D/$OWN/done" | grep -c '^list')"
    same "" "$(grep 'event=return-waits' "$D/log" || true)"
}

@test "a file of the name of one that could not be filed takes nothing from it" {
    house
    rmdir "$D/$OWN/done"
    echo >"$D/$OWN/done"
    row "$TA" 继续 | list | tee "$BATS_TEST_TMPDIR/1" >"$D/$OWN/x.csv"
    wait_for test -f "$D/$OWN/.taken-x.csv"
    row "$TB" 继续 | list | tee "$BATS_TEST_TMPDIR/2" >"$D/$OWN/x.csv"
    wait_for test ! -e "$D/$OWN/x.csv"
    rm "$D/$OWN/done"
    row "$TC" 保留 | list | put $OWN y.csv
    wait_for test -f "$D/$OWN/done/x.csv"
    wait_for test -f "$D/$OWN/done/x-2.csv"
    cmp "$BATS_TEST_TMPDIR/1" "$D/$OWN/done/x.csv"
    cmp "$BATS_TEST_TMPDIR/2" "$D/$OWN/done/x-2.csv"
}

@test "a folder that was moved away and made anew is looked into" {
    house
    mv "$D/$OWN" "$D/${OWN%return}return.old"
    row "$TZ" 继续 | list | put $OTHER 1.csv # a look, at which there is none
    mkdir "$D/$OWN"
    row "$TA" 继续 | list >"$D/$OWN/a.csv"
    row "$TZ" 继续 | list | put $OTHER 2.csv
    wait_for test -f "$D/$OWN/done/a.csv"
    row "$TB" 继续 | list | put $OWN b.csv
    # In one stroke, and the folder above it.
    mv "$D/spool/500101000000/500101001000" "$D/old"
    mkdir -p "$D/$OWN"
    row "$TC" 保留 | list >"$D/$OWN/c.csv"
    row "$TZ" 继续 | list | put $OTHER 3.csv
    wait_for test -f "$D/$OWN/done/c.csv"
    row "$TD" 继续 | list | put $OWN d.csv
    same 4 "$(reviews)"
}

@test "rejected rows put back under another name are still who returned them, not the service" {
    [ "$EUID" -eq 0 ] || skip "only root can give a file away"
    house
    row "$TA" 继续 "" 2026-11-26 | list >"$BATS_TEST_TMPDIR/x.csv"
    chown 12345 "$BATS_TEST_TMPDIR/x.csv"
    mv "$BATS_TEST_TMPDIR/x.csv" "$D/$OWN/x.csv"
    wait_for test -f "$D/$OWN/done/x.csv"
    # Twice, for what comes back of them is the service's file again.
    mv "$D/$OWN/x.rejected.csv" "$D/$OWN/y.csv"
    wait_for test -f "$D/$OWN/done/y.csv"
    ctl clock set "2026-11-26 09:00" >/dev/null
    mv "$D/$OWN/y.rejected.csv" "$D/$OWN/z.csv"
    wait_for test -f "$D/$OWN/done/z.csv"
    same 'done continue' "$(state_of "$TA")"
    same '12345' "$(json audit --household A | jq -r '.items[] | select(.action == "review").who')"
    same '["12345","12345","12345"]' "$(json audit --all | jq -c '[.items[] | select(.action == "return").who]')"
}

@test "files whose names differ by their ending alone keep each its own rejected rows" {
    house
    row 999 继续 | list | put $OWN x.csv
    row 998 继续 | list | put $OWN x.CSV
    row 997 继续 | list | put $OWN x.txt
    row "$TA" 继续 | list | put $OWN x.TXT
    same 999 "$(back $OWN/x.rejected.csv | cut -d' ' -f1)"
    same 998 "$(back $OWN/x.CSV.rejected.csv | cut -d' ' -f1)"
    same 997 "$(back $OWN/x.txt.rejected.csv | cut -d' ' -f1)"
}

@test "a full disk: the file waits where it is, and is recorded once when there is room" {
    command -v prlimit >/dev/null || skip "prlimit is not there"
    house
    daemon_stop
    # A limit on the size of the daemon's files stands for the disk (tests/faults/disk.bats).
    # The log goes through a pipe, for it is larger than that.
    mv "$D/log" "$D/log.before"
    mkfifo "$D/log"
    cat "$D/log" >"$D/log.full" 3>&- &
    trap '' XFSZ
    daemon_start "2026-11-24 08:00"
    trap - XFSZ
    { row "$TA" 继续; row "$TB" 继续; row 999 继续; row "$TC" 终止; } | list >"$BATS_TEST_TMPDIR/x.csv"
    local size=$(stat -c %s "$BATS_TEST_TMPDIR/x.csv") tries=0
    # No room for the file's copy; then for it, and not for what the store writes of it, or for the
    # rows that come back.
    for limit in $((size / 2)) $((size + 10)); do
        prlimit --pid "$(<"$D/pid")" --fsize="$limit":unlimited
        cp "$BATS_TEST_TMPDIR/x.csv" "$D/$OWN/x.csv"
        tries=$((tries + 1))
        waits() { [ "$(grep -c 'event=return-waits' "$D/log.full")" -ge "$tries" ]; }
        wait_for waits
        [ ! -e "$D/$OWN/x.rejected.csv" ]
        [ ! -e "$D/$OWN/.rejected.part" ]
    done
    [ "$(grep -c 'event=return-waits' "$D/log.full")" -le 4 ]
    prlimit --pid "$(<"$D/pid")" --fsize=unlimited:unlimited
    row "$TZ" 继续 | list | put $OTHER z.csv
    row "$TD" 继续 | list | put $OWN d.csv
    wait_for test -f "$D/$OWN/done/x.csv"
    same "done continue done continue done continue done continue" \
        "$(state_of "$TA") $(state_of "$TB") $(state_of "$TD") $(state_of "$TZ")"
    same 4 "$(reviews)"
    same "999 $TC" "$(back $OWN/x.rejected.csv | cut -d' ' -f1 | paste -sd ' ')"
    same 1 "$(json audit --all | jq -s '[.[].items[] | select(.action == "return" and .after.file == "x.csv")] | length')"
    ctl verify
}

@test "a list of a township that was joined to another comes back by either folder" {
    house
    ctl division merge --yes 500101001 500101017 >/dev/null
    row "$TA" 继续 | list | put $OWN old.csv
    { row "$TB" 继续; row "$TZ" 继续; } | list | put $OTHER new.csv
    same "done continue done continue done continue" "$(state_of "$TA") $(state_of "$TB") $(state_of "$TZ")"
}

@test "a township that floods its folder holds up neither the others nor the service" {
    house
    daemon_stop
    row 999 继续 | list >"$BATS_TEST_TMPDIR/x.csv"
    for ((i = 1; i <= 250; i++)); do cp "$BATS_TEST_TMPDIR/x.csv" "$D/$OWN/$i.csv"; done
    row "$TZ" 继续 | list >"$D/$OTHER/z.csv"
    daemon_start "2026-11-24 08:00"
    wait_for test -f "$D/$OTHER/done/z.csv"
    ctl review "$TA" --outcome continue >/dev/null
    all_done() { [ "$(ls "$D/$OWN/done" | wc -l)" -eq 250 ]; }
    # What is above the number that is known at a time is found by the looks that follow.
    row 999 继续 | list | put $OTHER again.csv
    wait_for all_done
    same 250 "$(ls "$D/$OWN" | grep -c rejected)"
}

@test "while a gap holds changes, files wait and are recorded after it" {
    # A manual clock never holds: the gap is one of the machine's own.
    daemon_new "$BATS_TEST_TMPDIR/d"
    local day=$(date -d '-60 days' +%F)
    daemon_start "$day 07:00"
    load_divisions
    { household A "$(date -d "$day -100 days" +%F)"; household B "$(date -d "$day -100 days" +%F)"; } | load_households
    ctl run >/dev/null
    TA=$(task_of A) TB=$(task_of B)
    daemon_stop
    mkdir -p "$D/$OWN/done" # where the day was none on which lists are made
    row "$TA" 继续 "" "$day" | list >"$D/$OWN/x.csv"
    "$B/reviewd" -f "$D/reviewd.conf" 2>>"$D/log" >/dev/null 3>&- &
    echo $! >"$D/pid"
    wait_for answers
    refused run-held review "$TB" --outcome continue
    row "$TB" 继续 | list >"$BATS_TEST_TMPDIR/y.csv"
    refused run-held return "$BATS_TEST_TMPDIR/y.csv"
    [ -f "$D/$OWN/x.csv" ] && [ ! -e "$D/$OWN/x.rejected.csv" ] || false
    ctl run --yes --confirm >/dev/null
    put $OWN y.csv <"$BATS_TEST_TMPDIR/y.csv"
    wait_for test -f "$D/$OWN/done/x.csv"
    same "done continue done continue" "$(state_of "$TA") $(state_of "$TB")"
}

@test "a task's number from a future that a restore lost comes back with that reason" {
    house
    daemon_stop
    sql "INSERT INTO restored VALUES (2, '2026-11-24T06:00:00+08:00', '2026-11-20T06:00:00+08:00', 500, 600)"
    daemon_start "2026-11-24 08:00"
    { row 500 继续; row 600 继续; } | list | put $OWN x.csv
    diff - <(back $OWN/x.rejected.csv) <<END
500 任务号500属于备份恢复前的数据，恢复后已失效；请按最新清单上的任务号重新填报
600 本单位没有任务号为600的任务，请核对任务号
END
}

@test "reviewctl return: counts, the rejected rows, exit code 1 where there is one" {
    house
    { row "$TA" 继续 "" 2026-11-20; row "$TB" ""; } | list >"$BATS_TEST_TMPDIR/good.csv"
    run -0 --separate-stderr json return "$BATS_TEST_TMPDIR/good.csv"
    same '{"rows":2,"recorded":1,"unchanged":0,"empty":1,"bad":0,"rejected":[]}' "$output"
    { row "$TA" 继续 "" 2026-11-20; row 999 继续; } | list >"$BATS_TEST_TMPDIR/bad.csv"
    run -1 --separate-stderr json return "$BATS_TEST_TMPDIR/bad.csv" --rejected "$BATS_TEST_TMPDIR/back.csv"
    same '{"rows":2,"recorded":0,"unchanged":1,"empty":0,"bad":1,"rejected":[{"line":3,"task":999,"reason":"not-found","message":"there is no task 999","message_zh":"本单位没有任务号为999的任务，请核对任务号"}]}' "$output"
    same "999 本单位没有任务号为999的任务，请核对任务号" "$(back ../back.csv)"
    run -1 --separate-stderr ctl return "$BATS_TEST_TMPDIR/bad.csv"
    [[ $output == *"rejected   1"* && $output == *"there is no task 999"* ]]
    printf 'PK\x03\x04' >"$BATS_TEST_TMPDIR/x.xlsx"
    refused bad-rows return "$BATS_TEST_TMPDIR/x.xlsx"
    [[ $output == *'"message_zh":"整份文件退回'* ]]
    # By standard input, and the audit's word of it.
    row "$TD" 继续 | list | ctl return -
    same "null null" "$(json audit --all | jq -sr '[.[].items[] | select(.action == "return")] | last | "\(.after.division) \(.after.file)"')"
}

@test "an account bound to divisions, one that may not record: by its file and by the command" {
    [ "$(id -u)" = 0 ] || skip "files of another account are made by root"
    ROOM=$(mktemp -d)
    chmod 755 "$ROOM"
    house
    chmod 755 "$D" "$D/spool" "$D/spool/500101000000"
    account() {
        grep -v '^accounts' "$D/reviewd.conf" >"$D/c"
        echo "accounts = ( { user = \"daemon\"; role = \"$1\"; ${2:+divisions = [ \"$2\" ];} } );" | cat "$D/c" - >"$D/reviewd.conf"
        ctl reload >/dev/null
    }
    # owned FOLDER NAME <list
    owned() { cat >"$D/.new" && chown daemon "$D/.new" && mv "$D/.new" "$D/$1/$2" && wait_for test -f "$D/$1/done/$2"; }
    account viewer
    row "$TA" 继续 | list | owned $OWN 1.csv
    grep -q '文件所有者的账户没有登记权限' "$D/$OWN/1.rejected.csv"
    account operator 500101017
    { row "$TA" 继续; row "$TZ" 继续; } | list | owned $DISTRICT_RETURN 2.csv
    same "open done continue" "$(state_of "$TA") $(state_of "$TZ")"
    same daemon "$(json audit --household Z | jq -r '[.items[] | select(.action == "review")][0].who')"
    # No entry: who may write into the folder may return for it.
    sed -i '/^accounts/d' "$D/reviewd.conf" && ctl reload >/dev/null
    row "$TA" 继续 | list | owned $OWN 3.csv
    same "done continue" "$(state_of "$TA")"
    # By the command: what lies elsewhere is answered like what is not there.
    account operator 500101017
    cp "$B/reviewctl" "$D/reviewctl" && chmod 755 "$D/reviewctl"
    row "$TB" 继续 | list >"$D/b.csv" && chmod 644 "$D/b.csv"
    run -1 setpriv --reuid=daemon --regid=daemon --clear-groups "$D/reviewctl" --json return "$D/b.csv"
    [[ $output == *"\"message\":\"there is no task $TB\""* ]]
    same "open" "$(state_of "$TB")"
}

@test "a list that went through LibreOffice, saved as UTF-8 and as GB18030: every row is accepted" {
    house
    for charset in utf-8 gb18030; do
        rm -f "$D"/spool/500101000000/500101001000/new/*
        ctl clock advance 25h >/dev/null
        f=$(ls "$D"/spool/500101000000/500101001000/new/*.csv)
        n=$(($(wc -l <"$f") - 1))
        [ "$n" -ge 2 ]
        # Filled by hand, opened and saved as a clerk does.
        sed -E '2,$s/,,,,(\r?)$/,继续,,2026\/11\/24,家访 无变化\1/' "$f" >"$BATS_TEST_TMPDIR/filled.csv"
        [ $charset = gb18030 ] || sed -i -E '2!s/,继续,,2026\/11\/24,家访 无变化(\r?)$/,,,,\1/' "$BATS_TEST_TMPDIR/filled.csv"
        sheet_save "$BATS_TEST_TMPDIR/filled.csv" "$BATS_TEST_TMPDIR/saved.csv" $charset
        [ $charset = utf-8 ] || ! iconv -f UTF-8 -t UTF-8 "$BATS_TEST_TMPDIR/saved.csv" >/dev/null 2>&1
        put $OWN $charset.csv <"$BATS_TEST_TMPDIR/saved.csv"
        cat "$BATS_TEST_TMPDIR/saved.csv"
        [ ! -e "$D/$OWN/$charset.rejected.csv" ] || { cat "$D/$OWN/$charset.rejected.csv"; return 1; }
        [ $charset = gb18030 ] || n=1
        same "[$n,0]" "$(json audit --all | jq -sc '[.[].items[] | select(.action == "return")] | last | .after | [.recorded, .rejected]')"
    done
    same 家访\ 无变化 "$(json task show "$TA" | jq -r '.reviews[0].remark')"
}
