// `sluice/services`: services for what most workflows talk to. Each loads what it needs when it is started.
export { discord, http, postgres, s3, shell, slack, smtp, sqlite, webhookTarget } from "@sluice/services";
export type { HttpCall, HttpReply, Mail, ShellCall, ShellResult } from "@sluice/services";
