from core.defenses.dropout import CLOSED_FORMATS
from core.targets.base import Target
from core.targets.module_target import ModuleTarget
from core.targets.onnx_model import OnnxTarget
from core.targets.open import FORMATS
from core.targets.torchscript import CodeTarget


def test_closed_formats_are_exactly_those_whose_models_have_no_module():
    assert set(CLOSED_FORMATS) <= set(FORMATS.names())
    assert OnnxTarget.module is CodeTarget.module is Target.module
    assert ModuleTarget.module is not Target.module
    assert set(FORMATS.names()) - set(CLOSED_FORMATS) == {"state-dict", "checkpoint", "smp-folder", "transformers"}
