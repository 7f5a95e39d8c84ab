-- Times of schedules that a limit of their workflow has turned away; each gets its run when the limit takes it. Milliseconds
-- since 1970.
CREATE TABLE schedule_held (
  schedule TEXT NOT NULL,
  time INTEGER NOT NULL,
  at INTEGER NOT NULL,
  PRIMARY KEY (schedule, time)
) WITHOUT ROWID;
