// `sluice run`: starts a run, and stays to see it end where that is asked for.
import type { Command } from "commander";
import { segment } from "../api.ts";
import type { TargetFlags } from "../api.ts";
import { readInput, wholeNumber } from "../input.ts";
import { CliError, exitCodes, misused } from "../io.ts";
import type { Io } from "../io.ts";
import { hasEnded } from "../views.ts";
import type { RunView } from "../views.ts";
import { watchRun } from "../watch.ts";
import { apiOf, clientCommand, show } from "./client-command.ts";
import { collect } from "./repeated-option.ts";
import { awaitEnd, becameOf, describeRun } from "./run-text.ts";

interface RunFlags extends TargetFlags {
  readonly input?: string;
  readonly id?: string;
  readonly key?: string;
  readonly priority?: string;
  readonly delay?: string;
  readonly tag?: string[];
  readonly attr?: string[];
  readonly wait?: boolean;
  readonly watch?: boolean;
}

export function addRunCommand(program: Command, io: Io): void {
  clientCommand(program, {
    name: "run",
    description: "Start a run of a workflow",
    example: `sluice run order --input '{"id":"o-17"}' --watch`,
  })
    .argument("<workflow>", "name of the workflow")
    .option("--input <json>", "input: JSON, @file, or - for standard input")
    .option("--id <id>", "id of the run")
    .option("--key <key>", "idempotency key: a second start with it returns the first run")
    .option("--priority <n>", "higher goes first")
    .option("--delay <duration>", 'start later, such as "5m"')
    .option("--tag <tag>", "tag; may be repeated", collect)
    .option("--attr <name=value>", "search attribute; may be repeated", collect)
    .option("--wait", "wait for the end; exit 1 unless it completes")
    .option("--watch", "show the steps as they happen; exit 1 unless it completes")
    .action((workflow: string, flags: RunFlags) => run(io, workflow, flags));
}

/** `total=5` is a number, `customer=acme` and `zip="05"` are text. */
function attributesOf(texts: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(
    texts.map((text) => {
      const at = text.indexOf("=");
      if (at <= 0) throw misused(`--attr takes name=value, not ${text}.`);
      return [text.slice(0, at), jsonOr(text.slice(at + 1))];
    }),
  );
}

function jsonOr(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

async function run(io: Io, workflow: string, flags: RunFlags): Promise<void> {
  const api = apiOf(io, flags);
  const input = await readInput(io, flags.input, "--input");
  const started = await api.json<{ readonly run: RunView; readonly created: boolean; readonly joined?: string }>(
    `/api/v1/workflows/${segment(workflow)}/runs`,
    {
      method: "POST",
      body: {
        ...(input === undefined ? {} : { input }),
        id: flags.id,
        idempotencyKey: flags.key,
        priority: wholeNumber(flags.priority, "--priority"),
        delay: flags.delay,
        tags: flags.tag,
        ...(flags.attr === undefined ? {} : { attributes: attributesOf(flags.attr) }),
      },
    },
  );
  const { id } = started.run;
  if (flags.watch === true) await watchRun(io, api, { run: id, json: flags.json === true });
  const stay = flags.watch === true || flags.wait === true;
  const view = stay ? await awaitEnd(api, id) : started.run;
  show(io, flags, { json: { ...started, run: view }, text: () => [...becameOf(started), ...describeRun(view)] });
  if (stay && hasEnded(view.status) && view.status !== "completed") {
    throw new CliError(
      exitCodes.failed,
      { code: "workflow_failed", message: `The run ended as ${view.status}.` },
      true,
    );
  }
}
