import Images

/// How images are changed before they are learned from.
extension JobSetting {
    static let augmentation = object(
        "augmentation", Augmentation.all, "How images are changed; what is left out is as in the method's paper.")

    /// Fields of `augmentation`.
    enum Augmentation {
        static let cropMin = number("crop_min", 0.0001...1, "The smallest share of the area that a random crop has.")
        static let cropMax = number("crop_max", 0.0001...1, "The largest share of the area that a random crop has.")
        static let flip = number("flip", 0...1, "The probability of a mirrored image.")
        static let interpolation = choice("interpolation", Interpolation.self, "How crops are resized.")
        static let colorJitter = JobSetting(
            "color_jitter", .numbers(count: 4...4, 0...1), "Strength of brightness, contrast, saturation and hue.")
        static let colorJitterP = number("color_jitter_p", 0...1, "The probability of colour jitter.")
        static let grayscaleP = number("grayscale_p", 0...1, "The probability of a grey image.")
        static let blurP = JobSetting(
            "blur_p", .perView(0...1), "The probability of a blurred image; a list has one for each view.")
        static let blurSigma = JobSetting(
            "blur_sigma", .numbers(count: 2...2, 0.01...20),
            "The smallest and the largest deviation of the blur, pixels.")
        static let solarizeP = JobSetting(
            "solarize_p", .perView(0...1), "The probability of a solarized image; a list has one for each view.")
        static let randAugment = bool("rand_augment", "Whether RandAugment is applied.")
        static let reprob = number("reprob", 0...1, "The probability of random erasing.")
        static let maskedView = object(
            "masked_view", [cropMin, cropMax, flip, interpolation], "The same of the masked view of the hybrid.")
        static let mixup = number("mixup", 0...100, "Parameter α of mixup; 0 for none.")
        static let cutmix = number("cutmix", 0...100, "Parameter α of cutmix; 0 for none.")

        static let all: [JobSetting] = [
            cropMin, cropMax, flip, interpolation, colorJitter, colorJitterP, grayscaleP, blurP, blurSigma, solarizeP,
            randAugment, reprob, maskedView, mixup, cutmix,
        ]
    }
}
