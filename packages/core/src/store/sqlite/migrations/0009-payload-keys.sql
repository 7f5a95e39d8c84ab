-- Encryption of payloads at rest: data keys of runs, wrapped with a key of their workflow; and the traces that runs are part of.
-- Times are milliseconds since 1970.

-- version: which of the workflow's keys it is wrapped with. wrapped: null once it was erased. lent: a run without this key has
-- values sealed with it in its journal, so that it is not let go with its own runs.
CREATE TABLE payload_keys (
  id TEXT NOT NULL PRIMARY KEY,
  workflow TEXT NOT NULL,
  version TEXT NOT NULL,
  wrapped BLOB,
  lent INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  erased_at INTEGER
) WITHOUT ROWID;
CREATE INDEX payload_keys_by_workflow ON payload_keys (workflow, id);

ALTER TABLE runs ADD COLUMN payload_key TEXT;
CREATE INDEX runs_by_payload_key ON runs (payload_key) WHERE payload_key IS NOT NULL;

-- The span that began the run, as W3C `traceparent` has it.
ALTER TABLE runs ADD COLUMN trace TEXT;
