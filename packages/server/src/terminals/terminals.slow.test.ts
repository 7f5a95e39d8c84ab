import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { unwrap } from "@sluice/core";
import { TerminalRig } from "./terminal-rig.suite.ts";

let rig: TerminalRig;
beforeAll(async () => {
  rig = await TerminalRig.make();
});
afterAll(async () => rig[Symbol.asyncDispose]());

const isAlive = (pid: number): boolean =>
  existsSync(`/proc/${pid}/stat`) && !/\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, "utf8"));

async function gone(pid: number): Promise<void> {
  while (isAlive(pid)) await new Promise(setImmediate);
}

describe("a program on a terminal", () => {
  test("shows what it writes, gets what is typed, and leaves its exit code", async () => {
    const viewer = rig.view(await rig.shell());
    await viewer.sees("$ ");
    viewer.type("echo $((6 * 7)) $TERM; tty\r");
    await viewer.sees("42 xterm-256color");
    await viewer.sees("/dev/pts/");
    viewer.type("exit 3\r");
    const ended = await viewer.until(() => viewer.last("state")?.state.status === "exited" && viewer.last("state"));
    expect(ended.state).toMatchObject({ exitCode: 3, signal: null, role: "writer" });
  });

  test("finds nothing of the server's secrets around it", async () => {
    const viewer = rig.view(await rig.shell({ command: ["sh", "-c", "env; echo end"] }));
    await viewer.sees("end");
    expect(viewer.text).toContain("HOME=");
    expect(viewer.text).not.toContain("SLUICE_TOKEN");
  });

  test("runs as another user where that is wanted, with nothing of the server's rights", async () => {
    if (process.getuid?.() !== 0) return;
    const ask = "id -un; id -G; echo $HOME-$USER; cat /etc/shadow; grep CapEff /proc/self/status; echo end";
    const viewer = rig.view(await rig.shell({ command: ["sh", "-c", ask], cwd: "/", runAs: "daemon" }));
    await viewer.sees("end");
    expect(viewer.text).toContain("daemon\r\n1\r\n/usr/sbin-daemon\r\n");
    expect(viewer.text).toContain("Permission denied");
    expect(viewer.text).toContain("0000000000000000\r\n");
    const refused = await rig.f.send("/api/v1/terminals", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ command: ["sh"], runAs: "nobody-here" }),
    });
    expect(refused).toMatchObject({ status: 400, body: { error: { message: 'There is no user "nobody-here".' } } });
  });

  test("shows no secret of the vault in its recording", async () => {
    const by = { kind: "user", id: "ada", origin: {} } as const;
    await rig.f.vault.set({ by, name: "stripe/key", value: "sk-never-recorded" });
    const command = ["sh", "-c", "echo begin sk-never-reco''rded end"];
    const id = await rig.shell({ command, record: "output" });
    const viewer = rig.view(id);
    await viewer.until(() => viewer.last("state")?.state.status === "exited");
    const { recordings } = await rig.terminals;
    const text = async (): Promise<string> => unwrap(await recordings.text(id));
    while (!(await text()).includes('"x"')) await new Promise(setImmediate);
    expect(await text()).toContain("begin ***************** end");
    expect(await text()).not.toContain("sk-never-recorded");
  });

  test("that asks its terminal gets one answer, however many look on", async () => {
    const ask = String.raw`stty raw -echo; printf 'Q\033[c'; IFS= read -r -d c -t 20 answer; printf '%q' "$answer"; IFS= read -r -n 1 -t 0.3 more; printf ' more=%q.' "$more"`;
    const id = await rig.shell({ command: ["bash", "-c", `sleep 0.2; ${ask}`] });
    const viewers = [rig.view(id), rig.view(id)];
    for (const viewer of viewers) {
      void viewer.sees("Q").then(() => viewer.type("\x1b[?62;22c"));
    }
    await viewers[0]?.sees("more=");
    await viewers[0]?.sees(".");
    expect(viewers[0]?.text).toContain("[?1;2");
    expect(viewers[0]?.text).toContain("more=''");
  });

  test("is held back while its output is not read, stops at Ctrl+C, and the memory stays flat", async () => {
    const id = await rig.shell();
    const viewer = rig.view(id);
    await viewer.sees("$ ");
    const before = process.memoryUsage().rss;
    viewer.type("yes\r");
    await viewer.until(() => viewer.outputBytes > 2_000_000);
    const session = (await rig.terminals).list().find(({ facts }) => facts.id === id);
    const grown = process.memoryUsage().rss - before;
    viewer.text = "";
    const from = performance.now();
    viewer.type("\x03");
    await viewer.sees("$ ");
    const answeredMs = performance.now() - from;
    viewer.type("echo quiet\r");
    await viewer.sees("\nquiet");
    expect(session?.isPaused).toBeFalse();
    expect(grown).toBeLessThan(80_000_000);
    // The bar of 100 ms is for a machine that has nothing else to do.
    expect(answeredMs).toBeLessThan(2_000);
  });

  test("is gone with everybody of its session when the terminal is ended, those who ignore the hang-up too", async () => {
    await using stubborn = await TerminalRig.make({ terminalKillGraceMs: 50 });
    const id = await stubborn.shell();
    const viewer = stubborn.view(id);
    await viewer.sees("$ ");
    viewer.type(`(trap '' HUP; exec sleep 1000) & echo "[$!]"; set -m; sleep 2000 & echo "[$!]"\r`);
    const pids = await viewer.until(() => {
      const found = [...viewer.text.matchAll(/\[(\d{2,})\]\r/g)].map(([, pid]) => Number(pid));
      return found.length >= 2 && found;
    });
    expect(pids.every(isAlive)).toBeTrue();
    expect((await stubborn.f.send(`/api/v1/terminals/${id}`, { method: "DELETE" })).status).toBe(204);
    expect(await viewer.closed()).toMatchObject({ code: 4401, reason: "the terminal has ended" });
    await Promise.all(pids.map(gone));
    expect((await stubborn.f.send(`/api/v1/terminals/${id}`)).status).toBe(404);
  });

  test("ends with the server, and its viewers are told to come back", async () => {
    await using stopping = await TerminalRig.make();
    const id = await stopping.shell();
    const viewer = stopping.view(id);
    await viewer.sees("$ ");
    const { pid } = (await stopping.f.send(`/api/v1/terminals/${id}`)).body.terminal;
    expect(isAlive(pid)).toBeTrue();
    await stopping.stop();
    expect(await viewer.closed()).toMatchObject({ code: 1012 });
    await gone(pid);
    expect((await stopping.f.send("/api/v1/terminals")).body.error.code).toBe("draining");
  });
});

