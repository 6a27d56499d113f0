"""How much is learnt from one batch?"""
