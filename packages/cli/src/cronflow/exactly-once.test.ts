// What a step adds to a number is added once, though the process dies in the middle of the step.
import { afterEach, expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { makeProgram } from "./program-fixture.suite.ts";

const folder = mkdtempSync(join(tmpdir(), "sluice-once-"));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Adds twice to one key and once to another, then dies; the first one starts the run. */
const program = (first: boolean): string => `
  const { createCronflow } = await import(${JSON.stringify(join(import.meta.dirname, "cronflow.ts"))});
  const cronflow = createCronflow({});
  cronflow.define({ id: "count" }).step("add", async (c) => {
    const sums = [await c.state.incr("n", 5), await c.state.incr("n", 1), await c.state.incr("m")];
    require("node:fs").appendFileSync(${JSON.stringify(join(folder, "said"))}, c.run.id + " " + sums + "\\n");
    process.kill(process.pid, "SIGKILL");
  });
  await cronflow.start({ data: ${JSON.stringify(join(folder, "data"))}, webhookServer: false });
  if (${first}) await cronflow.trigger("count");
  setInterval(() => undefined, 1_000);
`;

test("a step that is cut off by SIGKILL and made again adds once, and gets the same sums", async () => {
  for (const first of [true, false]) {
    const dying = Bun.spawn([process.execPath, "-e", program(first)], { stdout: "inherit", stderr: "inherit" });
    await dying.exited;
    expect(dying.signalCode).toBe("SIGKILL");
  }
  const said = readFileSync(join(folder, "said"), "utf8").trim().split("\n");
  expect(said.map((line) => line.split(" ")[1])).toEqual(["5,6,1", "5,6,1"]);
  await using last = makeProgram(join(folder, "data"));
  last.cronflow
    .define({ id: "count" })
    .step("add", async (c) => [await c.state.incr("n", 5), await c.state.incr("n", 1), await c.state.incr("m")]);
  await last.start();
  const run = await last.until(said[0]?.split(" ")[0] ?? "", "completed");
  expect(run.output).toEqual([5, 6, 1]);
  expect(await last.cronflow.getWorkflowState("count", "n")).toBe(6);
  expect(await last.cronflow.getWorkflowState("count", "m")).toBe(1);
});

test("another attempt is another call, and so is every further one", async () => {
  await using now = makeProgram();
  let tries = 0;
  now.cronflow
    .define({ id: "tries" })
    .step("add", async (c) => {
      const sum = await c.state.incr("n");
      if (++tries < 3) throw new Error("again");
      return sum;
    })
    .retry({ attempts: 3, backoff: { delay: 1 } });
  await now.start();
  expect((await now.run("tries")).output).toBe(3);
});
