from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from datasketch import MinHash
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError
from scipy.stats import chi2, f, norm

from curation.dedup import minhash
from curation.dedup.lsh import estimate_error
from curation.dedup.minhash import (
    MinHashParams,
    fingerprints,
    matrix,
    mistake_in,
    shingle_sets,
    signatures,
    signatures_of_sets,
)
from curation.pii.kinds import PiiType
from curation.tokens.names_kernel import name_of
from curation.tokens.tokenise import WORD, tokenise
from tests.dedup.naive import absorb, finish
from tests.dedup.pairs import UNION, pairs_of_similarity
from tests.tokens.naive import spell
from tests.tokens.naive import texts as any_text

START, MASK = 0x9E3779B97F4A7C15, (1 << 64) - 1
DEFAULT = MinHashParams()
FROZEN_HASH = 3868957951227520660
FROZEN_MINIMA = [490172300, 1082081548, 758799922]

some_params = st.builds(
    MinHashParams,
    ngram=st.sampled_from([1, 2, 3, 5, 40]),
    n=st.sampled_from([1, 3, 8, 16, 21]),
    seed=st.integers(0, 2**63 - 1),
)
wordy = st.lists(
    st.sampled_from(
        ["one", "Two", "three\n", ".", "...", "<EMAIL>", "EMAIL", "<IP_ADDRESS>", "中国"]
    )
    | st.sampled_from(["<email>", "<EMAIL", "IBAN>", "<WORD>", "<", "a<PHONE>b", "<X_PHONE>", ">"]),
    max_size=30,
).map(" ".join)


def tokens_of(text: str) -> list[str]:
    """What they are, the tests of the tokeniser say."""
    return spell(tokenise(pa.array([text], pa.string())))


def words_that_count(text: str) -> list[str]:
    """Placeholders cut out."""
    kinds = tokenise(pa.array([text], pa.string())).kinds
    words, at = [], 0
    for token, kind in zip(tokens_of(text), kinds, strict=False):
        at = text.index(token, at)
        around = text[max(at - 1, 0) : at + len(token) + 1]
        at += len(token)
        if kind & WORD and around not in [f"<{name}>" for name in PiiType]:
            words.append(token)
    return words


def naive_shingles(text: str, ngram: int) -> list[int]:
    names = [name_of(word) for word in words_that_count(text)]
    weights = [int(raw) | 1 for raw in np.random.PCG64(minhash._WEIGHTS_SEED).random_raw(ngram)]
    runs = [names[at : at + ngram] for at in range(max(len(names) - ngram + 1, 1))] if names else []
    return [finish(sum(w * n for w, n in zip(weights, run, strict=False))) for run in runs]


def naive_signature(shingles: list[int], params: MinHashParams) -> list[int]:
    raw = [int(number) for number in np.random.PCG64(params.seed).random_raw(2 * params.n)]
    functions = zip(raw[::2], raw[1::2], strict=True)
    return [min(((a | 1) * x + b) & MASK for x in shingles) & 0xFFFFFFFF for a, b in functions]


def naive_text_hash(text: str) -> int:
    names, value = [name_of(token) for token in tokens_of(text)], START
    while len(names) >= 4:
        value = absorb(
            value, sum(n * 0xA0761D6478BD642F ** (3 - i) for i, n in enumerate(names[:4]))
        )
        names = names[4:]
    for name in names:
        value = absorb(value, name)
    return finish(value)


def numbers(value: bytes | None, dtype: str) -> list[int]:
    return np.frombuffer(value or b"", dtype).tolist()


@settings(max_examples=80)
@given(st.lists(wordy | any_text | st.none(), max_size=3), st.integers(0, 1), some_params)
def test_rows_are_those_of_the_definition(
    rows: list[str | None], start: int, params: MinHashParams
) -> None:
    """Sliced or not, with nulls or not."""
    texts = pa.array(rows, pa.string()).slice(start)
    found = fingerprints(texts, params)
    of_texts = shingle_sets(texts, params)
    sets = of_texts.to_pylist()
    assert signatures(texts, params).equals(found.signature)
    assert signatures_of_sets(of_texts, params).equals(found.signature)
    for row, text in enumerate(rows[start:]):
        hashed, signature = found.text_hash[row].as_py(), found.signature[row].as_py()
        shingles = naive_shingles(text or "", params.ngram)
        assert (hashed is None) == (not tokens_of(text or ""))
        assert hashed is None or hashed % 2**64 == naive_text_hash(text or "")
        assert (signature is None) == (sets[row] is None) == (not shingles)
        assert numbers(sets[row], "<u8") == sorted(set(shingles))
        if shingles:
            assert numbers(signature, "<u4") == naive_signature(shingles, params)