describe("viewers", () => {
  test("who come back go on where they were, or get the screen", async () => {
    const id = await rig.shell();
    const viewer = rig.view(id);
    await viewer.sees("$ ");
    viewer.type("echo before\r");
    // With the prompt behind it: what is typed before the shell has written that stands in front of it.
    await viewer.sees("\nbefore\r\n$ ");
    viewer.close();
    await viewer.closed();
    const other = rig.view(id);
    await other.sees("before");
    expect(other.last("snapshot")).toBeDefined();
    other.type("echo after\r");
    await other.sees("\nafter");
    const back = rig.view(id, `?offset=${viewer.offset}&mark=${viewer.mark}`);
    await back.sees("\nafter");
    expect(back.last("resumed")).toMatchObject({ offset: viewer.offset });
    expect(back.text).not.toContain("\nbefore");
    const lost = rig.view(id, "?offset=999999999&mark=0");
    await lost.sees("after");
    expect(lost.last("snapshot")).toBeDefined();
  });

  test("have one among them who decides about the size", async () => {
    const id = await rig.shell();
    const first = rig.view(id);
    await first.until(() => first.last("state")?.state.drives === true);
    first.send({ type: "resize", cols: 100, rows: 30 });
    await first.until(() => first.last("resized")?.cols === 100);
    first.type("stty size\r");
    await first.sees("30 100");
    const second = rig.view(id);
    await second.until(() => second.last("state")?.state.driven === true);
    expect(second.last("state")?.state.drives).toBeFalse();
    expect(await second.until(() => second.last("snapshot"))).toMatchObject({ cols: 100, rows: 30 });
    second.send({ type: "resize", cols: 20, rows: 10 });
    second.send({ type: "drive", on: true });
    await second.until(() => second.last("state")?.state.drives === true);
    await first.until(() => first.last("state")?.state.drives === false);
    expect(first.last("resized")?.cols).toBe(100);
    second.send({ type: "resize", cols: 90, rows: 20 });
    await first.until(() => first.last("resized")?.cols === 90);
  });

  test("who only look on change nothing", async () => {
    const id = await rig.shell();
    const looking = rig.view(id, "?role=viewer");
    await looking.sees("$ ");
    looking.type("echo typed\r");
    looking.send({ type: "resize", cols: 20, rows: 10 });
    looking.send({ type: "drive", on: true });
    const typing = rig.view(id);
    typing.type("echo mine\r");
    await looking.sees("\nmine");
    expect(looking.text).not.toContain("typed");
    expect(looking.last("state")?.state).toMatchObject({ role: "viewer", drives: false });
    expect((await rig.f.send(`/api/v1/terminals/${id}`)).body.terminal).toMatchObject({ cols: 80, rows: 24 });
  });

  test("who acknowledge nothing get the screen later, and hold nobody up", async () => {
    const id = await rig.shell();
    const slow = rig.view(id);
    const quick = rig.view(id);
    await slow.sees("$ ");
    slow.acknowledges = false;
    quick.type("seq 300000; echo done\r");
    await quick.sees("\ndone");
    expect(quick.outputBytes).toBeGreaterThan(slow.outputBytes);
    expect(slow.outputBytes).toBeLessThan(600_000);
    slow.acknowledges = true;
    slow.acknowledge();
    await slow.until(() => slow.frames.filter(({ type }) => type === "snapshot").length === 2);
    await slow.sees("\ndone");
    await slow.until(() => slow.offset === quick.offset);
  });

  test("who say something else than messages of terminals are sent away", async () => {
    const id = await rig.shell();
    for (const message of [
      "text",
      new Uint8Array([0x7f]),
      new Uint8Array([0x11, 0, 1, 0, 1]),
      new Uint8Array([0x01, 65]),
    ]) {
      const viewer = rig.view(id);
      await viewer.sees("$ ");
      viewer.sendRaw(message);
      expect((await viewer.closed()).code).toBe(1007);
    }
    const large = rig.view(id);
    await large.sees("$ ");
    large.sendRaw(new Uint8Array(70_000));
    expect((await large.closed()).code).toBe(1009);
  });
});
