import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { workflow } from "@sluice/sdk";
import { mergeLcov } from "./coverage-merge.ts";
import { testWorkflow } from "./workflow-test.ts";

let folder: string;
beforeAll(() => void (folder = mkdtempSync(join(tmpdir(), "sluice-lcov-"))));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const order = `export const order = async (ctx, n) => {
  const size = n > 5 ? "big" : "small";
  if (size === "big") await ctx.step("pack", () => 1);
  const { approved } = await ctx.approve("boss");
  return approved ? size : "none";
};
`;

test("conditions of plain code, as V8 has counted them, stand beside the outcomes of durable calls", async () => {
  const file = join(folder, "order.mjs");
  writeFileSync(file, order);
  const checks = `import test from "node:test";
import { order } from "./order.mjs";
const ctx = { step: async (_name, fn) => fn(), approve: async () => ({ approved: true }) };
test("small", () => order(ctx, 1));
`;
  writeFileSync(join(folder, "order.test.mjs"), checks);
  const args = ["--test", "--experimental-test-coverage", "--test-reporter=lcov", "order.test.mjs"];
  const { NODE_TEST_CONTEXT: _outer, ...env } = process.env;
  const ran = Bun.spawnSync(["node", ...args], { cwd: folder, env });
  const runner = ran.stdout.toString();
  expect(runner).toContain("SF:order.mjs");
  const loaded = (await import(file)) as { readonly order: (ctx: unknown, n: number) => Promise<string> };
  await using t = testWorkflow(workflow({ name: "order" }, loaded.order as never));
  await t.start(1 as never);
  await t.approve("boss");
  const harness = (await t.coverage({ source: file })).lcov();
  const merged = mergeLcov(runner, harness, folder).split("\n");
  const found = merged.filter((line) => line.startsWith("SF:"));
  expect(found.filter((line) => line.endsWith("order.mjs"))).toHaveLength(1);
  const mine = merged.slice(merged.indexOf(found[0] ?? ""), merged.indexOf("end_of_record"));
  // Never taken in plain code: big on line 2, the block of line 3, none on line 5; of durable calls: denied on line 4.
  const never = mine
    .filter((line) => line.startsWith("BRDA:") && line.endsWith(",0"))
    .map((line) => line.slice(5).split(",")[0]);
  expect(never.toSorted((a, b) => Number(a) - Number(b))).toEqual(["2", "3", "4", "5"]);
  const places = mine.filter((line) => line.startsWith("BRDA:")).map((line) => line.split(",").slice(0, 3).join());
  expect(new Set(places).size).toBe(places.length);
  expect(mine).toContain("FNDA:1,order");
  expect(mine).toContain("DA:3,1");
  expect(mine.filter((line) => line.startsWith("LF:"))).toEqual(["LF:6"]);
  expect(merged).toContain("SF:order.test.mjs");
});

test("files of one side stay, a line has the greater count, and nothing is what it was not", () => {
  const one = "TN:\nSF:src/a.ts\nFN:1,f\nFNDA:2,f\nBRDA:1,0,0,2\nBRDA:1,0,1,0\nDA:1,2\nDA:2,0\nend_of_record\n";
  const other = "TN:\nSF:/p/src/a.ts\nBRDA:2,0,0,-\nDA:2,3\nend_of_record\nTN:\nSF:b.ts\nDA:9,0\nend_of_record\n";
  expect(mergeLcov(one, other, "/p")).toBe(
    [
      "TN:\nSF:src/a.ts\nFN:1,f\nFNDA:2,f\nBRDA:1,0,0,2\nBRDA:1,0,1,0\nBRDA:2,1,0,-\nBRF:3\nBRH:1",
      "DA:1,2\nDA:2,3\nLF:2\nLH:2\nend_of_record",
      "TN:\nSF:b.ts\nBRF:0\nBRH:0\nDA:9,0\nLF:1\nLH:0\nend_of_record\n",
    ].join("\n"),
  );
  expect(mergeLcov("", "", "/p")).toBe("");
});
