"""What every part of the config model is made of."""

from pydantic import BaseModel, ConfigDict

# For a list without repeats: told to editors here, refused by config_checks, which names the entry.
DISTINCT = {"uniqueItems": True}


class Section(BaseModel):
    """A mapping of the config: unknown keys are refused, and nothing is converted (3 is not "3", true is not 1)."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)
