// What tests of workflows are made of: virtual time, seeded randomness, a store in memory.
export { SimulatedClock } from "./simulated-clock.ts";
export { SimulatedRandom } from "./simulated-random.ts";
export { MemoryRunStore } from "../store/memory/index.ts";
