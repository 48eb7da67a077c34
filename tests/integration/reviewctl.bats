#!/usr/bin/env bats
# reviewctl alone: its command line, its help, and what it says where no daemon is (contract.md section 5).

setup() {
    B=${B:-build}
    CTL=$B/reviewctl
    export LC_ALL=C.UTF-8
    unset REVIEWD_SOCKET
    NOBODY=$BATS_TEST_TMPDIR/nobody.sock
}

# Exit code 2 and a line on stderr that holds "$1".
usage_error() {
    local said=$1
    shift
    run -2 --separate-stderr "$CTL" "$@"
    [ -z "$output" ]
    [[ $stderr == "reviewctl"*"$said"* ]]
}

# glibc's argp loses two bytes with each --help: not a leak of ours (SANITIZE=1).
no_leak_check() {
    export ASAN_OPTIONS=detect_leaks=0
}

# The commands of the table, one a line.
commands() { "$CTL" completion words | awk -F'\t' 'NF == 2 { print $1 }'; }

bats_require_minimum_version 1.5.0

@test "--help lists every command, and each has help of its own" {
    no_leak_check
    count=0
    while read -r -a words; do
        run -0 "$CTL" "${words[@]}" --help
        [[ ${lines[0]} == "Usage: reviewctl ${words[*]}"* ]]
        "$CTL" --help | grep -q "^  ${words[*]}\b"
        count=$((count + 1))
    done < <(commands)
    [ "$count" -ge 30 ]
}

@test "no line of the help is wider than 80 columns" {
    no_leak_check
    { "$CTL" --help; commands | while read -r -a words; do "$CTL" "${words[@]}" --help; done; } |
        { ! grep -E '^.{81}'; }
}

@test "a group's help lists its commands" {
    run -0 "$CTL" household --help
    [[ $output == *"household show CODE"*"household list"* ]]
    [[ $output != *"queue"* ]]
}

@test "--version" {
    run -0 "$CTL" --version
    [[ $output =~ ^reviewctl\ [0-9]+\.[0-9]+ ]]
}

@test "usage: no command, and half a command" {
    usage_error "a command is missing"
    usage_error "'household' needs one of" household
}

@test "usage: a mistyped command gets a suggestion" {
    usage_error "did you mean 'status'?" statsu
    usage_error "did you mean 'late'?" laet
    usage_error "did you mean 'household show'?" household shw 1
    usage_error "did you mean 'household list'?" houshold list
    usage_error "did you mean 'audit verify'?" audit verfy
    usage_error "'frobnicate' is not a command" frobnicate
    [[ $stderr != *"did you mean"* ]]
}

@test "usage: unknown options, before and behind the command" {
    usage_error "unrecognized option '--frob'" --frob status
    usage_error "unrecognized option '--frob'" status --frob
}

@test "usage: arguments too many and too few" {
    usage_error "CODE is missing" household show
    usage_error "FILE is missing" import households
    usage_error "'2' is one argument too many" household show 1 2
    usage_error "--outcome OUTCOME is missing" review 3
}

@test "usage: values are checked before anything is sent" {
    usage_error "annual, semi-annual, quarterly" household list --tier monthly
    usage_error "divisions, households, members, standards, calendar" import people x.csv
    usage_error "continue, adjust, terminate, postpone" review 3 --outcome stop
    usage_error "N is 'x'" review x --outcome continue
    usage_error "N is '0'" task show 0
    usage_error "a day such as" review 3 --outcome continue --on yesterday
    usage_error "a day such as" run --date 2026-11-240
    usage_error "days such as 30d" due --within 30x
    usage_error "--limit is '0'" household list --limit 0
    usage_error "not empty" household show ""
}

@test "usage: a text that is not UTF-8 is refused" {
    usage_error "UTF-8" household show $'\xff\xfe'
}

@test "no daemon: exit code 3, whatever the reason" {
    run -3 --separate-stderr "$CTL" --socket "$NOBODY" status
    [ -z "$output" ]
    [[ $stderr == "reviewctl: no daemon at $NOBODY: "* ]]
    touch "$NOBODY" # a file, but nobody listens
    run -3 "$CTL" --socket "$NOBODY" status
    run -3 "$CTL" --socket "$NOBODY/below" status
}

