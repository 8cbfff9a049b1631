from __future__ import annotations

import lxml.html
import pytest

from curation.extract.images import find_images, says_something


@pytest.mark.parametrize(
    "alt",
    [
        "A water wheel at the edge of a river",
        "水车在河边转动",
        r"E = mc^2",
        "Graph of sales by month, 2019",
    ],
)
def test_a_description_says_something(alt: str) -> None:
    assert says_something(alt, "/img/a1.png")


@pytest.mark.parametrize(
    ("alt", "src"),
    [
        ("", ""),
        ("logo", "a.png"),
        ("Site logo of the mill", "a.png"),
        ("image", "a.png"),
        ("Image 3", "a.png"),
        ("photo of", "a.png"),
        ("wheel.jpg", "x.png"),
        ("the wheel at night.jpeg", "x.png"),
        ("IMG_2041", "x.png"),
        ("IMG 2041 copy", "x.png"),
        ("DSC00012", "x.png"),
        ("the-water-wheel", "/img/the-water-wheel.jpg"),
        ("the water wheel 2", "/img/the_water_wheel_2.jpg"),
        ("2019-01-01", "x.png"),
        ("***", "x.png"),
        ("click to enlarge", "x.png"),
        ("x " * 600, "x.png"),
        ("mill", "x.png"),
    ],
)
def test_what_says_nothing(alt: str, src: str) -> None:
    assert not says_something(alt, src)


def test_images_are_found_once_and_not_in_links() -> None:
    page = lxml.html.document_fromstring(
        '<p><img alt="the wheel of a mill" src="a.png"> <img alt="the wheel of a mill">'
        '<a href="/x"><img alt="our newest story of today"></a><img><img alt="x" src="[bad">'
    )
    assert [found.text for found in find_images(page)] == ["the wheel of a mill"]


def test_a_figure_says_its_caption_unless_it_only_gives_credit() -> None:
    page = lxml.html.document_fromstring(
        "<figure><img><figcaption>The <b>wheel</b></figcaption></figure>"
        "<figure><img><figcaption>Photo: A. Miller</figcaption></figure>"
        "<figure><img><figcaption>Mill \u00a9 Miller</figcaption></figure>"
        "<figure><table><tr><td>1</table><figcaption>Table 1</figcaption></figure>"
    )
    assert [(f.element.tag, f.text, f.display) for f in find_images(page)] == [
        ("figure", "The wheel", True)
    ]
