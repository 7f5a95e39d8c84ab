// A program written for cronflow is killed again and again while its runs go on: every step's result counts once, every run ends.
import { expect, test } from "bun:test";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { open } from "sluice";

const killsMax = 12;
const timeoutMs = 90_000;
/** What a run notes, and the journal's name of the step that does. */
const steps: Readonly<Record<string, string>> = {
  reserve: "reserve",
  mail: "mail",
  label: "parallel[0]",
  invoice: "parallel[1]",
  box1: "pack/box",
  box2: "pack/box",
  box3: "pack/box",
  insure: "insure",
};
/** Between the note at the end of a step's function and the time its result is kept with. */
const clockToleranceMs = 2;

/** Starts the program; kills it when it has noted so many more, if it has not ended by then. */
async function life(data: string, ledger: string, [command, killAfter]: readonly [string, number]): Promise<void> {
  const program = Bun.spawn(
    [process.execPath, join(import.meta.dir, "cronflow-program.suite.ts"), data, ledger, command],
    {
      stdout: "pipe",
      stderr: "inherit",
    },
  );
  const before = linesOf(ledger).length;
  while (program.exitCode === null && linesOf(ledger).length < before + killAfter)
    await new Promise((resolve) => void setTimeout(resolve, 1));
  program.kill("SIGKILL");
  await program.exited;
}

function linesOf(file: string): string[] {
  return existsSync(file)
    ? readFileSync(file, "utf8")
        .split("\n")
        .filter((line) => line !== "")
    : [];
}

interface Note {
  readonly what: string;
  readonly run: string;
  readonly at: number;
}

function notesOf(ledger: string): Note[] {
  return linesOf(ledger).map((line) => {
    const [what = "", run = "", at = ""] = line.split(" ");
    return { what, run, at: Number(at) };
  });
}

test(
  "SIGKILL in the middle of flows: none is lost, no completed step runs twice",
  async () => {
    const folder = mkdtempSync(join(tmpdir(), "sluice-cronflow-kill-"));
    const [data, ledger] = [join(folder, "data"), join(folder, "ledger")];
    await life(data, ledger, ["start", 3]);
    for (let kills = 1; kills < killsMax; kills++) await life(data, ledger, ["serve", 2 + (kills % 4)]);
    await life(data, ledger, ["finish", Number.POSITIVE_INFINITY]);
    await using client = await open({ data, workflows: [] });
    const { runs } = await client.runs({ workflow: "order" });
    expect(new Set(runs.map(({ status }) => status))).toEqual(new Set(["completed"]));
    const notes = notesOf(ledger);
    for (const run of runs) {
      const { item } = run.input as { readonly item: string };
      expect(run.output).toEqual(["insured", `label for ${item}`, `invoice for ${item}`]);
      const journal = await client.run(run.id).steps();
      const keptAt = (step: string): number =>
        Math.max(...journal.filter(({ name }) => name === step).map(({ endedAt }) => endedAt ?? 0));
      const own = notes.filter((note) => note.run === run.id);
      expect(new Set(own.map(({ what }) => what))).toEqual(new Set(Object.keys(steps)));
      // A step that was cut off runs again; nothing is noted once its result is kept.
      const late = own.filter(({ what, at }) => at > keptAt(steps[what] ?? "") + clockToleranceMs);
      expect(late).toEqual([]);
    }
    rmSync(folder, { recursive: true, force: true });
  },
  timeoutMs,
);
