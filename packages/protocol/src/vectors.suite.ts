// Replays the golden vectors in both directions with nothing but this package, so that every runtime can run the same
// check.
import { decodeMessage, encodeFrame, encodeMessage, FrameDecoder, FrameError } from "./frame.ts";
import type { WireMessage } from "./frame.ts";
import { assertSameValue, check } from "./same-value.suite.ts";
import { ValueDecodeError } from "./value-format.ts";
import { valueToJson } from "./value-json.ts";
import { decodeValue, encodeValue } from "./value.ts";

interface MessageVectors {
  readonly vectors: readonly { readonly name: string; readonly hex: string; readonly message: WireMessage }[];
  readonly refused: readonly { readonly name: string; readonly hex: string; readonly code: string }[];
}
interface ValueVectors {
  readonly vectors: readonly {
    readonly name: string;
    readonly hex: string;
    readonly expression: string;
    readonly json: unknown;
  }[];
  readonly refused: readonly { readonly name: string; readonly hex: string }[];
}

/** One check of one vector. */
export interface VectorCheck {
  readonly name: string;
  readonly run: () => void;
}

/** The checks of messages.json. */
export function messageChecks(file: MessageVectors): VectorCheck[] {
  const good = file.vectors.map(({ name, hex, message }) => ({
    name,
    run: (): void => {
      const real = vectorMessage(message);
      expectHex(encodeFrame(real), hex);
      expectHex(encodeMessage(real), hex.slice(8));
      assertSameValue(new FrameDecoder().push(fromHex(hex)), [real]);
      assertSameValue(decodeMessage(fromHex(hex.slice(8))), real);
    },
  }));
  const refused = file.refused.map(({ name, hex, code }) => ({
    name: `refused: ${name}`,
    run: (): void => {
      const error = thrownBy(() => new FrameDecoder().push(fromHex(hex)));
      check(error instanceof FrameError && error.code === code, `it throws ${String(error)}`);
    },
  }));
  return [...good, ...refused];
}

/** The checks of values.json. */
export function valueChecks(file: ValueVectors): VectorCheck[] {
  const good = file.vectors.map(({ name, hex, expression, json }) => ({
    name,
    run: (): void => {
      // The expressions are this package's own.
      // eslint-disable-next-line typescript/no-implied-eval
      const evaluate = new Function(`return (${expression});`) as () => unknown;
      const value = evaluate();
      expectHex(encodeValue(value), hex);
      const decoded = decodeValue(fromHex(hex));
      assertSameValue(decoded, value);
      const shown = JSON.stringify(valueToJson(decoded));
      check(shown === JSON.stringify(json), `as JSON it is ${shown}`);
    },
  }));
  const refused = file.refused.map(({ name, hex }) => ({
    name: `refused: ${name}`,
    run: (): void => {
      const error = thrownBy(() => decodeValue(fromHex(hex)));
      check(error instanceof ValueDecodeError, `it throws ${String(error)}`);
    },
  }));
  return [...good, ...refused];
}

/** A message as it is sent: `$bytes` and `$integer` of the file are bytes and a BigInt. */
export function vectorMessage(message: WireMessage): WireMessage {
  return { ...message, payload: revive(message.payload) as Record<string, unknown> };
}

function thrownBy(call: () => unknown): unknown {
  try {
    call();
  } catch (error) {
    return error;
  }
  return undefined;
}

function expectHex(bytes: Uint8Array, hex: string): void {
  const actual = toHex(bytes);
  check(actual === hex, `it is written as ${actual}`);
}

function revive(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(revive);
  if (typeof value !== "object" || value === null) return value;
  if ("$bytes" in value) return Uint8Array.from(atob(String(value.$bytes)), (character) => character.charCodeAt(0));
  if ("$integer" in value) return BigInt(String(value.$integer));
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, revive(item)]));
}

/** Bytes in lower case hex. */
export function toHex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function fromHex(hex: string): Uint8Array {
  return Uint8Array.from(hex.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}
