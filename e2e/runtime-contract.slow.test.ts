// The contract of the runtime providers on Node 24 and Deno, from npm into a folder of their own. Where they cannot be installed,
// the test says how they would be.
import { describe, test } from "bun:test";
import { join } from "node:path";
import { PeerFolder } from "../bench/peer-folder.ts";
import { Contract, contractMs, contractNames } from "./runtime-contract.ts";

const node = `node-linux-${process.arch}`;
const deno = `@deno/linux-${process.arch}-glibc`;
const versions = { node: "24.21.0", deno: "2.9.6" };
const folder = join(import.meta.dir, "../node_modules/.cache/runtimes");
const manifest = { private: true, dependencies: { [node]: versions.node, [deno]: versions.deno } };
const runtimes = new PeerFolder({ folder, manifest });

const refusal = ((): string | undefined => {
  try {
    runtimes.install(() => undefined);
    return undefined;
  } catch (error) {
    return `${String(error)}\nnpm install --prefix ${folder} ${node}@${versions.node} ${deno}@${versions.deno}`;
  }
})();

function installed(command: readonly string[]): readonly string[] | undefined {
  if (refusal !== undefined) console.warn(`skipped: the runtimes could not be installed: ${refusal}`);
  return refusal === undefined ? command : undefined;
}

const names = contractNames();

describe("on Node 24", () => {
  const command = () => installed([runtimes.file(node, "bin/node"), "--no-warnings"]);
  const contract = new Contract({ runtime: "node", version: versions.node, command });
  test("every case of the contract runs", () => contract.expectAll(names), contractMs);
  test.each([...names])("%s", (name) => contract.expectCase(name));
});

describe("on Deno", () => {
  const command = () => installed([runtimes.file(deno, "deno"), "run", "--allow-all", "--quiet"]);
  const contract = new Contract({ runtime: "deno", version: versions.deno, command });
  test("every case of the contract runs", () => contract.expectAll(names), contractMs);
  test.each([...names])("%s", (name) => contract.expectCase(name));
});
