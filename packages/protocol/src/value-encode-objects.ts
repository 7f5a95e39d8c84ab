// Encodes the objects that are more than a bag of properties, and says why an object cannot be encoded at all.
import { errorFields, errorKinds, valueExtensions, viewKinds } from "./value-format.ts";
import type { ErrorKind, PathStep } from "./value-format.ts";

/** What this file needs of the walk that calls it; the walk itself is in value-encode.ts. */
interface Walk {
  write(value: unknown, depth: number): void;
  writeChild(step: PathStep, value: unknown, depth: number): void;
  writeMembers(value: object, depth: number): void;
  writeString(text: string): void;
  writeNumber(value: number): void;
  writeByte(byte: number): void;
  writeBinary(content: Uint8Array): void;
  writeRaw(content: Uint8Array): void;
  writeFloat64(value: number): void;
  writeArrayHeader(count: number): void;
  writeMapHeader(count: number): void;
  openFixed(type: number, size: number): void;
  open(type: number): number;
  endExtension(mark: number): void;
  numberBuffer(buffer: object | undefined): void;
  hasNumber(value: object): boolean;
  refused(value: unknown, depth: number): Error;
}

type Write = (walk: Walk, value: never, depth: number) => void;

/** Kinds by the name `Object.prototype.toString` gives them: how to write one, and a call that only a real one survives. */
const kinds: Readonly<Record<string, { readonly write: Write; readonly probe: (value: never) => unknown }>> = {
  Date: { write: writeDate, probe: (value) => Date.prototype.getTime.call(value) },
  Map: { write: writeMap, probe: (value) => Map.prototype.has.call(value, undefined) },
  Set: { write: writeSet, probe: (value) => Set.prototype.has.call(value, undefined) },
  RegExp: { write: writeRegExp, probe: (value) => Reflect.get(RegExp.prototype, "source", value) as unknown },
  ArrayBuffer: { write: writeBuffer, probe: (value) => new Uint8Array(ArrayBuffer.prototype.slice.call(value, 0, 0)) },
  Boolean: { write: writeBoxed, probe: (value) => Boolean.prototype.valueOf.call(value) },
  Number: { write: writeBoxed, probe: (value) => Number.prototype.valueOf.call(value) },
  String: { write: writeBoxed, probe: (value) => String.prototype.valueOf.call(value) },
  BigInt: { write: writeBoxed, probe: (value) => BigInt.prototype.valueOf.call(value) },
};
/** Where the getter is that tells a typed array's real name. */
const typedArrayPrototype = Object.getPrototypeOf(Uint8Array.prototype) as object;

/** Writes an uneven array or an object whose prototype is not the plain one. Its number is given already. */
export function writeExotic(walk: Walk, value: object, depth: number): void {
  if (Array.isArray(value)) return writeUnevenArray(walk, value, depth);
  if (ArrayBuffer.isView(value)) return writeView(walk, value, depth);
  if (value instanceof Error || tagOf(value) === "Error") return writeError(walk, value as Error, depth);
  const kind = kindOf(value);
  if (kind !== undefined) return kind.write(walk, value as never, depth);
  if (hasHiddenState(value)) throw walk.refused(value, depth);
  return walk.writeMembers(value, depth);
}

function tagOf(value: unknown): string {
  return Object.prototype.toString.call(value).slice(8, -1);
}

function kindOf(value: object): (typeof kinds)[string] | undefined {
  const named = Object.hasOwn(kinds, tagOf(value)) ? kinds[tagOf(value)] : undefined;
  if (named !== undefined && survives(named.probe, value)) return named;
  const globals = globalThis as unknown as Readonly<Record<string, new () => object>>;
  for (const [name, kind] of Object.entries(kinds)) {
    const standard = globals[name];
    if (standard !== undefined && value instanceof standard && survives(kind.probe, value)) return kind;
  }
  return undefined;
}

function survives(probe: (value: never) => unknown, value: object): boolean {
  try {
    probe(value as never);
    return true;
  } catch {
    return false;
  }
}

function writeDate(walk: Walk, value: Date): void {
  walk.openFixed(valueExtensions.date, 8);
  walk.writeFloat64(Date.prototype.getTime.call(value));
}

function writeRegExp(walk: Walk, value: RegExp): void {
  const mark = walk.open(valueExtensions.regexp);
  walk.writeString(value.source);
  walk.writeString(value.flags);
  walk.endExtension(mark);
}

