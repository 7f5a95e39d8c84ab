// For tests of other packages: a Kubernetes API in the process, a client of it or of a real one, and what is tried on both.
export { ApiDouble, status } from "./api-double.suite.ts";
export { accessTo, resourcesOf } from "./bench.suite.ts";
export { MeshDouble, shopMesh, webRoutes } from "../mesh/mesh-double.suite.ts";
export { fenceCreates } from "../operations/fence.ts";
export { Sites, waitFor, whyNoSites } from "./sites.suite.ts";
export type { PgServer } from "./sites.suite.ts";
