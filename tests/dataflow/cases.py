"""The table of rules: small notebooks, and what must be found in them.

Each case is a title, cells, and expectations:
  edges      pairs of cells that must be ordered directly (value or order)
  free       pairs that must not be ordered, also not transitively
  inputs     {cell: {name: producer}}, complete
  outputs    {cell: names}, complete
  barrier, sticky, outside, unknown, unshippable, setup, impure: cells that must have it (no others)
"""

from __future__ import annotations

from typing import Any

Case = tuple[str, list[str], dict[str, Any]]

ML = (
    "from sklearn.datasets import load_digits\n"
    "from sklearn.model_selection import train_test_split, cross_val_score, GridSearchCV\n"
    "from sklearn.ensemble import RandomForestClassifier\n"
    "from sklearn.neighbors import KNeighborsClassifier\n"
    "from sklearn.linear_model import LogisticRegression\n"
    "from sklearn.metrics import accuracy_score\n"
    "X_train, X_test, y_train, y_test = train_test_split(\n"
    "    *load_digits(return_X_y=True), random_state=0)"
)

CASES: list[Case] = [
    # Features of Python
    (
        "a feature of Python counts for later cells",
        ["from __future__ import annotations", "x: int = 1", "annotations"],
        {"setup": [0], "inputs": {1: {}, 2: {"annotations": 0}}, "free": [(0, 1)]},
    ),
    # Names and scopes
    ("read after write", ["a = 1", "print(a)"], {"inputs": {1: {"a": 0}}, "edges": [(0, 1)]}),
    ("latest writer", ["a = 1", "a = 2", "print(a)"], {"inputs": {2: {"a": 1}}, "free": [(0, 2)]}),
    ("read before own write", ["n = 0", "n += 1", "n"], {"inputs": {1: {"n": 0}, 2: {"n": 1}}}),
    ("no wait for later writes", ["a = 1", "print(a)", "a = 2"], {"free": [(1, 2)]}),
    ("builtins are no inputs", ["print(len([]))"], {"inputs": {0: {}}}),
    ("undefined names are no inputs", ["print(zork)"], {"inputs": {0: {}}}),
    (
        "comprehension targets are its own",
        ["x = 1", "y = [x for x in range(3)]", "print(x)"],
        {"outputs": {1: ["y"]}, "inputs": {1: {}, 2: {"x": 0}}},
    ),
    (
        "comprehensions read around them",
        ["n = 2", "y = [i * n for i in range(3)]"],
        {"inputs": {1: {"n": 0}}},
    ),
    (
        "a walrus leaves a comprehension",
        ["[last := i for i in range(3)]", "print(last)"],
        {"outputs": {0: ["last"]}, "inputs": {1: {"last": 0}}},
    ),
    (
        "a class body is a scope",
        ["x = 1", "class A:\n    x = 2\n    y = x", "print(x)"],
        {"outputs": {1: ["A"]}, "inputs": {2: {"x": 0}}},
    ),
    ("a class body reads globals", ["x = 1", "class A:\n    y = x"], {"inputs": {1: {"x": 0}}}),
    (
        "methods skip the class scope",
        ["n = 1", "class A:\n    n = 2\n    def f(self): return n", "A().f()"],
        {"inputs": {2: {"A": 1, "n": 0}}},
    ),
    ("locals are no outputs", ["def f():\n    t = 1\n    return t", "f()"], {"outputs": {1: []}}),
    (
        "global in a function",
        ["n = 0", "def f():\n    global n\n    n += 1", "f()", "print(n)"],
        {"inputs": {2: {"f": 1, "n": 0}, 3: {"n": 2}}, "outputs": {1: ["f"], 2: ["n"]}},
    ),
    (
        "nonlocal stays inside",
        [
            "def c():\n    n = 0\n    def f():\n        nonlocal n\n"
            "        n += 1\n        return n\n    return f",
            "f = c()",
            "f()",
            "print(f())",
        ],
        {"inputs": {2: {"f": 1}, 3: {"f": 2}}},
    ),
    ("a lambda binds late", ["f = lambda: n", "n = 2", "f()"], {"inputs": {2: {"f": 0, "n": 1}}}),
    (
        "the rest of an unpacking holds what it was taken from",
        ["d = ([1], [2])", "a, *d = d", "b, *a = d", "b.append(3)", "print(d)"],
        {"edges": [(3, 4)]},
    ),
    ("a builtin is shadowed", ["def len(x): return 3", "len([])"], {"inputs": {1: {"len": 0}}}),
    ("a name in a format string", ["w = 3", "f'{1:{w}}'"], {"inputs": {1: {"w": 0}}}),
    ("an annotation is read", ["T = int", "x: T = 1"], {"inputs": {1: {"T": 0}}}),
    (
        "a type alias of loop variables",
        ["for i in range(3):\n    pass", "print(i)"],
        {"inputs": {1: {"i": 0}}},
    ),
    (
        "an exception's name goes",
        ["e = 1", "try:\n    1 / 0\nexcept Exception as e:\n    pass"],
        {"edges": [(0, 1)]},
    ),
    # May and must
    (
        "if may write",
        ["a = 1", "import time\nif time.time() > 0:\n    a = 2", "print(a)"],
        {"inputs": {1: {"a": 0}, 2: {"a": 1}}},
    ),
    (
        "both branches write",
        ["a = 1", "if id(1) > 3:\n    a = 2\nelse:\n    a = 3", "print(a)"],
        {"inputs": {1: {}, 2: {"a": 1}}},
    ),
    ("for may not run", ["a = 1", "for i in []:\n    a = i", "a"], {"inputs": {1: {"a": 0}}}),
    ("while may not run", ["a = 1", "while False:\n    a = 2"], {"inputs": {1: {"a": 0}}}),
    (
        "try may stop",
        ["a = 1", "try:\n    int('x')\n    a = 2\nexcept ValueError:\n    pass"],
        {"inputs": {1: {"a": 0}}},
    ),
    (
        "finally writes",
        ["a = 1", "try:\n    int('x')\nfinally:\n    a = 2", "a"],
        {"inputs": {1: {}, 2: {"a": 1}}},
    ),
    ("a short circuit may write", ["a = 1", "id(1) > 3 and (a := 2)"], {"inputs": {1: {"a": 0}}}),
    (
        "match may write",
        ["a = 1", "match 3:\n    case 4:\n        a = 2"],
        {"inputs": {1: {"a": 0}}},
    ),
    (
        "match binds",
        ["match (1, 2):\n    case (p, q):\n        pass", "print(p, q)"],
        {"inputs": {1: {"p": 0, "q": 0}}},
    ),
    (
        "a return before a write",
        ["n = 0", "def f(x):\n    global n\n    if x:\n        return\n    n = 1", "f(3)"],
        {"inputs": {2: {"f": 1, "n": 0}}},
    ),
    (
        "del ends a name",
        ["a = 1", "del a", "a = 2", "print(a)"],
        {"inputs": {1: {"a": 0}, 3: {"a": 2}}, "deletes": {1: ["a"]}},
    ),
    ("del of an element mutates", ["d = {1: 2}", "del d[1]", "d"], {"inputs": {2: {"d": 1}}}),
    # Mutation
    ("a method mutates", ["l = [1]", "l.append(2)", "print(l)"], {"inputs": {2: {"l": 1}}}),
    (
        "a pure method does not",
        ["l = [1]", "l.count(1)", "print(l)"],
        {"inputs": {2: {"l": 0}}, "free": [(1, 2)]},
    ),
    ("a subscript mutates", ["d = {}", "d['a'] = 1", "d"], {"inputs": {2: {"d": 1}}}),
    (
        "an attribute mutates",
        ["class A: pass\na = A()", "a.x = 1", "a.x"],
        {"inputs": {2: {"a": 1}}},
    ),
    (
        "augmented assignment mutates a list",
        ["a = [1]\nb = a", "a += [2]", "print(b)"],
        {"inputs": {2: {"b": 1}}},
    ),
    (
        "augmented assignment of a number does not",
        ["a = 1\nb = a", "a += 2", "print(b)"],
        {"inputs": {2: {"b": 0}}},
    ),
    (
        "next mutates",
        ["i = iter([1, 2])", "next(i)", "print(next(i))"],
        {"inputs": {1: {"i": 0}, 2: {"i": 1}}},
    ),
    (
        "a loop uses an iterator up",
        ["i = iter([1, 2])", "for x in i:\n    break", "list(i)"],
        {"edges": [(1, 2)]},
    ),
    (
        "a loop over a list does not",
        ["l = [1, 2]", "for x in l:\n    pass", "print(l)"],
        {"free": [(1, 2)]},
    ),
    (
        "sorted is pure, sort is not",
        ["l = [2, 1]", "sorted(l)", "l.sort()", "print(l)"],
        {"free": [(1, 2)], "edges": [(2, 3)]},
    ),
    (
        "an unknown function mutates",
        ["import zork\nl = [1]", "zork.f(l)", "print(l)"],
        {"inputs": {2: {"l": 1}}, "unknown": [1]},
    ),
    (
        "an unknown function cannot change numbers",
        ["import zork\nn = 1", "zork.f(n)", "print(n)"],
        {"inputs": {2: {"n": 0}}, "unknown": [1]},
    ),
    (
        "an unknown method mutates",
        ["import zork\nz = zork.Z()", "z.go()", "z"],
        {"inputs": {2: {"z": 1}}, "unknown": [0, 1]},
    ),
    # Aliases
    ("b = a", ["a = [1]", "b = a", "b.append(2)", "print(a)"], {"inputs": {3: {"a": 2}}}),
    (
        "containers share",
        ["a = [1]", "d = {'k': a}", "d['k'].append(2)", "print(a)"],
        {"inputs": {3: {"a": 2}}, "outputs": {2: ["a", "d"]}},
    ),
    (
        "a tuple shares",
        ["a = [1]", "t = (a, 2)", "t[0].append(2)", "print(a)"],
        {"inputs": {3: {"a": 2}}},
    ),
    (
        "unpacking shares",
        ["a = [[1], [2]]", "p, q = a", "p.append(3)", "print(a)"],
        {"inputs": {3: {"a": 2}}},
    ),
    (
        "a slice shares elements",
        ["a = [[1]]", "b = a[:]", "b[0].append(2)", "print(a)"],
        {"inputs": {3: {"a": 2}}},
    ),
    (
        "a copy of numbers does not share",
        ["a = [1]", "b = list(a)", "b.append(2)", "print(a)"],
        {"inputs": {3: {"a": 0}}},
    ),
    (
        "a shallow copy shares",
        ["a = [[1]]", "b = a.copy()", "b[0].append(2)", "print(a)"],
        {"inputs": {3: {"a": 2}}},
    ),
    (
        "deepcopy detaches",
        ["import copy\na = [[1]]", "b = copy.deepcopy(a)", "b[0].append(2)", "print(a)"],
        {"inputs": {3: {"a": 0}}},
    ),
    (
        "an unknown result aliases",
        ["import zork\na = [1]", "b = zork.f(a)", "b.append(2)", "print(a)"],
        {"inputs": {3: {"a": 2}}, "unknown": [1, 2]},
    ),
    (
        "rebinding detaches",
        ["a = [1]", "b = a", "b = [3]", "b.append(2)", "print(a)"],
        {"inputs": {4: {"a": 0}}},
    ),
    (
        "attributes share",
        ["class A: pass\na = A()\nl = [1]", "a.l = l", "a.l.append(2)", "print(l)"],
        {"inputs": {3: {"l": 2}}},
    ),
    (
        "a default argument is shared",
        ["l = []", "def f(x=l):\n    x.append(1)", "f()", "print(l)"],
        {"inputs": {3: {"l": 2}}},
    ),
    (
        "a closure keeps its variable",
        [
            "l = []",
            "def mk():\n    s = l\n    return lambda: s.append(1)",
            "g = mk()",
            "g()",
            "print(l)",
        ],
        {"inputs": {4: {"l": 3}}},
    ),
    (
        "a conditional may alias",
        ["a = [1]; b = [2]", "c = a if id(a) % 2 else b", "c.append(1)", "print(a, b)"],
        {"inputs": {3: {"a": 2, "b": 2}}},
    ),
    (
        "numbers in a container do not tie",
        ["s = 1.5", "r = {'s': s}", "r['t'] = 2", "print(s)"],
        {"inputs": {3: {"s": 0}}},
    ),
    (
        "an alias of an alias",
        ["a = []", "b = a", "c = [b]", "c[0].append(1)", "print(a)", "print(b)"],
        {"inputs": {4: {"a": 3}, 5: {"b": 3}}},
    ),
    (
        "a view of an array",
        ["import numpy as np\nx = np.zeros(4)", "y = x[1:]", "y[0] = 1", "x"],
        {"inputs": {3: {"x": 2}}},
    ),
    (
        "a reshaped array is a view",
        ["import numpy as np\nx = np.zeros(4)", "y = x.reshape(2, 2)", "y += 1", "x"],
        {"inputs": {3: {"x": 2}}},
    ),
    (
        "arithmetic makes a new array",
        ["import numpy as np\nx = np.zeros(4)", "y = x * 2", "y[0] = 1", "print(x)"],
        {"inputs": {3: {"x": 0}}},
    ),
    (
        "a mask copies",
        ["import numpy as np\nx = np.zeros(4)", "y = x[x > 1]", "y += 1", "print(x)"],
        {"inputs": {3: {"x": 0}}},
    ),
    (
        "a column is a view",
        ["import pandas as pd\ndf = pd.read_csv('a.csv')", "s = df['a']", "s[0] = 1", "print(df)"],
        {"inputs": {3: {"df": 2}}},
    ),
    (
        "values of a frame are a view",
        [
            "import pandas as pd\ndf = pd.DataFrame({'a': [1]})",
            "v = df.values",
            "v[0] = 1",
            "print(df)",
        ],
        {"inputs": {3: {"df": 2}}},
    ),
    (
        "objects in a frame stay shared",
        [
            "import pandas as pd\nl = [[1], [2]]",
            "df = pd.DataFrame({'a': l})",
            "l[0].append(3)",
            "print(df)",
        ],
        {"inputs": {3: {"df": 2}}},
    ),
    # Functions and classes
    ("late binding", ["def f(): return n", "n = 2", "f()"], {"inputs": {2: {"f": 0, "n": 1}}}),
    (
        "late binding, transitively",
        ["def f(): return g()", "def g(): return n", "n = 2", "f()"],
        {"inputs": {3: {"f": 0, "g": 1, "n": 2}}},
    ),
    (
        "defaults bind at definition",
        ["n = 1", "def f(x=n): return x", "n = 2", "f()"],
        {"inputs": {1: {"n": 0}, 3: {"f": 1}}, "free": [(2, 3)]},
    ),
    (
        "a function mutates a global",
        ["l = []", "def f(): l.append(1)", "f()", "print(l)"],
        {"inputs": {3: {"l": 2}}},
    ),
    (
        "a function mutates its argument",
        ["l = []", "def f(x): x.append(1)", "f(l)", "print(l)"],
        {"inputs": {3: {"l": 2}}},
    ),
    (
        "a function that only reads",
        ["l = []", "def f(x): return len(x)", "f(l)", "print(l)"],
        {"inputs": {3: {"l": 0}}},
    ),
    (
        "keyword arguments find their parameter",
        ["a = []; b = []", "def f(x, y): y.append(1)", "f(y=a, x=b)", "print(a)", "print(b)"],
        {"inputs": {3: {"a": 2}, 4: {"b": 0}}},
    ),
    (
        "star arguments reach every parameter",
        ["a = []; b = []", "def f(*xs): xs[0].append(1)", "f(a, b)", "print(a)"],
        {"inputs": {3: {"a": 2}}},
    ),
    (
        "a callback is called",
        ["l = []", "def f(x): l.append(x)", "list(map(f, [1, 2]))", "print(l)"],
        {"inputs": {3: {"l": 2}}},
    ),
    (
        "a key function is called",
        ["n = []", "sorted([2, 1], key=lambda v: n.append(v) or v)", "print(n)"],
        {"inputs": {2: {"n": 1}}},
    ),
    (
        "a function in a container is called",
        ["l = []", "h = {'f': lambda: l.append(1)}", "h['f']()", "print(l)"],
        {"edges": [(2, 3)]},
    ),
    (
        "recursion",
        ["def f(n): return 1 if n < 2 else n * f(n - 1)", "print(f(5))"],
        {"inputs": {1: {"f": 0}}, "barrier": []},
    ),
    (
        "recursion that mutates",
        [
            "l = []",
            "def f(n):\n    if n:\n        l.append(n)\n        f(n - 1)",
            "f(3)",
            "print(l)",
        ],
        {"inputs": {3: {"l": 2}}},
    ),
    (
        "a decorator wraps",
        [
            "calls = []",
            "def deco(f):\n    def inner(*a):\n        calls.append(1)\n"
            "        return f(*a)\n    return inner",
            "@deco\ndef g(x): return x",
            "g(3)",
            "print(calls)",
        ],
        {"inputs": {4: {"calls": 3}}},
    ),
    (
        "a cached function has a state",
        [
            "import functools\n@functools.lru_cache\ndef f(x): return x",
            "f(1)",
            "print(f.cache_info())",
        ],
        {"edges": [(1, 2)]},
    ),
    (
        "a class changed after instances exist",
        ["class A:\n    k = 1", "a = A()", "A.k = 2", "print(a.k)"],
        {"edges": [(2, 3)]},
    ),
    (
        "a method mutates its object",
        [
            "class A:\n    def __init__(self): self.l = []\n    def add(self, v): self.l.append(v)",
            "a = A()",
            "a.add(1)",
            "print(a.l)",
        ],
        {"inputs": {3: {"a": 2}}},
    ),
    (
        "a method that reads",
        [
            "class A:\n    def __init__(self): self.l = [1]\n"
            "    def size(self): return len(self.l)",
            "a = A()",
            "a.size()",
            "print(a.l)",
        ],
        {"inputs": {3: {"a": 1}}, "free": [(2, 3)]},
    ),
    (
        "a mutable class attribute is shared",
        ["class A:\n    l = []", "a = A()", "b = A()", "a.l.append(1)", "print(b.l)"],
        {"edges": [(3, 4)]},
    ),
    (
        "a property runs code",
        [
            "l = []",
            "class A:\n    @property\n    def p(self):\n        l.append(1)\n        return 3",
            "a = A()",
            "a.p",
            "print(l)",
        ],
        {"inputs": {4: {"l": 3}}},
    ),
    (
        "printing an object runs __repr__",
        [
            "n = 1",
            "class A:\n    def __repr__(self): return str(n)",
            "a = A()",
            "n = 2",
            "print(a)",
        ],
        {"edges": [(3, 4)]},
    ),
    (
        "operators run methods",
        [
            "l = []",
            "class A:\n    def __add__(self, o):\n        l.append(o)\n        return self",
            "a = A()",
            "a + 1",
            "print(l)",
        ],
        {"inputs": {4: {"l": 3}}},
    ),
    (
        "inheritance",
        ["class A:\n    def f(self): return n", "class B(A): pass", "n = 3", "B().f()"],
        {"inputs": {3: {"B": 1, "n": 2}}},
    ),
    (
        "super",
        [
            "class A:\n    def __init__(self): self.l = []",
            "class B(A):\n"
            "    def __init__(self, v):\n        super().__init__()\n        self.l.append(v)",
            "v = [1]",
            "b = B(v)",
            "b.l[0].append(2)",
            "print(v)",
        ],
        {"inputs": {5: {"v": 4}}},
    ),
    (
        "a dataclass keeps its arguments",
        [
            "from dataclasses import dataclass\n@dataclass\nclass P:\n    l: list",
            "l = [1]",
            "p = P(l)",
            "p.l.append(2)",
            "print(l)",
        ],
        {"inputs": {4: {"l": 3}}},
    ),
    (
        "an enum",
        ["import enum\nclass C(enum.Enum):\n    R = 1", "c = C.R", "print(c is C.R)"],
        {"barrier": [], "unknown": []},
    ),
    (
        "a generator runs late",
        ["n = 1", "g = (i * n for i in range(3))", "n = 5", "print(list(g))"],
        {"inputs": {3: {"g": 1, "n": 2}}, "unshippable": [1, 3]},
    ),
    (
        "a generator function",
        ["l = []", "def gen():\n    l.append(1)\n    yield 1", "g = gen()", "next(g)", "print(l)"],
        {"edges": [(3, 4)]},
    ),
    (
        "a context manager runs code",
        [
            "l = []",
            "class M:\n    def __enter__(self): l.append(1)\n    def __exit__(self, *a): pass",
            "with M():\n    pass",
            "print(l)",
        ],
        {"inputs": {3: {"l": 2}}},
    ),
    (
        "await",
        ["async def f(): return n", "n = 1", "r = await f()", "print(r)"],
        {"inputs": {2: {"f": 0, "n": 1}}, "barrier": []},
    ),
    # Libraries
    (
        "fit changes its receiver only",
        [
            ML,
            "m = RandomForestClassifier(random_state=0)",
            "m.fit(X_train, y_train)",
            "k = LogisticRegression().fit(X_train, y_train)",
            "m.predict(X_test)",
        ],
        {"inputs": {4: {"m": 2, "X_test": 0}}, "free": [(2, 3)], "outputs": {2: ["m"], 3: ["k"]}},
    ),
    (
        "models through a helper",
        [
            ML,
            "def evaluate(model):\n    model.fit(X_train, y_train)\n"
            "    return accuracy_score(y_test, model.predict(X_test))",
            "a = evaluate(RandomForestClassifier(random_state=0))",
            "b = evaluate(LogisticRegression())",
            "c = evaluate(KNeighborsClassifier())",
        ],
        {"free": [(2, 3), (3, 4), (2, 4)], "unknown": []},
    ),
    (
        "models in a loop",
        [
            ML,
            "models = {'rf': RandomForestClassifier(random_state=1), 'lr': LogisticRegression()}",
            "scores = {}\nfor name, model in models.items():\n"
            "    model.fit(X_train, y_train)\n    scores[name] = model.score(X_test, y_test)",
            "print(X_train.shape)",
            "print(models)",
        ],
        {"free": [(2, 3)], "edges": [(2, 4)], "unknown": []},
    ),
    (
        "neighbours keep what they were fitted on",
        [
            ML,
            "k = KNeighborsClassifier().fit(X_train, y_train)",
            "X_train[0] = 0",
            "k.predict(X_test)",
        ],
        {"edges": [(2, 3)]},
    ),
    (
        "a model without a seed draws",
        [
            ML,
            "a = RandomForestClassifier().fit(X_train, y_train)",
            "b = RandomForestClassifier().fit(X_train, y_train)",
        ],
        {"edges": [(1, 2)]},
    ),
    (
        "cross validation is pure",
        [
            ML,
            "m = LogisticRegression()",
            "cross_val_score(m, X_train, y_train)",
            "m.fit(X_train, y_train)",
        ],
        {"free": [(2, 3)]},
    ),
    (
        "a grid search changes itself",
        [
            ML,
            "g = GridSearchCV(LogisticRegression(), {'C': [1, 2]})",
            "g.fit(X_train, y_train)",
            "print(g.best_params_)",
            "print(X_train[0])",
        ],
        {"edges": [(2, 3)], "free": [(2, 4)]},
    ),
    (
        "inplace=True",
        [
            "import pandas as pd\ndf = pd.read_csv('a.csv')",
            "df.fillna(0, inplace=True)",
            "print(df)",
        ],
        {"inputs": {2: {"df": 1}}},
    ),
    (
        "without inplace",
        ["import pandas as pd\ndf = pd.read_csv('a.csv')", "df.fillna(0)", "print(df)"],
        {"inputs": {2: {"df": 0}}},
    ),
    (
        "pandas chains are pure",
        [
            "import pandas as pd\ndf = pd.read_csv('a.csv')",
            "s = df.groupby('a')['b'].mean().sort_values()",
            "s.plot.bar()",
            "df.head()",
        ],
        {"unknown": [], "free": [(1, 3), (2, 3)]},
    ),
    (
        "apply runs a function",
        [
            "import pandas as pd\ndf = pd.read_csv('a.csv')\nseen = []",
            "def f(r):\n    seen.append(1)\n    return r",
            "df.apply(f)",
            "print(seen)",
        ],
        {"inputs": {3: {"seen": 2}}},
    ),
    (
        "numpy's out",
        ["import numpy as np\nx = np.zeros(3)", "np.add(x, 1, out=x)", "x"],
        {"inputs": {2: {"x": 1}}},
    ),
    (
        "shuffle changes its argument",
        ["import random\nl = [1, 2]", "random.shuffle(l)", "l"],
        {"edges": [(1, 2)]},
    ),
    (
        "pyplot's figure ends with the cell",
        ["import matplotlib.pyplot as plt", "plt.plot([1])", "plt.title('x'); plt.show()"],
        {"free": [(1, 2)], "unknown": []},
    ),
    (
        "a figure in a name",
        ["import matplotlib.pyplot as plt", "fig, ax = plt.subplots()", "ax.plot([1])", "fig"],
        {"inputs": {3: {"fig": 2}}},
    ),
    (
        "plotting does not change data",
        ["import matplotlib.pyplot as plt\nl = [1]", "fig, ax = plt.subplots()\nax.plot(l)", "l"],
        {"free": [(1, 2)]},
    ),
    (
        "joblib runs a function",
        [
            "from joblib import Parallel, delayed\nn = 2\ndef f(x): return x * n",
            "r = Parallel(n_jobs=2)(delayed(f)(i) for i in range(3))",
            "print(r)",
        ],
        {"unknown": [], "unshippable": []},
    ),
    # Random generators
    (
        "a seed starts anew",
        ["import random", "random.random()", "random.seed(1)", "random.random()"],
        {"free": [(1, 2), (1, 3)], "edges": [(2, 3)]},
    ),
    (
        "draws are ordered",
        ["import numpy as np\nnp.random.seed(0)", "a = np.random.rand(3)", "b = np.random.rand(3)"],
        {"inputs": {2: {"np": 0, "<numpy.random>": 1}}},
    ),
    (
        "a generator object is a value",
        ["import numpy as np\nr = np.random.default_rng(0)", "a = r.normal()", "b = r.normal()"],
        {"inputs": {2: {"r": 1}}},
    ),
    # Process state
    (
        "an option is set-up",
        ["import pandas as pd", "pd.set_option('a', 3)"],
        {"setup": [1], "sticky": [], "impure": [1]},
    ),
    (
        "plot parameters",
        ["import matplotlib.pyplot as plt", "plt.rcParams['x'] = 3"],
        {"setup": [1]},
    ),
    ("sys.path", ["import sys", "sys.path.append('lib')"], {"setup": [1]}),
    ("environment", ["import os", "os.environ['A'] = 'b'"], {"setup": [1]}),
    ("warnings", ["import warnings", "warnings.filterwarnings('ignore')"], {"setup": [1]}),
    ("a module is patched", ["import json", "json.dumps = lambda x: 'y'"], {"setup": [1]}),
    (
        "a module is patched with a function",
        ["import json\ndef f(x): return 'y'", "json.dumps = f"],
        {"setup": [1]},
    ),
    ("set-up that also computes", ["import sys", "n = sys.path.append('a')"], {"sticky": [1]}),
    ("an object in a module", ["import json\nl = []", "json.l = l"], {"sticky": [1]}),
    (
        "restored state is no state",
        ["import warnings", "with warnings.catch_warnings():\n    warnings.simplefilter('ignore')"],
        {"setup": [], "sticky": []},
    ),
    ("set-up in a function", ["import sys\ndef f(): sys.path.append('a')", "f()"], {"setup": [1]}),
    (
        "later cells need what set-up needs",
        ["n = 3", "import numpy as np\nnp.set_printoptions(precision=n)", "print(1)"],
        {"edges": [(0, 2)], "setup": [1]},
    ),
    (
        "after a sticky cell, one by one",
        ["import sys\nx = sys.path.append('a')", "a = 1", "b = 2"],
        {"edges": [(0, 1), (1, 2)], "sticky": [0]},
    ),
    # Set-up at another time
    (
        "set-up that is new each time is not repeated",
        ["import os, uuid", "os.environ['RUN'] = uuid.uuid4().hex", "print(1)"],
        {"sticky": [1], "setup": [], "edges": [(1, 2)]},
    ),
    (
        "set-up reads a clock in a function, under another name",
        [
            "import os\nfrom time import time_ns as t\ndef f(): return str(t())",
            "os.environ['AT'] = f()",
        ],
        {"sticky": [1]},
    ),
    (
        "set-up that makes a folder of its own",
        ["import os, tempfile", "os.environ['A'] = tempfile.mkdtemp()"],
        {"sticky": [1]},
    ),
    (
        "set-up that asks",
        ["import os, getpass", "os.environ['A'] = getpass.getpass()", "os.environ['B'] = input()"],
        {"sticky": [1, 2]},
    ),
    (
        "set-up from an unseeded generator",
        [
            "import os\nimport numpy as np",
            "os.environ['A'] = str(np.random.default_rng().random())",
        ],
        {"sticky": [1]},
    ),
    (
        "a seeded generator, and the machine, are the same at another time",
        [
            "import os\nimport numpy as np",
            "os.environ['A'] = str(np.random.default_rng(3).random())",
            "os.environ['N'] = str(os.cpu_count())",
        ],
        {"sticky": [], "setup": [1, 2]},
    ),
    (
        "a clock that is only put into a module",
        ["import json, time", "json.dumps = lambda x: time.time()"],
        {"sticky": [], "setup": [1]},
    ),
    (
        "set-up from a file that nobody writes",
        ["import os, json", "os.environ.update(json.load(open('a.json')))", "print(1)"],
        {"setup": [1], "sticky": [], "edges": [(1, 2)]},
    ),
    (
        "set-up from a file that was written before",
        [
            "f = open('a.json', 'w').write('{}')",
            "import os, json\nos.environ.update(json.load(open('a.json')))",
            "print(1)",
        ],
        {"setup": [1], "sticky": [], "edges": [(0, 1), (0, 2)]},
    ),
    (
        "set-up from a file that is written later",
        [
            "import os, json\nos.environ.update(json.load(open('a.json')))",
            "print(1)",
            "f = open('a.json', 'w').write('{}')",
        ],
        {"setup": [], "sticky": [0], "edges": [(0, 1)]},
    ),
    (
        "set-up from a file that the same cell writes",
        [
            "import os, json\nopen('a.json', 'w').write('{}')\n"
            "os.environ.update(json.load(open('a.json')))",
            "print(1)",
        ],
        {"setup": [], "sticky": [0]},
    ),
    (
        "a style from a file",
        [
            "import matplotlib.pyplot as plt",
            "plt.style.use(['ggplot', './my.mplstyle'])",
            "print(1)",
            "print(2)",
        ],
        {"setup": [1], "edges": [(1, 2), (1, 3)], "free": [(2, 3)]},
    ),
    (
        "a style of matplotlib's own is no file",
        [
            "import matplotlib.pyplot as plt",
            "plt.style.use(['ggplot', 'dark_background'])\nplt.style.use('ggplot')",
            "print(1)",
            "open(name, 'w').write('x')",
        ],
        {"setup": [1], "sticky": [], "free": [(1, 2)]},
    ),
    (
        "a style that has a name, or is one of two, is no file",
        [
            "import matplotlib.pyplot as plt\nSTYLE = 'ggplot'\nDARK = len('x') > 1\nRC = {'a': 1}",
            "def use(style): plt.style.use(style)\nuse('seaborn-v0_8')",
            "plt.style.use(STYLE)\nplt.style.use([STYLE, {'a': 1}])\nplt.style.use(RC)",
            "plt.style.use('dark_background' if DARK else STYLE)",
            "print(1)",
            "plt.savefig(f'{n}.png')",
            "print(2)",
        ],
        {"setup": [1, 2, 3], "sticky": [], "free": [(4, 5), (4, 6), (5, 6)]},
    ),
    (
        "a style that is perhaps a file",
        [
            "import matplotlib.pyplot as plt\nSTYLE = 'my.mplstyle'\nOTHER = input()",
            "plt.style.use(STYLE)",
            "plt.style.use('ggplot' if OTHER else OTHER)",
            "plt.style.use(['ggplot', OTHER])",
            "plt.style.use(*[OTHER])",
            "open('my.mplstyle', 'w').write('x')",
        ],
        {"setup": [], "sticky": [1, 2, 3, 4]},
    ),
    (
        "a folder is made before it is gone to",
        ["import os\nos.makedirs('out', exist_ok=True)", "os.chdir('out')", "print(1)", "print(2)"],
        {"setup": [1], "sticky": [], "edges": [(0, 1), (0, 2), (0, 3)], "free": [(1, 2), (2, 3)]},
    ),
    (
        "a folder is made before %cd",
        ["import os\nos.mkdir('d')", "%cd -q 'd'", "print(1)"],
        {"setup": [1], "sticky": [], "edges": [(0, 1), (0, 2)], "free": [(1, 2)]},
    ),
    (
        "a folder is made before pushd",
        ["import os\nos.mkdir('d')", "%pushd d"],
        {"edges": [(0, 1)], "sticky": [1]},
    ),
    (
        "a folder that is there is gone to",
        ["import pandas as pd\npd.DataFrame().to_csv('a.csv')", "%cd ..", "print(1)"],
        {"setup": [1], "sticky": [], "free": [(0, 1), (0, 2)]},
    ),
    (
        "files in a folder do not take it away",
        [
            "import os\nimport pandas as pd",
            "os.chdir('d')",
            "pd.DataFrame().to_csv('a.csv')\nos.remove('b.csv')",
            "print(1)",
        ],
        {"setup": [1], "sticky": []},
    ),
    (
        "a folder that is taken away later",
        ["import os, shutil", "os.chdir('d')", "os.chdir('..')\nshutil.rmtree('d')", "print(1)"],
        {"setup": [2], "sticky": [1]},
    ),
    (
        "a folder that is moved later by a program",
        ["%cd d", "!mv ../d ../e"],
        {"setup": [], "sticky": [0], "outside": [1]},
    ),
    (
        "programs that take no folder away",
        [
            "%cd -q data/raw",
            "!git status && git -C . add a.csv",
            "!find . -name '*.csv' | sort > a.txt",
            "!rm -f a.txt\n!mv b.csv ../raw/c.csv\n!rm -rf out other/*.tmp",
            "%%bash\ngit diff > d.txt\nrm d.txt",
            "import os, shutil\nshutil.move('c.csv', 'd.csv')\nos.rename('e', 'f')",
            "print(1)",
        ],
        {"setup": [0], "sticky": [], "free": [(0, 6), (1, 6), (4, 6), (5, 6)]},
    ),
    *(
        (
            f"a program that may take a folder away: {command}",
            ["%cd data/raw", command],
            {"setup": [], "sticky": [0], "outside": [1]},
        )
        for command in (
            "!git checkout old",
            "!git -C clone checkout old",
            "!find .. -name raw -exec rm -r {} +",
            "!ls .. | xargs rm -r",
            "!sudo rm -rf ../raw/",
            "!rm -r ../ra*",
            "!cd .. && mv $name x",
            "!rmdir ../../data -p",
            "%%bash\ncd ../..\nrm -rf \\\n  data",
            "%%script python\nimport shutil",
            "import os\nos.removedirs('../raw/x')",
            "import shutil\nshutil.move('../../data', 'x')",
            "import pathlib\npathlib.Path('../raw').rename('x')",
            "import os\nos.rename(input(), 'x')",
        )
    ),
    (
        "a folder that is made anew before it is gone to",
        [
            "import os, shutil\nshutil.rmtree('d')\nos.mkdir('d')\nos.chdir('d')",
            "print(1)",
            "print(2)",
        ],
        {"setup": [0], "sticky": [], "free": [(1, 2)]},
    ),
    (
        "a folder that its own cell takes away afterwards",
        ["import os, shutil\nos.chdir('d')\nos.chdir('..')\nshutil.rmtree('d')", "print(1)"],
        {"sticky": [0], "setup": [0]},
    ),
    (
        "a log that is opened anew is not opened again",
        [
            "import logging",
            "logging.basicConfig(filename='x.log', filemode='w')",
            "logging.info('hello')",
            "logging.info('world')",
        ],
        {"setup": [], "sticky": [1], "outside": [1], "edges": [(1, 2), (2, 3)]},
    ),
    (
        "a log that may be opened by given settings is not opened again",
        ["import logging\ns = json.load(f)", "logging.basicConfig(**s)"],
        {"setup": [], "sticky": [1], "outside": [1]},
    ),
    (
        "a log without a file is set-up",
        [
            "import logging, sys",
            "logging.basicConfig(level=logging.INFO, filename=None)",
            "logging.basicConfig(level=logging.INFO, stream=sys.stdout)",
            "print(1)",
        ],
        {"setup": [1, 2], "sticky": [], "outside": [], "free": [(1, 2), (2, 3)]},
    ),
    (
        "logging is configured by a dict that names a file",
        [
            "import logging.config\nD = load()",
            "logging.config.dictConfig({'version': 1, 'handlers': {'f': {'class': "
            "'logging.FileHandler', 'filename': 'x.log', 'mode': 'w'}}})",
            "logging.config.dictConfig(D)",
            "logging.config.fileConfig('log.ini')",
        ],
        {"setup": [], "sticky": [1, 2, 3], "outside": [1, 2, 3]},
    ),
    (
        "logging is configured by a dict without a file",
        [
            "import logging.config",
            "logging.config.dictConfig({'version': 1, 'root': {'level': logging.INFO, "
            "'handlers': ['c']}, 'handlers': {'c': {'class': 'logging.StreamHandler'}}})",
            "print(1)",
        ],
        {"setup": [1], "sticky": [], "outside": []},
    ),
    # Files and the outside
    (
        "a file is read after it was written",
        [
            "import pandas as pd\ndf = pd.DataFrame({'a': [1]})",
            "df.to_csv('x.csv')",
            "pd.read_csv('x.csv')",
            "pd.read_csv('y.csv')",
        ],
        {"edges": [(1, 2)], "free": [(1, 3)], "outside": [1]},
    ),
    (
        "a file is written after it was read",
        ["open('a').read()", "open('./a', 'w').write('x')"],
        {"edges": [(0, 1)], "outside": [1]},
    ),
    (
        "an unknown path meets every file",
        ["open('a', 'w').close()", "p = input()", "open(p).read()"],
        {"edges": [(0, 2)]},
    ),
    (
        "a path in a name",
        ["p = 'a.npy'\nimport numpy as np", "np.save(p, [1])", "np.load('a.npy')"],
        {"edges": [(1, 2)], "outside": [1]},
    ),
    (
        "a figure is saved",
        ["import matplotlib.pyplot as plt", "plt.plot([1])\nplt.savefig('a.png')"],
        {"outside": [1]},
    ),
    (
        "a buffer is no file",
        [
            "import io\nb = io.StringIO()\nimport pandas as pd",
            "pd.DataFrame({'a': [1]}).to_csv(b)",
            "print(b.getvalue())",
        ],
        {"outside": [], "edges": [(1, 2)]},
    ),
    (
        "what is written into an open file is outside",
        [
            "f = open('a.txt', 'w')",
            "assert slow_check()",
            "print('published', file=f, flush=True)",
            "f.write('x')",
            "import csv\nw = csv.writer(f)",
            "w.writerow([1])",
            "import sqlite3\nc = sqlite3.connect('a.db')",
            "c.execute('insert into t values (1)')",
        ],
        {"outside": [0, 2, 3, 4, 5, 6, 7], "unknown": [1]},
    ),
    (
        "what is read from an open file, or written into a buffer, is not outside",
        [
            "import io, csv, json\nf = open('a.txt')\nb = io.StringIO()",
            "f.read()\nnext(f)\njson.load(f)\nlist(csv.reader(f))\nf.seek(0)\nf.close()",
            "b.write('x')\nprint(1, file=b)\ncsv.writer(b).writerow([1])",
            "with open('b.txt') as g: t = g.read()",
            "g.closed",
        ],
        {"outside": [], "unknown": []},
    ),
    ("the network", ["import requests", "requests.get('http://x')"], {"outside": [1]}),
    (
        "outside cells keep their order",
        ["open('a', 'w').close()", "open('b', 'w').close()"],
        {"edges": [(0, 1)], "outside": [0, 1]},
    ),
    ("printing is not outside", ["print(1)", "display(2)"], {"outside": [], "unknown": []}),
    (
        "a module written by a cell",
        ["%%writefile h.py\nx = 1", "import h"],
        {"edges": [(0, 1)], "outside": [0]},
    ),
    ("an open file stays", ["f = open('a')", "f.read()"], {"unshippable": [0, 1]}),
    ("a lock stays", ["import threading\nl = threading.Lock()"], {"unshippable": [0]}),
    (
        "a container of a generator stays",
        ["g = (i for i in [1])", "l = [g]"],
        {"unshippable": [0, 1]},
    ),
    (
        "displays are updated in order",
        ["h = display(1, display_id=True)", "h.update(2)", "h.update(3)"],
        {"edges": [(0, 1), (1, 2)]},
    ),
    # IPython
    (
        "%time",
        ["x = [1]", "%time x.append(2)", "print(x)"],
        {"inputs": {2: {"x": 1}}, "barrier": []},
    ),
    ("%%time", ["x = 1", "%%time\ny = x", "print(y)"], {"inputs": {1: {"x": 0}, 2: {"y": 1}}}),
    ("assigned %time", ["y = %time 3", "print(y)"], {"inputs": {1: {"y": 0}}}),
    ("%timeit binds nothing", ["y = 1", "%timeit -n 3 y = 2", "print(y)"], {"edges": [(0, 2)]}),
    ("%%capture", ["%%capture out\nprint(1)", "out.show()"], {"inputs": {1: {"out": 0}}}),
    ("!ls {expr}", ["p = '.'", "!ls {p}"], {"inputs": {1: {"p": 0}}, "outside": []}),
    ("!cmd $name", ["p = '.'", "!touch $p"], {"inputs": {1: {"p": 0}}, "outside": [1]}),
    ("x = !cmd", ["x = !ls", "print(x)"], {"inputs": {1: {"x": 0}}}),
    ("%%bash", ["%%bash\ntouch a", "!cat a"], {"edges": [(0, 1)], "outside": [0]}),
    ("%matplotlib inline", ["%matplotlib inline"], {"setup": [0]}),
    ("%env", ["%env A=1"], {"setup": [0]}),
    ("%pip", ["%pip install x", "print(1)"], {"sticky": [0], "outside": [0], "edges": [(0, 1)]}),
    ("%load_ext of a known one", ["%load_ext autoreload"], {"setup": [0], "barrier": []}),
    ("help", ["x = 1", "x?\n?x"], {"barrier": [], "outside": []}),
    ("indented cells", ["  a = 1\n  b = 2", "print(a)"], {"inputs": {1: {"a": 0}}}),
    ("a percent sign in a string", ["s = '''\n%run x\n'''", "t = (1\n%2)"], {"barrier": []}),
    # Barriers
    (
        "exec",
        ["import time\nc = str(time.time())\na = 1", "exec(c)", "print(1)"],
        {"barrier": [1], "edges": [(0, 1), (1, 2)], "sticky": [1]},
    ),
    (
        "exec of a literal is read",
        ["a = 1", "exec('b = a')", "print(b)"],
        {"barrier": [], "inputs": {1: {"a": 0}, 2: {"b": 1}}},
    ),
    (
        "globals",
        ["a = 1", "globals()['b'] = 2", "print(b)"],
        {
            "barrier": [],
            "edges": [(1, 2)],
            "inputs": {1: {}, 2: {"b": 1}},
        },
    ),
    ("%run", ["a = 1", "%run x.py", "print(z)"], {"barrier": [1], "sticky": [1]}),
    ("an unknown magic", ["%zork"], {"barrier": [0], "sticky": [0]}),
    ("history", ["1 + 1", "print(_)"], {"barrier": [1], "edges": [(0, 1)]}),
    ("Out", ["1 + 1", "Out[1]"], {"barrier": [1]}),
    (
        "history in a cell that is too much to follow",
        [
            "import dataclasses\nimport numpy as np",
            "@dataclasses.dataclass(order=True)\nclass Shop:\n    name: str\n"
            "    revenue: float = 0.0\n"
            "    def add(self, x):\n        self.revenue += x\n        return self\n"
            "    def __repr__(self):\n        return f'<{self.name}: {self.revenue:.2f}>'\n"
            "class Registry(dict):\n    instances = 0\n"
            "    def __missing__(self, k):\n        Registry.instances += 1\n"
            "        s = self[k] = Shop(k)\n        return s",
            "np.arange(5)",
            "_.mean()",
        ],
        {"barrier": [3], "sticky": [0, 3]},
    ),
    ("an own underscore is no history", ["for _ in range(3):\n    print(_)"], {"barrier": []}),
    (
        "import * of an unknown module",
        ["from zork import *", "print(alpha)"],
        {"barrier": [0], "inputs": {1: {"alpha": 0, "print": 0}}},
    ),
    (
        "import * of a known module",
        ["from math import *", "print(pi)"],
        {"barrier": [], "inputs": {1: {"pi": 0}}},
    ),
    ("a thread", ["import threading\nthreading.Thread(target=print).start()"], {"barrier": [0]}),
    (
        "a query in a string",
        ["import pandas as pd\ndf = pd.read_csv('a')", "df.query('a > @t')"],
        {"barrier": [], "inputs": {1: {"df": 0}}},
    ),
    ("a syntax error", ["a = 1", "x y", "print(a)"], {"syntax": [1], "inputs": {2: {"a": 0}}}),
    # Precision
    (
        "a frame does not keep the rows it was asked for",
        [
            "import pandas as pd\ndf = pd.read_csv('a.csv')\nrows = [0]",
            "df.loc[rows, 'a'] = 5",
            "raw = df.copy()",
            "df.loc[rows, 'a'] = 6",
            "print(raw)",
        ],
        {"free": [(3, 4)], "edges": [(1, 2), (1, 3)]},
    ),
    (
        "plain data in process state is made again with its statement",
        [
            "import matplotlib.pyplot as plt",
            "plt.rcParams['figure.figsize'] = (5, 2.5)",
            "a = 1",
            "print(2)",
        ],
        {"setup": [1], "sticky": [], "free": [(2, 3)]},
    ),
    (
        "an object with a name in process state is shared with it",
        ["import numpy as np", "l = [1]", "np.extra = l", "l.append(2)", "print(np.extra)"],
        {"sticky": [2], "edges": [(3, 4)]},
    ),
    (
        "importances are computed when asked for",
        [
            "from sklearn.tree import DecisionTreeClassifier\nX = [[0], [1]]\ny = [0, 1]",
            "tree = DecisionTreeClassifier(random_state=0).fit(X, y)",
            "found = tree.feature_importances_",
            "found[0] = 5",
            "print(tree.predict(X))",
        ],
        {"free": [(3, 4)]},
    ),
    (
        "a logger writes into what it was given",
        [
            "import io, logging\npage = io.StringIO()\nlog = logging.getLogger('dock')",
            "log.addHandler(logging.StreamHandler(page))",
            "log.warning('calm')",
            "print(page.getvalue())",
        ],
        {"sticky": [1], "inputs": {3: {"page": 2}}},
    ),
]
