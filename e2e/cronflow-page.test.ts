// Every name of cronflow's API is on the page that maps it to its native form, and is there.
import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import everything, { createCronflow, cronflow } from "sluice/cronflow";
import * as sdk from "sluice/cronflow/sdk";

const page = readFileSync(join(import.meta.dir, "../docs/cronflow.md"), "utf8");
const named = (name: string): boolean => new RegExp(`\\b${name}\\b`).test(page);

const engine = [
  "define start stop trigger inspect cancelRun publishEvent emit replay resume listPausedWorkflows getPausedWorkflow",
  "storePausedWorkflow getWorkflows getWorkflow getEngineState getConcurrencyStats getCoreStatus isRustCoreAvailable benchmark",
  "executeManualTrigger executeWebhookTrigger executeScheduleTrigger getTriggerStats getWorkflowTriggers",
  "unregisterWorkflowTriggers getScheduleTriggers getGlobalState setGlobalState incrGlobalState deleteGlobalState",
  "getWorkflowState setWorkflowState incrWorkflowState deleteWorkflowState getStateStats cleanupExpiredState",
  "registerEventListener unregisterEventListener getEventHistory getEventListeners executeWorkflowHook VERSION",
].flatMap((line) => line.split(" "));
const inner = [
  "executeStep",
  "executeStepFunction",
  "executeJobFunction",
  "createValidContext",
  "registerStepHandler",
  "scheduler",
];
const scheduler =
  "start stop scheduleWorkflow unscheduleWorkflow getScheduledWorkflow getScheduledWorkflows isScheduled getRunningStatus getStatus".split(
    " ",
  );
const instance = [
  "onWebhook onSchedule onInterval onEvent onPoll manual step action log retry timeout cache delay onError if elseIf else endIf",
  "parallel race while cancel sleep subflow forEach batch humanInTheLoop waitForEvent pause test advancedTest validate toJSON",
  "getDefinition getId getName getSteps getStep getTriggers hasWebhookTriggers hasScheduleTriggers hasManualTriggers register",
].flatMap((line) => line.split(" "));
const context =
  "payload steps last run state trigger meta services cancel error token step_name step_result step_status step_error".split(
    " ",
  );
const parts = [
  "define start stop trigger inspect getWorkflows getWorkflow getConcurrencyStats VERSION WorkflowInstance TestHarness",
  "createTestHarness StepExecutor RetryExecutor CircuitBreaker CircuitBreakerManager PerformanceMonitor PerformanceOptimizer",
].flatMap((line) => line.split(" "));
const testing = "trigger mockStep expectStep toSucceed toFail toFailWith run".split(" ");
const advanced =
  "mockTrigger withDataGenerator generateData getCoverage resetCoverage mockService mockServiceAction".split(" ");
const webhookOptions =
  "method schema validate idempotencyKey parseRawBody app appInstance registerRoute headers trigger condition middleware onSuccess onError retry circuitBreaker".split(
    " ",
  );
const own = createCronflow({});

describe("the API", () => {
  test.each([
    ["of the engine", engine, (name: string) => name in cronflow],
    ["of the inner object", inner, (name: string) => name in cronflow.cronflow],
    ["of its scheduler", scheduler, (name: string) => name in cronflow.cronflow.scheduler],
    ["of a workflow", instance, (name: string) => name in own.define({ id: `has/${name}` })],
    ["of sluice/cronflow/sdk", parts, (name: string) => name in sdk],
    ["of a test", testing.slice(0, 3), (name: string) => name in own.define({ id: `tests/${name}` }).test()],
    ["of an advanced test", advanced, (name: string) => name in own.define({ id: `advanced/${name}` }).advancedTest()],
  ])("%s is there and on the page", (_what, names, isThere) => {
    expect(names.filter((name) => !isThere(name))).toEqual([]);
    expect(names.filter((name) => !named(name))).toEqual([]);
  });

  test.each([
    ["the context", context],
    ["options of webhooks", webhookOptions],
    ["expectations", testing],
  ])("%s: on the page", (_what, names) => {
    expect(names.filter((name) => !named(name))).toEqual([]);
  });

  test("a context has every field that is promised", async () => {
    const seen: string[] = [];
    const flow = own.define({ id: "context" }).step("look", (ctx) => void seen.push(...Object.keys(ctx)));
    await flow.test().run();
    expect(context.filter((name) => !seen.includes(name))).toEqual([]);
  });

  test("is imported by name or as the default", () => {
    expect(everything).toBe(cronflow);
    const { define, getWorkflows } = own;
    define({ id: "taken-apart" });
    expect(getWorkflows().map(({ id }) => id)).toContain("taken-apart");
  });
});
