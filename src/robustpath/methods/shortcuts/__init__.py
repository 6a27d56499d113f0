"""Which correlations are learnt?"""
