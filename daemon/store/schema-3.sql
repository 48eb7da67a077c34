-- Version 3.

-- A New Year notice names days of two years: a day is of the year whose notice names it, and goes with
-- that notice alone.
ALTER TABLE workday ADD COLUMN of_year INTEGER NOT NULL DEFAULT 0;
UPDATE workday SET of_year = CAST(strftime('%Y', day * 86400, 'unixepoch') AS INTEGER);
-- Version 3: where each fact comes from, the age of a report, a merge that is under way.

-- Where each fact of a household comes from, for explanations (contract.md section 5). One row for each fact that
-- a change gave, written with the change's entry of the audit; of the fact `household`, one row for all that
-- the household was added with, of `members` one for the first that it got. What holds is the latest row that is not corrected.
CREATE TABLE origin (
    household_id INTEGER NOT NULL REFERENCES household (id),
    seq          INTEGER NOT NULL, -- the audit's entry
    fact         TEXT NOT NULL CHECK (fact IN ('status', 'register', 'tier', 'approved_on',
                     'last_review_on', 'anchor_on', 'income_kind', 'income', 'pension',
                     'employment_cost', 'household', 'members', 'member')),
    member       TEXT NOT NULL, -- of the fact `member`, else ''
    value        TEXT, -- what the fact became, as explanations show it
    on_day       INTEGER NOT NULL, -- the day it happened, the day recorded where that is not known
    recorded_on  INTEGER NOT NULL,
    source       TEXT NOT NULL CHECK (source IN ('import', 'default', 'report', 'review', 'decision',
                     'terminate', 'close', 'suspend', 'resume', 'given', 'derived')),
    reference    INTEGER, -- the number of the report, or of the task that was reviewed or decided
    ground       TEXT, -- of terminate, close, suspend
    corrected    INTEGER NOT NULL DEFAULT 0 CHECK (corrected IN (0, 1)),
    PRIMARY KEY (household_id, seq, fact, member)
) STRICT, WITHOUT ROWID;

-- Filled from what is there. So far each of these was read out of the audit whenever it was asked for.
CREATE TEMP VIEW entry AS
SELECT h.id AS household_id, a.seq, CAST(strftime('%s', substr(a.at, 1, 10)) AS INTEGER) / 86400 AS day,
       a.action, a.before, a.after
FROM audit a JOIN household h ON h.household = a.household WHERE json_valid(a.after);

INSERT INTO origin
SELECT household_id, seq, 'household', '', NULL, day, day, 'import', NULL, NULL, 0
FROM entry WHERE action = 'household.add';
INSERT INTO origin
SELECT household_id, seq, 'tier', '', json_extract(after, '$.tier'), day, day, 'default', NULL, NULL, 0
FROM entry WHERE action = 'household.add' AND json_extract(after, '$.tier_source') = 'default';

WITH imported (key, fact, is_day) AS (
    VALUES ('$.status', 'status', 0), ('$.register', 'register', 0), ('$.tier', 'tier', 0),
           ('$.approved_on', 'approved_on', 1), ('$.approved_on', 'anchor_on', 1),
           ('$.last_review_on', 'last_review_on', 1), ('$.income_kind', 'income_kind', 0),
           ('$.income', 'income', 0), ('$.pension', 'pension', 0),
           ('$.employment_cost', 'employment_cost', 0))
INSERT INTO origin
SELECT e.household_id, e.seq, i.fact, '', json_extract(e.after, i.key),
       CASE WHEN i.is_day
            THEN CAST(strftime('%s', json_extract(e.after, i.key)) AS INTEGER) / 86400 ELSE e.day END,
       e.day,
       CASE WHEN i.fact = 'tier' AND json_extract(e.after, '$.tier_source') = 'default'
            THEN 'default' ELSE 'import' END, NULL, NULL, 0
FROM entry e CROSS JOIN imported i WHERE e.action IN ('household.change', 'household.readmit')
  AND json_extract(e.after, i.key) <> ''
  AND json_extract(e.before, i.key) IS NOT json_extract(e.after, i.key);

CREATE TEMP TABLE first_members AS
SELECT household_id, min(seq) AS seq FROM entry WHERE action = 'household.members' GROUP BY household_id;
DELETE FROM first_members WHERE EXISTS (
    SELECT 1 FROM audit a, json_each(a.after, '$.members') m WHERE a.seq = first_members.seq
    AND json_extract(m.value, '$.status_on') IS NOT NULL);