@test "no daemon: the options may stand behind the command, and the environment counts" {
    run -3 "$CTL" status --json --socket "$NOBODY"
    REVIEWD_SOCKET=$NOBODY run -3 "$CTL" verify
    [[ $output == *"$NOBODY"* ]]
}

@test "no daemon: the file of --skip-bad is left as it was" {
    echo "household,division,approved_on" > "$BATS_TEST_TMPDIR/in.csv"
    echo kept > "$BATS_TEST_TMPDIR/old.csv"
    run -3 "$CTL" --socket "$NOBODY" import households "$BATS_TEST_TMPDIR/in.csv" \
        --skip-bad "$BATS_TEST_TMPDIR/old.csv"
    [ "$(cat "$BATS_TEST_TMPDIR/old.csv")" = kept ]
    run -3 "$CTL" --socket "$NOBODY" import households "$BATS_TEST_TMPDIR/in.csv" \
        --skip-bad "$BATS_TEST_TMPDIR/new.csv"
    [ ! -e "$BATS_TEST_TMPDIR/new.csv" ]
}

@test "a file that cannot be read is a failure; writing the bad rows over it is usage" {
    run -1 --separate-stderr "$CTL" --socket "$NOBODY" import households "$BATS_TEST_TMPDIR/none"
    [[ $stderr == "reviewctl: cannot read "*"/none: "* ]]
    run -1 "$CTL" --socket "$NOBODY" import households "$BATS_TEST_TMPDIR"
    echo a > "$BATS_TEST_TMPDIR/in.csv"
    run -2 "$CTL" --socket "$NOBODY" import households "$BATS_TEST_TMPDIR/in.csv" \
        --skip-bad "$BATS_TEST_TMPDIR/in.csv"
    [ "$(cat "$BATS_TEST_TMPDIR/in.csv")" = a ]
}

@test "a path too long for a socket is usage" {
    run -2 "$CTL" --socket "/$(printf 'x%.0s' {1..200})" status
    [[ $output == *"too long"* ]]
}

# ---- help --------------------------------------------------------------------------------------

