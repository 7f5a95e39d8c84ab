// Which webhook a request is for: methods and paths with parameters, under their own path and, as in cronflow's server, under
// `/webhook`.
import { methodOf } from "@sluice/sdk";
import type { Program } from "./program.ts";
import { handleWebhook } from "./webhook-handling.ts";
import type { WebhookAnswer, WebhookTriggerNote } from "./webhook-handling.ts";
import { BadBody, webhookRequest } from "./webhook-request.ts";
import type { RawRequest } from "./webhook-request.ts";

const prefix = "/webhook";

export interface FoundWebhook {
  readonly workflowId: string;
  readonly trigger: WebhookTriggerNote;
  readonly params: Readonly<Record<string, string>>;
}

/** The webhook of a method and a path; `"method"` where there is one of another method only. */
function findWebhook(program: Program, method: string, path: string): FoundWebhook | "method" | undefined {
  let wrongMethod = false;
  for (const [workflowId, instance] of program.workflows) {
    for (const trigger of instance.getTriggers()) {
      if (trigger.type !== "webhook") continue;
      const params =
        matched(trigger.path, path) ??
        (path.startsWith(`${prefix}/`) ? matched(trigger.path, path.slice(prefix.length)) : undefined);
      if (params === undefined) continue;
      if (methodOf(trigger) === method.toUpperCase()) return { workflowId, trigger, params };
      wrongMethod = true;
    }
  }
  return wrongMethod ? "method" : undefined;
}

/** Parameters of a path such as `/orders/:id`; undefined where it is another path. */
function matched(pattern: string, path: string): Record<string, string> | undefined {
  const wanted = pattern.split("/");
  const given = path.split("/");
  if (wanted.length !== given.length) return undefined;
  const params: Record<string, string> = {};
  for (const [index, part] of wanted.entries()) {
    const value = given[index] ?? "";
    if (part.startsWith(":") && value !== "") params[part.slice(1)] = decoded(value);
    else if (part !== value) return undefined;
  }
  return params;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** Answers a request that is for this webhook. */
export async function answerWebhook(
  program: Program,
  webhook: Omit<FoundWebhook, "params">,
  request: RawRequest,
): Promise<WebhookAnswer> {
  try {
    return await handleWebhook(program, webhook, webhookRequest(request));
  } catch (error) {
    if (!(error instanceof BadBody)) throw error;
    const { message } = error;
    return { status: 400, body: { status: "error", message, error: message, workflow_triggered: false } };
  }
}

/** Answers a request to the server of webhooks. */
export async function route(program: Program, request: RawRequest): Promise<WebhookAnswer> {
  const { pathname } = new URL(request.url, "http://localhost");
  if (pathname === "/health") {
    const timestamp = new Date().toISOString();
    return { status: 200, body: { status: "healthy", service: "sluice-webhook-server", timestamp } };
  }
  const found = findWebhook(program, request.method, pathname);
  if (found === undefined) return { status: 404, body: { error: "Webhook not found" } };
  if (found === "method") return { status: 405, body: { error: "The webhook takes another method" } };
  return answerWebhook(program, found, { ...request, params: found.params });
}
