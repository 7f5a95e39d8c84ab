-- Clusters, the components in them, plans, operations, and what was seen of their health.

-- record: the row as an encoded value; belongs_to: the component or cluster it is part of.
CREATE TABLE cluster_rows (
  kind TEXT NOT NULL,
  id TEXT NOT NULL,
  belongs_to TEXT NOT NULL,
  record BLOB NOT NULL,
  PRIMARY KEY (kind, id)
) WITHOUT ROWID;
CREATE INDEX cluster_rows_by_owner ON cluster_rows (kind, belongs_to, id);
