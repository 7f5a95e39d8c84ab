-- Flow control: gates that runs pass, the lines in which they wait for them, and starts that become part of other runs.

-- As the code said when it was deployed last. rule, and below gate, line and share: see kernel/flow.ts and store/flow.
CREATE TABLE flow_rules (
  rule TEXT NOT NULL PRIMARY KEY,
  workflow TEXT NOT NULL,
  kind TEXT NOT NULL,
  path TEXT NOT NULL,
  max INTEGER NOT NULL,
  per_ms INTEGER,
  burst INTEGER,
  count_waiting INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX flow_rules_by_workflow ON flow_rules (workflow);

CREATE TABLE flow_queues (
  name TEXT NOT NULL PRIMARY KEY,
  paused INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE flow_queue_workflows (
  workflow TEXT NOT NULL PRIMARY KEY,
  queue TEXT NOT NULL
) WITHOUT ROWID;

-- One row for each run that passes gates, until it is deleted. gates, held: JSON lists. rank: the lowest goes first.
CREATE TABLE flow_places (
  run TEXT NOT NULL PRIMARY KEY,
  gates TEXT NOT NULL,
  share TEXT NOT NULL,
  rank INTEGER NOT NULL,
  line TEXT,
  held TEXT NOT NULL,
  single TEXT
) WITHOUT ROWID;
CREATE INDEX flow_places_by_line ON flow_places (line, rank, run) WHERE line IS NOT NULL;
CREATE INDEX flow_places_by_single ON flow_places (single) WHERE single IS NOT NULL;

-- Lines in which somebody waits. blocked: the gate that was found closed.
CREATE TABLE flow_lines (
  line TEXT NOT NULL PRIMARY KEY,
  share TEXT NOT NULL,
  waiting INTEGER NOT NULL,
  head INTEGER NOT NULL,
  blocked TEXT,
  turn INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX flow_lines_open ON flow_lines (share, head) WHERE blocked IS NULL;
CREATE INDEX flow_lines_blocked ON flow_lines (blocked, turn, head) WHERE blocked IS NOT NULL;

CREATE TABLE flow_shares (
  share TEXT NOT NULL PRIMARY KEY,
  turn INTEGER NOT NULL,
  open INTEGER NOT NULL,
  lines INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX flow_shares_by_turn ON flow_shares (turn) WHERE open > 0 AND share <> '';

-- Gates at which runs are counted. arrival: of a throttle, when the next would begin if all were spread evenly.
CREATE TABLE flow_gates (
  gate TEXT NOT NULL PRIMARY KEY,
  used INTEGER NOT NULL,
  arrival REAL NOT NULL,
  opens_at INTEGER
) WITHOUT ROWID;
CREATE INDEX flow_gates_by_opening ON flow_gates (opens_at) WHERE opens_at IS NOT NULL;

-- What is remembered of starts that are limited in time, debounced or gathered.
CREATE TABLE flow_windows (
  id TEXT NOT NULL PRIMARY KEY,
  run TEXT,
  opened_at INTEGER NOT NULL,
  until INTEGER NOT NULL,
  count INTEGER NOT NULL,
  bytes INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX flow_windows_by_end ON flow_windows (until);
CREATE INDEX flow_windows_by_run ON flow_windows (run) WHERE run IS NOT NULL;

-- Starts that became part of a run. input: what is gathered, until the run begins.
CREATE TABLE flow_joined (
  run TEXT NOT NULL,
  no INTEGER NOT NULL,
  workflow TEXT NOT NULL,
  key TEXT,
  input_hash TEXT,
  input BLOB,
  PRIMARY KEY (run, no)
) WITHOUT ROWID;
CREATE INDEX flow_joined_by_key ON flow_joined (workflow, key) WHERE key IS NOT NULL;

-- A run gains a point of priority for each minute it waits (kernel/flow.ts).
DROP INDEX runs_ready;
CREATE INDEX runs_ready ON runs (created_at - priority * 60000, id) WHERE ready = 1;
