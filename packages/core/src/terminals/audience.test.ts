import { describe, expect, test } from "bun:test";
import { decodeTerminalFrame } from "@sluice/protocol/terminal-frames";
import type { TerminalState } from "@sluice/protocol/terminal-frames";
import { SimulatedClock } from "../testing/index.ts";
import { Audience } from "./audience.ts";
import { terminalLimits } from "./limits.ts";
import { OutputLog } from "./output-log.ts";
import type { Viewer } from "./viewer.ts";

function opened() {
  const audience = new Audience({
    clock: new SimulatedClock(0),
    limits: terminalLimits,
    log: new OutputLog(1_000, { cols: 80, rows: 24 }),
    snapshot: async () => undefined,
  });
  const come = (role: "viewer" | "writer", drive = true) => {
    const heard: { state: TerminalState | undefined; ended: string | undefined } = {
      state: undefined,
      ended: undefined,
    };
    const link = {
      send: (bytes: Uint8Array<ArrayBuffer>): boolean => {
        const frame = decodeTerminalFrame(bytes);
        if (frame.type === "state") heard.state = frame.state;
        return true;
      },
      end: (reason: string): void => {
        heard.ended = reason;
      },
    };
    return { viewer: audience.add({ link, role, from: undefined, drive }), heard };
  };
  const tell = (): void => audience.tell({ title: "t", status: "running", exitCode: null, signal: null });
  return { audience, come, tell };
}

describe("those who look on", () => {
  test("have the first among them that may type and wants to as the one who decides about the size", () => {
    const { audience, come, tell } = opened();
    const looking = come("viewer");
    const shy = come("writer", false);
    expect(audience.driver).toBeUndefined();
    const first = come("writer");
    const second = come("writer");
    tell();
    expect(audience.driver).toBe(first.viewer);
    expect(second.heard.state).toMatchObject({ drives: false, driven: true, viewers: 4, role: "writer" });
    expect(first.heard.state).toMatchObject({ drives: true, title: "t" });
    expect(audience.drive(looking.viewer, true)).toBeFalse();
    expect([audience.drive(shy.viewer, true), audience.driver === shy.viewer]).toEqual([true, true]);
    expect([audience.drive(shy.viewer, false), audience.driver]).toEqual([true, undefined]);
  });

  test("leave one by one, or all at once", () => {
    const { audience, come } = opened();
    const all = [come("writer"), come("viewer"), come("writer")];
    const gone = all[0]?.viewer as Viewer;
    expect([audience.remove(gone), audience.remove(gone), audience.driver, audience.size]).toEqual([
      true,
      false,
      undefined,
      2,
    ]);
    expect(audience.drive(gone, true)).toBeFalse();
    audience.dismiss("stopping");
    expect([audience.size, ...all.map(({ heard }) => heard.ended)]).toEqual([0, undefined, "stopping", "stopping"]);
  });
});
