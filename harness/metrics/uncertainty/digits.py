"""How many digits of a rate a number of comparisons supports."""

from __future__ import annotations


def resolution(n: int) -> int:
    """Decimals of a percentage that ``n`` comparisons support.

    The fewest decimals that keep all ``n + 1`` possible rates apart when printed: one comparison
    of 6,000 moves the rate by 0.017 percentage points, so two. More would be invented. Raises
    ValueError unless ``n`` is positive.
    """
    if n <= 0:
        raise ValueError(f"a rate of {n} comparisons has no digits")
    decimals = 0
    while 10 ** (decimals + 2) < n:
        decimals += 1
    return decimals
