# ruff: noqa: E501 (tables read better in long lines)
"""SciPy (docs.scipy.org/doc/scipy/reference). Its functions make new arrays unless told to overwrite."""

TABLE = r"""
[immutable]
distribution
[values]
scipy.stats.alpha scipy.stats.anglit scipy.stats.arcsine scipy.stats.argus scipy.stats.beta scipy.stats.betaprime : distribution
scipy.stats.bradford scipy.stats.burr scipy.stats.burr12 scipy.stats.cauchy scipy.stats.chi scipy.stats.chi2 scipy.stats.cosine : distribution
scipy.stats.crystalball scipy.stats.dgamma scipy.stats.dweibull scipy.stats.erlang scipy.stats.expon scipy.stats.exponnorm : distribution
scipy.stats.exponpow scipy.stats.exponweib scipy.stats.f scipy.stats.fatiguelife scipy.stats.fisk scipy.stats.foldcauchy : distribution
scipy.stats.foldnorm scipy.stats.gamma scipy.stats.gausshyper scipy.stats.genexpon scipy.stats.genextreme scipy.stats.gengamma : distribution
scipy.stats.genhalflogistic scipy.stats.genhyperbolic scipy.stats.geninvgauss scipy.stats.genlogistic scipy.stats.gennorm : distribution
scipy.stats.genpareto scipy.stats.gibrat scipy.stats.gompertz scipy.stats.gumbel_l scipy.stats.gumbel_r scipy.stats.halfcauchy : distribution
scipy.stats.halfgennorm scipy.stats.halflogistic scipy.stats.halfnorm scipy.stats.hypsecant scipy.stats.invgamma scipy.stats.invgauss : distribution
scipy.stats.invweibull scipy.stats.jf_skew_t scipy.stats.johnsonsb scipy.stats.johnsonsu scipy.stats.kappa3 scipy.stats.kappa4 : distribution
scipy.stats.ksone scipy.stats.kstwo scipy.stats.kstwobign scipy.stats.laplace scipy.stats.laplace_asymmetric scipy.stats.levy : distribution
scipy.stats.levy_l scipy.stats.levy_stable scipy.stats.loggamma scipy.stats.logistic scipy.stats.loglaplace scipy.stats.lognorm : distribution
scipy.stats.loguniform scipy.stats.lomax scipy.stats.maxwell scipy.stats.mielke scipy.stats.moyal scipy.stats.nakagami scipy.stats.ncf : distribution
scipy.stats.nct scipy.stats.ncx2 scipy.stats.norm scipy.stats.norminvgauss scipy.stats.pareto scipy.stats.pearson3 scipy.stats.powerlaw : distribution
scipy.stats.powerlognorm scipy.stats.powernorm scipy.stats.rayleigh scipy.stats.rdist scipy.stats.recipinvgauss scipy.stats.reciprocal : distribution
scipy.stats.rel_breitwigner scipy.stats.rice scipy.stats.semicircular scipy.stats.skewcauchy scipy.stats.skewnorm : distribution
scipy.stats.studentized_range scipy.stats.t scipy.stats.trapezoid scipy.stats.trapz scipy.stats.triang scipy.stats.truncexpon : distribution
scipy.stats.truncnorm scipy.stats.truncpareto scipy.stats.truncweibull_min scipy.stats.tukeylambda scipy.stats.uniform : distribution
scipy.stats.vonmises scipy.stats.vonmises_line scipy.stats.wald scipy.stats.weibull_max scipy.stats.weibull_min scipy.stats.wrapcauchy : distribution
scipy.stats.bernoulli scipy.stats.betabinom scipy.stats.betanbinom scipy.stats.binom scipy.stats.boltzmann scipy.stats.dlaplace : distribution
scipy.stats.geom scipy.stats.hypergeom scipy.stats.logser scipy.stats.nbinom scipy.stats.nchypergeom_fisher scipy.stats.nhypergeom : distribution
scipy.stats.nchypergeom_wallenius scipy.stats.planck scipy.stats.poisson scipy.stats.randint scipy.stats.skellam : distribution
scipy.stats.yulesimon scipy.stats.zipf scipy.stats.zipfian scipy.stats.multivariate_normal scipy.stats.dirichlet : distribution
scipy.stats.dirichlet_multinomial scipy.stats.invwishart scipy.stats.matrix_normal scipy.stats.matrix_t scipy.stats.multinomial : distribution
scipy.stats.multivariate_hypergeom scipy.stats.multivariate_t scipy.stats.ortho_group scipy.stats.random_correlation : distribution
scipy.stats.random_table scipy.stats.special_ortho_group scipy.stats.uniform_direction scipy.stats.unitary_group : distribution
scipy.stats.vonmises_fisher scipy.stats.wishart : distribution
[class distribution = ]
rvs : seeded random_state -> fresh ndarray|number
* : -> fresh ndarray|number|tuple[ndarray/number]
() : -> alias frozen
.name .shapes : -> str
.* : -> number
[class frozen = ]
rvs : mutates self ; seeded random_state -> fresh ndarray|number
* : -> fresh ndarray|number|tuple[ndarray/number]
.dist : -> distribution
.* : -> view
[class ScipyResult(dict) = scipy.optimize.OptimizeResult]
.* : -> view ndarray|number|str|bool
[] : -> view ndarray|number
iter : -> view ndarray|number|str
* : -> view ndarray|number

[module scipy.stats scipy.stats.mstats]
* : -> fresh ScipyResult
zscore gzscore rankdata boxcox yeojohnson trim1 trimboth winsorize sigmaclip cumfreq relfreq obrientransform : -> parts ndarray
gmean hmean pmean mode moment skew kurtosis sem iqr median_abs_deviation trim_mean entropy differential_entropy : -> fresh ndarray|number
percentileofscore scoreatpercentile tmean tvar tstd tsem variation circmean circvar circstd wasserstein_distance energy_distance : -> fresh ndarray|number
bootstrap permutation_test monte_carlo_test power dunnett goodness_of_fit : seeded random_state -> fresh ScipyResult
gaussian_kde : -> alias kde
rv_histogram rv_discrete rv_continuous : -> alias frozen
probplot boxcox_normplot ppcc_plot yeojohnson_normplot : mutates plot ; pyplot -> fresh Artist
[class kde = ]
resample : seeded seed -> fresh ndarray
set_bandwidth : mutates self -> NoneType
* : -> fresh ndarray|number
() : -> fresh ndarray
.* : -> view ndarray|number
[module scipy.stats.qmc]
* : -> fresh ndarray|number
Sobol Halton LatinHypercube PoissonDisk MultinomialQMC MultivariateNormalQMC : -> alias qmc
[class qmc = ]
* : mutates self -> fresh ndarray

[module scipy.optimize]
* : -> fresh ScipyResult
curve_fit leastsq fsolve linear_sum_assignment nnls fmin fmin_bfgs fmin_cg fmin_ncg fmin_powell fmin_l_bfgs_b : -> parts ndarray|number
brentq bisect brenth ridder toms748 newton fixed_point golden fminbound brent line_search : -> fresh number|ndarray|tuple
approx_fprime check_grad rosen rosen_der rosen_hess : -> fresh ndarray|number
differential_evolution dual_annealing : seeded seed -> fresh ScipyResult
basinhopping : seeded seed -> fresh ScipyResult
Bounds LinearConstraint NonlinearConstraint BFGS SR1 : -> alias

[module scipy.linalg scipy.fft scipy.fftpack scipy.special scipy.signal scipy.signal.windows scipy.ndimage scipy.constants]
* : -> fresh ndarray|number
[module scipy.linalg]
eig eigh eig_banded svd qr lu lu_factor ldl schur hessenberg cho_factor lstsq polar rq qz cossin expm_frechet : -> parts ndarray|number
get_blas_funcs get_lapack_funcs find_best_blas_type : -> alias
[module scipy.special]
seterr errstate : process errors of special functions are set
[module scipy.fft]
set_workers set_backend skip_backend : restores -> fresh restorer
set_global_backend register_backend : sticky the backend of transforms is set
[module scipy.signal]
butter cheby1 cheby2 ellip bessel iirfilter iirdesign iirpeak iirnotch find_peaks periodogram welch csd coherence : -> parts ndarray|number
spectrogram stft istft freqz freqs sosfreqz residue deconvolve tf2zpk zpk2tf tf2sos zpk2sos lsim lsim2 impulse step bode : -> parts ndarray|number
peak_prominences peak_widths group_delay buttord cheb1ord cheb2ord ellipord lombscargle : -> parts ndarray|number
lti dlti TransferFunction StateSpace ZerosPolesGain ShortTimeFFT : -> alias
[module scipy.ndimage]
affine_transform black_tophat convolve convolve1d correlate correlate1d gaussian_filter gaussian_filter1d gaussian_laplace : mutates output -> fresh ndarray
generic_filter generic_filter1d generic_gradient_magnitude generic_laplace geometric_transform grey_closing grey_dilation : mutates output -> fresh ndarray
grey_erosion grey_opening laplace map_coordinates maximum_filter maximum_filter1d median_filter minimum_filter minimum_filter1d : mutates output -> fresh ndarray
morphological_gradient morphological_laplace percentile_filter prewitt rank_filter rotate shift sobel spline_filter : mutates output -> fresh ndarray
spline_filter1d uniform_filter uniform_filter1d white_tophat zoom binary_closing binary_dilation binary_erosion : mutates output -> fresh ndarray
binary_fill_holes binary_hit_or_miss binary_opening binary_propagation fourier_ellipsoid fourier_gaussian fourier_shift : mutates output -> fresh ndarray
label find_objects distance_transform_edt distance_transform_bf distance_transform_cdt : mutates output distances indices -> parts ndarray|number

[module scipy.interpolate]
interp1d interp2d CubicSpline PchipInterpolator Akima1DInterpolator BarycentricInterpolator KroghInterpolator : -> alias Interpolator
CubicHermiteSpline PPoly BPoly BSpline UnivariateSpline InterpolatedUnivariateSpline LSQUnivariateSpline : -> alias Interpolator
BivariateSpline RectBivariateSpline SmoothBivariateSpline LSQBivariateSpline RegularGridInterpolator LinearNDInterpolator : -> alias Interpolator
NearestNDInterpolator CloughTocher2DInterpolator RBFInterpolator Rbf make_interp_spline make_lsq_spline make_smoothing_spline : -> alias Interpolator
griddata interpn splev splint sproot spalde bisplev pchip_interpolate krogh_interpolate approximate_taylor_polynomial : -> fresh ndarray|number
splrep splprep bisplrep insert : -> parts ndarray|number
[class Interpolator = ]
() : -> fresh ndarray|number
set_smoothing_factor add_xi set_yi extend : mutates self -> NoneType
derivative antiderivative : -> alias Interpolator
* : -> fresh ndarray|number
.* : -> view ndarray|number

[module scipy.integrate]
quad dblquad tplquad nquad fixed_quad romberg quadrature odeint : -> parts ndarray|number
simpson trapezoid cumulative_trapezoid cumulative_simpson romb newton_cotes : -> fresh ndarray|number
solve_ivp solve_bvp quad_vec qmc_quad tanhsinh : -> fresh ScipyResult
ode complex_ode RK45 RK23 DOP853 Radau BDF LSODA : -> alias ode
[class ode = ]
* : mutates self -> alias ode|ndarray|number
.* : -> view ndarray|number
[module scipy.spatial]
KDTree cKDTree : -> alias KDTree
ConvexHull Delaunay Voronoi SphericalVoronoi HalfspaceIntersection : -> alias Hull
distance_matrix geometric_slerp : -> fresh ndarray
procrustes : -> parts ndarray|number
[module scipy.spatial.distance]
* : -> fresh ndarray|number
[class KDTree = ]
query query_ball_point query_pairs : -> parts ndarray|number
* : -> fresh ndarray|number
.* : -> view ndarray|number
[class Hull = ]
* : mutates self -> fresh ndarray|number
find_simplex transform : -> fresh ndarray
.* : -> view ndarray|number
[class Rotation = scipy.spatial.transform.Rotation]
random : seeded random_state -> fresh Rotation
from_euler from_quat from_matrix from_rotvec from_mrp identity concatenate inv mean : -> fresh Rotation
apply as_euler as_quat as_matrix as_rotvec as_mrp magnitude : -> fresh ndarray
[module scipy.cluster.hierarchy]
* : -> fresh ndarray|number
dendrogram : mutates ax ; pyplot -> fresh Artist
[module scipy.cluster.vq]
* : -> fresh ndarray
vq : -> parts ndarray
kmeans kmeans2 : seeded seed -> parts ndarray|number
[module scipy.sparse scipy.sparse.csgraph]
csr_matrix csc_matrix coo_matrix bsr_matrix dia_matrix dok_matrix lil_matrix : -> view sparse
csr_array csc_array coo_array bsr_array dia_array dok_array lil_array : -> view sparse
eye eye_array identity diags diags_array spdiags kron kronsum block_diag block_array bmat hstack vstack tril triu : -> fresh sparse
find : -> parts ndarray
issparse isspmatrix isspmatrix_csr isspmatrix_csc : -> bool
random random_array rand : seeded random_state -> fresh sparse
save_npz : outside writes a file ; writes 0 file -> NoneType
load_npz : reads 0 file -> fresh sparse
[module scipy.sparse.csgraph]
* : -> parts ndarray|number|sparse
[module scipy.sparse.linalg]
* : -> parts ndarray|number|sparse
spsolve spsolve_triangular expm expm_multiply inv norm onenormest : -> fresh ndarray|sparse|number
splu spilu factorized : unshippable a factorized matrix -> alias
LinearOperator aslinearoperator : -> alias
eigs eigsh svds lobpcg : seeded rng -> parts ndarray
[module scipy.io scipy.io.wavfile scipy.io.arff]
loadmat readsav whosmat : reads 0 file_name -> fresh dict[ndarray/str]
savemat : outside writes a file ; writes 0 file_name ; mutates 0 -> NoneType
mmread hb_read : reads 0 source -> fresh sparse|ndarray
mmwrite hb_write : outside writes a file ; writes 0 target -> NoneType
read loadarff : reads 0 filename f -> parts ndarray|number
write : outside writes a file ; writes 0 filename -> NoneType
[module scipy.datasets]
* : outside network -> fresh ndarray
[positions scipy.stats.mstats]
3 inplace : winsorize
[positions scipy.linalg]
1 overwrite_a : det inv lu_factor qr rq svdvals
1 overwrite_ab : cholesky_banded
2 overwrite_a : cho_factor cholesky eigvals hessenberg lu
2 overwrite_a_band : eigvals_banded
2 overwrite_ab : solveh_banded
2 overwrite_b : cho_solve cho_solve_banded
3 overwrite_a : ldl lstsq schur solve svd
3 overwrite_a_band : eig_banded
3 overwrite_ab : solve_banded
3 overwrite_b : lu_solve solveh_banded
4 overwrite_a : eig matrix_balance ordqz
4 overwrite_b : lstsq solve solve_banded
4 overwrite_qruv : qr_update
5 overwrite_a : qr_multiply qz
5 overwrite_b : eig ordqz solve_triangular
5 overwrite_qr : qr_delete
6 overwrite_b : qz
6 overwrite_c : qr_multiply
6 overwrite_qru : qr_insert
[positions scipy.ndimage]
1 output : laplace
2 output : binary_fill_holes convolve correlate gaussian_gradient_magnitude gaussian_laplace
2 output : generic_gradient_magnitude generic_laplace label map_coordinates prewitt shift sobel spline_filter
2 output : uniform_filter zoom
3 output : binary_closing binary_hit_or_miss binary_opening binary_propagation convolve1d correlate1d
3 output : gaussian_filter geometric_transform maximum_filter maximum_filter1d median_filter minimum_filter
3 output : minimum_filter1d spline_filter1d uniform_filter1d watershed_ift
4 output : affine_transform binary_dilation binary_erosion black_tophat fourier_ellipsoid fourier_gaussian
4 output : fourier_shift fourier_uniform gaussian_filter1d generic_filter generic_filter1d grey_closing
4 output : grey_dilation grey_erosion grey_opening morphological_gradient morphological_laplace
4 output : percentile_filter rank_filter rotate white_tophat
[positions scipy.sparse.linalg]
3 overwrite_A : spsolve_triangular
4 overwrite_b : spsolve_triangular
[positions scipy.special]
1 out : airy airye bei beip ber berp cbrt cosdg cosm1 cotdg dawsn digamma ellipe ellipk ellipkm1 entr erf
1 out : erfc erfcinv erfcx erfi erfinv exp1 exp10 exp2 expi expit expm1 exprel fresnel gamma gammaln
1 out : gammasgn i0 i0e i1 i1e it2i0k0 it2j0y0 it2struve0 itairy iti0k0 itj0y0 itmodstruve0 itstruve0 j0 j1
1 out : k0 k0e k1 k1e kei keip kelvin ker kerp kolmogi kolmogorov log1p log_expit log_ndtr loggamma logit
1 out : modfresnelm modfresnelp ndtr ndtri ndtri_exp psi rgamma round shichi sici sindg spence tandg wofz
1 out : wrightomega y0 y1 zetac
2 out : agm airy airye beta betaln binom boxcox boxcox1p chdtr chdtrc chdtri chdtriv ellipeinc ellipj
2 out : ellipkinc elliprc eval_chebyc eval_chebys eval_chebyt eval_chebyu eval_hermite eval_hermitenorm
2 out : eval_laguerre eval_legendre eval_sh_chebyt eval_sh_chebyu eval_sh_legendre expn fresnel gammainc
2 out : gammaincc gammainccinv gammaincinv hankel1 hankel1e hankel2 hankel2e huber hyp0f1 inv_boxcox
2 out : inv_boxcox1p it2i0k0 it2j0y0 itairy iti0k0 itj0y0 iv ive jn jv jve kelvin kl_div kn kv kve mathieu_a
2 out : mathieu_b modfresnelm modfresnelp modstruve owens_t pbdv pbvv pbwa pdtr pdtrc pdtri pdtrik poch
2 out : powm1 pseudo_huber rel_entr shichi sici smirnov smirnovi stdtr stdtridf stdtrit struve tklmbda
2 out : xlog1py xlogy yn yv yve
2 out : zeta
3 out : airy airye bdtr bdtrc bdtri bdtrik bdtrin besselpoly betainc betaincc betainccinv betaincinv btdtria
3 out : btdtrib chndtr chndtridf chndtrinc chndtrix ellipj elliprd elliprf elliprg eval_gegenbauer
3 out : eval_genlaguerre fdtr fdtrc fdtri fdtridfd gdtr gdtrc gdtria gdtrib gdtrix hyp1f1 hyperu itairy
3 out : kelvin log_wright_bessel lpmv mathieu_cem mathieu_modcem1 mathieu_modcem2 mathieu_modsem1
3 out : mathieu_modsem2 mathieu_sem nbdtr nbdtrc nbdtri nbdtrik nbdtrin nctdtr nctdtridf nctdtrinc nctdtrit
3 out : nrdtrimn nrdtrisd obl_cv pbdv pbvv pbwa pro_cv radian voigt_profile wright_bessel
4 out : airy airye ellipj elliprj eval_jacobi eval_sh_jacobi hyp2f1 itairy kelvin mathieu_cem
4 out : mathieu_modcem1 mathieu_modcem2 mathieu_modsem1 mathieu_modsem2 mathieu_sem ncfdtr ncfdtri
4 out : ncfdtridfd ncfdtridfn ncfdtrinc obl_ang1 obl_rad1 obl_rad2 pro_ang1 pro_rad1 pro_rad2
5 out : ellipj obl_ang1 obl_ang1_cv obl_rad1 obl_rad1_cv obl_rad2 obl_rad2_cv pro_ang1 pro_ang1_cv pro_rad1
5 out : pro_rad1_cv pro_rad2 pro_rad2_cv
6 out : obl_ang1_cv obl_rad1_cv obl_rad2_cv pro_ang1_cv pro_rad1_cv pro_rad2_cv
[positions scipy.fft]
4 overwrite_x : fft fft2 fftn hfft hfft2 hfftn ifft ifft2 ifftn ihfft ihfft2 ihfftn irfft irfft2 irfftn rfft rfft2
4 overwrite_x : rfftn
5 overwrite_x : dct dctn dst dstn idct idctn idst idstn
[positions scipy.fftpack]
3 overwrite_x : fft fft2 fftn ifft ifft2 ifftn irfft rfft
5 overwrite_x : dct dctn dst dstn idct idctn idst idstn
[positions scipy.signal]
4 overwrite_data : detrend
"""
