import { afterEach, describe, expect, test } from "bun:test";
import { appendFileSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { systemClock } from "../../kernel/clock.ts";
import { SimulatedClock } from "../../testing/simulated-clock.ts";
import type { Checkpoint } from "./checkpoint.ts";
import { CheckpointFile, CheckpointWebhook, isMissing } from "./checkpoint-places.ts";
import type { CheckpointLine, CheckpointPlace } from "./checkpoint-places.ts";
import { paths, start } from "./trail.fixture.suite.ts";

const next = paths();
const open = { ending: false };

function checkpoint(seq: number): Checkpoint {
  return { format: 1, chain: "c1", seq, hash: "ab".repeat(32), at: start + seq, key: "k", signature: "s" };
}

async function linesOf(place: CheckpointPlace): Promise<CheckpointLine[]> {
  const lines: CheckpointLine[] = [];
  for await (const line of place.lines()) lines.push(line);
  return lines;
}

const codeOf = (error: unknown): boolean => isMissing(error);

describe("a file", () => {
  test("gets a line for each, for its owner's eyes alone, and gives them back", async () => {
    const path = next("checkpoints");
    const place = new CheckpointFile(path);
    expect(await place.last()).toBeUndefined();
    expect(await linesOf(place).catch(codeOf)).toBe(true);
    for (let seq = 1; seq <= 900; seq++) await place.put(checkpoint(seq));
    const lines = await linesOf(place);
    expect(lines.map(({ number }) => number)).toEqual(Array.from({ length: 900 }, (_, i) => i + 1));
    expect(lines.every(({ cutOff }) => !cutOff)).toBe(true);
    expect(JSON.parse(lines[899]?.text ?? "")).toEqual(checkpoint(900));
    expect(await place.last()).toEqual(checkpoint(900));
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  test("goes on behind a line that was cut off", async () => {
    const path = next("checkpoints");
    const place = new CheckpointFile(path);
    await place.put(checkpoint(1));
    appendFileSync(path, '{"format":1,"cha');
    expect((await linesOf(place)).map(({ cutOff }) => cutOff)).toEqual([false, true]);
    expect(await place.last()).toEqual(checkpoint(1));
    await place.put(checkpoint(2));
    expect((await linesOf(place)).map(({ cutOff }) => cutOff)).toEqual([false, true, false]);
    expect(await place.last()).toEqual(checkpoint(2));
  });

  test("is not made in a folder that is not there: what was to be mounted may not be", async () => {
    const place = new CheckpointFile(`${next("missing")}/checkpoints`);
    expect(await place.put(checkpoint(1)).catch(codeOf)).toBe(true);
  });

  test("that holds something else has no last checkpoint", async () => {
    const path = next("checkpoints");
    writeFileSync(path, "x".repeat(100_000));
    expect(await new CheckpointFile(path).last()).toBeUndefined();
  });
});

describe("a receiver", () => {
  const servers: Bun.Server<undefined>[] = [];
  afterEach(async () => {
    for (const server of servers.splice(0)) await server.stop(true);
  });

  /** Answers with these statuses, then with 204; keeps what came. */
  function receiver(...statuses: number[]): { readonly url: string; readonly got: unknown[] } {
    const got: unknown[] = [];
    const server = Bun.serve({
      port: 0,
      hostname: "127.0.0.1",
      fetch: async (request) => {
        got.push({ method: request.method, path: new URL(request.url).pathname, body: await request.json() });
        return new Response(null, { status: statuses.shift() ?? 204, headers: { location: "/elsewhere" } });
      },
    });
    servers.push(server);
    return { url: `http://127.0.0.1:${server.port}/in?secret=hush`, got };
  }

  /** Lets a clock that stands still go on whenever something waits for it. */
  async function whileMoving<T>(clock: SimulatedClock, work: Promise<T>): Promise<T> {
    const ended = work.then(
      () => true,
      () => true,
    );
    const turn = () => new Promise<false>((resolve) => void setImmediate(() => resolve(false)));
    while (!(await Promise.race([ended, turn()]))) {
      if (clock.nextAt !== undefined) clock.advanceTo(clock.nextAt);
    }
    return work;
  }

  function webhook(url: string, clock: SimulatedClock): { place: CheckpointWebhook; copy: string } {
    const copy = next("copy");
    return { place: new CheckpointWebhook({ url, copy: new CheckpointFile(copy), fetch, clock }), copy };
  }

  test("is sent each as JSON; what it took is kept beside; its secret is shown nowhere", async () => {
    const { url, got } = receiver();
    const { place, copy } = webhook(url, new SimulatedClock(start));
    await place.put(checkpoint(1), open);
    expect(got).toEqual([{ method: "POST", path: "/in", body: checkpoint(1) }]);
    expect(await place.last()).toEqual(checkpoint(1));
    expect((await linesOf(place)).map(({ text }) => JSON.parse(text) as unknown)).toEqual([checkpoint(1)]);
    expect(`${place.name} ${place.keeper} ${readFileSync(copy, "utf8")}`).not.toContain("hush");
  });

  test("is tried again with growing pauses", async () => {
    const { url, got } = receiver(500, 302, 429);
    const clock = new SimulatedClock(start);
    const { place } = webhook(url, clock);
    await whileMoving(clock, place.put(checkpoint(1), open));
    expect(got).toHaveLength(4);
    expect(clock.now()).toBe(start + 1_000 + 2_000 + 4_000);
    expect(await place.last()).toEqual(checkpoint(1));
  });

  test("that never takes it makes it fail, and nothing counts as sent", async () => {
    const { url, got } = receiver(500, 500, 500, 500, 503);
    const clock = new SimulatedClock(start);
    const { place } = webhook(url, clock);
    const failed = await whileMoving(clock, place.put(checkpoint(1), open)).catch((error: unknown) => String(error));
    expect(failed).toMatch(/^Error: http:\/\/127\.0\.0\.1:\d+ answered 503$/);
    expect(got).toHaveLength(5);
    expect(await place.last()).toBeUndefined();
  });

  test("that is not there is tried once at the end", async () => {
    const clock = new SimulatedClock(start);
    const { place } = webhook("http://127.0.0.1:1/in", clock);
    expect(await place.put(checkpoint(1), { ending: true }).catch((error: unknown) => String(error))).toBe(
      "Error: http://127.0.0.1:1 cannot be reached",
    );
    expect(clock.pending).toBe(0);
  });

  test("is given up when everything ends, in a pause and while it is silent", async () => {
    const paused = webhook(receiver(500, 500).url, new SimulatedClock(start)).place;
    const failing = paused.put(checkpoint(1), open).catch((error: unknown) => String(error));
    paused.close();
    expect(await failing).toContain("Error: http://127.0.0.1");
    const asked = Promise.withResolvers<void>();
    const server = Bun.serve({
      port: 0,
      hostname: "127.0.0.1",
      fetch: () => {
        asked.resolve();
        return new Promise<Response>(() => undefined);
      },
    });
    servers.push(server);
    const copy = new CheckpointFile(next("copy"));
    const silent = new CheckpointWebhook({ url: server.url.href, copy, fetch, clock: systemClock });
    const hanging = silent.put(checkpoint(1), open).catch((error: unknown) => String(error));
    await asked.promise;
    silent.close();
    expect(await hanging).toContain("cannot be reached");
  });
});
