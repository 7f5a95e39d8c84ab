// Tasks that last for ever and that others wait for.
import { afterEach, describe, expect, test } from "bun:test";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { Rig } from "../rig.suite.ts";
import type { Tree } from "../rig.suite.ts";
import { LineWatch } from "./services.ts";

const rigs: Rig[] = [];
afterEach(() => {
  for (const rig of rigs.splice(0)) rig.dispose();
});

const serve = (line: string): string => `echo ${line}; touch ../../serving; exec sleep 1000`;

function rigOf(
  api: object,
  more: Tree = {},
): { readonly rig: Rig; readonly settings: { file: string; text: string; value: unknown } } {
  const rig = new Rig({
    "package.json": { name: "shop", workspaces: ["packages/*"], packageManager: "npm@10.2.0" },
    ".gitignore": "serving\n",
    "packages/api/package.json": { name: "api", scripts: { serve: serve("'listens on 1'") } },
    "packages/app/package.json": { name: "app", scripts: { test: "test -e ../../serving && echo reached" } },
    ...more,
  });
  rigs.push(rig);
  const value = { builds: { tasks: { "api#serve": api, "app#test": { dependsOn: ["api#serve"], cache: true } } } };
  return { rig, settings: { file: "sluice.config.ts", text: "", value } };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

describe("a task that waits for one that lasts for ever", () => {
  test("begins when a line was written, and ends with it; from the cache it needs none", async () => {
    const { rig, settings } = rigOf({ readyWhen: { line: "^listens on \\d+$" } });
    const built = await rig.build({ tasks: ["app#test"], settings });
    expect(built.of["app#test"]).toMatchObject({ status: "completed", cache: "miss" });
    expect(built.logs["app#test"]).toBe("reached\n");
    expect(built.executed).toEqual(["api#serve", "app#test"]);
    expect((await rig.build({ tasks: ["app#test"], settings })).executed).toEqual([]);
  });

  test("begins when somebody listens on a port and a URL answers", async () => {
    const port = await freePort();
    const server = `touch ../../serving; exec ${process.execPath} -e 'Bun.serve({port:${port},hostname:"127.0.0.1",fetch:()=>new Response("")})'`;
    const { rig, settings } = rigOf(
      { readyWhen: { port, url: `http://127.0.0.1:${port}/` } },
      { "packages/api/package.json": { name: "api", scripts: { serve: server } } },
    );
    expect((await rig.build({ tasks: ["app#test"], settings })).logs["app#test"]).toBe("reached\n");
  });

  test("fails with it where it is never there, ends before, or its port is somebody else's", async () => {
    const late = rigOf({ readyWhen: { line: "never", timeoutMs: 100 } });
    const first = await late.rig.build({ tasks: ["app#test"], settings: late.settings });
    expect(first.of["app#test"]).toMatchObject({
      status: "failed",
      why: "api#serve, which it depends on, was not there after 100 ms",
    });
    const gone = rigOf(
      { readyWhen: { line: "never" } },
      { "packages/api/package.json": { name: "api", scripts: { serve: "exit 3" } } },
    );
    const second = await gone.rig.build({ tasks: ["app#test"], settings: gone.settings });
    expect(second.of["app#test"]?.why).toBe("api#serve, which it depends on, was not there: it exited with code 3");
    const other = createServer().listen(0, "127.0.0.1");
    await new Promise((resolve) => other.once("listening", resolve));
    const { port } = other.address() as AddressInfo;
    const taken = rigOf({ readyWhen: { port } });
    const third = await taken.rig.build({ tasks: ["app#test"], settings: taken.settings });
    expect(third.of["app#test"]?.why).toContain(`somebody else listens on port ${port}`);
    other.close();
  });

  test("is refused where nothing says when that one is there", async () => {
    const { rig, settings } = rigOf({ persistent: true });
    expect(rig.build({ tasks: ["app#test"], settings })).rejects.toThrow(
      "api#serve, which is persistent and never ends",
    );
  });
});

test("a line is found wherever pieces end, with colours and without", () => {
  const watch = new LineWatch("^ready in \\d+ ms$");
  for (const piece of ["not ready in 3 ms\n\u001b[32mrea", "dy in 5", " ms\u001b[0m\r\n"]) {
    expect(watch.isSeen).toBe(false);
    watch.add(new TextEncoder().encode(piece));
  }
  expect(watch.isSeen).toBe(true);
});
