"""The language server `sfm2 lsp`: suggestions for every editor that speaks LSP.

Needs the extra `lsp`. It loads no model: a server answers, or a `core.AsyncModelManager` that is given to it.
"""
