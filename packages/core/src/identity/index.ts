// Users, roles, sessions and tokens: who is asking, and what they may do.
export { identityLimits } from "./limits.ts";
export type { IdentityLimits } from "./limits.ts";
export { identityDefaults } from "./settings.ts";
export type { CiRule, IdentitySettings, Limits, OpenIdSettings, PasskeySettings } from "./settings.ts";
export type { CallerInfo, Principal, PrincipalKind } from "./access/principal.ts";
