#!/usr/bin/env bats
# Each command of reviewctl: its result as JSON, its refusal, its usage error and its table
# (contract.md section 5). A command of the table that has no case here fails the first test.

setup_file() {
    load ../lib/daemon
    daemon_new "$BATS_FILE_TMPDIR/d"
    echo 'delivery = ( { division = "500102007"; by = "socket"; } );' >>"$D/reviewd.conf"
    daemon_start "2018-08-30 07:00"
    load_divisions
    cat >"$D/households.csv" <<'END'
household,division,head_name,status,tier,income_kind,income,approved_on,last_review_on,register
A-1,500101001001,田桂兰,active,quarterly,stable,5200,2017-04-01,2018-03-28,registered
B-22,500101001002,欧阳素芬,active,quarterly,stable,3600,2018-03-15,,none
C-333,500101017001,王伟,active,annual,stable,3600,2017-09-20,,none
D-4444,500101017002,Li Ming 李明,active,annual,stable,4000,2018-01-10,,exited
E-5,500102006001,向淑芳,suspended,semi-annual,stable,4000,2018-03-10,,none
F-6,500102007001,=1+1,active,semi-annual,stable,4000,2018-03-10,,returned
END
    ctl import households "$D/households.csv" --history complete >/dev/null
    printf '%s\n' household,member,name,birth_on,health,work_ability,status \
        A-1,1,田桂兰,1944-05-06,chronic,none,present B-22,1,欧阳素芬,1980-01-01,healthy,full,present \
        >"$D/members.csv"
    ctl import members "$D/members.csv" >/dev/null
    printf '%s\n' district,year,dibao,poverty_line 500101,2018,4800,3500 >"$D/standards.csv"
    ctl import standards "$D/standards.csv" >/dev/null
    ctl clock set "2018-09-03 08:00" >/dev/null
    # A hold, and an exception.
    ! ctl household close A-1 --ground voluntary --yes 2>/dev/null || false
    ctl report F-6 death --member 1 --source 村委会 >/dev/null 2>&1 || true
}

teardown_file() {
    load ../lib/daemon
    daemon_stop
}

setup() { load ../lib/daemon; }

register_task() { sql "SELECT task FROM task_view WHERE household = '$1' AND kind LIKE '%register%'"; }

# ---- what a case is made of --------------------------------------------------------------------
# Each notes that it was there: R result, N refusal (no), U usage, T table. A case has all four.
parts=

# result FIELD… -- COMMAND…: done, one line of JSON, with these fields.
result() {
    local fields=()
    while [ "$1" != -- ]; do fields+=("$1"); shift; done
    shift
    run -0 --separate-stderr json "$@"
    same 1 "${#lines[@]}"
    for f in "${fields[@]}"; do
        [[ $output == *"\"$f\":"* ]] || { echo "no $f in $output"; return 1; }
    done
    parts+=R
}

no() { refused "$@"; parts+=N; }

# never WHY: the command is not refused to whoever may ask at all.
never() { parts+=N; }

# misused TEXT COMMAND…: exit 2, nothing on stdout, the text on stderr.
misused() {
    local said=$1
    shift
    run -2 --separate-stderr ctl "$@"
    [ -z "$output" ]
    [[ $stderr == "reviewctl"*"$said"* ]] || { echo "$stderr"; return 1; }
    parts+=U
}

# shows TEXT… -- COMMAND…: done, and each text stands in what people see.
shows() {
    local texts=()
    while [ "$1" != -- ]; do texts+=("$1"); shift; done
    shift
    run -0 --separate-stderr ctl "$@"
    for t in "${texts[@]}"; do
        [[ $output == *"$t"* ]] || { echo "no '$t' in:"; echo "$output"; return 1; }
    done
    parts+=T
}

# Whether a cell stands at places $1 to $2 of $cells: it begins at $1, or ends at $2.
cell_at() {
    local before=${cells:$1-1:1} first=${cells:$1:1} last=${cells:$2:1} behind=${cells:$2+1:1}
    [[ $1 -eq 0 || ($before == " " && $first != " ") ]] || [[ $last != " " && ${behind:- } == " " ]]
}

