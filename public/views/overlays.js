// What may lie over the photo. Each overlay is one declaration:
// `{id, title, unit, reading, hasHeads, hasLayers, hasQuery, signed, load(api, what, options)}`. `load` gives, for
// `{model, image, layer, query}`, a promise of `{rows, cols, values}`; without it the overlay is attention, whose maps for
// every patch are at hand. With `hasQuery` the map depends on the chosen patch, with `hasLayers` on the layer. `signed`
// maps have colours around 0. `url(api, what, format)` is the call behind it.

export const OVERLAYS = [
  {
    id: "attention", title: "Attention", unit: "of the attention", hasHeads: true, hasLayers: true, hasQuery: true,
    reading: "Where a patch looks."
  },
  {
    id: "rollout", title: "Attention rollout", unit: "of the largest", hasHeads: false, hasLayers: false, hasQuery: false,
    reading: "Which patches reach the class token, or the mean of the patches, through the attention of all layers.",
    url: (api, {model, image}, format) => api.rolloutURL({model, image, format}),
    async load(api, what, options) {
      const {shape: [, rows, cols], data} = await api.numbers(this.url(api, what, "npy"), options);
      return {rows, cols, values: data};
    }
  }
];

export const overlayOf = (id) => OVERLAYS.find((overlay) => overlay.id === id) ?? OVERLAYS[0];
