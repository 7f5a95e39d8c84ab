"""`python -m sluice_worker` is the command `sluice-worker`."""

import sys

from .cli import main

sys.exit(main())
