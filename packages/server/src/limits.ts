// Named limits of the HTTP side; each is an option of `createHttp`.
import { cacheLimits } from "@sluice/core";
import type { CacheLimits } from "@sluice/core";
import type { HookLimits } from "./hooks/hook-desk.ts";
import { liveLimits } from "./live/limits.ts";
import type { LiveLimits } from "./live/limits.ts";

export interface HttpLimits extends LiveLimits, HookLimits, CacheLimits {
  /** Longest body of a request. Larger than `payloadBytesMax` of the engine: JSON takes more room than the value. */
  readonly bodyBytesMax: number;
  /** Bodies that came compressed, as long as they are dealt with, all together; further ones are to come again. */
  readonly decompressedBytesMax: number;
  /** Longest backup that is restored. It goes to the disk as it comes. */
  readonly restoreBytesMax: number;
  /** Longest blob that is stored over HTTP. It goes to the disk as it comes. */
  readonly blobBytesMax: number;
  /** Digests in one question after missing blobs. */
  readonly blobDigestsMax: number;
  /** Blobs that are stored over HTTP at once. */
  readonly blobUploadsMax: number;
  /** Blobs of a scope that nobody has used for so long, and no build names, go. */
  readonly blobKeptMs: number;
  /** Levels of arrays and objects in a JSON body. */
  readonly jsonDepthMax: number;
  /** Longest `wait` of a request; clients ask again. */
  readonly waitMsMax: number;
  /** Entries of a page where none are asked for, and at most. */
  readonly pageDefault: number;
  readonly pageMax: number;
  /** Values of a page of steps or state; a page ends early once it holds this much. */
  readonly pageBytesMax: number;
  /** A comment is sent to a watcher of a run after this long, so that nobody in between thinks it is dead. */
  readonly heartbeatMs: number;
  /** Clients that watch runs at once, each with a stream, and of one user or token. */
  readonly watchersMax: number;
  readonly watchersPerUserMax: number;
  /** Updates that wait for a slow watcher; past it, they are dropped and read again from the journal. */
  readonly watchUpdatesMax: number;
  /** Bytes that wait in memory for a slow watcher. */
  readonly watchBytesMax: number;
  /** Large values turned into JSON at once, each on a thread of its own. */
  readonly valueThreadsMax: number;
  /** Requests for large values that wait for their turn; further ones are refused for a while. */
  readonly valueThreadsWaitingMax: number;
  /** Connections on which nothing moves are closed after this long. */
  readonly idleTimeoutSeconds: number;
  /** How often it is looked whether the certificate was replaced. */
  readonly tlsCheckMs: number;
  /** Requests a second of one address, and of one token or session; twice as many may come at once. 0: any number. */
  readonly addressRequestsPerSecondMax: number;
  readonly tokenRequestsPerSecondMax: number;
  /** Requests a minute of one address that sign in or check a password; so many may come at once. 0: any number. */
  readonly signInsPerMinuteMax: number;
  /** Addresses, tokens and sessions whose requests are counted, of each kind. */
  readonly rateEntriesMax: number;
  /** Refusals of one address in a minute that are written to the audit trail one by one; of more their number is. */
  readonly refusalsAuditedPerMinuteMax: number;
  /** Addresses whose refusals are told apart in a minute; further ones share one count. */
  readonly refusalAddressesMax: number;
}

/** Longest request that is read at all: more than the limits for bodies, so that a body over them gets our own answer. */
export function requestBytesMax(
  limits: Pick<HttpLimits, "bodyBytesMax" | "restoreBytesMax" | "blobBytesMax" | "cacheBlobBytesMax">,
): number {
  const { bodyBytesMax, restoreBytesMax, blobBytesMax, cacheBlobBytesMax } = limits;
  return Math.max(bodyBytesMax * 4, restoreBytesMax + 1, blobBytesMax + 1, cacheBlobBytesMax + 1);
}

export const httpLimits: HttpLimits = {
  ...cacheLimits,
  ...liveLimits,
  deliveryBodyBytesMax: 256 * 1024,
  refusedDeliveriesPerMinuteMax: 30,
  bodyBytesMax: 48 * 1024 * 1024,
  decompressedBytesMax: 128 * 1024 * 1024,
  restoreBytesMax: 64 * 1024 * 1024 * 1024,
  blobBytesMax: 4 * 1024 * 1024 * 1024,
  blobDigestsMax: 1_000,
  blobUploadsMax: 64,
  blobKeptMs: 14 * 86_400_000,
  jsonDepthMax: 400,
  waitMsMax: 120_000,
  pageDefault: 50,
  pageMax: 200,
  pageBytesMax: 8 * 1024 * 1024,
  heartbeatMs: 15_000,
  watchersMax: 10_000,
  watchersPerUserMax: 2_000,
  watchUpdatesMax: 1_024,
  watchBytesMax: 64 * 1024,
  valueThreadsMax: 2,
  valueThreadsWaitingMax: 64,
  idleTimeoutSeconds: 60,
  tlsCheckMs: 30_000,
  addressRequestsPerSecondMax: 20_000,
  tokenRequestsPerSecondMax: 20_000,
  signInsPerMinuteMax: 60,
  rateEntriesMax: 10_000,
  refusalsAuditedPerMinuteMax: 10,
  refusalAddressesMax: 100,
};
