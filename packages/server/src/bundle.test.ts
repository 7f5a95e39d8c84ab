// From a folder with workflows to one file of code: what goes in, what stays out, what is told when something is wrong.
import { afterAll, afterEach, beforeEach, describe, expect, test } from "bun:test";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { Bundler } from "./bundle.ts";
import type { BuildResult, BuiltCode } from "./bundle-messages.ts";
import { workflowFiles } from "./project.ts";

const work = mkdtempSync(join(tmpdir(), "sluice-bundle-"));
const modules = { sluice: import.meta.resolve("@sluice/sdk") };
let count = 0;
let project: string;
let bundler: Bundler | undefined;

function write(files: Readonly<Record<string, string>>): void {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(project, name)), { recursive: true });
    writeFileSync(join(project, name), text);
  }
}

function start(): Bundler {
  bundler = new Bundler({ project, modules });
  return bundler;
}

function folder(): string {
  return join(project, ".sluice/code");
}

async function built(): Promise<BuiltCode & { readonly text: string }> {
  const result = await start().build(folder());
  if (!result.ok) throw new Error(JSON.stringify(result));
  return { ...result, text: readFileSync(result.file, "utf8") };
}

async function problems(): Promise<unknown> {
  const result = await start().build(folder());
  return result.ok ? [] : result.problems;
}

const simple = 'import { workflow } from "sluice";\nexport const a = workflow({ name: "a" }, async () => 1);\n';

beforeEach(() => {
  project = join(work, `project-${++count}`);
  mkdirSync(project);
});
afterEach(() => bundler?.stop());
afterAll(() => rmSync(work, { recursive: true, force: true }));

describe("a project", () => {
  test("is every source under workflows, in a fixed order, without tests and declarations", () => {
    write({
      "workflows/b.ts": "",
      "workflows/a/deep.mts": "",
      "workflows/c.js": "",
      "workflows/b.test.ts": "",
      "workflows/types.d.ts": "",
      "workflows/notes.md": "",
      "workflows/node_modules/x/index.ts": "",
      "workflows/.hidden.ts": "",
      "lib/not-here.ts": "",
    });
    expect(workflowFiles(project)).toEqual(["workflows/a/deep.mts", "workflows/b.ts", "workflows/c.js"]);
  });

  test("may link to folders elsewhere, in circles too", () => {
    const elsewhere = mkdtempSync(join(work, "elsewhere-"));
    writeFileSync(join(elsewhere, "far.ts"), "");
    write({ "workflows/near.ts": "" });
    symlinkSync(elsewhere, join(project, "workflows/linked"));
    symlinkSync(join(project, "workflows"), join(project, "workflows/circle"));
    symlinkSync(join(project, "gone.ts"), join(project, "workflows/gone.ts"));
    expect(workflowFiles(project)).toEqual(["workflows/linked/far.ts", "workflows/near.ts"]);
  });

  test("without workflows is bundled too", async () => {
    expect(await built()).toMatchObject({ workflows: [], version: expect.stringMatching(/^[0-9a-f]{64}$/) });
  });
});

