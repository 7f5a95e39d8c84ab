// Types of browser.mjs, which runs before anything is installed and so is plain JavaScript.

export const INSTALL_COMMAND: string;
export function findBrowser(): string | undefined;
export function installBrowser(): void;
