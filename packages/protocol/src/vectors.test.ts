// The committed golden vectors, on Bun and on Node, and what the codecs load.
import { afterAll, describe, expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { workerMessageCodes } from "./worker-message-codes.ts";
import { parseWorkerMessage } from "./worker-messages.ts";
import { messageChecks, valueChecks, vectorMessage } from "./vectors.suite.ts";

const source = import.meta.dir;
const messagesPath = join(source, "../vectors/messages.json");
const valuesPath = join(source, "../vectors/values.json");
const messages = JSON.parse(readFileSync(messagesPath, "utf8"));
const values = JSON.parse(readFileSync(valuesPath, "utf8"));
const folder = mkdtempSync(join(tmpdir(), "sluice-vectors-"));
afterAll(() => rmSync(folder, { recursive: true }));

describe("messages.json", () => {
  for (const { name, run } of messageChecks(messages)) test(name, run);

  test("has every type, and its payloads fit the schemas", () => {
    const seen = new Set<number>();
    for (const { name, message } of messages.vectors) {
      seen.add(message.type);
      expect({ name, ...parseWorkerMessage(vectorMessage(message)) }).toMatchObject({ name, ok: true });
    }
    expect([...seen].toSorted((a, b) => a - b)).toEqual(Object.values(workerMessageCodes));
  });
});

describe("values.json", () => {
  for (const { name, run } of valueChecks(values)) test(name, run);
});

async function bundle(entry: string): Promise<string> {
  const built = await Bun.build({ entrypoints: [join(source, entry)], target: "node", format: "esm" });
  expect(built.success).toBe(true);
  return built.outputs[0]!.text();
}

test("the codecs give the same bytes on plain Node", async () => {
  const script = join(folder, "vectors.mjs");
  await Bun.write(script, await bundle("vectors.node.ts"));
  const run = Bun.spawn(["node", script, messagesPath, valuesPath], { stdout: "pipe", stderr: "pipe" });
  const [out, problem, code] = await Promise.all([run.stdout.text(), run.stderr.text(), run.exited]);
  expect({ out, problem, code }).toEqual({
    out: `${messages.vectors.length + messages.refused.length + values.vectors.length + values.refused.length} vectors\n`,
    problem: "",
    code: 0,
  });
});

test("frames, values and message codes load no other package", async () => {
  for (const entry of ["frame.ts", "value.ts", "value-json.ts", "worker-message-codes.ts"]) {
    expect(await bundle(entry)).not.toContain("node_modules");
  }
  expect(await bundle("worker-messages.ts")).toContain("node_modules/zod");
});
