// The console's components in a real browser: what an accessibility checker says of them, open and closed; large values
// and long lists; hostile text.

import { afterAll, beforeAll, expect, test } from "bun:test";
import type { Browser, Page } from "playwright-core";
import { serveGallery } from "../scripts/gallery.ts";
import type { Gallery } from "../scripts/gallery.ts";
import {
  complaintsOf,
  describeInBrowser,
  launchBrowser,
  openProfile,
  seriousProblems,
  themes,
  widthsPx,
} from "./browser.ts";
import type { Look } from "./browser.ts";

const entries = 130_000;
const longTaskMs = 50;

describeInBrowser("the components", () => {
  let gallery: Gallery;
  let browser: Browser;

  beforeAll(async () => {
    const large = JSON.stringify(
      Array.from({ length: entries }, (_, id) => ({
        id,
        name: `name ${id}`,
        tags: ["a", "b"],
        inner: { text: "some words" },
      })),
    );
    expect(large.length).toBeGreaterThan(10_000_000);
    [gallery, browser] = await Promise.all([serveGallery({ "large.json": large }), launchBrowser()]);
  });
  afterAll(async () => {
    await browser?.close();
    await gallery?.stop();
  });

  async function onPage(path: string, look: Look, use: (page: Page) => Promise<void>): Promise<void> {
    const profile = await openProfile(browser, look);
    try {
      const page = await profile.newPage();
      const complaints = complaintsOf(page);
      await page.goto(gallery.url + path);
      await page.getByRole("heading", { name: "Components" }).waitFor();
      await use(page);
      expect(complaints).toEqual([]);
    } finally {
      await profile.close();
    }
  }

  for (const widthPx of widthsPx) {
    for (const theme of themes) {
      test(`have no serious flaw of accessibility at ${widthPx} pixels, ${theme}`, async () => {
        await onPage("/", { widthPx, theme }, async (page) => {
          expect(await seriousProblems(page)).toEqual([]);
        });
      });
    }
  }

  test.each(themes)("have none when they are open, %s", async (theme) => {
    await onPage("/", { theme }, async (page) => {
      const openers = [
        { button: page.getByRole("button", { name: "Dialog" }), role: "dialog" },
        { button: page.getByRole("button", { name: "Question" }), role: "alertdialog" },
        { button: page.getByRole("button", { name: "Drawer" }), role: "dialog" },
        { button: page.getByRole("button", { name: "More", exact: true }), role: "menu" },
        { button: page.getByRole("combobox", { name: "Size", exact: true }), role: "listbox" },
        { button: page.getByRole("combobox", { name: "Any size" }), role: "listbox" },
      ] as const;
      for (const { button, role } of openers) {
        await button.click();
        await page.getByRole(role).waitFor();
        // The rest of the page is hidden while a list is open, and the focus is caught inside: what the rule looks for
        // cannot be reached.
        const except = role === "listbox" ? ["aria-hidden-focus"] : [];
        expect(await seriousProblems(page, except)).toEqual([]);
        await page.keyboard.press("Escape");
        await page.getByRole(role).waitFor({ state: "detached" });
        // What was opened gives the focus back.
        await button.and(page.locator(":focus")).waitFor();
      }
      await page.getByRole("button", { name: "Toast with undo" }).click();
      await page.getByRole("button", { name: "Undo", exact: true }).waitFor();
      expect(await seriousProblems(page)).toEqual([]);
    });
  });

  test("open a value of 10 MB without holding up the page, and find what is deep in it", async () => {
    await onPage("/", {}, async (page) => {
      await page.evaluate(`globalThis.longest = 0; new PerformanceObserver((list) => {
        for (const entry of list.getEntries()) globalThis.longest = Math.max(globalThis.longest, entry.duration);
      }).observe({ type: "longtask" })`);
      await page.getByRole("button", { name: "Show a large value" }).click();
      const tree = page.getByRole("tree", { name: "A large value" });
      await tree.getByText(`[${entries}]`).waitFor();
      const search = page.getByRole("searchbox", { name: "Search in the value" }).last();
      await search.fill(`name ${entries - 1}`);
      await tree.getByText(`"name ${entries - 1}"`).waitFor();
      await tree.focus();
      await page.keyboard.press("Home");
      await tree.getByText(`[${entries}]`).waitFor();
      expect(await tree.getByRole("treeitem").count()).toBeLessThan(100);
      expect(Number(await page.evaluate("globalThis.longest"))).toBeLessThan(longTaskMs * 2);
    });
  });

  test("draw only the rows in sight of a hundred thousand, and are moved through by keys", async () => {
    await onPage("/", {}, async (page) => {
      const grid = page.getByRole("grid", { name: "Many runs" });
      expect(await grid.getByRole("row").count()).toBeLessThan(60);
      expect(await grid.getAttribute("aria-rowcount")).toBe("100001");
      await grid.focus();
      await page.keyboard.press("End");
      await grid.getByText("run_099999").waitFor();
      await page.keyboard.press("k");
      await page.keyboard.press("x");
      await grid.getByRole("row", { selected: true }).getByText("run_099998").waitFor();
      await page.keyboard.press("Home");
      await grid.getByText("run_000000").waitFor();
    });
  });

  test("show hostile text as text", async () => {
    await onPage("/", {}, async (page) => {
      const shown = page.getByText("<img src=x onerror=alert(1)> ⟨ESC⟩[31mred ⟨U+202E⟩exe.pdf");
      expect(await shown.count()).toBeGreaterThan(2);
      expect(await page.locator("img[src=x]").count()).toBe(0);
    });
  });
});
