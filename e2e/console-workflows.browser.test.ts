// Home, workflows and the form that starts a run, in a real browser over a real server: what is clicked and typed arrives,
// what the server says is shown where it belongs, and the lines to copy do what the form does.

import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { complaintsOf, describeInBrowser, launchBrowser, openProfile, seriousProblems, settled } from "./browser.ts";
import type { Look } from "./browser.ts";
import { call, killAll, startServer, writeProject } from "./server-process.ts";
import type { ServerProcess } from "./server-process.ts";

const cli = join(import.meta.dir, "../packages/cli/src/main.ts");
const hostile = "<img src=x onerror=alert(1)> \\u202Eevil \\u001b[31m";

const project = `
import { NonRetryableError, schedule, webhook, workflow } from "sluice";
import { z } from "zod";

export const checkout = workflow(
  {
    name: "shop/checkout",
    description: "${hostile}",
    input: z.object({
      id: z.string().min(3).describe("${hostile}"),
      count: z.number().int().min(1).default(2),
      speed: z.enum(["slow", "fast"]).optional(),
      pay: z.discriminatedUnion("method", [
        z.object({ method: z.literal("card"), number: z.string().min(4) }),
        z.object({ method: z.literal("points"), points: z.number() }),
      ]),
      lines: z.array(z.object({ sku: z.string().min(1) })),
    }),
    triggers: [webhook("/checkout"), schedule("0 3 * * *", { name: "nightly", timezone: "UTC" })],
    timeout: "2 days",
    retention: { count: 500 },
  },
  async (ctx, input) => {
    await ctx.step("charge", () => 1);
    await ctx.step("ship", () => {
      if (input.id === "fail") throw new NonRetryableError("${hostile}");
      return input.id;
    });
    return input;
  },
);
export const ask = workflow({ name: "ask" }, async (ctx) => {
  await ctx.approve("boss");
});
export const quiet = workflow({ name: "quiet" }, async () => 1);
`;

const checkout = "/workflows/shop%2Fcheckout";

interface Started {
  readonly run: {
    readonly id: string;
    readonly input: unknown;
    readonly tags: readonly string[];
    readonly priority: number;
  };
}
const order = (id: string) => ({ id, count: 1, pay: { method: "points", points: 5 }, lines: [{ sku: "a" }] });

