"""The methods that the supervised protocol can train."""

from robustpath import methods

# Those of the other families ask for a stream and its memory, or for episodes, which only other protocols deal.
OTHERS = {"batches"}
SUPERVISED = [name for name, family in methods.names().items() if family not in OTHERS]
