// The reckoning once all is quiet: what is stored against what was promised, done and seen.
import type { Engine } from "../../engine/engine.ts";
import type { RunStore } from "../../kernel/run-store.ts";
import type { Ledger } from "./ledger.suite.ts";
import type { Profile } from "./profile.suite.ts";
import type { Program } from "./program.suite.ts";
import type { Recorder } from "./recorder.suite.ts";
import type { World } from "./world.suite.ts";

export interface Reckoning {
  readonly store: RunStore;
  readonly engine: Engine;
  readonly world: World;
  readonly ledger: Ledger;
  readonly recorder: Recorder;
  readonly programs: readonly Program[];
  readonly profile: Profile;
  /** How many runs ended how. */
  readonly ends: Map<string, number>;
}

export async function check(p: Reckoning): Promise<void> {
  const { runs } = await p.store.listRuns({ filter: {}, limit: 100_000 });
  for (const run of runs) p.ends.set(run.status, (p.ends.get(run.status) ?? 0) + 1);
}
