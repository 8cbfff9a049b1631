from __future__ import annotations

from pathlib import Path

import pytest

from curation.errors import UserError
from curation.recipe import bundled, dump, load


def write(folder: Path, text: str) -> str:
    path = folder / "recipe.yaml"
    path.write_text(text)
    return str(path)


MINIMAL = "name: x\ninputs: [{paths: [in/*.warc.gz]}]\n"


def test_every_bundled_recipe_loads() -> None:
    assert bundled() == ["default", "sample"]
    assert load("default", paths=["x.warc.gz"]).inputs
    assert {source.domain for source in load("sample").inputs} == {None, "code", "math"}


def test_the_resolved_recipe_reads_back_to_itself(tmp_path: Path) -> None:
    recipe = load("sample")
    assert load(write(tmp_path, dump(recipe))) == recipe


def test_relative_paths_count_from_the_recipe(tmp_path: Path) -> None:
    assert load(write(tmp_path, MINIMAL)).inputs[0].paths == (f"{tmp_path}/in/*.warc.gz",)


def test_paths_of_the_command_line_count_from_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    recipe = load("default", paths=["a.warc", "s3://b/c/*.warc.gz"])
    assert recipe.inputs[0].paths == (f"{tmp_path}/a.warc", "s3://b/c/*.warc.gz")


def test_overrides_are_yaml_and_reach_into_lists() -> None:
    overrides = ["shards.target_tokens=7", "inputs.0.format=warc", "language.min_score=1"]
    recipe = load("default", paths=["x.warc.gz"], overrides=overrides)
    assert (recipe.shards.target_tokens, recipe.inputs[0].format) == (7, "warc")
    assert recipe.language.min_score == 1.0


