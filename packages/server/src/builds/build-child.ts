// The process that carries out a build which the server has begun: told what to do by one line, it ends with whoever told it.
import { systemClock, systemRandom } from "@sluice/core";
import { openKeyFolder, signLocalOperator } from "@sluice/core/identity";
import { SluiceError, toWire } from "@sluice/protocol";
import type { WireError } from "@sluice/protocol";
import { localBuild } from "./local-build.ts";
import type { BuildShow } from "./local-build.ts";
import type { BuildServer } from "./served-worker.ts";
import type { ChildAnswer, ChildSetup } from "./start-build.ts";

function serverOf({ url, keys, instance }: ChildSetup): BuildServer {
  const credential = async (): Promise<string | undefined> =>
    keys === undefined
      ? undefined
      : signLocalOperator({ keys: openKeyFolder(keys), instance, clock: systemClock, random: systemRandom });
  const tls = url.startsWith("https:") ? { tls: { rejectUnauthorized: false } } : {};
  const ask: BuildServer["ask"] = async (method, path, body) => {
    const token = await credential();
    const response = await fetch(url + path, {
      method,
      headers: {
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        ...(body === undefined ? {} : { "content-type": "application/json" }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      timeout: false,
      ...tls,
    } as BunFetchRequestInit);
    const answer: unknown = await response.json();
    if (response.ok) return answer;
    throw new SluiceError((answer as { readonly error: WireError }).error);
  };
  return { url, own: true, credential, ask };
}

/** The run is what is watched: nothing is shown here. */
function silent(remarks: string[]): BuildShow {
  const nothing = (): void => undefined;
  return {
    planned: nothing,
    began: nothing,
    ended: nothing,
    started: nothing,
    output: nothing,
    replayed: nothing,
    remark: (text) => void remarks.push(text),
  };
}

async function build(setup: ChildSetup, signal: AbortSignal): Promise<ChildAnswer> {
  const { project, root, tasks, filters, force, args } = setup;
  const remarks: string[] = [];
  const log = (level: string, message: string): void => {
    if (level === "error") console.error(message);
  };
  const ground = { env: process.env, from: root ?? project, log, server: async () => serverOf(setup) };
  const end = await localBuild(ground, {
    request: { tasks, filters, only: false, args },
    continuing: "never",
    concurrency: undefined,
    force,
    show: silent(remarks),
    signal,
  });
  for (const remark of remarks) console.error(remark);
  if (!end.ok) return { error: end.error };
  const { id, status, tasks: outcomes } = end.value;
  const shown = outcomes.map(({ id: task, status: how, cache, hash, durationMs, why }) => ({
    id: task,
    status: how,
    cache,
    hash,
    durationMs,
    why,
  }));
  return { built: { run: id, status, tasks: shown } };
}

/** The first line of standard input; at its end whoever told it is gone, and so is this process. */
async function told(): Promise<ChildSetup> {
  const line = Promise.withResolvers<string>();
  let text = "";
  process.stdin.setEncoding("utf8");
  process.stdin.on("data", (piece: string) => {
    text += piece;
    const end = text.indexOf("\n");
    if (end !== -1) line.resolve(text.slice(0, end));
  });
  process.stdin.on("end", () => process.exit(1));
  return JSON.parse(await line.promise) as ChildSetup;
}

const stop = new AbortController();
process.on("SIGTERM", () => stop.abort());
const answer = await told()
  .then((setup) => build(setup, stop.signal))
  .catch((error: unknown): ChildAnswer => ({ error: toWire(error) }));
process.stdout.write(`${JSON.stringify(answer)}\n`, () => process.exit(0));
