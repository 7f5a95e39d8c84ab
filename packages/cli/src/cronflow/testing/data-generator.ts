// Made-up users, orders and the like for tests.

export interface GeneratedUser {
  readonly id: string;
  readonly name: string;
  readonly email: string;
  readonly role: string;
}
interface GeneratedItem {
  readonly id: string;
  readonly name: string;
  readonly price: number;
  readonly quantity: number;
}
export interface GeneratedOrder {
  readonly id: string;
  readonly amount: number;
  readonly items: readonly GeneratedItem[];
  readonly customerId: string;
}
export interface GeneratedPayment {
  readonly id: string;
  readonly amount: number;
  readonly currency: string;
  readonly status: string;
}
export interface GeneratedProduct {
  readonly id: string;
  readonly name: string;
  readonly price: number;
  readonly category: string;
}
export interface GeneratedEvent {
  readonly id: string;
  readonly type: string;
  readonly data: Readonly<Record<string, unknown>>;
  readonly timestamp: number;
}

export interface TestDataGenerator {
  generateUser(): GeneratedUser;
  generateOrder(): GeneratedOrder;
  generatePayment(): GeneratedPayment;
  generateProduct(): GeneratedProduct;
  generateEvent(): GeneratedEvent;
  generateArray<T>(generator: () => T, count: number): T[];
  generateObject<T>(generator: () => T, keys: readonly string[]): Record<string, T>;
}

/** 2026-01-01T00:00:00Z: what the first made-up event is dated. */
const firstEventAt = 1_767_225_600_000;
const names = ["Ada Lovelace", "Grace Hopper", "Alan Turing", "Edsger Dijkstra", "Barbara Liskov"];
const roles = ["user", "admin", "editor", "guest"];
const currencies = ["EUR", "USD", "GBP", "JPY"];
const paymentStatuses = ["pending", "succeeded", "failed", "refunded"];
const goods = ["lamp", "chair", "table", "clock", "kettle"];
const categories = ["home", "office", "kitchen"];
const eventTypes = ["user.created", "order.placed", "payment.succeeded"];

/** The same seed makes the same data. */
export class DefaultTestDataGenerator implements TestDataGenerator {
  #state: number;
  #made = 0;

  constructor(seed = 1) {
    this.#state = seed >>> 0;
  }

  generateUser(): GeneratedUser {
    const name = this.#pick(names);
    const id = this.#id("user");
    return {
      id,
      name,
      email: `${name.toLowerCase().replaceAll(" ", ".")}.${this.#made}@example.com`,
      role: this.#pick(roles),
    };
  }

  generateOrder(): GeneratedOrder {
    const items = this.generateArray(
      () => ({ id: this.#id("item"), name: this.#pick(goods), price: this.#from(1, 500), quantity: this.#from(1, 9) }),
      this.#from(1, 5),
    );
    const amount = items.reduce((sum, { price, quantity }) => sum + price * quantity, 0);
    return { id: this.#id("order"), amount, items, customerId: this.#id("customer") };
  }

  generatePayment(): GeneratedPayment {
    const id = this.#id("payment");
    return { id, amount: this.#from(1, 10_000), currency: this.#pick(currencies), status: this.#pick(paymentStatuses) };
  }

  generateProduct(): GeneratedProduct {
    const id = this.#id("product");
    return { id, name: this.#pick(goods), price: this.#from(1, 1_000), category: this.#pick(categories) };
  }

  generateEvent(): GeneratedEvent {
    const id = this.#id("event");
    return {
      id,
      type: this.#pick(eventTypes),
      data: { number: this.#made },
      timestamp: firstEventAt + this.#made * 1_000,
    };
  }

  generateArray<T>(generator: () => T, count: number): T[] {
    return Array.from({ length: count }, generator);
  }

  generateObject<T>(generator: () => T, keys: readonly string[]): Record<string, T> {
    return Object.fromEntries(keys.map((key) => [key, generator()]));
  }

  #id(kind: string): string {
    return `${kind}_${++this.#made}`;
  }

  #pick(list: readonly string[]): string {
    return list[this.#from(0, list.length - 1)] ?? "";
  }

  /** A whole number of this range, ends included. */
  #from(min: number, max: number): number {
    // The generator of Lehmer with the multiplier of Numerical Recipes.
    this.#state = (Math.imul(this.#state, 1_664_525) + 1_013_904_223) >>> 0;
    return min + (this.#state % (max - min + 1));
  }
}
