// The lines that every contender gets: made from a seed, so that two runs of the suite, and any two contenders, see the same.

const HEX = "0123456789abcdef";
const TRACE_CHARS = 32;
const TRACED_SHARE = 0.3;
const DAY_MS = 86_400_000;
/** Noon of a day long past: contenders that keep by age must not drop it. */
export const BEGIN_MS = Date.UTC(2026, 2, 4);
export const SERVICES = 50;

/** One line, and what stands in it for those that keep columns. */
export interface Line {
  readonly timeMs: number;
  readonly service: string;
  readonly level: string;
  readonly message: string;
  readonly traceId: string | undefined;
  /** The whole as JSON, as a shipper would send it: about 250 bytes. */
  readonly json: string;
}

/** mulberry32: 32 bits of state, a whole period. Source: Tommy Ettinger, public domain. */
function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

type Draw = (max: number) => number;

const routes = ["/api/v1/orders", "/api/v1/carts", "/api/v1/users", "/api/v1/search", "/checkout", "/health"];
const hosts = Array.from({ length: 12 }, (_, i) => `ip-10-0-${i}-${17 + i * 9}`);
const messages: readonly ((draw: Draw) => string)[] = [
  (draw) =>
    `request handled in ${draw(900)} ms, ${draw(60_000)} bytes written to client ${draw(250)}.${draw(250)}.${draw(250)}.${draw(250)}`,
  (draw) =>
    `order ${draw(1_000_000)} accepted for customer ${draw(200_000)} with ${1 + draw(9)} items, total ${draw(900)}.${10 + draw(90)} EUR`,
  (draw) => `cache miss for key user:${draw(200_000)}:profile, loading from replica ${draw(4)} took ${draw(80)} ms`,
  (draw) =>
    `connection pool at ${draw(100)} percent, ${draw(40)} waiting, oldest waits for ${draw(5_000)} ms in queue main`,
  (draw) =>
    `payment ${draw(1_000_000)} settled by provider after ${1 + draw(3)} attempts, reference R-${draw(9_999_999)}`,
  (draw) => `message ${draw(50_000_000)} consumed from partition ${draw(24)} with a lag of ${draw(300)} records behind`,
  (draw) =>
    `retrying call to inventory in ${draw(2_000)} ms because of a timeout after ${draw(3)}000 ms, attempt ${1 + draw(5)} of 5`,
  (draw) => `session of user ${draw(200_000)} was renewed and is good for another ${draw(60)} minutes on this device`,
];

/** Lines in the order of their times, over a day. */
export function* corpus(p: { readonly seed: number; readonly lines: number }): Generator<Line> {
  const random = randomFrom(p.seed);
  const draw: Draw = (max) => Math.floor(random() * max);
  const stepMs = DAY_MS / p.lines;
  for (let i = 0; i < p.lines; i++) {
    const timeMs = BEGIN_MS + Math.floor(i * stepMs + random() * stepMs);
    // Few services say most.
    const service = `svc-${String(Math.floor(SERVICES * random() * random())).padStart(2, "0")}`;
    const luck = random();
    const level = luck < 0.02 ? "error" : luck < 0.07 ? "warn" : luck < 0.2 ? "debug" : "info";
    const message = messages[draw(messages.length)]?.(draw) ?? "";
    const traceId = random() < TRACED_SHARE ? hexOf(random) : undefined;
    const status = luck < 0.02 ? 500 + draw(4) : luck < 0.07 ? 404 : 200;
    const said = {
      ts: new Date(timeMs).toISOString(),
      service,
      level,
      host: hosts[draw(hosts.length)],
      route: routes[draw(routes.length)],
      status,
      msg: message,
      ...(traceId === undefined ? {} : { trace_id: traceId }),
    };
    yield { timeMs, service, level, message, traceId, json: JSON.stringify(said) };
  }
}

function hexOf(random: () => number): string {
  let text = "";
  for (let i = 0; i < TRACE_CHARS; i++) text += HEX[Math.floor(random() * HEX.length)] ?? "0";
  return text;
}
