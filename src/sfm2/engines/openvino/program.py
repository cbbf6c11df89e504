"""OpenVINO's process, as a supervisor keeps it."""

from __future__ import annotations

from sfm2.engines.client import EngineAddress, EngineClient
from sfm2.engines.llama_cpp.client import LlamaCppClient
from sfm2.engines.openvino.complaints import without_places
from sfm2.engines.openvino.preparation import prepare
from sfm2.engines.openvino.spec import LaunchSpec
from sfm2.engines.supervision.place import Serving, ServingPlace
from sfm2.engines.supervision.program import EngineProgram, ProgressReport, Task


class OpenVINO(EngineProgram):
    """Converted weights, in a process of ours that speaks llama.cpp's protocol."""

    name = "openvino"
    module = "sfm2.engines.openvino"
    serving = Serving.INHERITS

    async def prepare(self, report: ProgressReport) -> Task:
        spec = await prepare(self.settings, report)

        def task(place: ServingPlace) -> str:
            return LaunchSpec(engine=spec, socket=place.socket, key=place.key).model_dump_json()

        return task

    def client(self, address: EngineAddress) -> EngineClient:
        return LlamaCppClient(address, self.settings.generation.timeout)

    def plain(self, said: str) -> str:
        return without_places(said)
