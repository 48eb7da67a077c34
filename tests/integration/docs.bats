#!/usr/bin/env bats
# What the documents say is so: generated text is fresh, every key, table and method is described, and
# README's tour runs and prints what it shows.

bats_require_minimum_version 1.5.0

setup() {
    B=$(realpath "${B:-build}")
    export LC_ALL=C.UTF-8
    unset REVIEWD_SOCKET
}

# The tour of README.md: $TOUR/NN.sh for each block of commands, NN.txt where it shows what they print.
tour_split() {
    awk -v to="$TOUR" '
        /^<!-- tour/ { on = 1 }
        /^<!-- end of tour/ { on = 0 }
        on && /^```sh$/ { file = sprintf("%s/%02d.sh", to, ++n); next }
        on && /^```text$/ { file = sprintf("%s/%02d.txt", to, n); printf "" >file; next }
        /^```$/ { file = "" }
        on && file { print >file }
    ' README.md
    sed -i "s#build/tour#$TOUR/tour#g; s#\.\./\.\./conf#$PWD/conf#; s#\$PWD/build:#$B:#; s#^build/#$B/#" \
        "$TOUR"/*.sh
}

# Runs the blocks in one shell, as a reader would; the first command that fails ends it.
tour_run() {
    cat >"$TOUR/run" <<'END'
set -eu -o pipefail
trap 'kill $(jobs -p) 2>/dev/null || true' EXIT
for block in "$TOUR"/*.sh; do
    . "$block" >"${block%.sh}.out" 2>&1
    for _ in $(seq 200); do [ "$block" != "$TOUR/01.sh" ] || reviewctl status >/dev/null 2>&1 || sleep 0.05; done
done
END
    TOUR=$TOUR bash "$TOUR/run" 3>&-
}

@test "doc/openrpc.json is what rpc.discover answers, and is a whole OpenRPC document" {
    "$B/protocol" --openrpc | diff doc/openrpc.json -
    # What the OpenRPC specification 1.3 asks of each object (openrpc, info, methods; name, params with name
    # and schema; result), of names that are each there once, and of required parameters before others.
    jq -e '(.openrpc | test("^1\\.3\\.[0-9]+$")) and (.info | .title != "" and .version != "")
        and ([.methods[].name] | length == (unique | length))
        and ([.methods[] | (.name | test("^[a-z.]+$")) and (.params | type == "array")
              and ([.params[] | (.name | type == "string") and (.schema | type == "object") and (.required | type == "boolean")] | all)
              and ([.params[].name] | length == (unique | length))
              and ([.params[].required] | . == (sort | reverse))
              and (.result | .name != "" and (.schema | type == "object"))
              and ((keys - ["name", "summary", "paramStructure", "params", "result", "x-role", "x-bound"]) == [])] | all)' doc/openrpc.json
}

@test "doc/protocol.md is what the table of methods prints" {
    "$B/protocol" | diff doc/protocol.md -
}

@test "every method of rpc.discover, error and import fault stands in doc/protocol.md" {
    for m in $(grep -ohE '\.name = "[a-z.]+"' daemon/control/methods/*.c | cut -d'"' -f2); do
        grep -qx "### $m" doc/protocol.md || { echo "no $m"; false; }
    done
    tr -d '\n' <<<"$(cat daemon/work/import*.c)" | grep -oE 'import_fault\([^;]*' |
        grep -oE '"(missing|duplicate|conflict|[a-z]+(-[a-z]+)+)"' | sort -u | tr -d '"' |
        while read -r reason; do
            grep -q "^| \`$reason\` |" doc/protocol.md || { echo "no $reason"; exit 1; }
        done
}

@test "the manual pages are good mdoc" {
    command -v mandoc >/dev/null || skip "mandoc is not installed"
    # Pages that are not installed here are no fault of ours.
    run mandoc -Tlint man/*.[158]
    ! grep -vE 'referenced manual not found|outdated mandoc.db' <<<"$output" | grep . || false
}

@test "every key of reviewd.conf stands in reviewd.conf(5), and in the example" {
    keys=$(sed -nE 's/^ *\{"([a-z_]+)", SCHEMA_.*/\1/p; s/^ *LIMIT\("([a-z_]+)",.*/\1/p' daemon/work/settings.c)
    [ "$(wc -w <<<"$keys")" -ge 30 ]
    for key in $keys; do
        grep -qE "^\.It Ic $key( |$)" man/reviewd.conf.5 || { echo "man: no $key"; false; }
        grep -qE "(^|[#{ ])$key *=" conf/reviewd.conf || { echo "conf: no $key"; false; }
    done
}

@test "reviewd.conf as it is shipped is good, and so is each line behind a #" {
    run -0 "$B/reviewd" -f conf/reviewd.conf --check
    mkdir -p "$BATS_TEST_TMPDIR/etc"
    cp -r conf/policy conf/calendar "$BATS_TEST_TMPDIR/etc"
    grep -vE '^(policy_dir|calendar_dir) = |_dir = "/etc' conf/reviewd.conf |
        sed -E 's/^#([a-z_]+ = |    [a-z{(]|[})])/\1/' |
        grep -vE '^(accounts|delivery) = \(\);' >"$BATS_TEST_TMPDIR/etc/reviewd.conf"
    echo 'policy_dir = "policy"; calendar_dir = "calendar";' >>"$BATS_TEST_TMPDIR/etc/reviewd.conf"
    run -0 "$B/reviewd" -f "$BATS_TEST_TMPDIR/etc/reviewd.conf" --check
}

@test "every key of the policies stands in reviewd-policy(5)" {
    keys=$(sed 's/#.*//; s/"[^"]*"//g' conf/policy/*.conf | grep -oE '[a-z_]+ *=' | tr -d ' =' | sort -u)
    [ "$(wc -w <<<"$keys")" -ge 30 ]
    for key in $keys; do
        grep -qE "^\.(It|Ss|Ic|A) .*\<$key\>|^\.(Ic|It|Ss) $key\>" man/reviewd-policy.5 ||
            { echo "no $key"; false; }
    done
}

# The item of a command in reviewctl(1), from its .It on to the next.
man_item() {
    awk -v cm="$1" '/^\.It/ { on = 0 } /^\.(It|It Xo|Cm) ?/ && index($0 " ", "Cm " cm " ") { on = 1 } on' \
        man/reviewctl.1
}

@test "every command of reviewctl stands in reviewctl(1), with each of its options" {
    count=0
    while IFS=$'\t' read -r command _ name role _; do
        grep -qE "(^\.It (Xo )?|^\.)Cm $command( |$)" man/reviewctl.1 || { echo "no $command"; return 1; }
        count=$((count + 1))
        # What every list takes is said once.
        [[ $role == option* && $name != limit && $name != cursor && $name != all ]] || continue
        man_item "$command" | grep -q -- "Fl -${name//_/-}\b" || { echo "no $command --$name"; return 1; }
    done < <("$B/reviewctl" completion words)
    [ "$count" -ge 100 ]
    for option in socket format json bom yes help; do
        grep -q "^\.It Fl -$option\b" man/reviewctl.1 || { echo "no --$option"; return 1; }
    done
}

@test "reviewd(8) names every event that is logged" {
    {
        grep -ohE '"event=[a-z-]+' -r daemon | sed 's/"event=//'
        grep -ohE '\bname = "[a-z-]+"' conf/policy/*.conf | grep -E 'due-|late|escalated' | sed 's/.*"\(.*\)"/\1/'
    } | sort -u >"$BATS_TEST_TMPDIR/events"
    [ "$(wc -l <"$BATS_TEST_TMPDIR/events")" -ge 20 ]
    while read -r event; do
        grep -qE "^\.It .*\b$event\b" man/reviewd.8 || { echo "reviewd(8) lacks $event"; return 1; }
    done <"$BATS_TEST_TMPDIR/events"
}

@test "the operator's page has each warning of status, and each event that needs a person" {
    while read -r text; do
        grep -qF "$text" daemon/control/methods/status.c || { echo "status says no more: $text"; return 1; }
        grep -E '^### ' doc/operator.md | grep -qF "$text" || { echo "no heading for: $text"; return 1; }
    done <<'TEXTS'
is overdue
the store refused the last change
the daily run is held
no list can be delivered
the spool has broken folders
is neither delivered nor acknowledged
an accepted import waits to be applied
set aside by the daily run
the metrics file is not written
no calendar of
restored on
is bound to
TEXTS
    # Another warning in status.c needs another heading: this count then needs another number.
    [ "$(grep -cE 'warn\(list|strbuf_addf\(&text|\{"[a-z ]+", (true|false)\}' daemon/control/methods/status.c)" -eq 13 ]
}

@test "every table, view and column of the store stands in doc/store.md" {
    for f in daemon/store/schema-*.sql; do
        grep -oE '^CREATE (TABLE|VIEW) [a-z_]+' "$f" | cut -d' ' -f3
    done | while read -r table; do
        grep -qE "^#+ .*\`$table\`" doc/store.md || { echo "no $table"; exit 1; }
    done
    awk '/^CREATE TABLE/ { table = $3; next } /^\)/ { table = "" }
         table && /^    [a-z_0-9]+ +(INTEGER|TEXT|BLOB)/ { print table, $1 }' \
        daemon/store/schema-*.sql | while read -r table column; do
        awk -v t="\`$table\`" '/^#/ { on = index($0, t) } on' doc/store.md |
            grep -q "^| .*\`$column\`" || { echo "no $table.$column"; exit 1; }
    done
}

@test "every module and test that doc/clauses.md names is there, and every clause carried out has both" {
    rows=$(awk '/^## Carried out/ { on = 1 } /^## Not carried out/ { on = 0 } on && /^\| / { print }' \
        doc/clauses.md | tail -n +3)
    [ "$(wc -l <<<"$rows")" -ge 15 ]
    while IFS='|' read -r _ clause _ _ modules tests _; do
        [[ $modules == *'`'* && $tests == *'`'* ]] || { echo "no module or test:$clause"; false; }
        for name in $(grep -oE '`[^`]+`' <<<"$modules" | tr -d '`'); do
            compgen -G "daemon/$name" >/dev/null || { echo "no daemon/$name:$clause"; false; }
        done
        for name in $(grep -oE '`[^`]+`' <<<"$tests" | tr -d '`'); do
            [ -f "tests/$name" ] || { echo "no tests/$name:$clause"; false; }
        done
    done <<<"$rows"
    awk '/^## Not carried out/ { on = 1 } on' doc/clauses.md | grep -oE '`[a-z]+/[a-z/_*]+\.c`' | tr -d '`' |
        while read -r name; do [ -f "daemon/$name" ] || { echo "no daemon/$name"; exit 1; }; done
}

@test "README's tour runs, and prints what it shows" {
    TOUR=$BATS_TEST_TMPDIR
    tour_split
    [ "$(cat "$TOUR"/*.sh | grep -c '^reviewctl ')" -ge 15 ]
    tour_run || { tail -n 5 "$TOUR"/*.out; false; }
    for shown in "$TOUR"/*.txt; do
        sed -i "s#$TOUR/tour#build/tour#g" "${shown%.txt}.out"
        diff "$shown" "${shown%.txt}.out"
    done
}

# ---- the examples of the manual pages ----------------------------------------------------------

# The literal blocks of a page: $M/PAGE-NN, the .Bd and .Ed left out, mdoc's escapes undone. A block
# behind a comment `Not run here' is not.
man_blocks() {
    awk -v to="$M/$1" '/^\.Sh/ { examples = /EXAMPLES/ } /^\.Ed/ { file = "" } file { print >file }
        /^\.\\" Not run here: / { getline; next }
        examples && /^\.Bd -literal/ { file = sprintf("%s-%02d", to, ++n); printf "" >file }' "man/$1"
    sed -i 's/\\(dq/"/g; s/\\e/\\/g' "$M/$1"-*
}

# A folder with a configuration as /etc/reviewd would be, the programmes in PATH, and files to load.
man_house() {
    M=$BATS_TEST_TMPDIR
    mkdir -p "$M/etc" "$M/bin"
    cp -r conf/policy conf/calendar "$M/etc"
    cat >"$M/etc/reviewd.conf" <<'END'
store = "reviewd.db"; spool = "spool"; socket = "reviewd.sock";
policy_dir = "policy"; calendar_dir = "calendar";
END
    sed 's/reviewd.sock/rehearsal.sock/; s/reviewd.db/rehearsal.db/; s#"policy"#"etc/policy"#; s#"cal#"etc/cal#' \
        "$M/etc/reviewd.conf" >"$M/rehearsal.conf"
    cat >"$M/bin/reviewd" <<END
#!/bin/bash
# Without -f the configuration is /etc/reviewd/reviewd.conf.
[[ \$1 == -f ]] && exec "$B/reviewd" "\$@"
"$B/reviewd" -f "$M/etc/reviewd.conf" "\$@" 2>&1 | sed 's#$M/etc#/etc/reviewd#g'
END
    chmod +x "$M/bin/reviewd"
    ln -s "$B/reviewctl" "$M/bin/reviewctl"
    cat >"$M/households.csv" <<'END'
household,division,head_name,status,tier,income_kind,income,approved_on,last_review_on,register
FS-001,500101001001,向大芳,active,quarterly,variable,9600,2025-11-30,2026-08-31,exited
FS-002,500101001002,谭文明,active,,stable,3600,2025-02-28,2026-11-18,none
FS-003,500101001002,牟素珍,active,annual,stable,5200.50,2025-10-03,,registered
FS-004,500101001002,冉启国,active,weekly,stable,4100,2026-02-28,,none
END
    export PATH=$M/bin:$PATH REVIEWD_SOCKET=$M/etc/reviewd.sock M
    "$B/reviewd" -f "$M/etc/reviewd.conf" --manual-clock "2026-11-24 08:00" 2>"$M/log" >/dev/null 3>&- &
    echo $! >"$M/pid"
    until reviewctl status >/dev/null 2>&1; do kill -0 "$(<"$M/pid")"; sleep 0.01; done
    reviewctl import divisions tests/data/divisions.csv >/dev/null
}

# Ends what man_house started, and what an example did.
teardown() {
    [ -z "${M:-}" ] || kill "$(<"$M/pid")" $(cat "$M/jobs" 2>/dev/null) 2>/dev/null || true
}

# Runs the sessions of the blocks, each `$ command' or `# command' with what it shows below it, in one
# shell; where something is shown it is what came.
man_session() {
    cat "$@" >"$M/session"
    grep -qE '^[$#] ' "$M/session"
    cat >"$M/run" <<'END'
cd "$M"
check() {
    eval "$command" >"$M/out" 2>&1
    if [[ $command == *'&' ]]; then
        echo $! >>"$M/jobs"
        for _ in $(seq 1000); do [ -S "$M/rehearsal.sock" ] && break; sleep 0.01; done
    fi
    [ ! -s "$M/shown" ] || diff "$M/shown" "$M/out" >&2 || { echo "so far: $command" >&2; exit 1; }
}
while IFS= read -r -u 4 line; do
    case $line in
    '$ '* | '# '*)
        [ -z "${command:-}" ] || check
        command=${line:2}
        : >"$M/shown"
        ;;
    *) printf '%s\n' "$line" >>"$M/shown" ;;
    esac
done 4<"$M/session"
check
END
    bash "$M/run" 3>&-
}

@test "every example of a manual page is a block that is run here" {
    run -1 grep -nE '^\.Dl [$#]' man/*.[158]
    pages=$(awk '/^\.Sh/ { on = /EXAMPLES/ } on && /^\.Bd -literal/ { print FILENAME }' man/*.[158] | sort | uniq -c |
        awk '{ print $2 }' | tr '\n' ' ')
    # What needs root and systemd.
    [ "$(grep -h '^\.\\" Not run here: .* by package.bats' man/*.[158] | wc -l)" = 1 ]
    [ "$pages" = "man/reviewctl.1 man/reviewd-policy.5 man/reviewd.8 man/reviewd.conf.5 " ]
}

@test "the examples of reviewctl(1) run, and print what they show" {
    man_house
    man_blocks reviewctl.1
    [ "$(cat "$M"/reviewctl.1-* | grep -c '^\$ ')" -ge 14 ]
    man_session "$M"/reviewctl.1-*
}

@test "the examples of reviewd(8) run, and print what they show" {
    man_house
    man_blocks reviewd.8
    man_session "$M"/reviewd.8-*
}

@test "the example of reviewd.conf(5) is a good configuration" {
    man_house
    man_blocks reviewd.conf.5
    cat "$M"/reviewd.conf.5-* >>"$M/etc/reviewd.conf"
    [ "$(cat "$M"/reviewd.conf.5-* | wc -l)" -ge 7 ]
    run -0 "$B/reviewd" -f "$M/etc/reviewd.conf" --check
}

# What the page tells to do, with what it shows.
@test "the examples of reviewd-policy(5): a new version follows the old, and a rule goes before all others" {
    man_house
    man_blocks reviewd-policy.5
    old=$M/etc/policy/2026-regular.conf new=$M/etc/policy/2027-leads.conf
    cp "$old" "$new"
    sed -i "/from = \"2026-01-01\"/r $M/reviewd-policy.5-01" "$old"
    sed -i "/from = \"2026-01-01\"/,/source/d; /^in_force = {/r $M/reviewd-policy.5-02
            /tier = \"quarterly\"; *lead_days/s/15/20/" "$new"
    man_session "$M/reviewd-policy.5-03"
    sed -i "/^tier = {/,/rules = (/{/rules = (/r $M/reviewd-policy.5-04
            }" "$new"
    grep -q serious-illness "$new"
    run -0 reviewd --check
    [[ $output == *"good, 4 policies" ]]
    reviewctl reload
    reviewctl clock set 2027-07-01T08:00 >/dev/null
    reviewctl --json status | jq -e '.policy.name == "2027-leads"'
}
