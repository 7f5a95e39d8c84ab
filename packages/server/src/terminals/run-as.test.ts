import { describe, expect, test } from "bun:test";
import { entryIn, programAs, userNamed } from "./run-as.ts";

const program = { program: "htop", args: ["-d", "5"], cwd: "/srv", env: { TERM: "xterm", HOME: "/root" } };
const ada = { name: "ada", user: 1001, group: 1002, home: "/home/ada", shell: "/bin/bash" };

describe("a program as another user", () => {
  test("takes that user's rights where the server is root, and asks sudo elsewhere", () => {
    const env = { TERM: "xterm", HOME: "/home/ada", USER: "ada", LOGNAME: "ada", SHELL: "/bin/bash" };
    expect(programAs(program, ada, { isRoot: true })).toEqual({
      program: "setpriv",
      args: ["--reuid=1001", "--regid=1002", "--init-groups", "--inh-caps=-all", "--", "htop", "-d", "5"],
      cwd: "/srv",
      env,
    });
    expect(programAs(program, ada, { isRoot: false })).toEqual({
      program: "sudo",
      args: ["-n", "-H", "-u", "ada", "--", "htop", "-d", "5"],
      cwd: "/srv",
      env,
    });
  });

  test("needs one that there is", async () => {
    expect(await userNamed("root")).toMatchObject({ ok: true, value: { user: 0, group: 0 } });
    for (const name of ["nobody-at-all-here", "", "-x", "a b", "root\n", "0"])
      expect(await userNamed(name)).toMatchObject({ ok: false, error: { code: "bad_request" } });
    expect(entryIn("ada:x:1001:1002:Ada,,,:/home/ada:/bin/bash\n")).toEqual(ada);
    expect(entryIn("ada:x:one:1002:::")).toBeUndefined();
  });
});
