-- Tasks: functions that runs call on workers. Each is a row of waits of kind task, with ref: its id, match: its input, key: its
-- plan as JSON, ttl: its epoch.

CREATE INDEX waits_of_tasks ON waits (no) WHERE kind = 'task';