def test_results_are_the_same_in_every_process() -> None:
    """Figures of a run: whoever changes them makes all signatures on disk worthless."""
    found = fingerprints(
        pa.array(["Nine bean-rows will I have there, a hive for the bee."]), DEFAULT
    )
    assert found.text_hash.to_pylist() == [FROZEN_HASH]
    assert numbers(found.signature[0].as_py(), "<u4")[:3] == FROZEN_MINIMA


def test_other_rows_and_cuts_into_blocks_change_nothing() -> None:
    sizes = [0, 1, 40_000, 3, 60_000, 5, 0, 9_000, 9_000, 9_000, 2]
    rows = [" ".join(f"w{row}x{i}" for i in range(size)) for row, size in enumerate(sizes)]
    texts = pa.array([*rows, None])
    assert text_bytes(texts) > 4 * minhash._BLOCK_BYTES
    together = fingerprints(texts, DEFAULT)
    sets = shingle_sets(texts, DEFAULT)
    for row in range(len(texts)):
        alone = fingerprints(texts.slice(row, 1), DEFAULT)
        assert alone.text_hash.equals(together.text_hash.slice(row, 1))
        assert alone.signature.equals(together.signature.slice(row, 1))
        assert shingle_sets(texts.slice(row, 1), DEFAULT).equals(sets.slice(row, 1))


def text_bytes(texts: pa.StringArray) -> int:
    return sum(len(text or "") for text in texts.to_pylist())


@given(st.lists(st.binary(max_size=30), max_size=3))
def test_bytes_that_are_no_utf8_change_nothing_in_other_rows(rows: list[bytes]) -> None:
    binary = pa.array([*rows, b"The end of all."], pa.binary())
    broken = pa.StringArray.from_buffers(len(binary), *binary.buffers()[1:])
    alone, found = (fingerprints(t, DEFAULT) for t in (pa.array(["The end of all."]), broken))
    assert found.signature[-1] == alone.signature[0]
    assert found.text_hash[-1] == alone.text_hash[0]


def test_a_placeholder_at_the_border_of_a_row_takes_its_brackets_from_it() -> None:
    rows = ["a <", "EMAIL> b", "a", "EMAIL b", "a <EMAIL", "> b", "a EMAIL", "b"]
    found = signatures(pa.array(rows), DEFAULT).to_pylist()
    assert found[:2] == found[2:4]
    assert found[4:6] == found[6:]


@pytest.mark.parametrize("kind", PiiType)
def test_placeholders_are_no_words(kind: PiiType) -> None:
    texts = [f"write to <{kind}> or,<{kind}>, call", "write to or call", f"write to {kind} or call"]
    one, other, word = signatures(pa.array(texts), DEFAULT).to_pylist()
    assert one == other != word
    assert signatures(pa.array([f"<{kind}>"]), DEFAULT).null_count == 1


def test_the_hash_of_a_text_is_of_its_tokens_alone() -> None:
    rows = ["So: it is.", "so:  IT\nis .", "So it is.", "So: is it.", "So: it is"]
    found = fingerprints(pa.array(rows), DEFAULT).text_hash.to_pylist()
    assert found[0] == found[1]
    assert len(set(found)) == 4
    assert fingerprints(
        pa.array(["...", " \n", None]), DEFAULT
    ).text_hash.is_valid().to_pylist() == [
        True,
        False,
        False,
    ]


