// What goes in and out of the routes of clusters, components, plans and operations.
import type { clusterRoutes } from "./cluster-routes.ts";
import { answer } from "./contract.ts";
import type { Contract } from "./contract.ts";

/** What each route takes and answers, besides `Failure` for every status from 400. */
export const clusterContracts: Readonly<Record<keyof typeof clusterRoutes, Contract>> = {
  listClusters: { responses: { 200: answer("The clusters", "Clusters") } },
  addCluster: { request: "AddCluster", responses: { 200: answer("The cluster, which has answered", "ClusterMade") } },
  getClusterStatus: { responses: { 200: answer("The cluster and how it answers", "ClusterStatus") } },
  listComponents: { responses: { 200: answer("The components", "Components") } },
  addComponent: { request: "AddComponent", responses: { 200: answer("The component", "ComponentMade") } },
  getComponent: { responses: { 200: answer("The component", "ComponentMade") } },
  getComponentHealth: { responses: { 200: answer("Its health now", "ComponentHealthSeen") } },
  getComponentDrift: { responses: { 200: answer("What has changed since it was applied", "ComponentDrift") } },
  listPlans: { responses: { 200: answer("The last plans", "Plans") } },
  createPlan: { request: "Nothing", responses: { 201: answer("The plan", "PlanMade") } },
  listOperations: { responses: { 200: answer("The last operations", "Operations") } },
  getPlan: { responses: { 200: answer("The plan", "PlanMade") } },
  approvePlan: { request: "PlanApproval", responses: { 200: answer("The plan, approved", "PlanMade") } },
  applyPlan: { request: "PlanHash", responses: { 201: answer("The operation, whose run has begun", "OperationMade") } },
  bootstrapComponents: {
    request: "Bootstrap",
    responses: { 201: answer("The run that brings them up", "BootstrapBegun") },
  },
  getOperation: { responses: { 200: answer("The operation", "OperationMade") } },
  undoOperation: {
    request: "Nothing",
    responses: { 201: answer("The operation that takes it back", "OperationMade") },
  },
};
