// Where a request comes from: the address of its socket, or what a proxy that is trusted says about it.
import type { BlockList } from "node:net";

/** Loaded where proxies are trusted, and nowhere else: it costs memory. */
const net = () => process.getBuiltinModule("node:net");

/** What is known of how a request reached this server. */
export interface Passage {
  /** Network address of the client; undefined where there is no network. */
  readonly address: string | undefined;
  /** Name and port that the client asked for. */
  readonly authority: string;
  /** It came over TLS, as far as the client is concerned. */
  readonly secure: boolean;
}

const mapped = /^::ffff:(\d{1,3}(?:\.\d{1,3}){3})$/i;

/** An IPv4 address that is written as IPv6 is the IPv4 address. */
export function plainAddress(address: string): string {
  return mapped.exec(address)?.[1] ?? address;
}

/** Whether a text is `address/bits`, or an address. */
export function isNetwork(text: string): boolean {
  const [address = "", bits, ...rest] = text.split("/");
  const version = net().isIP(address);
  if (version === 0 || rest.length > 0) return false;
  return bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (version === 4 ? 32 : 128));
}

/** The proxies whose word about a request is taken. */
export class Proxies {
  /** Undefined: none. */
  readonly #trusted: BlockList | undefined;

  /** Networks as `10.0.0.0/8` or `fd00::/8`, or single addresses. */
  constructor(networks: readonly string[]) {
    if (networks.length === 0) return;
    this.#trusted = new (net().BlockList)();
    for (const network of networks) {
      const [address = "", bits] = network.split("/");
      const type = net().isIP(address) === 6 ? "ipv6" : "ipv4";
      if (bits === undefined) this.#trusted.addAddress(address, type);
      else this.#trusted.addSubnet(address, Number(bits), type);
    }
  }

  trusts(address: string): boolean {
    if (this.#trusted === undefined) return false;
    const version = net().isIP(address);
    return version !== 0 && this.#trusted.check(address, version === 6 ? "ipv6" : "ipv4");
  }

  /**
   * What a request says through the proxies it passed. Of `X-Forwarded-For` the address farthest to the right that is no
   * trusted proxy counts: whatever is left of it the client may have written itself. Of host and protocol the word of the
   * proxy that is nearest counts.
   */
  passageOf(direct: Passage, headers: Headers): Passage {
    if (this.#trusted === undefined || direct.address === undefined || !this.trusts(direct.address)) return direct;
    const host = lastOf(headers.get("x-forwarded-host"));
    const protocol = lastOf(headers.get("x-forwarded-proto"));
    return {
      address: this.#clientOf(headers.get("x-forwarded-for")) ?? direct.address,
      authority: host ?? direct.authority,
      secure: protocol === undefined ? direct.secure : protocol.toLowerCase() === "https",
    };
  }

  #clientOf(list: string | null): string | undefined {
    let client: string | undefined;
    for (const entry of (list ?? "").split(",").toReversed()) {
      const address = plainAddress(bareAddress(entry.trim()));
      // What is no address ends the chain that can be believed.
      if (net().isIP(address) === 0) break;
      client = address;
      if (!this.trusts(address)) break;
    }
    return client;
  }
}

/** Some proxies add the port: `1.2.3.4:5678`, `[::1]:5678`. */
function bareAddress(text: string): string {
  const bracketed = /^\[([^\]]+)\](?::\d+)?$/.exec(text)?.[1];
  return bracketed ?? /^(\d+(?:\.\d+){3}):\d+$/.exec(text)?.[1] ?? text;
}

function lastOf(list: string | null): string | undefined {
  const last = list?.split(",").at(-1)?.trim();
  return last === "" ? undefined : last;
}

const groupsOfNetwork = 4;

/**
 * What counts as one caller when requests are counted: an IPv4 address, or the /64 network of an IPv6 address, which is what
 * one customer is given.
 */
export function callerOf(address: string): string {
  if (!address.includes(":")) return address;
  const [head = "", tail] = address.split("::");
  const left = head === "" ? [] : head.split(":");
  const right = tail === undefined || tail === "" ? [] : tail.split(":");
  const gap = tail === undefined ? 0 : Math.max(0, 8 - left.length - right.length);
  const groups = [...left, ...Array<string>(gap).fill("0"), ...right];
  return `${groups
    .slice(0, groupsOfNetwork)
    .map((group) => group.replace(/^0+(?=.)/, "").toLowerCase())
    .join(":")}::/64`;
}
