# ruff: noqa: E501 (tables read better in long lines)
"""NumPy (numpy.org/doc/stable/reference). A module without a line is not known."""

TABLE = r"""
[immutable]
dtype=numpy.dtype float64=numpy.float64 float32=numpy.float32 float16=numpy.float16
int64=numpy.int64 int32=numpy.int32 int16=numpy.int16 int8=numpy.int8 uint8=numpy.uint8
uint16=numpy.uint16 uint32=numpy.uint32 uint64=numpy.uint64 bool_=numpy.bool_
datetime64=numpy.datetime64 timedelta64=numpy.timedelta64 complex128=numpy.complex128
finfo=numpy.finfo iinfo=numpy.iinfo

[module numpy]
abs absolute acos acosh add allclose angle append apply_along_axis apply_over_axes arange : -> fresh ndarray|number
arccos arccosh arcsin arcsinh arctan arctan2 arctanh argmax argmin argpartition argsort : -> fresh ndarray|number
argwhere around array_equal array_equiv asin asinh atan atan2 atanh bartlett bincount : -> fresh ndarray|number
bitwise_and bitwise_count bitwise_invert bitwise_left_shift bitwise_not bitwise_or : -> fresh ndarray|number
bitwise_right_shift bitwise_xor blackman block bmat busday_count busday_offset cbrt ceil : -> fresh ndarray|number
choose clip column_stack compress concat concatenate conj conjugate convolve copysign corrcoef : -> fresh ndarray|number
correlate cos cosh count_nonzero cov cross cumprod cumsum cumulative_prod cumulative_sum deg2rad : -> fresh ndarray|number
degrees delete diagflat diff digitize divide dot dstack ediff1d empty empty_like equal exp : -> fresh ndarray|number
exp2 expm1 extract eye fabs fix flatnonzero float_power floor floor_divide fmax fmin fmod : -> fresh ndarray|number
fromfunction fromiter fromregex fromstring full full_like gcd geomspace gradient : -> fresh ndarray|number
greater greater_equal hamming hanning heaviside histogram_bin_edges hstack hypot i0 identity in1d : -> fresh ndarray|number
indices inner insert interp intersect1d invert isclose iscomplex isfinite isin isinf isnan isnat : -> fresh ndarray|number
isneginf isposinf isreal kaiser kron lcm ldexp left_shift less less_equal lexsort linspace log : -> fresh ndarray|number
log10 log1p log2 logaddexp logaddexp2 logical_and logical_not logical_or logical_xor logspace : -> fresh ndarray|number
matmul matvec max maximum mean median min minimum mod multiply nanargmax nanargmin : -> fresh ndarray|number
amax amin all any average nancumprod nancumsum nanmax nanmean nanmedian nanmin nanpercentile : -> fresh ndarray|number
nanprod nanquantile nanstd nansum nanvar negative nextafter not_equal ones ones_like : -> fresh ndarray|number
outer packbits pad partition percentile piecewise poly polyadd polyder polyint polymul : -> fresh ndarray|number
polyfit polysub polyval positive power pow prod ptp quantile rad2deg radians reciprocal remainder : -> fresh ndarray|number
repeat resize right_shift rint roll roots round row_stack searchsorted select setdiff1d setxor1d : -> fresh ndarray|number
sign signbit sin sinc sinh sort sort_complex spacing sqrt square stack std subtract sum take : -> fresh ndarray|number
take_along_axis tan tanh tensordot tile trace trapezoid trapz tri tril triu true_divide trunc : -> fresh ndarray|number
union1d unpackbits unwrap vander var vdot vecdot vecmat vstack zeros zeros_like copy argpartition : -> fresh ndarray|number
where : -> fresh ndarray|tuple[ndarray]
array asmatrix matrix : -> convert ndarray
frombuffer asarray asanyarray ascontiguousarray asfortranarray asarray_chkfinite require squeeze ravel : -> view ndarray
reshape transpose permute_dims matrix_transpose swapaxes moveaxis rollaxis expand_dims flip : -> view ndarray
fliplr flipud rot90 atleast_1d atleast_2d atleast_3d broadcast_to broadcast_arrays diag diagonal : -> view ndarray
real imag real_if_close array_split split hsplit vsplit dsplit trim_zeros unstack astype einsum ix_ poly1d : -> view ndarray
nonzero unravel_index unique unique_all unique_counts unique_inverse unique_values : -> parts ndarray
histogram histogram2d histogramdd meshgrid modf frexp divmod polydiv diag_indices : -> parts ndarray
tril_indices triu_indices diag_indices_from tril_indices_from triu_indices_from mask_indices : -> parts ndarray
ogrid mgrid : -> parts ndarray
allclose array_equal array_equiv can_cast isscalar issubdtype iscomplexobj isrealobj isfortran : -> bool
may_share_memory shares_memory isdtype is_busday iterable : -> bool
ndim size shape array2string array_repr array_str base_repr binary_repr format_float_positional : -> str|number|tuple
format_float_scientific result_type promote_types common_type min_scalar_type get_include info : -> str|dtype
geterr get_printoptions getbufsize show_config typename ravel_multi_index broadcast_shapes : -> fresh dict|number
nan_to_num : uncopied -> fresh ndarray|number
copyto put place putmask fill_diagonal put_along_axis : mutates 0 -> NoneType
vectorize frompyfunc : -> alias ufunc
nditer : -> view iterator[ndarray]
ndenumerate ndindex : -> view iterator
set_printoptions : process the printing of arrays is set
seterr seterrcall setbufsize : process the handling of floating-point errors is set
errstate printoptions : restores -> fresh restorer
save : writes 0 file -> NoneType
savez savez_compressed savetxt : writes 0 file fname -> NoneType
load : reads 0 file -> fresh ndarray|npz
loadtxt genfromtxt fromfile : reads 0 fname file -> fresh ndarray, unpack:parts ndarray
memmap : reads 0 filename ; writes 0 filename ; unshippable a file mapped into memory -> fresh ndarray
[class ndarray = numpy.ndarray]
all any argmax argmin argpartition argsort choose clip compress conj conjugate copy cumprod : -> fresh ndarray|number
cumsum dot max mean min nonzero prod ptp repeat round searchsorted std sum take trace var : -> fresh ndarray|number
astype : -> fresh ndarray
item tobytes dumps tolist : -> fresh list|number|bytes[list/number/str]
diagonal flatten ravel reshape squeeze swapaxes transpose view getfield : -> view ndarray
flatten : -> fresh ndarray
flush fill partition put resize setfield setflags sort itemset : mutates self -> NoneType
byteswap : -> fresh ndarray
tofile dump : writes 0 -> NoneType
.T .flat .real .imag .base .mT : -> view ndarray
.shape .strides .size .ndim .nbytes .itemsize .dtype : -> tuple|number|dtype
.data .ctypes : barrier works on memory directly
[] : -> view ndarray|number
iter : -> view ndarray|number
[class npz = ]
[] : -> fresh ndarray
keys : -> fresh list[str]
.files : -> fresh list[str]
close : mutates self -> NoneType
[class ufunc = ]
() : -> fresh ndarray|number
reduce accumulate outer reduceat : -> fresh ndarray|number
at : mutates 0 -> NoneType
[module numpy.add numpy.multiply numpy.subtract numpy.maximum numpy.minimum numpy.logical_and numpy.logical_or]
reduce accumulate outer reduceat : -> fresh ndarray|number
at : mutates 0 -> NoneType
[module numpy.linalg numpy.fft]
* : -> fresh ndarray|number
eig eigh qr slogdet svd lstsq : -> parts ndarray
[module numpy.char numpy.strings numpy.polynomial numpy.polynomial.polynomial numpy.emath]
* : -> fresh ndarray|number
[module numpy.lib.stride_tricks]
sliding_window_view as_strided broadcast_to broadcast_arrays : -> view ndarray
[module numpy.ma]
* : -> alias ndarray
[module numpy.testing]
* : -> NoneType
[module numpy.random]
rand randn randint random random_sample ranf sample bytes choice : random <numpy.random> -> fresh ndarray|number
permutation beta binomial chisquare dirichlet exponential f gamma geometric gumbel : random <numpy.random> -> fresh ndarray|number
hypergeometric laplace logistic lognormal logseries multinomial multivariate_normal : random <numpy.random> -> fresh ndarray|number
negative_binomial noncentral_chisquare noncentral_f normal pareto poisson power rayleigh : random <numpy.random> -> fresh ndarray|number
standard_cauchy standard_exponential standard_gamma standard_normal standard_t triangular : random <numpy.random> -> fresh ndarray|number
uniform vonmises wald weibull zipf random_integers : random <numpy.random> -> fresh ndarray|number
shuffle : mutates 0 ; random <numpy.random> -> NoneType
seed set_state : seeds <numpy.random> -> NoneType
get_state : random <numpy.random> -> fresh tuple[number]
default_rng Generator : -> alias Generator
RandomState : -> fresh RandomState
SeedSequence PCG64 MT19937 Philox SFC64 : -> alias SeedSequence
[class SeedSequence = ]
* : mutates self -> alias
[class Generator RandomState = ]
* : mutates self -> fresh ndarray|number
shuffle : mutates 0 self -> NoneType
permuted : mutates self out -> fresh ndarray
seed set_state : mutates self -> NoneType
spawn : mutates self -> alias list
.bit_generator : -> view SeedSequence
[values]
numpy.pi : float
numpy.e : float
numpy.inf : float
numpy.nan : float
numpy.newaxis : NoneType
numpy.NaN : float
numpy.euler_gamma : float
numpy.r_ : indexer
numpy.c_ : indexer
numpy.s_ : indexer
numpy.mgrid : indexer
numpy.ogrid : indexer
[class indexer = ]
[] : -> fresh ndarray
[immutable]
indexer
[class sparse = ]
* : -> fresh sparse|ndarray|number
.T .data .indices .indptr : -> view ndarray|sparse
.shape .nnz .dtype : -> tuple|number
[] : -> fresh sparse|ndarray|number
sort_indices sum_duplicates eliminate_zeros setdiag resize : mutates self -> NoneType
[positions numpy]
1 copy : nan_to_num
1 out : abs absolute acos acosh arccos arccosh arcsin arcsinh arctan arctanh asin asinh atan atanh
1 out : bitwise_count bitwise_invert bitwise_not cbrt ceil conj conjugate cos cosh deg2rad degrees exp exp2
1 out : expm1 fabs fix floor frexp invert isfinite isinf isnan isnat isneginf isposinf log log10 log1p log2
1 out : logical_not modf negative positive rad2deg radians reciprocal rint sign signbit sin sinh spacing
1 out : sqrt square tan tanh trunc
2 out : add all amax amin any arctan2 argmax argmin around atan2 bitwise_and bitwise_left_shift bitwise_or
2 out : bitwise_right_shift bitwise_xor choose concat concatenate copysign divide divmod dot equal
2 out : float_power floor_divide fmax fmin fmod frexp gcd greater greater_equal heaviside hypot lcm ldexp
2 out : left_shift less less_equal logaddexp logaddexp2 logical_and logical_or logical_xor matmul matvec max
2 out : maximum median min minimum mod modf multiply nanargmax nanargmin nanmax nanmedian nanmin nextafter
2 out : not_equal outer pow power ptp remainder right_shift round stack subtract true_divide vecdot vecmat
3 out : clip compress cumprod cumsum divmod mean nancumprod nancumsum nanmean nanpercentile nanprod
3 out : nanquantile nanstd nansum nanvar percentile prod quantile std sum take var
3 overwrite_input : median nanmedian
4 out : is_busday
4 overwrite_input : nanpercentile nanquantile percentile quantile
5 out : busday_count trace
6 out : busday_offset
[positions numpy.add numpy.multiply numpy.subtract numpy.maximum numpy.minimum numpy.logical_and numpy.logical_or]
3 out : accumulate reduce
4 out : reduceat
[positions ndarray]
0 inplace : byteswap
1 out : all any argmax argmin choose dot max min round
2 out : clip compress cumprod cumsum mean prod std sum take var
4 copy : astype
4 out : trace
[positions ufunc]
3 out : accumulate reduce
4 out : reduceat
[positions numpy.fft]
4 out : fft ifft rfft irfft hfft ihfft fftn ifftn rfftn irfftn fft2 ifft2 rfft2 irfft2
[positions Generator]
2 out : random standard_normal
3 out : standard_exponential standard_gamma
"""
