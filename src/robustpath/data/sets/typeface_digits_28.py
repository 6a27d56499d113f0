"""Digits of typefaces for books at their own size, at every scale of the study."""

from dataclasses import replace

from robustpath.data.sets import typeface_digits

ENTRY = replace(
    typeface_digits.ENTRY,
    name="typeface_digits_28",
    title="Digits of typefaces for books, 28 pixels a side",
    side=28,
    natural_shift_to=("mnist5k_28",),
)
read = typeface_digits.read
