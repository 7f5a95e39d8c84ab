// Named limits of identity. Each is a setting; times are milliseconds.

export interface IdentityLimits {
  /** A console session ends when nothing was asked with it for so long. */
  readonly sessionIdleMs: number;
  /** A console session ends so long after signing in, whatever was asked. */
  readonly sessionMsMax: number;
  /** An access token of a program is good for so long. */
  readonly accessTokenMs: number;
  /** A refresh token that is not used ends its session after so long. */
  readonly refreshTokenMs: number;
  /** A program's session ends so long after signing in, however often it was refreshed. */
  readonly programSessionMsMax: number;
  /** Refreshes with the same token within so long get the same successor; later ones end the session. */
  readonly refreshGraceMs: number;
  /** Sessions of one user at once; the oldest ends for a new one. */
  readonly sessionsPerUserMax: number;
  /** A ticket is good for so long, once. */
  readonly ticketMs: number;
  /** Tickets that wait at once, in all and of one session or token. */
  readonly ticketsMax: number;
  readonly ticketsEachMax: number;
  /** Characters (code points) that a password needs, and may have. */
  readonly passwordCharsMin: number;
  readonly passwordCharsMax: number;
  /** Passwords hashed at once, each on a thread of its own with 19 MiB. */
  readonly hashingMax: number;
  /** Passwords that wait to be hashed; further ones are refused for a while. */
  readonly hashQueueMax: number;
  /** Failed sign-ins to one account, and from one address, that cost no waiting. */
  readonly accountFailuresFree: number;
  readonly addressFailuresFree: number;
  /** The wait after the first failure past the free ones; each further one doubles it. */
  readonly signInDelayMs: number;
  /** The longest wait. For accounts it is short, so that nobody can be locked out by strangers. */
  readonly accountDelayMsMax: number;
  readonly addressDelayMsMax: number;
  /** Failures are forgotten when there was none for so long. */
  readonly failuresForgottenMs: number;
  /** Accounts, and addresses, whose failures are remembered; the one that failed longest ago is forgotten for a new one. */
  readonly throttleEntriesMax: number;
  /** Sessions and tokens whose rights are kept ready. */
  readonly principalsCachedMax: number;
  /** What is kept ready is read again after so long. */
  readonly principalCacheMs: number;
  /** Last uses of sessions and tokens are written together, so often. */
  readonly touchMs: number;
  /** Sessions and tokens that ended are deleted so long after, looked for so often, and so many at a time. */
  readonly endedKeptMs: number;
  readonly identitySweepMs: number;
  readonly identitySweepRowsMax: number;
  /** Begun and not finished: passkeys, one-time codes, OpenID sign-ins. Each kind holds so many at most. */
  readonly pendingMs: number;
  readonly pendingMax: number;
  /** Keys that sign access tokens are replaced after so long. */
  readonly signingKeyMs: number;
  /** Longest life of a token made for a CI job. */
  readonly exchangedTokenMsMax: number;
  /** Where a second factor is asked for again, one that was shown within so long will do. */
  readonly secondFactorMs: number;
  /** Passkeys of one user. */
  readonly passkeysPerUserMax: number;
}

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;

export const identityLimits: IdentityLimits = {
  sessionIdleMs: 3 * dayMs,
  sessionMsMax: 30 * dayMs,
  accessTokenMs: 15 * minuteMs,
  refreshTokenMs: 30 * dayMs,
  programSessionMsMax: 90 * dayMs,
  refreshGraceMs: 10_000,
  sessionsPerUserMax: 100,
  ticketMs: 30_000,
  ticketsMax: 10_000,
  ticketsEachMax: 64,
  passwordCharsMin: 10,
  passwordCharsMax: 1_024,
  hashingMax: 1,
  hashQueueMax: 32,
  accountFailuresFree: 5,
  addressFailuresFree: 20,
  signInDelayMs: 1_000,
  accountDelayMsMax: minuteMs,
  addressDelayMsMax: 15 * minuteMs,
  failuresForgottenMs: hourMs,
  throttleEntriesMax: 10_000,
  secondFactorMs: 10 * minuteMs,
  principalsCachedMax: 10_000,
  principalCacheMs: 10_000,
  touchMs: 30_000,
  endedKeptMs: 7 * dayMs,
  identitySweepMs: hourMs,
  identitySweepRowsMax: 1_000,
  pendingMs: 10 * minuteMs,
  pendingMax: 1_000,
  signingKeyMs: 30 * dayMs,
  exchangedTokenMsMax: dayMs,
  passkeysPerUserMax: 32,
};
