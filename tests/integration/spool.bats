#!/usr/bin/env bats
# The spool after delivery (contract.md 4; issue: spool care): what nobody fetched is told, what is old goes,
# what the machine refused is an alarm and is tried again; and the numbers that say so (5, metrics).

load ../lib/daemon

setup() {
    D=$BATS_TEST_TMPDIR/d
    daemon_new "$D"
}

teardown() {
    daemon_stop
}

NEW=spool/500101000000/500101001000/new

# A household with an open task in each of two townships.
two_townships() {
    load_divisions
    cat >"$D/h.csv" <<'CSV'
household,division,head_name,approved_on
A,500101001001,张三,2026-01-01
B,500101017001,李四,2026-01-01
CSV
    ctl import households "$D/h.csv" --history complete >/dev/null
}

waits_in() { json queue show "$1" | jq -c "[.items[] | select(.kind == \"$2\") | .body]"; }

@test "a list that lies in new/ for three working days is told to the district, once (4)" {
    daemon_start "2026-11-24 07:00" # a Tuesday
    two_townships
    ctl clock advance 1h >/dev/null # lists of the 24th
    mkdir "$D/fetched"
    mv "$D"/spool/500101000000/500101017000/new/* "$D/fetched/"
    ctl clock advance 2d >/dev/null # the 25th, 26th
    mv "$D"/spool/500101000000/500101017000/new/* "$D/fetched/"
    same '[]' "$(waits_in 500101 not-picked-up)"
    ctl clock advance 1d >/dev/null # the 27th is the third working day after the 24th
    same '[{"event":"not-picked-up","since":"2026-11-24","township":"500101001000"}]' \
        "$(waits_in 500101 not-picked-up)"
    grep -q 'event=not-picked-up township=500101001000 since=2026-11-24' "$D/log"
    mv "$D"/spool/500101000000/500101017000/new/* "$D/fetched/"
    ctl clock advance 4d >/dev/null # not said again for the same list; B's of the 27th was fetched
    same 1 "$(waits_in 500101 not-picked-up | jq length)"
    same 1 "$(grep -c 'event=not-picked-up' "$D/log")"
    # Fetched at last, and left lying again: that is another list.
    rm "$D/$NEW"/*
    ctl clock advance 7d >/dev/null
    same '["2026-11-24","2026-12-02"]' "$(waits_in 500101 not-picked-up | jq -c 'map(select(.township == "500101001000").since)')"
}

@test "lists older than spool_keep_days go; what is younger and what is not ours stays (4)" {
    echo 'spool_keep_days = 10;' >>"$D/reviewd.conf"
    daemon_start "2026-11-24 07:00"
    two_townships
    ctl clock advance 1h >/dev/null
    touch "$D/$NEW/note.txt" "$D/$NEW/2026-11-01-other.csv"
    ln -s /etc/passwd "$D/$NEW/2026-11-01-daily.lnk"
    mkdir "$D/$NEW/2026-11-01-daily.old" "$D/$NEW/2026-11-30-daily.old" # a folder is in nobody's way
    ctl clock advance 10d >/dev/null # 4 December: the 24th is ten days ago, and stays
    [ -f "$D/$NEW/2026-11-24-daily.csv" ]
    ctl clock advance 3d >/dev/null # 7 December
    [ ! -e "$D/$NEW/2026-11-24-daily.csv" ]
    [ ! -e "$D/spool/500101000000/500101017000/new/2026-11-26-daily.html" ]
    [ -f "$D/$NEW/2026-11-27-daily.csv" ]
    [ ! -L "$D/$NEW/2026-11-01-daily.lnk" ]
    [ -s /etc/passwd ]
    [ -d "$D/$NEW/2026-11-01-daily.old" ]
    same "" "$(grep 'event=spool-folder' "$D/log" || true)"
    [ -f "$D/$NEW/note.txt" ] && [ -f "$D/$NEW/2026-11-01-other.csv" ] || false
    grep -q 'event=pruned division=500101001000 before=2026-11-27 files=' "$D/log"
}

@test "what came back goes spool_keep_days after the day it came, however old the file says it is (4)" {
    local back=$D/${NEW%new}return
    echo 'spool_keep_days = 10;' >>"$D/reviewd.conf"
    # The day on which a file came is the file system's to say: the clock starts at that day.
    daemon_start "$(TZ=Asia/Shanghai date +%F) 07:00"
    load_divisions
    mkdir -p "$back/done/folder"
    touch -d '10 years ago' "$back/done/old.csv" "$back/x.rejected.csv" "$back/.waits.csv"
    touch "$back/done/new.csv"
    ctl clock advance 10d >/dev/null
    same 'folder new.csv old.csv' "$(ls "$back/done" | paste -sd ' ')"
    [ -f "$back/x.rejected.csv" ]
    ctl clock advance 14d >/dev/null # past any holiday
    same folder "$(ls "$back/done")"
    same '.waits.csv done' "$(ls -A "$back" | paste -sd ' ')"
}

@test "a folder that a township broke: the others get theirs, an alarm stands, and a reload tries again (4)" {
    daemon_start "2026-11-24 07:00"
    two_townships
    mkdir -p "$D/spool/500101000000"
    echo "in the way" >"$D/spool/500101000000/500101001000"
    ctl clock advance 1h >/dev/null
    [ -f "$D/spool/500101000000/500101017000/new/2026-11-24-daily.csv" ]
    run -1 ctl status --check
    [[ $output == *"broken folders: 1 list waits in tmp/"*500101001000* ]]
    same 1 "$(json status | jq '.alarms | length')"
    same staged "$(json queue show 500101001 | jq -r '.items[] | select(.kind == "daily") | .state')"
    grep -q 'event=spool-waits' "$D/log"
    rm "$D/spool/500101000000/500101001000"
    ctl reload
    wait_for [ -f "$D/$NEW/2026-11-24-daily.csv" ]
    wait_for ctl status --check
    same delivered "$(json queue show 500101001 | jq -r '.items[] | select(.kind == "daily") | .state')"
    same "all is well" "$(ctl status --check)"
}

# The mounts are of a namespace of the daemon's own; what is bound stays when it is killed.
@test "mounts in the spool, one of them full: each list arrives once or waits, and stops no other (4)" {
    local how=-rm real day point T2=spool/500101000000/500101017000/new T3=spool/500102000000/500102006000/new
    [ "$(id -u)" != 0 ] || how=-m
    unshare $how mount -t tmpfs none /mnt 2>/dev/null || skip "no mounts of one's own here"
    real=$(realpath "$B")
    mkdir -p "$D/bin" "$D/one" "$D/two" "$D/fetched" "$D/${NEW%/new}" "$D/$T2" "$D/$T3"
    ln -s "$real"/{reviewctl,rpc} "$D/bin/"
    cat >"$D/bin/reviewd" <<END
#!/bin/sh
cd "$D" && exec unshare $how sh -c 'mount --bind one ${NEW%/new} && mount --bind two $T2 &&
    mount -t tmpfs -o size=4k none $T3 && exec "$real/reviewd" "\$@"' sh "\$@"
END
    chmod +x "$D/bin/reviewd"
    B=$D/bin
    daemon_start "2026-11-23 08:00"
    two_townships
    printf '%s\n' household,division,head_name,approved_on C,500102006001,王五,2026-01-01 >"$D/c.csv"
    ctl import households "$D/c.csv" --history complete >/dev/null
    daemon_stop
    # fetch: as an office does, whatever it sees; what was fetched must never come again.
    fetch() {
        for f in "$D"/one/new/*; do [ ! -e "$f" ] || mv -nv "$f" "$D/fetched/1-${f##*/}"; done
        for f in "$D"/two/*; do [ ! -e "$f" ] || mv -nv "$f" "$D/fetched/2-${f##*/}"; done
        same "" "$(ls "$D/one/new" "$D/two" 2>/dev/null | grep daily || true)"
    }
    day=24
    for point in spool-copied spool-copied:2 spool-renamed-one:6 spool-renamed-one:9; do
        REVIEWD_CRASH_AT=$point daemon_start "2026-11-$day 07:00"
        ctl clock advance 1h >/dev/null 2>&1 || true
        wait_for gone
        rm "$D/pid"
        fetch
        daemon_start "2026-11-$day 08:00"
        wait_for test "$(json status | jq -r .last_run)" != null
        wait_for eval "[ \$(sql \"SELECT count(*) FROM run WHERE phase = 'done'\") = $((day - 23)) ]"
        fetch
        same 6 "$(ls "$D/fetched" | grep -c "2026-11-$day-daily")"
        daemon_stop
        day=$((day + 1))
    done
    same "" "$(find "$D/one/new" "$D/two" -type f)"
    daemon_start "2026-11-28 07:00"
    run -1 ctl status --check
    echo "$output"
    [[ $output == *"broken folders: 4 lists wait in tmp/: spool "*"No space left on device"* ]]
    daemon_stop
    # Its mount is gone: what waited arrives.
    B=$real
    daemon_start "2026-11-28 07:00"
    for day in 24 25 26 27; do [ -f "$D/$T3/2026-11-$day-daily.html" ]; done
    same "" "$(ls "$D/spool/tmp")"
    same "all is well" "$(ctl status --check)"
}

