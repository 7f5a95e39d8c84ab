import { afterAll, describe, expect, test } from "bun:test";
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "@sluice/core";
import type { HeldPty, Pty, PtyEnd, PtyEvents, TerminalSize } from "@sluice/core/terminals";
import { encodeFrame } from "./frames.ts";
import { HeldPtys } from "./held-ptys.ts";
import type { HolderSettings } from "./messages.ts";

const work = mkdtempSync(join(tmpdir(), "sluice-holder-"));
const holders = new Set<number>();
afterAll(() => {
  for (const pid of holders) if (isAlive(pid)) process.kill(pid, "SIGKILL");
  rmSync(work, { recursive: true, force: true });
});
let folders = 0;

const isAlive = (pid: number): boolean =>
  existsSync(`/proc/${pid}/stat`) && !/\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, "utf8"));

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await Bun.sleep(5);
}

/** Fields of proc_pid_stat(5) from the third on. */
const statOf = (pid: number): readonly string[] =>
  readFileSync(`/proc/${pid}/stat`, "utf8")
    .replace(/^.*\) /s, "")
    .split(" ");

/** What a server hears of one program. */
class Follower implements PtyEvents {
  text = "";
  pty: Pty | undefined;
  end: PtyEnd | undefined;
  isClosed = false;
  readonly sizes: (TerminalSize & { readonly mark: number })[] = [];

  begun(pty: Pty): void {
    this.pty = pty;
  }
  output(bytes: Uint8Array): void {
    this.text += new TextDecoder().decode(bytes);
  }
  resized(size: TerminalSize, mark: number): void {
    this.sizes.push({ ...size, mark });
  }
  exited(end: PtyEnd): void {
    this.end = end;
  }
  closed(): void {
    this.isClosed = true;
  }
  drained(): void {}

  type(text: string): void {
    this.pty?.write(new TextEncoder().encode(text));
  }
  sees(text: string): Promise<void> {
    return until(() => this.text.includes(text));
  }
}

/** A data folder, and servers over it one after the other. */
class House {
  readonly path = join(work, String(++folders), "run", "terminals.sock");
  readonly settings: HolderSettings;

  constructor(settings: Partial<HolderSettings> = {}) {
    this.settings = { orphanedMs: 60_000, killGraceMs: 200, heldBytesMax: 1024 * 1024, ...settings };
  }

  server(): HeldPtys {
    return new HeldPtys({
      clock: systemClock,
      log: () => undefined,
      env: process.env,
      path: this.path,
      settings: this.settings,
    });
  }

  async shell(ptys: HeldPtys, command: readonly string[] = ["sh"]): Promise<Follower> {
    const follower = new Follower();
    const spec = {
      id: `term_${crypto.randomUUID().slice(0, 8)}`,
      about: "about it",
      command,
      cwd: work,
      runAs: undefined,
    };
    const begun = await ptys.spawn({ ...spec, env: { PS1: "$ " }, cols: 80, rows: 24 }, follower);
    expect(begun.ok).toBeTrue();
    holders.add(this.holder(follower));
    return follower;
  }

  /** Process of the holder: the parent of what it has begun. */
  holder({ pty }: Follower): number {
    return Number(statOf(pty?.pid ?? 0)[1]);
  }

  async end(follower: Follower): Promise<void> {
    follower.pty?.hangUp();
    follower.pty?.forget();
    await until(() => follower.isClosed);
  }
}

async function only(ptys: HeldPtys): Promise<HeldPty> {
  const [held] = await ptys.held();
  if (held === undefined) throw new Error("nothing is held");
  return held;
}

