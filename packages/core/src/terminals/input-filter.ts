// Takes out of what a viewer types what its terminal says by itself: the server alone answers the queries of programs, or a
// program with three viewers would read four answers.
import type { Bytes } from "./ports.ts";

const escapeByte = 0x1b;
const bel = 0x07;
const backslash = 0x5c;
/** Longest answer that is looked at; what is longer is no answer. */
const answerBytesMax = 1_024;

/** The same input without answers. An answer has to come in one piece, as terminals send it. */
export function withoutAnswers(input: Bytes): Bytes {
  if (!input.includes(escapeByte)) return input;
  const kept: Uint8Array[] = [];
  let from = 0;
  for (let at = input.indexOf(escapeByte); at !== -1;) {
    const length = answerLength(input, at);
    if (length > 0) {
      kept.push(input.subarray(from, at));
      from = at + length;
    }
    at = input.indexOf(escapeByte, at + Math.max(1, length));
  }
  if (from === 0) return input;
  kept.push(input.subarray(from));
  return joined(kept);
}

function answerLength(input: Bytes, at: number): number {
  const kind = String.fromCharCode(input[at + 1] ?? 0);
  if (kind === "[") return controlLength(input, at);
  if (kind === "]" || kind === "P") return textLength(input, at);
  return 0;
}

/** CSI … final byte. */
function controlLength(input: Bytes, at: number): number {
  let end = at + 2;
  while (end < input.length && end - at < answerBytesMax && (input[end] ?? 0) >= 0x20 && (input[end] ?? 0) < 0x40)
    end++;
  const sequence = String.fromCharCode(...input.subarray(at + 2, end + 1));
  return isAnswer(sequence) ? sequence.length + 2 : 0;
}

/**
 * Device attributes, device status, modes, cursor position, sizes of the window: ctlseqs of xterm. `CSI 1;2R` to `CSI 1;8R` are also F3 with
 * Shift, Ctrl or Alt: those are keys.
 */
function isAnswer(sequence: string): boolean {
  if (/^[?>=][\d;]*c$/.test(sequence) || /^\??[\d;]*\$y$/.test(sequence)) return true;
  if (/^\??\d+n$/.test(sequence) || /^\?\d+(?:;\d+)+n$/.test(sequence)) return true;
  if (/^[4689];\d+;\d+t$/.test(sequence) || /^\?\d+u$/.test(sequence)) return true;
  if (/^\?\d+;\d+(?:;\d+)?R$/.test(sequence)) return true;
  return /^\d+;\d+R$/.test(sequence) && !/^1;[2-8]R$/.test(sequence);
}

/** OSC and DCS up to BEL or ST: what a terminal says about colours, its name, its settings. Keys are none of these. */
function textLength(input: Bytes, at: number): number {
  for (let end = at + 2; end < input.length && end - at < answerBytesMax; end++) {
    if (input[end] === bel) return end + 1 - at;
    if (input[end] === escapeByte) return input[end + 1] === backslash ? end + 2 - at : 0;
  }
  return 0;
}

function joined(parts: readonly Uint8Array[]): Bytes {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
