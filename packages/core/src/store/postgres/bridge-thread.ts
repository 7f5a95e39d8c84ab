// Talks to PostgreSQL for a thread of the store, which waits for each answer. Statements of one request go out together.
import { workerData, type MessagePort } from "node:worker_threads";
import { isLost } from "../sqlite/failures.ts";
import { partsOf, type PostgresErrorParts } from "./postgres-error.ts";

/** A statement on its way. */
export interface Sent {
  readonly text: string;
  readonly values: readonly unknown[];
}

/** Statements in their order; the answer is that of the last one. `connect`: anew, whatever became of the connection before. */
export type BridgeRequest =
  | { readonly statements: readonly Sent[] }
  | { readonly connect: true }
  | { readonly close: true };
export type BridgeReply =
  | { readonly rows: readonly unknown[]; readonly counts: readonly number[] }
  | { readonly error: PostgresErrorParts };

interface BridgeData {
  readonly shared: SharedArrayBuffer;
  readonly port: MessagePort;
  readonly url: string;
  /** Nothing but reads outside of transactions: one that the connection did not live to answer is asked again. */
  readonly reads: boolean;
}

const { shared, port, url, reads } = workerData as BridgeData;
const answers = new Int32Array(shared);

/** One connection and no other after it: the rest of a transaction must not go on outside of it. */
interface Session {
  readonly pool: Bun.SQL;
  readonly connection: Bun.ReservedSQL;
}
let session: Session | undefined;

async function connect(): Promise<Session> {
  const pool = new Bun.SQL({ url, max: 1, bigint: true, idleTimeout: 0, maxLifetime: 0 });
  try {
    return { pool, connection: await pool.reserve() };
  } catch (error) {
    await pool.close({ timeout: 0 });
    throw error;
  }
}

async function disconnect(): Promise<void> {
  const ended = session;
  session = undefined;
  if (ended === undefined) return;
  await ended.connection.release();
  await ended.pool.close({ timeout: 0 });
}

port.on("message", (request: BridgeRequest) => void answer(request));

async function answer(request: BridgeRequest): Promise<void> {
  port.postMessage(await reply(request));
  Atomics.add(answers, 0, 1);
  Atomics.notify(answers, 0);
}

async function execute(statements: readonly Sent[]): Promise<readonly Rows[]> {
  session ??= await connect();
  const { connection } = session;
  const settled = await Promise.allSettled(
    statements.map(({ text, values }) => connection.unsafe<Rows>(text, [...values])),
  );
  return settled.map((each) => {
    if (each.status === "rejected") throw each.reason;
    return each.value;
  });
}

type Rows = readonly unknown[] & { readonly count?: number };

async function reply(request: BridgeRequest): Promise<BridgeReply> {
  try {
    if (!("statements" in request)) {
      await disconnect();
      if ("connect" in request) session = await connect();
      return { rows: [], counts: [] };
    }
    const results = await execute(request.statements).catch(async (error: unknown) => {
      if (!reads || !isLost(error)) throw error;
      await disconnect();
      return execute(request.statements);
    });
    const counts = results.map((rows) => rows.count ?? rows.length);
    return { rows: [...(results.at(-1) ?? [])], counts };
  } catch (thrown) {
    return { error: partsOf(thrown) };
  }
}
