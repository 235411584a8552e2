"""Sphinx configuration of the Torchproof site."""

from __future__ import annotations

import doctest
import os

project = "Torchproof"
author = "The Torchproof developers"
copyright = "2026, The Torchproof developers"

extensions = [
    "myst_parser",
    "sphinx_copybutton",
    "sphinx_gallery.gen_gallery",
    "torchproof.sphinx_ext",
]
nitpicky = True
# A list of its own: sphinx-gallery adds to Sphinx's default, once for each build of a process.
templates_path = ["_templates"]
exclude_patterns = ["_build", "locale", "panes", "verified", "gallery/**/GALLERY_HEADER.rst"]
myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3

# The stock judge compares exception messages too.
doctest_default_flags = doctest.ELLIPSIS | doctest.DONT_ACCEPT_TRUE_FOR_1
doctest_test_doctest_blocks = ""

sphinx_gallery_conf = {
    "examples_dirs": ["../gallery/nn_module", "../gallery/autograd", "../gallery/visdom"],
    "gallery_dirs": ["gallery/nn_module", "gallery/autograd", "gallery/visdom"],
    "filename_pattern": r"\.py$",
    "image_scrapers": (
        "torchproof.hosts.gallery_hooks.scrape_figures",
        "torchproof.hosts.gallery_hooks.scrape",
    ),
    "reset_modules": ("matplotlib", "torchproof.hosts.gallery_hooks.reset"),
    "reset_modules_order": "both",
    "image_srcset": ["2x"],
    "within_subsection_order": "FileNameSortKey",
    "remove_config_comments": True,
    "plot_gallery": "True",
    # Times differ from build to build; two builds of one commit are the same bytes.
    "min_reported_time": 1_000_000,
    "write_computation_times": False,
    "download_all_examples": False,
    "show_signature": False,
    "first_notebook_cell": "%pip install torch visdom matplotlib",
}

pygments_dark_style = "a11y-high-contrast-dark"
# A catalogue for each page; what is shown as it is typed is in none.
locale_dirs = ["locale"]
gettext_compact = False
gettext_uuid = False
gettext_location = True

html_theme = "furo"
html_title = "Torchproof"
html_static_path = ["_static"]
html_css_files = [
    "torchproof.css",
    "width.css",
    "front.css",
    "names.css",
    "tables.css",
    "code-links.css",
    "facts.css",
    "statements.css",
    "parameters.css",
    "folds.css",
    "moved.css",
    "page-links.css",
    "reach.css",
    "search/search.css",
    "print.css",
]
html_js_files = [
    (f"{name}.js", {"defer": "defer"})
    for name in (
        "folds",
        "moved",
        "filters",
        "names",
        "reach",
        "search/words",
        "search/result",
        "search/view",
        "search/open",
    )
]
html_favicon = "_static/favicon.svg"
html_copy_source = False
html_show_sourcelink = False
# Where the site and its sources are published; without them nothing is shown of either.
torchproof_repository = os.environ.get("TORCHPROOF_REPOSITORY", "")
html_baseurl = os.environ.get("TORCHPROOF_BASEURL", "")
torchproof_statements = ["nn-module/*", "autograd/*", "visdom/*", "torchproof", "replay"]
torchproof_card_alt = "Torchproof: the PyTorch reference that proves itself"
html_theme_options = {
    "source_repository": torchproof_repository,
    "source_branch": "main",
    "source_directory": "docs/",
    "light_css_variables": {"color-brand-primary": "#9a3412", "color-brand-content": "#9a3412"},
    "dark_css_variables": {"color-brand-primary": "#fdba74", "color-brand-content": "#fdba74"},
}
copybutton_prompt_text = r">>> |\.\.\.(?: |$)"
copybutton_prompt_is_regexp = True
copybutton_only_copy_prompt_lines = True
