// `npm run bench -- bundlers`: Bun, esbuild, Vite and webpack through their adapters, over the same modules, each in its own process.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { liesInMemory, measureFsync } from "../fsync.ts";
import { headOf } from "../head.ts";
import type { Head } from "../head.ts";
import { describeMachine } from "../machine.ts";
import { listOf, numberOf, UsageError, valuesOf } from "../options.ts";
import { median, shown } from "../statistics.ts";
import type { Measured } from "./measure.ts";
import { writeProject } from "./workspace.ts";

const results = join(import.meta.dir, "../results");
const tools = ["bun", "esbuild", "vite", "webpack"] as const;
type Tool = (typeof tools)[number];
const fullCounts = [100, 1_000, 10_000];
const quickCounts = [100];
const fsyncAppends = 100;

const figures = ["build_ms", "peak_memory_mb", "cpu_percent", "unchanged_ms", "size_bytes"] as const;
type Figures = Record<(typeof figures)[number], number>;

const usage = `npm run bench -- bundlers [options]
  --quick        100 modules, one round: shows that everything works, not how fast it is
  --only A,B     these: ${tools.join(", ")}
  --rounds N     rounds (default 3)
  --data DIR     where the projects are made (default bench/.data); the bundlers are looked for from there
  --json         print the JSON line alone
Example: npm run bench -- bundlers --only bun,esbuild`;

interface Options {
  readonly quick: boolean;
  readonly json: boolean;
  readonly only: readonly Tool[];
  readonly rounds: number;
  readonly dataFolder: string;
}

/** Throws `UsageError` with a sentence. */
export function parseOptions(args: readonly string[]): Options {
  const text = { type: "string" } as const;
  const flag = { type: "boolean" } as const;
  const values = valuesOf(args, { quick: flag, json: flag, only: text, rounds: text, data: text });
  const quick = values.quick === true;
  const only = listOf(values.only);
  const unknown = only.find((name) => !tools.some((each) => each === name));
  if (unknown !== undefined) throw new UsageError(`There is no bundler ${unknown}; there are ${tools.join(", ")}`);
  return {
    quick,
    json: values.json === true,
    only: only.length === 0 ? tools : tools.filter((name) => only.includes(name)),
    rounds: numberOf("--rounds", values.rounds, { min: 1, max: 50 }) ?? (quick ? 1 : 3),
    dataFolder: values.data ?? join(import.meta.dir, "../.data"),
  };
}

/** Runs the suite; the exit code. */
export async function runBundlersSuite(args: readonly string[]): Promise<number> {
  let options: Options;
  try {
    options = parseOptions(args);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    console.error(`${error.message}\n\n${usage}`);
    return 2;
  }
  const base = resolve(options.dataFolder);
  mkdirSync(base, { recursive: true });
  const folder = mkdtempSync(join(base, "bundlers-"));
  const samples: Record<string, Measured[]> = {};
  const failures: Record<string, string> = {};
  const counts = options.quick ? quickCounts : fullCounts;
  try {
    for (let round = 0; round < options.rounds; round++)
      for (const count of counts)
        for (const tool of round % 2 === 0 ? options.only : options.only.toReversed()) {
          const key = `${tool}-${count}`;
          process.stderr.write(`round ${round + 1}: ${tool}, ${count} modules\n`);
          try {
            (samples[key] ??= []).push(measure(join(folder, `${key}-${round}`), tool, count));
          } catch (error) {
            failures[key] = error instanceof Error ? error.message : String(error);
          }
        }
    const head: Head = {
      date: new Date().toISOString().slice(0, 16).replace("T", " "),
      command: ["npm run bench -- bundlers", ...process.argv.slice(3)].join(" "),
      quick: options.quick,
      rounds: options.rounds,
      machine: describeMachine(),
      fsync: measureFsync(folder, fsyncAppends),
      dataInMemory: await liesInMemory(folder),
    };
    disagreements(samples, failures);
    publish(options, { head, counts, samples, failures });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return Object.keys(failures).length === 0 ? 0 : 1;
}

/** A fresh project and a fresh process. */
function measure(root: string, tool: Tool, count: number): Measured {
  writeProject(root, count);
  const ran = Bun.spawnSync([process.execPath, join(import.meta.dir, "measure.ts"), root, tool]);
  rmSync(root, { recursive: true, force: true });
  if (ran.exitCode !== 0) throw new Error(ran.stderr.toString().trim());
  return JSON.parse(ran.stdout.toString()) as Measured;
}

/** Bundles of the same modules print the same, or one of them is none. */
function disagreements(samples: Readonly<Record<string, readonly Measured[]>>, failures: Record<string, string>): void {
  const said = new Map<string, string>();
  for (const [key, list] of Object.entries(samples)) {
    const count = key.replace(/^.*-/, "");
    for (const { output } of list) {
      if (!/^\d+$/.test(output)) failures[key] = `its bundle printed ${output === "" ? "nothing" : output}`;
      else if ((said.get(count) ?? output) !== output)
        failures[key] = `its bundle printed ${output}, another ${said.get(count)}`;
      else said.set(count, output);
    }
  }
}

function publish(
  { json, quick, only }: Options,
  p: {
    readonly head: Head;
    readonly counts: readonly number[];
    readonly samples: Readonly<Record<string, readonly Measured[]>>;
    readonly failures: Readonly<Record<string, string>>;
  },
): void {
  const { head, counts, samples, failures } = p;
  const medians = Object.fromEntries(
    Object.entries(samples).map(([key, list]) => [
      key,
      Object.fromEntries(figures.map((figure) => [figure, median(list.map((each) => each[figure]))])) as Figures,
    ]),
  );
  const line = JSON.stringify({ suite: "bundlers", ...head, medians, samples, failures });
  const rows = counts.flatMap((count) =>
    only.map((tool) => {
      const key = `${tool}-${count}`;
      const found = medians[key];
      const name = `${tool} ${samples[key]?.[0]?.version ?? ""}`.trim();
      if (found === undefined || failures[key] !== undefined)
        return `| ${count} | ${name} | ${failures[key] ?? ""} | | | | |`;
      return `| ${count} | ${name} | ${figures.map((figure) => shown(found[figure])).join(" | ")} |`;
    }),
  );
  const table = [
    "| modules | bundler | build, ms | peak memory, MB | processor, % | unchanged, ms | size, bytes |",
    "|--:|---|--:|--:|--:|--:|--:|",
    ...rows,
  ].join("\n");
  const text = [...headOf(head), table].join("\n\n");
  process.stdout.write(json ? `${line}\n` : `${text}\n\n${line}\n`);
  if (quick || only.length !== tools.length) return;
  mkdirSync(results, { recursive: true });
  writeFileSync(join(results, "bundlers.json"), `${line}\n`);
  writeFileSync(
    join(results, "bundlers.md"),
    `# Bundlers benchmark\n\nMade by the command below; [README.md](../README.md#the-bundlers) says what each column means.\n\n${text}\n`,
  );
}
