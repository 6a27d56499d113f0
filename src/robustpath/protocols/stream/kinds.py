"""The kinds of streams by name, and what a data set must have for each: plain Python, since planning imports no torch.

The errors name the keys of the config that a user can change: stream, tasks, examples, validation_size and test_size.
"""

from robustpath.data.entries import DataSet

KINDS = {
    "permuted": "every task has the numbers of an input in an order of its own",
    "rotated": "every task turns the images by an angle of its own",
    "split": "every task has classes of its own",
    "domains": "every task has the examples of one of the data sets that were joined",
    "gradual": "inputs are shifted in a circle, further and further along the stream",
    "abrupt": "inputs are shifted in a circle, further with every task",
    "recurring": "two orders of the numbers of an input take turns",
}


def possible(
    kind: str, tasks: int, examples: int, entry: DataSet, validation_size: int, test_size: int
) -> str | None:  # fmt: skip
    """What is wrong with a stream of `tasks` tasks of `examples` training examples each, None where nothing is."""
    found = unfit(kind, tasks, entry.name, entry.kind == "image", entry.classes, len(entry.joined))
    if found:
        return found
    least, what = (entry.classes, f"classes of {entry.name}") if kind == "split" else (tasks, "tasks to score")
    for key, size in (("validation_size", validation_size), ("test_size", test_size)):
        if size < least:
            return f"{key} {size} is fewer than the {least} {what}: raise {key}"
    room = entry.room(validation_size, test_size)
    if kind == "split":
        room = room // entry.classes * (entry.classes // tasks)
    elif kind == "domains":
        room //= len(entry.joined)
    return too_few(entry.name, examples, room)


def unfit(kind: str, tasks: int, dataset: str, image: bool, classes: int, domains: int) -> str | None:
    """Why data of this form give no stream of that kind with so many tasks, None where they do."""
    if kind not in KINDS:
        return f"there is no stream {kind!r}: set stream to one of {', '.join(KINDS)}"
    if tasks < 2:
        return f"a stream of {tasks} task has nothing to forget: set tasks to at least 2"
    if kind == "rotated" and not image:
        return f"{dataset} has no images to rotate: choose another stream"
    if kind == "split" and classes % tasks:
        divisors = " or ".join(str(number) for number in range(2, classes + 1) if classes % number == 0)
        return f"the {classes} classes of {dataset} do not divide into {tasks} equal tasks: set tasks to {divisors}"
    if kind == "domains" and domains < 2:
        return f"{dataset} is not made of several data sets: choose another stream, or the data set digit_domains"
    if kind == "domains" and tasks > domains:
        return f"{dataset} is made of {domains} data sets, fewer than {tasks} tasks: set tasks to at most {domains}"
    return None


def too_few(dataset: str, examples: int, room: int) -> str | None:
    """The complaint where a task is to have more training examples than there are for it, None where they suffice."""
    if examples <= room:
        return None
    return (
        f"{dataset} has {max(room, 0)} training examples for a task, fewer than {examples}: lower examples, "
        "validation_size or test_size"
    )
