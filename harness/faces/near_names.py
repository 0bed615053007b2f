"""Names that a list and a folder write differently: in Unicode form, case, ending or number."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from pathlib import Path

IMAGE_SUFFIX = re.compile(r"\.(jpe?g|jpe|jfif|png|bmp|webp|pgm|ppm|tiff?)$", re.IGNORECASE)
_SLOT = re.compile(r"_0$")
"""What facenet's aligner adds to a name: ``_0`` for the first face of an image."""
_NUMBER = re.compile(r"\d+")
_BETWEEN = re.compile(r"[\s_-]+")


class NearNames:
    """Finds the file of a folder that a listed name may mean; each directory is read once."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._entries: dict[Path, dict[str, list[str]]] = {}

    def of(self, name: str) -> str | None:
        """The name, below the folder, of the one file that is meant; None if none or several."""
        place, found = self._folder, []
        for part in name.split("/"):
            if not (place / part).exists() or part in ("", ".", ".."):
                near = self._near(place).get(_key(part), [])
                if len(near) != 1:
                    return None
                part = near[0]
            found.append(part)
            place = place / part
        return "/".join(found)

    def hint(self, name: str) -> str:
        """``; there is X``, and in what it differs; empty where nothing is near."""
        near = self.of(name)
        if near is None:
            return ""
        return f"; there is {near!r}, which differs in {difference(name, near)}"

    def _near(self, place: Path) -> dict[str, list[str]]:
        if place not in self._entries:
            found: dict[str, list[str]] = {}
            try:
                names = sorted(entry.name for entry in place.iterdir())
            except OSError:
                names = []
            for name in names:
                found.setdefault(_key(name), []).append(name)
            self._entries[place] = found
        return self._entries[place]


def hint_among(name: str, known: Iterable[str]) -> str:
    """As :meth:`NearNames.hint`, where the names that are known are those of another list."""
    wanted = [_key(part) for part in name.split("/")]
    near = [other for other in known if [_key(part) for part in other.split("/")] == wanted]
    if len(near) != 1:
        return ""
    return f"; it has {near[0]!r}, which differs in {difference(name, near[0])}"


def _key(name: str) -> str:
    """What is equal in names that are often confused."""
    stem = IMAGE_SUFFIX.sub("", unicodedata.normalize("NFC", name)).casefold()
    return _NUMBER.sub(lambda number: number[0].lstrip("0") or "0", _SLOT.sub("", stem))


def difference(listed: str, there: str) -> str:
    """In what two names differ that are often confused."""
    forms = [unicodedata.normalize("NFC", name) for name in (listed, there)]
    if forms[0] == forms[1]:
        return "the Unicode form of its letters"
    if forms[0].casefold() == forms[1].casefold():
        return "upper and lower case"
    if _bare(forms[0]) == _bare(forms[1]):
        return "blanks, _ or -"
    stems = [IMAGE_SUFFIX.sub("", form).casefold() for form in forms]
    return "its ending" if stems[0] == stems[1] else "its number"


def _bare(name: str) -> str:
    return _BETWEEN.sub("", name).casefold()
