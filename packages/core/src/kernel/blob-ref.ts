// Large values live in content-addressed blobs; where a value is expected, a reference to one may stand instead.

/** First byte of what stands in the place of a value: 0xc1 is the one byte no MessagePack value begins with. */
export const referenceByte = 0xc1;
const hashBytes = 32;

/** Bytes that stand for the blob with this SHA-256, given in hex. */
export function encodeBlobRef(sha256: string): Uint8Array {
  const bytes = new Uint8Array(1 + hashBytes);
  bytes[0] = referenceByte;
  for (let i = 0; i < hashBytes; i++) bytes[i + 1] = Number.parseInt(sha256.slice(i * 2, i * 2 + 2), 16);
  return bytes;
}

/** The SHA-256 in hex when these bytes stand for a blob. */
export function blobRefOf(bytes: Uint8Array | undefined): string | undefined {
  if (bytes === undefined || bytes.length !== 1 + hashBytes || bytes[0] !== referenceByte) return undefined;
  let hex = "";
  for (let i = 1; i <= hashBytes; i++) hex += (bytes[i] ?? 0).toString(16).padStart(2, "0");
  return hex;
}

/** True for what stands in the place of a value: a reference to a blob, a sealed value, or the mark of an erased one. */
export function isStandIn(bytes: Uint8Array | undefined): boolean {
  return bytes !== undefined && bytes[0] === referenceByte;
}
