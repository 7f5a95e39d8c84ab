// Workers on other machines: connections, builds, shared state, locks and resources.
export { Fleet } from "./fleet.ts";
export { fleetLimits } from "./limits.ts";
export type { FleetLimits } from "./limits.ts";
export type { WorkerConnection } from "./connection.ts";
export type { RemoteWorker } from "./remote-worker.ts";
export type {
  FleetParts,
  LeftWorker,
  OtherWork,
  WorkerDoor,
  WorkerPermit,
  WorkerStateSource,
  WorkerTransport,
} from "./ports.ts";
export { digestsOf } from "./build-files.ts";
export { cacheScopeOf } from "../kernel/cache-scope.ts";
