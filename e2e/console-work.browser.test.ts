// Approvals, events, schedules, state, workers and metrics in a real browser: what is clicked and typed there arrives at
// the server, links restore what was seen, and hostile text stays text.

import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import {
  complaintsOf,
  describeInBrowser,
  farLooks,
  launchBrowser,
  openProfile,
  seriousProblems,
  settled,
} from "./browser.ts";
import type { Look } from "./browser.ts";
import { startConsole } from "./console-data.ts";
import { call, killAll } from "./server-process.ts";
import type { ServerProcess } from "./server-process.ts";

const hostile = '<img src=x onerror="alert(1)">\u202Egpj.exe';
const hostileShown = '<img src=x onerror="alert(1)">⟨U+202E⟩gpj.exe';

interface Approval {
  readonly token: string;
  readonly run: string;
  readonly description: string;
}

describeInBrowser("the screens of what goes on", () => {
  const folder = mkdtempSync(join(tmpdir(), "sluice-console-"));
  let server: ServerProcess;
  let browser: Browser;

  beforeAll(async () => {
    [server, browser] = await Promise.all([startConsole({ data: folder, args: ["--no-auth"] }), launchBrowser()]);
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
      expect(await page.locator("img[src=x]").count()).toBe(0);
    } finally {
      await profile.close();
    }
  }

  async function get<T>(path: string): Promise<T> {
    const answer = await call<T>(server, `GET ${path}`);
    if (answer === undefined) throw new Error("the server is gone");
    return answer.body;
  }

  async function approvals(): Promise<readonly Approval[]> {
    return (await get<{ approvals: readonly Approval[] }>("/api/v1/approvals")).approvals;
  }

  /** Starts an order that waits for the manager. */
  async function askFor(id: string): Promise<Approval> {
    await call(server, "POST /api/v1/workflows/order/runs", { input: { id, total: 5_000, holdSeconds: 0 } });
    for (;;) {
      const found = (await approvals()).find(({ description }) => description.includes(id));
      if (found !== undefined) return found;
    }
  }

  async function setState(key: string, value: unknown): Promise<void> {
    const response = await fetch(`${server.url}/api/v1/state/global/${encodeURIComponent(key)}`, {
      method: "PUT",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ value }),
    });
    expect(response.status).toBe(200);
  }

  test("an approval shows up by itself, and is decided by keys alone", async () => {
    await onPage("/approvals", {}, async (page) => {
      await page.getByRole("heading", { name: "Nothing waits for a decision" }).waitFor();
      await page.getByRole("status", { name: "Connection: Live" }).waitFor();
      const first = await askFor("o-key");
      await page.getByRole("grid", { name: "Approvals" }).getByText("o-key").waitFor();
      await page.keyboard.press("a");
      await page.getByRole("button", { name: "Approve" }).and(page.locator(":focus")).waitFor();
      await page.keyboard.press("Enter");
      await page.getByText("Approved: manager").first().waitFor();
      await page.getByRole("heading", { name: "Nothing waits for a decision" }).waitFor();
      const { run } = await get<{ run: { status: string } }>(`/api/v1/runs/${first.run}?wait=20s`);
      expect(run.status).toBe("completed");
    });
  });

  test("a denial carries its reason and payload, and hostile words are shown as they are", async () => {
    const asked = await askFor(hostile);
    await onPage("/approvals", {}, async (page) => {
      await page.getByRole("complementary", { name: "Approval" }).getByText(hostileShown).first().waitFor();
      await page.getByLabel("Reason (optional)").fill("too much");
      await page.getByRole("button", { name: "Add a payload" }).click();
      await page.getByLabel("Payload (JSON)").fill('{"limit": ');
      expect(await page.getByRole("button", { name: "Deny" }).isDisabled()).toBe(true);
      await page.getByLabel("Payload (JSON)").fill('{"limit": 1000}');
      await page.getByRole("button", { name: "Deny" }).click();
      await page.getByText("Denied: manager").first().waitFor();
    });
    const { run } = await get<{ run: { status: string; error: { message: string } } }>(
      `/api/v1/runs/${asked.run}?wait=20s`,
    );
    expect(run).toMatchObject({ status: "failed" });
    expect(JSON.stringify(run.error)).toContain("too much");
  });

  test("the emailed link decides on a phone, once, and says so to whoever comes later", async () => {
    const { token } = await askFor("o-phone");
    await onPage(`/approve/${token}`, { widthPx: 390 }, async (page) => {
      await page.getByText("Order o-phone over 5000").waitFor();
      expect(await seriousProblems(page)).toEqual([]);
      const late = await page.context().newPage();
      await late.goto(page.url());
      await late.getByRole("button", { name: "Deny" }).waitFor();
      await page.getByRole("button", { name: "Approve" }).click();
      await page.getByRole("heading", { name: "Approved" }).waitFor();
      await late.getByRole("button", { name: "Deny" }).click();
      await late.getByRole("heading", { name: "This is decided already" }).waitFor();
      await page.goto(`${server.url}/approve/nothing`);
      await page.getByRole("heading", { name: "This link leads to nothing" }).waitFor();
    });
  });

  test("an event is published from a form, and those that come later wait behind a button", async () => {
    await onPage("/events", {}, async (page) => {
      await page.getByRole("status", { name: "Connection: Live" }).waitFor();
      await page.keyboard.press("n");
      const dialog = page.getByRole("dialog", { name: "Publish an event" });
      await dialog.getByLabel("Name").fill(hostile);
      await dialog.getByLabel("Key (optional)").fill("k-1");
      await dialog.getByLabel("Payload (JSON)").fill('{"amount": 40}');
      await page.keyboard.press("ControlOrMeta+Enter");
      await page
        .getByText(/^Published as event/)
        .first()
        .waitFor();
      const grid = page.getByRole("grid", { name: "Events" });
      await grid.getByText(hostileShown).waitFor();
      const { events } = await get<{ events: readonly object[] }>(`/api/v1/events?name=${encodeURIComponent(hostile)}`);
      expect(events).toMatchObject([{ name: hostile, key: "k-1", payload: { amount: 40 } }]);
      await call(server, "POST /api/v1/events", { name: "stock.low", payload: 3 });
      await page.getByRole("button", { name: "Show 1 new" }).click();
      await grid.getByText("stock.low").waitFor();
      await grid.focus();
      await page.keyboard.press("Home");
      await page.keyboard.press("Enter");
      await page.waitForURL("**/events?event=*");
      await page.reload();
      await page.getByRole("dialog").getByRole("tree", { name: "Payload" }).waitFor();
      await page.keyboard.press("Escape");
      await page.waitForURL("**/events");
    });
  });

  test("a schedule is paused, taken back, and run now", async () => {
    const schedule = async () =>
      (await get<{ schedule: { paused: boolean } }>("/api/v1/schedules/report%3Anightly")).schedule;
    await onPage("/schedules?schedule=report%3Anightly", {}, async (page) => {
      const drawer = page.getByRole("dialog", { name: "report:nightly" });
      await drawer.getByRole("heading", { name: "Next times" }).waitFor();
      await drawer.getByRole("button", { name: "Pause" }).click();
      await drawer.getByText("It starts nothing until it is resumed.").waitFor();
      expect((await schedule()).paused).toBe(true);
      await drawer.getByRole("button", { name: "Resume" }).click();
      await drawer.getByRole("button", { name: "Pause" }).waitFor();
      expect((await schedule()).paused).toBe(false);
      await drawer.getByRole("button", { name: "Run now" }).click();
      await page
        .getByText(/^Started run_/)
        .first()
        .waitFor();
      const { runs } = await get<{ runs: readonly object[] }>("/api/v1/runs?workflow=report");
      expect(runs).toHaveLength(1);
    });
  });

  test("the calendar shows what is coming, goes on by keys, and is restored by its link", async () => {
    await onPage("/schedules", {}, async (page) => {
      await page.keyboard.press("c");
      const table = page.getByRole("table", { name: "Calendar" });
      await table.waitFor();
      await page.keyboard.press("n");
      await page.waitForURL("**day=*");
      await table
        .getByRole("button", { name: /1 coming.*report/ })
        .first()
        .click();
      await page.getByRole("dialog").getByText("Coming").waitFor();
      await page.keyboard.press("Escape");
      const title = await page.locator("h2[aria-live]").innerText();
      await page.reload();
      await page.getByRole("heading", { name: title }).waitFor();
    });
  });

  test("a value of the state is changed, deleted, and taken back", async () => {
    const key = `rates/${hostile}`;
    const path = `/api/v1/state/global/${encodeURIComponent(key)}`;
    await setState(key, { vat: 0.21 });
    await onPage(`/state?prefix=rates`, {}, async (page) => {
      const grid = page.getByRole("grid", { name: "State" });
      await grid.getByText(`rates/${hostileShown}`).click();
      const field = page.getByLabel("Value (JSON)");
      await field.fill('{"vat": 0.23}');
      await page.getByRole("button", { name: "Save" }).click();
      await field.waitFor({ state: "detached" });
      expect(await get<object>(path)).toMatchObject({ value: { vat: 0.23 }, version: 2 });
      await grid.getByText(`rates/${hostileShown}`).click();
      await page.getByRole("button", { name: "Delete" }).click();
      await page.getByText("No key begins like this").waitFor();
      await page.getByRole("button", { name: "Undo", exact: true }).click();
      await grid.getByText(`rates/${hostileShown}`).waitFor();
      expect(await get<object>(path)).toMatchObject({ value: { vat: 0.23 } });
    });
  });

  test("a value that somebody else has changed meanwhile is shown beside one's own", async () => {
    const shared = "/api/v1/state/global/shared";
    await setState("shared", "before");
    await onPage("/state?key=shared", {}, async (page) => {
      await page.getByLabel("Value (JSON)").fill('"mine"');
      await setState("shared", "theirs");
      // Versions go on counting where a key was deleted before.
      const { version: theirs } = await get<{ version: number }>(shared);
      const conflict = page.getByRole("alert", { name: "Changed meanwhile" });
      // It is told by itself, or by the server when one saves before.
      await page.getByRole("button", { name: "Save", exact: true }).or(conflict).first().waitFor();
      if (!(await conflict.isVisible())) await page.keyboard.press("ControlOrMeta+Enter");
      await conflict.getByText('"theirs"').waitFor();
      await conflict.getByText('"mine"').waitFor();
      await conflict.getByRole("button", { name: "Save mine over it" }).click();
      await conflict.waitFor({ state: "detached" });
      expect(await get<object>(shared)).toMatchObject({ value: "mine", version: theirs + 1 });
    });
  });

  test("workers and figures are there, and can be linked to", async () => {
    await onPage("/workers", {}, async (page) => {
      await page.getByRole("table", { name: "Workers" }).getByText("Serving").waitFor();
      await page.getByRole("table", { name: "Versions" }).getByText("Current").waitFor();
      await page.keyboard.press("g");
      await page.keyboard.press("m");
      await page.waitForURL("**/metrics");
      await page.getByRole("table", { name: "Counters" }).getByText("Runs started").waitFor();
      await page.getByRole("combobox", { name: "Sort by" }).click();
      await page.getByRole("option", { name: "p95" }).click();
      await page.waitForURL("**/metrics?sort=p95");
      await page.reload();
      expect(await page.getByRole("combobox", { name: "Sort by" }).innerText()).toBe("p95");
    });
  });

  // What is open on these screens; the screens themselves are looked at with all others.
  for (const { widthPx, theme } of farLooks) {
    test(`nothing serious stands in anybody's way at ${widthPx} pixels, ${theme}`, async () => {
      if ((await approvals()).length === 0) await askFor("o-axe");
      await onPage("/approvals", { widthPx, theme }, async (page) => {
        for (const path of ["", "/state?key=shared", "/metrics"]) {
          if (path === "") await page.getByRole("grid", { name: "Approvals" }).getByText("manager").first().click();
          else await page.goto(server.url + path);
          await settled(page);
          expect(await seriousProblems(page)).toEqual([]);
          const over = "document.documentElement.scrollWidth - document.documentElement.clientWidth";
          expect(await page.evaluate(over)).toBe(0);
        }
      });
    });
  }
});
