// `npm run bench -- server`: every contender in turn, in fresh processes, the order reversed in every second round.

import type { ChildProcess } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { liesInMemory, measureFsync } from "../fsync.ts";
import { HttpClient } from "../http-client.ts";
import { describeMachine } from "../machine.ts";
import { UsageError } from "../options.ts";
import { ended } from "../processes.ts";
import { median } from "../statistics.ts";
import { type Contender, type ContenderSpec, type LoadName, pathOf, type Prepared, routeNames } from "./contender.ts";
import { Flood } from "./flood.ts";
import { runOpenLoop, type Timings } from "./open-loop.ts";
import { type Options, parseOptions, usage } from "./options.ts";
import { peers } from "./peers.ts";
import { prepare } from "./prepare.ts";
import { renderReport, type Report, reportOf, Tally } from "./report.ts";

const RESULTS = join(import.meta.dir, "../results");
const CONNECTIONS_MAX = 256;

/** Runs the suite; the exit code. */
export async function runServerSuite(args: readonly string[]): Promise<number> {
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
    publish(options, report, suite.tallies);
    return suite.tallies.some(({ failures }) => failures.length > 0) ? 1 : 0;
  } finally {
    suite.clean();
  }
}

function publish(options: Options, report: Report, tallies: readonly Tally[]): void {
  const line = JSON.stringify(report);
  const text = renderReport(report);
  process.stdout.write(options.json ? `${line}\n` : `${text}\n\n${line}\n`);
  if (!options.save) return;
  mkdirSync(RESULTS, { recursive: true });
  const samples = Object.fromEntries(tallies.map((tally) => [tally.spec.name, tally.samples]));
  writeFileSync(join(RESULTS, "server.json"), `${line}\n`);
  writeFileSync(join(RESULTS, "server-samples.json"), `${JSON.stringify(samples)}\n`);
  writeFileSync(
    join(RESULTS, "server.md"),
    `# Server benchmark\n\nMade by the command below; [README.md](../README.md) says what each line means.\n\n${text}\n`,
  );
}

class Suite {
  readonly tallies: readonly Tally[];
  readonly #options: Options;
  readonly #folder: string;
  readonly #running = new Set<ChildProcess>();
  readonly #fsyncs: { p50: number; p99: number }[] = [];

  constructor(options: Options) {
    this.#options = options;
    this.tallies = options.contenders.map((spec) => new Tally(spec));
    const base = resolve(options.dataFolder);
    mkdirSync(base, { recursive: true });
    this.#folder = mkdtempSync(join(base, "server-"));
    const stop = (): void => {
      this.clean();
      process.exit(130);
    };
    process.once("SIGINT", stop).once("SIGTERM", stop);
  }

