"""Measures of a minimum: curvature, sharpness, norms, bounds, connectivity and distances between functions.

Most take many members at once as points [M, d], one flat vector a member, and a loss that maps points to [M] numbers.
"""
