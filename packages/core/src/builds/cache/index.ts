// What the rest of the product uses of the cache of builds.
export { Cache, cacheFailure } from "./cache.ts";
export type { CacheParts, CacheStats, CacheWhy } from "./cache.ts";
export type { CacheCaller, CacheView, FoundEntry } from "./cache-view.ts";
export type { OpenBlob } from "./blob-shelf.ts";
export type { Evicted } from "./eviction.ts";
export { buildSpace, digestsIn, resultOf, ViewedBuildCache } from "./build-results.ts";
export { ed25519Signer, hmacSigner } from "./signing.ts";
export type { CacheSigner } from "./signing.ts";
export { HttpBuildCache } from "./http-build-cache.ts";
export type { Uploads } from "./http-build-cache.ts";
export { resultSigner } from "./result-signing.ts";
export type { ResultKeys } from "./result-signing.ts";
export { OutageBudget } from "./outage-budget.ts";
