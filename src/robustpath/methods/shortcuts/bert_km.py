"""BERT-KM: the examples nearest to the centres of as many clusters as there are examples to choose."""

import torch
from torch import Tensor
from torch.nn.functional import normalize

from robustpath.methods.acquiring import Acquisition, View
from robustpath.methods.base import register
from robustpath.methods.spread import closest_each, k_means

PROTOCOLS = ("acquisition",)


@register(search={}, cite="yuan2020coldstart")
def bert_km() -> Acquisition:
    """The unlabelled example nearest to each centre of k-means on features of length 1 (Yuan et al. 2020).

    Its features are BERT's of [CLS]; here they are what the trained model's last layer reads, which stands for the
    fine-tuned BERT of mourga/contrastive-active-learning (acquisition/alps/active.py and cluster.py at commit 5fbd7ee).
    Where two centres have the same nearest example, the second takes its next one; that program draws one at random.
    """

    def acquire(view: View, count: int, generator: torch.Generator) -> Tensor:
        features = normalize(view.representations["penultimate"][view.unlabelled].double())
        return view.unlabelled[closest_each(features, k_means(features, count, generator))]

    return acquire
