"""CAL: examples whose prediction differs from those of the labelled examples near them."""

import torch
from torch import Tensor
from torch.nn.functional import normalize

from robustpath.methods.acquiring import Acquisition, View, highest
from robustpath.methods.base import choice, register
from robustpath.methods.neighbours import nearest
from robustpath.methods.uncertainty import divergence

PROTOCOLS = ("acquisition",)


@register(search={"neighbours": choice(5, 10, 20, default=10)}, cite="margatina2021cal")
def cal(neighbours: Tensor) -> Acquisition:
    """The largest mean over the nearest labelled examples n of KL(p_n || p_x) (Margatina et al. 2021).

    Near is meant by the Euclidean distance of features of length 1, as in mourga/contrastive-active-learning,
    acquisition/cal.py at commit 5fbd7ee. There the features are BERT's of [CLS] after fine-tuning; here they are what
    the trained model's last layer reads. Fewer labelled examples than `neighbours` are all taken.
    """

    def acquire(view: View, count: int, generator: torch.Generator) -> Tensor:
        features = normalize(view.representations["penultimate"].double())
        size = min(int(neighbours), len(view.labelled))
        _, near = nearest(features[view.unlabelled], features[view.labelled], size)
        log_p = view.logits.double().log_softmax(1)
        differences = divergence(log_p[view.labelled][near], log_p[view.unlabelled][:, None])
        return highest(differences.mean(1), view.unlabelled, count)

    return acquire
