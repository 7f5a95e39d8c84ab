// FNV-1a of 64 bits (http://www.isthe.com/chongo/tech/comp/fnv/): a quick digest where nobody has a reason to make two collide.

/** In 16 digits of lower case hex. `seed`: the offset basis, or another one for a second digest of the same bytes. */
export function fnv64(bytes: Uint8Array, seed: bigint): string {
  // Two 32-bit halves keep this in small integers: bigint arithmetic a byte would be 20 times slower.
  let high = Number(seed >> 32n);
  let low = Number(seed & 0xffffffffn);
  for (const byte of bytes) {
    low = (low ^ byte) >>> 0;
    const carry = Math.floor((low * 0x1b3) / 4_294_967_296);
    high = (Math.imul(high, 0x1b3) + carry + (low << 8)) >>> 0;
    low = Math.imul(low, 0x1b3) >>> 0;
  }
  return high.toString(16).padStart(8, "0") + low.toString(16).padStart(8, "0");
}
