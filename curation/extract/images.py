"""What images say: `alt` texts that tell more than a file name, and captions.

The Llama 3.1 report (section 3.1.1) keeps `alt`: mathematics is often an image with the formula
there.
"""

from __future__ import annotations

import re
from html import unescape
from itertools import islice
from urllib.parse import unquote, urlsplit

from lxml.html import HtmlElement

from curation.extract.page import Found

_FILE_NAME = re.compile(
    r".+\.(jpe?g|png|gif|svg|webp|bmp|tiff?|ico|avif|heic|pdf|mp4)(\?\S*)?|"
    r"(IMG|DSC|DSCN|DSCF|P|PXL|MG|image|img|photo|screenshot|screen[-_ ]?shot)?[-_ \d.]+\w{0,8}",
    re.IGNORECASE,
)
_NOTHING = re.compile(
    r"(the|a|an|your|our|my|this|site|company|header|footer|main|website)?\s*\b"
    r"(alt|logo|image|img|photo|picture|pic|icon|banner|thumbnail|thumb|avatar|spacer|blank|pixel|"
    r"bullet|arrow|loading|loader|placeholder|cover|figure|graphic|screenshot|button|separator|"
    r"divider|advertisement|ad|ads|captcha|gravatar|image not available|no image|"
    r"image (may contain|for post|result)\b.*|(click|tap|press) (to|for)\b.*|"
    r"(foto|bild|imagen|imagem|immagine|obrázek|zdjęcie|изображение|фото|картинка|图片|圖片|图像|"
    r"画像|写真|사진|이미지))s?\s*\d*",
    re.IGNORECASE,
)
_ABOUT_LOGOS = re.compile(
    r"\b(logo|icon|avatar|gravatar|banner|ikona|ic[oô]ne|icono|ícone|simge|biểu tượng)s?\b|"
    r"\b(значок|иконка|логотип)|图标|圖示|圖標|アイコン|아이콘|로고|ロゴ|标志|分享|轉寄|"
    r"^(copy|share|tweet|email|download)\b",
    re.IGNORECASE,
)
_NUMBERED = re.compile(r"\D\s\d{1,2}$")  # of many views of one thing
# What names its photographer is a picture of somebody or something, and no figure.
_CREDIT = re.compile(
    r"\u00a9|\(c\)|copyright|courtesy|\bcredits?\b|\bcr[e\u00e9]dit\w*\b|"
    r"\b(foto|photo|bild|image|imagen|picture)(graf|graph)?\w{0,4}( by|:| \u2013|/)|"
    r"^(source|quelle|fuente|fonte|źródło|источник)\b|,\s*CC\b|"
    r"\b(AP|AFP|EPA|dpa|Reuters|Getty|Shutterstock|Unsplash|iStock|Adobe|Pixabay)\b",
    re.IGNORECASE,
)
_CREDIT_CLASS = re.compile("copyright|credit|source|photographer|author", re.IGNORECASE)
_MIN_WORDS, _MAX_CHARACTERS = 3, 1_000
# A sentence without blanks, or a formula.
_SHORT_BUT_TELLING = re.compile(
    "[\u0e00-\u0eff\u2e80-\u9fff\uac00-\ud7af]{5}|\\\\[a-zA-Z]|\\s=\\s|\\^"
)


def find_images(page: HtmlElement) -> list[Found]:
    """What images say, in document order, each text once: `alt`, and the captions of figures.

    A linked image is left out: its `alt` names what the link leads to. So is the image in a figure
    that holds more than images and a caption, and a caption that only gives credit.
    """
    found, seen, in_figures = [], set(), set()
    for element in page.iter("figure", "img"):
        if element.tag == "figure":
            in_figures.update(element.iter("img"))
            texts, display = _of_figure(element), True
        elif element in in_figures:
            continue
        else:
            texts, display = [_alt(element)], _is_alone(element)
        new = [text for text in dict.fromkeys(texts) if text and text not in seen]
        seen.update(new)
        if new:
            found.append(Found(element, "\n".join(new), display))
    return found


def _of_figure(figure: HtmlElement) -> list[str]:
    images = list(figure.iter("img"))
    caption = figure.find("figcaption")
    words = " ".join(caption.text_content().split()) if caption is not None else ""
    holds_more = "".join(figure.text_content().split()) != "".join(words.split())
    if holds_more or _gives_credit(figure, words) or any(_is_linked(image) for image in images):
        return []
    alts = [alt for image in images if (alt := _alt(image)) and not _says_the_same(alt, words)]
    return [*alts, words]


def _gives_credit(figure: HtmlElement, words: str) -> bool:
    return _CREDIT.search(words) is not None or any(
        _CREDIT_CLASS.search(part.get("class", "")) for part in figure.iterdescendants()
    )


def _says_the_same(alt: str, caption: str) -> bool:
    """Whether most of its words stand in the caption."""
    words = set(alt.lower().split())
    return 2 * len(words & set(caption.lower().split())) > len(words)


def _alt(image: HtmlElement) -> str:
    alt = " ".join(unescape(image.get("alt") or "").split())  # some are escaped twice
    if not says_something(alt, image.get("src") or "") or _is_linked(image):
        return ""
    return alt


def _is_alone(image: HtmlElement) -> bool:
    """Whether no text stands beside it in its block."""
    before = image.getprevious()
    left = image.getparent().text if before is None else before.tail
    return not (left or "").strip() and not (image.tail or "").strip()


def says_something(alt: str, src: str) -> bool:
    """Whether an `alt` is more than a name of the file, of the thing ('image'), or of a site."""
    if len(alt) > _MAX_CHARACTERS or not any(character.isalpha() for character in alt):
        return False
    if _FILE_NAME.fullmatch(alt) or _NOTHING.fullmatch(alt) or bare(alt) == bare(_stem(src)):
        return False
    if any(rule.search(alt) for rule in (_ABOUT_LOGOS, _CREDIT, _NUMBERED)):
        return False
    return len(alt.split()) >= _MIN_WORDS or _SHORT_BUT_TELLING.search(alt) is not None


def _is_linked(image: HtmlElement) -> bool:
    """Whether it leads to a page or does something; a larger image of the same does not."""
    near = islice(image.iterancestors(), 3)
    link = next((parent for parent in near if parent.tag in ("a", "button")), None)
    return link is not None and not _FILE_NAME.fullmatch(link.get("href", "").split("?")[0])


def _stem(src: str) -> str:
    try:
        path = urlsplit(src).path
    except ValueError:
        return ""
    return unquote(path).rsplit("/", 1)[-1].rsplit(".", 1)[0]


def bare(text: str) -> str:
    """Letters and digits only, in lower case: for telling whether two texts say the same."""
    return re.sub(r"[\W_]+", "", text).lower()
