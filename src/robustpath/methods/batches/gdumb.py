"""GDumb: forget the stream and train on what lies in the memory at its end."""

from robustpath.methods.base import Method, register
from robustpath.methods.batches.online_sgd import online_sgd


@register(search={}, base=online_sgd, cite="prabhu2020gdumb")
def gdumb(base: Method) -> Method:
    """The base from its first parameters, on batches drawn from the final memory alone (Prabhu et al. 2020).

    Its scores on the way have no meaning, since its batches are drawn from what the memory holds at the end. Not as
    published: the greedy sampler that balances classes is not used, since the memory is the reservoir of all methods;
    the rate is constant and there is no CutMix (aimagelab/mammoth@0151ba0, models/gdumb.py, has a cosine rate over 256
    epochs).
    """
    return base.replace(order="memory")
