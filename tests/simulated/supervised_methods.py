"""The methods that the supervised protocol can train, on a perceptron: on other networks, a test of their own does."""

from robustpath import methods, models
from robustpath.methods import roles

# Those of the other families ask for a stream and its memory, or for episodes, which only other protocols deal.
OTHERS = {"batches"}
SUPERVISED = [
    name
    for name, family in roles.training().items()
    if family not in OTHERS and models.DEFAULT in (methods.load(name).networks or (models.DEFAULT,))
]
