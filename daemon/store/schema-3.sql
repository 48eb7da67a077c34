-- Version 3.

-- A New Year notice names days of two years: a day is of the year whose notice names it, and goes with
-- that notice alone.
ALTER TABLE workday ADD COLUMN of_year INTEGER NOT NULL DEFAULT 0;
UPDATE workday SET of_year = CAST(strftime('%Y', day * 86400, 'unixepoch') AS INTEGER);