# lists HEADING… -- COMMAND…: a table with these columns, in this order and no other; in every row
# each cell begins below its heading, or ends where the heading does. Its CSV has a column for each
# member of an item and no other, and as many rows.
lists() {
    local headings=() rows=0 heading at cells h
    while [ "$1" != -- ]; do headings+=("$1"); shift; done
    shift
    run -0 --separate-stderr ctl "$@"
    same "$(echo "${headings[@]}")" "$(echo ${lines[0]})"
    heading=${lines[0]}
    # A second place behind each wide character: then columns of the display are places in a line.
    while IFS= read -r cells; do
        rows=$((rows + 1))
        for h in "${headings[@]}"; do
            at=${heading%%"$h"*}
            cell_at ${#at} $((${#at} + ${#h} - 1)) || { echo "$h: $cells"; return 1; }
        done
    done < <(sed '1d; /^\* provisional/d; s/[^ -~…]/&_/g' <<<"$output")
    [ "$rows" -gt 0 ]
    run -0 --separate-stderr ctl --format csv "$@"
    same "$rows" $((${#lines[@]} - 1))
    heading=$(tr -d '\r' <<<"${lines[0]}" | tr , '\n' | sort)
    same "$(json "$@" | jq -r '[.items[] | keys[]] | unique[]' | sort)" "$heading"
    parts+=T
}

# ---- the cases ---------------------------------------------------------------------------------

case_status() {
    result version now timezone policy calendars counts last_run next_run queues audit_head warnings -- status
    shows "version" "2017-campaign" "open tasks" -- status
    result alarms -- status --check
    shows "all is well" -- status --check
    never "a viewer may always ask"
    misused "'x' is one argument too many" status x
}

case_import() {
    result rows added changed unchanged bad -- import households "$D/households.csv" --history complete
    shows "rows      6" "unchanged 6" -- import households "$D/households.csv" --history complete
    sed 's/quarterly/monthly/' "$D/households.csv" >"$D/bad.csv"
    no bad-rows import households "$D/bad.csv" --history complete
    [[ $stderr == *"$D/bad.csv: line 2: tier: "* ]]
    misused "did you mean 'households'?" import housholds "$D/households.csv"
}

case_return() {
    printf '%s\n' 任务号,户号,结果 999999,A-1,继续 >"$D/filled.csv"
    printf '%s\n' 任务号,户号,结果 "$(task_of A-1),A-1," >"$D/empty.csv"
    result rows recorded unchanged empty bad rejected -- return "$D/empty.csv"
    shows "not filled 1" -- return "$D/empty.csv"
    run -1 --separate-stderr ctl return "$D/filled.csv" --rejected "$D/rejected.csv"
    [[ $output == *"rejected   1"*"LINE "*"TASK REASON"* ]]
    grep -q A-1 "$D/rejected.csv"
    no bad-rows return "$D/members.csv"
    misused "FILE is missing" return
}

case_household_show() {
    result household head_name due_on open_task protected -- household show A-1
    shows "head             田桂兰" "protected        yes" -- household show A-1
    no not-found household show Z
    misused "CODE is missing" household show
}

case_household_members() {
    result household head_name members -- household members A-1
    shows "MEMBER NAME" "田桂兰" -- household members A-1
    no not-found household members Z
    misused "CODE is missing" household members
}

case_household_unmask() {
    result household head_name members -- household unmask A-1 --reason "asked by the court"
    shows "MEMBER NAME" "1944-05-06" -- household unmask A-1 --reason "asked by the court"
    no not-found household unmask Z --reason x
    misused "--reason TEXT is missing" household unmask A-1
}

case_household_list() {
    result items next -- household list --township 500101001
    lists HOUSEHOLD HEAD TOWNSHIP TIER STATUS REGISTER PROTECTED DUE TASK -- household list
    no not-found household list --township 500999
    misused "did you mean 'annual'?" household list --tier anual
}

case_household_find() {
    result items next -- household find A-1
    lists HOUSEHOLD MEMBER NAME MATCHED HEAD TOWNSHIP STATUS -- household find A-1
    no not-found household find x --township 500999
    misused "TEXT is missing" household find
}

case_map_guess() {
    parts+=RNT
    run -0 ctl map guess "$D/households.csv"
    [[ $output == *household* ]]
    misused "FILE is missing" map guess
}

case_doubts() {
    printf 'household,member,status\nA-1,9,present\n' >"$BATS_TEST_TMPDIR/nine.csv"
    ctl import members "$BATS_TEST_TMPDIR/nine.csv" >/dev/null # no birthday
    result items next -- doubts
    lists HOUSEHOLD HEAD TOWNSHIP STATUS DOUBT MEMBER OTHER -- doubts
    no not-found doubts --township 500999
    misused "did you mean 'person-twice'?" doubts --kind person-twise
}

case_household_tier() {
    result household tier -- household tier C-333 semi-annual --reason "two at school"
    shows "tier" -- household tier C-333 annual --reason "one again"
    no not-found household tier Z annual --reason x
    misused "--reason TEXT is missing" household tier C-333 annual
}

case_household_move() {
    result household -- household move D-4444 500101017001
    shows "household" -- household move D-4444 500101017002
    no not-found household move D-4444 500101999001
    misused "VILLAGE is missing" household move D-4444
}

case_household_suspend() {
    result household status -- household suspend B-22 --ground voluntary
    no protected household suspend A-1 --ground voluntary
    json household resume B-22 >/dev/null
    shows "suspended" -- household suspend B-22 --ground voluntary
    json household resume B-22 >/dev/null
    misused "--ground GROUND is missing" household suspend B-22
}

case_household_resume() {
    result household status -- household resume E-5
    ctl household suspend E-5 --ground voluntary >/dev/null
    shows "active" -- household resume E-5
    no conflict household resume E-5
    misused "CODE is missing" household resume
}

case_household_close() {
    misused "its allowance and its reviews end; there is no terminal to ask at: say --yes" \
        household close C-333 --ground voluntary
    same active "$(get C-333 .status)"
    no protected household close A-1 --ground voluntary --yes
    result household status -- household close C-333 --ground voluntary --yes
    shows "closed" -- household close E-5 --ground voluntary --yes
}

case_report() {
    result household kind task -- report B-22 illness --member 1 --source 村医
    shows "illness" -- report B-22 illness --member 1 --source 村医
    no not-found report Z illness --source x
    misused "--source TEXT is missing" report B-22 illness
}

case_correct() {
    result household -- correct B-22 --reason "entered twice"
    shows "household" -- correct B-22 --reason "not this household"
    no not-found correct Z --reason x
    misused "--reason TEXT is missing" correct B-22
}

case_protection_show() {
    result subject on policy steps -- protection show A-1
    shows "household A-1 on 2018-09-03" "二(四)3" -- protection show A-1 --on 2018-09-03
    no not-found protection show Z
    misused "a day such as" protection show A-1 --on tomorrow
}

case_protection_exceptions() {
    ctl report A-1 death --member 1 --source 村委会 >/dev/null
    ctl household suspend A-1 --ground member-change >/dev/null
    result items next -- protection exceptions --from 2018-01-01
    lists NO. ON HOUSEHOLD ACT GROUND CLAUSE WHO REMARK -- protection exceptions
    no bad-argument protection exceptions --cursor x
    misused "a day such as" protection exceptions --to x
}

case_protection_holds() {
    result items next -- protection holds
    lists NO. ON HOUSEHOLD ACT GROUND CLAUSE WHO WHAT -- protection holds
    no bad-argument protection holds --cursor x
    misused "a number from 1 on" protection holds --limit none
}

case_register_list() {
    result items next -- register list --year 2018 --state undecided
    lists TASK KIND HOUSEHOLD TOWNSHIP YEAR DUE DECISION "IN EFFECT" -- register list
    no bad-argument register list --cursor x
    misused "undecided, decided" register list --state open
}

case_register_decide() {
    result task household outcome -- register decide "$(register_task F-6)" keep
    shows "not-eligible" -- register decide "$(register_task D-4444)" not-eligible
    no conflict register decide "$(register_task F-6)" exit
    misused "did you mean 'keep'?" register decide 1 kep
}

case_due() {
    result items next -- due --within 30d
    lists TASK KIND HOUSEHOLD TOWNSHIP DUE LEFT SECTION -- due --within 30d
    no bad-argument due --cursor x
    misused "days such as 30d" due --within month
}

case_late() {
    result items next -- late --township 500101001
    lists TASK KIND HOUSEHOLD TOWNSHIP DUE LEFT SECTION -- late
    no bad-argument late --cursor x
    misused "did you mean '--township'?" late --townshp 500101001
}

case_task_show() {
    result task kind state household due_on days_left section -- task show "$(task_of B-22)"
    shows "household        B-22" -- task show "$(task_of B-22)"
    no not-found task show 999999
    misused "a number from 1 on" task show B-22
}

case_review() {
    local task
    task=$(task_of B-22)
    misused "say --yes" review "$task" --outcome terminate --ground voluntary
    result task household outcome nominal_due_on due_on missed answered -- review "$task" --outcome continue
    no conflict review "$task" --outcome adjust
    task=$(json report B-22 income --income 4000 --source 村委会 | field task)
    shows "outcome" "terminate" -- review "$task" --outcome terminate --ground voluntary --yes
}

case_explain() {
    result subject on policy steps -- explain D-4444
    shows "household D-4444 on 2018-09-03, policy 2017-campaign" "interval" -- explain D-4444
    no not-found explain Z
    misused "terminate, close, suspend" explain D-4444 --act kill
}

case_explain_task() {
    result subject on policy steps -- explain task "$(register_task F-6)"
    shows "task $(register_task F-6)" -- explain task "$(register_task F-6)"
    no not-found explain task 999999
    misused "N is missing" explain task
}

case_queue_show() {
    result items next -- queue show 500101001
    lists MESSAGE KIND CREATED STATE "LEASED UNTIL" BODY -- queue show 500101001
    no not-found queue show 500999
    misused "DIVISION is missing" queue show
}

# Of 500102007, which alone is delivered by the socket.
case_queue_take() {
    result items lease_until -- queue take 500102007 --limit 1 --lease-seconds 5
    shows "leased" -- queue take 500102007
    no conflict queue take 500101001
    misused "a number from 1 on" queue take 500102007 --limit 0
}

case_queue_ack() {
    local id
    id=$(json queue show 500102007 | field id)
    result acked unknown -- queue ack "$id"
    shows "unknown" -- queue ack 1-999999
    never "what means nothing is counted"
    misused "ID... is missing" queue ack
}

# It goes on until it is ended: the first line that it tells is enough.
case_queue_watch() {
    local first
    ctl report F-6 illness --source 村医 >/dev/null
    ctl run >/dev/null
    exec {watched}< <(exec "$B/reviewctl" --json queue watch 500102007 3>&-)
    read -r -t 20 -u $watched first
    kill $!
    exec {watched}<&-
    [[ $first == *'"id":'*'"kind":'*'"body":'* ]]
    parts+=R
    exec {watched}< <(exec "$B/reviewctl" queue watch 500102007 3>&-)
    read -r -t 20 -u $watched first
    kill $!
    exec {watched}<&-
    [[ $first =~ ^1-[0-9]+\ +2018-0[89]-[0-9]+\ +[a-z-]+\ +[a-z_]+= ]]
    parts+=T
    no conflict queue watch 500101001
    misused "DIVISION is missing" queue watch
}

case_standards_list() {
    result items next -- standards list --year 2018
    lists DISTRICT YEAR DIBAO "POVERTY LINE" -- standards list
    no bad-argument standards list --cursor x
    misused "a number from 1 on" standards list --year last
}

case_run() {
    result date working_day already caught_up opened alerts lists set_aside -- run
    shows "date        2018-09-03" -- run
    no bad-argument run --date 2030-01-01
    misused "say --yes" run --confirm
}

case_clock_show() {
    result now -- clock show
    shows "now" "2018-09-03T" -- clock show
    never "a viewer may always ask"
    misused "'x' is one argument too many" clock show x
}

case_clock_set() {
    result now runs -- clock set 2018-09-03T08:30
    shows "2018-09-03T08:40" -- clock set 2018-09-03T08:40
    no bad-argument clock set noon
    misused "the clock goes back; there is no terminal to ask at: say --yes" clock set 2018-09-02
}

case_clock_advance() {
    result now runs -- clock advance 1m
    shows "runs" -- clock advance 1m
    no bad-argument clock advance soon
    misused "BY is missing" clock advance
}

case_audit() {
    result items next -- audit --household B-22
    lists SEQ AT WHO ACTION HOUSEHOLD AFTER HASH -- audit --since 2018-08-30
    no bad-argument audit --cursor x
    misused "did you mean 'audit verify'?" audit verfy
}

case_audit_verify() {
    result rows head ok first_bad head_found -- audit verify
    shows "whole" "yes" -- audit verify
    no bad-argument audit verify --head x
    misused "'x' is one argument too many" audit verify x
}

case_verify() {
    result checked failures -- verify
    shows "checked, 0 failures" -- verify
    never "it reads"
    misused "'x' is one argument too many" verify x
}

case_metrics() {
    result metrics -- metrics
    shows "reviewd_" "# " -- metrics
    never "a viewer may always ask"
    misused "'x' is one argument too many" metrics x
}

case_division_show() {
    result division name level parent joined_to -- division show 500101001
    shows "township" "500101000000" -- division show 500101001
    no not-found division show 500999
    misused "DIVISION is missing" division show
}

case_division_merge() {
    misused "say --yes" division merge 500101017002 500101017001
    no not-found division merge 500101999 500101001 --yes
    result old new divisions households tasks messages -- division merge 500101017002 500101017001 --yes
    shows "joined" "500102007002" -- division merge 500102007002 500102007001 --yes
}

case_backup() {
    result taken_at households bytes sha256 -- backup "$D/copy.db"
    shows "SHA-256" -- backup "$D/copy.db" --force
    run -1 --separate-stderr ctl backup "$D/copy.db"
    [[ $stderr == *"is there already"* ]]
    parts+=N
    misused "FILE is missing" backup
}

case_reload() {
    result -- reload
    shows "done" -- reload
    cp "$D/reviewd.conf" "$D/kept.conf"
    echo 'no_such_key = 1;' >>"$D/reviewd.conf"
    no bad-argument reload
    mv "$D/kept.conf" "$D/reviewd.conf"
    misused "'x' is one argument too many" reload x
}

# These two call no method.
case_help() {
    export ASAN_OPTIONS=detect_leaks=0
    parts+=R
    shows "Usage: reviewctl household list [OPTION...]" "Example:" -- help household list
    shows "household show CODE" -- help household
    shows "Usage: reviewctl [OPTION...] COMMAND" -- help
    misused "'houshold' is not a command; did you mean 'household'?" help houshold
    never "it asks nobody"
}

case_completion() {
    parts+=R
    shows "complete -F _reviewctl reviewctl" -- completion bash
    misused "bash, zsh, words" completion fish
    never "it asks nobody"
}

# ---- the tests ---------------------------------------------------------------------------------

commands() { ctl completion words | awk -F'\t' 'NF == 2 { print $1 }'; }

@test "each command has its result, its refusal, its usage error and its table" {
    [ "$(commands | wc -l)" -ge 30 ]
    while read -r command; do
        name=case_${command//[ -]/_}
        [ "$(type -t "$name")" = function ] || { echo "no case for $command"; return 1; }
        parts=
        echo "-- $command"
        "$name"
        [[ $parts == *R* && $parts == *N* && $parts == *U* && $parts == *T* ]] ||
            { echo "$command: only $parts"; return 1; }
    done < <(commands)
}

# The words of the client are its own copy (client shares base alone): they must not part from the
# daemon's. One line for each parameter: method, name, kind, words.
@test "every method has a command, and every input is the daemon's parameter, with its kind and words" {
    rpc rpc.discover >"$D/discover.json"
    jq -r '.result.methods[] | select(.name != "rpc.discover") | .name as $m | .params[] |
        select($m != "backup" or .name != "target") | # reviewctl says it by itself
        [$m, .name, (if .schema.enum then "word" else .schema.format // .schema.type end),
         (.schema.enum // [] | join(" "))] | join("|")' "$D/discover.json" | sort >"$D/theirs"
    ctl completion words | awk -F'\t' '
        BEGIN { split("text string texts array word word day date number integer days integer " \
                      "switch boolean file object output object copy object", k, " ")
                for (i = 1; i in k; i += 2) kind[k[i]] = k[i + 1] }
        NF > 2 && $2 != "-" && $5 != "all" && $5 != "force" { print $2 "|" $3 "|" kind[$5] "|" $6 }' | sort -u >"$D/ours"
    [ "$(wc -l <"$D/ours")" -ge 60 ]
    diff "$D/theirs" "$D/ours"
    diff <(jq -r '.result.methods[].name | select(. != "rpc.discover")' "$D/discover.json" | sort) \
        <(ctl completion words | cut -f2 | grep -vx -- - | sort -u)
}

@test "what the daemon requires, each command of the method needs" {
    rpc rpc.discover | jq -r '.result.methods[] | .name as $m | .params[] | select(.required) |
        "\($m)|\(.name)"' >"$D/required"
    [ "$(wc -l <"$D/required")" -ge 20 ]
    while IFS='|' read -r method param; do
        ctl completion words | awk -F'\t' -v m="$method" -v p="$param" '
            $2 == m && NF == 2 { commands++ }
            $2 == m && $3 == p && $4 ~ / needed$/ { needed++ }
            END { exit commands == 0 || needed != commands }' || { echo "$method $param"; return 1; }
    done <"$D/required"
}

@test "--format csv: RFC 4180, English headings, formulas made harmless; --bom for spreadsheets" {
    run -0 --separate-stderr ctl household list --format csv
    same $'household,head_name,township,division,tier,tier_source,status,register,protected,due_on,open_task,approved_on,anchor_on,last_review_on,nominal_due_on,opens_on,provisional,missed_cycles,protection_clause,settle_by,history,entered_on\r' \
        "${lines[0]}"
    [[ $output == *$'\nF-6,\'=1+1,'* && $output != *"- "* && $output == *",false,"* ]]
    same 7 "$(ctl household list --format csv | grep -c $'\r$')"
    same efbbbf "$(ctl household list --format csv --bom | head -c 3 | od -An -tx1 | tr -d ' ')"
    # An empty list has its heading; every page has it once.
    same 1 "$(ctl household list --status closed --tier annual --register returned --format csv | wc -l)"
    same 7 "$(ctl household list --format csv --all --limit 2 | wc -l)"
    run -2 ctl household list --bom
    [[ $output == *"--bom goes with --format csv"* ]]
}

@test "--json --all is one document, whatever the number of pages, with the items of all" {
    ctl household list --json >"$D/one"
    for limit in 1 2 5 6 7; do
        ctl household list --json --all --limit $limit >"$D/many"
        jq -es 'length == 1 and .[0].next == null and (.[0] | keys == ["items", "next"])' "$D/many"
        diff <(jq -cS '.items[]' "$D/one") <(jq -cS '.items[]' "$D/many")
    done
    same 1 "$(ctl household list --json --limit 2 | wc -l)"
    ctl household list --json --all --township 500102 --status closed | jq -e '.next == null'
}

# What a person types at a terminal: answered ANSWER COMMAND…; the exit code is the command's.
answered() {
    local answer=$1
    shift
    run script -qec "'$B/reviewctl' $*" /dev/null <<<"$answer"
    output=$(tr -d '\r' <<<"$output")
}

@test "what nothing takes back is asked for: whom it concerns, and no is the default" {
    printf '%s\n' household,division,head_name,status,tier,approved_on,register \
        P-1,500101001001,谭文明,active,annual,2018-01-10,registered \
        P-2,500101001001,牟素珍,active,annual,2018-01-10,none >"$D/p.csv"
    ctl import households "$D/p.csv" --history complete >/dev/null
    for answer in n "" nonsense; do
        answered "$answer" household close P-2 --ground voluntary
        same 1 "$status"
        [[ $output == *"household P-2, 牟素珍, active, not protected: its allowance and its reviews end."* ]]
        [[ $output == *"Go on? [y/N]"*"not done"* ]]
        same active "$(get P-2 .status)"
    done
    answered n household close P-1 --ground voluntary
    [[ $output == *"household P-1, 谭文明, active, protected by 渝府办发〔2017〕30号 二(四)3: "* ]]
    answered y household close P-9 --ground voluntary
    same 1 "$status"
    [[ $output == *"there is no household P-9"* && $output != *"Go on"* ]]
    answered yes household close P-2 --ground voluntary
    same 0 "$status"
    same closed "$(get P-2 .status)"
    task=$(json report P-1 illness --source x | field task)
    answered n review "$task" --outcome terminate --ground voluntary
    [[ $status -eq 1 && $output == *"household P-1, 谭文明"* ]]
    answered n review "$task" --outcome continue
    [[ $status -eq 0 && $output != *"Go on"* ]]
    answered n division merge 500101017 500101001
    name() { json division show "$1" | field name; }
    [[ $status -eq 1 && $output == *"township $(name 500101017) (500101017000) is joined to township $(name 500101001) (500101001000): "* ]]
    answered y division merge 500101099 500101001
    [[ $status -eq 1 && $output == *"500101099000"* && $output != *"Go on"* ]]
    same null "$(json division show 500101017 | jq .joined_to)"
    answered n run --confirm
    [[ $status -eq 1 && $output == *"run: every day since the last run is caught up"* ]]
    answered n clock set 2018-09-01
    [[ $status -eq 1 && $output == *"to 2018-09-01T00:00:00: the clock goes back."* ]]
    answered n clock set 2018-09-03T23:00
    [[ $status -eq 0 && $output != *"Go on"* ]]
}

@test "80 columns hold each table, with numbers of 15 characters; days, numbers and hashes are whole" {
    printf '%s\n' household,division,head_name,head_id,status,tier,approved_on,register \
        500101001-00001,500101001001,欧阳淑芳,11010519491231002X,active,semi-annual,2018-01-10,registered >"$D/w.csv"
    ctl import households "$D/w.csv" --history complete >/dev/null
    printf '%s\n' household,member,name,health,disability,work_ability,student,status \
        500101001-00001,1,欧阳淑芳,serious-illness,none,partial,no,present >"$D/w.csv"
    ctl import members "$D/w.csv" >/dev/null
    narrow() { COLUMNS=80 TERM=xterm script -qec "'$B/reviewctl' $*" /dev/null </dev/null | sed 's/\x1b\[[0-9;]*m//g' | tr -d '\r'; }
    for command in "household list --limit 9" "household members 500101001-00001" "late" "due --within 90d" \
        "register list" "audit --household 500101001-00001" "queue show 500101001" "protection holds" "standards list"; do
        narrow "$command" >"$BATS_TEST_TMPDIR/out"
        [ "$(wc -L <"$BATS_TEST_TMPDIR/out")" -le 80 ] || { echo "$command"; cat "$BATS_TEST_TMPDIR/out"; return 1; }
    done
    narrow household list | grep -qE '^500101001-00001 欧阳淑芳 500101001 semi-an… active +regist… '
    # Cut kinds can be told from each other; an instant keeps its minute.
    task=$(json register list --state undecided | jq '[.items[] | select(.kind == "register-candidate").task][0]')
    [ "$task" = null ] || ctl register decide "$task" not-eligible >/dev/null
    kinds=$(narrow register list | awk 'NR > 1 { print $2 }' | sort -u)
    [[ $kinds == *register-a*…* && $kinds == *register-c*…* ]] || { echo "$kinds"; return 1; }
    narrow audit --household 500101001-00001 | grep -qE ' 2018-09-0[0-9]T[0-9:]{5}… .*household\.add .* [0-9a-f]{12}$'
}

@test "metrics tells bytes whole" {
    run -0 ctl metrics
    [[ $output =~ reviewd_store_free_bytes\ +[0-9]{7,}$'\n' ]]
}
