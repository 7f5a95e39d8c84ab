// A real browser on the console: pages of the widths and themes it is made for, what went wrong on them, and what an
// accessibility checker says.
import { describe } from "bun:test";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { chromium } from "playwright-core";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { findBrowser, INSTALL_COMMAND } from "../scripts/browser.mjs";

/** Widths of a desk, a small laptop or tablet, and a phone, in pixels. */
export const widthsPx = [1440, 1024, 390] as const;
export const themes = ["light", "dark"] as const;
/** The two looks furthest from each other. Every screen is looked at in all of them by the slow tier. */
export const farLooks = [
  { widthPx: 1440, theme: "light" },
  { widthPx: 390, theme: "dark" },
] as const;
type Theme = (typeof themes)[number];

const executable = findBrowser();
const phoneWidthPx = 640;
/** For what should be there in a moment. */
const waitMs = 15_000;

/** `describe` for tests that need the browser; skipped with the reason where there is none. */
export function describeInBrowser(name: string, body: () => void): void {
  if (executable === undefined) describe.skip(`${name} (no chromium: ${INSTALL_COMMAND})`, body);
  else describe(name, body);
}

/** Throws where there is none; tests skip themselves by `describeInBrowser`. */
export async function launchBrowser(): Promise<Browser> {
  if (executable === undefined) throw new Error(`There is no chromium here: ${INSTALL_COMMAND}`);
  // Without a sandbox of its own: test machines run as root, in which chromium refuses to have one.
  return chromium.launch({ executablePath: executable, args: ["--no-sandbox", "--disable-dev-shm-usage"] });
}

export interface Look {
  readonly theme?: Theme | undefined;
  readonly widthPx?: number | undefined;
  /** Cookies and storage of a profile before. */
  readonly storageState?: Awaited<ReturnType<BrowserContext["storageState"]>> | undefined;
}

/** A browser's profile in one look. */
export async function openProfile(
  browser: Browser,
  { theme = "light", widthPx = 1440, storageState }: Look = {},
): Promise<BrowserContext> {
  const height = widthPx < phoneWidthPx ? 844 : 900;
  const profile = await browser.newContext({
    viewport: { width: widthPx, height },
    colorScheme: theme,
    locale: "en-GB",
    timezoneId: "UTC",
    reducedMotion: "reduce",
    ...(storageState === undefined ? {} : { storageState }),
  });
  profile.setDefaultTimeout(waitMs);
  return profile;
}

/** What a page complained about: violations of its policy, thrown errors, failures of its own parts. */
export function complaintsOf(page: Page): readonly string[] {
  const complaints: string[] = [];
  page.on("pageerror", (error) => complaints.push(`thrown: ${error.message}`));
  page.on("console", (message) => {
    // A connection that is cut off or a refused sign-in is logged by the browser itself: tests do both on purpose.
    if (message.type() !== "error" || /Failed to load resource|WebSocket connection/.test(message.text())) return;
    complaints.push(`logged: ${message.text()}`);
  });
  return complaints;
}

const axeSource = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** What shimmers in place of what is still to come. */
export const skeletons = ".skeleton";

interface AxeResults {
  readonly violations: readonly {
    readonly id: string;
    readonly impact: string | null;
    readonly help: string;
    readonly nodes: readonly { readonly html: string; readonly failureSummary?: string }[];
  }[];
}

/** What axe-core finds serious or critical, with the places; `except` leaves rules out. */
export async function seriousProblems(page: Page, except: readonly string[] = []): Promise<readonly string[]> {
  await page.evaluate(axeSource);
  const results = await page.evaluate<AxeResults>("axe.run(document, { resultTypes: ['violations'] })");
  return results.violations
    .filter(({ id, impact }) => (impact === "serious" || impact === "critical") && !except.includes(id))
    .flatMap(({ id, help, nodes }) =>
      nodes.map((node) => `${id}: ${help}\n  ${node.html}\n  ${node.failureSummary ?? ""}`),
    );
}

/** Until the screen shows what it has: no skeletons, nothing on its way. */
export async function settled(page: Page): Promise<void> {
  await page.locator("main h1, main h2").first().waitFor();
  for (const loading of await page.getByRole("status", { name: "Loading" }).all())
    await loading.waitFor({ state: "detached" });
  // A skeleton gives way to what it stood for; that may have skeletons of its own.
  while ((await page.locator(skeletons).count()) > 0)
    await page.locator(skeletons).first().waitFor({ state: "detached" });
  await page.evaluate("document.fonts.ready.then(() => undefined)");
}
