# ruff: noqa: E501 (tables read better in long lines)
"""matplotlib (matplotlib.org/stable/api). With the inline backend a cell's figures end with it."""

TABLE = r"""
[module matplotlib.pyplot]
acorr angle_spectrum annotate arrow autoscale autumn axes axhline axhspan axis axline axvline : pyplot -> fresh Artist
axvspan bar bar_label barbs barh bone box boxplot broken_barh cla clabel clf clim close cohere : pyplot -> fresh Artist
colorbar contour contourf cool copper csd delaxes draw ecdf errorbar eventplot figimage figlegend : pyplot -> fresh Artist
figtext figure fill fill_between fill_betweenx findobj flag gca gcf gci gray grid hexbin hist hist2d : pyplot -> fresh Artist
hlines hot hsv imshow inferno jet legend locator_params loglog magma magnitude_spectrum margins : pyplot -> fresh Artist
matshow minorticks_off minorticks_on nipy_spectral pcolor pcolormesh phase_spectrum pie pink plasma : pyplot -> fresh Artist
plot polar prism psd quiver quiverkey rgrids scatter sci semilogx semilogy set_cmap specgram spring : pyplot -> fresh Artist
spy stackplot stairs stem step streamplot subplot subplot2grid subplot_mosaic subplots : pyplot -> fresh Artist
subplots_adjust summer suptitle table text thetagrids tick_params ticklabel_format tight_layout : pyplot -> fresh Artist
title tricontour tricontourf tripcolor triplot twinx twiny violinplot viridis vlines winter xcorr : pyplot -> fresh Artist
xlabel xlim xscale xticks ylabel ylim yscale yticks grouped_bar plot_date : pyplot -> fresh Artist
sca setp : mutates * ; pyplot -> NoneType
show pause draw_if_interactive : pyplot -> NoneType
getp get_fignums get_figlabels fignum_exists isinteractive get_backend get_plot_commands : -> str|number
get_cmap cycler : -> fresh Norm
savefig : pyplot ; writes 0 fname -> NoneType
imsave : writes 0 fname -> NoneType
imread : reads 0 fname -> fresh ndarray
xkcd : process plotting parameters are set -> fresh restorer
rc rcdefaults : process plotting parameters are set -> NoneType
rc_context : restores -> fresh restorer
ion ioff : sticky the plotting backend is set -> fresh restorer
switch_backend install_repl_displayhook uninstall_repl_displayhook : sticky the plotting backend is set -> NoneType
[module matplotlib.style matplotlib.pyplot.style]
use : process the plotting style is set -> NoneType
context : restores -> fresh restorer
reload_library : -> NoneType
[values]
matplotlib.rcParams : process
matplotlib.pyplot.rcParams : process
matplotlib.style.available : list
matplotlib.pyplot.style.available : list
matplotlib.pyplot.cm : =matplotlib.cm
matplotlib.colormaps : colormaps
matplotlib.pyplot.colormaps : colormaps
matplotlib.color_sequences : colormaps
matplotlib.rcParamsDefault : process
matplotlib.units.registry : process
matplotlib.font_manager.fontManager : process
[immutable]
colormaps
[class colormaps = ]
register unregister : process a colormap is registered -> NoneType
get_cmap get [] : -> fresh Norm
() : -> fresh list[str]
* : -> fresh
iter : -> str
[module matplotlib]
use : sticky the plotting backend is set -> NoneType
rc rcdefaults : process plotting parameters are set -> NoneType
rc_file : process plotting parameters are set ; reads 0 -> NoneType
rc_context : restores -> fresh restorer
get_backend : -> str
[module matplotlib.cm matplotlib.colors matplotlib.ticker matplotlib.dates]
* : -> fresh Norm
[module matplotlib.patches matplotlib.lines matplotlib.figure matplotlib.gridspec]
* : -> fresh Artist
[module seaborn]
* : mutates ax ; pyplot -> fresh Artist
set set_theme set_style set_palette set_context reset_defaults reset_orig set_color_codes : process the plotting style is set -> NoneType
load_dataset get_dataset_names : outside network -> fresh DataFrame
color_palette hls_palette husl_palette light_palette dark_palette diverging_palette cubehelix_palette mpl_palette : -> fresh list[tuple]
axes_style plotting_context : restores -> fresh dict
[class Norm = ]
* : -> fresh
() : -> fresh ndarray|tuple|number
.* : -> fresh
[class Artist = ]
* : mutates self ; pyplot -> view Artist
get_xlim get_ylim get_title get_xlabel get_ylabel get_size_inches get_facecolor get_color : -> fresh tuple|str|number
savefig : writes 0 fname -> NoneType
show : -> NoneType
.* : -> view Artist
[] : -> view Artist
iter : -> view Artist
[class Axes(Artist) = ]
"""
