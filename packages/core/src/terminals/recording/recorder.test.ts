import { expect, test } from "bun:test";
import { SimulatedClock } from "../../testing/index.ts";
import { lastPlace, parseCast } from "@sluice/protocol/asciicast";
import { terminalLimits } from "../limits.ts";
import { Recorder } from "./recorder.ts";
import type { RecorderParts, RecordingSink } from "./recorder.ts";
import { Recordings } from "./recordings.ts";

function opened(more: { readonly bytesMax?: number; readonly withInput?: boolean } = {}) {
  const clock = new SimulatedClock(10_000);
  const told: string[] = [];
  const file = { text: "", isClosed: false, broken: false };
  const sink: RecordingSink = {
    append: async (text) => {
      if (file.broken) throw new Error("no room");
      file.text += text;
    },
    close: async () => {
      file.isClosed = true;
    },
  };
  const parts: RecorderParts = {
    clock,
    sink,
    bytesMax: more.bytesMax ?? 1_000_000,
    secrets: ["hunter2-hunter2"],
    withInput: more.withInput ?? false,
    drained: () => told.push("drained"),
    failed: (error) => told.push(String(error)),
  };
  const recorder = new Recorder(parts, {
    cols: 80,
    rows: 24,
    startedAt: 10_000,
    title: "t",
    command: "login hunter2-hunter2",
    tags: ["terminal:term_1"],
  });
  const events = () => parseCast(file.text)?.events.map(({ atMs, code, data }) => [Math.round(atMs), code, data]);
  return { clock, file, told, recorder, events, sink, parts };
}

const bytes = (text: string) => new TextEncoder().encode(text);

test("a session is written with its times, output that comes together as one event", async () => {
  const { clock, file, recorder, events } = opened();
  recorder.output(bytes("a"));
  recorder.output(bytes("b\u00e9").slice(0, 2));
  clock.advanceTo(10_100);
  recorder.output(bytes("\u00e9").slice(1));
  recorder.input(bytes("typed"));
  recorder.resize({ cols: 100, rows: 30 });
  clock.advanceTo(11_000);
  recorder.output(bytes("the password is hunter2-"));
  clock.advanceTo(12_000);
  recorder.output(bytes("hunter2."));
  recorder.end(3);
  await Promise.resolve();
  expect(events()).toEqual([
    [0, "o", "ab"],
    [100, "o", "\u00e9"],
    [100, "r", "100x30"],
    [1_000, "o", "the password is "],
    [2_000, "o", "***************."],
    [2_000, "x", "3"],
  ]);
  expect(file.isClosed).toBeTrue();
  expect(parseCast(file.text)?.head.command).toBe("login ***************");
});

test("input is written where somebody asked for it", () => {
  const { recorder, events } = opened({ withInput: true });
  recorder.output(bytes("$ "));
  recorder.input(bytes("ls\r"));
  recorder.end(0);
  expect(events()?.map(([, code, data]) => [code, data])).toEqual([
    ["o", "$ "],
    ["i", "ls\r"],
    ["x", "0"],
  ]);
});

test("a recording is no longer than it may be, and says so", () => {
  const { clock, file, recorder, events } = opened({ bytesMax: 400 });
  for (let round = 1; round < 100; round++) {
    recorder.output(bytes("0123456789"));
    clock.advanceTo(10_000 + round * 100);
  }
  expect(events()?.at(-1)?.slice(1)).toEqual(["m", "the recording is as long as it may be"]);
  expect(file.text.length).toBeLessThan(500);
  expect(file.isClosed).toBeTrue();
});

test("one that cannot be written ends, and what waits is let go", async () => {
  const { file, told, recorder } = opened();
  file.broken = true;
  recorder.output(bytes("lost"));
  recorder.resize({ cols: 2, rows: 2 });
  await Promise.resolve();
  await Promise.resolve();
  expect(told).toContain("Error: no room");
  recorder.output(bytes("more"));
  expect(recorder.waitingBytes).toBe(0);
});

test("a recording goes on behind the last place where all output before is in it, and nothing is in it twice", async () => {
  const whole = "one \u00e4\u20ac\u{1f600} the password is hunter2-hunter2 and two\r\n".repeat(4);
  const all = bytes(whole);
  const textOf = (text: string): string =>
    (parseCast(text)?.events ?? []).map(({ code, data }) => (code === "o" ? data : "")).join("");
  const settled = async (): Promise<void> => {
    for (let turn = 0; turn < 10; turn++) await Promise.resolve();
  };
  for (let cut = 1; cut < all.length; cut += 7) {
    for (const share of [0, 0.5, 1]) {
      const first = opened();
      for (let at = 0; at < cut; at += 5) {
        first.recorder.output(all.subarray(at, Math.min(at + 5, cut)));
        first.clock.advanceTo(first.clock.now() + 30);
      }
      first.recorder.resize({ cols: 90, rows: 24 });
      await settled();
      // The rest of a line that a killed server was writing.
      const lay = `${first.file.text}[0.1, "o", "hal`;
      const last = lastPlace(lay)?.offset ?? 0;
      const kept = Math.floor(last * share);
      const folder = {
        read: async () => lay,
        create: () => first.sink,
        list: async () => [],
        remove: async () => false,
        resume: (_id: string, lengthBytes: number) => {
          first.file.text = Buffer.from(lay).subarray(0, lengthBytes).toString();
          return first.sink;
        },
      };
      const recordings = new Recordings({ folder, clock: first.clock, limits: terminalLimits });
      const resumed = await recordings.resume("term_1", { offset: kept, mark: 0 });
      // Where nothing was whole yet, there is nothing to go on with.
      if (resumed === undefined) {
        expect(first.file.text).not.toContain("# at");
        continue;
      }
      const second = new Recorder({ ...first.parts, sink: resumed.sink }, resumed.head, resumed.before);
      second.output(all.subarray(kept, cut));
      second.resize({ cols: 90, rows: 24 });
      second.output(all.subarray(cut));
      second.end(0);
      await settled();
      expect(textOf(first.file.text)).toBe(whole.replaceAll("hunter2-hunter2", "***************"));
      expect(parseCast(first.file.text)?.events.filter(({ code }) => code === "r")).toHaveLength(1);
      expect(
        await new Recordings({
          folder: { ...folder, read: async () => first.file.text },
          clock: first.clock,
          limits: terminalLimits,
        }).resume("term_1", { offset: 0, mark: 0 }),
      ).toBeUndefined();
    }
  }
});
