"""How names and numbers are printed, in figures, tables and prose alike."""

import math
import re

METHODS = {
    "adam": "Adam",
    "adamw": "AdamW",
    "radam": "RAdam",
    "contour_warmup": "contour warm-up",
    "isotropic_warmup": "isotropic warm-up",
    "linear_warmup": "linear warm-up",
    "high_rate_warmup": "high-rate warm-up",
    "persistent_warmup": "persistent warm-up",
    "repelled_warmup": "repelled warm-up",
    "flat_warmup": "flat warm-up",
    "contour_cooldown": "contour cool-down",
    "reordered_sgd": "reordered SGD",
    "perturbed_gd": "perturbed GD",
    "perturbed_sgd": "perturbed SGD",
    "entropy_sgd": "Entropy-SGD",
    "lookahead": "Lookahead",
    "symmetry_teleportation": "symm. teleportation",
    "schedule_free": "schedule-free SGD",
    "online_sgd": "online SGD",
    "l2_sp": "L2-SP",
    "lwf": "LwF",
    "online_ewc": "online EWC",
    "ldifs_code": "LDIFS (code)",
    "bong_diagonal": "BONG (diagonal)",
    "a_gem": "A-GEM",
    "der_plus_plus": "DER++",
    "mkd_er": "MKD-ER",
    "mkd_der_plus_plus": "MKD-DER++",
    "cls_er": "CLS-ER",
    "puridiver": "PuriDivER",
    "gdumb": "GDumb",
    "episodic_maml": "MAML",
    "fomaml": "FOMAML",
    "reptile": "Reptile",
    "prototypes": "nearest prototype",
    "fine_tuning": "fine-tuning",
    "ldifs_fine_tuning": "LDIFS fine-tuning",
    "joint": "joint training",
    "epi_ball": "EpiBall",
    "streaming_lda": "streaming LDA",
    "reverse_kl_ball": "reverse KL ball",
    "mmd_ball": "MMD ball",
    "efm_ball": "EFM ball",
    "cka_ball": "CKA ball",
    "procrustes_ball": "Procrustes ball",
    "mahalanobis_ball": "Mahalanobis ball",
    "ball_snr": "ball SNR",
    "ball_surprise_snr": "ball surprise SNR",
    "maml": "MAML",
    "group_dro": "Group DRO",
    "ensemble": "ensemble of four",
    "mixup": "mixup",
    "intra_label_mixup": "intra-label mixup",
    "rho_loss": "RHO-LOSS",
    "self_paced": "self-paced",
    "loss_proportional": "loss-proportional",
    "holdout_sgd": "hold-out SGD",
    "random_acquisition": "random choice",
    "core_set": "core-set",
    "bert_km": "BERT-KM",
    "alfa_mix": "ALFA-Mix",
    "anchor_al": "AnchorAL",
    "active_data_discovery": "Active Data Discovery",
    "oracle_acquisition": "oracle",
    "double_well_occupancy": "double well + occupancy",
    "double_well_layers": "double well, all layers",
    "activation_sigmoid": "soft threshold",
    "straight_through": "straight-through",
    "hoyer": "Hoyer",
    "activation_l1": "L1 norm",
    "non_negative_contrast": "non-negative contrast",
    "mono_loss": "MonoLoss",
    "asam_activation_entropy": "ASAM + activation entropy",
}
DATASETS = {
    "mnist5k": "MNIST-5k",
    "mnist5k_28": "MNIST-5k (28 px)",
    "optdigits": "Optdigits",
    "fashion_mnist": "Fashion-MNIST",
    "fashion_mnist_28": "Fashion-MNIST (28 px)",
    "mnist1d": "MNIST-1D",
    "typefaces": "Typefaces",
    "typeface_digits": "Typeface digits",
    "typeface_digits_28": "Typeface digits (28 px)",
    "digit_domains": "Digit domains",
    "digit_domains_28": "Digit domains (28 px)",
    "gauss_groups": "Gaussian groups",
    "gauss_interaction_25": "Gaussian groups with interaction 0.25",
    "gauss_interaction_50": "Gaussian groups with interaction 0.5",
    "gauss_interaction_100": "Gaussian groups with interaction 1",
    "coloured_mnist1d": "Coloured MNIST-1D",
    "digits_patch": "Digits with a patch",
    "dominoes": "Dominoes",
    "dominoes_28": "Dominoes (28 px)",
    "typeface_shapes": "Typeface shapes",
    "sentiment": "Sentiment of reviews",
    "sentiment_kinds": "Sentiment of reviews and tweets",
    "solubility": "Solubility",
    "solubility_size": "Solubility of small molecules",
    "solubility_rings": "Solubility of molecules with rings",
}
NETWORKS = {
    "mlp": "perceptron",
    "mlp_2": "perceptron, last layer of 2",
    "mlp_4": "perceptron, last layer of 4",
    "mlp_8": "perceptron, last layer of 8",
    "latent_mlp": "perceptron with a latent code",
    "ensemble_mlp": "ensemble of perceptrons",
    "ensemble_strided_cnn": "ensemble of strided convolutions",
    "spiking_mlp": "spiking",
    "spiking_fast_sigmoid": "spiking, fast sigmoid",
    "spiking_zero_reset": "spiking, reset to zero",
    "spiking_latency": "spiking, read by latency",
    "spiking_synchronised": "spiking, synchronised",
    "attention_cnn": "convolutions with attention",
    "strided_cnn": "strided convolutions",
    "resnet18": "ResNet-18",
}
WORDS = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"]
MISSING = "not measured"
KNOBS = {
    "correlation": "correlation",
    "core_margin": "margin of the core",
    "spurious_margin": "margin of the attribute",
    "core": "kind of the core",
    "core_width": "width of the core",
    "spurious_width": "width of the attribute",
    "absent": "attribute left out",
    "label_noise": "label noise",
    "interaction": "interaction",
    "train_size": "training examples",
}


