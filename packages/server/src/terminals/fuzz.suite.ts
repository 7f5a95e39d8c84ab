// For tests: viewers that send anything at all to several terminals over real sockets, and what must hold whatever they send.
import { expect } from "bun:test";
import { encodeTerminalFrame } from "@sluice/protocol/terminal-frames";
import { token } from "../http-fixture.ts";
import { TerminalRig } from "./terminal-rig.suite.ts";
import type { TerminalClient } from "./terminal-rig.suite.ts";

export interface Fuzzed {
  readonly messages: number;
  readonly refused: number;
  /** Of the process, as it was after a first while and at the end. */
  readonly rssBytes: readonly [number, number];
}

/** Only programs of the terminal with this number write this character, and only its viewers type it. */
const markOf = (terminal: number): string => String.fromCodePoint(0x4e00 + terminal);
const marks = /[\u4e00-\u4e0f]/g;
const terminals = 3;
const viewersEach = 2;
const headers = { authorization: `Bearer ${token}` };
/** What closes a connection that says something else than messages: malformed, too long. */
const refusals = [1007, 1009];

/** Numbers that are the same for the same seed: mulberry32. */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

class Fuzzer {
  readonly #rig: TerminalRig;
  readonly #random: () => number;
  readonly #ids: readonly string[];
  messages = 0;
  refused = 0;

  constructor(rig: TerminalRig, random: () => number, ids: readonly string[]) {
    this.#rig = rig;
    this.#random = random;
    this.#ids = ids;
  }

  /** Everybody comes, says some things, and is asked for nothing but their own terminal's characters. */
  async round(): Promise<void> {
    const everybody = this.#ids.flatMap((id, terminal) =>
      Array.from({ length: viewersEach }, () => ({ terminal, viewer: this.#rig.view(id, this.#place(), headers) })),
    );
    await Promise.all(everybody.map(({ terminal, viewer }) => this.#talk(viewer, terminal)));
    for (const { terminal, viewer } of everybody) {
      const seen = new Set(viewer.text.match(marks));
      seen.delete(markOf(terminal));
      expect([...seen]).toEqual([]);
    }
  }

  async #talk(viewer: TerminalClient, terminal: number): Promise<void> {
    // From here on it gets output as it comes, not a screen that may have broken it into lines.
    await viewer.until(() => viewer.last("snapshot") ?? viewer.last("resumed"));
    const count = 1 + this.#below(12);
    for (let at = 0; at < count; at++) {
      viewer.sendRaw(this.#message(terminal));
      this.messages++;
    }
    // Whoever said nothing wrong is still heard; the others have been sent away for it.
    const sign = `${markOf(terminal)}${this.messages}.`;
    viewer.type(sign);
    try {
      await viewer.sees(sign);
      viewer.close();
    } catch {
      this.refused++;
      expect(refusals).toContain((await viewer.closed()).code);
    }
    await viewer.closed();
  }

  /** A message of terminals, one that was changed, or anything. */
  #message(terminal: number): Uint8Array<ArrayBuffer> {
    const kind = this.#below(8);
    if (kind === 0) return this.#anything(1 + this.#below(40));
    if (kind === 1) return encodeTerminalFrame({ type: "ack", offset: this.#below(2 ** 31) });
    if (kind === 2) return encodeTerminalFrame({ type: "drive", on: this.#below(2) === 1 });
    if (kind === 3)
      return encodeTerminalFrame({ type: "resize", cols: 2 + this.#below(200), rows: 2 + this.#below(60) });
    const text = markOf(terminal).repeat(1 + this.#below(30));
    const frame = encodeTerminalFrame({ type: "input", bytes: new TextEncoder().encode(text) });
    // Of another type, with the same content.
    if (kind === 4) frame[0] = this.#below(256);
    return frame;
  }

  /** Never one that types: what is typed at random is no mark of this terminal. */
  #anything(length: number): Uint8Array<ArrayBuffer> {
    const bytes = Uint8Array.from({ length }, () => this.#below(256));
    if (bytes[0] === 0x10) bytes[0] = 0x7f;
    return bytes;
  }

  #place(): string {
    if (this.#below(2) === 0) return "";
    return `?offset=${this.#below(5_000)}&mark=${this.#below(20)}&drive=${this.#below(2) === 1}`;
  }

  #below(limit: number): number {
    return Math.floor(this.#random() * limit);
  }
}

/** Goes on until `isOver`. Throws where a byte of one terminal reaches another's viewer, and where something is left over. */
export async function fuzzTerminals(p: {
  readonly seed: number;
  readonly isOver: (rounds: number) => boolean;
}): Promise<Fuzzed> {
  await using rig = await TerminalRig.make({ terminalScrollbackLinesMax: 100, terminalRingBytesMax: 64 * 1024 });
  const echo = { command: ["sh", "-c", "stty raw -echo; exec cat"] };
  const ids = await Promise.all(Array.from({ length: terminals }, () => rig.shell(echo)));
  const fuzzer = new Fuzzer(rig, randomOf(p.seed), ids);
  let first = 0;
  let rounds = 0;
  for (; !p.isOver(rounds); rounds++) {
    await fuzzer.round();
    if (rounds === 50) first = process.memoryUsage().rss;
  }
  const all = await rig.terminals;
  while (all.viewers > 0) await new Promise(setImmediate);
  expect(all.list().map(({ status }) => status)).toEqual(ids.map(() => "running"));
  const { messages, refused } = fuzzer;
  return { messages, refused, rssBytes: [first, process.memoryUsage().rss] };
}
