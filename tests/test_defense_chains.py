import re
import tomllib

import numpy as np
import pytest
import tomli_w

from core.defenses.argmax import Argmax
from core.defenses.chain import Chain, words_of
from core.defenses.dropout import Dropout
from core.defenses.gauss import Gauss
from core.defenses.hardened import Hardened
from core.defenses.noise import GridNoise
from core.defenses.none import NoDefense
from core.defenses.rounding import Rounding
from core.defenses.temperature import Temperature
from core.defenses.topk import TopK
from core.errors import SpecError
from core.randomness import generator

SHA = "ab" * 32
NOISE = GridNoise(3, SHA)


def pixel(*values):
    return np.array(values, np.float32).reshape(-1, 1, 1)


def test_the_source_must_come_first_and_alone():
    assert Chain((Dropout(), Argmax())).source == Dropout()
    assert Chain((NoDefense(), Hardened("a.pt"))).source == Hardened("a.pt")
    for wrong in [(Argmax(), Dropout()), (Dropout(), Hardened("a.pt")), (Dropout(), Dropout())]:
        with pytest.raises(SpecError, match="cannot follow"):
            Chain(wrong)


def test_a_chain_applies_its_outputs_in_order():
    p = pixel(0.5, 0.3, 0.2)
    chain = Chain((Dropout(), TopK(2), Temperature(0.5)))
    step = TopK(2).apply(p, NOISE, "")
    np.testing.assert_array_equal(chain.apply(p, NOISE), Temperature(0.5).apply(step, NOISE, ""))
    assert chain.outputs == (TopK(2), Temperature(0.5))


def test_no_defense_is_the_identity_wherever_it_stands():
    p = pixel(0.5, 0.5)
    for chain in [Chain(), Chain((NoDefense(),)), Chain((NoDefense(), NoDefense()))]:
        assert chain.apply(p, NOISE) is p
        assert (chain.id, chain.describe(), chain.source, chain.outputs) == ("none", "none", None, ())
    assert Chain((NoDefense(), Gauss())) == Chain((Gauss(),))


def test_two_gauss_defenses_draw_different_noise():
    p = np.full((2, 64, 64), 0.5, np.float32)
    seen = []

    class Recorder:
        def normal(self, shape, purpose):
            seen.append(NOISE.normal(shape, purpose))
            return seen[-1]

    Chain((Gauss(0.1), Gauss(0.1))).apply(p, Recorder())
    assert abs(np.corrcoef(seen[0].ravel(), seen[1].ravel())[0, 1]) < 0.05


@pytest.mark.parametrize(
    ("defenses", "hard"),
    [
        ((), False),
        ((Argmax(),), True),
        ((TopK(1),), True),
        ((TopK(2),), False),
        ((Rounding(0),), True),
        ((Rounding(1),), False),
        ((Argmax(), Gauss(0.1)), False),
        ((Gauss(0.1), Argmax()), True),
        ((Argmax(), Temperature(3.0), Rounding(2), TopK(2)), True),
        ((Argmax(), Gauss(0.1), TopK(1)), True),
        ((Dropout(), Argmax()), True),
    ],
)
def test_a_hard_chain_is_one_whose_release_is_one_hot(defenses, hard):
    chain = Chain(defenses)
    assert chain.hard is hard
    p = generator(0, SHA, "p").dirichlet(np.ones(5), (8, 8)).transpose(2, 0, 1).astype(np.float32)
    assert np.isin(chain.apply(p, NOISE), [0, 1]).all() == hard


CHAINS = [
    Chain(),
    Chain((Argmax(),)),
    Chain((Argmax(),), "Labels only"),
    Chain((Gauss(0.05),)),
    Chain((Gauss(0.0500001),)),
    Chain((Temperature(2.0),)),
    Chain((Dropout(0.1, 4, "own"), Gauss(0.05), Argmax())),
    Chain((Dropout(0.14, 4, "own"),)),
    Chain((Hardened("models/Ünet DP (ε=8).pt", architecture="smp:Unet"),)),
    Chain((Hardened("models/ünet dp (ε=8).pt", architecture="smp:Unet"),)),
    Chain((Hardened("a.pt", format="a", encoder="b"),)),
    Chain((Hardened("a.pt", format="b", encoder="a"),)),
    Chain((Hardened("x" * 3000), Gauss(0.05)), "DP-SGD and noise"),
]


