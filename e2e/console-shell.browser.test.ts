// The frame of the console in a real browser: navigation, palette, shortcuts, themes, the live stream over restarts and
// tabs, and its policy.

import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { complaintsOf, describeInBrowser, launchBrowser, openProfile, settled } from "./browser.ts";
import type { Look } from "./browser.ts";
import { makeData, startConsole } from "./console-data.ts";
import { killAll } from "./server-process.ts";
import type { ServerProcess } from "./server-process.ts";

describeInBrowser("the console", () => {
  const folder = mkdtempSync(join(tmpdir(), "sluice-console-"));
  let server: ServerProcess;
  let browser: Browser;

  beforeAll(async () => {
    [server, browser] = await Promise.all([startConsole({ data: folder, args: ["--no-auth"] }), launchBrowser()]);
    await makeData(server);
  });
  afterAll(async () => {
    await browser?.close();
    if (server !== undefined) await killAll(server);
    rmSync(folder, { recursive: true, force: true });
  });

  /** Runs with a page of its own, and nothing on it may have complained. */
  async function onPage(path: string, look: Look, use: (page: Page, profile: BrowserContext) => Promise<void>) {
    const profile = await openProfile(browser, look);
    try {
      const page = await profile.newPage();
      const complaints = complaintsOf(page);
      await page.goto(server.url + path);
      await settled(page);
      await use(page, profile);
      expect(complaints).toEqual([]);
    } finally {
      await profile.close();
    }
  }

  const theme = async (page: Page) => page.evaluate("document.documentElement.dataset.theme");
  const live = (page: Page) => page.getByRole("status", { name: "Connection: Live" });

  test("leads from screen to screen, and back again", async () => {
    await onPage("/", {}, async (page) => {
      expect(await page.title()).toBe("Home · Sluice");
      await page.getByRole("navigation", { name: "Main" }).getByRole("link", { name: "Settings" }).click();
      await page.waitForURL("**/settings/appearance");
      await page.getByRole("navigation", { name: "Breadcrumbs" }).getByText("Appearance").waitFor();
      await page.goBack();
      await page.waitForURL(`${server.url}/`);
      await page.getByRole("heading", { name: "Home", level: 1 }).waitFor();
      await page.goForward();
      await page.waitForURL("**/settings/appearance");
    });
  });

  test("says in its header that nobody has to sign in", async () => {
    await onPage("/", {}, async (page) => {
      await page.getByText("Authentication is off.").waitFor();
    });
  });

  test("is at /metrics too, where programs find figures", async () => {
    await onPage("/metrics", {}, async (page) => {
      await page.getByRole("heading", { name: "Metrics", level: 1 }).waitFor();
    });
    const figures = await fetch(`${server.url}/metrics`);
    expect(figures.headers.get("content-type")).toStartWith("text/plain");
  });

  test("keeps what one looks for in the URL", async () => {
    await onPage("/search", {}, async (page) => {
      await page.getByRole("searchbox", { name: "Search everything" }).fill("order & more");
      await page.waitForURL("**/search?q=order+%26+more");
      await page.reload();
      expect(await page.getByRole("searchbox", { name: "Search everything" }).inputValue()).toBe("order & more");
    });
  });

  test("finds and runs by keys alone in the palette", async () => {
    await onPage("/", {}, async (page) => {
      await page.keyboard.press("ControlOrMeta+k");
      await page.getByRole("combobox", { name: "Search and run" }).fill("dark th");
      await page.getByRole("option", { name: "Dark theme" }).waitFor();
      await page.keyboard.press("Enter");
      await page.getByRole("dialog").waitFor({ state: "detached" });
      expect(await theme(page)).toBe("dark");
      await page.keyboard.press("/");
      await page.getByRole("combobox", { name: "Search and run" }).fill("order");
      await page.getByRole("option").filter({ hasText: "order" }).first().waitFor();
      await page.keyboard.press("Escape");
      await page.getByRole("dialog").waitFor({ state: "detached" });
    });
  });

  test("shows its keys, obeys them, and leaves typed text alone", async () => {
    await onPage("/", {}, async (page) => {
      await page.keyboard.press("?");
      const sheet = page.getByRole("dialog", { name: "Keyboard shortcuts" });
      await sheet.getByText("Narrow or widen the navigation").waitFor();
      await page.keyboard.press("g");
      await page.keyboard.press(",");
      expect(page.url()).toBe(`${server.url}/`);
      await page.keyboard.press("Escape");
      await sheet.waitFor({ state: "detached" });
      await page.keyboard.press("g");
      await page.keyboard.press(",");
      await page.waitForURL("**/settings/appearance");
      await page.keyboard.press("[");
      await page.getByRole("button", { name: "Widen the navigation" }).waitFor();
      await page.goto(`${server.url}/search`);
      const box = page.getByRole("searchbox", { name: "Search everything" });
      await box.focus();
      await page.keyboard.type("g,[?");
      expect(await box.inputValue()).toBe("g,[?");
      expect(page.url()).toContain("/search");
    });
  });

  test("has the chosen theme before anything is painted", async () => {
    await onPage("/settings/appearance", { theme: "light" }, async (page) => {
      expect(await theme(page)).toBe("light");
      await page.getByRole("combobox", { name: "Theme" }).click();
      await page.getByRole("option", { name: "Dark" }).click();
      expect(await theme(page)).toBe("dark");
      // Written down when the body comes to be, which is before it can be painted.
      await page.addInitScript(`new MutationObserver((_, observer) => {
        if (document.body === null) return;
        globalThis.firstTheme = document.documentElement.dataset.theme;
        observer.disconnect();
      }).observe(document, { childList: true, subtree: true })`);
      await page.reload();
      expect(await page.evaluate("globalThis.firstTheme")).toBe("dark");
    });
  });

  test("shows times in the zone one chooses", async () => {
    await onPage("/settings/appearance", {}, async (page) => {
      await page.getByRole("combobox", { name: "Time zone" }).click();
      await page.getByRole("combobox", { name: "Find a time zone" }).fill("tokyo");
      await page.getByRole("option", { name: "Asia/Tokyo" }).click();
      await page.getByText(/^It is .* GMT\+9$/).waitFor();
      await page.getByRole("button", { name: "Time zone: Asia/Tokyo" }).waitFor();
    });
  });

  test("answers what does not exist with a page that leads on", async () => {
    await onPage("/settings/nothing", {}, async (page) => {
      await page.getByRole("heading", { name: "There is nothing here" }).waitFor();
      await page.getByRole("link", { name: "Home" }).last().click();
      await page.waitForURL(`${server.url}/`);
    });
    const response = await fetch(`${server.url}/api/v1/nothing`);
    expect(response.status).toBe(404);
    expect(await response.json()).toMatchObject({ error: { code: "not_found" } });
  });

  test("has a bar at the bottom of a phone, and the rest in a drawer", async () => {
    await onPage("/", { widthPx: 390 }, async (page) => {
      await page.getByRole("button", { name: "More" }).click();
      await page.getByRole("dialog").getByRole("link", { name: "Settings" }).click();
      await page.waitForURL("**/settings/appearance");
      await page.getByRole("dialog").waitFor({ state: "detached" });
      const overflow = await page.evaluate(
        "document.documentElement.scrollWidth - document.documentElement.clientWidth",
      );
      expect(overflow).toBe(0);
    });
  });

  test("has one connection for all tabs, and hands it on", async () => {
    const profile = await openProfile(browser);
    try {
      const opened: string[] = [];
      const tab = async (name: string) => {
        const page = await profile.newPage();
        page.on("websocket", () => opened.push(name));
        await page.goto(server.url);
        await live(page).waitFor();
        return page;
      };
      const first = await tab("first");
      const others = [await tab("second"), await tab("third")];
      expect(opened).toEqual(["first"]);
      const taken = Promise.any(others.map(async (page) => page.waitForEvent("websocket")));
      await first.close();
      await taken;
      expect(opened).toHaveLength(2);
      await Promise.all(others.map(async (page) => live(page).waitFor()));
    } finally {
      await profile.close();
    }
  });

  test("says when the server is gone, and is live again without a reload when it is back", async () => {
    const path = mkdtempSync(join(tmpdir(), "sluice-console-"));
    const first = await startConsole({ data: path, args: ["--no-auth"] });
    const profile = await openProfile(browser);
    let second: ServerProcess | undefined;
    try {
      const page = await profile.newPage();
      await page.goto(first.url);
      await live(page).waitFor();
      await page.evaluate("globalThis.sameLoad = true");
      await killAll(first);
      await page.getByText("The server does not answer.").waitFor();
      // The last --port counts.
      second = await startConsole({ data: path, args: ["--no-auth", "--port", new URL(first.url).port] });
      await live(page).waitFor();
      await page.getByText("The server does not answer.").waitFor({ state: "detached" });
      expect(await page.evaluate("globalThis.sameLoad")).toBe(true);
    } finally {
      await profile.close();
      await killAll(second ?? first);
      rmSync(path, { recursive: true, force: true });
    }
  });
});
