// Runs tests of the Python package on CPython in WebAssembly: `node wasm.mjs PYODIDE_FOLDER REPOSITORY SITE_PACKAGES TEST…`. It has
// neither sockets nor processes nor threads, so that tests which are coroutines are left out.
import { join } from "node:path";
import process from "node:process";
import { pathToFileURL } from "node:url";

const [pyodide = "", repository = "", site = "", ...tests] = process.argv.slice(2);
const { loadPyodide } = await import(pathToFileURL(join(pyodide, "pyodide.mjs")).href);
const python = await loadPyodide({ env: { HOME: "/home", PYTHONDONTWRITEBYTECODE: "1" } });
for (const [at, root] of [
  ["/site", site],
  ["/repository", repository],
]) {
  python.FS.mkdirTree(at);
  python.FS.mount(python.FS.filesystems.NODEFS, { root }, at);
}
python.globals.set("tests", python.toPy(tests));
process.exitCode = await python.runPythonAsync(`
import importlib, inspect, os, pkgutil, sys

package = "/repository/workers/python"
sys.path[:0] = [f"{package}/tests", "/site"]

import pytest
import sluice_worker

for module in pkgutil.walk_packages(sluice_worker.__path__, "sluice_worker."):
    if not module.name.endswith("__main__"):
        importlib.import_module(module.name)

class WithoutCoroutines:
    def pytest_collection_modifyitems(self, items):
        items[:] = [item for item in items if not inspect.iscoroutinefunction(item.obj)]

os.chdir(package)
print("Python", sys.version.split()[0])
int(pytest.main(["-q", "-p", "no:faulthandler", *tests], plugins=[WithoutCoroutines()]))
`);
