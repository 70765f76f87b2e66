"""Every section, in order of worth: what comes late is left out first where time is short."""

from sections.analyses import SECTION as ANALYSES
from sections.build import SECTION as BUILD
from sections.forward import SECTION as FORWARD
from sections.growth import SECTION as GROWTH
from sections.loading import SECTION as LOADING
from sections.service import SECTION as SERVICE
from sections.training import SECTION as TRAINING

SECTIONS = (FORWARD, TRAINING, SERVICE, LOADING, ANALYSES, GROWTH, BUILD)
