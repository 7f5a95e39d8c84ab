// Folders that cannot be watched are looked at; those that have gone are left alone.
import { afterAll, describe, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { Build } from "./bundle-build.ts";
import { watchProject } from "./bundle-watch.ts";
import type { WatchOptions } from "./bundle-watch.ts";

const root = mkdtempSync(join(tmpdir(), "sluice-watch-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

let projects = 0;
function makeProject(): string {
  const project = join(root, `p${++projects}`);
  mkdirSync(join(project, "workflows"), { recursive: true });
  writeFileSync(join(project, "workflows/a.ts"), "export const a = 1;\n");
  return project;
}

const outOfWatches = (): Error => new Error("ENOSPC: System limit for number of file watchers reached");

interface Watched {
  readonly unwatched: string[];
  readonly rebuilt: Promise<void>;
}

/** Watches with builds that count themselves; resolves when the first one is through. */
async function watching(project: string, watch: NonNullable<WatchOptions["watch"]>): Promise<Watched> {
  const rebuilt = Promise.withResolvers<void>();
  const unwatched: string[] = [];
  let count = 0;
  const build = (): Promise<Build> => {
    count++;
    const code = { ok: true, version: `v${count}`, file: "", workflows: ["workflows/a.ts"], elapsedMs: 0 } as const;
    return Promise.resolve({ result: code, inputs: [join(project, "workflows/a.ts")] });
  };
  const quiet = (): void => undefined;
  await watchProject({
    project,
    debounceMs: 1,
    build,
    before: undefined,
    rebuilt: (result) => {
      if (result.ok && result.version !== "v1") rebuilt.resolve();
    },
    configChanged: quiet,
    unwatched: (folder) => unwatched.push(folder),
    watch,
  });
  return { unwatched, rebuilt: rebuilt.promise };
}

describe("a folder that cannot be watched", () => {
  test("is told of, and its changes are found all the same", async () => {
    const project = makeProject();
    const { unwatched, rebuilt } = await watching(project, () => {
      throw outOfWatches();
    });
    expect(unwatched).toEqual([project, join(project, "workflows")]);
    writeFileSync(join(project, "workflows/a.ts"), "export const a = 22;\n");
    await rebuilt;
  });

  test("any more, since its watch has failed, is looked at from then on", async () => {
    const project = makeProject();
    const failing: (() => void)[] = [];
    const { unwatched, rebuilt } = await watching(project, (_folder, _changed, failed) => {
      failing.push(() => failed(outOfWatches()));
      return { close: () => undefined };
    });
    expect(unwatched).toEqual([]);
    for (const fail of failing) fail();
    expect(unwatched).toEqual([project, join(project, "workflows")]);
    writeFileSync(join(project, "workflows/a.ts"), "export const a = 22;\n");
    await rebuilt;
  });

  test("because it has gone is told to nobody", async () => {
    const project = makeProject();
    const { unwatched } = await watching(project, (folder) => {
      if (dirname(folder) === project) rmSync(folder, { recursive: true, force: true });
      throw outOfWatches();
    });
    expect(unwatched).toEqual([project]);
  });
});
