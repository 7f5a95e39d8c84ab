// What goes in and out of the routes of the build cache.
import type { cacheRoutes } from "./cache-routes.ts";
import { answer } from "./contract.ts";
import type { Contract } from "./contract.ts";

const bytes = "application/octet-stream";

/** What each route takes and answers, besides `Failure` for every status from 400. */
export const cacheContracts: Readonly<Record<keyof typeof cacheRoutes, Contract>> = {
  getCacheStats: { responses: { 200: answer("What there is", "CacheStats") } },
  evictCache: {
    request: "EvictCache",
    responses: { 200: answer("What went", "CacheEvicted") },
  },
  explainCacheKey: {
    responses: { 200: answer("What is and was under the key, in the scopes of who asks", "CacheKey") },
  },
  getCacheResult: { responses: { 200: answer("The result", "CacheResult") } },
  putCacheResult: {
    request: "CacheResult",
    responses: {
      200: answer("Another result was there before, and stays", "CacheKept"),
      201: answer("It is kept", "CacheKept"),
    },
  },
  listMissingCacheBlobs: {
    request: "BlobDigests",
    responses: { 200: answer("Those that none of the scopes holds", "MissingBlobs") },
  },
  getCacheBlob: {
    responses: { 200: { description: "Its bytes", type: bytes } },
  },
  putCacheBlob: {
    requestType: bytes,
    responses: { 201: answer("It is kept, and the scope holds it", "BlobStored") },
  },
};
