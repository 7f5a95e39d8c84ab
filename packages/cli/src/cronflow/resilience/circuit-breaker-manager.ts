// Circuit breakers in memory by name.
import type { Duration } from "@sluice/protocol";
import { CircuitBreaker, failureThresholdDefault, recoveryTimeoutDefault } from "./circuit-breaker.ts";
import type { CircuitBreakerOptions, CircuitBreakerStats, CircuitState } from "./circuit-breaker.ts";

export interface CircuitBreakerManagerOptions {
  readonly defaultFailureThreshold?: number;
  readonly defaultRecoveryTimeout?: Duration;
  readonly enableLogging?: boolean;
}

export interface CircuitBreakerInfo {
  readonly name: string;
  readonly state: CircuitState;
  readonly stats: CircuitBreakerStats;
  readonly options: CircuitBreakerOptions;
}

export class CircuitBreakerManager {
  readonly #breakers = new Map<string, CircuitBreaker>();
  readonly #options: CircuitBreakerManagerOptions;

  constructor(options: CircuitBreakerManagerOptions = {}) {
    this.#options = options;
  }

  createCircuitBreaker(name: string, options: CircuitBreakerOptions = {}): CircuitBreaker {
    const { defaultFailureThreshold, defaultRecoveryTimeout, enableLogging = false } = this.#options;
    const breaker = new CircuitBreaker(name, {
      ...options,
      failureThreshold: options.failureThreshold ?? defaultFailureThreshold ?? failureThresholdDefault,
      recoveryTimeout: options.recoveryTimeout ?? defaultRecoveryTimeout ?? recoveryTimeoutDefault,
      onStateChange: (state, before) => {
        if (enableLogging) console.log(`Circuit breaker ${name}: ${before} → ${state}`);
        options.onStateChange?.(state, before);
      },
    });
    this.#breakers.set(name, breaker);
    return breaker;
  }

  getCircuitBreaker(name: string): CircuitBreaker | undefined {
    return this.#breakers.get(name);
  }

  /** Calls a function through the breaker of this name, which is made where there is none. */
  async executeWithCircuitBreaker<T>(
    name: string,
    fn: () => T | Promise<T>,
    options: CircuitBreakerOptions = {},
  ): Promise<T> {
    const breaker = this.#breakers.get(name) ?? this.createCircuitBreaker(name, options);
    return breaker.execute(fn);
  }

  getAllCircuitBreakers(): CircuitBreakerInfo[] {
    return [...this.#breakers.values()].map((breaker) => ({
      name: breaker.name,
      state: breaker.getState(),
      stats: breaker.getStats(),
      options: breaker.options,
    }));
  }

  getCircuitBreakerStats(name: string): CircuitBreakerStats | undefined {
    return this.#breakers.get(name)?.getStats();
  }

  getCircuitBreakerState(name: string): CircuitState | undefined {
    return this.#breakers.get(name)?.getState();
  }

  /** True when there is one. */
  resetCircuitBreaker(name: string): boolean {
    this.#breakers.get(name)?.reset();
    return this.#breakers.has(name);
  }

  resetAllCircuitBreakers(): void {
    for (const breaker of this.#breakers.values()) breaker.reset();
  }

  /** True when there was one. */
  destroyCircuitBreaker(name: string): boolean {
    this.#breakers.get(name)?.destroy();
    return this.#breakers.delete(name);
  }

  destroyAllCircuitBreakers(): void {
    for (const breaker of this.#breakers.values()) breaker.destroy();
    this.#breakers.clear();
  }

  getGlobalStats(): {
    readonly totalCircuitBreakers: number;
    readonly openCircuitBreakers: number;
    readonly halfOpenCircuitBreakers: number;
    readonly closedCircuitBreakers: number;
    readonly totalRequests: number;
    readonly totalFailures: number;
    readonly totalSuccesses: number;
  } {
    const all = [...this.#breakers.values()].map((breaker) => breaker.getStats());
    const sum = (of: (stats: CircuitBreakerStats) => number): number =>
      all.reduce((total, each) => total + of(each), 0);
    const count = (state: CircuitState): number => all.filter((each) => each.state === state).length;
    return {
      totalCircuitBreakers: all.length,
      openCircuitBreakers: count("OPEN"),
      halfOpenCircuitBreakers: count("HALF_OPEN"),
      closedCircuitBreakers: count("CLOSED"),
      totalRequests: sum((each) => each.totalRequests),
      totalFailures: sum((each) => each.failedRequests),
      totalSuccesses: sum((each) => each.successfulRequests),
    };
  }
}
