"""For tests of what uses SFM-2: backends that answer by a script, real servers for as long as a test lasts, and waiting.

backend = ScriptedBackend("sfm2", "return ", "a + b")
with serve(Settings(), [backend]) as server:
    completion = SFM2Client(server.url).generate("def add(a, b):\\n    ")
assert [request.prefix for request in backend.requests] == ["def add(a, b):\\n    "]
"""

from sfm2.testing.backends import FunctionBackend, ScriptedBackend, Step
from sfm2.testing.processes import ServerProcess, clean_environment, serve_process
from sfm2.testing.serving import RunningServer, serve
from sfm2.testing.waiting import until, until_async

__all__ = [
    "FunctionBackend",
    "RunningServer",
    "ScriptedBackend",
    "ServerProcess",
    "Step",
    "clean_environment",
    "serve",
    "serve_process",
    "until",
    "until_async",
]
