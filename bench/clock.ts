// One clock for all processes of a measurement.

/** Milliseconds since 1970 with a fraction: comparable between processes of one machine, unlike `performance.now()`. */
export function preciseNow(): number {
  return performance.timeOrigin + performance.now();
}

export async function pause(ms: number): Promise<void> {
  await new Promise<void>((resolve) => {
    setTimeout(resolve, ms);
  });
}

/** Rejects with this message when a promise takes longer. */
export async function within<T>(ms: number, message: string, promise: Promise<T>): Promise<T> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new Error(`${message}: not within ${ms} ms`)), ms);
  try {
    return await Promise.race([promise, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}
