// What the console says of figures and of trouble, read off its pages: home, the list of workflows, schedules that were
// missed, events and who waits for them; skeletons while answers are on their way, and names that would like to do something.

import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { complaintsOf, describeInBrowser, launchBrowser, openProfile, settled, skeletons } from "./browser.ts";
import { aTurn, call, killAll, startServer, writeProject } from "./server-process.ts";
import type { ServerProcess } from "./server-process.ts";

const hostile = "<img src=x onerror=document.title='owned'>\u202Egnp\u001B[31m";
const hostileShown = "<img src=x onerror=document.title='owned'>⟨U+202E⟩gnp⟨ESC⟩[31m";

/** `later` is the version that is deployed after an outage; it has other code for what waits. */
const project = (later: boolean) => `import { NonRetryableError, schedule, workflow } from "sluice";

export const steady = workflow({ name: "shop/steady" }, async (ctx) => ctx.step("one", () => 1));
export const failing = workflow({ name: "shop/failing" }, async () => {
  throw new NonRetryableError("no stock");
});
export const idle = workflow({ name: "shop/idle" }, async () => 1);
export const fatal = workflow({ name: "shop/fatal" }, async (ctx) => ctx.step("exit", () => process.exit(7)));
export const waits = workflow({ name: "shop/waits" }, async (ctx, input) => {
  ${later ? 'await ctx.step("new", () => 1);' : ""}
  return ctx.waitFor("paid", { key: input.key ?? "o-1", match: { currency: "EUR" }, timeout: "2 days" });
});
export const often = workflow(
  { name: "shop/often", triggers: [schedule("*/2 * * * * *", { name: "second", catchUp: "all", catchUpMax: 5 })] },
  async () => 1,
);
`;

