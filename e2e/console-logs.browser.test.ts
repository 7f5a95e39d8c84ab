// Logs in a real browser: searched, narrowed by a click, counted, and followed as they come.

import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { complaintsOf, describeInBrowser, launchBrowser, openProfile, seriousProblems, settled } from "./browser.ts";
import { startConsole } from "./console-data.ts";
import { call, killAll } from "./server-process.ts";
import type { ServerProcess } from "./server-process.ts";

const hostile = "<script>alert(1)</script>\u202Egnp.exe\u001B[31m";

describeInBrowser("logs", () => {
  const folder = mkdtempSync(join(tmpdir(), "sluice-console-logs-"));
  let server: ServerProcess;
  let browser: Browser;
  let page: Page;
  let complaints: readonly string[];
  const write = (service: string, entries: readonly object[]) =>
    call(server, "POST /api/v1/logs", { labels: { service }, entries });

  beforeAll(async () => {
    [server, browser] = await Promise.all([
      startConsole({ data: join(folder, "data"), args: ["--no-auth"] }),
      launchBrowser(),
    ]);
    await write("api", [
      { message: "a request timed out", level: "error", route: "/pay", ms: 900 },
      { message: hostile, level: "info", route: "/cart", ms: 5 },
    ]);
    await write("web", [{ message: "a page was drawn", level: "info" }]);
    page = await (await openProfile(browser)).newPage();
    complaints = complaintsOf(page);
  });
  afterAll(async () => {
    await browser?.close();
    if (server !== undefined) await killAll(server);
    rmSync(folder, { recursive: true, force: true });
  });

  const rows = () => page.getByRole("region", { name: "Entries" }).getByRole("listitem");

  test("are searched, with a histogram over them, and what is odd in them does nothing", async () => {
    await page.goto(`${server.url}/logs`);
    await settled(page);
    await rows().nth(2).waitFor();
    expect(await page.getByRole("figure", { name: "Entries over time: 3" }).count()).toBe(1);
    expect(await seriousProblems(page)).toEqual([]);
    await page.getByRole("textbox", { name: "Query" }).fill("service:=api");
    await page.keyboard.press("Enter");
    await page.getByRole("figure", { name: "Entries over time: 2" }).waitFor();
    await rows().filter({ hasText: "page was drawn" }).waitFor({ state: "detached" });
    expect(await rows().count()).toBe(2);
  });

  test("are narrowed by what one of them carries", async () => {
    await rows().filter({ hasText: "timed out" }).getByRole("button").click();
    const drawer = page.getByRole("dialog", { name: "Entry" });
    await drawer.getByRole("listitem").filter({ hasText: "route" }).getByRole("button", { name: "Only this" }).click();
    await page.getByRole("figure", { name: "Entries over time: 1" }).waitFor();
    expect(await page.getByRole("textbox", { name: "Query" }).inputValue()).toBe("service:=api route:=/pay");
  });

  test("are counted, and a query that cannot be read says where", async () => {
    const query = page.getByRole("textbox", { name: "Query" });
    await query.fill("* | stats by (level) count() as n");
    await page.keyboard.press("Enter");
    await page.getByRole("region", { name: "Rows" }).getByRole("cell", { name: "error" }).waitFor();
    await query.fill("a | nothing");
    await page.keyboard.press("Enter");
    expect(await page.getByRole("alert").first().textContent()).toContain("character 5");
  });

  test("are followed as they come", async () => {
    await page.goto(`${server.url}/logs?live=true&q=service%3A%3Dweb`);
    await rows().filter({ hasText: "a page was drawn" }).waitFor();
    await write("api", [{ message: "not for this tail" }]);
    await write("web", [{ message: "another page was drawn" }]);
    await rows().filter({ hasText: "another page" }).waitFor();
    expect(await rows().count()).toBe(2);
    expect(complaints.filter((each) => !each.includes("400"))).toEqual([]);
  });

  test("are reached from the page of a run, whose own lines they hold", async () => {
    const input = { id: "o-1", total: 40, holdSeconds: 0 };
    const started = await call<{ readonly run: { readonly id: string } }>(
      server,
      "POST /api/v1/workflows/order/runs?wait=60s",
      { input },
    );
    const id = started?.body.run.id ?? "";
    await page.goto(`${server.url}/runs/${id}?tab=logs`);
    await page.getByRole("link", { name: "In the logs" }).click();
    await rows().filter({ hasText: "run created" }).waitFor();
    expect(await page.getByRole("textbox", { name: "Query" }).inputValue()).toBe(`run:=${id}`);
  });
});
