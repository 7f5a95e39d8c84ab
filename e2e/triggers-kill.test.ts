// Exactly one run for each occurrence, of whatever kind, with the real process killed again and again while they happen.
import { expect, test } from "bun:test";
import { appendFileSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { aTurn, call, killAll, startServer, writeProject } from "./server-process.ts";
import type { ServerProcess } from "./server-process.ts";

const project = {
  "workflows/triggers.ts": `
import { readFileSync } from "node:fs";
import { fileWatch, onEvent, poll, webhook, workflow } from "sluice";

const same = async (_ctx: unknown, input: unknown) => input;
const items = () => readFileSync(process.env.ITEMS ?? "", "utf8").split("\\n").filter(Boolean).map((id) => ({ id }));
export const polled = workflow({ name: "polled", triggers: [poll("items", { every: "1s", fetch: items })] }, same);
export const heard = workflow({ name: "heard", triggers: [onEvent("said")] }, same);
export const filed = workflow({ name: "filed", triggers: [fileWatch("in/*.txt", { settle: "30ms" })] }, same);
export const limited = workflow(
  {
    name: "limited",
    rateLimit: { count: 5, per: "200ms" },
    triggers: [onEvent("said", { name: "slowly" }), fileWatch("in/*.txt", { name: "slowly too", settle: "30ms" })],
  },
  same,
);
export const hooked = workflow(
  { name: "hooked", triggers: [webhook("/in/:id", { secret: { env: "HOOK" }, idempotencyKey: "x-id" })] },
  same,
);
`,
};
const rounds = 5;
const killEvery = 9;

interface Rig {
  readonly folder: string;
  readonly items: string;
}

async function signature(body: string): Promise<string> {
  return new Bun.CryptoHasher("sha256", "hook-secret").update(body).digest("hex");
}

/** Sends until it is acknowledged; false when the server has gone. */
async function occur(rig: Rig, server: ServerProcess, number: number): Promise<boolean> {
  appendFileSync(rig.items, `item-${number}\n`);
  writeFileSync(join(rig.folder, `in/f${number}.tmp`), "x");
  renameSync(join(rig.folder, `in/f${number}.tmp`), join(rig.folder, `in/f${number}.txt`));
  return deliver(server, number);
}

async function deliver(server: ServerProcess, number: number): Promise<boolean> {
  const sent = await call(server, "POST /api/v1/events", { name: "said", payload: { number }, id: `e${number}` });
  if (sent === undefined) return false;
  const body = JSON.stringify({ number });
  const headers = {
    "content-type": "application/json",
    "x-id": `h${number}`,
    "x-sluice-signature": `sha256=${await signature(body)}`,
  };
  const answer = await fetch(`${server.url}/hooks/in/${number}`, { method: "POST", headers, body }).catch(
    () => undefined,
  );
  return answer?.status === 202;
}

async function inputsOf(server: ServerProcess, workflow: string): Promise<string[]> {
  const path = `GET /api/v1/runs?workflow=${workflow}&limit=200`;
  const page = await call<{ runs: readonly { readonly input: Record<string, unknown> }[] }>(server, path);
  return (page?.body.runs ?? []).map(({ input }) => {
    const { id, path: file, number, params } = input;
    return String(id ?? number ?? (params as { readonly id?: string } | undefined)?.id ?? file);
  });
}

test("a poll, an event, a file and a webhook start one run each, wherever the process is killed", async () => {
  const folder = mkdtempSync(join(tmpdir(), "sluice-triggers-"));
  const rig: Rig = { folder, items: join(folder, "items") };
  mkdirSync(join(folder, "in"));
  writeFileSync(rig.items, "");
  writeProject(folder, project);
  const start = () =>
    startServer({ project: folder, data: join(folder, ".sluice"), env: { ITEMS: rig.items, HOOK: "hook-secret" } });
  let server = await start();
  let number = 0;
  const open = new Set<number>();
  try {
    // The first look at the folder has to be over: what is there before it does not count.
    const looked = async (): Promise<boolean> => {
      const shown = await call<{ trigger: { lookedAt: number | null } }>(
        server,
        "GET /api/v1/triggers/filed%3Ain%2F*.txt",
      );
      return shown?.body.trigger.lookedAt !== null;
    };
    while (!(await looked())) await aTurn();
    for (let round = 0; round < rounds; round++) {
      for (let i = 0; i < killEvery; i++) {
        const at = ++number;
        const pending = occur(rig, server, at);
        if (i === killEvery - 1) await killAll(server);
        if (!(await pending)) open.add(at);
      }
      server = await start();
      for (const at of open) if (await deliver(server, at)) open.delete(at);
    }
    expect([...open]).toEqual([]);
    const all = Array.from({ length: number }, (_, index) => index + 1);
    const wanted = {
      polled: all.map((each) => `item-${each}`),
      heard: all.map(String),
      filed: all.map((each) => `in/f${each}.txt`),
      hooked: all.map(String),
      // Past the limit they wait, through every kill.
      limited: [...all.map(String), ...all.map((each) => `in/f${each}.txt`)],
    };
    for (const [workflow, inputs] of Object.entries(wanted)) {
      while ((await inputsOf(server, workflow)).length < inputs.length) await aTurn();
      expect((await inputsOf(server, workflow)).toSorted()).toEqual(inputs.toSorted());
    }
    // Another look and another poll find nothing new.
    await call(server, "POST /api/v1/triggers/polled%3Aitems/run", {});
    for (const [workflow, inputs] of Object.entries(wanted))
      expect(await inputsOf(server, workflow)).toHaveLength(inputs.length);
    const stored = await Bun.file(join(folder, ".sluice/state.db")).bytes();
    expect(Buffer.from(stored).includes("hook-secret")).toBe(false);
  } finally {
    await killAll(server);
    rmSync(folder, { recursive: true, force: true });
  }
}, 120_000);
