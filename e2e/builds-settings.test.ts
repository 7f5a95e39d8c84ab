// Builds by the shipped command: what sluice.config.ts says, what is tried again, what is watched, and what a terminal shows.
import { afterAll, afterEach, describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { build, removeAll, removeWorkspaces, workspace, write } from "./builds-rig.ts";
import { cleanEnv, main, sluice, startSluice } from "./cli-process.ts";

afterEach(removeWorkspaces);
afterAll(removeAll);

describe("sluice build", () => {
  test("says on a terminal how far it is, and leaves nothing of that", async () => {
    const root = workspace({ "packages/lib/package.json": { name: "lib", scripts: { build: "sleep 0.3" } } });
    await sluice(["build", "--force"], { cwd: root });
    const command = `${process.execPath} ${main} build --force`;
    const ran = Bun.spawnSync(["script", "-qec", command, "/dev/null"], {
      cwd: root,
      env: { ...cleanEnv(), TERM: "xterm" },
      stdin: "ignore",
    });
    const text = ran.stdout.toString();
    expect([ran.exitCode, text]).toEqual([0, expect.stringMatching(/\[0\/2\] · about \d+ s left · lib#build/)]);
    const [, last = ""] = text.split("app#build: done");
    expect(last.slice(last.indexOf("Build completed"))).toMatch(
      /^Build completed: [^\r\n]*\r?\n[^\p{L}\p{N}]*(?:2K[^\p{L}\p{N}]*)*$/u,
    );
  });

  test("takes what sluice.config.ts says of builds, and names file, line and key of what is wrong in it", async () => {
    const settings = 'export default {\n  builds: { tasks: {\n    "app#say": { command: "echo said" },\n  } },\n};\n';
    const root = workspace({ "sluice.config.ts": settings });
    expect((await sluice(["build", "say"], { cwd: root })).stdout).toContain("said\n");
    write(root, { "sluice.config.ts": settings.replace("command", "comand") });
    expect(await sluice(["build", "say"], { cwd: root })).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining("sluice.config.ts:3: builds.tasks.app#say.comand is not known here"),
    });
    write(root, { "sluice.config.ts": "export default {\n  builds: {,\n};\n" });
    expect((await sluice(["build"], { cwd: root })).stderr).toMatch(/^sluice: sluice\.config\.ts:2: /);
  });

  test("watches: builds again what changed, and ends with all that it keeps running when it is told to", async () => {
    const root = workspace({
      "packages/lib/package.json": {
        name: "lib",
        main: "dist/out",
        scripts: { build, dev: "echo $$ > ../../pid; echo dev is there; exec sleep 1000" },
      },
      "turbo.json": {
        tasks: {
          build: { dependsOn: ["^build"], outputs: ["dist/**"] },
          dev: { dependsOn: ["build"], persistent: true, cache: false },
        },
      },
      ".gitignore": "dist\npid\n",
    });
    const watch = startSluice(["build", "watch", "build", "dev"], { cwd: root });
    await watch.until((text) => text.includes("Waits for changes.") && text.includes("lib#dev: dev is there"));
    write(root, { "packages/app/src/b": "other\n" });
    const seen = await watch.until((text) => text.split("Waits for changes.").length > 2);
    expect(seen).toContain("Build completed: 2 of 2 completed, 1 from the cache");
    expect(readFileSync(join(root, "packages/app/dist/out"), "utf8")).toBe("other\n");
    watch.kill("SIGTERM");
    expect(await watch.exited).toBe(0);
    const pid = Number(readFileSync(join(root, "pid"), "utf8"));
    expect(() => process.kill(pid, 0)).toThrow();
  });

  test("does a task again that may be, and says that it was flaky", async () => {
    const flaky = "echo x >> ../../tries; test $(wc -l < ../../tries) -ge 2";
    const root = workspace({
      "packages/lib/package.json": { name: "lib", scripts: { check: flaky } },
      "sluice.config.ts": 'export default { builds: { tasks: { "lib#check": { retries: 1 } } } };\n',
      ".gitignore": "dist\ntries\n",
    });
    const ran = await sluice(["build", "lib#check"], { cwd: root });
    expect([ran.exitCode, ran.stdout]).toEqual([0, expect.stringContaining(", the 2. time that it was tried\n")]);
    expect((await sluice(["build", "explain", "lib#check"], { cwd: root })).stdout).toMatch(
      /It was flaky once, at \S+ last: it exited with code 1\.\n$/,
    );
  });
});
