// Addresses of this server as programs elsewhere see them.

/** A path of this server with its origin. */
export function apiUrlOf(path: string): string {
  return new URL(path, location.origin).href;
}
