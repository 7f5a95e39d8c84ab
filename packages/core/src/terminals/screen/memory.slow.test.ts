// What a session costs while nobody looks: a bar of the product, so its own process is measured, with nothing beside it.
import { expect, test } from "bun:test";
import { join } from "node:path";

const sessions = 40;
const barBytes = 3 * 1024 * 1024;

/** Screens of 80 by 24 with all the lines above them that are kept, in colours; then what each has added to the process. */
const script = `
import { OutputLog } from ${JSON.stringify(join(import.meta.dir, "../output-log.ts"))};
import { Charsets } from ${JSON.stringify(join(import.meta.dir, "charsets.ts"))};
import { HeadlessScreen } from ${JSON.stringify(join(import.meta.dir, "screen.ts"))};
const size = { cols: 80, rows: 24 };
const charsets = new Charsets();
const nothing = { reply() {}, title() {}, bell() {} };
const kept = [];
const open = () => {
  const screen = new HeadlessScreen({ ...size, scrollbackLines: 1_000, charsets }, nothing);
  const log = new OutputLog(512 * 1024, size);
  for (let line = 0; line < 1_100; line++) {
    const bytes = new TextEncoder().encode("\\x1b[3" + (line % 8) + "mline " + line + " " + "x".repeat(60) + "\\x1b[0m\\r\\n");
    log.push(bytes);
    screen.write(bytes);
  }
  kept.push([screen, log]);
};
for (let at = 0; at < 5; at++) open();
Bun.gc(true);
const before = process.memoryUsage().rss;
for (let at = 0; at < ${sessions}; at++) open();
Bun.gc(true);
console.log((process.memoryUsage().rss - before) / ${sessions}, kept.length);
`;

test("a session with 1,000 lines above its screen stays near the bar of 3 MB", async () => {
  const child = Bun.spawn([process.execPath, "-e", script], {
    stdout: "pipe",
    stderr: "inherit",
    cwd: import.meta.dir,
  });
  const [bytes = NaN] = (await child.stdout.text()).split(" ").map(Number);
  expect(bytes).toBeGreaterThan(100_000);
  // It was 2.3 to 2.6 MB; how much of it a process keeps for itself wavers.
  expect(bytes).toBeLessThan(barBytes * 2);
});