@test "the example of each command is good usage" {
    no_leak_check
    cd "$BATS_TEST_TMPDIR"
    echo household,division,approved_on | tee households.csv >filled.csv
    count=0
    while read -r -a words; do
        example=$("$OLDPWD/$CTL" "${words[@]}" --help | sed -n '/^Example:/,$p' | tr '\n' ' ')
        example=${example#Example:   reviewctl }
        [ -n "$example" ]
        [[ $example == "${words[*]}"* ]]
        code=3
        [[ ${words[0]} != help && ${words[0]} != completion ]] || code=0
        run "-$code" bash -c "'$OLDPWD/$CTL' --yes --socket '$NOBODY' $example"
        count=$((count + 1))
    done < <(cd "$OLDPWD" && commands)
    [ "$count" -ge 30 ]
}

@test "reviewctl alone lists its commands on stderr; help COMMAND is COMMAND --help" {
    no_leak_check
    run -2 --separate-stderr "$CTL"
    [ -z "$output" ]
    [[ $stderr == *"household show CODE"* ]]
    same_help=$("$CTL" household list --help)
    run -0 "$CTL" help household list
    [ "$output" = "$same_help" ]
    run -2 "$CTL" help nothing
}

@test "usage: mistyped options and words get a suggestion" {
    usage_error "unrecognized option '--teir'; did you mean '--tier'?" household list --teir annual
    usage_error "unrecognized option '--soket'; did you mean '--socket'?" --soket x status
    usage_error "unrecognized option '--outcom '" review 3 "--outcom =continue"
    usage_error "did you mean 'quarterly'?" household list --tier=quaterly
    usage_error "did you mean 'csv'?" household list --format cvs
    usage_error "did you mean 'household'?" houshold
    # What an option takes is not looked at, nor what stands behind --.
    run -3 "$CTL" --socket "$NOBODY" audit verify --head --frob
    usage_error "--frob" audit verify -- --frob
    [[ $stderr != *unrecognized* ]]
}

# ---- completion --------------------------------------------------------------------------------

# What bash would offer for a line that is typed as far as "$@"; sorted, one a line.
completed() {
    (
        eval "$("$CTL" completion bash)"
        COMP_WORDS=(reviewctl "$@") COMP_CWORD=$#
        _reviewctl
        printf '%s\n' "${COMPREPLY[@]}" | sort
    )
}

offers() {
    local expected=$1 is
    shift
    is=$(completed "$@" | tr '\n' ' ')
    [ "${is% }" = "$expected" ] || { echo "$*: $is"; return 1; }
}

@test "bash completion: commands, options, words and files, from the table" {
    offers "queue" que
    offers "register reload report return review run" r
    offers "suspend" household su
    offers "--tier --township" household list --t
    offers "annual quarterly semi-annual" household list --tier ""
    offers "quarterly" household list --tier = q
    offers "csv" --format c
    offers "csv" household list --format c
    offers "book calendar divisions households members standards" import ""
    offers "semi-annual" household tier 500101001-1 s
    offers "continue" review 17 --outcome c
    offers "continue" review --outcome c
    offers "verify" audit v
    offers "show" task s
    offers "task" explain t
    offers "list" help household l
    offers "household" help hou
    offers "zsh" completion z
    echo >"$BATS_TEST_TMPDIR/lists.csv"
    offers "$BATS_TEST_TMPDIR/lists.csv" import households "$BATS_TEST_TMPDIR/li"
    offers "$BATS_TEST_TMPDIR/lists.csv" --socket "$BATS_TEST_TMPDIR/li"
}

@test "bash completion: every command and every option is offered" {
    "$CTL" completion words | awk -F'\t' 'NF == 2 || $4 ~ /^option/' >"$BATS_TEST_TMPDIR/words"
    while IFS=$'\t' read -r command _ name _; do
        read -r -a words <<<"$command"
        if [ -z "$name" ]; then
            completed "${words[@]}" | grep -qxF -- "${words[-1]}" || { echo "$command"; return 1; }
        else
            completed "${words[@]}" "--" | grep -qxF -- "--${name//_/-}" || { echo "$command $name"; return 1; }
        fi
    done <"$BATS_TEST_TMPDIR/words"
}

@test "zsh completion: every command with its options and words" {
    script=$("$CTL" completion zsh)
    [[ $script == "#compdef reviewctl"* ]]
    if command -v zsh >/dev/null; then zsh -n <<<"$script"; fi
    while IFS=$'\t' read -r command _ name _ _ words; do
        if [ -z "$name" ]; then
            [[ $script == *$'\n'"    '$command')"$'\n'* ]]
        elif [ -n "$words" ]; then
            [[ $script == *":($words)"* ]]
        fi
    done < <("$CTL" completion words)
    # Quotes are in pairs on every line.
    grep -v '^#' <<<"$script" | sed "s/\\\\'//g" | awk -F"'" 'NF % 2 == 0 && NF { print; n++ } END { exit n > 0 }'
}

# ---- long lists, pipes and terminals -----------------------------------------------------------

# A list of $1 pages of $2 items: pages PAGES ITEMS ARGUMENT…
pages() { "$B/pages" "$BATS_TEST_TMPDIR/p" "$1" "$2" "$CTL" --socket "$BATS_TEST_TMPDIR/p" household list "${@:3}"; }

# The same on a terminal of so many columns.
on_terminal() {
    local columns=$1
    shift
    COLUMNS=$columns TERM=xterm script -qec "$*" /dev/null </dev/null
}

@test "a list streams: a hundred times the pages take no more memory" {
    for format in table csv json; do
        few=$(pages 10 100 --all --format $format 2>&1 >/dev/null) || { echo "$few"; return 1; }
        many=$(pages 1000 100 --all --format $format 2>&1 >"$BATS_TEST_TMPDIR/out")
        case $format in
        table | csv) [ "$(wc -l <"$BATS_TEST_TMPDIR/out")" = 100001 ] ;;
        json) [ "$(grep -c '^{"household"' "$BATS_TEST_TMPDIR/out")" = 100000 ] ;;
        esac
        echo "$format: $few, $many"
        # The sanitizers keep what was freed.
        grep -q __asan_init "$CTL" || [ "${many% KiB}" -lt $((${few% KiB} + 1024)) ]
    done
}

