// The journal of systemd as `systemd-journal-upload` sends it: one request may carry months of it, so it is read and written by pieces.
import { addJournalEntry, JournalReader } from "@sluice/core/logs";
import type { JournalEntry } from "@sluice/core/logs";
import type { Call } from "../call.ts";
import { refuse } from "../fields.ts";
import { nosniff } from "../hygiene.ts";
import { deskOf, hashOf, mediaType, reading } from "../logs/log-body.ts";
import type { LogDesk } from "../logs/log-desk.ts";
import { tenantOf } from "../logs/tenant.ts";

const journalType = "application/vnd.fdo.journal";
/** Entries that are committed together, and bytes of them. */
const batchEntriesMax = 1_000;
const batchBytesMax = 1024 * 1024;

export async function uploadJournal(call: Call): Promise<Response> {
  call.query().done();
  const tenant = tenantOf(call, "log:write");
  if (mediaType(call.request) !== journalType) {
    refuse("unsupported_media_type", "A journal is expected here.", `Send ${journalType}.`);
  }
  const desk = await deskOf(call);
  call.mayIdleForever();
  const batches = new JournalBatches(desk, { tenant, nowMs: () => call.parts.clock.now() });
  const reader = new JournalReader(desk.limits.logBodyBytesMax);
  const body = call.request.body as ReadableStream<Uint8Array> | null;
  if (body !== null) {
    for await (const piece of body) {
      for (const entry of reading(() => reader.push(piece))) await batches.add(entry);
    }
  }
  const last = reading(() => reader.end());
  if (last !== undefined) await batches.add(last);
  await batches.flush();
  return new Response("OK.\n", { status: 202, headers: { ...nosniff, "content-type": "text/plain" } });
}

/**
 * Where batches end depends on the entries alone: an upload that was cut off and begins again where it began makes the same ones,
 * each of which is known by its cursors and taken once.
 */
class JournalBatches {
  readonly #desk: LogDesk;
  readonly #tenant: string;
  readonly #nowMs: () => number;
  #entries: JournalEntry[] = [];
  #bytes = 0;

  constructor(desk: LogDesk, p: { readonly tenant: string; readonly nowMs: () => number }) {
    this.#desk = desk;
    this.#tenant = p.tenant;
    this.#nowMs = p.nowMs;
  }

  async add(entry: JournalEntry): Promise<void> {
    this.#entries.push(entry);
    for (const value of Object.values(entry.fields)) this.#bytes += value.length;
    if (this.#entries.length >= batchEntriesMax || this.#bytes >= batchBytesMax) await this.flush();
  }

  async flush(): Promise<void> {
    const entries = this.#entries;
    if (entries.length === 0) return;
    this.#entries = [];
    this.#bytes = 0;
    const collector = this.#desk.collector(this.#tenant);
    const now = { timeMs: this.#nowMs(), subNs: 0 };
    for (const entry of entries) reading(() => addJournalEntry(collector, entry, now));
    const cursors = entries.map(({ cursor }) => cursor);
    const hash = hashOf(cursors.join("\n"));
    const key = cursors.includes("") ? undefined : { name: `journald:${hash}`, hash };
    await this.#desk.store.append(collector.batch(this.#tenant, key));
  }
}
