from itertools import combinations

import numpy as np
import pytest

from gis import fields as f
from gis.publish import palette

# Linear RGB seen by eyes without one kind of cone: Machado, Oliveira and Fernandes (2009), severity 1.
EYES = {
    "usual": np.eye(3),
    "deuteranopia": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]),
    "protanopia": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]),
    "tritanopia": np.array(
        [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]]),
}  # fmt: skip


def linear(colour):
    c = np.array(palette.rgb(colour)) / 255
    return np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4)


def lab(rgb):
    """CIE L*a*b* of linear sRGB, white point D65."""
    m = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
    xyz = m @ np.clip(rgb, 0, 1) / np.array([0.9505, 1, 1.089])
    t = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    return np.array([116 * t[1] - 16, 500 * (t[0] - t[1]), 200 * (t[1] - t[2])])


def difference(a, b, eyes):
    return float(np.linalg.norm(lab(EYES[eyes] @ linear(a)) - lab(EYES[eyes] @ linear(b))))


@pytest.mark.parametrize("eyes", EYES)
def test_classes_are_told_apart_by_all_eyes(eyes):
    # A difference of 20 is plain to see in small marks; just noticeable is about 2.3.
    values = [palette.POTENTIAL[p] for p in (f.HIGH, f.MEDIUM, f.LOW)]
    for colours in (values, palette.REMOTENESS, palette.VIABILITY):
        for a, b in combinations(colours, 2):
            assert difference(a, b, eyes) > 17, (a, b)


@pytest.mark.parametrize("eyes", EYES)
def test_ramps_darken_step_by_step_for_all_eyes(eyes):
    for ramp in (palette.MINUTES_COLOURS, palette.REMOTENESS):
        lightness = [lab(EYES[eyes] @ linear(c))[0] for c in ramp]
        assert (np.diff(lightness) < -3).all()


def test_every_bin_has_a_colour_of_its_own():
    assert len(palette.MINUTES_COLOURS) == len(set(palette.MINUTES_COLOURS)) == len(palette.MINUTES) + 1
    assert len(palette.KILOMETRES) == len(palette.MINUTES)
    assert palette.UNREACHABLE not in palette.MINUTES_COLOURS
    assert set(palette.POTENTIAL) == set(f.POTENTIALS)


def test_too_many_classes_of_remoteness_are_refused():
    with pytest.raises(ValueError, match="at most 5"):
        palette.remoteness_colours(list("abcdef"))
