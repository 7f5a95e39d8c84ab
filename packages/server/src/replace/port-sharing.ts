// A listening port that two processes share while one takes the other's place, on Linux: the runtime cannot hand a listening
// socket over, so both listen, and the kernel is told which of them gets new connections.
import { dlopen, ptr } from "bun:ffi";
import { readFileSync, readdirSync, readlinkSync } from "node:fs";

/** Level and options of setsockopt(2) in Linux' `asm-generic/socket.h`. */
const solSocket = 1;
const soReusePort = 15;
const soAttachReusePortCbpf = 51;
/** `BPF_RET | BPF_K`: the program answers with a constant. Classic BPF, as in packet(7), needs no privilege. */
const bpfReturnConstant = 0x06;
/** State of a socket that listens, in /proc/net/tcp. */
const listening = "0A";
const libraries = ["libc.so.6", `libc.musl-${process.arch === "arm64" ? "aarch64" : "x86_64"}.so.1`];

/** Whether a port can be shared in this way here. */
export const canShare: boolean = process.platform === "linux";

/**
 * Lets another process of the same user listen on the port that this process listens on; without it the kernel refuses that.
 * False when the kernel did not take it.
 */
export function allowSharing(port: number): boolean {
  const own = ownListeners(port);
  return own.length > 0 && own.every(({ file }) => setOption(file, soReusePort, new Int32Array([1])));
}

/**
 * Sends all new connections to the listener of this process, which came last to its address: those that an earlier one has
 * accepted or is about to accept stay where they are. False when the kernel did not take it; it spreads them then.
 */
export function takeConnections(port: number): boolean {
  const listeners = listenersOn(port);
  const [own] = ownListeners(port);
  if (own === undefined) return false;
  // The kernel numbers listeners of one address in the order in which they came.
  const before = listeners.filter(({ address }) => address === own.address).length - 1;
  const program = new Uint8Array(8);
  const instruction = new DataView(program.buffer);
  instruction.setUint16(0, bpfReturnConstant, true);
  instruction.setUint32(4, before, true);
  // `struct sock_fprog`: the number of instructions, and where they are.
  const wrapped = new Uint8Array(16);
  const view = new DataView(wrapped.buffer);
  view.setUint16(0, 1, true);
  view.setBigUint64(8, BigInt(ptr(program)), true);
  return setOption(own.file, soAttachReusePortCbpf, wrapped);
}

interface PortListener {
  readonly inode: string;
  /** As the kernel writes it, with the table that it is in. */
  readonly address: string;
}

/** Listeners of this process on the port, with their descriptors. */
function ownListeners(port: number): (PortListener & { readonly file: number })[] {
  const listeners = listenersOn(port);
  return readdirSync("/proc/self/fd").flatMap((name) => {
    const link = linkOf(name);
    const found = listeners.find(({ inode }) => link === `socket:[${inode}]`);
    return found === undefined ? [] : [{ ...found, file: Number(name) }];
  });
}

function linkOf(file: string): string {
  try {
    return readlinkSync(`/proc/self/fd/${file}`);
  } catch {
    // Closed since the folder was read.
    return "";
  }
}

/** Columns of /proc/net/tcp, proc_pid_net(5): local address and port in hex, state, …, inode. */
function listenersOn(port: number): PortListener[] {
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, "0")}`;
  return ["tcp", "tcp6"].flatMap((table) =>
    tableOf(table).flatMap((line) => {
      const row = line.trim().split(/\s+/);
      const [local = "", state, inode] = [row[1], row[3], row[9]];
      const wanted = local.endsWith(suffix) && state === listening && inode !== undefined;
      return wanted ? [{ inode, address: `${table} ${local}` }] : [];
    }),
  );
}

function tableOf(name: string): string[] {
  try {
    return readFileSync(`/proc/self/net/${name}`, "utf8").split("\n").slice(1);
  } catch {
    // A kernel without IPv6 has no table for it.
    return [];
  }
}

function setOption(file: number, option: number, value: NodeJS.TypedArray): boolean {
  for (const name of libraries) {
    try {
      const library = dlopen(name, { setsockopt: { args: ["i32", "i32", "i32", "ptr", "u32"], returns: "i32" } });
      const result = library.symbols.setsockopt(file, solSocket, option, value, value.byteLength);
      library.close();
      return result === 0;
    } catch (error) {
      if (name === libraries.at(-1)) throw error;
    }
  }
  return false;
}
