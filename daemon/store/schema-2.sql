-- Version 2: queues that are taken, the districts' table of townships, who asked for a run, townships
-- that were joined, stores that came back from a backup.

-- A township or village that was joined to another. It keeps its row, for what is on record of it; when
-- the other is joined to a third, this one's merged_into follows: it is never itself a joined division.
ALTER TABLE division ADD COLUMN merged_into INTEGER REFERENCES division (code);
ALTER TABLE division ADD COLUMN merged_on INTEGER;
CREATE INDEX division_merged ON division (merged_into) WHERE merged_into IS NOT NULL;

-- What waits in the queue of a division, however long its history; and what is leased.
CREATE INDEX message_waiting ON message (division, seq) WHERE state IN ('queued', 'staged', 'ready');
CREATE INDEX message_leased ON message (lease_until, seq)
    WHERE state = 'ready' AND lease_until IS NOT NULL;
-- What is no list is ready as soon as it is said; whether a list of the division carried it is a fact
-- of its own (of a list: whether its body was made for the socket).
ALTER TABLE message ADD COLUMN listed INTEGER NOT NULL DEFAULT 0 CHECK (listed IN (0, 1));
UPDATE message SET listed = 1 WHERE state <> 'queued';
UPDATE message SET state = 'ready' WHERE state = 'queued' AND kind <> 'daily';
DROP INDEX message_told;
CREATE INDEX message_told ON message (division, seq) WHERE listed = 0 AND kind <> 'daily';
-- What was made for the socket and not acknowledged: it goes back where a division leaves it.
CREATE INDEX message_made ON message (seq) WHERE state = 'ready' AND listed = 1;

-- Tasks done of each township and month (year * 12 + month - 1), by the day on which each was done; on
-- time is a done_on not after due_on. Kept in the same transactions, not counted.
CREATE TABLE office_month (
    township INTEGER NOT NULL REFERENCES division (code),
    month    INTEGER NOT NULL,
    done     INTEGER NOT NULL CHECK (done >= 0),
    on_time  INTEGER NOT NULL CHECK (on_time BETWEEN 0 AND done),
    PRIMARY KEY (township, month)
) STRICT, WITHOUT ROWID;
INSERT INTO office_month
SELECT township, strftime('%Y', done_on * 86400, 'unixepoch') * 12
                 + strftime('%m', done_on * 86400, 'unixepoch') - 1 AS month,
       count(*), sum(done_on <= due_on)
FROM task WHERE state = 'done' GROUP BY 1, 2;
CREATE TRIGGER task_done AFTER UPDATE OF state ON task
WHEN new.state = 'done' AND old.state <> 'done' BEGIN
    INSERT INTO office_month
    VALUES ((SELECT coalesce(merged_into, code) FROM division WHERE code = new.township),
            strftime('%Y', new.done_on * 86400, 'unixepoch') * 12
                + strftime('%m', new.done_on * 86400, 'unixepoch') - 1,
            1, new.done_on <= new.due_on)
    ON CONFLICT (township, month)
    DO UPDATE SET done = done + 1, on_time = on_time + excluded.on_time;
END;
CREATE TRIGGER task_undone AFTER UPDATE OF state ON task
WHEN old.state = 'done' AND new.state <> 'done' BEGIN
    UPDATE office_month SET done = done - 1, on_time = on_time - (old.done_on <= old.due_on)
    WHERE township = (SELECT coalesce(merged_into, code) FROM division WHERE code = old.township)
      AND month = strftime('%Y', old.done_on * 86400, 'unixepoch') * 12
                  + strftime('%m', old.done_on * 86400, 'unixepoch') - 1;
END;

-- A run has two more phases: what was not picked up, and what is too old in the spool; and it knows who
-- asked for it (NULL: the clock).
DROP INDEX run_one_running;
ALTER TABLE run RENAME TO run_1;
CREATE TABLE run (
    day         INTEGER PRIMARY KEY,
    state       TEXT NOT NULL CHECK (state IN ('running', 'done')),
    phase       TEXT NOT NULL CHECK (phase IN ('open', 'effect', 'age', 'roll', 'close', 'notice',
                         'pickup', 'alert', 'list', 'deliver', 'prune', 'done')),
    cursor      INTEGER NOT NULL,
    working_day INTEGER NOT NULL CHECK (working_day IN (0, 1)),
    for_day     INTEGER NOT NULL, -- the run that caught this day up, or the day itself
    opened      INTEGER NOT NULL DEFAULT 0,
    alerts      INTEGER NOT NULL DEFAULT 0,
    lists       INTEGER NOT NULL DEFAULT 0,
    audit_head  TEXT,
    started_at  TEXT NOT NULL,
    finished_at TEXT,
    uid         INTEGER,
    who         TEXT,
    CHECK ((state = 'done') = (phase = 'done'))
) STRICT;
INSERT INTO run (day, state, phase, cursor, working_day, for_day, opened, alerts, lists, audit_head,
                 started_at, finished_at)
SELECT day, state, phase, cursor, working_day, for_day, opened, alerts, lists, audit_head, started_at,
       finished_at FROM run_1;
