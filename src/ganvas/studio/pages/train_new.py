"""A new training: a dataset, a recipe by advice, what it would cost here, its settings, and off."""

from typing import Any
from urllib.parse import quote

from nicegui import html, ui

from ganvas.data.store import Dataset
from ganvas.errors import GanvasError
from ganvas.recipes import RECIPES
from ganvas.recipes.suits import AUGMENT
from ganvas.studio import layout, parts, run_plans
from ganvas.studio.aside import aside
from ganvas.studio.augmentation_switch import AugmentationSwitch
from ganvas.studio.form import Form
from ganvas.studio.pages.data_set import in_words
from ganvas.studio.settings import flags, group_of, in_form
from ganvas.studio.workspace import Workspace
from ganvas.workflows.advice import NOT_AUGMENTED

NO_DATASET = ("First a dataset", "Training learns from pictures; make a dataset of some.", "To data", "/data")
_FIRST = 6
"""Recipes shown before all are asked for."""


def page(workspace: Workspace, name: str) -> None:
    """Build the page; without the name of a dataset it asks for one."""
    with layout.frame(workspace, "train", "New training", "Choose what to learn from, and how."):
        datasets = {item.name: item for item in workspace.datasets() if item.dataset is not None}
        if not datasets:
            parts.empty(*NO_DATASET)
            return
        if name and name not in datasets:
            workspace.dataset(name)
        chosen = datasets[name or next(iter(datasets))]
        select = ui.select(
            {item.name: f"{item.name}: {in_words(item.dataset)}" for item in datasets.values() if item.dataset},
            label="dataset",
            value=chosen.name,
            on_change=lambda event: ui.navigate.to(f"/train?data={quote(event.value)}"),
        )
        select.props('aria-label="dataset"').classes("narrow")
        assert chosen.dataset is not None
        _NewTraining(workspace, chosen.name, chosen.dataset)


class _NewTraining:
    """The recipes for a dataset, the chosen one's cost and settings."""

    def __init__(self, workspace: Workspace, name: str, dataset: Dataset) -> None:
        self.workspace, self.name, self.dataset = workspace, name, dataset
        self.noted: dict[str, Any] = workspace.notes("train").get(name, {})
        self.recipe = ""
        self.cards: dict[str, ui.element] = {}
        self.warnings = html.div()
        parts.heading("Recipe")
        self.shelf = html.div().classes("cards").props('role=group aria-label="Recipes"')
        with self.shelf:
            parts.words("Looking at which recipes suit these images ...", "quiet").props("role=status")
        self.more = html.div().classes("buttons")
        self.choice = html.div().classes("stack")
        ui.timer(0.05, self._advise, once=True)

    async def _advise(self) -> None:
        self.advice, warnings = await aside(run_plans.advice_on, self.dataset)
        with self.warnings:
            for words in warnings:
                parts.words(f"Beware: {in_form(words)}", "refused")
        self._show_recipes(_FIRST)
        with self.more:
            parts.button(f"All recipes ({len(RECIPES) - _FIRST} more)", self._show_all)
        first = self.noted.get("recipe") or (self.advice[0].recipe if self.advice else "compact")
        await self._choose(first if first in RECIPES else "compact")

    def _show_all(self) -> None:
        self.more.set_visibility(False)
        self._show_recipes(None)

    def _show_recipes(self, num: int | None) -> None:
        self.shelf.clear()
        self.cards = {}
        with self.shelf:
            for place, found in enumerate(self.advice[:num]):
                self._card(found.recipe, found.reasons, found.objections, "advised" if place == 0 else "")
            if num is None:
                advised = {found.recipe for found in self.advice}
                for name in RECIPES:
                    if name not in advised:
                        self._card(name, (), run_plans.refusal_of(name, self.dataset), "")
        self._mark()

    def _card(self, name: str, reasons: tuple[str, ...], objections: tuple[str, ...], tag: str) -> None:
        async def choose() -> None:
            await self._choose(name)

        with html.button(type="button").classes("card recipe").on("click", choose) as card:
            with html.span().classes("line between"):
                html.b(name)
                if tag:
                    html.span(tag).classes("tag good")
            html.span(RECIPES[name].summary.replace("`", "")).classes("quiet")
            with html.ul():
                for words in reasons:
                    html.li(words)
                for words in objections:
                    if words == NOT_AUGMENTED:
                        html.li("few images need augmentation: it is switched on below")
                    else:
                        html.li(words).classes("against")
        self.cards[name] = card

    def _mark(self) -> None:
        for name, card in self.cards.items():
            card.props["aria-pressed"] = "true" if name == self.recipe else "false"
            card.update()

    async def _choose(self, name: str) -> None:
        """Show cost and settings of a recipe; what was changed in them before is there again."""
        self.recipe = name
        self._mark()
        self._note(recipe=name)
        found = await aside(run_plans.recipe_for, name, self.dataset)
        self.choice.clear()
        with self.choice:
            _Settings(self, found)

    def needs_augmentation(self, recipe: str) -> bool:
        """Return whether a recipe is advised to augment these images, and does not by itself."""
        return any(found.recipe == recipe and NOT_AUGMENTED in found.objections for found in self.advice)

    def noted_of(self, recipe: str) -> dict[str, Any]:
        """Return what was typed for a recipe before."""
        return self.noted.get(f"of {recipe}", {})

    def note_of(self, recipe: str, values: dict[str, Any]) -> None:
        """Remember what was typed for a recipe."""
        self._note(**{f"of {recipe}": values})

    def _note(self, **values: Any) -> None:  # noqa: ANN401
        self.noted |= values
        self.workspace.note("train", **{self.name: self.noted})


