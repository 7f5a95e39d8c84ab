// For tests of other packages: a Kubernetes API in the process, and a client of it or of a real one.
export { ApiDouble, status } from "./api-double.suite.ts";
export { accessTo, resourcesOf } from "./bench.suite.ts";