DROP TABLE run_1;
CREATE UNIQUE INDEX run_one_running ON run (state) WHERE state = 'running';

-- What a new calendar gave, where the deadline of a task without a cycle could not go back so far. So
-- far such a task looked like one that had been postponed.
ALTER TABLE task ADD COLUMN rolled_on INTEGER;
ALTER TABLE task_was ADD COLUMN rolled_on INTEGER;
ALTER TABLE cycle_was ADD COLUMN rolled_on INTEGER;
-- Who was admitted anew is not what it was before.
ALTER TABLE household_was ADD COLUMN approved_on INTEGER;
UPDATE household_was SET approved_on =
    (SELECT h.approved_on FROM event e JOIN household h ON h.id = e.household_id
     WHERE e.event = household_was.event);
UPDATE task SET rolled_on = original_due_on, original_due_on = due_on
WHERE state = 'open' AND cycle IS NULL AND due_on <> original_due_on
  AND NOT EXISTS (SELECT 1 FROM review r WHERE r.task = task.task AND r.outcome = 'postpone'
                                           AND r.corrected = 0);

-- Households under review whose tier is the default, for nothing is known of them (contract.md 3.3), and the
-- day on which their township was told: once. Who is known before that is not told of.
CREATE TABLE tier_default (
    household_id INTEGER PRIMARY KEY REFERENCES household (id),
    told_on      INTEGER
) STRICT;
CREATE INDEX tier_default_untold ON tier_default (household_id) WHERE told_on IS NULL;
INSERT INTO tier_default
SELECT id, NULL FROM household WHERE tier_source = 'default' AND status IN ('active', 'suspended');
CREATE TRIGGER tier_default_added AFTER INSERT ON household
WHEN new.tier_source = 'default' AND new.status IN ('active', 'suspended') BEGIN
    INSERT INTO tier_default VALUES (new.id, NULL) ON CONFLICT DO NOTHING;
END;
CREATE TRIGGER tier_default_moved AFTER UPDATE OF tier_source, status ON household
WHEN new.tier_source <> old.tier_source OR new.status <> old.status BEGIN
    DELETE FROM tier_default WHERE household_id = new.id AND told_on IS NULL
        AND NOT (new.tier_source = 'default' AND new.status IN ('active', 'suspended'));
    INSERT INTO tier_default
    SELECT new.id, NULL WHERE new.tier_source = 'default' AND new.status IN ('active', 'suspended')
    ON CONFLICT DO NOTHING;
END;

-- Each time the store came back from a backup: the numbers of tasks that the lost future can have
-- printed lie in [task_from, task_until), and no task gets one of them.
CREATE TABLE restored (
    epoch       INTEGER PRIMARY KEY, -- the store's from then on
    at          TEXT NOT NULL,
    backed_up   TEXT NOT NULL, -- when the copy was made
    task_from   INTEGER NOT NULL,
    task_until  INTEGER NOT NULL CHECK (task_until > task_from)
) STRICT;

-- A household is set aside in the phase that its record made fail, and until that phase works again.
ALTER TABLE set_aside RENAME TO set_aside_1;
CREATE TABLE set_aside (
    phase        TEXT NOT NULL,
    household_id INTEGER NOT NULL REFERENCES household (id),
    since        INTEGER NOT NULL,
    on_day       INTEGER NOT NULL CHECK (on_day >= since),
    reason       TEXT NOT NULL,
    PRIMARY KEY (phase, household_id)
) STRICT, WITHOUT ROWID;
INSERT INTO set_aside SELECT 'open', household_id, on_day, on_day, reason FROM set_aside_1;
DROP TABLE set_aside_1;

-- All that is on record of one household, for `verify`.
CREATE INDEX event_household ON event (household_id, event);
CREATE INDEX ending_household ON ending (household_id, ending);
CREATE INDEX hold_household ON hold (household_id, hold);
CREATE INDEX decision_household ON decision (household_id, task);
CREATE INDEX age_household ON age_reached (household_id, member, age);

-- Present members whose birthday nobody knows: no age of theirs is ever told (contract.md 3.7). One row, kept
-- in the same transactions.
CREATE TABLE birth_unknown (
    n INTEGER NOT NULL CHECK (n >= 0)
) STRICT;
INSERT INTO birth_unknown SELECT count(*) FROM member WHERE birth_on IS NULL AND status = 'present';
CREATE TRIGGER birth_unknown_added AFTER INSERT ON member
WHEN new.birth_on IS NULL AND new.status = 'present' BEGIN
    UPDATE birth_unknown SET n = n + 1;
END;
CREATE TRIGGER birth_unknown_moved AFTER UPDATE OF birth_on, status ON member
WHEN (old.birth_on IS NULL AND old.status = 'present')
     <> (new.birth_on IS NULL AND new.status = 'present') BEGIN
    UPDATE birth_unknown
    SET n = n + CASE WHEN new.birth_on IS NULL AND new.status = 'present' THEN 1 ELSE -1 END;
END;
CREATE TRIGGER birth_unknown_gone AFTER DELETE ON member
WHEN old.birth_on IS NULL AND old.status = 'present' BEGIN
    UPDATE birth_unknown SET n = n - 1;
END;
