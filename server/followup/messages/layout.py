"""What stands around the text of an e-mail: a plain page that light and dark both suit, and a foot that says how to stop."""

import html
from dataclasses import dataclass

from server.followup.messages.variables import FALLBACK

OPEN = "Open Graftlog"
"""The button in mails to staff."""

_COLOUR = "#0f5c6e"


@dataclass(frozen=True)
class Words:
    """What the frame itself says in one language."""

    button: str
    sent_by: str
    stop: str
    appointment: str
    questions: str


_WORDS = {
    "en": Words("Open your page", "Sent by {}.", "If you want no more reminders: ", "Appointment at {}", "Questions, or another time: {}"),
    "hu": Words("Saját oldal megnyitása", "Feladó: {}.", "Ha nem kér több emlékeztetőt: ", "Időpont: {}", "Kérdés vagy módosítás: {}"),
    "es": Words("Abrir mi página", "Enviado por {}.", "Si no desea recibir más recordatorios: ", "Cita en {}", "Preguntas o cambios: {}"),
}


def words_of(language: str) -> Words:
    """The frame's words; English for a language in which only a clinic has texts."""
    return _WORDS.get(language, _WORDS[FALLBACK])


def stop_link(link: str) -> str:
    """Where a patient, or her mail program for her, stops the messages."""
    return f"{link}/stop"


def foot(language: str, sender: str, link: str | None) -> str:
    """The last paragraph, which no template can leave out."""
    words = words_of(language)
    sent_by = words.sent_by.format(sender)
    return f"{sent_by} {words.stop}{stop_link(link)}" if link else sent_by


def page(*, language: str, title: str, sender: str, text: str, link: str | None, button: str, footer: str = "") -> str:
    """The same text as HTML. A line that is nothing but the link becomes a button, with the address below for those who want to see it.

    Only the button has colours of its own: everything else takes those of the mail program, light or dark.
    """
    label = html.escape(button)
    paragraphs = "\n".join(_paragraph(one, link, label) for one in text.split("\n\n"))
    below = f'\n<p style="margin:32px 0 0;font-size:13px;opacity:.75">{_anchored(footer, link and stop_link(link))}</p>' if footer else ""
    return (
        f'<!doctype html>\n<html lang="{html.escape(language)}">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width">\n<meta name="color-scheme" content="light dark">\n'
        f"<title>{html.escape(title)}</title>\n</head>\n"
        "<body style=\"margin:0;padding:24px 16px;font:16px/1.5 system-ui,-apple-system,'Segoe UI',Roboto,Arial,sans-serif\">\n"
        '<div style="max-width:560px;margin:0 auto">\n'
        f'<p style="margin:0 0 24px;font-weight:bold">{html.escape(sender)}</p>\n{paragraphs}{below}\n</div>\n</body>\n</html>\n'
    )


def _paragraph(text: str, link: str | None, label: str) -> str:
    before, found, after = text.partition(f"\n{link}") if link else (text, "", "")
    if not found or (after and not after.startswith("\n")):
        if link and text == link:
            return _button(link, label)
        return f'<p style="margin:0 0 16px">{_anchored(text, link)}</p>'
    parts = [f'<p style="margin:0 0 12px">{_anchored(before, link)}</p>', _button(link or "", label)]
    if after.strip():
        parts.append(f'<p style="margin:0 0 16px">{_anchored(after.strip(), link)}</p>')
    return "\n".join(parts)


def _button(link: str, label: str) -> str:
    address = html.escape(link)
    return (
        f'<p style="margin:0 0 4px"><a href="{address}" style="display:inline-block;padding:12px 24px;border-radius:4px;'
        f'background:{_COLOUR};color:#ffffff;font-weight:bold;text-decoration:none">{label}</a></p>\n'
        f'<p style="margin:0 0 20px;font-size:13px;opacity:.75;word-break:break-all">{address}</p>'
    )


def _anchored(text: str, address: str | None) -> str:
    """Escaped, with line breaks kept and the address to be clicked."""
    shown = html.escape(text).replace("\n", "<br>\n")
    if not address:
        return shown
    given = html.escape(address)
    return shown.replace(given, f'<a href="{given}">{given}</a>')
