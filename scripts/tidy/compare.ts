// docs/compare.md: one row for each feature that engines for durable work are compared by, with the tests that show it.

import { testProblem } from "./ledger.ts";
import type { SourceFile } from "./source.ts";

/** Every feature there has to be an answer for. */
const FEATURES = [
  "Style",
  "Step-memoization",
  "Auto-recovery",
  "Idempotency-keys",
  "Retry",
  "Timeouts",
  "Circuit-breaker",
  "Rate-limit/throttle",
  "Debounce",
  "Concurrency-keys",
  "Priority/fairness",
  "Fan-out",
  "Children",
  "Durable-sleep",
  "Event-wait",
  "Human-approval",
  "Cron-timezone",
  "Missed-run-catch-up",
  "Overlap/cron-jitter",
  "Webhook+HMAC",
  "KV/TTL",
  "Live-run-versioning",
  "Cancellation",
  "Built-in-saga",
  "Streaming",
  "List/search",
  "DLQ/replay/bulk",
  "Retention",
  "Test-harness",
  "OSS-dashboard",
  "OTel/metrics",
  "Footprint",
  "Polyglot",
  "Scale-out",
  "Exactly-once-DB-tx",
  "Payload-encryption",
  "Auth/RBAC",
  "Dev-server/reload",
  "Bun",
];

const STATES = new Set(["yes", "partly", "no"]);

/** What is wrong with the comparison: rows that are missing or unknown, answers without a reason or a test that exists. */
export function compareProblems(text: string, files: SourceFile[]): string[] {
  const byPath = new Map(files.map((file) => [file.path, file.text]));
  const problems: string[] = [];
  const seen = new Set<string>();
  for (const line of text.split("\n").filter((each) => each.startsWith("| ") && !each.startsWith("| feature"))) {
    const [, name = "", state = "", why = "", proof = ""] = line.split(/(?<!\\)\|/).map((cell) => cell.trim());
    if (!FEATURES.includes(name)) problems.push(`${name}: no such feature`);
    if (seen.has(name)) problems.push(`${name}: twice`);
    seen.add(name);
    if (!STATES.has(state)) problems.push(`${name}: "${state}" is not one of ${[...STATES].join(", ")}`);
    if (why === "") problems.push(`${name}: says neither what there is nor why there is nothing`);
    const tests = Array.from(proof.matchAll(/`([^`]+)`/g), (match) => match[1] ?? "");
    if (state !== "no" && tests.length === 0) problems.push(`${name}: "${state}" needs a test`);
    for (const reference of tests) {
      const problem = testProblem(reference, byPath);
      if (problem !== undefined) problems.push(`${name}: ${problem}`);
    }
  }
  return [...problems, ...FEATURES.filter((name) => !seen.has(name)).map((name) => `${name}: no row`)];
}
