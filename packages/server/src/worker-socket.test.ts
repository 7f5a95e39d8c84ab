// Who may connect as a worker, and what happens to those that may not or do not speak the language.
import { afterAll, afterEach, beforeEach, describe, expect, test } from "bun:test";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { workerMessageCodes } from "@sluice/protocol";
import { WireDecoder, WireEncoder } from "@sluice/worker/child";
import { Fixture, work } from "./supervisor-fixture.suite.ts";

let f: Fixture;
beforeEach(() => {
  f = new Fixture();
});
afterEach(() => f[Symbol.asyncDispose]());
afterAll(() => rmSync(work, { recursive: true, force: true }));

describe("the socket", () => {
  /** What the supervisor says to a stranger before it hangs up. */
  async function greet(
    send: (encoder: WireEncoder) => Uint8Array,
  ): Promise<{ readonly answers: readonly object[]; readonly closed: true }> {
    const answers: object[] = [];
    const decoder = new WireDecoder();
    const encoder = new WireEncoder({ runtime: "bun", now: () => 1, id: () => crypto.randomUUID() });
    const path = join(f.folder, "run/worker.sock");
    await new Promise<void>((resolve, reject) => {
      void Bun.connect({
        unix: path,
        socket: {
          open: (socket) => void socket.write(send(encoder)),
          data: (_socket, chunk) =>
            void answers.push(...decoder.push(chunk).controls.map(({ type, payload }) => ({ type, payload }))),
          close: () => resolve(),
          error: (_socket, error) => reject(error),
        },
      });
    });
    return { answers, closed: true };
  }

  test("refuses a worker without a valid token, and says why", async () => {
    const { answers } = await greet((encoder) =>
      encoder.control(workerMessageCodes.HELLO, { worker_id: "worker-x", capabilities: [], token: "guess" }),
    );
    expect(answers).toEqual([
      { type: workerMessageCodes.HELLO_ACK, payload: { accepted: false, reason: "The token is not valid." } },
    ]);
  });

  test("hangs up on one that speaks before it has said who it is", async () => {
    expect(await greet((encoder) => encoder.control(workerMessageCodes.HEARTBEAT, {}))).toEqual({
      answers: [],
      closed: true,
    });
    expect(await greet((encoder) => encoder.encode([{ type: "handback", runs: [] }], () => undefined)[0]!)).toEqual({
      answers: [],
      closed: true,
    });
  });

  test("answers what cannot be understood with an error, and hangs up", async () => {
    const { answers } = await greet(() => Uint8Array.of(0, 0, 0, 1, 0xc1));
    expect(answers).toMatchObject([{ type: workerMessageCodes.ERROR, payload: { code: "frame_refused" } }]);
  });

  test("hangs up on one that says nothing", async () => {
    await using hasty = new Fixture({ helloTimeoutMs: 50 });
    f.supervisor.prepare();
    const closed = new Promise<void>((resolve) => {
      void Bun.connect({
        unix: join(hasty.folder, "run/worker.sock"),
        socket: { data: () => undefined, close: () => resolve() },
      });
    });
    await closed;
  });
});