@test "a spool that cannot be written: nothing is marked delivered, the run goes on when it can (4)" {
    daemon_start "2026-11-24 07:00"
    two_townships
    # Permissions would not stop root: something else stands where the folder was.
    rm -r "$D/spool/tmp"
    echo "in the way" >"$D/spool/tmp"
    ! ctl run 2>"$D/why" || false
    grep -q 'reason: storage' "$D/why"
    run -1 ctl status --check
    [[ $output == *"no list can be delivered: spool "* ]]
    same '["queued"]' "$(json queue show 500101001 | jq -c '[.items[] | select(.kind == "daily") | .state]')"
    same 0 "$(json queue show 500101001 | jq '[.items[] | select(.state == "delivered")] | length')"
    ctl metrics | grep -qE '^reviewd_spool_faults +1$'
    ctl metrics | grep -qE '^reviewd_spool_errors_total +[1-9]'
    rm "$D/spool/tmp"
    same '"2026-11-24"' "$(json run | jq .date)" # goes on where it was
    [ -f "$D/$NEW/2026-11-24-daily.csv" ]
    same '["delivered"]' "$(json queue show 500101001 | jq -c '[.items[].state] | unique')"
    same "all is well" "$(ctl status --check)"
}

@test "status --check: an overdue run, a message that lies for three working days (5)" {
    echo 'delivery = ( { division = "500101"; by = "socket"; } );' >>"$D/reviewd.conf"
    daemon_start "2026-11-24 07:00"
    same "all is well" "$(ctl status --check)"
    two_townships
    ctl clock advance 1h >/dev/null
    ctl clock advance 2d >/dev/null
    same "all is well" "$(ctl status --check)"
    ctl clock advance 1d >/dev/null # Friday the 27th: the third working day
    run -1 ctl status --check
    same "a message of 2026-11-24 is neither delivered nor acknowledged" "$output"
    same "$output" "$(json status | jq -r '.warnings[] | select(startswith("a message"))')"
    run -1 --separate-stderr json status --check
    same '["alarms"]' "$(jq -c keys <<<"$output")"
    daemon_stop
    daemon_start "2026-11-28 07:35" # within the grace of ten minutes
    ! ctl status --check | grep overdue || false
    daemon_stop
    daemon_start "2026-11-28 07:45"
    run -1 ctl status --check
    [[ $output == *"the run of 2026-11-28 is overdue"* ]]
}

