# The public names and where they live: what type checkers and editors see, and what __init__.py
# reads to import each name when it is first used.
from . import distributed as distributed
from . import likelihood as likelihood
from . import mock as mock
from . import photometry as photometry
from . import plots as plots
from . import testing as testing
from . import truth as truth
from .catalogs.catalog import Catalog as Catalog
from .catalogs.errors import ErrorEllipse as ErrorEllipse
from .catalogs.errors import sigma_from_radius as sigma_from_radius
from .catalogs.said import Radius as Radius
from .catalogs.services.core import fetch as fetch
from .diagnostics.assessment.core import assess as assess
from .diagnostics.assessment.result import Assessment as Assessment
from .diagnostics.explanation.core import Explanation as Explanation
from .diagnostics.explanation.core import explain as explain
from .diagnostics.false_matches.core import calibrate as calibrate
from .diagnostics.false_matches.result import Calibration as Calibration
from .diagnostics.position_errors import fit_position_errors as fit_position_errors
from .diagnostics.published.core import catalogue as catalogue
from .diagnostics.published.samp import send as send
from .diagnostics.published.writing import write_catalogue as write_catalogue
from .diagnostics.report.core import report as report
from .diagnostics.upstream.comparison import Comparison as Comparison
from .diagnostics.upstream.core import compare_nway as compare_nway
from .matching.core import match as match
from .matching.error_fit.found import PositionErrorFit as PositionErrorFit
from .matching.result import MatchResult as MatchResult
from .priors.auto import AutoPrior as AutoPrior
from .priors.column import ColumnPrior as ColumnPrior
from .priors.combination import CombinationPrior as CombinationPrior
from .priors.function import FunctionPrior as FunctionPrior
from .priors.histogram import HistogramPrior as HistogramPrior
from .priors.learned import LearnedPrior as LearnedPrior
from .priors.lightgbm import LightGBMPrior as LightGBMPrior
from .priors.storage import read_prior as read_prior

__version__: str
