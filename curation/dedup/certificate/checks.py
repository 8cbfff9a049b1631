"""What the search decided, looked at again: pages that went, and pages that stay.

Both are judged by the exact Jaccard index of texts. A page went in vain where it is less similar
to its keeper than the threshold; one that stays was missed where some page that stays too is
similar to it: as found among all of them by signature, and the most similar of these exactly.
"""

from __future__ import annotations

from collections import Counter

import numpy as np
from pyspark import Broadcast
from pyspark.sql import SparkSession

from curation.dedup.certificate.jaccard import jaccards
from curation.dedup.certificate.nearest import find_nearest
from curation.dedup.certificate.rates import (
    CHECKED_GONE,
    CHECKED_KEPT,
    FALSE_GONE,
    FAR_GONE,
    MISSED_KEPT,
)
from curation.dedup.certificate.sample import draw_gone
from curation.dedup.config import CertificateConfig
from curation.dedup.minhash import MinHashParams
from curation.parts import Files, Parts

_FAR = 0.05
"""So much under the threshold a removal is not only an error of the estimate near it."""


def check_decisions(
    spark: SparkSession,
    parts: Broadcast[Parts],
    clusters: Files,
    params: MinHashParams,
    config: CertificateConfig,
) -> Counter[str]:
    """Counts by outcome. `parts` know the verdicts on near-duplicates; `clusters` are files.

    Pages without text in `documents/`, which earlier runs may have, are not among those checked.
    """
    folder, pages = parts.value.folder, config.pages
    gone = draw_gone(spark, folder, clusters, pages, salt=f"gone {params.seed}")
    kept, near = find_nearest(spark, parts, params, pages=pages)
    found = jaccards(spark, parts, np.concatenate([gone, near]), params)
    of_gone, of_near = found[: len(gone)], found[len(gone) :]
    missed = np.unique(near[of_near >= params.threshold, 0])
    return Counter(
        {
            CHECKED_GONE: int((~np.isnan(of_gone)).sum()),
            FALSE_GONE: int((of_gone < params.threshold).sum()),
            FAR_GONE: int((of_gone < params.threshold - _FAR).sum()),
            CHECKED_KEPT: kept,
            MISSED_KEPT: len(missed),
        }
    )
