// Routes of the build cache: results of tasks by their keys, the files that they name, and what the cache says of itself.
import { get, post, put } from "./route-spec.ts";
import type { RouteSpec } from "./route-spec.ts";

export const cacheRoutes = {
  getCacheStats: {
    methods: get,
    path: "/api/v1/cache",
    summary: "How large the build cache is, and how often it had what was asked for",
    tag: "builds",
    permission: "blob:read",
  },
  evictCache: {
    methods: post,
    path: "/api/v1/cache/evict",
    summary: "Make room in the build cache: what is old goes, and past a size what was used least recently",
    tag: "builds",
    permission: "cache:evict",
  },
  explainCacheKey: {
    methods: get,
    path: "/api/v1/cache/keys/:key",
    summary: "What the build cache has under a key, and what became of what it had",
    tag: "builds",
    permission: "blob:read",
  },
  getCacheResult: {
    methods: get,
    path: "/api/v1/cache/results/:key",
    summary: "The result of a task, from the own cache scope or those that it reads",
    tag: "builds",
    permission: "blob:read",
  },
  putCacheResult: {
    methods: put,
    path: "/api/v1/cache/results/:key",
    summary: "Keep the result of a task in the own cache scope, once all that it names is there",
    tag: "builds",
    permission: "blob:write",
  },
  listMissingCacheBlobs: {
    methods: post,
    path: "/api/v1/cache/blobs/missing",
    summary: "Which of some files have to be sent before a result can name them",
    tag: "builds",
    permission: "blob:read",
  },
  getCacheBlob: {
    methods: get,
    path: "/api/v1/cache/blobs/:sha256",
    summary: "A file that a result names",
    tag: "builds",
    permission: "blob:read",
  },
  putCacheBlob: {
    methods: put,
    path: "/api/v1/cache/blobs/:sha256",
    summary: "Keep a file for a result that is to name it",
    tag: "builds",
    permission: "blob:write",
  },
} as const satisfies Record<string, RouteSpec>;
