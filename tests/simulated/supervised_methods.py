"""The methods that the supervised protocol can train."""

from robustpath import methods

# The others ask for a stream and its memory, or for episodes, which only the protocols of these deal.
SUPERVISED = [name for name, family in methods.names().items() if not methods.protocols_of(family)]