def method(name: str) -> str:
    """A method as the paper prints it: short names are acronyms, others plain words."""
    return METHODS.get(name) or (name.upper() if len(name) <= 5 and "_" not in name else name.replace("_", " "))


def network(name: str) -> str:
    """A network as the paper prints it."""
    return NETWORKS.get(name) or name.replace("_mlp", " perceptron").replace("cnn", "CNN").replace("_", " ")


def dataset(name: str) -> str:
    """A data set as the paper prints it."""
    return DATASETS.get(name) or name.replace("_", " ")


def shift(name: str) -> str:
    """A shift as the paper prints it within a sentence."""
    return DATASETS.get(name) or name.replace("_", " ").replace("gaussian", "Gaussian")


def percent(fraction: float, digits: int = 1) -> str:
    """A fraction as per cent without the sign: 0.8624 -> 86.2."""
    return "--" if math.isnan(fraction) else f"{100 * fraction:.{digits}f}"


def points(fraction: float, digits: int = 1) -> str:
    """A difference of fractions in percentage points for LaTeX: 0.0031 -> $+0.3$; what rounds to zero has no sign."""
    return "--" if math.isnan(fraction) else signed(100 * fraction, digits)


def signed(number: float, digits: int = 2) -> str:
    """A number for LaTeX with its sign, which what rounds to zero has not: -0.123 -> $-0.12$."""
    text = f"{number:+.{digits}f}"
    return f"${text}$" if float(text) else f"${text[1:]}$"


def score(value: float) -> str:
    """A score for LaTeX with two digits: $-0.12$; a dash where it is not defined."""
    return "--" if math.isnan(value) else f"${value:.2f}$".replace("$-0.00$", "$0.00$")


def levels(shares: list[float]) -> str:
    """Shares in per cent as a list for LaTeX: [0.0, 0.2] -> 0 and 20\\,\\%."""
    return listing([f"{100 * share:g}" for share in shares]) + r"\,\%"


def percent_range(low: float, high: float, digits: int = 1) -> str:
    """An interval of fractions in per cent: [85.1, 87.3]."""
    return f"[{percent(low, digits)}, {percent(high, digits)}]"


def points_range(low: float, high: float) -> str:
    """An interval of differences in percentage points for LaTeX: [$-0.2$, $+0.8$]."""
    return f"[{points(low)}, {points(high)}]"


def probability(p: float) -> str:
    """A p value for LaTeX, with its relation: $= 0.031$ or $< 0.001$."""
    return "--" if math.isnan(p) else "$< 0.001$" if p < 0.001 else f"$= {p:.3f}$"


def scientific(text: str) -> str:
    """Text for LaTeX with its exponents written out: 1e-05 -> $10^{-5}$, 5e-04 -> $5\\times10^{-4}$."""

    def written(found: re.Match) -> str:
        factor = "" if found[1] == "1" else found[1] + r"\times"
        return f"${factor}10^{{{int(found[2])}}}$"

    return re.sub(r"(\d+(?:\.\d+)?)e([+-]\d+)", written, escape(text))


def count(number: float) -> str:
    """A count for LaTeX with thin spaces between thousands: 2880 -> 2\\,880."""
    return f"{number:,.0f}".replace(",", "\\,")


def word(number: int) -> str:
    """A small count in words, a larger one in figures."""
    return WORDS[number] if number < len(WORDS) else count(number)


def listing(names: list[str]) -> str:
    """Names as a list in a sentence: a, b and c; `none` when empty."""
    return " and ".join(filter(None, [", ".join(names[:-1]), *names[-1:]])) or "none"


def macro(name: str) -> str:
    """An identifier as part of a LaTeX macro name, letters only: mnist5k -> MnistFiveK."""
    parts = re.findall(r"[A-Za-z]+|\d", name)
    return "".join(WORDS[int(part)].capitalize() if part.isdigit() else part[0].upper() + part[1:] for part in parts)


def escape(text: str) -> str:
    """Plain text made safe for LaTeX."""
    special = {"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}"}
    special |= {character: "\\" + character for character in "&%$#_{}"}
    return "".join(special.get(character, character) for character in text)
