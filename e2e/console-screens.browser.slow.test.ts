// Every screen of the console in every look: what an accessibility checker says of it, whether it fits and whether the page
// complains; and that `npm run screens` makes a picture of each.

import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { complaintsOf, describeInBrowser, seriousProblems, settled, themes, widthsPx } from "./browser.ts";
import type { Look } from "./browser.ts";
import { ConsoleRig } from "./console-rig.ts";
import { consoleScreens } from "./console-screens.ts";

const lookMsMax = 240_000;
const root = join(import.meta.dir, "..");
/** An empty page of this size compresses to less. */
const pictureBytesMin = 4_000;

/** Width and height in a PNG's header (PNG specification, 11.2.2 IHDR). */
function sizeOf(picture: Buffer): readonly [number, number] {
  expect(picture.subarray(1, 4).toString()).toBe("PNG");
  return [picture.readUInt32BE(16), picture.readUInt32BE(20)];
}

describeInBrowser("every screen", () => {
  let rig: ConsoleRig;

  beforeAll(async () => {
    rig = await ConsoleRig.start();
  });
  afterAll(async () => rig?.close());

  async function look(seenBy: "first" | "stranger" | undefined, as: Look): Promise<void> {
    const profile = await (seenBy === undefined ? rig.user(as) : rig.stranger(as));
    const page = await profile.newPage();
    const complaints = complaintsOf(page);
    for (const { name, path } of consoleScreens.filter((screen) => screen.seenBy === seenBy)) {
      await page.goto(rig.url + path(rig.data));
      await settled(page);
      const sideways = "document.documentElement.scrollWidth - document.documentElement.clientWidth";
      const found = { name, problems: await seriousProblems(page), sidewaysPx: await page.evaluate<number>(sideways) };
      expect(found).toEqual({ name, problems: [], sidewaysPx: 0 });
    }
    expect(complaints).toEqual([]);
    await profile.close();
  }

  // Before there is a user: with the first one the page is gone.
  test("to set up and to sign in has no serious flaw of accessibility in any look", async () => {
    for (const theme of themes) {
      for (const widthPx of widthsPx) {
        await look("first", { theme, widthPx });
        await look("stranger", { theme, widthPx });
      }
    }
  }, 60_000);

  for (const widthPx of widthsPx) {
    for (const colours of themes) {
      test(
        `has no serious flaw of accessibility at ${widthPx} pixels, ${colours}`,
        async () => look(undefined, { widthPx, theme: colours }),
        lookMsMax,
      );
    }
  }
});

describeInBrowser("npm run screens", () => {
  test(
    "writes a picture of every screen in both themes and all widths",
    () => {
      const folder = mkdtempSync(join(tmpdir(), "sluice-pictures-"));
      try {
        const ran = Bun.spawnSync(["npm", "run", "--silent", "screens", "--", "--out", folder], { cwd: root });
        expect({ exitCode: ran.exitCode, said: ran.stderr.toString() }).toEqual({ exitCode: 0, said: "" });
        const wanted = consoleScreens.flatMap(({ name }) =>
          themes.flatMap((theme) => widthsPx.map((widthPx) => `${name}-${theme}-${widthPx}.png`)),
        );
        expect(readdirSync(folder).toSorted()).toEqual(wanted.toSorted());
        for (const name of wanted) {
          const picture = readFileSync(join(folder, name));
          const [widthPx] = sizeOf(picture);
          expect([name, widthPx]).toEqual([name, Number(/-(\d+)\.png$/.exec(name)?.[1])]);
          expect(picture.length).toBeGreaterThan(pictureBytesMin);
        }
      } finally {
        rmSync(folder, { recursive: true, force: true });
      }
    },
    2 * lookMsMax,
  );
});
