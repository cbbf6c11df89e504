"""The names of the languages. Made from src/sfm2/languages.toml by `make openapi`; not edited by hand."""

from enum import StrEnum


class Language(StrEnum):
    """Languages a request may name; `text` is anything else."""

    PYTHON = "python"
    JAVASCRIPT = "javascript"
    TYPESCRIPT = "typescript"
    JAVA = "java"
    GO = "go"
    RUST = "rust"
    C = "c"
    CPP = "cpp"
    CSHARP = "csharp"
    RUBY = "ruby"
    PHP = "php"
    BASH = "bash"
    SQL = "sql"
    HTML = "html"
    CSS = "css"
    JSON = "json"
    YAML = "yaml"
    TOML = "toml"
    KOTLIN = "kotlin"
    SWIFT = "swift"
    SCALA = "scala"
    LUA = "lua"
    MARKDOWN = "markdown"
    TEXT = "text"
