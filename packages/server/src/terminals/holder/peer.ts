// Who is at the other end of a Unix socket: the file's mode keeps others out, and this does where the mode was changed.
import { dlopen } from "bun:ffi";

/** SOL_SOCKET and SO_PEERCRED of Linux: `include/uapi/asm-generic/socket.h`. */
const socketLevel = 1;
const peerCredentials = 17;
/** struct ucred: process, user, group. */
const credentialsBytes = 12;

/** The user at the other end; undefined where the system does not tell. */
export function peerUser(fd: number): number | undefined {
  return process.platform === "linux" ? linuxPeer(fd) : otherPeer(fd);
}

function linuxPeer(fd: number): number | undefined {
  const library = openC({
    getsockopt: { args: ["i32", "i32", "i32", "ptr", "ptr"], returns: "i32" },
  } as const);
  if (library === undefined) return undefined;
  const credentials = new Int32Array(credentialsBytes / Int32Array.BYTES_PER_ELEMENT);
  const length = new Uint32Array([credentialsBytes]);
  const result = library.symbols.getsockopt(fd, socketLevel, peerCredentials, credentials, length);
  library.close();
  return result === 0 ? credentials[1] : undefined;
}

/** getpeereid(3) of macOS and the BSDs. */
function otherPeer(fd: number): number | undefined {
  const library = openC({ getpeereid: { args: ["i32", "ptr", "ptr"], returns: "i32" } } as const);
  if (library === undefined) return undefined;
  const [user, group] = [new Uint32Array(1), new Uint32Array(1)];
  const result = library.symbols.getpeereid(fd, user, group);
  library.close();
  return result === 0 ? user[0] : undefined;
}

const libraries = [
  "libc.so.6",
  `libc.musl-${process.arch === "arm64" ? "aarch64" : "x86_64"}.so.1`,
  "libSystem.B.dylib",
];

/** The C library, under whatever name it has here. */
export function openC<const Symbols extends Parameters<typeof dlopen>[1]>(
  symbols: Symbols,
): ReturnType<typeof dlopen<Symbols>> | undefined {
  for (const name of libraries) {
    try {
      return dlopen(name, symbols);
    } catch {
      continue; // Another C library.
    }
  }
  return undefined;
}
