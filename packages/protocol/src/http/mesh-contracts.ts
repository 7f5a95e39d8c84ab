// What goes in and out of the routes of meshes.
import { answer } from "./contract.ts";
import type { Contract } from "./contract.ts";
import type { meshRoutes } from "./cluster-routes.ts";

/** What each route takes and answers, besides `Failure` for every status from 400. */
export const meshContracts: Readonly<Record<keyof typeof meshRoutes, Contract>> = {
  getMesh: { responses: { 200: answer("The mesh", "MeshSeen") } },
  analyzeMesh: { request: "AnalyzeMesh", responses: { 200: answer("What is wrong, worst first", "MeshFindings") } },
  upgradeMesh: { request: "UpgradeMesh", responses: { 201: answer("The run that upgrades it", "MeshRun") } },
  releaseCanary: { request: "ReleaseCanary", responses: { 201: answer("The run that releases it", "MeshRun") } },
};
