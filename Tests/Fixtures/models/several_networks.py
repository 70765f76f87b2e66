"""Files with two networks, with wrappers inside names, and without a class token."""

import torch

from reference_models import record, sharpen, vit

VIT = dict(patch_size=4, embed_dim=24, depth=2, num_heads=3, mlp_hidden=48)
SMALL = dict(grid=4, patch=4, dim=24, depth=2, heads=3, mlp_ratio=2)
USER = dict(num_heads=3)


def make(fixtures):
    two_networks(fixtures)
    compiled(fixtures)
    ijepa(fixtures)
    registers_alone(fixtures)


def prefixed(prefix, state):
    return {prefix + name: value for name, value in state.items()}


def two_networks(fixtures):
    """Lightning with lightly's DINO: student and teacher in one dictionary, under prefixes of the same length."""
    student, teacher = sharpen(vit(**SMALL), 90), sharpen(vit(**SMALL), 91)
    state = {}
    for who, model in (("student", student), ("teacher", teacher)):
        state |= prefixed(f"{who}_backbone.", model.state_dict())
        state |= {f"{who}_head.layers.{layer}.weight": torch.zeros(2, 2) for layer in (0, 2)}
    torch.save(
        {"epoch": 9, "global_step": 100, "pytorch-lightning_version": "2.5.0", "state_dict": state, "loops": {},
         "callbacks": {}, "optimizer_states": [], "lr_schedulers": []}, fixtures.path("two_networks.pth"))
    expect = dict(
        VIT, recognised_as="dino", verdict="complete", checkpoint_key="state_dict", img_size=[16, 16])
    fixtures.case(
        "two_networks", "two_networks.pth", 16, record(teacher, fixtures.image(16), attentions=(1,)),
        dict(expect, prefix_removed="teacher_backbone.", ignored=["student_backbone.cls_token"]), USER)
    fixtures.case(
        "two_networks_student", "two_networks.pth", 16, record(student, fixtures.image(16), attentions=(1,)),
        dict(expect, prefix_removed="student_backbone.", ignored=["teacher_backbone.cls_token"]),
        dict(USER, checkpoint_key="state_dict.student_backbone"))


def compiled(fixtures):
    """Blocks that were compiled and checkpointed one by one, inside of a sharded model."""
    model = sharpen(vit(**SMALL), 92)
    wrap = {"blocks": "_orig_mod._checkpoint_wrapped_module."}
    state = {}
    for name, value in model.state_dict().items():
        words = name.split(".")
        inner = ".".join(words[:2]) + "." + wrap["blocks"] + ".".join(words[2:]) if words[0] in wrap else name
        state["_fsdp_wrapped_module." + inner] = value
    torch.save(state, fixtures.path("compiled_blocks.pth"))
    expect = dict(
        VIT, recognised_as="timm", verdict="complete", prefix_removed="_fsdp_wrapped_module.", img_size=[16, 16])
    fixtures.case(
        "compiled_blocks", "compiled_blocks.pth", 16, record(model, fixtures.image(16), attentions=(1,)), expect, USER)


def ijepa(fixtures):
    """I-JEPA: no class token; the target encoder is the average of the encoder."""
    options = dict(**SMALL, class_token=False, global_pool="avg", fc_norm=False)
    encoder, target = sharpen(vit(**options), 93), sharpen(vit(**options), 94)
    torch.save(
        {"encoder": prefixed("module.", encoder.state_dict()),
         "target_encoder": prefixed("module.", target.state_dict()),
         "predictor": {"module.predictor_embed.weight": torch.zeros(2, 24)}, "opt": {}, "scaler": None, "epoch": 300},
        fixtures.path("ijepa.pth.tar"))
    expect = dict(
        VIT, recognised_as="ijepa", verdict="complete", prefix_removed="module.", class_token=False,
        global_pool="avg", img_size=[16, 16])
    fixtures.case(
        "ijepa", "ijepa.pth.tar", 16, record(target, fixtures.image(16), attentions=(1,)),
        dict(expect, checkpoint_key="target_encoder", ignored=["encoder"]), USER)
    fixtures.case(
        "ijepa_encoder", "ijepa.pth.tar", 16, record(encoder, fixtures.image(16), attentions=(1,)),
        dict(expect, checkpoint_key="encoder", ignored=["target_encoder"]), dict(USER, checkpoint_key="encoder"))


def registers_alone(fixtures):
    """A register and no class token, with a row of its own in the table; no norm after the last block."""
    model = sharpen(vit(
        **SMALL, class_token=False, reg_tokens=1, global_pool="avg", fc_norm=False, final_norm=False), 95)
    torch.save({"model": model.state_dict()}, fixtures.path("registers_alone.pth"))
    expect = dict(
        VIT, recognised_as="timm", verdict="complete", checkpoint_key="model", class_token=False, num_registers=1,
        final_norm=False, global_pool="avg", img_size=[16, 16], reshaped=["pos_embed"])
    fixtures.case(
        "registers_alone", "registers_alone.pth", 16, record(model, fixtures.image(16), attentions=(1,)), expect, USER)
