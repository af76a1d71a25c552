# ruff: noqa: E501 (tables read better in long lines)
"""Python's own functions and types (docs.python.org/3/library/functions.html, stdtypes.html)."""

TABLE = r"""
[immutable]
int float complex bool str bytes NoneType ellipsis range slice number type code frozen namespace

[module builtins]
abs pow round divmod : -> number
bin chr hex oct input : -> str
ascii repr format : calls shows -> str
bool hasattr : -> bool
callable : calls nothing -> bool
isinstance issubclass : calls __instancecheck__ __subclasscheck__ __subclasshook__ __class__ -> bool
all any : calls iterates __bool__ -> bool
id ord : calls nothing -> int
hash : calls __hash__ -> int
len : calls __len__ -> int
int : -> int
float : -> float
complex : -> complex
str : calls shows -> str
bytes : -> bytes
range : -> range
slice : -> slice
help breakpoint : -> NoneType
print : calls shows write flush -> NoneType
bytearray : -> fresh bytearray
memoryview : unshippable a memoryview -> view memoryview
list : calls iterates -> copy list
tuple : calls iterates -> copy tuple
set : calls iterates compares -> copy set
frozenset : calls iterates compares -> copy frozenset
dict : calls iterates compares keys -> copy dict
sorted : calls iterates compares -> copy list
enumerate zip : calls iterates -> view iterator
reversed map filter iter : -> view iterator
max min : calls iterates compares -> item
sum : calls iterates __add__ __radd__ __iadd__ -> item
next : mutates 0 -> item
aiter anext : mutates * -> alias
getattr : -> view
setattr : mutates 0 ; stores -> NoneType
delattr : mutates 0 -> NoneType
vars : -> view dict
dir : -> fresh list[str]
object : -> fresh object
property : -> alias
classmethod staticmethod : calls nothing -> alias
open : opens -> fresh file[str/bytes]
compile : -> code
exec : text exec -> NoneType
eval : text eval -> alias
globals locals : -> namespace
__import__ : barrier a module is imported by a computed name
exit quit : barrier ends the kernel
BaseException Exception ValueError TypeError KeyError IndexError RuntimeError ArithmeticError : -> view exception
ZeroDivisionError AttributeError NotImplementedError StopIteration OSError IOError : -> view exception
FileNotFoundError PermissionError AssertionError LookupError NameError OverflowError : -> view exception
UnicodeDecodeError UnicodeEncodeError UnicodeError TimeoutError ConnectionError : -> view exception
KeyboardInterrupt SystemExit MemoryError RecursionError ImportError ModuleNotFoundError : -> view exception
Warning UserWarning DeprecationWarning FutureWarning RuntimeWarning EOFError : -> view exception
ExceptionGroup BaseExceptionGroup : -> view exception

[class exception]
with_traceback add_note : mutates self -> self
.args .message .errno .strerror .filename : -> view
.* : -> view

[class object]

[class restorer = ]
__enter__ __exit__ : sticky process state is set by hand -> alias
.* : -> alias

[class list = ]
append extend insert : mutates self ; stores ; calls iterates compares keys -> NoneType
remove clear reverse sort : mutates self ; calls iterates compares keys -> NoneType
pop : mutates self ; calls iterates compares keys -> item
copy : calls iterates compares keys -> copy list
count index : calls iterates compares keys -> int

[class tuple = ]
count index : calls iterates compares keys -> int

[class dict = ]
get : calls iterates compares keys -> item
setdefault : mutates self ; stores ; calls iterates compares keys -> item
update : mutates self ; stores ; calls iterates compares keys -> NoneType
pop popitem : mutates self ; calls iterates compares keys -> item
clear : mutates self ; calls iterates compares keys -> NoneType
keys values items : calls iterates compares keys -> view dictview
copy fromkeys : calls iterates compares keys -> copy dict

[class dictview = ]
isdisjoint : -> bool

[class set = ]
add update : mutates self ; stores ; calls iterates compares -> NoneType
remove discard clear : mutates self ; calls iterates compares -> NoneType
intersection_update difference_update symmetric_difference_update : mutates self ; stores ; calls iterates compares -> NoneType
pop : mutates self ; calls iterates compares -> item
copy union intersection difference symmetric_difference : calls iterates compares -> copy set
isdisjoint issubset issuperset : calls iterates compares -> bool

[class frozenset = ]
copy union intersection difference symmetric_difference : calls iterates compares -> copy frozenset
isdisjoint issubset issuperset : calls iterates compares -> bool

[class bytearray = ]
append extend insert remove clear reverse : mutates self -> NoneType
pop : mutates self -> int
decode hex : -> str
find index count startswith endswith : -> int

[class memoryview = ]
tolist : -> fresh list[int]
tobytes hex : -> bytes|str
cast toreadonly : -> view memoryview
release : mutates self -> NoneType
.obj : -> view
.nbytes .itemsize .ndim .format .shape .strides .readonly .contiguous : -> number|str|tuple
[] : -> view memoryview|int

[class iterator = ]
send throw close __next__ : mutates self -> alias

[class generator = ]
send throw close __next__ : mutates self -> alias

[class file = ]
read readline : mutates self -> str|bytes
readinto readinto1 : mutates self 0 -> number
readlines : mutates self -> fresh list[str/bytes]
write writelines flush seek truncate close : mutates self -> int
tell fileno readable writable seekable : -> int
.name .mode .encoding .closed : -> str
[] : -> str

[class str = ]
format format_map : -> str
join : calls iterates -> str
capitalize casefold center expandtabs ljust lower lstrip removeprefix : -> str
removesuffix replace rjust rstrip strip swapcase title translate upper zfill : -> str
count find index rfind rindex : -> int
endswith startswith isalnum isalpha isascii isdecimal isdigit isidentifier islower : -> bool
isnumeric isprintable isspace istitle isupper : -> bool
split rsplit splitlines partition rpartition : -> fresh list|tuple[str]
encode : -> bytes
maketrans : -> fresh dict[str/int]
[] : -> str

[class bytes = ]
decode hex : -> str
split rsplit splitlines partition rpartition : -> fresh list|tuple[bytes]
capitalize center join ljust lower lstrip replace rjust rstrip strip title upper zfill : -> bytes
count find index rfind rindex : -> int
endswith startswith isalnum isalpha isascii isdigit islower isspace isupper : -> bool
fromhex : -> bytes
[] : -> bytes|int

[class int bool float complex number = ]
bit_length bit_count as_integer_ratio is_integer conjugate item hex to_bytes from_bytes : -> number
.real .imag .numerator .denominator : -> number

[class range = ]
count index : -> int
.start .stop .step : -> int

[any]
copy keys values items split rsplit splitlines strip lstrip rstrip lower upper title capitalize
startswith endswith isdigit isalpha isnumeric zfill ljust rjust center encode decode
mean std var median quantile describe nunique value_counts corr cov head tail isna isnull notna
notnull astype groupby groups ngroups to_dict to_list tolist to_numpy to_frame to_string
predict predict_proba predict_log_proba decision_function score get_params get_feature_names_out
isoformat strftime timestamp total_seconds weekday isoweekday item
__repr__ __str__ __len__ __eq__ __hash__ __getitem__ __contains__
"""
