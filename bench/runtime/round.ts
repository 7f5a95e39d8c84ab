// One round of one runtime: its own program for what is measured inside, and from outside requests, starts and bundles.

import { rmSync } from "node:fs";
import { join } from "node:path";
import { HttpClient } from "../http-client.ts";
import { median } from "../statistics.ts";
import type { Contender } from "./contenders.ts";
import type { Figures } from "./figures.ts";
import type { Scale } from "./options.ts";

const WARMUP_SHARE = 0.1;
const MS_PER_SECOND = 1_000;

export interface Place {
  /** The bundled program of measure.ts. */
  readonly program: string;
  /** Of this round alone. */
  readonly folder: string;
  /** The large file. */
  readonly file: string;
  /** A program that does nothing. */
  readonly empty: string;
  /** What is bundled. */
  readonly entry: string;
}

export interface Measured {
  readonly version: string;
  readonly figures: Figures;
}

/** Throws with what the program said when it fails. */
export async function measureRound(contender: Contender, place: Place, scale: Scale): Promise<Measured> {
  const startup_ms = await medianMs(scale.starts, [...contender.run, place.empty]);
  const out = join(place.folder, "bundle.js");
  const build_ms = await medianMs(scale.builds, contender.bundle(place.entry, out));
  if ((await Bun.file(out).stat()).size === 0) throw new Error("The bundle is empty");
  rmSync(out);
  const inside = await measureInside(contender, place, scale);
  return { version: inside.version, figures: { ...inside.figures, startup_ms, build_ms } };
}

async function medianMs(count: number, command: readonly string[]): Promise<number> {
  const valuesMs: number[] = [];
  for (let round = 0; round < count; round++) {
    const startedMs = performance.now();
    const child = Bun.spawn([...command], { stdin: "ignore", stdout: "ignore", stderr: "pipe" });
    const exitCode = await child.exited;
    valuesMs.push(performance.now() - startedMs);
    if (exitCode !== 0) throw new Error(`${command.join(" ")}: exit ${exitCode}: ${await child.stderr.text()}`);
  }
  return median(valuesMs);
}

async function measureInside({ run }: Contender, place: Place, scale: Scale): Promise<Measured> {
  const { program, folder, file } = place;
  const child = Bun.spawn([...run, program, folder, file, JSON.stringify(scale)], {
    stdin: "pipe",
    stdout: "pipe",
    stderr: "pipe",
  });
  const lines = linesOf(child.stdout);
  const said = child.stderr.text();
  try {
    const head = await nextOf(lines);
    if (head === undefined) throw new Error(await said);
    const http_rps = await requestsPerSecond(Number(head["port"]), scale);
    await child.stdin.write("\n");
    await child.stdin.end();
    const rest = await nextOf(lines);
    if (rest === undefined) throw new Error(await said);
    return { version: String(head["version"]), figures: { http_rps, ...(rest["figures"] as Figures) } };
  } finally {
    child.kill("SIGKILL");
    await child.exited;
  }
}

async function* linesOf(stream: ReadableStream<Uint8Array>): AsyncGenerator<Readonly<Record<string, unknown>>> {
  const decoder = new TextDecoder();
  let text = "";
  for await (const bytes of stream) {
    text += decoder.decode(bytes, { stream: true });
    for (let end = text.indexOf("\n"); end >= 0; end = text.indexOf("\n")) {
      yield JSON.parse(text.slice(0, end)) as Record<string, unknown>;
      text = text.slice(end + 1);
    }
  }
}

async function nextOf(lines: AsyncGenerator<Readonly<Record<string, unknown>>>) {
  const next = await lines.next();
  return next.done === true ? undefined : next.value;
}

async function requestsPerSecond(port: number, scale: Scale): Promise<number> {
  const client = new HttpClient({ port, connectionsMax: scale.httpConnections });
  try {
    await load(client, scale.httpConnections, Math.ceil(scale.httpRequests * WARMUP_SHARE));
    const startedMs = performance.now();
    await load(client, scale.httpConnections, scale.httpRequests);
    return (scale.httpRequests / (performance.now() - startedMs)) * MS_PER_SECOND;
  } finally {
    client.close();
  }
}

/** As many callers as connections, each waiting for its answer before the next request. */
async function load(client: HttpClient, callers: number, requests: number): Promise<void> {
  let left = requests;
  const call = async (): Promise<void> => {
    while (left-- > 0) {
      const { status, body } = await client.request("GET", "/runs/17");
      if (status !== 200 || body !== '{"id":"17","status":"completed"}')
        throw new Error(`GET /runs/17: ${status} ${body}`);
    }
  };
  await Promise.all(Array.from({ length: callers }, call));
}