@pytest.mark.parametrize(
    "text",
    [
        "北京是中国的首都，也是全国的政治中心和文化中心。",
        "ภาษาไทยไม่มีช่องว่างระหว่างคำและประโยค",
        "اللغة العربية هي أكثر اللغات السامية تحدثا في العالم",
    ],
)
def test_scripts_of_the_world_have_several_shingles(text: str) -> None:
    (found,) = shingle_sets(pa.array([text]), DEFAULT).to_pylist()
    assert len(found) // 8 > 3


@pytest.mark.parametrize("jaccard", [0.3, 0.5, 0.8, 0.95])
def test_estimates_err_as_theory_says_and_no_more_than_datasketch(jaccard: float) -> None:
    ones, others = pairs_of_similarity(jaccard, 300, seed=7)
    ours = estimates(ones, others)
    theirs = np.array([sketch(a).jaccard(sketch(b)) for a, b in zip(ones, others, strict=True)])
    error = estimate_error(jaccard, DEFAULT.n)
    z = (ours.mean() - jaccard) / (error / np.sqrt(len(ours)))
    assert abs(z) < norm.ppf(0.999)
    assert np.var(ours) < error**2 * chi2.ppf(0.999, len(ours) - 1) / (len(ours) - 1)
    assert np.var(ours) < np.var(theirs) * f.ppf(0.999, len(ours) - 1, len(ours) - 1)


def estimates(ones: list[str], others: list[str]) -> np.ndarray:
    one, other = (matrix(signatures(pa.array(texts), DEFAULT), DEFAULT) for texts in (ones, others))
    return np.asarray((one == other).mean(axis=1))


def sketch(text: str) -> MinHash:
    words, sketch = text.split(), MinHash(num_perm=DEFAULT.n, seed=DEFAULT.seed)
    sketch.update_batch([" ".join(words[at : at + 5]).encode() for at in range(len(words) - 4)])
    return sketch


def test_pairs_have_the_similarity_that_they_are_made_with() -> None:
    ones, others = pairs_of_similarity(0.8, 5, seed=7)
    sets = [shingle_sets(pa.array(texts), DEFAULT).to_pylist() for texts in (ones, others)]
    for one, other in zip(*sets, strict=True):
        a, b = set(numbers(one, "<u8")), set(numbers(other, "<u8"))
        assert (len(a & b), len(a | b)) == (0.8 * UNION, UNION)


def test_minima_of_other_shingles_hardly_ever_agree() -> None:
    """0.1 pairs of 500 million by chance; would high bits be kept, some thirty."""
    rows = [" ".join(f"w{row}x{i}" for i in range(200)) for row in range(3000)]
    found = matrix(signatures(pa.array(rows), DEFAULT), DEFAULT)
    assert sum(len(found) - len(np.unique(column)) for column in found.T) <= 1


def test_a_matrix_is_a_view() -> None:
    rows = signatures(pa.array(["one", "two", "three"]), DEFAULT)
    found = matrix(rows.slice(1), DEFAULT)
    assert found.shape == (2, 112)
    assert found.tobytes() == b"".join(rows.to_pylist()[1:])
    assert found.ctypes.data == rows.buffers()[2].address + 4 * 112
    assert matrix(rows.slice(3), DEFAULT).shape == (0, 112)


def test_a_matrix_of_nulls_or_other_lengths_is_refused() -> None:
    rows = signatures(pa.array(["one", None]), DEFAULT)
    with pytest.raises(ValueError, match="1 signatures are null"):
        matrix(rows, DEFAULT)
    with pytest.raises(ValueError, match="448 bytes, not 444"):
        matrix(rows.slice(0, 1), MinHashParams(n=111))


def test_mistakes_are_told_by_the_keys_of_the_recipe() -> None:
    assert mistake_in(MinHashParams(n=112, bands=14, rows=8)) is None
    told = mistake_in(MinHashParams(n=112, bands=15, rows=8)) or ""
    assert "15 x 8 = 120, over the 112 of 'dedup.near.n'" in told
    assert "'dedup.near.bands' times 'dedup.near.rows'" in told


@pytest.mark.parametrize(
    "value", [{"ngram": 0}, {"n": 0}, {"bands": 0}, {"rows": 0}, {"seed": -1}, {"threshold": 1.1}]
)
def test_values_out_of_range_are_refused(value: dict[str, float]) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(MinHashParams).validate_python(value)
