// The process that executes the workflows for Restate: its TypeScript SDK behind HTTP/2 on loopback. Started by
// restate.ts with the port, the inactivity timeout in milliseconds and the gate; says each awakeable on standard output.

import { createServer } from "node:http2";
import { preciseNow } from "../../clock.ts";
import type { WorkInput, WorkName } from "../contender.ts";
import { Marks, passGate, timeSteps } from "../marks.ts";
import { loadPeer } from "../peers.ts";

/** The part of the SDK that is used here. */
interface RestateContext {
  run<T>(name: string, action: () => T | Promise<T>): Promise<T>;
  sleep(ms: number): Promise<void>;
  awakeable<T>(): { readonly id: string; readonly promise: Promise<T> };
}
type Handler = (ctx: RestateContext, input: WorkInput) => Promise<unknown>;
interface RestateSdk {
  service(definition: {
    readonly name: string;
    readonly handlers: Readonly<Record<WorkName, Handler>>;
    readonly options: { readonly inactivityTimeout?: number };
  }): unknown;
  createEndpointHandler(options: { readonly services: readonly unknown[] }): Parameters<typeof createServer>[1];
}

const [port = "0", inactivityMs = "", gate = "open"] = process.argv.slice(2);
const marks = new Marks();

const handlers: Record<WorkName, Handler> = {
  noop: async () => 0,
  steps3: async (ctx) => {
    const a = await ctx.run("a", () => 1);
    const b = await ctx.run("b", () => 2);
    const c = await ctx.run("c", () => 3);
    return a + b + c;
  },
  steps: async (ctx, { count = 0 }) => {
    return timeSteps(count, async (index) => ctx.run(`step ${index}`, () => index));
  },
  nap: async (ctx, { key, ms = 0 }) => {
    marks.begin(key);
    await ctx.sleep(ms);
    return marks.woken(key, marks.since(key) - ms);
  },
  listen: async (ctx, { key }) => {
    marks.begin(key);
    const { id, promise } = ctx.awakeable<{ readonly sentAt: number }>();
    process.stdout.write(`awakeable ${key} ${id}\n`);
    const { sentAt } = await promise;
    return marks.woken(key, preciseNow() - sentAt);
  },
  stamp: async (_ctx, { sentAt = 0 }) => preciseNow() - sentAt,
  gated: async (ctx) => {
    await ctx.run("a", () => 1);
    await ctx.run("b", async () => passGate(gate !== "closed"));
    return ctx.run("c", () => 3);
  },
};

const sdk = await loadPeer<RestateSdk>("@restatedev/restate-sdk");
const options = inactivityMs === "" ? {} : { inactivityTimeout: Number(inactivityMs) };
const service = sdk.service({ name: "bench", handlers, options });
createServer(sdk.createEndpointHandler({ services: [service] })).listen(Number(port), "127.0.0.1", () => {
  process.stdout.write("listening\n");
});
