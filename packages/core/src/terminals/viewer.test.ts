import { describe, expect, test } from "bun:test";
import { decodeTerminalFrame } from "@sluice/protocol/terminal-frames";
import { SimulatedClock } from "../testing/index.ts";
import { terminalLimits } from "./limits.ts";
import { OutputLog } from "./output-log.ts";
import type { Bytes, Snapshot } from "./ports.ts";
import { Viewer } from "./viewer.ts";

const size = { cols: 80, rows: 24 };

function open(window = 10) {
  const clock = new SimulatedClock(0);
  const log = new OutputLog(100, size);
  const told: string[] = [];
  const asked: ((snapshot: Snapshot) => void)[] = [];
  const link = {
    drops: false,
    send(frame: Bytes): boolean {
      if (this.drops) return false;
      const read = decodeTerminalFrame(frame);
      told.push(read.type === "output" ? new TextDecoder().decode(read.bytes) : read.type);
      return true;
    },
    end: (): void => undefined,
  };
  const snapshot = () => new Promise<Snapshot>((resolve) => asked.push(resolve));
  const limits = { ...terminalLimits, terminalWindowBytesMax: window, terminalAckMsMax: 5_000 };
  const viewer = new Viewer({ clock, limits, log, snapshot }, { link, role: "viewer" });
  const say = (text: string): void => {
    log.push(new TextEncoder().encode(text));
    viewer.pump();
  };
  const show = async (bytes = 3): Promise<void> => {
    asked.shift()?.({ ...size, ...log.end, bytes: new Uint8Array(bytes) });
    await Promise.resolve();
    await Promise.resolve();
  };
  return { clock, log, told, asked, link, viewer, say, show };
}

describe("a viewer", () => {
  test("gets the screen first, then output as far as it acknowledges", async () => {
    const { told, viewer, say, show } = open();
    viewer.begin(undefined);
    say("before");
    await show();
    viewer.acknowledge(6);
    say("0123456789abcdef");
    expect(told).toEqual(["snapshot", "0123456789"]);
    viewer.acknowledge(12);
    expect(told).toEqual(["snapshot", "0123456789", "abcdef"]);
    expect(viewer.snapshots).toBe(1);
  });

  test("goes on behind what it has, changes of size included", () => {
    const { log, told, viewer } = open();
    log.push(new TextEncoder().encode("one"));
    log.resize({ cols: 40, rows: 10 });
    log.push(new TextEncoder().encode("two"));
    viewer.begin({ offset: 1, mark: 0 });
    expect(told).toEqual(["resumed", "ne", "resized", "two"]);
  });

  test("that acknowledges nothing for five seconds gets the screen once it does", async () => {
    const { clock, told, asked, viewer, say, show } = open();
    viewer.begin({ offset: 0, mark: 0 });
    say("0123456789");
    say("more");
    clock.advanceTo(4_999);
    expect(viewer.isFollowing).toBeTrue();
    clock.advanceTo(5_001);
    expect(viewer.isFollowing).toBeFalse();
    say("and more");
    expect(asked).toHaveLength(0);
    viewer.acknowledge(10);
    await show();
    expect(told).toEqual(["resumed", "0123456789", "snapshot"]);
    expect(viewer.isFollowing).toBeTrue();
  });

  test("that is further behind than the log goes back gets the screen, too", () => {
    const { asked, viewer, say } = open();
    viewer.begin({ offset: 0, mark: 0 });
    for (let round = 0; round < 20; round++) say("0123456789");
    expect(viewer.isFollowing).toBeFalse();
    viewer.acknowledge(10);
    expect(asked).toHaveLength(1);
  });

  test("of whom a message was dropped gets the screen", () => {
    const { asked, link, viewer, say } = open();
    viewer.begin({ offset: 0, mark: 0 });
    link.drops = true;
    say("lost");
    link.drops = false;
    viewer.acknowledge(4);
    expect(asked).toHaveLength(1);
  });

  test("that says it has what it was never sent changes nothing", () => {
    const { told, viewer, say } = open();
    viewer.begin({ offset: 0, mark: 0 });
    say("0123456789abc");
    viewer.acknowledge(99);
    expect(told).toEqual(["resumed", "0123456789"]);
  });

  test("that has left is sent nothing", () => {
    const { told, viewer, say } = open();
    viewer.begin({ offset: 0, mark: 0 });
    viewer.leave();
    say("late");
    expect(told).toEqual(["resumed"]);
  });
});
