-- What is counted about runs while they come and go, and ways to what only people ask for.

-- Runs by the hour (in hours since 1970) in which they were created, and their ends by that in which they came; what was
-- deleted since is in it. status: created, or a final one. buckets: for ends, a JSON list of a bucket of durations
-- (kernel/duration-buckets.ts), how many ended in it, and so on.
CREATE TABLE run_stats (
  hour INTEGER NOT NULL,
  workflow TEXT NOT NULL,
  status TEXT NOT NULL,
  count INTEGER NOT NULL,
  buckets TEXT NOT NULL,
  PRIMARY KEY (hour, workflow, status)
) WITHOUT ROWID;
-- SQLite only: what there was before.
INSERT INTO run_stats SELECT created_at / 3600000, workflow, 'created', count(*), '[]' FROM runs GROUP BY 1, 2;
INSERT INTO run_stats SELECT hour, workflow, status, sum(n), '[' || group_concat(bucket || ',' || n) || ']' FROM (
  SELECT ended_at / 3600000 AS hour, workflow, status, count(*) AS n,
    CASE WHEN ended_at - created_at < 1 THEN 0 ELSE 1 + CAST(floor(log2(ended_at - created_at) * 8) AS INTEGER) END AS bucket
  FROM runs WHERE ended_at IS NOT NULL GROUP BY 1, 2, 3, 5)
  GROUP BY 1, 2, 3;
-- both again

-- How many runs there are now. status: one of theirs, or ready for those that could be claimed.
CREATE TABLE run_counts (
  workflow TEXT NOT NULL,
  status TEXT NOT NULL,
  count INTEGER NOT NULL,
  PRIMARY KEY (workflow, status)
) WITHOUT ROWID;
INSERT INTO run_counts SELECT workflow, status, count(*) FROM runs GROUP BY 1, 2;
INSERT INTO run_counts SELECT workflow, 'ready', count(*) FROM runs WHERE ready = 1 GROUP BY 1;

-- What failed before the attempt that an entry shows.
CREATE TABLE attempts (
  run TEXT NOT NULL,
  seq INTEGER NOT NULL,
  attempt INTEGER NOT NULL,
  started_at INTEGER NOT NULL,
  ended_at INTEGER NOT NULL,
  due INTEGER NOT NULL,
  error BLOB NOT NULL,
  PRIMARY KEY (run, seq, attempt)
) WITHOUT ROWID;

CREATE INDEX runs_failed ON runs (ended_at, workflow, status) WHERE status IN ('failed', 'timedout');
DROP INDEX runs_blocked;
CREATE INDEX runs_blocked ON runs (reason, workflow) WHERE blocked = 1;
CREATE INDEX tokens_open ON tokens (kind, workflow) WHERE status = 'open';
CREATE INDEX waits_for_events ON waits (ref, no) WHERE kind = 'event';
