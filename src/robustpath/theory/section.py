"""The theory cases in the config: the model of their section, and the settings of the job of each case."""

from typing import Annotated

from pydantic import Field

from robustpath.config.section import DISTINCT, Section

Methods = Annotated[
    list[str],
    Field(
        min_length=1,
        description="Methods to start there (`python -m robustpath list methods`), each once.",
        json_schema_extra=DISTINCT,
    ),
]
Seeds = Annotated[int, Field(ge=1, le=10_000, description="Repetitions, each with its own random numbers.")]
Sizes = Annotated[list[Annotated[int, Field(ge=2, le=100_000)]], Field(min_length=1, json_schema_extra=DISTINCT)]
Steps = Annotated[
    int, Field(ge=1, le=10_000_000, description="Gradient evaluations per run, the same for every method.")
]


class SpuriousMinimum(Section):
    """Who leaves the spurious local minimum of Yun et al., and in how many gradient evaluations."""

    methods: Methods
    noise: list[Annotated[float, Field(ge=0, le=100)]] = Field(
        min_length=1,
        description="Standard deviations of the noise added to the minimum to start from, ascending.",
        json_schema_extra=DISTINCT,
    )
    seeds: Seeds
    steps: Steps


class Saddles(Section):
    """Who leaves a strict and a monkey saddle, and in how many gradient evaluations."""

    methods: Methods
    seeds: Seeds
    steps: int = Field(ge=1, le=10_000_000, description="Steps per run; the cost of a step is counted separately.")


class UniformConvergence(Section):
    """Nagarajan & Kolter's linear example, and a network on two spheres with more and more training examples."""

    dimension: int = Field(ge=1, le=1_000_000, description="Noisy inputs of the linear example.")
    linear_sizes: Sizes = Field(description="Numbers of training examples of the linear example, ascending.")
    sizes: Sizes = Field(description="Numbers of training examples on the two spheres, ascending.")
    seeds: Seeds


class Memorisation(Section):
    """Zhang et al.'s network of 2n + d weights that fits any n labels of d inputs."""

    dimension: int = Field(ge=1, le=10_000, description="Inputs of an example.")
    sizes: Annotated[list[Annotated[int, Field(ge=2, le=100)]], Field(min_length=1, json_schema_extra=DISTINCT)] = (
        Field(description="Numbers of examples, ascending; rounding limits them.")
    )
    seeds: Seeds


class PathNorm(Section):
    """Neyshabur et al.'s path norm and Path-SGD, which rescaling of the units leaves as they are."""

    scale: float = Field(ge=0.1, le=10, description="Standard deviation of the logarithm of the units' factors.")
    steps: int = Field(ge=1, le=100_000, description="Steps of the two descents.")
    seeds: Seeds


class Sinusoid(Section):
    """Finn et al.'s sinusoids from ten points: MAML, FOMAML, Reptile and joint pre-training."""

    steps: int = Field(ge=1, le=1_000_000, description="Meta-steps of every rule, each on new tasks.")
    seeds: Seeds


class AssociativeRetrieval(Section):
    """Ba et al.'s letters and digits: fast weights, an LSTM and an IRNN at equal compute."""

    pairs: int = Field(ge=2, le=10, description="Pairs of a letter and a digit in a sequence.")
    letters: int = Field(ge=10, le=26, description="Letters that a sequence takes its own from; 26 in the paper.")
    units: int = Field(ge=2, le=1000, description="Recurrent units of every network.")
    decays: list[Annotated[float, Field(ge=0, le=1)]] = Field(
        min_length=1,
        description="Factors by which the fast weights fade in a step; 0.9 or 0.95 in public programs.",
        json_schema_extra=DISTINCT,
    )
    steps: int = Field(ge=1, le=1_000_000, description="Steps of fast weights and the LSTM; the IRNN's follow.")
    seeds: Seeds


class KnownStreams(Section):
    """Streams of small digits whose outcome a pilot has shown: what forgets, and what more steps on a batch do."""

    batches: int = Field(ge=1, le=122, description="Batches of a task, at most; the outcome is judged from 50 on.")
    steps: int = Field(ge=2, le=10, description="Steps on a batch; the outcome is judged at 10.")
    seeds: Seeds


