"""The process that runs weights, and everything that keeps it running."""

import sys

# On import, openvino and nncf report their use to Google Analytics and leave files in the home directory. Both work
# without this package, and no part of SFM-2 may contact a host that its user did not name.
sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]
