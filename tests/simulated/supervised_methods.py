"""The methods that the supervised protocol can train."""

from robustpath import methods

# Those of the family batches ask for a stream and its memory, which only the protocols of streams and episodes deal.
SUPERVISED = [name for name, family in methods.names().items() if family != "batches"]
