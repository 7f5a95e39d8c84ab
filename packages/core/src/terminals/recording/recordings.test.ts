import { expect, test } from "bun:test";
import { unwrap } from "../../kernel/result.ts";
import { SimulatedClock } from "../../testing/index.ts";
import { terminalLimits } from "../limits.ts";
import { eventLine, headIn, headLine } from "@sluice/protocol/asciicast";
import { Recordings } from "./recordings.ts";

/** A folder in memory. */
function opened(limits: Partial<typeof terminalLimits> = {}) {
  const clock = new SimulatedClock(0);
  const files = new Map<string, { text: string; changedAt: number }>();
  const add = (id: string, output: readonly string[]): void => {
    const head = headLine({ cols: 80, rows: 24, startedAt: 0, title: id, command: "sh", tags: [] });
    const events = output.map((data, index) =>
      eventLine({ atMs: index * 1_000, code: "o", data }, Math.max(0, index - 1) * 1_000),
    );
    files.set(id, { text: head + events.join(""), changedAt: clock.now() });
  };
  const folder = {
    create: () => ({ append: async () => undefined, close: async () => undefined }),
    resume: () => ({ append: async () => undefined, close: async () => undefined }),
    list: async () =>
      [...files].flatMap(([id, { text, changedAt }]) => {
        const head = headIn(text.split("\n")[0] ?? "");
        return head === undefined ? [] : [{ id, head, bytes: text.length, changedAt }];
      }),
    read: async (id: string) => files.get(id)?.text,
    remove: async (id: string) => files.delete(id),
  };
  return { clock, add, recordings: new Recordings({ folder, clock, limits: { ...terminalLimits, ...limits } }) };
}

const ids = async (recordings: Recordings) => (await recordings.list()).map(({ id }) => id);

test("are searched by what could be read, whatever pieces and colours it came in", async () => {
  const { add, recordings } = opened();
  add("a", [
    "$ \x1b[1;31mma",
    "ke\x1b[m\r\nerror: \x1b]8;;https://x.test\x1b\\missing\x1b]8;;\x07 file\r\n",
    "\x1b]2;error title\x07done\r\n",
  ]);
  expect(unwrap(await recordings.search({ id: "a", text: "MAKE", max: 10 }))).toEqual([{ atMs: 0, line: "$ make" }]);
  expect(unwrap(await recordings.search({ id: "a", text: "error", max: 10 }))).toEqual([
    { atMs: 1_000, line: "error: missing file" },
  ]);
  expect(await recordings.search({ id: "b", text: "x", max: 1 })).toMatchObject({ error: { code: "not_found" } });
});

test("go when they are old, the oldest when they are too many, and never while they are being made", async () => {
  const { clock, add, recordings } = opened({ terminalRecordingsKeptMs: 1_000, terminalRecordingsBytesMax: 500 });
  add("old", ["x"]);
  add("live", ["x".repeat(600)]);
  clock.advanceTo(900);
  add("large", ["x".repeat(300)]);
  add("last", ["x"]);
  expect(await ids(recordings)).toEqual(["last", "large", "live", "old"]);
  clock.advanceTo(1_000);
  expect(await recordings.tidy((id) => id === "live")).toEqual(["old", "large"]);
  expect(await ids(recordings)).toEqual(["last", "live"]);
  expect((await recordings.remove("last")).ok).toBeTrue();
  expect((await recordings.remove("last")).ok).toBeFalse();
});
