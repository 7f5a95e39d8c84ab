// `npm run bench -- builds`: ours against Turborepo, Nx with its daemon, moon and Lage, over the same generated packages.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { liesInMemory, measureFsync } from "../fsync.ts";
import { headOf } from "../head.ts";
import type { Head } from "../head.ts";
import { describeMachine } from "../machine.ts";
import { listOf, numberOf, UsageError, valuesOf } from "../options.ts";
import { median, shown } from "../statistics.ts";
import { contendersIn, installOurs, installPeers, missing, tools } from "./contenders.ts";
import type { Contender, Tool } from "./contenders.ts";
import { builtText, outputOf, writeWorkspace } from "./workspace.ts";
import type { Shape } from "./workspace.ts";

const results = join(import.meta.dir, "../results");
const fsyncAppends = 100;
const quickShape: Shape = { packages: 6, layers: 3, filesPerPackage: 2, more: [] };
const shape: Shape = { packages: 100, layers: 10, filesPerPackage: 20, more: [] };
const largeShape: Shape = { packages: 1_090, layers: 109, filesPerPackage: 20, more: ["test", "lint"] };
const noopsPerRound = 5;
const restoresPerRound = 3;

const usage = `npm run bench -- builds [options]
  --quick        six packages, one round: shows that everything works, not how fast it is
  --only A,B     these: ${tools.join(", ")}
  --rounds N     rounds (default 3)
  --large        1,090 packages and 3,270 tasks too (Turborepo and ours, no-op only; takes minutes)
  --data DIR     where the workspaces are made (default: the system's folder for such things)
  --json         print the JSON line alone
Example: npm run bench -- builds --only sluice,turbo`;

interface Options {
  readonly quick: boolean;
  readonly json: boolean;
  readonly large: boolean;
  readonly only: readonly Tool[];
  readonly rounds: number;
  readonly dataFolder: string;
}

interface Samples {
  readonly cold_ms: number[];
  readonly noop_ms: number[];
  readonly restore_ms: number[];
}

/** Throws `UsageError` with a sentence. */
export function parseOptions(args: readonly string[]): Options {
  const text = { type: "string" } as const;
  const flag = { type: "boolean" } as const;
  const values = valuesOf(args, { quick: flag, json: flag, large: flag, only: text, rounds: text, data: text });
  const quick = values.quick === true;
  const only = listOf(values.only);
  const unknown = only.find((name) => !tools.some((each) => each === name));
  if (unknown !== undefined) throw new UsageError(`There is no tool ${unknown}; there are ${tools.join(", ")}`);
  return {
    quick,
    json: values.json === true,
    large: values.large === true,
    only: only.length === 0 ? tools : tools.filter((name) => only.includes(name)),
    rounds: numberOf("--rounds", values.rounds, { min: 1, max: 50 }) ?? (quick ? 1 : 3),
    dataFolder: values.data ?? tmpdir(),
  };
}

/** Milliseconds of one build. Throws where it fails. */
function timed({ name, command, env }: Contender, root: string, tasks: readonly string[]): number {
  const startedAt = performance.now();
  const { exitCode, stdout, stderr } = Bun.spawnSync([...command(tasks)], {
    cwd: root,
    env: { ...process.env, ...env },
  });
  const elapsedMs = performance.now() - startedAt;
  if (exitCode !== 0)
    throw new Error(`${name} exited with ${exitCode}: ${`${stdout.toString()}${stderr.toString()}`.slice(-500)}`);
  return elapsedMs;
}

/** A tool that says that it has built and has not would be the fastest. */
function check(name: string, root: string, of: Shape): void {
  for (let at = 0; at < of.packages; at++)
    if (readFileSync(outputOf(root, at), "utf8") !== builtText(of, at))
      throw new Error(`${name} left something else in package ${at}.`);
}

function removeOutputs(root: string, of: Shape): void {
  for (let at = 0; at < of.packages; at++) rmSync(join(outputOf(root, at), ".."), { recursive: true, force: true });
}

function measure(
  contender: Contender,
  root: string,
  p: { readonly of: Shape; readonly samples: Samples; readonly quick: boolean },
): void {
  const { of, samples, quick } = p;
  contender.forget(root);
  removeOutputs(root, of);
  samples.cold_ms.push(timed(contender, root, ["build"]));
  check(contender.name, root, of);
  // What a first build leaves for later ones to do (times of files that settle, a daemon that starts) is none of theirs.
  timed(contender, root, ["build"]);
  for (let count = 0; count < (quick ? 1 : noopsPerRound); count++)
    samples.noop_ms.push(timed(contender, root, ["build"]));
  for (let count = 0; count < (quick ? 1 : restoresPerRound); count++) {
    removeOutputs(root, of);
    samples.restore_ms.push(timed(contender, root, ["build"]));
    check(contender.name, root, of);
  }
}

