"""A base model and a LoRA, made once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.backends.tiny_gpt2 import Folders


@pytest.fixture(scope="session")
def folders(tmp_path_factory: pytest.TempPathFactory) -> Folders:
    from tests.backends.tiny_gpt2 import Folders, make_base, train_lora

    folder = tmp_path_factory.mktemp("gpt2")
    base = make_base(folder / "base")
    return Folders(base, train_lora(base, folder / "lora"))
