"""pygls's protocol with our own documents, commands that can be cancelled, and an answer to every request."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from lsprotocol import types
from pygls.exceptions import JsonRpcException, JsonRpcInvalidParams
from pygls.protocol import LanguageServerProtocol, lsp_method


class Protocol(LanguageServerProtocol):
    """The protocol. `on_exit` is called at the end, with whether the client asked for a shutdown first."""

    on_exit: Callable[[bool], None]

    @lsp_method(types.TEXT_DOCUMENT_DID_OPEN)
    def lsp_text_document__did_open(self, params: types.DidOpenTextDocumentParams) -> None:
        self.fm.features[types.TEXT_DOCUMENT_DID_OPEN](params)

    @lsp_method(types.TEXT_DOCUMENT_DID_CHANGE)
    def lsp_text_document__did_change(self, params: types.DidChangeTextDocumentParams) -> None:
        self.fm.features[types.TEXT_DOCUMENT_DID_CHANGE](params)

    @lsp_method(types.TEXT_DOCUMENT_DID_CLOSE)
    def lsp_text_document__did_close(self, params: types.DidCloseTextDocumentParams) -> None:
        self.fm.features[types.TEXT_DOCUMENT_DID_CLOSE](params)

    @lsp_method(types.WORKSPACE_EXECUTE_COMMAND)
    async def lsp_workspace__execute_command(self, params: types.ExecuteCommandParams) -> Any:  # type: ignore[override]
        """Run a command with its arguments as JSON has them; the command checks them.

        This is a coroutine, unlike pygls's generator, because only coroutines can be cancelled.
        """
        command = self.fm.commands.get(params.command)
        if command is None:
            known = ", ".join(self.fm.commands)
            raise JsonRpcInvalidParams(f"unknown command {params.command!r}; expected one of {known}")
        return await command(list(params.arguments or ()))

    @lsp_method(types.EXIT)
    def lsp_exit(self, *_: Any) -> Any:
        self.on_exit(self._shutdown)

    def structure_message(self, data: dict[str, Any]) -> Any:
        """Answer a request that cannot be parsed with an error; pygls would let the client wait."""
        try:
            return super().structure_message(data)
        except JsonRpcException as error:
            if "id" in data and "method" in data:
                message = f"{data['method']}: the parameters are not those of the protocol"
                self._send_response(data["id"], error=types.ResponseError(error.CODE or -32602, message))
            raise
