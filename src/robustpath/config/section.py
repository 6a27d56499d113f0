"""What every part of the config model is made of."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

# For a list without repeats: stated for editors here, refused by config_checks, which names the entry.
DISTINCT = {"uniqueItems": True}
# A name that is part of a file's name.
Word = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]


class Section(BaseModel):
    """A mapping of the config: unknown keys are refused, and nothing is converted (3 is not "3", true is not 1)."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)
