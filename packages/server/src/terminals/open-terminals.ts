// The terminals of what serves: made when somebody first asks for one.
import { Ids, systemClock, systemRandom, terminalLimits } from "@sluice/core";
import type { Logger, Store } from "@sluice/core";
import { Terminals } from "@sluice/core/terminals";
import type { TerminalLimits } from "@sluice/core/terminals";
import { SluiceError } from "@sluice/protocol";
import { loadRuntime } from "@sluice/runtime";
import { LocalPtys } from "./pty-host.ts";
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
}): Promise<OpenedTerminals> {
  const { spawnPty } = (await loadRuntime()).process;
  if (spawnPty === undefined) {
    throw new SluiceError({ code: "unavailable", message: "This system has no terminals for programs." });
  }
  const ids = new Ids(systemClock, systemRandom);
  const screens = new ScreenThreads({ clock: systemClock, log: p.log });
  const terminals = new Terminals({
    ptys: new LocalPtys({ spawnPty, env: p.env }),
    screens,
    audit: p.store.audit,
    clock: systemClock,
    log: p.log,
    limits: limitsIn(p.limits),
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