DELETE FROM first_members WHERE EXISTS (
    SELECT 1 FROM report r WHERE r.household_id = first_members.household_id
    AND r.kind IN ('birth', 'move-in') AND first_members.seq >
        (SELECT min(e.seq) FROM entry e WHERE e.action = 'report' AND e.household_id = r.household_id
         AND json_extract(e.after, '$.kind') IN ('birth', 'move-in')));
CREATE UNIQUE INDEX temp.first_seq ON first_members (seq);
INSERT INTO origin
SELECT e.household_id, e.seq, 'members', '', NULL, e.day, e.day, 'import', NULL, NULL, 0
FROM entry e WHERE e.seq IN (SELECT seq FROM first_members);
INSERT OR REPLACE INTO origin
SELECT e.household_id, e.seq, 'member', json_extract(m.value, '$.member'), NULL,
       coalesce(CAST(strftime('%s', json_extract(m.value, '$.status_on')) AS INTEGER) / 86400, e.day),
       e.day, 'import', NULL, NULL, 0
FROM entry e, json_each(e.after, '$.members') m
WHERE e.action = 'household.members' AND json_extract(m.value, '$.member') IS NOT NULL
  AND e.seq NOT IN (SELECT seq FROM first_members);
DROP TABLE first_members;

WITH told AS (
    SELECT e.seq, e.day, r.* FROM entry e
    JOIN report r ON r.report = json_extract(e.after, '$.report') AND r.household_id = e.household_id
    WHERE e.action = 'report'),
     fact (household_id, seq, fact, member, fen, on_day, day, report, corrected) AS (
    SELECT household_id, seq, 'income', '', income, on_day, day, report, corrected
    FROM told WHERE income IS NOT NULL
    UNION ALL SELECT household_id, seq, 'pension', '', pension, on_day, day, report, corrected
    FROM told WHERE pension IS NOT NULL
    UNION ALL SELECT household_id, seq, 'employment_cost', '', employment_cost, on_day, day, report,
                     corrected FROM told WHERE employment_cost IS NOT NULL
    UNION ALL SELECT household_id, seq, 'member', member, NULL, on_day, day, report, corrected
    FROM told WHERE kind IN ('death', 'birth', 'move-in', 'move-out') AND member IS NOT NULL)
INSERT INTO origin
SELECT household_id, seq, fact, member,
       CASE WHEN fen IS NOT NULL THEN printf('%d.%02d', fen / 100, fen % 100) END, on_day, day, 'report',
       report, NULL, corrected FROM fact;

INSERT INTO origin
SELECT household_id, seq, 'status', '',
       CASE json_extract(after, '$.act') WHEN 'suspend' THEN 'suspended' ELSE 'closed' END,
       CAST(strftime('%s', json_extract(after, '$.on')) AS INTEGER) / 86400, day,
       json_extract(after, '$.act'), NULL, json_extract(after, '$.ground'), 0
FROM entry WHERE action = 'household.end';
INSERT INTO origin
SELECT household_id, seq, 'status', '', 'active', day, day, 'resume', NULL, NULL, 0
FROM entry WHERE action = 'household.resume';
INSERT INTO origin
SELECT household_id, seq, 'tier', '', json_extract(after, '$.tier'), day, day,
       json_extract(after, '$.tier_source'), NULL, NULL, 0
FROM entry WHERE action = 'household.tier';
INSERT INTO origin
SELECT household_id, seq, 'register', '', json_extract(after, '$.register'), day, day, 'decision',
       json_extract(after, '$.task'), NULL, 0
FROM entry WHERE action = 'register.effect';
WITH given (key, fact) AS (VALUES ('$.last_review_on', 'last_review_on'), ('$.anchor_on', 'anchor_on'))
INSERT INTO origin
SELECT e.household_id, e.seq, g.fact, '', json_extract(e.after, g.key),
       CAST(strftime('%s', json_extract(e.after, g.key)) AS INTEGER) / 86400, e.day, 'review',
       json_extract(e.after, '$.task'), NULL, 0
FROM entry e CROSS JOIN given g
WHERE e.action = 'review' AND json_extract(e.after, g.key) IS NOT NULL
  AND (g.fact = 'last_review_on'
       OR json_extract(e.before, g.key) IS NOT json_extract(e.after, g.key));