def test_rules_are_overridden_by_their_names() -> None:
    overrides = [
        "heuristics.prose.pages.too_few_words=7",
        "heuristics.code.languages.de.pages.too_few_words=null",
        "sample=1e-3",
    ]
    recipe = load("default", paths=["x.warc.gz"], overrides=overrides)
    assert recipe.heuristics.prose.pages == {"too_few_words": 7}
    assert recipe.heuristics.code.languages["de"].pages == {"too_few_words": None}
    assert recipe.heuristics.prose.presets == ("llama3",)
    assert recipe.sample == 0.001


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("heuristics.pros.pages={}", "unknown key 'heuristics.pros': did you mean 'prose'?"),
        ("hueristics.prose={}", "unknown key 'hueristics': did you mean 'heuristics'?"),
        ("inputs.0.pahts=[a]", "unknown key 'inputs.0.pahts': did you mean 'paths'?"),
        ("shards.xyzzy=1", "unknown key 'shards.xyzzy': known here: target_tokens, by_domain"),
        ("language.min_score=2", "'language.min_score' is 2: expected a number from 0 to 1"),
        ("language.min_score=.nan", "'language.min_score' is NaN: expected a number from 0 to 1"),
        ("shards.target_tokens=many", '"many": expected a whole number from 1 to 4294967296'),
        ("shards.target_tokens=1.5", "is 1.5: expected a whole number from 1 to 4294967296"),
        ("shards.target_tokens=true", "is true: expected a whole number from 1 to 4294967296"),
        ("sample=0", "'sample' is 0: expected a number above 0, at most 1"),
        ("heuristics.routing.min_code_ratio=2", "is 2: expected a number from 0 to 1, or null"),
        ("heuristics.prose.pages.too_few_words=x", 'is "x": expected a number, or null'),
        ("heuristics.prose.pages.too_few_word=1", "did you mean 'too_few_words'?"),
        ("heuristics.prose.pages.repeated_ngrams=1", "repeated_ngrams': it is a rule for lines"),
        ("heuristics.prose.pages.too_few_words=-5", "is -5: expected a number of at least 0"),
        ("heuristics.prose.pages.too_many_hashes=10", "is 10: expected a share from 0 to 1"),
        ("heuristics.math.languages.DE.pages={}", "no page is in 'DE': did you mean 'de'?"),
        ("heuristics.stop_words={en: [e.g.]}", "has 'e.g.': one word each"),
        ("heuristics.prose.presets=[gophr]", "Input should be 'c4', 'code', 'fineweb', 'gopher'"),
        ("heuristics.prose.languages.german.pages={}", "no page is in 'german'"),
        ("heuristics.reference=r.parquet", "expected keys and values: path, sha256"),
        (
            "heuristics.reference.pth=r",
            "unknown key 'heuristics.reference.pth': did you mean 'path'",
        ),
        ("splits.target_bytes=1", "is 1: expected a whole number of at least 16384"),
        ("seed=-1", "'seed' is -1: expected a whole number from 0 to below 9223372036854775808"),
        ("dedup.over=some", "'dedup.over' is \"some\": Input should be 'all' or 'kept'"),
        ("extract.engine=magic", "'extract.engine' is \"magic\""),
        ("inputs=[]", "'inputs' is []: expected a list, of one thing at least"),
        ("inputs.0.paths=x", "'inputs.0.paths' is \"x\": expected a list"),
        ("language=5", "'language' is 5: expected keys and values"),
        ("heuristics.prose=[1", "--set heuristics.prose=[1: the value is not YAML"),
        ("heuristics.stop_words={en: [so what]}", "has 'so what': one word each"),
        ("inputs.0.stages=[heuristics]", "stage 'heuristics' needs 'language' before it"),
        ("pii.types=[MAIL]", 'pii.types.0\' is "MAIL"'),
        ("pii.names={en: json}", "neither a package with a spaCy model nor the folder of one"),
        ("pii.max_ratio=2", "is 2: expected a number from 0 to 1, or null"),
        ("safety.max_toxicity=2", "is 2: expected a number from 0 to 1, or null"),
        ("safety.opt_outs=[robots]", "should be 'noai', 'noimageai' or 'tdm_reservation'"),
        ("safety.opt_out=[noai]", "did you mean 'opt_outs'?"),
        ("dedup.certificate.pages=0", "is 0: expected a whole number from 1 to 10000"),
        ("dedup.certificate.similarities=[1.5]", "is 1.5: expected a number above 0, at most 1"),
        ("dedup.certificate.similarities=[0.5, 0.50]", "similarities' has 0.5 twice"),
        ("mix.shares.math=0.4", "mix.shares add up to 0.4 (math 0.4): change some so that all"),
        ("mix.hosts={'http://x.com': 1}", "mix.hosts: 'http://x.com' is no host name, such as"),
        ("inputs.5.format=warc", "--set inputs.5.format=warc: no such place in the recipe"),
        ("heuristics", "--set heuristics: expected key.sub=value"),
    ],
)
def test_a_mistake_is_one_line_that_names_the_key(override: str, message: str) -> None:
    with pytest.raises(UserError) as caught:
        load("default", paths=["x.warc.gz"], overrides=[override])
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_toxicity_needs_the_language() -> None:
    overrides = ["safety.max_toxicity=0.5", "inputs.0.stages=[extract,safety]"]
    with pytest.raises(UserError, match=r"input 'crawl': 'safety\.max_toxicity' needs"):
        load("default", paths=["x.warc.gz"], overrides=overrides)
    assert load("default", paths=["x"], overrides=[overrides[1]]).safety.max_toxicity is None


def test_limits_of_a_stage_that_no_input_passes_are_a_mistake() -> None:
    overrides = ["safety.opt_outs=[noai]", "inputs.0.stages=[extract,language,pii]"]
    with pytest.raises(UserError, match="no input passes the stage 'safety'"):
        load("default", paths=["x"], overrides=overrides)


def test_two_inputs_may_not_share_a_name(tmp_path: Path) -> None:
    recipe = write(tmp_path, "name: x\ninputs: [{paths: [a]}, {paths: [b]}]\n")
    with pytest.raises(UserError, match="two inputs are named 'crawl'"):
        load(recipe)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: [", "not YAML"),
        ("- 1", "expected keys and values"),
        ("name: x\nname: y", "the key 'name' stands twice"),
        ("name: x", "'inputs' is missing: name them in the recipe, or with --input"),
        ("name: x\ninput: []", "unknown key 'input': did you mean 'inputs'?"),
        ("\x00", "not YAML"),
    ],
)
def test_a_broken_recipe_file_is_one_line(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(UserError, match=message) as caught:
        load(write(tmp_path, text))
    assert "\n" not in str(caught.value)


def test_an_unknown_recipe_names_the_bundled_ones() -> None:
    with pytest.raises(UserError, match="nope: no such file, and no bundled one: default, sample"):
        load("nope")


def test_input_needs_one_input_to_replace(tmp_path: Path) -> None:
    text = "name: x\ninputs: [{name: a, paths: [a]}, {name: b, paths: [b]}]\n"
    with pytest.raises(UserError, match="--input needs a recipe with one input"):
        load(write(tmp_path, text), paths=["c"])
