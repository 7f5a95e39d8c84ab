-- The first schema: runs, their journals, and everything runs wait for or share. Times are milliseconds since 1970.

-- ready: 0 no, 1 claimable, 2 held back by an earlier run with the same serial key.
-- flags: which other tables may hold rows of the run (see run.ts). ord is exact only while owner is null.
-- last_event: the last event that was stored when the run was created.
CREATE TABLE runs (
  id TEXT NOT NULL PRIMARY KEY,
  workflow TEXT NOT NULL,
  version TEXT NOT NULL,
  status TEXT NOT NULL,
  reason TEXT,
  ready INTEGER NOT NULL,
  owner TEXT,
  epoch INTEGER NOT NULL,
  ord INTEGER NOT NULL DEFAULT 0,
  blocked INTEGER NOT NULL DEFAULT 0,
  pause INTEGER NOT NULL DEFAULT 0,
  undos INTEGER NOT NULL DEFAULT 0,
  flags INTEGER NOT NULL,
  priority INTEGER NOT NULL,
  attempt INTEGER NOT NULL DEFAULT 1,
  generation INTEGER NOT NULL DEFAULT 0,
  crashes INTEGER NOT NULL DEFAULT 0,
  created_at INTEGER NOT NULL,
  due_at INTEGER NOT NULL,
  started_at INTEGER,
  ended_at INTEGER,
  timeout_at INTEGER,
  by_kind TEXT NOT NULL,
  by_id TEXT NOT NULL,
  last_event INTEGER NOT NULL,
  cause INTEGER,
  cancel TEXT,
  outcome TEXT,
  outcome_error BLOB,
  key TEXT,
  input_hash TEXT,
  parent TEXT,
  parent_seq INTEGER,
  detached INTEGER,
  schedule TEXT,
  serial_key TEXT,
  forked_from TEXT,
  tags TEXT,
  input BLOB NOT NULL,
  output BLOB,
  error BLOB,
  progress BLOB
) WITHOUT ROWID;
CREATE INDEX runs_by_time ON runs (created_at);
CREATE INDEX runs_by_workflow ON runs (workflow, created_at);
CREATE INDEX runs_by_end ON runs (workflow, ended_at) WHERE ended_at IS NOT NULL;
CREATE INDEX runs_not_completed ON runs (status, created_at) WHERE status <> 'completed';
CREATE INDEX runs_ready ON runs (priority DESC, created_at) WHERE ready = 1;
CREATE INDEX runs_blocked ON runs (reason) WHERE blocked = 1;
CREATE UNIQUE INDEX runs_by_key ON runs (workflow, key) WHERE key IS NOT NULL;
CREATE INDEX runs_by_parent ON runs (parent, created_at) WHERE parent IS NOT NULL;
CREATE INDEX runs_by_schedule ON runs (schedule, created_at) WHERE schedule IS NOT NULL AND ended_at IS NULL;
CREATE INDEX runs_by_serial_key ON runs (serial_key, created_at) WHERE serial_key IS NOT NULL AND ended_at IS NULL;

CREATE TABLE run_tags (
  tag TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  run TEXT NOT NULL,
  PRIMARY KEY (tag, created_at, run)
) WITHOUT ROWID;

-- key: which line of the run it is, wherever that line is written a second time.
CREATE TABLE run_logs (
  run TEXT NOT NULL,
  line INTEGER NOT NULL,
  level TEXT NOT NULL,
  message TEXT NOT NULL,
  data BLOB,
  at INTEGER NOT NULL,
  key TEXT,
  PRIMARY KEY (run, line)
) WITHOUT ROWID;
CREATE INDEX run_logs_by_key ON run_logs (run, key) WHERE key IS NOT NULL;

CREATE TABLE entries (
  run TEXT NOT NULL,
  seq INTEGER NOT NULL,
  kind TEXT NOT NULL,
  name TEXT NOT NULL,
  n INTEGER NOT NULL,
  status TEXT NOT NULL,
  ord INTEGER NOT NULL,
  attempt INTEGER NOT NULL,
  value BLOB,
  error BLOB,
  started_at INTEGER NOT NULL,
  ended_at INTEGER NOT NULL,
  due INTEGER,
  undo INTEGER NOT NULL,
  PRIMARY KEY (run, seq)
) WITHOUT ROWID;

