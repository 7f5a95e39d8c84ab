// Bugs stop where they are found instead of turning into wrong data.

/** Throws when something that the program itself guarantees does not hold. */
export function assert(holds: boolean, what: string): asserts holds {
  if (!holds) throw new Error(`Assertion failed: ${what}`);
}
