// The documents are true: every command in them is followed on a copy of the repository, every snippet is compiled and run,
// every table of codes, settings and values is compared with the code, every link leads somewhere.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { builtInRoles, errorCodes, permissions, runStatuses, runStatusReasons } from "@sluice/protocol";
import type { PermissionSpec } from "@sluice/protocol";
import { commandRoutes, routes } from "@sluice/protocol/http";
import type { RouteName, RouteSpec } from "@sluice/protocol/http";
import { limitDefaults, settingSpecs, settleSettings } from "@sluice/server";
import { isWorkflow } from "sluice";
import type { Workflow } from "sluice";
import { testEngine } from "sluice/testing";
import { anchorsOf, blocksOf, linksOf, missingLine, rowsOf } from "./docs/blocks.ts";
import type { Block } from "./docs/blocks.ts";
import { makeClone, root } from "./docs/clone.ts";
import type { Clone } from "./docs/clone.ts";
import { Shell } from "./docs/shell.ts";
import { kindOf, play, promisedLines, writeSnippets } from "./docs/snippets.ts";
import type { Snippet } from "./docs/snippets.ts";

const documents = [
  "README.md",
  "ARCHITECTURE.md",
  "examples/quickstart/README.md",
  "docs/getting-started.md",
  "docs/workflows.md",
  "docs/services.md",
  "docs/secrets.md",
  "docs/encryption.md",
  "docs/telemetry.md",
  "docs/cronflow.md",
  "docs/testing.md",
  "docs/flow.md",
  "docs/runtime.md",
  "docs/bundlers.md",
  "docs/tasks.md",
  "docs/approvals.md",
  "docs/triggers.md",
  "docs/workers.md",
  "docs/terminals.md",
  "docs/vibetunnel.md",
  "docs/logs.md",
  "docs/metrics.md",
  "docs/builds.md",
  "docs/cache.md",
  "docs/deployment.md",
  "docs/deploy.md",
  "docs/identity.md",
  "docs/security.md",
  "docs/cli.md",
  "docs/audit.md",
  "docs/troubleshooting.md",
  "docs/settings.md",
  "docs/values.md",
];
/** Scripts of package.json that a document may name without their being run here: this test is part of one of them. */
const namedOnly = /^npm (?:test|run [\w:]+)$/;
const followTimeoutMs = 120_000;
const compileTimeoutMs = 60_000;
/** What the workflows of the documents are started with. */
const inputs: Readonly<Record<string, unknown>> = {
  order: { id: "o-17", total: 1200 },
  intake: { name: "Ada" },
  signup: { email: "ada@example.com" },
  "fetch-price": 7,
  basket: undefined,
  welcome: undefined,
  disk: undefined,
  sell: "tea",
  "raise-limit": { to: 50 },
  pay: { sum: 12 },
  meter: { day: 3 },
  invoice: { total: 5 },
};
/** What needs a server that is only an example. */
const notPlayed: ReadonlySet<string> = new Set(["spend"]);
/** Secrets that the documents' workflows use. */
const secrets = { "greeter/key": "a key that greets" };
/** Virtual time begins here, a day before the one that a snippet sleeps until. */
const newYearsEve = Date.UTC(2026, 11, 31);
const fragmentInput = { id: "o-17", total: 1200, items: ["tea", "milk"] };

const read = (path: string): string => readFileSync(join(root, path), "utf8");
const scripts = (JSON.parse(read("package.json")) as { scripts: Record<string, string> }).scripts;
const rowOf = (markdown: string, first: string): string[] | undefined =>
  rowsOf(markdown).find(([cell]) => cell === `\`${first}\``);

const having = (wanted: (block: Block) => boolean): string[] =>
  documents.filter((path) => blocksOf(read(path)).some(wanted));
const isWorkflowCode = (block: Block): boolean => kindOf(block) === "module" || kindOf(block) === "fragment";
const failureOf = async (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => "nothing failed",
    (error: unknown) => (error instanceof Error ? error.message : String(error)),
  );

let clone: Clone;
const snippets = new Map<string, Snippet[]>();

beforeAll(() => {
  clone = makeClone();
  for (const path of documents) {
    const folder = join(clone.folder, "snippets", path.replaceAll(/\W/g, "-"));
    snippets.set(path, writeSnippets(folder, blocksOf(read(path))));
  }
});

afterAll(() => clone.remove());

async function follow(path: string, block: Block, shell: Shell): Promise<void> {
  const script = (snippets.get(path) ?? []).find((each) => each.kind === "script" && each.block.line === block.line);
  if (script !== undefined) {
    const missing = missingLine(promisedLines(block.text).join("\n"), await shell.script(script.path));
    expect(missing).toBeUndefined();
  } else if (block.language === "sh" && !namedOnly.test(block.text.trim())) await shell.follow(block);
}

