// The HTTP contract without its schemas; those are in `@sluice/protocol/http-schemas`, which loads zod.
export { routes, valueMediaType, signatureHeader } from "./routes.ts";
export type { RouteName, RouteSpec, RouteMethod, RouteTag } from "./routes.ts";
