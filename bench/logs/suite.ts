// `npm run bench -- logs`: one corpus from a seed, into Sluice over the network and into others, then the same questions to all.

import { closeSync, mkdirSync, mkdtempSync, openSync, rmSync, writeFileSync, writeSync } from "node:fs";
import { join, resolve } from "node:path";
import { liesInMemory, measureFsync } from "../fsync.ts";
import { type Head, headOf } from "../head.ts";
import { describeMachine } from "../machine.ts";
import { UsageError } from "../options.ts";
import { shown } from "../statistics.ts";
import { table } from "../table.ts";
import { corpus } from "./corpus.ts";
import { type Asked, type FigureName, type Figures, figureSpecs } from "./figures.ts";
import { type ContenderName, type Options, parseOptions, type Scale, usage } from "./options.ts";
import { measureDuckDb, measureFiles, measureFts5, type PeerRound } from "./peers.ts";
import { measureSluice } from "./sluice.ts";

const RESULTS = join(import.meta.dir, "../results");
const SEED = 7;
const FSYNCS = 200;
const WRITE_BYTES = 4 * 1024 * 1024;
const FRAGMENT = { from: 9, to: 25 };
const MIDDLE_SERVICE = "svc-10";

export interface Report extends Head {
  readonly suite: "logs";
  readonly scale: Scale;
  readonly rawBytes: number;
  readonly contenders: Readonly<Partial<Record<ContenderName, { readonly figures: Figures; readonly error?: string }>>>;
}

const measures: Readonly<Record<ContenderName, (round: PeerRound) => Promise<Figures>>> = {
  sluice: measureSluice,
  files: measureFiles,
  fts5: measureFts5,
  duckdb: measureDuckDb,
};

/** Runs the suite; the exit code: 1 when a contender could not be measured. */
export async function runLogsSuite(args: readonly string[]): Promise<number> {
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
  const folder = mkdtempSync(join(base, "logs-"));
  try {
    const report = await measure(options, folder);
    publish(options, report);
    return Object.values(report.contenders).some(({ error }) => error !== undefined) ? 1 : 0;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function measure({ contenders, scale, quick }: Options, folder: string): Promise<Report> {
  const { p50, p99 } = measureFsync(folder, FSYNCS);
  const file = join(folder, "lines.ndjson");
  const asked = write(file, scale.lines);
  const found: Partial<Record<ContenderName, { figures: Figures; error?: string }>> = {};
  for (const name of contenders) {
    process.stderr.write(`${name}\n`);
    const own = mkdtempSync(join(folder, `${name}-`));
    try {
      found[name] = { figures: await measures[name]({ folder: own, file, seed: SEED, asked, scale }) };
    } catch (error) {
      found[name] = { figures: {}, error: (error as Error).message };
    }
    rmSync(own, { recursive: true, force: true });
  }
  return {
    suite: "logs",
    date: new Date().toISOString().slice(0, 16).replace("T", " "),
    command: ["npm run bench -- logs", ...process.argv.slice(3)].join(" "),
    quick,
    rounds: 1,
    scale,
    rawBytes: asked.rawBytes,
    machine: describeMachine(),
    fsync: { p50, p99 },
    dataInMemory: await liesInMemory(folder),
    contenders: found,
  };
}

/** The corpus as a file, and what to ask: ids from two thirds of it. */
function write(file: string, lines: number): Asked {
  const descriptor = openSync(file, "w");
  const ids: string[] = [];
  let [rawBytes, held, count] = [0, "", 0];
  for (const { json, traceId } of corpus({ seed: SEED, lines })) {
    held += `${json}\n`;
    rawBytes += json.length + 1;
    if (traceId !== undefined && ++count > lines / 5 && ids.length < 2) ids.push(traceId);
    if (held.length < WRITE_BYTES) continue;
    writeSync(descriptor, held);
    held = "";
  }
  writeSync(descriptor, held);
  closeSync(descriptor);
  const [needle = "", other = ""] = ids;
  return { needle, fragment: other.slice(FRAGMENT.from, FRAGMENT.to), service: MIDDLE_SERVICE, lines, rawBytes };
}

function publish({ json, save }: Options, report: Report): void {
  const line = JSON.stringify(report);
  const text = renderReport(report);
  process.stdout.write(json ? `${line}\n` : `${text}\n\n${line}\n`);
  if (!save) return;
  mkdirSync(RESULTS, { recursive: true });
  writeFileSync(join(RESULTS, "logs.json"), `${line}\n`);
  writeFileSync(
    join(RESULTS, "logs.md"),
    `# Logs benchmark\n\nMade by the command below; [README.md](../README.md) says what each line means.\n\n${text}\n`,
  );
}

function renderReport(report: Report): string {
  const names = Object.keys(report.contenders) as ContenderName[];
  const rows = (Object.keys(figureSpecs) as FigureName[]).map((figure) => [
    figureSpecs[figure],
    ...names.map((name) => {
      const value = report.contenders[name]?.figures[figure];
      return value === undefined ? "" : shown(value);
    }),
  ]);
  const failures = names.flatMap((name) => {
    const error = report.contenders[name]?.error;
    return error === undefined ? [] : [`**${name} failed:** ${error}`];
  });
  const megabytes = `${Math.round(report.rawBytes / 1e6)} MB in ${report.scale.lines} lines`;
  return [...headOf(report), megabytes, table(["", ...names], rows), ...failures].join("\n\n");
}
