# ruff: noqa: E501 (tables read better in long lines)
"""pandas (pandas.pydata.org/docs/reference). A line's `inplace=True` is the interpreter's matter."""

TABLE = r"""
[immutable]
Timestamp=pandas.Timestamp Timedelta=pandas.Timedelta Period=pandas.Period Interval=pandas.Interval
DateOffset=pandas.DateOffset CategoricalDtype=pandas.CategoricalDtype NamedAgg=pandas.NamedAgg
Grouper=pandas.Grouper DtypeObj

[module pandas]
DataFrame : -> convert DataFrame
Series : -> convert Series
Index MultiIndex CategoricalIndex DatetimeIndex RangeIndex IntervalIndex : -> convert Index
Categorical : -> fresh Index
concat merge merge_asof merge_ordered get_dummies from_dummies crosstab pivot pivot_table melt : -> fresh DataFrame|Series
wide_to_long lreshape : -> fresh DataFrame
json_normalize : -> convert DataFrame[?]
cut qcut : -> parts Series|Index
factorize : -> parts ndarray|Index
isna isnull notna notnull unique to_numeric to_datetime to_timedelta : -> fresh Series|ndarray|Index|Timestamp|number
date_range bdate_range period_range timedelta_range interval_range : -> fresh Index
read_json read_pickle : reads 0 path filepath_or_buffer path_or_buf -> fresh DataFrame[?]
read_csv read_table read_excel read_parquet read_feather read_fwf read_hdf : reads 0 path filepath_or_buffer io -> fresh DataFrame
read_html read_xml read_orc read_sas read_spss read_stata : reads 0 io -> fresh DataFrame|list[DataFrame]
read_sql read_sql_query read_sql_table : mutates 1 con -> fresh DataFrame
get_option describe_option infer_freq show_versions : -> str|number
set_option reset_option set_eng_float_format : process a pandas option is set
option_context : restores -> fresh restorer
ExcelWriter HDFStore : outside writes a file ; writes 0 path ; unshippable an open file -> fresh writer
ExcelFile : reads 0 ; unshippable an open file -> fresh writer
to_pickle : outside writes a file ; writes 1 -> NoneType
eval : text pandas -> fresh DataFrame|Series|number
[values]
pandas.NA : NoneType
pandas.NaT : NoneType
pandas.options : process
pandas.IndexSlice : indexer
[module pandas.api.types]
* : -> bool
[module pandas.api.extensions]
register_dataframe_accessor register_series_accessor register_index_accessor : hooks registers an accessor -> alias decorator
register_extension_dtype : hooks registers a type -> alias
[module pandas.testing]
* : -> NoneType
[class writer = ]
* : outside writes a file ; writes <files> ; mutates self -> alias

[class Frame = ]
abs add add_prefix add_suffix agg aggregate align all any asfreq asof astype at_time between_time : -> fresh DataFrame|Series|number
bfill clip combine combine_first compare convert_dtypes copy corr corrwith count cov cummax cummin : -> fresh DataFrame|Series|number
cumprod cumsum describe diff div divide dot drop drop_duplicates droplevel dropna duplicated eq : -> fresh DataFrame|Series|number
equals explode ffill fillna filter first last floordiv ge gt head idxmax idxmin infer_objects : -> fresh DataFrame|Series|number
interpolate isin isna isnull join kurt kurtosis le lt mask max mean median melt memory_usage merge : -> fresh DataFrame|Series|number
min mod mode mul multiply ne nlargest notna notnull nsmallest nunique pct_change pivot pivot_table : -> fresh DataFrame|Series|number
pow prod product quantile radd rank rdiv reindex reindex_like rename rename_axis reorder_levels : -> fresh DataFrame|Series|number
replace reset_index rfloordiv rmod rmul round rpow rsub rtruediv select_dtypes sem set_axis : -> fresh DataFrame|Series|number
set_flags set_index shift skew sort_index sort_values stack std sub subtract sum swaplevel tail : -> fresh DataFrame|Series|number
take to_period to_timestamp truediv truncate tz_convert tz_localize unstack value_counts var where : -> fresh DataFrame|Series|number
argmax argmin argsort autocorr between case_when divmod factorize item searchsorted case_when : -> fresh Series|number
repeat get_value map applymap transform apply assign first_valid_index last_valid_index : -> fresh DataFrame|Series|number
squeeze transpose swapaxes xs : -> view DataFrame|Series
get : -> alias DataFrame|Series
pipe : -> alias
head tail : -> view DataFrame|Series
query eval : text pandas -> fresh DataFrame|Series
sample : seeded random_state -> fresh DataFrame|Series
unique : -> fresh ndarray
groupby rolling expanding ewm resample : -> view Grouped
iterrows : -> view iterator[Series/str/number]
itertuples : -> copy iterator[tuple/str/number]
items : -> view iterator[Series/str]
keys : -> view Index
insert : mutates self ; stores -> NoneType
update isetitem : mutates self ; stores -> NoneType
pop : mutates self -> fresh Series
to_numpy : -> view ndarray
to_list tolist : -> fresh list[str/number/Timestamp]
to_dict : -> copy dict|list[dict/list/str/number/Timestamp]
to_records to_xarray : -> fresh ndarray
to_frame : -> view DataFrame
to_string to_latex to_markdown : -> str
info : -> NoneType
to_csv to_excel to_json to_parquet to_pickle to_feather to_hdf to_html to_xml to_stata to_orc : writes 0 path_or_buf path excel_writer buf -> str
to_sql : outside a database ; mutates 1 con -> number
to_clipboard to_gbq : outside the clipboard or a service -> NoneType
hist boxplot : pyplot -> alias
.plot : pyplot -> view Plotter
assign map replace fillna where mask combine_first reindex case_when : -> holding DataFrame|Series
.style : -> view Styler
.T .values .array : -> view DataFrame|ndarray
.index .columns .axes .dtypes .flags : -> view Index
.attrs : -> view dict
.shape .size .ndim .empty .nbytes .dtype .name .names .hasnans .is_unique : -> tuple|number|str
.is_monotonic_increasing .is_monotonic_decreasing : -> bool
.loc .iloc .at .iat : -> view Locator
.str .dt .cat .sparse : -> view Accessor
[class DataFrame(Frame) = ]
from_dict from_records : -> convert DataFrame
.* : -> view Series
[] : -> view Series|DataFrame
iter : -> str
[class Series(Frame) = ]
.* : -> view Series|number
[] : -> item
iter : -> item
[class Index(Frame) = ]
append delete difference intersection union symmetric_difference get_level_values sortlevel : -> fresh Index
set_names get_indexer to_series to_flat_index insert from_tuples from_product from_arrays from_frame : -> fresh Index
get_loc get_slice_bound slice_locs : -> number
is_ identical : -> bool
[] : -> view Index|str|number|Timestamp
iter : -> str|number|Timestamp|tuple
.* : -> view Index|number
[class Locator = ]
[] : -> view DataFrame|Series|number|str
[class Accessor = ]
* : -> fresh Series|DataFrame
.* : -> fresh Series
[] : -> fresh Series
[class Styler = ]
* : mutates self -> self
to_excel to_html to_latex : -> str
[class Grouped = ]
* : -> fresh DataFrame|Series|Grouped
apply agg aggregate transform filter : -> fresh DataFrame|Series
pipe : -> alias
rolling expanding resample ewm : -> view Grouped
get_group : -> fresh DataFrame
sample : seeded random_state -> fresh DataFrame
plot hist boxplot : pyplot -> alias
.groups .indices : -> fresh dict[str/number/Index/ndarray]
.ngroups .ndim : -> number
.plot : pyplot -> view Plotter
.* : -> view Grouped
[] : -> view Grouped
iter : -> view tuple[str/number/DataFrame/Series]
[class Plotter = ]
* : pyplot -> fresh Axes
() : pyplot -> fresh Axes
[positions Frame]
0 copy : infer_objects
1 copy : astype to_numpy to_period
2 copy : reindex_like swaplevel to_period to_timestamp
3 copy : to_timestamp truncate tz_convert tz_localize
4 copy : align
9 copy : merge
"""
