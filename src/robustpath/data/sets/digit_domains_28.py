"""The three data sets of digits at 28 pixels a side, at every scale of the study."""

from dataclasses import replace

from robustpath.data.sets import digit_domains

ENTRY = replace(
    digit_domains.ENTRY,
    name="digit_domains_28",
    title="Digits of MNIST-5k, Optdigits and typefaces, 28 pixels a side",
    side=28,
)
read = digit_domains.read
preprocess = digit_domains.preprocess
