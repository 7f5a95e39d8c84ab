// Which rows of a list are chosen, for actions on many.
import { useMemo, useState } from "react";

export interface Selection {
  readonly keys: ReadonlySet<string>;
  readonly toggle: (key: string) => void;
  /** Chooses these and nothing else; none clears it. */
  readonly set: (keys: readonly string[]) => void;
}

export function useSelection(): Selection {
  const [keys, setKeys] = useState<ReadonlySet<string>>(new Set());
  return useMemo(
    () => ({
      keys,
      toggle: (key) =>
        setKeys((before) => {
          const next = new Set(before);
          if (!next.delete(key)) next.add(key);
          return next;
        }),
      set: (chosen) => setKeys(new Set(chosen)),
    }),
    [keys],
  );
}
