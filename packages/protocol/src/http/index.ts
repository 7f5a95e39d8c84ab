// The HTTP contract without its schemas; those are in `@sluice/protocol/http-schemas`, which loads zod.
export { commandRoutes } from "./command-routes.ts";
export { consoleSections } from "./console-routes.ts";
export { routes, signatureHeader, valueMediaType } from "./routes.ts";
export type { RouteName } from "./routes.ts";
export type { RouteMethod, RoutePermission, RouteSpec, RouteTag } from "./route-spec.ts";
