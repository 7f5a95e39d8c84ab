// Terminals by the shipped command, in a terminal.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { cleanEnv, commandsIn, main, readyLine, startSluice, stop } from "./cli-process.ts";
import type { Running } from "./cli-process.ts";
import { writeProject } from "./server-process.ts";

const work = mkdtempSync(join(tmpdir(), "sluice-term-"));
const project = join(work, "shop");
const { json, text, run } = commandsIn(project);
let server: Running;

beforeAll(async () => {
  writeProject(project, {
    "workflows/shop.ts": `
import { workflow } from "sluice";

export const idle = workflow({ name: "idle" }, async () => 1);
`,
  });
  server = startSluice(["up", "--project", project, "--port", "0", "--json"]);
  await readyLine(server);
});

afterAll(async () => {
  await stop(server);
  rmSync(work, { recursive: true, force: true });
});

/** The command in a terminal of its own; the shell around it tells afterwards how that terminal was left. */
class Shown {
  text = "";
  readonly #child: Bun.Subprocess;
  #told = (): void => undefined;

  constructor(words: readonly string[], more: readonly string[] = []) {
    const script = `"$@"; code=$?; stty -a | tr ';' '\\n' | grep -E '(^| )-?(icanon|echo)( |$)'; echo "[code $code]"; sleep 100`;
    this.#child = Bun.spawn(
      ["sh", "-c", script, "sh", process.execPath, main, ...words, "--project", project, ...more],
      {
        env: { ...cleanEnv(), TERM: "xterm-256color" },
        terminal: {
          cols: 100,
          rows: 30,
          data: (_terminal, bytes) => {
            this.text += new TextDecoder().decode(bytes);
            this.#told();
          },
        },
      },
    );
  }

  type(keys: string): void {
    this.#child.terminal?.write(keys);
  }

  async sees(wanted: string): Promise<void> {
    while (!this.text.includes(wanted)) {
      await new Promise<void>((resolve) => {
        this.#told = resolve;
      });
    }
  }

  end(): void {
    this.#child.kill("SIGKILL");
  }
}

test("a shell is opened, left, found in the list, attached to again, and its exit code is that of the command", async () => {
  const first = new Shown(["term"], ["--name", "mine", "--", "sh"]);
  await first.sees("\x1b[2J");
  first.type("stty size; marker=$((40+2))\r");
  await first.sees("30 100");
  first.type("\x1d");
  await first.sees("[code 0]");
  expect(first.text).toContain("sluice term attach term_");
  expect(first.text).toMatch(/ icanon/);
  expect(first.text).not.toMatch(/ -echo /);
  first.end();
  const { terminals } = await json("term", "list");
  expect(terminals).toMatchObject([{ name: "mine", status: "running", cols: 100, rows: 30, viewers: 0 }]);
  const { id } = terminals[0];
  const second = new Shown(["term", "attach"], [id]);
  await second.sees("30 100");
  second.type("echo value $marker; exit 7\r");
  await second.sees("value 42");
  await second.sees("[code 7]");
  expect(second.text).toContain("The program ended with exit code 7.");
  expect(second.text).toMatch(/ icanon/);
  second.end();
}, 60_000);

test("the terminal is left as it was when the command is killed, and when there is nothing to attach to", async () => {
  const refused = new Shown(["term", "attach"], ["term_none"]);
  await refused.sees("[code 1]");
  expect(refused.text).toContain("There is no terminal");
  expect(refused.text).toMatch(/ icanon/);
  refused.end();
  const killed = new Shown(["term"], ["--", "sh"]);
  await killed.sees("\x1b[2J");
  const before = (await json("term", "list")).terminals.at(-1);
  killed.type(`echo gone\r`);
  await killed.sees("gone");
  expect(await text("term", "kill", before.id)).toContain(`Terminal ${before.id} is ended.`);
  await killed.sees("[code 1]");
  expect(killed.text).toMatch(/ icanon/);
  killed.end();
}, 60_000);

test("without a terminal of its own the command says what to do instead, and begins in the background", async () => {
  const refused = await run(["term", "--json", "--", "sh"]);
  expect(refused.exitCode).toBe(2);
  expect(refused.stdout).toContain("needs a terminal");
  const begun = await run(["term", "--detach", "--json", "--", "sleep", "1000"]);
  const { terminal } = JSON.parse(begun.stdout);
  expect(terminal).toMatchObject({ command: ["sleep", "1000"], status: "running", name: "sleep" });
  const unknown = await run(["term", "--detach", "--json", "--", "no-such-program"]);
  expect(unknown.stdout).toContain("cannot be begun");
  expect(unknown.exitCode).toBe(2);
  await text("term", "kill", terminal.id);
}, 60_000);

test("what a terminal shows is recorded, played and written to a file", async () => {
  const begun = JSON.parse(
    (await run(["term", "--detach", "--record", "--json", "--", "sh", "-c", "echo first; sleep 0.2; echo second"]))
      .stdout,
  );
  const { id } = begun.terminal;
  for (let live = true; live;) {
    const { recordings } = await json("term", "recordings");
    live = recordings[0].live;
    expect(recordings).toMatchObject([{ id, name: "sh" }]);
  }
  const played = await run(["term", "play", id, "--speed", "10"]);
  expect(played.stdout).toStartWith("first\r\nsecond\r\n");
  const file = join(work, "played.cast");
  expect(await text("term", "export", id, "--output", file, "--v2")).toContain("Written to");
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect((await run(["term", "play", file, "--speed", "100"])).stdout).toStartWith("first\r\nsecond\r\n");
  expect((await run(["term", "play", id, "--speed", "0"])).exitCode).toBe(2);
  expect((await run(["term", "play", "no_such", "--json"])).exitCode).toBe(1);
  expect(readdirSync(join(project, ".sluice", "recordings"))).toEqual([`${id}.cast`]);
}, 60_000);