class KnownShortcuts(Section):
    """Groups whose outcome a pilot has shown: who learns the shortcut, and when the order of examples matters."""

    passes: int = Field(ge=2, le=60, description="Passes of plain training; the outcome is judged at 60.")
    seeds: Seeds


class Superposition(Section):
    """Elhage et al.'s toy models, which hold more features than they have dimensions."""

    steps: int = Field(
        ge=10, le=1_000_000, description="Steps of five features, others in proportion; the outcome is judged at 5,000."
    )
    seeds: Seeds
    importances: list[Annotated[float, Field(ge=0.01, le=1)]] = Field(
        min_length=1,
        description="Importances of the second of two features, that of the first being 1, ascending.",
        json_schema_extra=DISTINCT,
    )


class KnownEnvironments(Section):
    """Environments whose outcome is known: who stays right when a colour changes sides, and which split is inferred."""

    digit_steps: int = Field(ge=2, le=501, description="Steps of IRM on coloured digits; the outcome is judged at 501.")
    split_steps: int = Field(ge=1, le=10_000, description="Steps that infer a split; the outcome is judged at 10,000.")
    seeds: Seeds


class KnownNeurons(Section):
    """A leaky integrate-and-fire unit at a constant current: when it fires first, and how often."""

    steps: int = Field(
        ge=300, le=100_000, description="Steps of every unit, of which the first half is given to settle down."
    )


class KnownDictionaries(Section):
    """Codes whose content is known: planted atoms that sparse autoencoders find, and what few units hold."""

    steps: int = Field(ge=1, le=100_000, description="Steps of the autoencoders; the outcome is judged at 4,000.")
    seeds: Seeds


class AlgorithmicAlignment(Section):
    """Xu et al.'s question of who extrapolates to larger graphs: networks aligned with the task, and others."""

    steps: int = Field(
        ge=1,
        le=1_000_000,
        description="Steps on shortest paths, and half of that on degrees; the outcome is judged at 1,000.",
    )
    graphs: int = Field(
        ge=1, le=100_000, description="Graphs that every seed learns from; the outcome is judged from 1,000 on."
    )
    seeds: Seeds
    densities: list[Annotated[float, Field(ge=0.05, le=1)]] = Field(
        min_length=1,
        description="Shares of pairs of nodes that are joined where the maximum degree is asked for, which no graph "
        "without edges has. The outcome is judged with 0.1, 0.2, … 0.9.",
        json_schema_extra=DISTINCT,
    )


class KnownChoices(Section):
    """Choosing batches by loss where labels are wrong, whose outcome a pilot has shown: who trains on wrong labels."""

    steps: int = Field(ge=2, le=500, description="Steps of every training; the outcome is judged at 500.")
    seeds: Seeds


class Theory(Section):
    """The theory cases of a scale, one job each."""

    spurious_minimum: SpuriousMinimum = Field(description="Who leaves a spurious local minimum.")
    saddles: Saddles = Field(description="Who leaves a saddle.")
    uniform_convergence: UniformConvergence = Field(description="Where uniform convergence says nothing.")
    memorisation: Memorisation = Field(description="Few weights that fit any labels.")
    path_norm: PathNorm = Field(description="What rescaling of the units leaves as it is.")
    sinusoid: Sinusoid = Field(description="Starts that learn a sinusoid from ten points.")
    associative_retrieval: AssociativeRetrieval = Field(description="A memory that lasts for one sequence.")
    known_streams: KnownStreams = Field(description="Who forgets on streams of small digits.")
    known_shortcuts: KnownShortcuts = Field(description="Who learns the shortcut of skewed groups.")
    superposition: Superposition = Field(description="When a model holds more features than it has dimensions.")
    known_environments: KnownEnvironments = Field(description="Given and inferred environments.")
    known_neurons: KnownNeurons = Field(description="When a spiking unit fires, and how often.")
    known_dictionaries: KnownDictionaries = Field(description="Planted atoms, and what codes of few units hold.")
    algorithmic_alignment: AlgorithmicAlignment = Field(description="Who extrapolates to larger graphs.")
    known_choices: KnownChoices = Field(description="Who trains on wrong labels, where batches are chosen by loss.")


def theory_settings(theory: Theory, case: str) -> dict:
    """What a case depends on beside the code."""
    return {"case": case, **getattr(theory, case).model_dump()}