class _Settings:
    """The chosen recipe: its length, its settings, its cost, its start."""

    def __init__(self, training: _NewTraining, recipe: Any) -> None:  # noqa: ANN401  (a Recipe, which imports torch)
        self.training, self.recipe, self.is_built = training, recipe, False
        noted = training.noted_of(recipe.recipe)
        advised: dict[str, Any] = dict([AUGMENT]) if training.needs_augmentation(recipe.recipe) else {}
        with parts.card(f"{recipe.recipe}: how long, and under which name", 2):
            with html.div().classes("settings"):
                wish = training.workspace.free_name("runs", f"{training.name}-{recipe.recipe}")
                self.name = self._field("name of the run", wish, "A folder of the workspace will have it.")
                self.steps = self._field(
                    "steps", noted.get("steps", ""), f"Rounds of the game; empty = {recipe.training.steps:,}."
                )
                self.minutes = self._field(
                    "minutes", noted.get("minutes", ""), "End early after so much time; may be empty."
                )
            self.form = Form(noted.get("given", advised), self._changed)
            group = group_of(recipe)
            self.augmentation = AugmentationSwitch(self.form, recipe.training.augment.kind, bool(advised))
            with ui.expansion("All settings", caption="of the networks and of training, with bounds and defaults"):
                for inner in group.groups:
                    with ui.expansion(inner.label.capitalize(), caption=inner.description).classes("full-width"):
                        self.form.show(inner)
            with html.div().classes("buttons"):
                self.measure = parts.button("What would it cost here?", self._plan)
                parts.button("Train", self._start, "primary")
            self.command = html.div()
            self.plan = html.div().classes("stack").props("role=status")
        self.is_built = True
        self._changed()
        self._show_plan(run_plans.kept(training.workspace, self._key()))

    def _field(self, label: str, value: str, about: str) -> ui.input:
        with html.div().classes("setting"):
            found = ui.input(label, value=value, on_change=lambda _: self._changed()).props(f'aria-label="{label}"')
            html.p(about).classes("about")
        return found

    def length(self) -> run_plans.Length:
        """Return the steps and minutes that were typed."""
        steps = run_plans.number(self.steps.value or "", int, "steps")
        return steps, run_plans.number(self.minutes.value or "", float, "minutes")

    def arguments(self) -> list[str]:
        """Return the command's arguments, but for where the run is to be."""
        length = zip(("--steps", "--minutes"), self.length(), strict=True)
        given = [word for flag, value in length if value is not None for word in (flag, str(value))]
        return [self.recipe.recipe, "--data", f"data/{self.training.name}", *given, *flags(self.form.check())]

    def _changed(self) -> None:
        if not self.is_built:
            return
        self.augmentation.follow()
        self.training.note_of(
            self.recipe.recipe,
            {"steps": self.steps.value, "minutes": self.minutes.value, "given": self.form.given},
        )
        self.command.clear()
        with self.command:
            try:
                parts.command("train", [*self.arguments(), "--out", f"runs/{self.name.value}"])
            except GanvasError as error:
                parts.words(str(error), "refused")

    def _key(self) -> list[str]:
        return [self.training.dataset.content_hash[:16], *self.arguments()]

    async def _plan(self) -> None:
        """Play a few real rounds in a process of its own, and say what all would cost."""
        key, settings = self._key(), self.form.check()
        self.measure.disable()
        self.plan.clear()
        with self.plan:
            parts.words("Playing some real rounds, for about 20 seconds ...", "quiet")
        try:
            found = await aside(run_plans.measured, self.recipe, self.training.dataset, self.length(), settings)
        except GanvasError as error:
            found = {"problem": str(error)}
        finally:
            self.measure.enable()
        run_plans.keep(self.training.workspace, key, found)
        self._show_plan(found)

    def _show_plan(self, found: dict[str, Any] | None) -> None:
        self.plan.clear()
        with self.plan:
            if found is None:
                return
            if found.get("problem"):
                parts.words(found["problem"], "refused")
            parts.facts(found.get("facts", {}))
            for words in found.get("warnings", []):
                parts.words(f"Beware: {in_form(words)}", "refused")
            if found.get("quality"):
                parts.words(f"What to expect: {found['quality']}.", "quiet")

    async def _start(self) -> None:
        arguments, settings = self.arguments(), self.form.check()
        place = self.training.workspace.place("runs", self.name.value or "")
        await aside(run_plans.check, self.recipe, self.training.dataset, settings)
        about = self.training.workspace.relative(place)
        title = f"Train {place.name}"
        jobs = self.training.workspace.jobs
        await aside(jobs.start, "train", [*arguments, "--out", about], title, place)
        ui.navigate.to(f"/train?run={quote(place.name)}")
