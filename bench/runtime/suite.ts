// `npm run bench -- runtime`: Bun, Node and Deno side by side through their providers, the order reversed in every second round.

import {
  chmodSync,
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { randomFillSync } from "node:crypto";
import { join, resolve } from "node:path";
import { liesInMemory, measureFsync } from "../fsync.ts";
import { describeMachine } from "../machine.ts";
import { UsageError } from "../options.ts";
import { median } from "../statistics.ts";
import { contenderOf } from "./contenders.ts";
import { type Options, parseOptions, usage } from "./options.ts";
import { claimsOf, exitCodeOf, renderReport, type Report, reportOf, Tally } from "./report.ts";
import { measureRound, type Place } from "./round.ts";

const ROOT = join(import.meta.dir, "../..");
const RESULTS = join(import.meta.dir, "../results");
/** Below the packages installed here, where Node finds the one with native code. */
const PROGRAM = join(ROOT, "node_modules/.cache/runtime-bench");
const PIECE_BYTES = 4 * 1024 * 1024;
const SEALED = 0o444;

/** Runs the suite; the exit code: 1 when a runtime could not be measured, or a claim of the documents does not hold. */
export async function runRuntimeSuite(args: readonly string[]): Promise<number> {
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
  const folder = mkdtempSync(join(base, "runtime-"));
  const clean = (): void => rmSync(folder, { recursive: true, force: true });
  process.once("SIGINT", () => {
    clean();
    process.exit(130);
  });
  try {
    const report = await measure(options, folder);
    publish(options, report);
    return exitCodeOf(report);
  } finally {
    clean();
  }
}

async function measure(options: Options, folder: string): Promise<Report> {
  const { rounds, scale, quick, compare } = options;
  const tallies = options.contenders.map((name) => new Tally(name));
  const place = await prepare(folder, scale.fileBytes);
  const fsyncs = [];
  for (let round = 0; round < rounds; round++) {
    fsyncs.push(measureFsync(folder, scale.fsyncAppends));
    for (const tally of round % 2 === 0 ? tallies : tallies.toReversed()) {
      say(`round ${round + 1}: ${tally.name}`);
      const own = mkdtempSync(join(folder, `${tally.name}-`));
      try {
        tally.measured.push(await measureRound(contenderOf(tally.name, say), { ...place, folder: own }, scale));
      } catch (error) {
        tally.failures.push({ round, error: (error as Error).message });
      }
      rmSync(own, { recursive: true, force: true });
    }
  }
  const head = {
    date: new Date().toISOString().slice(0, 16).replace("T", " "),
    command: ["npm run bench -- runtime", ...process.argv.slice(3)].join(" "),
    quick,
    rounds,
    scale,
    machine: describeMachine(),
    fsync: { p50: median(fsyncs.map(({ p50 }) => p50)), p99: median(fsyncs.map(({ p99 }) => p99)) },
    dataInMemory: await liesInMemory(folder),
  };
  return reportOf(head, tallies, compare ? claimsOf(readFileSync(join(ROOT, "docs/runtime.md"), "utf8")) : []);
}

/** The program that measures, an empty one, and a large file that nobody may write to. */
async function prepare(folder: string, fileBytes: number): Promise<Place> {
  say(`writing a file of ${Math.round(fileBytes / 1024 / 1024)} MiB`);
  const file = join(folder, "large");
  const descriptor = openSync(file, "w");
  const piece = randomFillSync(Buffer.alloc(PIECE_BYTES));
  for (let written = 0; written < fileBytes; written += PIECE_BYTES) writeSync(descriptor, piece);
  closeSync(descriptor);
  chmodSync(file, SEALED);
  const empty = join(folder, "empty.mjs");
  writeFileSync(empty, "");
  const made = await Bun.build({
    entrypoints: [join(import.meta.dir, "measure.ts")],
    outdir: PROGRAM,
    target: "node",
    format: "esm",
    splitting: true,
    external: ["bun", "bun:*", "@photostructure/sqlite"],
  });
  if (!made.success) throw new Error(made.logs.map(({ message }) => message).join("\n"));
  writeFileSync(join(PROGRAM, "package.json"), '{"type":"module"}');
  return {
    program: join(PROGRAM, "measure.js"),
    folder,
    file,
    empty,
    entry: join(ROOT, "packages/protocol/src/index.ts"),
  };
}

function publish({ json, save }: Options, report: Report): void {
  const line = JSON.stringify(report);
  const text = renderReport(report);
  process.stdout.write(json ? `${line}\n` : `${text}\n\n${line}\n`);
  if (!save) return;
  mkdirSync(RESULTS, { recursive: true });
  writeFileSync(join(RESULTS, "runtime.json"), `${line}\n`);
  writeFileSync(
    join(RESULTS, "runtime.md"),
    `# Runtime benchmark\n\nMade by the command below; [README.md](../README.md) says what each line means.\n\n${text}\n`,
  );
}

function say(line: string): void {
  process.stderr.write(`${line}\n`);
}
