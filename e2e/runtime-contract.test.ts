// The contract of the runtime providers on the runtimes that every checkout has: Bun, and the Node that is installed.
import { describe, test } from "bun:test";
import { Contract, contractMs, contractNames } from "./runtime-contract.ts";

const names = contractNames();

describe("on Bun", () => {
  const contract = new Contract({ runtime: "bun", version: Bun.version, command: () => [process.execPath] });
  test("every case of the contract runs", () => contract.expectAll(names), contractMs);
  test.each([...names])("%s", (name) => contract.expectCase(name));
});

describe("on Node", () => {
  const version = Bun.spawnSync(["node", "--version"]).stdout.toString().trim().slice(1);
  const contract = new Contract({ runtime: "node", version, command: () => ["node", "--no-warnings"] });
  test("every case of the contract runs", () => contract.expectAll(names), contractMs);
  test.each([...names])("%s", (name) => contract.expectCase(name));
});
