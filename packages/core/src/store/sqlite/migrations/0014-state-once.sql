-- Changes of state that a run asked for from outside of its journal, and that are made once however often it asks: the value and the
-- version that the key had then.
CREATE TABLE state_once (
  run TEXT NOT NULL,
  id TEXT NOT NULL,
  version INTEGER NOT NULL,
  value BLOB NOT NULL,
  PRIMARY KEY (run, id)
) WITHOUT ROWID;
