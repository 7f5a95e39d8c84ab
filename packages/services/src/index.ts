// Ready-made services: what most workflows talk to. What each needs is loaded when it is started.
export { http } from "./http.ts";
export type { HttpCall, HttpReply } from "./http.ts";
export { smtp } from "./smtp.ts";
export type { Mail } from "./smtp.ts";
export { discord, slack, webhookTarget } from "./chat.ts";
export { sqlite } from "./sqlite.ts";
export type { SqliteConnection, SqliteValue } from "./sqlite.ts";
export { postgres } from "./postgres.ts";
export { s3 } from "./s3.ts";
export { shell } from "./shell.ts";
export type { ShellCall, ShellResult } from "./shell.ts";
