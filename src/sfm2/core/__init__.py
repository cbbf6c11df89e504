"""The models, without HTTP: `ModelManager`, and its twin for asyncio."""

from sfm2.core.async_manager import AsyncModelManager
from sfm2.core.manager import ModelManager

__all__ = ["AsyncModelManager", "ModelManager"]
