// Pictures of every screen of the console in both themes and three widths: `screens.ts [--out DIR] [--width PX]… [NAME]…`,
// into docs/screens/. Names choose screens.

import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { settled, themes, widthsPx } from "../e2e/browser.ts";
import { ConsoleRig } from "../e2e/console-rig.ts";
import { consoleScreens } from "../e2e/console-screens.ts";

const { values, positionals } = parseArgs({
  options: { out: { type: "string" }, width: { type: "string", multiple: true } },
  allowPositionals: true,
});
const target = values.out ?? join(import.meta.dir, "../docs/screens");
const widths = values.width?.map(Number) ?? widthsPx;
const screens = consoleScreens.filter(({ name }) => positionals.length === 0 || positionals.includes(name));

async function takePictures(rig: ConsoleRig): Promise<number> {
  let count = 0;
  for (const seenBy of ["first", "stranger", undefined] as const) {
    const wanted = screens.filter((screen) => screen.seenBy === seenBy);
    for (const theme of wanted.length === 0 ? [] : themes) {
      for (const widthPx of widths) {
        const look = { theme, widthPx };
        const profile = await (seenBy === undefined ? rig.user(look) : rig.stranger(look));
        const page = await profile.newPage();
        for (const { name, path } of wanted) {
          await page.goto(rig.url + path(rig.data));
          await settled(page);
          await page.screenshot({ path: join(target, `${name}-${theme}-${widthPx}.png`) });
          count++;
        }
        await profile.close();
      }
    }
  }
  return count;
}

mkdirSync(target, { recursive: true });
const rig = await ConsoleRig.start();
try {
  console.log(`${await takePictures(rig)} pictures in ${target}`);
} finally {
  await rig.close();
}