/** Runs the suite; the exit code. */
export async function runBuildsSuite(args: readonly string[]): Promise<number> {
  let options: Options;
  try {
    options = parseOptions(args);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    console.error(`${error.message}\n\n${usage}`);
    return 2;
  }
  const say = (line: string): void => void process.stderr.write(`${line}\n`);
  const peers = installPeers(say);
  const all = contendersIn(peers, installOurs(say)).filter(({ name }) => options.only.includes(name));
  mkdirSync(options.dataFolder, { recursive: true });
  const folder = mkdtempSync(join(resolve(options.dataFolder), "sluice-bench-builds-"));
  const samples: Record<string, Samples> = {};
  const large: Record<string, number[]> = {};
  const failures: Record<string, string> = {};
  try {
    const of = options.quick ? quickShape : shape;
    for (const contender of all) {
      const why = missing(contender);
      if (why !== undefined) failures[contender.name] = why;
      else writeWorkspace(join(folder, contender.name), contender.name, { shape: of, modules: peers });
    }
    for (let round = 0; round < options.rounds; round++)
      for (const contender of round % 2 === 0 ? all : all.toReversed()) {
        const { name } = contender;
        if (failures[name] !== undefined) continue;
        say(`round ${round + 1}: ${name}`);
        try {
          const own = (samples[name] ??= { cold_ms: [], noop_ms: [], restore_ms: [] });
          measure(contender, join(folder, name), { of, samples: own, quick: options.quick });
        } catch (error) {
          failures[name] = error instanceof Error ? error.message : String(error);
        }
      }
    if (options.large) measureLarge({ all, folder, peers, say }, large, failures);
    const head: Head = {
      date: new Date().toISOString().slice(0, 16).replace("T", " "),
      command: ["npm run bench -- builds", ...process.argv.slice(3)].join(" "),
      quick: options.quick,
      rounds: options.rounds,
      machine: describeMachine(),
      fsync: measureFsync(folder, fsyncAppends),
      dataInMemory: await liesInMemory(folder),
    };
    publish(options, { head, all, samples, large, failures });
  } finally {
    for (const contender of all) contender.end(join(folder, contender.name));
    rmSync(folder, { recursive: true, force: true });
  }
  return Object.keys(failures).length === 0 ? 0 : 1;
}

function measureLarge(
  p: {
    readonly all: readonly Contender[];
    readonly folder: string;
    readonly peers: string;
    readonly say: (line: string) => void;
  },
  large: Record<string, number[]>,
  failures: Record<string, string>,
): void {
  const tasks = ["build", ...largeShape.more];
  const some = p.all.filter(({ name }) => name === "sluice" || name === "turbo");
  const rootOf = (name: string): string => join(p.folder, `${name}-large`);
  for (const contender of some) {
    p.say(`3,270 tasks: the first build of ${contender.name}`);
    writeWorkspace(rootOf(contender.name), contender.name, { shape: largeShape, modules: p.peers });
    timed(contender, rootOf(contender.name), tasks);
    timed(contender, rootOf(contender.name), tasks);
  }
  for (let round = 0; round < noopsPerRound; round++)
    for (const contender of round % 2 === 0 ? some : some.toReversed())
      try {
        (large[contender.name] ??= []).push(timed(contender, rootOf(contender.name), tasks));
      } catch (error) {
        failures[`${contender.name}-large`] = error instanceof Error ? error.message : String(error);
      }
}

function publish(
  { json, quick, only }: Options,
  p: {
    readonly head: Head;
    readonly all: readonly Contender[];
    readonly samples: Readonly<Record<string, Samples>>;
    readonly large: Readonly<Record<string, readonly number[]>>;
    readonly failures: Readonly<Record<string, string>>;
  },
): void {
  const { head, all, samples, large, failures } = p;
  const medianOf = (list: readonly number[] | undefined): number | undefined =>
    list === undefined || list.length === 0 ? undefined : median(list);
  const medians = Object.fromEntries(
    all.map(({ name }) => {
      const own = samples[name];
      const figures = {
        cold_ms: medianOf(own?.cold_ms),
        noop_ms: medianOf(own?.noop_ms),
        restore_ms: medianOf(own?.restore_ms),
      };
      return [name, { ...figures, noop_3270_ms: medianOf(large[name]) }];
    }),
  );
  const line = JSON.stringify({ suite: "builds", ...head, medians, samples, large, failures });
  const cell = (value: number | undefined): string => (value === undefined ? "" : shown(value));
  const rows = all.map(({ name, version }) => {
    const { cold_ms, noop_ms, restore_ms, noop_3270_ms } = medians[name] ?? {};
    return `| ${name} ${version} | ${cell(cold_ms)} | ${cell(noop_ms)} | ${cell(restore_ms)} | ${cell(noop_3270_ms)} | ${failures[name] ?? ""} |`;
  });
  const table = [
    "| tool | cold, ms | no-op, ms | restore, ms | no-op of 3,270 tasks, ms | |",
    "|---|--:|--:|--:|--:|---|",
    ...rows,
  ].join("\n");
  const text = [...headOf(head), table].join("\n\n");
  process.stdout.write(json ? `${line}\n` : `${text}\n\n${line}\n`);
  if (quick || only.length !== tools.length) return;
  mkdirSync(results, { recursive: true });
  writeFileSync(join(results, "builds.json"), `${line}\n`);
  const begin =
    "# Builds benchmark\n\nMade by the command below; [README.md](../README.md#the-builds) says what each column means.";
  writeFileSync(join(results, "builds.md"), `${begin}\n\n${text}\n`);
}
