// What starts runs in a test in the place of the world: a request to a webhook, the time of a schedule.
import { hookDoor, unwrap } from "@sluice/core";
import { bestMatches } from "@sluice/core/hook-match";
import type { DeployedTrigger } from "@sluice/core";
import { encodeValue, SluiceError } from "@sluice/protocol";
import type { HookRequest, TriggerVerdict, WebhookManifest } from "@sluice/protocol";
import type { TestHost } from "./engine.ts";

export interface WebhookDelivery {
  /** With its query, where it has one. */
  readonly path: string;
  readonly body: unknown;
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** A second delivery with this key leads to the run that is there. */
  readonly idempotencyKey?: string;
}

type Hook = DeployedTrigger & { readonly manifest: WebhookManifest };

/**
 * Delivers a request to the workflow with this webhook; the id of the run. Headers, functions and schemas of the webhook judge it as
 * they do on a server, and a request that starts no run rejects; signatures, rates and what was seen before are the server's to check.
 */
export async function deliver(host: TestHost, delivery: WebhookDelivery): Promise<string> {
  const { method = "POST", body, idempotencyKey } = delivery;
  const [path = "", query = ""] = delivery.path.replace(/^\/?/, "/").split("?", 2);
  const hooks = host.engine.triggers.list().filter(isHook);
  const found = bestMatches(hooks, path).find(({ hook }) => hook.manifest.method === method);
  if (found === undefined) throw new Error(`No workflow of this test has a webhook for ${method} ${path}.`);
  const { hook, params } = found;
  const headers = Object.fromEntries(
    Object.entries({ "content-type": "application/json", ...delivery.headers }).map(([name, value]) => [
      name.toLowerCase(),
      value,
    ]),
  );
  const rawBody = body instanceof Uint8Array ? body : new TextEncoder().encode(JSON.stringify(body) ?? "");
  const request = { method, path, params, query: parametersOf(query), headers, body, rawBody };
  checkHeaders(hook, headers);
  const verdict = await judge(host, hook, request);
  const { id } = hook.record;
  if (verdict.verdict === "ignore") throw new Error(`The webhook ${id} started no run: ${verdict.reason}.`);
  if (verdict.verdict === "answer")
    throw new Error(`The webhook ${id} started no run: its middleware answered with ${verdict.answer.status}.`);
  if (verdict.verdict === "invalid") throw invalid(id, verdict.issues);
  const key = verdict.key ?? idempotencyKey ?? headers[hook.manifest.keyHeader ?? "idempotency-key"];
  const started = await host.engine.startRun({
    by: { kind: "webhook", id },
    workflow: hook.record.workflow,
    input: verdict.input,
    ...(key === undefined ? {} : { key, door: hookDoor(hook.manifest) }),
  });
  return unwrap(started).run.id;
}

function isHook(trigger: DeployedTrigger): trigger is Hook {
  return trigger.manifest.type === "webhook";
}

async function judge(host: TestHost, { manifest, record }: Hook, request: HookRequest): Promise<TriggerVerdict> {
  if (manifest.calls === true) return unwrap(await host.engine.triggers.ask(record.id, encodeValue(request)));
  const { body, rawBody } = request;
  const input = manifest.input === "raw" ? rawBody : manifest.input === "request" ? request : body;
  return { verdict: "start", input: encodeValue(input) };
}

function checkHeaders({ manifest, record }: Hook, headers: Readonly<Record<string, string>>): void {
  for (const { name, values } of manifest.headers ?? []) {
    const given = headers[name.toLowerCase()];
    if (given !== undefined && (values === undefined || values.includes(given))) continue;
    const what = given === undefined ? "is missing" : "is not one that is taken";
    throw new SluiceError({
      code: "bad_request",
      message: `The header ${name} ${what}: ${record.id} needs it.`,
      hint: "t.webhook(path, body, { headers })",
    });
  }
}

/** Several values of one name are a list. */
function parametersOf(query: string): HookRequest["query"] {
  const given = new URLSearchParams(query);
  return Object.fromEntries(
    [...new Set(given.keys())].map((name) => {
      const values = given.getAll(name);
      return [name, values.length === 1 ? (values[0] ?? "") : values];
    }),
  );
}

function invalid(id: string, issues: readonly { readonly path: string; readonly message: string }[]): SluiceError {
  const said = issues.map(({ path, message }) => `${path} ${message}`.trim()).join("; ");
  return new SluiceError({
    code: "invalid_input",
    message: `The body is not what ${id} takes: ${said}`,
    details: issues,
  });
}

/** Fires a schedule now, by its name or its place among the workflow's schedules; the id of the run. */
export async function fireSchedule(host: TestHost, workflow: string, name: string): Promise<string> {
  const started = await host.engine.schedules.runNow({ kind: "user", id: "test" }, `${workflow}:${name}`);
  return unwrap(started).run.id;
}
