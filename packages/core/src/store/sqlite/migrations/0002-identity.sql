-- Who may use the product, and the trail of what they did. Times are milliseconds since 1970; lists and maps are JSON.

-- instance: names this data, and the node's chain in the audit trail.
CREATE TABLE meta (
  name TEXT NOT NULL PRIMARY KEY,
  value TEXT NOT NULL
) WITHOUT ROWID;
INSERT INTO meta (name, value) VALUES ('instance', lower(hex(randomblob(16))));

-- name_key: the name without regard to case.
CREATE TABLE users (
  id TEXT NOT NULL PRIMARY KEY,
  name TEXT NOT NULL,
  name_key TEXT NOT NULL,
  email TEXT,
  roles TEXT NOT NULL,
  disabled INTEGER NOT NULL,
  password_hash TEXT,
  totp_secret BLOB,
  totp_step INTEGER,
  recovery_codes TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  signed_in_at INTEGER,
  version INTEGER NOT NULL
) WITHOUT ROWID;
CREATE UNIQUE INDEX users_by_name ON users (name_key);

CREATE TABLE roles (
  name TEXT NOT NULL PRIMARY KEY,
  about TEXT,
  grants TEXT NOT NULL,
  updated_at INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE sessions (
  id TEXT NOT NULL PRIMARY KEY,
  user TEXT NOT NULL,
  kind TEXT NOT NULL,
  secret_hash TEXT NOT NULL,
  previous_hash TEXT,
  rotated_at INTEGER,
  created_at INTEGER NOT NULL,
  seen_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  address TEXT,
  agent TEXT,
  method TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX sessions_by_user ON sessions (user, created_at);
CREATE UNIQUE INDEX sessions_by_hash ON sessions (secret_hash);
CREATE INDEX sessions_by_previous_hash ON sessions (previous_hash) WHERE previous_hash IS NOT NULL;
CREATE INDEX sessions_by_expiry ON sessions (expires_at);

-- Secrets of programs; the table of tokens that runs wait for has another name.
CREATE TABLE access_tokens (
  id TEXT NOT NULL PRIMARY KEY,
  name TEXT NOT NULL,
  prefix TEXT NOT NULL,
  secret_hash TEXT NOT NULL,
  owner TEXT,
  grants TEXT NOT NULL,
  role TEXT,
  limits TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  expires_at INTEGER,
  used_at INTEGER,
  revoked_at INTEGER
) WITHOUT ROWID;
CREATE UNIQUE INDEX access_tokens_by_hash ON access_tokens (secret_hash);
CREATE INDEX access_tokens_by_time ON access_tokens (created_at);
CREATE INDEX access_tokens_by_owner ON access_tokens (owner, created_at) WHERE owner IS NOT NULL;
CREATE INDEX access_tokens_by_expiry ON access_tokens (expires_at) WHERE expires_at IS NOT NULL;

CREATE TABLE passkeys (
  id TEXT NOT NULL PRIMARY KEY,
  user TEXT NOT NULL,
  name TEXT NOT NULL,
  public_key BLOB NOT NULL,
  counter INTEGER NOT NULL,
  transports TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  used_at INTEGER
) WITHOUT ROWID;
CREATE INDEX passkeys_by_user ON passkeys (user, created_at);

CREATE TABLE account_links (
  issuer TEXT NOT NULL,
  subject TEXT NOT NULL,
  user TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  PRIMARY KEY (issuer, subject)
) WITHOUT ROWID;

-- previous, hash: 32 bytes, as kernel/audit-chain.ts computes them.
CREATE TABLE audit (
  seq INTEGER PRIMARY KEY,
  at INTEGER NOT NULL,
  by_kind TEXT NOT NULL,
  by_id TEXT NOT NULL,
  by_name TEXT,
  address TEXT,
  session TEXT,
  token TEXT,
  action TEXT NOT NULL,
  target TEXT NOT NULL,
  workflow TEXT,
  outcome TEXT NOT NULL,
  reason TEXT,
  before TEXT,
  after TEXT,
  intent INTEGER,
  previous BLOB NOT NULL,
  hash BLOB NOT NULL
);
CREATE INDEX audit_by_time ON audit (at);
CREATE INDEX audit_by_actor ON audit (by_kind, by_id);
CREATE INDEX audit_by_action ON audit (action);
CREATE INDEX audit_by_target ON audit (target);

-- The row that the oldest one kept follows.
CREATE TABLE audit_start (
  seq INTEGER NOT NULL,
  hash BLOB NOT NULL
);
INSERT INTO audit_start (seq, hash) VALUES (0, zeroblob(32));

-- Rows are only added, at the end, and go only when the start was moved past them. A guard against accidents: whoever can
-- write this file can drop a trigger too, and it is the chain of hashes that shows it.
-- SQLite only: PostgreSQL has one in its own words.
CREATE TRIGGER audit_added_at_the_end BEFORE INSERT ON audit
WHEN NEW.seq <> 1 + coalesce((SELECT max(seq) FROM audit), (SELECT seq FROM audit_start))
BEGIN SELECT RAISE(ABORT, 'rows of the audit trail are added at its end'); END;
CREATE TRIGGER audit_not_changed BEFORE UPDATE ON audit
BEGIN SELECT RAISE(ABORT, 'rows of the audit trail do not change'); END;
CREATE TRIGGER audit_not_deleted BEFORE DELETE ON audit WHEN OLD.seq > (SELECT seq FROM audit_start)
BEGIN SELECT RAISE(ABORT, 'rows of the audit trail are let go from its start only'); END;
-- both again

-- With the workflow in it, what somebody may see is found without a look at the runs themselves.
DROP INDEX runs_not_completed;
CREATE INDEX runs_not_completed ON runs (status, created_at, id, workflow) WHERE status <> 'completed';
