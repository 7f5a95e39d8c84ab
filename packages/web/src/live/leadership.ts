// Which tab holds the connection: the one that has a lock of the browser. When it closes, the browser hands the lock to
// the next. Where the browser has no locks (a plain http page of another machine) each tab leads itself.

export interface TabChannel {
  post(message: unknown): void;
  onMessage(listener: (message: unknown) => void): void;
}

/** Messages between the tabs of one browser at one origin. */
export function openChannel(name: string): TabChannel {
  const channel = new BroadcastChannel(name);
  return {
    post: (message) => channel.postMessage(message),
    onMessage: (listener) => channel.addEventListener("message", (event) => listener(event.data)),
  };
}

export interface Leadership {
  /** Whether tabs can share at all. */
  readonly shared: boolean;
  /** Calls `lead` once this tab leads; it does so until it closes. */
  campaign(lead: () => void): void;
  /** Tells the others that this tab is there; the browser lets go of it when the tab goes away, however it does. */
  attend(tab: string): void;
  /** Calls `gone` once that tab is no longer there. */
  whenGone(tab: string, gone: () => void): void;
}

const forever = async (): Promise<void> => new Promise<void>(() => {});

/** Leadership by Web Locks, which exist on https and on the loopback. */
export function webLockLeadership(name: string): Leadership {
  const locks = (navigator as { locks?: LockManager }).locks;
  if (locks === undefined || typeof BroadcastChannel === "undefined") {
    return { shared: false, campaign: (lead) => lead(), attend: () => {}, whenGone: () => {} };
  }
  const hold = (lock: string, held: () => Promise<void> | void): void => {
    locks
      .request(lock, async () => held())
      .catch((error: unknown) => {
        // The page is going away, and its requests with it.
        if (!(error instanceof DOMException)) throw error;
      });
  };
  return {
    shared: true,
    campaign: (lead) =>
      hold(`${name}.leader`, async () => {
        lead();
        return forever();
      }),
    attend: (tab) => hold(`${name}.tab.${tab}`, forever),
    whenGone: (tab, gone) => hold(`${name}.tab.${tab}`, gone),
  };
}
