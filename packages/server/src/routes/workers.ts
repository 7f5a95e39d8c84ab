// Workers: the processes of this server and those on other machines in one list, and what is done with the latter.
import { unwrap } from "@sluice/core";
import type { Fleet, RemoteWorker } from "@sluice/core/workers";
import { SluiceError } from "@sluice/protocol";
import type { Call, WorkerProcess } from "../call.ts";
import { isLoopback } from "../config.ts";
import { done, reply } from "../wire.ts";
import { SocketWorker } from "../workers/socket-worker.ts";
import { bodyOf } from "./sign-in.ts";

/** The workers' side of what serves. Throws `unavailable` where there is none. */
export async function fleetOf(call: Call): Promise<Fleet> {
  const { fleet } = call.parts;
  if (fleet !== undefined) return fleet();
  throw new SluiceError({ code: "unavailable", message: "This server takes no workers of other machines." });
}

/** The WebSocket of a worker. Tokens do not cross a network in the clear. */
export async function connectWorker(call: Call): Promise<Response> {
  call.query().done();
  const { address, secure } = call.passage;
  if (!secure && address !== undefined && !isLoopback(address)) {
    throw new SluiceError({
      code: "forbidden",
      message: "Workers of other machines connect over TLS only.",
      hint: "Start the server with --tls-cert and --tls-key, or put a proxy with TLS before it (--trusted-proxy).",
    });
  }
  const fleet = await fleetOf(call);
  return call.upgrade(() => new SocketWorker({ address, connect: (transport) => fleet.connect(transport) }));
}

export async function listWorkers(call: Call): Promise<Response> {
  call.query().done();
  const fleet = await fleetOf(call);
  const now = call.parts.clock.now();
  const local = (call.parts.deployment().workers ?? []).map(shownProcess);
  return reply("json", 200, { workers: [...local, ...fleet.workers.map((worker) => shownRemote(worker, now))] });
}

export async function drainWorker(call: Call): Promise<Response> {
  await bodyOf(call, []);
  unwrap(await (await fleetOf(call)).drain({ by: call.actor, worker: call.param(0) }));
  return done();
}

export async function removeWorker(call: Call): Promise<Response> {
  call.query().done();
  unwrap(await (await fleetOf(call)).remove({ by: call.actor, worker: call.param(0) }));
  return done();
}

function shownProcess({ id, pid, status, startedAt, runs }: WorkerProcess): object {
  return {
    id,
    kind: "local",
    runtime: "bun",
    version: Bun.version,
    status,
    transport: null,
    address: null,
    capabilities: [],
    labels: [],
    slots: null,
    busy: runs,
    load: null,
    since: startedAt,
    heardMsAgo: null,
    clockSkewMs: null,
    pid,
  };
}

function shownRemote(worker: RemoteWorker, now: number): object {
  return {
    id: worker.id,
    kind: "remote",
    runtime: worker.runtime,
    version: worker.version ?? null,
    status: worker.draining ? "draining" : "connected",
    transport: worker.line.kind,
    address: worker.line.address ?? null,
    capabilities: [...worker.capabilities],
    labels: [...worker.labels],
    slots: worker.slots,
    busy: worker.held.size + worker.otherWork,
    load: worker.load ?? null,
    since: worker.connectedAt,
    heardMsAgo: Math.max(0, now - worker.heardAt),
    clockSkewMs: worker.clockSkewMs ?? null,
    pid: null,
  };
}
