// `sluice runs`: looking at runs and operating on them.
import type { Command } from "commander";
import { segment } from "../api.ts";
import type { TargetFlags } from "../api.ts";
import { readInput } from "../input.ts";
import type { Io } from "../io.ts";
import { short, span, table, time } from "../table.ts";
import type { RunView, StepView } from "../views.ts";
import { watchRun } from "../watch.ts";
import { apiOf, clientCommand, commandGroup, show } from "./client-command.ts";
import { describeRun, statusText } from "./run-text.ts";
import { addHistoryCommands } from "./runs-history.ts";
import { addBulkCommands, filterOptions, filterQuery } from "./runs-bulk.ts";
import type { FilterFlags } from "./runs-bulk.ts";

type Verb = "cancel" | "retry" | "pause" | "resume";

export function addRunsCommands(program: Command, io: Io): void {
  const runs = commandGroup(program, "runs", "Look at runs and operate on them");
  addList(runs, io);
  addShow(runs, io);
  addVerb(runs, io, {
    verb: "cancel",
    description: "End a run early; its undos run first",
    example: 'sluice runs cancel run_… --reason "wrong address"',
  }).option("--reason <text>", "why; recorded with the run");
  addVerb(runs, io, {
    verb: "retry",
    description: "Run an ended run again from the step that failed",
    example: "sluice runs retry run_… --code current",
  })
    .option("--code <which>", "current or pinned: today's code, or the code that started it")
    .option("--taken-back", "what failed undos left standing was taken back by hand");
  addVerb(runs, io, {
    verb: "pause",
    description: "Begin nothing new in a run until it is resumed",
    example: "sluice runs pause run_…",
  });
  addVerb(runs, io, {
    verb: "resume",
    description: "Let a paused or parked run go on",
    example: "sluice runs resume run_…",
  });
  addFork(runs, io);
  addDelete(runs, io);
  addErase(runs, io);
  addWatch(runs, io);
  addBulkCommands(runs, io);
  addHistoryCommands(runs, io);
}

function addList(runs: Command, io: Io): void {
  filterOptions(
    clientCommand(runs, {
      name: "list",
      description: "Runs, newest first",
      example: "sluice runs list --status failed,timedout",
    }),
  )
    .option("--limit <n>", "how many (default: 50)")
    .option("--cursor <cursor>", "go on where the page before ended")
    .action(async (flags: FilterFlags & { readonly limit?: string; readonly cursor?: string }) => {
      const page = await apiOf(io, flags).json<{
        readonly runs: readonly RunView[];
        readonly nextCursor: string | null;
      }>("/api/v1/runs", {
        query: { ...filterQuery(flags), limit: flags.limit, cursor: flags.cursor },
      });
      show(io, flags, { json: page, text: () => listText(page) });
    });
}

function listText(page: { readonly runs: readonly RunView[]; readonly nextCursor: string | null }): readonly string[] {
  if (page.runs.length === 0) return ["No runs."];
  const rows = page.runs.map((run) => [
    run.id,
    run.workflow,
    statusText(run),
    time(run.createdAt),
    run.endedAt === null ? "-" : span(run.endedAt - run.createdAt),
  ]);
  const more = page.nextCursor === null ? [] : [`More: --cursor ${page.nextCursor}`];
  return [...table(["RUN", "WORKFLOW", "STATUS", "CREATED", "TOOK"], rows), ...more];
}

function addShow(runs: Command, io: Io): void {
  clientCommand(runs, { name: "show", description: "One run with its steps", example: "sluice runs show run_…" })
    .argument("<run>", "id of the run")
    .action(async (id: string, flags: TargetFlags) => {
      const api = apiOf(io, flags);
      const [{ run }, { steps }] = await Promise.all([
        api.json<{ readonly run: RunView }>(`/api/v1/runs/${segment(id)}`),
        api.json<{ readonly steps: readonly StepView[] }>(`/api/v1/runs/${segment(id)}/steps`, {
          query: { limit: 200 },
        }),
      ]);
      const rows = steps.map((step) => [
        String(step.seq),
        step.kind,
        step.name,
        step.status,
        String(step.attempt),
        step.endedAt === null ? "-" : span(step.endedAt - step.startedAt),
        resultText(step),
      ]);
      const shown =
        rows.length === 0 ? [] : ["", ...table(["#", "KIND", "NAME", "STATUS", "TRY", "TOOK", "RESULT"], rows)];
      show(io, flags, { json: { run, steps }, text: () => [...describeRun(run), ...shown] });
    });
}

