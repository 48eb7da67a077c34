#!/usr/bin/env bats
# 8 consumers take and acknowledge at random, while they and the daemon are killed: every message is
# acknowledged exactly once, and in each division none is given before what was said earlier (contract.md
# 4, 6; include/work/queue.h).
#
# SEED=n repeats the choices, not the machine's pace; STEPS=n asks for more.

load ../lib/daemon

CONSUMERS=8
DIVISIONS_ALL="500000000000 500101000000 500102000000 500101001000 500101017000 500102006000 500102007000"

setup() {
    # In memory where there is such a place: a kill takes nothing from the kernel.
    ROOM=$(mktemp -d "$([ -w /dev/shm ] && echo /dev/shm || echo "$BATS_TEST_TMPDIR")/queue-XXXXXX")
    daemon_new "$ROOM"
    echo 'delivery = ( { division = "50"; by = "socket"; } );' >>"$D/reviewd.conf"
    declare -gA pids=()
    born=0 deaths=0 falls=0
}

teardown() {
    for pid in "${pids[@]}"; do kill -9 "$pid" 2>/dev/null || true; done
    daemon_stop
    rm -rf "$ROOM"
}

# Households of all villages, due one after the other over five weeks.
households() {
    local villages=(500101001001 500101001002 500101017001 500101017002 500102006001 500102007001 500102007002)
    echo household,division,status,tier,approved_on
    for ((i = 0; i < 70; i++)); do
        echo "H$i,${villages[i % 7]},active,quarterly,$(date -d "2026-08-20 + $((i / 2)) days" +%F)"
    done
}

at() { TZ=Asia/Shanghai date -d "@$now" "${1:-+%FT%T}"; }

# Consumer I begins, with a log of its own.
born() {
    born=$((born + 1))
    "$B/consumer" "$D/s" "$ROOM/log.$born" $((SEED + born)) $DIVISIONS_ALL 2>>"$ROOM/consumers" 3>&- &
    pids[$1]=$!
}

killed() {
    kill -9 "${pids[$1]}"
    wait "${pids[$1]}" 2>/dev/null || true
    deaths=$((deaths + 1))
}

# The daemon dies, in the middle of what it does, and comes back at the same time of its clock.
fall() {
    falls=$((falls + 1))
    daemon_kill
    daemon_start "$(at '+%F %T')"
}

# on SECONDS: the clock goes on. All that a restart can see is later than what was seen before.
on() {
    now=$((now + $1))
    ctl clock set "$(at)" >/dev/null
}

@test "8 consumers, kill -9 of consumers and daemon: each message acknowledged once, divisions in order" {
    SEED=${SEED:-$((RANDOM * 32768 + RANDOM))} STEPS=${STEPS:-120}
    echo "# seed $SEED" >&3
    echo "SEED=$SEED"
    RANDOM=$((SEED % 32768))
    local now i mover victim
    now=$(TZ=Asia/Shanghai date -d "2026-11-24 07:00" +%s)
    daemon_start "$(at '+%F %T')"
    load_divisions
    households >"$ROOM/households.csv"
    ctl import households "$ROOM/households.csv" --history complete >/dev/null
    for ((i = 0; i < CONSUMERS; i++)); do born $i; done

    for ((i = 0; i < STEPS; i++)); do
        sleep "0.0$((RANDOM % 40 + 10))"
        case $((RANDOM % 20)) in
        [0-5]) on $((RANDOM % 600 + 1)) ;;
        [6-9] | 1[0-1]) on 86400 ;;
        1[2-6])
            killed $((victim = RANDOM % CONSUMERS))
            born $victim
            ;;
        17 | 18) fall ;;
        19) # while the day's run is made
            now=$((now + 86400))
            ctl clock set "$(at)" >/dev/null 2>&1 3>&- &
            mover=$!
            sleep "0.00$((RANDOM % 10))"
            fall
            wait $mover || true
            ;;
        esac
        for pid in "${pids[@]}"; do kill -0 "$pid" || { cat "$ROOM/consumers"; false; }; done
    done

    # The dead hold nothing longer than their leases.
    json run >/dev/null
    for ((i = 0; i < 200; i++)); do
        [ "$(json status | jq .queues.messages)" -gt 0 ] || break
        on 300
        sleep 0.05
    done
    same 0 "$(json status | jq .queues.messages)"
    for ((i = 0; i < CONSUMERS; i++)); do killed $i; done
    [ "$falls" -ge $((STEPS / 20)) ]

    { sql "SELECT 'M ' || epoch || '-' || seq || ' ' || division || ' ' || state FROM message ORDER BY seq"
      sql "SELECT 'K ' || value FROM audit, json_each(audit.after, '\$.ids') WHERE action = 'queue.ack'"; } >"$ROOM/store"
    run -0 "$B/consumer" --judge "$ROOM/store" "$ROOM"/log.*
    echo "# $output; $deaths deaths of consumers, $falls of the daemon" >&3
    ctl verify
    ctl audit verify
}
