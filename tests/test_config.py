import pytest

from ganvas.config import RESUMABLE, Config, Field, differences, flat, resumable_fields
from ganvas.errors import ConfigurationError


class Inner(Config):
    rate: float = Field(default=0.5, gt=0, le=1, description="a rate")


class Outer(Config):
    steps: int = Field(default=10, ge=1, description="steps", json_schema_extra=RESUMABLE)
    inner: Inner = Field(default=Inner(), description="nested")


def test_override_reaches_nested_fields_and_checks_them() -> None:
    changed = Outer().override(steps=3, **{"inner.rate": 0.25})
    assert (changed.steps, changed.inner.rate) == (3, 0.25)
    with pytest.raises(ConfigurationError, match=r"`inner.rate` is 2: .*less than or equal to 1"):
        Outer().override(**{"inner.rate": 2})
    with pytest.raises(ConfigurationError, match=r"no setting `inner.rat`; there are: rate"):
        Outer().override(**{"inner.rat": 1})
    with pytest.raises(ConfigurationError, match=r"no setting `other.rate`"):
        Outer().override(**{"other.rate": 1})


def test_unknown_fields_and_infinities_are_refused() -> None:
    with pytest.raises(ConfigurationError, match="`extra` is 1"):
        Outer.read({"extra": 1}, "It")
    with pytest.raises(ConfigurationError, match="rate"):
        Inner.read({"rate": float("nan")}, "It")


def test_differences_and_resumable_fields() -> None:
    old, new = Outer(), Outer().override(steps=11, **{"inner.rate": 0.1})
    assert differences(old, new) == {"steps": (10, 11), "inner.rate": (0.5, 0.1)}
    assert resumable_fields(old) == {"steps"}
    assert flat(old) == {"steps": 10, "inner.rate": 0.5}


def test_bounds_stand_in_the_descriptions() -> None:
    assert Outer.model_fields["steps"].description == "steps [at least 1]"
    assert Inner.model_fields["rate"].description == "a rate [above 0, at most 1]"


def test_plain_values_read_back() -> None:
    changed = Outer().override(**{"inner.rate": 0.125})
    assert Outer.read(changed.plain(), "It") == changed
