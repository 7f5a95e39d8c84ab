// A worker of another machine and servers that say nothing, or that are not where they seem to be.
import { afterEach, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import type { AddressInfo, Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { AsyncStepScope } from "./bun-step-scope.ts";
import { systemWorkerClock as clock } from "./clock.ts";
import { dialTcp } from "./dial-tcp.node.ts";
import { dialWebSocket } from "./dial-websocket.ts";
import { workerLimits as limits } from "./limits.ts";
import { runRemoteWorker } from "./remote-program.node.ts";
import { RemoteWorker } from "./remote-worker.ts";
import { Worker } from "./worker.ts";

const stops: (() => void)[] = [];
afterEach(() => {
  for (const stop of stops.splice(0)) stop();
});

/** Takes connections, and never says a word. */
async function silent(): Promise<{ readonly port: number; readonly sockets: Socket[] }> {
  const sockets: Socket[] = [];
  const server = createServer((socket) => {
    sockets.push(socket.on("error", () => undefined).resume());
  });
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  stops.push(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return { port: (server.address() as AddressInfo).port, sockets };
}

test("a server that takes the connection and says nothing is connected to again", async () => {
  const { port, sockets } = await silent();
  const said: string[] = [];
  const third = Promise.withResolvers<void>();
  const remote = new RemoteWorker({
    dial: dialTcp({ host: "127.0.0.1", port, tls: false }),
    clock,
    random: () => 0,
    newId: () => crypto.randomUUID(),
    runtime: "bun",
    heartbeatMs: 5,
    hello: { worker_id: "w", capabilities: ["tasks"] },
    secret: () => undefined,
    onCredential: () => undefined,
    makeWorker: (send) =>
      new Worker({ id: "w", version: "v", workflows: [], clock, limits, stepScope: new AsyncStepScope(), send }),
    log: (message) => {
      said.push(message);
      if (said.length === 3) third.resolve();
    },
    retryMs: 1,
    retryMsMax: 1,
  });
  await third.promise;
  remote.leave(0);
  expect(await remote.ended).toEqual({});
  expect(sockets.length).toBeGreaterThanOrEqual(3);
  expect(said[0]).toStartWith("not connected: nothing was heard for 10 heartbeats");
});

test.each(["TLS", "a WebSocket"])("a server that says nothing has only so much time to speak %s", async (what) => {
  const { port } = await silent();
  const events = { data: () => undefined, drained: () => undefined, closed: () => undefined };
  const dial =
    what === "TLS"
      ? dialTcp({ host: "127.0.0.1", port, tls: true, dialMs: 20 })
      : dialWebSocket(`ws://127.0.0.1:${port}/worker`, { dialMs: 20 });
  expect(await dial(events).then(String, String)).toBe("Error: no answer in 20 ms");
});

test.each(["127.example.org:7891", "ws://127.0.0.1.example.org", "127.1.2.3.example:1", "localhost.example.org:1"])(
  "%s is no name of this machine: no token is sent there in the clear",
  async (connect) => {
    const state = mkdtempSync(join(tmpdir(), "sluice-program-"));
    stops.push(() => rmSync(state, { recursive: true, force: true }));
    const start = runRemoteWorker({
      connect,
      state,
      labels: [],
      capabilities: [],
      slots: 1,
      version: "v",
      workflows: [],
      tasks: [],
      heartbeatMs: 1_000,
      drainMs: 0,
      log: () => undefined,
    });
    const refused: unknown = await start.catch((error: unknown) => error);
    expect(refused).toMatchObject({ code: "invalid_config" });
  },
);