  /** Ends what still runs and removes the data. */
  clean(): void {
    for (const child of this.#running) child.kill("SIGKILL");
    rmSync(this.#folder, { recursive: true, force: true, maxRetries: 5 });
  }

  async run(): Promise<Report> {
    const { rounds, loads, scale, quick } = this.#options;
    const ready = this.#install();
    this.#say(`preparing ${scale.runs} runs`);
    const prepared = await prepare(this.#folder, scale.runs);
    for (let round = 0; round < rounds; round += 1) {
      this.#fsyncs.push(measureFsync(this.#folder, scale.fsyncAppends));
      for (const tally of round % 2 === 0 ? ready : ready.toReversed()) await this.#measure(tally, round, prepared);
    }
    return reportOf({
      date: new Date().toISOString().slice(0, 16).replace("T", " "),
      command: ["npm run bench -- server", ...process.argv.slice(3)].join(" "),
      quick,
      rounds,
      cases: loads,
      scale,
      machine: describeMachine(),
      fsync: { p50: median(this.#fsyncs.map((each) => each.p50)), p99: median(this.#fsyncs.map((each) => each.p99)) },
      dataInMemory: await liesInMemory(this.#folder),
      contenders: Object.fromEntries(this.tallies.map((tally) => [tally.spec.name, tally.outcome()])),
    });
  }

  /** Those that can be measured; when the peers cannot be installed, that is their result. */
  #install(): readonly Tally[] {
    const theirs = this.tallies.filter(({ spec }) => spec.peer);
    if (theirs.length === 0) return this.tallies;
    try {
      peers.install((line) => this.#say(line));
      return this.tallies;
    } catch (error) {
      for (const { failures } of theirs) failures.push({ round: 0, error: (error as Error).message });
      return this.tallies.filter(({ spec }) => !spec.peer);
    }
  }

  #say(line: string): void {
    process.stderr.write(`${line}\n`);
  }

  async #measure(tally: Tally, round: number, prepared: Prepared): Promise<void> {
    const { spec } = tally;
    const loads = this.#loadsOf(spec);
    if (loads.length === 0) return;
    this.#say(`round ${round + 1}: ${spec.title}: ${loads.join(", ")}`);
    const folder = mkdtempSync(join(this.#folder, "data-"));
    let contender: Contender | undefined;
    try {
      contender = await spec.open(prepared, folder);
      this.#running.add(contender.child);
      await this.#load({ tally, loads, prepared, port: contender.port });
    } catch (error) {
      tally.failures.push({ round, error: (error as Error).message });
    }
    if (contender !== undefined) {
      contender.child.kill("SIGTERM");
      await ended(contender.child);
      this.#running.delete(contender.child);
    }
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  }

  #loadsOf(spec: ContenderSpec): readonly LoadName[] {
    return spec.loads.filter((load) => this.#options.loads.includes(load));
  }

  async #load(p: { tally: Tally; loads: readonly LoadName[]; prepared: Prepared; port: number }): Promise<void> {
    const { tally, loads, prepared, port } = p;
    const { perSecond, seconds, warmupSeconds, floodPerSecond } = this.#options.scale;
    const headers = { authorization: `Bearer ${prepared.token}` };
    const client = new HttpClient({ port, connectionsMax: CONNECTIONS_MAX, headers });
    const paths = routeNames.map((route) => pathOf(route, prepared.run.id));
    const sentLateMs: number[] = [];
    const keep = (load: LoadName, timings: Timings): void => {
      for (const route of routeNames) {
        const valuesMs = timings.answeredMs[pathOf(route, prepared.run.id)];
        if (valuesMs !== undefined) tally.add(`${load}.${route}`, valuesMs);
      }
      for (const lateMs of timings.sentLateMs) sentLateMs.push(lateMs);
    };
    const inTurn = { client, paths, perSecond };
    try {
      await refusesStrangers(port, paths);
      await answersAsPrepared(client, prepared);
      await runOpenLoop({ ...inTurn, seconds: warmupSeconds });
      if (loads.includes("alone"))
        for (const path of paths) keep("alone", await runOpenLoop({ client, paths: [path], perSecond, seconds }));
      if (loads.includes("mixed")) keep("mixed", await runOpenLoop({ ...inTurn, seconds }));
      if (loads.includes("flood")) {
        const flood = new Flood({ port, perSecond: floodPerSecond, seconds });
        await flood.full;
        keep("flood", await runOpenLoop({ ...inTurn, seconds }));
        tally.floods.push(await flood.stop());
      }
      tally.add("load.sent", sentLateMs);
    } finally {
      client.close();
    }
  }
}

/** A contender that lets everybody in is not measured: the token is part of the work. */
async function refusesStrangers(port: number, paths: readonly string[]): Promise<void> {
  const stranger = new HttpClient({ port, connectionsMax: 1 });
  try {
    for (const path of paths) {
      const { status } = await stranger.request("GET", path);
      const wanted = path.startsWith("/api/") ? 401 : 200;
      if (status !== wanted) throw new Error(`GET ${path} without a token: ${status}, not ${wanted}`);
    }
  } finally {
    stranger.close();
  }
}

/** All answer with the same: what is left out would be saved. */
async function answersAsPrepared(client: HttpClient, { newest, run }: Prepared): Promise<void> {
  const listed = await client.json("GET", pathOf("list", run.id));
  const single = await client.json("GET", pathOf("run", run.id));
  const page = listed as { readonly runs: unknown; readonly nextCursor: unknown };
  const same = Bun.deepEquals(page.runs, newest) && typeof page.nextCursor === "string";
  if (!same) throw new Error("The newest runs are not those that were prepared");
  if (!Bun.deepEquals(single, { run })) throw new Error(`The run ${run.id} is not the one that was prepared`);
}
