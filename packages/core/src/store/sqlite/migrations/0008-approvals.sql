-- Approvals of several tokens: what was agreed on about each, who decided with it, and what was written beside them.

ALTER TABLE tokens ADD COLUMN terms BLOB;
ALTER TABLE tokens ADD COLUMN grp TEXT;
ALTER TABLE tokens ADD COLUMN decided_by TEXT;

-- grp: that of the tokens, or the token itself where it stands alone. by_name: as the author was called then.
CREATE TABLE approval_comments (
  run TEXT NOT NULL,
  grp TEXT NOT NULL,
  no INTEGER NOT NULL,
  by_kind TEXT NOT NULL,
  by_id TEXT NOT NULL,
  by_name TEXT,
  at INTEGER NOT NULL,
  text TEXT NOT NULL,
  PRIMARY KEY (run, grp, no)
) WITHOUT ROWID;
