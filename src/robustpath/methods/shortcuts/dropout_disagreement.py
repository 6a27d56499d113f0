"""Dropout disagreement: examples whose predicted class changes when units are dropped."""

import torch
from torch import Tensor

from robustpath.methods.acquiring import Acquisition, View
from robustpath.methods.base import register
from robustpath.methods.uncertainty import divergence

PROTOCOLS = ("acquisition",)
NEEDS = ("sampled",)


@register(search={}, cite="labonte2022dropout")
def dropout_disagreement() -> Acquisition:
    """Examples on which the model with dropout and without it disagree (LaBonte et al. 2022).

    The first are those on which the largest share of passes predicts another class than the model without dropout.
    Equal shares are ordered by the mean over passes of KL(p || p with dropout), the score of the authors' later program
    (tmlabonte/last-layer-retraining, milkshake/datamodules/disagreement.py at commit c1f9ba2), which takes one pass.
    """

    def acquire(view: View, count: int, generator: torch.Generator) -> Tensor:
        sure, sampled = view.logits[view.unlabelled].double(), view.sampled[:, view.unlabelled].double()
        share = (sampled.argmax(2) != sure.argmax(1)).double().mean(0)
        change = divergence(sure.log_softmax(1), sampled.log_softmax(2)).mean(0)
        order = torch.argsort(change, descending=True, stable=True)
        order = order[torch.argsort(share[order], descending=True, stable=True)]
        return view.unlabelled[order[:count]]

    return acquire
