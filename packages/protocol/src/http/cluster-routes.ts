// Routes of clusters, of the components in them, and of the plans and operations that change them.
import { get, post } from "./route-spec.ts";
import type { RouteSpec } from "./route-spec.ts";

export const clusterRoutes = {
  listClusters: {
    methods: get,
    path: "/api/v1/clusters",
    summary: "The clusters",
    tag: "clusters",
    permission: "cluster:read",
  },
  addCluster: {
    methods: post,
    path: "/api/v1/clusters",
    summary: "Add a cluster, or change how it is reached",
    tag: "clusters",
    permission: "cluster:write",
  },
  getClusterStatus: {
    methods: get,
    path: "/api/v1/clusters/:name",
    summary: "One cluster: whether it answers, and whether it is the one it was",
    tag: "clusters",
    permission: "cluster:read",
  },
  listComponents: {
    methods: get,
    path: "/api/v1/components",
    summary: "The components, with their health as it was seen last",
    tag: "clusters",
    permission: "cluster:read",
  },
  addComponent: {
    methods: post,
    path: "/api/v1/components",
    summary: "Add a component by its file, or read the file anew",
    tag: "clusters",
    permission: "cluster:write",
  },
  getComponent: {
    methods: get,
    path: "/api/v1/components/:name",
    summary: "One component",
    tag: "clusters",
    permission: "cluster:read",
  },
  getComponentHealth: {
    methods: get,
    path: "/api/v1/components/:name/health",
    summary: "Whether each object of a component is reconciled and healthy, and why",
    tag: "clusters",
    permission: "cluster:read",
  },
  getComponentDrift: {
    methods: get,
    path: "/api/v1/components/:name/drift",
    summary: "What in the cluster is no longer as it was applied",
    tag: "clusters",
    permission: "cluster:plan",
  },
  listPlans: {
    methods: get,
    path: "/api/v1/components/:name/plans",
    summary: "Plans of a component, newest first",
    tag: "clusters",
    permission: "cluster:read",
  },
  createPlan: {
    methods: post,
    path: "/api/v1/components/:name/plans",
    summary: "Make a plan: what applying the component would change",
    tag: "clusters",
    permission: "cluster:plan",
  },
  listOperations: {
    methods: get,
    path: "/api/v1/components/:name/operations",
    summary: "What was done with a component, newest first",
    tag: "clusters",
    permission: "cluster:read",
  },
  getPlan: {
    methods: get,
    path: "/api/v1/plans/:id",
    summary: "One plan",
    tag: "clusters",
    permission: "cluster:read",
  },
  approvePlan: {
    methods: post,
    path: "/api/v1/plans/:id/approve",
    summary: "Approve a plan by its hash",
    tag: "clusters",
    permission: "cluster:approve",
  },
  applyPlan: {
    methods: post,
    path: "/api/v1/plans/:id/apply",
    summary: "Apply an approved plan, as a run",
    tag: "clusters",
    permission: "cluster:apply",
  },
  bootstrapComponents: {
    methods: post,
    path: "/api/v1/bootstrap",
    summary: "Bring components up in the order of what stands on what, as a run",
    tag: "clusters",
    permission: "cluster:apply",
  },
  getOperation: {
    methods: get,
    path: "/api/v1/operations/:id",
    summary: "One operation",
    tag: "clusters",
    permission: "cluster:read",
  },
  undoOperation: {
    methods: post,
    path: "/api/v1/operations/:id/undo",
    summary: "Apply what the component was before this operation",
    tag: "clusters",
    permission: "cluster:apply",
  },
} as const satisfies Record<string, RouteSpec>;

/** Of the mesh of a cluster: what of it is where, what is wrong with it, and what is begun with it. */
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
