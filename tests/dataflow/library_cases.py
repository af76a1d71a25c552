# ruff: noqa: E501 (one cell a line)
"""Cases as in `cases`, for what the tables say of libraries: a case for each category of effects."""

from __future__ import annotations

from .cases import Case

PLT = "import matplotlib.pyplot as plt\nfig = plt.figure()\n"

LIBRARY_CASES: list[Case] = [
    # Builtins, the standard library, IPython
    (
        "a computed import",
        ["n = input()", "m = __import__(n)"],
        {"barrier": [1]},
    ),
    ("quit ends the kernel", ["x = 1", "quit()"], {"barrier": [1]}),
    (
        "a static method made by hand",
        [
            "l = [1]",
            "def f(x): x.append(2)",
            "g = staticmethod(f)",
            "g(l)",
            "print(l)",
        ],
        {"edges": [(3, 4)]},
    ),
    (
        "what comes out of a heap",
        ["e = [1]\nh = [e]", "import heapq\nx = heapq.heappop(h)", "x.append(2)", "print(e)"],
        {"edges": [(2, 3)]},
    ),
    (
        "what comes out of a deque",
        [
            "from collections import deque\ne = [1]\nd = deque([e])",
            "x = d.popleft()",
            "x.append(2)",
            "print(e)",
        ],
        {"edges": [(2, 3)]},
    ),
    (
        "a GUI is enabled",
        ["get_ipython().enable_gui('qt')", "print(1)"],
        {"sticky": [0]},
    ),
    (
        "JSON shows the data itself",
        ["from IPython.display import JSON\nd = {}", "j = JSON(d)", "d['x'] = 1", "j"],
        {"edges": [(2, 3)]},
    ),
    (
        "Pretty shows the data itself",
        ["from IPython.display import Pretty\nl = [[1]]", "p = Pretty(l)", "l[0].append(2)", "p"],
        {"edges": [(2, 3)]},
    ),
    # numpy
    (
        "arrays in files",
        ["import numpy as np\na = np.arange(3)", "np.save('a.npy', a)", "a.tofile('b')"],
        {"outside": [1, 2]},
    ),
    (
        "an array's memory",
        ["import numpy as np\na = np.arange(3)", "m = a.data"],
        {"barrier": [1]},
    ),
    (
        "a mapped array",
        ["import numpy as np", "m = np.memmap('m', mode='w+', shape=3)", "m[0] = 1"],
        {"unshippable": [1, 2]},
    ),
    # pandas
    (
        "the clipboard",
        ["import pandas as pd\ndf = pd.DataFrame({'x': [1]})", "df.to_clipboard()"],
        {"outside": [1]},
    ),
    (
        "a workbook that is read",
        ["import pandas as pd", "book = pd.ExcelFile('a.xlsx')"],
        {"unshippable": [1]},
    ),
    (
        "a table is drawn into the current figure",
        [
            "import pandas as pd\ndf = pd.DataFrame({'x': [1]})",
            PLT + "ax = df.plot(ax=plt.gca())",
            "ax.set_title('t')",
            "fig",
        ],
        {"edges": [(2, 3)]},
    ),
    # matplotlib
    (
        "lines are part of the current figure",
        [PLT + "lines = plt.plot([1, 2])", "lines[0].set_color('r')", "fig"],
        {"edges": [(1, 2)]},
    ),
    (
        "tables from the network",
        ["import seaborn as sns", "t = sns.load_dataset('tips')"],
        {"outside": [1]},
    ),
    # joblib
    ("a cache folder", ["import joblib", "m = joblib.Memory('cache')"], {"outside": [1]}),
    (
        "calls in threads",
        [
            "from joblib import Parallel, delayed\nl = []",
            "def f(i): l.append(i)",
            "p = Parallel(n_jobs=2, backend='threading')",
            "p(delayed(f)(i) for i in range(2))",
            "print(l)",
        ],
        {"edges": [(3, 4)]},
    ),
    # scipy
    (
        "a matrix is written",
        ["from scipy import io\nm = {'a': [1]}", "io.savemat('a.mat', m)"],
        {"outside": [1]},
    ),
    (
        "errors of special functions",
        ["from scipy import special", "special.seterr(all='raise')", "special.gammaln(0)"],
        {"setup": [1]},
    ),
    (
        "another backend of transforms",
        ["import scipy.fft", "scipy.fft.set_global_backend('scipy')", "scipy.fft.fft([1])"],
        {"sticky": [1]},
    ),
    (
        "a factorized matrix",
        [
            "from scipy.sparse import eye\nfrom scipy.sparse.linalg import splu",
            "lu = splu(eye(3).tocsc())",
        ],
        {"unshippable": [1]},
    ),
    (
        "a result's members are views",
        [
            "from scipy import optimize\nr = optimize.minimize(abs, [1.0])",
            "x = r.x",
            "x[0] = 5",
            "print(r)",
        ],
        {"edges": [(2, 3)]},
    ),
    (
        "an estimated density refers to its data",
        [
            "import numpy as np\nfrom scipy.stats import gaussian_kde\nu = np.arange(5.0)",
            "k = gaussian_kde(u)",
            "u[0] = 3",
            "print(k.dataset)",
        ],
        {"edges": [(2, 3)]},
    ),
    # scikit-learn
    (
        "a dataset in a file",
        [
            "from sklearn.datasets import dump_svmlight_file, load_svmlight_file",
            "dump_svmlight_file([[1]], [1], 'a.txt')",
            "X, y = load_svmlight_file('a.txt')",
        ],
        {"edges": [(1, 2)], "outside": [1]},
    ),
    (
        "a dataset from the network",
        ["from sklearn.datasets import fetch_openml", "d = fetch_openml('iris')"],
        {"outside": [1]},
    ),
    (
        "parts of a split refer to what was split",
        [
            "from sklearn.model_selection import train_test_split\nl = [[1], [2]]",
            "a, b = train_test_split(l, random_state=0)",
            "a[0].append(3)",
            "print(l)",
        ],
        {"edges": [(2, 3)]},
    ),
    (
        "a tree is drawn into the current figure",
        [
            "from sklearn.tree import DecisionTreeClassifier, plot_tree\nm = DecisionTreeClassifier(random_state=0).fit([[1], [2]], [0, 1])",
            PLT + "drawn = plot_tree(m)",
            "drawn[0].set_text('root')",
            "fig",
        ],
        {"edges": [(2, 3)]},
    ),
    # Blocks that put back what they set, and nothing else
    (
        "what a block puts back",
        [
            "import numpy as np",
            "with np.printoptions(precision=1):\n    np.set_printoptions(precision=2)",
            "import pandas as pd",
            "with pd.option_context('display.max_rows', 5):\n    pd.set_option('display.max_rows', 6)",
            "import matplotlib.pyplot as plt",
            "with plt.rc_context():\n    plt.rc('lines', linewidth=3)",
            "import scipy.fft",
            "with scipy.fft.set_workers(2):\n    scipy.fft.set_global_backend('scipy')",
            "import sklearn",
            "with sklearn.config_context():\n    sklearn.set_config(display='text')",
        ],
        {"sticky": [], "setup": []},
    ),
    (
        "what a block does not put back",
        [
            "import os, warnings\nimport numpy as np\nimport pandas as pd",
            "with warnings.catch_warnings():\n    pd.set_option('display.precision', 2)",
            "with warnings.catch_warnings():\n    os.environ['X'] = '1'",
            "with np.errstate(all='ignore'):\n    pd.options.display.precision = 2",
        ],
        {"setup": [1, 2, 3]},
    ),
    # Results that may be what was given
    (
        "results of calls that a library makes",
        [
            "from joblib import Parallel, delayed\nimport numpy as np\na = np.arange(3)",
            "r = Parallel()([delayed(np.asarray)(a)])",
            "r[0][0] = 5",
            "print(a)",
        ],
        {"edges": [(1, 2), (2, 3)]},
    ),
    (
        "a table is piped through something unknown",
        [
            "import zork\nimport pandas as pd\ndf = pd.DataFrame({'x': [1]})",
            "d = df.pipe(zork.f)",
            "d['x'] = 2",
            "print(df)",
        ],
        {"edges": [(2, 3)]},
    ),
    (
        "a step of an iterator by hand",
        ["l = [[1]]\ng = iter(l)", "x = g.__next__()", "x.append(1)", "print(l)"],
        {"edges": [(2, 3)]},
    ),
    (
        "a plot of clusters is part of the current figure",
        [
            "from scipy.cluster.hierarchy import dendrogram, linkage",
            PLT + "tree = dendrogram(linkage([[1], [2]]))",
            "tree['icoord'].clear()",
            "fig",
        ],
        {"edges": [(2, 3)]},
    ),
    (
        "scientific data from the network",
        ["from scipy import datasets", "x = datasets.face()"],
        {"outside": [1]},
    ),
    (
        "what set-up uses changes after it",
        [
            "n = 3",
            "import numpy as np\nnp.set_printoptions(precision=n)\nn = 4",
            "print(1)",
        ],
        {"sticky": [1], "setup": []},
    ),
    (
        "what is in a union of sets",
        [
            "class A: pass\na = A()\ns = {1}",
            "t = s.union([a])",
            "for x in t:\n    if x != 1:\n        x.n = 2",
            "print(a.n)",
        ],
        {"edges": [(2, 3)]},
    ),
]
