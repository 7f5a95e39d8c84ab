// The test harness under the real test runners: Bun's, vitest and Node's. What holds passes there, and what does not is
// reported with both values.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const root = join(import.meta.dir, "..");
const work = mkdtempSync(join(tmpdir(), "sluice-runners-"));

const body = `
import { workflow } from "sluice";
import { testWorkflow } from "sluice/testing";

const order = workflow({ name: "order" }, async (ctx, n) => {
  const receipt = await ctx.step("charge", () => { throw new Error("a test must never pay"); });
  await ctx.sleep("cool down", "30 days");
  await ctx.approve("manager");
  return { receipt, n };
});

test("an order is approved", async () => {
  await using t = testWorkflow(order);
  const charge = t.mock("charge", () => "r1");
  t.crashAfter("charge");
  const run = await t.start(7);
  await t.expect(run).toBeWaitingFor("sleep", "cool down");
  await t.advance("30 days");
  await t.approve("manager");
  await t.expect(run).toComplete({ receipt: "r1", n: 7 });
  await t.expect(run).step("charge").toReturn("r1");
  if (charge.calls.length !== 1) throw new Error("it was charged twice");
  await t.replayEveryPrefix();
});

test("an assertion that does not hold", async () => {
  await using t = testWorkflow(order);
  t.mock("charge", () => "r1");
  const run = await t.start(7);
  await t.expect(run).step("charge").toReturn("another receipt");
});
`;

beforeAll(() => {
  mkdirSync(join(work, "src"));
  symlinkSync(join(root, "node_modules"), join(work, "node_modules"));
  writeFileSync(join(work, "package.json"), '{ "type": "module", "private": true }');
});

afterAll(() => rmSync(work, { recursive: true, force: true }));

/** Runs a command and gives what it said, without colours. */
async function said(command: readonly string[]): Promise<{ readonly exitCode: number; readonly text: string }> {
  const env = { ...process.env, NO_COLOR: "1", FORCE_COLOR: "0", CI: "1" };
  const child = Bun.spawn([...command], { cwd: work, env, stdin: "ignore", stdout: "pipe", stderr: "pipe" });
  const [stdout, stderr, exitCode] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
  return { exitCode, text: stdout + stderr };
}

/** One test passes, one fails, and the report names what was expected and what was there. */
function expectReport({ exitCode, text }: { readonly exitCode: number; readonly text: string }): void {
  expect(text).toContain('step "charge" returned something else');
  expect(text).toContain("another receipt");
  expect(text).toContain("r1");
  expect(text).not.toContain("it was charged twice");
  expect(exitCode).toBe(1);
}

test("Bun's test runner", async () => {
  const file = join(work, "order.test.ts");
  writeFileSync(file, `import { test } from "bun:test";${body}`);
  const report = await said([process.execPath, "test", file]);
  expectReport(report);
  expect(report.text).toContain("1 pass");
  expect(report.text).toContain("1 fail");
}, 30_000);

test("vitest, under Node", async () => {
  writeFileSync(join(work, "src/order.spec.ts"), `import { test } from "vitest";${body}`);
  const report = await said(["node", join(root, "node_modules/vitest/vitest.mjs"), "run", "src/order.spec.ts"]);
  expectReport(report);
  expect(report.text).toContain("1 failed | 1 passed");
  expect(report.text).toContain(`Expected: "another receipt"\nReceived: "r1"`);
}, 60_000);

test("Node's test runner", async () => {
  const file = join(work, "order.node.ts");
  writeFileSync(file, `import { test } from "node:test";${body}`);
  const built = await Bun.build({ entrypoints: [file], target: "node", format: "esm", outdir: join(work, "built") });
  expect(built.success).toBe(true);
  const report = await said(["node", "--test-reporter=spec", join(work, "built/order.node.js")]);
  expectReport(report);
  expect(report.text).toMatch(/pass 1\n/);
  expect(report.text).toMatch(/fail 1\n/);
}, 30_000);