describeInBrowser("figures", () => {
  const folder = mkdtempSync(join(tmpdir(), "sluice-figures-"));
  let server: ServerProcess;
  let browser: Browser;
  let outageFrom = 0;

  const start = async (later: boolean) => {
    writeProject(join(folder, "project"), { "workflows/shop.ts": project(later) });
    const args = ["--no-auth", "--limit", "restartDelayMs=1", "--limit", "scheduleGraceMs=200"];
    server = await startServer({ project: join(folder, "project"), data: join(folder, "data"), args });
  };
  const ask = async <T>(what: string, body?: unknown): Promise<T> => {
    const answer = await call<T>(server, what, body);
    if (answer === undefined || answer.status >= 400) throw new Error(`${what}: ${JSON.stringify(answer?.body)}`);
    return answer.body;
  };
  const run = async (workflow: string, wait = "20s", input: object = {}) =>
    (
      await ask<{ run: { id: string } }>(`POST /api/v1/workflows/${encodeURIComponent(workflow)}/runs?wait=${wait}`, {
        input,
      })
    ).run.id;
  const reasonOf = async (id: string) =>
    (await ask<{ run: { statusReason: string | null } }>(`GET /api/v1/runs/${id}`)).run.statusReason;
  const untilReason = async (id: string, reason: string) => {
    while ((await reasonOf(id)) !== reason) await aTurn();
  };

  beforeAll(async () => {
    [browser] = await Promise.all([launchBrowser(), start(false)]);
    const [waiting, poisoned] = [await run("shop/waits", "0s"), await run("shop/fatal", "0s")];
    for (let made = 0; made < 3; made++) await run("shop/steady");
    await run("shop/failing");
    await Promise.all([untilReason(waiting, "waiting_for_event"), untilReason(poisoned, "poison")]);
    await killAll(server);
    outageFrom = Date.now();
    // The code that the waiting run began with is gone, and two times of the schedule go by.
    for (const kind of ["blobs", "code"]) rmSync(join(folder, "data", kind), { recursive: true, force: true });
    while (Date.now() < outageFrom + 4_500) await aTurn();
    await start(true);
    await ask("POST /api/v1/events", { name: "paid", key: "o-1", payload: { currency: "EUR" } });
    await untilReason(waiting, "version_unavailable");
  }, 60_000);
  afterAll(async () => {
    await browser?.close();
    if (server !== undefined) await killAll(server);
    rmSync(folder, { recursive: true, force: true });
  });

  async function onPage(path: string, use: (page: Page) => Promise<void>) {
    const profile = await openProfile(browser);
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

  interface Overview {
    readonly day: { readonly completed: number; readonly p50Ms: number; readonly p95Ms: number };
    readonly disk: { readonly freeBytes: number };
  }

  test("of the last day and of the server stand on the first page", async () => {
    await onPage("/", async (page) => {
      const day = page.getByRole("region", { name: "Last 24 hours" });
      const lines = (await day.innerText()).split("\n").filter((line) => line !== "");
      /** What stands below a label: the figure, and what it says of it. */
      const figure = (label: string) => lines.slice(lines.indexOf(label) + 1);
      const { day: wanted } = await ask<Overview>("GET /api/v1/overview");
      const [completed] = figure("Completed");
      expect(Number(completed)).toBeGreaterThanOrEqual(3);
      expect(Number(completed)).toBeLessThanOrEqual(wanted.completed);
      // One failed of those that ended.
      const [success, failed] = figure("Success");
      expect(success).toMatch(/^\d\d(\.\d)?%$/);
      expect(failed).toBe("1 failed");
      for (const label of ["Duration p50", "Duration p95"]) expect(figure(label)[0]).toMatch(/^[\d.<]+m?s$/);
      expect(figure("Queue")[0]).toBe("0");
      expect(Number(figure("Unfinished")[0])).toBeGreaterThanOrEqual(2);
      const server_ = await page.getByRole("region", { name: "Server" }).innerText();
      expect(server_).toMatch(/Workers\s+\d serving/);
      expect(server_).toMatch(/Disk\s+[\d.]+ [GT]B free/);
      await page
        .getByRole("group", { name: "Runs by hour" })
        .getByRole("link", { name: /1 failed/ })
        .waitFor();
    });
  });

  test("runs that bring their worker down, and those whose code is gone, are named on the first page", async () => {
    await onPage("/", async (page) => {
      const needs = page.getByRole("region", { name: "Needs you" });
      await needs.getByText("1 run brings its worker down").waitFor();
      await needs.getByText("1 run waits for its version").waitFor();
      await needs.getByText("1 run failed").waitFor();
      await needs.getByText("1 run brings its worker down").click();
      await page.waitForURL("**/runs?status=waiting*");
      await page.getByRole("grid", { name: "Runs" }).getByText("shop/fatal").waitFor();
    });
  });

  test("of each workflow are its health in a word and its day as a small picture", async () => {
    await onPage("/workflows", async (page) => {
      const row = (name: string) => page.getByRole("row").filter({ hasText: name });
      await row("shop/steady").getByText("Good", { exact: true }).waitFor();
      await row("shop/failing").getByText("Failing", { exact: true }).waitFor();
      await row("shop/idle").getByText("Idle", { exact: true }).waitFor();
      const day = row("shop/failing").getByRole("img", { name: "1 runs in the last 24 hours, 1 failed" });
      await day.waitFor();
      // A bar for each hour; the one in which it failed has a mark on it.
      expect(await day.locator("g").count()).toBe(24);
      expect(await day.locator("rect.fill-chart-3").count()).toBe(1);
      expect(await row("shop/steady").getByRole("img").locator("rect.fill-chart-3").count()).toBe(0);
    });
  });

  test("of a workflow's duration are drawn, read by keys and said in words", async () => {
    await onPage("/workflows/shop%2Fsteady", async (page) => {
      const chart = page.getByRole("slider", { name: "Duration of runs by hour" });
      await chart.locator("canvas").waitFor();
      expect(await chart.getAttribute("aria-valuetext")).toMatch(/^\d\d:\d\d: p50 [\d.<]+m?s, p95 [\d.<]+m?s$/);
      await chart.focus();
      await page.keyboard.press("ArrowLeft");
      expect(await chart.getAttribute("aria-valuenow")).toBe("22");
      expect(await chart.getAttribute("aria-valuetext")).toMatch(/p50 –, p95 –$/);
      await page.keyboard.press("End");
      expect(await chart.getAttribute("aria-valuenow")).toBe("23");
      const drawn = `(() => {
        const canvas = document.querySelector("[role=slider] canvas");
        return canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data.some((byte) => byte > 0);
      })()`;
      expect(await page.evaluate(drawn)).toBe(true);
    });
  });

  test("times that were missed are caught up as the schedule says, and the calendar shows it", async () => {
    await onPage("/schedules", async (page) => {
      const list = page.getByRole("grid", { name: "Schedules" });
      await list.getByText("A run for each missed time, up to 5").waitFor();
      await list.getByText("shop/often").click();
      await page.getByRole("dialog").getByText("A run for each missed time, up to 5").waitFor();
      await page.keyboard.press("Escape");
      const made = await ask<{ times: readonly { at: number; status: string }[] }>(
        `GET /api/v1/schedule-times?from=${outageFrom}&to=${outageFrom + 4_000}`,
      );
      expect(made.times.map(({ status }) => status)).toContain("caught_up");
      await page.goto(`${server.url}/schedules?tab=calendar`);
      await settled(page);
      await page
        .getByRole("table", { name: "Calendar" })
        .getByRole("button", { name: /caught up.*shop\/often/ })
        .first()
        .click();
      await page
        .getByRole("dialog")
        .getByText(/^Caught up · Completed$/)
        .first()
        .waitFor();
    });
  });

  test("events are searched by name in the URL, and say who waits for one", async () => {
    for (let number = 0; number < 3; number++)
      await ask("POST /api/v1/events", { name: `stock.${number}`, payload: {} });
    await ask("POST /api/v1/events", { name: "noise", payload: { at: 1 } });
    const waiting = await run("shop/waits", "0s", { key: "o-2" });
    await untilReason(waiting, "waiting_for_event");
    await onPage("/events", async (page) => {
      const list = page.getByRole("grid", { name: "Events" });
      await list.getByText("noise").waitFor();
      await page.getByRole("button", { name: "Filter", exact: true }).click();
      await page.getByRole("menuitem", { name: "Name" }).click();
      await page.getByRole("textbox", { name: "Name" }).fill("stock.1");
      await page.keyboard.press("Enter");
      await page.waitForURL("**/events?name=stock.1");
      await list.getByText("noise").waitFor({ state: "detached" });
      await list.getByText("stock.1").waitFor();
      expect(await list.getByRole("row").count()).toBe(2);
      await page.goto(`${server.url}/events?tab=waits`);
      const row = page.getByRole("grid", { name: "Waiting runs" }).getByRole("row").filter({ hasText: waiting });
      await row.getByText("paid", { exact: true }).waitFor();
      await row.getByText("o-2").waitFor();
      await row.getByText('{"currency":"EUR"}').waitFor();
      await row.click();
      await page.waitForURL(`**/runs/${waiting}`);
    });
  });

  test.each(["/", "/workflows", "/runs", "/approvals", "/events", "/schedules", "/state", "/workers", "/metrics"])(
    "%s has the shape of what comes while answers are on their way, and no spinner",
    async (path) => {
      const profile = await openProfile(browser);
      const page = await profile.newPage();
      const answers = Promise.withResolvers<void>();
      await page.route(/\/(?:api\/v1\/(?!auth|live)|metrics)/, async (route) => {
        // The page itself is at the same path as its figures.
        if (route.request().resourceType() !== "document") await answers.promise;
        await route.continue();
      });
      await page.goto(server.url + path);
      await page.locator(skeletons).first().waitFor();
      await page.getByRole("status", { name: "Loading" }).first().waitFor();
      expect(await page.locator("main .animate-spin").count()).toBe(0);
      answers.resolve();
      await page.locator("main").locator(skeletons).first().waitFor({ state: "detached" });
      await page.close();
      await profile.close();
    },
  );

  test("no workflow can be named so that it does something, and such a name in a link is text", async () => {
    writeProject(join(folder, "evil"), {
      "workflows/evil.ts": `import { workflow } from "sluice";\nexport const evil = workflow({ name: ${JSON.stringify(hostile)} }, async () => 1);\n`,
    });
    const up = startServer({ project: join(folder, "evil"), data: join(folder, "evil-data"), args: ["--no-auth"] });
    const refusal = up.then(
      async (evil) => [await evil.exited, evil.stderr()].join(" "),
      (error: unknown) => String(error),
    );
    expect(await refusal).toContain("cannot be named");
    const name = encodeURIComponent(hostile);
    await onPage("/", async (page) => {
      for (const path of [
        `/runs?workflow=${name}`,
        `/workflows/${name}`,
        `/workflows/${name}/start`,
        `/runs/${name}`,
        `/runs/compare?a=${name}`,
        `/events?name=${name}`,
        `/state?prefix=${name}`,
        `/schedules?workflow=${name}&schedule=${name}`,
        `/search?q=${name}`,
      ]) {
        await page.goto(server.url + path);
        await page.locator("main h1, main h2").first().waitFor();
        await page.getByText("There is nothing here").or(page.locator("h1").first()).first().waitFor();
        await settled(page);
        const found = await page.evaluate<{ images: number; title: string; text: string }>(`({
          images: document.querySelectorAll("img[src=x]").length,
          title: document.title,
          text: document.body.innerText + [...document.querySelectorAll("[aria-label]")].map((each) => each.ariaLabel).join(),
        })`);
        expect({ path, images: found.images }).toEqual({ path, images: 0 });
        expect(found.title).not.toBe("owned");
        for (const character of ["\u202e", "\u001b"])
          expect([path, found.text.includes(character)]).toEqual([path, false]);
      }
      await page.goto(`${server.url}/runs?workflow=${name}`);
      await page.getByText(hostileShown).first().waitFor();
    });
  });
});
