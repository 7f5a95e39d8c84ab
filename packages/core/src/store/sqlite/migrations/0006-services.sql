-- What services need: sealed secrets, and circuit breakers that all workers share.

-- sealed: AES-256-GCM, bound to the name; key: name of the key it was sealed with, which is a file outside this database.
CREATE TABLE secrets (
  name TEXT NOT NULL PRIMARY KEY,
  sealed BLOB NOT NULL,
  key TEXT NOT NULL,
  version INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL
) WITHOUT ROWID;

-- failures: in a row, while it is closed. round: how often it has changed between open and closed; the outcome of an attempt that
-- was let in in another round does not count. probes: let in while half-open and not heard of; probed_at: when the last one was.
CREATE TABLE breakers (
  name TEXT NOT NULL PRIMARY KEY,
  state TEXT NOT NULL,
  failures INTEGER NOT NULL,
  round INTEGER NOT NULL,
  open_until INTEGER NOT NULL,
  probes INTEGER NOT NULL,
  probed_at INTEGER NOT NULL,
  opened_count INTEGER NOT NULL,
  changed_at INTEGER NOT NULL,
  failed_at INTEGER NOT NULL,
  error TEXT,
  settings TEXT NOT NULL
) WITHOUT ROWID;