@test "metrics: each number of the issue, the same in the Prometheus file (5)" {
    echo 'metrics_file = "reviewd.prom";' >>"$D/reviewd.conf"
    daemon_start "2026-11-24 07:00"
    two_townships
    ctl clock advance 1h >/dev/null
    ! ctl household show NOBODY 2>/dev/null || false
    json metrics >"$D/m"
    value() { jq -r --arg n "$1" '.metrics[] | .samples[] | select(.name == $n and .labels == {}).value' "$D/m"; }
    same "2 2 2" "$(value reviewd_households) $(value reviewd_active_households) $(value reviewd_open_tasks)"
    same 2 "$(value reviewd_late_tasks)"
    same "$(date -d '2026-11-24 07:30 +0800' +%s)" "$(value reviewd_last_run_timestamp_seconds)"
    same 0 "$(value reviewd_last_run_seconds)" # the manual clock stands still
    same 0 "$(value reviewd_spool_errors_total)"
    [ "$(value reviewd_store_free_bytes)" -gt 0 ] && [ "$(value reviewd_wal_bytes)" -gt 0 ] || false
    [ "$(value reviewd_sync_seconds_count)" -gt 0 ] && [ "$(value reviewd_queue_delay_seconds_count)" -gt 0 ] || false
    # A histogram counts up to all.
    jq -e '[.metrics[] | select(.type == "histogram") | [.samples[] | select(.labels.le).value] | . == sort] | all' "$D/m"
    jq -e '.metrics[] | select(.name == "reviewd_sync_seconds") | ([.samples[] | select(.labels.le == "+Inf").value][0]) == ([.samples[] | select(.name | endswith("_count")).value][0])' "$D/m"
    same 1 "$(jq '.metrics[] | .samples[] | select(.labels.method == "household.show" and .labels.reason == "not-found").value' "$D/m")"
    same 2 "$(jq '.metrics[] | .samples[] | select(.labels.method == "import" and .labels.reason == "done").value' "$D/m")"
    # The file is replaced whole, in the form that promtool takes: HELP, TYPE, samples.
    wait_for grep -q '^reviewd_open_tasks 2$' "$D/reviewd.prom"
    same 644 "$(stat -c %a "$D/reviewd.prom")"
    grep -qE '^reviewd_calls_total\{method="import",reason="done"\} 2$' "$D/reviewd.prom"
    ! grep -vE '^(# (HELP|TYPE) reviewd_[a-z_]+ .+|reviewd_[a-z_]+(\{[a-z]+="[^"]*"(,[a-z]+="[^"]*")*\})? [0-9.e+-]+)$' "$D/reviewd.prom" || false
    diff <(grep -o '^# TYPE [a-z_]*' "$D/reviewd.prom" | sort -u) <(grep -o '^# TYPE [a-z_]*' "$D/reviewd.prom" | sort)
    # For people a sample a line.
    ctl metrics | grep -qE '^reviewd_open_tasks +2$'
    # What cannot be written is a warning, no alarm, and stands until it can.
    rm "$D/reviewd.prom" && mkdir "$D/reviewd.prom"
    wait_for eval 'json status | jq -e ".warnings | any(startswith(\"the metrics file is not written\"))"'
    same "all is well" "$(ctl status --check | grep -v neither)"
}

@test "an import below the floor of free space is refused, reviews still fit (5)" {
    daemon_start "2026-11-24 07:00"
    two_townships
    echo 'limits = { free_megabytes = 1000000; };' >>"$D/reviewd.conf"
    ctl reload
    run -1 ctl import households "$D/h.csv" --history complete
    [[ $output == *"limits.free_megabytes keeps 1000000 for reviews"* ]]
    [[ $output == *"reason: storage"* ]]
    ctl review "$(task_of A)" --outcome continue >/dev/null
    same "" "$(ls "$D/staging")"
}
