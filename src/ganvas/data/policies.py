"""What becomes of images that are unusual, alike, or not free to use: one policy for each kind."""

from typing import Literal

from ganvas.config import Config, Field

Policy = Literal["keep", "drop", "quarantine"]
"""Keep it in the set and say so; leave it out; or leave it out until its owner has decided."""


class Policies(Config):
    """One policy for each thing that can be said about a readable image."""

    opt_out: Policy = Field(default="quarantine", description="Its file reserves rights against training.")
    synthetic: Policy = Field(default="quarantine", description="Its file says that a model made it.")
    unknown_licence: Policy = Field(default="keep", description="Nothing says under which licence it is.")
    exact_duplicates: Policy = Field(default="drop", description="The same bytes as another; one stays.")
    near_duplicates: Policy = Field(default="keep", description="It looks the same as another; one stays.")
    blank: Policy = Field(default="keep", description="Every pixel has the same value.")
    dark: Policy = Field(default="keep", description="Much darker than the others.")
    light: Policy = Field(default="keep", description="Much lighter than the others.")
    low_information: Policy = Field(default="keep", description="Much less in it than in the others.")
    blurry: Policy = Field(default="keep", description="Much less sharp than the others.")
    odd_size: Policy = Field(default="keep", description="Much smaller or larger than the others.")
    odd_aspect: Policy = Field(default="keep", description="Much longer or higher than the others.")
    outlier: Policy = Field(default="keep", description="It looks like none of the others.")
