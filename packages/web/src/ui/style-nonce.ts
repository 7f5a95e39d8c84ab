// The page's policy takes styles from its own server, and from scripts that know the nonce of this load.
import { setNonce } from "get-nonce";

function nonceOfPage(): string {
  return document.querySelector<HTMLMetaElement>('meta[name="style-nonce"]')?.content ?? "";
}

/** For libraries that add a style element by themselves: what locks scrolling below a dialog. */
export function shareStyleNonce(): void {
  setNonce(nonceOfPage());
}

/** For components that take a `nonce`. */
export function useStyleNonce(): string {
  return nonceOfPage();
}