describe("a bundle", () => {
  test("is named by the hash of its content, which is the same wherever the project lies", async () => {
    write({
      "workflows/a.ts": 'import { two } from "../lib/two.ts";\nexport const a = two;\n',
      "lib/two.ts": "export const two = 2;\n",
    });
    const first = await built();
    expect(first.version).toBe(new Bun.CryptoHasher("sha256").update(first.text).digest("hex"));
    expect(first.text).not.toContain(work);
    await bundler?.stop();
    const moved = join(work, "moved");
    renameSync(project, moved);
    project = moved;
    expect((await built()).version).toBe(first.version);
  });

  test("leaves the SDK to the installation, also where the project has none installed", async () => {
    write({
      "workflows/a.ts":
        'import { workflow } from "sluice";\nimport { schedule } from "@sluice/sdk";\nexport const a = [workflow, schedule];\n',
    });
    const { text } = await built();
    expect(text).toContain('from "sluice"');
    expect(text).toContain('from "@sluice/sdk"');
    expect(text).not.toContain("class SluiceError");
  });

  test("holds packages, and leaves out those with native code and what the runtime brings", async () => {
    write({
      "workflows/a.ts":
        'import { plain } from "plain";\nimport native from "native-thing";\nimport addon from "napi-thing/sub";\nimport { join } from "node:path";\nimport { Database } from "bun:sqlite";\nexport const a = [plain, native, addon, join, Database];\n',
      "node_modules/plain/package.json": '{"name":"plain","main":"index.js"}',
      "node_modules/plain/index.js": 'export const plain = "plain inside";\n',
      "node_modules/native-thing/package.json": '{"name":"native-thing","dependencies":{"bindings":"1"}}',
      "node_modules/native-thing/index.js": 'export default "native inside";\n',
      "node_modules/napi-thing/package.json":
        '{"name":"napi-thing","optionalDependencies":{"napi-thing-linux-x64-gnu":"1"}}',
      "node_modules/napi-thing/sub.js": 'export default "napi inside";\n',
    });
    const { text } = await built();
    expect(text).toContain("plain inside");
    for (const name of ["native-thing", "napi-thing/sub", "path", "bun:sqlite"])
      expect(text).toContain(`from "${name}"`);
    expect(text.slice(0, text.indexOf("//# sourceMappingURL"))).not.toMatch(/native inside|napi inside/);
  });
});

describe("what is wrong is told with its place", () => {
  test("a syntax error", async () => {
    write({ "workflows/a.ts": `${simple}export const b = ;\n` });
    expect(await problems()).toEqual([{ message: "Unexpected ;", file: "workflows/a.ts", line: 3, column: 18 }]);
  });

  test("an import that leads nowhere, from a file that a workflow imports", async () => {
    write({
      "workflows/a.ts": 'import { x } from "../lib/x.ts";\nexport const a = x;\n',
      "lib/x.ts": 'export { x } from "./y.ts";\n',
    });
    expect(await problems()).toMatchObject([{ message: expect.stringContaining("./y.ts"), file: "lib/x.ts", line: 1 }]);
  });

  test("a part of the SDK that does not exist", async () => {
    write({ "workflows/a.ts": 'import { x } from "sluice/nothing";\nexport const a = x;\n' });
    expect(await problems()).toMatchObject([
      { message: expect.stringContaining("sluice/nothing"), file: "workflows/a.ts", line: 1 },
    ]);
  });

  test("a file that is no code", async () => {
    write({ "workflows/a.ts": 'import png from "./a.png";\nexport const a = png;\n', "workflows/a.png": "x" });
    expect(await problems()).toMatchObject([{ message: expect.stringContaining("that are no code") }]);
  });
});

describe("sluice.config.ts", () => {
  test("is executed, and its default export or `config` are the settings", async () => {
    expect(await start().config()).toEqual({ ok: true, file: undefined, settings: {} });
    await bundler?.stop();
    write({ "sluice.config.ts": "const port: number = 80 + 1;\nexport default { port, host: undefined };\n" });
    expect(await start().config()).toEqual({ ok: true, file: "sluice.config.ts", settings: { port: 81 } });
    await bundler?.stop();
    write({
      "sluice.config.ts": 'import { parseDuration } from "sluice-nothing";\nexport const config = { port: 1 };\n',
    });
    expect(await start().config()).toMatchObject({ ok: true, settings: { port: 1 } });
  });

  test.each([
    ["export default 1;", { message: expect.stringContaining("no default export"), file: "sluice.config.ts" }],
    ["const a = 1;\nthrow new Error('not today');", { message: "not today", file: "sluice.config.ts", line: 2 }],
    [
      "export default {;",
      { message: expect.stringContaining("Expected identifier"), file: "sluice.config.ts", line: 1 },
    ],
  ])("that cannot be used: %s", async (text, problem) => {
    write({ "sluice.config.ts": text });
    expect(await start().config()).toMatchObject({ ok: false, problems: [problem] });
  });
});

