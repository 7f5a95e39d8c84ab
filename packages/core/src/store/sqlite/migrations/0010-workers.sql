-- Builds that workers execute, what was told of them, and which worker an access token belongs to.

-- record: the rest of the row as an encoded value.
CREATE TABLE builds (
  id TEXT NOT NULL PRIMARY KEY,
  status TEXT NOT NULL,
  ended_at INTEGER,
  record BLOB NOT NULL
) WITHOUT ROWID;
CREATE INDEX builds_by_status ON builds (status, id);
CREATE INDEX builds_by_end ON builds (ended_at) WHERE ended_at IS NOT NULL;

-- bytes: of output; told: the rest of the event as an encoded value.
CREATE TABLE build_events (
  build TEXT NOT NULL,
  no INTEGER NOT NULL,
  kind TEXT NOT NULL,
  size INTEGER NOT NULL,
  bytes BLOB,
  told BLOB NOT NULL,
  PRIMARY KEY (build, no)
);
CREATE INDEX build_output ON build_events (build, no) WHERE kind = 'output';

CREATE TABLE worker_bindings (
  worker TEXT NOT NULL PRIMARY KEY,
  token TEXT NOT NULL UNIQUE,
  credential_hash TEXT NOT NULL UNIQUE,
  created_at INTEGER NOT NULL,
  draining INTEGER NOT NULL,
  removed_at INTEGER
) WITHOUT ROWID;
