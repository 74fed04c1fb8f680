"""The pages of the studio, in the order of the road: a row here and a function `page(workspace)` for a new one."""

from ganvas.catalogue import Entry

PAGES: dict[str, Entry] = {
    "start": Entry("ganvas.studio.pages.start:page", "where you are on the road, and what comes next"),
    "data": Entry("ganvas.studio.pages.data:page", "drop pictures, see what is good, make a dataset"),
    "train": Entry("ganvas.studio.pages.train:page", "choose a recipe, watch it learn"),
    "evaluate": Entry("ganvas.studio.pages.evaluate:page", "how good it is, and how sure that is"),
    "explore": Entry("ganvas.studio.pages.explore:page", "draw, walk, change, keep favourites"),
    "export": Entry("ganvas.studio.pages.export:page", "models, web pages and films for others"),
    "jobs": Entry("ganvas.studio.pages.jobs:page", "everything that was begun here, and what it said"),
}
