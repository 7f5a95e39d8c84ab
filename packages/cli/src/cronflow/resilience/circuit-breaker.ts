// A circuit breaker in memory, for calls outside of any run. Those of steps are durable and shared.
import { parseDuration } from "@sluice/protocol";
import type { Duration } from "@sluice/protocol";
import { errorOf } from "./thrown.ts";

export type CircuitState = "CLOSED" | "OPEN" | "HALF_OPEN";

export interface CircuitBreakerOptions {
  /** Failures in a row that open it. Default 5. */
  readonly failureThreshold?: number;
  /** How long it stays open before one call is let through. Default `30s`. */
  readonly recoveryTimeout?: Duration;
  /** Parts of messages of the failures that count; all count without. */
  readonly expectedErrors?: readonly string[];
  readonly onStateChange?: (state: CircuitState, before: CircuitState) => void;
  readonly onFailure?: (error: Error, failures: number) => void;
  readonly onSuccess?: (successes: number) => void;
}

export interface CircuitBreakerStats {
  readonly totalRequests: number;
  readonly successfulRequests: number;
  readonly failedRequests: number;
  readonly currentFailureCount: number;
  readonly currentSuccessCount: number;
  readonly lastFailureTime: Date | undefined;
  readonly lastSuccessTime: Date | undefined;
  readonly state: CircuitState;
  readonly stateChangeTime: Date;
}

export const failureThresholdDefault = 5;
export const recoveryTimeoutDefault = "30s";

export class CircuitBreaker {
  readonly name: string;
  readonly options: CircuitBreakerOptions;
  readonly #now: () => Date;
  #state: CircuitState = "CLOSED";
  #failures = 0;
  #successes = 0;
  #lastFailure: Date | undefined;
  #lastSuccess: Date | undefined;
  #changed: Date;
  /** While it is half open, one call is under way. */
  #probing = false;

  constructor(name: string, options: CircuitBreakerOptions = {}, now: () => Date = () => new Date()) {
    this.name = name;
    this.options = options;
    this.#now = now;
    this.#changed = now();
  }

  /** Calls a function, or rejects at once while the circuit is open. */
  async execute<T>(fn: () => T | Promise<T>): Promise<T> {
    this.#recover();
    if (this.#state === "OPEN" || this.#probing) throw new Error(`Circuit breaker '${this.name}' is OPEN`);
    this.#probing = this.#state === "HALF_OPEN";
    try {
      const result = await fn();
      this.#succeeded();
      return result;
    } catch (thrown) {
      this.#failed(errorOf(thrown));
      throw thrown;
    } finally {
      this.#probing = false;
    }
  }

  #succeeded(): void {
    this.#successes++;
    this.#lastSuccess = this.#now();
    // It is failures in a row that count.
    this.#failures = 0;
    if (this.#state === "HALF_OPEN") this.#enter("CLOSED");
    this.options.onSuccess?.(this.#successes);
  }

  #failed(error: Error): void {
    const { expectedErrors = [], failureThreshold = failureThresholdDefault } = this.options;
    const counts = expectedErrors.length === 0 || expectedErrors.some((part) => error.message.includes(part));
    if (counts) {
      this.#failures++;
      this.#lastFailure = this.#now();
      if (this.#state === "HALF_OPEN" || this.#failures >= failureThreshold) this.#enter("OPEN");
    }
    this.options.onFailure?.(error, this.#failures);
  }

  /** Lets one call through once the circuit has been open long enough. */
  #recover(): void {
    if (this.#state !== "OPEN") return;
    const openMs = this.#now().getTime() - this.#changed.getTime();
    if (openMs >= parseDuration(this.options.recoveryTimeout ?? recoveryTimeoutDefault)) this.#enter("HALF_OPEN");
  }

  #enter(state: CircuitState): void {
    const before = this.#state;
    if (before === state && state !== "OPEN") return;
    this.#state = state;
    this.#changed = this.#now();
    if (state === "CLOSED") this.#failures = 0;
    if (before !== state) this.options.onStateChange?.(state, before);
  }

  getStats(): CircuitBreakerStats {
    return {
      totalRequests: this.#successes + this.#failures,
      successfulRequests: this.#successes,
      failedRequests: this.#failures,
      currentFailureCount: this.#failures,
      currentSuccessCount: this.#successes,
      lastFailureTime: this.#lastFailure,
      lastSuccessTime: this.#lastSuccess,
      state: this.getState(),
      stateChangeTime: this.#changed,
    };
  }

  getState(): CircuitState {
    this.#recover();
    return this.#state;
  }

  isOpen(): boolean {
    return this.getState() === "OPEN";
  }

  isHalfOpen(): boolean {
    return this.getState() === "HALF_OPEN";
  }

  isClosed(): boolean {
    return this.getState() === "CLOSED";
  }

  /** Closes it and forgets what was. */
  reset(): void {
    this.#enter("CLOSED");
    this.#failures = 0;
    this.#successes = 0;
    this.#lastFailure = undefined;
    this.#lastSuccess = undefined;
  }

  /** There is no timer to stop: the time is looked at when it matters. */
  destroy(): void {
    this.reset();
  }
}
