import Images
import Plots
import Tensors

/// Draws results.
struct ResultPicture {
    /// Maps on one picture at the most: more are dots.
    private static let mapLimit = 576
    /// Maps are drawn at least this large, pixels.
    private static let side = 448

    let result: AnalysisResult
    /// What the models see of the scene's images, for maps that are laid over them; empty otherwise.
    let views: [Image]

    /// - Throws: `ServiceError.invalid` for what does not go on a picture.
    func png() throws(ServiceError) -> [UInt8] {
        switch result.kind {
        case .attention, .rollout, .gradientRollout: try maps()
        case .attentionDistance, .attentionNMI, .attentionEntropy: metricCurve()
        case .fourier: spectra()
        case .cka: matrix()
        default: try drawnFigure()
        }
    }

    /// - Throws: `ServiceError.invalid` where so many maps do not go on a picture.
    static func checkMaps(_ count: Int) throws(ServiceError) {
        guard count > mapLimit else { return }
        throw .invalid(
            "/format",
            "A picture shows at most \(mapLimit) maps, and these are \(count). Ask for fewer images, layers or heads.")
    }

    var title: String {
        let images =
            result.scene.sources.count == 1
            ? result.scene.sources[0].ref.shortened(to: 24) : "\(count("n_images")) images"
        return "\(result.scene.modelNames.joined(separator: " · ")), \(images)"
    }

    private func count(_ field: String) -> Int {
        if case .int(let number)? = result[field] { return number }
        return 0
    }

    private func metricCurve() -> [UInt8] {
        let layers = result.names("layers").compactMap(Double.init), mean = result.doubles("mean")
        let std = result.doubles("std")
        let (name, unit) =
            switch result.kind {
            case .attentionDistance: ("attention distance", "px")
            case .attentionNMI: ("normalized mutual information", "NMI")
            default: ("attention entropy", "nat")
            }
        var chart = LineChart(
            [.init(name: "mean ± std", x: layers, y: mean, band: std)], title: "\(name): \(title)", xLabel: "block",
            yLabel: result.kind == .attentionNMI ? unit : "\(name) (\(unit))")
        if case .double(let uniform)? = result["uniform"] { chart.reference = (uniform, "uniform attention") }
        chart.hasWholeNumbers = true
        return chart.png()
    }

    private func spectra() -> [UInt8] {
        let frequencies = result.doubles("frequency_pi"), mean = result.doubles("delta_log_amplitude")
        let series = result.names("taps").enumerated().map { row, tap in
            LineChart.Series(
                name: tap, x: frequencies, y: Array(mean[row * frequencies.count..<(row + 1) * frequencies.count]))
        }
        var chart = LineChart(
            series, title: "Fourier analysis: \(title)", xLabel: "frequency (π)", yLabel: "Δ log amplitude")
        chart.isOrdered = true
        chart.marksPoints = false
        return chart.png()
    }

    private func matrix() -> [UInt8] {
        let rows = result.names("layers_a"), columns = result.names("layers_b"), values = result.doubles("cka")
        let kind = "\(result.text("kernel")) CKA, \(result.text("estimator"))"
        var map = HeatMap(
            Matrix(rows: rows.count, cols: columns.count, values: values), title: "\(kind): \(count("n_images")) images"
        )
        map.rowNames = rows
        map.columnNames = columns
        map.yLabel = result.scene.modelNames.first ?? ""
        map.xLabel = result.scene.modelNames.last ?? ""
        map.colorBarLabel = "CKA"
        map.colorMap = .viridis
        // The unbiased estimator may fall a little below 0.
        map.range = min(0, map.matrix.range.lowerBound)...max(1, map.matrix.range.upperBound)
        map.startsAtBottom = true
        return map.png()
    }
}

// Maps

extension ResultPicture {
    private func maps() throws(ServiceError) -> [UInt8] {
        // Marked patches are what was asked for beside the maps themselves.
        guard let array = result.array("mask") ?? result.array(result.mainField),
            case .float32(let tensor) = array.numbers
        else {
            throw .internalFault("the result \(result.id) has no maps")
        }
        let stack = MapStack(array, tensor)
        try Self.checkMaps(stack.count)
        if stack.count == 1 {
            let map = raster(stack.matrix(0), image: 0)
            // A map alone shows its cells at any size; an image is worth a closer look.
            let side = views.isEmpty ? Self.side / 2 : Self.side
            return PNG.encode(Image(map.enlarged(max(1, (side + map.width - 1) / map.width))), level: 3)
        }
        let columns = stack.columns
        let cells = stride(from: 0, to: stack.count, by: columns).map { start in
            (start..<min(start + columns, stack.count)).map { raster(stack.matrix($0), image: $0 / stack.perImage) }
        }
        return MapGrid(cells, rowNames: rowNames(stack), columnNames: columnNames(stack), title: mapTitle).png()
    }

