-- Which scopes hold which blobs: a row for each scope that has shown to have the bytes.

CREATE TABLE blob_scopes (
  hash TEXT NOT NULL,
  scope TEXT NOT NULL,
  bytes INTEGER NOT NULL,
  kept_by TEXT NOT NULL,
  used_at INTEGER NOT NULL,
  PRIMARY KEY (hash, scope)
) WITHOUT ROWID;
CREATE INDEX blob_scopes_by_use ON blob_scopes (used_at);
