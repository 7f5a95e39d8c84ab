// What `--watch` draws in a terminal: the tree of steps, drawn over itself as they happen. The terminal here is a real one (a
// pseudo-terminal); only what it would show is worked out by the test.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { cleanEnv, commandsIn, main, readyLine, startSluice, stop } from "./cli-process.ts";
import type { Running } from "./cli-process.ts";
import { aTurn, writeProject } from "./server-process.ts";

const project = mkdtempSync(join(tmpdir(), "sluice-watch-"));
const { json } = commandsIn(project);
const escape = String.fromCodePoint(27);
let server: Running;

beforeAll(async () => {
  writeProject(project, {
    "workflows/shop.ts": `
import { workflow } from "sluice";

let calls = 0;

export const ship = workflow({ name: "ship" }, async (ctx) => {
  await ctx.step("pack", () => "packed");
  await ctx.waitFor("go");
  ctx.log("on its way");
  await ctx.step("label", () => { if (++calls === 1) throw new Error("no paper"); }, { retry: { attempts: 2, delay: 1 } });
  return "shipped";
});

export const breaks = workflow({ name: "breaks" }, async (ctx) => {
  await ctx.step("fall", () => { throw new Error("gravity"); }, { retry: { attempts: 1 } });
});
`,
  });
  server = startSluice(["up", "--project", project, "--port", "0", "--json"]);
  await readyLine(server);
});

afterAll(async () => {
  await stop(server);
  rmSync(project, { recursive: true, force: true });
});

/** What a terminal shows: text, line ends, "up so many lines" and "erase from here on"; colours change nothing. */
class Screen {
  readonly #decoder = new TextDecoder();
  readonly #lines: string[] = [""];
  #row = 0;
  #rest = "";

  take(bytes: Uint8Array): void {
    this.#rest += this.#decoder.decode(bytes, { stream: true });
    for (let part = this.#next(); part !== undefined; part = this.#next()) this.#apply(part);
  }

  /** One control sequence, line end or piece of text; undefined while a sequence has not come whole. */
  #next(): string | undefined {
    const pattern = new RegExp(String.raw`^(?:${escape}\[[0-9;]*[A-Za-z]|\r?\n|[^${escape}\r\n]+)`);
    const found = pattern.exec(this.#rest)?.[0];
    if (found !== undefined) this.#rest = this.#rest.slice(found.length);
    return found;
  }

  #apply(part: string): void {
    if (part.endsWith("\n")) {
      this.#row++;
      this.#lines[this.#row] ??= "";
    } else if (!part.startsWith(escape)) this.#lines[this.#row] += part;
    else if (part.endsWith("A")) this.#row -= Number.parseInt(part.slice(2), 10);
    else if (part.endsWith("J")) this.#lines.splice(this.#row, this.#lines.length, "");
  }

  /** Lines without the times, which are different each time. */
  get lines(): readonly string[] {
    const shown = this.#lines.map((line) =>
      line
        .replace(/ +[\d.]+ ?(?:ms|s)(?= |$)/, "")
        .replace(/ {2,}/g, "  ")
        .trimEnd(),
    );
    return shown.filter((line) => line !== "");
  }
}

/** Starts a command in a terminal of 100 columns. */
function inTerminal(...args: string[]): { readonly screen: Screen; readonly exited: Promise<number> } {
  const screen = new Screen();
  const child = Bun.spawn([process.execPath, main, ...args], {
    cwd: project,
    env: cleanEnv(),
    terminal: { cols: 100, rows: 40, data: (_terminal, bytes) => screen.take(bytes) },
  });
  return { screen, exited: child.exited };
}

async function until(screen: Screen, wanted: (lines: readonly string[]) => boolean): Promise<void> {
  while (!wanted(screen.lines)) await aTurn();
}

describe("--watch in a terminal", () => {
  test("draws the tree of steps as they happen, over itself, with logs above it", async () => {
    const { screen, exited } = inTerminal("run", "ship", "--id", "watched", "--watch");
    const waiting = ["watched  waiting (waiting_for_event)", "├ ✓ pack", "└ … event go"];
    await until(screen, (lines) => Bun.deepEquals(lines, waiting));
    await json("events", "send", "go");
    expect(await exited).toBe(0);
    expect(screen.lines.slice(0, 5)).toEqual([
      "  info on its way",
      "watched  completed",
      "├ ✓ pack",
      "├ ✓ event go",
      "└ ✓ label (attempt 2)",
    ]);
    expect(screen.lines.filter((line) => line.includes("pack"))).toHaveLength(1);
    expect(screen.lines.join("\n")).toContain('output "shipped"');
  }, 30_000);

  test("marks the step that failed and says why, and looks the same when it is watched afterwards", async () => {
    const { screen, exited } = inTerminal("run", "breaks", "--id", "broken", "--watch");
    expect(await exited).toBe(1);
    const tree = ["broken  failed (error)", "└ ✗ fall  gravity"];
    expect(screen.lines.slice(0, 2)).toEqual(tree);
    const again = inTerminal("runs", "watch", "broken");
    expect(await again.exited).toBe(0);
    expect(again.screen.lines.slice(0, 2)).toEqual(tree);
  }, 30_000);
});
