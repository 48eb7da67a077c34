# Ten years in the real daemon against a slow oracle that shares no code with it (tests/simulation).
# SEED=n repeats a run; a mismatch prints the household's history and both views.

setup() {
    load ../lib/daemon
    room=/dev/shm
    [ -w $room ] || room=$BATS_TEST_TMPDIR
    FOLDER=$(mktemp -d "$room/sim.XXXX")
}

teardown() {
    rm -rf "$FOLDER"
}

simulate() { "$B/simulate" "$@" "$FOLDER/d" 3>&-; }

@test "ten years: the same cycles, tasks, tiers, protection, register and alerts as the oracle; verify clean every month" {
    simulate --households 60
}

@test "3.8: no alert twice and none missing, however the same days fall into runs and downtimes" {
    simulate --split --households 40 --from 2019-10-01 --to 2020-04-01
}

@test "3.5: 1,000 random commands end no protected household without one of the four grounds on record" {
    simulate --protected --households 30 --from 2018-01-10
}
