"""Writes frequency_noise.json: noise of bands of frequencies by NumPy's transforms, as the published code masks them."""

import json
import pathlib

import numpy as np


def square(rows, cols, height, width):
    """Ones in a centred square of the rolled spectrum."""
    mask = np.zeros((height, width))
    top, left = (height - rows) // 2, (width - cols) // 2
    mask[top : top + rows, left : left + cols] = 1
    return mask


def band(noise, frequency, half_window):
    height, width = noise.shape

    def sides(edge):
        return [2 * int(np.clip(np.floor(edge * side / 2 + 1e-9), 0, side // 2)) for side in (height, width)]

    mask = square(*sides(frequency + half_window), height, width)
    mask -= square(*sides(frequency - half_window), height, width)
    rolled = np.roll(np.fft.fft2(noise), (height // 2, width // 2), (0, 1))
    masked = np.abs(rolled) * mask * np.exp(1j * np.angle(rolled))
    back = np.roll(masked, (height // 2, width // 2), (0, 1))
    return np.fft.ifft2(back).real


if __name__ == "__main__":
    random = np.random.default_rng(7)
    cases = []
    sizes = [(12, 8, 0.5, 0.2), (8, 14, 0.1, 0.1), (10, 10, 0.9, 0.1), (8, 8, 0.3, 0.31)]
    for height, width, frequency, half_window in sizes:
        noise = random.standard_normal((height, width)).round(4)
        cases.append(
            {
                "height": height,
                "width": width,
                "frequency": frequency,
                "half_window": half_window,
                "noise": noise.ravel().tolist(),
                "band": band(noise, frequency, half_window).ravel().round(9).tolist(),
            }
        )
    pathlib.Path(__file__).with_suffix(".json").write_text(json.dumps(cases) + "\n")
