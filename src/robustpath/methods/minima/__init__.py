"""Which minimum does training reach?"""
