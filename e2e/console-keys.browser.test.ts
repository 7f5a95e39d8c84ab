// The console without a mouse: every screen is reached, gone through and left by keys, the palette opens what it finds and
// runs what a screen can do; ten tabs share one connection; nothing moves for those who asked for that.

import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { complaintsOf, describeInBrowser, launchBrowser, openProfile, settled } from "./browser.ts";
import type { Look } from "./browser.ts";
import { makeData, startConsole } from "./console-data.ts";
import type { ConsoleData } from "./console-data.ts";
import { call, killAll } from "./server-process.ts";
import type { ServerProcess } from "./server-process.ts";

const tabs = 10;
/** Stops of the tab key on one screen; past them something catches the focus. */
const stopsMax = 400;

describeInBrowser("the console by keys", () => {
  const folder = mkdtempSync(join(tmpdir(), "sluice-console-"));
  let server: ServerProcess;
  let browser: Browser;
  let data: ConsoleData;

  beforeAll(async () => {
    [server, browser] = await Promise.all([startConsole({ data: folder, args: ["--no-auth"] }), launchBrowser()]);
    data = await makeData(server);
  });
  afterAll(async () => {
    await browser?.close();
    if (server !== undefined) await killAll(server);
    rmSync(folder, { recursive: true, force: true });
  });

  async function onPage(path: string, use: (page: Page) => Promise<void>, look: Look = {}) {
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

  const palette = (page: Page) => page.getByRole("combobox", { name: "Search and run" });
  const press = async (page: Page, ...keys: readonly string[]) => {
    for (const key of keys) await page.keyboard.press(key);
  };
  /** What has the focus: its role and words, and whether it is seen. */
  const focused = async (page: Page) =>
    page.evaluate<{ name: string; seen: boolean; outlined: boolean }>(`(() => {
      const element = document.activeElement;
      const box = element.getBoundingClientRect();
      const { outlineStyle, boxShadow } = getComputedStyle(element);
      return {
        name: element.tagName + " " + (element.getAttribute("aria-label") ?? element.textContent).slice(0, 60),
        seen: element !== document.body && box.width > 0 && box.height > 0,
        outlined: outlineStyle !== "none" || boxShadow !== "none",
      };
    })()`);

  test("reaches every screen by its keys", async () => {
    await onPage("/search", async (page) => {
      await page.getByRole("heading", { name: "Search", level: 1 }).waitFor();
      await page.evaluate("document.activeElement.blur()");
      for (const [key, path] of [
        ["h", "/"],
        ["w", "/workflows"],
        ["r", "/runs"],
        ["a", "/approvals"],
        ["e", "/events"],
        ["s", "/schedules"],
        ["t", "/state"],
        ["o", "/workers"],
        ["m", "/metrics"],
        [",", "/settings/appearance"],
      ] as const) {
        await press(page, "g", key);
        await page.waitForURL(server.url + path);
        await settled(page);
      }
    });
  });

  const stops: readonly (readonly [string, () => string])[] = [
    ["home", () => "/"],
    ["workflows", () => "/workflows"],
    ["a workflow", () => "/workflows/order"],
    ["its graph", () => "/workflows/order?tab=graph"],
    ["the form that starts a run", () => "/workflows/order/start"],
    ["runs", () => "/runs"],
    ["a run", () => `/runs/${data.failedRun}?step=0`],
    ["a run's graph", () => `/runs/${data.completedRun}?tab=graph`],
    ["approvals", () => "/approvals"],
    ["events", () => "/events"],
    ["schedules", () => "/schedules"],
    ["the calendar", () => "/schedules?tab=calendar"],
    ["state", () => "/state"],
    ["workers", () => "/workers"],
    ["metrics", () => "/metrics"],
    ["settings", () => "/settings/server"],
  ];
  test.each(stops)("goes through all of %s by the tab key, and shows where it is", async (_name, path) => {
    await onPage(path(), async (page) => {
      await page.evaluate(`document.activeElement.blur();
        document.addEventListener("focusin", ({ target }) => target.setAttribute("data-visited", ""));`);
      const seen = new Set<string>();
      for (let stop = 0; stop < stopsMax; stop++) {
        await page.keyboard.press("Tab");
        const at = await focused(page);
        // Past the last one the focus leaves the page.
        if (at.name.startsWith("BODY")) break;
        seen.add(at.name);
        expect(at).toMatchObject({ name: at.name, seen: true, outlined: true });
      }
      expect(seen.size).toBeGreaterThan(5);
      expect(seen.size).toBeLessThan(stopsMax);
      const missed = await page.evaluate<string[]>(`[...document.querySelectorAll(
        "main a[href], main button, main input, main textarea, main [role=combobox], main [tabindex='0']"
      )].filter((element) => element.tabIndex >= 0 && element.disabled !== true && element.checkVisibility()
        && !element.hasAttribute("data-visited")).map(({ outerHTML }) => outerHTML.slice(0, 200))`);
      expect(missed).toEqual([]);
    });
  });

  test("the palette opens what it finds of every noun", async () => {
    await onPage("/", async (page) => {
      for (const [text, hit, path] of [
        [data.completedRun, data.completedRun, `/runs/${data.completedRun}`],
        ["shipping", "shipping", "/workflows/shipping"],
        ["payment.rec", "payment.received", "/events?name=payment.received"],
        ["nightly", "report:nightly", "/schedules?schedule=report%3Anightly"],
        ["revenue", "revenue", "/state?scope=global&key=revenue"],
        ["manager", "manager", `/approvals?run=${data.waitingRun}`],
        ["retention", "retention", "/settings/server"],
      ] as const) {
        await press(page, "ControlOrMeta+k");
        await palette(page).fill(text);
        await page.getByRole("option").filter({ hasText: hit }).first().waitFor();
        await page.keyboard.press("Enter");
        await page.waitForURL((url) => url.href.startsWith(server.url + path));
        await page.getByRole("dialog", { name: "Search and run" }).waitFor({ state: "detached" });
        await page.goto(server.url);
        await settled(page);
      }
    });
  });

  test("the palette runs what the open screen can do", async () => {
    const { body } = (await call<{ run: { id: string } }>(server, "POST /api/v1/workflows/order/runs", {
      input: { id: "o-palette", total: 9_000, holdSeconds: 0 },
    })) ?? { body: { run: { id: "" } } };
    await onPage(`/runs/${body.run.id}`, async (page) => {
      const run = async (text: string, option: string) => {
        await press(page, "ControlOrMeta+k");
        await palette(page).fill(text);
        await page.getByRole("option", { name: option }).first().waitFor();
        await page.keyboard.press("Enter");
      };
      await run("show journal", "Show journal");
      await page.waitForURL("**?tab=journal");
      await page.getByRole("grid", { name: "Journal" }).getByText("manager").waitFor();
      await run("cancel", "Cancel…");
      await page.getByRole("button", { name: "Cancel the run" }).waitFor();
      await page.getByRole("textbox", { name: "Reason" }).fill("by the palette");
      await press(page, "Tab");
      await page.getByRole("button", { name: "Cancel the run" }).press("Enter");
      await page.getByText("Cancelled").first().waitFor();
      const shown = await call<{ run: { status: string } }>(server, `GET /api/v1/runs/${body.run.id}?wait=20s`);
      expect(shown?.body.run.status).toBe("cancelled");
      // What another screen can do is not offered here.
      await press(page, "ControlOrMeta+k");
      await palette(page).fill("retry all that match");
      await page.getByText("Nothing fits.").waitFor();
    });
  });

  test("ten tabs share one connection, and all of them hear what happens", async () => {
    const profile = await openProfile(browser);
    try {
      const opened: string[] = [];
      const pages: Page[] = [];
      for (let tab = 0; tab < tabs; tab++) {
        const page = await profile.newPage();
        page.on("websocket", () => opened.push(`tab ${tab}`));
        await page.goto(`${server.url}/runs`);
        await page.getByRole("status", { name: "Connection: Live" }).waitFor();
        pages.push(page);
      }
      expect(opened).toEqual(["tab 0"]);
      await call(server, "POST /api/v1/workflows/report/runs?wait=20s", { input: {} });
      for (const page of pages) await page.getByRole("button", { name: "Show 1 new" }).waitFor();
      // The one that has it goes, and the next one to have it is one of the others.
      const heir = Promise.any(pages.slice(1).map((page) => page.waitForEvent("websocket", { timeout: 20_000 })));
      await pages[0]?.close();
      await heir;
      for (const page of pages.slice(1)) await page.getByRole("status", { name: "Connection: Live" }).waitFor();
      await call(server, "POST /api/v1/workflows/report/runs?wait=20s", { input: {} });
      for (const page of pages.slice(1)) await page.getByRole("button", { name: "Show 2 new" }).waitFor();
      expect(opened).toHaveLength(2);
    } finally {
      await profile.close();
    }
  });

  test("nothing moves for those who asked for that, and what moves otherwise does", async () => {
    const movingMs = async (reducedMotion: "reduce" | "no-preference") => {
      const profile = await openProfile(browser);
      const page = await profile.newPage();
      await page.emulateMedia({ reducedMotion });
      // Answers are held back, so that the skeletons stay.
      await page.route("**/api/v1/runs?**", () => undefined);
      await page.goto(`${server.url}/runs`);
      await page.locator(".skeleton").first().waitFor();
      await press(page, "?");
      await page.getByRole("dialog", { name: "Keyboard shortcuts" }).waitFor();
      const longest = await page.evaluate<number>(`Math.max(...document.getAnimations({ subtree: true }).map(
        ({ effect }) => effect.getComputedTiming().activeDuration), 0)`);
      const declared =
        await page.evaluate<number>(`Math.max(...[...document.querySelectorAll("*")].flatMap((element) => {
        const { animationDuration, transitionDuration } = getComputedStyle(element);
        return [animationDuration, transitionDuration].flatMap((list) => list.split(",").map((text) => parseFloat(text) * 1000));
      }))`);
      await profile.close();
      return { longest, declared };
    };
    const still = await movingMs("reduce");
    expect(still.longest).toBeLessThanOrEqual(1);
    expect(still.declared).toBeLessThanOrEqual(1);
    const moving = await movingMs("no-preference");
    expect(moving.declared).toBeGreaterThan(100);
    expect(moving.longest).toBe(Infinity);
  });

  test("asks once for what the page's head has asked for already, and has the scripts of its screen along", async () => {
    const profile = await openProfile(browser);
    try {
      const page = await profile.newPage();
      const asked: string[] = [];
      page.on("request", (request) => asked.push(new URL(request.url()).pathname));
      await page.goto(`${server.url}/runs`);
      await page.getByRole("grid", { name: "Runs" }).getByRole("row").nth(1).waitFor();
      const times = (path: string) => asked.filter((each) => each === path).length;
      expect([times("/api/v1/auth/me"), times("/api/v1/runs")]).toEqual([1, 1]);
      const scripts = asked.filter((path) => path.endsWith(".js"));
      expect(new Set(scripts).size).toBe(scripts.length);
      // Before the console has run, and so before it could have asked for it.
      const screen = asked.findIndex((path) => path.includes("/runs-page-"));
      expect(screen).toBeGreaterThan(0);
      expect(screen).toBeLessThan(asked.indexOf("/api/v1/workflows"));
      expect(await page.locator('link[rel=modulepreload][href*="/runs-page-"]').count()).toBe(1);
      // Those who come to another screen ask as they always did.
      await page.goto(`${server.url}/runs?status=failed`);
      await page.getByRole("grid", { name: "Runs" }).getByRole("row").nth(1).waitFor();
      expect(times("/api/v1/runs")).toBe(2);
    } finally {
      await profile.close();
    }
  });

  test("has its frame before any script of its own has come", async () => {
    const profile = await openProfile(browser);
    try {
      const page = await profile.newPage();
      await page.route("**/assets/main-*.js", () => undefined);
      await page.goto(`${server.url}/runs`, { waitUntil: "commit" });
      const frame = page.locator("#frame");
      await frame.getByText("Sluice").waitFor();
      const box = await page.locator("#frame-side").boundingBox();
      await page.unrouteAll({ behavior: "ignoreErrors" });
      await page.reload();
      await settled(page);
      expect(await frame.count()).toBe(0);
      // What takes its place stands where it stood.
      const side = await page.getByRole("navigation", { name: "Main" }).boundingBox();
      expect(box).toMatchObject({ x: side?.x, y: side?.y, width: side?.width, height: side?.height });
      await page.goto(`${server.url}/approve/nothing`);
      await page.getByText("This link leads to nothing").waitFor();
      expect(await page.evaluate("document.documentElement.dataset.frame")).toBe("none");
    } finally {
      await profile.close();
    }
  });
});
