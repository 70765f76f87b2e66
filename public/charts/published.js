// Curves that were published, and the axes that they were drawn on: ViT-B/16 at 224 pixels, from Park et al. 2023 and the
// notebooks of its authors (docs/science.md). What was only drawn and never told as numbers is not here.

const from = (first, values) => ({x: values.map((_, i) => first + i), mean: values});

export const PUBLISHED = {
  "attention-distance": {
    range: [0, 120],
    curves: [{name: "MoCo v3 ViT-B/16, authors' notebook", ...from(0,
      [110.52, 89.22, 73.12, 69.48, 72.86, 81.43, 88.16, 79.64, 95.69, 101.17, 109.74, 113.64])}]
  },
  "attention-nmi": {
    range: [0, 0.6],
    curves: [{name: "MoCo v3 ViT-B/16, authors' notebook", ...from(0,
      [0.0618, 0.1216, 0.3213, 0.2955, 0.2383, 0.18, 0.1448, 0.1706, 0.0929, 0.0773, 0.0292, 0.009])}]
  },
  "high-frequency": {
    range: [-3.5, -1.5],
    curves: [
      {name: "MoCo v3 ViT-B/16, published", ...from(0,
        [-2.905, -3.18, -3.14, -3.075, -2.952, -2.81, -2.665, -2.554, -2.463, -2.404, -2.389, -2.401, -2.509])},
      {name: "SimMIM ViT-B/16, published", ...from(0,
        [-1.999, -2.049, -2.245, -2.184, -2.133, -2.122, -2.091, -2.064, -2.038, -2.057, -2.128, -2.116, -2.308])}
    ]
  }
};
