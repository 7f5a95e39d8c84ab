// A server's arguments are read without the library that commands are made with, and mean the same.
import { describe, expect, test } from "bun:test";
import { makeProgram } from "./program.ts";
import { plainFlags, serveOptions, serveRequest } from "./serve-flags.ts";
import type { ServeFlags, ServeMode } from "./serve-flags.ts";
import type { Io } from "./io.ts";

const silent = (): void => undefined;
const io: Io = {
  env: { SLUICE_PROJECT: "from-environment" },
  cwd: "/here",
  print: silent,
  complain: silent,
  stdout: { isTTY: false, columns: 80, write: silent },
  readStdin: async () => "",
};

/** What the library makes of the arguments. */
async function byCommander(mode: ServeMode, args: readonly string[]): Promise<ServeFlags> {
  const program = makeProgram(io);
  const seen = Promise.withResolvers<ServeFlags>();
  const command = program.commands.find((each) => each.name() === mode) ?? expect.unreachable();
  command.action((flags: ServeFlags) => seen.resolve(flags));
  await program.parseAsync([mode, ...args], { from: "user" });
  return seen.promise;
}

const values = { "<n>": "0", "<name=value>": "concurrentRunsMax=5", "<mode>": "" } as const;
/** Every option there is, with a value. */
const all = serveOptions.map(({ flags, choices, up }) => {
  const [name = "", value] = flags.split(" ");
  const given = choices?.[1] ?? values[value as keyof typeof values] ?? "some value";
  return { up: up === true, args: value === undefined ? [name] : [name, given] };
});

describe("arguments of up and dev", () => {
  test.each(["up", "dev"] as const)("%s: each option means what the library takes it for", async (mode) => {
    const allowed = all.filter(({ up }) => mode === "up" || !up);
    expect(allowed.length).toBeGreaterThan(25);
    for (const args of [...allowed.map((each) => each.args), [], allowed.flatMap((each) => each.args)]) {
      const flags = plainFlags(mode, args) ?? expect.unreachable(args.join(" "));
      expect(serveRequest(io, mode, flags)).toEqual(serveRequest(io, mode, await byCommander(mode, args)));
    }
  });

  test("values behind an equals sign, and options given twice", async () => {
    const args = ["--port=7", "--port", "8", "--limit=a=1", "--limit", "b=2", "--allowed-host", "x", "--json"];
    const request = serveRequest(io, "up", plainFlags("up", args) ?? {});
    expect(request).toEqual(serveRequest(io, "up", await byCommander("up", args)));
    expect(request).toEqual({
      mode: "up",
      project: "/here/from-environment",
      json: true,
      replace: false,
      flags: { port: "8", "limits.a": "1", "limits.b": "2", "http.allowedHosts": ["x"] },
    });
  });

  test.each([
    [["--help"]],
    [["--port"]],
    [["--port", "--json"]],
    [["--unknown", "1"]],
    [["left over"]],
    [["--json=yes"]],
    [["--durability", "somewhat"]],
    [["--", "--json"]],
    [["-h"]],
  ])("%j is left to whoever can say what is wrong, or help", (args) => {
    expect(plainFlags("up", args)).toBeUndefined();
  });

  test("what only up can do is no option of dev", () => {
    expect(plainFlags("up", ["--replace"])).toEqual({ replace: true });
    expect(plainFlags("dev", ["--replace"])).toBeUndefined();
  });

  test("a limit without a value is used wrongly", () => {
    expect(() => serveRequest(io, "up", plainFlags("up", ["--limit", "nothing"]) ?? {})).toThrow(
      "--limit takes NAME=VALUE",
    );
  });
});
