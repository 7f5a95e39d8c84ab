// Routes of blobs: bytes by their SHA-256, as far as the scope of who asks holds them.
import { get, post, put } from "./route-spec.ts";
import type { RouteSpec } from "./route-spec.ts";

export const blobRoutes = {
  getBlob: {
    methods: get,
    path: "/api/v1/blobs/:sha256",
    summary: "The bytes of a blob, or a range of them; HEAD says how many there are",
    tag: "builds",
    permission: "blob:read",
  },
  putBlob: {
    methods: put,
    path: "/api/v1/blobs/:sha256",
    summary: "Store a blob under its SHA-256, which its bytes are held against",
    tag: "builds",
    permission: "blob:write",
  },
  listMissingBlobs: {
    methods: post,
    path: "/api/v1/blobs/missing",
    summary: "Which of some blobs have to be stored before they can be named",
    tag: "builds",
    permission: "blob:read",
  },
} as const satisfies Record<string, RouteSpec>;
