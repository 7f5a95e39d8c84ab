-- Times of schedules that a limit of their workflow has turned away; each gets its run when the limit takes it. Milliseconds
-- since 1970.
CREATE TABLE schedule_held (
  schedule TEXT NOT NULL,
  time INTEGER NOT NULL,
  at INTEGER NOT NULL,
  PRIMARY KEY (schedule, time)
) WITHOUT ROWID;

-- What triggers hold of encrypted workflows is sealed for the run it is going to be: the id of that run and of its data key.
ALTER TABLE trigger_held ADD COLUMN run TEXT;
ALTER TABLE trigger_held ADD COLUMN payload_key TEXT;
CREATE INDEX trigger_held_by_payload_key ON trigger_held (payload_key) WHERE payload_key IS NOT NULL;
