# ruff: noqa: E501 (tables read better in long lines)
"""IPython (ipython.readthedocs.io): what shows, and what changes an earlier cell's display."""

TABLE = r"""
[module builtins IPython.display IPython.core.display IPython.core.display_functions]
display : display -> fresh DisplayHandle
[module IPython.display IPython.core.display]
HTML Markdown Math Latex SVG Image Audio Video JSON Javascript Pretty Code IFrame FileLink : -> convert Shown
GeoJSON ProgressBar TextDisplayObject YouTubeVideo FileLinks : -> convert Shown
clear_output : -> NoneType
update_display : display -> NoneType
display_html display_markdown display_png display_svg display_latex display_pretty display_json : -> NoneType
set_matplotlib_formats set_matplotlib_close : process how figures are shown is set
[module matplotlib_inline.backend_inline]
set_matplotlib_formats set_matplotlib_close : process how figures are shown is set
[class DisplayHandle = ]
update display : mutates self ; display -> NoneType
.display_id : -> str
[class captured = ]
show __call__ : -> NoneType
.stdout .stderr : -> str
.outputs : -> view list
[class Shown = ]
.* : -> str
[module IPython]
get_ipython : barrier the shell itself is used
embed : barrier the shell itself is used
[values]
IPython.version_info : tuple
"""
