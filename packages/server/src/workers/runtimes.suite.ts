// The contract with the build worker of our own on each runtime: the same program, bundled, in a process of its own.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import type { Server, Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Rig } from "./rig.suite.ts";

const buildWorker = join(import.meta.dir, "../../../worker/src/build-main.node.ts");

/** A network that can break. */
class Cable implements AsyncDisposable {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  constructor(port: number) {
    this.#server = createServer((near) => {
      const far = connect({ host: "127.0.0.1", port });
      for (const [from, to] of [
        [near, far],
        [far, near],
      ] as const) {
        this.#sockets.add(from);
        from.pipe(to);
        from.on("error", () => to.destroy());
        from.on("close", () => to.destroy());
      }
    });
  }

  async listen(): Promise<number> {
    await new Promise<void>((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
    const address = this.#server.address();
    return typeof address === "object" && address !== null ? address.port : 0;
  }

  /** Every connection breaks off. */
  cut(): void {
    for (const socket of this.#sockets) socket.destroy();
    this.#sockets.clear();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.cut();
    this.#server.close();
  }
}

interface Started {
  readonly process: Bun.Subprocess<"ignore", "pipe", "pipe">;
  /** Resolves with the next line that says it is connected. */
  connected(): Promise<void>;
}

/** Registers the contract for one runtime, started by this command. `program`: what is bundled and started. */
export function runtimeSuite(
  runtime: "bun" | "node" | "deno" | "python",
  command: readonly string[],
  program = buildWorker,
): void {
  describe(`a worker on ${runtime}`, () => {
    let folder = "";
    let script = "";
    const processes: Started["process"][] = [];

    beforeAll(async () => {
      folder = mkdtempSync(join(tmpdir(), `sluice-${runtime}-`));
      script = join(folder, "worker.mjs");
      const built = await Bun.build({ entrypoints: [program], target: "node", format: "esm" });
      await Bun.write(script, await built.outputs[0]!.text());
    });
    afterAll(() => {
      for (const process of processes) process.kill("SIGKILL");
      rmSync(folder, { recursive: true, force: true });
    });

    const start = (options: Readonly<Record<string, unknown>>): Started => {
      const given = JSON.stringify({ host: "127.0.0.1", capabilities: ["build"], ...options });
      // Tests run with `--no-orphans`, which Bun hands on: a killed worker would take along what watches over its commands.
      const { BUN_FEATURE_FLAG_NO_ORPHANS: _, ...env } = globalThis.process.env;
      const streams = { stdin: "ignore", stdout: "pipe", stderr: "pipe" } as const;
      const process = Bun.spawn([...command, script, given], { ...streams, env });
      processes.push(process);
      const reader = process.stdout.getReader();
      let text = "";
      const connected = async (): Promise<void> => {
        while (!text.includes("connected\n")) {
          const { done, value } = await reader.read();
          if (done) throw new Error(await process.stderr.text());
          text += new TextDecoder().decode(value);
        }
        text = text.slice(text.indexOf("connected\n") + "connected\n".length);
      };
      return { process, connected };
    };
    const join_ = async (rig: Rig, workerId: string, more: object = {}): Promise<Started> => {
      const started = start({ port: rig.port, workerId, token: await rig.token(workerId), ...more });
      await started.connected();
      return started;
    };
    const output = async (rig: Rig, build: string): Promise<string> => {
      const events = await rig.fixture.store.builds.readBuildEvents({ build, after: 0, limit: 1e6, bytesMax: 1e9 });
      const said = events.flatMap(({ stream, bytes }) => (stream === "stdout" && bytes !== undefined ? [bytes] : []));
      return Buffer.concat(said).toString();
    };
    const sh = (line: string, more: object = {}) => ({
      target: "t",
      options: { command: ["sh", "-c", line], ...more },
    });

    test("runs a command in its folder with its environment, streams both outputs, and says how it ended", async () => {
      await using rig = await Rig.make();
      await join_(rig, "w");
      const build = await rig.build(
        sh('echo "$(pwd) $GREETING"; echo careful >&2; exit 0', { cwd: folder, env: { GREETING: "hi" } }),
      );
      expect(await rig.until(build, "completed")).toMatchObject({ worker: "w", exitCode: 0 });
      expect(await output(rig, build)).toBe(`${folder} hi\n`);
      const { body } = await rig.fixture.get("/api/v1/workers");
      expect(body.workers).toMatchObject([{ id: "w", runtime, busy: 0 }]);
      expect(body.workers[0].version).toMatch(/^\d+\./);
    }, 30_000);

    test("says that a command failed, or was not there, or was none", async () => {
      await using rig = await Rig.make();
      await join_(rig, "w", { heartbeatMs: 1_000, slots: 3 });
      const failing = await rig.build(sh("echo no; exit 3"));
      const missing = await rig.build({ target: "t", options: { command: ["no-such-program-here"] } });
      const none = await rig.build({ target: "t", options: {} });
      expect(await rig.until(failing, "failed")).toMatchObject({ exitCode: 3, error: { code: "build_failed" } });
      expect(await rig.until(missing, "failed")).toMatchObject({ error: { code: "spawn_failed" } });
      expect(await rig.until(none, "failed")).toMatchObject({ error: { code: "command_missing" } });
    }, 30_000);

    test("ends the whole group of a build that is cancelled", async () => {
      await using rig = await Rig.make();
      await join_(rig, "w");
      const build = await rig.build(sh("sleep 1000 & echo $!; wait"));
      await rig.until(build, (shown) => shown.outputBytesSeen > 0);
      const child = Number(await output(rig, build));
      await rig.fixture.post(`/api/v1/builds/${build}/cancel`);
      await rig.until(build, "cancelled");
      // Its pipes are closed a moment before it is gone; looking takes longer than that moment.
      expect([isAlive(child), isAlive(child), isAlive(child)].at(-1)).toBe(false);
    }, 30_000);

    test("brings ten megabytes of output", async () => {
      await using rig = await Rig.make();
      await join_(rig, "w");
      const build = await rig.build(sh("head -c 10485760 /dev/zero | tr '\\0' 'x'"));
      expect(await rig.until(build, "completed")).toMatchObject({ outputBytes: 10_485_760 });
    }, 60_000);

    test("comes back in the middle of a build, with its credential, and goes on", async () => {
      await using rig = await Rig.make({ limits: { reconnectGraceMs: 20_000 } });
      await using cable = new Cable(rig.port);
      const token = await rig.token("w");
      const worker = start({ port: await cable.listen(), workerId: "w", token, heartbeatMs: 1_000 });
      await worker.connected();
      const go = join(folder, "go");
      rmSync(go, { force: true });
      const build = await rig.build(sh(`echo before; while [ ! -e ${go} ]; do sleep 0.05; done; echo after`));
      await rig.until(build, (shown) => shown.outputBytesSeen > 0);
      cable.cut();
      await worker.connected();
      await Bun.write(go, "");
      expect(await rig.until(build, "completed")).toMatchObject({ epoch: 1, worker: "w" });
      expect(await output(rig, build)).toBe("before\nafter\n");
    }, 30_000);

    test("that is killed loses its build to another one, and takes its command with it", async () => {
      await using rig = await Rig.make();
      const first = await join_(rig, "a");
      const go = join(folder, "second");
      const build = await rig.build(
        sh(`if [ -e ${go} ]; then echo again; else touch ${go}; sleep 1000 & echo $$ $!; wait; fi`),
      );
      await rig.until(build, (shown) => shown.outputBytesSeen > 0);
      const said = await output(rig, build);
      const pids = said.split(" ").map(Number);
      await join_(rig, "b");
      first.process.kill("SIGKILL");
      expect(await rig.until(build, "completed")).toMatchObject({ epoch: 2, worker: "b" });
      expect(await output(rig, build)).toBe(`${said}again\n`);
      while (pids.some(isAlive)) await new Promise((resolve) => void setTimeout(resolve, 10));
    }, 30_000);

    test("fetches inputs and stores outputs over HTTP, each held against its digest", async () => {
      await using rig = await Rig.make();
      // Nobody tells the worker where blobs are, but the server as it comes.
      rig.listen();
      await join_(rig, "w", { heartbeatMs: 1_000, slots: 3 });
      const { fixture } = rig;
      const input = async (path: string, text: string, mode = 0o644) => {
        return { path, sha256: await fixture.putBlob(text), size: text.length, mode };
      };
      const make = "mkdir out && tr a-z A-Z < src/a.txt > out/a.txt && ln -s a.txt out/b && cat link";
      const maker = await input("bin/make.sh", make, 0o755);
      const link = { path: "link", sha256: "0".repeat(64), size: 0, mode: 0o777, link: "src/a.txt" };
      const inputs = [maker, await input("src/a.txt", "some text"), link];
      const made = await rig.build(sh("cd .. && sh bin/make.sh", { inputs, outputs: ["out/**"], cwd: "w" }));
      const { artifacts } = await rig.until(made, "completed");
      expect(artifacts).toMatchObject([
        { path: "out/a.txt", size: 9, mode: expect.any(Number) },
        { path: "out/b", size: 0, link: "a.txt" },
      ]);
      expect(await output(rig, made)).toBe("some text");
      const stored = await fixture.get(`/api/v1/blobs/${artifacts[0].sha256}`);
      expect([stored.status, stored.body]).toEqual([200, "SOME TEXT"]);
      const outside = await rig.build(sh("true", { inputs: [{ ...inputs[1], path: "../../escaped" }] }));
      expect(await rig.until(outside, "failed")).toMatchObject({ error: { code: "path_unsafe" } });
      // Its bytes were changed on the disk, as many as there were: the server does not give them out.
      writeFileSync(fixture.files.fileOf(maker.sha256), make.replaceAll("a", "b"));
      const changed = await rig.build(sh("true", { inputs }));
      expect(await rig.until(changed, "failed")).toMatchObject({ error: { code: "input_failed" } });
    }, 60_000);

    test("builds nothing of bytes that are not those of their name, wherever it was told to fetch them", async () => {
      await using rig = await Rig.make();
      rig.listen();
      using liar = Bun.serve({ hostname: "127.0.0.1", port: 0, fetch: () => new Response("echo lies") });
      await join_(rig, "w", { blobsUrl: `http://127.0.0.1:${liar.port}` });
      const inputs = [{ path: "a", sha256: await rig.fixture.putBlob("echo true"), size: 9, mode: 0o644 }];
      const build = await rig.build(sh("sh a", { inputs }));
      expect(await rig.until(build, "failed")).toMatchObject({ error: { code: "input_corrupt" } });
      expect(await output(rig, build)).toBe("");
    }, 30_000);

    test("gives a command of the environment what it was told to, and what every program has", async () => {
      process.env["SLUICE_SECRET_OF_THE_WORKER"] = "secret";
      process.env["PASSED_ON"] = "passed";
      await using rig = await Rig.make();
      await join_(rig, "w", { passEnv: ["PASSED_ON"] });
      delete process.env["SLUICE_SECRET_OF_THE_WORKER"];
      delete process.env["PASSED_ON"];
      const build = await rig.build(sh('env | cut -d= -f1; echo "$PASSED_ON"', { env: { GIVEN: "1" } }));
      await rig.until(build, "completed");
      const names = (await output(rig, build)).trim().split("\n");
      expect(names).toEqual(expect.arrayContaining(["PATH", "HOME", "GIVEN", "PASSED_ON", "passed"]));
      expect(names).not.toContain("SLUICE_SECRET_OF_THE_WORKER");
    }, 30_000);

    test("whose name another takes ends what it does, says why, and does not come back", async () => {
      await using rig = await Rig.make();
      const token = await rig.token("w");
      const first = start({ port: rig.port, workerId: "w", token });
      await first.connected();
      const build = await rig.build(sh("sleep 1000 & echo $!; wait"));
      await rig.until(build, (shown) => shown.outputBytesSeen > 0);
      const child = Number(await output(rig, build));
      await rig.worker("w", { token });
      expect(await first.process.exited).toBe(1);
      expect(await first.process.stderr.text()).toContain("Another worker with this worker_id has connected");
      const { body } = await rig.fixture.get("/api/v1/workers");
      expect(body.workers).toMatchObject([{ id: "w" }]);
      while (isAlive(child)) await Bun.sleep(10);
    }, 30_000);

    test("that is not wanted says why and ends", async () => {
      await using rig = await Rig.make();
      const { process } = start({ port: rig.port, workerId: "w", token: "sluice_wrong" });
      expect([await process.exited, await process.stderr.text()]).toEqual([
        1,
        expect.stringContaining("not one of this server"),
      ]);
    }, 30_000);
  });
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  // One that has ended and was not collected is a name and nothing else.
  const state = Bun.spawnSync(["ps", "-o", "stat=", "-p", String(pid)]).stdout.toString();
  return !state.startsWith("Z") && state.trim() !== "";
}