describe("watching", () => {
  interface Watched {
    next(): Promise<BuildResult>;
    configChanges: number;
  }

  async function watchProject(): Promise<Watched> {
    const results: BuildResult[] = [];
    let wake = (): void => undefined;
    const watching: Watched = {
      configChanges: 0,
      async next() {
        while (results.length === 0) await new Promise<void>((resolve) => (wake = resolve));
        return results.shift()!;
      },
    };
    await start().build(folder());
    bundler!.watch(folder(), {
      rebuilt: (result) => {
        results.push(result);
        wake();
      },
      configChanged: () => {
        watching.configChanges++;
        wake();
      },
      unwatched: () => undefined,
    });
    // Requests are answered in order: when this one is, the folders are watched.
    await bundler!.config();
    return watching;
  }

  test("a change of a workflow, of what it imports, a new file and a removed one are built anew", async () => {
    write({
      "workflows/a.ts": 'import { two } from "../lib/two.ts";\nexport const a = two;\n',
      "lib/two.ts": "export const two = 2;\n",
    });
    const watching = await watchProject();
    const versions = new Set<string>();
    const change = async (apply: () => void): Promise<BuildResult> => {
      apply();
      const result = await watching.next();
      if (result.ok) versions.add(result.version);
      return result;
    };
    await change(() => write({ "lib/two.ts": "export const two = 22;\n" }));
    await change(() =>
      write({ "workflows/a.ts": 'import { two } from "../lib/two.ts";\nexport const a = two + 1;\n' }),
    );
    expect(await change(() => write({ "workflows/deep/b.ts": "export const b = 1;\n" }))).toMatchObject({
      workflows: ["workflows/a.ts", "workflows/deep/b.ts"],
    });
    await change(() => write({ "workflows/deep/b.ts": "export const b = 2;\n" }));
    expect(await change(() => rmSync(join(project, "workflows/deep/b.ts")))).toMatchObject({
      workflows: ["workflows/a.ts"],
    });
    expect(versions.size).toBe(4);
    expect(await change(() => write({ "lib/two.ts": "export const two = ;\n" }))).toMatchObject({
      ok: false,
      problems: [{ file: "lib/two.ts", line: 1 }],
    });
    expect(await change(() => write({ "lib/two.ts": "export const two = 22;\n" }))).toMatchObject({ ok: true });
    expect(versions.size).toBe(4);
  }, 20_000);

  test("a file that is replaced, as editors do, is seen; one that changes nothing is not told", async () => {
    write({ "workflows/a.ts": simple });
    const watching = await watchProject();
    write({ "workflows/.a.swp": "x", "workflows/a.ts": simple });
    writeFileSync(join(project, "workflows/.new"), simple.replace("1", "2"));
    renameSync(join(project, "workflows/.new"), join(project, "workflows/a.ts"));
    const result = await watching.next();
    expect(result.ok && readFileSync(result.file, "utf8")).toContain("async () => 2");
    write({ "sluice.config.ts": "export default {};\n" });
    while (watching.configChanges === 0) await new Promise((resolve) => void setImmediate(resolve));
    expect(existsSync(folder())).toBe(true);
  }, 20_000);
});

test("a bundling process that dies while it watches is replaced, and changes are seen again", async () => {
  write({ "workflows/a.ts": simple });
  const { version } = await built();
  const seen = Promise.withResolvers<BuildResult>();
  bundler!.watch(folder(), {
    rebuilt: (result) => {
      if (result.ok && result.version !== version) seen.resolve(result);
    },
    configChanged: () => undefined,
    unwatched: () => undefined,
  });
  await bundler!.config();
  process.kill(bundler!.pid, "SIGKILL");
  write({ "workflows/a.ts": simple.replace("1", "2") });
  expect(await seen.promise).toMatchObject({ ok: true });
}, 20_000);

test("a bundling process that dies answers what was asked", async () => {
  write({ "sluice.config.ts": "process.exit(3);\n" });
  expect(await start().config()).toMatchObject({
    ok: false,
    problems: [{ message: expect.stringContaining("ended") }],
  });
  expect(await bundler!.build(folder())).toMatchObject({ ok: false });
});
