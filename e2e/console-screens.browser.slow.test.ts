// Every screen of the console in every look: what an accessibility checker says of it, and whether the page complains.

import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser } from "playwright-core";
import {
  complaintsOf,
  describeInBrowser,
  launchBrowser,
  openProfile,
  seriousProblems,
  settled,
  themes,
  widthsPx,
} from "./browser.ts";
import { makeData, startConsole } from "./console-data.ts";
import type { ConsoleData } from "./console-data.ts";
import { consoleScreens } from "./console-screens.ts";
import { killAll } from "./server-process.ts";
import type { ServerProcess } from "./server-process.ts";

const lookMsMax = 240_000;

describeInBrowser("every screen", () => {
  const folder = mkdtempSync(join(tmpdir(), "sluice-screens-"));
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

  for (const widthPx of widthsPx) {
    for (const colours of themes) {
      test(
        `has no serious flaw of accessibility at ${widthPx} pixels, ${colours}`,
        async () => {
          const profile = await openProfile(browser, { widthPx, theme: colours });
          const page = await profile.newPage();
          const complaints = complaintsOf(page);
          for (const { name, path } of consoleScreens) {
            await page.goto(server.url + path(data));
            await settled(page);
            expect({ name, problems: await seriousProblems(page) }).toEqual({ name, problems: [] });
          }
          expect(complaints).toEqual([]);
          await profile.close();
        },
        lookMsMax,
      );
    }
  }
});
