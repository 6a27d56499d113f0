"""Dominoes whose halves have their own size, at every scale of the study."""

from dataclasses import replace

from robustpath.data.sets import dominoes

ENTRY = replace(dominoes.ENTRY, name="dominoes_28", title="Dominoes, 28 pixels a side of each half", side=28)
read = dominoes.read
preprocess = dominoes.preprocess
