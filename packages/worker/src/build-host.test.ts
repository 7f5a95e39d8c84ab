// Builds of a worker that comes and goes: what runs goes on without a connection, and one that leaves finishes or gives back.
import { expect, test } from "bun:test";
import { workerMessageCodes as codes, workerMessageName } from "@sluice/protocol";
import { BuildHost } from "./build-host.node.ts";

function hostWith(serverUrl?: string) {
  const said: { readonly name: string | undefined; readonly payload: Readonly<Record<string, unknown>> }[] = [];
  let heard: () => void = () => undefined;
  const host = new BuildHost({
    send: (type, payload) => {
      said.push({ name: workerMessageName(type), payload });
      heard();
      return true;
    },
    token: () => undefined,
    serverUrl,
  });
  const until = async (name: string) => {
    for (;;) {
      const found = said.find((each) => each.name === name);
      if (found !== undefined) return found.payload;
      await new Promise<void>((resolve) => {
        heard = resolve;
      });
    }
  };
  const ask = (build: string, script: string, options: object = {}) =>
    host.receive({
      type: codes.BUILD_REQUEST,
      id: `request ${build}`,
      payload: { build_id: build, target: "t", epoch: 3, options: { command: ["sh", "-c", script], ...options } },
    });
  return { host, said, until, ask };
}

test("output and end of a build wait while there is no connection, and it is announced", async () => {
  const { host, said, until, ask } = hostWith();
  ask("b", "echo while away");
  expect(host.running).toEqual([{ build_id: "b", epoch: 3 }]);
  host.accepted({});
  expect((await until("BUILD_COMPLETED"))["epoch"]).toBe(3);
  const output = said.filter(({ name }) => name === "BUILD_PROGRESS").map(({ payload }) => payload["chunk"]);
  expect(Buffer.concat(output as Uint8Array[]).toString()).toBe("while away\n");
  expect([host.running, host.receive({ type: codes.HEARTBEAT, id: "", payload: {} })]).toEqual([[], false]);
});

test("one that leaves takes nothing new and finishes what it has", async () => {
  const { host, said, until, ask } = hostWith();
  host.accepted({});
  ask("b", "read line; exit 0");
  ask("c", "exec sleep 0.05");
  const left = host.leave(600_000);
  ask("d", "true");
  expect(await until("ERROR")).toMatchObject({ request_id: "request d", code: "worker_draining" });
  await left;
  expect(host.running).toEqual([]);
  const ends = said.filter(({ name }) => name === "BUILD_COMPLETED" || name === "BUILD_FAILED");
  expect(ends.map(({ payload }) => String(payload["build_id"])).toSorted()).toEqual(["b", "c"]);
  await hostWith().host.leave(600_000);
});

test("what does not end in time is ended, and nothing is said of it: it is given out again", async () => {
  const { host, said, until, ask } = hostWith();
  host.accepted({});
  ask("b", "echo $$; exec sleep 600");
  const { chunk } = await until("BUILD_PROGRESS");
  await host.leave(0);
  const pid = Number(Buffer.from(chunk as Uint8Array).toString());
  for (;;) {
    try {
      process.kill(pid, 0);
    } catch {
      break;
    }
    await new Promise((resolve) => void setTimeout(resolve, 5));
  }
  expect(said.filter(({ name }) => name === "BUILD_FAILED" || name === "BUILD_COMPLETED")).toEqual([]);
});

test("blobs are where the server says, and no token goes to another machine in the clear", async () => {
  for (const [url, serverUrl, code] of [
    ["http://192.0.2.1", undefined, undefined],
    ["/", undefined, undefined],
    ["/", "http://127.0.0.1:1/worker", "input_failed"],
    ["http://localhost:1", undefined, "input_failed"],
  ] as const) {
    const { host, until, ask } = hostWith(serverUrl);
    host.accepted({ blobs_url: url });
    ask("b", "true", { inputs: [{ path: "a", sha256: "0".repeat(64), size: 1, mode: 0o644 }] });
    // Without a place for blobs the command finds what is there.
    if (code === undefined) await until("BUILD_COMPLETED");
    else expect(await until("BUILD_FAILED")).toMatchObject({ error: { code } });
  }
});
