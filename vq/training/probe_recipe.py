"""The fixed recipes of trials: `probe`, small heads on cached features, and `full`, on pixels.

Not a knob: trials are compared with each other, today's with last month's.
"""

from vq.params import DistillRecipe, Recipe, TeacherRecipe

PROBE = TeacherRecipe(
    levels=5,
    hidden=32,
    dim=128,
    gate_dim=16,
    importance="softmax",
    kernel=0.0,
    kernel_videos=0,
    expert_dropout=0.2,
    dropout=0.2,
    epochs=20,
    patience=20,
    batch=128,
    together=1,
    learning_rate=1e-2,
    weight_decay=1e-2,
    warmup=0.0,
    clip=5.0,
    ema=0.0,
    precision="32-true",
    cross_entropy=1.0,
    emd=0.0,
    plcc=1.0,
    rank=0.3,
    within=0.0,
)
"""How a trial's teacher, or the head of a single expert, is fitted."""

_OWN = {"epochs", "patience", "learning_rate"}
PROBE_STUDENT = DistillRecipe(
    # Dropout, batches and losses are those of the teacher.
    **{name: value for name, value in PROBE if name in Recipe.model_fields and name not in _OWN},
    mode="staged",
    backbone="cached features",
    start="cached features",
    stages=(),
    every=1,
    inputs="all",
    a=0.0,
    b=1.0,
    c=3.0,
    teacher_share=0.5,
    feature_loss="mse",
    stop_gradient=True,
    moments=1,
    epochs=30,
    patience=30,
    learning_rate=5e-3,
    backbone_rate=1.0,
    threads=1,
    calibrate=1,
    coverage=0.9,
)
"""How a trial's student is trained; it sees the cached features of one expert."""

FULL = PROBE.model_copy(update={"epochs": 50, "patience": 50, "batch": 64, "learning_rate": 2e-3})
"""How the teacher of a full trial is fitted."""

FULL_STUDENT = PROBE_STUDENT.model_copy(
    update={
        "backbone": "mobilenetv3_small_050",
        "start": "distortion",
        "stages": (1, 2, 3, 4),
        "dropout": 0.4,
        "moments": 4,
        "epochs": 10,
        "patience": 10,
        "batch": 16,
        "learning_rate": 7e-4,
        "backbone_rate": 0.3,
    }
)
"""How the student of a full trial is trained, and an expert fine-tuned; both see views."""
