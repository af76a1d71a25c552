# ruff: noqa: E501 (tables read better in long lines)
"""The standard library (docs.python.org/3/library). A module without a line is not known."""

TABLE = r"""
[immutable]
datetime=datetime.datetime date=datetime.date time=datetime.time timedelta=datetime.timedelta
timezone=datetime.timezone Decimal=decimal.Decimal Fraction=fractions.Fraction UUID=uuid.UUID
Path=pathlib.Path PurePath=pathlib.PurePath PosixPath=pathlib.PosixPath Pattern Match
struct_time=time.struct_time NamedTuple TypeVar=typing.TypeVar

[module math cmath statistics operator textwrap string re html unicodedata keyword fractions]
* : -> fresh
[module math cmath]
* : -> number
[module statistics]
* : -> number
[module operator]
* : -> alias
setitem iadd delitem isub imul iconcat iand ior ixor ilshift irshift imatmul imod ipow itruediv ifloordiv : mutates 0 ; stores -> alias
attrgetter itemgetter : -> alias function
methodcaller : -> alias
[module textwrap html unicodedata]
* : -> str
[module textwrap]
wrap : -> fresh list[str]
[module re]
compile : -> Pattern
match search fullmatch : -> Match
findall split : -> fresh list|tuple[str/tuple]
finditer : -> fresh iterator[Match]
sub escape : -> str
subn : -> fresh tuple[str/int]
purge : -> NoneType
[class Pattern = ]
match search fullmatch : -> Match
findall split : -> fresh list|tuple[str/tuple]
finditer : -> fresh iterator[Match]
sub : -> str
.* : -> str
[class Match = ]
group : -> str
groups : -> fresh tuple[str]
groupdict : -> fresh dict[str]
start end : -> int
span : -> fresh tuple[int]
.* : -> str
[] : -> str

[module json]
dumps : -> str
loads : -> fresh dict|list|str|number[dict/list/str/number]
load : mutates 0 -> fresh dict|list|str|number[dict/list/str/number]
dump : mutates 1 -> NoneType
[module csv]
reader DictReader : mutates 0 -> alias iterator
writer DictWriter : mutates 0 -> alias csvwriter
[class csvwriter = ]
writerow writerows writeheader : mutates self -> NoneType
[module pickle marshal]
dumps : pickles -> bytes
loads : unpickles -> alias
load : mutates 0 ; unpickles -> alias
dump : mutates 1 ; pickles -> NoneType
[module base64 binascii zlib gzip bz2 lzma struct]
b64encode b64decode compress decompress pack unpack hexlify unhexlify crc32 calcsize : -> bytes
pack_into : mutates 1 -> NoneType
unpack_from : -> fresh tuple
iter_unpack : -> view iterator
urlsafe_b64encode urlsafe_b64decode b32encode b32decode b16encode b16decode : -> bytes
[module gzip bz2 lzma codecs]
open : opens -> fresh file[str/bytes]
[module gzip bz2 lzma]
GzipFile BZ2File LZMAFile : opens -> fresh file[str/bytes]
BZ2Compressor LZMACompressor : -> fresh buffer
[module zipfile tarfile]
ZipFile PyZipFile open TarFile : opens ; unshippable an open archive -> fresh archive[str]
is_zipfile is_tarfile : reads 0 -> bool
ZipInfo TarInfo : -> fresh
[class archive = ]
namelist getnames : -> fresh list[str]
read : -> bytes
open extractfile : mutates self ; unshippable a file in an archive -> alias file[str/bytes]
extract extractall : outside writes files ; writes <files> -> str
write add : mutates self ; reads <files> -> NoneType
infolist getmembers getinfo getmember : -> alias
* : mutates self -> alias
iter : -> alias
[module shelve dbm]
open : opens ; unshippable an open database -> fresh database
[class database = ]
[] : mutates self -> alias
* : mutates self ; unshippable a cursor -> alias database
fetchone fetchall fetchmany : mutates self -> fresh list|tuple[tuple/str/number]
iter : mutates self -> alias
.* : -> alias
[module configparser]
ConfigParser RawConfigParser : -> alias config
[class config = ]
read : mutates self ; reads 0 filenames -> fresh list[str]
read_string read_dict set add_section remove_option remove_section clear update pop : mutates self ; stores -> NoneType
read_file : mutates self 0 -> NoneType
write : mutates 0 -> NoneType
get getint getfloat getboolean sections options items has_section has_option keys values : -> str
[] : -> view config
iter : -> str
[module xml.etree.ElementTree]
parse : reads 0 source -> fresh element
fromstring XML Element SubElement ElementTree : mutates 0 -> alias element
tostring tostringlist : -> str
dump indent : mutates 0 -> NoneType
[class element = ]
find findall iter getroot items keys findtext get itertext : -> view element|str
write : writes 0 file_or_filename ; outside writes a file -> NoneType
* : mutates self ; stores -> view element
.tag .text .tail : -> str
[] : -> view element
iter : -> view element
[module tomllib]
loads : -> fresh dict[dict/list/str/number]
load : mutates 0 -> fresh dict[dict/list/str/number]
[module fnmatch filecmp linecache stat errno numbers graphlib sched reprlib token tokenize keyword dis]
* : -> alias
[module filecmp]
cmp : reads 0 1 -> bool
dircmp : reads <folder> -> fresh
[module fnmatch]
fnmatch fnmatchcase : -> bool
filter : -> fresh list[str]
translate : -> str
[module linecache]
getline getlines : reads 0 filename -> str
[module contextvars]
ContextVar copy_context Context : unshippable a context variable -> fresh contextvar
[class contextvar = ]
* : mutates self ; stores -> alias
get : -> alias
[module hashlib]
* : -> fresh hash
[class hash = ]
update : mutates self -> NoneType
hexdigest : -> str
digest : -> bytes
copy : -> fresh hash
.* : -> str
[module uuid]
* : -> UUID
[module copy]
copy : calls copies -> copy
deepcopy : calls copies iterates compares -> fresh
[module pprint]
pprint pp : -> NoneType
pformat : -> str
[module difflib]
* : -> fresh
[module bisect]
bisect bisect_left bisect_right : -> int
insort insort_left insort_right : mutates 0 -> NoneType
[module heapq]
heappush : mutates 0 ; calls compares -> alias NoneType
heappop heapify heapreplace heappushpop : mutates 0 ; calls compares -> item
nlargest nsmallest : calls iterates compares -> copy list
merge : -> view iterator
[module itertools]
* : -> view iterator
tee : mutates 0 -> view list[iterator]
[module functools]
reduce : -> alias
partial partialmethod : calls nothing -> alias partial
wraps : calls nothing -> alias decorator
lru_cache cache cached_property total_ordering singledispatch singledispatchmethod update_wrapper cmp_to_key : calls nothing -> alias decorator
[module contextlib]
contextmanager asynccontextmanager : calls nothing -> alias decorator
suppress closing ExitStack AsyncExitStack : -> alias context
nullcontext : -> alias
redirect_stdout redirect_stderr : mutates 0 ; restores -> alias context
[class context = ]
* : -> alias
enter_context push callback : mutates self ; stores -> alias
enter_async_context push_async_exit push_async_callback : mutates self ; stores -> alias
close aclose pop_all : mutates self -> alias context
[module dataclasses]
dataclass : calls nothing -> alias decorator
field : -> alias
asdict astuple : -> fresh dict|tuple
fields : -> alias
replace : -> alias
[module enum typing abc types collections.abc numbers]
* : -> alias
[module typing abc]
* : calls nothing -> alias
[module types]
MappingProxyType : unshippable a view of a dict -> alias
[module collections]
defaultdict : -> alias defaultdict
Counter : calls iterates compares keys -> copy Counter
OrderedDict : calls iterates compares keys -> copy dict
ChainMap : -> alias dict
deque : calls iterates -> copy deque
namedtuple : -> fresh namedtuple
[class defaultdict(dict) = ]
[] : mutates self -> item
[class Counter(dict) = ]
most_common : calls iterates compares keys -> copy list
elements : calls iterates compares keys -> view iterator
total : calls iterates compares keys -> int
subtract : mutates self ; calls iterates compares keys -> NoneType
update : mutates self ; stores ; calls iterates compares keys -> NoneType
[class deque(list) = ]
appendleft extendleft : mutates self ; stores ; calls iterates compares keys -> NoneType
popleft : mutates self ; calls iterates compares keys -> item
rotate : mutates self ; calls iterates compares keys -> NoneType
[class namedtuple = ]
() : -> alias tuple
[module string]
* : -> str
[module datetime time calendar zoneinfo]
* : -> fresh
[module time]
time perf_counter monotonic process_time time_ns perf_counter_ns thread_time : -> number
sleep : -> NoneType
strftime ctime asctime : -> str
tzset : sticky the time zone of the process is set
[class datetime date time timedelta timezone = ]
now utcnow today fromtimestamp fromisoformat strptime combine replace astimezone date time : -> datetime
min max resolution utc : -> datetime
strftime isoformat ctime : -> str
timestamp toordinal weekday isoweekday total_seconds : -> number
isocalendar timetuple utctimetuple : -> fresh tuple[int]
.* : -> number
[class Decimal Fraction UUID = ]
* : -> number
.* : -> number
[module decimal]
getcontext : -> =decimal.<context>
setcontext : process the decimal context is set
localcontext : restores -> fresh restorer
[values]
decimal.<context> : process
[module random]
random randint uniform gauss normalvariate randrange triangular betavariate : random <random> -> number
choice : random <random> ; calls iterates -> item
choices sample : random <random> ; calls iterates -> copy list
expovariate gammavariate lognormvariate paretovariate vonmisesvariate weibullvariate getrandbits randbytes : random <random> -> number
shuffle : mutates 0 ; random <random> ; calls nothing -> NoneType
seed setstate : seeds <random> -> NoneType
getstate : random <random> -> fresh tuple[int]
Random : -> fresh Random
SystemRandom : -> fresh
[class Random = ]
* : mutates self -> number
choice choices sample : mutates self -> alias
shuffle : mutates 0 self -> NoneType
random randint uniform gauss randrange : mutates self -> number
[module secrets]
* : -> fresh

[module os]
getcwd getenv getpid cpu_count uname getlogin fspath strerror getppid : -> str|number
listdir scandir walk stat access : reads <folder> -> fresh list[str]
mkdir makedirs : outside makes a folder ; writes 0 -> NoneType
remove unlink : outside removes a file ; writes 0 -> NoneType
rmdir : outside removes a folder ; writes 0 -> NoneType
rename replace : outside moves a file ; writes 0 1 -> NoneType
removedirs renames : outside removes folders ; writes 0 1 -> NoneType
link symlink : outside links files ; writes <files> -> NoneType
chmod chown utime truncate : outside changes a file ; writes 0 -> NoneType
system popen : outside runs a program ; writes <files> -> number
chdir : process the working folder is set
putenv unsetenv umask : process the environment is set
fork execv execve _exit abort kill : barrier works on the process itself
[module os.path]
* : -> str
exists isfile isdir getsize getmtime islink samefile : reads 0 -> bool|number
join : -> str
splitext split : -> fresh tuple[str]
[module glob]
glob iglob : reads <folder> -> fresh list[str]
[module shutil]
copy copyfile copy2 copytree : outside copies files ; writes 1 ; reads 0 -> str
move : outside moves a file ; writes 0 1 -> str
rmtree : outside removes files ; writes <files> -> NoneType
make_archive unpack_archive : outside writes files ; writes <files> -> str
which disk_usage get_terminal_size : -> str|number
[module tempfile]
mkdtemp mkstemp gettempdir : -> str
TemporaryFile : -> fresh file
NamedTemporaryFile : unshippable an open file -> fresh file
TemporaryDirectory : unshippable a temporary folder -> fresh temporary
[class temporary = ]
.name : -> str
cleanup : outside removes files ; mutates self ; writes <files> -> NoneType
[module pathlib]
[class Path PurePath PosixPath = ]
joinpath with_name with_suffix with_stem relative_to absolute resolve expanduser cwd home : -> Path
as_posix as_uri : -> str
match is_absolute is_relative_to : -> bool
exists is_file is_dir stat samefile : reads self -> bool
read_text : reads self -> str
read_bytes : reads self -> bytes
glob rglob iterdir : reads <folder> -> fresh list[Path]
write_text write_bytes : outside writes a file ; writes self -> int
mkdir touch : outside makes a file or folder ; writes self -> NoneType
unlink : outside removes a file ; writes self -> NoneType
rmdir : outside removes a folder ; writes self -> NoneType
rename replace : outside moves a file ; writes self 0 -> Path
symlink_to hardlink_to : outside links files ; writes <files> -> NoneType
open : opens -> fresh file[str/bytes]
chmod : outside changes a file ; writes self -> NoneType
.parent : -> Path
.name .stem .suffix .anchor .drive .root : -> str
.parts .parents .suffixes : -> fresh tuple[str]
[module sys]
getsizeof getrecursionlimit getrefcount exc_info getdefaultencoding intern : -> number
setrecursionlimit : process the recursion limit is set
exit : barrier ends the kernel
settrace setprofile : complete traces the interpreter ; hooks traces the interpreter
setswitchinterval : sticky the interpreter's switching is set
_getframe _current_frames : complete uses the interpreter's frames
[values]
sys.path : process
sys.modules : modules
sys.argv : process
sys.meta_path : process
sys.path_hooks : process
sys.path_importer_cache : process
sys.warnoptions : process
warnings.filters : process ; complete looks at the filters of all imports before it
warnings.defaultaction : process
logging.root : logger
logging.lastResort : process
os.environb : process
builtins.__dict__ : process
gc.garbage : process
decimal.DefaultContext : process
locale.localeconv : process
sys.stdout : stream
sys.stderr : stream
sys.stdin : stream
os.environ : process
os.sep : str
os.linesep : str
os.name : str
sys.version : str
sys.platform : str
sys.executable : str
sys.maxsize : int
sys.version_info : tuple
sys.float_info : tuple
math.pi : float
math.e : float
math.inf : float
math.nan : float
math.tau : float
string.ascii_lowercase : str
string.ascii_uppercase : str
string.ascii_letters : str
string.digits : str
string.punctuation : str
[class stream = ]
write writelines flush : -> NoneType
isatty fileno : -> int
.* : -> str
[class process = ]
get keys values items copy index count startswith : -> alias
* : process process state is set -> NoneType
() : process process state is set -> NoneType
[] : -> str
iter : -> str
.* : -> process
[class modules = ]
get [] : -> process
keys values items copy : -> process
iter : -> str
* : process `sys.modules` is changed -> process
[module warnings]
warn warn_explicit : -> NoneType
filterwarnings simplefilter resetwarnings : process the warning filters are set
catch_warnings : restores -> fresh restorer
[module logging]
basicConfig disable addLevelName setLoggerClass captureWarnings : process logging is configured
getLogger : -> =logging.<logger>
info debug warning error critical exception log : -> NoneType
Formatter Filter : -> alias handler
StreamHandler NullHandler : unshippable a log handler -> alias handler
FileHandler : outside writes a log file ; writes 0 ; unshippable an open log file -> alias handler
[module logging.config]
dictConfig : process logging is configured
fileConfig : process logging is configured ; reads 0 fname ; outside writes log files ; writes <files> -> NoneType
[values]
logging.<logger> : logger
[class logger = ]
info debug warning error critical exception log : mutates handlers -> NoneType
isEnabledFor getEffectiveLevel hasHandlers : -> bool
getChild : -> logger
setLevel addHandler removeHandler addFilter removeFilter : process logging is configured
.handlers .filters .parent .manager .root : -> process
.level .propagate .name .disabled : -> str
[class handler = ]
setLevel setFormatter : mutates self ; stores -> NoneType
[immutable]
logger stream process modules
[module locale]
setlocale : process the locale is set
getlocale getpreferredencoding : -> str
format_string currency str atof atoi : -> str
[module gc]
get_objects get_referrers get_referents : complete looks at all objects -> alias
collect get_count isenabled : -> number
enable disable freeze set_threshold : process the garbage collector is set
[module io]
StringIO BytesIO : -> fresh buffer
TextIOWrapper BufferedReader BufferedWriter : -> alias file
open FileIO : opens -> fresh file[str/bytes]
[class buffer = ]
* : mutates self -> str|bytes
readinto readinto1 : mutates self 0 -> number
getbuffer : unshippable a memoryview -> view memoryview
getvalue : -> str
[module inspect]
* : -> fresh
currentframe stack trace getinnerframes getouterframes : complete uses the interpreter's frames
getsource getdoc : -> str
[module traceback]
format_exc format_exception : -> str
print_exc print_exception : -> NoneType
[module platform getpass]
* : -> str
[module argparse]
ArgumentParser : -> alias parser
Namespace : -> alias
[class parser = ]
* : mutates self ; stores -> alias parser
parse_args parse_known_args : mutates self namespace -> fresh
print_help print_usage format_help format_usage : -> str
[module timeit]
timeit repeat : text timeit -> number
default_timer : -> number
[module subprocess]
* : outside runs a program ; writes <files> -> fresh
Popen : outside starts a program ; writes <files> ; unshippable a running program -> fresh program
[class program = ]
* : outside runs a program ; mutates self -> number|NoneType
communicate : outside runs a program ; mutates self * -> fresh tuple[str/bytes/NoneType]
.stdin .stdout .stderr : -> view file
.args : -> view
.pid .returncode : -> number|NoneType
[module socket]
socket create_connection : outside network ; unshippable a socket -> fresh
* : outside network -> fresh
[module urllib.request http.client ftplib smtplib requests httpx urllib3 aiohttp]
* : outside network -> fresh
urlretrieve : outside network ; writes 1 -> fresh
[module urllib.parse]
* : -> str
[module sqlite3]
connect : outside a database ; writes 0 ; unshippable a database connection -> fresh connection
[class connection = ]
* : outside a database ; mutates self ; unshippable a database cursor -> alias connection
fetchone fetchall fetchmany : mutates self -> fresh list|tuple[tuple/str/number]
[module threading]
Lock RLock Condition Semaphore Event Barrier : unshippable a lock -> fresh lock
Thread Timer : barrier starts a thread that may go on beside later cells
local : unshippable thread-local data -> fresh
current_thread get_ident active_count : -> number
[class lock = ]
* : mutates self -> bool
[module queue]
Queue LifoQueue PriorityQueue SimpleQueue : unshippable a queue with locks -> fresh lock
[module multiprocessing]
cpu_count current_process : -> number
Pool : unshippable a pool of processes -> fresh pool
* : barrier starts processes that may go on beside later cells
[module concurrent.futures]
ThreadPoolExecutor ProcessPoolExecutor : unshippable a pool -> fresh pool
as_completed wait : -> alias future
[class pool = ]
* : mutates self ; unshippable a future -> alias future
[class future = ]
* : mutates self ; unshippable a future -> alias
done cancelled running : -> bool
[class pool = ]
map starmap imap imap_unordered : mutates self ; unshippable a pool's iterator -> alias iterator
shutdown close join terminate : mutates self -> NoneType
[module asyncio]
sleep gather wait wait_for : -> alias
run : -> alias
create_task ensure_future : barrier starts a task that may go on beside later cells
Lock Event Queue Semaphore : unshippable a lock of the event loop -> fresh lock
[module signal]
signal siginterrupt set_wakeup_fd : hooks handles signals -> alias
alarm setitimer pause pthread_kill raise_signal pthread_sigmask : barrier signals the process
getsignal getitimer strsignal valid_signals : -> alias
* : -> fresh
[module atexit]
register unregister : hooks runs when the process ends -> alias
[module faulthandler]
* : sticky hooks into the process
[module codecs copyreg]
* : -> alias
register register_error unregister pickle constructor add_extension : hooks registers a function with the process -> alias
[module ctypes]
* : complete works on memory directly
[module mmap]
* : barrier works on memory directly ; writes <files> ; unshippable a file mapped into memory -> fresh
[module importlib]
reload : barrier a module is loaded again
import_module : -> =<module>
invalidate_caches : -> NoneType
[module weakref]
* : unshippable a weak reference -> alias
finalize : hooks runs when an object ends -> alias
[module array]
array : -> fresh list[number]
[module secrets]
* : -> str
[module tqdm tqdm.auto tqdm.notebook]
tqdm trange tqdm_notebook : -> view iterator
"""
