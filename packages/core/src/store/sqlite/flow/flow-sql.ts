// The statements of flow control, one operation each. Every one goes by a key or an index, in its order.
const placeColumns = "run, gates, share, rank, line, held, single";
const lineColumns = "line, share, waiting, head, blocked, turn";
const gateColumns = "gate, used, arrival, opens_at AS opensAt";
const ruleColumns = "rule AS id, workflow, kind, path, max, per_ms AS perMs, burst, count_waiting AS countWaiting";

export const flowSql = {
  place: `SELECT ${placeColumns} FROM flow_places WHERE run = ?`,
  putPlace: `INSERT OR REPLACE INTO flow_places (${placeColumns}) VALUES (?, ?, ?, ?, ?, ?, ?)`,
  deletePlace: "DELETE FROM flow_places WHERE run = ?",
  firstIn: `SELECT ${placeColumns} FROM flow_places WHERE line = ? ORDER BY rank, run LIMIT 1`,
  singles: `SELECT ${placeColumns} FROM flow_places WHERE single = ? ORDER BY run`,

  line: `SELECT ${lineColumns} FROM flow_lines WHERE line = ?`,
  putLine: `INSERT OR REPLACE INTO flow_lines (${lineColumns}) VALUES (?, ?, ?, ?, ?, ?)`,
  deleteLine: "DELETE FROM flow_lines WHERE line = ?",
  firstOpen: `SELECT ${lineColumns} FROM flow_lines WHERE share = ? AND blocked IS NULL ORDER BY head, line LIMIT 1`,
  firstBlocked: `SELECT ${lineColumns} FROM flow_lines WHERE blocked = ? ORDER BY turn, head, line LIMIT 1`,
  blockedBetween: `SELECT ${lineColumns} FROM flow_lines WHERE blocked >= ? AND blocked < ? ORDER BY blocked, turn, head`,
  openLines: "SELECT count(*) AS n FROM flow_lines WHERE blocked IS NULL",

  share: "SELECT share, turn, open, lines FROM flow_shares WHERE share = ?",
  putShare: "INSERT OR REPLACE INTO flow_shares (share, turn, open, lines) VALUES (?, ?, ?, ?)",
  deleteShare: "DELETE FROM flow_shares WHERE share = ?",
  firstShare: `SELECT share, turn, open, lines FROM flow_shares WHERE open > 0 AND share <> ''
    ORDER BY turn, share LIMIT 1`,

  gate: `SELECT ${gateColumns} FROM flow_gates WHERE gate = ?`,
  putGate: "INSERT OR REPLACE INTO flow_gates (gate, used, arrival, opens_at) VALUES (?, ?, ?, ?)",
  deleteGate: "DELETE FROM flow_gates WHERE gate = ?",
  opened: `SELECT ${gateColumns} FROM flow_gates WHERE opens_at <= ? ORDER BY opens_at, gate LIMIT ?`,
  nextOpening: "SELECT min(opens_at) AS opensAt FROM flow_gates WHERE opens_at IS NOT NULL",

  rule: `SELECT ${ruleColumns} FROM flow_rules WHERE rule = ?`,
  rulesOf: "SELECT rule AS id FROM flow_rules WHERE workflow = ?",
  deleteRules: "DELETE FROM flow_rules WHERE workflow = ?",
  putRule: `INSERT OR REPLACE INTO flow_rules (rule, workflow, kind, path, max, per_ms, burst, count_waiting)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,

  queue: "SELECT paused FROM flow_queues WHERE name = ?",
  addQueue: "INSERT OR IGNORE INTO flow_queues (name, paused) VALUES (?, 0)",
  setPaused: "UPDATE flow_queues SET paused = ? WHERE name = ?",
  queues: "SELECT name, paused FROM flow_queues ORDER BY name",
  joinQueue: "INSERT OR REPLACE INTO flow_queue_workflows (workflow, queue) VALUES (?, ?)",
  leaveQueue: "DELETE FROM flow_queue_workflows WHERE workflow = ?",
  queueWorkflows: "SELECT workflow, queue FROM flow_queue_workflows ORDER BY workflow",
  held: "SELECT sum(waiting) AS n FROM flow_lines WHERE blocked = ?",

  window: "SELECT id, run, opened_at AS openedAt, until, count, bytes FROM flow_windows WHERE id = ?",
  putWindow: "INSERT OR REPLACE INTO flow_windows (id, run, opened_at, until, count, bytes) VALUES (?, ?, ?, ?, ?, ?)",
  deleteWindowOf: "DELETE FROM flow_windows WHERE run = ? AND count > 0",
  sweep: `DELETE FROM flow_windows WHERE id IN (SELECT id FROM flow_windows WHERE until < ?
    AND (run IS NULL OR count = 0 OR NOT EXISTS (SELECT 1 FROM runs WHERE runs.id = flow_windows.run
    AND runs.status = 'queued')) ORDER BY until LIMIT ?)`,
  sweepGates: `DELETE FROM flow_gates WHERE gate IN (SELECT gate FROM flow_gates WHERE used = 0 AND opens_at IS NULL
    AND arrival < ? LIMIT ?)`,

  join: `INSERT INTO flow_joined (run, no, workflow, key, input_hash, input)
    SELECT ?, coalesce(max(no), 0) + 1, ?, ?, ?, ? FROM flow_joined WHERE run = ?`,
  joinedByKey: "SELECT run, input_hash AS inputHash FROM flow_joined WHERE workflow = ? AND key = ? LIMIT 1",
  inputs: "SELECT input FROM flow_joined WHERE run = ? AND input IS NOT NULL ORDER BY no",
  forgetInputs: "UPDATE flow_joined SET input = NULL WHERE run = ?",
  deleteJoined: "DELETE FROM flow_joined WHERE run = ?",
  queued: "SELECT count FROM run_counts WHERE workflow = ? AND status = 'queued'",
} as const;
