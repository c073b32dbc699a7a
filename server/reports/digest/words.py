"""The clinic's list of words: digests hold their numbers."""

from collections.abc import Iterable


class Words:
    """Words in the order in which they first came; a number never changes its word."""

    def __init__(self, known: Iterable[str] = ()) -> None:
        self.list = list(known)
        self._numbers = {word: number for number, word in enumerate(self.list)}

    def number(self, word: str) -> int:
        """The word's number, new where it has none."""
        if (number := self._numbers.get(word)) is None:
            number = self._numbers[word] = len(self.list)
            self.list.append(word)
        return number

    def find(self, word: str) -> int:
        """The word's number, or one that no word has."""
        return self._numbers.get(word, len(self.list))
