// Keys of a shortcut, as they are written on a keyboard. `mod` is ⌘ on Apple's machines and Ctrl on others.
import { cx } from "./cx.ts";

const names: Readonly<Record<string, string>> = {
  shift: "⇧",
  enter: "↵",
  escape: "Esc",
  arrowup: "↑",
  arrowdown: "↓",
  arrowleft: "←",
  arrowright: "→",
  alt: "Alt",
  space: "Space",
};

function isApple(): boolean {
  return /Mac|iPhone|iPad/.test(navigator.userAgent);
}

function shown(key: string): string {
  if (key === "mod") return isApple() ? "⌘" : "Ctrl";
  return names[key] ?? (key.length === 1 ? key.toUpperCase() : key);
}

/** `keys`: pressed together with `+`, one after the other with a space: `mod+k`, `g r`. */
export function Keys({ keys, inverse = false }: { readonly keys: string; readonly inverse?: boolean }) {
  const look = inverse ? "border-canvas/30 text-canvas" : "border-line-strong bg-inset text-ink-soft";
  return (
    <span className="inline-flex shrink-0 items-center gap-0.5">
      {keys.split(/[ +]/).map((key) => (
        <kbd
          key={key}
          className={cx("min-w-4.5 rounded-sm border px-1 text-center font-sans text-2xs leading-4", look)}
        >
          {shown(key)}
        </kbd>
      ))}
    </span>
  );
}
