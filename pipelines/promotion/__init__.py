"""Promote models: run the gate, register versions, assign stages."""

import sys
from types import ModuleType

# When it is imported, this module of GTO configures logging for the whole process, and so closes
# the handlers of all others, such as Prefect's. GTO needs it for nothing else.
sys.modules.setdefault("gto.log", ModuleType("gto.log"))
