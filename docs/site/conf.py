"""Sphinx's settings. The pages are Markdown; nothing is loaded from the network, neither here nor by a reader."""

project = "Ganvas"
author = "the Ganvas contributors"
project_copyright = "the Ganvas contributors, Apache-2.0"
language = "en"

extensions = ["myst_parser"]
myst_enable_extensions = ["colon_fence"]
myst_heading_anchors = 4  # the names that links use, as on GitHub
root_doc = "index"

add_module_names = False
maximum_signature_line_length = 60
python_use_unqualified_type_names = True
toc_object_entries_show_parents = "hide"

html_theme = "furo"
html_title = "Ganvas"
html_copy_source = False
html_show_sphinx = False
html_static_path = ["static"]
html_css_files = ["site.css"]
html_theme_options = {"navigation_with_keys": True}
pygments_style = "friendly"
pygments_dark_style = "native"
