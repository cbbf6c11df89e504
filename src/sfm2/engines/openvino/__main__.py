"""The engine's process: `python -m sfm2.engines.openvino`."""

from __future__ import annotations

import os

import openvino

from sfm2.engines.openvino.complaints import plain
from sfm2.engines.openvino.pipeline import OpenVINORuntime, PipelineConfig
from sfm2.engines.openvino.placement import device_for
from sfm2.engines.openvino.presets import preset
from sfm2.engines.openvino.spec import EngineSpec, LaunchSpec
from sfm2.engines.serving.process import Library, serve
from sfm2.engines.supervision.reports import VARIABLE
from sfm2.models.facts import ModelFacts


def main() -> None:
    launch = LaunchSpec.model_validate_json(os.environ.pop(VARIABLE))
    serve(launch.engine, launch, Library("OpenVINO", lambda: _open(launch.engine), (RuntimeError,), plain))


def _open(spec: EngineSpec) -> tuple[OpenVINORuntime, str, str]:
    device = device_for(spec.device, openvino.Core().available_devices)
    return OpenVINORuntime(_pipeline_config(spec, device.name)), device.name, device.note


def _pipeline_config(spec: EngineSpec, device: str) -> PipelineConfig:
    facts = ModelFacts.read(spec.folder)
    context = min(spec.context, facts.context_length)
    return PipelineConfig(spec.folder, facts, preset(spec.preset), device, spec.cache_bytes, context)


if __name__ == "__main__":
    main()
