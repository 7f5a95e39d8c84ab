import { expect, test } from "bun:test";
import { SimulatedClock } from "../../testing/index.ts";
import { parseCast } from "@sluice/protocol/asciicast";
import { Recorder } from "./recorder.ts";

function opened(more: { readonly bytesMax?: number; readonly withInput?: boolean } = {}) {
  const clock = new SimulatedClock(10_000);
  const told: string[] = [];
  const file = { text: "", isClosed: false, broken: false };
  const recorder = new Recorder(
    {
      clock,
      sink: {
        append: async (text) => {
          if (file.broken) throw new Error("no room");
          file.text += text;
        },
        close: async () => {
          file.isClosed = true;
        },
      },
      bytesMax: more.bytesMax ?? 1_000_000,
      secrets: ["hunter2-hunter2"],
      withInput: more.withInput ?? false,
      drained: () => told.push("drained"),
      failed: (error) => told.push(String(error)),
    },
    { cols: 80, rows: 24, startedAt: 10_000, title: "t", command: "login hunter2-hunter2", tags: ["terminal:term_1"] },
  );
  const events = () => parseCast(file.text)?.events.map(({ atMs, code, data }) => [Math.round(atMs), code, data]);
  return { clock, file, told, recorder, events };
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
