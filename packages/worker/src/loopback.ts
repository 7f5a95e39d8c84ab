// Which hosts are this machine: tokens go anywhere else over TLS only.

/** Whether what is sent to a host stays on this machine. `127.example.org` is somebody's name. */
export function isLoopback(host: string): boolean {
  return /^(?:127(?:\.\d{1,3}){3}|localhost|::1|\[::1\])$/.test(host);
}
