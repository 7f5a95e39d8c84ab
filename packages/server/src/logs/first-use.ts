// Loads everything about logs when somebody first sends, searches or follows them; where that was done before, soon after a start,
// so that the product's own lines go on.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { logLimits, systemClock } from "@sluice/core";
import type { Engine, Logger, ProductTrail, Store } from "@sluice/core";
import type { LogSettings } from "../config-logs.ts";
import { FirstUse } from "../first-use.ts";
import type { LogDesk } from "./log-desk.ts";

/** A server that has just started has other things to do first. */
const beginAfterMs = 500;

export function logsOf(p: {
  readonly engine: Engine;
  readonly store: Store;
  /** Of the logs: there from their first use on. */
  readonly folder: string;
  readonly log: Logger;
  readonly settings: {
    readonly limits: Readonly<Record<string, number>>;
    /** What entries go through on their way in. */
    readonly logs: Pick<LogSettings, "pipelines" | "archive" | "archiveFormat">;
  };
}): { readonly open: () => Promise<LogDesk>; readonly stop: () => Promise<void> } {
  const { folder, log, settings } = p;
  const { pipelines, archive: place, archiveFormat: format } = settings.logs;
  const archive = { ...(place === undefined ? {} : { place }), ...(format === undefined ? {} : { format }) };
  const limits = { ...logLimits, ...settings.limits };
  const part = new FirstUse(
    async () => {
      const { openLogs } = await import("./log-desk.ts");
      const trail = limits.logOwnLinesMs > 0 ? trailOf(p) : undefined;
      return openLogs({ folder, clock: systemClock, log, limits, trail, pipelines, archive });
    },
    (desk) => desk.close(),
  );
  const isUsed = limits.logOwnLinesMs > 0 && existsSync(join(folder, "head.db"));
  const begin = (): void => {
    part.open().catch((error: unknown) => log("error", "the logs could not be opened", { error: String(error) }));
  };
  const cancel = isUsed ? systemClock.after(beginAfterMs, begin) : undefined;
  return {
    open: () => part.open(),
    stop: () => {
      cancel?.();
      return part.stop();
    },
  };
}

/** What the product has done, as it stands in its store. */
export function trailOf({ engine, store }: { readonly engine: Engine; readonly store: Store }): ProductTrail {
  return {
    runs: store,
    audit: store.audit,
    builds: store.builds,
    onRun: (listener) => {
      const stops = [
        engine.watchers.watchAll(({ run }) => listener(run)),
        engine.changes.listen((noun, name) => {
          if (noun === "runs" && name !== undefined) listener(name);
        }),
      ];
      return () => {
        for (const stop of stops) stop();
      };
    },
  };
}
