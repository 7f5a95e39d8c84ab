// Pictures of every screen of the console in both themes and three widths, into docs/screens/. Names given as arguments
// choose screens.

import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser } from "playwright-core";
import { launchBrowser, openProfile, settled, themes, widthsPx } from "../e2e/browser.ts";
import { makeData, startConsole } from "../e2e/console-data.ts";
import type { ConsoleData } from "../e2e/console-data.ts";
import { consoleScreens } from "../e2e/console-screens.ts";
import { killAll } from "../e2e/server-process.ts";

const target = join(import.meta.dir, "../docs/screens");

async function takePictures(browser: Browser, url: string, data: ConsoleData): Promise<number> {
  const wanted = process.argv.slice(2);
  const screens = consoleScreens.filter(({ name }) => wanted.length === 0 || wanted.includes(name));
  let count = 0;
  for (const theme of themes) {
    for (const widthPx of widthsPx) {
      const profile = await openProfile(browser, { theme, widthPx });
      const page = await profile.newPage();
      for (const { name, path } of screens) {
        await page.goto(url + path(data));
        await settled(page);
        await page.screenshot({ path: join(target, `${name}-${theme}-${widthPx}.png`) });
        count++;
      }
      await profile.close();
    }
  }
  return count;
}

const folder = mkdtempSync(join(tmpdir(), "sluice-screens-"));
mkdirSync(target, { recursive: true });
const browser = await launchBrowser();
try {
  const server = await startConsole({ data: folder, args: ["--no-auth"] });
  try {
    const count = await takePictures(browser, server.url, await makeData(server));
    console.log(`${count} pictures in docs/screens`);
  } finally {
    await killAll(server);
  }
} finally {
  await browser.close();
  rmSync(folder, { recursive: true, force: true });
}
