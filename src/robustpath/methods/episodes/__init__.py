"""How fast is a new task learnt from few examples?"""

PROTOCOLS = ("episodes",)  # its methods need batches that are made of episodes, or a support set to adapt to
TOGETHER = 4  # episodes of a batch
