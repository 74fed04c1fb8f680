"""Edits of every image of a dataset, done once when its folder is made: one row per operation.

`ganvas.data.operations.operation` holds what they share and how their text and JSON forms are read.
"""

from ganvas.catalogue import Entry

_HERE = "ganvas.data.operations"

OPERATIONS: dict[str, Entry] = {
    "centre_mass": Entry(f"{_HERE}.centring:CentreMass", "move what is drawn so that its centre of mass is central"),
    "centre_box": Entry(f"{_HERE}.centring:CentreBox", "move what is drawn so that its bounding box is central"),
    "equalise": Entry(f"{_HERE}.equalisation:Equalise", "histogram equalisation of the luminance"),
    "clahe": Entry(f"{_HERE}.equalisation:Clahe", "adaptive equalisation by tiles, its contrast limited"),
    "gamma": Entry(f"{_HERE}.tone:Gamma", "power curve: below 1 brightens, above 1 darkens"),
    "invert": Entry(f"{_HERE}.tone:Invert", "negative: 255 - v"),
    "posterise": Entry(f"{_HERE}.tone:Posterise", "a few evenly spaced values"),
    "contrast_stretch": Entry(f"{_HERE}.stretching:ContrastStretch", "two percentiles become black and white"),
    "min_max": Entry(f"{_HERE}.stretching:MinMax", "each image's lowest and highest value become 0 and 255"),
    "standardise": Entry(f"{_HERE}.normalisation:Standardise", "each image's mean and deviation made the same"),
    "gcn": Entry(f"{_HERE}.normalisation:GlobalContrast", "global contrast normalisation, regularised"),
    "lcn": Entry(f"{_HERE}.normalisation:LocalContrast", "local contrast normalisation under a Gaussian window"),
    "greyscale": Entry(f"{_HERE}.luminance:Greyscale", "luminance of ITU-R BT.601 in every channel"),
    "hsv": Entry(f"{_HERE}.colour_spaces:Hsv", "hue, saturation, value as three bytes; invertible to 3 levels"),
    "ycbcr": Entry(f"{_HERE}.colour_spaces:YCbCr", "luminance and two colour differences; invertible to 1 level"),
    "lab": Entry(f"{_HERE}.colour_spaces:Lab", "CIE L*a*b* as three bytes; invertible to 26 levels"),
    "median": Entry(f"{_HERE}.denoising:Median", "median of a square: removes specks, keeps edges"),
    "gaussian": Entry(f"{_HERE}.denoising:Gaussian", "Gaussian blur: removes fine noise, softens edges"),
    "nl_means": Entry(f"{_HERE}.denoising:NonLocalMeans", "non-local means: averages patches that look alike"),
    "threshold": Entry(f"{_HERE}.binarising:Threshold", "black and white at a given luminance"),
    "otsu": Entry(f"{_HERE}.binarising:Otsu", "black and white at the luminance that Otsu's method finds"),
}