-- Each fact that a correction gave back is again from where it was before, one correction after the other.
CREATE TEMP TABLE given_back (household_id INTEGER, seq INTEGER, fact TEXT, value TEXT);
CREATE TEMP TRIGGER given_back_one AFTER INSERT ON given_back BEGIN
    UPDATE origin SET corrected = 1
    WHERE household_id = new.household_id AND fact = new.fact AND corrected = 0 AND seq < new.seq
      AND seq > coalesce((SELECT max(o.seq) FROM origin o WHERE o.household_id = new.household_id
                          AND o.fact = new.fact AND o.corrected = 0 AND o.seq < new.seq
                          AND o.value = new.value), 0);
END;
WITH fact (fact) AS (
    VALUES ('status'), ('register'), ('tier'), ('anchor_on'), ('last_review_on'))
INSERT INTO given_back
SELECT e.household_id, e.seq, f.fact, json_extract(e.after, '$.state.' || f.fact)
FROM entry e CROSS JOIN fact f WHERE e.action = 'correct'
  AND json_extract(e.before, '$.' || f.fact) IS NOT json_extract(e.after, '$.state.' || f.fact)
ORDER BY e.seq;
DROP TABLE given_back;
DROP VIEW entry;

-- The age that the calendar reported. So far only its source, "calendar: age 70", told it.
ALTER TABLE report ADD COLUMN age INTEGER CHECK (age IS NULL OR kind = 'age');
UPDATE report SET age = CAST(substr(source, 15) AS INTEGER) WHERE kind = 'age';

-- The merge of two divisions that is under way, at most one. So far a text in meta.
CREATE TABLE merging (
    one          INTEGER PRIMARY KEY CHECK (one = 1),
    old_division INTEGER NOT NULL REFERENCES division (code),
    new_division INTEGER NOT NULL REFERENCES division (code),
    uid          INTEGER, -- NULL: the clock
    who          TEXT NOT NULL
) STRICT;
INSERT INTO merging
SELECT 1, substr(value, 1, 12), substr(value, 14, 12),
       nullif(CAST(substr(value, 27) AS INTEGER), -1), substr(value, 27 + instr(substr(value, 27), ' '))
FROM meta WHERE name = 'merge';
DELETE FROM meta WHERE name = 'merge';

-- Who is looked for, by what somebody has in hand of him (household.find), and who stands in two households.
CREATE INDEX household_head_id ON household (head_id);
CREATE INDEX household_phone ON household (phone);
CREATE INDEX household_head_name ON household (head_name);
CREATE INDEX member_id ON member (id);
CREATE INDEX member_name ON member (name);
-- Version 3: how a household entered, and what is not known of it (contract.md 3.3, 3.4 Import).

-- The day of entry; whether the import that brought it said that its history is partial; whether reviews
-- before the entry are unknown, until its first completed review; and, while its entry may still be
-- computed anew from a tier that comes later, the last day of that grace.
ALTER TABLE household ADD COLUMN entered_on INTEGER;
ALTER TABLE household ADD COLUMN partial INTEGER NOT NULL DEFAULT 0 CHECK (partial IN (0, 1));
ALTER TABLE household ADD COLUMN history TEXT NOT NULL DEFAULT 'known'
    CHECK (history IN ('known', 'unknown'));
ALTER TABLE household ADD COLUMN settle_by INTEGER;
UPDATE household SET entered_on = a.day FROM
    (SELECT household, max(cast(julianday(substr(at, 1, 10)) - 2440587.5 AS INTEGER)) AS day FROM audit
     WHERE action IN ('household.add', 'household.readmit') GROUP BY household) a
WHERE a.household = household.household;
CREATE INDEX household_settle ON household (settle_by) WHERE settle_by IS NOT NULL;
CREATE INDEX household_unsettled ON household (township, household)
    WHERE settle_by IS NOT NULL AND tier_source = 'default';
CREATE INDEX household_history ON household (township, household) WHERE history = 'unknown';
ALTER TABLE household_was ADD COLUMN history TEXT NOT NULL DEFAULT 'known';
-- An import of households says what an empty last_review_on means.
ALTER TABLE import ADD COLUMN partial INTEGER NOT NULL DEFAULT 0 CHECK (partial IN (0, 1));

