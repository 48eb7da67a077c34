#!/usr/bin/env bats
# reviewctl alone: its command line, its help, and what it says where no daemon is (spec.md section 5).

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

# The commands of the help: words in small letters up to the first argument, option or column.
commands() {
    "$CTL" --help | sed -n '/^Commands:/,/^$/s/^  \([a-z]* \{0,1\}[a-z]*\).*/\1/p' | sed 's/ *$//'
}

bats_require_minimum_version 1.5.0

@test "--help lists every command, and each has help of its own" {
    no_leak_check
    count=0
    while read -r -a words; do
        run -0 "$CTL" "${words[@]}" --help
        [[ ${lines[0]} == "Usage: reviewctl ${words[*]}"* ]]
        count=$((count + 1))
    done < <(commands)
    [ "$count" -ge 20 ]
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
    usage_error "continue, adjust, postpone, terminate" review 3 --outcome stop
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
