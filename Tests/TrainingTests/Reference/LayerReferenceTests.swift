import Platform
import Tensors
import Testing

/// Single layers forward and backward against PyTorch; figures by Tests/Fixtures/training/make.py.
@Suite struct LayerReferenceTests {
    let pool = ThreadPool(threads: 2) { NumericLibraries.prepareThread() }
    let file: ReferenceFile

    init() throws {
        NumericLibraries.prepareThread()
        file = try ReferenceFile("layers")
    }

    /// A buffer with a parameter for each of `names` of the layer.
    private func buffer(_ layer: String, _ names: [String]) throws -> (ParameterBuffer, [Parameter]) {
        var layout = ParameterLayout()
        let parameters = try names.map { layout.add($0, try file.tensor("\(layer)/\($0)").shape) }
        var buffer = ParameterBuffer(layout)
        for parameter in parameters { buffer.set(parameter, to: try file.tensor("\(layer)/\(parameter.name)")) }
        return (buffer, parameters)
    }

    private func expect(_ found: Tensor, _ name: String) throws {
        let error = found.relativeError(try file.tensor(name))
        #expect(error < 2e-6, "\(name): \(error)")
    }

    @Test(arguments: ["batch_norm", "batch_norm_affine_free"])
    func batchNormTrains(layer: String) throws {
        var layout = ParameterLayout(), running = ParameterLayout()
        let norm = BatchNorm(
            "bn", width: 6, affine: layer == "batch_norm", in: &layout, buffers: &running)
        var weights = ParameterBuffer(layout), buffers = ParameterBuffer(running)
        if let weight = norm.weight, let bias = norm.bias {
            weights.set(weight, to: try file.tensor("\(layer)/weight"))
            weights.set(bias, to: try file.tensor("\(layer)/bias"))
        }
        buffers.set(norm.runningMean, to: try file.tensor("\(layer)/running_mean"))
        buffers.set(norm.runningVar, to: try file.tensor("\(layer)/running_var"))
        let forward = norm.forward(try file.tensor("\(layer)/x"), weights, buffers: &buffers)
        try expect(forward.output, "\(layer)/output")
        try expect(buffers.tensor(norm.runningMean), "\(layer)/running_mean_after")
        try expect(buffers.tensor(norm.runningVar), "\(layer)/running_var_after")
        var gradients = ParameterBuffer(layout)
        let dX = norm.backward(
            forward, dOutput: try file.tensor("\(layer)/d_output"), weights, gradients: &gradients)
        try expect(dX, "\(layer)/d_x")
        if let weight = norm.weight, let bias = norm.bias {
            try expect(gradients.tensor(weight), "\(layer)/d_weight")
            try expect(gradients.tensor(bias), "\(layer)/d_bias")
        }
    }

    @Test func batchNormEvaluates() throws {
        var layout = ParameterLayout(), running = ParameterLayout()
        let norm = BatchNorm("bn", width: 6, in: &layout, buffers: &running)
        var weights = ParameterBuffer(layout), buffers = ParameterBuffer(running)
        weights.set(try #require(norm.weight), to: try file.tensor("batch_norm_eval/weight"))
        weights.set(try #require(norm.bias), to: try file.tensor("batch_norm_eval/bias"))
        buffers.set(norm.runningMean, to: try file.tensor("batch_norm_eval/running_mean"))
        buffers.set(norm.runningVar, to: try file.tensor("batch_norm_eval/running_var"))
        try expect(
            norm.evaluate(try file.tensor("batch_norm_eval/x"), weights, buffers: buffers), "batch_norm_eval/output")
    }

    @Test func layerNorm() throws {
        let (weights, places) = try buffer("layer_norm", ["weight", "bias"])
        let x = try file.tensor("layer_norm/x")
        let forward = x.layerNorm(weights, weight: places[0], bias: places[1], eps: 1e-6, pool: pool)
        try expect(forward.output, "layer_norm/output")
        var gradients = ParameterBuffer(weights.layout), dX = Tensor.zeros(x.shape)
        x.layerNormBackward(
            forward, dOutput: try file.tensor("layer_norm/d_output"), addingTo: &dX, weights, weight: places[0],
            bias: places[1], gradients: &gradients, pool: pool)
        try expect(dX, "layer_norm/d_x")
        try expect(gradients.tensor(places[0]), "layer_norm/d_weight")
        try expect(gradients.tensor(places[1]), "layer_norm/d_bias")
    }

    @Test func gelu() throws {
        let x = try file.tensor("gelu/x")
        try expect(x.gelu(pool: pool), "gelu/output")
        try expect(x.geluBackward(dOutput: try file.tensor("gelu/d_output"), pool: pool), "gelu/d_x")
    }

    @Test func linear() throws {
        let (weights, places) = try buffer("linear", ["weight", "bias"])
        let x = try file.tensor("linear/x")
        try expect(x.linear(weights, weight: places[0], bias: places[1], pool: pool), "linear/output")
        var gradients = ParameterBuffer(weights.layout)
        let dX = x.linearBackward(
            dOutput: try file.tensor("linear/d_output"), weights, weight: places[0], bias: places[1],
            gradients: &gradients, pool: pool)
        try expect(dX, "linear/d_x")
        try expect(gradients.tensor(places[0]), "linear/d_weight")
        try expect(gradients.tensor(places[1]), "linear/d_bias")
    }

    @Test func attentionWithBias() throws {
        let qkv = try file.tensor("attention/qkv"), bias = try file.tensor("attention/bias")
        let forward = AttentionForward(
            qkv: qkv, numHeads: 3, bias: bias, wanted: .init(heads: [0, 1, 2], queries: nil, output: true), pool: pool)
        try expect(try #require(forward.output), "attention/output")
        var dBias: Tensor? = .zeros(bias.shape)
        let dQKV = AttentionBackward.run(
            dOutput: try file.tensor("attention/d_output"), qkv: qkv, maps: try #require(forward.maps), dBias: &dBias,
            pool: pool)
        try expect(dQKV, "attention/d_qkv")
        try expect(try #require(dBias), "attention/d_bias")
    }
}
