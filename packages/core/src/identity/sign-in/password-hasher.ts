// How passwords are hashed: argon2id with the parameters OWASP names first for little memory (19 MiB, two passes, one lane).
const memoryKiB = 19_456;
const passes = 2;
const currentStart = `$argon2id$v=19$m=${memoryKiB},t=${passes},p=1$`;
/** bcrypt looks at so many bytes; the runtime would hash longer ones first, which no other program does. */
const bcryptBytesMax = 72;

/** Slow on purpose, on another thread than the caller's. */
export interface PasswordHasher {
  /** In PHC string format. */
  readonly hash: (password: string) => Promise<string>;
  /** Also for hashes made elsewhere: argon2 in PHC string format, bcrypt as `$2…`. */
  readonly verify: (password: string, hash: string) => Promise<boolean>;
}

/** `Bun.password`: each call runs on the runtime's thread pool. */
export const systemHasher: PasswordHasher = {
  hash: (password) =>
    Bun.password.hash(password.normalize("NFKC"), { algorithm: "argon2id", memoryCost: memoryKiB, timeCost: passes }),
  async verify(password, hash) {
    if (isBcrypt(hash))
      return Bun.password.verify(new TextEncoder().encode(password).subarray(0, bcryptBytesMax), hash);
    return Bun.password.verify(password.normalize("NFKC"), hash);
  },
};

export function isBcrypt(hash: string): boolean {
  return /^\$2[abxy]?\$/.test(hash);
}

/** Whether a hash was made in another way than one would be made now. */
export function isOutdated(hash: string): boolean {
  return !hash.startsWith(currentStart);
}