    private var mapTitle: String {
        switch result.kind {
        case .attention: "attention of \(result.text("query")): \(title)"
        case .gradientRollout: "gradient rollout: \(title)"
        default: "attention rollout: \(title)"
        }
    }

    /// A map in colours from its least to its greatest number, over the image where there is one.
    private func raster(_ matrix: Matrix, image: Int) -> Raster {
        let size = result.scene.transform.map { ($0.width, $0.height) } ?? (Self.side, Self.side)
        // Maps of the patches have the image's shape; other matrices have their own.
        let isMap = result.array(result.mainField)?.axes.last == "key_col" && !isMatrix
        guard isMap else {
            let cell = max(1, Self.side / max(matrix.rows, matrix.cols))
            // A single row is drawn as a strip that can be seen.
            return Raster(
                matrix, colorMap: .plasma, range: matrix.range, width: matrix.cols * cell,
                height: max(matrix.rows * cell, 24))
        }
        var map = Raster(matrix, colorMap: .plasma, range: matrix.range, width: size.0, height: size.1)
        if views.indices.contains(image), views[image].width == size.0, views[image].height == size.1 {
            map = map.blended(over: Raster(views[image]), opacity: 0.6)
        }
        mark(&map)
        return map
    }

    private var isMatrix: Bool { result.kind == .attention && result.text("query") == "all" }

    /// A white frame around the patch whose attention is shown.
    private func mark(_ map: inout Raster) {
        let parts = result.text("query").split(separator: ",").compactMap { Int($0) }
        guard result.kind == .attention, parts.count == 2, case .int(let patch)? = result["patch_size"] else { return }
        map.frame(
            x: parts[1] * patch, y: parts[0] * patch, width: patch, height: patch, thickness: max(1, patch / 8),
            color: Color(red: 255, green: 255, blue: 255))
    }

    private func rowNames(_ stack: MapStack) -> [String] {
        let images = result.scene.sources.map { $0.ref.shortened(to: 20) }
        guard result.kind == .attention else { return [] }
        let layers = result.names("layers").map { "block \($0)" }
        if stack.perImage == stack.count { return layers }
        return images.flatMap { image in layers.map { layers.count > 1 ? "\(image) \($0)" : image } }
    }

    private func columnNames(_ stack: MapStack) -> [String] {
        guard result.kind == .attention else { return [] }
        let heads = result.names("heads")
        return heads.map { Int($0) == nil ? $0 : "head \($0)" }
    }
}

/// The two innermost extents of an array as matrices, one after another.
private struct MapStack {
    let count: Int
    /// How many of them belong to one image.
    let perImage: Int
    /// How many stand side by side.
    let columns: Int
    private let rows: Int
    private let cols: Int
    private let tensor: Tensor

    init(_ array: NamedArray, _ tensor: Tensor) {
        let shape = array.shape
        // Every query: the matrix of queries and keys is the picture.
        if shape.count == 6, shape[3] > 1 {
            (rows, cols) = (shape[3], shape[4] * shape[5])
        } else {
            (rows, cols) = (shape[shape.count - 2], shape[shape.count - 1])
        }
        count = max(tensor.count / max(rows * cols, 1), 1)
        perImage = max(count / max(shape[0], 1), 1)
        columns = shape.count > 3 ? max(shape[2], 1) : min(8, count)
        self.tensor = tensor
    }

    func matrix(_ index: Int) -> Matrix {
        let start = index * rows * cols
        return Matrix(rows: rows, cols: cols, values: (0..<rows * cols).map { Double(tensor[flat: start + $0]) })
    }
}

extension Raster {
    init(_ image: Image) { self.init(width: image.width, height: image.height, rgb: image.pixels) }
}

extension Image {
    fileprivate init(_ raster: Raster) { self.init(height: raster.height, width: raster.width, pixels: raster.rgb) }
}
