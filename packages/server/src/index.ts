// The server: everything that `sluice up` and `sluice dev` run, loaded by the command line when it is needed.
export { composeServer } from "./compose.ts";
export type { RunningServer } from "./compose.ts";
export type { CodeChange, ComposeOptions } from "./compose-parts.ts";
export { jsonLog } from "./compose-log.ts";
export { tokenFile } from "./compose-token.ts";
export { isLoopback, settleSettings } from "./config.ts";
export type { SettingSources } from "./config.ts";
export { limitDefaults, settingSpecs } from "./config-settings.ts";
export type { ServerSettings } from "./config-settings.ts";
export { loadSettings } from "./config-load.ts";
export type { LoadedSettings } from "./config-load.ts";
export type { BuildResult, SourceProblem } from "./bundle-messages.ts";
export { createHttp } from "./http.ts";
export type { Http, HttpOptions } from "./http.ts";
