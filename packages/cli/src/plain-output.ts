// Standard output and standard error without Node's streams: a server writes lines all its life, and they would be 2 MB of it.
import type { BunFile } from "bun";

/** Writes text in order, as soon as the reader takes it. Where nobody reads any more there is nobody to tell. */
export function plainOutput(file: BunFile): (text: string) => void {
  let sink: ReturnType<BunFile["writer"]> | undefined;
  let gone = false;
  const close = (): void => {
    gone = true;
  };
  return (text) => {
    if (gone) return;
    try {
      sink ??= file.writer();
      void sink.write(text);
      const flushed = sink.flush();
      if (flushed instanceof Promise) flushed.catch(close);
    } catch {
      close();
    }
  };
}