@test "a reader that goes away ends it quietly; a full disk does not" {
    run -0 --separate-stderr bash -c "set -o pipefail; $(declare -f pages)
        B=$B CTL=$CTL BATS_TEST_TMPDIR=$BATS_TEST_TMPDIR; pages 50 1000 --all | head -n 2"
    [ "${#lines[@]}" = 2 ]
    [[ $stderr != *reviewctl* ]]
    run -1 bash -c "$(declare -f pages)
        B=$B CTL=$CTL BATS_TEST_TMPDIR=$BATS_TEST_TMPDIR; pages 50 1000 --all >/dev/full"
    [[ $output == *"reviewctl: standard output: "* ]]
}

@test "standard streams that are closed are not taken for the socket" {
    run -0 bash -c "'$B/pages' '$BATS_TEST_TMPDIR/p' 2 10 bash -c \"'$CTL' --socket '$BATS_TEST_TMPDIR/p' household list --all >&- 2>&- <&-\""
    [[ $output =~ ^[0-9]+\ KiB$ ]]
}

@test "a table fits the terminal: what is cut ends with an ellipsis, numbers are never cut" {
    for columns in 60 80 120; do
        on_terminal $columns "$B/pages" "$BATS_TEST_TMPDIR/p" 10 3 "$CTL" --socket "$BATS_TEST_TMPDIR/p" \
            household list --all | sed 's/\x1b\[[0-9;]*m//g' | tr -d '\r' >"$BATS_TEST_TMPDIR/out"
        [ "$(grep -c '^5001' "$BATS_TEST_TMPDIR/out")" = 30 ]
        # Every line as wide as the others, and as the terminal allows where columns can be cut.
        # Only what may not be cut makes a line longer than the terminal.
        [ "$(grep -v KiB "$BATS_TEST_TMPDIR/out" | wc -L)" -le $((columns >= 80 ? columns : 80)) ]
        grep -q '^500100009-0002 ' "$BATS_TEST_TMPDIR/out"
        whole=$(grep -c ' 王王王王王王王王王王 ' "$BATS_TEST_TMPDIR/out") || true
        cut=$(grep -c ' 王*… ' "$BATS_TEST_TMPDIR/out") || true
        echo "$columns: $whole whole, $cut cut"
        [ $((columns == 120 ? whole : cut)) -ge 6 ]
    done
}

@test "colours on a terminal alone, and not with NO_COLOR or a dumb one" {
    command="'$B/pages' '$BATS_TEST_TMPDIR/p' 1 3 '$CTL' --socket '$BATS_TEST_TMPDIR/p' household list"
    on_terminal 100 "$command" | grep -q $'\x1b\['
    [[ $(NO_COLOR=1 on_terminal 100 "$command") != *$'\x1b'* ]]
    [[ $(on_terminal 100 "TERM=dumb $command") != *$'\x1b'* ]]
    [[ $(pages 1 3) != *$'\x1b'* ]]
}

@test "progress on a terminal: a bar, how much, the rate and the time left; elsewhere nothing" {
    pages=("$B/pages" --progress "$BATS_TEST_TMPDIR/p" 1 1 "$CTL" --socket "$BATS_TEST_TMPDIR/p" household list)
    on_terminal 100 "${pages[@]}" | tr '\r' '\n' >"$BATS_TEST_TMPDIR/out"
    sed -E 's/\x1b\[K//g' "$BATS_TEST_TMPDIR/out" |
        grep -qE 'apply \[#+ +\] +[0-9]+% [0-9]+/1000  [0-9]+/s  0:[0-9]{2} left'
    run -0 --separate-stderr "${pages[@]}"
    [[ $stderr =~ ^[0-9]+\ KiB$ ]]
}

@test "a signal ends it, and the file that it had made for the bad rows is gone" {
    echo household,division,approved_on >"$BATS_TEST_TMPDIR/in.csv"
    cat >"$BATS_TEST_TMPDIR/run" <<'END'
"$1" --socket "$2/p" import households "$2/in.csv" --skip-bad "$2/bad.csv" &
until [ -e "$2/bad.csv" ]; do :; done
kill -TERM $!
wait $!
END
    run -143 "$B/pages" --progress "$BATS_TEST_TMPDIR/p" 1 1 bash "$BATS_TEST_TMPDIR/run" "$CTL" "$BATS_TEST_TMPDIR"
    [ ! -e "$BATS_TEST_TMPDIR/bad.csv" ]
}
