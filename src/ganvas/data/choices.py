"""Everything that can be chosen when a dataset is prepared, by one flat list of names."""

from typing import Any, Self

from ganvas.config import Config, Field
from ganvas.data.duplicates import NearDuplicates
from ganvas.data.engines.engine import Limits
from ganvas.data.policies import Policies
from ganvas.data.preprocessing import Editing
from ganvas.data.quality import QualityLimits
from ganvas.data.scalings.contract import ScalingSettings
from ganvas.data.splitting import Splitting
from ganvas.errors import unknown_name


class Choices(Config):
    """The choices of `prepare` and `doctor`; the names of all parts differ, so that one flat list holds them."""

    editing: Editing = Field(default=Editing(), description="What is done to every picture.")
    policies: Policies = Field(default=Policies(), description="What becomes of unusual images.")
    quality: QualityLimits = Field(default=QualityLimits(), description="What counts as unusual.")
    alike: NearDuplicates = Field(default=NearDuplicates(), description="What counts as looking the same.")
    splitting: Splitting = Field(default=Splitting(), description="Which images are held out.")
    scaling: ScalingSettings = Field(default=ScalingSettings(), description="How bytes become what networks see.")
    limits: Limits = Field(default=Limits(), description="What decoding may cost.")

    @classmethod
    def of(cls, values: dict[str, Any]) -> Self:
        """Return the choices with the fields of any part given by their own names, such as `near_duplicates`.

        Raises `UsageError` for a name that no part has, `ConfigurationError` where a value does not fit.
        """
        homes = {field: part for part, home in cls.parts().items() for field in home.model_fields}
        nested: dict[str, dict[str, Any]] = {}
        for name, value in values.items():
            if name not in homes:
                raise unknown_name("choice", name, homes)
            nested.setdefault(homes[name], {})[name] = value
        return cls.read(nested, "What `prepare` was given")

    @classmethod
    def parts(cls) -> dict[str, type[Config]]:
        """Return each part and its type."""
        return {name: type(field.default) for name, field in cls.model_fields.items()}
