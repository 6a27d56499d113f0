"""docs/representations.md says what the code does."""

import re
from pathlib import Path

from robustpath.protocols.representations import factors, sizes
from robustpath.protocols.representations.metrics import MEASURES
from robustpath.protocols.representations.section import RepresentationsExperiment
from robustpath.protocols.representations.sizes import PARTNERS, STATISTICS
from robustpath.protocols.supervised.section import Supervised

PAGE = " ".join((Path(__file__).parents[3] / "docs/representations.md").read_text(encoding="utf-8").split())


def test_the_page_names_every_measure_and_every_key():
    named = set(re.findall(r"`([a-z_0-9]+)`", PAGE))
    universal = {name for name in MEASURES if name.startswith("universality")}
    bins = {f"activation_mass_{bin}" for bin in range(1, len(sizes.EDGES))}
    assert MEASURES.keys() - universal - bins <= named
    assert universal == {
        f"universality_{who}_{what}{null}" for who in PARTNERS for what in STATISTICS for null in ("", "_null")
    }
    assert {*STATISTICS, "_null"} <= named and all(f"`universality_{who}_…`" in PAGE for who in PARTNERS)
    assert RepresentationsExperiment.model_fields.keys() - Supervised.model_fields.keys() <= named


def test_the_page_has_the_numbers_of_the_code():
    assert f"above {factors.HIGH} or below {factors.LOW}" in PAGE
    assert f"leaves more than {sizes.REACHED} of the variance" in PAGE and f"at most {sizes.REACHED}, else 0" in PAGE
    edges = sizes.EDGES
    middle = [edges[bin] - edges[bin - 1] for bin in sizes.MIDDLE]
    assert len(middle) == 7 and all(abs(width - 0.1) < 1e-9 for width in middle)
    assert (edges[0], edges[sizes.MIDDLE.stop - 1], edges[-1]) == (0.15, 0.85, 1.15)
    assert f"`activation_mass_0` to `activation_mass_{len(edges)}`" in PAGE
    assert "h / s up to 0.15, in the seven bins of width 0.1 from there to 0.85, up to 1.15, and above" in PAGE
    assert "h / s above 0.15 and up to 0.85" in PAGE
