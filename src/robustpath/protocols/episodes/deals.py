"""Episodes and batches of examples, drawn from the classes of a part: functions of a generator alone."""

from typing import NamedTuple

import torch
from torch import Tensor

from robustpath.protocols.episodes.classes import Part
from robustpath.protocols.episodes.sizes import TURNS


class Drawn(NamedTuple):
    """places int64: of examples among the images in every turn; labels int64: of the same shape."""

    places: Tensor
    labels: Tensor


def episodes(part: Part, count: int, ways: int, each: int, images: int, generator: torch.Generator) -> Drawn:
    """`count` episodes of `ways` different labels of a part, each in one random turn, with `each` examples of
    different faces: [count, each, ways], so that any first examples hold every class equally often.

    Labels 0 to ways - 1 are dealt at random. `images`: how many the data set has in one turn.
    """
    chosen = torch.rand(count, len(part.labels), generator=generator).argsort(1)[:, :ways]
    turns = torch.randint(TURNS, (count, 1, ways), generator=generator)
    faces = torch.rand(count, ways, part.faces.shape[1], generator=generator).argsort(2)[:, :, :each].transpose(1, 2)
    places = part.faces[chosen[:, None].expand(-1, each, -1), faces]
    return Drawn(places + turns * images, torch.arange(ways).expand(count, each, ways))


def examples(part: Part, count: int, batch_size: int, first: int, images: int, generator: torch.Generator) -> Drawn:
    """`count` batches of random examples of all classes of a part [count, batch_size]; the class of label number l in
    turn t has the label first + 4 l + t."""
    letters, faces = part.faces.shape
    chosen, face, turns = (
        torch.randint(most, (count, batch_size), generator=generator) for most in (letters, faces, TURNS)
    )
    return Drawn(part.faces[chosen, face] + turns * images, first + TURNS * chosen + turns)
