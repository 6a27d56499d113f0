"""The corruptions of images that others have published as files."""

# The fifteen of CIFAR-10-C that are for testing. The four more that it has for validation show test images: left out.
PUBLISHED = (
    *("gaussian_noise", "shot_noise", "impulse_noise", "defocus_blur", "glass_blur", "motion_blur", "zoom_blur"),
    *("snow", "frost", "fog", "brightness", "contrast", "elastic_transform", "pixelate", "jpeg_compression"),
)