@pytest.mark.parametrize("chain", CHAINS, ids=lambda chain: chain.id)
def test_a_chain_survives_the_way_through_toml(chain):
    text = tomli_w.dumps({"defenses": [chain.to_table()]})
    assert Chain.parse(tomllib.loads(text)["defenses"][0]) == chain


def test_ids_are_unique_and_safe_as_file_names():
    ids = [chain.id for chain in CHAINS if chain.label != "Labels only"]
    assert len({i.lower() for i in ids}) == len(ids)
    assert all(re.fullmatch(r"[A-Za-z0-9_.+-]{1,200}", i) and not i.endswith(".") for i in ids)


def test_ids_say_what_they_are():
    assert Chain((Gauss(0.05),)).id == "gauss-sigma0.05"
    assert Chain((Temperature(2.0), Argmax())).id == "temperature-T2+argmax"
    assert Chain((Dropout(0.5),)).id == "dropout-p0.5-passes1-placeauto"
    assert Chain((Argmax(),), "Labels only").id == "argmax"


def test_describe_and_title():
    chain = Chain((Dropout(), Gauss(0.05)), "Both")
    assert chain.describe() == "dropout(p=0.1, passes=1, place=auto) + gauss(sigma=0.05)"
    assert chain.title == "Both"
    assert Chain((Argmax(),)).title == "argmax"


@pytest.mark.parametrize(
    ("defenses", "words"),
    [
        ((), "No defense"),
        ((Argmax(),), "Argmax"),
        ((Gauss(0.1),), "Gauss noise, sigma 0.1"),
        ((Dropout(0.1),), "Dropout, p 0.1"),
        ((Dropout(0.2, passes=8), Gauss(0.05)), "Dropout, p 0.2, passes 8 + Gauss noise, sigma 0.05"),
        ((Hardened("models/dp-sgd.safetensors"), Argmax()), "Hardened target, dp-sgd.safetensors + Argmax"),
    ],
)
def test_words_are_the_titles_with_what_sets_them_apart(defenses, words):
    assert Chain(defenses).words == words
    assert Chain(defenses, "Ours").words == "Ours"


def test_of_several_chains_no_two_are_called_alike():
    chains = [Chain((Hardened(f"{run}/target.pth"),)) for run in ("one", "two")]
    chains += [Chain((Gauss(sigma),), "Noise") for sigma in (0.1, 0.2)] + [Chain((Argmax(),))]
    named = words_of(chains)
    assert list(named) == [chain.id for chain in chains]
    assert list(named.values()) == [
        "Hardened target, target.pth [hardened(path=one/target.pth)]",
        "Hardened target, target.pth [hardened(path=two/target.pth)]",
        "Noise [gauss(sigma=0.1)]",
        "Noise [gauss(sigma=0.2)]",
        "Argmax",
    ]


def test_what_is_not_given_of_a_hardened_target_is_not_described():
    assert Chain((Hardened("dp.pth"),)).title == "hardened(path=dp.pth)"
    assert Hardened("dp.pth", encoder="resnet18").describe() == "hardened(path=dp.pth, encoder=resnet18)"


def test_parse_takes_every_written_form():
    assert Chain.parse("argmax") == Chain((Argmax(),))
    assert Chain.parse({"name": "gauss", "sigma": 0.1, "label": "G"}) == Chain((Gauss(0.1),), "G")
    both = Chain((Dropout(0.2), Argmax()))
    links = [{"name": "dropout", "p": 0.2}, "argmax"]
    assert Chain.parse(links) == Chain.parse({"chain": links}) == both
    assert Chain.parse({"chain": []}) == Chain()


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ({"name": "blur"}, "no defense 'blur'.*gauss"),
        ({"sigma": 1}, "needs a 'name'"),
        ({"name": "gauss", "sgima": 1}, "unknown key 'sgima'.*sigma"),
        ({"name": "argmax", "label": 3}, "'label' cannot be 3"),
        ({"chain": [{"name": "argmax"}], "sigma": 1}, "'sigma' cannot stand beside 'chain'"),
        ({"chain": "argmax"}, "'chain' cannot be 'argmax'"),
        ({"chain": [7]}, "7 is not a defense"),
        ({"chain": [{"name": "argmax"}, {"name": "dropout"}]}, "'dropout' cannot follow 'argmax'"),
        (7, "7 is not a defense"),
        (None, "None is not a defense"),
    ],
)
def test_wrong_tables_are_refused_with_what_is_wrong(value, words):
    with pytest.raises(SpecError, match=words):
        Chain.parse(value)
