"""Are people of one set also in another? Matches found, against those that chance would give.

The threshold is calibrated on the impostor scores of one set, comparisons of the same kind, so that
a stated share of strangers' comparisons reaches it: of the other set (real people that a generator
has seen) or, for a benchmark that is searched in training faces, of the benchmark. An identity
counts once, however many of its comparisons do. `faces measure --seen` and `leak` both end here.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from harness.components import MeasuredValue
from harness.measures.embedded import Labels, SortedEmbeddings
from harness.measures.streamed import StreamedEmbeddings
from harness.measures.values import LEVEL, missing, with_interval
from harness.metrics.nearest import ImpostorThreshold, impostor_threshold, nearest
from harness.metrics.outcome import NotMeasurable
from harness.metrics.uncertainty.bootstrap import draw_subject_weights
from harness.metrics.uncertainty.intervals import clopper_pearson
from harness.seeds import children

People = SortedEmbeddings | StreamedEmbeddings
CHANCE = 0.01
"""Share of identities that match by chance at the default threshold."""
LEAST_ABOVE = 10
"""Impostor scores of the other set that a threshold needs above it."""
SAME = 0.9999
"""Impostors above it are one person under two names."""
METRICS = ("leak_rate", "leak_expected", "leak_excess")


@dataclass(frozen=True, eq=False)
class LeakSearch:
    """For every identity (K,) of a set its nearest identity of the other, the best comparison.

    ``mate`` int64 (K,) identity of the other set, -1 where nothing could be compared; ``row`` and
    ``mate_row`` int64 (K,) rows of the callers' embeddings that met (of centres: the first image
    of an identity); ``score`` float32 (K,); ``above`` bool (K,). ``by_chance`` is the number of
    identities expected above the threshold if all were strangers, ``p_value`` the probability of
    as many as were found, or more. ``fmr`` is the
    realised rate, ``asked`` the one that was asked for.
    """

    mate: Labels
    row: Labels
    mate_row: Labels
    score: NDArray[np.float32]
    above: NDArray[np.bool_]
    threshold: float
    fmr: float
    asked: float
    impostors: int
    by_chance: float
    p_value: float

    @property
    def found(self) -> int:
        """Identities above the threshold."""
        return int(self.above.sum())


def default_fmr(faces: People, seen: People, kind: str) -> float:
    """0.01 / (m N): about one identity in a hundred matches by chance.

    N is the number of comparisons partners (identities of ``seen`` for centres, its images
    otherwise), m the median number of comparisons of an identity with each.
    """
    comparisons, partners = _numbers(faces, seen, kind)
    return CHANCE / (float(np.median(comparisons)) * partners)


def find(
    faces: People,
    seen: People,
    *,
    kind: str = "centre",
    fmr: float | None = None,
    calibrated_on: People | None = None,
    cautious: bool = False,
) -> LeakSearch | NotMeasurable:
    """Search every identity of ``faces`` among those of ``seen``, exact, in blocks.

    ``kind`` is ``centre`` (means of identities) or ``image`` (every image). The impostors of
    ``calibrated_on`` (``seen`` if None) set the threshold. NotMeasurable where they cannot show
    ``fmr``: fewer than ten are above the threshold. With ``cautious`` one is enough, and chance is
    counted at the upper end of the 95 % interval of the realised rate.
    """
    if kind not in ("centre", "image"):
        raise ValueError(f"kind={kind!r} is neither 'centre' nor 'image'")
    rate = default_fmr(faces, seen, kind) if fmr is None else fmr
    source = seen if calibrated_on is None else calibrated_on
    limit = _threshold(source, kind, rate, 1 if cautious else LEAST_ABOVE)
    if isinstance(limit, NotMeasurable):
        return limit
    if not cautious and (limit.fmr == 0 or limit.value > SAME):
        return NotMeasurable(
            f"more than {rate:.2g} of the other set's impostor comparisons have a cosine above "
            f"{SAME}: it holds people under two names, so no threshold tells strangers apart"
        )
    comparisons, partners = _numbers(faces, seen, kind)
    chance = -np.expm1(comparisons * partners * np.log1p(-_rate(limit, cautious=cautious)))
    mine, theirs = (
        (faces.centres(), seen.centres()) if kind == "centre" else (faces.unit, seen.unit)
    )
    met = nearest(mine, theirs)
    if kind == "centre":
        best = np.arange(faces.identities)
        score, mate = met.score, met.row
        row, mate_row = faces.first_rows, seen.first_rows[met.row]
    else:
        best = _best(met.score, faces)
        score, hit = met.score[best], met.row[best]
        mate = np.where(hit < 0, -1, seen.codes[hit])
        row, mate_row = faces.rows[best], seen.rows[hit]
    above = score >= limit.value
    p_value = _poisson_binomial_tail(int(above.sum()), chance)
    return LeakSearch(mate, row, mate_row, score, above, limit.value, limit.fmr, rate,
                   limit.impostors, float(chance.sum()), p_value)  # fmt: skip


def _rate(limit: ImpostorThreshold, *, cautious: bool) -> float:
    """The rate at which chance is counted: a handful of impostors fix it to a factor only."""
    if not cautious:
        return limit.fmr
    accepted = round(limit.fmr * limit.impostors)
    return clopper_pearson(accepted, limit.impostors, LEVEL).high


def _numbers(faces: People, seen: People, kind: str) -> tuple[NDArray[np.float64], int]:
    if kind == "centre":
        return np.ones(faces.identities), seen.identities
    return faces.counts.astype(np.float64), seen.images


def _threshold(
    seen: People, kind: str, fmr: float, least: int
) -> ImpostorThreshold | NotMeasurable:
    centres = kind == "centre"
    vectors = seen.centres() if centres else seen.unit
    subjects = np.arange(seen.identities) if centres else seen.codes
    pairs = seen.identities * (seen.identities - 1) // 2
    if not centres:
        counts = seen.counts
        pairs = int(counts.sum() ** 2 - (counts**2).sum()) // 2
    if least > 1 and fmr * pairs < least:
        return NotMeasurable(
            f"{pairs:,} impostor pairs of the other set leave {fmr * pairs:.1f} above a threshold "
            f"at FMR {fmr:.2g}; {least} are needed"
        )
    return impostor_threshold(vectors, subjects, fmr)


def _best(scores: NDArray[np.float32], faces: People) -> Labels:
    """The row of every identity with its highest score, the first of equals."""
    order = np.lexsort((np.arange(len(scores)), -scores, faces.codes))
    return order[np.searchsorted(faces.codes[order], np.arange(faces.identities))]


def _poisson_binomial_tail(count: int, chances: NDArray[np.float64]) -> float:
    """Probability of ``count`` or more successes of independent trials with these chances.

    By the cumulative sum of a Fourier transform of the generating function would round at 1e-16, so
    the distribution is built term by term, up to ``count`` only.
    """
    if count <= 0:
        return 1.0
    below = np.zeros(count)  # probabilities of 0 .. count - 1 successes
    below[0] = 1.0
    for chance in chances:
        below[1:] = below[1:] * (1 - chance) + below[:-1] * chance
        below[0] *= 1 - chance
    return float(max(0.0, 1.0 - below.sum()))


def leakage(
    faces: SortedEmbeddings,
    found: LeakSearch | NotMeasurable,
    rng: np.random.Generator,
    *,
    control: LeakSearch | None = None,
    replicates: int = 1000,
) -> list[MeasuredValue]:
    """Share of identities above the threshold, the share expected, and the excess.

    The excess subtracts the expected share, or that of ``control``: people that the generator
    cannot have seen, searched at the same rate. Its interval resamples identities (matches are not
    independent: some identities match many).
    """
    if isinstance(found, NotMeasurable):
        return [missing(name, found.reason, faces.identities) for name in METRICS]
    number = len(found.above)
    expected = found.by_chance / number
    draws = children(rng)
    weights = draw_subject_weights(number, replicates, draws("set")).astype(np.float64)
    rates = found.above.astype(np.float64) @ weights / number
    value = found.found / number
    base = np.full(replicates, expected)
    if control is not None:
        expected_control = control.found / len(control.above)
        drawn = draw_subject_weights(len(control.above), replicates, draws("control"))
        base = control.above.astype(np.float64) @ drawn.astype(np.float64) / len(control.above)
    else:
        expected_control = expected
    return [
        with_interval("leak_rate", value, rates, number),
        MeasuredValue("leak_expected", expected, n=number),
        with_interval("leak_excess", value - expected_control, rates - base, number),
    ]
