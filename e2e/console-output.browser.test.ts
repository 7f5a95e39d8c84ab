// What a run streams, and search attributes, in a real browser; attributes on the command line.

import { afterAll, beforeAll, expect, test } from "bun:test";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { complaintsOf, describeInBrowser, launchBrowser, openProfile, seriousProblems, settled } from "./browser.ts";
import { sluice } from "./cli-process.ts";
import { call, killAll, startServer, writeProject } from "./server-process.ts";
import type { ServerProcess } from "./server-process.ts";

const folder = mkdtempSync(join(tmpdir(), "sluice-output-"));
const gate = join(folder, "gate");
const project = `
import { existsSync } from "node:fs";
import { workflow } from "sluice";

export const story = workflow({ name: "story" }, async (ctx) => {
  await ctx.step("write", async () => {
    for (const word of ["Once", " upon", " <b>a</b>", " time"]) ctx.stream(word);
    while (!existsSync(${JSON.stringify(gate)})) await new Promise((resolve) => setTimeout(resolve, 5));
    ctx.stream(", the end");
  });
  ctx.stream({ words: 6 });
});
export const order = workflow(
  { name: "order", attributes: { amount: "number", vip: "boolean" } },
  async (ctx, input: { amount: number }) => {
    ctx.attributes.set({ amount: input.amount, vip: input.amount > 100 });
  },
);
`;

describeInBrowser("output and attributes", () => {
  let server: ServerProcess;
  let browser: Browser;
  let page: Page;
  let complaints: readonly string[];
  const start = async (workflow: string, input: unknown, wait = "0s"): Promise<string> => {
    const path = `POST /api/v1/workflows/${workflow}/runs?wait=${wait}`;
    return (await call<{ run: { id: string } }>(server, path, { input }))?.body.run.id ?? "";
  };

  beforeAll(async () => {
    writeProject(join(folder, "project"), { "workflows/story.ts": project });
    [server, browser] = await Promise.all([
      startServer({ project: join(folder, "project"), data: join(folder, "data"), args: ["--no-auth"] }),
      launchBrowser(),
    ]);
    page = await (await openProfile(browser)).newPage();
    complaints = complaintsOf(page);
  });
  afterAll(async () => {
    await browser?.close();
    if (server !== undefined) await killAll(server);
    rmSync(folder, { recursive: true, force: true });
  });

  test("what a run streams is shown as it comes, as text, and is still there later", async () => {
    const run = await start("story", null);
    await page.goto(`${server.url}/runs/${run}`);
    await settled(page);
    await page.getByRole("tab", { name: "Output" }).click();
    const output = page.getByRole("list", { name: "Streamed output" });
    await output.getByText("Once upon <b>a</b> time", { exact: true }).waitFor();
    await page.getByRole("tabpanel", { name: "Output" }).getByText("Live", { exact: true }).waitFor();
    expect(existsSync(gate)).toBe(false);
    writeFileSync(gate, "");
    await output.getByText("Once upon <b>a</b> time, the end", { exact: true }).waitFor();
    await output.getByText('{"words":6}').waitFor();
    await page.getByText("The run has ended").waitFor();
    expect(await seriousProblems(page)).toEqual([]);
    await page.reload();
    await output.getByText("Once upon <b>a</b> time, the end", { exact: true }).waitFor();
    await page.getByText("6 pieces").waitFor();
    expect(complaints).toEqual([]);
  });

  test("runs are found by attributes, in the filter and on the command line", async () => {
    const [small, large] = [await start("order", { amount: 7 }, "10s"), await start("order", { amount: 700 }, "10s")];
    const link = (run: string) => page.locator(`a[href$="/runs/${run}"]`);
    await page.goto(`${server.url}/runs`);
    await settled(page);
    await link(small).first().waitFor();
    await page.getByRole("button", { name: "Filter" }).first().click();
    await page.getByRole("menuitem", { name: "Attributes" }).click();
    const filter = page.getByRole("dialog").getByRole("textbox");
    await filter.fill("amount>100");
    await filter.press("Enter");
    await link(small).first().waitFor({ state: "detached" });
    await link(large).first().waitFor();
    expect(new URL(page.url()).searchParams.get("attr")).toContain("amount>100");
    expect(await seriousProblems(page)).toEqual([]);
    const listed = await sluice(["runs", "list", "--attr", "vip=true", "--url", server.url, "--json"]);
    const { runs } = JSON.parse(listed.stdout) as { readonly runs: readonly { readonly id: string }[] };
    expect(runs.map(({ id }) => id)).toEqual([large]);
    const wrong = await sluice(["runs", "list", "--attr", "amount>many", "--url", server.url]);
    expect(wrong.exitCode).toBe(2);
    expect(complaints).toEqual([]);
  });
});
