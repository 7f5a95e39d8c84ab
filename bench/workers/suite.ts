// `npm run bench -- workers`: tasks and builds on workers of other machines, here on this one, over TCP.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { liesInMemory, measureFsync } from "../fsync.ts";
import { type Head, headOf } from "../head.ts";
import { describeMachine } from "../machine.ts";
import { listOf, numberOf, UsageError, valuesOf } from "../options.ts";
import { median, shown } from "../statistics.ts";
import { idleMemory, logStreaming, reassignment, roundTrip, throughput } from "./cases.ts";
import { bullmq } from "./bullmq.ts";
import { MissingPeer } from "./missing-peer.ts";
import { celery, installPython } from "./python.ts";
import { buildWorker, denoFolder, Site } from "./site.ts";
import type { Runtime } from "./site.ts";

const results = join(import.meta.dir, "../results");

interface Scale {
  readonly warmup: number;
  readonly trips: number;
  readonly tasks: number;
  readonly idle: number;
  readonly megabytes: number;
  readonly fsyncAppends: number;
}
const fullScale: Scale = { warmup: 500, trips: 3_000, tasks: 30_000, idle: 200, megabytes: 1_024, fsyncAppends: 500 };
const quickScale: Scale = { warmup: 5, trips: 20, tasks: 200, idle: 20, megabytes: 4, fsyncAppends: 20 };

/** What is measured, its unit, and the bar: below or above. */
const bars = {
  trip_bun_ms: ["ms", "below", 0.5],
  trip_node_ms: ["ms", "below", 1],
  trip_deno_ms: ["ms", "below", 1],
  trip_python_ms: ["ms", "below", 1.5],
  tasks_per_s: ["tasks/s", "above", 5_000],
  tasks_python_per_s: ["tasks/s", "none", 0],
  idle_mb: ["MB", "below", 20],
  logs_mb_per_s: ["MB/s", "above", 200],
  reassign_ms: ["ms", "below", 1_000],
  bullmq_trip_ms: ["ms", "peer", 0],
  bullmq_tasks_per_s: ["tasks/s", "peer", 0],
  celery_trip_ms: ["ms", "peer", 0],
  celery_tasks_per_s: ["tasks/s", "peer", 0],
} as const satisfies Readonly<Record<string, readonly [string, "below" | "above" | "peer" | "none", number]>>;
type Name = keyof typeof bars;
const names = Object.keys(bars) as Name[];

const usage = `npm run bench -- workers [options]
  --quick        small counts, one round: shows that everything works, not how fast it is
  --cases A,B    these: ${names.join(", ")}
  --rounds N     rounds (default 3)
  --data DIR     where the data folders are made (default bench/.data)
  --json         print the JSON line alone
Example: npm run bench -- workers --cases trip_bun_ms,tasks_per_s`;

interface Options {
  readonly quick: boolean;
  readonly json: boolean;
  readonly cases: readonly Name[];
  readonly rounds: number;
  readonly dataFolder: string;
}

/** Throws `UsageError` with a sentence. */
export function parseOptions(args: readonly string[]): Options {
  const text = { type: "string" } as const;
  const flag = { type: "boolean" } as const;
  const values = valuesOf(args, { quick: flag, json: flag, cases: text, rounds: text, data: text });
  const quick = values.quick === true;
  const cases = listOf(values.cases);
  const unknown = cases.find((name) => !names.some((each) => each === name));
  if (unknown !== undefined) throw new UsageError(`There is no case ${unknown}; there are ${names.join(", ")}`);
  return {
    quick,
    json: values.json === true,
    cases: cases.length === 0 ? names : names.filter((name) => cases.includes(name)),
    rounds: numberOf("--rounds", values.rounds, { min: 1, max: 50 }) ?? (quick ? 1 : 3),
    dataFolder: values.data ?? join(import.meta.dir, "../.data"),
  };
}

type Figures = Partial<Record<Name, number[]>>;

