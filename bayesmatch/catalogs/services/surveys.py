"""Surveys that TAP services have: where, in which table, with which columns and errors.

Services and columns as their own documentation has them:

* Gaia DR3: Gaia archive, data model of ``gaiadr3.gaia_source`` (Gaia Collaboration 2023, A&A 674,
  A1). Without an account its synchronous answers end at 2,000 rows; so it is asked asynchronously.
* Legacy Surveys DR9, DR10: Astro Data Lab, TAP at ``datalab.noirlab.edu/tap``, tables ``tractor``
  (Dey et al. 2019, AJ 157, 168). Bricks overlap: an object is in its primary brick once.
* AllWISE (Cutri et al. 2013, explanatory supplement II.1.a), CatWISE2020 (Marocco et al. 2021, ApJS
  253, 8), 2MASS (Skrutskie et al. 2006, AJ 131, 1163): IRSA, columns of its Gator documents.
* Pan-STARRS1 DR2: MAST, ``dbo.MeanObjectView`` (Flewelling et al. 2020, ApJS 251, 7); what was
  detected once is mostly not real.
* SDSS DR16: TAPVizieR, V/154 (Ahumada et al. 2020, ApJS 249, 3); ``mode = 1`` are primary objects.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from types import MappingProxyType
from urllib.parse import urlsplit

from ..names import check_name
from ..scalars import shown

MODES = ("async", "sync")


@dataclass(frozen=True)
class Survey:
    """A table of a TAP service.

    Parameters
    ----------
    name : str
        An identifier; the catalogue is called so.
    tap : str
        Address of the service, without ``/sync``.
    table : str
        As ADQL has it, with quotes where it needs them.
    ra, dec : str, default "ra", "dec"
        Columns with the position (ICRS, degrees).
    columns : tuple of str, optional
        To fetch; empty: all.
    error : str, default ""
        The position error, as ``bayesmatch match`` takes it; empty: not known.
    where : str, default ""
        Condition in ADQL on the rows to have.
    mode : {"async", "sync"}, default "async"
        How queries are run: as jobs, or answered at once.
    cell_order : int, default 7
        HEALPix order of the cells that are asked for one by one: 0.2 deg^2.

    Raises
    ------
    ValueError, TypeError
        If one of them cannot be what it stands for.
    """

    name: str
    tap: str
    table: str
    ra: str = "ra"
    dec: str = "dec"
    columns: tuple[str, ...] = ()
    error: str = ""
    where: str = ""
    mode: str = "async"
    cell_order: int = 7

    def __post_init__(self) -> None:
        check_name(self.name)
        for field in fields(self):
            value = getattr(self, field.name)
            if field.type == "str" and not isinstance(value, str):
                raise TypeError(f"survey {self.name}: {field.name} is {shown(value)}; give a text")
        if urlsplit(self.tap).scheme not in ("http", "https"):
            raise ValueError(
                f"survey {self.name}: the TAP service is {shown(self.tap)}; give an address that "
                "begins with http:// or https:// (tap=, --tap on the command line)"
            )
        for what in ("table", "ra", "dec"):
            if not getattr(self, what).strip():
                raise ValueError(f"survey {self.name}: {what} is empty; give its name")
        if self.mode not in MODES:
            raise ValueError(
                f"survey {self.name}: mode is {shown(self.mode)}; give {' or '.join(MODES)}"
            )
        if not 3 <= self.cell_order <= 12:
            raise ValueError(
                f"survey {self.name}: cell_order is {shown(self.cell_order)}; give 3 to 12"
            )

    @property
    def selected(self) -> str:
        """The columns, as a query lists them."""
        if not self.columns:
            return "*"
        return ", ".join(dict.fromkeys((self.ra, self.dec, *self.columns)))


IRSA = "https://irsa.ipac.caltech.edu/TAP"
DATA_LAB = "https://datalab.noirlab.edu/tap"

_GAIA = (
    *("source_id", "ra", "ra_error", "dec", "dec_error", "ra_dec_corr", "ref_epoch"),
    *("parallax", "parallax_error", "pmra", "pmra_error", "pmdec", "pmdec_error", "ruwe"),
    *("phot_g_mean_mag", "phot_bp_mean_mag", "phot_rp_mean_mag"),
)
_LEGACY = (
    *("ls_id", "ra", "dec", "ra_ivar", "dec_ivar", "type", "ebv", "maskbits"),
    *("flux_g", "flux_r", "flux_z", "flux_w1", "flux_w2"),
    *("flux_ivar_g", "flux_ivar_r", "flux_ivar_z", "flux_ivar_w1", "flux_ivar_w2"),
    *("dered_mag_g", "dered_mag_r", "dered_mag_z", "dered_mag_w1", "dered_mag_w2"),
)
_I_BAND = ("flux_i", "flux_ivar_i", "dered_mag_i")
_WISE = ("w1mpro", "w1sigmpro", "w2mpro", "w2sigmpro")

#: by name
SURVEYS: Mapping[str, Survey] = MappingProxyType(
    {
        survey.name: survey
        for survey in (
            Survey(
                "gaia_dr3",
                "https://gea.esac.esa.int/tap-server/tap",
                "gaiadr3.gaia_source",
                columns=_GAIA,
                error=":ra_error[mas]:dec_error[mas]",
            ),
            Survey(
                "legacy_dr9",
                DATA_LAB,
                "ls_dr9.tractor",
                columns=_LEGACY,
                error="0.1",  # its own, some 0.02", are below those of its frame and of blends
                where="brick_primary = 1",
            ),
            Survey(
                "legacy_dr10",
                DATA_LAB,
                "ls_dr10.tractor",
                columns=(*_LEGACY, *_I_BAND),
                error="0.1",
                where="brick_primary = 1",
            ),
            Survey(
                "allwise",
                IRSA,
                "allwise_p3as_psd",
                columns=(
                    *("designation", "ra", "dec", "sigra", "sigdec", *_WISE),
                    *("w3mpro", "w3sigmpro", "w4mpro", "w4sigmpro", "ph_qual", "cc_flags"),
                ),
                error=":sigra:sigdec",
            ),
            Survey(
                "catwise2020",
                IRSA,
                "catwise_2020",
                columns=(
                    *("source_name", "ra", "dec", "sigra", "sigdec", *_WISE),
                    *("pmra", "pmdec", "sigpmra", "sigpmdec", "ab_flags"),
                ),
                error=":sigra:sigdec",
            ),
            Survey(
                "twomass",
                IRSA,
                "fp_psc",
                columns=(
                    *("designation", "ra", "dec", "err_maj", "err_min", "err_ang"),
                    *("j_m", "j_msigcom", "h_m", "h_msigcom", "k_m", "k_msigcom", "ph_qual"),
                ),
                error=":err_maj:err_min:err_ang",
            ),
            Survey(
                "panstarrs_dr2",
                "https://vao.stsci.edu/PS1DR2/tapservice.aspx",
                "dbo.MeanObjectView",
                ra="RAMean",
                dec="DecMean",
                columns=(
                    *("objID", "RAMean", "DecMean", "raMeanErr", "decMeanErr", "nDetections"),
                    *(f"{band}MeanPSFMag{err}" for band in "grizy" for err in ("", "Err")),
                ),
                error=":raMeanErr:decMeanErr",
                where="nDetections > 1",
            ),
            Survey(
                "sdss_dr16",
                "https://tapvizier.cds.unistra.fr/TAPVizieR/tap",
                '"V/154/sdss16"',
                ra="RA_ICRS",
                dec="DE_ICRS",
                columns=(
                    *("objID", "RA_ICRS", "DE_ICRS", "class"),
                    *(f"{err}{band}mag" for band in "ugriz" for err in ("", "e_")),
                ),
                error="0.1",  # 45 to 100 mas per axis (Pier et al. 2003, AJ 125, 1559)
                where="mode = 1",
            ),
        )
    }
)


def survey_named(name: str) -> Survey:
    """The survey of a name, in any case.

    Raises
    ------
    ValueError
        If there is none; lists those that there are.
    """
    found = SURVEYS.get(str(name).strip().lower().replace("-", "_"))
    if found is None:
        raise ValueError(
            f"survey {shown(name)} is not known; give one of {', '.join(SURVEYS)}, or the address "
            "and the table of a TAP service (a Survey; --tap and --table on the command line)"
        )
    return found