-- What a run waits for: one row for an open entry, or with a reserved seq for the run's own timers.
-- no: grows with every wait, so that the oldest is served first. ref: event, token, child run or lock.
CREATE TABLE waits (
  run TEXT NOT NULL,
  seq INTEGER NOT NULL,
  kind TEXT NOT NULL,
  no INTEGER NOT NULL,
  due INTEGER,
  ref TEXT,
  key TEXT,
  match BLOB,
  ttl INTEGER,
  PRIMARY KEY (run, seq)
) WITHOUT ROWID;
CREATE INDEX waits_by_due ON waits (due, no) WHERE due IS NOT NULL;
CREATE INDEX waits_by_ref ON waits (ref, kind, key, no) WHERE ref IS NOT NULL;

CREATE TABLE events (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  name TEXT NOT NULL,
  key TEXT,
  payload BLOB NOT NULL,
  at INTEGER NOT NULL,
  dedupe TEXT
);
CREATE INDEX events_by_name ON events (name);
CREATE INDEX events_by_key ON events (name, key) WHERE key IS NOT NULL;
CREATE INDEX events_by_time ON events (at);
CREATE UNIQUE INDEX events_by_dedupe ON events (dedupe) WHERE dedupe IS NOT NULL;

CREATE TABLE consumed (
  run TEXT NOT NULL,
  event INTEGER NOT NULL,
  seq INTEGER NOT NULL,
  PRIMARY KEY (run, event)
) WITHOUT ROWID;

CREATE TABLE tokens (
  token TEXT NOT NULL PRIMARY KEY,
  kind TEXT NOT NULL,
  status TEXT NOT NULL,
  run TEXT NOT NULL,
  workflow TEXT NOT NULL,
  seq INTEGER NOT NULL,
  name TEXT NOT NULL,
  description TEXT,
  data BLOB,
  created_at INTEGER NOT NULL,
  expires_at INTEGER,
  value BLOB,
  error BLOB
) WITHOUT ROWID;
CREATE INDEX tokens_by_run ON tokens (run, seq);
CREATE INDEX tokens_by_status ON tokens (kind, status, created_at);

CREATE TABLE state (
  scope TEXT NOT NULL,
  key TEXT NOT NULL,
  value BLOB NOT NULL,
  version INTEGER NOT NULL,
  expires_at INTEGER,
  PRIMARY KEY (scope, key)
) WITHOUT ROWID;
CREATE INDEX state_by_expiry ON state (expires_at) WHERE expires_at IS NOT NULL;

-- fence grows with every grant of the name and stays when the lock is free. no: as in waits, at the last grant.
CREATE TABLE locks (
  name TEXT NOT NULL PRIMARY KEY,
  fence INTEGER NOT NULL,
  run TEXT,
  expires_at INTEGER,
  no INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX locks_by_run ON locks (run) WHERE run IS NOT NULL;
CREATE INDEX locks_by_expiry ON locks (expires_at, no) WHERE expires_at IS NOT NULL;

CREATE TABLE schedules (
  id TEXT NOT NULL PRIMARY KEY,
  workflow TEXT NOT NULL,
  cron TEXT NOT NULL,
  timezone TEXT NOT NULL,
  input BLOB NOT NULL,
  catch_up TEXT NOT NULL,
  catch_up_max INTEGER NOT NULL,
  overlap TEXT NOT NULL,
  jitter_ms INTEGER NOT NULL,
  paused INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  handled_until INTEGER NOT NULL,
  source TEXT NOT NULL
) WITHOUT ROWID;

CREATE TABLE versions (
  version TEXT NOT NULL PRIMARY KEY,
  created_at INTEGER NOT NULL,
  manifest BLOB NOT NULL
) WITHOUT ROWID;

-- What the code of a workflow said when it was deployed last. keep: how many ended runs.
CREATE TABLE retentions (
  workflow TEXT NOT NULL PRIMARY KEY,
  age_ms INTEGER,
  keep INTEGER
) WITHOUT ROWID;

-- Which stored values are references to blobs. owner: a run's id, 'event ID', 'state SCOPE KEY' or 'schedule ID'.
CREATE TABLE blob_refs (
  hash TEXT NOT NULL,
  owner TEXT NOT NULL,
  PRIMARY KEY (hash, owner)
) WITHOUT ROWID;
CREATE INDEX blob_refs_by_owner ON blob_refs (owner);