/** Runs the suite; the exit code. */
export async function runWorkersSuite(args: readonly string[]): Promise<number> {
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
  const folder = mkdtempSync(join(base, "workers-"));
  const figures: Figures = {};
  const failures: Record<string, string> = {};
  const skipped: Record<string, string> = {};
  const fsyncs: { p50: number; p99: number }[] = [];
  const scale = options.quick ? quickScale : fullScale;
  try {
    await buildWorker(join(folder, "worker"));
    for (let round = 0; round < options.rounds; round++) {
      fsyncs.push(measureFsync(folder, scale.fsyncAppends));
      const cases = round % 2 === 0 ? options.cases : options.cases.toReversed();
      for (const name of cases) {
        process.stderr.write(`round ${round + 1}: ${name}\n`);
        try {
          (figures[name] ??= []).push(
            await measure(name, { folder: mkdtempSync(join(folder, "case-")), root: folder, scale }),
          );
        } catch (error) {
          const where = error instanceof MissingPeer ? skipped : failures;
          where[name] = error instanceof Error ? error.message : String(error);
        }
      }
    }
    const head: Head = {
      date: new Date().toISOString().slice(0, 16).replace("T", " "),
      command: ["npm run bench -- workers", ...process.argv.slice(3)].join(" "),
      quick: options.quick,
      rounds: options.rounds,
      machine: describeMachine(),
      fsync: { p50: median(fsyncs.map(({ p50 }) => p50)), p99: median(fsyncs.map(({ p99 }) => p99)) },
      dataInMemory: await liesInMemory(folder),
    };
    publish(options, { head, figures, failures, skipped });
  } finally {
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  }
  return Object.keys(failures).length === 0 ? 0 : 1;
}

async function measure(name: Name, p: { folder: string; root: string; scale: Scale }): Promise<number> {
  const { folder, scale } = p;
  if (name === "bullmq_trip_ms") return (await bullmq(folder, scale)).tripMs;
  if (name === "bullmq_tasks_per_s") return (await bullmq(folder, scale)).perSecond;
  if (name === "celery_trip_ms") return (await celery(folder, scale)).tripMs;
  if (name === "celery_tasks_per_s") return (await celery(folder, scale)).perSecond;
  if (name === "trip_python_ms" || name === "tasks_python_per_s") installPython();
  if (name === "trip_deno_ms") denoFolder.install((line) => process.stderr.write(`${line}\n`));
  const site = new Site({ folder, worker: join(p.root, "worker") });
  try {
    await site.up(name === "reassign_ms" ? join(folder, "empty") : join(import.meta.dir, "project"));
    switch (name) {
      case "trip_bun_ms":
      case "trip_node_ms":
      case "trip_deno_ms":
      case "trip_python_ms": {
        const runtime = name.split("_")[1] as Runtime;
        return (await roundTrip(site, runtime, { warmup: scale.warmup, count: scale.trips })).p50;
      }
      case "tasks_per_s":
        return await throughput(site, "bun", { workers: 4, inFlight: 256, count: scale.tasks });
      case "tasks_python_per_s":
        return await throughput(site, "python", { workers: 4, inFlight: 256, count: scale.tasks });
      case "idle_mb":
        return await idleMemory(site, scale.idle);
      case "logs_mb_per_s":
        return await logStreaming(site, scale.megabytes);
      default:
        return await reassignment(site, folder);
    }
  } finally {
    await site.stop();
  }
}

function publish(
  { json, quick, cases }: Options,
  p: {
    readonly head: Head;
    readonly figures: Figures;
    readonly failures: Readonly<Record<string, string>>;
    readonly skipped: Readonly<Record<string, string>>;
  },
): void {
  const { head, figures, failures, skipped } = p;
  const medians = Object.fromEntries(Object.entries(figures).map(([name, values]) => [name, median(values)]));
  const line = JSON.stringify({ suite: "workers", ...head, medians, samples: figures, failures, skipped });
  const rows = cases.map((name) => {
    const [unit, side, bar] = bars[name];
    const value = medians[name];
    if (value === undefined) return `| ${name} | ${failures[name] ?? `skipped: ${skipped[name] ?? ""}`} | | |`;
    const met =
      side === "peer" || side === "none" ? side : (side === "below" ? value < bar : value > bar) ? "met" : "**missed**";
    return `| ${name} | ${shown(value)} ${unit} | ${side === "peer" || side === "none" ? "" : `${side} ${bar}`} | ${quick ? "" : met} |`;
  });
  const text = [...headOf(head), ["| case | median | bar | |", "|---|---|---|---|", ...rows].join("\n")].join("\n\n");
  process.stdout.write(json ? `${line}\n` : `${text}\n\n${line}\n`);
  if (quick || cases.length !== names.length) return;
  mkdirSync(results, { recursive: true });
  writeFileSync(join(results, "workers.json"), `${line}\n`);
  writeFileSync(
    join(results, "workers.md"),
    `# Workers benchmark\n\nMade by the command below; [README.md](../README.md) says what each line means.\n\n${text}\n`,
  );
}
