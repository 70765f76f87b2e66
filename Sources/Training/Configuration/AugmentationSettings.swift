public import Images
import JSON

/// How a run changes its images: the recipes of its views, with what a configuration overrides.
public struct AugmentationSettings: Sendable, Hashable {
    /// One for each view of a batch, in the order of `Batch.views`.
    public let views: [ViewRecipe]
    /// α of mixup; 0 without.
    public let mixup: Double
    /// α of cutmix; 0 without.
    public let cutmix: Double

    /// Reads `augmentation`.
    init(_ outer: JSONReader, method: TrainingMethod, recipe: TrainingRecipe, imgSize: Int) {
        let reader = outer.object("augmentation")
        var views = Self.standard(method, recipe, imgSize: imgSize)
        let ownViews = method == .hybrid ? 2 : views.count
        Self.readCrop(reader, views: &views, 0..<ownViews)
        Self.readColour(reader, views: &views, ownViews)
        if let isOn = reader.value("rand_augment").map({ $0.bool }) {
            if isOn == nil { reader.fault("rand_augment", "rand_augment must be true or false.") }
            for index in 0..<ownViews { views[index].randAugment = isOn == true ? RandAugment() : nil }
        }
        reader.record("rand_augment", .bool(views[0].randAugment != nil))
        if let probability = reader.optionalNumber("reprob", in: 0...1) {
            for index in 0..<ownViews {
                views[index].randomErasing = probability > 0 ? RandomErasing(probability: probability) : nil
            }
        }
        reader.record("reprob", .double(views[0].randomErasing?.probability ?? 0))
        if method == .hybrid {
            let masked = reader.object("masked_view")
            Self.readCrop(masked, views: &views, 2..<3)
            masked.finish()
        } else if reader.has("masked_view") {
            _ = reader.value("masked_view")
            reader.fault("masked_view", "Only the method hybrid has a masked view beside the others.")
        }
        let mixes = method == .supervised || method == .finetune
        if !mixes {
            for key in ["mixup", "cutmix"] where reader.optionalNumber(key, in: 0...100) ?? 0 > 0 {
                reader.fault(key, "\(key) mixes labels, which the method \(method.rawValue) does not use.")
            }
            (mixup, cutmix) = (0, 0)
        } else {
            mixup = reader.number("mixup", default: recipe.mixup, in: 0...100)
            cutmix = reader.number("cutmix", default: recipe.cutmix, in: 0...100)
        }
        self.views = views
        reader.finish()
    }

    /// The recipes of the method's paper.
    private static func standard(_ method: TrainingMethod, _ recipe: TrainingRecipe, imgSize: Int) -> [ViewRecipe] {
        switch method {
        case .mocoV3: [.mocoV3(view: 1, imgSize: imgSize), .mocoV3(view: 2, imgSize: imgSize)]
        case .simMIM: [.simMIM(imgSize: imgSize)]
        case .mae: [.mae(imgSize: imgSize)]
        case .hybrid:
            [.mocoV3(view: 1, imgSize: imgSize), .mocoV3(view: 2, imgSize: imgSize), .simMIM(imgSize: imgSize)]
        case .supervised, .finetune: [.fineTuning(imgSize: imgSize)]
        case .linearProbe:
            [recipe.flavour == .mae ? .maeLinearProbe(imgSize: imgSize) : .linearProbe(imgSize: imgSize)]
        }
    }

    private static func readCrop(_ reader: JSONReader, views: inout [ViewRecipe], _ range: Range<Int>) {
        var scale = 0.08...1.0
        switch views[range.lowerBound].crop {
        case .random(let found, _), .clipped(let found, _): scale = found
        case .center: break
        }
        let low = reader.number("crop_min", default: scale.lowerBound, in: 0.0001...1)
        let high = reader.number("crop_max", default: scale.upperBound, in: 0.0001...1)
        if low > high { reader.fault("crop_min", "crop_min \(low) lies above crop_max \(high).") }
        let flip = reader.number("flip", default: views[range.lowerBound].flip, in: 0...1)
        let interpolation = reader.choice("interpolation", default: views[range.lowerBound].interpolation)
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
        let amounts = reader.numbers("color_jitter", count: 4...4, in: 0...1)
        if let hue = amounts?[3], hue > 0.5 {
            reader.fault("color_jitter", "The last of color_jitter, the hue, is at most 0.5 circles.")
        }
        let strength = amounts ?? [standard.brightness, standard.contrast, standard.saturation, standard.hue]
        reader.record("color_jitter", .list(strength.map { .double($0) }))
        let probability = reader.number(
            "color_jitter_p", default: amounts != nil && standard.probability == 0 ? 0.8 : standard.probability,
            in: 0...1)
        let grayscale = reader.number("grayscale_p", default: views[0].grayscale, in: 0...1)
        let blurs = perView(reader, "blur_p", views.prefix(count).map { $0.blur?.probability ?? 0 })
        let sigma = reader.numbers("blur_sigma", count: 2...2, in: 0.01...20) ?? [0.1, 2]
        reader.record("blur_sigma", .list(sigma.map { .double($0) }))
        if sigma[0] > sigma[1] { reader.fault("blur_sigma", "blur_sigma is the smallest, then the largest.") }
        let solarized = perView(reader, "solarize_p", views.prefix(count).map(\.solarize))
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
    private static func perView(_ reader: JSONReader, _ key: String, _ standard: [Double]) -> [Double] {
        var found = standard
        if reader.value(key)?.list != nil {
            found = reader.numbers(key, count: standard.count...standard.count, in: 0...1) ?? standard
        } else if let all = reader.optionalNumber(key, in: 0...1) {
            found = standard.map { _ in all }
        }
        reader.record(key, .list(found.map { .double($0) }))
        return found
    }
}