-- That its tier is waited for is told once, before the default is.
ALTER TABLE tier_default ADD COLUMN pending_on INTEGER;
DROP TRIGGER tier_default_added;
DROP TRIGGER tier_default_moved;
CREATE TRIGGER tier_default_added AFTER INSERT ON household
WHEN new.tier_source = 'default' AND new.status IN ('active', 'suspended') BEGIN
    INSERT INTO tier_default (household_id) VALUES (new.id) ON CONFLICT DO NOTHING;
END;
CREATE TRIGGER tier_default_moved AFTER UPDATE OF tier_source, status ON household
WHEN new.tier_source <> old.tier_source OR new.status <> old.status BEGIN
    DELETE FROM tier_default WHERE household_id = new.id AND told_on IS NULL
        AND NOT (new.tier_source = 'default' AND new.status IN ('active', 'suspended'));
    INSERT INTO tier_default (household_id)
    SELECT new.id WHERE new.tier_source = 'default' AND new.status IN ('active', 'suspended')
    ON CONFLICT DO NOTHING;
END;

-- How many of them, kept in the same transactions.
CREATE TABLE entry_count (
    unsettled       INTEGER NOT NULL CHECK (unsettled >= 0),
    history_unknown INTEGER NOT NULL CHECK (history_unknown >= 0)
) STRICT;
INSERT INTO entry_count VALUES (0, 0);
CREATE TRIGGER entry_added AFTER INSERT ON household
WHEN new.settle_by IS NOT NULL OR new.history = 'unknown' BEGIN
    UPDATE entry_count
    SET unsettled = unsettled + (new.settle_by IS NOT NULL AND new.tier_source = 'default'),
        history_unknown = history_unknown + (new.history = 'unknown');
END;
CREATE TRIGGER entry_moved AFTER UPDATE OF settle_by, tier_source, history ON household
WHEN (new.settle_by IS NOT NULL AND new.tier_source = 'default')
     <> (old.settle_by IS NOT NULL AND old.tier_source = 'default')
     OR new.history <> old.history BEGIN
    UPDATE entry_count
    SET unsettled = unsettled + (new.settle_by IS NOT NULL AND new.tier_source = 'default')
                    - (old.settle_by IS NOT NULL AND old.tier_source = 'default'),
        history_unknown = history_unknown + (new.history = 'unknown') - (old.history = 'unknown');
END;

-- Households that the next run looks through for doubts: something that one rests on has changed.
CREATE TABLE doubt_due (
    household_id INTEGER PRIMARY KEY REFERENCES household (id)
) STRICT;
INSERT INTO doubt_due SELECT id FROM household WHERE status <> 'closed';
CREATE TRIGGER doubt_household_added AFTER INSERT ON household BEGIN
    INSERT INTO doubt_due VALUES (new.id) ON CONFLICT DO NOTHING;
END;
CREATE TRIGGER doubt_household_moved AFTER UPDATE ON household
WHEN new.head_id IS NOT old.head_id OR new.status <> old.status OR new.income IS NOT old.income
     OR new.pension IS NOT old.pension OR new.employment_cost IS NOT old.employment_cost
     OR new.township <> old.township BEGIN
    INSERT INTO doubt_due VALUES (new.id) ON CONFLICT DO NOTHING;
END;
CREATE TRIGGER doubt_member_added AFTER INSERT ON member BEGIN
    INSERT INTO doubt_due VALUES (new.household_id) ON CONFLICT DO NOTHING;
END;
CREATE TRIGGER doubt_member_moved AFTER UPDATE ON member
WHEN new.id IS NOT old.id OR new.birth_on IS NOT old.birth_on OR new.status <> old.status BEGIN
    INSERT INTO doubt_due VALUES (new.household_id) ON CONFLICT DO NOTHING;
END;
CREATE TRIGGER doubt_standard_added AFTER INSERT ON standard BEGIN
    INSERT INTO doubt_due SELECT id FROM household
    WHERE township BETWEEN new.district AND new.district + 999999 AND income IS NOT NULL
    ON CONFLICT DO NOTHING;
END;
CREATE TRIGGER doubt_standard_moved AFTER UPDATE ON standard BEGIN
    INSERT INTO doubt_due SELECT id FROM household
    WHERE township BETWEEN new.district AND new.district + 999999 AND income IS NOT NULL
    ON CONFLICT DO NOTHING;
END;
