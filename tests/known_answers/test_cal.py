"""CAL: the mean KL(p_neighbour || p_x) over the nearest labelled examples, and its direction.

Official program: mourga/contrastive-active-learning, acquisition/cal.py at commit 5fbd7ee: KLDivLoss of (log p_x,
p_neighbour), summed over classes, the mean over neighbours; features of length 1, Euclidean distance.
"""

import torch
from pools import acquisition, of_logits, pool
from torch.nn.functional import kl_div, normalize


def test_the_order_is_that_of_the_official_arithmetic():
    for count, size in ((10, 10), (5, 5), (20, 16)):  # there are 16 labelled examples
        view = pool()
        features, p = normalize(view.representations["penultimate"].double()), view.logits.double().softmax(1)
        scores = []
        for x in view.unlabelled.tolist():
            away = [(float((features[x] - features[other]).norm()), other) for other in view.labelled.tolist()]
            near = [other for _, other in sorted(away)[:size]]
            each = [kl_div(p[x].log(), p[other], reduction="none").sum() for other in near]
            scores.append(float(sum(each)) / size)
        expected = view.unlabelled[torch.argsort(torch.tensor(scores), descending=True)][:12]
        assert acquisition("cal", neighbours=count)(view, 12, torch.Generator()).tolist() == expected.tolist()


def test_a_sure_prediction_beside_a_doubtful_neighbour_comes_before_the_contrary():
    """KL(.5, .5 || .99, .01) = 1.61 nats, KL(.99, .01 || .5, .5) = .64: the other direction would turn them round."""
    p = torch.tensor([[0.99, 0.01], [0.5, 0.5], [0.5, 0.5], [0.99, 0.01]])
    places = torch.tensor([[1.0, 0.0], [0.0, 1.0], [0.0, 1.0], [1.0, 0.0]])
    labelled, unlabelled = torch.tensor([0, 1]), torch.tensor([2, 3])
    other = torch.tensor([[0.0, 1.0], [1.0, 0.0]])
    view = of_logits(p.log(), labelled=labelled, unlabelled=unlabelled)
    crossed = view._replace(representations={"penultimate": torch.cat([places[:2], other.flip(0)])})
    assert acquisition("cal", neighbours=1)(crossed, 2, torch.Generator()).tolist() == [3, 2]
