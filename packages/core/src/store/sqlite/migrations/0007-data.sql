-- What runs share and carry besides their journals. Times are milliseconds since 1970.

-- Results of steps. scope: workflow:NAME or global. run: which made it.
CREATE TABLE step_cache (
  scope TEXT NOT NULL,
  step TEXT NOT NULL,
  key TEXT NOT NULL,
  value BLOB NOT NULL,
  created_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  run TEXT NOT NULL,
  hits INTEGER NOT NULL,
  PRIMARY KEY (scope, step, key)
) WITHOUT ROWID;
CREATE INDEX step_cache_by_expiry ON step_cache (expires_at);

-- Which run makes a result that others wait for. name: of the result, as waits have it in ref.
CREATE TABLE step_flights (
  name TEXT NOT NULL PRIMARY KEY,
  run TEXT NOT NULL,
  seq INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX step_flights_by_run ON step_flights (run);

-- Runs that go on as one another. chain: id of the first, in each of them once there are two.
ALTER TABLE runs ADD COLUMN chain TEXT;
ALTER TABLE runs ADD COLUMN continued_from TEXT;
ALTER TABLE runs ADD COLUMN continued_to TEXT;
CREATE INDEX runs_by_chain ON runs (chain, created_at) WHERE chain IS NOT NULL;

-- Search attributes of runs. value: text, or a number as text that sorts as it (attributes.ts); 0 and 1 for booleans; times are numbers.
CREATE TABLE run_attributes (
  run TEXT NOT NULL,
  name TEXT NOT NULL,
  type TEXT NOT NULL,
  value TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  PRIMARY KEY (run, name)
) WITHOUT ROWID;
CREATE INDEX run_attributes_by_value ON run_attributes (name, value, created_at, run, type);

-- Streamed output: a row for the pieces that were sent together. no: of the first. pieces: a list of encoded values.
CREATE TABLE run_chunks (
  run TEXT NOT NULL,
  no INTEGER NOT NULL,
  count INTEGER NOT NULL,
  seq INTEGER,
  step TEXT,
  attempt INTEGER,
  first_index INTEGER NOT NULL,
  at INTEGER NOT NULL,
  bytes INTEGER NOT NULL,
  pieces BLOB NOT NULL,
  PRIMARY KEY (run, no)
) WITHOUT ROWID;
-- How far each run that streams has come. life, ord, place: where the last piece of the workflow itself stood.
CREATE TABLE run_streams (
  run TEXT NOT NULL PRIMARY KEY,
  next INTEGER NOT NULL,
  bytes INTEGER NOT NULL,
  life INTEGER,
  ord INTEGER,
  place INTEGER
) WITHOUT ROWID;
