// The contract of the runtime providers on the runtimes that every checkout has: Bun, and the Node that is installed.
import { contractNames, testContract } from "./runtime-contract.ts";

const names = contractNames();

testContract("the contract on Bun", names, { runtime: "bun", version: Bun.version, command: () => [process.execPath] });
testContract("the contract on Node", names, {
  runtime: "node",
  version: Bun.spawnSync(["node", "--version"]).stdout.toString().trim().slice(1),
  command: () => ["node", "--no-warnings"],
});
