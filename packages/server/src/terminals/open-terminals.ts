// The terminals of what serves: made when somebody first asks for one.
import { Ids, systemClock, systemRandom, terminalLimits } from "@sluice/core";
import type { Logger, Store } from "@sluice/core";
import type { Vault } from "@sluice/core/secrets";
import { join } from "node:path";
import { Recordings, secretsIn, Terminals } from "@sluice/core/terminals";
import type { PtyHost, TerminalLimits } from "@sluice/core/terminals";
import { SluiceError } from "@sluice/protocol";
import { loadRuntime } from "@sluice/runtime";
import type { ProcessProvider } from "@sluice/runtime";
import { HeldPtys } from "./holder/held-ptys.ts";
import { holderSocket } from "./holder-socket.ts";
import { LocalPtys } from "./pty-host.ts";
import { RecordingFiles } from "./recording-folder.ts";
import { ScreenThreads } from "./screen-threads.ts";

export interface OpenedTerminals {
  readonly terminals: Terminals;
  /** Lets go of all of them. */
  stop(): void;
}

/** Rejects with `unavailable` where the system has no terminals. */
export async function openTerminals(p: {
  readonly store: Store;
  readonly log: Logger;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly limits: Readonly<Record<string, number>>;
  /** Whose values no recording shows. */
  readonly vault: Pick<Vault, "list" | "read">;
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
    ptys: hostOf(p, { spawnPty, limits }),
    screens,
    audit: p.store.audit,
    clock: systemClock,
    log: p.log,
    limits,
    recordings: new Recordings({ folder, clock: systemClock, limits }),
    secrets: async () => [...secretsIn(p.env), ...(await valuesOf(p.vault))],
    newId: () => ids.terminal(),
  });
  await terminals.takeOver();
  return {
    terminals,
    stop: () => {
      terminals.stop();
      screens.stop();
    },
  };
}

/** Of every secret that can be opened. */
async function valuesOf(vault: Pick<Vault, "list" | "read">): Promise<readonly string[]> {
  const names = (await vault.list()).filter(({ readable }) => readable);
  const values = await Promise.all(names.map(({ name }) => vault.read({ from: "store", name })));
  return values.filter((value) => value !== undefined);
}

/** Programs outlive the server, unless it is set that they do not. */
function hostOf(
  { env, folder, log }: Pick<Parameters<typeof openTerminals>[0], "env" | "folder" | "log">,
  {
    spawnPty,
    limits,
  }: { readonly spawnPty: NonNullable<ProcessProvider["spawnPty"]>; readonly limits: TerminalLimits },
): PtyHost {
  const { terminalOrphanedMs: orphanedMs, terminalKillGraceMs, terminalHeldBytesMax } = limits;
  if (orphanedMs === 0) return new LocalPtys({ spawnPty, env });
  const settings = { orphanedMs, killGraceMs: terminalKillGraceMs, heldBytesMax: terminalHeldBytesMax };
  return new HeldPtys({ clock: systemClock, log, env, path: holderSocket(folder), settings });
}

/** Those of all named limits that are of terminals. */
function limitsIn(limits: Readonly<Record<string, number>>): TerminalLimits {
  const given = Object.entries(limits).filter(([name]) => name in terminalLimits);
  return { ...terminalLimits, ...Object.fromEntries(given) };
}
