// Routes of the mesh of a cluster: what of it is where, what is wrong with it, and what is begun with it.
import { get, post } from "./route-spec.ts";
import type { RouteSpec } from "./route-spec.ts";

export const meshRoutes = {
  getMesh: {
    methods: get,
    path: "/api/v1/clusters/:name/mesh",
    summary: "Revisions, tags, proxies and certificates of the cluster's mesh",
    tag: "clusters",
    permission: "cluster:read",
  },
  analyzeMesh: {
    methods: post,
    path: "/api/v1/clusters/:name/mesh/analysis",
    summary: "What is wrong with the configuration of the mesh, as it is or as it would be with further manifests",
    tag: "clusters",
    permission: "cluster:read",
  },
  upgradeMesh: {
    methods: post,
    path: "/api/v1/clusters/:name/mesh/upgrades",
    summary: "Upgrade the mesh from one revision to another, as a run",
    tag: "clusters",
    permission: "cluster:apply",
  },
  releaseCanary: {
    methods: post,
    path: "/api/v1/clusters/:name/mesh/canaries",
    summary: "Give a canary its share of the traffic, step by step, as a run",
    tag: "clusters",
    permission: "cluster:apply",
  },
} as const satisfies Record<string, RouteSpec>;
