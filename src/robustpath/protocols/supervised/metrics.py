"""The names of the measures of minima and walks, as the records have them."""

SHARPNESS = [
    "lambda_max",
    "trace",
    "sam_sharpness",
    "asam_sharpness",
    "noise_sharpness",
    "keskar_sharpness",
    "pacbayes_sigma",
    "pacbayes_sigma_magnitude",
    "pacbayes_bound",
    "pacbayes_bound_magnitude",
]
NORMS = ["path_norm", "frobenius_norm", "distance_from_start", "spectral_product", "spectral_bound", "margin"]
DISTANCES = ["barrier", "barrier_matched", "function_distance", "disagreement"]
WALKS = [
    "walk_level_error",
    "walk_displacement",
    "walk_function_distance",
    "walk_lambda_max_start",
    "walk_lambda_max_end",
    "walk_accepted",
]
MEASURES = [*SHARPNESS, *NORMS, *DISTANCES, *WALKS]
