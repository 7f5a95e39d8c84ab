// Turns the TypeScript of documents into files that the compiler and the engine take. A block with imports is a module; one
// without stands inside a workflow function; one that begins with `// path.ts` is that file of a project.
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Client, RunHandle, Workflow } from "sluice";
import type { TestEngine } from "sluice/testing";
import type { Block } from "./blocks.ts";

/** `script` runs by itself, `module` exports workflows, `fragment` is wrapped into one, `config` exports settings. */
export type SnippetKind = "script" | "module" | "fragment" | "config";

export interface Snippet {
  /** Folder of the document's snippets. */
  readonly folder: string;
  /** Absolute path of the file made of it. */
  readonly path: string;
  readonly kind: SnippetKind;
  readonly block: Block;
}

/** What the snippets of the documents call besides `ctx`: the reader's own code. */
const world = `// The reader's own code, as the documents assume it.
import { workflow } from "sluice";
export interface Input { readonly id: string; readonly total: number; readonly items: readonly string[] }
export const pay = async (order: { id: string }, key: string, _signal?: AbortSignal) => ({ id: order.id, key });
export const refund = async (order: string, key: string) => ({ order, key });
export const reserve = async (items: readonly string[], fence?: number) => ({ items, fence });
export const release = async (items: readonly string[], reserved: unknown) => ({ items, reserved });
export const mail = async (text: string) => text.length;
export const fetchPage = async (item: string) => ({ item });
export const shipping = workflow({ name: "shipping" }, async (_ctx, input: { order: string }) => ({ tracking: \`T-\${input.order}\` }));
export const newsletter = workflow({ name: "newsletter" }, async (_ctx, input: { to: string }) => input.to);
`;
const shop = `// The reader's own shop.
export const charge = async (order: { id: string; total: number }, key: string) => ({ id: order.id, amount: order.total, key });
export const refund = async (order: string) => ({ order });
export const ship = async (order: string) => ({ order });
`;

const fileNamed = (text: string): string | undefined => /^\/\/ (\S+\.ts)\n/.exec(text)?.[1];

/** What a block is; undefined for other languages. */
export function kindOf({ language, text }: Block): SnippetKind | undefined {
  if (language !== "ts") return undefined;
  if (fileNamed(text)?.endsWith(".config.ts") === true) return "config";
  if (/^export /m.test(text)) return "module";
  return /^import /m.test(text) ? "script" : "fragment";
}

/** Writes the files of one document's blocks into a folder. */
export function writeSnippets(folder: string, blocks: readonly Block[]): Snippet[] {
  const put = (path: string, text: string): string => {
    const file = join(folder, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
    return file;
  };
  put("world.ts", world);
  put("shop.ts", shop);
  return blocks.flatMap((block) => {
    const kind = kindOf(block);
    if (kind === undefined) return [];
    const { text, line } = block;
    const name = kind === "config" ? `line-${line}/${fileNamed(text)}` : (fileNamed(text) ?? `${kind}-${line}.ts`);
    return [{ folder, kind, block, path: put(name, kind === "fragment" ? wrapped(text, line) : text) }];
  });
}

function wrapped(text: string, line: number): string {
  return `import { workflow } from "sluice";
import { fetchPage, mail, pay, refund, release, reserve, shipping } from "./world.ts";
import type { Input } from "./world.ts";
export const used = [fetchPage, mail, pay, refund, release, reserve, shipping];
export const fragment = workflow({ name: "fragment-${line}" }, async (ctx, input: Input) => {
${text}
});
`;
}

/** Lines that a script says it prints: the comments behind its \`console.log\`. */
export function promisedLines(text: string): string[] {
  return Array.from(text.matchAll(/console\.log\(.*\); \/\/ (.+)$/gm), (match) => match[1] ?? "");
}

const payloads: Readonly<Record<string, unknown>> = {
  paid: { amount: 5, currency: "EUR" },
  reply: "yes",
};
const roundsMax = 1_000;
const ended = new Set(["completed", "failed", "cancelled", "timedout"]);

/** Starts a workflow and gives it whatever it waits for, until it ends. */
export async function play(engine: TestEngine, workflow: Workflow, input: unknown): Promise<unknown> {
  const run = await engine.start(workflow, input);
  for (let round = 0; round < roundsMax; round++) {
    await engine.settle();
    if (ended.has((await run.get()).status)) return run.result();
    if (!(await answerWaits(engine, run))) await engine.advance("1 day");
  }
  throw new Error(`the run is still ${(await run.get()).status}`);
}

async function answerWaits(engine: Client, run: RunHandle): Promise<boolean> {
  let answered = false;
  for (const { token } of await engine.approvals()) {
    await engine.approve(token, { approved: true });
    answered = true;
  }
  const steps = await run.steps();
  for (const step of steps.filter((each) => each.status === "running")) {
    if (step.kind === "event") await engine.emit(step.name, payloads[step.name], { key: "o-17" });
    else if (step.kind === "callback") {
      const token = steps.find((each) => each.kind === "token" && each.name === step.name);
      await engine.complete(String(token?.output), { name: "Ada" });
    } else continue;
    answered = true;
  }
  return answered;
}
