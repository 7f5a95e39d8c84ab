import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { workflow } from "@sluice/sdk";
import { Coverage } from "./coverage.ts";
import { scanCalls } from "./scan-calls.ts";
import { testWorkflow } from "./workflow-test.ts";

const order = workflow({ name: "order" }, async (ctx, input: { readonly rush: boolean }) => {
  await ctx.map([1, 2], (item) => ctx.step(`check ${item}`, () => item));
  if (input.rush) await ctx.step("rush", () => 1);
  // await ctx.step("not code", () => 1);
  const first = await ctx.race({ paid: ctx.waitFor("paid"), expired: (branch) => branch.sleep("expiry", "1 day") });
  const { approved } = await ctx.approve("boss", { timeout: "1 day" });
  return { winner: first.winner, approved };
});

describe("coverage", () => {
  test("says which calls were made, which were not, and which way decisions went", async () => {
    await using t = testWorkflow(order);
    await t.start({ rush: false });
    await t.emit("paid");
    await t.approve("boss");
    const report = await t.coverage({ source: import.meta.url });
    expect(report.text().replaceAll(/, line \d+/g, "")).toBe(
      [
        "order: 1 run",
        '      2× step "check ${item}"',
        '   never step "rush"',
        '      1× event "paid"',
        '      1× sleep "expiry"',
        '      1× approval "boss"',
        "      1×   approved",
        "   never   denied",
        "   never   timed out",
        '      1× race "race"',
        "      1×   paid",
        "   never   expired",
        "Steps 83% (5 of 6), branches 40% (2 of 5).",
        "",
      ].join("\n"),
    );
    const lines = readFileSync(import.meta.path, "utf8").split("\n");
    for (const call of report.workflows[0]?.calls ?? []) {
      if (call.kind !== "race") expect(lines[(call.line ?? 0) - 1]).toContain(call.name);
    }
  });

  test("is gathered over the tests of a file, and can begin anew", async () => {
    const coverage = new Coverage({ source: import.meta.path, steps: ["known otherwise"] });
    const runs = [
      (t: ReturnType<typeof testWorkflow<typeof order>>) => t.deny("boss"),
      (t: ReturnType<typeof testWorkflow<typeof order>>) => t.advance("2 days"),
    ];
    for (const decide of runs) {
      await using t = testWorkflow(order, { coverage });
      await t.start({ rush: true });
      await t.advance("1 day");
      await decide(t);
    }
    const report = coverage.report();
    expect(report).toMatchObject({ steps: { covered: 6, total: 7 }, branches: { covered: 3, total: 5 } });
    expect(report.text()).toContain('never step "known otherwise"');
    coverage.reset();
    expect(coverage.report()).toMatchObject({ steps: { covered: 0, total: 7 }, branches: { covered: 0, total: 5 } });
  });

  test("as lcov has a line for each call and a branch for each outcome", async () => {
    await using t = testWorkflow(order);
    await t.start({ rush: false });
    await t.emit("paid");
    const text = (await t.coverage({ source: import.meta.path })).lcov();
    const at = (needle: string) =>
      readFileSync(import.meta.path, "utf8")
        .split("\n")
        .findIndex((line) => line.includes(needle)) + 1;
    const lines = text.split("\n");
    expect(lines.slice(0, 2)).toEqual(["TN:", `SF:${import.meta.path}`]);
    expect(lines.at(-2)).toBe("end_of_record");
    expect(lines).toContain(`DA:${at('"rush", ()')},0`);
    expect(lines).toContain(`DA:${at("check ${item}")},2`);
    expect(lines).toContain(`BRDA:${at('"boss", { timeout')},0,0,0`);
    expect(lines).toContain("LF:4");
    expect(lines).toContain("LH:3");
    expect(lines).toContain("BRF:3");
    const bare = await t.coverage();
    expect(() => bare.lcov()).toThrow("pass the file");
  });
});

test("calls are found where they are spelled out, not in comments", () => {
  const found = scanCalls(
    [
      'await ctx.step("a", f);',
      "/* ctx.step('b', f) */ ctx.sleep('1 day'); // ctx.step('c')",
      "branch.waitFor<{ x: 1 }>('go', {});",
      "list.map('x', y); other.steps('no');",
      "ctx.step(",
      "  `page ${n}`,",
      "  f);",
    ].join("\n"),
  );
  expect(found.map(({ kind, name, line }) => [kind, name, line])).toEqual([
    ["step", "a", 1],
    ["event", "go", 3],
    ["step", "page ${n}", 6],
  ]);
  expect(found[2]?.fits("page 7")).toBe(true);
});
