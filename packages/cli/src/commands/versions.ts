// `sluice versions`: which code still has runs to finish, and moving them to the current one.
import type { Command } from "commander";
import { segment } from "../api.ts";
import type { Api, TargetFlags } from "../api.ts";
import { CliError, exitCodes } from "../io.ts";
import type { Io } from "../io.ts";
import { table, time } from "../table.ts";
import type { RunView } from "../views.ts";
import { apiOf, clientCommand, commandGroup, show } from "./client-command.ts";
import { describeRun } from "./run-text.ts";

interface VersionView {
  readonly version: string;
  readonly createdAt: number;
  readonly current: boolean;
  readonly unfinishedRuns: number;
  readonly workflows: readonly {
    readonly workflow: string;
    readonly unfinishedRuns: number;
    readonly statuses: Readonly<Record<string, number>>;
  }[];
}

interface LeftRun {
  readonly run: string;
  readonly workflow: string;
  readonly code: string;
  readonly message: string;
}

interface Drained {
  readonly moved: number;
  readonly leftRuns: number;
  readonly left: readonly LeftRun[];
}

/** What one call answers. */
interface DrainedPage {
  readonly moved: number;
  readonly leftRuns: number;
  readonly left?: readonly LeftRun[];
  readonly nextCursor?: string | null;
}

const hashChars = 12;
/** Runs named that stay. */
const leftShownMax = 50;

export function addVersionsCommands(program: Command, io: Io): void {
  const versions = commandGroup(program, "versions", "Look at versions of the code and move runs between them");
  clientCommand(versions, {
    name: "list",
    description: "The versions, with their unfinished runs by workflow and status",
    example: "sluice versions list",
  }).action(async (flags: TargetFlags) => {
    const answer = await apiOf(io, flags).json<{ readonly versions?: readonly VersionView[] }>("/api/v1/versions");
    show(io, flags, { json: answer, text: () => versionsText(answer.versions ?? []) });
  });
  clientCommand(versions, {
    name: "move",
    description: "Move a run to the current code, which must follow what it has done",
    example: "sluice versions move run_…",
  })
    .argument("<run>", "id of the run")
    .action(async (id: string, flags: TargetFlags) => {
      const path = `/api/v1/runs/${segment(id)}/move`;
      const answer = await apiOf(io, flags).json<{ readonly run: RunView }>(path, { method: "POST", body: {} });
      show(io, flags, { json: answer, text: () => describeRun(answer.run) });
    });
  clientCommand(versions, {
    name: "drain",
    description: "Move all runs of a version that the current code can go on with; exits 1 when some stay",
    example: "sluice versions drain 3f9a… --workflow orders",
  })
    .argument("<version>", "the version, or how it begins")
    .option("--workflow <name>", "only runs of this workflow")
    .action(async (begin: string, flags: TargetFlags & { readonly workflow?: string }) => {
      const api = apiOf(io, flags);
      const drained = await drain(api, await wholeVersion(api, begin), flags.workflow);
      show(io, flags, { json: drained, text: () => drainedText(drained) });
      const message = "Some runs stay on their version.";
      if (drained.leftRuns > 0) throw new CliError(exitCodes.failed, { code: "conflict", message }, true);
    });
}

/** The version that begins so; what begins like several, or none, is taken as it is. */
async function wholeVersion(api: Api, begin: string): Promise<string> {
  const { versions = [] } = await api.json<{ readonly versions?: readonly VersionView[] }>("/api/v1/versions");
  const found = versions.filter(({ version }) => version.startsWith(begin));
  return found.length === 1 ? (found[0]?.version ?? begin) : begin;
}

async function drain(api: Api, version: string, workflow: string | undefined): Promise<Drained> {
  let [moved, leftRuns] = [0, 0];
  const left: LeftRun[] = [];
  let cursor: string | undefined;
  do {
    const body = { ...(workflow === undefined ? {} : { workflow }), ...(cursor === undefined ? {} : { cursor }) };
    const path = `/api/v1/versions/${segment(version)}/drain`;
    const page: DrainedPage = await api.json<DrainedPage>(path, { method: "POST", body });
    moved += page.moved;
    leftRuns += page.leftRuns;
    left.push(...(page.left ?? []).slice(0, leftShownMax - left.length));
    cursor = page.nextCursor ?? undefined;
  } while (cursor !== undefined);
  return { moved, leftRuns, left };
}

function versionsText(versions: readonly VersionView[]): readonly string[] {
  if (versions.length === 0) return ["Nothing was deployed yet."];
  const rows = versions.flatMap(({ version, createdAt, current, workflows }) => {
    const head = [`${version.slice(0, hashChars)}${current ? " (current)" : ""}`, time(createdAt)];
    if (workflows.length === 0) return [[...head, "-", "0", ""]];
    return workflows.map(({ workflow, unfinishedRuns, statuses }, index) => [
      ...(index === 0 ? head : ["", ""]),
      workflow,
      String(unfinishedRuns),
      Object.entries(statuses)
        .map(([status, runs]) => `${runs} ${status}`)
        .join(", "),
    ]);
  });
  return table(["VERSION", "DEPLOYED", "WORKFLOW", "UNFINISHED", "OF THEM"], rows);
}

function drainedText({ moved, leftRuns, left }: Drained): readonly string[] {
  const head = `${moved} runs were moved; ${leftRuns} stay.`;
  if (left.length === 0) return [head];
  const rows = left.map(({ run, workflow, code, message }) => [run, workflow, code, message]);
  return [head, "", ...table(["RUN", "WORKFLOW", "WHY", ""], rows)];
}
