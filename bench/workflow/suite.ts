// `npm run bench -- workflow`: every contender in turn, in fresh processes, the order reversed in every second round.

import type { ChildProcess } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { liesInMemory, measureFsync } from "../fsync.ts";
import { describeMachine } from "../machine.ts";
import { UsageError } from "../options.ts";
import { killGroup } from "../processes.ts";
import { median } from "../statistics.ts";
import { PARK_AFTER_MS } from "./cases/wake.ts";
import type { CaseName, ContenderSpec } from "./contender.ts";
import { drive, DriveError } from "./drive.ts";
import type { Job } from "./job.ts";
import { type Options, parseOptions, WHOLE_NAME, usage } from "./options.ts";
import { installPeers } from "./peers.ts";
import { type Report, renderReport, reportOf } from "./report.ts";
import { Tally } from "./tally.ts";

const RESULTS = join(import.meta.dir, "../results");
const RESULTS_TEXT = join(import.meta.dir, "../results.md");
/** Contenders take in as many runs at once as there are in the case of recovery, and some. */
const IN_FLIGHT_MARGIN = 500;

/** Cases that share one process and one data folder, in this order. */
const TOGETHER: readonly CaseName[] = [
  "starts",
  "steps3",
  "wake",
  "steps1000",
  "builder",
  "fanout",
  "map",
  "throughput",
  "enqueue",
];
/** Cases with a process of their own; those that take long or hardly vary are measured in the first round only. */
const ALONE: readonly CaseName[] = ["limited", "parked", "fairness", "storm", "tenant"];
const ALONE_ONCE: readonly CaseName[] = ["memory", "disk", "recovery", "harness"];

/** Runs the suite; the exit code. */
export async function runWorkflowSuite(args: readonly string[]): Promise<number> {
  let options: Options;
  try {
    options = parseOptions(args);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    console.error(`${error.message}\n\n${usage}`);
    return 2;
  }
  const suite = new Suite(options);
  try {
    const report = await suite.run();
    publish(options, report, suite);
    return suite.tally.failed ? 1 : 0;
  } finally {
    suite.clean();
  }
}

function publish(options: Options, report: Report, { tally }: Suite): void {
  const line = JSON.stringify(report);
  const text = renderReport(report);
  process.stdout.write(options.json ? `${line}\n` : `${text}\n\n${line}\n`);
  if (options.saveAs === undefined) return;
  const whole = options.saveAs === WHOLE_NAME;
  mkdirSync(RESULTS, { recursive: true });
  writeFileSync(join(RESULTS, `${options.saveAs}.json`), `${line}\n`);
  if (whole) writeFileSync(join(RESULTS, "samples.json"), `${JSON.stringify(tally.samples)}\n`);
  const readme = whole ? "README.md" : "../README.md";
  writeFileSync(
    whole ? RESULTS_TEXT : join(RESULTS, `${options.saveAs}.md`),
    `# Workflow benchmark\n\nMade by the command below; [README.md](${readme}) says what each line means.\n\n${text}\n`,
  );
}

class Suite {
  readonly tally: Tally;
  readonly #options: Options;
  readonly #folder: string;
  readonly #running = new Set<ChildProcess>();
  readonly #fsyncs: { p50: number; p99: number }[] = [];