describeInBrowser("home and workflows", () => {
  const folder = mkdtempSync(join(tmpdir(), "sluice-workflows-"));
  let server: ServerProcess;
  let browser: Browser;

  beforeAll(async () => {
    writeProject(join(folder, "project"), { "workflows/shop.ts": project });
    mkdirSync(join(folder, "project/node_modules"));
    symlinkSync(join(import.meta.dir, "../node_modules/zod"), join(folder, "project/node_modules/zod"));
    [server, browser] = await Promise.all([
      startServer({ project: join(folder, "project"), data: join(folder, "data"), args: ["--no-auth"] }),
      launchBrowser(),
    ]);
  });
  afterAll(async () => {
    await browser?.close();
    if (server !== undefined) await killAll(server);
    rmSync(folder, { recursive: true, force: true });
  });

  async function onPage(path: string, look: Look, use: (page: Page) => Promise<void>) {
    const profile = await openProfile(browser, look);
    try {
      const page = await profile.newPage();
      const complaints = complaintsOf(page);
      await page.goto(server.url + path);
      await settled(page);
      await use(page);
      expect(complaints).toEqual([]);
    } finally {
      await profile.close();
    }
  }

  async function runOf(page: Page): Promise<Started["run"]> {
    await page.waitForURL(/\/runs\/run_/);
    const shown = await call<Started>(server, `GET /api/v1${new URL(page.url()).pathname}`);
    if (shown === undefined) throw new Error("the server is gone");
    return shown.body.run;
  }

  /** Runs a line as a person would paste it. */
  async function paste(line: string) {
    const script = `sluice() { ${JSON.stringify(process.execPath)} ${JSON.stringify(cli)} "$@"; }\n${line}\n`;
    const child = Bun.spawn(["sh", "-c", script], { cwd: folder, stdout: "pipe", stderr: "pipe" });
    const [out, error, code] = await Promise.all([
      new Response(child.stdout).text(),
      new Response(child.stderr).text(),
      child.exited,
    ]);
    return { out, error, code };
  }

  const json = (page: Page) => page.getByRole("textbox", { name: "Input as JSON" });

  test("says how to start the first run, with lines that do it", async () => {
    await onPage("/", {}, async (page) => {
      await page.getByRole("heading", { name: "Start your first run" }).waitFor();
      const line = await page.getByRole("region", { name: "Command" }).innerText();
      const { out, error, code } = await paste(line);
      expect({ error, code }).toEqual({ error: "", code: 0 });
      expect(out).toContain("run_");
      // The page hears of it by itself.
      await page.getByRole("table", { name: "Latest runs" }).waitFor();
    });
  });

  test("starts a run from the form; the JSON beside it follows, and the form follows the JSON", async () => {
    await onPage("/workflows/shop%2Fcheckout/start", {}, async (page) => {
      await page.getByLabel("id", { exact: true }).fill("o'17 $x");
      await page.getByRole("combobox", { name: "Kind of pay" }).click();
      await page.getByRole("option", { name: "points" }).click();
      await page.getByLabel("points", { exact: true }).fill("7.5");
      await page.getByRole("button", { name: "Add to lines" }).click();
      await page.getByLabel("sku", { exact: true }).fill("s-1");
      const typed = { id: "o'17 $x", count: 2, pay: { method: "points", points: 7.5 }, lines: [{ sku: "s-1" }] };
      expect(JSON.parse(await json(page).inputValue())).toEqual(typed);
      await json(page).fill(JSON.stringify({ ...typed, count: 9 }));
      expect(await page.getByLabel("count (optional)").inputValue()).toBe("9");
      await json(page).fill("{");
      expect(await page.getByRole("button", { name: "Start run" }).isDisabled()).toBe(true);
      await json(page).fill(JSON.stringify({ ...typed, count: 9 }));
      await page.getByLabel("Tags (optional)").fill("a, b");
      await page.getByLabel("Priority (optional)").fill("4");
      await page.getByRole("button", { name: "Start run" }).click();
      const run = await runOf(page);
      expect(run).toMatchObject({ input: { ...typed, count: 9 }, tags: ["a", "b"], priority: 4 });
      await page.goBack();
      await page.getByRole("heading", { name: "Start shop/checkout" }).waitFor();
      await page.goto(`${server.url}/workflows/shop%2Fcheckout/start?run=${run.id}`);
      await json(page).waitFor();
      expect(JSON.parse(await json(page).inputValue())).toMatchObject({ id: "o'17 $x", count: 9 });
    });
  });

  test("shows what the server refuses at its field, until that is changed", async () => {
    await onPage("/workflows/shop%2Fcheckout/start", {}, async (page) => {
      await page.getByLabel("id", { exact: true }).fill("x");
      await page.keyboard.press("ControlOrMeta+Enter");
      const id = page.getByLabel("id", { exact: true });
      await page.getByRole("alert").filter({ hasText: "/pay/number" }).waitFor();
      expect(await id.getAttribute("aria-invalid")).toBe("true");
      await page.getByRole("button", { name: /^\/pay\/number/ }).click();
      expect(await page.evaluate("document.activeElement?.labels?.[0]?.textContent")).toBe("number");
      await id.fill("xyz");
      expect(await id.getAttribute("aria-invalid")).toBeNull();
      expect(await page.getByLabel("number", { exact: true }).getAttribute("aria-invalid")).toBe("true");
    });
  });

  test("copies lines that start the same run", async () => {
    await onPage("/workflows/shop%2Fcheckout/start", {}, async (page) => {
      const input = order('it\'s "$HOME" `x`\n🙂');
      await json(page).fill(JSON.stringify(input));
      await page.getByLabel("Idempotency key (optional)").fill("k'1");
      await page.getByLabel("Tags (optional)").fill("it's, $b");
      const command = await page.getByRole("region", { name: "Command" }).innerText();
      const first = await paste(`${command} --json`);
      expect({ error: first.error, code: first.code }).toEqual({ error: "", code: 0 });
      const { run } = JSON.parse(first.out) as Started;
      expect(run).toMatchObject({ input, tags: ["it's", "$b"] });
      await page.getByRole("tab", { name: "curl" }).click();
      const second = await paste(`${await page.getByRole("region", { name: "curl line" }).innerText()} -sS`);
      expect(second.error).toBe("");
      expect((JSON.parse(second.out) as Started & { created: boolean }).created).toBe(false);
      expect((JSON.parse(second.out) as Started).run.id).toBe(run.id);
    });
  });

  test("shows what needs somebody, and leads there", async () => {
    await call(server, "POST /api/v1/workflows/ask/runs", {});
    await call(server, "POST /api/v1/workflows/shop%2Fcheckout/runs?wait=30s", { input: order("fail") });
    await onPage("/", {}, async (page) => {
      const needs = page.getByRole("region", { name: "Needs you" });
      await needs.getByText(/approvals? (is|are) open/).waitFor();
      const failed = needs.getByText(/runs? failed/);
      const count = Number((await failed.innerText()).replaceAll(/\D/g, ""));
      await failed.click();
      await page.waitForURL("**/runs?status=failed&status=timedout&ended=24h");
      const rows = page.getByRole("grid", { name: "Runs" }).getByRole("row");
      await rows.nth(count).waitFor();
      // One is the head.
      expect(await rows.count()).toBe(count + 1);
      await page.goBack();
      await page.getByRole("group", { name: "Runs by hour" }).getByRole("link").last().focus();
      await page.keyboard.press("Enter");
      await page.waitForURL(/\/runs\?from=\d+&to=\d+/);
    });
  });

  test("keeps what the list is narrowed to in the URL, and opens by keys", async () => {
    await onPage("/workflows?sort=runs&trigger=webhook", {}, async (page) => {
      await page.getByRole("grid", { name: "Workflows" }).getByText("shop/checkout").waitFor();
      expect(await page.getByRole("grid", { name: "Workflows" }).getByRole("row").count()).toBe(2);
      await page.getByRole("button", { name: "Take away the filter Trigger" }).click();
      await page.getByRole("searchbox", { name: "Find a workflow" }).fill("qui");
      await page.waitForURL(({ searchParams }) => searchParams.toString() === "sort=runs&q=qui");
      await page.reload();
      await page.getByRole("grid", { name: "Workflows" }).getByText("quiet").waitFor();
      await page.getByRole("grid", { name: "Workflows" }).focus();
      await page.keyboard.press("Enter");
      await page.waitForURL("**/workflows/quiet");
      await page.getByText("It has not run yet").waitFor();
      await page.keyboard.press("s");
      await page.waitForURL("**/workflows/quiet/start");
      await page.keyboard.press("g");
      await page.keyboard.press("w");
      await page.waitForURL("**/workflows");
    });
  });

  test("shows a workflow's graph, triggers, versions and limits, each at its own address", async () => {
    await onPage("/workflows/shop%2Fcheckout?tab=graph", {}, async (page) => {
      await page.getByText(/inferred from \d+ runs?/).waitFor();
      await page.getByRole("button", { name: /ship/ }).click();
      await page.waitForURL("**node=step**");
      await page.getByRole("region", { name: "Step" }).getByText("ship").waitFor();
      await page.getByRole("tab", { name: "Triggers" }).click();
      await page.waitForURL("**tab=triggers");
      const times = page.getByRole("region", { name: "Schedule" }).getByRole("listitem");
      await times.last().waitFor();
      expect(await times.count()).toBe(5);
      expect(await page.getByRole("region", { name: "curl line" }).innerText()).toContain(
        `${server.url}/hooks/checkout`,
      );
      await page.getByRole("tab", { name: "Versions" }).click();
      await page.getByRole("table", { name: "Versions" }).getByText("current").waitFor();
      await page.getByRole("tab", { name: "Overview" }).click();
      await page.getByRole("region", { name: "Limits" }).getByText("2 days").waitFor();
      await page.getByRole("region", { name: "Limits" }).getByText("Kept the last 500").waitFor();
    });
  });

  test("says when there is no such workflow", async () => {
    await onPage("/workflows/nowhere", {}, async (page) => {
      await page
        .getByRole("alert")
        .getByText(/no workflow named/)
        .first()
        .waitFor();
    });
  });

  test("shows text from outside as text", async () => {
    await onPage("/workflows/shop%2Fcheckout/start", {}, async (page) => {
      await page.getByText("<img src=x onerror=alert(1)> ⟨U+202E⟩evil ⟨ESC⟩[31m").waitFor();
      expect(await page.locator('img[src="x"]').count()).toBe(0);
    });
  });

  test("has nothing serious for an accessibility checker, with errors at its fields and a step chosen", async () => {
    const looks: readonly Look[] = [
      { theme: "light", widthPx: 1440 },
      { theme: "dark", widthPx: 390 },
    ];
    for (const look of looks) {
      await onPage("/workflows/shop%2Fcheckout/start", look, async (page) => {
        await page.getByRole("button", { name: "Start run" }).click();
        await page.getByRole("alert").filter({ hasText: "/pay/number" }).waitFor();
        await page.getByRole("button", { name: "Add to lines" }).click();
        expect(await seriousProblems(page)).toEqual([]);
        await page.goto(`${server.url}/workflows/shop%2Fcheckout?tab=graph&node=step%3Aship`);
        await page.getByRole("region", { name: "Step" }).waitFor();
        expect(await seriousProblems(page)).toEqual([]);
      });
    }
  });

  test("fits every width without scrolling sideways", async () => {
    await onPage("/", { widthPx: 390 }, async (page) => {
      for (const path of [
        "/",
        "/workflows",
        checkout,
        `${checkout}?tab=triggers`,
        `${checkout}?tab=versions`,
        `${checkout}/start`,
      ]) {
        await page.goto(server.url + path);
        await settled(page);
        const over = await page.evaluate(
          "document.querySelector('main').scrollWidth - document.querySelector('main').clientWidth",
        );
        expect([path, over]).toEqual([path, 0]);
      }
    });
  });
});
