public import Images
import JSON

/// How a run changes its images: the recipes of its views, with what a configuration overrides.
public struct AugmentationSettings: Sendable, Hashable {
    private typealias Own = JobSetting.Augmentation

    /// One for each view of a batch, in the order of `Batch.views`.
    public let views: [ViewRecipe]
    /// α of mixup; 0 without.
    public let mixup: Double
    /// α of cutmix; 0 without.
    public let cutmix: Double

    /// Reads `augmentation`.
    init(_ outer: JSONReader, descriptor: any ObjectiveDescriptor, recipe: TrainingRecipe, imgSize: Int) {
        let reader = outer.object(.augmentation)
        var views = descriptor.views(recipe, imgSize: imgSize)
        let ownViews = descriptor.hasMaskedView ? views.count - 1 : views.count
        Self.readCrop(reader, views: &views, 0..<ownViews)
        Self.readColour(reader, views: &views, ownViews)
        if let isOn = reader.value(Own.randAugment).map({ $0.bool }) {
            if isOn == nil { reader.fault(Own.randAugment, "rand_augment must be true or false.") }
            for index in 0..<ownViews { views[index].randAugment = isOn == true ? RandAugment() : nil }
        }
        reader.record(Own.randAugment, .bool(views[0].randAugment != nil))
        if let probability = reader.optionalNumber(Own.reprob) {
            for index in 0..<ownViews {
                views[index].randomErasing = probability > 0 ? RandomErasing(probability: probability) : nil
            }
        }
        reader.record(Own.reprob, .double(views[0].randomErasing?.probability ?? 0))
        if descriptor.hasMaskedView {
            let masked = reader.object(Own.maskedView)
            Self.readCrop(masked, views: &views, ownViews..<views.count)
            masked.finish()
        } else if reader.has(Own.maskedView) {
            _ = reader.value(Own.maskedView)
            reader.fault(
                Own.maskedView,
                "Only the method \(TrainingMethod.words { $0.hasMaskedView }) has a masked view beside the others.")
        }
        if !descriptor.mixesLabels {
            for setting in [Own.mixup, Own.cutmix] where reader.optionalNumber(setting) ?? 0 > 0 {
                reader.fault(
                    setting, "\(setting.name) mixes labels, which the method \(descriptor.name) does not use.")
            }
            (mixup, cutmix) = (0, 0)
        } else {
            mixup = reader.number(Own.mixup, default: recipe.mixup)
            cutmix = reader.number(Own.cutmix, default: recipe.cutmix)
        }
        self.views = views
        reader.finish()
    }

    private static func readCrop(_ reader: JSONReader, views: inout [ViewRecipe], _ range: Range<Int>) {
        var scale = 0.08...1.0
        switch views[range.lowerBound].crop {
        case .random(let found, _), .clipped(let found, _): scale = found
        case .center: break
        }
        let low = reader.number(Own.cropMin, default: scale.lowerBound)
        let high = reader.number(Own.cropMax, default: scale.upperBound)
        if low > high { reader.fault(Own.cropMin, "crop_min \(low) lies above crop_max \(high).") }
        let flip = reader.number(Own.flip, default: views[range.lowerBound].flip)
        let interpolation = reader.choice(Own.interpolation, default: views[range.lowerBound].interpolation)
        for index in range {
            switch views[index].crop {
            case .random(_, let ratio): views[index].crop = .random(scale: min(low, high)...high, ratio: ratio)
            case .clipped(_, let ratio): views[index].crop = .clipped(scale: min(low, high)...high, ratio: ratio)
            case .center: break
            }
            views[index].flip = flip
            views[index].interpolation = interpolation
        }
    }

    private static func readColour(_ reader: JSONReader, views: inout [ViewRecipe], _ count: Int) {
        let standard =
            views[0].colorJitter
            ?? ColorJitter(
                probability: 0, brightness: 0, contrast: 0, saturation: 0, hue: 0)
        let amounts = reader.numbers(Own.colorJitter)
        if let hue = amounts?[3], hue > 0.5 {
            reader.fault(Own.colorJitter, "The last of color_jitter, the hue, is at most 0.5 circles.")
        }
        let strength = amounts ?? [standard.brightness, standard.contrast, standard.saturation, standard.hue]
        reader.record(Own.colorJitter, .list(strength.map { .double($0) }))
        let probability = reader.number(
            Own.colorJitterP, default: amounts != nil && standard.probability == 0 ? 0.8 : standard.probability)
        let grayscale = reader.number(Own.grayscaleP, default: views[0].grayscale)
        let blurs = perView(reader, Own.blurP, views.prefix(count).map { $0.blur?.probability ?? 0 })
        let sigma = reader.numbers(Own.blurSigma) ?? [0.1, 2]
        reader.record(Own.blurSigma, .list(sigma.map { .double($0) }))
        if sigma[0] > sigma[1] { reader.fault(Own.blurSigma, "blur_sigma is the smallest, then the largest.") }
        let solarized = perView(reader, Own.solarizeP, views.prefix(count).map(\.solarize))
        for index in 0..<count {
            views[index].colorJitter =
                probability > 0 && strength.contains { $0 > 0 }
                ? ColorJitter(
                    probability: probability, brightness: strength[0], contrast: strength[1], saturation: strength[2],
                    hue: min(strength[3], 0.5)) : nil
            views[index].grayscale = grayscale
            views[index].blur =
                blurs[index] > 0
                ? GaussianBlur(probability: blurs[index], sigma: min(sigma[0], sigma[1])...max(sigma[0], sigma[1]))
                : nil
            views[index].solarize = solarized[index]
        }
    }

    /// A probability for all views, or a list with one for each.
    private static func perView(_ reader: JSONReader, _ setting: JobSetting, _ standard: [Double]) -> [Double] {
        var found = standard
        if reader.value(setting)?.list != nil {
            found = reader.numbers(setting, count: standard.count) ?? standard
        } else if let all = reader.optionalNumber(setting) {
            found = standard.map { _ in all }
        }
        reader.record(setting, .list(found.map { .double($0) }))
        return found
    }
}