function resultText({ error, omitted, output, outputBytes }: StepView): string {
  if (error !== null) return error.message;
  const left = omitted?.includes("output") === true;
  return left ? `${((outputBytes ?? 0) / 1_048_576).toFixed(1)} MB, in \`sluice runs export\`` : short(output);
}

function addVerb(
  runs: Command,
  io: Io,
  { verb, description, example }: { readonly verb: Verb; readonly description: string; readonly example: string },
): Command {
  return clientCommand(runs, { name: verb, description, example })
    .argument("<run>", "id of the run")
    .action(
      async (
        id: string,
        flags: TargetFlags & { readonly reason?: string; readonly code?: string; readonly takenBack?: true },
      ) => {
        const body = {
          ...(flags.reason === undefined ? {} : { reason: flags.reason }),
          ...(flags.code === undefined ? {} : { code: flags.code }),
          ...(flags.takenBack === undefined ? {} : { takenBack: flags.takenBack }),
        };
        const answer = await apiOf(io, flags).json<{ readonly run: RunView }>(`/api/v1/runs/${segment(id)}/${verb}`, {
          method: "POST",
          body,
        });
        show(io, flags, { json: answer, text: () => describeRun(answer.run) });
      },
    );
}

function counted(runs: number): string {
  return `${runs} ${runs === 1 ? "run" : "runs"}`;
}

type ForkFlags = TargetFlags & {
  readonly from?: string;
  readonly input?: string;
  readonly trustImported?: boolean;
};

function addFork(runs: Command, io: Io): void {
  clientCommand(runs, {
    name: "fork",
    description: "Start a new run with the journal of this one up to a step",
    example: "sluice runs fork run_… --from label",
  })
    .argument("<run>", "id of the run")
    .option("--from <step>", "number or name of the first step that runs again")
    .option("--input <json>", "another input: JSON, @file, or - for standard input")
    .option("--trust-imported", "take over what the steps of an imported run have found")
    .action(async (id: string, flags: ForkFlags) => {
      const input = await readInput(io, flags.input, "--input");
      const from = flags.from !== undefined && /^\d+$/.test(flags.from) ? Number(flags.from) : flags.from;
      const { trustImported } = flags;
      const body = {
        ...(from === undefined ? {} : { from }),
        ...(input === undefined ? {} : { input }),
        ...(trustImported === undefined ? {} : { trustImported }),
      };
      const answer = await apiOf(io, flags).json<{ readonly run: RunView }>(`/api/v1/runs/${segment(id)}/fork`, {
        method: "POST",
        body,
      });
      show(io, flags, { json: answer, text: () => describeRun(answer.run) });
    });
}

function addDelete(runs: Command, io: Io): void {
  clientCommand(runs, { name: "delete", description: "Delete an ended run", example: "sluice runs delete run_…" })
    .argument("<run>", "id of the run")
    .action(async (id: string, flags: TargetFlags) => {
      await apiOf(io, flags).send(`/api/v1/runs/${segment(id)}`, { method: "DELETE" });
      show(io, flags, { json: { deleted: id }, text: () => [`Deleted ${id}.`] });
    });
}

function addErase(runs: Command, io: Io): void {
  clientCommand(runs, {
    name: "erase",
    description: "Erase the values of an ended run that is encrypted, and of the runs that have its key",
    example: "sluice runs erase run_…",
  })
    .argument("<run>", "id of the run")
    .action(async (id: string, flags: TargetFlags) => {
      const path = `/api/v1/runs/${segment(id)}/erase`;
      const answer = await apiOf(io, flags).json<{ readonly runs: number }>(path, { method: "POST", body: {} });
      show(io, flags, { json: answer, text: () => [`The values of ${counted(answer.runs)} are gone.`] });
    });
}

function addWatch(runs: Command, io: Io): void {
  clientCommand(runs, {
    name: "watch",
    description: "Show the steps of a run as they happen",
    example: "sluice runs watch run_…",
  })
    .argument("<run>", "id of the run")
    .action(async (id: string, flags: TargetFlags) => {
      const api = apiOf(io, flags);
      await watchRun(io, api, { run: id, json: flags.json === true });
      if (flags.json === true) return;
      const { run } = await api.json<{ readonly run: RunView }>(`/api/v1/runs/${segment(id)}`);
      for (const line of describeRun(run)) io.print(line);
    });
}
