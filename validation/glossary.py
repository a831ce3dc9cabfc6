"""The words the report uses, in plain terms."""

GLOSSARY = {
    "association": "One possible answer for one source: this object (in each catalogue), or none.",
    "Bayes factor": "How much better the measured positions are explained by one object seen in "
    "all the catalogues than by unrelated objects that happen to lie close together. Given as "
    "a power of ten (log10 B): 3 means a thousand times better. The density of objects on the "
    "sky, which decides whether that is enough, is counted separately.",
    "baseline, published pipeline": "The method published for the Lockman Hole survey (neural "
    "networks on magnitudes and colours, turned into histograms for NWAY), made again here to "
    "compare with.",
    "calibrated": "A probability is calibrated if it means what it says: of the sources given 0.3, "
    "three in ten are so.",
    "candidate": "An object of another catalogue within the search radius of a source.",
    "completeness": "Of the sources that have a counterpart, the share that was given the right "
    "one (counterpart completeness); of the hostless sources, the share that was called "
    "hostless (hostless completeness).",
    "counterpart": "The optical or infrared object that is the same thing on the sky as the X-ray "
    "source; also called its host.",
    "context": "What a prior is told of the source itself, its X-ray flux say.",
    "crossing": "The value where, as the cutoff varies, purity equals completeness.",
    "cutoff": "Sources whose probability is at or above it are said to have a counterpart, the "
    "others to have none.",
    "deciban": "A unit of evidence: ten decibans make something ten times as probable against its "
    "opposite, twenty a hundred times; 3 decibans are a factor of two.",
    "deg^2": "Square degree, the unit of area on the sky.",
    "ECE": "Expected calibration error: sources are sorted into ten equal bins of their "
    "probability; in each, the mean probability is compared with the share that is true; the "
    "differences are averaged over the sources. 0 is perfect.",
    "ECE floor": "The ECE that perfectly calibrated probabilities would show, because a finite "
    "number of sources scatters. Its mean and its 95% point (exceeded once in twenty times) "
    "are found by drawing the truth from the probabilities themselves.",
    "false fraction": "Of the matches kept, the share that is wrong; estimated by matching "
    "positions that belong to nothing (fake catalogues, or the real ones shifted).",
    "flux": "How bright a source is. X-ray fluxes are in erg per second and square centimetre.",
    "histogram prior": "A prior read off two histograms of a property (a magnitude, say), one of "
    "counterparts and one of field objects.",
    "host fraction": "The share of the sources that have a counterpart in the catalogue at all. "
    "bayesmatch fits it to the data, NWAY takes it from the user.",
    "hostless": "A source without a counterpart in the catalogue: it is too faint to be in it, or "
    "lost in the light of another.",
    "field object": "An object that has nothing to do with the source and is near it by chance.",
    "K": "The number of catalogues in a match, the primary one included.",
    "LightGBM": "A program that learns from examples by many small decision trees; here it learns "
    "what counterparts look like.",
    "log10": "Power of ten: log10 of 1,000 is 3.",
    "match_flag": "1 for a source's best association, 2 for others nearly as good, 0 for the rest.",
    "mock": "A simulated sky, whose truth is known.",
    "NWAY": "The program of Salvato et al. (2018, MNRAS 473, 4937) that astronomers use for this "
    "task; version 4.8.0 here.",
    "p_any": "NWAY's probability that a source has any counterpart. It depends on a completeness "
    "that the user sets, and is used as a score to cut at.",
    "p_hostless": "bayesmatch's calibrated probability that no object of the catalogues is the "
    "counterpart.",
    "p_i": "NWAY's probability of an association, given that the source has some counterpart.",
    "p_match": "bayesmatch's calibrated probability that exactly this association is true. With "
    "p_hostless, those of a source add up to 1.",
    "p_single, dist_post": "NWAY's probability of one association against chance alone, rivals "
    "aside; p_single with priors, dist_post with distances only.",
    "primary": "The catalogue whose sources are to be identified, X-ray sources here.",
    "prior": "What is known of an object besides its position: how much more often counterparts "
    "look like it than field objects do (the prior ratio).",
    "purity": "Of the sources said to have a counterpart, the share that was given the right one "
    "(counterpart purity); of those called hostless, the share that is (hostless purity); of "
    "all sources, the share with the right answer (overall purity).",
    "r68, r90, r95, r98": "Radius around a position that holds the true one with 68, 90, 95, 98% "
    "probability: 1.510, 2.146, 2.448, 2.797 sigma.",
    "Rayleigh distribution": "How separations divided by sigma are distributed where positions "
    "scatter equally in both directions.",
    "reliability diagram": "Predicted probability against the share found true; calibrated "
    "probabilities lie on the diagonal.",
    "robust counterpart": "One that can be trusted without a probability: a second, more precise "
    "X-ray position (Chandra's, say) leaves one object only, near it and alone there.",
    "sigma": "Position error: one standard deviation along each of the two directions.",
    "standard error": "How far a measured number may be off by chance: two times out of three less "
    "than this.",
    "stratum": "A set of sources that have something in common, the third with the smallest errors "
    "say; a probability should be right in each of them, not only in the mean of all.",
    "unrelated associations": "Objects of two other catalogues that are one object but not the "
    "counterpart; with three or more catalogues NWAY makes allowance for them.",
}
