// The process that drives one contender: it opens it, runs the cases it was given and says every figure to its parent.
// What the contender starts stays in this process' group, so that one signal ends all of it.

import { within } from "../clock.ts";
import { bytesOnDisk } from "../disk.ts";
import type { CaseContext } from "./cases/case.ts";
import { measureDisk } from "./cases/disk.ts";
import { measureHarness } from "./cases/harness.ts";
import { measureFanOut, measureMap } from "./cases/many.ts";
import { measureFairness, measureNoisyTenant, measureStorm } from "./cases/tenants.ts";
import { measureEnqueue } from "./cases/enqueue.ts";
import { measureMemory } from "./cases/memory.ts";
import { fill, resume } from "./cases/recovery.ts";
import { measureStarts } from "./cases/starts.ts";
import { measureBuilder } from "./cases/builder.ts";
import { measureLimited } from "./cases/limited.ts";
import { measureSteps1000 } from "./cases/steps1000.ts";
import { measureSteps3 } from "./cases/steps3.ts";
import { measureThroughput } from "./cases/throughput.ts";
import { measureHotWakes, measureParkedWakes } from "./cases/wake.ts";
import { type CaseName, type Contender, type ContenderSpec, contenders } from "./contender.ts";
import type { Job, Message } from "./job.ts";

const CASE_MS_MAX = 240_000;
const CLOSE_MS_MAX = 20_000;

const measures: Readonly<Record<Exclude<CaseName, "recovery">, (context: CaseContext) => Promise<void>>> = {
  starts: measureStarts,
  steps3: measureSteps3,
  wake: measureHotWakes,
  steps1000: measureSteps1000,
  builder: measureBuilder,
  limited: measureLimited,
  fanout: measureFanOut,
  map: measureMap,
  throughput: measureThroughput,
  enqueue: measureEnqueue,
  fairness: measureFairness,
  storm: measureStorm,
  tenant: measureNoisyTenant,
  parked: measureParkedWakes,
  memory: measureMemory,
  disk: measureDisk,
  harness: measureHarness,
};

function say(message: Message): void {
  process.send?.(message);
}

interface Opened {
  readonly spec: ContenderSpec;
  readonly contender: Contender;
  readonly closedBytes: number;
}

function contextOf(job: Job, opened: Opened): { context: CaseContext; lookAfterClose: () => void } {
  const origin = `${process.pid}-${Math.round(performance.timeOrigin)}`;
  const looks: (() => void)[] = [];
  let keys = 0;
  const context: CaseContext = {
    ...opened,
    scale: job.scale,
    folder: job.folder,
    key: () => {
      keys += 1;
      return `${origin}-${keys}`;
    },
    report: (metric, value, samples) => {
      say({ type: "figure", metric, value, ...(samples === undefined ? {} : { samples }) });
    },
    skip: (names, reason) => say({ type: "skip", metrics: names, reason }),
    afterClose: (look) => looks.push(look),
  };
  return { context, lookAfterClose: () => looks.forEach((look) => look()) };
}

/** A case that fails says so and does not keep the others from being measured. */
async function attempt(name: CaseName, work: Promise<void>): Promise<void> {
  try {
    await within(CASE_MS_MAX, `The case ${name}`, work);
  } catch (error) {
    say({ type: "failed", case: name, error: error instanceof Error ? error.message : String(error) });
  }
}

async function main(job: Job): Promise<void> {
  const { task, folder, parkAfterMs, runsInFlightMax } = job;
  const spec = contenders.find((each) => each.name === job.contender);
  if (spec === undefined) throw new Error(`There is no contender ${job.contender}`);
  const closedBytes = bytesOnDisk(folder);
  const contender = await spec.open({
    folder,
    gateOpen: task.kind !== "fill",
    ...(parkAfterMs === undefined ? {} : { parkAfterMs }),
    ...(runsInFlightMax === undefined ? {} : { runsInFlightMax }),
  });
  const { context, lookAfterClose } = contextOf(job, { spec, contender, closedBytes });
  if (task.kind === "cases") {
    say({ type: "durability", text: await contender.durability() });
    for (const name of task.cases) if (name !== "recovery") await attempt(name, measures[name](context));
  } else await attempt("recovery", task.kind === "fill" ? fill(context) : resume(context));
  if (task.kind === "fill") {
    say({ type: "filled" });
    return;
  }
  await within(CLOSE_MS_MAX, `Closing ${job.contender}`, contender.close());
  lookAfterClose();
  say({ type: "done" });
}

// Without its parent there is nobody to tell anything, and nobody else who would end what was started here.
process.on("disconnect", () => process.kill(0, "SIGKILL"));
try {
  await main(JSON.parse(process.argv[2] ?? "") as Job);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exit(1);
}
// The parent has the last word: it ends this process once it has read what was said.
await new Promise<never>(() => {});
