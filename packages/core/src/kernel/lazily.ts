// What is made on first use, once: few servers need everything, and what has been loaded stays in memory.

/** Answers what `make` made; one that failed is made anew at the next call. Calls that overlap share one making. */
export function lazily<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => {
    if (made !== undefined) return made;
    const making = make();
    made = making;
    making.catch(() => {
      if (made === making) made = undefined;
    });
    return making;
  };
}
