// What targets of Nx do.
import { expect, test } from "bun:test";
import { packageOf } from "../graph/fixture.suite.ts";
import { ConfigValue } from "./config-file.ts";
import { commandOfTarget, interpolated } from "./nx-commands.ts";

const pkg = packageOf("app", [], { own: "echo" });
const firstIn =
  (target: Readonly<Record<string, unknown>>) =>
  (key: string): ConfigValue | undefined =>
    Object.hasOwn(target, key)
      ? new ConfigValue({
          file: "project.json",
          text: JSON.stringify({ [key]: target[key] }),
          value: target[key],
          keys: [key],
        })
      : undefined;
const commandOf = (target: Readonly<Record<string, unknown>>) =>
  commandOfTarget({ pkg, task: "t", first: firstIn(target) });

test("tokens are filled in; an option that is not said leaves nothing", () => {
  const at = { pkg, first: firstIn({ options: { into: "out/x" } }) };
  expect(interpolated("{workspaceRoot}/dist/{projectRoot}/{projectName}", at)).toBe("dist/packages/app/app");
  expect([interpolated("{options.into}", at), interpolated("{options.none}", at)]).toEqual(["out/x", undefined]);
});

test("what is ready when it has said so lasts for ever", () => {
  const target = {
    executor: "nx:run-commands",
    options: { command: "serve", args: ["--port", "1"], readyWhen: "up (1)" },
  };
  expect(commandOf(target)).toMatchObject({ command: { text: "serve --port 1" }, persistent: true });
  expect(new RegExp(commandOf(target).readyWhen?.line ?? "").test("is up (1)")).toBe(true);
});

test.each([
  [{ executor: "nx:run-commands", options: {} }, /executor needs options\.command/],
  [{ executor: "nx:run-commands", options: { command: "x", cwd: "../y" } }, /cwd leads out/],
  [{ executor: "nx:run-script", options: { script: "none" } }, /script is none, and the package has no such script/],
  [{ executor: "nx:run-commands", options: { commands: [{}] } }, /has no command/],
])("%j is refused", (target, message) => {
  expect(() => commandOf(target)).toThrow(message);
});
