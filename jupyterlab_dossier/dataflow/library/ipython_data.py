# ruff: noqa: E501 (tables read better in long lines)
"""IPython (ipython.readthedocs.io): what shows, and what changes an earlier cell's display."""

TABLE = r"""
[module builtins IPython]
get_ipython : -> shell
[immutable]
shell
[class shell = ]
* : barrier the shell itself is used
.user_ns .user_global_ns : -> namespace
.* : -> shell
[] : -> shell
register register_magics register_magic_function register_magic_function for_type for_type_by_name : hooks sets up IPython -> NoneType
set_custom_exc add_builtin append insert register_post_execute define_magic define_macro : hooks sets up IPython -> NoneType
enable_gui enable_matplotlib enable_pylab : sticky sets up IPython -> NoneType
[module IPython.core.magic]
register_line_magic register_cell_magic register_line_cell_magic : hooks registers a magic -> alias decorator
needs_local_scope no_var_expand magics_class line_magic cell_magic : -> alias decorator
[module IPython.core.interactiveshell]
* : barrier the shell itself is used
[values]
IPython.core.interactiveshell.InteractiveShell.ast_node_interactivity : process
[module builtins IPython.display IPython.core.display IPython.core.display_functions]
display : display -> fresh DisplayHandle
[module IPython.display IPython.core.display]
JSON GeoJSON : -> alias Shown
HTML Markdown Math Latex SVG Image Audio Video Javascript Pretty Code IFrame FileLink : -> convert Shown
ProgressBar TextDisplayObject YouTubeVideo FileLinks : -> convert Shown
clear_output : -> NoneType
update_display : display -> NoneType
display_html display_markdown display_png display_svg display_latex display_pretty display_json : -> NoneType
set_matplotlib_formats set_matplotlib_close : process how figures are shown is set
[module matplotlib_inline.backend_inline]
set_matplotlib_formats set_matplotlib_close : process how figures are shown is set
[class DisplayHandle = ]
update display : display -> NoneType
.display_id : -> str
[class captured = ]
show __call__ : -> NoneType
.stdout .stderr : -> str
.outputs : -> view list
[class Shown = ]
.data .metadata : -> view
.* : -> str
[module IPython]
embed : barrier the shell itself is used
[values]
IPython.version_info : tuple
"""
