"""In which language the document speaks: in one, or in both with Korean first."""

from __future__ import annotations

from dataclasses import dataclass

from calendar_server.wire.messages import Language, Sentence


class _AnyNumber(dict[str, str]):
    """Stands in for the numbers of a sentence that has no occasion yet."""

    def __missing__(self, name: str) -> str:
        return "N"


@dataclass(frozen=True, slots=True)
class Wording:
    """``language`` None speaks both."""

    language: Language | None = None

    def line(self, sentence: Sentence) -> str:
        """One line, for titles and summaries."""
        return self._joined(sentence.ko, sentence.en, " · ")

    def text(self, sentence: Sentence) -> str:
        """Whole paragraphs, for descriptions."""
        return self._joined(sentence.ko, sentence.en, "\n\n")

    def message(self, sentence: Sentence) -> str:
        """A sentence of ``wire/messages.py`` with ``N`` for its numbers."""
        return self._joined(sentence.ko.format_map(_AnyNumber()), sentence.en.format_map(_AnyNumber()), " · ")

    def _joined(self, ko: str, en: str, between: str) -> str:
        if self.language is None:
            return ko if ko == en else f"{ko}{between}{en}"
        return ko if self.language == "ko" else en
