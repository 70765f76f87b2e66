public import Tensors

/// How a random view of an image is made, from the crop to the network's input.
///
/// Each step draws from a stream of its own, so that its numbers stay the same whatever the other steps do.
public struct ViewRecipe: Sendable, Hashable {
    /// Which part of the image the view shows.
    public enum Crop: Sendable, Hashable {
        /// A random part, as torchvision's `RandomResizedCrop`: `scale` of the area, `ratio` of width to height.
        case random(scale: ClosedRange<Double>, ratio: ClosedRange<Double> = 3 / 4...4 / 3)
        /// The same with one try whose sides are cut to the image's, as in MAE's linear probing.
        case clipped(scale: ClosedRange<Double>, ratio: ClosedRange<Double> = 3 / 4...4 / 3)
        /// The middle, by the evaluation transform, whose interpolation holds then.
        case center(Preprocess)
    }

    /// Pixels of the view.
    public var height: Int
    /// Pixels of the view.
    public var width: Int
    public var crop: Crop
    public var interpolation: Interpolation
    /// How likely left and right are exchanged.
    public var flip: Double = 0
    public var randAugment: RandAugment?
    public var colorJitter: ColorJitter?
    /// How likely the view is grey.
    public var grayscale: Double = 0
    public var blur: GaussianBlur?
    /// How likely levels from 128 on turn into their negatives.
    public var solarize: Double = 0
    /// Subtracted from red, green and blue, which lie in 0…1.
    public var mean: [Double] = Preprocess.imageNetMean
    /// What the differences are divided by.
    public var std: [Double] = Preprocess.imageNetStd
    public var randomErasing: RandomErasing?

    public init(height: Int, width: Int, crop: Crop, interpolation: Interpolation = .bilinear, flip: Double = 0) {
        self.height = height
        self.width = width
        self.crop = crop
        self.interpolation = interpolation
        self.flip = flip
    }

    /// The view of `image`, (height, width) pixels.
    public func image(of image: Image, random: RandomStream) -> Image {
        var view = cropped(image, random.stream(Step.crop))
        if happens(flip, Step.flip, random) { view = view.flippedHorizontally() }
        if let randAugment { view = randAugment.applied(to: view, random: random.stream(Step.randAugment)) }
        if let colorJitter { view = colorJitter.applied(to: view, random: random.stream(Step.colorJitter)) }
        if happens(grayscale, Step.grayscale, random) { view = view.grayscale() }
        if let blur {
            var draw = random.stream(Step.blur)
            if draw.chance(blur.probability) { view = view.gaussianBlurred(sigma: draw.uniform(in: blur.sigma)) }
        }
        return happens(solarize, Step.solarize, random) ? view.solarized() : view
    }

    /// The view of `image` as the network's input, (3, height, width).
    public func tensor(of image: Image, random: RandomStream) -> Tensor {
        var tensor = Tensor.zeros([1, 3, height, width])
        write(image, random: random, into: &tensor, at: 0)
        return tensor.reshaped([3, height, width])
    }

    private func cropped(_ image: Image, _ random: RandomStream) -> Image {
        var random = random
        let box: CropBox
        switch crop {
        case .random(let scale, let ratio):
            box = .random(height: image.height, width: image.width, scale: scale, ratio: ratio, random: &random)
        case .clipped(let scale, let ratio):
            box = .clipped(height: image.height, width: image.width, scale: scale, ratio: ratio, random: &random)
        case .center(let preprocess):
            return EvaluationTransform(height: height, width: width, preprocess: preprocess).view(of: image)
        }
        return image.cropped(box).resized(height: height, width: width, interpolation: interpolation)
    }

    private func happens(_ probability: Double, _ step: Int, _ random: RandomStream) -> Bool {
        guard probability > 0 else { return false }
        var draw = random.stream(step)
        return draw.chance(probability)
    }

    /// The numbers of the steps' streams.
    enum Step {
        static let crop = 0, flip = 1, randAugment = 2, colorJitter = 3, grayscale = 4, blur = 5, solarize = 6
        static let erasing = 7
    }
}
