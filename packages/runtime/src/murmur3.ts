// MurmurHash3 x86 32-bit, where the runtime has none: after Austin Appleby's MurmurHash3.cpp, which is in the public domain.

const multiplier1 = 0xcc9e2d51;
const multiplier2 = 0x1b873593;

function scrambled(block: number): number {
  const mixed = Math.imul(block, multiplier1);
  return Math.imul((mixed << 15) | (mixed >>> 17), multiplier2);
}

/** The hash as an unsigned 32-bit number. */
export function murmur3(data: Uint8Array, seed = 0): number {
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const whole = data.length - (data.length % 4);
  let hash = seed | 0;
  for (let at = 0; at < whole; at += 4) {
    hash ^= scrambled(view.getInt32(at, true));
    hash = Math.imul((hash << 13) | (hash >>> 19), 5) + 0xe6546b64;
  }
  let rest = 0;
  for (let at = data.length - 1; at >= whole; at--) rest = (rest << 8) | view.getUint8(at);
  if (whole < data.length) hash ^= scrambled(rest);
  hash ^= data.length;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
