"""Make the PNG file of a pane small."""

from __future__ import annotations

import io


def smaller(png: bytes) -> bytes:
    """Reduce a picture to 256 colours, unless that causes banding in its gradients."""
    from PIL import Image, ImageChops, ImageStat

    picture = Image.open(io.BytesIO(png)).convert("RGB")
    few = picture.getcolors(256) is not None
    method = Image.Quantize.MEDIANCUT if few else Image.Quantize.MAXCOVERAGE
    reduced = picture.quantize(256, method=method, dither=Image.Dither.NONE)
    change = ImageStat.Stat(ImageChops.difference(picture, reduced.convert("RGB")))
    if max(most for _, most in change.extrema) > 6:
        return png
    small = io.BytesIO()
    reduced.save(small, "PNG", optimize=True)
    return min(png, small.getvalue(), key=len)
