"""Which labelled examples go against the shortcut of their class, guessed from how the model learnt them."""

from torch import Tensor

from robustpath.methods.acquiring import View, highest

PART = 5  # a class of which the history says nothing has one example in so many in its minority


def by_history(view: View) -> Tensor:
    """Bool [l]: the minority of each class among the labelled examples, without any attribute.

    An example is in the minority if the model never had it right, or had it right and wrong later (a forgetting event,
    Toneva et al. 2019). Where this says the same of a whole class, the fifth of it with the highest mean loss over the
    training is its minority. A class of one example has none.
    """
    forgotten = (view.correct[:-1] & ~view.correct[1:]).any(0)
    minority = forgotten | ~view.correct.any(0)
    losses = view.losses.double().mean(0)
    for label in view.labels.unique():
        members = (view.labels == label).nonzero()[:, 0]
        if bool((minority[members] == minority[members[0]]).all()):
            minority[members] = False
            if len(members) > 1:
                minority[highest(losses[members], members, -(-len(members) // PART))] = True
    return minority
