"""A data-efficient path towards robust machine learning: from raw data to the paper."""

__version__ = "0.1.0"
