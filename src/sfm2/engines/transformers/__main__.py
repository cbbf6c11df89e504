"""The engine's process: `python -m sfm2.engines.transformers`."""

from __future__ import annotations

import os

from sfm2.engines.serving.process import Library, serve
from sfm2.engines.supervision.reports import VARIABLE
from sfm2.engines.transformers.spec import TransformersTask

# No part of SFM-2 may contact a host that its user did not name; before anything of Hugging Face's is imported.
os.environ.update(HF_HUB_OFFLINE="1", HF_HUB_DISABLE_TELEMETRY="1", TOKENIZERS_PARALLELISM="false")


def main() -> None:
    from sfm2.engines.transformers.runtime import ERRORS, open_runtime, plain

    task = TransformersTask.model_validate_json(os.environ.pop(VARIABLE))
    serve(task.engine, task, Library("transformers", lambda: open_runtime(task.engine), ERRORS, plain))


if __name__ == "__main__":
    main()