describe("every command and script can be followed", () => {
  test.each(having((block) => block.language === "sh" || kindOf(block) === "script"))(
    "%s",
    async (path) => {
      const shell = new Shell(clone);
      try {
        for (const block of blocksOf(read(path))) {
          try {
            await follow(path, block, shell);
          } catch (error) {
            throw new Error(
              `${path}:${block.line}: ${block.text}\n${error instanceof Error ? error.message : String(error)}`,
              { cause: error },
            );
          }
        }
      } finally {
        await shell.close();
      }
    },
    followTimeoutMs,
  );

  test("named scripts exist, and `npx sluice` is ours", () => {
    const named = documents.flatMap((path) =>
      Array.from(read(path).matchAll(/npm run ([\w:]+)|npm (start|test)\b/g), (match) => match[1] ?? match[2] ?? ""),
    );
    expect(named.length).toBeGreaterThan(0);
    expect(named.filter((name) => scripts[name] === undefined)).toEqual([]);
    const { bin } = JSON.parse(read("packages/cli/package.json")) as { bin?: Record<string, string> };
    expect(existsSync(join(root, "packages/cli", bin?.["sluice"] ?? "no command"))).toBe(true);
  });
});

describe("nothing is published", () => {
  test("whatever is installed comes from a tarball made here, and no script publishes", () => {
    const commands = documents.flatMap((path) => blocksOf(read(path)).filter(({ language }) => language === "sh"));
    const installs = commands.flatMap(({ text }) => text.match(/\bnpm (?:install|i|add|exec)\b.*/g) ?? []);
    expect(installs.length).toBeGreaterThan(0);
    expect(installs.filter((line) => !/ "?\S*sluice-[\d.]+\.tgz"?$/.test(line))).toEqual([]);
    const publishing = Object.values(scripts).concat(
      [".ci/run", ...new Bun.Glob("scripts/**/*.{ts,mjs,sh}").scanSync(root)].map(read),
    );
    expect(publishing.filter((text) => /\bpublish["' ]/.test(text))).toEqual([]);
  });
});

describe("every snippet", () => {
  test(
    "compiles in a project such as `sluice init` makes",
    () => {
      const compilerOptions = {
        target: "esnext",
        module: "preserve",
        moduleResolution: "bundler",
        allowImportingTsExtensions: true,
        noEmit: true,
        strict: true,
        skipLibCheck: true,
        types: ["bun"],
      };
      writeFileSync(
        join(clone.folder, "snippets/tsconfig.json"),
        JSON.stringify({ compilerOptions, include: ["**/*.ts", "../packages/core/src/store/sqlite/*.d.ts"] }),
      );
      const tsc = Bun.spawnSync([join(root, "node_modules/.bin/tsc"), "-p", "snippets"], { cwd: clone.folder });
      expect(tsc.stdout.toString()).toBe("");
    },
    compileTimeoutMs,
  );

  test.each(having(isWorkflowCode))(
    "of %s that is or stands in a workflow completes on virtual time",
    async (path) => {
      const runnable = (snippets.get(path) ?? []).filter(({ block }) => isWorkflowCode(block));
      const found = new Map<string, Workflow>();
      for (const snippet of runnable) {
        for (const file of [snippet.path, join(snippet.folder, "world.ts")]) {
          for (const value of Object.values((await import(file)) as object))
            if (isWorkflow(value)) found.set(value.name, value);
        }
      }
      await using engine = await testEngine({ workflows: [...found.values()], now: newYearsEve, secrets });
      for (const { block, kind } of runnable) {
        const names =
          kind === "fragment"
            ? [`fragment-${block.line}`]
            : Array.from(block.text.matchAll(/(?:name|id): "([\w-]+)"/g), (match) => match[1] ?? "");
        for (const name of names) {
          const workflow = found.get(name);
          if (workflow === undefined || notPlayed.has(name)) continue;
          const input = kind === "fragment" ? fragmentInput : inputs[name];
          await play(engine, workflow, input).catch((error: unknown) => {
            throw new Error(`${path}:${block.line}: ${name}: ${String(error)}`, { cause: error });
          });
        }
      }
    },
    followTimeoutMs,
  );

  test("that is a configuration is accepted", async () => {
    const configs = [...snippets.values()].flat().filter(({ kind }) => kind === "config");
    expect(configs.length).toBeGreaterThan(0);
    for (const { path } of configs) {
      const { default: file } = (await import(path)) as { default: unknown };
      const settle = () =>
        settleSettings({ project: clone.folder, flags: {}, env: {}, file, defaults: { onDeploy: "pin" } });
      expect(settle).not.toThrow();
    }
  });
});

describe("every table agrees with the code", () => {
  test("troubleshooting.md has each error code with its HTTP status, a cause, and no other", () => {
    const table = read("docs/troubleshooting.md").split("## All codes")[1] ?? "";
    const rows = rowsOf(table).filter(([code]) => code?.startsWith("`"));
    const listed = rows.map(([code = "", status]) => [code.replaceAll("`", ""), Number(status)]);
    expect(Object.fromEntries(listed)).toEqual({ ...errorCodes });
    expect(rows.filter(([, , cause = ""]) => cause === "")).toEqual([]);
  });

  test("troubleshooting.md explains each status and reason of a run", () => {
    const text = read("docs/troubleshooting.md");
    const plain = new Set<string>(["completed", "running"]);
    expect(
      [...runStatuses, ...runStatusReasons].filter((word) => !plain.has(word) && !text.includes(`\`${word}\``)),
    ).toEqual([]);
  });

  test("settings.md has each setting with its flag and variable", () => {
    const text = read("docs/settings.md");
    for (const { key, flag, env } of settingSpecs) {
      expect(rowOf(text, key)?.slice(0, 3)).toEqual([`\`${key}\``, `\`${flag}\``, `\`${env}\``]);
    }
  });

  test("settings.md has each limit with its default, and no other", () => {
    const limits = read("docs/settings.md").split("## Limits")[1] ?? "";
    const rows = rowsOf(limits).filter(([name]) => name?.startsWith("`"));
    const listed = rows.map(([name = "", value = ""]) => [name.replaceAll("`", ""), Number(value.replaceAll(",", ""))]);
    expect(Object.fromEntries(listed)).toEqual({ ...limitDefaults });
    expect(rows.filter(([, , meaning = ""]) => meaning === "")).toEqual([]);
  });

  test("identity.md has each permission with what narrows it, and each built-in role", () => {
    const text = read("docs/identity.md");
    const rows = rowsOf(text).filter(([first]) => first?.includes(":") === true && first.startsWith("`"));
    const told = rows.map(([permission = "", about = "", by = ""]) => [permission, [about, by]]);
    const known = Object.entries<PermissionSpec>(permissions).map(([permission, { about, narrowedBy, shell }]) => [
      `\`${permission}\``,
      [shell === true ? `${about} (admin alone)` : about, narrowedBy === undefined ? "" : `\`${narrowedBy}\``],
    ]);
    expect(Object.fromEntries(told)).toEqual(Object.fromEntries(known));
    for (const role of Object.keys(builtInRoles)) expect([role, rowOf(text, role)?.length]).toEqual([role, 2]);
  });

  test("cli.md has each command with the permissions of the routes it calls", () => {
    const rows = rowsOf(read("docs/cli.md")).filter(([command]) => command?.startsWith("`"));
    const told = rows.map(([command = "", , needs = ""]) => [command.replaceAll("`", ""), needs]);
    const specs: Readonly<Record<RouteName, RouteSpec>> = routes;
    const known = Object.entries<readonly RouteName[]>(commandRoutes).map(([command, names]) => {
      const needed = new Set(names.map((name) => specs[name].permission));
      needed.delete("open");
      return [command, [...needed].map((each) => (each === "signed-in" ? "to be known" : `\`${each}\``)).join(", ")];
    });
    expect(Object.fromEntries(told)).toEqual(Object.fromEntries(known));
    expect(rows.filter(([, what = ""]) => what === "")).toEqual([]);
  });

  test("values.md has the mapping to JSON as the converter documents it", () => {
    const documented =
      /\* \| value \| JSON \|\n([\s\S]*?)\n \*\n/.exec(read("packages/protocol/src/value-json.ts"))?.[0] ?? "";
    const rows = rowsOf(documented.replaceAll(/^ ?\* ?/gm, ""));
    expect(rows.length).toBeGreaterThan(10);
    expect(rowsOf(read("docs/values.md"))).toEqual(rows);
  });
});

describe("every link leads somewhere", () => {
  test.each(documents)("%s", (path) => {
    const broken = linksOf(read(path)).filter((link) => {
      const [file = "", anchor] = link.split("#");
      const target = file === "" ? join(root, path) : resolve(root, dirname(path), file);
      if (!existsSync(target)) return true;
      return anchor !== undefined && !anchorsOf(readFileSync(target, "utf8")).has(anchor);
    });
    expect(broken).toEqual([]);
  });
});

describe("the test itself notices", () => {
  test("output that did not come", () => {
    expect(missingLine("a … c\nd", "x\na  b c\nd")).toBeUndefined();
    expect(missingLine("a … c\nd", "d\na b c")).toBe("d");
    expect(missingLine("tok_…  order", "tok_12  shipping")).toBe("tok_… order");
  });

  test("a command that fails, and a script that does not exist", async () => {
    const shell = new Shell(clone);
    try {
      const block = { language: "sh", line: 1, output: undefined };
      expect(await failureOf(shell.follow({ ...block, text: "false" }))).toStartWith("exit 1 instead of 0");
      expect(await failureOf(shell.follow({ ...block, text: "npm run nothing" }))).toStartWith("exit 99 instead of 0");
      await shell.follow({ ...block, text: "exit 3 # exits with 3" });
    } finally {
      await shell.close();
    }
  });

  test("a workflow that fails", async () => {
    mkdirSync(join(clone.folder, "snippets/broken"));
    const blocks = blocksOf('```ts\nawait ctx.step("x", () => { throw new Error("broken"); });\n```\n');
    const [snippet] = writeSnippets(join(clone.folder, "snippets/broken"), blocks);
    const { fragment } = (await import(snippet?.path ?? "")) as { fragment: Workflow };
    await using engine = await testEngine({ workflows: [fragment] });
    expect(await failureOf(play(engine, fragment, fragmentInput))).toBe("broken");
  });
});
