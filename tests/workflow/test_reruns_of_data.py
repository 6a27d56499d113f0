"""What is prepared, trained and evaluated again after which edit of a data set's file."""

from checkouts import edit, plan
from test_reruns import append, cells, trainings

SETS = "src/robustpath/data/sets"


def evaluations(planned):
    """The data sets whose methods a plan evaluates, read off the messages of its jobs."""
    return {message.split(" on ")[1].split()[0] for message in planned.messages if message.startswith("Evaluate ")}


def test_a_checksum_prepares_its_own_data_set_again(finished):
    edit(finished / SETS / "mnist5k.py", "167bbe5fc3dfbce2", "0000000000000000")
    planned = plan(finished)
    # At this scale it is a natural shift of optdigits, and one of the data sets that digit_domains and dominoes join;
    # of mnist5k_28 and digit_domains_28, too, it is the source.
    assert planned.rules["prepare"] == 5
    joined = {"digit_domains", "digit_domains_28", "dominoes"}
    assert {dataset for _, dataset in trainings(planned)} == joined
    assert evaluations(planned) == {*joined, "optdigits", "typeface_digits_28"}


def test_a_reader_prepares_its_own_data_set_and_trains_on_it_again(finished):
    append(finished / SETS / "mnist1d.py", "\nUNUSED = 1\n")
    planned = plan(finished)
    assert planned.rules["prepare"] == 1
    assert trainings(planned) == {(cell.method, "mnist1d") for cell in cells(finished) if cell.dataset == "mnist1d"}
    assert evaluations(planned) == {"mnist1d"}
