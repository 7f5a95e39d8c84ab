// Messages to people through webhooks: Slack, Discord, and whatever takes JSON.
import { createHmac } from "node:crypto";
import { action, defineService } from "@sluice/sdk";
import type { StepContext } from "@sluice/sdk";
import { z } from "zod";
import { exchange } from "./http.ts";

const settings = { headers: {}, replyBytesMax: 1024 * 1024, idempotencyHeader: "" };
const policy = { retry: { attempts: 4, delay: "1s", maxDelay: "1m", jitter: 0.3 }, timeout: "15s" } as const;

/**
 * Sends JSON; statuses decide about another attempt as they do for every request. Whoever has the URL may send: of it nothing
 * stands in a failure, not even a piece in which the whole would not be found.
 */
async function post(
  url: string,
  {
    json,
    name,
    headers = {},
  }: { readonly json: unknown; readonly name: string; readonly headers?: Readonly<Record<string, string>> },
  step: StepContext,
): Promise<{ status: number; text: string }> {
  const call = { url, method: "POST" as const, headers: {}, query: {}, json };
  const { status, text, json: answer } = await exchange({ ...settings, headers, shown: name }, call, step);
  return { status, text: text ?? JSON.stringify(answer) };
}

/** A channel of Slack, by the URL of an incoming webhook. */
export const slack = defineService({
  id: "slack",
  name: "Slack",
  version: "1.0.0",
  auth: z.object({ webhookUrl: z.url() }),
  ...policy,
  setup: ({ auth }) => ({
    send: action({
      input: z.object({ text: z.string().min(1), blocks: z.array(z.unknown()).optional() }),
      run: async (message, step) => {
        await post(auth.webhookUrl, { json: message, name: "Slack" }, step);
      },
    }),
  }),
});

/** A channel of Discord, by the URL of a webhook. Mentions in texts call nobody, unless asked for. */
export const discord = defineService({
  id: "discord",
  name: "Discord",
  version: "1.0.0",
  auth: z.object({ webhookUrl: z.url() }),
  ...policy,
  setup: ({ auth }) => ({
    send: action({
      input: z.object({
        content: z.string().min(1).max(2_000),
        username: z.string().optional(),
        embeds: z.array(z.unknown()).max(10).optional(),
        mentions: z.boolean().default(false),
      }),
      run: async ({ mentions, ...message }, step) => {
        const json = mentions ? message : { ...message, allowed_mentions: { parse: [] } };
        await post(auth.webhookUrl, { json, name: "Discord" }, step);
      },
    }),
  }),
});

/** Whatever takes JSON at a URL; with a secret the body is signed as the webhooks of this product are: `sha256=<hex>`. */
export const webhookTarget = defineService({
  id: "webhook",
  name: "Webhook",
  version: "1.0.0",
  auth: z.object({
    url: z.url(),
    secret: z.string().optional(),
    headers: z.record(z.string(), z.string()).default({}),
  }),
  ...policy,
  setup: ({ auth }) => ({
    send: action({
      input: z.object({ json: z.unknown().optional() }),
      run: ({ json }, step) => {
        const body = JSON.stringify(json ?? null);
        const signature =
          auth.secret === undefined ? undefined : createHmac("sha256", auth.secret).update(body).digest("hex");
        const headers = {
          ...auth.headers,
          "idempotency-key": step.idempotencyKey,
          ...(signature === undefined ? {} : { "x-sluice-signature": `sha256=${signature}` }),
        };
        return post(auth.url, { json: json ?? null, headers, name: "The webhook" }, step);
      },
    }),
  }),
});