  constructor(options: Options) {
    this.#options = options;
    this.tally = new Tally(options.contenders, options.cases);
    const base = resolve(options.dataFolder);
    mkdirSync(base, { recursive: true });
    this.#folder = mkdtempSync(join(base, "run-"));
    chmodSync(this.#folder, 0o711); // PostgreSQL runs as somebody else, who must be able to walk through.
    const stop = (): void => {
      this.clean();
      process.exit(130);
    };
    process.once("SIGINT", stop).once("SIGTERM", stop);
  }

  /** Ends what still runs and removes the data. */
  clean(): void {
    for (const child of this.#running) killGroup(child.pid);
    rmSync(this.#folder, { recursive: true, force: true, maxRetries: 5 });
  }

  async run(): Promise<Report> {
    const { contenders, rounds, cases, scale, quick } = this.#options;
    const ready = this.#install(contenders);
    for (let round = 0; round < rounds; round += 1) {
      this.#fsyncs.push(measureFsync(this.#folder, scale.fsyncAppends));
      for (const spec of round % 2 === 0 ? ready : ready.toReversed()) await this.#measure(spec, round);
    }
    return reportOf({
      date: new Date().toISOString().slice(0, 16).replace("T", " "),
      command: ["npm run bench -- workflow", ...process.argv.slice(3)].join(" "),
      quick,
      rounds,
      cases,
      scale,
      machine: describeMachine(),
      fsync: { p50: median(this.#fsyncs.map((each) => each.p50)), p99: median(this.#fsyncs.map((each) => each.p99)) },
      dataInMemory: await liesInMemory(this.#folder),
      contenders: this.tally.outcomes(),
    });
  }

  /** Those that can be measured; when the peers cannot be installed, that is their result. */
  #install(specs: readonly ContenderSpec[]): readonly ContenderSpec[] {
    const peers = specs.filter((spec) => spec.peer);
    if (peers.length === 0) return specs;
    try {
      installPeers((line) => this.#say(line));
      return specs;
    } catch (error) {
      for (const { name, cases } of peers) {
        const failed = cases.filter((each) => this.#options.cases.includes(each));
        for (const each of failed) this.tally.fail(name, { round: 0, case: each, error: (error as Error).message });
      }
      return specs.filter((spec) => !spec.peer);
    }
  }

  #say(line: string): void {
    process.stderr.write(`${line}\n`);
  }

  async #measure(spec: ContenderSpec, round: number): Promise<void> {
    const wanted = (names: readonly CaseName[]): CaseName[] =>
      names.filter((name) => spec.cases.includes(name) && this.#options.cases.includes(name));
    const together = wanted(TOGETHER);
    const groups = [...(together.length > 0 ? [together] : []), ...wanted(ALONE).map((name) => [name])];
    if (round === 0) groups.push(...wanted(ALONE_ONCE).map((name) => [name]));
    for (const cases of groups) {
      this.#say(`round ${round + 1}: ${spec.title}: ${cases.join(", ")}`);
      const folder = mkdtempSync(join(this.#folder, "data-"));
      await this.#measureCases({ spec, round, cases, folder });
      rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
    }
  }

  async #measureCases(group: { spec: ContenderSpec; round: number; cases: CaseName[]; folder: string }): Promise<void> {
    const { spec, round, cases, folder } = group;
    const { scale } = this.#options;
    const job = { contender: spec.name, folder, scale };
    try {
      if (cases.includes("recovery")) {
        const crashing = { ...job, runsInFlightMax: scale.recoveryRuns + IN_FLIGHT_MARGIN };
        await this.#drive(round, { ...crashing, task: { kind: "fill" } });
        await this.#drive(round, { ...crashing, task: { kind: "resume" } });
      } else {
        if (cases.includes("disk")) await this.#drive(round, { ...job, task: { kind: "cases", cases: [] } });
        const parking = cases.includes("parked") ? { parkAfterMs: PARK_AFTER_MS } : {};
        await this.#drive(round, { ...job, ...parking, task: { kind: "cases", cases } });
      }
    } catch (error) {
      const said = error instanceof DriveError ? error.message : String(error);
      for (const each of cases) this.tally.fail(spec.name, { round, case: each, error: said });
    }
  }

  async #drive(round: number, job: Job): Promise<void> {
    try {
      this.tally.add(job.contender, round, await drive(job, this.#running));
    } catch (error) {
      if (error instanceof DriveError) this.tally.add(job.contender, round, error.messages);
      throw error;
    }
  }
}
