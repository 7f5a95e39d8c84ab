// The keys that seal secrets: one file beside the data, with the key in use and, while it is being replaced, the one before.
import { createCipheriv, createDecipheriv } from "node:crypto";
import type { Random } from "../kernel/ids.ts";

/** The folder the file lies in; files are readable by the server's own user alone, and durable when a write answers. */
export interface RingFolder {
  read(name: string): Promise<Uint8Array | undefined>;
  /** False, and nothing changed, when it is there. */
  create(name: string, bytes: Uint8Array): Promise<boolean>;
  replace(name: string, bytes: Uint8Array): Promise<void>;
}

const fileName = "secrets.json";
const keyBytes = 32;
const keyNameBytes = 4;
const nonceBytes = 12;
const tagBytes = 16;
const version = 1;

/** As the file has it; keys are base64. */
interface RingFile {
  readonly current: string;
  readonly keys: Readonly<Record<string, string>>;
}

/** A key and its name. */
interface NamedKey {
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** Seals with the key in use, opens with whichever it was sealed with. */
export class KeyRing {
  readonly #folder: RingFolder;
  readonly #random: Random;
  #file: RingFile;

  private constructor(folder: RingFolder, { random, file }: { readonly random: Random; readonly file: RingFile }) {
    this.#folder = folder;
    this.#random = random;
    this.#file = file;
  }

  /** Reads the file, or makes it with a first key. */
  static async open(folder: RingFolder, random: Random): Promise<KeyRing> {
    const known = await folder.read(fileName);
    if (known !== undefined) return new KeyRing(folder, { random, file: parse(known) });
    const key = newKey(random);
    const file: RingFile = { current: key.name, keys: { [key.name]: base64(key.bytes) } };
    if (await folder.create(fileName, bytesOf(file))) return new KeyRing(folder, { random, file });
    return KeyRing.open(folder, random);
  }

  get current(): string {
    return this.#file.current;
  }

  /** True while an older key is kept: what it sealed has not all been sealed anew. */
  get isRotating(): boolean {
    return Object.keys(this.#file.keys).length > 1;
  }

  /** Adds a key and uses it from now on; the others stay until `forgetOthers`. */
  async addKey(): Promise<string> {
    const key = newKey(this.#random);
    await this.#write({ current: key.name, keys: { ...this.#file.keys, [key.name]: base64(key.bytes) } });
    return key.name;
  }

  /** Keeps the key in use alone. */
  async forgetOthers(): Promise<void> {
    const { current, keys } = this.#file;
    await this.#write({ current, keys: { [current]: keys[current] ?? "" } });
  }

  /** AES-256-GCM: version, nonce, sealed text, tag. The owner is bound in: under another name it does not open. */
  seal(owner: string, text: string): { readonly key: string; readonly sealed: Uint8Array } {
    const key = this.current;
    const nonce = this.#random.bytes(nonceBytes);
    const cipher = createCipheriv("aes-256-gcm", this.#key(key) ?? new Uint8Array(0), nonce);
    cipher.setAAD(Buffer.from(owner));
    const sealed = Buffer.concat([cipher.update(text, "utf8"), cipher.final()]);
    return { key, sealed: new Uint8Array(Buffer.concat([Uint8Array.of(version), nonce, sealed, cipher.getAuthTag()])) };
  }

  /** Undefined when the key is not here, or it was sealed for another owner or changed. */
  open(owner: string, p: { readonly key: string; readonly sealed: Uint8Array }): string | undefined {
    const key = this.#key(p.key);
    const { sealed } = p;
    if (key === undefined || sealed[0] !== version || sealed.length < 1 + nonceBytes + tagBytes) return undefined;
    const decipher = createDecipheriv("aes-256-gcm", key, sealed.subarray(1, 1 + nonceBytes));
    decipher.setAAD(Buffer.from(owner));
    decipher.setAuthTag(sealed.subarray(-tagBytes));
    const opened = decipher.update(sealed.subarray(1 + nonceBytes, -tagBytes));
    try {
      return Buffer.concat([opened, decipher.final()]).toString("utf8");
    } catch {
      // The tag does not fit: that is the answer.
      return undefined;
    }
  }

  #key(name: string): Uint8Array | undefined {
    const text = Object.hasOwn(this.#file.keys, name) ? this.#file.keys[name] : undefined;
    return text === undefined ? undefined : new Uint8Array(Buffer.from(text, "base64"));
  }

  async #write(file: RingFile): Promise<void> {
    await this.#folder.replace(fileName, bytesOf(file));
    this.#file = file;
  }
}

function newKey(random: Random): NamedKey {
  return { name: Buffer.from(random.bytes(keyNameBytes)).toString("hex"), bytes: random.bytes(keyBytes) };
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("base64");
}

function bytesOf(file: RingFile): Uint8Array {
  return new TextEncoder().encode(`${JSON.stringify(file)}\n`);
}

function parse(bytes: Uint8Array): RingFile {
  const file = JSON.parse(new TextDecoder().decode(bytes)) as RingFile;
  const key = file.keys[file.current];
  if (key === undefined || Buffer.from(key, "base64").length !== keyBytes) {
    throw new Error(`${fileName} in the folder of keys is damaged: it has no key in use.`);
  }
  return file;
}
