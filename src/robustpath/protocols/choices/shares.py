"""What is recorded of choices: the training and the statement of the protocol read it.

They are means over the steps of a run. A method that does not choose has its batches for both.
"""

SHARES = [f"{whom}_{what}" for what in ("corrupted", "minority") for whom in ("chosen", "candidates")]