function writeMap(walk: Walk, value: ReadonlyMap<unknown, unknown>, depth: number): void {
  const mark = walk.open(valueExtensions.map);
  // Copied first: a getter among the values could change the map while it is walked.
  const entries = [...value.entries()];
  walk.writeArrayHeader(entries.length * 2);
  for (const [index, [key, item]] of entries.entries()) {
    walk.writeChild(-2 * index - 1, key, depth);
    walk.writeChild(-2 * index - 2, item, depth);
  }
  walk.endExtension(mark);
}

function writeSet(walk: Walk, value: ReadonlySet<unknown>, depth: number): void {
  const mark = walk.open(valueExtensions.set);
  const items = [...value.values()];
  walk.writeArrayHeader(items.length);
  for (const [index, item] of items.entries()) walk.writeChild(index, item, depth);
  walk.endExtension(mark);
}

function writeBoxed(walk: Walk, value: { valueOf(): unknown }, depth: number): void {
  const mark = walk.open(valueExtensions.boxed);
  const tag = tagOf(value);
  if (tag === "String") walk.writeString(String.prototype.valueOf.call(value));
  else if (tag === "Number") walk.writeNumber(Number.prototype.valueOf.call(value));
  else if (tag === "Boolean") walk.write(Boolean.prototype.valueOf.call(value), depth);
  else walk.write(value.valueOf(), depth);
  walk.endExtension(mark);
}

function writeUnevenArray(walk: Walk, values: readonly unknown[], depth: number): void {
  const mark = walk.open(valueExtensions.unevenArray);
  const keys = Object.keys(values);
  walk.writeNumber(values.length);
  walk.writeMapHeader(keys.length);
  for (const key of keys) {
    const index = Number(key) >>> 0;
    const step = String(index) === key && index < values.length ? index : key;
    if (typeof step === "number") walk.writeNumber(step);
    else walk.writeString(step);
    walk.writeChild(step, (values as unknown as Readonly<Record<string, unknown>>)[key], depth);
  }
  walk.endExtension(mark);
}

function writeBuffer(walk: Walk, value: ArrayBuffer, depth: number): void {
  const content = bytesUnder(value);
  if (content === undefined) throw walk.refused(value, depth);
  walk.openFixed(valueExtensions.buffer, content.length);
  walk.writeRaw(content);
}

/** The bytes of a buffer, or undefined where it was transferred away. */
function bytesUnder(buffer: ArrayBufferLike): Uint8Array | undefined {
  try {
    return new Uint8Array(buffer);
  } catch {
    return undefined;
  }
}

function writeView(walk: Walk, view: ArrayBufferView, depth: number): void {
  const { buffer, byteOffset, byteLength } = view;
  const name = (Reflect.get(typedArrayPrototype, Symbol.toStringTag, view) as string | undefined) ?? "DataView";
  const kind = viewKinds.indexOf(name as (typeof viewKinds)[number]) + 1;
  const whole = bytesUnder(buffer);
  if (kind === 0 || whole === undefined || !(buffer instanceof ArrayBuffer)) throw walk.refused(view, depth);
  if (walk.hasNumber(buffer)) {
    const mark = walk.open(valueExtensions.sharedView);
    walk.writeNumber(kind);
    walk.writeNumber(byteOffset);
    walk.writeNumber("length" in view ? (view.length as number) : byteLength);
    walk.write(buffer, depth);
    walk.endExtension(mark);
    return;
  }
  walk.numberBuffer(byteLength === buffer.byteLength ? buffer : undefined);
  const content = whole.subarray(byteOffset, byteOffset + byteLength);
  if (name === "Uint8Array") {
    walk.writeBinary(content);
    return;
  }
  walk.openFixed(valueExtensions.view, 1 + byteLength);
  walk.writeByte(kind);
  walk.writeRaw(content);
}

function writeError(walk: Walk, error: Error, depth: number): void {
  const mark = walk.open(valueExtensions.error);
  const kind = errorKindOf(error);
  walk.writeString(kind);
  // Either may have been overwritten with anything.
  const { name, message }: { readonly name: unknown; readonly message: unknown } = error;
  const fields = new Map<string, unknown>([["message", String(message)]]);
  if (typeof name === "string" && name !== kind) fields.set("name", name);
  if (typeof error.stack === "string") fields.set("stack", error.stack);
  if (Object.hasOwn(error, "cause")) fields.set("cause", error.cause);
  if (kind === "AggregateError") fields.set("errors", (error as AggregateError).errors);
  const own = Object.entries(error).filter(([key, item]) => isOwnErrorProperty(key) && isPrimitive(item));
  for (const members of [[...fields], own]) {
    walk.writeMapHeader(members.length);
    for (const [key, item] of members) {
      walk.writeString(key);
      walk.writeChild(key, item, depth);
    }
  }
  walk.endExtension(mark);
}

