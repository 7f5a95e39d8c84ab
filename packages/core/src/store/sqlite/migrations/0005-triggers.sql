-- What starts runs by itself besides schedules, and how far each has got. Times are milliseconds since 1970.
CREATE TABLE triggers (
  id TEXT PRIMARY KEY,
  workflow TEXT NOT NULL,
  kind TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  paused INTEGER NOT NULL DEFAULT 0,
  version INTEGER NOT NULL DEFAULT 0,
  position INTEGER NOT NULL,
  cursor BLOB,
  looked_at INTEGER,
  next_at INTEGER,
  fired_at INTEGER,
  fired INTEGER NOT NULL DEFAULT 0,
  failures INTEGER NOT NULL DEFAULT 0,
  error BLOB
) WITHOUT ROWID;

-- Occurrences that were seen: each has had its run, or needs none.
CREATE TABLE trigger_marks (
  trigger_id TEXT NOT NULL,
  key TEXT NOT NULL,
  mark TEXT,
  run TEXT,
  at INTEGER NOT NULL,
  expires_at INTEGER,
  PRIMARY KEY (trigger_id, key)
) WITHOUT ROWID;
CREATE INDEX trigger_marks_expiring ON trigger_marks (expires_at) WHERE expires_at IS NOT NULL;

-- Occurrences that wait for quiet.
CREATE TABLE trigger_held (
  trigger_id TEXT NOT NULL,
  key TEXT NOT NULL,
  first_at INTEGER NOT NULL,
  due_at INTEGER NOT NULL,
  count INTEGER NOT NULL,
  input BLOB NOT NULL,
  PRIMARY KEY (trigger_id, key)
) WITHOUT ROWID;
CREATE INDEX trigger_held_by_due ON trigger_held (trigger_id, due_at);

-- Requests to webhooks and what became of them; ids grow with time.
CREATE TABLE deliveries (
  id TEXT PRIMARY KEY,
  trigger_id TEXT NOT NULL,
  workflow TEXT NOT NULL,
  at INTEGER NOT NULL,
  kind TEXT NOT NULL,
  repeats TEXT,
  method TEXT NOT NULL,
  path TEXT NOT NULL,
  query TEXT NOT NULL,
  headers TEXT NOT NULL,
  body BLOB,
  bytes INTEGER NOT NULL,
  address TEXT,
  status TEXT NOT NULL,
  code INTEGER NOT NULL,
  took_ms REAL NOT NULL,
  run TEXT,
  error TEXT
) WITHOUT ROWID;
CREATE INDEX deliveries_by_trigger ON deliveries (trigger_id, id);
CREATE INDEX deliveries_by_workflow ON deliveries (workflow, id);

-- Highest version that a deleted state key has had: a key that comes back goes on above it.
CREATE TABLE state_floor (
  one INTEGER PRIMARY KEY CHECK (one = 1),
  version INTEGER NOT NULL
);
INSERT INTO state_floor VALUES (1, 0);
