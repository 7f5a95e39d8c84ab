// The pipe that says which patterns lines have, how often, and which of them are new.
import type { FieldValue } from "../../entry.ts";
import { Drain } from "../../patterns/drain.ts";
import { MadeRow } from "../row.ts";
import { groupsMax } from "./pipe.ts";
import type { Cut, Next, RunningPipe } from "./pipe.ts";

/** `newMs`: a pattern is new that was first seen no longer than this before the latest line. */
export function patternsPipe(
  { from, newMs }: { readonly from: string; readonly newMs: number | undefined },
  p: { readonly next: Next; readonly cut: Cut },
): RunningPipe {
  const drain = new Drain(groupsMax);
  let latestMs = -Infinity;
  return {
    push: (row) => {
      const line = row.get(from);
      if (line === undefined) return true;
      const timeMs = Date.parse(String(row.get("_time") ?? ""));
      const atMs = Number.isNaN(timeMs) ? 0 : timeMs;
      latestMs = Math.max(latestMs, atMs);
      if (!drain.add(String(line), atMs)) p.cut("groups");
      return true;
    },
    end: () => {
      for (const { text, count, firstMs, lastMs } of drain.patterns()) {
        const made = new Map<string, FieldValue>([
          ["pattern", text],
          ["count", count],
          ["first", new Date(firstMs).toISOString()],
          ["last", new Date(lastMs).toISOString()],
        ]);
        if (newMs !== undefined) made.set("new", firstMs > latestMs - newMs);
        if (!p.next(new MadeRow(made))) return;
      }
    },
  };
}
