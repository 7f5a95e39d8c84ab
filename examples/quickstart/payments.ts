// The payment provider of this example: a real HTTP endpoint on the loopback, as unreliable as the ones outside. It refuses
// the first two attempts of every charge.
import { createHash } from "node:crypto";
import { createServer } from "node:http";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { NonRetryableError } from "sluice";
import { z } from "zod";

const refusalsPerCharge = 2;

const ChargeRequest = z.object({ order: z.string(), amount: z.number() });
const Charge = z.object({ id: z.string(), amount: z.number() });
const RefundRequest = z.object({ order: z.string() });
const Refund = z.object({ id: z.string(), order: z.string() });
export type Charge = z.infer<typeof Charge>;
export type Refund = z.infer<typeof Refund>;

/** Charges an order. The same key never charges twice, however often it is sent. */
export async function charge(
  order: { readonly id: string; readonly total: number },
  step: { readonly idempotencyKey: string; readonly signal: AbortSignal },
): Promise<Charge> {
  const body = { order: order.id, amount: order.total };
  return Charge.parse(await post("/charges", body, { key: step.idempotencyKey, signal: step.signal }));
}

/** Gives back what an order was charged. Asking twice gives it back once. */
export async function refund(
  orderId: string,
  step: { readonly idempotencyKey: string; readonly signal: AbortSignal },
): Promise<Refund> {
  const body = { order: orderId };
  return Refund.parse(await post("/refunds", body, { key: step.idempotencyKey, signal: step.signal }));
}

async function post(
  path: string,
  body: unknown,
  { key, signal }: { readonly key: string; readonly signal: AbortSignal },
): Promise<unknown> {
  const response = await fetch(`${await providerUrl()}${path}`, {
    method: "POST",
    headers: { "content-type": "application/json", "idempotency-key": key },
    body: JSON.stringify(body),
    signal,
  });
  if (response.ok) return response.json();
  const message = `The payment provider answered ${response.status}: ${await response.text()}`;
  // A request that was wrong stays wrong; everything else may work the next time.
  throw response.status < 500 ? new NonRetryableError(message) : new Error(message);
}

let starting: Promise<string> | undefined;

/** Starts the provider when it is first needed, on a port that is free. */
function providerUrl(): Promise<string> {
  starting ??= new Promise((resolve, reject) => {
    const attempts = new Map<string, number>();
    const server = createServer((request, response) => {
      serve(request, response, attempts).catch((error: unknown) => answer(response, 400, { error: String(error) }));
    });
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => resolve(`http://127.0.0.1:${(server.address() as AddressInfo).port}`));
    server.unref();
  });
  return starting;
}

async function serve(request: IncomingMessage, response: ServerResponse, attempts: Map<string, number>): Promise<void> {
  const key = String(request.headers["idempotency-key"]);
  const body: unknown = JSON.parse(await textOf(request));
  if (request.url === "/charges") {
    const attempt = (attempts.get(key) ?? 0) + 1;
    attempts.set(key, attempt);
    if (attempt <= refusalsPerCharge) {
      answer(response, 503, { error: "overloaded, please try again" });
      return;
    }
    attempts.delete(key);
    answer(response, 200, { id: idOf("ch", key), amount: ChargeRequest.parse(body).amount });
    return;
  }
  const { order } = RefundRequest.parse(body);
  answer(response, 200, { id: idOf("re", order), order });
}

async function textOf(request: IncomingMessage): Promise<string> {
  const pieces: Buffer[] = [];
  for await (const piece of request) pieces.push(piece as Buffer);
  return Buffer.concat(pieces).toString("utf8");
}

/** The same key gives the same id, also after a restart: that is what makes a repeated charge harmless. */
function idOf(prefix: string, key: string): string {
  return `${prefix}_${createHash("sha256").update(key).digest("hex").slice(0, 12)}`;
}

function answer(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { "content-type": "application/json" });
  response.end(JSON.stringify(body));
}