function errorKindOf(error: Error): ErrorKind {
  const globals = globalThis as unknown as Readonly<Record<string, (new () => object) | undefined>>;
  for (const kind of errorKinds) {
    const standard = globals[kind];
    if (standard !== undefined && error instanceof standard) return kind;
  }
  return "Error";
}

function isOwnErrorProperty(key: string): boolean {
  return !(errorFields as readonly string[]).includes(key);
}

/** Objects hung on errors (requests, sockets, settings with credentials) stay where they are. */
function isPrimitive(value: unknown): boolean {
  return value === null || !["object", "function", "symbol"].includes(typeof value);
}

/** Names of objects of the platform whose state is not in their properties. */
const platformNames = new RegExp(
  "^(Promise|Weak(Map|Set|Ref)|FinalizationRegistry|SharedArrayBuffer|Symbol|Proxy|.*Generator|.* Iterator|Iterator Helper" +
    "|URL|URLSearchParams|Request|Response|Headers|FormData|Blob|File|FileList|Abort(Controller|Signal)|EventTarget|.*Event" +
    "|Readable.*|Writable.*|Transform.*|(De)?CompressionStream|Text(En|De)coder.*|CryptoKey|MessagePort|MessageChannel" +
    "|BroadcastChannel|Worker|WebSocket|WebAssembly\\..*|Intl\\..*|Temporal\\..*)$",
);

/** True for an object whose state cannot be read from its properties, so that a copy of them would be a silent loss. */
function hasHiddenState(value: object): boolean {
  for (let at: unknown = Object.getPrototypeOf(value); at !== null; at = Object.getPrototypeOf(at)) {
    const maker = Object.getOwnPropertyDescriptor(at, "constructor")?.value as unknown;
    if (maker === Object || (typeof maker === "function" && maker.name === "Object")) continue;
    if (typeof maker === "function" && Function.prototype.toString.call(maker).endsWith("{ [native code] }"))
      return true;
    if (typeof maker === "function" && platformNames.test(maker.name) && isGlobal(maker)) return true;
  }
  return platformNames.test(tagOf(value)) && !Object.hasOwn(value, Symbol.toStringTag);
}

function isGlobal(maker: { readonly name: string }): boolean {
  return (globalThis as unknown as Readonly<Record<string, unknown>>)[maker.name] === maker;
}

/** What is wrong with a value that was refused, in words that follow its path, and what to do. */
export function refusal(value: unknown): { problem: string; hint: string } {
  if (typeof value === "function") {
    const name = value.name === "" ? "a function" : `a function (${value.name})`;
    return {
      problem: `is ${name}, and code does not travel`,
      hint: "Send the data it needs and call it on the other side.",
    };
  }
  if (typeof value === "symbol") {
    return { problem: `is a symbol (${String(value)})`, hint: "Use a string instead." };
  }
  const name = classNameOf(value);
  if (name === "Promise") return { problem: "is a Promise", hint: "Await it, and return what it resolves to." };
  if (name.startsWith("Weak")) return { problem: `is a ${name}`, hint: "Copy what is needed into a Map or a Set." };
  if (name === "SharedArrayBuffer") return { problem: "is shared memory", hint: "Copy it into a Uint8Array." };
  if (value instanceof ArrayBuffer || ArrayBuffer.isView(value)) {
    return {
      problem: `is ${name} without its memory, or over memory that is shared`,
      hint: "Copy it before it is transferred.",
    };
  }
  return {
    problem: `is an object of class ${name}, whose state is not in its properties`,
    hint: "Return what is needed of it as a plain object, a string or bytes.",
  };
}

function classNameOf(value: unknown): string {
  const tag = tagOf(value);
  if (tag !== "Object") return tag;
  const maker = (value as { readonly constructor?: { readonly name?: unknown } }).constructor;
  return typeof maker?.name === "string" && maker.name !== "" ? maker.name : "Object";
}
