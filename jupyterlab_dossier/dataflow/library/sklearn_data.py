# ruff: noqa: E501 (tables read better in long lines)
"""scikit-learn (scikit-learn.org/stable/api). `fit` changes its receiver, never X or y.

Flags of a class say when it draws from numpy's global generator: `random`: unless random_state is
given; another word: only if that parameter is given and random_state is not.
"""

TABLE = r"""
[class Estimator = ]
fit partial_fit set_params set_output set_fit_request set_score_request : mutates self -> self
fit_transform fit_predict : mutates self -> fresh ndarray|sparse|DataFrame
transform inverse_transform predict predict_proba predict_log_proba decision_function : -> fresh ndarray|sparse|DataFrame
staged_predict staged_predict_proba staged_decision_function : -> view generator
kneighbors radius_neighbors : -> parts ndarray
kneighbors_graph radius_neighbors_graph apply decision_path score_samples mahalanobis : -> fresh ndarray|sparse
score : -> number
sample : mutates self -> parts ndarray
cost_complexity_pruning_path : -> fresh dict[ndarray]
get_params : -> alias dict
get_feature_names_out get_support get_n_leaves get_depth error_norm aic bic perplexity densify : -> fresh ndarray|number
densify sparsify : mutates self -> self
build_analyzer build_preprocessor build_tokenizer : -> view
.feature_importances_ : -> fresh ndarray
.coef_ .intercept_ .classes_ .components_ .labels_ .cluster_centers_ : -> view ndarray
.explained_variance_ .explained_variance_ratio_ .singular_values_ .mean_ .scale_ .var_ : -> view ndarray
.loss_curve_ : -> view list[number]
.n_iter_ .inertia_ .best_score_ .oob_score_ .n_features_in_ .best_index_ .loss_ .n_outputs_ : -> number
.best_params_ .cv_results_ .vocabulary_ .named_steps .named_estimators_ .steps .estimators_ : -> view
.feature_names_in_ .support_ .support_vectors_ .dual_coef_ .n_support_ .alphas_ .alpha_ : -> view ndarray
[class Keeper(Estimator) = ]
fit partial_fit : mutates self ; keeps * -> self
fit_transform fit_predict : mutates self ; keeps * -> fresh ndarray|sparse|DataFrame
[class Meta(Estimator) = ]
fit partial_fit : mutates self ; keeps * -> self
fit_transform fit_predict : mutates self ; keeps * -> alias ndarray|sparse|DataFrame
transform inverse_transform : -> alias ndarray|sparse|DataFrame
.best_estimator_ .estimator_ .estimator .final_estimator_ : -> view
[] : -> view
[class AgglomerativeClustering Birch DBSCAN FeatureAgglomeration HDBSCAN MeanShift(Estimator) = sklearn.cluster.*]
[class OPTICS(Estimator) = sklearn.cluster.*]
[class EmpiricalCovariance GraphicalLasso GraphicalLassoCV LedoitWolf OAS(Estimator) = sklearn.covariance.*]
[class ShrunkCovariance(Estimator) = sklearn.covariance.*]
[class CCA PLSCanonical PLSRegression PLSSVD(Estimator) = sklearn.cross_decomposition.*]
[class IncrementalPCA(Estimator) = sklearn.decomposition.*]
[class LinearDiscriminantAnalysis QuadraticDiscriminantAnalysis(Estimator) = sklearn.discriminant_analysis.*]
[class CountVectorizer DictVectorizer FeatureHasher HashingVectorizer TfidfTransformer(Estimator) = sklearn.feature_extraction.* sklearn.feature_extraction.text.*]
[class TfidfVectorizer(Estimator) = sklearn.feature_extraction.* sklearn.feature_extraction.text.*]
[class GenericUnivariateSelect SelectFdr SelectFpr SelectFwe SelectKBest(Estimator) = sklearn.feature_selection.*]
[class SelectPercentile VarianceThreshold(Estimator) = sklearn.feature_selection.*]
[class SimpleImputer(Estimator) = sklearn.impute.*]
[class AdditiveChi2Sampler(Estimator) = sklearn.kernel_approximation.*]
[class ARDRegression BayesianRidge GammaRegressor HuberRegressor LarsCV LassoLarsCV(Estimator) = sklearn.linear_model.*]
[class LassoLarsIC LinearRegression OrthogonalMatchingPursuit(Estimator) = sklearn.linear_model.*]
[class OrthogonalMatchingPursuitCV PoissonRegressor QuantileRegressor RidgeCV(Estimator) = sklearn.linear_model.*]
[class RidgeClassifierCV TweedieRegressor(Estimator) = sklearn.linear_model.*]
[class ClassicalMDS(Estimator) = sklearn.manifold.*]
[class BernoulliNB CategoricalNB ComplementNB GaussianNB MultinomialNB(Estimator) = sklearn.naive_bayes.*]
[class Binarizer KernelCenterer LabelBinarizer LabelEncoder MaxAbsScaler MinMaxScaler(Estimator) = sklearn.preprocessing.*]
[class MultiLabelBinarizer Normalizer OneHotEncoder OrdinalEncoder PolynomialFeatures(Estimator) = sklearn.preprocessing.*]
[class PowerTransformer RobustScaler SplineTransformer StandardScaler(Estimator) = sklearn.preprocessing.*]
[class NuSVR OneClassSVM SVR(Estimator) = sklearn.svm.*]
[class SparseCoder(Keeper) = sklearn.decomposition.*]
[class DummyRegressor(Keeper) = sklearn.dummy.*]
[class KNNImputer(Keeper) = sklearn.impute.*]
[class IsotonicRegression(Keeper) = sklearn.isotonic.*]
[class KernelRidge(Keeper) = sklearn.kernel_ridge.*]
[class Isomap(Keeper) = sklearn.manifold.*]
[class KNeighborsClassifier KNeighborsRegressor KNeighborsTransformer KernelDensity(Keeper) = sklearn.neighbors.*]
[class LocalOutlierFactor NearestCentroid NearestNeighbors RadiusNeighborsClassifier(Keeper) = sklearn.neighbors.*]
[class RadiusNeighborsRegressor RadiusNeighborsTransformer(Keeper) = sklearn.neighbors.*]
[class LabelPropagation LabelSpreading(Keeper) = sklearn.semi_supervised.*]
[class CalibratedClassifierCV(Meta) = sklearn.calibration.*]
[class ColumnTransformer TransformedTargetRegressor(Meta) = sklearn.compose.*]
[class StackingClassifier StackingRegressor VotingClassifier VotingRegressor(Meta) = sklearn.ensemble.*]
[class RFE RFECV SelectFromModel SequentialFeatureSelector(Meta) = sklearn.feature_selection.*]
[class FrozenEstimator(Meta) = sklearn.frozen.*]
[class MissingIndicator(Meta) = sklearn.impute.*]
[class FixedThresholdClassifier GridSearchCV(Meta) = sklearn.model_selection.*]
[class OneVsOneClassifier OneVsRestClassifier(Meta) = sklearn.multiclass.*]
[class MultiOutputClassifier MultiOutputRegressor(Meta) = sklearn.multioutput.*]
[class FeatureUnion Pipeline(Meta) = sklearn.pipeline.*]
[class FunctionTransformer(Meta) = sklearn.preprocessing.*]
[class SelfTrainingClassifier(Meta) = sklearn.semi_supervised.*]
[class AffinityPropagation BisectingKMeans KMeans MiniBatchKMeans SpectralBiclustering(Estimator) = sklearn.cluster.* : random]
[class SpectralClustering SpectralCoclustering(Estimator) = sklearn.cluster.* : random]
[class EllipticEnvelope MinCovDet(Estimator) = sklearn.covariance.* : random]
[class DictionaryLearning FactorAnalysis FastICA LatentDirichletAllocation(Estimator) = sklearn.decomposition.* : random]
[class MiniBatchDictionaryLearning MiniBatchNMF MiniBatchSparsePCA NMF PCA SparsePCA(Estimator) = sklearn.decomposition.* : random]
[class TruncatedSVD(Estimator) = sklearn.decomposition.* : random]
[class ExtraTreesClassifier ExtraTreesRegressor GradientBoostingClassifier(Estimator) = sklearn.ensemble.* : random]
[class GradientBoostingRegressor HistGradientBoostingClassifier(Estimator) = sklearn.ensemble.* : random]
[class HistGradientBoostingRegressor IsolationForest RandomForestClassifier(Estimator) = sklearn.ensemble.* : random]
[class RandomForestRegressor RandomTreesEmbedding(Estimator) = sklearn.ensemble.* : random]
[class PatchExtractor(Estimator) = sklearn.feature_extraction.* sklearn.feature_extraction.text.* : random]
[class PolynomialCountSketch RBFSampler SkewedChi2Sampler(Estimator) = sklearn.kernel_approximation.* : random]
[class LogisticRegressionCV MultiTaskElasticNetCV MultiTaskLassoCV(Estimator) = sklearn.linear_model.* : random]
[class PassiveAggressiveClassifier PassiveAggressiveRegressor Perceptron SGDClassifier(Estimator) = sklearn.linear_model.* : random]
[class SGDOneClassSVM SGDRegressor TheilSenRegressor(Estimator) = sklearn.linear_model.* : random]
[class MDS TSNE(Estimator) = sklearn.manifold.* : random]
[class BayesianGaussianMixture GaussianMixture(Estimator) = sklearn.mixture.* : random]
[class NeighborhoodComponentsAnalysis(Estimator) = sklearn.neighbors.* : random]
[class BernoulliRBM MLPClassifier MLPRegressor(Estimator) = sklearn.neural_network.* : random]
[class KBinsDiscretizer QuantileTransformer(Estimator) = sklearn.preprocessing.* : random]
[class GaussianRandomProjection SparseRandomProjection(Estimator) = sklearn.random_projection.* : random]
[class LinearSVC LinearSVR(Estimator) = sklearn.svm.* : random]
[class DecisionTreeClassifier DecisionTreeRegressor ExtraTreeClassifier(Estimator) = sklearn.tree.* : random]
[class ExtraTreeRegressor(Estimator) = sklearn.tree.* : random]
[class KernelPCA(Keeper) = sklearn.decomposition.* : random]
[class DummyClassifier(Keeper) = sklearn.dummy.* : random]
[class GaussianProcessClassifier GaussianProcessRegressor(Keeper) = sklearn.gaussian_process.* : random]
[class Nystroem(Keeper) = sklearn.kernel_approximation.* : random]
[class LocallyLinearEmbedding SpectralEmbedding(Keeper) = sklearn.manifold.* : random]
[class TargetEncoder(Keeper) = sklearn.preprocessing.* : random]
[class AdaBoostClassifier AdaBoostRegressor BaggingClassifier BaggingRegressor(Meta) = sklearn.ensemble.* : random]
[class RANSACRegressor(Meta) = sklearn.linear_model.* : random]
[class RandomizedSearchCV TunedThresholdClassifierCV(Meta) = sklearn.model_selection.* : random]
[class OutputCodeClassifier(Meta) = sklearn.multiclass.* : random]
[class ClassifierChain RegressorChain(Meta) = sklearn.multioutput.* : random]
[class ElasticNet ElasticNetCV Lasso LassoCV MultiTaskElasticNet MultiTaskLasso(Estimator) = sklearn.linear_model.* : selection]
[class Lars LassoLars(Estimator) = sklearn.linear_model.* : jitter]
[class LogisticRegression Ridge RidgeClassifier(Estimator) = sklearn.linear_model.* : solver]
[class NuSVC SVC(Estimator) = sklearn.svm.* : probability]
[class Bunch = ]
.data .target .images .frame : -> view ndarray|DataFrame|Series
.target_names .feature_names : -> view ndarray|list[str]
.DESCR .filename .data_module : -> str
.* : -> view
keys : -> fresh list[str]
[] : -> view ndarray|DataFrame|list|str
[class Splitter = sklearn.model_selection.KFold sklearn.model_selection.StratifiedKFold sklearn.model_selection.GroupKFold sklearn.model_selection.TimeSeriesSplit sklearn.model_selection.LeaveOneOut]
[class RandomSplitter(Splitter) = sklearn.model_selection.ShuffleSplit sklearn.model_selection.StratifiedShuffleSplit sklearn.model_selection.RepeatedKFold sklearn.model_selection.RepeatedStratifiedKFold sklearn.model_selection.GroupShuffleSplit : random]
[class Splitter = ]
split : -> fresh iterator[tuple/ndarray]
get_n_splits : -> int
[module sklearn.datasets]
load_digits load_iris load_wine load_breast_cancer load_diabetes load_linnerud : -> fresh Bunch, return_X_y:parts ndarray|DataFrame|Series
load_sample_image load_sample_images : -> fresh ndarray
fetch_20newsgroups fetch_20newsgroups_vectorized fetch_california_housing fetch_covtype fetch_kddcup99 : outside network -> fresh Bunch, return_X_y:parts ndarray|DataFrame|Series
fetch_lfw_pairs fetch_lfw_people fetch_olivetti_faces fetch_openml fetch_rcv1 fetch_species_distributions : outside network -> fresh Bunch, return_X_y:parts ndarray|DataFrame|Series
load_files load_svmlight_file load_svmlight_files : reads 0 -> fresh
dump_svmlight_file : outside writes a file ; writes 2 f -> NoneType
make_biclusters make_blobs make_checkerboard make_circles make_classification make_friedman1 : seeded random_state -> parts ndarray
make_friedman2 make_friedman3 make_gaussian_quantiles make_hastie_10_2 make_low_rank_matrix : seeded random_state -> parts ndarray
make_moons make_multilabel_classification make_regression make_s_curve make_sparse_coded_signal : seeded random_state -> parts ndarray
make_sparse_spd_matrix make_sparse_uncorrelated make_spd_matrix make_swiss_roll : seeded random_state -> parts ndarray
[module sklearn.model_selection]
train_test_split : seeded random_state -> like
cross_val_score : -> fresh ndarray
cross_val_predict : -> fresh ndarray
cross_validate : -> fresh dict[ndarray/Estimator]
learning_curve validation_curve : -> parts ndarray
permutation_test_score : seeded random_state -> parts ndarray
check_cv : -> alias
[module sklearn.metrics sklearn.metrics.pairwise]
accuracy_score adjusted_mutual_info_score adjusted_rand_score auc average_precision_score : -> number
balanced_accuracy_score brier_score_loss calinski_harabasz_score cohen_kappa_score : -> number
completeness_score consensus_score coverage_error d2_absolute_error_score davies_bouldin_score : -> number
dcg_score explained_variance_score fowlkes_mallows_score hamming_loss hinge_loss : -> number
homogeneity_score label_ranking_average_precision_score log_loss matthews_corrcoef max_error : -> number
mean_absolute_error mean_absolute_percentage_error mean_gamma_deviance mean_pinball_loss : -> fresh ndarray|number
mean_poisson_deviance mean_squared_error mean_squared_log_error mean_tweedie_deviance : -> fresh ndarray|number
median_absolute_error mutual_info_score ndcg_score normalized_mutual_info_score r2_score rand_score : -> fresh ndarray|number
f1_score fbeta_score jaccard_score precision_score recall_score roc_auc_score top_k_accuracy_score : -> fresh ndarray|number
root_mean_squared_error root_mean_squared_log_error v_measure_score zero_one_loss : -> fresh ndarray|number
silhouette_score : seeded random_state -> number
silhouette_samples confusion_matrix multilabel_confusion_matrix pair_confusion_matrix : -> fresh ndarray
euclidean_distances nan_euclidean_distances pairwise_distances pairwise_kernels : -> fresh ndarray
pairwise_distances_argmin cosine_similarity cosine_distances rbf_kernel linear_kernel : -> fresh ndarray
precision_recall_curve roc_curve det_curve precision_recall_fscore_support : -> parts ndarray
pairwise_distances_argmin_min class_likelihood_ratios homogeneity_completeness_v_measure : -> parts ndarray
classification_report : -> fresh dict|str[dict/number]
make_scorer get_scorer : -> alias function
get_scorer_names : -> fresh list[str]
[class PlotDisplay = sklearn.metrics.ConfusionMatrixDisplay sklearn.metrics.RocCurveDisplay sklearn.metrics.PrecisionRecallDisplay sklearn.metrics.DetCurveDisplay sklearn.metrics.PredictionErrorDisplay sklearn.inspection.DecisionBoundaryDisplay sklearn.inspection.PartialDependenceDisplay]
plot : mutates self ; mutates ax ; pyplot -> self
from_estimator from_predictions : mutates ax ; pyplot -> alias PlotDisplay
.* : -> view Artist
[module sklearn.inspection]
permutation_importance : seeded random_state -> fresh Bunch
partial_dependence : -> fresh Bunch
[module sklearn.pipeline]
make_pipeline make_union : -> alias Pipeline
[module sklearn.compose]
make_column_transformer : -> alias ColumnTransformer
make_column_selector : -> fresh function
[module sklearn.base]
clone : -> like
is_classifier is_regressor : -> bool
[module sklearn.preprocessing]
scale normalize minmax_scale robust_scale binarize label_binarize maxabs_scale quantile_transform power_transform add_dummy_feature : -> fresh ndarray
[module sklearn.utils]
shuffle resample : seeded random_state -> like
check_random_state : random <numpy.random> -> alias
check_array check_X_y : -> view
compute_class_weight compute_sample_weight : -> fresh ndarray
[module sklearn.utils.class_weight sklearn.feature_selection]
compute_class_weight compute_sample_weight : -> fresh ndarray
chi2 f_classif f_regression : -> parts ndarray
mutual_info_classif mutual_info_regression : seeded random_state -> fresh ndarray
[module sklearn.tree]
plot_tree : mutates ax ; pyplot -> fresh Artist
export_text export_graphviz : -> str
[module sklearn.feature_extraction.image]
extract_patches_2d : seeded random_state -> fresh ndarray
[module sklearn]
set_config : process scikit-learn's configuration is set
config_context : restores -> fresh restorer
get_config show_versions : -> fresh dict
"""
