-- Version 1 of the store. Day columns are day numbers (1970-01-01 is 0), money is fen a year, division
-- codes are the 12 digits as an integer. The views at the end show days and money to people.

CREATE TABLE meta (
    name  TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE division (
    code   INTEGER PRIMARY KEY CHECK (code BETWEEN 100000000000 AND 999999999999),
    parent INTEGER REFERENCES division (code),
    level  TEXT NOT NULL CHECK (level IN ('city', 'district', 'township', 'village')),
    name   TEXT NOT NULL CHECK (name <> ''),
    CHECK ((level = 'city') = (parent IS NULL))
) STRICT;
CREATE INDEX division_parent ON division (parent);

CREATE TABLE household (
    id              INTEGER PRIMARY KEY,
    household       TEXT NOT NULL UNIQUE CHECK (household <> ''),
    division        INTEGER NOT NULL REFERENCES division (code),
    township        INTEGER NOT NULL REFERENCES division (code),
    head_name       TEXT,
    head_id         TEXT,
    address         TEXT,
    phone           TEXT,
    status          TEXT NOT NULL CHECK (status IN ('active', 'suspended', 'closed', 'register-only')),
    register        TEXT NOT NULL CHECK (register IN ('none', 'registered', 'exited', 'returned')),
    tier            TEXT NOT NULL CHECK (tier IN ('annual', 'semi-annual', 'quarterly')),
    tier_source     TEXT NOT NULL CHECK (tier_source IN ('given', 'derived', 'default')),
    income_kind     TEXT CHECK (income_kind IN ('stable', 'variable')),
    income          INTEGER CHECK (income >= 0),
    pension         INTEGER CHECK (pension >= 0),
    employment_cost INTEGER CHECK (employment_cost >= 0),
    approved_on     INTEGER,
    anchor_on       INTEGER,
    last_review_on  INTEGER,
    missed_cycles   INTEGER NOT NULL DEFAULT 0 CHECK (missed_cycles >= 0),
    reports_seen    INTEGER NOT NULL DEFAULT 0, -- the last report before the last completed review
    CHECK (status IN ('register-only', 'closed')
           OR (approved_on IS NOT NULL AND anchor_on IS NOT NULL))
) STRICT;
CREATE INDEX household_township ON household (township, household);

CREATE TABLE member (
    household_id INTEGER NOT NULL REFERENCES household (id),
    member       TEXT NOT NULL CHECK (member <> ''),
    name         TEXT,
    id           TEXT,
    birth_on     INTEGER,
    health       TEXT CHECK (health IN ('healthy', 'chronic', 'serious-illness')),
    disability   TEXT CHECK (disability IN ('none', '1', '2', '3', '4')),
    work_ability TEXT CHECK (work_ability IN ('none', 'partial', 'full')),
    student      INTEGER CHECK (student IN (0, 1)),
    status       TEXT NOT NULL CHECK (status IN ('present', 'died', 'moved-out')),
    status_on    INTEGER,
    PRIMARY KEY (household_id, member)
) STRICT, WITHOUT ROWID;
-- Whose birthday it is (contract.md 3.7).
CREATE INDEX member_birth ON member (birth_on) WHERE status = 'present' AND birth_on IS NOT NULL;

-- The tier that was in force until a day, and from it: what counts jumped cycles (contract.md 3.4).
CREATE TABLE tier_change (
    household_id INTEGER NOT NULL REFERENCES household (id),
    number       INTEGER NOT NULL,
    on_day       INTEGER NOT NULL,
    tier_before  TEXT NOT NULL CHECK (tier_before IN ('annual', 'semi-annual', 'quarterly')),
    tier_after   TEXT NOT NULL CHECK (tier_after IN ('annual', 'semi-annual', 'quarterly')),
    source       TEXT NOT NULL CHECK (source IN ('given', 'derived', 'default')),
    reason       TEXT,
    corrected    INTEGER NOT NULL DEFAULT 0 CHECK (corrected IN (0, 1)),
    PRIMARY KEY (household_id, number)
) STRICT, WITHOUT ROWID;

CREATE TABLE cycle (
    cycle          INTEGER PRIMARY KEY,
    household_id   INTEGER NOT NULL REFERENCES household (id),
    anchor_on      INTEGER NOT NULL,
    step           INTEGER NOT NULL CHECK (step >= 1),
    tier           TEXT NOT NULL CHECK (tier IN ('annual', 'semi-annual', 'quarterly')),
    nominal_due_on INTEGER NOT NULL,
    due_on         INTEGER NOT NULL,
    opens_on       INTEGER NOT NULL CHECK (opens_on <= due_on),
    provisional    INTEGER NOT NULL CHECK (provisional IN (0, 1)),
    decided_on     INTEGER NOT NULL, -- the day whose policy gave the dates
    state          TEXT NOT NULL
        CHECK (state IN ('open', 'satisfied', 'answered', 'missed', 'superseded', 'ended')),
    closed_on      INTEGER CHECK ((closed_on IS NULL) = (state = 'open')),
    task           INTEGER,
    rolled_on      INTEGER -- what a new calendar gave, where the deadline could not go back so far
) STRICT;
-- An active household has exactly one open cycle (contract.md 3.4).
CREATE UNIQUE INDEX cycle_one_open ON cycle (household_id) WHERE state = 'open';
CREATE INDEX cycle_to_open ON cycle (opens_on, cycle) WHERE state = 'open' AND task IS NULL;
CREATE INDEX cycle_due ON cycle (due_on) WHERE state = 'open';
CREATE INDEX cycle_household ON cycle (household_id, cycle);

CREATE TABLE task (
    task            INTEGER PRIMARY KEY AUTOINCREMENT,
    kind            TEXT NOT NULL CHECK (kind IN ('regular-review', 'triggered-review',
                        'register-adjustment', 'register-candidate', 'dibao-candidate')),
    state           TEXT NOT NULL CHECK (state IN ('open', 'done', 'cancelled')),
    household_id    INTEGER NOT NULL REFERENCES household (id),
    township        INTEGER NOT NULL REFERENCES division (code),
    cycle           INTEGER REFERENCES cycle (cycle),
    year            INTEGER,
    opened_on       INTEGER NOT NULL,
    nominal_due_on  INTEGER NOT NULL,
    original_due_on INTEGER NOT NULL,
    due_on          INTEGER NOT NULL,
    listed_on       INTEGER, -- the day of the first list that it stood on
    raised          INTEGER NOT NULL DEFAULT -1, -- highest rung raised for this deadline
    alert_on        INTEGER, -- day of the next rung
    done_on         INTEGER, -- the review's own day
    outcome         TEXT,
    CHECK ((state = 'done') = (done_on IS NOT NULL)),
    CHECK ((kind = 'regular-review') = (cycle IS NOT NULL)),
    CHECK ((kind IN ('register-adjustment', 'register-candidate', 'dibao-candidate'))
           = (year IS NOT NULL))
) STRICT;
-- One open review task of a kind a household; register tasks one a year (contract.md 3.6, 3.7).
CREATE UNIQUE INDEX task_one_open ON task (household_id, kind)
    WHERE state = 'open' AND year IS NULL;
CREATE UNIQUE INDEX task_one_a_year ON task (household_id, kind, year) WHERE year IS NOT NULL;
CREATE INDEX task_due ON task (due_on, task) WHERE state = 'open';
CREATE INDEX task_township ON task (township, due_on, task) WHERE state = 'open';
CREATE INDEX task_alert ON task (alert_on, task) WHERE state = 'open' AND alert_on IS NOT NULL;
CREATE INDEX task_household ON task (household_id, task);
CREATE INDEX task_year ON task (year, task) WHERE year IS NOT NULL;

-- The years whose roll was taken, and whose close was told (contract.md 3.6).
CREATE TABLE campaign (
    year      INTEGER PRIMARY KEY,
    rolled_on INTEGER NOT NULL,
    closed_on INTEGER
) STRICT;

-- Decisions of the register, each in force after its public notice.
CREATE TABLE decision (
    task         INTEGER PRIMARY KEY REFERENCES task (task),
    household_id INTEGER NOT NULL REFERENCES household (id),
    decision     TEXT NOT NULL
        CHECK (decision IN ('keep', 'exit', 'return', 'add', 'apply', 'not-eligible')),
    on_day       INTEGER NOT NULL,
    effect_on    INTEGER NOT NULL CHECK (effect_on > on_day),
    before       TEXT NOT NULL, -- register state
    after        TEXT NOT NULL,
    applied      INTEGER NOT NULL CHECK (applied IN (0, 1)),
    remark       TEXT,
    recorded_at  TEXT NOT NULL,
    uid          INTEGER,
    who          TEXT NOT NULL,
    corrected    INTEGER NOT NULL DEFAULT 0 CHECK (corrected IN (0, 1))
) STRICT;
CREATE INDEX decision_pending ON decision (effect_on, task)
    WHERE applied = 0 AND corrected = 0;

-- What offices said of tasks, in order; a postponement is one too.
CREATE TABLE review (
    review       INTEGER PRIMARY KEY,
    task         INTEGER NOT NULL REFERENCES task (task),
    household_id INTEGER NOT NULL REFERENCES household (id),
    outcome      TEXT NOT NULL,
    on_day       INTEGER NOT NULL,
    to_day       INTEGER,
    ground       TEXT,
    remark       TEXT,
    recorded_at  TEXT NOT NULL,
    uid          INTEGER,
    who          TEXT NOT NULL,
    corrected    INTEGER NOT NULL DEFAULT 0 CHECK (corrected IN (0, 1))
) STRICT;
CREATE INDEX review_household ON review (household_id, review);
CREATE INDEX review_task ON review (task, review);

-- Reported changes (contract.md 3.7), with the triggered review that each opened or joined.
CREATE TABLE report (
    report          INTEGER PRIMARY KEY,
    household_id    INTEGER NOT NULL REFERENCES household (id),
    task            INTEGER REFERENCES task (task),
    kind            TEXT NOT NULL CHECK (kind IN ('illness', 'accident', 'death', 'birth', 'move-in',
                        'move-out', 'income', 'assets', 'disaster', 'schooling', 'other', 'age')),
    member          TEXT,
    on_day          INTEGER NOT NULL, -- the day it happened
    recorded_on     INTEGER NOT NULL, -- the day it was recorded: what follows counts from it
    income          INTEGER,
    pension         INTEGER,
    employment_cost INTEGER,
    asset           TEXT,
    source          TEXT NOT NULL,
    recorded_at     TEXT NOT NULL,
    uid             INTEGER,
    who             TEXT NOT NULL,
    corrected    INTEGER NOT NULL DEFAULT 0 CHECK (corrected IN (0, 1)),
    CHECK (on_day <= recorded_on)
) STRICT;
CREATE INDEX report_household ON report (household_id, report);
CREATE INDEX report_task ON report (task, report) WHERE task IS NOT NULL;

-- Assets on record of a household, as the policy's words.
CREATE TABLE asset (
    household_id INTEGER NOT NULL REFERENCES household (id),
    asset        TEXT NOT NULL,
    on_day       INTEGER NOT NULL,
    recorded_on  INTEGER NOT NULL,
    PRIMARY KEY (household_id, asset)
) STRICT, WITHOUT ROWID;

-- What ended or interrupted an allowance, and on which ground: of protected ones the list of continuity
-- exceptions (contract.md 3.5).
CREATE TABLE ending (
    ending       INTEGER PRIMARY KEY,
    household_id INTEGER NOT NULL REFERENCES household (id),
    act          TEXT NOT NULL CHECK (act IN ('terminate', 'close', 'suspend')),
    ground       TEXT NOT NULL,
    on_day       INTEGER NOT NULL,
    protected    INTEGER NOT NULL CHECK (protected IN (0, 1)),
    clause       TEXT,
    remark       TEXT,
    recorded_at  TEXT NOT NULL,
    uid          INTEGER,
    who          TEXT NOT NULL,
    corrected    INTEGER NOT NULL DEFAULT 0 CHECK (corrected IN (0, 1)),
    CHECK (protected = 0 OR ground IN ('all-members-gone', 'member-change', 'income-clearly-above',
                                       'assets-clearly-above'))
) STRICT;
CREATE INDEX ending_exception ON ending (on_day, ending) WHERE protected = 1 AND corrected = 0;

-- Events that `correct` can take back (contract.md 3.10), and how things stood before each: the rows that an
-- event can change, and the highest numbers, behind which lies what it made.
CREATE TABLE event (
    event        INTEGER PRIMARY KEY,
    household_id INTEGER NOT NULL REFERENCES household (id),
    kind         TEXT NOT NULL CHECK (kind IN ('review', 'report', 'tier', 'move', 'status',
                                               'decision')),
    on_day       INTEGER NOT NULL,
    last_cycle   INTEGER NOT NULL,
    last_task    INTEGER NOT NULL,
    last_review  INTEGER NOT NULL,
    last_report  INTEGER NOT NULL,
    last_ending  INTEGER NOT NULL,
    last_tier    INTEGER NOT NULL,
    corrected    INTEGER NOT NULL DEFAULT 0 CHECK (corrected IN (0, 1))
) STRICT;
CREATE INDEX event_latest ON event (household_id, event) WHERE corrected = 0;
CREATE TABLE household_was (
    event           INTEGER PRIMARY KEY REFERENCES event (event),
    division        INTEGER NOT NULL,
    township        INTEGER NOT NULL,
    status          TEXT NOT NULL,
    register        TEXT NOT NULL,
    tier            TEXT NOT NULL,
    tier_source     TEXT NOT NULL,
    income          INTEGER,
    pension         INTEGER,
    employment_cost INTEGER,
    anchor_on       INTEGER,
    last_review_on  INTEGER,
    missed_cycles   INTEGER NOT NULL,
    reports_seen    INTEGER NOT NULL
) STRICT;
CREATE TABLE member_was (
    event     INTEGER NOT NULL REFERENCES event (event),
    member    TEXT NOT NULL,
    birth_on  INTEGER,
    status    TEXT NOT NULL,
    status_on INTEGER,
    PRIMARY KEY (event, member)
) STRICT, WITHOUT ROWID;
CREATE TABLE cycle_was (
    event  INTEGER NOT NULL REFERENCES event (event),
    cycle  INTEGER NOT NULL,
    due_on INTEGER NOT NULL,
    task   INTEGER,
    PRIMARY KEY (event, cycle)
) STRICT, WITHOUT ROWID;
CREATE TABLE task_was (
    event           INTEGER NOT NULL REFERENCES event (event),
    task            INTEGER NOT NULL,
    township        INTEGER NOT NULL,
    original_due_on INTEGER NOT NULL,
    due_on          INTEGER NOT NULL,
    raised          INTEGER NOT NULL,
    alert_on        INTEGER,
    PRIMARY KEY (event, task)
) STRICT, WITHOUT ROWID;

-- Refusals by the continuity rule.
CREATE TABLE hold (
    hold         INTEGER PRIMARY KEY,
    household_id INTEGER NOT NULL REFERENCES household (id),
    act          TEXT NOT NULL CHECK (act IN ('terminate', 'close', 'suspend')),
    ground       TEXT NOT NULL,
    on_day       INTEGER NOT NULL,
    clause       TEXT NOT NULL,
    what         TEXT NOT NULL, -- the refusal's text: what would end the protection
    recorded_at  TEXT NOT NULL,
    uid          INTEGER,
    who          TEXT NOT NULL
) STRICT;

-- Each age is told once in a life (contract.md 3.7). `person` is a salted digest of the identity number,
-- or of household and member.
CREATE TABLE age_reached (
    person       TEXT NOT NULL,
    age          INTEGER NOT NULL,
    household_id INTEGER NOT NULL REFERENCES household (id),
    member       TEXT NOT NULL,
    on_day       INTEGER NOT NULL,
    PRIMARY KEY (person, age)
) STRICT, WITHOUT ROWID;

CREATE TABLE message (
    seq         INTEGER PRIMARY KEY AUTOINCREMENT,
    epoch       INTEGER NOT NULL,
    division    INTEGER NOT NULL REFERENCES division (code),
    kind        TEXT NOT NULL,
    subject     TEXT NOT NULL, -- what it is about; with division and kind it is said once
    created_on  INTEGER NOT NULL,
    body        TEXT NOT NULL,
    state       TEXT NOT NULL
        CHECK (state IN ('queued', 'staged', 'ready', 'delivered', 'acked')),
    lease_until INTEGER
) STRICT;
-- A message is said once, so it can be delivered once.
CREATE UNIQUE INDEX message_once ON message (division, kind, subject);
CREATE INDEX message_queue ON message (division, seq);
CREATE INDEX message_leaving ON message (state, seq) WHERE state IN ('queued', 'staged', 'ready');
-- What the next list of a division carries.
CREATE INDEX message_told ON message (division, seq) WHERE state = 'queued' AND kind <> 'daily';

CREATE TABLE run (
    day         INTEGER PRIMARY KEY,
    state       TEXT NOT NULL CHECK (state IN ('running', 'done')),
    phase       TEXT NOT NULL CHECK (phase IN ('open', 'effect', 'age', 'roll', 'close', 'notice',
                         'alert', 'list', 'deliver', 'done')),
    cursor      INTEGER NOT NULL,
    working_day INTEGER NOT NULL CHECK (working_day IN (0, 1)),
    for_day     INTEGER NOT NULL, -- the run that caught this day up, or the day itself
    opened      INTEGER NOT NULL DEFAULT 0,
    alerts      INTEGER NOT NULL DEFAULT 0,
    lists       INTEGER NOT NULL DEFAULT 0,
    audit_head  TEXT,
    started_at  TEXT NOT NULL,
    finished_at TEXT,
    CHECK ((state = 'done') = (phase = 'done'))
) STRICT;
CREATE UNIQUE INDEX run_one_running ON run (state) WHERE state = 'running';

CREATE TABLE set_aside (
    household_id INTEGER PRIMARY KEY REFERENCES household (id),
    reason       TEXT NOT NULL,
    on_day       INTEGER NOT NULL
) STRICT;

CREATE TABLE import (
    import      INTEGER PRIMARY KEY,
    kind        TEXT NOT NULL
        CHECK (kind IN ('divisions', 'households', 'members', 'standards', 'calendar')),
    sha256      TEXT NOT NULL,
    file        TEXT NOT NULL, -- in the staging folder, while it is applied
    state       TEXT NOT NULL CHECK (state IN ('applying', 'done')),
    accepted_on INTEGER NOT NULL,
    uid         INTEGER,
    who         TEXT NOT NULL,
    offset      INTEGER NOT NULL,
    line        INTEGER NOT NULL,
    rows        INTEGER NOT NULL,
    bad         INTEGER NOT NULL,
    added       INTEGER NOT NULL DEFAULT 0,
    changed     INTEGER NOT NULL DEFAULT 0,
    unchanged   INTEGER NOT NULL DEFAULT 0,
    faults      TEXT NOT NULL DEFAULT '[]'
) STRICT;
CREATE UNIQUE INDEX import_one_applying ON import (state) WHERE state = 'applying';

CREATE TABLE calendar_year (
    year        INTEGER PRIMARY KEY CHECK (year BETWEEN 1900 AND 2199),
    file_sha256 TEXT, -- of the file in calendar_dir that was last taken
    source      TEXT NOT NULL CHECK (source IN ('file', 'import'))
) STRICT;
CREATE TABLE workday (
    day  INTEGER PRIMARY KEY,
    kind TEXT NOT NULL CHECK (kind IN ('holiday', 'workday')),
    name TEXT NOT NULL
) STRICT;

CREATE TABLE standard (
    district     INTEGER NOT NULL REFERENCES division (code),
    year         INTEGER NOT NULL CHECK (year BETWEEN 1900 AND 2199),
    dibao        INTEGER NOT NULL,
    poverty_line INTEGER NOT NULL CHECK (poverty_line > 0),
    CHECK (dibao >= poverty_line), -- circular 二(三)1
    PRIMARY KEY (district, year)
) STRICT, WITHOUT ROWID;

CREATE TABLE audit (
    seq       INTEGER PRIMARY KEY,
    at        TEXT NOT NULL,
    uid       INTEGER,
    who       TEXT NOT NULL,
    action    TEXT NOT NULL,
    household TEXT,
    before    TEXT,
    after     TEXT,
    hash      BLOB NOT NULL CHECK (length(hash) = 32)
) STRICT;
CREATE INDEX audit_household ON audit (household, seq) WHERE household IS NOT NULL;
-- The first entry of each local day.
CREATE TABLE audit_day (
    day INTEGER PRIMARY KEY,
    seq INTEGER NOT NULL
) STRICT;
CREATE TRIGGER audit_keeps_rows BEFORE DELETE ON audit
BEGIN SELECT RAISE(ABORT, 'the audit is never deleted'); END;
CREATE TRIGGER audit_keeps_text BEFORE UPDATE ON audit
BEGIN SELECT RAISE(ABORT, 'the audit is never changed'); END;

-- What `status` counts, kept in the same transactions.
CREATE TABLE household_count (
    status   TEXT NOT NULL,
    register TEXT NOT NULL,
    n        INTEGER NOT NULL CHECK (n >= 0),
    PRIMARY KEY (status, register)
) STRICT, WITHOUT ROWID;
CREATE TABLE task_count (
    due_on INTEGER PRIMARY KEY,
    n      INTEGER NOT NULL CHECK (n >= 0)
) STRICT;
CREATE TABLE message_count (
    state TEXT PRIMARY KEY,
    n     INTEGER NOT NULL CHECK (n >= 0)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER household_added AFTER INSERT ON household BEGIN
    INSERT INTO household_count VALUES (new.status, new.register, 1)
    ON CONFLICT (status, register) DO UPDATE SET n = n + 1;
END;
CREATE TRIGGER household_moved AFTER UPDATE OF status, register ON household
WHEN new.status <> old.status OR new.register <> old.register BEGIN
    UPDATE household_count SET n = n - 1 WHERE status = old.status AND register = old.register;
    INSERT INTO household_count VALUES (new.status, new.register, 1)
    ON CONFLICT (status, register) DO UPDATE SET n = n + 1;
END;
CREATE TRIGGER task_added AFTER INSERT ON task WHEN new.state = 'open' BEGIN
    INSERT INTO task_count VALUES (new.due_on, 1) ON CONFLICT (due_on) DO UPDATE SET n = n + 1;
END;
CREATE TRIGGER task_moved AFTER UPDATE OF state, due_on ON task BEGIN
    UPDATE task_count SET n = n - 1 WHERE old.state = 'open' AND due_on = old.due_on;
    INSERT INTO task_count SELECT new.due_on, 1 WHERE new.state = 'open'
    ON CONFLICT (due_on) DO UPDATE SET n = n + 1;
END;
CREATE TRIGGER message_added AFTER INSERT ON message BEGIN
    INSERT INTO message_count VALUES (new.state, 1) ON CONFLICT (state) DO UPDATE SET n = n + 1;
END;
CREATE TRIGGER message_moved AFTER UPDATE OF state ON message WHEN new.state <> old.state BEGIN
    UPDATE message_count SET n = n - 1 WHERE state = old.state;
    INSERT INTO message_count VALUES (new.state, 1) ON CONFLICT (state) DO UPDATE SET n = n + 1;
END;

-- For people who open the file with sqlite3.
CREATE VIEW cycle_view AS
SELECT c.cycle, h.household, c.tier, date(c.anchor_on * 86400, 'unixepoch') AS anchor_on, c.step,
       date(c.nominal_due_on * 86400, 'unixepoch') AS nominal_due_on,
       date(c.due_on * 86400, 'unixepoch') AS due_on,
       date(c.opens_on * 86400, 'unixepoch') AS opens_on, c.provisional, c.state,
       date(c.closed_on * 86400, 'unixepoch') AS closed_on, c.task
FROM cycle c JOIN household h ON h.id = c.household_id;
CREATE VIEW task_view AS
SELECT t.task, t.kind, t.state, h.household, t.township,
       date(t.opened_on * 86400, 'unixepoch') AS opened_on,
       date(t.nominal_due_on * 86400, 'unixepoch') AS nominal_due_on,
       date(t.due_on * 86400, 'unixepoch') AS due_on, t.raised,
       date(t.done_on * 86400, 'unixepoch') AS done_on, t.outcome
FROM task t JOIN household h ON h.id = t.household_id;
CREATE VIEW household_view AS
SELECT household, division, head_name, status, register, tier, tier_source,
       date(approved_on * 86400, 'unixepoch') AS approved_on,
       date(anchor_on * 86400, 'unixepoch') AS anchor_on,
       date(last_review_on * 86400, 'unixepoch') AS last_review_on, missed_cycles,
       income / 100.0 AS income_yuan, pension / 100.0 AS pension_yuan
FROM household;
CREATE VIEW workday_view AS
SELECT date(day * 86400, 'unixepoch') AS date, kind, name FROM workday;
