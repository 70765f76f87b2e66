import Tensors

/// Images to patch tokens: a linear layer over the pixels of each patch, or MoCo v3's convolutional stem.
struct PatchEmbedding: Sendable {
    let proj: Linear
    private let stem: [ConvolutionNorm]
    /// Where the patches are normed before positions are added.
    let norm: LayerNorm?
    let patchSize: Int
    private let grid: GridSize
    private let inChans: Int

    init(_ config: VisionTransformerConfig, in layout: inout ParameterLayout) {
        patchSize = config.patchSize
        grid = config.grid
        inChans = config.inChans
        switch config.patchEmbed {
        case .linear:
            stem = []
            proj = Linear(
                "patch_embed.proj", inFeatures: config.inChans * config.patchSize * config.patchSize,
                outFeatures: config.embedDim, in: &layout)
        case .convStem:
            let widths = [config.inChans] + [8, 4, 2, 1].map { config.embedDim / $0 }
            stem = (0..<4).map {
                ConvolutionNorm(
                    "patch_embed.proj", index: 3 * $0, inChans: widths[$0], outChans: widths[$0 + 1], in: &layout)
            }
            proj = Linear(
                "patch_embed.proj.12", inFeatures: config.embedDim, outFeatures: config.embedDim, in: &layout)
        }
        norm = config.patchNorm ? LayerNorm("patch_embed.norm", width: config.embedDim, config, in: &layout) : nil
    }

    func load(into weights: inout Weights, from stateDict: StateDict) throws(WeightError) {
        for layer in stem { try layer.load(into: &weights, from: stateDict) }
        try weights.load(proj, from: try flattened(stateDict))
        try norm?.load(into: &weights, from: stateDict)
    }

    /// The same weights with the projection as a product's, (embedDim, channels·rows·columns): it is stored as a
    /// convolution's (embedDim, channels, rows, columns).
    func flattened(_ stateDict: StateDict) throws(WeightError) -> StateDict {
        let kernel = stem.isEmpty ? [patchSize, patchSize] : [1, 1]
        let name = proj.weight.name
        guard let entry = stateDict[name], entry.shape.count == 4 else { return stateDict }
        guard Array(entry.shape.suffix(2)) == kernel, entry.count == proj.weight.count else {
            let channels = proj.weight.shape[1] / (kernel[0] * kernel[1])
            throw .shape(name, expected: [proj.weight.shape[0], channels] + kernel, found: entry.shape)
        }
        var flat = stateDict
        flat[name] = entry.reshaped(proj.weight.shape)
        return flat
    }

    /// images (batch, channels, height, width) → (batch, patches, embedDim), row-major over the grid.
    func forward(_ images: Tensor, _ pass: ForwardPass) -> Tensor {
        let tokens = project(images, pass)
        return norm?.forward(tokens, pass) ?? tokens
    }

    /// `images` without the pixels beyond the last patch of each axis.
    func wholePatches(_ images: Tensor) -> Tensor {
        let (rows, columns) = (images.shape[2], images.shape[3])
        let (height, width) = (grid.rows * patchSize, grid.cols * patchSize)
        guard rows != height || columns != width else { return images }
        let numbers = images.array
        var whole: [Float] = []
        whole.reserveCapacity(images.shape[0] * images.shape[1] * height * width)
        for plane in 0..<images.shape[0] * images.shape[1] {
            for row in 0..<height {
                let start = (plane * rows + row) * columns
                whole += numbers[start..<start + width]
            }
        }
        return Tensor(shape: [images.shape[0], images.shape[1], height, width], whole)
    }

    private func project(_ images: Tensor, _ pass: ForwardPass) -> Tensor {
        guard !stem.isEmpty else {
            return proj.forward(wholePatches(images).patches(patchSize: patchSize, pool: pass.pool), pass)
        }
        let maps = (0..<images.shape[0]).map { image in
            var map = images.part(image)
            var channelsLast = false
            for layer in stem {
                map = layer.forward(map, channelsLast: channelsLast, pass)
                channelsLast = true
            }
            return map.reshaped([map.shape[0] * map.shape[1], map.shape[2]])
        }
        return proj.forward(Tensor.stacking(maps), pass)
    }
}

/// A 3×3 convolution of stride 2 and padding 1 without bias, batch norm with running statistics, ReLU.
private struct ConvolutionNorm: Sendable {
    let linear: Linear
    let norm: [Parameter]
    let inChans: Int

    init(_ name: String, index: Int, inChans: Int, outChans: Int, in layout: inout ParameterLayout) {
        self.inChans = inChans
        linear = Linear("\(name).\(index)", inFeatures: inChans * 9, outFeatures: outChans, bias: false, in: &layout)
        norm = ["weight", "bias", "running_mean", "running_var"].map { part in
            layout.add("\(name).\(index + 1).\(part)", [outChans])
        }
    }

    /// In evaluation, batch norm is an affine map, so it is folded into the convolution.
    func load(into weights: inout Weights, from stateDict: StateDict) throws(WeightError) {
        var numbers: [[Float]] = []
        for place in norm { numbers.append(try Weights.read(place, from: stateDict).array) }
        guard let entry = stateDict[linear.weight.name] else { throw .missing(linear.weight.name) }
        guard entry.shape == [linear.weight.shape[0], inChans, 3, 3] else {
            throw .shape(linear.weight.name, expected: [linear.weight.shape[0], inChans, 3, 3], found: entry.shape)
        }
        let kernel = entry.tensor().reshaped(linear.weight.shape)
        // PyTorch's default eps of BatchNorm2d.
        let scale = zip(numbers[0], numbers[3]).map { $0 / ($1 + 1e-5).squareRoot() }
        let shift = numbers[1].indices.map { numbers[1][$0] - numbers[2][$0] * scale[$0] }
        var weight = kernel
        let width = linear.weight.shape[1]
        for row in scale.indices {
            for column in 0..<width { weight[flat: row * width + column] *= scale[row] }
        }
        weights.pack(
            linear,
            PackedLinear(
                weight: weight, bias: Tensor(shape: [shift.count], shift), precision: weights.precision))
    }

    /// One image (channels, height, width), or (height, width, channels), → (height/2, width/2, outChans).
    func forward(_ image: Tensor, channelsLast: Bool, _ pass: ForwardPass) -> Tensor {
        let (height, width) = channelsLast ? (image.shape[0], image.shape[1]) : (image.shape[1], image.shape[2])
        return linear.forward(image.neighbourhoods(channelsLast: channelsLast), pass).relu()
            .reshaped([(height + 1) / 2, (width + 1) / 2, linear.weight.shape[0]])
    }
}
