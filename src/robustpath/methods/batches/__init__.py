"""How much is learnt from one batch?"""

PROTOCOLS = ("stream",)  # where its methods learn, but those whose file says otherwise: batches stay, beside a memory
