// What happened to a build, as lines: its output line by line, who had it, and how it ended.
import type { BuildEvent, BuildRecord } from "../../kernel/build-store.ts";
import type { FieldValue } from "../entry.ts";
import { emptyFields } from "../ingest/values.ts";
import type { OwnEntry } from "./run-entries.ts";

const labels = { service: "sluice-builds" };
const newline = 10;
const endLevels = { completed: "info", failed: "error", cancelled: "warn" } as const;

/** Events in order. Output that ends inside of a line is a line as far as it goes. */
export function buildEntries({ id, target, end: result }: BuildRecord, events: readonly BuildEvent[]): OwnEntry[] {
  const entries: OwnEntry[] = [];
  const tell = (line: string, { at, epoch, worker }: BuildEvent, more: Readonly<Record<string, unknown>>): void => {
    const fields = emptyFields();
    for (const [name, value] of Object.entries({ build: id, target, attempt: epoch, worker, ...more })) {
      if (value !== undefined) fields[name] = value as FieldValue;
    }
    entries.push({ timeMs: at, subNs: 0, line, fields, labels });
  };
  const held = new Map<string, { readonly bytes: Buffer; readonly event: BuildEvent }>();
  const take = (stream: string, bytes: Uint8Array, event: BuildEvent): void => {
    const whole = Buffer.concat([held.get(stream)?.bytes ?? Buffer.alloc(0), bytes]);
    const end = whole.lastIndexOf(newline);
    held.set(stream, { bytes: whole.subarray(end + 1), event });
    if (end < 0) return;
    for (const line of whole.toString("utf8", 0, end).split("\n")) tell(line.replace(/\r$/, ""), event, { stream });
  };
  const flush = (): void => {
    for (const [stream, { bytes, event }] of held) if (bytes.length > 0) tell(bytes.toString(), event, { stream });
    held.clear();
  };
  for (const event of events) {
    const { kind, done, total, message, bytes, stream = "stdout" } = event;
    if (kind === "output") {
      if (bytes !== undefined) take(stream, bytes, event);
      continue;
    }
    flush();
    const ended = kind === "ended" ? result : undefined;
    const level = ended === undefined ? (kind === "lost" ? "warn" : "info") : endLevels[ended.status];
    const more = { event: kind, level, done, total, exitCode: ended?.exitCode, error: ended?.error?.message };
    tell(ended === undefined ? (message ?? `build ${kind}`) : `build ${ended.status}`, event, more);
  }
  flush();
  return entries;
}
