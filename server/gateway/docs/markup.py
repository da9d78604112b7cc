"""Words as HTML: the little of Markdown that descriptions use."""

from __future__ import annotations

import re
from html import escape


def mark_up(text: str) -> str:
    """Paragraphs, with what stands in backticks as code. Empty for no text."""
    paragraphs = (re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(part)) for part in text.split("\n\n") if part)
    return "".join(f"<p>{paragraph}</p>" for paragraph in paragraphs)


def anchor(kind: str, name: str) -> str:
    """The id of the place that tells of a name: `schema-telnyx-auto`. A name may be an API's and a schema's."""
    return re.sub(r"[^a-z0-9]+", "-", f"{kind}-{name}".lower())
