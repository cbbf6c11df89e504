"""Code as HTML in the colours of the notebook's theme. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pygments
from pygments.formatters import HtmlFormatter
from pygments.lexers import get_lexer_by_name

# JupyterLab and Notebook provide their theme's colours; VS Code only says whether it is dark; elsewhere assume light.
STYLE = """<style>
.sfm2 {
  --sfm2-text: var(--jp-content-font-color1, var(--vscode-editor-foreground, #212121));
  --sfm2-dim: var(--jp-content-font-color2, var(--vscode-descriptionForeground, #5f5f5f));
  --sfm2-line: var(--jp-border-color2, var(--vscode-widget-border, #cccccc));
  --sfm2-new: var(--jp-brand-color1, var(--vscode-focusBorder, #1976d2));
  --sfm2-keyword: var(--jp-mirror-editor-keyword-color, #00701a);
  --sfm2-string: var(--jp-mirror-editor-string-color, #a31515);
  --sfm2-number: var(--jp-mirror-editor-number-color, #00695c);
  --sfm2-comment: var(--jp-mirror-editor-comment-color, #356f75);
  --sfm2-def: var(--jp-mirror-editor-def-color, #0000d8);
  --sfm2-builtin: var(--jp-mirror-editor-builtin-color, #00701a);
  --sfm2-operator: var(--jp-mirror-editor-operator-color, #7a19c9);
  color: var(--sfm2-text); padding: 2px 0;
}
.vscode-dark .sfm2, .vscode-high-contrast:not(.vscode-high-contrast-light) .sfm2 {
  --sfm2-keyword: #7fc97f; --sfm2-string: #e9967a; --sfm2-number: #80cbc4; --sfm2-comment: #9fb3b5;
  --sfm2-def: #82aaff; --sfm2-builtin: #7fc97f; --sfm2-operator: #d5a6ff;
}
div.sfm2 pre {
  margin: 6px 0; padding: 0; background: transparent; color: inherit; white-space: pre; overflow-x: auto;
  font-family: var(--jp-code-font-family, var(--vscode-editor-font-family, monospace));
  font-size: var(--jp-code-font-size, 13px) !important; line-height: var(--jp-code-line-height, 1.35);
}
.sfm2 .sfm2-written { background: color-mix(in srgb, var(--sfm2-new) 10%, transparent); }
.sfm2 .sfm2-facts, .sfm2 .sfm2-notes, .sfm2 summary {
  font-size: 12px; line-height: 1.5; color: var(--sfm2-dim);
}
.sfm2 .sfm2-fact { display: inline-block; }
.sfm2 .sfm2-notes { margin: 2px 0; padding-left: 18px; }
.sfm2 .sfm2-said { color: var(--sfm2-text); }
.sfm2 summary { cursor: pointer; }
.sfm2 .sfm2-bar {
  display: inline-block; width: 48px; height: 6px; margin: 0 4px 1px 0;
  border: 1px solid var(--sfm2-dim); border-radius: 4px;
  background: linear-gradient(to right, var(--sfm2-new) var(--sfm2-share), transparent var(--sfm2-share));
}
.sfm2 table { border-collapse: collapse; margin: 4px 0; font-size: 13px; }
.sfm2 th, .sfm2 td {
  text-align: left !important; padding: 2px 14px 2px 0; border-bottom: 1px solid var(--sfm2-line);
}
.sfm2 [class^="t-k"] { color: var(--sfm2-keyword); font-weight: bold; }
.sfm2 [class^="t-s"] { color: var(--sfm2-string); }
.sfm2 [class^="t-m"] { color: var(--sfm2-number); }
.sfm2 [class^="t-c"] { color: var(--sfm2-comment); font-style: italic; }
.sfm2 .t-nf, .sfm2 .t-fm, .sfm2 .t-nc, .sfm2 .t-nd { color: var(--sfm2-def); }
.sfm2 .t-nb, .sfm2 .t-bp, .sfm2 .t-ne { color: var(--sfm2-builtin); }
.sfm2 .t-o, .sfm2 .t-ow { color: var(--sfm2-operator); }
</style>"""


def highlighted(typed: str, written: str, language: str) -> str:
    """Typed and written code as HTML. Both are lexed as one text, so that a string that continues keeps its colour."""
    tokens = list(get_lexer_by_name(language).get_tokens_unprocessed(typed + written))
    before = _html(tokens, 0, len(typed))
    return f'<pre>{before}<span class="sfm2-written">{_html(tokens, len(typed), len(typed + written))}</span></pre>'


def _html(tokens: Sequence[tuple[int, Any, str]], start: int, end: int) -> str:
    """The HTML of the characters from `start` to `end`."""
    parts = [(kind, value[max(0, start - index) : max(0, end - index)]) for index, kind, value in tokens]
    html: str = pygments.format(parts, HtmlFormatter(nowrap=True, classprefix="t-"))
    # The formatter ends the last line, whether the text did or not.
    return html if "".join(text for _, text in parts).endswith("\n") else html.removesuffix("\n")
