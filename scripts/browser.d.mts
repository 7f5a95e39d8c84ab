// Types of browser.mjs, which runs before anything is installed and so is plain JavaScript.

export const INSTALL_COMMAND: string;
export function findBrowser(): string | undefined;

/** Path of the browser that people use, for figures: with windows if there is one. */
export function findWholeBrowser(): string | undefined;
export function installBrowser(): void;
