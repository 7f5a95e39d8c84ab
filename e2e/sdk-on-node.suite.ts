// A program of somebody else's on Node that uses a running server through the SDK, with every verb of the client. Bundled and
// run by `sdk-on-node.test.ts`; prints what came of it as one line of JSON.
import { connect, DeniedError, workflow } from "@sluice/sdk";
import type { RunHandle } from "@sluice/sdk";

const { env } = process;
const client = connect({ url: env["SLUICE_URL"] ?? "", token: env["SLUICE_TOKEN"] ?? "" });
/** Defined here as in the project: it carries the types. */
const order = workflow<{ sum: bigint; at: Date }, { sum: bigint; at: Date }>({ name: "order" }, () =>
  Promise.reject(new Error("the server runs it")),
);

async function types(run: RunHandle): Promise<readonly string[]> {
  const seen = new Set<string>();
  for await (const update of run.events()) seen.add(update.type);
  return [...seen].toSorted();
}

async function approval(run: RunHandle): Promise<string> {
  for (;;) {
    const found = (await client.approvals()).find((each) => each.run === run.id);
    if (found !== undefined) return found.token;
  }
}

async function progress(run: RunHandle): Promise<string> {
  for (;;) {
    const shown = await run.get();
    if (typeof shown.progress === "string") return shown.progress;
  }
}

const input = { sum: 10n ** 20n, at: new Date(7) };
const first = await client.start(order, input, { idempotencyKey: "o-1", priority: 5, tags: ["eu"] });
const again = await client.start(order, input, { idempotencyKey: "o-1" });
const result = await first.result();
const waits = await client.start("waits");
const emitted = await client.emit("go", new Map([["n", 1n]]), { id: "evt-1" });
const asks = await client.start("asks");
await client.approve(await approval(asks), { approved: false, reason: "too much" });
const denied = await asks.result().then(
  () => "approved",
  (error: unknown) => error instanceof DeniedError && error.message,
);
const calls = await client.start("calls");
await client.complete(await progress(calls), new Set(["done"]));
const called = (await calls.result()) as Set<string>;
const slow = await client.start("waits", undefined, { delay: "1 hour" });
await slow.cancel("not needed");
const missing = await client
  .run("run_none")
  .get()
  .then(
    () => "found",
    (error: unknown) => (error as { code?: unknown }).code,
  );
const version = await client.state.set("global", "k", input);
const report = {
  runtime: "Bun" in globalThis ? "bun" : "node",
  created: [first.created, again.created, first.id === again.id],
  result: [result.sum === input.sum, result.at instanceof Date],
  steps: (await first.steps()).map((step) => step.name),
  events: await types(first),
  waited: (await waits.result()) instanceof Map,
  duplicate: [emitted.duplicate, (await client.emit("go", 1, { id: "evt-1" })).duplicate],
  denied,
  called: called.has("done"),
  cancelled: (await slow.get()).status,
  missing,
  runs: (await client.runs({ tag: "eu" })).runs.map((run) => run.workflow),
  state: [version, (await client.state.get("global", "k"))?.version, await client.state.delete("global", "k")],
};
await client.close();
process.stdout.write(`${JSON.stringify(report)}\n`);
