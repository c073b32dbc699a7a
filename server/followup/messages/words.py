"""Words that no message may contain, because anybody may see it: nothing of the treatment, the scar or the price, in three languages."""

import re
import unicodedata

_ENGLISH = r"""
    procedures? surger(?:y|ies) surgeons? surgical\w* operations? operated scar(?:s|red|ring)?
    fat nanofat grafts? grafted grafting inject\w* lipo\w* fillers?
    treat(?:ed|ment|ments) wounds? stitch\w* sutures? prices? pricing costs? fees? invoices? pay(?:s|ing|ment|ments)? paid
"""
_HUNGARIAN = r"""
    mutet\w* beavatkozas\w* sebesz\w* heg(?:ek|et|eket|e|ei|eit|es|hez|ben|nek|kezeles\w*)? zsir\w* injekcio\w* beultetes\w* transzplant\w*
    kezeles\w* seb(?:ek|et|e|ei|eit)? varrat\w* koltseg\w* fizet\w* dij(?:a|ak|at|ai|mentes\w*)? szamla\w* forint\w* ft huf
    ar(?:a|ak|at|ai|on)?
"""
_SPANISH = r"""
    procedimientos? cirugias? cirujan\w* quirurgic\w* operacion\w* operad[oa]s? cicatri\w* grasas? injert\w* inyecci\w* tratamientos?
    heridas? precios? costes? costos? pagos? pagar tarifas? facturas? eur euros?
"""
_FORBIDDEN = re.compile(rf"\b(?:{'|'.join((_ENGLISH + _HUNGARIAN + _SPANISH).split())})\b|[€£$]")
_MARKS = "Mn"


def clinical_words(text: str) -> list[str]:
    """Words of `text` that say something of the treatment or its price, as written, each once. Accents and capitals do not hide them."""
    letters, places = [], []
    for place, letter in enumerate(text):
        for plain in unicodedata.normalize("NFKD", letter.casefold()):
            if unicodedata.category(plain) != _MARKS:
                letters.append(plain)
                places.append(place)
    found = (text[places[match.start()] : places[match.end() - 1] + 1] for match in _FORBIDDEN.finditer("".join(letters)))
    return list(dict.fromkeys(found))
