// For tests of other packages: a Kubernetes API in the process.
export { ApiDouble, status } from "./api-double.suite.ts";
