"""The experiments that every scale has: the figures, tables and numbers of the paper read them by name."""

from pydantic import Field

from robustpath.config.section import Section
from robustpath.protocols.acquisition.section import AcquisitionExperiment
from robustpath.protocols.attention.section import AttentionExperiment
from robustpath.protocols.choices.section import ChoicesExperiment
from robustpath.protocols.designed.section import DesignedExperiment
from robustpath.protocols.episodes.section import EpisodesExperiment
from robustpath.protocols.representations.section import RepresentationsExperiment
from robustpath.protocols.stream.section import StreamExperiment
from robustpath.protocols.supervised.section import Supervised

# Whose runs are compared over the values of a grid, of one method or of several, without the reference.
OVER_A_GRID = frozenset({
    "lengths", "walk_levels", "activation_losses", "activation_width_2", "activation_width_8", "activation_latent",
    "attention",
})  # fmt: skip


class Experiments(Section):
    """The experiments of a scale."""

    data_efficiency: Supervised = Field(description="Accuracy against the number of training examples.")
    held_out: Supervised = Field(description="The same, with draws that held-out training examples select.")
    minima: Supervised = Field(description="Every method and control, with and without label noise: the first family.")
    lengths: Supervised = Field(description="SGD of several lengths: its accuracy against its training loss.")
    trajectories: Supervised = Field(
        description="A few runs whose trajectory is kept: loss surfaces, what is forgotten."
    )
    random_labels: Supervised = Field(description="SGD on labels of which a share, up to all, is random.")
    variance_split: Supervised = Field(description="The reference under other splits of the data, all else equal.")
    variance_initialisation: Supervised = Field(description="The same from other initialisations.")
    variance_order: Supervised = Field(description="The same in other orders of the batches.")
    variance_draw: Supervised = Field(description="The same with other hyperparameter draws.")
    walk_levels: Supervised = Field(description="Walks that begin earlier or later in a descent, shorter and longer.")
    headline: Supervised = Field(description="The main contrasts of `minima`, with more draws.")
    streams: StreamExperiment = Field(
        description="The second family: accuracy and forgetting at several budgets per batch."
    )
    stream_steps: StreamExperiment = Field(description="Plain steps alone, from one per batch to many.")
    stream_methods: StreamExperiment = Field(description="Every method of the second family at one budget.")
    stream_readouts: StreamExperiment = Field(description="Readouts of random features, which no order can harm.")
    stream_memories: StreamExperiment = Field(description="Networks that read an episodic memory.")
    stream_adaptation: StreamExperiment = Field(description="A network that adapts its last layer to each query.")
    anchor_age: StreamExperiment = Field(
        description="One ball, its anchor from the model before the batch to the start."
    )
    distances: StreamExperiment = Field(description="Balls of several distances about one anchor, permuted tasks.")
    distances_split: StreamExperiment = Field(description="The same where classes come one after the other.")
    radii: StreamExperiment = Field(description="Controllers of the radius, over a tenfold range of its start.")
    memory_ball: StreamExperiment = Field(description="An episodic memory and a ball: each, both and neither.")
    stream_split: StreamExperiment = Field(description="Classes that come one after the other.")
    stream_domains: StreamExperiment = Field(description="Data sets of digits that come one after the other.")
    stream_gradual: StreamExperiment = Field(description="Signals that drift.")
    stream_abrupt: StreamExperiment = Field(description="Signals that jump.")
    stream_recurring: StreamExperiment = Field(description="Two tasks by turns.")
    episodes: EpisodesExperiment = Field(description="Few-shot episodes: new classes from one or a few examples each.")
    acquisition_hole: AcquisitionExperiment = Field(
        description="The third family: labels bought where one group has none at first, each group in turn; tuned."
    )
    acquisition_methods: AcquisitionExperiment = Field(description="The same with every acquisition at its defaults.")
    acquisition_generic: AcquisitionExperiment = Field(
        description="Labels bought where no group is missing, with and without label noise."
    )
    acquisition_interaction: AcquisitionExperiment = Field(
        description="A missing group where label and attribute interact, from not at all to as much as the attribute."
    )
    acquisition_pilot: AcquisitionExperiment = Field(
        description="A missing group where some first labels are of the other minority for sure, as in the pilot."
    )
    acquisition_text: AcquisitionExperiment = Field(description="Labels of texts bought where no group is missing.")
    factorial_plain: AcquisitionExperiment = Field(
        description="What several families prefer, together: acquisitions whose models SGD trains."
    )
    factorial_flat: AcquisitionExperiment = Field(description="The same with a sharpness-aware method.")
    factorial_coded: AcquisitionExperiment = Field(description="The same with a loss on activations.")
    factorial_both: AcquisitionExperiment = Field(description="The same with both.")
    group_references: Supervised = Field(
        description="SGD, and SGD on a hold-out, on data with groups: the parents of those that look at losses."
    )
    groups: Supervised = Field(description="Training methods on data whose labels go with an attribute.")
    curricula: Supervised = Field(description="The same examples in several orders of exposure.")
    selection: ChoicesExperiment = Field(
        description="Methods that choose their examples by loss, with label noise; what they choose is recorded."
    )
    feature_sweep: DesignedExperiment = Field(
        description="Which features lead to which behaviour: many settings of all knobs of the generator of groups."
    )
    feature_subsets: DesignedExperiment = Field(
        description="The same of the numbers of examples of each group, drawn from one pool."
    )
    feature_changes: DesignedExperiment = Field(
        description="One skewed training set, and a few examples of one group added or removed."
    )
    activation_references: RepresentationsExperiment = Field(
        description="Plain training, and some losses on activations at their defaults; hidden layers are measured."
    )
    activation_losses: RepresentationsExperiment = Field(description="Losses on activations at several strengths.")
    activation_width_2: RepresentationsExperiment = Field(
        description="Losses on activations where the last hidden layer has fewer units than there are factors."
    )
    activation_width_8: RepresentationsExperiment = Field(description="The same where it has more units than factors.")
    activation_latent: RepresentationsExperiment = Field(description="A loss that makes a latent code of a few units.")
    spiking: RepresentationsExperiment = Field(description="Plain training of a network of spiking units.")
    attention: AttentionExperiment = Field(description="Causal attention, with and without its invariance.")
    larger: Supervised = Field(
        description="A few contrasts of `minima` with larger images and a convolutional network."
    )
    larger_stream_split: StreamExperiment = Field(description="The same of `stream_split`.")
    larger_stream_domains: StreamExperiment = Field(description="The same of `stream_domains`.")
    acquisition_dominoes: AcquisitionExperiment = Field(
        description="Labels bought where one group has none at first, on images of two things."
    )
    larger_acquisition: AcquisitionExperiment = Field(description="The same with larger images and that network.")