describe("what holds terminals", () => {
  test("is a small process of its own session, with a socket that is the user's alone, and ends with its last program", async () => {
    const house = new House();
    const ptys = house.server();
    const shell = await house.shell(ptys);
    const pid = house.holder(shell);
    expect(Number(statOf(pid)[3])).not.toBe(Number(statOf(process.pid)[3]));
    expect(statSync(house.path).mode & 0o777).toBe(0o600);
    expect(statSync(join(house.path, "..")).mode & 0o777).toBe(0o700);
    const rssBytes = (): number =>
      Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]) * 1024;
    await until(() => rssBytes() <= 20 * 1024 * 1024);
    shell.type("seq 2000\r");
    await shell.sees("\n2000\r");
    expect(rssBytes()).toBeLessThanOrEqual(24 * 1024 * 1024);
    expect(readFileSync(`/proc/${pid}/environ`, "utf8")).not.toContain("SLUICE_");
    await house.end(shell);
    ptys.leave();
    await until(() => !isAlive(pid));
    expect(existsSync(house.path)).toBeFalse();
  });

  test("lets another server go on where one has left: output, sizes, the last screen, and what was answered", async () => {
    const house = new House();
    const first = house.server();
    const shell = await house.shell(first);
    await shell.sees("$ ");
    const screen = { offset: 2, mark: 0, cols: 80, rows: 24, bytes: new TextEncoder().encode("$ ") };
    shell.pty?.keep(screen);
    shell.pty?.describe("renamed");
    shell.pty?.answer(new TextEncoder().encode("x=4"), 2);
    shell.pty?.resize({ cols: 100, rows: 30 }, { offset: 2, mark: 1 });
    shell.type("2; (sleep 0.3; echo later $x; stty size) &\r");
    await shell.sees("&\r\n");
    first.leave();
    const second = house.server();
    const held = await only(second);
    expect(held).toMatchObject({ about: "renamed", pid: shell.pty?.pid, answeredTo: 2, from: { offset: 2, mark: 0 } });
    expect(new TextDecoder().decode(held.screen?.bytes)).toBe("$ ");
    const again = new Follower();
    held.follow(again);
    await again.sees("later 42");
    await again.sees("30 100");
    expect(again.text.startsWith(shell.text.slice(2))).toBeTrue();
    expect(again.sizes).toMatchObject([{ cols: 100, rows: 30, mark: 1 }]);
    await house.end(again);
    second.leave();
  });

  test("keeps the exit code and the last words of a program that ends meanwhile", async () => {
    const house = new House();
    const first = house.server();
    const shell = await house.shell(first, ["sh", "-c", "read line; echo $line; exit 7"]);
    const pid = shell.pty?.pid ?? 0;
    shell.type("last words\r");
    first.leave();
    await until(() => !isAlive(pid));
    const second = house.server();
    const again = new Follower();
    (await only(second)).follow(again);
    await until(() => again.isClosed && again.end !== undefined);
    expect([again.end, again.text.includes("last words\r\n")]).toEqual([{ exitCode: 7, signal: undefined }, true]);
    await house.end(again);
    expect(await second.held()).toEqual([]);
    second.leave();
  });

  test("holds back who writes too much without a server, and nothing of it is lost", async () => {
    const house = new House({ heldBytesMax: 64 * 1024 });
    const first = house.server();
    const shell = await house.shell(first, ["sh", "-c", "read line; seq 100000; echo end; read line"]);
    shell.type("go\r");
    first.leave();
    const second = house.server();
    const again = new Follower();
    const held = await only(second);
    held.follow(again);
    let kept = 0;
    // As a screen does that reads all of it.
    while (!again.text.includes("\nend\r")) {
      if (again.text.length > kept) {
        kept = again.text.length;
        again.pty?.keep({ offset: kept, mark: 0, cols: 80, rows: 24, bytes: new Uint8Array(0) });
      }
      await Bun.sleep(1);
    }
    const lines = again.text.split("\r\n").filter((line) => /^\d+$/.test(line));
    expect(lines.length).toBe(100_000);
    expect(lines.every((line, index) => Number(line) === index + 1)).toBeTrue();
    await house.end(again);
    second.leave();
  });

  test("is killed, and servers go on: programs have ended, and the next one gets another holder", async () => {
    const house = new House();
    const ptys = house.server();
    const shell = await house.shell(ptys);
    await shell.sees("$ ");
    const [pid, program] = [house.holder(shell), shell.pty?.pid ?? 0];
    process.kill(pid, "SIGKILL");
    await until(() => shell.isClosed);
    expect(shell.end).toEqual({ exitCode: undefined, signal: "SIGHUP" });
    await until(() => !isAlive(program));
    const next = await house.shell(ptys);
    expect(house.holder(next)).not.toBe(pid);
    await next.sees("$ ");
    await house.end(next);
    ptys.leave();
  });

  test("ends programs that nobody has come back for, those that do not listen included", async () => {
    const house = new House({ orphanedMs: 50, killGraceMs: 50 });
    const ptys = house.server();
    const shell = await house.shell(ptys, ["sh", "-c", "trap '' HUP TERM; echo ready; while :; do sleep 100; done"]);
    await shell.sees("ready");
    const [pid, program] = [house.holder(shell), shell.pty?.pid ?? 0];
    ptys.leave();
    await until(() => !isAlive(program) && !isAlive(pid));
    expect(existsSync(house.path)).toBeFalse();
  });

  test("lets in nobody else: another user, who speaks otherwise, who was there before", async () => {
    const house = new House();
    const ptys = house.server();
    const shell = await house.shell(ptys);
    const closed = async (bytes: Uint8Array): Promise<void> => {
      const over = Promise.withResolvers<void>();
      await Bun.connect({
        unix: house.path,
        socket: { data: () => undefined, open: (socket) => void socket.write(bytes), close: () => over.resolve() },
      });
      await over.promise;
    };
    await closed(new Uint8Array([0xff, 0xff, 0xff, 0xff, 1]));
    await closed(encodeFrame({ kind: "pause", id: "", body: new Uint8Array(0) }));
    shell.type("echo still $((40+2))\r");
    await shell.sees("still 42");
    if (process.getuid?.() === 0) {
      // Even where the modes of the files let them.
      chmodSync(house.path, 0o666);
      for (let folder = join(house.path, ".."); folder !== "/tmp" && folder !== "/"; folder = join(folder, ".."))
        chmodSync(folder, 0o755);
      const script = String.raw`$s = IO::Socket::UNIX->new(Peer => shift) or die "refused"; print defined(<$s>) ? "said" : "cut off"`;
      const other = Bun.spawn(
        ["setpriv", "--reuid=65534", "--clear-groups", "/usr/bin/perl", "-MIO::Socket::UNIX", "-e", script, house.path],
        {
          stdout: "pipe",
          stderr: "inherit",
        },
      );
      expect(await other.stdout.text()).toBe("cut off");
    }
    const second = house.server();
    const again = new Follower();
    (await only(second)).follow(again);
    // The one before has nothing to say any more, and says nothing of an end.
    shell.type("echo nobody\r");
    again.type("echo mine\r");
    await again.sees("\nmine\r");
    expect([again.text.includes("nobody"), shell.isClosed]).toEqual([false, false]);
    await house.end(again);
    second.leave();
    ptys.leave();
  });
});
