// What Nx's inputs mean.
import { expect, test } from "bun:test";
import { packageOf } from "../graph/fixture.suite.ts";
import { ConfigValue } from "./config-file.ts";
import { InputReader } from "./nx-inputs.ts";

const [app, lib] = [packageOf("app"), packageOf("lib")];
const named = { code: ["{projectRoot}/src/**"], loop: ["loop"] };
const valueOf = (value: unknown, key = "inputs"): ConfigValue =>
  new ConfigValue({ file: "nx.json", text: JSON.stringify({ [key]: value }), value, keys: [key] });
const reader = new InputReader({
  of: (_pkg, name) => (Object.hasOwn(named, name) ? valueOf(named[name as keyof typeof named], name) : undefined),
  upstream: (pkg) => (pkg === app ? [lib] : []),
  packageOf: (name) => [app, lib].find((each) => each.name === name),
});
const read = (inputs: unknown) => reader.read(valueOf(inputs), app);

test.each([
  [
    ["code", "^code"],
    ["src/**", "$TURBO_ROOT$/packages/lib/src/**"],
  ],
  [
    ["{workspaceRoot}/a", "!{projectRoot}/b"],
    ["$TURBO_ROOT$/a", "!b"],
  ],
  [[{ input: "code", projects: ["lib"] }], ["$TURBO_ROOT$/packages/lib/src/**"]],
  [[{ input: "code", dependencies: true }], ["$TURBO_ROOT$/packages/lib/src/**"]],
  [[{ fileset: "{projectRoot}/x" }, { externalDependencies: ["y"] }], ["x"]],
  [["default"], ["$TURBO_DEFAULT$"]],
])("%j means %j", (inputs, patterns) => {
  expect(read(inputs).patterns).toEqual([...patterns]);
});

test("variables and commands are inputs too; what says nothing reads its project and all that it depends on", () => {
  expect(read([{ env: "A" }, { runtime: "node -v" }])).toEqual({ patterns: [], env: ["A"], runtime: ["node -v"] });
  expect(reader.usual(app).patterns).toEqual(["$TURBO_DEFAULT$", "$TURBO_ROOT$/packages/lib/**/*"]);
});

test.each([
  [["nobody"], /has no such name/],
  [["loop"], /loop means itself/],
  [[{ what: 1 }], /what is not known here/],
  ["x", /is not a list/],
])("%j is refused", (inputs, message) => {
  expect(() => read(inputs)).toThrow(message);
});
