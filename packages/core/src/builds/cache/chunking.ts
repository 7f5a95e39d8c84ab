// Cuts long content where the content says so, so that two versions of it share most of their pieces: FastCDC (Xia et al., 2016) with
// normalised chunking, over a gear table made by a fixed generator.

export const chunkBytesMin = 256 * 1024;
const chunkBytesUsual = 1024 * 1024;
export const chunkBytesMax = 4 * 1024 * 1024;
/** More bits before the usual size, fewer after it: sizes come closer to it. */
const maskBefore = mask(22);
const maskAfter = mask(18);

function mask(bits: number): number {
  return (0xffffffff << (32 - bits)) >>> 0;
}

/** splitmix32: the table has to be the same in every process and version, or nothing would be shared. */
const gear = Uint32Array.from({ length: 256 }, (_, n) => {
  let x = Math.imul(n + 1, 0x9e3779b9) >>> 0;
  x = Math.imul(x ^ (x >>> 16), 0x21f0aaad);
  x = Math.imul(x ^ (x >>> 15), 0x735a2d97);
  return (x ^ (x >>> 15)) >>> 0;
});

/** Where the first piece of these bytes ends. They are all there is, or at least `chunkBytesMax`. */
export function cutAt(bytes: Uint8Array): number {
  const end = Math.min(bytes.length, chunkBytesMax);
  if (end <= chunkBytesMin) return end;
  const usual = Math.min(end, chunkBytesUsual);
  let hash = 0;
  let at = chunkBytesMin;
  for (; at < usual; at++) {
    hash = ((hash << 1) + (gear[bytes[at] ?? 0] ?? 0)) | 0;
    if ((hash & maskBefore) === 0) return at + 1;
  }
  for (; at < end; at++) {
    hash = ((hash << 1) + (gear[bytes[at] ?? 0] ?? 0)) | 0;
    if ((hash & maskAfter) === 0) return at + 1;
  }
  return end;
}
