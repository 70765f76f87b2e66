// What a training may start from: a few that are known to serve, and the jobs that are here.

/** The network of the demo's own trainings. */
export const SMALL = {img_size: 48, patch_size: 6, embed_dim: 96, depth: 6, num_heads: 3};

const small = (method, more) => ({method, arch: SMALL, dataset: "shapes-textures",
  dataset_options: {n_images: 2048, img_size: SMALL.img_size}, epochs: 10, batch_size: 64, ...more});
const quarter = {dim: 128, mlp_dim: 512};

/** `{id, title, config}`; what a config leaves out is as its method's paper has it. */
export const TEMPLATES = [
  {id: "small-hybrid", title: "Small hybrid, minutes", config: small("hybrid", {hybrid: {lambda: 0.2}, moco: quarter})},
  {id: "small-moco", title: "Small MoCo v3 (contrast), minutes", config: small("moco_v3", {moco: quarter})},
  {id: "small-simmim", title: "Small SimMIM (masking), minutes", config: small("simmim", {simmim: {mask_patch_size: 12}})},
  {id: "paper-moco", title: "MoCo v3 as in its paper, ViT-B/16", config: {method: "moco_v3", arch: "vit_base_patch16_224",
    epochs: 300, batch_size: 64}},
  {id: "paper-simmim", title: "SimMIM as in its paper, ViT-B/16", config: {method: "simmim", arch: "vit_base_patch16_224",
    epochs: 800, batch_size: 64}},
  {id: "probe", title: "Linear probe of a checkpoint", config: {method: "linear_probe", epochs: 50, batch_size: 64}}
];

/** As a select takes them: templates, then the jobs that are here, newest first. */
export const startOptions = (jobs) => [["", "what stands here"],
  {label: "Templates", options: TEMPLATES.map(({id, title}) => [id, title])},
  ...(jobs.length ? [{label: "Copy of a job", options: jobs.map(({id, name, method}) =>
    [`job ${id}`, [name, method, name ? "" : id.slice(0, 8)].filter(Boolean).join(" · ")])}] : [])];

/** The settings behind a choice. */
export async function settingsOf(api, choice) {
  return choice.startsWith("job ") ? (await api.job(choice.slice(4))).config
    : TEMPLATES.find(({id}) => id === choice)?.config ?? null;
}
