// Watching a run, and what it streams: server-sent events, resumable with the number of the last one seen.
import { SluiceError } from "@sluice/protocol";
import type { Call } from "../call.ts";
import { refuse } from "../fields.ts";
import { nosniff } from "../hygiene.ts";
import { RunFeed } from "../run-feed.ts";
import { StreamFeed } from "../stream-feed.ts";
import { runNotFound } from "./runs.ts";

const headers = {
  ...nosniff,
  "content-type": "text/event-stream; charset=utf-8",
  "cache-control": "no-store",
  // Proxies that collect answers before passing them on are asked not to.
  "x-accel-buffering": "no",
};

/** Number of the last update that the client has seen: `Last-Event-ID`, which browsers send when they come back, or `after`. */
function lastSeen(call: Call): number {
  const query = call.query();
  const after = query.integer("after", { min: 0, max: Number.MAX_SAFE_INTEGER });
  query.done();
  const header = call.request.headers.get("last-event-id");
  if (header === null || header === "") return after ?? 0;
  if (!/^\d{1,15}$/.test(header))
    refuse("bad_request", "Last-Event-ID is not a number.", "Send the last id you saw, or nothing.");
  return Number(header);
}

interface Feed {
  stream(): ReadableStream<Uint8Array>;
  end(): void;
}

type Open = (p: { readonly after: number; readonly closed: () => void }) => Feed;

/** Lets a client follow something that it may see, for as long as it may and as we are there. `find` looks for it, once the query is read. */
export async function follow(call: Call, find: () => Promise<Open>): Promise<Response> {
  const after = lastSeen(call);
  const open = await find();
  const { metrics, limits, closing } = call.parts;
  if (call.request.method === "HEAD") return new Response(null, { headers });
  const giveBack = placeFor(call);
  metrics.watching++;
  const end = (): void => feed.end();
  const closed = (): void => {
    metrics.watching--;
    giveBack();
    closing.removeEventListener("abort", end);
    unlisten();
  };
  const feed = open({ after, closed });
  closing.addEventListener("abort", end);
  const unlisten = call.onEnded(end);
  call.mayIdle(limits.heartbeatMs);
  return new Response(feed.stream(), { headers });
}

/** A place for one more stream; answers how to give it back. Throws `too_many_requests`. */
function placeFor({ parts: { metrics, limits }, principal }: Call): () => void {
  const { streams } = metrics;
  const own = streams.takenBy(principal);
  const isKnown = principal.user !== undefined || principal.token !== undefined;
  if (streams.taken >= limits.watchersMax) throw tooMany(streams.taken, "watchersMax", "");
  if (isKnown && own >= limits.watchersPerUserMax) throw tooMany(own, "watchersPerUserMax", " of yours");
  return streams.take(principal);
}

function tooMany(count: number, limit: string, whose: string): SluiceError {
  return new SluiceError({
    code: "too_many_requests",
    message: `${count} clients${whose} watch runs already (${limit}).`,
    hint: `Come back later, or raise the setting limits.${limit}.`,
  });
}

/** The run of the path, which is one that may be seen. */
async function runOf(call: Call): Promise<string> {
  const run = call.param(0);
  const found = await call.engine.store.getRun({ run, access: call.access("run:read") });
  if (found === undefined) throw runNotFound(run);
  return run;
}

export async function watchRun(call: Call): Promise<Response> {
  return follow(call, async () => {
    const run = await runOf(call);
    return (p) => new RunFeed(call.parts, { ...p, run });
  });
}

/** What a run has streamed and streams. */
export async function streamRun(call: Call): Promise<Response> {
  return follow(call, async () => {
    const run = await runOf(call);
    return (p) => new StreamFeed(call.parts, { ...p, run });
  });
}
