// The terminals of what serves: made when somebody first asks for one.
import { Ids, systemClock, systemRandom, terminalLimits } from "@sluice/core";
import type { Logger, Store } from "@sluice/core";
import { join } from "node:path";
import { Recordings, secretsIn, Terminals } from "@sluice/core/terminals";
import type { TerminalLimits } from "@sluice/core/terminals";
import { SluiceError } from "@sluice/protocol";
import { loadRuntime } from "@sluice/runtime";
import { LocalPtys } from "./pty-host.ts";
import { RecordingFiles } from "./recording-folder.ts";
import { ScreenThreads } from "./screen-threads.ts";

export interface OpenedTerminals {
  readonly terminals: Terminals;
  /** Ends all of them. */
  stop(): void;
}

/** Rejects with `unavailable` where the system has no terminals. */
export async function openTerminals(p: {
  readonly store: Store;
  readonly log: Logger;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly limits: Readonly<Record<string, number>>;
  /** The data folder; recordings lie in it. */
  readonly folder: string;
}): Promise<OpenedTerminals> {
  const { spawnPty } = (await loadRuntime()).process;
  if (spawnPty === undefined) {
    throw new SluiceError({ code: "unavailable", message: "This system has no terminals for programs." });
  }
  const ids = new Ids(systemClock, systemRandom);
  const screens = new ScreenThreads({ clock: systemClock, log: p.log });
  const limits = limitsIn(p.limits);
  const folder = new RecordingFiles(join(p.folder, "recordings"));
  const terminals = new Terminals({
    ptys: new LocalPtys({ spawnPty, env: p.env }),
    screens,
    audit: p.store.audit,
    clock: systemClock,
    log: p.log,
    limits,
    recordings: new Recordings({ folder, clock: systemClock, limits }),
    secrets: secretsIn(p.env),
    newId: () => ids.terminal(),
  });
  return {
    terminals,
    stop: () => {
      terminals.stop();
      screens.stop();
    },
  };
}

/** Those of all named limits that are of terminals. */
function limitsIn(limits: Readonly<Record<string, number>>): TerminalLimits {
  const given = Object.entries(limits).filter(([name]) => name in terminalLimits);
  return { ...terminalLimits, ...Object.fromEntries(given) };
}
