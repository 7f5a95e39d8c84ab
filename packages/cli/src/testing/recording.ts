// Recorded runs, as a test replays them: those of its own engine, and those that were exported from another.
import { unwrap } from "@sluice/core";
import { importEntry, importValue, parseRunExport } from "@sluice/protocol";
import type { RunExport } from "@sluice/protocol";
import type { TestHost } from "./engine.ts";
import type { RecordedRun } from "./replay.ts";

/** A run of the test, as `sluice runs export` writes it. */
export async function exportedRun(host: TestHost, run: string): Promise<RunExport> {
  await host.settle();
  return unwrap(await host.engine.history.export({ run }));
}

/** What a replay needs of an exported run; of its text, too. Throws `bad_request` for what is none. */
export function recordedRun(fixture: RunExport | string): RecordedRun {
  const { run, journal } = parseRunExport(typeof fixture === "string" ? JSON.parse(fixture) : fixture);
  const { input, output, error, parent, ...rest } = run;
  return {
    ...rest,
    input: importValue(input),
    ...(output === undefined ? {} : { output: importValue(output) }),
    ...(error === undefined ? {} : { error: importValue(error) }),
    ...(parent === undefined ? {} : { parent: parent.run }),
    journal: journal.map(importEntry),
  };
}
