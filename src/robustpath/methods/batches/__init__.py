"""How much is learnt from one batch?"""

PROTOCOLS = ("stream", "episodes")  # its methods need batches that stay, and a memory of those before
